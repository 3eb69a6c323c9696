//! What the connection test has found so far of what a service does not show: plain data.

use serde_json::Value;

use crate::model::Kind;
use crate::plan::{Lost, Request};

/// So many records are asked for to look at.
pub(super) const SAMPLE: u32 = 5;

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Absent {
    /// What the schemas do not declare, or say to be returned never or on request alone.
    pub(super) undeclared: Vec<Lost>,
    /// Records as a list has them, by kind.
    pub(super) listed: Vec<(Kind, Vec<Value>)>,
    /// What is being asked, and what for.
    pub(super) asked: Vec<(Kind, Wish, Request)>,
}

/// What a request of this part is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// A page of records.
    Page,
    /// The record at this place of the page, alone.
    Alone(usize),
}
