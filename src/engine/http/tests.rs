#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::super::stand::{json, reply, stand};
use super::*;
use crate::mapping::Rate;
use crate::plan::Body;
use crate::plan::Repeat;
use crate::secret::Source;
use std::path::PathBuf;

mod session;

/// `{"Resources":["aaa…"]}` with 3,000 letters, compressed.
const ZIPPED: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 10, 74, 45, 206, 47, 45, 74, 78, 45, 86, 178, 138, 86, 74, 28, 5, 163,
    96, 20, 140, 130, 81, 48, 10, 70, 193, 40, 24, 5, 163, 96, 20, 12, 122, 160, 20, 91, 11, 0, 10, 108, 225, 26, 202,
    11, 0, 0,
];

const TOKEN: &str = "s3cr3t-token";

fn get(path: &str) -> Request {
    Request::get(path)
}

fn create() -> Request {
    let body = Body::Json { json: serde_json::json!({"userName": "lena"}), media: "application/scim+json".into() };
    Request::new(Method::Post, "/Users", body, Repeat::LookFirst)
}

fn receipt() -> Receipt {
    Receipt { entry: 1, step: crate::plan::StepId("p/1".into()), warrant: crate::store::Warrant::default() }
}

fn word(outcome: Result<Reply, Fault>) -> &'static str {
    outcome.expect_err("a fault").trouble().word
}

