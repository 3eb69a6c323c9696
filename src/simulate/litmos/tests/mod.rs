//! The simulator over the loopback, as a client sees it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bulk;
mod contract;
mod feeds;
mod gate;
mod members;
mod teams;
mod users;
mod xml;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::simulate::{Options, Running, start};

struct Client {
    running: Running,
    http: reqwest::Client,
    key: String,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    reason: String,
    kind: Option<String>,
    length: Option<String>,
    retry_after: Option<String>,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn rows(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{self:?}");
        self.json().as_array().expect("a bare list").clone()
    }

    /// The text of a refusal, in all the places where it stands.
    fn told(&self, status: u16) -> String {
        assert_eq!((self.status, self.kind.as_deref()), (status, Some("application/json")), "{self:?}");
        let body = self.json();
        assert_eq!(body.as_object().unwrap().len(), 1);
        assert_eq!(body["Detail"], self.reason);
        self.reason.clone()
    }

    fn is_empty(&self, status: u16) {
        assert_eq!((self.status, self.body.as_str()), (status, ""), "{self:?}");
        assert_eq!((self.kind.as_deref(), self.length.as_deref()), (None, Some("0")));
    }
}

async fn client_of(users: u32, faults: &[&str], rate_limit: bool) -> Client {
    let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
    let running = start("litmos", Options { users, faults, rate_limit, ..Options::default() }).await.expect("started");
    let key = running.login["api_key"].clone();
    Client { running, http: reqwest::Client::new(), key }
}

async fn client(faults: &[&str]) -> Client {
    client_of(400, faults, false).await
}

impl Client {
    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let reply = request.send().await.expect("a reply");
        let header = |name: &str| reply.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let reason = reply.extensions().get::<hyper::ext::ReasonPhrase>();
        Reply {
            status: reply.status().as_u16(),
            reason: reason.map_or_else(String::new, |r| String::from_utf8(r.as_bytes().to_vec()).unwrap()),
            kind: header("content-type"),
            length: header("content-length"),
            retry_after: header("retry-after"),
            body: reply.text().await.expect("a body"),
        }
    }

    /// A request as a careful client sends it.
    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mark = if path.contains('?') { '&' } else { '?' };
        self.http
            .request(method, format!("{}{path}{mark}source=test&format=json", self.running.url))
            .header("apikey", &self.key)
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    async fn rows(&self, path: &str) -> Vec<Value> {
        self.get(path).await.rows()
    }

    async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    async fn told(&self) -> Value {
        let url = self.running.url.replace("/v1.svc", "/__sim/litmos");
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The record of the user of that number.
    async fn user(&self, slot: u32) -> Value {
        self.get(&format!("/users/{}", self.running.world.learner_id(slot))).await.json()
    }

    /// Somebody active on whom nothing was planted, and so with everything as it should be.
    fn plain(&self) -> u32 {
        let world = &self.running.world;
        let planted: BTreeSet<String> = world.planted("litmos").into_iter().map(|planted| planted.key).collect();
        (20..world.users())
            .find(|slot| world.learner(*slot).is_some_and(|l| l.active && !planted.contains(&l.email)))
            .expect("somebody")
    }

    /// The id of a team by its name.
    async fn team(&self, name: &str) -> String {
        let teams = self.rows("/teams?limit=1000").await;
        let team = teams.iter().find(|team| team["Name"] == name).expect("a team of that name");
        team["Id"].as_str().unwrap().to_owned()
    }

    async fn members(&self, team: &str) -> Vec<String> {
        ids(&self.rows(&format!("/teams/{team}/users?limit=1000")).await)
    }
}

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["Id"].as_str().expect("an id").to_owned()).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// The body that makes a user.
fn newcomer(name: &str) -> Value {
    json!({
        "Id": "", "UserName": name, "FirstName": "Cy", "LastName": "Ray", "FullName": "", "Email": "",
        "AccessLevel": "Learner", "DisableMessages": false, "Active": true, "LastLogin": "", "LoginKey": "",
        "IsCustomUsername": false, "SkipFirstLogin": true, "TimeZone": "",
    })
}
