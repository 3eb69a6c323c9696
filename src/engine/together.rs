//! A limit that all processes of this host keep to together, where the service counts by account: each request has a place in
//! the order of all ([`Tally`]). Where that cannot be, each keeps to its own limit, and says so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::{Place, StoreError, Tally};

/// A file that takes longer than this to answer is not waited for again: it may lie on another machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is added to a service's window: requests arrive less evenly than they leave.
const SPARE: Duration = Duration::from_millis(500);

/// The limit of one account.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// `None` where there is nothing to share, or it could not be.
    tally: Option<Arc<Tally>>,
    window: Duration,
    fault: Arc<Mutex<Option<String>>>,
}

/// A place that was taken, given back when it is dropped unused.
#[derive(Debug)]
pub(super) struct Queued<'s> {
    pub(super) at: Instant,
    shared: &'s Shared,
    place: Option<Place>,
}

impl Shared {
    pub(super) fn new(tally: Result<Option<Tally>, StoreError>, window: Duration) -> Self {
        let (tally, fault) = match tally {
            Ok(tally) => (tally.map(Arc::new), None),
            Err(why) => (None, Some(why.to_string())),
        };
        Self { tally, window, fault: Arc::new(Mutex::new(fault)) }
    }

    /// The time over which the service counts.
    pub(super) fn window(&self) -> Duration {
        self.window
    }

    /// Why it is not shared.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn failed(&self, why: String) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }

    /// The file, as long as it can be used.
    fn usable(&self) -> Option<Arc<Tally>> {
        self.tally.clone().filter(|_| self.fault().is_none())
    }

    /// Takes a place in the order of all requests; at once where that cannot be.
    pub(super) async fn queue(&self, most: usize) -> Queued<'_> {
        let at_once = || Queued { at: Instant::now(), shared: self, place: None };
        let Some(tally) = self.usable() else { return at_once() };
        let window = self.window + SPARE;
        let asked = tokio::task::spawn_blocking(move || tally.take(window, most));
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(Ok(Ok((place, wait)))) => Queued { at: Instant::now() + wait, shared: self, place: Some(place) },
            Ok(Ok(Err(why))) => {
                self.failed(why.to_string());
                at_once()
            }
            Ok(Err(_)) | Err(_) => {
                self.failed(
                    "the count of the requests of this host does not answer; this process counts by itself".into(),
                );
                at_once()
            }
        }
    }

    /// The service turned a request away: the others need not find that out for themselves.
    pub(super) fn pause(&self, wait: Duration) {
        self.aside(move |tally| tally.pause(wait));
    }

    /// Does what nobody waits for.
    fn aside(&self, work: impl FnOnce(&Tally) -> Result<(), StoreError> + Send + 'static) {
        let Some(tally) = self.usable() else { return };
        let shared = self.clone();
        let work = move || {
            if let Err(why) = work(&tally) {
                shared.failed(why.to_string());
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(work)),
            Err(_) => work(),
        }
    }
}

impl Queued<'_> {
    /// The request leaves.
    pub(super) fn used(mut self) {
        self.place = None;
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.shared.aside(move |tally| tally.give_back(place));
        }
    }
}
