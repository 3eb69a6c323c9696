//! The only room that knows the database and the snapshot files.
//!
//! Two stores: the journal (small, precious, in the state directory) and the snapshot cache (large, replaceable).

mod cache;
mod chain;
mod holder;
pub mod journal;
mod lease;
mod seal;
mod warrant;

pub use cache::FileCache;
pub use lease::{Lease, Leases, Place, RENEWED, Tally};
pub use seal::Sealer;
pub use warrant::Warrant;

use std::sync::Arc;

use crate::compare::{Base, Decision, Decisions, Link};
use crate::model::{Kind, RecordKey, Snapshot, SystemId};
use crate::plan::{Change, ChangeId, Outcome, Plan, PlanId, Step, StepId};

/// What a journal cannot do, and what the operator can.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database or file refused.
    #[error("the journal {path} cannot be used: {why}")]
    Journal {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
    /// A cache file cannot be used; it is read anew from the system.
    #[error("the snapshot file {path} cannot be used ({why}); it will be read anew")]
    Cache {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
    /// This plan was pushed before; a plan is carried out once.
    #[error("the plan {plan} was pushed before; make a new one from what is staged")]
    PushedBefore {
        /// Which.
        plan: String,
    },
    /// The lease that all operators of a host share cannot be taken.
    #[error(
        "no lease could be taken at {path}: {why}. Without one, another operator of this host could push to the same system at the same time; \
         name a directory with lease_dir in trueup.toml"
    )]
    Lease {
        /// Which file or directory.
        path: String,
        /// Why.
        why: String,
    },
    /// The file by which the processes of a host share a service's limit cannot be used.
    #[error(
        "the requests of all processes of this host cannot be counted in {path}: {why}; this one counts by itself, and two of them \
         together may be turned away by the service"
    )]
    Tally {
        /// Which file.
        path: String,
        /// Why.
        why: String,
    },
    /// Somebody else pushes to this system.
    #[error("{holder} is pushing to {system} since {since}; wait until that push has ended")]
    Leased {
        /// The system.
        system: String,
        /// Who.
        holder: String,
        /// Since when.
        since: String,
    },
}

/// Proof that an intent is on disk. Sending a write takes it, so nothing can leave that is not journaled.
#[derive(Debug)]
pub struct Receipt {
    pub(crate) entry: i64,
    pub(crate) step: StepId,
    pub(crate) warrant: Warrant,
}

impl Receipt {
    /// The step that it is for.
    pub fn step(&self) -> &StepId {
        &self.step
    }

    /// What must still hold at the moment of sending.
    pub fn warrant(&self) -> &Warrant {
        &self.warrant
    }

    /// Makes it good only as long as this holds.
    pub fn only_while(&mut self, holds: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        self.warrant.holds = Some(Arc::new(holds));
    }
}

/// How far a step got.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reached")]
pub enum StepState {
    /// On disk, perhaps sent.
    Intended,
    /// A reply came: status and what it means, in words; the new record's id where it created one.
    Replied {
        /// The status.
        status: u16,
        /// What it means.
        verdict: String,
        /// The new record's id.
        id: Option<String>,
    },
    /// Nothing was done, and nothing is left to look up: the service said no, or it was never sent.
    Ended {
        /// The status, 0 where there was no reply.
        status: u16,
        /// What it means.
        why: String,
    },
    /// Read back.
    ReadBack,
    /// Settled without a reply (looked up later); the new record's id where one was found.
    Resolved {
        /// The new record's id.
        id: Option<String>,
    },
}

/// A write whose end the journal does not hold.
#[derive(Clone, Debug)]
pub struct OpenIntent {
    /// The plan.
    pub plan: PlanId,
    /// The step as it was intended.
    pub step: Step,
    /// The changes that it serves.
    pub changes: Vec<Change>,
    /// How far it got.
    pub state: StepState,
}

/// Who pushes, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// Who, as far as the operating system says.
    pub who: String,
    /// The reason or ticket that was given.
    pub reason: Option<String>,
}

impl From<&str> for Signature {
    fn from(who: &str) -> Self {
        Self { who: who.to_owned(), reason: None }
    }
}

