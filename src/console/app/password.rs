//! The form in which a record's secret is set anew: typed twice and never shown, or taken from what a setting refers to.

use std::fmt;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::engine::protocol::Command;
use crate::mapping::MapRow;
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::Mode;
use crate::plan::reset::{From, reset, resettable};
use crate::secret::Secret;

use super::lines::{Line, Tone};
use super::popup::Popup;
use super::rows::Rows;
use super::text::{self, text};
use super::{App, Wish};

/// Cells of a line in the form.
const WIDTH: usize = 68;

/// The form.
#[derive(Clone)]
pub struct Password {
    /// The title.
    pub title: String,
    /// What it is about.
    pub lines: Vec<Line>,
    /// What was typed, and the same once more. Shown as stars.
    pub fields: [Input; 2],
    /// The field with the cursor.
    pub at: usize,
    /// What is wrong.
    pub error: Option<String>,
    about: About,
}

/// Whose secret it is.
#[derive(Clone)]
struct About {
    record: RecordKey,
    /// The attribute that is set.
    row: MapRow,
    label: String,
    /// By what the operator knows the record.
    called: Option<(AttrPath, String)>,
}

/// Without what was typed.
impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Password").field("record", &self.about.record).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Password {
    /// A key that moves or types. `true`: the form is to be handed in.
    pub fn key(&mut self, event: &KeyEvent) -> bool {
        self.error = None;
        match event.code {
            KeyCode::Enter if self.at == 1 || self.fields[0].value().is_empty() => return true,
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => self.at = 1,
            KeyCode::BackTab | KeyCode::Up => self.at = 0,
            _ => {
                self.fields[self.at].handle_event(&Event::Key(*event));
            }
        }
        false
    }

    /// A paste goes into the field under the cursor.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars() {
            self.fields[self.at].handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    /// Stars for what was typed, with the cursor where it is.
    pub fn stars(&self, at: usize) -> Input {
        let field = &self.fields[at];
        Input::new("*".repeat(field.value().chars().count())).with_cursor(field.cursor())
    }
}

impl App {
    /// Why no secret can be set anew here; `None`: it can.
    pub(super) fn no_password(&self) -> Option<String> {
        self.resettable().err()
    }

    /// The record under the cursor, and the attribute that may be set anew in its system.
    fn resettable(&self) -> Result<About, String> {
        let (kind, identity, compared) = self.looked_at().ok_or_else(|| text!("no.record").to_owned())?;
        let rows = Rows::new(&compared, kind);
        let able = |at: usize| {
            resettable(&compared.inputs.systems[at].mapping, kind).is_some() && Some(at) != compared.inputs.base()
        };
        let here = self.detail_system(&compared, kind, identity);
        let other = rows.targets().into_iter().find(|at| able(*at) && rows.record(identity, *at).is_some());
        let system = Some(here).filter(|at| able(*at)).or(other.filter(|_| self.system_index().is_none()));
        let view = system.map(|at| &compared.inputs.systems[at]);
        let Some((at, view)) = system.zip(view) else {
            let system = &compared.inputs.systems[here].id;
            return Err(match other {
                Some(at) => {
                    text!("password.elsewhere", system = system, other = compared.inputs.systems[at].id)
                }
                None => text!("password.nowhere", system = system),
            });
        };
        let status = self.world.as_ref().and_then(|world| world.systems.iter().find(|status| status.id == view.id));
        if status.is_some_and(|status| status.mode == Mode::ReadOnly) {
            return Err(text!("password.read-only", system = view.id));
        }
        let none = || text!("password.no-record", system = view.id);
        let (table, row) = rows.record(identity, at).ok_or_else(none)?;
        let record = rows.key_in(identity, at).ok_or_else(none)?;
        let row_of = resettable(&view.mapping, kind).ok_or_else(none)?.clone();
        let called = called(table, row, kind);
        Ok(About { record, row: row_of, label: rows.name(identity, None).to_owned(), called })
    }

    /// Opens the form.
    pub(super) fn ask_password(&mut self) {
        let about = match self.resettable() {
            Ok(about) => about,
            Err(why) => return self.say(Tone::Warn, why),
        };
        let setting = about.row.reset.clone().unwrap_or_default();
        let lines = [
            Line::plain(text!("password.what", system = about.record.system)),
            Line::of(Tone::Dim, text!("password.setting", setting = setting)),
        ];
        self.popup = Some(Popup::Password(Box::new(Password {
            title: text!("password.title", name = about.label, system = about.record.system),
            lines: lines.iter().flat_map(|line| line.wrapped(WIDTH)).collect(),
            fields: [Input::default(), Input::default()],
            at: 0,
            error: None,
            about,
        })));
    }

    /// The form is handed in: the change is staged, and what was typed goes to the engine alone.
    pub(super) fn password_given(&mut self, mut form: Password, wishes: &mut Vec<Wish>) {
        let [typed, again] = [0, 1].map(|at| form.fields[at].value());
        let wrong = if typed != again {
            Some(text!("password.differ"))
        } else if typed.chars().any(char::is_control) {
            Some(text!("password.control"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            form.error = Some(wrong.to_owned());
            form.fields = [Input::default(), Input::default()];
            form.at = 0;
            self.popup = Some(Popup::Password(Box::new(form)));
            return;
        }
        let from = if typed.is_empty() { From::Setting } else { From::Typed };
        let About { record, row, label, called } = form.about;
        let (change, name) = reset(&record, &row, &label, called, from);
        if from == From::Typed {
            let secret = Secret::new(form.fields[0].value());
            wishes.push(Wish::Engine(Command::Hold { system: record.system, name: name.to_string(), secret }));
        }
        self.staged.add(change);
        self.keep(wishes);
        let key = self.keymap.shown(super::Action::Prepare);
        self.say(Tone::Plain, text!("stage.done", n = 1, total = text::count(self.staged.len() as u64), key = key));
    }
}

/// By what an operator knows a record of a system: its user name, where that was read.
fn called(table: &crate::model::Table, row: crate::model::Row, kind: Kind) -> Option<(AttrPath, String)> {
    let path = AttrPath::new(if kind == Kind::User { "userName" } else { "displayName" });
    let text = table.cell(row, table.schema().find(&path)?).text();
    (!text.is_empty()).then(|| (path, text.to_owned()))
}
