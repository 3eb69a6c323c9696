//! The simulator over the loopback, as a client sees it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{OWNER_KEY, WRONG_ACCOUNT_KEY};
use crate::simulate::{Options, Running, start};

struct Client {
    running: Running,
    http: reqwest::Client,
    token: String,
}

struct Reply {
    status: StatusCode,
    kind: String,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON document")
    }
}

async fn client_of(users: u32, faults: &[&str], rate_limit: bool) -> Client {
    let options = Options {
        users,
        faults: faults.iter().map(|f| (*f).to_owned()).collect(),
        rate_limit,
        ..Options::default()
    };
    let running = start("aha", options).await.expect("started");
    let token = running.login["token"].clone();
    Client {
        running,
        http: reqwest::Client::new(),
        token,
    }
}

async fn client(faults: &[&str]) -> Client {
    client_of(400, faults, false).await
}

impl Client {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.running.url))
            .header("user-agent", "test")
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply = request.send().await.expect("a reply");
        Reply {
            status: reply.status(),
            kind: reply
                .headers()
                .get("content-type")
                .map_or_else(String::new, |v| v.to_str().unwrap().to_owned()),
            headers: reply.headers().clone(),
            body: reply.text().await.expect("a body"),
        }
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, None).await
    }

    async fn good(&self, path: &str) -> Value {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        assert_eq!(reply.kind, "application/json; charset=utf-8");
        reply.json()
    }

    async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::PUT, path, Some(body)).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// The id of the account of a person of the world.
    fn id(&self, slot: u32) -> String {
        self.running.world.account_id(slot).to_string()
    }

    /// Ids of users, page by page, as they came; and the totals that the pages stated.
    async fn walk(&self, per_page: u32) -> (Vec<String>, BTreeSet<u64>) {
        let (mut ids, mut totals, mut page) = (Vec::new(), BTreeSet::new(), 1);
        loop {
            let document = self
                .good(&format!("/users?page={page}&per_page={per_page}"))
                .await;
            assert_eq!(document["pagination"]["current_page"], page);
            totals.insert(document["pagination"]["total_records"].as_u64().unwrap());
            let rows = document["users"].as_array().unwrap();
            ids.extend(rows.iter().map(|u| u["id"].as_str().unwrap().to_owned()));
            if page >= document["pagination"]["total_pages"].as_u64().unwrap() {
                return (ids, totals);
            }
            page += 1;
        }
    }
}

/// Somebody on whom nothing was planted, and who is no head.
fn ordinary(client: &Client) -> u32 {
    let planted: BTreeSet<String> = client
        .running
        .world
        .planted("aha")
        .into_iter()
        .map(|p| p.key)
        .collect();
    let world = &client.running.world;
    (60..world.users())
        .find(|n| !planted.contains(&world.person(*n).user_name))
        .unwrap()
}

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
    assert_eq!(
        (&past["users"], &past["pagination"]["current_page"]),
        (&json!([]), &json!(999))
    );
}

