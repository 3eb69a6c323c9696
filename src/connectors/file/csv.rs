//! Blocks of CSV (RFC 4180) cut into rows, with where each one began.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::located::walk;

/// Bytes of text that are handed on at a time: what was cut stays in its core's cache until it is filled in.
const BATCH: usize = 1 << 18;

/// Rows that were cut, and rows that could not be.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The cells of all good rows, one after the other, without their quotes.
    pub(super) text: String,
    /// Where each cell ends.
    pub(super) ends: Vec<usize>,
    /// Where in the block each good row began.
    pub(super) starts: Vec<usize>,
    /// What is wrong with the others: where in the block, and what.
    pub(super) faults: Vec<(usize, String)>,
    /// Rows, good and bad.
    pub(super) rows: u64,
}

/// Cuts one block.
pub(super) struct Cutter<'b> {
    reader: Reader,
    block: &'b [u8],
    separator: u8,
    /// Cells of a row.
    width: usize,
    /// Nothing comes after the block.
    last: bool,
    at: usize,
    over: bool,
    ends: Vec<usize>,
}

/// A row that was cut out of the block.
struct Cut {
    start: usize,
    cells: usize,
    /// Bytes of text.
    len: usize,
    /// It was only over because the file is.
    unended: bool,
}

impl<'b> Cutter<'b> {
    pub(super) fn new(block: &'b [u8], separator: u8, width: usize, last: bool) -> Self {
        let reader = ReaderBuilder::new().delimiter(separator).build();
        Self { reader, block, separator, width, last, at: 0, over: false, ends: vec![0; width.max(16) + 1] }
    }

    /// Bytes of the block that are done with: all up to the first row that is not whole.
    pub(super) fn done(&self) -> usize {
        self.at
    }

    /// The cells of the next row, whatever their number: for a header.
    pub(super) fn header(&mut self) -> Option<Vec<String>> {
        let mut text = vec![0; 4096];
        let cut = self.cut(&mut text, 0)?;
        let mut cells = Vec::with_capacity(cut.cells);
        let mut start = 0;
        for &end in &self.ends[..cut.cells] {
            cells.push(String::from_utf8_lossy(text.get(start..end).unwrap_or_default()).into_owned());
            start = end;
        }
        Some(cells)
    }

    /// The next rows.
    pub(super) fn next(&mut self) -> Option<Batch> {
        if self.over {
            return None;
        }
        let mut batch = Batch::default();
        let mut text = vec![0; BATCH + BATCH / 4];
        let mut used = 0;
        while used < BATCH {
            let Some(cut) = self.cut(&mut text, used) else { break };
            if cut.cells != self.width {
                let blank = cut.cells <= 1 && text[used..used + cut.len].iter().all(u8::is_ascii_whitespace);
                if !blank {
                    batch.rows += 1;
                    batch.faults.push(self.ragged(&cut));
                }
                continue;
            }
            batch.rows += 1;
            if cut.unended
                && let Some(fault) = self.unended(&cut)
            {
                batch.faults.push(fault);
                continue;
            }
            batch.starts.push(cut.start);
            batch.ends.extend(self.ends[..cut.cells].iter().map(|end| used + end));
            used += cut.len;
        }
        text.truncate(used);
        // What goes in is UTF-8, and cells are cut out at ASCII characters only.
        batch.text = String::from_utf8(text).unwrap_or_default();
        (batch.rows > 0).then_some(batch)
    }

    /// Cuts one row out, its text at `used`.
    fn cut(&mut self, text: &mut Vec<u8>, used: usize) -> Option<Cut> {
        if self.over {
            return None;
        }
        let start = self.at;
        let (mut len, mut cells, mut flushing) = (0, 0, false);
        loop {
            let input = if flushing { &[] } else { &self.block[self.at..] };
            let (result, read, written, ended) =
                self.reader.read_record(input, &mut text[used + len..], &mut self.ends[cells..]);
            self.at += read;
            len += written;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty if self.last => flushing = true,
                ReadRecordResult::InputEmpty => {
                    // The rest of it comes with the next block.
                    (self.at, self.over) = (start, true);
                    return None;
                }
                ReadRecordResult::OutputFull => {
                    let more = text.len() * 2;
                    text.resize(more, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    let more = self.ends.len() * 2;
                    self.ends.resize(more, 0);
                }
                ReadRecordResult::Record => {
                    return Some(Cut { start, cells, len, unended: flushing });
                }
                ReadRecordResult::End => {
                    self.over = true;
                    return None;
                }
            }
        }
    }

    fn ragged(&self, cut: &Cut) -> (usize, String) {
        let walked = walk(self.block, cut.start, self.separator, self.width);
        if let Some(open) = walked.open {
            return (open, "a quote is opened here and never closed".to_owned());
        }
        let have = if cut.cells == 1 { "1 cell".to_owned() } else { format!("{} cells", cut.cells) };
        let end = if walked.ended { "" } else { ", and the file ends in it: it may have been cut off" };
        (walked.field, format!("the row has {have} and the header {}{end}", self.width))
    }

    /// What is wrong with a last row that no line end ends, although all its cells are there.
    fn unended(&self, cut: &Cut) -> Option<(usize, String)> {
        let walked = walk(self.block, cut.start, self.separator, usize::MAX);
        if let Some(open) = walked.open {
            return Some((open, "a quote is opened here and never closed".to_owned()));
        }
        // A closing quote says as well as a line end that the last cell is whole.
        let what =
            "the file ends here without a line end, so it may have been cut off: if it is whole, end its last line";
        (!walked.ended && !walked.closed).then(|| (walked.field, what.to_owned()))
    }
}
