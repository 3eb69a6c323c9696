//! The rows of the plan: guards, lint and limits on top, changes by system and operation, each with its requests exactly as
//! they will be sent, and during a push what needs a look first.

use std::collections::{BTreeMap, HashMap, HashSet};

use unicode_width::UnicodeWidthStr;

use crate::compare::Compared;
use crate::engine::protocol::World;
use crate::model::filter::{Query, Shown};
use crate::plan::{Called, Change, ChangeId, Outcome, OutcomeState, Plan, Step};

use super::action::Action;
use super::confirm::side_effects;
use super::keys::Keymap;
use super::lines::{Line, Tone, op};
use super::live::needs_look;
use super::planned::{GroupKey, PlanRow, Planned, Stamp, Standing};
use super::plansums::{counts, lints, refusals, span};
use super::preview::{cannot_undo, cause, describe, indent, lasting, lasting_words, outcome_tone, step_lines, why};
use super::said::said;
use super::staged::Staged;
use super::text::{self, text};

/// Groups of more changes than this are folded at first.
const MANY: usize = 200;

impl Planned {
    /// Makes the rows anew where something has changed and they are `shown`.
    pub(super) fn refresh(
        &mut self,
        shown: bool,
        world: Option<&World>,
        staged: &Staged,
        columns: u16,
        now: jiff::Timestamp,
        keymap: &Keymap,
    ) {
        // What waits counts down by the second, what was read ages by the minute.
        let clock = if self.waits() { now.as_second() } else { now.as_second() / 60 };
        let stamp: Stamp = (staged.version(), world.is_some(), columns, clock);
        self.cells = usize::from(columns).saturating_sub(4);
        if !shown {
            if self.due(now) {
                self.made = Some(now);
            }
            return;
        }
        if !self.dirty && self.drawn_for == Some(stamp) {
            return;
        }
        self.dirty = false;
        self.made = Some(now);
        self.drawn_for = Some(stamp);
        let compared = world.map(|world| &*world.compared);
        let over = compared.map_or(0, |compared| std::ptr::from_ref(compared).addr());
        if self.worded_for != over {
            self.words.clear();
            self.worded_for = over;
        }
        if let (Standing::Ready(plan), None) = (&self.standing, &self.lasting) {
            // Each change would have to be turned round to know it: once for a plan.
            let refused: HashSet<&ChangeId> = plan.refused.iter().map(|(id, _)| id).collect();
            let going = plan.changes.iter().filter(|change| !refused.contains(&change.id));
            self.lasting = Some(lasting(plan, going));
        }
        let mut words = std::mem::take(&mut self.words);
        let (filter, listed) = (Narrowed::new(&self.filter), HashSet::new());
        let mut maker =
            Maker { plan: self, compared, now, keymap, words: &mut words, rows: Vec::new(), filter, listed };
        match &self.standing {
            Standing::Ready(plan) => maker.plan_rows(plan, staged, world),
            _ => maker.staged_rows(staged, world),
        }
        let (rows, listed) = (maker.rows, maker.listed);
        self.at = follow(&self.rows, self.at, &rows);
        (self.rows, self.listed) = (rows, listed);
        self.found = self.listed.len();
        self.words = words;
        if !std::mem::replace(&mut self.placed, true) {
            // First where something can be done: on a guard that stands in the way, else on the first changes.
            let guard = |row: &PlanRow| matches!(row, PlanRow::Guard(..));
            let group = |row: &PlanRow| matches!(row, PlanRow::Group { .. });
            let found = self.rows.iter().position(guard).or_else(|| self.rows.iter().position(group));
            self.at = found.unwrap_or(0);
        }
        self.at = self.at.min(self.rows.len().saturating_sub(1));
    }
}

/// Where the cursor goes when the rows are made anew: it stays on its group or change, and as far below its head.
fn follow(before: &[PlanRow], at: usize, rows: &[PlanRow]) -> usize {
    let same = |one: &PlanRow, other: &PlanRow| match (one, other) {
        (PlanRow::Change { id, .. }, PlanRow::Change { id: other, .. }) => id == other,
        (PlanRow::Group { of, .. }, PlanRow::Group { of: other, .. }) => of == other,
        _ => false,
    };
    let upto = before.get(..=at).unwrap_or_default();
    let head = upto.iter().rposition(|row| matches!(row, PlanRow::Change { .. } | PlanRow::Group { .. }));
    let found = head.and_then(|head| Some((head, rows.iter().position(|row| same(row, &before[head]))?)));
    found.map_or(at, |(head, found)| found + (at - head))
}

