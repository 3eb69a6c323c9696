//! Rules that are tried before they hold: what an edit of the configuration moves, over all that has been read, with nothing
//! read again and nothing pushed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rules::Rules;
use super::{Aside, Core};
use crate::compare::{Compared, SystemView, compare_again, moved};
use crate::connectors::Connector;
use crate::engine::ask::panicked;
use crate::engine::job::Wish;
use crate::engine::member::{Member, view};
use crate::engine::protocol::{Report, Trial};
use crate::engine::setup::SystemSetup;
use crate::model::{AttrPath, Kind, Snapshot, SystemId};

/// Rules that are tried, and what they come to.
pub(in crate::engine) struct Candidate {
    /// The systems as the configuration describes them now.
    systems: Vec<SystemSetup>,
    trial: Arc<Trial>,
}

/// One system under the rules that are tried.
struct Tried {
    setup: SystemSetup,
    connector: Arc<dyn Connector>,
    /// The snapshots by the new rules, where they can be looked at by them.
    snapshots: [Option<Arc<Snapshot>>; 4],
    /// What has to be read again.
    anew: Vec<(Kind, Vec<AttrPath>)>,
}

impl Tried {
    fn new(member: &Member, setup: SystemSetup) -> Self {
        let connector = match &member.site {
            Some(site) => setup.grown(site),
            None => setup.connector.clone(),
        };
        let (old, new) = (member.connector.mapping().clone(), connector.mapping().clone());
        let mut anew = Vec::new();
        let snapshots = Kind::ALL.map(|kind| {
            let snapshot = member.snapshots[kind.index()].clone();
            let (was, is) = match (old.kind(kind), new.kind(kind)) {
                (Some(was), Some(is)) => (was, is),
                (None, None) => return snapshot,
                _ => {
                    anew.push((kind, Vec::new()));
                    return snapshot;
                }
            };
            let other = is.read_otherwise(was);
            if other.is_empty() && new.lists_like(&old, kind) {
                let fresh = snapshot.as_ref().and_then(|snapshot| {
                    let table = snapshot.table.with_schema(is.schema.clone())?;
                    Some(Arc::new(Snapshot { table, ..Snapshot::clone(snapshot) }))
                });
                if snapshot.is_none() || fresh.is_some() {
                    return fresh;
                }
            }
            anew.push((kind, other));
            snapshot
        });
        Self { setup, connector, snapshots, anew }
    }

    fn view(&self) -> SystemView {
        view(&self.setup, &self.connector, self.snapshots.clone())
    }
}

/// What an edit changes beside who is compared and how.
fn also(before: &SystemSetup, after: &SystemSetup) -> Vec<String> {
    let (was, is) = (&before.config.policy, &after.config.policy);
    let mut found = Vec::new();
    if was.mode != is.mode {
        found.push(format!("mode: {} (it was {})", is.mode.name(), was.mode.name()));
    }
    if was.production != is.production {
        let word = |production: bool| if production { "yes" } else { "no" };
        found.push(format!("production: {} (it was {})", word(is.production), word(was.production)));
    }
    let rest = |policy: &crate::plan::Policy| {
        let mut policy = policy.clone();
        (policy.mode, policy.production) = (crate::plan::Mode::default(), false);
        format!("{policy:?}")
    };
    if rest(was) != rest(is) {
        found.push("limits, protection or what else is allowed there".to_owned());
    }
    found
}

impl Core {
    /// Reads the configuration anew, beside the core.
    pub(super) fn try_rules(&self) {
        let Some(reread) = self.reread_rules.clone() else {
            return self.report(Report::Tried(Err("there is no configuration here that could be edited".to_owned())));
        };
        let asides = self.asides.0.clone();
        tokio::spawn(async move {
            let read = tokio::task::spawn_blocking(move || reread()).await;
            let _ = asides.send(Aside::Reread(read.unwrap_or_else(|error| Err(panicked(error)))));
        });
    }

    /// Compares by the rules of these systems.
    pub(super) fn try_these(&mut self, setups: Vec<SystemSetup>) {
        let same = setups.len() == self.members.len()
            && setups.iter().zip(&self.members).all(|(setup, member)| setup.id() == member.setup.id());
        let Some(before) = self.compared.clone().filter(|_| same) else {
            let why = if same { "nothing has been read yet" } else { "other systems take effect with the next start" };
            return self.report(Report::Tried(Err(why.to_owned())));
        };
        let also: Vec<(SystemId, String)> = setups
            .iter()
            .zip(&self.members)
            .flat_map(|(setup, member)| also(&member.setup, setup).into_iter().map(|what| (setup.id().clone(), what)))
            .collect();
        let systems: Vec<Tried> =
            setups.into_iter().zip(&self.members).map(|(setup, member)| Tried::new(member, setup)).collect();
        let inputs = Arc::new(self.inputs(systems.iter().map(Tried::view).collect()));
        let asides = self.asides.0.clone();
        tokio::spawn(async move {
            let work = move || {
                let after = Arc::new(compare_again(inputs, &before));
                Box::new(Candidate::new(systems, &before, after, also))
            };
            let aside = match tokio::task::spawn_blocking(work).await {
                Ok(candidate) => Aside::Tried(candidate),
                Err(error) => Aside::Uncompared(panicked(error)),
            };
            let _ = asides.send(aside);
        });
    }

    pub(super) fn tried(&mut self, candidate: Candidate) {
        // Two worlds are much to hold on to; only whoever looks at them does.
        self.report(Report::Tried(Ok(candidate.trial)));
        self.candidate = Some(candidate.systems);
    }

    /// The rules that were tried hold from now on. What is read otherwise by them is read again.
    pub(super) fn take_rules(&mut self) {
        if self.pushing.is_some() {
            return self
                .report(Report::Notice("a push is running: the rules stay as they are until it has ended".to_owned()));
        }
        let Some(systems) = self.candidate.take() else {
            return self.report(Report::Notice("no rules are being tried".to_owned()));
        };
        let mut again = Vec::new();
        for (at, setup) in systems.into_iter().enumerate() {
            let member = &mut self.members[at];
            let system = member.setup.id().clone();
            let held = Rules::of(&member.setup);
            // What was read meanwhile was read by the old rules.
            let tried = Tried::new(member, setup);
            for (snapshot, new) in member.snapshots.iter_mut().zip(tried.snapshots) {
                *snapshot = new;
            }
            (member.setup, member.connector) = (tried.setup, tried.connector);
            if !tried.anew.is_empty() || member.running.is_some() {
                again.push(system.clone());
            }
            // The guard of a push tells of rules that are not those of the last push there.
            let pushed = self.accepted.remove(&system).unwrap_or(held);
            if pushed != Rules::of(&self.members[at].setup) {
                self.accepted.insert(system, pushed);
            }
        }
        for system in &again {
            self.refresh(Some(system), Wish::All);
        }
        self.outdated();
    }
}

impl Candidate {
    fn new(systems: Vec<Tried>, before: &Arc<Compared>, after: Arc<Compared>, also: Vec<(SystemId, String)>) -> Self {
        let anew: BTreeMap<(SystemId, Kind), Vec<AttrPath>> = systems
            .iter()
            .flat_map(|tried| tried.anew.iter().map(|(kind, paths)| ((tried.setup.id().clone(), *kind), paths.clone())))
            .collect();
        let trial = Arc::new(Trial {
            moved: moved(before, &after),
            before: before.clone(),
            after,
            anew: anew.into_iter().map(|((system, kind), paths)| (system, kind, paths)).collect(),
            also,
        });
        Self { systems: systems.into_iter().map(|tried| tried.setup).collect(), trial }
    }
}
