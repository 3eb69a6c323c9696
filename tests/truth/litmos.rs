//! SAP Litmos' own interface: every row of tables 295 to 298, and every bullet.

use serde_json::Value;
use trueup::model::{Kind, Op};
use trueup::plan::{OutcomeState, Ref, Wanted};

use crate::bed::{Bed, HR, Part, full};
use crate::drive::{
    assert_operated, assert_read, assert_refused, assert_set, change, confirmed, create, outcome, refusal, text, texts,
    wish, words, writes,
};
use crate::seed::litmos::{MANDATORY, OPERATIONS, ROWS};
use crate::seed::{Proof, Row};

const LITMOS: Part = ("litmos", "litmos", "litmos", &[]);

async fn pages(bed: &Bed, path: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let page = bed.get("litmos", &format!("/v1.svc/{path}?limit=1000&start={}", all.len())).await;
        let rows = page.as_array().unwrap();
        if rows.is_empty() {
            return all;
        }
        all.extend(rows.iter().cloned());
    }
}

/// All teams with what stands in the team itself and who is in it.
async fn teams(bed: &Bed) -> Vec<Value> {
    let mut teams = pages(bed, "teams").await;
    for team in &mut teams {
        let id = texts(team, "Id").remove(0);
        let mut whole = bed.get("litmos", &format!("/v1.svc/teams/{id}")).await;
        whole["ParentTeamId"] = team["ParentTeamId"].clone();
        whole["members"] = pages(bed, &format!("teams/{id}/users")).await.into();
        *team = whole;
    }
    teams
}

