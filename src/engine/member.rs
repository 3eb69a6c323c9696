//! One connected system as the core sees it: its snapshots, and how it stands.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::ask::Stopped;
use super::fault::Trouble;
use super::fetch::Fetched;
use super::http::Client;
use super::job::{Wish, usable};
use super::protocol::{Budget, Health, Resting, SystemStatus};
use super::push::Rest;
use super::setup::SystemSetup;
use crate::compare::SystemView;
use crate::connectors::Connector;
use crate::model::{Kind, Proof, Snapshot};
use crate::plan::{Finding, Site};

/// A job that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) cancel: CancellationToken,
    /// What to do when it has ended.
    pub(super) then: Option<Wish>,
}

/// One connected system.
pub(super) struct Member {
    pub(super) setup: SystemSetup,
    pub(super) source: bool,
    /// The connector as it is after the last probe.
    pub(super) connector: Arc<dyn Connector>,
    pub(super) client: Option<Client>,
    pub(super) site: Option<Arc<Site>>,
    pub(super) snapshots: [Option<Arc<Snapshot>>; 4],
    pub(super) generations: [u64; 4],
    pub(super) running: Option<Running>,
    /// Records read so far, and in all where known, by kind.
    progress: [Option<(u64, Option<u64>)>; 4],
    /// Why the system could not be used the last time.
    trouble: Option<Trouble>,
    /// The reading broke off, by kind: what is there is known not to be all.
    broke: [bool; 4],
    /// Why an older snapshot is still shown, by kind.
    kept: [Option<String>; 4],
    /// The generation that came from an earlier run, by kind.
    recalled: [Option<u64>; 4],
    /// Only the first rows of what an earlier run has read are here yet: how many, and of how many.
    front: [Option<(u64, u64)>; 4],
    /// The kind of which no more is here than the page that a probe has in hand while it still asks.
    glimpse: Option<usize>,
}

impl Member {
    pub(super) fn new(setup: SystemSetup, source: bool) -> Self {
        Self {
            connector: setup.connector.clone(),
            setup,
            source,
            client: None,
            site: None,
            snapshots: [const { None }; 4],
            generations: [0; 4],
            running: None,
            progress: [None; 4],
            trouble: None,
            broke: [false; 4],
            kept: [const { None }; 4],
            recalled: [None; 4],
            front: [None; 4],
            glimpse: None,
        }
    }

    /// The first rows of what an earlier run has read, until the whole of it is here.
    pub(super) fn show_front(&mut self, mut snapshot: Snapshot, of: u64) {
        let at = snapshot.kind.index();
        let read = snapshot.table.len() as u64;
        for feed in &mut snapshot.feeds {
            feed.proof = Proof::Reading { read, of: Some(of) };
        }
        self.front[at] = Some((read, of));
        self.snapshots[at] = Some(Arc::new(snapshot));
    }

    /// The whole is here, or there is none: what was shown of it goes.
    pub(super) fn drop_fronts(&mut self) {
        for (front, snapshot) in self.front.iter_mut().zip(&mut self.snapshots) {
            if front.take().is_some() {
                *snapshot = None;
            }
        }
    }

    /// What an earlier run has read. It is shown until it is read anew, and proves nothing: the world has moved on.
    pub(super) fn recall(&mut self, mut snapshot: Snapshot) {
        let at = snapshot.kind.index();
        for feed in &mut snapshot.feeds {
            feed.proof =
                Proof::Partial { why: format!("this is from {}, and has not been read again yet", snapshot.taken) };
        }
        self.generations[at] = self.generations[at].max(snapshot.generation);
        self.recalled[at] = Some(snapshot.generation);
        self.snapshots[at] = Some(Arc::new(snapshot));
    }

    /// Whether a snapshot is all there was when it was read, in this run or an earlier one.
    fn whole(&self, snapshot: &Snapshot) -> bool {
        snapshot.proved() || self.recalled[snapshot.kind.index()] == Some(snapshot.generation)
    }

    /// A job begins.
    pub(super) fn begin(&mut self) -> CancellationToken {
        let cancel = CancellationToken::new();
        self.running = Some(Running { cancel: cancel.clone(), then: None });
        self.progress = [None; 4];
        self.trouble = None;
        self.generations.iter_mut().for_each(|generation| *generation += 1);
        cancel
    }

    /// It could not be used.
    pub(super) fn failed(&mut self, trouble: Trouble) {
        self.trouble = Some(trouble);
    }

