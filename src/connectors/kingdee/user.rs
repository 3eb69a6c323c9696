//! Users: attributes in one Save that touches no entry, grants in one Save that holds all of them, states by operation.

use serde_json::{Map, Value, json};

use super::People;
use super::forms::{Form, USERS};
use super::record;
use super::write::{Field, Sorted, Work, cannot, edits, named, put};
use crate::mapping::Edit;
use crate::model::{AttrPath, Kind};
use crate::plan::{ChangeId, Expect, Refusal, Repeat, Request, Step, Target};

impl Work<'_> {
    pub(super) fn user(&self) -> Result<Vec<Step>, Refusal> {
        let sorted = self.sorted()?;
        if self.kingdee.people == People::Employees {
            return self.employee(sorted);
        }
        if self.create().is_some() { self.new_user(sorted) } else { self.known_user(&sorted) }
    }

    fn new_user(&self, sorted: Sorted) -> Result<Vec<Step>, Refusal> {
        let Some(create) = self.create() else { return Err(cannot("there is nothing to create")) };
        let Target::New(id) = &create.target else { return Err(cannot("it exists already")) };
        for must in ["FUserAccount", "FName"] {
            let there =
                |field: &Field| field.at == must && field.value.as_str().is_some_and(|text| !text.trim().is_empty());
            if !sorted.fields.iter().any(there) {
                return Err(cannot(format!("Kingdee creates no user without {must}")));
            }
        }
        if sorted.entries.iter().any(|(_, edit)| !matches!(edit, Edit::Insert { .. })) {
            return Err(cannot("a user that does not exist yet has no role to take away"));
        }
        // 0 is a record that is not there yet (targets/kingdee.md 7).
        let mut model = Map::from_iter([("FUserID".to_owned(), json!(0))]);
        for field in &sorted.fields {
            put(&mut model, &field.at, &field.value);
        }
        let mut model = Value::Object(model);
        self.apply(&mut model, &sorted.entries)?;
        let mut write = self.save(&USERS, model, None, true);
        // After a lost reply it is looked up by account first, never sent again.
        write.repeat = Repeat::LookFirst;
        write.edits = edits(&sorted.fields);
        write.edits.extend(sorted.entries.iter().map(|(_, edit)| edit.clone()));
        let by = match &create.expect {
            Expect::Absent { by } if !by.is_empty() => by.clone(),
            Expect::Absent { .. } | Expect::Facets(_) => {
                let account = sorted.fields.iter().find(|field| field.at == "FUserAccount");
                let account = account.and_then(|field| field.value.as_str()).unwrap_or_default();
                vec![(AttrPath::new("userName"), account.to_owned())]
            }
        };
        let serves = [create.id.clone()].into_iter();
        let serves = serves.chain(sorted.fields.iter().map(|field| field.change.clone()));
        let serves = serves.chain(sorted.entries.iter().map(|(change, _)| change.clone()));
        let read = self.kingdee.ask_by(self.site, Kind::User, &by);
        let mut step = self.step(serves.collect(), read, write, self.view(&USERS));
        step.yields = Some(id.clone());
        let mut steps = vec![step];
        // A new user is active.
        if let Some((false, changes)) = &sorted.switch {
            steps.push(self.switch(&USERS, false, changes));
        }
        Ok(steps)
    }

    fn known_user(&self, sorted: &Sorted) -> Result<Vec<Step>, Refusal> {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        if let Some((on, changes)) = &sorted.switch {
            let step = self.switch(&USERS, *on, changes);
            // Nothing is written to a user after it was forbidden.
            if *on { before.push(step) } else { after.push(step) }
        }
        if !sorted.fields.is_empty() {
            before.push(self.attributes(&USERS, &sorted.fields, None));
        }
        if !sorted.entries.is_empty() {
            before.push(self.grants(&sorted.entries)?);
        }
        before.extend(after);
        Ok(before)
    }

    /// Attributes alone: only what is named is changed, and no entry is sent or taken away.
    pub(super) fn attributes(&self, form: &Form, fields: &[Field], internal: Option<&str>) -> Step {
        let (id, holes) = self.id();
        let id = internal.map_or(id, str::to_owned);
        let mut model = Map::from_iter([(form.key.to_owned(), Value::from(id))]);
        for field in fields {
            put(&mut model, &field.at, &field.value);
        }
        let mut write = self.save(form, Value::Object(model), Some(named(fields)), false);
        write.edits = edits(fields);
        write.holes = holes;
        let serves = fields.iter().map(|field| field.change.clone()).collect();
        self.step(serves, self.view(form), write, self.view(form))
    }

    /// All of a user's organisations and roles, rebuilt from the record as it is now: Save takes away what is not sent, so
    /// everything that stays is carried over, and shown so (targets/kingdee.md 0.7, 9).
    fn grants(&self, entries: &[(ChangeId, Edit)]) -> Result<Step, Refusal> {
        if let Some(why) = self.site.learned.get("grants unwritable") {
            return Err(cannot(format!("grants cannot be written here: {why}")));
        }
        let (id, holes) = self.id();
        // A user that this very plan creates has no roles but those of the create, which carries them all.
        let have = match self.changes.first().map(|change| &change.target) {
            Some(Target::New(_)) => {
                return Err(cannot("the user has to be created first: roles of a new user go with the create"));
            }
            _ => record::grants(self.viewed()?).map_err(cannot)?,
        };
        let mut model = json!({ "FUserID": id, "FOrgInfo": have });
        self.apply(&mut model, entries)?;
        let carried = carried(&model, entries);
        let update = ["FOrgInfo", "FOrgOrgId", "FRoleInfo", "FRoleId"].map(str::to_owned).to_vec();
        let mut write = self.save(&USERS, model, Some(update), true);
        write.edits = entries.iter().map(|(_, edit)| edit.clone()).collect();
        write.carried = carried;
        write.holes = holes;
        let serves = entries.iter().map(|(change, _)| change.clone()).collect();
        Ok(self.step(serves, self.view(&USERS), write, self.view(&USERS)))
    }

    fn apply(&self, model: &mut Value, entries: &[(ChangeId, Edit)]) -> Result<(), Refusal> {
        let map = self.kingdee.mapping.kind(Kind::User).ok_or_else(|| cannot("there are no users"))?;
        entries.iter().try_for_each(|(_, edit)| map.writer.apply(model, edit)).map_err(cannot)
    }

    /// Forbids or enables, as a step.
    pub(super) fn switch(&self, form: &Form, on: bool, changes: &[ChangeId]) -> Step {
        let (id, holes) = self.id();
        let mut write = self.operation(form, on, ("", &id));
        write.holes = holes;
        self.step(changes.to_vec(), self.view(form), write, self.view(form))
    }

    /// The read that shows the record whole.
    pub(super) fn view(&self, form: &Form) -> Vec<Request> {
        let (id, holes) = self.id();
        let mut request = self.kingdee.view_by_id(form, &id);
        request.holes = holes;
        vec![request]
    }
}

