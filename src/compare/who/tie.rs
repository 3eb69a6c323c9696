//! All identities of one kind: the records of all systems, tied together by the ladder between the base and each target,
//! and who is left over among the targets themselves.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::keys::{Columns, Step, key_fold, key_paths, readable, steps, table};
use super::ladder::{decisions, ladder};
use super::rung::{Pairs, Reach};
use crate::compare::pairing::NO_ROW;
use crate::compare::{Inputs, Link, SystemView};
use crate::model::fold::fold;
use crate::model::{Attr, AttrPath, Cell, Fold, Kind, Row, Table};

/// All identities of one kind.
#[derive(Debug, Default)]
pub(in crate::compare) struct Identities {
    pub(in crate::compare) len: u32,
    /// `of[system][identity]`: its row.
    pub(in crate::compare) of: Vec<Vec<u32>>,
    /// `identity[system][row]`.
    pub(in crate::compare) identity: Vec<Vec<u32>>,
    /// `rung[system][identity]`: 0, or what linked it: 1 kept, 2 key, 3 folded.
    pub(in crate::compare) rung: Vec<Vec<u8>>,
    /// `doubt[system][identity]`: there are candidates, or no key to find any by, and nobody can say.
    pub(in crate::compare) doubt: Vec<Vec<bool>>,
    /// Per system, what the keys are good for.
    pub(in crate::compare) reach: Vec<Reach>,
    /// Keys that several records of one system share.
    pub(in crate::compare) duplicates: Vec<(usize, u32, AttrPath)>,
}

/// Whether what records are tied by is what it was: then they are tied as they were.
pub(in crate::compare) fn tied_alike(before: &Inputs, now: &Inputs, kind: Kind) -> bool {
    let links = |inputs: &Inputs| -> Vec<Link> {
        inputs.links.iter().filter(|link| link.a.kind == kind && link.b.kind == kind).cloned().collect()
    };
    before.base() == now.base()
        && before.systems.len() == now.systems.len()
        && links(before) == links(now)
        && before.systems.iter().zip(&now.systems).enumerate().all(|(system, (then, view))| {
            let (old, new) = match (table(then, kind), table(view, kind)) {
                (None, None) => return then.id == view.id,
                (Some(old), Some(new)) if old.same_records(new) && then.id == view.id => (old, new),
                _ => return false,
            };
            // What ties to the base, and what ties those that are left over.
            let rungs = |inputs: &Inputs, to: &Table| -> Vec<Step> {
                let from = inputs.base().filter(|base| *base != system);
                let from = from.and_then(|base| table(&inputs.systems[base], kind));
                let map = inputs.systems[system].mapping.kind(kind);
                from.zip(map).map(|(from, map)| steps(from, to, map)).unwrap_or_default()
            };
            let keys = |view: &SystemView, table: &Table| -> Vec<(Attr, Fold)> {
                let paths = view.mapping.kind(kind).map(key_paths).unwrap_or_default();
                let readable = paths.iter().filter_map(|path| readable(table, path));
                readable.map(|attr| (attr, key_fold(table.schema().def(attr), None))).collect()
            };
            rungs(before, old) == rungs(now, new) && keys(then, old) == keys(view, new)
        })
}

/// Ties the records of all systems together.
pub(in crate::compare) fn identities(inputs: &Inputs, kind: Kind) -> Identities {
    let tables: Vec<Option<&Table>> = inputs.systems.iter().map(|view| table(view, kind)).collect();
    let base = inputs.base();
    let base_table = base.and_then(|base| tables[base]);
    let base_len = base_table.map_or(0, Table::len);
    let count = tables.len();
    let plans: Vec<Vec<Step>> = (0..count)
        .map(|system| match (base_table, tables[system], inputs.systems[system].mapping.kind(kind)) {
            (Some(from), Some(to), Some(map)) if Some(system) != base => steps(from, to, map),
            _ => Vec::new(),
        })
        .collect();
    let mut columns = Columns::default();
    for (system, steps) in plans.iter().enumerate() {
        for step in steps {
            if let (Some(base), Some(from), Some(to)) = (base, base_table, tables[system]) {
                columns.make(base, from, step.base, step.fold);
                columns.make(system, to, step.target, step.fold);
            }
        }
    }
    let mut crowded: BTreeMap<(usize, u32), AttrPath> = BTreeMap::new();
    let mut made = Identities {
        len: base_len as u32,
        of: vec![Vec::new(); count],
        identity: tables.iter().map(|table| vec![NO_ROW; table.map_or(0, Table::len)]).collect(),
        rung: vec![Vec::new(); count],
        doubt: vec![Vec::new(); count],
        reach: vec![Reach::default(); count],
        duplicates: Vec::new(),
    };
    let climbed: Vec<_> = (0..count)
        .into_par_iter()
        .map(|system| {
            let mut shared: Vec<(usize, u32, AttrPath)> = Vec::new();
            let (Some(base), Some(from), Some(to)) = (base, base_table, tables[system]) else { return (None, shared) };
            if system == base {
                return (None, shared);
            }
            let decisions = decisions(inputs, kind, base, system);
            let systems = [base, system];
            let mut seen = |side: usize, attr: Attr, rows: &[u32]| {
                let path = &[from, to][side].schema().def(attr).path;
                shared.extend(rows.iter().map(|row| (systems[side], *row, path.clone())));
            };
            let pairs = ladder([from.len(), to.len()], &plans[system], &columns, systems, &decisions, &mut seen);
            (Some(pairs), shared)
        })
        .collect();
    let mut pairs: Vec<Option<Pairs>> = Vec::with_capacity(count);
    for (found, shared) in climbed {
        pairs.push(found);
        for (system, row, path) in shared {
            crowded.entry((system, row)).or_insert(path);
        }
    }
    made.duplicates = crowded.into_iter().map(|((system, row), path)| (system, row, path)).collect();
    if let Some(base) = base {
        made.identity[base] = (0..base_len as u32).collect();
    }
    let leftovers = merge_leftovers(inputs, kind, &tables, base, &pairs);
    // Everybody of the base comes first, in its order; then who is left over, system by system.
    for (system, pairs) in pairs.into_iter().enumerate() {
        let (of, rung, doubt) = match pairs {
            Some(pairs) => {
                let rung = pairs.to.iter().map(|&row| if row == NO_ROW { 0 } else { pairs.by[row as usize] }).collect();
                for (row, &from) in pairs.from.iter().enumerate() {
                    made.identity[system][row] = from;
                }
                let [mut doubt, of_target] = pairs.doubt;
                doubt.resize(base_len + leftovers.len(), false);
                for (at, rows) in leftovers.iter().enumerate() {
                    if rows[system] != NO_ROW {
                        doubt[base_len + at] = of_target[rows[system] as usize];
                    }
                }
                made.reach[system] = pairs.reach;
                (pairs.to, rung, doubt)
            }
            None if Some(system) == base => ((0..base_len as u32).collect(), Vec::new(), Vec::new()),
            None => (vec![NO_ROW; base_len], vec![0; base_len], Vec::new()),
        };
        (made.of[system], made.rung[system], made.doubt[system]) = (of, rung, doubt);
    }
    made.len += leftovers.len() as u32;
    for system in 0..count {
        for (identity, rows) in (base_len as u32..).zip(&leftovers) {
            made.of[system].push(rows[system]);
            if rows[system] != NO_ROW {
                made.identity[system][rows[system] as usize] = identity;
            }
        }
        made.rung[system].resize(made.len as usize, 0);
        made.doubt[system].resize(made.len as usize, false);
    }
    made
}

