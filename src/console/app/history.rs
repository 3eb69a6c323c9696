//! Past pushes and what came of them: a list, and the page of one; retry of what failed, and the way back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::engine::protocol::{Command, LookUp, PastPush, PastStep, World};
use crate::model::RecordKey;
use crate::plan::stage::Stager;
use crate::plan::{self, Change, ChangeId, Outcome, OutcomeState, PlanId, Renewed, Target, Undo, renew};

use super::action::Action;
use super::lines::{Line, Tone};
use super::past::{HistoryRow, Page, list, turned};
use super::said::said;
use super::text::{self, text};
use super::{App, Wish};

/// The changes of a push that came about.
pub(super) fn confirmed(push: &PastPush) -> impl Iterator<Item = &Change> {
    push.outcomes
        .iter()
        .filter(|outcome| matches!(outcome.state, OutcomeState::Confirmed { .. }))
        .filter_map(|outcome| push.plan.change(&outcome.change))
}

/// What the rows were made from.
type Stamp = (u64, Option<u64>, u16, Option<PlanId>);

/// The history's tab.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The pushes, newest first; `None`: not asked yet.
    pub pushes: Option<Vec<PastPush>>,
    /// Writes of an earlier run that nobody knows the outcome of.
    pub unknown: Vec<(ChangeId, String)>,
    /// They are being looked up: which of them, and until when at the latest.
    pub looking: Option<LookUp>,
    /// The journal's head: the number of the last entry and its hash.
    pub head: Option<(i64, String)>,
    /// Whether the record is as it was written, once it was gone through: its entries, and the first that is not.
    pub proved: Option<(i64, Option<i64>)>,
    /// The rows.
    pub rows: Vec<HistoryRow>,
    /// The cursor.
    pub at: usize,
    /// The first row shown.
    pub top: usize,
    /// The push whose page is open.
    open: Option<PlanId>,
    /// Where the list stood when the page was opened.
    left: (usize, usize),
    sent: Option<(PlanId, Arc<[PastStep]>)>,
    unfolded: HashSet<ChangeId>,
    made: Option<Stamp>,
    version: u64,
    /// Pushes of this run that were turned away before anything was sent, which no journal has: newest first, with how
    /// many changes, and why.
    away: Vec<(jiff::Timestamp, usize, String)>,
    /// By record: the places of push, change and outcome.
    index: HashMap<RecordKey, Vec<[usize; 3]>>,
}

impl History {
    /// Whether the record is as it was written, in words; empty until that is known of all of it.
    pub fn proof(&self) -> (Tone, String) {
        match self.proved {
            Some((_, Some(entry))) => (Tone::Bad, text!("history.broken", n = entry)),
            Some((entries, None)) if self.head.as_ref().is_none_or(|(head, _)| *head == entries) => {
                (Tone::Good, text!("history.proved", n = text::count(entries.unsigned_abs())))
            }
            _ => (Tone::Dim, String::new()),
        }
    }

    pub(super) fn came(&mut self, pushes: Vec<PastPush>) {
        self.index.clear();
        for (at, push) in pushes.iter().enumerate() {
            let places: HashMap<&ChangeId, usize> =
                push.plan.changes.iter().enumerate().map(|(place, change)| (&change.id, place)).collect();
            for (outcome, told) in push.outcomes.iter().enumerate() {
                let Some(&place) = places.get(&told.change) else { continue };
                let change = &push.plan.changes[place];
                let own = match &change.target {
                    Target::Record(key) => Some(key),
                    Target::New(_) => None,
                };
                for key in change.source.iter().chain(own) {
                    self.index.entry(key.clone()).or_default().push([at, place, outcome]);
                }
            }
        }
        self.pushes = Some(pushes);
        self.version += 1;
    }

    /// What was pushed about these records, newest first: the push's place, the change, and what came of it.
    pub(super) fn about(&self, keys: &[RecordKey]) -> Vec<(usize, &Change, &Outcome)> {
        let mut places: Vec<[usize; 3]> =
            keys.iter().filter_map(|key| self.index.get(key)).flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let pushes = self.pushes.as_deref().unwrap_or_default();
        let found = places.into_iter().filter_map(|[at, change, outcome]| {
            let push = pushes.get(at)?;
            Some((at, push.plan.changes.get(change)?, push.outcomes.get(outcome)?))
        });
        found.collect()
    }

