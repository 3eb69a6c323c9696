//! Kingdee through the format: query rows that are arrays, grants that are one row each, View's nested entries, and the
//! complete entry that Save wants (targets/kingdee.md 5, 6, 9).

use serde_json::{Value, json};

use super::{builder, entries_of, take, text};
use crate::mapping::{Edit, Mapping};
use crate::model::AttrPath;

const KINGDEE: &str = r##"
connector = "kingdee"
title = "Kingdee"
page_size = 2000
rate = { per_second = 4.0, burst = 4, parallel = 4 }

# the parameters that the guide names
setting = [
  { name = "server_address", required = true, help = "the address prefix" },
  { name = "data_center_id", required = true, help = "the data center" },
  { name = "application_id", required = true, help = "the application" },
  { name = "application_secret", secret = true, help = "its secret" },
  { name = "username", required = true, help = "the integration user" },
  { name = "password", secret = true, help = "the secondary secret" },
  { name = "login", help = "how to log in", one_of = ["app-secret", "sign", "header", "password"] },
]

# FieldKeys: FUserID,FUserAccount,FName,FEmail,FForbidStatus,FCreateDate
[[feed]]
name = "users"
kind = "User"
id = "#0"
cite = "targets/kingdee.md 5"

# FieldKeys: FUserID,FUserAccount,FOrgOrgId.FNumber,FRoleId.FNumber
[[feed]]
name = "grants"
kind = "User"
id = "#0"
detail_of = "users"
whole = true
cite = "targets/kingdee.md 9"

[[feed]]
name = "bill-grants"
kind = "User"
id = "FUserID"
detail_of = "users"
whole = true
cite = "targets/kingdee.md 5: BillQuery answers objects"

[[feed]]
name = "user"
kind = "User"
records = "Result.Result"
id = "Id"
single = true
cite = "targets/kingdee.md 6"

[[row]]
kind = "User"
attr = "userName"
read = "#1"
detail = ["UserAccount", "FUserAccount"]
write = "FUserAccount"
match = 1
unique = true
cite = "targets/kingdee.md 9"

[[row]]
kind = "User"
attr = "displayName"
read = "#2"
detail = ["Name[Key eq 2052].Value", "Name[0].Value", "Name"]
write = "FName"
fold = "name"
cite = "targets/kingdee.md 6: three names for one field"

[[row]]
kind = "User"
attr = "emails[work]"
read = "#3"
detail = "Email"
write = "FEmail"
via = ["trim"]
cite = "targets/kingdee.md 5: blank texts may be one blank"

[[row]]
kind = "User"
attr = "active"
read = "#4"
detail = "ForbidStatus"
via = [{ bool = { yes = "A", no = "B" } }]
access = "read-write"
fold = "flag"
cite = "targets/kingdee.md 7: A is active, B is forbidden"

[[row]]
kind = "User"
attr = "meta.created"
read = "#5"
detail = "CreateDate"
via = [{ date = "dot-net" }]
compare = false
cite = "targets/kingdee.md 5"

[[row]]
kind = "User"
attr = "grants"
in.grants = { read = ".", key = ["#2", "#3"] }
in.bill-grants = { read = ".", key = ["'FOrgOrgId.FNumber'", "'FRoleId.FNumber'"] }
in.user = { read = ["OrgInfo[].RoleInfo[]", "FOrgInfo[].FRoleInfo[]"] }
write = "FOrgInfo[].FRoleInfo[]"
cite = "targets/kingdee.md 9: roles are per organisation"

[row.list]
key = [
  { name = "organisation", read = ["^OrgOrgId.Number", "^FOrgOrgId.FNumber"], write = "^FOrgOrgId.FNumber", ref = "Group" },
  { name = "role", read = ["RoleId.Number", "FRoleId.FNumber"], write = "FRoleId.FNumber", ref = "Role" },
]
"##;

fn mapping() -> Mapping {
    Mapping::parse(KINGDEE, "kingdee.toml").unwrap()
}

