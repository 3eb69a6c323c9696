//! How a text that is too long for its cells is broken into rows, or cut so that what tells it from others stays.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::lines::{Line, Tone};
use super::mask::bare;

/// Of lines with more pieces of remote data than this the end is cut: a name, and twice an attribute with both values.
const MOST_TOLD: usize = 7;

impl Line {
    /// The line as several of at most so many cells: broken at blanks and beside wide characters; a word that is longer
    /// than a row behind a sign in it.
    pub fn wrapped(&self, cells: usize) -> Vec<Self> {
        let whole = self.text();
        if whole.width() <= cells || cells < 20 {
            return vec![self.clone()];
        }
        let blanks = whole.len() - whole.trim_start_matches(' ').len();
        let hang = self.hang.max(blanks).min(cells / 2);
        let signs: Vec<Sign<'_>> = self
            .parts
            .iter()
            .enumerate()
            .flat_map(|(part, (_, text))| {
                text.graphemes(true).map(move |text| Sign { part, text, cells: text.width() })
            })
            .collect();
        let mut lines = Vec::new();
        let mut from = 0;
        while from < signs.len() {
            let lead = if lines.is_empty() { 0 } else { hang };
            let (to, next) = row(&signs, from, cells - lead, cells - hang);
            let mut line = if lead > 0 { Self::plain(" ".repeat(lead)) } else { Self::default() };
            for sign in &signs[from..to] {
                let (tone, private) = (self.parts[sign.part].0, self.private[sign.part]);
                match line.parts.last_mut() {
                    Some((same, text)) if *same == tone && line.private.last() == Some(&private) => {
                        text.push_str(sign.text);
                    }
                    _ => {
                        line.parts.push((tone, sign.text.to_owned()));
                        line.private.push(private);
                    }
                }
            }
            lines.push(line);
            from = next;
        }
        lines
    }

    /// The line in at most so many cells, as far as that goes without losing a piece of it: of the remote data in it what is
    /// longest is cut most, a name at its end, paths and values in the middle. Our own words stay whole.
    pub fn shortened(&self, cells: usize) -> Self {
        const LEAST: usize = 10;
        let wide: Vec<usize> = self.parts.iter().map(|(_, text)| bare(text).width()).collect();
        // Where much is told, who it is about matters more than the end of it.
        let told = self.private.iter().filter(|data| **data).count();
        if wide.iter().sum::<usize>() <= cells || told > MOST_TOLD {
            return self.clone();
        }
        let left = |most: usize| {
            wide.iter().zip(&self.private).map(move |(wide, data)| if *data { (*wide).min(most) } else { *wide })
        };
        let within = |most: usize| left(most).sum::<usize>() <= cells;
        // Of too many pieces nothing would be left: then the first ones are whole, and the end is cut.
        let Some(most) = (LEAST..=cells).rev().find(|most| within(*most)) else { return self.clone() };
        let mut line = self.clone();
        for (((tone, text), wide), data) in line.parts.iter_mut().zip(wide).zip(&self.private) {
            if wide <= most || !data {
                continue;
            }
            *text = if *tone == Tone::Strong { cut(text, most) } else { elided(&bare(text), most).into_owned() };
        }
        line
    }
}

/// One character of a line, as it is read.
struct Sign<'l> {
    part: usize,
    text: &'l str,
    cells: usize,
}

/// Signs behind which a word may be broken that is longer than a row.
const JOINTS: &str = "/.,;:&=?@-_)]}>";

/// Signs that no row begins with.
const CLOSING: &str = "，。、：；！？）》】」』”’)]},.;:!?%";

/// Signs that no row ends with.
const OPENING: &str = "（《【「『“‘([{";

/// Where a row of at most `cells` ends that begins at `from`, and where the next one begins. `full`: the cells of the rows
/// that come after it.
fn row(signs: &[Sign<'_>], from: usize, cells: usize, full: usize) -> (usize, usize) {
    let blank = |at: usize| signs[at].text == " ";
    let mut used = 0;
    let mut most = from;
    while most < signs.len() && used + signs[most].cells <= cells {
        used += signs[most].cells;
        most += 1;
    }
    if most == signs.len() {
        return (most, most);
    }
    let end = |at: usize| {
        let to = (from..at).rev().find(|at| !blank(*at)).map_or(from, |last| last + 1);
        let next = (at..signs.len()).find(|at| !blank(*at)).unwrap_or(signs.len());
        (to, next)
    };
    if blank(most) {
        return end(most);
    }
    let joins = |at: usize| {
        signs[at - 1].cells < 2 && signs[at].cells < 2
            || CLOSING.contains(signs[at].text)
            || OPENING.contains(signs[at - 1].text)
    };
    let breaks = |at: usize| blank(at - 1) || !joins(at);
    // Blanks before the first word are no place to break.
    let word = (from..most).find(|at| !blank(*at)).unwrap_or(most);
    let found = (word + 1..=most).rev().find(|at| breaks(*at));
    let begin = found.unwrap_or(word);
    let stop = (begin + 1..signs.len()).find(|at| blank(*at) || breaks(*at)).unwrap_or(signs.len());
    let wide: usize = signs[begin..stop].iter().map(|sign| sign.cells).sum();
    if found.is_some() && wide <= full {
        return end(begin);
    }
    // It fits in no row: it begins here, and is broken behind a sign where there is one near the end.
    let near = most.saturating_sub(cells / 3).max(begin + 1);
    let joint = (near..=most).rev().find(|at| JOINTS.contains(signs[at - 1].text));
    let at = joint.unwrap_or(most).max(from + 1);
    (at, at)
}

/// A text in at most so many cells, with `~` in its middle where something was left out: of paths and keys the end tells
/// them apart.
///
/// `addresses[work].streetAddress` in 22 cells is `a~[work].streetAddress`.
pub fn elided(text: &str, cells: usize) -> Cow<'_, str> {
    let wide = text.width();
    if wide <= cells {
        return Cow::Borrowed(text);
    }
    // What is chosen among several, or at least the last part, stays whole where there is room; else the middle goes.
    let ends = [text.find('['), text.rfind(['.', '['])];
    let kept = ends.into_iter().flatten().filter(|at| *at > 0).map(|at| text[at..].width());
    let tail = kept.into_iter().find(|kept| kept + 2 <= cells).unwrap_or(cells.saturating_sub(1) * 2 / 3);
    let head = cells.saturating_sub(tail + 1);
    let mut used = 0;
    let front: String = text
        .graphemes(true)
        .take_while(|sign| {
            used += sign.width();
            used <= head
        })
        .collect();
    let mut used = 0;
    let back: Vec<&str> = text
        .graphemes(true)
        .rev()
        .take_while(|sign| {
            used += sign.width();
            used <= tail
        })
        .collect();
    let back: String = back.into_iter().rev().collect();
    let cut = format!("{front}~{back}");
    if cells == 0 { Cow::Borrowed("") } else { Cow::Owned(cut) }
}

