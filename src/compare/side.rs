//! One target's side of a comparison: how everybody stands in it once their attributes were compared.

use rayon::prelude::*;

use super::column::Texts;
use super::lane::Lane;
use super::lane::entries::ListLane;
use super::lane::facts::{Earlier, Facts, Sides, carried};
use super::lane::refs::{Found, Refs};
use super::lane::served::{compares, composition, lanes};
use super::lint::{Raw, RawKind};
use super::pairing::{NO_ROW, UNREAD};
use super::who::tie::Identities;
use super::{Compares, Inputs, Pairing};
use crate::mapping::{Access, MapRow, Policy};
use crate::model::{AttrPath, CHUNK_ROWS, Form, Kind, Row, Table};

/// One target's columns of a comparison.
#[derive(Default)]
pub(super) struct Side {
    pub(super) pairings: Vec<Pairing>,
    pub(super) flags: Vec<u8>,
    pub(super) bits: Vec<u64>,
    pub(super) words: usize,
    pub(super) compares: Vec<Compares>,
    pub(super) facts: Facts,
}

impl Side {
    pub(super) fn new(
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
