//! The form in which a secret is typed: stars for every character.

use ratatui::layout::{Position, Rect};

use crate::console::app::lines::Tone;
use crate::console::app::password::Password;
use crate::console::app::text::text;

use super::cells::Pen;
use super::frame::{input, keys, open};

/// Draws the form; gives the terminal's cursor.
pub fn draw(pen: &mut Pen<'_>, area: Rect, form: &Password) -> Option<Position> {
    let theme = pen.theme;
    let inside = open(pen, area, 72, form.lines.len() as u16 + 8, &form.title);
    let bottom = inside.bottom().saturating_sub(1);
    let mut y = inside.y;
    for line in form.lines.iter().take(usize::from(inside.height).saturating_sub(4)) {
        pen.line(inside.x, y, inside.width, line);
        y += 1;
    }
    y += u16::from(y + 4 < bottom);
    let mut place = None;
    for (at, label) in [text!("password.new"), text!("password.again")].into_iter().enumerate() {
        if y >= bottom {
            break;
        }
        let here = at == form.at;
        pen.put(inside.x, y, 1, if here { ">" } else { " " }, theme.tone(Tone::Key));
        pen.put(inside.x + 2, y, 16, label, theme.tone(if here { Tone::Strong } else { Tone::Plain }));
        let x = inside.x + 19;
        let typed = input(pen, x, y, inside.right().saturating_sub(x).min(40), &form.stars(at));
        if here {
            place = Some(typed);
        }
        y += 1;
    }
    if let Some(error) = &form.error {
        pen.put(inside.x, bottom.saturating_sub(1), inside.width, error, theme.tone(Tone::Bad));
    }
    let hints = [("Enter", text!("form.next-field")), ("Tab", text!("form.field")), ("Esc", text!("popup.close"))];
    keys(pen, inside.x, bottom, inside.width, &hints);
    place
}
