//! Lists without any deviation.

use serde_json::{Value, json};

use super::{ask, get, ids, refusal, search, service, user};

/// Walks by cursor and gives the ids and the number of pages.
pub(super) fn walk(scim: &super::Scim, target: &str) -> (Vec<String>, usize) {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for page in 1..50 {
        let list = get(scim, &format!("{target}cursor={cursor}"));
        seen.extend(ids(&list));
        assert!(list.get("startIndex").is_none());
        match list.get("nextCursor").and_then(Value::as_str) {
            Some(next) => next.clone_into(&mut cursor),
            None => return (seen, page),
        }
    }
    panic!("the walk does not end");
}

#[test]
fn pages_by_index_cover_everybody_once() {
    let (scim, _) = service(25, &[]);
    let mut seen = Vec::new();
    for start in [1, 11, 21, 31] {
        let list = get(&scim, &format!("/Users?startIndex={start}&count=10"));
        assert_eq!(list["totalResults"], 25);
        assert_eq!(list["startIndex"], start);
        assert_eq!(list["itemsPerPage"], ids(&list).len());
        seen.extend(ids(&list));
    }
    assert_eq!(seen, (0..25).map(|n| format!("u{n}")).collect::<Vec<_>>());
}

#[test]
fn numbers_below_the_first_mean_the_first() {
    let (scim, _) = service(5, &[]);
    assert_eq!(ids(&get(&scim, "/Users?startIndex=-3&count=2")), ["u0", "u1"]);
    let totals = get(&scim, "/Users?count=-1");
    assert_eq!((totals["totalResults"].clone(), ids(&totals).len()), (json!(5), 0));
    let words = ask(&scim, "GET", "/Users?startIndex=one", &Value::Null);
    assert_eq!(refusal(&words), (400, "invalidValue".to_owned()));
}

#[test]
fn a_walk_by_cursor_covers_everybody_once_with_and_without_filter_and_order() {
    let (scim, _) = service(25, &[]);
    assert_eq!(walk(&scim, "/Users?count=10&").1, 3);
    let everybody: Vec<String> = (0..25).map(|n| format!("u{n}")).collect();
    assert_eq!(walk(&scim, "/Users?count=10&").0, everybody);
    let even: Vec<String> = (0..25).step_by(2).map(|n| format!("u{n}")).collect();
    assert_eq!(walk(&scim, "/Users?filter=active%20eq%20true&count=5&").0, even);
    let (sorted, pages) = walk(&scim, "/Users?sortBy=id&sortOrder=descending&count=7&");
    let mut backwards = everybody;
    backwards.sort();
    backwards.reverse();
    assert_eq!((sorted, pages), (backwards, 4));
    // A page that is exactly full at the end is the last one.
    assert_eq!(walk(&scim, "/Users?count=5&").1, 5);
}

#[test]
fn a_cursor_goes_with_its_own_search_only() {
    let (scim, _) = service(25, &[]);
    let next = get(&scim, "/Users?cursor&count=10")["nextCursor"].as_str().unwrap().to_owned();
    for wrong in [
        format!("/Users?count=9&cursor={next}"),
        format!("/Users?count=10&filter=active%20eq%20true&cursor={next}"),
        "/Users?count=10&cursor=nonsense".to_owned(),
    ] {
        let reply = ask(&scim, "GET", &wrong, &Value::Null);
        assert_eq!(refusal(&reply), (400, "invalidCursor".to_owned()), "{wrong}");
    }
    assert_eq!(ids(&get(&scim, &format!("/Users?count=10&cursor={next}"))).len(), 10);
}

#[test]
fn a_walk_by_cursor_survives_a_removal() {
    let (scim, _) = service(6, &[]);
    let first = get(&scim, "/Users?cursor&count=2");
    assert_eq!(ask(&scim, "DELETE", "/Users/u2", &Value::Null).status, 204);
    assert_eq!(ask(&scim, "DELETE", "/Users/u0", &Value::Null).status, 204);
    let next = first["nextCursor"].as_str().unwrap();
    let second = get(&scim, &format!("/Users?count=2&cursor={next}"));
    assert_eq!(ids(&second), ["u3", "u4"]);
}