/// One write as it was sent, and how far it got.
#[derive(Clone, Debug, PartialEq)]
pub struct Sending {
    /// When it was written down, just before it was sent.
    pub at: jiff::Timestamp,
    /// The step with the very request that was sent.
    pub step: Step,
    /// How far it got, in order; empty: nothing came after the intent.
    pub states: Vec<StepState>,
}

impl Sending {
    /// Whether the service said no to it, or it never arrived: nothing was done by it.
    pub fn turned_away(&self) -> bool {
        matches!(self.states.last(), Some(StepState::Ended { .. }))
    }

    /// The reply's status, and the last that is known of it, in words.
    pub fn end(&self) -> (Option<u16>, String) {
        let mut end = (None, "no reply is known".to_owned());
        for state in &self.states {
            match state {
                StepState::Intended => {}
                StepState::Replied { status, verdict, .. } => end = (Some(*status), verdict.clone()),
                StepState::Ended { status, why } => end = (Some(*status).filter(|status| *status > 0), why.clone()),
                StepState::ReadBack => end.1.push_str(", read back"),
                StepState::Resolved { .. } => "looked up by reading".clone_into(&mut end.1),
            }
        }
        end
    }
}

/// One push in the journal.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The plan.
    pub plan: Plan,
    /// When it began.
    pub began: jiff::Timestamp,
    /// Who, and why.
    pub by: Signature,
    /// What came of each change; the last word of each.
    pub outcomes: Vec<Outcome>,
    /// Whether it was closed in order.
    pub closed: bool,
    /// Whether somebody is still at work on it: this process, or another one that lives.
    pub running: bool,
}

