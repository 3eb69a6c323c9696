//! Text with a tone, as the core hands it to the view: what a line means, not how it looks.

use unicode_width::UnicodeWidthStr;

use super::cutting::cut;
use super::text::text;

/// What a piece of text means; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// Of less weight.
    Dim,
    /// A heading.
    Heading,
    /// A name or number to be seen.
    Strong,
    /// As it should be.
    Good,
    /// To be known.
    Warn,
    /// Wrong.
    Bad,
    /// Different.
    Differs,
    /// Should be there and is not.
    Missing,
    /// There and should not be.
    Extra,
    /// Staged.
    Staged,
    /// A key to press.
    Key,
}

/// One line of toned pieces. Remote text in it is cleaned by the view, once, when it is drawn.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Line {
    /// The pieces from left to right.
    pub parts: Vec<(Tone, String)>,
    /// Whether the pieces hold remote data that the privacy mask hides: `true` per piece.
    pub private: Vec<bool>,
    pub(super) hang: usize,
}

impl Line {
    /// A line of one piece.
    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self::default().with(tone, text)
    }

    /// A plain line.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::of(Tone::Plain, text)
    }

    /// With one more piece of our own words.
    pub fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.parts.push((tone, text.into()));
        self.private.push(false);
        self
    }

    /// With one more piece of remote data.
    pub fn data(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.parts.push((tone, text.into()));
        self.private.push(true);
        self
    }

    /// Later rows of the line begin so many cells from the left.
    pub fn hanging(mut self, cells: usize) -> Self {
        self.hang = cells;
        self
    }

    /// All pieces as one text.
    pub fn text(&self) -> String {
        self.parts.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The same for paper, where no pen takes out the marks of what is private.
    pub fn printed(&self) -> String {
        super::mask::bare(&self.text()).into_owned()
    }
}

/// A text in just so many cells: cut with `~`, or filled with blanks.
pub fn column(text: &str, cells: usize) -> String {
    padded(&cut(text, cells), cells)
}

/// A text with blanks behind it up to so many cells; a longer one stays whole.
pub fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(text.width())))
}

/// A text with blanks before it up to so many cells; a longer one stays whole.
pub fn flush(text: &str, cells: usize) -> String {
    format!("{}{text}", " ".repeat(cells.saturating_sub(text.width())))
}

/// How long ago: `now`, `3m`, `2h`, `5d`.
pub fn age(from: jiff::Timestamp, now: jiff::Timestamp) -> String {
    match now.as_second() - from.as_second() {
        ..60 => text!("age.now").to_owned(),
        seconds @ 60..3600 => text!("age.minutes", n = seconds / 60),
        seconds @ 3600..172_800 => text!("age.hours", n = seconds / 3600),
        seconds => text!("age.days", n = seconds / 86_400),
    }
}

/// How long ago, as it reads in a sentence: `just now`, `3 min ago`, `2 h ago`, `5 d ago`.
pub fn ago(from: jiff::Timestamp, now: jiff::Timestamp) -> String {
    match now.as_second() - from.as_second() {
        ..60 => text!("ago.now").to_owned(),
        seconds @ 60..3600 => text!("ago.minutes", n = seconds / 60),
        seconds @ 3600..172_800 => text!("ago.hours", n = seconds / 3600),
        seconds => text!("ago.days", n = seconds / 86_400),
    }
}

/// Seconds until an age would be shown differently.
pub fn age_changes(from: jiff::Timestamp, now: jiff::Timestamp) -> i64 {
    match now.as_second() - from.as_second() {
        seconds @ ..3600 => 60 - seconds.max(0) % 60,
        seconds @ 3600..172_800 => 3600 - seconds % 3600,
        seconds => 86_400 - seconds % 86_400,
    }
}

/// A point in time as the operator's clock shows it.
pub fn clock(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The time of the day of it alone.
pub fn hour(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// The name of an operation as it reads in a sentence.
pub fn op(op: crate::model::Op) -> &'static str {
    use crate::model::Op;
    match op {
        Op::Delete => text!("op.delete"),
        Op::Deactivate => text!("op.deactivate"),
        Op::Drop => text!("op.drop"),
        Op::Create => text!("op.create"),
        Op::Reactivate => text!("op.reactivate"),
        Op::Set => text!("op.set"),
        Op::Put => text!("op.put"),
    }
}
