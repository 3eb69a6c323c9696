//! A push while it runs: what came of each change, which of that somebody has to look at, and what asking it to stop means.

use std::collections::HashMap;

use crate::plan::{ChangeId, Outcome, OutcomeState, PlanId};

/// A push, live.
#[derive(Clone, Debug)]
pub(super) struct Push {
    pub(super) id: PlanId,
    pub(super) outcomes: HashMap<ChangeId, Outcome>,
    pub(super) running: bool,
    /// It was asked to stop.
    pub(super) stopping: bool,
}

/// What a wish to stop is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stops {
    /// The push, for the first time.
    Push(PlanId),
    /// The push, which was asked before.
    Again(PlanId),
    /// The push, which was asked before and has ended meanwhile: not what is being read since.
    Over,
    /// What is being read.
    Reading,
}

/// Whether an outcome is one that somebody has to look at.
pub(super) const fn needs_look(state: &OutcomeState) -> bool {
    matches!(
        state,
        OutcomeState::Failed { .. }
            | OutcomeState::Unknown { .. }
            | OutcomeState::Stale { .. }
            | OutcomeState::Differs { .. }
            | OutcomeState::Refused { .. }
            | OutcomeState::Skipped { .. }
    )
}
