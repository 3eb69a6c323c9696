//! The closed set of transforms: what happens to a text between a native field and a canonical attribute, and back.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::zone;

/// One row of a table of words: a canonical token and the native texts that mean it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The canonical token (`product_owner`).
    pub is: String,
    /// The native texts, the one that is written first (`product_owner`, `20`, `Owner`).
    pub native: Vec<String>,
    /// Whether it can be written at all (Aha! reads `35`, and takes no name for it).
    pub writable: bool,
}

/// A closed vocabulary (Aha!'s roles, which are read as integers and written as words).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Its name in the mapping file.
    pub name: String,
    /// The words. Native texts match whatever their case.
    pub words: Vec<Word>,
    /// What stands before a native number that no word has (`aha:role:`): it stays visible and cannot be written.
    pub unknown_number: Option<String>,
    /// Whether a text that no word has may be written as it is. Otherwise it is refused: a service that silently takes a
    /// default for an unknown word must never be sent one (seeds, Aha! limitation 6).
    pub open: bool,
}

/// How a native system writes an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// ISO 8601 in any of its usual forms; without a zone it is UTC.
    Iso,
    /// `/Date(1497801750508+0000)/`, or ISO (targets/litmos.md 1).
    DotNet,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
    /// A day as `MM/DD/YYYY`; midnight in UTC.
    MonthDayYear,
    /// A day as `DD/MM/YYYY`; midnight in UTC.
    DayMonthYear,
}

/// One step between a native text and a canonical one. The steps of a row run in order on the way in; on the way out their
/// inverses run backwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transform {
    /// Outer blanks are cut. One-way.
    Trim,
    /// Runs of blanks become one, outer ones none. One-way.
    Collapse,
    /// Lower case. One-way.
    Lower,
    /// `true` and `false` for these native texts, whatever the case; what is neither stays as it is. The first of each is
    /// what is written.
    Bool {
        /// What is true.
        yes: Vec<String>,
        /// What is false.
        no: Vec<String>,
    },
    /// `true` becomes `false` and the other way round (`disabled` -> `active`).
    Not,
    /// A closed vocabulary.
    Words(Arc<Words>),
    /// All native fields of the row, those that have a value, joined by this. Stands first. One-way: where a joined text is
    /// to be cut, nobody knows.
    Join(String),
    /// The part with this number of the text cut at every separator; the last one takes the rest. One-way.
    Split {
        /// The separator.
        at: String,
        /// Which part, from 0.
        part: usize,
        /// How many parts at most.
        of: usize,
    },
    /// The native text begins with this, the canonical one does not.
    StripPrefix(String),
    /// The native text ends with this, the canonical one does not.
    StripSuffix(String),
    /// The canonical text begins with this, the native one does not: ids of two forms in one table are kept apart.
    AddPrefix(String),
    /// An instant becomes RFC 3339 in UTC. One-way, as most forms name an instant in several ways.
    Date(DateForm),
    /// A time zone as Windows names it becomes the IANA zone that it is shown as; on the way out, the Windows zone that an
    /// IANA zone belongs to. What is no zone there stays as it is.
    Zone,
    /// Always this, whatever the native text is, as long as there is one. One-way.
    Const(String),
}

impl Transform {
    /// Whether the way back gives the same native text again.
    pub fn invertible(&self) -> bool {
        match self {
            Self::Bool { .. }
            | Self::Not
            | Self::Words(_)
            | Self::StripPrefix(_)
            | Self::StripSuffix(_)
            | Self::AddPrefix(_)
            | Self::Zone
            | Self::Date(DateForm::MonthDayYear | DateForm::DayMonthYear) => true,
            Self::Trim
            | Self::Collapse
            | Self::Lower
            | Self::Join(_)
            | Self::Split { .. }
            | Self::Date(_)
            | Self::Const(_) => false,
        }
    }

