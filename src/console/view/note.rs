//! The form for a reason.

use ratatui::layout::{Position, Rect};

use crate::console::app::lines::Tone;
use crate::console::app::note::Note;
use crate::console::app::text::text;

use super::cells::Pen;
use super::frame::{input, keys, open};

/// Draws the form; gives the terminal's cursor.
pub fn draw(pen: &mut Pen<'_>, area: Rect, note: &Note) -> Option<Position> {
    let theme = pen.theme;
    let inside = open(pen, area, 72, (note.lines.len() + note.fields.len() * 2 + 5) as u16, &note.title);
    let bottom = inside.bottom().saturating_sub(1);
    // The fields come first where there is not room for all.
    let most = usize::from(inside.height).saturating_sub(note.fields.len() * 2 + 2);
    let mut y = inside.y;
    for line in note.lines.iter().take(most) {
        pen.line(inside.x, y, inside.width, line);
        y += 1;
    }
    let mut place = None;
    for (at, field) in note.fields.iter().enumerate() {
        if y >= bottom {
            break;
        }
        let here = at == note.at;
        pen.cursor(inside.x, y, here);
        let tone = theme.tone(if here { Tone::Strong } else { Tone::Plain });
        pen.put(inside.x + 2, y, 12, field.label, tone);
        let x = inside.x + 15;
        let typed = input(pen, x, y, inside.right().saturating_sub(x).min(50), &field.input);
        if here {
            place = Some(typed);
        }
        y += 1;
        if !field.hint.is_empty() && y < bottom {
            pen.put(x, y, inside.right().saturating_sub(x), field.hint, theme.tone(Tone::Dim));
            y += 1;
        }
    }
    if let Some(error) = &note.error {
        pen.put(inside.x, bottom.saturating_sub(1), inside.width, error, theme.tone(Tone::Bad));
    }
    let hints = [("Enter", text!("form.next-field")), ("Tab", text!("form.field")), ("Esc", text!("popup.close"))];
    keys(pen, inside.x, bottom, inside.width, &hints);
    place
}
