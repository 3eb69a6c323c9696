//! Titles, columns and paragraphs that fit a terminal of 80 cells.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

/// Columns of a terminal that is as narrow as they come.
const WIDTH: usize = 80;

/// Where the second and the third column of an attribute begin.
const NATIVE: usize = 33;
const ACCESS: usize = 64;

/// A title with an empty line before it.
pub fn title(out: &mut String, text: &str) {
    let _ = writeln!(out, "\n{text}\n{}", "-".repeat(text.width()));
}

/// Three columns; what does not fit into its own begins a line of its own.
pub fn line(out: &mut String, indent: usize, first: &str, second: &str, third: &str) {
    let mut at = indent;
    let mut text = format!("{}{first}", " ".repeat(indent));
    at += first.width();
    for (column, cell) in [(NATIVE, second), (ACCESS, third)] {
        if cell.is_empty() {
            continue;
        }
        if at + 1 > column || column + cell.width() > WIDTH {
            // What is too wide for the rest of its line moves left on the next one.
            let start = column.min(WIDTH.saturating_sub(cell.width())).max(4);
            if at + 1 > start {
                put(out, &text);
                text.clear();
                at = 0;
            }
            text.push_str(&" ".repeat(start - at));
            at = start;
        } else {
            text.push_str(&" ".repeat(column - at));
            at = column;
        }
        text.push_str(cell);
        at += cell.width();
    }
    put(out, &text);
}

/// A line, in pieces where it is wider than the terminal.
fn put(out: &mut String, text: &str) {
    for part in broken(text.trim_end(), WIDTH) {
        out.push_str(&part);
        out.push('\n');
    }
}

/// Words in lines that fit, each indented.
pub fn para(out: &mut String, indent: usize, text: &str) {
    let room = WIDTH - indent;
    let mut at = 0;
    for word in text.split_whitespace() {
        for part in broken(word, room) {
            if at > 0 && at + 1 + part.width() <= room {
                out.push(' ');
                at += 1;
            } else {
                if at > 0 {
                    out.push('\n');
                }
                out.push_str(&" ".repeat(indent));
                at = 0;
            }
            out.push_str(&part);
            at += part.width();
        }
    }
    if at > 0 {
        out.push('\n');
    }
}

/// A text in pieces that are no wider than the room.
fn broken(text: &str, room: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut at = 0;
    for c in text.chars() {
        let width = c.to_string().width();
        if at + width > room {
            pieces.push(String::new());
            at = 0;
        }
        at += width;
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
    }
    pieces
}
