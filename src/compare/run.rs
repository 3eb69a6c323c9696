//! The comparison itself: links, then states, then differences, then lint.

use std::sync::Arc;

use rayon::prelude::*;

use super::judge::standing;
use super::lane::facts::{Earlier, refs_alike};
use super::lane::refs::{Index, Refs, Standing, found_alike};
use super::lint::{Raw, collect, hostile};
use super::pairing::WAIVED;
use super::side::Side;
use super::who::tie::{Identities, identities, tied_alike};
use super::{Compared, Comparison, FacetDiff, Inputs, Pairing, Tally, Verdict, facets};
use crate::model::{Attr, AttrPath, Kind, RecordKey, Row, Table};

/// Compares all systems with the base: who is who, how each stands, what differs, what is faulty.
///
/// The same inputs in any order of rows give the same outcome.
pub fn compare(inputs: Arc<Inputs>) -> Compared {
    run(inputs, None)
}

/// The same, given what an earlier comparison came to: what nothing has changed for is taken over and not worked out again.
/// The outcome is the same as that of [`compare`].
pub fn compare_again(inputs: Arc<Inputs>, before: &Compared) -> Compared {
    run(inputs, Some(before))
}

fn run(inputs: Arc<Inputs>, before: Option<&Compared>) -> Compared {
    let tied: Vec<Arc<Identities>> = Kind::ALL
        .into_iter()
        .map(|kind| match before {
            Some(before) if tied_alike(&before.inputs, &inputs, kind) => Arc::clone(&before.kind(kind).tied),
            _ => Arc::new(identities(&inputs, kind)),
        })
        .collect();
    let systems = 0..inputs.systems.len();
    // How a person stands does not hang on what differs, and what differs hangs on how those referred to stand.
    let standings: Vec<Vec<Arc<Vec<Pairing>>>> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let stand = |system| {
                if Some(system) == inputs.base() {
                    Vec::new()
                } else {
                    standing(&inputs, kind, &tied[kind.index()], system)
                }
            };
            systems.clone().map(stand).map(Arc::new).collect()
        })
        .collect();
    // What is found by the same keys in the same records is found in what was made of them.
    let indexes: Vec<Vec<Arc<Index>>> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let of = |system: usize| {
                let before = before.filter(|before| {
                    Arc::ptr_eq(&before.kind(kind).tied, &tied[kind.index()])
                        && found_alike(&before.inputs, &inputs, system, kind)
                });
                before.and_then(|before| before.kind(kind).index.get(system).cloned()).unwrap_or_default()
            };
            systems.clone().map(of).collect()
        })
        .collect();
    // Where a target's references led before, they lead now, if all that is referred to stands as it did.
    let earlier: Vec<Option<Earlier<'_>>> = systems
        .clone()
        .map(|system| {
            let compared = before?;
            let stood = Kind::ALL.into_iter().all(|kind| {
                let then = compared.kind(kind);
                Arc::ptr_eq(&then.tied, &tied[kind.index()])
                    && then.standing.get(system) == Some(&standings[kind.index()][system])
            });
            Some(Earlier { compared, refs: stood && refs_alike(&compared.inputs, &inputs, system) })
        })
        .collect();
    let mut raw: Vec<Raw> = Vec::new();
    let mut sides: Vec<Vec<Side>> = Vec::with_capacity(4);
    for kind in Kind::ALL {
        let of_kind: Vec<(Side, Vec<Raw>)> = systems
            .clone()
            .into_par_iter()
            .map(|system| {
                if Some(system) == inputs.base() {
                    return (Side { words: 1, ..Side::default() }, Vec::new());
                }
                let refs = Refs::new(&inputs, system, |kind| Standing {
                    of: &tied[kind.index()].of[system],
                    pairings: &standings[kind.index()][system],
                    identity: &tied[kind.index()].identity[system],
                    index: Arc::clone(&indexes[kind.index()][system]),
                });
                let standing = &standings[kind.index()][system];
                Side::new(&inputs, (kind, system), &tied[kind.index()], standing, &refs, earlier[system])
            })
            .collect();
        let (of_kind, faults): (Vec<Side>, Vec<Vec<Raw>>) = of_kind.into_iter().unzip();
        raw.extend(faults.into_iter().flatten());
        sides.push(of_kind);
    }
    let mut kinds: Vec<Comparison> = Vec::with_capacity(4);
    let parts = Kind::ALL.into_iter().zip(tied).zip(sides).zip(standings).zip(indexes);
    for ((((kind, tied), sides), standing), index) in parts {
        let mut comparison = Comparison {
            len: tied.len,
            index,
            standing,
            tallies: vec![Tally::default(); inputs.systems.len()],
            hostile: hostile_texts(&inputs, kind, before),
            ..Comparison::empty(kind)
        };
        for (mut side, rung) in sides.into_iter().zip(&tied.rung) {
            for (flags, rung) in side.flags.iter_mut().zip(rung) {
                *flags |= rung << 3;
            }
            comparison.pairings.push(side.pairings);
            comparison.flags.push(side.flags);
            comparison.bits.push(side.bits);
            comparison.words.push(side.words);
            comparison.compares.push(side.compares);
            comparison.facts.push(Arc::new(side.facts));
        }
        comparison.tied = tied;
        kinds.push(comparison);
    }
    let lints = collect(&inputs, &mut kinds, raw);
    let mut kinds = kinds.into_iter().map(Arc::new);
    let mut next = |kind: Kind| kinds.next().unwrap_or_else(|| Arc::new(Comparison::empty(kind)));
    let kinds = Kind::ALL.map(&mut next);
    let mut compared = Compared { inputs, kinds, lints: lints.into() };
    waive(&mut compared);
    for comparison in &mut compared.kinds {
        tally(Arc::make_mut(comparison));
    }
    compared
}

