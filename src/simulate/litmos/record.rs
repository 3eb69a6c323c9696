//! The fields of a user: names, order, forms, who may write them, since when they are there (targets/litmos.md 3).
//!
//! Owns what becomes of a record when a body is laid over it. A record is the full form of 2022; [`super::wire`] shows less.

use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::xml::Element;
use super::{Ask, Body};

/// A record, in the documented order.
pub type Record = Map<String, Value>;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text; blank is `""`.
    Text,
    /// Text; blank is null.
    Nullable,
    /// A boolean; blank is false.
    Flag,
    /// The service's own: what is sent is ignored.
    Own,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub form: Form,
    /// How many characters it takes; 0 where that is not documented.
    pub most: usize,
    /// The first year whose records have it.
    pub since: u16,
}

const fn field(name: &'static str, form: Form, most: usize) -> Field {
    Field { name, form, most, since: 2016 }
}

const fn since(since: u16, field: Field) -> Field {
    Field { since, ..field }
}

/// All fields, in the recorded order, which is also the order that XML bodies have to keep.
pub const FIELDS: [Field; 53] = [
    field("Id", Form::Own, 50),
    field("UserName", Form::Text, 255),
    field("FirstName", Form::Text, 50),
    field("LastName", Form::Text, 50),
    field("FullName", Form::Own, 200),
    field("Email", Form::Text, 255),
    field("AccessLevel", Form::Text, 50),
    field("DisableMessages", Form::Flag, 0),
    field("Active", Form::Flag, 0),
    field("Skype", Form::Nullable, 100),
    field("PhoneWork", Form::Nullable, 50),
    field("PhoneMobile", Form::Nullable, 50),
    field("LastLogin", Form::Own, 0),
    field("LoginKey", Form::Own, 512),
    field("IsCustomUsername", Form::Flag, 0),
    // Written, and always read as blank; see `State::passwords`.
    field("Password", Form::Own, 0),
    field("SkipFirstLogin", Form::Flag, 0),
    field("TimeZone", Form::Text, 0),
    field("SalesforceId", Form::Own, 0),
    field("OriginalId", Form::Own, 0),
    field("Street1", Form::Nullable, 100),
    field("Street2", Form::Nullable, 0),
    field("City", Form::Nullable, 0),
    field("State", Form::Nullable, 0),
    field("PostalCode", Form::Nullable, 0),
    field("Country", Form::Nullable, 0),
    field("CompanyName", Form::Nullable, 100),
    field("JobTitle", Form::Nullable, 0),
    field("CustomField1", Form::Nullable, 0),
    field("CustomField2", Form::Nullable, 0),
    field("CustomField3", Form::Nullable, 0),
    field("Culture", Form::Text, 0),
    field("CustomField4", Form::Nullable, 0),
    field("CustomField5", Form::Nullable, 0),
    field("CustomField6", Form::Nullable, 0),
    field("CustomField7", Form::Nullable, 0),
    field("CustomField8", Form::Nullable, 0),
    field("CustomField9", Form::Nullable, 0),
    field("CustomField10", Form::Nullable, 0),
    field("SalesforceContactId", Form::Own, 0),
    field("SalesforceAccountId", Form::Own, 0),
    field("CreatedDate", Form::Own, 0),
    field("Points", Form::Own, 0),
    since(2017, field("Brand", Form::Text, 0)),
    since(2020, field("ManagerId", Form::Text, 50)),
    since(2020, field("ManagerName", Form::Own, 0)),
    since(2020, field("EnableTextNotification", Form::Flag, 0)),
    since(2020, field("Website", Form::Text, 0)),
    since(2020, field("Twitter", Form::Text, 0)),
    since(2020, field("ExpirationDate", Form::Text, 0)),
    since(2020, field("JobRole", Form::Text, 0)),
    since(2022, field("ExternalEmployeeId", Form::Text, 0)),
    since(2022, field("ProfileType", Form::Text, 0)),
];

