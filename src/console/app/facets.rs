//! The lines of the detail: an identity facet by facet, beside each target.

use std::collections::HashMap;

use crate::compare::{Compared, FacetDiff, Pairing, Verdict, facets_of};
use crate::mapping::Access;
use crate::model::{AttrPath, Cell, Form, Kind, RecordKey, Table};

use super::lines::Tone;
use super::rows::Rows;
use super::said::said;
use super::text::{self, text};

/// What one target has for an attribute, beside the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// What the comparison says, as a mark.
    pub mark: char,
    /// The mark's meaning.
    pub tone: Tone,
    /// The target's value.
    pub value: String,
    /// Why it is so.
    pub why: String,
    /// Since when, where that is known.
    pub since: Option<jiff::Timestamp>,
    /// Which facet it is, where it can be staged at all.
    pub facet: Option<FacetDiff>,
    /// It is staged.
    pub staged: bool,
}

/// One line of the detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailRow {
    /// The attribute, for an entry with its key.
    pub name: String,
    /// The source's value; where there is no source, the record's own.
    pub source: String,
    /// What each target that is shown has, in their order; empty for the source's own record.
    pub sides: Vec<Option<Side>>,
    /// For a record that is shown by itself: what its value refers to.
    pub refers: Option<RecordKey>,
    /// For a record that is shown by itself: its mark.
    pub mark: char,
}

/// A list of more entries is compared when the detail is entered, not at every move of the cursor.
const LONG: usize = 1_000;

/// What operators look for comes first.
const fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Differs | Verdict::Awaits | Verdict::Unresolved => 0,
        Verdict::Waived => 1,
        Verdict::Same => 2,
        Verdict::Shown => 3,
        Verdict::Unreadable | Verdict::Unread => 4,
        Verdict::OneSided => 5,
    }
}

/// An identity attribute by attribute and entry by entry: the source, and each of these targets.
pub(super) fn rows(
    compared: &Compared,
    kind: Kind,
    identity: u32,
    systems: &[usize],
    long: &[AttrPath],
) -> Vec<DetailRow> {
    let base = compared.inputs.base();
    let view = Rows::new(compared, kind);
    let in_source = base.is_some_and(|base| view.record(identity, base).is_some());
    let mut found: Vec<(u8, DetailRow)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, &system) in systems.iter().enumerate() {
        if Some(system) == base {
            continue;
        }
        let in_target = view.record(identity, system).is_some();
        for facet in facets_of(compared, kind, identity, system, |path| !long.contains(path)) {
            // What neither side has says nothing.
            if matches!(facet.verdict, Verdict::OneSided | Verdict::Same | Verdict::Shown)
                && empty(facet.source.as_ref())
                && empty(facet.target.as_ref())
            {
                continue;
            }
            let name = facet_name(&facet);
            let place = *places.entry(name.clone()).or_insert_with(|| {
                let sides = vec![None; systems.len()];
                found.push((u8::MAX, DetailRow { name, source: String::new(), sides, refers: None, mark: ' ' }));
                found.len() - 1
            });
            let (worst, row) = &mut found[place];
            *worst = (*worst).min(rank(facet.verdict));
            let source = side(&facet, facet.source.as_ref(), in_source, false);
            if row.source.is_empty() || facet.source.is_some() {
                row.source = source;
            }
            let mut side = side_of(facet, in_target);
            // What is not there at all has the marks of the list.
            if side.mark == '~' && !in_target {
                (side.mark, side.tone) = match view.pairing(identity, system) {
                    Pairing::Missing => ('!', Tone::Missing),
                    Pairing::Undecided => ('?', Tone::Warn),
                    _ => (side.mark, side.tone),
                };
                // What a create cannot bring along says why.
                if side.why.is_empty()
                    && let Some(facet) = &side.facet
                    && let Some(why) = read_only(compared, kind, system, &facet.path)
                {
                    (side.mark, side.tone, side.why) = ('.', Tone::Dim, why);
                }
            }
            row.sides[at] = Some(side);
        }
    }
    if found.is_empty() {
        return plain(compared, kind, identity, systems.first().copied().unwrap_or_default(), long);
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, row)| row).collect()
}

