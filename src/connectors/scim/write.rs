//! Changes into requests: POST, PATCH where it is offered, read-merge-PUT elsewhere, DELETE (RFC 7644 3.3 to 3.6).
//!
//! The form is settled by what the service announced and by the lessons of earlier plans, never by what happens while a plan
//! is carried out (targets/scim.md A6 rule 6).

use serde_json::{Map, Value};

use super::edit::Edited;
use super::path::{Path, key};
use super::portions::portions;
use super::{Scim, accept};
use crate::connectors::Observed;
use crate::connectors::address::segment;
use crate::connectors::wanted::{What, Wish, about, in_order, side_effects, wishes};
use crate::mapping::{Access, Edit};
use crate::model::{AttrPath, Kind, Op};
use crate::plan::{
    Body, By, Change, ChangeId, Endpoint, Expect, Facet, Method, Ref, Refusal, Repeat, Request, Site, Step, Target,
    Want, Wanted,
};

fn cannot(why: impl Into<String>) -> Refusal {
    Refusal::Cannot(why.into())
}

impl Scim {
    pub(super) fn steps(
        &self,
        site: &Site,
        changes: &[&Change],
        native: Option<&Observed>,
    ) -> Result<Vec<Step>, Refusal> {
        let first = about(site, changes)?;
        let endpoint =
            site.endpoint(first.kind).ok_or_else(|| cannot(format!("the service has no {}", first.kind.plural())))?;
        let work = Work { scim: self, site, endpoint, changes, native };
        if changes.iter().any(|change| change.op == Op::Create) {
            return work.create();
        }
        if changes.iter().any(|change| change.op == Op::Delete) {
            return work.delete();
        }
        if self.soft_delete && first.kind == Kind::User && changes.iter().all(|change| change.op == Op::Deactivate) {
            return work.switch_off();
        }
        work.update()
    }
}

/// One rendering.
pub(super) struct Work<'r> {
    pub(super) scim: &'r Scim,
    pub(super) site: &'r Site,
    pub(super) endpoint: &'r Endpoint,
    pub(super) changes: &'r [&'r Change],
    pub(super) native: Option<&'r Observed>,
}

impl<'r> Work<'r> {
    pub(super) fn step(&self, serves: &[ChangeId], read: Vec<Request>, write: Request, verify: Vec<Request>) -> Step {
        let served: Vec<Op> =
            self.changes.iter().filter(|change| serves.contains(&change.id)).map(|change| change.op).collect();
        Step {
            read,
            verify,
            side_effects: side_effects(&self.scim.mapping, self.endpoint.kind, &served),
            ..Step::new(self.changes[0].system.clone(), serves.to_vec(), write)
        }
    }

    pub(super) fn body(&self, json: Value) -> Body {
        Body::Json { json, media: self.scim.media().into() }
    }

    /// The record's path, and the change whose new id is a hole in it.
    pub(super) fn place(&self) -> Result<(String, Option<ChangeId>), Refusal> {
        match &self.changes[0].target {
            Target::Record(key) => {
                let id = segment(&key.id).ok_or_else(|| cannot(format!("the id {:?} fits no address", key.id)))?;
                Ok((format!("{}/{id}", self.endpoint.path), None))
            }
            Target::New(change) => {
                Ok((format!("{}/{}", self.endpoint.path, Ref::New(change.clone())), Some(change.clone())))
            }
        }
    }

