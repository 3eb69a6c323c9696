//! All faults, put into words, and the rows that they are about marked.

use std::collections::{HashMap, HashSet};

use super::hostile::hostile_entries;
use super::{Lint, Rule};
use crate::compare::lane::life::{Life, Lives};
use crate::compare::pairing::LINT;
use crate::compare::who::contradicted::{Contradicted, contradicted};
use crate::compare::{Comparison, Inputs, Pairing, SystemView, label};
use crate::mapping::Powerless;
use crate::model::text::clean;
use crate::model::{AttrPath, Form, Kind, RecordKey, Row};

/// A fault of the comparison, before it is put into words.
#[derive(Clone, Copy, Debug)]
pub(in crate::compare) struct Raw {
    pub(in crate::compare) kind: Kind,
    pub(in crate::compare) system: usize,
    pub(in crate::compare) identity: u32,
    pub(in crate::compare) what: RawKind,
}

/// Where such a fault is; `number` is that of the compared attribute.
#[derive(Clone, Copy, Debug)]
pub(in crate::compare) enum RawKind {
    /// The source's text leads nowhere.
    Text { number: usize },
    /// The key, or the value, of the source's entry leads nowhere or to several.
    Entry { number: usize, entry: u32, value: bool, doubt: bool },
    /// The key of the target's entry leads nowhere.
    There { number: usize, entry: u32 },
    /// The source lacks a mandatory attribute.
    Mandatory { which: usize },
}

/// How many faults of one rule, system and kind are put into words. All are marked on their rows.
const TOLD: usize = 10_000;

/// Lint in the making.
struct Told<'a> {
    inputs: &'a Inputs,
    lints: Vec<Lint>,
    counts: HashMap<(Rule, usize, Kind), usize>,
}

impl Told<'_> {
    fn tell(
        &mut self,
        rule: Rule,
        system: usize,
        of: (usize, Kind, Row),
        path: Option<&AttrPath>,
        text: impl FnOnce() -> String,
    ) {
        // An entry that leads nowhere has nothing that could be staged; it must not hold up the others.
        let blocks = matches!(rule, Rule::Mandatory | Rule::LastBillingAdmin | Rule::HostileText);
        self.tell_as((rule, blocks), system, of, path, text);
    }

    /// The same, and whether it stands in the way.
    fn tell_as(
        &mut self,
        (rule, blocks): (Rule, bool),
        system: usize,
        of: (usize, Kind, Row),
        path: Option<&AttrPath>,
        text: impl FnOnce() -> String,
    ) {
        let (owner, kind, row) = of;
        let count = self.counts.entry((rule, system, kind)).or_default();
        *count += 1;
        let view = &self.inputs.systems[owner];
        if *count > TOLD {
            return;
        }
        let Some(snapshot) = view.snapshot(kind) else { return };
        self.lints.push(Lint {
            rule,
            system: self.inputs.systems[system].id.clone(),
            kind,
            record: RecordKey::new(view.id.clone(), kind, snapshot.table.id(row)),
            key: label(&snapshot.table, row).to_owned(),
            path: path.cloned(),
            text: text(),
            blocks,
        });
    }
}

