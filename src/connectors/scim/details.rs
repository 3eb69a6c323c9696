//! What a service keeps at an address of its own for each record: the members of a group, the roles of a user. Its file says
//! where (a feed with `detail_of`), as no standard does.

use serde_json::Value;

use super::document::{document, member, records};
use super::pages::{Asks, From, Pages, parted};
use super::path::Path;
use super::{Scim, accept, asks, feed_of};
use crate::connectors::address::{Address, segment};
use crate::connectors::each::{Ask, Took};
use crate::connectors::{Look, Observed, Read};
use crate::mapping::{Ends, Feed};
use crate::model::{Kind, TableBuilder};
use crate::plan::{Reply, Request, Site};

/// Requests that are asked side by side.
pub(super) const BESIDE: usize = 4;

impl Scim {
    /// The feeds that bring details of a kind's records.
    pub(super) fn details_of(&self, kind: Kind) -> impl Iterator<Item = &Feed> {
        let listing = feed_of(kind);
        self.mapping.feeds.iter().filter(move |feed| feed.kind == kind && feed.detail_of.as_deref() == Some(&*listing))
    }

    /// The request for a record's details, without which page; `None` where the record itself is read there.
    fn ask_detail(&self, site: &Site, feed: &Feed, id: &str) -> Option<Request> {
        let request = detail(self.base.as_ref()?, feed, id)?;
        let own = Self::ask_one(site, feed.kind, id).iter().any(|own| own.path == request.path);
        (!own || !request.query.is_empty()).then_some(request)
    }

    /// The first requests for all details of one record.
    pub(super) fn ask_details(&self, site: &Site, kind: Kind, id: &str) -> Vec<Request> {
        let of = self.details_of(kind).filter_map(|feed| Some((feed, self.ask_detail(site, feed, id)?)));
        of.map(|(feed, base)| page(feed, &base, &From::Row(1), asks(&self.mapping, site))).collect()
    }

    /// The record with all its details, or what has to be read besides. `last`: nothing more is read, and what is not there
    /// stays unread.
    pub(super) fn with_details(
        &self,
        site: &Site,
        seen: Observed,
        kind: Kind,
        read: Read<'_>,
        last: bool,
    ) -> Result<Look, String> {
        let mut brought: Vec<(&Feed, Vec<Value>)> = Vec::new();
        let mut more = Vec::new();
        for feed in self.details_of(kind) {
            let Some(base) = self.ask_detail(site, feed, &seen.id) else { continue };
            let of = |request: &Request| request.path == base.path && request.query.starts_with(&base.query);
            let (mut pages, mut documents, mut ended) = (Pages::default(), Vec::new(), false);
            for (_, reply) in read.asked.iter().zip(read.replies).filter(|(request, _)| of(request)) {
                let document = document(reply).map_err(|why| format!("{}: {why}", feed.name))?;
                ended = turn(feed, &mut pages, &document);
                documents.push(document);
            }
            let next = if documents.is_empty() { Some(From::Row(1)) } else { pages.next() };
            match (ended, pages.lacks(), next) {
                (true, Some(why), _) => return Err(format!("{} of the {kind} {}: {why}", feed.name, seen.id)),
                (true, None, _) => brought.push((feed, documents)),
                (false, _, Some(from)) => more.push(page(feed, &base, &from, asks(&self.mapping, site))),
                (false, _, None) => {}
            }
        }
        if !more.is_empty() && !last {
            return Ok(Look::More(more));
        }
        let seen = if brought.is_empty() { seen } else { self.joined(site, kind, seen, &brought)? };
        Ok(Look::Seen(Some(Box::new(seen))))
    }

