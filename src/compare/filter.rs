//! What a filter or a search says of the rows of one system.

mod bound;
pub(super) mod field;
mod search;
mod sense;

pub use bound::Bound;
pub(super) use search::Search;
pub use sense::Sense;
