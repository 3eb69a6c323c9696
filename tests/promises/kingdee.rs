//! Kingdee over loopback, against its simulator: in, read, written, held up, forgotten.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use trueup::config::SystemConfig;
use trueup::engine::protocol::World;
use trueup::engine::{self, Auth, Setup, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{AttrPath, Kind, Op, Proof, Row, Snapshot, SystemId};
use trueup::plan::{
    By, Change, ChangeId, Expect, Facet, Finding, OutcomeState, Plan, Ref, Site, Target, Want, Wanted, seen,
};
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, Part, full, setup, system};

mod documents;
mod employees;
mod faults;
mod writing;

const ERP: Part = ("erp", "kingdee", "kingdee", &[]);

/// The engine's view of the simulator, with these settings beside the log-in's own.
fn erp(bed: &Bed, own: &[(&str, &str)]) -> SystemSetup {
    let running = bed.simulator("erp");
    let mut config = SystemConfig::new(SystemId::new("erp"), "kingdee", running.url.trim_end_matches('/'), Auth::None);
    for name in ["data_center_id", "application_id", "username"] {
        config.own.insert(name.to_owned(), running.login[name].clone());
    }
    for name in ["application_secret", "password"] {
        config.own_secrets.insert(name.to_owned(), Source::Given(Secret::new(running.login[name].clone())));
    }
    config.own.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    config.policy = full();
    config.rate = Some(1000.0);
    SystemSetup::over(config, Arc::new(Mapping::builtin("kingdee").unwrap())).unwrap()
}

fn systems(bed: &Bed, own: &[(&str, &str)]) -> Setup {
    let hr = bed.simulator("hr");
    let systems = vec![system("hr", "scim", &hr.url, &hr.login["token"], &full()), erp(bed, own)];
    let mut setup = setup(systems, &bed.dir.0);
    // As in the field, but in milliseconds.
    setup.patience.in_use = (Duration::from_millis(5), Duration::from_millis(10), 4);
    setup
}

async fn world(users: u32, own: &[(&str, &str)], faults: &'static [&'static str]) -> (Bed, Console, Arc<World>) {
    let bed = Bed::of(users, &[HR, ("erp", "kingdee", "kingdee", faults)]).await;
    let mut console = Console::over(systems(&bed, own));
    let world = console.world().await;
    (bed, console, world)
}

fn snapshot(world: &World, kind: Kind) -> &Snapshot {
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == "erp").unwrap();
    view.snapshot(kind).unwrap_or_else(|| panic!("no {kind}: {:?}", world.systems[1].health))
}

fn site(world: &World) -> &Site {
    world.systems[1].site.as_ref().unwrap()
}

/// The text of an attribute of a record.
fn text<'w>(world: &'w World, kind: Kind, row: Row, path: &str) -> &'w str {
    let table = &snapshot(world, kind).table;
    table.cell(row, table.schema().find(&AttrPath::new(path)).unwrap()).text()
}

/// A user's roles by organisation.
fn grants(world: &World, row: Row) -> Vec<[String; 2]> {
    let table = &snapshot(world, Kind::User).table;
    let attr = table.schema().find(&AttrPath::new("grants")).unwrap();
    let entries = table.entries(row, attr).expect("the grants were read");
    entries.iter().map(|entry| table.entry_text(attr, *entry).0.map(str::to_owned)).collect()
}

fn rows(world: &World, kind: Kind) -> impl Iterator<Item = Row> {
    (0..snapshot(world, kind).table.len() as u32).map(Row)
}

/// A change of one facet of a record as it is now.
fn change(world: &World, kind: Kind, row: Row, op: Op, facet: Facet, value: Wanted) -> Change {
    let table = &snapshot(world, kind).table;
    let id = table.id(row);
    let system = SystemId::new("erp");
    let before = seen(table, row, &facet);
    Change {
        id: Change::name(&system, kind, id, op, Some(&facet)),
        target: Target::Record(trueup::model::RecordKey::new(system.clone(), kind, id)),
        system,
        kind,
        label: id.to_owned(),
        source: None,
        op,
        want: vec![Want { facet: facet.clone(), value, by: By::Source }],
        expect: Expect::Facets(vec![(facet, before)]),
        needs: Vec::new(),
    }
}

fn set(world: &World, kind: Kind, row: Row, path: &str, to: &str) -> Change {
    change(world, kind, row, Op::Set, Facet::attr(path), Wanted::Text(to.into()))
}

fn switch(world: &World, kind: Kind, row: Row, on: bool) -> Change {
    let op = if on { Op::Reactivate } else { Op::Deactivate };
    change(world, kind, row, op, Facet::attr("active"), Wanted::Text(on.to_string()))
}

fn grant(world: &World, row: Row, op: Op, of: [&str; 2]) -> Change {
    let facet = Facet { path: AttrPath::new("grants"), key: Some(of.map(|part| Ref::Id(part.into())).to_vec()) };
    let value = if op == Op::Put { Wanted::Present } else { Wanted::Clear };
    change(world, Kind::User, row, op, facet, value)
}

