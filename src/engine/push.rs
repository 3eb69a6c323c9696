//! Carrying out a plan: prepare it, send it step by step, read it back, and look up what nobody knows.
//!
//! Nothing is sent that is not in the journal first, nothing is overwritten that moved since the preview, nothing is sent
//! twice when nobody knows what became of it, and nothing is called done that was not read back (DESIGN.md section 4).
//! How requests travel is not known here: that is a [`Line`]'s business.

mod carry;
mod judge;
mod keeper;
mod look;
mod opened;
mod prepare;
mod resolve;
mod sooner;
mod step;
mod stop;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use carry::push;
pub use keeper::Keeper;
pub use prepare::prepare;
pub use resolve::{named, resolve};
pub use stop::{Stop, Stopping};

use super::protocol::Report;
use crate::compare::{Agreement, Compared};
use crate::connectors::Connector;
use crate::model::{Kind, Op, RecordKey, SystemId};
use crate::plan::{Change, Facts, Guard, Known, Reply, Request, Site, counted, guards, pin};
use crate::store::{Leases, Receipt, StoreError};

/// Earlier pushes that are looked through for what they have done within the hours of the limits.
const LATEST: usize = 100;

/// Why a request brought no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// It never left: nothing was done.
    #[error("it could not be sent: {0}")]
    NotSent(String),
    /// It never left, as what it stands on does not hold any more: the record is looked at again first.
    #[error("it was not sent: {0}")]
    TooLate(String),
    /// It may have arrived: for a write nobody knows what became of it.
    #[error("no reply came: {0}")]
    Lost(String),
    /// It was not answered in time, and may still be on its way: for a write nobody knows what will become of it.
    #[error("no reply came in time: {0}")]
    Slow(String),
}

/// The way to the systems: credentials, budgets, retries of reads and waiting are its business.
pub trait Line: Send + Sync {
    /// Sends a read; it may be sent again.
    fn read(&self, system: &SystemId, request: Request) -> BoxFuture<'_, Result<Reply, LineFault>>;

    /// Sends a write, once. The receipt says that it is in the journal.
    fn write(&self, system: &SystemId, request: Request, receipt: &Receipt) -> BoxFuture<'_, Result<Reply, LineFault>>;

    /// Whether a system is left alone for a while, as it did not answer again and again.
    fn rests(&self, _: &SystemId) -> Option<Rest> {
        None
    }
}

/// A system that did not answer again and again is left alone for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rest {
    /// How long.
    pub left: Duration,
    /// How often in a row.
    pub times: u32,
    /// Why, in words.
    pub why: String,
}

/// How long a push waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long a write may take to show in a read.
    pub show: Duration,
    /// The first pause between two reads; each one is twice as long as the one before, up to [`Patience::longest`].
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How often a write is tried while the service says that it is busy.
    pub tries: u32,
    /// The shortest and the longest pause while somebody else has the record open, and how often it is tried then.
    pub in_use: (Duration, Duration, u32),
}

impl Default for Patience {
    /// Up to 30 s for reading back (DESIGN.md section 4, promise 7).
    fn default() -> Self {
        Self {
            show: Duration::from_secs(30),
            first: Duration::from_millis(250),
            longest: Duration::from_secs(8),
            tries: 8,
            // targets/kingdee.md 8: 3 to 4 tries, 5 to 10 s apart.
            in_use: (Duration::from_secs(5), Duration::from_secs(10), 4),
        }
    }
}

impl Patience {
    /// The pauses between reads until patience ends.
    fn pauses(self) -> impl Iterator<Item = Duration> {
        let mut left = self.show;
        let mut next = self.first;
        std::iter::from_fn(move || {
            let pause = next.min(left).min(self.longest);
            if pause.is_zero() {
                return None;
            }
            left -= pause;
            next = next.saturating_mul(2);
            Some(pause)
        })
    }
}

