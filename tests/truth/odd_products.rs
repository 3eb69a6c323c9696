//! SCIM products that do hardly anything as others do: a TOML file alone makes each of them read whole and written rightly.

use std::sync::Arc;

use serde_json::{Value, json};
use trueup::config::SystemConfig;
use trueup::engine::protocol::World;
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{AttrPath, Cell, Kind, Op, SystemId};
use trueup::plan::{OutcomeState, Ref, Wanted};
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, full, setup};
use crate::drive::{change, confirmed, create, text, wish};
use crate::odd::{Manners, Odd, PLAIN};

const ACCESS: &str = "urn:odd:scim:2.0:Access";

/// Numbers everywhere: ids, references, levels. Roles on products stand in an extension of its own under names of its own.
const NUMBERS: &str = r#"
connector = "odd"
title = "Odd"
based_on = "scim"
rate = { per_second = 1000.0, burst = 1000, parallel = 4 }

[service]
patch = false
filter = false
etag = false
media = "application/json"
cite = "Odd's guide, page 1"

[[feed]]
name = "roles"
kind = "Role"
path = "/AccessLevels"
records = "Resources"
id = "id"
total = "totalResults"
cite = "Odd's guide, page 2"

[[feed]]
name = "products"
kind = "Product"
path = "/Applications"
schema = "urn:odd:scim:2.0:Application"
records = "Resources"
id = "id"
total = "totalResults"
cite = "Odd's guide, page 3"

[[row]]
kind = "User"
attr = "access"
read = "urn:odd:scim:2.0:Access:assignments[]"
write = "urn:odd:scim:2.0:Access:assignments[]"
cite = "Odd's guide, page 4"

[row.list]
key = [{ name = "application", read = "applicationNo", type = "integer", ref = "Product" }]
value = { name = "level", read = "levelNo", type = "integer", ref = "Role" }

[[row]]
kind = "Group"
attr = "members"
read = "members[]"
write = "members[]"
cite = "Odd's guide, page 5"

[row.list]
key = [{ name = "value", read = "value", type = "integer", ref = "User" }]
"#;

/// Members at an address of their own, pages of 50 whatever is asked, totals that are one too many.
const APART: &str = r#"
connector = "odd"
title = "Odd"
based_on = "scim"
rate = { per_second = 1000.0, burst = 1000, parallel = 4 }

[service]
patch = false
filter = false
count = false
max_page = 50
cite = "Odd's guide, page 1"

[[feed]]
name = "groups"
kind = "Group"
path = "/Groups"
records = "Resources"
id = "id"
total = "totalResults"
ends = "empty-page"
cite = "Odd's guide, page 2: the total counts the service itself"

[[feed]]
name = "group-members"
kind = "Group"
path = "/Groups/{id}/members"
records = "Resources"
total = "totalResults"
detail_of = "groups"
cite = "Odd's guide, page 3"

[[row]]
kind = "Group"
attr = "members"
in.group-members = { read = "." }
write = "members[]"
cite = "Odd's guide, page 3"

[row.list]
key = [{ name = "value", read = "value", type = "integer", ref = "User" }]
"#;

/// Other resource types, a key in a header of its own, five requests a second, users who are suspended by a word.
const LICENSES: &str = r#"
connector = "odd"
title = "Odd"
based_on = "scim"
api_key_header = "X-Odd-Key"
rate = { per_second = 1000.0, burst = 1000, parallel = 4 }

[service]
patch = false
filter = false
cite = "Odd's guide, page 1"

[[feed]]
name = "products"
kind = "Product"
path = "/Licenses"
records = "Resources"
id = "id"
total = "totalResults"
cite = "Odd's guide, page 2"

[[feed]]
name = "roles"
kind = "Role"
path = "/Entitlements"
records = "Resources"
id = "id"
total = "totalResults"
cite = "Odd's guide, page 3"

[kind.User]
can = ["create", "set", "deactivate", "reactivate", "add", "remove"]
drops = ["nickName", "phoneNumbers[mobile]"]

[[row]]
kind = "User"
attr = "active"
read = "status"
write = "status"
via = [{ bool = { yes = ["active"], no = ["suspended", "left"] } }]
fold = "flag"
cite = "Odd's guide, page 4"
"#;

fn users(many: u64) -> Vec<Value> {
    let user = |id: u64| {
        json!({
            "id": id, "userName": format!("p{id}@odd.example"), "name": { "givenName": "P", "familyName": format!("N{id}") },
            "title": "Clerk", "shoeSize": 38, "status": if id.is_multiple_of(7) { "left" } else { "active" },
            ACCESS: { "assignments": [{ "applicationNo": id % 3 + 1, "levelNo": 10, "since": 1999 }] },
        })
    };
    (1..=many).map(user).collect()
}

