//! The distinct texts of a column, and who has which id.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::row::CHUNK_ROWS;

#[inline]
pub(super) fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

#[derive(Clone, Debug, Default)]
struct Block {
    ends: Vec<u32>,
    text: String,
}

impl Block {
    #[inline]
    fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.text[start..self.ends[at] as usize]
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }
}

/// The distinct texts of one column of one system, by code. Code 0 is the empty text.
#[derive(Clone, Debug, Default)]
pub struct Dict {
    blocks: Vec<Arc<Block>>,
    len: u32,
}

/// A dictionary with nothing in it.
pub(super) static NO_DICT: Dict = Dict { blocks: Vec::new(), len: 0 };

impl Dict {
    /// How many codes there are; codes are `0..len`.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is not even the empty text.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The text of a code; empty for a code that is not there.
    #[inline]
    pub fn get(&self, code: u32) -> &str {
        if code >= self.len {
            return "";
        }
        self.blocks[code as usize / CHUNK_ROWS].get(code as usize % CHUNK_ROWS)
    }

    /// All texts in code order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len).map(|code| self.get(code))
    }
}

/// A dictionary that grows.
#[derive(Debug, Default)]
pub(super) struct Interner {
    sealed: Vec<Arc<Block>>,
    tail: Block,
    index: HashTable<(u32, u32)>,
    len: u32,
}

impl Interner {
    pub fn new() -> Self {
        let mut made = Self::default();
        made.tail.push("");
        made.len = 1;
        made
    }

    pub fn len(&self) -> u32 {
        self.len
    }

    /// The text of a code that it gave.
    #[inline]
    pub fn get(&self, code: u32) -> &str {
        let (block, at) = (code as usize / CHUNK_ROWS, code as usize % CHUNK_ROWS);
        self.sealed.get(block).map_or_else(|| self.tail.get(at), |block| block.get(at))
    }

    /// The code of a text. `None`: there is no room for it (4 GiB in 4,096 texts).
    #[inline]
    pub fn code(&mut self, text: &str) -> Option<u32> {
        if text.is_empty() {
            return Some(0);
        }
        let short = short(text);
        if let Some(&(_, code)) =
            self.index.find(spread(short), |&(have, code)| have == short && self.get(code) == text)
        {
            return Some(code);
        }
        if self.tail.text.len() + text.len() > u32::MAX as usize || self.len >= u32::MAX - 1 {
            return None;
        }
        let code = self.len;
        self.tail.push(text);
        self.len += 1;
        if self.tail.ends.len() == CHUNK_ROWS {
            self.tail.text.shrink_to_fit();
            self.sealed.push(Arc::new(std::mem::take(&mut self.tail)));
        }
        self.index.insert_unique(spread(short), (short, code), |&(short, _)| spread(short));
        Some(code)
    }

    pub fn dict(&self) -> Dict {
        let mut blocks = self.sealed.clone();
        if !self.tail.ends.is_empty() {
            blocks.push(Arc::new(self.tail.clone()));
        }
        Dict { blocks, len: self.len }
    }
}

/// Half a hash: it is kept beside each code, so that growing an index looks at no text again.
#[inline]
fn short(text: &str) -> u32 {
    (hash(text) >> 16) as u32
}

/// The hash that an index is asked with: the table takes its position from the low bits and its tag from the top ones.
#[inline]
fn spread(short: u32) -> u64 {
    u64::from(short).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Rows by id.
#[derive(Debug, Default)]
pub(super) struct IdIndex {
    index: HashTable<(u32, u32)>,
}

impl IdIndex {
    pub fn with_capacity(rows: usize) -> Self {
        Self { index: HashTable::with_capacity(rows) }
    }

    /// The row with this id; `id_of` tells a row's.
    #[inline]
    pub fn find<'t>(&self, id: &str, id_of: impl Fn(u32) -> &'t str) -> Option<u32> {
        let short = short(id);
        self.index.find(spread(short), |&(have, row)| have == short && id_of(row) == id).map(|&(_, row)| row)
    }

    /// Takes up a row whose id is not there yet.
    pub fn insert(&mut self, id: &str, row: u32) {
        let short = short(id);
        self.index.insert_unique(spread(short), (short, row), |&(short, _)| spread(short));
    }
}
