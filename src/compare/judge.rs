//! The twelve cells: how an identity stands in a target, before anything of it is compared.

use rayon::prelude::*;

use super::filter::Bound;
use super::lane::life::{Life, Lives};
use super::pairing::NO_ROW;
use super::who::tie::Identities;
use super::{Inputs, Pairing, SystemView};
use crate::model::filter::Filter;
use crate::model::{CHUNK_ROWS, Kind};

/// A person who is in the source and in the target. `Differs` stands for all who have to be compared.
pub(super) fn both(source: Life, scope: impl FnOnce() -> Option<bool>, target: Life) -> Pairing {
    match (source, target) {
        (Life::Unknown, _) => Pairing::Undecided,
        (Life::Inactive, Life::Inactive) => Pairing::Same,
        (Life::Inactive, Life::Active) => Pairing::Leaver,
        (Life::Inactive, Life::Unknown) => Pairing::Undecided,
        (Life::Active, _) => match (scope(), target) {
            (None, _) => Pairing::Undecided,
            // Whether it is switched on is an attribute like the others: whoever is off there differs.
            (Some(true), _) => Pairing::Differs,
            (Some(false), Life::Active) => Pairing::Leaving,
            (Some(false), Life::Inactive) => Pairing::Same,
            (Some(false), Life::Unknown) => Pairing::Undecided,
        },
    }
}

/// A person who is in the source and (proved) not in the target.
pub(super) fn source_only(source: Life, scope: impl FnOnce() -> Option<bool>) -> Pairing {
    match source {
        Life::Inactive => Pairing::None,
        Life::Unknown => Pairing::Undecided,
        Life::Active => match scope() {
            Some(true) => Pairing::Missing,
            Some(false) => Pairing::None,
            None => Pairing::Undecided,
        },
    }
}

/// An account of which the (proved) source knows nobody.
pub(super) fn target_only(target: Life) -> Pairing {
    match target {
        Life::Active => Pairing::Extra,
        Life::Inactive => Pairing::Same,
        Life::Unknown => Pairing::Undecided,
    }
}

/// A filter's verdict on every row, where there is a filter.
enum Verdicts {
    All,
    Of(Vec<u8>),
}

impl Verdicts {
    fn new(filter: Option<&Filter>, view: &SystemView, kind: Kind) -> Self {
        match filter {
            None => Self::All,
            Some(filter) => Self::Of(Bound::new(filter, view, kind).map(|bound| bound.all()).unwrap_or_default()),
        }
    }

    fn of(&self, row: u32) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Of(verdicts) => match verdicts.get(row as usize) {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
        }
    }
}

/// How every identity stands in one target. `Differs` is said of all who have to be compared; whoever is `Same` already
/// is so whatever the attributes say.
pub(super) fn standing(inputs: &Inputs, kind: Kind, made: &Identities, system: usize) -> Vec<Pairing> {
    let view = &inputs.systems[system];
    let mut pairings = vec![Pairing::None; made.len as usize];
    let Some(map) = view.mapping.kind(kind) else { return pairings };
    let from = inputs.base().map(|base| (base, &inputs.systems[base]));
    let source = from.and_then(|(_, view)| view.mapping.kind(kind).and_then(|_| view.snapshot(kind)));
    let target = view.snapshot(kind);
    let reach = made.reach[system];
    // Absence is known only where all was read and everybody could be recognised.
    let source_proved = source.is_some_and(|snapshot| snapshot.proved()) && reach.keys && !reach.base_blind;
    let target_proved = target.is_some_and(|snapshot| snapshot.proved()) && reach.keys && !reach.target_blind;
    let source_lives = source.map(|snapshot| Lives::new(&snapshot.table));
    let target_lives = target.map(|snapshot| Lives::new(&snapshot.table));
    let scope = from.map_or(Verdicts::All, |(_, from)| Verdicts::new(view.scope.of(kind), from, kind));
    let manage = Verdicts::new(view.manage.of(kind), view, kind);
    let sources: &[u32] = from.map_or(&[], |(base, _)| &made.of[base]);
    let (targets, doubt) = (&made.of[system], &made.doubt[system]);
    pairings.par_chunks_mut(CHUNK_ROWS).enumerate().for_each(|(chunk, out)| {
        for (at, out) in out.iter_mut().enumerate() {
            let at = chunk * CHUNK_ROWS + at;
            let source = sources.get(at).copied().filter(|row| *row != NO_ROW);
            let target = Some(targets[at]).filter(|row| *row != NO_ROW);
            let off = |lives: &Option<Lives<'_>>, row: u32| lives.as_ref().map_or(Life::Unknown, |lives| lives.of(row));
            *out = match (source, target) {
                (None, None) => Pairing::None,
                // Reference data is shown: who lacks it, or has more of it, is not out of true.
                (Some(_), Some(_)) if map.reference => Pairing::Differs,
                (Some(_), None) if map.reference => Pairing::None,
                (None, Some(_)) if map.reference => Pairing::Shown,
                (Some(source), Some(target)) => match manage.of(target) {
                    Some(false) => Pairing::None,
                    None => Pairing::Undecided,
                    Some(true) => both(off(&source_lives, source), || scope.of(source), off(&target_lives, target)),
                },
                (Some(source), None) => match source_only(off(&source_lives, source), || scope.of(source)) {
                    Pairing::None => Pairing::None,
                    _ if doubt[at] => Pairing::Undecided,
                    _ if !target_proved => Pairing::Shown,
                    pairing => pairing,
                },
                (None, Some(target)) => match manage.of(target) {
                    Some(false) => Pairing::None,
                    _ if doubt[at] => Pairing::Undecided,
                    None => Pairing::Undecided,
                    Some(true) if !source_proved => Pairing::Shown,
                    Some(true) => target_only(off(&target_lives, target)),
                },
            };
        }
    });
    pairings
}
