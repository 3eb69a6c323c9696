//! Rows as bytes and back: block by block, column by column.
//!
//! What repeats is written once. Where a column of the table has codes, so has the file: each block brings the texts that no
//! block before it had, and then a code per row. Nothing that is read is believed: a code of no text, a length beyond the
//! block, an id that is there twice are damage.

use std::io::{Read, Write};
use std::sync::Arc;

use crate::model::{Attr, CHUNK_ROWS, Cell, Column, Dict, Form, Row, Schema, Table, TableBuilder, UNREAD};

/// The largest column of a block that is believed: a damaged length must not take all memory.
const MOST: u64 = 1 << 30;

/// How a column of texts is written: each in full.
const TEXTS: u64 = 0;
/// By codes.
const CODES: u64 = 1;

const BROKEN: &str = "it is damaged";

/// Writes rows of a table.
pub(super) struct Writer<'t> {
    table: &'t Table,
    rows: &'t [Row],
    /// Per readable attribute.
    codes: Vec<(Attr, Parts)>,
}

/// The codes of a text, or of a list's two keys and value.
enum Parts {
    Text(Codes),
    List(Box<[Codes; 3]>),
}

/// Which texts of a dictionary are in the file already, and by what code.
#[derive(Default)]
struct Codes {
    of: Vec<u32>,
    next: u32,
}

impl Codes {
    /// The file's code; a text that it does not have yet goes to `fresh`.
    fn code(&mut self, code: u32, dict: &Dict, fresh: &mut Fresh) -> u32 {
        if self.of.len() <= code as usize {
            self.of.resize((dict.len() as usize).max(code as usize + 1), u32::MAX);
        }
        let known = &mut self.of[code as usize];
        if *known == u32::MAX {
            *known = self.next;
            self.next += 1;
            text(&mut fresh.texts, dict.get(code));
            fresh.count += 1;
        }
        *known
    }
}

/// Texts that a block brings.
#[derive(Default)]
struct Fresh {
    count: u64,
    texts: Vec<u8>,
}

impl Fresh {
    fn put(self, into: &mut Vec<u8>) {
        number(into, self.count);
        into.extend_from_slice(&self.texts);
    }
}

impl<'t> Writer<'t> {
    /// For all rows of a table, or for some from anywhere.
    pub(super) fn new(table: &'t Table, rows: &'t [Row]) -> Self {
        let parts = |form: &Form| match form {
            Form::Text => Parts::Text(Codes::default()),
            Form::List(_) => Parts::List(Box::default()),
        };
        let readable = table.schema().iter().filter(|(_, def)| !def.unreadable);
        Self { table, rows, codes: readable.map(|(attr, def)| (attr, parts(&def.form))).collect() }
    }

    /// # Errors
    /// When nothing more can be written.
    pub(super) fn write(mut self, into: &mut impl Write) -> std::io::Result<()> {
        let whole = self.rows.len() == self.table.len();
        let mut put = |column: &[u8]| {
            into.write_all(&(column.len() as u64).to_le_bytes())?;
            into.write_all(column)
        };
        for rows in self.rows.chunks(CHUNK_ROWS) {
            let (mut pages, mut ids) = (Vec::new(), Vec::new());
            for row in rows {
                // Rows from anywhere have no pages.
                number(&mut pages, if whole { u64::from(self.table.page(*row)) } else { 0 });
                text(&mut ids, self.table.id(*row));
            }
            put(&pages)?;
            put(&ids)?;
            for (attr, parts) in &mut self.codes {
                put(&match parts {
                    Parts::Text(codes) => texts(self.table, *attr, rows, codes),
                    Parts::List(codes) => lists(self.table, *attr, rows, codes),
                })?;
            }
        }
        Ok(())
    }
}

/// The column of a text attribute and the row's place in it.
fn column(table: &Table, attr: Attr, row: Row) -> (&Column, usize) {
    let (chunk, at) = (&table.chunks()[row.0 as usize / CHUNK_ROWS], row.0 as usize % CHUNK_ROWS);
    (chunk.column(table.schema().def(attr).slot), at)
}

