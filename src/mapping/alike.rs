//! Whether what was read by one mapping can be looked at by another: only what an edit changes of the reading asks for a new
//! reading.

use super::{Access, KindMap, ListMap, MapRow, Mapping, Part};
use crate::model::{AttrPath, Kind};

impl Mapping {
    /// Whether it lists the records of a kind as another one does: the same feeds, asked in the same way.
    pub fn lists_like(&self, other: &Self, kind: Kind) -> bool {
        let feeds = |mapping: &Self| -> Vec<String> {
            mapping.feeds.iter().filter(|feed| feed.kind == kind).map(|feed| format!("{feed:?}")).collect()
        };
        self.speaks == other.speaks && feeds(self) == feeds(other)
    }
}

impl KindMap {
    /// The attributes that are read otherwise than in another mapping of the same kind, and those that only one of the two
    /// has. None: what was read by the one can be looked at by the other.
    pub fn read_otherwise(&self, other: &Self) -> Vec<AttrPath> {
        let lacks = |map: &Self, row: &MapRow| !map.rows.iter().any(|have| have.attr == row.attr);
        let mut found: Vec<AttrPath> = self
            .rows
            .iter()
            .filter(|row| match other.rows.iter().find(|have| have.attr == row.attr) {
                Some(have) => !row.read_like(have),
                None => true,
            })
            .chain(other.rows.iter().filter(|row| lacks(self, row)))
            .map(|row| row.attr.clone())
            .collect();
        // The same rows in another order stand in other columns.
        if found.is_empty() && self.rows.iter().zip(&other.rows).any(|(own, other)| own.attr != other.attr) {
            found.extend(self.rows.iter().map(|row| row.attr.clone()));
        }
        found
    }
}

impl MapRow {
    fn read_like(&self, other: &Self) -> bool {
        let written_only = |row: &Self| row.access == Access::WriteOnly;
        (&self.read, &self.detail, &self.within, &self.not_in)
            == (&other.read, &other.detail, &other.within, &other.not_in)
            && (&self.via, &self.null, &self.default) == (&other.via, &other.null, &other.default)
            && (self.absent_unread, self.unique, self.later, self.secret)
                == (other.absent_unread, other.unique, other.later, other.secret)
            && written_only(self) == written_only(other)
            && match (&self.list, &other.list) {
                (None, None) => true,
                (Some(list), Some(other)) => list.read_like(other),
                _ => false,
            }
    }
}

impl ListMap {
    fn read_like(&self, other: &Self) -> bool {
        let alike = |one: &Part, other: &Part| (&one.read, &one.via) == (&other.read, &other.via);
        self.key.len() == other.key.len()
            && self.key.iter().zip(&other.key).all(|(one, other)| alike(one, other))
            && self.void == other.void
            && match (&self.value, &other.value) {
                (None, None) => true,
                (Some(one), Some(other)) => alike(one, other),
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::Fold;

    fn edited(edit: impl Fn(&mut MapRow)) -> Vec<String> {
        let mapping = Mapping::builtin("aha").unwrap();
        let map = mapping.kind(Kind::User).unwrap();
        let mut other = map.clone();
        other.rows.iter_mut().filter(|row| row.attr == AttrPath::new("userName")).for_each(edit);
        assert!(mapping.lists_like(&mapping, Kind::User));
        other.read_otherwise(map).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn how_a_value_is_compared_and_written_is_no_other_reading() {
        assert!(edited(|_| {}).is_empty());
        assert!(
            edited(|row| {
                row.fold = Fold::Exact;
                row.compare = false;
                row.key = None;
                row.write = Some("elsewhere".into());
                row.policy = super::super::Policy::Keep;
            })
            .is_empty()
        );
    }

    #[test]
    fn another_field_and_another_way_in_are() {
        assert_eq!(edited(|row| row.read = vec!["login".into()]), ["userName"]);
        assert_eq!(edited(|row| row.null = vec!["-".into()]), ["userName"]);
        assert_eq!(edited(|row| row.attr = AttrPath::new("nickName")), ["nickName", "userName"]);
    }
}