#[tokio::test]
async fn a_read_carries_the_key_and_says_who_we_are() {
    let service = stand(|_, _| json("{}")).await;
    let client = Client::quick(&service.url, TOKEN);
    let reply = client.read(&get("/Users").query("filter", "a eq \"b\"")).await.unwrap();
    assert_eq!((reply.status, &reply.body[..]), (200, &b"{}"[..]));
    let seen = &service.seen()[0];
    assert!(seen.starts_with("GET /Users?filter=a%20eq%20%22b%22 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("authorization: Bearer s3cr3t-token\r\n"), "{seen}");
    assert!(seen.contains(concat!("user-agent: trueup/", env!("CARGO_PKG_VERSION"), "\r\n")), "{seen}");
}

#[tokio::test]
async fn the_text_of_an_error_that_stands_in_the_status_line_is_kept() {
    let service = stand(|number, _| {
        let line = ["409 UserName already exists", "409 Conflict", "200 Whatever"][number.min(2)];
        format!("HTTP/1.1 {line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").into_bytes()
    })
    .await;
    let client = Client::quick(&service.url, TOKEN);
    for said in [Some("UserName already exists"), None, None] {
        let reply = client.read(&get("/users")).await.unwrap();
        assert_eq!(reply.header(crate::plan::REASON_PHRASE), said, "{}", reply.status);
    }
}

#[tokio::test]
async fn a_redirect_off_the_host_is_refused_and_the_key_stays_here() {
    let elsewhere = stand(|_, _| json("{}")).await;
    let to = format!("location: {}/x\r\n", elsewhere.url);
    let service = stand(move |_, _| reply(302, &to, b"")).await;
    let fault = Client::quick(&service.url, TOKEN).read(&get("/Users")).await.unwrap_err();
    assert_eq!(fault.trouble().word, "redirect");
    assert!(fault.to_string().contains("hr: ") && fault.to_string().contains("check the url"), "{fault}");
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_on_the_host_is_followed_for_a_read_but_not_in_a_circle() {
    let service = stand(|number, _| match number {
        0 => reply(307, "location: /v2/Users?x=1\r\n", b""),
        _ => json("{}"),
    })
    .await;
    Client::quick(&service.url, TOKEN).read(&get("/Users")).await.unwrap();
    assert!(service.seen()[1].starts_with("GET /v2/Users?x=1 "));
    let circle = stand(|_, _| reply(302, "location: /Users\r\n", b"")).await;
    assert_eq!(word(Client::quick(&circle.url, TOKEN).read(&get("/Users")).await), "redirect");
}

#[tokio::test]
async fn a_redirect_of_a_write_is_not_followed() {
    let service = stand(|_, _| reply(307, "location: /v2/Users\r\n", b"")).await;
    let answer = Client::quick(&service.url, TOKEN).write(create(), &receipt()).await.unwrap();
    assert_eq!((answer.status, service.seen().len()), (307, 1));
}

#[tokio::test]
async fn a_compressed_reply_is_decompressed_and_counted_so() {
    let service = stand(|_, text| {
        assert!(text.contains("accept-encoding: gzip"), "{text}");
        reply(200, "content-encoding: gzip\r\ncontent-type: application/json\r\n", ZIPPED)
    })
    .await;
    let client = Client::quick(&service.url, TOKEN);
    let answer = client.read(&get("/Users")).await.unwrap();
    assert_eq!(answer.body.len(), 3000 + 18);
    assert_eq!(client.recent()[0].bytes, 3018);
}

#[tokio::test]
async fn a_reply_that_is_too_large_is_given_up_also_when_it_is_small_on_the_wire() {
    let service =
        stand(|_, _| reply(200, "content-encoding: gzip\r\ncontent-type: application/json\r\n", ZIPPED)).await;
    let mut options = Options::new("hr", &service.url, Auth::None, Rate { per_second: 1e6, burst: 9, parallel: 1 });
    options.body_limit = 3017;
    assert!(ZIPPED.len() < 3017);
    let fault = Client::new(&options).unwrap().read(&get("/Users")).await.unwrap_err();
    assert_eq!(fault.trouble().word, "size");
    assert_eq!(service.seen().len(), 1, "there is no use in asking again");
    options.body_limit = 3018;
    Client::new(&options).unwrap().read(&get("/Users")).await.unwrap();
}

#[tokio::test]
async fn a_body_that_breaks_off_is_read_again() {
    let service = stand(|number, _| {
        let mut whole = json("{\"totalResults\":0}");
        whole.truncate(whole.len() - if number < 2 { 5 } else { 0 });
        whole
    })
    .await;
    let client = Client::quick(&service.url, TOKEN);
    assert_eq!(&client.read(&get("/Users")).await.unwrap().body[..], b"{\"totalResults\":0}");
    assert_eq!(client.recent().iter().map(|sent| sent.attempt).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(client.recent()[0].fault.as_ref().unwrap().contains("broke off"));
}

#[tokio::test]
async fn json_that_ends_in_the_middle_is_read_again() {
    let service = stand(|number, _| json(if number == 0 { "{\"Resources\":[{}" } else { "{}" })).await;
    Client::quick(&service.url, TOKEN).read(&get("/Users")).await.unwrap();
    assert_eq!(service.seen().len(), 2);
}

#[tokio::test]
async fn a_read_is_sent_five_times_at_most_and_the_last_reply_stands() {
    let service = stand(|_, _| reply(503, "", b"busy")).await;
    assert_eq!(Client::quick(&service.url, TOKEN).read(&get("/Users")).await.unwrap().status, 503);
    assert_eq!(service.seen().len(), 5);
}

#[tokio::test]
async fn other_refusals_are_not_asked_again() {
    for status in [400, 401, 403, 404, 409, 501] {
        let service = stand(move |_, _| reply(status, "", b"")).await;
        let client = Client::quick(&service.url, TOKEN);
        assert_eq!(client.read(&get("/Users")).await.unwrap().status, status);
        assert_eq!(service.seen().len(), 1);
        assert_eq!(client.denied(), matches!(status, 401 | 403).then_some(status));
    }
}

#[tokio::test]
async fn a_status_is_asked_again_where_the_mapping_says_that_it_means_busy_and_nowhere_else() {
    let service = || stand(|number, _| if number < 2 { reply(406, "", b"") } else { json("{}") });
    let there = service().await;
    let rate = Rate { per_second: 1_000_000.0, burst: 1000, parallel: 8 };
    let mut options = Options::new("star", &there.url, Auth::Bearer(Source::Given(Secret::new(TOKEN))), rate);
    options.first_pause = Duration::from_millis(1);
    options.busy = vec![(406, 4)];
    assert!(Client::new(&options).unwrap().read(&get("/Users")).await.unwrap().ok());
    assert_eq!(there.seen().len(), 3);
    let elsewhere = service().await;
    assert_eq!(Client::quick(&elsewhere.url, TOKEN).read(&get("/Users")).await.unwrap().status, 406);
    assert_eq!(elsewhere.seen().len(), 1);
    let down = stand(|_, _| reply(406, "", b"")).await;
    options.url.clone_from(&down.url);
    assert_eq!(Client::new(&options).unwrap().read(&get("/Users")).await.unwrap().status, 406);
    assert_eq!(down.seen().len(), 4, "a service that means it says so four times");
}

#[tokio::test]
async fn too_many_with_seconds_is_waited_out() {
    let service = stand(|number, _| if number == 0 { reply(429, "retry-after: 1\r\n", b"") } else { json("{}") }).await;
    let began = Instant::now();
    let client = Client::quick(&service.url, TOKEN);
    client.read(&get("/Users")).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(990), "{:?}", began.elapsed());
    assert!(client.budget().per_second < 1e6, "the rate was not lowered");
}

#[tokio::test]
async fn too_many_with_a_date_is_waited_out() {
    let began = Instant::now();
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let header = format!("retry-after: {date}\r\n");
    let service = stand(move |number, _| if number == 0 { reply(429, &header, b"") } else { json("{}") }).await;
    Client::quick(&service.url, TOKEN).read(&get("/Users")).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(990), "{:?}", began.elapsed());
}

#[tokio::test]
async fn too_many_as_an_outage_in_words_is_waited_out_for_the_window_and_another_outage_is_not() {
    let options = |url: &str| {
        let rate = Rate { per_second: 1_000_000.0, burst: 1000, parallel: 8 };
        let mut options = Options::new("litmos", url, Auth::Bearer(Source::Given(Secret::new(TOKEN))), rate);
        options.first_pause = Duration::from_millis(1);
        options.window = Some(Duration::from_millis(400));
        options
    };
    const SAID: &[u8] = b"{\"Detail\":\"The API rating limit has been exceeded.\"}";
    let service = stand(|number, _| if number == 0 { reply(503, "", SAID) } else { json("{}") }).await;
    let client = Client::new(&options(&service.url)).unwrap();
    let began = Instant::now();
    assert!(client.read(&get("/users")).await.unwrap().ok());
    assert!(began.elapsed() >= Duration::from_millis(390), "{:?}", began.elapsed());
    assert!(client.budget().per_second < 1e6, "the rate was not lowered");
    // Turned away, so nothing was done, and the wait is short enough.
    let service = stand(|number, _| if number == 0 { reply(503, "", SAID) } else { reply(201, "", b"") }).await;
    let answer = Client::new(&options(&service.url)).unwrap().write(create(), &receipt()).await.unwrap();
    assert_eq!((answer.status, service.seen().len()), (201, 2));
    let down = stand(|_, _| reply(503, "", b"Service Unavailable")).await;
    let answer = Client::new(&options(&down.url)).unwrap().write(create(), &receipt()).await.unwrap();
    assert_eq!((answer.status, down.seen().len()), (503, 1), "an outage says nothing of what was done");
}

#[tokio::test]
async fn a_secret_goes_into_a_body_when_it_is_sent_and_nowhere_else() {
    use crate::plan::SecretAt;
    let service = stand(|_, _| reply(400, "", b"the password hunter2-hunter2 is too weak")).await;
    let rate = Rate { per_second: 1_000_000.0, burst: 1000, parallel: 8 };
    let mut options = Options::new("litmos", &service.url, Auth::None, rate);
    options.own_secrets.insert("new_password".into(), Source::Given(Secret::new("hunter2-hunter2")));
    let client = Client::new(&options).unwrap();
    let body = serde_json::json!({"title": "{{new_password}} ***", "Password": "***"});
    let body = Body::Json { json: body, media: "application/json".into() };
    let mut request = Request::new(Method::Post, "/users", body, Repeat::LookFirst);
    request.secrets = vec![SecretAt { at: "/Password".into(), name: "new_password".into() }];
    let answer = client.write(request.clone(), &receipt()).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (400, &b"the password *** is too weak"[..]));
    let sent = service.seen().remove(0);
    assert!(sent.ends_with(r#"{"title":"{{new_password}} ***","Password":"hunter2-hunter2"}"#), "{sent}");
    assert!(!format!("{request:?} {:?} {client:?}", client.recent()).contains("hunter2"));
    request.secrets[0].name = "other".into();
    assert_eq!(word(client.write(request, &receipt()).await), "secret");
    assert_eq!(service.seen().len(), 1, "nothing is sent without it");
}

#[tokio::test]
async fn too_many_without_a_word_is_asked_again_and_an_hour_is_not_waited_for() {
    let service = stand(|number, _| if number < 3 { reply(429, "", b"") } else { json("{}") }).await;
    Client::quick(&service.url, TOKEN).read(&get("/Users")).await.unwrap();
    assert_eq!(service.seen().len(), 4);
    let hour = stand(|_, _| reply(429, "retry-after: 3600\r\n", b"")).await;
    let client = Client::quick(&hour.url, TOKEN);
    assert_eq!(client.read(&get("/Users")).await.unwrap().status, 429);
    assert!(client.budget().wait > 3500.0, "the operator sees until when");
    assert_eq!(word(client.read(&get("/Users")).await), "busy", "it would hang for an hour");
    assert_eq!(hour.seen().len(), 1);
}

#[tokio::test]
async fn a_write_whose_reply_is_lost_is_sent_once() {
    let service = stand(|_, _| Vec::new()).await;
    let client = Client::quick(&service.url, TOKEN);
    let fault = client.write(create(), &receipt()).await.unwrap_err();
    assert!(matches!(fault, Fault::Lost(_)), "{fault:?}");
    // A read afterwards proves that nothing was sent meanwhile.
    let _ = client.read(&get("/Users")).await;
    assert_eq!(service.seen().iter().filter(|text| text.starts_with("POST")).count(), 1);
}

#[tokio::test]
async fn a_write_that_is_answered_with_an_error_of_the_server_is_sent_once() {
    let service = stand(|_, _| reply(503, "", b"")).await;
    assert_eq!(Client::quick(&service.url, TOKEN).write(create(), &receipt()).await.unwrap().status, 503);
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test]
async fn a_write_whose_reply_breaks_off_is_lost() {
    let service = stand(|_, _| {
        let mut whole = reply(201, "content-type: application/json\r\n", b"{\"id\":\"1\"}");
        whole.truncate(whole.len() - 3);
        whole
    })
    .await;
    let fault = Client::quick(&service.url, TOKEN).write(create(), &receipt()).await.unwrap_err();
    assert!(matches!(fault, Fault::Lost(_)) && fault.to_string().contains("201"), "{fault:?}");
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test]
async fn a_write_that_was_turned_away_or_never_left_is_sent_again() {
    let service = stand(|number, _| if number == 0 { reply(429, "", b"") } else { reply(201, "", b"") }).await;
    let client = Client::quick(&service.url, TOKEN);
    assert_eq!(client.write(create(), &receipt()).await.unwrap().status, 201);
    assert_eq!(service.seen().len(), 2);
    let nobody = Client::quick(&nobody_listens().await, TOKEN);
    let fault = nobody.write(create(), &receipt()).await.unwrap_err();
    assert!(matches!(fault, Fault::NotSent(_)), "{fault:?}");
    assert_eq!(nobody.recent().len(), 3);
}

#[tokio::test]
async fn a_write_goes_on_when_whoever_waited_for_it_is_gone() {
    let service = stand(|_, _| reply(201, "", b"")).await;
    let client = Client::quick(&service.url, TOKEN);
    {
        let mut write = std::pin::pin!(client.write(create(), &receipt()));
        assert!(futures_util::poll!(&mut write).is_pending());
    }
    let arrived = async {
        while client.recent().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), arrived).await.expect("the write was called back");
    assert_eq!((client.recent()[0].status, service.seen().len()), (Some(201), 1));
}

#[tokio::test]
async fn a_write_cannot_leave_as_a_read() {
    let service = stand(|_, _| json("{}")).await;
    let client = Client::quick(&service.url, TOKEN);
    assert_eq!(word(client.read(&create()).await), "internal");
    let put = Request::new(Method::Put, "/Users/1", Body::None, Repeat::Safe);
    assert_eq!(word(client.read(&put).await), "internal");
    assert!(service.seen().is_empty());
}

async fn nobody_listens() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_service_that_is_down_is_told_so_and_then_left_alone_for_a_while() {
    let client = Client::quick(&nobody_listens().await, TOKEN);
    let fault = client.read(&get("/Users")).await.unwrap_err();
    assert_eq!(fault.trouble().word, "down");
    assert!(fault.to_string().starts_with("hr: 127.0.0.1 refuses connections"), "{fault}");
    let _ = client.read(&get("/Users")).await;
    let sent = client.requests();
    let fault = client.read(&get("/Users")).await.unwrap_err();
    assert!(fault.to_string().contains("tried again in 15 s"), "{fault}");
    assert_eq!(client.requests(), sent, "the breaker is not open");
    client.try_again();
    let _ = client.read(&get("/Users")).await;
    assert!(client.requests() > sent);
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_told_so() {
    let options =
        Options::new("hr", "https://no-such-host.invalid", Auth::None, Rate { per_second: 1e6, burst: 9, parallel: 1 });
    let fault = Client::new(&options).unwrap().read(&get("/Users")).await.unwrap_err();
    assert_eq!(fault.trouble().word, "dns", "{fault}");
}

#[tokio::test]
async fn a_service_without_tls_where_tls_should_be_is_told_so() {
    let service = stand(|_, _| json("{}")).await;
    let url = service.url.replace("http://", "https://");
    let options = Options::new("hr", url, Auth::None, Rate { per_second: 1e6, burst: 9, parallel: 1 });
    // The bytes of a TLS greeting have no end of headers: the stand waits until it has seen enough, and then it closes.
    let mut options = options;
    options.timeouts.connect = Duration::from_millis(300);
    let fault = Client::new(&options).unwrap().read(&get("/Users")).await.unwrap_err();
    assert!(matches!(fault, Fault::NotSent(_)), "{fault:?}");
}

#[tokio::test]
async fn a_web_page_instead_of_data_is_told_so() {
    let service = stand(|_, _| reply(200, "content-type: text/html\r\n", b"\n<!doctype html><title>Sign in")).await;
    let fault = Client::quick(&service.url, TOKEN).read(&get("/scim/Users?token=abc")).await.unwrap_err();
    assert_eq!(fault.trouble().word, "html");
    assert!(fault.to_string().contains("a web page instead of data") && !fault.to_string().contains("abc"), "{fault}");
}

#[tokio::test]
async fn a_silent_service_is_given_up_and_for_a_write_nobody_knows() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            held.push(socket);
        }
    });
    let mut options = Options::new("hr", url, Auth::None, Rate { per_second: 1e6, burst: 9, parallel: 1 });
    options.timeouts.read = Duration::from_millis(50);
    let client = Client::new(&options).unwrap();
    let fault = client.write(create(), &receipt()).await.unwrap_err();
    assert!(matches!(&fault, Fault::Lost(trouble) if trouble.word == "slow"), "{fault:?}");
    assert_eq!(client.requests(), 1);
}

