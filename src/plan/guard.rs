use serde::{Deserialize, Serialize};

use crate::model::{Kind, Op, SystemId};

/// What may be done to a system at all. The engine enforces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is written.
    #[default]
    ReadOnly,
    /// Nothing is taken away: no deactivate, delete or removal.
    AppendOnly,
    /// Everything that the connector offers.
    Full,
}

impl Mode {
    /// The mode's name in the configuration and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::AppendOnly => "append-only",
            Self::Full => "full",
        }
    }

    /// Whether it lets an operation through.
    pub const fn allows(self, op: Op) -> bool {
        match self {
            Self::ReadOnly => false,
            Self::AppendOnly => !op.removes(),
            Self::Full => true,
        }
    }
}

/// How many records a push may take away from a system at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Deactivations.
    pub deactivate: u32,
    /// Deletions.
    pub delete: u32,
    /// Entries taken away.
    pub remove: u32,
    /// Percent of the records of the kind, 0 to 100: deactivations and deletions together.
    pub percent: u32,
}

impl Default for Limits {
    /// Deactivate 10 or 5 %, delete 0 (DESIGN.md section 4, promise 5).
    fn default() -> Self {
        Self { deactivate: 10, delete: 0, remove: 100, percent: 5 }
    }
}

/// What a system's owner allows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Policy {
    /// What may be done at all.
    pub mode: Mode,
    /// How much may be taken away.
    pub limits: Limits,
    /// A production system: its name must be typed.
    pub production: bool,
    /// Records that are never touched: a filter over the target's record, as text.
    pub protect: Option<String>,
}

/// A rule that stands in the way of a push, with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The rule's name (`limit-deactivate`, `read-only`, `incomplete`, `protected`).
    pub rule: String,
    /// The system.
    pub system: SystemId,
    /// The kind, where it is about one.
    pub kind: Option<Kind>,
    /// What happened, the numbers, and how to acknowledge it, in words.
    pub text: String,
    /// Whether it may be acknowledged at all.
    pub can_acknowledge: bool,
    /// Whether the operator did.
    pub acknowledged: bool,
}
