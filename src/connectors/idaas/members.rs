//! Who is in which organisation: told by the users' own `org_id`, so the users are walked once more and handed out by
//! organisation. An organisation that nobody names has nobody.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::pages::{Paging, body, total};
use crate::connectors::loose::id;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// What a page of users holds of interest here.
#[derive(Deserialize)]
struct Users {
    users: Vec<Option<User>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    user_id: Value,
    #[serde(default)]
    org_id: Value,
}

/// The walk.
pub(super) struct Members {
    feed: Arc<str>,
    base: Request,
    paging: Paging,
    seen: HashSet<String>,
    of: BTreeMap<String, Vec<String>>,
    pages: VecDeque<Page>,
    proof: Option<Proof>,
}

impl Members {
    pub(super) fn new(feed: Arc<str>, base: Request, size: u32, owners: Vec<String>) -> Self {
        let of = owners.into_iter().map(|owner| (owner, Vec::new())).collect();
        Self { feed, base, paging: Paging::new(size), seen: HashSet::new(), of, pages: VecDeque::new(), proof: None }
    }

    fn ask(&self) -> Next {
        Next::Ask(vec![self.paging.request(&self.base)])
    }

    fn took(&mut self, replies: &[Reply]) -> Next {
        if replies.first().is_some_and(|reply| self.paging.begins_at_one(reply)) {
            return self.ask();
        }
        if let Some(proof) = replies.first().and_then(|reply| self.paging.nothing_there(reply)) {
            return self.hand_out(proof);
        }
        let page = body(replies.first(), &self.base).and_then(|bytes| {
            serde_json::from_slice::<Users>(&bytes)
                .map_err(|fault| format!("a page of users is not whole JSON: {fault}"))
        });
        let page = match page {
            Ok(page) => page,
            Err(why) => return self.hand_out(Proof::Partial { why }),
        };
        let mut fresh = 0;
        for user in page.users.iter().flatten() {
            let Some(user_id) = id(&user.user_id).filter(|id| self.seen.insert(id.clone())) else { continue };
            fresh += 1;
            if let Some(members) = id(&user.org_id).and_then(|org| self.of.get_mut(&org)) {
                members.push(user_id);
            }
        }
        match self.paging.take(page.users.len() as u64, fresh, total(&page.rest)) {
            Some(proof) => self.hand_out(proof),
            None => self.ask(),
        }
    }

    fn hand_out(&mut self, users: Proof) -> Next {
        let whole = users.complete();
        self.proof = Some(users);
        for (org, members) in std::mem::take(&mut self.of) {
            // Of users that were not all read nobody can say that an organisation has no further one.
            if whole {
                let users: Vec<Value> = members.iter().map(|id| json!({ "user_id": id })).collect();
                let bytes = json!({ "users": users }).to_string().into();
                self.pages.push_back(Page { feed: self.feed.clone(), owner: Some(org), bytes });
            }
        }
        self.onward()
    }

    fn onward(&mut self) -> Next {
        match self.pages.pop_front() {
            Some(page) => Next::Page(page),
            None => {
                let gone = Proof::Partial { why: "the walk had already ended".to_owned() };
                Next::Done(Finish::Feed(self.proof.clone().unwrap_or(gone)))
            }
        }
    }
}

impl Walk for Members {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.ask(),
            Input::Replies(replies) => self.took(&replies),
            Input::Taken(_) => self.onward(),
            Input::Unreadable(why) => {
                self.proof = Some(Proof::Partial { why });
                self.onward()
            }
        }
    }

    fn expected(&self) -> Option<u64> {
        self.paging.expected()
    }
}
