//! The plan: where it stands, what is left out of it, and what came of each change during a push.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::model::{Op, SystemId};
use crate::plan::{Change, ChangeId, Outcome, OutcomeState, Plan, PlanId};

use crate::engine::protocol::Making;

use super::lines::Line;
use super::live::{Push, Stops, needs_look};
use super::staged::Staged;
use super::text::text;

/// Where the plan stands.
#[derive(Clone, Debug, Default)]
pub enum Standing {
    /// None was made.
    #[default]
    None,
    /// It is being made.
    Preparing,
    /// It could not be made, and why.
    Not(String),
    /// It is ready.
    Ready(Arc<Plan>),
}

/// One row of the tab.
#[derive(Clone, Debug)]
pub enum PlanRow {
    /// Words.
    Text(Line),
    /// A guard: its place in the plan.
    Guard(usize, Line),
    /// The changes of one operation in one system, or of a push those that need a look or were not begun.
    Group {
        /// Which.
        of: GroupKey,
        /// It in words, with its size.
        line: Line,
        /// Its changes are shown.
        open: bool,
    },
    /// A change: what came of it is drawn beside it.
    Change {
        /// Which.
        id: ChangeId,
        /// What it does.
        line: Line,
        /// Its requests are shown.
        open: bool,
        /// It is to be pushed.
        on: bool,
    },
}

/// A group of the plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKey {
    /// What needs a look after a push.
    Look,
    /// What a push that was stopped did not begin.
    Stopped,
    /// An operation in a system.
    Of(SystemId, Op),
}

/// The plan's tab.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Where it stands.
    pub standing: Standing,
    /// How far the plan in the making is.
    pub(super) making: Vec<Making>,
    /// The rows.
    pub rows: Vec<PlanRow>,
    /// The cursor.
    pub at: usize,
    /// The first row shown.
    pub top: usize,
    /// Only changes with these words are listed.
    pub filter: String,
    /// How many changes that are.
    pub found: usize,
    pub(super) open: HashSet<ChangeId>,
    /// Groups that are folded, against what is usual for their size.
    pub(super) folded: HashSet<GroupKey>,
    /// Staged changes that are left out.
    pub(super) off: BTreeSet<ChangeId>,
    pub(super) offs: u64,
    pub(super) push: Option<Push>,
    pub(super) asked: (u64, u64),
    pub(super) drawn_for: Option<Stamp>,
    pub(super) cells: usize,
    pub(super) made: Option<jiff::Timestamp>,
    pub(super) dirty: bool,
    /// Changes in words, as they were made before.
    pub(super) words: HashMap<ChangeId, Line>,
    pub(super) worded_for: usize,
    /// The changes of the plan that cannot be taken back, once that was found out.
    pub(super) lasting: Option<HashSet<ChangeId>>,
    /// What is listed, while the plan is narrowed.
    pub(super) listed: HashSet<ChangeId>,
    /// The cursor has its first place in this plan.
    pub(super) placed: bool,
    /// A push has ended, and nobody has looked at what came of it.
    pub(super) unseen: bool,
}

/// What rows were made for.
pub(super) type Stamp = (u64, bool, u16, i64);

impl Planned {
    /// Whether a push runs.
    pub fn pushing(&self) -> bool {
        self.push.as_ref().is_some_and(|push| push.running)
    }

    /// The plan that is being carried out.
    pub(super) fn running(&self) -> Option<&PlanId> {
        self.push.as_ref().filter(|push| push.running).map(|push| &push.id)
    }

    /// Whether a change of the plan cannot be taken back once it is pushed.
    pub fn lasts(&self, id: &ChangeId) -> bool {
        self.lasting.as_ref().is_some_and(|lasting| lasting.contains(id))
    }

    /// Whether some cannot, and none was pushed yet: then each says so in its row.
    pub fn warns(&self) -> bool {
        !self.used() && self.lasting.as_ref().is_some_and(|lasting| !lasting.is_empty())
    }

