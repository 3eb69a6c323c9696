//! One step: read again, render again, write down, send, read back.

mod after;
mod check;
mod record;
mod shared;
mod whose;

use std::sync::Arc;
use std::time::Duration;

use super::judge::Known;
use super::look::{View, busy_pause, somewhere};
use super::opened::Right;
use super::stop::{Paused, Stop};
use super::{Desk, LineFault, Party, Rest, Tell};
use crate::engine::limit::over;
use crate::engine::protocol::Report;
use crate::model::Kind;
use crate::plan::{Change, ChangeId, OutcomeState, Plan, Reply, Step, Verdict};
use crate::store::{Receipt, StepState};
use check::Checked;
pub(super) use shared::Shared;

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
    pub(super) right: Right,
    pub(super) tell: Tell,
    pub(super) stop: Stop,
}

/// How an attempt ended.
enum Attempt {
    /// Whether the steps that come after may go on.
    Done(bool),
    /// Nothing was done; again after this pause.
    Busy(String, Duration),
    /// Nothing was done, as somebody has the record open.
    InUse(String),
    /// Nothing was sent, as the service is left alone for a while.
    Rests(Rest),
    /// Nothing was sent, as what it stood on was too old: at once again.
    Late(String),
}

/// A write that the service was too busy for, as it said, which does not tell whether it was carried out.
struct Doubt {
    receipt: Option<Receipt>,
    status: u16,
    why: String,
}

/// A record that is looked at anew this often because too much time had passed is not looked at once more.
const LATE: u32 = 3;

/// A service that did not come back after it was left alone this often in a row is not tried again in this push.
const RESTS: u32 = 4;

impl Work {
    fn changes(&self) -> Vec<&Change> {
        self.group.iter().filter(|change| self.step.serves.contains(&change.id)).collect()
    }

    /// The records of a kind as they can be looked at.
    fn view<'v>(&'v self, kind: Kind, known: Known<'v>) -> View<'v> {
        let (desk, party, changes) = (&*self.desk, &self.party, &self.plan.changes[..]);
        View { desk, party, system: &self.step.system, kind, known, changes }
    }

