//! How a push is stopped: first what is under way is finished, then it is not waited for any more.

use tokio_util::sync::CancellationToken;

use super::sooner::{Sooner, Waiting};

/// Stops a push, in two degrees. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    after: CancellationToken,
    now: CancellationToken,
    /// What waits and may be tried at once.
    pub sooner: Sooner,
}

/// How a pause ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paused {
    /// It is over.
    Over,
    /// The operator did not want to wait for its end.
    Sooner,
    /// The push was stopped meanwhile.
    Stopped,
}

/// What asking to stop has brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    /// Nothing new is begun; the step under way is finished.
    Finishing,
    /// The step under way is not waited for: what it sent is left unknown.
    GivenUp,
}

impl From<CancellationToken> for Stop {
    fn from(after: CancellationToken) -> Self {
        Self { after, ..Self::default() }
    }
}

impl Stop {
    /// Asks to stop; asked again, gives up waiting.
    pub fn stop(&self) -> Stopping {
        if self.after.is_cancelled() {
            self.now.cancel();
            return Stopping::GivenUp;
        }
        self.after.cancel();
        Stopping::Finishing
    }

    /// Asks to stop once, however often it was asked before.
    pub fn finish(&self) {
        self.after.cancel();
    }

    /// Whether nothing new is to be begun.
    pub fn stopped(&self) -> bool {
        self.after.is_cancelled()
    }

    /// Waits; with `waiting` also for the operator's word.
    pub(super) async fn pause(&self, pause: std::time::Duration, waiting: Option<&Waiting<'_>>) -> Paused {
        let woken = async {
            match waiting {
                Some(waiting) => waiting.woken().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.after.cancelled() => Paused::Stopped,
            () = woken => Paused::Sooner,
            () = tokio::time::sleep(pause) => Paused::Over,
        }
    }

    /// What this comes to; `None`: it is not waited for any more.
    pub(super) async fn unless_given_up<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.now.cancelled() => None,
            done = work => Some(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_finishes_and_the_second_gives_up() {
        let stop = Stop::default();
        assert!(!stop.stopped());
        assert_eq!(stop.clone().stop(), Stopping::Finishing);
        assert!(stop.stopped());
        stop.finish();
        assert_eq!(stop.stop(), Stopping::GivenUp);
    }
}
