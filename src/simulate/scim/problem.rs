//! What the service says when it says no (RFC 7644, section 3.12).

use serde_json::{Value, json};

/// A refusal: the HTTP status, the keyword of RFC 7644 table 9 or RFC 9865 if there is one, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The `scimType`.
    pub kind: Option<&'static str>,
    /// What is wrong, for people.
    pub detail: String,
}

impl Problem {
    /// A refusal without a keyword.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, kind: None, detail: detail.into() }
    }

    /// A 400 with its keyword.
    pub fn bad(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status: 400, kind: Some(kind), detail: detail.into() }
    }

    /// A value that the schema does not allow.
    pub fn value(detail: impl Into<String>) -> Self {
        Self::bad("invalidValue", detail)
    }

    /// Another resource has this value already.
    pub fn taken(detail: impl Into<String>) -> Self {
        Self { status: 409, kind: Some("uniqueness"), detail: detail.into() }
    }

    /// There is no such resource.
    pub fn not_found(what: &str) -> Self {
        Self::new(404, format!("{what} not found"))
    }

    /// The error body; `status` is text, as the RFC has it, unless `integer` (django-scim2).
    pub fn body(&self, integer: bool) -> Value {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.to_string(),
            "detail": self.detail,
        });
        if integer {
            body["status"] = json!(self.status);
        }
        if let Some(kind) = self.kind {
            body["scimType"] = json!(kind);
        }
        body
    }
}