    /// The canonical text of a native one. Never fails: a text that it knows nothing about stays as it is, so that the
    /// operator sees it.
    pub fn read<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        match self {
            Self::Trim => cut(text, str::trim),
            Self::Collapse => collapse(text),
            Self::Lower => {
                if text.chars().any(char::is_uppercase) {
                    Cow::Owned(text.to_lowercase())
                } else {
                    text
                }
            }
            Self::Bool { yes, no } => {
                if has(yes, &text) {
                    Cow::Borrowed("true")
                } else if has(no, &text) {
                    Cow::Borrowed("false")
                } else {
                    text
                }
            }
            Self::Not => match &*text {
                flag if flag.eq_ignore_ascii_case("true") => Cow::Borrowed("false"),
                flag if flag.eq_ignore_ascii_case("false") => Cow::Borrowed("true"),
                _ => text,
            },
            Self::Words(words) => words.read(text),
            Self::Join(_) => text,
            Self::Split { at, part, of } => split(text, at, *part, *of),
            Self::StripPrefix(prefix) => match text.strip_prefix(&**prefix) {
                Some(rest) => Cow::Owned(rest.to_owned()),
                None => text,
            },
            Self::StripSuffix(suffix) => match text.strip_suffix(&**suffix) {
                Some(rest) => Cow::Owned(rest.to_owned()),
                None => text,
            },
            Self::AddPrefix(prefix) => Cow::Owned(format!("{prefix}{text}")),
            Self::Date(form) => date(&text, *form).map_or(text, |instant| Cow::Owned(instant.to_string())),
            Self::Zone => zone::iana(&text).map_or(text, Cow::Borrowed),
            Self::Const(always) => {
                if text.is_empty() {
                    text
                } else {
                    Cow::Owned(always.clone())
                }
            }
        }
    }

    /// The native text of a canonical one. A one-way step gives its text back unchanged where that is a native text with
    /// the same canonical one, and refuses otherwise.
    ///
    /// # Errors
    /// In words for the operator, when there is no native text.
    pub fn write(&self, text: &str) -> Result<String, String> {
        match self {
            Self::Trim | Self::Collapse | Self::Lower => Ok(text.to_owned()),
            Self::Bool { yes, no } => match (text, yes.first(), no.first()) {
                ("true", Some(yes), _) => Ok(yes.clone()),
                ("false", _, Some(no)) => Ok(no.clone()),
                _ => Err(format!("expected `true` or `false`, found `{text}`")),
            },
            Self::Not => match text {
                "true" => Ok("false".into()),
                "false" => Ok("true".into()),
                _ => Err(format!("expected `true` or `false`, found `{text}`")),
            },
            Self::Words(words) => words.write(text),
            Self::StripPrefix(prefix) => Ok(format!("{prefix}{text}")),
            Self::StripSuffix(suffix) => Ok(format!("{text}{suffix}")),
            Self::AddPrefix(prefix) => match text.strip_prefix(&**prefix) {
                Some(rest) if !rest.is_empty() => Ok(rest.to_owned()),
                _ => Err(format!("expected `{prefix}...`, found `{text}`")),
            },
            Self::Date(form) => match form {
                DateForm::Iso => Ok(text.to_owned()),
                _ => iso(text)
                    .map(|instant| match form {
                        DateForm::Unix => instant.as_second().to_string(),
                        DateForm::UnixMs => instant.as_millisecond().to_string(),
                        DateForm::MonthDayYear => instant.strftime("%m/%d/%Y").to_string(),
                        DateForm::DayMonthYear => instant.strftime("%d/%m/%Y").to_string(),
                        _ => format!("/Date({})/", instant.as_millisecond()),
                    })
                    .ok_or_else(|| format!("expected a time such as 2026-01-31T08:00:00Z, found `{text}`")),
            },
            Self::Zone if zone::iana(text).is_some() => Ok(text.to_owned()),
            Self::Zone => zone::windows(text).map(str::to_owned).ok_or_else(|| {
                format!("`{text}` is no time zone that the service knows: expected one such as Europe/Berlin")
            }),
            Self::Join(_) => Err("it is put together from several fields, each of which is written by itself".into()),
            Self::Split { .. } => Err("it is a part of another field, which is written as a whole".into()),
            Self::Const(_) => Err("it is always the same".into()),
        }
    }
}

