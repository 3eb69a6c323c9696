//! After the write: it is read back, or looked up where nobody knows what became of it.

use super::shared::lock;
use super::{Attempt, Work};
use crate::compare::{Link, LinkVerdict, Rung};
use crate::connectors::Reached;
use crate::engine::protocol::Report;
use crate::engine::push::judge;
use crate::engine::push::look::{Found, Sought, View, keys_of};
use crate::model::{Op, RecordKey};
use crate::plan::{Change, ChangeId, Facet, OutcomeState, Request, fill};
use crate::store::{Receipt, StepState};

/// What is said of a write that may still come.
const UNDER_WAY: &str =
    "it does not show so far, and may still be on its way: look it up again in a while before it is pushed again";

impl Work {
    /// Remembers what this push wrote, so that a later step does not take it for somebody else's doing.
    pub(super) fn wrote(&self) {
        let Some(target) = self.target().cloned() else { return };
        let known = |change: &ChangeId| self.shared.known(change);
        let mapping = self.party.connector.mapping();
        let mut ours = lock(&self.shared.ours);
        let written = ours.entry(target).or_default();
        for change in self.changes() {
            for (facet, seen) in judge::written(change, &known) {
                if let Some(path) = mapping.row(change.kind, &facet.path).and_then(|row| row.shows_in.clone()) {
                    written.push((Facet { path, key: None }, None));
                }
                written.push((facet, Some(seen)));
            }
        }
    }

    /// Reads back what a write that the service said yes to with this status has come to. Whether what comes after it may go on: a record that
    /// is not the one that was created gets nothing.
    pub(super) async fn read_back(&self, receipt: Option<Receipt>, status: u16, note: Option<&str>) -> bool {
        let changes = self.changes();
        let known = |change: &ChangeId| self.shared.known(change);
        let Some(first) = changes.first() else { return false };
        let view = self.view(first.kind, &known);
        if self.creates()
            && self.id().is_none()
            && let Some(by) = keys_of(&changes)
            && let Found::Record(observed) = view.wait_for(&Sought::By(by)).await
        {
            // The reply did not say which record it became (a 201 without a body).
            self.learn(&observed.id);
        }
        let last: Vec<&Change> = changes.iter().filter(|change| self.last_of.contains(&change.id)).copied().collect();
        let states = match self.id() {
            _ if last.is_empty() => Vec::new(),
            None => Vec::new(),
            Some(id) => {
                let sought = Sought::Id(id);
                let verify: Option<Vec<Request>> =
                    self.step.verify.iter().map(|request| fill(request, &known)).collect();
                let own = |requests: &Vec<Request>| requests.iter().all(|read| self.is_read(read, &sought, first.kind));
                let requests = match verify {
                    Some(requests) if !requests.is_empty() && own(&requests) => requests,
                    _ => sought.reads(&self.party, &self.step.system, first.kind),
                };
                view.read_back(&sought, &requests, &last, note).await
            }
        };
        let open = states.len() < last.len() || states.iter().any(|(_, state)| !state.settled());
        let other = matches!(
            states.iter().find(|(id, _)| changes.iter().any(|change| change.id == *id && change.op == Op::Create)),
            Some((_, OutcomeState::Differs { .. }))
        );
        if other && !self.is_ours(&view).await {
            let named = self.id().unwrap_or_default();
            // Nothing is written to that record, nor will anybody take back at it what was never done to it.
            self.unlearn();
            let why = format!("the service said yes and named {named}, which is another record");
            let nobody = StepState::Replied { status, verdict: why.clone(), id: None };
            let receipt = self.reached(receipt, nobody).await;
            return matches!(Box::pin(self.unknown(receipt, &why, true)).await, Attempt::Done(true));
        }
        self.settle(states).await;
        self.keep_link(&changes).await;
        if !open {
            self.reached(receipt, StepState::ReadBack).await;
        }
        !self.creates() || self.id().is_some()
    }

    /// Whether the record that the service named for a create has one of the keys that it was to have.
    async fn is_ours(&self, view: &View<'_>) -> bool {
        let Some(id) = self.id() else { return false };
        let sought = Sought::Id(id);
        let requests = sought.reads(&self.party, &self.step.system, view.kind);
        match view.look(&sought, &requests, &[]).await {
            Found::Record(observed) => self.has_our_key(&observed) != Some(false),
            Found::Absent | Found::Unclear(_) => false,
        }
    }

    /// A record that was created for a source record is that record's for good.
    pub(super) async fn keep_link(&self, changes: &[&Change]) {
        let Some(create) = changes.iter().find(|change| change.op == Op::Create) else { return };
        let (Some(a), Some(id)) = (create.source.clone(), self.id()) else { return };
        let b = RecordKey::new(create.system.clone(), create.kind, id);
        let link = Link { a, b, by: Rung::Kept, verdict: LinkVerdict::Same, since: (self.desk.now)() };
        if let Err(why) = self.desk.keeper.ask(move |journal| journal.keep_link(&link)).await {
            (self.tell)(Report::Notice(format!("a link could not be kept: {why}")));
        }
    }

