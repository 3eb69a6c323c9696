//! Actions with something behind them in the palette: `users @aha /wang`, `theme mono`.

use crate::engine::protocol::Command;
use crate::model::{Kind, SystemId};

use super::action::Action;
use super::lines::Tone;
use super::text::{self, Language, text};
use super::{App, Tab, Wish};

/// What may stand behind an action's name in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    Nothing,
    /// A filter.
    Filter,
    /// `@system`, `/filter`, or both.
    Place,
    /// The name of a system.
    System,
    /// The name of a theme.
    Theme,
    /// `en` or `zh`.
    Language,
    /// The name of a lens.
    Lens,
}

impl Action {
    /// What may stand behind its name in the palette.
    pub const fn takes(self) -> Argument {
        match self {
            Self::Users | Self::Groups | Self::Roles | Self::Products => Argument::Place,
            Self::Filter => Argument::Filter,
            Self::Test | Self::Refresh | Self::Rules => Argument::System,
            Self::Theme => Argument::Theme,
            Self::Language => Argument::Language,
            Self::Lenses => Argument::Lens,
            _ => Argument::Nothing,
        }
    }

    /// Whether it only moves the cursor.
    pub const fn moves(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::Top
                | Self::Bottom
                | Self::Open
                | Self::Back
                | Self::Escape
                | Self::NextTab
                | Self::PreviousTab
                | Self::SystemLeft
                | Self::SystemRight
        )
    }
}

impl App {
    /// Does an action with what stands behind its name, or says why not.
    pub(super) fn act_with(&mut self, action: Action, argument: &str, wishes: &mut Vec<Wish>) {
        let argument = argument.trim();
        // A system can be tested and read again by its name from anywhere.
        let anywhere = matches!(action, Action::Test | Action::Refresh) && !argument.is_empty();
        if argument.is_empty() {
            return self.act(action, wishes);
        }
        if let Some(why) = self.disabled(action).filter(|_| !anywhere) {
            return self.say(Tone::Warn, why);
        }
        match action.takes() {
            Argument::Nothing => self.act(action, wishes),
            Argument::Filter => self.filter_by(argument.strip_prefix('/').unwrap_or(argument)),
            Argument::Place => self.go_place(action, argument, wishes),
            Argument::System => match (self.known_system(argument), action) {
                (None, _) => {}
                (Some(id), Action::Test) => {
                    self.say(Tone::Plain, text!("systems.testing", system = id));
                    wishes.push(Wish::Engine(Command::Test(id)));
                }
                (Some(id), Action::Rules) => self.edit_rules(Some(id), wishes),
                (Some(id), _) => self.refresh(Some(id), None, wishes),
            },
            Argument::Theme => wishes.push(Wish::Theme(Some(argument.to_owned()))),
            Argument::Language => {
                if let Some(language) = Language::parse(argument) {
                    self.speak(language);
                }
            }
            Argument::Lens => self.choose_lens(argument),
        }
    }

    /// The system of this name; says so where there is none.
    fn known_system(&mut self, name: &str) -> Option<SystemId> {
        let found = self.world.iter().flat_map(|world| world.systems.iter()).find(|status| status.id.as_str() == name);
        let found = found.map(|status| status.id.clone());
        if found.is_none() {
            self.say(Tone::Warn, text!("no.such-system", name = name));
        }
        found
    }

    fn filter_by(&mut self, filter: &str) {
        if self.tab == super::Tab::Plan {
            self.plan.narrow(filter.trim());
        } else if let Some(kind) = self.kind() {
            filter.trim().clone_into(&mut self.lists[kind.index()].filter);
        }
    }

    fn go_place(&mut self, action: Action, argument: &str, wishes: &mut Vec<Wish>) {
        let kind = match action {
            Action::Groups => Kind::Group,
            Action::Roles => Kind::Role,
            Action::Products => Kind::Product,
            _ => Kind::User,
        };
        let (before, filter) = match argument.split_once('/') {
            Some((before, filter)) => (before.trim(), Some(filter)),
            None if argument.starts_with('@') => (argument, None),
            None => ("", Some(argument)),
        };
        let system = match before.strip_prefix('@') {
            Some(name) => match self.known_system(name.trim()) {
                Some(id) => Some(id),
                None => return,
            },
            None => None,
        };
        self.leave_mark();
        self.go_tab(Tab::Kind(kind), wishes);
        if let Some(id) = system {
            self.system = Some(id);
        }
        if let Some(filter) = filter {
            self.filter_by(filter);
        }
    }

    /// From now on the screen speaks this; what was worded before is worded anew.
    pub(super) fn speak(&mut self, language: Language) {
        text::switch(language);
        self.plan.anew();
        self.history.anew();
        self.detail.about = None;
        self.say(Tone::Plain, text!("notice.language"));
    }
}
