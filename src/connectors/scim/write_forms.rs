//! The requests that changes become, in full, for services of every make.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use serde_json::{Value, json};

use crate::connectors::drive::wish::{change, clear, create, entry, text};
use crate::connectors::drive::{builtin, reply, shown};
use crate::connectors::{Connector, Looked, Observed, Settings, connector};
use crate::model::{Kind, Op};
use crate::plan::{Change, Endpoint, MemberRemoval, Ref, Refusal, Site, Step, Wanted};

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(super) const APP: &str = "urn:example:scim:schemas:app:2.0:User";

pub(super) fn scim() -> Arc<dyn Connector> {
    let settings = Settings { url: "https://idp.example.com/scim/v2".into(), ..Settings::default() };
    connector("scim", builtin("scim"), &settings).unwrap()
}

pub(super) fn site(patch: bool) -> Site {
    let endpoint = |kind: Kind, schema: &str| Endpoint {
        kind,
        path: format!("/scim/v2/{}", kind.plural()),
        name: kind.name().into(),
        schema: schema.into(),
        extensions: Vec::new(),
    };
    Site {
        patch,
        filter: true,
        endpoints: vec![endpoint(Kind::User, USER), endpoint(Kind::Group, GROUP)],
        urns: vec![APP.into(), ENTERPRISE.into(), USER.into(), GROUP.into()],
        discovered: vec![(Kind::User, format!("{APP}:productRoles"))],
        ..Site::default()
    }
}

pub(super) fn ana() -> Value {
    json!({
        "schemas": [USER, ENTERPRISE], "id": "7", "userName": "ana@example.com", "active": true,
        "name": { "givenName": "Ana", "familyName": "Berg" },
        "emails": [{ "type": "work", "value": "ana@example.com", "primary": true }],
        "groups": [{ "value": "g1" }],
        ENTERPRISE: { "department": "R&D", "costCenter": "4711" },
        APP: { "productRoles": [{ "productId": "p1", "role": "viewer" }], "shoeSize": 38 },
        "meta": { "version": "W/\"3\"" },
    })
}

pub(super) fn observed(site: &Site, kind: Kind, record: &Value) -> Observed {
    let id = record["id"].as_str().unwrap();
    scim().observe(site, kind, Looked::Id(id), &[reply(200, record.clone())]).unwrap().unwrap()
}

pub(super) fn render(site: &Site, changes: &[Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
    scim().render(site, &changes.iter().collect::<Vec<_>>(), native)
}

pub(super) fn one(site: &Site, changes: &[Change], native: Option<&Observed>) -> Value {
    let steps = render(site, changes, native).unwrap();
    assert_eq!(steps.len(), 1);
    shown(&steps[0])
}

pub(super) fn user(name: &str, op: Op, want: Vec<crate::plan::Want>) -> Change {
    change(name, Kind::User, "7", op, want)
}

#[test]
fn attributes_of_one_user_go_into_one_patch_of_simple_paths() {
    let changes = [
        user("a", Op::Set, vec![text("name.givenName", "Anna")]),
        user("b", Op::Set, vec![text(&format!("{ENTERPRISE}:department"), "Sales")]),
        user("c", Op::Set, vec![clear("title")]),
        user("d", Op::Deactivate, vec![]),
    ];
    assert_eq!(
        one(&site(true), &changes, None),
        json!({
            "serves": ["a", "b", "c", "d"],
            "read": ["GET /scim/v2/Users/7"],
            "write": "PATCH /scim/v2/Users/7",
            "body": { "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
                { "op": "replace", "path": "active", "value": false },
                { "op": "replace", "path": "name.givenName", "value": "Anna" },
                { "op": "replace", "path": format!("{ENTERPRISE}:department"), "value": "Sales" },
                { "op": "remove", "path": "title" },
            ] },
            "edits": [
                { "edit": "set", "at": "active", "value": false },
                { "edit": "set", "at": "name.givenName", "value": "Anna" },
                { "edit": "set", "at": format!("{ENTERPRISE}:department"), "value": "Sales" },
                { "edit": "set", "at": "title", "value": null },
            ],
            "verify": ["GET /scim/v2/Users/7"],
        })
    );
}

