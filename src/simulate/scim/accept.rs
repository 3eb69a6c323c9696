//! What a client sends, held against the schema: own spelling, checked types, no say in what is read-only.
//!
//! Everything that a client may write goes through [`value`], so a create, a replacement and a patch agree.

use serde_json::{Map, Value, json};

use super::clock;
use super::problem::Problem;
use super::schema::{Attribute, Mutability, ResourceType, Schema, Type};

/// The document that a client sent, as the service would keep it. Read-only and unknown attributes are left out.
///
/// # Errors
/// `invalidSyntax` if it is no resource of this type, `invalidValue` if a value has the wrong type.
pub fn document(kind: &ResourceType, input: &Value) -> Result<Value, Problem> {
    let input = input.as_object().ok_or_else(|| Problem::bad("invalidSyntax", "a JSON object was expected"))?;
    says_its_schema(kind, input)?;
    let mut document = Map::new();
    for (key, value) in input {
        if let Some(schema) = kind.extension(key) {
            if let Some(parts) = extension(schema, value)? {
                document.insert(schema.id.clone(), parts);
            }
        } else if let Some(attribute) = kind.attribute(key)
            && attribute.mutability != Mutability::ReadOnly
            && let Some(value) = self::value(attribute, value)?
        {
            document.insert(attribute.name.clone(), value);
        }
    }
    Ok(Value::Object(document))
}

/// The values of an extension; `None` if there are none.
///
/// # Errors
/// `invalidValue`, as for [`document`].
pub fn extension(schema: &Schema, input: &Value) -> Result<Option<Value>, Problem> {
    if input.is_null() {
        return Ok(None);
    }
    let input = input.as_object().ok_or_else(|| Problem::value(format!("{} is not an object", schema.id)))?;
    parts(&schema.attributes, input)
}

