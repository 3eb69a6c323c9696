//! Aha!, simulated.
//!
//! Written from `targets/aha.md`, whose section 15 is the specification; a comment names a choice where the real answer is
//! unknown. Owns: who asks, in which order a request is judged (401, 429, unknown route, 403, 404, 400, effect), and which
//! route it is. [`ledger`] holds the state, [`wire`] the shapes, [`limit`] the rate limit.
//!
//! Must not: share anything with the connector that talks to it.

mod ledger;
mod limit;
mod products;
mod seats;
mod switches;
mod teams;
#[cfg(test)]
mod tests;
mod users;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::faults::Faults;
use super::seen::Seen;
use super::world::World;
use super::{Options, Service, Setting, StartError};
use ledger::Ledger;
use limit::{Limit, Taken};

pub use switches::SWITCHES;

/// A key that is valid, but for another account: `umbrella`. The person behind it belongs to `acme` too.
pub const WRONG_ACCOUNT_KEY: &str = "wrong-account-key";

/// The key of somebody at `acme` who administers nothing.
pub const OWNER_KEY: &str = "workspace-owner-key";

/// Everything that the simulator holds.
struct Aha {
    accounts: Vec<Mutex<Ledger>>,
    /// Key, number of its account, number of its user.
    keys: Vec<(String, usize, u32)>,
    limits: Vec<Mutex<Limit>>,
    rate_limit: bool,
    faults: Faults,
    seen: Seen,
}

/// The simulator of Aha!, over the world's view `aha`.
///
/// # Errors
/// [`StartError::View`] for any other view.
pub fn service(setting: &Setting) -> Result<Service, StartError> {
    let Options { seed, users, rate_limit, ref view, .. } = setting.options;
    if view != "aha" {
        return Err(StartError::View(view.clone()));
    }
    let token =
        format!("{:016x}{:016x}", seed ^ 0x0f3c_51a7_9be2_0d64, seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)).repeat(2);
    let umbrella = World::new(seed.wrapping_add(1), users.min(40));
    let owner = 2.min(setting.world.account_slots() - 1);
    let aha = Aha {
        accounts: vec![
            Mutex::new(Ledger::new("acme", "Acme", &["acme"], setting.world.clone())),
            Mutex::new(Ledger::new("umbrella", "Umbrella", &["umbrella", "acme"], umbrella)),
        ],
        keys: vec![(token.clone(), 0, 0), (WRONG_ACCOUNT_KEY.to_owned(), 1, 0), (OWNER_KEY.to_owned(), 0, owner)],
        limits: vec![Mutex::new(Limit::new()), Mutex::new(Limit::new())],
        rate_limit,
        faults: setting.faults.clone(),
        seen: setting.seen.clone(),
    };
    let login = BTreeMap::from([("token".to_owned(), token), ("account".to_owned(), "acme".to_owned())]);
    Ok(Service { base: String::new(), login, router: Router::new().fallback(handle).with_state(Arc::new(aha)) })
}

/// One request, read.
struct Ask {
    method: Method,
    /// The path below `/api/v1`, in parts.
    path: Vec<String>,
    query: Vec<(String, String)>,
    /// None: no body, or not JSON.
    body: Option<Value>,
    /// The number of the user behind the key.
    caller: u32,
    faults: Faults,
}

impl Ask {
    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.faults.flag(name).is_some()
    }

    fn flag_is(&self, name: &str, value: &str) -> bool {
        self.faults.flag(name).as_deref() == Some(value)
    }

    /// What stands below a key of the body.
    fn wrapped(&self, key: &str) -> Result<&serde_json::Map<String, Value>, Refusal> {
        let told = || Refusal::BadRequest(format!("param is missing or the value is empty: {key}"));
        self.body.as_ref().and_then(|b| b.get(key)).and_then(Value::as_object).ok_or_else(told)
    }
}

/// Why a request was not carried out.
enum Refusal {
    /// No such route.
    NoRoute,
    /// The caller may not.
    Forbidden,
    /// No such record, or invisible to the caller.
    NotFound,
    /// The body is not what the route wants.
    BadRequest(String),
    /// A value is not acceptable.
    Invalid(String),
}

/// A reply: a document, or nothing (204).
type Answer = Result<Option<Value>, Refusal>;

async fn handle(State(aha): State<Arc<Aha>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, super::BODY_LIMIT).await.unwrap_or_default();
    respond(&aha, &parts, &body)
}

/// Judges a request in the order of targets/aha.md 15: 401, 429, unknown route, and then what the route itself says.
fn respond(aha: &Aha, parts: &Parts, body: &[u8]) -> Response {
    let path = parts.uri.path();
    let graph = path == "/api/v2/graphql";
    let below = path.strip_prefix("/api/v1").filter(|r| r.is_empty() || r.starts_with('/'));
    let Some(rest) = below.or(graph.then_some("")) else {
        return refused(aha, Refusal::NoRoute);
    };
    let Some((account, caller)) = aha.caller(&parts.headers) else {
        // targets/aha.md 2.3: text/html, and no JSON to read.
        return (StatusCode::UNAUTHORIZED, [(header::CONTENT_TYPE, "text/html")]).into_response();
    };
    let taken = aha.rate_limit.then(|| aha.count(account));
    let mut response = if taken.as_ref().is_some_and(|t| !t.allowed) {
        StatusCode::TOO_MANY_REQUESTS.into_response()
    } else {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let ask = Ask {
            method: parts.method.clone(),
            path: rest.split('/').filter(|p| !p.is_empty()).map(str::to_owned).collect(),
            query: query.map(|q| q.0).unwrap_or_default(),
            body: serde_json::from_slice(body).ok(),
            caller,
            faults: aha.faults.clone(),
        };
        let mut ledger = aha.ledger(account);
        let nameless = !parts.headers.contains_key(header::USER_AGENT);
        let answer = if ask.has("require-user-agent") && nameless {
            Err(Refusal::BadRequest("User-Agent is required".to_owned()))
        } else if ask.has("strict-host") && !is_host_of(&ledger.domain, &parts.headers) {
            Err(Refusal::NoRoute)
        } else if graph {
            Ok(Some(graphql(&ledger)))
        } else {
            answer(&mut ledger, &ask, &aha.seen)
        };
        match answer {
            Ok(Some(document)) => document_of(StatusCode::OK, &document),
            Ok(None) => StatusCode::NO_CONTENT.into_response(),
            Err(refusal) => refused(aha, refusal),
        }
    };
    for (name, value) in taken.iter().flat_map(Taken::headers) {
        response.headers_mut().insert(name, HeaderValue::from(value));
    }
    response
}

