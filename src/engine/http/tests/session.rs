//! Signing in by a conversation, over the loopback.

use super::*;
use crate::config::ClientAuth;
use crate::connectors::{LoginInput, LoginNext, LoginRequest, Pass};
use crate::plan::{Evidence, Finding};

/// A service that forgets us at status 200, as Kingdee does, and hands out a cookie.
struct Words;

const LOST: &str = "{\"lost\":true}";

impl Login for Words {
    fn next(&mut self, input: LoginInput<'_>, _: i64) -> LoginNext {
        match input {
            LoginInput::Start => LoginNext::Ask(LoginRequest {
                method: Method::Post,
                to: "/login".into(),
                headers: Vec::new(),
                body: Some(("application/json".into(), Secret::new("{\"secret\":\"k1ngd33-secret\"}"))),
            }),
            LoginInput::Reply(reply) if reply.ok() => LoginNext::Ready(pass(reply)),
            LoginInput::Reply(reply) => LoginNext::Denied(format!("status {} for k1ngd33-secret", reply.status)),
        }
    }

    fn lost(&self, reply: &Reply) -> bool {
        reply.body == LOST
    }

    fn renewed(&mut self, reply: &Reply) -> Option<Pass> {
        reply.header("set-cookie").map(|_| pass(reply))
    }

    fn sign(&self, request: &Request, path: &str, _: i64) -> Vec<(String, Secret)> {
        vec![("x-signature".into(), Secret::new(format!("{}|{path}", request.method)))]
    }
}

fn pass(reply: &Reply) -> Pass {
    let cookie = reply.header("set-cookie").unwrap_or("sid=none");
    let who = Evidence { what: "sign-in".into(), finding: Finding::Good, detail: "as lena".into() };
    Pass { headers: vec![("cookie".into(), Secret::new(cookie))], seconds: None, evidence: vec![who] }
}

fn words(url: &str) -> Client {
    let mut options = Options::new("erp", url, Auth::None, Rate { per_second: 1e6, burst: 1000, parallel: 8 });
    options.first_pause = Duration::from_millis(1);
    let secret = Source::Given(Secret::new("k1ngd33-secret"));
    options.own_secrets.insert("application_secret".into(), secret);
    Client::with_login(&options, |own| {
        assert_eq!(own["application_secret"].expose(), "k1ngd33-secret");
        Some(Box::new(Words))
    })
    .unwrap()
}

fn welcome(cookie: &str) -> Vec<u8> {
    reply(200, &format!("set-cookie: {cookie}\r\ncontent-type: application/json\r\n"), b"{}")
}

fn count(service: &super::super::super::stand::Stand, start: &str) -> usize {
    service.seen().iter().filter(|text| text.starts_with(start)).count()
}

#[tokio::test]
async fn many_requests_wait_for_one_sign_in_and_all_carry_what_it_brought() {
    let service =
        stand(|_, text| if text.starts_with("POST /login") { welcome("sid=0123456789ab") } else { json("[]") }).await;
    let client = words(&service.url);
    let reads: Vec<_> = (0..20).map(|at| get(&format!("/x/{at}"))).collect();
    for read in futures_util::future::join_all(reads.iter().map(|read| client.read(read))).await {
        assert_eq!(read.unwrap().status, 200);
    }
    assert_eq!((count(&service, "POST /login"), count(&service, "GET /x")), (1, 20));
    for seen in service.seen().iter().filter(|text| text.starts_with("GET")) {
        let path = seen.split(' ').nth(1).unwrap();
        assert!(seen.contains("cookie: sid=0123456789ab\r\n"), "{seen}");
        assert!(seen.contains(&format!("x-signature: GET|{path}\r\n")), "{seen}");
    }
    assert_eq!(client.requests(), 21, "the sign-in counts");
    assert_eq!(client.login_evidence()[0].detail, "as lena");
    assert_eq!(client.recent().iter().filter(|sent| sent.target == "/login").count(), 1);
}

