#![allow(clippy::unwrap_used, clippy::expect_used)]

mod again;
mod bases;
mod cells;
mod decided;
mod links;
mod lints;
mod lists;
mod order;
mod texts;

use std::sync::{Arc, LazyLock};

use super::*;
use crate::mapping::Mapping;
use crate::model::filter::{Filter, Filters};
use crate::model::{AttrPath, FeedState, Kind, Proof, RecordKey, Row, Snapshot, SystemId, TableBuilder};

/// One record to be put into a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Rec {
    id: String,
    texts: Vec<(String, String)>,
    lists: Vec<(String, Vec<(String, String)>)>,
}

pub(super) fn rec(id: &str) -> Rec {
    Rec { id: id.to_owned(), ..Rec::default() }
}

/// A user of whom only the login is known.
pub(super) fn user(id: &str, login: &str) -> Rec {
    rec(id).with("userName", login)
}

impl Rec {
    pub(super) fn with(mut self, path: &str, text: &str) -> Self {
        self.texts.push((path.to_owned(), text.to_owned()));
        self
    }

    pub(super) fn list(mut self, path: &str, entries: &[(&str, &str)]) -> Self {
        let entries = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.lists.push((path.to_owned(), entries));
        self
    }
}

/// A built-in mapping, compiled once.
fn mapping(connector: &str) -> Arc<Mapping> {
    static MADE: LazyLock<[(&str, Arc<Mapping>); 2]> =
        LazyLock::new(|| ["scim", "aha"].map(|name| (name, Arc::new(Mapping::builtin(name).unwrap()))));
    MADE.iter().find(|(name, _)| *name == connector).unwrap().1.clone()
}

/// A service whose lists of members leave out those that are switched off (SAP Litmos, targets/litmos.md 5).
pub(super) const ACTIVE_ONLY: &str = r#"
connector = "teams"
title = "Teams"
page_size = 10
rate = { per_second = 1.0, burst = 1, parallel = 1 }
feed = [{ name = "users", kind = "User", id = "id", cite = "here" }, { name = "teams", kind = "Group", id = "id", cite = "here" }]

[[row]]
kind = "User"
attr = "userName"
read = "login"
write = "login"
match = 1
cite = "here"

[[row]]
kind = "User"
attr = "active"
read = "on"
write = "on"
type = "boolean"
cite = "here"

[[row]]
kind = "Group"
attr = "displayName"
read = "name"
write = "name"
match = 1
cite = "here"

[[row]]
kind = "Group"
attr = "members"
read = "members[]"
access = "read-write"
cite = "here"

[row.list]
key = [{ name = "value", read = "id", ref = "User" }]
unlisted = { attr = "active", is = "false" }
"#;

pub(super) fn active_only() -> Arc<Mapping> {
    Arc::new(Mapping::parse(ACTIVE_ONLY, "teams.toml").unwrap())
}

/// A system with a mapping, and nothing read yet.
pub(super) fn system(id: &str, connector: &str) -> SystemView {
    SystemView {
        id: SystemId::new(id),
        mapping: mapping(connector),
        snapshots: [None, None, None, None],
        scope: Filters::default(),
        manage: Filters::default(),
        deactivate_out_of_scope: false,
    }
}

pub(super) fn complete() -> Proof {
    Proof::Complete { how: "distinct ids equal the total".into(), total: 0 }
}

pub(super) fn partial() -> Proof {
    Proof::Partial { why: "the walk broke off".into() }
}

impl SystemView {
    pub(super) fn read(self, kind: Kind, records: &[Rec]) -> Self {
        self.read_as(kind, records, complete())
    }

