//! Log-ins, signed calls, sessions.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::super::sign;
use super::{Client, STUB, open, site, told};
use crate::simulate::clock::epoch;

const QUERY: &str = "DynamicFormService.ExecuteBillQuery";

fn a_user() -> Value {
    json!({ "data": { "FormId": "SEC_User", "FieldKeys": "FUserID", "Limit": 1 } })
}

/// The headers of a signed call, with what a test changes about them.
fn signed(client: &Client, at: u64, secret: &str, api: bool) -> HeaderMap {
    let application = client.login("application_id");
    let data = format!("{},{},2052,0", client.login("data_center_id"), client.login("username"));
    let path = format!("/k3cloud/{STUB}.{QUERY}.common.kdsvc");
    let stamp = at.to_string();
    let api = if api { sign::api_signature(&application, &path, &stamp, &stamp) } else { "wrong".to_owned() };
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-api-clientid", "299999".to_owned()),
        ("x-api-auth-version", "2.0".to_owned()),
        ("x-api-timestamp", stamp.clone()),
        ("x-api-nonce", stamp),
        ("x-api-signheaders", "x-api-timestamp,x-api-nonce".to_owned()),
        ("x-api-signature", api),
        ("x-kd-appkey", application.clone()),
        ("x-kd-appdata", sign::base64(data.as_bytes())),
        ("x-kd-signature", sign::kd_signature(&application, &data, secret)),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    headers
}

async fn call(client: &Client, headers: HeaderMap) -> reqwest::Response {
    let url = format!("{}{STUB}.{QUERY}.common.kdsvc", client.running.url);
    client.http.post(url).headers(headers).json(&a_user()).send().await.unwrap()
}

/// What a signed call was answered: `rows`, `lost`, or the status of the gateway.
async fn answered(client: &Client, headers: HeaderMap) -> String {
    let reply = call(client, headers).await;
    if reply.status() != 200 {
        return reply.status().as_u16().to_string();
    }
    let reply: Value = reply.json().await.unwrap();
    if reply[0][0].is_i64() {
        return "rows".to_owned();
    }
    assert_eq!(reply[0][0]["Result"]["ResponseStatus"]["MsgCode"], 1, "{reply}");
    "lost".to_owned()
}

#[tokio::test]
async fn all_three_log_ins_open_a_session() {
    let client = site(20, &[]).await;
    let (center, user) = (client.login("data_center_id"), client.login("username"));
    let (application, secret) = (client.login("application_id"), client.login("application_secret"));
    let (password, now) = (client.login("password"), epoch());
    let sign = sign::login_sign(&center, &user, &application, &secret, &now.to_string());
    for (service, body) in [
        ("ValidateUser", json!({ "acctID": center, "username": user, "password": password, "lcid": 2052 })),
        ("ValidateUser", json!({ "parameters": [center, user, password, 2052] })),
        (
            "LoginByAppSecret",
            json!({ "AcctId": center, "userName": user, "AppId": application, "AppSecret": secret, "lcid": "2052" }),
        ),
        ("LoginByAppSecret", json!({ "parameters": [center, user, application, secret, 2052] })),
        ("LoginBySign", json!({ "parameters": [center, user, application, now, sign, 2052] })),
    ] {
        let reply = client.post(&format!("AuthService.{service}"), &body).await;
        let cookies: Vec<_> =
            reply.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap().to_owned()).collect();
        let reply: Value = reply.json().await.unwrap();
        assert_eq!(reply["LoginResultType"], 1, "{service} {reply}");
        let session = reply["KDSVCSessionId"].as_str().unwrap();
        assert!(cookies[0].starts_with(&format!("kdservice-sessionid={session};")), "{cookies:?}");
        assert!(cookies[1].starts_with("ASP.NET_SessionId="), "{cookies:?}");
        let by_cookie = client.http.post(format!("{}{STUB}.{QUERY}.common.kdsvc", client.running.url));
        let by_cookie = by_cookie.header("cookie", format!("Theme=standard; kdservice-sessionid={session}"));
        let rows: Value = by_cookie.json(&a_user()).send().await.unwrap().json().await.unwrap();
        assert_eq!(rows, json!([[100_001]]));
    }
}

