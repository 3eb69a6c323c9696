//! Wanted facets into edits of native records, and edits into records.

mod apply;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::path::{self, Seg, Which};
use super::{Access, Address, JsonType, MapRow, Part, Transform};
use crate::model::AttrPath;

/// One thing that a write changes in the record, as shown in the preview. Paths are JSON pointers into the native
/// record, or a SCIM path where the service is addressed by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "edit")]
pub enum Edit {
    /// A value is set; `null` clears it.
    Set {
        /// Where.
        at: String,
        /// To what.
        value: serde_json::Value,
    },
    /// An entry is added to, or changed in, a keyed list.
    Insert {
        /// The list.
        at: String,
        /// The entry's key, the service's own ids.
        key: String,
        /// The entry.
        value: serde_json::Value,
    },
    /// An entry is taken out of a keyed list.
    Remove {
        /// The list.
        at: String,
        /// The entry's key.
        key: String,
    },
}

/// One kind's way from a wanted text to the edit of a native record.
#[derive(Debug, Default)]
pub struct Writer {
    ways: HashMap<AttrPath, Way>,
}

#[derive(Debug)]
struct Way {
    /// Where it stands, as it is shown in an edit.
    at: String,
    /// The same as steps.
    steps: Vec<Seg>,
    /// It is written at all.
    written: bool,
    via: Vec<Transform>,
    json: JsonType,
    clear: Option<String>,
    list: Option<Vec<PartWay>>,
}

/// A part of an entry: where it stands from its element on, and how far out that element is.
#[derive(Debug)]
struct PartWay {
    ups: usize,
    steps: Vec<Seg>,
    via: Vec<Transform>,
    json: JsonType,
    /// It belongs to the key; the others are the value.
    key: bool,
}

impl Writer {
    pub(super) fn new(rows: &[MapRow], address: Address) -> Result<Self, String> {
        let mut ways = HashMap::new();
        for row in rows {
            let written = row.write.is_some() && row.access != Access::ReadOnly;
            let within = row.within.iter().find_map(|(_, fields)| fields.read.first());
            let place = row.write.as_ref().or(row.read.first()).or(row.detail.first()).or(within);
            let Some(place) = place else { continue };
            let steps = path::parse(place).map_err(|message| format!("`{}`: {message}", row.attr))?;
            let list = match &row.list {
                None => None,
                Some(list) => {
                    let keys = list.key.iter().map(|part| part_way(part, true));
                    let value = list.value.iter().map(|part| part_way(part, false));
                    Some(keys.chain(value).collect::<Result<_, String>>()?)
                }
            };
            let at = match address {
                Address::Pointer => pointer(&steps, list.is_some()),
                Address::Scim if list.is_some() => place.split('[').next().unwrap_or_default().to_owned(),
                Address::Scim => place.clone(),
            };
            let (via, json, clear) = (row.via.clone(), row.json, row.clear.clone());
            ways.insert(row.attr.clone(), Way { at, steps, written, via, json, clear, list });
        }
        Ok(Self { ways })
    }

    /// The edit that makes an attribute be this canonical text; empty text clears it.
    ///
    /// # Errors
    /// In words for the operator, when the attribute cannot be written or the text has no native form.
    pub fn edit(&self, path: &AttrPath, text: &str) -> Result<Edit, String> {
        let way = self.way(path)?;
        if way.list.is_some() {
            return Err(format!("{path} is a list: its entries are written one by one"));
        }
        if !way.written {
            return Err(format!("{path} cannot be written"));
        }
        Ok(Edit::Set { at: way.at.clone(), value: self.native(path, text)? })
    }

    /// The native form of one canonical text of an attribute: the value that goes into a request (`"viewer"`, `false`). For
    /// a list, that of an entry's value. Empty text is what clears it.
    ///
    /// # Errors
    /// When the text has no native form.
    pub fn native(&self, path: &AttrPath, text: &str) -> Result<Value, String> {
        let way = self.way(path)?;
        let told = |message: String| format!("{path}: {message}");
        match &way.list {
            Some(parts) => match parts.iter().find(|part| !part.key) {
                Some(value) => typed(&value.via, value.json, text).map_err(told),
                None => Err(format!("entries of {path} have no value")),
            },
            None if text.is_empty() => Ok(way.clear.clone().map_or(Value::Null, Value::String)),
            None => typed(&way.via, way.json, text).map_err(told),
        }
    }

    /// The edit that adds an entry to a list, or changes the one that has this key. `key`: its one or two parts, the service's
    /// own ids; `value` is empty where entries have none.
    ///
    /// # Errors
    /// In words for the operator, when a part has no native form.
    pub fn entry(&self, path: &AttrPath, key: &[&str], value: &str) -> Result<Edit, String> {
        let (way, parts) = self.list(path, key)?;
        let told = |message: String| format!("{path}: {message}");
        let mut natives = Vec::with_capacity(parts.len());
        let mut texts = key.iter();
        for part in parts {
            let text = if part.key { texts.next().copied().unwrap_or_default() } else { value };
            natives.push(typed(&part.via, part.json, text).map_err(told)?);
        }
        let levels = levels(&way.steps);
        let mut built = Value::Null;
        for level in (0..levels.len().max(1)).rev() {
            let mut element = Value::Object(Map::new());
            for (part, native) in parts.iter().zip(&natives) {
                if levels.len().max(1) - 1 - part.ups.min(levels.len().max(1) - 1) != level {
                    continue;
                }
                if part.steps.is_empty() {
                    element = native.clone();
                } else {
                    apply::put(&mut element, &part.steps, native.clone());
                }
            }
            if let Some(inner) = levels.get(level + 1) {
                apply::put(&mut element, inner, Value::Array(vec![built]));
            }
            built = element;
        }
        Ok(Edit::Insert { at: way.at.clone(), key: joined(key), value: built })
    }

