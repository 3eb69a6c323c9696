//! Loopback stand-ins for the vendors' services, and the demo world that they all show.
//!
//! Written from the vendors' documents, never from `connectors`: the two check each other. May import serde, axum
//! and tokio; no wire type of the connectors.
//!
//! A simulator is a function `service(&Setting) -> Result<Service, StartError>`: a router over its own state. What is the
//! same for all of them stands here and around that router: the listener, the faults, the record of requests, and the
//! control paths:
//!
//! | path | what |
//! |---|---|
//! | `GET /__sim/seen` | every request so far ([`seen::Request`]) |
//! | `GET /__sim/stats` | counts over the whole life ([`seen::Stats`]) |
//! | `GET /__sim/planted` | what the demo world planted in this view ([`world::Planted`]) |
//! | `POST /__sim/forget` | forgets the requests so far |
//! | `POST /__sim/fault` | a JSON list of faults takes the place of those in force |
//! | `POST /__sim/token` | makes an expired token valid again |

pub mod aha;
pub mod clock;
mod desk;
pub mod faults;
pub mod idaas;
pub mod kingdee;
mod line;
pub mod litmos;
pub mod scim;
pub mod seen;
pub mod shelf;
#[cfg(test)]
mod tests;
pub mod world;

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use desk::{Desk, around, control};
use faults::{Faults, Switch};
use line::{Line, Lines};
use seen::Seen;
use world::World;

/// The connectors that have a simulator.
pub const CONNECTORS: &[&str] = &["scim", "aha", "idaas", "kingdee", "litmos"];

/// Services that a simulator shows in a view of their own, by the names that help and configuration have for them.
pub const PROFILES: &[(&str, &str, &str)] = &[("oneim", "scim", "oneim"), ("starling", "scim", "starling-aha")];

/// What of a log-in is kept out of the record of requests, wherever it stands in a body.
const SECRETS: &[&str] = &["application_secret", "client_secret", "password"];

/// Bodies above this are refused, as every vendor does somewhere.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// How a simulator is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on the loopback; 0 takes any.
    pub port: u16,
    /// How many people the world has, 1 to 1,000,000.
    pub users: u32,
    /// What the world grows from.
    pub seed: u64,
    /// Faults from the start, as [`faults::HELP`] describes them.
    pub faults: Vec<String>,
    /// Whether the vendor's rate limit is kept.
    pub rate_limit: bool,
    /// Which view of the world is shown: `source`, `aha`, `directory`, `kingdee` or `litmos`, for SCIM also `starling`,
    /// `starling-aha`, `starling-litmos` and `oneim`; empty takes the connector's own.
    pub view: String,
}

impl Default for Options {
    fn default() -> Self {
        Options { port: 0, users: 1_203, seed: 1, faults: Vec::new(), rate_limit: true, view: String::new() }
    }
}

/// What a simulator is built from.
pub struct Setting {
    /// As asked for; `view` is filled in.
    pub options: Options,
    /// The faults in force.
    pub faults: Faults,
    /// The record of requests, for alarms.
    pub seen: Seen,
    /// The world to show.
    pub world: World,
}

/// What a simulator is.
pub struct Service {
    /// The path of the address that a client is given, such as `/scim/v2`, or empty.
    pub base: String,
    /// What a client needs to log in, such as `token`.
    pub login: BTreeMap<String, String>,
    /// All its routes, with full paths.
    pub router: Router,
}

/// A running simulator; dropping it stops the server.
pub struct Running {
    /// The connector it stands in for.
    pub connector: String,
    /// The address that a client is given.
    pub url: String,
    /// What a client needs to log in, such as `token`.
    pub login: BTreeMap<String, String>,
    /// The view of the world that is shown.
    pub view: String,
    /// The world.
    pub world: World,
    /// The record of requests.
    pub seen: Seen,
    /// The faults in force.
    pub faults: Faults,
    // Dropping it ends the graceful shutdown's wait.
    _stop: oneshot::Sender<()>,
}

impl Running {
    /// The one line of JSON that says how to reach it: `connector`, `url`, `view` and the log-in.
    pub fn ready_line(&self) -> String {
        let mut line = serde_json::Map::new();
        line.insert("connector".to_owned(), self.connector.clone().into());
        line.insert("url".to_owned(), self.url.clone().into());
        line.insert("view".to_owned(), self.view.clone().into());
        for (key, value) in &self.login {
            line.insert(key.clone(), value.clone().into());
        }
        serde_json::Value::Object(line).to_string()
    }
}

