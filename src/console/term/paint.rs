//! What is written to the terminal: only what differs from what it shows, in one write a frame.

use std::io::{self, BufWriter, Write};
use std::time::Instant;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::pace::{self, Pace};
use super::scroll;

/// Frames above this size are marked as one, so that terminals that know it show them at once (DEC 2026).
const SYNCED: usize = 2048;

/// The screen, and what it shows.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: BufWriter<W>,
    shown: Buffer,
    stale: bool,
    cursor: Option<Position>,
    cursor_shown: bool,
    compat: bool,
    frame: Vec<u8>,
    /// What of it has arrived.
    pub pace: Pace,
}

/// What the terminal's pen is set to while a frame is written.
struct Pen<'f> {
    frame: &'f mut Vec<u8>,
    at: At,
    style: Look,
    compat: bool,
    width: u16,
}

/// What is known of where the cursor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Nowhere,
    /// In this row; terminals do not agree on the column.
    Row(u16),
    /// Column and row.
    Cell(u16, u16),
}

type Look = (Color, Color, Modifier);

const PLAIN: Look = (Color::Reset, Color::Reset, Modifier::empty());

/// Whether a terminal is known to be agreed with on the width of a character beyond ASCII: ideographs, kana, Hangul and
/// full-width forms, Latin letters, and nothing that joins or is drawn as an emoji.
fn surely(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return false };
    // Latin letters of which East Asian terminals have no other opinion.
    let latin = matches!(c, '\u{c0}'..='\u{24f}') && c.width() == Some(1) && c.width_cjk() == Some(1);
    latin
        || matches!(c,
        '\u{3001}'..='\u{3029}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff01}'..='\u{ff60}')
}

impl Pen<'_> {
    /// Goes to a cell by the shortest way.
    fn go(&mut self, x: u16, y: u16) {
        if self.at == At::Cell(x, y) {
            return;
        }
        let (row, column) = match self.at {
            At::Nowhere => (None, None),
            At::Row(row) => (Some(row), None),
            At::Cell(column, row) => (Some(row), Some(column)),
        };
        let mut way = if x == 0 { format!("\x1b[{}H", y + 1) } else { format!("\x1b[{};{}H", y + 1, x + 1) };
        if let Some(row) = row.filter(|row| *row <= y) {
            // A line feed goes down in the same column, whatever a row below holds (ECMA-48 8.3.74).
            let down = "\n".repeat(usize::from(y - row));
            let across = |from: u16| match x.cmp(&from) {
                std::cmp::Ordering::Less => steps(from - x, 'D'),
                std::cmp::Ordering::Equal => String::new(),
                std::cmp::Ordering::Greater => steps(x - from, 'C'),
            };
            let near = column.map(|column| format!("{down}{}", across(column)));
            let ways = [Some(format!("\r{down}{}", across(0))), Some(format!("{down}\x1b[{}G", x + 1)), near];
            for other in ways.into_iter().flatten() {
                if other.len() < way.len() {
                    way = other;
                }
            }
        }
        self.frame.extend_from_slice(way.as_bytes());
        self.at = At::Cell(x, y);
    }

    fn write(&mut self, words: std::fmt::Arguments<'_>) {
        // Writing to a Vec cannot fail.
        let _ = self.frame.write_fmt(words);
    }

    fn look(&mut self, look: Look) {
        if look == self.style {
            return;
        }
        // What has to be switched off is switched off all at once: one sequence, and no colour command is ever empty,
        // which would take reverse video with it under NO_COLOR.
        let (fg, bg, modifier) = look;
        let lost = self.style.2.difference(modifier) != Modifier::empty()
            || (fg == Color::Reset && self.style.0 != Color::Reset)
            || (bg == Color::Reset && self.style.1 != Color::Reset);
        let mut codes: Vec<String> = Vec::new();
        let from = if lost { PLAIN } else { self.style };
        if lost && look != PLAIN {
            codes.push("0".into());
        }
        let added = modifier.difference(from.2);
        for (bit, code) in [
            (Modifier::BOLD, "1"),
            (Modifier::DIM, "2"),
            (Modifier::ITALIC, "3"),
            (Modifier::UNDERLINED, "4"),
            (Modifier::REVERSED, "7"),
        ] {
            if added.contains(bit) {
                codes.push(code.into());
            }
        }
        if fg != from.0 {
            codes.push(color(fg, 30));
        }
        if bg != from.1 {
            codes.push(color(bg, 40));
        }
        self.write(format_args!("\x1b[{}m", codes.join(";")));
        self.style = look;
    }

    fn cell(&mut self, x: u16, y: u16, cell: &Cell) {
        self.go(x, y);
        let symbol = cell.symbol();
        let look = (cell.fg, cell.bg, cell.modifier);
        // A blank looks the same in every colour that is no ground.
        if !(symbol == " " && unseen(look) && unseen(self.style)) {
            self.look(look);
        }
        self.frame.extend_from_slice(symbol.as_bytes());
        let sure = symbol.is_ascii() || !self.compat && surely(symbol);
        let next = x + symbol.width() as u16;
        // Behind the last cell terminals disagree on where the cursor is.
        self.at = match (sure, next < self.width) {
            (_, false) => At::Nowhere,
            (true, true) => At::Cell(next, y),
            // One that is taken for wide may have led into the next row only at the very end of this one.
            (false, true) if next + 1 < self.width => At::Row(y),
            (false, true) => At::Nowhere,
        };
    }

    /// Writes the cells from where the pen is up to `x` anew where that takes no more bytes than to go there.
    fn bridge(&mut self, x: u16, y: u16, row: &[Cell]) {
        let At::Cell(from, line) = self.at else { return };
        if line != y || from >= x {
            return;
        }
        let between = &row[usize::from(from)..usize::from(x)];
        let plain = |cell: &Cell| {
            let look = (cell.fg, cell.bg, cell.modifier);
            let same = look == self.style || cell.symbol() == " " && unseen(look) && unseen(self.style);
            same && cell.symbol().len() == 1
        };
        if between.len() <= steps(x - from, 'C').len() && between.iter().all(plain) {
            for (cell, at) in between.iter().zip(from..) {
                self.cell(at, y, cell);
            }
        }
    }
}

