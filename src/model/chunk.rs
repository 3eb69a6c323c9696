//! Up to 4,096 records as sealed columns.

use std::sync::Arc;

use super::dict::{Dict, NO_DICT};

/// The code of a cell that was not read.
pub const UNREAD: u32 = u32::MAX;

/// One text attribute of one chunk.
#[derive(Clone, Debug)]
pub enum Column {
    /// Texts one after the other; `ends[n]` is where row `n`'s ends. No text is `Empty`. `unread` has a bit per row.
    Plain {
        /// End offsets in `text`, in bytes.
        ends: Box<[u32]>,
        /// All texts.
        text: Box<str>,
        /// Rows that were not read, a bit each; absent where all were.
        unread: Option<Box<[u64]>>,
    },
    /// Codes in the column's dictionary; `0` is `Empty`, `u32::MAX` unread.
    Coded {
        /// A code per row.
        codes: Box<[u32]>,
    },
}

impl Column {
    /// A row's text, `None` where it was not read. `dict` is the column's dictionary in the same table.
    pub fn text<'t>(&'t self, at: usize, dict: &'t Dict) -> Option<&'t str> {
        match self {
            Self::Plain { ends, text, unread } => {
                if marked(unread.as_deref(), at) {
                    return None;
                }
                let start = if at == 0 { 0 } else { ends[at - 1] as usize };
                Some(&text[start..ends[at] as usize])
            }
            Self::Coded { codes } => match codes[at] {
                UNREAD => None,
                code => Some(dict.get(code)),
            },
        }
    }
}

/// One entry of a keyed list, as codes in the list's dictionaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The one or two parts of the key; a part that the list does not have is `0`.
    pub key: [u32; 2],
    /// The value; `0` for none.
    pub value: u32,
}

/// One list attribute of one chunk: each row's entries, sorted by key code.
#[derive(Clone, Debug)]
pub struct Edges {
    pub(super) offsets: Box<[u32]>,
    pub(super) entries: Box<[Entry]>,
    pub(super) unread: Option<Box<[u64]>>,
}

impl Edges {
    /// A row's entries, `None` where they were not read.
    pub fn of(&self, at: usize) -> Option<&[Entry]> {
        if marked(self.unread.as_deref(), at) {
            return None;
        }
        let start = if at == 0 { 0 } else { self.offsets[at - 1] as usize };
        Some(&self.entries[start..self.offsets[at] as usize])
    }
}

/// Up to `CHUNK_ROWS` records, sealed.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub(super) rows: u32,
    pub(super) ids: Arc<Column>,
    pub(super) cols: Vec<Arc<Column>>,
    pub(super) edges: Vec<Arc<Edges>>,
    pub(super) page: Arc<[u32]>,
}

impl Chunk {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows as usize
    }

    /// The column of a text attribute, by its slot.
    pub fn column(&self, slot: u16) -> &Column {
        &self.cols[slot as usize]
    }

    /// The edges of a list attribute, by its slot.
    pub fn edges(&self, slot: u16) -> &Edges {
        &self.edges[slot as usize]
    }

    /// The id of a row.
    pub fn id(&self, at: usize) -> &str {
        self.ids.text(at, &NO_DICT).unwrap_or_default()
    }

    /// The ids of all rows, which are never coded.
    pub fn ids(&self) -> &Column {
        &self.ids
    }

    /// The number of the page that a row came on, counted from 0 within the walk.
    pub fn page(&self, at: usize) -> u32 {
        self.page[at]
    }
}

/// The dictionaries of one list attribute.
#[derive(Clone, Debug, Default)]
pub struct ListDicts {
    /// The texts of the key's two parts.
    pub key: [Dict; 2],
    /// The texts of the values.
    pub value: Dict,
}

/// Whether a row's bit is set.
pub(super) fn marked(bits: Option<&[u64]>, at: usize) -> bool {
    bits.is_some_and(|bits| bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1))
}

/// Sets a row's bit.
pub(super) fn mark(bits: &mut Vec<u64>, at: usize) {
    if bits.len() <= at / 64 {
        bits.resize(at / 64 + 1, 0);
    }
    bits[at / 64] |= 1 << (at % 64);
}
