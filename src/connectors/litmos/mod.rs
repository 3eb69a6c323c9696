//! SAP Litmos, `v1.svc`, as its wire really is (targets/litmos.md): users as whole records, teams as a tree, memberships by
//! calls of their own.
//!
//! Owns what SAP Litmos is asked and what its answers mean. Does no I/O.

mod body;
mod custom;
mod details;
mod look;
mod members;
mod officers;
mod pages;
mod place;
mod plain;
mod probe;
mod teams;
#[cfg(test)]
mod tests;
mod users;
mod verdict;
mod words;

use std::sync::Arc;

use serde_json::Value;

use super::address::Address;
use super::walk::Unserved;
use super::wanted::{about, in_order};
use super::{Connector, Finish, Input, Look, Looked, Next, Observed, Page, Read, Settings, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, Proof, RecordKey};
use crate::plan::{Body, Change, Method, Refusal, Repeat, Reply, Request, Site, Step, Verdict};

/// The feeds, as the mapping names them.
const USERS: &str = "users";
const USER: &str = "user";
const USER_TEAMS: &str = "user-teams";
const USER_CUSTOM: &str = "user-custom";
const LEVELS: &str = "access-levels";
const TEAMS: &str = "teams";
const TEAM: &str = "team";
const TEAM_DETAILS: &str = "team-details";
const MEMBERS: &str = "team-members";
const TEAM_LEADERS: &str = "team-leaders";
const TEAM_ADMINS: &str = "team-admins";

/// The largest page that SAP Litmos documents (targets/litmos.md 1).
const LARGEST: u32 = 1000;

/// Of how many teams the descriptions are read by themselves: each is a request, and a hundred fit into a minute.
const FEW: usize = 50;

/// Of which teams the descriptions are read with the teams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Descriptions {
    Few,
    All,
    None,
}

/// The connector.
#[derive(Clone)]
pub(super) struct Litmos {
    mapping: Arc<Mapping>,
    base: Option<Address>,
    /// What every request gives as its `source`: without it SAP Litmos lets nobody in (targets/litmos.md 1).
    source: String,
    /// Whether it shall write to people who get an account or come into a team.
    send_message: bool,
    /// Whether people may keep a password that was set for them.
    skip_first_login: bool,
    descriptions: Descriptions,
    user_groups: bool,
    /// Whether leaders and administrators of teams are read: two requests a team.
    team_leaders: bool,
    custom_fields: bool,
    /// Whether texts come HTML-escaped and are turned back.
    html_escaped: bool,
    /// Whether new users get the password that a setting refers to.
    new_password: bool,
}

/// The secret setting with the password of new users.
const NEW_PASSWORD: &str = "new_password";

impl Litmos {
    pub(super) fn new(mapping: Arc<Mapping>, settings: &Settings) -> Self {
        let set = |name: &str| mapping.setting(&settings.own, name).unwrap_or_default().trim().to_owned();
        let yes = |name: &str| set(name) == "yes";
        Self {
            base: Address::parse(&settings.url),
            source: set("source_name"),
            send_message: yes("send_message"),
            skip_first_login: yes("skip_first_login"),
            descriptions: match set("team_descriptions").as_str() {
                "all" => Descriptions::All,
                "none" => Descriptions::None,
                _ => Descriptions::Few,
            },
            user_groups: yes("user_groups"),
            team_leaders: yes("team_leaders"),
            custom_fields: yes("custom_fields"),
            html_escaped: yes("html_escaped"),
            new_password: settings.secrets.contains(NEW_PASSWORD),
            mapping,
        }
    }

    /// Records a page that are asked for.
    fn limit(&self) -> u32 {
        self.mapping.page_size.clamp(1, LARGEST)
    }

    /// An absolute path of the interface; `/v1.svc` may stand in the address already.
    fn path(&self, rest: &str) -> String {
        let base = self.base.as_ref().map_or("", |base| base.path.as_str());
        let root = if base.to_ascii_lowercase().ends_with("/v1.svc") { "" } else { "/v1.svc" };
        format!("{base}{root}/{rest}")
    }

    /// A request with what all have in common: JSON is asked for in both ways, as the default is XML (targets/litmos.md 1).
    fn request(&self, method: Method, rest: &str, body: Option<Value>, repeat: Repeat) -> Request {
        let body = body.map_or(Body::None, |json| Body::Json { json, media: "application/json".into() });
        let mut request = Request::new(method, self.path(rest), body, repeat);
        request.headers.push(("accept".into(), "application/json".into()));
        request.query("source", self.source.as_str()).query("format", "json")
    }

    fn get(&self, rest: &str) -> Request {
        self.request(Method::Get, rest, None, Repeat::Safe)
    }

    /// A page of a listing.
    fn page(&self, rest: &str, start: usize) -> Request {
        pages::at(&self.get(rest), self.limit(), start)
    }
}

