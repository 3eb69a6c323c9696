//! A whole reply: where the records are, and the rest of its top level.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::parse::Run;
use super::visit::RecordSeed;

/// Values of an envelope that are kept, in all: it is small by nature, and a page of something else must not become a tree.
const ENVELOPE: usize = 256;

/// A reply on the way in.
pub(super) struct Document<'a, 'p> {
    pub run: &'a mut Run<'p>,
    /// The keys that lead from here to the records.
    pub path: &'a [String],
    /// Whether one object may stand for the records.
    pub single: bool,
    /// At the top level: where the rest of it goes.
    pub envelope: Option<&'a mut Map<String, Value>>,
    /// Set when the records were there, even if there were none of them.
    pub there: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let Some((next, rest)) = self.path.split_first() else {
            // An error object is not a record of a bare list.
            if self.envelope.is_none() || self.single {
                *self.there = true;
                return self.run.record_of(map);
            }
            return keep(&mut map, self.envelope);
        };
        let mut left = ENVELOPE;
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if !*self.there && key.eq_ignore_ascii_case(next) {
                map.next_value_seed(Document {
                    run: &mut *self.run,
                    path: rest,
                    single: self.single,
                    envelope: None,
                    there: &mut *self.there,
                })?;
            } else if let Some(envelope) = self.envelope.as_deref_mut() {
                if let Some(value) = map.next_value_seed(Small { left: &mut left })? {
                    envelope.insert(key.into_owned(), value);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if self.path.is_empty() {
            *self.there = true;
            while seq.next_element_seed(RecordSeed { run: &mut *self.run })?.is_some() {}
        } else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // `"Resources": null` is a page without records.
        *self.there |= self.path.is_empty() && self.envelope.is_none();
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

fn keep<'de, A: MapAccess<'de>>(map: &mut A, envelope: Option<&mut Map<String, Value>>) -> Result<(), A::Error> {
    let mut left = ENVELOPE;
    let mut unused = Map::new();
    let envelope = envelope.unwrap_or(&mut unused);
    while let Some(key) = map.next_key::<String>()? {
        if let Some(value) = map.next_value_seed(Small { left: &mut left })? {
            envelope.insert(key, value);
        }
    }
    Ok(())
}

/// A value, as long as it is small.
struct Small<'a> {
    left: &'a mut usize,
}

impl<'de> DeserializeSeed<'de> for Small<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Value>, D::Error> {
        if *self.left == 0 {
            return IgnoredAny::deserialize(from).map(|_| None);
        }
        *self.left -= 1;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Small<'_> {
    type Value = Option<Value>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Option<Value>, E> {
        Ok(Some(flag.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Option<Value>, E> {
        Ok(Some(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<Value>, E> {
        Ok(Some(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Option<Value>, E> {
        Ok(Some(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Value>, E> {
        Ok(Some(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(Some(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<Value>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Small { left: &mut *self.left })? {
            items.extend(item);
        }
        Ok(Some(items.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Value>, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if let Some(value) = map.next_value_seed(Small { left: &mut *self.left })? {
                fields.insert(key, value);
            }
        }
        Ok(Some(fields.into()))
    }
}
