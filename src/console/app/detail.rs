//! The record under the cursor, facet by facet, against one target.

use std::sync::Arc;

use crate::compare::{Compared, FacetDiff, Rung, Verdict, facets};
use crate::model::{Cell, Form, Kind, RecordKey, SystemId, Table};
use crate::plan::{Change, Facet, Ref, Target};

use super::lines::Tone;
use super::rows::Rows;
use super::said::said;
use super::text::text;
use super::{App, Focus};

/// One line of the detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailRow {
    /// What the comparison says, as a mark.
    pub mark: char,
    /// The mark's meaning.
    pub tone: Tone,
    /// The attribute, for an entry with its key.
    pub name: String,
    /// The source's value.
    pub source: String,
    /// The target's value.
    pub target: String,
    /// Why it is so.
    pub why: String,
    /// Since when, where that is known.
    pub since: Option<jiff::Timestamp>,
    /// Which facet it is, where it can be staged at all.
    pub facet: Option<FacetDiff>,
    /// It is staged.
    pub staged: bool,
}

/// What the detail is about.
#[derive(Clone, Debug)]
pub struct About {
    /// The kind.
    pub kind: Kind,
    /// The identity in `compared`.
    pub identity: u32,
    /// The system that it is compared with, or whose own record is shown.
    pub system: usize,
    /// Only the system's own record is shown: it is the source.
    pub own: bool,
    /// The comparison.
    pub compared: Arc<Compared>,
    /// What people call it.
    pub name: String,
    /// The record's id in the system; empty where it has none.
    pub id: String,
    /// What links it to the source, in words; empty where nothing does.
    pub linked: String,
    /// How it stands there, in words; empty where nothing is to be said.
    pub state: String,
    /// That it is protected, and why; empty where it is not.
    pub protected: String,
}

/// The detail of the record under the cursor.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// What it is about.
    pub about: Option<About>,
    /// Its lines.
    pub rows: Vec<DetailRow>,
    /// Lint about the record, in words.
    pub lints: Vec<String>,
    /// The cursor.
    pub at: usize,
    /// The first line on the screen.
    pub top: usize,
    /// The target that was chosen by hand.
    pub target: Option<SystemId>,
    staged_for: u64,
}

impl App {
    /// Brings the detail in line with the cursor.
    pub(super) fn look(&mut self) {
        let wanted = self.wide() || self.focus == Focus::Detail || self.popup.is_some();
        let place = self.kind().and_then(|kind| {
            let list = &self.lists[kind.index()];
            Some((kind, list.identity()?, list.shown.clone()?))
        });
        let Some((kind, identity, compared)) = place.filter(|_| wanted) else {
            if self.kind().is_none() || self.list().is_some_and(|list| list.order.is_empty()) {
                self.detail.about = None;
                self.detail.rows.clear();
                if self.focus == Focus::Detail {
                    self.focus = Focus::List;
                }
            }
            return;
        };
        let system = self.detail_system(&compared, kind, identity);
        let same = self.detail.about.as_ref().is_some_and(|about| {
            about.kind == kind
                && about.identity == identity
                && about.system == system
                && Arc::ptr_eq(&about.compared, &compared)
        });
        if !same {
            let moved = self.detail.about.as_ref().is_none_or(|about| {
                Rows::new(&about.compared, about.kind).key(about.identity) != Rows::new(&compared, kind).key(identity)
            });
            if moved {
                self.detail.at = 0;
                self.detail.top = 0;
            }
            self.detail.about = Some(about(&compared, kind, identity, system));
            self.detail.rows = rows(&compared, kind, identity, system);
            self.detail.lints = lints(&compared, kind, identity);
        }
        if !same || self.detail.staged_for != self.staged.version() {
            self.detail.staged_for = self.staged.version();
            let changes = self.staged_about(&compared, kind, identity, system);
            for row in &mut self.detail.rows {
                row.staged = row.facet.as_ref().is_some_and(|facet| {
                    changes.iter().any(|change| change.want.iter().any(|want| is(&want.facet, facet)))
                });
            }
        }
        let last = self.detail.rows.len().saturating_sub(1);
        self.detail.at = self.detail.at.min(last);
        let height = self.detail_rows().max(1);
        if self.detail.at < self.detail.top {
            self.detail.top = self.detail.at;
        } else if self.detail.at >= self.detail.top + height {
            self.detail.top = self.detail.at + 1 - height;
        }
    }

    /// Lines of facets that fit.
    pub fn detail_rows(&self) -> usize {
        let height = if self.wide() { self.detail_height() } else { usize::from(self.size.1).saturating_sub(3) };
        height.saturating_sub(2 + self.detail.lints.len().min(2))
    }

