//! A small world by hand: tables from the builder, and a comparison that says what the tables show.

use std::sync::Arc;

use trueup::compare::{Compared, Comparison, Inputs, Pairing, SystemView, Tally};
use trueup::engine::protocol::{Budget, Health, Sent, SystemStatus, World};
use trueup::mapping::{Mapping, Rate};
use trueup::model::Op;
use trueup::model::{
    Attr, AttrDef, AttrPath, FeedState, Fold, Form, Kind, ListDef, Proof, RecordKey, Schema, Snapshot, SystemId, Table,
    TableBuilder,
};
use trueup::plan::{
    Body, Change, Evidence, Expect, Facet, Finding, Guard, Method, Mode, Outcome, OutcomeState, Plan, PlanId, Policy,
    Repeat, Request, Seen, Site, Step, StepId, Target, Want, Wanted,
};

use crate::desk::now;

pub fn mapping(connector: &str, title: &str) -> Arc<Mapping> {
    Arc::new(Mapping {
        connector: connector.into(),
        title: title.into(),
        settings: Vec::new(),
        kinds: Vec::new(),
        feeds: Vec::new(),
        readers: Vec::new(),
        capabilities: Vec::new(),
        side_effects: Vec::new(),
        limitations: Vec::new(),
        rate: Rate { per_second: 5.0, burst: 10, parallel: 4 },
        page_size: 100,
    })
}

fn text(path: &str, unreadable: bool) -> AttrDef {
    AttrDef {
        path: AttrPath::new(path),
        form: Form::Text,
        fold: Fold::Caseless,
        refers: None,
        unreadable,
        unique: false,
        later: false,
        slot: 0,
    }
}

fn users(unreadable: bool) -> Arc<Schema> {
    let list = Form::List(ListDef { key: [Some(Kind::Product), None], two: false, value: Some(Some(Kind::Role)) });
    Schema::new(
        Kind::User,
        vec![
            text("userName", false),
            text("displayName", false),
            text("name.givenName", unreadable),
            text("active", false),
            text("department", false),
            AttrDef { form: list, ..text("productRoles", false) },
        ],
    )
}

/// One person as one system has them: name, login, active, department.
pub type Person = (&'static str, &'static str, &'static str, &'static str);

fn table(people: &[Person], prefix: &str, unreadable: bool) -> Table {
    let mut builder = TableBuilder::new(users(unreadable));
    for (at, (name, login, active, department)) in people.iter().enumerate() {
        assert!(builder.begin(&format!("{prefix}{:04}", 7310 + at)));
        for (attr, value) in
            [(0, *login), (1, *name), (2, name.split(' ').next().unwrap()), (3, *active), (4, *department)]
        {
            builder.set(Attr(attr), value);
        }
        builder.end();
    }
    builder.table()
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

pub fn status(id: &str, title: &str, mode: Mode, health: Health) -> SystemStatus {
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
        connector: title.to_lowercase(),
        title: title.into(),
        url: format!("https://{id}.example.com"),
        source: id == "hr",
        mode,
        production: false,
        policy: Policy { mode, ..Policy::default() },
        health,
        site: Some(Arc::new(Site { evidence, whoami: Some("Integration".into()), ..Site::default() })),
        mapping: mapping(&title.to_lowercase(), title),
        budget: Budget { per_second: 5.0, tokens: 9.0, burst: 10, wait: 0.0, remaining: None },
        recent: vec![sent].into(),
    }
}

/// The source's people.
pub const SOURCE: [Person; 6] = [
    ("Lena Fischer", "lena.fischer@example.com", "true", "Research"),
    ("王小明", "wang.xiaoming@example.com", "true", "研发部"),
    ("Omar Haddad", "omar.haddad@example.com", "false", "Sales"),
    ("محمد العلي", "m.alali@example.com", "true", "Sales"),
    ("Łukasz O'Brien-Smith", "lukasz@example.com", "true", "Research"),
    ("欧阳娜娜", "ouyang.nana@example.com", "true", "市场部"),
];

/// The target's people: two differ, one is missing, one is a leaver, one is extra.
pub const AHA: [Person; 6] = [
    ("Lena Fischer-Vogt", "lena.fischer@example.com", "true", "Production"),
    ("王小明", "wang.xiaoming@example.com", "true", "研发部"),
    ("Omar Haddad", "omar.haddad@example.com", "true", "Sales"),
    ("Łukasz O'Brien-Smith", "lukasz@example.com", "true", "Development"),
    ("欧阳娜娜", "ouyang.nana@example.com", "true", "市场部"),
    ("Old Account", "old@example.com", "true", ""),
];

