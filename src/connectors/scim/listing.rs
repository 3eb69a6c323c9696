//! The walk through one listing: by index (RFC 7644 3.4.2.4) or by cursor (RFC 9865), with all the ways in which real
//! services get it wrong (targets/scim.md A1, A2, A6 rules 2, 3 and 10).
//!
//! It never believes a listing: complete is only what the distinct ids prove.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::pages::Asks;
use crate::connectors::fault::{Fault, looks_like_json, told};
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::mapping::Taken;
use crate::model::Proof;
use crate::plan::{Paging, Reply, Request};

/// Pages in a row that bring nothing new before a cursor walk is given up: empty pages are allowed (RFC 9865 2), an
/// endless run of them is not.
const BARREN: u32 = 100;

/// A walk through one listing.
pub(super) struct Listing {
    feed: Arc<str>,
    base: Request,
    count: Option<u32>,
    first_row: u64,
    by_total: bool,
    first: At,
    at: At,
    /// Rows of the present run; a restart begins a new one.
    rows: u64,
    /// Ids that were not there before, over all runs.
    distinct: u64,
    pages: u32,
    pages_before: u32,
    barren: u32,
    total: Option<u64>,
    moved: Option<u64>,
    cursors: HashSet<String>,
    restarted: bool,
    wrong_start: bool,
    notes: Vec<String>,
    /// Rows of the first page: what the others will have too, until one has not.
    step: u64,
    over: bool,
}

/// Where the walk is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum At {
    /// The next row, counted from 1.
    Index(u64),
    /// The next cursor; empty for the first page.
    Cursor(String),
}

impl Listing {
    /// A walk of `base` (the endpoint, with what belongs to every request), page by page.
    pub(super) fn new(feed: Arc<str>, base: Request, asks: Asks, paging: Option<Paging>) -> Self {
        let first = match paging {
            Some(Paging::Cursor) => At::Cursor(String::new()),
            Some(Paging::Index) | None => At::Index(1),
        };
        Self {
            feed,
            base,
            count: asks.count.filter(|&count| count > 0),
            first_row: asks.first_row.into(),
            by_total: true,
            at: first.clone(),
            first,
            rows: 0,
            distinct: 0,
            pages: 0,
            pages_before: 0,
            barren: 0,
            total: None,
            moved: None,
            cursors: HashSet::new(),
            restarted: false,
            wrong_start: false,
            notes: Vec::new(),
            step: 0,
            over: false,
        }
    }

    /// The same for a service whose totals are known to be wrong: an empty page ends it, and nothing else does.
    pub(super) fn until_an_empty_page(mut self) -> Self {
        self.by_total = false;
        self.notes.push("the total that the service states is known to be wrong, and not gone by".into());
        self
    }

    /// The request for the page that the walk is at.
    pub(super) fn request(&self) -> Request {
        self.page_at(&self.at)
    }

    fn page_at(&self, at: &At) -> Request {
        let mut request = self.base.clone();
        match at {
            At::Index(start) => request = request.query("startIndex", (start - 1 + self.first_row).to_string()),
            At::Cursor(cursor) => request = request.query("cursor", cursor.clone()),
        }
        // RFC 9865 2.1: all other parameters stay as they were, `count` included.
        if let Some(count) = self.count {
            request = request.query("count", count.to_string());
        }
        request
    }

    fn ask(&mut self) -> Next {
        Next::Ask(vec![self.request()])
    }

    fn replied(&mut self, reply: &Reply) -> Next {
        if reply.ok() {
            if !looks_like_json(&reply.body) {
                return self.partial(format!(
                    "the service answered with {} instead of a list",
                    if reply.body.is_empty() { "nothing" } else { "a page that is no JSON" }
                ));
            }
            self.pages += 1;
            return Next::Page(Page { feed: self.feed.clone(), owner: None, bytes: reply.body.clone() });
        }
        let fault = Fault::of(reply);
        let cursor = matches!(self.at, At::Cursor(_));
        let at_first = self.at == self.first && self.rows == 0;
        if at_first && reply.status == 400 && fault.is("invalidCursor") {
            // Cursors were announced, and yet the first page by cursor is refused: list the other way.
            self.notes.push("the service refuses its own cursor paging".into());
            self.first = At::Index(1);
            self.at = self.first.clone();
            return self.ask();
        }
        if at_first && self.count.is_some() && matches!(reply.status, 400 | 500 | 501) {
            // Canaille answers 500 to any `count` (targets/scim.md A6 rule 10); others have a limit that they do not state.
            self.notes
                .push(format!("asked without count, because with it the service answers {}", fault.told(reply.status)));
            self.count = None;
            return self.ask();
        }
        if cursor && !at_first && reply.status == 400 && (fault.is("expiredCursor") || fault.is("invalidCursor")) {
            return self.restart(&fault.told(reply.status));
        }
        self.partial(format!("reading stopped at {}: {}", self.place(), told(reply)))
    }

