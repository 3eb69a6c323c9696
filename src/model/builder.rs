//! Tables that grow, row by row.

use std::sync::Arc;

use super::chunk::{Chunk, Edges, Entry, ListDicts, UNREAD};
use super::dict::{IdIndex, Interner};
use super::late::{LateText, Pending, settled};
use super::open::{OpenColumn, OpenEdges};
use super::row::CHUNK_ROWS;
use super::{Attr, AttrPath, Form, Row, Schema, Table};

/// Rows for which a second feed has brought something before their chunks are rewritten.
const LATE_ROWS: usize = 1024;

#[derive(Debug, Default)]
struct ListInterner {
    key: [Interner; 2],
    value: Interner,
}

/// Where an attribute's values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Text(u16),
    List(u16),
    /// It is the record's id, or never returned.
    Nowhere,
}

/// Builds a table row by row, and hands out what is there so far as often as wanted.
///
/// A row is `begin`, any number of `set` and `entry`, `end`. A row whose id is already there is refused by `begin`.
/// What a second feed brings is written between `late` and `end`. An attribute called `id` is the record's id by itself.
#[derive(Debug)]
pub struct TableBuilder {
    schema: Arc<Schema>,
    places: Vec<Place>,
    /// The column that is the ids themselves.
    id_slot: Option<u16>,
    chunks: Vec<Arc<Chunk>>,
    ids: OpenColumn,
    cols: Vec<OpenColumn>,
    edges: Vec<OpenEdges>,
    page: Vec<u32>,
    interners: Vec<Interner>,
    lists: Vec<ListInterner>,
    index: IdIndex,
    rows: u32,
    pages: u32,
    pending: Pending,
    flush_at: usize,
    open: Option<Open>,
    /// Attributes that what is read has no place for.
    lacking: Vec<Attr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    New,
    Late(u32),
}

impl TableBuilder {
    /// A builder for a schema.
    pub fn new(schema: Arc<Schema>) -> Self {
        let id = schema.find(&AttrPath::new("id")).filter(|&attr| schema.def(attr).form == Form::Text);
        let id_slot = id.map(|attr| schema.def(attr).slot);
        let mut cols = Vec::with_capacity(schema.texts());
        let mut edges = Vec::with_capacity(schema.lists());
        let mut places = Vec::with_capacity(schema.attrs().len());
        for (attr, def) in schema.iter() {
            let dead = def.unreadable || id == Some(attr);
            match def.form {
                Form::Text => {
                    let later = def.later && !dead;
                    cols.push(OpenColumn { plain: def.unique && !dead, later, ..OpenColumn::default() });
                    places.push(if dead { Place::Nowhere } else { Place::Text(def.slot) });
                }
                Form::List(_) => {
                    edges.push(OpenEdges { later: def.later, ..OpenEdges::default() });
                    places.push(if dead { Place::Nowhere } else { Place::List(def.slot) });
                }
            }
        }
        Self {
            places,
            id_slot,
            interners: cols.iter().map(|_| Interner::new()).collect(),
            lists: edges
                .iter()
                .map(|_| ListInterner { key: [Interner::new(), Interner::new()], value: Interner::new() })
                .collect(),
            ids: OpenColumn { plain: true, ..OpenColumn::default() },
            pending: Pending::new(schema.lists()),
            flush_at: LATE_ROWS,
            schema,
            chunks: Vec::new(),
            cols,
            edges,
            page: Vec::new(),
            index: IdIndex::default(),
            rows: 0,
            pages: 0,
            open: None,
            lacking: Vec::new(),
        }
    }

    /// The schema that it builds for.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.rows as usize
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Rows that follow came on the next page.
    pub fn next_page(&mut self) {
        self.pages += 1;
    }

    /// The row with this id.
    pub fn find(&self, id: &str) -> Option<Row> {
        self.index.find(id, |row| id_at(&self.chunks, &self.ids, row)).map(Row)
    }

    /// Starts a row. `false`: the id is already there, or is empty; nothing was started.
    pub fn begin(&mut self, id: &str) -> bool {
        let fits = self.rows < u32::MAX - 1 && u32::try_from(self.ids.text.len() + id.len()).is_ok();
        if id.is_empty() || !fits || self.find(id).is_some() {
            return false;
        }
        self.index.insert(id, self.rows);
        self.ids.text.push_str(id);
        self.ids.ends.push(self.ids.text.len() as u32);
        self.open = Some(Open::New);
        true
    }

