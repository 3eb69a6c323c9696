//! A query over all identities of a kind at once: what repeats is decided once, and all cores take part.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::compare::filter::Bound;
use crate::compare::filter::Search;
use crate::compare::{Compared, Comparison, Pairing, Rule, facets};
use crate::model::filter::{Filter, Query, Test, all_of, any_of};
use crate::model::{Cell, Fold, Kind, Row};

/// The identities that pass a query, in their order: in all systems, or in `only` one. Says the same as
/// [`super::subject::Identity`] would one by one; once it is `over`, nobody looks at what it says.
pub fn select(
    compared: &Compared,
    kind: Kind,
    query: &Query,
    only: Option<usize>,
    staged: &(dyn Fn(u32) -> bool + Sync),
    over: &(dyn Fn() -> bool + Sync),
) -> Vec<u32> {
    let matrix = Matrix { over, ..Matrix::new(compared, kind, only, staged) };
    let node = matrix.query(query);
    (0..matrix.comparison.len).into_par_iter().filter(|identity| matrix.eval(&node, *identity) == Some(true)).collect()
}

/// The identities of a kind, with what is asked of them.
struct Matrix<'c> {
    compared: &'c Compared,
    comparison: &'c Comparison,
    kind: Kind,
    only: Option<usize>,
    /// The systems in the order in which an identity's attributes are taken from.
    order: Vec<usize>,
    staged: &'c (dyn Fn(u32) -> bool + Sync),
    /// Nobody waits for the answer any more.
    over: &'c (dyn Fn() -> bool + Sync),
}

