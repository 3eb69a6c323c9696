use std::sync::Arc;
use std::time::Duration;

use super::address::base;
use super::http::{Options, Together};
use super::push::Patience;
use crate::config::SystemConfig;
use crate::connectors::{Connector, Settings, connector};
use crate::mapping::{Loss, Mapping, Rate};
use crate::model::{AttrPath, Kind, SystemId};
use crate::plan::{Hidden, Lost, Site};
use crate::store::{Cache, Journal, Leases};

/// One system to be connected: what the configuration says, and what knows its wire.
#[derive(Clone)]
pub struct SystemSetup {
    /// What the configuration says.
    pub config: SystemConfig,
    /// What knows its wire, with the mapping that it goes by.
    pub connector: Arc<dyn Connector>,
}

impl SystemSetup {
    /// A system over a mapping; `None` where there is no such connector.
    pub fn over(config: SystemConfig, mapping: Arc<Mapping>) -> Option<Self> {
        let speaks = mapping.speaks.clone();
        let connector = connector(&speaks, mapping, &settings(&config))?;
        Some(Self { config, connector })
    }

    /// Its name.
    pub fn id(&self) -> &SystemId {
        &self.config.id
    }

    /// How fast it may be called.
    pub(super) fn speed(&self) -> Rate {
        let usual = self.connector.mapping().rate;
        self.config.rate.map_or(usual, |per_second| Rate { per_second, burst: burst(per_second), ..usual })
    }

    /// The connector with the attributes that a probe found beside those of the mapping, and without those that it found not
    /// to be shown.
    pub(super) fn grown(&self, site: &Site) -> Arc<dyn Connector> {
        if site.discovered.is_empty() && site.lost.is_empty() {
            return self.connector.clone();
        }
        let found = site.discovered.iter().map(|(kind, path)| (*kind, AttrPath::new(path.as_str()))).collect();
        let mapping = self.connector.mapping();
        let speaks = mapping.speaks.clone();
        let grown = Arc::new(mapping.with_discovered(found).without(&lost(site)));
        connector(&speaks, grown, &settings(&self.config)).unwrap_or_else(|| self.connector.clone())
    }

    /// How its client is made.
    pub(super) fn options(&self, leases: &Leases) -> Options {
        let config = &self.config;
        let mut options = Options::new(config.id.as_str(), &config.url, config.auth.clone(), self.speed());
        options.own_secrets.clone_from(&config.own_secrets);
        options.ca_file.clone_from(&config.ca_file);
        options.timeouts.read = config.timeout;
        options.http1_only = self.connector.mapping().http1_only;
        options.busy = self.connector.mapping().busy.iter().map(|busy| (busy.status, busy.tries)).collect();
        options.window = self.connector.mapping().window.map(|seconds| Duration::from_secs(seconds.into()));
        options.together = self.connector.mapping().account_window.map(|seconds| Together {
            leases: leases.clone(),
            identity: format!("{} at {}", self.connector.mapping().speaks, host(&config.url)),
            window: Duration::from_secs(seconds.into()),
        });
        options
    }

    /// What the system is, whatever the configuration calls it: the account that its key answers for, where the service says
    /// that, else its address.
    pub(super) fn identity(&self, site: &Site) -> String {
        let speaks = &self.connector.mapping().speaks;
        match &site.account {
            Some(account) => format!("{speaks} account {}", account.to_lowercase()),
            None => format!("{speaks} at {}", place(&self.config.url)),
        }
    }

    /// Where its records come from, in one way of writing it: its address, or its files, and what it speaks.
    pub fn place(&self) -> String {
        let own: Vec<String> = self.config.own.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let at = place(&self.config.url);
        // A simulator on this machine has another port each time.
        let at = match at.strip_prefix("127.0.0.1:") {
            Some(rest) => format!("127.0.0.1{}", rest.trim_start_matches(|c: char| c.is_ascii_digit())),
            None => at,
        };
        format!("{} {at} {}", self.connector.mapping().speaks, own.join(" "))
    }

    /// Its base URL as it may be shown.
    pub(super) fn shown_url(&self) -> String {
        base(&self.config.url)
    }
}

/// What a probe found not to be shown, as a mapping takes it.
fn lost(site: &Site) -> Vec<Loss> {
    let loss = |lost: &Lost| Loss {
        kind: lost.kind,
        attr: AttrPath::new(lost.path.as_str()),
        written: lost.how != Hidden::Nowhere,
        alone: lost.how == Hidden::Lists,
        why: lost.why.clone(),
    };
    site.lost.iter().map(loss).collect()
}

/// Host, port and path of an address, in one way of writing them.
fn place(url: &str) -> String {
    let Ok(url) = reqwest::Url::parse(url) else { return url.to_owned() };
    let host = match url.host_str().unwrap_or_default() {
        "localhost" | "[::1]" => "127.0.0.1",
        host => host,
    };
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{host}:{port}{}", url.path().trim_end_matches('/').to_lowercase())
}

/// The host of an address with its port: a path names no other account.
fn host(url: &str) -> String {
    let place = place(url);
    place.split_once('/').map_or(place.as_str(), |(host, _)| host).to_owned()
}

/// What a connector is told of its system.
fn settings(config: &SystemConfig) -> Settings {
    Settings { url: config.url.clone(), own: config.own.clone(), secrets: config.own_secrets.keys().cloned().collect() }
}

/// Requests at once at a given speed: a second's worth, at least one. More would be turned away by a service that counts them
/// by the second.
fn burst(per_second: f64) -> u32 {
    per_second.ceil().clamp(1.0, 10_000.0) as u32
}

/// What an operator takes for complete though it is not proved to be: what is read in this run, and no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Which system.
    pub system: SystemId,
    /// Which kind; `None`: all.
    pub kind: Option<Kind>,
    /// Why it is right as it is.
    pub why: String,
}

/// Reads the configuration anew: the systems as they are described now, the same ones in the same order, or in words why that
/// cannot be. It may take its time and look at files.
pub type Reread = Arc<dyn Fn() -> Result<Vec<SystemSetup>, String> + Send + Sync>;

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
    pub cache: Option<Arc<dyn Cache>>,
    /// Where the operators of this host see who pushes to what.
    pub leases: Leases,
    /// What the operator takes for complete though it is not proved to be, once it is read (without a face).
    pub accepted: Vec<Accepted>,
    /// Who works here, as far as the operating system says.
    pub who: String,
    /// How long a push waits for what.
    pub patience: Patience,
    /// Whether all systems are read at the start.
    pub read_at_start: bool,
    /// How the configuration is read anew; `None` where there is none.
    pub reread: Option<Reread>,
}

impl Setup {
    /// The same with one system alone, and with what it is compared with: nothing else is asked anything.
    #[must_use]
    pub fn only(mut self, system: Option<&str>) -> Self {
        let base = self.source.clone().or_else(|| self.reference.clone());
        self.systems
            .retain(|one| system.is_none_or(|system| one.id().as_str() == system) || base.as_ref() == Some(one.id()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_in_one_way() {
        for url in
            ["https://Scim.Example.com/v2/", "https://scim.example.com:443/V2?a=b", "https://scim.example.com/v2"]
        {
            assert_eq!(place(url), "scim.example.com:443/v2");
        }
        assert_eq!(place("http://localhost:8080"), place("http://127.0.0.1:8080/"));
        assert_ne!(place("https://scim.example.com/v2/a"), place("https://scim.example.com/v2/b"));
    }
}
