//! The comparison itself: links, then states, then differences, then lint.

use std::sync::Arc;

use rayon::prelude::*;

use super::column::Texts;
use super::decision::adopted;
use super::entries::ListLane;
use super::facts::{Earlier, Facts, Sides, carried, refs_alike};
use super::judge::standing;
use super::lane::Lane;
use super::lint::{Raw, RawKind, collect, hostile};
use super::refs::{Found, Index, Refs, Standing, found_alike};
use super::served::{compares, composition, lanes};
use super::state::{Compares, NO_ROW, Tally};
use super::tie::{Identities, identities, tied_alike};
use super::{Compared, Comparison, Inputs, Pairing, Verdict};
use crate::mapping::{Access, MapRow, Policy};
use crate::model::{Attr, AttrPath, CHUNK_ROWS, Form, Kind, Row, Table};

/// In a row's flags: there is lint about it.
pub(super) const LINT: u8 = 1;
/// In a row's flags: a difference was waived.
pub(super) const WAIVED: u8 = 2;
/// In a row's flags: something was not read.
pub(super) const UNREAD: u8 = 4;

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

/// One target's columns of a comparison.
#[derive(Default)]
struct Side {
    pairings: Vec<Pairing>,
    flags: Vec<u8>,
    bits: Vec<u64>,
    words: usize,
    compares: Vec<Compares>,
    facts: Facts,
}

impl Side {
    fn new(
        inputs: &Inputs,
        (kind, system): (Kind, usize),
        tied: &Identities,
        standing: &[Pairing],
        refs: &Refs<'_>,
        earlier: Option<Earlier<'_>>,
    ) -> (Self, Vec<Raw>) {
        let compares = compares(inputs, kind, system);
        let words = compares.len().div_ceil(64).max(1);
        let len = tied.len as usize;
        let table = |system: usize| inputs.systems[system].snapshot(kind).map(|snapshot| &snapshot.table);
        let base = inputs.base().and_then(table);
        let tables = base.zip(table(system));
        // Only rows of the source can be linked; the others have nothing to be compared with.
        let base_len = base.map_or(0, Table::len).min(len);
        let mapping = &inputs.systems[system].mapping;
        let rows: Vec<Option<&MapRow>> = compares.iter().map(|compares| mapping.row(kind, &compares.path)).collect();
        let policies: Vec<Policy> = rows.iter().map(|row| row.map_or(Policy::Force, |row| row.policy)).collect();
        // What is only read there stands in the way of nothing.
        let written: Vec<bool> = rows.iter().map(|row| row.is_none_or(|row| row.access != Access::ReadOnly)).collect();
        let wants = mandatory(inputs, kind, system, &compares);
        let of = &tied.of[system][..base_len];
        let sides = Sides { kind, system, compares: &compares, policies: &policies, of, words };
        let mut over = earlier.map_or_else(|| vec![None; compares.len()], |earlier| carried(earlier, inputs, &sides));
        for need in &wants {
            if let Need::List(number) = need {
                over[*number] = None;
            }
        }
        let lanes = lanes(inputs, kind, system, &compares, &over, refs);
        let before = earlier.and_then(|earlier| {
            let then = earlier.compared.kind(kind);
            Some((&**then.facts.get(system)?, *then.words.get(system)?))
        });
        let facts = Facts::new(tables, &sides, &lanes, (&over, before), len);
        let mut side = Self {
            pairings: standing.to_vec(),
            flags: vec![0; len],
            bits: facts.differ.clone(),
            words,
            facts,
            compares,
        };
        let reference = mapping.kind(kind).is_some_and(|map| map.reference);
        let active = side.compares.iter().position(|compares| compares.path == AttrPath::new("active"));
        let facts = &side.facts;
        let found: Vec<Vec<Raw>> = side.pairings[..base_len]
            .par_chunks_mut(CHUNK_ROWS)
            .zip(side.flags[..base_len].par_chunks_mut(CHUNK_ROWS))
            .zip(side.bits[..base_len * words].par_chunks_mut(CHUNK_ROWS * words))
            .enumerate()
            .map(|(chunk, ((pairings, flags), bits))| {
                let start = chunk * CHUNK_ROWS;
                let targets = &of[start..start + pairings.len()];
                let mut raw = Vec::new();
                let mut tell = |at: usize, what: RawKind| {
                    raw.push(Raw { kind, system, identity: (start + at) as u32, what });
                };
                for (flags, unread) in flags.iter_mut().zip(facts.unread[start * words..].chunks(words)) {
                    if unread.iter().any(|word| *word != 0) {
                        *flags |= UNREAD;
                    }
                }
                for (number, row) in facts.nowhere.get(chunk).into_iter().flatten() {
                    let at = *row as usize - start;
                    if pairings[at] == Pairing::Differs && written[usize::from(*number)] {
                        tell(at, RawKind::Text { number: usize::from(*number) });
                    }
                }
                for (number, lane) in lanes.iter().enumerate() {
                    if let Some(Lane::List(list)) = lane
                        && list.some_lost()
                    {
                        lost_entries(list, number, start, pairings, targets, &mut tell);
                    }
                }
                for (at, pairing) in pairings.iter_mut().enumerate() {
                    if *pairing == Pairing::Missing {
                        for (which, need) in wants.iter().enumerate() {
                            if need.lacks((start + at) as u32, &lanes) {
                                tell(at, RawKind::Mandatory { which });
                            }
                        }
                    }
                    let bits = &mut bits[at * words..(at + 1) * words];
                    if *pairing == Pairing::Differs {
                        let any = bits.iter().any(|word| *word != 0);
                        *pairing = match (any, reference) {
                            (false, _) => Pairing::Same,
                            (true, true) => Pairing::Shown,
                            (true, false) => Pairing::Differs,
                        };
                    }
                    keep(*pairing, bits, active);
                }
                raw
            })
            .collect();
        (side, found.into_iter().flatten().collect())
    }
}

