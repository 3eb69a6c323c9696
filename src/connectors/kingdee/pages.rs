//! The walk through a query's rows, 2000 at a time: there is no total, and a page shorter than asked is the last one
//! (targets/kingdee.md 5), unless the site's own cap is smaller.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::Kingdee;
use super::answer::{self, Answer};
use super::forms::{Form, LIMIT};
use super::words::told;
use crate::connectors::last::{self, Last};
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::mapping::Taken;
use crate::model::Proof;
use crate::plan::Reply;

/// Where a listing stands.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pages: u64,
    rows: u64,
    fresh: u64,
    last: Last,
}

/// What comes after a page.
pub(super) enum After {
    /// The page from this row on.
    Next(u64),
    /// It was the last one.
    End,
    /// Only rows that were there before.
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
    /// Takes a page in: so many rows, and so many records of them that were not there before.
    pub(super) fn take(&mut self, rows: u64, fresh: u64) -> After {
        let after = self.last.take(rows, fresh, LIMIT);
        self.pages += 1;
        if !self.last.repeated() {
            self.rows += rows;
            self.fresh += fresh;
        }
        match after {
            last::After::More => After::Next(self.rows),
            last::After::End => After::End,
            last::After::Again => After::Again,
        }
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
    /// The page before, where its rows cannot be told from those of the next one by their ids.
    before: Bytes,
}

impl Pages {
    pub(super) fn new(kingdee: Kingdee, feed: Arc<str>, form: &'static Form, lean: bool, distinct: bool) -> Self {
        Self { kingdee, feed, form, lean, distinct, progress: Progress::default(), before: Bytes::new() }
    }

    fn ask(&self, start: u64) -> Next {
        Next::Ask(vec![self.kingdee.rows(self.form, "", start, LIMIT, self.lean)])
    }

    fn partial(&self, why: &str) -> Next {
        let from = self.progress.rows;
        let why = format!("{} from row {from} on: {why}", self.form.title);
        Next::Done(Finish::Feed(Proof::Partial { why }))
    }

    fn replied(&mut self, reply: Option<&Reply>) -> Next {
        match reply.map(|reply| (answer::read(reply), reply)) {
            Some((Answer::Rows, reply)) => {
                if !self.distinct && reply.body == self.before && self.progress.rows > 0 {
                    return self.took(self.progress.rows, 0);
                }
                self.before = reply.body.clone();
                Next::Page(Page { feed: self.feed.clone(), owner: None, bytes: reply.body.clone() })
            }
            Some((answer, _)) => self.partial(&told(&answer)),
            None => self.partial("no reply"),
        }
    }

    fn taken(&mut self, taken: &Taken) -> Next {
        let rows = u64::from(taken.records);
        self.took(rows, if self.distinct { taken.fresh.into() } else { rows })
    }

    fn took(&mut self, rows: u64, fresh: u64) -> Next {
        match self.progress.take(rows, fresh) {
            After::Next(start) => self.ask(start),
            // Without the right to query a form it may seem empty (targets/kingdee.md 5), and none of these ever is.
            After::End if self.distinct && self.progress.rows == 0 => {
                Next::Done(Finish::Feed(Proof::Partial { why: none(self.form, &self.kingdee.user) }))
            }
            After::End => Next::Done(Finish::Feed(self.progress.proof(self.distinct))),
            After::Again => self.partial("a page brought only records that were there before"),
        }
    }
}

/// What a form without any record may mean.
pub(super) fn none(form: &Form, user: &str) -> String {
    format!("no {} came: there are none, or {user} lacks the right to query them", form.title)
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
