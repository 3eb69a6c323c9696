//! Keyed lists, entry by entry.

use std::collections::HashMap;

use super::refs::{Found, Refs};
use crate::compare::column::join;
use crate::model::fold::{fold, same};
use crate::model::{Attr, Dict, Entry, Fold, Kind, ListDef, Row, Table, Unlisted};

/// A part of an entry as a number that is equal on both sides where the part means the same.
type Token = u32;

/// Texts that stand for themselves come after all records.
const TEXT: Token = 1 << 30;
/// Nothing, and that is known.
const NOWHERE: Token = u32::MAX;
/// Several candidates.
const DOUBT: Token = u32::MAX - 1;
/// Not known.
const UNKNOWN: Token = u32::MAX - 2;
/// Not there yet.
const PENDING: Token = u32::MAX - 3;
/// Not ours to judge.
const ASIDE: Token = u32::MAX - 4;
/// The role `none`: as good as no entry (targets/aha.md 10.4).
const NONE: Token = u32::MAX - 5;
/// The lowest of those.
const SPECIAL: Token = NONE;
/// On a record's token: one whose entries the service never lists ([`Unlisted`]). Where it is in the target's list all the
/// same, it is there; where it is not, nobody can say.
const UNLISTED: Token = 1 << 31;

fn special(token: Token) -> bool {
    token >= SPECIAL
}

/// Whether it is a record that the service does not list.
pub(in crate::compare) fn unlisted(token: Token) -> bool {
    !special(token) && token & UNLISTED != 0
}

fn record(kind: Kind, row: Row) -> Token {
    (kind.index() as u32) << 28 | row.0
}

/// The record that a token stands for.
pub(in crate::compare) fn record_of(token: Token) -> Option<(Kind, Row)> {
    let token = if unlisted(token) { token ^ UNLISTED } else { token };
    (token < TEXT).then(|| (Kind::ALL[(token >> 28) as usize], Row(token & ((1 << 28) - 1))))
}

/// What a token says of a reference, other than which record it is.
pub(in crate::compare) fn trouble(token: Token) -> Option<Found> {
    Some(match token {
        NOWHERE => Found::Nowhere,
        DOUBT => Found::Doubt,
        UNKNOWN => Found::Unknown,
        PENDING => Found::Pending,
        ASIDE => Found::Aside,
        token if unlisted(token) => Found::Unknown,
        _ => return None,
    })
}

/// How the texts of one part of a list become tokens.
#[derive(Clone, Copy)]
struct Means<'d> {
    refers: Option<Kind>,
    /// Of which records no entries are listed.
    unlisted: Option<&'d Unlisted>,
    fold: Fold,
    /// It is the value, which may be a role: `none` is no entry, and an unlisted role of the target is a text.
    value: bool,
}

impl Means<'_> {
    fn record(self, kind: Kind, row: Row, refs: &Refs<'_>) -> Token {
        let unlisted = self.unlisted.is_some_and(|of| refs.kind(kind).says(row, &of.attr, &of.is));
        record(kind, row) | if unlisted { UNLISTED } else { 0 }
    }

    fn source(self, text: &str, refs: &Refs<'_>, as_text: impl FnOnce() -> Token) -> Token {
        let Some(kind) = self.refers.filter(|_| !text.is_empty()) else { return as_text() };
        if self.value && none_role(kind, text) {
            return NONE;
        }
        match refs.source(kind, text) {
            Found::There(kind, row) => self.record(kind, row, refs),
            Found::Text => as_text(),
            Found::Nowhere => NOWHERE,
            Found::Doubt => DOUBT,
            Found::Unknown => UNKNOWN,
            Found::Pending => PENDING,
            Found::Aside => ASIDE,
        }
    }

    fn target(self, text: &str, refs: &Refs<'_>, as_text: impl FnOnce() -> Token) -> Token {
        let Some(kind) = self.refers.filter(|_| !text.is_empty()) else { return as_text() };
        if self.value && none_role(kind, text) {
            return NONE;
        }
        match refs.target(kind, text) {
            Found::There(kind, row) => self.record(kind, row, refs),
            Found::Text => as_text(),
            // A role that the service does not list (`aha:role:7`) is there all the same.
            Found::Nowhere | Found::Unknown | Found::Aside | Found::Doubt if self.value => as_text(),
            Found::Unknown => UNKNOWN,
            Found::Nowhere => NOWHERE,
            Found::Doubt | Found::Aside | Found::Pending => ASIDE,
        }
    }
}

