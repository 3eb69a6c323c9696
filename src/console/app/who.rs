//! Everything of a kind that waits for a word on who is who: undecided, probable twins, shared keys, nobody's.

use crate::compare::{Decision, Link, LinkVerdict, Rung};
use crate::model::{AttrPath, Cell, RecordKey, Row, Table};

use super::action::{Action, Scope};
use super::cutting::elided;
use super::keys::Key;
use super::lines::{Line, Tone, column};
use super::popup::Popup;
use super::said::said as translated;
use super::survey::{Asks, Case, Class};
use super::text::text;
use super::{App, Wish};

/// The open questions.
#[derive(Clone, Debug)]
pub struct Who {
    /// All of them, by class.
    pub cases: Vec<Case>,
    /// How many more there are than are listed.
    pub more: usize,
    /// The cursor.
    pub at: usize,
    /// What was said of each in this sitting.
    pub said: Vec<Option<LinkVerdict>>,
}

impl Who {
    /// How many there are of each class, in order.
    pub fn counts(&self) -> Vec<(Class, usize)> {
        let mut counts: Vec<(Class, usize)> = Vec::new();
        for case in &self.cases {
            match counts.last_mut() {
                Some((class, n)) if *class == case.class => *n += 1,
                _ => counts.push((case.class, 1)),
            }
        }
        counts
    }

    /// The first case of the next class.
    fn next_class(&mut self) {
        let Some(class) = self.cases.get(self.at).map(|case| case.class) else { return };
        let next = self.cases.iter().skip(self.at).position(|case| case.class != class);
        self.at = next.map_or(0, |ahead| self.at + ahead);
    }
}

/// A class in words.
pub fn class(class: Class) -> &'static str {
    match class {
        Class::Undecided => text!("who.undecided"),
        Class::Twin => text!("who.twin"),
        Class::Shared => text!("who.shared"),
        Class::Ownerless => text!("who.ownerless"),
    }
}

/// Their names stand in so many cells.
const NAMES: usize = 22;

/// Attributes that are put side by side, as far as both have them.
const BESIDE: [&str; 8] =
    ["displayName", "name", "userName", "emails[work]", "phoneNumbers[mobile]", "department", "title", "active"];

impl App {
    pub(super) fn open_who(&mut self, wishes: &mut Vec<Wish>) {
        self.survey(Asks::Who, wishes);
    }

    pub(super) fn show_who(&mut self, cases: Vec<Case>, more: usize) {
        if cases.is_empty() {
            return self.say(Tone::Good, text!("who.none"));
        }
        let said = vec![None; cases.len()];
        self.popup = Some(Popup::Who(Who { cases, more, at: 0, said }));
    }

