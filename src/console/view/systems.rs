//! The connected systems, and all that is known about the one under the cursor.

use ratatui::layout::Rect;

use crate::console::app::App;
use crate::console::app::confirm::mode;
use crate::console::app::lines::Tone;
use crate::console::app::systems::{rate, short};
use crate::console::app::text::text;

use super::cells::{Pen, width};

/// From so many requests a second on there is no limit that anybody meets.
const UNLIMITED: f64 = 100_000.0;

/// Draws the list of systems, a rule, and the report.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let Some(world) = &app.world else {
        pen.put(area.x + 3, area.y + 1, area.width - 4, text!("list.starting"), theme.tone(Tone::Dim));
        return;
    };
    let headings = [
        text!("column.system"),
        text!("column.connector"),
        text!("column.state"),
        text!("column.mode"),
        text!("column.budget"),
    ];
    let rows: Vec<(Tone, [String; 5])> = world
        .systems
        .iter()
        .map(|status| {
            let name = if status.source { text!("strip.source", system = status.id) } else { status.id.to_string() };
            let (tone, words) = short(status, app.oldest(status), app.now, app.plan.pushing());
            // A file is read as fast as it can be.
            let limited = status.budget.per_second < UNLIMITED;
            let speed = if limited { format!("{}/s", rate(status.budget.per_second)) } else { "-".to_owned() };
            let mut may = mode(status.mode).to_owned();
            if status.production {
                may = format!("{may} {}", text!("mode.production"));
            }
            (tone, [name, status.title.clone(), words, may, speed])
        })
        .collect();
    let spans = spans(area, headings, &rows);
    for ((x, cells), words) in spans.into_iter().zip(headings) {
        pen.put(x, area.y, cells, words, theme.tone(Tone::Dim));
    }
    let mut y = area.y + 1;
    for (at, (tone, cells)) in rows.iter().enumerate() {
        if y >= area.bottom() {
            return;
        }
        let cursor = at == app.systems.at;
        if cursor {
            pen.cursor(area.x, y, true);
        }
        let name = if cursor { theme.cursor() } else { theme.tone(Tone::Strong) };
        let plain = theme.tone(Tone::Plain);
        let styles = [name, plain, theme.tone(*tone), plain, plain];
        for (((x, room), words), style) in spans.into_iter().zip(cells).zip(styles) {
            pen.put(x, y, room, words, style);
        }
        y += 1;
    }
    if y >= area.bottom() {
        return;
    }
    pen.rule(area.x, y, area.width, theme.frame());
    let Some(status) = app.system_here() else { return };
    pen.put(area.x + 2, y, area.width.saturating_sub(4), &format!(" {} ", status.id), theme.tone(Tone::Strong));
    y += 1;
    for line in app.report_on(status).iter().skip(app.systems.top) {
        if y >= area.bottom() {
            break;
        }
        pen.line(area.x + 2, y, area.width.saturating_sub(3), line);
        y += 1;
    }
}

/// Where the columns stand and how wide they are: as wide as what stands in them, as far as there is room.
fn spans(area: Rect, headings: [&str; 5], rows: &[(Tone, [String; 5])]) -> [(u16, u16); 5] {
    let most: [u16; 5] = if area.width < 100 { [16, 12, 16, 23, 9] } else { [30, 40, 30, 24, 30] };
    let mut x = area.x + 2;
    std::array::from_fn(|at| {
        let widest = rows.iter().map(|(_, cells)| width(&cells[at])).chain([width(headings[at])]).max();
        let cells = (widest.unwrap_or_default() as u16).clamp(4, most[at]).min(area.right().saturating_sub(x));
        let span = (x, cells);
        x += cells + 2;
        span
    })
}
