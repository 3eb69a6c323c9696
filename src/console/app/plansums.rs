//! What a plan comes to, in lines: counts, refusals, lint.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::lines::{Line, Tone, op};
use super::said::said;
use super::text::{self, text};
use crate::compare::Compared;
use crate::model::Op;
use crate::plan::{Change, Plan, Target};

/// So many reasons why something cannot be sent are told on top.
const REASONS: usize = 3;

/// Seconds as they are said: `40 s`, `3 min`.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds.div_ceil(60)),
    }
}

/// How many changes of each operation, what takes away first.
pub(super) fn counts(changes: &[&Change]) -> Line {
    let mut counts: BTreeMap<Op, usize> = BTreeMap::new();
    for change in changes {
        *counts.entry(change.op).or_default() += 1;
    }
    let mut line = Line::plain(" ");
    for (at, (what, n)) in counts.into_iter().enumerate() {
        let tone = if what.removes() { Tone::Extra } else { Tone::Strong };
        line = line.with(tone, format!("{}{} {}", if at > 0 { "   " } else { "" }, text::count(n as u64), op(what)));
    }
    line
}

/// What cannot be sent, by its reason, the most frequent first.
pub(super) fn refusals(plan: &Plan) -> Vec<Line> {
    let mut reasons: HashMap<&str, u64> = HashMap::new();
    for (_, why) in &plan.refused {
        *reasons.entry(why).or_default() += 1;
    }
    let mut reasons: Vec<(&str, u64)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(why, n)| (std::cmp::Reverse(*n), *why));
    let mut lines: Vec<Line> = reasons
        .iter()
        .take(REASONS)
        .map(|(why, n)| {
            let words = text!("plan.cannot", n = text::count(*n));
            Line::of(Tone::Bad, format!(" x {words}  ")).data(Tone::Plain, said(why)).hanging(3)
        })
        .collect();
    let rest: u64 = reasons.iter().skip(REASONS).map(|(_, n)| n).sum();
    if rest > 0 {
        lines.push(Line::of(Tone::Bad, format!(" x {}", text!("plan.cannot-rest", n = text::count(rest)))));
    }
    lines
}

/// Lint about records that the plan touches.
pub(super) fn lints(plan: &Plan, compared: Option<&Compared>) -> Vec<Line> {
    let Some(compared) = compared.filter(|compared| !compared.lints.is_empty()) else { return Vec::new() };
    let mut touched = HashSet::new();
    for change in &plan.changes {
        if let Target::Record(key) = &change.target {
            touched.insert(key);
        }
        touched.extend(change.source.as_ref());
    }
    compared
        .lints
        .iter()
        .filter(|lint| touched.contains(&lint.record))
        .map(|lint| {
            Line::of(Tone::Warn, format!(" x {}  ", lint.system))
                .data(Tone::Strong, super::mask::private(&lint.key))
                .data(Tone::Plain, format!("  {}", said(&lint.text)))
        })
        .collect()
}
