//! Page bytes into columns.

use std::sync::Arc;

use crate::model::{Schema, TableBuilder};

/// What one page brought.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// Records on the page.
    pub records: u32,
    /// Of them, records whose id was not there yet.
    pub fresh: u32,
    /// The document's top level but for the records: `totalResults`, `nextCursor`, `pagination`.
    pub envelope: serde_json::Map<String, serde_json::Value>,
}

/// Why a page could not be read. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no JSON, or was cut off.
    #[error("the reply is not whole JSON: {0}")]
    Broken(String),
    /// The records are not where they should be.
    #[error("the reply has no {0}")]
    NoRecords(String),
}

/// One feed's way from page bytes into columns, compiled from the rows.
#[derive(Debug)]
pub struct Reader {
    schema: Arc<Schema>,
}

impl Reader {
    /// The schema of the tables that it fills.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Reads one page into a table. `owner`: the record that a detail page is about, where the page does not say.
    ///
    /// # Errors
    /// When the page is no whole JSON or has no records where the feed says; rows before the fault stay in the table, and
    /// the caller must not call the feed complete.
    pub fn read(&self, _page: &[u8], _owner: Option<&str>, _into: &mut TableBuilder) -> Result<Taken, ReadError> {
        Err(ReadError::NoRecords("reader".into()))
    }
}
