//! What SAP Litmos' answer to a write means (targets/litmos.md 2, 4, 5, 9).

use serde_json::Value;

use super::users::NO_MANAGER;
use super::words::{explain, missing, no_member, over_limit, says};
use crate::connectors::fault::{looks_like_page, status_text};
use crate::plan::{Body, Method, Reply, Step, Verdict};

pub(super) fn judge(step: &Step, reply: &Reply) -> Verdict {
    let write = &step.write;
    let told = explain(write, reply);
    if over_limit(reply) {
        return Verdict::Busy(told);
    }
    let gone = |note: &str| Verdict::Accepted { id: None, note: Some(note.to_owned()) };
    match reply.status {
        200..=299 => accepted(step, reply),
        // That is what was wanted; the user call says it with 403 (targets/litmos.md 2).
        404 if write.method == Method::Delete && missing(reply) => gone("it was already gone"),
        403 if write.method == Method::Delete && says(reply, "No user with this id") => gone("it was already gone"),
        404 if no_manager(step, reply) => {
            Verdict::OtherForm(format!("{told}: no manager as \"0\" is not taken, so it will be sent as an empty text"))
        }
        404 if write.method == Method::Put && missing(reply) && !says(reply, "manager") && !no_member(reply) => {
            Verdict::Stale(format!("{told}: it is not there any more"))
        }
        // "See Other" may follow a POST that was carried out, and "Found" is sent in its place (RFC 9110 15.4).
        302 | 303 => Verdict::Unknown(format!("{told}: it may have been carried out or not")),
        408 | 500..=599 if step.yields.is_some() => {
            Verdict::Unknown(format!("{told}: it may have been created or not"))
        }
        // The seed: 500 is what the update of a deleted user is answered with; a look tells.
        408 | 500..=599 => Verdict::Unknown(format!("{told}: it may have been carried out or not")),
        _ => Verdict::Failed(told),
    }
}

fn accepted(step: &Step, reply: &Reply) -> Verdict {
    if looks_like_page(&reply.body) {
        return Verdict::Unknown(format!(
            "{}, with a web page where an answer was expected: something else answered for SAP Litmos",
            status_text(reply.status)
        ));
    }
    if step.yields.is_none() {
        // Nothing is said of ids that are unknown: only reading back tells (the seed's limitation).
        let members = step.write.method == Method::Post && step.write.path.ends_with("/users");
        let note = members.then(|| "SAP Litmos says nothing of ids that it does not know".to_owned());
        return Verdict::Accepted { id: None, note };
    }
    let document = serde_json::from_slice::<Value>(&reply.body).unwrap_or_default();
    match document.get("Id").and_then(Value::as_str).filter(|id| !id.is_empty()) {
        Some(id) => Verdict::Accepted { id: Some(id.to_owned()), note: kept_password(step, &document) },
        None => Verdict::Unknown(format!(
            "{}, and the reply does not name the new record: it has to be looked up",
            status_text(reply.status)
        )),
    }
}

/// Words for a new user who may keep the first password although it was asked otherwise, or the other way round: the flag in
/// the body was seen to be ignored, and that of the query is read back here (targets/litmos.md 3, 13.15).
fn kept_password(step: &Step, document: &Value) -> Option<String> {
    let asked = step.write.query.iter().find(|(name, _)| name == "skipfirstlogin").map(|(_, value)| value == "true")?;
    let is = document.get("SkipFirstLogin").map(|flag| flag == &Value::Bool(true) || flag == "true")?;
    (asked != is).then(|| {
        let told = if is { "may keep the first password" } else { "has to change the password at the first log-in" };
        format!("SAP Litmos did not take `skip_first_login`: the user {told}")
    })
}

/// Whether the record as it was carried over is refused for its `"0"`, which means no manager (targets/litmos.md 13.3).
fn no_manager(step: &Step, reply: &Reply) -> bool {
    let Body::Json { json, .. } = &step.write.body else { return false };
    json.get("ManagerId").is_some_and(|id| id == "0") && says(reply, "manager") && step.write.method == Method::Put
}

/// What the refusal teaches.
pub(super) fn lesson(step: &Step, reply: &Reply) -> Option<String> {
    (reply.status == 404 && no_manager(step, reply)).then(|| NO_MANAGER.to_owned())
}
