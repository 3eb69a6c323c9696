//! A page through the trie: JSON drives it, texts stay where they are in the page.

use std::fmt::{self, Write};

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::trie::{Level, ROOT, Test, Trie};

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

    pub fn is_empty(self) -> bool {
        self.len == 0
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

    pub fn text<'t>(&'t self, page: &'t str, span: Span) -> &'t str {
        let (start, len) = (span.start as usize, (span.len & !IN_ARENA) as usize);
        let from = if span.len & IN_ARENA == 0 { page } else { &*self.arena };
        from.get(start..start + len).unwrap_or_default()
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
    trie: &'p Trie,
    page: &'p str,
    pub found: Found,
    scratch: Vec<Span>,
    /// Per node, the keys in the order in which they came: what came fifth will come fifth again.
    seen: Vec<Vec<Seen>>,
    /// A number had digits that a float would not keep.
    inexact: bool,
    /// Take leaves as raw text, so that every digit stays. Slower; only for pages that have such numbers.
    exact: bool,
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

    /// One document that is a record.
    pub fn record<'de, D: Deserializer<'de>>(&mut self, from: D) -> Result<(), D::Error> {
        RecordSeed { run: self }.deserialize(from)
    }

    /// One record whose brace is already open.
    pub fn record_of<'de, A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        let entries = self.begin();
        let read = Value { run: &mut *self, node: ROOT, arrays: true }.visit_map(map);
        self.close(entries, read.is_ok());
        read
    }

    fn close(&mut self, entries: usize, whole: bool) {
        if whole {
            self.end();
        } else {
            // Of a record that was cut off nothing is kept.
            self.found.entries.truncate(entries);
        }
    }

    fn begin(&mut self) -> usize {
        self.scratch.fill(Span::EMPTY);
        self.found.entries.len()
    }

    fn end(&mut self) {
        self.found.spans.extend_from_slice(&self.scratch[..self.trie.kept]);
        self.found.ends.push(self.found.entries.len() as u32);
    }

    fn step(&mut self, node: u32, key: &str, at: &mut usize) -> Option<u32> {
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

    fn put(&mut self, node: u32, span: Span) {
        for &slot in &self.trie.nodes[node as usize].leaf {
            let slot = &mut self.scratch[slot as usize];
            if slot.is_empty() {
                *slot = span;
            }
        }
    }

    fn wants(&self, node: u32) -> bool {
        !self.trie.nodes[node as usize].leaf.is_empty()
    }

    fn borrowed(&mut self, node: u32, text: &str) {
        if text.is_empty() || !self.wants(node) {
            return;
        }
        match text.as_ptr().addr().checked_sub(self.page.as_ptr().addr()) {
            Some(start) if start + text.len() <= self.page.len() => {
                self.put(node, Span { start: start as u32, len: text.len() as u32 });
            }
            _ => self.owned(node, format_args!("{text}")),
        }
    }

    fn owned(&mut self, node: u32, text: fmt::Arguments<'_>) {
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

    fn begin_elem(&mut self, elem: u32) -> usize {
        for &slot in &self.trie.elems[elem as usize].clear {
            self.scratch[slot as usize] = Span::EMPTY;
        }
        self.found.entries.len()
    }

    /// What an element that has ended is good for. `start`: the entries that came before it.
    fn end_elem(&mut self, elem: u32, index: u32, start: usize) {
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

/// A record.
pub(super) struct RecordSeed<'a, 'p> {
    pub run: &'a mut Run<'p>,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let entries = self.run.begin();
        let read = Value { run: &mut *self.run, node: ROOT, arrays: true }.deserialize(from);
        self.run.close(entries, read.is_ok());
        read
    }
}

/// A field's value.
pub(super) struct Value<'a, 'p> {
    pub run: &'a mut Run<'p>,
    pub node: u32,
    /// Whether an array is looked into; not inside one that nobody told apart.
    pub arrays: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        if !self.run.exact || !self.run.wants(self.node) {
            return from.deserialize_any(self);
        }
        let raw = <&RawValue as serde::Deserialize>::deserialize(from)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => match raw.get(1..raw.len() - 1) {
                Some(inner) if !inner.contains('\\') => self.visit_borrowed_str(inner),
                _ => self.visit_str(&serde_json::from_str::<String>(raw).map_err(D::Error::custom)?),
            },
            Some(b'-' | b'0'..=b'9') => self.visit_borrowed_str(raw),
            _ => serde_json::Deserializer::from_str(raw).deserialize_any(self).map_err(D::Error::custom),
        }
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.run.borrowed(self.node, text);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.run.owned(self.node, format_args!("{text}"));
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.run.owned(self.node, format_args!("{flag}"));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.run.owned(self.node, format_args!("{number}"));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.run.owned(self.node, format_args!("{number}"));
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        // A fraction, or a whole number beyond 64 bits: its digits are only in the page.
        self.run.inexact |= self.run.wants(self.node);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let run = self.run;
        let node = &run.trie.nodes[self.node as usize];
        let bare = node.keys.is_empty() && node.urns.is_none();
        let (inside, alone) = match node.elem {
            // One object where an array was expected is an array of one.
            Some(elem) if bare => (run.trie.elems[elem as usize].node, Some((elem, run.begin_elem(elem)))),
            _ => (self.node, None),
        };
        let mut at = 0;
        while let Some(child) = map.next_key_seed(Key { run: &mut *run, node: inside, at: &mut at })? {
            match child {
                Some(node) => map.next_value_seed(Value { run: &mut *run, node, arrays: true })?,
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if let Some((elem, start)) = alone {
            run.end_elem(elem, 0, start);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let run = self.run;
        let node = &run.trie.nodes[self.node as usize];
        if !self.arrays {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
        } else if let Some(elem) = node.elem {
            let inside = run.trie.elems[elem as usize].node;
            let arrays = !run.trie.nodes[inside as usize].at.is_empty();
            let mut index = 0;
            loop {
                let start = run.begin_elem(elem);
                if seq.next_element_seed(Value { run: &mut *run, node: inside, arrays })?.is_none() {
                    return Ok(());
                }
                run.end_elem(elem, index, start);
                index += 1;
            }
        } else if !node.at.is_empty() {
            let mut index = 0;
            loop {
                let more = match node.at.iter().find(|(at, _)| *at == index) {
                    Some(&(_, node)) => seq.next_element_seed(Value { run: &mut *run, node, arrays: false })?.is_some(),
                    None => seq.next_element::<IgnoredAny>()?.is_some(),
                };
                if !more {
                    return Ok(());
                }
                index += 1;
            }
        } else {
            // Several values where one was expected: the first that there is.
            while seq.next_element_seed(Value { run: &mut *run, node: self.node, arrays: false })?.is_some() {}
        }
        Ok(())
    }
}

/// A member's name.
struct Key<'a, 'p> {
    run: &'a mut Run<'p>,
    node: u32,
    at: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Option<u32>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<u32>, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Option<u32>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<u32>, E> {
        Ok(self.run.step(self.node, key, self.at))
    }
}
