//! One facet of one identity in one target: what the comparison says of it.

use serde::{Deserialize, Serialize};

use crate::compare::{Base, Waiver};
use crate::model::fold::same;
use crate::model::{AttrPath, Fold, Kind, RecordKey};

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

impl Direction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SourceChanged, Self::TargetDrifted, Self::Both, Self::Unknown];

    /// Its word in JSON lines and filters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SourceChanged => "source-changed",
            Self::TargetDrifted => "target-drifted",
            Self::Both => "both",
            Self::Unknown => "unknown",
        }
    }

    /// From the last common value, as each side had it: which of the two is no longer so.
    fn of(common: Option<&Base>, source: &str, target: &str, fold: Fold) -> Self {
        let Some(common) = common else { return Self::Unknown };
        match (same(&common.source, source, fold), same(&common.value, target, fold)) {
            (false, true) => Self::SourceChanged,
            (true, false) => Self::TargetDrifted,
            (false, false) => Self::Both,
            (true, true) => Self::Unknown,
        }
    }

    /// It in words; empty where nothing is known.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SourceChanged => "source changed",
            Self::TargetDrifted => "target drifted",
            Self::Both => "both changed",
            Self::Unknown => "",
        }
    }
}

/// What is shown of an entry that has no value: it is there.
pub const PRESENT: &str = "present";

/// What the comparison says of one facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Alike.
    Same,
    /// Different.
    Differs,
    /// Different, as it refers to a record that is still to be created: it can be staged together with that create.
    Awaits,
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

impl Verdict {
    /// Whether it makes its record one that is out of true.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Differs | Self::Awaits)
    }
}

/// One facet of one identity in one target, ready to be shown and staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetDiff {
    /// The attribute.
    pub path: AttrPath,
    /// For an entry: its key in the target's own ids (empty where it did not resolve), and how it is called.
    pub key: Option<(Vec<String>, String)>,
    /// For an entry: its key in the source's own ids, where the source knows it.
    pub source_key: Vec<String>,
    /// The source's value as it shows it; `None` where unread or unreadable, or for an entry that it does not have. An
    /// entry without a value is [`PRESENT`].
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
    /// What source and target themselves have: for a reference its text there, not the name that is shown.
    pub own: [Option<String>; 2],
    /// Which side moved.
    pub direction: Direction,
    /// Where that is known: since when they differ, as far as was seen.
    pub since: Option<jiff::Timestamp>,
    /// Words for the WHY column.
    pub why: String,
}

impl FacetDiff {
    /// The entry's key in the target's own ids, joined with a space; empty for a text.
    pub fn entry(&self) -> String {
        self.key.as_ref().map(|(ids, _)| ids.join(" ")).unwrap_or_default()
    }

    /// The waiver of a difference as both sides are now; `None` where nothing differs.
    pub fn waiver(&self, target: RecordKey, reason: &str, until: Option<jiff::Timestamp>) -> Option<Waiver> {
        let facet = (target, self.path.clone(), self.entry());
        (self.verdict == Verdict::Differs).then(|| Waiver::new(facet, &self.own, reason, until))
    }

    /// As what refers to a record that is still to be created.
    pub(super) fn awaits(&mut self, name: impl std::fmt::Display) {
        self.verdict = Verdict::Awaits;
        self.why = format!("still to be created: {name}");
    }

    /// With what the last common value says of it.
    pub(super) fn directed(&mut self, common: Option<&Base>, fold: Fold) {
        let own = |at: usize| self.own[at].as_deref().unwrap_or_default();
        self.direction = Direction::of(common, own(0), own(1), fold);
        self.since = common.filter(|_| self.direction != Direction::Unknown).map(|base| base.since);
        if self.why.is_empty() {
            self.direction.words().clone_into(&mut self.why);
        }
    }
}