pub(super) struct Maker<'m> {
    pub(super) plan: &'m Planned,
    pub(super) compared: Option<&'m Compared>,
    pub(super) now: jiff::Timestamp,
    keymap: &'m Keymap,
    words: &'m mut HashMap<ChangeId, Line>,
    rows: Vec<PlanRow>,
    filter: Option<Narrowed>,
    listed: HashSet<ChangeId>,
}

/// Words that changes must have, or with `!` before them must not have.
struct Narrowed {
    words: Query,
    not: bool,
}

impl Narrowed {
    fn new(filter: &str) -> Option<Self> {
        let filter = filter.trim();
        let (not, words) = filter.strip_prefix('!').map_or((false, filter), |rest| (true, rest.trim_start()));
        // In the plan there are words alone, whatever they look like.
        (!words.is_empty()).then(|| Self { words: Query::parse(&format!("'{words}")), not })
    }

    fn passes(&self, texts: &[&str]) -> bool {
        self.words.eval(&Shown(texts)) == Some(!self.not)
    }
}

impl Maker<'_> {
    pub(super) fn text(&mut self, line: &Line) {
        self.rows.extend(line.wrapped(self.plan.cells).into_iter().map(PlanRow::Text));
    }

    /// What is staged, while there are no requests yet.
    fn staged_rows(&mut self, staged: &Staged, world: Option<&World>) {
        if staged.is_empty() {
            return self.text(&Line::of(Tone::Dim, text!("plan.empty", key = self.keymap.shown(Action::Stage))));
        }
        match &self.plan.standing {
            Standing::Preparing => {
                let mut line = Line::of(Tone::Dim, text!("plan.preparing"));
                if self.plan.making.is_empty()
                    && let Some(time) = world.and_then(|world| self.reading_time(staged, world))
                {
                    line = line.with(Tone::Plain, text!("plan.about", time = time));
                }
                self.text(&line.with(Tone::Dim, text!("plan.making-stops", key = self.keymap.shown(Action::Stop))));
                self.making(world);
            }
            Standing::Not(why) => self.text(&Line::of(Tone::Bad, said(why))),
            _ => {}
        }
        let changes: Vec<&Change> = staged.changes().collect();
        self.grouped(&changes, None);
    }

    fn plan_rows(&mut self, plan: &Plan, staged: &Staged, world: Option<&World>) {
        // What was acknowledged before a push says nothing of one that was turned away by the same rule.
        let guards = if self.plan.turned_away() { &[][..] } else { &plan.guards };
        for (at, guard) in guards.iter().enumerate() {
            let (tone, mark) = if guard.acknowledged { (Tone::Warn, "ok") } else { (Tone::Bad, " x") };
            let mut line =
                Line::of(tone, format!("{mark} {}  ", guard.rule)).data(Tone::Plain, said(&guard.text)).hanging(5);
            if guard.acknowledged {
                line = line.with(Tone::Dim, text!("plan.acknowledged"));
            } else if guard.can_acknowledge {
                line =
                    line.with(Tone::Dim, text!("plan.can-acknowledge", key = self.keymap.shown(Action::Acknowledge)));
            }
            self.rows.extend(line.wrapped(self.plan.cells).into_iter().map(|line| PlanRow::Guard(at, line)));
        }
        for line in lints(plan, self.compared) {
            self.text(&line);
        }
        let refused: HashSet<&ChangeId> = plan.refused.iter().map(|(id, _)| id).collect();
        let going: Vec<&Change> = plan.changes.iter().filter(|change| !refused.contains(&change.id)).collect();
        if self.plan.used() {
            self.speeds(plan, world);
        } else {
            self.text(&counts(&going));
            for line in refusals(plan) {
                self.text(&line);
            }
            self.readings(plan, world);
        }
        for (effect, n) in side_effects(plan) {
            let n = text::count(n as u64);
            self.text(&Line::of(Tone::Warn, text!("plan.side-effect", n = n, effect = effect)).hanging(3));
        }
        if let Some(words) = lasting_words(self.plan.lasting.as_ref().map_or(0, HashSet::len)) {
            let mut line = Line::of(Tone::Warn, format!(" i {words}"));
            if self.plan.warns() {
                let (key, words) = (self.keymap.shown(Action::Filter), text!("plan.lasting"));
                line = line.with(Tone::Dim, text!("plan.lasting-find", key = key, words = words));
            }
            self.text(&line);
        }
        self.rows.push(PlanRow::Text(Line::default()));
        let known: HashSet<&ChangeId> = plan.changes.iter().map(|change| &change.id).collect();
        // What is left out of the plan stands among the others, so that it can be taken in again.
        let left_out = staged.changes().filter(|change| !self.plan.on(&change.id) && !known.contains(&change.id));
        let changes: Vec<&Change> = plan.changes.iter().chain(left_out.filter(|_| !self.plan.used())).collect();
        self.grouped(&changes, Some(plan));
    }

    fn grouped(&mut self, changes: &[&Change], plan: Option<&Plan>) {
        let mut groups: BTreeMap<(usize, GroupKey), Vec<&Change>> = BTreeMap::new();
        for change in changes {
            if !self.lists(change) {
                continue;
            }
            // What failed, or is not known, comes before all else; then what was not begun, and so is as it was.
            let (place, of) = match self.plan.outcome_of(&change.id).map(|outcome| &outcome.state) {
                Some(state) if needs_look(state) => (0, GroupKey::Look),
                Some(OutcomeState::Stopped { .. }) => (1, GroupKey::Stopped),
                _ => {
                    let place = self.compared.and_then(|compared| compared.inputs.index(&change.system));
                    (place.map_or(usize::MAX, |at| at + 2), GroupKey::Of(change.system.clone(), change.op))
                }
            };
            groups.entry((place, of)).or_default().push(change);
        }
        if groups.is_empty() && self.filter.is_some() {
            let key = self.keymap.shown(Action::Escape);
            let words = text!("list.no-match", filter = super::mask::private(&self.plan.filter), key = key);
            self.text(&Line::of(Tone::Dim, words));
        }
        let steps = plan.map(|plan| by_change(plan)).unwrap_or_default();
        let refused: HashMap<&ChangeId, &String> =
            plan.iter().flat_map(|plan| plan.refused.iter().map(|(id, why)| (id, why))).collect();
        for ((_, of), mut changes) in groups {
            let looks = !matches!(of, GroupKey::Of(..));
            if looks {
                changes
                    .sort_by_cached_key(|change| self.plan.outcome_of(&change.id).map(|outcome| cause(&outcome.state)));
            }
            let usual = changes.len() <= MANY || of == GroupKey::Look;
            let open = usual != self.plan.folded.contains(&of);
            let line = self.group_line(&of, &changes);
            self.rows.push(PlanRow::Group { of, line, open });
            if open {
                let why = |change: &&Change| {
                    let outcome = self.plan.outcome_of(&change.id).filter(|_| looks)?;
                    Some((outcome_tone(&outcome.state), self.why(outcome)?))
                };
                let told: Vec<(Option<(Tone, String)>, &Change)> =
                    changes.into_iter().map(|change| (why(&change), change)).collect();
                for same in told.chunk_by(|(one, _), (next, _)| one == next) {
                    // What several have in common is told once, over them.
                    let told = same[0].0.as_ref().filter(|_| same.len() > 1);
                    if let Some((tone, why)) = told {
                        let n = text::count(same.len() as u64);
                        for (at, why) in rules(why).into_iter().enumerate() {
                            let head = if at == 0 { format!("{n}  ") } else { "  ".to_owned() };
                            self.text(&indent(2, Line::of(*tone, head).data(*tone, why.to_owned())).hanging(4));
                        }
                    }
                    for (_, change) in same {
                        let refused = refused.get(&change.id).copied();
                        self.change(change, plan, steps.get(&change.id), refused, told.is_some());
                    }
                }
            }
        }
    }

    /// A change in words.
    fn worded(&mut self, change: &Change) -> &Line {
        let (compared, standing) = (self.compared, &self.plan.standing);
        self.words.entry(change.id.clone()).or_insert_with(|| match standing {
            Standing::Ready(plan) => describe(change, compared, &plan.called),
            _ => describe(change, compared, &Called::default()),
        })
    }

    /// Whether a change is listed: all are, or those with the words of the filter.
    fn lists(&mut self, change: &Change) -> bool {
        if self.filter.is_none() {
            return true;
        }
        let line = self.worded(change).printed();
        let lasting = if self.plan.lasts(&change.id) { text!("plan.lasting") } else { "" };
        let texts = [line.as_str(), change.system.as_str(), op(change.op), lasting];
        let passes = |filter: &Narrowed| filter.passes(&texts);
        let passes = self.filter.as_ref().is_none_or(passes);
        if passes {
            self.listed.insert(change.id.clone());
        }
        passes
    }

    fn group_line(&self, of: &GroupKey, changes: &[&Change]) -> Line {
        let n = text::count(changes.len() as u64);
        let mut line = match of {
            GroupKey::Look => Line::of(Tone::Bad, text!("plan.needs-look", n = n)),
            GroupKey::Stopped => Line::of(Tone::Warn, text!("plan.not-begun", n = n))
                .with(Tone::Dim, text!("plan.again", key = self.keymap.shown(Action::Retry))),
            GroupKey::Of(system, what) => {
                let tone = if what.removes() { Tone::Extra } else { Tone::Heading };
                Line::of(Tone::Heading, format!("{system}  ")).with(tone, format!("{}  {n}", op(*what)))
            }
        };
        let off = changes.iter().filter(|change| !self.plan.on(&change.id)).count();
        if off > 0 && !self.plan.used() {
            line = line.with(Tone::Warn, text!("plan.some-off", n = text::count(off as u64)));
        }
        if self.plan.used() && matches!(of, GroupKey::Of(..)) {
            let done =
                |change: &&&Change| self.plan.outcome_of(&change.id).is_some_and(|outcome| outcome.state.settled());
            let done = changes.iter().filter(done).count();
            line = line.with(Tone::Dim, text!("plan.settled", n = text::count(done as u64)));
        }
        line
    }

    /// `told`: what came of it has been told for all of the same cause.
    fn change(
        &mut self,
        change: &Change,
        plan: Option<&Plan>,
        steps: Option<&Vec<&Step>>,
        refused: Option<&String>,
        told: bool,
    ) {
        let open = self.plan.open.contains(&change.id);
        let ready = plan.is_some();
        let line = self.worded(change).clone();
        let on = self.plan.on(&change.id) || self.plan.used();
        self.rows.push(PlanRow::Change { id: change.id.clone(), line: line.clone(), open, on });
        if let Some(why) = refused.filter(|_| on) {
            self.text(&indent(4, Line::of(Tone::Bad, text!("plan.refused", why = said(why)))));
        }
        let outcome = self.plan.outcome_of(&change.id);
        let good = |outcome: &Outcome| matches!(outcome.state, OutcomeState::Confirmed { .. });
        if let Some(outcome) = outcome.filter(|outcome| open || !good(outcome) && !told)
            && let Some(why) = self.why(outcome)
        {
            self.text(&indent(4, Line::default().data(outcome_tone(&outcome.state), why)));
        }
        if !open {
            return;
        }
        let whole = indent(4, line);
        if whole.text().width() + 12 > self.plan.cells {
            self.text(&whole);
        }
        if let Some(reason) = self.plan.plan().and_then(|plan| cannot_undo(plan, change)) {
            self.text(&indent(4, Line::default().data(Tone::Warn, text!("plan.no-undo", why = reason))));
        }
        let Some(steps) = steps else {
            if !ready || !on {
                self.rows.push(PlanRow::Text(indent(4, Line::of(Tone::Dim, text!("plan.no-requests-yet")))));
            }
            return;
        };
        for line in steps.iter().flat_map(|step| step_lines(step)) {
            self.text(&line);
        }
    }

    /// The words of an outcome; what waits says for how long.
    fn why(&self, outcome: &Outcome) -> Option<String> {
        let OutcomeState::Waiting { until, why: reason } = &outcome.state else { return why(&outcome.state) };
        let left = (until.as_second() - self.now.as_second()).max(0) as u64;
        let mut words = text!("plan.next-try", time = span(left));
        if !reason.is_empty() {
            words = format!("{words}: {reason}");
        }
        Some(words)
    }
}

/// Several rules that stand in the way are told one by one: `rule: text; other-rule: text`.
pub(super) fn rules(why: &str) -> Vec<&str> {
    let name = |rest: &str| {
        let word = rest.find([':', '：']).map(|end| &rest[..end]);
        word.is_some_and(|word| word.contains('-') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
    };
    let mut told = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some((found, sign)) = why[at..].char_indices().find(|(_, c)| matches!(c, ';' | '；')) {
        let end = at + found;
        at = end + sign.len_utf8();
        if name(why[at..].trim_start()) {
            told.push(why[from..end].trim());
            from = at;
        }
    }
    told.push(why[from..].trim());
    told
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
