//! Which attributes of a source and a target are compared: what both have, can be read, and the source really serves.

use rayon::prelude::*;

use super::entries::ListLane;
use super::life::Lives;
use super::refs::Refs;
use crate::compare::column::Texts;
use crate::compare::lane::{Lane, ReferLane, TextLane};
use crate::compare::{Compares, Inputs};
use crate::mapping::{Access, MapRow, Mapping, Policy};
use crate::model::{Attr, AttrPath, Cell, Fold, Form, Kind, Row, Table};

/// The system's own: an id, when it was made, what schemas it has.
pub(in crate::compare) fn own(path: &AttrPath) -> bool {
    let path = path.as_str();
    let is = |name: &str| path.eq_ignore_ascii_case(name);
    is("id") || is("schemas") || is("meta") || path.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("meta."))
}

fn rule<'m>(mapping: &'m Mapping, kind: Kind, path: &AttrPath) -> Option<&'m MapRow> {
    mapping.row(kind, path).filter(|row| row.compare && !row.secret && row.access != Access::WriteOnly)
}

/// The attributes of which a target makes one that it shows (`displayName` of given and family name): they are the
/// rows that say so in its mapping.
pub(in crate::compare) fn composition(mapping: &Mapping, kind: Kind, path: &AttrPath, source: &Table) -> Vec<Attr> {
    let Some(map) = mapping.kind(kind) else { return Vec::new() };
    map.rows
        .iter()
        .filter(|row| row.shows_in.as_ref() == Some(path))
        .filter_map(|row| source.schema().find(&row.attr))
        .filter(|attr| Texts::new(source, *attr).is_some())
        .collect()
}

/// What is compared between the base and one target, in the source's order.
pub(in crate::compare) fn compares(inputs: &Inputs, kind: Kind, system: usize) -> Vec<Compares> {
    let Some(base) = inputs.base().filter(|base| *base != system) else { return Vec::new() };
    let (from, to) = (&inputs.systems[base], &inputs.systems[system]);
    let (Some(ours), Some(theirs)) = (from.snapshot(kind), to.snapshot(kind)) else { return Vec::new() };
    if from.mapping.kind(kind).is_none() || to.mapping.kind(kind).is_none() {
        return Vec::new();
    }
    let (ours, theirs) = (&ours.table, &theirs.table);
    let mut found: Vec<Compares> = Vec::new();
    for (attr, def) in ours.schema().iter() {
        if own(&def.path) || rule(&from.mapping, kind, &def.path).is_none() {
            continue;
        }
        let Some(target) = comparable(&to.mapping, kind, &def.path, theirs) else { continue };
        let there = theirs.schema().def(target);
        match (&def.form, &there.form) {
            (Form::Text, Form::Text) if !def.unreadable => {}
            (Form::List(_), Form::List(_)) if !def.unreadable => {}
            _ => continue,
        }
        // Who is in which group is told by the groups' members; told again from the other end it would count twice.
        if let Form::List(list) = &there.form
            && list.key[0] == Some(Kind::Group)
            && kind == Kind::User
            && to.mapping.row(kind, &def.path).is_some_and(|row| row.access == Access::ReadOnly)
        {
            continue;
        }
        let composed = composition(&to.mapping, kind, &def.path, ours);
        if served(ours, attr) || composed.iter().any(|part| served(ours, *part)) {
            found.push(Compares { path: def.path.clone(), source: attr, target, composed });
        }
    }
    // What the source does not have itself and can be put together from what it has.
    for (target, def) in theirs.schema().iter() {
        if ours.schema().find(&def.path).is_some() || comparable(&to.mapping, kind, &def.path, theirs).is_none() {
            continue;
        }
        let composed = composition(&to.mapping, kind, &def.path, ours);
        if def.form == Form::Text && composed.iter().any(|part| served(ours, *part)) {
            found.push(Compares { path: def.path.clone(), source: composed[0], target, composed });
        }
    }
    found
}

