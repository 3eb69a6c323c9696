//! A small world for tests: a source `hr` and a target `aha` with users, groups, roles and products.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compare::{Compared, Inputs, SystemView, compare};
use crate::mapping::{Access, Capability, KindMap, Mandatory, MapRow, Mapping, Rate, Writer};
use crate::model::filter::{Filter, Filters};
use crate::model::{
    Attr, AttrDef, AttrPath, FeedState, Fold, Form, Kind, ListDef, Op, Proof, RecordKey, Schema, Snapshot, SystemId,
    Table, TableBuilder,
};

/// A point in time.
pub fn time() -> jiff::Timestamp {
    "2026-08-20T10:00:00Z".parse().unwrap()
}

pub fn aha() -> SystemId {
    SystemId::new("aha")
}

pub fn hr() -> SystemId {
    SystemId::new("hr")
}

pub fn user(id: &str) -> RecordKey {
    RecordKey::new(aha(), Kind::User, id)
}

fn def(path: &str) -> AttrDef {
    AttrDef::text(AttrPath::new(path))
}

fn list(path: &str, key: Kind, value: Option<Kind>) -> AttrDef {
    let value = value.map(Some);
    let form = Form::List(ListDef { key: [Some(key), None], two: false, value, unlisted: None });
    AttrDef { form, ..def(path) }
}

/// The attributes of a kind. Aha! never returns a given name.
pub fn schema(kind: Kind, target: bool) -> Arc<Schema> {
    let defs = match kind {
        Kind::User => vec![
            def("userName"),
            def("displayName"),
            AttrDef { unreadable: target, ..def("name.givenName") },
            def("title"),
            def("active"),
            AttrDef { refers: Some(Kind::User), fold: Fold::Exact, ..def("manager") },
            def("lastLogin"),
            list("productRoles", Kind::Product, Some(Kind::Role)),
        ],
        Kind::Group => vec![def("displayName"), list("members", Kind::User, None)],
        Kind::Role | Kind::Product => vec![def("displayName")],
    };
    Schema::new(kind, defs)
}

fn row(kind: Kind, path: &AttrPath, unreadable: bool, target: bool) -> MapRow {
    let name = path.as_str();
    MapRow {
        attr: path.clone(),
        read: if unreadable { Vec::new() } else { vec![name.to_owned()] },
        detail: Vec::new(),
        within: Vec::new(),
        not_in: Vec::new(),
        list: None,
        null: Vec::new(),
        absent_unread: false,
        clear: None,
        default: None,
        json: crate::mapping::JsonType::default(),
        fold: Fold::Caseless,
        policy: crate::mapping::Policy::default(),
        refers: None,
        unique: false,
        later: false,
        write: Some(name.to_owned()),
        via: Vec::new(),
        access: match name {
            "lastLogin" => Access::ReadOnly,
            "displayName" if target && kind == Kind::User => Access::ReadOnly,
            _ if unreadable => Access::WriteOnly,
            _ => Access::ReadWrite,
        },
        compare: true,
        invertible: true,
        secret: false,
        sensitive: false,
        reset: None,
        key: (name == "userName" || kind != Kind::User && name == "displayName").then_some(0),
        shows_in: unreadable.then(|| AttrPath::new("displayName")),
        cite: String::new(),
        note: None,
        lost: None,
    }
}

fn kind_map(kind: Kind, target: bool) -> KindMap {
    let schema = schema(kind, target);
    let rows = schema.attrs().iter().map(|def| row(kind, &def.path, def.unreadable, target)).collect();
    let mandatory = |path: &str| Mandatory { attr: AttrPath::new(path), cite: String::new() };
    KindMap {
        kind,
        schema,
        rows,
        mandatory: match kind {
            Kind::User => ["userName", "name.givenName", "productRoles"].map(mandatory).into(),
            _ => Vec::new(),
        },
        reference: kind == Kind::Product,
        writer: Arc::new(Writer::default()),
    }
}

