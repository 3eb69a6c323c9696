//! What a mapping says, as data. `file` reads it from TOML, `build` checks and compiles it.

use std::sync::Arc;

use crate::model::filter::Filter;
use crate::model::{AttrPath, Kind, Op, Schema};

use super::{Mangled, Powerless, Reader, Service, Writer};

mod row;

pub use row::{Access, Feed, Fields, JsonType, ListMap, MapRow, Part, Policy};

/// What is wrong with a mapping file, with file and line where known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {message}")]
pub struct MappingError {
    /// The file, or `built-in NAME`.
    pub origin: String,
    /// What is wrong, what was expected, the nearest right name.
    pub message: String,
}

/// Which way of reaching the vendor a statement holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Through One Identity Starling Connect.
    Starling,
    /// The vendor's own interface.
    Direct,
    /// Both.
    Both,
}

/// How the places of a record are addressed in a preview and in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Address {
    /// JSON pointers into the native record (RFC 6901).
    #[default]
    Pointer,
    /// SCIM paths (RFC 7644 3.5.2).
    Scim,
}

/// An operation that a vendor's guide lists, and by what it is done here.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The kind.
    pub kind: Kind,
    /// Its name in the guide (`Get All Users with Pagination`).
    pub name: String,
    /// The method in the guide.
    pub verb: String,
    /// What does it here: a feed or an operation, in words.
    pub here: String,
    /// Where it is stated.
    pub cite: String,
}

/// Whether a connector can do an operation on a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capability {
    /// It can.
    Yes,
    /// It cannot, and why.
    No(String),
}

/// What must be given to create a record.
#[derive(Clone, Debug)]
pub struct Mandatory {
    /// The canonical attribute.
    pub attr: AttrPath,
    /// Where it is stated.
    pub cite: String,
}

/// What happens outside the record when an operation is carried out.
#[derive(Clone, Debug)]
pub struct SideEffect {
    /// The kind.
    pub kind: Kind,
    /// The operation.
    pub op: Op,
    /// The settings with which it happens, and their values; none: always.
    pub when: Vec<(String, String)>,
    /// In words: `a paid seat may be taken and invoiced at once`.
    pub text: String,
    /// Where it is stated.
    pub cite: String,
}

/// A limitation as the vendor's guide states it, and what the program does about it.
#[derive(Clone, Debug)]
pub struct Limitation {
    /// A short name (`aha-6-unknown-role`).
    pub id: String,
    /// Where it holds.
    pub via: Via,
    /// The guide's own sentence.
    pub sentence: String,
    /// What this program does about it.
    pub here: String,
    /// Where it is stated.
    pub cite: String,
}

/// A status by which this service says that it cannot do it just now, beside those by which every service does (429, 5xx).
#[derive(Clone, Debug)]
pub struct Busy {
    /// The status (`406`).
    pub status: u16,
    /// How often a read is sent at most.
    pub tries: u32,
    /// The settings with which it means that, and their values; none: always.
    pub when: Vec<(String, String)>,
    /// In words: `a region fails over`.
    pub text: String,
    /// Where it is stated.
    pub cite: String,
}

/// How fast a service may be called, where its owner does not say otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second in the long run.
    pub per_second: f64,
    /// Requests at once.
    pub burst: u32,
    /// Requests under way at the same time.
    pub parallel: u32,
}

/// A setting of a connector beside those that every system has.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is a secret (and so a reference: `env`, `file`, `command`).
    pub secret: bool,
    /// Whether it is the path of a file: a connector that has such settings reads files and has no address.
    pub path: bool,
    /// Whether it is the system's address, so that no `url` is wanted beside it.
    pub address: bool,
    /// What it is, for `help config`.
    pub help: String,
    /// The values that it may have; empty for any text.
    pub one_of: Vec<String>,
    /// What it is where it is not given.
    pub default: Option<String>,
}

/// Rows that stand in the place of others where the settings say so.
#[derive(Clone, Debug)]
pub struct Alternative {
    /// Its name (`scim-address`).
    pub name: String,
    /// The settings with which it holds, and their values.
    pub when: Vec<(String, String)>,
    /// What it is, for `help`.
    pub help: String,
    /// Its rows.
    pub rows: Vec<(Kind, MapRow)>,
    /// Attributes that are not there with it.
    pub drops: Vec<(Kind, AttrPath)>,
}

/// A service that is known by name, beside the others that the same wire speaks: a value of the setting `profile`.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Its name (`starling`).
    pub name: String,
    /// What people call it.
    pub title: String,
    /// What an operator should know of it, as it is printed.
    pub about: String,
    /// Whether it is a gateway, behind which another product stands (the setting `behind`).
    pub gateway: bool,
}

/// The rows of one kind.
#[derive(Clone, Debug)]
pub struct KindMap {
    /// The kind.
    pub kind: Kind,
    /// Its attributes, in display order.
    pub schema: Arc<Schema>,
    /// Its rows; row `n` is about attribute `n` of the schema.
    pub rows: Vec<MapRow>,
    /// What must be given to create one.
    pub mandatory: Vec<Mandatory>,
    /// Reference data: absence on either side is never missing or extra, only lint (Aha! products).
    pub reference: bool,
    /// How records of it are written.
    pub writer: Arc<Writer>,
}

