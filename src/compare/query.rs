//! Questions asked of identities, over all systems or one by one.

mod select;
mod subject;

pub use select::select;
pub use subject::{Identity, Record};
