//! What a service may do that few do, each turned on at its simulator: what the operator sees of it, and how often is written.

mod aha;
mod gateway;
mod kingdee;
mod litmos;

use trueup::engine::protocol::World;
use trueup::model::{AttrPath, Kind, Op, RecordKey, Row, SystemId, Table};
use trueup::plan::{By, Change, Expect, Facet, OutcomeState, Target, Want, Wanted, seen};

use crate::bed::{Bed, Console, acknowledged};

/// The users of a system.
fn users<'w>(world: &'w World, system: &str) -> &'w Table {
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == system).unwrap();
    &view.snapshot(Kind::User).unwrap().table
}

/// What a table has for an attribute of a row.
fn text<'t>(table: &'t Table, row: Row, path: &str) -> &'t str {
    table.cell(row, table.schema().find(&AttrPath::new(path)).unwrap()).text()
}

/// A change of one facet of a user as it is now.
fn change(world: &World, system: &str, row: Row, op: Op, facet: Facet, value: Wanted) -> Change {
    let table = users(world, system);
    let (id, system) = (table.id(row), SystemId::new(system));
    let before = seen(table, row, &facet);
    Change {
        id: Change::name(&system, Kind::User, id, op, Some(&facet)),
        target: Target::Record(RecordKey::new(system.clone(), Kind::User, id)),
        system,
        kind: Kind::User,
        label: id.to_owned(),
        source: None,
        op,
        want: vec![Want { facet: facet.clone(), value, by: By::Source }],
        expect: Expect::Facets(vec![(facet, before)]),
        needs: Vec::new(),
    }
}

/// Prepares one change, acknowledges every guard, pushes it and gives what came of it.
async fn outcome(console: &mut Console, change: Change) -> OutcomeState {
    let plan = acknowledged(&*console.prepare(vec![change]).await);
    assert_eq!(plan.refused, Vec::new());
    console.push(plan).await.remove(0).1
}

/// How many writes reached a system since it was last asked to forget.
fn written(bed: &Bed, name: &str) -> usize {
    bed.writes(name).len()
}