/// A text in at most so many cells: cut with `~`.
pub(super) fn cut(text: &str, cells: usize) -> String {
    let mut shown = String::new();
    let mut used = 0;
    let wide = text.width();
    for grapheme in text.graphemes(true) {
        let own = grapheme.width();
        if wide > cells && used + own + 1 > cells {
            shown.push('~');
            break;
        }
        used += own;
        shown.push_str(grapheme);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_is_broken_at_blanks_and_later_rows_hang() {
        let line = Line::of(Tone::Dim, "mode  ").with(Tone::Plain, "at most ten of them at once").hanging(6);
        let rows: Vec<String> = line.wrapped(20).iter().map(Line::text).collect();
        assert_eq!(rows, ["mode  at most ten of", "      them at once"]);
    }

    #[test]
    fn a_word_is_broken_only_where_no_row_holds_it_and_then_behind_a_sign() {
        let rows = |line: &Line, cells| line.wrapped(cells).iter().map(Line::text).collect::<Vec<_>>();
        let line = Line::plain("set  ").with(Tone::Dim, "phoneNumbers[mobile]").with(Tone::Plain, ": +49 30 555");
        assert_eq!(rows(&line, 25), ["set  ", "phoneNumbers[mobile]: +49", "30 555"].map(str::trim_end));
        let line = Line::plain("write  /k3cloud/Kingdee.BOS.WebApi.DynamicFormService.Save").hanging(7);
        assert_eq!(rows(&line, 40), ["write  /k3cloud/Kingdee.BOS.WebApi.", "       DynamicFormService.Save"]);
        let line = Line::plain("“王芳”使用“[用户-maeve.lloyd@example.com]”冲突，请稍候再使用。");
        assert_eq!(rows(&line, 30), ["“王芳”使用“[用户", "-maeve.lloyd@example.com]”冲", "突，请稍候再使用。"]);
    }

    #[test]
    fn a_path_that_is_cut_keeps_its_end() {
        assert_eq!(elided("userName", 22), "userName");
        assert_eq!(elided("addresses[work].streetAddress", 22), "a~[work].streetAddress");
        assert_eq!(elided("addresses[work].streetAddress", 20), "addre~.streetAddress");
        assert_eq!(elided("addresses[work].postalCode", 22), "addr~[work].postalCode");
        assert_eq!(elided("productRoles[Fleet Application]", 22), "pr~[Fleet Application]");
        assert_eq!(elided("productRoles[Fleet Application of Berlin]", 22), "product~ion of Berlin]");
        assert_eq!(elided("grants[里斯本公司 / 合同审阅]", 16), "grant~ 合同审阅]");
    }

    #[test]
    fn a_line_that_is_shortened_keeps_both_values() {
        let line = Line::default()
            .data(Tone::Strong, "maeve.lloyd-webber@example.com")
            .with(Tone::Dim, "  ")
            .data(Tone::Plain, "phoneNumbers[mobile]")
            .with(Tone::Dim, ": ")
            .data(Tone::Dim, "+49 30 555-3281")
            .with(Tone::Dim, " -> ")
            .data(Tone::Plain, "+49 30 555-8960");
        assert_eq!(line.shortened(100), line);
        assert_eq!(
            line.shortened(76).text(),
            "maeve.lloyd-webber~  phoneNumbe~[mobile]: +49 30 555-3281 -> +49 30 555-8960"
        );
        assert_eq!(line.shortened(60).text(), "maeve.lloyd-~  phon~[mobile]: +49 ~555-3281 -> +49 ~555-8960");
        assert_eq!(line.shortened(40), line);
        let many = (0..4).fold(line, |line, _| line.with(Tone::Dim, ", ").data(Tone::Plain, "name.givenName"));
        assert_eq!(many.shortened(76), many, "who it is about stays whole");
    }

    proptest! {
        #[test]
        fn what_is_elided_fits(text in "[a-z王.\\[ ]{0,60}", cells in 0_usize..40) {
            prop_assert!(elided(&text, cells).width() <= cells);
        }

        #[test]
        fn no_row_of_a_wrapped_line_is_too_wide_and_nothing_is_lost(text in "[a-z王 ]{0,200}", cells in 20_usize..90) {
            let rows = Line::plain(text.clone()).wrapped(cells);
            for row in &rows {
                prop_assert!(row.text().trim_end().width() <= cells, "{:?}", row.text());
            }
            let squeeze = |text: &str| text.replace(' ', "");
            prop_assert_eq!(squeeze(&rows.iter().map(Line::text).collect::<String>()), squeeze(&text));
        }
    }
}
