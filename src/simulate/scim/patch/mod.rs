//! PATCH: add, replace and remove, with and without a path (RFC 7644, section 3.5.2).
//!
//! Works on a copy that the caller throws away if any operation fails, so a patch is atomic. Accepts what Entra sends
//! beside the standard: operations with a capital, dotted keys, truth values as text, removal by a list of values
//! (targets/scim.md A3).

mod edit;
mod place;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use self::edit::{list, prefer, root, set_part, tidy};
use self::place::Place;
use super::accept;
use super::filter::{Filter, Operator};
use super::problem::Problem;
use super::schema::{Attribute, Mutability, ResourceType};

/// Which forms of taking a value out of a list are understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Removal {
    /// `members[value eq "x"]`, and `members` with a list of values.
    #[default]
    Both,
    /// Only `members` with a list of values.
    ValueList,
    /// Only `members[value eq "x"]`.
    Filter,
    /// As the RFC has it to the letter: a `value` beside `remove` says nothing, so the whole list goes.
    Literal,
}

/// Applies the operations of a PatchOp body, in order.
///
/// # Errors
/// The keyword that RFC 7644 gives for the first operation that fails; the document is then half done.
pub fn apply(kind: &ResourceType, document: &mut Value, body: &Value, removal: Removal) -> Result<(), Problem> {
    let urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    let said = body.get("schemas").and_then(Value::as_array).is_some_and(|schemas| schemas.contains(&json!(urn)));
    if !said {
        return Err(Problem::bad("invalidSyntax", format!("schemas must hold {urn}")));
    }
    let operations = entry(body, "Operations").and_then(Value::as_array).filter(|operations| !operations.is_empty());
    let operations = operations.ok_or_else(|| Problem::bad("invalidSyntax", "Operations are missing"))?;
    for operation in operations {
        let op = entry(operation, "op").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        let path = entry(operation, "path").and_then(Value::as_str).filter(|path| !path.is_empty());
        let value = entry(operation, "value");
        match op.as_str() {
            "add" => put(kind, document, path, value, false)?,
            "replace" => put(kind, document, path, value, true)?,
            "remove" => {
                let path = path.ok_or_else(|| Problem::bad("noTarget", "remove needs a path"))?;
                remove(document, &Place::find(kind, path)?, value, removal)?;
            }
            _ => {
                return Err(Problem::bad("invalidSyntax", "op must be add, replace or remove"));
            }
        }
    }
    accept::complete(kind, document)
}

/// The member of an object, letter case ignored.
fn entry<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let object = object.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn put(
    kind: &ResourceType,
    document: &mut Value,
    path: Option<&str>,
    value: Option<&Value>,
    replace: bool,
) -> Result<(), Problem> {
    let value = value.ok_or_else(|| Problem::value("the operation has no value"))?;
    if let Some(path) = path {
        let place = Place::find(kind, path)?;
        // A whole extension is like one complex attribute: the parts that are given take the place of what was there.
        let replace = replace || matches!(place, Place::Extension(_));
        return put_at(kind, document, &place, value, replace);
    }
    let values = value.as_object().ok_or_else(|| Problem::value("without a path the value must be an object"))?;
    for (key, value) in values {
        // These say what the document is; they do not change it.
        if !["schemas", "id", "meta"].iter().any(|fixed| fixed.eq_ignore_ascii_case(key)) {
            put_at(kind, document, &Place::find(kind, key)?, value, replace)?;
        }
    }
    Ok(())
}

fn put_at(
    kind: &ResourceType,
    document: &mut Value,
    place: &Place<'_>,
    value: &Value,
    replace: bool,
) -> Result<(), Problem> {
    let (extension, attribute, filter, part) = match place {
        Place::Extension(schema) => {
            let values = value.as_object().ok_or_else(|| Problem::value(format!("{} is not an object", schema.id)))?;
            for (name, value) in values {
                // Models of an extension say `schemas` of themselves; it is no attribute of it.
                if !name.eq_ignore_ascii_case("schemas") {
                    let place = Place::find(kind, &format!("{}:{name}", schema.id))?;
                    put_at(kind, document, &place, value, replace)?;
                }
            }
            return Ok(());
        }
        Place::Attribute { extension, attribute, filter, part } => (*extension, *attribute, filter, *part),
    };
    writable(attribute)?;
    if value.is_null() {
        return remove(document, place, None, Removal::Both);
    }
    let root = root(document, extension)?;
    let held = root.entry(attribute.name.as_str()).or_insert(Value::Null);
    match (filter, part) {
        (Some(filter), part) => put_matching(held, attribute, filter, part, value, replace)?,
        (None, Some(part)) => {
            writable(part)?;
            let value = accept::value(part, value)?;
            if attribute.multi {
                let list = list(held)?;
                if list.is_empty() {
                    list.push(json!({}));
                }
                for element in list {
                    set_part(element, part, value.clone())?;
                }
            } else {
                set_part(held, part, value)?;
            }
        }
        (None, None) => put_whole(held, attribute, value, replace)?,
    }
    tidy(document, extension, attribute)
}

