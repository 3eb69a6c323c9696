//! SAP Litmos, simulated.
//!
//! Written from `targets/litmos.md`, whose section 10 is the specification; where its section 13 says that the real answer
//! is unknown, a switch gives each, and a comment names the choice. Owns: who asks, in which order a request is judged (401,
//! the rate limit, unknown route, and then what the route itself says), and which route it is. [`state`] holds what there
//! is, [`record`] the fields of a user, [`wire`] the shapes, [`answer`] their words in JSON and XML, [`limit`] the rate limit.
//!
//! `GET /__sim/litmos` tells what the service itself never would: mails that it sent, passwords that were set, ids that
//! were deleted ([`state::Told`]).
//!
//! Must not: share anything with the connector that talks to it.

mod answer;
mod bulk;
mod custom;
mod learners;
mod limit;
mod members;
mod org;
mod record;
mod state;
mod switches;
mod teams;
#[cfg(test)]
mod tests;
mod users;
mod wire;
mod xml;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State as Shared};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::faults::Faults;
use super::seen::Seen;
use super::{Options, Service, Setting, StartError};
use answer::{Answer, Refusal};
use limit::Limit;
use state::State;
use xml::Element;

pub use switches::SWITCHES;

/// A key that may call nothing: its bearer does not own the account.
pub const LEARNER_KEY: &str = "key-of-a-learner";

/// The path below which everything is.
const BASE: &str = "/v1.svc";

/// Everything that the simulator holds.
struct Litmos {
    state: Mutex<State>,
    key: String,
    /// The owner's key's, and that of the learner's.
    limits: [Mutex<Limit>; 2],
    rate_limit: bool,
    faults: Faults,
    seen: Seen,
}

/// The simulator of SAP Litmos, over the world's view `litmos`.
///
/// # Errors
/// [`StartError::View`] for any other view; [`StartError::Option`] where a switch has a value that it does not take.
pub fn service(setting: &Setting) -> Result<Service, StartError> {
    let Options { seed, rate_limit, ref view, .. } = setting.options;
    if view != "litmos" {
        return Err(StartError::View(view.clone()));
    }
    let more = setting.faults.flag("teams").unwrap_or_default();
    let more = if more.is_empty() { Ok(0) } else { more.parse() };
    let more = more.map_err(|_| StartError::Option("the switch `teams` wants a number, as in teams=300".to_owned()))?;
    // Keys look like this, and have 50 characters at most (targets/litmos.md 1).
    let (head, tail) = (seed ^ 0x51a7_0f3c_0d64_9be2, seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let key = format!(
        "{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
        head >> 32,
        head >> 16 & 0xffff,
        head & 0xffff,
        tail >> 48,
        tail & 0xffff_ffff_ffff
    );
    let litmos = Litmos {
        state: Mutex::new(State::new(setting.world.clone(), more)),
        key: key.clone(),
        limits: [Mutex::new(Limit::new()), Mutex::new(Limit::new())],
        rate_limit,
        faults: setting.faults.clone(),
        seen: setting.seen.clone(),
    };
    let login = BTreeMap::from([("api_key".to_owned(), key)]);
    Ok(Service { base: BASE.to_owned(), login, router: Router::new().fallback(handle).with_state(Arc::new(litmos)) })
}

/// One request, read.
struct Ask {
    method: Method,
    /// The path below [`BASE`], in parts, decoded.
    path: Vec<String>,
    query: Vec<(String, String)>,
    body: Body,
    /// Whether the reply is JSON.
    json: bool,
    faults: Faults,
}

/// The body of a request.
enum Body {
    /// There is none.
    None,
    Json(Value),
    Xml(Element),
    /// It is neither.
    Broken,
}

impl Ask {
    /// A parameter of the query; names are read without regard to letter case, as .NET reads them.
    fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn is_true(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn has(&self, name: &str) -> bool {
        self.faults.flag(name).is_some()
    }

    fn flag_is(&self, name: &str, value: &str) -> bool {
        self.faults.flag(name).as_deref() == Some(value)
    }
}

async fn handle(Shared(litmos): Shared<Arc<Litmos>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, super::BODY_LIMIT).await.unwrap_or_default();
    if parts.uri.path() == "/__sim/litmos" {
        return axum::Json(litmos.state().told()).into_response();
    }
    respond(&litmos, &parts, &body)
}

fn respond(litmos: &Litmos, parts: &Parts, body: &[u8]) -> Response {
    let below = parts.uri.path().strip_prefix(BASE).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let Some(rest) = below else {
        let text = "The resource cannot be found.";
        return super::desk::page(StatusCode::NOT_FOUND, text, text);
    };
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|query| query.0).unwrap_or_default();
    let ask = Ask {
        method: parts.method.clone(),
        path: rest.split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
        json: wants_json(&query, &parts.headers, &litmos.faults),
        body: read(body, &parts.headers),
        query,
        faults: litmos.faults.clone(),
    };
    let answer = judge(litmos, &ask, &parts.headers).and_then(|()| {
        let mut state = litmos.state();
        route(&mut state, &ask)
    });
    answer::response(&ask, answer)
}

