//! Which department a person is posted to. It stands in the posts of the employee, not with the user; an employee names its
//! user (targets/kingdee.md 9: `FUserId`, `FPostEntity[{FPostDept, FIsFirstPost}]`). Of several posts the first one counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::bare;
use super::forms::{Form, LIMIT};
use super::pages::{After, Progress, rows_of};
use super::{Kingdee, People};
use crate::connectors::loose::flag;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::Reply;

/// The posts of employees who are users. The rows of one employee must not change places between two pages.
pub(super) static OF_USERS: Form = Form {
    id: "BD_Empinfo",
    title: "posts of employees",
    key: "FID",
    fields: &["FUserId", "FPostDept.FNumber", "FIsFirstPost", "FForbidStatus"],
    sure: 4,
    order: "FID ASC,FPostDept.FNumber ASC",
    audited: true,
    of_organisation: true,
};

/// The posts of employees, where these are the people.
pub(super) static OF_EMPLOYEES: Form =
    Form { fields: &["FID", "FPostDept.FNumber", "FIsFirstPost", "FForbidStatus"], ..copy(&OF_USERS) };

/// A form of the same names.
const fn copy(of: &Form) -> Form {
    Form {
        id: of.id,
        title: of.title,
        key: of.key,
        fields: of.fields,
        sure: of.sure,
        order: of.order,
        audited: of.audited,
        of_organisation: of.of_organisation,
    }
}

impl People {
    /// The query that says which department they are posted to.
    pub(super) fn posts(self) -> &'static Form {
        match self {
            Self::Users => &OF_USERS,
            Self::Employees => &OF_EMPLOYEES,
        }
    }
}

/// The walk of posts: all pages, then one row for each person.
pub(super) struct Posts {
    kingdee: Kingdee,
    feed: Arc<str>,
    progress: Progress,
    /// By person: how good the post is that was chosen, and its department.
    chosen: BTreeMap<String, (u8, String)>,
    rows: u64,
    /// The page before: posts have no id of their own.
    before: Vec<Vec<Value>>,
    missed: Option<String>,
}

impl Posts {
    pub(super) fn new(kingdee: Kingdee, feed: Arc<str>) -> Self {
        Self {
            kingdee,
            feed,
            progress: Progress::default(),
            chosen: BTreeMap::new(),
            rows: 0,
            before: Vec::new(),
            missed: None,
        }
    }

    fn ask(&self, start: u64) -> Next {
        Next::Ask(vec![self.kingdee.rows(self.kingdee.people.posts(), "", start, LIMIT, false)])
    }

    fn replied(&mut self, reply: Option<&Reply>) -> Next {
        match rows_of(reply) {
            Ok(rows) => {
                let again = !rows.is_empty() && rows == self.before;
                let count = rows.len() as u64;
                if !again {
                    self.rows += count;
                    for row in &rows {
                        self.choose(row);
                    }
                    self.before = rows;
                }
                match self.progress.take(count, if again { 0 } else { count }) {
                    After::Next(start) => return self.ask(start),
                    After::End => {}
                    After::Again => {
                        let why = "a page brought only records that were there before";
                        self.missed = Some(format!("posts from row {} on: {why}", self.rows));
                    }
                }
            }
            Err(why) => self.missed = Some(format!("posts from row {} on: {why}", self.rows)),
        }
        self.hand_out()
    }

    /// Takes a post: one in use before one that is not, the first before the others, then the first that came.
    fn choose(&mut self, row: &[Value]) {
        let cell = |at: usize| row.get(at).map(bare).unwrap_or_default();
        let (person, department) = (cell(0), cell(1));
        if matches!(person.as_str(), "" | "0") || department.is_empty() {
            return;
        }
        let first = row.get(2).and_then(flag).unwrap_or_default();
        let worth = u8::from(cell(3) != "B") * 2 + u8::from(first);
        let have = self.chosen.entry(person).or_insert_with(|| (worth, department.clone()));
        if worth > have.0 {
            *have = (worth, department);
        }
    }

    fn hand_out(&mut self) -> Next {
        let rows: Vec<Value> =
            std::mem::take(&mut self.chosen).into_iter().map(|(person, (_, at))| json!([person, at])).collect();
        Next::Page(Page { feed: self.feed.clone(), owner: None, bytes: Value::Array(rows).to_string().into() })
    }

    fn proof(&self, people: u64) -> Proof {
        match &self.missed {
            Some(why) => Proof::Partial { why: why.clone() },
            None => Proof::Complete { how: format!("{} posts, of {people} people", self.rows), total: people },
        }
    }
}

impl Walk for Posts {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.ask(0),
            Input::Replies(replies) => self.replied(replies.first()),
            Input::Taken(taken) => Next::Done(Finish::Feed(self.proof(taken.records.into()))),
            Input::Unreadable(why) => Next::Done(Finish::Feed(Proof::Partial { why })),
        }
    }
}
