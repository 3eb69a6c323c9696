//! The help: keys of the place where the operator is, the marks, and the ideas. `/` looks for words in either language;
//! every line with an action runs it.

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;
use unicode_width::UnicodeWidthStr;

use super::action::{Action, Scope};
use super::keys::{Key, Keymap, fold};
use super::lines::{Line, Tone, padded};
use super::popup::Popup;
use super::text::{self, Language, language, text, title_in};
use super::{App, Wish};

/// How it works, in what is spoken; `{name}` stands for the key of an action.
fn pages(keymap: &Keymap) -> String {
    let mut pages = match language() {
        Language::English => include_str!("../../../assets/help/console.md"),
        Language::Chinese => include_str!("../../../assets/help/console.zh.md"),
    }
    .to_owned();
    for action in Action::ALL.iter().copied() {
        pages = pages.replace(&format!("{{{}}}", action.name()), &keymap.shown(action));
    }
    pages
}

/// The marks and what they mean: keys of the texts.
const MARKS: [(&str, &str); 11] = [
    (">", "mark.cursor"),
    ("*", "mark.staged"),
    ("=", "mark.same"),
    ("~n", "mark.differs"),
    ("!", "mark.missing"),
    ("+", "mark.extra"),
    ("?", "mark.undecided"),
    ("x", "mark.lint"),
    (".", "mark.unread"),
    ("-", "mark.nothing"),
    ("[x]", "mark.ticked"),
];

/// Where the words begin: behind the longest row of keys.
const COLUMN: usize = 22;

/// A line of more cells than this is hard to follow.
pub const MOST: usize = 100;

/// One line of the help.
#[derive(Clone, Debug)]
pub struct HelpLine {
    /// As it is shown.
    pub line: Line,
    /// What Enter does on it.
    pub action: Option<Action>,
    /// The words that find it, in small letters and both languages; empty for a heading.
    words: String,
}

/// The help.
#[derive(Clone, Debug)]
pub struct Help {
    /// What is looked for, while it is being typed.
    pub input: Input,
    /// It is being typed.
    pub typing: bool,
    /// The lines that match.
    pub found: Vec<HelpLine>,
    /// The line under the cursor.
    pub at: usize,
    /// The first line shown.
    pub top: usize,
    all: Vec<HelpLine>,
}

impl Help {
    fn new(all: Vec<HelpLine>) -> Self {
        let mut help = Self { input: Input::default(), typing: false, found: all.clone(), at: 0, top: 0, all };
        help.step(0, 1);
        help.top = 0;
        help
    }

    /// A paste into what is looked for.
    pub fn paste(&mut self, text: &str) {
        if self.typing {
            for c in text.chars() {
                self.input.handle(tui_input::InputRequest::InsertChar(c));
            }
            self.find();
        }
    }

    fn find(&mut self) {
        let typed: String = self.input.value().chars().map(fold).collect::<String>().to_lowercase();
        let terms: Vec<&str> = typed.split_whitespace().collect();
        self.found.clear();
        let mut heading = None;
        for line in &self.all {
            if line.words.is_empty() {
                heading = Some(line);
            } else if terms.iter().all(|term| line.words.contains(term)) {
                // A heading stands over what is left of it.
                self.found.extend(heading.take().cloned());
                self.found.push(line.clone());
            }
        }
        if terms.is_empty() {
            self.found.clone_from(&self.all);
        }
        self.at = 0;
        self.step(0, 1);
        self.top = 0;
    }

    /// To the next line with an action; where there is none in that direction, the text is scrolled.
    fn step(&mut self, by: isize, height: usize) {
        let last = self.found.len().saturating_sub(1);
        let to = self.at.saturating_add_signed(by).min(last);
        let acts = |at: &usize| self.found[*at].action.is_some();
        if self.found.is_empty() {
            return;
        }
        self.at = if by < 0 {
            (0..=to).rev().find(acts).unwrap_or_else(|| (to..=last).find(acts).unwrap_or(to))
        } else {
            (to..=last).find(acts).unwrap_or(to)
        };
        if by < 0 && !(0..self.at).any(|at| self.found[at].action.is_some()) {
            self.top = 0;
        }
        self.top = self.top.clamp((self.at + 1).saturating_sub(height), self.at);
    }
}