    pub(super) fn read_as(mut self, kind: Kind, records: &[Rec], proof: Proof) -> Self {
        let schema = self.mapping.kind(kind).unwrap().schema.clone();
        let mut builder = TableBuilder::new(schema.clone());
        for record in records {
            assert!(builder.begin(&record.id), "{} comes twice", record.id);
            if let Some(attr) = schema.find(&AttrPath::new("id")) {
                builder.set(attr, &record.id);
            }
            for (path, text) in &record.texts {
                let attr = schema.resolve(path).unwrap_or_else(|| panic!("no {path}"));
                if text == "(unread)" {
                    builder.unread(attr);
                } else {
                    builder.set(attr, text);
                }
            }
            for (path, entries) in &record.lists {
                let attr = schema.resolve(path).unwrap_or_else(|| panic!("no {path}"));
                for (key, value) in entries {
                    builder.entry(attr, [key, ""], value);
                }
            }
            builder.end();
        }
        let feeds = vec![FeedState { feed: "all".into(), proof, pages: 1, requests: 1 }];
        self.snapshots[kind.index()] = Some(Arc::new(Snapshot {
            system: self.id.clone(),
            kind,
            generation: 1,
            table: builder.table(),
            feeds,
            taken: jiff::Timestamp::UNIX_EPOCH,
        }));
        self
    }

    pub(super) fn scoped(mut self, filter: &str) -> Self {
        self.scope = Filters::of_users(Filter::parse(filter).unwrap());
        self
    }

    pub(super) fn managed(mut self, filter: &str) -> Self {
        self.manage = Filters::of_users(Filter::parse(filter).unwrap());
        self
    }
}

/// The first system is the source.
pub(super) fn inputs(systems: Vec<SystemView>) -> Inputs {
    Inputs { systems, source: Some(0), ..Inputs::default() }
}

pub(super) fn compared(systems: Vec<SystemView>) -> Compared {
    compare(Arc::new(inputs(systems)))
}

pub(super) fn key(system: &str, kind: Kind, id: &str) -> RecordKey {
    RecordKey::new(SystemId::new(system), kind, id)
}

impl Compared {
    /// The identity of a record, by its system's number and id.
    pub(super) fn of(&self, kind: Kind, system: usize, id: &str) -> u32 {
        let row = self.inputs.systems[system].snapshot(kind).unwrap().table.find(id).unwrap();
        let comparison = self.kind(kind);
        (0..comparison.len).find(|identity| comparison.row(*identity, system) == Some(row)).unwrap()
    }

    /// How the record with this id in the source stands in the second system.
    pub(super) fn stands(&self, kind: Kind, id: &str) -> Pairing {
        self.kind(kind).state(self.of(kind, 0, id), 1).unwrap().pairing
    }

    /// How the second system's own record stands there.
    pub(super) fn stands_there(&self, kind: Kind, id: &str) -> Pairing {
        self.kind(kind).state(self.of(kind, 1, id), 1).unwrap().pairing
    }

    /// The paths in which a record of the source differs in the second system.
    pub(super) fn differs(&self, kind: Kind, id: &str) -> Vec<String> {
        let identity = self.of(kind, 0, id);
        self.kind(kind).differing(identity, 1).map(|compares| compares.path.to_string()).collect()
    }

    /// The facets of a record of the source in the second system.
    pub(super) fn facets_of(&self, kind: Kind, id: &str) -> Vec<FacetDiff> {
        facets(self, kind, self.of(kind, 0, id), 1)
    }

    pub(super) fn facet(&self, kind: Kind, id: &str, path: &str) -> FacetDiff {
        let path = AttrPath::new(path);
        let all = self.facets_of(kind, id);
        all.iter().find(|facet| facet.path == path).unwrap_or_else(|| panic!("no {path} in {all:#?}")).clone()
    }

    /// All lint as rule, system, record and path.
    pub(super) fn lint(&self) -> Vec<String> {
        self.lints
            .iter()
            .map(|lint| {
                let path = lint.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
                format!("{} {} {}{path}", lint.rule.name(), lint.system, lint.record.id)
            })
            .collect()
    }
}

/// The row's number, for reading a table in a test.
pub(super) fn row(number: u32) -> Row {
    Row(number)
}
