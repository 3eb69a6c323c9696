//! Who comes in and who goes out when a rule changes.

use super::{Bound, Inputs, SystemView};
use crate::model::Kind;
use crate::model::filter::Filter;

/// How many users a changed rule moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// The rule lets them in now and did not before.
    pub comes_in: usize,
    /// The rule let them in before and does not now.
    pub goes_out: usize,
    /// Nobody can say of them, before or now.
    pub unsure: usize,
}

/// What a changed `scope` (of the source's users) or `manage` (of the target's own) moves; `None`: all are let in.
pub fn shift(inputs: &Inputs, system: usize, manage: bool, before: Option<&Filter>) -> Shift {
    let target = &inputs.systems[system];
    let (view, now) = if manage {
        (Some(target), target.manage.as_ref())
    } else {
        (inputs.base().map(|base| &inputs.systems[base]), target.scope.as_ref())
    };
    let Some(view) = view else { return Shift::default() };
    let (then, now) = (verdicts(view, before), verdicts(view, now));
    let mut shift = Shift::default();
    for (then, now) in then.into_iter().zip(now) {
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

/// What a filter says of every user: 0 no, 1 yes, 2 not known.
fn verdicts(view: &SystemView, filter: Option<&Filter>) -> Vec<u8> {
    let Some(snapshot) = view.snapshot(Kind::User) else { return Vec::new() };
    match filter {
        None => vec![1; snapshot.table.len()],
        Some(filter) => Bound::new(filter, view, Kind::User).map(|bound| bound.all()).unwrap_or_default(),
    }
}
