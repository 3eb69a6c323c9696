//! What asks over the screen: a question, the confirmation of a push, a form of values.

use ratatui::layout::{Position, Rect};

use crate::console::app::confirm::{Ask, Confirm, Wants};
use crate::console::app::form::{Form, Part};
use crate::console::app::lines::{Line, Tone};
use crate::console::app::mask::private;
use crate::console::app::said::said;
use crate::console::app::text::{changes, count, text};

use super::cells::{Pen, width};
use super::frame::{input, keys, open};

pub(super) fn ask(pen: &mut Pen<'_>, area: Rect, ask: &Ask) {
    let cells = usize::from(area.width.saturating_sub(6));
    let lines: Vec<String> =
        ask.text.lines().flat_map(|line| Line::plain(line).wrapped(cells)).map(|line| line.text()).collect();
    let wide = lines.iter().map(|line| width(line)).max().unwrap_or(0) as u16 + 6;
    let inside = open(pen, area, wide.max(44), lines.len() as u16 + 4, "");
    for (at, line) in lines.iter().enumerate() {
        pen.put(inside.x, inside.y + at as u16, inside.width, line, pen.theme.tone(Tone::Strong));
    }
    let y = inside.bottom().saturating_sub(1);
    let mut x = inside.x;
    for (words, yes) in [(text!("popup.no"), false), (text!("popup.yes"), true)] {
        let (shown, style) = if ask.yes == yes {
            (format!("[{words}]"), pen.theme.chosen())
        } else {
            (format!(" {words} "), pen.theme.tone(Tone::Plain))
        };
        x += pen.put(x, y, inside.right().saturating_sub(x), &shown, style) + 1;
    }
    let hints = [("y", text!("popup.yes")), ("n", text!("popup.no")), ("Enter", text!("popup.choose"))];
    keys(pen, x + 2, y, inside.right().saturating_sub(x + 2), &hints);
}

pub(super) fn confirm(pen: &mut Pen<'_>, area: Rect, confirm: &Confirm) -> Option<Position> {
    let theme = pen.theme;
    let title = text!("confirm.title", changes = changes(confirm.plan.count()));
    let high = (confirm.lines.len() + confirm.fields.len() + 6) as u16;
    let inside = open(pen, area, 72, high, &title);
    let bottom = inside.bottom().saturating_sub(1);
    let most = usize::from(inside.height).saturating_sub(confirm.fields.len() + 4);
    let mut y = inside.y;
    for line in confirm.lines.iter().take(most) {
        pen.line(inside.x, y, inside.width, line);
        y += 1;
    }
    if confirm.lines.len() > most && y < bottom {
        let n = confirm.lines.len() - most;
        pen.line(inside.x, y, inside.width, &Line::of(Tone::Dim, text!("confirm.more", n = n)));
    }
    y += 1;
    let mut place = None;
    let room = usize::from(bottom.saturating_sub(y + 1)).max(1);
    let first = (confirm.at + 1).saturating_sub(room);
    for (at, field) in confirm.fields.iter().enumerate().skip(first) {
        if y + 1 >= bottom {
            break;
        }
        let label = match &field.wants {
            Wants::Count(_) => text!("confirm.type-count").to_owned(),
            Wants::Name(name) => text!("confirm.type-name", name = name),
            Wants::Deleted(label) => text!("confirm.type-deleted", name = private(label)),
            Wants::Reason(None) => text!("confirm.reason").to_owned(),
            Wants::Reason(Some(system)) => text!("confirm.reason-wanted", name = system),
        };
        let empty = matches!(field.wants, Wants::Reason(None)) && field.input.value().is_empty();
        let tone = if empty {
            Tone::Dim
        } else if field.right() {
            Tone::Good
        } else {
            Tone::Plain
        };
        let used = pen.data(inside.x, y, inside.width.saturating_sub(12), &label, theme.tone(tone));
        let x = inside.x + used + 1;
        let typed = input(pen, x, y, inside.right().saturating_sub(x).min(30), &field.input);
        if at == confirm.at {
            place = Some(typed);
        }
        y += 1;
    }
    if let Some(error) = &confirm.error
        && y < bottom
    {
        pen.data(inside.x, y, inside.width, error, theme.tone(Tone::Bad));
    }
    keys(pen, inside.x, bottom, inside.width, &[("Enter", text!("confirm.push")), ("Esc", text!("confirm.leave"))]);
    place
}

pub(super) fn form(pen: &mut Pen<'_>, area: Rect, form: &Form) -> Option<Position> {
    let theme = pen.theme;
    let title = match form.offers.as_slice() {
        [one] => text!("form.title", name = private(&one.change.label), system = one.change.system),
        [one, ..] => text!("form.title-many", n = count(form.offers.len() as u64), system = one.change.system),
        [] => String::new(),
    };
    let inside = open(pen, area, 72, (form.fields.len() as u16) * 2 + 13, &title);
    let bottom = inside.bottom().saturating_sub(1);
    let mut y = inside.y;
    let mut place = None;
    for (at, field) in form.fields.iter().enumerate() {
        if y >= bottom {
            break;
        }
        let blank = &form.blanks[field.blank];
        let name = match field.part {
            Part::Key => text!("form.key", attribute = blank.path.local(&[])),
            Part::Value => blank.path.local(&[]).to_owned(),
        };
        if field.part == Part::Key || !blank.keyed {
            pen.put(inside.x, y, inside.width, &said(&blank.text), theme.tone(Tone::Dim));
            y += 1;
        }
        let here = at == form.at;
        pen.cursor(inside.x, y, here);
        let used = pen.put(inside.x + 2, y, 22, &name, theme.tone(if here { Tone::Strong } else { Tone::Plain }));
        let x = inside.x + 2 + used.max(14) + 1;
        let room = inside.right().saturating_sub(x);
        let matching = field.matching();
        if here {
            place = Some(input(pen, x, y, room.min(24), &field.input));
        } else if field.options.is_empty() {
            pen.put(x, y, room, field.input.value(), theme.tone(Tone::Strong));
        } else if let Some((_, name)) = matching.get(field.at) {
            pen.data(x, y, room, name, theme.tone(Tone::Strong));
        }
        y += 1;
        if here && !field.options.is_empty() {
            let rows = usize::from(bottom.saturating_sub(y + 2)).min(7);
            let top = field.at.saturating_sub(rows.saturating_sub(1));
            for (place, (id, name)) in matching.iter().enumerate().skip(top).take(rows) {
                let chosen = place == field.at;
                pen.put(x, y, 2, if chosen { "> " } else { "  " }, theme.tone(Tone::Key));
                let style = theme.tone(if chosen { Tone::Strong } else { Tone::Plain });
                let used = pen.data(x + 2, y, room.saturating_sub(2), name, style);
                if id != name {
                    pen.put(x + 4 + used, y, room.saturating_sub(4 + used), id, theme.tone(Tone::Dim));
                }
                y += 1;
            }
            if matching.is_empty() {
                pen.put(x, y, room, text!("form.no-match"), theme.tone(Tone::Warn));
                y += 1;
            }
        }
    }
    if let Some(error) = &form.error {
        pen.put(inside.x, bottom.saturating_sub(1), inside.width, &said(error), theme.tone(Tone::Bad));
    }
    keys(
        pen,
        inside.x,
        bottom,
        inside.width,
        &[("Enter", text!("form.next")), ("Tab", text!("form.field")), ("Esc", text!("popup.close"))],
    );
    place
}
