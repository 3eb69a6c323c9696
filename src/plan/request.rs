use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Ref;
use crate::mapping::Edit;

/// The HTTP methods that connectors use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, and calls that are writes by another name.
    Post,
    /// Replaces or updates.
    Put,
    /// Updates parts (RFC 7644 3.5.2).
    Patch,
    /// Deletes.
    Delete,
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        })
    }
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// None.
    None,
    /// A JSON document, with its content type (`application/json`, `application/scim+json`).
    Json {
        /// The document.
        json: serde_json::Value,
        /// Its media type.
        media: String,
    },
}

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// A read, or a write whose second sending changes nothing more.
    Safe,
    /// Only after looking whether it was carried out (a create).
    LookFirst,
    /// Never.
    Never,
}

/// A place of a body that a secret goes into when it is sent, and never before: plans, previews and the journal hold what
/// stands there instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretAt {
    /// The JSON pointer of the place.
    pub at: String,
    /// The secret setting of the system that says where the value comes from.
    pub name: String,
}

/// One HTTP request, exactly as it will be sent, but for credentials, which the engine adds.
///
/// `path` is absolute on the system's host and already percent-encoded; it begins with `/`. A hole is a place where the
/// id that an earlier step yields goes: it stands in `path` and in the body's strings as `{{change-id}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, percent-encoded.
    pub path: String,
    /// Query parameters, not yet encoded, in order.
    pub query: Vec<(String, String)>,
    /// Headers beside those that the engine sets itself (`If-Match`).
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// What a write changes, for the preview and for comparing two renderings.
    pub edits: Vec<Edit>,
    /// For services that take only whole records: the JSON pointers that are carried over from the fresh read.
    pub carried: Vec<String>,
    /// Changes whose new ids are put into the holes before it is sent.
    pub holes: Vec<super::ChangeId>,
    /// Whether it may be sent again.
    pub repeat: Repeat,
    /// Places of the body that secrets go into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretAt>,
}

impl Request {
    /// A read.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path, Body::None, Repeat::Safe)
    }

    /// A request with nothing but its first line and body.
    pub fn new(method: Method, path: impl Into<String>, body: Body, repeat: Repeat) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body,
            edits: Vec::new(),
            carried: Vec::new(),
            holes: Vec::new(),
            repeat,
            secrets: Vec::new(),
        }
    }

    /// With one more query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// A read whose question stands in its body (targets/kingdee.md 2: everything is a POST there).
    pub fn ask(path: impl Into<String>, question: serde_json::Value) -> Self {
        let body = Body::Json { json: question, media: "application/json".into() };
        Self::new(Method::Post, path, body, Repeat::Safe)
    }

    /// Whether it only reads: a query may be a POST by name, but a write always says what it changes.
    pub fn reads(&self) -> bool {
        match self.method {
            Method::Get => true,
            Method::Post => self.repeat == Repeat::Safe && self.edits.is_empty(),
            _ => false,
        }
    }

    /// Whether another rendering of the same changes asks for the same thing: method, address and edits, not what is
    /// carried over (DESIGN.md section 3).
    pub fn same_intent(&self, other: &Self) -> bool {
        self.method == other.method
            && self.path == other.path
            && self.query == other.query
            && self.edits == other.edits
            && self.holes == other.holes
            && self.secrets == other.secrets
    }
}

/// Where a reply keeps the reason phrase of its status line, among the headers.
pub const REASON_PHRASE: &str = "reason-phrase";

/// What a service answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Reply {
    /// The first header of this (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the body is JSON of any kind: it calls itself so, or it is so from its first character on.
    pub fn json(&self) -> bool {
        let called = self.header("content-type").is_some_and(|media| media.to_ascii_lowercase().contains("json"));
        called || matches!(self.body.trim_ascii_start().first(), Some(b'{' | b'['))
    }
}

/// What a reply to a write means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The service said yes. `id` is the new record's id where the write was a create.
    Accepted {
        /// The new record's own id.
        id: Option<String>,
        /// What the operator should hear of it (`Aha! applied viewer instead of contributor`).
        note: Option<String>,
    },
    /// The service said no, in its own words and in ours.
    Failed(String),
    /// The record moved meanwhile (412).
    Stale(String),
    /// It refuses this form of the request (PATCH is not implemented, say): plan the other form.
    OtherForm(String),
    /// Busy or over its limit: nothing was done, try later.
    Busy(String),
    /// Somebody else has the record open (Kingdee's edit conflict): nothing was done. Worth a few tries at longer pauses, as
    /// people close what they have open.
    InUse(String),
    /// It may have been carried out or not: look, never resend.
    Unknown(String),
}

/// Puts the ids that earlier steps yielded into a request's holes. `None` while one is not known yet.
pub fn fill(request: &Request, known: &dyn Fn(&super::ChangeId) -> Option<String>) -> Option<Request> {
    let mut filled = request.clone();
    for change in &request.holes {
        let id = known(change)?;
        let hole = Ref::New(change.clone()).to_string();
        filled.path = filled.path.replace(&hole, &encoded(&id));
        for (_, value) in &mut filled.query {
            *value = value.replace(&hole, &id);
        }
        if let Body::Json { json, .. } = &mut filled.body {
            fill_json(json, &hole, &id);
        }
    }
    filled.holes.clear();
    Some(filled)
}

/// An id as one segment of a path: everything but RFC 3986's unreserved characters is percent-encoded.
fn encoded(id: &str) -> String {
    id.bytes().fold(String::new(), |text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            text + &format!("%{byte:02X}")
        }
    })
}

fn fill_json(json: &mut serde_json::Value, hole: &str, id: &str) {
    match json {
        serde_json::Value::String(text) if text.contains(hole) => *text = text.replace(hole, id),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| fill_json(item, hole, id)),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(|field| fill_json(field, hole, id)),
        _ => {}
    }
}
