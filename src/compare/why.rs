//! Why a record is where it is, or is not: one line per question, the first red one is the answer.

use super::Record;
use super::lane::served::composition;
use super::linking_key;
use super::{Bound, Compared, Pairing, Rung, SystemView, label};
use crate::mapping::Capability;
use crate::model::text::clean;
use crate::model::{AttrPath, Cell, Kind, Op, Proof, Row, Snapshot};

/// One line of the WHY card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhyLine {
    /// Good, bad (the answer, where it is the first), or neither.
    pub ok: Option<bool>,
    /// In words, safe to show.
    pub text: String,
}

/// In the source? Active? In scope? Linked, by what? Mapped? Mandatory fields there?
pub fn why(compared: &Compared, kind: Kind, identity: u32, system: usize) -> Vec<WhyLine> {
    let inputs = &compared.inputs;
    let mut lines = Vec::new();
    let mut say = |ok: Option<bool>, text: String| lines.push(WhyLine { ok, text: clean(&text).into_owned() });
    let (Some(base), Some(to)) = (inputs.base().filter(|base| *base != system), inputs.systems.get(system)) else {
        return lines;
    };
    let from = &inputs.systems[base];
    let comparison = compared.kind(kind);
    let Some(state) = comparison.state(identity, system) else { return lines };
    let at = |view, system| -> Option<(&Snapshot, Row)> {
        let snapshot = SystemView::snapshot(view, kind)?;
        comparison.row(identity, system).map(|row| (&**snapshot, row))
    };
    let (source, target) = (at(from, base), at(to, system));
    in_source(from, kind, source, &mut say);
    if let Some((snapshot, row)) = source {
        active(from, snapshot, row, &mut say);
        scope(from, to, kind, row, &mut say);
    }
    let key = linking_key(compared, kind, identity, system);
    linked(compared, to, kind, source, target, state.by, key, state.pairing, &mut say);
    if let Some((snapshot, row)) = target {
        active(to, snapshot, row, &mut say);
        if let Some(manage) = to.manage.of(kind) {
            match Bound::new(manage, to, kind).and_then(|bound| bound.eval(row)) {
                Some(true) => say(Some(true), format!("ours to judge: manage = {manage}")),
                Some(false) => say(Some(false), format!("not ours to judge: manage = {manage}")),
                None => say(Some(false), format!("nobody can say whether it is ours to judge: manage = {manage}")),
            }
        }
    }
    let Some(map) = to.mapping.kind(kind) else {
        say(Some(false), format!("{} has no {}", to.mapping.title, kind.plural().to_lowercase()));
        return lines;
    };
    let shared = comparison.compares[system].len();
    say((shared > 0).then_some(true), format!("{shared} attributes are compared with {}", from.id));
    if map.reference {
        say(None, format!("reference data: {} only reads it, nothing of it can be pushed", to.mapping.title));
    }
    if state.pairing == Pairing::Missing {
        if let Capability::No(why) = to.mapping.can(kind, Op::Create) {
            say(Some(false), why);
        }
        if let Some((snapshot, row)) = source {
            for mandatory in &map.mandatory {
                let path = &mandatory.attr;
                let there = has(to, kind, snapshot, row, path);
                let words = match there {
                    Some(true) => format!("mandatory {path}: there"),
                    Some(false) => format!("mandatory {path}: {} has none, it has to be given", from.id),
                    None => format!("mandatory {path}: not read"),
                };
                say(there, words);
            }
        }
    }
    if state.waived {
        say(None, "a difference was adopted and is not counted".to_owned());
    }
    if state.unread {
        say(None, "something of it was not read and is not compared".to_owned());
    }
    lines
}

fn in_source(
    from: &SystemView,
    kind: Kind,
    source: Option<(&Snapshot, Row)>,
    say: &mut impl FnMut(Option<bool>, String),
) {
    match (source, from.snapshot(kind)) {
        (Some((snapshot, row)), _) => say(Some(true), format!("in {}: {}", from.id, label(&snapshot.table, row))),
        (None, Some(snapshot)) if snapshot.proved() => say(Some(false), format!("not in {}", from.id)),
        (None, Some(snapshot)) => {
            say(Some(false), format!("not known whether it is in {}: {}", from.id, reason(snapshot)));
        }
        (None, None) => say(Some(false), unread(from, kind)),
    }
}

/// That nothing of a kind was read from a system.
pub fn unread(view: &SystemView, kind: Kind) -> String {
    format!("the {} of {} were not read", kind.plural().to_lowercase(), view.id)
}

