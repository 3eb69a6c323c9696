//! The outcome per identity and target.

use std::sync::Arc;

use super::Rung;
use super::facts::Facts;
use super::refs::Index;
use super::tie::Identities;
use crate::model::{Attr, AttrPath, Kind, Row};

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

/// All identities of one kind, as columns: one row per identity, one column per system.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The kind.
    pub kind: Kind,
    /// How many identities. Those of the source (or reference) come first, in its order.
    pub len: u32,
    /// The records of all systems, tied together.
    pub(super) tied: Arc<Identities>,
    /// `pairings[system][identity]`; empty for the source.
    pub pairings: Vec<Vec<Pairing>>,
    /// `flags[system][identity]`: 1 lint, 2 waived, 4 unread, 8.. the rung.
    pub flags: Vec<Vec<u8>>,
    /// `bits[system][identity * words ..]`: which of `compares[system]` differ.
    pub bits: Vec<Vec<u64>>,
    /// Words per identity in `bits`, at least 1.
    pub words: Vec<usize>,
    /// Per system, what is compared; empty for the source.
    pub compares: Vec<Vec<Compares>>,
    /// Per system.
    pub tallies: Vec<Tally>,
    /// Per system, how everybody stood before anything of them was compared, and what comparing them came to before
    /// anybody was judged by it: the next comparison takes over what nothing has changed for.
    pub(super) standing: Vec<Arc<Vec<Pairing>>>,
    /// See `standing`.
    pub(super) facts: Vec<Arc<Facts>>,
    /// Per system, its records and the base's by key.
    pub(super) index: Vec<Arc<Index>>,
    /// Per system, where its texts could hurt a terminal.
    pub(super) hostile: Vec<Arc<[(Attr, Row)]>>,
}

/// No row.
pub const NO_ROW: u32 = u32::MAX;

impl Comparison {
    /// A comparison of nothing.
    pub fn empty(kind: Kind) -> Self {
        Self {
            kind,
            len: 0,
            tied: Arc::default(),
            pairings: Vec::new(),
            flags: Vec::new(),
            bits: Vec::new(),
            words: Vec::new(),
            compares: Vec::new(),
            tallies: Vec::new(),
            standing: Vec::new(),
            facts: Vec::new(),
            index: Vec::new(),
            hostile: Vec::new(),
        }
    }

    /// A system's row of an identity.
    pub fn row(&self, identity: u32, system: usize) -> Option<Row> {
        match *self.tied.of.get(system)?.get(identity as usize)? {
            NO_ROW => None,
            row => Some(Row(row)),
        }
    }

    /// The identity of a system's row.
    pub fn identity_of(&self, system: usize, row: Row) -> Option<u32> {
        self.tied.identity.get(system)?.get(row.0 as usize).copied().filter(|identity| *identity != NO_ROW)
    }

    /// Whether a difference of an identity was adopted in a target.
    pub fn waived(&self, identity: u32, system: usize) -> bool {
        let flags = self.flags.get(system).and_then(|flags| flags.get(identity as usize));
        flags.is_some_and(|flags| flags & 2 != 0)
    }

    /// How an identity stands in a target. `None` for the source itself.
    pub fn state(&self, identity: u32, system: usize) -> Option<RowState> {
        let at = identity as usize;
        let pairing = *self.pairings.get(system)?.get(at)?;
        let flags = self.flags[system][at];
        let words = self.words[system];
        let differ = self.bits[system][at * words..(at + 1) * words].iter().map(|word| word.count_ones() as u16).sum();
        Some(RowState {
            pairing,
            lint: flags & 1 != 0,
            waived: flags & 2 != 0,
            unread: flags & 4 != 0,
            differ,
            by: match flags >> 3 {
                1 => Some(Rung::Kept),
                2 => Some(Rung::Key),
                3 => Some(Rung::Folded),
                _ => None,
            },
        })
    }

    /// The attributes in which an identity differs in a target.
    pub fn differing(&self, identity: u32, system: usize) -> impl Iterator<Item = &Compares> {
        let words = self.words[system];
        let bits = &self.bits[system][identity as usize * words..(identity as usize + 1) * words];
        self.compares[system]
            .iter()
            .enumerate()
            .filter(move |(at, _)| bits[at / 64] >> (at % 64) & 1 == 1)
            .map(|(_, compares)| compares)
    }
}
