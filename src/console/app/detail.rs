//! The record under the cursor, facet by facet, against one target.

use std::sync::Arc;

use crate::compare::{Compared, FacetDiff, Rung, linking_key};
use crate::model::{AttrPath, Form, Kind, RecordKey, SystemId};
use crate::plan::{Change, Facet, Ref};

use super::action::Action;
pub(super) use super::facets::facet_name;
pub use super::facets::{DetailRow, Side, called};
use super::facets::{counted, long, rows};
use super::rows::Rows;
use super::said::said;
use super::text::text;
use super::{App, Focus};

/// What the detail is about.
#[derive(Clone, Debug)]
pub struct About {
    /// The kind.
    pub kind: Kind,
    /// The identity in `compared`.
    pub identity: u32,
    /// The system that it is compared with, or whose own record is shown.
    pub system: usize,
    /// The targets that stand side by side; `system` is one of them.
    pub systems: Vec<usize>,
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
    /// Long lists are counted and not compared entry by entry: the cursor only passes by.
    brief: bool,
    staged_for: u64,
    pushed_for: u64,
}

impl Detail {
    /// The position of the target that the cursor is in, among those that are shown.
    pub fn active(&self) -> usize {
        let about = self.about.as_ref();
        about.and_then(|about| about.systems.iter().position(|at| *at == about.system)).unwrap_or(0)
    }

