//! One file or folder per product: what its wire wants and says. No I/O: bytes in, requests out.
//!
//! A connector is pure and knows nothing of retries, budgets, time-outs or cancellation: those exist once, in `engine`.

mod address;
mod aha;
mod catalog;
#[cfg(test)]
mod drive;
mod each;
mod fault;
pub mod file;
mod idaas;
mod kingdee;
mod last;
mod litmos;
mod login;
mod loose;
mod oauth2;
mod record;
mod scim;
mod walk;
mod wanted;

pub use catalog::{Settings, connector};
pub use login::{Login, LoginInput, LoginNext, LoginRequest, Pass};
pub use oauth2::OAuth2;
pub use walk::{Block, Finish, Glimpse, Input, Next, Page, Walk};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, RecordKey, Row, Table};
use crate::plan::{Change, Refusal, Reply, Request, Site, Step, Verdict};
use crate::secret::Secret;

/// What one product's interface wants and says.
pub trait Connector: Send + Sync {
    /// The mapping, as this system has it (after discovery, with the attributes that were found).
    fn mapping(&self) -> &Arc<Mapping>;

    /// Finds out what the service is, can and allows: reads only.
    fn probe(&self) -> Box<dyn Walk>;

    /// The same where everything is read right after: it may ask what the listing will ask first and keep that reply
    /// ([`Walk::kept`]), so that the first rows come with the first request.
    fn probe_to_read(&self) -> Box<dyn Walk> {
        self.probe()
    }

    /// The feeds that list a kind: the first one lists the records, the others bring details.
    fn feeds(&self, site: &Site, kind: Kind) -> Vec<Arc<str>>;

    /// Walks one feed to its end. `owners`: for a detail feed, the ids whose details are wanted.
    fn walk(&self, site: &Site, feed: &str, owners: Vec<String>) -> Box<dyn Walk>;

    /// The reads that show one record whole. An empty list: this kind cannot be read one by one.
    fn read_one(&self, site: &Site, key: &RecordKey) -> Vec<Request>;

    /// The reads that look a record up by a key's value (`userName`, `emails`), for creates and unknown outcomes.
    fn find(&self, site: &Site, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request>;

    /// What the replies to [`Connector::read_one`] or [`Connector::find`] show. Keys are re-checked here: a service that
    /// ignores a filter must not make us edit somebody else (targets/scim.md A6 rule 1).
    ///
    /// # Errors
    /// In words, when the replies tell neither that the record is there nor that it is not.
    fn observe(&self, site: &Site, kind: Kind, want: Looked<'_>, replies: &[Reply])
    -> Result<Option<Observed>, String>;

    /// What these reads show, or what has to be read besides: the next page, or what a list leaves out. `about`: the changes
    /// that it is read for. Otherwise as [`Connector::observe`], which is what most need.
    ///
    /// # Errors
    /// As [`Connector::observe`].
    fn look(
        &self,
        site: &Site,
        kind: Kind,
        want: Looked<'_>,
        about: &[&Change],
        read: Read<'_>,
    ) -> Result<Look, String> {
        let _ = about;
        self.observe(site, kind, want, read.replies).map(|seen| Look::Seen(seen.map(Box::new)))
    }

    /// The steps that carry out these changes of one record. Pure: called with the stored record for the preview and with
    /// the fresh one for the push, and both must come out alike.
    ///
    /// # Errors
    /// [`Refusal::NeedsNative`] where only whole records are taken and none was given; otherwise why it cannot be done.
    fn render(&self, site: &Site, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal>;

    /// What a reply to a write means.
    fn classify(&self, site: &Site, step: &Step, reply: &Reply) -> Verdict;

    /// What a refused form teaches ([`Verdict::OtherForm`]): the lesson that [`Site::lessons`] keeps, so that the next plan
    /// previews the other form (`patch:User`, `members:value-list`). `None` where there is no other form.
    fn lesson(&self, _site: &Site, _step: &Step, _reply: &Reply) -> Option<String> {
        None
    }

    /// Whether a record as it is (`None`: it could not be read) shows that a step was carried out which only moves it on
    /// (Kingdee's Submit and Audit). `None`: the step is none of these, and what its changes want tells of it.
    fn reached(&self, _step: &Step, _seen: Option<&Observed>) -> Option<Reached> {
        None
    }

    /// Words for a record that is not there any more although something was to be done to it.
    fn gone(&self, _kind: Kind) -> String {
        "the record is not there any more".to_owned()
    }

    /// Words for a create whose key turns out to be taken: why it is stale, and what to do instead.
    fn taken(&self, found: &Observed) -> String {
        found.taken()
    }

    /// How this system is signed in to, where that takes a conversation: `secrets` holds the resolved values of the mapping's
    /// secret settings by name. `None`: a fixed header from the configuration's `auth` does it.
    fn login(&self, _secrets: &BTreeMap<String, Secret>) -> Option<Box<dyn Login>> {
        None
    }

    /// How an error reply to a read is told to the operator.
    fn explain(&self, request: &Request, reply: &Reply) -> String;
}

/// What a record tells of a step that moves it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It was carried out.
    Yes,
    /// It was not, and how the record stands.
    No(String),
    /// Nobody can say, and why.
    Untold(String),
}

/// Reads and what they brought.
#[derive(Clone, Copy, Debug)]
pub struct Read<'r> {
    /// What was asked, in order.
    pub asked: &'r [Request],
    /// The replies, in the same order.
    pub replies: &'r [Reply],
}

/// What reads came to.
#[derive(Clone, Debug)]
pub enum Look {
    /// All is told: the record, or that there is none.
    Seen(Option<Box<Observed>>),
    /// These have to be read as well.
    More(Vec<Request>),
}

/// What was looked for.
#[derive(Clone, Copy, Debug)]
pub enum Looked<'k> {
    /// A record by its id.
    Id(&'k str),
    /// Records by a key's value.
    By(&'k [(AttrPath, String)]),
}

/// One record as it is now: read by the same reader as the lists.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its id.
    pub id: String,
    /// A table of this one record (row 0).
    pub table: Table,
    /// The record as the service sent it, secret fields removed.
    pub native: serde_json::Value,
    /// The record's entity tag, where the service announces them.
    pub etag: Option<String>,
}

impl Observed {
    /// That the record is there already, and whether it is switched off.
    fn taken(&self) -> String {
        let active = self.table.schema().find(&AttrPath::new("active"));
        let off =
            active.is_some_and(|active| !self.table.is_empty() && self.table.cell(Row(0), active).text() == "false");
        if off {
            format!("exists already as {}, disabled: reactivate it instead of creating it", self.id)
        } else {
            format!("exists already as {}", self.id)
        }
    }
}
