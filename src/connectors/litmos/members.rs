//! Who is in which team, with the fewest requests: by team, or by user where there are fewer users than teams
//! (targets/litmos.md 7). The call by team leaves inactive users out; the mapping says so (`unlisted`).

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::details::{self, Details};
use super::pages::{at, body};
use super::{Litmos, MEMBERS};
use crate::connectors::last::{After, Last};
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;

/// So few teams that it is no use counting users first, should the probe not have seen how many there are.
const FEW_TEAMS: usize = 20;

/// A record of which only this is of interest.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "Id", default)]
    id: String,
    #[serde(rename = "UserName", default)]
    user_name: Option<String>,
}

/// How the teams' members are read.
enum Way {
    /// Not decided: users are listed until they outnumber the teams.
    Counting,
    /// Team by team.
    Teams(Box<Details>),
    /// User by user, and then turned round.
    Users(Box<Details>),
    /// What was turned round is handed out.
    HandOut,
}

/// The walk of members.
pub(super) struct Members {
    litmos: Litmos,
    feed: Arc<str>,
    teams: Vec<String>,
    /// So many users there are at least.
    at_least: u64,
    way: Way,
    /// Users seen while counting, by id.
    users: BTreeMap<String, String>,
    rows: usize,
    last: Last,
    /// Members by team, where they were read by user.
    members: BTreeMap<String, Vec<Value>>,
    pages: Vec<Page>,
    proof: Option<Proof>,
}

impl Members {
    pub(super) fn new(litmos: Litmos, feed: Arc<str>, teams: Vec<String>, at_least: u64) -> Self {
        Self {
            litmos,
            feed,
            teams,
            at_least,
            way: Way::Counting,
            users: BTreeMap::new(),
            rows: 0,
            last: Last::default(),
            members: BTreeMap::new(),
            pages: Vec::new(),
            proof: None,
        }
    }

    fn limit(&self) -> u32 {
        (self.teams.len() as u32).clamp(1, self.litmos.limit())
    }

    fn count(&self) -> Next {
        Next::Ask(vec![at(&self.litmos.get("users"), self.limit(), self.rows)])
    }

    fn by_team(&mut self) -> Next {
        let teams = std::mem::take(&mut self.teams);
        let mut details = details::of_teams(self.litmos.clone(), self.feed.clone(), teams, "teams/{id}/users");
        let next = details.next(Input::Start);
        self.way = Way::Teams(Box::new(details));
        next
    }

    fn by_user(&mut self) -> Next {
        let users = self.users.keys().cloned().collect();
        let mut details = details::user_teams(self.litmos.clone(), MEMBERS.into(), users);
        let next = details.next(Input::Start);
        self.way = Way::Users(Box::new(details));
        self.by_user_next(next)
    }

    fn counted(&mut self, replies: &[crate::plan::Reply]) -> Next {
        let page = body(replies.first(), &self.litmos.get("users"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Vec<Named>>(&bytes).ok());
        // Counting is only to save requests: where it fails, teams are asked.
        let Some(page) = page else { return self.by_team() };
        let (rows, before) = (page.len(), self.users.len());
        self.rows += rows;
        for user in page {
            self.users.insert(user.id, user.user_name.unwrap_or_default());
        }
        let fresh = self.users.len() - before;
        let after = self.last.take(rows as u64, fresh as u64, self.limit().into());
        match after {
            _ if self.users.len() >= self.teams.len() => self.by_team(),
            After::More => self.count(),
            After::End => self.by_user(),
            After::Again => self.by_team(),
        }
    }

    /// Takes the pages of users in by itself, and goes on until a request or the end comes.
    fn by_user_next(&mut self, mut next: Next) -> Next {
        loop {
            let input = match next {
                Next::Ask(requests) => return Next::Ask(requests),
                Next::Page(page) => match serde_json::from_slice::<Vec<Named>>(&page.bytes) {
                    Ok(teams) => {
                        let user = page.owner.unwrap_or_default();
                        let name = self.users.get(&user).cloned().unwrap_or_default();
                        for team in teams {
                            let member = json!({ "Id": user, "UserName": name });
                            self.members.entry(team.id).or_default().push(member);
                        }
                        Input::Taken(crate::mapping::Taken::default())
                    }
                    Err(fault) => Input::Unreadable(format!("the teams of a user are no list: {fault}")),
                },
                // Only a file is read in pieces.
                Next::Block(block) => Input::Unreadable(format!("{} came in pieces", block.feed)),
                Next::Done(finish) => return self.turn(finish),
            };
            let Way::Users(details) = &mut self.way else { return self.ended() };
            next = details.next(input);
        }
    }

    /// All users were asked: a page for each team.
    fn turn(&mut self, finish: Finish) -> Next {
        self.way = Way::HandOut;
        let proof = match finish {
            Finish::Feed(proof) => proof,
            Finish::Site(_) => Proof::Partial { why: "a listing ended as a probe".into() },
        };
        match proof {
            Proof::Complete { total, .. } => {
                let how = format!("{total} users asked one by one, as they are fewer than the teams");
                self.proof = Some(Proof::Complete { how, total: self.teams.len() as u64 });
                let mut known = HashSet::new();
                for team in self.teams.iter().filter(|team| known.insert(team.as_str())) {
                    let bytes = Value::from(self.members.remove(team).unwrap_or_default()).to_string().into();
                    self.pages.push(Page { feed: self.feed.clone(), owner: Some(team.clone()), bytes });
                }
                self.pages.reverse();
            }
            // Whose teams could not be read might be in any: no list is whole then.
            other => self.proof = Some(other),
        }
        self.hand_out()
    }

    fn hand_out(&mut self) -> Next {
        match self.pages.pop() {
            Some(page) => Next::Page(page),
            None => self.ended(),
        }
    }

    fn ended(&mut self) -> Next {
        let proof = self.proof.take().unwrap_or(Proof::Partial { why: "the walk had already ended".into() });
        Next::Done(Finish::Feed(proof))
    }
}

impl Walk for Members {
    fn next(&mut self, input: Input) -> Next {
        match (&mut self.way, input) {
            (Way::Counting, Input::Start)
                if self.teams.len() <= FEW_TEAMS || self.at_least >= self.teams.len() as u64 =>
            {
                self.by_team()
            }
            (Way::Counting, Input::Replies(replies)) => self.counted(&replies),
            (Way::Counting, _) => self.count(),
            (Way::Teams(details), input) => details.next(input),
            (Way::Users(details), input) => {
                let next = details.next(input);
                self.by_user_next(next)
            }
            (Way::HandOut, Input::Unreadable(why)) => {
                self.proof = Some(Proof::Partial { why });
                self.pages.clear();
                self.ended()
            }
            (Way::HandOut, _) => self.hand_out(),
        }
    }
}