fn comparable(mapping: &Mapping, kind: Kind, path: &AttrPath, table: &Table) -> Option<Attr> {
    rule(mapping, kind, path)?;
    let attr = table.schema().find(path)?;
    let def = table.schema().def(attr);
    // An extension's attribute for which discovery found no extension, and that nobody has: the service has no such thing.
    let nowhere = |row: &MapRow| row.write.as_deref().is_some_and(|write| write.starts_with("urn:*:"));
    if mapping.row(kind, path).is_some_and(nowhere) && !served(table, attr) {
        return None;
    }
    (!own(path) && !def.unreadable && def.fold != Fold::Never).then_some(attr)
}

/// Whether any record has it: what is empty for all is not served at all, and nobody is right about it.
fn served(table: &Table, attr: Attr) -> bool {
    match table.schema().def(attr).form {
        Form::Text => Texts::new(table, attr).is_some_and(|texts| texts.served()),
        Form::List(_) => table.rows().any(|row| table.entries(row, attr).is_some_and(|entries| !entries.is_empty())),
    }
}

/// Whether the target's mapping leaves a difference alone: what the target already has, or what the source has empty.
pub(in crate::compare) fn spared(
    policy: Policy,
    compares: &Compares,
    (ours, source): (&Table, Row),
    (theirs, target): (&Table, Row),
) -> bool {
    match policy {
        Policy::Force => false,
        Policy::Keep => !empty(theirs, target, compares.target),
        Policy::SkipEmpty => {
            empty(ours, source, compares.source) && compares.composed.iter().all(|attr| empty(ours, source, *attr))
        }
    }
}

fn empty(table: &Table, row: Row, attr: Attr) -> bool {
    match table.schema().def(attr).form {
        Form::Text => table.cell(row, attr) == Cell::Empty,
        Form::List(_) => table.entries(row, attr).is_some_and(<[_]>::is_empty),
    }
}

/// The lanes of what is compared; `None` where the facts are `carried` over from before.
pub(in crate::compare) fn lanes<'a>(
    inputs: &'a Inputs,
    kind: Kind,
    system: usize,
    compares: &[Compares],
    carried: &[Option<usize>],
    refs: &Refs<'_>,
) -> Vec<Option<Lane<'a>>> {
    let Some(base) = inputs.base() else { return Vec::new() };
    let (Some(ours), Some(theirs)) = (inputs.systems[base].snapshot(kind), inputs.systems[system].snapshot(kind))
    else {
        return Vec::new();
    };
    let (ours, theirs) = (&ours.table, &theirs.table);
    let fresh = |(compares, carried): (&Compares, &Option<usize>)| match carried {
        Some(_) => None,
        None => lane(ours, theirs, compares, refs),
    };
    compares.par_iter().zip(carried).map(fresh).collect()
}

fn lane<'a>(ours: &'a Table, theirs: &'a Table, compares: &Compares, refs: &Refs<'_>) -> Option<Lane<'a>> {
    let def = theirs.schema().def(compares.target);
    if let Form::List(list) = &def.form {
        let tables = [(ours, compares.source), (theirs, compares.target)];
        return Some(Lane::List(Box::new(ListLane::new(tables, list, def.fold, refs))));
    }
    if compares.path == AttrPath::new("active") {
        return Some(Lane::Active(Lives::new(ours), Lives::new(theirs)));
    }
    let target = Texts::new(theirs, compares.target)?;
    if !compares.composed.is_empty() {
        let own = ours.schema().find(&compares.path).and_then(|attr| Texts::new(ours, attr));
        let parts = compares.composed.iter().filter_map(|attr| Texts::new(ours, *attr)).collect();
        return Some(Lane::Composed { own, parts, target, fold: def.fold });
    }
    let source = Texts::new(ours, compares.source)?;
    Some(match def.refers {
        Some(kind) => Lane::Refer(Box::new(ReferLane::new(source, target, kind, refs))),
        None => Lane::Text(TextLane::new(source, target, def.fold)),
    })
}
