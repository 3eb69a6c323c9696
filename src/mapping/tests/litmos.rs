//! SAP Litmos through the format: every row of the guide's two tables, bare arrays, members by team, no manager as `"0"`
//! (targets/litmos.md 3, 5).

use serde_json::json;

use super::{builder, entries_of, take, text};
use crate::mapping::{Access, Mapping};
use crate::model::{AttrPath, Kind};

pub(super) const LITMOS: &str = r#"
connector = "litmos"
title = "SAP Litmos"
page_size = 1000
rate = { per_second = 1.5, burst = 10, parallel = 2 }

[[feed]]
name = "users"
kind = "User"
id = "Id"
cite = "targets/litmos.md 4: users/details"

[[feed]]
name = "user"
kind = "User"
id = "Id"
single = true
cite = "targets/litmos.md 4"

[[feed]]
name = "user-teams"
kind = "User"
detail_of = "users"
cite = "targets/litmos.md 4: users/{id}/teams"

[[feed]]
name = "teams"
kind = "Group"
id = "Id"
cite = "targets/litmos.md 5"

[[feed]]
name = "team"
kind = "Group"
id = "Id"
single = true
detail_of = "teams"
cite = "targets/litmos.md 5: the only place with the description"

[[feed]]
name = "team-members"
kind = "Group"
path = "/v1.svc/teams/{id}/users"
detail_of = "teams"
cite = "targets/litmos.md 5"

[[row]]
kind = "User"
attr = "id"
read = "Id"
compare = false
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "userName"
read = "UserName"
write = "UserName"
match = 1
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "displayName"
read = ["FirstName", "LastName"]
via = [{ join = " " }, "collapse"]
cite = "seeds table 297: FirstName + LastName"

[[row]]
kind = "User"
attr = "name.givenName"
read = "FirstName"
write = "FirstName"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "name.familyName"
read = "LastName"
write = "LastName"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "name.formatted"
read = "FullName"
compare = false
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "emails[work]"
read = "Email"
write = "Email"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "active"
read = "Active"
write = "Active"
via = ["flag"]
type = "boolean"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "groups"
in.user-teams = { read = "." }
access = "read-only"
cite = "seeds table 297: Groups[].value, Groups[].display"

[row.list]
key = [{ name = "value", read = "Id", ref = "Group" }]
shown = { display = "Name" }

[[row]]
kind = "User"
attr = "addresses[work].streetAddress"
read = "Street1"
write = "Street1"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "addresses[work].region"
read = "City"
write = "City"
cite = "seeds table 297: swapped there, copied as it is"

[[row]]
kind = "User"
attr = "addresses[work].locality"
read = "State"
write = "State"
cite = "seeds table 297: swapped there, copied as it is"

[[row]]
kind = "User"
attr = "addresses[work].postalCode"
read = "PostalCode"
write = "PostalCode"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "addresses[work].country"
read = "Country"
write = "Country"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "phoneNumbers[work]"
read = "PhoneWork"
write = "PhoneWork"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "phoneNumbers[mobile]"
read = "PhoneMobile"
write = "PhoneMobile"
cite = "seeds table 297"

[words.timezone]
open = true

[words.timezone.read]
"America/Los_Angeles" = "Pacific Standard Time"
"Europe/London" = "GMT Standard Time"

[[row]]
kind = "User"
attr = "timezone"
read = "TimeZone"
write = "TimeZone"
via = [{ words = "timezone" }]
cite = "seeds table 297; targets/litmos.md 3: Windows names"

[[row]]
kind = "User"
attr = "title"
read = "JobTitle"
write = "JobTitle"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "locale"
read = "Culture"
write = "Culture"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "accessLevel"
read = "AccessLevel"
write = "AccessLevel"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "originalId"
read = "OriginalId"
compare = false
type = "integer"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "companyName"
read = "CompanyName"
write = "CompanyName"
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "manager"
read = "ManagerId"
write = "ManagerId"
null = "0"
clear = "0"
ref = "User"
cite = "seeds table 297; targets/litmos.md 3: none is \"0\""

