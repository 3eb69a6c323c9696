//! Changes into Kingdee's requests: what is common to users and groups. A state is an operation of its own, everything else
//! a Save; nothing is ever deleted (targets/kingdee.md 0.6, 7).

use serde_json::{Map, Value, json};

use super::forms::Form;
use super::look::is;
use super::record::own_id;
use super::{Kingdee, People};
use crate::connectors::Observed;
use crate::connectors::wanted::{What, about, bare, in_order, side_effects, wish};
use crate::mapping::Edit;
use crate::model::{Kind, Op};
use crate::plan::{Body, Change, ChangeId, Method, Ref, Refusal, Repeat, Request, Site, Step, Target, Want, Wanted};

pub(super) fn cannot(why: impl Into<String>) -> Refusal {
    Refusal::Cannot(why.into())
}

/// What forbidding and enabling are called in the state field (targets/kingdee.md 7: A is active, B is forbidden).
const FORBIDDEN: &str = "B";
const ACTIVE: &str = "A";

/// The lesson that a form's audited records cannot be taken back: they are saved as they are.
pub(super) fn direct(form: &str) -> String {
    format!("direct:{form}")
}

/// The name under which a form's later edits may be found refused until it is taken out of review.
pub(super) fn unaudit(form: &str) -> String {
    format!("unaudit:{form}")
}

/// The lesson that a form's operation of forbidding has its other number (targets/kingdee.md 7, 12.2).
pub(super) fn other_number(form: &str) -> String {
    format!("number:{form} Disable")
}

/// The two names of the operation call (targets/kingdee.md 2: clients contradict each other on which one is honoured).
pub(super) const CALLS: [&str; 2] = ["ExcuteOperation", "ExecuteOperation"];

/// One field's new value.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) change: ChangeId,
    /// The key in Save, with dots.
    pub(super) at: String,
    pub(super) value: Value,
}

/// What is wanted of a record, sorted.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) fields: Vec<Field>,
    /// Entries of lists, as the mapping's writer edits them.
    pub(super) entries: Vec<(ChangeId, Edit)>,
    /// Whether it shall be active, and who wants it.
    pub(super) switch: Option<(bool, Vec<ChangeId>)>,
    /// Changes whose new ids go into holes.
    pub(super) holes: Vec<ChangeId>,
}

impl Kingdee {
    pub(super) fn steps(
        &self,
        site: &Site,
        changes: &[&Change],
        native: Option<&Observed>,
    ) -> Result<Vec<Step>, Refusal> {
        let first = about(site, changes)?;
        if changes.iter().any(|change| change.op == Op::Delete) {
            // targets/kingdee.md 0.6: the operations of a user have no delete.
            return Err(cannot("nothing is deleted in Kingdee over its API: forbid it instead (deactivate)"));
        }
        let changes = in_order(changes);
        let work = Work { kingdee: self, site, changes: &changes, native };
        match first.kind {
            Kind::User => work.user(),
            Kind::Group => work.group(),
            Kind::Role | Kind::Product => {
                Err(cannot(format!("Kingdee's {} can only be read here", first.kind.plural())))
            }
        }
    }

    /// What the operation call is named here: as the operator says, else as was learned.
    pub(super) fn call(&self, site: &Site) -> &str {
        let usual = self.operation.as_deref().unwrap_or(CALLS[0]);
        let other = CALLS.into_iter().find(|name| *name != usual).unwrap_or(usual);
        if site.lessons.iter().any(|lesson| *lesson == format!("operation:{other}")) { other } else { usual }
    }
}

/// One rendering.
pub(super) struct Work<'r> {
    pub(super) kingdee: &'r Kingdee,
    pub(super) site: &'r Site,
    pub(super) changes: &'r [&'r Change],
    pub(super) native: Option<&'r Observed>,
}

