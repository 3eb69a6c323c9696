//! What changes want, sorted into edits of the native record: texts by the mapping's writer, entries by their parts, and
//! ids that an earlier step yields as holes.

use serde_json::{Map, Number, Value};

use crate::mapping::{Access, JsonType, ListMap, MapRow, Mapping, Part};
use crate::model::{Kind, Op};
use crate::plan::{Change, ChangeId, Ref, Refusal, Site, Want, Wanted};

/// One wish about one native field.
#[derive(Clone, Debug)]
pub struct Wish<'m> {
    /// The row that says where it is written.
    pub row: &'m MapRow,
    /// The native field as the mapping names it.
    pub at: &'m str,
    /// What shall be there.
    pub what: What,
}

/// What shall be.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The field has this value; null clears it.
    Value(Value),
    /// The list has an entry with this key.
    Entry {
        /// Native key fields and what they hold.
        key: Vec<(String, Value)>,
        /// The native value field and what it holds.
        value: Option<(String, Value)>,
    },
    /// The list has no entry with this key.
    NoEntry {
        /// Native key fields and what they hold.
        key: Vec<(String, Value)>,
    },
}

/// The first of the changes of one record, by which it is known what they are about.
///
/// # Errors
/// When there is none, or nothing may be pushed there at all.
pub fn about<'c>(site: &Site, changes: &[&'c Change]) -> Result<&'c Change, Refusal> {
    let first = *changes.first().ok_or_else(|| Refusal::Cannot("there is nothing to change".into()))?;
    match &site.blocked {
        Some(why) => Err(Refusal::Cannot(why.clone())),
        None => Ok(first),
    }
}

/// The same changes in the order in which they are shown: what takes away first.
pub fn in_order<'c>(changes: &[&'c Change]) -> Vec<&'c Change> {
    let mut changes = changes.to_vec();
    changes.sort_by(|one, other| (one.op, &one.id).cmp(&(other.op, &other.id)));
    changes
}

/// A key as one text, for the preview.
pub fn key_text(key: &[(String, Value)]) -> String {
    key.iter().map(|(_, value)| bare(value)).collect::<Vec<_>>().join(" ")
}

/// A scalar as it is, without quotes.
pub fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// All wishes of a change, and the ids that have to be filled in.
///
/// # Errors
/// A refusal in words for the operator, when something cannot be written.
pub fn wishes<'m>(mapping: &'m Mapping, change: &Change, holes: &mut Vec<ChangeId>) -> Result<Vec<Wish<'m>>, Refusal> {
    change.want.iter().map(|want| wish(mapping, change.kind, want, holes)).collect()
}

/// One wish of a change.
///
/// # Errors
/// A refusal in words for the operator, when it cannot be written.
pub fn wish<'m>(mapping: &'m Mapping, kind: Kind, want: &Want, holes: &mut Vec<ChangeId>) -> Result<Wish<'m>, Refusal> {
    let path = &want.facet.path;
    let no = |why: String| Refusal::Cannot(format!("{}: {why}", want.facet));
    let row =
        mapping.row(kind, path).ok_or_else(|| no(format!("{} has no such attribute of a {kind}", mapping.title)))?;
    let at = row.write.as_deref().filter(|_| row.access != Access::ReadOnly).ok_or_else(|| {
        let note = row.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
        no(format!("{} does not let it be written{note}", mapping.title))
    })?;
    let what = match (&want.facet.key, &row.list) {
        (None, None) => What::Value(text(mapping, kind, row, &want.value, holes).map_err(no)?),
        (Some(key), Some(list)) => entry(list, key, &want.value, holes).map_err(no)?,
        (None, Some(_)) => return Err(no("it is a list, and is changed entry by entry".into())),
        (Some(_), None) => return Err(no("it is one value and has no entries".into())),
    };
    Ok(Wish { row, at, what })
}

