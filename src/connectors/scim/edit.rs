//! One wish about a native record: shown as an edit, carried out in a record that is sent whole.

use serde_json::{Map, Value};

use super::path::Path;
use crate::connectors::wanted::{What, Wish, is_entry, key_text};
use crate::mapping::Edit;

/// One wish with its path taken apart.
pub(super) struct Edited<'m> {
    pub(super) wish: Wish<'m>,
    pub(super) path: Path,
    /// Where the record that an entry names is served, where the list declares `$ref`.
    pub(super) at: Option<String>,
}

impl Edited<'_> {
    /// The wish as the preview shows it.
    pub(super) fn edit(&self) -> Edit {
        let at = self.path.text();
        match &self.wish.what {
            What::Value(value) => Edit::Set { at, value: value.clone() },
            What::Entry { key, .. } => Edit::Insert { at, key: key_text(key), value: self.entry() },
            What::NoEntry { key } => Edit::Remove { at, key: key_text(key) },
        }
    }

    /// The native entry that shall be there.
    pub(super) fn entry(&self) -> Value {
        match &self.wish.what {
            What::Entry { key, value } => {
                let at = self.at.as_ref().map(|at| ("$ref".to_owned(), Value::from(at.as_str())));
                let also = self.wish.row.list.iter().flat_map(|list| &list.also);
                let also = also.map(|(name, value)| (name.clone(), value.clone()));
                Value::Object(key.iter().chain(value).cloned().chain(also).chain(at).collect())
            }
            What::Value(_) | What::NoEntry { .. } => Value::Null,
        }
    }

    /// Whether it is about an entry of a list.
    pub(super) fn listed(&self) -> bool {
        !matches!(self.wish.what, What::Value(_))
    }

    /// Carries the wish out on a native record.
    pub(super) fn apply(&self, record: &mut Map<String, Value>) {
        match &self.wish.what {
            What::Value(Value::Null) => self.path.put(record, None),
            What::Value(value) => self.path.put(record, Some(value.clone())),
            What::Entry { key, .. } => {
                let mut items = self.items(record);
                match items.iter_mut().find(|item| is_entry(item, key)) {
                    // What the service keeps beside key and value stays.
                    Some(Value::Object(have)) => have.extend(object(self.entry())),
                    Some(other) => *other = self.entry(),
                    None => items.push(self.entry()),
                }
                self.path.put(record, Some(Value::Array(items)));
            }
            What::NoEntry { key } => {
                let mut items = self.items(record);
                items.retain(|item| !is_entry(item, key));
                self.path.put(record, Some(Value::Array(items)));
            }
        }
    }

    fn items(&self, record: &Map<String, Value>) -> Vec<Value> {
        let record = Value::Object(record.clone());
        self.path.get(&record).and_then(Value::as_array).cloned().unwrap_or_default()
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
