//! The reading of one system: sign in, probe, and all kinds side by side. A job knows nothing of other systems.

use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::ahead::Ahead;
use super::ask::{Stopped, panicked};
use super::drive::probe;
use super::fault::Trouble;
use super::fetch::{Fetch, Fetched};
use super::http::Client;
use super::push::Keeper;
use super::setup::SystemSetup;
use crate::connectors::{Connector, Glimpse};
use crate::model::{Kind, Snapshot};
use crate::plan::{Finding, Site};
use crate::store::{Leases, StoreError};

/// What a job is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Probe, and nothing more.
    Probe,
    /// Read one kind.
    Kind(Kind),
    /// Read everything.
    All,
}

impl Wish {
    /// One wish that does what both do.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Probe, other) | (other, Self::Probe) => other,
            (Self::Kind(a), Self::Kind(b)) if a == b => self,
            _ => Self::All,
        }
    }
}

/// What a job tells the core. The first field is the system's index.
pub(super) enum News {
    /// It can be called.
    Opened(usize, Client),
    /// It cannot be used as it is configured, or nobody answers.
    Failed(usize, Trouble),
    /// What the probe found, and the connector as it is after that.
    Probed(usize, Arc<Site>, Arc<dyn Connector>),
    /// What there is to be seen before the probe has ended, and the connector as it is as long as that asks.
    Glimpsed(usize, Arc<dyn Connector>, Snapshot),
    /// A snapshot has grown.
    Grew(usize, Snapshot),
    /// A kind has been read, as far as it could be.
    Read(usize, Kind, Option<Fetched>),
    /// A part of it broke.
    Crashed(usize, String),
    /// The job has ended.
    Rested(usize),
}

/// One system's job.
pub(super) struct Job {
    pub(super) at: usize,
    pub(super) setup: SystemSetup,
    /// Kept from an earlier job.
    pub(super) client: Option<Client>,
    /// What an earlier probe found, and the connector as it was after that; `None`: probe now.
    pub(super) probed: Option<(Arc<Site>, Arc<dyn Connector>)>,
    pub(super) wish: Wish,
    /// The generation of each kind's next snapshot.
    pub(super) generations: [u64; 4],
    pub(super) cancel: CancellationToken,
    pub(super) keeper: Keeper,
    /// Where the processes of this host meet.
    pub(super) leases: Leases,
    pub(super) news: UnboundedSender<News>,
}

impl Job {
    /// Runs it on a task of its own; whatever happens, [`News::Rested`] is told last.
    pub(super) fn start(self) {
        let (at, news) = (self.at, self.news.clone());
        let running = tokio::spawn(self.run());
        tokio::spawn(async move {
            if let Err(error) = running.await {
                let _ = news.send(News::Crashed(at, panicked(error)));
            }
            let _ = news.send(News::Rested(at));
        });
    }

    fn tell(&self, news: News) {
        // Nobody listens any more: the program ends.
        let _ = self.news.send(news);
    }

    async fn run(self) {
        let client = match self.open().await {
            Ok(client) => client,
            Err(trouble) => return self.tell(News::Failed(self.at, trouble)),
        };
        let (site, connector, ahead) = match self.probe(&client).await {
            Ok(probed) => probed,
            Err(Stopped::Trouble(trouble)) => return self.tell(News::Failed(self.at, trouble)),
            Err(Stopped::Crashed(text)) => return self.tell(News::Crashed(self.at, text)),
            Err(Stopped::Cancelled) => return,
        };
        if usable(&site, &client) && self.wish != Wish::Probe {
            self.read(&client, &site, &connector, &ahead).await;
        }
    }

    async fn open(&self) -> Result<Client, Trouble> {
        // A test is what an operator asks for after the secret in a file was put right.
        if let Some(client) = &self.client
            && (self.wish != Wish::Probe || !outdated(client).await)
        {
            client.try_again();
            return Ok(client.clone());
        }
        let options = self.setup.options(&self.leases);
        let connector = self.setup.connector.clone();
        let made = tokio::task::spawn_blocking(move || Client::with_login(&options, |own| connector.login(own))).await;
        let client = made.map_err(|error| Trouble { word: "broken", text: panicked(error) })??;
        self.tell(News::Opened(self.at, client.clone()));
        Ok(client)
    }

    async fn probe(&self, client: &Client) -> Result<(Arc<Site>, Arc<dyn Connector>, Ahead), Stopped> {
        if let (Some((site, connector)), true) = (&self.probed, self.wish != Wish::Probe) {
            return Ok((site.clone(), connector.clone(), Ahead::default()));
        }
        let parallel = self.setup.speed().parallel as usize;
        let walk = match self.wish {
            Wish::All => self.setup.connector.probe_to_read(),
            Wish::Probe | Wish::Kind(_) => self.setup.connector.probe(),
        };
        let (glimpsed, mut glimpses) = unbounded_channel();
        let show = async {
            while let Some(glimpse) = glimpses.recv().await {
                self.glimpse(client, glimpse).await;
            }
        };
        let (probed, ()) = tokio::join!(probe(client, walk, parallel, &self.cancel, glimpsed), show);
        let (mut site, ahead) = match probed {
            Ok(probed) => probed,
            Err((stopped, found)) => {
                // A test that broke off still tells what it has found out.
                if let Some(site) = found {
                    self.tell(News::Probed(self.at, Arc::from(site), self.setup.connector.clone()));
                }
                return Err(stopped);
            }
        };
        site.evidence.splice(0..0, client.login_evidence());
        if let Some(why) = client.uncounted() {
            site.line("limit of requests", Finding::Note, why);
        }
        self.pin(&mut site).await;
        let connector = self.setup.grown(&site);
        let site = Arc::new(site);
        self.tell(News::Probed(self.at, site.clone(), connector.clone()));
        Ok((site, connector, ahead))
    }

