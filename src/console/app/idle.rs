//! A key that does nothing where it was pressed says so; and Esc that came together with the next key is both.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Class};
use super::keys::Key;
use super::popup::Popup;
use super::text::text;
use super::{App, Wish};

/// What readline does with Alt: words are jumped over and deleted.
const WORDS: [KeyCode; 4] = [KeyCode::Char('b'), KeyCode::Char('f'), KeyCode::Char('d'), KeyCode::Backspace];

impl App {
    /// Says that a key does nothing in this place.
    pub(super) fn idle(&mut self, key: Key) {
        let words = match self.bound(key) {
            Some(action) => text!("no.elsewhere", key = key, what = action.title()),
            None => text!("no.nothing", key = key, help = self.keymap.shown(Action::Help)),
        };
        self.hint(words);
    }

    /// Says that a key does nothing while something lies over the screen.
    pub(super) fn idle_over(&mut self, key: Key) {
        let close = self.keymap.shown(Action::Escape);
        self.hint(match self.bound(key) {
            Some(_) => text!("no.covered", key = key, close = close),
            None => text!("no.nothing-over", key = key, close = close),
        });
    }

    /// What a key does in some place.
    fn bound(&self, key: Key) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| self.keymap.keys(*action).contains(&key))
    }

    /// Esc and a key that came as one: typed quickly, tmux and slow lines hand them over together, and that looks like Alt.
    /// No key with Alt is ours, so both are taken; only what ends in a write wants its own key.
    pub(super) fn escaped(&mut self, event: &KeyEvent, number: u64, wishes: &mut Vec<Wish>) -> bool {
        if event.modifiers != KeyModifiers::ALT || self.popup.as_ref().is_some_and(|popup| popup.types(event)) {
            return false;
        }
        let asks = matches!(self.popup, Some(Popup::Confirm(_) | Popup::Ask(_)));
        self.key(&KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE), number, wishes);
        let second = KeyEvent::new(event.code, KeyModifiers::NONE);
        let action = Key::of(&second).and_then(|key| self.keymap.action(self.scope(), key));
        if !asks && action.is_none_or(|action| action.class() != Class::Write) {
            self.key(&second, number, wishes);
        }
        true
    }
}

impl Popup {
    /// Whether a key with Alt edits what is being typed.
    fn types(&self, event: &KeyEvent) -> bool {
        let typing = match self {
            Self::Filter(_) | Self::Palette(_) | Self::Form(_) | Self::Note(_) | Self::Password(_) => true,
            Self::Help(help) => help.typing,
            Self::Native(native) => native.typing,
            _ => false,
        };
        typing && WORDS.contains(&event.code)
    }
}