    /// Rises with whatever is shown here.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub(super) fn recalled(&mut self, plan: PlanId, sent: Arc<[PastStep]>) {
        self.sent = Some((plan, sent));
        self.version += 1;
    }

    /// Whether the page of one push is open.
    pub fn opened(&self) -> bool {
        self.open.is_some()
    }

    /// The push under the cursor, or the one whose page is open.
    pub fn here(&self) -> Option<&PastPush> {
        if let Some(open) = &self.open {
            return self.pushes.iter().flatten().find(|push| push.plan.id == *open);
        }
        let at = self.rows.get(self.at)?.push?;
        self.pushes.as_ref()?.get(at)
    }

    pub(super) fn unknown(&mut self, unknown: Vec<(ChangeId, String)>) {
        self.unknown = unknown;
        self.version += 1;
    }

    /// What is unknown is looked up, or is no more.
    pub(super) fn looks(&mut self, looking: Option<LookUp>) {
        self.looking = looking;
        self.version += 1;
    }

    /// A push was turned away: how many changes, and why.
    pub(super) fn turned_away(&mut self, at: jiff::Timestamp, (changes, why): (usize, String)) {
        self.away.insert(0, (at, changes, why));
        self.version += 1;
    }

    /// Whether there is anything whose outcome nobody knows.
    pub(super) fn doubts(&self) -> bool {
        let open =
            |outcome: &Outcome| !outcome.state.settled() || matches!(outcome.state, OutcomeState::Unknown { .. });
        let Some(pushes) = &self.pushes else { return true };
        !self.unknown.is_empty() || pushes.iter().any(|push| !push.closed || push.outcomes.iter().any(open))
    }

    /// Opens the push under the cursor; on its page, the requests of the change under the cursor, or of all.
    pub(super) fn fold(&mut self, all: bool, wishes: &mut Vec<Wish>) {
        self.version += 1;
        let Some(push) = self.here() else { return };
        let id = push.plan.id.clone();
        if self.open.is_none() {
            self.left = (self.at, self.top);
            (self.at, self.top) = (0, 0);
            self.unfolded.clear();
            if self.sent.as_ref().is_none_or(|(of, _)| *of != id) {
                self.sent = None;
                wishes.push(Wish::Engine(Command::Recall(id.clone())));
            }
            self.open = Some(id);
            return;
        }
        if all {
            let every: HashSet<ChangeId> = push.plan.changes.iter().map(|change| change.id.clone()).collect();
            self.unfolded = if self.unfolded.is_empty() { every } else { HashSet::new() };
        } else if let Some(change) = self.rows.get(self.at).and_then(|row| row.change.clone()) {
            // The cursor goes to the change itself, so that closing it leaves it in sight.
            let first = self.rows.iter().position(|row| row.change.as_ref() == Some(&change));
            self.at = first.unwrap_or(self.at);
            if !self.unfolded.remove(&change) {
                self.unfolded.insert(change);
            }
        }
    }

    /// Back from the page of a push to the list. Whether there was one.
    pub(super) fn leave(&mut self) -> bool {
        if self.open.take().is_none() {
            return false;
        }
        (self.at, self.top) = self.left;
        self.version += 1;
        true
    }

    /// The rows are worded anew.
    pub(super) fn anew(&mut self) {
        self.made = None;
    }

    /// The changes of the push under the cursor that did not come about and can be tried again.
    pub fn failed(&self) -> Vec<Change> {
        let Some(push) = self.here() else { return Vec::new() };
        plan::retry(&push.plan, &push.outcomes, &|id| created(push, id))
    }

    /// `running`: the plan that is being carried out.
    pub(super) fn refresh(&mut self, world: Option<&World>, columns: u16, running: Option<&PlanId>, look_up: &str) {
        let shown = self.open.as_ref().and(world).map(|world| world.generation);
        let stamp = Some((self.version, shown, columns, running.cloned()));
        if self.made == stamp {
            return;
        }
        self.made = stamp;
        let cells = usize::from(columns).saturating_sub(4);
        let opened = self.open.as_ref().and_then(|open| {
            let at = self.pushes.iter().flatten().position(|push| push.plan.id == *open)?;
            Some((at, self.pushes.as_ref()?.get(at)?))
        });
        self.rows = match opened {
            Some((at, push)) => {
                let sent = self.sent.as_ref().filter(|(of, _)| *of == push.plan.id).map(|(_, sent)| &**sent);
                let compared = world.map(|world| &*world.compared);
                Page { at, push, sent, unfolded: &self.unfolded, compared, cells, running }.rows()
            }
            None => {
                let mut rows = turned(&self.away, cells);
                rows.extend(list(
                    self.pushes.as_deref(),
                    &self.unknown,
                    self.looking.as_ref(),
                    cells,
                    running,
                    look_up,
                ));
                rows
            }
        };
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }
}

