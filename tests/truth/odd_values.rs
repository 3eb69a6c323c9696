//! What no guide says and some service sends all the same: ids that are no plain words, nulls, numbers for texts and texts for
//! truth values, words that nobody knows, values without end. Each is read as what it is, and written to the right record.

use std::sync::Arc;

use serde_json::{Value, json};
use trueup::config::SystemConfig;
use trueup::engine::protocol::World;
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{AttrPath, Cell, Kind, Op, SystemId};
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, full, setup};
use crate::drive::{change, confirmed, text};
use crate::odd::{Odd, PLAIN};

const PLAIN_FILE: &str = r#"
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
"#;

async fn loaded(odd: &Odd) -> (Bed, Console, Arc<World>) {
    let bed = Bed::of(60, &[HR]).await;
    let mapping = Arc::new(Mapping::own(PLAIN_FILE, "odd.toml").unwrap());
    let key = Source::Given(Secret::new(PLAIN.key.1.to_owned()));
    let auth = Auth::Header { name: PLAIN.key.0.to_owned(), value: key };
    let mut config = SystemConfig::new(SystemId::new("odd"), "odd", &odd.url, auth);
    config.policy = full();
    let mut systems = bed.setup(&full()).systems;
    systems.push(SystemSetup::over(config, mapping).unwrap());
    let mut console = Console::over(setup(systems, &bed.dir.0));
    let world = console.world().await;
    (bed, console, world)
}

fn cell<'w>(world: &'w World, id: &str, attr: &str) -> Cell<'w> {
    let table = &world.compared.inputs.systems[1].snapshot(Kind::User).unwrap().table;
    table.cell(table.find(id).unwrap(), table.schema().find(&AttrPath::new(attr)).unwrap())
}

fn user(id: impl Into<Value>, more: &Value) -> Value {
    let id = id.into();
    let mut user = json!({ "id": id, "userName": format!("{id}@odd.example"), "title": "Clerk", "active": true });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_are_no_plain_words_are_written_to_and_nobody_else_is() {
    let ids = ["a/b", "50%", "%2F", "张三", "x?y#z", "a b", "a+b", "-1", "_", "a'b\"c", "é", "Users", "~"];
    let mut users: Vec<Value> = ids.iter().map(|id| user(*id, &json!({}))).collect();
    users.push(user("a", &json!({})));
    users.push(user("x", &json!({})));
    let odd = Odd::start(PLAIN, &[("Users", users), ("Groups", Vec::new())]).await;
    let (_bed, mut console, _) = loaded(&odd).await;
    for id in ids {
        let wish = format!("Title of {id}");
        confirmed(&mut console, vec![change("odd", Kind::User, id, Op::Set, vec![text("title", &wish)])]).await;
        assert_eq!(odd.state().record("Users", id)["title"], wish);
    }
    for bystander in ["a", "x"] {
        assert_eq!(odd.state().record("Users", bystander)["title"], "Clerk");
    }
    assert_eq!(odd.asked("PUT").len(), ids.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truth_value_is_one_in_whatever_word_or_number() {
    let on = [json!(true), json!("True"), json!("yes"), json!("Y"), json!("1"), json!(1)];
    let off = [json!(false), json!("FALSE"), json!("no"), json!("N"), json!("0"), json!(0)];
    let named = |name: &str, values: &[Value]| {
        let user = |(at, value)| user(format!("{name}{at}"), &json!({ "active": value }));
        values.iter().enumerate().map(user).collect::<Vec<_>>()
    };
    let users = [named("on", &on), named("off", &off)].concat();
    let odd = Odd::start(PLAIN, &[("Users", users), ("Groups", Vec::new())]).await;
    let (_bed, mut console, world) = loaded(&odd).await;
    for at in 0..on.len() {
        assert_eq!(cell(&world, &format!("on{at}"), "active"), Cell::Value("true"), "{}", on[at]);
        assert_eq!(cell(&world, &format!("off{at}"), "active"), Cell::Value("false"), "{}", off[at]);
    }
    // What is not touched is carried over as it came.
    let away = |id: &str| change("odd", Kind::User, id, Op::Set, vec![text("title", "Away")]);
    confirmed(&mut console, vec![away("off4"), away("on3")]).await;
    let state = odd.state();
    assert_eq!((&state.record("Users", "off4")["active"], &state.record("Users", "on3")["active"]), (&off[4], &on[3]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nulls_numbers_and_texts_for_truth_values_are_read_as_what_they_are() {
    let long = "长".repeat(40_000);
    let odd = Odd::start(
        PLAIN,
        &[
            (
                "Users",
                vec![
                    user("null", &json!({ "title": null, "name": null, "emails": null, "active": null })),
                    user("number", &json!({ "title": 7, "active": "true", "userType": 1.5 })),
                    user("text", &json!({ "active": "False", "title": "" })),
                    user("word", &json!({ "active": "perhaps", "userType": "no such type" })),
                    user("long", &json!({ "title": long })),
                    user(
                        "shape",
                        &json!({ "name": "no object", "emails": { "value": "x@odd.example", "type": "work" } }),
                    ),
                ],
            ),
            ("Groups", Vec::new()),
        ],
    )
    .await;
    let (_bed, mut console, world) = loaded(&odd).await;
    let snapshot = world.compared.inputs.systems[1].snapshot(Kind::User).unwrap();
    assert!(snapshot.complete() && snapshot.table.len() == 6, "{:?}", snapshot.feeds);
    assert_eq!(cell(&world, "null", "title"), Cell::Empty);
    assert_eq!(cell(&world, "null", "active"), Cell::Empty, "absent is not true");
    assert_eq!(cell(&world, "number", "title"), Cell::Value("7"));
    assert_eq!(cell(&world, "number", "active"), Cell::Value("true"));
    assert_eq!(cell(&world, "text", "active"), Cell::Value("false"));
    assert_eq!(cell(&world, "text", "title"), Cell::Empty);
    assert_eq!(cell(&world, "word", "userType"), Cell::Value("no such type"));
    assert_eq!(cell(&world, "long", "title"), Cell::Value(&long));
    for id in ["null", "number", "word", "long", "shape"] {
        confirmed(&mut console, vec![change("odd", Kind::User, id, Op::Set, vec![text("nickName", "N")])]).await;
        let state = odd.state();
        let now = state.record("Users", id);
        assert_eq!(now["nickName"], "N");
        // What was not touched is carried over as it came, whatever it is.
        match id {
            "number" => assert_eq!((&now["title"], &now["active"]), (&json!(7), &json!("true"))),
            "word" => assert_eq!(now["active"], "perhaps"),
            "long" => assert_eq!(now["title"], long),
            "shape" => assert_eq!(now["name"], "no object"),
            _ => {}
        }
    }
}
