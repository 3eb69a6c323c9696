//! The right to push: the leases of all systems of a plan, and the plan's place in the journal.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

use super::{Desk, Stop, Tell};
use crate::engine::protocol::Report;
use crate::model::SystemId;
use crate::plan::{Plan, PlanId};
use crate::store::{Journal, Lease, RENEWED, Signature, StoreError};

/// An open push. While it lives nobody else of this host pushes to its systems.
pub(super) struct Opened {
    plan: PlanId,
    systems: BTreeSet<SystemId>,
    leases: Held,
    renewing: AbortHandle,
}

/// What a push holds; `None`: it has ended, and given it back.
type Held = Arc<Mutex<Option<Vec<Lease>>>>;

/// The right to push as the steps see it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Right(Held);

impl Right {
    /// Whether it is ours at this moment.
    ///
    /// # Errors
    /// In words, when it is not: others may push there now.
    pub(super) fn ours(&self) -> Result<(), String> {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(leases) if leases.iter().all(Lease::held) => Ok(()),
            Some(_) => Err(LOST.to_owned()),
            None => Err("the push that it belongs to has ended".to_owned()),
        }
    }
}

/// What is said where a lease was taken away.
const LOST: &str = "somebody has removed the lease of this push, and others of this host may push there as well now: nothing more is \
     begun. Have root own the directory of the leases (lease_dir)";

impl Drop for Opened {
    fn drop(&mut self) {
        self.renewing.abort();
    }
}

impl Opened {
    /// Takes the leases and opens the plan in the journal.
    ///
    /// # Errors
    /// In words, when somebody else pushes there, the plan was pushed before, or there is no journal.
    pub(super) async fn open(desk: &Desk, plan: &Arc<Plan>, tell: &Tell, stop: &Stop) -> Result<Self, String> {
        let systems: BTreeSet<SystemId> = plan.steps.iter().map(|step| step.system.clone()).collect();
        let leases = leases(desk, &systems, tell).await?;
        let reason = desk.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
        let by = Signature { who: desk.who.clone(), reason };
        let (opening, all) = (plan.clone(), systems.clone());
        let ask = desk.keeper.ask(move |journal| {
            for (at, system) in all.iter().enumerate() {
                if let Err(why) = journal.lease(system, &by.who) {
                    all.iter().take(at).try_for_each(|taken| journal.release(taken))?;
                    return Err(why);
                }
            }
            journal.open(&opening, &by).or_else(|why| released(journal, &all).and(Err(why)))
        });
        ask.await.map_err(|why| why.to_string())?;
        let leases = Arc::new(Mutex::new(Some(leases)));
        let (held, tell, stop) = (leases.clone(), tell.clone(), stop.clone());
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEWED).await;
                if !renewed(&held, &tell, &stop) {
                    return;
                }
            }
        });
        Ok(Self { plan: plan.id.clone(), systems, leases, renewing: renewing.abort_handle() })
    }

    /// The right to push, for the steps.
    pub(super) fn right(&self) -> Right {
        Right(self.leases.clone())
    }

    /// Closes the plan and gives the leases back.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub(super) async fn close(self, desk: &Desk) -> Result<(), StoreError> {
        let (plan, systems) = (self.plan.clone(), self.systems.clone());
        let closed = desk.keeper.ask(move |journal| journal.close(&plan).and(released(journal, &systems))).await;
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).take();
        closed
    }

    /// Gives the leases back and leaves the plan open in the journal, for the next start.
    pub(super) async fn leave(self, desk: &Desk) {
        let systems = self.systems.clone();
        // It is taken from a process that has ended all the same.
        let _ = desk.keeper.ask(move |journal| released(journal, &systems)).await;
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Says that the leases are held still. Where one was taken away, nothing more is begun: others may push there now.
fn renewed(leases: &Held, tell: &Tell, stop: &Stop) -> bool {
    let mut leases = leases.lock().unwrap_or_else(PoisonError::into_inner);
    // Each of them says so, whatever became of the others.
    let all = leases.iter_mut().flatten().map(Lease::renew).filter(|held| !held).count() == 0;
    if !all {
        stop.finish();
        tell(Report::Notice(LOST.to_owned()));
    }
    all
}

fn released(journal: &mut dyn Journal, systems: &BTreeSet<SystemId>) -> Result<(), StoreError> {
    systems.iter().try_for_each(|system| journal.release(system))
}

async fn leases(desk: &Desk, systems: &BTreeSet<SystemId>, tell: &Tell) -> Result<Vec<Lease>, String> {
    let wanted: Vec<(SystemId, String)> = systems
        .iter()
        .filter_map(|system| Some((system.clone(), desk.parties.get(system)?.identity.clone())))
        .collect();
    let (all, who) = (desk.leases.clone(), desk.who.clone());
    let taken = tokio::task::spawn_blocking(move || {
        let mut taken: Vec<(SystemId, Lease)> = Vec::new();
        let mut had = BTreeSet::new();
        for (system, identity) in wanted {
            // Two names of one system in one configuration are one lease.
            if had.insert(identity.clone()) {
                taken.push((system.clone(), all.take(&identity, &system, &who)?));
            }
        }
        Ok::<_, StoreError>(taken)
    });
    let taken = taken.await.map_err(|why| why.to_string())?.map_err(|why| why.to_string())?;
    for (system, lease) in &taken {
        if let Some(left) = &lease.left {
            tell(Report::Notice(format!(
                "{left} was pushing to {system} and ended without giving its lease back; it is taken over. What it sent last may \
                 be unknown to its operator"
            )));
        }
    }
    Ok(taken.into_iter().map(|(_, lease)| lease).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::Leases;

    #[test]
    fn a_push_whose_lease_somebody_removed_says_so_and_begins_nothing_more() {
        let dir = std::env::temp_dir().join(format!("trueup-opened-{}", uuid::Uuid::now_v7()));
        let lease = Leases::at(&dir).take("aha acme", &SystemId::new("aha"), "lena").unwrap();
        let leases: Held = Arc::new(Mutex::new(Some(vec![lease])));
        let said: Arc<Mutex<Vec<Report>>> = Arc::default();
        let heard = said.clone();
        let tell: Tell = Arc::new(move |report| heard.lock().unwrap().push(report));
        let stop = Stop::default();
        let right = Right(leases.clone());
        assert!(renewed(&leases, &tell, &stop) && !stop.stopped() && said.lock().unwrap().is_empty());
        assert_eq!(right.ours(), Ok(()));
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(!renewed(&leases, &tell, &stop) && stop.stopped());
        assert!(matches!(&said.lock().unwrap()[..], [Report::Notice(text)] if text.contains("removed the lease")));
        assert!(right.ours().is_err_and(|why| why.contains("removed the lease")));
        leases.lock().unwrap().take();
        assert!(right.ours().is_err_and(|why| why.contains("has ended")));
    }
}
