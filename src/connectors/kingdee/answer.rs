//! What an answer says, whatever its shape: HTTP 200 says nothing here (targets/kingdee.md 6). Never fails and never panics:
//! double arrays, flags as text, plain text, empty and foreign bodies are all known shapes.

use serde_json::{Map, Value};

use crate::connectors::fault::{looks_like_page, status_text};
use crate::connectors::loose::flag;
use crate::plan::Reply;

/// As much of the service's own words as is kept.
const LONGEST: usize = 400;

/// Wrapping that is taken off at most; a double array is what is seen.
const DEEPEST: usize = 8;

/// A body with rows that is larger than this is not read twice; errors are small.
const LARGE: usize = 256 * 1024;

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    /// Rows of a query: an array of arrays, or of objects.
    Rows,
    /// Yes, and the `Result` with what came of it.
    Yes(Map<String, Value>),
    /// No.
    No(Complaint),
    /// Nothing that tells yes from no, and what it is.
    Odd(String),
}

/// Why the service said no.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Its words.
    pub(super) text: String,
    /// `MsgCode`, where there is one.
    pub(super) code: Option<i64>,
    /// An exception that the service did not handle: nobody knows how far it came.
    pub(super) broke: bool,
}

impl Complaint {
    fn new(text: impl Into<String>) -> Self {
        Self { text: cut(&text.into()), ..Self::default() }
    }

    fn has(&self, texts: &[&str]) -> bool {
        let low = self.text.to_lowercase();
        texts.iter().any(|text| low.contains(text))
    }

    /// The session is not known, or never was allowed (targets/kingdee.md 4). The bare word for "session" is no sign: it
    /// occurs in ordinary rows.
    pub(super) fn lost(&self) -> bool {
        self.code == Some(1)
            || self.has(&["会话信息已丢失", "session information is lost", "session information has been lost"])
    }

    /// Somebody has the record open, and who (targets/kingdee.md 8). The English text is the guide's own.
    pub(super) fn in_use(&self) -> Option<String> {
        let chinese = self.has(&["冲突"]) && self.has(&["请稍候", "请稍后", "业务操作"]);
        let english = self.has(&["conflict"]) && self.has(&["business operation", "business document"]);
        (chinese || english).then(|| quoted(&self.text).unwrap_or_else(|| "somebody".into()))
    }

    /// Somebody has written the record since it was loaded: an optimistic lock (targets/kingdee.md 8).
    pub(super) fn moved(&self) -> bool {
        self.has(&["已被其他用户修改", "modified by another user", "modified by other users"])
    }

    /// A field that this version's form does not have (targets/kingdee.md 6).
    pub(super) fn no_field(&self) -> bool {
        self.has(&["字段不存在", "field does not exist"])
    }

    /// The record is not there; a form or a field that is not there is another matter.
    pub(super) fn absent(&self) -> bool {
        self.has(&["不存在", "does not exist", "not found", "已被删除"])
            && !self.has(&["元数据", "业务对象", "字段", "metadata", "business object", "field"])
    }

    /// The user may not do this.
    pub(super) fn no_right(&self) -> bool {
        (self.has(&["没有"]) && self.has(&["权限"]))
            || self.has(&["no permission", "not authorized", "permission denied"])
    }

    /// A unique value is taken.
    pub(super) fn taken(&self) -> bool {
        self.has(&["已存在", "已经存在", "already exists", "唯一"])
    }

    /// The document is in a state that does not allow it: audited, mostly.
    pub(super) fn audited(&self) -> bool {
        self.has(&["已审核", "已经审核", "audited"])
    }

    /// The document is being reviewed: it can be neither changed nor submitted.
    pub(super) fn in_review(&self) -> bool {
        self.has(&["审核中", "under review"])
    }

    /// A call that this version does not honour: the null reference that a misspelt or rightly spelt name gets
    /// (targets/kingdee.md 2).
    pub(super) fn no_such_call(&self) -> bool {
        self.has(&["未将对象引用", "object reference not set", "null reference", "nullreference"])
    }

    /// The form has no operation of that number (targets/kingdee.md 7: `Forbid`, and `Disable` in one client).
    pub(super) fn no_such_operation(&self) -> bool {
        self.has(&["操作", "operation"]) && self.has(&["没有标识为", "不存在", "does not exist"])
    }

