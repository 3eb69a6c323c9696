//! Faults inside one system, or that a write would hit.

use serde::{Deserialize, Serialize};

use crate::model::{AttrPath, Kind, RecordKey, SystemId};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A role that the target does not have.
    UnknownRole,
    /// A product that the target does not have, or that is not visible to the key.
    UnknownProduct,
    /// A group, user or other reference that resolves to nothing.
    Unresolved,
    /// A mandatory field without a value.
    Mandatory,
    /// The only billing administrator would be switched off.
    LastBillingAdmin,
    /// A key that several records of one system share.
    Duplicate,
    /// Characters that could hurt a terminal.
    HostileText,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// What is wrong.
    pub rule: Rule,
    /// The system in which it is wrong, or whose write would hit it.
    pub system: SystemId,
    /// The kind of record.
    pub kind: Kind,
    /// The record that it is about.
    pub record: RecordKey,
    /// What operators call the record.
    pub key: String,
    /// The attribute, where it is about one.
    pub path: Option<AttrPath>,
    /// What it means and what to do, in words.
    pub text: String,
    /// It stands in the way of staging this attribute (or the record, where there is none).
    pub blocks: bool,
}
