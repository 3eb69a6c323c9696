//! What comparing the records of a base and a target comes to, attribute by attribute, before anybody is judged by it.
//!
//! It hangs on the records, on who is linked to whom and on how each attribute is compared, and on nothing else; so most of
//! it outlives an edit of the rules, and is taken over from the comparison before.

use rayon::prelude::*;

use super::refs::found_alike;
use super::served::spared;
use crate::compare::lane::{Alike, Lane};
use crate::compare::{Compared, Compares, Inputs};
use crate::mapping::Policy;
use crate::model::{Attr, AttrDef, CHUNK_ROWS, Form, Kind, Row, Snapshot, Table};

/// The facts about one kind in a base and one target; see the module.
#[derive(Debug, Default)]
pub(in crate::compare) struct Facts {
    /// Which attributes differ, as the bits of a [`crate::compare::Comparison`].
    pub(in crate::compare) differ: Vec<u64>,
    /// Which were not read on one side, in the same form.
    pub(in crate::compare) unread: Vec<u64>,
    /// Per chunk of the base, references that lead nowhere, sorted: which attribute, and the base's row.
    pub(in crate::compare) nowhere: Vec<Vec<(u16, u32)>>,
    /// Per attribute, whether entries of it lead nowhere: those are looked at each time anew.
    lost: Vec<bool>,
}

/// One pair of tables, and how their attributes are compared.
pub(in crate::compare) struct Sides<'a> {
    pub(in crate::compare) kind: Kind,
    pub(in crate::compare) system: usize,
    pub(in crate::compare) compares: &'a [Compares],
    pub(in crate::compare) policies: &'a [Policy],
    /// The target's row of each of the base's.
    pub(in crate::compare) of: &'a [u32],
    /// Words per identity.
    pub(in crate::compare) words: usize,
}

/// The comparison before, as far as one target is concerned.
#[derive(Clone, Copy)]
pub(in crate::compare) struct Earlier<'a> {
    pub(in crate::compare) compared: &'a Compared,
    /// References into the target lead where they led.
    pub(in crate::compare) refs: bool,
}

/// Whether references into a target lead where they led: the same records, tied and standing as before, named by the
/// same keys.
pub(in crate::compare) fn refs_alike(before: &Inputs, now: &Inputs, system: usize) -> bool {
    let proved = |inputs: &Inputs, kind: Kind| {
        let proved = |side: usize| inputs.systems[side].snapshot(kind).map(|snapshot| snapshot.proved());
        (inputs.base().and_then(proved), proved(system))
    };
    let rules = |inputs: &Inputs, kind: Kind| inputs.systems[system].mapping.kind(kind).map(|map| map.reference);
    Kind::ALL.into_iter().all(|kind| {
        rules(before, kind) == rules(now, kind)
            && proved(before, kind) == proved(now, kind)
            && found_alike(before, now, system, kind)
    })
}

/// Which attribute of the comparison before has the facts of each attribute of now.
pub(in crate::compare) fn carried(earlier: Earlier<'_>, inputs: &Inputs, sides: &Sides<'_>) -> Vec<Option<usize>> {
    let none = vec![None; sides.compares.len()];
    let before = &earlier.compared.inputs;
    let comparison = earlier.compared.kind(sides.kind);
    let (Some(facts), Some(compares)) = (comparison.facts.get(sides.system), comparison.compares.get(sides.system))
    else {
        return none;
    };
    let table = |inputs: &'_ Inputs, system: usize| {
        inputs
            .systems
            .get(system)
            .and_then(|view| view.snapshot(sides.kind))
            .map(|snapshot: &std::sync::Arc<Snapshot>| snapshot.table.clone())
    };
    let (Some(base), Some(was)) = (inputs.base(), before.base()) else { return none };
    let (Some(ours), Some(theirs), Some(ours_then), Some(theirs_then)) =
        (table(inputs, base), table(inputs, sides.system), table(before, was), table(before, sides.system))
    else {
        return none;
    };
    let alike = base == was
        && ours.same_records(&ours_then)
        && theirs.same_records(&theirs_then)
        && comparison.tied.of.get(sides.system).is_some_and(|of| of.get(..sides.of.len()) == Some(sides.of));
    if !alike {
        return none;
    }
    let mapping = |inputs: &Inputs, path| {
        inputs.systems[sides.system].mapping.row(sides.kind, path).map_or(Policy::Force, |row| row.policy)
    };
    sides
        .compares
        .iter()
        .zip(sides.policies)
        .map(|(now, policy)| {
            let at = compares.iter().position(|then| then.path == now.path)?;
            let then = &compares[at];
            let same_attrs = then.source == now.source && then.target == now.target && then.composed == now.composed;
            if !same_attrs || facts.lost[at] || mapping(before, &then.path) != *policy {
                return None;
            }
            let def = |table: &Table, attr: Attr| -> AttrDef { table.schema().def(attr).clone() };
            let same_defs = def(&ours, now.source) == def(&ours_then, now.source)
                && def(&theirs, now.target) == def(&theirs_then, now.target);
            let there = def(&theirs, now.target);
            let refers = there.refers.is_some() || there.form != Form::Text;
            (same_defs && (!refers || earlier.refs)).then_some(at)
        })
        .collect()
}

