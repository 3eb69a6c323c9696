//! Just before the write: does everything still hold, and is the request still the one that was previewed?

use super::Work;
use super::shared::lock;
use crate::connectors::Observed;
use crate::engine::push::judge::{self, Stands, moved};
use crate::engine::push::look::{Found, Sought, keys_of};
use crate::model::Kind;
use crate::model::text::clean;
use crate::plan::{Change, ChangeId, Facet, Method, OutcomeState, Request, Seen, Step, Target, fill};

/// What the look just before the write came to.
pub(super) enum Checked {
    /// Send it; the record as it is now.
    Go(Option<Box<Observed>>),
    /// The record could not be read, and why.
    Unread(String),
    /// There is nothing to send, for these reasons.
    Settled(Vec<(ChangeId, OutcomeState)>),
}

impl Work {
    /// Looks at the record just before the write (promise 6). `doubted`: an earlier try may have been carried out, and may be slow
    /// to show.
    pub(super) async fn check(&self, doubted: bool) -> Checked {
        let changes = self.changes();
        let refused = |rule: String| {
            let state = OutcomeState::Refused { rule };
            Checked::Settled(changes.iter().map(|change| (change.id.clone(), state.clone())).collect())
        };
        let Some(first) = changes.first() else { return refused("the step serves no change".into()) };
        let known = |change: &ChangeId| self.shared.known(change);
        let view = self.view(first.kind, &known);
        let reads: Option<Vec<Request>> = self.step.read.iter().map(|read| fill(read, &known)).collect();
        // The later steps of a create (submit, audit) are about the record that its first one brought into being.
        let (sought, new) = match (keys_of(&changes).filter(|_| self.first), self.id()) {
            (Some(by), _) => (Sought::By(by), true),
            (None, Some(id)) => (Sought::Id(id), false),
            (None, None) => return refused("the record that it is about has no id yet".into()),
        };
        let reads = match reads {
            Some(reads) if !reads.is_empty() => reads,
            _ => sought.reads(&self.party, &self.step.system, first.kind),
        };
        if let Some(read) = reads.iter().find(|read| !self.is_read(read, &sought, first.kind)) {
            return refused(format!(
                "{} {} is no read that this connector makes; make the plan again",
                read.method, read.path
            ));
        }
        let mut found = view.look(&sought, &reads, &[]).await;
        if matches!((&found, self.target()), (Found::Absent, Some(Target::New(_)))) && (!new || doubted) {
            // It was created a moment ago, or perhaps, and may be slow to show.
            found = view.wait_for(&sought).await;
        }
        match found {
            Found::Unclear(why) => Checked::Unread(why),
            Found::Absent if new => Checked::Go(None),
            Found::Absent => {
                let states = self.absent(&changes);
                if !doubted {
                    self.was_so(states.iter().filter(|(_, state)| matches!(state, OutcomeState::Confirmed { .. })));
                }
                Checked::Settled(states)
            }
            Found::Record(observed) => {
                if self.first && !doubted {
                    let alone = changes.iter().filter_map(|change| self.as_wanted(&[*change], &observed, new));
                    self.was_so(alone.flatten().collect::<Vec<_>>().iter());
                }
                self.present(&changes, observed, new)
            }
        }
    }

    /// Whether a read of the plan only reads. One that asks by POST (targets/kingdee.md 2) goes where the connector itself asks:
    /// a plan may have lain in a file.
    pub(super) fn is_read(&self, read: &Request, sought: &Sought, kind: Kind) -> bool {
        let own = || {
            let mut own = sought.reads(&self.party, &self.step.system, kind);
            if let Some(id) = self.id() {
                own.extend(Sought::Id(id).reads(&self.party, &self.step.system, kind));
            }
            own
        };
        read.method == Method::Get
            || (read.reads() && own().iter().any(|own| own.method == read.method && own.path == read.path))
    }

    fn absent(&self, changes: &[&Change]) -> Vec<(ChangeId, OutcomeState)> {
        let state = |change: &Change| match change.op {
            op if self.party.connector.mapping().done_when_absent(op) => OutcomeState::confirmed(Vec::new()),
            op => OutcomeState::Stale {
                what: format!(
                    "planned from: there, wanted: {}, now: {}",
                    op.name(),
                    self.party.connector.gone(change.kind)
                ),
            },
        };
        changes.iter().map(|change| (change.id.clone(), state(change))).collect()
    }

