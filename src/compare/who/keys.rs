//! By what records are tied: the keys of a mapping, and the columns of their texts.

use std::collections::HashMap;

use crate::compare::column::Texts;
use crate::compare::{Compared, Rung, SystemView};
use crate::mapping::KindMap;
use crate::model::fold::fold;
use crate::model::{Attr, AttrDef, AttrPath, Cell, Fold, Form, Kind, Table};

/// The paths by which a kind is linked, in order.
pub(in crate::compare) fn key_paths(map: &KindMap) -> Vec<AttrPath> {
    let mut keys: Vec<(u8, &AttrPath)> =
        map.rows.iter().filter_map(|row| row.key.map(|key| (key, &row.attr))).collect();
    keys.sort_by_key(|(key, _)| *key);
    keys.into_iter().map(|(_, path)| path.clone()).collect()
}

/// The text attribute of a path that a table can show.
pub(in crate::compare) fn readable(table: &Table, path: &AttrPath) -> Option<Attr> {
    let attr = table.schema().find(path)?;
    let def = table.schema().def(attr);
    (def.form == Form::Text && !def.unreadable).then_some(attr)
}

/// How a key is made alike: as the target does, else as the source does; where neither says (an attribute that is not
/// compared), ids are exact and logins are not.
pub(in crate::compare) fn key_fold(target: &AttrDef, source: Option<&AttrDef>) -> Fold {
    let says = |fold: Fold| (fold != Fold::Never).then_some(fold);
    says(target.fold).or_else(|| source.and_then(|def| says(def.fold))).unwrap_or_else(|| {
        let path = target.path.as_str();
        if path.eq_ignore_ascii_case("id") || path.eq_ignore_ascii_case("externalId") {
            Fold::Exact
        } else {
            Fold::Email
        }
    })
}

/// One key's texts, and how and to what they are folded.
pub(in crate::compare) struct Column<'t> {
    pub(in crate::compare) texts: Texts<'t>,
    pub(in crate::compare) fold: Fold,
    pub(in crate::compare) hashes: Vec<u32>,
}

/// The folded columns of one kind, each made once.
#[derive(Default)]
pub(in crate::compare) struct Columns<'t> {
    made: HashMap<(usize, u16, Fold), Column<'t>>,
}

impl<'t> Columns<'t> {
    pub(in crate::compare) fn make(&mut self, system: usize, table: &'t Table, attr: Attr, fold: Fold) {
        self.made.entry((system, attr.0, fold)).or_insert_with(|| {
            #[expect(clippy::expect_used, reason = "only readable texts are asked for")]
            let texts = Texts::new(table, attr).expect("a readable text");
            let hashes = texts.hashes(fold);
            Column { texts, fold, hashes }
        });
    }

    pub(in crate::compare) fn get(&self, system: usize, attr: Attr, fold: Fold) -> &Column<'t> {
        &self.made[&(system, attr.0, fold)]
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::compare) struct Step {
    pub(in crate::compare) base: Attr,
    pub(in crate::compare) target: Attr,
    pub(in crate::compare) fold: Fold,
    pub(in crate::compare) rung: Rung,
}

pub(in crate::compare) fn table(view: &SystemView, kind: Kind) -> Option<&Table> {
    view.mapping.kind(kind)?;
    view.snapshot(kind).map(|snapshot| &snapshot.table)
}

/// The key by which two records stand for one: its path, and what the base has there. Nothing where they share none, as after
/// a decision.
pub fn linking_key(compared: &Compared, kind: Kind, identity: u32, system: usize) -> Option<(AttrPath, String)> {
    let views = &compared.inputs.systems;
    let base = compared.inputs.base()?;
    let (from, to) = (table(views.get(base)?, kind)?, table(views.get(system)?, kind)?);
    let comparison = compared.kind(kind);
    let (row, there) = (comparison.row(identity, base)?, comparison.row(identity, system)?);
    let by = comparison.state(identity, system)?.by;
    steps(from, to, views[system].mapping.kind(kind)?).into_iter().find_map(|step| {
        let (Cell::Value(own), Cell::Value(theirs)) = (from.cell(row, step.base), to.cell(there, step.target)) else {
            return None;
        };
        let same = by == Some(step.rung) && fold(own, step.fold) == fold(theirs, step.fold);
        same.then(|| (to.schema().def(step.target).path.clone(), own.to_owned()))
    })
}

/// The rungs between two tables, from the keys of the target's mapping.
pub(in crate::compare) fn steps(base: &Table, target: &Table, map: &KindMap) -> Vec<Step> {
    key_paths(map)
        .iter()
        .filter_map(|path| {
            let (from, there) = (readable(base, path)?, readable(target, path)?);
            let fold = key_fold(target.schema().def(there), Some(base.schema().def(from)));
            let rung = if fold == Fold::Exact { Rung::Key } else { Rung::Folded };
            Some(Step { base: from, target: there, fold, rung })
        })
        .collect()
}