#[tokio::test]
async fn a_session_that_is_lost_is_renewed_and_the_read_repeated_once() {
    let service = stand(|number, text| match number {
        _ if text.starts_with("POST /login") => welcome(&format!("sid={number}")),
        1 => json("[1]"),
        2 => json(LOST),
        _ => json("[2]"),
    })
    .await;
    let client = words(&service.url);
    client.read(&get("/a")).await.unwrap();
    assert_eq!(&client.read(&get("/b")).await.unwrap().body[..], b"[2]");
    let firsts: Vec<String> = service.seen().iter().map(|text| text[..11].to_owned()).collect();
    assert_eq!(firsts, ["POST /login", "GET /a HTTP", "GET /b HTTP", "POST /login", "GET /b HTTP"]);
    assert!(service.seen()[4].contains("cookie: sid=3\r\n"));
}

#[tokio::test]
async fn what_is_lost_right_after_a_sign_in_was_not_granted_and_is_not_asked_for_in_a_circle() {
    let service = stand(|_, text| if text.starts_with("POST /login") { welcome("sid=1") } else { json(LOST) }).await;
    let client = words(&service.url);
    for _ in 0..5 {
        let fault = client.read(&get("/a")).await.unwrap_err();
        assert_eq!(fault.trouble().word, "auth");
        assert!(fault.to_string().contains("access was not granted"), "{fault}");
    }
    assert_eq!(count(&service, "POST /login"), 1);
}

#[tokio::test]
async fn one_place_that_is_never_granted_does_not_make_us_sign_in_for_ever() {
    let service = stand(|_, text| match text {
        _ if text.starts_with("POST /login") => welcome("sid=1"),
        _ if text.starts_with("GET /never") => json(LOST),
        _ => json("[]"),
    })
    .await;
    let client = words(&service.url);
    for _ in 0..10 {
        client.read(&get("/good")).await.unwrap();
        assert_eq!(word(client.read(&get("/never")).await), "auth");
    }
    assert_eq!(count(&service, "POST /login"), 1 + 3);
}

#[tokio::test]
async fn a_denied_sign_in_is_made_once_and_again_only_when_the_operator_wants_it() {
    let service = stand(|_, _| reply(403, "", b"locked")).await;
    let client = words(&service.url);
    let reads: Vec<_> = (0..5).map(|at| get(&format!("/x/{at}"))).collect();
    for read in futures_util::future::join_all(reads.iter().map(|read| client.read(read))).await {
        let fault = read.unwrap_err();
        assert_eq!(fault.trouble().word, "auth");
        assert!(fault.to_string().contains("not tried again by itself"), "{fault}");
        assert!(!fault.to_string().contains("k1ngd33"), "{fault}");
    }
    client.try_again();
    assert!(client.write(create(), &receipt()).await.unwrap_err().not_sent());
    assert_eq!(service.seen().len(), 1);
    client.sign_in_again();
    let _ = client.read(&get("/x")).await;
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test]
async fn those_who_waited_for_a_sign_in_that_failed_do_not_each_try_it_again() {
    let service = stand(|_, _| reply(503, "", b"")).await;
    let client = words(&service.url);
    let reads: Vec<_> = (0..5).map(|at| get(&format!("/x/{at}"))).collect();
    for read in futures_util::future::join_all(reads.iter().map(|read| client.read(read))).await {
        assert_eq!(word(read), "busy");
    }
    assert_eq!(service.seen().len(), 3, "tried three times, by one of them");
    let _ = client.read(&get("/x")).await;
    assert_eq!(service.seen().len(), 6, "a later one tries anew");
}

#[tokio::test]
async fn a_write_whose_session_was_lost_is_never_sent_again_where_nobody_can_tell() {
    let service = stand(|_, text| match text {
        _ if text.starts_with("POST /login") => welcome("sid=1"),
        _ if text.starts_with("POST /Users") => json(LOST),
        _ => json("[]"),
    })
    .await;
    let client = words(&service.url);
    client.read(&get("/a")).await.unwrap();
    let fault = client.write(create(), &receipt()).await.unwrap_err();
    assert!(matches!(&fault, Fault::Lost(trouble) if trouble.word == "session"), "{fault:?}");
    client.read(&get("/look")).await.unwrap();
    assert_eq!((count(&service, "POST /Users"), count(&service, "POST /login")), (1, 2));
}

#[tokio::test]
async fn a_cookie_that_a_reply_brings_is_the_one_that_is_sent_next() {
    let service = stand(|number, _| welcome(&format!("sid=turn-{number}"))).await;
    let client = words(&service.url);
    client.read(&get("/a")).await.unwrap();
    client.read(&get("/b")).await.unwrap();
    assert!(
        service.seen()[1].contains("cookie: sid=turn-0\r\n") && service.seen()[2].contains("cookie: sid=turn-1\r\n")
    );
}

