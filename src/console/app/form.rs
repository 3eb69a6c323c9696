//! The form for values that the source lacks: a list's key and value are asked for together, never one alone.

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::plan::Change;
use crate::plan::stage::{Blank, Offer, Supplied, supply};

use super::text::text;

/// What a field of the form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key of a list's entry.
    Key,
    /// The value.
    Value,
}

/// One field of the form.
#[derive(Clone, Debug)]
pub struct Field {
    /// Which blank.
    pub blank: usize,
    /// Which part of it.
    pub part: Part,
    /// What may be picked (id, name); empty: free text.
    pub options: Vec<(String, String)>,
    /// What was typed: the text itself, or what narrows the options.
    pub input: Input,
    /// The option under the cursor, among those that match.
    pub at: usize,
}

impl Field {
    /// The options that match what was typed.
    pub fn matching(&self) -> Vec<&(String, String)> {
        let typed = self.input.value().to_lowercase();
        self.options
            .iter()
            .filter(|(id, name)| typed.is_empty() || name.to_lowercase().contains(&typed) || id.contains(&typed))
            .collect()
    }

    /// The value that stands in the field: the picked option's id, or the text.
    pub fn value(&self) -> Option<String> {
        if self.options.is_empty() {
            let text = self.input.value().trim();
            return (!text.is_empty()).then(|| text.to_owned());
        }
        self.matching().get(self.at).map(|(id, _)| id.clone())
    }
}

/// The form for values that the source lacks.
#[derive(Clone, Debug)]
pub struct Form {
    /// The offers that wait for the values; all have the same blanks.
    pub offers: Vec<Offer>,
    /// The blanks.
    pub blanks: Vec<Blank>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The field with the cursor.
    pub at: usize,
    /// What is wrong.
    pub error: Option<String>,
    /// Offers that wait for other values.
    pub(super) rest: Vec<Vec<Offer>>,
}

impl Form {
    pub(super) fn new(mut groups: Vec<Vec<Offer>>) -> Option<Self> {
        if groups.is_empty() {
            return None;
        }
        let offers = groups.remove(0);
        let blanks = offers.first()?.blanks.clone();
        let mut fields = Vec::new();
        for (at, blank) in blanks.iter().enumerate() {
            let field = |part, options: &[(String, String)]| Field {
                blank: at,
                part,
                options: options.to_vec(),
                input: Input::default(),
                at: 0,
            };
            if blank.keyed {
                fields.push(field(Part::Key, &blank.keys));
            }
            fields.push(field(Part::Value, &blank.values));
        }
        Some(Self { offers, blanks, fields, at: 0, error: None, rest: groups })
    }

    /// A key that moves or types. `true`: the form is to be handed in.
    pub fn key(&mut self, event: &KeyEvent) -> bool {
        self.error = None;
        let last = self.fields.len().saturating_sub(1);
        let Some(field) = self.fields.get_mut(self.at) else { return true };
        match event.code {
            KeyCode::Up if field.at > 0 => field.at -= 1,
            KeyCode::Down if !field.options.is_empty() => {
                field.at = (field.at + 1).min(field.matching().len().saturating_sub(1));
            }
            KeyCode::Enter if self.at == last => return true,
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => self.at = (self.at + 1).min(last),
            KeyCode::BackTab | KeyCode::Up => self.at = self.at.saturating_sub(1),
            _ => {
                field.input.handle_event(&Event::Key(*event));
                field.at = field.at.min(field.matching().len().saturating_sub(1));
            }
        }
        false
    }

    /// A paste goes into the field under the cursor.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.at) {
            for c in text.chars() {
                field.input.handle(tui_input::InputRequest::InsertChar(c));
            }
            field.at = 0;
        }
    }

    /// The changes with the values in them.
    pub(super) fn supplied(&self) -> Result<Vec<Change>, String> {
        let mut values = Vec::new();
        for (at, blank) in self.blanks.iter().enumerate() {
            let part = |part| self.fields.iter().find(|field| field.blank == at && field.part == part);
            let open = || text!("form.open", attribute = blank.path.local(&[]));
            let key = match part(Part::Key) {
                Some(field) => Some(vec![field.value().ok_or_else(open)?]),
                None => None,
            };
            let value = part(Part::Value).and_then(Field::value).ok_or_else(open)?;
            values.push(Supplied { path: blank.path.clone(), key, value });
        }
        self.offers.iter().map(|offer| supply(offer, &values)).collect()
    }
}
