//! What takes a look at many records at once, off the UI thread: the ways of what is out of true, and everything that
//! waits for a word on who is who.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::compare::{Candidate, Compared, LinkVerdict, Pairing, Rule, Suggester};
use crate::model::{Kind, RecordKey};

use super::narrow::Way;
use super::order::Order;
use super::rows::Rows;

/// What shall be looked at.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Rises with every survey; an answer to an older one is dropped.
    pub token: u64,
    /// The question.
    pub asks: Asks,
    /// The kind.
    pub kind: Kind,
    /// One system's, or all.
    pub system: Option<usize>,
    /// Over what.
    pub compared: Arc<Compared>,
}

/// The question of a survey.
#[derive(Clone, Debug)]
pub enum Asks {
    /// In which ways these are out of true.
    Ways(Order),
    /// Who is who.
    Who,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// The question.
    pub survey: Survey,
    /// The answer.
    pub found: Found,
}

/// The answer of a survey.
#[derive(Clone, Debug)]
pub enum Found {
    /// Ways with their sizes: each attribute before its narrower ways, the largest first.
    Ways(Vec<(Way, usize)>),
    /// Open questions, and how many more there are than are listed.
    Who(Vec<Case>, usize),
}

/// Why somebody has to say who is who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Several candidates, or no key that tells.
    Undecided,
    /// It would be created beside what it probably is already.
    Twin,
    /// Several records of one system share a key.
    Shared,
    /// Nobody in the source owns it.
    Ownerless,
}

/// One open question.
#[derive(Clone, Debug)]
pub struct Case {
    /// Why it is one.
    pub class: Class,
    /// The identity.
    pub identity: u32,
    /// The system.
    pub system: usize,
    /// The record that it is about.
    pub own: RecordKey,
    /// What operators call it.
    pub label: String,
    /// What is wrong, where that is more than the class says.
    pub note: String,
    /// The likeliest record that it could be.
    pub best: Option<Candidate>,
}

/// So many open questions are listed.
const MOST: usize = 1000;
/// Narrower ways are listed up to so many per attribute.
const NARROW: usize = 12;
/// Values longer than this make no way of their own.
const LONG: usize = 60;

impl Survey {
    /// Whether it is quick enough to be done while a key waits.
    pub fn quick(&self) -> bool {
        let rows = match &self.asks {
            Asks::Ways(order) => order.len(),
            Asks::Who => self.compared.kind(self.kind).len as usize,
        };
        rows <= 2_000
    }

    /// Looks.
    pub fn run(self) -> Surveyed {
        let found = match &self.asks {
            Asks::Ways(order) => Found::Ways(self.ways(order)),
            Asks::Who => self.who(),
        };
        Surveyed { survey: self, found }
    }

    fn targets(&self, rows: &Rows<'_>) -> Vec<usize> {
        match self.system {
            Some(at) if Some(at) != self.compared.inputs.base() => vec![at],
            _ => rows.targets(),
        }
    }

