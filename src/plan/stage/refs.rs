//! From the source's records to the target's: what a reference becomes on the other side.

use std::sync::Arc;

use crate::compare::{Compared, Pairing, SystemView};
use crate::model::text::clean;
use crate::model::{AttrPath, Cell, Kind, Op, Row, Table};
use crate::plan::{Change, ChangeId, Ref};

/// What a record of the source is in a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// The record with this id.
    Id(Arc<str>),
    /// None yet, but this change would create it.
    New(ChangeId),
    /// None, and why.
    Nothing(String),
}

impl Resolved {
    /// The reference, where there is one.
    pub(super) fn reference(&self) -> Option<Ref> {
        match self {
            Self::Id(id) => Some(Ref::Id(id.clone())),
            Self::New(change) => Some(Ref::New(change.clone())),
            Self::Nothing(_) => None,
        }
    }
}

/// The name of the change that creates the target's record of a source record.
pub(super) fn create_id(target: &SystemView, kind: Kind, source_id: &str) -> ChangeId {
    Change::name(&target.id, kind, &new_name(source_id), Op::Create, None)
}

/// How a record that does not exist yet stands in the names of changes: the source's id, marked.
pub(super) fn new_name(source_id: &str) -> String {
    format!("+{source_id}")
}

/// What the record `id` of a kind, as the source names it, is in the target.
pub(super) fn resolve(compared: &Compared, source: usize, system: usize, kind: Kind, id: &str) -> Resolved {
    let (from, target) = (&compared.inputs.systems[source], &compared.inputs.systems[system]);
    if target.mapping.kind(kind).is_none() {
        // The target has no records of the kind: the text stands for itself.
        return Resolved::Id(id.into());
    }
    let Some(theirs) = target.snapshot(kind) else {
        return Resolved::Nothing(format!("the {} of {} were not read", kind.plural().to_lowercase(), target.id));
    };
    let Some(row) = from.snapshot(kind).and_then(|snapshot| snapshot.table.find(id)) else {
        // The source names what it does not serve: only the target's own id can be meant.
        return match theirs.table.find(id) {
            Some(_) => Resolved::Id(id.into()),
            None => Resolved::Nothing(format!("{} has no {kind} {}", target.id, clean(id))),
        };
    };
    let comparison = compared.kind(kind);
    let Some(identity) = identity_of(compared, kind, source, row) else {
        return Resolved::Nothing(format!("the {kind} {} is not compared", clean(id)));
    };
    if let Some(row) = comparison.row(identity, system) {
        return Resolved::Id(theirs.table.id(row).into());
    }
    match comparison.state(identity, system).map(|state| state.pairing) {
        Some(Pairing::Missing) => Resolved::New(create_id(target, kind, id)),
        Some(Pairing::Undecided) => {
            Resolved::Nothing(format!("nobody can say which {kind} of {} the source's {} is", target.id, clean(id)))
        }
        _ => Resolved::Nothing(format!("{} has no {kind} for the source's {}", target.id, clean(id))),
    }
}

/// The identity that a system's row belongs to.
pub(super) fn identity_of(compared: &Compared, kind: Kind, system: usize, row: Row) -> Option<u32> {
    let of = compared.kind(kind).of.get(system)?;
    // The identities of the source come first, in its order: mostly the row's own number.
    if of.get(row.0 as usize) == Some(&row.0) {
        return Some(row.0);
    }
    of.iter().position(|have| *have == row.0).map(|at| at as u32)
}

/// What operators call a record: its userName or display name, else its id.
pub(super) fn label(table: &Table, row: Row) -> String {
    let names: &[&str] = match table.schema().kind() {
        Kind::User => &["userName", "displayName"],
        _ => &["displayName", "name"],
    };
    for name in names {
        if let Some(attr) = table.schema().find(&AttrPath::new(*name))
            && let Cell::Value(text) = table.cell(row, attr)
        {
            return text.to_owned();
        }
    }
    table.id(row).to_owned()
}

/// All records of a kind in a target, as id and name.
pub(super) fn choices(target: &SystemView, kind: Kind) -> Vec<(String, String)> {
    let Some(snapshot) = target.snapshot(kind) else { return Vec::new() };
    let table = &snapshot.table;
    table.rows().map(|row| (table.id(row).to_owned(), label(table, row))).collect()
}