#[test]
fn where_whole_records_are_taken_the_rest_is_carried_over_and_shown() {
    let site = site(false);
    let native = observed(&site, Kind::User, &ana());
    let changes = [
        user("a", Op::Set, vec![text("name.givenName", "Anna")]),
        user("b", Op::Set, vec![text("emails[work]", "anna@example.com")]),
    ];
    assert_eq!(render(&site, &changes, None), Err(Refusal::NeedsNative));
    assert_eq!(
        one(&site, &changes, Some(&native)),
        json!({
            "serves": ["a", "b"],
            "read": ["GET /scim/v2/Users/7"],
            "write": "PUT /scim/v2/Users/7",
            "body": {
                "schemas": [USER, ENTERPRISE, APP], "id": "7", "userName": "ana@example.com", "active": true,
                "name": { "givenName": "Anna", "familyName": "Berg" },
                "emails": [{ "type": "work", "value": "anna@example.com", "primary": true }],
                ENTERPRISE: { "department": "R&D", "costCenter": "4711" },
                APP: { "productRoles": [{ "productId": "p1", "role": "viewer" }], "shoeSize": 38 },
            },
            "edits": [
                { "edit": "set", "at": "name.givenName", "value": "Anna" },
                { "edit": "set", "at": "emails[type eq \"work\"].value", "value": "anna@example.com" },
            ],
            "carried": ["/id", "/userName", "/active", "/name/familyName", format!("/{ENTERPRISE}"), format!("/{APP}")],
            "verify": ["GET /scim/v2/Users/7"],
        })
    );
}

#[test]
fn an_email_that_is_not_there_is_added_and_one_that_is_there_is_replaced() {
    let site = site(true);
    let set = [user("a", Op::Set, vec![text("emails[work]", "new@example.com")])];
    assert_eq!(render(&site, &set, None), Err(Refusal::NeedsNative));
    let operations =
        |record: &Value| one(&site, &set, Some(&observed(&site, Kind::User, record)))["body"]["Operations"].clone();
    assert_eq!(
        operations(&ana()),
        json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@example.com" }])
    );
    let without = json!({ "id": "7", "userName": "ana@example.com" });
    assert_eq!(
        operations(&without),
        json!([{ "op": "add", "path": "emails", "value": [{ "type": "work", "value": "new@example.com" }] }])
    );
}

#[test]
fn a_part_that_is_cleared_takes_the_rest_of_its_element_along_only_where_it_is_the_value() {
    let site = site(true);
    let mut ana = ana();
    ana["addresses"] = json!([{ "type": "work", "locality": "Bonn", "country": "DE" }]);
    let native = observed(&site, Kind::User, &ana);
    let changes =
        [user("a", Op::Set, vec![clear("emails[work]")]), user("b", Op::Set, vec![clear("addresses[work].locality")])];
    assert_eq!(
        one(&site, &changes, Some(&native))["body"]["Operations"],
        json!([
            { "op": "remove", "path": "emails[type eq \"work\"]" },
            { "op": "remove", "path": "addresses[type eq \"work\"].locality" },
        ])
    );
    let whole = Site { patch: false, ..site };
    let told = one(&whole, &changes, Some(&native));
    assert_eq!(told["body"]["addresses"], json!([{ "type": "work", "country": "DE" }]));
    assert_eq!(told["body"]["emails"], json!([]));
}

#[test]
fn both_renderings_of_one_wish_ask_for_the_same_thing() {
    let site = site(false);
    let changes = [user("a", Op::Set, vec![text("title", "Engineer")])];
    let stored = observed(&site, Kind::User, &ana());
    let mut moved = ana();
    moved["nickName"] = json!("Annie");
    let fresh = observed(&site, Kind::User, &moved);
    let (preview, push) =
        (render(&site, &changes, Some(&stored)).unwrap(), render(&site, &changes, Some(&fresh)).unwrap());
    assert!(preview[0].write.same_intent(&push[0].write));
    assert_ne!(preview[0].write.body, push[0].write.body, "what is carried over is the fresh record");
}

