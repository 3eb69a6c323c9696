//! PATCH (RFC 7644 3.5.2): parts of a record, one simple path an operation.

use serde_json::{Value, json};

use super::edit::Edited;
use super::path::Path;
use super::write::{Work, distinct, read_back, request};
use crate::connectors::wanted::{What, bare, is_entry};
use crate::plan::{ChangeId, MemberRemoval, Method, Refusal, Repeat, Step, Target};

impl Work<'_> {
    pub(super) fn patch(&self) -> Result<Step, Refusal> {
        let place = self.place()?;
        let mut holes: Vec<ChangeId> = place.1.clone().into_iter().collect();
        let edits = self.edits(self.changes, &mut holes)?;
        let operations = self.operations(&edits)?;
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            // With a capital O (RFC 7644 3.5.2).
            "Operations": operations,
        });
        let mut write = request(Method::Patch, place.0.clone(), self.body(body), Repeat::Safe);
        write.edits = edits.iter().map(Edited::edit).collect();
        write.holes = distinct(holes);
        self.pin(&mut write);
        Ok(self.step(&self.names(), read_back(&place), write, read_back(&place)))
    }

    /// One simple path an operation, as the interoperability profile has it (targets/scim.md A3). Values first, then what
    /// leaves lists, then what joins them.
    fn operations(&self, edits: &[Edited<'_>]) -> Result<Vec<Value>, Refusal> {
        let mut operations = Vec::new();
        for edit in edits.iter().filter(|edit| !edit.listed()) {
            let What::Value(value) = &edit.wish.what else { continue };
            operations.push(self.set(&edit.path, value)?);
        }
        let mut lists: Vec<String> = Vec::new();
        for edit in edits.iter().filter(|edit| edit.listed()) {
            let at = edit.path.text();
            if !lists.contains(&at) {
                lists.push(at);
            }
        }
        for at in lists {
            let here = || edits.iter().filter(|edit| edit.listed() && edit.path.text() == at);
            let gone: Vec<_> = here()
                .filter_map(|edit| match &edit.wish.what {
                    What::NoEntry { key } => Some(key),
                    What::Value(_) | What::Entry { .. } => None,
                })
                .collect();
            if self.by_value_list() && !gone.is_empty() {
                let values: Vec<Value> = gone.iter().map(|key| Value::Object(key.iter().cloned().collect())).collect();
                operations.push(json!({ "op": "remove", "path": at, "value": values }));
            } else {
                operations
                    .extend(gone.iter().map(|key| json!({ "op": "remove", "path": format!("{at}[{}]", filter(key)) })));
            }
            let mut added = Vec::new();
            for edit in here() {
                let What::Entry { key, value } = &edit.wish.what else { continue };
                // An entry that is there gets its new value; adding it again would make two.
                let value = match value {
                    Some(value) if self.holds(&edit.path, key)? => Some(value),
                    _ => None,
                };
                match value {
                    Some((name, value)) => operations.push(
                        json!({ "op": "replace", "path": format!("{at}[{}].{name}", filter(key)), "value": value }),
                    ),
                    None => added.push(edit.entry()),
                }
            }
            if !added.is_empty() {
                operations.push(json!({ "op": "add", "path": at, "value": added }));
            }
        }
        Ok(operations)
    }

    fn set(&self, path: &Path, value: &Value) -> Result<Value, Refusal> {
        if path.pick.is_none() {
            return Ok(match value {
                Value::Null => json!({ "op": "remove", "path": path.text() }),
                value => json!({ "op": "replace", "path": path.text(), "value": value }),
            });
        }
        if path.bare {
            // Nothing tells its elements apart for a PATCH, so the list goes as it shall be.
            let mut record = self.record()?.and_then(Value::as_object).cloned().unwrap_or_default();
            path.put(&mut record, Some(value.clone()).filter(|value| !value.is_null()));
            let list = path.whole().get(&Value::Object(record)).cloned().unwrap_or_else(|| json!([]));
            return Ok(json!({ "op": "replace", "path": path.whole().text(), "value": list }));
        }
        // A filter that picks nothing is an error (`noTarget`, RFC 7644 3.5.2.3), so the record decides the form.
        let element = Path { sub: None, ..path.clone() };
        let there = self.record()?.and_then(|record| element.get(record)).is_some_and(|have| !have.is_null());
        Ok(match value {
            Value::Null if path.is_value() => json!({ "op": "remove", "path": element.text() }),
            Value::Null => json!({ "op": "remove", "path": path.text() }),
            value if there => json!({ "op": "replace", "path": path.text(), "value": value }),
            value => {
                let made = path.element(value).unwrap_or_else(|| value.clone());
                json!({ "op": "add", "path": path.whole().text(), "value": [made] })
            }
        })
    }

    fn holds(&self, path: &Path, key: &[(String, Value)]) -> Result<bool, Refusal> {
        let items = self.record()?.and_then(|record| path.get(record)).and_then(Value::as_array);
        Ok(items.is_some_and(|items| items.iter().any(|item| is_entry(item, key))))
    }

    /// The record as it is; none where it is only being created.
    fn record(&self) -> Result<Option<&Value>, Refusal> {
        match (&self.changes[0].target, self.native) {
            (Target::New(_), _) => Ok(None),
            (Target::Record(_), Some(native)) => Ok(Some(&native.native)),
            (Target::Record(_), None) => Err(Refusal::NeedsNative),
        }
    }

    fn by_value_list(&self) -> bool {
        self.site.member_removal == Some(MemberRemoval::ValueList)
            || self.site.lessons.iter().any(|lesson| lesson == "members:value-list")
    }
}

/// A key as a value filter: `value eq "42"`.
fn filter(key: &[(String, Value)]) -> String {
    key.iter().map(|(name, value)| format!("{name} eq {}", Value::from(bare(value)))).collect::<Vec<_>>().join(" and ")
}
