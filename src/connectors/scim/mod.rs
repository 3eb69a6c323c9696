//! SCIM 2.0 (RFC 7643, 7644, 9865), as real services speak it (targets/scim.md).
//!
//! Owns what a SCIM service is asked and what its answers mean. Does no I/O, and believes no service that it is complete.

#[cfg(test)]
mod answers;
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
mod verdict;
mod write;
#[cfg(test)]
mod write_forms;

use std::sync::Arc;

use super::address::Address;
use super::fault::told;
use super::{Connector, Finish, Input, Looked, Next, Observed, Settings, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, Proof, RecordKey};
use crate::plan::{Change, Refusal, Reply, Request, Site, Step, Verdict};

/// The connector.
pub(super) struct Scim {
    mapping: Arc<Mapping>,
    base: Option<Address>,
    /// The setting `profile`.
    profile: String,
}

impl Scim {
    pub(super) fn new(mapping: Arc<Mapping>, settings: &Settings) -> Self {
        let profile = settings.own.get("profile").cloned().unwrap_or_default();
        Self { mapping, base: Address::parse(&settings.url), profile }
    }

    /// Records a page: what the mapping wants, and no more than the service allows.
    fn page(&self, site: &Site) -> u32 {
        self.mapping.page_size.min(site.max_page.unwrap_or(u32::MAX)).max(1)
    }
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
        Box::new(probe::Probe::new(self.base.clone(), self.mapping.clone(), self.profile == "oneim"))
    }

    fn feeds(&self, site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let feed = feed_of(kind);
        let served = site.endpoint(kind).is_some() && self.mapping.feed(&feed).is_some();
        served.then(|| feed.into()).into_iter().collect()
    }

    fn walk(&self, site: &Site, feed: &str, _owners: Vec<String>) -> Box<dyn Walk> {
        let endpoint = Kind::ALL.into_iter().find(|&kind| feed_of(kind) == feed).and_then(|kind| site.endpoint(kind));
        match self.base.as_ref().and(endpoint) {
            Some(endpoint) => {
                let request = accept(Request::get(endpoint.path.clone()));
                Box::new(listing::Listing::new(feed.into(), request, Some(self.page(site)), site.paging))
            }
            None => Box::new(NotServed(feed.to_owned())),
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

    fn render(&self, site: &Site, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        self.steps(site, changes, native)
    }

    fn classify(&self, _site: &Site, step: &Step, reply: &Reply) -> Verdict {
        Self::judge(step, reply)
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
            // targets/scim.md A4: for some seconds while a region fails over.
            406 => format!("{told}: the service does not answer in this form just now; try again in a moment"),
            429 => format!("{told}: over the service's limit"),
            300..=399 => format!(
                "{told}: answered with a redirect to {}, which is not followed; give the final address",
                reply.header("location").unwrap_or("nowhere")
            ),
            _ => told,
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
