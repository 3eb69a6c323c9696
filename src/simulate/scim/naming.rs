//! What ids look like from outside: as they are, as numbers, or, for members, as userNames.
//!
//! Inside, an id is always the text that the shelf knows. Only this file and its callers at the edge see another form.

use serde_json::{Value, json};

use crate::simulate::shelf::Place;

use super::library::{Library, id_of};
use super::quirks::Quirks;

/// The first number that a double cannot hold.
const ABOVE_DOUBLE: u64 = 9_007_199_254_740_993;
/// Room in front of the base, so that places put before it give numbers too.
const FRONT: Place = 1 << 20;
/// How many resource types can share the numbers.
const STRIDE: u64 = 16;

/// The id of a resource as a client sees it.
pub fn shown(library: &Library, quirks: &Quirks, at: usize, id: &str) -> Value {
    if !quirks.numbers {
        return json!(id);
    }
    if let Ok(number) = id.parse::<u64>()
        && number.to_string() == id
    {
        return json!(number);
    }
    let place = library.collection(at).and_then(|collection| collection.shelf.place(id));
    match place.and_then(|place| u64::try_from(place + FRONT).ok()) {
        Some(place) => json!(ABOVE_DOUBLE + place * STRIDE + at as u64),
        None => json!(id),
    }
}

/// The id that a client means by what it was shown, in an address or as a value.
pub fn meant(library: &Library, quirks: &Quirks, shown: &str) -> String {
    unnumbered(library, quirks, shown).unwrap_or_else(|| shown.to_owned())
}

fn unnumbered(library: &Library, quirks: &Quirks, shown: &str) -> Option<String> {
    if !quirks.numbers {
        return None;
    }
    let number = shown.parse::<u64>().ok()?.checked_sub(ABOVE_DOUBLE)?;
    let collection = library.collection(usize::try_from(number % STRIDE).ok()?)?;
    let place = Place::try_from(number / STRIDE).ok()? - FRONT;
    Some(id_of(&collection.shelf.at(place)?)?.to_owned())
}

/// Puts the ids that are meant into what a client sent to the resource type at `at`: wherever a value names a resource.
pub fn translate(library: &Library, quirks: &Quirks, at: usize, input: &mut Value) {
    let names = quirks.member_username && library.named("Group") == Some(at);
    if names || quirks.numbers {
        Translator { library, quirks, names }.put_right(input);
    }
}

struct Translator<'a> {
    library: &'a Library,
    quirks: &'a Quirks,
    /// Whether a userName stands for a user.
    names: bool,
}

impl Translator<'_> {
    fn put_right(&self, input: &mut Value) {
        match input {
            Value::Array(values) => values.iter_mut().for_each(|value| self.put_right(value)),
            Value::Object(parts) if parts.contains_key("op") => {
                let path = parts.get("path").and_then(Value::as_str).map(str::to_owned);
                if !path.as_deref().is_none_or(|path| path.contains("members") || path.contains("manager")) {
                    return;
                }
                if let Some(path) = path {
                    parts.insert("path".to_owned(), json!(self.literals(&path)));
                }
                match parts.get_mut("value") {
                    Some(Value::Array(values)) => {
                        for value in values {
                            self.either(value);
                        }
                    }
                    Some(value) => self.put_right(value),
                    None => {}
                }
            }
            Value::Object(parts) => {
                for (key, value) in parts.iter_mut() {
                    if key == "value" {
                        self.either(value);
                    } else {
                        self.put_right(value);
                    }
                }
            }
            _ => {}
        }
    }

    /// A bare id, or an object that holds one.
    fn either(&self, value: &mut Value) {
        let number = value.as_u64().map(|number| number.to_string());
        match number.or_else(|| value.as_str().map(str::to_owned)) {
            Some(shown) => *value = json!(self.one(&shown)),
            None => self.put_right(value),
        }
    }

    fn one(&self, shown: &str) -> String {
        let id = meant(self.library, self.quirks, shown);
        if !self.names || id != shown {
            return id;
        }
        self.library.user_named(shown).unwrap_or(id)
    }

    /// A path with the ids between its quotation marks put right.
    fn literals(&self, path: &str) -> String {
        let pieces = path.split('"').enumerate();
        let put = pieces.map(|(at, piece)| if at % 2 == 1 { self.one(piece) } else { piece.to_owned() });
        put.collect::<Vec<_>>().join("\"")
    }
}
