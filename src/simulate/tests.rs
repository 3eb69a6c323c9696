//! What stands around every simulator, over the loopback: faults, the record, starting and stopping.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use serde_json::{Value, json};

use super::world::ENTERPRISE_SCHEMA;
use super::world::documents::Documents;
use super::{Options, Running, StartError, start};

async fn aha(faults: &[&str]) -> Running {
    let faults = faults.iter().map(|f| (*f).to_owned()).collect();
    start("aha", Options { users: 60, faults, rate_limit: false, ..Options::default() }).await.unwrap()
}

fn get(running: &Running, path: &str) -> reqwest::RequestBuilder {
    reqwest::Client::new().get(format!("{}{path}", running.url)).bearer_auth(&running.login["token"])
}

fn set_pair(running: &Running, role: &str) -> reqwest::RequestBuilder {
    let id = running.world.account_id(7);
    reqwest::Client::new()
        .post(format!("{}/api/v1/users/{id}/product_roles", running.url))
        .bearer_auth(&running.login["token"])
        .json(&json!({ "product_role": { "role": role, "product_id": "PRJ70" } }))
}

async fn pairs(running: &Running) -> Value {
    let id = running.world.account_id(7);
    get(running, &format!("/api/v1/users/{id}/product_roles")).send().await.unwrap().json().await.unwrap()
}

fn has_pair(pairs: &Value, running: &Running) -> bool {
    let product = running.world.aha_product_id(73).to_string();
    pairs["product_roles"].as_array().unwrap().iter().any(|p| p["product_id"] == *product)
}

#[tokio::test]
async fn a_lost_reply_means_no_byte_and_a_write_that_was_done() {
    let running = aha(&["lost=1"]).await;
    let error = set_pair(&running, "viewer").send().await.unwrap_err();
    assert!(error.status().is_none());
    assert!(has_pair(&pairs(&running).await, &running));
    let writes = running.seen.writes();
    assert_eq!((writes.len(), writes[0].status, writes[0].fault.as_deref()), (1, 200, Some("lost")));
}

#[tokio::test]
async fn a_reset_connection_means_that_nothing_was_done() {
    let running = aha(&["reset=1@POST"]).await;
    set_pair(&running, "viewer").send().await.unwrap_err();
    assert!(!has_pair(&pairs(&running).await, &running));
}

#[tokio::test]
async fn an_error_after_the_write_leaves_it_done() {
    let running = aha(&["502=1,after@POST"]).await;
    assert_eq!(set_pair(&running, "viewer").send().await.unwrap().status(), 502);
    assert!(has_pair(&pairs(&running).await, &running));
    assert_eq!(running.seen.writes()[0].status, 200);
}

#[tokio::test]
async fn a_truncated_reply_is_half_a_document_or_a_broken_connection() {
    let running = aha(&["truncate=1"]).await;
    let half = get(&running, "/api/v1/users").send().await.unwrap().text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&half).is_err() && half.starts_with("{\"users\""));
    let running = aha(&["truncate=1,cut"]).await;
    let reply = get(&running, "/api/v1/users").send().await.unwrap();
    assert_eq!(reply.status(), 200);
    reply.text().await.unwrap_err();
}