/// All faults in words; the rows that they are about are marked.
pub(in crate::compare) fn collect(inputs: &Inputs, kinds: &mut [Comparison], raw: Vec<Raw>) -> Vec<Lint> {
    let mut told = Told { inputs, lints: Vec::new(), counts: HashMap::new() };
    // Nothing is ever written to a reference kind, so no write can hit what its references lack.
    let written = |fault: &Raw| !inputs.systems[fault.system].mapping.kind(fault.kind).is_some_and(|map| map.reference);
    for fault in raw.into_iter().filter(written) {
        kinds[fault.kind.index()].flags[fault.system][fault.identity as usize] |= LINT;
        reference(&mut told, &kinds[fault.kind.index()], fault);
    }
    for kind in Kind::ALL {
        let tied = std::sync::Arc::clone(&kinds[kind.index()].tied);
        for &(system, row, ref path) in &tied.duplicates {
            mark(inputs, &mut kinds[kind.index()], system, row);
            told.tell(Rule::Duplicate, system, (system, kind, Row(row)), Some(path), || {
                format!("{path} is the same as another record's: nobody can say which is meant")
            });
        }
    }
    for kind in Kind::ALL {
        for (system, view) in inputs.systems.iter().enumerate() {
            let Some(snapshot) = view.snapshot(kind).filter(|_| view.mapping.kind(kind).is_some()) else { continue };
            let texts = kinds[kind.index()].hostile.get(system).cloned().unwrap_or_default();
            for &(attr, row) in &*texts {
                mark(inputs, &mut kinds[kind.index()], system, row.0);
                let path = &snapshot.table.schema().def(attr).path;
                let value = snapshot.table.cell(row, attr).text();
                let agreed = !inputs.agreed.is_empty() && {
                    let key = RecordKey::new(view.id.clone(), kind, snapshot.table.id(row));
                    inputs.agreed.iter().any(|agreement| agreement.holds(&key, path, value))
                };
                told.tell_as((Rule::HostileText, !agreed), system, (system, kind, row), Some(path), || {
                    let shown = clean(value).into_owned();
                    let agreed = if agreed { " (agreed)" } else { "" };
                    format!(
                        "{path} holds characters that could drive a terminal or turn the direction of text: {shown}{agreed}"
                    )
                });
            }
            for (attr, row, text) in hostile_entries(&snapshot.table) {
                mark(inputs, &mut kinds[kind.index()], system, row.0);
                let path = &snapshot.table.schema().def(attr).path;
                // Only the entry itself is held up, where it would be written: the others are harmless.
                told.tell_as((Rule::HostileText, false), system, (system, kind, row), Some(path), || {
                    let shown = clean(text).into_owned();
                    format!(
                        "an entry of {path} holds characters that could drive a terminal or turn the direction of text: {shown}"
                    )
                });
            }
        }
    }
    for found in contradicted(inputs) {
        let Contradicted { system, kind, row, path, other } = found;
        mark(inputs, &mut kinds[kind.index()], system, row.0);
        told.tell(Rule::LinkContradicted, system, (system, kind, row), Some(&path), || {
            format!("linked by decision, but its {path} is not the source's, and another record here has that: {}; look at the link", clean(&other))
        });
    }
    for system in (0..inputs.systems.len()).filter(|system| Some(*system) != inputs.base()) {
        if let Some((row, identity)) = last_billing_admin(inputs, &kinds[0], system) {
            kinds[0].flags[system][identity as usize] |= LINT;
            told.tell(Rule::LastBillingAdmin, system, (system, Kind::User, row), None, || {
                // targets/aha.md 8.4
                "the only active billing administrator: the service refuses to switch this account off".to_owned()
            });
        }
    }
    for (system, view) in inputs.systems.iter().enumerate() {
        for rule in &view.mapping.powerless {
            for row in powerless(view, rule) {
                mark(inputs, &mut kinds[rule.kind.index()], system, row.0);
                told.tell(Rule::Powerless, system, (system, rule.kind, row), Some(&rule.attr), || rule.text.clone());
            }
        }
    }
    told.lints
}

/// The active records whose value gives no power, as no list has them. None where a list was not read.
fn powerless(view: &SystemView, rule: &Powerless) -> Vec<Row> {
    let (Some(bearers), Some(lists)) = (view.snapshot(rule.kind), view.snapshot(rule.listed_by)) else {
        return Vec::new();
    };
    let Some(attr) = bearers.table.schema().find(&rule.attr).filter(|_| lists.complete()) else { return Vec::new() };
    let mut listed: HashSet<&str> = HashSet::new();
    for path in &rule.lists {
        let Some(list) = lists.table.schema().find(path) else { return Vec::new() };
        for row in lists.table.rows() {
            let Some(entries) = lists.table.entries(row, list) else { return Vec::new() };
            listed.extend(entries.iter().map(|entry| lists.table.entry_text(list, *entry).0[0]));
        }
    }
    let table = &bearers.table;
    let lives = Lives::new(table);
    table
        .rows()
        .filter(|row| table.cell(*row, attr).text() == rule.is && lives.of(row.0) == Life::Active)
        .filter(|row| !listed.contains(table.id(*row)))
        .collect()
}

/// Marks an identity in the system itself, and for the source in every target that has it or should.
fn mark(inputs: &Inputs, comparison: &mut Comparison, system: usize, row: u32) {
    let Some(identity) = comparison.identity_of(system, Row(row)) else { return };
    let identity = identity as usize;
    for target in 0..inputs.systems.len() {
        let own = target == system;
        let from_source = Some(system) == inputs.base()
            && comparison.pairings[target].get(identity).is_some_and(|pairing| *pairing != Pairing::None);
        if (own || from_source)
            && let Some(flags) = comparison.flags[target].get_mut(identity)
        {
            *flags |= LINT;
        }
    }
}

