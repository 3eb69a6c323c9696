//! Themes: what each meaning looks like, from `assets/themes` and the operator's own files.

use std::collections::HashMap;

use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

use crate::console::app::lines::Tone;

const BUILT_IN: [(&str, &str); 5] = [
    ("dark", include_str!("../../../assets/themes/dark.toml")),
    ("light", include_str!("../../../assets/themes/light.toml")),
    ("mono", include_str!("../../../assets/themes/mono.toml")),
    ("high-contrast", include_str!("../../../assets/themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../assets/themes/colour-blind.toml")),
];

/// Every meaning that a theme gives a look.
const TOKENS: [&str; 18] = [
    "plain", "dim", "heading", "strong", "good", "warn", "bad", "differs", "missing", "extra", "staged", "key",
    "cursor", "chosen", "brand", "flag", "frame", "input",
];

/// What frames and rules are drawn with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Borders {
    /// `-`, `|` and `+`: one cell wide everywhere.
    #[default]
    Ascii,
    /// Box-drawing characters, which terminals set up for Chinese may draw two cells wide: only where the operator says so.
    Lines,
    /// None: for screen readers, and the terminal's cursor stands on the chosen row.
    Plain,
}

impl Borders {
    pub(super) const fn across(self) -> &'static str {
        match self {
            Self::Ascii => "-",
            Self::Lines => "\u{2500}",
            Self::Plain => " ",
        }
    }

    pub(super) const fn side(self) -> &'static str {
        match self {
            Self::Ascii => "|",
            Self::Lines => "\u{2502}",
            Self::Plain => " ",
        }
    }

    /// Left and right, above and below.
    pub(super) const fn corners(self) -> [[&'static str; 2]; 2] {
        match self {
            Self::Ascii => [["+"; 2]; 2],
            Self::Lines => [["\u{250c}", "\u{2510}"], ["\u{2514}", "\u{2518}"]],
            Self::Plain => [[" "; 2]; 2],
        }
    }
}

/// The styles of one theme. The built-in ones use the terminal's own colours only.
#[derive(Clone, Debug, Default)]
pub struct Theme {
    /// Its name.
    pub name: String,
    /// What frames and rules are drawn with.
    pub borders: Borders,
    styles: HashMap<String, Style>,
}

/// All themes, and the one that is on.
#[derive(Clone, Debug)]
pub struct Themes {
    all: Vec<Theme>,
    at: usize,
}

impl Default for Themes {
    fn default() -> Self {
        Self { all: BUILT_IN.iter().map(|(name, _)| Theme::named(name)).collect(), at: 0 }
    }
}

impl Themes {
    /// The built-in themes and the operator's own, which win over a built-in one of the same name.
    pub fn with(own: Vec<Theme>) -> Self {
        let mut themes = Self::default();
        for theme in own {
            match themes.all.iter_mut().find(|have| have.name == theme.name) {
                Some(have) => *have = theme,
                None => themes.all.push(theme),
            }
        }
        themes
    }

    /// What frames and rules are drawn with, whatever the theme.
    pub fn border(&mut self, borders: Borders) {
        self.all.iter_mut().for_each(|theme| theme.borders = borders);
    }

    /// The names of all.
    pub fn names(&self) -> Vec<String> {
        self.all.iter().map(|theme| theme.name.clone()).collect()
    }

    /// The one that is on.
    pub fn now(&self) -> &Theme {
        &self.all[self.at]
    }

    /// Turns to the next one.
    pub fn next(&mut self) {
        self.at = (self.at + 1) % self.all.len();
    }

    /// Turns to the one of this name; `false`: there is none.
    pub fn choose(&mut self, name: &str) -> bool {
        let found = self.all.iter().position(|theme| theme.name == name);
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }
}

impl Theme {
    /// The built-in theme of this name, else the first one.
    pub fn named(name: &str) -> Self {
        let (name, text) = BUILT_IN.iter().find(|(have, _)| *have == name).unwrap_or(&BUILT_IN[0]);
        Self::parse(name, text).unwrap_or_default()
    }

