//! What the site holds: a shelf of records for each form.
//!
//! Owns the state, the ids of what is made, and how records refer to each other. Must not: know JSON bodies or sessions. A record
//! is kept by field keys; a reference is the other's internal id, a text by language an object, an entry list a list.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::forms::{FORMS, Form, Sort};
use super::records;
use super::words::Tongue;
use crate::simulate::shelf::{Place, Shelf};
use crate::simulate::world::World;

/// A record.
pub type Record = Map<String, Value>;

/// The state of a site.
pub struct Ledger {
    /// Parallel to [`FORMS`].
    shelves: Vec<Shelf>,
    next: i64,
    fronted: i64,
    /// Edit conflicts: what asked for it and the record, and since when and how often it was met.
    pub held: HashMap<String, (Instant, u32)>,
    /// Where walks of queries stand, so that the next page need not begin at the first row.
    pub walks: Vec<super::query::Walk>,
    /// What came of saves that were only begun, by task.
    pub tasks: HashMap<String, Value>,
    /// The world, for who holds which record.
    pub world: World,
}

/// Ids of what is made here start above all ids of the world.
const FIRST_NEW: i64 = 3_000_001;

impl Ledger {
    /// The site over that world.
    pub fn new(world: &World) -> Ledger {
        Ledger {
            shelves: FORMS.iter().map(|form| records::shelf(form, world)).collect(),
            next: FIRST_NEW,
            fronted: 0,
            held: HashMap::new(),
            walks: Vec::new(),
            tasks: HashMap::new(),
            world: world.clone(),
        }
    }

    fn at(form: &Form) -> usize {
        FORMS.iter().position(|other| other.id == form.id).unwrap_or_default()
    }

    /// The shelf of a form.
    pub fn shelf(&self, form: &Form) -> &Shelf {
        &self.shelves[Self::at(form)]
    }

    fn shelf_mut(&mut self, form: &Form) -> &mut Shelf {
        &mut self.shelves[Self::at(form)]
    }

    /// Counts the writes to anything.
    pub fn generation(&self) -> u64 {
        self.shelves.iter().map(Shelf::generation).sum()
    }

    /// The record of an internal id.
    pub fn get(&self, form: &Form, id: i64) -> Option<Record> {
        match self.shelf(form).get(&id.to_string()) {
            Some(Value::Object(record)) => Some(record),
            _ => None,
        }
    }

    /// The records whose field of that key holds that text, letter case ignored.
    pub fn find(&self, form: &Form, key: &str, value: &str) -> Vec<Record> {
        let shelf = self.shelf(form);
        let holds = |record: &Record| {
            record.get(key).and_then(Value::as_str).is_some_and(|held| held.to_lowercase() == value.to_lowercase())
        };
        let places = shelf.find(key, value).unwrap_or_else(|| shelf.places(Place::MIN).collect());
        let records = places.into_iter().filter_map(|place| match shelf.at(place) {
            Some(Value::Object(record)) => Some(record),
            _ => None,
        });
        records.filter(holds).collect()
    }

    /// The record of a number.
    pub fn by_number(&self, form: &Form, number: &str) -> Option<Record> {
        self.find(form, form.number, number).into_iter().next()
    }

    /// A new id, for a record or an entry.
    pub fn fresh(&mut self) -> i64 {
        self.next += 1;
        self.next - 1
    }

    /// Puts a record back, or a new one behind the others.
    pub fn put(&mut self, form: &Form, mut record: Record) {
        let id = id_of(form, &record).to_string();
        record.insert("id".to_owned(), json!(id));
        let shelf = self.shelf_mut(form);
        if !shelf.replace(&id, Value::Object(record.clone())) {
            shelf.insert(&id, Value::Object(record));
        }
    }

    /// Takes a record away.
    pub fn remove(&mut self, form: &Form, id: i64) {
        self.shelf_mut(form).remove(&id.to_string());
    }

    /// Inserts a forbidden user in front of all others.
    pub fn drift_in(&mut self) {
        self.fronted += 1;
        let id = 90_000 - self.fronted;
        let form = &FORMS[0];
        let mut record = records::blank(form);
        record.insert("id".to_owned(), json!(id.to_string()));
        record.insert(form.key.to_owned(), json!(id));
        record.insert("FUserAccount".to_owned(), json!(format!("drift{}@example.com", self.fronted)));
        record.insert("FName".to_owned(), json!("漂移"));
        record.insert("FForbidStatus".to_owned(), json!("B"));
        self.shelf_mut(form).insert_first(&id.to_string(), Value::Object(record));
    }

    /// Takes the first of the inserted rows away.
    pub fn drift_out(&mut self) {
        let (id, form) = (90_000 - self.fronted, &FORMS[0]);
        self.remove(form, id);
    }

    /// How many rows were inserted in front.
    pub fn drifted(&self) -> i64 {
        self.fronted
    }
}

/// The internal id of a record.
pub fn id_of(form: &Form, record: &Record) -> i64 {
    record.get(form.key).and_then(Value::as_i64).unwrap_or_default()
}

/// The number of a record.
pub fn number_of(form: &Form, record: &Record) -> String {
    record.get(form.number).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// A text by language in one language; the first that is there where that one is not.
pub fn spoken(value: &Value, tongue: Tongue) -> Value {
    match value {
        Value::Object(texts) => {
            let own = texts.get(&tongue.lcid().to_string());
            own.or_else(|| texts.values().next()).cloned().unwrap_or(Value::Null)
        }
        other => other.clone(),
    }
}

/// Whether a value is nothing, or a text of blanks.
pub fn is_blank(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(Value::Array(entries)) => entries.is_empty(),
        Some(Value::Object(texts)) => texts.values().all(|text| is_blank(Some(text))),
        Some(_) => false,
    }
}

/// The form that a field refers to.
pub fn referred(sort: Sort) -> Option<&'static Form> {
    match sort {
        Sort::Refer(form) => super::forms::form(form),
        _ => None,
    }
}
