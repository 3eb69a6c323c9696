//! What a create, a replacement or a patch makes of a document, before it is put on its shelf.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::accept;
use super::library::Library;
use super::patch;
use super::problem::Problem;
use super::quirks::Quirks;
use super::schema::{Attribute, ResourceType};

/// The document that a POST asks for (RFC 7644, section 3.3).
///
/// # Errors
/// 400 if it breaks the schema, 409 if its name is taken.
pub fn created(library: &Library, quirks: &Quirks, at: usize, input: &Value) -> Result<Value, Problem> {
    let kind = kind(library, at)?;
    let mut document = accept::document(kind, input)?;
    settle(library, quirks, at, kind, &json!({}), &mut document)?;
    Ok(document)
}

/// The document that a PUT asks for (RFC 7644, section 3.5.1): what is left out is cleared.
///
/// # Errors
/// As [`created`], and `mutability`.
pub fn replaced(
    library: &Library,
    quirks: &Quirks,
    at: usize,
    before: &Value,
    input: &Value,
) -> Result<Value, Problem> {
    let kind = kind(library, at)?;
    let mut document = accept::document(kind, input)?;
    accept::keep(kind, before, &mut document)?;
    settle(library, quirks, at, kind, before, &mut document)?;
    Ok(document)
}

/// The document that a PATCH asks for (RFC 7644, section 3.5.2).
///
/// # Errors
/// As [`replaced`], and those of [`patch::apply`].
pub fn patched(library: &Library, quirks: &Quirks, at: usize, before: &Value, input: &Value) -> Result<Value, Problem> {
    let kind = kind(library, at)?;
    let mut document = before.clone();
    patch::apply(kind, &mut document, input, quirks.removal)?;
    settle(library, quirks, at, kind, before, &mut document)?;
    Ok(document)
}

/// Whether two documents say the same, whatever they say about themselves.
pub fn is_same(before: &Value, after: &Value) -> bool {
    let said = |document: &Value| {
        let mut said = document.clone();
        if let Some(said) = said.as_object_mut() {
            said.shift_remove("meta");
        }
        said
    };
    said(before) == said(after)
}

fn kind(library: &Library, at: usize) -> Result<&ResourceType, Problem> {
    library.collection(at).map(|collection| &collection.kind).ok_or_else(|| Problem::not_found("resource type"))
}

/// The checks and repairs that every write goes through.
fn settle(
    library: &Library,
    quirks: &Quirks,
    at: usize,
    kind: &ResourceType,
    before: &Value,
    document: &mut Value,
) -> Result<(), Problem> {
    refer(library, quirks, kind, before, document)?;
    accept::complete(kind, document)?;
    // What is shared already may stay shared: two names that differ in letter case only are found in real directories.
    let changed = |attribute: &Attribute| before.get(&attribute.name) != document.get(&attribute.name);
    if let Some(attribute) = library.taken(at, kind, document).filter(|attribute| changed(attribute)) {
        let value = &document[&attribute.name];
        return Err(Problem::taken(format!("{} {value} is taken", attribute.name)));
    }
    // Accepted with success and not kept (django-scim2); what was there before stays.
    for name in &quirks.drop_attributes {
        drop_attribute(kind, name, before, document);
    }
    Ok(())
}

fn drop_attribute(kind: &ResourceType, name: &str, before: &Value, document: &mut Value) {
    let found = kind.attributes().find(|(_, attribute)| attribute.name.eq_ignore_ascii_case(name));
    let Some((extension, attribute)) = found else {
        return;
    };
    let held = ResourceType::value_of(before, extension, attribute).cloned();
    let root = match extension {
        Some(schema) => document.get_mut(&schema.id),
        None => Some(&mut *document),
    };
    let Some(root) = root.and_then(Value::as_object_mut) else {
        return;
    };
    match held {
        Some(held) => root.insert(attribute.name.clone(), held),
        None => root.shift_remove(&attribute.name),
    };
    if let (true, Some(schema), Some(document)) = (root.is_empty(), extension, document.as_object_mut()) {
        document.shift_remove(&schema.id);
    }
}

/// Makes references whole: a bare address gets its value, and a member must be somebody.
fn refer(
    library: &Library,
    quirks: &Quirks,
    kind: &ResourceType,
    before: &Value,
    document: &mut Value,
) -> Result<(), Problem> {
    for (extension, attribute) in kind.attributes() {
        let Some(reference) = attribute.part("$ref") else {
            continue;
        };
        let root = match extension {
            Some(schema) => document.get_mut(&schema.id),
            None => Some(&mut *document),
        };
        let Some(held) = root.and_then(|root| root.get_mut(&attribute.name)) else {
            continue;
        };
        let known = ResourceType::value_of(before, extension, attribute);
        if let (true, Value::Array(values)) = (attribute.name == "members", &mut *held) {
            let mut seen = HashSet::new();
            values.retain(|value| seen.insert(value["value"].to_string()));
        }
        let values = match held {
            Value::Array(values) => values.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        let known: HashSet<&str> = match known {
            Some(Value::Array(values)) => values.iter().filter_map(|value| value["value"].as_str()).collect(),
            _ => HashSet::new(),
        };
        for value in values {
            let address = value.get("$ref").and_then(Value::as_str).and_then(|address| address.rsplit('/').next());
            if let (None, Some(last)) = (value.get("value"), address) {
                let last = last.to_owned();
                value["value"] = json!(last);
            }
            let named = value.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
            if attribute.name != "members" || known.contains(named.as_str()) {
                continue;
            }
            let (id, name) = somebody(library, quirks, &reference.references, &named)
                .ok_or_else(|| Problem::value(format!("there is no member {named}")))?;
            value["value"] = json!(id);
            value["type"] = json!(name);
        }
    }
    Ok(())
}

/// The resource of one of these types that a member names, and its type.
fn somebody(library: &Library, quirks: &Quirks, types: &[String], named: &str) -> Option<(String, String)> {
    let by_id = types.iter().find_map(|name| {
        let collection = library.collection(library.named(name)?)?;
        collection.shelf.place(named).map(|_| (named.to_owned(), name.clone()))
    });
    let by_name = || Some((library.user_named(named)?, "User".to_owned()));
    by_id.or_else(|| if quirks.member_username { by_name() } else { None })
}