#[tokio::test]
async fn secrets_are_neither_in_debug_nor_in_recent_nor_in_faults() {
    let service = stand(|number, _| if number == 0 { reply(401, "", b"") } else { Vec::new() }).await;
    let client = Client::quick(&service.url, TOKEN);
    let request = get(&format!("/x/{TOKEN}")).query("apikey", "k3y").query("q", TOKEN);
    client.read(&request).await.unwrap();
    let fault = client.write(Request { method: Method::Post, ..request.clone() }, &receipt()).await.unwrap_err();
    let shown = format!("{client:?} {:?} {fault:?}", client.recent());
    assert!(!shown.contains(TOKEN) && !shown.contains("k3y"), "{shown}");
    assert!(shown.contains("/x/***?apikey=***&q=***"), "{shown}");
}

#[test]
fn what_cannot_be_used_is_that_systems_trouble() {
    let rate = Rate { per_second: 1.0, burst: 1, parallel: 1 };
    let trouble = |url: &str, auth: Auth, ca: Option<&str>| {
        let mut options = Options::new("aha", url, auth, rate);
        options.ca_file = ca.map(PathBuf::from);
        Client::new(&options).expect_err("trouble")
    };
    let plain = trouble("http://example.com", Auth::None, None);
    assert!(plain.text.starts_with("aha: plain http is refused"), "{plain}");
    let secret = Auth::Bearer(Source::Env("TRUEUP_TEST_NO_SUCH_VARIABLE".into()));
    let secret = trouble("https://example.com", secret, None);
    assert!(secret.word == "secret" && secret.text.contains("TRUEUP_TEST_NO_SUCH_VARIABLE"), "{secret}");
    let broken = Auth::Bearer(Source::Given(Secret::new("line\nbreak")));
    assert!(!trouble("https://example.com", broken, None).text.contains("break"));
    let ca = trouble("https://example.com", Auth::None, Some("/no/such/file.pem"));
    assert!(ca.text.contains("ca_file /no/such/file.pem"), "{ca}");
}

