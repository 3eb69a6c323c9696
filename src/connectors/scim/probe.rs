//! The connection test of a SCIM service: what it says of itself, and whether it lets us read (reads only).

use std::sync::Arc;

use serde_json::Value;

use super::absent::{Absent, SAMPLE};
use super::discovery::{self, Offers, Types};
use super::document;
use super::pages::{Asks, From};
use super::{accept, asks, feed_of, listing_at, said};
use crate::connectors::address::Address;
use crate::connectors::fault::{looks_like_json, looks_like_page, told};
use crate::connectors::{Finish, Glimpse, Input, Next, Page, Walk};
use crate::mapping::Mapping;
use crate::model::Kind;
use crate::plan::{Endpoint, Finding, Paging, Reply, Request, Site};

const CONFIG: &str = "ServiceProviderConfig";
const TYPES: &str = "ResourceTypes";
const SCHEMAS: &str = "Schemas";

/// What is on the other side, as the setting `profile` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Profile {
    /// Any service.
    #[default]
    Plain,
    /// One Identity Manager's provider.
    OneIm,
    /// One Identity Starling Connect.
    Starling,
}

/// The walk of a connection test.
pub(super) struct Probe {
    base: Option<Address>,
    pub(super) mapping: Arc<Mapping>,
    pub(super) profile: Profile,
    pub(super) site: Site,
    asked: Option<(Kind, Request)>,
    /// Records of that kind in all, as the page said.
    total: Option<u64>,
    /// The first request of a listing of users, where everything is read right after: as it is for any service until this one
    /// has described itself, and then as it is for this one.
    listing: Option<fn(&Mapping, &Site, &Endpoint) -> Request>,
    guess: Option<Request>,
    kept: Vec<(Request, Reply)>,
    /// What the service does not show.
    pub(super) absent: Absent,
    closer: bool,
    /// The first page of users, as long as nobody has shown it.
    glimpse: Option<Box<Glimpse>>,
}

impl Probe {
    pub(super) fn new(base: Option<Address>, mapping: Arc<Mapping>, profile: Profile) -> Self {
        Self {
            base,
            mapping,
            profile,
            site: Site::default(),
            asked: None,
            total: None,
            listing: None,
            guess: None,
            kept: Vec::new(),
            absent: Absent::default(),
            closer: false,
            glimpse: None,
        }
    }

    /// The same before a reading: what tells whether users may be read is the first page of them, which is asked for together
    /// with what the service says of itself.
    pub(super) fn before_reading(self, listing: fn(&Mapping, &Site, &Endpoint) -> Request) -> Self {
        Self { listing: Some(listing), ..self }
    }

    fn done(&mut self) -> Next {
        Next::Done(Finish::Site(Box::new(std::mem::take(&mut self.site))))
    }

    fn start(&mut self) -> Next {
        let Some(base) = &self.base else {
            self.site.line("url", Finding::Bad, "the url is no web address: https://host/path is expected");
            return self.done();
        };
        let mut requests: Vec<Request> =
            [CONFIG, TYPES, SCHEMAS].into_iter().map(|name| accept(Request::get(base.join(name)))).collect();
        said::apply(&mut self.site, &self.mapping);
        let users = self.places(None, base).endpoints.into_iter().find(|at| at.kind == Kind::User);
        self.guess = self.listing.zip(users).map(|(listing, users)| listing(&self.mapping, &self.site, &users));
        requests.extend(self.guess.clone());
        Next::Ask(requests)
    }