impl Aha {
    fn caller(&self, headers: &HeaderMap) -> Option<(usize, u32)> {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let token = given.strip_prefix("Bearer ")?.trim();
        self.keys.iter().find(|(key, ..)| key == token).map(|(_, account, user)| (*account, *user))
    }

    fn count(&self, account: usize) -> Taken {
        let mut limit = self.limits[account].lock().unwrap_or_else(PoisonError::into_inner);
        limit.count(&self.faults)
    }

    fn ledger(&self, account: usize) -> MutexGuard<'_, Ledger> {
        self.accounts[account].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_host_of(domain: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).unwrap_or_default();
    host.split(':').next() == Some(&format!("{domain}.aha.io"))
}

/// Finds the route and answers.
fn answer(ledger: &mut Ledger, ask: &Ask, seen: &Seen) -> Answer {
    let path: Vec<&str> = ask.path.iter().map(String::as_str).collect();
    match (ask.method.as_str(), path.as_slice()) {
        ("GET", ["me"]) => users::me(ledger, ask),
        ("GET", ["users"]) => users::list(ledger, ask),
        ("GET", ["users", id]) => users::get(ledger, ask, id),
        ("PUT", ["users", id]) => users::update(ledger, ask, id),
        ("GET", ["users", id, "product_roles"]) => users::pairs(ledger, ask, id),
        ("POST", ["users", id, "product_roles"]) => users::set_pair(ledger, ask, id),
        ("DELETE", ["users", id, "product_roles", product]) => users::remove_pair(ledger, ask, id, product),
        ("GET", ["users", id, "user_roles"]) => seats::custom_roles(ledger, ask, id),
        ("POST", ["users", id, "user_roles"]) => seats::add_custom_role(ledger, ask, id),
        ("DELETE", ["users", id, "user_roles", product]) => seats::remove_custom_role(ledger, ask, id, product),
        ("GET", ["products"]) => Ok(Some(products::list(ledger, ask))),
        ("GET", ["products", id]) => products::get(ledger, id),
        ("GET", ["products", id, "users"]) => users::of_product(ledger, ask, id),
        ("POST", ["products", id, "users"]) => users::create(ledger, ask, id),
        ("GET", ["paid_seat_groups"]) => seats::seat_groups(ledger, ask),
        ("POST", ["paid_seat_groups", id, "modify_user"]) => seats::modify_seat(ledger, ask, id),
        ("GET", ["identity_providers"]) => Ok(Some(json!({ "identity_providers": [wire::identity_provider()] }))),
        ("GET", ["identity_providers", id]) => match wire::identity_provider() {
            idp if idp["id"] == *id => Ok(Some(json!({ "identity_provider": idp }))),
            _ => Err(Refusal::NotFound),
        },
        ("GET", ["teams"]) => teams::list(ledger, ask),
        ("GET", ["teams", id]) => teams::get(ledger, ask, id),
        ("GET", ["teams", id, "team_memberships"]) => teams::memberships(ledger, ask, id),
        ("GET", ["products", id, "teams"]) => teams::of_product(ledger, ask, id),
        ("DELETE", ["users", _]) => {
            // There is no such call (targets/aha.md 7); a careful client never tries.
            seen.alarm();
            Err(Refusal::NoRoute)
        }
        _ => Err(Refusal::NoRoute),
    }
}

/// Just enough of the undocumented GraphQL to say which account the key is served by (targets/aha.md 12).
fn graphql(ledger: &Ledger) -> Value {
    json!({ "data": { "account": { "id": "6700000000000000001", "name": ledger.name, "domain": ledger.domain } } })
}

fn document_of(status: StatusCode, document: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], document.to_string()).into_response()
}

fn refused(aha: &Aha, refusal: Refusal) -> Response {
    let bad = StatusCode::BAD_REQUEST;
    match refusal {
        Refusal::NoRoute => {
            let text = "The page you were looking for doesn't exist.";
            super::desk::page(StatusCode::NOT_FOUND, "Page not found", text)
        }
        // The body of a 403 is unknown; this is a choice.
        Refusal::Forbidden => document_of(StatusCode::FORBIDDEN, &json!({ "error": "Forbidden" })),
        Refusal::NotFound => document_of(StatusCode::NOT_FOUND, &json!({ "error": "Record not found." })),
        Refusal::BadRequest(told) => document_of(bad, &json!({ "error": told })),
        // Both forms are in Aha!'s own client (targets/aha.md 5).
        Refusal::Invalid(told) => {
            let message = json!({ "message": told });
            let errors = if aha.faults.flag("errors-as-list").is_some() { json!([message]) } else { message };
            document_of(bad, &json!({ "error": "Validation failed", "errors": errors }))
        }
    }
}
