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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_roles_and_states_are_written_read_back_and_nothing_else_is_lost() {
    let (bed, mut console, world) = world(80, &[], &[]).await;
    let row = users_with(&world, true, 2);
    let id = snapshot(&world, Kind::User).table.id(row).to_owned();
    let had = grants(&world, row);
    let role = |role: &[String; 2]| !had.contains(role);
    let new = rows(&world, Kind::Role)
        .map(|at| [had[0][0].clone(), snapshot(&world, Kind::Role).table.id(at).to_owned()])
        .find(role)
        .unwrap();
    let dropped = [had[0][0].as_str(), had[0][1].as_str()];
    let changes = vec![
        set(&world, Kind::User, row, "emails[work]", "new@example.com"),
        grant(&world, row, Op::Put, [&new[0], &new[1]]),
        grant(&world, row, Op::Drop, dropped),
        switch(&world, Kind::User, row, false),
    ];
    let (plan, outcomes) = pushed(&mut console, changes).await;
    let bad: Vec<_> = outcomes.iter().filter(|(_, state)| !matches!(state, OutcomeState::Confirmed { .. })).collect();
    assert_eq!((bad, outcomes.len()), (Vec::new(), 4));
    assert_eq!(plan.steps.len(), 3, "one Save of attributes, one of all grants, one operation");
    let carried = plan.steps.iter().map(|step| step.write.carried.len()).max().unwrap();
    assert!(carried > 0, "what stays is shown as carried over");
    let kept = record(&bed, "SEC_User", &id).await;
    assert_eq!((&kept["FEmail"], &kept["FForbidStatus"]), (&Value::from("new@example.com"), &Value::from("B")));
    let mut now =
        loop_until(&mut console, world.clone(), |world| text(world, Kind::User, row, "active") == "false").await;
    let mut wanted: Vec<_> = had.iter().filter(|have| have.as_slice() != dropped).cloned().chain([new]).collect();
    let mut have = grants(&now, row);
    wanted.sort();
    have.sort();
    assert_eq!(have, wanted);
    assert_eq!(one(&mut console, switch(&now, Kind::User, row, true)).await.word(), "confirmed");
    now = console.world().await;
    assert_eq!(text(&now, Kind::User, row, "userName"), text(&world, Kind::User, row, "userName"));
}

