//! The rate limit: so many requests in a minute and in a second, in fixed windows, per account.
//!
//! The limits and the headers' names are documented; that the headers are on every reply, that they describe the window
//! nearest to its end of allowance, and the epoch's unit are choices (targets/aha.md 3).

use std::time::{Duration, Instant};

use crate::simulate::clock::epoch;
use crate::simulate::faults::Faults;

/// One account's windows.
pub struct Limit {
    minute: Window,
    second: Window,
}

struct Window {
    length: Duration,
    began: Instant,
    /// Epoch in seconds at which it ends.
    ends: u64,
    count: u32,
}

/// What one request was told.
pub struct Taken {
    /// Whether it may be carried out.
    pub allowed: bool,
    limit: u32,
    remaining: u32,
    reset: u64,
}

impl Taken {
    /// The three headers.
    pub fn headers(&self) -> [(&'static str, u64); 3] {
        [
            ("x-ratelimit-limit", u64::from(self.limit)),
            ("x-ratelimit-remaining", u64::from(self.remaining)),
            ("x-ratelimit-reset", self.reset),
        ]
    }
}

impl Window {
    fn new(length: Duration) -> Window {
        Window { length, began: Instant::now(), ends: epoch() + length.as_secs(), count: 0 }
    }

    fn turn(&mut self) {
        if self.began.elapsed() >= self.length {
            *self = Window::new(self.length);
        }
    }
}

impl Limit {
    /// Fresh windows.
    pub fn new() -> Limit {
        Limit { minute: Window::new(Duration::from_secs(60)), second: Window::new(Duration::from_secs(1)) }
    }

    /// Counts one request. One that is refused does not count.
    pub fn count(&mut self, faults: &Faults) -> Taken {
        let number = |name, default| faults.flag(name).and_then(|v| v.parse().ok()).unwrap_or(default);
        let (per_minute, per_second) = (number("rate-min", 300), number("rate-sec", 20));
        self.minute.turn();
        self.second.turn();
        let allowed = self.minute.count < per_minute && self.second.count < per_second;
        if allowed {
            self.minute.count += 1;
            self.second.count += 1;
        }
        let second_is_full = !allowed && self.minute.count < per_minute;
        let (window, limit) = if second_is_full { (&self.second, per_second) } else { (&self.minute, per_minute) };
        let unit = if faults.flag("reset-unit").as_deref() == Some("ms") { 1000 } else { 1 };
        Taken { allowed, limit, remaining: limit.saturating_sub(window.count), reset: window.ends * unit }
    }
}
