//! Records and identities as subjects of a filter.

use crate::compare::filter::field::{Field, Part, PickedEntry, field, part, picked_entries};
use crate::compare::label::named;
use crate::compare::lint::rules_of;
use crate::compare::{Compared, Direction, SystemView, facets};
use crate::model::filter::Subject;
use crate::model::{Attr, Cell, Fold, Form, Kind, Row, Snapshot};

/// One record of one system, with the records that it refers to there.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    view: &'a SystemView,
    snapshot: &'a Snapshot,
    row: Row,
}

impl<'a> Record<'a> {
    /// The record at a row of what was read of a kind; `None` where nothing of the kind was read.
    pub fn new(view: &'a SystemView, kind: Kind, row: Row) -> Option<Self> {
        let snapshot = view.snapshot(kind)?;
        Some(Self { view, snapshot, row })
    }

    fn cell(&self, attr: Attr) -> Cell<'a> {
        self.snapshot.table.cell(self.row, attr)
    }

    fn part(&self, attr: Attr, part: Part, entry: crate::model::Entry) -> Cell<'a> {
        let (keys, value) = self.snapshot.table.entry_text(attr, entry);
        let (text, refers) = match part {
            Part::Key(at) => (keys[at], None),
            Part::KeyName(at, kind) => (keys[at], Some(kind)),
            Part::Value => (value, None),
            Part::ValueName(kind) => (value, Some(kind)),
        };
        named(self.view, text, refers)
    }
}

impl Subject for Record<'_> {
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) {
        match field(self.snapshot.table.schema(), path) {
            None => {}
            Some(Field::Text(attr)) => push(self.cell(attr)),
            Some(Field::Part(attr, part)) => match self.snapshot.table.entries(self.row, attr) {
                None => push(Cell::Unread),
                Some([]) => push(Cell::Empty),
                Some(entries) => entries.iter().for_each(|entry| push(self.part(attr, part, *entry))),
            },
            Some(Field::Picks(picks)) => {
                for (attr, constant) in picks {
                    match (self.cell(attr), constant) {
                        (Cell::Value(_), Some(constant)) => push(Cell::Value(&constant)),
                        (cell, _) => push(cell),
                    }
                }
            }
        }
    }

    fn fold(&self, path: &str) -> Fold {
        let schema = self.snapshot.table.schema();
        match field(schema, path) {
            Some(Field::Text(attr)) => schema.def(attr).fold,
            Some(Field::Picks(picks)) => picks.first().map_or(Fold::Caseless, |(attr, _)| schema.def(*attr).fold),
            _ => Fold::Caseless,
        }
    }

    fn entries(&self, path: &str, each: &mut dyn FnMut(&dyn Subject)) -> bool {
        let schema = self.snapshot.table.schema();
        if let Some(Field::Part(attr, _)) = field(schema, path) {
            let Some(entries) = self.snapshot.table.entries(self.row, attr) else { return false };
            for entry in entries {
                each(&ListEntry { record: self, attr, entry: *entry });
            }
            return true;
        }
        let entries = picked_entries(schema, path);
        for entry in &entries {
            // An entry of which nothing is there is no entry.
            if entry.texts.iter().any(|(_, attr)| self.cell(*attr) != Cell::Empty) {
                each(&Picked { record: self, entry });
            }
        }
        !entries.is_empty()
    }

    fn shown(&self, push: &mut dyn FnMut(&str)) {
        let schema = self.snapshot.table.schema();
        for (attr, def) in schema.iter() {
            if def.form == Form::Text
                && let Cell::Value(text) = self.cell(attr)
            {
                push(text);
            }
        }
        push(self.snapshot.table.id(self.row));
    }
}

struct ListEntry<'r, 'a> {
    record: &'r Record<'a>,
    attr: Attr,
    entry: crate::model::Entry,
}

impl Subject for ListEntry<'_, '_> {
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) {
        if let Form::List(def) = &self.record.snapshot.table.schema().def(self.attr).form
            && let Some(part) = part(def, path)
        {
            push(self.record.part(self.attr, part, self.entry));
        }
    }
}

struct Picked<'r, 'a> {
    record: &'r Record<'a>,
    entry: &'r PickedEntry,
}

impl Subject for Picked<'_, '_> {
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) {
        if let Some((by, value)) = &self.entry.by
            && by.eq_ignore_ascii_case(path)
        {
            push(Cell::Value(value));
        }
        for (leaf, attr) in &self.entry.texts {
            if leaf.eq_ignore_ascii_case(path) {
                push(self.record.cell(*attr));
            }
        }
    }
}