#[tokio::test]
async fn neither_the_secret_nor_the_session_is_shown_anywhere() {
    let service = stand(|number, text| match number {
        _ if text.starts_with("POST /login") => welcome("sid=0123456789abcdef; path=/"),
        1 => json("{}"),
        _ => Vec::new(),
    })
    .await;
    let client = words(&service.url);
    let request = get("/x/k1ngd33-secret/0123456789abcdef");
    client.read(&request).await.unwrap();
    let fault = client.write(Request { method: Method::Put, ..request }, &receipt()).await.unwrap_err();
    let shown = format!("{client:?} {:?} {fault:?}", client.recent());
    assert!(!shown.contains("k1ngd33") && !shown.contains("0123456789abcdef"), "{shown}");
    assert!(shown.contains("/x/***/***"), "{shown}");
}

fn oauth(url: &str, token_url: &str, client_auth: ClientAuth) -> Client {
    let auth = Auth::OAuth2 {
        token_url: token_url.to_owned(),
        client_id: "me:too".into(),
        client_secret: Source::Given(Secret::new("s3cr3t+client")),
        scope: Some("scim".into()),
        client_auth,
    };
    let mut options = Options::new("star", url, auth, Rate { per_second: 1e6, burst: 1000, parallel: 8 });
    options.first_pause = Duration::from_millis(1);
    Client::new(&options).unwrap()
}

fn token(text: &str, seconds: &str) -> Vec<u8> {
    json(&format!("{{\"access_token\":\"{text}\",\"token_type\":\"BEARER\"{seconds}}}"))
}

#[tokio::test]
async fn a_token_of_another_host_goes_on_every_request_and_its_secret_only_there() {
    let gate = stand(|_, _| token("tok-0123456789", ",\"expires_in\":3600")).await;
    let service = stand(|_, _| json("{}")).await;
    let client = oauth(&service.url, &format!("{}/token", gate.url), ClientAuth::Basic);
    client.read(&get("/Users")).await.unwrap();
    client.write(create(), &receipt()).await.unwrap();
    assert_eq!(gate.seen().len(), 1);
    let asked = &gate.seen()[0];
    // base64("me%3Atoo:s3cr3t%2Bclient")
    assert!(asked.contains("authorization: Basic bWUlM0F0b286czNjcjN0JTJCY2xpZW50\r\n"), "{asked}");
    assert!(asked.ends_with("grant_type=client_credentials&scope=scim"), "{asked}");
    for seen in service.seen() {
        assert!(seen.contains("authorization: Bearer tok-0123456789\r\n"), "{seen}");
    }
    let shown = format!("{client:?} {:?}", client.recent());
    assert!(shown.contains("/token") && !shown.contains("s3cr3t") && !shown.contains("tok-01"), "{shown}");
}

#[tokio::test]
async fn a_refused_header_is_tried_as_a_form_and_the_form_is_kept_for_the_next_time() {
    let gate = stand(|_, text| {
        if text.contains("client_secret=") {
            token("t", ",\"expires_in\":\"0\"")
        } else {
            reply(401, "content-type: application/json\r\n", b"{\"error\":\"invalid_client\"}")
        }
    })
    .await;
    let service = stand(|number, _| if number == 1 { reply(401, "", b"") } else { json("{}") }).await;
    let client = oauth(&service.url, &gate.url, ClientAuth::Basic);
    client.read(&get("/Users")).await.unwrap();
    client.read(&get("/Users")).await.unwrap();
    let ways: Vec<bool> = gate.seen().iter().map(|text| text.contains("client_secret=s3cr3t%2Bclient")).collect();
    assert_eq!(ways, [false, true, true]);
    let form = stand(|_, _| reply(401, "", b"{\"error\":\"invalid_client\"}")).await;
    assert_eq!(word(oauth(&service.url, &form.url, ClientAuth::Form).read(&get("/Users")).await), "auth");
    assert_eq!(form.seen().len(), 1);
}

