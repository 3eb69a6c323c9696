//! The deviations of real services, one by one (targets/scim.md A1 to A4, A6).

use serde_json::{Value, json};

use super::walking::walk;
use super::{ask, core, get, ids, json_of, patch, refusal, service, user};

#[test]
fn a_filter_can_be_ignored() {
    let (scim, _) = service(5, &["no-filter"]);
    let list = get(&scim, "/Users?filter=userName%20eq%20%22user3@example.com%22");
    assert_eq!(list["totalResults"], 5);
    assert_eq!(ids(&list)[0], "u0");
}

#[test]
fn a_urn_in_a_filter_can_find_nobody() {
    let filter = format!("/Users?filter={}:userName%20pr", core::USER);
    let (scim, _) = service(5, &["urn-filter-matches-nothing"]);
    assert_eq!(get(&scim, &filter)["totalResults"], 0);
    assert_eq!(get(&scim, "/Users?filter=userName%20pr")["totalResults"], 5);
    let (scim, _) = service(5, &[]);
    assert_eq!(get(&scim, &filter)["totalResults"], 5);
}

#[test]
fn the_start_can_be_ignored_honestly_or_not() {
    for (spec, said) in [("ignore-start-index", 1), ("ignore-start-index=echo", 3)] {
        let (scim, _) = service(5, &[spec]);
        let list = get(&scim, "/Users?startIndex=3&count=2");
        assert_eq!(ids(&list), ["u0", "u1"]);
        assert_eq!(list["startIndex"], said);
    }
}

#[test]
fn page_one_can_come_again_past_the_end() {
    let (scim, _) = service(5, &["page-one-past-end"]);
    assert_eq!(ids(&get(&scim, "/Users?startIndex=5&count=2")), ["u4"]);
    assert_eq!(ids(&get(&scim, "/Users?startIndex=6&count=2")), ["u0", "u1"]);
}

#[test]
fn an_empty_page_can_stand_in_the_middle_of_a_walk() {
    let (scim, _) = service(5, &["empty-page"]);
    assert_eq!(walk(&scim, "/Users?count=2&"), (["u0", "u1", "u2", "u3", "u4"].map(str::to_owned).to_vec(), 4));
    let first = get(&scim, "/Users?cursor&count=2");
    let second = get(&scim, &format!("/Users?count=2&cursor={}", first["nextCursor"].as_str().unwrap()));
    assert!(ids(&second).is_empty());
    assert!(second.get("nextCursor").is_some());
}

#[test]
fn a_service_can_know_cursors_only_or_not_at_all() {
    let (scim, _) = service(5, &["cursor-only"]);
    let list = get(&scim, "/Users?count=2");
    assert!(list.get("nextCursor").is_some() && list.get("startIndex").is_none());
    assert_eq!(get(&scim, "/ServiceProviderConfig")["pagination"]["index"], false);
    let (scim, _) = service(5, &["no-cursor"]);
    let list = get(&scim, "/Users?cursor&count=2");
    assert!(list.get("nextCursor").is_none());
    assert_eq!(ids(&list), ["u0", "u1"]);
    assert!(get(&scim, "/ServiceProviderConfig").get("pagination").is_none());
}

#[test]
fn a_cursor_expires_once_and_the_walk_can_start_again() {
    let (scim, faults) = service(5, &["cursor-expires=2"]);
    let next = |list: &Value| list["nextCursor"].as_str().unwrap().to_owned();
    let first = get(&scim, "/Users?cursor&count=2");
    let second = get(&scim, &format!("/Users?count=2&cursor={}", next(&first)));
    let third = format!("/Users?count=2&cursor={}", next(&second));
    let reply = ask(&scim, "GET", &third, &Value::Null);
    assert_eq!(refusal(&reply), (400, "expiredCursor".to_owned()));
    assert_eq!(walk(&scim, "/Users?count=2&").0.len(), 5);
    // Asked for anew, it strikes anew.
    faults.replace(&super::Faults::parse(&["cursor-expires=1".to_owned()]).unwrap());
    get(&scim, "/Users?cursor&count=2");
    assert_eq!(ask(&scim, "GET", &third, &Value::Null).status, 400);
    assert_eq!(ask(&scim, "GET", &third, &Value::Null).status, 200);
}

