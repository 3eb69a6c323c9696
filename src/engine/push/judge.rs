//! What was wanted, what was expected and what is there, held against each other.

mod names;

use crate::connectors::Observed;
use crate::mapping::Mapping;
use crate::model::text::clean;
use crate::model::{Attr, AttrPath, Form, Kind, Op, Row, Table, fold};
use crate::plan::{Change, ChangeId, Expect, Facet, Ref, Seen, Want, Wanted, seen};
use crate::store::Sealer;
pub(super) use names::Names;

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
    /// What tells a hash of an earlier run's record from the value that it stands for.
    pub(super) sealer: Option<&'j Sealer>,
    pub(super) known: Known<'j>,
    pub(super) mapping: &'j Mapping,
    pub(super) names: Names<'j>,
}

impl Judge<'_> {
    /// How a change stands in a record, `None` being no record.
    pub(super) fn stands(&self, change: &Change, found: Option<&Observed>) -> Stands {
        let Some(observed) = found else {
            let done = self.mapping.done_when_absent(change.op);
            return if done { Stands::AsWanted { unread: Vec::new() } } else { Stands::Gone };
        };
        if change.op == Op::Delete {
            let active = observed.table.schema().find(&AttrPath::new("active"));
            // A service may keep for ever whom it is told to delete (seeds 004, Aha! limitation 5).
            let off = active.is_some_and(|active| observed.table.cell(Row(0), active).text() == "false");
            let now = if off { "it is still there, switched off" } else { "it is still there" };
            return Stands::Otherwise { now: now.into() };
        }
        let (mut unread, mut other): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for want in &change.want {
            match self.facet_stands(&observed.table, want) {
                None => {
                    unread.push(want.facet.to_string());
                    other.extend(self.still(change, want, observed).filter(|still| !other.contains(still)));
                }
                Some(Ok(())) => {}
                Some(Err(now)) => {
                    let mangled = self.mangled(want, &now).unwrap_or_default();
                    let now = if hides(self.mapping, change.kind, &want.facet.path) {
                        HIDDEN.to_owned()
                    } else {
                        shown(&now)
                    };
                    other.push(format!("{}: {now}{mangled}", clean(&want.facet.to_string())));
                }
            }
        }
        if other.is_empty() { Stands::AsWanted { unread } } else { Stands::Otherwise { now: other.join("; ") } }
    }

    /// Whether a facet is as wanted; `None` where it cannot be read, otherwise what is there instead.
    fn facet_stands(&self, table: &Table, want: &Want) -> Option<Result<(), Seen>> {
        let facet = settled(&want.facet, self.known)?;
        let now = match now(table, &facet) {
            Seen::Unreadable => return None,
            Seen::Absent if facet.key.is_some() => self.names.entry(table, &facet).unwrap_or(Seen::Absent),
            now => now,
        };
        let attr = table.schema().find(&facet.path);
        let value = self.unsealed(&want.value, &now);
        Some(if alike(table, attr, &value, &now, self.known)? { Ok(()) } else { Err(now) })
    }

    /// What a hash in the place of a wanted value means: what is there, where it is the hash of that.
    fn unsealed(&self, wanted: &Wanted, now: &Seen) -> Wanted {
        match (wanted, now, self.sealer) {
            (Wanted::Text(text), Seen::Value(value), Some(sealer)) if sealer.stands_for(text, value) => {
                Wanted::Text(value.clone())
            }
            (Wanted::Ref(Ref::Id(id)), Seen::Value(value), Some(sealer)) if sealer.stands_for(id, value) => {
                Wanted::Ref(Ref::Id(value.as_str().into()))
            }
            _ => wanted.clone(),
        }
    }

    /// Whether a facet is as it was, `before` perhaps being a hash.
    fn as_before(&self, before: &Seen, now: &Seen) -> bool {
        match (before, now, self.sealer) {
            (Seen::Value(before), Seen::Value(now), Some(sealer)) => before == now || sealer.stands_for(before, now),
            _ => before == now,
        }
    }

    /// Words for a text that the service took and mangled.
    fn mangled(&self, want: &Want, now: &Seen) -> Option<String> {
        let (Wanted::Text(wanted), Seen::Value(now)) = (&want.value, now) else { return None };
        let rule = self.mapping.mangled.as_ref()?;
        (rule.undone(now)? == *wanted).then(|| format!(" ({})", rule.text))
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
        let value = if hides(self.mapping, change.kind, &shows.path) { HIDDEN.to_owned() } else { shown(&now) };
        (*before != Seen::Unreadable && self.as_before(before, &now))
            .then(|| format!("{}: {value}", clean(&shows.to_string())))
    }

    /// Whether what cannot be read of a change shows as wanted in what it is shown in, and did not when it was planned: somebody
    /// else did just this.
    pub(super) fn shows(&self, change: &Change, observed: &Observed) -> bool {
        let Expect::Facets(expected) = &change.expect else { return false };
        change.want.iter().all(|want| match self.facet_stands(&observed.table, want) {
            Some(stands) => stands.is_ok(),
            None => {
                let Some(shows) = self.shows_in(change, want) else { return false };
                let Some((_, before)) = expected.iter().find(|(facet, _)| *facet == shows) else { return false };
                match (&want.value, now(&observed.table, &shows)) {
                    (Wanted::Text(part), Seen::Value(whole)) => {
                        let moved = *before != Seen::Unreadable && !self.as_before(before, &Seen::Value(whole.clone()));
                        moved && whole.contains(part.as_str())
                    }
                    _ => false,
                }
            }
        })
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
            (about && *before != Seen::Unreadable && now != Seen::Unreadable).then(|| self.as_before(before, &now))
        });
        readable.next().is_some_and(|first| first && readable.all(|same| same))
    }
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
    mapping: &Mapping,
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
        // Somebody else did just this: no reason to leave out what goes in the same request (the other members of a team).
        if wanted.is_some_and(|want| same(observed, &facet, &brought(&want.value, known), &now)) {
            continue;
        }
        let wanted = wanted.map_or("as it was".to_owned(), |want| shown(&brought(&want.value, known)));
        if hides(mapping, change.kind, &facet.path) {
            told.push(format!("{}: {HIDDEN} now", clean(&facet.to_string())));
            continue;
        }
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
        Wanted::Secret(_) => Seen::Unreadable,
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

/// What is said of a sensitive value that is another one.
const HIDDEN: &str = "another value (sensitive, not shown)";

/// Whether the values of an attribute are not to be told.
fn hides(mapping: &Mapping, kind: Kind, path: &AttrPath) -> bool {
    mapping.row(kind, path).is_some_and(|row| row.sensitive)
}

fn shown(seen: &Seen) -> String {
    match seen {
        Seen::Value(text) if text.is_empty() => "there".into(),
        Seen::Value(text) => format!("\"{}\"", clean(text)),
        Seen::Absent => "nothing".into(),
        Seen::Unreadable => "not readable".into(),
    }
}

#[cfg(test)]
mod tests;
