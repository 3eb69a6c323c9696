//! What a sign-in that is a conversation has brought: the pass that goes on every request, and how the last sign-in ended.
//!
//! Nothing is sent here; see `signing`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::Options;
use super::credentials::{resolved, sensitive};
use super::transport::transport;
use crate::config::{Auth, ClientAuth};
use crate::connectors::{Login, LoginInput, LoginNext, OAuth2, Pass};
use crate::engine::address::Address;
use crate::engine::fault::{Fault, Trouble};
use crate::plan::{Evidence, Reply, Request};
use crate::secret::Secret;

/// A pass that is lost within this time, and never served for anything, is not worth another sign-in: access was not
/// granted.
const FRESH: Duration = Duration::from_secs(30);

/// After this many sign-ins that did not help, none is made for a lost pass for a while.
const FRUITLESS: u32 = 3;
const REST: Duration = Duration::from_secs(300);

/// Secrets that are kept to be masked: the last passes.
const KEPT: usize = 24;

/// Shorter parts of a pass than this are words (`Theme=standard`), not secrets.
pub(super) const SECRETIVE: usize = 12;

/// One system's session.
pub(super) struct Session {
    login: Mutex<Box<dyn Login>>,
    state: Mutex<State>,
    /// What it is signed in with.
    own: Vec<Secret>,
    /// Held while somebody signs in: all others wait for what comes of it.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// The client for sign-ins on another host that wants the other decision about proxies than the system itself.
    pub(super) other: reqwest::Client,
}

#[derive(Default)]
struct State {
    pass: Option<Arc<Held>>,
    /// How many sign-ins have ended.
    ended: u64,
    /// Why the last one failed.
    failed: Option<Fault>,
    /// Why no more is tried until the operator wants it.
    denied: Option<Trouble>,
    /// Sign-ins in a row that did not help, and when the last was.
    fruitless: u32,
    barren: Option<Instant>,
    /// The secret parts of the last passes.
    secrets: VecDeque<Secret>,
    /// What the last good sign-in said of who we are.
    evidence: Vec<Evidence>,
}

