//! The filter of RFC 7644 3.4.2.2: parsed once, evaluated over anything that can show attributes.
//!
//! Evaluation has three values. What was not read, what a system never returns and what it does not have at all leaves a
//! filter undecided and never false, so that nobody is judged by what is not known.

mod by_kind;
mod leaf;
mod parse;
mod query;

pub use by_kind::Filters;
pub use leaf::{Test, all_of, any_of};
pub use parse::FilterError;
pub use query::{Query, Shown};

use std::fmt;

use super::{AttrPath, Cell, Fold};

/// How an attribute is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal; also true where there is no value.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater, later, or after it in the alphabet.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less, earlier, or before it in the alphabet.
    Lt,
    /// Less or equal.
    Le,
}

impl Op {
    /// Every operator that takes a value.
    pub const ALL: [Self; 9] =
        [Self::Eq, Self::Ne, Self::Co, Self::Sw, Self::Ew, Self::Gt, Self::Ge, Self::Lt, Self::Le];

    /// Its word in a filter.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    /// The operator with this word, whatever the case.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.word().eq_ignore_ascii_case(word))
    }
}

/// What an attribute is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number, as it was written: ids above 2^53 lose no digit.
    Number(String),
    /// `true` or `false`.
    Flag(bool),
    /// `null`: no value.
    Null,
}

/// A parsed filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them; two at least.
    And(Vec<Filter>),
    /// One of them; two at least.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The attribute has a value (`pr`).
    Present(AttrPath),
    /// A value of the attribute compares so.
    Compare {
        /// The attribute.
        attr: AttrPath,
        /// How.
        op: Op,
        /// With what.
        value: Value,
    },
    /// One entry of a list fulfils all of it: `emails[type eq "work" and value co "@example.com"]`.
    Within {
        /// The list.
        attr: AttrPath,
        /// What the entry must fulfil; its paths start at the entry.
        filter: Box<Filter>,
    },
}

/// What a filter is asked about: one record, or one entry of a list.
pub trait Subject {
    /// Pushes the values of an attribute: one, or several for a list; [`Cell::Empty`] where there is none. Pushing nothing
    /// says that there is no such attribute, which leaves the filter undecided.
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>));

    /// How the values of an attribute are made alike.
    fn fold(&self, path: &str) -> Fold {
        let _ = path;
        Fold::Caseless
    }

    /// Shows the entries of a list one by one. `false`: it is not known what they are.
    fn entries(&self, path: &str, each: &mut dyn FnMut(&dyn Subject)) -> bool {
        let _ = (path, each);
        false
    }

    /// Pushes the texts in which plain text is looked for.
    fn shown(&self, push: &mut dyn FnMut(&str)) {
        let _ = push;
    }
}

impl Filter {
    /// Parses a filter.
    ///
    /// # Errors
    /// With the place and what was expected there, when the text is no filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::parse(text)
    }

    /// Whether the subject passes; `None` where what decides is not known. And, or and not are Kleene's.
    pub fn eval(&self, subject: &dyn Subject) -> Option<bool> {
        match self {
            Self::And(parts) => all_of(parts.iter().map(|part| part.eval(subject))),
            Self::Or(parts) => any_of(parts.iter().map(|part| part.eval(subject))),
            Self::Not(inner) => inner.eval(subject).map(|passes| !passes),
            Self::Present(attr) => Self::look(subject, attr.as_str(), &Test::present()),
            Self::Compare { attr, op, value } => {
                Self::look(subject, attr.as_str(), &Test::new(*op, value, subject.fold(attr.as_str())))
            }
            Self::Within { attr, filter } => {
                let mut verdicts = Vec::new();
                let known = subject.entries(attr.as_str(), &mut |entry| verdicts.push(filter.eval(entry)));
                if known { any_of(verdicts.into_iter()) } else { None }
            }
        }
    }

    fn look(subject: &dyn Subject, path: &str, test: &Test) -> Option<bool> {
        let (mut pushed, mut passes, mut unknown) = (false, false, false);
        let mut scratch = String::new();
        subject.values(path, &mut |cell| {
            pushed = true;
            match test.holds(cell, &mut scratch) {
                Some(true) => passes = true,
                Some(false) => {}
                None => unknown = true,
            }
        });
        if passes {
            Some(true)
        } else if unknown || !pushed {
            None
        } else {
            Some(false)
        }
    }

    /// Shows every attribute that is asked for; those inside a value path come after the name of its list.
    pub fn paths(&self, push: &mut dyn FnMut(&AttrPath)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.paths(push)),
            Self::Not(inner) => inner.paths(push),
            Self::Present(attr) | Self::Compare { attr, .. } | Self::Within { attr, .. } => push(attr),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(out, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(digits) => out.write_str(digits),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Null => out.write_str("null"),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |out: &mut fmt::Formatter<'_>, parts: &[Self], word: &str, bare: fn(&Self) -> bool| {
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    write!(out, " {word} ")?;
                }
                if bare(part) {
                    write!(out, "{part}")?;
                } else {
                    write!(out, "({part})")?;
                }
            }
            Ok(())
        };
        match self {
            Self::And(parts) => list(out, parts, "and", |part| !matches!(part, Self::And(_) | Self::Or(_))),
            Self::Or(parts) => list(out, parts, "or", |part| !matches!(part, Self::Or(_))),
            Self::Not(inner) => write!(out, "not ({inner})"),
            Self::Present(attr) => write!(out, "{attr} pr"),
            Self::Compare { attr, op, value } => write!(out, "{attr} {} {value}", op.word()),
            Self::Within { attr, filter } => write!(out, "{attr}[{filter}]"),
        }
    }
}

#[cfg(test)]
mod tests;
