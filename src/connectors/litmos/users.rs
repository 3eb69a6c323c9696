//! Changes of users into requests: a create is one POST; everything else about one user goes together into one PUT of the
//! whole record (targets/litmos.md 4).

use std::sync::Arc;

use serde_json::Value;

use super::custom::Custom;
use super::place::{Place, cannot};
use super::{Litmos, NEW_PASSWORD, body, flag};
use crate::connectors::Observed;
use crate::connectors::wanted::{What, bare, side_effects, wish};
use crate::mapping::Edit;
use crate::model::{AttrPath, Kind, Op};
use crate::plan::reset::is_typed;
use crate::plan::{
    By, Change, ChangeId, Expect, Facet, Method, Refusal, Repeat, SecretAt, Site, Step, Target, Want, Wanted,
};

/// The lesson that no manager has to be sent as an empty text: whether `"0"` is taken is not documented
/// (targets/litmos.md 13.3).
pub(super) const NO_MANAGER: &str = "manager:blank";

/// User names have more characters than this (targets/litmos.md 2, one of the texts of 409).
const SHORT_NAME: usize = 3;

/// What is to be written of one user.
#[derive(Default)]
struct Fields {
    /// Native field and value, each once, in the order in which they came.
    set: Vec<(String, Value)>,
    serves: Vec<ChangeId>,
    /// Of them, those that the record itself is written for.
    own: Vec<ChangeId>,
    ops: Vec<Op>,
    holes: Vec<ChangeId>,
    /// What goes to the resource of the advanced custom fields.
    custom: Custom,
    /// Where a password comes from that is to be set.
    password: Option<Arc<str>>,
}

impl Fields {
    fn put(&mut self, name: &str, value: Value) -> Result<(), Refusal> {
        match self.set.iter().find(|(have, _)| have == name) {
            Some((_, have)) if *have == value => {}
            Some((_, have)) => {
                return Err(cannot(format!(
                    "SAP Litmos has one field {name} where {} and {} are wanted",
                    bare(have),
                    bare(&value)
                )));
            }
            None => self.set.push((name.to_owned(), value)),
        }
        Ok(())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.set.iter().find(|(have, _)| have == name).and_then(|(_, value)| value.as_str())
    }

    /// The places that secrets go into when it is sent.
    fn secrets(&self) -> Vec<SecretAt> {
        let at = |name: &Arc<str>| SecretAt { at: "/Password".into(), name: name.to_string() };
        self.password.iter().map(at).collect()
    }

    fn edits(&self) -> Vec<Edit> {
        let edit = |(name, value): &(String, Value)| Edit::Set { at: format!("/{name}"), value: value.clone() };
        self.set.iter().map(edit).collect()
    }
}

impl Litmos {
    pub(super) fn user_steps(
        &self,
        site: &Site,
        changes: &[&Change],
        native: Option<&Observed>,
    ) -> Result<Vec<Step>, Refusal> {
        if changes.iter().any(|change| change.op == Op::Delete) {
            return self.delete(changes, "users", Kind::User);
        }
        let mut fields = Fields::default();
        for change in changes {
            self.collect(change, &mut fields)?;
        }
        if site.lessons.iter().any(|lesson| lesson == NO_MANAGER) {
            for (name, value) in &mut fields.set {
                if name == "ManagerId" && value == "0" {
                    *value = Value::from("");
                }
            }
        }
        let custom = std::mem::take(&mut fields.custom);
        let Some(first) = changes.first() else { return Ok(Vec::new()) };
        let mut steps = match changes.iter().find(|change| change.op == Op::Create) {
            Some(create) => self.create(create, fields)?,
            None if fields.set.is_empty() && !custom.set.is_empty() => Vec::new(),
            None => {
                // Who is served by the custom fields alone is served by their step.
                fields.serves.retain(|id| !custom.serves.contains(id) || fields.own.contains(id));
                self.update(site, changes, fields, native)?
            }
        };
        if !custom.set.is_empty() {
            let native = match &first.target {
                Target::Record(_) => Some(native.ok_or(Refusal::NeedsNative)?),
                Target::New(_) => None,
            };
            steps.push(self.custom_step(first, custom, native)?);
        }
        Ok(steps)
    }