pub fn mapping(target: bool) -> Arc<Mapping> {
    let can = |kind: Kind| {
        Op::ALL.into_iter().map(move |op| match (kind, op) {
            (Kind::User, Op::Delete) => (kind, op, Capability::No("Aha! does not delete".into())),
            (Kind::User | Kind::Group, _) => (kind, op, Capability::Yes),
            _ => (kind, op, Capability::No(format!("Aha! only reads {}", kind.plural()))),
        })
    };
    Arc::new(Mapping {
        connector: "aha".into(),
        speaks: "aha".into(),
        about: String::new(),
        title: "Aha!".into(),
        settings: Vec::new(),
        kinds: Kind::ALL.into_iter().map(|kind| kind_map(kind, target)).collect(),
        feeds: Vec::new(),
        readers: Vec::new(),
        records: Vec::new(),
        operations: Vec::new(),
        address: crate::mapping::Address::default(),
        capabilities: Kind::ALL.into_iter().flat_map(can).collect(),
        side_effects: Vec::new(),
        profiles: Vec::new(),
        busy: Vec::new(),
        said: Vec::new(),
        limitations: Vec::new(),
        service: crate::mapping::Service::default(),
        mangled: None,
        powerless: Vec::new(),
        rate: Rate { per_second: 1.0, burst: 1, parallel: 1 },
        window: None,
        account_window: None,
        administrators: Vec::new(),
        page_size: 100,
        api_key_header: None,
        http1_only: false,
        alternatives: Vec::new(),
    })
}

/// One record: id, texts, and for its one list entries of key and value.
#[derive(Clone, Default)]
pub struct Record {
    pub id: &'static str,
    pub texts: Vec<(&'static str, &'static str)>,
    pub entries: Vec<(&'static str, &'static str)>,
}

pub fn record(
    id: &'static str,
    texts: &[(&'static str, &'static str)],
    entries: &[(&'static str, &'static str)],
) -> Record {
    Record { id, texts: texts.to_vec(), entries: entries.to_vec() }
}

fn table(schema: &Arc<Schema>, records: &[Record]) -> Table {
    let mut builder = TableBuilder::new(schema.clone());
    for record in records {
        assert!(builder.begin(record.id));
        for (path, text) in &record.texts {
            builder.set(schema.find(&AttrPath::new(*path)).unwrap(), text);
        }
        let list = schema.iter().find(|(_, def)| def.form != Form::Text).map(|(attr, _)| attr);
        for (key, value) in &record.entries {
            builder.entry(list.unwrap_or(Attr(0)), [key, ""], value);
        }
        builder.end();
    }
    builder.table()
}

/// Records by system and kind; the comparison is the real one.
#[derive(Default)]
pub struct World {
    pub source: BTreeMap<Kind, Vec<Record>>,
    pub target: BTreeMap<Kind, Vec<Record>>,
    /// Lint beside that of the comparison.
    pub lints: Vec<crate::compare::Lint>,
    /// The system whose lists are not proved.
    pub unproved: Option<&'static str>,
    /// Which of the source's users should have an account.
    pub scope: Option<&'static str>,
    pub deactivate_out_of_scope: bool,
    pub sourceless: bool,
}

impl World {
    pub fn compared(&self) -> Compared {
        let proof = |system: &str| {
            if self.unproved == Some(system) {
                Proof::Partial { why: "a page is missing".into() }
            } else {
                Proof::Complete { how: "counted".into(), total: 0 }
            }
        };
        let view = |id: SystemId, records: &BTreeMap<Kind, Vec<Record>>, target: bool| {
            let snapshot = |kind: Kind| {
                Arc::new(Snapshot {
                    system: id.clone(),
                    kind,
                    generation: 1,
                    table: table(&schema(kind, target), records.get(&kind).map_or(&[], |all| all)),
                    feeds: vec![FeedState { feed: "list".into(), proof: proof(id.as_str()), pages: 1, requests: 1 }],
                    taken: time(),
                })
            };
            SystemView {
                mapping: mapping(target),
                snapshots: Kind::ALL.map(|kind| Some(snapshot(kind))),
                id: id.clone(),
                scope: self
                    .scope
                    .filter(|_| target)
                    .map(|scope| Filters::of_users(Filter::parse(scope).unwrap()))
                    .unwrap_or_default(),
                manage: Filters::default(),
                deactivate_out_of_scope: self.deactivate_out_of_scope,
            }
        };
        let inputs = Inputs {
            systems: vec![view(hr(), &self.source, false), view(aha(), &self.target, true)],
            source: (!self.sourceless).then_some(0),
            reference: self.sourceless.then_some(0),
            ..Inputs::default()
        };
        let mut compared = compare(Arc::new(inputs));
        compared.lints = compared.lints.iter().chain(&self.lints).cloned().collect();
        compared
    }
}

/// One person in both systems, with different titles.
pub fn one_user() -> World {
    let mut world = World::default();
    world
        .source
        .insert(Kind::User, vec![record("h1", &[("userName", "lena"), ("title", "Dr."), ("active", "true")], &[])]);
    world
        .target
        .insert(Kind::User, vec![record("a1", &[("userName", "lena"), ("title", "Ms."), ("active", "true")], &[])]);
    world
}
