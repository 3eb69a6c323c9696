//! Who is who: the ladder of rungs between two tables, and the identities that come of it.
//!
//! Rows come in any order and nothing here depends on it. A hash only proposes; texts decide.

use std::collections::{BTreeMap, HashMap, HashSet};

use hashbrown::HashTable;
use rayon::prelude::*;

use super::column::{BLOCK, NO_KEY, Texts, UNREAD_KEY, fetch, spread};
use super::state::NO_ROW;
use super::{Inputs, LinkVerdict, Rung, SystemView};
use crate::mapping::KindMap;
use crate::model::fold::{fold, same};
use crate::model::{Attr, AttrDef, AttrPath, Fold, Form, Kind, Table};

/// What the keys between the base and one target are good for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// Both sides have a key in common.
    pub(super) keys: bool,
    /// A record of the base that is not linked has a key that was not read: it could be any of the target's.
    pub(super) base_blind: bool,
    /// The same the other way round.
    pub(super) target_blind: bool,
}

/// The paths by which a kind is linked, in order.
pub(super) fn key_paths(map: &KindMap) -> Vec<AttrPath> {
    let mut keys: Vec<(u8, &AttrPath)> =
        map.rows.iter().filter_map(|row| row.key.map(|key| (key, &row.attr))).collect();
    keys.sort_by_key(|(key, _)| *key);
    keys.into_iter().map(|(_, path)| path.clone()).collect()
}

/// The text attribute of a path that a table can show.
pub(super) fn readable(table: &Table, path: &AttrPath) -> Option<Attr> {
    let attr = table.schema().find(path)?;
    let def = table.schema().def(attr);
    (def.form == Form::Text && !def.unreadable).then_some(attr)
}

/// How a key is made alike: as the target does, else as the source does; where neither says (an attribute that is not
/// compared), ids are exact and logins are not.
pub(super) fn key_fold(target: &AttrDef, source: Option<&AttrDef>) -> Fold {
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

struct Column<'t> {
    texts: Texts<'t>,
    fold: Fold,
    hashes: Vec<u32>,
}

/// The folded columns of one kind, each made once.
#[derive(Default)]
pub(super) struct Columns<'t> {
    made: HashMap<(usize, u16, Fold), Column<'t>>,
}

impl<'t> Columns<'t> {
    pub(super) fn make(&mut self, system: usize, table: &'t Table, attr: Attr, fold: Fold) {
        self.made.entry((system, attr.0, fold)).or_insert_with(|| {
            #[expect(clippy::expect_used, reason = "only readable texts are asked for")]
            let texts = Texts::new(table, attr).expect("a readable text");
            let hashes = texts.hashes(fold);
            Column { texts, fold, hashes }
        });
    }

    fn get(&self, system: usize, attr: Attr, fold: Fold) -> &Column<'t> {
        &self.made[&(system, attr.0, fold)]
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) base: Attr,
    pub(super) target: Attr,
    pub(super) fold: Fold,
    rung: Rung,
}

pub(super) fn table(view: &SystemView, kind: Kind) -> Option<&Table> {
    view.mapping.kind(kind)?;
    view.snapshot(kind).map(|snapshot| &snapshot.table)
}

