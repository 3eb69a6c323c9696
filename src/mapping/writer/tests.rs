#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use serde_json::json;

use crate::mapping::{Edit, Mapping, Writer};
use crate::model::{AttrPath, Kind};

fn writer(name: &str, kind: Kind) -> Arc<Writer> {
    Mapping::builtin(name).unwrap().kind(kind).unwrap().writer.clone()
}

fn set(at: &str, value: serde_json::Value) -> Edit {
    Edit::Set { at: at.into(), value }
}

#[test]
fn scim_edits_are_told_by_scim_paths() {
    let scim = writer("scim", Kind::User);
    let edit = |path: &str, text: &str| scim.edit(&AttrPath::from(path), text).unwrap();
    assert_eq!(edit("active", "false"), set("active", json!(false)));
    assert_eq!(edit("name.givenName", "Ana"), set("name.givenName", json!("Ana")));
    assert_eq!(edit("emails[work]", "a@x"), set("emails[type eq \"work\"].value", json!("a@x")));
    assert_eq!(edit("title", ""), set("title", json!(null)));
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    assert_eq!(edit(department, "R&D"), set(department, json!("R&D")));
    for refused in ["id", "meta.created", "groups", "nothing", "name.formatted"] {
        assert!(scim.edit(&AttrPath::from(refused), "x").is_err(), "{refused}");
    }
    assert!(scim.native(&AttrPath::from("active"), "perhaps").is_err());
}

#[test]
fn aha_edits_are_told_by_pointers_into_the_record() {
    let aha = writer("aha", Kind::User);
    let edit = |path: &str, text: &str| aha.edit(&AttrPath::from(path), text);
    assert_eq!(edit("active", "true").unwrap(), set("/enabled", json!(true)));
    assert_eq!(edit("name.givenName", "Ana").unwrap(), set("/first_name", json!("Ana")));
    assert_eq!(
        edit("administratorRoles.billing", "false").unwrap(),
        set("/administrator_roles/administer_billing", json!(false))
    );
    assert!(edit("displayName", "Ana").is_err());
    assert!(edit("userName", "Ana").is_err(), "the e-mail is written as emails[work]");
    let pairs = AttrPath::from("productRoles");
    assert_eq!(
        aha.entry(&pairs, &["131414752"], "product_owner").unwrap(),
        Edit::Insert {
            at: "/product_roles".into(),
            key: "131414752".into(),
            value: json!({"product_id": "131414752", "role": "product_owner"})
        }
    );
    assert_eq!(
        aha.drop_entry(&pairs, &["131414752"]).unwrap(),
        Edit::Remove { at: "/product_roles".into(), key: "131414752".into() }
    );
    assert_eq!(aha.native(&pairs, "viewer").unwrap(), json!("viewer"));
    for role in ["Owner", "aha:role:77", "developer", ""] {
        assert!(aha.native(&pairs, role).is_err(), "`{role}` would silently become a default");
        assert!(aha.entry(&pairs, &["1"], role).is_err(), "{role}");
    }
    assert!(aha.entry(&pairs, &[""], "viewer").is_err() && aha.entry(&pairs, &[], "viewer").is_err());
}

#[test]
fn a_whole_record_is_overlaid_and_the_rest_carried_over() {
    let scim = writer("scim", Kind::User);
    let mut native = json!({
        "schemas": ["a"], "Active": true, "name": {"givenName": "Ana", "x": 1},
        "emails": [{"value": "h@x", "type": "home"}, {"value": "old@x", "type": "Work", "primary": true}],
        "urn:other": {"keep": [1, 2]}
    });
    let apply = |native: &mut serde_json::Value, path: &str, text: &str| {
        scim.apply(native, &scim.edit(&AttrPath::from(path), text).unwrap()).unwrap();
    };
    apply(&mut native, "emails[work]", "new@x");
    apply(&mut native, "active", "false");
    apply(&mut native, "name.familyName", "Silva");
    apply(&mut native, "phoneNumbers[mobile]", "+1");
    apply(&mut native, "phoneNumbers[work]", "");
    apply(&mut native, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager", "u2");
    assert_eq!(
        native,
        json!({
            "schemas": ["a"], "Active": false, "name": {"givenName": "Ana", "x": 1, "familyName": "Silva"},
            "emails": [{"value": "h@x", "type": "home"}, {"value": "new@x", "type": "Work", "primary": true}],
            "urn:other": {"keep": [1, 2]}, "phoneNumbers": [{"type": "mobile", "value": "+1"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "u2"}}
        })
    );
}

#[test]
fn members_are_added_changed_and_taken_out_one_by_one() {
    let scim = writer("scim", Kind::Group);
    let members = AttrPath::from("members");
    let mut native = json!({"members": [{"value": "u1", "display": "Ana"}, {"value": "u2"}]});
    scim.apply(&mut native, &scim.entry(&members, &["u3"], "").unwrap()).unwrap();
    scim.apply(&mut native, &scim.entry(&members, &["u1"], "").unwrap()).unwrap();
    scim.apply(&mut native, &scim.drop_entry(&members, &["u2"]).unwrap()).unwrap();
    scim.apply(&mut native, &scim.drop_entry(&members, &["nobody"]).unwrap()).unwrap();
    assert_eq!(native, json!({"members": [{"value": "u1", "display": "Ana"}, {"value": "u3"}]}));
    assert!(scim.apply(&mut native, &set("nowhere", json!(1))).is_err());
}
