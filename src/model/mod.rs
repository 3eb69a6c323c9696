//! The shapes of identity data: kinds, attribute paths, cells, tables and keys.
//!
//! Pure: no I/O, no clock, and no other room of the house. Everything that outlives a snapshot is keyed by
//! [`RecordKey`]; a [`Row`] means something only together with the table that it came from.

mod builder;
mod chunk;
mod dict;
pub mod filter;
pub mod fold;
mod key;
mod kind;
mod late;
mod op;
mod open;
mod path;
mod row;
mod schema;
mod snapshot;
mod table;
pub mod text;
pub mod zone;

pub use builder::TableBuilder;
pub use chunk::{Chunk, Column, Edges, Entry, ListDicts, UNREAD};
pub use dict::Dict;
pub use key::{RecordKey, SystemId};
pub use kind::Kind;
pub use op::Op;
pub use path::AttrPath;
pub use row::{CHUNK_ROWS, Row};
pub use schema::{Attr, AttrDef, Fold, Form, ListDef, Schema, Unlisted};
pub use snapshot::{FeedState, Proof, Snapshot};
pub use table::{Cell, Table};
