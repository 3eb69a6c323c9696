//! The mapping file: TOML in, [`Mapping`] out. Built-in ones are in `assets/connectors`; a user's file of the same format
//! is laid over one.

use std::sync::Arc;

use crate::model::{AttrPath, Kind, Op, Schema};

use super::{Reader, Transform, Writer};

/// What is wrong with a mapping file, with file and line where known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {message}")]
pub struct MappingError {
    /// The file, or `built-in NAME`.
    pub origin: String,
    /// What is wrong, what was expected, the nearest right name.
    pub message: String,
}

/// Whether an attribute can be read, written, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read and written.
    ReadWrite,
    /// Only read.
    ReadOnly,
    /// Only written: never returned, so never a mismatch.
    WriteOnly,
    /// Written when a record is created and never again.
    Create,
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

/// One way of listing: pages of records of one kind, or details of one owner at a time.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its name.
    pub name: Arc<str>,
    /// What its records are.
    pub kind: Kind,
    /// The path under the system's URL; empty where discovery says it. `{id}` stands for the owner.
    pub path: String,
    /// The key under which the records' array (or the single record) stands; empty for the document itself.
    pub records: String,
    /// The record's id field.
    pub id: String,
    /// One record a document, not an array.
    pub single: bool,
    /// It brings details of records that another feed lists.
    pub detail_of: Option<Arc<str>>,
    /// Where it is described.
    pub cite: String,
}

/// One row: a canonical attribute, where it is read and how it is written.
#[derive(Clone, Debug)]
pub struct MapRow {
    /// The canonical path.
    pub attr: AttrPath,
    /// The native fields that it is read from, as written in the file; empty where it cannot be read.
    pub read: Vec<String>,
    /// The same in the detail feed, where it differs.
    pub detail: Vec<String>,
    /// The native field that it is written to; `None` where it is written by a call of its own or not at all.
    pub write: Option<String>,
    /// What happens to the text on the way in; on the way out the inverses run backwards.
    pub via: Vec<Transform>,
    /// Read, written, both.
    pub access: Access,
    /// Whether a difference is counted (`compare = false`: shown only).
    pub compare: bool,
    /// Whether the way back gives the same native value again.
    pub invertible: bool,
    /// A field that must never be kept or shown.
    pub secret: bool,
    /// It identifies the record: its place in the order of keys by which records are linked.
    pub key: Option<u8>,
    /// For a write-only attribute: canonical attributes that change when it is written (`name.givenName` -> `displayName`).
    pub shows_in: Option<AttrPath>,
    /// Where it is stated (`seeds table 292`).
    pub cite: String,
    /// Words for the operator.
    pub note: Option<String>,
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
    /// What it is, for `help config`.
    pub help: String,
    /// The values that it may have; empty for any text.
    pub one_of: Vec<String>,
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
    /// What people call it (`Aha!`).
    pub title: String,
    /// Its own settings.
    pub settings: Vec<Setting>,
    /// The kinds that it has.
    pub kinds: Vec<KindMap>,
    /// Its ways of listing.
    pub feeds: Vec<Feed>,
    /// A compiled reader per feed, in the order of `feeds`.
    pub readers: Vec<Arc<Reader>>,
    /// What it can do: `(kind, operation)`; what is not listed it cannot.
    pub capabilities: Vec<(Kind, Op, Capability)>,
    /// What happens outside the record.
    pub side_effects: Vec<SideEffect>,
    /// The vendor's limitations.
    pub limitations: Vec<Limitation>,
    /// The default speed.
    pub rate: Rate,
    /// Records a page that are asked for.
    pub page_size: u32,
}

impl Mapping {
    /// The rows of a kind.
    pub fn kind(&self, kind: Kind) -> Option<&KindMap> {
        self.kinds.iter().find(|map| map.kind == kind)
    }

    /// The feed of this name.
    pub fn feed(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| &*feed.name == name)
    }

    /// The reader of the feed of this name.
    pub fn reader(&self, name: &str) -> Option<&Arc<Reader>> {
        self.feeds.iter().position(|feed| &*feed.name == name).map(|at| &self.readers[at])
    }

    /// The row about an attribute.
    pub fn row(&self, kind: Kind, path: &AttrPath) -> Option<&MapRow> {
        let map = self.kind(kind)?;
        map.schema.find(path).map(|attr| &map.rows[attr.0 as usize])
    }

    /// Whether an operation can be done on a kind, and if not, why.
    pub fn can(&self, kind: Kind, op: Op) -> Capability {
        self.capabilities.iter().find(|(of, what, _)| *of == kind && *what == op).map_or_else(
            || Capability::No(format!("{} has no way to {} a {kind}", self.title, op.name())),
            |(_, _, capability)| capability.clone(),
        )
    }
}
