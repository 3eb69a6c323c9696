//! One session over the simulators in which many rows are driven.
//!
//! What a simulator holds is asked of the simulator itself, by plain requests that know nothing of the mapping; how a field
//! of it reads here is said by hand.

use std::sync::Arc;

use serde_json::Value;
use trueup::engine::protocol::World;
use trueup::model::{AttrPath, Cell, Form, Kind, Op, RecordKey, SystemId};
use trueup::plan::{By, Change, Expect, Facet, OutcomeState, Plan, Ref, Target, Want, Wanted};
use trueup::simulate::seen::Request;

use crate::bed::{Bed, Console};
use crate::seed::{Operation, Proof, Row};

/// The native record's texts at a path such as `children[].id`; names ignore case, `urn:` objects are looked through.
pub fn texts(record: &Value, path: &str) -> Vec<String> {
    let mut at = vec![record.clone()];
    for part in path.split('.') {
        let (name, each) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        at = at.iter().filter_map(|value| field(value, name)).collect();
        if each {
            at = at.iter().flat_map(|value| value.as_array().cloned().unwrap_or_default()).collect();
        }
    }
    at.iter().filter_map(scalar).collect()
}

fn field(value: &Value, name: &str) -> Option<Value> {
    let fields = value.as_object()?;
    let direct = fields.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
    direct.or_else(|| {
        let mut inner = fields.iter().filter(|(have, _)| have.starts_with("urn:"));
        inner.find_map(|(_, value)| field(value, name))
    })
}

/// A value as text; nothing where there is none.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

/// How a record of the simulator reads here where that is not simply the field's text.
pub type Said<'s> = &'s dyn Fn(&Row, &Value) -> Option<Vec<String>>;

/// What the console holds of a record for a row: one text, or one part of each of its entries.
fn held(world: &World, system: &str, row: &Row, id: &str) -> Vec<String> {
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == system).unwrap();
    let table = &view.snapshot(row.kind).unwrap_or_else(|| panic!("{system} has no {}", row.kind)).table;
    let at = table.find(id).unwrap_or_else(|| panic!("{system}: {} {id} was not read", row.kind));
    let (path, part) = row.place();
    let attr = table.schema().find(&AttrPath::new(path)).unwrap_or_else(|| panic!("{system}: no {path}"));
    let Some(part) = part else {
        return match table.cell(at, attr) {
            Cell::Value(text) => vec![text.to_owned()],
            Cell::Empty => Vec::new(),
            other => vec![format!("({other:?})")],
        };
    };
    assert!(matches!(table.schema().def(attr).form, Form::List(_)), "{path} is no list");
    let list = view.mapping.row(row.kind, &AttrPath::new(path)).unwrap().list.as_ref().unwrap();
    let place = list.key.iter().position(|have| have.name == part);
    let entries = table.entries(at, attr).unwrap_or_else(|| panic!("{system}: {path} of {id} was not read"));
    let mut texts: Vec<String> = entries
        .iter()
        .map(|entry| {
            let (key, value) = table.entry_text(attr, *entry);
            place.map_or(value, |place| key[place]).to_owned()
        })
        .collect();
    texts.sort();
    texts
}

/// A row is read: for every record of the simulator the console holds what the simulator has, and some have something.
pub fn assert_read(world: &World, system: &str, row: &Row, field: &str, records: &[Value], said: Said<'_>) {
    let mut some = 0;
    for record in records {
        let id = &texts(record, "id")[0];
        let mut wanted = said(row, record).unwrap_or_else(|| texts(record, field));
        wanted.sort();
        let held = held(world, system, row, id);
        if row.place().1.is_some() {
            assert_eq!(held, wanted, "{system}: {} of {} {id}", row.here, row.kind);
        } else if held.is_empty() {
            assert!(wanted.is_empty(), "{system}: {} of {} {id} is {wanted:?}, and empty here", row.here, row.kind);
        } else {
            assert!(wanted.contains(&held[0]), "{system}: {} of {} {id}: {held:?}, not {wanted:?}", row.here, row.kind);
        }
        some += usize::from(!held.is_empty());
    }
    assert!(some > 0, "{system}: no {} has {}: the row is not driven", row.kind, row.here);
}

