//! What a look at many records found, and the columns of a list.

use ratatui::layout::Rect;

use crate::compare::LinkVerdict;
use crate::console::app::App;
use crate::console::app::action::Action;
use crate::console::app::columns::Columns;
use crate::console::app::cutting::elided;
use crate::console::app::life::Life;
use crate::console::app::lines::{Line, Tone, column};
use crate::console::app::pick::Pick;
use crate::console::app::said::said;
use crate::console::app::survey::Case;
use crate::console::app::text::{count, listed, text};
use crate::console::app::ways::Ways;
use crate::console::app::who::{Who, class};

use super::cells::{Pen, width};
use super::frame::{keys, open};

/// Draws the columns to choose from.
pub fn columns(pen: &mut Pen<'_>, area: Rect, columns: &Columns) {
    let theme = pen.theme;
    let inside = open(pen, area, 68, columns.items.len() as u16 + 4, text!("columns.title"));
    let height = usize::from(inside.height.saturating_sub(2)).max(1);
    let top = columns.at.saturating_sub(height - 1);
    for (at, (item, shown)) in columns.items.iter().enumerate().skip(top).take(height) {
        let y = inside.y + (at - top) as u16;
        let here = at == columns.at;
        pen.cursor(inside.x, y, here);
        let style = theme.tone(if *shown { Tone::Staged } else { Tone::Plain });
        pen.put(inside.x + 2, y, 3, if *shown { "[x]" } else { "[ ]" }, style);
        let style = theme.tone(if here { Tone::Strong } else { Tone::Plain });
        pen.put(inside.x + 6, y, inside.width.saturating_sub(6), &item.title(columns.kind), style);
    }
    let hints = [
        ("Space", text!("columns.show")),
        ("h l", text!("columns.move")),
        ("s", text!("columns.sort")),
        ("Enter", text!("popup.do")),
        ("Esc", text!("popup.close")),
    ];
    keys(pen, inside.x, inside.bottom().saturating_sub(1), inside.width, &hints);
}

/// Draws the ways of what is out of true.
pub fn ways(pen: &mut Pen<'_>, area: Rect, ways: &Ways) {
    let inside = open(pen, area, 90, ways.items.len() as u16 + 4, text!("ways.title"));
    let height = usize::from(inside.height.saturating_sub(2)).max(1);
    let top = ways.at.saturating_sub(height - 1);
    for (at, (_, _, line)) in ways.items.iter().enumerate().skip(top).take(height) {
        let y = inside.y + (at - top) as u16;
        pen.cursor(inside.x, y, at == ways.at);
        pen.line(inside.x + 1, y, inside.width.saturating_sub(1), line);
    }
    let hints = [("Enter", text!("ways.narrow")), ("Space", text!("ways.stage")), ("Esc", text!("popup.close"))];
    keys(pen, inside.x, inside.bottom().saturating_sub(1), inside.width, &hints);
}

/// Draws what staged changes have in common, and how many of each are to be pushed.
pub fn pick(app: &App, pen: &mut Pen<'_>, area: Rect, pick: &Pick) {
    let theme = pen.theme;
    let inside = open(pen, area, 60, pick.items.len() as u16 + 4, text!("pick.title"));
    let height = usize::from(inside.height.saturating_sub(2)).max(1);
    let top = pick.at.saturating_sub(height - 1);
    for (at, item) in pick.items.iter().enumerate().skip(top).take(height) {
        let y = inside.y + (at - top) as u16;
        let here = at == pick.at;
        pen.cursor(inside.x, y, here);
        let on = app.picked(item);
        let tick = match on {
            _ if at == 0 => "   ",
            0 => "[ ]",
            on if on == item.ids.len() => "[x]",
            _ => "[-]",
        };
        let style = theme.tone(if on > 0 { Tone::Staged } else { Tone::Plain });
        pen.put(inside.x + 2, y, 3, tick, style);
        let tone = if item.removes { Tone::Extra } else { Tone::Plain };
        let style = theme.tone(if here { Tone::Strong } else { tone });
        pen.put(inside.x + 6, y, inside.width.saturating_sub(20), &item.text, style);
        let words = format!("{}/{}", count(on as u64), count(item.ids.len() as u64));
        let x = inside.right().saturating_sub(words.len() as u16);
        pen.put(x, y, inside.right() - x, &words, theme.tone(Tone::Dim));
    }
    let hints = [("Space", text!("pick.switch")), ("Enter", text!("pick.plan")), ("Esc", text!("popup.close"))];
    keys(pen, inside.x, inside.bottom().saturating_sub(1), inside.width, &hints);
}

