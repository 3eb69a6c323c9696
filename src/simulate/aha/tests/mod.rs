//! The simulator over the loopback, as a client sees it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod reading;
mod writing;

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::simulate::{Options, Running, start};

struct Client {
    running: Running,
    http: reqwest::Client,
    token: String,
}

struct Reply {
    status: StatusCode,
    kind: String,
    headers: reqwest::header::HeaderMap,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON document")
    }
}

async fn client_of(users: u32, faults: &[&str], rate_limit: bool) -> Client {
    let options =
        Options { users, faults: faults.iter().map(|f| (*f).to_owned()).collect(), rate_limit, ..Options::default() };
    let running = start("aha", options).await.expect("started");
    let token = running.login["token"].clone();
    Client { running, http: reqwest::Client::new(), token }
}

async fn client(faults: &[&str]) -> Client {
    client_of(400, faults, false).await
}

impl Client {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.running.url))
            .header("user-agent", "test")
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply = request.send().await.expect("a reply");
        Reply {
            status: reply.status(),
            kind: reply.headers().get("content-type").map_or_else(String::new, |v| v.to_str().unwrap().to_owned()),
            headers: reply.headers().clone(),
            body: reply.text().await.expect("a body"),
        }
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask(Method::GET, path, None).await
    }

    async fn good(&self, path: &str) -> Value {
        let reply = self.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        assert_eq!(reply.kind, "application/json; charset=utf-8");
        reply.json()
    }

    async fn put(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::PUT, path, Some(body)).await
    }

    async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// The id of the account of a person of the world.
    fn id(&self, slot: u32) -> String {
        self.running.world.account_id(slot).to_string()
    }

    /// Ids of users, page by page, as they came; and the totals that the pages stated.
    async fn walk(&self, per_page: u32) -> (Vec<String>, BTreeSet<u64>) {
        let (mut ids, mut totals, mut page) = (Vec::new(), BTreeSet::new(), 1);
        loop {
            let document = self.good(&format!("/users?page={page}&per_page={per_page}")).await;
            assert_eq!(document["pagination"]["current_page"], page);
            totals.insert(document["pagination"]["total_records"].as_u64().unwrap());
            let rows = document["users"].as_array().unwrap();
            ids.extend(rows.iter().map(|u| u["id"].as_str().unwrap().to_owned()));
            if page >= document["pagination"]["total_pages"].as_u64().unwrap() {
                return (ids, totals);
            }
            page += 1;
        }
    }
}

/// Somebody on whom nothing was planted, and who is no head.
fn ordinary(client: &Client) -> u32 {
    let planted: BTreeSet<String> = client.running.world.planted("aha").into_iter().map(|p| p.key).collect();
    let world = &client.running.world;
    (60..world.users()).find(|n| !planted.contains(&world.person(*n).user_name)).unwrap()
}
