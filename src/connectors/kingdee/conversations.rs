//! Walks, against a service that is a function; the connection test and the log-ins below.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use crate::connectors::drive::reply;
use crate::connectors::{Connector, Finish, Input, Next, Settings, Walk, connector};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, Proof, Table, TableBuilder};
use crate::plan::{Body, Reply, Request, Site};

mod sign_in;
mod testing;

pub(super) fn mapping() -> Arc<Mapping> {
    static KINGDEE: LazyLock<Arc<Mapping>> = LazyLock::new(|| Arc::new(Mapping::builtin("kingdee").unwrap()));
    KINGDEE.clone()
}

pub(super) fn kingdee(own: &[(&str, &str)]) -> Arc<dyn Connector> {
    let mut all: BTreeMap<String, String> = [
        ("data_center_id", "5f0a1b2c3d4e5f"),
        ("application_id", "299999_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY"),
        ("username", "集成用户"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    all.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let settings = Settings {
        url: "https://erp.test/k3cloud".into(),
        own: all,
        secrets: ["application_secret".to_owned()].into(),
    };
    connector("kingdee", mapping(), &settings).unwrap()
}

/// The service's name and the question's `data`.
pub(super) fn asked(request: &Request) -> (String, Value) {
    let Body::Json { json, .. } = &request.body else { panic!("no body: {request:?}") };
    let call = request.path.strip_prefix("/k3cloud/Kingdee.BOS.WebApi.ServicesStub.").expect(&request.path);
    (call.strip_suffix(".common.kdsvc").unwrap().rsplit('.').next().unwrap().to_owned(), json.clone())
}

struct Carried {
    asked: Vec<(String, Value)>,
    table: Option<Table>,
    finish: Finish,
}

impl Carried {
    fn complete(&self) -> u64 {
        match &self.finish {
            Finish::Feed(Proof::Complete { total, .. }) => *total,
            other => panic!("{other:?}"),
        }
    }

    fn why(&self) -> &str {
        match &self.finish {
            Finish::Feed(Proof::Partial { why }) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn carry(mut walk: Box<dyn Walk>, into: Option<TableBuilder>, mut serve: impl FnMut(&str, &Value) -> Reply) -> Carried {
    let mapping = mapping();
    let (mut told, mut input, mut builder) = (Vec::new(), Input::Start, into);
    for _ in 0..1000 {
        input = match walk.next(input) {
            Next::Ask(requests) => {
                assert!(requests.iter().all(Request::reads), "a walk wanted to write");
                let all: Vec<_> = requests.iter().map(asked).collect();
                let replies = all.iter().map(|(call, body)| serve(call, body)).collect();
                told.extend(all);
                Input::Replies(replies)
            }
            Next::Page(page) => {
                let reader = mapping.reader(&page.feed).unwrap();
                let into = builder.get_or_insert_with(|| TableBuilder::new(reader.schema().clone()));
                match reader.read(&page.bytes, page.owner.as_deref(), into) {
                    Ok(taken) => Input::Taken(taken),
                    Err(fault) => Input::Unreadable(fault.to_string()),
                }
            }
            Next::Block(block) => panic!("a piece of {}", block.feed),
            Next::Done(finish) => return Carried { asked: told, table: builder.map(|b| b.table()), finish },
        };
    }
    panic!("it does not end");
}

fn walk(feed: &str, serve: impl FnMut(&str, &Value) -> Reply) -> Carried {
    let kingdee = kingdee(&[]);
    carry(kingdee.walk(&Site::default(), feed, Vec::new()), None, serve)
}

fn user_row(id: u64) -> Value {
    json!([id, format!("user{id}"), format!("Name {id}"), " ", "", "A", "", "", "2026-07-21T00:00:00"])
}

/// Rows `StartRow..StartRow+Limit` of `total`, or fewer where the service caps them.
fn page(body: &Value, total: u64, cap: u64, row: impl Fn(u64) -> Value) -> Reply {
    let data = &body["data"];
    assert_eq!((data["TopRowCount"].as_u64(), data["Limit"].as_u64()), (Some(0), Some(2000)), "never a fixed last row");
    let start = data["StartRow"].as_u64().unwrap();
    let end = (start + 2000.min(cap)).min(total);
    reply(200, (start..end).map(row).collect())
}

#[test]
fn users_come_in_pages_of_2000_in_the_order_of_their_ids_until_one_is_short() {
    for (total, requests) in [(4500, 3), (2000, 2), (1, 2), (3, 2), (4000, 3)] {
        let told = walk("users", |_, body| page(body, total, 2000, user_row));
        assert_eq!((told.complete(), told.asked.len()), (total, requests), "{total}");
        assert!(told.asked.iter().all(|(call, body)| {
            call == "ExecuteBillQuery"
                && body["data"]["OrderString"] == "FUserID ASC"
                && body["data"]["FormId"] == "SEC_User"
        }));
    }
    let told = walk("users", |_, body| page(body, 0, 2000, user_row));
    assert!(told.why().contains("lacks the right to query them"), "{}", told.why());
}

#[test]
fn a_smaller_cap_of_the_services_own_does_not_end_the_list() {
    let told = walk("users", |_, body| page(body, 2500, 1000, user_row));
    assert_eq!((told.complete(), told.asked.len()), (2500, 4));
    let told = walk("users", |_, body| page(body, 1000, 2000, user_row));
    assert_eq!((told.complete(), told.asked.len()), (1000, 2), "what is not full is asked on once");
    let told = walk("users", |_, body| page(body, 60, 7, user_row));
    assert_eq!((told.complete(), told.asked.len()), (60, 10));
    let told = walk("groups", |_, body| match body["data"]["FormId"].as_str() {
        Some("ORG_Organizations") => page(body, 10, 3, |row| json!([row.to_string(), "总部", "C", "A"])),
        _ => page(body, 10, 4, |row| json!([row, format!("B{row}"), "研发部", null, "1", "1", "C", "A"])),
    });
    assert_eq!((told.complete(), told.asked.len()), (20, 5 + 4));
}

#[test]
fn a_service_that_knows_no_pages_is_read_once() {
    for feed in ["users", "grants", "groups", "roles", "posts"] {
        let told = walk(feed, |_, body| match body["data"]["FormId"].as_str() {
            Some("ORG_Organizations") => reply(200, json!([["100", "总部", "C", "A"]])),
            Some("BD_Department") => reply(200, json!([[1, "B1", "研发部", null, "100", "100", "C", "A"]])),
            Some("SEC_KDRoles") => reply(200, json!([["R1", "会计", "A"]])),
            Some("BD_Empinfo") => reply(200, json!([["1", "B1", "1", "A"]])),
            _ if feed == "grants" => reply(200, json!([[1, "100", "R1"], [1, "100", "R2"]])),
            _ => reply(200, json!([user_row(1)])),
        });
        let records = told.complete();
        assert_eq!(told.asked.len(), if feed == "groups" { 4 } else { 2 }, "{feed}: {records}");
    }
}

#[test]
fn a_department_that_comes_twice_is_one_and_the_list_is_not_whole() {
    let told = walk("groups", |_, body| match body["data"]["FormId"].as_str() {
        Some("ORG_Organizations") => page(body, 1, 2000, |_| json!(["100", "总部", "C", "A"])),
        _ => page(body, 3, 2000, |row| {
            json!([row.min(1), format!("B{}", row.min(1)), "研发部", null, "100", "100", "C", "A"])
        }),
    });
    assert!(told.why().contains("4 rows came and 3 groups are among them"), "{}", told.why());
    let table = told.table.unwrap();
    assert_eq!((table.len(), table.find("B1#1")), (3, None), "it is no other department with the same number");
}

#[test]
fn a_list_that_moves_or_repeats_is_not_complete() {
    let told = walk("users", |_, body| page(body, 2500, 2000, |row| user_row(if row == 2001 { 7 } else { row })));
    assert!(told.why().contains("moved while it was read"), "{}", told.why());
    let told = walk("users", |_, body| {
        let mut body = body.clone();
        body["data"]["StartRow"] = json!(0);
        page(&body, 4000, 2000, user_row)
    });
    assert!(told.why().contains("were there before"), "{}", told.why());
}

#[test]
fn a_no_in_the_middle_of_a_list_ends_it_with_its_reason() {
    let lost = json!([[{"Result":{"ResponseStatus":{"IsSuccess":"false","ErrorCode":500,"MsgCode":1,
        "Errors":[{"FieldName":null,"Message":"会话信息已丢失，请重新登录","DIndex":0}]}}}]]);
    let told = walk("users", |_, body| match body["data"]["StartRow"].as_u64() {
        Some(0) => page(body, 4500, 2000, user_row),
        _ => reply(200, lost.clone()),
    });
    assert!(
        told.why().starts_with("users from row 2000 on") && told.why().contains("not authorised"),
        "{}",
        told.why()
    );
    assert_eq!(told.table.unwrap().len(), 2000);
}

fn cell(table: &Table, id: &str, path: &str) -> String {
    let attr = table.schema().find(&AttrPath::new(path)).expect(path);
    table.cell(table.find(id).expect(id), attr).text().to_owned()
}

#[test]
fn organisations_and_departments_are_one_tree() {
    let told = walk("groups", |_, body| match body["data"]["FormId"].as_str() {
        Some("ORG_Organizations") => reply(200, json!([["100", "总部", "C", "A"], ["200", "分公司", "C", "B"]])),
        _ => reply(
            200,
            json!([
                [1, "BM01", "研发部", null, "100", "100", "C", "A"],
                [2, "BM0101", "一组", "BM01", "100", "100", "A", "A"],
                [3, "BM01", "研发部", null, "200", "100", "C", "A"],
                [4, "BM01", "别的", " ", "200", "200", "C", "A"],
            ]),
        ),
    });
    assert_eq!((told.complete(), told.asked.len()), (5, 4));
    let table = told.table.unwrap();
    assert_eq!(
        (cell(&table, "org/100", "type"), cell(&table, "org/200", "active")),
        ("organisation".into(), "false".into())
    );
    assert_eq!((cell(&table, "BM01", "parent"), cell(&table, "BM0101", "parent")), ("org/100".into(), "BM01".into()));
    assert_eq!(cell(&table, "BM0101", "documentStatus"), "created");
    assert_eq!(cell(&table, "BM01#4", "organisation"), "org/200", "another department with the same number");
    assert_eq!(table.find("BM01#3"), None, "an allocated copy is no department of its own");
    let told = walk("groups", |_, body| match body["data"]["FormId"].as_str() {
        Some("ORG_Organizations") => reply(200, json!("response_error: 您没有权限")),
        _ => reply(200, json!([])),
    });
    assert!(told.why().contains("organisations") && told.why().contains("lacks a right"), "{}", told.why());
}

#[test]
fn grants_come_by_query_or_user_by_user() {
    let mapping = mapping();
    let kingdee = kingdee(&[]);
    let users = || {
        let mut into = TableBuilder::new(mapping.reader("users").unwrap().schema().clone());
        let rows = json!([user_row(1), user_row(2)]).to_string();
        mapping.reader("users").unwrap().read(rows.as_bytes(), None, &mut into).unwrap();
        into
    };
    let entries = |table: &Table, id: &str| {
        let attr = table.schema().find(&AttrPath::new("grants")).unwrap();
        let entries = table.entries(table.find(id).unwrap(), attr)?;
        let mut all: Vec<String> = entries.iter().map(|entry| table.entry_text(attr, *entry).0.join(" ")).collect();
        all.sort();
        Some(all)
    };
    let site = |how: &str| Site { learned: [("grants".into(), how.into())].into(), ..Site::default() };
    assert_eq!(kingdee.feeds(&site("query"), Kind::User), ["users".into(), "grants".into()]);
    assert_eq!(kingdee.feeds(&site("view"), Kind::User), ["users".into(), "user-grants".into()]);
    assert_eq!(kingdee.feeds(&Site::default(), Kind::User), ["users".into()]);

    let rows = json!([[1, "100", "BD01_SYS"], [1, "100", "FIN01_SYS"], [1, "200", null], [2, "200", "BD01_SYS"]]);
    let told = carry(kingdee.walk(&site("query"), "grants", Vec::new()), Some(users()), |_, body| {
        assert!(body["data"]["OrderString"].as_str().unwrap().contains("FRoleId.FNumber"), "a total order");
        reply(200, rows.clone())
    });
    assert_eq!(told.complete(), 4);
    let table = told.table.unwrap();
    assert_eq!(
        entries(&table, "1").unwrap(),
        ["org/100 BD01_SYS", "org/100 FIN01_SYS"],
        "an organisation alone is no grant"
    );
    assert_eq!(entries(&table, "2").unwrap(), ["org/200 BD01_SYS"]);

    let view = |id: &str| {
        json!({"Result":{"ResponseStatus":null,"Result":{"Id": id.parse::<u64>().unwrap(), "OrgInfo":[
            {"Id":11,"OrgOrgId":{"Id":1,"Number":"100"},"RoleInfo":[{"Id":7,"RoleId":{"Number":"BD01_SYS"}}]}]}}})
    };
    let told =
        carry(kingdee.walk(&site("view"), "user-grants", vec!["1".into(), "2".into()]), Some(users()), |call, body| {
            assert_eq!((call, &body["formid"]), ("View", &json!("SEC_User")));
            if body["data"]["Id"] == "1" { reply(200, view("1")) } else { reply(200, json!({})) }
        });
    assert!(told.why().starts_with("1 of 2 users viewed; 2: "), "{}", told.why());
    let table = told.table.unwrap();
    assert_eq!(entries(&table, "1").unwrap(), ["org/100 BD01_SYS"]);
    assert_eq!(entries(&table, "2"), None);
}

#[test]
fn the_department_of_a_person_is_that_of_the_first_post_in_use() {
    let mapping = mapping();
    let users = || {
        let mut into = TableBuilder::new(mapping.reader("users").unwrap().schema().clone());
        let rows = json!([user_row(1), user_row(2), user_row(3)]).to_string();
        mapping.reader("users").unwrap().read(rows.as_bytes(), None, &mut into).unwrap();
        into
    };
    let site = Site { learned: [("posts".into(), "true".into())].into(), ..Site::default() };
    let kingdee = kingdee(&[]);
    assert_eq!(kingdee.feeds(&site, Kind::User), ["users".into(), "posts".into()]);
    let rows = json!([
        [1, "BM01", false, "A"],
        [1, "BM02", "true", "A"],
        [1, "BM03", false, "A"],
        [2, "BM04", true, "B"],
        [2, "BM05", false, "A"],
        [0, "BM06", true, "A"],
        [null, "BM07", true, "A"],
        [3, null, true, "A"],
    ]);
    let told = carry(kingdee.walk(&site, "posts", Vec::new()), Some(users()), |_, body| {
        assert_eq!(body["data"]["FormId"], "BD_Empinfo");
        assert_eq!(body["data"]["FieldKeys"], "FUserId,FPostDept.FNumber,FIsFirstPost,FForbidStatus");
        assert!(body["data"]["OrderString"].as_str().unwrap().contains("FPostDept.FNumber"), "a total order");
        reply(200, rows.clone())
    });
    assert_eq!(told.complete(), 2);
    let table = told.table.unwrap();
    let department =
        |id: &str| cell(&table, id, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department");
    assert_eq!((department("1"), department("2")), ("BM02".into(), "BM05".into()), "one in use before one that is not");
    let told = carry(kingdee.walk(&site, "posts", Vec::new()), Some(users()), |_, _| {
        reply(200, json!([[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"您没有权限"}]}}}]]))
    });
    assert!(told.why().contains("posts") && told.why().contains("lacks a right"), "{}", told.why());
}

#[test]
fn employees_have_numbers_and_no_roles_and_users_the_other_way_round() {
    let has = |own: &[(&str, &str)], attr: &str| {
        let kingdee = kingdee(own);
        let schema = kingdee.mapping().kind(Kind::User).unwrap().schema.clone();
        schema.find(&AttrPath::new(attr)).is_some()
    };
    const NUMBER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
    for (own, employees) in [(&[][..], false), (&[("people", "employees")][..], true)] {
        assert_eq!((has(own, NUMBER), has(own, "userName"), has(own, "grants")), (employees, !employees, !employees));
        assert!(has(own, "displayName") && has(own, "active"));
    }
    let must = |own: &[(&str, &str)]| {
        let mandatory = kingdee(own).mapping().kind(Kind::User).unwrap().mandatory.clone();
        mandatory.iter().map(|must| must.attr.local(&[]).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(must(&[]), ["userName", "displayName"]);
    assert_eq!(must(&[("people", "employees")]), ["employeeNumber", "displayName"]);
}
