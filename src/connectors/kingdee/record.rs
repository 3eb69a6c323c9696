//! Records as View shows them, under whichever of their names, and as Save takes them (targets/kingdee.md 6: `UserAccount` in
//! View is `FUserAccount` in Save).

use serde_json::{Map, Value, json};

use super::answer::{bare, get};

/// Before an organisation's number in the ids of this program: a department's id is its bare number, and both are groups.
pub(super) const ORG: &str = "org/";

/// Between the number and the internal id of a department whose number another one has too.
pub(super) const TWIN: &str = "#";

/// A property of a viewed record: without the key's `F`, or with it.
pub(super) fn part<'v>(record: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    get(record, name).or_else(|| get(record, &format!("F{name}")))
}

/// A text in the language that is asked for; several languages come as a list of `Key` and `Value`.
pub(super) fn text(value: &Value, lcid: &str) -> String {
    match value {
        Value::Array(items) => {
            let of = |item: &Value| item.as_object().and_then(|fields| get(fields, "Value")).map(bare);
            let own = items.iter().find(|item| {
                item.as_object().and_then(|fields| get(fields, "Key")).is_some_and(|key| bare(key) == lcid)
            });
            own.or(items.first()).and_then(of).unwrap_or_default()
        }
        other => bare(other),
    }
}

/// The number of a record that another one refers to.
pub(super) fn number_of(reference: &Value) -> String {
    reference.as_object().and_then(|fields| part(fields, "Number")).map(bare).unwrap_or_default()
}

/// The complete list of a user's organisations and roles, as Save takes it, from what View shows. Save removes each entry
/// that is not sent (targets/kingdee.md 0.7), so this has to be all of them or nothing.
///
/// # Errors
/// In words, when View does not show them all.
pub(super) fn grants(user: &Map<String, Value>) -> Result<Vec<Value>, String> {
    let unseen = |what: &str| {
        Err(format!(
            "Kingdee removes every organisation and role of a user that is not sent along, and View does not show {what}: \
             nothing is sent"
        ))
    };
    let Some(entries) = part(user, "OrgInfo").and_then(Value::as_array) else {
        return unseen("which ones this user has");
    };
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        let Some(entry) = entry.as_object() else { return unseen("one of them whole") };
        let organisation = part(entry, "OrgOrgId").map(number_of).unwrap_or_default();
        let Some(roles) = part(entry, "RoleInfo").and_then(Value::as_array) else {
            return unseen(&format!("the roles in organisation {organisation}"));
        };
        if organisation.is_empty() {
            return unseen("the organisation of an entry");
        }
        let mut kept = Vec::with_capacity(roles.len());
        for role in roles {
            let role = role.as_object().cloned().unwrap_or_default();
            let number = part(&role, "RoleId").map(number_of).unwrap_or_default();
            if number.is_empty() {
                return unseen(&format!("the number of a role in organisation {organisation}"));
            }
            kept.push(entry_of(&role, "FDetailID", "FRoleId", &number));
        }
        let mut entry = entry_of(entry, "FEntryID", "FOrgOrgId", &organisation);
        entry["FRoleInfo"] = Value::Array(kept);
        all.push(entry);
    }
    Ok(all)
}

/// An entry with its own id, so that it is kept and not made anew where the service knows that name of it
/// (targets/kingdee.md 12.4: what entry ids are called is not documented; a name that is not known is ignored).
fn entry_of(entry: &Map<String, Value>, id: &str, field: &str, number: &str) -> Value {
    let mut made = Map::new();
    if let Some(own) = get(entry, "Id").filter(|own| !bare(own).is_empty() && bare(own) != "0") {
        made.insert(id.into(), own.clone());
    }
    made.insert(field.into(), json!({ "FNumber": number }));
    Value::Object(made)
}

/// A group as it is listed here, from its parts.
pub(super) struct Group {
    pub(super) id: String,
    pub(super) number: String,
    pub(super) name: String,
    /// `organisation` or `department`.
    pub(super) sort: &'static str,
    /// The id of the group above.
    pub(super) parent: String,
    /// The id of the organisation that it belongs to.
    pub(super) organisation: String,
    pub(super) document: Value,
    pub(super) forbid: Value,
}

impl Group {
    pub(super) fn json(self) -> Value {
        json!({
            "id": self.id,
            "Number": self.number,
            "Name": self.name,
            "Type": self.sort,
            "Parent": self.parent,
            "Organisation": self.organisation,
            "DocumentStatus": self.document,
            "ForbidStatus": self.forbid,
        })
    }

    /// A group from what View shows of it.
    pub(super) fn viewed(record: &Map<String, Value>, department: bool, lcid: &str) -> Self {
        let of = |name: &str| part(record, name).cloned().unwrap_or_default();
        let number = bare(&of("Number"));
        let name = text(&of("Name"), lcid);
        let (document, forbid) = (of("DocumentStatus"), of("ForbidStatus"));
        if !department {
            let id = format!("{ORG}{number}");
            return Self {
                id,
                number,
                name,
                sort: "organisation",
                parent: String::new(),
                organisation: String::new(),
                document,
                forbid,
            };
        }
        let organisation = match number_of(&of("UseOrgId")) {
            number if number.is_empty() => String::new(),
            number => format!("{ORG}{number}"),
        };
        let above = number_of(&of("ParentID"));
        let parent = if above.is_empty() { organisation.clone() } else { above };
        Self { id: number.clone(), number, name, sort: "department", parent, organisation, document, forbid }
    }
}

/// A viewed record's internal id.
pub(super) fn own_id(record: &Map<String, Value>) -> String {
    get(record, "Id").map(bare).unwrap_or_default()
}

/// A viewed record's document state: `A` created, `B` in review, `C` audited, `D` to be reviewed again, `Z` a draft.
pub(super) fn state(record: &Map<String, Value>) -> String {
    part(record, "DocumentStatus").map(bare).unwrap_or_default()
}
