//! The rate limit: so many requests in a minute, per key.
//!
//! The number is documented, 503 is what SAP's own description says (one catalogue says 429); the shape of the window, that
//! a refused request does not count, and whether `Retry-After` is sent are choices (targets/litmos.md 1, 13.1).

use std::time::{Duration, Instant};

use super::answer::Refusal;
use crate::simulate::faults::Faults;

/// One key's window.
pub struct Limit {
    began: Option<Instant>,
    count: u32,
}

impl Limit {
    /// A fresh window; it begins with the first request.
    pub fn new() -> Limit {
        Limit { began: None, count: 0 }
    }

    /// Counts one request.
    ///
    /// # Errors
    /// The refusal, where there were too many.
    pub fn count(&mut self, faults: &Faults) -> Result<(), Refusal> {
        let number = |name, default| faults.flag(name).and_then(|value| value.parse().ok()).unwrap_or(default);
        let (rate, window) = (number("rate", 100), Duration::from_secs(u64::from(number("window", 60))));
        let age = self.began.map_or(window, |began| began.elapsed());
        if age >= window {
            *self = Limit { began: Some(Instant::now()), count: 0 };
        }
        if self.count < rate {
            self.count += 1;
            return Ok(());
        }
        let status = if faults.flag("rate-status").as_deref() == Some("429") { 429 } else { 503 };
        let wait = window.saturating_sub(age).as_secs() + 1;
        let hint = faults.flag("rate-retry-after").is_some().then_some(wait);
        Err(Refusal { retry_after: hint, ..Refusal::new(status, "The API rating limit has been exceeded.") })
    }
}
