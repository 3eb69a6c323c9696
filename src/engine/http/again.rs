//! What is worth being sent again.

use bytes::Bytes;

use super::TRIES;
use crate::engine::fault::Fault;
use crate::plan::Reply;

/// How often a request is sent at most, after this outcome. `own`: statuses by which the service at hand says that it is
/// busy, and how often a read is sent then (a row of its mapping).
pub(super) fn most_tries(outcome: &Result<Reply, Fault>, own: &[(u16, u32)]) -> u32 {
    match outcome {
        // Some services answer 500 to what they do not understand (targets/scim.md A6 rule 10): no use in insisting.
        Ok(reply) if reply.status == 500 => 2,
        Ok(reply) => own.iter().find(|(status, _)| *status == reply.status).map_or(TRIES, |(_, tries)| *tries),
        Err(fault) => match fault.trouble().word {
            "dns" => 2,
            "down" => 3,
            "cut" | "slow" => TRIES,
            _ => 1,
        },
    }
}

/// Whether the service says that it cannot do it now; `own` as for [`most_tries`].
pub(super) fn busy(reply: &Reply, own: &[(u16, u32)]) -> bool {
    matches!(reply.status, 429 | 500 | 502 | 503 | 504) || own.iter().any(|(status, _)| *status == reply.status)
}

/// Whether it sends us elsewhere.
pub(super) fn redirects(reply: &Reply) -> bool {
    matches!(reply.status, 301 | 302 | 303 | 307 | 308)
}

/// Whether a JSON body visibly ends in the middle. Small bodies are read through; of large ones only the last byte is
/// looked at, and the reader of the page finds the rest.
pub(super) fn cut_off(reply: &Reply) -> bool {
    let body: &Bytes = &reply.body;
    let mut bytes = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    let Some(first) = bytes.next() else { return false };
    let last = bytes.next_back().unwrap_or(first);
    let closed = match first {
        b'{' => last == &b'}',
        b'[' => last == &b']',
        _ => return false,
    };
    !closed || (body.len() < 65_536 && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err())
}
