//! How fast a service may be called: one bucket per system, which can be tuned while it runs.
//!
//! Three bounds hold together: tokens flow in at `per_second` up to `burst`; no second sees more than the greater of both;
//! no minute sees more than sixty times `per_second` (services count in fixed windows, targets/aha.md 3, so that a burst
//! on top of a minute's allowance would be turned away). Where a service counts all who use a key together, the processes of
//! this host do too ([`super::together`]). A "too many" of the service slows us down by a third and pauses us until
//! the instant that it named; after that the rate creeps back within a minute.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::protocol::Budget;
use super::together::{Queued, Shared};
use crate::mapping::Rate;

/// A second and a minute as the service may measure them: a little longer, since requests arrive less evenly than they
/// leave.
const SECOND: Duration = Duration::from_millis(1_020);
const MINUTE: Duration = Duration::from_millis(60_500);

/// Above this many requests a minute, minutes are not counted: the service is on this machine.
const COUNTED: f64 = 30_000.0;

/// A place among the requests of this host that was not used for this long is given back for another one.
const LATE: Duration = Duration::from_secs(1);

/// The slowest that we let a service make us, as a part of the rate that was set.
const SLOWEST: f64 = 0.05;

/// One system's budget.
#[derive(Debug)]
pub(super) struct Bucket {
    state: Mutex<State>,
    /// Held by the one that waits for the next token, so that requests leave in the order in which they came.
    turn: tokio::sync::Mutex<()>,
    changed: Notify,
    slots: Semaphore,
    /// The limit that all processes of this host keep to together.
    shared: Option<Shared>,
}

#[derive(Debug)]
struct State {
    ceiling: f64,
    rate: f64,
    burst: u32,
    tokens: f64,
    at: Instant,
    paused: Option<Instant>,
    remaining: Option<u32>,
    sent: VecDeque<Instant>,
    slowed: Option<Instant>,
    raised: Instant,
    under_way: u32,
    /// The place among the requests of all processes of this host that is waited for.
    queued: Option<Instant>,
}

impl State {
    fn refill(&mut self, now: Instant) {
        // A timer wakes late; what flowed in meanwhile is not lost, up to half a request.
        let most = f64::from(self.burst) + (self.rate * 0.025).min(0.5);
        let flowed = now.duration_since(self.at).as_secs_f64() * self.rate;
        self.tokens = (self.tokens + flowed).min(most);
        self.at = now;
    }

    fn a_second(&self) -> usize {
        (self.ceiling as usize).max(self.burst as usize).max(1)
    }

    fn a_minute(&self) -> usize {
        self.within(Duration::from_secs(60))
    }

    /// How many requests may leave within a time.
    fn within(&self, time: Duration) -> usize {
        ((self.ceiling * time.as_secs_f64()) as usize).max(1)
    }

    /// Whether it is a service that counts: none on this machine does.
    fn counted(&self) -> bool {
        self.ceiling * 60.0 <= COUNTED
    }

    /// When the next request may leave; `now` or before: at once.
    fn due(&mut self, now: Instant) -> Instant {
        self.refill(now);
        let mut due = now;
        if self.tokens < 1.0 {
            due = now + Duration::from_secs_f64((1.0 - self.tokens) / self.rate);
        }
        if let Some(until) = self.paused {
            due = due.max(until);
        }
        if self.counted() {
            for (window, most) in [(SECOND, self.a_second()), (MINUTE, self.a_minute())] {
                if let Some(first) = self.sent.len().checked_sub(most).and_then(|at| self.sent.get(at)) {
                    due = due.max(*first + window);
                }
            }
        }
        due
    }

    fn take(&mut self, now: Instant) {
        self.tokens -= 1.0;
        self.under_way += 1;
        if self.paused.is_some_and(|until| until <= now) {
            self.paused = None;
        }
        if self.counted() {
            let most = self.a_minute().max(self.a_second());
            while self.sent.len() >= most {
                self.sent.pop_front();
            }
            self.sent.push_back(now);
        }
    }

    fn pause(&mut self, until: Instant) {
        self.paused = Some(self.paused.map_or(until, |paused| paused.max(until)));
    }
}

