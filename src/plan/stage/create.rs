//! The create of a missing record, and the list entries that follow it.

use super::case::{ACTIVE, Case};
use super::entry::Entry;
use super::refs::{Resolved, choices, new_name};
use super::{Blank, Offer};
use crate::compare::{FacetDiff, Rule, Verdict};
use crate::mapping::{Access, MapRow};
use crate::model::text::clean;
use crate::model::{AttrPath, Form, Kind, Op};
use crate::plan::{By, Change, ChangeId, Expect, Facet, Ref, Target, Want, Wanted};

/// The create, and one offer per list entry that needs it.
pub(super) fn offers(case: &Case<'_>, diffs: &[FacetDiff]) -> Vec<Offer> {
    let (Some((snapshot, row)), Some(id)) = (case.source_row, case.create_id()) else { return Vec::new() };
    let name = new_name(snapshot.table.id(row));
    let Texts { want, needs, left } = texts(case, diffs);
    let mut text = format!("create {}", clean(&case.label()));
    for why in &left {
        text.push_str("; without ");
        text.push_str(why);
    }
    let expect = Expect::Absent { by: keys(case, &want) };
    let mut blocked = case.block(Op::Create, None).or_else(|| hostile(case, &want));
    if blocked.is_none() && expect == (Expect::Absent { by: Vec::new() }) {
        // Without a key nobody could look whether it is there, before the create or after a lost reply.
        blocked = Some(format!("the source has no key by which the {} could be looked up", case.kind));
    }
    let change = Change {
        id: id.clone(),
        system: case.target.id.clone(),
        kind: case.kind,
        target: Target::New(id.clone()),
        label: case.label(),
        source: case.source_key(),
        op: Op::Create,
        want,
        expect,
        needs,
    };
    let blocked = blocked.or_else(|| case.odd(&change));
    let mut lists: Vec<Offer> = Vec::new();
    for diff in diffs.iter().filter(|diff| diff.key.is_some() && row_of(case, diff).is_some()) {
        let Some(entry) = Entry::of(case, diff).filter(|entry| entry.op == Op::Put) else { continue };
        let why = entry.why.or_else(|| case.block(Op::Put, Some(&entry.facet.path)));
        let mut needs = vec![id.clone()];
        needs.extend(entry.needs.into_iter().filter(|need| *need != id));
        let change = Change {
            id: Change::name(&case.target.id, case.kind, &name, Op::Put, Some(&entry.facet)),
            op: Op::Put,
            want: vec![Want { facet: entry.facet, value: entry.value, by: By::Source }],
            expect: Expect::Facets(Vec::new()),
            needs,
            ..change.clone()
        };
        let blocked = blocked.clone().or(why).or_else(|| case.odd(&change));
        lists.push(Offer { change, text: entry.text, ticked: true, blocked, blanks: Vec::new() });
    }
    let blanks = blanks(case, &change.want, &lists);
    let mut offers = vec![Offer { change, text, ticked: true, blocked, blanks }];
    offers.extend(lists);
    offers
}

#[derive(Default)]
struct Texts {
    want: Vec<Want>,
    needs: Vec<ChangeId>,
    /// References that lead nowhere, in words.
    left: Vec<String>,
}

/// The row of an attribute that the target takes on a create.
fn row_of<'c>(case: &Case<'c>, diff: &FacetDiff) -> Option<&'c MapRow> {
    let row = case.target.mapping.row(case.kind, &diff.path)?;
    (row.access != Access::ReadOnly && !row.secret).then_some(row)
}