    fn discovered(&mut self, replies: &[Reply]) -> Next {
        let Some(base) = self.base.clone() else { return self.done() };
        let config = self.document(&base.join(CONFIG), replies.first());
        let types = self.document(&base.join(TYPES), replies.get(1));
        let schemas = self.document(&base.join(SCHEMAS), replies.get(2));
        self.learn_offers(&base.join(CONFIG), config.as_ref());
        self.learn_types(&base, types.as_ref());
        self.learn_schemas(&base.join(SCHEMAS), schemas.as_ref());
        self.learn_profile(&base);
        said::learn(&mut self.site, &self.mapping);
        let at = self.site.endpoint(Kind::User).or(self.site.endpoints.first()).cloned();
        let Some(at) = at else { return self.done() };
        let request = match self.listing {
            Some(listing) => listing(&self.mapping, &self.site, &at),
            None => {
                // A small page, as Okta's connection test asks for (targets/scim.md A3). Rights are only known from asking.
                let asks = asks(&self.mapping, &self.site);
                let small = Asks { count: asks.count.map(|size| size.min(SAMPLE)), ..asks };
                From::Row(1).of(&listing_at(&self.mapping, at.kind, &at.path), small)
            }
        };
        self.asked = Some((at.kind, request.clone()));
        if self.guess.as_ref() == Some(&request)
            && let Some(reply) = replies.get(3)
        {
            return self.read(Some(reply));
        }
        Next::Ask(vec![request])
    }

    /// The JSON document of a discovery reply; otherwise a line of evidence and `None`.
    fn document(&mut self, path: &str, reply: Option<&Reply>) -> Option<Value> {
        let what = format!("GET {path}");
        let Some(reply) = reply else {
            self.site.line(what, Finding::Note, "no reply");
            return None;
        };
        if reply.ok() && looks_like_page(&reply.body) {
            self.site.line(
                what,
                Finding::Bad,
                "answers with a web page instead of JSON: the url is probably not the SCIM base",
            );
            return None;
        }
        if reply.ok() {
            let document = serde_json::from_slice(&reply.body).ok();
            if document.is_none() {
                self.site.line(what, Finding::Bad, "answers with something that is no whole JSON");
            }
            return document;
        }
        let detail = match reply.status {
            401 => format!("the credentials are not accepted here ({})", told(reply)),
            403 => format!("these credentials may not read it ({}); defaults are assumed", told(reply)),
            300..=399 => format!(
                "answers with a redirect to {}; redirects are not followed",
                reply.header("location").unwrap_or("nowhere")
            ),
            404 | 501 => format!("the service does not describe itself here ({}); defaults are assumed", told(reply)),
            _ => format!("{}; defaults are assumed", told(reply)),
        };
        self.site.line(what, Finding::Note, detail);
        None
    }

    fn learn_offers(&mut self, path: &str, document: Option<&Value>) {
        let offers = document.and_then(discovery::offers);
        if document.is_some() && offers.is_none() {
            self.site.line(format!("GET {path}"), Finding::Note, "is no ServiceProviderConfig; defaults are assumed");
        }
        let stated = offers.is_some();
        let Offers { patch, filter, etag, paging, max_page } = offers.unwrap_or_default();
        // One Identity Manager's provider announces PATCH and filters (targets/scim.md A5), and is taken to have them where
        // what it announces cannot be read.
        self.site.patch = patch.unwrap_or(self.profile == Profile::OneIm);
        // A filter is tried where nothing is said: its answer is checked again in any case (targets/scim.md A6 rule 1).
        self.site.filter = filter.unwrap_or(true);
        self.site.etag = etag.unwrap_or(false);
        self.site.paging = paging;
        self.site.max_page = max_page;
        if stated {
            let yes = |flag: bool| if flag { "yes" } else { "no" };
            let paging = match paging {
                Some(Paging::Cursor) => "by cursor",
                Some(Paging::Index) => "by index",
                None => "by index (nothing is said)",
            };
            let paging = max_page.map_or_else(|| paging.to_owned(), |size| format!("{paging}, {size} at most"));
            self.site.line(
                format!("GET {path}"),
                Finding::Good,
                format!(
                    "PATCH {}, filter {}, ETag {}; pages {paging}",
                    yes(self.site.patch),
                    yes(self.site.filter),
                    yes(self.site.etag)
                ),
            );
        }
    }

