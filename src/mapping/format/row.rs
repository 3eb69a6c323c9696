//! What one row and one feed of a mapping say, checked: where a canonical attribute is read, how it is written, how it is
//! compared; which listings there are.

use std::sync::Arc;

use crate::mapping::{Ends, Transform};
use crate::model::{AttrPath, Fold, Kind, Unlisted};

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

/// One way of listing: pages of records of one kind, or details of one owner at a time.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its name.
    pub name: Arc<str>,
    /// What its records are.
    pub kind: Kind,
    /// The path under the system's URL; empty where discovery says it. `{id}` stands for the owner.
    pub path: String,
    /// The schema of its records, where discovery does not say it.
    pub schema: Option<String>,
    /// By what its end is known.
    pub ends: Ends,
    /// The key under which the records' array (or the single record) stands; empty for the document itself.
    pub records: String,
    /// The record's id field; empty where the records are entries of the owner's list.
    pub id: String,
    /// What stands in for the id where a record has none (a file without ids): native fields, or canonical attributes with
    /// the fields that they are read from. The first one that has a value counts.
    pub or_id: Vec<String>,
    /// One record a document, not an array.
    pub single: bool,
    /// It brings details of records that another feed lists.
    pub detail_of: Option<Arc<str>>,
    /// One walk of it brings the details of all records, so that who is not in it has none (Kingdee's grants query); see
    /// [`Reader::settle`]. Otherwise it is asked per owner.
    pub whole: bool,
    /// The document's key that states how many records there are; where it is there, no records is an empty page
    /// (RFC 7644 3.4.2: `Resources` may be absent).
    pub total: Option<String>,
    /// Where it is described.
    pub cite: String,
}

/// The type that a native value is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum JsonType {
    /// `"text"`.
    #[default]
    String,
    /// `true`, `false`.
    Boolean,
    /// A whole number of any length up to 64 bits.
    Integer,
    /// Any number, digit for digit where it is whole.
    Number,
}

/// Who wins where source and target differ, beside `authority`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Policy {
    /// The source.
    #[default]
    Force,
    /// The source, but only where the target has no value.
    Keep,
    /// The source, unless its own value is empty.
    SkipEmpty,
}

/// Where a row is read in one feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// The native fields, the first one that has a value counts. For a list: where the entries are; several places are
    /// read one after the other.
    pub read: Vec<String>,
    /// For a list: the fields of the key's parts, from the entry on.
    pub key: Vec<Vec<String>>,
    /// For a list: the fields of the value.
    pub value: Vec<String>,
}

/// One part of an entry of a keyed list: a part of its key, or its value.
#[derive(Clone, Debug)]
pub struct Part {
    /// The canonical sub-attribute (`productId`).
    pub name: String,
    /// The native fields that it is read from.
    pub read: Vec<String>,
    /// The native field that it is written to.
    pub write: Option<String>,
    /// What happens to the text on the way in.
    pub via: Vec<Transform>,
    /// The kind whose record it names.
    pub refers: Option<Kind>,
    /// The type that it is written as.
    pub json: JsonType,
}

impl Part {
    /// Whether the way back gives the same native value again.
    pub fn invertible(&self) -> bool {
        self.via.iter().all(Transform::invertible)
    }
}

/// A keyed list's entries.
#[derive(Clone, Debug)]
pub struct ListMap {
    /// The one or two parts of the key.
    pub key: Vec<Part>,
    /// The value, where entries have one.
    pub value: Option<Part>,
    /// Sub-attributes that are only shown, as `(canonical, native)`: never kept in a table, never compared.
    pub shown: Vec<(String, String)>,
    /// Values that mean that there is no entry (Aha!'s role `none`).
    pub void: Vec<String>,
    /// What an entry has besides where it is written, in native fields (`type` beside a member's `value`).
    pub also: serde_json::Map<String, serde_json::Value>,
    /// Whose entries the service never lists.
    pub unlisted: Option<Unlisted>,
}

/// One row: a canonical attribute, where it is read and how it is written.
#[derive(Clone, Debug)]
pub struct MapRow {
    /// The canonical path.
    pub attr: AttrPath,
    /// The native fields that it is read from in a listing, as written in the file; the first one that has a value counts.
    /// Empty where it cannot be read there.
    pub read: Vec<String>,
    /// The same in feeds of single records, where it differs; the only fields that a single record of details is read for.
    pub detail: Vec<String>,
    /// The same in feeds of another form altogether, by feed: rows of details are only read where they are named here.
    pub within: Vec<(String, Fields)>,
    /// Feeds that do not serve it although their kind has it: it stays unread there.
    pub not_in: Vec<String>,
    /// A keyed list's entries; `None` for a text.
    pub list: Option<ListMap>,
    /// The native field that it is written to; `None` where it is written by a call of its own or not at all.
    pub write: Option<String>,
    /// What happens to the text on the way in; on the way out the inverses run backwards.
    pub via: Vec<Transform>,
    /// Native texts that mean empty (`"0"` for Litmos' manager).
    pub null: Vec<String>,
    /// A record without the field says nothing of it, so that it is unread and not empty: the service sends what it has, and
    /// knows no such field where it is silent.
    pub absent_unread: bool,
    /// What is sent to clear it; `None`: JSON null.
    pub clear: Option<String>,
    /// The canonical text where the native one is empty.
    pub default: Option<String>,
    /// The type that it is written as.
    pub json: JsonType,
    /// Read, written, both.
    pub access: Access,
    /// How it is compared.
    pub fold: Fold,
    /// Who wins.
    pub policy: Policy,
    /// For a text: the kind whose record's id it holds.
    pub refers: Option<Kind>,
    /// The values are likely all different.
    pub unique: bool,
    /// A second feed fills it.
    pub later: bool,
    /// Whether a difference is counted (`compare = false`: shown only).
    pub compare: bool,
    /// Whether the way back gives the same native value again.
    pub invertible: bool,
    /// A field that must never be kept or shown.
    pub secret: bool,
    /// Its values are not written into the record of pushes: a salted hash stands there instead.
    pub sensitive: bool,
    /// For a secret that an operator may set anew: the secret setting that it is taken from where it is not typed.
    pub reset: Option<String>,
    /// It identifies the record: its place in the order of keys by which records are linked.
    pub key: Option<u8>,
    /// For a write-only attribute: canonical attributes that change when it is written (`name.givenName` -> `displayName`).
    pub shows_in: Option<AttrPath>,
    /// Where it is stated (`seeds table 292`).
    pub cite: String,
    /// Words for the operator.
    pub note: Option<String>,
    /// Why this service does not show it, where it was found not to.
    pub lost: Option<String>,
}
