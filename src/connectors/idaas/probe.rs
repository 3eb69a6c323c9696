//! The test of an IDaaS: whether people and organisations can be listed, and what their extension holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::explain;
use super::pages::{Paging, total};
use crate::connectors::{Finish, Input, Next, Walk};
use crate::mapping::Mapping;
use crate::model::Kind;
use crate::plan::{Finding, Reply, Request, Site};

/// The walk of the test.
pub(super) struct Probe {
    mapping: Arc<Mapping>,
    asked: [Request; 2],
    paging: Paging,
}

impl Probe {
    pub(super) fn new(mapping: Arc<Mapping>, users: Request, organizations: Request) -> Self {
        let paging = Paging::new(mapping.page_size);
        Self { mapping, asked: [users, organizations], paging }
    }

    fn ask(&self) -> Next {
        Next::Ask(self.asked.iter().map(|base| self.paging.request(base)).collect())
    }

    fn site(&self, replies: &[Reply]) -> Site {
        let mut site = Site::default();
        let lists = [("people", "users", Finding::Bad), ("organisations", "organizations", Finding::Note)];
        for (at, (what, key, bad)) in lists.into_iter().enumerate() {
            let list = replies.get(at).map_or(Err("no reply".to_owned()), |reply| list(&self.asked[at], reply, key));
            let (finding, detail) = match &list {
                Ok((records, Some(total))) => {
                    (Finding::Good, format!("{} of {total} on the first page", records.len()))
                }
                Ok((records, None)) => (Finding::Note, format!("{} on the first page, and no total", records.len())),
                Err(why) => (bad, why.clone()),
            };
            site.line(format!("GET {} ({what})", self.asked[at].path), finding, detail);
            if let (Ok((records, _)), "users") = (&list, key) {
                self.discover(records, &mut site);
            }
        }
        site
    }

    /// What the extension holds beside what the mapping names (the fields of an extension are every tenant's own).
    fn discover(&self, users: &[Value], site: &mut Site) {
        let mut found = BTreeSet::new();
        for extension in users.iter().filter_map(|user| user.get("extension")?.as_object()) {
            for (name, value) in extension {
                if value.is_string() || value.is_number() || value.is_boolean() {
                    found.insert(format!("extension.{name}"));
                }
            }
        }
        let named = |path: &String| {
            let rows = self.mapping.kind(Kind::User).into_iter().flat_map(|map| &map.rows);
            rows.flat_map(|row| &row.read).any(|read| read.eq_ignore_ascii_case(path))
        };
        site.discovered.extend(found.into_iter().filter(|path| !named(path)).map(|path| (Kind::User, path)));
    }
}

type Listed = (Vec<Value>, Option<u64>);

fn list(request: &Request, reply: &Reply, key: &str) -> Result<Listed, String> {
    if !reply.ok() {
        return Err(explain(request, reply));
    }
    let fields: Map<String, Value> = serde_json::from_slice(&reply.body)
        .map_err(|_| "the answer is no JSON object: something else answered for the IDaaS; check `url`".to_owned())?;
    match fields.get(key) {
        Some(Value::Array(records)) => Ok((records.clone(), total(&fields))),
        _ => Err(format!("the answer has no list `{key}`: this is another interface than the one that is known here")),
    }
}

impl Walk for Probe {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.ask(),
            Input::Replies(replies) => {
                if replies.first().is_some_and(|reply| self.paging.begins_at_one(reply)) {
                    return self.ask();
                }
                Next::Done(Finish::Site(Box::new(self.site(&replies))))
            }
            _ => Next::Done(Finish::Site(Box::new(self.site(&[])))),
        }
    }
}
