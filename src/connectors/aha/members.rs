//! Who is in which team: one listing for each team (targets/aha.md 12). Virtual members are no users and have no id.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::look::own_id;
use super::pages::{PER_PAGE, Progress, body, page_of, pagination};
use crate::connectors::address::segment;
use crate::connectors::each::{Ask, Took};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Requests that are asked side by side.
pub(super) const BESIDE: usize = 4;

/// What a page holds of interest here.
#[derive(Deserialize)]
struct Memberships {
    #[serde(default)]
    team_memberships: Vec<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// How far one team has come.
#[derive(Default)]
pub(super) struct Team {
    pages: Progress,
    seen: HashSet<String>,
}

/// The memberships of teams.
pub(super) struct Members<L> {
    /// The request for the memberships of the team of an id, as a segment of a path.
    pub(super) listing: L,
    /// Members so far who are no users.
    pub(super) virtual_members: u64,
}

impl<L: Fn(&str) -> Option<Request> + Send> Ask for Members<L> {
    type Progress = Team;

    fn request(&self, owner: &str, team: &Team) -> Option<Request> {
        let listing = segment(owner).and_then(|at| (self.listing)(&at))?;
        Some(page_of(&listing, team.pages.page + 1))
    }

    fn take(&mut self, owner: &str, team: &mut Team, reply: Option<&Reply>) -> Result<Took, String> {
        let listing = segment(owner).and_then(|at| (self.listing)(&at)).ok_or("it was not asked for")?;
        let bytes = body(reply, &listing, team.pages.page + 1)?;
        let page: Memberships =
            serde_json::from_slice(&bytes).map_err(|fault| format!("a page of it is not whole JSON: {fault}"))?;
        let mut fresh = 0;
        for membership in &page.team_memberships {
            if own_id(membership).is_some_and(|id| team.seen.insert(id)) {
                fresh += 1;
                self.virtual_members += u64::from(nobody(membership));
            }
        }
        let listed = page.team_memberships.len() as u64;
        match team.pages.take(listed, fresh, pagination(&page.rest), PER_PAGE.into()) {
            Some(Proof::Partial { why }) => Err(why),
            proof => Ok(Took { page: bytes, more: proof.is_none() }),
        }
    }

    fn owners(&self) -> &'static str {
        "teams"
    }

    fn remark(&self) -> String {
        match self.virtual_members {
            0 => String::new(),
            some => format!("; {some} virtual members are no users of Aha! and are left out"),
        }
    }
}

/// Whether a membership is that of somebody who is no user (targets/aha.md 12: `virtual`, `user_id` is null).
fn nobody(membership: &Value) -> bool {
    membership.get("team_member").and_then(|member| member.get("user_id")).is_none_or(Value::is_null)
}
