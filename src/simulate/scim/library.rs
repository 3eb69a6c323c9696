//! The shelves of one service, and what hangs together across them: who is in which group, whose name is taken.

use serde_json::{Value, json};

use crate::simulate::shelf::{Base, Held, Place, Shelf};

use super::clock;
use super::memberships::Memberships;
use super::schema::{Attribute, ResourceType};

/// One resource type and its documents, which hold canonical attributes, `id`, and `meta` as far as it is known.
pub struct Collection {
    /// The resource type.
    pub kind: ResourceType,
    /// The documents.
    pub shelf: Shelf,
}

/// All that a service serves.
#[derive(Default)]
pub struct Library {
    /// The resource types in the order in which they are announced.
    pub collections: Vec<Collection>,
    memberships: Memberships,
    writes: u64,
}

impl Library {
    /// The same with one more resource type. Users of a lazy base bring their `groups` along.
    pub fn with(mut self, kind: ResourceType, base: impl Base + 'static) -> Self {
        self.collections.push(Collection { kind, shelf: Shelf::new(base) });
        self
    }

    /// The same with one more resource type over documents that are held; groups among them put their members into
    /// `groups` of the users.
    pub fn holding(mut self, kind: ResourceType, documents: Vec<Value>) -> Self {
        if is_group(&kind) {
            for document in &documents {
                self.memberships.changed(None, Some(document));
            }
        }
        self.with(kind, Held::from(documents))
    }

    /// The resource type that is served at this endpoint, letter case ignored.
    pub fn at_endpoint(&self, endpoint: &str) -> Option<usize> {
        self.collections.iter().position(|collection| collection.kind.endpoint.eq_ignore_ascii_case(endpoint))
    }

    /// The resource type of this name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.collections.iter().position(|collection| collection.kind.name == name)
    }

    /// The collection at an index that came from here.
    pub fn collection(&self, at: usize) -> Option<&Collection> {
        self.collections.get(at)
    }

    /// The document that stands at a place, with its groups as they are now.
    pub fn document(&self, at: usize, place: Place) -> Option<Value> {
        let collection = self.collection(at)?;
        let mut document = collection.shelf.at(place)?;
        if collection.kind.name == "User" {
            self.memberships.settle(&mut document);
        }
        Some(document)
    }

    /// The document of this `id`, with its groups as they are now.
    pub fn get(&self, at: usize, id: &str) -> Option<Value> {
        self.document(at, self.collection(at)?.shelf.place(id)?)
    }

    /// The id of the user of this userName, letter case ignored.
    pub fn user_named(&self, name: &str) -> Option<String> {
        let at = self.named("User")?;
        let kind = &self.collection(at)?.kind;
        let document = self.with_value(at, kind.attribute("userName")?, name)?;
        Some(id_of(&document)?.to_owned())
    }

    /// The attribute whose value another document has already, where the schema wants it to be one of a kind.
    pub fn taken<'k>(&self, at: usize, kind: &'k ResourceType, document: &Value) -> Option<&'k Attribute> {
        kind.attributes().filter(|(_, attribute)| attribute.unique && attribute.name != "id").find_map(
            |(extension, attribute)| {
                let value = ResourceType::value_of(document, extension, attribute)?.as_str()?;
                let holder = self.with_value(at, attribute, value)?;
                (id_of(&holder) != id_of(document)).then_some(attribute)
            },
        )
    }

    /// Counts the writes to anything here.
    pub fn generation(&self) -> u64 {
        self.collections.iter().map(|collection| collection.shelf.generation()).sum()
    }

    /// Puts a new document behind the others, or in front of them, and gives it back with its id.
    pub fn create(&mut self, at: usize, mut document: Value, first: bool) -> Option<Value> {
        self.writes += 1;
        let id = new_id(self.writes);
        document["id"] = json!(id);
        let now = clock::now();
        document["meta"] = json!({ "created": now, "lastModified": now, "version": version(self.writes) });
        let collection = self.collections.get_mut(at)?;
        if is_group(&collection.kind) {
            self.memberships.changed(None, Some(&document));
        }
        if first {
            collection.shelf.insert_first(&id, document.clone());
        } else {
            collection.shelf.insert(&id, document.clone());
        }
        Some(document)
    }

    /// Puts a changed document in the place of the one it was made from.
    pub fn replace(&mut self, at: usize, before: &Value, mut after: Value) -> Option<Value> {
        self.writes += 1;
        let id = id_of(before)?.to_owned();
        after["id"] = json!(id);
        let mut meta = before.get("meta").and_then(Value::as_object).cloned().unwrap_or_default();
        meta.insert("lastModified".to_owned(), json!(clock::now()));
        meta.insert("version".to_owned(), json!(version(self.writes)));
        after["meta"] = Value::Object(meta);
        let collection = self.collections.get_mut(at)?;
        if is_group(&collection.kind) {
            self.memberships.changed(Some(before), Some(&after));
        }
        collection.shelf.replace(&id, after.clone());
        Some(after)
    }

    /// Takes a document away; a user leaves all groups.
    pub fn remove(&mut self, at: usize, id: &str) -> Option<()> {
        let document = self.get(at, id)?;
        self.writes += 1;
        let collection = self.collections.get_mut(at)?;
        if is_group(&collection.kind) {
            self.memberships.changed(Some(&document), None);
        }
        collection.shelf.remove(id)?;
        if let Some(groups) = self.named("Group") {
            for group in document.get("groups").and_then(Value::as_array).into_iter().flatten() {
                let group = group.get("value").and_then(Value::as_str).unwrap_or_default();
                self.drop_member(groups, group, id);
            }
        }
        Some(())
    }

    fn drop_member(&mut self, groups: usize, group: &str, member: &str) -> Option<()> {
        let before = self.get(groups, group)?;
        let mut after = before.clone();
        let members = after.get_mut("members")?.as_array_mut()?;
        members.retain(|held| held.get("value").and_then(Value::as_str) != Some(member));
        self.replace(groups, &before, after).map(|_| ())
    }

    /// A document whose text attribute has this value.
    fn with_value(&self, at: usize, attribute: &Attribute, value: &str) -> Option<Value> {
        let shelf = &self.collection(at)?.shelf;
        let holds = |document: &Value| {
            document.get(&attribute.name).and_then(Value::as_str).is_some_and(|held| {
                held == value || (!attribute.case_exact && held.to_lowercase() == value.to_lowercase())
            })
        };
        match shelf.find(&attribute.name, value) {
            Some(places) => places.into_iter().filter_map(|place| shelf.at(place)).find(holds),
            None => shelf.places(Place::MIN).filter_map(|place| shelf.at(place)).find(holds),
        }
    }
}

