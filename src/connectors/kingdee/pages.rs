//! The walk through a query's rows, 2000 at a time: there is no total, and a page shorter than asked is the last one
//! (targets/kingdee.md 5).

use std::sync::Arc;

use serde_json::Value;

use super::Kingdee;
use super::answer::{self, Answer};
use super::forms::{Form, LIMIT};
use super::words::told;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::mapping::Taken;
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Where a listing stands.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pages: u64,
    rows: u64,
    fresh: u64,
    /// The first page was short, and as long as a smaller cap of the service's own would make it.
    doubted: bool,
}

/// What comes after a page.
pub(super) enum After {
    /// The page from this row on.
    Next(u64),
    /// It was the last one.
    End,
    /// Only records that were there before.
    Again,
}

/// The rows of a page.
///
/// # Errors
/// In words, when there are none.
pub(super) fn rows_of(reply: Option<&Reply>) -> Result<Vec<Vec<Value>>, String> {
    let reply = reply.ok_or("no reply")?;
    match answer::read(reply) {
        Answer::Rows => {
            serde_json::from_slice(&reply.body).map_err(|fault| format!("the rows cannot be read: {fault}"))
        }
        answer => Err(told(&answer)),
    }
}

impl Progress {
    pub(super) fn take(&mut self, records: u64, fresh: u64, distinct: bool) -> After {
        self.pages += 1;
        self.rows += records;
        self.fresh += fresh;
        if records > 0 && fresh == 0 && distinct {
            return After::Again;
        }
        if records >= LIMIT {
            return After::Next(self.rows);
        }
        // A service with a smaller cap would cut each page, and the first would look like the last: asked once more.
        if self.pages == 1 && records >= 100 && records.is_multiple_of(100) {
            self.doubted = true;
            return After::Next(self.rows);
        }
        if self.doubted && self.pages > 1 && records > 0 {
            return After::Next(self.rows);
        }
        After::End
    }

    /// What a listing that came to its end is worth. `distinct`: each row should be another record.
    pub(super) fn proof(&self, distinct: bool) -> Proof {
        if distinct && self.fresh != self.rows {
            return Proof::Partial {
                why: format!(
                    "{} rows came and {} records are among them: the list moved while it was read; read it again",
                    self.rows, self.fresh
                ),
            };
        }
        let how = format!("{} pages, the last one shorter than the {LIMIT} asked for", self.pages);
        Proof::Complete { how, total: self.rows }
    }
}

/// The walk of one form.
pub(super) struct Pages {
    kingdee: Kingdee,
    feed: Arc<str>,
    form: &'static Form,
    lean: bool,
    /// Whether each row is another record; details have several rows of one.
    distinct: bool,
    progress: Progress,
    asked: Option<Request>,
}

impl Pages {
    pub(super) fn new(kingdee: Kingdee, feed: Arc<str>, form: &'static Form, lean: bool, distinct: bool) -> Self {
        Self { kingdee, feed, form, lean, distinct, progress: Progress::default(), asked: None }
    }

    fn ask(&mut self, start: u64) -> Next {
        let request = self.kingdee.rows(self.form, "", start, LIMIT, self.lean);
        self.asked = Some(request.clone());
        Next::Ask(vec![request])
    }

    fn partial(&self, why: &str) -> Next {
        let from = self.progress.rows;
        let why = format!("{} from row {from} on: {why}", self.form.title);
        Next::Done(Finish::Feed(Proof::Partial { why }))
    }

    fn replied(&self, reply: Option<&Reply>) -> Next {
        match reply.map(|reply| (answer::read(reply), reply)) {
            Some((Answer::Rows, reply)) => {
                Next::Page(Page { feed: self.feed.clone(), owner: None, bytes: reply.body.clone() })
            }
            Some((answer, _)) => self.partial(&told(&answer)),
            None => self.partial("no reply"),
        }
    }

    fn taken(&mut self, taken: &Taken) -> Next {
        match self.progress.take(taken.records.into(), taken.fresh.into(), self.distinct) {
            After::Next(start) => self.ask(start),
            After::End => Next::Done(Finish::Feed(self.progress.proof(self.distinct))),
            After::Again => self.partial("a page brought only records that were there before"),
        }
    }
}

impl Walk for Pages {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.ask(0),
            Input::Replies(replies) => self.replied(replies.first()),
            Input::Taken(taken) => self.taken(&taken),
            Input::Unreadable(why) => self.partial(&why),
        }
    }
}