const USERS: &str = r#"[[100001,"zhangsan","张三"," ","A","2026-07-21T00:00:00"],
  [100002,"lisi","李四","lisi@x.test","B",null],[100003,"wangwu","王五","","A","/Date(1497801750508)/"]]"#;

const VIEW: &str = r#"{"Result":{"ResponseStatus":{"ErrorCode":0,"IsSuccess":true,"Errors":[]},"Result":{
  "Id":100001,"UserAccount":"zhangsan","Name":[{"Key":1033,"Value":"Zhang San"},{"Key":2052,"Value":"张三"}],"ForbidStatus":"A",
  "OrgInfo":[
    {"RoleInfo":[{"Id":7,"RoleId":{"Id":1,"Number":"BD01_SYS","Name":[]}},{"RoleId":{"Number":"FIN01_SYS"}}],"OrgOrgId":{"Id":1,"Number":"100"}},
    {"OrgOrgId":{"Number":"200"},"RoleInfo":[{"RoleId":{"Number":"BD01_SYS"}}]},
    {"OrgOrgId":{"Number":"300"},"RoleInfo":[]}]}}}"#;

#[test]
fn rows_that_are_arrays_are_users() {
    let mapping = mapping();
    let mut into = builder(&mapping, "users");
    let taken = take(&mapping, "users", USERS, None, &mut into);
    assert_eq!((taken.records, taken.fresh), (3, 3));
    let table = into.table();
    for (id, path, wanted) in [
        ("100001", "userName", "zhangsan"),
        ("100001", "displayName", "张三"),
        ("100001", "emails[work]", "(empty)"),
        ("100001", "active", "true"),
        ("100002", "active", "false"),
        ("100002", "emails[work]", "lisi@x.test"),
        ("100001", "meta.created", "2026-07-21T00:00:00Z"),
        ("100003", "meta.created", "2017-06-18T16:02:30.508Z"),
    ] {
        assert_eq!(text(&table, id, path), wanted, "{id} {path}");
    }
    assert_eq!(entries_of(&table, "100001", "grants"), None, "nobody has asked for grants yet");
}

