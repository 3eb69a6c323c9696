//! References: which record of the target a source's text means, and which one the target's own text means.

use std::sync::{Arc, OnceLock};

use hashbrown::HashTable;

use crate::compare::column::{NO_KEY, Texts, hash, spread};
use crate::compare::pairing::NO_ROW;
use crate::compare::who::keys::{key_fold, key_paths, readable};
use crate::compare::{Inputs, Pairing};
use crate::mapping::KindMap;
use crate::model::fold::same;
use crate::model::{Attr, AttrPath, Cell, Fold, Kind, Row, Snapshot, Table};

/// What a reference comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::compare) enum Found {
    /// This record of the target.
    There(Kind, Row),
    /// A record that should be there and is not yet: it has to be created first.
    Pending,
    /// A record that need not be there, or that is not ours to judge.
    Aside,
    /// Several candidates.
    Doubt,
    /// Nothing, and that is known.
    Nowhere,
    /// Not known: what would have to be looked through was not read completely.
    Unknown,
    /// The target has no records of the kind: the text stands for itself.
    Text,
}

/// How the records of one kind stand in one target.
pub(in crate::compare) struct KindRefs<'a> {
    kind: Kind,
    source: Option<&'a Snapshot>,
    target: Option<&'a Snapshot>,
    map: Option<&'a KindMap>,
    of: &'a [u32],
    pairings: &'a [Pairing],
    /// Identity by row of the target.
    identity: &'a [u32],
    base_len: u32,
    index: Arc<Index>,
}

/// How references into one target resolve.
pub(in crate::compare) struct Refs<'a> {
    kinds: Vec<KindRefs<'a>>,
}

/// Records by key, for references that are not by id: what is made of a whole table is made once, when it is first asked for,
/// and kept with the comparison.
#[derive(Debug, Default)]
pub(in crate::compare) struct Index {
    source: OnceLock<Keys>,
    target: OnceLock<Keys>,
}

/// The keys of one table, in order.
#[derive(Debug)]
struct Keys(Vec<Key>);

/// One key: how its texts are folded, and hash and row of all that have one.
#[derive(Debug)]
struct Key {
    attr: Attr,
    fold: Fold,
    rows: HashTable<(u32, u32)>,
}

/// The keys by which somebody names records of a table by hand.
fn by_hand<'p>(table: &'p Table, paths: &'p [AttrPath]) -> impl Iterator<Item = (Attr, Fold)> + 'p {
    paths.iter().filter_map(|path| {
        let attr = readable(table, path)?;
        // Who names a record by hand does not mind its case; where that makes two of one, nobody can say.
        let fold = match key_fold(table.schema().def(attr), None) {
            Fold::Exact | Fold::Name => Fold::Caseless,
            fold => fold,
        };
        Some((attr, fold))
    })
}

impl Keys {
    fn new(table: &Table, paths: &[AttrPath]) -> Self {
        let keys = by_hand(table, paths).filter_map(|(attr, fold)| {
            let texts = Texts::new(table, attr)?;
            // One after the other: whoever waits for this index must not be given a part of making it, as the cores
            // that share a job would do.
            let mut scratch = String::new();
            let mut rows = HashTable::with_capacity(table.len());
            for row in 0..table.len() as u32 {
                let hash = texts.get(row).map_or(NO_KEY, |text| hash(text, fold, &mut scratch));
                if hash != NO_KEY {
                    rows.insert_unique(spread(hash), (hash, row), |entry| spread(entry.0));
                }
            }
            Some(Key { attr, fold, rows })
        });
        Self(keys.collect())
    }

