//! Identities as the lists show them: names, marks and words, read straight from the tables.

use crate::compare::{Compared, Comparison, Pairing};
use crate::model::{Attr, AttrPath, Cell, Kind, RecordKey, Row, Table};

use super::said::said;
use super::text::{listed, text};

/// How an identity stands in one system, as one mark of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// No account and none wanted.
    Nothing,
    /// Not read, or not yet.
    Unread,
    /// There, and judged by nobody.
    Shown,
    /// Nothing differs.
    Same,
    /// So many attributes differ.
    Differs(u16),
    /// There and should not be, or should be switched off.
    Extra,
    /// Should be there and is not.
    Missing,
    /// Nobody can say.
    Undecided,
}

impl Mark {
    /// The mark as it is drawn, with `x` where there is lint about it.
    pub fn text(self, lint: bool) -> String {
        let base = match self {
            Self::Nothing => "-".to_owned(),
            Self::Unread | Self::Shown => ".".to_owned(),
            Self::Same => "=".to_owned(),
            Self::Differs(0) => "~".to_owned(),
            Self::Differs(n) => format!("~{n}"),
            Self::Extra => "+".to_owned(),
            Self::Missing => "!".to_owned(),
            Self::Undecided => "?".to_owned(),
        };
        match (self, lint) {
            (Self::Same | Self::Nothing | Self::Unread | Self::Shown, true) => "x".to_owned(),
            (_, true) => base + "x",
            (_, false) => base,
        }
    }
}

struct Named {
    name: Vec<Attr>,
    second: Vec<Attr>,
}

/// The identities of one kind of one comparison.
pub struct Rows<'w> {
    /// All that was compared.
    pub compared: &'w Compared,
    /// The kind.
    pub kind: Kind,
    comparison: &'w Comparison,
    named: Vec<Option<Named>>,
    order: Vec<usize>,
}

/// What people call a record, as `compare::name` has it.
const NAMES: [&str; 3] = ["displayName", "name", "userName"];
/// What else tells records apart.
const SECONDS: [&str; 3] = ["userName", "referencePrefix", "externalId"];

impl<'w> Rows<'w> {
    /// The identities of a kind.
    pub fn new(compared: &'w Compared, kind: Kind) -> Self {
        let systems = &compared.inputs.systems;
        let named = systems
            .iter()
            .map(|system| {
                let schema = system.snapshot(kind)?.table.schema();
                let find = |paths: &[&str]| {
                    paths.iter().filter_map(|path| schema.find(&AttrPath::new(*path))).collect::<Vec<_>>()
                };
                Some(Named { name: find(&NAMES), second: find(&SECONDS) })
            })
            .collect();
        let base = compared.inputs.base();
        let order = base.into_iter().chain((0..systems.len()).filter(|at| Some(*at) != base)).collect();
        Self { compared, kind, comparison: compared.kind(kind), named, order }
    }

    /// How many identities.
    pub fn len(&self) -> u32 {
        self.comparison.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The systems that are compared with the base and have this kind at all.
    pub fn targets(&self) -> Vec<usize> {
        let inputs = &self.compared.inputs;
        (0..inputs.systems.len())
            .filter(|at| Some(*at) != inputs.base())
            .filter(|at| {
                let system = &inputs.systems[*at];
                system.snapshot(self.kind).is_some() || system.mapping.kind(self.kind).is_some()
            })
            .collect()
    }

    /// An identity's record in a system.
    pub fn record(&self, identity: u32, system: usize) -> Option<(&'w Table, Row)> {
        let row = self.comparison.row(identity, system)?;
        let table = &self.compared.inputs.systems.get(system)?.snapshot(self.kind)?.table;
        ((row.0 as usize) < table.len()).then_some((table, row))
    }

    /// The record by which an identity is named: the base's, else the first system's that has one.
    pub fn first(&self, identity: u32) -> Option<(usize, &'w Table, Row)> {
        self.order.iter().find_map(|&at| self.record(identity, at).map(|(table, row)| (at, table, row)))
    }

    fn text_of(&self, at: usize, table: &'w Table, row: Row, second: bool) -> Option<&'w str> {
        let named = self.named.get(at)?.as_ref()?;
        let attrs = if second { &named.second } else { &named.name };
        attrs.iter().find_map(|attr| match table.cell(row, *attr) {
            // A name of blanks alone names nobody.
            Cell::Value(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        })
    }

    /// What people call it, by the record of one system or of the first that has one.
    pub fn name(&self, identity: u32, system: Option<usize>) -> &'w str {
        self.texts(identity, system).0
    }

    /// Its login, or what else identifies it.
    pub fn second(&self, identity: u32, system: Option<usize>) -> &'w str {
        self.texts(identity, system).1
    }

    /// Name and login in one look.
    pub fn texts(&self, identity: u32, system: Option<usize>) -> (&'w str, &'w str) {
        let own = system.and_then(|at| self.record(identity, at).map(|(table, row)| (at, table, row)));
        let Some((at, table, row)) = own.or_else(|| self.first(identity)) else { return ("", "") };
        let name = self.text_of(at, table, row, false).unwrap_or_else(|| table.id(row));
        let second = self.text_of(at, table, row, true).unwrap_or_else(|| table.id(row));
        (name, second)
    }

    /// What operators call the record: its userName, else its display name, else its id.
    pub fn label(&self, identity: u32) -> &'w str {
        match self.kind {
            Kind::User => self.second(identity, None),
            _ => self.name(identity, None),
        }
    }

