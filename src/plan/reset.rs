//! A secret of a record that is set anew: the change says where the secret comes from, and never holds it.

use std::sync::Arc;

use super::{By, Change, ChangeId, Expect, Facet, Seen, Target, Want, Wanted};
use crate::mapping::{MapRow, Mapping};
use crate::model::{AttrPath, Kind, Op, RecordKey};

/// What the names of secrets begin with that an operator typed: they are held in memory for this run alone.
const TYPED: &str = "typed ";

/// Where the secret is to come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// The system's own secret setting.
    Setting,
    /// The operator types it.
    Typed,
}

/// Whether a secret's name is that of one that is typed.
pub fn is_typed(name: &str) -> bool {
    name.starts_with(TYPED)
}

/// The attribute of a kind that an operator may set anew, where a mapping has one.
pub fn resettable(mapping: &Mapping, kind: Kind) -> Option<&MapRow> {
    mapping.kind(kind)?.rows.iter().find(|row| row.reset.is_some())
}

/// The change that sets a record's secret anew, and the name under which the secret is asked for. `called`: the attribute
/// by which the operator knows the record, and its value, which must still hold when it is sent.
pub fn reset(
    record: &RecordKey,
    row: &MapRow,
    label: &str,
    called: Option<(AttrPath, String)>,
    from: From,
) -> (Change, Arc<str>) {
    let facet = Facet { path: row.attr.clone(), key: None };
    let id: ChangeId = Change::name(&record.system, record.kind, &record.id, Op::Set, Some(&facet));
    let name: Arc<str> = match from {
        From::Setting => row.reset.as_deref().unwrap_or_default().into(),
        From::Typed => format!("{TYPED}{id}").into(),
    };
    let expected = called.map(|(path, text)| (Facet { path, key: None }, Seen::Value(text)));
    let change = Change {
        id,
        system: record.system.clone(),
        kind: record.kind,
        target: Target::Record(record.clone()),
        label: label.to_owned(),
        source: None,
        op: Op::Set,
        want: vec![Want { facet, value: Wanted::Secret(name.clone()), by: By::Operator }],
        expect: Expect::Facets(expected.into_iter().collect()),
        needs: Vec::new(),
    };
    (change, name)
}