impl Work<'_> {
    pub(super) fn kind(&self) -> Kind {
        self.changes.first().map_or(Kind::User, |change| change.kind)
    }

    /// The create, if one of the changes is one.
    pub(super) fn create(&self) -> Option<&Change> {
        self.changes.iter().find(|change| change.op == Op::Create).copied()
    }

    /// The record's id, and the changes whose new ids are holes in it.
    pub(super) fn id(&self) -> (String, Vec<ChangeId>) {
        match self.changes.first().map(|change| &change.target) {
            Some(Target::Record(key)) => (key.id.to_string(), Vec::new()),
            Some(Target::New(change)) => (Ref::New(change.clone()).to_string(), vec![change.clone()]),
            None => (String::new(), Vec::new()),
        }
    }

    /// The record as View shows it.
    pub(super) fn viewed(&self) -> Result<&Map<String, Value>, Refusal> {
        self.native.and_then(|native| native.native.as_object()).ok_or(Refusal::NeedsNative)
    }

    /// The internal id of a record that is there.
    pub(super) fn internal(&self) -> Result<String, Refusal> {
        let id = own_id(self.viewed()?);
        if id.is_empty() { Err(cannot("Kingdee's View does not show the record's internal id")) } else { Ok(id) }
    }

    pub(super) fn sorted(&self) -> Result<Sorted, Refusal> {
        let mut sorted = Sorted::default();
        for change in self.changes {
            for want in &change.want {
                self.sort(change, want, &mut sorted)?;
            }
            let switch = match change.op {
                Op::Deactivate => Some(false),
                Op::Reactivate => Some(true),
                _ => None,
            };
            if let Some(on) = switch {
                switched(&mut sorted, change, on)?;
            }
        }
        Ok(sorted)
    }

    fn sort(&self, change: &Change, want: &Want, sorted: &mut Sorted) -> Result<(), Refusal> {
        if is(&want.facet.path, "active") {
            return match &want.value {
                Wanted::Text(text) if text == "true" => switched(sorted, change, true),
                Wanted::Text(text) if text == "false" => switched(sorted, change, false),
                _ => Err(cannot("active: true or false is expected")),
            };
        }
        if let Some(key) = &want.facet.key {
            let edit = self.entry(want, key)?;
            sorted.entries.push((change.id.clone(), edit));
            return Ok(());
        }
        let wish = wish(&self.kingdee.mapping, self.kind(), want, &mut sorted.holes)?;
        let What::Value(value) = wish.what else {
            return Err(cannot(format!("{}: this is no value that Kingdee takes", want.facet)));
        };
        let field = Field { change: change.id.clone(), at: wish.at.to_owned(), value };
        match sorted.fields.iter().find(|have| have.at == field.at) {
            Some(have) if have.value != field.value => Err(cannot(format!(
                "Kingdee has one field {} where {} and {} are wanted",
                field.at,
                bare(&have.value),
                bare(&field.value)
            ))),
            _ => {
                sorted.fields.push(field);
                Ok(())
            }
        }
    }

    /// The edit of one entry of a list.
    fn entry(&self, want: &Want, key: &[Ref]) -> Result<Edit, Refusal> {
        let no = |why: String| cannot(format!("{}: {why}", want.facet));
        if self.kingdee.people == People::Employees {
            return Err(no("employees have no roles: people = \"users\" has".into()));
        }
        let mut parts = Vec::with_capacity(key.len());
        for part in key {
            match part {
                Ref::Id(id) => parts.push(&**id),
                Ref::New(_) => return Err(no("the organisation has to be there first: push it, read again".into())),
            }
        }
        let map = self.kingdee.mapping.kind(self.kind()).ok_or_else(|| no("there is no such kind".into()))?;
        match want.value {
            Wanted::Clear => map.writer.drop_entry(&want.facet.path, &parts).map_err(no),
            _ => map.writer.entry(&want.facet.path, &parts, "").map_err(no),
        }
    }

    pub(super) fn step(&self, serves: Vec<ChangeId>, read: Vec<Request>, write: Request, verify: Vec<Request>) -> Step {
        let ops: Vec<Op> =
            self.changes.iter().filter(|change| serves.contains(&change.id)).map(|change| change.op).collect();
        Step {
            read,
            verify,
            side_effects: side_effects(&self.kingdee.mapping, self.kind(), &ops),
            ..Step::new(self.changes[0].system.clone(), serves, write)
        }
    }

    /// A Save. `entries`: it holds the complete list of entries, and what is not among them is taken away; otherwise no entry
    /// is touched at all (targets/kingdee.md 0.7: the service's own default takes away what was not sent).
    pub(super) fn save(&self, form: &Form, model: Value, update: Option<Vec<String>>, entries: bool) -> Request {
        let data = json!({
            "NeedUpDateFields": update.unwrap_or_default(),
            "NeedReturnFields": [],
            "IsDeleteEntry": if entries { "true" } else { "false" },
            "NumberSearch": "true",
            // Never "false": that switches the service's own checks off (targets/kingdee.md 7).
            "ValidateFlag": "true",
            "Model": model,
        });
        self.post("Save", json!({ "formid": form.id, "data": data }))
    }

    /// Submit, Audit or UnAudit of a record.
    pub(super) fn move_on(&self, form: &Form, service: &str, to: &str, named: (&str, &str)) -> Request {
        let data = json!({
            "CreateOrgId": 0,
            "Numbers": if named.0.is_empty() { json!([]) } else { json!([named.0]) },
            "Ids": named.1,
            "NetworkCtrl": "",
            "IgnoreInterationFlag": "",
        });
        let mut request = self.post(service, json!({ "formid": form.id, "data": data }));
        request.edits = vec![Edit::Set { at: "/FDocumentStatus".into(), value: to.into() }];
        request
    }

    /// The operation that forbids or enables. `named`: number and internal ids, one of the two.
    pub(super) fn operation(&self, form: &Form, on: bool, named: (&str, &str)) -> Request {
        let what = if on { "Enable" } else { "Forbid" };
        let learned = self.site.learned.get(&format!("operation {} {what}", form.id)).map(String::as_str);
        let other = (!on && self.site.lessons.contains(&other_number(form.id))).then_some("Disable");
        let body = json!({
            "formid": form.id,
            "opNumber": other.or(learned).unwrap_or(what),
            "data": {
                "CreateOrgId": 0,
                "Numbers": if named.0.is_empty() { json!([]) } else { json!([named.0]) },
                "Ids": named.1,
                // Nobody's lock is bypassed (targets/kingdee.md 8).
                "NetworkCtrl": "",
                "IgnoreInterationFlag": "",
            },
        });
        let mut request = self.post(self.kingdee.call(self.site), body);
        let state = if on { ACTIVE } else { FORBIDDEN };
        request.edits = vec![Edit::Set { at: "/FForbidStatus".into(), value: state.into() }];
        request
    }

    fn post(&self, service: &str, json: Value) -> Request {
        let body = Body::Json { json: self.kingdee.shaped(json), media: "application/json".into() };
        Request::new(Method::Post, self.kingdee.path(&format!("DynamicFormService.{service}")), body, Repeat::Safe)
    }
}

