//! The candidates of one record with their evidence, and the list of lenses.

use ratatui::layout::Rect;

use crate::compare::LinkVerdict;
use crate::console::app::App;
use crate::console::app::action::Action;
use crate::console::app::lens::Lenses;
use crate::console::app::lines::Tone;
use crate::console::app::links::Links;
use crate::console::app::text::text;

use super::cells::Pen;
use super::frame::{keys, open};

/// Draws the candidates, each with its evidence under it.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, links: &Links) {
    let theme = pen.theme;
    let all: usize = links.items.iter().map(|item| item.lines.len() + 1).sum();
    let inside = open(pen, area, 76, all as u16 + 4, &links.title);
    let height = usize::from(inside.height.saturating_sub(1)).max(1);
    // From the top, as far down as the candidate under the cursor needs.
    let upto: usize = links.items.iter().take(links.at + 1).map(|item| item.lines.len() + 1).sum();
    let mut skip = upto.saturating_sub(height);
    let mut y = inside.y;
    let bottom = inside.bottom().saturating_sub(1);
    let mut room = |y: &mut u16, draw: &mut dyn FnMut(u16)| {
        if skip > 0 {
            skip -= 1;
        } else if *y < bottom {
            draw(*y);
            *y += 1;
        }
    };
    for (at, item) in links.items.iter().enumerate() {
        let here = at == links.at;
        room(&mut y, &mut |y| {
            pen.cursor(inside.x, y, here);
            let style = theme.tone(if here { Tone::Strong } else { Tone::Plain });
            let mut x = inside.x + 2;
            x += pen.person(x, y, inside.width / 2, &item.label, style) + 2;
            let id = format!("{} {}", item.record.system, item.record.id);
            x += pen.data(x, y, inside.right().saturating_sub(x), &id, theme.tone(Tone::Dim)) + 2;
            let (tone, words) = match (item.decided, item.linked) {
                (Some(LinkVerdict::Same), _) => (Tone::Good, text!("links.is-same")),
                (Some(LinkVerdict::NotSame), _) => (Tone::Warn, text!("links.is-not-same")),
                (None, true) => (Tone::Dim, text!("links.is-linked")),
                (None, false) => (Tone::Dim, ""),
            };
            pen.put(x, y, inside.right().saturating_sub(x), words, theme.tone(tone));
        });
        for line in &item.lines {
            room(&mut y, &mut |y| {
                pen.line(inside.x + 4, y, inside.width.saturating_sub(4), line);
            });
        }
    }
    let [same, not, forget] = [Action::SameAs, Action::NotSame, Action::Forget].map(|action| app.keymap.shown(action));
    let hints = [
        (same.as_str(), text!("links.key-same")),
        (&not, text!("links.key-not-same")),
        (&forget, text!("links.key-forget")),
        ("Esc", text!("links.key-later")),
    ];
    keys(pen, inside.x, bottom, inside.width, &hints);
}

/// Draws the list of lenses.
pub fn lenses(pen: &mut Pen<'_>, area: Rect, lenses: &Lenses) {
    let theme = pen.theme;
    let inside = open(pen, area, 72, lenses.items.len() as u16 + 4, text!("lens.title"));
    let height = usize::from(inside.height.saturating_sub(1)).max(1);
    let top = lenses.at.saturating_sub(height - 1);
    for (at, lens) in lenses.items.iter().enumerate().skip(top).take(height) {
        let y = inside.y + (at - top) as u16;
        let here = at == lenses.at;
        pen.cursor(inside.x, y, here);
        if at < 9 {
            pen.put(inside.x + 2, y, 1, &(at + 1).to_string(), theme.tone(Tone::Key));
        }
        pen.put(inside.x + 4, y, 18, &lens.name, theme.tone(if here { Tone::Strong } else { Tone::Plain }));
        pen.put(inside.x + 23, y, inside.width.saturating_sub(23), &lens.filter, theme.tone(Tone::Dim));
    }
    let hints = [("Enter", text!("popup.do")), ("Esc", text!("popup.close"))];
    keys(pen, inside.x, inside.bottom().saturating_sub(1), inside.width, &hints);
}
