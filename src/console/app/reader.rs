//! A text to read over the screen: native, why, trace, help, log.

use std::collections::BTreeMap;

use super::action::{Action, Scope};
use super::keys::Key;
use super::lines::Line;
use super::popup::Popup;
use super::{App, Wish};

/// What a text is about, so that it can be made anew when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Of {
    /// It stands as it is.
    #[default]
    Text,
    /// The why card of the record under the cursor.
    Why,
    /// The log.
    Log,
}

/// A text with a title, and where it has been scrolled to.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The title.
    pub title: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// Lines that stand for an action: Enter carries it out.
    pub actions: BTreeMap<usize, Action>,
    /// The cursor where there are actions, else the first line shown.
    pub at: usize,
    /// The first line shown.
    pub top: usize,
    /// What it is about.
    pub of: Of,
    /// What it offers: the action's own key does it, and so does Enter.
    pub fix: Option<Action>,
}

impl Reader {
    /// A text.
    pub fn new(title: impl Into<String>, lines: Vec<Line>) -> Self {
        Self { title: title.into(), lines, ..Self::default() }
    }

    fn step(&mut self, by: isize, height: usize) {
        let last = self.lines.len().saturating_sub(1);
        if self.actions.is_empty() {
            let most = self.lines.len().saturating_sub(height);
            self.at = self.at.saturating_add_signed(by).min(most);
            self.top = self.at;
        } else {
            let to = self.at.saturating_add_signed(by).min(last);
            self.at = if by < 0 {
                self.actions.range(..=to).next_back().map_or(self.at.min(to), |(at, _)| *at)
            } else {
                self.actions.range(to..).next().map_or(to, |(at, _)| *at)
            };
            if by < 0 && self.actions.range(..self.at).next().is_none() {
                self.top = 0;
            }
            if self.at < self.top {
                self.top = self.at;
            } else if self.at >= self.top + height {
                self.top = self.at + 1 - height;
            }
        }
    }
}

impl App {
    /// Cells of a line in a reader.
    pub fn reader_width(&self) -> usize {
        // A line that is too long cannot be followed.
        usize::from(self.size.0).saturating_sub(4).min(136)
    }

    /// Lines that fit into a reader.
    pub fn reader_height(&self) -> usize {
        usize::from(self.size.1).saturating_sub(6).max(1)
    }

    pub(super) fn reader_key(&mut self, mut reader: Reader, key: Key, wishes: &mut Vec<Wish>) {
        if let Some(fix) = reader.fix.filter(|fix| self.keymap.action(self.scope(), key) == Some(*fix)) {
            self.act(fix, wishes);
            if reader.of == Of::Log {
                self.popup = Some(Popup::Reader(reader));
                self.reread();
            }
            return;
        }
        let height = self.reader_height();
        let page = height.cast_signed();
        let many = reader.lines.len().cast_signed();
        match self.keymap.action(Scope::Reader, key) {
            Some(Action::Open) => {
                if let Some(action) = reader.actions.get(&reader.at).copied().or(reader.fix) {
                    return self.act(action, wishes);
                }
                return;
            }
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Up) => reader.step(-1, height),
            Some(Action::Down) => reader.step(1, height),
            Some(Action::PageUp) => reader.step(-page, height),
            Some(Action::PageDown) => reader.step(page, height),
            Some(Action::Top) => reader.step(-many, height),
            Some(Action::Bottom) => reader.step(many, height),
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Reader(reader));
    }

    /// A text about something that has changed is made anew; it stays scrolled where it was.
    pub(super) fn reread(&mut self) {
        let Some(Popup::Reader(reader)) = &self.popup else { return };
        let (of, at, top) = (reader.of, reader.at, reader.top);
        match of {
            Of::Text => return,
            Of::Why => self.open_why(),
            Of::Log => self.open_log(),
        }
        let height = self.reader_height();
        if let Some(Popup::Reader(reader)) = &mut self.popup {
            reader.at = at.min(reader.lines.len().saturating_sub(height));
            reader.top = top.min(reader.at);
        }
    }
}
