//! The roles of Aha!: a page of the built-in ones, then the custom ones that users hold (targets/aha.md 10.2). There is no
//! endpoint for roles, so this walks the users a second time and keeps nothing of them but `user_roles`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::pages::{PER_PAGE, Progress, body, page_of, pagination};
use crate::connectors::loose::id;
use crate::connectors::{Finish, Input, Next, Page, Walk};
use crate::model::Proof;
use crate::plan::Request;

/// What the listing of users holds of interest here; a user's other fields are skipped unread.
#[derive(Deserialize)]
struct Users {
    users: Vec<Option<Holder>>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize)]
struct Holder {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    user_roles: Option<Vec<Option<Held>>>,
}

#[derive(Deserialize)]
struct Held {
    #[serde(default)]
    role_id: Value,
    #[serde(default)]
    name: Option<String>,
}

/// Whether the walk has handed out its last page.
#[derive(PartialEq, Eq)]
enum Stage {
    BuiltIn,
    Users,
    Custom,
}

/// The walk of roles.
pub(super) struct Roles {
    feed: Arc<str>,
    built_in: Vec<Value>,
    users: Request,
    stage: Stage,
    progress: Progress,
    seen: HashSet<String>,
    custom: BTreeMap<String, String>,
    proof: Option<Proof>,
}

impl Roles {
    /// `built_in` are the roles that the mapping states, `users` is the listing of users.
    pub(super) fn new(feed: Arc<str>, built_in: Vec<Value>, users: Request) -> Self {
        Self {
            feed,
            built_in,
            users,
            stage: Stage::BuiltIn,
            progress: Progress::default(),
            seen: HashSet::new(),
            custom: BTreeMap::new(),
            proof: None,
        }
    }

    fn page(&self, roles: Vec<Value>) -> Next {
        let bytes = Bytes::from(json!({ "roles": roles }).to_string());
        Next::Page(Page { feed: self.feed.clone(), owner: None, bytes })
    }

    fn ask(&self) -> Next {
        Next::Ask(vec![page_of(&self.users, self.progress.page + 1)])
    }

    fn users(&mut self, body: &[u8]) -> Next {
        let page = match serde_json::from_slice::<Users>(body) {
            Ok(page) => page,
            Err(fault) => {
                return self.custom(Proof::Partial { why: format!("a page of users is not whole JSON: {fault}") });
            }
        };
        let mut fresh = 0;
        for user in page.users.iter().flatten() {
            fresh += u64::from(id(&user.id).is_some_and(|id| self.seen.insert(id)));
            for held in user.user_roles.iter().flatten().flatten() {
                if let Some(id) = id(&held.role_id) {
                    let name = held.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone());
                    self.custom.entry(id).or_insert(name);
                }
            }
        }
        match self.progress.take(page.users.len() as u64, fresh, pagination(&page.rest), PER_PAGE.into()) {
            Some(proof) => self.custom(proof),
            None => self.ask(),
        }
    }

    /// Hands out the custom roles that were found, and keeps what the walk through the users is worth.
    fn custom(&mut self, users: Proof) -> Next {
        let total = (self.built_in.len() + self.custom.len()) as u64;
        self.proof = Some(match users {
            Proof::Complete { how, .. } => Proof::Complete {
                how: format!(
                    "{} built-in roles, and {} custom ones that users hold ({how}); a custom role held by nobody cannot be \
                     discovered",
                    self.built_in.len(),
                    self.custom.len()
                ),
                total,
            },
            Proof::Partial { why } => {
                Proof::Partial { why: format!("custom roles come from the users, and there: {why}") }
            }
            other => other,
        });
        self.stage = Stage::Custom;
        if self.custom.is_empty() {
            return self.end();
        }
        let roles = self.custom.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect::<Vec<_>>();
        self.page(roles)
    }

    fn end(&mut self) -> Next {
        let proof = self.proof.take().unwrap_or(Proof::Partial { why: "the walk had already ended".into() });
        Next::Done(Finish::Feed(proof))
    }

    fn give_up(&mut self, why: String) -> Next {
        match self.stage {
            Stage::Users => self.custom(Proof::Partial { why }),
            Stage::BuiltIn | Stage::Custom => {
                self.proof = Some(Proof::Partial { why });
                self.end()
            }
        }
    }
}

impl Walk for Roles {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.page(self.built_in.clone()),
            Input::Taken(_) if self.stage == Stage::BuiltIn => {
                self.stage = Stage::Users;
                self.ask()
            }
            Input::Taken(_) => self.end(),
            Input::Replies(replies) => match body(replies.first(), &self.users, self.progress.page + 1) {
                Ok(bytes) => self.users(&bytes),
                Err(why) => self.give_up(why),
            },
            Input::Unreadable(why) => self.give_up(format!("the page of roles could not be read: {why}")),
        }
    }

    fn expected(&self) -> Option<u64> {
        None
    }
}
