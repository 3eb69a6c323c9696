//! All records of one kind of one system, as columns in immutable chunks.
//!
//! A table is cheap to clone and to publish while it grows: chunks and dictionaries are shared, and only the open tail
//! is copied. Null, absent and empty are the same cell, [`Cell::Empty`] (RFC 7643 2.5).

use std::sync::{Arc, OnceLock};

use super::chunk::{Chunk, Entry, ListDicts};
use super::dict::{Dict, IdIndex};
use super::row::{CHUNK_ROWS, Row};
use super::{Attr, Form, Schema, TableBuilder};

/// What one record has for one attribute. Only the first two are ever compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'t> {
    /// A value, never empty.
    Value(&'t str),
    /// Null, absent or empty.
    Empty,
    /// Not read yet, or the reading of it did not succeed.
    Unread,
    /// The system never returns it.
    Unreadable,
}

impl<'t> Cell<'t> {
    /// The text of a value; empty for all else.
    pub fn text(self) -> &'t str {
        match self {
            Cell::Value(text) => text,
            _ => "",
        }
    }

    /// Whether it can be compared: a value or empty.
    pub fn known(self) -> bool {
        matches!(self, Cell::Value(_) | Cell::Empty)
    }
}

/// All records of one kind of one system at one time.
#[derive(Clone, Debug)]
pub struct Table {
    schema: Arc<Schema>,
    chunks: Vec<Arc<Chunk>>,
    dicts: Arc<[Dict]>,
    lists: Arc<[ListDicts]>,
    rows: u32,
    index: Arc<OnceLock<IdIndex>>,
}

impl Table {
    /// A table without rows.
    pub fn empty(schema: Arc<Schema>) -> Self {
        TableBuilder::new(schema).table()
    }

    pub(super) fn of(
        schema: Arc<Schema>,
        chunks: Vec<Arc<Chunk>>,
        dicts: Arc<[Dict]>,
        lists: Arc<[ListDicts]>,
        rows: u32,
    ) -> Self {
        Self { schema, chunks, dicts, lists, rows, index: Arc::new(OnceLock::new()) }
    }

    /// The attributes.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Whether it holds the very records of another one, read once: the columns are shared, whatever is said about them.
    pub fn same_records(&self, other: &Self) -> bool {
        self.rows == other.rows
            && Arc::ptr_eq(&self.dicts, &other.dicts)
            && Arc::ptr_eq(&self.lists, &other.lists)
            && self.chunks.len() == other.chunks.len()
            && self.chunks.iter().zip(&other.chunks).all(|(own, other)| Arc::ptr_eq(own, other))
    }

    /// The same records, of which a schema says something else: how they are compared, what they refer to. `None` where
    /// its attributes are not the same ones in the same order.
    pub fn with_schema(&self, schema: Arc<Schema>) -> Option<Self> {
        let alike = self.schema.kind() == schema.kind()
            && self.schema.attrs().len() == schema.attrs().len()
            && self.schema.attrs().iter().zip(schema.attrs()).all(|(own, other)| {
                own.path == other.path && matches!(own.form, Form::Text) == matches!(other.form, Form::Text)
            });
        // What could not be read is not readable under any name.
        let own = self.schema.iter().filter(|(_, def)| def.unreadable).map(|(attr, _)| attr).collect::<Vec<_>>();
        alike.then(|| Self { schema: schema.unreadable(&own), ..self.clone() })
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.rows as usize
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Every row.
    pub fn rows(&self) -> impl Iterator<Item = Row> + use<> {
        (0..self.rows).map(Row)
    }

    /// The chunks in row order; all but the last hold [`CHUNK_ROWS`] rows.
    pub fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    /// The dictionary of a text attribute, by its slot.
    pub fn dict(&self, slot: u16) -> &Dict {
        &self.dicts[slot as usize]
    }

    /// The dictionaries of a list attribute, by its slot.
    pub fn list(&self, slot: u16) -> &ListDicts {
        &self.lists[slot as usize]
    }

    fn at(&self, row: Row) -> (&Chunk, usize) {
        (&self.chunks[row.0 as usize / CHUNK_ROWS], row.0 as usize % CHUNK_ROWS)
    }

    /// A record's id.
    pub fn id(&self, row: Row) -> &str {
        let (chunk, at) = self.at(row);
        chunk.id(at)
    }

    /// The page that a record came on.
    pub fn page(&self, row: Row) -> u32 {
        let (chunk, at) = self.at(row);
        chunk.page(at)
    }

    /// What a record has for a text attribute; `Unread` for a list attribute.
    pub fn cell(&self, row: Row, attr: Attr) -> Cell<'_> {
        let def = self.schema.def(attr);
        if def.unreadable {
            return Cell::Unreadable;
        }
        if def.form != Form::Text {
            return Cell::Unread;
        }
        let (chunk, at) = self.at(row);
        match chunk.column(def.slot).text(at, &self.dicts[def.slot as usize]) {
            None => Cell::Unread,
            Some("") => Cell::Empty,
            Some(text) => Cell::Value(text),
        }
    }

    /// A record's entries of a list attribute as codes, `None` where they were not read.
    pub fn entries(&self, row: Row, attr: Attr) -> Option<&[Entry]> {
        let def = self.schema.def(attr);
        if def.form == Form::Text || def.unreadable {
            return None;
        }
        let (chunk, at) = self.at(row);
        chunk.edges(def.slot).of(at)
    }

    /// The texts of an entry of a list attribute: the key's two parts and the value.
    pub fn entry_text(&self, attr: Attr, entry: Entry) -> ([&str; 2], &str) {
        let dicts = &self.lists[self.schema.def(attr).slot as usize];
        ([dicts.key[0].get(entry.key[0]), dicts.key[1].get(entry.key[1])], dicts.value.get(entry.value))
    }

    /// The row with this id. The first call builds an index over all ids.
    pub fn find(&self, id: &str) -> Option<Row> {
        let index = self.index.get_or_init(|| {
            let mut index = IdIndex::with_capacity(self.len());
            for row in self.rows() {
                index.insert(self.id(row), row.0);
            }
            index
        });
        index.find(id, |row| self.id(Row(row))).map(Row)
    }
}
