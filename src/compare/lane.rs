//! One attribute of two systems, made comparable: each distinct text is folded or resolved once, then codes are compared.

use std::borrow::Cow;

use hashbrown::HashTable;

use super::column::{NO_KEY, Part, Texts, hash};
use super::entries::ListLane;
use super::judge::{Life, Lives};
use super::refs::{Found, Refs};
use crate::model::fold::same;
use crate::model::{Attr, CHUNK_ROWS, Cell, Dict, Fold, Kind, Row, Table};

/// What comparing one attribute of one pair of records came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alike {
    /// Alike.
    Yes,
    /// Different.
    No,
    /// Not read on one side.
    Unread,
    /// The source's reference leads nowhere: lint.
    Nowhere,
    /// The source's reference is to a record that is not there yet, or need not be.
    Aside,
}

/// The cell was not read.
struct Unread;

/// One attribute of a source and a target.
pub(super) enum Lane<'a> {
    /// Whether the account is on: an absent `active` is not false.
    Active(Lives<'a>, Lives<'a>),
    /// Texts.
    Text(TextLane<'a>),
    /// The source's text is put together where it is empty: `displayName` of given and family name.
    Composed { own: Option<Texts<'a>>, parts: Vec<Texts<'a>>, target: Texts<'a>, fold: Fold },
    /// Texts that are references.
    Refer(Box<ReferLane<'a>>),
    /// Keyed lists.
    List(Box<ListLane<'a>>),
}

/// Texts that are compared by code where they have codes.
pub(super) struct TextLane<'a> {
    source: Texts<'a>,
    target: Texts<'a>,
    codes: [Vec<u32>; 2],
    fold: Fold,
}

/// References that are resolved by code where they have codes.
pub(super) struct ReferLane<'a> {
    source: Texts<'a>,
    target: Texts<'a>,
    kind: Kind,
    found: [Vec<Option<Found>>; 2],
}

/// Codes of two dictionaries that are equal where the folded texts are. Codes that only the target has come after all of
/// the source's.
pub(super) fn join(source: &Dict, target: &Dict, fold: Fold) -> [Vec<u32>; 2] {
    let mut scratch = String::new();
    let mut index: HashTable<u32> = HashTable::with_capacity(source.len() as usize);
    let mut hashes: Vec<u64> = Vec::with_capacity(source.len() as usize);
    let mut ours: Vec<u32> = Vec::with_capacity(source.len() as usize);
    for (code, text) in (0_u32..).zip(source.iter()) {
        let hash = hash(text, fold, &mut scratch);
        hashes.push(hash);
        if hash == NO_KEY {
            ours.push(0);
            continue;
        }
        let found = index.find(hash, |&at| hashes[at as usize] == hash && same(source.get(at), text, fold)).copied();
        ours.push(found.unwrap_or_else(|| {
            index.insert_unique(hash, code, |&at| hashes[at as usize]);
            code
        }));
    }
    let theirs = (source.len()..)
        .zip(target.iter())
        .map(|(fresh, text)| {
            let hash = hash(text, fold, &mut scratch);
            if hash == NO_KEY {
                return 0;
            }
            let found = index.find(hash, |&at| hashes[at as usize] == hash && same(source.get(at), text, fold));
            found.copied().unwrap_or(fresh)
        })
        .collect();
    [ours, theirs]
}

impl<'a> TextLane<'a> {
    pub(super) fn new(source: Texts<'a>, target: Texts<'a>, fold: Fold) -> Self {
        let coded = |texts: &Texts<'_>| texts.parts().iter().any(|part| matches!(part, Part::Coded(_)));
        let codes = if coded(&source) && coded(&target) {
            join(source.dict, target.dict, fold)
        } else {
            [Vec::new(), Vec::new()]
        };
        Self { source, target, codes, fold }
    }

    /// Compares the rows of one chunk of the source with the rows `targets` of the target.
    fn chunk(&self, chunk: usize, targets: &[u32], mut tell: impl FnMut(usize, Alike)) {
        let part = &self.source.parts()[chunk];
        let parts = self.target.parts();
        for (at, &row) in targets.iter().enumerate() {
            if row == u32::MAX {
                continue;
            }
            let (there, row) = (&parts[row as usize / CHUNK_ROWS], row as usize % CHUNK_ROWS);
            let alike = match (part, there) {
                (Part::Coded(ours), Part::Coded(theirs)) => match (ours[at], theirs[row]) {
                    (u32::MAX, _) | (_, u32::MAX) => Alike::Unread,
                    (ours, theirs) if self.codes[0][ours as usize] == self.codes[1][theirs as usize] => Alike::Yes,
                    _ => Alike::No,
                },
                _ => match (part.get(at, self.source.dict), there.get(row, self.target.dict)) {
                    (Some(ours), Some(theirs)) if same(ours, theirs, self.fold) => Alike::Yes,
                    (Some(_), Some(_)) => Alike::No,
                    _ => Alike::Unread,
                },
            };
            if alike != Alike::Yes {
                tell(at, alike);
            }
        }
    }
}

/// The source's own text, or where it is empty the parts joined by a space. `None` where something was not read.
pub(super) fn composed<'t>(
    own: Option<Cell<'t>>,
    parts: impl Iterator<Item = Option<&'t str>>,
) -> Option<Cow<'t, str>> {
    match own {
        Some(Cell::Unread | Cell::Unreadable) => return None,
        Some(Cell::Value(text)) if !text.trim().is_empty() => return Some(Cow::Borrowed(text)),
        _ => {}
    }
    let mut made = String::new();
    for part in parts {
        let part = part?.trim();
        if !part.is_empty() {
            if !made.is_empty() {
                made.push(' ');
            }
            made.push_str(part);
        }
    }
    Some(Cow::Owned(made))
}

