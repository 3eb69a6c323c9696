//! What a service does not show though its mapping has it: what its schemas do not declare or never return, and what its lists
//! leave out (targets/scim.md A4). Told in the connection test, and not compared.
//!
//! A record that shows an attribute is believed before a schema that does not declare it.

use serde_json::Value;

use super::absent::{SAMPLE, Wish};
use super::discovery;
use super::document::{member, own_id};
use super::pages::{Asks, From};
use super::probe::Probe;
use super::{accept, asks, listing_at};
use crate::connectors::address::segment;
use crate::mapping::{Access, MapRow};
use crate::model::{AttrPath, Kind};
use crate::plan::{Endpoint, Finding, Hidden, Lost, Reply, Request};

/// So many attributes are named in a line.
const NAMED: usize = 8;

/// So many records of a page are read alone beside it.
const ALONE: usize = 3;

impl Probe {
    /// Attributes that the mapping reads or writes, and that the schemas which they belong to do not have or never show. A
    /// schema without attributes says nothing.
    pub(super) fn undeclared(&self, document: Option<&Value>) -> Vec<Lost> {
        if self.mapping.service.schemas == Some(false) {
            return Vec::new();
        }
        let title = &self.mapping.title;
        let undeclared = format!("{title}: its schemas do not declare it");
        let schemas = document.map(discovery::said).unwrap_or_default();
        let urns: Vec<&str> = schemas.iter().map(|(id, _)| id.as_str()).collect();
        let mut found: Vec<Lost> = Vec::new();
        for endpoint in self.site.endpoints.iter().filter(|at| matches!(at.kind, Kind::User | Kind::Group)) {
            for row in self
                .rows(endpoint.kind)
                .filter(|row| row.access != Access::ReadOnly && row.access != Access::WriteOnly && !row.secret)
            {
                let Some(write) = row.write.as_deref().filter(|write| !write.starts_with("urn:*")) else { continue };
                let (urn, local) = placed(write, &urns);
                let urn = if urn.is_empty() { endpoint.schema.clone() } else { urn };
                let Some((_, said)) = schemas.iter().find(|(id, _)| id.eq_ignore_ascii_case(&urn)) else { continue };
                let top = local.split('.').next().unwrap_or_default();
                // Common attributes belong to no schema (RFC 7643 3.1).
                if said.is_empty() || top.eq_ignore_ascii_case("externalId") {
                    continue;
                }
                let of = |path: &str| said.iter().find(|one| one.path.eq_ignore_ascii_case(path));
                // A complex attribute whose parts are not named has them all.
                let inside = said
                    .iter()
                    .any(|one| one.path.split_once('.').is_some_and(|(outer, _)| outer.eq_ignore_ascii_case(top)));
                let (how, why) = match (of(top), of(&local)) {
                    (None, _) => (Hidden::Nowhere, undeclared.clone()),
                    (Some(_), None) if inside => (Hidden::Nowhere, undeclared.clone()),
                    (Some(outer), inner) => {
                        let returned = [Some(outer), inner].into_iter().flatten().map(|one| one.returned.as_str());
                        match returned.rev().find(|word| ["never", "request"].contains(word)) {
                            Some(word) => {
                                (Hidden::Never, format!("{title}: its schemas say that it is returned: {word}"))
                            }
                            None => continue,
                        }
                    }
                };
                found.push(Lost { kind: endpoint.kind, path: row.attr.as_str().to_owned(), how, why });
            }
        }
        found.dedup_by(|one, other| one.kind == other.kind && one.path == other.path);
        found
    }

    fn rows(&self, kind: Kind) -> impl Iterator<Item = &MapRow> {
        self.mapping.kind(kind).into_iter().flat_map(|map| &map.rows)
    }

    fn place(&self, kind: Kind) -> Option<&Endpoint> {
        self.site.endpoints_of(kind).next()
    }

    /// A page of users has come: what is to be asked besides to know what it leaves out.
    pub(super) fn look_closer(&mut self, page: &Reply) -> Vec<Request> {
        self.listed(Kind::User, page);
        self.alone(Kind::User);
        if let Some(groups) = self.place(Kind::Group).map(|at| at.path.clone()) {
            let asks = asks(&self.mapping, &self.site);
            let few = Asks { count: asks.count.map(|size| size.min(SAMPLE)), ..asks };
            let request = From::Row(1).of(&listing_at(&self.mapping, Kind::Group, &groups), few);
            self.absent.asked.push((Kind::Group, Wish::Page, request));
        }
        self.requests()
    }

    fn requests(&self) -> Vec<Request> {
        self.absent.asked.iter().map(|(.., request)| request.clone()).collect()
    }