    /// Carries the step out. Gives whether what comes after it may go on.
    pub(super) async fn run(&self) -> bool {
        let states: Vec<OutcomeState> = self.step.serves.iter().map(|id| self.shared.state(id)).collect();
        if states.iter().all(OutcomeState::settled) {
            // An earlier step of the same changes found everything as wanted.
            return states.iter().all(|state| matches!(state, OutcomeState::Confirmed { .. }));
        }
        let patience = self.desk.patience;
        let (mut busy, mut in_use, mut late, mut doubt) = (0, 0, 0, None);
        loop {
            if let Some(why) = self.shared.gone(&self.step.system) {
                let state = match &doubt {
                    // Its intent stays open: the next start looks it up.
                    Some(Doubt { why: before, .. }) => OutcomeState::Unknown { why: format!("{before}; {why}") },
                    None => OutcomeState::Refused { rule: why },
                };
                self.settle_all(state).await;
                return false;
            }
            let mut used = false;
            let (why, pause) = match self.attempt(busy, &mut doubt).await {
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
                    used = true;
                    (why, somewhere(patience.in_use.0, patience.in_use.1))
                }
                Attempt::Late(why) => {
                    late += 1;
                    if late >= LATE {
                        let rule = format!("{why}; tried {late} times, nothing was sent: push it again");
                        self.settle_all(OutcomeState::Refused { rule }).await;
                        return false;
                    }
                    continue;
                }
                Attempt::Rests(rest) if rest.times > RESTS => {
                    self.shared.give_up(&self.step.system, &rest);
                    continue;
                }
                Attempt::Rests(rest) => (rest.why, rest.left),
            };
            let until = (self.desk.now)().checked_add(pause).unwrap_or_else(|_| (self.desk.now)());
            // Only what waits for a person may be tried sooner: the service is asked no faster than it allows.
            let waiting = used.then(|| self.stop.sooner.wait(&self.step.serves));
            self.report_all(&OutcomeState::Waiting { until, why: why.clone() });
            let paused = self.stop.pause(pause, waiting.as_ref()).await;
            if paused == Paused::Sooner {
                // A try that the operator asked for is none of those after which it is given up.
                in_use -= 1;
            }
            if paused == Paused::Stopped {
                if let Some(Doubt { receipt, why, .. }) = doubt {
                    self.unknown(receipt, &format!("stopped while it waited ({why})"), false).await;
                    return false;
                }
                let why = format!("stopped while it waited ({why}); nothing was done for it");
                self.settle_all(OutcomeState::Stopped { why }).await;
                return false;
            }
        }
    }

    /// `doubt`: the write of the attempt before, where the service's answer did not tell whether it was carried out.
    async fn attempt(&self, attempt: u32, doubt: &mut Option<Doubt>) -> Attempt {
        if let Some(rest) = self.desk.line.rests(&self.step.system) {
            return Attempt::Rests(rest);
        }
        let Some(checked) = self.stop.unless_given_up(self.check(doubt.is_some())).await else {
            let state = match &doubt {
                Some(Doubt { why, .. }) => {
                    OutcomeState::Unknown { why: format!("{why}; what became of it was not waited for") }
                }
                None => OutcomeState::Stopped { why: "stopped before it was sent".to_owned() },
            };
            self.settle_all(state).await;
            return Attempt::Done(false);
        };
        let native = match checked {
            Checked::Go(native) => {
                if let Some(Doubt { receipt, status, why }) = doubt.take() {
                    let why = format!("busy: {why}; read again, it was not carried out");
                    self.reached(receipt, StepState::Ended { status, why }).await;
                    self.shared.stays(&self.step.id);
                }
                native
            }
            Checked::Unread(why) => {
                if let Some(rest) = self.desk.line.rests(&self.step.system) {
                    return Attempt::Rests(rest);
                }
                if let Some(Doubt { receipt, why: before, .. }) = doubt.take() {
                    return self.unknown(receipt, &format!("{before}; then it could not be read: {why}"), false).await;
                }
                let rule = format!("it could not be read just before the write: {why}");
                self.settle_all(OutcomeState::Refused { rule }).await;
                return Attempt::Done(false);
            }
            Checked::Settled(states) => {
                let yes = states.iter().all(|(_, state)| matches!(state, OutcomeState::Confirmed { .. }));
                if let Some(Doubt { receipt, why, .. }) = doubt.take() {
                    // It came about by that write or by somebody else's; and what did not may have been half of it.
                    return self.unknown(receipt, &why, false).await;
                }
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
        if let Err(why) = self.right.ours() {
            self.stop.finish();
            self.settle_all(OutcomeState::Refused { rule: format!("nothing was sent for it: {why}") }).await;
            return Attempt::Done(false);
        }
        let (plan, intended) = (self.plan.id.clone(), step.clone());
        let receipt = match self.desk.keeper.ask(move |journal| journal.intend(&plan, &intended)).await {
            Ok(mut receipt) => {
                let right = self.right.clone();
                receipt.only_while(move || right.ours());
                receipt
            }
            Err(why) => {
                let rule = format!("no journal, no push: {why}");
                self.settle_all(OutcomeState::Refused { rule }).await;
                return Attempt::Done(false);
            }
        };
        self.report_all(&OutcomeState::Sent);
        self.shared.leaves(&self.step.id);
        let write = self.desk.line.write(&step.system, step.write.clone(), &receipt);
        match self.stop.unless_given_up(write).await {
            Some(reply) => self.replied(&step, Some(receipt), reply, attempt, doubt).await,
            None => {
                // The intent stays open: the next start looks it up.
                let why =
                    "the reply was not waited for any more; it is looked up by reading, never sent again".to_owned();
                self.settle_all(OutcomeState::Unknown { why }).await;
                Attempt::Done(false)
            }
        }
    }

    async fn replied(
        &self,
        step: &Step,
        receipt: Option<Receipt>,
        reply: Result<Reply, LineFault>,
        attempt: u32,
        doubt: &mut Option<Doubt>,
    ) -> Attempt {
        let reply = match reply {
            Ok(reply) => reply,
            Err(LineFault::NotSent(why)) if let Some(rest) = self.desk.line.rests(&self.step.system) => {
                self.shared.stays(&self.step.id);
                self.reached(receipt, StepState::Ended { status: 0, why }).await;
                return Attempt::Rests(rest);
            }
            Err(LineFault::TooLate(why)) => {
                self.shared.stays(&self.step.id);
                self.reached(receipt, StepState::Ended { status: 0, why: why.clone() }).await;
                return Attempt::Late(why);
            }
            Err(LineFault::NotSent(why)) => {
                let why = format!("it could not be sent: {why}");
                return self.ended(receipt, 0, OutcomeState::Failed { why }).await;
            }
            Err(fault @ LineFault::Lost(_)) => return self.unknown(receipt, &fault.to_string(), false).await,
            Err(fault @ LineFault::Slow(_)) => return self.unknown(receipt, &fault.to_string(), true).await,
        };
        let status = reply.status;
        match self.party.connector.classify(&self.party.site, step, &reply) {
            Verdict::Accepted { id: Some(id), .. } if self.creates() && self.anothers(&id) => {
                let why = format!("the service said yes and named {id}, which is another record");
                // The answer to this one may be on its way still.
                self.unknown(receipt, &why, true).await
            }
            Verdict::Accepted { id, note } => {
                let state = StepState::Replied { status, verdict: "accepted".into(), id: id.clone() };
                let receipt = self.reached(receipt, state).await;
                if let Some(id) = &id {
                    self.learn(id);
                }
                self.wrote();
                self.report_all(&OutcomeState::Accepted);
                match self.stop.unless_given_up(self.read_back(receipt, status, note.as_deref())).await {
                    Some(ours) => Attempt::Done(ours),
                    None => {
                        // It said yes, and nobody has looked: the step stays open, and the next start reads it back.
                        self.settle_all(OutcomeState::Accepted).await;
                        Attempt::Done(true)
                    }
                }
            }
            Verdict::Failed(why) => {
                let Some(states) = self.stop.unless_given_up(self.all_the_same(status)).await.flatten() else {
                    return self.ended(receipt, status, OutcomeState::Failed { why }).await;
                };
                let what = format!("the service said no ({why}), and read again it is as it was to be");
                (self.tell)(Report::Notice(format!("{} {}: {what}", self.step.system, self.label())));
                let id = self.id().filter(|_| self.creates());
                let receipt = self.reached(receipt, StepState::Replied { status, verdict: what, id }).await;
                self.wrote();
                self.settle(states).await;
                self.keep_link(&self.changes()).await;
                self.reached(receipt, StepState::ReadBack).await;
                Attempt::Done(true)
            }
            Verdict::Stale(what) => self.ended(receipt, status, OutcomeState::Stale { what }).await,
            Verdict::OtherForm(why) => {
                self.keep_lesson(step, &reply).await;
                let rule = format!("the service does not take this form of the request ({why}); prepare it again");
                self.ended(receipt, status, OutcomeState::Refused { rule }).await
            }
            // What was turned away at the door (429) was not done; of any other busy answer nobody knows. The record is read
            // before it is sent again; after the last try it is looked up.
            Verdict::Busy(why) => {
                let patience = self.desk.patience;
                let window = self.party.connector.mapping().window;
                let pause = busy_pause(&reply, attempt, (patience.first, patience.longest), window);
                if over(&reply) {
                    self.shared.stays(&self.step.id);
                    self.reached(receipt, StepState::Ended { status, why: format!("busy: {why}") }).await;
                } else if attempt + 1 >= patience.tries {
                    return self.unknown(receipt, &format!("the service stayed busy: {why}"), false).await;
                } else {
                    let state = StepState::Replied { status, verdict: format!("busy: {why}"), id: None };
                    let why = format!("the service was busy: {why}");
                    *doubt = Some(Doubt { receipt: self.reached(receipt, state).await, status, why: why.clone() });
                }
                Attempt::Busy(why, pause)
            }
            Verdict::InUse(why) => {
                self.shared.stays(&self.step.id);
                self.reached(receipt, StepState::Ended { status, why: format!("in use: {why}") }).await;
                Attempt::InUse(why)
            }
            // A gateway that did not wait any longer says nothing of what it waited for.
            Verdict::Unknown(why) => self.unknown(receipt, &why, status == 504).await,
        }
    }
}
