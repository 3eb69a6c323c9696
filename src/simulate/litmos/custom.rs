//! Advanced custom fields: a resource of its own below each user (targets/litmos.md 6).
//!
//! Their shape in JSON is unconfirmed, for reading and for writing; every form that any source names is read here.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, Reply};
use super::record::{Record, text};
use super::state::State;
use super::xml::{Document, escaped};
use super::{Ask, Body, users};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
enum Form {
    Text,
    Number,
    Date,
    Dropdown(&'static [&'static str]),
}

/// The fields that the organisation has: name, form, whether a value is wanted.
const FIELDS: [(&str, Form, bool); 4] = [
    ("Badge", Form::Number, false),
    ("Hire date", Form::Date, false),
    ("Clearance", Form::Dropdown(&["None", "Basic", "High"]), false),
    ("Cost centre", Form::Text, true),
];

/// All values of a user.
fn values(state: &State, user: &Record) -> Record {
    if let Some(written) = state.custom.get(text(user, "Id")) {
        return written.clone();
    }
    let number = user.get("OriginalId").and_then(Value::as_u64).unwrap_or_default();
    let created = text(user, "CreatedDate");
    let day = |from: usize, to: usize| created.get(from..to).unwrap_or_default();
    let there = state.world.learner_slot(text(user, "Id")).is_some();
    FIELDS
        .iter()
        .map(|(name, form, _)| {
            let value = match form {
                _ if !there => String::new(),
                Form::Number => number.to_string(),
                Form::Date => format!("{}/{}/{}", day(5, 7), day(8, 10), day(0, 4)),
                Form::Dropdown(choices) => choices[number as usize % choices.len()].to_owned(),
                Form::Text => format!("CC-{:03}", number % 120),
            };
            ((*name).to_owned(), json!(value))
        })
        .collect()
}

/// `GET /users/{id}/usercustomfields`.
pub fn get(state: &State, ask: &Ask, id: &str) -> Answer {
    let user = users::reach(state, ask, id)?;
    let values = values(state, &user);
    let mut xml = String::from("<UserCustomField xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\">");
    for name in values.keys() {
        let _ = write!(xml, "<Parameter fieldname=\"{}\">{}</Parameter>", escaped(name), escaped(text(&values, name)));
    }
    xml.push_str("</UserCustomField>");
    let value = if ask.flag_is("custom-shape", "list") {
        values.into_iter().map(|(name, value)| Value::Object(Map::from_iter([(name, value)]))).collect()
    } else {
        Value::Object(values)
    };
    Ok(Reply::Document(200, Document { root: "UserCustomField", item: "Parameter", value, xml: Some(xml) }))
}

/// The values of a body, in any of the forms.
fn body(ask: &Ask) -> Result<Record, Refusal> {
    match &ask.body {
        Body::Json(Value::Object(fields)) => Ok(fields.clone()),
        Body::Json(Value::Array(rows)) => {
            let maps = rows.iter().map(|row| row.as_object().cloned().ok_or_else(Refusal::body));
            Ok(maps.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        }
        Body::Xml(element) => {
            let named = element.children.iter().map(|child| {
                let name = child.attribute("fieldname").ok_or_else(Refusal::body)?;
                Ok((name.to_owned(), child.value()))
            });
            named.collect()
        }
        _ => Err(Refusal::body()),
    }
}

/// `POST /users/{id}/usercustomfields`; fields that are not named are kept.
pub fn set(state: &mut State, ask: &Ask, id: &str) -> Answer {
    let user = users::reach(state, ask, id)?;
    let mut stored = values(state, &user);
    for (name, value) in body(ask)? {
        let value = match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return Err(Refusal::body()),
        };
        lay(&mut stored, &name, &value)?;
    }
    let lacks = |(name, _, mandatory): &(&str, Form, bool)| *mandatory && text(&stored, name).is_empty();
    if FIELDS.iter().any(lacks) {
        return Err(Refusal::new(404, "A value for custom field is required"));
    }
    state.custom.insert(text(&user, "Id").to_owned(), stored);
    Reply::empty()
}

/// One value; what an unknown name or a value of the wrong form is told is not documented.
fn lay(stored: &mut Record, name: &str, value: &str) -> Result<(), Refusal> {
    let (known, form, _) = FIELDS.iter().find(|(known, ..)| *known == name).ok_or_else(Refusal::body)?;
    let good = value.is_empty()
        || match form {
            Form::Text => value.chars().count() <= 255,
            Form::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
            Form::Date => {
                let parts: Vec<&str> = value.split('/').collect();
                let lengths = parts.iter().map(|part| part.len()).collect::<Vec<_>>();
                lengths == [2, 2, 4] && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
            }
            Form::Dropdown(choices) => choices.contains(&value),
        };
    if !good {
        return Err(Refusal::body());
    }
    stored.insert((*known).to_owned(), json!(value));
    Ok(())
}

/// Sets the field of a number, from 1, as bulk imports name them.
///
/// # Errors
/// 400 where there is no such field, or the value is not of its form.
pub fn set_by_number(state: &mut State, user: &Record, number: usize, value: &str) -> Result<(), Refusal> {
    let (name, ..) = number.checked_sub(1).and_then(|at| FIELDS.get(at)).ok_or_else(Refusal::body)?;
    let mut stored = values(state, user);
    lay(&mut stored, name, value)?;
    state.custom.insert(text(user, "Id").to_owned(), stored);
    Ok(())
}