    /// The key of an identity's record in a system.
    pub fn key_in(&self, identity: u32, system: usize) -> Option<RecordKey> {
        self.compared.record(self.kind, identity, system)
    }

    /// The key by which an identity is found again in another comparison.
    pub fn key(&self, identity: u32) -> Option<RecordKey> {
        let (at, _, _) = self.first(identity)?;
        self.key_in(identity, at)
    }

    /// The identity that has this record. `hint` is the row that it had before: most often it still has.
    pub fn find(&self, key: &RecordKey, hint: u32) -> Option<u32> {
        if key.kind != self.kind {
            return None;
        }
        let system = self.compared.inputs.index(&key.system)?;
        let table = &self.compared.inputs.systems[system].snapshot(self.kind)?.table;
        let same = |row: &Row| table.id(*row) == &*key.id;
        let row = Some(Row(hint)).filter(|row| (hint as usize) < table.len() && same(row));
        // A scan and not `Table::find`: that would build an index over all ids for each new table.
        let row = row.or_else(|| table.rows().find(same))?;
        self.identity(system, row)
    }

    /// The identity of a system's row.
    pub fn identity(&self, system: usize, row: Row) -> Option<u32> {
        self.comparison.identity_of(system, row)
    }

    /// Where each system has an attribute: found once, asked for many rows.
    pub fn column(&self, path: &AttrPath) -> Vec<Option<Attr>> {
        let systems = &self.compared.inputs.systems;
        systems.iter().map(|system| system.snapshot(self.kind)?.table.schema().find(path)).collect()
    }