fn groups(many: u64, members: u64) -> Vec<Value> {
    let group = |id: u64| {
        let members: Vec<Value> = (1..=members.min(id * 10)).map(|user| json!({ "value": user })).collect();
        json!({ "id": id, "displayName": format!("G{id}"), "members": members })
    };
    (1..=many).map(group).collect()
}

fn named(ids: &[u64]) -> Vec<Value> {
    ids.iter().map(|id| json!({ "id": id, "name": format!("thing {id}") })).collect()
}

/// The engine over the service, and what it read.
async fn loaded(bed: &Bed, odd: &Odd, toml: &str, key: (&str, &str)) -> (Console, World) {
    let mapping = Arc::new(Mapping::own(toml, "odd.toml").unwrap());
    let auth = Auth::Header { name: key.0.to_owned(), value: Source::Given(Secret::new(key.1.to_owned())) };
    let mut config = SystemConfig::new(SystemId::new("odd"), "odd", &odd.url, auth);
    config.policy = full();
    let mut systems = bed.setup(&full()).systems;
    systems.push(SystemSetup::over(config, mapping).unwrap());
    let mut console = Console::over(setup(systems, &bed.dir.0));
    let world = console.world().await;
    (console, (*world).clone())
}

fn held(world: &World, kind: Kind) -> (usize, Vec<String>) {
    let view = &world.compared.inputs.systems[1];
    let snapshot = view.snapshot(kind).unwrap();
    let open = snapshot.feeds.iter().filter(|feed| !feed.proof.complete()).map(|feed| format!("{:?}", feed.proof));
    (snapshot.table.len(), open.collect())
}

fn entries(world: &World, kind: Kind, id: &str, attr: &str) -> Vec<(String, String)> {
    let table = &world.compared.inputs.systems[1].snapshot(kind).unwrap().table;
    let attr = table.schema().find(&AttrPath::new(attr)).unwrap();
    let entries = table.entries(table.find(id).unwrap(), attr).unwrap();
    entries
        .iter()
        .map(|entry| table.entry_text(attr, *entry))
        .map(|(key, value)| (key[0].to_owned(), value.to_owned()))
        .collect()
}

fn cell(world: &World, id: &str, attr: &str) -> String {
    let table = &world.compared.inputs.systems[1].snapshot(Kind::User).unwrap().table;
    match table.cell(table.find(id).unwrap(), table.schema().find(&AttrPath::new(attr)).unwrap()) {
        Cell::Value(text) => text.to_owned(),
        other => format!("({other:?})"),
    }
}