/// A change made by hand.
pub fn change(system: &str, kind: Kind, id: &str, op: Op, want: Vec<Want>) -> Change {
    let system = SystemId::new(system);
    let facet = want.first().map(|want| want.facet.clone());
    Change {
        id: Change::name(&system, kind, id, op, facet.as_ref()),
        target: Target::Record(RecordKey::new(system.clone(), kind, id)),
        label: id.to_owned(),
        source: None,
        op,
        want,
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
        system,
        kind,
    }
}

pub fn wish(path: &str, key: Option<&[&str]>, value: Wanted) -> Want {
    let key = key.map(|parts| parts.iter().map(|part| Ref::Id((*part).into())).collect());
    Want { facet: Facet { path: AttrPath::new(path), key }, value, by: By::Operator }
}

pub fn text(path: &str, value: &str) -> Want {
    wish(path, None, Wanted::Text(value.to_owned()))
}

/// A create by hand: looked up first by its userName or display name.
pub fn create(system: &str, kind: Kind, by: (&str, &str), want: Vec<Want>) -> Change {
    let id = Change::name(&SystemId::new(system), kind, by.1, Op::Create, None);
    Change {
        target: Target::New(id.clone()),
        id,
        label: by.1.to_owned(),
        expect: Expect::Absent { by: vec![(AttrPath::new(by.0), by.1.to_owned())] },
        ..change(system, kind, by.1, Op::Create, want)
    }
}

/// The operation that sets an attribute to a text.
fn op(path: &str, value: &str) -> Op {
    match (path, value) {
        ("active", "false") => Op::Deactivate,
        ("active", _) => Op::Reactivate,
        _ => Op::Set,
    }
}

/// Carries changes out and holds them confirmed.
pub async fn confirmed(console: &mut Console, changes: Vec<Change>) -> Arc<Plan> {
    let plan = console.prepare(changes).await;
    assert_eq!(plan.refused, Vec::new());
    let plan = crate::bed::acknowledged(&plan);
    let outcomes = console.push(plan.clone()).await;
    crate::bed::assert_confirmed(&outcomes, &plan);
    plan
}

/// Carries one change out: what came of it.
pub async fn outcome(console: &mut Console, change: Change) -> OutcomeState {
    let plan = crate::bed::acknowledged(&*console.prepare(vec![change]).await);
    if let Some((_, why)) = plan.refused.first() {
        return OutcomeState::Refused { rule: why.clone() };
    }
    console.push(plan).await.remove(0).1
}

/// Why a change is refused before anything is sent.
pub async fn refusal(console: &mut Console, change: Change) -> String {
    let plan = console.prepare(vec![change]).await;
    plan.refused
        .first()
        .unwrap_or_else(|| panic!("not refused: {:?} {:?}", plan.changes, plan.steps.first().map(|step| &step.write)))
        .1
        .clone()
}

