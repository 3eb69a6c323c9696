use std::cmp::Ordering;

use super::{Op, Value};
use crate::model::fold::{folded, instant};
use crate::model::{Cell, Fold};

/// Kleene's and: one false is false, else one unknown is unknown.
pub fn all_of(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any_of(verdicts.map(|verdict| verdict.map(|passes| !passes))).map(|passes| !passes)
}

/// Kleene's or: one true is true, else one unknown is unknown.
pub fn any_of(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut unknown = false;
    for verdict in verdicts {
        match verdict {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(false)
}

/// One comparison of a filter, with its value folded once.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    op: Option<Op>,
    want: Want,
    fold: Fold,
}

#[derive(Clone, Debug, PartialEq)]
enum Want {
    Text { text: String, instant: Option<jiff::Timestamp> },
    Number { text: String, whole: Option<i128>, number: f64 },
    Flag(&'static str),
    Null,
}

impl Test {
    /// Whether there is a value at all.
    pub fn present() -> Self {
        Self { op: None, want: Want::Null, fold: Fold::Caseless }
    }

    /// A comparison with a value, for an attribute that is folded so.
    ///
    /// What people type is looked for without regard to case, also in names; only what a system tells apart by case
    /// (`caseExact`: `id`, `externalId`) is.
    pub fn new(op: Op, value: &Value, fold: Fold) -> Self {
        let fold = match fold {
            Fold::Exact | Fold::Instant => fold,
            // A part of a number is looked for in its digits; `ext` in the text.
            Fold::Phone if matches!(value, Value::Text(text) if text.bytes().any(|b| b.is_ascii_digit())) => fold,
            _ => Fold::Caseless,
        };
        let want = match value {
            Value::Text(text) => {
                // The start of a date is no date: `meta.created sw "2024-01"` is about the notation.
                let fold =
                    if matches!(op, Op::Co | Op::Sw | Op::Ew) && fold == Fold::Instant { Fold::Caseless } else { fold };
                let mut scratch = String::new();
                Want::Text { text: folded(text, fold, &mut scratch).to_owned(), instant: instant(text) }
            }
            Value::Number(text) => {
                Want::Number { text: text.clone(), whole: text.parse().ok(), number: text.parse().unwrap_or(f64::NAN) }
            }
            Value::Flag(true) => Want::Flag("true"),
            Value::Flag(false) => Want::Flag("false"),
            Value::Null => Want::Null,
        };
        Self { op: Some(op), want, fold }
    }

    /// Whether one value passes; `None` where it is not known.
    pub fn holds(&self, cell: Cell<'_>, scratch: &mut String) -> Option<bool> {
        let text = match cell {
            Cell::Value(text) => text,
            Cell::Empty => "",
            Cell::Unread | Cell::Unreadable => return None,
        };
        let Some(op) = self.op else { return Some(!text.is_empty()) };
        Some(match &self.want {
            Want::Null => text.is_empty() == (op == Op::Eq),
            Want::Flag(flag) => text.trim().eq_ignore_ascii_case(flag) == (op == Op::Eq),
            Want::Number { text: digits, whole, number } => {
                let order = match (text.trim().parse::<i128>(), whole) {
                    (Ok(have), Some(whole)) => Some(have.cmp(whole)),
                    _ => text.trim().parse::<f64>().ok().and_then(|have| have.partial_cmp(number)),
                };
                match op {
                    Op::Eq => order == Some(Ordering::Equal) || text == digits,
                    Op::Ne => order != Some(Ordering::Equal) && text != digits,
                    _ => order.is_some_and(|order| ordered(op, order)),
                }
            }
            Want::Text { text: want, instant: moment } => self.text(op, text, want, *moment, scratch),
        })
    }

    fn text(&self, op: Op, have: &str, want: &str, moment: Option<jiff::Timestamp>, scratch: &mut String) -> bool {
        match op {
            Op::Eq => folded(have, self.fold, scratch) == want,
            Op::Ne => folded(have, self.fold, scratch) != want,
            Op::Co | Op::Sw | Op::Ew => {
                let fold = if self.fold == Fold::Instant { Fold::Caseless } else { self.fold };
                let have = folded(have, fold, scratch);
                match op {
                    Op::Co => have.contains(want),
                    Op::Sw => have.starts_with(want),
                    _ => have.ends_with(want),
                }
            }
            Op::Gt | Op::Ge | Op::Lt | Op::Le => {
                if have.is_empty() {
                    return false;
                }
                // RFC 7644 3.4.2.2: dates are compared in time, other texts in the alphabet.
                let order = match (moment, instant(have)) {
                    (Some(want), Some(have)) => have.cmp(&want),
                    _ => folded(have, self.fold, scratch).cmp(want),
                };
                ordered(op, order)
            }
        }
    }
}

fn ordered(op: Op, order: Ordering) -> bool {
    match op {
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        _ => false,
    }
}