    /// The system that the detail compares with: the list's, the one chosen by hand, else the first that is out of true.
    pub(super) fn detail_system(&self, compared: &Compared, kind: Kind, identity: u32) -> usize {
        let rows = Rows::new(compared, kind);
        if let Some(at) = self.system_index() {
            return at;
        }
        let targets = rows.targets();
        let chosen = self.detail.target.as_ref().and_then(|id| compared.inputs.index(id));
        chosen
            .filter(|at| targets.contains(at))
            .or_else(|| targets.iter().copied().find(|at| rows.out(identity, Some(*at))))
            .or_else(|| targets.iter().copied().find(|at| rows.record(identity, *at).is_some()))
            .or_else(|| targets.first().copied())
            .or(compared.inputs.base())
            .unwrap_or(0)
    }

    /// The staged changes of an identity in one system.
    pub(super) fn staged_about(&self, compared: &Compared, kind: Kind, identity: u32, system: usize) -> Vec<Change> {
        let rows = Rows::new(compared, kind);
        let Some(view) = compared.inputs.systems.get(system) else { return Vec::new() };
        let source = compared.inputs.base().and_then(|base| rows.key_in(identity, base));
        let target = rows.key_in(identity, system);
        self.staged
            .changes()
            .filter(|change| change.system == view.id && change.kind == kind)
            .filter(|change| {
                (source.is_some() && change.source == source)
                    || matches!((&change.target, &target), (Target::Record(have), Some(want)) if have == want)
            })
            .cloned()
            .collect()
    }

    /// Chooses another target for the detail.
    /// The next target in the detail; `false`: there is none on that side.
    pub(super) fn step_target(&mut self, forward: bool) -> bool {
        if self.system.is_some() {
            return self.step_system(forward);
        }
        let Some(about) = &self.detail.about else { return false };
        let targets = Rows::new(&about.compared, about.kind).targets();
        let Some(at) = targets.iter().position(|at| *at == about.system) else { return false };
        let to = if forward { (at + 1).min(targets.len() - 1) } else { at.saturating_sub(1) };
        self.detail.target = Some(about.compared.inputs.systems[targets[to]].id.clone());
        to != at
    }

    /// The key of the record that the detail shows: the target's, else the one that names the identity.
    pub(super) fn record_key(&self) -> Option<RecordKey> {
        let kind = self.kind()?;
        let list = &self.lists[kind.index()];
        let compared = list.shown.as_ref()?;
        let identity = list.identity()?;
        let rows = Rows::new(compared, kind);
        let system = self.detail_system(compared, kind, identity);
        rows.key_in(identity, system).or_else(|| rows.key(identity))
    }
}

/// Whether a staged facet is this one.
pub(super) fn is(facet: &Facet, diff: &FacetDiff) -> bool {
    let key: Option<Vec<String>> = facet.key.as_ref().map(|key| key.iter().map(Ref::to_string).collect());
    facet.path == diff.path && key.as_ref() == diff.key.as_ref().map(|(parts, _)| parts)
}

fn about(compared: &Arc<Compared>, kind: Kind, identity: u32, system: usize) -> About {
    let rows = Rows::new(compared, kind);
    let own = Some(system) == compared.inputs.base();
    let comparison = compared.kind(kind);
    let state = comparison.state(identity, system);
    let linked = match state.and_then(|state| state.by) {
        Some(Rung::Kept) => text!("detail.linked-kept"),
        Some(Rung::Key) => text!("detail.linked-key"),
        Some(Rung::Folded) => text!("detail.linked-folded"),
        None => "",
    };
    About {
        kind,
        identity,
        system,
        own,
        compared: compared.clone(),
        name: rows.name(identity, None).to_owned(),
        id: rows.record(identity, system).map(|(table, row)| table.id(row).to_owned()).unwrap_or_default(),
        linked: linked.to_owned(),
        state: said(state.map(|state| state.pairing.state()).unwrap_or_default()).into_owned(),
        protected: rows
            .key_in(identity, system)
            .and_then(|key| compared.inputs.protected.iter().find(|protection| protection.record == key))
            .map(|protection| text!("detail.protected", why = protection.reason))
            .unwrap_or_default(),
    }
}

fn lints(compared: &Compared, kind: Kind, identity: u32) -> Vec<String> {
    let rows = Rows::new(compared, kind);
    let comparison = compared.kind(kind);
    let flagged = (0..compared.inputs.systems.len())
        .any(|system| comparison.state(identity, system).is_some_and(|state| state.lint));
    if !flagged {
        return Vec::new();
    }
    let keys: Vec<RecordKey> =
        (0..compared.inputs.systems.len()).filter_map(|system| rows.key_in(identity, system)).collect();
    compared
        .lints
        .iter()
        .filter(|lint| keys.contains(&lint.record))
        .map(|lint| format!("{}: {}", lint.system, said(&lint.text)))
        .collect()
}