/// The value of one attribute; `None` for null and for an empty list, which are the same as nothing (RFC 7643, section
/// 2.5).
///
/// # Errors
/// `invalidValue` if it has the wrong type.
pub fn value(attribute: &Attribute, input: &Value) -> Result<Option<Value>, Problem> {
    if !attribute.multi {
        return single(attribute, input);
    }
    let values = match input {
        Value::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut kept = Vec::with_capacity(values.len());
    for value in values {
        kept.extend(single(attribute, value)?);
    }
    Ok((!kept.is_empty()).then_some(Value::Array(kept)))
}

/// One value of an attribute, also of one that has many.
///
/// # Errors
/// `invalidValue` if it has the wrong type.
pub fn single(attribute: &Attribute, input: &Value) -> Result<Option<Value>, Problem> {
    let wrong = || Problem::value(format!("{} does not take {input}", attribute.name));
    let kept = match (attribute.kind, input) {
        (_, Value::Null) => return Ok(None),
        (Type::Complex, Value::Object(input)) => return parts(&attribute.parts, input),
        // Entra sends the manager as a bare id (targets/scim.md A3).
        (Type::Complex, Value::String(_)) => {
            attribute.part("value").ok_or_else(wrong)?;
            json!({ "value": input })
        }
        (Type::Boolean, Value::Bool(_)) => input.clone(),
        // Entra sends truth values as text (targets/scim.md A3).
        (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => json!(true),
        (Type::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => json!(false),
        (Type::Integer, Value::Number(number)) if !number.is_f64() => input.clone(),
        (Type::Decimal, Value::Number(_)) => input.clone(),
        (Type::DateTime, Value::String(text)) if clock::read(text).is_some() => input.clone(),
        (Type::String | Type::Reference | Type::Binary, Value::String(_)) => input.clone(),
        _ => return Err(wrong()),
    };
    Ok(Some(kept))
}

fn parts(attributes: &[Attribute], input: &Map<String, Value>) -> Result<Option<Value>, Problem> {
    let mut kept = Map::new();
    for (key, value) in input {
        if let Some(attribute) = attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(key))
            && attribute.mutability != Mutability::ReadOnly
            && let Some(value) = self::value(attribute, value)?
        {
            kept.insert(attribute.name.clone(), value);
        }
    }
    Ok((!kept.is_empty()).then_some(Value::Object(kept)))
}

/// Whether everything mandatory is there and no list prefers two values.
///
/// # Errors
/// `invalidValue`, naming the attribute.
pub fn complete(kind: &ResourceType, document: &Value) -> Result<(), Problem> {
    for (extension, attribute) in kind.attributes() {
        let value = ResourceType::value_of(document, extension, attribute);
        let empty = value.is_none_or(|value| value.is_null() || value.as_str().is_some_and(str::is_empty));
        if attribute.required && empty && extension.is_none() {
            return Err(Problem::value(format!("{} is required", attribute.name)));
        }
        let values = match value {
            Some(Value::Array(values)) => values.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => &[],
        };
        for part in attribute.parts.iter().filter(|part| part.required) {
            if values.iter().any(|value| value.get(&part.name).is_none()) {
                let detail = format!("{}.{} is required", attribute.name, part.name);
                return Err(Problem::value(detail));
            }
        }
        let preferred =
            values.iter().filter(|value| value.get("primary").and_then(Value::as_bool) == Some(true)).count();
        if preferred > 1 {
            return Err(Problem::value(format!("{} has more than one primary value", attribute.name)));
        }
    }
    Ok(())
}

/// Makes a replacement out of what was sent: what a client cannot write stays as it was.
///
/// # Errors
/// `mutability` if an immutable attribute would change.
pub fn keep(kind: &ResourceType, before: &Value, after: &mut Value) -> Result<(), Problem> {
    for (extension, attribute) in kind.attributes() {
        let Some(old) = ResourceType::value_of(before, extension, attribute) else {
            continue;
        };
        let new = ResourceType::value_of(after, extension, attribute);
        let stays = match attribute.mutability {
            Mutability::ReadWrite => false,
            Mutability::ReadOnly => true,
            Mutability::WriteOnly => new.is_none(),
            Mutability::Immutable => {
                if new.is_some_and(|new| new != old) {
                    let detail = format!("{} cannot be changed", attribute.name);
                    return Err(Problem::bad("mutability", detail));
                }
                true
            }
        };
        if stays {
            match extension {
                Some(schema) => after[&schema.id][&attribute.name] = old.clone(),
                None => after[&attribute.name] = old.clone(),
            }
        }
    }
    Ok(())
}

fn says_its_schema(kind: &ResourceType, input: &Map<String, Value>) -> Result<(), Problem> {
    let schemas = input.iter().find(|(key, _)| key.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let said = schemas.and_then(Value::as_array).is_some_and(|schemas| {
        schemas.iter().filter_map(Value::as_str).any(|schema| schema.eq_ignore_ascii_case(&kind.schema.id))
    });
    if said {
        return Ok(());
    }
    Err(Problem::bad("invalidSyntax", format!("schemas must hold {}", kind.schema.id)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::*;

    fn accept(input: Value) -> Result<Value, Problem> {
        let mut input = input;
        input["schemas"] = json!([core::USER]);
        document(&core::users(), &input)
    }

    #[test]
    fn names_are_kept_in_the_services_own_spelling() {
        let urn = core::ENTERPRISE_USER;
        let kept = accept(json!({
            "USERNAME": "a",
            "Emails": [{ "VALUE": "a@b" }],
            urn.to_uppercase(): { "Department": "R&D" },
        }));
        let wanted = json!({ "userName": "a", "emails": [{ "value": "a@b" }], urn: { "department": "R&D" } });
        assert_eq!(kept.unwrap(), wanted);
    }

    #[test]
    fn nothing_null_and_an_empty_list_are_one() {
        let kept = accept(json!({ "userName": "a", "title": null, "emails": [], "name": {}, "roles": [null] }));
        assert_eq!(kept.unwrap(), json!({ "userName": "a" }));
    }

    #[test]
    fn what_is_read_only_or_unknown_is_left_out() {
        let kept = accept(json!({
            "id": "mine", "meta": { "version": "1" }, "userName": "a", "groups": [{ "value": "g" }], "shoe": 43,
            core::ENTERPRISE_USER: { "manager": { "value": "m", "displayName": "M" } },
        }));
        let wanted = json!({ "userName": "a", core::ENTERPRISE_USER: { "manager": { "value": "m" } } });
        assert_eq!(kept.unwrap(), wanted);
    }

    #[test]
    fn what_entra_sends_is_accepted() {
        let kept = accept(json!({ "active": "False", core::ENTERPRISE_USER: { "manager": "m" } }));
        assert_eq!(kept.unwrap(), json!({ "active": false, core::ENTERPRISE_USER: { "manager": { "value": "m" } } }));
    }

    #[test]
    fn a_wrong_type_is_refused() {
        for input in [
            json!({ "userName": 5 }),
            json!({ "userName": ["a"] }),
            json!({ "active": "perhaps" }),
            json!({ "name": "Lena" }),
            json!({ "emails": [5] }),
            json!({ core::ENTERPRISE_USER: "x" }),
        ] {
            assert_eq!(accept(input.clone()).unwrap_err().kind, Some("invalidValue"), "{input}");
        }
        let unsaid = document(&core::users(), &json!({ "userName": "a" }));
        assert_eq!(unsaid.unwrap_err().kind, Some("invalidSyntax"));
    }

    #[test]
    fn a_document_needs_what_is_mandatory_and_one_primary_at_most() {
        let kind = core::users();
        let emails = |second: bool| json!([{ "primary": true }, { "primary": second }]);
        assert!(complete(&kind, &json!({ "userName": "a", "emails": emails(false) })).is_ok());
        assert!(complete(&kind, &json!({ "userName": "a", "emails": emails(true) })).is_err());
        assert!(complete(&kind, &json!({ "title": "x" })).is_err());
        assert!(complete(&kind, &json!({ "userName": "" })).is_err());
    }

    #[test]
    fn a_replacement_keeps_what_the_client_cannot_write() {
        let kind = core::users();
        let before = json!({ "id": "1", "userName": "a", "title": "x", "password": "p", "groups": [{ "value": "g" }] });
        let mut after = json!({ "userName": "b" });
        keep(&kind, &before, &mut after).unwrap();
        assert_eq!(after, json!({ "userName": "b", "id": "1", "password": "p", "groups": [{ "value": "g" }] }));
    }
}