fn create(kind: Kind, name: &str, by: (&str, &str), texts: &[(&str, &str)]) -> Change {
    let system = SystemId::new("erp");
    let id = ChangeId(format!("erp/{kind}/+{name}/create").into());
    let want = |(path, to): &(&str, &str)| Want {
        facet: Facet::attr(*path),
        value: Wanted::Text((*to).to_owned()),
        by: By::Source,
    };
    Change {
        id: id.clone(),
        target: Target::New(id),
        system,
        kind,
        label: name.to_owned(),
        source: None,
        op: Op::Create,
        want: texts.iter().map(want).collect(),
        expect: Expect::Absent { by: vec![(AttrPath::new(by.0), by.1.to_owned())] },
        needs: Vec::new(),
    }
}

async fn pushed(console: &mut Console, changes: Vec<Change>) -> (Arc<Plan>, Vec<(ChangeId, OutcomeState)>) {
    let plan = console.plan(changes).await;
    let outcomes = console.push(plan.clone()).await;
    (plan, outcomes)
}

async fn one(console: &mut Console, change: Change) -> OutcomeState {
    pushed(console, vec![change]).await.1.remove(0).1
}

async fn record(bed: &Bed, form: &str, id: &str) -> Value {
    let running = bed.simulator("erp");
    let origin = url::Url::parse(&running.url).unwrap();
    let at = origin.join(&format!("/__sim/records?form={form}&id={id}")).unwrap();
    let all: Value = serde_json::from_str(&reqwest::get(at).await.unwrap().text().await.unwrap()).unwrap();
    all[0].clone()
}

/// How often a service was called.
fn calls(bed: &Bed, service: &str) -> usize {
    let service = format!(".{}.", service.to_lowercase());
    let seen = bed.simulator("erp").seen.all();
    seen.iter().filter(|request| request.path.to_lowercase().contains(&service)).count()
}

fn log_ins(bed: &Bed) -> usize {
    ["LoginByAppSecret", "LoginBySign", "ValidateUser"].iter().map(|service| calls(bed, service)).sum()
}

fn users_with(world: &World, active: bool, roles: usize) -> Row {
    let fits =
        |row: &Row| (text(world, Kind::User, *row, "active") == "true") == active && grants(world, *row).len() >= roles;
    rows(world, Kind::User).find(fits).expect("somebody is so")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_in_leads_to_the_same_people_with_one_log_in_at_most() {
    let bed = Bed::of(60, &[HR, ERP]).await;
    let mut people = Vec::new();
    for (way, log_in) in [("app-secret", 1), ("sign", 1), ("password", 1), ("header", 0)] {
        bed.simulator("erp").seen.forget();
        let mut console = Console::over(systems(&bed, &[("login", way)]));
        let world = console.world().await;
        assert!(site(&world).good(), "{way}: {:#?}", site(&world).evidence);
        assert!(snapshot(&world, Kind::User).proved() && snapshot(&world, Kind::Group).proved(), "{way}");
        assert_eq!(log_ins(&bed), log_in, "{way}");
        let line = site(&world).evidence.iter().find(|line| line.what == "log-in").unwrap();
        assert!(line.finding == Finding::Good && line.detail.contains("worked as 集成用户"), "{line:?}");
        people.push(rows(&world, Kind::User).map(|row| grants(&world, row)).collect::<Vec<_>>());
        console.quit().await;
    }
    assert!(people.windows(2).all(|two| two[0] == two[1]) && people[0].iter().any(|grants| !grants.is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_come_in_pages_of_2000_and_grants_in_what_they_need() {
    let (bed, _console, world) = world(4500, &[], &[]).await;
    let users = snapshot(&world, Kind::User);
    assert!(users.proved(), "{:?}", users.feeds);
    let pages = |rows: usize| rows / 2000 + 1;
    assert_eq!(users.feeds[0].requests as usize, pages(users.table.len()), "{} users", users.table.len());
    let entries: usize = rows(&world, Kind::User).map(|row| grants(&world, row).len()).sum();
    let needed = pages(entries)..=pages(entries + users.table.len());
    assert!(needed.contains(&(users.feeds[1].requests as usize)), "{entries} grants: {:?}", users.feeds[1]);
    let all: u32 = users.feeds.iter().map(|feed| feed.requests).sum();
    println!(
        "{} users, {entries} grants: {all} requests, {} in all",
        users.table.len(),
        bed.simulator("erp").seen.stats().requests
    );
    assert_eq!(log_ins(&bed), 1);
}

/// The world once it is so.
async fn loop_until(console: &mut Console, mut world: Arc<World>, so: impl Fn(&World) -> bool) -> Arc<World> {
    while !so(&world) {
        world = console.world().await;
    }
    world
}