#[tokio::test]
async fn rows_inserted_or_taken_away_between_pages_shift_the_paging() {
    let inserted = client(&["drift=2"]).await;
    let (ids, totals) = inserted.walk(100).await;
    assert!(
        ids.iter().collect::<BTreeSet<_>>().len() < ids.len(),
        "a row came twice"
    );
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
    assert_eq!(
        (route.status.as_u16(), route.kind.as_str()),
        (404, "text/html; charset=utf-8")
    );
    for (method, path) in [
        (Method::POST, "/users"),
        (Method::PATCH, "/users/1"),
        (Method::GET, "/roles"),
    ] {
        assert!(
            client
                .ask(method, path, Some(json!({})))
                .await
                .body
                .contains("<html>"),
            "{path}"
        );
    }
    let record = client.get("/users/0").await;
    assert_eq!(
        (record.status.as_u16(), record.json()),
        (404, json!({ "error": "Record not found." }))
    );
    assert_eq!(
        client.get("/products/0").await.json(),
        json!({ "error": "Record not found." })
    );

    client.ask(Method::DELETE, "/users/1", None).await;
    assert_eq!(client.running.seen.stats().alarms, 1);

    OWNER_KEY.clone_into(&mut client.token);
    assert_eq!(client.get("/users/0").await.status, 403);
    assert_eq!(
        client.get("/users").await.json(),
        json!({ "error": "Forbidden" })
    );
    assert_eq!(client.get("/products").await.status, 200);

    client.token = "wrong".to_owned();
    let unknown = client.get("/nowhere").await;
    assert_eq!(
        (
            unknown.status.as_u16(),
            unknown.kind.as_str(),
            unknown.body.as_str()
        ),
        (401, "text/html", "")
    );
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
    let changed = client
        .put(&format!("/users/{id}"), json!({ "user": {} }))
        .await
        .json();
    for user in [&row, &one, &changed] {
        assert!(user.get("first_name").is_none() && user.get("last_name").is_none());
        assert!(user["id"].is_string() && user["enabled"].is_boolean());
    }
    assert!(
        row["user_roles"][0]["role_id"].is_u64()
            && row["user_roles"][0]["scope"]["id"].as_u64().unwrap() > 1 << 53
    );
    assert!(one.get("user_roles").is_none() && one.get("roadmaps_seat").is_some());
    assert!(changed.get("roadmaps_seat").is_none());
    let me = client.good("/me").await["user"].clone();
    assert!(me.get("enabled").is_none() && me.get("administrator").is_none());
    assert_eq!(me["accounts"][0]["account"]["domain"], "acme");
}

#[tokio::test]
async fn a_user_is_created_through_a_product_and_found_by_email() {
    let client = client(&[]).await;
    let body = json!({ "user": { "email": "Ravi.New@Example.com", "first_name": "Ravi", "last_name": "New", "role": "product_owner" } });
    let created = client.post("/products/PRJ1/users", body.clone()).await;
    assert_eq!(created.status, 200);
    let created = created.json();
    assert_eq!(
        (&created["role"], &created["role_description"]),
        (&json!(20), &json!("Owner"))
    );
    assert_eq!(created["user"].as_object().unwrap().len(), 5);
    let id = created["user"]["id"].as_str().unwrap();
    let found = client.good("/users?email=ravi.new%40example.com").await;
    assert_eq!(found["users"][0]["id"], *id);
    assert_eq!(found["users"][0]["name"], "Ravi New");
    assert_eq!(found["pagination"]["total_records"], 1);
    let (ids, _) = client.walk(200).await;
    assert_eq!(ids.last().unwrap(), id);

    // The same e-mail again: the role is changed, and nobody is added.
    let mut again = body;
    again["user"]["role"] = "viewer".into();
    let upserted = client
        .post("/products/PRJ1/users", again.clone())
        .await
        .json();
    assert_eq!(
        (&upserted["role"], &upserted["user"]["id"]),
        (&json!(50), &json!(id))
    );
    assert_eq!(client.walk(200).await.0.len(), ids.len());

    client
        .running
        .faults
        .replace(&crate::simulate::faults::Faults::parse(&["dup-email=400".to_owned()]).unwrap());
    let refused = client.post("/products/PRJ1/users", again).await;
    assert_eq!(
        refused.json()["errors"]["message"],
        "Email has already been taken"
    );
}

#[tokio::test]
async fn a_role_that_is_not_a_write_name_silently_becomes_viewer() {
    let client = client(&["role-default=1"]).await;
    let path = format!("/users/{}/product_roles", client.id(ordinary(&client)));
    for role in [
        json!("contributor"),
        json!("Owner"),
        json!(20),
        json!("20"),
        json!("emperor"),
    ] {
        let body = json!({ "product_role": { "role": role, "product_id": "PRJ9" } });
        let reply = client.post(&path, body).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["role"]),
            (200, &json!(50)),
            "{role}"
        );
    }
    let body = json!({ "product_role": { "role": "contributor", "product_id": "PRJ9" } });
    assert_eq!(client.post(&path, body).await.json()["role"], 30);
}

