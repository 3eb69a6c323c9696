//! What lies over the screen.

use ratatui::layout::{Position, Rect};

use crate::console::app::App;
use crate::console::app::action::Action;
use crate::console::app::help::{Help, MOST};
use crate::console::app::lines::Tone;
use crate::console::app::palette::Palette;
use crate::console::app::popup::Popup;
use crate::console::app::reader::Reader;
use crate::console::app::said::said;
use crate::console::app::text::{count, text};

use super::cells::{Pen, width};
use super::frame::{input, keys, open};

/// Draws what lies over the screen; gives the terminal's cursor where something is typed.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) -> Option<Position> {
    match app.popup.as_ref()? {
        Popup::Checklist(list) => {
            super::checklist::draw(app, pen, area, list);
            None
        }
        Popup::Reader(shown) => {
            reader(app, pen, area, shown);
            None
        }
        Popup::Help(shown) => help(app, pen, area, shown),
        Popup::Ask(question) => {
            super::asking::ask(pen, area, question);
            None
        }
        Popup::Links(shown) => {
            super::links::draw(app, pen, area, shown);
            None
        }
        Popup::Lenses(shown) => {
            super::links::lenses(pen, area, shown);
            None
        }
        Popup::Columns(shown) => {
            super::survey::columns(pen, area, shown);
            None
        }
        Popup::Pick(shown) => {
            super::survey::pick(app, pen, area, shown);
            None
        }
        Popup::Ways(shown) => {
            super::survey::ways(pen, area, shown);
            None
        }
        Popup::Moves(shown) => {
            super::trial::moves(pen, area, shown);
            None
        }
        Popup::Who(shown) => {
            super::survey::who(app, pen, area, shown);
            None
        }
        Popup::Life(shown) => {
            super::survey::life(app, pen, area, shown);
            None
        }
        Popup::Native(shown) => super::native::draw(app, pen, area, shown),
        Popup::Confirm(shown) => super::asking::confirm(pen, area, shown),
        Popup::Form(shown) => super::asking::form(pen, area, shown),
        Popup::Note(shown) => super::note::draw(pen, area, shown),
        Popup::Password(shown) => super::password::draw(pen, area, shown),
        Popup::Palette(shown) => Some(palette(app, pen, area, shown)),
        Popup::Filter(bar) => {
            let y = area.y + 2;
            let style = pen.theme.tone(Tone::Key);
            let x = area.x + 1 + pen.put(area.x + 1, y, 2, "/ ", style);
            let (n, what) = match app.list() {
                Some(list) => (list.order.len(), crate::console::app::filter::understood(bar.input.value())),
                None if bar.input.value().is_empty() => (app.staged.len(), String::new()),
                None => (app.plan.found, String::new()),
            };
            let found = text!("filter.found", n = count(n as u64), what = said(&what));
            let right = width(&found) as u16;
            let room = area.right().saturating_sub(x + right + 4);
            let place = input(pen, x, y, room, &bar.input);
            if bar.chosen {
                let text = width(bar.input.value()) as u16;
                pen.paint(x, y, text.min(room), pen.theme.chosen());
            }
            pen.put(area.right().saturating_sub(right + 1), y, right, &found, pen.theme.tone(Tone::Dim));
            Some(place)
        }
    }
}

/// How far one has read, in the lower right; gives where that begins.
fn place(pen: &mut Pen<'_>, inside: Rect, last: usize, of: usize) -> u16 {
    let words = format!("{last}/{of}");
    let x = inside.right().saturating_sub(width(&words) as u16);
    pen.put(x, inside.bottom().saturating_sub(1), inside.right() - x, &words, pen.theme.tone(Tone::Dim));
    x
}

fn reader(app: &App, pen: &mut Pen<'_>, area: Rect, reader: &Reader) {
    let inside = open(pen, area, app.reader_width() as u16 + 4, area.height.saturating_sub(2), &reader.title);
    let height = inside.height.saturating_sub(1);
    for (at, line) in reader.lines.iter().enumerate().skip(reader.top).take(usize::from(height)) {
        let y = inside.y + (at - reader.top) as u16;
        pen.line(inside.x, y, inside.width, line);
        if !reader.actions.is_empty() && at == reader.at {
            pen.cursor(inside.x, y, true);
        }
    }
    let y = inside.bottom().saturating_sub(1);
    let mut hints: Vec<(&str, &str)> = Vec::new();
    let fix = reader.fix.map(|fix| app.keymap.shown(fix)).unwrap_or_default();
    if !fix.is_empty() {
        hints.push((&fix, text!("popup.fix")));
    }
    if !reader.actions.is_empty() {
        hints.push(("Enter", text!("popup.do")));
    }
    let scroll = [Action::Down, Action::Up].map(|action| app.keymap.shown(action)).join(" ");
    hints.push((&scroll, text!("popup.scroll")));
    hints.push(("Esc", text!("popup.close")));
    let last = (reader.top + usize::from(height)).min(reader.lines.len());
    let x = place(pen, inside, last, reader.lines.len());
    keys(pen, inside.x, y, x.saturating_sub(inside.x + 1), &hints);
}