    pub(super) fn who_key(&mut self, mut who: Who, key: Key, wishes: &mut Vec<Wish>) {
        let last = who.cases.len().saturating_sub(1);
        match self.keymap.action(Scope::Links, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Up) => who.at = who.at.saturating_sub(1),
            Some(Action::Down) => who.at = (who.at + 1).min(last),
            Some(Action::PageUp) => who.at = who.at.saturating_sub(10),
            Some(Action::PageDown) => who.at = (who.at + 10).min(last),
            Some(Action::Top) => who.at = 0,
            Some(Action::Bottom) => who.at = last,
            Some(Action::NextTab) => {
                let at = who.at;
                who.next_class();
                if who.at == at {
                    self.hint(text!("no.more-kinds"));
                }
            }
            Some(Action::Open) => return self.open_case(who),
            Some(Action::SameAs) => self.say_who(&mut who, LinkVerdict::Same, wishes),
            Some(Action::NotSame) => self.say_who(&mut who, LinkVerdict::NotSame, wishes),
            Some(Action::Protect) => return self.protect_case(&who, wishes),
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Who(who));
    }

    /// Goes to the record, and to the candidates where there are any.
    fn open_case(&mut self, who: Who) {
        let Some(case) = who.cases.get(who.at).cloned() else { return };
        self.go_record(&case.own);
        let Some(kind) = self.kind() else { return };
        let Some(compared) = self.lists[kind.index()].shown.clone() else { return };
        self.open_links_of(kind, case.identity, &compared, case.system);
        match &mut self.popup {
            Some(Popup::Links(links)) => links.back = Some(Box::new(who)),
            _ => self.popup = Some(Popup::Who(who)),
        }
    }

    /// Says of the case under the cursor that it is its best candidate, or is not.
    fn say_who(&mut self, who: &mut Who, verdict: LinkVerdict, wishes: &mut Vec<Wish>) {
        let Some(case) = who.cases.get(who.at) else { return };
        let Some(best) = &case.best else { return self.say(Tone::Plain, text!("who.no-candidate")) };
        let base = self.world.as_ref().and_then(|world| {
            let inputs = &world.compared.inputs;
            inputs.base().map(|base| inputs.systems[base].id.clone())
        });
        let ours = base.as_ref() == Some(&case.own.system);
        let (own, other) = (case.own.clone(), best.record.clone());
        let (a, b) = if ours { (own, other) } else { (other, own) };
        let words = match verdict {
            LinkVerdict::Same => text!("links.same", name = best.label),
            LinkVerdict::NotSame => text!("links.not-same", name = best.label),
        };
        self.say(Tone::Good, words);
        who.said[who.at] = Some(verdict);
        who.at = (who.at + 1).min(who.cases.len().saturating_sub(1));
        Self::decided(vec![Decision::Link(Link { a, b, by: Rung::Kept, verdict, since: self.now })], wishes);
    }

    /// Protects the record of the case: a service account that is never touched.
    fn protect_case(&mut self, who: &Who, wishes: &mut Vec<Wish>) {
        let Some(case) = who.cases.get(who.at) else { return };
        self.go_record(&case.own);
        let mut ignored = Vec::new();
        self.order(&mut ignored);
        wishes.append(&mut ignored);
        self.detail.target = Some(case.own.system.clone());
        self.protect(wishes);
    }

    /// The case under the cursor: the record beside its best candidate, then what speaks for and against it.
    pub fn beside(&self, who: &Who) -> Vec<Line> {
        let Some(case) = who.cases.get(who.at) else { return Vec::new() };
        let mut lines = Vec::new();
        if !case.note.is_empty() {
            lines.push(Line::default().data(Tone::Warn, translated(&case.note)));
        }
        let Some(world) = &self.world else { return lines };
        let found = |key: &RecordKey| -> Option<(&Table, Row)> {
            let inputs = &world.compared.inputs;
            let table = &inputs.systems[inputs.index(&key.system)?].snapshot(key.kind)?.table;
            table.find(&key.id).map(|row| (table, row))
        };
        let own = found(&case.own);
        let other = case.best.as_ref().and_then(|best| found(&best.record));
        let (left, right) =
            (case.own.system.to_string(), case.best.as_ref().map(|best| best.record.system.to_string()));
        // Two columns of one width; what is cut keeps both ends, so that look-alikes are told apart.
        let half = self.reader_width().saturating_sub(NAMES) / 2;
        let cell = |text: &str| column(&elided(text, half.saturating_sub(2)), half);
        let row = |name: &str, tone: Tone, a: &str, b: &str| {
            Line::of(Tone::Dim, column(name, NAMES)).data(tone, cell(a)).data(tone, cell(b).trim_end().to_owned())
        };
        lines.push(row("", Tone::Heading, &left, right.as_deref().unwrap_or_default()));
        for name in BESIDE {
            let value = |side: Option<(&Table, Row)>| -> String {
                let Some((table, row)) = side else { return String::new() };
                let attr = table.schema().find(&AttrPath::new(name)).or_else(|| table.schema().resolve(name));
                match attr.map(|attr| table.cell(row, attr)) {
                    Some(Cell::Value(text)) => text.to_owned(),
                    _ => String::new(),
                }
            };
            let (a, b) = (value(own), value(other));
            if !a.is_empty() || !b.is_empty() {
                let tone = if a == b || b.is_empty() { Tone::Plain } else { Tone::Differs };
                lines.push(row(name, tone, &a, &b));
            }
        }
        match &case.best {
            None => lines.push(Line::of(Tone::Dim, text!("who.no-candidate"))),
            Some(best) => lines.extend(best.evidence.iter().map(|evidence| {
                let (tone, mark) = if evidence.speaks { (Tone::Good, "+ ") } else { (Tone::Bad, "- ") };
                Line::of(tone, mark).data(Tone::Plain, translated(&evidence.text))
            })),
        }
        lines
    }
}