/// One identity over all systems, as the matrix shows it. Attributes are those of the first record: the source's, else
/// that of the first system that has one.
///
/// Beside them it answers `state` (all that is out of true, or `same`), `state.SYSTEM`, `direction`, `lint` (the rules
/// that were hit, whoever's record), `differs` (the attributes that do), `waived` and `staged`.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    compared: &'a Compared,
    kind: Kind,
    identity: u32,
    only: Option<usize>,
    record: Option<Record<'a>>,
    /// Whether something of it is staged; the caller knows.
    pub staged: bool,
}

impl<'a> Identity<'a> {
    /// An identity, in all systems or in `only` one (whose record then comes first).
    pub fn new(compared: &'a Compared, kind: Kind, identity: u32, only: Option<usize>) -> Self {
        let comparison = compared.kind(kind);
        let inputs = &compared.inputs;
        let order = only.into_iter().chain(inputs.base()).chain(0..inputs.systems.len());
        let record = order
            .filter_map(|system| Some((system, comparison.row(identity, system)?)))
            .find_map(|(system, row)| Record::new(&inputs.systems[system], kind, row));
        Self { compared, kind, identity, only, record, staged: false }
    }

    fn state(&self, system: usize) -> Option<&'static str> {
        let state = self.compared.kind(self.kind).state(self.identity, system)?;
        Some(state.pairing.answer())
    }

    fn systems(&self) -> impl Iterator<Item = usize> + use<> {
        let (only, base) = (self.only, self.compared.inputs.base());
        (0..self.compared.inputs.systems.len())
            .filter(move |system| only.map_or(Some(*system) != base, |only| only == *system))
    }

    /// Whether a last common value of its record in a target is known.
    fn directed(&self, system: usize) -> bool {
        let key = self.compared.record(self.kind, self.identity, system);
        key.is_some_and(|key| !self.compared.inputs.bases.of(&key).is_empty())
    }

    fn pseudo(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) -> bool {
        let mut some = false;
        let mut tell = |text: &str, push: &mut dyn FnMut(Cell<'_>)| {
            if !text.is_empty() {
                some = true;
                push(Cell::Value(text));
            }
        };
        match path.to_ascii_lowercase().as_str() {
            "state" => self.systems().filter_map(|system| self.state(system)).for_each(|word| tell(word, push)),
            "staged" => tell(if self.staged { "true" } else { "false" }, push),
            "waived" => {
                let waived = |system| self.compared.kind(self.kind).waived(self.identity, system);
                tell(if self.systems().any(waived) { "true" } else { "false" }, push);
            }
            "differs" => {
                let comparison = self.compared.kind(self.kind);
                for system in self.systems().filter(|system| !comparison.compares[*system].is_empty()) {
                    comparison
                        .differing(self.identity, system)
                        .for_each(|compares| tell(compares.path.local(&[]), push));
                }
            }
            "lint" => {
                let comparison = self.compared.kind(self.kind);
                let hit = (0..self.compared.inputs.systems.len()).any(|system| {
                    comparison
                        .flags
                        .get(system)
                        .and_then(|flags| flags.get(self.identity as usize))
                        .is_some_and(|flags| flags & 1 != 0)
                });
                if hit {
                    for rule in rules_of(self.compared, self.kind, self.identity) {
                        tell(rule.name(), push);
                    }
                }
            }
            "direction" => {
                for system in self.systems() {
                    if self.compared.kind(self.kind).state(self.identity, system).is_none_or(|state| state.differ == 0)
                    {
                        continue;
                    }
                    if self.directed(system) {
                        for diff in facets(self.compared, self.kind, self.identity, system) {
                            if diff.verdict.counts() {
                                tell(diff.direction.name(), push);
                            }
                        }
                    } else {
                        tell(Direction::Unknown.name(), push);
                    }
                }
            }
            path => {
                let Some(name) = path.strip_prefix("state.") else { return false };
                let systems = &self.compared.inputs.systems;
                let Some(system) = systems.iter().position(|view| view.id.as_str().eq_ignore_ascii_case(name)) else {
                    return false;
                };
                tell(self.state(system).unwrap_or_default(), push);
            }
        }
        if !some {
            push(Cell::Empty);
        }
        true
    }
}

impl Subject for Identity<'_> {
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) {
        if !self.pseudo(path, push)
            && let Some(record) = &self.record
        {
            record.values(path, push);
        }
    }

    fn fold(&self, path: &str) -> Fold {
        self.record.as_ref().map_or(Fold::Caseless, |record| record.fold(path))
    }

    fn entries(&self, path: &str, each: &mut dyn FnMut(&dyn Subject)) -> bool {
        self.record.as_ref().is_some_and(|record| record.entries(path, each))
    }

    fn shown(&self, push: &mut dyn FnMut(&str)) {
        if let Some(record) = &self.record {
            record.shown(push);
        }
    }
}
