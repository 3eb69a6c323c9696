//! What the core remembers from earlier runs, and keeps for later ones.

use std::sync::Arc;

use super::{Aside, Core};
use crate::engine::ask::panicked;
use crate::engine::job::Wish;
use crate::engine::member::Member;
use crate::engine::protocol::{PastPush, PastStep, Report};
use crate::engine::push;
use crate::model::{Kind, Schema, Snapshot, SystemId};
use crate::plan::{ChangeId, PlanId};
use crate::store::{Entry, Sending, StoreError};

/// So many identities are on the first screens of a start.
const FRONT: u32 = 256;

/// How many pushes the history shows.
const HISTORY: usize = 200;

/// That a push did not end in order, for whoever has no screen that shows it.
fn cut_off(entry: &Entry) -> String {
    let all = entry.plan.changes.len();
    let known = entry.outcomes.iter().filter(|outcome| outcome.state.settled()).count();
    format!(
        "the push {} did not end in order: of its {} changes {} have no outcome. trueup retry {} looks up by reading what became of \
         them, and plans what is left",
        entry.plan.id,
        all,
        all - known.min(all),
        entry.plan.id
    )
}

impl Core {
    /// Decisions of earlier runs, what was staged, what nobody knows; and snapshots where a face wants them at once.
    pub(in crate::engine) async fn remember(&mut self) {
        let asked = self.keeper.ask(|journal| {
            let decided = (journal.decisions()?, journal.bases()?);
            Ok((decided, journal.staging()?, journal.open_intents()?, journal.unfinished()?))
        });
        match asked.await {
            Ok((decided, staging, open, unfinished)) => {
                self.decisions = decided.0;
                self.bases = decided.1.into();
                self.unresolved = self.face && !(open.is_empty() && unfinished.is_empty());
                self.restage(staging);
                let unknown = push::named(&open);
                if !unknown.is_empty() {
                    self.report(Report::Unknown(unknown));
                }
                if !self.face {
                    for entry in &unfinished {
                        self.report(Report::Notice(cut_off(entry)));
                    }
                }
            }
            Err(error) => self.report(Report::Notice(error.to_string())),
        }
        self.remember_rules().await;
    }

    /// What every system maps of every kind: its place, its name, the kind and its attributes.
    fn mapped(&self) -> Vec<(usize, SystemId, Kind, Arc<Schema>)> {
        let of = |(at, member): (usize, &Member)| {
            let id = member.setup.config.id.clone();
            let maps = member.connector.mapping().kinds.clone();
            maps.into_iter().map(move |map| (at, id.clone(), map.kind, map.schema)).collect::<Vec<_>>()
        };
        self.members.iter().enumerate().flat_map(of).collect()
    }

    /// What an earlier run has read: its first rows at once, so that there is something to look at; the whole as soon as it is
    /// loaded. Then the systems are read, where that is wanted.
    pub(in crate::engine) async fn recall(&mut self, read: bool) {
        let Some(cache) = self.cache.clone() else { return self.recalled(Vec::new(), read) };
        let kinds = self.mapped();
        let fronts = tokio::task::spawn_blocking(move || {
            // A front that cannot be used costs nothing: the whole is loaded anyway, and tells what is wrong.
            let load = |(at, system, kind, schema): (usize, SystemId, Kind, Arc<Schema>)| {
                Some((at, cache.front(&system, kind, &schema).ok()??))
            };
            kinds.into_iter().filter_map(load).collect::<Vec<_>>()
        });
        for (at, (snapshot, of)) in fronts.await.unwrap_or_default() {
            // What is small is loaded as fast as its front.
            if of > snapshot.table.len() as u64 {
                self.fronts = true;
                self.members[at].show_front(snapshot, of);
            }
        }
        self.recall_next = Some(read);
        if !self.fronts {
            self.recall_wholes();
        }
    }

    /// The whole of what an earlier run has read, where that is still to be loaded.
    pub(super) fn recall_wholes(&mut self) {
        let (Some(read), Some(cache)) = (self.recall_next.take(), self.cache.clone()) else { return };
        let wanted = self.mapped();
        let asides = self.asides.0.clone();
        tokio::spawn(async move {
            // Side by side, and not on the threads that compare the fronts meanwhile.
            let load = |(at, system, kind, schema): (usize, SystemId, Kind, Arc<Schema>)| {
                let cache = cache.clone();
                tokio::task::spawn_blocking(move || Some((at, cache.load(&system, kind, &schema).transpose()?)))
            };
            let loading: Vec<_> = wanted.into_iter().map(load).collect();
            let mut loaded = Vec::new();
            for file in loading {
                match file.await {
                    Ok(found) => loaded.extend(found),
                    Err(error) => {
                        let (part, text) = ("the snapshot files".to_owned(), panicked(error));
                        let _ = asides.send(Aside::Report(Report::Crashed { part, text }));
                    }
                }
            }
            let _ = asides.send(Aside::Recalled(loaded, read));
        });
    }