fn put_whole(held: &mut Value, attribute: &Attribute, value: &Value, replace: bool) -> Result<(), Problem> {
    let before = (attribute.mutability == Mutability::Immutable && !held.is_null()).then(|| held.clone());
    if attribute.multi {
        let new = match accept::value(attribute, value)? {
            Some(Value::Array(values)) => values,
            _ => Vec::new(),
        };
        if replace {
            *held = Value::Array(new);
        } else {
            add_to(attribute, list(held)?, new);
        }
    } else if let (Value::Object(sent), false) = (value, attribute.parts.is_empty()) {
        // The parts that are not mentioned stay (RFC 7644, section 3.5.2.3).
        for (name, value) in sent {
            if let Some(part) = attribute.part(name).filter(|part| part.mutability != Mutability::ReadOnly) {
                set_part(held, part, accept::value(part, value)?)?;
            }
        }
    } else {
        *held = accept::value(attribute, value)?.unwrap_or(Value::Null);
    }
    if before.is_some_and(|before| before != *held) {
        return Err(Problem::bad("mutability", format!("{} cannot be changed", attribute.name)));
    }
    Ok(())
}

/// Adds the values that are not there yet; a new primary takes the place of the old one.
fn add_to(attribute: &Attribute, list: &mut Vec<Value>, new: Vec<Value>) {
    // Who is a member already is not added again, whatever else was said about him.
    let by_value = attribute.part("value").is_some() && attribute.part("primary").is_none();
    for value in new {
        let same = |held: &Value| *held == value || (by_value && held.get("value") == value.get("value"));
        if !list.iter().any(same) {
            list.push(value);
            let at = list.len() - 1;
            prefer(list, &[at]);
        }
    }
}

fn put_matching(
    held: &mut Value,
    attribute: &Attribute,
    filter: &Filter,
    part: Option<&Attribute>,
    value: &Value,
    replace: bool,
) -> Result<(), Problem> {
    let list = list(held)?;
    let mut matched: Vec<usize> =
        (0..list.len()).filter(|at| list.get(*at).is_some_and(|v| filter.matches(v))).collect();
    if matched.is_empty() {
        // RFC 7644, section 3.5.2.3 for replace; what `add` does here is open, so it makes the value that was described.
        let made = described(filter).filter(|_| !replace);
        list.push(made.ok_or_else(|| Problem::bad("noTarget", "no value meets the filter"))?);
        matched.push(list.len() - 1);
    }
    for at in &matched {
        let Some(element) = list.get_mut(*at) else {
            continue;
        };
        if let Some(part) = part {
            writable(part)?;
            set_part(element, part, accept::value(part, value)?)?;
        } else {
            let new = accept::single(attribute, value)?.unwrap_or(Value::Null);
            match (&mut *element, new) {
                (Value::Object(held), Value::Object(new)) if !replace => held.extend(new),
                (element, new) => *element = new,
            }
        }
    }
    prefer(list, &matched);
    Ok(())
}

/// The value that a filter of equalities describes: `type eq "work"` gives `{"type": "work"}`.
fn described(filter: &Filter) -> Option<Value> {
    match filter {
        Filter::Test(steps, Operator::Eq, literal) => Some(json!({ steps.top()?: literal })),
        Filter::And(left, right) => {
            let (mut left, right) = (described(left)?, described(right)?);
            left.as_object_mut()?.extend(right.as_object()?.clone());
            Some(left)
        }
        _ => None,
    }
}

fn remove(document: &mut Value, place: &Place<'_>, value: Option<&Value>, removal: Removal) -> Result<(), Problem> {
    let (extension, attribute, filter, part) = match place {
        Place::Extension(schema) => {
            for attribute in &schema.attributes {
                let place = Place::Attribute { extension: Some(schema), attribute, filter: None, part: None };
                if attribute.mutability != Mutability::ReadOnly {
                    remove(document, &place, None, removal)?;
                }
            }
            return Ok(());
        }
        Place::Attribute { extension, attribute, filter, part } => (*extension, *attribute, filter, *part),
    };
    writable(attribute)?;
    part.map_or(Ok(()), writable)?;
    // What an extension cannot be without goes with the extension.
    if attribute.required && extension.is_none() && part.is_none() && filter.is_none() {
        return Err(Problem::bad("mutability", format!("{} is required", attribute.name)));
    }
    let listed = value.filter(|value| !value.is_null() && attribute.multi && filter.is_none() && part.is_none());
    let refused = match removal {
        Removal::ValueList => filter.is_some() && part.is_none(),
        Removal::Filter => listed.is_some(),
        Removal::Both | Removal::Literal => false,
    };
    if refused {
        return Err(Problem::bad("noTarget", "this form of removal is not supported"));
    }
    let Some(held) = root(document, extension)?.get_mut(&attribute.name) else {
        return tidy(document, extension, attribute);
    };
    match (filter, part, listed) {
        (Some(filter), None, _) => list(held)?.retain(|value| !filter.matches(value)),
        (Some(filter), Some(part), _) => {
            for element in list(held)?.iter_mut().filter(|value| filter.matches(value)) {
                set_part(element, part, None)?;
            }
        }
        (None, Some(part), _) if attribute.multi => {
            for element in list(held)? {
                set_part(element, part, None)?;
            }
        }
        (None, Some(part), _) => set_part(held, part, None)?,
        (None, None, Some(listed)) if removal != Removal::Literal => {
            let listed = match listed {
                Value::Array(values) => values.as_slice(),
                one => std::slice::from_ref(one),
            };
            let named = |value: &Value| value.get("value").unwrap_or(value).clone();
            let gone: Vec<Value> = listed.iter().map(named).collect();
            list(held)?.retain(|value| !gone.contains(&named(value)));
        }
        (None, None, _) => *held = Value::Null,
    }
    tidy(document, extension, attribute)
}

fn writable(attribute: &Attribute) -> Result<(), Problem> {
    if attribute.mutability == Mutability::ReadOnly {
        return Err(Problem::bad("mutability", format!("{} is read-only", attribute.name)));
    }
    Ok(())
}