    /// What is known of the service by its name, whatever it says.
    fn learn_profile(&mut self, base: &Address) {
        match self.profile {
            Profile::Plain => {}
            Profile::OneIm => {
                let usual = base.path.to_ascii_lowercase().ends_with("/apiserver/scim/v2");
                if !usual {
                    let detail = "One Identity Manager's provider is usually at /ApiServer/scim/v2 on its API Server";
                    self.site.line("url", Finding::Note, detail);
                }
            }
            Profile::Starling => {
                // Every table of its connectors has POST, PUT, DELETE and GET alone (targets/scim.md A4).
                if std::mem::take(&mut self.site.patch) {
                    let detail =
                        "Starling Connect announces PATCH; records are sent whole all the same, as its guide has it";
                    self.site.line("the profile starling", Finding::Note, detail);
                }
                let held: Vec<String> = self
                    .mapping
                    .limitations
                    .iter()
                    .map(|limitation| format!("{} Here: {}", limitation.sentence, limitation.here))
                    .collect();
                let what = format!("a limitation of {}", self.mapping.title);
                for detail in held {
                    self.site.line(what.clone(), Finding::Note, detail);
                }
            }
        }
    }

    /// Where the kinds are: as ResourceTypes say, or as is usual; and what the service's file says, before both.
    fn places(&self, document: Option<&Value>, base: &Address) -> Types {
        let types = document.and_then(|document| discovery::types(document, base));
        let usual = || Types { endpoints: discovery::defaults(base), ..Types::default() };
        let mut types = types.unwrap_or_else(usual);
        for feed in self.mapping.feeds.iter().filter(|feed| !feed.path.is_empty() && feed.detail_of.is_none()) {
            types.placed(feed, document, base);
        }
        // What its file says that the service does not have is not looked for.
        types.endpoints.retain(|at| self.mapping.feed(&feed_of(at.kind)).is_some());
        types
    }

    fn learn_types(&mut self, base: &Address, document: Option<&Value>) {
        let what = format!("GET {}", base.join(TYPES));
        let found = document.is_some_and(|document| discovery::types(document, base).is_some());
        if !found && document.is_some() {
            self.site.line(what.clone(), Finding::Note, "lists no resource type; /Users and /Groups are assumed");
        }
        let Types { endpoints, unused, refused, notes } = self.places(document, base);
        let named = self.mapping.feeds.iter().any(|feed| !feed.path.is_empty());
        if !found && !named {
            self.site.endpoints = endpoints;
            return;
        }
        let place = |Endpoint { kind, path, .. }: &Endpoint| match kind {
            Kind::User => format!("Users at {path}"),
            Kind::Group => format!("Groups at {path}"),
            Kind::Role => format!("Roles at {path}"),
            Kind::Product => format!("Products at {path}"),
        };
        let found: Vec<_> = endpoints.iter().map(place).collect();
        let has_users = endpoints.iter().any(|endpoint| endpoint.kind == Kind::User);
        self.site.endpoints = endpoints;
        if !found.is_empty() {
            self.site.line(what.clone(), Finding::Good, found.join("; "));
        }
        if !unused.is_empty() {
            self.site.line(what.clone(), Finding::Note, format!("not used: {}", unused.join(", ")));
        }
        for note in notes {
            self.site.line(what.clone(), Finding::Note, note);
        }
        for why in refused {
            self.site.line(what.clone(), Finding::Bad, why);
        }
        if !has_users {
            self.site.line(what, Finding::Note, "the service has no users to read");
        }
    }

