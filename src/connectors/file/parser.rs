//! The blocks of one file, one after the other, into a table; and what was wrong with them.

use std::borrow::Cow;
use std::sync::Arc;

use super::Written;
use super::csv::{Batch, Cutter};
use super::faults::Faults;
use super::form::{Form, guess_separator};
use super::located::{self, line_ends, line_start, nth_line, place, position, walk};
use super::text::{Decode, NoText, check, lossy};
use crate::mapping::{Columns, Mapping, ReadError, Rows, Taken};
use crate::model::{Proof, TableBuilder};

/// The longest line, or row with line ends in its cells.
const LONGEST: usize = 64 << 20;

/// What of a file's beginning its form is told by.
const HEAD: usize = 64 << 10;

/// What is known after the first block.
struct Begun {
    form: Form,
    separator: u8,
    decode: Decode,
}

/// Reads one file.
pub(super) struct Parser {
    mapping: Arc<Mapping>,
    feed: Arc<str>,
    file: String,
    written: Written,
    begun: Option<Begun>,
    columns: Option<Columns>,
    /// Bytes that came before enough was there to tell what the file is.
    held: Vec<u8>,
    /// Text that is not done with, and the line on which it begins.
    rest: Vec<u8>,
    line: u64,
    faults: Faults,
    records: u64,
    distinct: u64,
}

impl Parser {
    pub(super) fn new(mapping: Arc<Mapping>, feed: Arc<str>, file: &str, written: Written) -> Self {
        Self {
            mapping,
            feed,
            file: file.to_owned(),
            written,
            begun: None,
            columns: None,
            held: Vec::new(),
            rest: Vec::new(),
            line: 1,
            faults: Faults::default(),
            records: 0,
            distinct: 0,
        }
    }

    /// Whether reading on makes no sense.
    pub(super) fn over(&self) -> bool {
        self.faults.over()
    }

    /// Takes the next block; an empty one says that the file is at its end.
    pub(super) fn take(&mut self, block: &[u8], into: &mut TableBuilder) -> Taken {
        let (records, distinct) = (self.records, self.distinct);
        if !self.over() {
            self.block(block, into);
        }
        let taken = |now: u64, before: u64| u32::try_from(now - before).unwrap_or(u32::MAX);
        Taken {
            records: taken(self.records, records),
            fresh: taken(self.distinct, distinct),
            envelope: serde_json::Map::new(),
        }
    }

    fn block(&mut self, block: &[u8], into: &mut TableBuilder) {
        let last = block.is_empty();
        let mut held = std::mem::take(&mut self.held);
        let mut block = block;
        if self.begun.is_none() {
            held.extend_from_slice(block);
            block = &held;
            if held.is_empty() {
                self.faults.whole("the file is empty");
                return self.faults.last();
            }
            let told = Form::told(self.written.form, &self.file).is_some() && held.len() > 3 && held.contains(&b'\n');
            if !(told || last || held.len() >= HEAD) {
                self.held = held;
                return;
            }
            let (decode, mark) = Decode::new(self.written.encoding, block);
            block = &block[mark..];
            let head = lossy(decode.encoding(), &block[..block.len().min(HEAD)]);
            let form = Form::of(self.written.form, &self.file, &head);
            let separator = self.written.separator.unwrap_or_else(|| guess_separator(&head));
            self.begun = Some(Begun { form, separator, decode });
        }
        let Some(begun) = &mut self.begun else { return };
        let (form, separator) = (begun.form, begun.separator);
        let unfit = begun.decode.block(block, last, &mut self.rest).err();
        if form == Form::Document {
            return self.collect(last, unfit, into);
        }
        let text = std::mem::take(&mut self.rest);
        let done = self.lines_of(&text, last, unfit, form, separator, into);
        self.line += line_ends(&text[..done]);
        self.rest = text;
        self.rest.drain(..done);
        if self.rest.len() > LONGEST && !self.over() {
            let line = self.line;
            let open = walk(&self.rest, 0, separator, 0).open.filter(|_| form == Form::Csv);
            let rest = &self.rest;
            self.faults.add(
                || place(rest, open.unwrap_or(0), line),
                || match open {
                    Some(_) => "a quote is opened here and not closed in the next 64 MiB".to_owned(),
                    None => "the line is longer than 64 MiB".to_owned(),
                },
            );
            self.faults.last();
        }
    }

