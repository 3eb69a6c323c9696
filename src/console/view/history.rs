//! Past pushes.

use ratatui::layout::Rect;

use crate::console::app::App;
use crate::console::app::lines::Tone;
use crate::console::app::text::text;

use super::cells::Pen;

/// Draws the heading and the rows.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    pen.put(area.x + 1, area.y, area.width - 2, text!("history.title"), theme.tone(Tone::Heading));
    let rows = app.history.rows.iter().enumerate().skip(app.history.top);
    for (at, row) in rows.take(usize::from(area.height - 1)) {
        let y = area.y + 1 + (at - app.history.top) as u16;
        if at == app.history.at {
            pen.cursor(area.x, y, true);
        }
        pen.line(area.x + 2, y, area.width.saturating_sub(3), &row.line);
    }
}