[[row]]
kind = "User"
attr = "manager.displayName"
read = "ManagerName"
compare = false
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "meta.created"
read = "CreatedDate"
via = [{ date = "dot-net" }]
compare = false
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "password"
write = "Password"
secret = true
cite = "seeds table 297"

[[row]]
kind = "User"
attr = "loginKey"
read = "LoginKey"
secret = true
cite = "targets/litmos.md 0: it signs the user in"

[[row]]
kind = "Group"
attr = "id"
read = "Id"
compare = false
cite = "seeds table 298"

[[row]]
kind = "Group"
attr = "displayName"
read = "Name"
write = "Name"
match = 2
cite = "seeds table 298"

[[row]]
kind = "Group"
attr = "members"
in.team-members = { read = "." }
access = "read-write"
cite = "seeds table 298: members[].value, members[].display"

[row.list]
key = [{ name = "value", read = "Id", ref = "User" }]
shown = { display = "UserName" }

[[row]]
kind = "Group"
attr = "description"
detail = "Description"
write = "Description"
cite = "seeds table 298"

[[row]]
kind = "Group"
attr = "parent"
read = "ParentTeamId"
write = "ParentTeamId"
access = "create"
null = "0"
ref = "Group"
cite = "seeds table 298; cannot be un-assigned"
"#;

fn mapping() -> Mapping {
    Mapping::parse(LITMOS, "litmos.toml").unwrap()
}

const BO: &str = r#"{"Id":"rnjx2WaQOEY1","UserName":"bo@x.test","FirstName":"Bo","LastName":"Ek","FullName":"Bo Ek","Email":"bo@x.test",
  "AccessLevel":"Learner","DisableMessages":false,"Active":true,"Skype":null,"PhoneWork":null,"PhoneMobile":null,"LastLogin":"2016-12-09T07:54:27Z",
  "LoginKey":"https:\/\/t.litmos.com\/login.aspx?loginkey=<GUID>","IsCustomUsername":false,"Password":"","SkipFirstLogin":true,"TimeZone":"UTC",
  "SalesforceId":null,"OriginalId":4138947,"Street1":null,"Culture":"en-US","CreatedDate":"2016-11-10T13:50:11Z","Points":0,"Brand":"Default",
  "ManagerId":"0","ManagerName":"","City":"Oslo","State":"OS"}"#;

#[test]
fn a_bare_array_of_users_is_read() {
    let mapping = mapping();
    let mut into = builder(&mapping, "users");
    let managed = BO.replace("rnjx2WaQOEY1", "-yJ1").replace("\"ManagerId\":\"0\"", "\"ManagerId\":\"rnjx2WaQOEY1\"");
    let pacific =
        managed.replace("\"UTC\"", "\"Pacific Standard Time\"").replace("\"Active\":true", "\"Active\":\"False\"");
    let taken = take(&mapping, "users", &format!("[{BO},{pacific}]"), None, &mut into);
    assert_eq!((taken.records, taken.envelope.len()), (2, 0));
    let table = into.table();
    for (id, path, wanted) in [
        ("rnjx2WaQOEY1", "displayName", "Bo Ek"),
        ("rnjx2WaQOEY1", "manager", "(empty)"),
        ("-yJ1", "manager", "rnjx2WaQOEY1"),
        ("rnjx2WaQOEY1", "active", "true"),
        ("-yJ1", "active", "false"),
        ("rnjx2WaQOEY1", "timezone", "UTC"),
        ("-yJ1", "timezone", "America/Los_Angeles"),
        ("rnjx2WaQOEY1", "originalId", "4138947"),
        ("rnjx2WaQOEY1", "addresses[work].region", "Oslo"),
        ("rnjx2WaQOEY1", "meta.created", "2016-11-10T13:50:11Z"),
        ("rnjx2WaQOEY1", "loginKey", "(unreadable)"),
        ("rnjx2WaQOEY1", "password", "(unreadable)"),
    ] {
        assert_eq!(text(&table, id, path), wanted, "{id} {path}");
    }
}

