//! One request, sent once and noted.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::session::Held;
use super::transport::exchange;
use super::{Client, TOO_LATE, masked};
use crate::engine::budget::Permit;
use crate::engine::fault::Fault;
use crate::engine::protocol::Sent;
use crate::plan::{Method, Reply, Request};
use crate::store::Warrant;

impl Client {
    /// Sends one request once, with the pass that is good then, and notes it. Gives the pass that it went with. A write has a
    /// warrant; a read has none.
    pub(super) async fn once(
        &self,
        request: &Request,
        target: &str,
        attempt: u32,
        warrant: Option<&Warrant>,
    ) -> Result<(Reply, Option<Arc<Held>>), Fault> {
        let inner = &*self.inner;
        let mut ready = inner.ready(request, target)?;
        inner.not_for_long()?;
        let (permit, held) = self.permit().await?;
        // The wait for the budget, or a machine that slept meanwhile, may have made it too late.
        warrant.map_or(Ok(()), Warrant::good).map_err(|why| inner.unsent(TOO_LATE, &why))?;
        let reads = warrant.is_none();
        if let (Some(session), Some(held)) = (&inner.session, &held) {
            let path = target.split('?').next().unwrap_or_default();
            ready = session.put_on(ready, held, request, path).map_err(|what| inner.unsent("internal", &what))?;
        }
        let mut note = Note::new(request.method, inner.redacted(&masked(target)), attempt);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut outcome = exchange(ready, &inner.system, inner.address.host(), inner.body_limit).await;
        note.took();
        let mut lost = false;
        if let Ok(reply) = &mut outcome {
            note.reply(reply);
            inner.heed(reply, note.sent.at);
            let denied = matches!(reply.status, 401 | 403).then_some(reply.status);
            if denied.is_some() || reply.ok() {
                *inner.denied.lock().unwrap_or_else(PoisonError::into_inner) = denied;
            }
            if let (Some(session), Some(held)) = (&inner.session, &held) {
                lost = session.heard(held, reply);
            }
            // Only now: the session's own cookie, sent once more, is what it goes on with.
            inner.without_secrets(reply);
        }
        let judged = reads && !lost;
        let outcome = if judged { outcome.and_then(|reply| inner.judge(reply, target)) } else { outcome };
        if let Err(fault) = &outcome {
            note.sent.fault = Some(inner.redacted(&fault.trouble().text));
        }
        inner.recent.add(note.sent);
        drop(permit);
        outcome.map(|reply| (reply, held))
    }

    /// The right to send one request, and what says who we are: neither grows old while the other is waited for.
    async fn permit(&self) -> Result<(Permit<'_>, Option<Arc<Held>>), Fault> {
        loop {
            let Some(session) = &self.inner.session else { return Ok((self.inner.bucket.acquire().await, None)) };
            self.signed_in(session).await?;
            let permit = self.inner.bucket.acquire().await;
            if let Some(held) = session.current() {
                return Ok((permit, Some(held)));
            }
        }
    }
}

/// A request as it is noted, while it is under way.
pub(super) struct Note {
    pub(super) sent: Sent,
    began: Instant,
}

impl Note {
    /// `target`: without secrets.
    pub(super) fn new(method: Method, target: String, attempt: u32) -> Self {
        let at = jiff::Timestamp::now();
        let sent = Sent { at, method, target, status: None, took: 0, bytes: 0, attempt, fault: None };
        Self { sent, began: Instant::now() }
    }

    pub(super) fn took(&mut self) {
        self.sent.took = u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX);
    }

    pub(super) fn reply(&mut self, reply: &Reply) {
        self.sent.status = Some(reply.status);
        self.sent.bytes = reply.body.len() as u64;
    }
}
