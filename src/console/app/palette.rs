//! Every action by name, found by a few letters of it.

use crossterm::event::{Event, KeyCode, KeyEvent};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::action::Action;
use super::lines::Tone;
use super::popup::Popup;
use super::{App, Wish};

/// The palette.
#[derive(Clone, Debug)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    /// What matches, best first, and why it cannot be done now.
    pub found: Vec<(Action, Option<String>)>,
    /// The cursor in `found`.
    pub at: usize,
    all: Vec<(Action, Option<String>)>,
}

impl Palette {
    fn new(all: Vec<(Action, Option<String>)>) -> Self {
        Self { input: Input::default(), found: all.clone(), at: 0, all }
    }

    /// A paste, in one line.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars() {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.find();
    }

    fn find(&mut self) {
        self.at = 0;
        let typed = self.input.value().trim();
        if typed.is_empty() {
            self.found = self.all.clone();
            return;
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut buffer = Vec::new();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (at, (action, _)) in self.all.iter().enumerate() {
            let name = pattern.score(Utf32Str::new(action.name(), &mut buffer), &mut matcher);
            let title = pattern.score(Utf32Str::new(action.title(), &mut buffer), &mut matcher);
            // The name counts a little more; a name that is typed out is what is meant.
            let exact = if action.name() == typed { 10_000 } else { 0 };
            let starts = if action.name().starts_with(typed) { 50 } else { 0 };
            if let Some(best) = name.map(|score| score + 5).max(title) {
                scored.push((best + exact + starts, at));
            }
        }
        scored.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        self.found = scored.into_iter().map(|(_, at)| self.all[at].clone()).collect();
    }
}

impl App {
    pub(super) fn open_palette(&mut self) {
        let scope = self.scope();
        let (mut here, mut elsewhere): (Vec<_>, Vec<_>) = Action::ALL
            .iter()
            .copied()
            .filter(|action| *action != Action::Palette && *action != Action::Toggle)
            .partition(|action| action.scopes().contains(&scope));
        here.append(&mut elsewhere);
        let all = here.into_iter().map(|action| (action, self.disabled(action))).collect();
        self.popup = Some(Popup::Palette(Palette::new(all)));
    }

    pub(super) fn palette_key(&mut self, mut palette: Palette, event: &KeyEvent, wishes: &mut Vec<Wish>) {
        match event.code {
            KeyCode::Esc => return,
            KeyCode::Enter => {
                if let Some((action, why)) = palette.found.get(palette.at).cloned() {
                    match why {
                        None => self.act(action, wishes),
                        Some(why) => self.say(Tone::Warn, why),
                    }
                }
                return;
            }
            KeyCode::Up | KeyCode::BackTab => palette.at = palette.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab => {
                palette.at = (palette.at + 1).min(palette.found.len().saturating_sub(1));
            }
            KeyCode::Backspace if palette.input.value().is_empty() => return,
            _ => {
                palette.input.handle_event(&Event::Key(*event));
                palette.find();
            }
        }
        self.popup = Some(Popup::Palette(palette));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_letters_find_an_action_and_a_whole_name_comes_first() {
        let mut palette = Palette::new(Action::ALL.iter().map(|action| (*action, None)).collect());
        palette.paste("oot");
        assert!(palette.found.iter().any(|(action, _)| *action == Action::OnlyOut));
        let mut palette = Palette::new(Action::ALL.iter().map(|action| (*action, None)).collect());
        palette.paste("plan");
        assert_eq!(palette.found[0].0, Action::Prepare);
    }
}
