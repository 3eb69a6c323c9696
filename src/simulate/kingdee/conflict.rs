//! Records that somebody else is editing (targets/kingdee.md 8): held for a number of tries or for a time.

use std::time::{Duration, Instant};

use super::forms::{Form, USER};
use super::ledger::{Ledger, Record, id_of, number_of};
use crate::simulate::faults::Faults;

/// For how long a record is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// So many tries.
    Tries(u32),
    /// That long after the first try.
    Time(Duration),
}

/// A time such as `30s` or `250ms`; None where it is none.
pub fn time(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

/// The value of the switch: key, span, holder.
fn read(spec: &str) -> (&str, Span, &str) {
    let mut parts = spec.splitn(3, ':');
    let key = parts.next().unwrap_or_default();
    let span = match parts.next() {
        Some(span) => time(span).map(Span::Time).or_else(|| span.parse().ok().map(Span::Tries)),
        None => None,
    };
    (key, span.unwrap_or(Span::Tries(3)), parts.next().unwrap_or("Administrator"))
}

/// Whether a key means that record.
fn means(key: &str, form: &Form, record: &Record) -> bool {
    let number = number_of(form, record);
    key == "*"
        || key == id_of(form, record).to_string()
        || key.eq_ignore_ascii_case(&number)
        || number.split('@').next().is_some_and(|local| key.eq_ignore_ascii_case(local))
}

/// Who holds a record right now, if anybody does; a try is counted.
pub fn holder(ledger: &mut Ledger, faults: &Faults, form: &Form, record: &Record) -> Option<String> {
    let id = id_of(form, record);
    if let Some(spec) = faults.flag("conflict") {
        let (key, span, holder) = read(&spec);
        if means(key, form, record) && still(ledger, &format!("{spec} {} {id}", form.id), span) {
            return Some(holder.to_owned());
        }
    }
    // What the world has planted.
    let (holder, tries) = if form.id == USER { ledger.world.kingdee_holder(id) } else { None }?;
    still(ledger, &format!("planted {id}"), Span::Tries(tries)).then(|| holder.to_owned())
}

fn still(ledger: &mut Ledger, what: &str, span: Span) -> bool {
    let (since, tries) = ledger.held.entry(what.to_owned()).or_insert_with(|| (Instant::now(), 0));
    *tries += 1;
    match span {
        Span::Tries(many) => *tries <= many,
        Span::Time(time) => since.elapsed() < time,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_hold_is_for_tries_or_for_a_time_and_names_its_holder() {
        assert_eq!(read("zhang"), ("zhang", Span::Tries(3), "Administrator"));
        assert_eq!(read("*:1"), ("*", Span::Tries(1), "Administrator"));
        assert_eq!(read("100001:250ms:李敏"), ("100001", Span::Time(Duration::from_millis(250)), "李敏"));
        assert_eq!(time("30s"), Some(Duration::from_secs(30)));
        assert_eq!((time("30"), time("s"), time("")), (None, None, None));
    }
}
