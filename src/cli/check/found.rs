//! What is out of true of what was asked for, one mismatch after the other.

use super::Wanted;
use crate::cli::lines::AttributeLine;
use crate::compare::{Compared, FacetDiff, Pairing, SystemView, Verdict, facets, label};
use crate::engine::protocol::World;
use crate::model::{Form, Kind};

/// A mismatch, ready to be printed.
pub(super) struct Found<'w> {
    pub(super) system: usize,
    pub(super) kind: Kind,
    pub(super) pairing: Pairing,
    pub(super) key: &'w str,
    pub(super) source_id: Option<&'w str>,
    pub(super) target_id: Option<&'w str>,
    pub(super) attributes: Vec<AttributeLine>,
}

/// Calls `each` with every mismatch that is wanted, in the order of kinds, systems and identities.
pub(super) fn mismatches<'w>(
    world: &'w World,
    wanted: &Wanted<'_>,
    mut each: impl FnMut(Found<'w>) -> std::io::Result<()>,
) -> std::io::Result<usize> {
    let compared = &*world.compared;
    let inputs = &compared.inputs;
    let base = inputs.base();
    let mut count = 0;
    for kind in wanted.kinds() {
        let comparison = compared.kind(kind);
        for system in 0..inputs.systems.len() {
            if Some(system) == base || !wanted.system(compared, system) {
                continue;
            }
            for identity in 0..comparison.len {
                let Some(state) = comparison.state(identity, system) else { continue };
                if !state.pairing.counts() || !wanted.matches(compared, kind, identity, system) {
                    continue;
                }
                count += 1;
                let id = |of: usize| {
                    let row = comparison.row(identity, of)?;
                    Some(inputs.systems[of].snapshot(kind)?.table.id(row))
                };
                let attributes = match state.pairing {
                    Pairing::Differs | Pairing::Leaver | Pairing::Leaving => facets(compared, kind, identity, system)
                        .into_iter()
                        .filter(|facet| facet.verdict.counts())
                        .map(|facet| attribute(compared, kind, system, facet))
                        .collect(),
                    _ => Vec::new(),
                };
                each(Found {
                    system,
                    kind,
                    pairing: state.pairing,
                    key: key(compared, kind, identity, system),
                    source_id: base.and_then(id),
                    target_id: id(system),
                    attributes,
                })?;
            }
        }
    }
    Ok(count)
}

/// What operators call an identity: as the source has it, or the target for an extra.
fn key(compared: &Compared, kind: Kind, identity: u32, system: usize) -> &str {
    let comparison = compared.kind(kind);
    compared
        .inputs
        .base()
        .into_iter()
        .chain([system])
        .find_map(|of| {
            let row = comparison.row(identity, of)?;
            Some(label(&compared.inputs.systems[of].snapshot(kind)?.table, row))
        })
        .unwrap_or_default()
}

/// An attribute's line. Entries of lists are called by the source's id of what their key refers to, else by the target's.
fn attribute(compared: &Compared, of: Kind, system: usize, facet: FacetDiff) -> AttributeLine {
    let shown = match &facet.key {
        Some((_, name)) if !name.is_empty() => Some(format!("{}[{name}]", facet.path)),
        _ => None,
    };
    let path = match &facet.key {
        None => facet.path.to_string(),
        Some((ids, name)) => {
            let parts: Vec<String> = ids
                .iter()
                .enumerate()
                .map(|(part, id)| {
                    let kind = key_kind(&compared.inputs.systems[system], of, &facet, part);
                    kind.and_then(|kind| source_id(compared, kind, system, id)).unwrap_or_else(|| id.clone())
                })
                .collect();
            // Of what is still to be created the target has no id.
            let parts = if parts.is_empty() { facet.source_key.clone() } else { parts };
            let inside = if parts.iter().all(String::is_empty) { name.clone() } else { parts.join(" ") };
            format!("{}[{inside}]", facet.path)
        }
    };
    let shown = shown.unwrap_or_else(|| path.clone());
    let why = (facet.verdict == Verdict::Awaits).then_some(facet.why);
    AttributeLine { path, shown, source: facet.source, target: facet.target, direction: facet.direction, why }
}

/// The source's id of a target's record.
fn source_id(compared: &Compared, kind: Kind, system: usize, id: &str) -> Option<String> {
    let inputs = &compared.inputs;
    let base = inputs.base()?;
    let comparison = compared.kind(kind);
    let row = inputs.systems[system].snapshot(kind)?.table.find(id)?;
    let row = comparison.row(comparison.identity_of(system, row)?, base)?;
    Some(inputs.systems[base].snapshot(kind)?.table.id(row).to_owned())
}

/// What a part of the key of a list's entries refers to.
fn key_kind(system: &SystemView, of: Kind, facet: &FacetDiff, part: usize) -> Option<Kind> {
    let schema = &system.mapping.kind(of)?.schema;
    match &schema.def(schema.find(&facet.path)?).form {
        Form::List(list) => list.key.get(part).copied().flatten(),
        Form::Text => None,
    }
}
