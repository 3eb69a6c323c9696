//! Looking one user or team up. Ids and user names share a path, a search is fuzzy, and a team's list leaves inactive members
//! out: so every answer is checked again here, and what a list does not show is asked for user by user.

use serde_json::{Map, Value, json};

use super::custom::FIELDS;
use super::officers::{Office, concerned};
use super::words::{explain, missing};
use super::{Litmos, MEMBERS, TEAM, USER, USER_CUSTOM};
use crate::connectors::address::segment;
use crate::connectors::record::observed;
use crate::connectors::{Look, Looked, Observed, Read};
use crate::model::{AttrPath, Kind, RecordKey, TableBuilder};
use crate::plan::{Change, Ref, Reply, Request};

impl Litmos {
    pub(super) fn ask_one(&self, key: &RecordKey) -> Vec<Request> {
        let Some(id) = segment(&key.id) else { return Vec::new() };
        match key.kind {
            Kind::User => {
                let custom = self.custom_fields.then(|| self.get(&format!("users/{id}/{FIELDS}")));
                std::iter::once(self.get(&format!("users/{id}"))).chain(custom).collect()
            }
            Kind::Group => vec![self.get(&format!("teams/{id}")), self.page(&format!("teams/{id}/users"), 0)],
            Kind::Role | Kind::Product => Vec::new(),
        }
    }

    pub(super) fn ask_by(&self, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        let search = |call: &str, text: &str| vec![self.page(call, 0).query("search", text)];
        match (kind, key(kind, by)) {
            (Kind::User, Some((true, name))) => match segment(name) {
                // Slashes are encoded, and yet not every server takes them in a path.
                Some(segment) if !name.contains(['/', '\\']) => vec![self.get(&format!("users/{segment}"))],
                _ => search("users", name),
            },
            (Kind::User, Some((false, email))) => search("users", email),
            (Kind::Group, Some((_, name))) => search("teams", name),
            _ => Vec::new(),
        }
    }

    /// `last`: nothing more is read.
    pub(super) fn seen(
        &self,
        kind: Kind,
        want: Looked<'_>,
        about: &[&Change],
        read: Read<'_>,
        last: bool,
    ) -> Result<Look, String> {
        match (kind, want) {
            (Kind::User, Looked::Id(id)) => self.user(id, read),
            (Kind::User, Looked::By(by)) => self.user_by(by, read),
            (Kind::Group, Looked::Id(id)) => self.team(id, about, read, last),
            (Kind::Group, Looked::By(by)) => self.team_by(by, about, read),
            (Kind::Role | Kind::Product, _) => Err(format!("SAP Litmos has no call for one {kind}")),
        }
    }

    fn user(&self, id: &str, read: Read<'_>) -> Result<Look, String> {
        let (request, reply) = first(read)?;
        let Some(record) = self.one(request, reply)? else { return Ok(Look::Seen(None)) };
        let own = own_id(&record).ok_or("SAP Litmos sent a user without an id")?;
        // Ids are case-sensitive, and the same path takes user names.
        if own != id {
            return Err(format!("asked for the user {id}, SAP Litmos answered with {own}"));
        }
        let mut seen = observed(&self.mapping, Kind::User, USER, id, record, None)?;
        for (request, reply) in read.asked.iter().zip(read.replies).skip(1) {
            if request.path.ends_with(&format!("/{FIELDS}")) {
                self.with_custom(&mut seen, request, reply)?;
            }
        }
        Ok(Look::Seen(Some(Box::new(seen))))
    }

    /// Lays the advanced custom fields beside a user that was read. A form that is not understood is as good as not read.
    fn with_custom(&self, seen: &mut Observed, request: &Request, reply: &Reply) -> Result<(), String> {
        if !reply.ok() {
            return Err(explain(request, reply));
        }
        let Ok(document) = serde_json::from_slice::<Value>(&reply.body) else {
            return Err("SAP Litmos answered with custom fields that are no whole JSON".into());
        };
        let document = self.plain_value(document);
        let (Ok(fields), Some(record)) = (super::custom::fields(&document), seen.native.as_object_mut()) else {
            return Ok(());
        };
        record.insert(FIELDS.to_owned(), document);
        let fault = |error: &dyn std::fmt::Display| format!("the custom fields cannot be read: {error}");
        let mut builder = TableBuilder::new(seen.table.schema().clone());
        let pages = [(USER, Value::Object(record.clone())), (USER_CUSTOM, Value::Object(fields))];
        for (feed, page) in pages {
            let reader = self.mapping.reader(feed).ok_or_else(|| fault(&"the mapping has no feed for them"))?;
            reader.read(page.to_string().as_bytes(), Some(&seen.id), &mut builder).map_err(|error| fault(&error))?;
        }
        seen.table = builder.table();
        Ok(())
    }