/// Why an attribute is not written in a system, where its mapping only reads it.
fn read_only(compared: &Compared, kind: Kind, system: usize, path: &AttrPath) -> Option<String> {
    let mapping = &compared.inputs.systems[system].mapping;
    let row = mapping.row(kind, path).filter(|row| row.access == Access::ReadOnly)?;
    let why = row.note.as_deref().map(|note| format!(": {}", said(note))).unwrap_or_default();
    Some(text!("detail.read-only", system = mapping.title, why = why))
}

/// How many entries a record has of a list; `None`: there is no record, or the list was not read.
fn entries(view: &Rows<'_>, identity: u32, system: usize, path: &AttrPath) -> Option<usize> {
    let (table, row) = view.record(identity, system)?;
    let attr = table.schema().find(path)?;
    matches!(table.schema().def(attr).form, Form::List(_)).then(|| table.entries(row, attr))?.map(<[_]>::len)
}

/// The lists of an identity that are long in the source or in one of these systems.
pub(super) fn long(compared: &Compared, kind: Kind, identity: u32, systems: &[usize]) -> Vec<AttrPath> {
    let view = Rows::new(compared, kind);
    let mut found: Vec<AttrPath> = Vec::new();
    for system in systems.iter().copied().chain(compared.inputs.base()) {
        let Some((table, _)) = view.record(identity, system) else { continue };
        for def in table.schema().attrs().iter().filter(|def| matches!(def.form, Form::List(_))) {
            let many = entries(&view, identity, system, &def.path).is_some_and(|many| many > LONG);
            if many && !found.contains(&def.path) {
                found.push(def.path.clone());
            }
        }
    }
    found
}

/// A row for each long list: how many entries each system has.
pub(super) fn counted(
    compared: &Compared,
    kind: Kind,
    identity: u32,
    systems: &[usize],
    long: &[AttrPath],
    words: &str,
    into: &mut Vec<DetailRow>,
) {
    let view = Rows::new(compared, kind);
    let shown = |system: Option<usize>, path: &AttrPath| {
        let many = system.and_then(|system| entries(&view, identity, system, path));
        many.map(|many| text::count(many as u64)).unwrap_or_default()
    };
    for path in long {
        let side = |system: &usize| Side {
            mark: ' ',
            tone: Tone::Plain,
            value: shown(Some(*system), path),
            why: words.to_owned(),
            since: None,
            facet: None,
            staged: false,
        };
        let base = compared.inputs.base();
        let own = systems == [base.unwrap_or(usize::MAX)];
        into.push(DetailRow {
            name: path.local(&[]).to_owned(),
            source: shown(base, path),
            sides: if own { Vec::new() } else { systems.iter().map(|system| Some(side(system))).collect() },
            refers: None,
            mark: ' ',
        });
    }
}

fn side(facet: &FacetDiff, value: Option<&String>, here: bool, theirs: bool) -> String {
    match value {
        Some(text) => text.clone(),
        None if !here || facet.verdict == Verdict::OneSided => String::new(),
        None if facet.verdict == Verdict::Unreadable && theirs => text!("detail.not-readable").to_owned(),
        None if facet.key.is_some() && facet.verdict != Verdict::Unread => text!("detail.none").to_owned(),
        None => text!("detail.not-read").to_owned(),
    }
}

fn side_of(facet: FacetDiff, in_target: bool) -> Side {
    let (mark, tone) = match facet.verdict {
        Verdict::Same => ('=', Tone::Dim),
        Verdict::Differs | Verdict::Awaits => ('~', Tone::Differs),
        Verdict::Waived | Verdict::Shown => ('-', Tone::Dim),
        Verdict::Unreadable | Verdict::Unread => ('.', Tone::Dim),
        Verdict::Unresolved => ('x', Tone::Bad),
        Verdict::OneSided => (' ', Tone::Dim),
    };
    let value = side(&facet, facet.target.as_ref(), in_target, true);
    let (mut why, mut since) = (facet.why.clone(), facet.since);
    if facet.verdict == Verdict::Waived {
        why = text!("detail.adopted", why = why);
    }
    // What the WHY column says for another reason has no such age.
    since = since.filter(|_| why == facet.direction.words());
    Side { mark, tone, value, why, since, facet: Some(facet), staged: false }
}