#[test]
fn a_tag_is_sent_only_where_the_service_announces_them() {
    let mut site = site(true);
    let set = [user("a", Op::Set, vec![text("title", "Engineer")])];
    let native = observed(&site, Kind::User, &ana());
    assert_eq!(one(&site, &set, Some(&native))["if-match"], Value::Null);
    site.etag = true;
    let native = observed(&site, Kind::User, &ana());
    assert_eq!(one(&site, &set, Some(&native))["if-match"], "W/\"3\"");
    assert_eq!(one(&site, &[user("d", Op::Delete, vec![])], Some(&native))["if-match"], "W/\"3\"");
    site.etag = false;
    assert_eq!(
        one(&site, &set, Some(&native))["if-match"],
        Value::Null,
        "a tag that was kept from before is not sent either"
    );
}

pub(super) fn members(many: usize) -> Vec<Change> {
    let mut changes: Vec<_> = (0..many)
        .map(|at| {
            change(
                &format!("add{at}"),
                Kind::Group,
                "g1",
                Op::Put,
                vec![entry("members", &format!("u{at}"), Wanted::Present)],
            )
        })
        .collect();
    changes.push(change("drop", Kind::Group, "g1", Op::Drop, vec![entry("members", "gone", Wanted::Clear)]));
    changes
}

#[test]
fn members_of_one_group_go_together_and_leave_by_filter() {
    assert_eq!(
        one(&site(true), &members(2), None),
        json!({
            "serves": ["add0", "add1", "drop"],
            "read": ["GET /scim/v2/Groups/g1"],
            "write": "PATCH /scim/v2/Groups/g1",
            "body": { "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
                { "op": "remove", "path": "members[value eq \"gone\"]" },
                { "op": "add", "path": "members", "value": [{ "value": "u0" }, { "value": "u1" }] },
            ] },
            "edits": [
                { "edit": "remove", "at": "members", "key": "gone" },
                { "edit": "insert", "at": "members", "key": "u0", "value": { "value": "u0" } },
                { "edit": "insert", "at": "members", "key": "u1", "value": { "value": "u1" } },
            ],
            "verify": ["GET /scim/v2/Groups/g1"],
        })
    );
}

#[test]
fn members_leave_by_value_list_where_that_was_learned() {
    for site in [
        Site { member_removal: Some(MemberRemoval::ValueList), ..site(true) },
        Site { lessons: vec!["members:value-list".into()], ..site(true) },
    ] {
        assert_eq!(
            one(&site, &members(0), None)["body"]["Operations"],
            json!([{ "op": "remove", "path": "members", "value": [{ "value": "gone" }] }])
        );
    }
}

#[test]
fn no_request_changes_more_than_a_hundred_members() {
    let steps = render(&site(true), &members(250), None).unwrap();
    let sizes: Vec<_> = steps.iter().map(|step| step.serves.len()).collect();
    assert_eq!(sizes, [100, 100, 51]);
}

#[test]
fn members_are_merged_into_the_whole_group_where_there_is_no_patch() {
    let site = site(false);
    let native = observed(
        &site,
        Kind::Group,
        &json!({ "id": "g1", "displayName": "All", "members": [
        { "value": "gone" }, { "value": "u1", "display": "Una" }] }),
    );
    let told = one(&site, &members(2), Some(&native));
    assert_eq!(told["body"]["members"], json!([{ "value": "u1", "display": "Una" }, { "value": "u0" }]));
    assert_eq!(told["carried"], json!(["/id", "/displayName"]));
}

