//! One step: read again, render again, write down, send, read back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::judge::{self, Judge, Names, Stands, moved};
use super::look::{Found, Sought, View, busy_pause, keys_of, somewhere};
use super::{Desk, LineFault, Party, Tell};
use crate::compare::{Link, LinkVerdict, Rung};
use crate::connectors::{Observed, Reached};
use crate::engine::limit::over;
use crate::engine::protocol::Report;
use crate::model::text::clean;
use crate::model::{Op, RecordKey};
use crate::plan::{
    Change, ChangeId, Facet, Outcome, OutcomeState, Plan, Reply, Request, Seen, Step, StepId, Target, Verdict, fill,
};
use crate::store::{Receipt, StepState, StoreError};

/// What this push wrote of a record; `None`: a facet may be anything because of what was written beside it.
type Written = Vec<(Facet, Option<Seen>)>;

/// What the steps of one push know together.
#[derive(Debug, Default)]
pub(super) struct Shared {
    known: Mutex<HashMap<ChangeId, String>>,
    ours: Mutex<BTreeMap<Target, Written>>,
    outcomes: Mutex<BTreeMap<ChangeId, OutcomeState>>,
    sent: Mutex<BTreeSet<StepId>>,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn known(&self, change: &ChangeId) -> Option<String> {
        lock(&self.known).get(change).cloned()
    }

    pub(super) fn state(&self, change: &ChangeId) -> OutcomeState {
        lock(&self.outcomes).get(change).cloned().unwrap_or(OutcomeState::Pending)
    }

    /// Whether the write of a step may have left.
    pub(super) fn sent(&self, step: &StepId) -> bool {
        lock(&self.sent).contains(step)
    }

    pub(super) fn note(&self, change: &ChangeId, state: &OutcomeState) {
        lock(&self.outcomes).insert(change.clone(), state.clone());
    }
}

/// One step at work.
#[derive(Clone)]
pub(super) struct Work {
    pub(super) desk: Arc<Desk>,
    pub(super) plan: Arc<Plan>,
    pub(super) step: Step,
    pub(super) party: Party,
    /// All changes of the record that are carried out: they are rendered in one go.
    pub(super) group: Vec<Change>,
    /// Those of them whose last step this is.
    pub(super) last_of: Vec<ChangeId>,
    /// Whether no step before this one serves the same changes.
    pub(super) first: bool,
    pub(super) shared: Arc<Shared>,
    pub(super) tell: Tell,
}

/// How an attempt ended.
enum Attempt {
    /// Whether the steps that come after may go on.
    Done(bool),
    /// Nothing was done; again after this pause.
    Busy(String, Duration),
    /// Nothing was done, as somebody has the record open.
    InUse(String),
}

/// What the look just before the write came to.
enum Checked {
    /// Send it; the record as it is now.
    Go(Option<Box<Observed>>),
    /// There is nothing to send, for these reasons.
    Settled(Vec<(ChangeId, OutcomeState)>),
}

impl Work {
    fn changes(&self) -> Vec<&Change> {
        self.group.iter().filter(|change| self.step.serves.contains(&change.id)).collect()
    }

    fn target(&self) -> Option<&Target> {
        self.group.first().map(|change| &change.target)
    }

    fn creates(&self) -> bool {
        self.changes().iter().any(|change| change.op == Op::Create)
    }

    /// The id of the record, where it has one by now.
    fn id(&self) -> Option<String> {
        match self.target()? {
            Target::Record(key) => Some(key.id.to_string()),
            Target::New(change) => self.shared.known(change),
        }
    }

    fn report(&self, change: &ChangeId, state: &OutcomeState) {
        self.shared.note(change, state);
        let outcome = Outcome { change: change.clone(), state: state.clone(), at: (self.desk.now)() };
        (self.tell)(Report::Outcome(self.plan.id.clone(), outcome));
    }

    fn report_all(&self, state: &OutcomeState) {
        for id in &self.step.serves {
            if !self.shared.state(id).settled() {
                self.report(id, state);
            }
        }
    }

