//! A service that is down is left alone for a while, so that nobody waits for each request anew. After that one request is let
//! through: if it goes well all is well, if not the service is left alone for twice as long.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::fault::{Fault, Trouble};
use crate::engine::push::Rest;
use crate::plan::Reply;

/// Nothing is tried any more once faults in a row weigh this much: two of the way (each after several tries), three of a
/// gateway, six of the service itself, which may be about the one record.
const BREAKS: u32 = 6;
const WAY: u32 = 3;
const GATEWAY: u32 = 2;
const SERVICE: u32 = 1;

/// How long it is left alone the first time and at most.
const FIRST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(120);

/// How soon to ask again while somebody else's request tries it.
const TRYING: Duration = Duration::from_secs(1);

/// One system's breaker.
#[derive(Debug)]
pub(super) struct Breaker {
    state: Mutex<State>,
    first: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: Mutex::default(), first: FIRST }
    }
}

#[derive(Debug, Default)]
struct State {
    weight: u32,
    /// How often in a row it was opened.
    times: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    trouble: Trouble,
    /// A request is under way that tries it.
    trying: bool,
}

/// The right to send a request. One that tries a service that was left alone is the only one.
#[derive(Debug)]
pub(super) struct Pass<'b> {
    breaker: &'b Breaker,
    tries: bool,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.tries
            && let Some(open) = &mut self.breaker.lock().open
        {
            open.trying = false;
        }
    }
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nothing through while it is open, and one request once that is over.
    pub(super) fn pass(&self) -> Result<Pass<'_>, Fault> {
        let mut state = self.lock();
        let Some(open) = &mut state.open else { return Ok(Pass { breaker: self, tries: false }) };
        let left = open.until.saturating_duration_since(Instant::now());
        if left.is_zero() && !open.trying {
            open.trying = true;
            return Ok(Pass { breaker: self, tries: true });
        }
        let text = if left.is_zero() {
            format!("{}; one request is trying it now", open.trouble)
        } else {
            format!("{}; it is left alone, and tried again in {} s", open.trouble, left.as_secs() + 1)
        };
        Err(Fault::refused(open.trouble.word, text))
    }

    /// For how long nothing is let through, and why.
    pub(super) fn rests(&self) -> Option<Rest> {
        let state = self.lock();
        let open = state.open.as_ref()?;
        let left = open.until.saturating_duration_since(Instant::now());
        let left = match (left.is_zero(), open.trying) {
            (true, false) => return None,
            (true, true) => TRYING,
            (false, _) => left,
        };
        Some(Rest { left, times: state.times, why: open.trouble.to_string() })
    }

    /// Counts a fault that no repetition cured, if it is one of the way.
    pub(super) fn broke(&self, fault: Fault) -> Fault {
        if matches!(fault.trouble().word, "dns" | "tls" | "down" | "slow" | "cut") {
            self.count(WAY, fault.trouble().clone());
        }
        fault
    }

    /// What a reply tells of the service, after all repetitions.
    pub(super) fn heard(&self, reply: &Reply, system: &str) {
        let weight = match reply.status {
            502..=504 => GATEWAY,
            500..=599 => SERVICE,
            // It is busy, which is neither.
            406 | 429 => return,
            _ => return self.went_well(),
        };
        let text = format!("{system}: the service answers {} again and again; it is down or broken", reply.status);
        self.count(weight, Trouble { word: "down", text });
    }

    fn count(&self, weight: u32, trouble: Trouble) {
        let mut state = self.lock();
        match &state.open {
            // What was under way when it was opened tells nothing new.
            Some(open) if !open.trying => return,
            Some(_) => {}
            None => {
                state.weight += weight;
                if state.weight < BREAKS {
                    return;
                }
            }
        }
        let rest = self.first.saturating_mul(1 << state.times.min(8)).min(LONGEST);
        state.times += 1;
        state.open = Some(Open { until: Instant::now() + rest, trouble, trying: false });
    }

    /// The service answers.
    pub(super) fn went_well(&self) {
        *self.lock() = State::default();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn down() -> Fault {
        Fault::lost("down", "aha: it is down")
    }

    fn reply(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new().into() }
    }

    fn over_at_once() -> Breaker {
        Breaker { first: Duration::ZERO, ..Breaker::default() }
    }

    #[test]
    fn it_opens_after_repeated_failures_says_so_and_when_it_tries_again() {
        let breaker = Breaker::default();
        breaker.broke(down());
        assert!(breaker.pass().is_ok() && breaker.rests().is_none(), "one failure is none");
        breaker.broke(down());
        let said = breaker.pass().unwrap_err().trouble().text.clone();
        assert!(said.contains("it is down") && said.contains("tried again in 15 s"), "{said}");
        let rest = breaker.rests().unwrap();
        assert!(rest.left > Duration::from_secs(14) && rest.times == 1 && rest.why.contains("it is down"));
        breaker.went_well();
        assert!(breaker.pass().is_ok() && breaker.rests().is_none());
    }

    #[test]
    fn afterwards_one_request_tries_it_and_the_others_wait_for_that_one() {
        let breaker = over_at_once();
        breaker.broke(down());
        breaker.broke(down());
        let tries = breaker.pass().unwrap();
        assert!(breaker.pass().unwrap_err().trouble().text.contains("trying it now"));
        assert_eq!(breaker.rests().unwrap().left, TRYING);
        breaker.heard(&reply(200), "aha");
        drop(tries);
        assert!(breaker.pass().is_ok() && breaker.pass().is_ok());
    }

    #[test]
    fn one_that_fails_again_is_left_alone_for_longer_each_time() {
        let mut breaker = over_at_once();
        breaker.broke(down());
        breaker.broke(down());
        breaker.first = FIRST;
        for (times, seconds) in [(2, 30), (3, 60), (4, 120), (5, 120)] {
            breaker.lock().open.as_mut().unwrap().until = Instant::now();
            let tries = breaker.pass().unwrap();
            breaker.broke(down());
            drop(tries);
            let rest = breaker.rests().unwrap();
            assert_eq!((rest.times, rest.left.as_secs() + 1), (times, seconds));
        }
    }

    #[test]
    fn a_try_that_tells_nothing_leaves_it_to_the_next() {
        let breaker = over_at_once();
        breaker.broke(down());
        breaker.broke(down());
        drop(breaker.pass().unwrap());
        assert!(breaker.rests().is_none() && breaker.pass().is_ok());
    }

    #[test]
    fn answers_of_a_broken_service_count_and_being_busy_does_not() {
        let breaker = Breaker::default();
        for _ in 0..20 {
            breaker.heard(&reply(429), "aha");
        }
        for _ in 0..5 {
            breaker.heard(&reply(500), "aha");
        }
        assert!(breaker.rests().is_none(), "it may be the one record");
        breaker.heard(&reply(404), "aha");
        breaker.heard(&reply(503), "aha");
        breaker.heard(&reply(503), "aha");
        assert!(breaker.rests().is_none());
        breaker.heard(&reply(503), "aha");
        assert!(breaker.rests().unwrap().why.contains("503"));
    }
}
