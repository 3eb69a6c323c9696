//! What a simulator was asked.
//!
//! Owns: the record of requests, so that a test can count writes and compare bodies with what a preview promised.
//! Must not: keep the value of a credential, or grow without bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How many requests are kept; older ones are forgotten but still counted.
const KEPT: usize = 10_000;

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// Which one it was, from 1.
    pub number: u64,
    /// The method, in capitals.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, as sent, without the question mark.
    pub query: String,
    /// The headers, names in small letters; what the client authorised itself with is masked.
    pub headers: BTreeMap<String, String>,
    /// The body, as text.
    pub body: String,
    /// The status of the reply that was made; 0 where the connection was closed before the request was carried out.
    pub status: u16,
    /// The fault that met it.
    pub fault: Option<String>,
}

impl Request {
    /// Whether it could change something: no GET, no HEAD, no search sent as POST.
    pub fn is_write(&self) -> bool {
        is_write(&self.method, &self.path)
    }
}

/// What is sent as POST and changes nothing, as paths contain it, in small letters: searches, log-ins, tokens, and the services of
/// targets/kingdee.md 2 that only read.
const READS: &[&str] = &[
    "/.search",
    ".executebillquery.",
    ".billquery.",
    ".view.",
    ".querybusinessinfo.",
    ".queryasyncresult.",
    ".getdatacenterlist.",
    ".authservice.",
    "/oauth2/token",
];

/// Whether a request to that path could change something.
pub fn is_write(method: &str, path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    !matches!(method, "GET" | "HEAD" | "OPTIONS") && !READS.iter().any(|read| path.contains(read))
}

/// Counts over the whole life of a simulator.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// All requests.
    pub requests: u64,
    /// Those that could change something.
    pub writes: u64,
    /// Those that did not say who they are.
    pub without_user_agent: u64,
    /// Deletions of a user where the vendor has no such call.
    pub alarms: u64,
}

/// The record of requests: a cheap handle, shared between a running simulator and whoever watches it.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    requests: VecDeque<Request>,
    stats: Stats,
}

impl Seen {
    /// Notes one request; its number is given here.
    pub fn note(&self, mut request: Request) {
        let mut record = self.lock();
        record.stats.requests += 1;
        record.stats.writes += u64::from(request.is_write());
        record.stats.without_user_agent += u64::from(!request.headers.contains_key("user-agent"));
        request.number = record.stats.requests;
        if record.requests.len() == KEPT {
            record.requests.pop_front();
        }
        record.requests.push_back(request);
    }

    /// Notes that a client tried what the vendor does not offer and a careful client never asks for.
    pub fn alarm(&self) {
        self.lock().stats.alarms += 1;
    }

    /// All requests that are kept, oldest first.
    pub fn all(&self) -> Vec<Request> {
        self.lock().requests.iter().cloned().collect()
    }

    /// Those that could change something.
    pub fn writes(&self) -> Vec<Request> {
        self.lock().requests.iter().filter(|r| r.is_write()).cloned().collect()
    }

    /// The counts.
    pub fn stats(&self) -> Stats {
        self.lock().stats
    }

    /// Forgets everything.
    pub fn forget(&self) {
        *self.lock() = Record::default();
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn request(method: &str, path: &str) -> Request {
        Request {
            number: 0,
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: BTreeMap::new(),
            body: String::new(),
            status: 200,
            fault: None,
        }
    }

    #[test]
    fn reads_and_writes_are_told_apart() {
        let seen = Seen::default();
        seen.note(request("GET", "/users"));
        seen.note(request("POST", "/scim/v2/Users/.search"));
        seen.note(request("PUT", "/users/1"));
        assert_eq!(seen.all().len(), 3);
        assert_eq!(seen.writes().iter().map(|r| r.number).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn old_requests_are_forgotten_but_counted() {
        let seen = Seen::default();
        for _ in 0..KEPT + 5 {
            seen.note(request("GET", "/users"));
        }
        assert_eq!(seen.all().len(), KEPT);
        assert_eq!(seen.all()[0].number, 6);
        assert_eq!(seen.stats().requests, KEPT as u64 + 5);
    }
}
