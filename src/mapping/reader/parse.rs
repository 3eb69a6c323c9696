//! One run over a page: where the texts are, record by record. `visit` drives it.

use std::fmt::{self, Write};

use super::trie::{Level, Test, Trie};

/// A text: in the page, or in [`Found::arena`] where it had to be written anew (escapes, numbers).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    start: u32,
    len: u32,
}

/// The bit of a length that says that the text is in the arena.
const IN_ARENA: u32 = 1 << 31;

/// Pages are smaller than this, so that offsets and lengths fit their bits.
pub(super) const MAX_PAGE: usize = IN_ARENA as usize - 1;

/// Keys of one object that are remembered in their order; beyond that each is looked up.
const REMEMBERED: usize = 64;

impl Span {
    const EMPTY: Self = Self { start: 0, len: 0 };

    /// A field that is there and has no text.
    const BLANK: Self = Self { start: 1, len: 0 };

    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Whether the field is not there at all; only told where [`Trie::tells_absent`].
    pub fn is_absent(self) -> bool {
        self == Self::EMPTY
    }

    /// A text at a place of the page; nothing where that is beyond what fits.
    pub fn at(start: usize, end: usize) -> Self {
        if end > MAX_PAGE || start >= end {
            return Self::EMPTY;
        }
        Self { start: start as u32, len: (end - start) as u32 }
    }
}

/// An entry of a list: the key's two parts, and the value.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawEntry {
    pub shape: u16,
    pub parts: [Span; 3],
}

/// What was found in a page, record by record.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// `kept` slots per record.
    pub spans: Vec<Span>,
    pub entries: Vec<RawEntry>,
    /// Where each record's entries end.
    pub ends: Vec<u32>,
    pub arena: String,
}

impl Found {
    pub fn records(&self) -> usize {
        self.ends.len()
    }

    #[inline]
    pub fn text<'t>(&'t self, page: &'t str, span: Span) -> &'t str {
        let (start, len) = (span.start as usize, (span.len & !IN_ARENA) as usize);
        let from = if span.len & IN_ARENA == 0 { page } else { &*self.arena };
        from.get(start..start + len).unwrap_or_default()
    }

    /// A text that stands nowhere in the page.
    pub fn keep(&mut self, text: &str) -> Span {
        let start = self.arena.len();
        if text.is_empty() || start + text.len() >= MAX_PAGE {
            return Span::EMPTY;
        }
        self.arena.push_str(text);
        Span { start: start as u32, len: text.len() as u32 | IN_ARENA }
    }

    fn clear(&mut self) {
        self.spans.clear();
        self.entries.clear();
        self.ends.clear();
        self.arena.clear();
    }
}

/// A key that came before, and the node that it leads to.
#[derive(Debug)]
struct Seen {
    key: Box<str>,
    child: Option<u32>,
}

/// One run over a page.
#[derive(Debug)]
pub(super) struct Run<'p> {
    pub trie: &'p Trie,
    page: &'p str,
    pub found: Found,
    scratch: Vec<Span>,
    /// Per node, the keys in the order in which they came: what came fifth will come fifth again.
    seen: Vec<Vec<Seen>>,
    /// A number had digits that a float would not keep.
    pub inexact: bool,
    /// Take leaves as raw text, so that every digit stays. Slower; only for pages that have such numbers.
    pub exact: bool,
}

impl<'p> Run<'p> {
    pub fn new(trie: &'p Trie, page: &'p str) -> Self {
        Self {
            trie,
            page,
            found: Found::default(),
            scratch: vec![Span::EMPTY; trie.slots],
            seen: trie.nodes.iter().map(|_| Vec::new()).collect(),
            inexact: false,
            exact: false,
        }
    }

    /// Does the same again with every digit of every number where the first time lost some.
    pub fn exactly<T>(&mut self, mut run: impl FnMut(&mut Self) -> T) -> T {
        let first = run(self);
        if !self.inexact {
            return first;
        }
        self.found.clear();
        self.exact = true;
        let second = run(self);
        (self.exact, self.inexact) = (false, false);
        second
    }

    pub fn close(&mut self, entries: usize, whole: bool) {
        if whole {
            self.end();
        } else {
            // Of a record that was cut off nothing is kept.
            self.found.entries.truncate(entries);
        }
    }

