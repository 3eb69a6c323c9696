//! The last value that source and target had in common: what tells which of the two moved.
//!
//! It is sparse: an equal facet is its own base. When one goes from equal to different, the common value and its time are
//! kept; when it is equal again, they are forgotten. What is secret is never read, and so never kept here.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{AttrPath, RecordKey};

/// The last value that source and target had in common, kept only where they differ now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The target's record.
    pub target: RecordKey,
    /// The attribute.
    pub path: AttrPath,
    /// The entry's key, the target's own ids joined with a space; empty for a text.
    pub entry: String,
    /// The common value as the source had it: for a reference the source's id; empty for none.
    pub source: String,
    /// The same as the target had it.
    pub value: String,
    /// When it was last common.
    pub at: jiff::Timestamp,
    /// When it was first seen to differ.
    pub since: jiff::Timestamp,
}

impl Base {
    fn order(&self) -> (&RecordKey, &AttrPath, &str) {
        (&self.target, &self.path, &self.entry)
    }

    /// Whether both are about the same facet.
    pub fn same_facet(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

/// All bases, found by their record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bases(Arc<[Base]>);

impl From<Vec<Base>> for Bases {
    /// Of two about the same facet the later one in the list counts.
    fn from(mut all: Vec<Base>) -> Self {
        all.reverse();
        all.sort_by(|a, b| a.order().cmp(&b.order()));
        all.dedup_by(|later, first| later.same_facet(first));
        Self(all.into())
    }
}

impl Bases {
    /// Those of one record of a target.
    pub fn of(&self, record: &RecordKey) -> &[Base] {
        let from = self.0.partition_point(|base| base.target < *record);
        let len = self.0[from..].partition_point(|base| base.target == *record);
        &self.0[from..from + len]
    }

    /// All of them, by record.
    pub fn iter(&self) -> impl Iterator<Item = &Base> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, record: &RecordKey, path: &AttrPath, entry: &str) -> bool {
        self.of(record).iter().any(|base| base.path == *path && base.entry == entry)
    }
}