    fn read(&mut self, reply: Option<&Reply>) -> Next {
        let Some((kind, asked)) = self.asked.take() else { return self.done() };
        let what = format!("GET {}", asked.path);
        let Some(reply) = reply else {
            self.site.line(what, Finding::Bad, "no reply");
            return self.done();
        };
        if self.listing.is_some() && reply.ok() {
            self.kept.push((asked, reply.clone()));
        }
        let (finding, detail) = match reply.status {
            200..=299 if looks_like_json(&reply.body) => self.told_of_page(reply),
            200..=299 => (
                Finding::Bad,
                "answers with a web page instead of JSON: the url is probably not the SCIM base, or a sign-in page stands \
                 before it"
                    .into(),
            ),
            401 => (Finding::Bad, format!("the credentials are not accepted ({}): check `auth` of this system", told(reply))),
            403 => (
                Finding::Bad,
                format!("the credentials are accepted, and may not read this ({}): ask for the right to read it", told(reply)),
            ),
            404 => (Finding::Bad, format!("nothing is served here ({}): the url is probably not the SCIM base", told(reply))),
            400 | 500 | 501 => {
                // Canaille (targets/scim.md A6 rule 10): from now on nobody says how many.
                self.site.no_count = true;
                (Finding::Note, format!("a page of so many records is refused ({}); listing asks without a count then", told(reply)))
            }
            300..=399 => (
                Finding::Bad,
                format!(
                    "answers with a redirect to {}; redirects are not followed, so give the final address",
                    reply.header("location").unwrap_or("nowhere")
                ),
            ),
            _ => (Finding::Bad, told(reply)),
        };
        self.site.line(what, finding, detail);
        let requests = self.look_closer(reply);
        if self.listing.is_some() && kind == Kind::User && reply.ok() && self.site.good() {
            let page = Page { feed: feed_of(kind).into(), owner: None, bytes: reply.body.clone() };
            let site = Site { lost: self.not_known(kind), ..self.site.clone() };
            self.glimpse = Some(Box::new(Glimpse { site, kind, page, of: self.total }));
        }
        self.ask_closer(requests)
    }

    /// Asks what is still to be known of what the service leaves out, and ends where nothing is.
    fn ask_closer(&mut self, requests: Vec<Request>) -> Next {
        if !requests.is_empty() {
            self.closer = true;
            return Next::Ask(requests);
        }
        let at = self.base.as_ref().map(|base| base.join(SCHEMAS)).unwrap_or_default();
        self.settle_undeclared(&at);
        self.done()
    }

    fn told_of_page(&mut self, reply: &Reply) -> (Finding, String) {
        let Ok(page) = serde_json::from_slice::<Value>(&reply.body) else {
            return (Finding::Bad, "answers with JSON that is cut off".into());
        };
        if document::member(&page, "Resources").is_none() && document::member(&page, "totalResults").is_none() {
            return (Finding::Bad, "answers with JSON that is no SCIM list".into());
        }
        if self.site.paging.is_none() && document::text(&page, "nextCursor").is_some_and(|cursor| !cursor.is_empty()) {
            // RFC 9865 2: a service may page by cursor alone and not say so.
            self.site.paging = Some(Paging::Cursor);
        }
        let total = document::member(&page, "totalResults");
        self.total = total.and_then(Value::as_u64);
        match total {
            Some(total) => (Finding::Good, format!("may be read; {total} records")),
            None => (
                Finding::Note,
                "may be read; the service states no total, so only a documented end proves a listing".into(),
            ),
        }
    }
}

impl Walk for Probe {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.start(),
            Input::Replies(replies) if self.closer => {
                let requests = self.looked(&replies);
                self.ask_closer(requests)
            }
            Input::Replies(replies) if self.asked.is_none() => self.discovered(&replies),
            Input::Replies(replies) => self.read(replies.first()),
            Input::Unreadable(why) if self.closer => {
                let requests = self.spared(&why);
                self.ask_closer(requests)
            }
            Input::Taken(_) | Input::Unreadable(_) => self.done(),
        }
    }

    fn spares(&self) -> bool {
        self.closer
    }

    fn glimpse(&mut self) -> Option<Box<Glimpse>> {
        self.glimpse.take()
    }

    fn kept(&mut self) -> Vec<(Request, Reply)> {
        std::mem::take(&mut self.kept)
    }
}
