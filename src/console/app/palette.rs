//! Every action by name, found by a few letters of it in either language; some take an argument, and what was done before
//! comes first.

use crossterm::event::{Event, KeyCode, KeyEvent};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::action::{Action, Scope};
use super::argument::Argument;
use super::keys::{Key, fold};
use super::lines::Tone;
use super::popup::Popup;
use super::text::{Language, title_in};
use super::{App, Wish};

/// So many commands are remembered.
const RECENT: usize = 20;

/// One line of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub action: Action,
    /// With what; empty for nothing.
    pub argument: String,
    /// Why it cannot be done now.
    pub why: Option<String>,
    /// It was done before.
    pub recent: bool,
}

impl Entry {
    /// As it is typed: `theme mono`.
    pub fn line(&self) -> String {
        match self.argument.as_str() {
            "" => self.action.name().to_owned(),
            argument => format!("{} {argument}", self.action.name()),
        }
    }
}

/// The palette.
#[derive(Clone, Debug)]
pub struct Palette {
    /// What was typed.
    pub input: Input,
    /// What matches, best first.
    pub found: Vec<Entry>,
    /// The cursor in `found`.
    pub at: usize,
    /// The list that it was opened over: an action goes there.
    pub over: Option<Box<Popup>>,
    all: Vec<Entry>,
    values: Vec<(Argument, Vec<String>)>,
}

impl Palette {
    /// A palette of these lines, and the values that arguments can take.
    pub fn new(all: Vec<Entry>, values: Vec<(Argument, Vec<String>)>) -> Self {
        Self { input: Input::default(), found: all.clone(), at: 0, over: None, all, values }
    }

