//! Conversations with an IDaaS that is a function: every reading of `offset` comes to the same people.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::connectors::drive::{asked, drive, page, reply};

fn idaas() -> Idaas {
    let mapping = Arc::new(Mapping::builtin("idaas").unwrap());
    Idaas::new(mapping, &Settings { url: "https://idaas.example.com".into(), ..Settings::default() })
}

/// How a service reads `offset`.
#[derive(Clone, Copy, Debug)]
enum Reads {
    FromZero,
    FromOne,
    OneAndZeroAlike,
    Records,
}

fn served(request: &Request, reads: Reads, people: usize, total: bool) -> Reply {
    let number = |name: &str| asked(request, name).unwrap().parse::<usize>().unwrap();
    let (offset, limit) = (number("offset"), number("limit"));
    let from = match reads {
        Reads::FromZero => offset * limit,
        Reads::FromOne if offset == 0 => return reply(400, json!({ "error_msg": "offset must be at least 1" })),
        Reads::FromOne => (offset - 1) * limit,
        Reads::OneAndZeroAlike => offset.saturating_sub(1) * limit,
        Reads::Records => offset,
    };
    let users: Vec<Value> = (from..people.min(from + limit))
        .map(|n| json!({ "user_id": n.to_string(), "id": n, "org_id": (n % 3).to_string() }))
        .collect();
    let mut body = json!({ "users": users });
    if total {
        body["total"] = people.into();
    }
    reply(200, body)
}

#[test]
fn however_offset_is_meant_everybody_is_read_once() {
    for reads in [Reads::FromZero, Reads::FromOne, Reads::OneAndZeroAlike, Reads::Records] {
        for people in [1, 99, 100, 101, 350] {
            let walk = idaas().walk(&Site::default(), USERS, Vec::new());
            let told = drive(walk, "users", |request| served(request, reads, people, true));
            assert_eq!(told.complete().0, people as u64, "{reads:?}, {people}: {:?}", told.asked);
            assert_eq!(told.ids.len(), people);
        }
    }
    let walk = idaas().walk(&Site::default(), USERS, Vec::new());
    let told = drive(walk, "users", |request| served(request, Reads::FromZero, 250, false));
    assert_eq!(told.complete(), (250, "no total is stated here; 250 distinct ids up to a page that was not full"));
}

#[test]
fn a_total_that_is_not_reached_proves_nothing() {
    let walk = idaas().walk(&Site::default(), USERS, Vec::new());
    let told = drive(walk, "users", |request| match asked(request, "offset") {
        Some("0") => served(request, Reads::FromZero, 250, true),
        _ => reply(200, json!({ "total": 250, "users": [] })),
    });
    assert_eq!(told.why(), "100 distinct ids, and total says 250");
    let walk = idaas().walk(&Site::default(), USERS, Vec::new());
    let told = drive(walk, "users", |_| reply(403, json!({ "error_msg": "no" })));
    assert!(told.why().contains("403 Forbidden") && told.why().contains("permission"), "{}", told.why());
}

#[test]
fn members_are_told_by_the_users_and_an_organisation_without_any_is_empty() {
    let owners = vec!["0".to_owned(), "9".to_owned()];
    let walk = idaas().walk(&Site::default(), MEMBERS, owners.clone());
    let told = drive(walk, "none", |request| served(request, Reads::FromZero, 250, true));
    let pages: Vec<_> = told.pages.iter().map(|(feed, owner)| (feed.as_str(), owner.as_deref().unwrap())).collect();
    assert_eq!(pages, [(MEMBERS, "0"), (MEMBERS, "9")]);
    assert_eq!(told.complete().0, 250);
    let walk = idaas().walk(&Site::default(), MEMBERS, owners);
    let told = drive(walk, "none", |_| page(200));
    assert!(told.pages.is_empty() && told.why().contains("no JSON"), "{told:?}");
}

#[test]
fn the_test_finds_what_every_tenant_calls_its_own() {
    let user = json!({ "user_id": "1", "extension": { "badge": 7, "firstName": "Ana", "productRoles": [] } });
    let told = drive(idaas().probe(), "users", |request| {
        let users = request.path.ends_with("/users");
        if users { reply(200, json!({ "total": 1, "users": [user] })) } else { reply(403, json!({})) }
    });
    let site = told.site();
    assert!(site.good(), "{:?}", site.evidence);
    assert_eq!(site.discovered, [(Kind::User, "extension.badge".to_owned())]);
    assert!(!drive(idaas().probe(), "users", |_| reply(401, json!({}))).site().good());
    assert!(!drive(idaas().probe(), "users", |_| reply(200, json!({ "Resources": [] }))).site().good());
}

#[test]
fn a_user_is_read_with_organisation_roles_and_the_other_way_round_of_disabled() {
    let mapping = Mapping::builtin("idaas").unwrap();
    let reader = mapping.reader(USERS).unwrap();
    let mut into = crate::model::TableBuilder::new(reader.schema().clone());
    let page = json!({ "total": 2, "users": [
        { "user_id": "1", "org_id": "7", "user_name": "ana", "disabled": false, "extension": {
            "grants": [{ "org_id": "100", "role": "auditor" }],
            "productRoles": [{ "productId": "MOB", "role": "30" }] } },
        { "user_id": "2", "disabled": true, "extension": null },
    ] });
    assert_eq!(reader.read(page.to_string().as_bytes(), None, &mut into).unwrap().fresh, 2);
    let table = into.table();
    let attr = |path: &str| table.schema().find(&AttrPath::new(path)).unwrap();
    let text = |row: u32, path: &str| table.cell(crate::model::Row(row), attr(path)).text().to_owned();
    let list = |row: u32, path: &str| {
        let entries = table.entries(crate::model::Row(row), attr(path)).unwrap();
        entries.iter().map(|entry| format!("{:?}", table.entry_text(attr(path), *entry))).collect::<Vec<_>>()
    };
    assert_eq!((text(0, "active"), text(1, "active")), ("true".into(), "false".into()));
    assert_eq!(list(0, "groups"), [r#"(["7", ""], "")"#]);
    assert_eq!(list(0, "grants"), [r#"(["100", "auditor"], "")"#]);
    assert_eq!(list(0, "productRoles"), [r#"(["MOB", ""], "contributor")"#]);
    assert!(list(1, "groups").is_empty());
}

proptest! {
    #[test]
    fn no_reply_panics_or_keeps_a_walk_from_ending(
        bodies in proptest::collection::vec((200u16..500, proptest::collection::vec(any::<u8>(), 0..60)), 1..6),
        feed in prop_oneof![Just(USERS), Just(ORGANIZATIONS), Just(MEMBERS)],
    ) {
        let mut bodies = bodies.into_iter().cycle();
        let mut serve = |_: &Request| {
            let (status, body) = bodies.next().unwrap();
            Reply { status, headers: Vec::new(), body: body.into() }
        };
        let _ = drive(idaas().walk(&Site::default(), feed, vec!["1".into()]), "users", &mut serve);
        let _ = drive(idaas().probe(), "users", &mut serve);
    }
}