fn reason(snapshot: &Snapshot) -> String {
    match snapshot.feeds.first().map(|feed| &feed.proof) {
        None => "nothing was read".to_owned(),
        Some(Proof::Partial { why } | Proof::Acknowledged { why, .. }) => why.clone(),
        Some(Proof::Reading { read, of: Some(of) }) => format!("still reading, {read} of {of}"),
        Some(Proof::Reading { read, of: None }) => format!("still reading, {read} so far"),
        Some(Proof::Complete { how, .. }) => how.clone(),
    }
}

fn active(view: &SystemView, snapshot: &Snapshot, row: Row, say: &mut impl FnMut(Option<bool>, String)) {
    let Some(attr) = snapshot.table.schema().find(&AttrPath::new("active")) else { return };
    match snapshot.table.cell(row, attr) {
        Cell::Value(text) if text.trim().eq_ignore_ascii_case("false") => {
            say(Some(false), format!("inactive in {}", view.id));
        }
        Cell::Value(_) => say(Some(true), format!("active in {}", view.id)),
        Cell::Empty => say(Some(true), format!("{} does not say that it is inactive", view.id)),
        Cell::Unread | Cell::Unreadable => say(None, format!("whether it is active in {} was not read", view.id)),
    }
}

fn scope(from: &SystemView, to: &SystemView, kind: Kind, row: Row, say: &mut impl FnMut(Option<bool>, String)) {
    let Some(scope) = to.scope.of(kind) else { return };
    match Record::new(from, kind, row).and_then(|record| scope.eval(&record)) {
        Some(true) => say(Some(true), format!("in the scope of {}: {scope}", to.id)),
        Some(false) => say(Some(false), format!("out of the scope of {}: {scope}", to.id)),
        None => say(Some(false), format!("nobody can say whether it is in the scope of {}: {scope}", to.id)),
    }
}

#[expect(clippy::too_many_arguments, reason = "all that is said of one link")]
fn linked(
    compared: &Compared,
    to: &SystemView,
    kind: Kind,
    source: Option<(&Snapshot, Row)>,
    target: Option<(&Snapshot, Row)>,
    by: Option<Rung>,
    key: Option<(AttrPath, String)>,
    pairing: Pairing,
    say: &mut impl FnMut(Option<bool>, String),
) {
    match (source, target) {
        (Some((ours, row)), Some((theirs, there))) => {
            let (a, b) = (ours.table.id(row), theirs.table.id(there));
            let since = compared
                .inputs
                .links
                .iter()
                .filter(|link| link.a.kind == kind && *link.a.id == *a && link.b.system == to.id && *link.b.id == *b)
                .map(|link| link.since)
                .max();
            let text = match (key.filter(|_| by != Some(Rung::Kept)), since) {
                (Some((path, value)), _) => {
                    format!("linked to {} {b} by {}, which both have: {value}", to.id, path.local(&[]))
                }
                (None, Some(since)) => format!("linked to {} {b} by decision since {since}", to.id),
                (None, None) => format!("linked to {} {b} by decision", to.id),
            };
            say(Some(true), text);
        }
        (Some(_), None) if pairing == Pairing::Undecided => {
            say(Some(false), format!("not linked in {}: there are several candidates, or no key that tells", to.id));
        }
        (Some(_), None) => match to.snapshot(kind) {
            Some(snapshot) if snapshot.proved() => say(Some(false), format!("not in {}", to.id)),
            Some(snapshot) => say(Some(false), format!("not known whether it is in {}: {}", to.id, reason(snapshot))),
            None => say(Some(false), unread(to, kind)),
        },
        (None, Some(_)) if pairing == Pairing::Undecided => {
            say(Some(false), "not linked: there are several candidates, or no key that tells".to_owned());
        }
        (None, _) => {}
    }
}

/// Whether the source's record has what a create demands.
fn has(to: &SystemView, kind: Kind, snapshot: &Snapshot, row: Row, path: &AttrPath) -> Option<bool> {
    let table = &snapshot.table;
    let own = table.schema().find(path);
    if let Some(attr) = own
        && table.schema().def(attr).form != crate::model::Form::Text
    {
        return table.entries(row, attr).map(|entries| !entries.is_empty());
    }
    let mut known = true;
    for attr in own.into_iter().chain(composition(&to.mapping, kind, path, table)) {
        match table.cell(row, attr) {
            Cell::Value(_) => return Some(true),
            Cell::Empty => {}
            Cell::Unread | Cell::Unreadable => known = false,
        }
    }
    known.then_some(false)
}
