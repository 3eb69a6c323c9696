//! The plan as it is shown: guards and lint on top, changes by system and operation, each with its requests exactly as they
//! will be sent, and during a push what came of each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

use crate::compare::Compared;
use crate::engine::protocol::{Command, World};
use crate::model::Op;
use crate::plan::{Change, ChangeId, Outcome, OutcomeState, Plan, PlanId, Step, Target};

use super::action::Action;
use super::confirm::{Ask, Confirm, Question, side_effects};
use super::keys::Keymap;
use super::lines::{Line, Tone, op};
use super::mask::private;
use super::popup::Popup;
use super::preview::{cannot_undo, describe, indent, lasting, outcome_tone, step_lines, why};
use super::said::said;
use super::staged::Staged;
use super::text::{self, text};
use super::{App, Tab, Wish};

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
    /// A change: what came of it is drawn beside it.
    Change {
        /// Which.
        id: ChangeId,
        /// What it does.
        line: Line,
        /// Its requests are shown.
        open: bool,
    },
}

/// A push, live.
#[derive(Clone, Debug)]
struct Push {
    id: PlanId,
    outcomes: HashMap<ChangeId, Outcome>,
    running: bool,
}

/// The plan's tab.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Where it stands.
    pub standing: Standing,
    /// The rows.
    pub rows: Vec<PlanRow>,
    /// The cursor.
    pub at: usize,
    /// The first row shown.
    pub top: usize,
    open: HashSet<ChangeId>,
    push: Option<Push>,
    asked: u64,
    drawn_for: Option<(u64, bool, u16)>,
    cells: usize,
    made: Option<jiff::Timestamp>,
    dirty: bool,
}