impl Facts {
    /// Compares what was not `carried` over; `lanes` has a lane for each of that.
    pub(in crate::compare) fn new(
        tables: Option<(&Table, &Table)>,
        sides: &Sides<'_>,
        lanes: &[Option<Lane<'_>>],
        (carried, before): (&[Option<usize>], Option<(&Self, usize)>),
        len: usize,
    ) -> Self {
        let words = sides.words;
        let mut facts = Self {
            differ: vec![0; len * words],
            unread: vec![0; len * words],
            nowhere: Vec::new(),
            lost: lanes.iter().map(|lane| matches!(lane, Some(Lane::List(list)) if list.some_lost())).collect(),
        };
        let base_len = sides.of.len();
        // Where the facts of an attribute of before go; in most rows there are none.
        let mut places: Vec<Option<usize>> = Vec::new();
        for (now, then) in carried.iter().enumerate() {
            if let Some(then) = *then {
                places.resize(places.len().max(then + 1), None);
                places[then] = Some(now);
            }
        }
        let before = before.filter(|_| !places.is_empty());
        facts.nowhere = facts.differ[..base_len * words]
            .par_chunks_mut(CHUNK_ROWS * words)
            .zip(facts.unread[..base_len * words].par_chunks_mut(CHUNK_ROWS * words))
            .enumerate()
            .map(|(chunk, (differ, unread))| {
                let start = chunk * CHUNK_ROWS;
                let targets = &sides.of[start..start + differ.len() / words];
                let mut nowhere = Vec::new();
                if let Some((before, old)) = before {
                    let of = start * old..(start + targets.len()) * old;
                    carry((&before.differ[of.clone()], old), (differ, words), &places);
                    carry((&before.unread[of], old), (unread, words), &places);
                    let all = before.nowhere.get(chunk).into_iter().flatten();
                    nowhere.extend(all.filter_map(|(then, row)| {
                        places.get(usize::from(*then)).copied().flatten().map(|now| (now as u16, *row))
                    }));
                }
                for (number, lane) in lanes.iter().enumerate() {
                    let Some(lane) = lane else { continue };
                    let policy = sides.policies[number];
                    let leave = |at: usize| {
                        policy != Policy::Force
                            && tables.is_some_and(|(ours, theirs)| {
                                let source = (ours, Row((start + at) as u32));
                                spared(policy, &sides.compares[number], source, (theirs, Row(targets[at])))
                            })
                    };
                    let (word, bit) = (number / 64, 1 << (number % 64));
                    lane.chunk(chunk, targets, |at, alike| match alike {
                        Alike::No | Alike::Awaits if leave(at) => {}
                        Alike::No | Alike::Awaits => differ[at * words + word] |= bit,
                        Alike::Unread => unread[at * words + word] |= bit,
                        Alike::Nowhere if !matches!(lane, Lane::List(_)) => {
                            nowhere.push((number as u16, (start + at) as u32));
                        }
                        Alike::Yes | Alike::Aside | Alike::Nowhere => {}
                    });
                }
                nowhere.sort_unstable();
                nowhere
            })
            .collect();
        facts
    }
}

/// Takes bits over to where their attributes stand now.
fn carry((from, old): (&[u64], usize), (to, words): (&mut [u64], usize), places: &[Option<usize>]) {
    for (from, to) in from.chunks(old).zip(to.chunks_mut(words)) {
        for (word, bits) in from.iter().enumerate() {
            let mut left = *bits;
            while left != 0 {
                let then = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                if let Some(now) = places.get(then).copied().flatten() {
                    to[now / 64] |= 1 << (now % 64);
                }
            }
        }
    }
}