    /// A snapshot has grown. Whether what is shown has changed: a whole older one stays until the new one is whole too.
    pub(super) fn grew(&mut self, snapshot: Snapshot) -> bool {
        let at = snapshot.kind.index();
        if snapshot.table.is_empty() {
            // It only says that more will come, where nothing says so yet.
            self.snapshots[at].get_or_insert_with(|| Arc::new(snapshot));
            return false;
        }
        if let Some(Proof::Reading { read, of }) = snapshot.feeds.first().map(|feed| &feed.proof) {
            self.progress[at] = Some((*read, *of));
        }
        let replaces = self.snapshots[at]
            .as_ref()
            .is_none_or(|old| old.generation == snapshot.generation || old.table.is_empty() || !self.whole(old));
        if replaces {
            self.snapshots[at] = Some(Arc::new(snapshot));
        }
        replaces
    }

    /// A page may be shown while the probe still asks. Whether it is: only where there is nothing to be seen yet.
    pub(super) fn glimpsed(&mut self, connector: Arc<dyn Connector>, snapshot: Snapshot) -> bool {
        let at = snapshot.kind.index();
        if self.snapshots[at].as_ref().is_some_and(|shown| !shown.table.is_empty()) {
            return false;
        }
        self.connector = connector;
        self.glimpse = Some(at);
        self.grew(snapshot)
    }

    /// A kind has been read, as far as it could be. Whether what is shown has changed.
    pub(super) fn read(&mut self, kind: Kind, fetched: Fetched) -> bool {
        let at = kind.index();
        let Fetched { snapshot, stopped } = fetched;
        self.progress[at] = Some((snapshot.table.len() as u64, Some(snapshot.table.len() as u64)));
        let denied = self.client.as_ref().is_some_and(|client| client.denied().is_some());
        let broken = stopped.is_some() || (denied && !snapshot.proved());
        let older = self.snapshots[at]
            .as_ref()
            .filter(|old| old.generation != snapshot.generation && self.whole(old) && !old.table.is_empty());
        if let (true, Some(older)) = (broken, older) {
            let why = partial(&snapshot).unwrap_or_else(|| "it was not read to the end".to_owned());
            self.kept[at] = Some(format!("{}: still as read at {}, since {why}", kind.plural(), older.taken));
            return false;
        }
        self.kept[at] = None;
        self.broke[at] = broken;
        if let Some(Stopped::Trouble(trouble)) = stopped
            && snapshot.table.is_empty()
        {
            self.trouble = Some(trouble);
        }
        self.snapshots[at] = Some(Arc::new(snapshot));
        true
    }

    /// Takes what was read and is not proved to be all for complete, until it is read again. Gives how many kinds that was.
    ///
    /// # Errors
    /// In words, when there is nothing to take for complete, or it is known not to be.
    pub(super) fn acknowledge(&mut self, kind: Option<Kind>, by: &str, why: &str) -> Result<usize, String> {
        let system = self.setup.config.id.clone();
        let (mut taken, mut cannot) = (0, None);
        for at in Kind::ALL.into_iter().filter(|own| kind.is_none_or(|kind| kind == *own)) {
            let index = at.index();
            let Some(snapshot) = self.snapshots[index].as_mut().filter(|snapshot| !snapshot.complete()) else {
                continue;
            };
            let plural = at.plural();
            if snapshot.reading() || self.running.is_some() {
                cannot = Some(format!("{system}: {plural} are being read; wait until that has ended"));
            } else if self.recalled[index] == Some(snapshot.generation) {
                cannot = Some(format!("{system}: {plural} are from an earlier run; read them again first"));
            } else if self.broke[index] {
                cannot = Some(format!(
                    "{system}: the reading of {plural} broke off, so they are known not to be all; read them again"
                ));
            } else {
                for feed in &mut Arc::make_mut(snapshot).feeds {
                    if let Proof::Partial { why: partial } = &feed.proof {
                        let why = format!("{why} (it is not proved: {partial})");
                        feed.proof = Proof::Acknowledged { by: by.to_owned(), why };
                    }
                }
                taken += 1;
            }
        }
        match (taken, cannot) {
            (0, Some(why)) => Err(why),
            (0, None) => Err(format!("{system}: nothing that was read is without its proof")),
            (taken, _) => Ok(taken),
        }
    }

    /// What the probe found. Whether the mapping has changed with it.
    pub(super) fn probed(&mut self, site: Arc<Site>, connector: Arc<dyn Connector>) -> bool {
        let changed = !Arc::ptr_eq(connector.mapping(), self.connector.mapping());
        (self.site, self.connector) = (Some(site), connector);
        self.glimpse = None;
        changed
    }

