//! `trueup.toml`: which systems there are, how to reach them, what may be done to them.
//!
//! One table of keys ([`keys::KEYS`]) drives the parser and `trueup help config`, so the two cannot disagree. Secrets are
//! references here, never values.

mod dirs;
pub mod keys;
mod read;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::SystemId;
use crate::model::filter::Filter;
use crate::plan::Policy;
use crate::secret::Source;

pub use dirs::Dirs;
pub use read::{parse, read};

/// What is wrong with the configuration: file, line, what was found, what was expected, the nearest right name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}{}: {message}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ConfigError {
    /// The file.
    pub origin: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

/// How a service is signed in to.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer …`.
    Bearer(Source),
    /// `Authorization: Basic …`.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Source,
    },
    /// A header of the service's own (`apikey`).
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: Source,
    },
}

impl Auth {
    /// Where its secret comes from.
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::None => None,
            Self::Bearer(source) | Self::Basic { password: source, .. } | Self::Header { value: source, .. } => {
                Some(source)
            }
        }
    }
}

/// One `[system.NAME]`.
#[derive(Clone, Debug)]
pub struct SystemConfig {
    /// Its name.
    pub id: SystemId,
    /// Its connector.
    pub connector: String,
    /// Its base URL, without a slash at the end.
    pub url: String,
    /// How to sign in.
    pub auth: Auth,
    /// What may be done.
    pub policy: Policy,
    /// Which of the source's users should have an account there.
    pub scope: Option<Filter>,
    /// Which of its users are ours to judge.
    pub manage: Option<Filter>,
    /// Offer to deactivate accounts of people who are out of scope.
    pub deactivate_out_of_scope: bool,
    /// Certificates to trust beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// How long to wait for a reply.
    pub timeout: Duration,
    /// Requests a second, where its owner says so.
    pub rate: Option<f64>,
    /// A mapping file laid over the built-in one.
    pub mapping: Option<PathBuf>,
    /// The connector's own settings that are no secrets.
    pub own: BTreeMap<String, String>,
}

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it was read.
    pub origin: String,
    /// The source of truth.
    pub source: Option<SystemId>,
    /// What to compare with where there is no source; nothing can be staged then.
    pub reference: Option<SystemId>,
    /// All systems, in the file's order.
    pub systems: Vec<SystemConfig>,
}

impl Config {
    /// The system of this name.
    pub fn system(&self, name: &str) -> Option<&SystemConfig> {
        self.systems.iter().find(|system| system.id.as_str() == name)
    }
}
