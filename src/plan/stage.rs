//! What could be fixed, and what the operator chose.

use std::collections::BTreeMap;

use crate::compare::Compared;
use crate::model::{AttrPath, Kind, RecordKey};

use super::{Change, ChangeId};

/// A value that the source lacks and the target demands: the operator gives it in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blank {
    /// The canonical attribute; for a list (`productRoles`) key and value are asked for together, never one alone.
    pub path: AttrPath,
    /// What it is for, in words.
    pub text: String,
    /// For a list: the target's records that the key may be (id, name), in display order.
    pub keys: Vec<(String, String)>,
    /// The values that may be picked (id, name); empty: free text.
    pub values: Vec<(String, String)>,
}

/// One fix that could be staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The change.
    pub change: Change,
    /// What it does, in one line for the operator (`active: true -> false`).
    pub text: String,
    /// Ticked at first; removals are not.
    pub ticked: bool,
    /// Why it cannot be staged (lint, undecided, incomplete snapshot, no such operation).
    pub blocked: Option<String>,
    /// Values that must be given first.
    pub blanks: Vec<Blank>,
}

/// What the operator gave for a blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplied {
    /// The attribute.
    pub path: AttrPath,
    /// For a list: the key's parts, the target's own ids.
    pub key: Option<Vec<String>>,
    /// The value.
    pub value: String,
}

/// All fixes for one identity in one target: one offer per differing attribute and list entry, or the one create,
/// deactivate or reactivate. Nothing that removes is offered from an unproved snapshot without `blocked`.
pub fn offers(_compared: &Compared, _kind: Kind, _identity: u32, _system: usize) -> Vec<Offer> {
    Vec::new()
}

/// An offer's change with what the operator supplied; the values are marked as the operator's.
///
/// # Errors
/// In words, when a blank is left open or a value is none of those that may be picked.
pub fn supply(offer: &Offer, _values: &[Supplied]) -> Result<Change, String> {
    Ok(offer.change.clone())
}

/// The staged changes: by name, so that staging twice is staging once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staging {
    changes: BTreeMap<ChangeId, Change>,
}

impl Staging {
    /// Stages a change, and with it nothing else. Replaces one of the same name.
    pub fn add(&mut self, change: Change) {
        self.changes.insert(change.id.clone(), change);
    }

    /// Takes a change back, and those that need it.
    pub fn remove(&mut self, id: &ChangeId) {
        self.changes.remove(id);
        let orphans: Vec<_> =
            self.changes.values().filter(|change| change.needs.contains(id)).map(|change| change.id.clone()).collect();
        for orphan in orphans {
            self.remove(&orphan);
        }
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.changes.clear();
    }

    /// Whether a change of this name is staged.
    pub fn contains(&self, id: &ChangeId) -> bool {
        self.changes.contains_key(id)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing is staged.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// All, by name.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.values()
    }

    /// Those about one person, group, ...: of the source's record or of a target's.
    pub fn about<'s>(&'s self, record: &'s RecordKey) -> impl Iterator<Item = &'s Change> {
        self.changes.values().filter(move |change| {
            change.source.as_ref() == Some(record)
                || matches!(&change.target, super::Target::Record(key) if key == record)
        })
    }
}