    /// What an identity has for an attribute: in one system, else in the first that has it.
    pub fn value(&self, column: &[Option<Attr>], identity: u32, system: Option<usize>) -> Cell<'w> {
        let cell = |at: usize| {
            let attr = column.get(at).copied().flatten()?;
            self.record(identity, at).map(|(table, row)| table.cell(row, attr))
        };
        match system {
            Some(at) => cell(at).unwrap_or(Cell::Empty),
            None => {
                let mut cells = self.order.iter().filter_map(|at| cell(*at));
                cells.find(|cell| matches!(cell, Cell::Value(_))).unwrap_or(Cell::Empty)
            }
        }
    }

    /// How an identity stands in a target, and whether there is lint about it.
    pub fn mark(&self, identity: u32, system: usize) -> (Mark, bool) {
        let there = self.record(identity, system).is_some();
        let snapshot = self.compared.inputs.systems.get(system).and_then(|system| system.snapshot(self.kind));
        let Some(state) = self.comparison.state(identity, system) else {
            return (if there { Mark::Shown } else { Mark::Unread }, false);
        };
        let mark = match state.pairing {
            Pairing::Same => Mark::Same,
            Pairing::Differs => Mark::Differs(state.differ),
            Pairing::Missing => Mark::Missing,
            Pairing::Extra | Pairing::Leaver | Pairing::Leaving => Mark::Extra,
            Pairing::Undecided => Mark::Undecided,
            Pairing::Shown if there => Mark::Shown,
            Pairing::None if there => Mark::Shown,
            Pairing::Shown | Pairing::None if snapshot.is_none_or(|snapshot| !snapshot.proved()) => Mark::Unread,
            Pairing::Shown | Pairing::None => Mark::Nothing,
        };
        (mark, state.lint)
    }

    /// How an identity stands in a target.
    pub fn pairing(&self, identity: u32, system: usize) -> Pairing {
        self.comparison.state(identity, system).map_or(Pairing::None, |state| state.pairing)
    }

    /// Whether an identity is out of true, in one target or in any.
    pub fn out(&self, identity: u32, system: Option<usize>) -> bool {
        let counts = |at: usize| {
            self.comparison.pairings.get(at).and_then(|of| of.get(identity as usize)).is_some_and(|p| p.counts())
        };
        match system {
            Some(at) if Some(at) != self.compared.inputs.base() => counts(at),
            _ => (0..self.comparison.pairings.len()).any(counts),
        }
    }

    /// Whether an identity belongs on a system's list: it is there, or it is out of true there.
    pub fn listed(&self, identity: u32, system: Option<usize>) -> bool {
        match system {
            None => true,
            Some(at) => {
                self.comparison.row(identity, at).is_some()
                    || (Some(at) != self.compared.inputs.base() && self.out(identity, system))
            }
        }
    }

    /// What is out of true, in words: attributes that differ, then where it is missing, extra and so on.
    pub fn words(&self, identity: u32, system: Option<usize>) -> String {
        self.told(identity, system, |pairing, systems| match pairing {
            Pairing::Missing => text!("state.missing", system = systems),
            Pairing::Extra => text!("state.extra", system = systems),
            Pairing::Leaver => text!("state.leaver", system = systems),
            Pairing::Leaving => text!("state.leaving", system = systems),
            _ => text!("state.undecided", system = systems),
        })
    }

    /// The same without the names of the systems, where their marks stand beside it.
    pub fn brief(&self, identity: u32, system: Option<usize>) -> String {
        self.told(identity, system, |pairing, _| said(pairing.state()).into_owned())
    }

    fn told(&self, identity: u32, system: Option<usize>, word: impl Fn(Pairing, &str) -> String) -> String {
        let inputs = &self.compared.inputs;
        let systems: Vec<usize> = match system {
            Some(at) if Some(at) != inputs.base() => vec![at],
            _ => self.targets(),
        };
        let mut attributes: Vec<&str> = Vec::new();
        let mut states: Vec<(Pairing, Vec<&str>)> = Vec::new();
        for at in systems {
            let pairing = self.pairing(identity, at);
            let name = inputs.systems[at].id.as_str();
            match pairing {
                Pairing::Differs => {
                    for compares in self.comparison.differing(identity, at) {
                        let local = compares.path.local(&[]);
                        if !attributes.contains(&local) {
                            attributes.push(local);
                        }
                    }
                }
                Pairing::None | Pairing::Same | Pairing::Shown => {}
                // Where it stands alike in several systems, that is said once.
                state => match states.iter_mut().find(|(have, _)| *have == state) {
                    Some((_, names)) => names.push(name),
                    None => states.push((state, vec![name])),
                },
            }
        }
        let states = states.into_iter().map(|(state, names)| word(state, &listed(&names)));
        listed(&attributes.into_iter().map(str::to_owned).chain(states).collect::<Vec<_>>())
    }

    /// How far out of true, for sorting: the more, the higher.
    pub fn weight(&self, identity: u32, system: Option<usize>) -> u32 {
        let weigh = |at: usize| match self.comparison.state(identity, at) {
            Some(state) => match state.pairing {
                Pairing::Undecided => 400,
                Pairing::Missing => 300,
                Pairing::Extra | Pairing::Leaver | Pairing::Leaving => 200,
                Pairing::Differs => 10 + u32::from(state.differ),
                _ => 0,
            },
            None => 0,
        };
        match system {
            Some(at) if Some(at) != self.compared.inputs.base() => weigh(at),
            _ => (0..self.comparison.pairings.len())
                .filter(|at| Some(*at) != self.compared.inputs.base())
                .map(weigh)
                .sum(),
        }
    }
}