    /// Whether a push that runs carries this change out: it is sent, whatever is staged meanwhile.
    pub fn carries(&self, id: &ChangeId) -> bool {
        self.pushing() && self.used() && self.plan().is_some_and(|plan| plan.change(id).is_some())
    }

    /// Asks the push to stop, if that is what is meant.
    pub(super) fn stopping(&mut self) -> Stops {
        let Some(push) = &mut self.push else { return Stops::Reading };
        let before = std::mem::replace(&mut push.stopping, push.running);
        match (push.running, before) {
            (true, false) => Stops::Push(push.id.clone()),
            (true, true) => Stops::Again(push.id.clone()),
            (false, true) => Stops::Over,
            (false, false) => Stops::Reading,
        }
    }

    /// Whether a plan is being made.
    pub fn preparing(&self) -> bool {
        matches!(self.standing, Standing::Preparing)
    }

    /// The plan, where there is one.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.standing {
            Standing::Ready(plan) => Some(plan),
            _ => None,
        }
    }

    /// Whether the plan was carried out already, or is being.
    pub fn used(&self) -> bool {
        self.push.as_ref().is_some_and(|push| self.plan().is_some_and(|plan| plan.id == push.id))
    }

    /// Whether the plan is what is staged now.
    pub fn fresh(&self, staged: &Staged) -> bool {
        self.plan().is_some() && self.asked == (staged.version(), self.offs)
    }

    /// Whether a staged change is to be pushed.
    pub fn on(&self, id: &ChangeId) -> bool {
        !self.off.contains(id)
    }

    /// Leaves changes out, or takes them in again.
    pub(super) fn switch(&mut self, ids: impl IntoIterator<Item = ChangeId>, on: bool) {
        for id in ids {
            if on {
                self.off.remove(&id);
            } else {
                self.off.insert(id);
            }
        }
        self.offs += 1;
        self.dirty = true;
    }

    /// Whether an outcome of a running push waits for its time.
    pub fn waits(&self) -> bool {
        let waits = |outcome: &Outcome| matches!(outcome.state, OutcomeState::Waiting { .. });
        self.push.as_ref().is_some_and(|push| push.running && push.outcomes.values().any(waits))
    }

    /// The change under the cursor, where it waits for its time.
    pub(super) fn waiting_here(&self) -> Option<ChangeId> {
        let waits = |id: &ChangeId| {
            self.outcome_of(id).is_some_and(|outcome| matches!(outcome.state, OutcomeState::Waiting { .. }))
        };
        self.change_here().filter(waits)
    }

    /// The changes of the push that neither came about nor may still.
    pub fn failed(&self) -> Vec<ChangeId> {
        let Some(push) = self.push.as_ref().filter(|push| !push.running && self.used()) else { return Vec::new() };
        let again = |state: &OutcomeState| needs_look(state) || matches!(state, OutcomeState::Stopped { .. });
        let failed = |id: &&ChangeId| push.outcomes.get(*id).is_none_or(|outcome| again(&outcome.state));
        self.plan()
            .into_iter()
            .flat_map(|plan| &plan.changes)
            .map(|change| &change.id)
            .filter(failed)
            .cloned()
            .collect()
    }

    /// What came of a change so far.
    pub fn outcome_of(&self, id: &ChangeId) -> Option<&Outcome> {
        self.push.as_ref().filter(|_| self.used())?.outcomes.get(id)
    }

    /// How many changes ended how: `(word, count)`; and how many there are.
    pub fn counts(&self) -> Option<(Vec<(&'static str, usize)>, usize)> {
        let push = self.push.as_ref()?;
        let plan = self.plan().filter(|plan| plan.id == push.id)?;
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for change in &plan.changes {
            let word = push.outcomes.get(&change.id).map_or("pending", |outcome| outcome.state.word());
            *counts.entry(word).or_default() += 1;
        }
        Some((counts.into_iter().collect(), plan.changes.len()))
    }

    /// Whether a push ended before it began: of all that was confirmed nothing was sent, as something stood in the way.
    pub fn turned_away(&self) -> bool {
        let Some(push) = self.push.as_ref().filter(|push| !push.running && self.used()) else { return false };
        let refused = |change: &Change| {
            let outcome = push.outcomes.get(&change.id);
            outcome.is_some_and(|outcome| matches!(outcome.state, OutcomeState::Refused { .. }))
        };
        self.plan().is_some_and(|plan| plan.changes.iter().all(refused))
    }

    /// What stood in the way of a push that was turned away: how many changes, and why.
    pub(super) fn hindered(&self) -> (usize, String) {
        let outcomes = self.push.as_ref().map(|push| &push.outcomes);
        let why = outcomes.and_then(|outcomes| {
            outcomes.values().find_map(|outcome| match &outcome.state {
                OutcomeState::Refused { rule } => Some(rule.clone()),
                _ => None,
            })
        });
        (outcomes.map_or(0, HashMap::len), why.unwrap_or_default())
    }

    /// How many changes of the push are settled.
    pub fn settled(&self) -> usize {
        self.push.as_ref().map_or(0, |push| push.outcomes.values().filter(|outcome| outcome.state.settled()).count())
    }

    pub(super) fn confirmed(&self) -> Vec<ChangeId> {
        let outcomes = self.push.iter().flat_map(|push| push.outcomes.values());
        outcomes
            .filter(|outcome| matches!(outcome.state, OutcomeState::Confirmed { .. }))
            .map(|outcome| outcome.change.clone())
            .collect()
    }

    /// How far the plan in the making is.
    pub(super) fn making(&mut self, making: Vec<Making>) {
        self.dirty |= self.preparing();
        self.making = making;
    }

    pub(super) fn prepared(&mut self, plan: Arc<Plan>) {
        if self.preparing() {
            self.standing = Standing::Ready(plan);
            // The plan knows names that could not be looked up while a key waited.
            self.words.clear();
            self.open.clear();
            self.at = 0;
            self.top = 0;
            self.placed = false;
            self.lasting = None;
            self.dirty = true;
        }
    }

    pub(super) fn not_prepared(&mut self, why: String) {
        if self.preparing() {
            self.standing = Standing::Not(why);
            self.dirty = true;
        }
    }

    pub(super) fn push_asked(&mut self, plan: &Arc<Plan>) {
        self.push = Some(Push { id: plan.id.clone(), outcomes: HashMap::new(), running: true, stopping: false });
        self.dirty = true;
    }

    pub(super) fn began(&mut self, id: &PlanId) {
        if self.push.as_ref().is_none_or(|push| &push.id != id) {
            self.push = Some(Push { id: id.clone(), outcomes: HashMap::new(), running: true, stopping: false });
        }
        self.dirty = true;
    }

    pub(super) fn outcome(&mut self, id: &PlanId, outcome: Outcome) {
        let Some(push) = self.push.as_mut().filter(|push| &push.id == id) else { return };
        self.dirty = true;
        push.outcomes.insert(outcome.change.clone(), outcome);
    }

    /// The rows are worded anew.
    pub(super) fn anew(&mut self) {
        self.dirty = true;
    }

    /// Whether the rows do not show the latest outcomes yet.
    pub fn stale(&self) -> bool {
        self.dirty
    }

    /// Whether the rows were made long enough ago to be made anew for a mere outcome.
    pub(super) fn due(&self, now: jiff::Timestamp) -> bool {
        // A large plan takes its time to be made into rows.
        let pace = if self.plan().is_some_and(|plan| plan.changes.len() > 20_000) { 1000 } else { 200 };
        self.made.is_none_or(|made| now.as_millisecond() - made.as_millisecond() > pace)
    }

    /// A push has ended: how many changes ended how.
    pub(super) fn ended(&mut self, id: &PlanId) -> Option<Vec<(&'static str, usize)>> {
        let push = self.push.as_mut().filter(|push| &push.id == id)?;
        push.running = false;
        // What needs a look stands first, and the cursor on it.
        self.placed = false;
        self.unseen = true;
        self.dirty = true;
        Some(self.counts().map(|(counts, _)| counts).unwrap_or_default())
    }

    pub(super) fn forget(&mut self) {
        let push = self.push.take().filter(|push| push.running);
        let offs = self.offs;
        *self = Self { push, asked: self.asked, offs, dirty: true, ..Self::default() };
    }

    /// The change under the cursor, or that the row under the cursor belongs to.
    pub fn change_here(&self) -> Option<ChangeId> {
        let upto = self.rows.get(..=self.at.min(self.rows.len().checked_sub(1)?))?;
        if matches!(upto.last(), Some(PlanRow::Guard(..) | PlanRow::Group { .. })) {
            return None;
        }
        let nearest = upto.iter().rev().find(|row| matches!(row, PlanRow::Change { .. } | PlanRow::Group { .. }));
        match nearest {
            Some(PlanRow::Change { id, .. }) => Some(id.clone()),
            _ => None,
        }
    }

    /// Lists only what has these words.
    pub(super) fn narrow(&mut self, filter: &str) {
        if self.filter != filter {
            filter.clone_into(&mut self.filter);
            self.placed = false;
            self.dirty = true;
        }
    }

    /// To the next group of changes, or to the one before.
    /// `false`: there is none on that side.
    pub(super) fn next_group(&mut self, back: bool) -> bool {
        let group = |at: &usize| matches!(self.rows.get(*at), Some(PlanRow::Group { .. }));
        let found = if back { (0..self.at).rev().find(group) } else { (self.at + 1..self.rows.len()).find(group) };
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }

    /// Opens or closes what is under the cursor: a group, or a change with its requests. `all`: all groups, where the
    /// cursor is on one; else the requests of all changes that are shown.
    pub(super) fn fold(&mut self, all: bool) {
        self.dirty = true;
        let here = self.rows.get(self.at).cloned();
        if let Some(PlanRow::Group { of, open, .. }) = here {
            let groups = self.rows.iter().filter_map(|row| match row {
                PlanRow::Group { of, open, .. } => Some((of.clone(), *open)),
                _ => None,
            });
            let turned: Vec<GroupKey> =
                if all { groups.filter(|(_, is)| *is == open).map(|(of, _)| of).collect() } else { vec![of] };
            for of in turned {
                if !self.folded.remove(&of) {
                    self.folded.insert(of);
                }
            }
            return;
        }
        if all {
            let ids = self.rows.iter().filter_map(|row| match row {
                PlanRow::Change { id, .. } => Some(id.clone()),
                _ => None,
            });
            if self.open.is_empty() {
                self.open = ids.collect();
            } else {
                self.open.clear();
            }
        } else if let Some(id) = self.change_here() {
            if !self.open.remove(&id) {
                self.open.insert(id.clone());
            }
            let at = self.rows.iter().position(|row| matches!(row, PlanRow::Change { id: have, .. } if *have == id));
            self.at = at.unwrap_or(self.at);
        }
    }

    /// Acknowledges the guard under the cursor, or takes that back. `Err`: why it cannot be done.
    pub(super) fn acknowledge(&mut self, key: &str) -> Result<(), String> {
        let Some(PlanRow::Guard(at, _)) = self.rows.get(self.at) else {
            return Err(text!("plan.no-guard-here", key = key));
        };
        let Standing::Ready(plan) = &mut self.standing else { return Ok(()) };
        let mut changed = (**plan).clone();
        let Some(guard) = changed.guards.get_mut(*at) else { return Ok(()) };
        if !guard.can_acknowledge {
            return Err(text!("plan.hard-guard", rule = guard.rule));
        }
        guard.acknowledged = !guard.acknowledged;
        *plan = Arc::new(changed);
        self.dirty = true;
        Ok(())
    }
}
