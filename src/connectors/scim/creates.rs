//! The requests that new records become.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;

use super::write_forms::{APP, ENTERPRISE, USER, one, render, site, user};
use crate::connectors::drive::shown as shown_step;
use crate::connectors::drive::wish::{clear, create, entry, entry_of, of_new, text};
use crate::model::{Kind, Op};
use crate::plan::{ChangeId, Declared, Ref, Refusal, Site, Want, Wanted};

#[test]
fn a_create_is_looked_up_first_and_takes_its_id_from_the_reply() {
    let create = create(
        "new",
        Kind::User,
        &[("userName", "li@example.com")],
        vec![
            text("userName", "li@example.com"),
            text("name.givenName", "李"),
            text("active", "true"),
            text("emails[work]", "li@example.com"),
            text(&format!("{ENTERPRISE}:department"), "Sales"),
            entry("productRoles", "p1", Wanted::Ref(Ref::Id("viewer".into()))),
            clear("title"),
        ],
    );
    assert_eq!(
        one(&site(true), &[create], None),
        json!({
            "serves": ["new"],
            "read": ["GET /scim/v2/Users?filter=userName eq \"li@example.com\""],
            "write": "POST /scim/v2/Users",
            "body": {
                "schemas": [USER, ENTERPRISE, APP], "userName": "li@example.com", "name": { "givenName": "李" }, "active": true,
                "emails": [{ "type": "work", "value": "li@example.com" }], ENTERPRISE: { "department": "Sales" },
                APP: { "productRoles": [{ "productId": "p1", "role": "viewer" }] },
            },
            "edits": [
                { "edit": "set", "at": "userName", "value": "li@example.com" },
                { "edit": "set", "at": "name.givenName", "value": "李" },
                { "edit": "set", "at": "active", "value": true },
                { "edit": "set", "at": "emails[type eq \"work\"].value", "value": "li@example.com" },
                { "edit": "set", "at": format!("{ENTERPRISE}:department"), "value": "Sales" },
                { "edit": "insert", "at": format!("{APP}:productRoles"), "key": "p1", "value": { "productId": "p1", "role": "viewer" } },
                { "edit": "set", "at": "title", "value": null },
            ],
            "verify": ["GET /scim/v2/Users/{{new}}"],
            "yields": "new",
        })
    );
}

#[test]
fn a_new_group_takes_members_that_exist_and_those_that_come_later_join_it() {
    let made = |site: &Site| {
        let changes = [
            create("g", Kind::Group, &[("displayName", "All")], vec![text("displayName", "All")]),
            of_new("m1", "g", Kind::Group, Op::Put, vec![entry("members", "u1", Wanted::Present)]),
            of_new(
                "m2",
                "g",
                Kind::Group,
                Op::Put,
                vec![entry_of("members", Ref::New(ChangeId("u".into())), Wanted::Present)],
            ),
        ];
        render(site, &changes, None).unwrap().iter().map(shown_step).collect::<Vec<_>>()
    };
    let steps = made(&site(true));
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0]["serves"], json!(["g", "m1"]));
    assert_eq!(steps[0]["body"]["members"], json!([{ "value": "u1" }]));
    assert_eq!(steps[1]["write"], "PATCH /scim/v2/Groups/{{g}}");
    assert_eq!(steps[1]["holes"], json!(["g", "u"]));
    assert_eq!(steps[1]["body"]["Operations"][0]["value"], json!([{ "value": "{{u}}" }]));

    let steps = made(&site(false));
    assert_eq!(steps.len(), 1, "whole records only: all members are inside");
    assert_eq!(steps[0]["body"]["members"], json!([{ "value": "u1" }, { "value": "{{u}}" }]));
    assert_eq!(steps[0]["holes"], json!(["u"]));
}

/// A service that demands a whole name of users and members of groups, and lets no name change (Canaille).
fn demanding(patch: bool) -> Site {
    let rule = |kind, path: &str, required| Declared { kind, path: path.to_owned(), required, immutable: !required };
    Site {
        declared: vec![
            rule(Kind::User, "name.formatted", true),
            rule(Kind::User, "userName", false),
            rule(Kind::Group, "members", true),
        ],
        ..site(patch)
    }
}

#[test]
fn what_the_schemas_demand_of_a_new_record_is_in_it() {
    let named = |want: Vec<Want>| one(&demanding(true), &[create("n", Kind::User, &[], want)], None);
    let (given, family) = (text("name.givenName", "Bo"), text("name.familyName", "Ek"));
    let made = named(vec![text("userName", "bo"), given.clone(), family.clone()]);
    assert_eq!(made["body"]["name"]["formatted"], "Bo Ek");
    assert!(
        made["edits"].as_array().unwrap().contains(&json!({ "edit": "set", "at": "name.formatted", "value": "Bo Ek" }))
    );
    let shown = named(vec![text("userName", "bo"), given, family, text("displayName", "Ek, Bo")]);
    assert_eq!(shown["body"]["name"]["formatted"], "Ek, Bo");

    let changes = [
        create("g", Kind::Group, &[("displayName", "All")], vec![text("displayName", "All")]),
        of_new(
            "m",
            "g",
            Kind::Group,
            Op::Put,
            vec![entry_of("members", Ref::New(ChangeId("u".into())), Wanted::Present)],
        ),
    ];
    let steps: Vec<_> = render(&demanding(true), &changes, None).unwrap().iter().map(shown_step).collect();
    assert_eq!(steps.len(), 1, "who is created first is inside");
    assert_eq!((&steps[0]["body"]["members"], &steps[0]["holes"]), (&json!([{ "value": "{{u}}" }]), &json!(["u"])));
}

#[test]
fn what_never_changes_is_refused_before_it_is_sent() {
    let set = [user("a", Op::Set, vec![text("userName", "other@example.com")])];
    let why = match render(&demanding(true), &set, None) {
        Err(Refusal::Cannot(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.contains("userName: the service declares that it never changes"), "{why}");
}

#[test]
fn two_numbers_that_nothing_tells_apart_do_not_become_one() {
    let parts = vec![(Kind::User, "phoneNumbers".to_owned(), vec!["value".to_owned()])];
    let untyped = Site { parts, ..site(true) };
    let (work, mobile) = (text("phoneNumbers[work]", "+1"), text("phoneNumbers[mobile]", "+2"));
    let made = one(&untyped, &[create("n", Kind::User, &[], vec![text("userName", "bo"), work, mobile.clone()])], None);
    assert_eq!(made["body"]["phoneNumbers"], json!([{ "value": "+1" }]));
    match render(&untyped, &[user("a", Op::Set, vec![mobile])], None) {
        Err(Refusal::Cannot(why)) => assert!(why.contains("no `type` by which it could be told"), "{why}"),
        other => panic!("{other:?}"),
    }
}
