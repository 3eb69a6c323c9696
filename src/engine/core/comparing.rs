//! When what is known is compared anew, and with what.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Aside, Core};
use crate::compare::{Followed, Inputs, SystemView, compare, compare_again, follow};
use crate::engine::ask::panicked;
use crate::engine::member::Member;

/// While systems are read, nothing is compared more often than this, and never for more than a third of the time.
const COMPARE_GAP: Duration = Duration::from_millis(250);

impl Core {
    pub(super) fn compare(&mut self, now: Instant) {
        self.settle_confirmed();
        let earlier = self.earlier();
        let inputs = Arc::new(self.inputs(self.members.iter().map(Member::view).collect()));
        self.waived = inputs.waivers.len();
        self.stale = false;
        self.comparing = Some(now);
        let asides = self.asides.0.clone();
        self.comparing_front = self.fronts;
        let front = self.fronts;
        let before = self.compared.clone();
        tokio::spawn(async move {
            let work = move || {
                let mut compared = match &before {
                    Some(before) => compare_again(inputs, before),
                    None => compare(inputs),
                };
                drop(before);
                if front {
                    // A few rows tell nothing of what has moved.
                    let bases = compared.inputs.bases.clone();
                    return (compared, Followed { bases, new: Vec::new(), gone: Vec::new() });
                }
                let followed = follow(&compared, &|system, kind| earlier.get(system, kind));
                // Nobody else has them yet: the directions of what has just moved are told at once.
                Arc::make_mut(&mut compared.inputs).bases = followed.bases.clone();
                (compared, followed)
            };
            let aside = match tokio::task::spawn_blocking(work).await {
                Ok((compared, followed)) => Aside::Compared(compared, followed),
                Err(error) => Aside::Uncompared(panicked(error)),
            };
            let _ = asides.send(aside);
        });
    }

    /// What is compared, where the systems look like this.
    pub(super) fn inputs(&self, systems: Vec<SystemView>) -> Inputs {
        Inputs {
            systems,
            source: self.source,
            reference: self.reference,
            links: self.decisions.links.clone(),
            waivers: self.standing_waivers(),
            bases: self.bases.clone(),
            protected: self.decisions.protected.clone(),
            agreed: self.decisions.agreed.clone(),
        }
    }

    /// Whether systems have been reached, and what was read of them is compared.
    pub(super) fn read_and_compared(&self) -> bool {
        let reached = self.members.iter().any(|member| member.client.is_some() && member.site.is_some());
        reached && !self.recalling && !self.busy() && !self.stale && self.comparing.is_none() && self.compared.is_some()
    }

    /// No comparison is wanted.
    pub(in crate::engine) fn compare_nothing(&mut self) {
        self.stale = false;
    }

    /// Inputs have changed: compare them, soon.
    pub(in crate::engine) fn outdated(&mut self) {
        self.stale = true;
        self.changed = true;
    }

    /// A comparison has ended: the next one not at once while more comes in.
    pub(super) fn rest(&mut self) {
        let Some(began) = self.comparing.take() else { return };
        let took = began.elapsed();
        self.compare_from = if self.busy() { began + COMPARE_GAP.max(took * 3) } else { began };
    }
}
