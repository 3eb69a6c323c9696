//! Looking one record up: by its id, or by a key. Every answer is checked again here, because services ignore filters
//! (targets/scim.md A6 rule 1).

use serde_json::Value;

use super::document::{document, member, own_id, records, text};
use super::pages::{From, Pages};
use super::path::scalar;
use super::{Scim, accept, asks, listing_at};
use crate::connectors::address::segment;
use crate::connectors::record::observed;
use crate::connectors::{Look, Looked, Observed, Read};
use crate::model::{AttrPath, Kind};
use crate::plan::{Reply, Request, Site};

impl Scim {
    /// The reads of one record itself.
    pub(super) fn ask_one(site: &Site, kind: Kind, id: &str) -> Vec<Request> {
        let Some(id) = segment(id) else { return Vec::new() };
        site.endpoints_of(kind).map(|at| accept(Request::get(format!("{}/{id}", at.path)))).collect()
    }

    /// The reads of one record with what the service keeps of it elsewhere.
    pub(super) fn ask_whole(&self, site: &Site, kind: Kind, id: &str) -> Vec<Request> {
        let mut requests = Self::ask_one(site, kind, id);
        if !requests.is_empty() {
            requests.extend(self.ask_details(site, kind, id));
        }
        requests
    }

    pub(super) fn ask_by(&self, site: &Site, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        let Some(at) = site.endpoint(kind) else { return Vec::new() };
        if !site.filter {
            // Without filters everything has to be read; this is the first page of it.
            return vec![self.page_from(site, kind, &at.path, &From::Row(1))];
        }
        by.iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(path, value)| {
                // A value in a filter is a JSON string (RFC 7644 3.4.2.2).
                let filter = format!("{} eq {}", searched(path), Value::from(value.as_str()));
                accept(Request::get(at.path.clone())).query("filter", filter)
            })
            .collect()
    }

    /// A page of all records, for a search that the service does not do itself.
    fn page_from(&self, site: &Site, kind: Kind, path: &str, from: &From) -> Request {
        from.of(&listing_at(&self.mapping, kind, path), asks(&self.mapping, site))
    }

    /// What the replies show; where the service does not search, the next page of all its records, until the one that is
    /// looked for has come or all have. `last`: nothing more is read.
    pub(super) fn seen_or_more(
        &self,
        site: &Site,
        kind: Kind,
        want: Looked<'_>,
        read: Read<'_>,
        last: bool,
    ) -> Result<Look, String> {
        // What is asked beside the record itself, or beside the lists that it is looked for in, comes after them.
        let first = match want {
            Looked::Id(id) => Self::ask_one(site, kind, id).len(),
            Looked::By(_) => {
                let list = site.endpoint(kind).map(|at| at.path.as_str());
                read.asked.iter().take_while(|request| Some(request.path.as_str()) == list).count()
            }
        };
        let first = first.min(read.replies.len());
        let own = Read { asked: &read.asked[..first], replies: &read.replies[..first] };
        let seen = match want {
            Looked::Id(id) => self.seen_one(site, kind, id, own.replies)?,
            Looked::By(by) => match self.found(site, kind, by, own, last)? {
                Look::Seen(seen) => seen.map(|seen| *seen),
                more @ Look::More(_) => return Ok(more),
            },
        };
        match seen {
            Some(seen) => self.with_details(site, seen, kind, read, last),
            None => Ok(Look::Seen(None)),
        }
    }

    /// What a search shows, by the service or through all its records.
    fn found(
        &self,
        site: &Site,
        kind: Kind,
        by: &[(AttrPath, String)],
        read: Read<'_>,
        last: bool,
    ) -> Result<Look, String> {
        let why = match self.seen_by(site, kind, by, read.replies) {
            Ok(seen) => return Ok(Look::Seen(seen.map(Box::new))),
            Err(why) => why,
        };
        let Some(at) = site.endpoint(kind).filter(|_| !last && !by.is_empty()) else { return Err(why) };
        let by_total = self.by_total(kind);
        let ignored = |reply: &Reply| search(by, reply, by_total).is_ok_and(|found| !found.all);
        if !read.replies.first().is_some_and(|reply| ignored(reply) || unfiltered(read.asked, reply)) {
            return Err(why);
        }
        let mut walk = Pages::default();
        for (request, reply) in read.asked.iter().zip(read.replies) {
            if request.query.iter().any(|(name, _)| name == "filter") {
                continue;
            }
            let document = document(reply)?;
            let listed = records(&document);
            walk.take(&document, &listed, by_total);
            let hit = listed.into_iter().find(|record| by.iter().any(|(path, value)| has(record, path, value)));
            if let Some(hit) = hit {
                return self.observe_record(site, kind, hit, reply).map(|seen| Look::Seen(Some(Box::new(seen))));
            }
        }
        match walk.next() {
            _ if walk.pages == 0 => Ok(Look::More(vec![self.page_from(site, kind, &at.path, &From::Row(1))])),
            Some(from) => Ok(Look::More(vec![self.page_from(site, kind, &at.path, &from)])),
            None => match walk.lacks() {
                None => Ok(Look::Seen(None)),
                Some(lacks) => Err(format!("{why}; all of them were read for it, and {lacks}")),
            },
        }
    }

    /// What the replies to [`Scim::ask_whole`] or [`Scim::ask_by`] show.
    pub(super) fn seen(
        &self,
        site: &Site,
        kind: Kind,
        want: Looked<'_>,
        replies: &[Reply],
    ) -> Result<Option<Observed>, String> {
        let asked = match want {
            Looked::Id(id) => self.ask_whole(site, kind, id),
            Looked::By(by) => self.ask_by(site, kind, by),
        };
        let many = asked.len().min(replies.len());
        let read = Read { asked: &asked[..many], replies: &replies[..many] };
        match self.seen_or_more(site, kind, want, read, true)? {
            Look::Seen(seen) => Ok(seen.map(|seen| *seen)),
            Look::More(_) => Err(format!("the {kind} takes more reads than these")),
        }
    }

    fn seen_one(&self, site: &Site, kind: Kind, id: &str, replies: &[Reply]) -> Result<Option<Observed>, String> {
        let first = replies.first().ok_or_else(|| format!("the {kind} {id} was not asked for: nothing to go by"))?;
        // Asked at every place where such records may be: the one that has it counts.
        let Some(reply) = replies
            .iter()
            .find(|reply| reply.ok())
            .or_else(|| std::iter::once(first).chain(replies).find(|reply| !matches!(reply.status, 404 | 410)))
        else {
            return Ok(None);
        };
        let document = document(reply)?;
        let found = records(&document).into_iter().find(|record| own_id(record).as_deref() == Some(id));
        let Some(record) = found else {
            let other = own_id(&document).unwrap_or_default();
            return Err(format!("asked for the {kind} {id}, the service answered with another record ({other:?})"));
        };
        self.observe_record(site, kind, record, reply).map(Some)
    }

    fn seen_by(
        &self,
        site: &Site,
        kind: Kind,
        by: &[(AttrPath, String)],
        replies: &[Reply],
    ) -> Result<Option<Observed>, String> {
        if replies.is_empty() || by.is_empty() {
            return Err(format!("the service offers no way to look up a {kind} by key"));
        }
        let mut hits: Vec<(Value, &Reply)> = Vec::new();
        let mut doubt = None;
        let mut sure = false;
        for (at, reply) in replies.iter().enumerate() {
            match search(by, reply, self.by_total(kind)) {
                Ok(found) => {
                    // The first key is the one that is unique on the server (`userName`); a service that cannot filter
                    // by a further one says nothing against it.
                    sure |= at == 0 && found.all;
                    if at == 0 && !found.all {
                        doubt = Some(found.doubt);
                    }
                    for record in found.hits {
                        if !hits.iter().any(|(have, _)| own_id(have) == own_id(&record)) {
                            hits.push((record, reply));
                        }
                    }
                }
                Err(why) if at == 0 => doubt = Some(why),
                Err(_) => {}
            }
        }
        match hits.as_slice() {
            [(record, reply)] => self.observe_record(site, kind, record, reply).map(Some),
            [] if sure => Ok(None),
            [] => Err(doubt.unwrap_or_else(|| "the service did not answer the search".into())),
            several => {
                let ids: Vec<_> = several.iter().filter_map(|(record, _)| own_id(record)).collect();
                Err(format!("{} records have this key: {}", several.len(), ids.join(", ")))
            }
        }
    }

    fn observe_record(&self, site: &Site, kind: Kind, record: &Value, reply: &Reply) -> Result<Observed, String> {
        let id = own_id(record).ok_or_else(|| format!("the service sent a {kind} without an id"))?;
        let version = member(record, "meta").and_then(|meta| text(meta, "version")).map(str::to_owned);
        // A tag means something only where the service says that it does (targets/scim.md A6 rule 7).
        let etag = if site.etag { version.or_else(|| reply.header("etag").map(str::to_owned)) } else { None };
        observed(&self.mapping, kind, &kind.name().to_ascii_lowercase(), &id, record.clone(), etag)
    }
}