fn text(
    mapping: &Mapping,
    kind: Kind,
    row: &MapRow,
    wanted: &Wanted,
    holes: &mut Vec<ChangeId>,
) -> Result<Value, String> {
    let write = |text: &str| match mapping.kind(kind) {
        Some(map) => map.writer.native(&row.attr, text),
        None => Err("there is no such kind".to_owned()),
    };
    match wanted {
        Wanted::Text(text) if text.is_empty() => Ok(cleared(row)),
        Wanted::Text(text) => write(text),
        Wanted::Ref(Ref::Id(id)) if id.is_empty() => Ok(cleared(row)),
        Wanted::Ref(Ref::Id(id)) => write(id),
        Wanted::Ref(new @ Ref::New(change)) => {
            holes.push(change.clone());
            Ok(Value::from(new.to_string()))
        }
        Wanted::Clear => Ok(cleared(row)),
        Wanted::Present => Err("nothing says what it shall be".into()),
        Wanted::Secret(_) => Err(format!("{} takes no secret here that is only known when it is sent", mapping.title)),
    }
}

fn cleared(row: &MapRow) -> Value {
    row.clear.as_ref().map_or(Value::Null, |text| Value::from(text.as_str()))
}

fn entry(list: &ListMap, key: &[Ref], wanted: &Wanted, holes: &mut Vec<ChangeId>) -> Result<What, String> {
    if key.len() != list.key.len() {
        return Err(format!("its entries have a key of {} parts", list.key.len()));
    }
    let key = list.key.iter().zip(key).map(|(part, id)| field(part, id, holes)).collect::<Result<Vec<_>, _>>()?;
    match (wanted, &list.value) {
        (Wanted::Clear, _) => Ok(What::NoEntry { key }),
        (Wanted::Present, None) => Ok(What::Entry { key, value: None }),
        (Wanted::Present, Some(value)) => Err(format!("{} is missing", value.name)),
        (_, None) => Ok(What::Entry { key, value: None }),
        (Wanted::Secret(_), Some(part)) => Err(format!("{} is no secret", part.name)),
        (Wanted::Text(text), Some(part)) if text.is_empty() => Err(format!("{} is missing", part.name)),
        (Wanted::Text(text), Some(part)) => Ok(What::Entry { key, value: Some((written(part), native(part, text)?)) }),
        (Wanted::Ref(id), Some(part)) => Ok(What::Entry { key, value: Some(field(part, id, holes)?) }),
    }
}

fn field(part: &Part, id: &Ref, holes: &mut Vec<ChangeId>) -> Result<(String, Value), String> {
    let value = match id {
        Ref::Id(id) if id.is_empty() => return Err(format!("{} is missing", part.name)),
        Ref::Id(id) => native(part, id)?,
        Ref::New(change) => {
            holes.push(change.clone());
            Value::from(id.to_string())
        }
    };
    Ok((written(part), value))
}

/// The native field of a part: where it is written, or else where it is read.
fn written(part: &Part) -> String {
    part.write.clone().or_else(|| part.read.first().cloned()).unwrap_or_else(|| part.name.clone())
}

fn native(part: &Part, text: &str) -> Result<Value, String> {
    let mut text = text.to_owned();
    for step in part.via.iter().rev() {
        text = step.write(&text)?;
    }
    let odd = |what: &str| format!("{} {text:?} is no {what}", part.name);
    Ok(match part.json {
        JsonType::String => Value::from(text),
        JsonType::Boolean => Value::Bool(text.parse().map_err(|_| odd("flag"))?),
        JsonType::Integer => Value::Number(
            text.parse::<u64>()
                .map(Number::from)
                .or_else(|_| text.parse::<i64>().map(Number::from))
                .map_err(|_| odd("whole number"))?,
        ),
        JsonType::Number => Value::Number(text.parse::<Number>().map_err(|_| odd("number"))?),
    })
}

/// Whether a native entry has this key; ids may come as numbers or texts.
pub fn is_entry(item: &Value, key: &[(String, Value)]) -> bool {
    key.iter().all(|(name, value)| {
        let have = item.as_object().and_then(|fields| named(fields, name)).or((name == "value").then_some(item));
        have.is_some_and(|have| bare(have) == bare(value))
    })
}

fn named<'r>(fields: &'r Map<String, Value>, name: &str) -> Option<&'r Value> {
    fields.get(name).or_else(|| fields.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// The side effects that the mapping states for these operations, each once.
pub fn side_effects(mapping: &Mapping, kind: Kind, ops: &[Op]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for effect in &mapping.side_effects {
        if effect.kind == kind && ops.contains(&effect.op) && !texts.contains(&effect.text) {
            texts.push(effect.text.clone());
        }
    }
    texts
}
