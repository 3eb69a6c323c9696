//! The operator's own `keys.toml`: laid over the built-in map, every fault told with its line.

use std::collections::HashMap;

use crossterm::event::KeyCode;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::action::{Action, Scope};
use super::keys::{Key, Keymap, fold};

/// What is wrong in a line of the file, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFault {
    /// The line, from 1.
    pub line: usize,
    /// In words.
    pub message: String,
}

/// Actions without which nothing else can be reached.
const NEEDED: [Action; 5] = [Action::Up, Action::Down, Action::Open, Action::Escape, Action::Palette];

/// Keys with names of their own.
const NAMED: [&str; 13] =
    ["Space", "Enter", "Esc", "Tab", "BackTab", "Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PageDown"];

impl Keymap {
    /// The built-in map with the operator's own lines over it. A key that a line takes is taken from the built-in action that
    /// had it, as long as that one keeps another.
    ///
    /// # Errors
    /// Every line that cannot be followed.
    pub fn own(text: &str) -> Result<Self, Vec<KeyFault>> {
        let line = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let root = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            vec![KeyFault { line: line(at), message: format!("this is no TOML: {}", error.message()) }]
        })?;
        let mut faults = Vec::new();
        let mut own: HashMap<Action, (usize, Vec<Key>)> = HashMap::new();
        for (name, value) in root.get_ref() {
            let at = line(name.span().start);
            let Some(action) = Action::parse(name.get_ref()) else {
                let names = Action::ALL.iter().map(|action| action.name());
                let message = format!("there is no action `{}`{}", name.get_ref(), nearest(name.get_ref(), names));
                faults.push(KeyFault { line: at, message });
                continue;
            };
            match keys(action, value) {
                Ok(keys) => drop(own.insert(action, (at, keys))),
                Err(found) => {
                    let found = found.into_iter().map(|(at, message)| KeyFault { line: line(at), message });
                    faults.extend(found);
                }
            }
        }
        let built_in = Self::standard();
        let mut all: HashMap<Action, Vec<Key>> =
            Action::ALL.iter().map(|action| (*action, built_in.keys(*action).to_vec())).collect();
        for (action, (_, keys)) in &own {
            all.insert(*action, keys.clone());
        }
        let mut lines: Vec<(usize, Action)> = own.iter().map(|(action, (at, _))| (*at, *action)).collect();
        lines.sort_by_key(|(at, action)| (*at, action.name()));
        for (at, action) in lines {
            faults.extend(conflicts(at, action, &own, &mut all));
        }
        faults.sort_by(|a, b| (a.line, &a.message).cmp(&(b.line, &b.message)));
        if faults.is_empty() { Ok(Self::bind(all)) } else { Err(faults) }
    }
}

/// The keys of a line, or what is wrong with them and where.
fn keys(action: Action, value: &Spanned<DeValue<'_>>) -> Result<Vec<Key>, Vec<(usize, String)>> {
    let start = value.span().start;
    let list = match value.get_ref() {
        DeValue::String(_) => std::slice::from_ref(value),
        DeValue::Array(list) => list,
        _ => &[],
    };
    if list.is_empty() && !value.get_ref().is_array() {
        return Err(vec![(start, format!("`{}` wants a list of keys, such as [\"x\", \"F6\"]", action.name()))]);
    }
    let mut keys = Vec::new();
    let mut faults = Vec::new();
    for entry in list {
        match entry.get_ref().as_str().ok_or_else(|| "a key is written as text, such as \"x\"".to_owned()).and_then(key)
        {
            Ok(key) => keys.push(key),
            Err(why) => faults.push((entry.span().start, why)),
        }
    }
    if faults.is_empty() && keys.is_empty() && NEEDED.contains(&action) {
        faults.push((start, format!("`{}` must keep a key: everything else is reached through it", action.name())));
    }
    if faults.is_empty() && !keys.is_empty() && keys.iter().all(|key| key.ctrl) {
        let words =
            "every key of it needs Ctrl, which tmux, screen and input methods keep for themselves; add one without";
        faults.push((start, format!("`{}`: {words}", action.name())));
    }
    if faults.is_empty() { Ok(keys) } else { Err(faults) }
}

fn key(name: &str) -> Result<Key, String> {
    let Some(key) = Key::parse(name) else {
        let names = NAMED.into_iter().chain(["F1", "F12", "ctrl-l"]);
        return Err(format!("there is no key `{name}`{}", nearest(name, names)));
    };
    if let KeyCode::Char(c) = key.code {
        if fold(c) != c {
            return Err(format!("`{name}` is what an input method sends for `{}`; write that", fold(c)));
        }
        if c.is_control() {
            return Err(format!("{c:?} is no key"));
        }
        if key.ctrl {
            let why = match c.to_ascii_lowercase() {
                's' | 'q' => "stops and starts the terminal's output",
                'i' => "is Tab for a terminal",
                'm' | 'j' => "is Enter for a terminal",
                'h' => "is Backspace for a terminal",
                '[' => "is Esc for a terminal",
                ' ' => "switches input methods",
                c if c.is_ascii_lowercase() => return Ok(Key { code: KeyCode::Char(c), ctrl: true }),
                _ => "cannot be told apart by a terminal",
            };
            return Err(format!("`{name}` {why}; take another key"));
        }
    } else if key.ctrl {
        return Err(format!("`{name}` does not arrive over every terminal; take another key"));
    }
    Ok(key)
}

