//! Confirmations: nothing is written on one key, and no confirmation takes a key that was pressed before it was seen.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::model::{Op, SystemId};
use crate::plan::{Mode, Plan, confirm_keys};

use super::keys::fold;
use super::lines::{Line, Tone, op};
use super::mask::private;
use super::preview::{lasting, lasting_words};
use super::said::said;
use super::text::{self, text};
use super::{App, Wish};
use crate::engine::protocol::Command;

/// Lets keys through only when they were read after the popup was on the screen (DESIGN.md section 4, promise 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    shown_at: Option<u64>,
}

impl Gate {
    /// A frame with the popup in it is on the screen; `read` is the number of the last key read until then.
    pub fn drawn(&mut self, read: u64) {
        self.shown_at.get_or_insert(read);
    }

    /// Whether it was not drawn yet.
    pub fn waits(self) -> bool {
        self.shown_at.is_none()
    }

    /// Whether the key of this number may count.
    pub fn takes(self, number: u64) -> bool {
        self.shown_at.is_some_and(|read| number > read)
    }
}

/// Cells of a line in a confirmation.
const WIDTH: usize = 68;

/// What a field of the confirmation wants to be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// The number of changes.
    Count(usize),
    /// The name of a production system.
    Name(SystemId),
    /// What operators call a record that is deleted for good.
    Deleted(String),
    /// Why it is pushed; the system that wants it, where one does.
    Reason(Option<SystemId>),
}

/// One thing to type.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What.
    pub wants: Wants,
    /// What was typed.
    pub input: Input,
}

impl Typed {
    /// Whether it was typed right.
    pub fn right(&self) -> bool {
        let typed = self.input.value().trim();
        // An input method may have sent full-width forms.
        let folded: String = typed.chars().map(fold).collect();
        match &self.wants {
            Wants::Count(n) => folded == n.to_string(),
            Wants::Name(name) => folded == name.as_str(),
            Wants::Deleted(label) => typed == label.trim() || folded == label.trim(),
            Wants::Reason(wanted) => wanted.is_none() || !typed.is_empty(),
        }
    }
}

/// The confirmation of a push.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// The plan.
    pub plan: Arc<Plan>,
    /// What it comes to, in lines.
    pub lines: Vec<Line>,
    /// What has to be typed.
    pub fields: Vec<Typed>,
    /// The field with the cursor.
    pub at: usize,
    /// What is wrong.
    pub error: Option<String>,
    /// Which keys count.
    pub gate: Gate,
}

/// What a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Take back all that is staged.
    Discard,
    /// End while a push runs.
    Quit,
    /// Values with odd characters are meant.
    Agree(Vec<crate::compare::Agreement>),
}

/// A question answered with `y` or `n`.
#[derive(Clone, Debug)]
pub struct Ask {
    /// What about.
    pub question: Question,
    /// In words.
    pub text: String,
    /// What Enter answers.
    pub yes: bool,
    /// Which keys count.
    pub gate: Gate,
}

/// What a key did to a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It stays.
    Open,
    /// It was left.
    No,
    /// It was given.
    Yes,
}

impl Confirm {
    /// The confirmation for a plan.
    pub fn new(plan: Arc<Plan>, world: Option<&crate::engine::protocol::World>) -> Self {
        let mut by_system: BTreeMap<SystemId, BTreeMap<Op, usize>> = BTreeMap::new();
        let refused: Vec<_> = plan.refused.iter().map(|(id, _)| id).collect();
        let going: Vec<_> = plan.changes.iter().filter(|change| !refused.contains(&&change.id)).collect();
        for change in &going {
            *by_system.entry(change.system.clone()).or_default().entry(change.op).or_default() += 1;
        }
        let mut lines = Vec::new();
        let mut fields = vec![Typed { wants: Wants::Count(plan.count()), input: Input::default() }];
        if let Some(world) = world {
            lines.push(Line::of(Tone::Dim, text!("confirm.who")).data(Tone::Plain, format!(" {}", world.who)));
        }
        let mut wants_reason = None;
        for (system, ops) in &by_system {
            let status = world.and_then(|world| world.systems.iter().find(|status| &status.id == system));
            let counts: Vec<String> = Op::ALL
                .iter()
                .filter_map(|what| ops.get(what).map(|n| format!("{} {}", text::count(*n as u64), op(*what))))
                .collect();
            let mut line =
                Line::of(Tone::Strong, format!("{:<10}  ", system.as_str())).with(Tone::Plain, text::listed(&counts));
            if let Some(status) = status {
                if status.policy.require_reason {
                    wants_reason.get_or_insert_with(|| system.clone());
                }
                line = line.with(Tone::Dim, format!("   {}", mode(status.mode)));
                if status.production {
                    line = line.with(Tone::Bad, format!(" {}", text!("mode.production")));
                    fields.push(Typed { wants: Wants::Name(system.clone()), input: Input::default() });
                }
            }
            lines.push(line);
        }
        lines.extend(Line::of(Tone::Dim, text!("confirm.lease")).wrapped(WIDTH));
        for (effect, n) in side_effects(&plan) {
            let line = Line::of(Tone::Warn, text!("plan.side-effect", n = text::count(n as u64), effect = effect));
            lines.extend(line.hanging(3).wrapped(WIDTH));
        }
        if let Some(words) = lasting_words(lasting(&plan, going.iter().copied()).len()) {
            lines.push(Line::of(Tone::Warn, format!(" i {words}")));
        }
        for label in confirm_keys(&going.iter().map(|change| (*change).clone()).collect::<Vec<_>>()) {
            fields.push(Typed { wants: Wants::Deleted(label), input: Input::default() });
        }
        fields.push(Typed { wants: Wants::Reason(wants_reason), input: Input::default() });
        Self { plan, lines, fields, at: 0, error: None, gate: Gate::default() }
    }

