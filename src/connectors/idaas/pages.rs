//! The walk through a listing: `offset` and `limit`. `offset` is said to be a page's number (targets/kingdee.md 13), and not
//! whether the first is 0 or 1; a service that counts records with it is survived too. What came decides.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::explain;
use crate::connectors::fault::looks_like_json;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// What `offset` turns out to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Pages,
    Records,
}

/// Where a listing stands.
#[derive(Clone, Debug)]
pub(super) struct Paging {
    size: u64,
    offset: u64,
    counts: Counts,
    /// Pages that brought something.
    pages: u64,
    distinct: u64,
    total: Option<u64>,
    moved: Option<u64>,
    /// The first page was as large as asked.
    full: bool,
}

/// What `total` says, as number or text.
pub(super) fn total(envelope: &Map<String, Value>) -> Option<u64> {
    match envelope.get("total")? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Paging {
    pub(super) fn new(size: u32) -> Self {
        Self {
            size: u64::from(size.max(1)),
            offset: 0,
            counts: Counts::Pages,
            pages: 0,
            distinct: 0,
            total: None,
            moved: None,
            full: false,
        }
    }

    pub(super) fn request(&self, base: &Request) -> Request {
        base.clone().query("offset", self.offset.to_string()).query("limit", self.size.to_string())
    }

    /// The first page was refused: it may be that there is no page 0. `false`: that was tried already.
    pub(super) fn begins_at_one(&mut self, reply: &Reply) -> bool {
        let may = self.offset == 0 && self.pages == 0 && matches!(reply.status, 400 | 422);
        self.offset += u64::from(may);
        may
    }

    /// A page behind one that was not full was refused, where no total is stated: there is none.
    pub(super) fn nothing_there(&self, reply: &Reply) -> Option<Proof> {
        let looks = self.pages > 0 && self.total.is_none() && !self.full;
        (looks && matches!(reply.status, 400 | 404 | 416 | 422)).then(|| self.proof())
    }

    pub(super) fn expected(&self) -> Option<u64> {
        self.total
    }

    /// Takes a page in. `Some`: the listing is at its end, and this is its proof.
    pub(super) fn take(&mut self, records: u64, fresh: u64, total: Option<u64>) -> Option<Proof> {
        if let (Some(had), Some(now)) = (self.total, total)
            && had != now
        {
            self.moved.get_or_insert(had);
        }
        self.total = total.or(self.total);
        if self.pages == 0 {
            self.full = records >= self.size;
        }
        // All of it again: pages are counted from 1. Some of it: records are counted.
        if self.pages == 1 && 0 < fresh && fresh < records {
            self.counts = Counts::Records;
        }
        let stuck = self.pages > 1 && records > 0 && fresh == 0;
        self.distinct += fresh;
        self.pages += 1;
        let whole = self.total.is_some_and(|total| self.distinct >= total);
        // Pages may be smaller than asked: only behind a full one is a page that is not full the last.
        let short = self.total.is_none() && records < self.size && self.full;
        if records == 0 || whole || short || stuck {
            return Some(self.proof());
        }
        match self.counts {
            Counts::Pages => self.offset += 1,
            Counts::Records => self.offset = self.distinct,
        }
        None
    }

    fn proof(&self) -> Proof {
        let distinct = self.distinct;
        match (self.moved, self.total) {
            (Some(had), Some(now)) => {
                Proof::Partial { why: format!("total went from {had} to {now} while this was read; read it again") }
            }
            (_, Some(total)) if total == distinct => {
                Proof::Complete { how: format!("{distinct} distinct ids equal total"), total: distinct }
            }
            (_, Some(total)) => Proof::Partial { why: format!("{distinct} distinct ids, and total says {total}") },
            (_, None) => Proof::Complete {
                how: format!("no total is stated here; {distinct} distinct ids up to a page that was not full"),
                total: distinct,
            },
        }
    }
}

/// The body of a page, or why reading stops here.
pub(super) fn body(reply: Option<&Reply>, base: &Request) -> Result<bytes::Bytes, String> {
    let Some(reply) = reply else { return Err("no reply".to_owned()) };
    if !reply.ok() {
        return Err(format!("reading stopped: {}", explain(base, reply)));
    }
    if !looks_like_json(&reply.body) {
        return Err("a page is no JSON: something else answered for the IDaaS".to_owned());
    }
    Ok(reply.body.clone())
}

/// A walk through one listing.
pub(super) struct Pages {
    feed: Arc<str>,
    base: Request,
    paging: Paging,
}

impl Pages {
    pub(super) fn new(feed: Arc<str>, base: Request, size: u32) -> Self {
        Self { feed, base, paging: Paging::new(size) }
    }

    fn ask(&self) -> Next {
        Next::Ask(vec![self.paging.request(&self.base)])
    }
}

impl Walk for Pages {
    fn next(&mut self, input: Input) -> Next {
        let why = match input {
            Input::Start => return self.ask(),
            Input::Replies(replies) => {
                if replies.first().is_some_and(|reply| self.paging.begins_at_one(reply)) {
                    return self.ask();
                }
                if let Some(proof) = replies.first().and_then(|reply| self.paging.nothing_there(reply)) {
                    return Next::Done(Finish::Feed(proof));
                }
                match body(replies.first(), &self.base) {
                    Ok(bytes) => return Next::Page(Page { feed: self.feed.clone(), owner: None, bytes }),
                    Err(why) => why,
                }
            }
            Input::Taken(taken) => {
                let (records, fresh) = (u64::from(taken.records), u64::from(taken.fresh));
                return match self.paging.take(records, fresh, total(&taken.envelope)) {
                    Some(proof) => Next::Done(Finish::Feed(proof)),
                    None => self.ask(),
                };
            }
            Input::Unreadable(why) => format!("a page could not be read: {why}"),
        };
        Next::Done(Finish::Feed(Proof::Partial { why }))
    }

    fn expected(&self) -> Option<u64> {
        self.paging.expected()
    }
}