    /// Writes outcomes down and reports them. What cannot be written down is reported all the same: the intent is on disk,
    /// so the next start looks it up.
    pub(super) async fn settle(&self, states: Vec<(ChangeId, OutcomeState)>) {
        for (change, state) in states {
            let outcome = Outcome { change: change.clone(), state: state.clone(), at: (self.desk.now)() };
            let plan = self.plan.id.clone();
            if let Err(why) = self.desk.keeper.ask(move |journal| journal.outcome(&plan, &outcome)).await {
                (self.tell)(Report::Notice(format!("the outcome of {change} could not be written down: {why}")));
            }
            self.report(&change, &state);
        }
    }

    async fn settle_all(&self, state: OutcomeState) {
        let open = self.step.serves.iter().filter(|id| !self.shared.state(id).settled());
        self.settle(open.map(|id| (id.clone(), state.clone())).collect()).await;
    }

    async fn reached(&self, receipt: Receipt, state: StepState) -> Option<Receipt> {
        let asked = self.desk.keeper.ask(move |journal| journal.reached(&receipt, &state).map(|()| receipt)).await;
        match asked {
            Ok(receipt) => Some(receipt),
            Err(why) => {
                (self.tell)(Report::Notice(format!("how far a step got could not be written down: {why}")));
                None
            }
        }
    }