    pub fn begin(&mut self) -> usize {
        self.scratch.fill(Span::EMPTY);
        self.found.entries.len()
    }

    fn end(&mut self) {
        self.found.spans.extend_from_slice(&self.scratch[..self.trie.kept]);
        self.found.ends.push(self.found.entries.len() as u32);
    }

    #[inline]
    pub fn step(&mut self, node: u32, key: &str, at: &mut usize) -> Option<u32> {
        let seen = &mut self.seen[node as usize];
        if let Some(next) = seen.get(*at)
            && *next.key == *key
        {
            *at += 1;
            return next.child;
        }
        if let Some(found) = seen.iter().position(|have| *have.key == *key) {
            *at = found + 1;
            return seen[found].child;
        }
        let child = self.trie.resolve(node, key);
        if seen.len() < REMEMBERED {
            *at = (*at).min(seen.len());
            seen.insert(*at, Seen { key: key.into(), child });
            *at += 1;
        }
        child
    }

    #[inline]
    fn put(&mut self, node: u32, span: Span) {
        for &slot in &self.trie.nodes[node as usize].leaf {
            let slot = &mut self.scratch[slot as usize];
            if slot.is_empty() {
                *slot = span;
            }
        }
    }

    #[inline]
    pub fn wants(&self, node: u32) -> bool {
        !self.trie.nodes[node as usize].leaf.is_empty()
    }

    #[inline]
    pub fn borrowed(&mut self, node: u32, text: &str) {
        if text.is_empty() {
            return self.blank(node);
        }
        if !self.wants(node) {
            return;
        }
        match text.as_ptr().addr().checked_sub(self.page.as_ptr().addr()) {
            Some(start) if start + text.len() <= self.page.len() => {
                self.put(node, Span { start: start as u32, len: text.len() as u32 });
            }
            _ => self.owned(node, format_args!("{text}")),
        }
    }

    /// A field that is there without a value.
    #[inline]
    pub fn blank(&mut self, node: u32) {
        if self.trie.tells_absent && self.wants(node) {
            self.put(node, Span::BLANK);
        }
    }

    pub fn owned(&mut self, node: u32, text: fmt::Arguments<'_>) {
        if !self.wants(node) {
            return;
        }
        let start = self.found.arena.len();
        // Writing to a String does not fail.
        let _ = self.found.arena.write_fmt(text);
        let len = self.found.arena.len() - start;
        if len > 0 && self.found.arena.len() < MAX_PAGE {
            self.put(node, Span { start: start as u32, len: len as u32 | IN_ARENA });
        }
    }

    pub fn begin_elem(&mut self, elem: u32) -> usize {
        for &slot in &self.trie.elems[elem as usize].clear {
            self.scratch[slot as usize] = Span::EMPTY;
        }
        self.found.entries.len()
    }

    /// What an element that has ended is good for. `start`: the entries that came before it.
    #[inline]
    pub fn end_elem(&mut self, elem: u32, index: u32, start: usize) {
        let elem = &self.trie.elems[elem as usize];
        for pick in &elem.picks {
            let chosen = match &pick.test {
                Test::Any => true,
                Test::Index(wanted) => *wanted == index,
                Test::Is(slot, value) => {
                    self.found.text(self.page, self.scratch[*slot as usize]).eq_ignore_ascii_case(value)
                }
                Test::Lacks(slot) => self.scratch[*slot as usize].is_empty(),
            };
            if !chosen {
                continue;
            }
            for &(from, to) in &pick.moves {
                if self.scratch[to as usize].is_empty() {
                    self.scratch[to as usize] = self.scratch[from as usize];
                }
            }
        }
        for level in &elem.lists {
            if level.innermost {
                let mut entry = RawEntry { shape: level.shape, parts: [Span::EMPTY; 3] };
                fill(&self.scratch, level, &mut entry);
                self.found.entries.push(entry);
            } else {
                for entry in self.found.entries[start..].iter_mut().filter(|entry| entry.shape == level.shape) {
                    fill(&self.scratch, level, entry);
                }
            }
        }
    }
}

fn fill(scratch: &[Span], level: &Level, entry: &mut RawEntry) {
    for (part, slots) in &level.parts {
        let first = slots.iter().map(|slot| scratch[*slot as usize]).find(|span| !span.is_empty());
        entry.parts[*part as usize] = first.unwrap_or_default();
    }
}