    /// The row whose key this is; `Err` where several have it.
    fn find(&self, table: &Table, text: &str) -> Result<Option<u32>, ()> {
        let mut scratch = String::new();
        for Key { attr, fold, rows } in &self.0 {
            let hash = hash(text, *fold, &mut scratch);
            let has = |row: u32| matches!(table.cell(Row(row), *attr), Cell::Value(have) if same(have, text, *fold));
            let mut rows = rows.iter_hash(spread(hash)).filter(|(have, row)| *have == hash && has(*row));
            match (rows.next(), rows.next()) {
                (Some((_, row)), None) => return Ok(Some(*row)),
                (Some(_), Some(_)) => return Err(()),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// Whether the records of a kind are found by the same keys as before, so that what was made of them is still good.
pub(in crate::compare) fn found_alike(before: &Inputs, now: &Inputs, system: usize, kind: Kind) -> bool {
    let keys = |inputs: &Inputs| -> Vec<(usize, Attr, Fold)> {
        let Some(map) = inputs.systems[system].mapping.kind(kind) else { return Vec::new() };
        let paths = key_paths(map);
        let sides = inputs.base().into_iter().chain([system]);
        let tables = sides.filter_map(|side| Some((side, &inputs.systems[side].snapshot(kind)?.table)));
        tables
            .flat_map(|(side, table)| {
                by_hand(table, &paths).map(move |(attr, fold)| (side, attr, fold)).collect::<Vec<_>>()
            })
            .collect()
    };
    keys(before) == keys(now)
}

/// What [`Refs`] is made of, per kind.
pub(in crate::compare) struct Standing<'a> {
    pub(in crate::compare) of: &'a [u32],
    pub(in crate::compare) pairings: &'a [Pairing],
    /// Identity by row of the target.
    pub(in crate::compare) identity: &'a [u32],
    pub(in crate::compare) index: Arc<Index>,
}

impl<'a> Refs<'a> {
    /// The references into one target, while it is being compared (`standing`) or later.
    pub(in crate::compare) fn new(inputs: &'a Inputs, system: usize, standing: impl Fn(Kind) -> Standing<'a>) -> Self {
        let kinds = Kind::ALL
            .into_iter()
            .map(|kind| {
                let from = inputs.base().map(|base| &inputs.systems[base]);
                let source = from.and_then(|view| view.snapshot(kind)).map(|snapshot| &**snapshot);
                let view = &inputs.systems[system];
                let Standing { of, pairings, identity, index } = standing(kind);
                KindRefs {
                    kind,
                    source,
                    target: view.snapshot(kind).map(|snapshot| &**snapshot),
                    map: view.mapping.kind(kind),
                    of,
                    pairings,
                    identity,
                    base_len: source.map_or(0, |snapshot| snapshot.table.len() as u32),
                    index,
                }
            })
            .collect();
        Self { kinds }
    }

    pub(in crate::compare) fn kind(&self, kind: Kind) -> &KindRefs<'a> {
        &self.kinds[kind.index()]
    }

    /// What a text of the source means in the target.
    pub(in crate::compare) fn source(&self, kind: Kind, text: &str) -> Found {
        let found = self.kind(kind).source(text);
        // The members of a group may be groups (RFC 7643 4.2).
        match found {
            Found::Nowhere if kind == Kind::User && self.kind(Kind::Group).source_row(text).is_some() => {
                self.kind(Kind::Group).source(text)
            }
            found => found,
        }
    }

    /// What a text of the target means there.
    pub(in crate::compare) fn target(&self, kind: Kind, text: &str) -> Found {
        let found = self.kind(kind).target(text);
        match found {
            Found::Nowhere if kind == Kind::User => match self.kind(Kind::Group).target(text) {
                there @ (Found::There(..) | Found::Aside) => there,
                _ => found,
            },
            found => found,
        }
    }
}

impl<'a> KindRefs<'a> {
    fn paths(&self) -> Vec<AttrPath> {
        self.map.map(key_paths).unwrap_or_default()
    }

    /// Whether the target's records of the kind are all known.
    pub(in crate::compare) fn proved(&self) -> bool {
        self.target.is_some_and(Snapshot::proved)
    }

    pub(in crate::compare) fn target_snapshot(&self) -> Option<&'a Snapshot> {
        self.target
    }

    pub(in crate::compare) fn source_snapshot(&self) -> Option<&'a Snapshot> {
        self.source
    }