#[tokio::test]
async fn one_pair_is_set_and_removed_without_touching_the_others() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let path = format!("/users/{}/product_roles", client.id(slot));
    let before = client.good(&path).await["product_roles"]
        .as_array()
        .unwrap()
        .clone();
    let free = client.running.world.account(slot).unwrap();
    let product = (4..80)
        .find(|p| !free.pairs.iter().any(|(q, _)| q == p))
        .unwrap();
    let key = format!("PRJ{}", product - 3);
    let number = client.running.world.aha_product_id(product);

    let set = client
        .post(
            &path,
            json!({ "product_role": { "role": "reviewer", "product_id": key } }),
        )
        .await
        .json();
    assert_eq!(
        (&set["role"], &set["product_id"]),
        (&json!(40), &json!(number.to_string()))
    );
    let set = client
        .post(
            &path,
            json!({ "product_role": { "role": "contributor", "product_id": number } }),
        )
        .await
        .json();
    assert_eq!(set["role"], 30);
    let after = client.good(&path).await["product_roles"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(after[..before.len()], before[..]);

    let pair = format!("{path}/{number}");
    assert_eq!(client.ask(Method::DELETE, &pair, None).await.status, 204);
    assert_eq!(client.good(&path).await["product_roles"], json!(before));
    assert_eq!(
        client.ask(Method::DELETE, &pair, None).await.json(),
        json!({ "error": "Record not found." })
    );
    assert_eq!(
        client
            .post(
                &path,
                json!({ "product_role": { "role": "viewer", "product_id": "PRJ999" } })
            )
            .await
            .status,
        404
    );
    let quiet = self::client(&["delete-absent=204"]).await;
    assert_eq!(quiet.ask(Method::DELETE, &pair, None).await.status, 204);
}

#[tokio::test]
async fn a_change_is_partial_and_roles_survive_deactivation() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let path = format!("/users/{}", client.id(slot));
    let before = client.good(&path).await["user"].clone();
    let off = client
        .put(
            &path,
            json!({ "user": { "enabled": false, "product_roles": [], "shoe_size": 43 } }),
        )
        .await;
    assert_eq!(
        (off.status.as_u16(), &off.json()["enabled"]),
        (200, &json!(false))
    );
    let after = client.good(&path).await["user"].clone();
    assert_eq!(after["enabled"], false);
    assert_eq!(
        (&after["product_roles"], &after["name"], &after["email"]),
        (&before["product_roles"], &before["name"], &before["email"])
    );
    assert_ne!(after["updated_at"], before["updated_at"]);
    let on = client
        .put(
            &path,
            json!({ "user": { "enabled": "true", "first_name": "Nova" } }),
        )
        .await
        .json();
    assert_eq!(on["enabled"], true);
    assert_eq!(
        on["name"],
        format!("Nova {}", client.running.world.person(slot).family)
    );
}

#[tokio::test]
async fn a_changed_email_is_found_under_the_new_address_only() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let old = client.running.world.person(slot).user_name;
    let path = format!("/users/{}", client.id(slot));
    client
        .put(&path, json!({ "user": { "email": "moved@example.com" } }))
        .await;
    assert_eq!(
        client.good("/users?email=moved@example.com").await["users"][0]["id"],
        *client.id(slot)
    );
    assert_eq!(
        client.good(&format!("/users?email={old}")).await["users"],
        json!([])
    );
    let taken = client
        .put(
            &format!("/users/{}", client.id(1)),
            json!({ "user": { "email": "moved@example.com" } }),
        )
        .await;
    assert_eq!(taken.status, 400);
}

