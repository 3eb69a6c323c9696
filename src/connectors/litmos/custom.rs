//! Advanced custom fields: a resource of its own below each user, read and written apart from the record. Their JSON is documented in three ways and recorded in none (targets/litmos.md 6): every form is
//! read that has been described, and what was not understood is never written to.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::place::{Place, cannot};
use super::{Litmos, USER_CUSTOM};
use crate::connectors::Observed;
use crate::mapping::Edit;
use crate::plan::{Change, ChangeId, Method, Refusal, Repeat, Step};

/// Where a user's custom fields stand in the native record here, as they came: beside what the service itself has there.
pub(super) const FIELDS: &str = "usercustomfields";

/// The longest text of one (targets/litmos.md 6).
const LONGEST: usize = 255;

/// What is to be written of them, and for which changes.
#[derive(Default)]
pub(super) struct Custom {
    pub(super) set: Vec<(String, Value)>,
    pub(super) serves: Vec<ChangeId>,
}

impl Litmos {
    /// Whether an attribute is one of them, and what the field is called.
    pub(super) fn custom_field(&self, path: &crate::model::AttrPath) -> bool {
        let row = self.mapping.row(crate::model::Kind::User, path);
        row.is_some_and(|row| row.within.iter().any(|(feed, _)| feed == USER_CUSTOM))
    }

    /// The step that writes them, by itself, in the form in which they were read; of a new user in the documented one.
    pub(super) fn custom_step(
        &self,
        change: &Change,
        custom: Custom,
        native: Option<&Observed>,
    ) -> Result<Step, Refusal> {
        for (name, value) in &custom.set {
            if value.as_str().is_some_and(|text| text.chars().count() > LONGEST) {
                return Err(cannot(format!("{name}: SAP Litmos takes {LONGEST} characters at most")));
            }
        }
        let there = match native {
            // What is there is not overwritten by halves: without having been understood, nothing is written.
            Some(native) => native.native.get(FIELDS).ok_or_else(|| {
                cannot("the custom fields were not read or not understood, so they are not written: `custom_fields = \"yes\"` reads them")
            })?,
            None => &Value::Null,
        };
        let body = laid_over(there, &custom.set).map_err(cannot)?;
        let place = Place::of(&change.target, "users")?;
        let mut write = self.request(Method::Post, &format!("{}/{FIELDS}", place.path), Some(body), Repeat::Safe);
        write.holes.clone_from(&place.holes);
        write.edits =
            custom.set.iter().map(|(name, value)| Edit::Set { at: format!("/{name}"), value: value.clone() }).collect();
        let others = fields(there).unwrap_or_default();
        let others = others.keys().filter(|name| custom.set.iter().all(|(have, _)| have != *name));
        write.carried = others.map(|name| format!("/{name}")).collect();
        let mut own = self.get(&format!("{}/{FIELDS}", place.path));
        own.holes.clone_from(&place.holes);
        let reads = vec![place.read(self), own];
        Ok(Step {
            read: reads.clone(),
            verify: reads,
            side_effects: vec!["custom fields are written by a request of their own, after the record".to_owned()],
            ..Step::new(change.system.clone(), custom.serves, write)
        })
    }
}

/// The document with these fields in it, in its own form. Of nothing it is `{"A":"x"}`, as SAP documents it.
fn laid_over(document: &Value, set: &[(String, Value)]) -> Result<Value, String> {
    let odd = || "the custom fields came in a form that is not known: they are not written".to_owned();
    fields(document).map_err(|_| odd())?;
    let mut document = document.clone();
    match &mut document {
        Value::Null => {
            return Ok(Value::Object(set.iter().cloned().collect()));
        }
        Value::Object(fields) if fields.values().all(scalar) => fields.extend(set.iter().cloned()),
        Value::Object(wrapper) => {
            for inner in wrapper.values_mut() {
                *inner = laid_over(inner, set)?;
            }
        }
        Value::Array(items) => {
            for (name, value) in set {
                let have = items.iter_mut().filter_map(Value::as_object_mut);
                let mut have = have.filter(|item| named(item).is_some_and(|(is, _)| is == *name));
                match have.next() {
                    Some(item) => put(item, name, value),
                    None => items.push(Value::Object(Map::from_iter([(name.clone(), value.clone())]))),
                }
            }
        }
        _ => return Err(odd()),
    }
    Ok(document)
}

/// The value of one field of a list, where it stands.
fn put(item: &mut Map<String, Value>, name: &str, value: &Value) {
    let keys: Vec<String> = item.keys().cloned().collect();
    let own = keys.iter().find(|key| is(key, &["value", "#text", "fieldvalue"])).map_or(name, |key| key.as_str());
    item.insert(own.to_owned(), value.clone());
}

fn is(key: &str, names: &[&str]) -> bool {
    names.iter().any(|name| key.trim_start_matches('@').eq_ignore_ascii_case(name))
}

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
    let find = |names: &[&str]| item.iter().find(|(have, _)| is(have, names));
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
    fn fields_are_written_in_the_form_in_which_they_were_read() {
        let set = [("Badge".to_owned(), json!("B8")), ("New".to_owned(), json!("x"))];
        for (form, wanted) in [
            (json!(null), json!({ "Badge": "B8", "New": "x" })),
            (json!({ "Badge": "B7", "Shoe": 43 }), json!({ "Badge": "B8", "Shoe": 43, "New": "x" })),
            (json!([{ "Badge": "B7" }, { "Shoe": 43 }]), json!([{ "Badge": "B8" }, { "Shoe": 43 }, { "New": "x" }])),
            (
                json!({ "UserCustomField": [{ "FieldName": "Badge", "Value": "B7" }] }),
                json!({ "UserCustomField": [{ "FieldName": "Badge", "Value": "B8" }, { "New": "x" }] }),
            ),
        ] {
            assert_eq!(laid_over(&form, &set).unwrap(), wanted, "{form}");
        }
        assert!(laid_over(&json!([["odd"]]), &set).unwrap_err().contains("not written"));
    }

    #[test]
    fn what_is_not_understood_is_said_and_not_guessed() {
        for form in [json!("x"), json!([1]), json!([{ "a": 1, "b": 2 }]), json!({ "a": { "b": [1] }, "c": 1 })] {
            assert!(fields(&form).is_err(), "{form}");
        }
    }
}