/// Entries of a list that lead nowhere, of those to whom a write would be made. The target's are told only where none of
/// the source's is: it may be the same product that nobody can see.
fn lost_entries(
    list: &ListLane<'_>,
    number: usize,
    start: usize,
    pairings: &[Pairing],
    targets: &[u32],
    tell: &mut impl FnMut(usize, RawKind),
) {
    for (at, pairing) in pairings.iter().enumerate() {
        if !matches!(pairing, Pairing::Differs | Pairing::Missing) {
            continue;
        }
        let mut key_lost = false;
        list.lost(Row((start + at) as u32), |entry, found, value| {
            key_lost |= !value;
            if matches!(found, Found::Nowhere | Found::Doubt) {
                tell(at, RawKind::Entry { number, entry, value, doubt: found == Found::Doubt });
            }
        });
        if targets[at] != NO_ROW && !key_lost {
            list.lost_there(Row(targets[at]), |entry| tell(at, RawKind::There { number, entry }));
        }
    }
}

/// Where the source's value of a mandatory attribute is.
enum Need<'a> {
    Nowhere,
    Text(Vec<Texts<'a>>),
    List(usize),
}

impl Need<'_> {
    fn lacks(&self, row: u32, lanes: &[Option<Lane<'_>>]) -> bool {
        match self {
            Self::Nowhere => true,
            // Not read is not lacking.
            Self::Text(texts) => texts.iter().all(|texts| texts.get(row).is_some_and(|text| text.trim().is_empty())),
            Self::List(number) => match &lanes[*number] {
                Some(Lane::List(list)) => !list.usable(Row(row)),
                _ => true,
            },
        }
    }
}

/// Where the source has what the target demands of a new record.
fn mandatory<'a>(inputs: &'a Inputs, kind: Kind, system: usize, compares: &[Compares]) -> Vec<Need<'a>> {
    let (Some(map), Some(base)) = (inputs.systems[system].mapping.kind(kind), inputs.base()) else { return Vec::new() };
    let Some(table) = inputs.systems[base].snapshot(kind).map(|snapshot| &snapshot.table) else { return Vec::new() };
    let need = |path: &AttrPath| {
        let own = table.schema().find(path).filter(|attr| table.schema().def(*attr).form == Form::Text);
        let parts = composition(&inputs.systems[system].mapping, kind, path, table);
        let texts: Vec<Texts<'a>> = own.into_iter().chain(parts).filter_map(|attr| Texts::new(table, attr)).collect();
        let list = compares
            .iter()
            .position(|compares| compares.path == *path && table.schema().def(compares.source).form != Form::Text);
        match list {
            Some(number) => Need::List(number),
            None if texts.is_empty() => Need::Nowhere,
            None => Need::Text(texts),
        }
    };
    map.mandatory.iter().map(|mandatory| need(&mandatory.attr)).collect()
}

/// Leaves those bits that are a difference of somebody who stands like this.
fn keep(pairing: Pairing, bits: &mut [u64], active: Option<usize>) {
    match pairing {
        Pairing::Differs => {}
        Pairing::Leaver => {
            let on = active.is_some_and(|at| bits[at / 64] >> (at % 64) & 1 == 1);
            bits.fill(0);
            if let Some(at) = active.filter(|_| on) {
                bits[at / 64] |= 1 << (at % 64);
            }
        }
        _ => bits.fill(0),
    }
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
}
