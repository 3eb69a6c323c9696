use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Change, ChangeId, Guard, Request};
use crate::model::SystemId;

/// A plan's name: sorts by the time it was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanId(pub Arc<str>);

impl fmt::Display for PlanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A step's name: its plan's and a number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub Arc<str>);

/// One write with the reads around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name; empty until it is part of a plan.
    pub id: StepId,
    /// The system that it is sent to.
    pub system: SystemId,
    /// The changes that it serves.
    pub serves: Vec<ChangeId>,
    /// Steps that must have succeeded.
    pub after: Vec<StepId>,
    /// Reads just before: does everything still hold?
    pub read: Vec<Request>,
    /// The write.
    pub write: Request,
    /// Reads just after: did it come about?
    pub verify: Vec<Request>,
    /// The create change whose new record's id the write's reply holds.
    pub yields: Option<ChangeId>,
    /// What happens outside the record (a mail is sent, a paid seat is taken), in words.
    pub side_effects: Vec<String>,
}

impl Step {
    /// A write, without anything around it, that belongs to no plan yet. What it serves it serves once.
    pub fn new(system: SystemId, serves: Vec<ChangeId>, write: Request) -> Self {
        let mut once = Vec::with_capacity(serves.len());
        for id in serves {
            if !once.contains(&id) {
                once.push(id);
            }
        }
        Self {
            id: StepId("".into()),
            system,
            serves: once,
            after: Vec::new(),
            read: Vec::new(),
            write,
            verify: Vec::new(),
            yields: None,
            side_effects: Vec::new(),
        }
    }
}

/// Why changes cannot be rendered into requests.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The service takes only whole records: render again with the native record.
    #[error("the record has to be read first")]
    NeedsNative,
    /// It cannot be done, and why.
    #[error("{0}")]
    Cannot(String),
}

/// The staged changes as steps: ordered, guarded, pinned to what they were computed from. It can be carried out once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub id: PlanId,
    /// The changes.
    pub changes: Vec<Change>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Changes that could not become steps, with the reason.
    pub refused: Vec<(ChangeId, String)>,
    /// What stands in the way of a push.
    pub guards: Vec<Guard>,
    /// What mapping, policy and scope of each system were when it was made ([`super::pin`]): where they are others now, it
    /// would not be made like this any more.
    #[serde(default)]
    pub pins: BTreeMap<SystemId, String>,
    /// Attributes whose values are not written into the record of pushes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<super::Sensitive>,
    /// How the records that it refers to were called.
    #[serde(default, skip_serializing_if = "super::Called::is_empty")]
    pub called: super::Called,
    /// Changes that their system has no way to take back, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_way: Vec<(ChangeId, String)>,
    /// A hash over changes, steps, pins and names: what was confirmed is what is sent.
    pub fingerprint: String,
    /// When it was made.
    pub made: jiff::Timestamp,
}

impl Plan {
    /// The change of this name.
    pub fn change(&self, id: &ChangeId) -> Option<&Change> {
        self.changes.iter().find(|change| &change.id == id)
    }

    /// Why the system of a change has no way to take it back; `None`: it has one.
    pub fn one_way(&self, id: &ChangeId) -> Option<&str> {
        self.one_way.iter().find(|(of, _)| of == id).map(|(_, why)| &**why)
    }

    /// Whether a guard refuses the push.
    pub fn blocked(&self) -> bool {
        self.guards.iter().any(|guard| !guard.acknowledged)
    }

    /// How many changes a push would carry out: the number that the operator types.
    pub fn count(&self) -> usize {
        self.changes.len() - self.refused.len()
    }
}