/// Compares tables of people by login: enough for the screen.
pub fn compare(kind: Kind, tables: &[Option<&Table>], source: usize) -> Comparison {
    let base = tables[source].map_or(0, Table::len) as u32;
    let login = |table: &Table, row| table.cell(row, Attr(0)).text().to_owned();
    let mut of: Vec<Vec<u32>> = tables.iter().map(|_| vec![u32::MAX; base as usize]).collect();
    of[source] = (0..base).collect();
    let mut len = base;
    for (at, table) in tables.iter().enumerate().filter(|(at, _)| *at != source) {
        let Some(table) = table else { continue };
        for row in table.rows() {
            let name = login(table, row);
            let found = tables[source].and_then(|have| have.rows().find(|row| login(have, *row) == name));
            if let Some(found) = found {
                of[at][found.0 as usize] = row.0;
                continue;
            }
            for (other, column) in of.iter_mut().enumerate() {
                column.push(if other == at { row.0 } else { u32::MAX });
            }
            len += 1;
        }
    }
    let mut made = Comparison {
        kind,
        len,
        pairings: Vec::new(),
        flags: tables.iter().map(|_| vec![0; len as usize]).collect(),
        bits: tables.iter().map(|_| vec![0; len as usize]).collect(),
        words: vec![1; tables.len()],
        compares: Vec::new(),
        tallies: Vec::new(),
        of,
    };
    for (at, table) in tables.iter().enumerate() {
        let mut tally = Tally::default();
        let mut pairings = Vec::new();
        for identity in 0..len as usize {
            if at == source {
                break;
            }
            let there = table.zip(Some(made.of[at][identity]).filter(|row| *row != u32::MAX));
            let from = tables[source].zip(Some(made.of[source][identity]).filter(|row| *row != u32::MAX));
            let cell = |side: Option<(&Table, u32)>, attr| {
                side.map(|(table, row)| table.cell(trueup::model::Row(row), Attr(attr)).text().to_owned())
            };
            let active = |side| cell(side, 3).is_some_and(|text| text == "true");
            let pairing = match (from.is_some(), there.is_some()) {
                _ if table.is_none() => Pairing::None,
                (true, true) if !active(from) && active(there) => Pairing::Leaver,
                (true, true) => {
                    let differ = [1, 4].iter().filter(|attr| cell(from, **attr) != cell(there, **attr));
                    let bits = differ.fold(0, |bits, attr| bits | if *attr == 1 { 1 } else { 2 });
                    made.bits[at][identity] = bits;
                    made.flags[at][identity] = 3 << 3;
                    if bits == 0 { Pairing::Same } else { Pairing::Differs }
                }
                (true, false) if active(from) => Pairing::Missing,
                (false, true) => Pairing::Extra,
                _ => Pairing::None,
            };
            match pairing {
                Pairing::Same => tally.same += 1,
                Pairing::Differs => tally.differs += 1,
                Pairing::Missing => tally.missing += 1,
                Pairing::Extra => tally.extra += 1,
                Pairing::Leaver => tally.leaver += 1,
                _ => {}
            }
            pairings.push(pairing);
        }
        made.pairings.push(pairings);
        made.compares.push(if at == source {
            Vec::new()
        } else {
            let compares = |path: &str, attr| trueup_compares(path, attr);
            vec![compares("displayName", 1), compares("department", 4)]
        });
        made.tallies.push(tally);
    }
    made
}

fn trueup_compares(path: &str, attr: u16) -> trueup::compare::Compares {
    trueup::compare::Compares { path: AttrPath::new(path), source: Attr(attr), target: Attr(attr) }
}

pub fn nothing(kind: Kind, systems: usize) -> Comparison {
    Comparison {
        kind,
        len: 0,
        of: vec![Vec::new(); systems],
        pairings: vec![Vec::new(); systems],
        flags: vec![Vec::new(); systems],
        bits: vec![Vec::new(); systems],
        words: vec![1; systems],
        compares: vec![Vec::new(); systems],
        tallies: vec![Tally::default(); systems],
    }
}

fn view(id: &str, users: Option<Arc<Snapshot>>) -> SystemView {
    SystemView {
        id: SystemId::new(id),
        mapping: mapping(id, id),
        snapshots: [users, None, None, None],
        scope: None,
        manage: None,
        deactivate_out_of_scope: false,
    }
}

pub fn world_of(systems: Vec<SystemStatus>, users: Vec<Option<Arc<Snapshot>>>) -> World {
    let source = systems.iter().position(|status| status.source);
    let views: Vec<SystemView> =
        systems.iter().zip(&users).map(|(status, users)| view(status.id.as_str(), users.clone())).collect();
    let tables: Vec<Option<&Table>> = users.iter().map(|users| users.as_ref().map(|users| &users.table)).collect();
    let people = match source {
        Some(source) => compare(Kind::User, &tables, source),
        None => nothing(Kind::User, systems.len()),
    };
    let many = systems.len();
    let kinds = [
        Arc::new(people),
        Arc::new(nothing(Kind::Group, many)),
        Arc::new(nothing(Kind::Role, many)),
        Arc::new(nothing(Kind::Product, many)),
    ];
    let inputs = Arc::new(Inputs { systems: views, source, ..Inputs::default() });
    World {
        generation: 1,
        systems: systems.into(),
        compared: Arc::new(Compared { inputs, kinds, lints: Arc::new([]) }),
    }
}