/// What a search brought.
struct Found {
    hits: Vec<Value>,
    /// Whether the reply shows all that there is to the question.
    all: bool,
    doubt: String,
}

/// Whether a reply refuses the filter that it was asked with (targets/scim.md A1: 403 or 501, or it is no filter to it).
fn unfiltered(asked: &[Request], reply: &Reply) -> bool {
    let filtered = asked.first().is_some_and(|request| request.query.iter().any(|(name, _)| name == "filter"));
    filtered && matches!(reply.status, 400 | 403 | 501)
}

/// `by_total`: the total that the service states can be gone by.
fn search(by: &[(AttrPath, String)], reply: &Reply, by_total: bool) -> Result<Found, String> {
    let document = document(reply)?;
    let listed = match member(&document, "Resources") {
        Some(Value::Array(items)) => items.iter().collect(),
        // RFC 7644 3.4.2: `Resources` may be absent where nothing is found.
        _ if member(&document, "totalResults").is_some() => Vec::new(),
        _ => return Err("the service answered the search with something that is no list".to_owned()),
    };
    let total = member(&document, "totalResults").and_then(scalar).and_then(|total| total.parse::<usize>().ok());
    let more = member(&document, "nextCursor").is_some_and(|cursor| cursor.as_str() != Some(""));
    let hits: Vec<Value> = listed
        .iter()
        .filter(|record| by.iter().any(|(path, value)| has(record, path, value)))
        .map(|hit| (*hit).clone())
        .collect();
    // An empty answer to a filter is a no; other records in it mean that the filter was ignored, or that this is the answer to
    // something else. Then only all records say anything, asked for as such.
    let others = listed.len() - hits.len();
    let whole = by_total && !more && total.is_some_and(|total| total <= listed.len());
    let none = total.is_none_or(|total| total == 0 || !by_total);
    let all = others == 0 && (whole || (listed.is_empty() && !more && none));
    let doubt = format!(
        "the service does not search: {} other records came{}; whether this one exists can only be told by reading all",
        others,
        total.map(|total| format!(" of {total}")).unwrap_or_default()
    );
    Ok(Found { hits, all, doubt })
}