    fn collect(&self, change: &Change, fields: &mut Fields) -> Result<(), Refusal> {
        fields.serves.push(change.id.clone());
        fields.ops.push(change.op);
        let active = match change.op {
            Op::Deactivate => Some("false"),
            Op::Reactivate => Some("true"),
            _ => None,
        };
        let active =
            active.map(|text| Want { facet: Facet::attr("active"), value: Wanted::Text(text.into()), by: By::Source });
        let said = change.want.iter().any(|want| want.facet.path == AttrPath::new("active"));
        for want in change.want.iter().chain(active.as_ref().filter(|_| !said)) {
            let path = want.facet.path.as_str();
            if change.op == Op::Create
                && ["displayName", "name.formatted"].iter().any(|name| path.eq_ignore_ascii_case(name))
            {
                // Put together by SAP Litmos from first and last name (targets/litmos.md 3).
                continue;
            }
            if let Wanted::Secret(name) = &want.value {
                self.secret(want, name, fields)?;
                fields.own.push(change.id.clone());
                continue;
            }
            let wish = wish(&self.mapping, Kind::User, want, &mut fields.holes)?;
            let What::Value(value) = wish.what else {
                return Err(cannot(format!(
                    "{}: SAP Litmos keeps it with the teams: change their members",
                    want.facet
                )));
            };
            if self.custom_field(&want.facet.path) {
                // A name with blanks stands in quotes.
                fields.custom.set.push((wish.at.trim_matches('\'').to_owned(), value));
                if !fields.custom.serves.contains(&change.id) {
                    fields.custom.serves.push(change.id.clone());
                }
                continue;
            }
            if wish.at == "Password" {
                return Err(cannot(
                    "a password is never planned as text, as plans are kept: let `new_password` refer to it, or type it when it is set",
                ));
            }
            fields.put(wish.at, value)?;
            fields.own.push(change.id.clone());
        }
        if let Some(name) = fields.text("UserName")
            && name.chars().count() <= SHORT_NAME
        {
            return Err(cannot(format!(
                "the user name {name:?} is too short: SAP Litmos wants more than {SHORT_NAME} characters"
            )));
        }
        Ok(())
    }

    /// A password that is put in when it is sent. It has to be changed at the next log-in, whatever was so before: that is
    /// written with it (the seed's limitation).
    fn secret(&self, want: &Want, name: &Arc<str>, fields: &mut Fields) -> Result<(), Refusal> {
        let row = self.mapping.row(Kind::User, &want.facet.path).filter(|row| row.reset.is_some());
        if row.is_none_or(|row| row.write.as_deref() != Some("Password")) {
            return Err(cannot(format!("{}: SAP Litmos takes no secret there", want.facet)));
        }
        if **name == *NEW_PASSWORD && !self.new_password {
            return Err(cannot(format!("`{NEW_PASSWORD}` is not set for this system: type the password instead")));
        }
        fields.put("Password", Value::from("***"))?;
        fields.put("SkipFirstLogin", Value::Bool(self.skip_first_login))?;
        fields.password = Some(name.clone());
        Ok(())
    }

    /// What the operator is told of a password that is set.
    fn password_note(&self, name: &str) -> String {
        let change = if self.skip_first_login { "may keep" } else { "must change" };
        let which =
            if is_typed(name) { "one that was typed".to_owned() } else { format!("one that `{name}` refers to") };
        format!("the password is the {which}; the user {change} it at the next log-in; it cannot be undone")
    }

    fn create(&self, create: &Change, mut fields: Fields) -> Result<Vec<Step>, Refusal> {
        let Target::New(id) = &create.target else { return Err(cannot("it exists already")) };
        for name in ["UserName", "FirstName", "LastName"] {
            // The seed's mandatory fields.
            if fields.text(name).is_none_or(|text| text.trim().is_empty()) {
                return Err(cannot(format!("SAP Litmos creates no user without {name}")));
            }
        }
        let name = fields.text("UserName").unwrap_or_default().to_owned();
        let mut notes = Vec::new();
        let email = match fields.text("Email").filter(|email| !email.trim().is_empty()) {
            Some(email) => email.to_owned(),
            None if is_address(&name) => {
                // The seed: the user name becomes the e-mail address as well.
                fields.set.retain(|(have, _)| have != "Email");
                fields.put("Email", Value::from(name.as_str()))?;
                notes.push(format!("the user name {name} becomes the e-mail address as well, as no other is mapped"));
                name.clone()
            }
            None => {
                return Err(cannot(format!(
                    "SAP Litmos wants an e-mail address, and the user name {name} is none: map one to emails[work]"
                )));
            }
        };
        // Where it is not the address, the user name is one of its own (targets/litmos.md 3).
        fields.put("IsCustomUsername", Value::Bool(!same_text(&name, &email)))?;
        fields.put("SkipFirstLogin", Value::Bool(self.skip_first_login))?;
        if self.new_password && fields.password.is_none() {
            // It is put in when it is sent: no plan, preview or journal ever holds it.
            fields.put("Password", Value::from("***"))?;
            fields.password = Some(NEW_PASSWORD.into());
        }
        notes.extend(fields.password.iter().map(|name| self.password_note(name)));
        let edits = fields.edits();
        let json = Value::Object(body::create(&fields.set));
        // After a lost reply it is looked up by user name, never sent again (targets/litmos.md 9).
        let mut write = self
            .request(Method::Post, "users", Some(json), Repeat::LookFirst)
            .query("sendmessage", flag(self.send_message))
            .query("skipfirstlogin", flag(self.skip_first_login));
        write.edits = edits;
        write.secrets = fields.secrets();
        write.holes = fields.holes;
        let by = match &create.expect {
            Expect::Absent { by } if !by.is_empty() => by.clone(),
            Expect::Absent { .. } | Expect::Facets(_) => vec![(AttrPath::new("userName"), name)],
        };
        let mut effects = side_effects(&self.mapping, Kind::User, &[Op::Create]);
        effects.extend(notes);
        let place = Place::of(&create.target, "users")?;
        Ok(vec![Step {
            read: self.ask_by(Kind::User, &by),
            verify: vec![place.read(self)],
            yields: Some(id.clone()),
            side_effects: effects,
            ..Step::new(create.system.clone(), fields.serves, write)
        }])
    }

