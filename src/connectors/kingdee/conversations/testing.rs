//! The connection test.

use super::*;
use crate::plan::Finding;

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
        (_, Some("BD_Empinfo")) => reply(200, json!([[1, "BM01", true, "A"]])),
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
    assert_eq!(requests, 9);
    for name in ["server_address", "data_center_id", "application_id", "application_secret", "username"] {
        assert_eq!(line(&site, name), (Finding::Good, "set"));
    }
    assert!(line(&site, "password").1.contains("not set, and not wanted"));
    for form in ["SEC_User", "ORG_Organizations", "BD_Department", "SEC_KDRoles"] {
        assert!(line(&site, form).1.contains("can be read"), "{form}");
    }
    assert!(line(&site, "grants").1.contains("by query"));
    assert!(line(&site, "posts").1.contains("which department"));
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
    assert!(line(&site, "log-in").1.starts_with("not tried"), "{:?}", line(&site, "log-in"));
    let (site, _) = test(&[("people", "employees")], good);
    assert!(line(&site, "organisation").1.contains("no employee"));
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