    /// A record and its details, read by the readers of the lists; in the native record each list stands where it is written,
    /// so that a whole-record write carries it over.
    fn joined(
        &self,
        site: &Site,
        kind: Kind,
        mut seen: Observed,
        brought: &[(&Feed, Vec<Value>)],
    ) -> Result<Observed, String> {
        let schema = site.endpoint(kind).map_or("", |at| at.schema.as_str());
        let fault = |error: &dyn std::fmt::Display| format!("the {kind} {} cannot be read: {error}", seen.id);
        let mut builder = TableBuilder::new(seen.table.schema().clone());
        let single = kind.name().to_ascii_lowercase();
        let native = seen.native.to_string();
        let pages = brought.iter().flat_map(|(feed, pages)| pages.iter().map(|page| (&*feed.name, page.to_string())));
        for (feed, page) in std::iter::once((single.as_str(), native)).chain(pages) {
            let reader = self.mapping.reader(feed).ok_or_else(|| fault(&format!("the mapping has no feed {feed}")))?;
            reader.read(page.as_bytes(), Some(&seen.id), &mut builder).map_err(|error| fault(&error))?;
        }
        let rows = self.mapping.kind(kind).map(|map| map.rows.as_slice()).unwrap_or_default();
        for (feed, pages) in brought {
            let Some(record) = seen.native.as_object_mut() else { continue };
            let written = rows.iter().filter(|row| row.fields(feed).is_some()).filter_map(|row| row.write.as_deref());
            for at in written {
                let Some(path) = Path::parse(at.trim_end_matches("[]"), schema, &site.urns) else { continue };
                let held = if feed.single {
                    pages.first().and_then(|page| path.get(page)).cloned()
                } else {
                    Some(pages.iter().flat_map(|page| listed(feed, page)).cloned().collect())
                };
                if let Some(held) = held {
                    path.put(record, Some(held));
                }
            }
        }
        seen.table = builder.table();
        Ok(seen)
    }
}

/// The request for what a service keeps of a record at an address of its own.
pub(super) fn detail(base: &Address, feed: &Feed, id: &str) -> Option<Request> {
    let (path, query) = parted(&feed.path);
    let request = accept(Request::get(base.join(&path.replace("{id}", &segment(id)?))));
    Some(query.into_iter().fold(request, |request, (name, value)| request.query(name, value)))
}

/// One page of details; what is a record of its own has none.
fn page(feed: &Feed, base: &Request, from: &From, asks: Asks) -> Request {
    if feed.single { base.clone() } else { from.of(base, asks) }
}

/// Takes a page of details in; whether it was the last one.
fn turn(feed: &Feed, pages: &mut Pages, document: &Value) -> bool {
    if feed.single {
        return true;
    }
    pages.take(document, &listed(feed, document), feed.ends == Ends::Total);
    // What is no list of a SCIM service comes whole: nothing in it says that there is more.
    let whole = member(document, "totalResults").is_none() && member(document, "Resources").is_none();
    whole || pages.next().is_none()
}

/// The entries on a page of details.
fn listed<'d>(feed: &Feed, document: &'d Value) -> Vec<&'d Value> {
    match feed.records.as_str() {
        "" | "Resources" => records(document),
        path => {
            let at = path.split('.').try_fold(document, member);
            at.and_then(Value::as_array).map(|entries| entries.iter().collect()).unwrap_or_default()
        }
    }
}

/// The walk of details: one list, or one record, for each owner.
pub(super) struct Details {
    pub(super) base: Address,
    pub(super) feed: Feed,
    pub(super) asks: Asks,
}

impl Ask for Details {
    type Progress = Pages;

    fn request(&self, owner: &str, pages: &Pages) -> Option<Request> {
        let base = detail(&self.base, &self.feed, owner)?;
        let from = if pages.pages == 0 { From::Row(1) } else { pages.next()? };
        Some(page(&self.feed, &base, &from, self.asks))
    }

    fn take(&mut self, _owner: &str, pages: &mut Pages, reply: Option<&Reply>) -> Result<Took, String> {
        let reply = reply.ok_or("no reply")?;
        let document = document(reply)?;
        let ended = turn(&self.feed, pages, &document);
        match pages.lacks().filter(|_| ended) {
            Some(why) => Err(why),
            None => Ok(Took { page: reply.body.clone(), more: !ended }),
        }
    }

    fn owners(&self) -> &str {
        self.feed.detail_of.as_deref().unwrap_or("records")
    }
}
