//! Organisations and departments: saved, then submitted and audited, three steps in order (targets/kingdee.md 7, 9).

use serde_json::{Map, Value, json};

use super::forms::{DEPARTMENTS, Form, ORGANISATIONS};
use super::record::{ORG, TWIN, number_of, part, state};
use super::write::{Field, Sorted, Work, cannot, direct, edits, named, put, unaudit};
use crate::connectors::wanted::bare;
use crate::model::{AttrPath, Kind};
use crate::plan::{ChangeId, Expect, Refusal, Repeat, Request, Step, Target};

/// The mapping's names of what is no field of Save by itself.
const SORT: &str = "Type";
const ORGANISATION: &str = "Organisation";
const PARENT: &str = "FParentID.FNumber";

impl Work<'_> {
    pub(super) fn group(&self) -> Result<Vec<Step>, Refusal> {
        let sorted = self.sorted()?;
        if let Some((_, edit)) = sorted.entries.first() {
            return Err(cannot(format!("Kingdee's groups have no members to be written here ({edit:?})")));
        }
        if self.create().is_some() { self.new_group(sorted) } else { self.known_group(sorted) }
    }

    fn new_group(&self, mut sorted: Sorted) -> Result<Vec<Step>, Refusal> {
        let Some(create) = self.create() else { return Err(cannot("there is nothing to create")) };
        let Target::New(new) = &create.target else { return Err(cannot("it exists already")) };
        let sort = take(&mut sorted.fields, SORT).map(|field| bare(&field.value));
        let department = sort.as_deref() != Some("organisation");
        let form: &Form = if department { &DEPARTMENTS } else { &ORGANISATIONS };
        let text = |at: &str| {
            let field = sorted.fields.iter().find(|field| field.at == at);
            field.map(|field| bare(&field.value)).filter(|text| !text.trim().is_empty())
        };
        let (Some(number), Some(_)) = (text("FNumber"), text("FName")) else {
            return Err(cannot(format!("Kingdee creates no {} without number and name", sort_of(department))));
        };
        let mut model = Map::from_iter([(form.key.to_owned(), json!(0))]);
        let mut shown: Vec<Field> = Vec::new();
        let parent = take(&mut sorted.fields, PARENT);
        let organisation = take(&mut sorted.fields, ORGANISATION);
        if department {
            let above = parent.as_ref().map(|field| bare(&field.value)).unwrap_or_default();
            let own = organisation
                .as_ref()
                .map(|field| bare(&field.value))
                .or_else(|| above.starts_with(ORG).then(|| above.clone()))
                .map(|id| id.trim_start_matches(ORG).to_owned())
                .or_else(|| self.kingdee.organisation.clone())
                .ok_or_else(|| {
                    cannot("a department belongs to an organisation: set `organisation` to the number of the one that new ones go to")
                })?;
            let by = parent.as_ref().or(organisation.as_ref()).map_or(&create.id, |field| &field.change);
            for key in ["FCreateOrgId.FNumber", "FUseOrgId.FNumber"] {
                shown.push(Field { change: by.clone(), at: key.into(), value: Value::from(own.as_str()) });
            }
            if let Some(parent) = parent.filter(|_| !above.is_empty() && !above.starts_with(ORG)) {
                shown.push(parent);
            }
        }
        let fields: Vec<Field> = sorted.fields.iter().cloned().chain(shown).collect();
        for field in &fields {
            put(&mut model, &field.at, &field.value);
        }
        let mut write = self.save(form, Value::Object(model), None, false);
        write.repeat = Repeat::LookFirst;
        write.edits = edits(&fields);
        write.holes.clone_from(&sorted.holes);
        let by = match &create.expect {
            Expect::Absent { by } if !by.is_empty() => by.clone(),
            Expect::Absent { .. } | Expect::Facets(_) => vec![(AttrPath::new("externalId"), number.clone())],
        };
        let serves: Vec<ChangeId> =
            [create.id.clone()].into_iter().chain(sorted.fields.iter().map(|field| field.change.clone())).collect();
        let verify = || self.view_new(form, &number);
        let read = self.kingdee.ask_by(self.site, Kind::Group, &by);
        let mut step = self.step(serves.clone(), read, write, verify());
        step.yields = Some(new.clone());
        let mut steps = vec![step];
        for (service, to) in [("Submit", "B"), ("Audit", "C")] {
            let write = self.move_on(form, service, to, (&number, ""));
            steps.push(self.step(serves.clone(), verify(), write, verify()));
        }
        if let Some((false, changes)) = &sorted.switch {
            let write = self.operation(form, false, (&number, ""));
            steps.push(self.step(changes.clone(), verify(), write, verify()));
        }
        Ok(steps)
    }

    fn known_group(&self, mut sorted: Sorted) -> Result<Vec<Step>, Refusal> {
        let (id, _) = self.id();
        if id.contains(TWIN) {
            return Err(cannot("two departments have this number, and Kingdee's API tells them apart by nothing else"));
        }
        let department = !id.starts_with(ORG);
        let form: &Form = if department { &DEPARTMENTS } else { &ORGANISATIONS };
        if sorted.fields.iter().any(|field| [SORT, ORGANISATION, "FNumber"].contains(&field.at.as_str())) {
            return Err(cannot("number, type and organisation of a group are set when it is created, and not again"));
        }
        if let Some(field) = sorted.fields.iter_mut().find(|field| field.at == PARENT) {
            self.below(field, department)?;
        }
        let internal = self.internal()?;
        let reads = |work: &Self| work.view_known(form, &id);
        let save = |work: &Self, fields: &[Field]| {
            let mut model = Map::from_iter([(form.key.to_owned(), Value::from(internal.as_str()))]);
            for field in fields {
                put(&mut model, &field.at, &field.value);
            }
            let mut write = work.save(form, Value::Object(model), Some(named(fields)), false);
            write.edits = edits(fields);
            write.holes.clone_from(&sorted.holes);
            let serves = fields.iter().map(|field| field.change.clone()).collect();
            work.step(serves, reads(work), write, reads(work))
        };
        let mut steps = self.saved(form, &sorted.fields, save, ("", &internal))?;
        if let Some((on, changes)) = &sorted.switch {
            let write = self.operation(form, *on, ("", &internal));
            let step = self.step(changes.clone(), reads(self), write, reads(self));
            if *on { steps.insert(0, step) } else { steps.push(step) }
        }
        Ok(steps)
    }

    /// The one above a department: another department, or none where it shall stand below its own organisation.
    fn below(&self, field: &mut Field, department: bool) -> Result<(), Refusal> {
        if !department {
            return Err(cannot("an organisation has no group above it here"));
        }
        let above = bare(&field.value);
        let Some(organisation) = above.strip_prefix(ORG) else { return Ok(()) };
        let own = part(self.viewed()?, "UseOrgId").map(number_of).unwrap_or_default();
        if own != organisation {
            return Err(cannot(format!(
                "the department belongs to organisation {own}: Kingdee does not move one to organisation {organisation}"
            )));
        }
        field.value = Value::from("");
        Ok(())
    }

    /// A Save with what goes around it: an audited record is taken back before it, as View shows its state, unless this site
    /// was found to take the Save alone; what is not audited is submitted and audited after it.
    pub(super) fn saved(
        &self,
        form: &Form,
        fields: &[Field],
        save: impl Fn(&Self, &[Field]) -> Step,
        named: (&str, &str),
    ) -> Result<Vec<Step>, Refusal> {
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let saved = save(self, fields);
        let (serves, reads) = (saved.serves.clone(), saved.read.clone());
        let moved = |service: &str, to: &str| {
            self.step(serves.clone(), reads.clone(), self.move_on(form, service, to, named), reads.clone())
        };
        let state = state(self.viewed()?);
        let lesson = |name: String| self.site.lessons.contains(&name);
        // A form that shows no state is saved as it is, until it is found to refuse that.
        let takes_back = match state.as_str() {
            "C" => !lesson(direct(form.id)),
            "" => lesson(unaudit(form.id)),
            _ => false,
        };
        let mut steps = Vec::new();
        if takes_back {
            steps.push(moved("UnAudit", "D"));
        }
        steps.push(saved);
        // Whether a Save leaves an audited record audited is the site's affair: only what was not is moved on.
        if form.audited && (takes_back || !matches!(state.as_str(), "C" | "")) {
            steps.push(moved("Submit", "B"));
            steps.push(moved("Audit", "C"));
        }
        Ok(steps)
    }

    fn view_known(&self, form: &Form, id: &str) -> Vec<Request> {
        vec![self.kingdee.view_by_number(form, id.strip_prefix(ORG).unwrap_or(id))]
    }

    fn view_new(&self, form: &Form, number: &str) -> Vec<Request> {
        vec![self.kingdee.view_by_number(form, number)]
    }
}

fn sort_of(department: bool) -> &'static str {
    if department { "department" } else { "organisation" }
}

/// Takes a field out.
fn take(fields: &mut Vec<Field>, at: &str) -> Option<Field> {
    let found = fields.iter().position(|field| field.at == at)?;
    Some(fields.remove(found))
}
