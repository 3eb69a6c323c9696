//! The small changes to a document that patches are made of.

use serde_json::{Map, Value, json};

use crate::simulate::scim::problem::Problem;
use crate::simulate::scim::schema::{Attribute, Mutability, Schema};

/// Puts a part into one value of a complex attribute, or takes it out.
///
/// # Errors
/// `mutability` if an immutable part would change.
pub fn set_part(element: &mut Value, part: &Attribute, value: Option<Value>) -> Result<(), Problem> {
    if !element.is_object() {
        *element = json!({});
    }
    let Some(parts) = element.as_object_mut() else {
        return Ok(());
    };
    let fixed = part.mutability == Mutability::Immutable && parts.contains_key(&part.name);
    if fixed && parts.get(&part.name) != value.as_ref() {
        return Err(Problem::bad("mutability", format!("{} cannot be changed", part.name)));
    }
    match value {
        Some(value) => parts.insert(part.name.clone(), value),
        None => parts.shift_remove(&part.name),
    };
    Ok(())
}

/// If a chosen value is primary, no other one is (RFC 7644, section 3.5.2).
pub fn prefer(list: &mut [Value], chosen: &[usize]) {
    let primary = |value: &Value| value.get("primary").and_then(Value::as_bool) == Some(true);
    if !chosen.iter().any(|at| list.get(*at).is_some_and(primary)) {
        return;
    }
    for (at, value) in list.iter_mut().enumerate() {
        if !chosen.contains(&at) && primary(value) {
            value["primary"] = json!(false);
        }
    }
}

/// The object that holds an attribute: the document, or its extension, which is made if need be.
///
/// # Errors
/// 500, which does not happen.
pub fn root<'d>(document: &'d mut Value, extension: Option<&Schema>) -> Result<&'d mut Map<String, Value>, Problem> {
    let root = match extension {
        Some(schema) => &mut document[&schema.id],
        None => document,
    };
    if !root.is_object() {
        *root = json!({});
    }
    root.as_object_mut().ok_or_else(|| Problem::new(500, "the document is no object"))
}

/// The list that an attribute is, made if need be.
///
/// # Errors
/// 500, which does not happen.
pub fn list(held: &mut Value) -> Result<&mut Vec<Value>, Problem> {
    if !held.is_array() {
        *held = json!([]);
    }
    held.as_array_mut().ok_or_else(|| Problem::new(500, "the attribute is no list"))
}

/// Takes away what has become empty.
///
/// # Errors
/// As [`root`].
pub fn tidy(document: &mut Value, extension: Option<&Schema>, attribute: &Attribute) -> Result<(), Problem> {
    let root = root(document, extension)?;
    if let Some(Value::Array(list)) = root.get_mut(&attribute.name) {
        list.retain(|value| !is_empty(value));
    }
    if root.get(&attribute.name).is_some_and(is_empty) {
        root.shift_remove(&attribute.name);
    }
    if let (true, Some(schema), Some(document)) = (root.is_empty(), extension, document.as_object_mut()) {
        document.shift_remove(&schema.id);
    }
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        _ => false,
    }
}
