//! A document as a client sees it: addresses, versions, the attributes that were asked for, and the service's quirks.

use serde_json::{Map, Value, json};

use super::library::{Library, id_of};
use super::naming;
use super::path::{self, Target};
use super::quirks::{Etag, Quirks};
use super::schema::{Attribute, ResourceType, Returned};

/// What is needed to show a document.
#[derive(Clone, Copy)]
pub struct Renderer<'a> {
    /// Where references lead.
    pub library: &'a Library,
    /// The deviations in force.
    pub quirks: &'a Quirks,
    /// The base address, without a slash at its end.
    pub base: &'a str,
}

impl Renderer<'_> {
    /// The whole document of the resource type at `at`, with everything but secrets.
    pub fn whole(&self, at: usize, mut document: Value) -> Value {
        let Some(kind) = self
            .library
            .collection(at)
            .map(|collection| &collection.kind)
        else {
            return document;
        };
        let id = id_of(&document).unwrap_or_default().to_owned();
        for (extension, attribute) in kind.attributes() {
            let root = match extension {
                Some(schema) => document.get_mut(&schema.id),
                None => Some(&mut document),
            };
            let Some(root) = root.and_then(Value::as_object_mut) else {
                continue;
            };
            if attribute.returned == Returned::Never {
                root.shift_remove(&attribute.name);
            } else if let Some(value) = root.get_mut(&attribute.name) {
                self.refer(kind, attribute, value);
            }
        }
        self.head(at, kind, &id, document)
    }

    /// Puts schemas and id first and meta last.
    fn head(&self, at: usize, kind: &ResourceType, id: &str, document: Value) -> Value {
        let Value::Object(mut attributes) = document else {
            return document;
        };
        let mut meta = attributes
            .shift_remove("meta")
            .and_then(|meta| meta.as_object().cloned())
            .unwrap_or_default();
        attributes.shift_remove("id");
        attributes.shift_remove("schemas");
        let id = naming::shown(self.library, self.quirks, at, id);
        let last = match attributes.get("userName") {
            Some(name) if self.quirks.location_username => name.clone(),
            _ => id.clone(),
        };
        let version = meta
            .shift_remove("version")
            .unwrap_or_else(|| json!("W/\"0\""));
        let mut out = Map::new();
        out.insert("schemas".to_owned(), kind.urns(&attributes));
        out.insert("id".to_owned(), id);
        out.append(&mut attributes);
        meta.insert("resourceType".to_owned(), json!(kind.name));
        meta.insert("location".to_owned(), json!(self.address(kind, &last)));
        if self.quirks.etag == Etag::Kept {
            meta.insert("version".to_owned(), version);
        }
        if self.quirks.null_absent_empty {
            self.scatter(kind, &mut out);
        }
        out.insert("meta".to_owned(), Value::Object(meta));
        Value::Object(out)
    }

    fn address(&self, kind: &ResourceType, id: &Value) -> String {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        format!("{}/{}/{}", self.base, kind.endpoint, encoded(&id))
    }

    /// Gives a value that names a resource that resource's address, and its id in the form of the day.
    fn refer(&self, kind: &ResourceType, attribute: &Attribute, value: &mut Value) {
        let Some(reference) = attribute.part("$ref") else {
            return;
        };
        let values = match value {
            Value::Array(values) => values.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for value in values {
            let Some(id) = value
                .get("value")
                .and_then(Value::as_str)
                .map(str::to_owned)
            else {
                continue;
            };
            let said = value
                .get("type")
                .and_then(Value::as_str)
                .and_then(|name| self.library.named(name));
            let usual = reference
                .references
                .iter()
                .find_map(|name| self.library.named(name));
            let Some((at, target)) = said
                .or(usual)
                .and_then(|at| Some((at, &self.library.collection(at)?.kind)))
            else {
                continue;
            };
            let shown = naming::shown(self.library, self.quirks, at, &id);
            value["$ref"] = json!(self.address(target, &shown));
            value["value"] = shown;
            if self.quirks.member_username && kind.name == "Group" && attribute.name == "members" {
                let member = self.library.get(at, &id).unwrap_or_default();
                if let Some(name) = member.get("userName") {
                    value["value"] = name.clone();
                }
            }
        }
    }

    /// Spreads the three ways of saying nothing over what has no value, the same way every time.
    fn scatter(&self, kind: &ResourceType, document: &mut Map<String, Value>) {
        let seed = document.get("id").map_or(0, |id| hash(&id.to_string()));
        for attribute in &kind.schema.attributes {
            if attribute.returned != Returned::Default || document.contains_key(&attribute.name) {
                continue;
            }
            let nothing = match (seed ^ hash(&attribute.name)) % 3 {
                0 => continue,
                1 if attribute.multi => json!([]),
                1 if attribute.parts.is_empty()
                    && attribute.kind == super::schema::Type::String =>
                {
                    json!("")
                }
                _ => Value::Null,
            };
            document.insert(attribute.name.clone(), nothing);
        }
    }
}