/// The right to send one request; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit<'b> {
    bucket: &'b Bucket,
    _slot: Option<SemaphorePermit<'b>>,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.bucket.lock();
        state.under_way = state.under_way.saturating_sub(1);
    }
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(rate: Rate) -> Self {
        let now = Instant::now();
        let per_second = sane(rate.per_second);
        let burst = rate.burst.max(1);
        Self {
            state: Mutex::new(State {
                ceiling: per_second,
                rate: per_second,
                burst,
                tokens: f64::from(burst),
                at: now,
                paused: None,
                remaining: None,
                sent: VecDeque::new(),
                slowed: None,
                raised: now,
                under_way: 0,
                queued: None,
            }),
            turn: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            slots: Semaphore::new(rate.parallel.max(1) as usize),
            shared: None,
        }
    }

    /// The same, kept to together with the other processes of this host.
    pub(super) fn together(self, shared: Option<Shared>) -> Self {
        Self { shared, ..self }
    }

    /// Why it is not kept to together, where it should be.
    pub(super) fn uncounted(&self) -> Option<String> {
        self.shared.as_ref()?.fault()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until one more request may leave. Dropping the future gives the place in the queue up.
    pub(super) async fn acquire(&self) -> Permit<'_> {
        // The semaphore is never closed; were it, requests would only be less parallel.
        let slot = self.slots.acquire().await.ok();
        let _turn = self.turn.lock().await;
        let mut place: Option<Queued<'_>> = None;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            // Held up by something else meanwhile, it would be counted for a time at which nothing left.
            if place.as_ref().is_some_and(|place| Instant::now() > place.at + LATE)
                && self.lock().due(Instant::now()) <= Instant::now()
            {
                place = None;
            }
            let (now, due, most) = {
                let mut state = self.lock();
                let now = Instant::now();
                let due = state.due(now).max(place.as_ref().map_or(now, |place| place.at));
                let together = self.shared.as_ref().filter(|_| state.counted());
                if due <= now && (place.is_some() || together.is_none()) {
                    state.take(now);
                    state.queued = None;
                    if let Some(place) = place {
                        place.used();
                    }
                    return Permit { bucket: self, _slot: slot };
                }
                (now, due, together.map(|shared| (shared, state.within(shared.window()))))
            };
            if due <= now
                && let Some((shared, most)) = most
            {
                let next = shared.queue(most).await;
                self.lock().queued = Some(next.at);
                place = Some(next);
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = changed => {}
            }
        }
    }

    /// The service took a request: what it said of its own limit, and in how long that starts anew.
    pub(super) fn taken(&self, remaining: Option<u32>, reset: Option<Duration>) {
        let mut state = self.lock();
        let now = Instant::now();
        state.remaining = remaining.or(state.remaining);
        let since = now.duration_since(state.raised).as_secs_f64().min(1.0);
        state.raised = now;
        if state.rate < state.ceiling {
            state.refill(now);
            state.rate = (state.rate + state.ceiling / 60.0 * since).min(state.ceiling);
        }
        // Others of ours that are under way may or may not be counted in what it said.
        let others = state.under_way.saturating_sub(1);
        if let (Some(left), Some(reset)) = (remaining, reset)
            && left <= others
        {
            state.pause(now + reset);
        }
    }

    /// The service turned a request away: nothing leaves for this long, and then more slowly.
    pub(super) fn refused(&self, wait: Duration) {
        {
            let mut state = self.lock();
            let now = Instant::now();
            state.refill(now);
            state.tokens = state.tokens.min(0.0);
            // Several that were under way together are one lesson.
            if state.slowed.is_none_or(|slowed| now.duration_since(slowed) > Duration::from_secs(1)) {
                state.rate = (state.rate * 0.7).max(state.ceiling * SLOWEST);
                state.slowed = Some(now);
            }
            state.remaining = Some(0);
            state.raised = now;
            state.pause(now + wait);
        }
        if let Some(shared) = &self.shared {
            shared.pause(wait);
        }
        self.changed.notify_waiters();
    }

    /// Sets the rate, while requests wait; also forgets what the service made us do.
    pub(super) fn tune(&self, per_second: f64) {
        {
            let mut state = self.lock();
            let now = Instant::now();
            state.refill(now);
            state.ceiling = sane(per_second);
            state.rate = state.ceiling;
            state.sent.clear();
            state.slowed = None;
            state.raised = now;
        }
        self.changed.notify_waiters();
    }

    /// How long the service still lets nothing in.
    pub(super) fn paused(&self) -> Duration {
        self.lock().paused.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// As it is now, for the screen.
    pub(super) fn shown(&self) -> Budget {
        let now = Instant::now();
        let mut state = self.lock();
        let due = state.due(now).max(state.queued.unwrap_or(now));
        let wait = due.saturating_duration_since(now).as_secs_f64();
        Budget {
            per_second: state.rate,
            tokens: state.tokens.max(0.0),
            burst: state.burst,
            wait,
            remaining: state.remaining,
        }
    }
}

/// At least one request in a hundred seconds, and no infinity.
fn sane(per_second: f64) -> f64 {
    if per_second.is_finite() { per_second.clamp(0.01, 1_000_000.0) } else { 1.0 }
}

#[cfg(test)]
mod tests;