/// The rows that are not the base's, tied among the targets where a key is alone on both sides: one person who is extra in
/// two systems is one identity.
fn merge_leftovers(
    inputs: &Inputs,
    kind: Kind,
    tables: &[Option<&Table>],
    base: Option<usize>,
    pairs: &[Option<Pairs>],
) -> Vec<Vec<u32>> {
    let count = tables.len();
    let mut merged: Vec<Vec<u32>> = Vec::new();
    for system in (0..count).filter(|system| Some(*system) != base) {
        let Some(table) = tables[system] else { continue };
        let doubted = |row: u32| pairs[system].as_ref().is_some_and(|pairs| pairs.doubt[1][row as usize]);
        let left: Vec<u32> = (0..table.len() as u32)
            .filter(|&row| pairs[system].as_ref().is_none_or(|pairs| pairs.from[row as usize] == NO_ROW))
            .collect();
        let keys = inputs.systems[system].mapping.kind(kind).map(key_paths).unwrap_or_default();
        // One index per key: the folded text to the identity that has it, `NO_ROW` where several have.
        let mut joined: HashMap<u32, usize> = HashMap::new();
        for path in keys.iter().filter(|_| base.is_some() && !merged.is_empty()) {
            let Some(attr) = readable(table, path) else { continue };
            let how = key_fold(table.schema().def(attr), None);
            let mut there: HashMap<String, Option<usize>> = HashMap::new();
            for (at, rows) in merged.iter().enumerate() {
                let mut texts: Vec<String> = Vec::new();
                for other in 0..system {
                    if rows[other] == NO_ROW || Some(other) == base {
                        continue;
                    }
                    if pairs[other].as_ref().is_some_and(|pairs| pairs.doubt[1][rows[other] as usize]) {
                        continue;
                    }
                    let found = tables[other]
                        .and_then(|table| readable(table, path).map(|attr| table.cell(Row(rows[other]), attr)));
                    if let Some(Cell::Value(text)) = found {
                        texts.push(fold(text, how).into_owned());
                    }
                }
                texts.sort_unstable();
                texts.dedup();
                for text in texts {
                    there.entry(text).and_modify(|at| *at = None).or_insert(Some(at));
                }
            }
            let mut here: HashMap<String, Option<u32>> = HashMap::new();
            for &row in left.iter().filter(|row| !doubted(**row)) {
                if let Cell::Value(text) = table.cell(Row(row), attr) {
                    let row = (!joined.contains_key(&row)).then_some(row);
                    here.entry(fold(text, how).into_owned()).and_modify(|row| *row = None).or_insert(row);
                }
            }
            let taken: HashSet<usize> = joined.values().copied().collect();
            let mut found: HashMap<usize, Option<u32>> = HashMap::new();
            for (text, row) in here {
                if let (Some(row), Some(Some(at))) = (row, there.get(&text)) {
                    found.entry(*at).and_modify(|row| *row = None).or_insert(Some(row));
                }
            }
            joined.extend(
                found.into_iter().filter(|(at, _)| !taken.contains(at)).filter_map(|(at, row)| Some((row?, at))),
            );
        }
        for row in left {
            if let Some(&at) = joined.get(&row) {
                merged[at][system] = row;
            } else {
                let mut rows = vec![NO_ROW; count];
                rows[system] = row;
                merged.push(rows);
            }
        }
    }
    merged
}