    /// A paste, in one line.
    pub fn paste(&mut self, text: &str) {
        for c in text.chars() {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
        self.find();
    }

    /// The name of the line under the cursor goes into the field, ready for its argument.
    fn complete(&mut self) {
        if let Some(entry) = self.found.get(self.at) {
            let mut line = entry.line();
            if entry.action.takes() != Argument::Nothing && entry.argument.is_empty() {
                line.push(' ');
            }
            self.input = Input::new(line);
            self.find();
        }
    }

    fn find(&mut self) {
        self.at = 0;
        let typed: String = self.input.value().trim_start().chars().map(fold).collect();
        let typed = typed.strip_prefix(':').unwrap_or(&typed);
        self.found = match typed.split_once(' ') {
            Some((name, rest)) if Action::parse(name).is_some_and(|action| action.takes() != Argument::Nothing) => {
                Action::parse(name).map(|action| self.with(action, rest.trim_start())).unwrap_or_default()
            }
            _ if typed.trim().is_empty() => self.all.clone(),
            _ => self.named(typed.trim()),
        };
    }

    /// The lines that a few letters find.
    fn named(&self, typed: &str) -> Vec<Entry> {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut buffer = Vec::new();
        let mut scored: Vec<(bool, u32, usize)> = Vec::new();
        for (at, entry) in self.all.iter().enumerate() {
            let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
            let name = entry.action.name();
            // The name counts a little more; a name that is typed out is what is meant, and what was done before comes first.
            let titles = Language::ALL.into_iter().filter_map(|language| score(title_in(language, name))).max();
            let Some(best) = score(&entry.line()).map(|score| score + 5).max(titles) else { continue };
            let exact = if entry.line() == typed { 10_000 } else { 0 };
            let starts = if name.starts_with(typed) { 50 } else { 0 };
            // What cannot be done here comes after what can, unless it is called by its name.
            let no = entry.why.is_some() && exact + starts == 0;
            scored.push((no, best + exact + starts + u32::from(entry.recent), at));
        }
        scored.sort_by_key(|(no, score, at)| (*no, std::cmp::Reverse(*score), *at));
        let mut found: Vec<Entry> = Vec::new();
        for (.., at) in scored {
            let entry = &self.all[at];
            if found.iter().all(|have| (have.action, &have.argument) != (entry.action, &entry.argument)) {
                found.push(entry.clone());
            }
        }
        found
    }

    /// An action with what was typed behind it, and what could stand there.
    fn with(&self, action: Action, rest: &str) -> Vec<Entry> {
        let why = self.all.iter().find(|entry| entry.action == action).and_then(|entry| entry.why.clone());
        let takes = action.takes();
        // A system is tested and read again by its name from anywhere.
        let why = why.filter(|_| takes != Argument::System);
        let entry = |argument: String| Entry { action, argument, why: why.clone(), recent: false };
        let values = |kind: Argument| -> &[String] {
            self.values.iter().find(|(have, _)| *have == kind).map_or(&[], |(_, values)| values)
        };
        let ranked = |values: &[String], typed: &str| -> Vec<String> {
            let mut matcher = Matcher::new(Config::DEFAULT);
            let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
            let found = pattern.match_list(values.iter().map(String::as_str), &mut matcher);
            found.into_iter().map(|(value, _)| value.to_owned()).collect()
        };
        match takes {
            Argument::Nothing => Vec::new(),
            Argument::Filter => vec![entry(rest.trim_end().to_owned())],
            Argument::Place => {
                // `@` and a few letters: the systems; all else is taken as it is typed.
                let (before, last) = rest.rsplit_once(' ').map_or(("", rest), |(before, last)| (before, last));
                match last.strip_prefix('@') {
                    Some(typed) if !rest.contains('/') => {
                        let found = ranked(values(Argument::System), typed);
                        found.into_iter().map(|name| entry(format!("{before} @{name}").trim().to_owned())).collect()
                    }
                    _ => vec![entry(rest.trim_end().to_owned())],
                }
            }
            Argument::System | Argument::Theme | Argument::Language | Argument::Lens => {
                ranked(values(takes), rest.trim_end()).into_iter().map(entry).collect()
            }
        }
    }
}

impl App {
    pub(super) fn open_palette(&mut self) {
        let scope = self.scope();
        let skip = [Action::Palette, Action::Edit, Action::Toggle, Action::SameAs, Action::NotSame, Action::Forget];
        let mut all: Vec<Entry> = self
            .recent
            .iter()
            .map(|(action, argument)| Entry {
                action: *action,
                argument: argument.clone(),
                why: self.disabled(*action),
                recent: true,
            })
            .collect();
        let mut rest: Vec<Entry> = Action::ALL
            .iter()
            .copied()
            .filter(|action| !skip.contains(action))
            .map(|action| Entry { action, argument: String::new(), why: self.disabled(action), recent: false })
            .collect();
        // What can be done here comes first, mere moving after it, and what cannot be done here last.
        rest.sort_by_key(|entry| match (&entry.why, entry.action.scopes().contains(&scope)) {
            (None, _) if entry.action.moves() => 1,
            (None, _) => 0,
            (Some(_), true) => 2,
            (Some(_), false) => 3,
        });
        all.append(&mut rest);
        self.popup = Some(Popup::Palette(Palette::new(all, self.values())));
    }

    /// The actions of a list that lies over the screen, over it.
    pub(super) fn open_menu_over(&mut self, under: Popup, scope: Scope) {
        let entry = |action| Entry { action, argument: String::new(), why: None, recent: false };
        let mut all: Vec<Entry> = Action::ALL
            .iter()
            .copied()
            .filter(|action| action.scopes().contains(&scope) && *action != Action::Palette)
            .map(entry)
            .collect();
        all.sort_by_key(|entry| (entry.action.moves(), entry.action.scopes().len()));
        let mut palette = Palette::new(all, Vec::new());
        palette.over = Some(Box::new(under));
        self.popup = Some(Popup::Palette(palette));
    }

    /// What arguments can be.
    fn values(&self) -> Vec<(Argument, Vec<String>)> {
        let systems = self.world.iter().flat_map(|world| world.systems.iter().map(|status| status.id.to_string()));
        vec![
            (Argument::System, systems.collect()),
            (Argument::Theme, self.setup.themes.clone()),
            (Argument::Language, Language::ALL.iter().map(|language| language.name().to_owned()).collect()),
            (Argument::Lens, self.lenses().into_iter().map(|lens| lens.name).collect()),
        ]
    }