/// FNV-1a, for choices that must come out the same every time.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Percent-encodes what cannot stand in one segment of an address.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@:!$&'()*+,;=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Which attributes a client wants (RFC 7644, section 3.9). Names that mean nothing are passed over.
pub struct Projection {
    included: Option<Vec<Wish>>,
    excluded: Vec<Wish>,
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
            names
                .iter()
                .filter_map(|name| path::resolve(kind, name.trim()))
                .map(|target| Wish::from(&target))
                .collect()
        };
        Self {
            included: (!included.is_empty()).then(|| wishes(included)),
            excluded: wishes(excluded),
        }
    }

    /// The part of a whole document that is wanted.
    pub fn apply(&self, kind: &ResourceType, document: Value) -> Value {
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

    fn keep(
        &self,
        extension: Option<&str>,
        attribute: Option<&Attribute>,
        name: &str,
        value: Value,
    ) -> Option<Value> {
        let returned = attribute.map_or(Returned::Default, |attribute| attribute.returned);
        let about = |wishes: &[Wish]| -> Option<Vec<Option<String>>> {
            let parts: Vec<Option<String>> = wishes
                .iter()
                .filter(|wish| wish.extension.as_deref() == extension)
                .filter(|wish| {
                    wish.attribute
                        .as_deref()
                        .is_none_or(|wished| wished == name)
                })
                .map(|wish| wish.part.clone())
                .collect();
            (!parts.is_empty()).then_some(parts)
        };
        if returned == Returned::Always {
            return Some(value);
        }
        if let Some(included) = &self.included {
            let parts = about(included)?;
            return Some(if parts.contains(&None) {
                value
            } else {
                only(value, &parts)
            });
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
            Target::Extension(schema) => Self {
                extension: Some(schema.id.clone()),
                attribute: None,
                part: None,
            },
            Target::Attribute {
                extension,
                attribute,
                part,
            } => Self {
                extension: extension.map(|schema| schema.id.clone()),
                attribute: Some(attribute.name.clone()),
                part: part.map(|part| part.name.clone()),
            },
        }
    }
}

fn only(value: Value, parts: &[Option<String>]) -> Value {
    retain(value, &|name| {
        parts.iter().flatten().any(|part| part == name)
    })
}

fn without(value: Value, parts: &[Option<String>]) -> Value {
    retain(value, &|name| {
        !parts.iter().flatten().any(|part| part == name)
    })
}

