//! What the operator decides, and the last common values: kept in the journal, and taken into the next comparison.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Aside, Core};
use crate::compare::{Base, Bases, Compared, Decision, Decisions, Followed, PRESENT, Verdict, Waiver, facets};
use crate::engine::protocol::Report;
use crate::model::{Kind, RecordKey, Schema, Snapshot, SystemId};
use crate::plan::{ChangeId, Outcome, OutcomeState, Plan, Ref, Target, Wanted};
use crate::store::{Cache, StoreError};

/// Where the snapshots of the comparison before are.
pub(super) enum Earlier {
    /// In memory: what was compared last.
    Compared(Option<Arc<Compared>>),
    /// In the files of an earlier run, which are not overwritten before this comparison has ended.
    Files(Arc<dyn Cache>, Vec<(SystemId, [Option<Arc<Schema>>; 4])>),
}

impl Earlier {
    /// The snapshot of a kind of a system, by its place.
    pub(super) fn get(&self, system: usize, kind: Kind) -> Option<Arc<Snapshot>> {
        match self {
            Self::Compared(before) => before.as_ref()?.inputs.systems.get(system)?.snapshot(kind).cloned(),
            Self::Files(cache, systems) => {
                let (id, schemas) = systems.get(system)?;
                let schema = schemas[kind.index()].as_ref()?;
                // A file that cannot be used tells nothing of what was, and no more than that.
                let found = cache.load(id, kind, schema);
                found.ok().flatten().map(Arc::new)
            }
        }
    }
}

/// What a push has confirmed, and the generation of the target's snapshot that does not know of it yet.
#[derive(Debug)]
pub(super) struct Confirmed {
    base: Base,
    generation: u64,
}

impl Core {
    /// Where what was before comes from.
    pub(super) fn earlier(&self) -> Earlier {
        match &self.cache {
            Some(cache) if !self.face && self.compared.is_none() => {
                let schemas = self.members.iter().map(|member| {
                    let mapping = member.connector.mapping();
                    let schema = |kind| mapping.kind(kind).map(|map| map.schema.clone());
                    (member.setup.config.id.clone(), Kind::ALL.map(schema))
                });
                Earlier::Files(cache.clone(), schemas.collect())
            }
            _ => Earlier::Compared(self.compared.clone().filter(|_| !self.compared_front)),
        }
    }

    /// The adoptions that are not over.
    pub(super) fn standing_waivers(&self) -> Vec<Waiver> {
        let now = jiff::Timestamp::now();
        let stands = |waiver: &&Waiver| waiver.until.is_none_or(|until| until > now);
        self.decisions.waivers.iter().filter(stands).cloned().collect()
    }

    /// How long until an adoption ends.
    pub(super) fn next_end(&self) -> Option<std::time::Duration> {
        let now = jiff::Timestamp::now();
        let until = self.decisions.next_end(now)?;
        std::time::Duration::try_from(until.duration_since(now)).ok()
    }

    /// Takes a decision in, keeps it, and compares anew.
    pub(super) fn decide(&mut self, decision: Decision) {
        if let Decision::Adopt(waiver) = &decision
            && let Some(base) = self.common_now(&waiver.target, &waiver.path, &waiver.entry, None)
        {
            // From now on what is common is that the two differ like this: whoever moves next has moved.
            self.rewrite(vec![base]);
        }
        self.decided += 1;
        self.decisions.take(decision.clone());
        self.outdated();
        self.save(|why| format!("what was decided is not kept: {why}"), move |journal| journal.decide(&decision));
    }

    /// Writes to the journal beside the core; what cannot be kept is told, once.
    pub(super) fn save(
        &mut self,
        unsaved: fn(&StoreError) -> String,
        work: impl FnOnce(&mut dyn crate::store::Journal) -> Result<(), StoreError> + Send + 'static,
    ) {
        self.saving += 1;
        let (keeper, asides) = (self.keeper.clone(), self.asides.0.clone());
        tokio::spawn(async move {
            if let Err(error) = keeper.ask(work).await {
                let _ = asides.send(Aside::Unsaved(unsaved(&error)));
            }
            let _ = asides.send(Aside::Saved);
        });
    }

    /// The last common value of a facet if it were common as it is now; with `value`, if the target had that.
    fn common_now(
        &self,
        target: &RecordKey,
        path: &crate::model::AttrPath,
        entry: &str,
        value: Option<String>,
    ) -> Option<Base> {
        let compared = self.compared.as_ref()?;
        let system = compared.inputs.index(&target.system)?;
        let row = compared.inputs.systems[system].snapshot(target.kind)?.table.find(&target.id)?;
        let identity = compared.kind(target.kind).identity_of(system, row)?;
        let all = facets(compared, target.kind, identity, system);
        let facet = all.into_iter().find(|facet| {
            facet.path == *path && facet.entry() == entry && matches!(facet.verdict, Verdict::Differs | Verdict::Waived)
        })?;
        let [source, theirs] = facet.own.map(Option::unwrap_or_default);
        let now = jiff::Timestamp::now();
        let (path, entry) = (path.clone(), entry.to_owned());
        let value = value.unwrap_or(theirs);
        Some(Base { target: target.clone(), path, entry, source, value, at: now, since: now })
    }