    fn restart(&mut self, said: &str) -> Next {
        if self.restarted {
            return self
                .partial(format!("the cursor expired twice ({said}); a smaller page or a faster line may help"));
        }
        self.restarted = true;
        self.notes.push(format!("started again after {} pages, because the cursor expired", self.pages));
        self.at = self.first.clone();
        self.pages_before = self.pages;
        self.rows = 0;
        self.barren = 0;
        self.cursors.clear();
        self.ask()
    }

    fn took(&mut self, taken: &Taken) -> Next {
        let stated = number(&taken.envelope, "totalResults").filter(|_| self.by_total);
        if let (Some(had), Some(now)) = (self.total, stated)
            && had != now
        {
            self.moved.get_or_insert(had);
        }
        self.total = stated.or(self.total);
        self.rows += u64::from(taken.records);
        self.distinct += u64::from(taken.fresh);
        self.barren = if taken.fresh == 0 { self.barren + 1 } else { 0 };
        let next_cursor = find(&taken.envelope, "nextCursor").and_then(cursor_text);
        match &self.at {
            At::Index(1) if next_cursor.is_some() => {
                // A service that pages by cursor alone may answer an un-paged request with a cursor (RFC 9865 2).
                self.cursor_goes_on(next_cursor)
            }
            At::Index(start) => {
                let start = *start;
                self.index_goes_on(start, taken)
            }
            At::Cursor(_) => self.cursor_goes_on(next_cursor),
        }
    }

    fn index_goes_on(&mut self, start: u64, taken: &Taken) -> Next {
        // Rows are counted from 1 here, wherever the service begins.
        let echoed = number(&taken.envelope, "startIndex").map(|echoed| (echoed + 1).saturating_sub(self.first_row));
        // Some count from 0 on the first page; that harms nobody.
        if start > 1 && taken.records > 0 && echoed.is_some_and(|echoed| echoed != start) {
            self.wrong_start = true;
        }
        if taken.records == 0 {
            return self.end(format!("an empty page at startIndex {start}"));
        }
        if start > 1 && taken.fresh == 0 {
            return if self.total == Some(self.distinct) && self.moved.is_none() {
                self.end(String::new())
            } else if echoed == Some(start) || echoed.is_none() {
                self.partial(format!(
                    "the page at startIndex {start} holds only records that were there before{}",
                    self.numbers()
                ))
            } else {
                self.partial(format!(
                    "the service ignores startIndex: asked for {start}, it answered from {}{}",
                    echoed.unwrap_or(1),
                    self.numbers()
                ))
            };
        }
        let records = u64::from(taken.records);
        let next = start + records;
        // Nothing is foreseen of a service whose pages are not alike, or that starts where it likes.
        self.step = if (start == 1 || records == self.step) && !self.wrong_start { records } else { 0 };
        match self.total {
            Some(total) if next > total => self.end(String::new()),
            // Without a total nothing would ever tell that a service which starts where it likes has come to its end.
            None if self.wrong_start => self.partial(format!(
                "asked for startIndex {start}, the service answered from {}, and it states no total",
                echoed.unwrap_or(1)
            )),
            _ => {
                self.at = At::Index(next);
                self.ask()
            }
        }
    }

    fn cursor_goes_on(&mut self, next: Option<String>) -> Next {
        let Some(next) = next else {
            let unheard = self.pages == 1
                && self.first == At::Cursor(String::new())
                && self.total.is_some_and(|total| total > self.rows);
            if unheard {
                // Asked by cursor, a service that has never heard of it answers the first page and no cursor (A2).
                self.notes.push("cursor paging is announced and not served; listed by index instead".into());
                self.first = At::Index(1);
                self.at = At::Index(self.rows + 1);
                return if self.rows == 0 { self.end("an empty page".into()) } else { self.ask() };
            }
            return self.end("the last page has no nextCursor".into());
        };
        if !self.cursors.insert(next.clone()) {
            return self.partial(format!(
                "the service gave the same cursor twice, after {} pages{}",
                self.pages,
                self.numbers()
            ));
        }
        if self.barren > BARREN + self.pages_before {
            return self.partial(format!("{} pages in a row brought nothing new{}", self.barren, self.numbers()));
        }
        self.at = At::Cursor(next);
        self.ask()
    }