#[tokio::test]
async fn an_expired_token_is_refused_in_the_vendors_words_until_it_is_renewed() {
    let running = aha(&["expire=1"]).await;
    let status = async || get(&running, "/api/v1/me").send().await.unwrap().status().as_u16();
    assert_eq!([status().await, status().await, status().await], [200, 401, 401]);
    let control = format!("{}/__sim/token", running.url);
    let told: Value = reqwest::Client::new().post(control).send().await.unwrap().json().await.unwrap();
    assert_eq!(told["token"], running.login["token"]);
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn too_many_requests_come_with_the_hint_that_was_asked_for() {
    for (fault, header) in [
        ("429=1", Some(("retry-after", "1"))),
        ("429=1,retry-after=9", Some(("retry-after", "9"))),
        ("429=1,retry-after=date", Some(("retry-after", "GMT"))),
        ("429=1,reset=2", Some(("x-ratelimit-reset", ""))),
        ("429=1,bare", None),
    ] {
        let running = aha(&[fault]).await;
        let reply = get(&running, "/api/v1/me").send().await.unwrap();
        assert_eq!(reply.status(), 429);
        match header {
            Some((name, end)) => assert!(reply.headers()[name].to_str().unwrap().ends_with(end), "{fault}"),
            None => assert!(
                !reply.headers().contains_key("retry-after") && !reply.headers().contains_key("x-ratelimit-reset")
            ),
        }
        assert_eq!(get(&running, "/api/v1/me").send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn latency_delays_and_html_takes_the_place_of_json() {
    let running = aha(&["latency=60ms", "html=1"]).await;
    let began = std::time::Instant::now();
    let reply = get(&running, "/api/v1/me").send().await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(60));
    assert_eq!(reply.headers()["content-type"], "text/html; charset=utf-8");
    assert!(reply.text().await.unwrap().contains("<html>"));
}

#[tokio::test]
async fn faults_can_be_changed_while_it_runs() {
    let running = aha(&[]).await;
    let control = format!("{}/__sim/fault", running.url);
    let change = |specs: Value| reqwest::Client::new().post(&control).json(&specs).send();
    assert_eq!(change(json!(["503=1"])).await.unwrap().status(), 204);
    assert_eq!(get(&running, "/api/v1/me").send().await.unwrap().status(), 503);
    assert_eq!(get(&running, "/api/v1/me").send().await.unwrap().status(), 200);
    for wrong in [json!(["503"]), json!(["no-such-switch"]), json!({}), json!("503=1")] {
        let reply = change(wrong).await.unwrap();
        assert_eq!(reply.status(), 400);
        assert!(!reply.text().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn every_request_is_recorded_without_its_secret() {
    let running = aha(&[]).await;
    get(&running, "/api/v1/users?email=a%40b.example").send().await.unwrap();
    set_pair(&running, "viewer").send().await.unwrap();
    let seen: Value = reqwest::get(format!("{}/__sim/seen", running.url)).await.unwrap().json().await.unwrap();
    assert_eq!(seen.as_array().unwrap().len(), 2, "control paths are not recorded");
    assert_eq!((&seen[0]["path"], &seen[0]["query"]), (&json!("/api/v1/users"), &json!("email=a%40b.example")));
    assert_eq!(seen[0]["headers"]["authorization"], "Bearer ***");
    assert!(!seen.to_string().contains(&running.login["token"]));
    let body: Value = serde_json::from_str(seen[1]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["product_role"]["role"], "viewer");
    let stats: Value = reqwest::get(format!("{}/__sim/stats", running.url)).await.unwrap().json().await.unwrap();
    assert_eq!((&stats["requests"], &stats["writes"], &stats["without_user_agent"]), (&json!(2), &json!(1), &json!(2)));
    let planted: Value = reqwest::get(format!("{}/__sim/planted", running.url)).await.unwrap().json().await.unwrap();
    assert_eq!(planted.as_array().unwrap().len(), running.world.planted("aha").len());
    reqwest::Client::new().post(format!("{}/__sim/forget", running.url)).send().await.unwrap();
    assert!(running.seen.all().is_empty());
}

#[tokio::test]
async fn the_ready_line_says_how_to_log_in() {
    let running = aha(&[]).await;
    let line: Value = serde_json::from_str(&running.ready_line()).unwrap();
    assert_eq!((&line["connector"], &line["view"]), (&json!("aha"), &json!("aha")));
    assert_eq!((&line["url"], &line["token"]), (&json!(running.url), &json!(running.login["token"])));
    assert!(!running.ready_line().contains('\n'));
}

#[tokio::test]
async fn dropping_it_closes_the_port() {
    let running = aha(&[]).await;
    let url = format!("{}/__sim/stats", running.url);
    assert!(reqwest::get(&url).await.is_ok());
    drop(running);
    let closed = async {
        while reqwest::get(&url).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), closed).await.expect("closed");
}

#[tokio::test]
async fn what_cannot_be_started_is_told() {
    let told = async |connector: &str, options: Options| start(connector, options).await.err().unwrap().to_string();
    assert!(told("jira", Options::default()).await.contains("no simulator for `jira`"));
    let faults = vec!["drft".to_owned()];
    assert!(told("aha", Options { faults, ..Options::default() }).await.contains("unknown fault `drft`"));
    assert!(told("aha", Options { users: 0, ..Options::default() }).await.contains("1 to 1,000,000"));
    assert!(told("aha", Options { view: "moon".to_owned(), ..Options::default() }).await.contains("view `moon`"));
    let first = aha(&[]).await;
    let port = first.url.rsplit(':').next().unwrap().parse().unwrap();
    let taken = start("aha", Options { port, users: 1, ..Options::default() }).await;
    assert!(matches!(taken, Err(StartError::Listen(p, _)) if p == port));
}

#[tokio::test]
async fn the_scim_services_show_the_world_as_it_is() {
    for view in ["source", "directory"] {
        let options = Options { users: 250, view: view.to_owned(), ..Options::default() };
        let running = start("scim", options).await.unwrap();
        let documents = Documents::new(&running.world, view);
        let list = async |path: &str| -> Value { get(&running, path).send().await.unwrap().json().await.unwrap() };
        let mut place = 0;
        while place < documents.len() {
            let page = list(&format!("/Users?startIndex={}&count=100", place + 1)).await;
            assert_eq!(page["totalResults"], documents.len());
            for user in page["Resources"].as_array().unwrap() {
                let expected = documents.at(place);
                for (key, value) in expected.as_object().unwrap() {
                    if !["meta", "schemas", "groups", ENTERPRISE_SCHEMA].contains(&key.as_str()) {
                        assert_eq!(user[key], *value, "{key}");
                    }
                }
                let manager = &user[ENTERPRISE_SCHEMA]["manager"]["value"];
                assert_eq!(*manager, expected[ENTERPRISE_SCHEMA]["manager"]["value"]);
                place += 1;
            }
        }
        let groups = list("/Groups?count=100").await;
        assert_eq!(groups["totalResults"], documents.groups().len());
        for (group, expected) in groups["Resources"].as_array().unwrap().iter().zip(documents.groups()) {
            assert_eq!(group["displayName"], expected["displayName"]);
            assert_eq!(group["members"].as_array().map_or(0, Vec::len), expected["members"].as_array().unwrap().len());
        }
    }
}

#[tokio::test]
async fn roles_and_products_of_the_source_are_resource_types() {
    let running = start("scim", Options { users: 20, ..Options::default() }).await.unwrap();
    for (path, total) in [("/Roles", 23), ("/Products", 88), ("/Groups", 31), ("/Users", 20)] {
        let page: Value = get(&running, path).send().await.unwrap().json().await.unwrap();
        assert_eq!(page["totalResults"], total, "{path}");
    }
    let types: Value = get(&running, "/ResourceTypes").send().await.unwrap().json().await.unwrap();
    let names: Vec<_> = types["Resources"].as_array().unwrap().iter().map(|t| t["name"].clone()).collect();
    for name in ["User", "Group", "Role", "Product"] {
        assert!(names.contains(&json!(name)), "{names:?}");
    }
}
