//! A record as its system sends it: JSON that folds and is searched.

use std::collections::BTreeSet;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::engine::protocol::Command;
use crate::model::RecordKey;

use super::action::{Action, Scope};
use super::keys::Key;
use super::lines::Tone;
use super::popup::Popup;
use super::rows::Rows;
use super::text::text;
use super::{App, Wish};

/// A record as its system sends it.
#[derive(Clone, Debug)]
pub struct Native {
    /// The record.
    pub key: RecordKey,
    /// The lines; `None`: they have been asked for.
    pub lines: Option<Result<Vec<String>, String>>,
    /// The lines at which something is folded away.
    pub closed: BTreeSet<usize>,
    /// The line under the cursor.
    pub at: usize,
    /// The first line shown.
    pub top: usize,
    /// What is looked for.
    pub find: Input,
    /// It is being typed.
    pub typing: bool,
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

impl Native {
    fn new(key: RecordKey) -> Self {
        let find = Input::default();
        Self { key, lines: None, closed: BTreeSet::new(), at: 0, top: 0, find, typing: false }
    }

    fn all(&self) -> &[String] {
        match &self.lines {
            Some(Ok(lines)) => lines,
            _ => &[],
        }
    }

    /// The line at which what begins on a line ends; `None`: nothing begins there.
    fn end_of(&self, at: usize) -> Option<usize> {
        let lines = self.all();
        let line = lines.get(at)?;
        if !line.ends_with(['{', '[']) {
            return None;
        }
        let own = indent(line);
        lines.iter().enumerate().skip(at + 1).find(|(_, line)| indent(line) == own).map(|(end, _)| end)
    }

    /// The lines that are not folded away.
    pub fn visible(&self) -> Vec<usize> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.all().len() {
            found.push(at);
            at = match self.end_of(at).filter(|_| self.closed.contains(&at)) {
                Some(end) => end + 1,
                None => at + 1,
            };
        }
        found
    }

    /// A line as it is shown: what is folded away in it is counted.
    pub fn line(&self, at: usize) -> String {
        let line = self.all().get(at).cloned().unwrap_or_default();
        match self.end_of(at).filter(|_| self.closed.contains(&at)) {
            Some(end) => {
                let close = self.all()[end].trim();
                format!("{line} {} {close}", text!("native.folded", n = end - at - 1))
            }
            None => line,
        }
    }

    /// Whether a line holds what is looked for.
    pub fn hit(&self, at: usize) -> bool {
        let wanted = self.find.value().to_lowercase();
        !wanted.is_empty() && self.all().get(at).is_some_and(|line| line.to_lowercase().contains(&wanted))
    }

    /// Folds or opens what begins on the line under the cursor, or what it stands in.
    fn fold(&mut self) {
        let begins = |at: &usize| self.end_of(*at).is_some_and(|end| end >= self.at);
        let Some(at) = (0..=self.at).rev().find(begins) else { return };
        if !self.closed.remove(&at) {
            self.closed.insert(at);
        }
        self.at = at;
    }

    /// Moves the cursor by so many lines that are shown.
    fn step(&mut self, by: isize) {
        let shown = self.visible();
        let place = shown.iter().position(|at| *at >= self.at).unwrap_or(0);
        let to = place.saturating_add_signed(by).min(shown.len().saturating_sub(1));
        self.at = shown.get(to).copied().unwrap_or_default();
    }

    /// Goes to the next line with what is looked for, this one included where `here`; folds over it are opened.
    fn next(&mut self, back: bool, here: bool) -> bool {
        let many = self.all().len();
        let ahead: Vec<usize> = if back {
            (0..self.at).rev().chain((self.at..many).rev()).collect()
        } else {
            (self.at + usize::from(!here)..many).chain(0..self.at).collect()
        };
        let Some(found) = ahead.into_iter().find(|at| self.hit(*at)) else { return false };
        let over: Vec<usize> = self
            .closed
            .iter()
            .copied()
            .filter(|at| *at < found && self.end_of(*at).is_some_and(|end| end > found))
            .collect();
        for at in over {
            self.closed.remove(&at);
        }
        self.at = found;
        true
    }

    /// The screen follows the cursor; long lines take several rows.
    fn follow(&mut self, height: usize, cells: usize) {
        let shown = self.visible();
        let rows = |at: usize| super::lines::Line::plain(self.line(at)).wrapped(cells).len();
        let place = |line: usize| shown.iter().position(|at| *at >= line).unwrap_or(0);
        let (cursor, top) = (place(self.at), place(self.top));
        let mut first = top.min(cursor);
        let mut used: usize =
            shown[first.min(shown.len())..=cursor.min(shown.len().saturating_sub(1))].iter().map(|at| rows(*at)).sum();
        while used > height && first < cursor {
            used -= rows(shown[first]);
            first += 1;
        }
        self.top = shown.get(first).copied().unwrap_or_default();
    }
}

impl App {
    /// The record under the cursor as its system sends it.
    pub(super) fn native(&mut self, wishes: &mut Vec<Wish>) {
        if let Some(key) = self.record_key() {
            self.ask_native(key, wishes);
        }
    }