    /// The whole lines of a text. How much of it is done with.
    fn lines_of(
        &mut self,
        text: &[u8],
        last: bool,
        unfit: Option<NoText>,
        form: Form,
        separator: u8,
        into: &mut TableBuilder,
    ) -> usize {
        // A character may be cut at the end of a block, and is never cut at the end of a line.
        let whole = if last { text.len() } else { text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1) };
        let checked = check(&text[..whole]).map(str::as_bytes);
        let (good, unfit) = match checked {
            Ok(good) => (good, unfit),
            Err(fault) => (&text[..fault.good], Some(fault)),
        };
        let ends = last && unfit.is_none();
        let done = match form {
            Form::Csv => self.csv(good, separator, ends, into),
            _ => self.json_lines(good, ends, into),
        };
        if let Some(NoText { good, what }) = unfit {
            let line = self.line;
            self.faults.add(|| place(text, good, line), || what);
            self.faults.last();
        }
        done
    }

    fn csv(&mut self, text: &[u8], separator: u8, last: bool, into: &mut TableBuilder) -> usize {
        let mut from = 0;
        if self.columns.is_none() {
            let mut cutter = Cutter::new(text, separator, 0, last);
            let Some(header) = cutter.header() else {
                if last {
                    self.faults.whole("the file has no header");
                    self.faults.last();
                }
                return 0;
            };
            from = cutter.done();
            let names: Vec<&str> = header.iter().map(String::as_str).collect();
            let feed = self.mapping.feed(&self.feed);
            match feed.map(|feed| Columns::new(&self.mapping, feed, &names)) {
                Some(Ok(columns)) => self.columns = Some(columns),
                Some(Err(fault)) => {
                    let line = self.line;
                    let at = walk(text, 0, separator, fault.column.unwrap_or(0)).field;
                    self.faults.add(|| place(text, at, line), || fault.what);
                    self.faults.last();
                    return from;
                }
                None => return from,
            }
        }
        let Some(columns) = &self.columns else { return from };
        let mut cutter = Cutter::new(&text[from..], separator, columns.width(), last);
        let mut ready = cutter.next().map(|batch| Prepared::of(batch, columns));
        while let Some(now) = ready.take() {
            // One batch is filled in here while the pool cuts the next one.
            rayon::in_place_scope(|scope| {
                let (cutter, ready) = (&mut cutter, &mut ready);
                scope.spawn(move |_| *ready = cutter.next().map(|batch| Prepared::of(batch, columns)));
                let mut telling = Telling { text, from, line: self.line, separator, faults: &mut self.faults };
                self.records += now.rows_in_all;
                self.distinct += telling.fill(&now, columns, into);
            });
            if self.faults.over() {
                break;
            }
        }
        from + cutter.done()
    }

    fn json_lines(&mut self, text: &[u8], last: bool, into: &mut TableBuilder) -> usize {
        let mut from = 0;
        let Some(reader) = self.mapping.reader(&self.feed).cloned() else { return text.len() };
        while from < text.len() && !self.faults.over() {
            let before = into.len();
            let here = &text[from..];
            let (line, faults) = (self.line, &mut self.faults);
            let read = reader.read_lines_telling(here, into, &mut |number, id| {
                let key = key_of(id);
                faults.add(|| place(text, from + line_start(here, number), line), || key);
            });
            let fresh = (into.len() - before) as u64;
            self.distinct += fresh;
            match read {
                Ok(taken) => {
                    self.records += u64::from(taken.records);
                    break;
                }
                Err(ReadError::Line { line: number, column, what }) => {
                    self.records += fresh + 1;
                    let start = nth_line(here, number);
                    let end = here[start..].iter().position(|byte| *byte == b'\n').map(|at| from + start + at + 1);
                    let cut =
                        if last && end.is_none() { "; the file ends in it: it may have been cut off" } else { "" };
                    let lines = line_ends(&text[..from + start]);
                    self.faults.add(|| (line + lines, column), || format!("{what}{cut}"));
                    let Some(end) = end else { break };
                    from = end;
                }
                Err(other) => {
                    self.faults.whole(other.to_string());
                    break;
                }
            }
        }
        text.len()
    }

    /// A document is only read as a whole.
    fn collect(&mut self, last: bool, unfit: Option<NoText>, into: &mut TableBuilder) {
        const LARGEST: usize = (1 << 31) - 64;
        if let Some(NoText { good, what }) = unfit {
            self.faults.add(|| place(&self.rest, good, 1), || what);
            return self.faults.last();
        }
        if self.rest.len() > LARGEST {
            self.faults
                .whole("one JSON document of more than 2 GiB: export it as JSON Lines, which is read piece by piece");
            return self.faults.last();
        }
        if last {
            let text = std::mem::take(&mut self.rest);
            self.document(&text, into);
        }
    }

    fn document(&mut self, text: &[u8], into: &mut TableBuilder) {
        let text = match check(text) {
            Ok(text) => text,
            Err(NoText { good, what }) => {
                self.faults.add(|| place(text, good, 1), || what);
                return;
            }
        };
        let (Some(reader), Some(feed)) = (self.mapping.reader(&self.feed).cloned(), self.mapping.feed(&self.feed))
        else {
            return;
        };
        // A bare list is a ListResponse without the words around it.
        let before =
            if text.trim_start().starts_with('[') { format!("{{\"{}\":", feed.records) } else { String::new() };
        let wrapped: Cow<'_, str> = if before.is_empty() { text.into() } else { format!("{before}{text}}}").into() };
        let have = into.len();
        let faults = &mut self.faults;
        let read = reader.read_telling(wrapped.as_bytes(), None, into, &mut |number, id| {
            let key = key_of(id);
            faults.add(|| place(text.as_bytes(), located::record(text.as_bytes(), number).unwrap_or(0), 1), || key);
        });
        self.distinct = (into.len() - have) as u64;
        match read {
            Ok(taken) => {
                self.records = u64::from(taken.records);
                let total = taken.envelope.iter().find(|(key, _)| key.eq_ignore_ascii_case("totalResults"));
                if let Some(total) = total.and_then(|(_, total)| total.as_u64())
                    && total != self.records
                {
                    self.faults.whole(format!(
                        "it holds {} records and its totalResults says {total}: it is one page of a list, and all of them \
                         are wanted in one",
                        self.records
                    ));
                }
            }
            Err(ReadError::Broken(why)) => {
                let (why, line, column) = position(&why);
                let column = if line == 1 { column.saturating_sub(before.len() as u64).max(1) } else { column };
                let end = place(text.as_bytes(), text.trim_end().len(), 1);
                let cut = if why.starts_with("EOF") || (line, column) >= end {
                    "; the file ends in it: it may have been cut off"
                } else {
                    ""
                };
                self.faults.add(|| (line, column), || format!("this is no whole JSON document: {why}{cut}"));
            }
            Err(ReadError::NoRecords(_)) => {
                self.faults.whole(format!(
                    "it has no `{}`: it is neither a SCIM ListResponse nor a list of records; for one record a line, set \
                     format = \"jsonl\"",
                    feed.records
                ));
            }
            Err(other) => self.faults.whole(other.to_string()),
        }
    }

    /// What the file is worth.
    pub(super) fn proof(&self) -> Proof {
        let (file, records) = (&self.file, self.records);
        match self.faults.said() {
            Some(said) => Proof::Partial { why: format!("{file}: {said}") },
            None if self.distinct == 0 => Proof::Partial {
                why: format!("{file} holds no record; an export of nobody is more likely one that failed"),
            },
            None => Proof::Complete {
                how: format!("{records} records in {file}, read to its end; no key twice"),
                total: self.distinct,
            },
        }
    }
}

