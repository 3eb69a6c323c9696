//! Lenses: filters with a name, built in and from the configuration.

use super::keys::Key;
use super::lines::Tone;
use super::popup::Popup;
use super::text::text;
use super::{App, Tab, action::Action, action::Scope};
use crate::model::Kind;

/// A filter with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// Its name.
    pub name: String,
    /// What it lets through.
    pub filter: String,
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
    let lens = |name: &str, filter: &str| Lens { name: name.to_owned(), filter: filter.to_owned() };
    vec![
        lens(text!("lens.all"), ""),
        lens(text!("lens.leavers"), r#"state eq "leaver" or state eq "leaving""#),
        lens(text!("lens.wrong-role"), r#"differs co "role""#),
        lens(text!("lens.duplicates"), r#"lint eq "duplicate" or state eq "undecided""#),
        lens(text!("lens.ownerless"), r#"state eq "extra""#),
        lens(text!("lens.missing"), r#"state eq "missing""#),
        lens(text!("lens.drifted"), r#"direction eq "target-drifted" or direction eq "both""#),
        lens(text!("lens.adopted"), r#"waived eq "true""#),
    ]
}

impl App {
    /// All lenses: built in, then those of the configuration.
    pub fn lenses(&self) -> Vec<Lens> {
        let own = self.setup.lenses.iter().map(|(name, filter)| Lens { name: name.clone(), filter: filter.clone() });
        built_in().into_iter().chain(own).collect()
    }

    pub(super) fn open_lenses(&mut self) {
        let filter = self.list().map(|list| list.filter.clone()).unwrap_or_default();
        let items = self.lenses();
        let at = items.iter().position(|lens| lens.filter == filter).unwrap_or(0);
        self.popup = Some(Popup::Lenses(Lenses { items, at }));
    }

    /// Looks through the lens of this name.
    pub(super) fn choose_lens(&mut self, name: &str) {
        match self.lenses().into_iter().find(|lens| lens.name == name) {
            Some(lens) => self.look_through(&lens),
            None => self.say(Tone::Warn, text!("lens.none", name = name)),
        }
    }

    /// Looks through a lens: on the users where the screen shows no list.
    pub fn look_through(&mut self, lens: &Lens) {
        if self.kind().is_none() {
            self.leave_mark();
            self.tab = Tab::Kind(Kind::User);
        }
        if let Some(kind) = self.kind() {
            let list = &mut self.lists[kind.index()];
            list.filter.clone_from(&lens.filter);
            list.narrow = None;
        }
        self.say(Tone::Plain, text!("lens.chosen", name = lens.name));
    }

    pub(super) fn lens_key(&mut self, mut lenses: Lenses, key: Key) {
        let last = lenses.items.len().saturating_sub(1);
        // A digit chooses: the way to a lens is always two keys.
        if let Some(lens) = key.digit().and_then(|digit| lenses.items.get(digit.checked_sub(1)?)).cloned() {
            return self.look_through(&lens);
        }
        match self.keymap.action(Scope::Links, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Up) => lenses.at = lenses.at.saturating_sub(1),
            Some(Action::Down) => lenses.at = (lenses.at + 1).min(last),
            Some(Action::Top | Action::PageUp) => lenses.at = 0,
            Some(Action::Bottom | Action::PageDown) => lenses.at = last,
            Some(Action::Open) => {
                if let Some(lens) = lenses.items.get(lenses.at).cloned() {
                    self.look_through(&lens);
                }
                return;
            }
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Lenses(lenses));
    }
}