    /// The reason that was given.
    pub fn reason(&self) -> Option<String> {
        let field = self.fields.iter().find(|field| matches!(field.wants, Wants::Reason(_)))?;
        Some(field.input.value().trim().to_owned()).filter(|reason| !reason.is_empty())
    }

    /// A key that was read after the popup was drawn.
    pub fn key(&mut self, event: &KeyEvent) -> Answer {
        self.error = None;
        let last = self.fields.len() - 1;
        match event.code {
            KeyCode::Esc => return Answer::No,
            KeyCode::Up | KeyCode::BackTab => self.at = self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => self.at = (self.at + 1).min(last),
            KeyCode::Enter => {
                if !self.fields[self.at].right() {
                    self.error = Some(match &self.fields[self.at].wants {
                        Wants::Count(n) => {
                            let words = text!("confirm.wrong-count", n = n);
                            self.fields[self.at].input.reset();
                            words
                        }
                        Wants::Name(name) => text!("confirm.wrong-name", name = name),
                        Wants::Deleted(label) => text!("confirm.wrong-name", name = private(label)),
                        Wants::Reason(_) => text!("confirm.no-reason").to_owned(),
                    });
                } else if let Some(open) = self.fields.iter().position(|field| !field.right()) {
                    self.at = open;
                } else {
                    return Answer::Yes;
                }
            }
            // Nothing but digits makes a number.
            KeyCode::Char(c) if matches!(self.fields[self.at].wants, Wants::Count(_)) && !fold(c).is_ascii_digit() => {}
            _ => {
                self.fields[self.at].input.handle_event(&Event::Key(*event));
            }
        }
        Answer::Open
    }
}

impl Ask {
    /// A question.
    pub fn new(question: Question, text: String) -> Self {
        Self { question, text, yes: false, gate: Gate::default() }
    }

    /// A key that was read after the question was drawn.
    pub fn key(&mut self, event: &KeyEvent) -> Answer {
        let code = match event.code {
            KeyCode::Char(c) => KeyCode::Char(fold(c)),
            code => code,
        };
        match code {
            KeyCode::Char('y' | 'Y') => return Answer::Yes,
            KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc => return Answer::No,
            KeyCode::Enter => return if self.yes { Answer::Yes } else { Answer::No },
            KeyCode::Left | KeyCode::Right | KeyCode::Up | KeyCode::Down | KeyCode::Tab => self.yes = !self.yes,
            _ => {}
        }
        Answer::Open
    }
}

/// What happens outside the records, and how often.
pub fn side_effects(plan: &Plan) -> BTreeMap<String, usize> {
    let mut effects = BTreeMap::new();
    for effect in plan.steps.iter().flat_map(|step| &step.side_effects) {
        *effects.entry(said(effect).into_owned()).or_default() += 1;
    }
    effects
}

/// A mode in words.
pub fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::ReadOnly => text!("mode.read-only"),
        Mode::AppendOnly => text!("mode.append-only"),
        Mode::Full => text!("mode.full"),
    }
}

impl App {
    pub(super) fn confirmed(&mut self, confirm: Confirm, wishes: &mut Vec<Wish>) {
        self.plan.push_asked(&confirm.plan);
        let (fingerprint, reason) = (confirm.plan.fingerprint.clone(), confirm.reason());
        wishes.push(Wish::Engine(Command::Push { plan: confirm.plan, fingerprint, reason }));
    }

    pub(super) fn answered(&mut self, question: Question, wishes: &mut Vec<Wish>) {
        match question {
            Question::Discard => {
                let n = self.staged.len();
                self.staged.clear();
                self.plan.forget();
                self.keep(wishes);
                self.say(Tone::Plain, text!("plan.discarded", n = text::count(n as u64)));
            }
            Question::Quit => leave(wishes),
            Question::Agree(agreements) => self.agreed(agreements, wishes),
        }
    }
}

/// Ends: the engine finishes what is under way.
pub(super) fn leave(wishes: &mut Vec<Wish>) {
    wishes.push(Wish::Engine(Command::Quit));
    wishes.push(Wish::Leave);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_shut_until_drawn_and_to_keys_read_before() {
        let mut gate = Gate::default();
        assert!(!gate.takes(100));
        gate.drawn(7);
        assert!(!gate.takes(7));
        assert!(gate.takes(8));
        gate.drawn(20);
        assert!(gate.takes(8), "later frames shut nothing");
    }
}