impl Planned {
    /// Whether a push runs.
    pub fn pushing(&self) -> bool {
        self.push.as_ref().is_some_and(|push| push.running)
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
        self.plan().is_some() && self.asked == staged.version()
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

    pub(super) fn prepared(&mut self, plan: Arc<Plan>) {
        if self.preparing() {
            self.standing = Standing::Ready(plan);
            self.open.clear();
            self.at = 0;
            self.top = 0;
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
        self.push = Some(Push { id: plan.id.clone(), outcomes: HashMap::new(), running: true });
        self.dirty = true;
    }

    pub(super) fn began(&mut self, id: &PlanId) {
        if self.push.as_ref().is_none_or(|push| &push.id != id) {
            self.push = Some(Push { id: id.clone(), outcomes: HashMap::new(), running: true });
        }
        self.dirty = true;
    }

    pub(super) fn outcome(&mut self, id: &PlanId, outcome: Outcome) {
        let Some(push) = self.push.as_mut().filter(|push| &push.id == id) else { return };
        self.dirty |= why(&outcome.state).is_some();
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
        self.made.is_none_or(|made| now.as_millisecond() - made.as_millisecond() > 200)
    }

    /// A push has ended: how many changes ended how.
    pub(super) fn ended(&mut self, id: &PlanId) -> Option<Vec<(&'static str, usize)>> {
        let push = self.push.as_mut().filter(|push| &push.id == id)?;
        push.running = false;
        self.dirty = true;
        Some(self.counts().map(|(counts, _)| counts).unwrap_or_default())
    }

    pub(super) fn forget(&mut self) {
        let push = self.push.take().filter(|push| push.running);
        *self = Self { push, asked: self.asked, dirty: true, ..Self::default() };
    }

    /// The change under the cursor, or that the row under the cursor belongs to.
    pub fn change_here(&self) -> Option<ChangeId> {
        let upto = self.rows.get(..=self.at.min(self.rows.len().checked_sub(1)?))?;
        if matches!(upto.last(), Some(PlanRow::Guard(..))) {
            return None;
        }
        upto.iter().rev().find_map(|row| match row {
            PlanRow::Change { id, .. } => Some(id.clone()),
            _ => None,
        })
    }

    /// Opens or closes the change under the cursor; all of them with `all`.
    pub(super) fn fold(&mut self, all: bool) {
        if all {
            let ids: Vec<ChangeId> = self
                .rows
                .iter()
                .filter_map(|row| match row {
                    PlanRow::Change { id, .. } => Some(id.clone()),
                    _ => None,
                })
                .collect();
            if self.open.is_empty() {
                self.open.extend(ids);
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
        self.dirty = true;
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

    /// Makes the rows anew where something has changed.
    pub(super) fn refresh(
        &mut self,
        world: Option<&World>,
        staged: &Staged,
        columns: u16,
        now: jiff::Timestamp,
        keymap: &Keymap,
    ) {
        let stamp = (staged.version(), world.is_some(), columns);
        self.cells = usize::from(columns).saturating_sub(4);
        if !self.dirty && self.drawn_for == Some(stamp) {
            return;
        }
        self.dirty = false;
        self.made = Some(now);
        self.drawn_for = Some(stamp);
        let compared = world.map(|world| &*world.compared);
        self.rows = match &self.standing {
            Standing::Ready(plan) => self.plan_rows(plan, compared, &keymap.shown(Action::Acknowledge)),
            _ => self.staged_rows(staged, compared, &keymap.shown(Action::Stage)),
        };
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }

    /// What is staged, while there are no requests yet.
    fn staged_rows(&self, staged: &Staged, compared: Option<&Compared>, key: &str) -> Vec<PlanRow> {
        let mut rows = Vec::new();
        if staged.is_empty() {
            rows.push(PlanRow::Text(Line::of(Tone::Dim, text!("plan.empty", key = key))));
            return rows;
        }
        match &self.standing {
            Standing::Preparing => rows.push(PlanRow::Text(Line::of(Tone::Dim, text!("plan.preparing")))),
            Standing::Not(why) => {
                let line = Line::of(Tone::Bad, why.clone());
                rows.extend(line.wrapped(self.cells).into_iter().map(PlanRow::Text));
            }
            _ => {}
        }
        let changes: Vec<&Change> = staged.changes().collect();
        self.grouped(&changes, compared, &mut rows, None);
        rows
    }

    fn plan_rows(&self, plan: &Plan, compared: Option<&Compared>, key: &str) -> Vec<PlanRow> {
        let mut rows = Vec::new();
        for (at, guard) in plan.guards.iter().enumerate() {
            let (tone, mark) = if guard.acknowledged { (Tone::Warn, "ok") } else { (Tone::Bad, " x") };
            let mut line =
                Line::of(tone, format!("{mark} {}  ", guard.rule)).data(Tone::Plain, said(&guard.text)).hanging(5);
            if guard.acknowledged {
                line = line.with(Tone::Dim, text!("plan.acknowledged"));
            } else if guard.can_acknowledge {
                line = line.with(Tone::Dim, text!("plan.can-acknowledge", key = key));
            }
            rows.extend(line.wrapped(self.cells).into_iter().map(|line| PlanRow::Guard(at, line)));
        }
        for line in lints(plan, compared) {
            rows.extend(line.wrapped(self.cells).into_iter().map(PlanRow::Text));
        }
        for (effect, n) in side_effects(plan) {
            let n = text::count(n as u64);
            let line = Line::of(Tone::Warn, text!("plan.side-effect", n = n, effect = effect)).hanging(3);
            rows.extend(line.wrapped(self.cells).into_iter().map(PlanRow::Text));
        }
        if let Some(words) = lasting(&plan.changes) {
            rows.push(PlanRow::Text(Line::of(Tone::Warn, format!(" i {words}"))));
        }
        if !rows.is_empty() {
            rows.push(PlanRow::Text(Line::default()));
        }
        let changes: Vec<&Change> = plan.changes.iter().collect();
        self.grouped(&changes, compared, &mut rows, Some(plan));
        rows
    }

    fn grouped(&self, changes: &[&Change], compared: Option<&Compared>, rows: &mut Vec<PlanRow>, plan: Option<&Plan>) {
        let mut groups: BTreeMap<(usize, &str, Op), Vec<&Change>> = BTreeMap::new();
        for change in changes {
            let place = compared.and_then(|compared| compared.inputs.index(&change.system)).unwrap_or(usize::MAX);
            groups.entry((place, change.system.as_str(), change.op)).or_default().push(change);
        }
        let steps = plan.map(|plan| by_change(plan)).unwrap_or_default();
        let refused: HashMap<&ChangeId, &String> =
            plan.iter().flat_map(|plan| plan.refused.iter().map(|(id, why)| (id, why))).collect();
        for ((_, system, what), changes) in groups {
            let n = text::count(changes.len() as u64);
            let tone = if what.removes() { Tone::Extra } else { Tone::Heading };
            let heading = Line::of(Tone::Heading, format!("{system}  ")).with(tone, format!("{}  {n}", op(what)));
            rows.push(PlanRow::Text(heading));
            for change in changes {
                let open = self.open.contains(&change.id);
                rows.push(PlanRow::Change { id: change.id.clone(), line: describe(change, compared), open });
                if let Some(why) = refused.get(&change.id) {
                    let line = indent(4, Line::of(Tone::Bad, text!("plan.refused", why = said(why))));
                    rows.extend(line.wrapped(self.cells).into_iter().map(PlanRow::Text));
                }
                let outcome = self.outcome_of(&change.id);
                let good = |outcome: &Outcome| matches!(outcome.state, OutcomeState::Confirmed { .. });
                if let Some(outcome) = outcome.filter(|outcome| open || !good(outcome))
                    && let Some(why) = why(&outcome.state)
                {
                    let line = indent(4, Line::default().data(outcome_tone(&outcome.state), why));
                    rows.extend(line.wrapped(self.cells).into_iter().map(PlanRow::Text));
                }
                if open {
                    let whole = indent(4, describe(change, compared));
                    if whole.text().width() + 12 > self.cells {
                        rows.extend(whole.wrapped(self.cells).into_iter().map(PlanRow::Text));
                    }
                    if let Some(reason) = cannot_undo(change) {
                        let line = indent(4, Line::of(Tone::Warn, text!("plan.no-undo", why = reason)));
                        rows.extend(line.wrapped(self.cells).into_iter().map(PlanRow::Text));
                    }
                    let none = Vec::new();
                    let steps = steps.get(&change.id).unwrap_or(&none);
                    if steps.is_empty() && plan.is_none() {
                        rows.push(PlanRow::Text(indent(4, Line::of(Tone::Dim, text!("plan.no-requests-yet")))));
                    }
                    for step in steps {
                        rows.extend(
                            step_lines(step).iter().flat_map(|line| line.wrapped(self.cells)).map(PlanRow::Text),
                        );
                    }
                }
            }
        }
    }
}

fn by_change(plan: &Plan) -> HashMap<&ChangeId, Vec<&Step>> {
    let mut steps: HashMap<&ChangeId, Vec<&Step>> = HashMap::new();
    for step in &plan.steps {
        for id in &step.serves {
            steps.entry(id).or_default().push(step);
        }
    }
    steps
}

/// Lint about records that the plan touches.
fn lints(plan: &Plan, compared: Option<&Compared>) -> Vec<Line> {
    let Some(compared) = compared.filter(|compared| !compared.lints.is_empty()) else { return Vec::new() };
    let mut touched = HashSet::new();
    for change in &plan.changes {
        if let Target::Record(key) = &change.target {
            touched.insert(key);
        }
        touched.extend(change.source.as_ref());
    }
    compared
        .lints
        .iter()
        .filter(|lint| touched.contains(&lint.record))
        .map(|lint| {
            Line::of(Tone::Warn, format!(" x {}  ", lint.system))
                .data(Tone::Strong, private(&lint.key))
                .data(Tone::Plain, format!("  {}", said(&lint.text)))
        })
        .collect()
}

impl App {
    /// Makes the staged changes into a plan: reads at most.
    pub(super) fn prepare(&mut self, wishes: &mut Vec<Wish>) {
        let ready = self.plan.preparing() || (self.plan.fresh(&self.staged) && !self.plan.used());
        if self.plan.pushing() || (ready && self.plan.asked == self.staged.version()) {
            return;
        }
        if self.staged.is_empty() {
            if !self.plan.used() {
                self.plan.forget();
            }
            return;
        }
        self.plan.standing = Standing::Preparing;
        self.plan.asked = self.staged.version();
        self.plan.dirty = true;
        wishes.push(Wish::Engine(Command::Prepare(self.staged.changes().cloned().collect())));
    }

    pub(super) fn go_plan(&mut self, wishes: &mut Vec<Wish>) {
        if self.tab == Tab::Plan {
            self.prepare(wishes);
        } else {
            self.go_tab(Tab::Plan, wishes);
        }
    }

    pub(super) fn ask_push(&mut self) {
        if let Some(plan) = self.plan.plan() {
            let confirm = Confirm::new(plan.clone(), self.world.as_deref());
            self.popup = Some(Popup::Confirm(Box::new(confirm)));
        }
    }

    pub(super) fn ask_discard(&mut self) {
        let n = text::count(self.staged.len() as u64);
        self.popup = Some(Popup::Ask(Ask::new(Question::Discard, text!("plan.discard-ask", n = n))));
    }

    /// Why the plan cannot be pushed now.
    pub(super) fn no_push(&self) -> Option<String> {
        if self.plan.pushing() {
            return Some(text!("push.running").to_owned());
        }
        let Some(plan) = self.plan.plan() else {
            let key = self.keymap.shown(Action::Prepare);
            return Some(if self.staged.is_empty() {
                text!("push.nothing-staged").to_owned()
            } else {
                text!("push.no-plan", key = key)
            });
        };
        if self.plan.used() {
            return Some(text!("push.used").to_owned());
        }
        if !self.plan.fresh(&self.staged) {
            return Some(text!("push.outdated", key = self.keymap.shown(Action::Prepare)));
        }
        if let Some(guard) = plan.guards.iter().find(|guard| !guard.acknowledged) {
            return Some(text!("push.guarded", rule = guard.rule));
        }
        (plan.count() == 0).then(|| text!("push.all-refused").to_owned())
    }
}