/// Windows' names of the zones in the demo world.
const ZONES: &[(&str, &str)] = &[
    ("Arab Standard Time", "Asia/Riyadh"),
    ("China Standard Time", "Asia/Shanghai"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("GMT Standard Time", "Europe/London"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Taipei Standard Time", "Asia/Taipei"),
];

/// How Litmos' fields read here where that is not simply their text.
fn said(row: &Row, record: &Value) -> Option<Vec<String>> {
    let all = |path: &str| texts(record, path);
    match row.here {
        "displayName" if row.kind == Kind::User => {
            let whole = format!("{} {}", all("FirstName").concat(), all("LastName").concat());
            Some(vec![whole.split_whitespace().collect::<Vec<_>>().join(" ")])
        }
        "timezone" => {
            let native = all("TimeZone");
            let zones = ZONES.iter().filter(|(name, _)| native.iter().any(|native| native == name));
            Some(zones.map(|(_, zone)| (*zone).to_owned()).collect())
        }
        "members#value" => Some(all("members[].Id")),
        path if path.ends_with(":manager") || path == "parent" => {
            Some(all(row.native).into_iter().filter(|id| id != "0").collect())
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_litmos_is_read_and_written_or_refused() {
    let bed = Bed::of(400, &[HR, LITMOS]).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    let mut seen = bed.simulator("litmos").seen.all();
    let users = pages(&bed, "users/details").await;
    let teams = teams(&bed).await;
    assert!(users.len() > 300 && teams.len() > 10, "{} users, {} teams", users.len(), teams.len());
    let names: std::collections::HashMap<String, String> =
        users.iter().map(|user| (texts(user, "Id").remove(0), texts(user, "UserName").concat())).collect();

    for row in ROWS {
        let records = if row.kind == Kind::Group { &teams } else { &users };
        match row.direct {
            // Read where the setting wants it: another test.
            _ if row.here.starts_with("groups#") => {}
            Proof::Shown => {
                // The name beside an id is that of the record itself, which is read.
                for member in teams.iter().flat_map(|team| team["members"].as_array().unwrap()) {
                    assert_eq!(names[&texts(member, "Id")[0]], texts(member, "UserName")[0], "{}", row.here);
                }
            }
            Proof::Secret => {
                let table = &world.compared.inputs.systems[1].snapshot(Kind::User).unwrap().table;
                let attr = table.schema().find(&row.here.into()).unwrap();
                assert!(table.schema().def(attr).unreadable, "a password is never read");
            }
            _ => assert_read(&world, "litmos", row, row.field(), records, &said),
        }
    }

    let plain: Vec<Value> =
        users.iter().filter(|user| user["Active"] == true && user["AccessLevel"] == "Learner").cloned().collect();
    for (kind, records) in [(Kind::User, &plain), (Kind::Group, &teams)] {
        let sets: Vec<_> = ROWS.iter().filter(|row| row.kind == kind && writes(row.direct)).collect();
        let sets: Vec<_> = sets.into_iter().map(|row| (row, row.direct, row.field())).collect();
        let path = if kind == Kind::User { "users" } else { "teams" };
        let show = |_: Kind, id: &str| format!("/v1.svc/{path}/{id}");
        seen.extend(assert_set(&bed, &mut console, "litmos", &sets, records, show).await);
    }
    let refused = ROWS.iter().filter_map(|row| match row.direct {
        Proof::Refused(words) => Some((row, words)),
        Proof::Secret => Some((row, "password")),
        _ => None,
    });
    let refused: Vec<_> = refused.collect();
    let id = |kind| texts(if kind == Kind::Group { &teams[0] } else { &plain[0] }, "Id").remove(0);
    assert_refused(&bed, &mut console, "litmos", &refused, id).await;

    // Create and delete, of a user and of a team.
    for (kind, by, want) in [
        (
            Kind::User,
            ("userName", "new.truth@example.com"),
            vec![
                text("userName", "new.truth@example.com"),
                text("name.givenName", "New"),
                text("name.familyName", "Truth"),
            ],
        ),
        (Kind::Group, ("displayName", "A team of truth"), vec![text("displayName", "A team of truth")]),
    ] {
        let path = if kind == Kind::User { "users/details" } else { "teams" };
        bed.simulator("litmos").seen.forget();
        confirmed(&mut console, vec![create("litmos", kind, by, want)]).await;
        seen.extend(bed.simulator("litmos").seen.all());
        let name = if kind == Kind::User { "UserName" } else { "Name" };
        let there = |all: Vec<Value>| all.into_iter().find(|record| record[name] == by.1);
        let new = there(pages(&bed, path).await).expect("it is in the simulator");
        if kind == Kind::User {
            assert_eq!(new["Email"], by.1, "the user name is the e-mail too");
        }
        let id = texts(&new, "Id").remove(0);
        confirmed(&mut console, vec![change("litmos", kind, &id, Op::Delete, Vec::new())]).await;
        seen.extend(bed.simulator("litmos").seen.all());
        assert_eq!(there(pages(&bed, path).await), None, "it is deleted");
    }
    let operations: Vec<_> = OPERATIONS.iter().map(|operation| (operation, operation.direct)).collect();
    assert_operated(&seen, &operations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_teams_of_each_user_are_read_where_that_is_wanted() {
    let bed = Bed::of(60, &[HR, LITMOS]).await;
    let mut setup = bed.setup(&full());
    let mut config = setup.systems[1].config.clone();
    config.own.insert("user_groups".to_owned(), "yes".to_owned());
    let mapping = setup.systems[1].connector.mapping().clone();
    setup.systems[1] = trueup::engine::SystemSetup::over(config, mapping).unwrap();
    let mut console = crate::bed::Console::over(setup);
    let world = console.world().await;
    let mut users = pages(&bed, "users/details").await;
    for user in &mut users {
        let id = texts(user, "Id").remove(0);
        user["teams"] = pages(&bed, &format!("users/{id}/teams")).await.into();
    }
    let said = |row: &Row, user: &Value| {
        let field = if row.here == "groups#value" { "Id" } else { "Name" };
        Some(texts(user, &format!("teams[].{field}")))
    };
    let row = ROWS.iter().find(|row| row.here == "groups#value").unwrap();
    assert_read(&world, "litmos", row, "", &users, &said);
    let teams = pages(&bed, "teams").await;
    for (team, row) in users.iter().flat_map(|user| user["teams"].as_array().unwrap()).zip(std::iter::repeat(row)) {
        let named = teams.iter().find(|have| have["Id"] == team["Id"]).unwrap();
        assert_eq!(named["Name"], team["Name"], "{}", row.here);
    }
    let id = texts(&users[0], "Id").remove(0);
    let put = change("litmos", Kind::User, &id, Op::Put, vec![wish("groups", Some(&["1"]), Wanted::Present)]);
    let why = refusal(&mut console, put).await;
    assert!(why.contains("add members there"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limitations_of_litmos_hold_and_none_bites() {
    let bed = Bed::of(300, &[HR, LITMOS]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let users = pages(&bed, "users/details").await;
    let all = teams(&bed).await;
    let child = all.iter().find(|team| !said(parent_row(), team).unwrap().is_empty()).unwrap();
    let member = |id: &str| wish("members", Some(&[id]), Wanted::Present);
    let learner = users.iter().filter(|user| user["Active"] == true && user["AccessLevel"] == "Learner");
    let team = texts(child, "Id").remove(0);
    let members = texts(child, "members[].Id");
    let outsider = learner.clone().map(|user| texts(user, "Id").remove(0)).find(|id| !members.contains(id)).unwrap();

    // Legacy custom attributes under the core custom schema, as texts.
    let custom = "urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User:CustomField1";
    confirmed(&mut console, vec![change("litmos", Kind::User, &outsider, Op::Set, vec![text(custom, "42")])]).await;
    assert_eq!(bed.get("litmos", &format!("/v1.svc/users/{outsider}")).await["CustomField1"], "42", "a text");

    // A member that is there, and one that nobody knows: read back, the second is not `confirmed`.
    let put = |id: &str| change("litmos", Kind::Group, &team, Op::Put, vec![member(id)]);
    confirmed(&mut console, vec![put(&outsider)]).await;
    assert!(texts(&teams_of(&bed, &outsider).await, "teams[].Id").contains(&team));
    let state = outcome(&mut console, put("nobody1")).await;
    assert!(!matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    assert!(words(&state).len() > 10, "{state:?}");

    // A second team of one name: legal at SAP Litmos, and the operator is told.
    let name = texts(child, "Name").remove(0);
    let twin = create("litmos", Kind::Group, ("displayName", &name), vec![text("displayName", &name)]);
    let state = outcome(&mut console, twin).await;
    assert!(words(&state).contains("has a team of this name already"), "{state:?}");

    // With a parent, and without one in the other test; the parent is never taken away or changed.
    let parent = said(parent_row(), child).unwrap().remove(0);
    let under = wish("parent", None, Wanted::Ref(Ref::Id(parent.as_str().into())));
    let want = vec![text("displayName", "Truth below"), under];
    confirmed(&mut console, vec![create("litmos", Kind::Group, ("displayName", "Truth below"), want)]).await;
    let below = pages(&bed, "teams").await.into_iter().find(|team| team["Name"] == "Truth below").unwrap();
    assert_eq!(below["ParentTeamId"], parent);
    let lift = change("litmos", Kind::Group, &team, Op::Set, vec![wish("parent", None, Wanted::Clear)]);
    let why = refusal(&mut console, lift).await;
    assert!(why.contains("parent"), "{why}");

    // An update of somebody who was deleted meanwhile: told as deleted, and nothing is sent.
    let gone = learner.clone().map(|user| texts(user, "Id").remove(0)).nth(7).unwrap();
    let change = change("litmos", Kind::User, &gone, Op::Set, vec![text("title", "Ghost")]);
    let plan = console.prepare(vec![change]).await;
    bed.behind("litmos", "DELETE", &format!("/v1.svc/users/{gone}"), &Value::Null).await;
    let state = console.push(plan).await.remove(0).1;
    assert!(!matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    assert!(bed.writes("litmos").is_empty(), "nothing was sent: {:?}", bed.writes("litmos"));
}

fn parent_row() -> &'static Row {
    ROWS.iter().find(|row| row.here == "parent").unwrap()
}

async fn teams_of(bed: &Bed, user: &str) -> Value {
    serde_json::json!({ "teams": pages(bed, &format!("users/{user}/teams")).await })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_mandatory_at_litmos_and_lacking_is_said_before_a_create() {
    let bed = Bed::of(60, &[HR, LITMOS]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let full = [
        text("userName", "new.truth@example.com"),
        text("emails[work]", "new.truth@example.com"),
        text("name.givenName", "New"),
        text("name.familyName", "Truth"),
        text("displayName", "New Truth"),
    ];
    for field in MANDATORY {
        let fits = |path: &str| (path == "displayName") == (field.kind == Kind::Group);
        let want = full.iter().filter(|want| want.facet.path.as_str() != field.here && fits(want.facet.path.as_str()));
        let by = if field.kind == Kind::User { "userName" } else { "displayName" };
        let state = outcome(&mut console, create("litmos", field.kind, (by, "new"), want.cloned().collect())).await;
        assert!(matches!(state, OutcomeState::Refused { .. }), "{}: {state:?}", field.printed);
        assert!(words(&state).contains(field.refusal), "{}: {}", field.printed, words(&state));
    }
    bed.assert_unwritten();
}
