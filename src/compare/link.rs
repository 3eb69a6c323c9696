//! Who is who: the ladder of rungs between two tables, and the identities that come of it.
//!
//! Rows come in any order and nothing here depends on it. A hash only proposes; texts decide.

use std::collections::{HashMap, HashSet};

use super::column::{NO_KEY, Texts, UNREAD_KEY};
use super::rung::climb;
use super::state::NO_ROW;
use super::{Inputs, LinkVerdict, Rung, SystemView};
use crate::mapping::KindMap;
use crate::model::{Attr, AttrDef, AttrPath, Fold, Form, Kind, Table};

/// What the keys between the base and one target are good for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    /// Both sides have a key in common.
    pub(super) keys: bool,
    /// A record of the base that is not linked has a key that was not read: it could be any of the target's.
    pub(super) base_blind: bool,
    /// The same the other way round.
    pub(super) target_blind: bool,
}

/// The paths by which a kind is linked, in order.
pub(super) fn key_paths(map: &KindMap) -> Vec<AttrPath> {
    let mut keys: Vec<(u8, &AttrPath)> =
        map.rows.iter().filter_map(|row| row.key.map(|key| (key, &row.attr))).collect();
    keys.sort_by_key(|(key, _)| *key);
    keys.into_iter().map(|(_, path)| path.clone()).collect()
}

/// The text attribute of a path that a table can show.
pub(super) fn readable(table: &Table, path: &AttrPath) -> Option<Attr> {
    let attr = table.schema().find(path)?;
    let def = table.schema().def(attr);
    (def.form == Form::Text && !def.unreadable).then_some(attr)
}

/// How a key is made alike: as the target does, else as the source does; where neither says (an attribute that is not
/// compared), ids are exact and logins are not.
pub(super) fn key_fold(target: &AttrDef, source: Option<&AttrDef>) -> Fold {
    let says = |fold: Fold| (fold != Fold::Never).then_some(fold);
    says(target.fold).or_else(|| source.and_then(|def| says(def.fold))).unwrap_or_else(|| {
        let path = target.path.as_str();
        if path.eq_ignore_ascii_case("id") || path.eq_ignore_ascii_case("externalId") {
            Fold::Exact
        } else {
            Fold::Email
        }
    })
}

/// One key's texts, and how and to what they are folded.
pub(super) struct Column<'t> {
    pub(super) texts: Texts<'t>,
    pub(super) fold: Fold,
    pub(super) hashes: Vec<u32>,
}

/// The folded columns of one kind, each made once.
#[derive(Default)]
pub(super) struct Columns<'t> {
    made: HashMap<(usize, u16, Fold), Column<'t>>,
}

impl<'t> Columns<'t> {
    pub(super) fn make(&mut self, system: usize, table: &'t Table, attr: Attr, fold: Fold) {
        self.made.entry((system, attr.0, fold)).or_insert_with(|| {
            #[expect(clippy::expect_used, reason = "only readable texts are asked for")]
            let texts = Texts::new(table, attr).expect("a readable text");
            let hashes = texts.hashes(fold);
            Column { texts, fold, hashes }
        });
    }

    fn get(&self, system: usize, attr: Attr, fold: Fold) -> &Column<'t> {
        &self.made[&(system, attr.0, fold)]
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) base: Attr,
    pub(super) target: Attr,
    pub(super) fold: Fold,
    pub(super) rung: Rung,
}

pub(super) fn table(view: &SystemView, kind: Kind) -> Option<&Table> {
    view.mapping.kind(kind)?;
    view.snapshot(kind).map(|snapshot| &snapshot.table)
}

/// The rungs between two tables, from the keys of the target's mapping.
pub(super) fn steps(base: &Table, target: &Table, map: &KindMap) -> Vec<Step> {
    key_paths(map)
        .iter()
        .filter_map(|path| {
            let (from, there) = (readable(base, path)?, readable(target, path)?);
            let fold = key_fold(target.schema().def(there), Some(base.schema().def(from)));
            let rung = if fold == Fold::Exact { Rung::Key } else { Rung::Folded };
            Some(Step { base: from, target: there, fold, rung })
        })
        .collect()
}

/// What the ladder came to between a base and a target.
pub(super) struct Pairs {
    /// The target's row per row of the base.
    pub(super) to: Vec<u32>,
    /// The base's row per row of the target.
    pub(super) from: Vec<u32>,
    /// What linked the target's row: 0, or the rung.
    pub(super) by: Vec<u8>,
    pub(super) doubt: [Vec<bool>; 2],
    pub(super) reach: Reach,
}

impl Pairs {
    pub(super) fn link(&mut self, base: u32, target: u32, by: u8) -> bool {
        let free = self.to[base as usize] == NO_ROW && self.from[target as usize] == NO_ROW;
        if free {
            self.to[base as usize] = target;
            self.from[target as usize] = base;
            self.by[target as usize] = by;
        }
        free
    }

    /// How strong the link of a row is: 4 for none.
    pub(super) fn strength(&self, side: usize, row: u32) -> u8 {
        let target = if side == 0 { self.to[row as usize] } else { row };
        match target {
            NO_ROW => 4,
            target => match self.by[target as usize] {
                0 => 4,
                by => by,
            },
        }
    }

    pub(super) fn linked(&self, side: usize, row: u32) -> bool {
        self.strength(side, row) < 4
    }
}

/// Decisions between two systems, as rows.
#[derive(Default)]
pub(super) struct Decisions {
    pub(super) same: Vec<(u32, u32)>,
    pub(super) apart: HashSet<(u32, u32)>,
}

pub(super) fn decisions(inputs: &Inputs, kind: Kind, base: usize, target: usize) -> Decisions {
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
pub(super) fn ladder(
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
