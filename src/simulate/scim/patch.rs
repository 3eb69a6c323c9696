//! PATCH: add, replace and remove, with and without a path (RFC 7644, section 3.5.2).
//!
//! Works on a copy that the caller throws away if any operation fails, so a patch is atomic. Accepts what Entra sends
//! beside the standard: operations with a capital, dotted keys, truth values as text, removal by a list of values
//! (targets/scim.md A3).

use serde_json::{Map, Value, json};

use super::accept;
use super::filter::{self, Filter, Operator, Scope};
use super::path::{self, Target};
use super::problem::Problem;
use super::schema::{Attribute, Mutability, ResourceType, Schema};

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
pub fn apply(
    kind: &ResourceType,
    document: &mut Value,
    body: &Value,
    removal: Removal,
) -> Result<(), Problem> {
    let urn = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    let said = body
        .get("schemas")
        .and_then(Value::as_array)
        .is_some_and(|schemas| schemas.contains(&json!(urn)));
    if !said {
        return Err(Problem::bad(
            "invalidSyntax",
            format!("schemas must hold {urn}"),
        ));
    }
    let operations = entry(body, "Operations")
        .and_then(Value::as_array)
        .filter(|operations| !operations.is_empty());
    let operations =
        operations.ok_or_else(|| Problem::bad("invalidSyntax", "Operations are missing"))?;
    for operation in operations {
        let op = entry(operation, "op")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_ascii_lowercase();
        let path = entry(operation, "path")
            .and_then(Value::as_str)
            .filter(|path| !path.is_empty());
        let value = entry(operation, "value");
        match op.as_str() {
            "add" => put(kind, document, path, value, false)?,
            "replace" => put(kind, document, path, value, true)?,
            "remove" => {
                let path = path.ok_or_else(|| Problem::bad("noTarget", "remove needs a path"))?;
                remove(kind, document, &Place::find(kind, path)?, value, removal)?;
            }
            _ => {
                return Err(Problem::bad(
                    "invalidSyntax",
                    "op must be add, replace or remove",
                ));
            }
        }
    }
    accept::complete(kind, document)
}

/// The member of an object, letter case ignored.
fn entry<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    let object = object.as_object()?;
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

/// What the path of an operation names.
enum Place<'s> {
    Extension(&'s Schema),
    Attribute {
        extension: Option<&'s Schema>,
        attribute: &'s Attribute,
        filter: Option<Filter>,
        part: Option<&'s Attribute>,
    },
}

impl<'s> Place<'s> {
    fn find(kind: &'s ResourceType, path: &str) -> Result<Self, Problem> {
        let unknown = || Problem::bad("invalidPath", format!("there is no attribute {path}"));
        let Some((name, rest)) = path.split_once('[') else {
            return match path::resolve(kind, path).ok_or_else(unknown)? {
                Target::Extension(schema) => Ok(Self::Extension(schema)),
                Target::Attribute {
                    extension,
                    attribute,
                    part,
                } => Ok(Self::Attribute {
                    extension,
                    attribute,
                    filter: None,
                    part,
                }),
            };
        };
        let Some(Target::Attribute {
            extension,
            attribute,
            part: None,
        }) = path::resolve(kind, name)
        else {
            return Err(unknown());
        };
        let (inside, after) = rest.rsplit_once(']').ok_or_else(unknown)?;
        let filter = filter::read(inside, Scope::Parts(attribute))
            .map_err(|problem| Problem::bad("invalidPath", problem.detail))?;
        let part = match after {
            "" => None,
            after => Some(
                after
                    .strip_prefix('.')
                    .and_then(|part| attribute.part(part))
                    .ok_or_else(unknown)?,
            ),
        };
        Ok(Self::Attribute {
            extension,
            attribute,
            filter: Some(filter),
            part,
        })
    }
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
    let values = value
        .as_object()
        .ok_or_else(|| Problem::value("without a path the value must be an object"))?;
    for (key, value) in values {
        // These say what the document is; they do not change it.
        if !["schemas", "id", "meta"]
            .iter()
            .any(|fixed| fixed.eq_ignore_ascii_case(key))
        {
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
            let values = value
                .as_object()
                .ok_or_else(|| Problem::value(format!("{} is not an object", schema.id)))?;
            for (name, value) in values {
                // Models of an extension say `schemas` of themselves; it is no attribute of it.
                if !name.eq_ignore_ascii_case("schemas") {
                    let place = Place::find(kind, &format!("{}:{name}", schema.id))?;
                    put_at(kind, document, &place, value, replace)?;
                }
            }
            return Ok(());
        }
        Place::Attribute {
            extension,
            attribute,
            filter,
            part,
        } => (*extension, *attribute, filter, *part),
    };
    writable(attribute)?;
    if value.is_null() {
        return remove(kind, document, place, None, Removal::Both);
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

fn put_whole(
    held: &mut Value,
    attribute: &Attribute,
    value: &Value,
    replace: bool,
) -> Result<(), Problem> {
    let before =
        (attribute.mutability == Mutability::Immutable && !held.is_null()).then(|| held.clone());
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
            if let Some(part) = attribute
                .part(name)
                .filter(|part| part.mutability != Mutability::ReadOnly)
            {
                set_part(held, part, accept::value(part, value)?)?;
            }
        }
    } else {
        *held = accept::value(attribute, value)?.unwrap_or(Value::Null);
    }
    if before.is_some_and(|before| before != *held) {
        return Err(Problem::bad(
            "mutability",
            format!("{} cannot be changed", attribute.name),
        ));
    }
    Ok(())
}

