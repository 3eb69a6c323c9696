//! What the steps of one push know together, and what of it could not be written down so far.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::{Desk, Rest, Tell};
use super::RESTS;
use crate::engine::protocol::Report;
use crate::model::SystemId;
use crate::plan::{ChangeId, Facet, Outcome, OutcomeState, PlanId, Seen, StepId, Target};
use crate::store::{Receipt, StepState, StoreError};

/// What this push wrote of a record; `None`: a facet may be anything because of what was written beside it.
type Written = Vec<(Facet, Option<Seen>)>;

/// What the steps of one push know together.
#[derive(Debug, Default)]
pub(in crate::engine::push) struct Shared {
    pub(super) known: Mutex<HashMap<ChangeId, String>>,
    pub(super) ours: Mutex<BTreeMap<Target, Written>>,
    outcomes: Mutex<BTreeMap<ChangeId, OutcomeState>>,
    /// What was as wanted before anything was written for it.
    already: Mutex<BTreeSet<ChangeId>>,
    sent: Mutex<BTreeSet<StepId>>,
    /// Systems that have not answered for so long that nothing more is tried there.
    gone: Mutex<BTreeMap<SystemId, String>>,
    late: Mutex<Late>,
}

/// What the journal did not take: it is offered once more when the push ends.
#[derive(Debug, Default)]
struct Late {
    outcomes: BTreeMap<ChangeId, Outcome>,
    steps: Vec<(Receipt, StepState)>,
    /// Whether it was said.
    told: bool,
}

pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(in crate::engine::push) fn known(&self, change: &ChangeId) -> Option<String> {
        lock(&self.known).get(change).cloned()
    }

    pub(in crate::engine::push) fn state(&self, change: &ChangeId) -> OutcomeState {
        lock(&self.outcomes).get(change).cloned().unwrap_or(OutcomeState::Pending)
    }

    pub(in crate::engine::push) fn note(&self, change: &ChangeId, state: &OutcomeState) {
        lock(&self.outcomes).insert(change.clone(), state.clone());
    }

    /// A change was as wanted before anything was written for it.
    pub(super) fn was_so(&self, change: &ChangeId) {
        lock(&self.already).insert(change.clone());
    }

    /// An outcome, with what is known of whose doing it is.
    pub(super) fn whose(&self, change: &ChangeId, state: OutcomeState) -> OutcomeState {
        match state {
            OutcomeState::Confirmed { unread, .. } if lock(&self.already).contains(change) => {
                OutcomeState::Confirmed { unread, already: true }
            }
            state => state,
        }
    }

    /// Whether the write of a step may have left.
    pub(in crate::engine::push) fn sent(&self, step: &StepId) -> bool {
        lock(&self.sent).contains(step)
    }

    pub(super) fn leaves(&self, step: &StepId) {
        lock(&self.sent).insert(step.clone());
    }

    /// It has not left after all, or was turned away.
    pub(super) fn stays(&self, step: &StepId) {
        lock(&self.sent).remove(step);
    }

    pub(super) fn gone(&self, system: &SystemId) -> Option<String> {
        lock(&self.gone).get(system).cloned()
    }

    pub(super) fn give_up(&self, system: &SystemId, rest: &Rest) {
        let why = format!(
            "{}; {system} did not come back after it was left alone {RESTS} times, so nothing more was sent to it. Push it again \
             once it answers",
            rest.why
        );
        lock(&self.gone).insert(system.clone(), why);
    }

    /// Writes an outcome down. What cannot be written down is offered again when the push ends; until then the step stays open
    /// in the journal, so that the next start looks it up whatever becomes of this one.
    pub(in crate::engine::push) async fn keep(&self, desk: &Desk, plan: &PlanId, outcome: Outcome, tell: &Tell) {
        let (plan, kept) = (plan.clone(), outcome.clone());
        let written = desk.keeper.ask(move |journal| journal.outcome(&plan, &kept)).await;
        let mut late = lock(&self.late);
        match written {
            Ok(()) => drop(late.outcomes.remove(&outcome.change)),
            Err(why) => {
                late.outcomes.insert(outcome.change.clone(), outcome);
                late.say(&why, tell);
            }
        }
    }

    /// Writes down how far a step got. `serves`: a step is ended only after what came of these is written down.
    pub(super) async fn reach(
        &self,
        desk: &Desk,
        receipt: Receipt,
        state: StepState,
        serves: &[ChangeId],
        tell: &Tell,
    ) -> Option<Receipt> {
        let end = !matches!(state, StepState::Intended | StepState::Replied { .. });
        {
            let mut late = lock(&self.late);
            if end && serves.iter().any(|change| late.outcomes.contains_key(change)) {
                late.steps.push((receipt, state));
                return None;
            }
        }
        let asked = desk.keeper.ask(move |journal| {
            let written = journal.reached(&receipt, &state);
            Ok((receipt, state, written))
        });
        let (receipt, state, written) = match asked.await {
            Ok(asked) => asked,
            Err(why) => {
                lock(&self.late).say(&why, tell);
                return None;
            }
        };
        let Err(why) = written else { return Some(receipt) };
        let mut late = lock(&self.late);
        late.steps.push((receipt, state));
        late.say(&why, tell);
        None
    }

    /// Offers the journal once more what it did not take.
    ///
    /// # Errors
    /// The number of changes of which it still does not say what came of them, and why.
    pub(in crate::engine::push) async fn catch_up(
        &self,
        desk: &Desk,
        plan: &PlanId,
    ) -> Result<(), (usize, StoreError)> {
        let Late { outcomes, steps, .. } = std::mem::take(&mut *lock(&self.late));
        if outcomes.is_empty() && steps.is_empty() {
            return Ok(());
        }
        let (plan, count) = (plan.clone(), outcomes.len());
        let written = desk.keeper.ask(move |journal| {
            outcomes.values().try_for_each(|outcome| journal.outcome(&plan, outcome))?;
            steps.iter().try_for_each(|(receipt, state)| journal.reached(receipt, state))
        });
        written.await.map_err(|why| (count, why))
    }
}

impl Late {
    /// Once: what follows says the same.
    fn say(&mut self, why: &StoreError, tell: &Tell) {
        if !std::mem::replace(&mut self.told, true) {
            tell(Report::Notice(format!(
                "what comes of this push cannot be written down: {why}. Nothing is sent that is not written down first, and what was \
                 sent is looked up at the next start"
            )));
        }
    }
}
