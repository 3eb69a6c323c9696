//! How the console looks and speaks: what the options say, else the environment, else the configuration, else the locale.

use super::Global;
use crate::config;
use crate::console::app::text::{Language, speak};

/// Makes the console speak as it shall.
pub fn settle(global: &Global, face: &config::Face) {
    let named = global.language.as_deref().or(face.language.as_deref()).and_then(Language::parse);
    speak(named.unwrap_or_else(|| Language::of_locale(&locale(|name| std::env::var(name).ok()))));
}

/// The locale of messages: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that says anything (POSIX 8.2).
fn locale(env: impl Fn(&str) -> Option<String>) -> String {
    ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(env).find(|value| !value.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_says_anything_counts() {
        let env = |name: &str| match name {
            "LC_ALL" => Some(String::new()),
            "LC_MESSAGES" => Some("zh_CN.UTF-8".to_owned()),
            _ => Some("de_DE".to_owned()),
        };
        assert_eq!(locale(env), "zh_CN.UTF-8");
        assert_eq!(locale(|_| None), "");
    }
}
