//! Links by decision of which a key says otherwise.

use std::collections::HashMap;

use super::keys::{steps, table};
use super::ladder::decisions;
use crate::compare::{Inputs, label};
use crate::model::fold::fold;
use crate::model::{AttrPath, Cell, Kind, Row};

/// A link by decision of which a key says otherwise.
pub(in crate::compare) struct Contradicted {
    pub(in crate::compare) system: usize,
    pub(in crate::compare) kind: Kind,
    /// The target's record.
    pub(in crate::compare) row: Row,
    /// The key.
    pub(in crate::compare) path: AttrPath,
    /// What operators call the record that has the source's key.
    pub(in crate::compare) other: String,
}

/// Kept links whose keys now point elsewhere: the source's key is not the linked record's, and another record has it.
pub(in crate::compare) fn contradicted(inputs: &Inputs) -> Vec<Contradicted> {
    let Some(base) = inputs.base().filter(|_| !inputs.links.is_empty()) else { return Vec::new() };
    let mut found = Vec::new();
    for kind in Kind::ALL {
        for system in (0..inputs.systems.len()).filter(|system| *system != base) {
            let view = &inputs.systems[system];
            let (Some(from), Some(to), Some(map)) =
                (table(&inputs.systems[base], kind), table(view, kind), view.mapping.kind(kind))
            else {
                continue;
            };
            let same = decisions(inputs, kind, base, system).same;
            if same.is_empty() {
                continue;
            }
            for step in steps(from, to, map) {
                // The keys of links whose own record has another one: whose are they?
                let mut wanted: HashMap<String, u32> = HashMap::new();
                for &(ours, theirs) in &same {
                    if let (Cell::Value(a), Cell::Value(b)) =
                        (from.cell(Row(ours), step.base), to.cell(Row(theirs), step.target))
                        && !crate::model::fold::same(a, b, step.fold)
                    {
                        wanted.insert(fold(a, step.fold).into_owned(), theirs);
                    }
                }
                if wanted.is_empty() {
                    continue;
                }
                for row in to.rows() {
                    if let Cell::Value(text) = to.cell(row, step.target)
                        && let Some(theirs) = wanted.remove(&*fold(text, step.fold))
                    {
                        let path = to.schema().def(step.target).path.clone();
                        let other = label(to, row).to_owned();
                        found.push(Contradicted { system, kind, row: Row(theirs), path, other });
                    }
                }
            }
        }
    }
    found
}
