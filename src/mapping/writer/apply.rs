//! Edits carried out in a native record.

use serde_json::{Map, Value};

use crate::mapping::path::{Seg, Which};

use super::{PartWay, Way, levels};

/// Puts a value where a path leads. Members are found whatever their case and made where they are not there; an element that
/// is not there is made with the field that it is told by.
pub(super) fn put(place: &mut Value, steps: &[Seg], value: Value) {
    let Some((first, rest)) = steps.split_first() else {
        *place = value;
        return;
    };
    let clears = value.is_null();
    let next = match first {
        Seg::Key(key) => member(place, key),
        Seg::At(position) => element(place, *position),
        Seg::Elem(which) => match chosen(place, which, clears) {
            Some(next) => next,
            None => return,
        },
        // Nobody knows which extension it is until the service has said so: nothing is guessed.
        Seg::AnyUrn | Seg::Up => return,
    };
    put(next, rest, value);
}

fn member<'v>(place: &'v mut Value, key: &str) -> &'v mut Value {
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    let name = match place.as_object() {
        Some(fields) if !fields.contains_key(key) => {
            fields.keys().find(|have| have.eq_ignore_ascii_case(key)).map_or(key, String::as_str).to_owned()
        }
        _ => key.to_owned(),
    };
    &mut place[name]
}

fn element(place: &mut Value, position: u32) -> &mut Value {
    let at = position as usize;
    if !place.is_array() {
        *place = Value::Array(Vec::new());
    }
    if let Some(items) = place.as_array_mut()
        && items.len() <= at
    {
        items.resize(at + 1, Value::Null);
    }
    &mut place[at]
}

/// The element that a pick means. One that is not there is made, unless there is nothing but to clear.
fn chosen<'v>(place: &'v mut Value, which: &Which, clears: bool) -> Option<&'v mut Value> {
    if !place.is_array() {
        if clears {
            return None;
        }
        *place = Value::Array(Vec::new());
    }
    let items = place.as_array_mut()?;
    let found = match which {
        Which::Each => (!items.is_empty()).then_some(0),
        Which::Index(at) => ((*at as usize) < items.len()).then_some(*at as usize),
        Which::Is(field, value) => items.iter().position(|item| is(item, field, value)),
        Which::Lacks(field) => items.iter().position(|item| item.get(field).is_none_or(Value::is_null)),
    };
    let at = match found {
        Some(at) => at,
        None if clears => return None,
        None => {
            let mut made = Map::new();
            if let Which::Is(field, value) = which {
                let value = if value == "true" { Value::Bool(true) } else { Value::String(value.clone()) };
                made.insert(field.clone(), value);
            }
            items.push(Value::Object(made));
            items.len() - 1
        }
    };
    items.get_mut(at)
}

fn is(item: &Value, field: &str, value: &str) -> bool {
    item.get(field).is_some_and(|have| text(have).eq_ignore_ascii_case(value))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What a path leads to, if it is there.
fn look<'v>(place: &'v Value, steps: &[Seg]) -> Option<&'v Value> {
    steps.iter().try_fold(place, |place, step| match step {
        Seg::Key(key) => {
            let fields = place.as_object()?;
            fields
                .get(key)
                .or_else(|| fields.iter().find(|(have, _)| have.eq_ignore_ascii_case(key)).map(|(_, value)| value))
        }
        Seg::At(at) | Seg::Elem(Which::Index(at)) => place.get(*at as usize),
        Seg::Elem(Which::Is(field, value)) => place.as_array()?.iter().find(|item| is(item, field, value)),
        _ => None,
    })
}

/// The keys that an element has at its level of a list, in the canonical order of the key's parts; `None`: another level's.
fn keys(parts: &[PartWay], depth: usize, level: usize, element: &Value) -> Vec<Option<String>> {
    parts
        .iter()
        .filter(|part| part.key)
        .map(|part| (depth - 1 - part.ups.min(depth - 1) == level).then(|| native(part, element)))
        .collect()
}

