//! Simulators over one world, and the engine over them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use trueup::connectors::{Settings, connector};
use trueup::engine::protocol::{Command, Report, World};
use trueup::engine::{self, Auth, Handle, Setup, SystemSetup};
use trueup::mapping::{Mapping, Rate};
use trueup::model::SystemId;
use trueup::plan::{Change, ChangeId, Mode, Outcome, OutcomeState, Plan, Policy};
use trueup::secret::{Secret, Source};
use trueup::simulate::{self, Options, Running};
use trueup::store::journal;

/// A directory that is gone when the test ends.
pub struct Dir(pub PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Bed {
    pub simulators: Vec<(&'static str, Running)>,
    pub dir: Dir,
}

/// The engine and what it says.
pub struct Console {
    pub handle: Handle,
    pub reports: UnboundedReceiver<Report>,
    pub notices: Vec<String>,
}

impl Bed {
    /// A source, and the targets `aha` and `directory`.
    pub async fn new(users: u32) -> Self {
        let mut simulators = Vec::new();
        for (name, connector, view) in
            [("hr", "scim", "source"), ("aha", "aha", "aha"), ("directory", "scim", "directory")]
        {
            // The vendor's limit would only make the test slow; it has tests of its own.
            let options = Options { users, view: view.to_owned(), rate_limit: false, ..Options::default() };
            simulators.push((name, simulate::start(connector, options).await.unwrap()));
        }
        let dir = Dir(std::env::temp_dir().join(format!("trueup-promise-{}", uuid::Uuid::now_v7())));
        Self { simulators, dir }
    }

    pub fn simulator(&self, name: &str) -> &Running {
        &self.simulators.iter().find(|(of, _)| *of == name).unwrap().1
    }

    fn setup(&self, policy: &Policy) -> Setup {
        let systems = self.simulators.iter().map(|(name, running)| {
            let mapping = Arc::new(Mapping::builtin(&running.connector).unwrap());
            let rate = Rate { per_second: 1000.0, burst: 1000, ..mapping.rate };
            let mut own = std::collections::BTreeMap::new();
            if *name == "aha" {
                own.insert("account".to_owned(), "acme".to_owned());
            }
            let settings = Settings { url: running.url.clone(), own };
            let connector = connector(&running.connector, mapping, &settings).unwrap();
            let auth = Auth::Bearer(Source::Given(Secret::new(running.login["token"].clone())));
            SystemSetup {
                settings: Some(settings),
                policy: if *name == "hr" { Policy::default() } else { policy.clone() },
                rate: Some(rate),
                ..SystemSetup::new(SystemId::new(*name), connector, running.url.clone(), auth)
            }
        });
        Setup {
            systems: systems.collect(),
            source: Some(SystemId::new("hr")),
            reference: None,
            journal: Box::new(journal::open(&self.dir.0.join("journal.db")).unwrap()),
            cache: None,
            who: "lena".into(),
            read_at_start: true,
        }
    }

    /// The engine over the simulators.
    pub fn console(&self, policy: &Policy) -> Console {
        let (reports, said) = unbounded_channel();
        Console { handle: engine::start(self.setup(policy), reports), reports: said, notices: Vec::new() }
    }

    /// Writes that the simulators have seen.
    pub fn writes(&self, name: &str) -> Vec<String> {
        let seen = self.simulator(name).seen.writes();
        seen.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

pub fn full() -> Policy {
    Policy { mode: Mode::Full, ..Policy::default() }
}

impl Console {
    async fn next(&mut self) -> Report {
        let next = tokio::time::timeout(Duration::from_secs(60), self.reports.recv()).await;
        let report = next.expect("the engine says nothing more").expect("the engine is gone");
        match &report {
            Report::Notice(text) => self.notices.push(text.clone()),
            Report::Crashed { part, text } => panic!("{part}: {text}"),
            _ => {}
        }
        report
    }

    /// The world once everything has been read.
    pub async fn world(&mut self) -> Arc<World> {
        loop {
            if let Report::World(world) = self.next().await
                && world.systems.iter().all(|system| {
                    matches!(
                        system.health,
                        trueup::engine::protocol::Health::Good
                            | trueup::engine::protocol::Health::Partial(_)
                            | trueup::engine::protocol::Health::Bad { .. }
                    )
                })
                && world
                    .compared
                    .inputs
                    .systems
                    .iter()
                    .all(|view| view.snapshots.iter().flatten().all(|snapshot| !snapshot.reading()))
                && world.compared.inputs.systems.iter().all(|view| view.snapshots[0].is_some())
            {
                return world;
            }
        }
    }

    pub async fn prepare(&mut self, changes: Vec<Change>) -> Arc<Plan> {
        self.handle.send(Command::Prepare(changes));
        loop {
            match self.next().await {
                Report::Prepared(plan) => return plan,
                Report::NotPrepared(why) => panic!("{why}"),
                _ => {}
            }
        }
    }

    pub async fn push(&mut self, plan: Arc<Plan>) -> Vec<(ChangeId, OutcomeState)> {
        self.handle.send(Command::Push { fingerprint: plan.fingerprint.clone(), plan });
        let mut last: Vec<(ChangeId, OutcomeState)> = Vec::new();
        loop {
            match self.next().await {
                Report::Outcome(_, Outcome { change, state, .. }) => {
                    last.retain(|(have, _)| *have != change);
                    last.push((change, state));
                }
                Report::PushEnded(_) => return last,
                _ => {}
            }
        }
    }
}
