//! SCIM 2.0 (RFC 7643, 7644, 9865), as real services speak it (targets/scim.md).
//!
//! Owns what a SCIM service is asked and what its answers mean. Does no I/O, and believes no service that it is complete.

#[cfg(test)]
mod answers;
mod behind;
mod chain;
mod discovery;
mod edit;
mod listing;
#[cfg(test)]
mod listing_traps;
mod look;
mod patch;
mod path;
mod probe;
#[cfg(test)]
mod probe_findings;
#[cfg(test)]
mod profiles;
mod verdict;
mod write;
#[cfg(test)]
mod write_forms;

use std::sync::Arc;

use super::address::Address;
use super::fault::told;
use super::{Connector, Finish, Input, Look, Looked, Next, Observed, Read, Settings, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, Proof, RecordKey};
use crate::plan::{Change, Refusal, Reply, Request, Site, Step, Verdict};
use listing::Listing;
use probe::Profile;

/// The connector.
pub(super) struct Scim {
    mapping: Arc<Mapping>,
    base: Option<Address>,
    profile: Profile,
    /// Whether users are switched off by DELETE, which is a soft delete there (seeds, Aha! limitation 5).
    soft_delete: bool,
}

impl Scim {
    pub(super) fn new(mapping: Arc<Mapping>, settings: &Settings) -> Self {
        let profile = match settings.own.get("profile").map(String::as_str) {
            Some("oneim") => Profile::OneIm,
            Some("starling") => Profile::Starling,
            _ if settings.own.contains_key(behind::BEHIND) => Profile::Starling,
            _ => Profile::Plain,
        };
        let behind_aha = settings.own.get(behind::BEHIND).is_some_and(|product| product == "aha");
        let soft_delete = behind_aha && mapping.setting(&settings.own, "switch_off") == Some("delete");
        let mapping = behind::through(mapping, settings);
        Self { soft_delete, mapping, base: Address::parse(&settings.url), profile }
    }
}

/// Records a page: what the mapping wants, and no more than the service allows; `None` where it wants not to be told.
fn count(mapping: &Mapping, site: &Site) -> Option<u32> {
    (!site.no_count).then(|| mapping.page_size.min(site.max_page.unwrap_or(u32::MAX)).max(1))
}

/// The media type of SCIM (RFC 7644 3.1).
const MEDIA: &str = "application/scim+json";

/// A read that takes SCIM's media type and plain JSON.
fn accept(mut request: Request) -> Request {
    request.headers.push(("accept".into(), format!("{MEDIA}, application/json")));
    request
}

/// The feed that lists a kind.
fn feed_of(kind: Kind) -> String {
    kind.plural().to_ascii_lowercase()
}

impl Connector for Scim {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        Box::new(probe::Probe::new(self.base.clone(), self.mapping.clone(), self.profile))
    }

    fn probe_to_read(&self) -> Box<dyn Walk> {
        let first = |mapping: &Mapping, site: &Site, path: String| {
            let count = count(mapping, site);
            Listing::new("".into(), accept(Request::get(path)), count, site.paging).request()
        };
        Box::new(probe::Probe::new(self.base.clone(), self.mapping.clone(), self.profile).to_read(first))
    }

    fn feeds(&self, site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let feed = feed_of(kind);
        let served = site.endpoint(kind).is_some() && self.mapping.feed(&feed).is_some();
        served.then(|| feed.into()).into_iter().collect()
    }

    fn walk(&self, site: &Site, feed: &str, _owners: Vec<String>) -> Box<dyn Walk> {
        let kind = Kind::ALL.into_iter().find(|&kind| feed_of(kind) == feed);
        let endpoints = kind.into_iter().flat_map(|kind| site.endpoints_of(kind)).filter(|_| self.base.is_some());
        let mut walks: Vec<Listing> = endpoints
            .map(|endpoint| {
                let request = accept(Request::get(endpoint.path.clone()));
                Listing::new(feed.into(), request, count(&self.mapping, site), site.paging)
            })
            .collect();
        match walks.len() {
            0 => Box::new(NotServed(feed.to_owned())),
            1 => Box::new(walks.remove(0)),
            _ => Box::new(chain::Chain::new(walks)),
        }
    }

    fn read_one(&self, site: &Site, key: &RecordKey) -> Vec<Request> {
        Self::ask_one(site, key)
    }

    fn find(&self, site: &Site, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        self.ask_by(site, kind, by)
    }

    fn observe(
        &self,
        site: &Site,
        kind: Kind,
        want: Looked<'_>,
        replies: &[Reply],
    ) -> Result<Option<Observed>, String> {
        self.seen(site, kind, want, replies)
    }

    fn look(
        &self,
        site: &Site,
        kind: Kind,
        want: Looked<'_>,
        _about: &[&Change],
        read: Read<'_>,
    ) -> Result<Look, String> {
        self.seen_or_more(site, kind, want, read)
    }

    fn render(&self, site: &Site, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        self.steps(site, changes, native)
    }

    fn classify(&self, _site: &Site, step: &Step, reply: &Reply) -> Verdict {
        self.judge(step, reply)
    }

    fn lesson(&self, site: &Site, step: &Step, reply: &Reply) -> Option<String> {
        Self::learn(site, step, reply)
    }

    fn explain(&self, request: &Request, reply: &Reply) -> String {
        let told = told(reply);
        let at = &request.path;
        match reply.status {
            401 => format!("{told}: the service does not accept the credentials; check `auth` of this system"),
            403 => format!("{told}: the credentials are accepted, and may not do this ({at})"),
            404 => format!("{told}: nothing is served at {at}, or it is not visible to us"),
            406 if self.mapping.busy(406).is_none() => {
                format!("{told}: the service does not answer in the form that is asked for ({at})")
            }
            429 => format!("{told}: over the service's limit"),
            300..=399 => format!(
                "{told}: answered with a redirect to {}, which is not followed; give the final address",
                reply.header("location").unwrap_or("nowhere")
            ),
            status => match self.mapping.busy(status) {
                Some(busy) => format!("{told}: {}; try again in a moment", busy.text),
                None => told,
            },
        }
    }
}

/// The walk of a feed that the service does not serve: it reads nothing, and proves nothing.
struct NotServed(String);

impl Walk for NotServed {
    fn next(&mut self, _input: Input) -> Next {
        Next::Done(Finish::Feed(Proof::Partial { why: format!("the service has no {}", self.0) }))
    }
}
