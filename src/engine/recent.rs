//! The last requests of a system, for the screen. Holds no header and no body, and no secret by construction.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::protocol::Sent;

/// How many are kept.
const KEPT: usize = 200;

/// The last requests of one system, newest last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    kept: Mutex<VecDeque<Sent>>,
}

impl Recent {
    /// Keeps one more and forgets the oldest.
    pub(super) fn add(&self, sent: Sent) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(sent);
    }

    /// All that are kept, newest last.
    pub(super) fn list(&self) -> Arc<[Sent]> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::plan::Method;

    #[test]
    fn only_the_last_two_hundred_are_kept_newest_last() {
        let recent = Recent::default();
        for number in 0..250_u32 {
            recent.add(Sent {
                at: jiff::Timestamp::UNIX_EPOCH,
                method: Method::Get,
                target: format!("/{number}"),
                status: Some(200),
                took: 1,
                bytes: 0,
                attempt: 1,
                fault: None,
            });
        }
        let kept = recent.list();
        assert_eq!(kept.len(), 200);
        assert_eq!(kept.first().unwrap().target, "/50");
        assert_eq!(kept.last().unwrap().target, "/249");
    }
}
