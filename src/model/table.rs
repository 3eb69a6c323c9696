//! All records of one kind of one system, as columns in immutable chunks.
//!
//! A table is cheap to clone and to publish while it grows: chunks and dictionaries are shared, and only the open tail
//! is copied. Null, absent and empty are the same cell, [`Cell::Empty`] (RFC 7643 2.5).

use std::sync::{Arc, OnceLock};

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use super::{Attr, Form, Schema};

/// Rows in a full chunk. Every chunk but the last is full, so a row's chunk is a division.
pub const CHUNK_ROWS: usize = 4096;

/// The code of a cell that was not read.
const UNREAD: u32 = u32::MAX;

/// A position in one table; it means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub u32);

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

#[derive(Clone, Debug, Default)]
struct Block {
    ends: Vec<u32>,
    text: String,
}

impl Block {
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

#[derive(Debug, Default)]
struct Interner {
    sealed: Vec<Arc<Block>>,
    tail: Block,
    index: HashTable<u32>,
    len: u32,
}

impl Interner {
    fn new() -> Self {
        let mut made = Self::default();
        made.code("");
        made
    }

    fn get(&self, code: u32) -> &str {
        let (block, at) = (code as usize / CHUNK_ROWS, code as usize % CHUNK_ROWS);
        self.sealed.get(block).map_or_else(|| self.tail.get(at), |block| block.get(at))
    }

    fn code(&mut self, text: &str) -> u32 {
        if text.is_empty() && self.len > 0 {
            return 0;
        }
        let hash = hash(text);
        if let Some(&code) = self.index.find(hash, |&code| self.get(code) == text) {
            return code;
        }
        let code = self.len;
        self.tail.push(text);
        self.len += 1;
        if self.tail.ends.len() == CHUNK_ROWS {
            self.sealed.push(Arc::new(std::mem::take(&mut self.tail)));
        }
        let Self { sealed, tail, index, .. } = self;
        let text_of = |code: u32| {
            let (block, at) = (code as usize / CHUNK_ROWS, code as usize % CHUNK_ROWS);
            sealed.get(block).map_or_else(|| tail.get(at), |block| block.get(at))
        };
        index.insert_unique(hash, code, |&code| self::hash(text_of(code)));
        code
    }

    fn dict(&self) -> Dict {
        let mut blocks = self.sealed.clone();
        if !self.tail.ends.is_empty() {
            blocks.push(Arc::new(self.tail.clone()));
        }
        Dict { blocks, len: self.len }
    }
}

fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text)
}

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
                if unread.as_ref().is_some_and(|bits| bits[at / 64] >> (at % 64) & 1 == 1) {
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
    offsets: Box<[u32]>,
    entries: Box<[Entry]>,
    unread: Option<Box<[u64]>>,
}

impl Edges {
    /// A row's entries, `None` where they were not read.
    pub fn of(&self, at: usize) -> Option<&[Entry]> {
        if self.unread.as_ref().is_some_and(|bits| bits[at / 64] >> (at % 64) & 1 == 1) {
            return None;
        }
        let start = if at == 0 { 0 } else { self.offsets[at - 1] as usize };
        Some(&self.entries[start..self.offsets[at] as usize])
    }
}

/// Up to [`CHUNK_ROWS`] records, sealed.
#[derive(Clone, Debug)]
pub struct Chunk {
    rows: u32,
    ids: Column,
    cols: Vec<Column>,
    edges: Vec<Edges>,
    page: Box<[u32]>,
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
        self.ids.text(at, &EMPTY_DICT).unwrap_or_default()
    }

    /// The number of the page that a row came on, counted from 0 within the walk.
    pub fn page(&self, at: usize) -> u32 {
        self.page[at]
    }
}

static EMPTY_DICT: Dict = Dict { blocks: Vec::new(), len: 0 };

/// The dictionaries of one list attribute.
#[derive(Clone, Debug, Default)]
pub struct ListDicts {
    /// The texts of the key's two parts.
    pub key: [Dict; 2],
    /// The texts of the values.
    pub value: Dict,
}

/// All records of one kind of one system at one time.
#[derive(Clone, Debug)]
pub struct Table {
    schema: Arc<Schema>,
    chunks: Vec<Arc<Chunk>>,
    dicts: Arc<[Dict]>,
    lists: Arc<[ListDicts]>,
    rows: u32,
    index: Arc<OnceLock<HashTable<u32>>>,
}

