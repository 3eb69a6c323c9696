//! What the faces tell the engine and what it reports: plain data, pure rooms only.

use std::sync::Arc;

use crate::compare::{Compared, Decision, Moved};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, RecordKey, SystemId};
use crate::plan::{Change, ChangeId, Method, Mode, Outcome, Plan, PlanId, Policy, Site, Step};
use crate::secret::Secret;

/// A wish of the operator.
#[derive(Clone, Debug)]
pub enum Command {
    /// Read systems again: one or all, one kind or all.
    Refresh {
        /// Which system; `None`: all.
        system: Option<SystemId>,
        /// Which kind; `None`: all.
        kind: Option<Kind>,
    },
    /// Probe a system and show the evidence.
    Test(SystemId),
    /// Make the staged changes into a plan with requests: reads at most, never writes.
    Prepare(Vec<Change>),
    /// Carry out a plan, once; the confirmation is the console's business. `fingerprint` is what the operator saw.
    Push {
        /// The plan.
        plan: Arc<Plan>,
        /// Its fingerprint as confirmed.
        fingerprint: String,
        /// The reason or ticket that was given.
        reason: Option<String>,
    },
    /// Stop between two steps the push of this plan, and nothing else: a write under way is finished. `None`: stop what runs, the
    /// push if there is one, else the plan in the making, else what is being read.
    Stop(Option<PlanId>),
    /// Try what waits for a record that somebody has open now, and not at its time: one change, or all of them.
    TryNow(Option<ChangeId>),
    /// Keep what is staged, so that a crash loses nothing: what was staged and what was taken back since the last time.
    Stage {
        /// Staged, in the place of one of the same name.
        added: Vec<Change>,
        /// Taken back.
        removed: Vec<ChangeId>,
    },
    /// Show a record as its system sends it now.
    Native(RecordKey),
    /// Show the journal's latest pushes, and its head.
    History,
    /// Say whether the record of pushes is as it was written: its chain of hashes is gone through.
    Prove,
    /// Show the requests of a past push as they were sent.
    Recall(PlanId),
    /// Look unknown outcomes up by reading.
    Resolve,
    /// Take decisions in, keep them, and compare anew.
    Decide(Vec<Decision>),
    /// Take what was read of a system, and is not proved to be all, for complete: this snapshot only, with a reason.
    Acknowledge {
        /// Which system.
        system: SystemId,
        /// Which kind; `None`: all that are not complete.
        kind: Option<Kind>,
        /// Why it is right as it is.
        why: String,
    },
    /// Hold a secret that the operator typed for a write that will ask for it by this name.
    Hold {
        /// Which system.
        system: SystemId,
        /// The name.
        name: String,
        /// What was typed.
        secret: Secret,
    },
    /// Read the configuration anew and say what its rules would move; they do not hold yet.
    TryRules,
    /// The rules that were tried hold from now on.
    TakeRules,
    /// A system's request budget.
    Tune {
        /// Which system.
        system: SystemId,
        /// Requests a second.
        per_second: f64,
    },
    /// End: finish the write under way, close the journal.
    Quit,
}

/// How it stands with a system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing tried yet.
    Idle,
    /// Signing in or probing.
    Probing,
    /// Reading: records so far, and in all where known.
    Reading {
        /// So far.
        read: u64,
        /// In all.
        of: Option<u64>,
    },
    /// Read and well.
    Good,
    /// Read, but not completely, or with something to know.
    Partial(String),
    /// Not usable; the others go on. A short word for the strip (`auth`, `down`), and the whole message.
    Bad {
        /// A short word.
        word: String,
        /// What happened, what it means, what to do.
        text: String,
    },
}

/// The request budget of a system as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// Requests a second in the long run.
    pub per_second: f64,
    /// Requests that may be sent at once.
    pub tokens: f64,
    /// Burst size.
    pub burst: u32,
    /// Seconds until the service lets us in again, 0 where it does now.
    pub wait: f64,
    /// What the service last said of its own limit (`X-Ratelimit-Remaining`).
    pub remaining: Option<u32>,
}

/// A service that is left alone for a while, as it did not answer again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    /// When it is tried again.
    pub until: jiff::Timestamp,
    /// How often in a row it was left alone.
    pub times: u32,
    /// Why.
    pub why: String,
}

/// One request that was sent, secrets removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// When.
    pub at: jiff::Timestamp,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The status, `None` where there was no reply.
    pub status: Option<u16>,
    /// Milliseconds.
    pub took: u32,
    /// Bytes received, decompressed.
    pub bytes: u64,
    /// Which try it was, from 1.
    pub attempt: u32,
    /// What went wrong.
    pub fault: Option<String>,
}