/// The rungs between two tables, from the keys of the target's mapping.
pub(super) fn steps(base: &Table, target: &Table, map: &KindMap) -> Vec<Step> {
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

/// What the ladder came to between a base and a target.
pub(super) struct Pairs {
    /// The target's row per row of the base.
    pub(super) to: Vec<u32>,
    /// The base's row per row of the target.
    pub(super) from: Vec<u32>,
    /// What linked the target's row: 0, or the rung.
    pub(super) by: Vec<u8>,
    pub(super) doubt: [Vec<bool>; 2],
    pub(super) reach: Reach,
}

impl Pairs {
    fn link(&mut self, base: u32, target: u32, by: u8) -> bool {
        let free = self.to[base as usize] == NO_ROW && self.from[target as usize] == NO_ROW;
        if free {
            self.to[base as usize] = target;
            self.from[target as usize] = base;
            self.by[target as usize] = by;
        }
        free
    }

    /// How strong the link of a row is: 4 for none.
    fn strength(&self, side: usize, row: u32) -> u8 {
        let target = if side == 0 { self.to[row as usize] } else { row };
        match target {
            NO_ROW => 4,
            target => match self.by[target as usize] {
                0 => 4,
                by => by,
            },
        }
    }

    fn linked(&self, side: usize, row: u32) -> bool {
        self.strength(side, row) < 4
    }
}

/// Decisions between two systems, as rows.
#[derive(Default)]
pub(super) struct Decisions {
    pub(super) same: Vec<(u32, u32)>,
    apart: HashSet<(u32, u32)>,
}

pub(super) fn decisions(inputs: &Inputs, kind: Kind, base: usize, target: usize) -> Decisions {
    let (a, b) = (&inputs.systems[base], &inputs.systems[target]);
    let (Some(from), Some(to)) = (table(a, kind), table(b, kind)) else { return Decisions::default() };
    let mut links: Vec<_> = inputs.links.iter().filter(|link| link.a.kind == kind && link.b.kind == kind).collect();
    // The newest decision counts; ids make the order whole.
    links.sort_by(|x, y| y.since.cmp(&x.since).then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b))));
    let mut found = Decisions::default();
    let mut decided = HashSet::new();
    for link in links {
        let (one, two) = if link.a.system == a.id && link.b.system == b.id {
            (&link.a, &link.b)
        } else if link.a.system == b.id && link.b.system == a.id {
            (&link.b, &link.a)
        } else {
            continue;
        };
        let (Some(row), Some(there)) = (from.find(&one.id), to.find(&two.id)) else { continue };
        if !decided.insert((row.0, there.0)) {
            continue;
        }
        match link.verdict {
            LinkVerdict::Same => found.same.push((row.0, there.0)),
            LinkVerdict::NotSame => {
                found.apart.insert((row.0, there.0));
            }
        }
    }
    found
}

/// Rows whose keys are alike: on the base's side, on the target's.
struct Group {
    hash: u32,
    first: [u32; 2],
    all: [u32; 2],
}

/// Groups of more than one row on a side.
type Crowd = [Vec<u32>; 2];

/// From how many rows on the work is cut in parts; in tests, from few.
const MANY: usize = if cfg!(test) { 4 } else { 100_000 };

/// Marks a row that a stronger rung has linked: it is nobody's candidate any more.
const SETTLED: u32 = 1 << 31;

/// The rows that have a key, in parts by their hash. Settled ones are marked; `worth` says whose hashes matter at all.
fn partition(
    column: &Column<'_>,
    parts: usize,
    settled: impl Fn(u32) -> bool,
    worth: Option<&Marks>,
) -> Vec<Vec<(u32, u32)>> {
    let room = if worth.is_some() { 0 } else { column.hashes.len() / parts * 9 / 8 + 16 };
    let mut out: Vec<Vec<(u32, u32)>> = (0..parts).map(|_| Vec::with_capacity(room)).collect();
    for (row, &hash) in (0_u32..).zip(&column.hashes) {
        if hash > UNREAD_KEY && worth.is_none_or(|worth| worth.has(hash)) {
            let row = if settled(row) { row | SETTLED } else { row };
            out[hash as usize % parts].push((hash, row));
        }
    }
    out
}

/// A set of hashes that may say yes to one that is not in it: a bit for the first 24 bits of each.
struct Marks(Vec<u64>);

impl Marks {
    fn new() -> Self {
        Self(vec![0; 1 << 18])
    }

    fn has(&self, hash: u32) -> bool {
        self.0[hash as usize >> 14] >> (hash >> 8 & 63) & 1 == 1
    }

    /// Puts a hash in; whether it may have been there.
    fn put(&mut self, hash: u32) -> bool {
        let had = self.has(hash);
        self.0[hash as usize >> 14] |= 1 << (hash >> 8 & 63);
        had
    }
}