/// The world once it is so.
async fn loop_until(console: &mut Console, mut world: Arc<World>, so: impl Fn(&World) -> bool) -> Arc<World> {
    while !so(&world) {
        world = console.world().await;
    }
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_created_with_its_roles_and_a_department_in_three_steps() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let organisation =
        rows(&world, Kind::Group).find(|row| text(&world, Kind::Group, *row, "type") == "organisation").unwrap();
    let organisation = snapshot(&world, Kind::Group).table.id(organisation).to_owned();
    let role = snapshot(&world, Kind::Role).table.id(Row(0)).to_owned();
    let texts = [("userName", "zhaoliu"), ("displayName", "赵六")];
    let user = create(Kind::User, "zhaoliu", ("userName", "zhaoliu"), &texts);
    let mut with = grant(&world, Row(0), Op::Put, [&organisation, &role]);
    (with.target, with.expect, with.needs) = (user.target.clone(), Expect::Facets(Vec::new()), vec![user.id.clone()]);
    with.id = ChangeId("erp/User/+zhaoliu/add".into());
    let texts = [("externalId", "BM9999"), ("displayName", "新部门"), ("parent", organisation.as_str())];
    let department = create(Kind::Group, "BM9999", ("externalId", "BM9999"), &texts);
    let (plan, outcomes) = pushed(&mut console, vec![user, with, department]).await;
    let bad: Vec<_> = outcomes.iter().filter(|(_, state)| !matches!(state, OutcomeState::Confirmed { .. })).collect();
    assert_eq!((bad, outcomes.len()), (Vec::new(), 3));
    let services: Vec<_> = plan.steps.iter().filter_map(|step| step.write.path.rsplit('.').nth(2)).collect();
    assert_eq!((services.iter().filter(|name| **name == "Save").count(), services.len()), (2, 4), "{services:?}");
    assert!(services.ends_with(&["Submit", "Audit"]), "{services:?}");
    assert_eq!((calls(&bed, "Submit"), calls(&bed, "Audit")), (1, 1));
    let world = loop_until(&mut console, world, |world| {
        snapshot(world, Kind::Group).table.find("BM9999").is_some()
            && rows(world, Kind::User).any(|row| text(world, Kind::User, row, "userName") == "zhaoliu")
    })
    .await;
    let row = snapshot(&world, Kind::Group).table.find("BM9999").unwrap();
    assert_eq!(text(&world, Kind::Group, row, "documentStatus"), "audited");
    assert_eq!(text(&world, Kind::Group, row, "parent"), organisation);
    let row = rows(&world, Kind::User).find(|row| text(&world, Kind::User, *row, "userName") == "zhaoliu").unwrap();
    assert_eq!(grants(&world, row), [[organisation, role]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audited_department_teaches_that_it_has_to_be_taken_back_first() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let audited = |row: &Row| {
        text(&world, Kind::Group, *row, "type") == "department"
            && text(&world, Kind::Group, *row, "documentStatus") == "audited"
    };
    let row = rows(&world, Kind::Group).find(audited).unwrap();
    let rename = set(&world, Kind::Group, row, "displayName", "改名部");
    let OutcomeState::Refused { rule } = one(&mut console, rename.clone()).await else { panic!() };
    assert!(rule.contains("prepare it again"), "{rule}");
    let (plan, outcomes) = pushed(&mut console, vec![rename]).await;
    assert_eq!((plan.steps.len(), outcomes[0].1.word()), (4, "confirmed"), "{:?}", outcomes[0]);
    assert_eq!((calls(&bed, "UnAudit"), calls(&bed, "Audit")), (1, 1));
    let off = switch(&world, Kind::Group, row, false);
    assert_eq!(one(&mut console, off).await.word(), "confirmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_somebody_edits_is_waited_for_and_the_holder_is_named() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let row = users_with(&world, true, 1);
    let id = snapshot(&world, Kind::User).table.id(row).to_owned();
    console.heard = Some(Vec::new());
    bed.faults("erp", &[&format!("conflict={id}:2")]);
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "a@example.com")).await;
    assert_eq!(state.word(), "confirmed", "{state:?}");
    assert_eq!(calls(&bed, "Save"), 3);
    let heard = console.heard.take().unwrap();
    assert!(
        heard.iter().any(|report| report.contains("Waiting") && report.contains("in use by ")),
        "with the time of the next try"
    );

    bed.faults("erp", &[&format!("conflict={id}:99")]);
    // What is planned from has to be what is there now.
    let world =
        loop_until(&mut console, world, |world| text(world, Kind::User, row, "emails[work]") == "a@example.com").await;
    let OutcomeState::Failed { why } =
        one(&mut console, set(&world, Kind::User, row, "emails[work]", "b@example.com")).await
    else {
        panic!("it stays in use")
    };
    assert!(why.contains("in use by ") && why.contains("nothing was done"), "{why}");
    assert_eq!(calls(&bed, "Save"), 3 + 4);
    bed.faults("erp", &["optimistic-lock=1"]);
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "c@example.com")).await;
    assert_eq!(state.word(), "stale", "{state:?}");
    assert_eq!(calls(&bed, "Save"), 3 + 4 + 1, "it is not resent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_lost_in_a_walk_or_a_write_costs_one_log_in() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    assert_eq!(log_ins(&bed), 1);
    bed.faults("erp", &["session-lost=1"]);
    console.handle.send(trueup::engine::protocol::Command::Refresh { system: Some(SystemId::new("erp")), kind: None });
    let generation = snapshot(&world, Kind::User).generation;
    let world = loop_until(&mut console, world, |world| {
        let users = snapshot(world, Kind::User);
        users.generation > generation && users.feeds.iter().all(|feed| !matches!(feed.proof, Proof::Reading { .. }))
    })
    .await;
    assert!(snapshot(&world, Kind::User).proved(), "{:?}", snapshot(&world, Kind::User).feeds);
    assert_eq!(log_ins(&bed), 2);

    let row = users_with(&world, true, 1);
    bed.faults("erp", &["expire=0@.Save."]);
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "a@example.com")).await;
    // Nobody knows how far a write came whose session was lost: it is read, and told as what it is.
    let OutcomeState::Failed { why } = &state else { panic!("{state:?}") };
    assert!(why.contains("not carried out"), "{why}");
    assert_eq!((calls(&bed, "Save"), log_ins(&bed)), (1, 3), "it is not resent by itself");
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "a@example.com")).await;
    assert_eq!(state.word(), "confirmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_is_tried_once_and_the_test_still_tells_of_the_parameters() {
    let bed = Bed::of(20, &[HR, ERP]).await;
    let mut setup = systems(&bed, &[]);
    let wrong = Source::Given(Secret::new("0123456789abcdef0123456789abcdef"));
    setup.systems[1].config.own_secrets.insert("application_secret".into(), wrong);
    let site = engine::test(setup, &[SystemId::new("erp")]).await.remove(0);
    assert!(!site.good());
    let line = |what: &str| {
        site.evidence.iter().rfind(|line| line.what == what).unwrap_or_else(|| panic!("{:#?}", site.evidence))
    };
    assert_eq!(line("data_center_id").finding, Finding::Good);
    assert!(line("password").detail.contains("unused"));
    assert!(line("log-in").detail.contains("about 30 minutes"), "{:?}", line("log-in"));
    assert_eq!((log_ins(&bed), calls(&bed, "ExecuteBillQuery")), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_version_does_not_serve_is_learned_and_done_otherwise() {
    let (bed, mut console, world) =
        world(40, &[], &["role-query=absent", "operation=ExecuteOperation", "forbid=Disable"]).await;
    assert_eq!(site(&world).learned["grants"], "view");
    let users = snapshot(&world, Kind::User);
    assert!(users.proved(), "{:?}", users.feeds);
    assert_eq!(users.feeds[1].requests as usize, users.table.len(), "a View for each");
    let row = users_with(&world, true, 1);
    let off = switch(&world, Kind::User, row, false);
    assert_eq!(one(&mut console, off.clone()).await.word(), "refused", "the misspelt call is not honoured there");
    assert_eq!(one(&mut console, off.clone()).await.word(), "refused", "and the operation has another number there");
    let state = one(&mut console, off).await;
    assert_eq!(state.word(), "confirmed", "{state:?}");
    assert_eq!((calls(&bed, "ExcuteOperation"), calls(&bed, "ExecuteOperation")), (1, 2));
}
