//! A service that is down is left alone for a while, so that nobody waits for each request anew.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::fault::{Fault, Trouble};

/// After this many faults in a row, nothing is tried for [`REST`].
const BREAKS: u32 = 2;
const REST: Duration = Duration::from_secs(15);

/// One system's breaker.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    faults: u32,
    open: Option<(Instant, Trouble)>,
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nothing through while it is open.
    pub(super) fn closed(&self) -> Result<(), Fault> {
        let mut state = self.lock();
        if let Some((until, trouble)) = &state.open {
            let left = until.saturating_duration_since(Instant::now());
            if !left.is_zero() {
                let text = format!("{trouble}; not tried again for {} s", left.as_secs() + 1);
                return Err(Fault::refused(trouble.word, text));
            }
            state.open = None;
        }
        Ok(())
    }

    /// Counts a fault that no repetition cured, if it is one of the way.
    pub(super) fn broke(&self, fault: Fault) -> Fault {
        if matches!(fault.trouble().word, "dns" | "tls" | "down" | "slow" | "cut") {
            let mut state = self.lock();
            state.faults += 1;
            if state.faults >= BREAKS {
                state.open = Some((Instant::now() + REST, fault.trouble().clone()));
            }
        }
        fault
    }

    /// The service answers.
    pub(super) fn went_well(&self) {
        *self.lock() = State::default();
    }
}
