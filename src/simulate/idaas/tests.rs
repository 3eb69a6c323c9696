#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::simulate::{Options, start};

async fn fetch(url: &str, token: &str) -> (u16, Value) {
    // Somebody has to say which cryptography there is, even where none is used; said twice is no matter.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let reply =
        reqwest::Client::builder().no_proxy().build().unwrap().get(url).bearer_auth(token).send().await.unwrap();
    let status = reply.status().as_u16();
    (status, serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap_or(Value::Null))
}

#[tokio::test]
async fn people_come_page_by_page_with_their_organisation_and_extension() {
    let running = start("idaas", Options { users: 25, ..Options::default() }).await.unwrap();
    let token = running.login["token"].clone();
    let at = |rest: &str| format!("{}/api/v2/tenant/{rest}", running.url);
    let (_, first) = fetch(&at("users?offset=0&limit=20"), &token).await;
    let (_, second) = fetch(&at("users?offset=1&limit=20"), &token).await;
    assert_eq!((first["total"].as_u64(), first["users"].as_array().unwrap().len()), (Some(25), 20));
    assert_eq!(second["users"].as_array().unwrap().len(), 5);
    let (_, organizations) = fetch(&at("organizations?limit=100"), &token).await;
    let known: Vec<&Value> =
        organizations["organizations"].as_array().unwrap().iter().map(|org| &org["org_id"]).collect();
    for user in first["users"].as_array().unwrap() {
        assert!(known.contains(&&user["org_id"]), "{user}");
        assert!(user["extension"].is_object() && user["disabled"].is_boolean(), "{user}");
    }
    let (_, below) = fetch(&at("users?offset=0&limit=100&org_id=org-0"), &token).await;
    assert_eq!(below["total"], 25, "everybody is below the company");
    assert_eq!(fetch(&at("users"), "wrong").await.0, 401);
    assert_eq!(fetch(&at("users?offset=x"), &token).await.0, 400);
    assert_eq!(fetch(&at("organizations/org-1"), &token).await.1["parent_id"], "org-0");
    assert_eq!(fetch(&at("organizations/nobody"), &token).await.0, 404);
}
