use serde::{Deserialize, Serialize};

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// A record is deleted for good.
    Delete,
    /// An account is switched off.
    Deactivate,
    /// An entry of a keyed list is taken away.
    Drop,
    /// A record is created.
    Create,
    /// An account is switched on again.
    Reactivate,
    /// An attribute is set, or an entry of a keyed list gets another value.
    Set,
    /// An entry of a keyed list is added.
    Put,
}

impl Op {
    /// All, removals first: the order in which a plan shows them.
    pub const ALL: [Self; 7] =
        [Self::Delete, Self::Deactivate, Self::Drop, Self::Create, Self::Reactivate, Self::Set, Self::Put];

    /// Whether something is taken away: wants a complete snapshot and mode `full`, and is left out of bulk staging.
    pub const fn removes(self) -> bool {
        matches!(self, Self::Delete | Self::Deactivate | Self::Drop)
    }

    /// The operation's name in files and JSON lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Deactivate => "deactivate",
            Self::Drop => "remove",
            Self::Create => "create",
            Self::Reactivate => "reactivate",
            Self::Set => "set",
            Self::Put => "add",
        }
    }
}