#[tokio::test]
async fn a_write_whose_look_is_hours_old_or_whose_right_is_lost_does_not_leave() {
    let service = stand(|_, _| json("{}")).await;
    let client = Client::quick(&service.url, TOKEN);
    let slept = Receipt { warrant: crate::store::Warrant::aged(Duration::from_secs(3600)), ..receipt() };
    let mut lost = receipt();
    lost.only_while(|| Err("the lease is gone".to_owned()));
    for receipt in [slept, lost] {
        let fault = client.write(create(), &receipt).await.expect_err("it is too late");
        assert!(fault.not_sent() && fault.trouble().word == TOO_LATE, "{fault}");
    }
    assert!(service.seen().is_empty());
    let mut ours = receipt();
    ours.only_while(|| Ok(()));
    assert_eq!(client.write(create(), &ours).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_good_answer_that_repeats_our_key_is_taken_in_without_it_however_large() {
    for more in [10, 100_000] {
        let service = stand(move |_, text| {
            let key = text.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
            json(&format!("{{\"fill\":\"{}\",\"you\":\"{}\",\"sent\":\"b3I=\"}}", "x".repeat(more), key))
        })
        .await;
        let client = Client::quick(&service.url, TOKEN);
        let told = client.read(&get("/Users")).await.unwrap();
        let body = String::from_utf8_lossy(&told.body);
        assert!(body.contains("\"you\":\"Bearer ***\"") && !body.contains(TOKEN), "{}", &body[body.len() - 80..]);
    }
}

#[tokio::test]
async fn a_good_answer_is_not_spoilt_by_a_key_that_is_a_word() {
    let service = stand(|_, _| json("{\"title\":\"Manager\"}")).await;
    let client = Client::quick(&service.url, "Manager");
    assert_eq!(&client.read(&get("/Users")).await.unwrap().body[..], b"{\"title\":\"Manager\"}");
}