/// A connected system as the screen shows it.
#[derive(Clone, Debug)]
pub struct SystemStatus {
    /// Its name.
    pub id: SystemId,
    /// Its connector (`aha`).
    pub connector: String,
    /// The connector's title (`Aha!`).
    pub title: String,
    /// The base URL, without secrets.
    pub url: String,
    /// It is the source of truth.
    pub source: bool,
    /// What may be done.
    pub mode: Mode,
    /// A production system.
    pub production: bool,
    /// What its owner allows.
    pub policy: Policy,
    /// How it stands.
    pub health: Health,
    /// What the probe found.
    pub site: Option<Arc<Site>>,
    /// Its mapping.
    pub mapping: Arc<Mapping>,
    /// Its budget.
    pub budget: Budget,
    /// It did not answer again and again, and is left alone for a while.
    pub resting: Option<Resting>,
    /// The last requests, newest last, 200 at most.
    pub recent: Arc<[Sent]>,
}

/// All that the faces look at. Cheap to clone; a new one replaces the old one whole.
#[derive(Clone, Debug)]
pub struct World {
    /// Rises with every publication.
    pub generation: u64,
    /// All systems, in the order of the configuration (and of `compared.inputs.systems`).
    pub systems: Arc<[SystemStatus]>,
    /// Snapshots and what they come to.
    pub compared: Arc<Compared>,
    /// Who works here, as far as the operating system says.
    pub who: Arc<str>,
}

/// One push in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct PastPush {
    /// The plan.
    pub plan: Arc<Plan>,
    /// When it began.
    pub began: jiff::Timestamp,
    /// Who, as far as the operating system says.
    pub who: String,
    /// The reason or ticket that was given.
    pub reason: Option<String>,
    /// What came of each change.
    pub outcomes: Vec<Outcome>,
    /// The ids of the records that it created.
    pub created: Vec<(ChangeId, String)>,
    /// Whether it was closed in order.
    pub closed: bool,
    /// Whether somebody is still at work on it: this process, or another one that lives.
    pub running: bool,
}

/// One write of a past push, as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct PastStep {
    /// When.
    pub at: jiff::Timestamp,
    /// The step with the very request.
    pub step: Step,
    /// The reply's status, `None` where none came.
    pub status: Option<u16>,
    /// What became of it, in words of the journal.
    pub end: String,
}

/// What the rules of an edited configuration come to, over what has been read.
#[derive(Clone, Debug)]
pub struct Trial {
    /// By the rules that hold.
    pub before: Arc<Compared>,
    /// By the rules that are tried.
    pub after: Arc<Compared>,
    /// What moves, for each kind of each target.
    pub moved: Vec<Moved>,
    /// What is read otherwise by them, so that it has to be read again before anything can be said of it: attributes; none
    /// where the records are listed in another way.
    pub anew: Vec<(SystemId, Kind, Vec<AttrPath>)>,
    /// What else they change: the system, and what, in words.
    pub also: Vec<(SystemId, String)>,
}

/// How far the reading is that a plan in the making wants from one system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// The system.
    pub system: SystemId,
    /// Records that have been read again.
    pub read: usize,
    /// Records that are to be.
    pub of: usize,
    /// Requests that this takes still, at least.
    pub left: usize,
}

/// Writes whose outcome nobody knows, while they are looked up by reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUp {
    /// Each change, and what it was to do to whom.
    pub what: Vec<(ChangeId, String)>,
    /// When it gives up, at the latest.
    pub until: jiff::Timestamp,
}

/// What the engine reports.
#[derive(Clone, Debug)]
pub enum Report {
    /// How far a plan in the making is, for each system that it has to read from.
    Making(Vec<Making>),
    /// What an edited configuration would move; or why it cannot be tried.
    Tried(Result<Arc<Trial>, String>),
    /// Something that is looked at has changed.
    World(Arc<World>),
    /// Staged changes found at the start, kept from before.
    Staging(Vec<Change>),
    /// Another console over the same journal has staged these, and taken those back; what was staged here stays.
    Others {
        /// Staged there, in the place of one of the same name.
        came: Vec<Change>,
        /// Taken back there, or pushed.
        went: Vec<ChangeId>,
    },
    /// A plan is ready; nothing was written.
    Prepared(Arc<Plan>),
    /// A plan could not be made, and why.
    NotPrepared(String),
    /// A push has begun.
    PushBegan(PlanId),
    /// What came of a change so far.
    Outcome(PlanId, Outcome),
    /// A push has ended; how many changes ended how is in the outcomes.
    PushEnded(PlanId),
    /// A record as its system sends it now.
    Native {
        /// Which.
        key: RecordKey,
        /// Pretty JSON, secrets removed; or why there is none.
        text: Result<String, String>,
    },
    /// The journal's latest pushes, newest first.
    History(Vec<PastPush>),
    /// The journal's head: how many entries it has, and the hash of the last, to be noted in a ticket.
    Head(i64, String),
    /// Whether the record of pushes is as it was written: its entries, and the number of the first that is not.
    Proved(i64, Option<i64>),
    /// The requests of a past push as they were sent.
    Recalled(PlanId, Arc<[PastStep]>),
    /// Writes of an earlier run whose outcome nobody knows.
    Unknown(Vec<(ChangeId, String)>),
    /// What is unknown is being looked up; `None`: it is over.
    LookingUp(Option<LookUp>),
    /// Something that the operator should read.
    Notice(String),
    /// A part broke; the rest goes on.
    Crashed {
        /// Which.
        part: String,
        /// What happened.
        text: String,
    },
}