impl App {
    pub(super) fn open_help(&mut self) {
        let scope = self.scope();
        let mut all = Vec::new();
        let heading =
            |words: &str| HelpLine { line: Line::of(Tone::Heading, words), action: None, words: String::new() };
        let everywhere = |action: &Action| action.scopes().contains(&Scope::Plan) && action.scopes().len() >= 5;
        for (words, wide) in [(text!("help.here"), false), (text!("help.everywhere"), true)] {
            all.push(heading(words));
            for action in Action::ALL.iter().copied() {
                if action.scopes().contains(&scope) && everywhere(&action) == wide {
                    all.push(self.help_line(action));
                }
            }
            all.push(heading(""));
        }
        all.push(heading(text!("help.marks")));
        for (mark, key) in MARKS {
            all.push(HelpLine {
                line: Line::of(Tone::Key, padded(&format!("  {mark}"), COLUMN)).with(Tone::Plain, text::get(key)),
                action: None,
                words: format!("{mark} {}", text::in_all(key)).to_lowercase(),
            });
        }
        all.push(heading(""));
        for line in pages(&self.keymap).lines() {
            all.push(match line.strip_prefix("# ") {
                Some(words) => heading(words),
                None => HelpLine {
                    line: if line.is_empty() { Line::default() } else { Line::plain(format!("  {line}")) },
                    action: None,
                    words: line.to_lowercase(),
                },
            });
        }
        self.popup = Some(Popup::Help(Help::new(all)));
    }

    fn help_line(&self, action: Action) -> HelpLine {
        let keys = self.keymap.all_shown(action);
        let titles = Language::ALL.map(|language| title_in(language, action.name())).join(" ");
        let line =
            Line::of(Tone::Key, padded(&format!("  {keys}"), COLUMN)).with(Tone::Plain, action.title().to_owned());
        let line = match self.disabled(action) {
            Some(why) => line.with(Tone::Warn, text!("help.not-now", why = why)),
            None => {
                // A name that is cut cannot be typed.
                let name = format!("  :{}", action.name());
                let whole = line.text().width() + name.width() <= self.reader_width().min(MOST);
                if whole { line.with(Tone::Dim, name) } else { line }
            }
        };
        HelpLine { line, action: Some(action), words: format!("{keys} :{} {titles}", action.name()).to_lowercase() }
    }

    pub(super) fn help_key(&mut self, mut help: Help, event: &KeyEvent, key: Key, wishes: &mut Vec<Wish>) {
        let height = self.help_height();
        let page = height.cast_signed();
        let typing = help.typing;
        let action = if typing {
            match event.code {
                KeyCode::Esc => {
                    help.input.reset();
                    help.typing = false;
                    help.find();
                    None
                }
                KeyCode::Enter => Some(Action::Open),
                KeyCode::Up => Some(Action::Up),
                KeyCode::Down => Some(Action::Down),
                KeyCode::PageUp => Some(Action::PageUp),
                KeyCode::PageDown => Some(Action::PageDown),
                _ => {
                    help.input.handle_event(&Event::Key(*event));
                    help.find();
                    None
                }
            }
        } else {
            self.keymap.action(Scope::Reader, key)
        };
        match action {
            Some(Action::Open) => {
                if let Some(action) = help.found.get(help.at).and_then(|line| line.action) {
                    return self.act(action, wishes);
                }
            }
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Filter) => help.typing = true,
            Some(Action::Up) => help.step(-1, height),
            Some(Action::Down) => help.step(1, height),
            Some(Action::PageUp) => help.step(-page, height),
            Some(Action::PageDown) => help.step(page, height),
            Some(Action::Top) => help.step(isize::MIN / 2, height),
            Some(Action::Bottom) => help.step(isize::MAX / 2, height),
            _ if typing => {}
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Help(help));
    }

    /// Lines of the help that fit: the field is always there.
    pub fn help_height(&self) -> usize {
        self.reader_height().saturating_sub(2).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_have_their_words_in_every_language() {
        // The scan for texts that are used looks for the macro; these stand in a table.
        let used = [
            text!("mark.cursor"),
            text!("mark.staged"),
            text!("mark.same"),
            text!("mark.differs"),
            text!("mark.missing"),
            text!("mark.extra"),
            text!("mark.undecided"),
            text!("mark.lint"),
            text!("mark.unread"),
            text!("mark.nothing"),
            text!("mark.ticked"),
        ];
        for (words, (_, key)) in used.iter().zip(MARKS) {
            assert_eq!(*words, text::get(key));
        }
    }

    #[test]
    fn the_pages_name_the_keys_that_hold() {
        let pages = pages(&Keymap::standard());
        assert!(!pages.contains('{') && pages.contains("m shows only"), "{pages}");
    }
}