/// Rows on their way from the pool to the table.
struct Prepared {
    rows: Rows,
    starts: Vec<usize>,
    faults: Vec<(usize, String)>,
    rows_in_all: u64,
}

impl Prepared {
    fn of(batch: Batch, columns: &Columns) -> Self {
        let Batch { text, ends, starts, faults, rows } = batch;
        Self { rows: columns.rows(text, &ends), starts, faults, rows_in_all: rows }
    }
}

/// Tells where in a block of CSV something is wrong.
struct Telling<'t> {
    text: &'t [u8],
    /// Where in it the rows begin.
    from: usize,
    line: u64,
    separator: u8,
    faults: &'t mut Faults,
}

impl Telling<'_> {
    /// Fills rows in. How many were new.
    fn fill(&mut self, now: &Prepared, columns: &Columns, into: &mut TableBuilder) -> u64 {
        for (at, what) in &now.faults {
            let place = || place(self.text, self.from + at, self.line);
            self.faults.add(place, || what.clone());
        }
        for odd in &now.rows.odd {
            self.cell(now.starts[odd.row], odd.column, odd.what.clone());
        }
        let mut refused = Vec::new();
        let taken = columns.fill(&now.rows, into, &mut |row, id| refused.push((row, key_of(id))));
        for (row, what) in refused {
            self.cell(now.starts[row], columns.key(), what);
        }
        u64::from(taken.fresh)
    }

    fn cell(&mut self, start: usize, column: usize, what: String) {
        let (text, line) = (self.text, self.line);
        let at = self.from + start;
        self.faults.add(|| place(text, walk(text, at, self.separator, column).field, line), || what);
    }
}

/// What is wrong with the key of a record that was not taken.
fn key_of(id: &str) -> String {
    if id.is_empty() {
        "the record has no key, so nobody can say whose it is".to_owned()
    } else {
        let shown: String = id.chars().take(60).collect();
        format!("the key `{shown}` came before: only the first record that has it was taken")
    }
}