/// All texts that the source has and the target takes on a create, write-only ones included.
fn texts(case: &Case<'_>, diffs: &[FacetDiff]) -> Texts {
    let mut found = Texts::default();
    for diff in diffs.iter().filter(|diff| diff.key.is_none()) {
        let Some(attr) = row_of(case, diff).and_then(|row| case.map.schema.find(&row.attr)) else { continue };
        let def = case.map.schema.def(attr);
        if def.form != Form::Text {
            continue;
        }
        let value = match (diff.want.as_deref(), def.refers) {
            (Some(""), _) => continue,
            (Some(id), _) if diff.refers.is_some() => Wanted::Ref(Ref::Id(id.into())),
            (Some(text), None) => Wanted::Text(text.to_owned()),
            // What is not compared is written all the same, where the source has it.
            (None, None) if diff.verdict == Verdict::Shown => match diff.source.as_deref() {
                None | Some("") => continue,
                Some(text) => Wanted::Text(text.to_owned()),
            },
            (_, Some(kind)) => match case.resolve(kind, &case.source_text(&diff.path)) {
                Resolved::Id(id) => Wanted::Ref(Ref::Id(id)),
                // A create never waits for itself.
                Resolved::New(change) if Some(&change) == case.create_id().as_ref() => {
                    found.left.push(format!("{} (it is the record itself)", diff.path));
                    continue;
                }
                Resolved::New(change) => {
                    found.needs.push(change.clone());
                    Wanted::Ref(Ref::New(change))
                }
                Resolved::Nothing(_) if case.source_text(&diff.path).is_empty() => continue,
                Resolved::Nothing(why) => {
                    found.left.push(format!("{} ({why})", diff.path));
                    continue;
                }
            },
            (None, None) => continue,
        };
        found.want.push(Want { facet: Facet { path: diff.path.clone(), key: None }, value, by: By::Source });
    }
    found
}

/// A value that holds characters which could hurt a terminal is not sent until the operator agrees (promise 13).
fn hostile(case: &Case<'_>, want: &[Want]) -> Option<String> {
    let about = |path: &AttrPath| want.iter().any(|want| want.facet.path == *path);
    case.lints
        .iter()
        .find(|lint| lint.rule == Rule::HostileText && lint.path.as_ref().is_some_and(about))
        .map(|lint| lint.text.clone())
}

/// The keys by which a record is looked up before it is created, strongest first.
fn keys(case: &Case<'_>, want: &[Want]) -> Vec<(AttrPath, String)> {
    let mut keys: Vec<(u8, AttrPath, String)> = Vec::new();
    for rule in &case.map.rows {
        let usual = match case.kind {
            Kind::User => ["userName", "emails"].iter().any(|name| is_or_in(&rule.attr, name)),
            _ => is_or_in(&rule.attr, "displayName") || is_or_in(&rule.attr, "name"),
        };
        let readable = case.map.schema.find(&rule.attr).is_some_and(|attr| !case.map.schema.def(attr).unreadable);
        if (rule.key.is_none() && !usual) || !readable {
            continue;
        }
        let wanted = want.iter().find(|want| want.facet.path == rule.attr);
        if let Some(Want { value: Wanted::Text(text), .. }) = wanted {
            keys.push((rule.key.unwrap_or(u8::MAX), rule.attr.clone(), text.clone()));
        }
    }
    keys.sort_by_key(|(rank, _, _)| *rank);
    keys.into_iter().map(|(_, path, text)| (path, text)).collect()
}

/// Whether a path is this attribute or a part of it (`emails[type eq "work"].value`).
fn is_or_in(path: &AttrPath, name: &str) -> bool {
    let path = path.as_str();
    path.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && matches!(path.as_bytes().get(name.len()), None | Some(b'.' | b'['))
}

/// What the target demands and the source lacks.
fn blanks(case: &Case<'_>, want: &[Want], lists: &[Offer]) -> Vec<Blank> {
    let mut blanks = Vec::new();
    for mandatory in &case.map.mandatory {
        let path = &mandatory.attr;
        if blanks.iter().any(|blank: &Blank| blank.path == *path) || *path == AttrPath::new(ACTIVE) {
            continue;
        }
        let there = want.iter().any(|want| want.facet.path == *path)
            || lists
                .iter()
                .any(|offer| offer.blocked.is_none() && offer.change.want.iter().any(|want| want.facet.path == *path));
        if there {
            continue;
        }
        let options = |kind: Option<Kind>| kind.map(|kind| choices(case.target, kind)).unwrap_or_default();
        let text = format!("{} demands it of every new {}", case.target.mapping.title, case.kind);
        let def = case.map.schema.find(path).map(|attr| case.map.schema.def(attr));
        let list = def.and_then(|def| match &def.form {
            Form::List(list) => Some(list),
            Form::Text => None,
        });
        let refers = list.map_or(def.and_then(|def| def.refers), |list| list.value.flatten());
        blanks.push(Blank {
            path: path.clone(),
            text,
            keys: list.map(|list| options(list.key[0])).unwrap_or_default(),
            values: options(refers),
            keyed: list.is_some(),
            refers,
        });
    }
    blanks
}