    fn user_by(&self, by: &[(AttrPath, String)], read: Read<'_>) -> Result<Look, String> {
        let (is_name, text) = key(Kind::User, by).ok_or("a user is looked up by user name or e-mail address")?;
        let field = if is_name { "UserName" } else { "Email" };
        let is =
            |record: &Value| record.get(field).and_then(Value::as_str).is_some_and(|have| fold(have) == fold(text));
        let (mut request, mut reply) = first(read)?;
        if searched(request) {
            let hits: Vec<Value> = self.list(request, reply)?.into_iter().filter(|record| is(record)).collect();
            let id = match hits.as_slice() {
                [] => return Ok(Look::Seen(None)),
                [hit] => own_id(hit).ok_or("SAP Litmos sent a user without an id")?,
                several => return Err(format!("{} users have this {field}", several.len())),
            };
            let Some((next, answer)) = read.asked.get(1).zip(read.replies.get(1)) else {
                let id = segment(&id).ok_or_else(|| format!("the id {id:?} fits no address"))?;
                return Ok(Look::More(vec![self.get(&format!("users/{id}"))]));
            };
            (request, reply) = (next, answer);
        }
        let Some(record) = self.one(request, reply)? else { return Ok(Look::Seen(None)) };
        let id = own_id(&record).ok_or("SAP Litmos sent a user without an id")?;
        if !is(&record) {
            // A user name that is somebody else's id says that nobody has that name; another record says nothing at all.
            if is_name && fold(&id) == fold(text) {
                return Ok(Look::Seen(None));
            }
            return Err(format!("asked for the user {text}, SAP Litmos answered with {id}"));
        }
        observed(&self.mapping, Kind::User, USER, &id, record, None).map(|seen| Look::Seen(Some(Box::new(seen))))
    }

    fn team(&self, id: &str, about: &[&Change], read: Read<'_>, last: bool) -> Result<Look, String> {
        let (request, reply) = first(read)?;
        let Some(record) = self.one(request, reply)? else { return Ok(Look::Seen(None)) };
        let own = own_id(&record).ok_or("SAP Litmos sent a team without an id")?;
        if own != id {
            return Err(format!("asked for the team {id}, SAP Litmos answered with {own}"));
        }
        let own_path = self.path(&format!("teams/{}/users", segment(id).unwrap_or_default()));
        let mut members: Vec<Value> = Vec::new();
        let mut lists: Vec<(Office, Vec<Value>)> = Vec::new();
        let (mut listed, mut whole, mut asked) = (0, None, Vec::new());
        for (request, reply) in read.asked.iter().zip(read.replies).skip(1) {
            if request.path == own_path {
                let page = self.list(request, reply)?;
                whole = Some(page.len() < self.limit() as usize);
                listed += page.len();
                members.extend(page);
            } else if let Some(office) = Office::ALL.into_iter().find(|office| request.path == self.office(id, *office))
            {
                lists.push((office, self.list(request, reply)?));
            } else if let Some(user) = user_of(self, request) {
                // Somebody whom SAP Litmos does not know is in no team.
                let teams = if missing(reply) { Vec::new() } else { self.list(request, reply)? };
                if teams.iter().any(|team| own_id(team).as_deref() == Some(id)) {
                    members.push(json!({ "Id": user }));
                }
                asked.push(user);
            }
        }
        if whole == Some(false) && !last {
            return Ok(Look::More(vec![
                self.page(&format!("teams/{}/users", segment(id).unwrap_or_default()), listed),
            ]));
        }
        if whole.is_some() && !last {
            // Only active members are listed: whoever shall be there and is not seen is asked for by himself.
            let there = |who: &str| members.iter().any(|member| own_id(member).as_deref() == Some(who));
            let hidden: Vec<Request> = wanted(about)
                .filter(|who| !there(who) && !asked.iter().any(|have| have == who))
                .filter_map(|who| Some(self.page(&format!("users/{}/teams", segment(who)?), 0)))
                .collect();
            if !hidden.is_empty() {
                return Ok(Look::More(hidden));
            }
        }
        let unread = concerned(about).into_iter().filter(|office| !lists.iter().any(|(have, _)| have == office));
        let unread: Vec<Request> = unread
            .map(|office| self.page(&format!("teams/{}/{}", segment(id).unwrap_or_default(), office.call()), 0))
            .collect();
        if !unread.is_empty() && !last {
            return Ok(Look::More(unread));
        }
        let known = whole.is_some() || !asked.is_empty();
        let mut lists: Vec<(&str, Vec<Value>)> =
            lists.into_iter().map(|(office, list)| (office.feed(), list)).collect();
        lists.extend(known.then_some((MEMBERS, members)));
        self.team_record(id, record, lists).map(|seen| Look::Seen(Some(Box::new(seen))))
    }

