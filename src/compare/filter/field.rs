//! What the path in a filter means in one system: a text, a part of a list's entries, or one of several picked texts.

use crate::model::filter::{Filter, Op, Value};
use crate::model::{Attr, AttrPath, Form, Kind, ListDef, Schema};

/// What a path means in a schema.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::compare) enum Field {
    /// One text.
    Text(Attr),
    /// One part of each entry of a list.
    Part(Attr, Part),
    /// Texts that are picked out of a multi-valued attribute by the mapping (`emails[type eq "work"].value`): each is
    /// one entry of it. With a constant where the path asks for what it was picked by.
    Picks(Vec<(Attr, Option<String>)>),
}

/// A part of a list's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::compare) enum Part {
    /// The text of a key's part.
    Key(usize),
    /// The name of the record that a key's part refers to.
    KeyName(usize, Kind),
    /// The text of the value.
    Value,
    /// The name of the record that the value refers to.
    ValueName(Kind),
}

/// A path of a mapping that picks one entry: `emails[type eq "work"].value`.
pub(in crate::compare) struct Pick<'p> {
    pub(in crate::compare) base: &'p str,
    /// What it is picked by, and which value that has.
    pub(in crate::compare) by: Option<(String, String)>,
    pub(in crate::compare) leaf: &'p str,
}

/// Takes a picking path apart; `None` for a path without brackets.
pub(in crate::compare) fn pick(path: &str) -> Option<Pick<'_>> {
    let (base, rest) = path.split_once('[')?;
    let (inner, leaf) = rest.rsplit_once(']')?;
    let by = match Filter::parse(inner) {
        Ok(Filter::Compare { attr, op: Op::Eq, value: Value::Text(value) }) => Some((attr.as_str().to_owned(), value)),
        Ok(Filter::Compare { attr, op: Op::Eq, value: Value::Flag(flag) }) => {
            Some((attr.as_str().to_owned(), flag.to_string()))
        }
        // A short form: `emails[work]`.
        _ if inner.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Some(("type".to_owned(), inner.to_owned())),
        _ => None,
    };
    let leaf = leaf.strip_prefix('.').unwrap_or(leaf);
    Some(Pick { base, by, leaf: if leaf.is_empty() { "value" } else { leaf } })
}

/// What a path means; `None` where the schema has no such thing.
pub(in crate::compare) fn field(schema: &Schema, path: &str) -> Option<Field> {
    exact(schema, path).or_else(|| {
        // `urn:…:core:2.0:User:userName` for an attribute of the core schema.
        let (urn, local) =
            AttrPath::new(path).split(&[]).0.len().checked_add(1).map(|at| path.split_at_checked(at))??;
        (urn.len() > 1).then(|| exact(schema, local)).flatten()
    })
}

fn exact(schema: &Schema, path: &str) -> Option<Field> {
    if let Some(attr) = schema.resolve(path) {
        return Some(match &schema.def(attr).form {
            Form::Text => Field::Text(attr),
            Form::List(def) => Field::Part(attr, plain_part(def)),
        });
    }
    if let Some((list, sub)) = path.rsplit_once('.')
        && let Some(attr) = schema.resolve(list)
        && let Form::List(def) = &schema.def(attr).form
    {
        return part(def, sub).map(|part| Field::Part(attr, part));
    }
    picks(schema, path)
}

/// What a list means without a sub-attribute: RFC 7644 3.4.2.2 asks its `value`.
fn plain_part(def: &ListDef) -> Part {
    if def.key[0].is_none() && def.value.is_some() { Part::Value } else { Part::Key(0) }
}

/// A sub-attribute of a list. The names are those of SCIM (`value`, `display`, `type`) and of the kinds that the parts
/// refer to (`productId`, `productName`, `role`).
pub(in crate::compare) fn part(def: &ListDef, sub: &str) -> Option<Part> {
    let is = |name: &str| sub.eq_ignore_ascii_case(name);
    let of_kind = |kind: Kind, suffix: &str| {
        sub.len() == kind.name().len() + suffix.len() && is(&format!("{}{suffix}", kind.name()))
    };
    let keys = if def.two { 2 } else { 1 };
    for (at, kind) in def.key.iter().enumerate().take(keys) {
        if let Some(kind) = *kind {
            if of_kind(kind, "") || of_kind(kind, "Id") {
                return Some(Part::Key(at));
            }
            if of_kind(kind, "Name") {
                return Some(Part::KeyName(at, kind));
            }
        }
    }
    if let Some(Some(kind)) = def.value {
        if of_kind(kind, "") || of_kind(kind, "Id") {
            return Some(Part::Value);
        }
        if of_kind(kind, "Name") {
            return Some(Part::ValueName(kind));
        }
    }
    if is("value") {
        return Some(plain_part(def));
    }
    match def.key[0] {
        Some(kind) if is("display") || is("displayName") || is("name") => Some(Part::KeyName(0, kind)),
        Some(_) if is("id") => Some(Part::Key(0)),
        None if is("type") || is("key") => Some(Part::Key(0)),
        None if is("display") && def.value.is_none() => Some(Part::Key(0)),
        _ => None,
    }
}

/// The picked texts that a path asks for: `emails`, `emails.value`, `emails.type`.
fn picks(schema: &Schema, path: &str) -> Option<Field> {
    let all: Vec<(Attr, Pick<'_>)> =
        schema.iter().filter_map(|(attr, def)| pick(def.path.as_str()).map(|pick| (attr, pick))).collect();
    let find = |base: &str, sub: &str| {
        let mut found: Vec<(Attr, Option<String>)> = Vec::new();
        for (attr, pick) in all.iter().filter(|(_, pick)| pick.base.eq_ignore_ascii_case(base)) {
            if pick.leaf.eq_ignore_ascii_case(sub) {
                found.push((*attr, None));
            } else if let Some((by, value)) = &pick.by
                && by.eq_ignore_ascii_case(sub)
                && pick.leaf.eq_ignore_ascii_case("value")
            {
                found.push((*attr, Some(value.clone())));
            }
        }
        (!found.is_empty()).then_some(Field::Picks(found))
    };
    find(path, "value").or_else(|| path.rsplit_once('.').and_then(|(base, sub)| find(base, sub)))
}

/// The entries of a multi-valued attribute that the mapping picks texts out of: per entry, what it was picked by and its
/// texts by name.
pub(in crate::compare) fn picked_entries(schema: &Schema, base: &str) -> Vec<PickedEntry> {
    let mut entries: Vec<PickedEntry> = Vec::new();
    for (attr, def) in schema.iter() {
        let Some(pick) = pick(def.path.as_str()).filter(|pick| pick.base.eq_ignore_ascii_case(base)) else { continue };
        let leaf = (pick.leaf.to_owned(), attr);
        match entries.iter_mut().find(|entry| entry.by == pick.by) {
            Some(entry) => entry.texts.push(leaf),
            None => entries.push(PickedEntry { by: pick.by, texts: vec![leaf] }),
        }
    }
    entries
}

/// One entry that picked texts make.
pub(in crate::compare) struct PickedEntry {
    pub(in crate::compare) by: Option<(String, String)>,
    pub(in crate::compare) texts: Vec<(String, Attr)>,
}
