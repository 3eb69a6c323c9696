//! Questions asked of identities, over all systems or one by one.

mod names;
mod select;
mod subject;

pub use names::asked_in_vain;
pub use select::select;
pub use subject::{Identity, Record};
