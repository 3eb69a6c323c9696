//! What Aha!'s answer to a write means. It answers a role that does not exist with 200 and another role (seeds limitation
//! 6), so the role that came is held against the one that was asked for.

use serde_json::Value;

use super::look::own_id;
use super::role;
use super::words::explain;
use crate::connectors::fault::{looks_like_page, status_text};
use crate::plan::{Body, Method, Reply, Step, Verdict};

pub(super) fn judge(step: &Step, reply: &Reply) -> Verdict {
    let write = &step.write;
    let create = step.yields.is_some();
    let told = explain(write, reply);
    match reply.status {
        200..=299 => accepted(step, reply),
        // The pair is not there: that is what was wanted (whether Aha! answers 404 or 204 is not documented).
        404 if write.method == Method::Delete && (reply.json() || reply.body.is_empty()) => {
            Verdict::Accepted { id: None, note: Some("the role on this product was already gone".into()) }
        }
        404 if write.path.ends_with("/users") || write.path.ends_with("/product_roles") => Verdict::Failed(format!(
            "{told}: the product or the user is not there or not visible to this key (see its Products)"
        )),
        404 if write.method == Method::Put => {
            Verdict::Stale(format!("{told}: the user is not there any more or not visible to this key"))
        }
        408 | 500..=599 if create => Verdict::Unknown(format!("{told}: the user may have been created or not")),
        429 | 503 => Verdict::Busy(told),
        // "See Other" may follow a POST that was carried out, and "Found" is sent in its place (RFC 9110 15.4).
        302 | 303 => Verdict::Unknown(format!("{told}: it may have been carried out or not")),
        408 | 500..=599 => Verdict::Unknown(format!("{told}: it may have been carried out or not")),
        _ => Verdict::Failed(told),
    }
}

fn accepted(step: &Step, reply: &Reply) -> Verdict {
    if reply.body.is_empty() && step.yields.is_none() {
        return Verdict::Accepted { id: None, note: None };
    }
    let document = match serde_json::from_slice::<Value>(&reply.body) {
        Ok(document) => document,
        Err(_) if step.yields.is_none() && !looks_like_page(&reply.body) => Value::Null,
        Err(_) => {
            return Verdict::Unknown(format!(
                "{}, with something that is no answer of Aha!'s: it has to be looked up",
                status_text(reply.status)
            ));
        }
    };
    let note = other_role(step, &document);
    if step.yields.is_none() {
        return Verdict::Accepted { id: None, note };
    }
    // A create answers unwrapped with the user inside (targets/aha.md 8.5).
    match own_id(document.get("user").unwrap_or(&document)) {
        Some(id) => Verdict::Accepted { id: Some(id), note },
        None => Verdict::Unknown(format!(
            "{}, and the reply names no user: it has to be looked up",
            status_text(reply.status)
        )),
    }
}

/// Words where the role that came is not the one that was asked for.
fn other_role(step: &Step, document: &Value) -> Option<String> {
    let Body::Json { json, .. } = &step.write.body else { return None };
    let asked = ["user", "product_role"].iter().find_map(|part| json.get(part)?.get("role")?.as_str())?;
    let wanted = role::by_token(asked)?;
    let came = document.get("role")?.as_i64()?;
    (came != wanted.code).then(|| {
        let came = role::by_code(came).map_or_else(|| role::token(came), |role| role.label.to_owned());
        format!("Aha! applied {came} instead of {}", wanted.label)
    })
}
