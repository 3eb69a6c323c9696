//! From the source's records to the target's: what a reference becomes that the comparison could not resolve.

use std::sync::Arc;

use crate::compare::{Compared, Pairing, SystemView, label};
use crate::model::fold::same;
use crate::model::text::clean;
use crate::model::{Kind, Op, Row, Table};
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

/// What a create of a missing record would create: its kind, the identity, and what operators call it.
pub(super) fn created(compared: &Compared, create: &ChangeId) -> Option<(usize, Kind, u32, String)> {
    let source = compared.inputs.source?;
    let from = &compared.inputs.systems[source];
    compared.inputs.systems.iter().enumerate().find_map(|(system, target)| {
        Kind::ALL.into_iter().find_map(|kind| {
            let start = format!("{}/{kind}/{}", target.id, new_name(""));
            let id = create.0.strip_prefix(&start)?.strip_suffix(Op::Create.name())?.strip_suffix('/')?;
            let table = &from.snapshot(kind)?.table;
            let row = table.find(id)?;
            let identity = compared.kind(kind).identity_of(source, row)?;
            Some((system, kind, identity, label(table, row).to_owned()))
        })
    })
}

/// How a record that does not exist yet stands in the names of changes: the source's id, marked.
pub(super) fn new_name(source_id: &str) -> String {
    format!("+{source_id}")
}

/// What the record that the source calls `text` is in the target.
pub(super) fn resolve(compared: &Compared, source: usize, system: usize, kind: Kind, text: &str) -> Resolved {
    // The members of a group may be groups (RFC 7643 4.2).
    match of_kind(compared, source, system, kind, text) {
        nothing @ Resolved::Nothing(_) if kind == Kind::User => {
            match of_kind(compared, source, system, Kind::Group, text) {
                Resolved::Nothing(_) => nothing,
                found => found,
            }
        }
        found => found,
    }
}

fn of_kind(compared: &Compared, source: usize, system: usize, kind: Kind, text: &str) -> Resolved {
    let (from, target) = (&compared.inputs.systems[source], &compared.inputs.systems[system]);
    let shown = clean(text);
    let nothing = || Resolved::Nothing(format!("{} has no {kind} {shown}", target.id));
    if target.mapping.kind(kind).is_none() {
        return nothing();
    }
    let Some(theirs) = target.snapshot(kind) else {
        return Resolved::Nothing(format!("the {} of {} were not read", kind.plural().to_lowercase(), target.id));
    };
    let Some((table, row)) =
        from.snapshot(kind).and_then(|snapshot| Some((&snapshot.table, named(from, &snapshot.table, kind, text)?)))
    else {
        // The source names what it does not serve: only the target's own can be meant.
        let row = named(target, &theirs.table, kind, text);
        return row.map_or_else(nothing, |row| Resolved::Id(theirs.table.id(row).into()));
    };
    let comparison = compared.kind(kind);
    let Some(identity) = compared.kind(kind).identity_of(source, row) else { return nothing() };
    if let Some(row) = comparison.row(identity, system) {
        return Resolved::Id(theirs.table.id(row).into());
    }
    match comparison.state(identity, system).map(|state| state.pairing) {
        Some(Pairing::Missing) => Resolved::New(create_id(target, kind, table.id(row))),
        Some(Pairing::Undecided) => {
            Resolved::Nothing(format!("nobody can say which {kind} of {} {shown} is", target.id))
        }
        _ => Resolved::Nothing(format!("{} has no {kind} for the source's {}", target.id, clean(label(table, row)))),
    }
}

/// The record with this id, or the only one with this key.
fn named(view: &SystemView, table: &Table, kind: Kind, text: &str) -> Option<Row> {
    table.find(text).or_else(|| {
        view.mapping.keys(kind).iter().filter_map(|key| table.schema().find(&key.attr)).find_map(|attr| {
            let fold = table.schema().def(attr).fold;
            let mut rows = table.rows().filter(|row| same(table.cell(*row, attr).text(), text, fold));
            rows.next().filter(|_| !text.is_empty() && rows.next().is_none())
        })
    })
}

/// All records of a kind in a target, as id and name.
pub(super) fn choices(target: &SystemView, kind: Kind) -> Vec<(String, String)> {
    let Some(snapshot) = target.snapshot(kind) else { return Vec::new() };
    let table = &snapshot.table;
    table.rows().map(|row| (table.id(row).to_owned(), label(table, row).to_owned())).collect()
}
