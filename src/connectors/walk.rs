use std::sync::Arc;

use bytes::Bytes;

use crate::mapping::{ReadError, Taken};
use crate::model::{Kind, Proof, TableBuilder};
use crate::plan::{Reply, Request, Site};

/// A page of a feed, to be read into the table.
#[derive(Clone, Debug)]
pub struct Page {
    /// The feed.
    pub feed: Arc<str>,
    /// The record that it is about, for a detail page that does not say so itself.
    pub owner: Option<String>,
    /// The document.
    pub bytes: Bytes,
}

type ReadBlock = dyn FnOnce(&mut TableBuilder) -> Result<Taken, ReadError> + Send;

/// A part of a feed that is no document of its own, and brings along how it is read into the table (a piece of a file that
/// goes on where the last piece ended).
pub struct Block {
    /// The feed.
    pub feed: Arc<str>,
    read: Box<ReadBlock>,
}

impl Block {
    /// A part of a feed.
    pub fn new(
        feed: Arc<str>,
        read: impl FnOnce(&mut TableBuilder) -> Result<Taken, ReadError> + Send + 'static,
    ) -> Self {
        Self { feed, read: Box::new(read) }
    }

    /// Reads it into the table.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(self, into: &mut TableBuilder) -> Result<Taken, ReadError> {
        (self.read)(into)
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Block").field("feed", &self.feed).finish_non_exhaustive()
    }
}

/// What a walk is told.
#[derive(Debug)]
pub enum Input {
    /// Begin.
    Start,
    /// The replies to what it asked, in the order asked. A request that could not be carried out at all ends the walk from
    /// outside, and its proof is partial.
    Replies(Vec<Reply>),
    /// What its page brought.
    Taken(Taken),
    /// Its page could not be read, and why.
    Unreadable(String),
}

/// What a walk wants.
#[derive(Debug)]
pub enum Next {
    /// These requests carried out, side by side if there are several.
    Ask(Vec<Request>),
    /// This page read into the table.
    Page(Page),
    /// This part read into the table, in its own way.
    Block(Block),
    /// Nothing more.
    Done(Finish),
}

/// How a walk ended.
#[derive(Debug)]
pub enum Finish {
    /// A feed: whether it is complete.
    Feed(Proof),
    /// A probe: what was found.
    Site(Box<Site>),
}

/// What a probe has in hand while it still asks: the service as it is known so far, and a page that the listing will read
/// again.
#[derive(Debug)]
pub struct Glimpse {
    /// What is known so far. What nobody can tell yet is among what is lost.
    pub site: Site,
    /// The kind of the page's records.
    pub kind: Kind,
    /// The page.
    pub page: Page,
    /// Records in all, as far as the service has said.
    pub of: Option<u64>,
}

/// The walk of a feed that there is not, in these words: it reads nothing, and proves nothing.
pub(super) struct Unserved(pub(super) String);

impl Walk for Unserved {
    fn next(&mut self, _input: Input) -> Next {
        Next::Done(Finish::Feed(Proof::Partial { why: self.0.clone() }))
    }
}

/// A conversation with a service, one turn at a time, with no I/O of its own.
pub trait Walk: Send {
    /// The next turn.
    fn next(&mut self, input: Input) -> Next;

    /// What a probe has found out so far, where the way to the service broke or a sign-in was refused, and why.
    fn broken(&mut self, _why: &str) -> Option<Box<Site>> {
        None
    }

    /// Whether what a probe asks now is wanted and not needed: where it breaks, the probe is told so by
    /// [`Input::Unreadable`] and goes on.
    fn spares(&self) -> bool {
        false
    }

    /// What a probe has asked that the listing will ask in the same words, with the replies: the engine gives them to it instead
    /// of asking twice. For [`super::Connector::probe_to_read`].
    fn kept(&mut self) -> Vec<(Request, Reply)> {
        Vec::new()
    }

    /// A page that may be shown before a probe has ended, given once, as soon as it is there: what else the probe asks does not
    /// keep the operator waiting for the first rows.
    fn glimpse(&mut self) -> Option<Box<Glimpse>> {
        None
    }

    /// Records in all, as far as the service has said.
    fn expected(&self) -> Option<u64> {
        None
    }

    /// Whenever it waits for something: at most so many requests that it will ask for after the present one if all goes on as
    /// it looks, in order and word for word. The engine may send them meanwhile; what the walk then asks for otherwise is
    /// asked anew, so that nothing hangs on it but time. None where a needless request costs the service or its limit.
    fn foresees(&self, _most: usize) -> Vec<Request> {
        Vec::new()
    }
}
