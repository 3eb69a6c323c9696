//! Organisations and departments as one tree of groups: two lists, brought together, as a department without one above
//! it stands below its organisation (targets/kingdee.md 9).

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::Kingdee;
use super::answer::bare;
use super::forms::{DEPARTMENTS, Form, LIMIT, ORGANISATIONS};
use super::pages::{After, Progress, none, rows_of};
use super::record::{Group, ORG, TWIN};
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::Reply;

/// What a row is known by.
fn key(row: &[Value]) -> String {
    row.first().map(bare).unwrap_or_default()
}

/// The walk of groups.
pub(super) struct Groups {
    kingdee: Kingdee,
    feed: Arc<str>,
    /// Which of the two forms have fewer fields here.
    lean: [bool; 2],
    /// Which of the two is read.
    at: usize,
    progress: Progress,
    rows: [Vec<Vec<Value>>; 2],
    /// What the rows of the present form are known by.
    seen: HashSet<String>,
    /// Rows that came twice.
    twice: usize,
    missed: Vec<String>,
    /// Departments that are another organisation's, allocated.
    copies: usize,
    handed: bool,
}

impl Groups {
    pub(super) fn new(kingdee: Kingdee, feed: Arc<str>, lean: [bool; 2]) -> Self {
        let rows = [Vec::new(), Vec::new()];
        Self {
            kingdee,
            feed,
            lean,
            at: 0,
            progress: Progress::default(),
            rows,
            seen: HashSet::new(),
            twice: 0,
            missed: Vec::new(),
            copies: 0,
            handed: false,
        }
    }

    fn form(&self) -> &'static Form {
        if self.at == 0 { &ORGANISATIONS } else { &DEPARTMENTS }
    }

    fn ask(&self, start: u64) -> Next {
        Next::Ask(vec![self.kingdee.rows(self.form(), "", start, LIMIT, self.lean[self.at])])
    }

    fn replied(&mut self, reply: Option<&Reply>) -> Next {
        match rows_of(reply) {
            Ok(rows) => {
                let count = rows.len();
                // Of both forms the first field is the one that no two records share.
                let seen = &mut self.seen;
                let fresh: Vec<_> = rows.into_iter().filter(|row| seen.insert(key(row))).collect();
                let new = fresh.len();
                self.rows[self.at].extend(fresh);
                match self.progress.take(count as u64, new as u64) {
                    After::Next(start) => {
                        self.twice += count - new;
                        return self.ask(start);
                    }
                    After::End if self.rows[self.at].is_empty() => {
                        self.missed.push(none(self.form(), &self.kingdee.user));
                    }
                    // A site that knows no pages has sent everything at once, and then once more.
                    After::End if new == 0 => {}
                    After::End | After::Again => self.twice += count - new,
                }
            }
            Err(why) => self.missed.push(format!("{}: {why}", self.form().title)),
        }
        if self.at == 0 {
            self.at = 1;
            self.seen.clear();
            self.progress = Progress::default();
            return self.ask(0);
        }
        self.hand_out()
    }

    fn hand_out(&mut self) -> Next {
        self.handed = true;
        let bytes = Value::Array(self.tree()).to_string();
        Next::Page(Page { feed: self.feed.clone(), owner: None, bytes: bytes.into() })
    }

    /// Each row as a group, with the id of the one above it. A department's id is its number: that is how Save names it.
    fn tree(&mut self) -> Vec<Value> {
        let cell = |row: &[Value], at: usize| row.get(at).cloned().unwrap_or_default();
        let mut groups: Vec<Value> = Vec::with_capacity(self.rows[0].len() + self.rows[1].len());
        for row in &self.rows[0] {
            let number = bare(&cell(row, 0));
            let group = Group {
                id: format!("{ORG}{number}"),
                number,
                name: bare(&cell(row, 1)),
                sort: "organisation",
                parent: String::new(),
                organisation: String::new(),
                document: cell(row, 2),
                forbid: cell(row, 3),
            };
            groups.push(group.json());
        }
        let mut taken: HashSet<String> = HashSet::new();
        for row in &self.rows[1] {
            let (number, above) = (bare(&cell(row, 1)), bare(&cell(row, 3)));
            let (used, created) = (bare(&cell(row, 4)), bare(&cell(row, 5)));
            // Base data that was allocated to another organisation is the same department there, not another one.
            if !created.is_empty() && created != used {
                self.copies += 1;
                continue;
            }
            let organisation = if used.is_empty() { String::new() } else { format!("{ORG}{used}") };
            // Its number names a department on the wire; where two have the same, the later one can only be shown.
            let id = if taken.insert(number.clone()) {
                number.clone()
            } else {
                format!("{number}{TWIN}{}", bare(&cell(row, 0)))
            };
            let group = Group {
                id,
                number,
                name: bare(&cell(row, 2)),
                sort: "department",
                parent: if above.is_empty() { organisation.clone() } else { above },
                organisation,
                document: cell(row, 6),
                forbid: cell(row, 7),
            };
            groups.push(group.json());
        }
        groups
    }

    fn proof(&self, groups: u64) -> Proof {
        let (organisations, departments) = (self.rows[0].len(), self.rows[1].len());
        if !self.missed.is_empty() {
            return Proof::Partial { why: self.missed.join("; ") };
        }
        if self.twice > 0 {
            let rows = groups + self.copies as u64 + self.twice as u64;
            return Proof::Partial {
                why: format!("{rows} rows came and {groups} groups are among them: the list moved while it was read"),
            };
        }
        let copies =
            if self.copies == 0 { String::new() } else { format!(" ({} of them allocated copies)", self.copies) };
        let how = format!(
            "{organisations} organisations and {departments} departments{copies}, each list to its short last page"
        );
        Proof::Complete { how, total: groups }
    }
}

impl Walk for Groups {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.ask(0),
            Input::Replies(replies) if !self.handed => self.replied(replies.first()),
            Input::Replies(_) => self.hand_out(),
            Input::Taken(taken) => Next::Done(Finish::Feed(self.proof(taken.fresh.into()))),
            Input::Unreadable(why) => Next::Done(Finish::Feed(Proof::Partial { why })),
        }
    }
}
