//! What was pushed about one record: who changed what when, from what to what, and the way back of a single change.

use crate::plan::{self, Outcome, Target, Undo};

use super::action::{Action, Scope};
use super::history::created;
use super::keys::Key;
use super::lines::{Line, Tone, clock, op};
use super::popup::Popup;
use super::preview::{describe, outcome_tone, why};
use super::rows::Rows;
use super::text::{self, text};
use super::{App, Wish};

/// One change of the record in a past push.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The push, by its place among those that are known.
    push: usize,
    /// The outcome.
    outcome: Outcome,
    /// It in words.
    pub lines: Vec<Line>,
}

/// What was pushed about one record.
#[derive(Clone, Debug)]
pub struct Life {
    /// Whom it is about.
    pub title: String,
    /// The changes, newest first.
    pub entries: Vec<Entry>,
    /// The cursor.
    pub at: usize,
}

impl App {
    /// Opens what was pushed about the record under the cursor, in whatever system.
    pub(super) fn open_life(&mut self) {
        let Some((kind, identity, compared)) = self.looked_at() else { return };
        let rows = Rows::new(&compared, kind);
        let keys: Vec<_> = (0..compared.inputs.systems.len()).filter_map(|at| rows.key_in(identity, at)).collect();
        let mut entries = Vec::new();
        let pushes = self.history.pushes.as_deref().unwrap_or_default();
        for (at, change, outcome) in self.history.about(&keys) {
            let push = &pushes[at];
            let tone = outcome_tone(&outcome.state);
            let mut first = Line::of(Tone::Strong, clock(push.began))
                .with(Tone::Dim, format!("  {}  ", push.who))
                .with(Tone::Plain, format!("{}  {}  ", change.system, op(change.op)))
                .with(tone, super::said::said(outcome.state.word()));
            if let Some(reason) = &push.reason {
                first = first.data(Tone::Dim, format!("  {reason}"));
            }
            let mut second = Line::plain("  ");
            let described = describe(change, Some(&compared), &push.plan.called);
            second.parts.extend(described.parts);
            second.private.extend(described.private);
            let mut lines = vec![first, second.hanging(4)];
            if let Some(why) = why(&outcome.state) {
                lines.push(Line::plain("  ").data(tone, why).hanging(4));
            }
            let plan = text!("life.plan", plan = push.plan.id);
            lines.push(Line::of(Tone::Dim, format!("  {plan}")));
            entries.push(Entry { push: at, outcome: outcome.clone(), lines });
        }
        let under_way = self.under_way(&rows, identity, None);
        if let Some(words) = &under_way {
            self.say(Tone::Plain, words.clone());
        }
        if entries.is_empty() {
            if under_way.is_some() {
                return;
            }
            let words = if self.history.pushes.is_some() { text!("why.never") } else { text!("why.history-not-read") };
            return self.say(Tone::Plain, words);
        }
        let title = text!("life.title", name = rows.name(identity, None));
        self.popup = Some(Popup::Life(Life { title, entries, at: 0 }));
    }

    /// That something of the record is just being pushed, in one system or in any.
    pub(super) fn under_way(&self, rows: &Rows<'_>, identity: u32, system: Option<usize>) -> Option<String> {
        let plan = self.plan.plan().filter(|_| self.plan.pushing() && self.plan.used())?;
        let inputs = &rows.compared.inputs;
        let keys: Vec<_> = (0..inputs.systems.len()).filter_map(|at| rows.key_in(identity, at)).collect();
        let change = plan.changes.iter().find(|change| {
            let there = system.is_none_or(|at| inputs.systems[at].id == change.system);
            let own = match &change.target {
                Target::Record(key) => Some(key),
                Target::New(_) => None,
            };
            there && change.source.iter().chain(own).any(|key| keys.contains(key))
        })?;
        let word = self.plan.outcome_of(&change.id).map_or("pending", |outcome| outcome.state.word());
        let (word, key) = (super::said::said(word), self.keymap.shown(Action::PlanTab));
        Some(text!("life.under-way", system = change.system, word = word, key = key))
    }

    pub(super) fn life_key(&mut self, mut life: Life, key: Key, wishes: &mut Vec<Wish>) {
        let last = life.entries.len().saturating_sub(1);
        match self.keymap.action(Scope::Links, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Up) => life.at = life.at.saturating_sub(1),
            Some(Action::Down) => life.at = (life.at + 1).min(last),
            Some(Action::Top | Action::PageUp) => life.at = 0,
            Some(Action::Bottom | Action::PageDown) => life.at = last,
            Some(Action::Undo) => return self.take_back(&life, wishes),
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Life(life));
    }

    /// Stages what takes the change under the cursor back.
    fn take_back(&mut self, life: &Life, wishes: &mut Vec<Wish>) {
        let Some(entry) = life.entries.get(life.at) else { return };
        let Some(push) = self.history.pushes.as_ref().and_then(|pushes| pushes.get(entry.push)) else { return };
        let only = [entry.outcome.clone()];
        let Undo { back, cannot, .. } = plan::undo(&push.plan, &only, &|id| created(push, id));
        if let Some((_, why)) = cannot.first() {
            self.popup = Some(Popup::Life(life.clone()));
            return self.say(Tone::Warn, text!("plan.no-undo", why = why));
        }
        if back.is_empty() {
            return self.say(Tone::Plain, text!("no.confirmed"));
        }
        let n = text::count(back.len() as u64);
        let key = self.keymap.shown(Action::Prepare);
        self.staged.add_all(back);
        self.keep(wishes);
        self.say(Tone::Plain, text!("history.undo", n = n, key = key));
    }
}
