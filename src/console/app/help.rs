//! The help: keys of the place where the operator is, the marks, and the ideas; every line with an action runs it.

use super::App;
use super::action::{Action, Scope};
use super::lines::{Line, Tone};
use super::popup::Popup;
use super::reader::Reader;
use super::text::{Language, language, text};

/// How it works, in what is spoken.
fn pages() -> &'static str {
    match language() {
        Language::English => include_str!("../../../assets/help/console.md"),
        Language::Chinese => include_str!("../../../assets/help/console.zh.md"),
    }
}

/// The marks and what they mean.
pub fn marks() -> [(&'static str, &'static str); 11] {
    [
        (">", text!("mark.cursor")),
        ("*", text!("mark.staged")),
        ("=", text!("mark.same")),
        ("~n", text!("mark.differs")),
        ("!", text!("mark.missing")),
        ("+", text!("mark.extra")),
        ("?", text!("mark.undecided")),
        ("x", text!("mark.lint")),
        (".", text!("mark.unread")),
        ("-", text!("mark.nothing")),
        ("[x]", text!("mark.ticked")),
    ]
}

impl App {
    pub(super) fn open_help(&mut self) {
        let scope = self.scope();
        let mut reader = Reader::new(text!("help.title"), Vec::new());
        let section = |reader: &mut Reader, heading: &str, actions: Vec<Action>| {
            reader.lines.push(Line::of(Tone::Heading, heading));
            for action in actions {
                let keys: Vec<String> = self.keymap.keys(action).iter().map(ToString::to_string).collect();
                let mut line = Line::of(Tone::Key, format!("  {:<16}", keys.join(" ")))
                    .with(Tone::Plain, action.title().to_owned())
                    .with(Tone::Dim, format!("  :{}", action.name()));
                if let Some(why) = self.disabled(action) {
                    line = line.with(Tone::Warn, text!("help.not-now", why = why));
                }
                reader.actions.insert(reader.lines.len(), action);
                reader.lines.push(line);
            }
            reader.lines.push(Line::default());
        };
        let of = |scope: Scope, all: bool| -> Vec<Action> {
            let everywhere = |action: &Action| action.scopes().contains(&Scope::Plan) && action.scopes().len() >= 5;
            Action::ALL
                .iter()
                .copied()
                .filter(|action| action.scopes().contains(&scope) && everywhere(action) == all)
                .collect()
        };
        section(&mut reader, text!("help.here"), of(scope, false));
        section(&mut reader, text!("help.everywhere"), of(scope, true));
        reader.at = reader.actions.keys().next().copied().unwrap_or(0);
        reader.lines.push(Line::of(Tone::Heading, text!("help.marks")));
        for (mark, meaning) in marks() {
            reader.lines.push(Line::of(Tone::Key, format!("  {mark:<16}")).with(Tone::Plain, meaning));
        }
        reader.lines.push(Line::default());
        for line in pages().lines() {
            reader.lines.push(match line.strip_prefix("# ") {
                Some(heading) => Line::of(Tone::Heading, heading),
                None if line.is_empty() => Line::default(),
                None => Line::plain(format!("  {line}")),
            });
        }
        self.popup = Some(Popup::Reader(reader));
    }
}
