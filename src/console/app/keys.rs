//! Keys as data: which key does what, from `assets/keys.toml`.

use std::collections::HashMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::{Action, Scope};

const KEYS: &str = include_str!("../../../assets/keys.toml");

/// A key as it is bound: what was pressed, and whether with Ctrl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// With Ctrl.
    pub ctrl: bool,
}

impl Key {
    /// A key as its name in the file says: `a`, `Space`, `PageUp`, `F1`, `ctrl-l`.
    pub fn parse(name: &str) -> Option<Self> {
        let (ctrl, bare) = name.strip_prefix("ctrl-").map_or((false, name), |bare| (true, bare));
        let mut chars = bare.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(one), None) => KeyCode::Char(one),
            _ => match bare {
                "Space" => KeyCode::Char(' '),
                "Enter" => KeyCode::Enter,
                "Esc" => KeyCode::Esc,
                "Tab" => KeyCode::Tab,
                "BackTab" => KeyCode::BackTab,
                "Up" => KeyCode::Up,
                "Down" => KeyCode::Down,
                "Left" => KeyCode::Left,
                "Right" => KeyCode::Right,
                "Home" => KeyCode::Home,
                "End" => KeyCode::End,
                "PageUp" => KeyCode::PageUp,
                "PageDown" => KeyCode::PageDown,
                _ => KeyCode::F(bare.strip_prefix('F')?.parse().ok()?),
            },
        };
        Some(Self { code, ctrl })
    }

    /// The key of an event. Full-width forms that an input method sends for `:`, `/` and `?` count as those; a key with
    /// Alt is none of ours.
    pub fn of(event: &KeyEvent) -> Option<Self> {
        if event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::META | KeyModifiers::SUPER) {
            return None;
        }
        let code = match event.code {
            KeyCode::Char('：') => KeyCode::Char(':'),
            KeyCode::Char('／') => KeyCode::Char('/'),
            KeyCode::Char('？') => KeyCode::Char('?'),
            KeyCode::Char('\u{3000}') => KeyCode::Char(' '),
            code => code,
        };
        Some(Self { code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) })
    }
}

impl Key {
    /// The digit that it is.
    pub fn digit(self) -> Option<usize> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl => c.to_digit(10).map(|digit| digit as usize),
            _ => None,
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.ctrl {
            out.write_str("ctrl-")?;
        }
        match self.code {
            KeyCode::Char(' ') => out.write_str("Space"),
            KeyCode::Char(c) => write!(out, "{c}"),
            KeyCode::F(n) => write!(out, "F{n}"),
            KeyCode::PageUp => out.write_str("PgUp"),
            KeyCode::PageDown => out.write_str("PgDn"),
            KeyCode::BackTab => out.write_str("shift-Tab"),
            code => write!(out, "{code:?}"),
        }
    }
}

/// Which key does what in which scope.
#[derive(Clone, Debug)]
pub struct Keymap {
    keys: HashMap<Action, Vec<Key>>,
    bound: HashMap<(Scope, Key), Action>,
}

impl Keymap {
    /// The map that is built in.
    pub fn standard() -> Self {
        let table: toml::Table = KEYS.parse().unwrap_or_default();
        let mut keys = HashMap::new();
        let mut bound = HashMap::new();
        for action in Action::ALL.iter().copied() {
            let mut own = Vec::new();
            let names = table.get(action.name()).and_then(toml::Value::as_array);
            for name in names.into_iter().flatten().filter_map(toml::Value::as_str) {
                if let Some(key) = Key::parse(name) {
                    own.push(key);
                    for scope in action.scopes() {
                        bound.entry((*scope, key)).or_insert(action);
                    }
                }
            }
            keys.insert(action, own);
        }
        Self { keys, bound }
    }

    /// What a key does in a scope.
    pub fn action(&self, scope: Scope, key: Key) -> Option<Action> {
        self.bound.get(&(scope, key)).copied()
    }

    /// The keys of an action.
    pub fn keys(&self, action: Action) -> &[Key] {
        self.keys.get(&action).map_or(&[], Vec::as_slice)
    }

    /// The first key of an action as it is shown; empty where it has none.
    pub fn shown(&self, action: Action) -> String {
        self.keys(action).first().map(ToString::to_string).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_name_in_the_file_is_an_action_and_every_key_is_a_key() {
        let table: toml::Table = KEYS.parse().unwrap();
        for (name, keys) in &table {
            assert!(Action::ALL.iter().any(|action| action.name() == name), "{name}");
            for key in keys.as_array().unwrap() {
                assert!(Key::parse(key.as_str().unwrap()).is_some(), "{name}: {key}");
            }
        }
    }

    #[test]
    fn full_width_punctuation_of_an_input_method_counts() {
        let event = KeyEvent::new(KeyCode::Char('：'), KeyModifiers::NONE);
        assert_eq!(Key::of(&event), Key::parse(":"));
    }
}