    fn ways(&self, order: &Order) -> Vec<(Way, usize)> {
        let rows = Rows::new(&self.compared, self.kind);
        let targets = self.targets(&rows);
        let counts: HashMap<Way, usize> = (0..order.len())
            .into_par_iter()
            .filter_map(|at| order.get(at))
            .fold(HashMap::new, |mut counts: HashMap<Way, usize>, identity| {
                for &at in &targets {
                    for way in Way::of(&rows, identity, at) {
                        *counts.entry(way).or_default() += 1;
                    }
                }
                counts
            })
            .reduce(HashMap::new, |mut all, some| {
                for (way, n) in some {
                    *all.entry(way).or_default() += n;
                }
                all
            });
        let (mut wide, mut narrow): (Vec<_>, Vec<_>) = counts.into_iter().partition(|(way, _)| way.change.is_none());
        // Removals come first, then what is largest.
        wide.sort_by(|(a, n), (b, m)| {
            let removes = |way: &Way| {
                !matches!(way.pairing, Pairing::Extra | Pairing::Leaver | Pairing::Leaving | Pairing::Undecided)
            };
            removes(a).cmp(&removes(b)).then(m.cmp(n)).then_with(|| a.cmp(b))
        });
        narrow.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        let mut under: HashMap<Way, Vec<(Way, usize)>> = HashMap::new();
        for (way, n) in narrow {
            under.entry(Way { change: None, ..way.clone() }).or_default().push((way, n));
        }
        let mut found = Vec::new();
        for (way, n) in wide {
            let within = under.remove(&way).unwrap_or_default();
            found.push((way, n));
            // Values that are all different are no ways: names, telephone numbers.
            let some = within.len() <= 3 || within.first().is_some_and(|(_, n)| *n > 1);
            let short = |way: &Way| way.change.as_ref().is_none_or(|(a, b)| a.len() <= LONG && b.len() <= LONG);
            found.extend(within.into_iter().filter(|(way, n)| some && *n > 0 && short(way)).take(NARROW));
        }
        found
    }

    fn who(&self) -> Found {
        let rows = Rows::new(&self.compared, self.kind);
        let mut cases: Vec<Case> = Vec::new();
        let mut more = 0;
        for at in self.targets(&rows) {
            let Some(suggester) = Suggester::new(&self.compared, self.kind, at) else { continue };
            let asked: Vec<(Class, u32)> = (0..rows.len())
                .into_par_iter()
                .filter_map(|identity| {
                    let class = match rows.pairing(identity, at) {
                        Pairing::Undecided => Class::Undecided,
                        Pairing::Missing => Class::Twin,
                        Pairing::Extra => Class::Ownerless,
                        _ => return None,
                    };
                    Some((class, identity))
                })
                .collect();
            let mut left = MOST;
            for class in [Class::Undecided, Class::Twin, Class::Ownerless] {
                for (_, identity) in asked.iter().filter(|(have, _)| *have == class) {
                    let best = match class {
                        _ if left == 0 => None,
                        Class::Twin => suggester.duplicate(*identity),
                        _ => suggester
                            .candidates(*identity, 1)
                            .into_iter()
                            .find(|candidate| candidate.decided != Some(LinkVerdict::NotSame)),
                    };
                    if class == Class::Twin && best.is_none() {
                        continue;
                    }
                    if left == 0 {
                        more += 1;
                        continue;
                    }
                    left -= 1;
                    let own = match class {
                        Class::Ownerless => rows.key_in(*identity, at),
                        _ => rows.key(*identity),
                    };
                    let Some(own) = own else { continue };
                    let label = rows.label(*identity).to_owned();
                    cases.push(Case { class, identity: *identity, system: at, own, label, note: String::new(), best });
                }
            }
        }
        self.shared(&rows, &mut cases);
        cases.sort_by(|a, b| {
            let weight = |case: &Case| case.best.is_none();
            a.class.cmp(&b.class).then_with(|| weight(a).cmp(&weight(b)))
        });
        Found::Who(cases, more)
    }

    /// Records of one system that share a key.
    fn shared(&self, rows: &Rows<'_>, cases: &mut Vec<Case>) {
        let looked = |system| self.system.is_none_or(|at| at == system);
        for lint in self.compared.lints.iter().filter(|lint| lint.rule == Rule::Duplicate && lint.kind == self.kind) {
            let Some(system) = self.compared.inputs.index(&lint.record.system).filter(|system| looked(*system)) else {
                continue;
            };
            if cases.len() >= MOST * 4 {
                return;
            }
            if let Some(identity) = rows.find(&lint.record, 0) {
                cases.push(Case {
                    class: Class::Shared,
                    identity,
                    system,
                    own: lint.record.clone(),
                    label: lint.key.clone(),
                    note: super::said::said(&lint.text).into_owned(),
                    best: None,
                });
            }
        }
    }
}