    /// Carries the step out. Gives whether what comes after it may go on.
    pub(super) async fn run(&self) -> bool {
        let states: Vec<OutcomeState> = self.step.serves.iter().map(|id| self.shared.state(id)).collect();
        if states.iter().all(OutcomeState::settled) {
            // An earlier step of the same changes found everything as wanted.
            return states.iter().all(|state| matches!(state, OutcomeState::Confirmed { .. }));
        }
        let patience = self.desk.patience;
        let (mut busy, mut in_use) = (0, 0);
        loop {
            let (why, pause) = match self.attempt(busy).await {
                Attempt::Done(yes) => return yes,
                Attempt::Busy(why, pause) => {
                    busy += 1;
                    if busy >= patience.tries {
                        let why = format!("the service stayed busy ({why}); nothing was done");
                        self.settle_all(OutcomeState::Failed { why }).await;
                        return false;
                    }
                    (why, pause)
                }
                Attempt::InUse(why) => {
                    in_use += 1;
                    if in_use >= patience.in_use.2 {
                        let why = format!("{why}; tried {in_use} times, nothing was done: push it again later");
                        self.settle_all(OutcomeState::Failed { why }).await;
                        return false;
                    }
                    (why, somewhere(patience.in_use.0, patience.in_use.1))
                }
            };
            let until = (self.desk.now)().checked_add(pause).unwrap_or_else(|_| (self.desk.now)());
            self.report_all(&OutcomeState::Waiting { until, why });
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, attempt: u32) -> Attempt {
        let native = match self.check().await {
            Checked::Go(native) => native,
            Checked::Settled(states) => {
                let yes = states.iter().all(|(_, state)| matches!(state, OutcomeState::Confirmed { .. }));
                self.settle(states).await;
                return Attempt::Done(yes);
            }
        };
        let step = match self.fresh(native.as_deref()) {
            Ok(step) => step,
            Err(state) => {
                self.settle_all(state).await;
                return Attempt::Done(false);
            }
        };
        let (plan, intended) = (self.plan.id.clone(), step.clone());
        let receipt = match self.desk.keeper.ask(move |journal| journal.intend(&plan, &intended)).await {
            Ok(receipt) => receipt,
            Err(why) => {
                let rule = format!("no journal, no push: {why}");
                self.settle_all(OutcomeState::Refused { rule }).await;
                return Attempt::Done(false);
            }
        };
        self.report_all(&OutcomeState::Sent);
        lock(&self.shared.sent).insert(self.step.id.clone());
        let reply = self.desk.line.write(&step.system, step.write.clone(), &receipt).await;
        self.replied(&step, receipt, reply, attempt).await
    }

    /// Looks at the record just before the write (promise 6).
    async fn check(&self) -> Checked {
        let changes = self.changes();
        let refused = |rule: String| {
            let state = OutcomeState::Refused { rule };
            Checked::Settled(changes.iter().map(|change| (change.id.clone(), state.clone())).collect())
        };
        let Some(first) = changes.first() else { return refused("the step serves no change".into()) };
        let known = |change: &ChangeId| self.shared.known(change);
        let view =
            View { desk: &self.desk, party: &self.party, system: &self.step.system, kind: first.kind, known: &known };
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
        let mut found = view.look(&sought, &reads, &[]).await;
        if matches!((&found, self.target()), (Found::Absent, Some(Target::New(_)))) && !new {
            // It was created a moment ago and may be slow to show.
            found = view.wait_for(&sought).await;
        }
        match found {
            Found::Unclear(why) => refused(format!("it could not be read just before the write: {why}")),
            Found::Absent if new => Checked::Go(None),
            Found::Absent => Checked::Settled(self.absent(&changes)),
            Found::Record(observed) => self.present(&changes, observed, new),
        }
    }

    fn absent(&self, changes: &[&Change]) -> Vec<(ChangeId, OutcomeState)> {
        let state = |change: &Change| match change.op {
            Op::Delete => OutcomeState::Confirmed { unread: Vec::new() },
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

    fn present(&self, changes: &[&Change], observed: Box<Observed>, new: bool) -> Checked {
        let known = |change: &ChangeId| self.shared.known(change);
        let names = Names { compared: &self.desk.compared, system: &self.step.system };
        let judge = Judge { known: &known, mapping: self.party.connector.mapping(), names };
        let as_wanted = |change: &&Change| match judge.stands(change, Some(&observed)) {
            Stands::AsWanted { unread } if unread.is_empty() || new => {
                Some((change.id.clone(), OutcomeState::Confirmed { unread }))
            }
            _ => None,
        };
        if self.first
            && let Some(states) = changes.iter().map(as_wanted).collect::<Option<Vec<_>>>()
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
        let ours = |facet: &Facet, now: &Seen| {
            let ours = lock(&self.shared.ours);
            let written = self.target().and_then(|target| ours.get(target)).into_iter().flatten();
            let mut about = written.filter(|(have, _)| have == facet);
            about.any(|(_, seen)| seen.as_ref().is_none_or(|seen| judge::same(&observed, facet, seen, now)))
        };
        let stale: Vec<(&Change, String)> = changes
            .iter()
            .filter_map(|change| moved(change, &observed, &known, &ours).map(|what| (*change, what)))
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
    fn fresh(&self, native: Option<&Observed>) -> Result<Step, OutcomeState> {
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

    fn learn(&self, id: &str) {
        if let (Some(Target::New(change)), true) = (self.target(), self.creates()) {
            lock(&self.shared.known).insert(change.clone(), id.to_owned());
        }
    }

    async fn replied(&self, step: &Step, receipt: Receipt, reply: Result<Reply, LineFault>, attempt: u32) -> Attempt {
        let reply = match reply {
            Ok(reply) => reply,
            Err(LineFault::NotSent(why)) => {
                let why = format!("it could not be sent: {why}");
                return self.ended(receipt, 0, OutcomeState::Failed { why }).await;
            }
            Err(fault @ LineFault::Lost(_)) => return self.unknown(receipt, &fault.to_string()).await,
        };
        let status = reply.status;
        match self.party.connector.classify(&self.party.site, step, &reply) {
            Verdict::Accepted { id, note } => {
                let state = StepState::Replied { status, verdict: "accepted".into(), id: id.clone() };
                let receipt = self.reached(receipt, state).await;
                if let Some(id) = &id {
                    self.learn(id);
                }
                self.wrote();
                self.report_all(&OutcomeState::Accepted);
                self.read_back(receipt, note.as_deref()).await;
                Attempt::Done(true)
            }
            Verdict::Failed(why) => self.ended(receipt, status, OutcomeState::Failed { why }).await,
            Verdict::Stale(what) => self.ended(receipt, status, OutcomeState::Stale { what }).await,
            Verdict::OtherForm(why) => {
                self.keep_lesson(step, &reply).await;
                let rule = format!("the service does not take this form of the request ({why}); prepare it again");
                self.ended(receipt, status, OutcomeState::Refused { rule }).await
            }
            // What was turned away at the door (429) was not done; of any other busy answer nobody knows. The record is read
            // before it is sent again; after the last try it is looked up.
            Verdict::Busy(why) if !over(&reply) && attempt + 1 >= self.desk.patience.tries => {
                self.unknown(receipt, &format!("the service stayed busy: {why}")).await
            }
            Verdict::Busy(why) => {
                lock(&self.shared.sent).remove(&self.step.id);
                self.reached(receipt, StepState::Ended { status, why: format!("busy: {why}") }).await;
                let patience = self.desk.patience;
                let window = self.party.connector.mapping().window;
                Attempt::Busy(why, busy_pause(&reply, attempt, (patience.first, patience.longest), window))
            }
            Verdict::InUse(why) => {
                lock(&self.shared.sent).remove(&self.step.id);
                self.reached(receipt, StepState::Ended { status, why: format!("in use: {why}") }).await;
                Attempt::InUse(why)
            }
            Verdict::Unknown(why) => self.unknown(receipt, &why).await,
        }
    }

    /// The service said no, or nothing was sent. The outcome is on disk before the step is.
    async fn ended(&self, receipt: Receipt, status: u16, state: OutcomeState) -> Attempt {
        let why = match &state {
            OutcomeState::Failed { why } => why.clone(),
            OutcomeState::Stale { what } => what.clone(),
            OutcomeState::Refused { rule } => rule.clone(),
            other => other.word().to_owned(),
        };
        self.settle_all(state).await;
        self.reached(receipt, StepState::Ended { status, why }).await;
        Attempt::Done(false)
    }

    async fn keep_lesson(&self, step: &Step, reply: &Reply) {
        let Some(lesson) = self.party.connector.lesson(&self.party.site, step, reply) else { return };
        let system = step.system.clone();
        let kept: Result<(), StoreError> =
            self.desk.keeper.ask(move |journal| journal.keep_lesson(&system, &lesson)).await;
        if let Err(why) = kept {
            (self.tell)(Report::Notice(format!("a lesson could not be kept: {why}")));
        }
    }

    /// Remembers what this push wrote, so that a later step does not take it for somebody else's doing.
    fn wrote(&self) {
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

    async fn read_back(&self, receipt: Option<Receipt>, note: Option<&str>) {
        let changes = self.changes();
        let known = |change: &ChangeId| self.shared.known(change);
        let Some(first) = changes.first() else { return };
        let view =
            View { desk: &self.desk, party: &self.party, system: &self.step.system, kind: first.kind, known: &known };
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
                let requests = match verify {
                    Some(requests) if !requests.is_empty() => requests,
                    _ => sought.reads(&self.party, &self.step.system, first.kind),
                };
                view.read_back(&sought, &requests, &last, note).await
            }
        };
        let open = states.len() < last.len() || states.iter().any(|(_, state)| !state.settled());
        self.settle(states).await;
        self.keep_link(&changes).await;
        if let (Some(receipt), false) = (receipt, open) {
            self.reached(receipt, StepState::ReadBack).await;
        }
    }

    /// A record that was created for a source record is that record's for good.
    async fn keep_link(&self, changes: &[&Change]) {
        let Some(create) = changes.iter().find(|change| change.op == Op::Create) else { return };
        let (Some(a), Some(id)) = (create.source.clone(), self.id()) else { return };
        let b = RecordKey::new(create.system.clone(), create.kind, id);
        let link = Link { a, b, by: Rung::Kept, verdict: LinkVerdict::Same, since: (self.desk.now)() };
        if let Err(why) = self.desk.keeper.ask(move |journal| journal.keep_link(&link)).await {
            (self.tell)(Report::Notice(format!("a link could not be kept: {why}")));
        }
    }

    /// Nobody knows what became of the write: look, never resend.
    async fn unknown(&self, receipt: Receipt, why: &str) -> Attempt {
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
        let view =
            View { desk: &self.desk, party: &self.party, system: &self.step.system, kind: first.kind, known: &known };
        if let Some(reached) = view.reached(&sought, &self.step).await {
            return self.moved_on(receipt, reached, why).await;
        }
        let (mut states, id) = view.look_up(&sought, &changes, why).await;
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
    async fn moved_on(&self, receipt: Receipt, reached: Reached, why: &str) -> Attempt {
        match reached {
            Reached::Yes => {
                self.read_back(None, None).await;
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
