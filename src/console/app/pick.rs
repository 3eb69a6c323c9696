//! Staged changes left out of the plan or taken in again, many at once: by operation, system, kind or attribute.

use std::collections::BTreeMap;

use crate::model::Op;
use crate::plan::ChangeId;

use super::action::{Action, Scope};
use super::keys::Key;
use super::lines::{Tone, op};
use super::popup::Popup;
use super::systems::plural;
use super::text::text;
use super::{App, Wish};

/// Changes that have something in common.
#[derive(Clone, Debug)]
pub struct PickItem {
    /// What that is.
    pub text: String,
    /// They take something away.
    pub removes: bool,
    /// The changes.
    pub ids: Vec<ChangeId>,
}

/// What staged changes have in common.
#[derive(Clone, Debug)]
pub struct Pick {
    /// Each with its changes; the first one turns all of them round.
    pub items: Vec<PickItem>,
    /// The cursor.
    pub at: usize,
}

impl App {
    /// How many of these changes are to be pushed.
    pub fn picked(&self, item: &PickItem) -> usize {
        item.ids.iter().filter(|id| self.plan.on(id)).count()
    }

    pub(super) fn open_pick(&mut self) {
        let mut by: BTreeMap<(u8, u8, String), PickItem> = BTreeMap::new();
        let mut add = |rank: u8, order: u8, text: String, removes: bool, id: &ChangeId| {
            let item = by.entry((rank, order, text.clone()));
            item.or_insert_with(|| PickItem { text, removes, ids: Vec::new() }).ids.push(id.clone());
        };
        for change in self.staged.changes() {
            let id = &change.id;
            let order = Op::ALL.iter().position(|op| *op == change.op).unwrap_or_default() as u8;
            add(0, 0, text!("pick.invert").to_owned(), false, id);
            add(1, 0, text!("pick.all").to_owned(), false, id);
            if self.plan.lasts(id) {
                add(1, 1, text!("pick.lasting").to_owned(), false, id);
            }
            add(2, order, text!("pick.op", op = op(change.op)), change.op.removes(), id);
            add(3, 0, text!("pick.system", system = change.system), false, id);
            add(4, change.kind.index() as u8, text!("pick.kind", kind = plural(change.kind)), false, id);
            let mut paths: Vec<&str> = change.want.iter().map(|want| want.facet.path.local(&[])).collect();
            paths.dedup();
            for path in paths {
                add(5, 0, text!("pick.attribute", attribute = path), false, id);
            }
        }
        self.popup = Some(Popup::Pick(Pick { items: by.into_values().collect(), at: 0 }));
    }

    pub(super) fn pick_key(&mut self, mut pick: Pick, key: Key, wishes: &mut Vec<Wish>) {
        let last = pick.items.len().saturating_sub(1);
        match self.keymap.action(Scope::Checklist, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Open) => return self.prepare(wishes),
            Some(Action::Up) => pick.at = pick.at.saturating_sub(1),
            Some(Action::Down) => pick.at = (pick.at + 1).min(last),
            Some(Action::PageUp | Action::Top) => pick.at = 0,
            Some(Action::PageDown | Action::Bottom) => pick.at = last,
            Some(Action::Toggle) if self.plan.pushing() => self.say(Tone::Warn, text!("push.running")),
            Some(Action::Toggle) => {
                if let Some(item) = pick.items.get(pick.at) {
                    if pick.at == 0 {
                        let (on, off): (Vec<ChangeId>, Vec<ChangeId>) =
                            item.ids.iter().cloned().partition(|id| self.plan.on(id));
                        self.plan.switch(on, false);
                        self.plan.switch(off, true);
                    } else {
                        let all = self.picked(item) == item.ids.len();
                        self.plan.switch(item.ids.clone(), !all);
                    }
                }
            }
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Pick(pick));
    }
}
