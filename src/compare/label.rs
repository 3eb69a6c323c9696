//! What a record is called.

use super::SystemView;
use crate::model::{AttrPath, Cell, Kind, Row, Snapshot, Table};

/// What operators call a record: its userName or display name, else its id. Not yet made safe to show.
pub fn label(table: &Table, row: Row) -> &str {
    let names: &[&str] = match table.schema().kind() {
        Kind::User => &["userName", "displayName"],
        _ => &["displayName", "name"],
    };
    names
        .iter()
        .filter_map(|name| table.schema().find(&AttrPath::new(*name)))
        .find_map(|attr| match table.cell(row, attr) {
            Cell::Value(text) => Some(text),
            _ => None,
        })
        .unwrap_or_else(|| table.id(row))
}

/// What people call a record: its display name, before its userName.
pub fn name(table: &Table, row: Row) -> &str {
    ["displayName", "name", "userName"]
        .iter()
        .filter_map(|name| table.schema().find(&AttrPath::new(*name)))
        .find_map(|attr| match table.cell(row, attr) {
            Cell::Value(text) => Some(text),
            _ => None,
        })
        .unwrap_or_else(|| table.id(row))
}

/// The name of the record of a kind that has this id in the same system; `None` where it is not there.
fn name_of<'s>(snapshot: Option<&'s Snapshot>, id: &str) -> Option<&'s str> {
    let table = &snapshot?.table;
    table.find(id).map(|row| name(table, row))
}

/// A text, or the name of the record with that id; unread where that record is not there.
pub(super) fn named<'a>(view: &'a SystemView, text: &'a str, refers: Option<Kind>) -> Cell<'a> {
    match refers {
        _ if text.is_empty() => Cell::Empty,
        None => Cell::Value(text),
        Some(kind) => name_of(view.snapshot(kind).map(|snapshot| &**snapshot), text).map_or(Cell::Unread, Cell::Value),
    }
}