#[test]
fn a_cursor_can_lead_back_to_its_own_page() {
    let (scim, _) = service(9, &["repeat-cursor"]);
    let first = get(&scim, "/Users?cursor&count=2");
    let address = format!("/Users?count=2&cursor={}", first["nextCursor"].as_str().unwrap());
    let second = get(&scim, &address);
    assert_eq!(second["nextCursor"], first["nextCursor"]);
    assert_eq!(get(&scim, &address), second);
}

#[test]
fn counts_can_be_rounded_up_refused_or_told_as_asked() {
    let (scim, _) = service(40, &["round-up=10", "max-results=25"]);
    assert_eq!(ids(&get(&scim, "/Users?count=11")).len(), 20);
    assert_eq!(ids(&get(&scim, "/Users?count=1000")).len(), 30);
    let (scim, _) = service(5, &["no-count"]);
    assert_eq!(ask(&scim, "GET", "/Users?count=2", &Value::Null).status, 500);
    assert_eq!(get(&scim, "/Users")["totalResults"], 5);
    let (scim, _) = service(5, &["echo-count"]);
    assert_eq!(get(&scim, "/Users?startIndex=5&count=4")["itemsPerPage"], 4);
}

#[test]
fn totals_can_be_missing_everywhere() {
    let (scim, _) = service(5, &["no-total"]);
    for list in ["/Users", "/Users?cursor", "/Schemas", "/ResourceTypes"] {
        assert!(get(&scim, list).get("totalResults").is_none(), "{list}");
    }
}

#[test]
fn somebody_comes_in_between_two_pages() {
    let (scim, _) = service(5, &["drift=1"]);
    let first = get(&scim, "/Users?count=3");
    let second = get(&scim, "/Users?startIndex=4&count=3");
    assert_eq!((first["totalResults"].clone(), second["totalResults"].clone()), (json!(5), json!(6)));
    // The last of the first page comes again, and the new one is never seen.
    assert_eq!(ids(&second), ["u2", "u3", "u4"]);
    assert_eq!(get(&scim, "/Users?count=3")["totalResults"], 6);
    assert_eq!(get(&scim, "/Users?startIndex=4&count=3")["totalResults"], 6);
}

#[test]
fn endpoints_come_in_three_forms() {
    for (spec, wanted) in [
        (None, "/Users"),
        (Some("server-absolute-endpoints"), "/scim/v2/Users"),
        (Some("absolute-endpoints"), "http://localhost:1/scim/v2/Users"),
    ] {
        let (scim, _) = service(1, spec.as_slice());
        assert_eq!(get(&scim, "/ResourceTypes")["Resources"][0]["endpoint"], wanted);
    }
}

#[test]
fn versions_can_be_absent_or_a_lie() {
    let supported = |scim: &super::Scim| get(scim, "/ServiceProviderConfig")["etag"]["supported"].clone();
    let body = patch(json!([{ "op": "replace", "path": "title", "value": "x" }]));
    let guarded = |scim: &super::Scim| {
        super::ask_with(scim, "PATCH", "/Users/u0", &body, &|request| {
            request.if_match = Some("W/\"no\"".into());
        })
        .status
    };
    let tag = |scim: &super::Scim, target: &str| {
        let reply = ask(scim, "GET", target, &Value::Null);
        reply.headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag.clone())
    };
    let (scim, _) = service(1, &[]);
    assert_eq!((supported(&scim), guarded(&scim)), (json!(true), 412));
    let (scim, _) = service(1, &["etag=off"]);
    assert_eq!((supported(&scim), guarded(&scim), tag(&scim, "/Users/u0")), (json!(false), 200, None));
    assert!(get(&scim, "/Users/u0")["meta"].get("version").is_none());
    let (scim, _) = service(1, &["etag=body"]);
    assert_eq!((supported(&scim), guarded(&scim)), (json!(false), 200));
    assert_ne!(tag(&scim, "/Users/u0").unwrap(), tag(&scim, "/Users/u0?attributes=title").unwrap());
}