fn none_role(kind: Kind, text: &str) -> bool {
    kind == Kind::Role && same(text, "none", Fold::Caseless)
}

/// One entry in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::compare) struct Cut {
    pub(in crate::compare) key: [Token; 2],
    pub(in crate::compare) value: Token,
    /// Which entry of the row it is.
    pub(in crate::compare) at: u32,
}

impl Cut {
    /// Whether nothing but a record that is still to be created keeps it from being compared.
    pub(in crate::compare) fn awaits(&self) -> bool {
        let parts = [self.key[0], self.key[1], self.value];
        parts.contains(&PENDING) && parts.iter().all(|part| *part == PENDING || trouble(*part).is_none())
    }
}

/// What comparing two lists came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::compare) struct Told {
    pub(in crate::compare) differs: bool,
    pub(in crate::compare) unread: bool,
    pub(in crate::compare) nowhere: bool,
}

/// One key of two lists: the entries that have it on each side.
#[derive(Debug)]
pub(in crate::compare) struct Pairing<'c> {
    pub(in crate::compare) source: &'c [Cut],
    pub(in crate::compare) target: &'c [Cut],
    pub(in crate::compare) alike: bool,
    /// It cannot be said whether it differs.
    pub(in crate::compare) open: bool,
    /// It differs, as the source's entry is of a record that is still to be created.
    pub(in crate::compare) awaits: bool,
}

/// Room for two rows, used again and again.
#[derive(Default)]
pub(in crate::compare) struct Scratch {
    sides: [Vec<Cut>; 2],
}

