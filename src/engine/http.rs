//! The one HTTP client: everything that leaves for a service leaves here.
//!
//! It adds credentials, keeps to the budget, repeats what is safe to repeat, follows no redirect off the host, bounds the
//! size of replies, and notes each request without its secrets. A write is sent exactly once, and only with a [`Receipt`].

mod again;
mod breaker;
mod options;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use bytes::BytesMut;
use reqwest::Certificate;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};

pub use crate::config::Auth;
use again::{busy, cut_off, most_tries, redirects};
use breaker::Breaker;
pub use options::{Options, Timeouts};

use super::address::{Address, masked};
use super::budget::Bucket;
use super::fault::{Fault, Trouble, told};
use super::limit::{named_wait, remaining, reset};
use super::protocol::{Budget, Sent};
use super::recent::Recent;
use crate::plan::{Body, Method, Reply, Request};
use crate::secret::{Secret, Source};
use crate::store::Receipt;

/// How often a read is sent at most.
const TRIES: u32 = 5;

/// A service that wants us to wait longer than this is told to the operator instead of waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a write is sent at most while it is turned away, and the longest wait for that; whoever pushes shows longer
/// ones to the operator.
const WRITE_TRIES: u32 = 3;
const WRITE_PATIENCE: Duration = Duration::from_secs(5);

/// Redirects that are followed in a row.
const HOPS: u32 = 5;

/// A system's client. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// Counts what this client and its clones send.
    requests: Arc<AtomicU64>,
}

struct Inner {
    system: String,
    address: Address,
    http: reqwest::Client,
    credentials: Credentials,
    bucket: Bucket,
    recent: Recent,
    denied: Mutex<Option<u16>>,
    breaker: Breaker,
    body_limit: u64,
    first_pause: Duration,
}

