//! The walk through a listing: `limit` and `start`, a bare array, no total (targets/litmos.md 1).

use std::sync::Arc;

use bytes::Bytes;

use super::words::explain;
use super::{Litmos, USERS};
use crate::connectors::fault::looks_like_json;
use crate::connectors::last::{After, Last};
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::mapping::Taken;
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Pages after which a listing is given up: a million records.
const MOST: u32 = 1_000;

/// A page's request. `start` counts records from 0.
pub(super) fn at(base: &Request, limit: u32, start: usize) -> Request {
    base.clone().query("limit", limit.to_string()).query("start", start.to_string())
}

/// The body of a page, or why reading stops here.
pub(super) fn body(reply: Option<&Reply>, base: &Request) -> Result<Bytes, String> {
    let Some(reply) = reply else { return Err("no reply came".into()) };
    if !reply.ok() {
        return Err(explain(base, reply));
    }
    if !looks_like_json(&reply.body) {
        return Err("the reply is no JSON: something else answered for SAP Litmos".into());
    }
    Ok(reply.body.clone())
}

/// A walk through one listing.
pub(super) struct Pages {
    litmos: Litmos,
    feed: Arc<str>,
    base: Request,
    limit: u32,
    pages: u32,
    /// Records received: the next page starts after them. SAP Litmos has been seen to send more than asked.
    rows: usize,
    distinct: u64,
    last: Last,
    over: bool,
}

impl Pages {
    pub(super) fn new(litmos: Litmos, feed: Arc<str>, call: &str) -> Self {
        let (base, limit) = (litmos.get(call), litmos.limit());
        Self { litmos, feed, base, limit, pages: 0, rows: 0, distinct: 0, last: Last::default(), over: false }
    }

    fn ask(&self) -> Next {
        Next::Ask(vec![at(&self.base, self.limit, self.rows)])
    }

    fn done(&mut self, proof: Proof) -> Next {
        self.over = true;
        Next::Done(Finish::Feed(proof))
    }

    fn partial(&mut self, why: String) -> Next {
        self.done(Proof::Partial { why })
    }

    fn took(&mut self, taken: &Taken) -> Next {
        self.pages += 1;
        let after = self.last.take(taken.records.into(), taken.fresh.into(), self.limit.into());
        if !self.last.repeated() {
            self.rows += taken.records as usize;
            self.distinct += u64::from(taken.fresh);
        }
        match after {
            After::End => self.ended(),
            After::Again => {
                let (page, total) = (self.pages, self.distinct);
                self.partial(format!("page {page} holds only records that were there before ({total} distinct ids)"))
            }
            After::More if self.pages >= MOST => {
                let (pages, total) = (self.pages, self.distinct);
                self.partial(format!("it does not end: {total} distinct ids after {pages} pages"))
            }
            After::More => self.ask(),
        }
    }

    fn ended(&mut self) -> Next {
        let total = self.distinct;
        if self.rows as u64 > total {
            // No order is promised: whoever came twice may have pushed somebody else out of sight.
            let twice = self.rows as u64 - total;
            return self.partial(format!(
                "{total} distinct ids, and {twice} records came twice: it moved while it was read; read it again"
            ));
        }
        if total == 0 && *self.feed == *USERS {
            // targets/litmos.md 1: a key is somebody's, and the list has inactive users too.
            return self
                .partial("no user came, and the key's own owner is one: what answered does not show users".into());
        }
        let how = format!("SAP Litmos states no total here; {total} distinct ids up to a page that was not full");
        self.done(Proof::Complete { how, total })
    }
}

impl Walk for Pages {
    fn next(&mut self, input: Input) -> Next {
        let page = self.pages + 1;
        match input {
            _ if self.over => self.partial("the walk had already ended".into()),
            Input::Start => self.ask(),
            Input::Replies(replies) if replies.first().is_some_and(|reply| self.last.nothing_there(reply)) => {
                self.ended()
            }
            Input::Replies(replies) => match body(replies.first(), &self.base) {
                Ok(bytes) => {
                    Next::Page(Page { feed: self.feed.clone(), owner: None, bytes: self.litmos.plain_body(bytes) })
                }
                Err(why) => self.partial(format!("reading stopped at page {page}: {why}")),
            },
            Input::Taken(taken) => self.took(&taken),
            Input::Unreadable(why) => self.partial(format!("page {page} could not be read: {why}")),
        }
    }
}