#[test]
fn errors_come_in_every_shape() {
    let (scim, _) = service(1, &["status-integer"]);
    assert_eq!(json_of(&ask(&scim, "GET", "/Users/x", &Value::Null))["status"], 404);
    let (scim, _) = service(1, &["html-errors"]);
    assert!(ask(&scim, "GET", "/Users/x", &Value::Null).body.starts_with("<!doctype html>"));
    let (scim, _) = service(1, &["empty-errors"]);
    let reply = ask(&scim, "GET", "/Users/x", &Value::Null);
    assert_eq!((reply.status, reply.body.as_str()), (404, ""));
}

#[test]
fn patch_can_be_absent_or_silent() {
    let body = patch(json!([{ "op": "replace", "path": "title", "value": "x" }]));
    let (scim, _) = service(1, &["no-patch"]);
    assert_eq!(ask(&scim, "PATCH", "/Users/u0", &body).status, 501);
    assert_eq!(get(&scim, "/ServiceProviderConfig")["patch"]["supported"], false);
    let (scim, _) = service(1, &["patch-without-body"]);
    let reply = ask(&scim, "PATCH", "/Users/u0", &body);
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    assert_eq!(get(&scim, "/Users/u0")["title"], "x");
}

#[test]
fn attributes_can_be_accepted_and_dropped() {
    let (scim, _) = service(1, &["drop-attributes=title+department"]);
    let mut body = user("new");
    body["title"] = json!("x");
    body[core::ENTERPRISE_USER] = json!({ "department": "R&D" });
    let reply = ask(&scim, "POST", "/Users", &body);
    let made = json_of(&reply);
    assert_eq!(reply.status, 201);
    assert!(made.get("title").is_none() && made.get(core::ENTERPRISE_USER).is_none());
    let change = patch(json!([{ "op": "replace", "path": "title", "value": "x" }]));
    let after = ask(&scim, "PATCH", "/Users/u0", &change);
    assert_eq!((after.status, json_of(&after)["title"].clone()), (200, json!("T1")));
}

#[test]
fn members_can_be_known_by_their_user_name() {
    let (scim, _) = service(4, &["member-username"]);
    let members = |list: &Value| -> Vec<String> {
        let members = list["members"].as_array().unwrap();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    };
    let body = patch(json!([
        { "op": "add", "path": "members", "value": [{ "value": "u3" }, { "value": "user2@example.com" }] },
        { "op": "remove", "path": "members[value eq \"user0@example.com\"]" },
        { "op": "remove", "path": "members", "value": [{ "value": "user1@example.com" }] },
    ]));
    let after = json_of(&ask(&scim, "PATCH", "/Groups/g0", &body));
    assert_eq!(members(&after), ["user3@example.com", "user2@example.com"]);
    assert_eq!(get(&scim, "/Users/u3")["groups"][0]["value"], "g0");
    let whole =
        json!({ "schemas": [core::GROUP], "displayName": "First", "members": [{ "value": "user1@example.com" }] });
    assert_eq!(members(&json_of(&ask(&scim, "PUT", "/Groups/g0", &whole))), ["user1@example.com"]);
    assert_eq!(get(&scim, "/Users/u1")["groups"][0]["value"], "g0");
}

#[test]
fn an_address_can_end_in_the_user_name() {
    let (scim, _) = service(1, &["location-username"]);
    let location = get(&scim, "/Users/u0")["meta"]["location"].clone();
    assert_eq!(location, "http://localhost:1/scim/v2/Users/user0@example.com");
    assert_eq!(get(&scim, "/Users/user0@example.com")["id"], "u0");
}

