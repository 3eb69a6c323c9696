//! Themes: what each meaning looks like, from `assets/themes`.

use std::collections::HashMap;

use ratatui::style::{Color, Modifier, Style};

use crate::console::app::lines::Tone;

const BUILT_IN: [(&str, &str); 3] = [
    ("default", include_str!("../../../assets/themes/default.toml")),
    ("light", include_str!("../../../assets/themes/light.toml")),
    ("mono", include_str!("../../../assets/themes/mono.toml")),
];

/// The styles of one theme. The standard ones use the terminal's own colours only.
#[derive(Clone, Debug, Default)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: HashMap<String, Style>,
}

impl Theme {
    /// The built-in theme of this name, else the default one.
    pub fn named(name: &str) -> Self {
        let (name, text) = BUILT_IN.iter().find(|(have, _)| *have == name).unwrap_or(&BUILT_IN[0]);
        Self::parse(name, text).unwrap_or_default()
    }

    /// The names of all built-in themes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in theme after this one.
    pub fn next(&self) -> Self {
        let at = BUILT_IN.iter().position(|(name, _)| *name == self.name).unwrap_or(0);
        Self::named(BUILT_IN[(at + 1) % BUILT_IN.len()].0)
    }

    /// A theme from its file.
    ///
    /// # Errors
    /// In words, for a file that is no TOML or names an unknown colour or modifier.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|fault| format!("{fault}"))?;
        let mut styles = HashMap::new();
        for (token, value) in &table {
            let mut style = Style::default();
            for (side, color) in [("fg", Style::fg as fn(Style, Color) -> Style), ("bg", Style::bg)] {
                if let Some(word) = value.get(side).and_then(toml::Value::as_str) {
                    style = color(style, word.parse().map_err(|_| format!("{token}: {word} is no colour"))?);
                }
            }
            for word in value.get("mods").and_then(toml::Value::as_array).into_iter().flatten() {
                style = style.add_modifier(match word.as_str() {
                    Some("bold") => Modifier::BOLD,
                    Some("dim") => Modifier::DIM,
                    Some("underlined") => Modifier::UNDERLINED,
                    Some("reversed") => Modifier::REVERSED,
                    _ => return Err(format!("{token}: {word} is no modifier")),
                });
            }
            styles.insert(token.clone(), style);
        }
        Ok(Self { name: name.to_owned(), styles })
    }

    fn get(&self, token: &str) -> Style {
        self.styles.get(token).copied().unwrap_or_default()
    }

    /// How a meaning looks.
    pub fn tone(&self, tone: Tone) -> Style {
        self.get(match tone {
            Tone::Plain => "plain",
            Tone::Dim => "dim",
            Tone::Heading => "heading",
            Tone::Strong => "strong",
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Bad => "bad",
            Tone::Differs => "differs",
            Tone::Missing => "missing",
            Tone::Extra => "extra",
            Tone::Staged => "staged",
            Tone::Key => "key",
        })
    }

    /// The row under the cursor.
    pub fn cursor(&self) -> Style {
        self.get("cursor")
    }

    /// The chosen tab or system.
    pub fn chosen(&self) -> Style {
        self.get("chosen")
    }

    /// The program's name in the header.
    pub fn brand(&self) -> Style {
        self.get("brand")
    }

    /// A flag that must be seen: production, demo.
    pub fn flag(&self) -> Style {
        self.get("flag")
    }

    /// The frame of a popup.
    pub fn frame(&self) -> Style {
        self.get("frame")
    }

    /// A field to type in.
    pub fn input(&self) -> Style {
        self.get("input")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn every_built_in_theme_parses_and_names_the_same_styles() {
        let tokens = |text: &str| -> Vec<String> { text.parse::<toml::Table>().unwrap().keys().cloned().collect() };
        for (name, text) in BUILT_IN {
            Theme::parse(name, text).unwrap();
            let mut have = tokens(text);
            let mut want = tokens(BUILT_IN[0].1);
            have.sort();
            want.sort();
            assert_eq!(have, want, "{name}");
        }
    }

    #[test]
    fn mono_uses_no_colour_at_all() {
        for style in Theme::named("mono").styles.values() {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn the_default_theme_uses_the_sixteen_colours_of_the_terminal() {
        for style in Theme::named("default").styles.values() {
            for color in style.fg.iter().chain(style.bg.iter()) {
                assert!(!matches!(color, Color::Rgb(..) | Color::Indexed(_)), "{color:?}");
            }
        }
    }
}
