//! The one registry of what an operator can do. It feeds the keys, the palette, the help, the footer, the README's table
//! and the tests.

use super::text;

/// Where an action can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// A list of records.
    List,
    /// The detail of a record.
    Detail,
    /// The plan.
    Plan,
    /// Past pushes.
    History,
    /// The connected systems.
    Systems,
    /// A list to tick.
    Checklist,
    /// A text to read: native, why, trace, help.
    Reader,
    /// A list to choose from: who it could be.
    Links,
    /// A field to type in.
    Input,
    /// The columns of a list.
    Columns,
}

impl Scope {
    /// Every scope but the fields to type in, where letters are letters.
    pub const ALL: [Self; 9] = [
        Self::List,
        Self::Detail,
        Self::Plan,
        Self::History,
        Self::Systems,
        Self::Checklist,
        Self::Reader,
        Self::Links,
        Self::Columns,
    ];
}

/// What an action may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Looks only.
    Read,
    /// Changes what this console keeps: staging, place, filter.
    Local,
    /// Ends in a write to a system, after a confirmation.
    Write,
}

const MAIN: &[Scope] = &[Scope::List, Scope::Detail, Scope::Plan, Scope::History, Scope::Systems];
const READ: &[Scope] = &[Scope::List, Scope::Detail, Scope::Plan, Scope::History, Scope::Systems, Scope::Reader];
const ALL: &[Scope] = &Scope::ALL;
const RECORDS: &[Scope] = &[Scope::List, Scope::Detail];
const FINDS: &[Scope] = &[Scope::List, Scope::Detail, Scope::Plan, Scope::Reader];
const COPIES: &[Scope] = &[Scope::List, Scope::Detail, Scope::Plan, Scope::History, Scope::Systems, Scope::Reader];
const LISTS: &[Scope] = &[Scope::List];

macro_rules! actions {
    ($($action:ident $name:literal $class:ident $scopes:expr;)+) => {
        /// An action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $name] $action,)+
        }

        impl Action {
            /// All, in the order of the help.
            pub const ALL: &'static [Self] = &[$(Self::$action,)+];

            /// The name in the key map and the palette.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$action => $name,)+ }
            }

            /// What it may touch.
            pub const fn class(self) -> Class {
                match self { $(Self::$action => Class::$class,)+ }
            }

            /// Where it can be done.
            pub const fn scopes(self) -> &'static [Scope] {
                match self { $(Self::$action => $scopes,)+ }
            }
        }
    };
}

