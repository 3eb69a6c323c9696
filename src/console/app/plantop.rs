//! What stands on top of the plan: how many of what, what cannot be sent, what it was made from, how fast it goes, and lint.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::protocol::World;
use crate::model::{Kind, Op, Proof, SystemId};
use crate::plan::{Change, OutcomeState, Plan, Target};

use super::lines::{Line, Tone, ago, op};
use super::planrows::Maker;
use super::plansums::span;
use super::said::said;
use super::staged::Staged;
use super::text::{self, text};

/// Waits shorter than so many seconds are not told.
const SOON: u64 = 5;

impl Maker<'_> {
    /// How long it takes at least to read again what is staged, at the speed that each system allows; `None`: not long.
    pub(super) fn reading_time(&self, staged: &Staged, world: &World) -> Option<String> {
        let mut records: BTreeMap<&SystemId, BTreeSet<&Target>> = BTreeMap::new();
        for change in staged.changes().filter(|change| self.plan.on(&change.id)) {
            records.entry(&change.system).or_default().insert(&change.target);
        }
        let seconds = records.into_iter().filter_map(|(system, records)| {
            let budget = world.systems.iter().find(|status| status.id == *system)?.budget;
            let waits = (records.len() as f64 - budget.tokens.max(0.0)).max(0.0);
            (budget.per_second > 0.0).then(|| (waits / budget.per_second + budget.wait).ceil() as u64)
        });
        seconds.max().filter(|seconds| *seconds >= SOON).map(span)
    }

    /// How far the reading is that the plan wants: a line for each system.
    pub(super) fn making(&mut self, world: Option<&World>) {
        for making in &self.plan.making {
            let [read, of, left] = [making.read, making.of, making.left].map(|n| text::count(n as u64));
            let words = text!("plan.making", system = making.system, read = read, of = of, left = left);
            let mut line = Line::of(Tone::Plain, format!("   {words}"));
            let status = world.and_then(|world| world.systems.iter().find(|status| status.id == making.system));
            if let Some(budget) = status.map(|status| status.budget).filter(|budget| budget.per_second > 0.0) {
                let waits = (making.left as f64 - budget.tokens.max(0.0)).max(0.0);
                let seconds = (waits / budget.per_second + budget.wait).ceil() as u64;
                if seconds >= SOON {
                    line = line.with(Tone::Dim, text!("plan.about", time = span(seconds)));
                }
            }
            self.text(&line);
        }
    }

    /// What the plan stands on: how old and how complete, and how much of the limits it takes.
    pub(super) fn readings(&mut self, plan: &Plan, world: Option<&World>) {
        let (Some(compared), Some(world)) = (self.compared, world) else { return };
        let read: BTreeSet<(SystemId, Kind)> =
            plan.changes.iter().map(|change| (change.system.clone(), change.kind)).collect();
        for (system, kind) in read {
            let at = compared.inputs.index(&system);
            let Some(snapshot) = at.and_then(|at| compared.inputs.systems[at].snapshot(kind)) else { continue };
            let what = text!("plan.read-of", system = system, kind = super::systems::plural(kind).to_lowercase());
            let old = ago(snapshot.taken, self.now);
            let mut line = if snapshot.proved() {
                Line::of(Tone::Dim, format!(" i {}", text!("plan.complete", what = what, age = old)))
            } else {
                let why = snapshot.feeds.iter().find_map(|feed| match &feed.proof {
                    Proof::Partial { why } => Some(why.clone()),
                    _ => None,
                });
                Line::of(Tone::Warn, format!(" i {}", text!("plan.partial", what = what, age = old)))
                    .data(Tone::Warn, why.map(|why| format!(": {}", said(&why))).unwrap_or_default())
            };
            let away = |op: Op| {
                plan.changes
                    .iter()
                    .filter(|change| change.system == system && change.kind == kind && change.op == op)
                    .count()
            };
            let limits =
                world.systems.iter().find(|status| status.id == system).map(|status| *status.policy.limits(kind));
            if let Some(limits) = limits {
                for (what, limit) in
                    [(Op::Delete, limits.delete), (Op::Deactivate, limits.deactivate), (Op::Drop, limits.remove)]
                {
                    let n = away(what);
                    if n > 0 {
                        let words = text!("plan.of-limit", n = n, op = op(what), limit = limit);
                        line = line.with(Tone::Dim, format!(", {words}"));
                    }
                }
            }
            self.text(&line.hanging(3));
        }
    }

    /// How fast each system is written to, and how long what is left takes at least.
    pub(super) fn speeds(&mut self, plan: &Plan, world: Option<&World>) {
        if !self.plan.pushing() {
            return;
        }
        let mut left: BTreeMap<&SystemId, u64> = BTreeMap::new();
        for change in &plan.changes {
            let settled = self.plan.outcome_of(&change.id).is_some_and(|outcome| outcome.state.settled());
            *left.entry(&change.system).or_default() += u64::from(!settled);
        }
        for (system, n) in left {
            let status = world.and_then(|world| world.systems.iter().find(|status| status.id == *system));
            let Some(budget) = status.map(|status| status.budget) else { continue };
            let requests: usize = plan
                .steps
                .iter()
                .filter(|step| step.system == *system)
                .filter(|step| {
                    step.serves.iter().any(|id| self.plan.outcome_of(id).is_none_or(|outcome| !outcome.state.settled()))
                })
                .map(|step| step.read.len() + 1 + step.verify.len())
                .sum();
            let rate = super::systems::rate(budget.per_second);
            let mut words = text!("plan.speed", system = system, left = text::count(n), rate = rate);
            // What waits for its own time takes as long as that, and says so itself.
            let waits = |change: &&Change| {
                let outcome = self.plan.outcome_of(&change.id);
                outcome.is_some_and(|outcome| matches!(outcome.state, OutcomeState::Waiting { .. }))
            };
            let own = plan.changes.iter().filter(|change| change.system == *system);
            if n > own.filter(waits).count() as u64 && budget.per_second > 0.0 {
                let seconds = (requests as f64 / budget.per_second + budget.wait).ceil();
                words.push_str(&text!("plan.about", time = span(seconds as u64)));
            }
            let mut line = Line::of(Tone::Plain, words);
            if budget.wait > 0.0 {
                line = line.with(Tone::Warn, text!("systems.wait", n = format!("{:.0}", budget.wait.ceil())));
            }
            if let Some(remaining) = budget.remaining {
                line = line.with(Tone::Dim, text!("systems.remaining", n = remaining));
            }
            self.text(&line);
        }
    }
}
