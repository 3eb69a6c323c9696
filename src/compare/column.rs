//! Reading whole columns fast: rows in any order, chunk by chunk underneath.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rayon::prelude::*;

use crate::model::fold::{folded, same};
use crate::model::{Attr, CHUNK_ROWS, Cell, Column, Dict, Fold, Form, Table};

/// The hash of a row whose key is empty.
pub(super) const NO_KEY: u32 = 0;
/// The hash of a row whose key was not read.
pub(super) const UNREAD_KEY: u32 = 1;

/// One text attribute of all rows of a table.
pub(super) struct Texts<'t> {
    parts: Vec<Part<'t>>,
    pub(super) dict: &'t Dict,
}

/// One chunk of it.
pub(super) enum Part<'t> {
    Coded(&'t [u32]),
    Plain { ends: &'t [u32], text: &'t str, unread: Option<&'t [u64]> },
}

impl<'t> Part<'t> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Coded(codes) => codes.len(),
            Self::Plain { ends, .. } => ends.len(),
        }
    }

    /// A row's text; `None` where it was not read.
    #[inline]
    pub(super) fn get(&self, at: usize, dict: &'t Dict) -> Option<&'t str> {
        match self {
            Self::Coded(codes) => match codes[at] {
                u32::MAX => None,
                code => Some(dict.get(code)),
            },
            Self::Plain { ends, text, unread } => {
                if unread.is_some_and(|bits| bits[at / 64] >> (at % 64) & 1 == 1) {
                    return None;
                }
                let start = if at == 0 { 0 } else { ends[at - 1] as usize };
                Some(&text[start..ends[at] as usize])
            }
        }
    }
}

impl<'t> Texts<'t> {
    /// `None` for a list, and for what the system never returns.
    pub(super) fn new(table: &'t Table, attr: Attr) -> Option<Self> {
        let def = table.schema().def(attr);
        if def.form != Form::Text || def.unreadable {
            return None;
        }
        let parts = table
            .chunks()
            .iter()
            .map(|chunk| match chunk.column(def.slot) {
                Column::Coded { codes } => Part::Coded(codes),
                Column::Plain { ends, text, unread } => Part::Plain { ends, text, unread: unread.as_deref() },
            })
            .collect();
        Some(Self { parts, dict: table.dict(def.slot) })
    }

    pub(super) fn parts(&self) -> &[Part<'t>] {
        &self.parts
    }

    /// A row's text; `None` where it was not read.
    #[inline]
    pub(super) fn get(&self, row: u32) -> Option<&'t str> {
        self.parts[row as usize / CHUNK_ROWS].get(row as usize % CHUNK_ROWS, self.dict)
    }

    /// A row's cell.
    pub(super) fn cell(&self, row: u32) -> Cell<'t> {
        match self.get(row) {
            None => Cell::Unread,
            Some("") => Cell::Empty,
            Some(text) => Cell::Value(text),
        }
    }

    /// Whether any row has a value: what is empty for all is not served at all.
    pub(super) fn served(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Coded(codes) => codes.iter().any(|&code| code != 0 && code != u32::MAX),
            Part::Plain { text, .. } => !text.is_empty(),
        })
    }

    /// A hash of each row's folded text, [`NO_KEY`] or [`UNREAD_KEY`].
    pub(super) fn hashes(&self, fold: Fold) -> Vec<u32> {
        let coded = self.parts.iter().any(|part| matches!(part, Part::Coded(_)));
        let by_code: Vec<u32> = if coded {
            let mut scratch = String::new();
            self.dict.iter().map(|text| hash(text, fold, &mut scratch)).collect()
        } else {
            Vec::new()
        };
        let mut hashes = vec![NO_KEY; self.parts.iter().map(Part::len).sum()];
        hashes.par_chunks_mut(CHUNK_ROWS).zip(&self.parts).for_each(|(out, part)| match part {
            Part::Coded(codes) => {
                for (out, &code) in out.iter_mut().zip(*codes) {
                    *out = if code == u32::MAX { UNREAD_KEY } else { by_code[code as usize] };
                }
            }
            Part::Plain { .. } => {
                let mut scratch = String::new();
                for (at, out) in out.iter_mut().enumerate() {
                    *out = part.get(at, self.dict).map_or(UNREAD_KEY, |text| hash(text, fold, &mut scratch));
                }
            }
        });
        hashes
    }
}

/// The hash of a folded text; [`NO_KEY`] for what folds to nothing. Half the bits make half the memory, and memory is what
/// takes the time; two texts of one hash are told apart by the texts.
pub(super) fn hash(text: &str, fold: Fold, scratch: &mut String) -> u32 {
    match folded(text, fold, scratch) {
        "" => NO_KEY,
        text => {
            let mut hasher = FixedState::default().build_hasher();
            hasher.write(text.as_bytes());
            (hasher.finish() as u32).max(UNREAD_KEY + 1)
        }
    }
}

/// The same for a table that wants all bits to differ.
pub(super) fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Rows that are looked up are in any order, so each text is somewhere else in memory. Touching a block of them first, without
/// looking at what is there, lets the processor fetch them all at once instead of one after the other.
pub(super) const BLOCK: usize = 32;

/// Touches the texts of a block of rows.
pub(super) fn fetch(parts: &[Part<'_>], rows: &[u32]) {
    let mut starts = [(0_usize, 0_usize); BLOCK];
    for (start, &row) in starts.iter_mut().zip(rows) {
        if let Some(Part::Plain { ends, .. }) = parts.get(row as usize / CHUNK_ROWS) {
            let at = row as usize % CHUNK_ROWS;
            *start = (row as usize / CHUNK_ROWS, if at == 0 { 0 } else { ends[at - 1] as usize });
        }
    }
    let mut touched = 0_u8;
    for (chunk, start) in starts {
        if let Some(Part::Plain { text, .. }) = parts.get(chunk) {
            touched ^= text.as_bytes().get(start).copied().unwrap_or_default();
        }
    }
    std::hint::black_box(touched);
}

/// Codes of two dictionaries that are equal where the folded texts are. Codes that only the target has come after all of
/// the source's.
pub(super) fn join(source: &Dict, target: &Dict, fold: Fold) -> [Vec<u32>; 2] {
    let mut scratch = String::new();
    let mut index: HashTable<u32> = HashTable::with_capacity(source.len() as usize);
    let mut hashes: Vec<u32> = Vec::with_capacity(source.len() as usize);
    let mut ours: Vec<u32> = Vec::with_capacity(source.len() as usize);
    for (code, text) in (0_u32..).zip(source.iter()) {
        let hash = hash(text, fold, &mut scratch);
        hashes.push(hash);
        if hash == NO_KEY {
            ours.push(0);
            continue;
        }
        let alike = |&at: &u32| hashes[at as usize] == hash && same(source.get(at), text, fold);
        let found = index.find(spread(hash), alike).copied();
        ours.push(found.unwrap_or_else(|| {
            index.insert_unique(spread(hash), code, |&at| spread(hashes[at as usize]));
            code
        }));
    }
    let theirs = (source.len()..)
        .zip(target.iter())
        .map(|(fresh, text)| {
            let hash = hash(text, fold, &mut scratch);
            if hash == NO_KEY {
                return 0;
            }
            let alike = |&at: &u32| hashes[at as usize] == hash && same(source.get(at), text, fold);
            index.find(spread(hash), alike).copied().unwrap_or(fresh)
        })
        .collect();
    [ours, theirs]
}