/// Adds the values that are not there yet; a new primary takes the place of the old one.
fn add_to(attribute: &Attribute, list: &mut Vec<Value>, new: Vec<Value>) {
    // Who is a member already is not added again, whatever else was said about him.
    let by_value = attribute.part("value").is_some() && attribute.part("primary").is_none();
    for value in new {
        let same =
            |held: &Value| *held == value || (by_value && held.get("value") == value.get("value"));
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
    let mut matched: Vec<usize> = (0..list.len())
        .filter(|at| list.get(*at).is_some_and(|v| filter.matches(v)))
        .collect();
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
        match part {
            Some(part) => {
                writable(part)?;
                set_part(element, part, accept::value(part, value)?)?;
            }
            None => {
                let new = accept::single(attribute, value)?.unwrap_or(Value::Null);
                match (&mut *element, new) {
                    (Value::Object(held), Value::Object(new)) if !replace => held.extend(new),
                    (element, new) => *element = new,
                }
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

/// If a chosen value is primary, no other one is (RFC 7644, section 3.5.2).
fn prefer(list: &mut [Value], chosen: &[usize]) {
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

fn remove(
    kind: &ResourceType,
    document: &mut Value,
    place: &Place<'_>,
    value: Option<&Value>,
    removal: Removal,
) -> Result<(), Problem> {
    let (extension, attribute, filter, part) = match place {
        Place::Extension(schema) => {
            for attribute in &schema.attributes {
                let place = Place::Attribute {
                    extension: Some(schema),
                    attribute,
                    filter: None,
                    part: None,
                };
                if attribute.mutability != Mutability::ReadOnly {
                    remove(kind, document, &place, None, removal)?;
                }
            }
            return Ok(());
        }
        Place::Attribute {
            extension,
            attribute,
            filter,
            part,
        } => (*extension, *attribute, filter, *part),
    };
    writable(attribute)?;
    part.map_or(Ok(()), writable)?;
    // What an extension cannot be without goes with the extension.
    if attribute.required && extension.is_none() && part.is_none() && filter.is_none() {
        return Err(Problem::bad(
            "mutability",
            format!("{} is required", attribute.name),
        ));
    }
    let listed = value
        .filter(|value| !value.is_null() && attribute.multi && filter.is_none() && part.is_none());
    let refused = match removal {
        Removal::ValueList => filter.is_some() && part.is_none(),
        Removal::Filter => listed.is_some(),
        Removal::Both | Removal::Literal => false,
    };
    if refused {
        return Err(Problem::bad(
            "noTarget",
            "this form of removal is not supported",
        ));
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
        return Err(Problem::bad(
            "mutability",
            format!("{} is read-only", attribute.name),
        ));
    }
    Ok(())
}

fn set_part(element: &mut Value, part: &Attribute, value: Option<Value>) -> Result<(), Problem> {
    if !element.is_object() {
        *element = json!({});
    }
    let Some(parts) = element.as_object_mut() else {
        return Ok(());
    };
    let fixed = part.mutability == Mutability::Immutable && parts.contains_key(&part.name);
    if fixed && parts.get(&part.name) != value.as_ref() {
        return Err(Problem::bad(
            "mutability",
            format!("{} cannot be changed", part.name),
        ));
    }
    match value {
        Some(value) => parts.insert(part.name.clone(), value),
        None => parts.shift_remove(&part.name),
    };
    Ok(())
}

/// The object that holds an attribute: the document, or its extension, which is made if need be.
fn root<'d>(
    document: &'d mut Value,
    extension: Option<&Schema>,
) -> Result<&'d mut Map<String, Value>, Problem> {
    let root = match extension {
        Some(schema) => &mut document[&schema.id],
        None => document,
    };
    if !root.is_object() {
        *root = json!({});
    }
    root.as_object_mut()
        .ok_or_else(|| Problem::new(500, "the document is no object"))
}

fn list(held: &mut Value) -> Result<&mut Vec<Value>, Problem> {
    if !held.is_array() {
        *held = json!([]);
    }
    held.as_array_mut()
        .ok_or_else(|| Problem::new(500, "the attribute is no list"))
}

/// Takes away what has become empty.
fn tidy(
    document: &mut Value,
    extension: Option<&Schema>,
    attribute: &Attribute,
) -> Result<(), Problem> {
    let root = root(document, extension)?;
    if let Some(Value::Array(list)) = root.get_mut(&attribute.name) {
        list.retain(|value| !is_empty(value));
    }
    if root.get(&attribute.name).is_some_and(is_empty) {
        root.shift_remove(&attribute.name);
    }
    if let (true, Some(schema), Some(document)) =
        (root.is_empty(), extension, document.as_object_mut())
    {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::*;

    fn user() -> Value {
        json!({
            "id": "1",
            "userName": "lena",
            "name": { "givenName": "Lena", "familyName": "Fischer" },
            "emails": [{ "value": "l@work", "type": "work", "primary": true }, { "value": "l@home", "type": "home" }],
            core::ENTERPRISE_USER: { "department": "R&D", "manager": { "value": "m1" } },
        })
    }

    fn group() -> Value {
        json!({ "id": "g", "displayName": "G", "members": [{ "value": "a", "type": "User" }, { "value": "b" }] })
    }

    fn body(operations: Value) -> Value {
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
    }

    fn users(operations: Value) -> Result<Value, Problem> {
        let mut document = user();
        apply(
            &core::users(),
            &mut document,
            &body(operations),
            Removal::Both,
        )
        .map(|()| document)
    }

    fn groups(operations: Value, removal: Removal) -> Result<Vec<String>, Problem> {
        let mut document = group();
        apply(&core::groups(), &mut document, &body(operations), removal)?;
        let members = document
            .get("members")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        Ok(members
            .iter()
            .map(|member| member["value"].as_str().unwrap().to_owned())
            .collect())
    }

    fn keyword(operations: Value) -> &'static str {
        users(operations).unwrap_err().kind.unwrap()
    }

    #[test]
    fn a_path_sets_one_attribute_and_leaves_the_rest() {
        let after =
            users(json!([{ "op": "replace", "path": "name.givenName", "value": "Magdalena" }]))
                .unwrap();
        let mut wanted = user();
        wanted["name"]["givenName"] = json!("Magdalena");
        assert_eq!(after, wanted);
    }

    #[test]
    fn the_forms_of_entra_are_accepted() {
        let after = users(json!([
            { "op": "Replace", "path": "active", "value": "False" },
            { "op": "Add", "path": "emails[type eq \"other\"].value", "value": "l@other" },
            { "op": "Replace", "value": {
                "name.givenName": "Magdalena",
                format!("{}:department", core::ENTERPRISE_USER): "Sales",
                core::ENTERPRISE_USER: { "costCenter": "7" },
            } },
        ]))
        .unwrap();
        assert_eq!(after["active"], json!(false));
        assert_eq!(
            after["emails"][2],
            json!({ "type": "other", "value": "l@other" })
        );
        assert_eq!(
            after["name"],
            json!({ "givenName": "Magdalena", "familyName": "Fischer" })
        );
        let extension = &after[core::ENTERPRISE_USER];
        assert_eq!(
            extension,
            &json!({ "department": "Sales", "manager": { "value": "m1" }, "costCenter": "7" })
        );
    }

    #[test]
    fn a_value_path_reaches_only_what_matches() {
        let after = users(
            json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "new" }]),
        )
        .unwrap();
        assert_eq!(after["emails"][0]["value"], "l@work");
        assert_eq!(
            after["emails"][1],
            json!({ "value": "new", "type": "home" })
        );
        let after = users(json!([{ "op": "replace", "path": "emails[type eq \"home\"]", "value": { "value": "x" } }])).unwrap();
        assert_eq!(after["emails"][1], json!({ "value": "x" }));
        assert_eq!(
            keyword(
                json!([{ "op": "replace", "path": "emails[type eq \"x\"].value", "value": "new" }])
            ),
            "noTarget"
        );
    }

    #[test]
    fn a_new_primary_takes_the_place_of_the_old_one() {
        let new = json!([{ "op": "add", "path": "emails", "value": [{ "value": "n", "type": "x", "primary": true }] }]);
        let after = users(new).unwrap();
        assert_eq!(after["emails"][0]["primary"], json!(false));
        assert_eq!(after["emails"][2]["primary"], json!(true));
        let after = users(
            json!([{ "op": "add", "path": "emails[type eq \"home\"].primary", "value": true }]),
        )
        .unwrap();
        assert_eq!(after["emails"][0]["primary"], json!(false));
    }

    #[test]
    fn null_clears_and_an_empty_extension_goes() {
        let department = format!("{}:department", core::ENTERPRISE_USER);
        let after = users(json!([
            { "op": "replace", "path": department, "value": null },
            { "op": "remove", "path": format!("{}:manager", core::ENTERPRISE_USER) },
        ]))
        .unwrap();
        assert_eq!(after.get(core::ENTERPRISE_USER), None);
        let after = users(json!([{ "op": "remove", "path": core::ENTERPRISE_USER }])).unwrap();
        assert_eq!(after.get(core::ENTERPRISE_USER), None);
    }

    #[test]
    fn removing_what_is_not_there_changes_nothing() {
        for path in [
            "title",
            "name.middleName",
            "emails[type eq \"x\"]",
            "photos.value",
        ] {
            assert_eq!(
                users(json!([{ "op": "remove", "path": path }])).unwrap(),
                user(),
                "{path}"
            );
        }
    }

    #[test]
    fn a_member_is_not_added_twice() {
        let again = json!([{ "op": "add", "path": "members", "value": [{ "value": "a" }, { "value": "c" }, { "value": "c" }] }]);
        assert_eq!(groups(again, Removal::Both).unwrap(), ["a", "b", "c"]);
    }

    #[test]
    fn members_are_removed_in_both_forms_where_both_are_known() {
        let filter = json!([{ "op": "remove", "path": "members[value eq \"a\"]" }]);
        let listed = json!([{ "op": "Remove", "path": "members", "value": [{ "value": "a" }] }]);
        let bare = json!([{ "op": "remove", "path": "members", "value": ["a"] }]);
        let all = json!([{ "op": "remove", "path": "members" }]);
        for form in [&filter, &listed, &bare] {
            assert_eq!(groups(form.clone(), Removal::Both).unwrap(), ["b"]);
        }
        assert!(groups(all, Removal::Both).unwrap().is_empty());
        assert_eq!(groups(filter.clone(), Removal::Filter).unwrap(), ["b"]);
        assert_eq!(
            groups(listed.clone(), Removal::Filter).unwrap_err().kind,
            Some("noTarget")
        );
        assert_eq!(groups(listed.clone(), Removal::ValueList).unwrap(), ["b"]);
        assert_eq!(
            groups(filter.clone(), Removal::ValueList).unwrap_err().kind,
            Some("noTarget")
        );
        assert!(groups(listed, Removal::Literal).unwrap().is_empty());
        assert_eq!(groups(filter, Removal::Literal).unwrap(), ["b"]);
    }

    #[test]
    fn every_refusal_has_its_keyword() {
        for (operation, wanted) in [
            (json!({ "op": "remove" }), "noTarget"),
            (json!({ "op": "remove", "path": "userName" }), "mutability"),
            (
                json!({ "op": "replace", "path": "id", "value": "2" }),
                "mutability",
            ),
            (
                json!({ "op": "add", "path": "groups", "value": [{ "value": "g" }] }),
                "mutability",
            ),
            (
                json!({ "op": "replace", "path": "nothing", "value": "x" }),
                "invalidPath",
            ),
            (
                json!({ "op": "replace", "path": "emails[type is 5]", "value": "x" }),
                "invalidPath",
            ),
            (
                json!({ "op": "replace", "path": "emails[type eq \"work\"", "value": "x" }),
                "invalidPath",
            ),
            (
                json!({ "op": "replace", "path": "active", "value": "perhaps" }),
                "invalidValue",
            ),
            (
                json!({ "op": "replace", "path": "userName", "value": "" }),
                "invalidValue",
            ),
            (json!({ "op": "replace", "path": "title" }), "invalidValue"),
            (json!({ "op": "add", "value": "x" }), "invalidValue"),
            (
                json!({ "op": "move", "path": "title", "value": "x" }),
                "invalidSyntax",
            ),
        ] {
            assert_eq!(keyword(json!([operation])), wanted, "{operation}");
        }
        assert_eq!(keyword(json!([])), "invalidSyntax");
        let moved = groups(
            json!([{ "op": "replace", "path": "members[value eq \"a\"].value", "value": "z" }]),
            Removal::Both,
        );
        assert_eq!(moved.unwrap_err().kind, Some("mutability"));
    }
}
