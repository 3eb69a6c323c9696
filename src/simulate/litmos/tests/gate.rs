//! Who may ask, how often, and in which form the answer comes.

use super::*;
use crate::simulate::litmos::LEARNER_KEY;

const BAD_KEY: &str = "The API key that you have used for this request is either not valid or your account is not enabled for API access.";

#[tokio::test]
async fn the_key_comes_in_its_header_and_the_source_in_the_query() {
    let client = client(&[]).await;
    let url = &client.running.url;
    let told = async |address: String, key: &str| {
        let mut request = client.http.get(address);
        if !key.is_empty() {
            request = request.header("APIKey", key);
        }
        client.send(request).await
    };
    assert_eq!(told(format!("{url}/users?source=a&format=json"), &client.key).await.status, 200);
    for (query, key) in [
        ("source=a&format=json", ""),
        ("source=a&format=json", "of-another-region"),
        ("format=json", client.key.as_str()),
        ("source=&format=json", &client.key),
        (&format!("source={}&format=json", "a".repeat(51)), &client.key),
    ] {
        assert_eq!(told(format!("{url}/users?{query}"), key).await.told(401), BAD_KEY, "{query} {key}");
    }
    assert_eq!(
        told(format!("{url}/users?source=a&format=json"), LEARNER_KEY).await.told(403),
        "You do not have the proper permissions for this call"
    );
    // The old form works, and is noted as what a careful client never does.
    assert_eq!(client.running.seen.stats().alarms, 0);
    assert_eq!(told(format!("{url}/users?source=a&format=json&apikey={}", client.key), "").await.status, 200);
    assert_eq!(client.running.seen.stats().alarms, 1);
}

#[tokio::test]
async fn a_missing_source_can_be_refused_otherwise_or_not_at_all() {
    for (switch, status) in [("source-missing=403", 403), ("source-missing=off", 200)] {
        let client = client(&[switch]).await;
        let request =
            client.http.get(format!("{}/users?format=json", client.running.url)).header("apikey", &client.key);
        assert_eq!(client.send(request).await.status, status, "{switch}");
    }
}

#[tokio::test]
async fn requests_above_the_rate_are_refused_until_the_window_is_over() {
    const TOLD: &str = "The API rating limit has been exceeded.";
    let client = client_of(20, &["rate=3"], true).await;
    for _ in 0..3 {
        assert_eq!(client.get("/users").await.status, 200);
    }
    let refused = client.get("/users").await;
    assert_eq!((refused.told(503).as_str(), refused.retry_after.as_deref()), (TOLD, None));
    let client = client_of(20, &["rate=1", "rate-status=429", "rate-retry-after"], true).await;
    assert_eq!(client.get("/users").await.status, 200);
    let refused = client.get("/users").await;
    assert_eq!(refused.told(429), TOLD);
    let seconds: u64 = refused.retry_after.unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    // A window of no length is over at once; a key that is refused is not counted.
    let client = client_of(20, &["rate=1", "window=0"], true).await;
    for _ in 0..5 {
        assert_eq!(client.get("/users").await.status, 200);
    }
    let client = client_of(20, &[], true).await;
    for _ in 0..100 {
        assert_eq!(client.get("/users?limit=1").await.status, 200);
    }
    assert_eq!(client.get("/users?limit=1").await.status, 503);
    let client = client_of(20, &[], false).await;
    for _ in 0..101 {
        assert_eq!(client.get("/users?limit=1").await.status, 200, "without a limit there is none");
    }
    let client = client_of(20, &["rate=1"], false).await;
    client.get("/users").await;
    assert_eq!(client.get("/users").await.status, 503, "whoever asks for one gets one");
}

