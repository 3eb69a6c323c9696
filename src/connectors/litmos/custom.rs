//! Advanced custom fields. Their JSON is documented in three ways and recorded in none (targets/litmos.md 6): every form is
//! read that has been described, and what was not understood is never written to.

use bytes::Bytes;
use serde_json::{Map, Value};

/// The fields of a user by name, in their order, whatever their form: `{"A":"x"}`, `[{"A":"x"},{"B":"y"}]`,
/// `[{"Name":"A","Value":"x"}]` and the like, or any of these under one key.
///
/// # Errors
/// In words, when it is none of them.
pub(super) fn fields(document: &Value) -> Result<Map<String, Value>, String> {
    let odd = || "the custom fields came in a form that is not known".to_owned();
    match document {
        Value::Null => Ok(Map::new()),
        Value::Object(fields) if fields.values().all(scalar) => Ok(fields.clone()),
        Value::Object(wrapper) if wrapper.len() == 1 => {
            wrapper.values().next().map_or_else(|| Err(odd()), self::fields)
        }
        Value::Array(items) => {
            let mut all = Map::new();
            for item in items {
                let item = item.as_object().ok_or_else(odd)?;
                let (name, value) = named(item).ok_or_else(odd)?;
                all.insert(name, value);
            }
            Ok(all)
        }
        _ => Err(odd()),
    }
}

fn scalar(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

/// One field of a list: its name and value told apart by what they are called, or a map with one key.
fn named(item: &Map<String, Value>) -> Option<(String, Value)> {
    let find = |names: &[&str]| {
        item.iter().find(|(have, _)| names.iter().any(|name| have.trim_start_matches('@').eq_ignore_ascii_case(name)))
    };
    let name = find(&["fieldname", "name", "key"]).and_then(|(_, value)| value.as_str());
    let value = find(&["value", "#text", "fieldvalue"]).map(|(_, value)| value);
    match (name, value) {
        (Some(name), Some(value)) if scalar(value) => Some((name.to_owned(), value.clone())),
        _ if item.len() == 1 => {
            let (name, value) = item.iter().next()?;
            scalar(value).then(|| (name.clone(), value.clone()))
        }
        _ => None,
    }
}

/// A reply's body as one object of fields.
pub(super) fn page(bytes: Bytes) -> Result<Bytes, String> {
    let document: Value = serde_json::from_slice(&bytes).map_err(|fault| format!("no whole JSON: {fault}"))?;
    fields(&document).map(|fields| Value::Object(fields).to_string().into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn every_described_form_gives_the_same_fields() {
        let wanted = json!({ "Badge": "B7", "Shoe": 43 });
        for form in [
            json!({ "Badge": "B7", "Shoe": 43 }),
            json!([{ "Badge": "B7" }, { "Shoe": 43 }]),
            json!([{ "FieldName": "Badge", "Value": "B7" }, { "Name": "Shoe", "Value": 43 }]),
            json!({ "UserCustomField": { "Parameter": [{ "@fieldname": "Badge", "#text": "B7" }, { "Name": "Shoe", "Value": 43 }] } }),
        ] {
            assert_eq!(Value::Object(fields(&form).unwrap()), wanted, "{form}");
        }
        assert!(fields(&json!([])).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_understood_is_said_and_not_guessed() {
        for form in [json!("x"), json!([1]), json!([{ "a": 1, "b": 2 }]), json!({ "a": { "b": [1] }, "c": 1 })] {
            assert!(fields(&form).is_err(), "{form}");
        }
    }
}