#[test]
fn a_search_by_post_is_the_same_as_by_get() {
    let (scim, _) = service(25, &[]);
    let body = search(json!({ "filter": "active eq false", "startIndex": 3, "count": 4, "attributes": ["userName"] }));
    let posted = ask(&scim, "POST", "/Users/.search", &body);
    let got = ask(&scim, "GET", "/Users?filter=active+eq+false&startIndex=3&count=4&attributes=userName", &Value::Null);
    assert_eq!(posted.body, got.body);
    assert_eq!(posted.status, 200);
    let cursor = ask(&scim, "POST", "/Users/.search", &search(json!({ "cursor": "", "count": 4 })));
    assert!(cursor.body.contains("nextCursor"));
}

#[test]
fn a_search_from_the_root_finds_all_types() {
    let (scim, _) = service(3, &[]);
    let body = search(json!({ "filter": "userName sw \"user0\" or displayName eq \"second\"" }));
    let reply = ask(&scim, "POST", "/.search", &body);
    let list: Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(ids(&list), ["u0", "g1"]);
    assert_eq!(ids(&get(&scim, "/?startIndex=3&count=2")), ["u2", "g0"]);
    assert_eq!(walk(&scim, "/?count=2&").0, ["u0", "u1", "u2", "g0", "g1"]);
}

#[test]
fn an_order_puts_what_has_no_value_last_and_first_when_reversed() {
    let (scim, _) = service(2, &[]);
    assert_eq!(ask(&scim, "POST", "/Users", &user("untitled")).status, 201);
    let titles = |target| -> Vec<Value> {
        let list = get(&scim, target);
        list["Resources"].as_array().unwrap().iter().map(|one| one["title"].clone()).collect()
    };
    assert_eq!(titles("/Users?sortBy=title"), [json!("T1"), json!("T2"), Value::Null]);
    assert_eq!(titles("/Users?sortBy=title&sortOrder=descending"), [Value::Null, json!("T2"), json!("T1")]);
    let reply = ask(&scim, "GET", "/Users?sortBy=nothing", &Value::Null);
    assert_eq!(refusal(&reply), (400, "invalidPath".to_owned()));
}

#[test]
fn what_was_found_is_forgotten_when_something_is_written() {
    let (scim, _) = service(4, &[]);
    let active = || get(&scim, "/Users?filter=active%20eq%20true")["totalResults"].clone();
    assert_eq!(active(), 2);
    let mut body = user("new");
    body["active"] = json!(true);
    assert_eq!(ask(&scim, "POST", "/Users", &body).status, 201);
    assert_eq!(active(), 3);
}

#[test]
fn people_can_be_found_by_their_groups() {
    let (scim, _) = service(4, &[]);
    let list = get(&scim, "/Users?filter=groups.display%20eq%20%22first%22");
    assert_eq!(ids(&list), ["u0", "u1"]);
    let list = get(&scim, "/Users?filter=id%20eq%20%22u3%22");
    assert_eq!(ids(&list), ["u3"]);
    let list = get(&scim, "/Users?filter=meta.location%20ew%20%22/Users/u3%22");
    assert_eq!(ids(&list), ["u3"]);
}

#[test]
fn discovery_cannot_be_filtered_and_only_the_config_is_open() {
    let (scim, _) = service(1, &[]);
    let reply = ask(&scim, "GET", "/Schemas?filter=id%20eq%20%22x%22", &Value::Null);
    assert_eq!(reply.status, 403);
    let open = |target| {
        super::ask_with(&scim, "GET", target, &Value::Null, &|request| {
            request.authorization = None;
        })
        .status
    };
    assert_eq!(open("/ServiceProviderConfig"), 200);
    for closed in ["/ResourceTypes", "/Schemas", "/Users", "/Users/u0", "/nothing"] {
        assert_eq!(open(closed), 401, "{closed}");
    }
    // One Identity's own instructions (targets/scim.md A4).
    assert_eq!(get(&scim, "/resourcetypes/")["totalResults"], 2);
    assert_eq!(get(&scim, "/ResourceTypes/User")["endpoint"], "/Users");
}