#[tokio::test]
async fn what_is_not_asked_for_as_json_is_xml_and_an_error_is_a_page() {
    let client = client(&[]).await;
    let ask = async |query: &str, accept: Option<&str>| {
        let address = format!("{}/users/nobody?source=a{query}", client.running.url);
        let mut request = client.http.get(address).header("apikey", &client.key);
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        client.send(request).await
    };
    let refused = ask("", None).await;
    assert_eq!((refused.status, refused.kind.as_deref()), (404, Some("text/html")));
    assert_eq!(refused.reason, "User - nobody was not found");
    assert!(refused.body.contains("<P><B>Details: </B>User - nobody was not found</P>"), "{}", refused.body);
    assert!(refused.body.contains("<B>Error Status Code:</B> 'NotFound'"), "{}", refused.body);
    assert_eq!(ask("&format=json", None).await.told(404), "User - nobody was not found");
    assert_eq!(ask("", Some("application/json")).await.told(404), "User - nobody was not found");
    assert_eq!(ask("&format=xml", Some("application/json")).await.kind.as_deref(), Some("text/html"));
    let no_xml = super::client(&["xml=off"]).await;
    let request = no_xml.http.get(format!("{}/users?source=a", no_xml.running.url)).header("apikey", &no_xml.key);
    assert_eq!(no_xml.send(request).await.kind.as_deref(), Some("application/json; charset=utf-8"));
}

#[tokio::test]
async fn the_faults_that_all_know_reach_this_one_too() {
    let client = client(&["expire=1"]).await;
    assert_eq!(client.get("/users").await.status, 200);
    assert_eq!(client.get("/users").await.told(401), BAD_KEY);
    let token = client.running.url.replace("/v1.svc", "/__sim/token");
    client.http.post(token).send().await.unwrap();
    assert_eq!(client.get("/users").await.status, 200);

    let lossy = super::client(&["lost=1@POST/users"]).await;
    lossy.request(Method::POST, "/users").json(&newcomer("lost@x.test")).send().await.unwrap_err();
    assert_eq!(lossy.get("/users/lost@x.test").await.json()["FirstName"], "Cy", "it was carried out");

    let html = super::client(&["html=1"]).await;
    assert!(html.get("/users").await.body.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn the_record_of_requests_masks_the_key_and_leaves_the_control_paths_out() {
    let client = client(&[]).await;
    client.get("/users?limit=1").await;
    client.told().await;
    let seen = client.running.seen.all();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].headers["apikey"], "***");
    let line: Value = serde_json::from_str(&client.running.ready_line()).unwrap();
    assert_eq!((&line["connector"], &line["view"]), (&json!("litmos"), &json!("litmos")));
    assert_eq!((&line["url"], &line["api_key"]), (&json!(client.running.url), &json!(client.key)));
    assert!(client.key.len() <= 50);
}

#[tokio::test]
async fn texts_and_types_can_come_as_some_tenants_send_them() {
    let client = client(&["html-escape", "loose-types"]).await;
    let teams = client.team("Sales").await;
    let body = json!({ "Id": teams, "Name": "R&D \"x\" <b>", "Description": "it's" });
    client.put(&format!("/teams/{teams}"), &body).await.is_empty(200);
    let team = client.get(&format!("/teams/{teams}")).await.json();
    assert_eq!((&team["Name"], &team["Description"]), (&json!("R&amp;D &quot;x&quot; &lt;b&gt;"), &json!("it&#39;s")));
    let user = client.user(5).await;
    assert_eq!((&user["Active"], &user["IsCustomUsername"]), (&json!("true"), &json!("false")));
    assert!(user["OriginalId"].is_string() && user["Points"].is_string());
}

#[tokio::test]
async fn unknown_paths_and_wrong_views_are_refused() {
    let client = client(&[]).await;
    assert_eq!(client.get("/courses").await.told(404), "Endpoint not found.");
    let elsewhere = client.running.url.replace("/v1.svc", "/api/v1/users");
    assert_eq!(client.http.get(elsewhere).send().await.unwrap().status(), 404);
    let options = Options { view: "source".to_owned(), ..Options::default() };
    assert!(start("litmos", options).await.is_err());
    let faults = vec!["teams=many".to_owned()];
    assert!(start("litmos", Options { faults, ..Options::default() }).await.is_err());
}