    /// Starts what a second feed says of the record with this id. `false`: no such record.
    pub fn late(&mut self, id: &str) -> bool {
        let Some(Row(row)) = self.find(id) else { return false };
        self.pending.rows.entry(row).or_default();
        self.open = Some(Open::Late(row));
        true
    }

    #[inline]
    fn place(&self, attr: Attr) -> Place {
        self.places.get(attr.0 as usize).copied().unwrap_or(Place::Nowhere)
    }

    /// A text of the started row; the first one stands. Ignored for a list attribute.
    #[inline]
    pub fn set(&mut self, attr: Attr, text: &str) {
        let Place::Text(slot) = self.place(attr) else { return };
        let (column, interner) = (&mut self.cols[slot as usize], &mut self.interners[slot as usize]);
        match self.open {
            Some(Open::New) if column.len() == self.page.len() => column.push(text, interner),
            Some(Open::New) | None => {}
            Some(Open::Late(row)) => {
                if let Some(late) = self.pending.rows.get_mut(&row) {
                    let text = if column.plain {
                        LateText::Text(text.to_owned())
                    } else {
                        LateText::Code(interner.code(text).unwrap_or(UNREAD))
                    };
                    late.texts.push((slot, text));
                }
            }
        }
    }

    /// Says that a list attribute of the started row was read, even if it turns out to be empty.
    pub fn list_read(&mut self, attr: Attr) {
        let Place::List(slot) = self.place(attr) else { return };
        match self.open {
            Some(Open::New) => self.edges[slot as usize].read = Some(true),
            Some(Open::Late(row)) => {
                if let Some(late) = self.pending.rows.get_mut(&row)
                    && !late.lists.contains(&slot)
                {
                    late.lists.push(slot);
                }
            }
            None => {}
        }
    }

    /// An entry of a list attribute of the started row. An empty first key part is ignored; an entry that was there is
    /// one entry.
    pub fn entry(&mut self, attr: Attr, key: [&str; 2], value: &str) {
        let Place::List(slot) = self.place(attr) else { return };
        if key[0].is_empty() {
            return;
        }
        let ListInterner { key: [first, second], value: values } = &mut self.lists[slot as usize];
        let (Some(first), Some(second), Some(value)) = (first.code(key[0]), second.code(key[1]), values.code(value))
        else {
            return;
        };
        let entry = Entry { key: [first, second], value };
        match self.open {
            Some(Open::New) => self.edges[slot as usize].entries.push(entry),
            Some(Open::Late(row)) => {
                if let Some(late) = self.pending.rows.get_mut(&row) {
                    late.entries.push((slot, entry));
                    if !late.lists.contains(&slot) {
                        late.lists.push(slot);
                    }
                }
            }
            None => {}
        }
    }

    /// The code by which a text stands in a text attribute, or in a part of a list attribute (0 and 1 the key's, 2 the value's),
    /// for [`TableBuilder::set_code`] and [`TableBuilder::entry_code`]. `None`: there is no room for it.
    pub fn code(&mut self, attr: Attr, part: usize, text: &str) -> Option<u32> {
        match self.place(attr) {
            Place::Text(slot) => self.interners[slot as usize].code(text),
            Place::List(slot) => match &mut self.lists[slot as usize] {
                ListInterner { key, .. } if part < 2 => key[part].code(text),
                ListInterner { value, .. } => value.code(text),
            },
            Place::Nowhere => Some(0),
        }
    }

    /// A text of the started row by its code; the first one stands. Only for a row that is new.
    pub fn set_code(&mut self, attr: Attr, code: u32) {
        let (Place::Text(slot), Some(Open::New)) = (self.place(attr), self.open) else { return };
        let (column, interner) = (&mut self.cols[slot as usize], &self.interners[slot as usize]);
        if column.len() == self.page.len() {
            column.push_code(code, interner);
        }
    }

    /// An entry of a list attribute of the started row by its codes, key and value. Only for a row that is new.
    pub fn entry_code(&mut self, attr: Attr, [first, second, value]: [u32; 3]) {
        let (Place::List(slot), Some(Open::New)) = (self.place(attr), self.open) else { return };
        if first != 0 {
            self.edges[slot as usize].entries.push(Entry { key: [first, second], value });
        }
    }

    /// Says that an attribute of the started row was not looked at: it is unread, unless something was set.
    pub fn unread(&mut self, attr: Attr) {
        if self.open != Some(Open::New) {
            return;
        }
        match self.place(attr) {
            Place::Text(slot) => {
                let column = &mut self.cols[slot as usize];
                if column.len() == self.page.len() {
                    column.push_unread();
                }
            }
            Place::List(slot) => self.edges[slot as usize].read = Some(false),
            Place::Nowhere => {}
        }
    }

