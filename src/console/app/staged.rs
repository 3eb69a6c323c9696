//! What is staged, with an index for the marks in the lists.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{RecordKey, SystemId};
use crate::plan::stage::Staging;
use crate::plan::{Change, ChangeId, Target};

use super::rows::Rows;

/// Which records have something staged, and in which systems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(HashMap<RecordKey, Vec<SystemId>>);

impl Marks {
    fn add(&mut self, change: &Change) {
        let own = match &change.target {
            Target::Record(key) => Some(key),
            Target::New(_) => None,
        };
        for key in change.source.iter().chain(own) {
            let systems = self.0.entry(key.clone()).or_default();
            if !systems.contains(&change.system) {
                systems.push(change.system.clone());
            }
        }
    }

    /// Whether something is staged about an identity: in one system, or in any.
    pub fn about(&self, rows: &Rows<'_>, identity: u32, system: Option<usize>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let inputs = &rows.compared.inputs;
        let only = system.filter(|at| Some(*at) != inputs.base()).map(|at| &inputs.systems[at].id);
        (0..inputs.systems.len())
            .filter_map(|at| rows.key_in(identity, at))
            .any(|key| self.0.get(&key).is_some_and(|systems| only.is_none_or(|only| systems.contains(only))))
    }
}

/// The staged changes, with an index for the marks in the lists.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    staging: Staging,
    marks: Arc<Marks>,
    version: u64,
}

impl Staged {
    /// Stages a change.
    pub fn add(&mut self, change: Change) {
        self.add_all([change]);
    }

    /// Stages many at once.
    pub fn add_all(&mut self, changes: impl IntoIterator<Item = Change>) {
        self.version += 1;
        let marks = Arc::make_mut(&mut self.marks);
        for change in changes {
            marks.add(&change);
            self.staging.add(change);
        }
    }

    /// Takes a change back, and those that need it.
    pub fn remove(&mut self, id: &ChangeId) {
        self.staging.remove(id);
        self.index();
    }

    /// Takes many back, and those that need them.
    pub fn remove_all<'i>(&mut self, ids: impl IntoIterator<Item = &'i ChangeId>) {
        for id in ids {
            self.staging.remove(id);
        }
        self.index();
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.staging.clear();
        self.index();
    }

    fn index(&mut self) {
        self.version += 1;
        let mut marks = Marks::default();
        self.staging.changes().for_each(|change| marks.add(change));
        self.marks = Arc::new(marks);
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

    /// Whether a change of this name is staged.
    pub fn contains(&self, id: &ChangeId) -> bool {
        self.staging.contains(id)
    }
}