    /// A theme from its file; what it does not name looks as in the first built-in one.
    ///
    /// # Errors
    /// The line and what is wrong there: no TOML, or a meaning, colour or modifier that is not known.
    pub fn parse(name: &str, text: &str) -> Result<Self, (usize, String)> {
        let line = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        let root = DeTable::parse(text).map_err(|error| {
            (line(error.span().map_or(0, |span| span.start)), format!("this is no TOML: {}", error.message()))
        })?;
        let mut styles = match BUILT_IN[0] {
            (first, text) if first != name => Self::parse(first, text).map(|theme| theme.styles).unwrap_or_default(),
            _ => HashMap::new(),
        };
        for (token, value) in root.get_ref() {
            let fault = |message: String| Err((line(value.span().start), message));
            let token: &str = token.get_ref();
            if !TOKENS.contains(&token) {
                return fault(format!("there is no style `{token}`; there are: {}", TOKENS.join(", ")));
            }
            let Some(table) = value.get_ref().as_table() else {
                return fault(format!("`{token}` looks like {{ fg = \"cyan\", mods = [\"bold\"] }}"));
            };
            match style(table) {
                Ok(style) => drop(styles.insert(token.to_owned(), style)),
                Err(why) => return fault(format!("`{token}`: {why}")),
            }
        }
        Ok(Self { name: name.to_owned(), borders: Borders::default(), styles })
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

/// A style from its table.
fn style(table: &DeTable<'_>) -> Result<Style, String> {
    let mut style = Style::default();
    for (key, value) in table {
        let key: &str = key.get_ref();
        style = match (key, value.get_ref()) {
            ("fg", DeValue::String(word)) => style.fg(colour(word)?),
            ("bg", DeValue::String(word)) => style.bg(colour(word)?),
            ("mods", DeValue::Array(words)) => {
                for word in words {
                    style = style.add_modifier(match word.get_ref().as_str() {
                        Some("bold") => Modifier::BOLD,
                        Some("dim") => Modifier::DIM,
                        Some("italic") => Modifier::ITALIC,
                        Some("underlined") => Modifier::UNDERLINED,
                        Some("reversed") => Modifier::REVERSED,
                        _ => return Err("a modifier is one of bold, dim, italic, underlined, reversed".to_owned()),
                    });
                }
                style
            }
            ("fg" | "bg" | "mods", _) => return Err(format!("{key} is a colour's name, mods a list of words")),
            _ => return Err(format!("there is no `{key}` here; there are: fg, bg, mods")),
        };
    }
    Ok(style)
}

fn colour(word: &str) -> Result<Color, String> {
    word.parse().map_err(|_| {
        format!(
            "there is no colour `{word}`; one of the sixteen by name (red, lightblue, darkgray), 0 to 255, or #rrggbb"
        )
    })
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
            let mut want = TOKENS.map(str::to_owned).to_vec();
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
    fn the_built_in_themes_use_the_sixteen_colours_of_the_terminal() {
        for theme in Themes::default().all {
            for style in theme.styles.values() {
                for color in style.fg.iter().chain(style.bg.iter()) {
                    assert!(!matches!(color, Color::Rgb(..) | Color::Indexed(_)), "{}: {color:?}", theme.name);
                }
            }
        }
    }

    #[test]
    fn an_own_theme_wins_over_its_namesake_and_fills_up_from_the_first() {
        let own = Theme::parse("mono", "bad = { fg = \"#ff0000\" }").unwrap();
        let mut themes = Themes::with(vec![own, Theme::parse("mine", "").unwrap()]);
        assert!(themes.choose("mono") && !themes.choose("none"));
        assert_eq!(themes.now().tone(Tone::Bad).fg, Some(Color::Rgb(255, 0, 0)));
        assert_eq!(themes.now().tone(Tone::Good), Theme::named("dark").tone(Tone::Good));
        assert_eq!(themes.names().len(), 6);
        themes.choose("mine");
        themes.next();
        assert_eq!(themes.now().name, "dark");
    }

    #[test]
    fn a_fault_in_a_theme_is_told_with_its_line() {
        for (text, line, what) in [
            ("# x\nbda = {}", 2, "no style `bda`"),
            ("bad = { fg = \"rde\" }", 1, "no colour `rde`"),
            ("\n\nbad = { mods = [\"blink\"] }", 3, "bold, dim"),
            ("bad = \"red\"", 1, "looks like"),
            ("bad = { color = \"red\" }", 1, "no `color` here"),
        ] {
            let (at, message) = Theme::parse("mine", text).unwrap_err();
            assert!(at == line && message.contains(what), "{text}: {at} {message}");
        }
    }
}
