//! A small world by hand: tables of the built-in mappings, filled by the builder and compared for real.

use std::sync::{Arc, OnceLock};

use trueup::compare::{Inputs, SystemView, compare};
use trueup::engine::protocol::{Budget, Health, Sent, SystemStatus, World};
use trueup::mapping::Mapping;
use trueup::model::filter::Filters;
use trueup::model::{AttrPath, FeedState, Kind, Op, Proof, RecordKey, Snapshot, SystemId, Table, TableBuilder};
use trueup::plan::{
    Body, Change, Evidence, Expect, Facet, Finding, Guard, Method, Mode, Outcome, OutcomeState, Plan, PlanId, Policy,
    Repeat, Request, Seen, Site, Step, StepId, Target, Want, Wanted,
};

use crate::desk::now;

const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

pub fn mapping(connector: &str) -> Arc<Mapping> {
    static MADE: [OnceLock<Arc<Mapping>>; 2] = [OnceLock::new(), OnceLock::new()];
    let at = usize::from(connector == "aha");
    MADE[at].get_or_init(|| Arc::new(Mapping::builtin(["scim", "aha"][at]).unwrap())).clone()
}

/// A record: its id, its texts by path, and entries of `productRoles`.
struct Record<'r> {
    id: String,
    texts: Vec<(&'r str, &'r str)>,
    pairs: Vec<(&'r str, &'r str)>,
}

