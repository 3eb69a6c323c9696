//! Where the operator is: tabs, the strip, and the way back.

use crate::engine::protocol::Command;
use crate::model::{RecordKey, SystemId};

use super::{App, Focus, Tab, Wish};

/// A place to come back to.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    tab: Tab,
    system: Option<SystemId>,
    key: Option<RecordKey>,
    focus: Focus,
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

    /// Whether there is a newer place.
    pub fn has_newer(&self) -> bool {
        !self.newer.is_empty()
    }
}

impl App {
    fn here(&self) -> Place {
        Place {
            tab: self.tab,
            system: self.system.clone(),
            key: self.list().and_then(|list| list.cursor.clone()),
            focus: self.focus,
        }
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
        if let (Some(kind), Some(key)) = (self.kind(), place.key) {
            let list = &mut self.lists[kind.index()];
            list.cursor = Some(key);
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
    }

    fn show_tab(&mut self, tab: Tab, wishes: &mut Vec<Wish>) {
        self.tab = tab;
        self.focus = Focus::List;
        match tab {
            Tab::Plan => self.prepare(wishes),
            Tab::History => wishes.push(Wish::Engine(Command::History)),
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
