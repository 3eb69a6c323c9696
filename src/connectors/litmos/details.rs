//! Details that take a request for each owner: descriptions of teams, teams of users, advanced custom fields.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::pages::{at, body};
use super::{Descriptions, FEW, Litmos, TEAM_LEADERS};
use crate::connectors::address::segment;
use crate::connectors::each::{Ask, Each, Took};
use crate::connectors::{Finish, Input, Next, Walk};
use crate::model::Proof;
use crate::plan::{Reply, Request};

/// Requests that are asked side by side.
const BESIDE: usize = 8;

/// Services that make pages smaller than asked make them a multiple of the documented default (targets/litmos.md 1).
const CAPS: usize = 100;

/// Pages of one owner after which it is taken to be at its end.
const MOST: usize = 100;

/// What is asked of each owner.
#[derive(Clone)]
pub(super) struct Call {
    litmos: Litmos,
    /// The call, `{id}` being the owner.
    call: &'static str,
    /// Whether it is a list, which comes in pages.
    paged: bool,
    /// What becomes of a reply's body before it is read.
    turn: fn(Bytes) -> Result<Bytes, String>,
    /// What the owners are called.
    owners: &'static str,
}

/// A walk that asks something of each owner.
pub(super) type Details = Each<Call>;

/// A list of each team.
pub(super) fn of_teams(litmos: Litmos, feed: Arc<str>, owners: Vec<String>, call: &'static str) -> Details {
    Each::new(feed, owners, BESIDE, Call { litmos, call, paged: true, turn: Ok, owners: "teams" })
}

/// Descriptions of teams: only the call for one team has them (targets/litmos.md 5).
pub(super) fn teams(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Box<dyn Walk> {
    if litmos.descriptions == Descriptions::Few && owners.len() > FEW {
        return Box::new(Later(format!(
            "descriptions of {} teams are left unread, as each is a request: `team_descriptions = \"all\"` reads them",
            owners.len()
        )));
    }
    let call = Call { litmos, call: "teams/{id}", paged: false, turn: Ok, owners: "teams" };
    Box::new(Each::new(feed, owners, BESIDE, call))
}

/// Leaders or administrators of teams, as the feed says.
pub(super) fn officers(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Details {
    let call = if *feed == *TEAM_LEADERS { "teams/{id}/leaders" } else { "teams/{id}/admins" };
    of_teams(litmos, feed, owners, call)
}

/// Teams of users, inactive ones included.
pub(super) fn user_teams(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Details {
    let call = Call { litmos, call: "users/{id}/teams", paged: true, turn: Ok, owners: "users" };
    Each::new(feed, owners, BESIDE, call)
}

/// Advanced custom fields of users (targets/litmos.md 6).
pub(super) fn custom(litmos: Litmos, feed: Arc<str>, owners: Vec<String>) -> Details {
    let call = "users/{id}/usercustomfields";
    let call = Call { litmos, call, paged: false, turn: super::custom::page, owners: "users" };
    Each::new(feed, owners, BESIDE, call)
}

/// How far one owner has come.
#[derive(Default)]
pub(super) struct Progress {
    rows: usize,
    pages: usize,
}

impl Ask for Call {
    type Progress = Progress;

    fn request(&self, owner: &str, progress: &Progress) -> Option<Request> {
        let base = self.litmos.get(&self.call.replace("{id}", &segment(owner)?));
        Some(if self.paged { at(&base, self.litmos.limit(), progress.rows) } else { base })
    }

    fn take(&mut self, _owner: &str, progress: &mut Progress, reply: Option<&Reply>) -> Result<Took, String> {
        let bytes = body(reply, &self.litmos.get(self.call))?;
        let page = (self.turn)(self.litmos.plain_body(bytes))?;
        let rows = if self.paged { count(&page)? } else { 0 };
        progress.rows += rows;
        progress.pages += 1;
        // A page that is not full is the last one. A request more for each owner would be twice as many, so only a number
        // that looks like a cap of the service's own is looked behind.
        let full = rows >= self.litmos.limit() as usize || rows.is_multiple_of(CAPS);
        let more = rows > 0 && full && progress.pages < MOST;
        Ok(Took { page, more })
    }

    fn owners(&self) -> &str {
        self.owners
    }
}

/// How many entries a list has.
fn count(bytes: &[u8]) -> Result<usize, String> {
    serde_json::from_slice::<Vec<IgnoredAny>>(bytes)
        .map(|entries| entries.len())
        .map_err(|fault| format!("the reply is no list: {fault}"))
}

/// A walk that leaves all of it for later, in these words.
struct Later(String);

impl Walk for Later {
    fn next(&mut self, _input: Input) -> Next {
        Next::Done(Finish::Feed(Proof::Complete { how: std::mem::take(&mut self.0), total: 0 }))
    }
}
