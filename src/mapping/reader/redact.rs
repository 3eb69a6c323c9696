//! Secrets out of a page before it is kept or shown.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::mapping::MapRow;
use crate::mapping::path::{self, Seg};

use super::{ReadError, Reader};

/// What stands where a secret was.
const CUT: &str = "null";

/// The names of fields that are never kept, wherever in a document they stand.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    names: Vec<String>,
}

impl Secrets {
    pub fn of(rows: &[MapRow]) -> Self {
        let paths =
            rows.iter().filter(|row| row.secret).flat_map(|row| row.read.iter().chain(&row.detail).chain(&row.write));
        let names = paths.filter_map(|text| {
            path::parse(text).ok()?.into_iter().rev().find_map(|seg| match seg {
                Seg::Key(key) => Some(key),
                _ => None,
            })
        });
        Self { names: names.collect() }
    }

    fn has(&self, key: &str) -> bool {
        self.names.iter().any(|name| name.eq_ignore_ascii_case(key))
    }

    fn cut(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.cut(item)),
            serde_json::Value::Object(fields) => {
                for (key, field) in fields {
                    if self.has(key) {
                        *field = serde_json::Value::Null;
                    } else {
                        self.cut(field);
                    }
                }
            }
            _ => {}
        }
    }
}

impl Reader {
    /// The page without the values of secret fields: each becomes `null`, all else stays byte for byte.
    ///
    /// # Errors
    /// When the page is no whole JSON: such a page must not be kept at all, as nobody knows what is in it.
    pub fn redact<'p>(&self, page: &'p [u8]) -> Result<Cow<'p, [u8]>, ReadError> {
        let text = super::text(page)?;
        if self.secrets.names.is_empty() {
            return serde_json::from_str::<serde::de::IgnoredAny>(text)
                .map(|_| Cow::Borrowed(text.as_bytes()))
                .map_err(|error| ReadError::Broken(error.to_string()));
        }
        let mut cuts: Vec<Range<usize>> = Vec::new();
        let mut from = serde_json::Deserializer::from_str(text);
        Scan { secrets: &self.secrets, page: text, cuts: &mut cuts }
            .deserialize(&mut from)
            .and_then(|()| from.end())
            .map_err(|error| ReadError::Broken(error.to_string()))?;
        if cuts.is_empty() {
            return Ok(Cow::Borrowed(text.as_bytes()));
        }
        let mut kept = Vec::with_capacity(text.len());
        let mut at = 0;
        for cut in cuts {
            kept.extend_from_slice(&text.as_bytes()[at..cut.start]);
            kept.extend_from_slice(CUT.as_bytes());
            at = cut.end;
        }
        kept.extend_from_slice(&text.as_bytes()[at..]);
        Ok(Cow::Owned(kept))
    }

    /// The same for a record that is a tree already.
    pub fn redact_value(&self, record: &mut serde_json::Value) {
        self.secrets.cut(record);
    }
}

struct Scan<'a> {
    secrets: &'a Secrets,
    page: &'a str,
    cuts: &'a mut Vec<Range<usize>>,
}

impl Scan<'_> {
    fn inner(&mut self) -> Scan<'_> {
        Scan { secrets: self.secrets, page: self.page, cuts: self.cuts }
    }
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(secret) = map.next_key_seed(Name { secrets: self.secrets })? {
            if secret {
                let raw = map.next_value::<&RawValue>()?.get();
                let start = raw.as_ptr().addr() - self.page.as_ptr().addr();
                self.cuts.push(start..start + raw.len());
            } else {
                map.next_value_seed(self.inner())?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self.inner())?.is_some() {}
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

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Whether a member is a secret.
struct Name<'a> {
    secrets: &'a Secrets,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<bool, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(self.secrets.has(key))
    }
}