/// Why a simulator did not start.
#[derive(Debug)]
pub enum StartError {
    /// There is none for that connector.
    Connector(String),
    /// The world has no such view, or the connector cannot show it.
    View(String),
    /// A fault is wrongly written; the sentence says how.
    Fault(String),
    /// An option is out of range; the sentence says which.
    Option(String),
    /// The port could not be taken.
    Listen(u16, std::io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Connector(name) => {
                let names =
                    CONNECTORS.iter().chain(PROFILES.iter().map(|(name, ..)| name)).copied().collect::<Vec<_>>();
                write!(f, "there is no simulator for `{name}`; there is one for {}", names.join(", "))
            }
            StartError::View(view) => write!(f, "this simulator cannot show the view `{view}`"),
            StartError::Fault(told) | StartError::Option(told) => f.write_str(told),
            StartError::Listen(port, error) => {
                write!(f, "cannot listen on 127.0.0.1:{port}: {error}")
            }
        }
    }
}

impl std::error::Error for StartError {}

/// The switches of a connector's simulator, beside the faults of [`faults::HELP`].
pub fn switches(connector: &str) -> &'static [Switch] {
    match connector {
        "aha" => aha::SWITCHES,
        "idaas" => idaas::SWITCHES,
        "kingdee" => kingdee::SWITCHES,
        "litmos" => litmos::SWITCHES,
        "scim" => scim::SWITCHES,
        _ => &[],
    }
}

/// Starts the simulator of a connector on the loopback; it serves on the runtime that this is called on.
///
/// # Errors
/// [`StartError`] where the connector, an option or a fault is unknown, or the port is taken.
pub async fn start(connector: &str, options: Options) -> Result<Running, StartError> {
    // The tests of this room talk to it with a plain reqwest client, which wants the provider that the engine installs.
    #[cfg(test)]
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut options = options;
    let profile = PROFILES.iter().find(|(name, ..)| *name == connector);
    let connector = profile.map_or(connector, |(_, connector, view)| {
        if options.view.is_empty() {
            (*view).clone_into(&mut options.view);
        }
        connector
    });
    let faults = Faults::parse(&options.faults).map_err(StartError::Fault)?;
    faults.only(switches(connector)).map_err(StartError::Fault)?;
    if !(1..=1_000_000).contains(&options.users) {
        return Err(StartError::Option(format!("users must be 1 to 1,000,000, not {}", options.users)));
    }
    if options.view.is_empty() {
        (if matches!(connector, "scim" | "idaas") { "source" } else { connector }).clone_into(&mut options.view);
    }
    let world = World::new(options.seed, options.users);
    let setting = Setting { options, faults, seen: Seen::default(), world };
    let service = match connector {
        "aha" => aha::service(&setting)?,
        "idaas" => idaas::service(&setting)?,
        "kingdee" => kingdee::service(&setting)?,
        "litmos" => litmos::service(&setting)?,
        "scim" => scim::service(&setting)?,
        _ => return Err(StartError::Connector(connector.to_owned())),
    };
    serve(connector, setting, service).await
}

async fn serve(connector: &str, setting: Setting, mut service: Service) -> Result<Running, StartError> {
    let Setting { options, faults, seen, world } = setting;
    let refuse = |error| StartError::Listen(options.port, error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(refuse)?;
    let port = listener.local_addr().map_err(refuse)?.port();
    if let Some(url) = service.login.get_mut("token_url") {
        *url = format!("http://127.0.0.1:{port}{url}");
    }
    let desk = Desk {
        connector: connector.to_owned(),
        view: options.view.clone(),
        token: service.login.get("token").cloned().unwrap_or_default(),
        secrets: SECRETS.iter().filter_map(|key| service.login.get(*key).cloned()).collect(),
        world: world.clone(),
        seen: seen.clone(),
        faults: faults.clone(),
    };
    let router = service
        .router
        .layer(axum::middleware::from_fn_with_state(desk.clone(), around))
        .merge(control(desk))
        .into_make_service_with_connect_info::<Line>();
    let (stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let until = async {
            // Ends when the sender is dropped; nothing is ever sent.
            let _ = stopped.await;
        };
        // Accept errors are retried inside; there is nobody to tell of anything else.
        let _ = axum::serve(Lines(listener), router).with_graceful_shutdown(until).await;
    });
    let url = format!("http://127.0.0.1:{port}{}", service.base);
    if let Some(address) = service.login.get_mut("server_address") {
        address.clone_from(&url);
    }
    Ok(Running {
        connector: connector.to_owned(),
        url,
        login: service.login,
        view: options.view,
        world,
        seen,
        faults,
        _stop: stop,
    })
}
