//! The engine without a face: read everything once, plan and push from what was read, or test one system.

use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::unbounded_channel;
use tokio_util::sync::CancellationToken;

use super::core::Core;
use super::job::Wish;
use super::protocol::{Health, Report, World};
use super::push;
use super::setup::Setup;
use crate::model::SystemId;
use crate::plan::{Change, ChangeId, Evidence, Finding, Outcome, Plan, PlanId, Site};
use crate::secret::Secret;
use crate::store::Entry;

/// What is told while systems are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// How a system stands.
    System(SystemId, Health),
    /// Something that the operator should read.
    Notice(String),
}

/// All systems, read to their ends and compared once. What was kept from earlier runs is not shown.
pub struct Session {
    core: Core,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Session")
    }
}

impl Session {
    /// Probes and reads all systems, and compares them.
    pub async fn read(setup: Setup, progress: impl Fn(Progress) + Send + Sync) -> Self {
        let (reports, said) = unbounded_channel();
        let said = Mutex::new(said);
        let drain = || {
            let Ok(mut said) = said.lock() else { return };
            while let Ok(report) = said.try_recv() {
                match report {
                    Report::Notice(text) => progress(Progress::Notice(text)),
                    Report::Crashed { part, text } => progress(Progress::Notice(format!("{part}: {text}"))),
                    _ => {}
                }
            }
        };
        let mut core = Core::new(setup, reports, false);
        core.remember().await;
        core.refresh(None, Wish::All);
        core.run_out(&|system, health| {
            drain();
            progress(Progress::System(system.clone(), health.clone()));
        })
        .await;
        let mut taken = false;
        for accepted in std::mem::take(&mut core.accepted_at_start) {
            let said = core.acknowledge(&accepted);
            taken |= said.is_ok();
            progress(Progress::Notice(said.unwrap_or_else(|why| why)));
        }
        if taken {
            core.run_out(&|_, _| {}).await;
        }
        drain();
        Self { core }
    }

    /// What was read and what it comes to.
    ///
    /// # Errors
    /// In words, when the comparison itself broke.
    pub fn world(&self) -> Result<World, String> {
        self.core.world().ok_or_else(|| "the comparison broke; that is a fault of this program".to_owned())
    }

    /// Makes a plan of these changes: reads at most, never writes.
    ///
    /// # Errors
    /// In words, when there is nothing to plan.
    pub async fn prepare(
        &self,
        changes: Vec<Change>,
        tell: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<Plan, String> {
        let desk = self.core.desk().ok_or("nothing has been read")?;
        let tell: push::Tell = Arc::new(tell);
        push::prepare(&desk, changes, &tell, &CancellationToken::new()).await
    }

    /// Carries out a plan whose fingerprint was confirmed, for a reason where one was given. `stop` ends it between two steps.
    ///
    /// # Errors
    /// In words, when nothing at all was sent.
    pub async fn push(
        &self,
        plan: Arc<Plan>,
        fingerprint: &str,
        reason: Option<String>,
        tell: impl Fn(Report) + Send + Sync + 'static,
        stop: impl Into<push::Stop>,
    ) -> Result<Vec<Outcome>, String> {
        let desk = self.core.desk().ok_or("nothing has been read")?;
        let desk = push::Desk { reason, ..desk };
        let outcomes = push::push(Arc::new(desk), plan.clone(), fingerprint, Arc::new(tell), stop).await?;
        let rules = self.core.acknowledged_rules(&plan, &outcomes);
        let kept = self
            .core
            .keeper
            .ask(move |journal| rules.iter().try_for_each(|(system, rules)| journal.accept(system, rules)));
        // What is not kept is only asked for again.
        let _ = kept.await;
        Ok(outcomes)
    }

    /// Whether the record says of a push what came of all its changes.
    pub async fn recorded(&self, plan: &PlanId) -> bool {
        let plan = plan.clone();
        let found = self.core.keeper.ask(move |journal| journal.find(&plan)).await;
        matches!(found, Ok(Some(entry)) if entry.closed)
    }

    /// Holds a secret that the operator typed, for the writes that ask for it by this name.
    pub fn hold(&self, system: &SystemId, name: String, secret: Secret) {
        self.core.hold(system, name, secret);
    }

    /// Looks up by reading what nobody knows of earlier pushes.
    ///
    /// # Errors
    /// When the journal cannot be used.
    pub async fn resolve(&self, tell: impl Fn(Report) + Send + Sync + 'static) -> Result<(), String> {
        let desk = self.core.desk().ok_or("nothing has been read")?;
        let tell: push::Tell = Arc::new(tell);
        push::resolve(&desk, &tell).await.map(|_| ()).map_err(|error| error.to_string())
    }

    /// A push as the record has it, once what nobody knew of it has been looked up by reading, and the ids of what it created.
    ///
    /// # Errors
    /// In words, when the journal cannot be used or holds no such push.
    pub async fn past(
        &self,
        plan: &PlanId,
        tell: impl Fn(Report) + Send + Sync + 'static,
    ) -> Result<(Entry, Vec<(ChangeId, String)>), String> {
        self.resolve(tell).await?;
        let of = plan.clone();
        let asked = self.core.keeper.ask(move |journal| Ok((journal.find(&of)?, journal.created(&of)?)));
        let (entry, created) = asked.await.map_err(|error| error.to_string())?;
        let entry = entry.ok_or_else(|| format!("the record holds no push {plan}"))?;
        Ok((entry, created))
    }

    /// Closes the journal.
    pub async fn close(self) {
        self.core.keeper.close().await;
    }
}

/// Probes and reads all systems to their ends and compares them once.
///
/// # Errors
/// In words, when the comparison itself broke.
pub async fn read_all(setup: Setup, progress: impl Fn(Progress) + Send + Sync) -> Result<World, String> {
    Session::read(setup, progress).await.world()
}

/// Probes systems side by side: what was found of each, line by line, in the order asked for.
pub async fn test(setup: Setup, systems: &[SystemId]) -> Vec<Site> {
    let (reports, _said) = unbounded_channel();
    let mut core = Core::new(setup, reports, false);
    core.compare_nothing();
    for system in systems {
        core.refresh(Some(system), Wish::Probe);
    }
    core.run_out(&|_, _| {}).await;
    systems.iter().map(|system| found(&core, system)).collect()
}

fn found(core: &Core, system: &SystemId) -> Site {
    let Some(member) = core.find(system) else { return failed(format!("there is no system {system}")) };
    match (&member.site, member.health()) {
        (Some(site), _) => (**site).clone(),
        (None, Health::Bad { text, .. }) => failed(text),
        (None, _) => failed(format!("{system}: the test broke off")),
    }
}

fn failed(detail: String) -> Site {
    let line = Evidence { what: "reaching the service".to_owned(), finding: Finding::Bad, detail };
    Site { evidence: vec![line], ..Site::default() }
}
