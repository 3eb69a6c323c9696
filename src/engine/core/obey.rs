//! What the core is told to do.

use std::sync::Arc;

use super::{Aside, Core};
use crate::engine::job::{Job, Wish};
use crate::engine::native;
use crate::engine::protocol::{Command, Report};
use crate::engine::push::Stopping;
use crate::engine::setup::Accepted;
use crate::model::SystemId;
use crate::secret::Secret;

impl Core {
    pub(in crate::engine) fn obey(&mut self, wish: Command) {
        if self.recalling && matches!(wish, Command::Refresh { .. } | Command::Test(_)) {
            return self.early.push(wish);
        }
        match wish {
            Command::Refresh { system, kind } => {
                self.refresh(system.as_ref(), kind.map_or(Wish::All, Wish::Kind));
            }
            Command::Test(system) => {
                if let Some(client) = self.find(&system).and_then(|member| member.client.as_ref()) {
                    client.sign_in_again();
                }
                self.refresh(Some(&system), Wish::Probe);
            }
            Command::Stage { added, removed } => {
                for id in removed {
                    self.staged.remove(&id);
                    self.unkept_staged.went(id);
                }
                for change in added.into_iter().map(Arc::new) {
                    self.staged.insert(change.id.clone(), change.clone());
                    self.unkept_staged.came(change);
                }
                self.unkept_staging = true;
            }
            Command::Native(key) => {
                let member = self.find(&key.system);
                let known = member
                    .and_then(|member| Some((member.connector.clone(), member.client.clone()?, member.site.clone()?)));
                let (cache, asides) = (self.cache.clone(), self.asides.0.clone());
                tokio::spawn(async move {
                    let text = native::show(&key, known, cache).await;
                    let _ = asides.send(Aside::Report(Report::Native { key, text }));
                });
            }
            Command::History => self.history(),
            Command::Prove => self.prove(),
            Command::Acknowledge { system, kind, why } => {
                let said = self.acknowledge(&Accepted { system, kind, why });
                self.report(Report::Notice(said.unwrap_or_else(|why| why)));
            }
            Command::Hold { system, name, secret } => self.hold(&system, name, secret),
            Command::Tune { system, per_second } => {
                if let Some(client) = self.find(&system).and_then(|member| member.client.as_ref()) {
                    client.tune(per_second);
                    self.changed = true;
                }
            }
            Command::Stop(of) => match (&self.pushing, of) {
                // It has ended meanwhile; what has begun since is another thing.
                (None, Some(_)) => {}
                (Some((running, _)), Some(of)) if *running != of => {}
                (Some((_, push)), _) => {
                    if push.stop() == Stopping::GivenUp {
                        self.report(Report::Notice(
                            "the step under way is not waited for any more: what it sent is unknown until it is looked up".to_owned(),
                        ));
                    }
                }
                (None, None) => match &self.preparing {
                    Some(plan) if !plan.is_cancelled() => plan.cancel(),
                    _ => self.stop_reading(),
                },
            },
            Command::TryNow(change) => {
                let tried = self.pushing.as_ref().map_or(0, |(_, push)| push.sooner.now(change.as_ref()));
                let said = match tried {
                    0 => "nothing of it waits for somebody's record: a busy service says itself when it may be asked again"
                        .to_owned(),
                    n => format!("{n} tried now"),
                };
                self.report(Report::Notice(said));
            }
            Command::Quit => {
                self.quitting = true;
                if let Some((_, push)) = &self.pushing {
                    push.finish();
                }
                self.stop_reading();
            }
            Command::Prepare(changes) => self.prepare(changes),
            Command::Push { plan, fingerprint, reason } => self.push(plan, fingerprint, reason),
            Command::TryRules => self.try_rules(),
            Command::TakeRules => self.take_rules(),
            Command::Recall(plan) => self.recall_push(plan),
            Command::Resolve => self.resolve(),
            Command::Decide(decisions) => decisions.into_iter().for_each(|decision| self.decide(decision)),
        }
    }

    /// Holds what the operator typed until it is sent, or the program ends.
    pub(in crate::engine) fn hold(&self, system: &SystemId, name: String, secret: Secret) {
        match self.find(system).and_then(|member| member.client.as_ref()) {
            Some(client) => client.hold(name, secret),
            None => self.report(Report::Notice(format!("{system} has not been reached: what was typed is not held"))),
        }
    }

    pub(super) fn stop_reading(&mut self) {
        for member in &mut self.members {
            if let Some(running) = &mut member.running {
                running.then = None;
                running.cancel.cancel();
            }
        }
    }

    /// Reads systems again: one or all.
    pub(in crate::engine) fn refresh(&mut self, system: Option<&SystemId>, wish: Wish) {
        for at in 0..self.members.len() {
            if system.is_none_or(|system| &self.members[at].setup.config.id == system) {
                self.begin(at, wish);
            }
        }
    }

    pub(super) fn begin(&mut self, at: usize, wish: Wish) {
        let member = &mut self.members[at];
        if let Some(running) = &mut member.running {
            running.then = Some(running.then.map_or(wish, |then| then.and(wish)));
            return;
        }
        // A system that failed its test is tested again before it is read.
        let probed = member.site.clone().filter(|site| site.good()).map(|site| (site, member.connector.clone()));
        let cancel = member.begin();
        let job = Job {
            leases: self.leases.clone(),
            at,
            setup: member.setup.clone(),
            client: member.client.clone(),
            probed,
            wish,
            generations: member.generations,
            cancel,
            keeper: self.keeper.clone(),
            news: self.news.0.clone(),
        };
        self.changed = true;
        job.start();
    }
}
