//! Who comes in and who goes out when a rule changes.

use super::{Bound, Inputs, SystemView};
use crate::model::Kind;
use crate::model::filter::Filters;

/// How many records a changed rule moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// The rule lets them in now and did not before.
    pub comes_in: usize,
    /// The rule let them in before and does not now.
    pub goes_out: usize,
    /// Nobody can say of them, before or now.
    pub unsure: usize,
}

/// What a changed `scope` (of the source's records) or `manage` (of the target's own) moves, all kinds together.
pub fn shift(inputs: &Inputs, system: usize, manage: bool, before: &Filters) -> Shift {
    let target = &inputs.systems[system];
    let (view, now) = if manage {
        (Some(target), &target.manage)
    } else {
        (inputs.base().map(|base| &inputs.systems[base]), &target.scope)
    };
    let Some(view) = view else { return Shift::default() };
    let mut shift = Shift::default();
    let moved = Kind::ALL.into_iter().filter(|kind| before.of(*kind) != now.of(*kind));
    for (then, now) in moved.flat_map(|kind| verdicts(view, kind, before).into_iter().zip(verdicts(view, kind, now))) {
        match (then, now) {
            (0, 1) => shift.comes_in += 1,
            (1, 0) => shift.goes_out += 1,
            (2, now) if now != 2 => shift.unsure += 1,
            (then, 2) if then != 2 => shift.unsure += 1,
            _ => {}
        }
    }
    shift
}

/// What a filter says of every record of a kind: 0 no, 1 yes, 2 not known.
fn verdicts(view: &SystemView, kind: Kind, filters: &Filters) -> Vec<u8> {
    let Some(snapshot) = view.snapshot(kind) else { return Vec::new() };
    match filters.of(kind) {
        None => vec![1; snapshot.table.len()],
        Some(filter) => Bound::new(filter, view, kind).map(|bound| bound.all()).unwrap_or_default(),
    }
}
