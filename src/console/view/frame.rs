//! The frame of what lies over the screen, and what stands in it: its keys, a field to type in.

use ratatui::layout::{Position, Rect};
use tui_input::Input;

use super::cells::{Pen, width};
use super::theme::Borders;
use crate::console::app::lines::Tone;

/// it would otherwise eat the frame.
pub(super) fn open(pen: &mut Pen<'_>, area: Rect, width_wanted: u16, height_wanted: u16, title: &str) -> Rect {
    // A strip of the screen too narrow to be read would only be noise beside the frame, and without a frame any would.
    let whole = width_wanted + 24 > area.width || pen.theme.borders == Borders::Plain;
    let wide = if whole { area.width } else { width_wanted.max(10) };
    let high = height_wanted.min(area.height.saturating_sub(2)).max(3);
    let x = area.x + (area.width.saturating_sub(wide)) / 2;
    let y = area.y + 1 + (area.height.saturating_sub(high + 2)) / 2;
    let frame = pen.theme.frame();
    for row in y..y + high {
        if x > area.x
            && let Some(cell) = pen.buf.cell_mut((x - 1, row))
            && width(cell.symbol()) > 1
        {
            cell.reset();
        }
        for column in x..x + wide {
            if let Some(cell) = pen.buf.cell_mut((column, row)) {
                cell.reset();
            }
        }
        let side = pen.theme.borders.side();
        pen.put(x, row, 1, side, frame);
        pen.put(x + wide - 1, row, 1, side, frame);
    }
    let [corners_above, corners_below] = pen.theme.borders.corners();
    for (row, [left, right]) in [(y, corners_above), (y + high - 1, corners_below)] {
        pen.rule(x, row, wide, frame);
        pen.put(x, row, 1, left, frame);
        pen.put(x + wide - 1, row, 1, right, frame);
    }
    if !title.is_empty() {
        pen.data(x + 2, y, wide.saturating_sub(4), &format!(" {title} "), pen.theme.tone(Tone::Strong));
    }
    Rect { x: x + 2, y: y + 1, width: wide.saturating_sub(4), height: high.saturating_sub(2) }
}

/// Keys with what they do, on one row; where there is not room for all, the way out is among those that are named.
pub(super) fn keys(pen: &mut Pen<'_>, x: u16, y: u16, room: u16, hints: &[(&str, &str)]) {
    let end = x + room;
    let mut x = x;
    let cells = |(key, words): &(&str, &str)| (width(key) + width(words) + 1) as u16;
    let out = hints.iter().position(|(key, _)| *key == "Esc");
    for (at, hint) in hints.iter().enumerate() {
        let kept = out.filter(|out| *out > at).map_or(0, |out| cells(&hints[out]) + 3);
        if x + cells(hint) + kept > end && out != Some(at) {
            continue;
        }
        let (key, words) = hint;
        x += pen.put(x, y, end.saturating_sub(x), key, pen.theme.tone(Tone::Key)) + 1;
        x += pen.put(x, y, end.saturating_sub(x), words, pen.theme.tone(Tone::Dim)) + 3;
    }
}

/// A text field; gives the place of the cursor in it.
pub(super) fn input(pen: &mut Pen<'_>, x: u16, y: u16, room: u16, input: &Input) -> Position {
    let room = room.max(1);
    let cells = usize::from(room - 1);
    let scroll = input.visual_scroll(cells);
    pen.put(x, y, room, &" ".repeat(usize::from(room)), pen.theme.input());
    let mut skipped = 0;
    let visible: String = input
        .value()
        .chars()
        .skip_while(|c| {
            let skip = skipped < scroll;
            skipped += width(c.encode_utf8(&mut [0; 4]));
            skip
        })
        .collect();
    pen.put(x, y, room, &visible, pen.theme.input());
    let at = input.visual_cursor().saturating_sub(scroll).min(cells) as u16;
    Position { x: x + at, y }
}