/// A part's canonical text in an element.
fn native(part: &PartWay, element: &Value) -> String {
    let raw = if part.steps.is_empty() { Some(element) } else { look(element, &part.steps) };
    let raw = raw.map(text).unwrap_or_default();
    part.via.iter().fold(raw.as_str().into(), |text, step| step.read(text)).into_owned()
}

/// The key of an edit, whole and as its parts.
struct Wanted<'k> {
    whole: &'k str,
    parts: Vec<&'k str>,
}

impl<'k> Wanted<'k> {
    /// Only a key of two parts is cut, at its first blank.
    fn new(parts: &[PartWay], whole: &'k str) -> Self {
        Self { whole, parts: whole.splitn(parts.iter().filter(|part| part.key).count().max(1), ' ').collect() }
    }

    /// Whether an element has this key, as far as its level of the list has keys. Where it has all parts they are compared as
    /// a whole, so that blanks in them do not matter; keys that are spread over levels hold none (Kingdee's numbers).
    fn is(&self, have: &[Option<String>]) -> bool {
        match have.iter().map(Option::as_deref).collect::<Option<Vec<&str>>>() {
            Some(all) => all.join(" ") == self.whole,
            None => have.iter().zip(&self.parts).all(|(have, part)| have.as_deref().is_none_or(|have| have == *part)),
        }
    }
}

/// Adds an entry, or overlays the one that is there.
pub(super) fn insert(native: &mut Value, way: &Way, key: &str, value: &Value) {
    let levels = levels(&way.steps);
    let parts = way.list.as_deref().unwrap_or_default();
    let wanted = Wanted::new(parts, key);
    insert_at(native, &levels, 0, parts, &wanted, value);
}

fn insert_at(
    place: &mut Value,
    levels: &[Vec<Seg>],
    level: usize,
    parts: &[PartWay],
    wanted: &Wanted<'_>,
    value: &Value,
) {
    let Some(steps) = levels.get(level) else { return };
    let list = walk(place, steps);
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    let Some(items) = list.as_array_mut() else { return };
    let found = items.iter().position(|item| wanted.is(&keys(parts, levels.len(), level, item)));
    match found.and_then(|at| items.get_mut(at)) {
        None => items.push(value.clone()),
        Some(item) => match levels.get(level + 1) {
            // The outer element is there: only the inner one is new.
            Some(inner) => {
                let below = look(value, inner).and_then(|inner| inner.get(0)).cloned().unwrap_or_default();
                insert_at(item, levels, level + 1, parts, wanted, &below);
            }
            None => overlay(item, value),
        },
    }
}

/// Takes an entry out, and the elements around it that are empty then.
pub(super) fn remove(native: &mut Value, way: &Way, key: &str) {
    let levels = levels(&way.steps);
    let parts = way.list.as_deref().unwrap_or_default();
    let wanted = Wanted::new(parts, key);
    remove_at(native, &levels, 0, parts, &wanted);
}

fn remove_at(place: &mut Value, levels: &[Vec<Seg>], level: usize, parts: &[PartWay], wanted: &Wanted<'_>) -> bool {
    let Some(steps) = levels.get(level) else { return false };
    let Some(items) = walk(place, steps).as_array_mut() else { return false };
    items.retain_mut(|item| {
        if !wanted.is(&keys(parts, levels.len(), level, item)) {
            return true;
        }
        level + 1 < levels.len() && !remove_at(item, levels, level + 1, parts, wanted)
    });
    items.is_empty()
}

fn walk<'v>(place: &'v mut Value, steps: &[Seg]) -> &'v mut Value {
    steps.iter().fold(place, |place, step| match step {
        Seg::Key(key) => member(place, key),
        Seg::At(at) => element(place, *at),
        Seg::Elem(_) | Seg::AnyUrn | Seg::Up => place,
    })
}

fn overlay(item: &mut Value, value: &Value) {
    match (item, value) {
        (Value::Object(have), Value::Object(new)) => {
            for (key, value) in new {
                overlay(have.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (item, value) => *item = value.clone(),
    }
}
