//! What stands around every simulator: control paths, faults, the record.
//!
//! Must not: know any vendor. The pages that it sends are those of a gateway or a log-in wall.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::faults::{After, Before, Expired, Faults, Hint};
use super::line::Line;
use super::seen::{self, Seen};
use super::world::World;
use super::{BODY_LIMIT, clock, switches};

/// The header in which some services want their key.
const API_KEY: &str = "apikey";

/// Headers that carry a key, a session or a signature.
const SECRET_HEADERS: &[&str] = &[API_KEY, "kdservice-sessionid", "x-kd-signature", "x-api-signature"];

/// What stands around every simulator.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) connector: String,
    pub(super) view: String,
    pub(super) token: String,
    pub(super) secrets: Vec<String>,
    pub(super) world: World,
    pub(super) seen: Seen,
    pub(super) faults: Faults,
}

/// The control paths.
pub(super) fn control(desk: Desk) -> Router {
    Router::new()
        .route("/__sim/seen", get(async |State(desk): State<Desk>| Json(desk.seen.all())))
        .route("/__sim/stats", get(async |State(desk): State<Desk>| Json(desk.seen.stats())))
        .route("/__sim/planted", get(async |State(desk): State<Desk>| Json(desk.world.planted(&desk.view))))
        .route(
            "/__sim/forget",
            post(async |State(desk): State<Desk>| {
                desk.seen.forget();
                StatusCode::NO_CONTENT
            }),
        )
        .route(
            "/__sim/token",
            post(async |State(desk): State<Desk>| {
                desk.faults.renew();
                Json(serde_json::json!({ "token": desk.token }))
            }),
        )
        .route("/__sim/fault", post(change_faults))
        .with_state(desk)
}

async fn change_faults(State(desk): State<Desk>, body: Bytes) -> Response {
    let told = serde_json::from_slice::<Vec<String>>(&body)
        .map_err(|error| format!("a JSON list of faults is wanted: {error}"))
        .and_then(|specs| Faults::parse(&specs))
        .and_then(|faults| faults.only(switches(&desk.connector)).map(|()| faults));
    match told {
        Ok(faults) => {
            desk.faults.replace(&faults);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(told) => (StatusCode::BAD_REQUEST, Json(serde_json::json!({ "error": told }))).into_response(),
    }
}

/// Judges, carries out, spoils and records one request.
pub(super) async fn around(
    State(desk): State<Desk>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/__sim/") {
        // A control path of the simulator's own.
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let address = parts.uri.path_and_query().map_or_else(|| parts.uri.path(), |p| p.as_str()).to_owned();
    let mut note = seen::Request {
        number: 0,
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| {
                let secret =
                    [header::AUTHORIZATION, header::COOKIE].contains(name) || SECRET_HEADERS.contains(&name.as_str());
                let value = String::from_utf8_lossy(value.as_bytes());
                let shown = match (secret, value.split_once(' ')) {
                    (false, _) => value.into_owned(),
                    (true, Some((scheme, _))) if !SECRET_HEADERS.contains(&name.as_str()) => format!("{scheme} ***"),
                    (true, _) => "***".to_owned(),
                };
                (name.as_str().to_owned(), shown)
            })
            .collect(),
        body: String::new(),
        status: 0,
        fault: None,
    };
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        note.status = 413;
        desk.seen.note(note);
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    note.body = String::from_utf8_lossy(&body).into_owned();
    for secret in &desk.secrets {
        note.body = note.body.replace(secret, "***");
    }
    let verdict = desk.faults.judge_sent(&note.method, &address, &note.body);
    note.fault = verdict.label().map(str::to_owned);
    if !verdict.delay.is_zero() {
        tokio::time::sleep(verdict.delay).await;
    }
    // Where tokens are given out no token is shown.
    if verdict.expired && !note.path.starts_with("/oauth2/") {
        parts.headers.remove(header::AUTHORIZATION);
        parts.extensions.insert(Expired);
        parts.headers.remove(API_KEY);
    }
    let reply = match verdict.before {
        Some(Before::Reset) => {
            line.cut_after(0);
            desk.seen.note(note);
            return StatusCode::NO_CONTENT.into_response();
        }
        Some(Before::TooMany(hint)) => too_many(hint),
        Some(Before::Status(code)) => error_page(code),
        Some(Before::Html) => page(StatusCode::OK, "Sign in", "Please sign in to continue."),
        Some(Before::Deaf) => StatusCode::NO_CONTENT.into_response(),
        None => {
            let reply = next.run(Request::from_parts(parts, Body::from(body))).await;
            match desk.faults.flag("dress") {
                Some(dress) => dressed(reply, &dress).await,
                None => reply,
            }
        }
    };
    note.status = reply.status().as_u16();
    match verdict.after.filter(|_| verdict.before.is_none()) {
        None => {
            desk.seen.note(note);
            if !verdict.late.is_zero() {
                tokio::time::sleep(verdict.late).await;
            }
            reply
        }
        Some(After::Lost) => {
            desk.seen.note(note);
            line.cut_after(0);
            reply
        }
        Some(After::Status(code)) => {
            // The record keeps what was really done; the client is told this.
            desk.seen.note(note);
            error_page(code)
        }
        Some(After::Truncate { cut }) => {
            desk.seen.note(note);
            truncated(reply, cut, &line).await
        }
    }
}

/// The reply with a mark before it, or with another word for what it is.
async fn dressed(reply: Response, dress: &str) -> Response {
    let (mut parts, body) = reply.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if bytes.is_empty() {
        return Response::from_parts(parts, Body::empty());
    }
    match dress {
        "text" => drop(parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))),
        "page" => drop(parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"))),
        "bare" => drop(parts.headers.remove(header::CONTENT_TYPE)),
        _ => {
            parts.headers.remove(header::CONTENT_LENGTH);
            let marked: Vec<u8> = b"\xef\xbb\xbf".iter().chain(&bytes[..]).copied().collect();
            return Response::from_parts(parts, Body::from(marked));
        }
    }
    Response::from_parts(parts, Body::from(bytes))
}

async fn truncated(reply: Response, cut: bool, line: &Line) -> Response {
    let (mut parts, body) = reply.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if cut {
        // The head counts too; half of the body is the middle whatever its exact length is.
        line.cut_after(bytes.len() / 2 + 100);
        return Response::from_parts(parts, Body::from(bytes));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    let half = bytes.slice(..bytes.len() / 2);
    Response::from_parts(parts, Body::from(half))
}

fn too_many(hint: Hint) -> Response {
    let now = clock::epoch();
    let (name, value) = match hint {
        Hint::Bare => return StatusCode::TOO_MANY_REQUESTS.into_response(),
        Hint::Seconds(seconds) => ("retry-after", seconds.to_string()),
        Hint::Date => ("retry-after", clock::http_date(now + 2)),
        Hint::Reset(seconds) => ("x-ratelimit-reset", (now + u64::from(seconds)).to_string()),
    };
    (StatusCode::TOO_MANY_REQUESTS, [(name, value)]).into_response()
}

fn error_page(code: u16) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page(status, status.canonical_reason().unwrap_or("Error"), "Something went wrong.")
}

/// A small web page, as a gateway or a log-in wall would send.
pub(super) fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>\n"
    );
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], html).into_response()
}
