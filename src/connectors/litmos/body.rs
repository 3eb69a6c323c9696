//! Bodies of writes of users, in the documented order of fields, which SAP Litmos calls significant without exempting JSON
//! (targets/litmos.md 3, 12). Only whole records are written: what is not changed goes along as it was read.

use serde_json::{Map, Value};

/// All fields that have been recorded, in the order of targets/litmos.md 3; any other key comes after them.
pub(super) const ORDER: [&str; 53] = [
    "Id",
    "UserName",
    "FirstName",
    "LastName",
    "FullName",
    "Email",
    "AccessLevel",
    "DisableMessages",
    "Active",
    "Skype",
    "PhoneWork",
    "PhoneMobile",
    "LastLogin",
    "LoginKey",
    "IsCustomUsername",
    "Password",
    "SkipFirstLogin",
    "TimeZone",
    "SalesforceId",
    "OriginalId",
    "Street1",
    "Street2",
    "City",
    "State",
    "PostalCode",
    "Country",
    "CompanyName",
    "JobTitle",
    "CustomField1",
    "CustomField2",
    "CustomField3",
    "Culture",
    "CustomField4",
    "CustomField5",
    "CustomField6",
    "CustomField7",
    "CustomField8",
    "CustomField9",
    "CustomField10",
    "SalesforceContactId",
    "SalesforceAccountId",
    "CreatedDate",
    "Points",
    "Brand",
    "ManagerId",
    "ManagerName",
    "EnableTextNotification",
    "Website",
    "Twitter",
    "ExpirationDate",
    "JobRole",
    "ExternalEmployeeId",
    "ProfileType",
];

/// Fields that are sent empty: what signs a user in, and when somebody last did (targets/litmos.md 4, the PUT recipe).
pub(super) const BLANK: [&str; 3] = ["LastLogin", "LoginKey", "Password"];

/// What the documented short body of a create has, with what stands there where nothing else is wanted.
fn short() -> [(&'static str, Value); 14] {
    let text = |text: &str| Value::from(text);
    [
        ("Id", text("")),
        ("UserName", text("")),
        ("FirstName", text("")),
        ("LastName", text("")),
        ("FullName", text("")),
        ("Email", text("")),
        ("AccessLevel", text("Learner")),
        ("DisableMessages", Value::Bool(false)),
        ("Active", Value::Bool(true)),
        ("LastLogin", text("")),
        ("LoginKey", text("")),
        ("IsCustomUsername", Value::Bool(false)),
        ("SkipFirstLogin", Value::Bool(false)),
        ("TimeZone", text("")),
    ]
}

/// In the documented order, other keys behind it as they came.
fn ordered(mut fields: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::with_capacity(fields.len());
    for name in ORDER {
        if let Some(value) = fields.shift_remove(name) {
            out.insert(name.to_owned(), value);
        }
    }
    out.extend(fields);
    out
}

/// The body of a create: the documented short one with what is wanted laid over it.
pub(super) fn create(wanted: &[(String, Value)]) -> Map<String, Value> {
    let mut fields: Map<String, Value> = short().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    fields.extend(wanted.iter().cloned());
    ordered(fields)
}

/// The body of an update: the record as it was read, with what is wanted laid over it; and what was carried over, as JSON
/// pointers.
pub(super) fn update(native: &Map<String, Value>, wanted: &[(String, Value)]) -> (Map<String, Value>, Vec<String>) {
    let mut fields = native.clone();
    // Not the record's own: read beside it.
    fields.shift_remove(super::custom::FIELDS);
    for name in BLANK {
        fields.insert(name.to_owned(), Value::from(""));
    }
    fields.extend(wanted.iter().cloned());
    let fields = ordered(fields);
    let own = |name: &String| BLANK.contains(&name.as_str()) || wanted.iter().any(|(have, _)| have == name);
    let carried = fields.keys().filter(|name| !own(name)).map(|name| format!("/{}", escaped(name))).collect();
    (fields, carried)
}

/// A key as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
