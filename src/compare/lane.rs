//! One attribute of two systems, made comparable: each distinct text is folded or resolved once, then codes are compared.

pub(super) mod entries;
pub(super) mod facts;
pub(super) mod life;
pub(super) mod refs;
pub(super) mod served;

use std::borrow::Cow;

use hashbrown::HashTable;
use rayon::prelude::*;

use self::entries::{ListLane, Scratch};
use self::life::{Life, Lives};
use self::refs::{Found, Refs};
use super::column::{BLOCK, Part, Texts, fetch, hash, join, spread};
use crate::model::fold::same;
use crate::model::{CHUNK_ROWS, Cell, Fold, Kind, Row};

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
    /// The source's reference is to a record that is still to be created: they differ, and can be made alike after that.
    Awaits,
    /// The source's reference is to a record that need not be there.
    Aside,
}

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

/// References, each distinct one resolved once.
pub(super) struct ReferLane<'a> {
    sides: [Resolved<'a>; 2],
}

/// The references of one side.
struct Resolved<'a> {
    texts: Texts<'a>,
    /// A code per row; `u32::MAX` where it was not read.
    codes: Vec<u32>,
    /// What each code comes to; `None` for the empty text.
    found: Vec<Option<Found>>,
}

impl<'a> Resolved<'a> {
    fn new(texts: Texts<'a>, resolve: impl Fn(&str) -> Found + Sync) -> Self {
        let mut codes: Vec<u32> = Vec::with_capacity(texts.parts().iter().map(Part::len).sum());
        // What has no code of its own gets one here, after those of the dictionary. The distinct texts are put next to each
        // other: looking one up where it stands in its row would wait for memory each time.
        let first = texts.dict.len();
        let mut distinct = Distinct::default();
        for part in texts.parts() {
            if let Part::Coded(of) = part {
                codes.extend_from_slice(of);
                continue;
            }
            let mut before = ("", 0);
            codes.extend((0..part.len()).map(|at| match part.get(at, texts.dict) {
                None => u32::MAX,
                Some("") => 0,
                // People of one team come one after the other.
                Some(text) if text == before.0 => before.1,
                Some(text) => {
                    before = (text, first + distinct.number(text));
                    before.1
                }
            }));
        }
        let of = |text: &str| (!text.is_empty()).then(|| resolve(text));
        let coded = texts.parts().iter().any(|part| matches!(part, Part::Coded(_)));
        let mut found: Vec<Option<Found>> = vec![None; first as usize];
        if coded {
            found.par_iter_mut().zip(0..first).for_each(|(found, code)| *found = of(texts.dict.get(code)));
        }
        found.par_extend((0..distinct.ends.len()).into_par_iter().map(|number| of(distinct.get(number))));
        // A column that has never been in codes may lack even the code of the empty text.
        if found.is_empty() {
            found.push(None);
        }
        Self { texts, codes, found }
    }
}

/// Distinct texts, numbered as they come.
#[derive(Default)]
struct Distinct {
    text: String,
    ends: Vec<u32>,
    index: HashTable<(u32, u32)>,
    scratch: String,
}

impl Distinct {
    fn get(&self, number: usize) -> &str {
        let start = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        &self.text[start..self.ends[number] as usize]
    }

    fn number(&mut self, text: &str) -> u32 {
        let hash = hash(text, Fold::Exact, &mut self.scratch);
        let same = |entry: &(u32, u32)| entry.0 == hash && self.get(entry.1 as usize) == text;
        if let Some(&(_, number)) = self.index.find(spread(hash), same) {
            return number;
        }
        let number = self.ends.len() as u32;
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        self.index.insert_unique(spread(hash), (hash, number), |entry| spread(entry.0));
        number
    }
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
        let plain = matches!(part, Part::Plain { .. });
        for (block, rows) in targets.chunks(BLOCK).enumerate() {
            if plain {
                fetch(parts, rows);
            }
            self.block(part, parts, (block * BLOCK, rows), &mut tell);
        }
    }

    fn block(
        &self,
        part: &Part<'_>,
        parts: &[Part<'_>],
        (start, rows): (usize, &[u32]),
        tell: &mut impl FnMut(usize, Alike),
    ) {
        for (at, &row) in (start..).zip(rows) {
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
        let (source, target) = rayon::join(
            || Resolved::new(source, |text| refs.source(kind, text)),
            || Resolved::new(target, |text| refs.target(kind, text)),
        );
        Self { sides: [source, target] }
    }

    fn alike(&self, source: u32, target: u32) -> Alike {
        let [ours, theirs] = &self.sides;
        let (a, b) = (ours.codes[source as usize], theirs.codes[target as usize]);
        if a == u32::MAX || b == u32::MAX {
            return Alike::Unread;
        }
        alike_refs(ours.found[a as usize], theirs.found[b as usize], || {
            let text = |side: &Resolved<'a>, row: u32| side.texts.get(row).unwrap_or_default();
            same(text(ours, source), text(theirs, target), Fold::Caseless)
        })
    }
}

/// Whether two references are to the same record; `None` for no reference.
pub(super) fn alike_refs(ours: Option<Found>, theirs: Option<Found>, same_text: impl FnOnce() -> bool) -> Alike {
    match (ours, theirs) {
        (Some(Found::Unknown), _) | (_, Some(Found::Unknown)) => Alike::Unread,
        (Some(Found::Nowhere | Found::Doubt), _) => Alike::Nowhere,
        (Some(Found::Aside), _) | (_, Some(Found::Aside | Found::Doubt)) => Alike::Aside,
        // Whatever is there, it is somebody else.
        (Some(Found::Pending), _) => Alike::Awaits,
        (None, None) => Alike::Yes,
        (Some(Found::There(kind, row)), Some(Found::There(other, there))) if kind == other && row == there => {
            Alike::Yes
        }
        (Some(Found::Text), Some(Found::Text)) if same_text() => Alike::Yes,
        _ => Alike::No,
    }
}

impl Lane<'_> {
    /// Compares the rows of one chunk of the source with rows of the target; tells what is not alike.
    pub(super) fn chunk(&self, chunk: usize, targets: &[u32], mut tell: impl FnMut(usize, Alike)) {
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
                    match lane.alike(source, target) {
                        Alike::Yes => {}
                        alike => tell(at, alike),
                    }
                }
            }
            Self::List(lane) => {
                let mut scratch = Scratch::default();
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