fn rows(compared: &Compared, kind: Kind, identity: u32, system: usize) -> Vec<DetailRow> {
    let base = compared.inputs.base();
    let facets = if Some(system) == base { Vec::new() } else { facets(compared, kind, identity, system) };
    if facets.is_empty() {
        return plain(compared, kind, identity, system);
    }
    let view = Rows::new(compared, kind);
    let in_source = base.is_some_and(|base| view.record(identity, base).is_some());
    let in_target = view.record(identity, system).is_some();
    let mut facets = facets;
    // What an operator looks for comes first; what neither side has says nothing.
    facets.retain(|facet| {
        !matches!(facet.verdict, Verdict::OneSided | Verdict::Same)
            || !empty(facet.source.as_ref())
            || !empty(facet.target.as_ref())
    });
    facets.sort_by_key(|facet| match facet.verdict {
        Verdict::Differs | Verdict::Unresolved => 0,
        Verdict::Waived => 1,
        Verdict::Same => 2,
        Verdict::Shown => 3,
        Verdict::Unreadable | Verdict::Unread => 4,
        Verdict::OneSided => 5,
    });
    facets
        .into_iter()
        .map(|facet| {
            let (mark, tone) = match facet.verdict {
                Verdict::Same => ('=', Tone::Dim),
                Verdict::Differs => ('~', Tone::Differs),
                Verdict::Waived | Verdict::Shown => ('-', Tone::Dim),
                Verdict::Unreadable | Verdict::Unread => ('.', Tone::Dim),
                Verdict::Unresolved => ('x', Tone::Bad),
                Verdict::OneSided => (' ', Tone::Dim),
            };
            let name = facet_name(&facet);
            let side = |value: &Option<String>, here: bool, theirs: bool| match value {
                Some(text) => text.clone(),
                None if !here || facet.verdict == Verdict::OneSided => String::new(),
                None if facet.verdict == Verdict::Unreadable && theirs => text!("detail.not-readable").to_owned(),
                None if facet.key.is_some() && facet.verdict != Verdict::Unread => text!("detail.none").to_owned(),
                None => text!("detail.not-read").to_owned(),
            };
            let source = side(&facet.source, in_source, false);
            let target = side(&facet.target, in_target, true);
            let (mut why, mut since) = (facet.why.clone(), facet.since);
            if facet.verdict == Verdict::Waived {
                why = text!("detail.adopted", why = why);
            }
            // What the WHY column says for another reason has no such age.
            since = since.filter(|_| why == facet.direction.words());
            DetailRow { mark, tone, name, source, target, why, since, facet: Some(facet), staged: false }
        })
        .collect()
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
fn plain(compared: &Compared, kind: Kind, identity: u32, system: usize) -> Vec<DetailRow> {
    let view = Rows::new(compared, kind);
    let own = view.record(identity, system);
    let Some((table, row)) = own.or_else(|| view.first(identity).map(|(_, table, row)| (table, row))) else {
        return Vec::new();
    };
    let theirs = own.is_some() && Some(system) != compared.inputs.base();
    let mut rows = Vec::new();
    let mut push = |name: String, value: String, mark: char| {
        let (source, target) = if theirs { (String::new(), value) } else { (value, String::new()) };
        rows.push(DetailRow {
            mark,
            tone: Tone::Dim,
            name,
            source,
            target,
            why: String::new(),
            since: None,
            facet: None,
            staged: false,
        });
    };
    for (attr, def) in table.schema().iter() {
        let local = def.path.local(&[]).to_owned();
        match &def.form {
            Form::Text => {
                let (mark, value) = match table.cell(row, attr) {
                    Cell::Value(text) => (' ', text.to_owned()),
                    Cell::Empty => (' ', String::new()),
                    Cell::Unread => ('.', text!("detail.not-read").to_owned()),
                    Cell::Unreadable => ('.', text!("detail.not-readable").to_owned()),
                };
                push(local, value, mark);
            }
            Form::List(list) => {
                let Some(entries) = table.entries(row, attr) else {
                    push(local, text!("detail.not-read").to_owned(), '.');
                    continue;
                };
                for &entry in entries {
                    let (key, value) = table.entry_text(attr, entry);
                    let name = list.key[0].and_then(|kind| called(compared, system, kind, key[0]));
                    let first = name.unwrap_or_else(|| key[0].to_owned());
                    let key = if key[1].is_empty() { first } else { format!("{first}, {}", key[1]) };
                    push(format!("{local}[{key}]"), value.to_owned(), ' ');
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
