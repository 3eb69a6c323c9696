//! Text in cells: cleaned, cut at grapheme borders, written into the buffer.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::console::app::cutting::elided;
use crate::console::app::lines::{Line, Tone};
use crate::console::app::mask::{bare, masked, private};
use crate::model::text::clean;

use super::theme::Theme;

/// The width of a text in cells.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// A text as it may be shown: nothing in it drives a terminal, and composed, since terminals and ratatui disagree on
/// decomposed forms.
pub fn shown(text: &str) -> Cow<'_, str> {
    let cleaned = clean(text);
    if cleaned.is_ascii() || is_nfc(&cleaned) { cleaned } else { Cow::Owned(cleaned.nfc().collect()) }
}

/// A text in at most so many cells: cut at a grapheme border, with `~` where something was cut.
pub fn fit(text: &str, cells: usize) -> Cow<'_, str> {
    if width(text) <= cells {
        return Cow::Borrowed(text);
    }
    if cells == 0 {
        return Cow::Borrowed("");
    }
    let mut cut = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let wide = width(grapheme);
        if used + wide > cells - 1 {
            break;
        }
        used += wide;
        cut.push_str(grapheme);
    }
    cut.push('~');
    Cow::Owned(cut)
}

/// Writes into a buffer, inside an area, and never beyond.
pub struct Pen<'b> {
    /// The buffer.
    pub buf: &'b mut Buffer,
    /// The styles.
    pub theme: &'b Theme,
    /// Personal data is hidden, with the session's salt.
    pub mask: Option<u64>,
    /// Where the cursor's mark was last drawn: the row that is chosen.
    pub spot: Option<Position>,
}

impl Pen<'_> {
    /// Writes our own or cleaned text in at most `cells` cells; gives the cells used.
    pub fn put(&mut self, x: u16, y: u16, cells: u16, text: &str, style: Style) -> u16 {
        let area = self.buf.area;
        if y >= area.bottom() || x >= area.right() || cells == 0 {
            return 0;
        }
        let cells = cells.min(area.right() - x);
        let bare = bare(text);
        let cleaned = shown(&bare);
        let fitted = fit(&cleaned, usize::from(cells));
        // What stood there lends nothing to it: a name on a dim rule is not dim.
        let style = Style::reset().patch(style);
        // Of a wide character that this begins in, half would be left.
        if let Some(before) = x.checked_sub(1).and_then(|x| self.buf.cell_mut((x, y)))
            && width(before.symbol()) > 1
        {
            before.set_symbol(" ");
        }
        let (end, _) = self.buf.set_stringn(x, y, &fitted, usize::from(cells), style);
        end - x
    }

    /// Writes text that may hold remote data: while the mask is on, all but the words of this program is hidden.
    pub fn data(&mut self, x: u16, y: u16, cells: u16, text: &str, style: Style) -> u16 {
        match self.mask {
            // What is masked is cleaned when it is put; cleaned before, it would lose the marks of what is personal.
            Some(salt) => self.put(x, y, cells, &masked(text, salt), style),
            None => self.put(x, y, cells, text, style),
        }
    }

    /// Writes what is known to be personal: a name, a login.
    pub fn person(&mut self, x: u16, y: u16, cells: u16, text: &str, style: Style) -> u16 {
        match self.mask {
            Some(_) => self.data(x, y, cells, &private(text), style),
            None => self.put(x, y, cells, text, style),
        }
    }

    /// Writes the path of an attribute or the key of an entry: where it is cut, what tells it from others stays.
    pub fn path(&mut self, x: u16, y: u16, cells: u16, text: &str, style: Style) -> u16 {
        let text = match self.mask {
            Some(salt) => Cow::Owned(masked(text, salt)),
            None => bare(text),
        };
        self.put(x, y, cells, &elided(&shown(&text), usize::from(cells)), style)
    }

    /// Writes a toned line; gives the cells used.
    pub fn line(&mut self, x: u16, y: u16, cells: u16, line: &Line) -> u16 {
        let mut used = 0;
        for (at, ((tone, text), private)) in line.parts.iter().zip(&line.private).enumerate() {
            if used >= cells {
                // It goes on, though its last piece has just filled the row.
                if cells > 0 && !text.trim().is_empty() {
                    self.put(x + cells - 1, y, 1, "~", self.theme.tone(*tone));
                }
                break;
            }
            let style = self.theme.tone(*tone);
            // Behind a piece that is cut nothing follows, though half a wide character may leave room for a sign.
            let (own, room) = (width(&bare(text)), usize::from(cells - used));
            // What ends just where the room does looks whole, though more would follow: then it is cut as well.
            let followed = || line.parts[at + 1..].iter().any(|(_, text)| !bare(text).trim().is_empty());
            let longer = (own == room && followed()).then(|| format!("{text}~"));
            let text = longer.as_ref().unwrap_or(text);
            let cut = own > room || longer.is_some();
            used += if *private {
                self.data(x + used, y, cells - used, text, style)
            } else {
                self.put(x + used, y, cells - used, text, style)
            };
            if cut {
                break;
            }
        }
        used
    }

    /// The mark of the row under the cursor, or the blank in its place.
    pub fn cursor(&mut self, x: u16, y: u16, here: bool) {
        if here {
            self.spot = Some(Position { x, y });
        }
        self.put(x, y, 1, if here { ">" } else { " " }, self.theme.tone(Tone::Key));
    }

    /// A line across.
    pub fn rule(&mut self, x: u16, y: u16, cells: u16, style: Style) {
        let rule = self.theme.borders.across().repeat(usize::from(cells));
        self.put(x, y, cells, &rule, style);
    }

    /// Lays a style over a part of a row.
    pub fn paint(&mut self, x: u16, y: u16, cells: u16, style: Style) {
        self.buf.set_style(Rect { x, y, width: cells, height: 1 }, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cut_never_splits_a_wide_character() {
        assert_eq!(fit("王小明", 6), "王小明");
        assert_eq!(fit("王小明", 5), "王小~");
        assert_eq!(fit("王小明", 4), "王~");
        assert_eq!(fit("王小明", 1), "~");
        assert_eq!(fit("王小明", 0), "");
    }

    #[test]
    fn decomposed_letters_are_composed() {
        assert_eq!(shown("e\u{301}"), "é");
    }

    proptest! {
        #[test]
        fn a_fitted_text_never_exceeds_its_cells(text in "\\PC{0,40}", cells in 0_usize..30) {
            prop_assert!(width(&fit(&shown(&text), cells)) <= cells);
        }
    }
}
