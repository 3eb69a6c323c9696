use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::config::Auth;
use crate::engine::together::Shared;
use crate::mapping::Rate;
use crate::secret::{Secret, Source};
use crate::store::Leases;

/// How long a service may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Until the connection stands.
    pub connect: Duration,
    /// Without a single byte coming.
    pub read: Duration,
    /// For one request in all.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), read: Duration::from_secs(60), total: Duration::from_secs(300) }
    }
}

/// How a service is called.
#[derive(Clone, Debug)]
pub struct Options {
    /// The system's name, for messages.
    pub system: String,
    /// Its base URL.
    pub url: String,
    /// How it is signed in to.
    pub auth: Auth,
    /// Where the connector's own secrets come from, by the names of its settings.
    pub own_secrets: BTreeMap<String, Source>,
    /// Certificates of an authority of one's own, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// How fast it may be called.
    pub rate: Rate,
    /// Whether it must not be spoken to in HTTP/2.
    pub http1_only: bool,
    /// The largest reply, in bytes, decompressed.
    pub body_limit: u64,
    /// The first pause before a read is repeated; later ones double.
    pub first_pause: Duration,
    /// How long to wait when the service says that there were too many requests and names no time.
    pub window: Option<Duration>,
    /// Where the requests of all processes of this host are counted together, and over which time.
    pub together: Option<Together>,
    /// Statuses by which this service says that it is busy, beside those of all, and how often a read is sent then.
    pub busy: Vec<(u16, u32)>,
}

/// A limit that all who use a key share.
#[derive(Clone, Debug)]
pub struct Together {
    /// Where the processes of this host meet.
    pub leases: Leases,
    /// What the system is.
    pub identity: String,
    /// The time over which the service counts.
    pub window: Duration,
}

impl Together {
    /// The count that goes with a key; blocks for a moment. Of the key nothing can be told from it.
    pub(super) fn opened<'s>(&self, key: impl Iterator<Item = &'s Secret>) -> Shared {
        let mut hash = Sha256::new();
        key.for_each(|secret| {
            hash.update(secret.expose());
            hash.update([0]);
        });
        let key = hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        Shared::new(self.leases.tally(&format!("{} {key}", self.identity)), self.window)
    }
}

impl Options {
    /// The defaults for a system.
    pub fn new(system: impl Into<String>, url: impl Into<String>, auth: Auth, rate: Rate) -> Self {
        Self {
            system: system.into(),
            url: url.into(),
            auth,
            own_secrets: BTreeMap::new(),
            ca_file: None,
            timeouts: Timeouts::default(),
            rate,
            http1_only: false,
            body_limit: 64 * 1024 * 1024,
            first_pause: Duration::from_millis(500),
            window: None,
            together: None,
            busy: Vec::new(),
        }
    }
}
