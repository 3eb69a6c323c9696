//! SCIM attribute paths over a native record: `name.givenName`, `emails[type eq "work"].value`,
//! `urn:…:2.0:User:manager.value` (RFC 7644 3.10, 3.5.2).
//!
//! A URN holds dots, so the longest known URN is taken off first. Names have no case.

use serde_json::{Map, Value};

use crate::model::AttrPath;

/// One path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The extension's URN; empty for a core attribute.
    pub(super) urn: String,
    /// The attribute.
    pub(super) attr: String,
    /// Which element of a multi-valued attribute: a sub-attribute and the text or flag that it has.
    pub(super) pick: Option<(String, Value)>,
    /// The sub-attribute.
    pub(super) sub: Option<String>,
    /// Whether the service's schema has no such part to pick by: then the element without one is meant, and none is sent.
    pub(super) bare: bool,
}

impl Path {
    /// Takes a path apart. `core` is the core schema's URN, which may stand before core attributes; `urns` are all that
    /// are known. `None` for what is no single simple path.
    pub(super) fn parse(text: &str, core: &str, urns: &[String]) -> Option<Self> {
        let known: Vec<&str> = urns.iter().map(String::as_str).chain([core]).collect();
        let whole = AttrPath::new(text);
        // A value filter may hold colons of its own: it is no part of the URN.
        let head = AttrPath::new(text.split('[').next().unwrap_or_default());
        let urn = head.split(&known).0;
        let local = if urn.is_empty() { whole.as_str() } else { &text[urn.len() + 1..] };
        let urn = if urn.eq_ignore_ascii_case(core) { "" } else { urn };
        let (attr, rest) = match local.find(['[', '.']) {
            Some(at) => local.split_at(at),
            None => (local, ""),
        };
        let (pick, rest) = match rest.strip_prefix('[') {
            Some(inside) => {
                let (filter, rest) = inside.split_once(']')?;
                let mut words = filter.trim().splitn(3, char::is_whitespace);
                let (sub, op, value) = (words.next()?, words.next()?, words.next()?.trim());
                if !op.eq_ignore_ascii_case("eq") {
                    return None;
                }
                let value = serde_json::from_str::<Value>(value).ok()?;
                scalar(&value)?;
                (Some((sub.to_owned(), value)), rest)
            }
            None => (None, rest),
        };
        let sub = match rest.strip_prefix('.') {
            Some(sub) if !sub.is_empty() && !sub.contains(['.', '[']) => Some(sub.to_owned()),
            Some(_) => return None,
            None if rest.is_empty() => None,
            None => return None,
        };
        let named =
            |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "$-_".contains(c));
        (named(attr) && sub.as_deref().is_none_or(named)).then(|| Self {
            urn: urn.to_owned(),
            attr: attr.to_owned(),
            pick,
            sub,
            bare: false,
        })
    }

    /// The same for a service whose schema declares these parts of the attribute alone.
    pub(super) fn among(mut self, parts: Option<&[String]>) -> Self {
        self.bare = match (&self.pick, parts) {
            (Some((sub, _)), Some(parts)) => !parts.iter().any(|part| part.eq_ignore_ascii_case(sub)),
            _ => false,
        };
        self
    }

    /// Whether an element is the one that is meant.
    fn picks(&self, item: &Value) -> bool {
        match &self.pick {
            Some((sub, _)) if self.bare => named(item, sub).is_none_or(Value::is_null),
            Some((sub, value)) => is(item, sub, value),
            None => false,
        }
    }

    /// The path as a PATCH operation names it.
    pub(super) fn text(&self) -> String {
        let mut text = if self.urn.is_empty() { self.attr.clone() } else { format!("{}:{}", self.urn, self.attr) };
        if let Some((sub, value)) = self.pick.as_ref().filter(|_| !self.bare) {
            text.push_str(&format!("[{sub} eq {value}]"));
        }
        if let Some(sub) = &self.sub {
            text.push('.');
            text.push_str(sub);
        }
        text
    }

    /// What a record has there.
    pub(super) fn get<'r>(&self, record: &'r Value) -> Option<&'r Value> {
        let mut at = record;
        if !self.urn.is_empty() {
            at = named(at, &self.urn)?;
        }
        at = named(at, &self.attr)?;
        if let (Some(_), Value::Array(items)) = (&self.pick, at) {
            at = items.iter().find(|item| self.picks(item))?;
        }
        match &self.sub {
            Some(sub) => named(at, sub),
            None => Some(at),
        }
    }

    /// Puts a value into a record and creates what is missing on the way; `None` takes the value away, and with it
    /// the element that it was the value of.
    pub(super) fn put(&self, record: &mut Map<String, Value>, value: Option<Value>) {
        let holder = if self.urn.is_empty() {
            Some(&mut *record)
        } else if value.is_none() && key(record, &self.urn).is_none() {
            None
        } else {
            let place = slot(record, &self.urn);
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place.as_object_mut()
        };
        let Some(holder) = holder else { return };
        if value.is_none() && key(holder, &self.attr).is_none() {
            return;
        }
        self.put_local(holder, value);
        let bare = holder.is_empty();
        if bare && !self.urn.is_empty() {
            set(record, &self.urn, None);
        }
    }

    /// The same within the record or the extension that has the attribute.
    fn put_local(&self, holder: &mut Map<String, Value>, value: Option<Value>) {
        match (&self.pick, &self.sub) {
            (None, None) => set(holder, &self.attr, value),
            (None, Some(sub)) => {
                let place = slot(holder, &self.attr);
                // A reference may be one text where RFC 7643 has a complex value (`manager`).
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                if let Some(inner) = place.as_object_mut() {
                    set(inner, sub, value);
                    if inner.is_empty() {
                        set(holder, &self.attr, None);
                    }
                }
            }
            (Some((pick, picked)), sub) => {
                let place = slot(holder, &self.attr);
                if !place.is_array() {
                    *place = Value::Array(Vec::new());
                }
                let Some(items) = place.as_array_mut() else { return };
                let at = items.iter().position(|item| self.picks(item));
                match (at, value) {
                    (Some(at), None) if sub.is_none() || self.is_value() => {
                        items.remove(at);
                    }
                    (Some(at), None) => {
                        if let (Some(sub), Some(inner)) = (sub, items[at].as_object_mut()) {
                            set(inner, sub, None);
                        }
                    }
                    (None, None) => {}
                    (at, Some(value)) => {
                        let at = at.unwrap_or_else(|| {
                            let own = (!self.bare).then(|| (pick.clone(), picked.clone()));
                            items.push(Value::Object(own.into_iter().collect()));
                            items.len() - 1
                        });
                        match (sub, items[at].as_object_mut()) {
                            (Some(sub), Some(inner)) => set(inner, sub, Some(value)),
                            _ => items[at] = value,
                        }
                    }
                }
            }
        }
    }

    /// The whole element that a PATCH adds where the picked one is not there yet.
    pub(super) fn element(&self, value: &Value) -> Option<Value> {
        let (pick, picked) = self.pick.as_ref()?;
        let mut element: Map<String, Value> =
            (!self.bare).then(|| (pick.clone(), picked.clone())).into_iter().collect();
        match &self.sub {
            Some(sub) => set(&mut element, sub, Some(value.clone())),
            None => return Some(value.clone()),
        }
        Some(Value::Object(element))
    }

    /// Whether it is what its element is there for: without a value there is no e-mail address, while an address
    /// without a town is still one.
    pub(super) fn is_value(&self) -> bool {
        self.sub.as_deref().is_some_and(|sub| sub.eq_ignore_ascii_case("value"))
    }

    /// The attribute alone, without element and sub-attribute.
    pub(super) fn whole(&self) -> Self {
        Self { pick: None, sub: None, bare: false, ..self.clone() }
    }
}