/// hr is the source, aha well, litmos half read, kingdee broken.
pub fn small() -> World {
    let bad = Health::Bad {
        word: "auth".into(),
        text: "kingdee: signing in was refused (MsgCode 4)\ncheck application_secret in trueup.toml, then T here"
            .into(),
    };
    world_of(
        vec![
            status("hr", "SCIM", Mode::ReadOnly, Health::Good),
            status("aha", "Aha!", Mode::Full, Health::Good),
            status("litmos", "Litmos", Mode::Full, Health::Reading { read: 620, of: Some(1000) }),
            status("kingdee", "Kingdee", Mode::Full, bad),
        ],
        vec![
            Some(snapshot("hr", Kind::User, table(&SOURCE, "hr-", false), complete(6))),
            Some(snapshot("aha", Kind::User, table(&AHA, "", true), complete(6))),
            Some(snapshot(
                "litmos",
                Kind::User,
                table(&AHA[..2], "u", false),
                Proof::Reading { read: 620, of: Some(1000) },
            )),
            None,
        ],
    )
}

/// What was read of the source's people.
pub fn people(system: &str, people: &[Person], proof: Proof) -> Arc<Snapshot> {
    snapshot(system, Kind::User, table(people, "hr-", false), proof)
}

/// A world of the source's and one target's people.
pub fn two(source: &[Person], target: &[Person]) -> World {
    world_of(
        vec![status("hr", "SCIM", Mode::ReadOnly, Health::Good), status("aha", "Aha!", Mode::Full, Health::Good)],
        vec![
            Some(snapshot("hr", Kind::User, table(source, "hr-", false), complete(source.len() as u64))),
            Some(snapshot("aha", Kind::User, table(target, "", true), complete(target.len() as u64))),
        ],
    )
}

/// So many people in both systems.
pub fn large(people: u32) -> World {
    let make = |prefix: &str| {
        let mut builder = TableBuilder::new(users(false));
        for n in 0..people {
            builder.begin(&format!("{prefix}{n}"));
            builder.set(Attr(0), &format!("user{n:07}@example.com"));
            builder.set(Attr(1), &format!("Person {:07}", (n.wrapping_mul(7919)) % people));
            builder.set(Attr(3), "true");
            builder.set(Attr(4), if prefix == "a" && n % 100 == 0 { "Moved" } else { "Research" });
            builder.end();
        }
        builder.table()
    };
    let (hr, aha) = (make("h"), make("a"));
    let mut comparison = nothing(Kind::User, 2);
    comparison.len = people;
    comparison.of = vec![(0..people).collect(), (0..people).collect()];
    comparison.pairings[1] = (0..people).map(|n| if n % 100 == 0 { Pairing::Differs } else { Pairing::Same }).collect();
    comparison.flags[1] = vec![3 << 3; people as usize];
    comparison.bits = (0..2).map(|_| (0..people).map(|n| u64::from(n % 100 == 0)).collect()).collect();
    comparison.compares[1] = vec![trueup_compares("department", 4)];
    comparison.tallies[1] = Tally { same: people - people / 100, differs: people / 100, ..Tally::default() };
    let views = vec![
        view("hr", Some(snapshot("hr", Kind::User, hr, complete(u64::from(people))))),
        view("aha", Some(snapshot("aha", Kind::User, aha, complete(u64::from(people))))),
    ];
    let kinds = [
        Arc::new(comparison),
        Arc::new(nothing(Kind::Group, 2)),
        Arc::new(nothing(Kind::Role, 2)),
        Arc::new(nothing(Kind::Product, 2)),
    ];
    let inputs = Arc::new(Inputs { systems: views, source: Some(0), ..Inputs::default() });
    World {
        generation: 1,
        systems: vec![
            status("hr", "SCIM", Mode::ReadOnly, Health::Good),
            status("aha", "Aha!", Mode::Full, Health::Good),
        ]
        .into(),
        compared: Arc::new(Compared { inputs, kinds, lints: Arc::new([]) }),
    }
}

/// A change of one attribute of one of the target's people.
pub fn change(at: usize, path: &str, from: &str, to: &str) -> Change {
    let (_, login, _, _) = AHA[at];
    let id = format!("{}", 7310 + at);
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
            let Target::Record(key) = &change.target else { panic!("a record") };
            let path = format!("/api/v1/users/{}", key.id);
            let facet = change.want[0].facet.path.to_string();
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
        changes,
        steps,
        refused: Vec::new(),
        guards: Vec::new(),
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
    }
}

pub fn outcome(change: &Change, state: OutcomeState) -> Outcome {
    Outcome { change: change.id.clone(), state, at: now() }
}
