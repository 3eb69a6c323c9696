//! What was wanted, what was expected and what is there, held against each other.

use crate::connectors::Observed;
use crate::mapping::Mapping;
use crate::model::text::clean;
use crate::model::{Attr, Form, Op, Row, Table, fold};
use crate::plan::{Change, ChangeId, Expect, Facet, Ref, Seen, Want, Wanted, seen};

/// The ids of records that creates brought into being.
pub(super) type Known<'k> = &'k (dyn Fn(&ChangeId) -> Option<String> + Sync);

/// How a change stands in a record as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// Everything that can be read is as wanted; `unread` cannot be read.
    AsWanted { unread: Vec<String> },
    /// Something else is there.
    Otherwise { now: String },
    /// The record is not there.
    Gone,
}

/// What changes are judged by.
#[derive(Clone, Copy)]
pub(super) struct Judge<'j> {
    pub(super) known: Known<'j>,
    pub(super) mapping: &'j Mapping,
}

impl Judge<'_> {
    /// How a change stands in a record, `None` being no record.
    pub(super) fn stands(&self, change: &Change, found: Option<&Observed>) -> Stands {
        let Some(observed) = found else {
            return if change.op == Op::Delete { Stands::AsWanted { unread: Vec::new() } } else { Stands::Gone };
        };
        if change.op == Op::Delete {
            return Stands::Otherwise { now: "it is still there".into() };
        }
        let (mut unread, mut other): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for want in &change.want {
            match facet_stands(&observed.table, want, self.known) {
                None => {
                    unread.push(want.facet.to_string());
                    other.extend(self.still(change, want, observed).filter(|still| !other.contains(still)));
                }
                Some(Ok(())) => {}
                Some(Err(now)) => other.push(format!("{}: {}", clean(&want.facet.to_string()), shown(&now))),
            }
        }
        if other.is_empty() { Stands::AsWanted { unread } } else { Stands::Otherwise { now: other.join("; ") } }
    }

    /// Where the writing of a facet shows that is never returned (a first name in the full name).
    fn shows_in(&self, change: &Change, want: &Want) -> Option<Facet> {
        let path = self.mapping.row(change.kind, &want.facet.path)?.shows_in.clone()?;
        Some(Facet { path, key: None })
    }

    /// What shows that a facet which is never returned was not written: what it would show in is as it was.
    fn still(&self, change: &Change, want: &Want, observed: &Observed) -> Option<String> {
        let shows = self.shows_in(change, want)?;
        let Expect::Facets(expected) = &change.expect else { return None };
        let (_, before) = expected.iter().find(|(facet, _)| *facet == shows)?;
        let now = now(&observed.table, &shows);
        (*before != Seen::Unreadable && now == *before)
            .then(|| format!("{}: {}", clean(&shows.to_string()), shown(&now)))
    }

    /// Whether something that can be read would have shown that a change was not carried out.
    pub(super) fn witnessed(&self, change: &Change) -> bool {
        let Expect::Facets(expected) = &change.expect else { return false };
        change.want.iter().any(|want| {
            let shows = self.shows_in(change, want);
            expected.iter().any(|(facet, before)| shows.as_ref() == Some(facet) && *before != Seen::Unreadable)
        })
    }

    /// Whether every facet that a change touches is as it was before the change.
    pub(super) fn untouched(&self, change: &Change, observed: &Observed) -> bool {
        let Expect::Facets(expected) = &change.expect else { return false };
        let mut readable = expected.iter().filter_map(|(facet, before)| {
            let facet = settled(facet, self.known)?;
            let about = change.want.iter().any(|want| {
                settled(&want.facet, self.known).as_ref() == Some(&facet)
                    || self.shows_in(change, want).as_ref() == Some(&facet)
            });
            let now = now(&observed.table, &facet);
            (about && *before != Seen::Unreadable && now != Seen::Unreadable).then_some(*before == now)
        });
        readable.next().is_some_and(|first| first && readable.all(|same| same))
    }
}

/// Whether a facet is as wanted; `None` where it cannot be read, otherwise what is there instead.
fn facet_stands(table: &Table, want: &Want, known: Known<'_>) -> Option<Result<(), Seen>> {
    let facet = settled(&want.facet, known)?;
    let now = now(table, &facet);
    if now == Seen::Unreadable {
        return None;
    }
    let attr = table.schema().find(&facet.path);
    Some(if alike(table, attr, &want.value, &now, known)? { Ok(()) } else { Err(now) })
}