/// The rows that are written: each set on a record of its own, and then what the simulator itself shows there.
/// `records`: as many as there are rows at least; `show`: where a record is in the simulator.
/// Gives the requests that the simulator has seen.
pub async fn assert_set(
    bed: &Bed,
    console: &mut Console,
    system: &str,
    rows: &[(&Row, Proof, &str)],
    records: &[Value],
    show: impl Fn(Kind, &str) -> String,
) -> Vec<Request> {
    let mut changes = Vec::new();
    let mut looks = Vec::new();
    for ((row, proof, field), record) in rows.iter().zip(records) {
        let id = &texts(record, "id")[0];
        let other = texts(records.last().unwrap(), "id").remove(0);
        let (value, (at, shown)) = match *proof {
            Proof::Set(value) => (value.to_owned(), (*field, value.to_owned())),
            Proof::SetAs { value, native } => (value.to_owned(), (*field, native.to_owned())),
            Proof::SetRef("") => (other.clone(), (*field, other)),
            Proof::SetRef(value) => (value.to_owned(), (*field, value.to_owned())),
            Proof::Unseen { value, shows: (at, shown) } => (value.to_owned(), (at, shown.to_owned())),
            _ => continue,
        };
        let want = match proof {
            Proof::SetRef(_) => wish(row.here, None, Wanted::Ref(Ref::Id(value.as_str().into()))),
            _ => text(row.here, &value),
        };
        changes.push(change(system, row.kind, id, op(row.here, &value), vec![want]));
        looks.push((*row, *proof, show(row.kind, id), at, shown));
    }
    assert_eq!(changes.len(), rows.iter().filter(|(_, proof, _)| writes(*proof)).count(), "too few records");
    confirmed(console, changes).await;
    // A look from outside has the record of requests forgotten.
    let seen = bed.simulator(system).seen.all();
    for (row, proof, path, at, shown) in looks {
        let now = bed.get(system, &path).await;
        let now = now.as_object().filter(|only| only.len() == 1).and_then(|only| only.values().next()).unwrap_or(&now);
        let found = texts(now, at);
        let there = match proof {
            Proof::Unseen { .. } => found.iter().any(|text| text.contains(&shown)),
            _ => found.contains(&shown),
        };
        assert!(there, "{system}: {} = {shown:?} is not in the simulator's {at}: {found:?}", row.here);
    }
    seen
}

/// Whether a row is driven by a write of its own.
pub fn writes(proof: Proof) -> bool {
    matches!(proof, Proof::Set(_) | Proof::SetAs { .. } | Proof::SetRef(_) | Proof::Unseen { .. })
}

/// The rows that are only read: a write is refused with the reason, and nothing is sent.
pub async fn assert_refused(
    bed: &Bed,
    console: &mut Console,
    system: &str,
    rows: &[(&Row, &'static str)],
    id: impl Fn(Kind) -> String,
) {
    let before = bed.writes(system).len();
    for (row, words) in rows {
        let (path, part) = row.place();
        let id = id(row.kind);
        let change = match part {
            None => change(system, row.kind, &id, Op::Set, vec![text(path, "something else")]),
            Some(_) => change(system, row.kind, &id, Op::Put, vec![wish(path, Some(&["1"]), Wanted::Present)]),
        };
        let why = refusal(console, change).await;
        assert!(!words.is_empty() && why.contains(words), "{system}: {} of {}: {why:?}", row.here, row.kind);
    }
    assert_eq!(bed.writes(system).len(), before, "{system} was written to");
}

/// The simulator has seen a request for each operation of the guide.
pub fn assert_operated(seen: &[Request], operations: &[(&Operation, (&str, &str))]) {
    for (operation, (method, path)) in operations {
        let (path, query) = path.split_once('?').map_or((*path, None), |(path, query)| (path, Some(query)));
        let hit = |request: &&Request| {
            let parts: Vec<&str> = request.path.split('/').collect();
            let wanted: Vec<&str> = path.split('/').collect();
            request.method == *method
                && request.status < 400
                && parts.len() == wanted.len()
                && parts.iter().zip(&wanted).all(|(part, wanted)| *wanted == "*" || part == wanted)
                && query.is_none_or(|query| request.query.contains(query))
        };
        assert!(seen.iter().any(|request| hit(&request)), "no {method} {path} {query:?} for {operation:?}");
    }
}

/// What came of a change, if it did not come about.
pub fn words(state: &OutcomeState) -> String {
    match state {
        OutcomeState::Refused { rule } => rule.clone(),
        OutcomeState::Failed { why } | OutcomeState::Unknown { why } => why.clone(),
        OutcomeState::Differs { now } => now.clone(),
        other => format!("{other:?}"),
    }
}