/// A reference that leads nowhere, or something mandatory that is lacking.
fn reference(told: &mut Told<'_>, comparison: &Comparison, fault: Raw) {
    let inputs = told.inputs;
    let Raw { kind, system, identity, what } = fault;
    let Some(base) = inputs.base() else { return };
    let (from, to) = (&inputs.systems[base], &inputs.systems[system]);
    let (Some(ours), Some(theirs)) = (from.snapshot(kind), to.snapshot(kind)) else { return };
    let source = (base, kind, Row(identity));
    match what {
        RawKind::Mandatory { which } => {
            let Some(mandatory) = to.mapping.kind(kind).and_then(|map| map.mandatory.get(which)) else { return };
            told.tell(Rule::Mandatory, system, source, Some(&mandatory.attr), || {
                format!("{} demands {} of every new {kind}, and {} has none", to.mapping.title, mandatory.attr, from.id)
            });
        }
        RawKind::Text { number } => {
            let compares = &comparison.compares[system][number];
            let refers = theirs.table.schema().def(compares.target).refers;
            told.tell(Rule::unknown(refers), system, source, Some(&compares.path), || {
                let text = ours.table.cell(Row(identity), compares.source).text();
                nowhere(to, refers, text, false)
            });
        }
        RawKind::Entry { number, entry, value, doubt } => {
            let compares = &comparison.compares[system][number];
            let Form::List(def) = &theirs.table.schema().def(compares.target).form else { return };
            let Some(entry) =
                ours.table.entries(Row(identity), compares.source).and_then(|all| all.get(entry as usize))
            else {
                return;
            };
            let (keys, text) = ours.table.entry_text(compares.source, *entry);
            let refers = if value { def.value.flatten() } else { def.key[0].or(def.key[1]) };
            told.tell(Rule::unknown(refers), system, source, Some(&compares.path), || {
                let what = if value { text.to_owned() } else { keys.join(" ").trim_end().to_owned() };
                nowhere(to, refers, &what, doubt)
            });
        }
        RawKind::There { number, entry } => {
            let compares = &comparison.compares[system][number];
            let Form::List(def) = &theirs.table.schema().def(compares.target).form else { return };
            let Some(row) = comparison.row(identity, system) else { return };
            let Some(entry) = theirs.table.entries(row, compares.target).and_then(|all| all.get(entry as usize)) else {
                return;
            };
            let (keys, _) = theirs.table.entry_text(compares.target, *entry);
            let refers = def.key[0].or(def.key[1]);
            told.tell(Rule::unknown(refers), system, (system, kind, row), Some(&compares.path), || {
                nowhere(to, refers, keys.join(" ").trim_end(), false)
            });
        }
    }
}

fn nowhere(to: &SystemView, refers: Option<Kind>, text: &str, doubt: bool) -> String {
    let (shown, what) = (clean(text), refers.map_or("record", Kind::name).to_lowercase());
    if doubt {
        return format!("several records of {} could be the {what} {shown}: link the right one", to.id);
    }
    match refers {
        Some(Kind::Product) => format!(
            "{} has no {what} {shown}, or its key may not see it: the entry is left out of every request",
            to.id
        ),
        _ => format!("{} has no {what} {shown}: it is left out of every request", to.id),
    }
}

/// The target's only active billing administrator, where it is offered to switch that account off.
fn last_billing_admin(inputs: &Inputs, users: &Comparison, system: usize) -> Option<(Row, u32)> {
    let view = &inputs.systems[system];
    let table = &view.snapshot(Kind::User)?.table;
    let bare = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let (attr, list) = table.schema().iter().find_map(|(attr, def)| {
        let path = bare(def.path.as_str());
        match def.form {
            Form::Text if path.ends_with("administerbilling") || path.ends_with("administratorroles.billing") => {
                Some((attr, false))
            }
            Form::List(_) if path.ends_with("administratorroles") => Some((attr, true)),
            _ => None,
        }
    })?;
    let is_admin = |row: Row| {
        if list {
            table.entries(row, attr).unwrap_or_default().iter().any(|entry| {
                let (keys, value) = table.entry_text(attr, *entry);
                matches!(bare(keys[0]).as_str(), "administerbilling" | "billing")
                    && !value.eq_ignore_ascii_case("false")
            })
        } else {
            table.cell(row, attr).text().eq_ignore_ascii_case("true")
        }
    };
    let lives = Lives::new(table);
    let mut admins = table.rows().filter(|row| is_admin(*row) && lives.of(row.0) != Life::Inactive);
    let (only, None) = (admins.next()?, admins.next()) else { return None };
    let identity = users.identity_of(system, only)?;
    let offered = match users.pairings[system].get(identity as usize)? {
        Pairing::Leaver | Pairing::Extra => true,
        Pairing::Leaving => view.deactivate_out_of_scope,
        _ => false,
    };
    offered.then_some((only, identity))
}
