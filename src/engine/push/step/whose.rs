//! Which record a step is about, and what is known of it by now.

use super::Work;
use super::shared::lock;
use crate::connectors::Observed;
use crate::engine::push::judge;
use crate::engine::push::look::keys_of;
use crate::model::{Op, Row};
use crate::plan::{ChangeId, Facet, Seen, Target, seen};

impl Work {
    pub(super) fn target(&self) -> Option<&Target> {
        self.group.first().map(|change| &change.target)
    }

    pub(super) fn creates(&self) -> bool {
        self.changes().iter().any(|change| change.op == Op::Create)
    }

    /// The id of the record, where it has one by now.
    pub(super) fn id(&self) -> Option<String> {
        match self.target()? {
            Target::Record(key) => Some(key.id.to_string()),
            Target::New(change) => self.shared.known(change),
        }
    }

    /// Whether an id that a create is answered with is known as another record's: the answer is one to something else.
    pub(super) fn anothers(&self, id: &str) -> bool {
        let Some(kind) = self.group.first().map(|change| change.kind) else { return false };
        let inputs = &self.desk.compared.inputs;
        let table = inputs.index(&self.step.system).and_then(|at| inputs.systems[at].snapshot(kind));
        let read = table.is_some_and(|snapshot| snapshot.table.find(id).is_some());
        let own = match self.target() {
            Some(Target::New(change)) => Some(change),
            _ => None,
        };
        let same = |(change, have): (&ChangeId, &String)| {
            have == id && Some(change) != own && self.plan.change(change).is_some_and(|other| other.kind == kind)
        };
        read || lock(&self.shared.known).iter().any(same)
    }

    /// Takes back what was learned: nothing is written to that record.
    pub(super) fn unlearn(&self) {
        if let Some(Target::New(change)) = self.target() {
            lock(&self.shared.known).remove(change);
        }
    }

    pub(super) fn learn(&self, id: &str) {
        if let (Some(Target::New(change)), true) = (self.target(), self.creates()) {
            lock(&self.shared.known).insert(change.clone(), id.to_owned());
        }
    }

    /// What the records are called that the step is about.
    pub(super) fn label(&self) -> String {
        self.group.first().map(|change| change.label.clone()).unwrap_or_default()
    }

    /// Whether a record has one of the keys by which this plan's create is looked up; `None`: they cannot be read of it.
    pub(super) fn has_our_key(&self, observed: &Observed) -> Option<bool> {
        let by = keys_of(&self.group.iter().collect::<Vec<_>>())?;
        let schema = observed.table.schema();
        let mut told = by.iter().filter_map(|(path, text)| {
            let facet = Facet { path: path.clone(), key: None };
            schema.find(path)?;
            match seen(&observed.table, Row(0), &facet) {
                Seen::Unreadable => None,
                now => Some(judge::same(observed, &facet, &Seen::Value(text.clone()), &now)),
            }
        });
        let first = told.next()?;
        Some(first || told.any(|same| same))
    }
}
