//! The lines of JSON: one object a line (DESIGN.md section 7). Field names and their order are a contract.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::compare::Direction;
use crate::plan::{Change, Expect, Facet, Seen, Want, Wanted};

/// One line.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Line<'l> {
    /// What was read of one kind of one system.
    Snapshot {
        /// The system.
        system: &'l str,
        /// The kind.
        kind: &'l str,
        /// Records read.
        records: usize,
        /// Whether every feed is complete.
        complete: bool,
        /// Why nothing of it was read.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The feeds.
        feeds: Vec<FeedLine<'l>>,
    },
    /// One way in which a record is out of true.
    Mismatch {
        /// The target.
        system: &'l str,
        /// The kind.
        kind: &'l str,
        /// missing, extra, leaver, leaving, differs, undecided.
        state: &'l str,
        /// The userName or display name, as the source has it, or the target for an extra.
        key: &'l str,
        /// The source's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        source_id: Option<&'l str>,
        /// The target's id.
        #[serde(skip_serializing_if = "Option::is_none")]
        target_id: Option<&'l str>,
        /// What differs.
        attributes: Vec<AttributeLine>,
    },
    /// A fault inside a system, or that a write would hit.
    Lint {
        /// The system.
        system: &'l str,
        /// The kind.
        kind: &'l str,
        /// The rule.
        rule: crate::compare::Rule,
        /// What operators call the record.
        key: &'l str,
        /// The record's id.
        id: &'l str,
        /// The attribute.
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<&'l str>,
        /// What it means.
        text: &'l str,
    },
    /// A rule that stands in the way of a push.
    Guard {
        /// Its name.
        rule: &'l str,
        /// The system.
        system: &'l str,
        /// What happened, with its numbers.
        text: &'l str,
        /// Whether the operator may let it pass.
        can_acknowledge: bool,
        /// Whether the operator did.
        acknowledged: bool,
        /// Who did.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<&'l str>,
    },
    /// A change of a plan.
    Change {
        /// Its name.
        id: &'l str,
        /// The system that it is made in.
        system: &'l str,
        /// The kind of record.
        kind: &'l str,
        /// create, set, add, remove, deactivate, reactivate, delete.
        operation: &'l str,
        /// The userName or display name.
        key: &'l str,
        /// What it does to each facet.
        facets: Vec<FacetLine>,
        /// What came of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<&'l str>,
        /// The words that go with it.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A request of a plan, as it is shown before it is sent.
    Request {
        /// The system.
        system: &'l str,
        /// The changes that it is for.
        serves: Vec<&'l str>,
        /// The method.
        method: String,
        /// Path and query.
        target: String,
        /// The whole of it in lines, secrets masked.
        text: Vec<String>,
    },
    /// A push in the journal.
    Push {
        /// Its plan.
        id: &'l str,
        /// When it began.
        began: String,
        /// Who.
        who: &'l str,
        /// The reason or ticket that was given.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'l str>,
        /// Changes.
        changes: usize,
        /// What came of them, by word.
        outcomes: BTreeMap<&'static str, usize>,
        /// Whether it ended in order.
        closed: bool,
    },
    /// A request of a past push, as it was sent.
    Sent {
        /// When.
        at: String,
        /// The system.
        system: &'l str,
        /// The method.
        method: String,
        /// Path and query.
        target: String,
        /// The reply's status.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The last that is known of it.
        end: &'l str,
        /// The changes that it was for.
        serves: Vec<&'l str>,
    },
    /// The counts, last.
    Summary {
        /// Mismatches.
        mismatches: usize,
        /// Lint.
        lint: usize,
        /// Records with a difference that was adopted, and so is not counted.
        waived: usize,
        /// Whether everything that was asked for was read to its end: of the rest nothing is said.
        complete: bool,
        /// Changes of the plan.
        #[serde(skip_serializing_if = "Option::is_none")]
        changes: Option<usize>,
        /// What is out of true and not in the plan, with the reasons.
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<&'l [LeftOut]>,
        /// What came of them, by word.
        #[serde(skip_serializing_if = "Option::is_none")]
        outcomes: Option<BTreeMap<&'static str, usize>>,
    },
}

/// Fixes that a plan leaves out for one reason.
#[derive(Debug, Serialize)]
pub struct LeftOut {
    /// Which class of reason: undecided, blocked, protected, append-only, wants-value, removal.
    pub class: &'static str,
    /// The system.
    pub system: String,
    /// The operation.
    pub operation: &'static str,
    /// The reason, in words that hold for all of them.
    pub reason: String,
    /// How many.
    pub count: usize,
}

/// A feed within a snapshot line.
#[derive(Debug, Serialize)]
pub struct FeedLine<'l> {
    /// Its name.
    pub feed: &'l str,
    /// Whether it is complete.
    pub complete: bool,
    /// Pages.
    pub pages: u32,
    /// Requests.
    pub requests: u32,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One attribute, or one entry of a list (`productRoles[Mobile App]`), that differs.
#[derive(Debug, Serialize)]
pub struct AttributeLine {
    /// Its path.
    pub path: String,
    /// The same for people: an entry by the names of what it is about.
    #[serde(skip)]
    pub shown: String,
    /// The source's value; null for none.
    pub source: Option<String>,
    /// The target's value; null for none.
    pub target: Option<String>,
    /// Which side moved.
    pub direction: Direction,
    /// Why it cannot be put right alone: it waits for a record that is still to be created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// One facet of a change.
#[derive(Debug, Serialize)]
pub struct FacetLine {
    /// Which (`productRoles[5, 7]`).
    pub facet: String,
    /// What it was; null for nothing, left out where nobody could read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Option<String>>,
    /// What it shall be; null for nothing.
    pub after: Option<String>,
}

impl FacetLine {
    /// The facets of a change.
    pub fn of(change: &Change) -> Vec<Self> {
        let before = |facet: &Facet| match &change.expect {
            Expect::Absent { .. } => Some(None),
            Expect::Facets(facets) => match facets.iter().find(|(have, _)| have == facet)? {
                (_, Seen::Value(text)) => Some(Some(text.clone())),
                (_, Seen::Absent) => Some(None),
                (_, Seen::Unreadable) => None,
            },
        };
        let line = |want: &Want| Self {
            facet: want.facet.to_string(),
            before: before(&want.facet),
            after: match &want.value {
                Wanted::Text(text) => Some(text.clone()),
                Wanted::Ref(reference) => Some(reference.to_string()),
                Wanted::Present => Some(String::new()),
                Wanted::Clear => None,
                Wanted::Secret(_) => Some("***".to_owned()),
            },
        };
        change.want.iter().map(line).collect()
    }
}