fn texts(table: &Table, attr: Attr, rows: &[Row], known: &mut Codes) -> Vec<u8> {
    let dict = table.dict(table.schema().def(attr).slot);
    let codes: Option<Vec<u32>> = rows
        .iter()
        .map(|row| match column(table, attr, *row) {
            (Column::Coded { codes }, at) => Some(codes[at]),
            (Column::Plain { .. }, _) => None,
        })
        .collect();
    let mut bytes = Vec::new();
    let Some(codes) = codes else {
        number(&mut bytes, TEXTS);
        for row in rows {
            match table.cell(*row, attr) {
                Cell::Value(value) => text(&mut bytes, value),
                Cell::Empty => text(&mut bytes, ""),
                Cell::Unread | Cell::Unreadable => number(&mut bytes, 0),
            }
        }
        return bytes;
    };
    let (mut fresh, mut body) = (Fresh::default(), Vec::with_capacity(rows.len()));
    for code in codes {
        match code {
            UNREAD => number(&mut body, 0),
            code => number(&mut body, u64::from(known.code(code, dict, &mut fresh)) + 1),
        }
    }
    number(&mut bytes, CODES);
    fresh.put(&mut bytes);
    bytes.append(&mut body);
    bytes
}

fn lists(table: &Table, attr: Attr, rows: &[Row], known: &mut [Codes; 3]) -> Vec<u8> {
    let dicts = table.list(table.schema().def(attr).slot);
    let dicts = [&dicts.key[0], &dicts.key[1], &dicts.value];
    let (mut fresh, mut body) = (<[Fresh; 3]>::default(), Vec::new());
    for row in rows {
        let Some(entries) = table.entries(*row, attr) else {
            number(&mut body, 0);
            continue;
        };
        number(&mut body, entries.len() as u64 + 1);
        for entry in entries {
            for (part, code) in [entry.key[0], entry.key[1], entry.value].into_iter().enumerate() {
                number(&mut body, u64::from(known[part].code(code, dicts[part], &mut fresh[part])));
            }
        }
    }
    let mut bytes = Vec::new();
    for fresh in fresh {
        fresh.put(&mut bytes);
    }
    bytes.append(&mut body);
    bytes
}

/// A number in seven bits a byte, low ones first.
fn number(into: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// A text with its length and one: 0 stands for what was not read.
fn text(into: &mut Vec<u8>, value: &str) {
    number(into, value.len() as u64 + 1);
    into.extend_from_slice(value.as_bytes());
}

/// The bytes of a column that are still to be read.
struct Cursor<'b> {
    bytes: &'b [u8],
}

impl<'b> Cursor<'b> {
    fn number(&mut self) -> Result<u64, String> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.bytes.split_first().ok_or(BROKEN)?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BROKEN.into())
    }

    fn text(&mut self) -> Result<Option<&'b str>, String> {
        let Some(length) = self.number()?.checked_sub(1) else { return Ok(None) };
        let length = usize::try_from(length).map_err(|_| BROKEN)?;
        if length > self.bytes.len() {
            return Err(BROKEN.into());
        }
        let (value, rest) = self.bytes.split_at(length);
        self.bytes = rest;
        std::str::from_utf8(value).map(Some).map_err(|why| why.to_string())
    }
}

/// One attribute of the table that is built: by which codes it has the file's texts.
struct Known {
    attr: Attr,
    list: bool,
    /// Whether the block that is read has codes.
    coded: bool,
    /// Of a text the first, of a list all three.
    codes: [Vec<u32>; 3],
}

impl Known {
    /// What a block says before its rows.
    fn begin(&mut self, column: &mut Cursor<'_>, builder: &mut TableBuilder) -> Result<(), String> {
        self.coded = self.list
            || match column.number()? {
                TEXTS => false,
                CODES => true,
                _ => return Err(BROKEN.into()),
            };
        let parts = if self.list { 3 } else { usize::from(self.coded) };
        for (part, codes) in self.codes.iter_mut().enumerate().take(parts) {
            for _ in 0..column.number()? {
                let text = column.text()?.ok_or(BROKEN)?;
                codes.push(builder.code(self.attr, part, text).ok_or(BROKEN)?);
            }
        }
        Ok(())
    }

