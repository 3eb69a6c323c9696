//! Past pushes, or the page of one; at the bottom the head of the record, to be noted in a ticket.

use ratatui::layout::Rect;

use crate::console::app::App;
use crate::console::app::lines::Tone;
use crate::console::app::text::{count, text};

use super::cells::{Pen, width};

/// Draws heading, rows and head.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let history = &app.history;
    let title = if history.opened() { text!("history.page") } else { text!("history.title") };
    pen.put(area.x + 1, area.y, area.width - 2, title, theme.tone(Tone::Heading));
    for (at, row) in history.rows.iter().enumerate().skip(history.top).take(app.history_height()) {
        let y = area.y + 1 + (at - history.top) as u16;
        if at == history.at {
            pen.cursor(area.x, y, true);
        }
        pen.line(area.x + 2, y, area.width.saturating_sub(3), &row.line);
    }
    let Some((entries, hash)) = history.head.as_ref().filter(|(entries, _)| *entries > 0) else { return };
    let y = area.bottom() - 1;
    // A whole hash wants 64 cells; the beginning of it is enough to be found again.
    let number = count((*entries).unsigned_abs());
    let words = text!("history.head", n = number);
    let (tone, proof) = history.proof();
    let right = area.right().saturating_sub(width(&proof) as u16 + 1);
    pen.put(right, y, area.right() - right, &proof, theme.tone(tone));
    let x = area.x + 1 + pen.put(area.x + 1, y, area.width - 2, &words, theme.tone(Tone::Dim)) + 1;
    pen.put(x, y, right.saturating_sub(x + 1), hash, theme.tone(Tone::Dim));
}
