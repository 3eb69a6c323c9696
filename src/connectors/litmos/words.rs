//! What SAP Litmos' error replies say and mean. Their bodies come from a WCF kit: JSON with `Detail`, a page of XHTML, or
//! nothing but the reason phrase (targets/litmos.md 2).

use serde_json::Value;

use crate::connectors::fault::{Fault, looks_like_page, status_text};
use crate::plan::{REASON_PHRASE, Reply, Request};

/// What an error reply says, in SAP Litmos' own words; empty where it says nothing.
pub(super) fn said(reply: &Reply) -> String {
    if let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(&reply.body)
        && let Some((_, Value::String(detail))) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("detail"))
        && !detail.trim().is_empty()
    {
        return detail.trim().to_owned();
    }
    if looks_like_page(&reply.body)
        && let Some(detail) = page(&String::from_utf8_lossy(&reply.body))
    {
        return detail;
    }
    let phrase = reply.header(REASON_PHRASE).unwrap_or_default().trim();
    let message = Fault::of(reply).message;
    if message.is_empty() || (looks_like_page(&reply.body) && !phrase.is_empty()) {
        return phrase.to_owned();
    }
    message
}

/// The paragraph `Details:` of the kit's page.
fn page(text: &str) -> Option<String> {
    let at = text.find("Details:")?;
    let rest = &text[at + "Details:".len()..];
    let end = ["</P>", "</p>"].iter().filter_map(|tag| rest.find(tag)).min().unwrap_or(rest.len().min(1000));
    let mut words = String::new();
    let mut inside = false;
    for c in rest.get(..end)?.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => inside = false,
            _ if !inside => words.push(c),
            _ => {}
        }
    }
    let words = words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    let words = words.replace("&amp;", "&").split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(words)
}

/// Whether a 404 is SAP Litmos' own, about a record: another web server's page says nothing of records.
pub(super) fn missing(reply: &Reply) -> bool {
    reply.status == 404 && (!looks_like_page(&reply.body) || page(&String::from_utf8_lossy(&reply.body)).is_some())
}

/// Whether it says something like this.
pub(super) fn says(reply: &Reply, words: &str) -> bool {
    said(reply).to_ascii_lowercase().contains(&words.to_ascii_lowercase())
}

/// Whether somebody is not in the team that it is about: only members lead or administer one (targets/litmos.md 2, 5).
pub(super) fn no_member(reply: &Reply) -> bool {
    reply.status == 404 && says(reply, "does not exist on the team")
}

/// Whether there were too many requests: 503 by SAP's own description, 429 by another (targets/litmos.md 1).
pub(super) fn over_limit(reply: &Reply) -> bool {
    reply.status == 429
        || reply.status == 503
            && ["limit has been exceeded", "rating limit", "rate limit"].iter().any(|w| says(reply, w))
}

/// The status and what was said: `409 Conflict: "UserName already exists"`.
pub(super) fn told(reply: &Reply) -> String {
    let said = said(reply);
    let status = status_text(reply.status);
    if said.is_empty() { status } else { format!("{status}: \"{said}\"") }
}

/// An error reply, told to the operator.
pub(super) fn explain(request: &Request, reply: &Reply) -> String {
    let told = told(reply);
    let meaning = match reply.status {
        400 => "the values were not taken: look at the fields that it names",
        401 => {
            "the API key is wrong, belongs to another region, is not enabled for the API (trial accounts are not), or \
             `source_name` is missing"
        }
        403 if says(reply, "No user with this id") => "the user does not exist there any more",
        403 => {
            "the key's owner may not do this: it has to be an Account Owner's key; a missing `source_name` may also say so"
        }
        404 if !missing(reply) => return format!("{told}: {} is not served there; check the url", request.path),
        404 if no_member(reply) => {
            "only who is in a team can lead it, administer it or be taken out: add the user first"
        }
        404 => return format!("{told} ({})", request.path),
        406 => "the request was not understood: please report this",
        // The same code says that something exists already and that a value is not valid (targets/litmos.md 2).
        409 if says(reply, "already") => "it exists already",
        409 => "SAP Litmos does not take the value: it says 409 of what is not valid, too",
        429 => "over the limit of 100 requests a minute of this key",
        503 if over_limit(reply) => "over the limit of 100 requests a minute of this key",
        503 => "SAP Litmos is out of service",
        500 => "a fault inside SAP Litmos, which says no more than this",
        300..=399 => {
            let to = reply.header("location").unwrap_or("nowhere");
            return format!("{told}: answered with a redirect to {to}, which is not followed; check the url");
        }
        _ => return told,
    };
    format!("{told}: {meaning}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn reply(status: u16, body: &'static str) -> Reply {
        Reply { status, headers: Vec::new(), body: body.into() }
    }

    const PAGE: &str = r#"<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><HEAD><TITLE>Request Error</TITLE></HEAD>
<BODY><DIV id="content"><P class="heading1"><B>Error Status Code:</B> 'NotFound'</P><P><B>Details: </B>User - &quot;X&quot; was not found</P></DIV></BODY></html>"#;

    #[test]
    fn every_shape_of_error_is_understood() {
        assert_eq!(said(&reply(409, r#"{"Detail":"UserName already exists"}"#)), "UserName already exists");
        assert_eq!(said(&reply(404, PAGE)), "User - \"X\" was not found");
        assert_eq!(said(&reply(500, "The server encountered an error")), "The server encountered an error");
        let mut bare = reply(404, "");
        assert_eq!(said(&bare), "");
        bare.headers.push((REASON_PHRASE.into(), "User - X was not found".into()));
        assert_eq!(said(&bare), "User - X was not found");
        assert_eq!(said(&reply(409, r#"{"Detail":""}"#)), "");
        assert!(said(&reply(500, "<html><body>oops</body></html>")).contains("oops"));
    }

    #[test]
    fn a_conflict_a_value_and_the_limit_are_told_apart() {
        let explain = |status, body| explain(&Request::get("/v1.svc/users"), &reply(status, body));
        assert!(explain(409, r#"{"Detail":"UserName already exists"}"#).contains("exists already"));
        assert!(explain(409, r#"{"Detail":"Culture is invalid"}"#).contains("does not take the value"));
        assert!(
            explain(503, r#"{"Detail":"The API rating limit has been exceeded."}"#).contains("100 requests a minute")
        );
        assert!(explain(503, "Service Unavailable").contains("out of service"));
        assert!(explain(401, "").contains("region") && explain(403, "").contains("Account Owner"));
    }
}
