//! JSON as SCIM services send it: members whatever their case, lists in three forms.

use serde_json::Value;

use super::path::scalar;
use crate::connectors::fault::{looks_like_json, told};
use crate::plan::Reply;

/// The JSON document of a reply.
pub(super) fn document(reply: &Reply) -> Result<Value, String> {
    if !reply.ok() {
        return Err(format!("the service answered {}", told(reply)));
    }
    if !looks_like_json(&reply.body) {
        return Err("the service answered with a page that is no JSON".into());
    }
    serde_json::from_slice(&reply.body).map_err(|_| "the service answered with JSON that is not whole".into())
}

/// A record's own id; a number counts as its digits.
pub(super) fn own_id(record: &Value) -> Option<String> {
    member(record, "id").and_then(scalar).filter(|id| !id.is_empty())
}

/// A member of an object; names have no case (RFC 7643 2.1).
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let fields = value.as_object()?;
    fields.get(name).or_else(|| fields.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A text member.
pub(super) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    member(value, name)?.as_str()
}

/// The records of a list: a ListResponse, a bare array, or one bare record.
pub(super) fn records(document: &Value) -> Vec<&Value> {
    if let Some(Value::Array(items)) = member(document, "Resources") {
        return items.iter().collect();
    }
    match document {
        Value::Array(items) => items.iter().collect(),
        Value::Object(_) if member(document, "totalResults").is_none() => vec![document],
        _ => Vec::new(),
    }
}