#[tokio::test]
async fn a_log_in_as_a_form_works_too() {
    let client = site(20, &[]).await;
    let fields: Vec<(&str, String)> =
        [("acctID", "data_center_id"), ("username", "username"), ("password", "password")]
            .map(|(name, key)| (name, client.login(key)))
            .into();
    let url = format!("{}{STUB}.AuthService.ValidateUser.common.kdsvc", client.running.url);
    let reply: Value = client.http.post(url).form(&fields).send().await.unwrap().json().await.unwrap();
    assert_eq!(reply["LoginResultType"], 1);
}

#[tokio::test]
async fn wrong_credentials_are_told_and_lock_the_user_after_five_tries() {
    let client = site(20, &[]).await;
    let (center, user) = (client.login("data_center_id"), client.login("username"));
    let application = client.login("application_id");
    let body = json!({ "parameters": [center, user, application, "wrong", 2052] });
    for _ in 0..4 {
        let reply = client.ask("AuthService.LoginByAppSecret", body.clone()).await;
        assert_eq!((&reply["LoginResultType"], &reply["MessageCode"]), (&json!(0), &json!("002005000003016")));
        assert_eq!(reply["KDSVCSessionId"], Value::Null);
    }
    let good = json!({ "parameters": [center, user, client.login("password"), 2052] });
    let locked = client.ask("AuthService.LoginByAppSecret", body.clone()).await;
    assert!(locked["Message"].as_str().unwrap().contains("次数超限"), "{locked}");
    // Locked is locked, whatever is right.
    let locked = client.ask("AuthService.ValidateUser", good.clone()).await;
    assert!(locked["Message"].as_str().unwrap().contains("30分钟"), "{locked}");

    // A good log-in in between begins the count anew.
    let client = site(20, &["lockout=2"]).await;
    for _ in 0..3 {
        let wrong = client.ask("AuthService.LoginByAppSecret", body.clone()).await;
        assert_eq!(wrong["MessageCode"], "002005000003016", "{wrong}");
        assert_eq!(client.ask("AuthService.ValidateUser", good.clone()).await["LoginResultType"], 1);
    }

    let client = site(20, &["lockout=1", "lockout-for=0s"]).await;
    client.ask("AuthService.LoginByAppSecret", body).await;
    assert_eq!(client.ask("AuthService.ValidateUser", good).await["LoginResultType"], 1, "the time is over");
}

#[tokio::test]
async fn a_wrong_data_center_a_refused_password_and_an_old_sign_are_no_bad_credentials() {
    let client = site(20, &["refuse-password", "clock=900"]).await;
    let (center, user, password) = (client.login("data_center_id"), client.login("username"), client.login("password"));
    let application = client.login("application_id");
    let other = json!({ "parameters": ["0000", user, application, client.login("application_secret"), 2052] });
    let by_password = json!({ "parameters": [center, user, password, 2052] });
    let now = epoch();
    let sign = sign::login_sign(&center, &user, &application, &client.login("application_secret"), &now.to_string());
    let old = json!({ "parameters": [center, user, application, now, sign, 2052] });
    for (service, body, part) in [
        ("LoginByAppSecret", other, "数据中心不存在"),
        ("ValidateUser", by_password, "不支持用户名密码"),
        ("LoginBySign", old, "时间戳"),
    ] {
        let reply = client.ask(&format!("AuthService.{service}"), body).await;
        assert_eq!(reply["LoginResultType"], 0);
        assert!(reply["Message"].as_str().unwrap().contains(part), "{reply}");
    }
}

