//! What could be fixed, and what the operator chose.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::Compared;
use crate::model::text::clean;
use crate::model::{AttrPath, Kind, Op, RecordKey, SystemId};

use super::{By, Change, ChangeId, Facet, Ref, Want, Wanted};

mod case;
mod create;
mod entry;
mod refs;
mod stager;
mod update;

pub(super) use case::incomplete;
pub use case::seen;
pub use stager::Stager;

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
    /// It is a list: a key is wanted with the value.
    pub keyed: bool,
    /// The value is a record's id of this kind.
    pub refers: Option<Kind>,
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
///
/// For many identities make one [`Stager`] and ask it: it sorts the lint only once.
pub fn offers(compared: &Compared, kind: Kind, identity: u32, system: usize) -> Vec<Offer> {
    Stager::new(compared).offers(kind, identity, system)
}

/// What operators call the record that a create would bring into being, where the comparison knows it.
pub fn awaited(compared: &Compared, create: &ChangeId) -> Option<String> {
    refs::created(compared, create).map(|(_, _, _, label)| label)
}

/// How many offers there are of one operation in one system: the summary before a range is staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The system.
    pub system: SystemId,
    /// The operation.
    pub op: Op,
    /// All of them, those that cannot be staged included.
    pub offers: usize,
    /// Those that are staged if nobody ticks anything else.
    pub ticked: usize,
    /// Those that cannot be staged.
    pub blocked: usize,
    /// Those that want a value from the operator first; they are left out of bulk staging.
    pub blanks: usize,
}

impl Count {
    /// Removals that could be staged and are left out unless they are ticked.
    pub fn left_out(&self) -> usize {
        self.offers - self.ticked - self.blocked - self.blanks
    }
}

/// Counts by system and operation, in the order of [`Op::ALL`] within each system, systems as they come.
pub fn tally<'o>(offers: impl IntoIterator<Item = &'o Offer>) -> Vec<Count> {
    let mut counts: Vec<Count> = Vec::new();
    let mut systems: Vec<SystemId> = Vec::new();
    for offer in offers {
        let change = &offer.change;
        if !systems.contains(&change.system) {
            systems.push(change.system.clone());
        }
        let same = |count: &Count| count.system == change.system && count.op == change.op;
        let at = counts.iter().position(same).unwrap_or(counts.len());
        if at == counts.len() {
            let (system, op) = (change.system.clone(), change.op);
            counts.push(Count { system, op, offers: 0, ticked: 0, blocked: 0, blanks: 0 });
        }
        let count = &mut counts[at];
        count.offers += 1;
        if offer.blocked.is_some() {
            count.blocked += 1;
        } else if !offer.blanks.is_empty() {
            count.blanks += 1;
        } else if offer.ticked {
            count.ticked += 1;
        }
    }
    counts.sort_by_key(|count| (systems.iter().position(|system| *system == count.system), count.op));
    counts
}

/// Why an offer is blocked, in words that hold for all that are blocked alike: what names this very record is left out.
pub fn gist(offer: &Offer) -> String {
    let why = offer.blocked.as_deref().unwrap_or_default();
    let general = [
        (
            "possible duplicate of ",
            "possible duplicate of one that is there: link them, or say that they are not the same",
        ),
        ("waits for ", "waits for a record that cannot be created as things are"),
        (
            "nobody can say which record ",
            "nobody can say which record it is, or whether it should be there: link it first",
        ),
        ("protected: ", "protected"),
    ];
    let found = general.into_iter().find(|(begins, _)| why.starts_with(begins));
    let odd = "would be written with characters that could drive a terminal or turn the direction of text";
    match (found, why.find(odd)) {
        (Some((_, said)), _) => said.to_owned(),
        (None, Some(at)) => why[..at + odd.len()].to_owned(),
        (None, None) => why.to_owned(),
    }
}