#[tokio::test]
async fn the_last_billing_administrator_cannot_be_disabled() {
    let client = client(&["errors-as-list"]).await;
    let path = format!("/users/{}", client.id(0));
    let refused = client
        .put(&path, json!({ "user": { "enabled": false } }))
        .await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["error"], "Validation failed");
    assert!(
        refused.json()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("billing administrator")
    );
    assert_eq!(client.good(&path).await["user"]["enabled"], true);
    let second = json!({ "user": { "administrator_roles": { "administer_billing": true } } });
    client
        .put(&format!("/users/{}", client.id(1)), second)
        .await;
    assert_eq!(
        client
            .put(&path, json!({ "user": { "enabled": false } }))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn bad_bodies_are_refused_and_change_nothing() {
    let client = client(&["seats=0"]).await;
    let path = format!("/users/{}", client.id(ordinary(&client)));
    assert_eq!(
        client.put(&path, json!({ "enabled": false })).await.status,
        400
    );
    assert_eq!(client.good(&path).await["user"]["enabled"], true);
    for (user, told) in [
        (
            json!({ "first_name": "A", "last_name": "B", "role": "viewer" }),
            "Email can't be blank",
        ),
        (
            json!({ "email": "ab", "first_name": "A", "last_name": "B", "role": "viewer" }),
            "Email is invalid",
        ),
        (
            json!({ "email": "a@b.example", "last_name": "B", "role": "viewer" }),
            "First name can't be blank",
        ),
        (
            json!({ "email": "a@b.example", "first_name": "A", "last_name": "B" }),
            "Role can't be blank",
        ),
        (
            json!({ "email": "a@b.example", "first_name": "A", "last_name": "B", "role": "viewer" }),
            "There are no paid seats available",
        ),
    ] {
        let reply = client
            .post("/products/PRJ1/users", json!({ "user": user }))
            .await;
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["errors"]["message"]),
            (400, &json!(told))
        );
    }
    assert_eq!(
        client.good("/users?email=a@b.example").await["users"],
        json!([])
    );
}

