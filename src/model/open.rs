//! Columns and edges that still grow.

use super::chunk::{Column, Edges, Entry, UNREAD, mark};
use super::dict::Interner;

/// A text attribute of the rows that are not sealed yet.
#[derive(Debug, Default)]
pub(super) struct OpenColumn {
    /// The values hardly repeat: they are kept as they are.
    pub plain: bool,
    /// A second feed brings it.
    pub later: bool,
    pub ends: Vec<u32>,
    pub text: String,
    pub codes: Vec<u32>,
    pub unread: Vec<u64>,
}

impl OpenColumn {
    pub fn len(&self) -> usize {
        if self.plain { self.ends.len() } else { self.codes.len() }
    }

    #[inline]
    pub fn push(&mut self, text: &str, interner: &mut Interner) {
        if self.plain {
            self.push_plain(text);
        } else {
            self.codes.push(interner.code(text).unwrap_or(UNREAD));
        }
    }

    #[inline]
    fn push_plain(&mut self, text: &str) {
        if self.text.len() + text.len() > u32::MAX as usize {
            // 4 GiB in one column of 4,096 rows: what finds no room is not called empty.
            self.push_unread();
        } else {
            self.text.push_str(text);
            self.ends.push(self.text.len() as u32);
        }
    }

    /// A text that has a code already.
    pub fn push_code(&mut self, code: u32, interner: &Interner) {
        if self.plain {
            self.push_plain(interner.get(code));
        } else {
            self.codes.push(code);
        }
    }

    pub fn push_unread(&mut self) {
        if self.plain {
            mark(&mut self.unread, self.ends.len());
            self.ends.push(self.text.len() as u32);
        } else {
            self.codes.push(UNREAD);
        }
    }

    /// What was not read is empty from now on.
    pub fn settle(&mut self) {
        self.later = false;
        self.unread.clear();
        self.codes.iter_mut().filter(|code| **code == UNREAD).for_each(|code| *code = 0);
    }

    pub fn seal(&self) -> Column {
        if self.plain {
            Column::Plain {
                ends: self.ends.as_slice().into(),
                text: self.text.as_str().into(),
                unread: bits(&self.unread, self.ends.len()),
            }
        } else {
            Column::Coded { codes: self.codes.as_slice().into() }
        }
    }

    pub fn clear(&mut self) {
        self.ends.clear();
        self.text.clear();
        self.codes.clear();
        self.unread.clear();
    }
}

fn bits(bits: &[u64], rows: usize) -> Option<Box<[u64]>> {
    if bits.iter().all(|word| *word == 0) {
        return None;
    }
    let mut whole = bits.to_vec();
    whole.resize(rows.div_ceil(64), 0);
    Some(whole.into())
}

/// A list attribute of the rows that are not sealed yet.
#[derive(Debug, Default)]
pub(super) struct OpenEdges {
    /// A second feed brings it.
    pub later: bool,
    pub offsets: Vec<u32>,
    pub entries: Vec<Entry>,
    pub unread: Vec<u64>,
    /// Whether the started row's list is known to have been read, or not to have been.
    pub read: Option<bool>,
}

impl OpenEdges {
    pub fn end_row(&mut self) {
        let start = self.offsets.last().map_or(0, |&end| end as usize);
        let none = self.entries.len() == start;
        if self.entries.len() - start > 1 {
            self.entries[start..].sort_unstable();
            tidy(&mut self.entries, start);
        }
        if none && !self.read.take().unwrap_or(!self.later) {
            mark(&mut self.unread, self.offsets.len());
        }
        self.read = None;
        self.offsets.push(self.entries.len() as u32);
    }

    /// What was not read is empty from now on.
    pub fn settle(&mut self) {
        self.later = false;
        self.unread.clear();
    }

    pub fn seal(&self) -> Edges {
        Edges {
            offsets: self.offsets.as_slice().into(),
            entries: self.entries.as_slice().into(),
            unread: bits(&self.unread, self.offsets.len()),
        }
    }

    pub fn clear(&mut self) {
        self.offsets.clear();
        self.entries.clear();
        self.unread.clear();
    }
}

/// An entry that was said twice is one entry; sorted from `start` on.
fn tidy(entries: &mut Vec<Entry>, start: usize) {
    let mut kept = start + 1;
    for at in start + 1..entries.len() {
        if entries[at] != entries[kept - 1] {
            entries[kept] = entries[at];
            kept += 1;
        }
    }
    entries.truncate(kept);
}