    fn rewrite(&mut self, bases: Vec<Base>) {
        if bases.is_empty() {
            return;
        }
        self.bases = with(&self.bases, &bases);
        if self.comparing.is_some() {
            self.rewritten.extend(bases.iter().cloned());
        }
        let bases = self.open_bases(bases);
        self.save(
            |why| format!("what both sides last had in common is not kept: {why}"),
            move |journal| journal.keep_bases(&bases, &[]),
        );
    }

    /// What a push has confirmed is common from then on; it counts once the target has been read again.
    pub(in crate::engine) fn confirmed(&mut self, plan: &Plan, outcomes: &[Outcome]) {
        let good: BTreeSet<&ChangeId> = outcomes
            .iter()
            .filter(|outcome| matches!(outcome.state, OutcomeState::Confirmed { .. }))
            .map(|outcome| &outcome.change)
            .collect();
        let mut found = Vec::new();
        for change in plan.changes.iter().filter(|change| good.contains(&change.id)) {
            let Target::Record(target) = &change.target else { continue };
            let Some(member) = self.find(&target.system) else { continue };
            let generation = member.snapshots[target.kind.index()].as_ref().map_or(0, |snapshot| snapshot.generation);
            for want in &change.want {
                let value = match &want.value {
                    Wanted::Text(text) => text.clone(),
                    Wanted::Ref(Ref::Id(id)) => id.to_string(),
                    Wanted::Ref(Ref::New(_)) | Wanted::Secret(_) => continue,
                    Wanted::Present => PRESENT.to_owned(),
                    Wanted::Clear => String::new(),
                };
                let key = want.facet.key.iter().flatten().map(Ref::to_string).collect::<Vec<_>>().join(" ");
                let base = self.common_now(target, &want.facet.path, &key, Some(value));
                found.extend(base.map(|base| Confirmed { base, generation }));
            }
        }
        self.awaiting.extend(found);
    }

    /// Before a comparison: what was confirmed by a push and has been read since.
    pub(super) fn settle_confirmed(&mut self) {
        let waiting = std::mem::take(&mut self.awaiting);
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|confirmed| {
            let target = &confirmed.base.target;
            let snapshot = self.find(&target.system).and_then(|member| member.snapshots[target.kind.index()].as_ref());
            snapshot.is_some_and(|snapshot| snapshot.generation != confirmed.generation && !snapshot.reading())
        });
        self.awaiting = rest;
        self.rewrite(ready.into_iter().map(|confirmed| confirmed.base).collect());
        self.rewritten.clear();
    }

    /// After a comparison: the bases that it left.
    pub(super) fn followed(&mut self, followed: Followed) {
        let Followed { bases, new, gone } = followed;
        let rewritten = std::mem::take(&mut self.rewritten);
        self.bases = if rewritten.is_empty() { bases } else { with(&bases, &rewritten) };
        if !(new.is_empty() && gone.is_empty()) {
            let new = self.open_bases(new);
            self.save(
                |why| format!("what both sides last had in common is not kept: {why}"),
                move |journal| journal.keep_bases(&new, &gone),
            );
        }
    }

    /// Decisions that others than the operator have added: the links of what a push created.
    pub(super) fn read_decisions(&mut self) {
        let (keeper, asides) = (self.keeper.clone(), self.asides.0.clone());
        self.saving += 1;
        self.reread = false;
        let version = self.decided;
        tokio::spawn(async move {
            let aside = match keeper.ask(|journal| journal.decisions()).await {
                Ok(decisions) => Aside::Decisions(version, decisions),
                Err(error) => Aside::Report(Report::Notice(error.to_string())),
            };
            let _ = asides.send(aside);
            let _ = asides.send(Aside::Saved);
        });
    }

    /// The decisions as the journal had them; if one was made since, they are read again.
    pub(super) fn decided(&mut self, version: u64, decisions: Decisions) {
        if version != self.decided {
            self.reread = true;
        } else if self.decisions != decisions {
            self.decisions = decisions;
            self.outdated();
        }
    }
}

/// Bases with these in the place of older ones.
fn with(bases: &Bases, newer: &[Base]) -> Bases {
    bases.iter().chain(newer).cloned().collect::<Vec<_>>().into()
}
