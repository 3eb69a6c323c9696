//! A SCIM 2.0 service on the loopback: RFC 7643, 7644 and 9865, and on demand the ways in which real services differ.
//!
//! Owns its own reading of the RFC, filters included, so that the connector and the simulator check each other. What it
//! serves is a [`Library`]: resource types over shelves of documents. [`Scim`] answers one request; the router only
//! carries bytes.
//!
//! | file | what |
//! |---|---|
//! | `schema`, `core`, `path` | resource types, the RFC's own ones, and what a path names in them |
//! | `filter`, `matching` | filters, read and decided |
//! | `accept`, `patch`, `writing` | what a client may write |
//! | `library`, `memberships`, `naming`, `render`, `project` | the documents, their ids, and how they are shown |
//! | `search`, `findings`, `listing`, `cursor` | lists and both ways of walking them |
//! | `view` | the demo world as a library |
//! | `service`, `exchange` | one request in, one reply out |
//! | `discovery`, `gate`, `tokens`, `problem`, `quirks` | what the service says of itself, who comes in, errors, deviations |
//! | `gateway`, `starling`, `behind_aha`, `behind_litmos` | what Starling Connect makes of it, and of the products behind it |
//! | `oneim`, `manner` | One Identity Manager's provider, and what each of these services is like |

mod accept;
mod behind_aha;
mod behind_litmos;
mod clock;
pub mod core;
mod cursor;
mod discovery;
mod exchange;
mod filter;
mod findings;
mod gate;
mod gateway;
mod library;
mod listing;
mod manner;
mod matching;
mod memberships;
mod naming;
mod oneim;
mod patch;
mod path;
mod problem;
mod project;
mod quirks;
mod render;
pub mod schema;
mod search;
mod service;
mod starling;
#[cfg(test)]
mod tests;
mod tokens;
mod view;
mod writing;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use axum::response::Response;

pub use exchange::{Reply, Request};
pub use gate::Gate;
pub(in crate::simulate) use gate::base64;
pub use library::Library;
pub use manner::Manner;
pub use quirks::{Quirks, SWITCHES};
pub use service::{BASE, Scim};

use super::faults::Faults;
use super::{Service, Setting, StartError};

/// The service over a view of the demo world: `source`, `directory`, `starling`, `starling-aha`, `starling-litmos` or `oneim`.
///
/// # Errors
/// [`StartError`] for another view, or a switch whose value makes no sense.
pub fn service(setting: &Setting) -> Result<Service, StartError> {
    let view = setting.options.view.as_str();
    if !view::VIEWS.contains(&view) {
        return Err(StartError::View(view.to_owned()));
    }
    Quirks::read(&setting.faults).map_err(StartError::Fault)?;
    let library = view::library(&setting.world, view);
    let gate = Gate::new(view, setting.world.seed());
    let login = [
        ("token", &*gate.token),
        ("username", &gate.username),
        ("password", &gate.password),
        // A path here; whoever starts the service knows the host.
        ("token_url", tokens::PATH),
        ("client_id", &gate.client_id),
        ("client_secret", &gate.client_secret),
    ];
    // What a client has to be told beside, as keys of its configuration.
    let login = login.into_iter().chain(Manner::settings(view).iter().copied());
    let login = login.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let manner = Manner::of(view);
    let scim = Scim::new(library, gate, setting.faults.clone()).in_manner(manner);
    Ok(Service { base: manner.base().to_owned(), login, router: routes(scim) })
}

/// The routes of a service over `library`, all below [`BASE`].
pub fn router(library: Library, gate: Gate, faults: Faults) -> Router {
    routes(Scim::new(library, gate, faults))
}

fn routes(scim: Scim) -> Router {
    Router::new().fallback(answer).with_state(Arc::new(scim))
}

async fn answer(State(scim): State<Arc<Scim>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let request = Request {
        method: method.as_str().to_owned(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        host: text(header::HOST).unwrap_or_else(|| "127.0.0.1".to_owned()),
        authorization: text(header::AUTHORIZATION),
        content_type: text(header::CONTENT_TYPE),
        if_match: text(header::IF_MATCH),
        if_none_match: text(header::IF_NONE_MATCH),
        body: body.to_vec(),
    };
    // A filter over a million documents takes seconds; other requests must not wait for it.
    let answered = tokio::task::spawn_blocking(move || scim.answer(&request)).await;
    response(answered.unwrap_or_else(|_| Reply { status: 500, ..Reply::default() }))
}

fn response(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status);
    if !reply.body.is_empty() {
        response = response.header(header::CONTENT_TYPE, "application/scim+json");
    }
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap_or_default()
}
