//! The log-ins.

use super::*;
use crate::connectors::{Login, LoginInput, LoginNext, Pass};
use crate::secret::Secret;

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