    fn place(&self) -> String {
        match &self.at {
            At::Index(start) => format!("startIndex {start}"),
            At::Cursor(_) => format!("page {}", self.pages.saturating_sub(self.pages_before) + 1),
        }
    }

    fn numbers(&self) -> String {
        match self.total {
            Some(total) => format!(" ({} distinct ids of {total})", self.distinct),
            None => format!(" ({} distinct ids, and the service states no total)", self.distinct),
        }
    }

    /// The walk came to its end in the documented way; `sign` is what showed the end where no total does.
    fn end(&mut self, sign: String) -> Next {
        let distinct = self.distinct;
        if let (Some(was), Some(now)) = (self.moved, self.total) {
            return self.partial(format!(
                "it moved while it was read: totalResults was {was} and then {now}, {distinct} distinct ids came; read it again"
            ));
        }
        if self.restarted && self.rows < distinct {
            return self.partial(format!(
                "it moved while it was read: after the restart {} records came, before and after it {distinct} distinct \
                 ones; read it again",
                self.rows
            ));
        }
        match self.total {
            None if !self.by_total && self.rows > distinct && !self.restarted => self.partial(format!(
                "{distinct} distinct ids, and {} records came twice: it moved while it was read, or the service repeats a page",
                self.rows - distinct
            )),
            Some(total) if total == distinct => {
                self.done(Proof::Complete { how: self.told(format!("{distinct} distinct ids equal totalResults")), total })
            }
            Some(total) if self.rows > distinct && !self.restarted => self.partial(format!(
                "{distinct} distinct ids of {total}, and {} records came twice: it moved while it was read, or the service \
                 repeats a page",
                self.rows - distinct
            )),
            Some(total) => {
                let sign = if sign.is_empty() { sign } else { format!(" ({sign})") };
                self.partial(format!("{distinct} distinct ids, and totalResults says {total}{sign}"))
            }
            None => self.done(Proof::Complete {
                how: self.told(if self.by_total {
                    format!("the service states no total; {distinct} distinct ids up to {sign}")
                } else {
                    format!("{distinct} distinct ids up to {sign}")
                }),
                total: distinct,
            }),
        }
    }

    fn partial(&mut self, why: String) -> Next {
        let why = self.told(why);
        self.done(Proof::Partial { why })
    }

    fn told(&self, what: String) -> String {
        if self.notes.is_empty() { what } else { format!("{what}; {}", self.notes.join("; ")) }
    }

    fn done(&mut self, proof: Proof) -> Next {
        self.over = true;
        Next::Done(Finish::Feed(proof))
    }
}

impl Walk for Listing {
    fn next(&mut self, input: Input) -> Next {
        match input {
            _ if self.over => self.partial("the walk had already ended".into()),
            Input::Start => self.ask(),
            Input::Replies(replies) => match replies.first() {
                Some(reply) => self.replied(reply),
                None => self.partial(format!("no reply at {}", self.place())),
            },
            Input::Taken(taken) => self.took(&taken),
            Input::Unreadable(why) => self.partial(format!("the page at {} could not be read: {why}", self.place())),
        }
    }

    fn expected(&self) -> Option<u64> {
        self.total
    }

    /// Pages by index stand where they stand, once the first one has told how long they are and how many records there are.
    fn foresees(&self, most: usize) -> Vec<Request> {
        let (At::Index(start), Some(total), false) = (&self.at, self.total, self.step == 0 || self.over) else {
            return Vec::new();
        };
        let starts = (1..=most as u64).map(|page| start + page * self.step).take_while(|start| *start <= total);
        starts.map(|start| self.page_at(&At::Index(start))).collect()
    }
}

/// A field of the envelope; names have no case (RFC 7643 2.1).
fn find<'e>(envelope: &'e Map<String, Value>, name: &str) -> Option<&'e Value> {
    envelope
        .get(name)
        .or_else(|| envelope.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A number of the envelope, also where it is sent as text.
fn number(envelope: &Map<String, Value>, name: &str) -> Option<u64> {
    match find(envelope, name)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn cursor_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
