//! What the core hears: from the jobs that read systems, and from what it had done aside.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Aside, Core};
use crate::engine::ask::Stopped;
use crate::engine::job::{News, Wish};
use crate::engine::protocol::Report;

impl Core {
    pub(in crate::engine) fn notice(&mut self, aside: Aside) {
        match aside {
            Aside::Compared(compared, followed) => {
                self.compared = Some(Arc::new(compared));
                self.compared_front = self.comparing_front;
                self.rest();
                self.followed(followed);
                self.show();
                for (at, kind) in std::mem::take(&mut self.unkept) {
                    self.keep(at, kind);
                }
                self.recall_wholes();
            }
            Aside::Uncompared(text) => {
                self.rest();
                self.recall_wholes();
                self.crashed("the comparison".to_owned(), text);
            }
            Aside::StagingKept(kept) => self.staging_kept(kept),
            Aside::Saved => self.saving -= 1,
            Aside::Unsaved(text) => {
                if self.unsaved.insert(text.clone()) {
                    self.report(Report::Notice(text));
                }
            }
            Aside::Recalled(loaded, read) => self.recalled(loaded, read),
            Aside::Decisions(version, decisions) => self.decided(version, decisions),
            Aside::Pushed(plan, outcomes, touched) => {
                self.pushing = None;
                self.confirmed(&plan, &outcomes);
                self.accept_rules(&plan, &outcomes);
                // A push links what it creates.
                self.reread |= !outcomes.is_empty();
                let plan = plan.id.clone();
                self.report(Report::PushEnded(plan));
                for (system, kind) in &touched {
                    self.refresh(Some(system), Wish::Kind(*kind));
                }
            }
            Aside::Reread(Ok(systems)) => self.try_these(systems),
            Aside::Reread(Err(why)) => self.report(Report::Tried(Err(why))),
            Aside::Tried(candidate) => self.tried(*candidate),
            Aside::Prepared(report) => {
                self.preparing = None;
                self.notice(Aside::Report(report));
            }
            Aside::Report(report) => {
                // Budgets and requests move with a push.
                self.changed = true;
                self.report(report);
            }
            Aside::Nothing => {}
        }
    }

    pub(in crate::engine) fn hear(&mut self, news: News) {
        self.changed = true;
        match news {
            News::Opened(at, client) => self.members[at].client = Some(client),
            News::Failed(at, trouble) => self.members[at].failed(trouble),
            News::Probed(at, site, connector) => {
                if self.members[at].probed(site, connector) {
                    self.outdated();
                }
            }
            News::Glimpsed(at, connector, snapshot) => {
                if self.members[at].glimpsed(connector, snapshot) {
                    self.outdated();
                }
            }
            News::Grew(at, snapshot) => {
                if self.members[at].grew(snapshot) {
                    self.outdated();
                }
            }
            News::Read(at, kind, Some(fetched)) => {
                if let Some(Stopped::Crashed(text)) = &fetched.stopped {
                    self.crashed(format!("{} {}", self.members[at].setup.config.id, kind.plural()), text.clone());
                }
                if self.members[at].read(kind, fetched) {
                    self.sized(at, kind);
                    self.outdated();
                    if self.face { self.keep(at, kind) } else { self.unkept.push((at, kind)) }
                }
            }
            News::Read(at, kind, None) => {
                let part = format!("{} {}", self.members[at].setup.config.id, kind.plural());
                self.crashed(part, "the table could not be made".to_owned());
            }
            News::Crashed(at, text) => self.crashed(self.members[at].setup.config.id.to_string(), text),
            News::Rested(at) => {
                let (changed, then) = self.members[at].rested();
                if changed {
                    self.outdated();
                }
                if !self.busy() {
                    self.compare_from = Instant::now();
                }
                if let Some(wish) = then {
                    self.begin(at, wish);
                }
            }
        }
    }
}

/// Which system news is about.
pub(super) fn place(news: &News) -> usize {
    match news {
        News::Opened(at, _)
        | News::Failed(at, _)
        | News::Probed(at, _, _)
        | News::Glimpsed(at, ..)
        | News::Grew(at, _)
        | News::Read(at, _, _)
        | News::Crashed(at, _)
        | News::Rested(at) => *at,
    }
}
