//! `trueup.toml`: which systems there are, how to reach them, what may be done to them.
//!
//! One table of keys ([`keys::KEYS`]) drives the parser and `trueup help config`, so the two cannot disagree. Secrets are
//! references here, never values.

mod auth;
mod dirs;
pub mod keys;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::filter::{Filter, Filters};
use crate::model::{AttrPath, SystemId};
use crate::plan::Policy;
use crate::secret::Source;

pub use auth::{Auth, ClientAuth};
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
    /// Which of the source's records should be there, by kind.
    pub scope: Filters,
    /// Which of its records are ours to judge, by kind.
    pub manage: Filters,
    /// Offer to deactivate accounts of people who are out of scope.
    pub deactivate_out_of_scope: bool,
    /// Who is an administrator there; `None`: whom the mapping says.
    pub administrators: Option<Filter>,
    /// Certificates to trust beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// How long to wait for a reply.
    pub timeout: Duration,
    /// Requests a second, where its owner says so.
    pub rate: Option<f64>,
    /// A mapping file laid over the built-in one.
    pub mapping: Option<PathBuf>,
    /// Attributes whose values are not written into the record of pushes.
    pub sensitive: Vec<AttrPath>,
    /// The connector's own settings that are no secrets.
    pub own: BTreeMap<String, String>,
    /// Where those of them come from that are secrets.
    pub own_secrets: BTreeMap<String, Source>,
}

impl SystemConfig {
    /// A system with nothing but what it must have: read-only, all defaults.
    pub fn new(id: SystemId, connector: impl Into<String>, url: impl Into<String>, auth: Auth) -> Self {
        Self {
            id,
            connector: connector.into(),
            url: url.into(),
            auth,
            policy: Policy::default(),
            scope: Filters::default(),
            manage: Filters::default(),
            deactivate_out_of_scope: false,
            administrators: None,
            ca_file: None,
            timeout: Duration::from_secs(30),
            rate: None,
            mapping: None,
            sensitive: Vec::new(),
            own: BTreeMap::new(),
            own_secrets: BTreeMap::new(),
        }
    }

    /// Every place that a secret comes from, with what the secret is.
    pub fn sources_mut(&mut self) -> impl Iterator<Item = (&str, &mut Source)> {
        let auth = self.auth.source_mut().map(|source| ("secret", source));
        auth.into_iter().chain(self.own_secrets.iter_mut().map(|(name, source)| (name.as_str(), source)))
    }
}

/// How the console looks and speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Face {
    /// What the screen speaks: `en` or `zh`.
    pub language: Option<String>,
    /// The theme's name.
    pub theme: Option<String>,
    /// Frames of box-drawing characters.
    pub lines: bool,
    /// No frames and no colours, the cursor on the chosen row.
    pub plain: bool,
    /// Filters with a name: `[lens] NAME = "FILTER"`, in the file's order.
    pub lenses: Vec<(String, String)>,
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
    /// The directory that all operators of this host share; `None`: the usual ones.
    pub lease_dir: Option<PathBuf>,
    /// How the console looks and speaks.
    pub face: Face,
    /// Days that snapshots are kept; 0: not at all.
    pub keep: u32,
    /// How long a write may take to show, where the operator says so.
    pub patience: Option<Duration>,
    /// All systems, in the file's order.
    pub systems: Vec<SystemConfig>,
}

impl Config {
    /// The system of this name.
    pub fn system(&self, name: &str) -> Option<&SystemConfig> {
        self.systems.iter().find(|system| system.id.as_str() == name)
    }
}

impl Config {
    /// What another reading of the configuration says otherwise that only takes effect at a start: the systems themselves, how
    /// they are reached, and which of them is the source. In words; empty where all of the rest can be taken on at once.
    pub fn needs_restart(&self, other: &Self) -> Vec<String> {
        let names = |config: &Self| config.systems.iter().map(|system| system.id.clone()).collect::<Vec<_>>();
        let mut found = Vec::new();
        if names(self) != names(other) {
            found.push("which systems there are".to_owned());
        }
        if (&self.source, &self.reference) != (&other.source, &other.reference) {
            found.push("`source` or `reference`".to_owned());
        }
        for (system, other) in self.systems.iter().zip(&other.systems).filter(|(one, other)| one.id == other.id) {
            // Where secrets come from shows no secret, and two places are the same where they are written alike.
            let ways = |system: &SystemConfig| {
                [
                    ("connector", system.connector.clone()),
                    ("url", system.url.clone()),
                    ("auth", format!("{:?}", system.auth)),
                    ("ca_file", format!("{:?}", system.ca_file)),
                    ("timeout", format!("{:?}", system.timeout)),
                    ("rate", format!("{:?}", system.rate)),
                    ("the connector's own settings", format!("{:?} {:?}", system.own, system.own_secrets)),
                ]
            };
            let moved = ways(system).into_iter().zip(ways(other)).filter(|(one, other)| one != other);
            found.extend(moved.map(|((key, _), _)| format!("{key} of {}", system.id)));
        }
        found
    }
}