    /// The job has ended: nothing is under way any more, whatever it left behind. Whether what is shown has changed, and
    /// what to do next.
    pub(super) fn rested(&mut self) -> (bool, Option<Wish>) {
        let mut changed = false;
        if let Some(at) = self.glimpse.take() {
            // The probe has not ended: what one page shows stands for nothing.
            (self.connector, self.snapshots[at]) = (self.setup.connector.clone(), None);
            changed = true;
        }
        for snapshot in self.snapshots.iter_mut().flatten() {
            if snapshot.reading() {
                changed = true;
                let feeds = &mut Arc::make_mut(snapshot).feeds;
                for feed in feeds.iter_mut().filter(|feed| matches!(feed.proof, Proof::Reading { .. })) {
                    feed.proof = Proof::Partial { why: "the reading broke off".to_owned() };
                }
            }
        }
        (changed, self.running.take().and_then(|running| running.then))
    }

    /// How it stands.
    pub(super) fn health(&self) -> Health {
        if let Some((read, of)) = self.front.iter().flatten().copied().reduce(|a, b| (a.0 + b.0, a.1 + b.1)) {
            return Health::Reading { read, of: Some(of) };
        }
        if self.running.is_some() {
            let known: Vec<(u64, Option<u64>)> = self.progress.iter().flatten().copied().collect();
            if known.is_empty() {
                return Health::Probing;
            }
            let read = known.iter().map(|(read, _)| read).sum();
            let some_total = known.iter().any(|(_, of)| of.is_some());
            let of = known.iter().map(|(read, of)| of.unwrap_or(*read)).sum();
            return Health::Reading { read, of: some_total.then_some(of) };
        }
        if let Some(trouble) = &self.trouble {
            return Health::Bad { word: trouble.word.to_owned(), text: trouble.text.clone() };
        }
        let Some(site) = &self.site else { return Health::Idle };
        let bad = site.evidence.iter().find(|line| line.finding == Finding::Bad).map(|line| line.detail.clone());
        let partly =
            self.kept
                .iter()
                .flatten()
                .cloned()
                .chain(
                    self.snapshots.iter().flatten().filter_map(|snapshot| {
                        partial(snapshot).map(|why| format!("{}: {why}", snapshot.kind.plural()))
                    }),
                )
                .next();
        if let Some(client) = &self.client {
            if let Some(status) = client.denied()
                && let Some(text) = bad.clone().or_else(|| partly.clone())
            {
                let word = if status == 401 { "auth" } else { "denied" };
                return Health::Bad { word: word.to_owned(), text };
            }
            if let (false, Some(text)) = (usable(site, client), &bad) {
                return Health::Bad { word: "test".to_owned(), text: text.clone() };
            }
        }
        match partly.or_else(|| site.blocked.clone()).or(bad) {
            Some(why) => Health::Partial(why),
            None if self.snapshots.iter().all(Option::is_none) => Health::Idle,
            None => Health::Good,
        }
    }

    /// It as the screen shows it.
    pub(super) fn status(&self) -> SystemStatus {
        let mapping = self.connector.mapping();
        let speed = self.setup.speed();
        let full = Budget {
            per_second: speed.per_second,
            tokens: f64::from(speed.burst),
            burst: speed.burst,
            wait: 0.0,
            remaining: None,
        };
        SystemStatus {
            id: self.setup.config.id.clone(),
            connector: mapping.connector.clone(),
            title: mapping.title.clone(),
            url: self.setup.shown_url(),
            source: self.source,
            mode: self.setup.config.policy.mode,
            production: self.setup.config.policy.production,
            policy: self.setup.config.policy.clone(),
            health: self.health(),
            site: self.site.clone(),
            mapping: mapping.clone(),
            budget: self.client.as_ref().map_or(full, Client::budget),
            resting: self.client.as_ref().and_then(Client::rests).map(resting),
            recent: self.client.as_ref().map_or_else(|| Arc::from([]), Client::recent),
        }
    }

    /// It as the comparison sees it.
    pub(super) fn view(&self) -> SystemView {
        view(&self.setup, &self.connector, self.snapshots.clone())
    }
}

/// A system as the comparison sees it.
pub(super) fn view(
    setup: &SystemSetup,
    connector: &Arc<dyn Connector>,
    snapshots: [Option<Arc<Snapshot>>; 4],
) -> SystemView {
    let config = &setup.config;
    SystemView {
        id: config.id.clone(),
        mapping: connector.mapping().clone(),
        snapshots,
        scope: config.scope.clone(),
        manage: config.manage.clone(),
        deactivate_out_of_scope: config.deactivate_out_of_scope,
    }
}

fn resting(rest: Rest) -> Resting {
    let now = jiff::Timestamp::now();
    Resting { until: now.checked_add(rest.left).unwrap_or(now), times: rest.times, why: rest.why }
}

/// Why a snapshot is not all there is.
fn partial(snapshot: &Snapshot) -> Option<String> {
    snapshot.feeds.iter().find_map(|feed| match &feed.proof {
        Proof::Partial { why } => Some(why.clone()),
        Proof::Acknowledged { by, why } => Some(format!("taken for complete by {by}: {why}")),
        _ => None,
    })
}
