#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::super::core;
use super::*;

fn user() -> Value {
    json!({
        "id": "1",
        "userName": "lena",
        "name": { "givenName": "Lena", "familyName": "Fischer" },
        "emails": [{ "value": "l@work", "type": "work", "primary": true }, { "value": "l@home", "type": "home" }],
        core::ENTERPRISE_USER: { "department": "R&D", "manager": { "value": "m1" } },
    })
}

fn group() -> Value {
    json!({ "id": "g", "displayName": "G", "members": [{ "value": "a", "type": "User" }, { "value": "b" }] })
}

fn body(operations: Value) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations })
}

fn users(operations: Value) -> Result<Value, Problem> {
    let mut document = user();
    apply(&core::users(), &mut document, &body(operations), Removal::Both).map(|()| document)
}

fn groups(operations: Value, removal: Removal) -> Result<Vec<String>, Problem> {
    let mut document = group();
    apply(&core::groups(), &mut document, &body(operations), removal)?;
    let members = document.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect())
}

fn keyword(operations: Value) -> &'static str {
    users(operations).unwrap_err().kind.unwrap()
}

#[test]
fn a_path_sets_one_attribute_and_leaves_the_rest() {
    let after = users(json!([{ "op": "replace", "path": "name.givenName", "value": "Magdalena" }])).unwrap();
    let mut wanted = user();
    wanted["name"]["givenName"] = json!("Magdalena");
    assert_eq!(after, wanted);
}

#[test]
fn the_forms_of_entra_are_accepted() {
    let after = users(json!([
        { "op": "Replace", "path": "active", "value": "False" },
        { "op": "Add", "path": "emails[type eq \"other\"].value", "value": "l@other" },
        { "op": "Replace", "value": {
            "name.givenName": "Magdalena",
            format!("{}:department", core::ENTERPRISE_USER): "Sales",
            core::ENTERPRISE_USER: { "costCenter": "7" },
        } },
    ]))
    .unwrap();
    assert_eq!(after["active"], json!(false));
    assert_eq!(after["emails"][2], json!({ "type": "other", "value": "l@other" }));
    assert_eq!(after["name"], json!({ "givenName": "Magdalena", "familyName": "Fischer" }));
    let extension = &after[core::ENTERPRISE_USER];
    assert_eq!(extension, &json!({ "department": "Sales", "manager": { "value": "m1" }, "costCenter": "7" }));
}

#[test]
fn a_value_path_reaches_only_what_matches() {
    let after = users(json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "new" }])).unwrap();
    assert_eq!(after["emails"][0]["value"], "l@work");
    assert_eq!(after["emails"][1], json!({ "value": "new", "type": "home" }));
    let after =
        users(json!([{ "op": "replace", "path": "emails[type eq \"home\"]", "value": { "value": "x" } }])).unwrap();
    assert_eq!(after["emails"][1], json!({ "value": "x" }));
    assert_eq!(
        keyword(json!([{ "op": "replace", "path": "emails[type eq \"x\"].value", "value": "new" }])),
        "noTarget"
    );
}

#[test]
fn a_new_primary_takes_the_place_of_the_old_one() {
    let new = json!([{ "op": "add", "path": "emails", "value": [{ "value": "n", "type": "x", "primary": true }] }]);
    let after = users(new).unwrap();
    assert_eq!(after["emails"][0]["primary"], json!(false));
    assert_eq!(after["emails"][2]["primary"], json!(true));
    let after = users(json!([{ "op": "add", "path": "emails[type eq \"home\"].primary", "value": true }])).unwrap();
    assert_eq!(after["emails"][0]["primary"], json!(false));
}

#[test]
fn null_clears_and_an_empty_extension_goes() {
    let department = format!("{}:department", core::ENTERPRISE_USER);
    let after = users(json!([
        { "op": "replace", "path": department, "value": null },
        { "op": "remove", "path": format!("{}:manager", core::ENTERPRISE_USER) },
    ]))
    .unwrap();
    assert_eq!(after.get(core::ENTERPRISE_USER), None);
    let after = users(json!([{ "op": "remove", "path": core::ENTERPRISE_USER }])).unwrap();
    assert_eq!(after.get(core::ENTERPRISE_USER), None);
}

#[test]
fn removing_what_is_not_there_changes_nothing() {
    for path in ["title", "name.middleName", "emails[type eq \"x\"]", "photos.value"] {
        assert_eq!(users(json!([{ "op": "remove", "path": path }])).unwrap(), user(), "{path}");
    }
}

#[test]
fn a_member_is_not_added_twice() {
    let again =
        json!([{ "op": "add", "path": "members", "value": [{ "value": "a" }, { "value": "c" }, { "value": "c" }] }]);
    assert_eq!(groups(again, Removal::Both).unwrap(), ["a", "b", "c"]);
}

#[test]
fn members_are_removed_in_both_forms_where_both_are_known() {
    let filter = json!([{ "op": "remove", "path": "members[value eq \"a\"]" }]);
    let listed = json!([{ "op": "Remove", "path": "members", "value": [{ "value": "a" }] }]);
    let bare = json!([{ "op": "remove", "path": "members", "value": ["a"] }]);
    let all = json!([{ "op": "remove", "path": "members" }]);
    for form in [&filter, &listed, &bare] {
        assert_eq!(groups(form.clone(), Removal::Both).unwrap(), ["b"]);
    }
    assert!(groups(all, Removal::Both).unwrap().is_empty());
    assert_eq!(groups(filter.clone(), Removal::Filter).unwrap(), ["b"]);
    assert_eq!(groups(listed.clone(), Removal::Filter).unwrap_err().kind, Some("noTarget"));
    assert_eq!(groups(listed.clone(), Removal::ValueList).unwrap(), ["b"]);
    assert_eq!(groups(filter.clone(), Removal::ValueList).unwrap_err().kind, Some("noTarget"));
    assert!(groups(listed, Removal::Literal).unwrap().is_empty());
    assert_eq!(groups(filter, Removal::Literal).unwrap(), ["b"]);
}

#[test]
fn every_refusal_has_its_keyword() {
    for (operation, wanted) in [
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "remove", "path": "userName" }), "mutability"),
        (json!({ "op": "replace", "path": "id", "value": "2" }), "mutability"),
        (json!({ "op": "add", "path": "groups", "value": [{ "value": "g" }] }), "mutability"),
        (json!({ "op": "replace", "path": "nothing", "value": "x" }), "invalidPath"),
        (json!({ "op": "replace", "path": "emails[type is 5]", "value": "x" }), "invalidPath"),
        (json!({ "op": "replace", "path": "emails[type eq \"work\"", "value": "x" }), "invalidPath"),
        (json!({ "op": "replace", "path": "active", "value": "perhaps" }), "invalidValue"),
        (json!({ "op": "replace", "path": "userName", "value": "" }), "invalidValue"),
        (json!({ "op": "replace", "path": "title" }), "invalidValue"),
        (json!({ "op": "add", "value": "x" }), "invalidValue"),
        (json!({ "op": "move", "path": "title", "value": "x" }), "invalidSyntax"),
    ] {
        assert_eq!(keyword(json!([operation])), wanted, "{operation}");
    }
    assert_eq!(keyword(json!([])), "invalidSyntax");
    let moved =
        groups(json!([{ "op": "replace", "path": "members[value eq \"a\"].value", "value": "z" }]), Removal::Both);
    assert_eq!(moved.unwrap_err().kind, Some("mutability"));
}
