//! Signing in, and sending with what that brought: one sign-in however many requests wait for it, one more where the
//! service has forgotten us, and none at all after it has turned us away.

use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};

use super::credentials::sensitive;
use super::session::{Held, Session};
use super::transport::exchange;
use super::{Client, Note, PATIENCE, WRITE_TRIES, masked};
use crate::connectors::{LoginInput, LoginNext, LoginRequest, Pass};
use crate::engine::address::Address;
use crate::engine::fault::{Fault, Trouble};
use crate::engine::limit::named_wait;
use crate::plan::{Method, Reply, Request};
use crate::store::Warrant;

/// The longest conversation.
const TURNS: u32 = 8;

/// How a sign-in came to nothing.
enum Broken {
    /// It may be tried again with the next request.
    Off(Fault),
    /// Not before the operator wants it.
    Denied(Fault),
}

impl Client {
    /// Sends a request, and once more where the service has forgotten who we are and that is safe.
    pub(super) async fn signed(
        &self,
        request: &Request,
        target: &str,
        attempt: u32,
        warrant: Option<&Warrant>,
    ) -> Result<Reply, Fault> {
        let reads = warrant.is_none();
        let (reply, held) = self.once(request, target, attempt, warrant).await?;
        let (Some(session), Some(held)) = (&self.inner.session, held) else { return Ok(reply) };
        if !session.lost(&reply) {
            return Ok(reply);
        }
        // Not applied "because it lacks valid authentication credentials" (RFC 9110 15.5.2).
        let untouched = reply.status == 401;
        if !session.lose(&held) {
            return self.not_granted(reply, target, reads);
        }
        if !reads && !untouched {
            let text =
                "the session had ended when this was sent, and the service does not say whether it carried it out";
            return Err(Fault::lost("session", format!("{}: {text}", self.inner.system)));
        }
        match self.signed_in(session).await {
            Ok(_) => {}
            Err(fault) if reads => return Err(fault),
            Err(_) => return Ok(reply),
        }
        let (reply, _) = self.once(request, target, attempt + 1, warrant).await?;
        let again = session.lost(&reply);
        session.helped(!again);
        if again { self.not_granted(reply, target, reads) } else { Ok(reply) }
    }

    /// The sign-in works and the service serves us nothing for it. A reply that says so plainly is the connector's
    /// business.
    fn not_granted(&self, reply: Reply, target: &str, reads: bool) -> Result<Reply, Fault> {
        if reply.status == 401 || reply.status == 403 {
            return Ok(reply);
        }
        let text = format!(
            "{}: the sign-in is taken, and {} is answered as if nobody had signed in: {}",
            self.inner.system,
            masked(target),
            self.inner.session.as_ref().map(Session::unheard).unwrap_or_default()
        );
        Err(Fault::lost(if reads { "auth" } else { "session" }, text))
    }

    /// The pass, after a sign-in if there is none that is good. It comes to its end even where nobody waits for it any
    /// more: what was sent may have been counted.
    pub(super) async fn signed_in(&self, session: &Session) -> Result<Arc<Held>, Fault> {
        if let Some(held) = session.current() {
            return Ok(held);
        }
        let (client, seen) = (self.clone(), session.ended());
        let task = tokio::spawn(async move { client.in_turn(seen).await });
        task.await
            .unwrap_or_else(|_| Err(self.inner.unsent("internal", "the sign-in broke off by a fault of this program")))
    }

    async fn in_turn(&self, seen: u64) -> Result<Arc<Held>, Fault> {
        let Some(session) = &self.inner.session else {
            return Err(self.inner.unsent("internal", "there is nothing to sign in to"));
        };
        let _turn = session.turn.lock().await;
        if let Some(held) = session.current() {
            return Ok(held);
        }
        if let Some(fault) = session.hindered(seen) {
            return Err(fault);
        }
        let broken = match self.converse(session).await {
            Ok(pass) => match session.signed_in(&pass) {
                Ok(held) => return Ok(held),
                Err(why) => Broken::Denied(self.inner.unsent("auth", &why)),
            },
            Err(broken) => broken,
        };
        let (Broken::Off(fault) | Broken::Denied(fault)) = &broken;
        session.failed(fault, matches!(broken, Broken::Denied(_)));
        Err(fault.clone())
    }

