//! Replies: documents in JSON as .NET writes it or in XML, and refusals in the words of the WCF REST Starter Kit.
//!
//! Owns: statuses, reason phrases, content types, escaping (targets/litmos.md 1, 2, 10).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::ext::ReasonPhrase;
use serde_json::{Map, Value, json};

use super::xml::Document;
use super::{Ask, xml};

/// What a route answers.
pub type Answer = Result<Reply, Refusal>;

/// A reply that is no refusal.
pub enum Reply {
    /// A document, with its status.
    Document(u16, Document),
    /// Nothing: no body, no content type.
    Empty(u16),
}

#[expect(clippy::unnecessary_wraps, reason = "they are what a route ends with")]
impl Reply {
    /// A list.
    pub fn list(root: &'static str, item: &'static str, rows: Vec<Value>) -> Answer {
        Ok(Reply::Document(200, Document { root, item, value: Value::Array(rows), xml: None }))
    }

    /// One object.
    pub fn object(status: u16, root: &'static str, object: Map<String, Value>) -> Answer {
        Ok(Reply::Document(status, Document { root, item: "Item", value: Value::Object(object), xml: None }))
    }

    /// Nothing.
    pub fn empty() -> Answer {
        Ok(Reply::Empty(200))
    }
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The text; it is the reason phrase too.
    pub text: String,
    /// Seconds to wait.
    pub retry_after: Option<u64>,
}

/// What the kit says of anything that nobody caught (targets/litmos.md 2).
const UNHANDLED: &str =
    "The server encountered an error processing the request. Please see the server logs for more details.";

impl Refusal {
    /// Any refusal.
    pub fn new(status: u16, text: impl Into<String>) -> Refusal {
        Refusal { status, text: text.into(), retry_after: None }
    }

    /// 400: the body is not what the route wants.
    pub fn body() -> Refusal {
        Refusal::new(400, "Please check the xml/json in the body of the request")
    }

    /// 401: a bad key, no access, or no `source`.
    pub fn unauthorised() -> Refusal {
        Refusal::new(
            401,
            "The API key that you have used for this request is either not valid or your account is not enabled for API \
             access.",
        )
    }

    /// 403: the key's owner may not.
    pub fn forbidden() -> Refusal {
        Refusal::new(403, "You do not have the proper permissions for this call")
    }

    /// 404: no such route.
    pub fn no_route() -> Refusal {
        Refusal::new(404, "Endpoint not found.")
    }

    /// 404: no such user.
    pub fn no_user(id: &str) -> Refusal {
        Refusal::new(404, format!("User - {id} was not found"))
    }

    /// 404: no such team.
    pub fn no_team(id: &str) -> Refusal {
        Refusal::new(404, format!("No team with this {id} exists in your organization"))
    }

    /// 404: the ids of body and path differ, or there is no such manager.
    pub fn ids() -> Refusal {
        Refusal::new(
            404,
            "Please check the userid in the xml/json and the userid in the URL. They must match. OR The manager Id in the \
             xml/json is not valid.",
        )
    }

    /// 409: it is there already, or a value is wrong.
    pub fn conflict(text: &str) -> Refusal {
        Refusal::new(409, text)
    }

    /// 500: whatever nobody caught.
    pub fn unhandled() -> Refusal {
        Refusal::new(500, UNHANDLED)
    }
}

/// Puts an answer on the wire.
pub fn response(ask: &Ask, answer: Answer) -> Response {
    match answer {
        Ok(Reply::Empty(status)) => code(status).into_response(),
        Ok(Reply::Document(status, mut document)) => {
            if ask.has("html-escape") {
                each_text(&mut document.value, &escaped);
            }
            if ask.has("loose-types") {
                loosen(&mut document.value);
            }
            let (kind, text) = if ask.json {
                ("application/json; charset=utf-8", json_text(&document.value))
            } else {
                ("application/xml; charset=utf-8", xml::document(&document))
            };
            (code(status), [(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(refusal) => refused(ask, &refusal),
    }
}

fn refused(ask: &Ask, refusal: &Refusal) -> Response {
    let status = code(refusal.status);
    // JSON is only sure where it was asked for; otherwise it is a page (targets/litmos.md 2).
    let mut response = match ask.faults.flag("errors").as_deref() {
        Some("phrase") => status.into_response(),
        Some("page") => as_page(status, &refusal.text),
        _ if !ask.json => as_page(status, &refusal.text),
        _ => {
            let text = json_text(&json!({ "Detail": refusal.text }));
            (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
        }
    };
    if let Ok(reason) = ReasonPhrase::try_from(refusal.text.as_bytes()) {
        response.extensions_mut().insert(reason);
    }
    if let Some(seconds) = refusal.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A refusal as the kit's page.
fn as_page(status: StatusCode, text: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html")], page(status, text)).into_response()
}

/// The page of the kit.
fn page(status: StatusCode, text: &str) -> String {
    // .NET names statuses in one word.
    let name: String = status.canonical_reason().unwrap_or("Error").split(' ').collect();
    let text = escaped(text);
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><html xmlns=\"http://www.w3.org/1999/xhtml\" version=\"-//W3C//DTD XHTML \
         2.0//EN\" xml:lang=\"en\"><HEAD><TITLE>Request Error</TITLE></HEAD><BODY><DIV id=\"content\"><P \
         class=\"heading1\"><B>Error Status Code:</B> '{name}'</P><P><B>Details: </B>{text}</P><!-- Padding comments are \
         added so that every browser shows this page --></DIV></BODY></html>"
    )
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// JSON as DataContractJsonSerializer writes it: slashes are escaped. They stand in texts only.
fn json_text(value: &Value) -> String {
    value.to_string().replace('/', "\\/")
}

/// A text with HTML entities.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn each_text(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(rows) => rows.iter_mut().for_each(|row| each_text(row, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| each_text(field, change)),
        _ => {}
    }
}

fn loosen(value: &mut Value) {
    match value {
        Value::Bool(_) | Value::Number(_) => *value = Value::String(value.to_string()),
        Value::Array(rows) => rows.iter_mut().for_each(loosen),
        Value::Object(fields) => fields.values_mut().for_each(loosen),
        _ => {}
    }
}
