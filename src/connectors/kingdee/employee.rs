//! Employees, where the site keeps its people there: saved, submitted and audited like departments, forbidden and enabled like
//! users, and without roles (targets/kingdee.md 9).

use serde_json::{Map, Value, json};

use super::forms::EMPLOYEES;
use super::write::{Field, Sorted, Work, cannot, edits, put};
use crate::model::{AttrPath, Kind};
use crate::plan::{ChangeId, Expect, Refusal, Repeat, Request, Step, Target};

/// The same field by its name in `BD_Empinfo`.
const MOBILE: (&str, &str) = ("FPhone", "FMobile");

/// What a new employee must have; its organisations come from the settings.
const MUST: [&str; 2] = ["FStaffNumber", "FName"];

impl Work<'_> {
    pub(super) fn employee(&self, mut sorted: Sorted) -> Result<Vec<Step>, Refusal> {
        for field in sorted.fields.iter_mut().filter(|field| field.at == MOBILE.0) {
            MOBILE.1.clone_into(&mut field.at);
        }
        if self.create().is_some() { self.new_employee(&sorted) } else { self.known_employee(&sorted) }
    }

    fn new_employee(&self, sorted: &Sorted) -> Result<Vec<Step>, Refusal> {
        let Some(create) = self.create() else { return Err(cannot("there is nothing to create")) };
        let Target::New(id) = &create.target else { return Err(cannot("it exists already")) };
        let text = |at: &str| {
            let field = sorted.fields.iter().find(|field| field.at == at);
            field.and_then(|field| field.value.as_str()).filter(|text| !text.trim().is_empty())
        };
        if let Some(must) = MUST.into_iter().find(|must| text(must).is_none()) {
            return Err(cannot(format!("Kingdee creates no employee without {must}")));
        }
        let own = self.kingdee.organisation.as_deref().ok_or_else(|| {
            cannot("an employee belongs to an organisation: set `organisation` to the number of the one that new ones go to")
        })?;
        let mut fields = sorted.fields.clone();
        for key in ["FCreateOrgId.FNumber", "FUseOrgId.FNumber"] {
            fields.push(Field { change: create.id.clone(), at: key.into(), value: Value::from(own) });
        }
        let mut model = Map::from_iter([(EMPLOYEES.key.to_owned(), json!(0))]);
        for field in &fields {
            put(&mut model, &field.at, &field.value);
        }
        let mut write = self.save(&EMPLOYEES, Value::Object(model), None, false);
        // After a lost reply it is looked up by its number first, never sent again.
        write.repeat = Repeat::LookFirst;
        write.edits = edits(&fields);
        write.holes.clone_from(&sorted.holes);
        let by = match &create.expect {
            Expect::Absent { by } if !by.is_empty() => by.clone(),
            Expect::Absent { .. } | Expect::Facets(_) => {
                vec![(AttrPath::new("employeeNumber"), text("FStaffNumber").unwrap_or_default().to_owned())]
            }
        };
        let serves: Vec<ChangeId> =
            [create.id.clone()].into_iter().chain(sorted.fields.iter().map(|field| field.change.clone())).collect();
        let read = self.kingdee.ask_by(self.site, Kind::User, &by);
        let mut step = self.step(serves.clone(), read, write, self.view(&EMPLOYEES));
        step.yields = Some(id.clone());
        let mut steps = vec![step];
        for (service, to) in [("Submit", "B"), ("Audit", "C")] {
            steps.push(self.moved_on(serves.clone(), service, to));
        }
        // A new employee is in use.
        if let Some((false, changes)) = &sorted.switch {
            steps.push(self.switch(&EMPLOYEES, false, changes));
        }
        Ok(steps)
    }

    fn moved_on(&self, serves: Vec<ChangeId>, service: &str, to: &str) -> Step {
        let (id, holes) = self.id();
        let mut write: Request = self.move_on(&EMPLOYEES, service, to, ("", &id));
        write.holes = holes;
        self.step(serves, self.view(&EMPLOYEES), write, self.view(&EMPLOYEES))
    }

    fn known_employee(&self, sorted: &Sorted) -> Result<Vec<Step>, Refusal> {
        let (id, _) = self.id();
        let attributes = |work: &Self, fields: &[Field]| work.attributes(&EMPLOYEES, fields, None);
        let mut steps = self.saved(&EMPLOYEES, &sorted.fields, attributes, ("", &id))?;
        if let Some((on, changes)) = &sorted.switch {
            let step = self.switch(&EMPLOYEES, *on, changes);
            // Nothing is written to somebody after it was forbidden.
            if *on { steps.insert(0, step) } else { steps.push(step) }
        }
        Ok(steps)
    }
}