    fn ask_native(&mut self, key: RecordKey, wishes: &mut Vec<Wish>) {
        self.popup = Some(Popup::Native(Native::new(key.clone())));
        wishes.push(Wish::Engine(Command::Native(key)));
    }

    /// A native form came, or why it did not.
    pub(super) fn native_came(&mut self, key: &RecordKey, text: Result<String, String>) {
        if let Some(Popup::Native(native)) = &mut self.popup
            && native.key == *key
        {
            native.lines = Some(text.map(|text| text.lines().map(str::to_owned).collect()));
        }
    }

    pub(super) fn native_key(&mut self, mut native: Native, event: &KeyEvent, key: Key, wishes: &mut Vec<Wish>) {
        let (height, cells) = (self.reader_height(), self.reader_width());
        if native.typing {
            match event.code {
                KeyCode::Enter => native.typing = false,
                KeyCode::Esc => {
                    native.typing = false;
                    native.find = Input::default();
                }
                _ => {
                    native.find.handle_event(&Event::Key(*event));
                    native.next(false, true);
                }
            }
        } else {
            let page = height.cast_signed().max(2) - 1;
            match self.keymap.action(Scope::Reader, key) {
                Some(Action::Escape | Action::Back) => return,
                Some(Action::Up) => native.step(-1),
                Some(Action::Down) => native.step(1),
                Some(Action::PageUp) => native.step(-page),
                Some(Action::PageDown) => native.step(page),
                Some(Action::Top) => native.step(isize::MIN / 2),
                Some(Action::Bottom) => native.step(isize::MAX / 2),
                Some(Action::Open | Action::Fold | Action::Copy) if native.all().is_empty() => {
                    self.hint(text!("native.waiting", system = native.key.system));
                }
                Some(Action::Open | Action::Fold) => native.fold(),
                Some(Action::Filter) => {
                    native.find = Input::default();
                    native.typing = true;
                }
                Some(step @ (Action::NextOut | Action::PreviousOut)) => {
                    if !native.next(step == Action::PreviousOut, false) {
                        self.say(Tone::Plain, text!("native.no-hit"));
                    }
                }
                Some(Action::Copy) => {
                    let line = native.all().get(native.at).map(|line| line.trim().to_owned()).unwrap_or_default();
                    if !line.is_empty() {
                        self.say(Tone::Plain, text!("notice.copied", text = line));
                        wishes.push(Wish::Copy(line));
                    }
                }
                Some(step @ (Action::SystemLeft | Action::SystemRight)) => {
                    self.native_of_next(step == Action::SystemRight, &native, wishes);
                    if self.popup.is_some() {
                        return;
                    }
                }
                _ => self.idle_over(key),
            }
        }
        if !native.all().is_empty() {
            native.follow(height, cells);
        }
        self.popup = Some(Popup::Native(native));
    }

    /// The same identity's record in the next system that has one.
    fn native_of_next(&mut self, forward: bool, native: &Native, wishes: &mut Vec<Wish>) {
        let Some(about) = &self.detail.about else { return };
        let rows = Rows::new(&about.compared, about.kind);
        let all: Vec<RecordKey> =
            (0..about.compared.inputs.systems.len()).filter_map(|system| rows.key_in(about.identity, system)).collect();
        let at = all.iter().position(|key| *key == native.key).unwrap_or(0);
        let to = if forward { at + 1 } else { at.wrapping_sub(1) };
        if let Some(key) = all.get(to).cloned() {
            self.ask_native(key, wishes);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::model::{Kind, SystemId};

    fn native() -> Native {
        let mut native = Native::new(RecordKey::new(SystemId::new("aha"), Kind::User, "1"));
        let text = "{\n  \"name\": {\n    \"first\": \"Lena\"\n  },\n  \"roles\": [\n    \"viewer\"\n  ]\n}";
        native.lines = Some(Ok(text.lines().map(str::to_owned).collect()));
        native
    }

    #[test]
    fn what_begins_on_a_line_is_folded_to_where_it_ends() {
        let mut native = native();
        native.at = 2;
        native.fold();
        assert_eq!((native.at, native.visible()), (1, vec![0, 1, 4, 5, 6, 7]));
        assert!(native.line(1).starts_with("  \"name\": { ") && native.line(1).ends_with("},"), "{}", native.line(1));
        native.fold();
        assert_eq!(native.visible().len(), 8);
    }

    #[test]
    fn a_search_goes_round_and_opens_what_is_folded_over_a_hit() {
        let mut native = native();
        native.at = 4;
        native.fold();
        native.find = Input::new("VIEW".into());
        native.at = 0;
        assert!(native.next(false, false));
        assert_eq!((native.at, native.closed.len()), (5, 0));
        native.find = Input::new("lena".into());
        assert!(native.next(false, false), "round the end");
        assert_eq!(native.at, 2);
        native.find = Input::new("nobody".into());
        assert!(!native.next(false, false));
    }
}
