//! An IDaaS that is asked for its people (OneAccess form, targets/kingdee.md 13): users and organisations, read only.
//!
//! Owns what it is asked and what its answers mean. Does no I/O. Of the interface only the listing of users is documented
//! field by field; what else is read here is an assumption, says so, and survives being wrong.

mod members;
mod pages;
mod probe;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::address::Address;
use super::fault::told;
use super::walk::Unserved;
use super::{Connector, Looked, Observed, Settings, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::{Change, Refusal, Reply, Request, Site, Step, Verdict};

/// The feeds, as the mapping names them.
const USERS: &str = "users";
const ORGANIZATIONS: &str = "organizations";
const MEMBERS: &str = "members";

/// The connector.
#[derive(Clone)]
pub(super) struct Idaas {
    mapping: Arc<Mapping>,
    base: Option<Address>,
    /// The organisation below which people are read; `None`: all.
    below: Option<String>,
}

impl Idaas {
    pub(super) fn new(mapping: Arc<Mapping>, settings: &Settings) -> Self {
        let below = settings.own.get("org_id").map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        Self { mapping, base: Address::parse(&settings.url), below }
    }

    fn get(&self, what: &str) -> Option<Request> {
        let base = self.base.as_ref()?;
        let mut request = Request::get(base.join(&format!("api/v2/tenant/{what}")));
        request.headers.push(("accept".into(), "application/json".into()));
        Some(request)
    }

    fn users(&self) -> Option<Request> {
        let request = self.get("users")?;
        Some(match &self.below {
            Some(org) => request.query("org_id", org),
            None => request,
        })
    }
}

impl Connector for Idaas {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        match (self.users(), self.get("organizations")) {
            (Some(users), Some(organizations)) => {
                Box::new(probe::Probe::new(self.mapping.clone(), users, organizations))
            }
            _ => Box::new(Unserved("this IDaaS has no address".to_owned())),
        }
    }

    fn feeds(&self, _site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let names: &[&str] = match kind {
            Kind::User => &[USERS],
            Kind::Group => &[ORGANIZATIONS, MEMBERS],
            Kind::Role | Kind::Product => &[],
        };
        names.iter().filter(|name| self.mapping.feed(name).is_some()).map(|&name| name.into()).collect()
    }

    fn walk(&self, _site: &Site, feed: &str, owners: Vec<String>) -> Box<dyn Walk> {
        let size = self.mapping.page_size;
        let walk: Option<Box<dyn Walk>> = match feed {
            USERS => {
                self.users().map(|request| Box::new(pages::Pages::new(feed.into(), request, size)) as Box<dyn Walk>)
            }
            ORGANIZATIONS => self
                .get("organizations")
                .map(|request| Box::new(pages::Pages::new(feed.into(), request, size)) as Box<dyn Walk>),
            MEMBERS => self
                .users()
                .map(|request| Box::new(members::Members::new(feed.into(), request, size, owners)) as Box<dyn Walk>),
            _ => None,
        };
        walk.unwrap_or_else(|| Box::new(Unserved(format!("this IDaaS has no {feed}"))))
    }

    fn read_one(&self, _site: &Site, _key: &RecordKey) -> Vec<Request> {
        Vec::new()
    }

    fn find(&self, _site: &Site, _kind: Kind, _by: &[(AttrPath, String)]) -> Vec<Request> {
        Vec::new()
    }

    fn observe(&self, _: &Site, kind: Kind, _: Looked<'_>, _: &[Reply]) -> Result<Option<Observed>, String> {
        Err(format!("no call of this service that shows one {kind} by itself is documented"))
    }

    fn render(&self, _: &Site, _: &[&Change], _: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        Err(Refusal::Cannot("this IDaaS is only read here: it is changed in its own pages".into()))
    }

    fn classify(&self, _site: &Site, _step: &Step, _reply: &Reply) -> Verdict {
        Verdict::Failed("this IDaaS is only read here".into())
    }

    fn explain(&self, request: &Request, reply: &Reply) -> String {
        explain(request, reply)
    }
}

fn explain(request: &Request, reply: &Reply) -> String {
    let told = told(reply);
    match reply.status {
        401 => format!("{told}: the token is not accepted; check `auth` of this system"),
        403 => format!(
            "{told}: the application has no permission for {}; grant it the interface's permission in the IDaaS, and \
             put this machine on its list of addresses",
            request.path
        ),
        404 => format!("{told}: nothing is served at {}; check `url`", request.path),
        429 => format!("{told}: over the service's limit"),
        _ => told,
    }
}