/// A list attribute of a source and a target.
pub(in crate::compare) struct ListLane<'a> {
    tables: [(&'a Table, Attr); 2],
    keys: [[Vec<Token>; 2]; 2],
    values: [Vec<Token>; 2],
}

fn means(def: &ListDef, fold: Fold) -> ([Means<'_>; 2], Option<Means<'_>>) {
    let key = def.key.map(|refers| Means { refers, unlisted: def.unlisted.as_ref(), fold, value: false });
    (key, def.value.map(|refers| Means { refers, unlisted: None, fold, value: true }))
}

fn text_fold(fold: Fold) -> Fold {
    if fold == Fold::Never { Fold::Caseless } else { fold }
}

impl<'a> ListLane<'a> {
    /// The definition is the target's: it says what the parts refer to.
    pub(in crate::compare) fn new(tables: [(&'a Table, Attr); 2], def: &ListDef, how: Fold, refs: &Refs<'_>) -> Self {
        let dicts = tables.map(|(table, attr)| table.list(table.schema().def(attr).slot));
        let (key, value) = means(def, text_fold(how));
        let tokens = |means: Means<'_>, ours: &Dict, theirs: &Dict| {
            let [a, b] = join(ours, theirs, means.fold);
            let text = |code: u32| TEXT + code;
            // The empty part is the same whatever it could refer to.
            let side = |joined: Vec<u32>, dict: &Dict, resolve: &dyn Fn(&str, Token) -> Token| -> Vec<Token> {
                dict.iter()
                    .zip(joined)
                    .map(|(at, code)| if at.is_empty() { TEXT } else { resolve(at, text(code)) })
                    .collect()
            };
            [
                side(a, ours, &|at, token| means.source(at, refs, || token)),
                side(b, theirs, &|at, token| means.target(at, refs, || token)),
            ]
        };
        let [first, second] = [0, 1].map(|at| tokens(key[at], &dicts[0].key[at], &dicts[1].key[at]));
        let values = match value {
            Some(value) => tokens(value, &dicts[0].value, &dicts[1].value),
            // A list without values is about who is in it.
            None => [0, 1].map(|side| vec![TEXT; dicts[side].value.len() as usize]),
        };
        let [[a0, b0], [a1, b1]] = [first, second];
        Self { tables, keys: [[a0, a1], [b0, b1]], values }
    }

    fn cut(&self, side: usize, entries: &[Entry], into: &mut Vec<Cut>) {
        into.clear();
        for (at, entry) in (0_u32..).zip(entries) {
            let value = self.values[side][entry.value as usize];
            if value == NONE {
                continue;
            }
            let key = [0, 1].map(|part| self.keys[side][part][entry.key[part] as usize]);
            into.push(Cut { key, value, at });
        }
        into.sort_unstable();
    }

    /// The source's entries of a row that lead nowhere, with the entry's number.
    pub(in crate::compare) fn lost(&self, row: Row, mut tell: impl FnMut(u32, Found, bool)) {
        let (table, attr) = self.tables[0];
        for (at, entry) in (0_u32..).zip(table.entries(row, attr).unwrap_or_default()) {
            if self.values[0][entry.value as usize] == NONE {
                continue;
            }
            let parts = [0, 1].map(|part| self.keys[0][part][entry.key[part] as usize]);
            if let Some(found) = parts.into_iter().find_map(trouble) {
                tell(at, found, false);
            } else if let Some(found) = trouble(self.values[0][entry.value as usize]) {
                tell(at, found, true);
            }
        }
    }

    /// The target's entries of a row whose key leads nowhere.
    pub(in crate::compare) fn lost_there(&self, row: Row, mut tell: impl FnMut(u32)) {
        let (table, attr) = self.tables[1];
        for (at, entry) in (0_u32..).zip(table.entries(row, attr).unwrap_or_default()) {
            let parts = [0, 1].map(|part| self.keys[1][part][entry.key[part] as usize]);
            if parts.contains(&NOWHERE) && self.values[1][entry.value as usize] != NONE {
                tell(at);
            }
        }
    }

    /// Whether any entry of any record leads nowhere.
    pub(in crate::compare) fn some_lost(&self) -> bool {
        let lost = |tokens: &Vec<Token>| tokens.iter().any(|token| matches!(*token, NOWHERE | DOUBT));
        self.keys.iter().flatten().any(lost) || lost(&self.values[0])
    }

    /// Whether the source's list of a row has an entry that can be written, or was not read.
    pub(in crate::compare) fn usable(&self, row: Row) -> bool {
        let (table, attr) = self.tables[0];
        table.entries(row, attr).is_none_or(|entries| {
            entries.iter().any(|entry| {
                let value = self.values[0][entry.value as usize];
                let lost = |token: Token| matches!(token, NOWHERE | DOUBT | ASIDE);
                value != NONE && !lost(value) && !(0..2).any(|part| lost(self.keys[0][part][entry.key[part] as usize]))
            })
        })
    }

    /// Compares the lists of two rows.
    pub(in crate::compare) fn compare(&self, source: Row, target: Row, scratch: &mut Scratch) -> Told {
        let entries = [(0, source), (1, target)].map(|(side, row)| {
            let (table, attr) = self.tables[side];
            table.entries(row, attr)
        });
        let [Some(ours), Some(theirs)] = entries else { return Told { unread: true, ..Told::default() } };
        let [a, b] = &mut scratch.sides;
        self.cut(0, ours, a);
        self.cut(1, theirs, b);
        merge(a, b, |_| {})
    }
}

/// Walks two sorted lists key by key.
pub(in crate::compare) fn merge(source: &[Cut], target: &[Cut], mut tell: impl FnMut(Pairing<'_>)) -> Told {
    let mut told = Told::default();
    let unknown = |cuts: &[Cut]| cuts.iter().any(|cut| cut.key.contains(&UNKNOWN));
    let open_source = unknown(source);
    let open_target = unknown(target);
    told.unread = open_source || open_target;
    let (mut a, mut b) = (source, target);
    while !a.is_empty() || !b.is_empty() {
        let key = match (a.first(), b.first()) {
            (Some(x), Some(y)) => x.key.min(y.key),
            (Some(only), None) | (None, Some(only)) => only.key,
            (None, None) => break,
        };
        let run = |cuts: &[Cut]| cuts.iter().take_while(|cut| cut.key == key).count();
        let (ours, rest) = a.split_at(run(a));
        a = rest;
        let (theirs, rest) = b.split_at(run(b));
        b = rest;
        let values = |cuts: &[Cut]| -> Vec<Token> {
            let mut values: Vec<Token> = cuts.iter().map(|cut| cut.value).collect();
            values.dedup();
            values
        };
        if key.into_iter().any(special) {
            // Two that lead nowhere are not the same.
            told.nowhere |= !ours.is_empty() && (key.contains(&NOWHERE) || key.contains(&DOUBT));
            for at in 0..ours.len() {
                let awaits = ours[at].awaits() && !open_target;
                told.differs |= awaits;
                tell(Pairing { source: &ours[at..=at], target: &[], alike: false, open: true, awaits });
            }
            for at in 0..theirs.len() {
                tell(Pairing { source: &[], target: &theirs[at..=at], alike: false, open: true, awaits: false });
            }
            continue;
        }
        // Only where the target lists it all the same it is alike; nobody is taken out who is never listed.
        let hidden = (ours.is_empty() || theirs.is_empty()) && key.into_iter().any(unlisted);
        told.unread |= hidden;
        let value_lost = ours.iter().map(|cut| cut.value).find(|value| special(*value));
        told.nowhere |= value_lost.is_some_and(|token| token == NOWHERE || token == DOUBT);
        told.unread |= value_lost == Some(UNKNOWN);
        // An entry that could not be resolved on the other side could be this one.
        let awaits = !hidden && (!theirs.is_empty() || !open_target) && ours.iter().any(Cut::awaits);
        let open = hidden || value_lost.is_some() || theirs.is_empty() && open_target || ours.is_empty() && open_source;
        let alike = match (ours, theirs) {
            ([x], [y]) => x.value == y.value,
            ([], _) | (_, []) => false,
            _ => values(ours) == values(theirs),
        };
        told.differs |= awaits || !open && !alike;
        tell(Pairing { source: ours, target: theirs, alike, open, awaits });
    }
    told
}

/// Two lists of one pair of records, resolved text by text: for a single record, without going through all records.
pub(in crate::compare) struct Single {
    pub(in crate::compare) source: Vec<Cut>,
    pub(in crate::compare) target: Vec<Cut>,
}

impl Single {
    pub(in crate::compare) fn new(
        source: Option<(&Table, Attr, &[Entry])>,
        target: Option<(&Table, Attr, &[Entry])>,
        def: &ListDef,
        how: Fold,
        refs: &Refs<'_>,
    ) -> Self {
        let (key, value) = means(def, text_fold(how));
        let mut texts: HashMap<String, Token> = HashMap::new();
        let mut token = |text: &str, fold_by: Fold| {
            let fresh = TEXT + 1 + texts.len() as Token;
            *texts.entry(fold(text, fold_by).into_owned()).or_insert(fresh)
        };
        let mut side = |of: Option<(&Table, Attr, &[Entry])>, is_source: bool| {
            let mut cuts = Vec::new();
            let Some((table, attr, entries)) = of else { return cuts };
            for (at, entry) in (0_u32..).zip(entries) {
                let (parts, text) = table.entry_text(attr, *entry);
                let mut mean = |means: Means<'_>, text: &str| {
                    let as_text = || token(text, means.fold);
                    match (text.is_empty(), is_source) {
                        (true, _) => TEXT,
                        (false, true) => means.source(text, refs, as_text),
                        (false, false) => means.target(text, refs, as_text),
                    }
                };
                let value = value.map_or(TEXT, |value| mean(value, text));
                if value == NONE {
                    continue;
                }
                cuts.push(Cut { key: [mean(key[0], parts[0]), mean(key[1], parts[1])], value, at });
            }
            cuts.sort_unstable();
            cuts
        };
        Self { source: side(source, true), target: side(target, false) }
    }
}
