//! What a comparison is made of.

use std::sync::Arc;

use super::{Agreement, Bases, Link, Protection, Waiver};
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
