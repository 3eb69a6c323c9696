use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Kind, SystemId, Table};

/// Whether a feed brought everything that there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "proof")]
pub enum Proof {
    /// Everything, and how that is known (`distinct ids equal totalResults`).
    Complete {
        /// How it was proved, in words for the operator.
        how: String,
        /// Distinct records.
        total: u64,
    },
    /// Not everything, or not known to be. May be browsed; nothing that removes may be planned from it.
    Partial {
        /// Why, in words for the operator.
        why: String,
    },
    /// Partial, and the operator took the responsibility.
    Acknowledged {
        /// Who.
        by: String,
        /// Why it was partial, and why that was accepted.
        why: String,
    },
    /// Still under way.
    Reading {
        /// Records so far.
        read: u64,
        /// Records in all, where the system states it.
        of: Option<u64>,
    },
}

impl Proof {
    /// Whether absence in this feed means absence in the system.
    pub fn complete(&self) -> bool {
        matches!(self, Self::Complete { .. } | Self::Acknowledged { .. })
    }
}

/// What one feed of a snapshot came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedState {
    /// The feed's name in the mapping (`users`, `product-details`).
    pub feed: Arc<str>,
    /// Whether it is complete.
    pub proof: Proof,
    /// Pages taken.
    pub pages: u32,
    /// Requests sent, retries included.
    pub requests: u32,
}

/// All records of one kind of one system at one time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Whose.
    pub system: SystemId,
    /// Of what kind.
    pub kind: Kind,
    /// Rises with every read of this kind of this system.
    pub generation: u64,
    /// The records.
    pub table: Table,
    /// What was read, feed by feed; the first one lists the records.
    pub feeds: Vec<FeedState>,
    /// When the reading began.
    pub taken: jiff::Timestamp,
}

impl Snapshot {
    /// Whether the listing of records is complete, so that what is not in it does not exist.
    pub fn proved(&self) -> bool {
        self.feeds.first().is_some_and(|feed| feed.proof.complete())
    }

    /// Whether every feed is complete.
    pub fn complete(&self) -> bool {
        !self.feeds.is_empty() && self.feeds.iter().all(|feed| feed.proof.complete())
    }

    /// Whether a feed is still under way.
    pub fn reading(&self) -> bool {
        self.feeds.iter().any(|feed| matches!(feed.proof, Proof::Reading { .. }))
    }
}