/// Whether a blank shows nothing of a look.
fn unseen((_, bg, modifier): Look) -> bool {
    bg == Color::Reset && !modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED)
}

/// Whether two cells show the same.
fn alike(one: &Cell, other: &Cell) -> bool {
    let blank = |cell: &Cell| cell.symbol() == " " && unseen((cell.fg, cell.bg, cell.modifier));
    one == other || blank(one) && blank(other)
}

/// So many steps in a direction (CUF and CUB).
fn steps(many: u16, end: char) -> String {
    if many == 1 { format!("\x1b[{end}") } else { format!("\x1b[{many}{end}") }
}

/// A colour's code: `30` to `37` and `90` to `97` for the sixteen (ECMA-48 8.3.117 and its common extension).
fn color(color: Color, base: u16) -> String {
    let basic = |n: u16| (base + n).to_string();
    let bright = |n: u16| (base + 60 + n).to_string();
    match color {
        Color::Reset => (base + 9).to_string(),
        Color::Black => basic(0),
        Color::Red => basic(1),
        Color::Green => basic(2),
        Color::Yellow => basic(3),
        Color::Blue => basic(4),
        Color::Magenta => basic(5),
        Color::Cyan => basic(6),
        Color::Gray => basic(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(n) => format!("{};5;{n}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

/// Where a row becomes blank for the rest of it, where so much was there that it is erased in one go.
fn tail(old: &[Cell], new: &[Cell]) -> Option<usize> {
    let plain = |cell: &Cell| cell.symbol() == " " && unseen((cell.fg, cell.bg, cell.modifier));
    let used = new.iter().rposition(|cell| !plain(cell)).map_or(0, |at| {
        // A wide character covers the cell after its own.
        (at + new[at].symbol().width().max(1)).min(new.len())
    });
    let before = old.iter().rposition(|cell| !plain(cell)).map_or(0, |at| at + 1);
    (before > used + 4).then_some(used)
}

impl<W: Write> Screen<W> {
    /// A screen of which nothing is known yet. `compat`: the cursor is placed anew after every wide character, and nothing
    /// is scrolled, for terminals that disagree.
    pub fn new(out: W, compat: bool, pace: Pace) -> Self {
        Self {
            out: BufWriter::with_capacity(64 * 1024, out),
            shown: Buffer::default(),
            stale: true,
            cursor: None,
            cursor_shown: false,
            compat,
            frame: Vec::new(),
            pace,
        }
    }

    /// Nothing is known any more of what the terminal shows: the next frame is drawn whole.
    pub fn forget(&mut self) {
        self.stale = true;
    }

    /// Shows a frame, and the terminal's cursor where a text is typed; gives the bytes written.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, next: &Buffer, cursor: Option<Position>) -> io::Result<usize> {
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        let whole = self.stale || self.shown.area != next.area;
        let width = next.area.width;
        let mut pen = Pen { frame: &mut frame, at: At::Nowhere, style: PLAIN, compat: self.compat, width };
        if whole {
            pen.write(format_args!("\x1b[m\x1b[2J"));
            self.shown = Buffer::empty(next.area);
        } else if !self.compat
            && let Some(moved) = scroll::find(&self.shown, next)
        {
            pen.write(format_args!("\x1b[{};{}r", moved.rows.start + 1, moved.rows.end));
            let end = if moved.up > 0 { 'S' } else { 'T' };
            pen.write(format_args!("\x1b[{}{end}\x1b[r", moved.up.unsigned_abs()));
            scroll::apply(&mut self.shown, &moved);
        }
        self.cells(&mut pen, next);
        pen.look(PLAIN);
        let drawn = !pen.frame.is_empty();
        match cursor {
            Some(place) => {
                if drawn || self.cursor != cursor {
                    pen.at = At::Nowhere;
                    pen.go(place.x, place.y);
                }
                if !self.cursor_shown || whole {
                    pen.write(format_args!("\x1b[?25h"));
                }
            }
            None if self.cursor_shown || whole => pen.write(format_args!("\x1b[?25l")),
            None => {}
        }
        self.cursor_shown = cursor.is_some();
        self.cursor = cursor;
        let mut written = frame.len();
        if !frame.is_empty() {
            let synced = frame.len() > SYNCED;
            if synced {
                self.out.write_all(b"\x1b[?2026h")?;
            }
            self.out.write_all(&frame)?;
            if synced {
                self.out.write_all(b"\x1b[?2026l")?;
                written += 16;
            }
            // In the same write: one packet, and the answer cannot come before the frame.
            if self.pace.frame(written, Instant::now()) {
                self.out.write_all(pace::ASK)?;
                written += pace::ASK.len();
            }
            self.out.flush()?;
        }
        self.frame = frame;
        self.shown.clone_from(next);
        self.stale = false;
        Ok(written)
    }

    /// Every cell that differs, row by row. Own, and not ratatui's: where half of a wide character was, the terminal's
    /// attributes are anybody's guess, so what comes there is always written.
    fn cells(&self, pen: &mut Pen<'_>, next: &Buffer) {
        let width = usize::from(next.area.width).max(1);
        for (y, (old, new)) in self.shown.content.chunks(width).zip(next.content.chunks(width)).enumerate() {
            if old == new {
                continue;
            }
            let y = y as u16;
            let tail = tail(old, new);
            let (mut old_ends, mut new_ends) = (0, 0);
            for x in 0..tail.unwrap_or(width) {
                let was_half = x < old_ends;
                if !was_half {
                    old_ends = x + old[x].symbol().width();
                }
                if x < new_ends {
                    continue;
                }
                new_ends = x + new[x].symbol().width();
                if was_half || !alike(&old[x], &new[x]) {
                    pen.bridge(x as u16, y, new);
                    pen.cell(x as u16, y, &new[x]);
                }
            }
            // All before it is right by now, so that nothing is cut in half.
            if let Some(from) = tail {
                if !unseen(pen.style) {
                    pen.look(PLAIN);
                }
                pen.go(from as u16, y);
                pen.write(format_args!("\x1b[K"));
            }
        }
    }

    /// Writes a sequence that draws nothing (the clipboard's).
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn aside(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn page(lines: &[(String, u8)], columns: u16, rows: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let styles = [
            Style::default(),
            Style::default().fg(Color::Red),
            Style::default().add_modifier(Modifier::REVERSED),
            Style::default().fg(Color::DarkGray).add_modifier(Modifier::BOLD),
            Style::default().add_modifier(Modifier::UNDERLINED),
            Style::default().bg(Color::Blue),
        ];
        for (y, (text, style)) in lines.iter().enumerate().take(usize::from(rows)) {
            buffer.set_stringn(0, y as u16, text, usize::from(columns), styles[usize::from(*style) % 6]);
        }
        buffer
    }

    /// A terminal must show exactly what the buffer holds.
    fn same(parser: &vt100::Parser, buffer: &Buffer) {
        for y in 0..buffer.area.height {
            let mut covered = false;
            for x in 0..buffer.area.width {
                let want = &buffer[(x, y)];
                let have = parser.screen().cell(y, x).unwrap();
                if !covered {
                    let shown = if have.contents().is_empty() { " ".to_owned() } else { have.contents().to_owned() };
                    assert_eq!(shown, want.symbol(), "at {x},{y}");
                    assert_eq!(have.inverse(), want.modifier.contains(Modifier::REVERSED), "reverse at {x},{y}");
                    assert_eq!(have.underline(), want.modifier.contains(Modifier::UNDERLINED), "underline at {x},{y}");
                    assert_eq!(have.bgcolor() == vt100::Color::Default, want.bg == Color::Reset, "ground at {x},{y}");
                    // What has no ink has no colour and no weight.
                    if shown == " " && !have.inverse() && !have.underline() {
                        continue;
                    }
                    assert_eq!(have.bold(), want.modifier.contains(Modifier::BOLD), "bold at {x},{y}");
                    assert_eq!(have.fgcolor() == vt100::Color::Default, want.fg == Color::Reset, "colour at {x},{y}");
                }
                covered = !covered && want.symbol().width() > 1;
            }
        }
    }

    fn shown(frames: &[Buffer], compat: bool) -> Vec<usize> {
        let area = frames[0].area;
        let mut parser = vt100::Parser::new(area.height, area.width, 0);
        let mut sizes = Vec::new();
        let mut screen = Screen::new(Vec::new(), compat, Pace::new(false));
        for frame in frames {
            screen.draw(frame, None).unwrap();
            let bytes = std::mem::take(screen.out.get_mut());
            sizes.push(bytes.len());
            parser.process(&bytes);
            same(&parser, frame);
        }
        sizes
    }

    #[test]
    fn an_unchanged_frame_writes_nothing() {
        let lines = vec![("王小明 wang".to_owned(), 0), ("Lena".to_owned(), 2)];
        let frame = page(&lines, 30, 5);
        assert_eq!(shown(&[frame.clone(), frame], false)[1], 0);
    }

    #[test]
    fn rows_that_only_moved_are_scrolled_and_not_written() {
        let lines: Vec<_> = (0..40).map(|n| (format!("row {n} of a long list, 王小明 {}", n * 7919), 0)).collect();
        let frames = [page(&lines, 60, 20), page(&lines[1..], 60, 20), page(&lines[10..], 60, 20)];
        let own = shown(&frames, false);
        let compat = shown(&frames, true);
        assert!(own[1] * 5 < compat[1], "{own:?} against {compat:?}");
        assert!(own[2] < compat[2], "{own:?} against {compat:?}");
    }

    fn text() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            prop_oneof![Just("a"), Just("b "), Just("王"), Just("明"), Just("é"), Just("   "), Just("，"), Just("№")],
            0..14,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn whatever_is_drawn_after_whatever_the_terminal_shows_it(
            pages in proptest::collection::vec(proptest::collection::vec((text(), 0_u8..6), 0..9), 1..5),
            compat in any::<bool>(),
        ) {
            let frames: Vec<Buffer> = pages.iter().map(|lines| page(lines, 20, 8)).collect();
            shown(&frames, compat);
        }
    }
}
