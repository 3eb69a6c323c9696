//! How the console looks and speaks: what the options say, else the configuration, else the environment; and the operator's
//! own keys and themes from the configuration directory.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, bail};

use super::args::{Color, Format};
use super::{Dirs, Global};
use crate::config;
use crate::console::app::action::Action;
use crate::console::app::keys::Keymap;
use crate::console::app::said::said;
use crate::console::app::text::{Language, language, speak};
use crate::console::view::{Borders, Theme, Themes};
use crate::mapping::MappingError;

/// The operator's own keys, in the configuration directory.
const KEYS: &str = "keys.toml";
/// The operator's own themes, in the configuration directory.
const THEMES: &str = "themes";

/// How the console looks.
#[derive(Debug)]
pub struct Look {
    /// All themes, with the one that is on.
    pub themes: Themes,
    /// The operator's own key map, where there is one.
    pub keymap: Option<Keymap>,
    /// For screen readers.
    pub plain: bool,
}

/// Makes the console speak as it shall, and says how it looks.
///
/// # Errors
/// When the operator's own keys or themes cannot be used, with file and line; when there is no theme of the name.
pub fn settle(global: &Global, face: &config::Face) -> anyhow::Result<Look> {
    let env = |name: &str| std::env::var(name).ok();
    speak_as(global, face);
    // What is the operator's own lives with the operator, whatever data directory is used.
    let dirs = Dirs::find(None).ok();
    let keymap = dirs.as_ref().map(|dirs| keymap(&dirs.config)).transpose()?.flatten();
    let own = dirs.as_ref().map(|dirs| themes(&dirs.config)).transpose()?.unwrap_or_default();
    let mut themes = Themes::with(own);
    let plain = global.plain || face.plain;
    let name = theme(global, face, plain, env);
    if !themes.choose(&name) {
        bail!("there is no theme `{name}`; there are: {}", themes.names().join(", "));
    }
    themes.border(match (plain, face.lines) {
        (true, _) => Borders::Plain,
        (false, true) => Borders::Lines,
        (false, false) => Borders::Ascii,
    });
    Ok(Look { themes, keymap, plain })
}

/// The same for a command that writes for people or for programs: what programs read stays English.
pub fn speak_to(global: &Global, format: Format) {
    if format == Format::Table {
        speak_as(global, &config::Face::default());
    }
}

/// A sentence of the program in what is spoken; in English letter for letter.
pub fn spoken(text: &str) -> Cow<'_, str> {
    if language() == Language::English { Cow::Borrowed(text) } else { said(text) }
}

/// An error with what led to it, in what is spoken: where it is (a file) stays as it is.
pub fn spoken_error(error: &anyhow::Error) -> String {
    let one = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref::<MappingError>() {
        Some(MappingError { origin, message }) => format!("{origin}: {}", spoken(message)),
        None => spoken(&cause.to_string()).into_owned(),
    };
    error.chain().map(one).collect::<Vec<_>>().join(": ")
}

/// Makes the program speak as the options say, else the configuration, else the locale.
pub fn speak_as(global: &Global, face: &config::Face) {
    let named = global.language.as_deref().or(face.language.as_deref()).and_then(Language::parse);
    speak(named.unwrap_or_else(|| Language::of_locale(&locale(|name| std::env::var(name).ok()))));
}

/// The locale of messages: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that says anything (POSIX 8.2).
fn locale(env: impl Fn(&str) -> Option<String>) -> String {
    ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(env).find(|value| !value.is_empty()).unwrap_or_default()
}

/// The theme's name. A configured one wins over `NO_COLOR` (no-color.org), and `COLORFGBG` tells a light ground where a
/// terminal sets it; nothing is asked of the terminal.
fn theme(global: &Global, face: &config::Face, plain: bool, env: impl Fn(&str) -> Option<String>) -> String {
    let light = || {
        let ground = env("COLORFGBG").and_then(|value| value.rsplit(';').next().map(str::to_owned));
        if matches!(ground.as_deref(), Some("7" | "15")) { "light" } else { "dark" }
    };
    let told = global.theme.clone().or_else(|| face.theme.clone());
    match (global.color, told) {
        (Color::Never, _) => "mono".to_owned(),
        (_, Some(told)) => told,
        (_, None) if plain => "mono".to_owned(),
        (Color::Auto, None) if env("NO_COLOR").is_some_and(|value| !value.is_empty()) => "mono".to_owned(),
        (_, None) => light().to_owned(),
    }
}

/// The operator's own key map over the built-in one; `None`: there is no such file.
///
/// # Errors
/// Every fault with file and line.
pub fn keymap(dir: &Path) -> anyhow::Result<Option<Keymap>> {
    let file = dir.join(KEYS);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    Keymap::own(&text).map(Some).map_err(|faults| {
        let told: Vec<String> =
            faults.iter().map(|fault| format!("{}:{}: {}", file.display(), fault.line, fault.message)).collect();
        anyhow::anyhow!("{}", told.join("\n"))
    })
}

fn themes(dir: &Path) -> anyhow::Result<Vec<Theme>> {
    let Ok(entries) = std::fs::read_dir(dir.join(THEMES)) else { return Ok(Vec::new()) };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    let read = |file: &std::path::PathBuf| -> anyhow::Result<Theme> {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        Theme::parse(&name, &text).map_err(|(line, message)| anyhow::anyhow!("{}:{line}: {message}", file.display()))
    };
    files.iter().map(read).collect()
}

/// The table of keys, with the operator's own.
///
/// # Errors
/// As [`keymap`].
pub fn key_table(markdown: bool) -> anyhow::Result<String> {
    let own = Dirs::find(None).ok().map(|dirs| keymap(&dirs.config)).transpose()?.flatten();
    let keymap = own.unwrap_or_else(Keymap::standard);
    if markdown {
        return Ok(crate::console::app::keys::key_table(&keymap));
    }
    let rows: Vec<_> =
        Action::ALL.iter().map(|action| (keymap.all_shown(*action), action.name(), action.title())).collect();
    let wide = rows.iter().map(|(keys, ..)| keys.len()).max().unwrap_or(0);
    let names = rows.iter().map(|(_, name, _)| name.len()).max().unwrap_or(0);
    let mut table = String::new();
    for (keys, name, title) in rows {
        table.push_str(&format!("{keys:<wide$}  {name:<names$}  {title}\n"));
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
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

    #[test]
    fn what_is_told_wins_over_what_is_configured_and_that_over_the_environment() {
        let no_color = |name: &str| (name == "NO_COLOR").then(|| "1".to_owned());
        let light = |name: &str| (name == "COLORFGBG").then(|| "0;15".to_owned());
        let mut global = Global::default();
        let mut face = config::Face::default();
        assert_eq!(theme(&global, &face, false, |_| None), "dark");
        assert_eq!(theme(&global, &face, false, no_color), "mono");
        assert_eq!(theme(&global, &face, false, light), "light");
        assert_eq!(theme(&global, &face, true, light), "mono");
        face.theme = Some("high-contrast".into());
        assert_eq!(theme(&global, &face, false, no_color), "high-contrast");
        global.theme = Some("light".into());
        assert_eq!(theme(&global, &face, false, no_color), "light");
        global.color = Color::Never;
        assert_eq!(theme(&global, &face, false, light), "mono");
    }
}
