//! The connected systems, and all that is known about the one under the cursor.

use ratatui::layout::Rect;

use crate::console::app::App;
use crate::console::app::confirm::mode;
use crate::console::app::lines::Tone;
use crate::console::app::systems::{rate, short};
use crate::console::app::text::text;

use super::cells::Pen;

/// Draws the list of systems, a rule, and the report.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let Some(world) = &app.world else {
        pen.put(area.x + 3, area.y + 1, area.width - 4, text!("list.starting"), theme.tone(Tone::Dim));
        return;
    };
    let dim = theme.tone(Tone::Dim);
    let xs = [area.x + 2, area.x + 16, area.x + 34, area.x + 56, area.x + 68];
    let room = |x: u16, next: u16| next.saturating_sub(x + 1).min(area.right().saturating_sub(x));
    for (at, words) in [
        text!("column.system"),
        text!("column.connector"),
        text!("column.state"),
        text!("column.mode"),
        text!("column.budget"),
    ]
    .into_iter()
    .enumerate()
    {
        let next = xs.get(at + 1).copied().unwrap_or(area.right());
        pen.put(xs[at], area.y, room(xs[at], next), words, dim);
    }
    let mut y = area.y + 1;
    for (at, status) in world.systems.iter().enumerate() {
        if y >= area.bottom() {
            return;
        }
        let cursor = at == app.systems.at;
        if cursor {
            pen.cursor(area.x, y, true);
        }
        let name = if status.source { text!("strip.source", system = status.id) } else { status.id.to_string() };
        pen.put(xs[0], y, room(xs[0], xs[1]), &name, if cursor { theme.cursor() } else { theme.tone(Tone::Strong) });
        pen.put(xs[1], y, room(xs[1], xs[2]), &status.title, theme.tone(Tone::Plain));
        let (tone, words) = short(status, app.oldest(status), app.now, app.plan.pushing());
        pen.put(xs[2], y, room(xs[2], xs[3]), &words, theme.tone(tone));
        pen.put(xs[3], y, room(xs[3], xs[4]), mode(status.mode), theme.tone(Tone::Plain));
        let mut speed = format!("{}/s", rate(status.budget.per_second));
        if status.production {
            speed = format!("{speed}  {}", text!("mode.production"));
        }
        pen.put(xs[4], y, room(xs[4], area.right() + 1), &speed, theme.tone(Tone::Plain));
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
