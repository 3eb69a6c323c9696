//! `View` and `QueryBusinessInfo`: one record under the names of its properties, and what a form can do
//! (targets/kingdee.md 6, 7).

use serde_json::{Map, Value, json};

use super::call::{get, text};
use super::forms::{self, Entry, Field, Form, Sort};
use super::ledger::{Ledger, Record, id_of, number_of, referred};
use super::words::Tongue;
use crate::simulate::faults::Faults;

/// The record that `data` names by `Id` or `Number`.
pub fn named(ledger: &Ledger, form: &Form, data: &Map<String, Value>) -> Result<Record, String> {
    let part = |key: &str| get(data, key).and_then(text).unwrap_or_default();
    let (id, number) = (part("Id"), part("Number"));
    let by_id = id.parse().ok().filter(|id| *id != 0).and_then(|id| ledger.get(form, id));
    let found = by_id.or_else(|| if number.is_empty() { None } else { ledger.by_number(form, &number) });
    found.ok_or(if number.is_empty() { id } else { number })
}

/// A record as View shows it.
///
/// # Errors
/// The sentence that says why not.
pub fn view(
    ledger: &Ledger,
    faults: &Faults,
    tongue: Tongue,
    form: &Form,
    data: &Map<String, Value>,
) -> Result<Value, String> {
    let denied = |switch: &str| faults.flag(switch).is_some_and(|id| id.eq_ignore_ascii_case(form.id));
    if denied("right-denied") || denied("no-right") {
        return Err(tongue.no_right(form, ("查看", "View")));
    }
    let record = named(ledger, form, data).map_err(|key| tongue.no_record(&key))?;
    let mut shown = fields(ledger, faults, form.id, form.fields, &record);
    if let Some(entry) = form.entry {
        let (name, entries) = entries(ledger, faults, entry, &record);
        shown.insert(name, entries);
    }
    Ok(Value::Object(shown))
}

fn fields(ledger: &Ledger, faults: &Faults, form: &str, fields: &[Field], record: &Record) -> Map<String, Value> {
    let mut shown = Map::new();
    for field in fields {
        // An alias is the same property once more; only its number form is shown.
        let absent =
            field.key == "FNumber" && form == forms::USER && faults.flag("user-number").as_deref() == Some("absent");
        if absent {
            continue;
        }
        let value = record.get(field.kept).cloned().unwrap_or(Value::Null);
        // Whether the name of a user is kept by language is not known (targets/kingdee.md 6).
        let multi = field.key == "FName" && form == forms::USER && faults.flag("user-name").as_deref() == Some("multi");
        let value = match field.sort {
            Sort::Refer(_) => reference(ledger, field, &value),
            Sort::Multi => by_language(&value),
            Sort::Text if multi => json!([{ "Key": 2052, "Value": value }]),
            _ => value,
        };
        shown.insert(field.name.to_owned(), value);
    }
    shown
}

fn entries(ledger: &Ledger, faults: &Faults, entry: &Entry, record: &Record) -> (String, Value) {
    let keys = faults.flag("view-entries").as_deref() == Some("keys");
    let list = record.get(entry.key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let list = list.map(|held| {
        let mut shown = Map::new();
        shown.insert("Id".to_owned(), held.get("FEntryId").cloned().unwrap_or(Value::Null));
        shown.extend(fields(ledger, faults, "", entry.fields, held));
        if let Some(below) = entry.below {
            let (name, list) = entries(ledger, faults, below, held);
            shown.insert(name, list);
        }
        Value::Object(shown)
    });
    ((if keys { entry.key } else { entry.name }).to_owned(), list.collect())
}

fn by_language(value: &Value) -> Value {
    let texts = value.as_object().into_iter().flatten();
    texts.filter_map(|(lcid, text)| Some(json!({ "Key": lcid.parse::<i64>().ok()?, "Value": text }))).collect()
}

/// A reference is an object with id, number and name (targets/kingdee.md 6).
fn reference(ledger: &Ledger, field: &Field, value: &Value) -> Value {
    let Some((form, other)) = referred(field.sort).and_then(|form| Some((form, ledger.get(form, value.as_i64()?)?)))
    else {
        return Value::Null;
    };
    let name = match other.get("FName") {
        Some(Value::Object(texts)) => by_language(&Value::Object(texts.clone())),
        Some(plain) => json!([{ "Key": 2052, "Value": plain }]),
        None => json!([]),
    };
    json!({ "Id": id_of(form, &other), "Number": number_of(form, &other), "Name": name })
}

/// A form as `QueryBusinessInfo` describes it: its operations and fields.
pub fn describe(form: &Form) -> Value {
    let both =
        |chinese: &str, english: &str| json!([{ "Key": 2052, "Value": chinese }, { "Key": 1033, "Value": english }]);
    let operations = form.operations().into_iter().map(
        |(number, chinese, english)| json!({ "OperationNumber": number, "OperationName": both(chinese, english) }),
    );
    let fields = |fields: &[Field]| -> Value {
        fields
            .iter()
            .map(|field| {
                json!({
                    "Key": field.key, "PropertyName": field.name, "Name": both(field.caption, field.key),
                    "MustInput": u8::from(field.must), "LookUpObjectFormId": referred(field.sort).map(|form| form.id),
                })
            })
            .collect()
    };
    let mut entrys = vec![json!({ "Key": "FBillHead", "EntryName": "BillHead", "Fields": fields(form.fields) })];
    for entry in std::iter::successors(form.entry, |entry| entry.below) {
        entrys.push(json!({
            "Key": entry.key, "EntryName": entry.name, "Name": both(entry.caption, entry.key),
            "EntryPkFieldName": "FEntryId", "Fields": fields(entry.fields),
        }));
    }
    json!({
        "Id": form.id, "Name": both(form.title.0, form.title.1), "PkFieldName": form.key,
        "Operations": operations.collect::<Vec<_>>(), "Entrys": entrys,
    })
}
