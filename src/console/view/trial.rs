//! What rules that are tried would move.

use ratatui::layout::Rect;

use crate::console::app::lines::Line;
use crate::console::app::text::text;
use crate::console::app::trial::{Item, Moves, headings};

use super::cells::Pen;
use super::frame::{keys, open};

/// Draws the numbers by system and kind, what else is to be known, and what can be done.
pub fn moves(pen: &mut Pen<'_>, area: Rect, moves: &Moves) {
    let width = 84.min(area.width);
    let notes: Vec<_> =
        moves.notes.iter().flat_map(|line| line.wrapped(usize::from(width.saturating_sub(6)))).collect();
    let answer = moves.answer.wrapped(usize::from(width.saturating_sub(6)));
    let moving = moves.items.iter().any(|item| matches!(item, Item::Kind(..)));
    let above = answer.len() + 2 * usize::from(moving);
    let rows = above + moves.items.len() + notes.len() + usize::from(!notes.is_empty());
    let mut inside = open(pen, area, width, rows as u16 + 5, text!("trial.title"));
    for line in &answer {
        pen.line(inside.x + 2, inside.y, inside.width.saturating_sub(2), line);
        inside = Rect { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
    }
    if moving {
        pen.line(inside.x + 2, inside.y + 1, inside.width.saturating_sub(2), &headings());
        inside = Rect { y: inside.y + 2, height: inside.height.saturating_sub(2), ..inside };
    }
    let bottom = inside.bottom().saturating_sub(1);
    let height = usize::from(bottom.saturating_sub(inside.y)).max(1);
    // What can be done stands apart, under the notes.
    let first_deed = moves.items.iter().position(|item| !matches!(item, Item::Kind(..))).unwrap_or(moves.items.len());
    let before = moves.items[..first_deed].iter().enumerate().map(|(at, item)| (Some(at), item.line()));
    let told = notes.into_iter().map(|line| (None, line));
    let gap = |some: bool| some.then(|| (None, Line::default()));
    let deeds = moves.items[first_deed..].iter().enumerate().map(|(at, item)| (Some(first_deed + at), item.line()));
    let lines: Vec<(Option<usize>, _)> =
        before.chain(gap(!moves.notes.is_empty())).chain(told).chain(gap(true)).chain(deeds).collect();
    let here = lines.iter().position(|(at, _)| *at == Some(moves.at)).unwrap_or(0);
    let top = (here + 1).saturating_sub(height);
    for (y, (at, line)) in (inside.y..bottom).zip(lines.iter().skip(top)) {
        pen.cursor(inside.x, y, *at == Some(moves.at));
        pen.line(inside.x + 2, y, inside.width.saturating_sub(2), line);
    }
    let hints = [("Enter", text!("trial.open")), ("Esc", text!("trial.look"))];
    keys(pen, inside.x, bottom, inside.width, &hints);
}