#[tokio::test]
async fn a_write_that_is_refused_for_its_token_is_sent_once_more_with_a_new_one() {
    let gate = stand(|number, _| token(&format!("t{number}"), "")).await;
    let service = stand(|number, _| match number {
        0 => json("{}"),
        1 => reply(401, "", b""),
        _ => reply(201, "", b"{}"),
    })
    .await;
    let client = oauth(&service.url, &gate.url, ClientAuth::Basic);
    client.read(&get("/Users")).await.unwrap();
    assert_eq!(client.write(create(), &receipt()).await.unwrap().status, 201);
    assert!(service.seen()[2].contains("Bearer t1\r\n"));
    assert_eq!(client.denied(), None);
    let never = stand(|number, _| if number == 0 { json("{}") } else { reply(401, "", b"") }).await;
    let client = oauth(&never.url, &gate.url, ClientAuth::Basic);
    client.read(&get("/Users")).await.unwrap();
    assert_eq!(client.write(create(), &receipt()).await.unwrap().status, 401);
    assert_eq!(never.seen().len(), 3, "once more, and that is all");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let gate = stand(|number, _| token(&format!("t{number}"), ",\"expires_in\":1")).await;
    let service = stand(|_, _| json("{}")).await;
    let client = oauth(&service.url, &gate.url, ClientAuth::Basic);
    client.read(&get("/Users")).await.unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while gate.seen().len() < 2 {
        assert!(Instant::now() < until, "the token was never renewed");
        client.read(&get("/Users")).await.unwrap();
    }
    assert!(service.seen().last().unwrap().contains("Bearer t1\r\n"));
    assert_eq!(client.denied(), None);
}

#[tokio::test]
async fn what_a_token_endpoint_can_get_wrong_is_told_and_not_asked_for_again() {
    let cases: [(Vec<u8>, &str, &str); 6] = [
        (json("<html>sign in</html>"), "auth", "is token_url right"),
        (json("{\"token_type\":\"bearer\"}"), "auth", "no access_token"),
        (json("{\"access_token\":\"x\",\"token_type\":\"mac\"}"), "auth", "only bearer"),
        (json("{\"access_token\":\"a\\nb\"}"), "auth", "cannot be sent"),
        (
            reply(400, "", b"{\"error\":\"invalid_scope\",\"error_description\":\"no s3cr3t+client\"}"),
            "auth",
            "invalid_scope: \"no ***\"",
        ),
        (reply(500, "", b"oops"), "login", "status 500"),
    ];
    for (answer, want, said) in cases {
        let gate = stand(move |_, _| answer.clone()).await;
        let client = oauth(&gate.url, &format!("{}/token", gate.url), ClientAuth::Basic);
        let fault = client.read(&get("/Users")).await.unwrap_err();
        assert_eq!(fault.trouble().word, want, "{fault}");
        assert!(fault.to_string().contains(said), "{said}: {fault}");
        let _ = client.read(&get("/Users")).await;
        assert_eq!(gate.seen().len(), if want == "auth" { 1 } else { 2 }, "{fault}");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_shows_the_secret_to_everybody_is_refused() {
    let client = oauth("https://a.example", "http://login.example/token", ClientAuth::Basic);
    let fault = client.read(&get("/Users")).await.unwrap_err();
    assert!(fault.to_string().contains("plain http is refused"), "{fault}");
    assert!(client.recent().is_empty());
}

#[tokio::test]
async fn a_cookie_that_a_write_is_answered_with_once_more_is_what_the_session_goes_on_with() {
    let service = stand(|_, text| {
        if text.starts_with("POST /login") {
            welcome("sid=abcdefghijklmnop")
        } else {
            welcome("sid=abcdefghijklmnop; path=/")
        }
    })
    .await;
    let client = words(&service.url);
    let told = client.write(create(), &receipt()).await.unwrap();
    assert!(!format!("{told:?}").contains("abcdefghijklmnop"), "{told:?}");
    client.read(&get("/Users")).await.unwrap();
    let seen = service.seen();
    assert!(seen.last().unwrap().contains("cookie: sid=abcdefghijklmnop"), "{seen:?}");
}

#[tokio::test]
async fn a_good_answer_that_repeats_the_session_is_taken_in_without_it() {
    let service = stand(|_, text| {
        if text.starts_with("POST /login") {
            welcome("sid=abcdefghijklmnop")
        } else {
            json("{\"got\":\"sid=abcdefghijklmnop k1ngd33-secret\"}")
        }
    })
    .await;
    let client = words(&service.url);
    let told = client.read(&get("/Users")).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&told.body), "{\"got\":\"sid=*** ***\"}");
}
