//! The requests that changes of Aha!'s users become, in full, and what the answers mean.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::connectors::drive::wish::{change, create, entry, entry_of, of_new, text};
use crate::connectors::drive::{builtin, line, reply, shown};
use crate::connectors::{Connector, Looked, Observed, Settings, connector};
use crate::model::{Kind, Op};
use crate::plan::{Change, ChangeId, Ref, Refusal, Site, Step, Want, Wanted};

fn aha() -> Arc<dyn Connector> {
    let settings = Settings { url: "https://acme.aha.io".into(), ..Settings::default() };
    connector("aha", builtin("aha"), &settings).unwrap()
}

fn render(changes: &[Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
    aha().render(&Site::default(), &changes.iter().collect::<Vec<_>>(), native)
}

fn steps(changes: &[Change]) -> Vec<Step> {
    render(changes, None).unwrap()
}

fn refused(changes: &[Change]) -> String {
    match render(changes, None) {
        Err(Refusal::Cannot(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn pair(product: &str, role: &str) -> Want {
    entry("productRoles", product, Wanted::Ref(Ref::Id(role.into())))
}

fn user(name: &str, op: Op, want: Vec<Want>) -> Change {
    change(name, Kind::User, "731", op, want)
}

/// A user as Aha! shows it.
fn mara(more: Value) -> Observed {
    let mut user = json!({ "id": "731", "name": "Mara Keller", "email": "mara@example.com", "enabled": true,
        "product_roles": [{ "role": 20, "product_id": "131414752", "product_name": null }, { "role": 0, "product_id": "9" }] });
    user.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let reply = reply(200, json!({ "user": user }));
    aha().observe(&Site::default(), Kind::User, Looked::Id("731"), &[reply]).unwrap().unwrap()
}

fn ravi(mut more: Vec<Want>) -> Change {
    let mut want = vec![
        text("emails[work]", "ravi@example.com"),
        text("name.givenName", "Ravi"),
        text("name.familyName", "Iyer"),
        text("active", "true"),
    ];
    want.append(&mut more);
    create("new", Kind::User, &[("userName", "ravi@example.com"), ("emails[work]", "Ravi@Example.com")], want)
}

#[test]
fn a_user_is_created_through_the_first_pair_and_gets_the_others_one_by_one() {
    let changes = [
        ravi(vec![]),
        of_new("p1", "new", Kind::User, Op::Put, vec![pair("131414752", "product_owner")]),
        of_new("p2", "new", Kind::User, Op::Put, vec![pair("517761884", "viewer")]),
    ];
    let steps = steps(&changes);
    assert_eq!(
        shown(&steps[0]),
        json!({
            "serves": ["new", "p1"],
            "read": ["GET /api/v1/users?email=ravi@example.com"],
            "write": "POST /api/v1/products/131414752/users",
            "body": { "user": { "email": "ravi@example.com", "first_name": "Ravi", "last_name": "Iyer", "role": "product_owner" } },
            "edits": [
                { "edit": "set", "at": "/email", "value": "ravi@example.com" },
                { "edit": "set", "at": "/first_name", "value": "Ravi" },
                { "edit": "set", "at": "/last_name", "value": "Iyer" },
                { "edit": "insert", "at": "/product_roles", "key": "131414752", "value": "product_owner" },
            ],
            "verify": ["GET /api/v1/users/{{new}}"],
            "yields": "new",
        })
    );
    assert_eq!(
        shown(&steps[1]),
        json!({
            "serves": ["p2"],
            "read": ["GET /api/v1/users/{{new}}"],
            "write": "POST /api/v1/users/{{new}}/product_roles",
            "body": { "product_role": { "role": "viewer", "product_id": "517761884" } },
            "edits": [{ "edit": "insert", "at": "/product_roles", "key": "517761884", "value": "viewer" }],
            "verify": ["GET /api/v1/users/{{new}}"],
            "holes": ["new"],
        })
    );
    assert_eq!(steps.len(), 2, "a new user is enabled without saying so");
    assert!(steps[0].side_effects.join(" ").contains("invitation"), "{:?}", steps[0].side_effects);
    assert!(steps[1].side_effects.is_empty());
    assert_eq!(steps[1].verify[0].holes, [ChangeId("new".into())]);
}

#[test]
fn pairs_that_the_create_itself_wants_come_first() {
    let changes = [
        of_new("a-put", "new", Kind::User, Op::Put, vec![pair("2", "viewer")]),
        ravi(vec![pair("1", "contributor"), pair("3", "reviewer")]),
    ];
    let told: Vec<_> = steps(&changes).iter().map(|step| (line(&step.write), step.serves.len())).collect();
    assert_eq!(
        told,
        [
            ("POST /api/v1/products/1/users".to_owned(), 1),
            ("POST /api/v1/users/{{new}}/product_roles".to_owned(), 1),
            ("POST /api/v1/users/{{new}}/product_roles".to_owned(), 1)
        ]
    );
}

#[test]
fn what_a_create_cannot_take_follows_in_one_put() {
    let mut create = ravi(vec![pair("1", "viewer"), text("administratorRoles.billing", "true")]);
    create.want.retain(|want| want.facet.path.as_str() != "active");
    create.want.push(text("active", "false"));
    let steps = steps(&[create]);
    assert_eq!(steps.len(), 2);
    assert_eq!(line(&steps[1].write), "PUT /api/v1/users/{{new}}");
    assert_eq!(steps[1].write.holes, [ChangeId("new".into())]);
    assert_eq!(
        shown(&steps[1])["body"],
        json!({ "user": { "administrator_roles": { "administer_billing": true }, "enabled": false } })
    );
}

#[test]
fn a_create_without_pair_name_or_address_is_refused_before_anything_is_sent() {
    assert!(refused(&[ravi(vec![])]).contains("only through a product"));
    let nameless = create("new", Kind::User, &[], vec![text("emails[work]", "x@y.z"), pair("1", "viewer")]);
    assert!(refused(&[nameless]).contains("without first_name"));
    let odd = ravi(vec![text("userName", "other@example.com"), pair("1", "viewer")]);
    assert!(refused(&[odd]).contains("one field email where ravi@example.com and other@example.com are wanted"));
}

#[test]
fn a_user_name_alone_is_the_address() {
    let steps = steps(&[create(
        "new",
        Kind::User,
        &[],
        vec![
            text("userName", "x@y.z"),
            text("displayName", "X Y"),
            text("name.givenName", "X"),
            text("name.familyName", "Y"),
            pair("PRJ1", "viewer"),
        ],
    )]);
    assert_eq!(line(&steps[0].write), "POST /api/v1/products/PRJ1/users");
    assert_eq!(line(&steps[0].read[0]), "GET /api/v1/users?email=x@y.z");
    assert_eq!(shown(&steps[0])["body"]["user"]["email"], "x@y.z");
}

#[test]
fn attributes_of_one_user_go_into_one_put() {
    let changes = [
        user("a", Op::Set, vec![text("name.givenName", "Mara")]),
        user("b", Op::Set, vec![text("emails[work]", "mara@example.com")]),
        user("c", Op::Deactivate, vec![]),
    ];
    let steps = steps(&changes);
    assert_eq!(steps.len(), 1);
    assert_eq!(
        shown(&steps[0]),
        json!({
            "serves": ["c", "a", "b"],
            "read": ["GET /api/v1/users/731"],
            "write": "PUT /api/v1/users/731",
            "body": { "user": { "enabled": false, "first_name": "Mara", "email": "mara@example.com" } },
            "edits": [
                { "edit": "set", "at": "/enabled", "value": false },
                { "edit": "set", "at": "/first_name", "value": "Mara" },
                { "edit": "set", "at": "/email", "value": "mara@example.com" },
            ],
            "verify": ["GET /api/v1/users/731"],
        })
    );
}

#[test]
fn a_reactivation_says_that_a_seat_may_be_taken() {
    let steps = steps(&[user("r", Op::Reactivate, vec![text("active", "true")])]);
    assert_eq!(shown(&steps[0])["body"], json!({ "user": { "enabled": true } }));
    assert!(steps[0].side_effects.join(" ").contains("seat"), "{:?}", steps[0].side_effects);
}

#[test]
fn one_flag_of_an_administrator_keeps_the_others() {
    let flag = [user("a", Op::Set, vec![text("administratorRoles.billing", "true")])];
    assert_eq!(render(&flag, None), Err(Refusal::NeedsNative));
    let native = mara(json!({ "administrator_roles": { "administer_account": true, "administer_billing": false } }));
    let steps = render(&flag, Some(&native)).unwrap();
    let told = shown(&steps[0]);
    assert_eq!(
        told["body"],
        json!({ "user": { "administrator_roles": { "administer_account": true, "administer_billing": true } } })
    );
    assert_eq!(told["carried"], json!(["/user/administrator_roles/administer_account"]));
    assert_eq!(
        told["edits"],
        json!([{ "edit": "set", "at": "/administrator_roles/administer_billing", "value": true }])
    );
}

#[test]
fn one_pair_is_one_request_and_touches_no_other() {
    let changes = [
        user("drop", Op::Drop, vec![entry("productRoles", "131414752", Wanted::Clear)]),
        user("put", Op::Put, vec![pair("517761884", "reviewer")]),
        user("set", Op::Set, vec![text("name.familyName", "Keller")]),
    ];
    let steps = steps(&changes);
    let told: Vec<_> = steps.iter().map(|step| (step.serves[0].0.to_string(), line(&step.write))).collect();
    assert_eq!(
        told,
        [
            ("drop".into(), "DELETE /api/v1/users/731/product_roles/131414752".to_owned()),
            ("set".into(), "PUT /api/v1/users/731".to_owned()),
            ("put".into(), "POST /api/v1/users/731/product_roles".to_owned()),
        ]
    );
    assert_eq!(shown(&steps[0])["edits"], json!([{ "edit": "remove", "at": "/product_roles", "key": "131414752" }]));
    assert_eq!(shown(&steps[2])["body"], json!({ "product_role": { "role": "reviewer", "product_id": "517761884" } }));
}

#[test]
fn nothing_is_written_to_a_user_after_it_was_switched_off() {
    let changes = [user("off", Op::Deactivate, vec![]), user("put", Op::Put, vec![pair("1", "viewer")])];
    let told: Vec<_> = steps(&changes).iter().map(|step| line(&step.write)).collect();
    assert_eq!(told, ["POST /api/v1/users/731/product_roles", "PUT /api/v1/users/731"]);
}

#[test]
fn a_role_that_aha_does_not_take_is_never_sent() {
    for role in ["Owner", "20", "owner", "superuser", "", "aha:role:10"] {
        let why = refused(&[user("p", Op::Put, vec![pair("1", role)])]);
        assert!(why.contains("is no role that Aha! takes; it takes product_owner, contributor"), "{role}: {why}");
    }
    assert!(refused(&[user("p", Op::Put, vec![pair("1", "developer")])]).contains("no way to write it"));
}

#[test]
fn what_is_no_product_is_never_sent() {
    for product in ["", "a b", "../7", "1/2"] {
        assert!(
            refused(&[user("p", Op::Put, vec![pair(product, "viewer")])]).contains("no product of Aha!'s"),
            "{product}"
        );
    }
    let new = entry_of("productRoles", Ref::New(ChangeId("x".into())), Wanted::Text("viewer".into()));
    assert!(refused(&[user("p", Op::Put, vec![new])]).contains("not created here"));
    let by_prefix = user("p", Op::Drop, vec![entry("productRoles", "PRJ1", Wanted::Clear)]);
    assert!(refused(&[by_prefix]).contains("by its number"));
}

#[test]
fn what_aha_cannot_do_is_refused_in_words() {
    assert!(refused(&[user("d", Op::Delete, vec![])]).contains("deactivate instead"));
    assert!(refused(&[change("x", Kind::Product, "1", Op::Set, vec![text("name", "x")])]).contains("only be read"));
    assert!(refused(&[user("a", Op::Set, vec![text("displayName", "x")])]).contains("first and last name"));
    assert!(
        refused(&[user("a", Op::Put, vec![entry("customRoles", "1", Wanted::Text("5".into()))])])
            .contains("does not let it")
    );
    let blocked = Site { blocked: Some("wrong account: no push".into()), ..Site::default() };
    let set = user("a", Op::Set, vec![text("name.givenName", "x")]);
    assert_eq!(aha().render(&blocked, &[&set], None), Err(Refusal::Cannot("wrong account: no push".into())));
}