/// The path by which an attribute is searched: simple, because a whole URN finds nothing on some services, and a value
/// filter cannot be compared on others (targets/scim.md A1).
fn searched(path: &AttrPath) -> String {
    let path = path.as_str();
    let path = match path.split_once('[') {
        Some((attr, rest)) => format!("{attr}{}", rest.split_once(']').map_or("", |(_, sub)| sub)),
        None => path.to_owned(),
    };
    let several = ["emails", "phoneNumbers"].iter().any(|name| path.eq_ignore_ascii_case(name));
    if several { format!("{path}.value") } else { path }
}

/// Whether a native record has this text there; `userName` and e-mail addresses have no case (RFC 7643 4.1.1).
fn has(record: &Value, path: &AttrPath, value: &str) -> bool {
    let path = searched(path);
    let exact = ["id", "externalId"].iter().any(|name| path.eq_ignore_ascii_case(name));
    let same = |have: &str| if exact { have == value } else { fold(have) == fold(value) };
    let mut at = vec![record];
    for name in path.split('.') {
        at = at
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect(),
                one => vec![one],
            })
            .filter_map(|value| member(value, name))
            .collect();
    }
    at.into_iter().any(|value| match value {
        Value::Array(items) => items.iter().any(|item| text(item, "value").or(item.as_str()).is_some_and(same)),
        one => scalar(one).is_some_and(|have| same(&have)),
    })
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
