//! Who is in which group.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::library::id_of;

/// Who joined and left which group since the base was made, so that `groups` of a user follows without a walk.
#[derive(Default)]
pub struct Memberships {
    joined: HashMap<String, BTreeSet<String>>,
    left: HashMap<String, BTreeSet<String>>,
    names: HashMap<String, Value>,
}

impl Memberships {
    /// Takes note that a group was made, changed or taken away.
    pub fn changed(&mut self, before: Option<&Value>, after: Option<&Value>) {
        let Some(group) = after.or(before).and_then(id_of) else {
            return;
        };
        if let Some(after) = after {
            self.names.insert(group.to_owned(), after["displayName"].clone());
        }
        let (before, after) = (members(before), members(after));
        for member in after.difference(&before) {
            enter(&mut self.joined, member, group);
            leave(&mut self.left, member, group);
        }
        for member in before.difference(&after) {
            enter(&mut self.left, member, group);
            leave(&mut self.joined, member, group);
        }
    }

    /// Brings `groups` of a user up to date.
    pub fn settle(&self, user: &mut Value) {
        let Some(id) = id_of(user) else {
            return;
        };
        let left = self.left.get(id);
        let joined = self.joined.get(id);
        let held = user.get("groups").and_then(Value::as_array);
        if held.is_none() && joined.is_none() {
            return;
        }
        let mut groups: Vec<Value> = held.cloned().unwrap_or_default();
        let name = |group: &Value| group.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
        groups.retain(|group| {
            let group = name(group);
            !left.is_some_and(|left| left.contains(&group))
        });
        for group in &mut groups {
            if let Some(display) = self.names.get(&name(group)) {
                group["display"] = display.clone();
            }
        }
        for group in joined.into_iter().flatten() {
            if !groups.iter().any(|held| name(held) == *group) {
                let display = self.names.get(group).cloned().unwrap_or_default();
                groups.push(json!({ "value": group, "display": display, "type": "direct" }));
            }
        }
        if let Some(user) = user.as_object_mut() {
            set_or_remove(user, "groups", groups);
        }
    }
}

fn set_or_remove(document: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if values.is_empty() {
        document.shift_remove(name);
    } else {
        document.insert(name.to_owned(), Value::Array(values));
    }
}

fn members(group: Option<&Value>) -> HashSet<String> {
    let members = group.and_then(|group| group.get("members")).and_then(Value::as_array);
    members.into_iter().flatten().filter_map(|member| Some(member.get("value")?.as_str()?.to_owned())).collect()
}

fn enter(of: &mut HashMap<String, BTreeSet<String>>, member: &str, group: &str) {
    of.entry(member.to_owned()).or_default().insert(group.to_owned());
}

fn leave(of: &mut HashMap<String, BTreeSet<String>>, member: &str, group: &str) {
    if let Some(groups) = of.get_mut(member) {
        groups.remove(group);
    }
}