enum Node<'c> {
    All,
    And(Vec<Node<'c>>),
    Or(Vec<Node<'c>>),
    Not(Box<Node<'c>>),
    /// By how an identity stands in these systems.
    State {
        systems: Vec<usize>,
        by_pairing: Vec<Option<bool>>,
        empty: Option<bool>,
    },
    Staged([Option<bool>; 2]),
    /// By which attributes differ, as bits per system.
    Differs {
        masks: Vec<(usize, Vec<u64>)>,
        empty: Option<bool>,
    },
    /// By whether a difference was adopted in one of these systems.
    Waived {
        systems: Vec<usize>,
        verdicts: [Option<bool>; 2],
    },
    /// By identity; those that are not here are as `other`.
    Listed {
        verdicts: HashMap<u32, Option<bool>>,
        other: Option<bool>,
    },
    /// By the attributes of the first record, per system.
    Attr(Vec<Option<Bound<'c>>>),
    /// Plain text, per system.
    Text(Vec<Option<Search>>),
}

impl<'c> Matrix<'c> {
    fn new(compared: &'c Compared, kind: Kind, only: Option<usize>, staged: &'c (dyn Fn(u32) -> bool + Sync)) -> Self {
        let mut seen = HashSet::new();
        let count = compared.inputs.systems.len();
        let order = only.into_iter().chain(compared.inputs.base()).chain(0..count);
        let order = order.filter(|system| *system < count && seen.insert(*system)).collect();
        Self { compared, comparison: compared.kind(kind), kind, only, order, staged, over: &|| false }
    }

    fn query(&self, query: &Query) -> Node<'c> {
        match query {
            Query::All => Node::All,
            Query::Not(inner) => Node::Not(Box::new(self.query(inner))),
            Query::Filter(filter) => self.filter(filter),
            Query::Plain { folded, .. } => {
                // A record is looked through in the first system that has it, and in no other. All of the first system's are
                // its own.
                let first = |system: usize| -> Option<Vec<u32>> {
                    let before = self.order.iter().position(|other| *other == system).filter(|at| *at > 0)?;
                    let row = |identity| self.comparison.row(identity, system).map(|Row(row)| row);
                    let known = |identity| {
                        self.order[..before].iter().any(|other| self.comparison.row(identity, *other).is_some())
                    };
                    let asked = (0..self.comparison.len).into_par_iter().filter(|identity| !known(*identity));
                    let mut asked: Vec<u32> = asked.filter_map(row).collect();
                    asked.par_sort_unstable();
                    Some(asked)
                };
                let search = |(system, view): (usize, &'c crate::compare::SystemView)| {
                    Some(Search::new(&view.snapshot(self.kind)?.table, folded, first(system).as_deref(), self.over))
                };
                Node::Text(self.compared.inputs.systems.iter().enumerate().map(search).collect())
            }
        }
    }

    fn filter(&self, filter: &Filter) -> Node<'c> {
        match filter {
            Filter::And(parts) => Node::And(parts.iter().map(|part| self.filter(part)).collect()),
            Filter::Or(parts) => Node::Or(parts.iter().map(|part| self.filter(part)).collect()),
            Filter::Not(inner) => Node::Not(Box::new(self.filter(inner))),
            Filter::Present(attr) => self.leaf(filter, attr.as_str(), &Test::present()),
            Filter::Compare { attr, op, value } => {
                self.leaf(filter, attr.as_str(), &Test::new(*op, value, Fold::Caseless))
            }
            Filter::Within { .. } => self.attribute(filter),
        }
    }

    fn attribute(&self, filter: &Filter) -> Node<'c> {
        Node::Attr(self.compared.inputs.systems.iter().map(|view| Bound::new(filter, view, self.kind)).collect())
    }

    fn leaf(&self, filter: &Filter, path: &str, test: &Test) -> Node<'c> {
        let mut scratch = String::new();
        let mut holds = |text: &str| {
            let cell = if text.is_empty() { Cell::Empty } else { Cell::Value(text) };
            test.holds(cell, &mut scratch)
        };
        let base = self.compared.inputs.base();
        let count = self.compared.inputs.systems.len();
        let path = path.to_ascii_lowercase();
        let state = |systems: Vec<usize>, holds: &mut dyn FnMut(&str) -> Option<bool>| Node::State {
            systems,
            by_pairing: Pairing::ALL.iter().map(|pairing| holds(pairing.answer())).collect(),
            empty: holds(""),
        };
        match path.as_str() {
            "state" => {
                let systems = match self.only {
                    Some(only) => vec![only],
                    None => (0..count).filter(|system| Some(*system) != base).collect(),
                };
                state(systems, &mut holds)
            }
            "staged" => Node::Staged([holds("false"), holds("true")]),
            "waived" => {
                let systems = match self.only {
                    Some(only) => vec![only],
                    None => (0..count).filter(|system| Some(*system) != base).collect(),
                };
                Node::Waived { systems, verdicts: [holds("false"), holds("true")] }
            }
            "lint" => self.lint(&mut holds),
            "direction" => self.direction(&mut holds),
            "differs" => {
                let systems: Vec<usize> = (0..count)
                    .filter(|system| self.only.map_or(Some(*system) != base, |only| only == *system))
                    .collect();
                let masks = systems.into_iter().filter_map(|system| {
                    let mut mask = vec![0_u64; *self.comparison.words.get(system)?];
                    for (at, compares) in self.comparison.compares[system].iter().enumerate() {
                        if holds(compares.path.local(&[])) == Some(true) {
                            mask[at / 64] |= 1 << (at % 64);
                        }
                    }
                    Some((system, mask))
                });
                Node::Differs { masks: masks.collect(), empty: holds("") }
            }
            _ => {
                let named = path.strip_prefix("state.").and_then(|name| {
                    self.compared.inputs.systems.iter().position(|view| view.id.as_str().eq_ignore_ascii_case(name))
                });
                match named {
                    Some(system) => state(vec![system], &mut holds),
                    None => self.attribute(filter),
                }
            }
        }
    }

    /// The rules of all lint, gathered once.
    fn lint(&self, holds: &mut dyn FnMut(&str) -> Option<bool>) -> Node<'c> {
        let mut rules: HashMap<u32, Vec<Rule>> = HashMap::new();
        for lint in self.compared.lints.iter().filter(|lint| lint.kind == self.kind) {
            let Some(system) = self.compared.inputs.index(&lint.record.system) else { continue };
            let Some(snapshot) = self.compared.inputs.systems[system].snapshot(self.kind) else { continue };
            let Some(row) = snapshot.table.find(&lint.record.id) else { continue };
            if let Some(identity) = self.comparison.identity_of(system, row) {
                rules.entry(identity).or_default().push(lint.rule);
            }
        }
        let verdicts = rules
            .into_iter()
            .map(|(identity, rules)| (identity, any_of(rules.into_iter().map(|rule| holds(rule.name())))))
            .collect();
        Node::Listed { verdicts, other: holds("") }
    }

    /// Which side moved, for those of whom a common value is known; of the others it is unknown.
    fn direction(&self, holds: &mut dyn FnMut(&str) -> Option<bool>) -> Node<'c> {
        let inputs = &self.compared.inputs;
        let known: HashSet<(&str, &str)> = inputs
            .bases
            .iter()
            .filter(|base| base.target.kind == self.kind)
            .map(|base| (base.target.system.as_str(), &*base.target.id))
            .collect();
        let systems: Vec<usize> =
            (0..inputs.systems.len()).filter(|system| self.only.is_none_or(|only| only == *system)).collect();
        let mut verdicts = HashMap::new();
        for identity in 0..self.comparison.len {
            let mut found = Vec::new();
            for &system in &systems {
                if self.comparison.state(identity, system).is_none_or(|state| state.differ == 0) {
                    continue;
                }
                let snapshot = inputs.systems[system].snapshot(self.kind);
                let id = snapshot
                    .and_then(|snapshot| self.comparison.row(identity, system).map(|row| snapshot.table.id(row)));
                let name = inputs.systems[system].id.as_str();
                if id.is_some_and(|id| known.contains(&(name, id))) {
                    let diffs = facets(self.compared, self.kind, identity, system);
                    let differing = diffs.iter().filter(|diff| diff.verdict.counts());
                    found.extend(differing.map(|diff| holds(diff.direction.name())));
                } else {
                    found.push(holds("unknown"));
                }
            }
            if !found.is_empty() {
                verdicts.insert(identity, any_of(found.into_iter()));
            }
        }
        Node::Listed { verdicts, other: holds("") }
    }

    fn record(&self, identity: u32) -> Option<(usize, Row)> {
        self.order.iter().find_map(|system| Some((*system, self.comparison.row(identity, *system)?)))
    }

    fn eval(&self, node: &Node<'_>, identity: u32) -> Option<bool> {
        match node {
            Node::All => Some(true),
            Node::And(parts) => all_of(parts.iter().map(|part| self.eval(part, identity))),
            Node::Or(parts) => any_of(parts.iter().map(|part| self.eval(part, identity))),
            Node::Not(inner) => self.eval(inner, identity).map(|passes| !passes),
            Node::State { systems, by_pairing, empty } => {
                let pairing = |system: &usize| self.comparison.pairings.get(*system)?.get(identity as usize).copied();
                let words: Vec<Pairing> =
                    systems.iter().filter_map(pairing).filter(|pairing| !pairing.answer().is_empty()).collect();
                if words.is_empty() {
                    *empty
                } else {
                    any_of(words.iter().map(|pairing| by_pairing[*pairing as usize]))
                }
            }
            Node::Differs { masks, empty } => {
                let mut any = false;
                for (system, mask) in masks {
                    // A system in which nothing of the kind is compared has none.
                    let from = identity as usize * mask.len();
                    let bits = self.comparison.bits[*system].get(from..from + mask.len()).unwrap_or_default();
                    if bits.iter().zip(mask).any(|(bits, mask)| bits & mask != 0) {
                        return Some(true);
                    }
                    any |= bits.iter().any(|word| *word != 0);
                }
                if any { Some(false) } else { *empty }
            }
            Node::Waived { systems, verdicts } => {
                let waived = |system: &usize| self.comparison.waived(identity, *system);
                verdicts[usize::from(systems.iter().any(waived))]
            }
            Node::Staged(verdicts) => verdicts[usize::from((self.staged)(identity))],
            Node::Listed { verdicts, other } => verdicts.get(&identity).copied().unwrap_or(*other),
            Node::Attr(bound) => {
                let (system, row) = self.record(identity)?;
                bound[system].as_ref()?.eval(row)
            }
            Node::Text(search) => Some(
                self.record(identity)
                    .is_some_and(|(system, row)| search[system].as_ref().is_some_and(|search| search.has(row))),
            ),
        }
    }
}