    pub(super) fn palette_key(&mut self, mut palette: Palette, event: &KeyEvent, wishes: &mut Vec<Wish>) {
        match event.code {
            KeyCode::Esc => {
                self.popup = palette.over.map(|under| *under);
                return;
            }
            KeyCode::Enter => {
                if let Some(entry) = palette.found.get(palette.at).cloned() {
                    match (entry.why, palette.over) {
                        (Some(why), _) => self.say(Tone::Warn, why),
                        (None, Some(under)) => self.act_under(entry.action, *under, wishes),
                        (None, None) => {
                            self.remember(entry.action, &entry.argument);
                            self.act_with(entry.action, &entry.argument, wishes);
                        }
                    }
                }
                return;
            }
            KeyCode::Up | KeyCode::BackTab => palette.at = palette.at.saturating_sub(1),
            KeyCode::Down => palette.at = (palette.at + 1).min(palette.found.len().saturating_sub(1)),
            KeyCode::PageUp => palette.at = palette.at.saturating_sub(10),
            KeyCode::PageDown => palette.at = (palette.at + 10).min(palette.found.len().saturating_sub(1)),
            KeyCode::Tab => palette.complete(),
            KeyCode::Backspace if palette.input.value().is_empty() => {
                self.popup = palette.over.map(|under| *under);
                return;
            }
            _ => {
                palette.input.handle_event(&Event::Key(*event));
                palette.find();
            }
        }
        self.popup = Some(Popup::Palette(palette));
    }

    /// An action of a list that lies under the palette, as if its key had been pressed there.
    fn act_under(&mut self, action: Action, under: Popup, wishes: &mut Vec<Wish>) {
        match self.keymap.keys(action).first().copied() {
            Some(key @ Key { code, .. }) => {
                self.popup_key(under, &KeyEvent::from(code), key, 0, wishes);
            }
            None => self.popup = Some(under),
        }
    }

    fn remember(&mut self, action: Action, argument: &str) {
        if action.moves() {
            return;
        }
        let done = (action, argument.to_owned());
        self.recent.retain(|have| *have != done);
        self.recent.insert(0, done);
        self.recent.truncate(RECENT);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn palette(typed: &str) -> Palette {
        let entry = |action: &Action| Entry { action: *action, argument: String::new(), why: None, recent: false };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let values =
            vec![(Argument::System, names(&["hr", "aha", "litmos"])), (Argument::Theme, names(&["dark", "mono"]))];
        let mut palette = Palette::new(Action::ALL.iter().map(entry).collect(), values);
        palette.paste(typed);
        palette
    }

    fn lines(typed: &str) -> Vec<String> {
        palette(typed).found.iter().map(Entry::line).collect()
    }

    #[test]
    fn a_few_letters_find_an_action_and_a_whole_name_comes_first() {
        assert!(palette("oot").found.iter().any(|entry| entry.action == Action::OnlyOut));
        assert_eq!(palette("plan").found[0].action, Action::Prepare);
    }

    #[test]
    fn either_language_finds_it_and_full_width_letters_do() {
        assert_eq!(palette("脱敏").found[0].action, Action::Mask);
        assert_eq!(palette("mask").found[0].action, Action::Mask);
        assert_eq!(palette("ｍａｓｋ").found[0].action, Action::Mask);
    }

    #[test]
    fn an_argument_is_completed_from_what_there_is() {
        assert_eq!(lines("theme "), ["theme dark", "theme mono"]);
        assert_eq!(lines("theme mo"), ["theme mono"]);
        assert_eq!(lines("test a"), ["test aha"]);
        assert_eq!(lines("users @li"), ["users @litmos"]);
        assert_eq!(lines("users @aha /wang"), ["users @aha /wang"]);
        assert_eq!(lines("filter active=true and x"), ["filter active=true and x"]);
        assert!(lines("mask now").is_empty(), "it takes none");
    }
}
