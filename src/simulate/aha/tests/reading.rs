//! What can be read, and how it is refused.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::super::{OWNER_KEY, WRONG_ACCOUNT_KEY};
use super::{client, client_of, ordinary};

#[tokio::test]
async fn a_walk_finds_everybody_once_whatever_the_page_size() {
    let client = client(&[]).await;
    let expected = u64::from(client.running.world.accounts());
    for per_page in [30, 100, 200, 500] {
        let (ids, totals) = client.walk(per_page).await;
        assert_eq!(totals, BTreeSet::from([expected]));
        assert_eq!(ids.len() as u64, expected, "{per_page}");
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.len() == 19));
    }
    let default = client.good("/users?per_page=x&page=0").await;
    assert_eq!(default["users"].as_array().unwrap().len(), 30);
    let past = client.good("/users?page=999").await;
    assert_eq!((&past["users"], &past["pagination"]["current_page"]), (&json!([]), &json!(999)));
}

#[tokio::test]
async fn rows_inserted_or_taken_away_between_pages_shift_the_paging() {
    let inserted = client(&["drift=2"]).await;
    let (ids, totals) = inserted.walk(100).await;
    assert!(ids.iter().collect::<BTreeSet<_>>().len() < ids.len(), "a row came twice");
    assert_eq!(totals.len(), 3);
    let removed = client(&["drift-remove=1"]).await;
    let (ids, totals) = removed.walk(100).await;
    let missed = removed.running.world.accounts() as usize - (ids.len() - 1);
    assert_eq!((missed, totals.len()), (1, 2));
}

#[tokio::test]
async fn refusals_come_in_the_documented_order_and_shapes() {
    let mut client = client(&[]).await;
    let route = client.get("/nowhere").await;
    assert_eq!((route.status.as_u16(), route.kind.as_str()), (404, "text/html; charset=utf-8"));
    for (method, path) in [(Method::POST, "/users"), (Method::PATCH, "/users/1"), (Method::GET, "/roles")] {
        assert!(client.ask(method, path, Some(json!({}))).await.body.contains("<html>"), "{path}");
    }
    let record = client.get("/users/0").await;
    assert_eq!((record.status.as_u16(), record.json()), (404, json!({ "error": "Record not found." })));
    assert_eq!(client.get("/products/0").await.json(), json!({ "error": "Record not found." }));

    client.ask(Method::DELETE, "/users/1", None).await;
    assert_eq!(client.running.seen.stats().alarms, 1);

    OWNER_KEY.clone_into(&mut client.token);
    assert_eq!(client.get("/users/0").await.status, 403);
    assert_eq!(client.get("/users").await.json(), json!({ "error": "Forbidden" }));
    assert_eq!(client.get("/products").await.status, 200);

    client.token = "wrong".to_owned();
    let unknown = client.get("/nowhere").await;
    assert_eq!((unknown.status.as_u16(), unknown.kind.as_str(), unknown.body.as_str()), (401, "text/html", ""));
}

