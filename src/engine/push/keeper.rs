//! The journal behind a lock: its calls wait for the disk, so they run where waiting is allowed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::store::{Journal, StoreError};

/// A journal that tasks can share.
#[derive(Clone)]
pub struct Keeper(Arc<Mutex<Option<Box<dyn Journal>>>>);

impl fmt::Debug for Keeper {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Keeper")
    }
}

impl From<Box<dyn Journal>> for Keeper {
    fn from(journal: Box<dyn Journal>) -> Self {
        Self(Arc::new(Mutex::new(Some(journal))))
    }
}

impl Keeper {
    /// A keeper of this journal.
    pub fn new(journal: impl Journal + 'static) -> Self {
        Self(Arc::new(Mutex::new(Some(Box::new(journal)))))
    }

    /// Does something with the journal and waits until it is durable. It is finished also if nobody waits any more.
    ///
    /// # Errors
    /// The journal's own; when it was closed; and when the work itself broke.
    pub async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Journal) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let journal = self.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            // A panic in SQLite's caller leaves no half-made transaction: it is rolled back when it is dropped.
            let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
            match journal.as_mut() {
                Some(journal) => work(journal.as_mut()),
                None => Err(unusable("it was closed".to_owned())),
            }
        });
        done.await.unwrap_or_else(|why| Err(unusable(why.to_string())))
    }

    /// Closes the journal, whoever still holds the keeper: what is asked of it after that is refused.
    pub async fn close(&self) {
        let journal = self.0.clone();
        let closed = tokio::task::spawn_blocking(move || {
            drop(journal.lock().unwrap_or_else(PoisonError::into_inner).take());
        });
        // It broke in closing: every entry is on disk since it was made.
        let _ = closed.await;
    }
}

fn unusable(why: String) -> StoreError {
    StoreError::Journal { path: String::new(), why }
}
