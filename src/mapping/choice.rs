//! What settings choose: other readings of some rows, and what happens beside an operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::draft::Draft;
use super::fault::{Placed, did_you_mean};
use super::rows::row;
use super::{Alternative, KindMap, MapRow, Mapping, MappingError, Words};
use crate::model::{AttrPath, Kind};

impl Mapping {
    /// What a setting is: as given, or as it is where it is not given.
    pub fn setting<'m>(&'m self, own: &'m BTreeMap<String, String>, name: &str) -> Option<&'m str> {
        own.get(name)
            .or_else(|| self.settings.iter().find(|setting| setting.name == name)?.default.as_ref())
            .map(String::as_str)
    }

    /// The mapping as these settings choose it: with the rows of the alternatives that hold, and the side effects that happen.
    pub fn chosen(&self, own: &BTreeMap<String, String>) -> Self {
        let holds = |when: &[(String, String)]| {
            when.iter().all(|(name, value)| self.setting(own, name).is_some_and(|is| is == value))
        };
        let mut chosen = self.clone();
        chosen.side_effects.retain(|effect| holds(&effect.when));
        chosen.busy.retain(|busy| holds(&busy.when));
        let drops: Vec<_> =
            self.alternatives.iter().filter(|other| holds(&other.when)).flat_map(|other| &other.drops).collect();
        for map in &mut chosen.kinds {
            map.rows.retain(|row| !drops.iter().any(|(kind, attr)| *kind == map.kind && *attr == row.attr));
            map.mandatory.retain(|field| !drops.iter().any(|(kind, attr)| *kind == map.kind && *attr == field.attr));
        }
        for (kind, row) in self.alternatives.iter().filter(|other| holds(&other.when)).flat_map(|other| &other.rows) {
            let Some(map) = chosen.kinds.iter_mut().find(|map| map.kind == *kind) else { continue };
            match map.rows.iter_mut().find(|have| have.attr == row.attr) {
                Some(have) => *have = row.clone(),
                None => map.rows.push(row.clone()),
            }
        }
        match chosen.compile() {
            Ok(()) => chosen,
            // Every row was compiled when the file was read, so this is not reached.
            Err(_) => self.clone(),
        }
    }
}

/// Readings that a setting chooses: each row must have one in whose place it stands, or be named as one that is added.
pub(super) fn alternatives(
    draft: &Draft,
    kinds: &[KindMap],
    words: &[(String, Arc<Words>)],
    feeds: &[&str],
) -> Result<Vec<Alternative>, MappingError> {
    let mut all = Vec::new();
    for (name, Placed { it: spec, .. }, specs) in &draft.alternatives {
        let mut rows = Vec::new();
        for Placed { at, it } in specs {
            let row = row(at, it, words, feeds)?;
            let map = kinds.iter().find(|map| map.kind == it.kind);
            let added = map.is_some() && spec.adds.contains(&it.attr);
            if !added && !map.is_some_and(|map| map.rows.iter().any(|have| have.attr == row.attr)) {
                return Err(at.error(format_args!("alternative `{name}`: {} has no row `{}`", it.kind, row.attr)));
            }
            rows.push((it.kind, row));
        }
        let when = spec.when.clone().into_iter().collect();
        let drops = if spec.only { left_out(kinds, &rows) } else { Vec::new() };
        all.push(Alternative { name: name.clone(), when, help: spec.help.clone(), rows, drops });
    }
    Ok(all)
}

/// The attributes of the kinds at hand that no row is about.
fn left_out(kinds: &[KindMap], rows: &[(Kind, MapRow)]) -> Vec<(Kind, AttrPath)> {
    let named = |kind: Kind, attr: &AttrPath| rows.iter().any(|(of, row)| *of == kind && row.attr == *attr);
    let of = kinds.iter().filter(|map| rows.iter().any(|(kind, _)| *kind == map.kind));
    let attrs = of.flat_map(|map| map.rows.iter().map(|row| (map.kind, row.attr.clone())));
    attrs.filter(|(kind, attr)| !named(*kind, attr)).collect()
}

/// What depends on a setting names one that there is, and a value that it can have.
pub(super) fn check_when(draft: &Draft) -> Result<(), MappingError> {
    let effects = draft.side_effects.iter().map(|placed| (&placed.at, &placed.it.when));
    let alternatives = draft.alternatives.iter().map(|(_, placed, _)| (&placed.at, &placed.it.when));
    let busy = draft.busy.iter().map(|placed| (&placed.at, &placed.it.when));
    for (at, when) in effects.chain(alternatives).chain(busy) {
        for (name, value) in when {
            let Some(setting) = draft.settings.iter().find(|placed| placed.it.name == *name) else {
                let hint = did_you_mean(name, draft.settings.iter().map(|placed| placed.it.name.as_str()));
                return Err(at.error(format_args!("`when`: there is no setting `{name}`{hint}")));
            };
            if !setting.it.one_of.contains(value) {
                return Err(at.error(format_args!("`when`: `{name}` is never `{value}`")));
            }
        }
    }
    Ok(())
}