    /// Nothing was written for these so far: what is as wanted is not this push's doing.
    fn was_so<'s>(&self, states: impl Iterator<Item = &'s (ChangeId, OutcomeState)>) {
        states.for_each(|(change, _)| self.shared.was_so(change));
    }

    /// The outcomes of these changes, where their record is as all of them want it. `there`: that it is there says enough, also
    /// of what cannot be read.
    pub(super) fn as_wanted(
        &self,
        changes: &[&Change],
        observed: &Observed,
        there: bool,
    ) -> Option<Vec<(ChangeId, OutcomeState)>> {
        let known = |change: &ChangeId| self.shared.known(change);
        let view = self.view(changes.first()?.kind, &known);
        let outcome = |change: &&Change| match view.judge().stands(change, Some(observed)) {
            Stands::AsWanted { unread } if unread.is_empty() || there || view.judge().shows(change, observed) => {
                Some((change.id.clone(), OutcomeState::confirmed(unread)))
            }
            _ => None,
        };
        changes.iter().map(outcome).collect()
    }

    fn present(&self, changes: &[&Change], observed: Box<Observed>, new: bool) -> Checked {
        let known = |change: &ChangeId| self.shared.known(change);
        if self.first
            && let Some(states) = self.as_wanted(changes, &observed, new)
        {
            self.learn(&observed.id);
            return Checked::Settled(states);
        }
        if new {
            let taken = self.party.connector.taken(&observed);
            let what = format!("planned from: not there, wanted: create, now: {}", clean(&taken));
            let state = OutcomeState::Stale { what };
            return Checked::Settled(changes.iter().map(|change| (change.id.clone(), state.clone())).collect());
        }
        if matches!(self.target(), Some(Target::New(_))) && self.has_our_key(&observed) == Some(false) {
            let what =
                format!("the record {} that the service named is not the one that was created", clean(&observed.id));
            let state = OutcomeState::Refused { rule: format!("{what}; nothing is written to it") };
            return Checked::Settled(changes.iter().map(|change| (change.id.clone(), state.clone())).collect());
        }
        let ours = |facet: &Facet, now: &Seen| {
            let ours = lock(&self.shared.ours);
            let written = self.target().and_then(|target| ours.get(target)).into_iter().flatten();
            let mut about = written.filter(|(have, _)| have == facet);
            about.any(|(_, seen)| seen.as_ref().is_none_or(|seen| judge::same(&observed, facet, seen, now)))
        };
        let stale: Vec<(&Change, String)> = changes
            .iter()
            .filter_map(|change| {
                moved(change, &observed, self.party.connector.mapping(), &known, &ours).map(|what| (*change, what))
            })
            .collect();
        let Some((culprit, _)) = stale.first() else { return Checked::Go(Some(observed)) };
        let rule = format!("it goes in one request with {}, which is stale", culprit.id);
        let states = changes.iter().map(|change| {
            let own = stale.iter().find(|(of, _)| of.id == change.id);
            let state = match own {
                Some((_, what)) => OutcomeState::Stale { what: what.clone() },
                None => OutcomeState::Refused { rule: rule.clone() },
            };
            (change.id.clone(), state)
        });
        Checked::Settled(states.collect())
    }

    /// Renders again on the record as it is now. Method, address, order and edits must come out as they were previewed.
    pub(super) fn fresh(&self, native: Option<&Observed>) -> Result<Step, OutcomeState> {
        let all: Vec<&Change> = self.group.iter().collect();
        let own = self.changes();
        let mut why = None;
        // A record that is created by this very plan was previewed without a native, and is rendered so again.
        let native = native.filter(|_| matches!(self.target(), Some(Target::Record(_))));
        for changes in [&all, &own] {
            match self.party.connector.render(&self.party.site, changes, native) {
                Ok(steps) => {
                    let same = |step: &&Step| {
                        step.serves.iter().all(|id| self.step.serves.contains(id))
                            && step.write.same_intent(&self.step.write)
                    };
                    if let Some(step) = steps.iter().find(same) {
                        return self.filled(step);
                    }
                }
                Err(refusal) => why = Some(refusal.to_string()),
            }
        }
        Err(match why {
            Some(why) => OutcomeState::Refused { rule: why },
            None => OutcomeState::Stale {
                what: format!(
                    "the record moved such that {} {} would not be the request that was previewed any more",
                    self.step.write.method, self.step.write.path
                ),
            },
        })
    }

    /// The step with the fresh request in it, all holes filled.
    fn filled(&self, fresh: &Step) -> Result<Step, OutcomeState> {
        let known = |change: &ChangeId| self.shared.known(change);
        let lacking = |request: &Request| {
            let hole = request.holes.iter().find(|hole| known(hole).is_none());
            hole.map_or_else(|| OutcomeState::Pending, |hole| OutcomeState::Skipped { needs: hole.clone() })
        };
        let write = fill(&fresh.write, &known).ok_or_else(|| lacking(&fresh.write))?;
        Ok(Step { write, ..self.step.clone() })
    }
}
