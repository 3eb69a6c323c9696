//! What was wanted, what was expected and what is there, held against each other.

use crate::compare::Compared;
use crate::connectors::Observed;
use crate::mapping::Mapping;
use crate::model::text::clean;
use crate::model::{Attr, AttrPath, Fold, Form, Kind, Op, Row, SystemId, Table, fold};
use crate::plan::{Change, ChangeId, Expect, Facet, Ref, Seen, Want, Wanted, seen};
use crate::store::Sealer;

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

/// How a system's records may be called other than by their ids: some services list members by userName though they were
/// sent as ids (targets/scim.md A6 rule 9).
#[derive(Clone, Copy)]
pub(super) struct Names<'n> {
    pub(super) compared: &'n Compared,
    pub(super) system: &'n SystemId,
    /// The changes of this push: what its creates brought into being was not there when the records were read.
    pub(super) changes: &'n [Change],
    pub(super) known: Known<'n>,
}

impl Names<'_> {
    /// Whether this is one of a record's keys, and no other record's.
    fn called(&self, kind: Kind, id: &str, name: &str) -> bool {
        let Some(view) = self.compared.inputs.systems.iter().find(|view| view.id == *self.system) else { return false };
        let (Some(snapshot), Some(map)) = (view.snapshot(kind), view.mapping.kind(kind)) else { return false };
        let table = &snapshot.table;
        if table.find(name).is_some() {
            return false;
        }
        let made: Vec<(&Change, String)> = self
            .changes
            .iter()
            .filter(|change| change.op == Op::Create && change.kind == kind && change.system == *self.system)
            .filter_map(|change| Some((change, (self.known)(&change.id)?)))
            .collect();
        // A record that this push made may be called as another one's id is.
        if made.iter().any(|(_, new)| new == name) {
            return false;
        }
        let keys = map.rows.iter().filter(|row| row.key.is_some()).filter_map(|row| table.schema().find(&row.attr));
        let folded = |attr: Attr| match table.schema().def(attr).fold {
            Fold::Exact | Fold::Name => Fold::Caseless,
            other => other,
        };
        let mut keys = keys.filter(|attr| table.schema().def(*attr).form == Form::Text);
        keys.any(|attr| {
            let is = |text: &str| fold::same(text, name, folded(attr));
            let path = &table.schema().def(attr).path;
            let old = table.rows().filter(|row| is(table.cell(*row, attr).text())).map(|row| table.id(row));
            let new = made.iter().filter(|(change, _)| sets(change, path).is_some_and(is)).map(|(_, id)| &**id);
            let mut all = old.chain(new);
            all.next() == Some(id) && all.next().is_none()
        })
    }

    /// Whether a list has an entry that means this one under another name; its value.
    fn entry(&self, table: &Table, facet: &Facet) -> Option<Seen> {
        let attr = table.schema().find(&facet.path)?;
        let Form::List(list) = &table.schema().def(attr).form else { return None };
        let key = facet.key.as_ref()?;
        let means = |kind: Option<Kind>, part: Option<&Ref>, have: &str| match (part, kind) {
            (None, _) => have.is_empty(),
            (Some(Ref::Id(id)), _) if **id == *have => true,
            (Some(Ref::Id(id)), Some(kind)) => self.called(kind, id, have),
            _ => false,
        };
        let entries = table.entries(Row(0), attr)?;
        let mut texts = entries.iter().map(|entry| table.entry_text(attr, *entry));
        let hit = texts.find(|(have, _)| (0..2).all(|at| means(list.key[at], key.get(at), have[at])));
        hit.map(|(_, value)| Seen::Value(value.to_owned()))
    }
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

