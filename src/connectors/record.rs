//! One record as it is now: read by the same reader as the lists, native form kept without what is secret.

use serde_json::{Map, Value};

use super::Observed;
use crate::mapping::Mapping;
use crate::model::{Kind, TableBuilder};

/// Reads one native record through the mapping's feed of single records.
///
/// # Errors
/// In words, when the mapping has no such feed or the record cannot be read.
pub fn observed(
    mapping: &Mapping,
    kind: Kind,
    feed: &str,
    id: &str,
    mut native: Value,
    etag: Option<String>,
) -> Result<Observed, String> {
    let reader = mapping.reader(feed).ok_or_else(|| format!("the mapping has no feed {feed}"))?;
    let mut builder = TableBuilder::new(reader.schema().clone());
    let records = mapping.feed(feed).map(|feed| feed.records.clone()).unwrap_or_default();
    let document =
        if records.is_empty() { native.clone() } else { Value::Object(Map::from_iter([(records, native.clone())])) };
    reader
        .read(document.to_string().as_bytes(), Some(id), &mut builder)
        .map_err(|fault| format!("the {kind} cannot be read: {fault}"))?;
    let table = builder.table();
    if table.len() != 1 {
        return Err(format!("the reply holds {} records where one {kind} was expected", table.len()));
    }
    reader.redact_value(&mut native);
    // A password is secret whatever the mapping says.
    if let Some(fields) = native.as_object_mut() {
        fields.retain(|name, _| !name.eq_ignore_ascii_case("password"));
    }
    Ok(Observed { id: id.to_owned(), table, native, etag })
}
