//! The ladder of rungs between two tables.
//!
//! Rows come in any order and nothing here depends on it. What the operator decided comes before any key.

use std::collections::HashSet;

use super::keys::{Columns, Step, table};
use super::rung::{Pairs, Reach, climb};
use crate::compare::column::{NO_KEY, UNREAD_KEY};
use crate::compare::pairing::NO_ROW;
use crate::compare::{Inputs, LinkVerdict};
use crate::model::{Attr, Kind};

/// Decisions between two systems, as rows.
#[derive(Default)]
pub(in crate::compare) struct Decisions {
    pub(in crate::compare) same: Vec<(u32, u32)>,
    pub(in crate::compare) apart: HashSet<(u32, u32)>,
}

pub(in crate::compare) fn decisions(inputs: &Inputs, kind: Kind, base: usize, target: usize) -> Decisions {
    let (a, b) = (&inputs.systems[base], &inputs.systems[target]);
    let (Some(from), Some(to)) = (table(a, kind), table(b, kind)) else { return Decisions::default() };
    let mut links: Vec<_> = inputs.links.iter().filter(|link| link.a.kind == kind && link.b.kind == kind).collect();
    // The newest decision counts; ids make the order whole.
    links.sort_by(|x, y| y.since.cmp(&x.since).then_with(|| (&x.a, &x.b).cmp(&(&y.a, &y.b))));
    let mut found = Decisions::default();
    let mut decided = HashSet::new();
    for link in links {
        let (one, two) = if link.a.system == a.id && link.b.system == b.id {
            (&link.a, &link.b)
        } else if link.a.system == b.id && link.b.system == a.id {
            (&link.b, &link.a)
        } else {
            continue;
        };
        let (Some(row), Some(there)) = (from.find(&one.id), to.find(&two.id)) else { continue };
        if !decided.insert((row.0, there.0)) {
            continue;
        }
        match link.verdict {
            LinkVerdict::Same => found.same.push((row.0, there.0)),
            LinkVerdict::NotSame => {
                found.apart.insert((row.0, there.0));
            }
        }
    }
    found
}

/// The ladder between two tables. `free` says which rows take part.
pub(in crate::compare) fn ladder(
    sizes: [usize; 2],
    steps: &[Step],
    columns: &Columns<'_>,
    systems: [usize; 2],
    decisions: &Decisions,
    duplicates: &mut impl FnMut(usize, Attr, &[u32]),
) -> Pairs {
    let mut pairs = Pairs {
        to: vec![NO_ROW; sizes[0]],
        from: vec![NO_ROW; sizes[1]],
        by: vec![0; sizes[1]],
        doubt: [vec![false; sizes[0]], vec![false; sizes[1]]],
        reach: Reach { keys: !steps.is_empty(), ..Reach::default() },
    };
    for &(base, target) in &decisions.same {
        pairs.link(base, target, 1);
    }
    for (number, step) in steps.iter().enumerate() {
        let pair = [columns.get(systems[0], step.base, step.fold), columns.get(systems[1], step.target, step.fold)];
        climb((*step, number > 0), pair, &mut pairs, &decisions.apart, &mut |side, rows| {
            duplicates(side, if side == 0 { step.base } else { step.target }, rows);
        });
    }
    for (side, system) in systems.into_iter().enumerate() {
        let keys: Vec<&[u32]> = steps
            .iter()
            .map(|step| &*columns.get(system, if side == 0 { step.base } else { step.target }, step.fold).hashes)
            .collect();
        let mut blind = false;
        for row in 0..sizes[side] {
            if pairs.linked(side, row as u32) {
                pairs.doubt[side][row] = false;
                continue;
            }
            let unread = keys.iter().any(|hashes| hashes[row] == UNREAD_KEY);
            blind |= unread;
            // Nobody can say who has no key, or one that was not read.
            if unread || !keys.is_empty() && keys.iter().all(|hashes| hashes[row] == NO_KEY) {
                pairs.doubt[side][row] = true;
            }
        }
        match side {
            0 => pairs.reach.base_blind = blind,
            _ => pairs.reach.target_blind = blind,
        }
    }
    pairs
}