enum Credentials {
    None,
    Bearer(Secret),
    Basic(String, Secret),
    Header(HeaderName, HeaderValue, Secret),
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
    /// A client for one system. Blocks: gets the secret (a file, a command) and reads the certificates.
    ///
    /// # Errors
    /// When the system cannot be used as it is configured: this is that system's trouble and nobody else's.
    pub fn new(options: &Options) -> Result<Self, Trouble> {
        let system = options.system.clone();
        let setup = |text: String| Trouble { word: "setup", text };
        let address = Address::parse(&system, &options.url).map_err(setup)?;
        let secret = |source: &Source| {
            source.resolve().map_err(|error| Trouble { word: "secret", text: format!("{system}: {error}") })
        };
        let unsendable =
            |what: &str| setup(format!("{system}: {what} holds characters that cannot be sent in a header"));
        let sendable = |secret: Secret| {
            let fits = HeaderValue::from_str(secret.expose()).is_ok();
            if fits { Ok(secret) } else { Err(unsendable("the secret")) }
        };
        let credentials = match &options.auth {
            Auth::None => Credentials::None,
            Auth::Bearer(source) => Credentials::Bearer(sendable(secret(source)?)?),
            Auth::Basic { user, password } => Credentials::Basic(user.clone(), secret(password)?),
            Auth::Header { name, value } => {
                let secret = secret(value)?;
                let name =
                    HeaderName::try_from(name.as_str()).map_err(|_| unsendable("the name of the auth header"))?;
                let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| unsendable("the secret"))?;
                value.set_sensitive(true);
                Credentials::Header(name, value, secret)
            }
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("trueup/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            // What is repeated is decided here alone.
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(options.timeouts.connect)
            .read_timeout(options.timeouts.read)
            .timeout(options.timeouts.total)
            // Not longer than services keep idle connections: a write on a dead one is a needless unknown.
            .pool_idle_timeout(Duration::from_secs(15))
            .tcp_keepalive(Duration::from_secs(30));
        if address.loopback() {
            // A key that may go to this machine in plain text must not take the way over a proxy.
            builder = builder.no_proxy();
        }
        if let Some(path) = &options.ca_file {
            builder = builder.tls_certs_merge(certificates(&system, path).map_err(setup)?);
        }
        // Once for the whole process; whoever comes later finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = builder.build().map_err(|error| {
            let trouble = told(error, &system, address.host(), None);
            Trouble {
                word: "tls",
                text: format!("{trouble}; does this host have CA certificates installed, or is ca_file wrong?"),
            }
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                system,
                address,
                http,
                credentials,
                bucket: Bucket::new(options.rate),
                recent: Recent::default(),
                denied: Mutex::default(),
                breaker: Breaker::default(),
                body_limit: options.body_limit,
                first_pause: options.first_pause,
            }),
            requests: Arc::default(),
        })
    }

    /// Its budget as it is now.
    pub fn budget(&self) -> Budget {
        self.inner.bucket.shown()
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

    /// The same client with a count of its own.
    pub fn counting(&self) -> Self {
        Self { inner: self.inner.clone(), requests: Arc::default() }
    }

    /// The last 401 or 403, if nothing went well after it.
    pub fn denied(&self) -> Option<u16> {
        *self.inner.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the breaker: the operator wants it tried now.
    pub fn try_again(&self) {
        self.inner.breaker.went_well();
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
        inner.breaker.closed()?;
        let mut target = inner.target(request)?;
        let mut pauses = inner.pauses();
        let mut hops = 0;
        for attempt in 1.. {
            let outcome = self.once(request, &target, attempt, true).await;
            let last = attempt >= most_tries(&outcome);
            match outcome {
                Ok(reply) if busy(&reply) => {
                    let pause = pauses.next().unwrap_or(inner.first_pause);
                    let wait = named_wait(&reply, jiff::Timestamp::now());
                    if reply.status == 429 || wait.is_some() {
                        let wait = wait.unwrap_or(pause * 4);
                        inner.bucket.refused(wait);
                        if last || wait > PATIENCE {
                            return Ok(reply);
                        }
                    } else if last {
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
                    inner.breaker.went_well();
                    return Ok(reply);
                }
                Err(fault) if last => return Err(inner.breaker.broke(fault)),
                Err(_) => tokio::time::sleep(pauses.next().unwrap_or(inner.first_pause)).await,
            }
        }
        Err(inner.unsent("internal", "no try was left"))
    }

    /// Sends a write, exactly once but where provably nothing was done: no connection stood, or the service turned it away
    /// (429) and wants a short wait only. The receipt is the proof that it is in the journal. Dropping the future does not
    /// call a write back that is under way.
    ///
    /// # Errors
    /// [`Fault::NotSent`] when nothing reached the service, [`Fault::Lost`] when nobody knows: look, never resend.
    pub fn write<'c>(
        &'c self,
        request: Request,
        _receipt: &Receipt,
    ) -> impl Future<Output = Result<Reply, Fault>> + Send + use<'c> {
        self.written(request)
    }

    async fn written(&self, request: Request) -> Result<Reply, Fault> {
        let inner = &*self.inner;
        if request.reads() {
            return Err(inner.unsent("internal", "a read was about to be sent as a write"));
        }
        if !request.holes.is_empty() {
            return Err(inner.unsent("internal", "the id that an earlier step yields is not in place yet"));
        }
        inner.breaker.closed()?;
        let target = inner.target(&request)?;
        let mut pauses = inner.pauses();
        for attempt in 1.. {
            let task = {
                let (client, request, target) = (self.clone(), request.clone(), target.clone());
                tokio::spawn(async move { client.once(&request, &target, attempt, false).await })
            };
            let outcome = task.await.unwrap_or_else(|_| {
                Err(Fault::lost("internal", format!("{}: the sending of this write broke off", inner.system)))
            });
            let last = attempt >= most_tries(&outcome).min(WRITE_TRIES);
            match outcome {
                Ok(reply) if reply.status == 429 => {
                    let pause = pauses.next().unwrap_or(inner.first_pause) * 4;
                    let wait = named_wait(&reply, jiff::Timestamp::now()).unwrap_or(pause);
                    inner.bucket.refused(wait);
                    if last || wait > WRITE_PATIENCE {
                        return Ok(reply);
                    }
                }
                Ok(reply) => {
                    inner.breaker.went_well();
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

    /// Sends one request once and notes it.
    async fn once(&self, request: &Request, target: &str, attempt: u32, reads: bool) -> Result<Reply, Fault> {
        let inner = &*self.inner;
        let ready = inner.ready(request, target)?;
        let paused = inner.bucket.paused();
        if paused > PATIENCE {
            let minutes = paused.as_secs().div_ceil(60);
            return Err(inner.unsent(
                "busy",
                &format!(
                    "the service lets nobody in for another {minutes} min; try again then, or raise its limit there"
                ),
            ));
        }
        let permit = inner.bucket.acquire().await;
        let at = jiff::Timestamp::now();
        let began = Instant::now();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let outcome = inner.exchange(ready).await;
        let took = began.elapsed();
        let mut sent = Sent {
            at,
            method: request.method,
            target: inner.redacted(&masked(target)),
            status: None,
            took: u32::try_from(took.as_millis()).unwrap_or(u32::MAX),
            bytes: 0,
            attempt,
            fault: None,
        };
        if let Ok(reply) = &outcome {
            sent.status = Some(reply.status);
            sent.bytes = reply.body.len() as u64;
            if reply.status != 429 {
                inner.bucket.taken(remaining(reply), reset(reply, at));
            }
            let denied = matches!(reply.status, 401 | 403).then_some(reply.status);
            if denied.is_some() || reply.ok() {
                *inner.denied.lock().unwrap_or_else(PoisonError::into_inner) = denied;
            }
        }
        let outcome = if reads { outcome.and_then(|reply| inner.judge(reply, target)) } else { outcome };
        if let Err(fault) = &outcome {
            sent.fault = Some(inner.redacted(&fault.trouble().text));
        }
        inner.recent.add(sent);
        drop(permit);
        outcome
    }
}

impl Inner {
    fn unsent(&self, word: &'static str, text: &str) -> Fault {
        Fault::refused(word, format!("{}: {text}", self.system))
    }

    fn pauses(&self) -> backon::ExponentialBackoff {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.first_pause * 16)
            .with_max_times(TRIES as usize)
            .build()
    }

    fn target(&self, request: &Request) -> Result<String, Fault> {
        self.address.target(&request.path, &request.query).map_err(|why| self.unsent("internal", &why))
    }

    /// The target that a redirect leads to.
    fn follow(&self, target: &str, reply: &Reply) -> Result<String, Fault> {
        let location = reply.header(LOCATION.as_str()).unwrap_or_default();
        let next = self.address.url(target).ok().and_then(|url| self.address.redirect(&url, location));
        next.ok_or_else(|| {
            let to = reqwest::Url::parse(location).ok().and_then(|url| url.host_str().map(str::to_owned));
            Fault::lost(
                "redirect",
                format!(
                    "{}: the service redirects to another place ({}), and the key was not sent there; check the url",
                    self.system,
                    to.as_deref().unwrap_or("unknown")
                ),
            )
        })
    }

    /// What a reply to a read has to be, for the connector to see it.
    fn judge(&self, reply: Reply, target: &str) -> Result<Reply, Fault> {
        if redirects(&reply) {
            return self.follow(target, &reply).map(|_| reply);
        }
        if !reply.ok() {
            return Ok(reply);
        }
        if reply.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') {
            return Err(Fault::lost(
                "html",
                format!(
                    "{}: {} answered with a web page instead of data; the url probably leads to a sign-in page or past \
                     the interface",
                    self.system,
                    masked(target)
                ),
            ));
        }
        if cut_off(&reply) {
            let what = format!("{}: the JSON of {} ends in the middle", self.system, masked(target));
            return Err(Fault::lost("cut", what));
        }
        Ok(reply)
    }

    fn ready(&self, request: &Request, target: &str) -> Result<reqwest::RequestBuilder, Fault> {
        let url = self.address.url(target).map_err(|why| self.unsent("internal", &why))?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, application/scim+json"));
        let unfit = |what: &str| self.unsent("internal", &format!("the header {what} cannot be sent"));
        for (name, value) in &request.headers {
            let key = HeaderName::try_from(name.as_str()).map_err(|_| unfit(name))?;
            headers.insert(key, HeaderValue::from_str(value).map_err(|_| unfit(name))?);
        }
        let mut builder = self.http.request(method, url);
        if let Body::Json { json, media } = &request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(media).map_err(|_| unfit("content-type"))?);
            let bytes = serde_json::to_vec(json).map_err(|_| self.unsent("internal", "the body cannot be written"))?;
            builder = builder.body(bytes);
        }
        builder = builder.headers(headers);
        Ok(match &self.credentials {
            Credentials::None => builder,
            Credentials::Bearer(secret) => builder.bearer_auth(secret.expose()),
            Credentials::Basic(user, secret) => builder.basic_auth(user, Some(secret.expose())),
            Credentials::Header(name, value, _) => builder.header(name, value.clone()),
        })
    }

    async fn exchange(&self, ready: reqwest::RequestBuilder) -> Result<Reply, Fault> {
        let told = |error, status| told(error, &self.system, self.address.host(), status);
        let mut response = ready.send().await.map_err(|error| told(error, None))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let expected = response.content_length().unwrap_or(0).min(self.body_limit);
        let mut body = BytesMut::with_capacity(expected as usize);
        while let Some(chunk) = response.chunk().await.map_err(|error| told(error, Some(status)))? {
            if body.len() as u64 + chunk.len() as u64 > self.body_limit {
                return Err(Fault::lost(
                    "size",
                    format!(
                        "{}: the reply is larger than {} MiB, which no page should be; ask for smaller pages",
                        self.system,
                        self.body_limit / (1024 * 1024)
                    ),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, headers, body: body.freeze() })
    }

    /// A text without our secrets, should one ever find its way there.
    fn redacted(&self, text: &str) -> String {
        let secret = match &self.credentials {
            Credentials::None => return text.to_owned(),
            Credentials::Bearer(secret) | Credentials::Basic(_, secret) | Credentials::Header(_, _, secret) => secret,
        };
        if secret.expose().len() < 4 { text.to_owned() } else { text.replace(secret.expose(), "***") }
    }
}

fn certificates(system: &str, path: &std::path::Path) -> Result<Vec<Certificate>, String> {
    let shown = path.display();
    let pem = std::fs::read(path).map_err(|error| format!("{system}: the ca_file {shown} cannot be read: {error}"))?;
    let found = Certificate::from_pem_bundle(&pem)
        .map_err(|_| format!("{system}: the ca_file {shown} holds no certificates in PEM form"))?;
    if found.is_empty() { Err(format!("{system}: the ca_file {shown} holds no certificate")) } else { Ok(found) }
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
            Auth::Bearer(Source::Given(Secret::new(token))),
            crate::mapping::Rate { per_second: 1_000_000.0, burst: 1000, parallel: 8 },
        );
        options.first_pause = Duration::from_millis(1);
        #[expect(clippy::unwrap_used, reason = "a test that gives a wrong address is a wrong test")]
        Self::new(&options).unwrap()
    }
}
