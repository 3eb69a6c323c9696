//! A record as its system sends it.

use ratatui::layout::{Position, Rect};

use crate::console::app::App;
use crate::console::app::lines::{Line, Tone};
use crate::console::app::native::Native;
use crate::console::app::text::text;

use super::cells::{Pen, width};
use super::frame::{input, keys, open};

/// Draws the JSON, and what is looked for while it is typed.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, native: &Native) -> Option<Position> {
    let theme = pen.theme;
    let title = text!("native.title", system = native.key.system, id = native.key.id);
    let inside = open(pen, area, app.reader_width() as u16 + 4, area.height.saturating_sub(2), &title);
    let bottom = inside.bottom().saturating_sub(1);
    let cells = usize::from(inside.width.saturating_sub(2));
    match &native.lines {
        None => {
            let words = text!("native.waiting", system = native.key.system);
            pen.put(inside.x, inside.y, inside.width, &words, theme.tone(Tone::Dim));
        }
        Some(Err(why)) => {
            let lines = Line::default().data(Tone::Bad, why.clone()).wrapped(cells);
            for (y, line) in (inside.y..bottom).zip(&lines) {
                pen.line(inside.x, y, inside.width, line);
            }
        }
        Some(Ok(_)) => {
            let mut y = inside.y;
            for at in native.visible().into_iter().filter(|at| *at >= native.top) {
                if y >= bottom {
                    break;
                }
                if at == native.at {
                    pen.put(inside.x, y, 1, ">", theme.tone(Tone::Key));
                }
                let tone = if native.hit(at) { Tone::Differs } else { Tone::Plain };
                let text = native.line(at);
                let line = match text.split_once("\": ") {
                    Some((name, value)) if tone == Tone::Plain => {
                        Line::of(Tone::Dim, format!("{name}\": ")).data(tone, value.to_owned())
                    }
                    _ => Line::default().data(tone, text),
                };
                for row in line.wrapped(cells) {
                    if y < bottom {
                        pen.line(inside.x + 2, y, inside.width.saturating_sub(2), &row);
                        y += 1;
                    }
                }
            }
        }
    }
    if native.typing {
        let used = pen.put(inside.x, bottom, 2, "/ ", theme.tone(Tone::Key));
        let hints = [("Enter", text!("native.find")), ("Esc", text!("popup.close"))];
        let room = inside.width.saturating_sub(used + 2) * 2 / 3;
        let place = input(pen, inside.x + used, bottom, room, &native.find);
        let x = inside.x + used + room + 2;
        keys(pen, x, bottom, inside.right().saturating_sub(x), &hints);
        return Some(place);
    }
    let hints = [
        ("/", text!("native.find")),
        ("n N", text!("native.next")),
        ("o", text!("native.fold")),
        ("h l", text!("popup.other-system")),
        ("C", text!("native.copy")),
        ("Esc", text!("popup.close")),
    ];
    let shown = native.visible();
    let place = shown.iter().position(|at| *at >= native.at).map_or(0, |at| at + 1);
    let words = format!("{place}/{}", shown.len());
    let x = inside.right().saturating_sub(width(&words) as u16);
    keys(pen, inside.x, bottom, (x - inside.x).saturating_sub(1), &hints);
    pen.put(x, bottom, inside.right() - x, &words, theme.tone(Tone::Dim));
    None
}
