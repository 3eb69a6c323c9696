use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Kind;

/// The name of a connected system, as the configuration gives it (`hr`, `aha`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SystemId(Arc<str>);

impl SystemId {
    /// A system's name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// One record for good: it outlives every snapshot. `id` is the system's own id, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The system that holds it.
    pub system: SystemId,
    /// What it is.
    pub kind: Kind,
    /// The system's own id for it; opaque, case-sensitive.
    pub id: Arc<str>,
}

impl RecordKey {
    /// A key.
    pub fn new(system: SystemId, kind: Kind, id: impl Into<Arc<str>>) -> Self {
        Self { system, kind, id: id.into() }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.system, self.kind, self.id)
    }
}