/// `true` and `false` as queries have them.
fn flag(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

impl Connector for Litmos {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        Box::new(probe::Probe::new(self.clone()))
    }

    fn probe_to_read(&self) -> Box<dyn Walk> {
        Box::new(probe::Probe::to_read(self.clone()))
    }

    fn feeds(&self, _site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let mut names = match kind {
            Kind::User => vec![USERS],
            Kind::Group => vec![TEAMS, MEMBERS],
            Kind::Role => vec![LEVELS],
            Kind::Product => Vec::new(),
        };
        if kind == Kind::User && self.user_groups {
            names.push(USER_TEAMS);
        }
        if kind == Kind::User && self.custom_fields {
            names.push(USER_CUSTOM);
        }
        if kind == Kind::Group && self.descriptions != Descriptions::None {
            names.push(TEAM_DETAILS);
        }
        if kind == Kind::Group && self.team_leaders {
            names.extend([TEAM_LEADERS, TEAM_ADMINS]);
        }
        names.into_iter().filter(|name| self.mapping.feed(name).is_some()).map(Arc::from).collect()
    }

    fn walk(&self, site: &Site, feed: &str, owners: Vec<String>) -> Box<dyn Walk> {
        let name: Arc<str> = feed.into();
        match feed {
            USERS => Box::new(pages::Pages::new(self.clone(), name, "users/details")),
            TEAMS => Box::new(pages::Pages::new(self.clone(), name, "teams")),
            LEVELS => Box::new(Stated { feed: name, records: self.mapping.stated(Kind::Role), over: false }),
            MEMBERS => Box::new(members::Members::new(self.clone(), name, owners, site.at_least(Kind::User))),
            USER_TEAMS => Box::new(details::user_teams(self.clone(), name, owners)),
            TEAM_LEADERS | TEAM_ADMINS => Box::new(details::officers(self.clone(), name, owners)),
            TEAM_DETAILS => details::teams(self.clone(), name, owners),
            USER_CUSTOM => Box::new(details::custom(self.clone(), name, owners)),
            _ => Box::new(Unserved(format!("SAP Litmos has no {feed}"))),
        }
    }

    fn read_one(&self, _site: &Site, key: &RecordKey) -> Vec<Request> {
        self.ask_one(key)
    }

    fn find(&self, _site: &Site, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        self.ask_by(kind, by)
    }

    fn observe(
        &self,
        _site: &Site,
        kind: Kind,
        want: Looked<'_>,
        replies: &[Reply],
    ) -> Result<Option<Observed>, String> {
        let asked = match want {
            Looked::Id(id) => self.ask_one(&RecordKey::new(crate::model::SystemId::new(""), kind, id)),
            Looked::By(by) => self.ask_by(kind, by),
        };
        match self.seen(kind, want, &[], Read { asked: &asked, replies }, true)? {
            Look::Seen(seen) => Ok(seen.map(|seen| *seen)),
            Look::More(_) => Err(format!("the {kind} takes more reads than these")),
        }
    }

    fn look(
        &self,
        _site: &Site,
        kind: Kind,
        want: Looked<'_>,
        about: &[&Change],
        read: Read<'_>,
    ) -> Result<Look, String> {
        self.seen(kind, want, about, read, false)
    }

    fn render(&self, site: &Site, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        let first = about(site, changes)?;
        let changes = in_order(changes);
        match first.kind {
            Kind::User => self.user_steps(site, &changes, native),
            Kind::Group => self.team_steps(&changes, native),
            Kind::Role => Err(Refusal::Cannot("SAP Litmos' access levels can only be read".into())),
            Kind::Product => Err(Refusal::Cannot("SAP Litmos has no products".into())),
        }
    }

    fn classify(&self, _site: &Site, step: &Step, reply: &Reply) -> Verdict {
        verdict::judge(step, reply)
    }

    fn lesson(&self, _site: &Site, step: &Step, reply: &Reply) -> Option<String> {
        verdict::lesson(step, reply)
    }

    fn gone(&self, kind: Kind) -> String {
        match kind {
            // targets/litmos.md 8, the seed's last limitation.
            Kind::User => {
                "this user no longer exists in SAP Litmos (deleted for good): create it again, or drop the change"
            }
            _ => "this team no longer exists in SAP Litmos: create it again, or drop the change",
        }
        .to_owned()
    }

    fn explain(&self, request: &Request, reply: &Reply) -> String {
        words::explain(request, reply)
    }
}

/// The walk of records that the mapping states: no request at all.
struct Stated {
    feed: Arc<str>,
    records: Vec<Value>,
    over: bool,
}

impl Walk for Stated {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => {
                let bytes = Value::from(self.records.clone()).to_string().into();
                Next::Page(Page { feed: self.feed.clone(), owner: None, bytes })
            }
            Input::Taken(_) if !self.over => {
                self.over = true;
                let total = self.records.len() as u64;
                let how = format!("{total} access levels that SAP Litmos documents; no call lists them");
                Next::Done(Finish::Feed(Proof::Complete { how, total }))
            }
            Input::Unreadable(why) => Next::Done(Finish::Feed(Proof::Partial { why })),
            Input::Taken(_) | Input::Replies(_) => {
                Next::Done(Finish::Feed(Proof::Partial { why: "the walk had already ended".into() }))
            }
        }
    }
}