    /// The edit that takes an entry out of a list.
    ///
    /// # Errors
    /// When the attribute is no list, or its key has another number of parts.
    pub fn drop_entry(&self, path: &AttrPath, key: &[&str]) -> Result<Edit, String> {
        let (way, _) = self.list(path, key)?;
        Ok(Edit::Remove { at: way.at.clone(), key: joined(key) })
    }

    /// Carries an edit out in a native record, for services that take only whole records. What is on the way and not there is
    /// made.
    ///
    /// # Errors
    /// When no attribute is written there.
    pub fn apply(&self, native: &mut Value, edit: &Edit) -> Result<(), String> {
        let (Edit::Set { at, .. } | Edit::Insert { at, .. } | Edit::Remove { at, .. }) = edit;
        let list = !matches!(edit, Edit::Set { .. });
        let way = self
            .ways
            .values()
            .find(|way| way.at == *at && way.list.is_some() == list)
            .ok_or_else(|| format!("nothing is written at {at}"))?;
        match edit {
            Edit::Set { value, .. } => apply::put(native, &way.steps, value.clone()),
            Edit::Insert { key, value, .. } => apply::insert(native, way, key, value),
            Edit::Remove { key, .. } => apply::remove(native, way, key),
        }
        Ok(())
    }

    fn way(&self, path: &AttrPath) -> Result<&Way, String> {
        self.ways.get(path).ok_or_else(|| format!("{path} cannot be written"))
    }

    fn list(&self, path: &AttrPath, key: &[&str]) -> Result<(&Way, &[PartWay]), String> {
        let way = self.way(path)?;
        let parts = way.list.as_deref().ok_or_else(|| format!("{path} is no list"))?;
        let wanted = parts.iter().filter(|part| part.key).count();
        if key.len() != wanted || key.iter().any(|part| part.is_empty()) {
            return Err(format!("an entry of {path} has a key of {wanted}, found {}", joined(key)));
        }
        Ok((way, parts))
    }
}

fn joined(key: &[&str]) -> String {
    key.join(" ")
}

fn part_way(part: &Part, key: bool) -> Result<PartWay, String> {
    let text = part.write.as_ref().or(part.read.first()).ok_or_else(|| format!("`{}` has no field", part.name))?;
    let steps = path::parse(text)?;
    let ups = steps.iter().take_while(|step| **step == Seg::Up).count();
    Ok(PartWay { ups, steps: steps[ups..].to_vec(), via: part.via.clone(), json: part.json, key })
}

/// The steps of a list's path, cut after each `[]`: how each array is reached from the element around it.
fn levels(steps: &[Seg]) -> Vec<Vec<Seg>> {
    let mut levels = vec![Vec::new()];
    for step in steps {
        if *step == Seg::Elem(Which::Each) {
            levels.push(Vec::new());
        } else if let Some(last) = levels.last_mut() {
            last.push(step.clone());
        }
    }
    levels.pop();
    levels
}

/// The inverse transforms backwards, then the native type.
fn typed(via: &[Transform], json: JsonType, text: &str) -> Result<Value, String> {
    let mut text = text.to_owned();
    for step in via.iter().rev() {
        text = step.write(&text)?;
    }
    match json {
        JsonType::String => Ok(Value::String(text)),
        JsonType::Boolean if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
        JsonType::Boolean if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
        JsonType::Boolean => Err(format!("expected `true` or `false`, found `{text}`")),
        JsonType::Integer | JsonType::Number => {
            let whole = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
            match whole {
                Ok(number) => Ok(Value::Number(number)),
                Err(_) if json == JsonType::Integer => Err(format!("expected a whole number, found `{text}`")),
                Err(_) => text
                    .parse::<f64>()
                    .ok()
                    .and_then(Number::from_f64)
                    .map(Value::Number)
                    .ok_or_else(|| format!("expected a number, found `{text}`")),
            }
        }
    }
}

/// A JSON pointer (RFC 6901). For a list: to its outermost array.
fn pointer(steps: &[Seg], list: bool) -> String {
    let mut at = String::new();
    for step in steps {
        match step {
            Seg::Key(key) => {
                at.push('/');
                at.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Seg::At(position) | Seg::Elem(Which::Index(position)) => at.push_str(&format!("/{position}")),
            Seg::Elem(_) if list => break,
            Seg::Elem(_) | Seg::AnyUrn | Seg::Up => {}
        }
    }
    at
}
