//! Lines to tick, with what is to be said of the one under the cursor.

use ratatui::layout::Rect;

use crate::console::app::App;
use crate::console::app::action::Action;
use crate::console::app::checklist::{Checklist, Item};
use crate::console::app::lines::{Line, Tone};
use crate::console::app::text::{count, text};

use super::cells::{Pen, width};
use super::frame::{keys, open};

/// Draws the lines, what was left out, and the keys.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect, list: &Checklist) {
    let theme = pen.theme;
    let longest = list.items.iter().map(|item| width(&item.text) + width(item.system.as_str())).max().unwrap_or(0);
    let wide = (longest as u16 + 24).max(56);
    let longest = list.items.iter().flat_map(notes).map(|line| width(&line.text())).max().unwrap_or(0);
    let longest = longest.max(list.left_out.iter().map(|line| width(line)).max().unwrap_or(0));
    let wide = wide.max((longest as u16).min(100) + 4);
    // As many rows as the item with most to say needs, so that nothing moves with the cursor.
    let cells = usize::from(wide.min(area.width).saturating_sub(4));
    let told = |item: &Item| -> Vec<Line> { notes(item).iter().flat_map(|line| line.wrapped(cells)).collect() };
    let noted = list.items.iter().map(|item| told(item).len()).max().unwrap_or(0).min(4) as u16;
    let high = list.items.len() as u16 + list.left_out.len() as u16 + noted.max(1) + 4;
    let inside = open(pen, area, wide, high, &list.title);
    // Below the items: a blank row, what was left out, what is to be said of the item under the cursor, the keys.
    let tail = list.left_out.len() as u16 + noted + 1;
    let height = inside.height.saturating_sub(tail).max(1);
    let top = list.at.saturating_sub(usize::from(height - 1));
    let systems = list.items.iter().map(|item| width(item.system.as_str())).max().unwrap_or(0) as u16;
    for (at, item) in list.items.iter().enumerate().skip(top).take(usize::from(height)) {
        let y = inside.y + (at - top) as u16;
        let cursor = at == list.at;
        pen.cursor(inside.x, y, cursor);
        let tick = match (&item.blocked, item.ticked) {
            (Some(_), _) => "[-]",
            (None, true) => "[x]",
            (None, false) => "[ ]",
        };
        let style = if item.ticked { theme.tone(Tone::Staged) } else { theme.tone(Tone::Plain) };
        pen.put(inside.x + 2, y, 3, tick, style);
        pen.put(inside.x + 6, y, systems, item.system.as_str(), theme.tone(Tone::Dim));
        let mut x = inside.x + 6 + systems + 2;
        let end = inside.right();
        let words = match &item.blocked {
            Some(_) => text!("stage.blocked").to_owned(),
            None if item.blanks => text!("stage.asks").to_owned(),
            None if item.staged => text!("stage.is-staged").to_owned(),
            None if item.removes && list.exact => text!("stage.removes").to_owned(),
            None => String::new(),
        };
        let side = if item.blocked.is_some() { Tone::Bad } else { Tone::Warn };
        let body = if item.removes { Tone::Extra } else { Tone::Plain };
        let body = if item.blocked.is_some() { Tone::Dim } else { body };
        let body = if cursor { theme.tone(body).patch(theme.tone(Tone::Strong)) } else { theme.tone(body) };
        x += pen.data(x, y, end.saturating_sub(x), &item.text, body) + 2;
        pen.put(x, y, end.saturating_sub(x), &words, theme.tone(side));
    }
    let first = inside.bottom().saturating_sub(1 + noted);
    let lines = list.items.get(list.at).map(told).unwrap_or_default();
    for (y, line) in (first..inside.bottom().saturating_sub(1)).zip(&lines) {
        pen.line(inside.x, y, inside.width, line);
    }
    for (y, line) in (inside.bottom().saturating_sub(tail)..).zip(&list.left_out) {
        pen.put(inside.x, y, inside.width, line, theme.tone(Tone::Warn));
    }
    let stage = text!("stage.enter", n = count(list.ticked() as u64));
    let agree = app.keymap.shown(Action::Agree);
    let mut hints: Vec<(&str, &str)> = vec![("Enter", &stage), ("Space", text!("stage.tick"))];
    if list.items.get(list.at).is_some_and(Item::odd) {
        hints.insert(0, (&agree, text!("stage.agree")));
    }
    hints.push(("Esc", text!("popup.close")));
    let below = list.items.len().saturating_sub(top + usize::from(height));
    let place = match below {
        0 if top == 0 => String::new(),
        0 => format!("{}/{}", list.at + 1, list.items.len()),
        more => text!("confirm.more", n = more),
    };
    let right = width(&place) as u16;
    let y = inside.bottom() - 1;
    pen.put(inside.right().saturating_sub(right), y, right, &place, theme.tone(Tone::Warn));
    keys(pen, inside.x, y, inside.width.saturating_sub(right + u16::from(right > 0)), &hints);
}

/// What is to be said of an item: why it is blocked, else what happens outside the record.
fn notes(item: &Item) -> Vec<Line> {
    match &item.blocked {
        Some(why) => vec![Line::default().data(Tone::Bad, why.clone())],
        None => item
            .effects
            .iter()
            .map(|text| Line::of(Tone::Warn, "i ").data(Tone::Plain, text.clone()).hanging(2))
            .collect(),
    }
}
