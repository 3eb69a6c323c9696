//! Why an action cannot be done where it cannot.

use super::action::Action;
use super::history::confirmed;
use super::text::text;
use super::{App, Tab};

impl App {
    /// Why an action cannot be done now; `None`: it can.
    pub fn disabled(&self, action: Action) -> Option<String> {
        let say = |text: &str| Some(text.to_owned());
        if !action.scopes().contains(&self.scope()) {
            return say(text!("no.not-here"));
        }
        let by_rules = matches!(
            action,
            Action::Stage
                | Action::StageAll
                | Action::Adopt
                | Action::Protect
                | Action::Password
                | Action::Agree
                | Action::Prepare
                | Action::Push
                | Action::Retry
                | Action::Undo
                | Action::PlanTab
        );
        if by_rules && let Some(why) = self.no_trial() {
            return Some(why);
        }
        let record = || self.list().is_some_and(|list| list.identity().is_some());
        match action {
            Action::Open
            | Action::Why
            | Action::Related
            | Action::Life
            | Action::Native
            | Action::Trace
            | Action::Copy
            | Action::Range
            | Action::Links
                if self.kind().is_some() && !record() =>
            {
                say(text!("no.record"))
            }
            Action::Stage | Action::StageAll | Action::Range | Action::Adopt | Action::Protect => {
                self.no_staging().or_else(|| if record() { None } else { say(text!("no.record")) })
            }
            Action::Password => self.no_staging().or_else(|| self.no_password()),
            Action::Unstage | Action::Discard if self.staged.is_empty() => say(text!("push.nothing-staged")),
            Action::Discard if self.plan.pushing() => say(text!("push.running")),
            Action::Prepare if self.staged.is_empty() && self.plan.plan().is_none() => {
                say(text!("push.nothing-staged"))
            }
            Action::Push => self.no_push(),
            Action::TakeRules | Action::DropRules if !self.trying() => {
                Some(text!("trial.none", key = self.keymap.shown(Action::Rules)))
            }
            Action::Older if !self.has_older() => say(text!("no.older")),
            Action::Newer if !self.has_newer() => say(text!("no.newer")),
            Action::Stop if !self.running() => Some(text!("no.job", key = self.keymap.shown(Action::Quit))),
            Action::Suspend if self.plan.pushing() => say(text!("push.running")),
            Action::Undo if self.history.here().is_none_or(|push| confirmed(push).next().is_none()) => {
                say(text!("no.confirmed"))
            }
            Action::Retry if self.plan.pushing() && self.tab == Tab::Plan => {
                if self.plan.waits() {
                    None
                } else {
                    say(text!("no.waiting"))
                }
            }
            Action::Retry if self.tab == Tab::Plan && !self.plan.used() => say(text!("no.not-pushed")),
            Action::Retry if self.tab == Tab::Plan && self.plan.failed().is_empty() => say(text!("no.failed")),
            Action::Retry if self.tab == Tab::History && self.history.failed().is_empty() => say(text!("no.failed")),
            Action::LookUp if self.history.looking.is_some() => {
                let until = self.history.looking.as_ref().map(|looking| super::lines::hour(looking.until));
                Some(text!("history.looking", until = until.unwrap_or_default()))
            }
            Action::LookUp if !self.history.doubts() => say(text!("no.unknown")),
            Action::Pick if self.staged.is_empty() => say(text!("push.nothing-staged")),
            Action::Test | Action::Faster | Action::Slower if self.system_here().is_none() => say(text!("no.system")),
            _ => None,
        }
    }

    fn no_staging(&self) -> Option<String> {
        let world = self.world.as_ref()?;
        world.compared.inputs.source.is_none().then(|| text!("no.source").to_owned())
    }
}