    /// What a block says of a row.
    fn row(&self, column: &mut Cursor<'_>, builder: &mut TableBuilder) -> Result<(), String> {
        if !self.list && !self.coded {
            match column.text()? {
                Some(value) => builder.set(self.attr, value),
                None => builder.unread(self.attr),
            }
            return Ok(());
        }
        let Some(first) = column.number()?.checked_sub(1) else {
            builder.unread(self.attr);
            return Ok(());
        };
        if !self.list {
            builder.set_code(self.attr, self.code(0, first)?);
            return Ok(());
        }
        builder.list_read(self.attr);
        for _ in 0..first {
            let mut codes = [0; 3];
            for (part, code) in codes.iter_mut().enumerate() {
                *code = self.code(part, column.number()?)?;
            }
            builder.entry_code(self.attr, codes);
        }
        Ok(())
    }

    fn code(&self, part: usize, code: u64) -> Result<u32, String> {
        let code = usize::try_from(code).ok().and_then(|code| self.codes[part].get(code));
        code.copied().ok_or_else(|| BROKEN.into())
    }
}

/// The table that so many rows in a file are.
///
/// # Errors
/// When the file is damaged, in words.
pub(super) fn read_rows(file: impl std::io::BufRead, schema: &Arc<Schema>, rows: u64) -> Result<Table, String> {
    let mut packed = zstd::Decoder::with_buffer(file).map_err(|why| why.to_string())?;
    let known = |(attr, form): (Attr, &Form)| Known {
        attr,
        list: *form != Form::Text,
        coded: false,
        codes: <[Vec<u32>; 3]>::default(),
    };
    let readable = schema.iter().filter(|(_, def)| !def.unreadable).map(|(attr, def)| (attr, &def.form));
    let mut known: Vec<Known> = readable.map(known).collect();
    let mut builder = TableBuilder::new(schema.clone());
    let mut page = 0_u64;
    let mut left = rows;
    while left > 0 {
        let count = left.min(CHUNK_ROWS as u64);
        left -= count;
        let mut blocks = Vec::with_capacity(known.len() + 2);
        for _ in 0..known.len() + 2 {
            blocks.push(read_column(&mut packed)?);
        }
        let mut columns: Vec<Cursor<'_>> = blocks.iter().map(|bytes| Cursor { bytes }).collect();
        for (known, column) in known.iter_mut().zip(&mut columns[2..]) {
            known.begin(column, &mut builder)?;
        }
        for _ in 0..count {
            let on = columns[0].number()?;
            if on > page + u64::from(u16::MAX) {
                return Err(BROKEN.into());
            }
            while page < on {
                builder.next_page();
                page += 1;
            }
            let id = columns[1].text()?.ok_or(BROKEN)?;
            if !builder.begin(id) {
                return Err(format!("the id {id} is there twice"));
            }
            for (known, column) in known.iter().zip(&mut columns[2..]) {
                known.row(column, &mut builder)?;
            }
            builder.end();
        }
    }
    let mut end = [0];
    // Reading on to the end checks the frame's checksum.
    match packed.read(&mut end) {
        Ok(0) => Ok(builder.table()),
        Ok(_) => Err(BROKEN.into()),
        Err(why) => Err(why.to_string()),
    }
}

fn read_column(from: &mut impl Read) -> Result<Vec<u8>, String> {
    let mut length = [0; 8];
    from.read_exact(&mut length).map_err(|why| why.to_string())?;
    let length = u64::from_le_bytes(length);
    if length > MOST {
        return Err(BROKEN.into());
    }
    let mut bytes = Vec::new();
    let read = from.take(length).read_to_end(&mut bytes).map_err(|why| why.to_string())?;
    if read as u64 == length { Ok(bytes) } else { Err(BROKEN.into()) }
}