#[test]
fn members_come_by_team_and_belong_to_the_one_that_was_asked_about() {
    let mapping = mapping();
    let mut into = builder(&mapping, "teams");
    let teams = r#"[{"Id":"T1","Name":"North","TeamCodeForBulkImport":"405494-North","ParentTeamId":""},{"Id":"T2","Name":"Sub","ParentTeamId":"T1"},
      {"Id":"T3","Name":"New","ParentTeamId":"0"}]"#;
    take(&mapping, "teams", teams, None, &mut into);
    let members = r#"[{"Id":"mVN_K4Q9yuQ1","UserName":"ann@x.test","Active":true},{"Id":"-x","UserName":"bo@x.test"}]"#;
    let taken = take(&mapping, "team-members", members, Some("T1"), &mut into);
    assert_eq!((taken.records, taken.fresh), (2, 2));
    take(&mapping, "team-members", r#"[{"Id":"late"}]"#, Some("T1"), &mut into);
    take(&mapping, "team-members", "[]", Some("T2"), &mut into);
    let table = into.table();
    assert_eq!(entries_of(&table, "T1", "members").unwrap(), ["-x", "late", "mVN_K4Q9yuQ1"]);
    assert_eq!(entries_of(&table, "T2", "members").unwrap(), [""; 0]);
    assert_eq!(entries_of(&table, "T3", "members"), None, "not asked about yet");
    assert_eq!((text(&table, "T2", "parent"), text(&table, "T3", "parent")), ("T1".into(), "(empty)".into()));
    assert_eq!(text(&table, "T1", "description"), "(unread)");
    take(&mapping, "team", r#"{"Id":"T1","Name":"North","Description":"d"}"#, Some("T1"), &mut into);
    assert_eq!(text(&into.table(), "T1", "description"), "d");
}

#[test]
fn what_signs_a_user_in_is_cut_out_before_it_is_kept() {
    let mapping = mapping();
    let page = format!("[{BO}]");
    let kept = mapping.reader("users").unwrap().redact(page.as_bytes()).unwrap().into_owned();
    let kept = String::from_utf8(kept).unwrap();
    assert!(!kept.contains("loginkey=") && kept.contains("\"LoginKey\":null"), "{kept}");
    assert!(kept.contains("\"Password\":null") && kept.contains("\"Brand\":\"Default\""));
}

#[test]
fn a_manager_is_taken_away_in_the_services_own_way() {
    let mapping = mapping();
    let writer = &mapping.kind(Kind::User).unwrap().writer;
    assert_eq!(writer.native(&AttrPath::from("manager"), "").unwrap(), json!("0"));
    assert_eq!(writer.native(&AttrPath::from("title"), "").unwrap(), json!(null));
    assert_eq!(writer.native(&AttrPath::from("active"), "false").unwrap(), json!(false));
    assert_eq!(
        writer.native(&AttrPath::from("timezone"), "America/Los_Angeles").unwrap(),
        json!("Pacific Standard Time")
    );
    assert_eq!(writer.native(&AttrPath::from("timezone"), "Mars").unwrap(), json!("Mars"));
    assert_eq!(mapping.row(Kind::Group, &AttrPath::from("parent")).unwrap().access, Access::Create);
    assert!(!mapping.row(Kind::User, &AttrPath::from("displayName")).unwrap().invertible);
    assert!(mapping.row(Kind::User, &AttrPath::from("displayName")).unwrap().write.is_none());
}

#[test]
fn a_members_entry_is_the_body_that_the_service_wants() {
    let mapping = mapping();
    let writer = &mapping.kind(Kind::Group).unwrap().writer;
    // POST /teams/{id}/users takes an array of these (targets/litmos.md 5).
    let crate::mapping::Edit::Insert { value, key, .. } =
        writer.entry(&AttrPath::from("members"), &["cY6aotmMBXI1"], "").unwrap()
    else {
        panic!("no insert")
    };
    assert_eq!((value, key.as_str()), (json!({"Id": "cY6aotmMBXI1"}), "cY6aotmMBXI1"));
}
