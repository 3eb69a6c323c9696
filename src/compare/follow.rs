//! Following what has moved since the comparison before, so that each mismatch has a direction.

use std::sync::Arc;

use rayon::prelude::*;

use super::diff::Case;
use super::{Base, Bases, Compared, Compares, FacetDiff, Verdict, facets};
use crate::model::{Attr, AttrPath, CHUNK_ROWS, Form, Kind, RecordKey, Row, Snapshot, Table};

/// Where the snapshots of the comparison before are: by system and kind, asked only where something could have moved.
pub type Before<'b> = &'b (dyn Fn(usize, Kind) -> Option<Arc<Snapshot>> + Sync);

/// What a comparison did to the bases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// All that hold now.
    pub bases: Bases,
    /// Those that are new.
    pub new: Vec<Base>,
    /// Those that hold no more.
    pub gone: Vec<Base>,
}

/// Follows what has moved since the comparison before. Work is done only for what differs now and has changed.
pub fn follow(compared: &Compared, before: Before<'_>) -> Followed {
    let inputs = &compared.inputs;
    let mut followed = Followed::default();
    let mut kept: Vec<Base> = Vec::new();
    let Some(base) = inputs.base() else { return Followed { bases: inputs.bases.clone(), ..followed } };
    for kind in Kind::ALL {
        for system in (0..inputs.systems.len()).filter(|system| *system != base) {
            let name = &inputs.systems[system].id;
            let known = || inputs.bases.iter().filter(|base| base.target.system == *name && base.target.kind == kind);
            let (Some(ours), Some(theirs)) =
                (inputs.systems[base].snapshot(kind), inputs.systems[system].snapshot(kind))
            else {
                kept.extend(known().cloned());
                continue;
            };
            if ours.reading() || theirs.reading() {
                kept.extend(known().cloned());
                continue;
            }
            let view = View { compared, kind, system, now: [ours, theirs] };
            for base in known() {
                if view.over(base) {
                    followed.gone.push(base.clone());
                } else {
                    kept.push(base.clone());
                }
            }
            if view.differs() {
                followed.new.extend(view.moved(base, before));
            }
        }
    }
    // Systems that are not configured now may be again.
    kept.extend(inputs.bases.iter().filter(|base| inputs.index(&base.target.system).is_none()).cloned());
    kept.extend(followed.new.iter().cloned());
    followed.bases = kept.into();
    followed
}

/// One kind in one target.
struct View<'v> {
    compared: &'v Compared,
    kind: Kind,
    system: usize,
    /// The source's snapshot and the target's.
    now: [&'v Arc<Snapshot>; 2],
}

impl View<'_> {
    fn differs(&self) -> bool {
        self.compared.kind(self.kind).bits[self.system].iter().any(|word| *word != 0)
    }

    /// Whether a base holds no more: its facet is equal again, or its record is gone.
    fn over(&self, base: &Base) -> bool {
        let comparison = self.compared.kind(self.kind);
        let Some(row) = self.now[1].table.find(&base.target.id) else { return self.now[1].proved() };
        let Some(identity) = comparison.identity_of(self.system, row) else { return false };
        if comparison.row(identity, self.compared.inputs.base().unwrap_or(self.system)).is_none() {
            return self.now[0].proved();
        }
        // What differs needs no closer look; a list's bit stands for all its entries.
        if base.entry.is_empty()
            && comparison.differing(identity, self.system).any(|compares| compares.path == base.path)
        {
            return false;
        }
        let all = facets(self.compared, self.kind, identity, self.system);
        let mut mine = all.iter().filter(|facet| facet.path == base.path);
        if base.entry.is_empty() {
            return mine.any(|facet| facet.verdict == Verdict::Same);
        }
        if mine.clone().any(|facet| facet.key.is_none() && facet.verdict == Verdict::Unread) {
            return false;
        }
        // An entry that neither has is equal as well.
        mine.find(|facet| facet.entry() == base.entry).is_none_or(|facet| facet.verdict == Verdict::Same)
    }

    /// The bases of what was equal before and differs now.
    fn moved(&self, base: usize, before: Before<'_>) -> Vec<Base> {
        let (Some(ours), Some(theirs)) = (before(base, self.kind), before(self.system, self.kind)) else {
            return Vec::new();
        };
        if Arc::ptr_eq(&ours, self.now[0]) && Arc::ptr_eq(&theirs, self.now[1]) {
            return Vec::new();
        }
        let comparison = self.compared.kind(self.kind);
        let past = Past {
            view: self,
            before: [&ours, &theirs],
            columns: comparison.compares[self.system]
                .iter()
                .map(|compares| Column::new(compares, self.now.map(|now| &now.table), [&ours.table, &theirs.table]))
                .collect(),
        };
        let words = comparison.words[self.system];
        let rows = self.now[0].table.len().min(comparison.len as usize);
        comparison.bits[self.system][..rows * words]
            .par_chunks(CHUNK_ROWS * words)
            .enumerate()
            .flat_map_iter(|(chunk, bits)| {
                let past = &past;
                bits.chunks(words)
                    .enumerate()
                    .filter(|(_, bits)| bits.iter().any(|word| *word != 0))
                    .flat_map(move |(at, bits)| past.row((chunk * CHUNK_ROWS + at) as u32, bits))
            })
            .collect()
    }
}

