//! Where the operator is: tabs, the strip, and the way back.

use crate::engine::protocol::Command;
use crate::model::{Kind, RecordKey, SystemId};

use super::lines::Tone;
use super::mask::private;
use super::narrow::Narrow;
use super::rows::Rows;
use super::systems::plural;
use super::text::text;
use super::{App, Focus, Tab, Wish};

/// A place to come back to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    tab: Tab,
    system: Option<SystemId>,
    key: Option<RecordKey>,
    focus: Focus,
    filter: String,
    only: bool,
    pub(super) narrow: Option<Narrow>,
    /// The name of the record there, for the breadcrumbs; what the tab is called depends on who asks.
    name: String,
}

/// Places that were left, and those that were come back from.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    older: Vec<Place>,
    newer: Vec<Place>,
}

/// So many places are remembered.
const PLACES: usize = 100;

impl Trail {
    /// Whether there is an older place.
    pub fn has_older(&self) -> bool {
        !self.older.is_empty()
    }

    /// Forgets places.
    pub(super) fn forget(&mut self, which: impl Fn(&Place) -> bool) {
        self.older.retain(|place| !which(place));
        self.newer.retain(|place| !which(place));
    }

    /// Whether there is a newer place.
    pub fn has_newer(&self) -> bool {
        !self.newer.is_empty()
    }
}

impl App {
    fn here(&self) -> Place {
        let list = self.list();
        Place {
            tab: self.tab,
            system: self.system.clone(),
            key: list.and_then(|list| list.cursor.clone()),
            focus: self.focus,
            filter: list.map(|list| list.filter.clone()).unwrap_or_default(),
            only: list.is_some_and(|list| list.only),
            narrow: list.and_then(|list| list.narrow.clone()),
            name: self.place_name(),
        }
    }

    fn place_name(&self) -> String {
        let name = self.list().and_then(|list| {
            let compared = list.shown.as_ref()?;
            Some(Rows::new(compared, list.kind).name(list.identity()?, None).to_owned())
        });
        name.unwrap_or_default()
    }

    /// What the place before this one is called, for the breadcrumbs: in the language that is spoken now.
    pub fn came_from(&self) -> Option<String> {
        let place = self.trail.older.last()?;
        let tab = match place.tab {
            Tab::Kind(kind) => plural(kind),
            Tab::Plan => text!("tab.plan"),
            Tab::History => text!("tab.history"),
            Tab::Systems => text!("tab.systems"),
        };
        Some(if place.name.is_empty() { tab.to_owned() } else { format!("{tab}: {}", private(&place.name)) })
    }

    /// What the list is narrowed to, in words.
    pub fn narrowed(&self) -> Option<String> {
        let list = self.list()?;
        Some(match list.narrow.as_ref()? {
            Narrow::About { name, .. } => text!("narrow.about", name = name),
            Narrow::Moved { system, .. } => text!("narrow.moved", system = system),
            Narrow::Way(way) => {
                let what = match &way.path {
                    Some(path) => path.local(&[]),
                    None => way.pairing.state(),
                };
                match &way.change {
                    Some((expected, found)) => {
                        let shown = |text: &str| {
                            if text.is_empty() { text!("detail.none").to_owned() } else { text.to_owned() }
                        };
                        let (expected, found) = (shown(expected), shown(found));
                        text!("narrow.change", system = way.system, what = what, expected = expected, found = found)
                    }
                    None => format!("{} {what}", way.system),
                }
            }
        })
    }

    /// Goes to a record, wherever it is listed.
    pub(super) fn go_record(&mut self, key: &RecordKey) {
        self.leave_mark();
        self.tab = Tab::Kind(key.kind);
        self.focus = Focus::List;
        let list = &mut self.lists[key.kind.index()];
        list.filter.clear();
        list.only = false;
        list.narrow = None;
        list.anchor = None;
        list.closed = std::sync::Arc::default();
        list.cursor = Some(key.clone());
        list.forget();
        self.order(&mut Vec::new());
    }

    /// Goes to the record that the line under the cursor refers to.
    pub(super) fn jump(&mut self) -> bool {
        let Some(key) = self.reference() else { return false };
        self.go_record(&key);
        true
    }

