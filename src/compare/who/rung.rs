//! One rung of the ladder: what is alone on both sides is linked, and of the rest nobody can say.
//!
//! A hash only proposes; texts decide. Nothing here depends on the order of rows.

use std::collections::{BTreeMap, HashSet};

use hashbrown::HashTable;
use rayon::prelude::*;

use super::keys::{Column, Step};
use crate::compare::column::{BLOCK, UNREAD_KEY, fetch, spread};
use crate::compare::pairing::NO_ROW;
use crate::model::fold::{fold, same};

/// What the keys between the base and one target are good for.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::compare) struct Reach {
    /// Both sides have a key in common.
    pub(in crate::compare) keys: bool,
    /// A record of the base that is not linked has a key that was not read: it could be any of the target's.
    pub(in crate::compare) base_blind: bool,
    /// The same the other way round.
    pub(in crate::compare) target_blind: bool,
}

/// What the ladder came to between a base and a target.
pub(in crate::compare) struct Pairs {
    /// The target's row per row of the base.
    pub(in crate::compare) to: Vec<u32>,
    /// The base's row per row of the target.
    pub(in crate::compare) from: Vec<u32>,
    /// What linked the target's row: 0, or the rung.
    pub(in crate::compare) by: Vec<u8>,
    pub(in crate::compare) doubt: [Vec<bool>; 2],
    pub(in crate::compare) reach: Reach,
}

impl Pairs {
    pub(in crate::compare) fn link(&mut self, base: u32, target: u32, by: u8) -> bool {
        let free = self.to[base as usize] == NO_ROW && self.from[target as usize] == NO_ROW;
        if free {
            self.to[base as usize] = target;
            self.from[target as usize] = base;
            self.by[target as usize] = by;
        }
        free
    }

    /// How strong the link of a row is: 4 for none.
    pub(in crate::compare) fn strength(&self, side: usize, row: u32) -> u8 {
        let target = if side == 0 { self.to[row as usize] } else { row };
        match target {
            NO_ROW => 4,
            target => match self.by[target as usize] {
                0 => 4,
                by => by,
            },
        }
    }

    pub(in crate::compare) fn linked(&self, side: usize, row: u32) -> bool {
        self.strength(side, row) < 4
    }
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
pub(in crate::compare) fn climb(
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
