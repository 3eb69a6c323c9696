//! How an identity stands in a target.

use super::Rung;
use crate::model::{Attr, AttrPath};

/// No row.
pub const NO_ROW: u32 = u32::MAX;

/// In a row's flags: there is lint about it.
pub(super) const LINT: u8 = 1;
/// In a row's flags: a difference was waived.
pub(super) const WAIVED: u8 = 2;
/// In a row's flags: something was not read.
pub(super) const UNREAD: u8 = 4;

/// How an identity stands in one target: the table of DESIGN.md section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Pairing {
    /// Not there and need not be, or there and nothing to judge: never counted.
    None,
    /// There, linked, nothing differs.
    Same,
    /// There, linked, something differs (also: to be reactivated).
    Differs,
    /// Should be there and is not: create.
    Missing,
    /// There, and nobody in the (proved) source: deactivate.
    Extra,
    /// Inactive in the source, active there: deactivate.
    Leaver,
    /// Out of scope, and active there.
    Leaving,
    /// Nobody can say: several candidates, or a filter over what was not read.
    Undecided,
    /// Records that are shown and judged by nobody (no authority, reference data, the source is not proved).
    Shown,
}

impl Pairing {
    /// The word in JSON lines and filters; empty where it is no mismatch.
    pub const fn state(self) -> &'static str {
        match self {
            Self::None | Self::Same | Self::Shown => "",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Leaver => "leaver",
            Self::Leaving => "leaving",
            Self::Undecided => "undecided",
        }
    }

    /// All of them, in the order in which they are declared.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Same,
        Self::Differs,
        Self::Missing,
        Self::Extra,
        Self::Leaver,
        Self::Leaving,
        Self::Undecided,
        Self::Shown,
    ];

    /// The word that a filter's `state` is compared with; empty where nothing is judged.
    pub const fn answer(self) -> &'static str {
        if matches!(self, Self::Same) { "same" } else { self.state() }
    }

    /// Whether it counts as out of true.
    pub const fn counts(self) -> bool {
        !matches!(self, Self::None | Self::Same | Self::Shown)
    }
}

/// One identity in one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowState {
    /// How it stands.
    pub pairing: Pairing,
    /// Whether there is lint about it.
    pub lint: bool,
    /// Whether a difference was waived.
    pub waived: bool,
    /// Whether something of it was not read.
    pub unread: bool,
    /// How many attributes differ (a list counts as one).
    pub differ: u16,
    /// What linked it, where it is linked.
    pub by: Option<Rung>,
}

/// An attribute that both sides have and that is compared.
#[derive(Clone, Debug)]
pub struct Compares {
    /// The canonical path.
    pub path: AttrPath,
    /// In the source's schema. Where the source has no such attribute, the first of `composed`.
    pub source: Attr,
    /// In the target's schema.
    pub target: Attr,
    /// Attributes of the source that make it where the source's own is empty: given and family name for `displayName`.
    pub composed: Vec<Attr>,
}

/// How many identities stand how in one target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Nothing differs.
    pub same: u32,
    /// Something differs.
    pub differs: u32,
    /// To be created.
    pub missing: u32,
    /// To be deactivated: nobody in the source.
    pub extra: u32,
    /// To be deactivated: inactive in the source.
    pub leaver: u32,
    /// Out of scope.
    pub leaving: u32,
    /// Nobody can say.
    pub undecided: u32,
}

impl Tally {
    /// All that is out of true.
    pub fn out_of_true(&self) -> u32 {
        self.differs + self.missing + self.extra + self.leaver + self.leaving + self.undecided
    }
}
