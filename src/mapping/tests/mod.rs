//! The built-in files against the guides that they come from, the format against services that come later, and its laws.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod files;
mod kingdee;
mod laws;
mod litmos;
mod seeds;

use crate::mapping::{Mapping, Taken};
use crate::model::{AttrPath, Cell, Row, Table, TableBuilder};

/// A feed's page, read into a table that may hold rows already.
fn take(mapping: &Mapping, feed: &str, page: &str, owner: Option<&str>, into: &mut TableBuilder) -> Taken {
    mapping.reader(feed).expect(feed).read(page.as_bytes(), owner, into).unwrap()
}

fn builder(mapping: &Mapping, feed: &str) -> TableBuilder {
    TableBuilder::new(mapping.reader(feed).expect(feed).schema().clone())
}

fn text(table: &Table, id: &str, path: &str) -> String {
    let attr = table.schema().find(&AttrPath::from(path)).expect(path);
    match table.cell(table.find(id).expect(id), attr) {
        Cell::Value(text) => text.to_owned(),
        Cell::Empty => "(empty)".to_owned(),
        Cell::Unread => "(unread)".to_owned(),
        Cell::Unreadable => "(unreadable)".to_owned(),
    }
}

/// Entries as `key key=value`, in the order of their texts; `None` where the list was not read.
fn entries(table: &Table, row: Row, path: &str) -> Option<Vec<String>> {
    let attr = table.schema().find(&AttrPath::from(path)).expect(path);
    let mut all: Vec<String> = table
        .entries(row, attr)?
        .iter()
        .map(|&entry| {
            let ([first, second], value) = table.entry_text(attr, entry);
            let key = if second.is_empty() { first.to_owned() } else { format!("{first} {second}") };
            if value.is_empty() { key } else { format!("{key}={value}") }
        })
        .collect();
    all.sort();
    Some(all)
}

fn entries_of(table: &Table, id: &str, path: &str) -> Option<Vec<String>> {
    entries(table, table.find(id).expect(id), path)
}