    /// The wishes of some changes, in the order of display: removals first.
    pub(super) fn edits(&self, changes: &[&Change], holes: &mut Vec<ChangeId>) -> Result<Vec<Edited<'r>>, Refusal> {
        let mut edits = Vec::new();
        for change in in_order(changes) {
            let change = with_active(change);
            for wish in wishes(&self.scim.mapping, &change, holes)? {
                if wish.row.access == Access::Create && matches!(change.target, Target::Record(_)) {
                    let note = wish.row.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
                    return Err(cannot(format!(
                        "{}: it can only be given when a {} is created{note}",
                        wish.row.attr, change.kind
                    )));
                }
                if wish.row.secret {
                    return Err(cannot(format!(
                        "{}: a password is never written as plain text, as it would stand in plans and in the journal",
                        wish.row.attr
                    )));
                }
                let at = self.resolve(wish.at).ok_or_else(|| {
                    cannot(format!(
                        "{}: the service declares no extension that holds it, and the record shows none",
                        wish.row.attr
                    ))
                })?;
                let at = if wish.row.list.is_some() { at.trim_end_matches("[]").to_owned() } else { at };
                let path = Path::parse(&at, &self.endpoint.schema, &self.site.urns)
                    .ok_or_else(|| cannot(format!("{}: {at} is no path that can be written", wish.row.attr)))?;
                let parts = if path.urn.is_empty() { self.site.parts_of(self.endpoint.kind, &path.attr) } else { None };
                let path = path.among(parts);
                // Without a part to pick by, the elements that have none are those of one row alone.
                if path.bare && !wish.row.read.iter().any(|read| read.contains("[not (")) {
                    if change.op == Op::Create {
                        continue;
                    }
                    let part = path.pick.as_ref().map_or("", |(part, _)| part.as_str());
                    return Err(cannot(format!(
                        "{}: the service's schema has no `{part}` by which it could be told from the others",
                        wish.row.attr
                    )));
                }
                let moves = matches!(change.target, Target::Record(_)) && path.urn.is_empty() && path.pick.is_none();
                if moves && wish.row.list.is_none() && self.site.fixes(self.endpoint.kind, &path.text()) {
                    return Err(cannot(format!(
                        "{}: the service declares that it never changes once a {} is created (RFC 7643 7: immutable)",
                        wish.row.attr, change.kind
                    )));
                }
                let mut wish = wish;
                self.type_of(&path, &mut wish.what)?;
                let at = self.address_of(&wish, parts);
                edits.push(Edited { wish, path, at });
            }
        }
        Ok(edits)
    }

    /// The address of the record that a new entry names: where the list declares `$ref` it is sent along, as there are
    /// services that go by it.
    fn address_of(&self, wish: &Wish<'_>, parts: Option<&[String]>) -> Option<String> {
        parts?.iter().find(|part| *part == "$ref")?;
        let What::Entry { key, .. } = &wish.what else { return None };
        let refers = wish.row.list.as_ref()?.key.first()?.refers?;
        let [(_, id)] = key.as_slice() else { return None };
        let id = id.as_str()?;
        // A hole is filled with the id that an earlier step yields.
        let id = if id.starts_with("{{") { id.to_owned() } else { segment(id)? };
        let base = self.scim.base.as_ref()?;
        let port = base.port.as_ref().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}://{}{port}{}/{id}", base.scheme, base.host, self.site.endpoint(refers)?.path))
    }

    /// Gives the value of a discovered attribute the type that its schema declares: the mapping knows it as text alone.
    fn type_of(&self, path: &Path, what: &mut What) -> Result<(), Refusal> {
        let What::Value(Value::String(text)) = what else { return Ok(()) };
        let at = path.text();
        let Some((_, form)) = self.site.types.iter().find(|(of, _)| of.eq_ignore_ascii_case(&at)) else {
            return Ok(());
        };
        let typed = match form.as_str() {
            "boolean" => text.to_ascii_lowercase().parse().ok().map(Value::Bool),
            _ => text.parse::<serde_json::Number>().ok().map(Value::Number),
        };
        let typed = typed.ok_or_else(|| cannot(format!("{at}: {text:?} is no {form}")))?;
        *what = What::Value(typed);
        Ok(())
    }

    /// A path whose URN the mapping leaves open (`urn:*:productRoles`), with the URN that this service has: the record
    /// shows it, or the schemas declare it.
    fn resolve(&self, at: &str) -> Option<String> {
        let Some(local) = at.strip_prefix("urn:*:") else { return Some(at.to_owned()) };
        let name = local.split(['.', '[']).next().unwrap_or_default();
        let shown = self.native.and_then(|native| native.native.as_object()).and_then(|fields| {
            fields.iter().find(|(urn, inner)| {
                urn.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
                    && inner.as_object().is_some_and(|inner| key(inner, name).is_some())
            })
        });
        let urn = shown.map(|(urn, _)| urn.clone()).or_else(|| {
            let urns: Vec<&str> = self.site.urns.iter().map(String::as_str).collect();
            self.site.discovered.iter().find_map(|(kind, path)| {
                let path = AttrPath::new(path.as_str());
                let (urn, declared) = path.split(&urns);
                let declared = declared.split('.').next().unwrap_or_default();
                (*kind == self.endpoint.kind && declared.eq_ignore_ascii_case(name)).then(|| urn.to_owned())
            })
        })?;
        Some(format!("{urn}:{local}"))
    }

    fn create(&self) -> Result<Vec<Step>, Refusal> {
        let create = self.changes.iter().find(|change| change.op == Op::Create).copied();
        let create = create.ok_or_else(|| cannot("there is nothing to create"))?;
        let id = match &create.target {
            Target::New(id) => id.clone(),
            Target::Record(key) => return Err(cannot(format!("{key} exists already"))),
        };
        // What refers to records that another change creates comes later, so that their failure does not take the whole
        // record with it; where only whole records are taken, it has to be inside.
        let later: Vec<&Change> = self
            .changes
            .iter()
            .copied()
            .filter(|change| change.id != create.id && self.patches() && refers_to_new(change) && !self.needed(change))
            .collect();
        let inside: Vec<&Change> =
            self.changes.iter().copied().filter(|change| !later.iter().any(|other| other.id == change.id)).collect();
        let mut holes = Vec::new();
        let edits = self.edits(&inside, &mut holes)?;
        let mut record = Map::new();
        record.insert("schemas".into(), Value::Null);
        for edit in &edits {
            if edit.wish.what != What::Value(Value::Null) {
                edit.apply(&mut record);
            }
        }
        let formatted = self.formatted(&mut record);
        self.mandatory()?;
        record.insert("schemas".into(), self.schemas(&record, None));
        let mut write = request(
            Method::Post,
            self.endpoint.path.clone(),
            self.body(Value::Object(record)),
            // After a lost reply it is looked up by key, never sent again (targets/scim.md A6 rule 4).
            Repeat::LookFirst,
        );
        write.edits = edits.iter().map(Edited::edit).chain(formatted).collect();
        write.holes = distinct(holes);
        let by = match &create.expect {
            Expect::Absent { by } => by.clone(),
            Expect::Facets(_) => Vec::new(),
        };
        let read = self.scim.ask_by(self.site, self.endpoint.kind, &by);
        let place = (format!("{}/{}", self.endpoint.path, Ref::New(id.clone())), Some(id.clone()));
        let serves: Vec<_> = inside.iter().map(|change| change.id.clone()).collect();
        let mut step = self.step(&serves, read, write, read_back(&place));
        step.yields = Some(id);
        let mut steps = vec![step];
        if !later.is_empty() {
            let rest = Work { changes: &later, native: None, ..*self };
            steps.extend(rest.update()?);
        }
        Ok(steps)
    }

    /// Whether a change is about a list without which the service takes no new record: then it has to be inside.
    fn needed(&self, change: &Change) -> bool {
        change.want.iter().any(|want| self.site.requires(self.endpoint.kind, want.facet.path.as_str()))
    }

    /// The whole name of somebody new where the service demands one: as it is shown, or put together from its parts.
    fn formatted(&self, record: &mut Map<String, Value>) -> Option<Edit> {
        const AT: &str = "name.formatted";
        let path = Path::parse(AT, &self.endpoint.schema, &[])?;
        let whole = Value::Object(record.clone());
        let text = |at: &[&str]| {
            let value = at.iter().try_fold(&whole, |value, name| value.get(name))?;
            value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        if !self.site.requires(self.endpoint.kind, AT) || path.get(&whole).is_some() {
            return None;
        }
        let parts = [text(&["name", "givenName"]), text(&["name", "familyName"])];
        let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = text(&["displayName"]).or(Some(parts).filter(|parts| !parts.is_empty()))?;
        path.put(record, Some(Value::from(name.as_str())));
        Some(Edit::Set { at: AT.to_owned(), value: Value::from(name) })
    }

    fn delete(&self) -> Result<Vec<Step>, Refusal> {
        let [change] = self.changes else {
            return Err(cannot("a record cannot be deleted and changed at once"));
        };
        let place = self.place()?;
        let mut write = request(Method::Delete, place.0.clone(), Body::None, Repeat::Safe);
        write.edits = vec![Edit::Remove { at: self.endpoint.path.clone(), key: change.label.clone() }];
        write.holes.extend(place.1.clone());
        self.pin(&mut write);
        Ok(vec![self.step(std::slice::from_ref(&change.id), read_back(&place), write, read_back(&place))])
    }

    /// A DELETE that only switches off: read back it is still there, and inactive.
    fn switch_off(&self) -> Result<Vec<Step>, Refusal> {
        let place = self.place()?;
        let mut write = request(Method::Delete, place.0.clone(), Body::None, Repeat::Safe);
        write.edits = vec![Edit::Set { at: "active".into(), value: Value::Bool(false) }];
        write.holes.extend(place.1.clone());
        self.pin(&mut write);
        let mut step = self.step(&self.names(), read_back(&place), write, read_back(&place));
        let after = if self.scim.mapping.service.hides_inactive {
            "DELETE is sent: the service keeps the user switched off, and does not show it any more"
        } else {
            "DELETE is sent, which is a soft delete: the user stays and can be switched on again"
        };
        step.side_effects.push(after.to_owned());
        Ok(vec![step])
    }

    /// What a new record must have and this one lacks, in the service's guide's own word.
    fn mandatory(&self) -> Result<(), Refusal> {
        let has = |attr: &AttrPath| {
            let wants = self.changes.iter().flat_map(|change| &change.want);
            wants.into_iter().any(|want| want.facet.path == *attr && want.value != Wanted::Clear)
        };
        let map = self.scim.mapping.kind(self.endpoint.kind);
        match map.and_then(|map| map.mandatory.iter().find(|field| !has(&field.attr))) {
            Some(field) => Err(cannot(format!(
                "{} demands {} of every new {} ({})",
                self.scim.mapping.title, field.attr, self.endpoint.kind, field.cite
            ))),
            None => Ok(()),
        }
    }

    fn update(&self) -> Result<Vec<Step>, Refusal> {
        if self.patches() {
            // What waits for records that are still to be created goes by itself: where one of those fails, the rest is done.
            let (later, now): (Vec<&Change>, Vec<&Change>) =
                self.changes.iter().copied().partition(|change| refers_to_new(change));
            let mut steps = Vec::new();
            for part in portions(&now).into_iter().chain(portions(&later)) {
                steps.push(Work { changes: &part, ..*self }.patch()?);
            }
            Ok(steps)
        } else {
            Ok(vec![self.replace()?])
        }
    }

    /// Whether parts are changed by PATCH here: where the service offers it and no earlier plan was taught otherwise.
    fn patches(&self) -> bool {
        let learned = |form: &str| {
            let lesson = format!("{form}:{}", self.endpoint.kind);
            self.site.lessons.iter().any(|have| have.eq_ignore_ascii_case(&lesson))
        };
        if learned("patch") { false } else { self.site.patch || learned("put") }
    }

    /// `If-Match`, only where the service announces ETags and one was seen (targets/scim.md A6 rule 7).
    pub(super) fn pin(&self, write: &mut Request) {
        if let Some(etag) = self.native.and_then(|native| native.etag.as_ref()).filter(|_| self.site.etag) {
            write.headers.push(("if-match".into(), etag.clone()));
        }
    }

    pub(super) fn names(&self) -> Vec<ChangeId> {
        self.changes.iter().map(|change| change.id.clone()).collect()
    }
}

