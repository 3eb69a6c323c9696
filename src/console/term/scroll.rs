//! Rows that only moved: found by comparing the screen that is shown with the one that comes.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use ratatui::buffer::Buffer;

/// Rows that move by the same distance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The rows that scroll, first to last exclusive.
    pub rows: Range<u16>,
    /// Up by so many rows; negative: down.
    pub up: i32,
}

/// A scroll pays only where so many more rows stay right than without it.
const WORTH: usize = 4;

fn hashes(buffer: &Buffer) -> Vec<u64> {
    let width = usize::from(buffer.area.width).max(1);
    buffer
        .content
        .chunks(width)
        .map(|row| {
            let mut hasher = std::hash::DefaultHasher::new();
            let mut blank = true;
            for cell in row {
                blank &= cell.symbol() == " ";
                cell.symbol().hash(&mut hasher);
                (cell.fg, cell.bg, cell.modifier).hash(&mut hasher);
            }
            // Blank rows look alike everywhere and say nothing of a move.
            if blank { 0 } else { hasher.finish() }
        })
        .collect()
}

/// The one scroll that makes most rows right, where one is worth it.
pub fn find(shown: &Buffer, next: &Buffer) -> Option<Move> {
    if shown.area != next.area || shown.area.height < 4 {
        return None;
    }
    let (old, new) = (hashes(shown), hashes(next));
    let rows = i32::from(next.area.height);
    let stay = |range: Range<i32>| range.filter(|y| new[*y as usize] == old[*y as usize]).count();
    let mut best: Option<(usize, Move)> = None;
    for up in (1..rows).flat_map(|by| [by, -by]) {
        // The longest run of rows that are right after the move.
        let mut y = 0;
        while y < rows {
            let right = |y: i32| {
                (0..rows).contains(&(y + up)) && new[y as usize] != 0 && new[y as usize] == old[(y + up) as usize]
            };
            if !right(y) {
                y += 1;
                continue;
            }
            let from = y;
            while y < rows && right(y) {
                y += 1;
            }
            let (first, last) = if up > 0 { (from, y + up) } else { (from + up, y) };
            let gain = (y - from) as usize;
            let lost = stay(first..last);
            if gain >= lost + WORTH && best.as_ref().is_none_or(|(most, _)| gain - lost > *most) {
                best = Some((gain - lost, Move { rows: first as u16..last as u16, up }));
            }
        }
    }
    best.map(|(_, found)| found)
}

/// What the screen looks like after the move.
pub fn apply(shown: &mut Buffer, moved: &Move) {
    let width = usize::from(shown.area.width);
    let range = usize::from(moved.rows.start) * width..usize::from(moved.rows.end) * width;
    let region = &mut shown.content[range];
    let by = moved.up.unsigned_abs() as usize * width;
    if moved.up > 0 {
        region.rotate_left(by);
        let from = region.len() - by;
        region[from..].iter_mut().for_each(ratatui::buffer::Cell::reset);
    } else {
        region.rotate_right(by);
        region[..by].iter_mut().for_each(ratatui::buffer::Cell::reset);
    }
}
