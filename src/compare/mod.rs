//! Who is who across systems, and what is out of true.
//!
//! Pure: snapshots, mappings, links, waivers, bases and scopes in; identities, states and lint out. What is not known
//! (unread, unreadable, unproved) is never a difference.

mod base;
mod bound;
mod column;
mod contradicted;
mod decision;
mod diff;
mod entries;
mod facts;
mod field;
mod identity;
mod judge;
mod label;
mod lane;
mod link;
mod lint;
mod moved;
mod refs;
mod run;
mod rung;
mod scope;
mod search;
mod select;
mod served;
mod state;
pub mod subject;
mod suggest;
#[cfg(test)]
mod tests;
mod tie;
mod why;

pub use base::{Base, Bases, Before, Followed, follow};
pub use bound::Bound;
pub use decision::{Agreement, Decision, Decisions, Protection, Waiver};
pub use diff::{Direction, FacetDiff, PRESENT, Verdict, facets, facets_of};
pub use identity::{Link, LinkVerdict, Rung};
pub use label::{label, name};
pub use lint::{Lint, Rule};
pub use moved::{Moved, moved};
pub use run::{compare, compare_again};
pub use scope::{Shift, shift};
pub use select::select;
pub use state::{Compares, Comparison, NO_ROW, Pairing, RowState, Tally};
pub use suggest::{Candidate, Evidence, Suggester};
pub use why::{WhyLine, why};

use std::sync::Arc;

use crate::mapping::Mapping;
use crate::model::filter::Filters;
use crate::model::{Kind, Snapshot, SystemId};

/// One system as the comparison sees it.
#[derive(Clone, Debug)]
pub struct SystemView {
    /// Its name.
    pub id: SystemId,
    /// Its mapping.
    pub mapping: Arc<Mapping>,
    /// What was read of each kind, by [`Kind::index`].
    pub snapshots: [Option<Arc<Snapshot>>; 4],
    /// Which of the source's records should be here, by kind; a kind without a filter: all.
    pub scope: Filters,
    /// Which of its own records are ours to judge, by kind; a kind without a filter: all.
    pub manage: Filters,
    /// Whether an account whose person is out of scope is offered for deactivation.
    pub deactivate_out_of_scope: bool,
}

impl SystemView {
    /// What was read of a kind.
    pub fn snapshot(&self, kind: Kind) -> Option<&Arc<Snapshot>> {
        self.snapshots[kind.index()].as_ref()
    }
}

/// Everything that a comparison is made of.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// All systems, in the order of the configuration.
    pub systems: Vec<SystemView>,
    /// The source of truth, as an index in `systems`.
    pub source: Option<usize>,
    /// What to compare with where there is no source: an index in `systems`. Nothing can be staged then.
    pub reference: Option<usize>,
    /// Decisions about who is who.
    pub links: Vec<Link>,
    /// Differences that were adopted and still are: the caller, who has the clock, leaves out those that are over.
    pub waivers: Vec<Waiver>,
    /// Last common values.
    pub bases: Bases,
    /// Records that are never touched.
    pub protected: Vec<Protection>,
    /// Values with odd characters that are meant.
    pub agreed: Vec<Agreement>,
}

impl Inputs {
    /// The system that the others are compared with.
    pub fn base(&self) -> Option<usize> {
        self.source.or(self.reference)
    }

    /// The index of a system.
    pub fn index(&self, id: &SystemId) -> Option<usize> {
        self.systems.iter().position(|system| &system.id == id)
    }
}

/// The outcome for all kinds.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What it was made of.
    pub inputs: Arc<Inputs>,
    /// A comparison per kind, by [`Kind::index`].
    pub kinds: [Arc<Comparison>; 4],
    /// Faults inside a system, or that a write would hit.
    pub lints: Arc<[Lint]>,
}

impl Compared {
    /// The comparison of one kind.
    pub fn kind(&self, kind: Kind) -> &Arc<Comparison> {
        &self.kinds[kind.index()]
    }
}
