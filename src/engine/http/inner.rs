//! From a request to what goes over the wire, and what a reply has to be.

use super::hide::{hide, repeats};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use serde_json::Value;

use super::again::{cut_off, redirects};
use super::session::SECRETIVE;
use super::{Inner, PATIENCE, TRIES, masked};
use crate::engine::fault::Fault;
use crate::engine::limit::{over, remaining, reset};
use crate::plan::reset::is_typed;
use crate::plan::{Body, Method, Reply, Request, SecretAt};
use crate::secret::Secret;

/// Of what is larger only the plain forms of secrets are looked for: a listing has to be read quickly.
const SMALL: usize = 16 * 1024;

impl Inner {
    /// What reaches a service, where the system is one.
    pub(super) fn service(&self) -> Result<&reqwest::Client, Fault> {
        self.http.as_ref().ok_or_else(|| self.unsent("internal", "there is no service here"))
    }

    /// What the operator typed.
    pub(super) fn typed(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.typed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unsent(&self, word: &'static str, text: &str) -> Fault {
        Fault::refused(word, format!("{}: {text}", self.system))
    }

    /// Nobody waits for hours in silence.
    pub(super) fn not_for_long(&self) -> Result<(), Fault> {
        let paused = self.bucket.paused();
        if paused <= PATIENCE {
            return Ok(());
        }
        let minutes = paused.as_secs().div_ceil(60);
        let text =
            format!("the service lets nobody in for another {minutes} min; try again then, or raise its limit there");
        Err(self.unsent("busy", &text))
    }

    /// What a reply says of the service's own limit.
    pub(super) fn heed(&self, reply: &Reply, at: jiff::Timestamp) {
        if !over(reply) {
            self.bucket.taken(remaining(reply), reset(reply, at));
        }
    }

    pub(super) fn pauses(&self) -> backon::ExponentialBackoff {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.first_pause * 16)
            .with_max_times(TRIES as usize)
            .build()
    }

    pub(super) fn target(&self, request: &Request) -> Result<String, Fault> {
        self.address.target(&request.path, &request.query).map_err(|why| self.unsent("internal", &why))
    }

    /// The target that a redirect leads to.
    pub(super) fn follow(&self, target: &str, reply: &Reply) -> Result<String, Fault> {
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
    pub(super) fn judge(&self, reply: Reply, target: &str) -> Result<Reply, Fault> {
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

    pub(super) fn ready(&self, request: &Request, target: &str) -> Result<reqwest::RequestBuilder, Fault> {
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
        let mut builder = self.service()?.request(method, url);
        if let Body::Json { json, media } = &request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(media).map_err(|_| unfit("content-type"))?);
            let json = self.with_secrets(json, request)?;
            let bytes = serde_json::to_vec(&json).map_err(|_| self.unsent("internal", "the body cannot be written"))?;
            builder = builder.body(bytes);
        }
        builder = builder.headers(headers);
        Ok(self.credentials.on(builder))
    }

    /// A body with the secrets at the places that wait for them.
    pub(super) fn with_secrets<'j>(&self, json: &'j Value, request: &Request) -> Result<Cow<'j, Value>, Fault> {
        let mut json = Cow::Borrowed(json);
        for SecretAt { at, name } in &request.secrets {
            let place = json.to_mut().pointer_mut(at);
            let typed = self.typed().get(name).cloned();
            match (place, self.own.get(name).cloned().or(typed)) {
                (Some(place), Some(secret)) => *place = Value::from(secret.expose()),
                (None, _) => return Err(self.unsent("internal", &format!("the body has no {at}"))),
                (_, None) if is_typed(name) => {
                    return Err(self.unsent("secret", "what was typed is gone, as it is never kept: type it again"));
                }
                (_, None) => {
                    return Err(self.unsent("secret", &format!("`{name}` is not set, and the request wants it")));
                }
            }
        }
        Ok(json)
    }

    /// Everything secret that is known here.
    fn secrets(&self) -> Vec<Secret> {
        let mut all: Vec<Secret> = self.credentials.secrets();
        all.extend(self.own.values().chain(self.typed().values()).cloned());
        if let Some(session) = &self.session {
            all.extend(session.secrets());
        }
        all
    }

    /// A text without our secrets, should one ever find its way there.
    pub(super) fn redacted(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets() {
            hide(&mut text, secret.expose());
        }
        text
    }

    /// Takes out what a service repeats of our secrets: what it says of a write, or of what it refuses, ends in outcomes and
    /// in the journal; what it serves is shown, kept and carried over. There only what is long enough to be nothing else is
    /// taken out, as a record is not to be spoilt by a password that is a word.
    pub(super) fn without_secrets(&self, reply: &mut Reply) {
        let mut secrets = self.secrets();
        if reply.ok() {
            secrets.retain(|secret| secret.expose().len() >= SECRETIVE);
            if reply.body.len() > SMALL && !secrets.iter().any(|secret| repeats(&reply.body, secret.expose())) {
                return;
            }
        }
        let hidden = |said: &str| {
            let mut text = said.to_owned();
            for secret in &secrets {
                hide(&mut text, secret.expose());
            }
            text
        };
        let told = String::from_utf8_lossy(&reply.body);
        let redacted = hidden(&told);
        if redacted != told {
            reply.body = redacted.into();
        }
        reply.headers.iter_mut().for_each(|(_, said)| *said = hidden(said));
    }
}