#[tokio::test]
async fn the_data_centers_are_listed_without_a_session() {
    let client = site(20, &["data-center=abc"]).await;
    let url = format!(
        "{}Kingdee.BOS.ServiceFacade.ServicesStub.Account.AccountService.GetDataCenterList.common.kdsvc",
        client.running.url
    );
    let list: Value = client.http.post(url).json(&json!({})).send().await.unwrap().json().await.unwrap();
    assert_eq!(list[0]["Id"], "abc");
}

#[tokio::test]
async fn a_nag_is_a_success_whose_session_is_in_the_cookie_alone() {
    let client = site(20, &["nag"]).await;
    let body =
        json!({ "parameters": [client.login("data_center_id"), client.login("username"), client.login("password")] });
    let reply = client.post("AuthService.ValidateUser", &body).await;
    assert!(reply.headers().contains_key("set-cookie"));
    let reply: Value = reply.json().await.unwrap();
    assert_eq!((&reply["LoginResultType"], &reply["MessageCode"]), (&json!(1), &json!("CheckPasswordPolicy")));
    assert_eq!(reply["KDSVCSessionId"], Value::Null);
    let client = site(20, &["session-in=body"]).await;
    let reply = client.post("AuthService.ValidateUser", &body).await;
    assert!(!reply.headers().contains_key("set-cookie"));
    assert!(reply.json::<Value>().await.unwrap()["KDSVCSessionId"].is_string());
}

#[tokio::test]
async fn a_signed_call_needs_both_signatures_unless_the_first_is_skipped() {
    let client = site(20, &[]).await;
    let secret = client.login("application_secret");
    let reply = call(&client, signed(&client, epoch(), &secret, true)).await;
    assert!(reply.headers()["set-cookie"].to_str().unwrap().starts_with("kdservice-sessionid="));
    assert_eq!(reply.json::<Value>().await.unwrap(), json!([[100_001]]));
    assert_eq!(answered(&client, signed(&client, epoch(), "wrong", true)).await, "lost");
    assert_eq!(answered(&client, signed(&client, epoch(), &secret, false)).await, "lost");
    let private = site(20, &["skip-api-signature"]).await;
    assert_eq!(answered(&private, signed(&private, epoch(), &secret, false)).await, "rows");
    assert_eq!(answered(&private, signed(&private, epoch(), "wrong", false)).await, "lost");
    let other = site(20, &["data-center=6a77c0ffee0001"]).await;
    assert_eq!(answered(&other, signed(&other, epoch(), &secret, true)).await, "lost", "it is another data center's");
}

#[tokio::test]
async fn a_clock_that_is_off_is_refused_by_the_gateway_or_as_a_lost_session() {
    for (fault, at, wanted) in [
        ("clock=-600", epoch(), "519"),
        ("clock=600", epoch(), "519"),
        ("clock=600", epoch() + 600, "rows"),
        ("stale=lost", epoch() - 900, "lost"),
        ("tolerance=1000", epoch() - 900, "rows"),
    ] {
        let client = site(20, &[fault]).await;
        let headers = signed(&client, at, &client.login("application_secret"), true);
        assert_eq!(answered(&client, headers).await, wanted, "{fault}");
    }
    let client = site(20, &["clock=600"]).await;
    let headers = signed(&client, epoch(), &client.login("application_secret"), true);
    let reply: Value = call(&client, headers).await.json().await.unwrap();
    assert_eq!(reply["errcode"], 4006);
}

#[tokio::test]
async fn a_session_is_lost_after_its_time_and_signed_calls_stay_cold_for_a_while() {
    let client = open(20, &["session=0ms"]).await;
    assert_eq!(told(&client.users("").await), "会话信息已丢失，请重新登录");
    let client = site(20, &["session-lost=1", "sign-cooldown=60s"]).await;
    let secret = client.login("application_secret");
    let mut headers = signed(&client, epoch(), &secret, true);
    let reply = call(&client, headers.clone()).await;
    let session = reply.headers()["set-cookie"].to_str().unwrap().split([';', '=']).nth(1).unwrap().to_owned();
    assert_eq!(reply.status(), 200);
    headers.insert("kdservice-sessionid", session.parse().unwrap());
    for _ in 0..3 {
        assert_eq!(answered(&client, headers.clone()).await, "lost");
    }
}

