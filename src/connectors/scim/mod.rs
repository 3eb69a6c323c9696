//! SCIM 2.0 (RFC 7643, 7644, 9865), as real services speak it (targets/scim.md).
//!
//! Owns what a SCIM service is asked and what its answers mean. Does no I/O, and believes no service that it is complete.

mod absent;
#[cfg(test)]
mod answers;
mod behind;
mod chain;
mod closer;
#[cfg(test)]
mod creates;
mod details;
mod discovery;
mod document;
mod edit;
mod listing;
#[cfg(test)]
mod listing_traps;
mod look;
mod pages;
mod patch;
mod path;
mod portions;
mod probe;
#[cfg(test)]
mod probe_findings;
#[cfg(test)]
mod profiles;
mod said;
mod schemas;
mod verdict;
mod whole;
mod write;
#[cfg(test)]
mod write_forms;

use std::sync::Arc;

use super::address::Address;
use super::each::Each;
use super::fault::told;
use super::walk::Unserved;
use super::{Connector, Look, Looked, Observed, Read, Settings, Walk};
use crate::mapping::{Ends, Mapping, SwitchOff};
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::{Change, Endpoint, Refusal, Reply, Request, Site, Step, Verdict};
use listing::Listing;
use pages::Asks;
use probe::Profile;

/// The connector.
pub(super) struct Scim {
    mapping: Arc<Mapping>,
    base: Option<Address>,
    profile: Profile,
    /// Whether users are switched off by DELETE, which is a soft delete there (seeds, Aha! limitation 5; or its file says so).
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
        let soft_delete = mapping.service.switch_off == Some(SwitchOff::Delete)
            || (behind_aha && mapping.setting(&settings.own, "switch_off") == Some("delete"));
        let mapping = behind::through(mapping, settings);
        Self { soft_delete, mapping, base: Address::parse(&settings.url), profile }
    }

    /// Whether the totals of a kind can be gone by.
    fn by_total(&self, kind: Kind) -> bool {
        self.mapping.feed(&feed_of(kind)).is_none_or(|feed| feed.ends == Ends::Total)
    }

    /// The media type of what is sent.
    fn media(&self) -> &str {
        self.mapping.service.media.as_deref().unwrap_or(MEDIA)
    }
}

/// How pages are asked for: as many records as the mapping wants, and no more than the service allows.
fn asks(mapping: &Mapping, site: &Site) -> Asks {
    let count = (!site.no_count).then(|| mapping.page_size.min(site.max_page.unwrap_or(u32::MAX)).max(1));
    Asks { count, first_row: mapping.service.start_index.unwrap_or(1) }
}

/// The request of a kind's listing, with what its file says belongs to it, without which page.
fn listing_at(mapping: &Mapping, kind: Kind, path: &str) -> Request {
    let at = mapping.feed(&feed_of(kind)).map_or("", |feed| feed.path.as_str());
    let (_, query) = pages::parted(at);
    query.into_iter().fold(accept(Request::get(path)), |request, (name, value)| request.query(name, value))
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
        let first = |mapping: &Mapping, site: &Site, at: &Endpoint| {
            let base = listing_at(mapping, at.kind, &at.path);
            Listing::new("".into(), base, asks(mapping, site), site.paging).request()
        };
        Box::new(probe::Probe::new(self.base.clone(), self.mapping.clone(), self.profile).before_reading(first))
    }

    fn feeds(&self, site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let listing = self.mapping.feed(&feed_of(kind)).filter(|_| site.endpoint(kind).is_some());
        let Some(listing) = listing else { return Vec::new() };
        std::iter::once(listing).chain(self.details_of(kind)).map(|feed| feed.name.clone()).collect()
    }

    fn walk(&self, site: &Site, feed: &str, owners: Vec<String>) -> Box<dyn Walk> {
        if let (Some(details), Some(base)) =
            (self.mapping.feed(feed).filter(|feed| feed.detail_of.is_some()), self.base.clone())
        {
            let ask = details::Details { base, feed: details.clone(), asks: asks(&self.mapping, site) };
            return Box::new(Each::new(feed.into(), owners, details::BESIDE, ask));
        }
        let kind = Kind::ALL.into_iter().find(|&kind| feed_of(kind) == feed);
        let endpoints = kind.into_iter().flat_map(|kind| site.endpoints_of(kind)).filter(|_| self.base.is_some());
        let mut walks: Vec<Listing> = endpoints
            .map(|endpoint| {
                let request = listing_at(&self.mapping, endpoint.kind, &endpoint.path);
                let listing = Listing::new(feed.into(), request, asks(&self.mapping, site), site.paging);
                if self.by_total(endpoint.kind) { listing } else { listing.until_an_empty_page() }
            })
            .collect();
        match walks.len() {
            0 => Box::new(Unserved(format!("the service has no {feed}"))),
            1 => Box::new(walks.remove(0)),
            _ => Box::new(chain::Chain::new(walks)),
        }
    }

    fn read_one(&self, site: &Site, key: &RecordKey) -> Vec<Request> {
        self.ask_whole(site, key.kind, &key.id)
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
        self.seen_or_more(site, kind, want, read, false)
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
