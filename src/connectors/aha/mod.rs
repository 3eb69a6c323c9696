//! Aha!, REST v1, as its wire really is (targets/aha.md): users with role and product in pairs, products as a tree, roles
//! from a table and from what users hold, teams with their members.
//!
//! Owns what Aha! is asked and what its answers mean. Does no I/O.

#[cfg(test)]
mod conversations;
mod details;
mod look;
mod members;
mod pages;
mod probe;
#[cfg(test)]
mod requests;
mod role;
mod roles;
mod verdict;
mod words;
mod write;

use std::sync::Arc;

use super::address::Address;
use super::each::Each;
use super::walk::Unserved;
use super::{Connector, Looked, Observed, Settings, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::{Change, Refusal, Reply, Request, Site, Step, Verdict};

/// The connector.
#[derive(Clone)]
pub(super) struct Aha {
    mapping: Arc<Mapping>,
    base: Option<Address>,
    /// The account that is expected: the setting `account`, or the host's first label.
    account: Option<String>,
}

impl Aha {
    pub(super) fn new(mapping: Arc<Mapping>, settings: &Settings) -> Self {
        let base = Address::parse(&settings.url);
        let of_host = base.as_ref().filter(|base| !base.loopback()).map(|base| probe::label(&base.host).to_owned());
        let set = settings.own.get("account").map(|account| account.trim().to_ascii_lowercase());
        let account = set.filter(|account| !account.is_empty()).or(of_host);
        Self { mapping, base, account }
    }

    /// A read.
    fn get(&self, rest: &str) -> Option<Request> {
        self.base.as_ref().map(|_| accept(Request::get(path(rest))))
    }
}

/// An absolute path of the interface, whether or not the base names the interface's own path already.
fn path(rest: &str) -> String {
    format!("/api/v1/{rest}")
}

fn accept(mut request: Request) -> Request {
    request.headers.push(("accept".into(), "application/json".into()));
    request
}

/// The feeds, as the mapping names them.
const USERS: &str = "users";
const ROLES: &str = "roles";
const PRODUCTS: &str = "products";
const DETAILS: &str = "product-details";
const TEAMS: &str = "teams";
const MEMBERSHIPS: &str = "team-memberships";

impl Connector for Aha {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        Box::new(probe::Probe::new(self.clone()))
    }

    fn feeds(&self, site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let names: &[&str] = match kind {
            Kind::User => &[USERS],
            Kind::Role => &[ROLES],
            Kind::Product => &[PRODUCTS, DETAILS],
            // Only where the test has found them: not every plan has teams, and not every key may see them.
            Kind::Group if site.endpoint(Kind::Group).is_some() => &[TEAMS, MEMBERSHIPS],
            Kind::Group => &[],
        };
        names.iter().filter(|name| self.mapping.feed(name).is_some()).map(|&name| name.into()).collect()
    }

    fn walk(&self, _site: &Site, feed: &str, owners: Vec<String>) -> Box<dyn Walk> {
        let name: Arc<str> = feed.into();
        // Without `include_teams` products that users have roles on would be missing (targets/aha.md 11).
        let products = || self.get("products").map(|request| request.query("include_teams", "true"));
        let walk: Option<Box<dyn Walk>> = match feed {
            USERS => self.get("users").map(|users| Box::new(pages::Pages::new(name, users)) as Box<dyn Walk>),
            ROLES => self.get("users").map(|users| {
                Box::new(roles::Roles::new(name, self.mapping.stated(Kind::Role), users)) as Box<dyn Walk>
            }),
            PRODUCTS => products().map(|products| Box::new(pages::Pages::new(name, products)) as Box<dyn Walk>),
            DETAILS => products().map(|products| {
                Box::new(details::Details::new(name, products, path("products"), owners)) as Box<dyn Walk>
            }),
            TEAMS => self.get("teams").map(|teams| Box::new(pages::Pages::new(name, teams)) as Box<dyn Walk>),
            MEMBERSHIPS => {
                let aha = self.clone();
                let listing = move |id: &str| aha.get(&format!("teams/{id}/team_memberships"));
                let ask = members::Members { listing, virtual_members: 0 };
                Some(Box::new(Each::new(name, owners, members::BESIDE, ask)))
            }
            _ => None,
        };
        walk.unwrap_or_else(|| Box::new(Unserved(format!("Aha! has no {feed}"))))
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
        self.seen(kind, want, replies)
    }

    fn render(&self, site: &Site, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        self.steps(site, changes, native)
    }

    fn classify(&self, _site: &Site, step: &Step, reply: &Reply) -> Verdict {
        verdict::judge(step, reply)
    }

    fn explain(&self, request: &Request, reply: &Reply) -> String {
        words::explain(request, reply)
    }
}