impl Table {
    /// A table without rows.
    pub fn empty(schema: Arc<Schema>) -> Self {
        TableBuilder::new(schema).table()
    }

    /// The attributes.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
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
            let mut index = HashTable::with_capacity(self.len());
            for row in self.rows() {
                index.insert_unique(hash(self.id(row)), row.0, |&row| hash(self.id(Row(row))));
            }
            index
        });
        index.find(hash(id), |&row| self.id(Row(row)) == id).map(|&row| Row(row))
    }
}

#[derive(Debug, Default)]
struct OpenColumn {
    plain: bool,
    later: bool,
    ends: Vec<u32>,
    text: String,
    codes: Vec<u32>,
    unread: Vec<u64>,
    any_unread: bool,
}

impl OpenColumn {
    fn len(&self) -> usize {
        if self.plain { self.ends.len() } else { self.codes.len() }
    }

    fn push(&mut self, text: &str, interner: &mut Interner) {
        if self.plain {
            self.text.push_str(text);
            self.ends.push(self.text.len() as u32);
        } else {
            self.codes.push(interner.code(text));
        }
    }

    fn push_unread(&mut self) {
        if self.plain {
            let at = self.ends.len();
            mark(&mut self.unread, at);
            self.any_unread = true;
            self.ends.push(self.text.len() as u32);
        } else {
            self.codes.push(UNREAD);
        }
    }

    fn seal(&self) -> Column {
        if self.plain {
            let rows = self.ends.len();
            Column::Plain {
                ends: self.ends.clone().into(),
                text: self.text.clone().into(),
                unread: self.any_unread.then(|| bits(&self.unread, rows)),
            }
        } else {
            Column::Coded { codes: self.codes.clone().into() }
        }
    }

    fn clear(&mut self) {
        self.ends.clear();
        self.text.clear();
        self.codes.clear();
        self.unread.clear();
        self.any_unread = false;
    }
}

fn mark(bits: &mut Vec<u64>, at: usize) {
    if bits.len() <= at / 64 {
        bits.resize(at / 64 + 1, 0);
    }
    bits[at / 64] |= 1 << (at % 64);
}

fn bits(bits: &[u64], rows: usize) -> Box<[u64]> {
    let mut whole = bits.to_vec();
    whole.resize(rows.div_ceil(64), 0);
    whole.into()
}

#[derive(Debug, Default)]
struct OpenEdges {
    later: bool,
    offsets: Vec<u32>,
    entries: Vec<Entry>,
    unread: Vec<u64>,
    any_unread: bool,
}

impl OpenEdges {
    fn end_row(&mut self, unread: bool) {
        let start = self.offsets.last().map_or(0, |&end| end as usize);
        self.entries[start..].sort_unstable();
        if unread {
            mark(&mut self.unread, self.offsets.len());
            self.any_unread = true;
        }
        self.offsets.push(self.entries.len() as u32);
    }

    fn seal(&self) -> Edges {
        let rows = self.offsets.len();
        Edges {
            offsets: self.offsets.clone().into(),
            entries: self.entries.clone().into(),
            unread: self.any_unread.then(|| bits(&self.unread, rows)),
        }
    }

    fn clear(&mut self) {
        self.offsets.clear();
        self.entries.clear();
        self.unread.clear();
        self.any_unread = false;
    }
}

#[derive(Debug, Default)]
struct ListInterner {
    key: [Interner; 2],
    value: Interner,
}

#[derive(Debug, Default)]
struct Late {
    texts: Vec<(u16, String)>,
    entries: Vec<(u16, Entry)>,
    lists: Vec<u16>,
}

/// Builds a table row by row, and hands out what is there so far as often as wanted.
///
/// A row is `begin`, any number of `set` and `entry`, `end`. A row whose id is already there is refused by `begin`.
/// What a second feed brings is written between `late` and `end`.
#[derive(Debug)]
pub struct TableBuilder {
    schema: Arc<Schema>,
    chunks: Vec<Arc<Chunk>>,
    ids: OpenColumn,
    cols: Vec<OpenColumn>,
    edges: Vec<OpenEdges>,
    page: Vec<u32>,
    interners: Vec<Interner>,
    lists: Vec<ListInterner>,
    index: HashTable<u32>,
    rows: u32,
    pages: u32,
    late: std::collections::BTreeMap<u32, Late>,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    New,
    Late(u32),
}

