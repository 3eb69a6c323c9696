//! What else a record may be called where an id was sent.

use super::Known;
use crate::compare::Compared;
use crate::model::{Attr, AttrPath, Fold, Form, Kind, Op, Row, SystemId, Table, fold};
use crate::plan::{Change, Facet, Ref, Seen, Wanted};

/// How a system's records may be called other than by their ids: some services list members by userName though they were
/// sent as ids (targets/scim.md A6 rule 9).
#[derive(Clone, Copy)]
pub(in crate::engine::push) struct Names<'n> {
    pub(in crate::engine::push) compared: &'n Compared,
    pub(in crate::engine::push) system: &'n SystemId,
    /// The changes of this push: what its creates brought into being was not there when the records were read.
    pub(in crate::engine::push) changes: &'n [Change],
    pub(in crate::engine::push) known: Known<'n>,
}

impl Names<'_> {
    /// Whether this is one of a record's keys, and no other record's.
    fn called(&self, kind: Kind, id: &str, name: &str) -> bool {
        let Some(view) = self.compared.inputs.systems.iter().find(|view| view.id == *self.system) else { return false };
        let (Some(snapshot), Some(map)) = (view.snapshot(kind), view.mapping.kind(kind)) else { return false };
        let table = &snapshot.table;
        if table.find(name).is_some() {
            return false;
        }
        let made: Vec<(&Change, String)> = self
            .changes
            .iter()
            .filter(|change| change.op == Op::Create && change.kind == kind && change.system == *self.system)
            .filter_map(|change| Some((change, (self.known)(&change.id)?)))
            .collect();
        // A record that this push made may be called as another one's id is.
        if made.iter().any(|(_, new)| new == name) {
            return false;
        }
        let keys = map.rows.iter().filter(|row| row.key.is_some()).filter_map(|row| table.schema().find(&row.attr));
        let folded = |attr: Attr| match table.schema().def(attr).fold {
            Fold::Exact | Fold::Name => Fold::Caseless,
            other => other,
        };
        let mut keys = keys.filter(|attr| table.schema().def(*attr).form == Form::Text);
        keys.any(|attr| {
            let is = |text: &str| fold::same(text, name, folded(attr));
            let path = &table.schema().def(attr).path;
            let old = table.rows().filter(|row| is(table.cell(*row, attr).text())).map(|row| table.id(row));
            let new = made.iter().filter(|(change, _)| sets(change, path).is_some_and(is)).map(|(_, id)| &**id);
            let mut all = old.chain(new);
            all.next() == Some(id) && all.next().is_none()
        })
    }

    /// Whether a list has an entry that means this one under another name; its value.
    pub(super) fn entry(&self, table: &Table, facet: &Facet) -> Option<Seen> {
        let attr = table.schema().find(&facet.path)?;
        let Form::List(list) = &table.schema().def(attr).form else { return None };
        let key = facet.key.as_ref()?;
        let means = |kind: Option<Kind>, part: Option<&Ref>, have: &str| match (part, kind) {
            (None, _) => have.is_empty(),
            (Some(Ref::Id(id)), _) if **id == *have => true,
            (Some(Ref::Id(id)), Some(kind)) => self.called(kind, id, have),
            _ => false,
        };
        let entries = table.entries(Row(0), attr)?;
        let mut texts = entries.iter().map(|entry| table.entry_text(attr, *entry));
        let hit = texts.find(|(have, _)| (0..2).all(|at| means(list.key[at], key.get(at), have[at])));
        hit.map(|(_, value)| Seen::Value(value.to_owned()))
    }
}

/// The text that a change gives an attribute.
fn sets<'c>(change: &'c Change, path: &AttrPath) -> Option<&'c str> {
    change.want.iter().find_map(|want| match &want.value {
        Wanted::Text(text) if want.facet.path == *path && want.facet.key.is_none() => Some(&**text),
        _ => None,
    })
}