fn on(kind: Kind, id: &str, op: Op, want: trueup::plan::Want) -> trueup::plan::Change {
    change("odd", kind, id, op, vec![want])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_for_ids_and_a_put_that_replaces_all_and_nothing_that_it_announces_is_so() {
    let manners = Manners { describes: true, ..PLAIN };
    let records = [
        ("Users", users(130)),
        ("Groups", groups(3, 20)),
        ("AccessLevels", named(&[10, 20])),
        ("Applications", named(&[1, 2, 3, 4])),
    ];
    let odd = Odd::start(manners, &records).await;
    let bed = Bed::of(60, &[HR]).await;
    let (mut console, world) = loaded(&bed, &odd, NUMBERS, manners.key).await;
    for (kind, many) in [(Kind::User, 130), (Kind::Group, 3), (Kind::Role, 2), (Kind::Product, 4)] {
        assert_eq!(held(&world, kind), (many, Vec::new()), "{kind}");
    }
    assert_eq!(entries(&world, Kind::User, "7", "access"), [("2".to_owned(), "10".to_owned())]);

    let access = |application: &str, level: Wanted| wish("access", Some(&[application]), level);
    let level = |id: &str| Wanted::Ref(Ref::Id(id.into()));
    let joined = wish("members", Some(&["77"]), Wanted::Present);
    let plan = confirmed(
        &mut console,
        vec![
            on(Kind::User, "7", Op::Set, text("title", "King")),
            on(Kind::User, "7", Op::Put, access("4", level("20"))),
            on(Kind::User, "8", Op::Put, access("3", level("20"))),
            on(Kind::User, "9", Op::Drop, access("1", Wanted::Clear)),
            on(Kind::Group, "1", Op::Put, joined),
        ],
    )
    .await;
    assert!(plan.steps.iter().all(|step| step.write.method.to_string() == "PUT"), "{:?}", plan.steps);
    {
        let state = odd.state();
        let king = state.record("Users", 7);
        assert_eq!(
            (king["title"].as_str(), king["shoeSize"].as_u64(), king["status"].as_str()),
            (Some("King"), Some(38), Some("left"))
        );
        let old = json!({ "applicationNo": 2, "levelNo": 10, "since": 1999 });
        assert_eq!(king[ACCESS]["assignments"], json!([old, { "applicationNo": 4, "levelNo": 20 }]));
        let raised = json!([{ "applicationNo": 3, "levelNo": 20, "since": 1999 }]);
        assert_eq!(state.record("Users", 8)[ACCESS]["assignments"], raised, "what stands beside it is kept");
        assert_eq!(state.record("Users", 9)[ACCESS]["assignments"], json!([]));
        let members = state.record("Groups", 1)["members"].as_array().unwrap().clone();
        assert_eq!((members.len(), &members[10]), (11, &json!({ "value": 77 })));
    }
    let new = [text("userName", "new@odd.example"), access("1", level("10"))];
    let mut changes = vec![create("odd", Kind::User, ("userName", "new@odd.example"), new[..1].to_vec())];
    changes[0].want.extend(new[1..].to_vec());
    confirmed(&mut console, changes).await;
    let state = odd.state();
    let made = state.record("Users", 131);
    assert_eq!(made[ACCESS]["assignments"], json!([{ "applicationNo": 1, "levelNo": 10 }]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_at_an_address_of_their_own_are_read_page_by_page_and_never_lost_by_a_put() {
    let manners = Manners { page: 50, wrong_total: true, members_apart: true, ..PLAIN };
    let odd = Odd::start(manners, &[("Users", users(130)), ("Groups", groups(120, 130))]).await;
    let bed = Bed::of(60, &[HR]).await;
    let (mut console, world) = loaded(&bed, &odd, APART, manners.key).await;
    for (kind, many) in [(Kind::User, 130), (Kind::Group, 120)] {
        assert_eq!(held(&world, kind), (many, Vec::new()), "{kind}");
    }
    assert_eq!(entries(&world, Kind::Group, "120", "members").len(), 130);
    assert_eq!(entries(&world, Kind::Group, "2", "members").len(), 20);
    assert!(odd.asked("GET").iter().all(|line| !line.contains("count=")));

    let member = |user: &str, what: Wanted| wish("members", Some(&[user]), what);
    confirmed(
        &mut console,
        vec![
            on(Kind::Group, "2", Op::Put, member("99", Wanted::Present)),
            on(Kind::Group, "120", Op::Drop, member("130", Wanted::Clear)),
            on(Kind::Group, "119", Op::Set, text("displayName", "Other")),
        ],
    )
    .await;
    let state = odd.state();
    let members = |group| state.record("Groups", group)["members"].as_array().unwrap().len();
    assert_eq!((members(2), members(120), members(119)), (21, 129, 130));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_resource_types_a_key_of_its_own_five_requests_a_second_and_a_word_for_who_is_off() {
    let manners = Manners { key: ("x-odd-key", "sesame"), per_second: 5, ..PLAIN };
    let records = [
        ("Users", users(30)),
        ("Groups", groups(2, 20)),
        ("Licenses", named(&[1, 2, 3])),
        ("Entitlements", named(&[10])),
    ];
    let odd = Odd::start(manners, &records).await;
    let bed = Bed::of(60, &[HR]).await;
    assert_eq!(Mapping::own(LICENSES, "odd.toml").unwrap().api_key_header.as_deref(), Some("X-Odd-Key"));
    let (mut console, world) = loaded(&bed, &odd, LICENSES, ("X-Odd-Key", "sesame")).await;
    for (kind, many) in [(Kind::User, 30), (Kind::Group, 2), (Kind::Role, 1), (Kind::Product, 3)] {
        assert_eq!(held(&world, kind), (many, Vec::new()), "{kind}");
    }
    assert_eq!((cell(&world, "7", "active"), cell(&world, "8", "active")), ("false".into(), "true".into()));
    let table = &world.compared.inputs.systems[1].snapshot(Kind::User).unwrap().table;
    assert!(table.schema().find(&AttrPath::new("nickName")).is_none(), "it was taken away");

    let active = |is: &str| text("active", is);
    confirmed(
        &mut console,
        vec![on(Kind::User, "8", Op::Deactivate, active("false")), on(Kind::User, "7", Op::Reactivate, active("true"))],
    )
    .await;
    let state = odd.state();
    assert_eq!(
        (&state.record("Users", 8)["status"], &state.record("Users", 7)["status"]),
        (&json!("suspended"), &json!("active"))
    );
    assert_eq!(state.record("Users", 8)["shoeSize"], 38);
    assert!(
        state.seen.iter().any(|(_, status)| *status == 429),
        "it was asked too often, and asked again when it said"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_the_service_does_not_have_is_not_asked_for() {
    let odd =
        Odd::start(PLAIN, &[("Users", users(5)), ("Licenses", named(&[1])), ("Entitlements", named(&[10]))]).await;
    let bed = Bed::of(60, &[HR]).await;
    let toml = format!("{LICENSES}\n[kind.Group]\nnone = true\n");
    let (_console, world) = loaded(&bed, &odd, &toml, PLAIN.key).await;
    assert_eq!(held(&world, Kind::User), (5, Vec::new()));
    assert!(world.compared.inputs.systems[1].snapshot(Kind::Group).is_none());
    assert!(odd.asked("GET").iter().all(|line| !line.contains("Groups")), "{:?}", odd.asked("GET"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_who_are_switched_off_by_delete_are_off_whether_they_are_shown_or_not() {
    for hides in [false, true] {
        let manners = Manners { hides, ..PLAIN };
        let service = "[service]\nswitch_off = \"delete\"\n";
        let service = if hides { format!("{service}hides_inactive = true\n") } else { service.to_owned() };
        let toml = LICENSES.replace("[service]\n", &service);
        let odd = Odd::start(
            manners,
            &[
                ("Users", users(30)),
                ("Groups", groups(2, 20)),
                ("Licenses", named(&[1])),
                ("Entitlements", named(&[10])),
            ],
        )
        .await;
        let bed = Bed::of(60, &[HR]).await;
        let (mut console, _) = loaded(&bed, &odd, &toml, manners.key).await;
        let off = on(Kind::User, "8", Op::Deactivate, text("active", "false"));
        let plan = confirmed(&mut console, vec![off]).await;
        assert_eq!(odd.asked("DELETE"), ["DELETE /odd/Users/8"]);
        let told = plan.steps[0].side_effects.join("; ");
        assert!(told.contains(if hides { "does not show it any more" } else { "can be switched on again" }), "{told}");
        // Of somebody else's deletion nothing is believed where the service shows who is off.
        odd.state().records.get_mut("Users").unwrap().retain(|user| user["id"] != 9);
        let again = on(Kind::User, "9", Op::Deactivate, text("active", "false"));
        let state = crate::drive::outcome(&mut console, again).await;
        assert_eq!(matches!(state, OutcomeState::Confirmed { .. }), hides, "{state:?}");
    }
}

#[test]
fn a_fault_in_such_a_file_names_line_key_and_the_words_that_may_stand_there() {
    for (from, to, words) in [
        ("etag = false", "etag = \"no\"", ["line 10", "`etag`", "boolean"]),
        ("etag = false", "paging = \"pages\"", ["line 10", "`paging`", "`index` or `cursor`"]),
        ("etag = false", "switch_off = \"off\"", ["line 10", "`switch_off`", "`update` or `delete`"]),
        ("etag = false", "removal = \"list\"", ["line 10", "`removal`", "`filter` or `value-list`"]),
        ("etag = false", "patsh = false", ["line 10", "`patsh`", "did you mean `patch`?"]),
        ("etag = false", "max_page = 0", ["line 7", "`max_page`", "above 0"]),
        ("etag = false", "hides_inactive = true", ["line 7", "`hides_inactive`", "switch_off = \"delete\""]),
        ("path = \"/AccessLevels\"", "path = \"AccessLevels\"", ["line 14", "`path`", "begins with a slash"]),
        ("path = \"/AccessLevels\"", "path = \"/A/{id}\"", ["line 14", "`path`", "`detail_of`"]),
        ("path = \"/AccessLevels\"", "ends = \"never\"", ["line 17", "`ends`", "`total` or `empty-page`"]),
        ("kind = \"Role\"\npath", "kind = \"Roll\"\npath", ["line 16", "`kind`", "did you mean `Role`?"]),
        (
            "type = \"integer\", ref = \"Product\"",
            "type = \"int\", ref = \"Product\"",
            ["line 41", "`type`", "`integer`"],
        ),
        ("ref = \"Product\"", "ref = \"Produkt\"", ["line 41", "`ref`", "did you mean `Product`?"]),
    ] {
        assert!(NUMBERS.contains(from), "{from}");
        let message = Mapping::own(&NUMBERS.replacen(from, to, 1), "odd.toml").unwrap_err().to_string();
        for word in ["odd.toml"].iter().chain(&words) {
            assert!(message.contains(word), "{word} is not in: {message}");
        }
    }
    let fault = |text: &str| Mapping::own(text, "odd.toml").unwrap_err().to_string();
    let gone = fault(&LICENSES.replace("\"nickName\"", "\"nikName\""));
    assert!(gone.contains("`drops`") && gone.contains("did you mean `nickName`?"), "{gone}");
    let both = fault(&format!("{NUMBERS}\n[kind.Group]\nnone = true\n"));
    assert!(both.contains("`none`: Group is said not to be there"), "{both}");
    let nowhere = fault(&APART.replace("/Groups/{id}/members", "/Groups/members"));
    assert!(nowhere.contains("feed `group-members`: `path`") && nowhere.contains("{id}"), "{nowhere}");
    let other = fault(&NUMBERS.replace("\"scim\"", "\"aha\""));
    assert!(other.contains("`service`") && other.contains("`scim`"), "{other}");
}