    /// The site's own request filter (targets/kingdee.md 6).
    pub(super) fn suspected(&self) -> bool {
        self.has(&["可疑数据", "caller_in_less"])
    }
}

/// What a reply says.
pub(super) fn read(reply: &Reply) -> Answer {
    let body = trimmed(&reply.body);
    if !(200..=206).contains(&reply.status) {
        return Answer::No(refused(reply.status, body));
    }
    if body.is_empty() {
        return Answer::Odd("an empty answer".into());
    }
    if rows(body) {
        return Answer::Rows;
    }
    let Ok(document) = serde_json::from_slice::<Value>(body) else {
        return plain(body);
    };
    said(document)
}

/// Whether a reply says that the session is lost. Cheap for a page of rows.
pub(super) fn lost(reply: &Reply) -> bool {
    if reply.status == 401 {
        return true;
    }
    let body = trimmed(&reply.body);
    if reply.body.len() > LARGE || rows(body) {
        return false;
    }
    // What View answers where there is no session (targets/kingdee.md 3.5); with one there is always a `Result`.
    if body == b"{}" {
        return true;
    }
    matches!(read(reply), Answer::No(complaint) if complaint.lost())
}

/// Whether a body is an array of arrays of values, or an empty one: rows, by its first bytes alone.
fn rows(body: &[u8]) -> bool {
    let mut bytes = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (bytes.next(), bytes.next(), bytes.next()) {
        (Some(b'['), Some(b']'), None) => true,
        // An error comes as an object in two arrays.
        (Some(b'['), Some(b'['), Some(byte)) => *byte != b'{' && *byte != b'[',
        _ => false,
    }
}

fn trimmed(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii()
}

fn plain(body: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST * 4)]);
    // An unhandled exception of the service (targets/kingdee.md 6).
    match text.trim_start().get(..15).filter(|start| start.eq_ignore_ascii_case("response_error:")) {
        Some(start) => Answer::No(Complaint { broke: true, ..Complaint::new(text.trim_start()[start.len()..].trim()) }),
        None if looks_like_page(body) => Answer::Odd("a web page instead of data".into()),
        None if matches!(body.first(), Some(b'{' | b'[')) => Answer::Odd("JSON that is not whole".into()),
        None => Answer::Odd(format!("no JSON but \"{}\"", cut(text.trim()))),
    }
}

fn refused(status: u16, body: &[u8]) -> Complaint {
    let inner = match serde_json::from_slice::<Value>(body) {
        // The public gateway (targets/kingdee.md 6).
        Ok(Value::Object(fields)) if get(&fields, "errcode").is_some() => {
            let part = |name: &str| get(&fields, name).map(bare).unwrap_or_default();
            let more = if part("errcode") == "4006" {
                "; the clock of this host differs from the service's: a signature is only good for a short time"
            } else {
                ""
            };
            let said = [part("description_cn"), part("description")].into_iter().find(|text| !text.is_empty());
            format!("{} {}{more}", part("errcode"), said.unwrap_or_default())
        }
        Ok(document) => match said(document) {
            Answer::No(complaint) => complaint.text,
            _ => String::new(),
        },
        Err(_) => match plain(body) {
            Answer::No(complaint) => complaint.text,
            _ if looks_like_page(body) || body.is_empty() => String::new(),
            _ => cut(String::from_utf8_lossy(&body[..body.len().min(LONGEST * 4)]).trim()),
        },
    };
    let told = status_text(status);
    Complaint::new(if inner.is_empty() { told } else { format!("{told}: {inner}") })
}

/// What a document says once its wrapping is off.
fn said(mut document: Value) -> Answer {
    for _ in 0..DEEPEST {
        match document {
            Value::Array(mut items) if items.len() == 1 && (items[0].is_object() || items[0].is_array()) => {
                document = items.swap_remove(0);
            }
            other => {
                document = other;
                break;
            }
        }
    }
    match document {
        Value::Object(fields) => object(fields),
        Value::Array(items) => {
            let messages: Vec<String> = items.iter().filter_map(message).collect();
            match messages.is_empty() {
                true if items.iter().all(|item| item.is_object() || item.is_array()) => Answer::Rows,
                true => Answer::Odd("a list of nothing that is known".into()),
                false => Answer::No(Complaint::new(messages.join("; "))),
            }
        }
        Value::String(text) => plain(text.as_bytes()),
        Value::Null => Answer::Odd("an empty answer".into()),
        other => Answer::Odd(format!("nothing but {other}")),
    }
}

