//! A plan on paper: printed for people or programs, saved for a later push, read back.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::args::Format;
use super::face::spoken;
use super::lines::{FacetLine, Line};
use crate::compare::Compared;
use crate::console::app::lines;
use crate::console::app::preview::{
    cannot_undo, describe, lasting, lasting_words, new_record, step_lines, target, why,
};
use crate::console::app::text::text;
use crate::model::{Op, SystemId, text};
use crate::plan::{Change, Guard, Outcome, Plan, digest};

/// What a saved plan says of itself.
const KIND: &str = "trueup plan";

/// A saved plan.
#[derive(Serialize, Deserialize)]
struct Saved {
    kind: String,
    version: u32,
    plan: Plan,
}

/// Saves a plan where nothing is yet. It holds no secrets; still it names people, so only its owner can read it.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn save(plan: &Plan, path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = match made {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{shown} is there already; a plan is not written over another file")
        }
        made => made.with_context(|| format!("the plan cannot be saved as {shown}"))?,
    };
    let saved = Saved { kind: KIND.to_owned(), version: 1, plan: plan.clone() };
    let text = serde_json::to_string_pretty(&saved)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.write_all(b"\n"))
        .and_then(|()| file.sync_all())
        .with_context(|| format!("the plan cannot be saved as {shown}"))
}

/// Reads a saved plan, and whether it still is what was saved.
///
/// # Errors
/// When it cannot be read or is no plan.
pub fn load(path: &Path) -> anyhow::Result<(Plan, bool)> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("the plan {shown} cannot be read"))?;
    let saved: Saved = serde_json::from_str(&text)
        .with_context(|| format!("{shown} is no plan of this program; `trueup plan -o FILE` makes one"))?;
    if saved.kind != KIND || saved.version != 1 {
        bail!("{shown} is no plan that this version can read; make it again with `trueup plan -o FILE`");
    }
    let intact = digest(&saved.plan) == saved.plan.fingerprint;
    Ok((saved.plan, intact))
}

/// How a plan is printed.
pub struct Print<'p> {
    /// What it was made from, where that is known: names for ids.
    pub compared: Option<&'p Compared>,
    /// What came of it, where it was pushed.
    pub outcomes: &'p [Outcome],
    /// Every request in full.
    pub requests: bool,
    /// Who pushed it, and so acknowledged what stood in its way.
    pub by: Option<&'p str>,
}

impl Print<'_> {
    /// Prints a plan.
    ///
    /// # Errors
    /// When nothing more can be written.
    pub fn plan(&self, plan: &Plan, format: Format, out: &mut impl Write) -> std::io::Result<()> {
        match format {
            Format::Json => self.json(plan, out),
            Format::Table => self.table(plan, out),
        }
    }

    /// A rule that stands, or stood, in the way.
    fn guard(&self, plan: &Plan, guard: &Guard) -> String {
        let said = format!("{}: {}", guard.rule, spoken(&guard.text));
        match (guard.acknowledged, self.by) {
            (true, Some(by)) => format!("{} {said}", text!("paper.acknowledged-by", who = by)),
            (true, None) => format!("{} {said}", text!("paper.acknowledged")),
            (false, _) => {
                let way = acknowledging(plan, guard).map(|option| format!(" {}", text!("paper.pass", option = option)));
                format!("{} {said}{}", text!("paper.blocked"), way.unwrap_or_default())
            }
        }
    }

    fn outcome(&self, change: &Change) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.change == change.id)
    }

    /// Prints the changes alone.
    ///
    /// # Errors
    /// When nothing more can be written.
    pub fn changes(&self, plan: &Plan, format: Format, out: &mut impl Write) -> std::io::Result<()> {
        plan.changes.iter().try_for_each(|change| self.change(plan, change, format, out))
    }

    /// Prints one of its changes.
    ///
    /// # Errors
    /// When nothing more can be written.
    pub fn change(&self, plan: &Plan, change: &Change, format: Format, out: &mut impl Write) -> std::io::Result<()> {
        match format {
            Format::Json => self.change_line(plan, change, out),
            Format::Table => self.change_text(plan, change, out),
        }
    }

    fn json(&self, plan: &Plan, out: &mut impl Write) -> std::io::Result<()> {
        for guard in &plan.guards {
            line(
                out,
                &Line::Guard {
                    rule: &guard.rule,
                    system: guard.system.as_str(),
                    text: &guard.text,
                    can_acknowledge: guard.can_acknowledge,
                    acknowledged: guard.acknowledged,
                    by: self.by.filter(|_| guard.acknowledged),
                },
            )?;
        }
        self.changes(plan, Format::Json, out)?;
        for step in plan.steps.iter().filter(|_| self.requests) {
            let told = |hole: String| format!("{{id of {hole}}}");
            let said = Line::Request {
                system: step.system.as_str(),
                serves: step.serves.iter().map(|id| &*id.0).collect(),
                method: step.write.method.to_string(),
                target: in_words(plan, &target(&step.write), told),
                text: step_lines(step).iter().map(|line| in_words(plan, &line.printed(), told)).collect(),
            };
            line(out, &said)?;
        }
        Ok(())
    }

    fn change_line(&self, plan: &Plan, change: &Change, out: &mut impl Write) -> std::io::Result<()> {
        let refused = plan.refused.iter().find(|(id, _)| *id == change.id).map(|(_, why)| why.as_str());
        let outcome = self.outcome(change);
        let said = Line::Change {
            id: &change.id.0,
            system: change.system.as_str(),
            kind: change.kind.name(),
            operation: change.op.name(),
            key: &change.label,
            facets: FacetLine::of(change),
            outcome: outcome.map(|outcome| outcome.state.word()).or(refused.map(|_| "refused")),
            why: outcome.and_then(|outcome| why(&outcome.state)).or(refused.map(str::to_owned)),
        };
        line(out, &said)
    }

    fn table(&self, plan: &Plan, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "plan {}, made {}", plan.id, lines::clock(plan.made))?;
        for (system, op, count) in counts(plan) {
            let mark = if op.removes() { "  takes away" } else { "" };
            writeln!(out, "  {system:<12} {count:>6} {}{mark}", op.name())?;
        }
        for guard in &plan.guards {
            writeln!(out, "  {}", text::clean(&self.guard(plan, guard)))?;
        }
        for (system, effect, count) in plan.side_effects() {
            let words = text!("paper.outside", system = system, n = count, what = spoken(&effect));
            writeln!(out, "  {}", text::clean(&words))?;
        }
        if let Some(lasting) = lasting_words(lasting(plan, &plan.changes).len()) {
            writeln!(out, "  {lasting}")?;
        }
        writeln!(out)?;
        self.changes(plan, Format::Table, out)
    }

    fn change_text(&self, plan: &Plan, change: &Change, out: &mut impl Write) -> std::io::Result<()> {
        let refused = plan.refused.iter().find(|(id, _)| *id == change.id).map(|(_, why)| why.as_str());
        let outcome = self.outcome(change);
        let word = outcome.map(|outcome| outcome.state.word()).or(refused.map(|_| "refused"));
        let word = word.map(|word| format!("{word:<10} ")).unwrap_or_default();
        let said = in_words(plan, &describe(change, self.compared, &plan.called).printed(), |words| words);
        writeln!(out, "{word}{:<12} {:<11} {}", change.system, change.op.name(), text::clean(&said))?;
        for why in outcome.and_then(|outcome| why(&outcome.state)).as_deref().into_iter().chain(refused) {
            writeln!(out, "             {}", text::clean(&spoken(why)))?;
        }
        if !self.requests {
            return Ok(());
        }
        // A step that serves several changes stands under the first of them.
        for step in plan.steps.iter().filter(|step| step.serves.first() == Some(&change.id)) {
            for line in step_lines(step) {
                writeln!(
                    out,
                    "{}",
                    text::clean(&in_words(plan, &line.printed(), |words| format!("{{id of {words}}}")))
                )?;
            }
        }
        if let Some(why) = cannot_undo(plan, change) {
            writeln!(out, "           cannot be undone: {}", text::clean(&why))?;
        }
        Ok(())
    }
}