#[tokio::test]
async fn without_a_session_queries_say_so_and_view_says_nothing() {
    let mut client = site(20, &[]).await;
    let query = client.users("").await;
    assert_eq!(query[0][0]["Result"]["ResponseStatus"]["MsgCode"], 1);
    let view = json!({ "formid": "SEC_User", "data": { "Id": 100_001 } });
    assert_eq!(client.form("View", view.clone()).await, json!({}));
    let saved = client.save("SEC_User", json!({ "Model": {} })).await;
    assert_eq!(saved["Result"]["ResponseStatus"]["MsgCode"], 1, "{saved}");
    client.log_in(1033).await;
    assert!(client.users("").await[0][0].is_i64());
    assert_eq!(client.ask("AuthService.Logout", json!({})).await, json!(true));
    assert_eq!(told(&client.users("").await), "会话信息已丢失，请重新登录");
    for (fault, wanted) in
        [("lost-shape=list", json!("会话信息已丢失，请重新登录")), ("lost-shape=object", Value::Null)]
    {
        let client = site(20, &[fault]).await;
        assert_eq!(client.users("").await[0]["Message"], wanted);
    }
    let client = site(20, &["lost-as-401", "view-lost=error"]).await;
    assert_eq!(client.post("DynamicFormService.View", &view).await.status(), 401);
}

#[tokio::test]
async fn a_session_can_be_lost_in_the_middle_and_comes_back_with_a_log_in() {
    let mut client = open(20, &["expire=2@DynamicForm"]).await;
    assert!(client.users("").await[0][0].is_i64());
    assert!(client.users("").await[0][0].is_i64());
    assert_eq!(told(&client.users("").await), "会话信息已丢失，请重新登录");
    assert_eq!(told(&client.users("").await), "会话信息已丢失，请重新登录");
    client.log_in(2052).await;
    assert!(client.users("").await[0][0].is_i64());
}

#[tokio::test]
async fn a_session_that_rotates_ends_with_every_reply() {
    let client = open(20, &["rotate-session"]).await;
    let reply = client.post(QUERY, &a_user()).await;
    let cookie = reply.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(!cookie.contains(&client.session));
    assert_eq!(told(&client.users("").await), "会话信息已丢失，请重新登录");
}

#[tokio::test]
async fn no_secret_is_in_the_record_of_requests() {
    let client = open(20, &[]).await;
    client.users("").await;
    let seen = serde_json::to_string(&client.running.seen.all()).unwrap();
    assert!(seen.contains("LoginByAppSecret") && seen.contains("***"));
    for secret in [client.login("application_secret"), client.session.clone()] {
        assert!(!seen.contains(&secret), "{secret}");
    }
    assert_eq!(client.running.seen.stats().writes, 0, "a log-in and a query change nothing");
}

#[tokio::test]
async fn http_2_a_wrong_path_and_a_wrong_method_meet_the_web_server() {
    let client = site(20, &[]).await;
    let url = format!("{}{STUB}.{QUERY}.common.kdsvc", client.running.url);
    let upgrade =
        client.http.post(&url).header("upgrade", "h2c").header("connection", "Upgrade").timeout(Duration::from_secs(9));
    assert_eq!(upgrade.send().await.unwrap().status(), 502);
    assert_eq!(client.http.get(&url).send().await.unwrap().status(), 405);
    let reply = client.http.post(format!("{}x.common.kdsvc", client.running.url)).send().await.unwrap();
    assert_eq!(reply.status(), 404);
    assert!(reply.text().await.unwrap().contains("XHTML"));
}