    /// Holds the account that answered against the one that answered the first time (targets/aha.md 13, limitation 2), and
    /// adds what earlier pushes have taught.
    async fn pin(&self, site: &mut Site) {
        let (system, account) = (self.setup.config.id.clone(), site.account.clone());
        // An account that the connector holds for the wrong one must not become the one that is expected.
        let trusted = site.blocked.is_none();
        let asked = self.keeper.ask(move |journal| {
            let pinned = journal.pin(&system)?;
            if let (None, Some(account), true) = (&pinned, &account, trusted) {
                journal.keep_pin(&system, account)?;
            }
            Ok::<_, StoreError>((pinned, journal.lessons(&system)?))
        });
        match asked.await {
            Ok((pinned, lessons)) => {
                let new: Vec<String> = lessons.into_iter().filter(|lesson| !site.lessons.contains(lesson)).collect();
                site.lessons.extend(new);
                if let (Some(pinned), Some(account)) = (pinned, &site.account)
                    && pinned != *account
                {
                    let detail = format!(
                        "{}: the key answers for the account {account}, and so far it was {pinned}; nothing is pushed. \
                         If that is meant, run: trueup purge {}",
                        self.setup.config.id, self.setup.config.id
                    );
                    site.line("the account behind the key", Finding::Bad, detail.as_str());
                    site.blocked.get_or_insert(detail);
                }
            }
            Err(error) => {
                // Not knowing the account that belongs here is a reason not to write, but not one not to read.
                site.blocked.get_or_insert(error.to_string());
            }
        }
    }

    fn fetch(
        &self,
        kind: Kind,
        client: &Client,
        site: &Arc<Site>,
        connector: &Arc<dyn Connector>,
        ahead: &Ahead,
    ) -> Fetch {
        Fetch {
            system: self.setup.config.id.clone(),
            kind,
            generation: self.generations[kind.index()],
            connector: connector.clone(),
            mapping: connector.mapping().clone(),
            client: client.clone(),
            site: site.clone(),
            cancel: self.cancel.clone(),
            ahead: ahead.clone(),
        }
    }

    /// Shows what a probe has in hand while it still asks.
    async fn glimpse(&self, client: &Client, glimpse: Glimpse) {
        let connector = self.setup.grown(&glimpse.site);
        let site = Arc::new(glimpse.site);
        let fetch = self.fetch(glimpse.kind, client, &site, &connector, &Ahead::default());
        if let Some(snapshot) = fetch.glimpse(glimpse.page, glimpse.of).await {
            self.tell(News::Glimpsed(self.at, connector, snapshot));
        }
    }

    async fn read(&self, client: &Client, site: &Arc<Site>, connector: &Arc<dyn Connector>, ahead: &Ahead) {
        let mut kinds = JoinSet::new();
        let mapping = connector.mapping();
        for kind in Kind::ALL {
            let wanted = match self.wish {
                Wish::Probe => false,
                Wish::Kind(only) => only == kind,
                Wish::All => true,
            };
            if !wanted || mapping.kind(kind).is_none() || connector.feeds(site, kind).is_empty() {
                continue;
            }
            let fetch = self.fetch(kind, client, site, connector, ahead);
            let (at, news) = (self.at, self.news.clone());
            kinds.spawn(async move {
                let show = |snapshot| {
                    let _ = news.send(News::Grew(at, snapshot));
                };
                let fetched = fetch.run(show).await;
                let _ = news.send(News::Read(at, kind, fetched));
            });
        }
        while let Some(ended) = kinds.join_next().await {
            if let Err(error) = ended {
                self.tell(News::Crashed(self.at, panicked(error)));
            }
        }
    }
}

/// Whether a secret has changed in its file since the client was made.
async fn outdated(client: &Client) -> bool {
    let client = client.clone();
    tokio::task::spawn_blocking(move || client.outdated()).await.unwrap_or(false)
}

/// Whether there is anything to be read: a system that only may not be written is.
pub(super) fn usable(site: &Site, client: &Client) -> bool {
    site.good() || (site.blocked.is_some() && client.denied().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_wishes_become_one_that_does_both() {
        assert_eq!(Wish::Probe.and(Wish::Kind(Kind::User)), Wish::Kind(Kind::User));
        assert_eq!(Wish::Kind(Kind::User).and(Wish::Kind(Kind::User)), Wish::Kind(Kind::User));
        assert_eq!(Wish::Kind(Kind::User).and(Wish::Kind(Kind::Role)), Wish::All);
        assert_eq!(Wish::All.and(Wish::Probe), Wish::All);
    }
}
