//! One identity in one target, facet by facet, on demand.

use serde::{Deserialize, Serialize};

use crate::model::{AttrPath, Kind};

use super::Compared;

/// Which side moved since the two last had the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The source did.
    SourceChanged,
    /// The target did.
    TargetDrifted,
    /// Both did.
    Both,
    /// There never was a common value, or none is known.
    Unknown,
}

/// What the comparison says of one facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Alike.
    Same,
    /// Different.
    Differs,
    /// Different, and waived by the operator.
    Waived,
    /// Different, but not counted: the account is inactive on both sides, or the row is shown only.
    Shown,
    /// The target never returns it.
    Unreadable,
    /// Not read on one side.
    Unread,
    /// A reference that does not resolve: lint, never a request.
    Unresolved,
    /// Only one side has the attribute at all.
    OneSided,
}

/// One facet of one identity in one target, ready to be shown and staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetDiff {
    /// The attribute.
    pub path: AttrPath,
    /// For an entry: its key in the target's own ids (empty where it did not resolve), and how it is called.
    pub key: Option<(Vec<String>, String)>,
    /// The source's value as it shows it; `None` where unread or unreadable.
    pub source: Option<String>,
    /// The target's value likewise.
    pub target: Option<String>,
    /// The value that the target should have, as canonical text or the target's own id; empty to clear. `None` where
    /// nothing can be staged.
    pub want: Option<String>,
    /// For `want`: it is a record's id of this kind.
    pub refers: Option<Kind>,
    /// What the comparison says.
    pub verdict: Verdict,
    /// Which side moved.
    pub direction: Direction,
    /// Words for the WHY column.
    pub why: String,
}

/// All facets of an identity in a target: attributes in the source's order, then what only the target has; lists entry by
/// entry.
pub fn facets(_compared: &Compared, _kind: Kind, _identity: u32, _system: usize) -> Vec<FacetDiff> {
    Vec::new()
}