/// The text that a change gives an attribute.
fn sets<'c>(change: &'c Change, path: &AttrPath) -> Option<&'c str> {
    change.want.iter().find_map(|want| match &want.value {
        Wanted::Text(text) if want.facet.path == *path && want.facet.key.is_none() => Some(&**text),
        _ => None,
    })
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
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::model::{AttrPath, RecordKey, TableBuilder};
    use crate::plan::fixture::{World, aha, mapping, record, schema};
    use crate::plan::{By, Target};

    fn group(members: &[&str]) -> Observed {
        let schema = schema(Kind::Group, true);
        let mut builder = TableBuilder::new(schema.clone());
        assert!(builder.begin("g"));
        for member in members {
            builder.entry(schema.find(&AttrPath::new("members")).unwrap(), [member, ""], "");
        }
        builder.end();
        Observed { id: "g".into(), table: builder.table(), native: serde_json::Value::Null, etag: None }
    }

    #[test]
    fn a_member_that_is_listed_by_its_user_name_is_the_one_that_was_sent_by_id() {
        let mut world = World::default();
        let user = |id, name| record(id, &[("userName", name)], &[]);
        let (other, twins) =
            ([user("7", "lena@x"), user("omar@x", "kay@x")], [user("8", "twin@x"), user("9", "twin@x")]);
        let all = other.into_iter().chain(twins).chain([user("10", "omar@x")]);
        world.target.insert(Kind::User, all.collect());
        let compared = world.compared();
        let (mapping, system) = (mapping(true), aha());
        let create = |id: &str, name: &str| Change {
            id: ChangeId(id.into()),
            system: aha(),
            kind: Kind::User,
            op: Op::Create,
            target: Target::New(ChangeId(id.into())),
            label: name.into(),
            want: vec![Want { facet: Facet::attr("userName"), value: Wanted::Text(name.into()), by: By::Source }],
            expect: Expect::Absent { by: Vec::new() },
            source: None,
            needs: Vec::new(),
        };
        let creates = [create("first", "New@x"), create("second", "twin@x"), create("lost", "lost@x")];
        let known = |id: &ChangeId| match &*id.0 {
            "first" => Some("21".to_owned()),
            "second" => Some("22".to_owned()),
            _ => None,
        };
        let names = Names { compared: &compared, system: &system, changes: &creates, known: &known };
        let judge = Judge { sealer: None, known: &known, mapping: &mapping, names };
        let stands_of = |member: Ref, value: Wanted, listed: &[&str]| {
            let facet = Facet { path: AttrPath::new("members"), key: Some(vec![member]) };
            let target = Target::Record(RecordKey::new(aha(), Kind::Group, "g"));
            let change = Change {
                id: ChangeId("one".into()),
                system: aha(),
                kind: Kind::Group,
                op: if value == Wanted::Clear { Op::Drop } else { Op::Put },
                target,
                label: "All".into(),
                want: vec![Want { facet, value, by: By::Source }],
                expect: Expect::Facets(Vec::new()),
                source: None,
                needs: Vec::new(),
            };
            matches!(judge.stands(&change, Some(&group(listed))), Stands::AsWanted { unread } if unread.is_empty())
        };
        let stands = |member: &str, value: Wanted, listed: &[&str]| stands_of(Ref::Id(member.into()), value, listed);
        assert!(stands("7", Wanted::Present, &["7"]) && stands("7", Wanted::Present, &["LENA@x"]));
        assert!(!stands("7", Wanted::Present, &["kay@x"]) && !stands("7", Wanted::Present, &[]));
        assert!(!stands("7", Wanted::Clear, &["lena@x"]) && stands("7", Wanted::Clear, &["kay@x"]));
        assert!(!stands("8", Wanted::Present, &["twin@x"]), "two are called so");
        assert!(!stands("10", Wanted::Present, &["omar@x"]), "that is another one's id");
        // Whoever was created by the same push was not there when the records were read.
        let made =
            |create: &str, listed: &[&str]| stands_of(Ref::New(ChangeId(create.into())), Wanted::Present, listed);
        assert!(made("first", &["21"]) && made("first", &["new@x"]) && !made("first", &["lena@x"]));
        assert!(!made("second", &["twin@x"]), "three are called so now");
        assert!(!made("lost", &["lost@x"]), "nobody knows which record it became");
        assert!(!stands("7", Wanted::Present, &["21"]));
    }
}