/// The hashes that a further rung has to look at: those that several rows of one side have, and those of rows that are not
/// linked yet. Of all others both sides are linked to each other, or there is no other side.
fn worth(columns: [&Column<'_>; 2], pairs: &Pairs) -> Marks {
    let mut worth = Marks::new();
    for (side, column) in columns.into_iter().enumerate() {
        let mut once = Marks::new();
        for (row, &hash) in (0_u32..).zip(&column.hashes) {
            if hash > UNREAD_KEY && (once.put(hash) || !pairs.linked(side, row)) {
                worth.put(hash);
            }
        }
    }
    worth
}

/// The rows of one partition by key: pairs that are alone on both sides, and crowds.
fn gather(
    sides: [&[(u32, u32)]; 2],
    columns: [&Column<'_>; 2],
    settled: impl Fn(u32, u32) -> bool,
) -> (Vec<(u32, u32)>, Vec<Crowd>) {
    let mut index: HashTable<u32> = HashTable::with_capacity(sides[0].len().max(sides[1].len()));
    let mut groups: Vec<Group> = Vec::with_capacity(sides[0].len().max(sides[1].len()));
    let mut more: Vec<(u32, u8, u32)> = Vec::new();
    for (side, entries) in sides.into_iter().enumerate() {
        for &(hash, row) in entries {
            if let Some(&at) = index.find(spread(hash), |&at| groups[at as usize].hash == hash) {
                let group = &mut groups[at as usize];
                group.all[side] += 1;
                if group.all[side] == 1 {
                    group.first[side] = row;
                } else {
                    more.push((at, side as u8, row));
                }
            } else {
                let at = groups.len() as u32;
                let mut group = Group { hash, first: [0, 0], all: [0, 0] };
                group.first[side] = row;
                group.all[side] = 1;
                groups.push(group);
                index.insert_unique(spread(hash), at, |&at| spread(groups[at as usize].hash));
            }
        }
    }
    let text = |side: usize, row: u32| columns[side].texts.get(row & !SETTLED).unwrap_or_default();
    let alike = columns[0].fold;
    let alone: Vec<(u32, u32)> = groups
        .iter()
        .filter(|group| group.all == [1, 1] && (group.first[0] | group.first[1]) & SETTLED == 0)
        .map(|group| (group.first[0], group.first[1]))
        // Whom an earlier rung has linked, both of them, this one need not even look at.
        .filter(|&(base, target)| !settled(base, target))
        .collect();
    let mut pairs = Vec::with_capacity(alone.len());
    for block in alone.chunks(BLOCK) {
        for (side, column) in columns.into_iter().enumerate() {
            let mut rows = [u32::MAX; BLOCK];
            for (row, pair) in rows.iter_mut().zip(block) {
                *row = if side == 0 { pair.0 } else { pair.1 };
            }
            fetch(column.texts.parts(), &rows[..block.len()]);
        }
        pairs.extend(block.iter().filter(|(base, target)| same(text(0, *base), text(1, *target), alike)));
    }
    let mut crowds: BTreeMap<u32, Crowd> = BTreeMap::new();
    for (at, side, row) in more {
        let crowd = crowds.entry(at).or_insert_with(|| {
            let group = &groups[at as usize];
            [0, 1].map(|side| if group.all[side] > 0 { vec![group.first[side]] } else { Vec::new() })
        });
        crowd[side as usize].push(row);
    }
    // Texts decide: a crowd under one hash may be several.
    let crowds = crowds
        .into_values()
        .flat_map(|crowd| {
            let mut by_text: BTreeMap<String, Crowd> = BTreeMap::new();
            for side in [0, 1] {
                for &row in &crowd[side] {
                    by_text.entry(fold(text(side, row), alike).into_owned()).or_default()[side].push(row);
                }
            }
            by_text.into_values()
        })
        .collect();
    (pairs, crowds)
}

/// One rung: links what is alone on both sides, and doubts the rest.
fn climb(
    (step, further): (Step, bool),
    columns: [&Column<'_>; 2],
    pairs: &mut Pairs,
    apart: &HashSet<(u32, u32)>,
    crowds_seen: &mut impl FnMut(usize, &[u32]),
) {
    let by = 1 + step.rung as u8;
    // A rung counts those whom an equally strong one has linked: they are still candidates for somebody else.
    let settled = |side: usize| {
        let pairs = &*pairs;
        move |row: u32| pairs.strength(side, row) < by
    };
    let rows = columns[0].hashes.len().max(columns[1].hashes.len());
    let parts = if rows > MANY { 64 } else { 1 };
    let worth = (rows > MANY && further).then(|| worth(columns, pairs));
    let (base, target) = rayon::join(
        || partition(columns[0], parts, settled(0), worth.as_ref()),
        || partition(columns[1], parts, settled(1), worth.as_ref()),
    );
    let known = &*pairs;
    let found: Vec<_> = base
        .par_iter()
        .zip(&target)
        .map(|(base, target)| {
            gather([base, target], columns, |base, target| known.linked(0, base) && known.linked(1, target))
        })
        .collect();
    for (single, crowds) in found {
        for (base, target) in single {
            match (pairs.linked(0, base), pairs.linked(1, target)) {
                (true, true) => {}
                (true, false) => pairs.doubt[1][target as usize] = true,
                (false, true) => pairs.doubt[0][base as usize] = true,
                (false, false) => {
                    if apart.is_empty() || !apart.contains(&(base, target)) {
                        pairs.link(base, target, by);
                    }
                }
            }
        }
        for mut crowd in crowds {
            for side in [0, 1] {
                if crowd[side].len() > 1 {
                    let all: Vec<u32> = crowd[side].iter().map(|row| row & !SETTLED).collect();
                    crowds_seen(side, &all);
                }
                crowd[side].retain(|row| row & SETTLED == 0);
            }
            settle(&crowd, pairs, apart, by);
        }
    }
}

/// Several rows with one key: what is left after the operator's decisions is linked where it is one and one.
fn settle(crowd: &Crowd, pairs: &mut Pairs, apart: &HashSet<(u32, u32)>, by: u8) {
    let [bases, targets] = crowd;
    if bases.is_empty() || targets.is_empty() {
        return;
    }
    let mut others = [vec![0_u32; bases.len()], vec![0_u32; targets.len()]];
    let mut last = [vec![NO_ROW; bases.len()], vec![NO_ROW; targets.len()]];
    // Whom all share needs no table of who may be whom.
    let decided = !apart.is_empty() && bases.len().saturating_mul(targets.len()) <= 10_000;
    if decided {
        for (b, &base) in bases.iter().enumerate() {
            for (t, &target) in targets.iter().enumerate() {
                if !apart.contains(&(base, target)) {
                    others[0][b] += 1;
                    others[1][t] += 1;
                    last[0][b] = t as u32;
                    last[1][t] = b as u32;
                }
            }
        }
    } else {
        others[0].fill(targets.len() as u32);
        others[1].fill(bases.len() as u32);
        last[0].fill(0);
        last[1].fill(0);
    }
    for (b, &base) in bases.iter().enumerate() {
        let t = last[0][b];
        if others[0][b] == 1 && others[1][t as usize] == 1 {
            pairs.link(base, targets[t as usize], by);
        }
    }
    for (side, rows) in [bases, targets].into_iter().enumerate() {
        for (at, &row) in rows.iter().enumerate() {
            if others[side][at] > 0 && !pairs.linked(side, row) {
                pairs.doubt[side][row as usize] = true;
            }
        }
    }
}

/// The ladder between two tables. `free` says which rows take part.
pub(super) fn ladder(
    sizes: [usize; 2],
    steps: &[Step],
    columns: &Columns<'_>,
    systems: [usize; 2],
    decisions: &Decisions,
    duplicates: &mut impl FnMut(usize, Attr, &[u32]),
) -> Pairs {
    let mut pairs = Pairs {
        to: vec![NO_ROW; sizes[0]],
        from: vec![NO_ROW; sizes[1]],
        by: vec![0; sizes[1]],
        doubt: [vec![false; sizes[0]], vec![false; sizes[1]]],
        reach: Reach { keys: !steps.is_empty(), ..Reach::default() },
    };
    for &(base, target) in &decisions.same {
        pairs.link(base, target, 1);
    }
    for (number, step) in steps.iter().enumerate() {
        let pair = [columns.get(systems[0], step.base, step.fold), columns.get(systems[1], step.target, step.fold)];
        climb((*step, number > 0), pair, &mut pairs, &decisions.apart, &mut |side, rows| {
            duplicates(side, if side == 0 { step.base } else { step.target }, rows);
        });
    }
    for (side, system) in systems.into_iter().enumerate() {
        let keys: Vec<&[u32]> = steps
            .iter()
            .map(|step| &*columns.get(system, if side == 0 { step.base } else { step.target }, step.fold).hashes)
            .collect();
        let mut blind = false;
        for row in 0..sizes[side] {
            if pairs.linked(side, row as u32) {
                pairs.doubt[side][row] = false;
                continue;
            }
            let unread = keys.iter().any(|hashes| hashes[row] == UNREAD_KEY);
            blind |= unread;
            // Nobody can say who has no key, or one that was not read.
            if unread || !keys.is_empty() && keys.iter().all(|hashes| hashes[row] == NO_KEY) {
                pairs.doubt[side][row] = true;
            }
        }
        match side {
            0 => pairs.reach.base_blind = blind,
            _ => pairs.reach.target_blind = blind,
        }
    }
    pairs
}
