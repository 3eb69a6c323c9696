//! What a SCIM service's answer to a write means, in every shape in which real services give it.

use serde_json::Value;

use super::Scim;
use super::document::own_id;
use crate::connectors::fault::{Fault, looks_like_page, status_text};
use crate::plan::{Body, Method, Reply, Request, Site, Step, Verdict};

impl Scim {
    pub(super) fn judge(&self, step: &Step, reply: &Reply) -> Verdict {
        let write = &step.write;
        let create = step.yields.is_some();
        let fault = Fault::of(reply);
        let told = fault.told(reply.status);
        match reply.status {
            200..=299 => accepted(step, reply),
            // "See Other" is what may follow a POST that was carried out, and "Found" is sent in its place (RFC 9110 15.4).
            302 | 303 => Verdict::Unknown(format!(
                "{told}: answered with a redirect, which is not followed; it may have been carried out or not"
            )),
            300..=399 => {
                Verdict::Failed(format!("{told}: answered with a redirect, which is not followed; nothing was written"))
            }
            401 => Verdict::Failed(format!("{told}: the credentials are not accepted")),
            403 => Verdict::Failed(format!("{told}: the credentials do not allow it")),
            404 | 410 if write.method == Method::Delete => {
                Verdict::Accepted { id: None, note: Some("it was already gone".into()) }
            }
            404 | 410 if create => Verdict::Failed(format!("{told}: the service does not serve {}", write.path)),
            // Seeds 004, Aha! limitation 7: 404 'Not Found' may be said of what the record is to have, not of the record.
            404 if gives_products(step) => Verdict::Failed(format!(
                "{told}: a product of productRoles is not there or not visible to us (see Products), or the record is not any \
                 more; nothing was written"
            )),
            404 | 410 => Verdict::Stale(format!("{told}: the record is not there any more, or not visible to us")),
            400 if write.method == Method::Patch && (fault.is("noTarget") || fault.is("invalidPath")) => {
                Verdict::OtherForm(format!("{told}: this form of the change is not taken"))
            }
            // Canaille reads no filter in a path, and says so with this word.
            400 if write.method == Method::Patch && fault.is("invalidSyntax") && removes_by_filter(write) => {
                Verdict::OtherForm(format!("{told}: this form of removal is not taken"))
            }
            405 | 501 if matches!(write.method, Method::Patch | Method::Put) => {
                Verdict::OtherForm(format!("{told}: {} is not taken here", write.method))
            }
            409 if fault.is("uniqueness") || create => {
                Verdict::Failed(format!("{told}: another record has this key already"))
            }
            412 => Verdict::Stale(format!("{told}: the record moved since it was read")),
            425 | 429 => Verdict::Busy(told),
            status if self.mapping.busy(status).is_some() => Verdict::Busy(told),
            503 if !create => Verdict::Busy(told),
            408 | 500..=599 if reply.status != 501 && reply.status != 505 => {
                Verdict::Unknown(format!("{told}: it may have been carried out or not"))
            }
            _ => Verdict::Failed(told),
        }
    }

    /// The lesson that a refused form teaches: what the next plan must not use here again.
    pub(super) fn learn(site: &Site, step: &Step, reply: &Reply) -> Option<String> {
        let kind = step.write.path.as_str();
        let kind = site
            .endpoints
            .iter()
            .find(|endpoint| kind == endpoint.path || kind.starts_with(&format!("{}/", endpoint.path)))?
            .kind;
        match step.write.method {
            Method::Patch if matches!(reply.status, 405 | 501) => Some(format!("patch:{kind}")),
            Method::Patch if removes_by_filter(&step.write) => Some("members:value-list".into()),
            Method::Patch => Some(format!("patch:{kind}")),
            Method::Put => Some(format!("put:{kind}")),
            Method::Get | Method::Post | Method::Delete => None,
        }
    }
}

/// Whether a write gives a role on a product. Whole records hold those that are there already, too.
fn gives_products(step: &Step) -> bool {
    let given = step.serves.iter().any(|change| change.0.contains("/add:productRoles["));
    let Body::Json { json, .. } = &step.write.body else { return false };
    let named = |text: &str| text.rsplit(':').next() == Some("productRoles");
    let holds = |value: &Value| value.as_object().is_some_and(|fields| fields.keys().any(|key| named(key)));
    given || step.yields.is_some() && json.as_object().is_some_and(|fields| holds(json) || fields.values().any(holds))
}

fn removes_by_filter(write: &Request) -> bool {
    let Body::Json { json, .. } = &write.body else { return false };
    json["Operations"].as_array().is_some_and(|operations| {
        operations.iter().any(|operation| {
            operation["op"] == "remove" && operation["path"].as_str().is_some_and(|path| path.ends_with(']'))
        })
    })
}

fn accepted(step: &Step, reply: &Reply) -> Verdict {
    if looks_like_page(&reply.body) {
        return Verdict::Unknown(format!(
            "{}, with a web page where an answer was expected: something else answered for the service",
            status_text(reply.status)
        ));
    }
    // Some services hand out who is there instead of making somebody new (targets/scim.md A4: Smartsheet).
    let later = match reply.status {
        202 => Some("the service took it in and carries it out later".to_owned()),
        200 if step.yields.is_some() => Some(
            "answered with 200 where 201 says that it was created: the service may have given a record that was there \
             already; look at it before you undo this"
                .to_owned(),
        ),
        _ => None,
    };
    if step.yields.is_none() {
        return Verdict::Accepted { id: None, note: later };
    }
    // The id is taken from the body: Canaille's Location ends in the userName (targets/scim.md A1).
    match serde_json::from_slice::<Value>(&reply.body).ok().as_ref().and_then(own_id) {
        Some(id) => Verdict::Accepted { id: Some(id), note: later },
        None => Verdict::Unknown(format!(
            "{}, and the reply does not name the new record's id: it has to be looked up",
            status_text(reply.status)
        )),
    }
}