    /// What was asked broke: the groups are left to their own listing, and the rest is asked once more.
    pub(super) fn spared(&mut self, why: &str) -> Vec<Request> {
        let mut asked = std::mem::take(&mut self.absent.asked);
        let before = asked.len();
        asked.retain(|(_, wish, _)| *wish != Wish::Page);
        if asked.len() < before {
            self.absent.asked = asked;
        } else if let Some((.., request)) = asked.first() {
            let detail = format!("{why}; nobody looked whether lists leave anything out");
            self.site.line(format!("GET {}", request.path), Finding::Note, detail);
        }
        self.requests()
    }

    /// What these replies bring; what is to be asked still.
    pub(super) fn looked(&mut self, replies: &[Reply]) -> Vec<Request> {
        let mut shown: Vec<(Kind, usize, Value)> = Vec::new();
        for ((kind, wish, _), reply) in std::mem::take(&mut self.absent.asked).into_iter().zip(replies) {
            match wish {
                Wish::Page => {
                    self.listed(kind, reply);
                    self.alone(kind);
                }
                Wish::Alone(at) => {
                    let record = serde_json::from_slice::<Value>(&reply.body).ok();
                    shown.extend(record.filter(|_| reply.ok()).map(|record| (kind, at, record)));
                }
            }
        }
        self.left_out(&shown);
        self.requests()
    }

    fn listed(&mut self, kind: Kind, page: &Reply) {
        let document = serde_json::from_slice::<Value>(&page.body).unwrap_or(Value::Null);
        let records: Vec<Value> = match member(&document, "Resources") {
            Some(Value::Array(records)) if page.ok() => records.iter().filter(|one| one.is_object()).cloned().collect(),
            _ => Vec::new(),
        };
        self.absent.listed.push((kind, records));
    }

    fn page(&self, kind: Kind) -> &[Value] {
        let page = self.absent.listed.iter().find(|(of, _)| *of == kind);
        page.map(|(_, records)| records.as_slice()).unwrap_or_default()
    }

    /// Whether a record shows what a row reads.
    fn shows(&self, record: &Value, row: &MapRow) -> bool {
        let urns: Vec<&str> = self.site.urns.iter().map(String::as_str).collect();
        row.read.iter().any(|read| shown(record, read, &urns))
    }

    /// Rows of which a list shows nothing: they are not used, or left out.
    fn silent(&self, kind: Kind) -> impl Iterator<Item = &MapRow> {
        let lost = move |row: &MapRow| {
            self.absent.undeclared.iter().any(|lost| lost.kind == kind && lost.path == row.attr.as_str())
        };
        let wanted = move |row: &&MapRow| row.compare && !row.read.is_empty() && !row.secret && !lost(row);
        self.rows(kind).filter(wanted).filter(move |row| !self.page(kind).iter().any(|record| self.shows(record, row)))
    }

    /// Some records of a page, each alone, where the page is silent about anything that is compared.
    fn alone(&mut self, kind: Kind) {
        let Some(path) = self.place(kind).map(|at| at.path.clone()) else { return };
        // Of a group it is the members that lists leave out; what else it has is short.
        let wanted = |row: &MapRow| kind != Kind::Group || row.list.is_some();
        if !self.silent(kind).any(wanted) {
            return;
        }
        let many = self.page(kind).len();
        let mut places: Vec<usize> = (0..ALONE).map(|part| part * many.saturating_sub(1) / (ALONE - 1)).collect();
        places.dedup();
        let found = places.into_iter().filter_map(|at| Some((at, segment(&own_id(self.page(kind).get(at)?)?)?)));
        let found: Vec<(usize, String)> = found.collect();
        let request = |(at, id)| (kind, Wish::Alone(at), accept(Request::get(format!("{path}/{id}"))));
        self.absent.asked.extend(found.into_iter().map(request));
    }

    /// What records that were read alone have, and the list they came from shows of nobody.
    fn left_out(&mut self, alone: &[(Kind, usize, Value)]) {
        for kind in [Kind::User, Kind::Group] {
            let same = |at: usize, record: &Value| {
                let listed = self.page(kind).get(at);
                listed.is_some_and(|listed| own_id(listed) == own_id(record))
            };
            let records: Vec<&Value> =
                alone.iter().filter(|(of, at, record)| *of == kind && same(*at, record)).map(|(.., one)| one).collect();
            let left = self.silent(kind).filter(|row| records.iter().any(|record| self.shows(record, row)));
            let left: Vec<String> = left.map(|row| row.attr.as_str().to_owned()).collect();
            if left.is_empty() {
                continue;
            }
            let list = kind.plural().to_ascii_lowercase();
            let read: Vec<&String> = left.iter().filter(|path| !self.brought(kind, path)).collect();
            if !read.is_empty() {
                let remedy = format!("detail_of = \"{list}\", path = \"/{}/{{id}}\", single = true", kind.plural());
                let detail = format!(
                    "its lists leave out {}, which a record that is read alone has: unread and not compared until a file of your own \
                     reads them one by one, by a [[feed]] with {remedy}, and a [[row]] with `detail` for each (trueup help connectors)",
                    listing(&read),
                );
                let at = self.place(kind).map(|at| at.path.clone()).unwrap_or_default();
                self.site.line(format!("GET {at}"), Finding::Note, detail);
            }
            let why = format!(
                "the lists of {} leave it out, and a record that is read alone has it: a [[feed]] with detail_of reads it (trueup help \
                 connectors)",
                self.mapping.title
            );
            let lost = |path| Lost { kind, path, how: Hidden::Lists, why: why.clone() };
            self.site.lost.extend(left.into_iter().map(lost));
        }
    }