/// What was intended and what came of it, and the few decisions that outlive a run.
///
/// Every method returns only after what it says is durable. One writer; `Send` so that the engine can give it a thread.
///
/// # Errors
/// All methods: when the database refuses; [`Journal::open`] also when the plan was opened before, [`Journal::lease`] when
/// somebody else pushes there.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them")]
pub trait Journal: Send {
    /// Opens a push: the plan as confirmed, who confirmed it, and why. A plan can be opened once.
    fn open(&mut self, plan: &Plan, by: &Signature) -> Result<(), StoreError>;
    /// Writes down that a step's write is about to be sent. Only with what this returns can it be sent.
    fn intend(&mut self, plan: &PlanId, step: &Step) -> Result<Receipt, StoreError>;
    /// Writes down how far the step got.
    fn reached(&mut self, receipt: &Receipt, state: &StepState) -> Result<(), StoreError>;
    /// Writes down what came of a change.
    fn outcome(&mut self, plan: &PlanId, outcome: &Outcome) -> Result<(), StoreError>;
    /// Closes a push.
    fn close(&mut self, plan: &PlanId) -> Result<(), StoreError>;
    /// Writes that were intended and have no end: to be looked up, never resent.
    fn open_intents(&mut self) -> Result<Vec<OpenIntent>, StoreError>;
    /// Marks an open intent as settled, with the outcomes found, and the new record's id where one was found.
    fn settle(
        &mut self,
        plan: &PlanId,
        step: &StepId,
        outcomes: &[Outcome],
        id: Option<&str>,
    ) -> Result<(), StoreError>;
    /// Pushes that were opened and never closed by a process that is gone.
    fn unfinished(&mut self) -> Result<Vec<Entry>, StoreError>;
    /// The ids of the records that a push created, by create change: what fills its holes, also after a crash.
    fn created(&mut self, plan: &PlanId) -> Result<Vec<(ChangeId, String)>, StoreError>;
    /// The latest pushes, newest first.
    fn history(&mut self, most: usize) -> Result<Vec<Entry>, StoreError>;
    /// One push, `None` where this plan was never opened.
    fn find(&mut self, plan: &PlanId) -> Result<Option<Entry>, StoreError>;
    /// What makes sensitive values into the hashes that stand for them here.
    fn sealer(&mut self) -> Result<Sealer, StoreError>;
    /// The writes of a push as they were sent, in order, each with how far it got.
    fn sendings(&mut self, plan: &PlanId) -> Result<Vec<Sending>, StoreError>;
    /// What is staged.
    fn staging(&mut self) -> Result<Vec<Change>, StoreError>;
    /// Takes staged changes in, in the place of those of the same name, and others out; what other programs staged here stays.
    /// Gives all that is staged then, where another program has written here since this one last looked; `None`: none has.
    fn restage(&mut self, added: &[Change], removed: &[ChangeId]) -> Result<Option<Vec<Change>>, StoreError>;
    /// Decisions about who is who.
    fn links(&mut self) -> Result<Vec<Link>, StoreError>;
    /// Adds or replaces a decision.
    fn keep_link(&mut self, link: &Link) -> Result<(), StoreError>;
    /// All that the operator decided.
    fn decisions(&mut self) -> Result<Decisions, StoreError>;
    /// Keeps one decision, in the place of an older one about the same thing, or forgets it.
    fn decide(&mut self, decision: &Decision) -> Result<(), StoreError>;
    /// Last common values.
    fn bases(&mut self) -> Result<Vec<Base>, StoreError>;
    /// Forgets those that are gone, and adds or replaces the new ones.
    fn keep_bases(&mut self, new: &[Base], gone: &[Base]) -> Result<(), StoreError>;
    /// The rules (scope, mapping) under which a system was last pushed to; `None`: it never was.
    fn accepted(&mut self, system: &SystemId) -> Result<Option<String>, StoreError>;
    /// Replaces them.
    fn accept(&mut self, system: &SystemId, rules: &str) -> Result<(), StoreError>;
    /// A system's pinned identity (the account that its key answered for), `None` the first time.
    fn pin(&mut self, system: &SystemId) -> Result<Option<String>, StoreError>;
    /// Pins it.
    fn keep_pin(&mut self, system: &SystemId, account: &str) -> Result<(), StoreError>;
    /// Forms that a service refused (`patch:User`).
    fn lessons(&mut self, system: &SystemId) -> Result<Vec<String>, StoreError>;
    /// Adds one.
    fn keep_lesson(&mut self, system: &SystemId, lesson: &str) -> Result<(), StoreError>;
    /// Takes the right to push to a system; freed when the process ends.
    fn lease(&mut self, system: &SystemId, who: &str) -> Result<(), StoreError>;
    /// Gives it back.
    fn release(&mut self, system: &SystemId) -> Result<(), StoreError>;
    /// The number of the first entry whose chain does not hold, `None` where all do.
    fn verify(&mut self) -> Result<Option<i64>, StoreError>;
    /// The number and the hash of the last entry, in hexadecimal; (0, all zeros) before the first one. Noted elsewhere, it shows
    /// later whether entries were taken away.
    fn head(&mut self) -> Result<(i64, String), StoreError>;
    /// The number of the entry with this hash (whole, or its beginning); 0 for all zeros, `None` where no entry has it. A head that was
    /// noted and that no entry has any more tells that the record was cut off or written anew.
    fn entry_of(&mut self, head: &str) -> Result<Option<i64>, StoreError>;
    /// The systems of which something outlives a run: what [`Journal::purge`] would forget.
    fn kept(&mut self) -> Result<Vec<SystemId>, StoreError>;
    /// Forgets a system: its decisions, bases, staging, pins; not the record of pushes.
    fn purge(&mut self, system: &SystemId) -> Result<(), StoreError>;
}

/// Snapshots between runs. Losing it costs only time.
///
/// # Errors
/// All methods: when a file cannot be used; it is then read anew from its system.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them")]
pub trait Cache: Send + Sync {
    /// The latest snapshot of a kind of a system, if there is one that can be read with this schema.
    fn load(
        &self,
        system: &SystemId,
        kind: Kind,
        schema: &std::sync::Arc<crate::model::Schema>,
    ) -> Result<Option<Snapshot>, StoreError>;
    /// Keeps a snapshot: written aside, synced, renamed.
    fn keep(&self, snapshot: &Snapshot) -> Result<(), StoreError>;
    /// The rows that a start shows first, and how many there are in all.
    fn front(
        &self,
        system: &SystemId,
        kind: Kind,
        schema: &std::sync::Arc<crate::model::Schema>,
    ) -> Result<Option<(Snapshot, u64)>, StoreError>;
    /// Keeps these rows of a snapshot as what a start shows first. Rows come in the table's order.
    fn keep_front(&self, snapshot: &Snapshot, rows: &[crate::model::Row]) -> Result<(), StoreError>;
    /// The native text of a record, if it was kept.
    fn native(&self, key: &RecordKey) -> Result<Option<String>, StoreError>;
    /// Forgets a system.
    fn purge(&self, system: &SystemId) -> Result<(), StoreError>;
}