/// Keys of this line's action that another action of the same scope has too.
fn conflicts(
    line: usize,
    action: Action,
    own: &HashMap<Action, (usize, Vec<Key>)>,
    all: &mut HashMap<Action, Vec<Key>>,
) -> Vec<KeyFault> {
    let mut faults = Vec::new();
    let mine = own.get(&action).map(|(_, keys)| keys.clone()).unwrap_or_default();
    for other in Action::ALL.iter().copied().filter(|other| *other != action) {
        let Some(scope) = action.scopes().iter().find(|scope| other.scopes().contains(scope)) else { continue };
        for key in &mine {
            if !all.get(&other).is_some_and(|keys| keys.contains(key)) {
                continue;
            }
            if let Some((at, _)) = own.get(&other) {
                // Told once, at the later of the two lines.
                if (line, action.name()) > (*at, other.name()) {
                    let message = format!(
                        "`{key}` is `{}` in line {at} and `{}` here, both in {}",
                        other.name(),
                        action.name(),
                        named(*scope)
                    );
                    faults.push(KeyFault { line, message });
                }
                continue;
            }
            let keys = all.entry(other).or_default();
            if keys.len() > 1 {
                keys.retain(|have| have != key);
            } else {
                let message = format!(
                    "`{key}` is `{name}` in {}; give that another key too: {name} = [\"...\"]",
                    named(*scope),
                    name = other.name()
                );
                faults.push(KeyFault { line, message });
            }
        }
    }
    faults
}

/// A scope in words.
const fn named(scope: Scope) -> &'static str {
    match scope {
        Scope::List => "the lists",
        Scope::Detail => "the detail",
        Scope::Plan => "the plan",
        Scope::History => "the history",
        Scope::Systems => "the systems",
        Scope::Checklist => "a list to tick",
        Scope::Reader => "a text to read",
        Scope::Links => "the list of candidates",
        Scope::Input => "a field to type in",
        Scope::Columns => "the columns of a list",
    }
}

/// `; did you mean ...` where a known name is close.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let lower = name.to_lowercase();
    let best = known
        .map(|known| (strsim::damerau_levenshtein(&lower, &known.to_lowercase()), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3);
    best.map_or_else(String::new, |(_, known)| format!("; did you mean `{known}`?"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn told(text: &str) -> Vec<(usize, String)> {
        Keymap::own(text).unwrap_err().into_iter().map(|fault| (fault.line, fault.message)).collect()
    }

    #[test]
    fn every_action_can_be_given_a_key_of_its_own() {
        for action in Action::ALL.iter().copied() {
            let map = Keymap::own(&format!("{} = [\"F11\"]", action.name())).unwrap();
            let key = Key::parse("F11").unwrap();
            for scope in action.scopes() {
                assert_eq!(map.action(*scope, key), Some(action), "{} in {scope:?}", action.name());
            }
            let before = Keymap::standard().keys(action)[0];
            let still = action.scopes().iter().any(|scope| map.action(*scope, before) == Some(action));
            assert!(!still, "{} lets go of its old key", action.name());
        }
    }

    #[test]
    fn a_key_is_taken_from_a_built_in_action_that_keeps_another() {
        let map = Keymap::own("sort = \"k\"").unwrap();
        assert_eq!(map.action(Scope::List, Key::parse("k").unwrap()), Some(Action::Sort));
        assert_eq!(map.action(Scope::List, Key::parse("Up").unwrap()), Some(Action::Up));
        assert_eq!(map.shown(Action::Up), "Up");
    }

    #[test]
    fn what_would_be_left_without_a_key_is_told_with_the_line() {
        let told = told("# mine\nsort = [\"x\", \"w\"]\n");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].0, 2);
        assert!(told[0].1.contains("`w` is `why` in the lists") && told[0].1.contains("why = ["), "{told:?}");
        assert!(Keymap::own("sort = [\"w\"]\nwhy = [\"s\"]").is_ok(), "swapped");
    }

    #[test]
    fn two_lines_that_want_one_key_are_told_once_at_the_later_one() {
        let told = told("sort = [\"F9\"]\n\nwhy = [\"F9\"]");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0] == (3, "`F9` is `sort` in line 1 and `why` here, both in the lists".to_owned()), "{told:?}");
        assert!(Keymap::own("sort = [\"F9\"]\npush = [\"F9\"]").is_ok(), "they share no scope");
    }

    #[test]
    fn an_unknown_action_or_key_is_told_with_the_nearest_name() {
        let told = told("stge = [\"x\"]\nwhy = [\"Spce\"]\n");
        assert!(told[0].1.contains("did you mean `stage`?"), "{told:?}");
        assert!(told[1].0 == 2 && told[1].1.contains("did you mean `Space`?"), "{told:?}");
    }

    #[test]
    fn keys_that_terminals_keep_and_actions_that_need_ctrl_are_refused() {
        for (text, what) in [
            ("why = [\"ctrl-w\"]", "needs Ctrl"),
            ("why = [\"w\", \"ctrl-s\"]", "stops and starts"),
            ("why = [\"w\", \"ctrl-i\"]", "is Tab"),
            ("why = [\"w\", \"ctrl-Up\"]", "does not arrive"),
            ("why = [\"：\"]", "write that"),
            ("why = 3", "wants a list"),
            ("open = []", "must keep a key"),
            ("why = [", "no TOML"),
        ] {
            let told = told(text);
            assert!(told.len() == 1 && told[0].1.contains(what), "{text}: {told:?}");
        }
        assert!(Keymap::own("theme = []").unwrap().keys(Action::Theme).is_empty());
    }
}
