//! Whole records (RFC 7644 3.5.1): read, merged and put. What is not changed is carried over from the read just before, and
//! shown as carried over.

use serde_json::{Map, Value};

use super::discovery::USER;
use super::edit::Edited;
use super::path::key;
use super::write::{Work, distinct, read_back, request};
use crate::model::{AttrPath, Kind};
use crate::plan::{ChangeId, Method, Refusal, Repeat, Step};

/// Attributes that only the service sets, whatever the kind (RFC 7643 3.1, 4.1.2): they are not sent back.
const SERVICE_OWNED: [(Option<Kind>, &str); 2] = [(None, "meta"), (Some(Kind::User), "groups")];

impl Work<'_> {
    /// The record as it shall be, in one PUT.
    pub(super) fn replace(&self) -> Result<Step, Refusal> {
        let place = self.place()?;
        let native = self.native.ok_or(Refusal::NeedsNative)?;
        let mut record = native.native.as_object().cloned().ok_or(Refusal::NeedsNative)?;
        let mut holes: Vec<ChangeId> = place.1.clone().into_iter().collect();
        let edits = self.edits(self.changes, &mut holes)?;
        for (kind, name) in SERVICE_OWNED {
            // There are services that keep who is in a group with the user: their file says where it is written.
            let row = self.scim.mapping.row(self.endpoint.kind, &AttrPath::new(name));
            if kind.is_none_or(|kind| kind == self.endpoint.kind)
                && row.is_none_or(|row| row.write.is_none())
                && let Some(name) = key(&record, name)
            {
                record.shift_remove(&name);
            }
        }
        let before = record.clone();
        for edit in &edits {
            edit.apply(&mut record);
        }
        let schemas = self.schemas(&record, record.get("schemas"));
        record.insert("schemas".into(), schemas);
        let carried = carried(&before, &record);
        let mut write = request(Method::Put, place.0.clone(), self.body(Value::Object(record)), Repeat::Safe);
        write.edits = edits.iter().map(Edited::edit).collect();
        write.carried = carried;
        write.holes = distinct(holes);
        self.pin(&mut write);
        Ok(self.step(&self.names(), read_back(&place), write, read_back(&place)))
    }

    /// The schemas that a record uses: those that it states, its core schema, and every extension that it holds.
    pub(super) fn schemas(&self, record: &Map<String, Value>, stated: Option<&Value>) -> Value {
        let mut urns: Vec<String> = stated
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|urn| urn.as_str().map(str::to_owned))
            .collect();
        let core = if self.endpoint.schema.is_empty() { USER } else { &self.endpoint.schema };
        let held = record.keys().filter(|name| name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")));
        for urn in [core.to_owned()].into_iter().chain(held.cloned()) {
            if !urns.iter().any(|have| have.eq_ignore_ascii_case(&urn)) {
                urns.push(urn);
            }
        }
        Value::from(urns)
    }
}

/// The JSON pointers of what a whole-record write keeps as it was.
fn carried(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let mut pointers = Vec::new();
    unchanged("", before, after, &mut pointers);
    pointers
}

fn unchanged(at: &str, before: &Map<String, Value>, after: &Map<String, Value>, pointers: &mut Vec<String>) {
    for (name, value) in after {
        let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (before.get(name), value) {
            (Some(was), now) if was == now => pointers.push(pointer),
            (Some(Value::Object(was)), Value::Object(now)) => unchanged(&pointer, was, now, pointers),
            _ => {}
        }
    }
}
