//! The walk through one of Aha!'s listings: `page` and `per_page`, 200 at most (targets/aha.md 4).

use std::sync::Arc;

use serde_json::{Map, Value};

use super::USERS;
use crate::connectors::fault::looks_like_json;
use crate::connectors::last::{After, Last};
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::mapping::Taken;
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// The largest page that Aha! documents; more is never asked for.
pub(super) const PER_PAGE: u32 = 200;

/// What `pagination` says: an object, or, as one client has met it, a list with one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pagination {
    pub(super) records: Option<u64>,
    pub(super) pages: Option<u64>,
}

pub(super) fn pagination(envelope: &Map<String, Value>) -> Pagination {
    let said = match envelope.get("pagination") {
        Some(Value::Array(items)) => items.first(),
        other => other,
    };
    let number = |name: &str| match said.and_then(|said| said.get(name)) {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    Pagination { records: number("total_records"), pages: number("total_pages") }
}

/// Where a listing stands; decides after every page whether there is another one and what the whole is worth.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    pub(super) page: u64,
    pub(super) rows: u64,
    pub(super) distinct: u64,
    total: Option<u64>,
    moved: Option<u64>,
    /// Pages in all, where the service says so.
    of: Option<u64>,
    last: Last,
}

impl Progress {
    /// Takes one page in. `Some`: the listing is at its end, and this is its proof.
    pub(super) fn take(&mut self, records: u64, fresh: u64, said: Pagination, size: u64) -> Option<Proof> {
        if let (Some(had), Some(now)) = (self.total, said.records)
            && had != now
        {
            self.moved.get_or_insert(had);
        }
        self.total = said.records.or(self.total);
        self.of = said.pages;
        self.page += 1;
        // Without `pagination` a short page is the last one (targets/aha.md 4).
        let short = self.last.take(records, fresh, size) == After::End;
        if said.pages.is_some() || !self.last.repeated() {
            self.rows += records;
            self.distinct += fresh;
        }
        if records == 0 || said.pages.map_or(short, |pages| self.page >= pages) {
            return Some(self.proof());
        }
        if fresh == 0 {
            return Some(Proof::Partial {
                why: format!("page {} holds only records that were there before{}", self.page, self.numbers()),
            });
        }
        None
    }

    fn numbers(&self) -> String {
        match self.total {
            Some(total) => format!(" ({} distinct ids of {total})", self.distinct),
            None => format!(" ({} distinct ids)", self.distinct),
        }
    }

    fn proof(&self) -> Proof {
        let distinct = self.distinct;
        match (self.moved, self.total) {
            (Some(was), Some(now)) => Proof::Partial {
                why: format!(
                    "it moved while it was read: total_records was {was} and then {now}, {distinct} distinct ids came; read it \
                     again"
                ),
            },
            (_, Some(total)) if total == distinct => {
                Proof::Complete { how: format!("{distinct} distinct ids equal total_records"), total }
            }
            (_, Some(total)) if self.rows > distinct => Proof::Partial {
                why: format!(
                    "{distinct} distinct ids of {total}, and {} records came twice: it moved while it was read; read it again",
                    self.rows - distinct
                ),
            },
            (_, Some(total)) => {
                Proof::Partial { why: format!("{distinct} distinct ids, and total_records says {total}") }
            }
            (_, None) => Proof::Complete {
                how: format!("Aha! states no total here; {distinct} distinct ids up to a page that was not full"),
                total: distinct,
            },
        }
    }

    pub(super) fn expected(&self) -> Option<u64> {
        self.total
    }

    /// The pages after the present one, as far as the service has said how many there are (targets/aha.md 4).
    pub(super) fn foresees(&self, base: &Request, most: usize) -> Vec<Request> {
        let last = self.page + 1 + most as u64;
        let pages = self.page + 2..=self.of.unwrap_or(0).min(last);
        pages.map(|page| page_of(base, page)).collect()
    }
}

/// One page's request.
pub(super) fn page_of(base: &Request, page: u64) -> Request {
    base.clone().query("page", page.to_string()).query("per_page", PER_PAGE.to_string())
}

/// The body of a page, or why reading stops here.
pub(super) fn body(reply: Option<&Reply>, base: &Request, page: u64) -> Result<bytes::Bytes, String> {
    let Some(reply) = reply else { return Err(format!("no reply for page {page}")) };
    if !reply.ok() {
        return Err(format!("reading stopped at page {page}: {}", super::words::explain(base, reply)));
    }
    if !looks_like_json(&reply.body) {
        return Err(format!("page {page} is no JSON: something else answered for Aha!"));
    }
    Ok(reply.body.clone())
}

/// A walk through one listing.
pub(super) struct Pages {
    feed: Arc<str>,
    base: Request,
    progress: Progress,
    over: bool,
}

impl Pages {
    pub(super) fn new(feed: Arc<str>, base: Request) -> Self {
        Self { feed, base, progress: Progress::default(), over: false }
    }

    fn ask(&self) -> Next {
        Next::Ask(vec![page_of(&self.base, self.progress.page + 1)])
    }

    fn done(&mut self, proof: Proof) -> Next {
        self.over = true;
        Next::Done(Finish::Feed(proof))
    }

    fn took(&mut self, taken: &Taken) -> Next {
        let said = pagination(&taken.envelope);
        match self.progress.take(taken.records.into(), taken.fresh.into(), said, PER_PAGE.into()) {
            // A key is somebody's, and the list has whoever is disabled too (targets/aha.md 1, 8.2).
            Some(Proof::Complete { total: 0, .. }) if *self.feed == *USERS => self.done(Proof::Partial {
                why: "no user came, and the key's own owner is one: what answered does not show users".into(),
            }),
            Some(proof) => self.done(proof),
            None => self.ask(),
        }
    }
}

impl Walk for Pages {
    fn next(&mut self, input: Input) -> Next {
        match input {
            _ if self.over => self.done(Proof::Partial { why: "the walk had already ended".into() }),
            Input::Start => self.ask(),
            Input::Replies(replies) => match body(replies.first(), &self.base, self.progress.page + 1) {
                Ok(bytes) => Next::Page(Page { feed: self.feed.clone(), owner: None, bytes }),
                Err(why) => self.done(Proof::Partial { why }),
            },
            Input::Taken(taken) => self.took(&taken),
            Input::Unreadable(why) => {
                let page = self.progress.page + 1;
                self.done(Proof::Partial { why: format!("page {page} could not be read: {why}") })
            }
        }
    }

    fn expected(&self) -> Option<u64> {
        self.progress.expected()
    }

    fn foresees(&self, most: usize) -> Vec<Request> {
        if self.over { Vec::new() } else { self.progress.foresees(&self.base, most) }
    }
}