/// A pass as it is held.
#[derive(Debug)]
pub(super) struct Held {
    /// Which sign-in it came from.
    number: u64,
    headers: Vec<(HeaderName, HeaderValue)>,
    since: Instant,
    until: Option<Instant>,
    /// Whether anything was served for it.
    proved: std::sync::atomic::AtomicBool,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sign-in at a token endpoint, where the configuration names one. Its secret joins the others.
pub(super) fn oauth2(
    system: &str,
    auth: &Auth,
    secrets: &mut BTreeMap<String, Secret>,
) -> Result<Option<Box<dyn Login>>, Trouble> {
    let Auth::OAuth2 { token_url, client_id, client_secret, scope, client_auth } = auth else { return Ok(None) };
    let secret = resolved(system, "client_secret", client_secret)?;
    secrets.insert("client_secret".to_owned(), secret.clone());
    let form_first = *client_auth == ClientAuth::Form;
    Ok(Some(Box::new(OAuth2::new(token_url, client_id, secret, scope.clone(), form_first))))
}

impl Session {
    /// A session that is not signed in. `own`: what it is signed in with, masked wherever it shows up.
    pub(super) fn new(
        login: Box<dyn Login>,
        options: &Options,
        address: &Address,
        own: Vec<Secret>,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            login: Mutex::new(login),
            state: Mutex::default(),
            own,
            turn: tokio::sync::Mutex::default(),
            other: transport(options, address.host(), !address.loopback())?,
        })
    }

    /// The pass that is good now.
    pub(super) fn current(&self) -> Option<Arc<Held>> {
        let good = |held: &Arc<Held>| held.until.is_none_or(|until| Instant::now() < until);
        lock(&self.state).pass.clone().filter(good)
    }

    /// How many sign-ins have ended.
    pub(super) fn ended(&self) -> u64 {
        lock(&self.state).ended
    }

    /// Why there is no sense in signing in: it was denied, or one that was waited for (since `seen`) failed.
    pub(super) fn hindered(&self, seen: u64) -> Option<Fault> {
        let state = lock(&self.state);
        if let Some(trouble) = &state.denied {
            return Some(Fault::NotSent(trouble.clone()));
        }
        state.failed.clone().filter(|_| state.ended != seen)
    }

    /// The next turn of the conversation.
    pub(super) fn next(&self, input: LoginInput<'_>) -> LoginNext {
        lock(&self.login).next(input, jiff::Timestamp::now().as_second())
    }

    /// A sign-in has come to its end.
    pub(super) fn signed_in(&self, pass: &Pass) -> Result<Arc<Held>, String> {
        let mut state = lock(&self.state);
        state.ended += 1;
        let held = Arc::new(held(pass, state.ended, false)?);
        state.keep_secrets(pass);
        state.evidence.clone_from(&pass.evidence);
        state.failed = None;
        state.pass = Some(held.clone());
        Ok(held)
    }

    /// A sign-in has failed; with `denied` it is not tried again by itself.
    pub(super) fn failed(&self, fault: &Fault, denied: bool) {
        let mut state = lock(&self.state);
        state.ended += 1;
        state.pass = None;
        state.failed = Some(fault.clone());
        state.denied = denied.then(|| fault.trouble().clone());
    }

    /// Takes in what a reply says about the session. Whether it says that the pass is no longer good.
    pub(super) fn heard(&self, held: &Held, reply: &Reply) -> bool {
        let mut login = lock(&self.login);
        if login.lost(reply) {
            return true;
        }
        let renewed = login.renewed(reply);
        drop(login);
        if reply.ok() {
            held.proved.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        let mut state = lock(&self.state);
        let same = state.pass.as_ref().is_some_and(|pass| pass.number == held.number);
        if let (Some(pass), true) = (renewed, same) {
            state.keep_secrets(&pass);
            // One that cannot be sent renews nothing.
            if let Ok(renewed) = self::held(&pass, held.number, true) {
                state.pass = Some(Arc::new(renewed));
            }
        }
        false
    }

    /// What the last good sign-in said of who we are.
    pub(super) fn evidence(&self) -> Vec<Evidence> {
        lock(&self.state).evidence.clone()
    }

    /// Whether a reply says that the pass is no longer good.
    pub(super) fn lost(&self, reply: &Reply) -> bool {
        lock(&self.login).lost(reply)
    }

    /// Why nothing is served although the sign-in is taken.
    pub(super) fn unheard(&self) -> String {
        lock(&self.login).unheard()
    }

    /// Gives up a pass that is no longer good. Whether a new sign-in is worth a try.
    pub(super) fn lose(&self, held: &Held) -> bool {
        let mut state = lock(&self.state);
        if state.pass.as_ref().is_some_and(|pass| pass.number != held.number) {
            // Somebody has signed in anew meanwhile.
            return true;
        }
        let proved = held.proved.load(std::sync::atomic::Ordering::Relaxed);
        let fresh = !proved && held.since.elapsed() < FRESH;
        let barren = state.barren.is_some_and(|at| at.elapsed() < REST) && state.fruitless >= FRUITLESS;
        if fresh || barren {
            return false;
        }
        state.pass = None;
        true
    }

    /// Whether the sign-in that was made for a lost pass has helped.
    pub(super) fn helped(&self, yes: bool) {
        let mut state = lock(&self.state);
        if yes {
            state.fruitless = 0;
        } else {
            let long_ago = state.barren.is_none_or(|at| at.elapsed() >= REST);
            state.fruitless = if long_ago { 1 } else { state.fruitless + 1 };
            state.barren = Some(Instant::now());
        }
    }

    /// As if nobody had ever signed in.
    pub(super) fn begin_anew(&self) {
        let mut state = lock(&self.state);
        let secrets = std::mem::take(&mut state.secrets);
        *state = State { ended: state.ended, secrets, ..State::default() };
    }

    /// Puts the pass on a request, and what is computed for it alone.
    ///
    /// # Errors
    /// In words, when a computed header cannot be sent.
    pub(super) fn put_on(
        &self,
        builder: RequestBuilder,
        held: &Held,
        request: &Request,
        path: &str,
    ) -> Result<RequestBuilder, String> {
        let mut headers: HeaderMap = held.headers.iter().cloned().collect();
        let signed = lock(&self.login).sign(request, path, jiff::Timestamp::now().as_second());
        for (name, value) in &signed {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        // What has the same name is replaced: a pass stands above what is fixed.
        Ok(builder.headers(headers))
    }

    /// Everything secret that the session knows.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        self.own.iter().chain(&lock(&self.state).secrets).cloned().collect()
    }
}

impl State {
    fn keep_secrets(&mut self, pass: &Pass) {
        for (_, value) in &pass.headers {
            let parts = value.expose().split([' ', ';', '=', ',', '"']);
            for part in parts.filter(|part| part.len() >= SECRETIVE) {
                self.secrets.push_back(Secret::new(part));
            }
        }
        while self.secrets.len() > KEPT {
            self.secrets.pop_front();
        }
    }
}

fn header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue), String> {
    let key = HeaderName::try_from(name);
    match (key, sensitive(value)) {
        (Ok(key), Some(value)) => Ok((key, value)),
        _ => Err(format!("the sign-in yields the header {name}, which cannot be sent")),
    }
}

fn held(pass: &Pass, number: u64, proved: bool) -> Result<Held, String> {
    let headers = pass.headers.iter().map(|(name, value)| header(name, value)).collect::<Result<_, _>>()?;
    let since = Instant::now();
    // Renewed a little before its end: a request that is under way then must not come too late.
    let lasts = pass.seconds.filter(|seconds| *seconds > 0).map(|seconds| {
        let seconds = seconds.min(31_536_000) as f64;
        Duration::from_secs_f64(seconds - (seconds / 10.0).min(60.0))
    });
    Ok(Held { number, headers, since, until: lasts.map(|lasts| since + lasts), proved: proved.into() })
}
