//! A service that nobody has heard of, with manners of its own: it speaks SCIM, and hardly anything of it as others do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

/// What is odd about it.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// It describes itself; and what it says of PATCH and filters is not so.
    pub describes: bool,
    /// The largest page; a `count` is not known to it and refused.
    pub page: usize,
    /// The total that it states is that of its groups and one more.
    pub wrong_total: bool,
    /// Who is in a group is only said at `/Groups/{id}/members`.
    pub members_apart: bool,
    /// The header and the key that it wants.
    pub key: (&'static str, &'static str),
    /// Requests a second; more of them are told to come back.
    pub per_second: usize,
    /// A user who is deleted is kept and not shown any more.
    pub hides: bool,
}

pub const PLAIN: Manners = Manners {
    describes: false,
    page: 1000,
    wrong_total: false,
    members_apart: false,
    key: ("authorization", "Bearer odd"),
    per_second: usize::MAX,
    hides: false,
};

/// What it holds: records by the place that they are served at.
#[derive(Default)]
pub struct State {
    pub records: BTreeMap<String, Vec<Value>>,
    /// What was asked, in order, and how it was answered.
    pub seen: Vec<(String, u16)>,
    second: Option<(Instant, usize)>,
}

impl State {
    pub fn record(&self, place: &str, id: impl Into<Value>) -> &Value {
        let id = id.into();
        self.records[place].iter().find(|record| record["id"] == id).unwrap()
    }
}

/// The service as it runs.
pub struct Odd {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Odd {
    pub async fn start(manners: Manners, records: &[(&str, Vec<Value>)]) -> Self {
        let records = records.iter().map(|(place, records)| ((*place).to_owned(), records.clone())).collect();
        let state = Arc::new(Mutex::new(State { records, ..State::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/odd", listener.local_addr().unwrap());
        let held = state.clone();
        let router = axum::Router::new().fallback(move |request: Request<Body>| answer(manners, held.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The requests of a method, but for those that were told to come back.
    pub fn asked(&self, method: &str) -> Vec<String> {
        let state = self.state();
        let of = state.seen.iter().filter(|(line, status)| line.starts_with(method) && *status != 429);
        of.map(|(line, _)| line.clone()).collect()
    }
}

async fn answer(manners: Manners, state: Arc<Mutex<State>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let line = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
    let mut state = state.lock().unwrap();
    let key = parts.headers.get(manners.key.0).and_then(|value| value.to_str().ok());
    let (status, reply) = if key != Some(manners.key.1) {
        (401, json!({ "detail": "who is there?" }))
    } else if over(&mut state, manners.per_second) {
        (429, json!({ "detail": "slowly" }))
    } else {
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or(""));
        serve(manners, &mut state, parts.method.as_str(), path.trim_start_matches("/odd/"), query, body)
    };
    state.seen.push((line, status));
    let text = if status == 204 { String::new() } else { reply.to_string() };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    if status == 429 {
        response.headers_mut().insert("retry-after", "1".parse().unwrap());
    }
    response
}

/// Whether there were too many requests in this second.
fn over(state: &mut State, most: usize) -> bool {
    let (begun, many) = match state.second {
        Some((begun, many)) if begun.elapsed() < Duration::from_secs(1) => (begun, many + 1),
        _ => (Instant::now(), 1),
    };
    state.second = Some((begun, many));
    many > most
}

fn serve(manners: Manners, state: &mut State, method: &str, path: &str, query: &str, body: Value) -> (u16, Value) {
    let parts: Vec<&str> = path.split('/').collect();
    match (method, parts.as_slice()) {
        ("GET", ["ServiceProviderConfig"]) if manners.describes => (
            200,
            json!({ "patch": { "supported": true }, "filter": { "supported": true }, "etag": { "supported": false } }),
        ),
        ("GET", [place]) => list(manners, state, place, query),
        ("GET", [place, id]) => match find(state, place, id) {
            Some(record) => (200, shown(manners, place, record)),
            None => (404, json!({ "detail": "nobody" })),
        },
        ("GET", ["Groups", id, "members"]) if manners.members_apart => {
            let Some(group) = find(state, "Groups", id) else { return (404, Value::Null) };
            page(manners, group["members"].as_array().cloned().unwrap_or_default(), query, 0)
        }
        ("POST", [place]) => {
            let Some(records) = state.records.get_mut(*place) else { return (404, Value::Null) };
            let mut record = body;
            record["id"] = json!(records.iter().filter_map(|record| record["id"].as_u64()).max().unwrap_or(0) + 1);
            records.push(record.clone());
            (201, shown(manners, place, &record))
        }
        // All that is not in it is gone afterwards.
        ("PUT", [place, id]) => {
            let records = state.records.get_mut(*place).map(Vec::as_mut_slice).unwrap_or_default();
            let Some(record) = records.iter_mut().find(|record| is(record, id)) else {
                return (404, Value::Null);
            };
            if body["id"] != record["id"] {
                return (400, json!({ "detail": "an id is a number" }));
            }
            *record = body;
            (200, shown(manners, place, record))
        }
        ("DELETE", ["Users", id]) => {
            let users = state.records.get_mut("Users").unwrap();
            let Some(user) = users.iter_mut().find(|user| is(user, id)) else {
                return (404, Value::Null);
            };
            user["status"] = json!("suspended");
            if manners.hides {
                users.retain(|user| !is(user, id));
            }
            (204, Value::Null)
        }
        ("GET", _) => (404, json!({ "detail": "nothing here" })),
        _ => (405, json!({ "detail": "not so" })),
    }
}

/// Whether a record has this number, or this text as an address has it.
fn is(record: &Value, id: &str) -> bool {
    id.parse().is_ok_and(|id: u64| record["id"] == id) || record["id"].as_str().is_some_and(|have| have == decoded(id))
}

fn decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn find<'s>(state: &'s State, place: &str, id: &str) -> Option<&'s Value> {
    state.records.get(place)?.iter().find(|record| is(record, id))
}

fn shown(manners: Manners, place: &str, record: &Value) -> Value {
    let mut record = record.clone();
    if place == "Groups" && manners.members_apart {
        record.as_object_mut().unwrap().shift_remove("members");
    }
    record
}

fn list(manners: Manners, state: &State, place: &str, query: &str) -> (u16, Value) {
    let Some(records) = state.records.get(place) else { return (404, json!({ "detail": "nothing here" })) };
    let records = records.iter().map(|record| shown(manners, place, record)).collect();
    page(manners, records, query, usize::from(manners.wrong_total && place == "Groups"))
}

fn page(manners: Manners, records: Vec<Value>, query: &str, more: usize) -> (u16, Value) {
    let asked = |name: &str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(have, _)| *have == name).map(|(_, value)| value)
    };
    if asked("count").is_some() && manners.page < 1000 {
        return (422, json!({ "detail": "what is a count?" }));
    }
    let start = asked("startIndex").and_then(|start| start.parse().ok()).unwrap_or(1).max(1);
    let total = records.len() + more;
    let page: Vec<Value> = records.into_iter().skip(start - 1).take(manners.page).collect();
    (200, json!({ "totalResults": total, "startIndex": start, "Resources": page }))
}