#[tokio::test]
async fn products_are_a_tree_with_a_team_on_request_and_one_that_cannot_be_seen() {
    let client = client(&[]).await;
    let total = |document: Value| document["pagination"]["total_records"].as_u64().unwrap();
    assert_eq!(total(client.good("/products?per_page=200").await), 86);
    let all = client
        .good("/products?per_page=200&include_teams=true")
        .await;
    assert_eq!(total(all.clone()), 87);
    let rows = all["products"].as_array().unwrap();
    assert!(rows.iter().all(|p| p.as_object().unwrap().len() == 7));
    assert!(rows.iter().any(|p| p["workspace_type"] == "team"));
    assert!(!rows.iter().any(|p| p["reference_prefix"] == "PRJ83"));
    assert_eq!(client.get("/products/PRJ83").await.status, 404);
    assert_eq!(rows[4]["url"], "https://acme.aha.io/projects/PRJ1");
    let line = client.good("/products/PL1").await["product"].clone();
    let children = line["children"].as_array().unwrap();
    assert!(
        children
            .iter()
            .any(|c| c["reference_prefix"] == "PL3" && c["product_line"] == true)
    );
    let child = client
        .good(&format!(
            "/products/{}",
            children[1]["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(child["product"]["children"], json!([]));
    let since = client
        .good("/products?updated_since=2023-06-01T00:00:00Z&per_page=200")
        .await;
    assert!((1..86).contains(&total(since)));
}

#[tokio::test]
async fn the_name_of_a_product_is_null_where_the_caller_has_no_role() {
    let client = client(&[]).await;
    let (mut named, mut nameless) = (0, 0);
    for user in client.good("/users?per_page=200").await["users"]
        .as_array()
        .unwrap()
    {
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
async fn the_users_of_a_product_are_listed_below_project_users() {
    let client = client(&[]).await;
    let slot = ordinary(&client);
    let (product, role) = client.running.world.account(slot).unwrap().pairs[0];
    let id = client.running.world.aha_product_id(product);
    let listed = client
        .good(&format!("/products/{id}/users?per_page=200"))
        .await;
    let row = listed["project_users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["user"]["id"] == *client.id(slot))
        .unwrap();
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
    assert!(
        first
            .as_str()
            .unwrap()
            .starts_with("https://umbrella.aha.io/")
    );
    let strict = self::client(&["strict-host"]).await;
    assert_eq!(strict.get("/me").await.status, 404);
}

#[tokio::test]
async fn custom_roles_and_seats_are_kept() {
    let client = client(&[]).await;
    let path = format!("/users/{}/user_roles", client.id(ordinary(&client)));
    assert_eq!(client.good(&path).await["user_roles"], json!([]));
    let added = client
        .post(
            &path,
            json!({ "user_role": { "custom_role_id": 409_541_422_u64, "product_id": "PRJ2" } }),
        )
        .await
        .json();
    assert_eq!(added["name"], "Release captain");
    assert_eq!(client.good(&path).await["user_roles"], json!([added]));
    let product = added["scope"]["id"].as_u64().unwrap();
    assert_eq!(
        client
            .ask(Method::DELETE, &format!("{path}/{product}"), None)
            .await
            .status,
        204
    );
    assert_eq!(client.good(&path).await["user_roles"], json!([]));

    let groups = client.good("/paid_seat_groups").await;
    assert!(groups.get("pagination").is_none());
    let group = &groups["paid_seat_groups"][0];
    let path = format!(
        "/paid_seat_groups/{}/modify_user",
        group["id"].as_str().unwrap()
    );
    let user: u64 = client.id(ordinary(&client)).parse().unwrap();
    let had = client.good(&format!("/users/{user}")).await["user"]
        .get("paid_seat_group")
        .is_some();
    let changed = client
        .post(
            &path,
            json!({ "user_id": user, "remove": had.then_some(true) }),
        )
        .await
        .json();
    assert_ne!(changed["allocated_seats"], group["allocated_seats"]);
    assert_eq!(
        client.good("/identity_providers").await["identity_providers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
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
    let reset: u64 = refused.headers["x-ratelimit-reset"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let now = crate::simulate::faults::epoch();
    assert!(reset > now - 1 && reset <= now + 61, "{reset} {now}");
    let mut other = client;
    WRONG_ACCOUNT_KEY.clone_into(&mut other.token);
    assert_eq!(
        other.get("/me").await.status,
        200,
        "the limit is per account"
    );
}

#[tokio::test]
async fn who_may_is_a_switch() {
    let mut open = client(&["perm-mode=open"]).await;
    OWNER_KEY.clone_into(&mut open.token);
    assert_eq!(open.get("/users").await.status, 200);
    let mut owner = client(&["perm-mode=owner_can_add"]).await;
    let slot = 2;
    let pairs = owner.running.world.account(slot).unwrap().pairs;
    let path = format!("/users/{}/product_roles", owner.id(slot));
    let product = owner.running.world.aha_product_id(pairs[0].0);
    let body = json!({ "product_role": { "role": "product_owner", "product_id": product } });
    assert_eq!(owner.post(&path, body).await.status, 200);
    OWNER_KEY.clone_into(&mut owner.token);
    let body = json!({ "user": { "email": "o@example.com", "first_name": "O", "last_name": "P", "role": "viewer" } });
    assert_eq!(
        owner
            .post(&format!("/products/{product}/users"), body.clone())
            .await
            .status,
        200
    );
    let elsewhere = (4..80)
        .find(|p| !pairs.iter().any(|(q, _)| q == p))
        .unwrap();
    let elsewhere = owner.running.world.aha_product_id(elsewhere);
    assert_eq!(
        owner
            .post(&format!("/products/{elsewhere}/users"), body)
            .await
            .status,
        403
    );
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
        let document = client
            .good(&format!("/users?page={page}&per_page=200"))
            .await;
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
                .map(|p| {
                    (
                        p["product_id"].as_str().unwrap().to_owned(),
                        p["role"].as_u64().unwrap(),
                    )
                })
                .collect();
            let expected: Vec<(String, u64)> = account
                .pairs
                .iter()
                .map(|(p, r)| (world.aha_product_id(*p).to_string(), u64::from(r.code)))
                .collect();
            assert_eq!(pairs, expected);
            place += 1;
        }
    }
    assert_eq!(place, world.accounts());
}