/// An offer's change with what the operator supplied; the values are marked as the operator's.
///
/// # Errors
/// In words, when a blank is left open or a value is none of those that may be picked.
pub fn supply(offer: &Offer, values: &[Supplied]) -> Result<Change, String> {
    if let Some(why) = &offer.blocked {
        return Err(why.clone());
    }
    let mut change = offer.change.clone();
    for blank in &offer.blanks {
        let given: Vec<&Supplied> = values.iter().filter(|given| given.path == blank.path).collect();
        if given.is_empty() {
            return Err(format!("{} is needed: {}", blank.path, blank.text));
        }
        for given in given {
            change.want.push(filled(blank, given)?);
        }
    }
    if let Some(other) = values.iter().find(|given| !offer.blanks.iter().any(|blank| blank.path == given.path)) {
        return Err(format!("{} was not asked for", other.path));
    }
    Ok(change)
}

fn filled(blank: &Blank, given: &Supplied) -> Result<Want, String> {
    let pick = |from: &[(String, String)], id: &str| {
        if from.is_empty() || from.iter().any(|(have, _)| have == id) {
            return Ok(());
        }
        Err(format!("{} cannot be {}: pick one of the {} that the system has", blank.path, clean(id), from.len()))
    };
    let value = given.value.trim();
    let key = match (&given.key, blank.keyed) {
        (Some(key), true) if key.iter().all(|part| !part.is_empty()) && !key.is_empty() => {
            if let [only] = &key[..] {
                pick(&blank.keys, only)?;
            }
            Some(key.iter().map(|part| Ref::Id(part.as_str().into())).collect())
        }
        (None, false) => None,
        _ => return Err(format!("{}: all parts are given together, or none", blank.path)),
    };
    if value.is_empty() {
        return Err(format!("{}: all parts are given together, none may be empty", blank.path));
    }
    pick(&blank.values, value)?;
    let value = match blank.refers {
        Some(_) => Wanted::Ref(Ref::Id(value.into())),
        None => Wanted::Text(value.to_owned()),
    };
    Ok(Want { facet: Facet { path: blank.path.clone(), key }, value, by: By::Operator })
}

/// The staged changes: by name, so that staging twice is staging once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staging {
    changes: BTreeMap<ChangeId, Change>,
    /// By what is needed: what needs it.
    needed: BTreeMap<ChangeId, BTreeSet<ChangeId>>,
}

impl Staging {
    /// Stages a change, and with it nothing else. Gives the one of the same name that it replaces.
    pub fn add(&mut self, change: Change) -> Option<Change> {
        let before = self.forget(&change.id);
        for need in &change.needs {
            self.needed.entry(need.clone()).or_default().insert(change.id.clone());
        }
        self.changes.insert(change.id.clone(), change);
        before
    }

    fn forget(&mut self, id: &ChangeId) -> Option<Change> {
        let change = self.changes.remove(id)?;
        for need in &change.needs {
            if let Some(needing) = self.needed.get_mut(need) {
                needing.remove(id);
                if needing.is_empty() {
                    self.needed.remove(need);
                }
            }
        }
        Some(change)
    }

    /// The changes that a staged change needs and that are not staged: it would be refused.
    pub fn lacking(&self, id: &ChangeId) -> Vec<ChangeId> {
        let needs = self.changes.get(id).map(|change| &change.needs[..]).unwrap_or_default();
        needs.iter().filter(|need| !self.contains(need)).cloned().collect()
    }

    /// The changes of others that are needed and not staged, with what needs them.
    pub fn waiting(&self) -> impl Iterator<Item = (&Change, &ChangeId)> {
        let open = self.needed.iter().filter(|(need, _)| !self.contains(need));
        open.flat_map(move |(need, by)| by.iter().filter_map(move |id| Some((self.changes.get(id)?, need))))
    }

    /// Takes a change back, and those that need it; gives them.
    pub fn remove(&mut self, id: &ChangeId) -> Vec<Change> {
        let mut gone: Vec<Change> = self.forget(id).into_iter().collect();
        for orphan in self.needed.remove(id).unwrap_or_default() {
            gone.extend(self.remove(&orphan));
        }
        gone
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.changes.clear();
        self.needed.clear();
    }

    /// The change of this name.
    pub fn get(&self, id: &ChangeId) -> Option<&Change> {
        self.changes.get(id)
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

#[cfg(test)]
mod tests;
