//! What a list is narrowed to beside its filter: what has to do with one record, or one way of what is out of true.

use std::sync::Arc;

use rayon::prelude::*;

use crate::compare::{Compared, PRESENT, Pairing, Verdict, facets};
use crate::model::{AttrPath, Cell, Form, Kind, RecordKey, Row, SystemId, Table};

use super::rows::Rows;

/// Things that are out of true in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Way {
    /// The system in which they are.
    pub system: SystemId,
    /// How they stand there.
    pub pairing: Pairing,
    /// For what differs: the attribute.
    pub path: Option<AttrPath>,
    /// For what differs: what is expected and what is found, as people call it; empty for nothing.
    pub change: Option<(String, String)>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, PartialEq)]
pub enum Narrow {
    /// What refers to a record or is referred to by it: members, holders, owners.
    About {
        /// The record.
        key: RecordKey,
        /// What people call it.
        name: String,
    },
    /// A way of what is out of true.
    Way(Way),
    /// What rules that are tried move in a system.
    Moved {
        /// The system.
        system: SystemId,
        /// The identities.
        moved: Arc<[u32]>,
    },
}

impl Narrow {
    /// For each identity whether it is one of them.
    pub fn set(&self, rows: &Rows<'_>) -> Vec<bool> {
        match self {
            Self::About { key, .. } => about(rows, key),
            Self::Moved { moved, .. } => {
                let mut set = vec![false; rows.len() as usize];
                for identity in &**moved {
                    if let Some(has) = set.get_mut(*identity as usize) {
                        *has = true;
                    }
                }
                set
            }
            Self::Way(way) => {
                let Some(at) = rows.compared.inputs.index(&way.system) else {
                    return vec![false; rows.len() as usize];
                };
                (0..rows.len()).into_par_iter().map(|identity| way.holds(rows, identity, at)).collect()
            }
        }
    }
}

impl Way {
    /// Whether an identity is one of the way in its system, which stands at `at`.
    pub fn holds(&self, rows: &Rows<'_>, identity: u32, at: usize) -> bool {
        if rows.pairing(identity, at) != self.pairing {
            return false;
        }
        let Some(path) = &self.path else { return true };
        if !rows.compared.kind(rows.kind).differing(identity, at).any(|compares| compares.path == *path) {
            return false;
        }
        match &self.change {
            None => true,
            Some(change) => {
                changes(rows.compared, rows.kind, identity, at).any(|(of, have)| of == *path && have == *change)
            }
        }
    }

    /// All ways that an identity belongs to in a system: the narrower ones too.
    pub fn of(rows: &Rows<'_>, identity: u32, at: usize) -> Vec<Self> {
        let pairing = rows.pairing(identity, at);
        if !pairing.counts() {
            return Vec::new();
        }
        let way = |path, change| Self { system: rows.compared.inputs.systems[at].id.clone(), pairing, path, change };
        if pairing != Pairing::Differs {
            return vec![way(None, None)];
        }
        let mut found: Vec<Self> = Vec::new();
        let mut add = |way: Self| {
            if !found.contains(&way) {
                found.push(way);
            }
        };
        for (path, change) in changes(rows.compared, rows.kind, identity, at) {
            add(way(Some(path.clone()), None));
            add(way(Some(path), Some(change)));
        }
        found
    }
}

/// What differs of an identity in a system: the attribute, what is expected and what is found.
fn changes(
    compared: &Compared,
    kind: Kind,
    identity: u32,
    at: usize,
) -> impl Iterator<Item = (AttrPath, (String, String))> {
    let all = facets(compared, kind, identity, at);
    all.into_iter().filter(|facet| facet.verdict.counts() || facet.verdict == Verdict::Unresolved).map(|facet| {
        // An entry without a value is called by its key: which group, which organisation.
        let called = facet.key.as_ref().map(|(ids, name)| if name.is_empty() { ids.join(", ") } else { name.clone() });
        let side = |value: Option<String>| match (value, &called) {
            (Some(value), Some(called)) if value == PRESENT => called.clone(),
            (value, _) => value.unwrap_or_default(),
        };
        (facet.path, (side(facet.source), side(facet.target)))
    })
}

/// Identities of the rows' kind that refer to a record in any system, or that it refers to there.
fn about(rows: &Rows<'_>, key: &RecordKey) -> Vec<bool> {
    let mut set = vec![false; rows.len() as usize];
    let compared = rows.compared;
    let own = Rows::new(compared, key.kind);
    let Some(identity) = own.find(key, 0) else { return set };
    let comparison = compared.kind(rows.kind);
    for (at, view) in compared.inputs.systems.iter().enumerate() {
        let Some((table, row)) = own.record(identity, at) else { continue };
        let Some(snapshot) = view.snapshot(rows.kind) else { continue };
        let theirs = &snapshot.table;
        referred(table, row, rows.kind, &mut |id| {
            if let Some(found) = theirs.find(id).and_then(|row| comparison.identity_of(at, row)) {
                set[found as usize] = true;
            }
        });
        let id = table.id(row);
        let hits: Vec<u32> = (0..theirs.len() as u32)
            .into_par_iter()
            .filter(|row| refers(theirs, Row(*row), key.kind, id))
            .filter_map(|row| comparison.identity_of(at, Row(row)))
            .collect();
        for found in hits {
            set[found as usize] = true;
        }
    }
    set
}

/// The ids of records of a kind that a record refers to.
fn referred<'t>(table: &'t Table, row: Row, kind: Kind, each: &mut dyn FnMut(&'t str)) {
    for (attr, def) in table.schema().iter() {
        match &def.form {
            Form::Text if def.refers == Some(kind) => {
                if let Cell::Value(id) = table.cell(row, attr) {
                    each(id);
                }
            }
            Form::List(list) => {
                for entry in table.entries(row, attr).unwrap_or_default() {
                    let (keys, value) = table.entry_text(attr, *entry);
                    (0..2).filter(|part| list.key[*part] == Some(kind)).for_each(|part| each(keys[part]));
                    if list.value == Some(Some(kind)) {
                        each(value);
                    }
                }
            }
            Form::Text => {}
        }
    }
}

/// Whether a record refers to the record of a kind that has this id.
fn refers(table: &Table, row: Row, kind: Kind, id: &str) -> bool {
    let mut hit = false;
    referred(table, row, kind, &mut |have| hit |= have == id);
    hit
}