fn alike(table: &Table, attr: Option<Attr>, wanted: &Wanted, now: &Seen, known: Known<'_>) -> Option<bool> {
    Some(match (wanted, now) {
        (Wanted::Present, Seen::Value(_)) | (Wanted::Clear, Seen::Absent) => true,
        (Wanted::Text(text), Seen::Absent) => text.is_empty(),
        (Wanted::Text(text), Seen::Value(value)) => {
            let how = attr.map(|attr| table.schema().def(attr).fold).unwrap_or_default();
            text == value || fold::same(text, value, how)
        }
        (Wanted::Ref(reference), Seen::Value(value)) => *id_of(reference, known)? == **value,
        _ => false,
    })
}

fn id_of(reference: &Ref, known: Known<'_>) -> Option<String> {
    match reference {
        Ref::Id(id) => Some(id.to_string()),
        Ref::New(change) => known(change),
    }
}

/// A facet with the ids of new records in its key; `None` while one is not known.
fn settled(facet: &Facet, known: Known<'_>) -> Option<Facet> {
    let key = match &facet.key {
        None => None,
        Some(key) => {
            Some(key.iter().map(|part| id_of(part, known).map(|id| Ref::Id(id.into()))).collect::<Option<Vec<_>>>()?)
        }
    };
    Some(Facet { path: facet.path.clone(), key })
}

/// What a facet is in the one record of a table.
fn now(table: &Table, facet: &Facet) -> Seen {
    if table.is_empty() { Seen::Unreadable } else { seen(table, Row(0), facet) }
}

/// What moved since the preview: three values for each facet. `ours` tells what this push itself wrote meanwhile, and
/// whether a facet may be anything because of it.
pub(super) fn moved(
    change: &Change,
    observed: &Observed,
    known: Known<'_>,
    ours: &dyn Fn(&Facet, &Seen) -> bool,
) -> Option<String> {
    let Expect::Facets(expected) = &change.expect else { return None };
    let mut told = Vec::new();
    for (facet, before) in expected {
        let Some(facet) = settled(facet, known) else { continue };
        let now = now(&observed.table, &facet);
        // What cannot be read was not seen then, or cannot be checked now; neither is a move.
        if *before == Seen::Unreadable || now == Seen::Unreadable || *before == now || ours(&facet, &now) {
            continue;
        }
        let wanted = change.want.iter().find(|want| settled(&want.facet, known).as_ref() == Some(&facet));
        let wanted = wanted.map_or("as it was".to_owned(), |want| shown(&brought(&want.value, known)));
        told.push(format!(
            "{}: planned from {}, wanted {wanted}, now {}",
            clean(&facet.to_string()),
            shown(before),
            shown(&now)
        ));
    }
    (!told.is_empty()).then(|| told.join("; "))
}

/// What a wish brings about.
pub(super) fn brought(value: &Wanted, known: Known<'_>) -> Seen {
    match value {
        Wanted::Text(text) if text.is_empty() => Seen::Absent,
        Wanted::Text(text) => Seen::Value(text.clone()),
        Wanted::Ref(reference) => id_of(reference, known).map_or(Seen::Unreadable, Seen::Value),
        Wanted::Present => Seen::Value(String::new()),
        Wanted::Clear => Seen::Absent,
    }
}

/// The facets that a change writes, with what it brings about.
pub(super) fn written(change: &Change, known: Known<'_>) -> Vec<(Facet, Seen)> {
    change
        .want
        .iter()
        .filter_map(|want| settled(&want.facet, known).map(|facet| (facet, brought(&want.value, known))))
        .collect()
}

/// Whether what is there is what a wish brought about, in the attribute's own terms.
pub(super) fn same(observed: &Observed, facet: &Facet, a: &Seen, b: &Seen) -> bool {
    let schema = observed.table.schema();
    match (a, b, schema.find(&facet.path)) {
        (Seen::Value(a), Seen::Value(b), Some(attr)) => {
            let def = schema.def(attr);
            a == b || (def.form == Form::Text && fold::same(a, b, def.fold))
        }
        _ => a == b,
    }
}

fn shown(seen: &Seen) -> String {
    match seen {
        Seen::Value(text) if text.is_empty() => "there".into(),
        Seen::Value(text) => format!("\"{}\"", clean(text)),
        Seen::Absent => "nothing".into(),
        Seen::Unreadable => "not readable".into(),
    }
}