#[tokio::test]
async fn a_user_has_the_fields_of_its_form_and_never_a_first_or_last_name() {
    let client = client(&[]).await;
    let id = client.id(1);
    let row = client.good("/users?per_page=200").await["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|u| u["id"] == *id)
        .unwrap()
        .clone();
    let one = client.good(&format!("/users/{id}")).await["user"].clone();
    let changed = client.put(&format!("/users/{id}"), json!({ "user": {} })).await.json();
    for user in [&row, &one, &changed] {
        assert!(user.get("first_name").is_none() && user.get("last_name").is_none());
        assert!(user["id"].is_string() && user["enabled"].is_boolean());
    }
    assert!(
        row["user_roles"][0]["role_id"].is_u64() && row["user_roles"][0]["scope"]["id"].as_u64().unwrap() > 1 << 53
    );
    assert!(one.get("user_roles").is_none() && one.get("roadmaps_seat").is_some());
    assert!(changed.get("roadmaps_seat").is_none());
    let me = client.good("/me").await["user"].clone();
    assert!(me.get("enabled").is_none() && me.get("administrator").is_none());
    assert_eq!(me["accounts"][0]["account"]["domain"], "acme");
}

#[tokio::test]
async fn products_are_a_tree_with_a_team_on_request_and_one_that_cannot_be_seen() {
    let client = client(&[]).await;
    let total = |document: Value| document["pagination"]["total_records"].as_u64().unwrap();
    assert_eq!(total(client.good("/products?per_page=200").await), 86);
    let all = client.good("/products?per_page=200&include_teams=true").await;
    assert_eq!(total(all.clone()), 87);
    let rows = all["products"].as_array().unwrap();
    assert!(rows.iter().all(|p| p.as_object().unwrap().len() == 7));
    assert!(rows.iter().any(|p| p["workspace_type"] == "team"));
    assert!(!rows.iter().any(|p| p["reference_prefix"] == "PRJ83"));
    assert_eq!(client.get("/products/PRJ83").await.status, 404);
    assert_eq!(rows[4]["url"], "https://acme.aha.io/projects/PRJ1");
    let line = client.good("/products/PL1").await["product"].clone();
    let children = line["children"].as_array().unwrap();
    assert!(children.iter().any(|c| c["reference_prefix"] == "PL3" && c["product_line"] == true));
    let child = client.good(&format!("/products/{}", children[1]["id"].as_str().unwrap())).await;
    assert_eq!(child["product"]["children"], json!([]));
    let since = client.good("/products?updated_since=2023-06-01T00:00:00Z&per_page=200").await;
    assert!((1..86).contains(&total(since)));
}

#[tokio::test]
async fn the_name_of_a_product_is_null_where_the_caller_has_no_role() {
    let client = client(&[]).await;
    let (mut named, mut nameless) = (0, 0);
    for user in client.good("/users?per_page=200").await["users"].as_array().unwrap() {
        for pair in user["product_roles"].as_array().unwrap() {
            assert!(pair["product_id"].is_string());
            let null = pair["product_name"].is_null();
            nameless += i32::from(null);
            named += i32::from(!null);
        }
    }
    assert!(named > 100 && nameless > 20, "{named} {nameless}");
}

#[tokio::test]
async fn teams_have_their_members_and_whoever_is_no_user_has_no_id() {
    let client = client(&[]).await;
    let teams = client.good("/teams?per_page=200").await;
    let rows = teams["teams"].as_array().unwrap();
    assert_eq!((rows.len(), &teams["pagination"]["total_records"]), (9, &json!(9)));
    let (mut users, mut others) = (0, 0);
    for team in rows {
        let path = format!("/teams/{}", team["id"].as_str().unwrap());
        assert_eq!(client.good(&path).await["team"], *team);
        let listed = client.good(&format!("{path}/team_memberships?per_page=200")).await;
        for membership in listed["team_memberships"].as_array().unwrap() {
            let member = &membership["team_member"];
            assert_eq!(membership["team"]["id"], team["id"]);
            if member["virtual"] == true {
                assert!(member["user_id"].is_null());
                others += 1;
            } else {
                let id = member["user_id"].as_str().unwrap();
                assert_eq!(client.good(&format!("/users/{id}")).await["user"]["name"], member["name"]);
                users += 1;
            }
        }
    }
    assert!(users > 20 && others == 5, "{users} {others}");
    assert_eq!(client.get("/teams/1").await.json(), json!({ "error": "Record not found." }));
    let product = rows.iter().find_map(|team| team["project"]["id"].as_str()).unwrap();
    assert_eq!(client.good(&format!("/products/{product}/teams")).await["teams"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_plan_without_teams_forbids_them_and_nothing_else() {
    let client = client(&["teams=forbidden"]).await;
    for path in ["/teams", "/teams/1", "/teams/1/team_memberships"] {
        assert_eq!(client.get(path).await.status, 403, "{path}");
    }
    assert_eq!(client.get("/users").await.status, 200);
    let none = super::client(&["teams=none"]).await;
    assert_eq!(none.good("/teams").await["teams"], json!([]));
    assert!(super::client(&["teams=unserved"]).await.get("/teams").await.body.contains("<html>"));
}

#[tokio::test]
async fn the_users_of_a_product_are_listed_below_project_users() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let (product, role) = client.running.world.account(slot).unwrap().pairs[0];
    let id = client.running.world.aha_product_id(product);
    let listed = client.good(&format!("/products/{id}/users?per_page=200")).await;
    let row = listed["project_users"].as_array().unwrap().iter().find(|r| r["user"]["id"] == *client.id(slot)).unwrap();
    assert_eq!(row["role"], role.code);
}

#[tokio::test]
async fn a_key_of_another_account_is_served_that_account_whatever_the_host() {
    let mut client = client(&[]).await;
    WRONG_ACCOUNT_KEY.clone_into(&mut client.token);
    let me = client.good("/me").await;
    assert_eq!(me["user"]["accounts"][0]["account"]["domain"], "umbrella");
    assert_eq!(me["user"]["accounts"][1]["account"]["domain"], "acme");
    let first = client.good("/products?per_page=1").await["products"][0]["url"].clone();
    assert!(first.as_str().unwrap().starts_with("https://umbrella.aha.io/"));
    let strict = super::client(&["strict-host"]).await;
    assert_eq!(strict.get("/me").await.status, 404);
}

#[tokio::test]
async fn the_rate_limit_is_kept_and_told() {
    let client = client_of(30, &["rate-min=3"], true).await;
    for left in [2, 1, 0] {
        let reply = client.get("/me").await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.headers["x-ratelimit-limit"], "3");
        assert_eq!(reply.headers["x-ratelimit-remaining"], left.to_string());
    }
    let refused = client.get("/me").await;
    assert_eq!((refused.status.as_u16(), refused.body.as_str()), (429, ""));
    let reset: u64 = refused.headers["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    let now = crate::simulate::clock::epoch();
    assert!(reset > now - 1 && reset <= now + 61, "{reset} {now}");
    let mut other = client;
    WRONG_ACCOUNT_KEY.clone_into(&mut other.token);
    assert_eq!(other.get("/me").await.status, 200, "the limit is per account");
}

#[tokio::test]
async fn a_million_users_are_served_page_by_page() {
    let client = client_of(1_000_000, &[], false).await;
    let last = client.good("/users?page=4960&per_page=200").await;
    assert_eq!(last["users"].as_array().unwrap().len(), 200);
    let email = last["users"][199]["email"].as_str().unwrap().to_owned();
    let found = client.good(&format!("/users?email={email}")).await;
    assert_eq!(found["users"][0]["id"], last["users"][199]["id"]);
}

#[tokio::test]
async fn every_account_of_the_world_is_shown_as_it_is() {
    let client = client(&[]).await;
    let world = &client.running.world;
    let mut place = 0;
    for page in 1..=world.accounts().div_ceil(200) {
        let document = client.good(&format!("/users?page={page}&per_page=200")).await;
        for user in document["users"].as_array().unwrap() {
            let account = world.account(world.account_at(place)).unwrap();
            assert_eq!(user["id"], account.id.to_string());
            assert_eq!(user["name"], account.name);
            assert_eq!(user["email"], account.email);
            assert_eq!(user["enabled"], account.enabled);
            let pairs: Vec<(String, u64)> = user["product_roles"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| (p["product_id"].as_str().unwrap().to_owned(), p["role"].as_u64().unwrap()))
                .collect();
            let expected: Vec<(String, u64)> =
                account.pairs.iter().map(|(p, r)| (world.aha_product_id(*p).to_string(), u64::from(r.code))).collect();
            assert_eq!(pairs, expected);
            place += 1;
        }
    }
    assert_eq!(place, world.accounts());
}
