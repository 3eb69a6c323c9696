//! How the records that a plan refers to were called when it was made: a past push is read long after, when they may be gone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Sensitive;
use super::change::{Change, Expect, Facet, Ref, Seen, Wanted};
use crate::compare::{Compared, name};
use crate::model::{AttrPath, Form, Kind, SystemId};

/// Where in a facet a reference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// This part of the key of an entry, from 0.
    Key(usize),
    /// The value.
    Value,
}

/// Called of records, by system, attribute, place and id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Called(BTreeMap<String, String>);

impl Called {
    /// The names of all records that these changes refer to by their ids, as far as they were read.
    pub fn of(changes: &[Change], compared: &Compared) -> Self {
        let mut called = Self::default();
        for change in changes {
            for want in &change.want {
                called.facet(change, &want.facet, compared);
                match &want.value {
                    Wanted::Text(id) => called.take(change, &want.facet.path, At::Value, id, compared),
                    Wanted::Ref(Ref::Id(id)) => called.take(change, &want.facet.path, At::Value, id, compared),
                    Wanted::Ref(Ref::New(_)) | Wanted::Present | Wanted::Clear | Wanted::Secret(_) => {}
                }
            }
            if let Expect::Facets(facets) = &change.expect {
                for (facet, seen) in facets {
                    called.facet(change, facet, compared);
                    if let Seen::Value(id) = seen {
                        called.take(change, &facet.path, At::Value, id, compared);
                    }
                }
            }
        }
        called
    }

    /// How a record was called.
    pub fn get(&self, system: &SystemId, path: &AttrPath, part: At, id: &str) -> Option<&str> {
        self.0.get(&place(system, path, part, id)).map(String::as_str)
    }

    /// All but those of what sensitive attributes refer to.
    pub fn without(&self, sensitive: &[Sensitive]) -> Self {
        let hidden = |place: &str| {
            let rest = |one: &Sensitive| {
                place.strip_prefix(one.system.as_str())?.strip_prefix(' ')?.strip_prefix(one.path.as_str())
            };
            sensitive.iter().filter_map(rest).any(|rest| rest.starts_with(' '))
        };
        Self(
            self.0
                .iter()
                .filter(|(place, _)| !hidden(place))
                .map(|(place, name)| (place.clone(), name.clone()))
                .collect(),
        )
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn facet(&mut self, change: &Change, facet: &Facet, compared: &Compared) {
        for (at, part) in facet.key.iter().flatten().enumerate() {
            if let Ref::Id(id) = part {
                self.take(change, &facet.path, At::Key(at), id, compared);
            }
        }
    }

    fn take(&mut self, change: &Change, path: &AttrPath, part: At, id: &str, compared: &Compared) {
        let found = || {
            let view = &compared.inputs.systems[compared.inputs.index(&change.system)?];
            let schema = &view.mapping.kind(change.kind)?.schema;
            let def = schema.def(schema.find(path)?);
            let kind: Kind = match (&def.form, part) {
                (Form::Text, At::Value) => def.refers,
                (Form::Text, At::Key(_)) => None,
                (Form::List(list), At::Key(at)) => list.key.get(at).copied().flatten(),
                (Form::List(list), At::Value) => list.value.flatten(),
            }?;
            let table = &view.snapshot(kind)?.table;
            table.find(id).map(|row| name(table, row).to_owned())
        };
        if let Some(called) = found() {
            self.0.insert(place(&change.system, path, part, id), called);
        }
    }
}

fn place(system: &SystemId, path: &AttrPath, part: At, id: &str) -> String {
    match part {
        At::Key(at) => format!("{system} {path} {at} {id}"),
        At::Value => format!("{system} {path} = {id}"),
    }
}
