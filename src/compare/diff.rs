//! One identity in one target, facet by facet, on demand.

mod case;
mod facet;
mod list;
mod text;

pub(super) use case::Case;
pub use facet::{Direction, FacetDiff, PRESENT, Verdict};

use super::Compared;
use crate::model::{AttrPath, Form, Kind, Table};

/// All facets of an identity in a target: attributes in the source's order, then what only the target has; lists entry by
/// entry.
pub fn facets(compared: &Compared, kind: Kind, identity: u32, system: usize) -> Vec<FacetDiff> {
    facets_of(compared, kind, identity, system, |_| true)
}

/// The facets of those attributes that are wanted.
pub fn facets_of(
    compared: &Compared,
    kind: Kind,
    identity: u32,
    system: usize,
    wanted: impl Fn(&AttrPath) -> bool,
) -> Vec<FacetDiff> {
    let Some(case) = Case::new(compared, kind, identity, system) else { return Vec::new() };
    let mut found = Vec::new();
    let ours = case.from.snapshot(kind).map(|snapshot| &snapshot.table);
    let theirs = case.to.snapshot(kind).map(|snapshot| &snapshot.table);
    let source_paths = ours.into_iter().flat_map(|table| table.schema().attrs()).map(|def| &def.path);
    let target_paths = theirs
        .into_iter()
        .flat_map(|table| table.schema().attrs())
        .map(|def| &def.path)
        .filter(|path| ours.is_none_or(|table| table.schema().find(path).is_none()));
    for path in source_paths.chain(target_paths).filter(|path| wanted(path)) {
        case.facet(path, ours, theirs, &mut found);
    }
    found
}

impl<'c> Case<'c> {
    /// One attribute; for a list, entry by entry.
    pub(super) fn facet(
        &self,
        path: &AttrPath,
        ours: Option<&'c Table>,
        theirs: Option<&'c Table>,
        found: &mut Vec<FacetDiff>,
    ) {
        let ours = ours.and_then(|table| table.schema().find(path).map(|attr| (table, attr, table.schema().def(attr))));
        let theirs =
            theirs.and_then(|table| table.schema().find(path).map(|attr| (table, attr, table.schema().def(attr))));
        let list = [ours, theirs].into_iter().flatten().find_map(|(_, _, def)| match &def.form {
            Form::List(list) => Some(list),
            Form::Text => None,
        });
        if [ours, theirs].into_iter().flatten().all(|(_, _, def)| def.form == Form::Text) {
            found.extend(self.text(path, ours, theirs));
        } else if let Some(list) = theirs.map_or(list, |(_, _, def)| match &def.form {
            Form::List(list) => Some(list),
            Form::Text => list,
        }) {
            self.list(path, ours, theirs, list, found);
        }
    }
}
