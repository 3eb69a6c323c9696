//! Writes without any deviation.

use serde_json::{Value, json};

use super::{ask, ask_with, core, get, json_of, patch, refusal, service, user};

#[test]
fn what_is_created_can_be_read_at_its_address() {
    let (scim, _) = service(1, &[]);
    let mut body = user("New@example.com");
    body["password"] = json!("secret");
    let reply = ask(&scim, "POST", "/Users", &body);
    assert_eq!(reply.status, 201);
    let made = json_of(&reply);
    let location = made["meta"]["location"].as_str().unwrap();
    assert!(reply.headers.contains(&("location", location.to_owned())));
    assert_eq!(location, format!("http://localhost:1/scim/v2/Users/{}", made["id"].as_str().unwrap()));
    assert!(!reply.body.contains("secret"));
    assert_eq!(get(&scim, &format!("/Users/{}", made["id"].as_str().unwrap())), made);
}

#[test]
fn a_name_that_is_taken_is_a_conflict_in_any_letter_case() {
    let (scim, _) = service(2, &[]);
    let taken = user("USER0@example.com");
    assert_eq!(refusal(&ask(&scim, "POST", "/Users", &taken)), (409, "uniqueness".to_owned()));
    assert_eq!(refusal(&ask(&scim, "PUT", "/Users/u1", &taken)), (409, "uniqueness".to_owned()));
    let rename = patch(json!([{ "op": "replace", "path": "userName", "value": "user0@EXAMPLE.com" }]));
    assert_eq!(refusal(&ask(&scim, "PATCH", "/Users/u1", &rename)), (409, "uniqueness".to_owned()));
    assert_eq!(ask(&scim, "PUT", "/Users/u0", &taken).status, 200);
}

#[test]
fn a_replacement_clears_what_it_leaves_out() {
    let (scim, _) = service(2, &[]);
    let after = json_of(&ask(&scim, "PUT", "/Users/u1", &user("user1@example.com")));
    assert!(after.get("title").is_none());
    assert!(after.get("active").is_none());
    assert_eq!(after["groups"][0]["display"], "First");
}

#[test]
fn a_patch_is_done_whole_or_not_at_all() {
    let (scim, _) = service(2, &[]);
    let before = get(&scim, "/Users/u0");
    let body = patch(json!([
        { "op": "replace", "path": "title", "value": "changed" },
        { "op": "replace", "path": "nothing", "value": "x" },
    ]));
    assert_eq!(refusal(&ask(&scim, "PATCH", "/Users/u0", &body)), (400, "invalidPath".to_owned()));
    assert_eq!(get(&scim, "/Users/u0"), before);
}

#[test]
fn members_come_and_go_and_the_users_groups_follow() {
    let (scim, _) = service(4, &[]);
    let groups = |id: &str| get(&scim, &format!("/Users/{id}"))["groups"].clone();
    let body = patch(json!([
        { "op": "add", "path": "members", "value": [{ "value": "u3" }] },
        { "op": "remove", "path": "members[value eq \"u0\"]" },
    ]));
    let after = json_of(&ask(&scim, "PATCH", "/Groups/g0", &body));
    assert_eq!(after["members"][1]["$ref"], "http://localhost:1/scim/v2/Users/u3");
    assert_eq!(after["members"][1]["type"], "User");
    assert_eq!(groups("u0"), Value::Null);
    assert_eq!(groups("u3")[0]["value"], "g0");
    assert_eq!(ask(&scim, "DELETE", "/Users/u3", &Value::Null).status, 204);
    assert_eq!(get(&scim, "/Groups/g0")["members"].as_array().unwrap().len(), 1);
    let nobody = patch(json!([{ "op": "add", "path": "members", "value": [{ "value": "nobody" }] }]));
    let reply = ask(&scim, "PATCH", "/Groups/g0", &nobody);
    assert_eq!(refusal(&reply), (400, "invalidValue".to_owned()));
}

