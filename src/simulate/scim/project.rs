//! The part of a document that a client wants: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use serde_json::{Map, Value};

use super::path::{self, Target};
use super::schema::{Attribute, ResourceType, Returned};

/// Which attributes a client wants (RFC 7644, section 3.9). Names that mean nothing are passed over.
pub struct Projection {
    included: Option<Vec<Wish>>,
    excluded: Vec<Wish>,
    /// Nothing was asked and nothing waits to be asked for: the document goes out as it is.
    everything: bool,
}

/// An attribute by the names of its extension, itself and its part; no attribute means the whole extension.
struct Wish {
    extension: Option<String>,
    attribute: Option<String>,
    part: Option<String>,
}

impl Projection {
    /// Reads the names of `attributes` and `excludedAttributes`.
    pub fn new(kind: &ResourceType, included: &[String], excluded: &[String]) -> Self {
        let wishes = |names: &[String]| {
            names.iter().filter_map(|name| path::resolve(kind, name.trim())).map(|target| Wish::from(&target)).collect()
        };
        let waits = |(_, attribute): (_, &Attribute)| attribute.returned == Returned::Request;
        Self {
            included: (!included.is_empty()).then(|| wishes(included)),
            excluded: wishes(excluded),
            everything: included.is_empty() && excluded.is_empty() && !kind.attributes().any(waits),
        }
    }

    /// The part of a whole document that is wanted.
    pub fn apply(&self, kind: &ResourceType, document: Value) -> Value {
        if self.everything {
            return document;
        }
        let Value::Object(document) = document else {
            return document;
        };
        let mut out = Map::new();
        for (key, value) in document {
            let Some(schema) = kind.extension(&key) else {
                let attribute = kind.attribute(&key);
                if let Some(value) = self.keep(None, attribute, &key, value) {
                    out.insert(key, value);
                }
                continue;
            };
            let Value::Object(parts) = value else {
                continue;
            };
            let kept: Map<String, Value> = parts
                .into_iter()
                .filter_map(|(name, value)| {
                    let kept = self.keep(Some(&key), schema.attribute(&name), &name, value)?;
                    Some((name, kept))
                })
                .collect();
            if !kept.is_empty() {
                out.insert(key, Value::Object(kept));
            }
        }
        Value::Object(out)
    }

    fn keep(&self, extension: Option<&str>, attribute: Option<&Attribute>, name: &str, value: Value) -> Option<Value> {
        let returned = attribute.map_or(Returned::Default, |attribute| attribute.returned);
        let about = |wishes: &[Wish]| -> Option<Vec<Option<String>>> {
            let parts: Vec<Option<String>> = wishes
                .iter()
                .filter(|wish| wish.extension.as_deref() == extension)
                .filter(|wish| wish.attribute.as_deref().is_none_or(|wished| wished == name))
                .map(|wish| wish.part.clone())
                .collect();
            (!parts.is_empty()).then_some(parts)
        };
        if returned == Returned::Always {
            return Some(value);
        }
        if let Some(included) = &self.included {
            let parts = about(included)?;
            return Some(if parts.contains(&None) { value } else { only(value, &parts) });
        }
        if returned == Returned::Request {
            return None;
        }
        match about(&self.excluded) {
            None => Some(value),
            Some(parts) if parts.contains(&None) => None,
            Some(parts) => Some(without(value, &parts)),
        }
    }
}

impl Wish {
    fn from(target: &Target<'_>) -> Self {
        match target {
            Target::Extension(schema) => Self { extension: Some(schema.id.clone()), attribute: None, part: None },
            Target::Attribute { extension, attribute, part } => Self {
                extension: extension.map(|schema| schema.id.clone()),
                attribute: Some(attribute.name.clone()),
                part: part.map(|part| part.name.clone()),
            },
        }
    }
}

fn only(value: Value, parts: &[Option<String>]) -> Value {
    retain(value, &|name| parts.iter().flatten().any(|part| part == name))
}

fn without(value: Value, parts: &[Option<String>]) -> Value {
    retain(value, &|name| !parts.iter().flatten().any(|part| part == name))
}

fn retain(value: Value, keep: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(|value| retain(value, keep)).collect(),
        Value::Object(parts) => Value::Object(parts.into_iter().filter(|(name, _)| keep(name)).collect()),
        value => value,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::super::quirks::Quirks;
    use super::super::render::tests::shown;
    use super::*;
    use serde_json::json;

    fn projected(included: &[&str], excluded: &[&str]) -> Vec<String> {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let kind = core::users();
        let projection = Projection::new(&kind, &own(included), &own(excluded));
        let document = projection.apply(&kind, shown(&Quirks::default(), 0, "u1"));
        document.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn what_is_asked_for_comes_with_id_and_schemas_alone() {
        let urn = core::ENTERPRISE_USER;
        assert_eq!(projected(&["USERNAME", "nothing"], &[]), ["schemas", "id", "userName"]);
        assert_eq!(projected(&[urn], &[]), ["schemas", "id", urn]);
        assert_eq!(projected(&[], &["name", "id", "groups", urn]), ["schemas", "id", "userName", "meta"]);
    }

    #[test]
    fn parts_can_be_asked_for_and_left_out() {
        let kind = core::users();
        let user = shown(&Quirks::default(), 0, "u1");
        let names = ["name.givenName".to_owned(), format!("{}:manager.value", core::ENTERPRISE_USER)];
        let included = Projection::new(&kind, &names, &[]).apply(&kind, user.clone());
        assert_eq!(included["name"], json!({ "givenName": "Ann" }));
        assert_eq!(included[core::ENTERPRISE_USER], json!({ "manager": { "value": "u1" } }));
        let excluded = Projection::new(&kind, &[], &names).apply(&kind, user);
        assert_eq!(excluded["name"], json!({ "familyName": "Lee" }));
        assert_eq!(excluded[core::ENTERPRISE_USER]["department"], "R&D");
        assert!(excluded[core::ENTERPRISE_USER]["manager"].get("value").is_none());
    }
}