    /// Lists what refers to the record under the cursor, or what it refers to: members, holders, owned by, groups.
    pub(super) fn related(&mut self) {
        let Some((kind, identity, compared)) = self.looked_at() else { return };
        let rows = Rows::new(&compared, kind);
        let Some(key) = rows.key(identity) else { return };
        let name = rows.name(identity, None).to_owned();
        let to = if kind == Kind::User { Kind::Group } else { Kind::User };
        self.leave_mark();
        self.tab = Tab::Kind(to);
        self.focus = Focus::List;
        let list = &mut self.lists[to.index()];
        list.filter.clear();
        list.only = false;
        list.anchor = None;
        list.cursor = None;
        list.narrow = Some(Narrow::About { key, name: name.clone() });
        self.say(
            Tone::Plain,
            text!("narrow.said", what = plural(to), name = name, key = self.keymap.shown(super::Action::Older)),
        );
    }

    /// Remembers this place before another is gone to.
    pub(super) fn leave_mark(&mut self) {
        let here = self.here();
        if self.trail.older.last() != Some(&here) {
            self.trail.older.push(here);
        }
        if self.trail.older.len() > PLACES {
            self.trail.older.remove(0);
        }
        self.trail.newer.clear();
    }

    pub(super) fn has_older(&self) -> bool {
        self.trail.has_older()
    }

    pub(super) fn has_newer(&self) -> bool {
        self.trail.has_newer()
    }

    fn arrive(&mut self, place: Place, wishes: &mut Vec<Wish>) {
        self.show_tab(place.tab, wishes);
        self.system = place.system;
        self.focus = place.focus;
        if let Some(kind) = self.kind() {
            let list = &mut self.lists[kind.index()];
            list.filter = place.filter;
            list.only = place.only;
            list.narrow = place.narrow;
            if let Some(key) = place.key {
                list.cursor = Some(key);
            }
            list.forget();
        }
    }

    pub(super) fn go_older(&mut self, wishes: &mut Vec<Wish>) {
        if let Some(place) = self.trail.older.pop() {
            let here = self.here();
            self.trail.newer.push(here);
            self.arrive(place, wishes);
        }
    }

    /// Back to the list that one came from.
    pub(super) fn go_list(&mut self, wishes: &mut Vec<Wish>) {
        let listed = self.trail.older.iter().rposition(|place| matches!(place.tab, Tab::Kind(_)));
        match listed {
            Some(at) => {
                self.trail.older.truncate(at + 1);
                self.go_older(wishes);
            }
            None => self.go_tab(Tab::Kind(Kind::User), wishes),
        }
    }

    pub(super) fn go_newer(&mut self, wishes: &mut Vec<Wish>) {
        if let Some(place) = self.trail.newer.pop() {
            let here = self.here();
            self.trail.older.push(here);
            self.arrive(place, wishes);
        }
    }

    pub(super) fn go_tab(&mut self, tab: Tab, wishes: &mut Vec<Wish>) {
        if tab != self.tab {
            self.leave_mark();
            self.show_tab(tab, wishes);
        }
        // Its key leads to the tab also from within it.
        self.focus = Focus::List;
    }

    fn show_tab(&mut self, tab: Tab, wishes: &mut Vec<Wish>) {
        self.tab = tab;
        self.focus = Focus::List;
        match tab {
            // What came of a push is shown once, before the next plan is made.
            Tab::Plan if self.plan.unseen && !self.plan.failed().is_empty() => {}
            Tab::Plan => self.prepare(wishes),
            Tab::History => {
                wishes.push(Wish::Engine(Command::History));
                wishes.push(Wish::Engine(Command::Prove));
            }
            Tab::Kind(_) | Tab::Systems => {}
        }
    }

    pub(super) fn step_tab(&mut self, forward: bool, wishes: &mut Vec<Wish>) {
        let at = Tab::ALL.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        let step = if forward { 1 } else { Tab::ALL.len() - 1 };
        self.go_tab(Tab::ALL[(at + step) % Tab::ALL.len()], wishes);
    }

    /// The next system in the strip; `All` comes before the first.
    /// `false`: there is none on that side.
    pub(super) fn step_system(&mut self, forward: bool) -> bool {
        let Some(world) = self.world.clone() else { return false };
        let at = self.system_index().map_or(0, |at| at + 1);
        let to = if forward { (at + 1).min(world.systems.len()) } else { at.saturating_sub(1) };
        if to != at {
            self.system = to.checked_sub(1).map(|at| world.systems[at].id.clone());
            self.detail.target = None;
        }
        to != at
    }

    /// Moves into the detail of the record under the cursor.
    pub(super) fn enter_detail(&mut self) {
        if self.list().is_some_and(|list| list.identity().is_some()) {
            self.leave_mark();
            self.focus = Focus::Detail;
            self.detail.at = 0;
            self.detail.top = 0;
        }
    }
}
