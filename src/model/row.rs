//! Where a record is in its table.

/// A position in one table; it means nothing in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub u32);

/// Rows in a full chunk. Every chunk but the last is full, so a row's chunk is a division.
pub const CHUNK_ROWS: usize = 4096;
