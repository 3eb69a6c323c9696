//! What is told of a step, and what is written down of it.

use super::{Attempt, Work};
use crate::engine::protocol::Report;
use crate::plan::{ChangeId, Outcome, OutcomeState, Reply, Step};
use crate::store::{Receipt, StepState, StoreError};

impl Work {
    fn report(&self, change: &ChangeId, state: &OutcomeState) {
        self.shared.note(change, state);
        let outcome = Outcome { change: change.clone(), state: state.clone(), at: (self.desk.now)() };
        (self.tell)(Report::Outcome(self.plan.id.clone(), outcome));
    }

    pub(super) fn report_all(&self, state: &OutcomeState) {
        for id in &self.step.serves {
            if !self.shared.state(id).settled() {
                self.report(id, state);
            }
        }
    }

    /// Writes outcomes down and reports them. What cannot be written down is reported all the same: the intent is on disk,
    /// so the next start looks it up.
    pub(in crate::engine::push) async fn settle(&self, states: Vec<(ChangeId, OutcomeState)>) {
        for (change, state) in states {
            let state = self.shared.whose(&change, state);
            let outcome = Outcome { change: change.clone(), state: state.clone(), at: (self.desk.now)() };
            self.shared.keep(&self.desk, &self.plan.id, outcome, &self.tell).await;
            self.report(&change, &state);
        }
    }

    pub(super) async fn settle_all(&self, state: OutcomeState) {
        let open = self.step.serves.iter().filter(|id| !self.shared.state(id).settled());
        self.settle(open.map(|id| (id.clone(), state.clone())).collect()).await;
    }

    /// Writes down how far the step got. What cannot be written down leaves the intent open: the next start looks it up.
    pub(super) async fn reached(&self, receipt: Option<Receipt>, state: StepState) -> Option<Receipt> {
        self.shared.reach(&self.desk, receipt?, state, &self.step.serves, &self.tell).await
    }

    /// The service said no, or nothing was sent. The outcome is on disk before the step is.
    pub(super) async fn ended(&self, receipt: Option<Receipt>, status: u16, state: OutcomeState) -> Attempt {
        let why = match &state {
            OutcomeState::Failed { why } => why.clone(),
            OutcomeState::Stale { what } => what.clone(),
            OutcomeState::Refused { rule } => rule.clone(),
            other => other.word().to_owned(),
        };
        self.settle_all(state).await;
        self.reached(receipt, StepState::Ended { status, why }).await;
        Attempt::Done(false)
    }

    pub(super) async fn keep_lesson(&self, step: &Step, reply: &Reply) {
        let Some(lesson) = self.party.connector.lesson(&self.party.site, step, reply) else { return };
        let system = step.system.clone();
        let kept: Result<(), StoreError> =
            self.desk.keeper.ask(move |journal| journal.keep_lesson(&system, &lesson)).await;
        if let Err(why) = kept {
            (self.tell)(Report::Notice(format!("a lesson could not be kept: {why}")));
        }
    }
}
