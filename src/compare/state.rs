//! What a comparison came to.

use std::sync::Arc;

use super::lane::facts::Facts;
use super::lane::refs::{Index, Standing};
use super::pairing::{LINT, NO_ROW, UNREAD, WAIVED};
use super::who::tie::Identities;
use super::{Compares, Inputs, Lint, Pairing, RowState, Rung, Tally};
use crate::model::{Attr, Kind, RecordKey, Row};

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
    /// How many identities are out of true in a target or in several: each once, however many mismatches it has.
    pub out: u32,
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
            out: 0,
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
        flags.is_some_and(|flags| flags & WAIVED != 0)
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
            lint: flags & LINT != 0,
            waived: flags & WAIVED != 0,
            unread: flags & UNREAD != 0,
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

    /// How the records of the kind stand in a target, for what refers to them.
    pub(super) fn standing_in(&self, system: usize) -> Standing<'_> {
        fn column<T>(columns: &[Vec<T>], system: usize) -> &[T] {
            columns.get(system).map_or(&[], |column| column)
        }
        Standing {
            of: column(&self.tied.of, system),
            pairings: column(&self.pairings, system),
            identity: column(&self.tied.identity, system),
            index: self.index.get(system).cloned().unwrap_or_default(),
        }
    }
}

/// The outcome for all kinds.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What it was made of.
    pub inputs: Arc<Inputs>,
    /// A comparison per kind, by [`Kind::index`].
    pub kinds: [Arc<Comparison>; 4],
    /// Faults inside a system, or that a write would hit.
    pub lints: Arc<[Lint]>,
}

impl Compared {
    /// The comparison of one kind.
    pub fn kind(&self, kind: Kind) -> &Arc<Comparison> {
        &self.kinds[kind.index()]
    }

    /// The key of an identity's record in a system, where it has one.
    pub fn record(&self, kind: Kind, identity: u32, system: usize) -> Option<RecordKey> {
        let view = self.inputs.systems.get(system)?;
        let row = self.kind(kind).row(identity, system)?;
        Some(RecordKey::new(view.id.clone(), kind, view.snapshot(kind)?.table.id(row)))
    }
}