impl TableBuilder {
    /// A builder for a schema.
    pub fn new(schema: Arc<Schema>) -> Self {
        let mut cols = Vec::with_capacity(schema.texts());
        let mut edges = Vec::with_capacity(schema.lists());
        for def in schema.attrs() {
            match def.form {
                Form::Text => cols.push(OpenColumn { plain: def.unique, later: def.later, ..OpenColumn::default() }),
                Form::List(_) => edges.push(OpenEdges { later: def.later, ..OpenEdges::default() }),
            }
        }
        Self {
            interners: cols.iter().map(|_| Interner::new()).collect(),
            lists: edges
                .iter()
                .map(|_| ListInterner { key: [Interner::new(), Interner::new()], value: Interner::new() })
                .collect(),
            ids: OpenColumn { plain: true, ..OpenColumn::default() },
            schema,
            chunks: Vec::new(),
            cols,
            edges,
            page: Vec::new(),
            index: HashTable::new(),
            rows: 0,
            pages: 0,
            late: std::collections::BTreeMap::new(),
            open: None,
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

    fn id_at(&self, row: u32) -> &str {
        let (chunk, at) = (row as usize / CHUNK_ROWS, row as usize % CHUNK_ROWS);
        match self.chunks.get(chunk) {
            Some(chunk) => chunk.id(at),
            None => {
                let start = if at == 0 { 0 } else { self.ids.ends[at - 1] as usize };
                &self.ids.text[start..self.ids.ends[at] as usize]
            }
        }
    }

    /// The row with this id.
    pub fn find(&self, id: &str) -> Option<Row> {
        self.index.find(hash(id), |&row| self.id_at(row) == id).map(|&row| Row(row))
    }

    /// Starts a row. `false`: the id is already there, or is empty; nothing was started.
    pub fn begin(&mut self, id: &str) -> bool {
        if id.is_empty() || self.find(id).is_some() || self.rows == u32::MAX - 1 {
            return false;
        }
        self.ids.text.push_str(id);
        self.ids.ends.push(self.ids.text.len() as u32);
        self.open = Some(Open::New);
        true
    }

    /// Starts what a second feed says of the record with this id. `false`: no such record.
    pub fn late(&mut self, id: &str) -> bool {
        let Some(Row(row)) = self.find(id) else { return false };
        self.late.entry(row).or_default();
        self.open = Some(Open::Late(row));
        true
    }

    /// A text of the started row; the first one stands. Ignored for a list attribute.
    pub fn set(&mut self, attr: Attr, text: &str) {
        let def = &self.schema.attrs()[attr.0 as usize];
        if def.form != Form::Text || def.unreadable {
            return;
        }
        let slot = def.slot;
        match self.open {
            Some(Open::New) => {
                let column = &mut self.cols[slot as usize];
                if column.len() == self.page.len() {
                    column.push(text, &mut self.interners[slot as usize]);
                }
            }
            Some(Open::Late(row)) => {
                if let Some(late) = self.late.get_mut(&row) {
                    late.texts.push((slot, text.to_owned()));
                }
            }
            None => {}
        }
    }

    /// Says that a list attribute of the started row was read, even if it turns out to be empty.
    pub fn list_read(&mut self, attr: Attr) {
        let def = &self.schema.attrs()[attr.0 as usize];
        if def.form == Form::Text {
            return;
        }
        let slot = def.slot;
        if let Some(Open::Late(row)) = self.open
            && let Some(late) = self.late.get_mut(&row)
            && !late.lists.contains(&slot)
        {
            late.lists.push(slot);
        }
    }

    /// An entry of a list attribute of the started row. An empty first key part is ignored.
    pub fn entry(&mut self, attr: Attr, key: [&str; 2], value: &str) {
        let def = &self.schema.attrs()[attr.0 as usize];
        if def.form == Form::Text || def.unreadable || key[0].is_empty() {
            return;
        }
        let slot = def.slot;
        let dicts = &mut self.lists[slot as usize];
        let entry =
            Entry { key: [dicts.key[0].code(key[0]), dicts.key[1].code(key[1])], value: dicts.value.code(value) };
        match self.open {
            Some(Open::New) => self.edges[slot as usize].entries.push(entry),
            Some(Open::Late(row)) => {
                if let Some(late) = self.late.get_mut(&row) {
                    late.entries.push((slot, entry));
                    if !late.lists.contains(&slot) {
                        late.lists.push(slot);
                    }
                }
            }
            None => {}
        }
    }

    /// Ends the started row. Attributes that were not set are empty, or unread where a second feed brings them.
    pub fn end(&mut self) {
        if self.open.take() != Some(Open::New) {
            return;
        }
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
        for edges in &mut self.edges {
            let start = edges.offsets.last().map_or(0, |&end| end as usize);
            let unread = edges.later && edges.entries.len() == start;
            edges.end_row(unread);
        }
        self.page.push(self.pages);
        let number = self.rows;
        self.rows += 1;
        let Self { index, chunks, ids, .. } = self;
        let id_at = |row: u32| {
            let (chunk, at) = (row as usize / CHUNK_ROWS, row as usize % CHUNK_ROWS);
            match chunks.get(chunk) {
                Some(chunk) => chunk.id(at),
                None => {
                    let start = if at == 0 { 0 } else { ids.ends[at - 1] as usize };
                    &ids.text[start..ids.ends[at] as usize]
                }
            }
        };
        index.insert_unique(hash(id_at(number)), number, |&row| hash(id_at(row)));
        if self.page.len() == CHUNK_ROWS {
            let chunk = self.seal();
            self.chunks.push(Arc::new(chunk));
            self.page.clear();
            self.ids.clear();
            for (at, column) in self.cols.iter_mut().enumerate() {
                // A column whose values hardly repeat costs more as codes than as text.
                column.plain = column.plain || self.interners[at].len as usize > self.rows as usize / 2;
                column.clear();
            }
            for edges in &mut self.edges {
                edges.clear();
            }
        }
    }

    fn seal(&self) -> Chunk {
        Chunk {
            rows: self.page.len() as u32,
            ids: self.ids.seal(),
            cols: self.cols.iter().map(OpenColumn::seal).collect(),
            edges: self.edges.iter().map(OpenEdges::seal).collect(),
            page: self.page.clone().into(),
        }
    }

    /// What is there so far, as a table of its own.
    pub fn table(&self) -> Table {
        let mut chunks = self.chunks.clone();
        if !self.page.is_empty() {
            chunks.push(Arc::new(self.seal()));
        }
        let mut table = Table {
            schema: self.schema.clone(),
            chunks,
            dicts: self.interners.iter().map(Interner::dict).collect(),
            lists: self
                .lists
                .iter()
                .map(|list| ListDicts { key: [list.key[0].dict(), list.key[1].dict()], value: list.value.dict() })
                .collect(),
            rows: self.rows,
            index: Arc::new(OnceLock::new()),
        };
        self.join_late(&mut table);
        table
    }

    /// Rewrites the chunks that a second feed touched.
    fn join_late(&self, table: &mut Table) {
        let mut late = self.late.iter().peekable();
        while let Some(&(&first, _)) = late.peek() {
            let number = first as usize / CHUNK_ROWS;
            let chunk = &table.chunks[number];
            let mut cols: Vec<Vec<Option<String>>> = Vec::new();
            for (slot, column) in chunk.cols.iter().enumerate() {
                let dict = &table.dicts[slot];
                cols.push((0..chunk.rows()).map(|at| column.text(at, dict).map(str::to_owned)).collect());
            }
            let mut lists: Vec<Vec<Option<Vec<Entry>>>> = chunk
                .edges
                .iter()
                .map(|edges| (0..chunk.rows()).map(|at| edges.of(at).map(<[Entry]>::to_vec)).collect())
                .collect();
            while let Some((&row, brought)) = late.next_if(|(row, _)| **row as usize / CHUNK_ROWS == number) {
                let at = row as usize % CHUNK_ROWS;
                for (slot, text) in &brought.texts {
                    cols[*slot as usize][at] = Some(text.clone());
                }
                for slot in &brought.lists {
                    let mut entries: Vec<Entry> =
                        brought.entries.iter().filter(|(of, _)| of == slot).map(|(_, entry)| *entry).collect();
                    entries.sort_unstable();
                    lists[*slot as usize][at] = Some(entries);
                }
            }
            let rewritten = Chunk {
                rows: chunk.rows,
                ids: chunk.ids.clone(),
                cols: cols.into_iter().map(plain).collect(),
                edges: lists.into_iter().map(edges).collect(),
                page: chunk.page.clone(),
            };
            table.chunks[number] = Arc::new(rewritten);
        }
    }
}

fn plain(texts: Vec<Option<String>>) -> Column {
    let mut open = OpenColumn { plain: true, ..OpenColumn::default() };
    let mut unused = Interner::default();
    for text in texts {
        match text {
            Some(text) => open.push(&text, &mut unused),
            None => open.push_unread(),
        }
    }
    open.seal()
}

fn edges(lists: Vec<Option<Vec<Entry>>>) -> Edges {
    let mut open = OpenEdges::default();
    for list in lists {
        let unread = list.is_none();
        open.entries.extend(list.unwrap_or_default());
        open.end_row(unread);
    }
    open.seal()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::model::{AttrDef, AttrPath, Fold, Kind, ListDef};

    fn text(path: &str) -> AttrDef {
        AttrDef {
            path: AttrPath::new(path),
            form: Form::Text,
            fold: Fold::Exact,
            refers: None,
            unreadable: false,
            unique: false,
            later: false,
            slot: 0,
        }
    }

    fn schema() -> Arc<Schema> {
        let list = Form::List(ListDef { key: [Some(Kind::Product), None], two: false, value: Some(None) });
        Schema::new(
            Kind::User,
            vec![
                text("userName"),
                AttrDef { unreadable: true, ..text("name.givenName") },
                AttrDef { later: true, ..text("title") },
                AttrDef { form: list, ..text("productRoles") },
            ],
        )
    }

    fn fill(rows: u32) -> TableBuilder {
        let mut builder = TableBuilder::new(schema());
        for n in 0..rows {
            assert!(builder.begin(&format!("id{n}")));
            builder.set(Attr(0), &format!("user{n}"));
            builder.entry(Attr(3), [&format!("p{}", n % 3), ""], "viewer");
            builder.entry(Attr(3), ["a", ""], "owner");
            builder.end();
        }
        builder
    }

    #[test]
    fn cells_come_back_as_they_were_set_across_chunks() {
        let table = fill(10_000).table();
        assert_eq!(table.len(), 10_000);
        for n in [0, 1, 4095, 4096, 8191, 9999] {
            let row = table.find(&format!("id{n}")).unwrap();
            assert_eq!(row, Row(n));
            assert_eq!(table.cell(row, Attr(0)), Cell::Value(&format!("user{n}")));
            assert_eq!(table.cell(row, Attr(1)), Cell::Unreadable);
            assert_eq!(table.cell(row, Attr(2)), Cell::Unread);
            let entries = table.entries(row, Attr(3)).unwrap();
            assert_eq!(entries.len(), 2);
            let mut keys: Vec<_> = entries.iter().map(|&entry| table.entry_text(Attr(3), entry).0[0]).collect();
            keys.sort_unstable();
            assert_eq!(keys, ["a".to_owned(), format!("p{}", n % 3)]);
        }
    }

    #[test]
    fn an_id_is_taken_once() {
        let mut builder = fill(5000);
        assert!(!builder.begin("id7"));
        assert!(!builder.begin("id4999"));
        assert!(!builder.begin(""));
        assert_eq!(builder.len(), 5000);
    }

    #[test]
    fn what_a_second_feed_brings_joins_its_owner_and_the_rest_stays_unread() {
        let mut builder = fill(5000);
        assert!(builder.late("id4500"));
        builder.set(Attr(2), "Dr.");
        builder.end();
        assert!(builder.late("id1"));
        builder.list_read(Attr(3));
        builder.end();
        assert!(!builder.late("nobody"));
        let table = builder.table();
        assert_eq!(table.cell(Row(4500), Attr(2)), Cell::Value("Dr."));
        assert_eq!(table.cell(Row(4501), Attr(2)), Cell::Unread);
        assert_eq!(table.cell(Row(4500), Attr(0)), Cell::Value("user4500"));
        assert_eq!(table.entries(Row(1), Attr(3)), Some(&[][..]));
        assert_eq!(table.entries(Row(2), Attr(3)).unwrap().len(), 2);
    }

    #[test]
    fn a_table_taken_early_does_not_change_when_the_builder_goes_on() {
        let mut builder = fill(10);
        let early = builder.table();
        assert!(builder.begin("late"));
        builder.end();
        assert_eq!((early.len(), builder.table().len()), (10, 11));
        assert_eq!(early.find("late"), None);
    }

    #[test]
    fn an_attribute_that_was_not_set_is_empty() {
        let mut builder = TableBuilder::new(schema());
        assert!(builder.begin("x"));
        builder.end();
        assert_eq!(builder.table().cell(Row(0), Attr(0)), Cell::Empty);
    }
}
