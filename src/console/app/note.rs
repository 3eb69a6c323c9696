//! A small form for a reason: of an adoption (with the day on which it ends), of a protection.

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::compare::{Decision, Protection, Waiver};
use crate::engine::protocol::Command;
use crate::model::SystemId;

use super::lines::Line;
use super::text::text;

/// Cells of a line in the form.
const WIDTH: usize = 68;

/// What the reason is for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// These differences are adopted.
    Adopt(Vec<Waiver>),
    /// This record is protected.
    Protect(Protection),
    /// What is shown goes into a file of this name.
    Export,
    /// What was read of this system is taken for complete.
    Complete(SystemId),
}

/// One field.
#[derive(Clone, Debug)]
pub struct NoteField {
    /// What it is called.
    pub label: &'static str,
    /// What may stand there, in words.
    pub hint: &'static str,
    /// What was typed.
    pub input: Input,
}

/// The form.
#[derive(Clone, Debug)]
pub struct Note {
    /// The title.
    pub title: String,
    /// What it is about.
    pub lines: Vec<Line>,
    /// The fields.
    pub fields: Vec<NoteField>,
    /// The field with the cursor.
    pub at: usize,
    /// What is wrong.
    pub error: Option<String>,
    purpose: Purpose,
}

impl Note {
    /// A form for this purpose.
    pub fn new(title: String, lines: Vec<Line>, purpose: Purpose) -> Self {
        let field = |label, hint| NoteField { label, hint, input: Input::default() };
        let lines = lines.iter().flat_map(|line| line.wrapped(WIDTH)).collect();
        let mut fields = match purpose {
            Purpose::Export => Vec::new(),
            _ => vec![field(text!("note.reason"), "")],
        };
        if matches!(purpose, Purpose::Adopt(_)) {
            fields.push(field(text!("note.until"), text!("note.until-hint")));
        }
        Self { title, lines, fields, at: 0, error: None, purpose }
    }

    /// With one more field that has something in it already.
    pub fn asking(mut self, label: &'static str, hint: &'static str, given: String) -> Self {
        self.fields.push(NoteField { label, hint, input: Input::new(given) });
        self
    }

    /// Whether it asks for the name of a file.
    pub fn exports(&self) -> bool {
        matches!(self.purpose, Purpose::Export)
    }

    /// A key that moves or types. `true`: the form is to be handed in.
    pub fn key(&mut self, event: &KeyEvent) -> bool {
        self.error = None;
        let last = self.fields.len() - 1;
        match event.code {
            KeyCode::Enter if self.at == last => return true,
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => self.at = (self.at + 1).min(last),
            KeyCode::BackTab | KeyCode::Up => self.at = self.at.saturating_sub(1),
            _ => {
                self.fields[self.at].input.handle_event(&Event::Key(*event));
            }
        }
        false
    }

    /// A paste goes into the field under the cursor.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars() {
            self.fields[self.at].input.handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    /// What was typed into a field.
    pub fn value(&self, at: usize) -> &str {
        self.fields.get(at).map_or("", |field| field.input.value().trim())
    }

    /// The system that is taken for complete, with the reason; `None`: it is about something else.
    ///
    /// # Errors
    /// In words, when no reason was given.
    pub fn complete(&mut self) -> Option<Result<Command, String>> {
        let Purpose::Complete(system) = &self.purpose else { return None };
        let why = self.value(0).to_owned();
        if why.is_empty() {
            return Some(Err(text!("note.no-reason").to_owned()));
        }
        Some(Ok(Command::Acknowledge { system: system.clone(), kind: None, why }))
    }

    /// The decisions with the reason in them.
    ///
    /// # Errors
    /// In words, when something is lacking or no day can be read.
    pub fn decided(&mut self, now: jiff::Timestamp) -> Result<Vec<Decision>, String> {
        let reason = self.value(0).to_owned();
        if reason.is_empty() {
            self.at = 0;
            return Err(text!("note.no-reason").to_owned());
        }
        let Ok(until) = day(self.value(1), now) else {
            self.at = 1;
            return Err(text!("note.no-day", hint = text!("note.until-hint")));
        };
        Ok(match &self.purpose {
            Purpose::Adopt(waivers) => waivers
                .iter()
                .map(|waiver| Decision::Adopt(Waiver { reason: reason.clone(), until, ..waiver.clone() }))
                .collect(),
            Purpose::Export => Vec::new(),
            Purpose::Complete(_) => Vec::new(),
            Purpose::Protect(protection) => vec![Decision::Protect(Protection { reason, ..protection.clone() })],
        })
    }
}

/// The end of a day, as `2026-12-31`, or so many days from now, as `30d`; nothing: for good.
fn day(typed: &str, now: jiff::Timestamp) -> Result<Option<jiff::Timestamp>, ()> {
    if typed.is_empty() {
        return Ok(None);
    }
    let zone = jiff::tz::TimeZone::system();
    let date = if let Some(days) = typed.strip_suffix('d') {
        let days: i32 = days.parse().map_err(drop)?;
        let today = now.to_zoned(zone.clone()).date();
        today.checked_add(jiff::Span::new().try_days(days).map_err(drop)?).map_err(drop)?
    } else {
        typed.parse::<jiff::civil::Date>().map_err(drop)?
    };
    let next = date.tomorrow().map_err(drop)?.to_zoned(zone).map_err(drop)?.timestamp();
    if next > now { Ok(Some(next)) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_end_is_a_day_to_come_or_a_number_of_days() {
        let now: jiff::Timestamp = "2026-11-03T14:22:00Z".parse().unwrap();
        assert_eq!(day("", now), Ok(None));
        let days = |text: &str| day(text, now).unwrap().unwrap().duration_since(now).as_hours() / 24;
        assert!((1..=2).contains(&days("1d")) && (57..=59).contains(&days("2026-12-31")));
        for wrong in ["soon", "2026-11-01", "d", "-5d", "31.12.2026"] {
            assert_eq!(day(wrong, now), Err(()), "{wrong}");
        }
    }
}
