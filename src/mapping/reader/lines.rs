//! JSON Lines, one record a line, on all cores that rayon was given.

use std::borrow::Cow;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::model::TableBuilder;

use super::mend::mend;
use super::parse::{Found, Run};
use super::{ReadError, Reader, Taken, text};

/// Bytes that one core takes at a time: what was found in them stays in its cache until it is filled in.
const BATCH: usize = 1 << 18;

impl Reader {
    /// Reads whole lines into a table: blank ones are skipped, the last one needs no line end. A file is read block by block,
    /// each cut after a line end.
    ///
    /// # Errors
    /// When a line is no whole JSON; the rows before it stay in the table.
    pub fn read_lines(&self, block: &[u8], into: &mut TableBuilder) -> Result<Taken, ReadError> {
        let batches = batches(block);
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
                for (batch, found, fault) in &ready {
                    let brought = self.program.fill(batch, found, None, into);
                    taken.records += brought.records;
                    taken.fresh += brought.fresh;
                    if fault.is_some() {
                        return fault.clone();
                    }
                }
                None
            });
            if let Some(fault) = fault {
                return Err(ReadError::Broken(fault));
            }
            match parsed {
                Some(parsed) => ready = parsed,
                None => return Ok(taken),
            }
        }
    }

    fn window<'b>(&self, window: &[&'b [u8]]) -> Vec<(Cow<'b, str>, Found, Option<String>)> {
        window
            .par_iter()
            .map(|batch| {
                let batch = match text(batch) {
                    Ok(batch) => batch,
                    Err(ReadError::Broken(fault) | ReadError::NoRecords(fault)) => {
                        return (Cow::Borrowed(""), Found::default(), Some(fault));
                    }
                };
                let (found, fault) = self.batch(batch);
                match fault.as_ref().and_then(|_| mend(batch)) {
                    Some(mended) => {
                        let (found, fault) = self.batch(&mended);
                        (Cow::Owned(mended), found, fault)
                    }
                    None => (Cow::Borrowed(batch), found, fault),
                }
            })
            .collect()
    }

    fn batch(&self, batch: &str) -> (Found, Option<String>) {
        let mut run = Run::new(&self.trie, batch);
        let fault = run.exactly(|run| lines(run, batch));
        (run.found, fault)
    }
}

fn lines(run: &mut Run<'_>, batch: &str) -> Option<String> {
    for line in batch.split('\n') {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut from = serde_json::Deserializer::from_str(line);
        if let Err(error) = run.record(&mut from).and_then(|()| from.end()) {
            let shown: String = line.chars().take(40).collect();
            return Some(format!("{error}, in the line that begins `{shown}`"));
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