fn object(mut fields: Map<String, Value>) -> Answer {
    if fields.is_empty() {
        // What a call without a session may get (targets/kingdee.md 3.5).
        return Answer::Odd("an empty object".into());
    }
    let name = fields.keys().find(|name| name.eq_ignore_ascii_case("result")).cloned();
    let result = match name.and_then(|name| fields.shift_remove(&name)) {
        Some(Value::Object(result)) => result,
        Some(Value::Null) | None if get(&fields, "responsestatus").is_some() => fields,
        Some(other) => return Answer::Yes(Map::from_iter([("Result".to_owned(), other)])),
        None => {
            let whole = Value::Object(fields);
            return match (message(&whole), whole) {
                (Some(text), _) => Answer::No(Complaint::new(text)),
                // One object of BillQuery, taken out of its array.
                (None, Value::Object(fields)) if fields.keys().all(|name| name.starts_with('F')) => Answer::Rows,
                (None, _) => Answer::Odd("an object without a result".into()),
            };
        }
    };
    let Some(status) = get(&result, "responsestatus").and_then(Value::as_object) else {
        let empty = result.values().all(|value| value.is_null() || value.as_object().is_some_and(Map::is_empty));
        // View answers an empty record without a word where it knows no session (targets/kingdee.md 3.5).
        return if empty { Answer::Odd("an empty result".into()) } else { Answer::Yes(result) };
    };
    let errors: Vec<String> = match get(status, "errors") {
        Some(Value::Array(items)) => items.iter().filter_map(message).collect(),
        Some(Value::String(text)) if !text.trim().is_empty() => vec![text.clone()],
        _ => Vec::new(),
    };
    let yes = get(status, "issuccess").and_then(flag).unwrap_or(errors.is_empty());
    if yes && errors.is_empty() {
        return Answer::Yes(result);
    }
    if yes {
        // Partial success is not documented; a single record that has an error has not succeeded.
        let done = get(status, "successentitys").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
        if done {
            return Answer::Yes(result);
        }
    }
    let code = get(status, "msgcode").and_then(number);
    let text = if errors.is_empty() {
        format!("no, without a reason (ErrorCode {})", get(status, "errorcode").map(bare).unwrap_or_default())
    } else {
        errors.join("; ")
    };
    Answer::No(Complaint { code, ..Complaint::new(text) })
}

/// The message of an error object: `{FieldName, Message, DIndex}`, or the dialog of the request filter.
fn message(item: &Value) -> Option<String> {
    let fields = match item {
        Value::Object(fields) => fields,
        Value::Array(items) => return items.iter().find_map(message_of_object),
        _ => return None,
    };
    let text = |name: &str| get(fields, name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    if let Some(said) = text("message").or_else(|| text("msg")) {
        return Some(match text("fieldname") {
            Some(field) if !said.contains(field) => format!("{field}: {said}"),
            _ => said.to_owned(),
        });
    }
    let params = get(fields, "actionname").and_then(|_| get(fields, "params")).and_then(Value::as_array)?;
    params.iter().find_map(message_of_object)
}

fn message_of_object(item: &Value) -> Option<String> {
    if item.is_object() { message(item) } else { None }
}

/// A member by name, whatever its case: working clients use several (targets/kingdee.md 2).
pub(super) fn get<'v>(fields: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    fields.get(name).or_else(|| fields.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A whole number, sent as one or as text.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A scalar as text: ids come as numbers and as texts (targets/kingdee.md 6).
pub(super) fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The first part of a text that stands in quotes.
fn quoted(text: &str) -> Option<String> {
    let pairs = [('“', '”'), ('"', '"'), ('「', '」'), ('‘', '’'), ('\'', '\'')];
    let (at, open, close) = text.char_indices().find_map(|(at, letter)| {
        pairs.iter().find(|(open, _)| *open == letter).map(|(open, close)| (at, *open, *close))
    })?;
    let rest = &text[at + open.len_utf8()..];
    let name = rest[..rest.find(close)?].trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn cut(text: &str) -> String {
    let mut text = text.trim().to_owned();
    if text.len() > LONGEST {
        let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