    /// What a line says about the target that the cursor is in.
    pub fn side_of<'r>(&self, row: &'r DetailRow) -> Option<&'r Side> {
        row.sides.get(self.active())?.as_ref()
    }

    /// What the line under the cursor says about the target that the cursor is in.
    pub fn side(&self) -> Option<&Side> {
        self.side_of(self.rows.get(self.at)?)
    }

    /// The facet under the cursor.
    pub fn facet(&self) -> Option<&FacetDiff> {
        self.side()?.facet.as_ref()
    }
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
                && Arc::ptr_eq(&about.compared, &compared)
                && (about.system == system || self.system.is_none() && about.systems.contains(&system))
                && (about.systems.len() > 1) == self.side_by_side(&compared, kind, system)
                && !(self.detail.brief && self.focus == Focus::Detail)
        });
        if !same {
            let moved = self.detail.about.as_ref().is_none_or(|about| {
                Rows::new(&about.compared, about.kind).key(about.identity) != Rows::new(&compared, kind).key(identity)
            });
            if moved {
                self.detail.at = 0;
                self.detail.top = 0;
            }
            let systems =
                if self.side_by_side(&compared, kind, system) { read_targets(&compared, kind) } else { vec![system] };
            let long = if self.focus == Focus::List { long(&compared, kind, identity, &systems) } else { Vec::new() };
            self.detail.brief = !long.is_empty();
            self.detail.rows = rows(&compared, kind, identity, &systems, &long);
            if self.detail.brief {
                let words = text!("detail.long", key = self.keymap.shown(Action::Open));
                counted(&compared, kind, identity, &systems, &long, &words, &mut self.detail.rows);
            }
            self.detail.about = Some(about(&compared, kind, identity, system, systems));
            self.detail.lints = lints(&compared, kind, identity);
        } else if self.detail.about.as_ref().is_some_and(|have| have.system != system) {
            let systems = self.detail.about.as_ref().map(|have| have.systems.clone()).unwrap_or_default();
            self.detail.about = Some(about(&compared, kind, identity, system, systems));
        }
        if !same || self.detail.pushed_for != self.history.version() {
            self.detail.pushed_for = self.history.version();
            self.tell_pushed(&compared, kind, identity);
        }
        if !same || self.detail.staged_for != self.staged.version() {
            self.detail.staged_for = self.staged.version();
            let systems = self.detail.about.as_ref().map(|about| about.systems.clone()).unwrap_or_default();
            for (place, at) in systems.into_iter().enumerate() {
                let changes = self.staged_about(&compared, kind, identity, at);
                for row in &mut self.detail.rows {
                    let Some(side) = row.sides.get_mut(place).and_then(Option::as_mut) else { continue };
                    side.staged = side.facet.as_ref().is_some_and(|facet| {
                        changes.iter().any(|change| change.want.iter().any(|want| is(&want.facet, facet)))
                    });
                }
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

    /// Whether several targets stand side by side: on `All`, where there is more than one.
    fn side_by_side(&self, compared: &Compared, kind: Kind, system: usize) -> bool {
        self.system.is_none()
            && read_targets(compared, kind).len() > 1
            && read_targets(compared, kind).contains(&system)
    }

    /// Says of each attribute what came of the last push of it, where nothing else is said.
    fn tell_pushed(&mut self, compared: &Compared, kind: Kind, identity: u32) {
        let systems = self.detail.about.as_ref().map(|about| about.systems.clone()).unwrap_or_default();
        let rows = Rows::new(compared, kind);
        let keys: Vec<RecordKey> =
            (0..compared.inputs.systems.len()).filter_map(|at| rows.key_in(identity, at)).collect();
        // The oldest first, so that the newest has the last word.
        for (_, change, outcome) in self.history.about(&keys).into_iter().rev() {
            let place = systems.iter().position(|at| compared.inputs.systems[*at].id == change.system);
            let Some(place) = place else { continue };
            for row in &mut self.detail.rows {
                let Some(side) = row.sides.get_mut(place).and_then(Option::as_mut) else { continue };
                let hit = |facet| change.want.iter().any(|want| is(&want.facet, facet));
                if side.facet.as_ref().is_some_and(hit)
                    && (side.why.is_empty() || side.why.starts_with(text!("detail.pushed")))
                {
                    side.why = format!("{} {}", text!("detail.pushed"), said(outcome.state.word()));
                    side.since = Some(outcome.at);
                }
            }
        }
    }

    /// The record that the line under the cursor refers to.
    pub(super) fn reference(&self) -> Option<RecordKey> {
        let about = self.detail.about.as_ref()?;
        let row = self.detail.rows.get(self.detail.at)?;
        if row.refers.is_some() {
            return row.refers.clone();
        }
        let facet = row.sides.get(self.detail.active())?.as_ref()?.facet.as_ref()?;
        let inputs = &about.compared.inputs;
        let there = |system: usize, of: &dyn Fn(&crate::model::AttrDef) -> Option<(Kind, String)>| {
            let view = inputs.systems.get(system)?;
            let schema = view.snapshot(about.kind)?.table.schema();
            let (kind, id) = of(schema.def(schema.find(&facet.path)?))?;
            view.snapshot(kind)?.table.find(&id)?;
            Some(RecordKey::new(view.id.clone(), kind, id))
        };
        let refers = |at: usize, ids: &[String]| {
            let (own, ids) = (facet.own[at].clone(), ids.first().cloned());
            move |def: &crate::model::AttrDef| match &def.form {
                Form::Text => Some((def.refers?, own.clone()?)),
                Form::List(list) => Some((list.key[0]?, ids.clone()?)),
            }
        };
        let theirs = facet.key.as_ref().map(|(ids, _)| ids.clone()).unwrap_or_default();
        there(about.system, &refers(1, &theirs)).or_else(|| there(inputs.base()?, &refers(0, &facet.source_key)))
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
        let mut about: Vec<Change> = Vec::new();
        for change in source.iter().chain(&target).flat_map(|key| self.staged.about(key, &view.id)) {
            if change.kind == kind && about.iter().all(|have| have.id != change.id) {
                about.push(change.clone());
            }
        }
        about
    }

    /// Chooses another target for the detail.
    /// The next target in the detail; `false`: there is none on that side.
    pub(super) fn step_target(&mut self, forward: bool) -> bool {
        if self.system.is_some() {
            return self.step_system(forward);
        }
        let Some(about) = &self.detail.about else { return false };
        let targets = about.systems.clone();
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

/// The targets of which something of a kind was read.
fn read_targets(compared: &Compared, kind: Kind) -> Vec<usize> {
    let read = |at: &usize| compared.inputs.systems[*at].snapshot(kind).is_some();
    Rows::new(compared, kind).targets().into_iter().filter(read).collect()
}

/// Whether a staged facet is this one.
pub(super) fn is(facet: &Facet, diff: &FacetDiff) -> bool {
    let key: Option<Vec<String>> = facet.key.as_ref().map(|key| key.iter().map(Ref::to_string).collect());
    facet.path == diff.path && key.as_ref() == diff.key.as_ref().map(|(parts, _)| parts)
}

fn about(compared: &Arc<Compared>, kind: Kind, identity: u32, system: usize, systems: Vec<usize>) -> About {
    let rows = Rows::new(compared, kind);
    let own = Some(system) == compared.inputs.base();
    let comparison = compared.kind(kind);
    let state = comparison.state(identity, system);
    let key = linking_key(compared, kind, identity, system);
    let linked = state.and_then(|state| state.by).map_or_else(String::new, |by| linked_by(by, key.as_ref()));
    About {
        kind,
        identity,
        system,
        systems,
        own,
        compared: compared.clone(),
        name: rows.name(identity, None).to_owned(),
        id: rows.record(identity, system).map(|(table, row)| table.id(row).to_owned()).unwrap_or_default(),
        linked,
        state: said(state.map(|state| state.pairing.state()).unwrap_or_default()).into_owned(),
        protected: rows
            .key_in(identity, system)
            .and_then(|key| compared.inputs.protected.iter().find(|protection| protection.record == key))
            .map(|protection| text!("detail.protected", why = protection.reason))
            .unwrap_or_default(),
    }
}

/// By what two records are linked, in words: a decision, or the key that both have.
pub(super) fn linked_by(by: Rung, key: Option<&(AttrPath, String)>) -> String {
    match (by, key) {
        (Rung::Kept, _) => text!("detail.linked-kept").to_owned(),
        (_, Some((path, _))) => text!("detail.linked-by", key = path.local(&[])),
        (_, None) => text!("detail.linked-key").to_owned(),
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