    /// All that an earlier run has read is here.
    pub(super) fn recalled(&mut self, loaded: Vec<(usize, Result<Snapshot, StoreError>)>, read: bool) {
        self.fronts = false;
        self.recalling = false;
        self.members.iter_mut().for_each(Member::drop_fronts);
        for (at, found) in loaded {
            match found {
                Ok(snapshot) => self.members[at].recall(snapshot),
                Err(error) => self.report(Report::Notice(error.to_string())),
            }
        }
        self.outdated();
        let early = std::mem::take(&mut self.early);
        if self.quitting {
            return;
        }
        if read {
            self.refresh(None, Wish::All);
        }
        for wish in early {
            self.obey(wish);
        }
    }

    /// Keeps what the next start shows first: how the first identities stand everywhere.
    pub(super) fn keep_fronts(&mut self) {
        let Some((cache, compared)) = self.cache.clone().zip(self.compared.clone()) else { return };
        let generations: Vec<_> = self.members.iter().map(|member| member.generations).collect();
        if self.compared_front || self.fronted == generations {
            return;
        }
        self.fronted = generations;
        self.saving += 1;
        let asides = self.asides.0.clone();
        tokio::task::spawn_blocking(move || {
            for (at, system) in compared.inputs.systems.iter().enumerate() {
                for kind in Kind::ALL {
                    let Some(snapshot) = system.snapshot(kind).filter(|snapshot| snapshot.complete()) else { continue };
                    let comparison = compared.kind(kind);
                    let mut rows: Vec<_> =
                        (0..comparison.len.min(FRONT)).filter_map(|identity| comparison.row(identity, at)).collect();
                    rows.sort_unstable();
                    // The next start does without it, and loads the whole.
                    let _ = cache.keep_front(snapshot, &rows);
                }
            }
            let _ = asides.send(Aside::Saved);
        });
    }

    /// Keeps a whole snapshot for the next run.
    pub(super) fn keep(&mut self, at: usize, kind: Kind) {
        let Some(cache) = self.cache.clone() else { return };
        let Some(snapshot) = self.members[at].snapshots[kind.index()].clone().filter(|kept| kept.complete()) else {
            return;
        };
        let asides = self.asides.0.clone();
        self.saving += usize::from(!self.face);
        let last = !self.face;
        tokio::task::spawn_blocking(move || {
            let kept = cache.keep(&snapshot);
            if let Err(error) = kept {
                let _ = asides.send(Aside::Report(Report::Notice(error.to_string())));
            }
            if last {
                let _ = asides.send(Aside::Saved);
            }
        });
    }

    pub(super) fn history(&self) {
        let (keeper, asides) = (self.keeper.clone(), self.asides.0.clone());
        tokio::spawn(async move {
            let asked = keeper.ask(|journal| {
                let entries = journal.history(HISTORY)?;
                let with_created = |entry: Entry| {
                    let created = journal.created(&entry.plan.id)?;
                    Ok(past(entry, created))
                };
                let pushes = entries.into_iter().map(with_created).collect::<Result<Vec<_>, StoreError>>()?;
                Ok((pushes, journal.head()?))
            });
            let reports = match asked.await {
                Ok((pushes, (entries, hash))) => vec![Report::Head(entries, hash), Report::History(pushes)],
                Err(error) => vec![Report::Notice(error.to_string())],
            };
            for report in reports {
                let _ = asides.send(Aside::Report(report));
            }
        });
    }

    /// Goes through the journal's chain of hashes.
    pub(super) fn prove(&self) {
        let (keeper, asides) = (self.keeper.clone(), self.asides.0.clone());
        tokio::spawn(async move {
            let asked = keeper.ask(|journal| Ok((journal.head()?.0, journal.verify()?)));
            let report = match asked.await {
                Ok((entries, broken)) => Report::Proved(entries, broken),
                Err(error) => Report::Notice(error.to_string()),
            };
            let _ = asides.send(Aside::Report(report));
        });
    }

    /// The requests of a past push as they were sent.
    pub(super) fn recall_push(&self, plan: PlanId) {
        let (keeper, asides) = (self.keeper.clone(), self.asides.0.clone());
        tokio::spawn(async move {
            let of = plan.clone();
            let report = match keeper.ask(move |journal| journal.sendings(&of)).await {
                Ok(sendings) => Report::Recalled(plan, sendings.into_iter().map(past_step).collect()),
                Err(error) => Report::Notice(error.to_string()),
            };
            let _ = asides.send(Aside::Report(report));
        });
    }
}

/// A push of the journal as the faces see it.
pub fn past(entry: Entry, created: Vec<(ChangeId, String)>) -> PastPush {
    PastPush {
        plan: Arc::new(entry.plan),
        began: entry.began,
        who: entry.by.who,
        reason: entry.by.reason,
        outcomes: entry.outcomes,
        created,
        closed: entry.closed,
        running: entry.running,
    }
}

fn past_step(sending: Sending) -> PastStep {
    let (status, end) = sending.end();
    PastStep { at: sending.at, step: sending.step, status, end }
}
