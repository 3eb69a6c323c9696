//! Where in a text something is, as an editor shows it: line and column from 1, columns in characters. Only used for what is
//! told to the operator, so it may be slow.

/// How many lines end in a text.
pub(super) fn line_ends(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// The line and column of a byte offset; `line` is the line on which the text begins.
pub(super) fn place(text: &[u8], at: usize, line: u64) -> (u64, u64) {
    let before = &text[..at.min(text.len())];
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    (line + line_ends(before), 1 + String::from_utf8_lossy(&before[start..]).chars().count() as u64)
}

/// One row of CSV, walked by the rules by which it was read: a quote counts at the beginning of a field only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Walked {
    /// Where the field begins that was asked for; where the row ends if it has no such field.
    pub(super) field: usize,
    /// Where a quote was opened that is still open at the end of the text.
    pub(super) open: Option<usize>,
    /// Whether the row ends by a line end.
    pub(super) ended: bool,
    /// Whether the last field is closed by its quote.
    pub(super) closed: bool,
}

/// Walks the row that begins at `from` (line ends before it are skipped) up to a field, or to its end.
pub(super) fn walk(text: &[u8], from: usize, separator: u8, field: usize) -> Walked {
    #[derive(PartialEq, Clone, Copy)]
    enum State {
        Start,
        Bare,
        Quoted,
        Closing,
    }
    let mut at = from;
    while matches!(text.get(at), Some(b'\r' | b'\n')) {
        at += 1;
    }
    let (mut state, mut number, mut opened) = (State::Start, 0, at);
    let mut found = (field == 0).then_some(at);
    while let Some(&byte) = text.get(at) {
        state = match (state, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) | (State::Closing, b'"') => State::Quoted,
            (_, byte) if byte == separator => {
                number += 1;
                if number == field {
                    found = Some(at + 1);
                }
                State::Start
            }
            (_, b'\r' | b'\n') => {
                let closed = state == State::Closing;
                return Walked { field: found.unwrap_or(at), open: None, ended: true, closed };
            }
            (State::Start, b'"') => {
                opened = at;
                State::Quoted
            }
            _ => State::Bare,
        };
        at += 1;
    }
    Walked {
        field: found.unwrap_or(at),
        open: (state == State::Quoted).then_some(opened),
        ended: false,
        closed: state == State::Closing,
    }
}

/// Where the record with this number (from 0) begins in a JSON document: the objects of the first list, or of the document
/// itself where it is one.
pub(super) fn record(text: &[u8], number: usize) -> Option<usize> {
    let (mut depth, mut list, mut quoted, mut escaped, mut seen) = (0_usize, None, false, false, 0);
    for (at, &byte) in text.iter().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'[' | b'{' => {
                depth += 1;
                // The list of schemas before the records holds texts only.
                if byte == b'{' && depth > 1 && list.is_none() {
                    list = Some(depth);
                }
                if byte == b'{' && list == Some(depth) {
                    if seen == number {
                        return Some(at);
                    }
                    seen += 1;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Where the line with this number (from 1) begins.
pub(super) fn nth_line(text: &[u8], number: u64) -> usize {
    let mut at = 0;
    for _ in 1..number {
        match text[at..].iter().position(|byte| *byte == b'\n') {
            Some(more) => at += more + 1,
            None => break,
        }
    }
    at
}

/// Where the line of the record with this number (from 0) begins; blank lines are no records.
pub(super) fn line_start(text: &[u8], number: u64) -> usize {
    let mut at = 0;
    let mut left = number;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if !line.trim_ascii().is_empty() {
            if left == 0 {
                return at;
            }
            left -= 1;
        }
        at += line.len();
    }
    at
}

/// What the JSON parser says, and the line and column that it names.
pub(super) fn position(why: &str) -> (&str, u64, u64) {
    let (what, place) = why.rsplit_once(" at line ").unwrap_or((why, ""));
    let (line, column) = place.split_once(" column ").unwrap_or(("1", "1"));
    (what, line.parse().unwrap_or(1), column.parse().unwrap_or(1))
}
