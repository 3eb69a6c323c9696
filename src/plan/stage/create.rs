//! The create of a missing record, and the list entries that follow it.

use super::refs::{Resolved, choices, new_name};
use super::stager::{ACTIVE, Case};
use super::{Blank, Offer};
use crate::mapping::Access;
use crate::model::text::clean;
use crate::model::{Attr, AttrPath, Cell, Form, Kind, Op, Row, Snapshot};
use crate::plan::{By, Change, ChangeId, Expect, Facet, Ref, Target, Want, Wanted};

/// One entry of a list of the source, in the target's terms.
pub(super) struct NewEntry {
    pub(super) facet: Facet,
    pub(super) value: Wanted,
    pub(super) text: String,
    /// Creates that have to succeed first.
    pub(super) needs: Vec<ChangeId>,
    /// Why it cannot be written.
    pub(super) why: Option<String>,
}

/// The create, and one offer per list entry that needs it.
pub(super) fn offers(case: &Case<'_>) -> Vec<Offer> {
    let (Some((snapshot, row)), Some(id)) = (case.source_row, case.create_id()) else { return Vec::new() };
    let name = new_name(snapshot.table.id(row));
    let new = |id: ChangeId, target: Target, op: Op, want: Vec<Want>, expect: Expect, needs: Vec<ChangeId>| Change {
        id,
        system: case.target.id.clone(),
        kind: case.kind,
        target,
        label: case.label(),
        source: case.source_key(),
        op,
        want,
        expect,
        needs,
    };
    let mut lists: Vec<Offer> = Vec::new();
    let mut text = format!("create {}", clean(&case.label()));
    let Texts { want, needs, left } = texts(case, snapshot, row);
    for why in &left {
        text.push_str("; without ");
        text.push_str(why);
    }
    for (attr, def) in case.map.schema.iter() {
        let row = &case.map.rows[attr.0 as usize];
        if def.form == Form::Text || row.access == Access::ReadOnly || row.secret {
            continue;
        }
        for entry in entries(case, attr) {
            let change_id = Change::name(&case.target.id, case.kind, &name, Op::Put, Some(&entry.facet));
            let blocked = entry.why.or_else(|| case.block(Op::Put, Some(&entry.facet.path)));
            let want = Want { facet: entry.facet, value: entry.value, by: By::Source };
            let mut needs = vec![id.clone()];
            needs.extend(entry.needs);
            let target = Target::New(id.clone());
            let change = new(change_id, target, Op::Put, vec![want], Expect::Facets(Vec::new()), needs);
            lists.push(Offer { change, text: entry.text, ticked: true, blocked, blanks: Vec::new() });
        }
    }
    let expect = Expect::Absent { by: keys(case, &want) };
    let blanks = blanks(case, &want, &lists);
    let mut blocked = case.block(Op::Create, None);
    if blocked.is_none() && matches!(&expect, Expect::Absent { by } if by.is_empty()) {
        // Without a key nobody could look whether it is there, before the create or after a lost reply.
        blocked = Some(format!("the source has no key by which the {} could be looked up", case.kind));
    }
    let change = new(id.clone(), Target::New(id), Op::Create, want, expect, needs);
    let mut offers = vec![Offer { change, text, ticked: true, blocked: blocked.clone(), blanks }];
    for offer in &mut lists {
        offer.blocked = blocked.clone().or_else(|| offer.blocked.take());
    }
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

/// All texts that the source has and the target takes on a create, write-only ones included.
fn texts(case: &Case<'_>, snapshot: &Snapshot, row: Row) -> Texts {
    let mut found = Texts::default();
    let theirs = snapshot.table.schema();
    for ((_, def), rule) in case.map.schema.iter().zip(&case.map.rows) {
        if def.form != Form::Text || rule.access == Access::ReadOnly || rule.secret {
            continue;
        }
        let Some(from) = theirs.find(&def.path) else { continue };
        let Cell::Value(text) = snapshot.table.cell(row, from) else { continue };
        let value = match def.refers {
            None => Wanted::Text(text.to_owned()),
            Some(kind) => match case.resolve(kind, text) {
                Resolved::Id(id) => Wanted::Ref(Ref::Id(id)),
                Resolved::New(change) => {
                    found.needs.push(change.clone());
                    Wanted::Ref(Ref::New(change))
                }
                Resolved::Nothing(why) => {
                    found.left.push(format!("{} ({why})", def.path));
                    continue;
                }
            },
        };
        found.want.push(Want { facet: Facet { path: def.path.clone(), key: None }, value, by: By::Source });
    }
    // A create never waits for itself.
    if let Some(own) = case.create_id() {
        found.needs.retain(|need| *need != own);
        found.want.retain(|want| want.value != Wanted::Ref(Ref::New(own.clone())));
    }
    found
}

/// The keys by which a record is looked up before it is created, strongest first.
fn keys(case: &Case<'_>, want: &[Want]) -> Vec<(AttrPath, String)> {
    let mut keys: Vec<(u8, AttrPath, String)> = Vec::new();
    for rule in &case.map.rows {
        let usual = match case.kind {
            Kind::User => ["userName", "emails"].iter().any(|name| is_or_in(&rule.attr, name)),
            _ => is_or_in(&rule.attr, "displayName") || is_or_in(&rule.attr, "name"),
        };
        if (rule.key.is_none() && !usual) || rule.read.is_empty() {
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
        blanks.push(match def.map(|def| (&def.form, def.refers)) {
            Some((Form::List(list), _)) => {
                let refers = list.value.flatten();
                Blank {
                    path: path.clone(),
                    text,
                    keys: options(list.key[0]),
                    values: options(refers),
                    keyed: true,
                    refers,
                }
            }
            Some((Form::Text, refers)) => {
                Blank { path: path.clone(), text, keys: Vec::new(), values: options(refers), keyed: false, refers }
            }
            None => {
                Blank { path: path.clone(), text, keys: Vec::new(), values: Vec::new(), keyed: false, refers: None }
            }
        });
    }
    blanks
}

/// The entries of one list of the source's record, in the target's terms.
pub(super) fn entries(case: &Case<'_>, attr: Attr) -> Vec<NewEntry> {
    let def = case.map.schema.def(attr);
    let (Form::List(list), Some((snapshot, row))) = (&def.form, case.source_row) else { return Vec::new() };
    let table = &snapshot.table;
    let Some(from) = table.schema().find(&def.path) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in table.entries(row, from).unwrap_or_default() {
        let (parts, value) = table.entry_text(from, *entry);
        let mut made = NewEntry {
            facet: Facet { path: def.path.clone(), key: None },
            value: Wanted::Present,
            text: String::new(),
            needs: Vec::new(),
            why: None,
        };
        let mut key = Vec::new();
        let mut names = Vec::new();
        for (at, part) in parts.iter().enumerate().take(if list.two { 2 } else { 1 }) {
            key.push(made.reference(case, list.key[at], part));
            names.push(name(case, list.key[at], part));
        }
        made.facet.key = Some(key);
        made.text = format!("{}[{}]: add", def.path, names.join(", "));
        if let Some(refers) = list.value {
            made.value = match refers {
                None => Wanted::Text(value.to_owned()),
                kind => Wanted::Ref(made.reference(case, kind, value)),
            };
            made.text = format!("{} {}", made.text, name(case, refers, value));
        }
        found.push(made);
    }
    found
}

impl NewEntry {
    fn reference(&mut self, case: &Case<'_>, kind: Option<Kind>, id: &str) -> Ref {
        let Some(kind) = kind else { return Ref::Id(id.into()) };
        let resolved = case.resolve(kind, id);
        match &resolved {
            // The create of the record itself is needed anyway.
            Resolved::New(change) if case.row.is_none() && Some(change) == case.create_id().as_ref() => {}
            Resolved::New(change) => self.needs.push(change.clone()),
            Resolved::Nothing(why) => {
                self.why.get_or_insert_with(|| why.clone());
            }
            Resolved::Id(_) => {}
        }
        resolved.reference().unwrap_or_else(|| Ref::Id(id.into()))
    }
}

/// What operators call a record that the source refers to.
fn name(case: &Case<'_>, kind: Option<Kind>, id: &str) -> String {
    let found = kind
        .and_then(|kind| case.from.snapshot(kind))
        .and_then(|snapshot| snapshot.table.find(id).map(|row| super::refs::label(&snapshot.table, row)));
    clean(found.as_deref().unwrap_or(id)).into_owned()
}