    /// The service said no. Something between may have put that answer in the place of its own, so one look tells whether all
    /// is as wanted, which a moment ago it was not.
    pub(super) async fn all_the_same(&self, status: u16) -> Option<Vec<(ChangeId, OutcomeState)>> {
        // These tell of somebody else's write; and of a part of several requests nothing is known by the whole.
        if [409, 412].contains(&status) || !self.first || !self.step.serves.iter().all(|id| self.last_of.contains(id)) {
            return None;
        }
        let changes = self.changes();
        let known = |change: &ChangeId| self.shared.known(change);
        let view = self.view(changes.first()?.kind, &known);
        let sought = match (keys_of(&changes), self.id()) {
            (Some(by), _) => Sought::By(by),
            (None, Some(id)) => Sought::Id(id),
            (None, None) => return None,
        };
        let reads = sought.reads(&self.party, &self.step.system, view.kind);
        let Found::Record(observed) = view.look(&sought, &reads, &[]).await else { return None };
        // Of what did not exist before, that it is there says enough.
        let states = self.as_wanted(&changes, &observed, self.creates())?;
        self.learn(&observed.id);
        Some(states)
    }

    /// Nobody knows what became of the write: look, never resend. `under_way`: it may still come.
    pub(super) async fn unknown(&self, receipt: Option<Receipt>, why: &str, under_way: bool) -> Attempt {
        let changes = self.changes();
        let known = |change: &ChangeId| self.shared.known(change);
        // The later steps of a create are about the record that its first one brought into being.
        let sought = match (keys_of(&changes).filter(|_| self.first), self.id()) {
            (Some(by), _) => Sought::By(by),
            (None, Some(id)) => Sought::Id(id),
            (None, None) => {
                self.settle_all(OutcomeState::Unknown { why: why.to_owned() }).await;
                return Attempt::Done(false);
            }
        };
        let Some(first) = changes.first() else { return Attempt::Done(false) };
        let view = self.view(first.kind, &known);
        let looked = async {
            match view.reached(&sought, &self.step).await {
                Some(reached) => Err(reached),
                None => Ok(view.look_up(&sought, &changes, why).await),
            }
        };
        let Some(looked) = self.stop.unless_given_up(looked).await else {
            let why = format!("{why}; what became of it was not waited for");
            self.settle_all(OutcomeState::Unknown { why }).await;
            return Attempt::Done(false);
        };
        let (mut states, id) = match looked {
            Ok(looked) => looked,
            Err(Reached::No(stands)) if under_way => {
                let state = OutcomeState::Unknown { why: format!("{stands} ({why}); {UNDER_WAY}") };
                self.settle_all(state).await;
                return Attempt::Done(false);
            }
            Err(reached) => return self.moved_on(receipt, reached, why).await,
        };
        if under_way {
            for (_, state) in states.iter_mut().filter(|(_, state)| matches!(state, OutcomeState::Failed { .. })) {
                *state = OutcomeState::Unknown { why: format!("{why}; {UNDER_WAY}") };
            }
        }
        let yes = |state: &OutcomeState| matches!(state, OutcomeState::Confirmed { .. } | OutcomeState::Differs { .. });
        let (said_yes, open) = (
            states.iter().all(|(_, state)| yes(state)),
            states.iter().any(|(_, state)| matches!(state, OutcomeState::Unknown { .. })),
        );
        if said_yes {
            if let Some(id) = &id {
                self.learn(id);
            }
            self.wrote();
            // What has steps to come is not done with this one.
            states.retain(|(id, _)| self.last_of.contains(id));
        }
        self.settle(states).await;
        if said_yes {
            self.keep_link(&changes).await;
        }
        if !open {
            let id = id.filter(|_| self.creates() && said_yes);
            self.reached(receipt, StepState::Resolved { id }).await;
        }
        Attempt::Done(said_yes)
    }

    /// A step that moves a record on, whose reply was lost, as the record shows it now.
    async fn moved_on(&self, receipt: Option<Receipt>, reached: Reached, why: &str) -> Attempt {
        match reached {
            Reached::Yes => {
                if self.stop.unless_given_up(self.read_back(None, 0, None)).await.is_none() {
                    self.settle_all(OutcomeState::Accepted).await;
                    return Attempt::Done(true);
                }
                self.reached(receipt, StepState::Resolved { id: None }).await;
                Attempt::Done(true)
            }
            Reached::No(stands) => {
                self.settle_all(OutcomeState::Failed { why: format!("{stands} ({why})") }).await;
                self.reached(receipt, StepState::Resolved { id: None }).await;
                Attempt::Done(false)
            }
            Reached::Untold(more) => {
                self.settle_all(OutcomeState::Unknown { why: format!("{why}; {more}") }).await;
                Attempt::Done(false)
            }
        }
    }
}