#[test]
fn only_one_form_of_removal_may_be_known() {
    let filter = patch(json!([{ "op": "remove", "path": "members[value eq \"u0\"]" }]));
    let listed = patch(json!([{ "op": "remove", "path": "members", "value": [{ "value": "u1" }] }]));
    for (spec, known, other) in
        [("member-removal=filter", &filter, &listed), ("member-removal=value-list", &listed, &filter)]
    {
        let (scim, _) = service(3, &[spec]);
        assert_eq!(refusal(&ask(&scim, "PATCH", "/Groups/g0", other)), (400, "noTarget".to_owned()), "{spec}");
        assert_eq!(ask(&scim, "PATCH", "/Groups/g0", known).status, 200, "{spec}");
        assert_eq!(get(&scim, "/Groups/g0")["members"].as_array().unwrap().len(), 1, "{spec}");
    }
    let (scim, _) = service(3, &["member-removal=literal"]);
    assert_eq!(ask(&scim, "PATCH", "/Groups/g0", &listed).status, 200);
    assert!(get(&scim, "/Groups/g0").get("members").is_none());
}

#[test]
fn ids_as_numbers_work_in_addresses_filters_and_members() {
    let (scim, _) = service(3, &["string-ids-as-numbers"]);
    let id = get(&scim, "/Users?startIndex=3")["Resources"][0]["id"].as_u64().unwrap();
    assert!(id > 1 << 53);
    assert_eq!(get(&scim, &format!("/Users/{id}"))["userName"], "user2@example.com");
    let found = get(&scim, &format!("/Users?filter=id%20eq%20%22{id}%22"));
    assert_eq!(found["totalResults"], 1);
    let group = get(&scim, "/Groups")["Resources"][0]["id"].clone();
    let add = patch(json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]));
    assert_eq!(ask(&scim, "PATCH", &format!("/Groups/{group}"), &add).status, 200);
    let found = get(&scim, &format!("/Groups?filter=members.value%20eq%20%22{id}%22"));
    assert_eq!(found["Resources"][0]["id"], group);
    let remove = patch(json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]));
    let after = ask(&scim, "PATCH", &format!("/Groups/{group}"), &remove);
    assert!(!after.body.contains(&id.to_string()), "{}", after.body);
}

#[test]
fn nothing_can_be_said_in_three_ways_without_changing_what_is_there() {
    let (plain, _) = service(3, &[]);
    let (scim, _) = service(3, &["null-absent-empty"]);
    for id in ["u0", "u1", "u2"] {
        let address = format!("/Users/{id}");
        let (plain, odd) = (get(&plain, &address), get(&scim, &address));
        for (name, value) in odd.as_object().unwrap() {
            match plain.get(name) {
                Some(held) => assert_eq!(held, value),
                None => assert!([json!(null), json!(""), json!([])].contains(value), "{name}"),
            }
        }
        assert_ne!(plain, odd);
    }
}

#[test]
fn a_switch_that_makes_no_sense_is_told_in_the_reply() {
    let (scim, faults) = service(1, &[]);
    faults.replace(&super::Faults::parse(&["etag=maybe".to_owned()]).unwrap());
    let reply = ask(&scim, "GET", "/Users", &Value::Null);
    assert_eq!(reply.status, 500);
    assert!(reply.body.contains("`maybe` is none of"), "{}", reply.body);
}

#[test]
fn a_soft_delete_switches_off_and_the_user_stays_listed() {
    let (scim, _) = service(4, &["soft-delete"]);
    assert_eq!(ask(&scim, "DELETE", "/Users/u0", &json!({})).status, 204);
    let user: Value = serde_json::from_str(&ask(&scim, "GET", "/Users/u0", &json!({})).body).unwrap();
    assert_eq!(user["active"], false);
    let list: Value = serde_json::from_str(&ask(&scim, "GET", "/Users", &json!({})).body).unwrap();
    assert_eq!(list["totalResults"], 4);
}