/// The places of a model that only come along: whole entries that are not touched, else the roles that are not.
fn carried(model: &Value, entries: &[(ChangeId, Edit)]) -> Vec<String> {
    let touched: Vec<&str> = entries
        .iter()
        .filter_map(|(_, edit)| match edit {
            Edit::Insert { key, .. } => Some(key.as_str()),
            Edit::Set { .. } | Edit::Remove { .. } => None,
        })
        .collect();
    let list = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let number = |value: &Value, name: &str| {
        value.get(name).and_then(|of| of.get("FNumber")).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut all = Vec::new();
    for (at, entry) in list(model, "FOrgInfo").iter().enumerate() {
        let place = format!("/data/Model/FOrgInfo/{at}");
        let organisation = number(entry, "FOrgOrgId");
        let is_touched = |role: &Value| {
            let key = format!("{}{organisation} {}", record::ORG, number(role, "FRoleId"));
            touched.iter().any(|touched| *touched == key)
        };
        let roles = list(entry, "FRoleInfo");
        if roles.iter().any(is_touched) {
            let kept = roles.iter().enumerate().filter(|(_, role)| !is_touched(role));
            all.extend(kept.map(|(role, _)| format!("{place}/FRoleInfo/{role}")));
        } else {
            all.push(place);
        }
    }
    all
}
