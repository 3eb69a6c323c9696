//! JSON drives a [`Run`]: one descent per key, texts borrowed from the page, what nobody reads skipped.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::parse::Run;
use super::trie::ROOT;

impl Run<'_> {
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
}

/// A record.
pub(super) struct RecordSeed<'a, 'p> {
    pub run: &'a mut Run<'p>,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, '_> {
    type Value = ();

    #[inline]
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

    #[inline]
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

    #[inline]
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
        self.run.blank(self.node);
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

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<u32>, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Option<u32>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    #[inline]
    fn visit_str<E>(self, key: &str) -> Result<Option<u32>, E> {
        Ok(self.run.step(self.node, key, self.at))
    }
}