/// Who asks, for whom, and how often.
fn judge(litmos: &Litmos, ask: &Ask, headers: &HeaderMap) -> Result<(), Refusal> {
    let in_query = ask.query("apikey");
    if in_query.is_some() {
        // Old clients send it so; a careful one never does, as addresses end in logs (targets/litmos.md 1).
        litmos.seen.alarm();
    }
    let given = headers.get("apikey").and_then(|key| key.to_str().ok()).or(in_query).unwrap_or_default();
    let who = match given {
        key if key == litmos.key => 0,
        LEARNER_KEY => 1,
        _ => return Err(Refusal::unauthorised()),
    };
    let source = ask.query("source").is_some_and(|source| source.chars().count() <= 50);
    match litmos.faults.flag("source-missing").as_deref() {
        Some("off") => {}
        _ if source => {}
        Some("403") => return Err(Refusal::forbidden()),
        _ => return Err(Refusal::unauthorised()),
    }
    // Whoever asks for a limit gets one, also where the vendor's is switched off.
    if litmos.rate_limit || ask.has("rate") {
        let mut limit = litmos.limits[who].lock().unwrap_or_else(PoisonError::into_inner);
        limit.count(&litmos.faults)?;
    }
    if who == 1 { Err(Refusal::forbidden()) } else { Ok(()) }
}

/// Finds the route and answers.
fn route(state: &mut State, ask: &Ask) -> Answer {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    match (ask.method.as_str(), path.as_slice()) {
        ("GET", ["users"]) => users::list(state, ask),
        ("GET", ["users", "paginated"]) => users::paginated(state, ask),
        ("GET", ["users", "details"]) => users::details(state, ask),
        ("POST", ["users"]) => users::create(state, ask),
        ("GET", ["users", id]) => users::get(state, ask, id),
        ("PUT", ["users", id]) => users::update(state, ask, id),
        ("DELETE", ["users", id]) => users::delete(state, id),
        ("GET", ["users", id, "teams"]) => members::teams_of(state, ask, id),
        ("POST", ["users", id, "teams"]) => members::add_teams(state, ask, id),
        ("DELETE", ["users", id, "teams"]) => members::leave_all(state, id),
        ("GET", ["users", id, "usercustomfields"]) => custom::get(state, ask, id),
        ("POST", ["users", id, "usercustomfields"]) => custom::set(state, ask, id),
        ("GET", ["teams"]) => teams::list(state, ask),
        ("POST", ["teams"]) => teams::create(state, ask, None),
        ("GET", ["teams", id]) => teams::get(state, ask, id),
        ("PUT", ["teams", id]) => teams::update(state, ask, id),
        ("DELETE", ["teams", id]) => teams::delete(state, ask, id),
        ("GET", ["teams", id, "teams"]) => teams::children(state, ask, id),
        ("POST", ["teams", id, "teams"]) => teams::create(state, ask, Some(id)),
        ("GET", ["teams", id, "users"]) => members::of_team(state, ask, id),
        ("POST", ["teams", id, "users"]) => members::add(state, ask, id),
        ("DELETE", ["teams", id, "users", user]) => members::remove(state, id, user),
        ("GET", ["teams", id, office @ ("leaders" | "admins")]) => members::officers(state, ask, id, office),
        (method @ ("PUT" | "DELETE"), ["teams", id, office @ ("leaders" | "admins"), user]) => {
            members::appoint(state, ask, (id, office, user), method == "PUT")
        }
        ("GET", ["org", "users", "details"]) => org::users(state, ask),
        ("GET", ["org", "teams"]) => org::teams(state, ask),
        ("GET", ["org", "teams", "users"]) => org::members(state, ask),
        ("POST", ["bulkimports"]) => bulk::start(state, ask),
        ("GET", ["bulkimports"]) => bulk::list(state, ask),
        ("GET", ["bulkimports", id]) => bulk::get(state, ask, id),
        ("GET", ["bulkimports", id, "usererrors"]) => bulk::errors(state, ask, id),
        _ => Err(Refusal::no_route()),
    }
}

impl Litmos {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `format=json` decides; without it what the client accepts does (targets/litmos.md 1).
fn wants_json(query: &[(String, String)], headers: &HeaderMap, faults: &Faults) -> bool {
    if let Some((_, format)) = query.iter().find(|(key, _)| key.eq_ignore_ascii_case("format")) {
        return format.eq_ignore_ascii_case("json");
    }
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") || (faults.flag("xml").as_deref() == Some("off") && !accept.contains("xml"))
}

fn read(body: &[u8], headers: &HeaderMap) -> Body {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Body::None;
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    let is_json =
        if kind.contains("json") { true } else { !kind.contains("xml") && !text.trim_start().starts_with('<') };
    if is_json {
        serde_json::from_str(&text).map_or(Body::Broken, Body::Json)
    } else {
        xml::parse(&text).map_or(Body::Broken, Body::Xml)
    }
}

/// A part of a path, without its percent signs.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let byte = match (*first, after) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())
                .inspect(|_| rest = &after[2..]),
            _ => None,
        };
        bytes.push(byte.unwrap_or(*first));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
