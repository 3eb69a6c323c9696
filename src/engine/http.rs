//! The one HTTP client: everything that leaves for a service leaves here.
//!
//! It adds credentials, keeps to the budget, repeats what is safe to repeat, follows no redirect off the host, bounds the
//! size of replies, and notes each request without its secrets. A write is sent exactly once, and only with a [`Receipt`].

mod again;
mod breaker;
mod credentials;
mod hide;
mod inner;
mod once;
mod options;
mod session;
mod signing;
mod transport;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use crate::config::Auth;
use again::{busy, most_tries, redirects};
use breaker::Breaker;
use credentials::{Credentials, resolved};
use once::Note;
pub use options::{Options, Timeouts, Together};
use session::{Session, oauth2};
use transport::transport;

use super::address::{Address, FILES, masked};
use super::budget::Bucket;
use super::fault::{Fault, Trouble};
use super::limit::{named_wait, over};
use super::local::{Files, Piece};
use super::protocol::{Budget, Sent};
use super::push::Rest;
use super::recent::Recent;
use crate::connectors::Login;
use crate::connectors::file::Ask;
use crate::plan::{Evidence, Method, Reply, Request};
use crate::secret::{Secret, Source};
use crate::store::{Receipt, Warrant};

/// How often a read is sent at most.
const TRIES: u32 = 5;

/// A service that wants us to wait longer than this is told to the operator instead of waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a write is sent at most while it is turned away, and the longest wait for that; whoever pushes shows longer
/// ones to the operator.
const WRITE_TRIES: u32 = 3;
const WRITE_PATIENCE: Duration = Duration::from_secs(5);

/// The word of a write that was not sent as what it stands on does not hold any more.
pub(super) const TOO_LATE: &str = "late";

/// Redirects that are followed in a row.
const HOPS: u32 = 5;

/// A system's client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// Counts what this client and its clones send.
    requests: Arc<AtomicU64>,
    /// When the oldest file that this client and its clones read was written.
    written: Arc<Mutex<Option<jiff::Timestamp>>>,
}

struct Inner {
    system: String,
    address: Address,
    /// `None` where the system is no service but files.
    http: Option<reqwest::Client>,
    files: Option<Files>,
    credentials: Credentials,
    session: Option<Session>,
    /// The connector's own secrets, by the names of its settings.
    own: BTreeMap<String, Secret>,
    /// What the operator typed for single writes.
    typed: Mutex<BTreeMap<String, Secret>>,
    bucket: Bucket,
    recent: Recent,
    denied: Mutex<Option<u16>>,
    breaker: Breaker,
    body_limit: u64,
    first_pause: Duration,
    window: Option<Duration>,
    busy: Vec<(u16, u32)>,
    /// The secrets that came from files, as they were read.
    from_files: Vec<(Source, Secret)>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client")
            .field("system", &self.inner.system)
            .field("address", &self.inner.address)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// A client for one system that is signed in to with a fixed header or OAuth2. Blocks: gets the secret (a file, a
    /// command) and reads the certificates.
    ///
    /// # Errors
    /// When the system cannot be used as it is configured: this is that system's trouble and nobody else's.
    pub fn new(options: &Options) -> Result<Self, Trouble> {
        Self::with_login(options, |_| None)
    }

