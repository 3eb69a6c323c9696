//! The service behind its socket.

use reqwest::Method;
use serde_json::{Value, json};

use super::{core, patch};
use crate::simulate::{Options, Running, StartError, start};

async fn running(view: &str, faults: &[&str]) -> Running {
    let options = Options {
        users: 50,
        view: view.to_owned(),
        faults: faults.iter().map(|fault| (*fault).to_owned()).collect(),
        ..Options::default()
    };
    start("scim", options).await.unwrap()
}

/// A client of another make than the connector's.
fn client() -> reqwest::Client {
    // Whoever was first has installed it; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

fn request(running: &Running, method: Method, path: &str) -> reqwest::RequestBuilder {
    let token = running.login.get("token").unwrap();
    client().request(method, format!("{}{path}", running.url)).bearer_auth(token)
}

#[tokio::test]
async fn replies_say_what_they_are_and_where_a_new_resource_is() {
    let running = running("source", &[]).await;
    let body = json!({ "schemas": [core::USER], "userName": "new" });
    let reply = request(&running, Method::POST, "/Users").json(&body).send().await.unwrap();
    assert_eq!(reply.status(), 201);
    assert_eq!(reply.headers()["content-type"], "application/scim+json");
    let location = reply.headers()["location"].to_str().unwrap().to_owned();
    let tag = reply.headers()["etag"].to_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{}/Users/", running.url)), "{location}");
    let path = location.strip_prefix(&running.url).unwrap();
    let read = request(&running, Method::GET, path).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(read.status(), 304);
    let body = patch(json!([{ "op": "replace", "path": "title", "value": "x" }]));
    let stale = request(&running, Method::PATCH, path).header("if-match", "W/\"stale\"").json(&body);
    assert_eq!(stale.send().await.unwrap().status(), 412);
    let gone = request(&running, Method::DELETE, path).send().await.unwrap();
    assert_eq!(gone.status(), 204);
}

#[tokio::test]
async fn a_token_or_a_name_and_password_open_the_door() {
    let running = running("directory", &[]).await;
    let url = format!("{}/Users?count=1", running.url);
    let client = client();
    let refused = client.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(refused.headers().contains_key("www-authenticate"));
    assert_eq!(refused.json::<Value>().await.unwrap()["status"], "401");
    let (name, password) = (&running.login["username"], &running.login["password"]);
    let basic = client.get(&url).basic_auth(name, Some(password)).send().await.unwrap();
    assert_eq!(basic.status(), 200);
    assert_eq!(client.get(&url).bearer_auth("wrong").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_two_views_have_their_resource_types_and_their_own_tokens() {
    let mut tokens = Vec::new();
    for (view, wanted) in [("source", vec!["User", "Group", "Role", "Product"]), ("directory", vec!["User", "Group"])] {
        let running = running(view, &[]).await;
        let reply = request(&running, Method::GET, "/ResourceTypes").send().await.unwrap();
        let list: Value = reply.json().await.unwrap();
        let names: Vec<&str> =
            list["Resources"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(names, wanted);
        tokens.push(running.login["token"].clone());
    }
    assert_ne!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn every_attribute_of_the_world_is_in_the_schemas() {
    for view in ["source", "directory"] {
        let running = running(view, &[]).await;
        let read = async |path: &str| -> Value {
            request(&running, Method::GET, path).send().await.unwrap().json().await.unwrap()
        };
        let schemas = read("/Schemas").await;
        let named = |urn: &str| -> Vec<String> {
            let schema = schemas["Resources"].as_array().unwrap().iter().find(|one| one["id"] == urn).unwrap();
            let names = schema["attributes"].as_array().unwrap().iter();
            names.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        for kind in read("/ResourceTypes").await["Resources"].as_array().unwrap() {
            let core = named(kind["schema"].as_str().unwrap());
            let list = read(&format!("{}?count=50", kind["endpoint"].as_str().unwrap())).await;
            let resources = list["Resources"].as_array().unwrap();
            assert!(!resources.is_empty());
            for (key, value) in resources.iter().flat_map(|one| one.as_object().unwrap()) {
                if ["schemas", "id", "externalId", "meta"].contains(&key.as_str()) {
                    continue;
                }
                if key.starts_with("urn:") {
                    let known = named(key);
                    let inside = value.as_object().unwrap().keys();
                    assert!(inside.clone().all(|name| known.contains(name)), "{view} {key} {inside:?}");
                } else {
                    assert!(core.contains(key), "{view} {} {key}", kind["name"]);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_groups_of_the_directorys_users_are_those_that_name_them() {
    let running = running("directory", &[]).await;
    let read = async |path: &str| -> Value {
        request(&running, Method::GET, path).send().await.unwrap().json().await.unwrap()
    };
    let mut from_groups: Vec<(String, String)> = Vec::new();
    for group in read("/Groups").await["Resources"].as_array().unwrap() {
        for member in group["members"].as_array().into_iter().flatten() {
            from_groups.push((member["value"].to_string(), group["id"].to_string()));
        }
    }
    let mut from_users: Vec<(String, String)> = Vec::new();
    for user in read("/Users").await["Resources"].as_array().unwrap() {
        for group in user["groups"].as_array().into_iter().flatten() {
            from_users.push((user["id"].to_string(), group["value"].to_string()));
        }
    }
    from_groups.sort();
    from_users.sort();
    assert!(!from_users.is_empty());
    assert_eq!(from_users, from_groups);
}

#[tokio::test]
async fn a_view_or_a_switch_that_does_not_exist_is_refused_at_the_start() {
    for (view, fault) in [("aha", ""), ("source", "etag=maybe"), ("source", "no-such-switch")] {
        let options = Options {
            users: 1,
            view: view.to_owned(),
            faults: if fault.is_empty() { Vec::new() } else { vec![fault.to_owned()] },
            ..Options::default()
        };
        match start("scim", options).await {
            Err(StartError::View(told)) => assert_eq!(told, "aha"),
            Err(StartError::Fault(told)) => {
                assert!(told.contains(fault.split('=').next().unwrap()), "{told}");
            }
            other => panic!("{view} {fault} {:?}", other.map(|running| running.url)),
        }
    }
}

#[tokio::test]
async fn a_page_far_behind_in_a_million_is_served_at_once() {
    let options = Options { users: 1_000_000, ..Options::default() };
    let running = start("scim", options).await.unwrap();
    let page = async |path: &str| -> Value {
        request(&running, Method::GET, path).send().await.unwrap().json().await.unwrap()
    };
    let last = page("/Users?startIndex=999999&count=5").await;
    assert_eq!(last["totalResults"], 1_000_000);
    assert_eq!(last["Resources"].as_array().unwrap().len(), 2);
    let name = last["Resources"][1]["userName"].as_str().unwrap();
    let found = page(&format!("/Users?filter=userName%20eq%20%22{name}%22")).await;
    assert_eq!(found["Resources"][0]["id"], last["Resources"][1]["id"]);
}