/// The id of the record that a create of a push brought into being.
pub(super) fn created(push: &PastPush, change: &ChangeId) -> Option<String> {
    push.created.iter().find(|(of, _)| of == change).map(|(_, id)| id.clone())
}

impl App {
    /// Stages what takes the push under the cursor back: through plan, preview and confirmation like any other change.
    pub(super) fn undo(&mut self, wishes: &mut Vec<Wish>) {
        let Some(push) = self.history.here() else { return };
        if self.runs(push) {
            return self.say(Tone::Warn, text!("push.running"));
        }
        let Undo { back, cannot, with } = plan::undo(&push.plan, &push.outcomes, &|id| created(push, id));
        let lines: Vec<Line> = cannot
            .iter()
            .flat_map(|(id, why)| {
                let label = push.plan.change(id).map_or_else(|| id.to_string(), |change| change.label.clone());
                [
                    Line::default().data(Tone::Strong, label),
                    Line::default().data(Tone::Warn, format!("  {}", said(why))),
                ]
            })
            .collect();
        let n = text::count(back.len() as u64);
        let key = self.keymap.shown(Action::Prepare);
        if !back.is_empty() {
            self.staged.add_all(back);
            self.keep(wishes);
        }
        let mut said = if cannot.is_empty() {
            text!("history.undo", n = n, key = key)
        } else {
            text!("history.undo-some", n = n, lost = text::count(cannot.len() as u64), key = key)
        };
        if with > 0 {
            said.push_str(&text!("history.undo-with", n = text::count(with as u64)));
        }
        let tone = if cannot.is_empty() { Tone::Plain } else { Tone::Warn };
        self.say(tone, said);
        if !lines.is_empty() {
            self.read(text!("history.no-way-back"), lines);
        }
    }

    /// Whether a push is still at work, here or elsewhere: what comes of it is not known yet.
    fn runs(&self, push: &PastPush) -> bool {
        push.running || (self.plan.pushing() && self.plan.plan().is_some_and(|plan| plan.id == push.plan.id))
    }

    /// Stages what did not come about in the push under the cursor anew, from what has been read since.
    pub(super) fn retry(&mut self, wishes: &mut Vec<Wish>) {
        if self.history.here().is_some_and(|push| self.runs(push)) {
            return self.say(Tone::Warn, text!("push.running"));
        }
        let failed = self.history.failed();
        self.stage_again(&failed, wishes);
    }

    /// Stages changes anew from what has been read since; gives those that are still needed.
    pub(super) fn stage_again(&mut self, failed: &[Change], wishes: &mut Vec<Wish>) -> Vec<ChangeId> {
        let Some(world) = self.world.clone() else {
            self.say(Tone::Warn, text!("history.not-read"));
            return Vec::new();
        };
        let stager = Stager::new(&world.compared);
        let (mut again, mut done, mut lines) = (Vec::new(), 0, Vec::new());
        for change in failed {
            match renew(&stager, &world.compared, change) {
                Renewed::Again(change) => again.push(*change),
                Renewed::Done => done += 1,
                Renewed::Not(why) => lines.push(Line::default().data(Tone::Warn, why)),
            }
        }
        let n = text::count(again.len() as u64);
        let ids = again.iter().map(|change: &Change| change.id.clone()).collect();
        if !again.is_empty() {
            self.staged.add_all(again);
            self.keep(wishes);
        }
        let key = self.keymap.shown(Action::Prepare);
        let tone = if lines.is_empty() { Tone::Plain } else { Tone::Warn };
        self.say(tone, text!("history.staged-again", n = n, done = text::count(done), key = key));
        if !lines.is_empty() {
            self.read(text!("history.not-again"), lines);
        }
        ids
    }
}
