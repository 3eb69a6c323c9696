//! Past pushes as rows: the list of them, and one of them with its changes and its requests as they were sent.

use std::collections::{BTreeMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::compare::Compared;
use crate::engine::protocol::{LookUp, PastPush, PastStep};
use crate::model::{Op, SystemId};
use crate::plan::{Change, ChangeId, Outcome, OutcomeState, PlanId};

use super::lines::{Line, Tone, clock, hour, op, padded};
use super::planrows::rules;
use super::preview::{cannot_undo, cause, describe, indent, outcome_tone, request_lines, why};
use super::said::said;
use super::text::{self, text};

/// One row of the tab.
#[derive(Clone, Debug)]
pub struct HistoryRow {
    /// The push that it belongs to.
    pub push: Option<usize>,
    /// On the page of a push: the change that it belongs to.
    pub change: Option<ChangeId>,
    /// The words.
    pub line: Line,
}

impl HistoryRow {
    /// Words that belong to no push.
    pub(super) fn of(line: Line) -> Self {
        Self { push: None, change: None, line }
    }
}

/// The words of an outcome stand in so many cells.
const WORD: usize = 11;

/// The rank of what has no outcome yet.
const OPEN: u8 = 7;

/// What needs the operator comes first.
const fn rank(state: Option<&OutcomeState>) -> u8 {
    match state {
        Some(OutcomeState::Unknown { .. }) => 0,
        Some(OutcomeState::Failed { .. }) => 1,
        Some(OutcomeState::Differs { .. }) => 2,
        Some(OutcomeState::Stale { .. }) => 3,
        Some(OutcomeState::Refused { .. }) => 4,
        Some(OutcomeState::Skipped { .. }) => 5,
        Some(OutcomeState::Stopped { .. }) => 6,
        None | Some(OutcomeState::Pending | OutcomeState::Waiting { .. } | OutcomeState::Sent) => OPEN,
        Some(OutcomeState::Accepted) => 8,
        Some(OutcomeState::Confirmed { .. }) => 9,
    }
}

/// How many changes ended how, what needs the operator first.
fn counts(push: &PastPush) -> Vec<(&'static str, usize, Tone)> {
    let mut counts: BTreeMap<u8, (&'static str, usize, Tone)> = BTreeMap::new();
    for outcome in &push.outcomes {
        let state = &outcome.state;
        counts.entry(rank(Some(state))).or_insert((state.word(), 0, outcome_tone(state))).1 += 1;
    }
    let open = push.plan.changes.len().saturating_sub(push.outcomes.len());
    if open > 0 {
        counts.entry(OPEN).or_insert((text!("outcome.pending"), 0, Tone::Dim)).1 += open;
    }
    counts.into_values().collect()
}

fn counted(line: Line, push: &PastPush) -> Line {
    let with = |line: Line, (word, n, tone): (&str, usize, Tone)| {
        line.with(tone, format!("{} {}", text::count(n as u64), said(word))).with(Tone::Dim, "  ")
    };
    counts(push).into_iter().fold(line, with)
}

/// What was to be done in which system: `aha 10 deactivate, 2 create; litmos 1 set`.
fn what(push: &PastPush) -> String {
    let mut systems: Vec<(&SystemId, BTreeMap<Op, u64>)> = Vec::new();
    for change in &push.plan.changes {
        let at = systems.iter().position(|(system, _)| **system == change.system).unwrap_or_else(|| {
            systems.push((&change.system, BTreeMap::new()));
            systems.len() - 1
        });
        *systems[at].1.entry(change.op).or_default() += 1;
    }
    let ops = |ops: BTreeMap<Op, u64>| {
        let words: Vec<String> = ops.into_iter().map(|(of, n)| format!("{} {}", text::count(n), op(of))).collect();
        text::listed(&words)
    };
    systems.into_iter().map(|(system, of)| format!("{system} {}", ops(of))).collect::<Vec<_>>().join("; ")
}

/// A push that was not closed in the journal: it runs, or it was cut off.
fn open(push: &PastPush, running: Option<&PlanId>) -> Option<(Tone, &'static str)> {
    match running {
        _ if push.closed => None,
        Some(running) if *running == push.plan.id => Some((Tone::Plain, text!("history.running"))),
        _ if push.running => Some((Tone::Plain, text!("history.running"))),
        _ => Some((Tone::Bad, text!("history.not-closed"))),
    }
}

/// The list: writes that nobody knows the end of, then all pushes, newest first.
pub(super) fn list(
    pushes: Option<&[PastPush]>,
    unknown: &[(ChangeId, String)],
    looking: Option<&LookUp>,
    cells: usize,
    running: Option<&PlanId>,
    look_up: &str,
) -> Vec<HistoryRow> {
    let mut rows = Vec::new();
    for (_, what) in unknown {
        let line = Line::of(Tone::Warn, padded(text!("history.unknown"), WORD)).data(Tone::Plain, said(what));
        rows.push(HistoryRow::of(line));
    }
    if !unknown.is_empty() {
        rows.push(HistoryRow::of(match looking {
            Some(looking) => Line::of(Tone::Warn, text!("history.looking", until = hour(looking.until))),
            None => Line::of(Tone::Dim, text!("history.look-up", key = look_up)),
        }));
        rows.push(HistoryRow::of(Line::default()));
    }
    let who = |push: &PastPush| push.who.width();
    let widest = pushes.into_iter().flatten().map(who).max().unwrap_or(0).min(if cells < 100 { 22 } else { 34 });
    for (at, push) in pushes.into_iter().flatten().enumerate() {
        let when = clock(push.began);
        let mut line = Line::of(Tone::Strong, when.get(..16).unwrap_or(&when)).with(Tone::Dim, "  ");
        line = line.data(Tone::Plain, column(&push.who, widest)).with(Tone::Dim, "  ");
        line = counted(line, push);
        if let Some((tone, words)) = open(push, running) {
            line = line.with(tone, words).with(Tone::Dim, "  ");
        }
        line = line.with(Tone::Plain, what(push));
        if let Some(reason) = &push.reason {
            line = line.data(Tone::Dim, format!("  {reason}"));
        }
        rows.push(HistoryRow { push: Some(at), change: None, line });
    }
    if rows.is_empty() {
        let words = if pushes.is_some() { text!("history.empty") } else { text!("history.waiting") };
        rows.push(HistoryRow::of(Line::of(Tone::Dim, words)));
    }
    rows
}

/// Pushes of which nothing was sent: when, how many changes, and each rule that stood in the way.
pub(super) fn turned(away: &[(jiff::Timestamp, usize, String)], cells: usize) -> Vec<HistoryRow> {
    let mut rows = Vec::new();
    for (at, changes, why) in away {
        let when = clock(*at);
        let words =
            text!("history.turned-away", when = when.get(..16).unwrap_or(&when), changes = text::changes(*changes));
        rows.push(HistoryRow::of(Line::of(Tone::Bad, words)));
        let told = said(why);
        for why in rules(&told) {
            let line = indent(4, Line::default().data(Tone::Bad, why.to_owned())).hanging(6);
            rows.extend(line.wrapped(cells).into_iter().map(HistoryRow::of));
        }
    }
    if !rows.is_empty() {
        rows.push(HistoryRow::of(Line::default()));
    }
    rows
}

/// A text in just so many cells.
fn column(text: &str, cells: usize) -> String {
    let mut shown = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        if used + grapheme.width() > cells {
            break;
        }
        used += grapheme.width();
        shown.push_str(grapheme);
    }
    padded(&shown, cells)
}

/// One push: who, when and why, then its changes, what needs the operator first.
pub(super) struct Page<'p> {
    /// Its place in the list.
    pub(super) at: usize,
    pub(super) push: &'p PastPush,
    /// Its requests as they were sent, once they are known.
    pub(super) sent: Option<&'p [PastStep]>,
    /// Changes whose requests are shown.
    pub(super) unfolded: &'p HashSet<ChangeId>,
    pub(super) compared: Option<&'p Compared>,
    pub(super) cells: usize,
    /// The plan that is being carried out.
    pub(super) running: Option<&'p PlanId>,
}

