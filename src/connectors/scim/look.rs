//! Looking one record up: by its id, or by a key. Every answer is checked again here, because services ignore filters
//! (targets/scim.md A6 rule 1).

use std::collections::HashSet;

use serde_json::Value;

use super::discovery::{member, records, text};
use super::path::scalar;
use super::{Scim, accept};
use crate::connectors::address::segment;
use crate::connectors::fault::{looks_like_json, told};
use crate::connectors::record::observed;
use crate::connectors::{Look, Looked, Observed, Read};
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::{Reply, Request, Site};

impl Scim {
    pub(super) fn ask_one(site: &Site, key: &RecordKey) -> Vec<Request> {
        let Some(id) = segment(&key.id) else { return Vec::new() };
        site.endpoints_of(key.kind).map(|at| accept(Request::get(format!("{}/{id}", at.path)))).collect()
    }

    pub(super) fn ask_by(&self, site: &Site, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        let Some(at) = site.endpoint(kind) else { return Vec::new() };
        if !site.filter {
            // Without filters everything has to be read; this is the first page of it.
            return vec![self.page_from(site, &at.path, &From::Row(1))];
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
    fn page_from(&self, site: &Site, path: &str, from: &From) -> Request {
        let request = accept(Request::get(path.to_owned()));
        let request = match from {
            From::Row(row) => request.query("startIndex", row.to_string()),
            From::Cursor(cursor) => request.query("cursor", cursor.clone()),
        };
        match super::count(&self.mapping, site) {
            Some(count) => request.query("count", count.to_string()),
            None => request,
        }
    }

    /// What the replies show; where the service does not search, the next page of all its records, until the one that is
    /// looked for has come or all have.
    pub(super) fn seen_or_more(
        &self,
        site: &Site,
        kind: Kind,
        want: Looked<'_>,
        read: Read<'_>,
    ) -> Result<Look, String> {
        let why = match self.seen(site, kind, want, read.replies) {
            Ok(seen) => return Ok(Look::Seen(seen.map(Box::new))),
            Err(why) => why,
        };
        let (Looked::By(by), Some(at)) = (want, site.endpoint(kind)) else { return Err(why) };
        if by.is_empty() || !read.replies.first().is_some_and(|reply| search(by, reply).is_ok_and(|found| !found.all)) {
            return Err(why);
        }
        let mut walk = Pages::default();
        for (request, reply) in read.asked.iter().zip(read.replies) {
            if request.query.iter().any(|(name, _)| name == "filter") {
                continue;
            }
            let document = document(reply)?;
            if let Some(hit) = walk.take(&document, by) {
                return self.observe_record(site, kind, &hit, reply).map(|seen| Look::Seen(Some(Box::new(seen))));
            }
        }
        match walk.next() {
            _ if walk.pages == 0 => Ok(Look::More(vec![self.page_from(site, &at.path, &From::Row(1))])),
            Some(from) => Ok(Look::More(vec![self.page_from(site, &at.path, &from)])),
            None if walk.total.is_none_or(|total| total == walk.ids.len()) => Ok(Look::Seen(None)),
            None => Err(format!(
                "{why}; all of them were read for it, and {} distinct ids came of {}",
                walk.ids.len(),
                walk.total.unwrap_or_default()
            )),
        }
    }

    pub(super) fn seen(
        &self,
        site: &Site,
        kind: Kind,
        want: Looked<'_>,
        replies: &[Reply],
    ) -> Result<Option<Observed>, String> {
        match want {
            Looked::Id(id) => self.seen_one(site, kind, id, replies),
            Looked::By(by) => self.seen_by(site, kind, by, replies),
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
            match search(by, reply) {
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

/// Where a page of all records begins.
enum From {
    Row(usize),
    Cursor(String),
}

/// The pages of all records that have come, in order.
#[derive(Default)]
struct Pages {
    pages: usize,
    rows: usize,
    ids: HashSet<String>,
    total: Option<usize>,
    cursor: Option<String>,
    /// The last page brought nothing new.
    barren: bool,
}

impl Pages {
    /// Takes a page in; the record that is looked for, if it is on it.
    fn take(&mut self, document: &Value, by: &[(AttrPath, String)]) -> Option<Value> {
        let listed = records(document);
        self.pages += 1;
        self.rows += listed.len();
        let before = self.ids.len();
        self.ids.extend(listed.iter().filter_map(|record| own_id(record)));
        self.barren = self.ids.len() == before;
        self.total =
            member(document, "totalResults").and_then(scalar).and_then(|total| total.parse().ok()).or(self.total);
        self.cursor = text(document, "nextCursor").filter(|cursor| !cursor.is_empty()).map(str::to_owned);
        listed.into_iter().find(|record| by.iter().any(|(path, value)| has(record, path, value))).cloned()
    }

    /// Where the next page begins; `None` after the last one.
    fn next(&self) -> Option<From> {
        if self.barren || self.total.is_some_and(|total| self.ids.len() >= total) {
            return None;
        }
        Some(self.cursor.clone().map_or(From::Row(self.rows + 1), From::Cursor))
    }
}

/// What a search brought.
struct Found {
    hits: Vec<Value>,
    /// Whether the reply shows all that there is to the question.
    all: bool,
    doubt: String,
}

fn search(by: &[(AttrPath, String)], reply: &Reply) -> Result<Found, String> {
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
    // An empty answer to a filter is a no; other records in it mean that the filter was ignored, and then only a list
    // that is whole says anything.
    let whole = !more && total.is_some_and(|total| total <= listed.len());
    let all = whole || (listed.is_empty() && !more && total.unwrap_or(0) == 0);
    let doubt = format!(
        "the service does not search: {} other records came{}; whether this one exists can only be told by reading all",
        listed.len() - hits.len(),
        total.map(|total| format!(" of {total}")).unwrap_or_default()
    );
    Ok(Found { hits, all, doubt })
}

fn document(reply: &Reply) -> Result<Value, String> {
    if !reply.ok() {
        return Err(format!("the service answered {}", told(reply)));
    }
    if !looks_like_json(&reply.body) {
        return Err("the service answered with a page that is no JSON".into());
    }
    serde_json::from_slice(&reply.body).map_err(|_| "the service answered with JSON that is not whole".into())
}

/// A record's own id; a number counts as its digits.
pub(super) fn own_id(record: &Value) -> Option<String> {
    member(record, "id").and_then(scalar).filter(|id| !id.is_empty())
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
