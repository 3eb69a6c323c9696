//! Who is who: links.

use serde::{Deserialize, Serialize};

use crate::model::RecordKey;

/// What tied two records together, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// An operator's decision, or a link kept from an earlier push.
    Kept,
    /// An exact key (`externalId`, reference prefix).
    Key,
    /// The folded e-mail or userName, unique on both sides.
    Folded,
}

/// A decision's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkVerdict {
    /// They are the same person, group, ...
    Same,
    /// They are not, whatever the keys say.
    NotSame,
}

/// A decision about two records. Only decisions are kept; what keys say is worked out anew each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The source's record.
    pub a: RecordKey,
    /// The target's record.
    pub b: RecordKey,
    /// What tied them.
    pub by: Rung,
    /// Same or not.
    pub verdict: LinkVerdict,
    /// Since when.
    pub since: jiff::Timestamp,
}