pub(super) fn request(method: Method, path: String, body: Body, repeat: Repeat) -> Request {
    accept(Request::new(method, path, body, repeat))
}

pub(super) fn read_back(place: &(String, Option<ChangeId>)) -> Vec<Request> {
    let mut request = accept(Request::get(place.0.clone()));
    request.holes.extend(place.1.clone());
    vec![request]
}

pub(super) fn distinct(mut holes: Vec<ChangeId>) -> Vec<ChangeId> {
    let mut seen = std::collections::BTreeSet::new();
    holes.retain(|hole| seen.insert(hole.clone()));
    holes
}

fn refers_to_new(change: &Change) -> bool {
    change.want.iter().any(|want| {
        matches!(want.value, Wanted::Ref(Ref::New(_)))
            || want.facet.key.as_ref().is_some_and(|key| key.iter().any(|part| matches!(part, Ref::New(_))))
    })
}

/// A deactivation or reactivation that says no more than that.
fn with_active(change: &Change) -> Change {
    let mut change = change.clone();
    let active = match change.op {
        Op::Deactivate => "false",
        Op::Reactivate => "true",
        _ => return change,
    };
    let facet = Facet::attr("active");
    if !change.want.iter().any(|want| want.facet == facet) {
        change.want.push(Want { facet, value: Wanted::Text(active.into()), by: By::Source });
    }
    change
}