    async fn converse(&self, session: &Session) -> Result<Pass, Broken> {
        let inner = &*self.inner;
        let mut reply = None;
        for _ in 0..TURNS {
            match session.next(reply.as_ref().map_or(LoginInput::Start, LoginInput::Reply)) {
                LoginNext::Ask(request) => reply = Some(self.ask(session, &request).await.map_err(Broken::Off)?),
                LoginNext::Ready(pass) => return Ok(pass),
                LoginNext::Failed(why) => {
                    let text = format!("signing in: {}", inner.redacted(&why));
                    return Err(Broken::Off(inner.unsent("login", &text)));
                }
                LoginNext::Denied(why) => {
                    let text = format!(
                        "the sign-in was refused: {}. It is not tried again by itself, since services lock accounts; put it \
                         right and test again (T, or trueup test {})",
                        inner.redacted(why.trim_end_matches('.')),
                        inner.system
                    );
                    return Err(Broken::Denied(inner.unsent("auth", &text)));
                }
            }
        }
        Err(Broken::Off(inner.unsent("login", "the sign-in does not come to an end")))
    }

    /// Sends one request of a sign-in, again only while the service is busy. Whatever goes wrong, nothing else was sent.
    async fn ask(&self, session: &Session, request: &LoginRequest) -> Result<Reply, Fault> {
        let inner = &*self.inner;
        let mut pauses = inner.pauses();
        for attempt in 1.. {
            let reply = self.ask_once(session, request, attempt).await?;
            if !matches!(reply.status, 429 | 502 | 503 | 504) {
                return Ok(reply);
            }
            let pause = pauses.next().unwrap_or(inner.first_pause) * 4;
            let wait = named_wait(&reply, jiff::Timestamp::now()).unwrap_or(pause);
            if reply.status == 429 {
                inner.bucket.refused(wait);
            }
            if attempt >= WRITE_TRIES || wait > PATIENCE {
                let text = format!("signing in: the service is busy (status {}); try again later", reply.status);
                return Err(inner.unsent("busy", &text));
            }
            if reply.status != 429 {
                tokio::time::sleep(wait).await;
            }
        }
        Err(inner.unsent("internal", "no try was left"))
    }

    async fn ask_once(&self, session: &Session, request: &LoginRequest, attempt: u32) -> Result<Reply, Fault> {
        let inner = &*self.inner;
        inner.not_for_long()?;
        let place = Place::of(self, session, &request.to)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let unfit = |name: &str| inner.unsent("setup", &format!("signing in: {name} holds what cannot be sent"));
        for (name, value) in &request.headers {
            let key = reqwest::header::HeaderName::try_from(name.as_str()).map_err(|_| unfit(name))?;
            headers.insert(key, sensitive(value).ok_or_else(|| unfit(name))?);
        }
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut ready = place.http.request(method, place.url);
        if let Some((media, text)) = &request.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(media).map_err(|_| unfit("content-type"))?);
            ready = ready.body(text.expose().to_owned());
        }
        let permit = inner.bucket.acquire().await;
        let mut note = Note::new(request.method, inner.redacted(&place.shown), attempt);
        self.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let outcome = exchange(ready.headers(headers), &inner.system, &place.host, inner.body_limit).await;
        note.took();
        let outcome = match outcome {
            Ok(reply) => {
                note.reply(&reply);
                inner.heed(&reply, note.sent.at);
                Ok(reply)
            }
            // What it was for has not left: also where the sign-in itself may have arrived.
            Err(fault) => {
                let word = if fault.not_sent() { fault.trouble().word } else { "login" };
                let text = inner.redacted(&format!("{} (while signing in)", fault.trouble().text));
                note.sent.fault = Some(text.clone());
                Err(Fault::NotSent(Trouble { word, text }))
            }
        };
        inner.recent.add(note.sent);
        drop(permit);
        outcome
    }
}

/// Where one request of a sign-in goes.
struct Place<'c> {
    http: &'c reqwest::Client,
    url: reqwest::Url,
    host: String,
    shown: String,
}

impl<'c> Place<'c> {
    fn of(client: &'c Client, session: &'c Session, to: &str) -> Result<Self, Fault> {
        let inner = &*client.inner;
        let own = inner.service()?;
        let wrong = |why: &str| inner.unsent("setup", &format!("signing in: {why}"));
        if to.starts_with('/') {
            let target = inner.address.target(to, &[]).map_err(|why| wrong(&why))?;
            let url = inner.address.url(&target).map_err(|why| wrong(&why))?;
            return Ok(Self { http: own, url, host: inner.address.host().to_owned(), shown: masked(&target) });
        }
        // The same rules as for the system's own address: https, or this machine; no user or password in it.
        let elsewhere = Address::parse("signing in", to).map_err(|why| inner.unsent("setup", &why))?;
        let url = reqwest::Url::parse(to).map_err(|error| wrong(&format!("the address cannot be read ({error})")))?;
        let http = if elsewhere.loopback() == inner.address.loopback() { own } else { &session.other };
        let shown = crate::engine::address::base(to);
        Ok(Self { http, url, host: elsewhere.host().to_owned(), shown })
    }
}
