//! Who is in which team: one listing for each team (targets/aha.md 12). Virtual members are no users and have no id.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::look::own_id;
use super::pages::{PER_PAGE, Progress, body, page_of, pagination};
use crate::connectors::address::segment;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Requests that are asked side by side.
const BESIDE: usize = 4;

/// What a page holds of interest here.
#[derive(Deserialize)]
struct Memberships {
    #[serde(default)]
    team_memberships: Vec<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// One team and what has come of it so far.
struct Team {
    id: String,
    listing: Request,
    progress: Progress,
    seen: HashSet<String>,
    held: Vec<Bytes>,
}

/// The walk through the memberships of teams.
pub(super) struct Members {
    feed: Arc<str>,
    wanted: usize,
    read: u64,
    virtual_members: u64,
    waiting: VecDeque<Team>,
    asked: Vec<Team>,
    pages: VecDeque<Page>,
    missed: Vec<String>,
}

impl Members {
    /// `listing` makes the request for the memberships of the team of an id, as a segment of a path.
    pub(super) fn new(feed: Arc<str>, owners: Vec<String>, listing: impl Fn(&str) -> Option<Request>) -> Self {
        let mut walk = Self {
            feed,
            wanted: owners.len(),
            read: 0,
            virtual_members: 0,
            waiting: VecDeque::new(),
            asked: Vec::new(),
            pages: VecDeque::new(),
            missed: Vec::new(),
        };
        for id in owners {
            match segment(&id).and_then(|at| listing(&at)) {
                Some(listing) => walk.waiting.push_back(Team {
                    id,
                    listing,
                    progress: Progress::default(),
                    seen: HashSet::new(),
                    held: Vec::new(),
                }),
                None => walk.missed.push(format!("{id:?} is no id that can be asked for")),
            }
        }
        walk
    }

    fn ask(&mut self) -> Next {
        while self.asked.len() < BESIDE
            && let Some(team) = self.waiting.pop_front()
        {
            self.asked.push(team);
        }
        if self.asked.is_empty() {
            return self.done();
        }
        Next::Ask(self.asked.iter().map(|team| page_of(&team.listing, team.progress.page + 1)).collect())
    }

    fn take(&mut self, replies: &[Reply]) {
        for (at, mut team) in std::mem::take(&mut self.asked).into_iter().enumerate() {
            let page = body(replies.get(at), &team.listing, team.progress.page + 1).and_then(|bytes| {
                let page = serde_json::from_slice::<Memberships>(&bytes);
                page.map(|page| (bytes, page)).map_err(|fault| format!("a page of it is not whole JSON: {fault}"))
            });
            let (bytes, page) = match page {
                Ok(page) => page,
                Err(why) => {
                    self.missed.push(format!("{}: {why}", team.id));
                    continue;
                }
            };
            let mut fresh = 0;
            for membership in &page.team_memberships {
                if own_id(membership).is_some_and(|id| team.seen.insert(id)) {
                    fresh += 1;
                    self.virtual_members += u64::from(nobody(membership));
                }
            }
            team.held.push(bytes);
            let listed = page.team_memberships.len() as u64;
            match team.progress.take(listed, fresh, pagination(&page.rest), PER_PAGE.into()) {
                None => self.waiting.push_front(team),
                // Held until all of it is there: half a team must not pass for a whole one.
                Some(Proof::Partial { why }) => self.missed.push(format!("{}: {why}", team.id)),
                Some(_) => {
                    self.read += 1;
                    let (feed, owner) = (&self.feed, &team.id);
                    let page = |bytes| Page { feed: feed.clone(), owner: Some(owner.clone()), bytes };
                    self.pages.extend(team.held.into_iter().map(page));
                }
            }
        }
    }

    fn hand_out(&mut self) -> Next {
        match self.pages.pop_front() {
            Some(page) => Next::Page(page),
            None => self.ask(),
        }
    }

    fn done(&mut self) -> Next {
        let read = self.read;
        let proof = if self.missed.is_empty() {
            let left = match self.virtual_members {
                0 => String::new(),
                some => format!("; {some} virtual members are no users of Aha! and are left out"),
            };
            Proof::Complete { how: format!("{read} teams asked one by one{left}"), total: read }
        } else {
            let (missed, others) = (&self.missed[..self.missed.len().min(3)], self.missed.len().saturating_sub(3));
            let more = if others > 0 { format!("; and {others} more") } else { String::new() };
            Proof::Partial { why: format!("{read} of {} teams read: {}{more}", self.wanted, missed.join("; ")) }
        };
        Next::Done(Finish::Feed(proof))
    }
}

/// Whether a membership is that of somebody who is no user (targets/aha.md 12: `virtual`, `user_id` is null).
fn nobody(membership: &Value) -> bool {
    membership.get("team_member").and_then(|member| member.get("user_id")).is_none_or(Value::is_null)
}

impl Walk for Members {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.ask(),
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
