//! Walks, the connection test and the log-ins, against a service that is a function.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use crate::connectors::drive::reply;
use crate::connectors::{
    Connector, Finish, Input, Login, LoginInput, LoginNext, Next, Pass, Settings, Walk, connector,
};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, Proof, Table, TableBuilder};
use crate::plan::{Body, Finding, Reply, Request, Site};
use crate::secret::Secret;

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
    for (total, requests) in [(4500, 3), (2000, 2), (0, 1), (1, 1), (3, 1), (4000, 3)] {
        let told = walk("users", |_, body| page(body, total, 2000, user_row));
        assert_eq!((told.complete(), told.asked.len()), (total, requests), "{total}");
        assert!(told.asked.iter().all(|(call, body)| {
            call == "ExecuteBillQuery"
                && body["data"]["OrderString"] == "FUserID ASC"
                && body["data"]["FormId"] == "SEC_User"
        }));
    }
}

#[test]
fn a_smaller_cap_of_the_services_own_does_not_end_the_list() {
    let told = walk("users", |_, body| page(body, 2500, 1000, user_row));
    assert_eq!((told.complete(), told.asked.len()), (2500, 4));
    let told = walk("users", |_, body| page(body, 1000, 2000, user_row));
    assert_eq!((told.complete(), told.asked.len()), (1000, 2), "a round number is asked on once");
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
    assert_eq!((told.complete(), told.asked.len()), (5, 2));
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

fn good(call: &str, body: &Value) -> Reply {
    match (call, body["data"]["FormId"].as_str()) {
        ("View", _) => {
            reply(200, json!({"Result":{"ResponseStatus":{"IsSuccess":true},"Result":{"Id":1,"OrgInfo":[]}}}))
        }
        ("QueryBusinessInfo", _) => reply(
            200,
            json!({"Result":{"ResponseStatus":{"IsSuccess":true},"NeedReturnData":{"Operations":[
            {"OperationNumber":"Forbid2","OperationName":[{"Key":2052,"Value":"禁用"}]},
            {"OperationNumber":"Enable","OperationName":[{"Key":2052,"Value":"反禁用"}]}]}}}),
        ),
        (_, Some("SEC_User")) if body["data"]["FieldKeys"].as_str().unwrap().contains("FRoleId") => {
            reply(200, json!([[1, "100", "BD01_SYS"]]))
        }
        (_, Some("SEC_User")) => reply(200, json!([user_row(1)])),
        _ => reply(200, json!([["100", "x", "C", "A"]])),
    }
}

fn test(own: &[(&str, &str)], serve: impl FnMut(&str, &Value) -> Reply) -> (Site, usize) {
    let told = carry(kingdee(own).probe(), None, serve);
    let Finish::Site(site) = told.finish else { panic!() };
    (*site, told.asked.len())
}

fn line<'s>(site: &'s Site, what: &str) -> (Finding, &'s str) {
    let line =
        site.evidence.iter().rfind(|line| line.what == what).unwrap_or_else(|| panic!("{what}: {:#?}", site.evidence));
    (line.finding, &line.detail)
}

#[test]
fn the_test_tells_each_parameter_each_form_and_how_grants_are_read() {
    let (site, requests) = test(&[], good);
    assert!(site.good(), "{:#?}", site.evidence);
    assert_eq!(requests, 8);
    for name in ["server_address", "data_center_id", "application_id", "application_secret", "username"] {
        assert_eq!(line(&site, name), (Finding::Good, "set"));
    }
    assert!(line(&site, "password").1.contains("not set, and not wanted"));
    for form in ["SEC_User", "ORG_Organizations", "BD_Department", "SEC_KDRoles"] {
        assert!(line(&site, form).1.contains("can be read"), "{form}");
    }
    assert!(line(&site, "grants").1.contains("by query"));
    assert_eq!(site.learned["operation SEC_User Forbid"], "Forbid2");
    assert_eq!(site.learned["grants"], "query");
}

#[test]
fn a_missing_parameter_is_told_and_nothing_is_asked() {
    let (site, requests) = test(&[("login", "password")], good);
    assert_eq!(requests, 0, "an attempt that must fail counts towards the lock");
    assert_eq!(line(&site, "password").0, Finding::Bad);
    assert!(line(&site, "application_secret").1.contains("unused with login = \"password\""));
    assert!(!site.good());
}

