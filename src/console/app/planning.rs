//! What the operator does with the plan: leaves out, makes it, tries again, asks to push it or to discard it.

use crate::engine::protocol::Command;
use crate::plan::{Change, ChangeId, OutcomeState};

use super::action::Action;
use super::confirm::{Ask, Confirm, Question};
use super::lines::Tone;
use super::planned::{GroupKey, PlanRow, Standing};
use super::popup::Popup;
use super::text::{self, text};
use super::{App, Tab, Wish};

impl App {
    /// Space in the plan: a guard is acknowledged, a change or a group is left out or taken in again.
    pub(super) fn switch_here(&mut self) {
        let (ids, on): (Vec<ChangeId>, bool) = match self.plan.rows.get(self.plan.at) {
            Some(PlanRow::Guard(..)) => {
                if let Err(why) = self.plan.acknowledge(&self.keymap.shown(Action::Acknowledge)) {
                    self.say(Tone::Warn, why);
                }
                return;
            }
            _ if self.plan.pushing() => {
                return self.say(Tone::Warn, text!("push.carried", key = self.keymap.shown(Action::Stop)));
            }
            _ if self.plan.used() => return self.say(Tone::Warn, text!("push.used")),
            Some(PlanRow::Group { of: GroupKey::Of(system, op), .. }) => {
                // Of a list that is narrowed nobody means what is not listed.
                let narrowed = !self.plan.filter.is_empty();
                let own = |change: &&Change| {
                    change.system == *system && change.op == *op && (!narrowed || self.plan.listed.contains(&change.id))
                };
                let ids: Vec<ChangeId> = self.staged.changes().filter(own).map(|change| change.id.clone()).collect();
                let on = ids.iter().any(|id| !self.plan.on(id));
                (ids, on)
            }
            _ => match self.plan.change_here() {
                Some(id) => {
                    let on = !self.plan.on(&id);
                    (vec![id], on)
                }
                None => {
                    return self
                        .say(Tone::Warn, text!("plan.no-guard-here", key = self.keymap.shown(Action::Acknowledge)));
                }
            },
        };
        self.plan.switch(ids, on);
    }

    /// Plans just those changes of the push again that did not come about.
    pub(super) fn retry_here(&mut self, wishes: &mut Vec<Wish>) {
        let failed = self.plan.failed();
        let unknown = self.plan.push.as_ref().is_some_and(|push| {
            push.outcomes.values().any(|outcome| matches!(outcome.state, OutcomeState::Unknown { .. }))
        });
        if unknown {
            // What nobody knows is looked up before it is planned again.
            wishes.push(Wish::Engine(Command::Resolve));
        }
        let plan = self.plan.plan().cloned();
        let changes: Vec<Change> =
            failed.iter().filter_map(|id| plan.as_ref().and_then(|plan| plan.change(id)).cloned()).collect();
        self.staged.remove_all(&failed);
        let again = self.stage_again(&changes, wishes);
        let others: Vec<ChangeId> =
            self.staged.changes().map(|change| change.id.clone()).filter(|id| !again.contains(id)).collect();
        let n = again.len();
        self.plan.switch(again, true);
        self.plan.switch(others, false);
        self.prepare(wishes);
        if self.popup.is_none() {
            self.say(Tone::Plain, text!("plan.retry", n = text::count(n as u64)));
        }
    }

    /// Makes the staged changes into a plan: reads at most.
    pub(super) fn prepare(&mut self, wishes: &mut Vec<Wish>) {
        let ready = self.plan.preparing() || (self.plan.fresh(&self.staged) && !self.plan.used());
        if self.trying() || self.plan.pushing() || (ready && self.plan.asked == (self.staged.version(), self.plan.offs))
        {
            return;
        }
        if self.staged.is_empty() {
            if !self.plan.used() {
                self.plan.forget();
            }
            return;
        }
        let staged = &self.staged;
        self.plan.off.retain(|id| staged.contains(id));
        let changes: Vec<Change> = self.staged.changes().filter(|change| self.plan.on(&change.id)).cloned().collect();
        self.plan.asked = (self.staged.version(), self.plan.offs);
        self.plan.dirty = true;
        if changes.is_empty() {
            self.plan.standing = Standing::Not(text!("plan.all-off", key = self.keymap.shown(Action::Acknowledge)));
            return;
        }
        self.plan.standing = Standing::Preparing;
        self.plan.making.clear();
        wishes.push(Wish::Engine(Command::Prepare(changes)));
    }

    pub(super) fn go_plan(&mut self, wishes: &mut Vec<Wish>) {
        self.plan.unseen = false;
        if self.tab == Tab::Plan {
            let asked = wishes.len();
            self.prepare(wishes);
            if wishes.len() == asked {
                self.hint(match () {
                    () if self.plan.pushing() => text!("push.running"),
                    () if self.staged.is_empty() => text!("push.nothing-staged"),
                    () if self.plan.preparing() => text!("plan.preparing"),
                    () => text!("plan.made"),
                });
            }
        } else {
            self.go_tab(Tab::Plan, wishes);
        }
    }

    pub(super) fn ask_push(&mut self) {
        if let Some(plan) = self.plan.plan() {
            let confirm = Confirm::new(plan.clone(), self.world.as_deref());
            self.popup = Some(Popup::Confirm(Box::new(confirm)));
        }
    }

    pub(super) fn ask_discard(&mut self) {
        let words = text!("plan.discard-ask", changes = text::changes(self.staged.len()));
        self.popup = Some(Popup::Ask(Ask::new(Question::Discard, words)));
    }

    /// Why the plan cannot be pushed now.
    pub(super) fn no_push(&self) -> Option<String> {
        if self.plan.pushing() {
            return Some(text!("push.running").to_owned());
        }
        let Some(plan) = self.plan.plan() else {
            let key = self.keymap.shown(Action::Prepare);
            return Some(if self.staged.is_empty() {
                text!("push.nothing-staged").to_owned()
            } else {
                text!("push.no-plan", key = key)
            });
        };
        if self.plan.used() {
            return Some(text!("push.used").to_owned());
        }
        if !self.plan.fresh(&self.staged) {
            return Some(text!("push.outdated", key = self.keymap.shown(Action::Prepare)));
        }
        if let Some(guard) = plan.guards.iter().find(|guard| !guard.acknowledged) {
            return Some(text!("push.guarded", rule = guard.rule));
        }
        (plan.count() == 0).then(|| text!("push.all-refused").to_owned())
    }
}
