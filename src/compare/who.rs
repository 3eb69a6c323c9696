//! Who is who: by the operator's decisions first, then by keys, rung by rung.

pub(super) mod contradicted;
pub(super) mod keys;
mod ladder;
mod link;
mod rung;
mod suggest;
pub(super) mod tie;

pub use link::{Link, LinkVerdict, Rung};
pub use suggest::{Candidate, Evidence, Suggester};