impl Words {
    fn read<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        if let Some(word) = self.words.iter().find(|word| has(&word.native, &text)) {
            return Cow::Owned(word.is.clone());
        }
        match &self.unknown_number {
            Some(prefix) if text.parse::<i128>().is_ok() => Cow::Owned(format!("{prefix}{text}")),
            _ => text,
        }
    }

    fn write(&self, text: &str) -> Result<String, String> {
        match self.words.iter().find(|word| word.is == text) {
            Some(word) if word.writable => {
                word.native.first().cloned().ok_or_else(|| format!("`{text}` has no native form"))
            }
            Some(_) => Err(format!("`{text}` can be read and not written: the service takes no name for it")),
            None if self.open => Ok(text.to_owned()),
            None => {
                let known: Vec<&str> =
                    self.words.iter().filter(|word| word.writable).map(|word| word.is.as_str()).collect();
                Err(format!("`{text}` is not known there; known are {}", known.join(", ")))
            }
        }
    }
}

fn has(texts: &[String], text: &str) -> bool {
    texts.iter().any(|have| have.eq_ignore_ascii_case(text))
}

fn cut(text: Cow<'_, str>, how: impl Fn(&str) -> &str) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(how(text)),
        Cow::Owned(text) => Cow::Owned(how(&text).to_owned()),
    }
}

fn collapse(text: Cow<'_, str>) -> Cow<'_, str> {
    let mut before_blank = true;
    let clean = !text.ends_with(char::is_whitespace)
        && text.chars().all(|c| {
            let fine = !c.is_whitespace() || (c == ' ' && !before_blank);
            before_blank = c.is_whitespace();
            fine
        });
    if clean {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Cow::Owned(out)
}

fn split<'t>(text: Cow<'t, str>, at: &str, part: usize, of: usize) -> Cow<'t, str> {
    if at.is_empty() {
        return text;
    }
    let found = text.splitn(of.max(1), at).nth(part).unwrap_or_default().to_owned();
    Cow::Owned(found)
}

/// The instant that a native text names.
fn date(text: &str, form: DateForm) -> Option<Timestamp> {
    let text = text.trim();
    match form {
        DateForm::Unix => Timestamp::from_second(text.parse().ok()?).ok(),
        DateForm::UnixMs => Timestamp::from_millisecond(text.parse().ok()?).ok(),
        DateForm::DotNet => match text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
            Some(inner) => {
                // The milliseconds are UTC already; an offset only says how to show them (targets/litmos.md 1).
                let digits = inner.strip_prefix('-').unwrap_or(inner);
                let number: i64 = digits.split(['+', '-']).next()?.parse().ok()?;
                Timestamp::from_millisecond(if inner.starts_with('-') { -number } else { number }).ok()
            }
            None => iso(text),
        },
        DateForm::Iso => iso(text),
        DateForm::MonthDayYear => day(text, [2, 0, 1]),
        DateForm::DayMonthYear => day(text, [2, 1, 0]),
    }
}

/// A day of three numbers between slashes; where year, month and day stand among them.
fn day(text: &str, [year, month, day]: [usize; 3]) -> Option<Timestamp> {
    let parts: Vec<&str> = text.split('/').collect();
    let number = |at: usize| parts.get(at).filter(|_| parts.len() == 3)?.parse::<i16>().ok();
    let small = |at: usize| i8::try_from(number(at)?).ok();
    let date = jiff::civil::Date::new(number(year)?, small(month)?, small(day)?).ok()?;
    date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

fn iso(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let civil: jiff::civil::DateTime = match text.parse() {
        Ok(civil) => civil,
        Err(_) => text.parse::<jiff::civil::Date>().ok()?.to_datetime(jiff::civil::Time::midnight()),
    };
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests;
