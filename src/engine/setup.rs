use std::path::PathBuf;
use std::sync::Arc;

use super::address::base;
use super::http::{Auth, Options, Timeouts};
use super::push::Patience;
use crate::connectors::{Connector, Settings, connector};
use crate::mapping::Rate;
use crate::model::filter::Filter;
use crate::model::{AttrPath, SystemId};
use crate::plan::{Policy, Site};
use crate::store::{Cache, Journal};

/// One system to be connected, as the configuration has it.
#[derive(Clone)]
pub struct SystemSetup {
    /// Its name.
    pub id: SystemId,
    /// What knows its wire, with the mapping that it goes by.
    pub connector: Arc<dyn Connector>,
    /// What the connector was made with, so that it can be made anew with the attributes that a probe discovers; `None`:
    /// it stays as it is.
    pub settings: Option<Settings>,
    /// Its base URL.
    pub url: String,
    /// How it is signed in to.
    pub auth: Auth,
    /// What its owner allows.
    pub policy: Policy,
    /// Which of the source's users should have an account here; `None`: all.
    pub scope: Option<Filter>,
    /// Which of its own users are ours to judge; `None`: all.
    pub manage: Option<Filter>,
    /// Whether an account whose person is out of scope is offered for deactivation.
    pub deactivate_out_of_scope: bool,
    /// Certificates of an authority of one's own.
    pub ca_file: Option<PathBuf>,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// How fast it may be called; `None`: as its mapping says.
    pub rate: Option<Rate>,
}

impl SystemSetup {
    /// A system with nothing but what it must have: read-only, all of its mapping's defaults.
    pub fn new(id: SystemId, connector: Arc<dyn Connector>, url: impl Into<String>, auth: Auth) -> Self {
        Self {
            id,
            connector,
            settings: None,
            url: url.into(),
            auth,
            policy: Policy::default(),
            scope: None,
            manage: None,
            deactivate_out_of_scope: false,
            ca_file: None,
            timeouts: Timeouts::default(),
            rate: None,
        }
    }

    /// How fast it may be called.
    pub(super) fn speed(&self) -> Rate {
        self.rate.unwrap_or(self.connector.mapping().rate)
    }

    /// The connector with the attributes that a probe found beside those of the mapping.
    pub(super) fn grown(&self, site: &Site) -> Arc<dyn Connector> {
        let Some(settings) = self.settings.as_ref().filter(|_| !site.discovered.is_empty()) else {
            return self.connector.clone();
        };
        let mapping = self.connector.mapping();
        let found = site.discovered.iter().map(|(kind, path)| (*kind, AttrPath::new(path.as_str()))).collect();
        let grown = Arc::new(mapping.with_discovered(found));
        connector(&mapping.speaks, grown, settings).unwrap_or_else(|| self.connector.clone())
    }

    /// How its client is made.
    pub(super) fn options(&self) -> Options {
        let mut options = Options::new(self.id.as_str(), &self.url, self.auth.clone(), self.speed());
        options.ca_file.clone_from(&self.ca_file);
        options.timeouts = self.timeouts;
        options
    }

    /// Its base URL as it may be shown.
    pub(super) fn shown_url(&self) -> String {
        base(&self.url)
    }
}

/// Everything that the engine is started with.
pub struct Setup {
    /// The systems, in the order of the configuration.
    pub systems: Vec<SystemSetup>,
    /// The source of truth.
    pub source: Option<SystemId>,
    /// What to compare with where there is none.
    pub reference: Option<SystemId>,
    /// The journal: without one there is no push, and so no engine.
    pub journal: Box<dyn Journal>,
    /// Snapshots between runs.
    pub cache: Option<Box<dyn Cache>>,
    /// Who works here, as far as the operating system says.
    pub who: String,
    /// How long a push waits for what.
    pub patience: Patience,
    /// Whether all systems are read at the start.
    pub read_at_start: bool,
}
