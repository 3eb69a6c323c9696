use serde::{Deserialize, Serialize};

use super::ChangeId;

/// What came of a change (DESIGN.md section 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum OutcomeState {
    /// Not begun.
    Pending,
    /// Busy or over budget; the next try at this time.
    Waiting {
        /// When.
        until: jiff::Timestamp,
        /// For what: who has the record open, which limit is reached.
        #[serde(default)]
        why: String,
    },
    /// Sent, no reply yet.
    Sent,
    /// The service said yes; not read back yet.
    Accepted,
    /// Read back and as wanted. `unread` lists what cannot be read back.
    Confirmed {
        /// Facets that the service never returns.
        unread: Vec<String>,
        /// It was so before anything was written for it: it is not this push's doing, and not this push's to take back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        already: bool,
    },
    /// The service said yes, and then something else was there.
    Differs {
        /// What is there instead.
        now: String,
    },
    /// The service said no.
    Failed {
        /// In its words and ours.
        why: String,
    },
    /// We did not send.
    Refused {
        /// The rule.
        rule: String,
    },
    /// The push was stopped before it was begun, or while it waited: nothing came of it, and it can be pushed again.
    Stopped {
        /// When, and by what.
        why: String,
    },
    /// It moved since the preview.
    Stale {
        /// Planned from, wanted, now.
        what: String,
    },
    /// A change that it needs did not succeed.
    Skipped {
        /// Which.
        needs: ChangeId,
    },
    /// Sent, no telling.
    Unknown {
        /// What happened.
        why: String,
    },
}

impl OutcomeState {
    /// Whether something was sent for it, or may have been.
    pub fn may_have_left(&self) -> bool {
        matches!(
            self,
            Self::Sent | Self::Accepted | Self::Confirmed { .. } | Self::Differs { .. } | Self::Unknown { .. }
        )
    }

    /// The one word of it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Waiting { .. } => "waiting",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Confirmed { .. } => "confirmed",
            Self::Differs { .. } => "differs",
            Self::Failed { .. } => "failed",
            Self::Refused { .. } => "refused",
            Self::Stopped { .. } => "stopped",
            Self::Stale { .. } => "stale",
            Self::Skipped { .. } => "skipped",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// As wanted, and read back.
    pub const fn confirmed(unread: Vec<String>) -> Self {
        Self::Confirmed { unread, already: false }
    }

    /// Whether a push brought something about that can be taken back.
    pub const fn brought_about(&self) -> bool {
        matches!(self, Self::Confirmed { already: false, .. } | Self::Differs { .. } | Self::Accepted)
    }

    /// Whether nothing more will come.
    pub const fn settled(&self) -> bool {
        !matches!(self, Self::Pending | Self::Waiting { .. } | Self::Sent | Self::Accepted)
    }
}

/// A change and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The change.
    pub change: ChangeId,
    /// What came of it.
    #[serde(flatten)]
    pub state: OutcomeState,
    /// Since when.
    pub at: jiff::Timestamp,
}