#[test]
fn a_test_that_is_not_let_in_still_tells_of_its_parameters() {
    let mut probe = kingdee(&[]).probe();
    assert!(matches!(probe.next(Input::Start), Next::Ask(_)));
    let site = probe.broken("erp: access was not granted").unwrap();
    assert_eq!(line(&site, "data_center_id"), (Finding::Good, "set"));
    assert!(line(&site, "log-in").1.contains("Third-Party System Login Authorization"));
    assert!(!site.good() && site.account.is_none(), "what was not seen to be right is not remembered");
}

#[test]
fn no_user_at_all_is_a_missing_right_and_a_form_that_cannot_be_read_is_a_note() {
    let (site, requests) = test(&[], |_, _| reply(200, json!([])));
    assert_eq!((requests, line(&site, "SEC_User").0), (1, Finding::Bad));
    assert!(line(&site, "SEC_User").1.contains("lacks the right"));
    let (site, _) = test(&[], |call, body| match body["data"]["FormId"].as_str() {
        Some("SEC_KDRoles") if call == "ExecuteBillQuery" => reply(
            200,
            json!([[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"您没有角色的查看权限，请联系系统管理员"}]}}}]]),
        ),
        _ => good(call, body),
    });
    assert!(site.good() && line(&site, "SEC_KDRoles").1.contains("lacks a right"), "{:#?}", site.evidence);
}

#[test]
fn what_the_site_does_not_serve_is_learned() {
    let unknown = || {
        reply(
            200,
            json!([[{"Result":{"ResponseStatus":{"IsSuccess":false,"Errors":[{"Message":"元数据中标识为FUserType的字段不存在"}]}}}]]),
        )
    };
    let (site, _) = test(&[], |call, body| {
        let keys = body["data"]["FieldKeys"].as_str().unwrap_or_default();
        if keys.contains("FUserType") || keys.contains("FRoleId") { unknown() } else { good(call, body) }
    });
    assert!(site.good() && site.learned.contains_key("lean SEC_User"), "{:#?}", site.evidence);
    assert_eq!(site.learned["grants"], "view");
    assert!(line(&site, "grants").1.contains("a request each"));
    let told = carry(kingdee(&[]).walk(&site, "users", Vec::new()), None, |_, body| {
        assert_eq!(body["data"]["FieldKeys"], "FUserID,FUserAccount,FName,FEmail,FPhone,FForbidStatus");
        reply(200, json!([[1, "a", "b", "c", "d", "A"]]))
    });
    assert_eq!(told.complete(), 1);

    let (site, _) = test(&[], |call, body| if call == "View" { reply(200, json!({})) } else { good(call, body) });
    assert!(site.learned.contains_key("grants unwritable"), "what View does not show cannot be carried over");
    assert!(line(&site, "grants").1.contains("not written"));
}

fn sign_in(own: &[(&str, &str)], secret: &str) -> Box<dyn Login> {
    let secrets = [("application_secret", secret), ("password", "pw")];
    let secrets = secrets.map(|(name, text)| (name.to_owned(), Secret::new(text))).into();
    kingdee(own).login(&secrets).unwrap()
}

fn begun(login: &mut dyn Login) -> (String, Value) {
    match login.next(LoginInput::Start, 1_700_000_000) {
        LoginNext::Ask(request) => {
            let (_, body) = request.body.unwrap();
            (request.to, serde_json::from_str(body.expose()).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

fn header<'p>(pass: &'p Pass, name: &str) -> Option<&'p str> {
    pass.headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.expose())
}

fn signed_in(cookies: &[&str], body: Value) -> Reply {
    let mut reply = reply(200, body);
    reply.headers.extend(cookies.iter().map(|line| ("set-cookie".to_owned(), (*line).to_owned())));
    reply
}

const SECRET: &str = "00112233445566778899aabbccddeeff";

#[test]
fn each_log_in_sends_what_it_wants_and_only_that() {
    let base = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService.";
    let app = "299999_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";
    let (account, user) = ("5f0a1b2c3d4e5f", "集成用户");
    let (to, body) = begun(&mut *sign_in(&[], SECRET));
    assert_eq!(to, format!("{base}LoginByAppSecret.common.kdsvc"));
    assert_eq!(body, json!({"parameters": [account, user, app, SECRET, 2052]}));
    let (to, body) = begun(&mut *sign_in(&[("login", "sign"), ("lcid", "1033")], SECRET));
    assert_eq!(to, format!("{base}LoginBySign.common.kdsvc"));
    let signature = "eb0211d571fcfcd3dc3e5470aeceee8eab4c18c18123317bf55a5f5b3ced6208";
    assert_eq!(body, json!({"parameters": [account, user, app, 1_700_000_000, signature, 1033]}));
    let (to, body) = begun(&mut *sign_in(&[("login", "password")], SECRET));
    assert_eq!(to, format!("{base}ValidateUser.common.kdsvc"));
    assert_eq!(body, json!({"parameters": [account, user, "pw", 2052]}));

    let mut login = sign_in(&[("login", "header"), ("organisation", "100")], SECRET);
    let LoginNext::Ready(pass) = login.next(LoginInput::Start, 0) else { panic!("signed headers need no log-in") };
    assert!(pass.headers.is_empty() && pass.seconds.is_none());
    let request = Request::ask("/x", json!({}));
    let headers = login.sign(
        &request,
        "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc",
        1_700_000_000,
    );
    let of = |name: &str| headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.expose().to_owned());
    assert_eq!(of("x-kd-appdata").as_deref(), Some("NWYwYTFiMmMzZDRlNWYs6ZuG5oiQ55So5oi3LDIwNTIsMTAw"));
    assert!(sign_in(&[], SECRET).sign(&request, "/x", 0).is_empty(), "only signed headers sign");
}