#[test]
fn a_role_on_a_product_is_replaced_where_it_is_and_added_where_it_is_not() {
    let site = site(true);
    let native = observed(&site, Kind::User, &ana());
    let put = |product: &str| {
        let blind = [user("p", Op::Put, vec![entry("productRoles", product, Wanted::Text("owner".into()))])];
        assert_eq!(render(&site, &blind, None), Err(Refusal::NeedsNative), "the preview shows what will be sent");
        let changes = [user("p", Op::Put, vec![entry("productRoles", product, Wanted::Ref(Ref::Id("owner".into())))])];
        one(&site, &changes, Some(&native))["body"]["Operations"].clone()
    };
    assert_eq!(
        put("p1"),
        json!([{ "op": "replace", "path": format!("{APP}:productRoles[productId eq \"p1\"].role"), "value": "owner" }])
    );
    assert_eq!(
        put("p2"),
        json!([{ "op": "add", "path": format!("{APP}:productRoles"), "value": [{ "productId": "p2", "role": "owner" }] }])
    );
}

#[test]
fn a_delete_stands_alone() {
    let told = one(&site(true), &[user("d", Op::Delete, vec![])], None);
    assert_eq!((told["write"].clone(), told["body"].clone()), (json!("DELETE /scim/v2/Users/7"), Value::Null));
    let both = [user("d", Op::Delete, vec![]), user("s", Op::Set, vec![text("title", "x")])];
    assert!(
        matches!(render(&site(true), &both, None), Err(Refusal::Cannot(why)) if why.contains("deleted and changed"))
    );
}

#[test]
fn what_was_discovered_is_written_in_its_own_type() {
    let mapping = builtin("scim").with_discovered(vec![(Kind::User, format!("{APP}:shoeSize").as_str().into())]);
    let settings = Settings { url: "https://idp.example.com/scim/v2".into(), ..Settings::default() };
    let scim = connector("scim", Arc::new(mapping), &settings).unwrap();
    let site = Site { types: vec![(format!("{APP}:shoeSize"), "integer".into())], ..site(true) };
    let render = |size: &str| {
        let change = user("s", Op::Set, vec![text(&format!("{APP}:shoeSize"), size)]);
        scim.render(&site, &[&change], None)
    };
    assert_eq!(
        shown(&render("39").unwrap()[0])["body"]["Operations"],
        json!([{ "op": "replace", "path": format!("{APP}:shoeSize"), "value": 39 }])
    );
    assert!(matches!(render("big"), Err(Refusal::Cannot(why)) if why.ends_with("\"big\" is no integer")));
}

#[test]
fn what_cannot_be_written_is_refused_in_words() {
    let refused = |site: &Site, change: Change| match render(site, &[change], None) {
        Err(Refusal::Cannot(why)) => why,
        other => panic!("{other:?}"),
    };
    let why = refused(&site(true), user("a", Op::Set, vec![text("meta.created", "2020")]));
    assert_eq!(why, "meta.created: SCIM 2.0 does not let it be written");
    let why = refused(&site(true), user("a", Op::Put, vec![entry("groups", "g1", Wanted::Present)]));
    assert!(why.starts_with("groups[g1]: SCIM 2.0 does not let it be written"), "{why}");
    let why = refused(&site(true), user("a", Op::Set, vec![text("members", "x")]));
    assert_eq!(why, "members: SCIM 2.0 has no such attribute of a User");
    let blocked = Site { blocked: Some("no push".into()), ..site(true) };
    assert_eq!(refused(&blocked, user("a", Op::Set, vec![text("title", "x")])), "no push");
    let bare = Site { discovered: Vec::new(), ..site(true) };
    let why = refused(&bare, user("a", Op::Put, vec![entry("productRoles", "p", Wanted::Text("r".into()))]));
    assert!(why.contains("declares no extension"), "{why}");
    let why = refused(&site(true), change("r", Kind::Role, "r", Op::Set, vec![text("name", "x")]));
    assert_eq!(why, "the service has no Roles");
    let why = refused(&site(true), change("u", Kind::User, "..", Op::Set, vec![text("title", "x")]));
    assert!(why.contains("fits no address"), "{why}");
    let why = refused(&site(true), create("c", Kind::User, &[], vec![text("title", "x")]));
    assert!(why.contains("demands userName of every new User"), "{why}");
}
