//! What an error reply says, whatever its shape. Never fails: an error body may be HTML, empty or cut (targets/scim.md A6
//! rule 8, targets/aha.md 5).

use serde_json::Value;

use crate::plan::{REASON_PHRASE, Reply};

/// As much of an error's own words as is kept.
const LONGEST: usize = 300;

/// What an error reply says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// The service's own word for the kind of error (SCIM's `scimType`).
    pub kind: Option<String>,
    /// Its message; empty where it says nothing.
    pub message: String,
}

impl Fault {
    /// What a reply says.
    pub fn of(reply: &Reply) -> Self {
        let mut fault = match serde_json::from_slice::<Value>(&reply.body) {
            Ok(Value::Object(fields)) => Self { kind: text(&fields, "scimType"), message: message(&fields) },
            Ok(Value::String(said)) => Self { kind: None, message: said },
            Ok(Value::Array(items)) => {
                Self { kind: None, message: items.iter().filter_map(one).collect::<Vec<_>>().join("; ") }
            }
            Ok(_) => Self::default(),
            Err(_) => Self { kind: None, message: plain(&reply.body) },
        };
        if fault.message.is_empty()
            && let Some(said) = reply.header("x-error-message").or_else(|| reply.header(REASON_PHRASE))
        {
            // targets/aha.md 5: printed by one client, unconfirmed; targets/litmos.md 2.
            said.clone_into(&mut fault.message);
        }
        fault.message = cut(&fault.message);
        fault
    }

    /// Whether the kind is this, whatever the case.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.as_deref().is_some_and(|have| have.eq_ignore_ascii_case(kind))
    }

    /// The status and what the service said: `409 Conflict, uniqueness: "userName is taken"`.
    pub fn told(&self, status: u16) -> String {
        let mut told = status_text(status);
        if let Some(kind) = &self.kind {
            told.push_str(&format!(", {kind}"));
        }
        if !self.message.is_empty() {
            told.push_str(&format!(": \"{}\"", self.message));
        }
        told
    }
}

/// A reply's status and what it says.
pub fn told(reply: &Reply) -> String {
    Fault::of(reply).told(reply.status)
}

/// Whether a body is a JSON object or array from its first byte on, whatever it calls itself: some services send JSON as
/// `text/plain`, others HTML as `application/scim+json` (targets/scim.md A1).
pub fn looks_like_json(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    matches!(body.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['))
}

/// Whether a body is a web page.
pub fn looks_like_page(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// A status with its name.
pub fn status_text(status: u16) -> String {
    let name = match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 | 308 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    };
    if name.is_empty() { status.to_string() } else { format!("{status} {name}") }
}

fn text(fields: &serde_json::Map<String, Value>, name: &str) -> Option<String> {
    fields
        .iter()
        .find(|(have, _)| have.eq_ignore_ascii_case(name))
        .and_then(|(_, value)| value.as_str())
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn message(fields: &serde_json::Map<String, Value>) -> String {
    let mut parts = Vec::new();
    // SCIM's own, then Aha!'s in the order of its own client (targets/aha.md 5), then what OAuth and others use.
    for name in ["detail", "error", "message", "err", "error_description", "title"] {
        match fields.get(name) {
            Some(Value::String(said)) if !said.is_empty() => {
                parts.push(said.clone());
                break;
            }
            Some(Value::Object(inner)) => {
                let said = message(inner);
                if !said.is_empty() {
                    parts.push(said);
                    break;
                }
            }
            _ => {}
        }
    }
    if let Some((_, errors)) = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("errors")) {
        match errors {
            Value::Array(items) => parts.extend(items.iter().filter_map(one)),
            Value::String(said) => parts.push(said.clone()),
            // Either `{"message": "..."}` or a list of complaints by field.
            Value::Object(by_field) => {
                for (field, said) in by_field {
                    let said = match said {
                        Value::String(said) => said.clone(),
                        Value::Array(items) => items.iter().filter_map(one).collect::<Vec<_>>().join(", "),
                        _ => continue,
                    };
                    parts.push(if field == "message" { said } else { format!("{field} {said}") });
                }
            }
            _ => {}
        }
    }
    parts.join(": ")
}

fn one(item: &Value) -> Option<String> {
    match item {
        Value::String(said) => Some(said.clone()),
        Value::Object(fields) => {
            // SCIM 1.1 lists `Errors[].description`.
            text(fields, "description").or_else(|| Some(message(fields)).filter(|said| !said.is_empty()))
        }
        _ => None,
    }
}

/// A page's words without its tags.
fn plain(body: &[u8]) -> String {
    let head = &body[..body.len().min(4096)];
    let mut words = String::new();
    let mut inside = false;
    for c in String::from_utf8_lossy(head).chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                words.push(' ');
            }
            _ if !inside => words.push(c),
            _ => {}
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(message: &str) -> String {
    match message.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &message[..at]),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: Vec::new(), body: body.to_owned().into() }
    }

    #[test]
    fn every_shape_of_error_body_is_told() {
        let table = [
            (r#"{"status":"409","scimType":"uniqueness","detail":"taken"}"#, "409 Conflict, uniqueness: \"taken\""),
            (r#"{"status":409,"detail":"taken"}"#, "409 Conflict: \"taken\""),
            (r#"{"Errors":[{"description":"taken","code":"409"}]}"#, "409 Conflict: \"taken\""),
            (
                r#"{"error":"Validation failed","errors":{"message":"Email can't be blank"}}"#,
                "409 Conflict: \"Validation failed: Email can't be blank\"",
            ),
            (r#"{"errors":[{"message":"a"},{"message":"b"}]}"#, "409 Conflict: \"a: b\""),
            (r#"{"errors":{"email":["is taken","is odd"]}}"#, "409 Conflict: \"email is taken, is odd\""),
            (r#"{"error":{"message":"deep"}}"#, "409 Conflict: \"deep\""),
            (r#""just text""#, "409 Conflict: \"just text\""),
            ("<html><body><h1>Not\nhere</h1></body></html>", "409 Conflict: \"Not here\""),
            ("", "409 Conflict"),
            ("null", "409 Conflict"),
            (r#"{"detail":null}"#, "409 Conflict"),
            (r#"{"detail":"cut"#, "409 Conflict: \"{\"detail\":\"cut\""),
        ];
        for (body, want) in table {
            assert_eq!(told(&reply(409, body)), want, "{body}");
        }
    }

    #[test]
    fn a_long_page_is_cut() {
        let said = told(&reply(500, &"é".repeat(5000)));
        assert!(said.chars().count() < LONGEST + 60, "{said}");
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..400), status in 100u16..600) {
            let _ = told(&Reply { status, headers: Vec::new(), body: body.into() });
        }
    }
}
