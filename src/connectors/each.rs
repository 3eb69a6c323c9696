//! What has to be asked of each owner: members of teams, roles of users, fields that no list has. Several owners are asked side
//! by side, and what one of them has is handed out once all of it is there, so that half a list never passes for a whole one.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Owners that are named where something of them is missing; of the others there is a number.
const NAMED: usize = 3;

/// What is asked of each owner, and what a reply means.
pub(super) trait Ask: Send {
    /// How far one owner has come.
    type Progress: Default + Send;

    /// The request for what comes next of an owner. `None`: the id fits no address.
    fn request(&self, owner: &str, progress: &Self::Progress) -> Option<Request>;

    /// Takes a reply in.
    ///
    /// # Errors
    /// In words, when it does not tell what the owner has.
    fn take(&mut self, owner: &str, progress: &mut Self::Progress, reply: Option<&Reply>) -> Result<Took, String>;

    /// What several owners are called (`teams`).
    fn owners(&self) -> &str;

    /// What is to be said of a walk that brought everything, beside how many were asked.
    fn remark(&self) -> String {
        String::new()
    }
}

/// What a reply brought.
pub(super) struct Took {
    /// The page that is read into the table.
    pub(super) page: Bytes,
    /// Whether the owner has more.
    pub(super) more: bool,
}

/// One owner and what has come of it so far.
struct Job<P> {
    owner: String,
    progress: P,
    held: Vec<Bytes>,
}

/// A walk that asks something of each owner.
pub(super) struct Each<A: Ask> {
    feed: Arc<str>,
    ask: A,
    beside: usize,
    waiting: VecDeque<Job<A::Progress>>,
    asked: Vec<Job<A::Progress>>,
    pages: VecDeque<Page>,
    wanted: usize,
    read: u64,
    missed: Vec<String>,
}

impl<A: Ask> Each<A> {
    /// `beside`: so many requests at once.
    pub(super) fn new(feed: Arc<str>, owners: Vec<String>, beside: usize, ask: A) -> Self {
        let wanted = owners.len();
        let job = |owner| Job { owner, progress: A::Progress::default(), held: Vec::new() };
        Self {
            feed,
            ask,
            beside,
            waiting: owners.into_iter().map(job).collect(),
            asked: Vec::new(),
            pages: VecDeque::new(),
            wanted,
            read: 0,
            missed: Vec::new(),
        }
    }

    fn batch(&mut self) -> Next {
        let mut requests = Vec::new();
        while requests.len() < self.beside
            && let Some(job) = self.waiting.pop_front()
        {
            match self.ask.request(&job.owner, &job.progress) {
                Some(request) => {
                    requests.push(request);
                    self.asked.push(job);
                }
                None => self.missed.push(format!("{:?} is no id that can be asked for", job.owner)),
            }
        }
        if requests.is_empty() { self.done() } else { Next::Ask(requests) }
    }

    fn take(&mut self, replies: &[Reply]) {
        for (at, mut job) in std::mem::take(&mut self.asked).into_iter().enumerate() {
            match self.ask.take(&job.owner, &mut job.progress, replies.get(at)) {
                Ok(Took { page, more }) => {
                    job.held.push(page);
                    if more {
                        self.waiting.push_front(job);
                        continue;
                    }
                    let (feed, owner) = (&self.feed, &job.owner);
                    let page = |bytes| Page { feed: feed.clone(), owner: Some(owner.clone()), bytes };
                    self.pages.extend(job.held.into_iter().map(page));
                    self.read += 1;
                }
                Err(why) => self.missed.push(format!("{}: {why}", job.owner)),
            }
        }
    }

    fn hand_out(&mut self) -> Next {
        match self.pages.pop_front() {
            Some(page) => Next::Page(page),
            None => self.batch(),
        }
    }

    fn done(&mut self) -> Next {
        let (read, wanted, owners) = (self.read, self.wanted, self.ask.owners());
        let proof = if self.missed.is_empty() {
            Proof::Complete { how: format!("{read} {owners} asked one by one{}", self.ask.remark()), total: read }
        } else {
            let (missed, others) =
                (&self.missed[..self.missed.len().min(NAMED)], self.missed.len().saturating_sub(NAMED));
            let more = if others > 0 { format!("; and {others} more") } else { String::new() };
            Proof::Partial { why: format!("{read} of {wanted} {owners} read: {}{more}", missed.join("; ")) }
        };
        Next::Done(Finish::Feed(proof))
    }
}

impl<A: Ask> Walk for Each<A> {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.batch(),
            Input::Replies(replies) => {
                self.take(&replies);
                self.hand_out()
            }
            Input::Taken(_) => self.hand_out(),
            Input::Unreadable(why) => {
                self.missed.push(why);
                self.hand_out()
            }
        }
    }
}