/// One connector's mapping, compiled.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The connector (`aha`).
    pub connector: String,
    /// The built-in connector whose wire it speaks: itself, or what a file of the operator's own is based on (`scim`).
    pub speaks: String,
    /// What people call it (`Aha!`).
    pub title: String,
    /// What an operator should know of it beside what follows from its rows, as it is printed; may be empty.
    pub about: String,
    /// Its own settings.
    pub settings: Vec<Setting>,
    /// The kinds that it has.
    pub kinds: Vec<KindMap>,
    /// Its ways of listing.
    pub feeds: Vec<Feed>,
    /// A compiled reader per feed, in the order of `feeds`.
    pub readers: Vec<Arc<Reader>>,
    /// Records that the service has and never lists (Aha!'s built-in roles), in native fields: a connector puts them into a
    /// page of their feed.
    pub records: Vec<(Kind, serde_json::Map<String, serde_json::Value>)>,
    /// The operations that the vendor's guide lists.
    pub operations: Vec<Operation>,
    /// What it can do: `(kind, operation)`; what is not listed it cannot.
    pub capabilities: Vec<(Kind, Op, Capability)>,
    /// What happens outside the record.
    pub side_effects: Vec<SideEffect>,
    /// The vendor's limitations.
    pub limitations: Vec<Limitation>,
    /// Services that are known by name.
    pub profiles: Vec<Profile>,
    /// Statuses by which it says that it is busy.
    pub busy: Vec<Busy>,
    /// What the service can do, whatever it says itself.
    pub service: Service,
    /// How the service mangles texts, where it does.
    pub mangled: Option<Mangled>,
    /// Values that give no power unless a list has their bearer.
    pub powerless: Vec<Powerless>,
    /// Its file's texts in English and Chinese.
    pub said: Vec<(String, String)>,
    /// How edits name the places of a record.
    pub address: Address,
    /// The default speed.
    pub rate: Rate,
    /// The seconds in which the service counts requests, where it names no time to wait when it turns one away.
    pub window: Option<u32>,
    /// The seconds in which the service counts the requests of all who use the same key together.
    pub account_window: Option<u32>,
    /// Who is an administrator there: what they are called, and a filter over users.
    pub administrators: Vec<(String, Filter)>,
    /// Records a page that are asked for.
    pub page_size: u32,
    /// The header in which an API key goes (`apikey`); `None`: the service takes none.
    pub api_key_header: Option<String>,
    /// Whether the service must not be spoken to in HTTP/2.
    pub http1_only: bool,
    /// Other readings of some rows, by setting; see [`Mapping::chosen`].
    pub alternatives: Vec<Alternative>,
}

impl Mapping {
    /// The rows of a kind.
    pub fn kind(&self, kind: Kind) -> Option<&KindMap> {
        self.kinds.iter().find(|map| map.kind == kind)
    }

    /// The rows of a kind whose fields identify a record, in the order in which records are linked by them.
    pub fn keys(&self, kind: Kind) -> Vec<&MapRow> {
        let mut keys: Vec<&MapRow> =
            self.kind(kind).into_iter().flat_map(|map| &map.rows).filter(|row| row.key.is_some()).collect();
        keys.sort_by_key(|row| row.key);
        keys
    }

    /// Records of a kind that no call lists and the mapping states, in native fields.
    pub fn stated(&self, kind: Kind) -> Vec<serde_json::Value> {
        let records = self.records.iter().filter(|(of, _)| *of == kind);
        records.map(|(_, fields)| serde_json::Value::Object(fields.clone())).collect()
    }

    /// The feed of this name.
    pub fn feed(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| &*feed.name == name)
    }

    /// The reader of the feed of this name.
    pub fn reader(&self, name: &str) -> Option<&Arc<Reader>> {
        self.feeds.iter().position(|feed| &*feed.name == name).map(|at| &self.readers[at])
    }

    /// The same mapping with these attributes sensitive as well.
    pub fn with_sensitive(&self, paths: &[AttrPath]) -> Self {
        let mut mapping = self.clone();
        for row in mapping.kinds.iter_mut().flat_map(|map| &mut map.rows).filter(|row| paths.contains(&row.attr)) {
            row.sensitive = true;
        }
        let others = mapping.alternatives.iter_mut().flat_map(|other| &mut other.rows);
        for (_, row) in others.filter(|(_, row)| paths.contains(&row.attr)) {
            row.sensitive = true;
        }
        mapping
    }

    /// The row about an attribute.
    pub fn row(&self, kind: Kind, path: &AttrPath) -> Option<&MapRow> {
        let map = self.kind(kind)?;
        map.schema.find(path).map(|attr| &map.rows[attr.0 as usize])
    }

    /// What a status means by which the service says that it is busy; `None` for any other.
    pub fn busy(&self, status: u16) -> Option<&Busy> {
        self.busy.iter().find(|busy| busy.status == status)
    }

    /// Whether an operation can be done on a kind, and if not, why.
    pub fn can(&self, kind: Kind, op: Op) -> Capability {
        self.capabilities.iter().find(|(of, what, _)| *of == kind && *what == op).map_or_else(
            || {
                let of = match op {
                    Op::Put => " to",
                    Op::Drop => " from",
                    _ => "",
                };
                Capability::No(format!("{} has no way to {}{of} a {kind}", self.title, op.name()))
            },
            |(_, _, capability)| capability.clone(),
        )
    }
}
