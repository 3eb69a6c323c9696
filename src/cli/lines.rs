//! The lines of JSON: one object a line (DESIGN.md section 7). Field names and their order are a contract.

use serde::Serialize;

use crate::compare::Direction;

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
    /// The counts, last.
    Summary {
        /// Mismatches.
        mismatches: usize,
        /// Lint.
        lint: usize,
        /// Records with a difference that was adopted, and so is not counted.
        waived: usize,
    },
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
    /// The source's value; null for none.
    pub source: Option<String>,
    /// The target's value; null for none.
    pub target: Option<String>,
    /// Which side moved.
    pub direction: Direction,
}
