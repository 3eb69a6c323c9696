//! Faults inside one system, or that a write would hit.

mod hostile;
mod told;

pub(super) use hostile::hostile;
pub(super) use told::{Raw, RawKind, collect};

use serde::{Deserialize, Serialize};

use super::Compared;
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
    /// A level or role that gives no power as things are.
    Powerless,
    /// Two records are linked by decision, and the keys of one are now those of another record.
    LinkContradicted,
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

impl Rule {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::UnknownRole,
        Self::UnknownProduct,
        Self::Unresolved,
        Self::Mandatory,
        Self::LastBillingAdmin,
        Self::Duplicate,
        Self::HostileText,
        Self::Powerless,
        Self::LinkContradicted,
    ];

    /// The rule's name, as in JSON lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownRole => "unknown_role",
            Self::UnknownProduct => "unknown_product",
            Self::Unresolved => "unresolved",
            Self::Mandatory => "mandatory",
            Self::LastBillingAdmin => "last_billing_admin",
            Self::Duplicate => "duplicate",
            Self::HostileText => "hostile_text",
            Self::Powerless => "powerless",
            Self::LinkContradicted => "link_contradicted",
        }
    }

    /// The rule about a reference of this kind that leads nowhere.
    pub(super) const fn unknown(kind: Option<Kind>) -> Self {
        match kind {
            Some(Kind::Role) => Self::UnknownRole,
            Some(Kind::Product) => Self::UnknownProduct,
            _ => Self::Unresolved,
        }
    }
}

/// The rules that an identity's records hit, each once.
pub(super) fn rules_of(compared: &Compared, kind: Kind, identity: u32) -> Vec<Rule> {
    let comparison = compared.kind(kind);
    let ids: Vec<(&SystemId, &str)> = compared
        .inputs
        .systems
        .iter()
        .enumerate()
        .filter_map(|(system, view)| {
            let row = comparison.row(identity, system)?;
            Some((&view.id, view.snapshot(kind)?.table.id(row)))
        })
        .collect();
    let mut rules: Vec<Rule> = compared
        .lints
        .iter()
        .filter(|lint| {
            lint.kind == kind
                && ids.iter().any(|(system, id)| **system == lint.record.system && **id == *lint.record.id)
        })
        .map(|lint| lint.rule)
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
