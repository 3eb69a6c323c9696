//! Lenses: filters with a name.

use super::keys::Key;
use super::lines::Tone;
use super::popup::Popup;
use super::text::text;
use super::{App, action::Action, action::Scope};

/// A filter with a name.
#[derive(Clone, Copy, Debug)]
pub struct Lens {
    /// Its name.
    pub name: &'static str,
    /// What it lets through.
    pub filter: &'static str,
}

/// The list of lenses.
#[derive(Clone, Debug)]
pub struct Lenses {
    /// All of them.
    pub items: Vec<Lens>,
    /// The cursor.
    pub at: usize,
}

/// The lenses that are built in; the first takes the filter away.
fn built_in() -> Vec<Lens> {
    let lens = |name, filter| Lens { name, filter };
    vec![
        lens(text!("lens.all"), ""),
        lens(text!("lens.leavers"), r#"state eq "leaver" or state eq "leaving""#),
        lens(text!("lens.wrong-role"), r#"differs co "role""#),
        lens(text!("lens.duplicates"), r#"lint eq "duplicate" or state eq "undecided""#),
        lens(text!("lens.drifted"), r#"direction eq "target-drifted" or direction eq "both""#),
        lens(text!("lens.adopted"), r#"waived eq "true""#),
    ]
}

/// The names of all lenses.
pub(super) fn names() -> Vec<String> {
    built_in().iter().map(|lens| lens.name.to_owned()).collect()
}

impl App {
    pub(super) fn open_lenses(&mut self) {
        let filter = self.list().map(|list| list.filter.clone()).unwrap_or_default();
        let items = built_in();
        let at = items.iter().position(|lens| lens.filter == filter).unwrap_or(0);
        self.popup = Some(Popup::Lenses(Lenses { items, at }));
    }

    /// Looks through the lens of this name.
    pub(super) fn choose_lens(&mut self, name: &str) {
        let Some(lens) = built_in().into_iter().find(|lens| lens.name == name) else {
            return self.say(Tone::Warn, text!("lens.none", name = name));
        };
        if let Some(kind) = self.kind() {
            lens.filter.clone_into(&mut self.lists[kind.index()].filter);
        }
        self.say(Tone::Plain, text!("lens.chosen", name = lens.name));
    }

    pub(super) fn lens_key(&mut self, mut lenses: Lenses, key: Key) {
        let last = lenses.items.len().saturating_sub(1);
        match self.keymap.action(Scope::Links, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Up) => lenses.at = lenses.at.saturating_sub(1),
            Some(Action::Down) => lenses.at = (lenses.at + 1).min(last),
            Some(Action::Top | Action::PageUp) => lenses.at = 0,
            Some(Action::Bottom | Action::PageDown) => lenses.at = last,
            Some(Action::Open) => {
                let Some(lens) = lenses.items.get(lenses.at).copied() else { return };
                if let Some(kind) = self.kind() {
                    lens.filter.clone_into(&mut self.lists[kind.index()].filter);
                }
                return self.say(Tone::Plain, text!("lens.chosen", name = lens.name));
            }
            _ => {}
        }
        self.popup = Some(Popup::Lenses(lenses));
    }
}
