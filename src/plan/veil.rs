//! Values that are not written into the record of pushes: a salted hash stands in their place, so that two of them can be
//! told equal or not, and none can be read.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Change, Expect, Plan, Ref, Seen, Step, Want, Wanted};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, SystemId};

/// What a veiled value begins with; the hash follows in hexadecimal.
pub const VEIL: &str = "hmac:";

/// Hexadecimal digits of the hash that are kept.
pub const DIGITS: usize = 32;

/// Texts that are shorter are veiled only where they stand alone: inside of others they would be anything.
const SHORTEST: usize = 4;

/// One attribute whose values are not written into the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sensitive {
    /// The system.
    pub system: SystemId,
    /// The kind.
    pub kind: Kind,
    /// The canonical attribute.
    pub path: AttrPath,
    /// The names of the native fields that hold it, wherever in a body they stand.
    pub fields: Vec<String>,
}

/// The sensitive attributes of a system.
pub fn sensitive(mapping: &Mapping, system: &SystemId) -> Vec<Sensitive> {
    let each = mapping.kinds.iter().flat_map(|map| map.rows.iter().map(move |row| (map.kind, row)));
    each.filter(|(_, row)| row.sensitive)
        .map(|(kind, row)| {
            let mut fields: Vec<String> =
                row.read.iter().chain(&row.detail).chain(&row.write).filter_map(|path| field(path)).collect();
            fields.sort();
            fields.dedup();
            Sensitive { system: system.clone(), kind, path: row.attr.clone(), fields }
        })
        .collect()
}

/// The name of the field that a native path ends in; one that says nothing (`value`) gives way to the one before.
fn field(path: &str) -> Option<String> {
    let names = path.split(['.', '/', '[', ']', '"']).filter(|part| !part.is_empty() && !part.contains(['=', ' ']));
    names.rev().find(|name| !name.eq_ignore_ascii_case("value") && name.parse::<usize>().is_err()).map(str::to_owned)
}