/// Draws the open questions over the record side by side with its best candidate.
pub fn who(app: &App, pen: &mut Pen<'_>, area: Rect, who: &Who) {
    let theme = pen.theme;
    let inside = open(pen, area, area.width, area.height.saturating_sub(2), text!("who.title"));
    let counts: Vec<String> =
        who.counts().into_iter().map(|(of, n)| format!("{} {}", count(n as u64), class(of))).collect();
    let mut words = listed(&counts);
    if who.more > 0 {
        words = format!("{words}, {}", text!("who.more", n = count(who.more as u64)));
    }
    pen.put(inside.x, inside.y, inside.width, &words, theme.tone(Tone::Strong));
    let below: Vec<_> = app.beside(who).into_iter().flat_map(|line| line.wrapped(usize::from(inside.width))).collect();
    let room = usize::from(inside.height).saturating_sub(4);
    let below_rows = below.len().min(room * 3 / 5);
    let height = (room - below_rows).max(1);
    let top = who.at.saturating_sub(height - 1);
    let cells = usize::from(inside.width).saturating_sub(2);
    // As wide as what stands there, so that what tells look-alikes apart is not cut.
    let widest = |texts: &mut dyn Iterator<Item = usize>, most: usize| texts.max().unwrap_or(0).min(most);
    let label = widest(&mut who.cases.iter().map(|case| width(&case.label)), cells * 2 / 5);
    let named =
        |case: &Case| app.world.as_ref().and_then(|world| world.systems.get(case.system)).map(|one| one.id.to_string());
    let system = widest(&mut who.cases.iter().map(|case| width(&named(case).unwrap_or_default())), 12);
    let kind = widest(&mut who.cases.iter().map(|case| width(class(case.class))), 16);
    for (at, case) in who.cases.iter().enumerate().skip(top).take(height) {
        let y = inside.y + 1 + (at - top) as u16;
        let here = at == who.at;
        pen.cursor(inside.x, y, here);
        let mut x = inside.x + 2;
        let style = theme.tone(if here { Tone::Strong } else { Tone::Plain });
        x += pen.data(x, y, label as u16 + 2, &format!("{}  ", column(&elided(&case.label, label), label)), style);
        let name = column(&named(case).unwrap_or_default(), system);
        x += pen.put(x, y, system as u16 + 2, &format!("{name}  "), theme.tone(Tone::Dim));
        x += pen.put(x, y, kind as u16 + 2, &format!("{}  ", column(class(case.class), kind)), theme.tone(Tone::Warn));
        let end = inside.right();
        match (who.said.get(at).copied().flatten(), &case.best) {
            (Some(LinkVerdict::Same), _) => {
                pen.put(x, y, end.saturating_sub(x), text!("links.is-same"), theme.tone(Tone::Good));
            }
            (Some(LinkVerdict::NotSame), _) => {
                pen.put(x, y, end.saturating_sub(x), text!("links.is-not-same"), theme.tone(Tone::Warn));
            }
            (None, Some(best)) => {
                x += pen.data(x, y, end.saturating_sub(x), &format!("{}?  ", best.label), theme.tone(Tone::Plain));
                let speaks = best.evidence.iter().filter(|evidence| evidence.speaks);
                let why: Vec<_> = speaks.map(|evidence| said(&evidence.text)).collect();
                pen.data(x, y, end.saturating_sub(x), &listed(&why), theme.tone(Tone::Dim));
            }
            (None, None) => {
                pen.put(x, y, end.saturating_sub(x), &said(&case.note), theme.tone(Tone::Dim));
            }
        }
    }
    let mut y = inside.bottom().saturating_sub(2 + below_rows as u16);
    pen.rule(inside.x, y, inside.width, theme.frame());
    for line in below.iter().take(below_rows) {
        y += 1;
        pen.line(inside.x, y, inside.width, line);
    }
    let hints = [
        ("=", text!("links.key-same")),
        ("!", text!("links.key-not-same")),
        ("j", text!("links.key-later")),
        ("Tab", text!("who.next")),
        ("Enter", text!("who.open")),
        ("K", text!("who.protect")),
        ("Esc", text!("popup.close")),
    ];
    keys(pen, inside.x, inside.bottom().saturating_sub(1), inside.width, &hints);
}

/// Draws what was pushed about a record.
pub fn life(app: &App, pen: &mut Pen<'_>, area: Rect, life: &Life) {
    let theme = pen.theme;
    let inside = open(pen, area, app.reader_width() as u16 + 4, area.height.saturating_sub(2), &life.title);
    let bottom = inside.bottom().saturating_sub(1);
    let cells = usize::from(inside.width.saturating_sub(2));
    let mut rows: Vec<(usize, Line)> = Vec::new();
    for (at, entry) in life.entries.iter().enumerate() {
        rows.extend(entry.lines.iter().flat_map(|line| line.wrapped(cells)).map(|line| (at, line)));
        rows.push((at, Line::default()));
    }
    // From the top, as far down as the entry under the cursor needs.
    let upto = rows.iter().filter(|(at, _)| *at <= life.at).count();
    let skip = upto.saturating_sub(usize::from(bottom.saturating_sub(inside.y)));
    let mut before = usize::MAX;
    for (y, (at, line)) in (inside.y..bottom).zip(rows.iter().skip(skip)) {
        if *at == life.at && before != *at {
            pen.put(inside.x, y, 1, ">", theme.tone(Tone::Key));
        }
        before = *at;
        pen.line(inside.x + 2, y, inside.width.saturating_sub(2), line);
    }
    let undo = app.keymap.shown(Action::Undo);
    let (tone, proof) = app.history.proof();
    let room = inside.width.saturating_sub(width(&proof) as u16 + 2);
    keys(pen, inside.x, bottom, room, &[(&undo, text!("life.undo")), ("Esc", text!("popup.close"))]);
    pen.put(inside.x + room + 2, bottom, inside.width.saturating_sub(room + 2), &proof, theme.tone(tone));
}