    /// The same for a system that may be signed in to by a conversation: `login` is told the connector's own secrets.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_login(
        options: &Options,
        login: impl FnOnce(&BTreeMap<String, Secret>) -> Option<Box<dyn Login>>,
    ) -> Result<Self, Trouble> {
        let system = options.system.clone();
        let setup = |text: String| Trouble { word: "setup", text };
        let files = options.url.starts_with(FILES).then(|| Files::new(system.as_str()));
        let address = match &files {
            Some(_) => Address::nowhere(),
            None => Address::parse(&system, &options.url).map_err(setup)?,
        };
        let credentials = Credentials::new(&system, &options.auth)?;
        let mut secrets = BTreeMap::new();
        for (name, source) in &options.own_secrets {
            secrets.insert(name.clone(), resolved(&system, name, source)?);
        }
        let own = secrets.clone();
        let signs_in = oauth2(&system, &options.auth, &mut secrets)?.or_else(|| login(&secrets));
        let session = match signs_in {
            Some(login) => Some(Session::new(login, options, &address, secrets.into_values().collect())?),
            None => None,
        };
        let http = match &files {
            Some(_) => None,
            None => Some(transport(options, address.host(), address.loopback())?),
        };
        let key = credentials.secrets();
        let together = options.together.as_ref().map(|together| together.opened(key.iter().chain(own.values())));
        Ok(Self {
            inner: Arc::new(Inner {
                system,
                address,
                http,
                files,
                credentials,
                session,
                own,
                typed: Mutex::default(),
                bucket: Bucket::new(options.rate).together(together),
                recent: Recent::default(),
                denied: Mutex::default(),
                breaker: Breaker::default(),
                body_limit: options.body_limit,
                first_pause: options.first_pause,
                window: options.window,
                busy: options.busy.clone(),
                from_files: from_files(options),
            }),
            requests: Arc::default(),
            written: Arc::default(),
        })
    }

    /// Holds a secret that the operator typed, for the writes that ask for it by this name. It is nowhere but in memory.
    pub fn hold(&self, name: String, secret: Secret) {
        self.inner.typed().insert(name, secret);
    }

    /// Its budget as it is now.
    pub fn budget(&self) -> Budget {
        self.inner.bucket.shown()
    }

    /// Why its requests are not counted together with those of the other processes of this host, where the service has one
    /// limit for all of them.
    pub fn uncounted(&self) -> Option<String> {
        self.inner.bucket.uncounted()
    }

    /// Sets its rate, also for requests that wait already.
    pub fn tune(&self, per_second: f64) {
        self.inner.bucket.tune(per_second);
    }

    /// The last requests, newest last.
    pub fn recent(&self) -> Arc<[Sent]> {
        self.inner.recent.list()
    }

    /// Requests sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Counts requests that were sent before the count began.
    pub(super) fn counted(&self, requests: u64) {
        self.requests.fetch_add(requests, Ordering::Relaxed);
    }

    /// The same client with a count of its own.
    pub fn counting(&self) -> Self {
        Self { inner: self.inner.clone(), requests: Arc::default(), written: Arc::default() }
    }

    /// The last 401 or 403, if nothing went well after it.
    pub fn denied(&self) -> Option<u16> {
        *self.inner.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the last good sign-in said of who we are there: lines of the connection test.
    pub fn login_evidence(&self) -> Vec<Evidence> {
        self.inner.session.as_ref().map(Session::evidence).unwrap_or_default()
    }

    /// For how long nothing is sent, as the service did not answer again and again.
    pub fn rests(&self) -> Option<Rest> {
        self.inner.breaker.rests()
    }

    /// Closes the breaker: the operator wants it tried now. A sign-in that was denied stays denied.
    pub fn try_again(&self) {
        self.inner.breaker.went_well();
    }

    /// Whether a file that a secret came from holds another one now, or none that can be read.
    pub fn outdated(&self) -> bool {
        let moved =
            |(source, secret): &(Source, Secret)| source.resolve().map_or(true, |now| now.expose() != secret.expose());
        self.inner.from_files.iter().any(moved)
    }

    /// Forgets the session and that a sign-in was denied: the operator wants the credentials tried now.
    pub fn sign_in_again(&self) {
        if let Some(session) = &self.inner.session {
            session.begin_anew();
        }
    }

    /// Sends a read: waits for the budget, repeats it where something went wrong on the way or the service was busy. A
    /// reply that is not 2xx is a reply; what it means is the connector's business.
    ///
    /// # Errors
    /// When no whole reply came.
    pub async fn read(&self, request: &Request) -> Result<Reply, Fault> {
        let inner = &*self.inner;
        // Nothing that changes something leaves without a receipt.
        if !request.reads() {
            return Err(inner.unsent("internal", "a write was about to be sent as a read"));
        }
        if let Some(files) = &inner.files {
            return self.piece(files, request).await;
        }
        let _pass = inner.breaker.pass()?;
        let mut target = inner.target(request)?;
        let mut pauses = inner.pauses();
        let mut hops = 0;
        for attempt in 1.. {
            let outcome = self.signed(request, &target, attempt, None).await;
            let last = attempt >= most_tries(&outcome, &inner.busy);
            match outcome {
                Ok(reply) if busy(&reply, &inner.busy) => {
                    let pause = pauses.next().unwrap_or(inner.first_pause);
                    let wait = named_wait(&reply, jiff::Timestamp::now());
                    if over(&reply) || wait.is_some() {
                        let wait = wait.or(inner.window).unwrap_or(pause * 4);
                        inner.bucket.refused(wait);
                        if last || wait > PATIENCE {
                            return Ok(reply);
                        }
                    } else if last {
                        inner.breaker.heard(&reply, &inner.system);
                        return Ok(reply);
                    } else {
                        tokio::time::sleep(pause).await;
                    }
                }
                Ok(reply) if redirects(&reply) && request.method == Method::Get => {
                    hops += 1;
                    if hops > HOPS {
                        let circle = format!("{} is redirected in a circle", masked(&target));
                        return Err(Fault::lost("redirect", format!("{}: {circle}", inner.system)));
                    }
                    target = inner.follow(&target, &reply)?;
                }
                Ok(reply) => {
                    inner.breaker.heard(&reply, &inner.system);
                    return Ok(reply);
                }
                Err(fault) if last => return Err(inner.breaker.broke(fault)),
                Err(_) => tokio::time::sleep(pauses.next().unwrap_or(inner.first_pause)).await,
            }
        }
        Err(inner.unsent("internal", "no try was left"))
    }

    /// Reads a piece of a file. Nothing is tried twice: what failed on a disk fails again.
    async fn piece(&self, files: &Files, request: &Request) -> Result<Reply, Fault> {
        let inner = &*self.inner;
        let Some(ask) = Ask::of(request) else {
            return Err(inner.unsent("internal", "a file was asked for what only a service can answer"));
        };
        let target = format!("{FILES}{} from {}", ask.file, ask.from);
        let (at, began) = (jiff::Timestamp::now(), Instant::now());
        self.requests.fetch_add(1, Ordering::Relaxed);
        let outcome = files.read(ask).await;
        if let Ok(Piece { written: Some(written), .. }) = &outcome {
            let mut oldest = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            *oldest = Some(oldest.map_or(*written, |oldest| oldest.min(*written)));
        }
        inner.recent.add(Sent {
            at,
            method: request.method,
            target,
            status: outcome.as_ref().ok().map(|piece| piece.reply.status),
            took: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
            bytes: outcome.as_ref().map_or(0, |piece| piece.reply.body.len() as u64),
            attempt: 1,
            fault: outcome.as_ref().err().map(|fault| fault.trouble().text.clone()),
        });
        outcome.map(|piece| piece.reply)
    }

    /// When the oldest file was written that this client and its clones have read: older than any reading of it.
    pub fn written(&self) -> Option<jiff::Timestamp> {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a write, exactly once but where provably nothing was done: no connection stood, or the service turned it away
    /// (429) and wants a short wait only. The receipt is the proof that it is in the journal, and its warrant has to be good at
    /// the moment of sending. Dropping the future does not call a write back that is under way.
    ///
    /// # Errors
    /// [`Fault::NotSent`] when nothing reached the service, [`Fault::Lost`] when nobody knows: look, never resend.
    pub fn write<'c>(
        &'c self,
        request: Request,
        receipt: &Receipt,
    ) -> impl Future<Output = Result<Reply, Fault>> + Send + use<'c> {
        self.carried_out(request, receipt.warrant().clone())
    }

    async fn carried_out(&self, request: Request, warrant: Warrant) -> Result<Reply, Fault> {
        let inner = &*self.inner;
        if request.reads() {
            return Err(inner.unsent("internal", "a read was about to be sent as a write"));
        }
        if inner.files.is_some() {
            return Err(inner.unsent("internal", "a file is only read"));
        }
        if !request.holes.is_empty() {
            return Err(inner.unsent("internal", "the id that an earlier step yields is not in place yet"));
        }
        let _pass = inner.breaker.pass()?;
        let target = inner.target(&request)?;
        let mut pauses = inner.pauses();
        for attempt in 1.. {
            let task = {
                let (client, request, target) = (self.clone(), request.clone(), target.clone());
                let warrant = warrant.clone();
                tokio::spawn(async move { client.signed(&request, &target, attempt, Some(&warrant)).await })
            };
            let outcome = task.await.unwrap_or_else(|_| {
                Err(Fault::lost("internal", format!("{}: the sending of this write broke off", inner.system)))
            });
            let last = attempt >= most_tries(&outcome, &inner.busy).min(WRITE_TRIES);
            match outcome {
                Ok(reply) if over(&reply) => {
                    let pause = pauses.next().unwrap_or(inner.first_pause) * 4;
                    let wait = named_wait(&reply, jiff::Timestamp::now()).or(inner.window).unwrap_or(pause);
                    inner.bucket.refused(wait);
                    if last || wait > WRITE_PATIENCE {
                        return Ok(reply);
                    }
                }
                Ok(reply) => {
                    inner.breaker.heard(&reply, &inner.system);
                    return Ok(reply);
                }
                Err(fault) if fault.not_sent() && !last => {
                    tokio::time::sleep(pauses.next().unwrap_or(inner.first_pause)).await;
                }
                Err(fault) => return Err(inner.breaker.broke(fault)),
            }
        }
        Err(inner.unsent("internal", "no try was left"))
    }
}

/// The secrets that come from files: these can be changed while the program runs.
fn from_files(options: &Options) -> Vec<(Source, Secret)> {
    let sources = options.auth.source().into_iter().chain(options.own_secrets.values());
    let files = sources.filter(|source| matches!(source, Source::File(_)));
    files.filter_map(|source| Some((source.clone(), source.resolve().ok()?))).collect()
}

#[cfg(test)]
mod tests;

#[cfg(test)]
impl Client {
    /// A client for tests: short pauses, and as fast as wanted.
    pub(super) fn quick(url: &str, token: &str) -> Self {
        let mut options = Options::new(
            "hr",
            url,
            Auth::Bearer(crate::secret::Source::Given(Secret::new(token))),
            crate::mapping::Rate { per_second: 1_000_000.0, burst: 1000, parallel: 8 },
        );
        options.first_pause = Duration::from_millis(1);
        #[expect(clippy::unwrap_used, reason = "a test that gives a wrong address is a wrong test")]
        Self::new(&options).unwrap()
    }
}