fn retain(value: Value, keep: &dyn Fn(&str) -> bool) -> Value {
    match value {
        Value::Array(values) => values
            .into_iter()
            .map(|value| retain(value, keep))
            .collect(),
        Value::Object(parts) => {
            Value::Object(parts.into_iter().filter(|(name, _)| keep(name)).collect())
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::*;

    fn library() -> Library {
        let users = vec![json!({
            "id": "u1", "userName": "ann", "password": "secret", "name": { "givenName": "Ann", "familyName": "Lee" },
            core::ENTERPRISE_USER: { "department": "R&D", "manager": { "value": "u1" } },
        })];
        let groups =
            vec![json!({ "id": "g1", "displayName": "One", "members": [{ "value": "u1" }] })];
        Library::default()
            .holding(core::users(), users)
            .holding(core::groups(), groups)
    }

    fn shown(quirks: &Quirks, at: usize, id: &str) -> Value {
        let library = library();
        let renderer = Renderer {
            library: &library,
            quirks,
            base: "http://x/scim/v2",
        };
        renderer.whole(at, library.get(at, id).unwrap())
    }

    fn projected(included: &[&str], excluded: &[&str]) -> Vec<String> {
        let own = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let kind = core::users();
        let projection = Projection::new(&kind, &own(included), &own(excluded));
        let document = projection.apply(&kind, shown(&Quirks::default(), 0, "u1"));
        document.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn a_document_says_where_it_is_and_keeps_its_secrets() {
        let user = shown(&Quirks::default(), 0, "u1");
        assert_eq!(user["schemas"], json!([core::USER, core::ENTERPRISE_USER]));
        assert_eq!(user["meta"]["location"], "http://x/scim/v2/Users/u1");
        assert_eq!(user["meta"]["version"], "W/\"0\"");
        assert_eq!(user["groups"][0]["$ref"], "http://x/scim/v2/Groups/g1");
        assert_eq!(
            user[core::ENTERPRISE_USER]["manager"]["$ref"],
            "http://x/scim/v2/Users/u1"
        );
        assert!(user.get("password").is_none());
    }

    #[test]
    fn what_is_asked_for_comes_with_id_and_schemas_alone() {
        let urn = core::ENTERPRISE_USER;
        assert_eq!(
            projected(&["USERNAME", "nothing"], &[]),
            ["schemas", "id", "userName"]
        );
        assert_eq!(projected(&[urn], &[]), ["schemas", "id", urn]);
        assert_eq!(
            projected(&[], &["name", "id", "groups", urn]),
            ["schemas", "id", "userName", "meta"]
        );
    }

    #[test]
    fn parts_can_be_asked_for_and_left_out() {
        let kind = core::users();
        let user = shown(&Quirks::default(), 0, "u1");
        let names = [
            "name.givenName".to_owned(),
            format!("{}:manager.value", core::ENTERPRISE_USER),
        ];
        let included = Projection::new(&kind, &names, &[]).apply(&kind, user.clone());
        assert_eq!(included["name"], json!({ "givenName": "Ann" }));
        assert_eq!(
            included[core::ENTERPRISE_USER],
            json!({ "manager": { "value": "u1" } })
        );
        let excluded = Projection::new(&kind, &[], &names).apply(&kind, user);
        assert_eq!(excluded["name"], json!({ "familyName": "Lee" }));
        assert_eq!(excluded[core::ENTERPRISE_USER]["department"], "R&D");
        assert!(
            excluded[core::ENTERPRISE_USER]["manager"]
                .get("value")
                .is_none()
        );
    }

    #[test]
    fn ids_become_numbers_that_no_double_holds_and_come_back() {
        let quirks = Quirks {
            numbers: true,
            ..Quirks::default()
        };
        let (user, group) = (shown(&quirks, 0, "u1"), shown(&quirks, 1, "g1"));
        let number = user["id"].as_u64().unwrap();
        assert!(number > 1 << 53);
        assert_eq!(group["members"][0]["value"], user["id"]);
        assert_eq!(user["groups"][0]["value"], group["id"]);
        assert!(
            user["meta"]["location"]
                .as_str()
                .unwrap()
                .ends_with(&format!("/Users/{number}"))
        );
        assert_eq!(
            naming::meant(&library(), &quirks, &number.to_string()),
            "u1"
        );
    }

    #[test]
    fn members_can_be_named_by_their_user_name() {
        let quirks = Quirks {
            member_username: true,
            ..Quirks::default()
        };
        assert_eq!(shown(&quirks, 1, "g1")["members"][0]["value"], "ann");
    }

    #[test]
    fn nothing_is_said_in_all_three_ways() {
        let quirks = Quirks {
            null_absent_empty: true,
            ..Quirks::default()
        };
        let user = shown(&quirks, 0, "u1");
        let count = |test: &dyn Fn(Option<&Value>) -> bool| {
            core::users()
                .schema
                .attributes
                .iter()
                .filter(|attribute| test(user.get(&attribute.name)))
                .count()
        };
        assert!(count(&|value| value.is_none()) > 0);
        assert!(count(&|value| value.is_some_and(Value::is_null)) > 0);
        assert!(count(&|value| value == Some(&json!("")) || value == Some(&json!([]))) > 0);
    }
}
