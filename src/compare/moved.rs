//! What an edit of the rules moves: two comparisons of the same records, before and after.

use super::pairing::NO_ROW;
use super::{Compared, Comparison, Inputs, Pairing, Tally};
use crate::model::{AttrPath, Kind, Row};

/// What moves of one kind in one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The kind.
    pub kind: Kind,
    /// The target, as an index in the systems.
    pub system: usize,
    /// How many stood how.
    pub before: Tally,
    /// How many stand how.
    pub after: Tally,
    /// Out of true now, and not before; as identities of the comparison after.
    pub comes: Vec<u32>,
    /// In true now, or nobody's business any more, and out of true before.
    pub goes: Vec<u32>,
    /// Out of true before and now, in another way or in other attributes.
    pub other: Vec<u32>,
}

impl Moved {
    /// How many identities stand otherwise than before.
    pub fn count(&self) -> usize {
        self.comes.len() + self.goes.len() + self.other.len()
    }
}

/// What moves between two comparisons of the same records, for each kind that a target has: also where nothing does.
pub fn moved(before: &Compared, after: &Compared) -> Vec<Moved> {
    let targets = (0..after.inputs.systems.len()).filter(|system| Some(*system) != after.inputs.base());
    let has = |inputs: &Inputs, kind: Kind, system: usize| {
        let view = inputs.systems.get(system);
        view.is_some_and(|view| view.snapshot(kind).is_some() && view.mapping.kind(kind).is_some())
    };
    targets
        .flat_map(|system| Kind::ALL.map(|kind| (system, kind)))
        .filter(|(system, kind)| has(&before.inputs, *kind, *system) || has(&after.inputs, *kind, *system))
        .map(|(system, kind)| of_kind(before, after, kind, system))
        .collect()
}

fn of_kind(before: &Compared, after: &Compared, kind: Kind, system: usize) -> Moved {
    let (then, now) = (before.kind(kind), after.kind(kind));
    let tally = |comparison: &Comparison| comparison.tallies.get(system).copied().unwrap_or_default();
    let mut moved = Moved {
        kind,
        system,
        before: tally(then),
        after: tally(now),
        comes: Vec::new(),
        goes: Vec::new(),
        other: Vec::new(),
    };
    let same_people = std::sync::Arc::ptr_eq(&then.tied, &now.tied);
    let state = |comparison: &Comparison, identity: u32| {
        comparison.pairings.get(system).and_then(|all| all.get(identity as usize)).copied().unwrap_or(Pairing::None)
    };
    for identity in 0..now.len {
        let was = if same_people { Some(identity) } else { earlier(before, after, kind, system, identity) };
        let (old, new) = (was.map_or(Pairing::None, |was| state(then, was)), state(now, identity));
        match (old.counts(), new.counts()) {
            (false, false) => {}
            (false, true) => moved.comes.push(identity),
            (true, false) => moved.goes.push(identity),
            (true, true) => {
                let paths = |comparison: &Comparison, identity: u32| -> Vec<AttrPath> {
                    comparison.differing(identity, system).map(|compares| compares.path.clone()).collect()
                };
                if old != new || was.is_none_or(|was| paths(then, was) != paths(now, identity)) {
                    moved.other.push(identity);
                }
            }
        }
    }
    moved
}

/// The identity that somebody had before: that of the source's record, else that of the target's own.
fn earlier(before: &Compared, after: &Compared, kind: Kind, system: usize, identity: u32) -> Option<u32> {
    let (then, now) = (before.kind(kind), after.kind(kind));
    let row = |system: usize| -> Option<Row> { now.row(identity, system).filter(|row| row.0 != NO_ROW) };
    let base = after.inputs.base().filter(|base| before.inputs.base() == Some(*base));
    let by_base = base.and_then(|base| then.identity_of(base, row(base)?));
    by_base.or_else(|| then.identity_of(system, row(system)?))
}