    fn update(
        &self,
        site: &Site,
        changes: &[&Change],
        mut fields: Fields,
        native: Option<&Observed>,
    ) -> Result<Vec<Step>, Refusal> {
        let Some(first) = changes.first() else { return Ok(Vec::new()) };
        if matches!(first.target, Target::New(_)) {
            return Err(cannot("it goes into the create of the user"));
        }
        let native = native.ok_or(Refusal::NeedsNative)?;
        let record = native.native.as_object().ok_or_else(|| cannot("the user was not read as a record"))?;
        let have = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        for name in ["UserName", "FirstName", "LastName", "Email"] {
            let cleared = |value: &Value| value.as_str().is_none_or(|text| text.trim().is_empty());
            if fields.set.iter().any(|(have, value)| have == name && cleared(value)) {
                return Err(cannot(format!("SAP Litmos has no user without {name}: it cannot be cleared")));
            }
        }
        if fields.text("UserName").is_some() || fields.text("Email").is_some() {
            let name = fields.text("UserName").unwrap_or_else(|| have("UserName"));
            let email = fields.text("Email").unwrap_or_else(|| have("Email"));
            let own = !same_text(name, email);
            if record.get("IsCustomUsername").and_then(Value::as_bool) != Some(own) {
                fields.put("IsCustomUsername", Value::Bool(own))?;
            }
        }
        let mut edits = fields.edits();
        edits.sort_by_key(|edit| match edit {
            Edit::Set { at, .. } => body::ORDER.iter().position(|name| at.get(1..) == Some(*name)),
            _ => None,
        });
        let (mut json, carried) = body::update(record, &fields.set);
        if site.lessons.iter().any(|lesson| lesson == NO_MANAGER)
            && json.get("ManagerId").is_some_and(|manager| manager == "0")
        {
            json.insert("ManagerId".into(), Value::from(""));
        }
        let mut effects = side_effects(&self.mapping, Kind::User, &fields.ops);
        effects.extend(self.still_mangled(&json, &carried));
        effects.extend(fields.password.iter().map(|name| self.password_note(name)));
        let place = Place::of(&first.target, "users")?;
        // The body's Id must be the path's (targets/litmos.md 4).
        json.insert("Id".into(), Value::from(native.id.as_str()));
        let mut write = self.request(Method::Put, &place.path, Some(Value::Object(json)), Repeat::Safe);
        write.edits = edits;
        write.carried = carried;
        write.secrets = fields.secrets();
        write.holes = fields.holes;
        Ok(vec![Step {
            read: vec![place.read(self)],
            verify: vec![place.read(self)],
            side_effects: effects,
            ..Step::new(first.system.clone(), fields.serves, write)
        }])
    }

    /// A deletion for good. Nothing else is done to what is deleted.
    pub(super) fn delete(&self, changes: &[&Change], place: &str, kind: Kind) -> Result<Vec<Step>, Refusal> {
        let Some(first) = changes.first() else { return Ok(Vec::new()) };
        if changes.iter().any(|change| change.op != Op::Delete) {
            return Err(cannot(format!("the {kind} is to be deleted and changed at once: take one of them back")));
        }
        let place = Place::of(&first.target, place)?;
        let write = self.request(Method::Delete, &place.path, None, Repeat::Safe);
        Ok(vec![Step {
            read: vec![place.read(self)],
            verify: vec![place.read(self)],
            side_effects: side_effects(&self.mapping, kind, &[Op::Delete]),
            ..Step::new(first.system.clone(), changes.iter().map(|change| change.id.clone()).collect(), write)
        }])
    }
}

/// Whether a user name is an e-mail address.
fn is_address(name: &str) -> bool {
    let mut parts = name.split('@');
    let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else { return false };
    !local.is_empty() && domain.contains('.') && !name.contains(char::is_whitespace)
}

fn same_text(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}