fn switched(sorted: &mut Sorted, change: &Change, on: bool) -> Result<(), Refusal> {
    match &mut sorted.switch {
        Some((have, _)) if *have != on => Err(cannot("it cannot be both active and forbidden")),
        Some((_, changes)) => {
            changes.push(change.id.clone());
            Ok(())
        }
        none => {
            *none = Some((on, vec![change.id.clone()]));
            Ok(())
        }
    }
}

/// Puts a field's value into a model, dots being levels: `FParentID.FNumber`.
pub(super) fn put(model: &mut Map<String, Value>, at: &str, value: &Value) {
    match at.split_once('.') {
        None => {
            model.insert(at.to_owned(), value.clone());
        }
        Some((outer, inner)) => {
            model.insert(outer.to_owned(), json!({ inner: value }));
        }
    }
}

/// The edits of fields, each once.
pub(super) fn edits(fields: &[Field]) -> Vec<Edit> {
    let mut all: Vec<Edit> = Vec::new();
    for field in fields {
        let edit = Edit::Set { at: format!("/{}", field.at.replace('.', "/")), value: field.value.clone() };
        if !all.contains(&edit) {
            all.push(edit);
        }
    }
    all
}

/// The keys that a Save names as changed, each once.
pub(super) fn named(fields: &[Field]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for field in fields {
        let key = field.at.split('.').next().unwrap_or_default().to_owned();
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all
}