    /// Says that what is read has no place for an attribute, whatever the record: a file without such a column. It is not
    /// readable there.
    pub fn lacks(&mut self, attr: Attr) {
        if !self.lacking.contains(&attr) {
            self.lacking.push(attr);
        }
    }

    /// Says that a second feed has been walked to its proved end: rows of which it said nothing have none.
    pub fn settle(&mut self, attr: Attr) {
        match self.place(attr) {
            Place::Text(slot) => {
                self.cols[slot as usize].settle();
                for chunk in &mut self.chunks {
                    let mut whole = Chunk::clone(chunk);
                    whole.cols[slot as usize] = Arc::new(settled(&whole.cols[slot as usize]));
                    *chunk = Arc::new(whole);
                }
            }
            Place::List(slot) => {
                self.edges[slot as usize].settle();
                for chunk in &mut self.chunks {
                    let mut whole = Chunk::clone(chunk);
                    let edges = Edges::clone(&whole.edges[slot as usize]);
                    whole.edges[slot as usize] = Arc::new(Edges { unread: None, ..edges });
                    *chunk = Arc::new(whole);
                }
            }
            Place::Nowhere => {}
        }
    }

    /// Ends the started row. Attributes that were not set are empty, or unread where a second feed brings them.
    pub fn end(&mut self) {
        match self.open.take() {
            Some(Open::New) => self.end_new(),
            Some(Open::Late(_)) if self.pending.rows.len() >= self.flush_at => self.flush(),
            _ => {}
        }
    }

    fn end_new(&mut self) {
        let row = self.page.len();
        for (column, interner) in self.cols.iter_mut().zip(&mut self.interners) {
            if column.len() == row {
                if column.later {
                    column.push_unread();
                } else {
                    column.push("", interner);
                }
            }
        }
        self.edges.iter_mut().for_each(OpenEdges::end_row);
        self.page.push(self.pages);
        self.rows += 1;
        if self.page.len() < CHUNK_ROWS {
            return;
        }
        let chunk = self.seal();
        self.chunks.push(Arc::new(chunk));
        self.page.clear();
        self.ids.clear();
        for (at, column) in self.cols.iter_mut().enumerate() {
            // A column whose values hardly repeat costs more as codes than as text.
            column.plain = column.plain || self.interners[at].len() as usize > self.rows as usize / 2;
            column.clear();
        }
        self.edges.iter_mut().for_each(OpenEdges::clear);
    }

    fn seal(&self) -> Chunk {
        let ids = Arc::new(self.ids.seal());
        let cols = self.cols.iter().enumerate().map(|(slot, column)| {
            if Some(slot as u16) == self.id_slot { ids.clone() } else { Arc::new(column.seal()) }
        });
        Chunk {
            rows: self.page.len() as u32,
            cols: cols.collect(),
            ids,
            edges: self.edges.iter().map(|edges| Arc::new(edges.seal())).collect(),
            page: self.page.as_slice().into(),
        }
    }

    /// Puts what a second feed brought into the sealed chunks for good.
    fn flush(&mut self) {
        let interners = &self.interners;
        self.pending.join(&mut self.chunks, &|slot| interners[slot as usize].dict());
        self.pending.joined(self.chunks.len());
        self.flush_at = self.pending.rows.len() + LATE_ROWS;
    }

    /// What is there so far, as a table of its own.
    pub fn table(&self) -> Table {
        let mut chunks = self.chunks.clone();
        if !self.page.is_empty() {
            chunks.push(Arc::new(self.seal()));
        }
        self.pending.join(&mut chunks, &|slot| self.interners[slot as usize].dict());
        let lists = self
            .lists
            .iter()
            .map(|list| ListDicts { key: [list.key[0].dict(), list.key[1].dict()], value: list.value.dict() });
        let dicts = self.interners.iter().map(Interner::dict).collect();
        Table::of(self.schema.unreadable(&self.lacking), chunks, dicts, lists.collect(), self.rows)
    }
}

fn id_at<'t>(chunks: &'t [Arc<Chunk>], open: &'t OpenColumn, row: u32) -> &'t str {
    let (chunk, at) = (row as usize / CHUNK_ROWS, row as usize % CHUNK_ROWS);
    if let Some(chunk) = chunks.get(chunk) {
        return chunk.id(at);
    }
    let start = if at == 0 { 0 } else { open.ends[at - 1] as usize };
    &open.text[start..open.ends[at] as usize]
}

#[cfg(test)]
mod tests;
