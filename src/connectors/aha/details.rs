//! Details of products: one request for each product line, since only lines have children (targets/aha.md 11). Which of the
//! wanted products are lines is asked first, by listing them once more: far cheaper than one request for each product.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::pages::{PER_PAGE, Progress, body, page_of, pagination};
use super::words::explain;
use crate::connectors::address::segment;
use crate::connectors::fault::looks_like_json;
use crate::connectors::loose::{flag, id};
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Requests that are asked side by side.
const BESIDE: usize = 4;

#[derive(Deserialize)]
struct Products {
    products: Vec<Option<Row>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    product_line: Value,
}

/// The walk of details.
pub(super) struct Details {
    feed: Arc<str>,
    listing: Request,
    /// The path of products, without a slash at the end.
    path: String,
    owners: HashSet<String>,
    progress: Progress,
    seen: HashSet<String>,
    lines: VecDeque<String>,
    listed: bool,
    asked: Vec<String>,
    pages: VecDeque<Page>,
    wanted: u64,
    read: u64,
    missed: Vec<String>,
}

impl Details {
    pub(super) fn new(feed: Arc<str>, listing: Request, path: String, owners: Vec<String>) -> Self {
        Self {
            feed,
            listing,
            path,
            owners: owners.into_iter().collect(),
            progress: Progress::default(),
            seen: HashSet::new(),
            lines: VecDeque::new(),
            listed: false,
            asked: Vec::new(),
            pages: VecDeque::new(),
            wanted: 0,
            read: 0,
            missed: Vec::new(),
        }
    }

    fn done(&mut self) -> Next {
        let proof = if self.missed.is_empty() {
            Proof::Complete {
                how: format!("{} product lines read one by one; only they have children", self.read),
                total: self.read,
            }
        } else {
            Proof::Partial {
                why: format!("{} of {} product lines read: {}", self.read, self.wanted, self.missed.join("; ")),
            }
        };
        Next::Done(Finish::Feed(proof))
    }

    fn list(&mut self, replies: &[Reply]) -> Next {
        let page = body(replies.first(), &self.listing, self.progress.page + 1).and_then(|body| {
            serde_json::from_slice::<Products>(&body)
                .map_err(|fault| format!("a page of products is not whole JSON: {fault}"))
        });
        let page = match page {
            Ok(page) => page,
            Err(why) => {
                self.missed.push(why);
                return self.done();
            }
        };
        let mut fresh = 0;
        for row in page.products.iter().flatten() {
            let Some(id) = id(&row.id) else { continue };
            if self.seen.insert(id.clone()) {
                fresh += 1;
                if flag(&row.product_line) == Some(true) && self.owners.contains(&id) {
                    self.lines.push_back(id);
                }
            }
        }
        match self.progress.take(page.products.len() as u64, fresh, pagination(&page.rest), PER_PAGE.into()) {
            None => Next::Ask(vec![page_of(&self.listing, self.progress.page + 1)]),
            Some(proof) => {
                if let Proof::Partial { why } = proof {
                    self.missed.push(why);
                }
                self.listed = true;
                self.wanted = self.lines.len() as u64;
                self.ask()
            }
        }
    }

    fn ask(&mut self) -> Next {
        self.asked.clear();
        let mut requests = Vec::new();
        while requests.len() < BESIDE
            && let Some(id) = self.lines.pop_front()
        {
            match segment(&id) {
                Some(at) => {
                    requests.push(Request {
                        path: format!("{}/{at}", self.path),
                        query: Vec::new(),
                        ..self.listing.clone()
                    });
                    self.asked.push(id);
                }
                None => self.missed.push(format!("{id:?} is no id that can be asked for")),
            }
        }
        if requests.is_empty() { self.done() } else { Next::Ask(requests) }
    }

    fn details(&mut self, replies: &[Reply]) -> Next {
        for (at, id) in std::mem::take(&mut self.asked).into_iter().enumerate() {
            match replies.get(at) {
                Some(reply) if reply.ok() && looks_like_json(&reply.body) => {
                    self.pages.push_back(Page { feed: self.feed.clone(), owner: Some(id), bytes: reply.body.clone() });
                }
                Some(reply) => self.missed.push(format!("{id}: {}", explain(&self.listing, reply))),
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
}

impl Walk for Details {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start if self.owners.is_empty() => self.done(),
            Input::Start => Next::Ask(vec![page_of(&self.listing, 1)]),
            Input::Replies(replies) if self.listed => self.details(&replies),
            Input::Replies(replies) => self.list(&replies),
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
        self.listed.then_some(self.wanted)
    }
}