/// A record in which everything is blank.
pub fn blank() -> Record {
    let value = |field: &Field| match (field.form, field.name) {
        (Form::Flag, _) => json!(false),
        (Form::Nullable, _) | (_, "SalesforceId" | "SalesforceContactId" | "SalesforceAccountId") => Value::Null,
        (_, "OriginalId" | "Points") => json!(0),
        (_, "AccessLevel") => json!("Learner"),
        (_, "Brand") => json!("Default"),
        (_, "Culture") => json!("en-US"),
        (_, "ManagerId") => json!("0"),
        (_, "ProfileType") => json!("Internal"),
        _ => json!(""),
    };
    FIELDS.iter().map(|field| (field.name.to_owned(), value(field))).collect()
}

/// The text of a field; blank where it has none.
pub fn text<'r>(record: &'r Record, name: &str) -> &'r str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a field holds true.
pub fn flag(record: &Record, name: &str) -> bool {
    record.get(name) == Some(&Value::Bool(true))
}

/// Puts a value into a field that is there.
pub fn put(record: &mut Record, name: &str, value: impl Into<Value>) {
    record.insert(name.to_owned(), value.into());
}

/// Lays a body over a record: a new one, or the old one of which omitted keys are kept.
///
/// # Errors
/// 400 where a value is not of the field's form, or too long.
pub fn lay(record: &mut Record, body: &Record) -> Result<(), Refusal> {
    for field in FIELDS.iter().filter(|field| field.form != Form::Own) {
        // The schema of /users/details has a plural (targets/litmos.md 3, 47).
        let plural = (field.name == "EnableTextNotification").then(|| body.get("EnableTextNotifications")).flatten();
        let Some(value) = body.get(field.name).or(plural) else { continue };
        let value = match (field.form, value) {
            (Form::Flag, Value::Bool(flag)) => json!(flag),
            (Form::Flag, Value::Null) => json!(false),
            (Form::Flag, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "true" => json!(true),
                "false" | "" => json!(false),
                _ => return Err(Refusal::body()),
            },
            (Form::Flag, _) | (_, Value::Array(_) | Value::Object(_) | Value::Bool(_)) => return Err(Refusal::body()),
            (Form::Nullable, Value::Null) => Value::Null,
            (_, Value::Null) => json!(""),
            (_, Value::Number(number)) => json!(number.to_string()),
            (_, Value::String(text)) => json!(text),
        };
        let long = value.as_str().is_some_and(|text| field.most > 0 && text.chars().count() > field.most);
        if long {
            return Err(Refusal::body());
        }
        put(record, field.name, value);
    }
    Ok(())
}

impl Ask {
    /// The fields of the body. In XML an element that stands before one that should come earlier is not read: "do not
    /// change the order of items" (targets/litmos.md 3); in JSON the order does not matter, which is an inference.
    ///
    /// # Errors
    /// 400 where there is no such body.
    pub fn fields(&self, order: &[&str]) -> Result<Record, Refusal> {
        match &self.body {
            Body::Json(Value::Object(fields)) => Ok(fields.clone()),
            Body::Xml(element) if element.name != "Users" && element.name != "Teams" => Ok(in_order(element, order)),
            _ => Err(Refusal::body()),
        }
    }

    /// The fields of a user's body.
    ///
    /// # Errors
    /// 400 where there is no such body.
    pub fn user_fields(&self) -> Result<Record, Refusal> {
        self.fields(&FIELDS.map(|field| field.name))
    }

    /// The ids that a body lists; other fields beside them are not read.
    ///
    /// # Errors
    /// 400 where it is no list.
    pub fn ids(&self) -> Result<Vec<String>, Refusal> {
        match &self.body {
            Body::None => Ok(Vec::new()),
            Body::Json(Value::Array(rows)) => {
                Ok(rows.iter().filter_map(|row| Some(row.get("Id")?.as_str()?.to_owned())).collect())
            }
            Body::Xml(element) if matches!(element.name.as_str(), "Users" | "Teams") => {
                let ids = element.children.iter().filter_map(|row| row.children.iter().find(|part| part.name == "Id"));
                Ok(ids.map(|id| id.text.trim().to_owned()).collect())
            }
            _ => Err(Refusal::body()),
        }
    }
}

fn in_order(element: &Element, order: &[&str]) -> Record {
    let mut fields = Record::new();
    let mut reached = 0;
    for child in &element.children {
        if let Some(place) = order.iter().position(|name| *name == child.name)
            && place >= reached
        {
            reached = place;
            fields.insert(child.name.clone(), child.value());
        }
    }
    fields
}