    /// A team by its name alone: names are not unique (the seed), so before a create any of that name stands in the way, and
    /// after one whose reply was lost only a single one can be it.
    fn team_by(&self, by: &[(AttrPath, String)], about: &[&Change], read: Read<'_>) -> Result<Look, String> {
        let (_, name) = key(Kind::Group, by).ok_or("a team is looked up by its name")?;
        let (request, reply) = first(read)?;
        let is = |team: &Value| team.get("Name").and_then(Value::as_str).is_some_and(|have| fold(have) == fold(name));
        let hits: Vec<Value> = self.list(request, reply)?.into_iter().filter(is).collect();
        let told = |hits: &[Value]| {
            let text = |team: &Value, field: &str| team.get(field).and_then(Value::as_str).unwrap_or("?").to_owned();
            let names =
                hits.iter().map(|team| format!("{} ({})", text(team, "Id"), text(team, "TeamCodeForBulkImport")));
            names.collect::<Vec<_>>().join(", ")
        };
        match hits.as_slice() {
            [] => Ok(Look::Seen(None)),
            [hit] if !about.is_empty() => {
                let id = own_id(hit).ok_or("SAP Litmos sent a team without an id")?;
                self.team_record(&id, hit.clone(), Vec::new()).map(|seen| Look::Seen(Some(Box::new(seen))))
            }
            some => Err(format!(
                "SAP Litmos has a team of this name already: {}. Names may repeat there and tell nobody which is meant: link it, \
                 or give the new one another name",
                told(some)
            )),
        }
    }

    /// The path of one of a team's lists.
    fn office(&self, id: &str, office: Office) -> String {
        self.path(&format!("teams/{}/{}", segment(id).unwrap_or_default(), office.call()))
    }

    /// A team, with the lists that were read, by their feeds.
    fn team_record(&self, id: &str, record: Value, lists: Vec<(&str, Vec<Value>)>) -> Result<Observed, String> {
        let fault = |what: &str| format!("the team cannot be read: {what}");
        let reader = self.mapping.reader(TEAM).ok_or_else(|| fault("the mapping has no feed for it"))?;
        let mut builder = TableBuilder::new(reader.schema().clone());
        reader
            .read(record.to_string().as_bytes(), Some(id), &mut builder)
            .map_err(|error| fault(&error.to_string()))?;
        for (feed, list) in lists {
            let reader = self.mapping.reader(feed).ok_or_else(|| fault(&format!("the mapping has no feed {feed}")))?;
            reader
                .read(Value::from(list).to_string().as_bytes(), Some(id), &mut builder)
                .map_err(|error| fault(&error.to_string()))?;
        }
        let table = builder.table();
        if table.len() != 1 {
            return Err(fault("there is not one of it"));
        }
        Ok(Observed { id: id.to_owned(), table, native: record, etag: None })
    }

    /// One record; `None` where it is not there.
    fn one(&self, request: &Request, reply: &Reply) -> Result<Option<Value>, String> {
        if missing(reply) {
            return Ok(None);
        }
        if !reply.ok() {
            return Err(explain(request, reply));
        }
        match serde_json::from_slice::<Value>(&reply.body) {
            Ok(record @ Value::Object(_)) => Ok(Some(self.plain_value(record))),
            Ok(_) => Err("SAP Litmos answered with something that is no record".into()),
            Err(_) => Err("SAP Litmos answered with something that is no whole JSON".into()),
        }
    }

    /// A list of records.
    fn list(&self, request: &Request, reply: &Reply) -> Result<Vec<Value>, String> {
        if !reply.ok() {
            return Err(explain(request, reply));
        }
        serde_json::from_slice::<Vec<Map<String, Value>>>(&reply.body)
            .map(|records| records.into_iter().map(|record| self.plain_value(Value::Object(record))).collect())
            .map_err(|_| "SAP Litmos answered with something that is no list".into())
    }
}

/// The key to look up by, and whether it is a name: the user name is unique, an e-mail address need not be.
fn key(kind: Kind, by: &[(AttrPath, String)]) -> Option<(bool, &str)> {
    let find = |name: &str| {
        let is = |path: &AttrPath| path.as_str().to_ascii_lowercase().starts_with(name);
        by.iter().find(|(path, text)| is(path) && !text.trim().is_empty()).map(|(_, text)| text.as_str())
    };
    match kind {
        Kind::User => find("username").map(|name| (true, name)).or_else(|| find("emails").map(|email| (false, email))),
        Kind::Group => find("displayname").map(|name| (true, name)),
        Kind::Role | Kind::Product => None,
    }
}

/// The members that changes are about.
fn wanted<'c>(about: &'c [&'c Change]) -> impl Iterator<Item = &'c str> {
    about.iter().flat_map(|change| &change.want).filter(|want| want.facet.path == AttrPath::new("members")).filter_map(
        |want| match want.facet.key.as_deref() {
            Some([Ref::Id(id)]) => Some(&**id),
            _ => None,
        },
    )
}

fn first(read: Read<'_>) -> Result<(&Request, &Reply), String> {
    read.asked.first().zip(read.replies.first()).ok_or_else(|| "it cannot be read one by one here".to_owned())
}

fn searched(request: &Request) -> bool {
    request.query.iter().any(|(name, _)| name == "search")
}

/// The user whose teams a request asks for.
fn user_of(litmos: &Litmos, request: &Request) -> Option<String> {
    let encoded = request.path.strip_prefix(&litmos.path("users/"))?.strip_suffix("/teams")?;
    Some(decoded(encoded))
}

/// A segment of a path as it was before [`segment`].
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = (byte == b'%').then(|| after.get(..2)).flatten();
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(value) = hex {
            bytes.push(value);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn own_id(record: &Value) -> Option<String> {
    record.get("Id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