#[test]
fn the_session_comes_by_cookie_or_in_the_answer_and_follows_rotation() {
    let mut login = sign_in(&[], SECRET);
    begun(&mut *login);
    let body = json!({"Message":"还剩26天","MessageCode":"CheckPasswordPolicy","LoginResultType":1,"KDSVCSessionId":null,
        "Context":{"UserName":"集成用户","DataCenterName":"测试","CurrentOrganizationInfo":{"Name":"总部"}}});
    let reply = signed_in(&["kdservice-sessionid=s1; path=/; HttpOnly", "ASP.NET_SessionId=a1; path=/"], body);
    let LoginNext::Ready(pass) = login.next(LoginInput::Reply(&reply), 0) else { panic!() };
    assert_eq!(header(&pass, "cookie"), Some("ASP.NET_SessionId=a1; kdservice-sessionid=s1"));
    assert_eq!((header(&pass, "kdservice-sessionid"), pass.seconds), (Some("s1"), Some(900)));
    let told: Vec<&str> = pass.evidence.iter().map(|line| line.detail.as_str()).collect();
    assert_eq!(told, ["LoginByAppSecret worked as 集成用户, data centre 测试", "总部", "还剩26天"]);

    assert!(login.renewed(&signed_in(&["kdservice-sessionid=s1; path=/"], json!([]))).is_none(), "nothing new");
    let pass = login.renewed(&signed_in(&["KDService-SessionId=s2; path=/"], json!([]))).unwrap();
    assert_eq!(header(&pass, "kdservice-sessionid"), Some("s2"));

    let mut login = sign_in(&[], SECRET);
    begun(&mut *login);
    let reply = signed_in(&[], json!({"LoginResultType":"1","KDSVCSessionId":"guid"}));
    let LoginNext::Ready(pass) = login.next(LoginInput::Reply(&reply), 0) else { panic!() };
    assert_eq!(header(&pass, "cookie"), Some("kdservice-sessionid=guid"));
}

#[test]
fn a_refused_log_in_says_why_and_that_the_account_locks_and_shows_no_secret() {
    for (own, body, words) in [
        (
            vec![],
            json!({"LoginResultType":0,"Message":"签名不匹配","MessageCode":"002005000003016"}),
            "do not go together",
        ),
        (vec![], json!({"LoginResultType":-1,"Message":"登录失败次数超限，账号已锁定"}), "wait about 30 minutes"),
        (vec![("login", "password")], json!({"LoginResultType":0,"Message":"密码错误"}), "public cloud"),
        (vec![], json!({"Message":null}), "refused without a reason"),
        (vec![], json!({"LoginResultType":1}), "brought no session"),
        (vec![], json!("response_error: x"), "x"),
    ] {
        let mut login = sign_in(&own, SECRET);
        begun(&mut *login);
        let LoginNext::Denied(why) = login.next(LoginInput::Reply(&signed_in(&[], body.clone())), 0) else {
            panic!("{body}")
        };
        assert!(why.contains(words), "{body}: {why}");
        assert!(!why.contains(SECRET) && !why.contains("pw\""), "{why}");
        if !why.contains("brought no session") {
            assert!(why.contains("locks the account for about 30 minutes"), "{why}");
        }
    }
    let mut login = sign_in(&[], "");
    assert!(matches!(login.next(LoginInput::Start, 0), LoginNext::Denied(why) if why.contains("application_secret")));
    let mut login = sign_in(&[], SECRET);
    begun(&mut *login);
    let missing = Reply { status: 404, ..reply(404, json!({})) };
    assert!(matches!(login.next(LoginInput::Reply(&missing), 0), LoginNext::Denied(why) if why.contains("/k3cloud/")));
}
