//! Faults on demand.
//!
//! Owns: the small language in which faults are asked for, what is left of each, and the verdict on one request. The
//! faults in [`HELP`] mean the same for every simulator; a simulator's own switches are [`Switch`]es that it declares
//! and asks for with [`Faults::flag`] and [`Faults::spend`].
//!
//! Must not: know any vendor's shapes. An expired token is shown by taking the header that authorises (`Authorization`, `apikey`) away, so that each
//! simulator refuses in its own words.

mod spec;

use super::seen::is_write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One line of help: how a fault or switch is written, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switch {
    /// The word before any `=`.
    pub name: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
}

/// The faults that every simulator knows.
pub const HELP: &[Switch] = &[
    Switch { name: "latency", form: "latency=250ms", help: "Every reply waits that long (ms or s)." },
    Switch {
        name: "429",
        form: "429=N[,retry-after=SECONDS|retry-after=date|reset=SECONDS|bare]",
        help: "The next N requests are refused as too many; the default is `Retry-After: 1`, `date` sends an HTTP date two \
               seconds ahead, `reset` sends X-Ratelimit-Reset as an epoch instead, `bare` sends no hint at all.",
    },
    Switch {
        name: "5xx",
        form: "5xx=N, 500=N, 502=N, 503=N, 504=N[,after]",
        help: "The next N requests fail (5xx takes the four in turn); with `after` they are carried out first.",
    },
    Switch {
        name: "4xx",
        form: "400=N, 401=N, 403=N, 404=N, 409=N, 412=N, 422=N",
        help: "The next N requests are refused with that status and a web page, as by something in front of the service.",
    },
    Switch { name: "deaf", form: "deaf=N", help: "The next N writes are answered 204 and not carried out." },
    Switch {
        name: "late",
        form: "late=250ms",
        help: "Every write is carried out, and its reply waits that long (ms or s).",
    },
    Switch {
        name: "lost",
        form: "lost=N",
        help: "The next N writes are carried out, and the connection is closed before any byte of the reply.",
    },
    Switch {
        name: "truncate",
        form: "truncate=N[,cut]",
        help: "The next N replies stop in the middle of the document; with `cut` the full length is announced and the \
               connection closed half way.",
    },
    Switch {
        name: "expire",
        form: "expire=N",
        help: "After N requests the token is no longer accepted, until POST /__sim/token or a new log-in.",
    },
    Switch {
        name: "html",
        form: "html[=N]",
        help: "Everything (or the next N requests) is answered with a web page and 200.",
    },
    Switch {
        name: "reset",
        form: "reset=N",
        help: "The next N connections are closed before the request is carried out.",
    },
    Switch {
        name: "dress",
        form: "dress=bom|text|page|bare",
        help: "Every reply begins with a byte order mark, calls itself text/plain or text/html, or does not say what it is.",
    },
    Switch {
        name: "@",
        form: "FAULT@/path, FAULT@POST, FAULT@POST/path",
        help: "Only requests with that method, whose path and query contain that text.",
    },
    Switch { name: "skip", form: "FAULT,skip=K", help: "The first K requests that match are let through." },
    Switch { name: "in", form: "FAULT,in=TEXT", help: "Only requests whose body contains that text." },
    Switch {
        name: "written",
        form: "FAULT,written",
        help: "Only once a write was carried out since the faults were put in force.",
    },
];

/// The faults in force: a cheap handle, shared between a running simulator and whoever steers it.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    flags: BTreeMap<String, String>,
    expired: bool,
    /// A write was carried out since these faults are in force.
    written: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    kind: Kind,
    /// None: for ever.
    left: Option<u32>,
    skip: u32,
    written: bool,
    body: String,
    method: Option<String>,
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Latency(Duration),
    TooMany(Hint),
    /// Codes in turn, and whether the request is carried out first.
    Status(&'static [u16], bool),
    Lost,
    Deaf,
    Late(Duration),
    Truncate {
        cut: bool,
    },
    Expire,
    Html,
    Reset,
}

/// What a 429 says about when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// `Retry-After` in seconds.
    Seconds(u32),
    /// `Retry-After` as an HTTP date two seconds ahead.
    Date,
    /// `X-Ratelimit-Reset` as an epoch, that many seconds ahead.
    Reset(u32),
    /// Nothing.
    Bare,
}

/// Goes with a request whose token, or session, has expired: for simulators that do not look at `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired;

/// What happens instead of carrying the request out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// The connection is closed.
    Reset,
    /// 429 with a hint.
    TooMany(Hint),
    /// An error page with that status.
    Status(u16),
    /// A web page with status 200.
    Html,
    /// 204 and nothing.
    Deaf,
}

/// What happens to the reply of a request that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// The connection is closed before any byte of it.
    Lost,
    /// It ends half way; with `cut` the full length was announced.
    Truncate {
        /// Whether the connection is closed half way.
        cut: bool,
    },
    /// An error page with that status takes its place.
    Status(u16),
}

/// What is to be done with one request.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Wait this long first.
    pub delay: Duration,
    /// Let the reply wait this long.
    pub late: Duration,
    /// The token has expired.
    pub expired: bool,
    /// Do this instead of carrying it out.
    pub before: Option<Before>,
    /// Do this to the reply.
    pub after: Option<After>,
}

