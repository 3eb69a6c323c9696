//! The engine without a face: read everything once, or test one system.

use std::sync::Mutex;

use tokio::sync::mpsc::unbounded_channel;

use super::core::Core;
use super::job::Wish;
use super::protocol::{Health, Report, World};
use super::setup::Setup;
use crate::model::SystemId;
use crate::plan::{Evidence, Finding, Site};

/// What is told while systems are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// How a system stands.
    System(SystemId, Health),
    /// Something that the operator should read.
    Notice(String),
}

/// Probes and reads all systems to their ends and compares them once. What was kept from earlier runs is not shown.
///
/// # Errors
/// In words, when the comparison itself broke.
pub async fn read_all(setup: Setup, progress: impl Fn(Progress) + Send + Sync) -> Result<World, String> {
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
    drain();
    core.world().ok_or_else(|| "the comparison broke; that is a fault of this program".to_owned())
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
