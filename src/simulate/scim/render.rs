//! A document as a client sees it: addresses, versions, the attributes that were asked for, and the service's quirks.

use serde_json::{Map, Value, json};

use super::gateway;
use super::library::{Library, id_of};
use super::naming;
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
        let Some(kind) = self.library.collection(at).map(|collection| &collection.kind) else {
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
                if self.quirks.untyped && gateway::UNTYPED.contains(&attribute.name.as_str()) {
                    let parts = value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
                    parts.for_each(|part| drop(part.shift_remove("type")));
                }
            }
        }
        without(kind, &self.quirks.disabled, &mut document);
        without(kind, &self.quirks.never, &mut document);
        self.head(at, kind, &id, document)
    }

    /// Puts schemas and id first and meta last.
    fn head(&self, at: usize, kind: &ResourceType, id: &str, document: Value) -> Value {
        let Value::Object(mut attributes) = document else {
            return document;
        };
        let mut meta = attributes.shift_remove("meta").and_then(|meta| meta.as_object().cloned()).unwrap_or_default();
        attributes.shift_remove("id");
        attributes.shift_remove("schemas");
        let id = naming::shown(self.library, self.quirks, at, id);
        let last = match attributes.get("userName") {
            Some(name) if self.quirks.location_username => name.clone(),
            _ => id.clone(),
        };
        let version = meta.shift_remove("version").unwrap_or_else(|| json!("W/\"0\""));
        let mut out = Map::new();
        out.insert("schemas".to_owned(), kind.urns(&attributes));
        out.insert("id".to_owned(), id);
        out.append(&mut attributes);
        meta.insert("resourceType".to_owned(), json!(kind.name));
        meta.insert("location".to_owned(), json!(self.address(kind, &last)));
        if self.quirks.no_times {
            meta.retain(|name, _| name != "created" && name != "lastModified");
        }
        if self.quirks.etag == Etag::Kept {
            meta.insert("version".to_owned(), version);
        }
        if self.quirks.null_absent_empty {
            scatter(kind, &mut out);
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
            let Some(id) = value.get("value").and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            let said = value.get("type").and_then(Value::as_str).and_then(|name| self.library.named(name));
            let usual = reference.references.iter().find_map(|name| self.library.named(name));
            let Some((at, target)) = said.or(usual).and_then(|at| Some((at, &self.library.collection(at)?.kind)))
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
}

/// Takes attributes out of a document by their names.
pub fn without(kind: &ResourceType, names: &[String], document: &mut Value) {
    let wanted = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
    for (extension, attribute) in kind.attributes().filter(|(_, attribute)| wanted(&attribute.name)) {
        let root = match extension {
            Some(schema) => document.get_mut(&schema.id),
            None => Some(&mut *document),
        };
        if let Some(root) = root.and_then(Value::as_object_mut) {
            root.shift_remove(&attribute.name);
        }
    }
}

/// Spreads the three ways of saying nothing over what has no value, the same way every time.
fn scatter(kind: &ResourceType, document: &mut Map<String, Value>) {
    let seed = document.get("id").map_or(0, |id| hash(&id.to_string()));
    for attribute in &kind.schema.attributes {
        if attribute.returned != Returned::Default || document.contains_key(&attribute.name) {
            continue;
        }
        let nothing = match (seed ^ hash(&attribute.name)) % 3 {
            0 => continue,
            1 if attribute.multi => json!([]),
            1 if attribute.parts.is_empty() && attribute.kind == super::schema::Type::String => {
                json!("")
            }
            _ => Value::Null,
        };
        document.insert(attribute.name.clone(), nothing);
    }
}

/// FNV-1a, for choices that must come out the same every time.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::*;

    pub(in super::super) fn library() -> Library {
        let users = vec![json!({
            "id": "u1", "userName": "ann", "password": "secret", "name": { "givenName": "Ann", "familyName": "Lee" },
            core::ENTERPRISE_USER: { "department": "R&D", "manager": { "value": "u1" } },
        })];
        let groups = vec![json!({ "id": "g1", "displayName": "One", "members": [{ "value": "u1" }] })];
        Library::default().holding(core::users(), users).holding(core::groups(), groups)
    }

    pub(in super::super) fn shown(quirks: &Quirks, at: usize, id: &str) -> Value {
        let library = library();
        let renderer = Renderer { library: &library, quirks, base: "http://x/scim/v2" };
        renderer.whole(at, library.get(at, id).unwrap())
    }

    #[test]
    fn a_document_says_where_it_is_and_keeps_its_secrets() {
        let user = shown(&Quirks::default(), 0, "u1");
        assert_eq!(user["schemas"], json!([core::USER, core::ENTERPRISE_USER]));
        assert_eq!(user["meta"]["location"], "http://x/scim/v2/Users/u1");
        assert_eq!(user["meta"]["version"], "W/\"0\"");
        assert_eq!(user["groups"][0]["$ref"], "http://x/scim/v2/Groups/g1");
        assert_eq!(user[core::ENTERPRISE_USER]["manager"]["$ref"], "http://x/scim/v2/Users/u1");
        assert!(user.get("password").is_none());
    }

    #[test]
    fn ids_become_numbers_that_no_double_holds_and_come_back() {
        let quirks = Quirks { numbers: true, ..Quirks::default() };
        let (user, group) = (shown(&quirks, 0, "u1"), shown(&quirks, 1, "g1"));
        let number = user["id"].as_u64().unwrap();
        assert!(number > 1 << 53);
        assert_eq!(group["members"][0]["value"], user["id"]);
        assert_eq!(user["groups"][0]["value"], group["id"]);
        assert!(user["meta"]["location"].as_str().unwrap().ends_with(&format!("/Users/{number}")));
        assert_eq!(naming::meant(&library(), &quirks, &number.to_string()), "u1");
    }

    #[test]
    fn members_can_be_named_by_their_user_name() {
        let quirks = Quirks { member_username: true, ..Quirks::default() };
        assert_eq!(shown(&quirks, 1, "g1")["members"][0]["value"], "ann");
    }

    #[test]
    fn nothing_is_said_in_all_three_ways() {
        let quirks = Quirks { null_absent_empty: true, ..Quirks::default() };
        let user = shown(&quirks, 0, "u1");
        let count = |test: &dyn Fn(Option<&Value>) -> bool| {
            core::users().schema.attributes.iter().filter(|attribute| test(user.get(&attribute.name))).count()
        };
        assert!(count(&|value| value.is_none()) > 0);
        assert!(count(&|value| value.is_some_and(Value::is_null)) > 0);
        assert!(count(&|value| value == Some(&json!("")) || value == Some(&json!([]))) > 0);
    }
}
