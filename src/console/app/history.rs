//! Past pushes and what came of them.

use std::collections::HashSet;

use crate::engine::protocol::{PastPush, World};
use crate::plan::{Change, ChangeId, Expect, OutcomeState, PlanId, invert};

use super::lines::{Line, Tone, clock, padded};
use super::preview::{describe, indent, outcome_tone, why};
use super::rows::Rows;
use super::text::{self, text};
use super::{App, Wish};

/// The changes of a push that came about.
pub(super) fn confirmed(push: &PastPush) -> impl Iterator<Item = &Change> {
    push.outcomes
        .iter()
        .filter(|outcome| matches!(outcome.state, OutcomeState::Confirmed { .. }))
        .filter_map(|outcome| push.plan.change(&outcome.change))
}

/// One row of the tab.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    /// The push that it belongs to.
    pub push: Option<usize>,
    /// The words.
    pub line: Line,
}

/// The history's tab.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The pushes, newest first; `None`: not asked yet.
    pub pushes: Option<Vec<PastPush>>,
    /// Writes of an earlier run that nobody knows the outcome of.
    pub unknown: Vec<(ChangeId, String)>,
    /// The rows.
    pub rows: Vec<HistoryRow>,
    /// The cursor.
    pub at: usize,
    /// The first row shown.
    pub top: usize,
    open: HashSet<PlanId>,
    made: Option<(u64, bool)>,
    version: u64,
}

impl History {
    pub(super) fn came(&mut self, pushes: Vec<PastPush>) {
        self.pushes = Some(pushes);
        self.version += 1;
    }

    /// The push under the cursor.
    pub fn here(&self) -> Option<&PastPush> {
        let at = self.rows.get(self.at)?.push?;
        self.pushes.as_ref()?.get(at)
    }

    pub(super) fn unknown(&mut self, unknown: Vec<(ChangeId, String)>) {
        self.unknown = unknown;
        self.version += 1;
    }

    pub(super) fn fold(&mut self) {
        self.version += 1;
        if let Some(id) = self.here().map(|push| push.plan.id.clone())
            && !self.open.remove(&id)
        {
            self.open.insert(id);
        }
    }

    /// The changes of the push under the cursor that did not come about.
    pub fn failed(&self) -> Vec<Change> {
        let Some(push) = self.here() else { return Vec::new() };
        push.outcomes
            .iter()
            .filter(|outcome| !matches!(outcome.state, OutcomeState::Confirmed { .. } | OutcomeState::Accepted))
            .filter_map(|outcome| push.plan.change(&outcome.change).cloned())
            .collect()
    }

    pub(super) fn refresh(&mut self, world: Option<&World>) {
        let stamp = (self.version, world.is_some());
        if self.made == Some(stamp) {
            return;
        }
        self.made = Some(stamp);
        let compared = world.map(|world| &*world.compared);
        let mut rows = Vec::new();
        for (id, what) in &self.unknown {
            let line = Line::of(Tone::Warn, "unknown   ")
                .data(Tone::Strong, id.to_string())
                .data(Tone::Plain, format!("  {what}"));
            rows.push(HistoryRow { push: None, line });
        }
        for (at, push) in self.pushes.iter().flatten().enumerate() {
            let open = self.open.contains(&push.plan.id);
            let mut counts: std::collections::BTreeMap<&str, (usize, Tone)> = std::collections::BTreeMap::new();
            for outcome in &push.outcomes {
                counts.entry(outcome.state.word()).or_insert((0, outcome_tone(&outcome.state))).0 += 1;
            }
            let mut line = Line::of(Tone::Dim, if open { "- " } else { "+ " })
                .with(Tone::Strong, clock(push.began))
                .with(Tone::Dim, format!("  {}  ", push.who))
                .with(Tone::Plain, text::changes(push.plan.changes.len()));
            for (word, (n, tone)) in counts {
                line = line.with(tone, format!("  {} {word}", text::count(n as u64)));
            }
            rows.push(HistoryRow { push: Some(at), line });
            if !open {
                continue;
            }
            for change in &push.plan.changes {
                let outcome = push.outcomes.iter().find(|outcome| outcome.change == change.id);
                let (word, tone) = outcome
                    .map_or(("pending", Tone::Dim), |outcome| (outcome.state.word(), outcome_tone(&outcome.state)));
                let mut line = Line::of(tone, padded(&format!("    {word}"), 15))
                    .with(Tone::Dim, format!("{} {}  ", change.system, super::lines::op(change.op)));
                let described = describe(change, compared);
                line.parts.extend(described.parts);
                line.private.extend(described.private);
                rows.push(HistoryRow { push: Some(at), line });
                if let Some(why) = outcome.and_then(|outcome| why(&outcome.state)) {
                    rows.push(HistoryRow { push: Some(at), line: indent(14, Line::default().data(Tone::Dim, why)) });
                }
            }
        }
        if rows.is_empty() {
            let words = if self.pushes.is_some() { text!("history.empty") } else { text!("history.waiting") };
            rows.push(HistoryRow { push: None, line: Line::of(Tone::Dim, words) });
        }
        self.at = self.at.min(rows.len() - 1);
        self.rows = rows;
    }
}

impl App {
    /// Stages what takes the push under the cursor back: through plan, preview and confirmation like any other change.
    pub(super) fn undo(&mut self, wishes: &mut Vec<Wish>) {
        let Some(push) = self.history.here() else { return };
        let compared = self.world.as_ref().map(|world| &world.compared);
        let mut back = Vec::new();
        let mut lost = 0;
        for change in confirmed(push) {
            let before: &[_] = match &change.expect {
                Expect::Facets(facets) => facets,
                Expect::Absent { .. } => &[],
            };
            let created = compared.and_then(|compared| {
                let rows = Rows::new(compared, change.kind);
                let identity = rows.find(change.source.as_ref()?, 0)?;
                rows.key_in(identity, compared.inputs.index(&change.system)?)
            });
            match invert(change, before, created.as_ref()) {
                Ok(inverse) => back.push(inverse),
                Err(_) => lost += 1,
            }
        }
        let n = text::count(back.len() as u64);
        let key = self.keymap.shown(super::Action::Prepare);
        self.staged.add_all(back);
        self.keep(wishes);
        if lost > 0 {
            self.say(Tone::Warn, text!("history.undo-some", n = n, lost = lost, key = key));
        } else {
            self.say(Tone::Plain, text!("history.undo", n = n, key = key));
        }
    }

    /// Stages again what did not come about in the push under the cursor.
    pub(super) fn retry(&mut self, wishes: &mut Vec<Wish>) {
        let failed = self.history.failed();
        let n = failed.len();
        self.staged.add_all(failed);
        self.keep(wishes);
        self.say(Tone::Plain, text!("history.staged-again", n = text::count(n as u64)));
    }
}
