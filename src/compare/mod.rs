//! Who is who across systems, and what is out of true.
//!
//! Pure: snapshots, mappings, links, waivers, bases and scopes in; identities, states and lint out. What is not known
//! (unread, unreadable, unproved) is never a difference.

mod base;
mod column;
mod decision;
mod diff;
mod filter;
mod follow;
mod inputs;
mod judge;
mod label;
mod lane;
mod lint;
mod moved;
mod pairing;
mod query;
mod run;
mod scope;
mod side;
mod state;
#[cfg(test)]
mod tests;
mod who;
mod why;

pub use base::{Base, Bases};
pub use decision::{Agreement, Decision, Decisions, Protection, Waiver};
pub use diff::{Direction, FacetDiff, PRESENT, Verdict, facets, facets_of};
pub use filter::{Bound, Sense};
pub use follow::{Before, Followed, follow};
pub use inputs::{Inputs, SystemView};
pub use label::{label, name};
pub use lint::{Lint, Rule};
pub use moved::{Moved, moved};
pub use pairing::{Compares, NO_ROW, Pairing, RowState, Tally};
pub use query::{Identity, Record, select};
pub use run::{compare, compare_again};
pub use scope::{Shift, shift};
pub use state::{Compared, Comparison};
pub use who::keys::linking_key;
pub use who::{Candidate, Evidence, Link, LinkVerdict, Rung, Suggester};
pub use why::{WhyLine, unread, why};
