//! Page bytes into columns.
//!
//! `trie` is the compiled form of a feed's fields, `parse` and `visit` drive a page through it, `document` finds the records in a
//! reply, `fill` turns what was found into rows, `lines` does it on several cores, `columns` does it for rows of texts under
//! named columns, `redact` cuts secrets out of a page.

mod columns;
mod document;
mod fill;
mod lines;
mod mend;
mod parse;
mod redact;
#[cfg(test)]
pub(crate) mod tests;
mod trie;
mod visit;

use std::sync::Arc;

use serde::de::DeserializeSeed;

use crate::mapping::{Feed, MapRow};
use crate::model::{Schema, TableBuilder};

pub use columns::{Columns, HeaderFault, Odd, Rows};
use document::Document;
use fill::Program;
use parse::{MAX_PAGE, Run};
use trie::Trie;

/// What one page brought.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Records on the page.
    pub records: u32,
    /// Of them, records whose id was not there yet; on a page of details, records whose owner is known.
    pub fresh: u32,
    /// The document's top level but for the records: `totalResults`, `nextCursor`, `pagination`.
    pub envelope: serde_json::Map<String, serde_json::Value>,
}

/// Why a page could not be read to its end. Records that were whole before the fault may have been taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no JSON, or was cut off.
    #[error("the reply is not whole JSON: {0}")]
    Broken(String),
    /// The records are not where they should be.
    #[error("the reply has no {0}")]
    NoRecords(String),
    /// One line of many is no record. Line and column from 1, counted from the beginning of what was read.
    #[error("line {line}, column {column}: {what}")]
    Line {
        /// The line.
        line: u64,
        /// The column.
        column: u64,
        /// What is wrong there.
        what: String,
    },
}

/// One feed's way from page bytes into columns, compiled from the rows.
#[derive(Debug)]
pub struct Reader {
    schema: Arc<Schema>,
    trie: Trie,
    program: Program,
    /// The keys that lead to the records.
    path: Vec<String>,
    /// One record a document.
    single: bool,
    /// The envelope's key that states how many records there are.
    total: Option<String>,
    /// What is never kept.
    secrets: redact::Secrets,
}

impl Reader {
    /// Compiles the rows of a feed's kind.
    pub(super) fn new(feed: &Feed, rows: &[MapRow], schema: Arc<Schema>) -> Result<Self, String> {
        let (trie, program) = fill::compile(feed, rows, &schema)?;
        let path = match feed.records.as_str() {
            "" => Vec::new(),
            path => path.split('.').map(str::to_owned).collect(),
        };
        let secrets = redact::Secrets::of(rows);
        Ok(Self { schema, trie, program, path, single: feed.single, total: feed.total.clone(), secrets })
    }

    /// The schema of the tables that it fills.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Reads one page into a table. `owner`: the record that a detail page is about, where the page does not say.
    ///
    /// # Errors
    /// When the page is no whole JSON or has no records where the feed says; rows before the fault stay in the table, and
    /// the caller must not call the feed complete.
    pub fn read(&self, page: &[u8], owner: Option<&str>, into: &mut TableBuilder) -> Result<Taken, ReadError> {
        self.read_telling(page, owner, into, &mut |_, _| {})
    }

    /// The same, and tells of every record that was not taken, since its id was there already or is empty: its number on
    /// the page, and its id.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read_telling(
        &self,
        page: &[u8],
        owner: Option<&str>,
        into: &mut TableBuilder,
        refused: &mut dyn FnMut(usize, &str),
    ) -> Result<Taken, ReadError> {
        self.read_text(text(page)?, owner, into, refused)
    }

    fn read_text(
        &self,
        page: &str,
        owner: Option<&str>,
        into: &mut TableBuilder,
        refused: &mut dyn FnMut(usize, &str),
    ) -> Result<Taken, ReadError> {
        let mut run = Run::new(&self.trie, page);
        let (read, mut there, mut envelope) = run.exactly(|run| document(run, page, &self.path, self.single, true));
        if read.is_err()
            && let Some(mended) = mend::mend(page)
        {
            return self.read_text(&mended, owner, into, refused);
        }
        if read.is_ok() && !there && self.single && !self.path.is_empty() {
            // The same record bare instead of wrapped (targets/aha.md 8.7); it must look like one.
            let mut bare = Run::new(&self.trie, page);
            let (again, found, _) = bare.exactly(|run| document(run, page, &[], true, false));
            if again.is_ok() && found && self.program.names(page, &bare.found) {
                (run, there, envelope) = (bare, true, serde_json::Map::new());
            }
        }
        let mut taken = self.program.fill(page, &run.found, owner, into, refused);
        taken.envelope = envelope;
        if let Err(error) = read {
            return Err(ReadError::Broken(error.to_string()));
        }
        let stated = self.total.as_ref().is_some_and(|total| {
            taken.envelope.iter().any(|(key, value)| key.eq_ignore_ascii_case(total) && value.is_number())
        });
        if !there && !stated {
            let what =
                if self.path.is_empty() { "list of records".to_owned() } else { format!("`{}`", self.path.join(".")) };
            return Err(ReadError::NoRecords(what));
        }
        if taken.records == 0 {
            self.program.none(owner, into);
        }
        Ok(taken)
    }

    /// Says that a feed that is `whole` has been walked to its proved end: whoever it did not mention has no entries, and
    /// no values, of what it brings.
    pub fn settle(&self, into: &mut TableBuilder) {
        self.program.settle(into);
    }
}

fn document<'p>(
    run: &mut Run<'p>,
    page: &'p str,
    path: &[String],
    single: bool,
    envelope: bool,
) -> (Result<(), serde_json::Error>, bool, serde_json::Map<String, serde_json::Value>) {
    let mut there = false;
    let mut kept = serde_json::Map::new();
    let mut from = serde_json::Deserializer::from_str(page);
    let document = Document { run, path, single, envelope: envelope.then_some(&mut kept), there: &mut there };
    let read = document.deserialize(&mut from).and_then(|()| from.end());
    (read, there, kept)
}

/// A page as text, without a byte order mark.
fn text(page: &[u8]) -> Result<&str, ReadError> {
    if page.len() > MAX_PAGE {
        return Err(ReadError::Broken("it is larger than 2 GiB".into()));
    }
    let page = page.strip_prefix(b"\xef\xbb\xbf").unwrap_or(page);
    std::str::from_utf8(page).map_err(|error| ReadError::Broken(error.to_string()))
}