fn palette(app: &App, pen: &mut Pen<'_>, area: Rect, palette: &Palette) -> Position {
    let theme = pen.theme;
    let inside = open(pen, area, 76, area.height.saturating_sub(4).min(24), text!("palette.title"));
    let used = pen.put(inside.x, inside.y, 2, ": ", theme.tone(Tone::Key));
    let place = input(pen, inside.x + used, inside.y, inside.width - used, &palette.input);
    let height = usize::from(inside.height.saturating_sub(2)).max(1);
    let top = palette.at.saturating_sub(height - 1);
    for (at, entry) in palette.found.iter().enumerate().skip(top).take(height) {
        let y = inside.y + 1 + (at - top) as u16;
        let chosen = at == palette.at;
        pen.cursor(inside.x, y, chosen);
        let style = match (chosen, &entry.why) {
            (true, _) => theme.tone(Tone::Strong),
            (false, None) => theme.tone(Tone::Plain),
            (false, Some(_)) => theme.tone(Tone::Dim),
        };
        let line = entry.line();
        let wide = (width(&line) as u16).clamp(22, inside.width.saturating_sub(12));
        pen.data(inside.x + 2, y, wide, &line, style);
        let x = inside.x + wide + 3;
        pen.put(
            x,
            y,
            6,
            &app.keymap.shown(entry.action).replace(&format!(":{}", entry.action.name()), ""),
            theme.tone(Tone::Key),
        );
        let (x, room) = (x + 7, inside.right().saturating_sub(x + 7));
        match &entry.why {
            // Why not is said by Enter too; what it would be is said nowhere else.
            Some(_) if !entry.action.scopes().contains(&app.scope()) => {
                pen.put(x, y, room, entry.action.title(), theme.tone(Tone::Dim))
            }
            Some(why) => pen.put(x, y, room, why, theme.tone(Tone::Dim)),
            None if entry.recent => {
                let used = pen.put(x, y, room, text!("palette.recent"), theme.tone(Tone::Dim)) + 2;
                pen.put(x + used, y, room.saturating_sub(used), entry.action.title(), theme.tone(Tone::Plain))
            }
            None => pen.put(x, y, room, entry.action.title(), theme.tone(Tone::Plain)),
        };
    }
    if palette.found.is_empty() {
        pen.put(inside.x + 2, inside.y + 1, inside.width, text!("form.no-match"), theme.tone(Tone::Dim));
    }
    let bottom = inside.bottom().saturating_sub(1);
    let hints = [("Enter", text!("popup.do")), ("Esc", text!("popup.close")), ("", text!("palette.hint"))];
    keys(pen, inside.x, bottom, inside.width, &hints);
    place
}

fn help(app: &App, pen: &mut Pen<'_>, area: Rect, help: &Help) -> Option<Position> {
    let theme = pen.theme;
    let wide = app.reader_width().min(MOST) as u16 + 4;
    let inside = open(pen, area, wide, area.height.saturating_sub(2), text!("help.title"));
    let slash = app.keymap.shown(Action::Filter);
    let used = pen.put(inside.x, inside.y, 4, &format!("{slash} "), theme.tone(Tone::Key));
    let place = if help.typing {
        Some(input(pen, inside.x + used, inside.y, (inside.width - used).min(40), &help.input))
    } else {
        pen.put(inside.x + used, inside.y, inside.width - used, text!("help.search"), theme.tone(Tone::Dim));
        None
    };
    let height = app.help_height();
    let first = inside.y + 2;
    for (at, line) in help.found.iter().enumerate().skip(help.top).take(height) {
        let y = first + (at - help.top) as u16;
        pen.line(inside.x, y, inside.width, &line.line);
        if at == help.at && line.action.is_some() {
            pen.cursor(inside.x, y, true);
        }
    }
    if help.found.is_empty() {
        pen.put(inside.x + 2, first, inside.width, text!("help.nothing"), theme.tone(Tone::Dim));
    }
    let y = inside.bottom().saturating_sub(1);
    let hints = [("Enter", text!("popup.do")), (slash.as_str(), text!("help.search")), ("Esc", text!("popup.close"))];
    let last = (help.top + height).min(help.found.len());
    let x = self::place(pen, inside, last, help.found.len());
    keys(pen, inside.x, y, x.saturating_sub(inside.x + 1), &hints);
    place
}
