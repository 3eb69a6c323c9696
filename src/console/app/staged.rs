//! What is staged, with an index for the marks in the lists. Staging one more costs the same however much is staged.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::model::{RecordKey, SystemId};
use crate::plan::stage::Staging;
use crate::plan::{Change, ChangeId, Target};

use super::rows::Rows;

/// Which records have something staged, in which systems, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(HashMap<RecordKey, Vec<(SystemId, BTreeSet<ChangeId>)>>);

/// The records that a change is about: the source's, and the target's own.
fn records(change: &Change) -> impl Iterator<Item = &RecordKey> {
    let own = match &change.target {
        Target::Record(key) => Some(key),
        Target::New(_) => None,
    };
    change.source.iter().chain(own)
}

impl Marks {
    fn add(&mut self, change: &Change) {
        for key in records(change) {
            let systems = self.0.entry(key.clone()).or_default();
            match systems.iter_mut().find(|(system, _)| *system == change.system) {
                Some((_, ids)) => {
                    ids.insert(change.id.clone());
                }
                None => systems.push((change.system.clone(), BTreeSet::from([change.id.clone()]))),
            }
        }
    }

    fn remove(&mut self, change: &Change) {
        for key in records(change) {
            let Some(systems) = self.0.get_mut(key) else { continue };
            for (_, ids) in systems.iter_mut().filter(|(system, _)| *system == change.system) {
                ids.remove(&change.id);
            }
            systems.retain(|(_, ids)| !ids.is_empty());
            if systems.is_empty() {
                self.0.remove(key);
            }
        }
    }

    /// The changes about a record in a system.
    fn of<'m>(&'m self, key: &RecordKey, system: &SystemId) -> impl Iterator<Item = &'m ChangeId> {
        let systems = self.0.get(key).into_iter().flatten();
        systems.filter(move |(have, _)| have == system).flat_map(|(_, ids)| ids)
    }

    /// Whether something is staged about an identity: in one system, or in any.
    pub fn about(&self, rows: &Rows<'_>, identity: u32, system: Option<usize>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let inputs = &rows.compared.inputs;
        let only = system.filter(|at| Some(*at) != inputs.base()).map(|at| &inputs.systems[at].id);
        (0..inputs.systems.len()).filter_map(|at| rows.key_in(identity, at)).any(|key| {
            self.0
                .get(&key)
                .is_some_and(|systems| only.is_none_or(|only| systems.iter().any(|(system, _)| system == only)))
        })
    }
}

/// The staged changes, with an index for the marks in the lists.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    staging: Staging,
    marks: Arc<Marks>,
    version: u64,
    /// What the engine has not been told yet: what came and what went.
    came: BTreeSet<ChangeId>,
    went: BTreeSet<ChangeId>,
}

impl Staged {
    /// Stages a change.
    pub fn add(&mut self, change: Change) {
        self.add_all([change]);
    }

    /// Stages many at once.
    pub fn add_all(&mut self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            self.went.remove(&change.id);
            self.came.insert(change.id.clone());
            self.put(change);
        }
        self.version += 1;
    }

    /// Stages what the engine itself has found: it need not be told.
    pub fn found(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.put(change);
        }
        self.version += 1;
    }

    /// Takes in what another console over the same journal has staged and taken back. What was done here and is not told yet
    /// is the last word.
    pub fn others(&mut self, came: Vec<Change>, went: &[ChangeId]) {
        let own: BTreeSet<ChangeId> = self.came.union(&self.went).cloned().collect();
        let went: Vec<&ChangeId> = went.iter().filter(|id| !own.contains(*id)).collect();
        self.remove_all(went.iter().copied());
        // That is in the journal already.
        self.went.retain(|id| !went.contains(&id));
        self.found(came.into_iter().filter(|change| !own.contains(&change.id)).collect());
    }

    fn put(&mut self, change: Change) {
        let marks = Arc::make_mut(&mut self.marks);
        marks.add(&change);
        let id = change.id.clone();
        if let Some(before) = self.staging.add(change) {
            // One of the same name may have been about other records.
            marks.remove(&before);
            if let Some(now) = self.staging.get(&id) {
                marks.add(now);
            }
        }
    }

    /// Takes a change back, and those that need it.
    pub fn remove(&mut self, id: &ChangeId) {
        self.remove_all([id]);
    }

    /// Takes many back, and those that need them.
    pub fn remove_all<'i>(&mut self, ids: impl IntoIterator<Item = &'i ChangeId>) {
        let marks = Arc::make_mut(&mut self.marks);
        for id in ids {
            for change in self.staging.remove(id) {
                marks.remove(&change);
                self.came.remove(&change.id);
                self.went.insert(change.id);
            }
        }
        self.version += 1;
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.went.extend(self.staging.changes().map(|change| change.id.clone()));
        self.came.clear();
        self.staging.clear();
        self.marks = Arc::default();
        self.version += 1;
    }

    /// What came and what went since this was last asked.
    pub fn news(&mut self) -> (Vec<Change>, Vec<ChangeId>) {
        let came = std::mem::take(&mut self.came);
        let came = came.iter().filter_map(|id| self.staging.get(id)).cloned().collect();
        (came, std::mem::take(&mut self.went).into_iter().collect())
    }

    /// The changes about a record in a system: about the source's record, or about the target's own.
    pub fn about<'s>(&'s self, key: &RecordKey, system: &SystemId) -> impl Iterator<Item = &'s Change> {
        self.marks.of(key, system).filter_map(|id| self.staging.get(id))
    }

    /// Which records have something staged.
    pub fn marks(&self) -> &Arc<Marks> {
        &self.marks
    }

    /// Rises with every change of it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All changes, by name.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.staging.changes()
    }

    /// What needs a change that is not staged, and which.
    pub fn waiting(&self) -> impl Iterator<Item = (&Change, &ChangeId)> {
        self.staging.waiting()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.staging.len()
    }

    /// Whether nothing is staged.
    pub fn is_empty(&self) -> bool {
        self.staging.is_empty()
    }

    /// The change of this name.
    pub fn get(&self, id: &ChangeId) -> Option<&Change> {
        self.staging.get(id)
    }

    /// Whether a change of this name is staged.
    pub fn contains(&self, id: &ChangeId) -> bool {
        self.staging.contains(id)
    }
}

#[cfg(test)]
mod tests;