/// A connected system as a push needs it.
#[derive(Clone)]
pub struct Party {
    /// What knows its wire.
    pub connector: Arc<dyn Connector>,
    /// What the probe found out.
    pub site: Arc<Site>,
    /// What it is, whatever the configuration calls it.
    pub identity: String,
    /// What may be done.
    pub known: Known,
    /// How many steps may be under way at the same time.
    pub at_once: usize,
}

/// Everything that preparing, pushing and resolving stand on.
#[derive(Clone)]
pub struct Desk {
    /// The way to the systems.
    pub line: Arc<dyn Line>,
    /// The journal.
    pub keeper: Keeper,
    /// Where the operators of this host see who pushes to what.
    pub leases: Leases,
    /// The systems.
    pub parties: BTreeMap<SystemId, Party>,
    /// The comparison as it is now.
    pub compared: Arc<Compared>,
    /// Whether a record is protected.
    pub protected: Protected,
    /// Values with odd characters that are meant.
    pub agreed: Vec<Agreement>,
    /// Who pushes, as far as the operating system says.
    pub who: String,
    /// The reason or ticket that was given for it.
    pub reason: Option<String>,
    /// What tells a hash of the record from the value that it stands for; only wanted to look up what an earlier run left.
    pub sealer: Option<crate::store::Sealer>,
    /// How long it waits for what.
    pub patience: Patience,
    /// The clock.
    pub now: fn() -> jiff::Timestamp,
}

impl fmt::Debug for Desk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Desk").field("systems", &self.parties.keys()).field("who", &self.who).finish_non_exhaustive()
    }
}

/// Whether a record is protected; `None`: undecided, which counts as protected.
pub type Protected = Arc<dyn Fn(&RecordKey) -> Option<bool> + Send + Sync>;

/// Where reports go.
pub type Tell = Arc<dyn Fn(Report) + Send + Sync>;

impl Desk {
    /// Every rule that stands in the way of these changes now.
    ///
    /// # Errors
    /// When the journal cannot tell what earlier pushes did.
    async fn guards(&self, changes: &[Change]) -> Result<Vec<Guard>, String> {
        let mut systems: BTreeMap<_, _> =
            self.parties.iter().map(|(id, party)| (id.clone(), party.known.clone())).collect();
        for (system, known) in &mut systems {
            if changes.iter().any(|change| change.system == *system) {
                known.taken = self.taken(system, known).await.map_err(|why| why.to_string())?;
            }
        }
        let facts =
            Facts { compared: &self.compared, systems: &systems, protected: &*self.protected, agreed: &self.agreed };
        Ok(guards(changes, &facts))
    }

    /// What pushes within the hours of the limits have done to a system, by kind and operation.
    async fn taken(&self, system: &SystemId, known: &Known) -> Result<BTreeMap<(Kind, Op), usize>, StoreError> {
        let hours = |kind: Kind| known.policy.limits(kind).hours;
        if Kind::ALL.into_iter().all(|kind| hours(kind) == 0) {
            return Ok(BTreeMap::new());
        }
        let past = self.keeper.ask(|journal| journal.history(LATEST)).await?;
        let now = (self.now)();
        let recent = |kind: Kind, at: jiff::Timestamp| now.duration_since(at).as_secs() < i64::from(hours(kind)) * 3600;
        let done = past.iter().flat_map(|entry| {
            let outcomes = entry.outcomes.iter().filter(|outcome| outcome.state.may_have_left());
            outcomes.filter_map(|outcome| Some((outcome.at, entry.plan.change(&outcome.change)?)))
        });
        let mine = done.filter(|(at, change)| change.system == *system && recent(change.kind, *at));
        Ok(counted(mine.map(|(_, change)| change)))
    }

    /// What a plan is pinned to: how a system's changes are made now, and what the system is.
    fn pin(&self, system: &SystemId) -> Option<String> {
        let (inputs, party) = (&self.compared.inputs, self.parties.get(system)?);
        let rules = pin(&inputs.systems[inputs.index(system)?], &party.known.policy);
        Some(format!("{rules} {}", party.identity))
    }
}

#[cfg(test)]
mod tests;