    fn source_row(&self, text: &str) -> Option<u32> {
        self.source?.table.find(text).map(|row| row.0)
    }

    fn source(&self, text: &str) -> Found {
        let mut doubt = false;
        let row = self.source.and_then(|snapshot| {
            self.source_row(text).or_else(|| {
                let keys = self.index.source.get_or_init(|| Keys::new(&snapshot.table, &self.paths()));
                keys.find(&snapshot.table, text).unwrap_or_else(|()| {
                    doubt = true;
                    None
                })
            })
        });
        if let Some(row) = row {
            // The identities of the source come first, in its order.
            return match self.of.get(row as usize) {
                Some(&there) if there != NO_ROW => Found::There(self.kind, Row(there)),
                _ => self.absent(self.pairings.get(row as usize).copied().unwrap_or(Pairing::None)),
            };
        }
        if doubt {
            return Found::Doubt;
        }
        // The source may name what it does not serve: then it is the target's own id or key that is meant.
        match self.target_row(text) {
            Ok(Some(row)) => Found::There(self.kind, Row(row)),
            Err(()) => Found::Doubt,
            Ok(None) if self.map.is_none() => Found::Text,
            Ok(None) if !self.proved() => Found::Unknown,
            Ok(None) if self.source.is_some_and(|snapshot| !snapshot.proved()) => Found::Unknown,
            Ok(None) => Found::Nowhere,
        }
    }

    /// What a record of the source comes to that has none in the target.
    fn absent(&self, pairing: Pairing) -> Found {
        let Some(map) = self.map else { return Found::Text };
        match pairing {
            Pairing::Missing => Found::Pending,
            Pairing::Undecided => Found::Doubt,
            _ if !self.proved() => Found::Unknown,
            Pairing::None if !map.reference => Found::Aside,
            Pairing::Shown => Found::Unknown,
            _ => Found::Nowhere,
        }
    }

    fn target_row(&self, text: &str) -> Result<Option<u32>, ()> {
        let Some(snapshot) = self.target else { return Ok(None) };
        if let Some(row) = snapshot.table.find(text) {
            return Ok(Some(row.0));
        }
        let keys = self.index.target.get_or_init(|| Keys::new(&snapshot.table, &self.paths()));
        keys.find(&snapshot.table, text)
    }

    fn target(&self, text: &str) -> Found {
        let Some(map) = self.map else { return Found::Text };
        match self.target_row(text) {
            Ok(Some(row)) => match self.identity_of(row) {
                // Nobody of the source: is it somebody else's, or could it be one of the source's after all?
                Some(identity) if identity >= self.base_len && !map.reference => {
                    match self.pairings.get(identity as usize) {
                        // An account that is not ours is nobody's to add or take away; in an organisation that is not ours
                        // to judge, people that are ours still have roles.
                        Some(Pairing::None) if self.kind == Kind::User => Found::Aside,
                        Some(Pairing::Undecided) => Found::Aside,
                        _ => Found::There(self.kind, Row(row)),
                    }
                }
                _ => Found::There(self.kind, Row(row)),
            },
            Err(()) => Found::Doubt,
            Ok(None) if self.proved() => Found::Nowhere,
            Ok(None) => Found::Unknown,
        }
    }

    /// Whether a record of the target has this text.
    pub(in crate::compare) fn says(&self, row: Row, path: &AttrPath, text: &str) -> bool {
        let table = self.target.map(|snapshot| &snapshot.table);
        table.is_some_and(|table| {
            table.schema().find(path).is_some_and(|attr| same(table.cell(row, attr).text(), text, Fold::Caseless))
        })
    }

    /// The identity of a row of the target.
    pub(in crate::compare) fn source_of(&self, row: Row) -> Option<u32> {
        self.identity_of(row.0)
    }

    fn identity_of(&self, row: u32) -> Option<u32> {
        self.identity.get(row as usize).copied().filter(|identity| *identity != NO_ROW)
    }
}
