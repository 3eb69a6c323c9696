//! The comparison itself: links, then states, then differences, then lint.

use std::sync::Arc;

use rayon::prelude::*;

use super::column::Texts;
use super::decision::adopted;
use super::entries::ListLane;
use super::judge::standing;
use super::lane::{Alike, Lane};
use super::link::{Identities, identities};
use super::lint::{Raw, RawKind, collect};
use super::refs::{Found, Refs, Standing};
use super::served::{compares, composition, lanes, spared};
use super::state::{Compares, NO_ROW, Tally};
use super::{Compared, Comparison, Inputs, Pairing, Verdict};
use crate::mapping::{Access, Policy};
use crate::model::{AttrPath, CHUNK_ROWS, Form, Kind, Row};

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
    let made: Vec<Identities> = Kind::ALL.into_iter().map(|kind| identities(&inputs, kind)).collect();
    let systems = 0..inputs.systems.len();
    // How a person stands does not hang on what differs, and what differs hangs on how those referred to stand.
    let standings: Vec<Vec<Vec<Pairing>>> = Kind::ALL
        .into_iter()
        .map(|kind| {
            systems
                .clone()
                .map(|system| {
                    if Some(system) == inputs.base() {
                        Vec::new()
                    } else {
                        standing(&inputs, kind, &made[kind.index()], system)
                    }
                })
                .collect()
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
                    of: &made[kind.index()].of[system],
                    pairings: &standings[kind.index()][system],
                    identity: &made[kind.index()].identity[system],
                });
                Side::new(&inputs, kind, system, &made[kind.index()], &standings[kind.index()][system], &refs)
            })
            .collect();
        let (of_kind, faults): (Vec<Side>, Vec<Vec<Raw>>) = of_kind.into_iter().unzip();
        raw.extend(faults.into_iter().flatten());
        sides.push(of_kind);
    }
    drop(standings);
    let mut made = made;
    let duplicates: Vec<_> = made.iter_mut().map(|made| std::mem::take(&mut made.duplicates)).collect();
    let mut kinds: Vec<Comparison> = Vec::with_capacity(4);
    for ((kind, made), sides) in Kind::ALL.into_iter().zip(made).zip(sides) {
        let mut comparison = Comparison {
            kind,
            len: made.len,
            of: made.of,
            identity: made.identity,
            pairings: Vec::new(),
            flags: Vec::new(),
            bits: Vec::new(),
            words: Vec::new(),
            compares: Vec::new(),
            tallies: vec![Tally::default(); inputs.systems.len()],
        };
        for (mut side, rung) in sides.into_iter().zip(made.rung) {
            for (flags, rung) in side.flags.iter_mut().zip(rung) {
                *flags |= rung << 3;
            }
            comparison.pairings.push(side.pairings);
            comparison.flags.push(side.flags);
            comparison.bits.push(side.bits);
            comparison.words.push(side.words);
            comparison.compares.push(side.compares);
        }
        kinds.push(comparison);
    }
    let lints = collect(&inputs, &mut kinds, raw, duplicates);
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

/// One target's columns of a comparison.
#[derive(Default)]
struct Side {
    pairings: Vec<Pairing>,
    flags: Vec<u8>,
    bits: Vec<u64>,
    words: usize,
    compares: Vec<Compares>,
}

impl Side {
    fn new(
        inputs: &Inputs,
        kind: Kind,
        system: usize,
        made: &Identities,
        standing: &[Pairing],
        refs: &Refs<'_>,
    ) -> (Self, Vec<Raw>) {
        let compares = compares(inputs, kind, system);
        let words = compares.len().div_ceil(64).max(1);
        let lanes = lanes(inputs, kind, system, &compares, refs);
        let len = made.len as usize;
        let mut side =
            Self { pairings: standing.to_vec(), flags: vec![0; len], bits: vec![0; len * words], words, compares };
        let of = &made.of[system];
        let base_len = inputs
            .base()
            .and_then(|base| inputs.systems[base].snapshot(kind))
            .map_or(0, |snapshot| snapshot.table.len());
        let base_len = base_len.min(len);
        let reference = inputs.systems[system].mapping.kind(kind).is_some_and(|map| map.reference);
        let active = side.compares.iter().position(|compares| compares.path == AttrPath::new("active"));
        let wants = mandatory(inputs, kind, system, &side.compares);
        let mapping = &inputs.systems[system].mapping;
        let policies: Vec<Policy> = side
            .compares
            .iter()
            .map(|compares| mapping.row(kind, &compares.path).map_or(Policy::Force, |row| row.policy))
            .collect();
        // What is only read there stands in the way of nothing.
        let written: Vec<bool> = side
            .compares
            .iter()
            .map(|compares| mapping.row(kind, &compares.path).is_none_or(|row| row.access != Access::ReadOnly))
            .collect();
        let table = |system: usize| inputs.systems[system].snapshot(kind).map(|snapshot| &snapshot.table);
        let tables = inputs.base().and_then(|base| Some((table(base)?, table(system)?)));
        let side_compares = &side.compares;
        // Only rows of the source can be linked; the others have nothing to be compared with.
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
                for (number, lane) in lanes.iter().enumerate() {
                    let Some(lane) = lane else { continue };
                    let leave = |at: usize| {
                        policies[number] != Policy::Force
                            && tables.is_some_and(|(ours, theirs)| {
                                let source = (ours, Row((start + at) as u32));
                                spared(policies[number], &side_compares[number], source, (theirs, Row(targets[at])))
                            })
                    };
                    lane.chunk(chunk, targets, |at, alike| match alike {
                        Alike::No if leave(at) => {}
                        Alike::No => bits[at * words + number / 64] |= 1 << (number % 64),
                        Alike::Unread => flags[at] |= UNREAD,
                        Alike::Nowhere
                            if pairings[at] == Pairing::Differs
                                && written[number]
                                && !matches!(lane, Lane::List(_)) =>
                        {
                            tell(at, RawKind::Text { number });
                        }
                        Alike::Yes | Alike::Aside | Alike::Nowhere => {}
                    });
                    if let Lane::List(list) = lane
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
        let has = |path: &AttrPath, verdict: Verdict| {
            facets.iter().any(|facet| facet.path == *path && facet.verdict == verdict)
        };
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
                if !has(&compares.path, Verdict::Differs) {
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
