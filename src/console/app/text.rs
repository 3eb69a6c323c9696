//! All words on the screen, from `assets/text/{en,zh}.toml`, compiled in.
//!
//! One language holds for the whole program; a thread may speak another one, which is what tests of several languages in
//! one process need.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

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

/// What the screen speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// All.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// The language of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.name() == name)
    }

    /// What a locale such as `zh_CN.UTF-8` asks for. Traditional Chinese is not ours: it gets English.
    pub fn of_locale(locale: &str) -> Self {
        let lower = locale.to_ascii_lowercase();
        let name = lower.split(['.', '@']).next().unwrap_or_default();
        let traditional =
            ["tw", "hk", "mo", "hant"].iter().any(|part| name.split(['_', '-']).any(|have| have == *part));
        if name.split(['_', '-']).next() == Some("zh") && !traditional { Self::Chinese } else { Self::English }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::English => include_str!("../../../assets/text/en.toml"),
            Self::Chinese => include_str!("../../../assets/text/zh.toml"),
        }
    }
}

static SPOKEN: AtomicU8 = AtomicU8::new(0);
thread_local! {
    static HERE: Cell<Option<Language>> = const { Cell::new(None) };
}

/// What is spoken.
pub fn language() -> Language {
    HERE.get().unwrap_or_else(|| Language::ALL[usize::from(SPOKEN.load(Ordering::Relaxed)) % Language::ALL.len()])
}

/// From now on this is spoken.
pub fn speak(language: Language) {
    SPOKEN.store(language as u8, Ordering::Relaxed);
}

/// From now on this thread speaks this, whatever the program does; `None`: what the program does.
pub fn speak_here(language: Option<Language>) {
    HERE.set(language);
}

/// The program, or this thread where it speaks for itself, turns to another language.
pub fn switch(language: Language) {
    if HERE.get().is_some() { speak_here(Some(language)) } else { speak(language) }
}

fn table(language: Language) -> &'static HashMap<String, String> {
    static TABLES: [OnceLock<HashMap<String, String>>; 2] = [const { OnceLock::new() }; 2];
    TABLES[language as usize].get_or_init(|| {
        let mut flat = HashMap::new();
        if let Ok(root) = language.words().parse::<toml::Table>() {
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

/// The text of a key in what is spoken; the key itself where there is none, so that a slip is seen and never a panic.
pub fn get(key: &'static str) -> &'static str {
    table(language()).get(key).map_or(key, String::as_str)
}

/// The text of a key in every language.
pub fn in_all(key: &str) -> String {
    let words = Language::ALL.map(|language| table(language).get(key).map_or("", String::as_str));
    words.join(" ")
}

/// An action's title.
pub fn title(action: &str) -> &'static str {
    title_in(language(), action)
}

/// An action's title in a language.
pub fn title_in(language: Language, action: &str) -> &'static str {
    table(language).get(&format!("action.{action}")).map_or("", String::as_str)
}

/// Words side by side, with what parts them in what is spoken.
pub fn listed(words: &[impl AsRef<str>]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let comma = text!("list.comma");
    // A wide comma has its blank in itself.
    if comma.is_ascii() { words.join(&format!("{comma} ")) } else { words.join(comma) }
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
    table(Language::English).keys().map(String::as_str)
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
        for room in ["src/console", "src/cli"] {
            sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(room), &mut code);
        }
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
    fn both_languages_have_the_same_texts_with_the_same_holes() {
        let holes = |text: &str| -> BTreeSet<String> {
            text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
        };
        let (english, chinese) = (table(Language::English), table(Language::Chinese));
        let missing: Vec<_> = english.keys().filter(|key| !chinese.contains_key(*key)).collect();
        assert!(missing.is_empty(), "not in zh.toml: {missing:?}");
        let left: Vec<_> = chinese.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(left.is_empty(), "only in zh.toml: {left:?}");
        for (key, text) in english {
            assert!(!text.is_empty() && !chinese[key].is_empty(), "{key} says nothing");
            assert_eq!(holes(text), holes(&chinese[key]), "{key}");
            let framed = |text: &str| (text.len() - text.trim_start().len(), text.len() - text.trim_end().len());
            assert_eq!(framed(text), framed(&chinese[key]), "{key}: blanks around it");
        }
    }

    #[test]
    fn no_text_holds_a_character_whose_width_is_the_terminals_choice() {
        use unicode_width::UnicodeWidthChar;
        for language in Language::ALL {
            for (key, text) in table(language) {
                let odd: Vec<char> = text.chars().filter(|c| c.width() != c.width_cjk()).collect();
                assert!(odd.is_empty(), "{} {key}: {odd:?}", language.name());
            }
        }
    }

    #[test]
    fn the_locale_chooses_and_traditional_chinese_is_not_simplified() {
        for (locale, language) in [
            ("zh_CN.UTF-8", Language::Chinese),
            ("zh_SG", Language::Chinese),
            ("zh", Language::Chinese),
            ("zh-Hans-CN", Language::Chinese),
            ("zh_TW.UTF-8", Language::English),
            ("zh-Hant", Language::English),
            ("en_US.UTF-8", Language::English),
            ("C", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }

    #[test]
    fn a_thread_can_speak_another_language() {
        speak_here(Some(Language::Chinese));
        assert_eq!(get("tab.users"), "用户");
        assert_eq!(changes(2), "2 项变更");
        speak_here(None);
        assert_eq!(get("tab.users"), "Users");
    }

    #[test]
    fn every_action_has_its_title_and_no_title_is_left_over() {
        let actions: BTreeSet<String> =
            super::super::action::Action::ALL.iter().map(|action| format!("action.{}", action.name())).collect();
        let titles: BTreeSet<String> = keys().filter(|key| key.starts_with("action.")).map(str::to_owned).collect();
        assert_eq!(actions, titles);
    }
}
