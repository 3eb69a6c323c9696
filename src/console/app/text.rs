//! All words on the screen, from `assets/text/en.toml`, compiled in.

use std::collections::HashMap;
use std::sync::OnceLock;

/// The text of a key; with `name = value` pairs, `{name}` is replaced.
macro_rules! text {
    ($key:literal) => {
        $crate::console::app::text::get($key)
    };
    ($key:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::console::app::text::fill($key, &[$((stringify!($name), &$value.to_string())),+])
    };
}
pub(crate) use text;

const ENGLISH: &str = include_str!("../../../assets/text/en.toml");

fn table() -> &'static HashMap<String, String> {
    static TABLE: OnceLock<HashMap<String, String>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut flat = HashMap::new();
        if let Ok(root) = ENGLISH.parse::<toml::Table>() {
            flatten("", &root, &mut flat);
        }
        flat
    })
}

fn flatten(prefix: &str, table: &toml::Table, into: &mut HashMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, into),
            toml::Value::String(text) => {
                into.insert(key, text.clone());
            }
            _ => {}
        }
    }
}

/// The text of a key; the key itself where there is none, so that a slip is seen and never a panic.
pub fn get(key: &'static str) -> &'static str {
    table().get(key).map_or(key, String::as_str)
}

/// An action's title.
pub fn title(action: &str) -> &'static str {
    table().get(&format!("action.{action}")).map_or("", String::as_str)
}

/// The text of a key with `{name}` replaced.
pub fn fill(key: &'static str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = get(key);
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}') else { break };
        filled.push_str(&rest[..open]);
        let name = &rest[open + 1..open + close];
        match values.iter().find(|(have, _)| *have == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.push_str(&rest[open..=open + close]),
        }
        rest = &rest[open + close + 1..];
    }
    filled.push_str(rest);
    filled
}

/// Every key.
pub fn keys() -> impl Iterator<Item = &'static str> {
    table().keys().map(String::as_str)
}

/// A number with its thousands set apart: `1,203`.
pub fn count(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or_default().to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// So many changes, in words.
pub fn changes(number: usize) -> String {
    match number {
        1 => text!("count.change").to_owned(),
        _ => text!("count.changes", n = count(number as u64)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 12, 123, 1203, 1_000_000].map(|n: u64| count(n)), ["0", "12", "123", "1,203", "1,000,000"]);
    }

    fn sources(folder: &std::path::Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_text_that_is_used_exists_and_none_is_unused() {
        let mut code = String::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console"), &mut code);
        let used: BTreeSet<&str> = code
            .match_indices("text!(")
            .filter_map(|(at, _)| code[at + 6..].trim_start().strip_prefix('"'))
            .filter_map(|rest| rest.split('"').next())
            .filter(|key| {
                key.contains('.') && key.bytes().all(|byte| byte.is_ascii_lowercase() || b".-".contains(&byte))
            })
            .collect();
        assert!(used.len() > 20, "the scan finds the uses");
        let have: BTreeSet<&str> = keys().collect();
        let missing: Vec<_> = used.difference(&have).collect();
        assert!(missing.is_empty(), "not in en.toml: {missing:?}");
        let unused: Vec<_> = have.difference(&used).filter(|key| !key.starts_with("action.")).collect();
        assert!(unused.is_empty(), "in en.toml and not used: {unused:?}");
    }

    #[test]
    fn every_action_has_its_title_and_no_title_is_left_over() {
        let actions: BTreeSet<String> =
            super::super::action::Action::ALL.iter().map(|action| format!("action.{}", action.name())).collect();
        let titles: BTreeSet<String> = keys().filter(|key| key.starts_with("action.")).map(str::to_owned).collect();
        assert_eq!(actions, titles);
    }
}
