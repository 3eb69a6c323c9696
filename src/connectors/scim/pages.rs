//! The pages of one list that have come so far: whether there is another one, and where it begins.

use std::collections::HashSet;

use serde_json::Value;

use super::document::{member, own_id, text};
use super::path::scalar;
use crate::plan::Request;

/// How pages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asks {
    /// Records a page; `None` where the service wants not to be told.
    pub(super) count: Option<u32>,
    /// The number of the first row: 1 (RFC 7644 3.4.2.4), unless the service's file says otherwise.
    pub(super) first_row: u32,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// At this row, counted from 1.
    Row(usize),
    /// Behind this cursor.
    Cursor(String),
}

impl From {
    /// The request for a page that begins here.
    pub(super) fn of(&self, base: &Request, asks: Asks) -> Request {
        let request = match self {
            Self::Row(row) => base.clone().query("startIndex", (row - 1 + asks.first_row as usize).to_string()),
            Self::Cursor(cursor) => base.clone().query("cursor", cursor.clone()),
        };
        match asks.count {
            Some(count) => request.query("count", count.to_string()),
            None => request,
        }
    }
}

/// The pages that have come, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    pub(super) pages: usize,
    rows: usize,
    pub(super) ids: HashSet<String>,
    pub(super) total: Option<usize>,
    cursor: Option<String>,
    /// The last page brought nothing new.
    barren: bool,
    /// The last page was empty.
    empty: bool,
}

impl Pages {
    /// Takes in a page and the records that are listed on it. `by_total`: the total that the service states can be gone by.
    pub(super) fn take(&mut self, document: &Value, listed: &[&Value], by_total: bool) {
        self.pages += 1;
        self.rows += listed.len();
        let before = self.ids.len();
        self.ids.extend(listed.iter().map(|entry| named(entry)));
        self.barren = self.ids.len() == before;
        self.empty = listed.is_empty();
        let stated = member(document, "totalResults").and_then(scalar).and_then(|total| total.parse().ok());
        self.total = stated.filter(|_| by_total).or(self.total);
        self.cursor = text(document, "nextCursor").filter(|cursor| !cursor.is_empty()).map(str::to_owned);
    }

    /// Where the next page begins; `None` after the last one.
    pub(super) fn next(&self) -> Option<From> {
        if self.barren || self.total.is_some_and(|total| self.ids.len() >= total) {
            return None;
        }
        Some(self.cursor.clone().map_or(From::Row(self.rows + 1), From::Cursor))
    }

    /// Why what has come is not the whole list, though there is no other page.
    pub(super) fn lacks(&self) -> Option<String> {
        let distinct = self.ids.len();
        match self.total {
            Some(total) if total != distinct => Some(format!("{distinct} distinct ids came of {total}")),
            None if !self.empty && self.pages > 1 => {
                Some(format!("the last page holds only what was there before ({distinct} distinct ids)"))
            }
            _ => None,
        }
    }
}

/// What tells an entry from others: its id, the value that it holds, or else all of it.
fn named(entry: &Value) -> String {
    own_id(entry).or_else(|| member(entry, "value").and_then(scalar)).unwrap_or_else(|| entry.to_string())
}

/// A path and the query behind it.
pub(super) fn parted(path: &str) -> (&str, Vec<(String, String)>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        pair.split_once('=')
            .map_or_else(|| (pair.to_owned(), String::new()), |(name, value)| (name.to_owned(), value.to_owned()))
    };
    (path, pairs.map(pair).collect())
}
