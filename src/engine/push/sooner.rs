//! A step that waits because somebody has its record open may be tried at once, where the operator says so.
//!
//! Nothing else is woken: a service that is busy or rests has said itself when it may be asked again. The step is tried as
//! it would have been later, read again first and within the budget, so that nothing is ever written twice at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::plan::ChangeId;

/// What waits for somebody's record. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Sooner {
    waiting: Arc<Mutex<BTreeMap<ChangeId, Arc<Notify>>>>,
}

/// As long as it lives, its changes can be tried at once.
pub(super) struct Waiting<'w> {
    all: &'w Sooner,
    changes: &'w [ChangeId],
    woken: Arc<Notify>,
}

impl Sooner {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ChangeId, Arc<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has what waits for somebody's record tried now: that of one change, or all. Gives how many changes that were.
    pub fn now(&self, change: Option<&ChangeId>) -> usize {
        let waiting = self.lock();
        let meant = waiting.iter().filter(|(id, _)| change.is_none_or(|change| change == *id));
        meant.map(|(_, woken)| woken.notify_one()).count()
    }

    /// These changes wait from now on.
    pub(super) fn wait<'w>(&'w self, changes: &'w [ChangeId]) -> Waiting<'w> {
        let woken = Arc::new(Notify::new());
        self.lock().extend(changes.iter().map(|change| (change.clone(), woken.clone())));
        Waiting { all: self, changes, woken }
    }
}

impl Waiting<'_> {
    /// Ends when the operator wants it tried.
    pub(super) async fn woken(&self) {
        self.woken.notified().await;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.all.lock();
        for change in self.changes {
            waiting.remove(change);
        }
    }
}