impl Verdict {
    /// The fault's name as the record of requests shows it.
    pub fn label(&self) -> Option<&'static str> {
        match (self.before, self.after) {
            (Some(Before::Reset), _) => Some("reset"),
            (Some(Before::TooMany(_)), _) => Some("429"),
            (Some(Before::Status(code)), _) if code < 500 => Some("4xx"),
            (Some(Before::Status(_)), _) | (None, Some(After::Status(_))) => Some("5xx"),
            (Some(Before::Html), _) => Some("html"),
            (Some(Before::Deaf), _) => Some("deaf"),
            (None, Some(After::Lost)) => Some("lost"),
            (None, Some(After::Truncate { .. })) => Some("truncate"),
            (None, None) => self.expired.then_some("expire"),
        }
    }
}

impl Faults {
    /// Reads a list of specifications, each as [`HELP`] describes them or a switch `name` or `name=value` of a simulator.
    ///
    /// # Errors
    /// A sentence that names the specification and what was expected.
    pub fn parse(specs: &[String]) -> Result<Faults, String> {
        let mut state = State::default();
        for spec in specs {
            spec::read(spec, &mut state)?;
        }
        Ok(Faults(Arc::new(Mutex::new(state))))
    }

    /// Puts these faults in the place of those in force; an expired token stays expired.
    pub fn replace(&self, other: &Faults) {
        let (faults, flags) = {
            let other = other.lock();
            (other.faults.clone(), other.flags.clone())
        };
        let mut mine = self.lock();
        mine.faults = faults;
        mine.flags = flags;
        mine.written = false;
    }

    /// The first switch that is in none of `known`, told as a sentence.
    ///
    /// # Errors
    /// That sentence.
    pub fn only(&self, known: &[Switch]) -> Result<(), String> {
        let state = self.lock();
        match state.flags.keys().find(|name| !known.iter().chain(HELP).any(|k| k.name == *name)) {
            None => Ok(()),
            Some(name) => {
                let mut names: Vec<&str> = HELP.iter().map(|s| s.form).filter(|f| !f.starts_with("FAULT")).collect();
                names.extend(known.iter().map(|k| k.form));
                Err(format!("unknown fault `{name}`; known: {}", names.join("; ")))
            }
        }
    }

    /// The value of a switch: `Some("")` where it was given without one.
    pub fn flag(&self, name: &str) -> Option<String> {
        self.lock().flags.get(name).cloned()
    }

    /// Whether a counted switch applies now: one without a value always does, `name=N` does N times.
    pub fn spend(&self, name: &str) -> bool {
        let mut state = self.lock();
        let Some(value) = state.flags.get_mut(name) else {
            return false;
        };
        match value.parse::<u32>() {
            Err(_) => true,
            Ok(0) => false,
            Ok(left) => {
                *value = (left - 1).to_string();
                true
            }
        }
    }

    /// Makes the token valid again.
    pub fn renew(&self) {
        self.lock().expired = false;
    }

    /// Judges one request without a body, and counts it.
    pub fn judge(&self, method: &str, path_and_query: &str) -> Verdict {
        self.judge_sent(method, path_and_query, "")
    }

    /// Judges one request, and counts it.
    pub fn judge_sent(&self, method: &str, path_and_query: &str, body: &str) -> Verdict {
        let mut state = self.lock();
        let mut verdict = Verdict::default();
        let (mut expires, written) = (false, state.written);
        for fault in &mut state.faults {
            let taken = match fault.kind {
                Kind::Latency(_) | Kind::Late(_) | Kind::Expire => false,
                Kind::TooMany(_) | Kind::Status(_, false) | Kind::Html | Kind::Reset | Kind::Deaf => {
                    verdict.before.is_some()
                }
                Kind::Status(_, true) | Kind::Lost | Kind::Truncate { .. } => {
                    verdict.before.is_some() || verdict.after.is_some()
                }
            };
            // A reply can only be lost after a write; a search is a read that is sent as POST.
            let is_write = is_write(method, path_and_query);
            let of_writes = matches!(fault.kind, Kind::Lost | Kind::Deaf | Kind::Late(_));
            let passed = taken || (of_writes && !is_write) || (fault.written && !written);
            if passed || !fault.matches(method, path_and_query, body) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            let turn = match &mut fault.left {
                Some(0) if fault.kind == Kind::Expire => {
                    expires = true;
                    fault.left = None;
                    fault.path = String::from("\n"); // never again: no path holds a line break
                    continue;
                }
                Some(0) => continue,
                Some(left) => {
                    *left -= 1;
                    *left
                }
                None => 0,
            };
            match fault.kind {
                Kind::Latency(delay) => verdict.delay += delay,
                Kind::Late(delay) => verdict.late += delay,
                Kind::Deaf => verdict.before = Some(Before::Deaf),
                Kind::TooMany(hint) => verdict.before = Some(Before::TooMany(hint)),
                Kind::Status(codes, after) => {
                    let code = codes.get(turn as usize % codes.len().max(1)).copied().unwrap_or(500);
                    if after {
                        verdict.after = Some(After::Status(code));
                    } else {
                        verdict.before = Some(Before::Status(code));
                    }
                }
                Kind::Lost => verdict.after = Some(After::Lost),
                Kind::Truncate { cut } => verdict.after = Some(After::Truncate { cut }),
                Kind::Html => verdict.before = Some(Before::Html),
                Kind::Reset => verdict.before = Some(Before::Reset),
                Kind::Expire => {}
            }
        }
        state.expired |= expires;
        verdict.expired = state.expired;
        state.written |= verdict.before.is_none() && is_write(method, path_and_query);
        verdict
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    fn matches(&self, method: &str, path: &str, body: &str) -> bool {
        self.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method))
            && path.contains(&self.path)
            && body.contains(&self.body)
    }
}

#[cfg(test)]
mod tests;