/// What a facet is called: its attribute, for an entry with its key.
pub(super) fn facet_name(facet: &FacetDiff) -> String {
    let local = facet.path.local(&[]);
    match &facet.key {
        Some((parts, called)) if called.is_empty() => format!("{local}[{}]", parts.join(", ")),
        Some((_, called)) => format!("{local}[{called}]"),
        None => local.to_owned(),
    }
}

fn empty(side: Option<&String>) -> bool {
    side.is_none_or(String::is_empty)
}

/// A record's own attributes, where there is nothing to compare them with.
fn plain(compared: &Compared, kind: Kind, identity: u32, system: usize, long: &[AttrPath]) -> Vec<DetailRow> {
    let view = Rows::new(compared, kind);
    let own = view.record(identity, system).map(|(table, row)| (system, table, row));
    let Some((at, table, row)) = own.or_else(|| view.first(identity)) else { return Vec::new() };
    let id = &compared.inputs.systems[at].id;
    let theirs = own.is_some() && Some(system) != compared.inputs.base();
    let mut rows = Vec::new();
    let mut push = |name: String, value: String, mark: char, refers: Option<RecordKey>| {
        let tone = Tone::Dim;
        let side = |value| Side { mark, tone, value, why: String::new(), since: None, facet: None, staged: false };
        let (source, sides) = if theirs { (String::new(), vec![Some(side(value))]) } else { (value, Vec::new()) };
        rows.push(DetailRow { name, source, sides, refers, mark });
    };
    let refer = |kind: Option<Kind>, text: &str| {
        kind.filter(|_| !text.is_empty()).map(|kind| RecordKey::new(id.clone(), kind, text))
    };
    for (attr, def) in table.schema().iter().filter(|(_, def)| !long.contains(&def.path)) {
        let local = def.path.local(&[]).to_owned();
        match &def.form {
            Form::Text => {
                let cell = table.cell(row, attr);
                let (mark, value) = match cell {
                    Cell::Value(text) => {
                        let name = def.refers.and_then(|kind| called(compared, at, kind, text));
                        (' ', name.unwrap_or_else(|| text.to_owned()))
                    }
                    Cell::Empty => (' ', String::new()),
                    Cell::Unread => ('.', text!("detail.not-read").to_owned()),
                    Cell::Unreadable => ('.', text!("detail.not-readable").to_owned()),
                };
                push(local, value, mark, refer(def.refers, cell.text()));
            }
            Form::List(list) => {
                let Some(entries) = table.entries(row, attr) else {
                    push(local, text!("detail.not-read").to_owned(), '.', None);
                    continue;
                };
                for &entry in entries {
                    let (key, value) = table.entry_text(attr, entry);
                    let name = list.key[0].and_then(|kind| called(compared, at, kind, key[0]));
                    let first = name.unwrap_or_else(|| key[0].to_owned());
                    let shown = if key[1].is_empty() { first } else { format!("{first}, {}", key[1]) };
                    push(format!("{local}[{shown}]"), value.to_owned(), ' ', refer(list.key[0], key[0]));
                }
            }
        }
    }
    rows
}

/// Tables up to this size may be searched by id while a key waits.
const SMALL: usize = 20_000;

/// What people call a record of a system; `None` where it is not there or its table is too large to look while a key waits.
pub fn called(compared: &Compared, system: usize, kind: Kind, id: &str) -> Option<String> {
    let table: &Table = &compared.inputs.systems.get(system)?.snapshot(kind)?.table;
    if table.len() > SMALL {
        return None;
    }
    table.find(id).map(|row| crate::compare::name(table, row).to_owned())
}