impl<'a> ReferLane<'a> {
    pub(super) fn new(source: Texts<'a>, target: Texts<'a>, kind: Kind, refs: &Refs<'_>) -> Self {
        let found = [
            resolve_used(&source, |text| refs.source(kind, text)),
            resolve_used(&target, |text| refs.target(kind, text)),
        ];
        Self { source, target, kind, found }
    }

    fn side(&self, side: usize, row: u32, resolve: impl Fn(&str) -> Found) -> Result<Option<Found>, Unread> {
        let texts = if side == 0 { &self.source } else { &self.target };
        match &texts.parts()[row as usize / CHUNK_ROWS] {
            Part::Coded(codes) => match codes[row as usize % CHUNK_ROWS] {
                u32::MAX => Err(Unread),
                code => Ok(self.found[side][code as usize]),
            },
            part @ Part::Plain { .. } => {
                let text = part.get(row as usize % CHUNK_ROWS, texts.dict).ok_or(Unread)?;
                Ok((!text.is_empty()).then(|| resolve(text)))
            }
        }
    }

    fn alike(&self, source: u32, target: u32, refs: &Refs<'_>) -> Alike {
        let ours = self.side(0, source, |text| refs.source(self.kind, text));
        let theirs = self.side(1, target, |text| refs.target(self.kind, text));
        let (Ok(ours), Ok(theirs)) = (ours, theirs) else { return Alike::Unread };
        alike_refs(ours, theirs, || {
            let text = |texts: &Texts<'a>, row: u32| texts.get(row).unwrap_or_default();
            same(text(&self.source, source), text(&self.target, target), Fold::Caseless)
        })
    }
}

/// Whether two references are to the same record; `None` for no reference.
pub(super) fn alike_refs(ours: Option<Found>, theirs: Option<Found>, same_text: impl FnOnce() -> bool) -> Alike {
    match (ours, theirs) {
        (Some(Found::Unknown), _) | (_, Some(Found::Unknown)) => Alike::Unread,
        (Some(Found::Nowhere | Found::Doubt), _) => Alike::Nowhere,
        (Some(Found::Pending | Found::Aside), _) | (_, Some(Found::Aside | Found::Doubt)) => Alike::Aside,
        (None, None) => Alike::Yes,
        (Some(Found::There(kind, row)), Some(Found::There(other, there))) if kind == other && row == there => {
            Alike::Yes
        }
        (Some(Found::Text), Some(Found::Text)) if same_text() => Alike::Yes,
        _ => Alike::No,
    }
}

/// Resolves every distinct text that has a code; `None` for the empty one.
fn resolve_used(texts: &Texts<'_>, resolve: impl Fn(&str) -> Found) -> Vec<Option<Found>> {
    if texts.parts().iter().all(|part| matches!(part, Part::Plain { .. })) {
        return Vec::new();
    }
    texts.dict.iter().map(|text| (!text.is_empty()).then(|| resolve(text))).collect()
}

impl Lane<'_> {
    /// Compares the rows of one chunk of the source with rows of the target; tells what is not alike.
    pub(super) fn chunk(&self, chunk: usize, targets: &[u32], refs: &Refs<'_>, mut tell: impl FnMut(usize, Alike)) {
        let base = (chunk * CHUNK_ROWS) as u32;
        let pairs = || {
            (0_usize..).zip(targets).filter(|(_, row)| **row != u32::MAX).map(|(at, row)| (at, base + at as u32, *row))
        };
        match self {
            Self::Text(lane) => lane.chunk(chunk, targets, tell),
            Self::Active(ours, theirs) => {
                for (at, source, target) in pairs() {
                    match (ours.of(source), theirs.of(target)) {
                        (Life::Unknown, _) | (_, Life::Unknown) => tell(at, Alike::Unread),
                        (ours, theirs) if ours != theirs => tell(at, Alike::No),
                        _ => {}
                    }
                }
            }
            Self::Composed { own, parts, target, fold } => {
                for (at, source, row) in pairs() {
                    let ours =
                        composed(own.as_ref().map(|own| own.cell(source)), parts.iter().map(|part| part.get(source)));
                    match (ours, target.get(row)) {
                        (Some(ours), Some(theirs)) if same(&ours, theirs, *fold) => {}
                        (Some(_), Some(_)) => tell(at, Alike::No),
                        _ => tell(at, Alike::Unread),
                    }
                }
            }
            Self::Refer(lane) => {
                for (at, source, target) in pairs() {
                    match lane.alike(source, target, refs) {
                        Alike::Yes => {}
                        alike => tell(at, alike),
                    }
                }
            }
            Self::List(lane) => {
                let mut scratch = super::entries::Scratch::default();
                for (at, source, target) in pairs() {
                    let told = lane.compare(Row(source), Row(target), &mut scratch);
                    if told.differs {
                        tell(at, Alike::No);
                    }
                    if told.unread {
                        tell(at, Alike::Unread);
                    }
                    if told.nowhere {
                        tell(at, Alike::Nowhere);
                    }
                }
            }
        }
    }
}

/// The readable texts of an attribute.
pub(super) fn texts(table: &Table, attr: Attr) -> Option<Texts<'_>> {
    Texts::new(table, attr)
}
