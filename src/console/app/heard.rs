//! What the engine reports, taken in; and what it is told of the staging.

use crate::engine::protocol::{Command, Report};

use super::action::Action;
use super::lines::Tone;
use super::said;
use super::text::{self, text};
use super::{App, Tab, Wish};

impl App {
    pub(super) fn report(&mut self, report: Report, wishes: &mut Vec<Wish>) {
        match report {
            Report::World(world) => {
                // What was pushed before belongs to what the detail and the why card say.
                if self.world_came(world) {
                    wishes.push(Wish::Engine(Command::History));
                }
                self.tested();
            }
            Report::Staging(changes) => {
                if !changes.is_empty() {
                    let key = self.keymap.shown(Action::PlanTab);
                    self.say(
                        Tone::Plain,
                        text!("notice.staging-found", n = text::count(changes.len() as u64), key = key),
                    );
                }
                self.staged.found(changes);
            }
            Report::Others { came, went } => {
                let (n, back) = (text::count(came.len() as u64), text::count(went.len() as u64));
                self.say(Tone::Warn, text!("notice.others-staged", n = n, back = back));
                self.staged.others(came, &went);
                // What needed one of those that went is gone as well, and that is to be kept.
                self.keep(wishes);
            }
            Report::Tried(tried) => self.tried(tried),
            Report::Making(making) => self.plan.making(making),
            Report::Prepared(plan) => {
                // That it is being made is said no longer than it is.
                let making = text!("plan.preparing");
                self.notice.take_if(|notice| notice.text == making);
                self.plan.prepared(plan);
            }
            Report::NotPrepared(why) => {
                self.say(Tone::Bad, said::said(&why));
                self.plan.not_prepared(why);
            }
            Report::PushBegan(id) => self.plan.began(&id),
            Report::Outcome(..) => {}
            Report::PushEnded(id) => self.push_ended(&id, wishes),
            Report::Native { key, text } => self.native_came(&key, text),
            Report::History(pushes) => self.history.came(pushes),
            Report::Head(entries, hash) => self.history.head = Some((entries, hash)),
            Report::Proved(entries, broken) => self.history.proved = Some((entries, broken)),
            Report::Recalled(plan, sent) => self.history.recalled(plan, sent),
            Report::Unknown(unknown) => {
                if unknown.is_empty() {
                    self.say(Tone::Good, text!("notice.nothing-unknown"));
                } else {
                    let n = text::count(unknown.len() as u64);
                    let key = self.keymap.shown(Action::LookUp);
                    self.say(
                        Tone::Warn,
                        text!("notice.unknown", n = n, key = key, tab = self.keymap.shown(Action::HistoryTab)),
                    );
                    // What an earlier run left open is the first thing to look at.
                    if self.fresh {
                        self.go_tab(Tab::History, wishes);
                    }
                }
                self.history.unknown(unknown);
            }
            Report::LookingUp(looking) => {
                match &looking {
                    Some(looking) => {
                        let n = text::count(looking.what.len() as u64);
                        let until = super::lines::hour(looking.until);
                        self.say(Tone::Plain, text!("notice.looking", n = n, until = until));
                    }
                    None => wishes.push(Wish::Engine(Command::History)),
                }
                self.history.looks(looking);
            }
            Report::Notice(text) => self.say(Tone::Plain, said::said(&text)),
            Report::Crashed { part, text } => {
                self.say(Tone::Bad, text!("notice.crashed", part = said::said(&part), text = said::said(&text)));
            }
        }
    }

    fn push_ended(&mut self, id: &crate::plan::PlanId, wishes: &mut Vec<Wish>) {
        let Some(counts) = self.plan.ended(id) else { return };
        self.staged.remove_all(&self.plan.confirmed());
        self.keep(wishes);
        let words: Vec<String> =
            counts.iter().map(|(word, n)| format!("{} {}", text::count(*n as u64), said::said(word))).collect();
        let good = counts.iter().all(|(word, _)| *word == "confirmed");
        let tone = if good { Tone::Good } else { Tone::Warn };
        let counts = text::listed(&words);
        if self.plan.turned_away() {
            self.history.turned_away(self.now, self.plan.hindered());
            self.say(Tone::Bad, text!("notice.push-refused", counts = counts));
        } else {
            self.say(tone, text!("notice.push-ended", counts = counts));
        }
        wishes.push(Wish::Engine(Command::History));
    }

    /// Tells the engine what has been staged and taken back since it was last told.
    pub(super) fn keep(&mut self, wishes: &mut Vec<Wish>) {
        let (added, removed) = self.staged.news();
        if !(added.is_empty() && removed.is_empty()) {
            wishes.push(Wish::Engine(Command::Stage { added, removed }));
        }
    }
}