actions! {
    Users "users" Read MAIN;
    Groups "groups" Read MAIN;
    Roles "roles" Read MAIN;
    Products "products" Read MAIN;
    PlanTab "plan-tab" Read MAIN;
    HistoryTab "history" Read MAIN;
    SystemsTab "systems" Read MAIN;
    NextTab "next-tab" Read &[Scope::List, Scope::Detail, Scope::Plan, Scope::History, Scope::Systems, Scope::Links];
    PreviousTab "previous-tab" Read MAIN;
    SystemLeft "system-left" Read READ;
    SystemRight "system-right" Read READ;
    Up "up" Read ALL;
    Down "down" Read ALL;
    PageUp "page-up" Read ALL;
    PageDown "page-down" Read ALL;
    Top "top" Read ALL;
    Bottom "bottom" Read ALL;
    Open "open" Read ALL;
    Back "back" Read ALL;
    Escape "escape" Read ALL;
    Older "older-place" Read MAIN;
    Newer "newer-place" Read MAIN;
    Filter "filter" Read &[Scope::List, Scope::Plan, Scope::Reader];
    OnlyOut "only-out-of-true" Read LISTS;
    NextOut "next-out-of-true" Read FINDS;
    PreviousOut "previous-out-of-true" Read FINDS;
    Ways "ways" Read LISTS;
    Related "related" Read RECORDS;
    Sort "sort" Read &[Scope::List, Scope::Columns];
    Reverse "reverse" Read LISTS;
    Columns "columns" Read LISTS;
    Earlier "column-earlier" Read &[Scope::Columns];
    Later "column-later" Read &[Scope::Columns];
    Wide "wide" Read RECORDS;
    Stage "stage" Local RECORDS;
    Range "range" Local LISTS;
    StageAll "stage-all" Local LISTS;
    Unstage "unstage" Local &[Scope::List, Scope::Detail, Scope::Plan];
    Adopt "adopt" Local RECORDS;
    Protect "protect" Local &[Scope::List, Scope::Detail, Scope::Links];
    Password "password" Local RECORDS;
    Links "links" Read RECORDS;
    Who "who-is-who" Read LISTS;
    SameAs "same" Local &[Scope::Links];
    NotSame "not-same" Local &[Scope::Links];
    Forget "forget-link" Local &[Scope::Links];
    Lenses "lenses" Read LISTS;
    Agree "agree" Local &[Scope::Checklist, Scope::Plan];
    Prepare "plan" Local MAIN;
    Push "push" Write &[Scope::Plan];
    Acknowledge "acknowledge" Local &[Scope::Plan, Scope::Systems];
    Pick "leave-out" Local &[Scope::Plan];
    Discard "discard" Local &[Scope::List, Scope::Detail, Scope::Plan];
    Why "why" Read RECORDS;
    Life "pushed-before" Read RECORDS;
    Native "native" Read RECORDS;
    Trace "trace" Read RECORDS;
    Refresh "refresh" Read &[Scope::List, Scope::Detail, Scope::Systems];
    RefreshAll "refresh-all" Read MAIN;
    Test "test" Read &[Scope::Systems];
    Faster "faster" Local &[Scope::Systems];
    Slower "slower" Local &[Scope::Systems];
    Retry "retry-failed" Local &[Scope::Plan, Scope::History];
    Undo "undo" Local &[Scope::History, Scope::Links];
    LookUp "look-up-unknown" Read &[Scope::History];
    Stop "stop" Local MAIN;
    Fold "fold" Read &[Scope::List, Scope::Plan, Scope::History, Scope::Reader];
    Toggle "tick" Local &[Scope::Checklist, Scope::Columns];
    Copy "copy" Read COPIES;
    Export "export" Read &[Scope::List, Scope::Detail, Scope::History];
    Mask "mask" Read MAIN;
    Log "log" Read MAIN;
    Rules "map" Local MAIN;
    TakeRules "accept-rules" Local MAIN;
    DropRules "drop-rules" Local MAIN;
    Theme "theme" Read MAIN;
    Language "language" Read MAIN;
    Palette "palette" Read ALL;
    Help "help" Read MAIN;
    Edit "edit" Local &[Scope::Input];
    Redraw "redraw" Read MAIN;
    Suspend "suspend" Local MAIN;
    Quit "quit" Local MAIN;
}

impl Action {
    /// What it does, in words.
    pub fn title(self) -> &'static str {
        text::title(self.name())
    }

    /// The action of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.name() == name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::console::app::keys::Keymap;
    use std::collections::HashMap;

    #[test]
    fn every_action_is_reachable_in_each_of_its_scopes() {
        let keymap = Keymap::standard();
        for action in Action::ALL.iter().copied() {
            for scope in action.scopes() {
                let reached = keymap.keys(action).iter().any(|key| keymap.action(*scope, *key) == Some(action));
                assert!(reached, "{} in {scope:?}", action.name());
            }
        }
    }

    #[test]
    fn no_two_actions_of_one_scope_share_a_key() {
        let keymap = Keymap::standard();
        let mut taken = HashMap::new();
        for action in Action::ALL.iter().copied() {
            for (scope, key) in action.scopes().iter().flat_map(|s| keymap.keys(action).iter().map(move |k| (s, k))) {
                if let Some(other) = taken.insert((*scope, *key), action) {
                    panic!("{key} in {scope:?}: {} and {}", other.name(), action.name());
                }
            }
        }
    }

    #[test]
    fn no_action_needs_ctrl() {
        let keymap = Keymap::standard();
        for action in Action::ALL.iter().copied() {
            assert!(keymap.keys(action).iter().any(|key| !key.ctrl), "{}", action.name());
        }
    }

    #[test]
    fn only_the_push_writes() {
        let writes: Vec<_> = Action::ALL.iter().filter(|action| action.class() == Class::Write).collect();
        assert_eq!(writes, [&Action::Push]);
    }

    #[test]
    fn names_are_kebab_case_and_found_again() {
        for action in Action::ALL.iter().copied() {
            assert!(action.name().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", action.name());
            assert_eq!(Action::parse(action.name()), Some(action));
        }
    }
}
