//! The shapes of identity data: kinds, attribute paths, cells, tables and keys.
//!
//! Pure: no I/O, no clock, and no other room of the house. Everything that outlives a snapshot is keyed by
//! [`RecordKey`]; a [`Row`] means something only together with the table that it came from.

pub mod filter;
pub mod fold;
mod key;
mod kind;
mod op;
mod path;
mod schema;
mod snapshot;
mod table;
pub mod text;

pub use key::{RecordKey, SystemId};
pub use kind::Kind;
pub use op::Op;
pub use path::AttrPath;
pub use schema::{Attr, AttrDef, Fold, Form, ListDef, Schema};
pub use snapshot::{FeedState, Proof, Snapshot};
pub use table::{CHUNK_ROWS, Cell, Chunk, Column, Dict, Edges, Entry, ListDicts, Row, Table, TableBuilder};