#[test]
fn versions_guard_a_write_and_spare_a_read() {
    let (scim, _) = service(1, &[]);
    let tag = |reply: &super::Reply| reply.headers.iter().find(|(name, _)| *name == "etag").unwrap().1.clone();
    let old = tag(&ask(&scim, "GET", "/Users/u0", &Value::Null));
    let change = |title: &str, tag: &str| {
        let body = patch(json!([{ "op": "replace", "path": "title", "value": title }]));
        ask_with(&scim, "PATCH", "/Users/u0", &body, &|request| {
            request.if_match = Some(tag.to_owned());
        })
    };
    let reply = change("a", &old);
    assert_eq!(reply.status, 200);
    let new = tag(&reply);
    assert_eq!(json_of(&reply)["meta"]["version"], new.as_str());
    assert_ne!(old, new);
    assert_eq!(refusal(&change("b", &old)).0, 412);
    assert_eq!(change("b", &format!("\"x\", {new}")).status, 200);
    assert_eq!(change("c", "*").status, 200);
    let read = |tag: String| {
        ask_with(&scim, "GET", "/Users/u0", &Value::Null, &|request| {
            request.if_none_match = Some(tag.clone());
        })
        .status
    };
    let now = tag(&ask(&scim, "GET", "/Users/u0", &Value::Null));
    assert_eq!((read(now.clone()), read(old)), (304, 200));
    // Writing what is there already changes nothing, the version least of all.
    assert_eq!(tag(&change("c", &now)), now);
    let gone = |tag: &str| {
        ask_with(&scim, "DELETE", "/Users/u0", &Value::Null, &|request| {
            request.if_match = Some(tag.to_owned());
        })
        .status
    };
    assert_eq!((gone(&new), gone(&now)), (412, 204));
}

#[test]
fn two_names_that_differ_only_in_letter_case_can_still_be_edited() {
    let people = vec![json!({ "id": "a", "userName": "ann" }), json!({ "id": "b", "userName": "Ann" })];
    let library = super::Library::default().holding(core::users(), people);
    let gate =
        super::Gate { token: "t".into(), username: String::new(), password: String::new(), ..super::Gate::new("", 0) };
    let scim = super::Scim::new(library, gate, super::Faults::default());
    let body = patch(json!([{ "op": "replace", "path": "title", "value": "x" }]));
    assert_eq!(ask(&scim, "PATCH", "/Users/b", &body).status, 200);
}

#[test]
fn every_wrong_turn_has_its_status() {
    let (scim, _) = service(1, &[]);
    for (method, target, body, wanted) in [
        ("GET", "/Users/nobody", Value::Null, 404),
        ("DELETE", "/Users/nobody", Value::Null, 404),
        ("GET", "/Nothing", Value::Null, 404),
        ("GET", "/Users/u0/title", Value::Null, 404),
        ("DELETE", "/Users", Value::Null, 405),
        ("POST", "/Users/u0", user("x"), 405),
        ("POST", "/Schemas", user("x"), 405),
        ("PUT", "/.search", user("x"), 405),
        ("POST", "/Bulk", Value::Null, 501),
        ("GET", "/Me", Value::Null, 501),
        ("POST", "/Users", json!({ "userName": "x" }), 400),
        ("POST", "/Users", json!({ "schemas": [core::USER] }), 400),
        ("POST", "/Users/.search", json!({}), 400),
        ("GET", "/Users?filter=x", Value::Null, 400),
    ] {
        let reply = ask(&scim, method, target, &body);
        assert_eq!(reply.status, wanted, "{method} {target}");
        assert_eq!(refusal(&reply).0, wanted);
    }
    let text = ask_with(&scim, "POST", "/Users", &user("x"), &|request| {
        request.body = b"{".to_vec();
    });
    assert_eq!(refusal(&text), (400, "invalidSyntax".to_owned()));
    let form = ask_with(&scim, "POST", "/Users", &user("x"), &|request| {
        request.content_type = Some("text/plain".into());
    });
    assert_eq!(form.status, 415);
}