/// The `id` of a document.
pub fn id_of(document: &Value) -> Option<&str> {
    document.get("id").and_then(Value::as_str)
}

fn is_group(kind: &ResourceType) -> bool {
    kind.name == "Group"
}

fn version(writes: u64) -> String {
    format!("W/\"{writes}\"")
}

/// An id that looks like a UUID and never comes twice (SplitMix64, whose steps are one to one).
fn new_id(count: u64) -> String {
    let mix = |mut seed: u64| {
        seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        seed ^ (seed >> 31)
    };
    let (high, low) = (mix(count), mix(!count));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::*;
    use std::collections::HashSet;

    fn library() -> Library {
        let users = vec![
            json!({ "id": "u1", "userName": "Ann" }),
            json!({ "id": "u2", "userName": "bob", "groups": [{ "value": "g2", "display": "Old" }] }),
        ];
        let groups = vec![
            json!({ "id": "g1", "displayName": "One", "members": [{ "value": "u1" }] }),
            json!({ "id": "g2", "displayName": "Two", "members": [{ "value": "u1" }, { "value": "u2" }] }),
        ];
        Library::default().holding(core::users(), users).holding(core::groups(), groups)
    }

    fn groups_of(library: &Library, user: &str) -> Vec<String> {
        let user = library.get(0, user).unwrap();
        let groups = user.get("groups").and_then(Value::as_array).cloned().unwrap_or_default();
        groups.iter().map(|group| group["display"].as_str().unwrap().to_owned()).collect()
    }

    fn write(library: &mut Library, group: &str, after: Value) {
        let before = library.get(1, group).unwrap();
        library.replace(1, &before, after).unwrap();
    }

    #[test]
    fn the_groups_of_a_user_follow_the_members_of_the_groups() {
        let mut library = library();
        assert_eq!(groups_of(&library, "u1"), ["One", "Two"]);
        assert_eq!(groups_of(&library, "u2"), ["Two"]);
        write(&mut library, "g1", json!({ "displayName": "One", "members": [{ "value": "u2" }] }));
        assert_eq!(groups_of(&library, "u1"), ["Two"]);
        assert_eq!(groups_of(&library, "u2"), ["Two", "One"]);
        write(&mut library, "g1", json!({ "displayName": "1", "members": [{ "value": "u1" }] }));
        assert_eq!(groups_of(&library, "u1"), ["1", "Two"]);
        assert_eq!(groups_of(&library, "u2"), ["Two"]);
        // Whose own document says that he is in the group leaves it too.
        write(&mut library, "g2", json!({ "displayName": "Two", "members": [{ "value": "u1" }] }));
        assert!(groups_of(&library, "u2").is_empty());
        library.remove(1, "g2").unwrap();
        assert_eq!(groups_of(&library, "u1"), ["1"]);
        assert!(library.get(0, "u2").unwrap().get("groups").is_none());
    }

    #[test]
    fn a_user_who_goes_leaves_all_groups() {
        let mut library = library();
        library.remove(0, "u1").unwrap();
        assert_eq!(library.get(1, "g1").unwrap()["members"], json!([]));
        assert_eq!(library.get(1, "g2").unwrap()["members"], json!([{ "value": "u2" }]));
    }

    #[test]
    fn a_name_is_taken_in_any_letter_case_but_not_by_oneself() {
        let library = library();
        let kind = core::users();
        let taken = |document: Value| library.taken(0, &kind, &document).map(|attribute| attribute.name.clone());
        assert_eq!(taken(json!({ "userName": "ANN" })).as_deref(), Some("userName"));
        assert_eq!(taken(json!({ "id": "u1", "userName": "ANN" })), None);
        assert_eq!(taken(json!({ "userName": "Cid" })), None);
    }

    #[test]
    fn every_write_makes_a_new_version() {
        let mut library = library();
        let made = library.create(0, json!({ "userName": "c" }), false).unwrap();
        let again = library.replace(0, &made, json!({ "userName": "d" })).unwrap();
        assert_eq!(made["id"], again["id"]);
        assert_eq!(made["meta"]["created"], again["meta"]["created"]);
        assert_ne!(made["meta"]["version"], again["meta"]["version"]);
    }

    #[test]
    fn new_ids_are_told_apart() {
        let ids: HashSet<String> = (0..10_000).map(new_id).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 36), "{:?}", ids.iter().next());
    }
}