/// The key under which a name stands, whatever its case.
pub(super) fn key(record: &Map<String, Value>, name: &str) -> Option<String> {
    if record.contains_key(name) {
        return Some(name.to_owned());
    }
    record.keys().find(|have| have.eq_ignore_ascii_case(name)).cloned()
}

fn named<'r>(value: &'r Value, name: &str) -> Option<&'r Value> {
    let fields = value.as_object()?;
    fields.get(name).or_else(|| fields.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn slot<'r>(record: &'r mut Map<String, Value>, name: &str) -> &'r mut Value {
    let name = key(record, name).unwrap_or_else(|| name.to_owned());
    record.entry(name).or_insert(Value::Null)
}

fn set(record: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => *slot(record, name) = value,
        None => {
            if let Some(name) = key(record, name) {
                record.shift_remove(&name);
            }
        }
    }
}

fn is(item: &Value, sub: &str, value: &Value) -> bool {
    let wanted = scalar(value).unwrap_or_default();
    named(item, sub).and_then(scalar).is_some_and(|have| have.eq_ignore_ascii_case(&wanted))
}

/// A value's text, where it is one.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::super::discovery::{ENTERPRISE, USER};
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Path {
        Path::parse(text, USER, &[ENTERPRISE.to_owned(), USER.to_owned()]).unwrap()
    }

    fn put(text: &str, value: Option<Value>, record: Value) -> Value {
        let mut record = record.as_object().unwrap().clone();
        path(text).put(&mut record, value);
        Value::Object(record)
    }

    #[test]
    fn a_path_comes_apart_and_together_again() {
        for text in [
            "userName".to_owned(),
            "name.givenName".into(),
            "emails[type eq \"work\"].value".into(),
            format!("{ENTERPRISE}:department"),
            format!("{ENTERPRISE}:manager.value"),
            format!("urn:starling:custom:{USER}:shoeSize"),
        ] {
            assert_eq!(path(&text).text(), text);
        }
        assert_eq!(path(&format!("{USER}:name.givenName")).text(), "name.givenName");
        assert_eq!(path(&format!("{ENTERPRISE}:manager.value")).urn, ENTERPRISE);
    }

    #[test]
    fn what_is_no_simple_path_is_refused() {
        for text in ["", "a.b.c", "emails[type ne \"work\"]", "emails[type eq \"work\"", "a b", "emails[primary]"] {
            assert_eq!(Path::parse(text, USER, &[]), None, "{text}");
        }
    }

    #[test]
    fn a_value_is_put_where_the_path_says_and_nothing_else_moves() {
        let record = json!({"Name": {"givenName": "Ana", "familyName": "Berg"}, "emails": [
            {"value": "ana@home.example", "type": "home"}, {"value": "ana@example.com", "type": "Work", "primary": true}]});
        assert_eq!(
            put("name.givenName", Some(json!("Anna")), record.clone()),
            json!({"Name": {"givenName": "Anna", "familyName": "Berg"}, "emails": record["emails"]})
        );
        let changed = put("emails[type eq \"work\"].value", Some(json!("anna@example.com")), record.clone());
        assert_eq!(changed["emails"][1], json!({"value": "anna@example.com", "type": "Work", "primary": true}));
        assert_eq!(changed["emails"][0], record["emails"][0]);
        assert_eq!(
            put(&format!("{ENTERPRISE}:department"), Some(json!("R&D")), json!({}))[ENTERPRISE],
            json!({"department": "R&D"})
        );
    }

    #[test]
    fn what_is_cleared_leaves_no_shell_behind_and_takes_nothing_else_along() {
        assert_eq!(
            put(
                "addresses[type eq \"work\"].locality",
                None,
                json!({ "addresses": [{ "type": "work", "locality": "Bonn", "country": "DE" }] })
            ),
            json!({ "addresses": [{ "type": "work", "country": "DE" }] })
        );
        assert_eq!(put("name.givenName", None, json!({"name": {"givenName": "Ana"}, "id": "1"})), json!({"id": "1"}));
        assert_eq!(
            put("emails[type eq \"work\"].value", None, json!({"emails": [{"type": "work", "value": "a"}]})),
            json!({"emails": []})
        );
        assert_eq!(put("name.givenName", None, json!({"id": "1"})), json!({"id": "1"}));
        assert_eq!(put(&format!("{ENTERPRISE}:department"), None, json!({"id": "1"})), json!({"id": "1"}));
    }

    #[test]
    fn an_element_that_is_missing_is_made() {
        assert_eq!(
            put("emails[type eq \"work\"].value", Some(json!("a@b.c")), json!({})),
            json!({"emails": [{"type": "work", "value": "a@b.c"}]})
        );
        assert_eq!(
            path("emails[type eq \"work\"].value").element(&json!("a@b.c")),
            Some(json!({"type": "work", "value": "a@b.c"}))
        );
    }
}
