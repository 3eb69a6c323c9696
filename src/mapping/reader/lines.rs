//! JSON Lines, one record a line, on all cores that rayon was given.

use std::borrow::Cow;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::model::TableBuilder;

use super::mend::mend;
use super::parse::{Found, Run};
use super::{ReadError, Reader, Taken};

/// Bytes that one core takes at a time: what was found in them stays in its cache until it is filled in.
const BATCH: usize = 1 << 18;

impl Reader {
    /// Reads whole lines into a table: blank ones are skipped, the last one needs no line end. A file is read block by block,
    /// each cut after a line end.
    ///
    /// # Errors
    /// When a line is no whole JSON; the rows before it stay in the table.
    pub fn read_lines(&self, block: &[u8], into: &mut TableBuilder) -> Result<Taken, ReadError> {
        self.read_lines_telling(block, into, &mut |_, _| {})
    }

    /// The same, and tells of every record that was not taken, since its id was there already or is empty: which one of
    /// the block's records it is, and its id.
    ///
    /// # Errors
    /// As [`Reader::read_lines`], with the line counted from the block's first one.
    pub fn read_lines_telling(
        &self,
        block: &[u8],
        into: &mut TableBuilder,
        refused: &mut dyn FnMut(u64, &str),
    ) -> Result<Taken, ReadError> {
        let batches = batches(block);
        let mut before = 0;
        let mut taken = Taken::default();
        let wide = rayon::current_num_threads().max(1);
        let mut windows = batches.chunks(wide);
        let mut ready = windows.next().map(|window| self.window(window)).unwrap_or_default();
        loop {
            let mut parsed = None;
            // One window is filled in here while the pool parses the next one.
            let fault = rayon::in_place_scope(|scope| {
                if let Some(window) = windows.next() {
                    let parsed = &mut parsed;
                    scope.spawn(move |_| *parsed = Some(self.window(window)));
                }
                for Batch { text, found, fault, bytes } in &ready {
                    let records = u64::from(taken.records);
                    let telling = &mut |number: usize, id: &str| refused(records + number as u64, id);
                    let brought = self.program.fill(text, found, None, into, telling);
                    taken.records += brought.records;
                    taken.fresh += brought.fresh;
                    if let Some(Broken { line, column, what }) = fault {
                        // Lines are only counted where one of them is to be named.
                        let (line, what) = (line_ends(&block[..before]) + line, what.clone());
                        return Some(ReadError::Line { line, column: *column, what });
                    }
                    before += bytes;
                }
                None
            });
            if let Some(fault) = fault {
                return Err(fault);
            }
            match parsed {
                Some(parsed) => ready = parsed,
                None => return Ok(taken),
            }
        }
    }

    fn window<'b>(&self, window: &[&'b [u8]]) -> Vec<Batch<'b>> {
        window
            .par_iter()
            .map(|batch| {
                let bytes = batch.len();
                let (text, unfit) = whole(batch);
                let (mut found, mut fault) = self.batch(text);
                let mut text = Cow::Borrowed(text);
                if fault.is_some()
                    && let Some(mended) = mend(&text)
                {
                    (found, fault) = self.batch(&mended);
                    text = Cow::Owned(mended);
                }
                // What comes first counts: a line that is no JSON, or bytes that are no text.
                Batch { text, found, fault: fault.or(unfit), bytes }
            })
            .collect()
    }

    fn batch(&self, batch: &str) -> (Found, Option<Broken>) {
        let mut run = Run::new(&self.trie, batch);
        let fault = run.exactly(|run| lines(run, batch));
        (run.found, fault)
    }
}

/// What one core made of its part of a block.
struct Batch<'b> {
    text: Cow<'b, str>,
    found: Found,
    fault: Option<Broken>,
    /// Its length in the block.
    bytes: usize,
}

/// A line that is no record: which one of the batch, and where in it, both from 1.
#[derive(Clone, Debug)]
struct Broken {
    line: u64,
    column: u64,
    what: String,
}

/// The whole lines before the first bytes that are no UTF-8, and where those are.
fn whole(batch: &[u8]) -> (&str, Option<Broken>) {
    let batch = batch.strip_prefix(b"\xef\xbb\xbf").unwrap_or(batch);
    let error = match std::str::from_utf8(batch) {
        Ok(text) => return (text, None),
        Err(error) => error,
    };
    let good = &batch[..error.valid_up_to()];
    let end = good.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let line = 1 + line_ends(good);
    let column = 1 + String::from_utf8_lossy(&good[end..]).chars().count() as u64;
    let what = "these bytes are no UTF-8".to_owned();
    (std::str::from_utf8(&good[..end]).unwrap_or_default(), Some(Broken { line, column, what }))
}

fn lines(run: &mut Run<'_>, batch: &str) -> Option<Broken> {
    for (number, line) in (1..).zip(batch.split('\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut from = serde_json::Deserializer::from_str(line);
        if let Err(error) = run.record(&mut from).and_then(|()| from.end()) {
            let shown: String = line.chars().take(40).collect();
            // The line is one of its own to the parser: what it says of a place is ours to say.
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default();
            return Some(Broken {
                line: number,
                column: error.column().max(1) as u64,
                what: format!("{why}, in the line that begins `{shown}`"),
            });
        }
    }
    None
}

/// The block cut after line ends.
fn batches(mut block: &[u8]) -> Vec<&[u8]> {
    let mut batches = Vec::new();
    while block.len() > BATCH {
        let Some(end) = block[BATCH..].iter().position(|&byte| byte == b'\n') else { break };
        let (batch, rest) = block.split_at(BATCH + end + 1);
        batches.push(batch);
        block = rest;
    }
    if !block.is_empty() {
        batches.push(block);
    }
    batches
}

fn line_ends(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}
