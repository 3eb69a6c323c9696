//! What Aha!'s error replies mean, told to the operator (targets/aha.md 5).

use crate::connectors::fault::Fault;
use crate::plan::{Reply, Request};

/// An error reply to a read or a write.
pub(super) fn explain(request: &Request, reply: &Reply) -> String {
    let fault = Fault::of(reply);
    let told = fault.told(reply.status);
    let at = &request.path;
    match reply.status {
        // The body is an empty HTML page (targets/aha.md 2.3).
        401 => {
            format!("{told}: Aha! does not accept the API key (wrong, revoked, or its user was disabled); check `auth`")
        }
        403 => format!("{told}: the key's user may not do this, or the account's plan does not have it ({at})"),
        404 if reply.json() => format!("{told}: {at} is not there, or not visible to this key"),
        404 => format!("{told}: Aha! does not serve {at}"),
        // The words are not documented (targets/aha.md 15); that a seat is taken by creates and by switching on is.
        400 | 422 if told.to_lowercase().contains("seat") => format!(
            "{told}: nobody was created or switched on; free a seat (switch somebody off) or have seats added in Aha!'s billing \
             settings, then prepare it again"
        ),
        429 => format!("{told}: over the account's limit of 300 requests a minute and 20 a second"),
        504 => format!("{told}: the request was too heavy for Aha!"),
        300..=399 => format!(
            "{told}: answered with a redirect to {}, which is not followed; use https and the account's own address",
            reply.header("location").unwrap_or("nowhere")
        ),
        _ => told,
    }
}