#[test]
fn a_row_for_each_grant_becomes_a_list_by_organisation_and_role() {
    let mapping = mapping();
    let mut into = builder(&mapping, "users");
    take(&mapping, "users", USERS, None, &mut into);
    let rows =
        r#"[[100001,"zhangsan","100","BD01_SYS"],[100001,"zhangsan","100","FIN01_SYS"],[100002,"lisi",null,null]]"#;
    take(&mapping, "grants", rows, None, &mut into);
    take(&mapping, "grants", r#"[[100001,"zhangsan","200","BD01_SYS"]]"#, None, &mut into);
    let table = into.table();
    assert_eq!(entries_of(&table, "100001", "grants").unwrap(), ["100 BD01_SYS", "100 FIN01_SYS", "200 BD01_SYS"]);
    assert_eq!(entries_of(&table, "100002", "grants").unwrap(), [""; 0]);
    assert_eq!(entries_of(&table, "100003", "grants"), None, "not mentioned, and more pages may come");
    mapping.reader("grants").unwrap().settle(&mut into);
    let table = into.table();
    assert_eq!(entries_of(&table, "100003", "grants").unwrap(), [""; 0], "the walk was proved: there are none");
    assert_eq!(entries_of(&table, "100001", "grants").unwrap().len(), 3);
}

#[test]
fn keys_with_dots_are_read_too() {
    let mapping = mapping();
    let mut into = builder(&mapping, "users");
    take(&mapping, "users", USERS, None, &mut into);
    let rows = r#"[{"FUserID":100001,"FOrgOrgId.FNumber":"100","FRoleId.FNumber":"BD01_SYS"}]"#;
    take(&mapping, "bill-grants", rows, None, &mut into);
    assert_eq!(entries_of(&into.table(), "100001", "grants").unwrap(), ["100 BD01_SYS"]);
}

#[test]
fn nested_entries_of_one_record_are_the_same_list() {
    let mapping = mapping();
    let mut into = builder(&mapping, "user");
    take(&mapping, "user", VIEW, None, &mut into);
    let table = into.table();
    assert_eq!(entries_of(&table, "100001", "grants").unwrap(), ["100 BD01_SYS", "100 FIN01_SYS", "200 BD01_SYS"]);
    assert_eq!(
        (text(&table, "100001", "displayName"), text(&table, "100001", "active")),
        ("张三".into(), "true".into())
    );
}

fn model() -> Value {
    json!({"FUserID": 100_001, "FOrgInfo": [
        {"FEntryId": 11, "FOrgOrgId": {"FNumber": "100"}, "FRoleInfo": [{"FRoleId": {"FNumber": "BD01_SYS"}}]},
        {"FOrgOrgId": {"FNumber": "200"}, "FRoleInfo": [{"FRoleId": {"FNumber": "BD01_SYS"}}]}]})
}

#[test]
fn one_grant_is_one_edit_of_the_complete_entry() {
    let mapping = mapping();
    let writer = &mapping.kind(crate::model::Kind::User).unwrap().writer;
    let grants = AttrPath::from("grants");

    let edit = writer.entry(&grants, &["100", "FIN01_SYS"], "").unwrap();
    let entry = json!({"FOrgOrgId": {"FNumber": "100"}, "FRoleInfo": [{"FRoleId": {"FNumber": "FIN01_SYS"}}]});
    assert_eq!(edit, Edit::Insert { at: "/FOrgInfo".into(), key: "100 FIN01_SYS".into(), value: entry.clone() });
    let mut native = model();
    writer.apply(&mut native, &edit).unwrap();
    let roles = json!([{"FRoleId": {"FNumber": "BD01_SYS"}}, {"FRoleId": {"FNumber": "FIN01_SYS"}}]);
    assert_eq!(native["FOrgInfo"][0], json!({"FEntryId": 11, "FOrgOrgId": {"FNumber": "100"}, "FRoleInfo": roles}));
    assert_eq!(native["FOrgInfo"][1], model()["FOrgInfo"][1], "the other organisation is carried over");
    let once = native.clone();
    writer.apply(&mut native, &edit).unwrap();
    assert_eq!(native, once, "the same grant twice is one grant");

    let mut native = model();
    writer.apply(&mut native, &writer.entry(&grants, &["300", "FIN01_SYS"], "").unwrap()).unwrap();
    assert_eq!(native["FOrgInfo"].as_array().unwrap().len(), 3, "a new organisation is a new entry");

    let mut empty = json!({});
    writer.apply(&mut empty, &edit).unwrap();
    assert_eq!(empty, json!({"FOrgInfo": [entry]}), "the form in which a create sends it");
}

#[test]
fn the_last_role_of_an_organisation_takes_its_entry_with_it() {
    let mapping = mapping();
    let writer = &mapping.kind(crate::model::Kind::User).unwrap().writer;
    let edit = writer.drop_entry(&AttrPath::from("grants"), &["200", "BD01_SYS"]).unwrap();
    let mut native = model();
    writer.apply(&mut native, &edit).unwrap();
    assert_eq!(native["FOrgInfo"].as_array().unwrap().len(), 1);
    assert_eq!(native["FOrgInfo"][0], model()["FOrgInfo"][0]);
    assert!(writer.drop_entry(&AttrPath::from("grants"), &["200"]).is_err(), "a grant has two parts");
}

#[test]
fn a_state_is_written_in_the_services_own_word() {
    let mapping = mapping();
    let writer = &mapping.kind(crate::model::Kind::User).unwrap().writer;
    assert_eq!(writer.native(&AttrPath::from("active"), "false").unwrap(), json!("B"));
    assert!(writer.edit(&AttrPath::from("active"), "false").is_err(), "it is changed by an operation of its own");
    let edit = writer.edit(&AttrPath::from("emails[work]"), "x@x").unwrap();
    assert_eq!(edit, Edit::Set { at: "/FEmail".into(), value: json!("x@x") });
}