impl Page<'_> {
    pub(super) fn rows(&self) -> Vec<HistoryRow> {
        let push = self.push;
        let mut rows = Vec::new();
        let named = |name: &str| Line::of(Tone::Dim, padded(name, WORD));
        rows.push(self.words(named(text!("history.when")).with(Tone::Strong, clock(push.began))));
        rows.push(self.words(named(text!("history.who")).data(Tone::Plain, push.who.clone())));
        if let Some(reason) = &push.reason {
            let line = named(text!("history.reason")).data(Tone::Plain, reason.clone()).hanging(WORD);
            rows.extend(line.wrapped(self.cells).into_iter().map(|line| self.words(line)));
        }
        rows.push(self.words(named(text!("history.plan")).with(Tone::Plain, push.plan.id.to_string())));
        let line = named(text!("history.outcome"));
        rows.push(self.words(counted(line, push)));
        if let Some((tone, words)) = open(push, self.running) {
            rows.push(self.words(named("").with(tone, words)));
        }
        rows.push(self.words(Line::default()));
        let outcomes: std::collections::HashMap<&ChangeId, &Outcome> =
            push.outcomes.iter().map(|outcome| (&outcome.change, outcome)).collect();
        let mut changes: Vec<&Change> = push.plan.changes.iter().collect();
        let state = |change: &Change| outcomes.get(&change.id).map(|outcome| &outcome.state);
        let key = |change: &&Change| (rank(state(change)), state(change).map(cause));
        changes.sort_by_cached_key(key);
        for group in changes.chunk_by(|one, next| key(one) == key(next)) {
            let told = state(group[0]).and_then(why).filter(|_| group.len() > 1);
            if let (Some(why), Some(state)) = (&told, state(group[0])) {
                let head = Line::of(outcome_tone(state), padded(&said(state.word()), WORD))
                    .with(Tone::Strong, format!("{}  ", text::count(group.len() as u64)))
                    .data(outcome_tone(state), why.clone())
                    .hanging(WORD);
                rows.extend(head.wrapped(self.cells).into_iter().map(|line| self.words(line)));
            }
            for change in group {
                self.change(change, state(change), told.as_deref(), &mut rows);
            }
        }
        rows
    }

    fn words(&self, line: Line) -> HistoryRow {
        HistoryRow { push: Some(self.at), change: None, line }
    }

    /// `told`: why, as it was said for all with the same cause.
    fn change(&self, change: &Change, state: Option<&OutcomeState>, told: Option<&str>, rows: &mut Vec<HistoryRow>) {
        let row = |line: Line| HistoryRow { push: Some(self.at), change: Some(change.id.clone()), line };
        let (word, tone) =
            state.map_or((text!("outcome.pending"), Tone::Dim), |state| (state.word(), outcome_tone(state)));
        let mut line = Line::of(tone, padded(&said(word), WORD))
            .with(Tone::Dim, format!("{} {}  ", change.system, op(change.op)))
            .hanging(WORD + 2);
        let described = describe(change, self.compared, &self.push.plan.called);
        line.parts.extend(described.parts);
        line.private.extend(described.private);
        rows.extend(line.wrapped(self.cells).into_iter().map(row));
        let below = |tone: Tone, text: String| indent(WORD + 2, Line::default().data(tone, text)).hanging(WORD + 2);
        if let Some(why) = state.and_then(why).filter(|why| Some(why.as_str()) != told) {
            rows.extend(below(tone, why).wrapped(self.cells).into_iter().map(row));
        }
        let came = state.is_some_and(OutcomeState::brought_about);
        if let (true, Some(why)) = (came, cannot_undo(&self.push.plan, change)) {
            let line = below(Tone::Warn, text!("plan.no-undo", why = why));
            rows.extend(line.wrapped(self.cells).into_iter().map(row));
        }
        if !self.unfolded.contains(&change.id) {
            return;
        }
        let Some(sent) = self.sent else {
            return rows.push(row(below(Tone::Dim, text!("history.waiting").to_owned())));
        };
        let mut about = sent.iter().filter(|step| step.step.serves.contains(&change.id)).peekable();
        if about.peek().is_none() {
            rows.push(row(below(Tone::Dim, text!("history.nothing-sent").to_owned())));
        }
        for step in about {
            let status = step.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            let head = indent(4, Line::of(Tone::Dim, format!("{}  ", clock(step.at))))
                .with(Tone::Strong, status)
                .data(Tone::Plain, format!("  {}", step.end))
                .hanging(WORD + 2);
            rows.extend(head.wrapped(self.cells).into_iter().map(row));
            let lines = request_lines(&step.step.write);
            rows.extend(lines.iter().flat_map(|line| line.wrapped(self.cells)).map(row));
            rows.push(row(Line::default()));
        }
    }
}
