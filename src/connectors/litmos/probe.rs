//! The connection test of SAP Litmos: one small list, or the first page of users where all is read right after.

use serde::de::IgnoredAny;

use super::Litmos;
use super::pages::at;
use super::words::explain;
use crate::connectors::fault::looks_like_json;
use crate::connectors::{Finish, Input, Next, Walk};
use crate::model::Kind;
use crate::plan::{Endpoint, Finding, Reply, Request, Site};

/// Hosts by region (targets/litmos.md 1).
const REGIONS: [(&str, &str); 3] =
    [("api.litmos.com", "US"), ("api.litmoseu.com", "EU"), ("api.litmos.com.au", "Australia")];

/// The walk of a connection test.
pub(super) struct Probe {
    litmos: Litmos,
    site: Site,
    request: Request,
    /// Whether the reply is the first page of the listing.
    listing: bool,
    kept: Vec<(Request, Reply)>,
}

impl Probe {
    /// The connection test by itself: a single user, in few bytes.
    pub(super) fn new(litmos: Litmos) -> Self {
        let request = litmos.get("users").query("limit", "1");
        Self::with(litmos, request, false)
    }

    /// The connection test that brings the first page of users along.
    pub(super) fn to_read(litmos: Litmos) -> Self {
        let request = at(&litmos.get("users/details"), litmos.limit(), 0);
        Self::with(litmos, request, true)
    }

    fn with(litmos: Litmos, request: Request, listing: bool) -> Self {
        let endpoint = |kind: Kind, place: &str, name: &str| Endpoint {
            kind,
            path: litmos.path(place),
            name: name.into(),
            schema: String::new(),
            extensions: Vec::new(),
        };
        let site = Site {
            endpoints: vec![
                endpoint(Kind::User, "users", "users"),
                endpoint(Kind::Group, "teams", "teams"),
                endpoint(Kind::Role, "users", "access levels"),
            ],
            max_page: Some(super::LARGEST),
            ..Site::default()
        };
        Self { litmos, site, request, listing, kept: Vec::new() }
    }

    fn done(&mut self) -> Next {
        Next::Done(Finish::Site(Box::new(std::mem::take(&mut self.site))))
    }

    fn start(&mut self) -> Next {
        let Some(base) = self.litmos.base.clone() else {
            self.site.block("url", "the url is no web address: https://api.litmos.com is expected, or your region's");
            return self.done();
        };
        if base.userinfo {
            self.site.block("url", "the url holds a name or password; the key belongs into `auth`");
            return self.done();
        }
        let source = self.litmos.source.clone();
        if source.is_empty() || source.chars().count() > 50 {
            self.site.block("source_name", "`source_name` must name this application in 1 to 50 characters");
            return self.done();
        }
        match REGIONS.iter().find(|(host, _)| *host == base.host) {
            Some((_, region)) => self.site.line("url", Finding::Good, format!("region {region}, source {source}")),
            None if base.loopback() => self.site.line("url", Finding::Good, format!("this machine, source {source}")),
            None => {
                let known = REGIONS.map(|(host, region)| format!("{host} ({region})")).join(", ");
                self.site.line("url", Finding::Note, format!("{} is none of the known addresses {known}", base.host));
            }
        }
        Next::Ask(vec![self.request.clone()])
    }

    fn replied(&mut self, reply: Option<Reply>) -> Next {
        let request = self.request.clone();
        let what = format!("GET {}", request.path);
        let Some(reply) = reply else {
            self.site.block(what, "no reply");
            return self.done();
        };
        if !reply.ok() {
            self.site.block(what, explain(&request, &reply));
            return self.done();
        }
        let listed = looks_like_json(&reply.body).then(|| serde_json::from_slice::<Vec<IgnoredAny>>(&reply.body).ok());
        match listed.flatten().map(|users| users.len()) {
            Some(0) => self.site.line(what, Finding::Note, "the key is taken, and it sees no user at all"),
            Some(many) => {
                self.site.at_least = vec![(Kind::User, many as u64)];
                self.site.line(what, Finding::Good, "the key is taken, and users can be read");
            }
            None => {
                self.site
                    .block(what, "answers with something that is no list of users: this is not SAP Litmos' interface");
            }
        }
        if self.listing && self.site.good() {
            self.kept.push((request, reply));
        }
        self.done()
    }
}

impl Walk for Probe {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.start(),
            Input::Replies(replies) => self.replied(replies.into_iter().next()),
            Input::Taken(_) | Input::Unreadable(_) => self.done(),
        }
    }

    fn kept(&mut self) -> Vec<(Request, Reply)> {
        std::mem::take(&mut self.kept)
    }
}
