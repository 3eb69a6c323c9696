//! Details that take a request for each owner: descriptions of teams, teams of users, advanced custom fields.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::pages::{at, body};
use super::{Descriptions, FEW, Litmos, TEAM_LEADERS};
use crate::connectors::address::segment;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Requests that are asked side by side.
const BESIDE: usize = 8;

/// What is asked of each owner.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    /// The call, `{id}` being the owner.
    pub(super) call: &'static str,
    /// Whether it is a list, which comes in pages.
    pub(super) paged: bool,
    /// What becomes of a reply's body before it is read.
    pub(super) turn: fn(Bytes) -> Result<Bytes, String>,
    /// What one of the owners is called.
    pub(super) owner: &'static str,
}

/// One owner and what has come of it so far.
struct Job {
    owner: String,
    rows: usize,
    held: Vec<Bytes>,
}

/// A walk that asks something of each owner.
pub(super) struct Details {
    litmos: Litmos,
    feed: Arc<str>,
    ask: Ask,
    jobs: VecDeque<Job>,
    asked: Vec<Job>,
    pages: VecDeque<Page>,
    wanted: usize,
    read: u64,
    missed: Vec<String>,
    /// Words of a walk that leaves all of it for later.
    later: Option<String>,
}

impl Details {
    pub(super) fn new(litmos: Litmos, feed: Arc<str>, owners: Vec<String>, ask: Ask) -> Self {
        let wanted = owners.len();
        let jobs = owners.into_iter().map(|owner| Job { owner, rows: 0, held: Vec::new() }).collect();
        Self {
            litmos,
            feed,
            ask,
            jobs,
            asked: Vec::new(),
            pages: VecDeque::new(),
            wanted,
            read: 0,
            missed: Vec::new(),
            later: None,
        }
    }

    /// Descriptions of teams: only the call for one team has them (targets/litmos.md 5).
    pub(super) fn teams(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Self {
        let later = (litmos.descriptions == Descriptions::Few && owners.len() > FEW).then(|| {
            format!(
                "descriptions of {} teams are left unread, as each is a request: `team_descriptions = \"all\"` reads them",
                owners.len()
            )
        });
        let ask = Ask { call: "teams/{id}", paged: false, turn: Ok, owner: "team" };
        Self { later, ..Self::new(litmos, feed, owners, ask) }
    }

    /// Leaders or administrators of teams, as the feed says.
    pub(super) fn officers(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Self {
        let call = if *feed == *TEAM_LEADERS { "teams/{id}/leaders" } else { "teams/{id}/admins" };
        Self::new(litmos, feed, owners, Ask { call, paged: true, turn: Ok, owner: "team" })
    }

    /// Teams of users, inactive ones included.
    pub(super) fn user_teams(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Self {
        Self::new(litmos, feed, owners, Ask { call: "users/{id}/teams", paged: true, turn: Ok, owner: "user" })
    }

    /// Advanced custom fields of users (targets/litmos.md 6).
    pub(super) fn custom(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Self {
        let ask = Ask { call: "users/{id}/usercustomfields", paged: false, turn: super::custom::page, owner: "user" };
        Self::new(litmos, feed, owners, ask)
    }

    fn request(&self, job: &Job) -> Option<Request> {
        let base = self.litmos.get(&self.ask.call.replace("{id}", &segment(&job.owner)?));
        Some(if self.ask.paged { at(&base, self.litmos.limit(), job.rows) } else { base })
    }

    fn next_batch(&mut self) -> Next {
        let mut requests = Vec::new();
        while requests.len() < BESIDE
            && let Some(job) = self.jobs.pop_front()
        {
            match self.request(&job) {
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
            let base = self.litmos.get(self.ask.call);
            let bytes = body(replies.get(at), &base).map(|bytes| self.litmos.plain_body(bytes)).and_then(self.ask.turn);
            let rows = bytes.as_ref().map_or(Ok(0), |bytes| if self.ask.paged { count(bytes) } else { Ok(0) });
            match (bytes, rows) {
                (Ok(bytes), Ok(rows)) => {
                    job.rows += rows;
                    job.held.push(bytes);
                    // Held until all of it is there: half a list must not pass for a whole one.
                    if rows > 0 && rows >= self.litmos.limit() as usize && job.held.len() < 100 {
                        self.jobs.push_front(job);
                        continue;
                    }
                    let (feed, owner) = (&self.feed, &job.owner);
                    let page = |bytes| Page { feed: feed.clone(), owner: Some(owner.clone()), bytes };
                    self.pages.extend(job.held.into_iter().map(page));
                    self.read += 1;
                }
                (Err(why), _) | (_, Err(why)) => self.missed.push(format!("{}: {why}", job.owner)),
            }
        }
    }

    fn hand_out(&mut self) -> Next {
        match self.pages.pop_front() {
            Some(page) => Next::Page(page),
            None => self.next_batch(),
        }
    }

    fn done(&mut self) -> Next {
        let (read, wanted, owner) = (self.read, self.wanted, self.ask.owner);
        let proof = if self.missed.is_empty() {
            Proof::Complete { how: format!("{read} {owner}s asked one by one"), total: read }
        } else {
            let (missed, others) = (&self.missed[..self.missed.len().min(3)], self.missed.len().saturating_sub(3));
            let more = if others > 0 { format!("; and {others} more") } else { String::new() };
            Proof::Partial { why: format!("{read} of {wanted} {owner}s read: {}{more}", missed.join("; ")) }
        };
        Next::Done(Finish::Feed(proof))
    }
}

/// How many entries a list has.
fn count(bytes: &[u8]) -> Result<usize, String> {
    serde_json::from_slice::<Vec<IgnoredAny>>(bytes)
        .map(|entries| entries.len())
        .map_err(|fault| format!("the reply is no list: {fault}"))
}

impl Walk for Details {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => match self.later.take() {
                Some(how) => Next::Done(Finish::Feed(Proof::Complete { how, total: 0 })),
                None => self.next_batch(),
            },
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

    fn expected(&self) -> Option<u64> {
        None
    }
}