/// Whether a text is a veiled value.
pub fn is_veiled(text: &str) -> bool {
    text.strip_prefix(VEIL)
        .is_some_and(|hash| hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a change holds veiled values: it can be shown and looked up by, and never be sent.
pub fn veiled(change: &Change) -> bool {
    change.want.iter().any(|want| match &want.value {
        Wanted::Text(text) => is_veiled(text),
        Wanted::Ref(Ref::Id(id)) => is_veiled(id),
        _ => false,
    })
}

/// What makes a value into its hash.
pub type Hash<'h> = &'h dyn Fn(&str) -> String;

impl Plan {
    /// Whether a change touches a sensitive attribute.
    pub fn is_sensitive(&self, change: &Change) -> bool {
        change.want.iter().any(|want| about(&self.sensitive, change, &want.facet.path))
    }

    /// The values of its sensitive attributes, as they were and as they shall be.
    pub fn sensitive_values(&self) -> Vec<String> {
        let mut values: Vec<String> = self.changes.iter().flat_map(|change| values(change, &self.sensitive)).collect();
        // The longer ones first: one may be part of another.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        values
    }

    /// The plan as it is written down.
    pub fn veiled(&self, hash: Hash<'_>) -> Self {
        if self.sensitive.is_empty() {
            return self.clone();
        }
        let values = self.sensitive_values();
        Self {
            changes: self.changes.iter().map(|change| veil_change(change, &self.sensitive, hash)).collect(),
            steps: self.steps.iter().map(|step| veil_step(step, &self.sensitive, &values, hash)).collect(),
            called: self.called.without(&self.sensitive),
            ..self.clone()
        }
    }
}

fn about(sensitive: &[Sensitive], change: &Change, path: &AttrPath) -> bool {
    sensitive.iter().any(|one| one.system == change.system && one.kind == change.kind && one.path == *path)
}

fn values(change: &Change, sensitive: &[Sensitive]) -> Vec<String> {
    let wanted = change.want.iter().filter(|want| about(sensitive, change, &want.facet.path));
    let wanted = wanted.filter_map(|want| match &want.value {
        Wanted::Text(text) => Some(text.clone()),
        Wanted::Ref(Ref::Id(id)) => Some(id.to_string()),
        _ => None,
    });
    let before: &[_] = match &change.expect {
        Expect::Facets(facets) => facets,
        Expect::Absent { .. } => &[],
    };
    let before =
        before.iter().filter(|(facet, _)| about(sensitive, change, &facet.path)).filter_map(|(_, seen)| match seen {
            Seen::Value(text) => Some(text.clone()),
            _ => None,
        });
    wanted.chain(before).filter(|text| !text.is_empty()).collect()
}

/// A change with hashes in the place of sensitive values.
pub fn veil_change(change: &Change, sensitive: &[Sensitive], hash: Hash<'_>) -> Change {
    let hides = |path: &AttrPath| about(sensitive, change, path);
    let want = |want: &Want| {
        let value = match &want.value {
            Wanted::Text(text) if hides(&want.facet.path) && !text.is_empty() => Wanted::Text(hash(text)),
            Wanted::Ref(Ref::Id(id)) if hides(&want.facet.path) => Wanted::Ref(Ref::Id(hash(id).into())),
            other => other.clone(),
        };
        Want { value, ..want.clone() }
    };
    let expect = match &change.expect {
        Expect::Facets(facets) => Expect::Facets(
            facets
                .iter()
                .map(|(facet, seen)| match seen {
                    Seen::Value(text) if hides(&facet.path) && !text.is_empty() => {
                        (facet.clone(), Seen::Value(hash(text)))
                    }
                    other => (facet.clone(), other.clone()),
                })
                .collect(),
        ),
        absent @ Expect::Absent { .. } => absent.clone(),
    };
    Change { want: change.want.iter().map(want).collect(), expect, ..change.clone() }
}

/// A step with hashes in the place of sensitive values: `values` wherever they stand, and whatever stands in a field that
/// holds a sensitive attribute (what is carried over from the fresh read).
pub fn veil_step(step: &Step, sensitive: &[Sensitive], values: &[String], hash: Hash<'_>) -> Step {
    let fields: Vec<&str> = sensitive
        .iter()
        .filter(|one| one.system == step.system)
        .flat_map(|one| one.fields.iter().map(String::as_str))
        .collect();
    if fields.is_empty() && values.is_empty() {
        return step.clone();
    }
    remade(step, |json| veil_json(json, &fields, values, hash, false))
}

/// A text of ours with hashes in the place of sensitive values.
pub fn veil_text(text: &str, values: &[String], hash: Hash<'_>) -> String {
    let mut veiled = text.to_owned();
    for value in values.iter().filter(|value| value.chars().count() >= SHORTEST) {
        let in_json = Value::from(value.as_str()).to_string();
        for form in [value.as_str(), in_json.trim_matches('"')] {
            veiled = veiled.replace(form, &hash(value));
        }
    }
    veiled
}

/// The same thing after its JSON was changed; what cannot be read back any more is left out of nothing: it is as it was
/// only where nothing in it changed.
fn remade<T: Serialize + DeserializeOwned + Clone>(of: &T, change: impl Fn(&mut Value)) -> T {
    let Ok(mut json) = serde_json::to_value(of) else { return of.clone() };
    change(&mut json);
    serde_json::from_value(json).unwrap_or_else(|_| of.clone())
}

fn veil_json(json: &mut Value, fields: &[&str], values: &[String], hash: Hash<'_>, all: bool) {
    match json {
        Value::Object(members) => {
            // An edit says in `at` which field its `value` is for.
            let edits = members
                .get("at")
                .and_then(Value::as_str)
                .is_some_and(|at| at.split(['/', '.', '[', ']']).any(|part| named(fields, part)));
            for (name, member) in members.iter_mut() {
                veil_json(member, fields, values, hash, all || named(fields, name) || (edits && name == "value"));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| veil_json(item, fields, values, hash, all)),
        Value::String(text) if text.is_empty() || is_veiled(text) => {}
        Value::String(text) if all || values.contains(text) => *text = hash(text),
        Value::String(text) => {
            for value in values.iter().filter(|value| value.chars().count() >= SHORTEST) {
                for form in [value.clone(), encoded(value)] {
                    if text.contains(&form) {
                        *text = text.replace(&form, &hash(value));
                    }
                }
            }
        }
        Value::Number(_) if all || values.contains(&json.to_string()) => *json = Value::from(hash(&json.to_string())),
        _ => {}
    }
}

fn named(fields: &[&str], name: &str) -> bool {
    fields.iter().any(|field| field.eq_ignore_ascii_case(name))
}

/// As it stands in a path.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            encoded + &format!("%{byte:02X}")
        }
    })
}

#[cfg(test)]
mod tests;
