//! Reads all feeds of one kind of one system into a snapshot, which is shown while it grows.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::ahead::Ahead;
use super::ask::Stopped;
use super::drive::{Drive, Driven, Grown, ReadPage};
use super::http::Client;
use crate::connectors::{Connector, Page};
use crate::mapping::{Mapping, ReadError};
use crate::model::{FeedState, Kind, Proof, Snapshot, SystemId, Table, TableBuilder};
use crate::plan::Site;

/// One kind of one system, to be read.
pub(super) struct Fetch {
    pub(super) system: SystemId,
    pub(super) kind: Kind,
    pub(super) generation: u64,
    pub(super) connector: Arc<dyn Connector>,
    pub(super) mapping: Arc<Mapping>,
    pub(super) client: Client,
    pub(super) site: Arc<Site>,
    pub(super) cancel: CancellationToken,
    /// What the probe has read already.
    pub(super) ahead: Ahead,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Fetched {
    /// All that was read, each feed with its proof.
    pub(super) snapshot: Snapshot,
    /// What stopped a feed that did not end by itself.
    pub(super) stopped: Option<Stopped>,
}

impl Fetch {
    /// Reads feed after feed. `show` is told of the growing snapshot, first of the empty one.
    pub(super) async fn run(self, mut show: impl FnMut(Snapshot) + Send) -> Option<Fetched> {
        let feeds = self.connector.feeds(&self.site, self.kind);
        let mut snapshot = self.begun(&feeds)?;
        // Nobody takes what is about to be read for something that the system does not have.
        show(snapshot.clone());
        let mut builder = TableBuilder::new(snapshot.table.schema().clone());
        let mut broken: Option<Stopped> = None;
        for (at, feed) in feeds.iter().enumerate() {
            if let Some(stopped) = &broken {
                snapshot.feeds[at].proof = Proof::Partial { why: stopped.why() };
                continue;
            }
            let client = self.client.counting();
            let owners = if at == 0 { Vec::new() } else { owners(&snapshot.table) };
            if at > 0 && owners.is_empty() && !snapshot.proved() {
                let why = format!("the records of {} were not read", feeds[0]);
                snapshot.feeds[at].proof = Proof::Partial { why };
                continue;
            }
            let walk = self.connector.walk(&self.site, feed, owners);
            let mut grown = |grown: Grown| {
                let state = &mut snapshot.feeds[at];
                state.pages = grown.pages;
                state.requests = client.requests() as u32;
                state.proof = Proof::Reading { read: grown.table.len() as u64, of: grown.of };
                snapshot.table = grown.table;
                show(snapshot.clone());
            };
            let drive = Drive {
                client: &client,
                parallel: self.mapping.rate.parallel as usize,
                cancel: &self.cancel,
                ahead: &self.ahead,
                read: self.reader(),
                grown: &mut grown,
            };
            let Driven { builder: back, proof, pages, stopped } = drive.feed(walk, builder).await;
            let state = &mut snapshot.feeds[at];
            (state.proof, state.pages, state.requests) = (proof, pages, client.requests() as u32);
            // What a file says is as old as the file.
            snapshot.taken = client.written().map_or(snapshot.taken, |written| snapshot.taken.min(written));
            let back = back.map(|builder| self.settled(feed, builder, &state.proof));
            let Some(back) = back else {
                // The table broke with its reader: what was shown last is what there is.
                broken = stopped;
                builder = TableBuilder::new(snapshot.table.schema().clone());
                continue;
            };
            let (back, table) = tabled(back).await?;
            builder = back;
            snapshot.table = table;
            broken = stopped;
            if broken.is_none() && client.denied().is_some() && !snapshot.feeds[at].proof.complete() {
                // With a key that is not taken any more, each owner's details would only be refused one by one.
                for later in at + 1..feeds.len() {
                    snapshot.feeds[later].proof = snapshot.feeds[at].proof.clone();
                }
                break;
            }
            if at + 1 < feeds.len() {
                show(snapshot.clone());
            }
        }
        Some(Fetched { snapshot, stopped: broken })
    }

    /// What a page shows before the reading has begun: it is read again with all the others.
    pub(super) async fn glimpse(self, page: Page, of: Option<u64>) -> Option<Snapshot> {
        let mut snapshot = self.begun(&self.connector.feeds(&self.site, self.kind))?;
        let (read, mut builder) = (self.reader(), TableBuilder::new(snapshot.table.schema().clone()));
        let tabled = tokio::task::spawn_blocking(move || read(&page, &mut builder).ok().map(|_| builder.table()));
        snapshot.table = tabled.await.ok()??;
        snapshot.feeds.first_mut()?.proof = Proof::Reading { read: snapshot.table.len() as u64, of };
        Some(snapshot)
    }

    /// A snapshot of which nothing is read yet.
    fn begun(&self, feeds: &[Arc<str>]) -> Option<Snapshot> {
        let state = |feed: &Arc<str>| FeedState {
            feed: feed.clone(),
            proof: Proof::Reading { read: 0, of: None },
            pages: 0,
            requests: 0,
        };
        Some(Snapshot {
            system: self.system.clone(),
            kind: self.kind,
            generation: self.generation,
            table: Table::empty(self.mapping.kind(self.kind)?.schema.clone()),
            feeds: feeds.iter().map(state).collect(),
            taken: jiff::Timestamp::now(),
        })
    }

    /// Whoever a proved walk of a feed that brings the details of all did not mention has none of them.
    fn settled(&self, feed: &str, mut builder: TableBuilder, proof: &Proof) -> TableBuilder {
        if proof.complete()
            && self.mapping.feed(feed).is_some_and(|feed| feed.whole)
            && let Some(reader) = self.mapping.reader(feed)
        {
            reader.settle(&mut builder);
        }
        builder
    }

    fn reader(&self) -> ReadPage {
        let mapping = self.mapping.clone();
        Arc::new(move |page: &Page, into: &mut TableBuilder| {
            let reader = mapping
                .reader(&page.feed)
                .ok_or_else(|| ReadError::NoRecords(format!("reader for {} in the mapping", page.feed)))?;
            reader.read(&page.bytes, page.owner.as_deref(), into)
        })
    }
}

fn owners(table: &Table) -> Vec<String> {
    table.rows().map(|row| table.id(row).to_owned()).collect()
}

/// The table so far, made on a thread of its own.
async fn tabled(builder: TableBuilder) -> Option<(TableBuilder, Table)> {
    tokio::task::spawn_blocking(move || {
        let table = builder.table();
        (builder, table)
    })
    .await
    .ok()
}
