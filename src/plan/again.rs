//! What a push leaves to do: taking it back, or trying again what did not come about.

use std::collections::HashMap;

use super::inverse::{CannotUndo, before, invert};
use super::{Change, ChangeId, Facet, Outcome, OutcomeState, Plan, Ref, Target, Wanted};
use crate::model::{Op, RecordKey};

/// The ids of the records that a push's creates brought into being.
pub type Created<'c> = &'c dyn Fn(&ChangeId) -> Option<String>;

/// The way back from a push.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undo {
    /// The changes that take it back, last ones first.
    pub back: Vec<Change>,
    /// What cannot be taken back, and why.
    pub cannot: Vec<(ChangeId, String)>,
    /// How many changes need none of their own: what was written into new accounts goes with them.
    pub with: usize,
}

/// What takes a push back.
///
/// Only what this push brought about is taken back: what was as wanted already stays. A create is taken back by switching the new account off, and what was written into
/// that account goes with it.
pub fn undo(plan: &Plan, outcomes: &[Outcome], created: Created<'_>) -> Undo {
    let (mut back, mut cannot, mut with) = (Vec::new(), Vec::new(), HashMap::new());
    let mut done: Vec<&Change> =
        plan.steps.iter().flat_map(|step| &step.serves).filter_map(|id| plan.change(id)).collect();
    done.reverse();
    for change in done {
        let state = outcomes.iter().find(|outcome| outcome.change == change.id).map(|outcome| &outcome.state);
        let happened = state.is_some_and(OutcomeState::brought_about);
        let known = |id: &ChangeId| back.iter().any(|(of, _): &(ChangeId, Change)| of == id);
        if !happened || known(&change.id) || cannot.iter().any(|(of, _)| *of == change.id) {
            continue;
        }
        if let (Target::New(create), true) = (&change.target, change.op != Op::Create)
            && plan.one_way(create).is_none()
        {
            with.insert(&change.id, create);
            continue;
        }
        if let Some(why) = plan.one_way(&change.id) {
            cannot.push((change.id.clone(), why.to_owned()));
            continue;
        }
        let record = created(&change.id).map(|id| RecordKey::new(change.system.clone(), change.kind, id));
        // What refers to a record that the same push created has its id by now.
        let own = settled(change, created);
        match invert(&own, &before(change, created), record.as_ref()) {
            Ok(inverse) => back.push((change.id.clone(), inverse)),
            Err(CannotUndo(why)) => cannot.push((change.id.clone(), why)),
        }
    }
    // Of a new record that nobody knows, nothing goes with anything.
    with.retain(|_, create| back.iter().any(|(of, _)| of == *create));
    Undo { back: back.into_iter().map(|(_, change)| change).collect(), cannot, with: with.len() }
}

/// The changes of a push that did not come about and can be tried again, with the ids of what it created put in. They hold
/// what was wanted then: [`super::renew`] makes them anew from what is read now.
///
/// What is unknown is not among them: it has to be looked up first.
pub fn retry(plan: &Plan, outcomes: &[Outcome], created: Created<'_>) -> Vec<Change> {
    let state = |id: &ChangeId| outcomes.iter().find(|outcome| outcome.change == *id).map(|outcome| &outcome.state);
    plan.changes
        .iter()
        .filter(|change| {
            matches!(
                state(&change.id),
                Some(
                    OutcomeState::Failed { .. }
                        | OutcomeState::Refused { .. }
                        | OutcomeState::Stopped { .. }
                        | OutcomeState::Skipped { .. }
                        | OutcomeState::Stale { .. }
                        | OutcomeState::Differs { .. }
                )
            )
        })
        .map(|change| settled(change, created))
        .collect()
}

/// A facet with ids in the place of creates that have come about.
pub(super) fn ids_in(mut facet: Facet, created: Created<'_>) -> Facet {
    for part in facet.key.iter_mut().flatten() {
        if let Ref::New(create) = part
            && let Some(id) = created(create)
        {
            *part = Ref::Id(id.into());
        }
    }
    facet
}

/// A change with ids in the place of creates that have come about.
pub(super) fn settled(change: &Change, created: Created<'_>) -> Change {
    let mut change = change.clone();
    let put = |reference: &mut Ref| {
        if let Ref::New(create) = reference
            && let Some(id) = created(create)
        {
            *reference = Ref::Id(id.into());
        }
    };
    for want in &mut change.want {
        want.facet = ids_in(want.facet.clone(), created);
        if let Wanted::Ref(reference) = &mut want.value {
            put(reference);
        }
    }
    if let Target::New(create) = &change.target
        && change.op != Op::Create
        && let Some(id) = created(create)
    {
        change.target = Target::Record(RecordKey::new(change.system.clone(), change.kind, id));
    }
    change.needs.retain(|need| created(need).is_none());
    change
}

#[cfg(test)]
mod tests;
