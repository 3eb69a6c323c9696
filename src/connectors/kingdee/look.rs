//! Looking one user, group or employee up. What comes back is checked again: a filter that was ignored must not make us edit
//! somebody else.

use serde_json::{Map, Value, json};

use super::answer::{self, Answer, bare, get};
use super::forms::{DEPARTMENTS, Form, LIMIT, ORGANISATIONS, quoted};
use super::pages::rows_of;
use super::record::{Group, ORG, TWIN, own_id, text};
use super::words::{explained, told};
use super::{EMPLOYEE, GROUP, Kingdee, People, USER};
use crate::connectors::record::observed;
use crate::connectors::{Looked, Observed};
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::{Reply, Request, Site};

impl Kingdee {
    /// The form of a record, by the form of its id.
    pub(super) fn form_of(&self, kind: Kind, id: &str) -> Option<&'static Form> {
        match kind {
            Kind::User => Some(self.people.form()),
            Kind::Group if id.starts_with(ORG) => Some(&ORGANISATIONS),
            Kind::Group => Some(&DEPARTMENTS),
            Kind::Role | Kind::Product => None,
        }
    }

    pub(super) fn ask_one(&self, key: &RecordKey) -> Vec<Request> {
        let Some(form) = self.form_of(key.kind, &key.id) else { return Vec::new() };
        let request = match (key.kind, key.id.strip_prefix(ORG), key.id.split_once(TWIN)) {
            (Kind::Group, Some(number), _) => self.view_by_number(form, number),
            (Kind::Group, None, Some((_, id))) => self.view_by_id(form, id),
            (Kind::Group, None, None) => self.view_by_number(form, &key.id),
            _ => self.view_by_id(form, &key.id),
        };
        vec![request]
    }

    pub(super) fn ask_by(&self, site: &Site, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        let ask = |form: &Form, filter: String| self.rows(form, &filter, 0, LIMIT, lean(site, form));
        let of =
            |name: &str| by.iter().find(|(path, value)| is(path, name) && !value.is_empty()).map(|(_, value)| value);
        match kind {
            Kind::User => {
                let form = self.people.form();
                let (field, attr) = self.people.key();
                let account = of(attr).map(|name| format!("{field}={}", quoted(name)));
                let mail = || of("emails").map(|mail| format!("FEmail={}", quoted(mail)));
                account.or_else(mail).map(|filter| ask(form, filter)).into_iter().collect()
            }
            Kind::Group => {
                let number = of("externalId").map(|number| format!("FNumber={}", quoted(number)));
                let name = || of("displayName").map(|name| format!("FName={}", quoted(name)));
                let Some(filter) = number.or_else(name) else { return Vec::new() };
                let within = match &self.organisation {
                    Some(own) => format!("{filter} and FUseOrgId.FNumber={}", quoted(own)),
                    None => filter.clone(),
                };
                vec![ask(&ORGANISATIONS, filter), ask(&DEPARTMENTS, within)]
            }
            Kind::Role | Kind::Product => Vec::new(),
        }
    }

    pub(super) fn seen(&self, kind: Kind, want: Looked<'_>, replies: &[Reply]) -> Result<Option<Observed>, String> {
        match (want, kind) {
            (Looked::Id(id), _) => self.seen_one(kind, id, replies),
            (Looked::By(by), Kind::User) => self.seen_user(by, replies),
            (Looked::By(by), _) => self.seen_group(by, replies),
        }
    }

    fn seen_one(&self, kind: Kind, id: &str, replies: &[Reply]) -> Result<Option<Observed>, String> {
        let reply = replies.first().ok_or_else(|| format!("a {kind} cannot be read one by one here"))?;
        let result = match answer::read(reply) {
            Answer::Yes(result) => result,
            Answer::No(complaint) if complaint.absent() => return Ok(None),
            Answer::No(complaint) => return Err(explained(&complaint)),
            other => return Err(told(&other)),
        };
        let record = match get(&result, "Result") {
            Some(Value::Object(record)) if !record.is_empty() => record.clone(),
            // What a View without a valid session may get (targets/kingdee.md 3.5).
            _ => return Err(format!("Kingdee's View showed nothing of the {kind}: the session may not see it")),
        };
        self.viewed(kind, id, record).map(Some)
    }

    /// A viewed record, whose id must be the one that was asked for.
    fn viewed(&self, kind: Kind, id: &str, record: Map<String, Value>) -> Result<Observed, String> {
        if kind == Kind::Group {
            let mut group = Group::viewed(&record, !id.starts_with(ORG), &self.lcid);
            if id.split_once(TWIN).is_some_and(|(number, own)| number == group.number && own == own_id(&record)) {
                id.clone_into(&mut group.id);
            }
            let own = group.id.clone();
            if own != id {
                return Err(format!("asked for the group {id}, Kingdee answered with {own}"));
            }
            let mut seen = observed(&self.mapping, kind, GROUP, id, group.json(), None)?;
            seen.native = Value::Object(record);
            return Ok(seen);
        }
        let own = own_id(&record);
        if own != id {
            return Err(format!("asked for the {kind} {id}, Kingdee answered with {own}"));
        }
        let feed = if self.people == People::Users { USER } else { EMPLOYEE };
        let mut seen = observed(&self.mapping, kind, feed, id, Value::Object(plain(&record, &self.lcid)), None)?;
        seen.native = Value::Object(record);
        self.mapping.reader(feed).into_iter().for_each(|reader| reader.redact_value(&mut seen.native));
        Ok(seen)
    }

    fn seen_user(&self, by: &[(AttrPath, String)], replies: &[Reply]) -> Result<Option<Observed>, String> {
        let reply =
            replies.first().ok_or("Kingdee looks users up by account or e-mail address, and neither is known")?;
        let account = by.iter().find(|(path, value)| is(path, self.people.key().1) && !value.is_empty());
        let (at, wanted) = match account {
            Some((_, name)) => (1, name),
            None => {
                (3, by.iter().find(|(path, _)| is(path, "emails")).map(|(_, mail)| mail).ok_or("no key to look up")?)
            }
        };
        let (hits, others): (Vec<Vec<Value>>, Vec<Vec<Value>>) = rows_of(Some(reply))?
            .into_iter()
            .partition(|row| row.get(at).map(bare).is_some_and(|have| fold(&have) == fold(wanted)));
        match hits.as_slice() {
            // The filter lets nothing else through: rows of others are no answer to it.
            [] if !others.is_empty() => {
                Err(format!("asked for the user {wanted}, Kingdee answered with {} others", others.len()))
            }
            [] => Ok(None),
            [row] => {
                let id = row.first().map(bare).unwrap_or_default();
                observed(&self.mapping, Kind::User, self.people.feed(), &id, json!([row]), None).map(Some)
            }
            several => Err(format!("{} users have {wanted}", several.len())),
        }
    }

    fn seen_group(&self, by: &[(AttrPath, String)], replies: &[Reply]) -> Result<Option<Observed>, String> {
        let [organisations, departments] = replies else {
            return Err("Kingdee looks groups up by number or name, and neither is known".into());
        };
        let key = |name: &str| by.iter().find(|(path, value)| is(path, name) && !value.is_empty());
        let (at, wanted) = match (key("externalId"), key("displayName")) {
            (Some((_, number)), _) => (0, number),
            (None, Some((_, name))) => (1, name),
            (None, None) => return Err("no key to look up".into()),
        };
        let mut hits = Vec::new();
        for (form, reply, first) in [(&ORGANISATIONS, organisations, 0), (&DEPARTMENTS, departments, 1)] {
            for row in rows_of(Some(reply))? {
                let cell = |at: usize| row.get(at).map(bare).unwrap_or_default();
                if fold(&cell(first + at)) != fold(wanted) {
                    continue;
                }
                let department = form.of_organisation;
                let (number, name) = (cell(first), cell(first + 1));
                let organisation =
                    if department && !cell(4).is_empty() { format!("{ORG}{}", cell(4)) } else { String::new() };
                if department && !cell(5).is_empty() && cell(5) != cell(4) {
                    // The same department, allocated to another organisation.
                    continue;
                }
                let state = first + if department { 5 } else { 2 };
                hits.push(Group {
                    id: if department { number.clone() } else { format!("{ORG}{number}") },
                    number,
                    name,
                    sort: if department { "department" } else { "organisation" },
                    parent: String::new(),
                    organisation,
                    document: row.get(state).cloned().unwrap_or_default(),
                    forbid: row.get(state + 1).cloned().unwrap_or_default(),
                });
            }
        }
        match hits.len() {
            0 => Ok(None),
            1 => {
                let Some(group) = hits.pop() else { return Ok(None) };
                let id = group.id.clone();
                observed(&self.mapping, Kind::Group, GROUP, &id, group.json(), None).map(Some)
            }
            several => Err(format!("{several} groups are called {wanted}: give it a number of its own")),
        }
    }
}

/// A record with its texts in one language, as a query shows them.
fn plain(record: &Map<String, Value>, lcid: &str) -> Map<String, Value> {
    let languages = |items: &[Value]| {
        !items.is_empty()
            && items.iter().all(|item| {
                item.as_object().is_some_and(|fields| get(fields, "Key").is_some() && get(fields, "Value").is_some())
            })
    };
    let shown = |value: &Value| match value {
        Value::Array(items) if languages(items) => Value::from(text(value, lcid)),
        other => other.clone(),
    };
    record.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
}

/// Whether a form has fewer fields here.
pub(super) fn lean(site: &Site, form: &Form) -> bool {
    site.learned.contains_key(&format!("lean {}", form.id))
}

/// Whether a path is this attribute or a part of it.
pub(super) fn is(path: &AttrPath, name: &str) -> bool {
    let path = path.local(&[]);
    path.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        && matches!(path.as_bytes().get(name.len()), None | Some(b'.' | b'['))
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}