/// Per system, where the texts of a kind could hurt a terminal; looked for only in what has not been looked through before.
fn hostile_texts(inputs: &Inputs, kind: Kind, before: Option<&Compared>) -> Vec<Arc<[(Attr, Row)]>> {
    let table = |inputs: &Inputs, system: usize| {
        let view = inputs.systems.get(system)?;
        view.mapping.kind(kind)?;
        Some(view.snapshot(kind)?.table.clone())
    };
    let known = |system: usize, now: &Table| {
        let before = before?;
        let then = table(&before.inputs, system)?;
        then.same_records(now).then(|| before.kind(kind).hostile.get(system).cloned())?
    };
    let of = |system: usize| {
        let Some(now) = table(inputs, system) else { return Arc::default() };
        known(system, &now).unwrap_or_else(|| hostile(&now).into())
    };
    (0..inputs.systems.len()).map(of).collect()
}

/// The differences of these records that are adopted, facet by facet.
fn adopted(compared: &Compared) -> Vec<(usize, Kind, u32, Vec<FacetDiff>)> {
    let inputs = &compared.inputs;
    let mut targets: Vec<&RecordKey> = inputs.waivers.iter().map(|waiver| &waiver.target).collect();
    targets.sort_unstable();
    targets.dedup();
    let mut found = Vec::new();
    for key in targets {
        let Some(system) = inputs.index(&key.system) else { continue };
        let Some(snapshot) = inputs.systems[system].snapshot(key.kind) else { continue };
        let Some(row) = snapshot.table.find(&key.id) else { continue };
        let Some(identity) = compared.kind(key.kind).identity_of(system, row) else { continue };
        found.push((system, key.kind, identity, facets(compared, key.kind, identity, system)));
    }
    found
}

/// Differences that the operator adopted do not count while both sides stay as they are.
fn waive(compared: &mut Compared) {
    for (system, kind, identity, facets) in adopted(compared) {
        let any = |path: &AttrPath, is: &dyn Fn(Verdict) -> bool| {
            facets.iter().any(|facet| facet.path == *path && is(facet.verdict))
        };
        let has = |path: &AttrPath, verdict: Verdict| any(path, &|of| of == verdict);
        // Nobody else has it yet, so nothing is copied.
        let comparison = Arc::make_mut(&mut compared.kinds[kind.index()]);
        let words = comparison.words[system];
        let bits = &mut comparison.bits[system][identity as usize * words..][..words];
        let pairing = &mut comparison.pairings[system][identity as usize];
        let mut some = false;
        for (number, compares) in comparison.compares[system].iter().enumerate() {
            // A list counts until the last of its entries is adopted.
            if has(&compares.path, Verdict::Waived) && pairing.counts() {
                some = true;
                if !any(&compares.path, &Verdict::counts) {
                    bits[number / 64] &= !(1 << (number % 64));
                }
            }
        }
        // Who is extra has nothing to be compared with: it is the account itself that was adopted.
        let active = AttrPath::new("active");
        let account = matches!(pairing, Pairing::Extra | Pairing::Leaver | Pairing::Leaving);
        some |= account && has(&active, Verdict::Waived);
        let left = bits.iter().any(|word| *word != 0);
        if some {
            comparison.flags[system][identity as usize] |= WAIVED;
            if (*pairing == Pairing::Differs && !left) || (account && has(&active, Verdict::Waived)) {
                *pairing = Pairing::Same;
                bits.fill(0);
            }
        }
    }
}

fn tally(comparison: &mut Comparison) {
    let of = |pairings: &Vec<Pairing>| {
        let mut tally = Tally::default();
        for pairing in pairings {
            match pairing {
                Pairing::None | Pairing::Shown => {}
                Pairing::Same => tally.same += 1,
                Pairing::Differs => tally.differs += 1,
                Pairing::Missing => tally.missing += 1,
                Pairing::Extra => tally.extra += 1,
                Pairing::Leaver => tally.leaver += 1,
                Pairing::Leaving => tally.leaving += 1,
                Pairing::Undecided => tally.undecided += 1,
            }
        }
        tally
    };
    comparison.tallies = comparison.pairings.iter().map(of).collect();
    let pairings = &comparison.pairings;
    let out = |at: &usize| pairings.iter().any(|of| of.get(*at).is_some_and(|pairing| pairing.counts()));
    comparison.out = (0..comparison.len as usize).into_par_iter().filter(out).count() as u32;
}
