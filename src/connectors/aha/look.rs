//! Looking one user, product or team up. Aha! filters by e-mail address alone, exactly or not, so every answer is checked
//! again here (targets/aha.md 8.3).

use serde_json::{Value, json};

use super::pages::{page_of, pagination};
use super::words::explain;
use super::{Aha, path};
use crate::connectors::address::segment;
use crate::connectors::fault::looks_like_json;
use crate::connectors::record::observed;
use crate::connectors::{Looked, Observed};
use crate::model::{AttrPath, Kind, RecordKey, TableBuilder};
use crate::plan::{Reply, Request};

impl Aha {
    pub(super) fn ask_one(&self, key: &RecordKey) -> Vec<Request> {
        let place = match key.kind {
            Kind::User => "users",
            Kind::Product => "products",
            Kind::Group => return self.ask_team(&key.id),
            // No endpoint serves roles one by one (targets/aha.md 10.2).
            Kind::Role => return Vec::new(),
        };
        segment(&key.id).and_then(|id| self.get(&format!("{place}/{id}"))).into_iter().collect()
    }

    /// A team, and its memberships, which only a call of their own has.
    fn ask_team(&self, id: &str) -> Vec<Request> {
        let team = segment(id).and_then(|id| {
            let members = self.get(&format!("teams/{id}/team_memberships"))?;
            Some(vec![self.get(&format!("teams/{id}"))?, page_of(&members, 1)])
        });
        team.unwrap_or_default()
    }

    pub(super) fn ask_by(&self, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        if kind != Kind::User {
            return Vec::new();
        }
        addresses(by).into_iter().filter_map(|email| Some(self.get("users")?.query("email", email))).collect()
    }

    pub(super) fn seen(&self, kind: Kind, want: Looked<'_>, replies: &[Reply]) -> Result<Option<Observed>, String> {
        match want {
            Looked::Id(id) => self.seen_one(kind, id, replies),
            Looked::By(by) => self.seen_by(kind, by, replies),
        }
    }

    fn seen_one(&self, kind: Kind, id: &str, replies: &[Reply]) -> Result<Option<Observed>, String> {
        let reply = replies.first().ok_or_else(|| format!("a {kind} cannot be read one by one here"))?;
        // A JSON 404 is "not there, or not visible to this key"; an HTML one is a path that is not served
        // (targets/aha.md 5).
        if reply.status == 404 && (reply.json() || looks_like_json(&reply.body)) {
            return Ok(None);
        }
        let document = document(reply)?;
        let name = if kind == Kind::Group { "team".to_owned() } else { kind.name().to_ascii_lowercase() };
        let record = document.get(&name).unwrap_or(&document);
        let own = own_id(record).ok_or_else(|| format!("Aha! sent a {kind} without an id"))?;
        // A product may be asked for by its prefix, and answers with its number (targets/aha.md 6).
        let prefix = record.get("reference_prefix").and_then(Value::as_str);
        if own != id && prefix != Some(id) {
            return Err(format!("asked for the {kind} {id}, Aha! answered with {own}"));
        }
        if kind == Kind::Group {
            return self.team(id, record.clone(), replies.get(1)).map(Some);
        }
        observed(&self.mapping, kind, &name, &own, record.clone(), None).map(Some)
    }

    /// A team with the members of the first page, in the native record too: what is shown is what there is of it.
    fn team(&self, id: &str, mut native: Value, members: Option<&Reply>) -> Result<Observed, String> {
        let fault = |why: String| format!("the team cannot be read: {why}");
        let read = |feed: &str, text: &str, into: &mut TableBuilder| {
            let reader = self.mapping.reader(feed).ok_or_else(|| fault(format!("the mapping has no feed {feed}")))?;
            reader.read(text.as_bytes(), Some(id), into).map_err(|error| fault(error.to_string()))
        };
        let schema = self.mapping.kind(Kind::Group).map(|map| map.schema.clone());
        let mut builder = TableBuilder::new(schema.ok_or_else(|| fault("the mapping has no groups".to_owned()))?);
        read("team", &json!({ "team": native }).to_string(), &mut builder)?;
        let listed = members.map(document).transpose()?;
        if let (Some(listed), Some(fields)) = (listed, native.as_object_mut()) {
            let envelope = listed.as_object().cloned().unwrap_or_default();
            if pagination(&envelope).pages.is_none_or(|pages| pages <= 1) {
                read(super::MEMBERSHIPS, &listed.to_string(), &mut builder)?;
            }
            fields.insert("team_memberships".to_owned(), listed.get("team_memberships").cloned().unwrap_or_default());
        }
        let table = builder.table();
        if table.len() != 1 {
            return Err(fault("there is not one of it".to_owned()));
        }
        Ok(Observed { id: id.to_owned(), table, native, etag: None })
    }

    fn seen_by(&self, kind: Kind, by: &[(AttrPath, String)], replies: &[Reply]) -> Result<Option<Observed>, String> {
        let emails = addresses(by);
        if kind != Kind::User || emails.is_empty() {
            return Err(format!("Aha! looks users up by e-mail address, and a {kind} not at all"));
        }
        if replies.len() < emails.len() {
            return Err("Aha! did not answer every search".into());
        }
        let mut hits: Vec<Value> = Vec::new();
        for reply in replies {
            let document = document(reply)?;
            let listed =
                document.get("users").and_then(Value::as_array).ok_or("Aha! answered the search with no list")?;
            let envelope = document.as_object().cloned().unwrap_or_default();
            let found: Vec<&Value> = listed
                .iter()
                .filter(|user| {
                    let email = user.get("email").and_then(Value::as_str).map(fold);
                    email.is_some_and(|email| emails.iter().any(|wanted| fold(wanted) == email))
                })
                .collect();
            let total = pagination(&envelope).records.unwrap_or(listed.len() as u64);
            if found.is_empty() && total > listed.len() as u64 {
                return Err(format!(
                    "the search by e-mail address brought {} others of {total}: whether this one exists can only be told by \
                     reading all",
                    listed.len()
                ));
            }
            for user in found {
                if !hits.iter().any(|have| own_id(have) == own_id(user)) {
                    hits.push(user.clone());
                }
            }
        }
        match hits.as_slice() {
            [] => Ok(None),
            [user] => {
                let id = own_id(user).ok_or("Aha! sent a user without an id")?;
                observed(&self.mapping, kind, "user", &id, user.clone(), None).map(Some)
            }
            several => {
                let ids: Vec<_> = several.iter().filter_map(own_id).collect();
                Err(format!("{} users have this e-mail address: {}", several.len(), ids.join(", ")))
            }
        }
    }
}

/// The JSON document of a reply, or why there is none.
fn document(reply: &Reply) -> Result<Value, String> {
    if !reply.ok() {
        return Err(explain(&Request::get(path("")), reply));
    }
    serde_json::from_slice(&reply.body).map_err(|_| "Aha! answered with something that is no whole JSON".into())
}

/// The distinct e-mail addresses of a key; a user's name is its address here (seeds table 292).
fn addresses(by: &[(AttrPath, String)]) -> Vec<&str> {
    let mut emails: Vec<&str> = Vec::new();
    for (path, value) in by {
        let path = path.as_str().to_ascii_lowercase();
        let mail = path == "username" || path.starts_with("emails");
        if mail && !value.is_empty() && !emails.iter().any(|have| fold(have) == fold(value)) {
            emails.push(value);
        }
    }
    emails
}

pub(super) fn fold(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A record's own id, sent as text or number (targets/aha.md 6).
pub(super) fn own_id(record: &Value) -> Option<String> {
    match record.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    }
}