/// A change of a plan in one line, without ids.
pub fn in_a_line(plan: &Plan, change: &Change) -> String {
    let said = in_words(plan, &describe(change, None, &plan.called).printed(), |words| words);
    format!("{} {} {}", change.system, change.op.name(), text::clean(&said))
}

/// A text with words in the place of the ids that records of this very plan will have once they are created.
fn in_words(plan: &Plan, text: &str, told_as: impl Fn(String) -> String) -> String {
    let creates = |hole: &str| {
        let mut creates = plan.changes.iter().filter(|change| change.op == Op::Create);
        creates.find(|change| *change.id.0 == *hole)
    };
    let (mut told, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let hole = after.split_once("}}").and_then(|(hole, after)| Some((creates(hole)?, after)));
        told.push_str(before);
        rest = match hole {
            Some((create, after)) => {
                told.push_str(&told_as(new_record(create.kind, &create.label)));
                after
            }
            None => {
                told.push_str("{{");
                after
            }
        };
    }
    told + rest
}

/// How a guard is acknowledged: by its rule alone where it stands in one system's way, else by rule and system. `None`:
/// it cannot be.
pub fn acknowledging(plan: &Plan, guard: &Guard) -> Option<String> {
    let elsewhere = plan.guards.iter().any(|other| other.rule == guard.rule && other.system != guard.system);
    let name = if elsewhere { format!("{}:{}", guard.rule, guard.system) } else { guard.rule.clone() };
    guard.can_acknowledge.then(|| format!("--acknowledge {name}"))
}

/// Writes a line of JSON.
///
/// # Errors
/// When nothing more can be written.
pub fn line(out: &mut impl Write, line: &Line<'_>) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Changes by system and operation, removals first.
fn counts(plan: &Plan) -> Vec<(SystemId, Op, usize)> {
    let mut counts: BTreeMap<(bool, SystemId, Op), usize> = BTreeMap::new();
    for change in &plan.changes {
        *counts.entry((!change.op.removes(), change.system.clone(), change.op)).or_default() += 1;
    }
    counts.into_iter().map(|((_, system, op), count)| (system, op, count)).collect()
}

/// What came of a plan, by word.
pub fn tally(outcomes: &[Outcome]) -> BTreeMap<&'static str, usize> {
    let mut tally = BTreeMap::new();
    for outcome in outcomes {
        *tally.entry(outcome.state.word()).or_default() += 1;
    }
    tally
}
