//! Keys as data: which key does what, from `assets/keys.toml`; what an input method sends is folded to its key.

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

    /// The key of an event. What an input method sends for a key counts as that key; a key with Alt is none of ours.
    pub fn of(event: &KeyEvent) -> Option<Self> {
        if event.modifiers.intersects(KeyModifiers::ALT | KeyModifiers::META | KeyModifiers::SUPER) {
            return None;
        }
        let code = match event.code {
            KeyCode::Char(c) => KeyCode::Char(fold(c)),
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

/// The key that an input method meant: full-width forms are their ASCII ones (Unicode block FF00), and Chinese punctuation is
/// what stands on the key that yields it.
pub fn fold(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '、' => '/',
        '。' => '.',
        '【' | '「' | '〔' => '[',
        '】' | '」' | '〕' => ']',
        '『' => '{',
        '』' => '}',
        '《' | '〈' => '<',
        '》' | '〉' => '>',
        '\u{ffe5}' | '\u{a5}' => '$',
        '\u{2026}' => '^',
        '\u{2014}' => '_',
        '\u{b7}' => '`',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{2018}' | '\u{2019}' => '\'',
        c => c,
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
        let keys = Action::ALL.iter().map(|action| {
            let names = table.get(action.name()).and_then(toml::Value::as_array);
            let names = names.into_iter().flatten().filter_map(toml::Value::as_str);
            (*action, names.filter_map(Key::parse).collect())
        });
        Self::bind(keys.collect())
    }

    /// Binds every key in every scope of its action; of two actions on one key the first in the registry has it.
    pub(super) fn bind(keys: HashMap<Action, Vec<Key>>) -> Self {
        let mut bound = HashMap::new();
        for action in Action::ALL.iter().copied() {
            for key in keys.get(&action).into_iter().flatten() {
                for scope in action.scopes() {
                    bound.entry((*scope, *key)).or_insert(action);
                }
            }
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

    /// The first key of an action as it is shown; where it has none, how the palette is asked for it.
    pub fn shown(&self, action: Action) -> String {
        self.keys(action).first().map_or_else(|| format!(":{}", action.name()), ToString::to_string)
    }

    /// All keys of an action, as they are shown.
    pub fn all_shown(&self, action: Action) -> String {
        let keys: Vec<String> = self.keys(action).iter().map(ToString::to_string).collect();
        keys.join(" ")
    }
}

/// The key table of the README, in Markdown.
pub fn key_table(keymap: &Keymap) -> String {
    let mut table = String::from("| key | action | |\n|---|---|---|\n");
    for action in Action::ALL.iter().copied() {
        let keys: Vec<String> = keymap.keys(action).iter().map(|key| format!("`{key}`")).collect();
        let keys = keys.join(" ").replace('|', "\\|");
        table.push_str(&format!("| {keys} | {} | `:{}` |\n", action.title(), action.name()));
    }
    table
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
    fn what_an_input_method_sends_counts_as_the_key_that_was_pressed() {
        let sent = |c: char| Key::of(&KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        for byte in b'!'..=b'~' {
            let wide = char::from_u32(u32::from(byte) + 0xfee0).unwrap();
            assert_eq!(sent(wide), Key::parse(&(byte as char).to_string()), "{wide}");
        }
        for (c, key) in
            [('\u{3000}', "Space"), ('、', "/"), ('。', "."), ('【', "["), ('】', "]"), ('《', "<"), ('王', "王")]
        {
            assert_eq!(sent(c), Key::parse(key), "{c}");
        }
    }
}
