//! Grants one user at a time, where the grants query is not served: a request for each (targets/kingdee.md 9).

use std::collections::VecDeque;
use std::sync::Arc;

use super::Kingdee;
use super::answer::{self, Answer};
use super::forms::USERS;
use super::words::told;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::Reply;

/// Requests that are asked side by side (targets/kingdee.md 10: at most 4).
const BESIDE: usize = 4;

/// The walk of users' grants.
pub(super) struct Views {
    kingdee: Kingdee,
    feed: Arc<str>,
    owners: VecDeque<String>,
    wanted: usize,
    asked: Vec<String>,
    pages: VecDeque<Page>,
    read: u64,
    missed: Vec<String>,
}

impl Views {
    pub(super) fn new(kingdee: Kingdee, feed: Arc<str>, owners: Vec<String>) -> Self {
        let wanted = owners.len();
        let (asked, pages, missed) = (Vec::new(), VecDeque::new(), Vec::new());
        Self { kingdee, feed, owners: owners.into(), wanted, asked, pages, read: 0, missed }
    }

    fn ask(&mut self) -> Next {
        self.asked = (0..BESIDE).filter_map(|_| self.owners.pop_front()).collect();
        if self.asked.is_empty() {
            return self.done();
        }
        Next::Ask(self.asked.iter().map(|id| self.kingdee.view_by_id(&USERS, id)).collect())
    }

    fn replied(&mut self, replies: &[Reply]) -> Next {
        for (at, id) in std::mem::take(&mut self.asked).into_iter().enumerate() {
            match replies.get(at).map(|reply| (answer::read(reply), reply)) {
                Some((Answer::Yes(_), reply)) => {
                    self.pages.push_back(Page { feed: self.feed.clone(), owner: Some(id), bytes: reply.body.clone() });
                }
                Some((answer, _)) => self.missed.push(format!("{id}: {}", told(&answer))),
                None => self.missed.push(format!("{id}: no reply")),
            }
        }
        self.hand_out()
    }

    fn hand_out(&mut self) -> Next {
        match self.pages.pop_front() {
            Some(page) => Next::Page(page),
            None => self.ask(),
        }
    }

    fn done(&self) -> Next {
        Next::Done(Finish::Feed(match self.missed.first() {
            None => Proof::Complete { how: "each user viewed".into(), total: self.read },
            Some(first) => Proof::Partial { why: format!("{} of {} users viewed; {first}", self.read, self.wanted) },
        }))
    }
}

impl Walk for Views {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.ask(),
            Input::Replies(replies) => self.replied(&replies),
            Input::Taken(_) => {
                self.read += 1;
                self.hand_out()
            }
            Input::Unreadable(why) => {
                self.missed.push(why);
                self.hand_out()
            }
        }
    }

    fn expected(&self) -> Option<u64> {
        Some(self.wanted as u64)
    }
}
