//! A mapping without what a site is not asked for: where people are kept in one of two forms, the other form's attributes are
//! not there at all, rather than never read.

use super::{Access, Mapping};
use crate::model::Kind;

impl Mapping {
    /// The same mapping with only these feeds of a kind, and only the rows that one of them brings or that are written alone.
    pub fn narrowed(&self, kind: Kind, feeds: &[&str]) -> Self {
        let mut narrow = self.clone();
        narrow.feeds.retain(|feed| feed.kind != kind || feeds.contains(&&*feed.name));
        let kept: Vec<_> = narrow.feeds.iter().filter(|feed| feed.kind == kind).collect();
        for map in narrow.kinds.iter_mut().filter(|map| map.kind == kind) {
            map.rows
                .retain(|row| row.access == Access::WriteOnly || kept.iter().any(|feed| row.fields(feed).is_some()));
            let rows = &map.rows;
            map.mandatory.retain(|mandatory| rows.iter().any(|row| row.attr == mandatory.attr));
        }
        match narrow.compile() {
            Ok(()) => narrow,
            // What is left of a mapping that was good is good; the whole of it would be right in any case.
            Err(_) => self.clone(),
        }
    }
}