#[test]
fn a_failover_is_over_after_the_requests_that_it_lasts() {
    let (scim, _) = service(1, &["failover=2"]);
    let statuses: Vec<u16> = (0..3).map(|_| ask(&scim, "GET", "/Users", &json!({})).status).collect();
    assert_eq!(statuses, [406, 406, 200]);
}

#[test]
fn a_service_without_types_declares_shows_and_takes_none() {
    let (scim, _) = service(1, &["untyped"]);
    let schemas: Value = serde_json::from_str(&ask(&scim, "GET", "/Schemas", &json!({})).body).unwrap();
    let user = schemas["Resources"].as_array().unwrap().iter().find(|one| one["name"] == "User").unwrap();
    let emails = user["attributes"].as_array().unwrap().iter().find(|one| one["name"] == "emails").unwrap();
    assert!(emails["subAttributes"].as_array().unwrap().iter().all(|part| part["name"] != "type"));
    let new = |email: Value| json!({ "schemas": [core::USER], "userName": "x", "emails": [email] });
    assert_eq!(ask(&scim, "POST", "/Users", &new(json!({ "value": "x@y.z", "type": "work" }))).status, 400);
    let made = ask(&scim, "POST", "/Users", &new(json!({ "value": "x@y.z" })));
    assert_eq!(made.status, 201, "{}", made.body);
}

#[test]
fn what_products_are_known_to_do_can_be_had() {
    let body = |reply: &super::Reply| serde_json::from_str::<Value>(&reply.body).unwrap();
    // targets/scim.md A1: a filter that is not supported is a 403 or a 501.
    for (switch, status) in [("no-filter=403", 403), ("no-filter=501", 501)] {
        let (scim, _) = service(3, &[switch]);
        let filter = "/Users?filter=userName%20eq%20%22user1@example.com%22";
        assert_eq!(ask(&scim, "GET", filter, &Value::Null).status, status);
        assert_eq!(ask(&scim, "GET", "/Users", &Value::Null).status, 200);
    }
    // targets/scim.md A4: Smartsheet gives who is there, GoToMeeting says 502 of who is not, lists of Apigee are thin.
    let (scim, _) = service(3, &["duplicate-create=200", "absent=502", "list-omits=title"]);
    let twice = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "USER1@example.com" });
    let reply = ask(&scim, "POST", "/Users", &twice);
    assert_eq!((reply.status, body(&reply)["id"].as_str()), (200, Some("u1")));
    assert_eq!(ask(&scim, "GET", "/Users/nobody", &Value::Null).status, 502);
    let list = body(&ask(&scim, "GET", "/Users", &Value::Null));
    assert!(list["Resources"][0].get("title").is_none());
    assert!(body(&ask(&scim, "GET", "/Users/u0", &Value::Null)).get("title").is_some());
    // targets/scim.md A3: AWS takes so many changes of members at once, and never all of them.
    let (scim, _) = service(9, &["member-changes=2"]);
    let patch = |operation: Value| {
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        ask(&scim, "PATCH", "/Groups/g0", &json!({ "schemas": [schema], "Operations": [operation] })).status
    };
    let people = |many: usize| (0..many).map(|n| json!({ "value": format!("u{n}") })).collect::<Vec<_>>();
    assert_eq!(patch(json!({ "op": "add", "path": "members", "value": people(3) })), 400);
    assert_eq!(patch(json!({ "op": "remove", "path": "members" })), 400);
    assert_eq!(patch(json!({ "op": "add", "path": "members", "value": people(2) })), 200);
    // targets/scim.md A4: what is switched off in a connector is no attribute.
    let (scim, _) = service(3, &["disabled=title"]);
    assert!(body(&ask(&scim, "GET", "/Users/u0", &Value::Null)).get("title").is_none());
    assert!(!ask(&scim, "GET", "/Schemas", &Value::Null).body.contains("\"title\""));
    let titled = json!({ "userName": "new@example.com", "title": "Dr." });
    assert!(ask(&scim, "POST", "/Users", &titled).body.contains("invalid attribute name"));
}
