//! The service as a client meets it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod loopback;
mod quirks;
mod walking;
mod writing;

use serde_json::{Value, json};

use super::core;
use super::{Gate, Library, Reply, Request, Scim};
use crate::simulate::faults::Faults;

/// A service over `users` users and two groups of which the first has the users 0 and 1.
fn service(users: usize, specs: &[&str]) -> (Scim, Faults) {
    let specs: Vec<String> = specs.iter().map(|spec| (*spec).to_owned()).collect();
    let faults = Faults::parse(&specs).unwrap();
    let people = (0..users)
        .map(|number| {
            json!({
                "id": format!("u{number}"),
                "userName": format!("user{number}@example.com"),
                "active": number % 2 == 0,
                "title": format!("T{}", users - number),
            })
        })
        .collect();
    let groups = vec![
        json!({ "id": "g0", "displayName": "First", "members": [
            { "value": "u0", "type": "User" }, { "value": "u1", "type": "User" },
        ] }),
        json!({ "id": "g1", "displayName": "Second" }),
    ];
    let library = Library::default().holding(core::users(), people).holding(core::groups(), groups);
    let gate = Gate { token: "t".to_owned(), username: "n".to_owned(), password: "p".to_owned(), ..Gate::new("", 0) };
    (Scim::new(library, gate, faults.clone()), faults)
}

/// One request with the right token.
fn ask(scim: &Scim, method: &str, target: &str, body: &Value) -> Reply {
    ask_with(scim, method, target, body, &|_| ())
}

/// One request with the right token, changed before it is sent.
fn ask_with(scim: &Scim, method: &str, target: &str, body: &Value, change: &dyn Fn(&mut Request)) -> Reply {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        path: format!("/scim/v2{path}"),
        query: query.to_owned(),
        host: "localhost:1".to_owned(),
        authorization: Some("Bearer t".to_owned()),
        content_type: Some("application/scim+json".to_owned()),
        body: body.to_string().into_bytes(),
        ..Request::default()
    };
    change(&mut request);
    scim.answer(&request)
}

fn get(scim: &Scim, target: &str) -> Value {
    let reply = ask(scim, "GET", target, &Value::Null);
    assert_eq!(reply.status, 200, "{target}: {}", reply.body);
    json_of(&reply)
}

/// The status and the keyword of a refusal.
fn refusal(reply: &Reply) -> (u16, String) {
    let body = json_of(reply);
    assert_eq!(body["status"], reply.status.to_string());
    (reply.status, body["scimType"].as_str().unwrap_or_default().to_owned())
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap_or(Value::Null)
}

fn ids(list: &Value) -> Vec<String> {
    let resources = list["Resources"].as_array().unwrap();
    resources.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn user(name: &str) -> Value {
    json!({ "schemas": [core::USER], "userName": name })
}

fn patch(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

fn search(mut members: Value) -> Value {
    members["schemas"] = json!(["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]);
    members
}