/// An attribute that is compared: where it is now and where it was, per side. A text that the source puts together is all
/// of its parts there.
struct Column<'c> {
    path: &'c AttrPath,
    attrs: [Vec<(Attr, Option<Attr>)>; 2],
}

impl<'c> Column<'c> {
    fn new(compares: &'c Compares, now: [&Table; 2], before: [&Table; 2]) -> Self {
        let pair = |side: usize, attr: Attr| (attr, before[side].schema().find(&now[side].schema().def(attr).path));
        let source = std::iter::once(compares.source).chain(compares.composed.iter().copied());
        Self {
            path: &compares.path,
            attrs: [source.map(|attr| pair(0, attr)).collect(), vec![pair(1, compares.target)]],
        }
    }
}

/// One kind in one target, with the snapshots of before.
struct Past<'p> {
    view: &'p View<'p>,
    before: [&'p Arc<Snapshot>; 2],
    columns: Vec<Column<'p>>,
}

impl Past<'_> {
    fn row(&self, identity: u32, bits: &[u64]) -> Vec<Base> {
        let (view, comparison) = (self.view, self.view.compared.kind(self.view.kind));
        let Some(target) = comparison.row(identity, view.system) else { return Vec::new() };
        let rows = [Row(identity), target];
        let found = [0, 1].map(|side| {
            let id = view.now[side].table.id(rows[side]);
            locate(&self.before[side].table, id, rows[side])
        });
        let [Some(ours), Some(theirs)] = found else { return Vec::new() };
        let old = [ours, theirs];
        let mut changed: Vec<(&AttrPath, [bool; 2])> = Vec::new();
        for (number, column) in self.columns.iter().enumerate() {
            if bits[number / 64] >> (number % 64) & 1 == 1 {
                let moved = [0, 1].map(|side| self.changed(column, side, rows[side], old[side]));
                if moved[0] || moved[1] {
                    changed.push((column.path, moved));
                }
            }
        }
        if changed.is_empty() { Vec::new() } else { self.bases(identity, target, old, &changed) }
    }

    /// Whether a side is not as it was, as far as that can be seen without looking closely.
    fn changed(&self, column: &Column<'_>, side: usize, now: Row, old: Row) -> bool {
        let (then, table) = (&self.before[side].table, &self.view.now[side].table);
        column.attrs[side].iter().any(|(attr, before)| {
            let Some(before) = *before else { return true };
            if table.schema().def(*attr).form == Form::Text {
                then.cell(old, before) != table.cell(now, *attr)
            } else {
                entries(then, old, before) != entries(table, now, *attr)
            }
        })
    }

    fn bases(&self, identity: u32, target: Row, old: [Row; 2], changed: &[(&AttrPath, [bool; 2])]) -> Vec<Base> {
        let view = self.view;
        let inputs = &view.compared.inputs;
        let [ours, theirs] = self.before;
        let past = [(&**ours, old[0]), (&**theirs, old[1])];
        let Some(case) = Case::past(view.compared, view.kind, identity, view.system, past) else { return Vec::new() };
        let key = RecordKey::new(inputs.systems[view.system].id.clone(), view.kind, view.now[1].table.id(target));
        let now = facets(view.compared, view.kind, identity, view.system);
        let mut made = Vec::new();
        for (path, moved) in changed {
            let mut then: Vec<FacetDiff> = Vec::new();
            case.facet(path, Some(&ours.table), Some(&theirs.table), &mut then);
            if then.iter().any(|facet| facet.verdict == Verdict::Unread && facet.key.is_none()) {
                continue;
            }
            for facet in now.iter().filter(|facet| facet.path == **path && facet.verdict == Verdict::Differs) {
                let entry = facet.entry();
                if inputs.bases.has(&key, path, &entry) {
                    continue;
                }
                let common = match then.iter().find(|then| then.entry() == entry) {
                    Some(then) if then.verdict == Verdict::Same => then.own.clone().map(Option::unwrap_or_default),
                    // Neither had the entry: that was common too.
                    None if facet.key.is_some() && !entry.is_empty() => [String::new(), String::new()],
                    _ => continue,
                };
                let [source, value] = common;
                let since = match moved {
                    [true, true] => view.now[0].taken.max(view.now[1].taken),
                    [true, false] => view.now[0].taken,
                    _ => view.now[1].taken,
                };
                let at = ours.taken.min(theirs.taken);
                made.push(Base { target: key.clone(), path: (*path).clone(), entry, source, value, at, since });
            }
        }
        made
    }
}

/// The row with this id; most often it is the one that it has now.
fn locate(table: &Table, id: &str, hint: Row) -> Option<Row> {
    if (hint.0 as usize) < table.len() && table.id(hint) == id {
        return Some(hint);
    }
    table.find(id)
}

/// A record's entries as texts, in an order of their own.
fn entries(table: &Table, row: Row, attr: Attr) -> Option<Vec<([&str; 2], &str)>> {
    let mut all: Vec<_> = table.entries(row, attr)?.iter().map(|entry| table.entry_text(attr, *entry)).collect();
    all.sort_unstable();
    Some(all)
}