fn fill(connector: &str, kind: Kind, records: &[Record<'_>]) -> Table {
    let mapping = mapping(connector);
    let schema = mapping.kind(kind).unwrap().schema.clone();
    let mut builder = TableBuilder::new(schema.clone());
    for record in records {
        assert!(builder.begin(&record.id), "{} twice", record.id);
        for (path, text) in &record.texts {
            if let Some(attr) = schema.find(&AttrPath::new(*path)) {
                builder.set(attr, text);
            }
        }
        for (product, role) in &record.pairs {
            builder.entry(schema.find(&AttrPath::new("productRoles")).unwrap(), [product, ""], role);
        }
        builder.end();
    }
    builder.table()
}

/// One person as one system has them: name, login, active, department, roles on products.
pub type Person = (&'static str, &'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

fn place(login: &str) -> usize {
    let known = SOURCE.iter().chain(&AHA).map(|person| person.1);
    known.into_iter().position(|have| have == login).unwrap_or(if login.starts_with("robot") { 91 } else { 90 })
}

fn table(connector: &str, people: &[Person]) -> Table {
    let prefix = if connector == "aha" { "" } else { "p-" };
    let records: Vec<Record<'_>> = people
        .iter()
        .map(|(name, login, active, department, pairs)| {
            let (given, family) = name.split_once(' ').unwrap_or((name, name));
            Record {
                id: format!("{prefix}{}", 7310 + place(login)),
                texts: vec![
                    ("userName", login),
                    ("displayName", name),
                    ("name.givenName", given),
                    ("name.familyName", family),
                    ("emails[work]", login),
                    ("active", active),
                    (DEPARTMENT, department),
                ],
                pairs: pairs.iter().map(|(product, role)| (*product, *role)).collect(),
            }
        })
        .collect();
    fill(connector, Kind::User, &records)
}

fn products(connector: &str, prefix: &str) -> Table {
    let names = [("1", "Phoenix", "PHX"), ("2", "Atlas", "ATL"), ("3", "凤凰计划", "FHJ")];
    let ids: Vec<String> = names.iter().map(|(id, ..)| format!("{prefix}{id}")).collect();
    let records: Vec<Record<'_>> = names
        .iter()
        .zip(&ids)
        .map(|((_, name, reference), id)| Record {
            id: id.clone(),
            texts: vec![("name", name), ("referencePrefix", reference)],
            pairs: Vec::new(),
        })
        .collect();
    fill(connector, Kind::Product, &records)
}

fn roles(connector: &str) -> Table {
    let records: Vec<Record<'_>> = ["product_owner", "contributor", "reviewer", "viewer"]
        .iter()
        .map(|name| Record { id: (*name).into(), texts: vec![("name", name)], pairs: Vec::new() })
        .collect();
    fill(connector, Kind::Role, &records)
}

pub fn snapshot(system: &str, kind: Kind, table: Table, proof: Proof) -> Arc<Snapshot> {
    let feed = FeedState { feed: "users".into(), proof, pages: 13, requests: 14 };
    Arc::new(Snapshot {
        system: SystemId::new(system),
        kind,
        generation: 1,
        table,
        feeds: vec![feed],
        taken: now().checked_sub(jiff::SignedDuration::from_mins(2)).unwrap(),
    })
}

pub fn complete(total: u64) -> Proof {
    Proof::Complete { how: "distinct ids equal totalResults".into(), total }
}

pub fn status(id: &str, connector: &str, title: &str, mode: Mode, health: Health) -> SystemStatus {
    let evidence = vec![
        Evidence {
            what: "GET /api/v1/me".into(),
            finding: Finding::Good,
            detail: "signed in as the integration user".into(),
        },
        Evidence { what: "account".into(), finding: Finding::Note, detail: "acme, the same as last time".into() },
    ];
    let sent = Sent {
        at: now(),
        method: Method::Get,
        target: "/api/v1/users?page=13&per_page=100".into(),
        status: Some(200),
        took: 84,
        bytes: 51_203,
        attempt: 1,
        fault: None,
    };
    SystemStatus {
        id: SystemId::new(id),
        connector: connector.into(),
        title: title.into(),
        url: format!("https://{id}.example.com"),
        source: id == "hr",
        mode,
        production: false,
        policy: Policy { mode, ..Policy::default() },
        health,
        site: Some(Arc::new(Site { evidence, whoami: Some("Integration".into()), ..Site::default() })),
        mapping: mapping(connector),
        budget: Budget { per_second: 5.0, tokens: 9.0, burst: 10, wait: 0.0, remaining: None },
        resting: None,
        recent: vec![sent].into(),
    }
}

/// The source's people.
pub const SOURCE: [Person; 6] = [
    ("Lena Fischer", "lena.fischer@example.com", "true", "Research", &[("s1", "contributor"), ("s2", "viewer")]),
    ("王小明", "wang.xiaoming@example.com", "true", "研发部", &[("s3", "viewer")]),
    ("Omar Haddad", "omar.haddad@example.com", "false", "Sales", &[("s1", "viewer")]),
    ("محمد العلي", "m.alali@example.com", "true", "Sales", &[]),
    ("Łukasz O'Brien-Smith", "lukasz@example.com", "true", "Research", &[("s1", "reviewer")]),
    ("欧阳娜娜", "ouyang.nana@example.com", "true", "市场部", &[("s3", "product_owner"), ("s1", "viewer")]),
];

/// The target's people: two differ, one is missing, one is a leaver, one is extra.
pub const AHA: [Person; 6] = [
    ("Lena Fischer-Vogt", "lena.fischer@example.com", "true", "", &[("1", "viewer"), ("2", "viewer")]),
    ("王小明", "wang.xiaoming@example.com", "true", "", &[("3", "viewer")]),
    ("Omar Haddad", "omar.haddad@example.com", "true", "", &[("1", "viewer")]),
    ("Łukasz O'Brien-Smith", "lukasz@example.com", "true", "", &[("1", "reviewer"), ("2", "contributor")]),
    ("欧阳娜娜", "ouyang.nana@example.com", "true", "", &[("3", "product_owner"), ("1", "viewer")]),
    ("Old Account", "old@example.com", "true", "", &[]),
];

/// A directory that knows departments.
const DIRECTORY: [Person; 3] = [
    ("Lena Fischer", "lena.fischer@example.com", "true", "Production", &[]),
    ("王小明", "wang.xiaoming@example.com", "true", "研发部", &[]),
    ("Omar Haddad", "omar.haddad@example.com", "true", "Sales", &[]),
];

/// One system with what was read of it.
pub struct System {
    pub status: SystemStatus,
    pub snapshots: [Option<Arc<Snapshot>>; 4],
}

impl System {
    pub fn new(status: SystemStatus) -> Self {
        Self { status, snapshots: [None, None, None, None] }
    }

    pub fn read(mut self, kind: Kind, table: Table, proof: Proof) -> Self {
        let system = self.status.id.as_str().to_owned();
        self.snapshots[kind.index()] = Some(snapshot(&system, kind, table, proof));
        self
    }
}

pub fn world_of(systems: Vec<System>) -> World {
    let views: Vec<SystemView> = systems
        .iter()
        .map(|system| SystemView {
            id: system.status.id.clone(),
            mapping: system.status.mapping.clone(),
            snapshots: system.snapshots.clone(),
            scope: Filters::default(),
            manage: Filters::default(),
            deactivate_out_of_scope: false,
        })
        .collect();
    let source = systems.iter().position(|system| system.status.source);
    let inputs = Arc::new(Inputs { systems: views, source, ..Inputs::default() });
    World {
        generation: 1,
        systems: systems.into_iter().map(|system| system.status).collect(),
        compared: Arc::new(compare(inputs)),
        who: "lena from 10.1.2.3".into(),
    }
}

fn hr(people: &[Person], proof: Proof) -> System {
    System::new(status("hr", "scim", "SCIM 2.0", Mode::ReadOnly, Health::Good))
        .read(Kind::User, table("scim", people), proof)
        .read(Kind::Role, roles("scim"), complete(4))
        .read(Kind::Product, products("scim", "s"), complete(3))
}

fn aha(people: &[Person]) -> System {
    System::new(status("aha", "aha", "Aha!", Mode::Full, Health::Good))
        .read(Kind::User, table("aha", people), complete(people.len() as u64))
        .read(Kind::Role, roles("aha"), complete(4))
        .read(Kind::Product, products("aha", ""), complete(3))
}

/// hr is the source, aha well, the directory half read, kingdee broken.
pub fn small() -> World {
    static MADE: OnceLock<World> = OnceLock::new();
    MADE.get_or_init(make_small).clone()
}

fn make_small() -> World {
    let bad = Health::Bad {
        word: "auth".into(),
        text: "kingdee: signing in was refused (MsgCode 4)\ncheck application_secret in trueup.toml, then T here"
            .into(),
    };
    let reading = Health::Reading { read: 620, of: Some(1000) };
    world_of(vec![
        hr(&SOURCE, complete(6)),
        aha(&AHA),
        System::new(status("directory", "scim", "SCIM 2.0", Mode::Full, reading)).read(
            Kind::User,
            table("scim", &DIRECTORY),
            Proof::Reading { read: 620, of: Some(1000) },
        ),
        System::new(status("kingdee", "scim", "SCIM 2.0", Mode::Full, bad)),
    ])
}

/// A world in which the source is still being read.
pub fn reading(read: usize) -> World {
    let proof = Proof::Reading { read: read as u64, of: Some(6) };
    let mut source = System::new(status(
        "hr",
        "scim",
        "SCIM 2.0",
        Mode::ReadOnly,
        Health::Reading { read: read as u64, of: Some(6) },
    ));
    if read > 0 {
        source = source.read(Kind::User, table("scim", &SOURCE[..read]), proof);
    }
    world_of(vec![source, System::new(status("aha", "aha", "Aha!", Mode::Full, Health::Probing))])
}

/// A world of the source's and one target's people.
pub fn two(source: &[Person], target: &[Person]) -> World {
    world_of(vec![hr(source, complete(source.len() as u64)), aha(target)])
}

/// A world of the source's people, and a directory that stands like this and was never read.
pub fn unread(source: &[Person], health: Health) -> World {
    let directory = System::new(status("directory", "scim", "SCIM 2.0", Mode::Full, health));
    world_of(vec![hr(source, complete(source.len() as u64)), directory])
}

/// A world of the source's people and a directory's, which has departments.
pub fn directory(source: &[Person], target: &[Person]) -> World {
    let total = complete(target.len() as u64);
    let status = status("directory", "scim", "SCIM 2.0", Mode::Full, Health::Good);
    let directory = System::new(status).read(Kind::User, table("scim", target), total);
    world_of(vec![hr(source, complete(source.len() as u64)), directory])
}

/// So many people in both systems; every hundredth has another name in the target.
pub fn large(people: u32) -> World {
    let make = |connector: &str| {
        let schema = mapping(connector).kind(Kind::User).unwrap().schema.clone();
        let attr = |path: &str| schema.find(&AttrPath::new(path)).unwrap();
        let (login, name, active) = (attr("userName"), attr("displayName"), attr("active"));
        let mut builder = TableBuilder::new(schema.clone());
        for n in 0..people {
            builder.begin(&format!("{n}"));
            builder.set(login, &format!("user{n:07}@example.com"));
            let called = if connector == "aha" && n.is_multiple_of(100) { "Renamed" } else { "Person" };
            builder.set(name, &format!("{called} {:07}", n.wrapping_mul(7919) % people));
            builder.set(active, "true");
            builder.end();
        }
        builder.table()
    };
    let total = complete(u64::from(people));
    let system = |status: SystemStatus, table| System::new(status).read(Kind::User, table, total.clone());
    world_of(vec![
        system(status("hr", "scim", "SCIM 2.0", Mode::ReadOnly, Health::Good), make("scim")),
        system(status("aha", "aha", "Aha!", Mode::Full, Health::Good), make("aha")),
    ])
}

/// A change of one attribute of one of the target's people.
pub fn change(at: usize, path: &str, from: &str, to: &str) -> Change {
    let login = AHA[at].1;
    let id = format!("{}", 7310 + place(login));
    let system = SystemId::new("aha");
    let facet = Facet::attr(path);
    Change {
        id: Change::name(&system, Kind::User, &id, Op::Set, Some(&facet)),
        system: system.clone(),
        kind: Kind::User,
        target: Target::Record(RecordKey::new(system, Kind::User, id)),
        label: login.into(),
        source: None,
        op: Op::Set,
        want: vec![Want { facet: facet.clone(), value: Wanted::Text(to.into()), by: trueup::plan::By::Source }],
        expect: Expect::Facets(vec![(facet, Seen::Value(from.into()))]),
        needs: Vec::new(),
    }
}

/// The leaver is switched off.
pub fn deactivation() -> Change {
    let mut change = change(2, "active", "true", "false");
    change.op = Op::Deactivate;
    change
}

/// A plan with a step for each change.
pub fn plan(changes: Vec<Change>) -> Arc<Plan> {
    let steps = changes
        .iter()
        .enumerate()
        .map(|(at, change)| {
            let path = match &change.target {
                Target::Record(key) => format!("/api/v1/users/{}", key.id),
                Target::New(_) => "/api/v1/users".to_owned(),
            };
            let facet = change.want.first().map(|want| want.facet.path.to_string()).unwrap_or_default();
            let json = serde_json::json!({ "user": { facet.clone(): "Research" } });
            let body = Body::Json { json, media: "application/json".into() };
            let mut write = Request::new(Method::Put, path.clone(), body, Repeat::Safe);
            write.edits.push(trueup::mapping::Edit::Set { at: format!("/user/{facet}"), value: "Research".into() });
            Step {
                id: StepId(format!("p1/{at}").into()),
                system: change.system.clone(),
                serves: vec![change.id.clone()],
                after: Vec::new(),
                read: vec![Request::get(path.clone())],
                write,
                verify: vec![Request::get(path).query("fields", "name, active")],
                yields: None,
                side_effects: if change.op == Op::Deactivate { vec!["a seat becomes free".into()] } else { Vec::new() },
            }
        })
        .collect();
    Arc::new(Plan {
        id: PlanId("0193-plan".into()),
        sensitive: Vec::new(),
        called: trueup::plan::Called::default(),
        one_way: Vec::new(),
        changes,
        steps,
        refused: Vec::new(),
        guards: Vec::new(),
        pins: std::collections::BTreeMap::new(),
        fingerprint: "4be1d09c77".into(),
        made: now(),
    })
}

pub fn guard(can_acknowledge: bool) -> Guard {
    Guard {
        rule: "limit-deactivate".into(),
        system: SystemId::new("aha"),
        kind: Some(Kind::User),
        text: "1 of 6 users would be switched off, 16 %; the limit is 5 %".into(),
        can_acknowledge,
        acknowledged: false,
        measure: None,
    }
}

pub fn outcome(change: &Change, state: OutcomeState) -> Outcome {
    Outcome { change: change.id.clone(), state, at: now() }
}