    /// Whether a second feed reads an attribute record by record.
    fn brought(&self, kind: Kind, path: &str) -> bool {
        let row = self.mapping.row(kind, &AttrPath::new(path));
        let mut feeds = self.mapping.feeds.iter().filter(|feed| feed.kind == kind && feed.detail_of.is_some());
        row.is_some_and(|row| feeds.any(|feed| row.fields(feed).is_some()))
    }

    /// What the schemas do not declare, unless a record shows it.
    fn undeclared_still(&self) -> impl Iterator<Item = &Lost> {
        let contradicted = |lost: &Lost| {
            let row = self.mapping.row(lost.kind, &AttrPath::new(lost.path.as_str()));
            row.is_some_and(|row| self.page(lost.kind).iter().any(|record| self.shows(record, row)))
        };
        self.absent.undeclared.iter().filter(move |lost| !contradicted(lost))
    }

    /// What nobody can tell of a kind while it is still being asked whether its lists leave anything out.
    pub(super) fn not_known(&self, kind: Kind) -> Vec<Lost> {
        let why = format!("{} is still being asked whether its lists leave it out", self.mapping.title);
        let silent = self.silent(kind).map(|row| Lost {
            kind,
            path: row.attr.as_str().to_owned(),
            how: Hidden::Lists,
            why: why.clone(),
        });
        self.undeclared_still().filter(|lost| lost.kind == kind).cloned().chain(silent).collect()
    }

    /// What the schemas do not declare is lost, unless a record shows it.
    pub(super) fn settle_undeclared(&mut self, path: &str) {
        let lost: Vec<Lost> = self.undeclared_still().cloned().collect();
        self.absent.undeclared.clear();
        let named = |hidden: bool| {
            let named = lost.iter().filter(|lost| (lost.how == Hidden::Nowhere) != hidden).map(|lost| &lost.path);
            named.collect::<Vec<_>>()
        };
        let (nowhere, never) = (named(false), named(true));
        let what = format!("GET {path}");
        if !nowhere.is_empty() {
            let detail = format!(
                "the schemas do not declare {}, and no record shows it: switched off, or unknown to the service. Unread, not \
                 compared and not written; where the schemas are wrong, `schemas = false` under [service] in a file of your own \
                 (trueup help connectors)",
                listing(&nowhere)
            );
            self.site.line(what.clone(), Finding::Note, detail);
        }
        if !never.is_empty() {
            let detail = format!("the schemas say that {} is never returned: not compared", listing(&never));
            self.site.line(what, Finding::Note, detail);
        }
        self.site.lost.extend(lost);
    }
}

/// Some names, and how many more there are.
fn listing(paths: &[&String]) -> String {
    let local = |path: &&String| AttrPath::new(path.as_str()).local(&[]).to_owned();
    let named: Vec<String> = paths.iter().take(NAMED).map(local).collect();
    match paths.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        others => format!("{} and {others} more", named.join(", ")),
    }
}

/// Where a native path is: the schema that it names, and the way from there on without filters (`emails.value`).
fn placed(path: &str, urns: &[&str]) -> (String, String) {
    let mut plain = String::with_capacity(path.len());
    let mut depth = 0_u32;
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let plain = AttrPath::new(plain);
    let (urn, local) = plain.split(urns);
    (urn.to_owned(), local.to_owned())
}

/// Whether a record has a value at a native path, whatever a filter in it picks.
fn shown(record: &Value, path: &str, urns: &[&str]) -> bool {
    if let Some(local) = path.strip_prefix("urn:*:") {
        let extensions = record.as_object().into_iter().flatten().filter(|(key, _)| key.starts_with("urn:"));
        return extensions.into_iter().any(|(_, inner)| has(inner, local.split('[').next().unwrap_or_default()));
    }
    let (urn, local) = placed(path, urns);
    has(record, &local) || (!urn.is_empty() && member(record, &urn).is_some_and(|inner| has(inner, &local)))
}

fn has(value: &Value, path: &str) -> bool {
    let (first, rest) = path.split_once('.').map_or((path, ""), |(first, rest)| (first, rest));
    let Some(found) = member(value, first) else { return false };
    match found {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) if rest.is_empty() => !items.is_empty(),
        Value::Array(items) => items.iter().any(|item| has(item, rest)),
        Value::Object(_) if !rest.is_empty() => has(found, rest),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}
