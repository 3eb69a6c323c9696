//! What the core remembers from earlier runs, and keeps for later ones.

use std::sync::{Arc, PoisonError};

use super::{Aside, Core};
use crate::engine::drive::panicked;
use crate::engine::protocol::{PastPush, PastStep, Report};
use crate::model::{Kind, Snapshot};
use crate::plan::{Change, ChangeId, PlanId};
use crate::store::{Entry, Sending, StoreError};

/// How many pushes the history shows.
const HISTORY: usize = 200;

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
                if !staging.is_empty() {
                    self.report(Report::Staging(staging));
                }
                let unknown: Vec<_> = open
                    .iter()
                    .flat_map(|intent| &intent.changes)
                    .map(|change| {
                        let text = format!("{} {} in {}", change.op.name(), change.label, change.system);
                        (change.id.clone(), text)
                    })
                    .collect();
                if !unknown.is_empty() {
                    self.report(Report::Unknown(unknown));
                }
            }
            Err(error) => self.report(Report::Notice(error.to_string())),
        }
        self.remember_rules().await;
        if self.face {
            self.recall().await;
        }
    }

    /// Snapshots of an earlier run.
    async fn recall(&mut self) {
        let Some(cache) = self.cache.clone() else { return };
        let wanted: Vec<_> = self
            .members
            .iter()
            .enumerate()
            .flat_map(|(at, member)| {
                let maps = &member.connector.mapping().kinds;
                maps.iter().map(move |map| (at, member.setup.config.id.clone(), map.kind, map.schema.clone()))
            })
            .collect();
        let loaded = tokio::task::spawn_blocking(move || {
            let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
            let load = |(at, system, kind, schema)| match cache.load(&system, kind, &schema) {
                Ok(found) => found.map(|snapshot| (at, Ok(snapshot))),
                Err(error) => Some((at, Err(error))),
            };
            wanted.into_iter().filter_map(load).collect::<Vec<(usize, Result<Snapshot, StoreError>)>>()
        });
        match loaded.await {
            Ok(loaded) => {
                for (at, found) in loaded {
                    match found {
                        Ok(snapshot) => self.members[at].recall(snapshot),
                        Err(error) => self.report(Report::Notice(error.to_string())),
                    }
                }
            }
            Err(error) => self.crashed("the snapshot files".to_owned(), panicked(error)),
        }
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
            let kept = cache.lock().unwrap_or_else(PoisonError::into_inner).keep(&snapshot);
            if let Err(error) = kept {
                let _ = asides.send(Aside::Report(Report::Notice(error.to_string())));
            }
            if last {
                let _ = asides.send(Aside::Saved);
            }
        });
    }

    /// One write at a time, and the last wish is what stays.
    pub(super) fn keep_staging(&mut self, staging: Vec<Change>) {
        self.keeping = true;
        let (keeper, asides) = (self.keeper.clone(), self.asides.0.clone());
        tokio::spawn(async move {
            if let Err(error) = keeper.ask(move |journal| journal.keep_staging(&staging)).await {
                let text = format!("what is staged is not kept: {error}");
                let _ = asides.send(Aside::Report(Report::Notice(text)));
            }
            let _ = asides.send(Aside::StagingKept);
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

fn past(entry: Entry, created: Vec<(ChangeId, String)>) -> PastPush {
    PastPush {
        plan: Arc::new(entry.plan),
        began: entry.began,
        who: entry.by.who,
        reason: entry.by.reason,
        outcomes: entry.outcomes,
        created,
        closed: entry.closed,
    }
}

fn past_step(sending: Sending) -> PastStep {
    let (status, end) = sending.end();
    PastStep { at: sending.at, step: sending.step, status, end }
}
