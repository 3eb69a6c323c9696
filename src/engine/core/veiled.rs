//! What is kept of sensitive values between runs: nothing but hashes. What was staged with one is made anew from what is read.

use std::sync::Arc;

use super::Core;
use crate::compare::Base;
use crate::engine::protocol::Report;
use crate::plan::stage::Stager;
use crate::plan::{Change, Renewed, Sensitive, renew, sensitive, veiled};

impl Core {
    /// The sensitive attributes of all systems.
    pub(super) fn sensitive(&self) -> Vec<Sensitive> {
        let each = |member: &super::Member| sensitive(member.connector.mapping(), &member.setup.config.id);
        self.members.iter().flat_map(each).collect()
    }

    /// The bases that may be written down.
    pub(super) fn open_bases(&self, bases: Vec<Base>) -> Vec<Base> {
        let sensitive = self.sensitive();
        let hidden = |base: &Base| {
            let target = &base.target;
            sensitive.iter().any(|one| one.system == target.system && one.kind == target.kind && one.path == base.path)
        };
        bases.into_iter().filter(|base| !hidden(base)).collect()
    }

    /// Staged changes of an earlier run: those whose values were not kept wait until all has been read.
    pub(super) fn restage(&mut self, staging: Vec<Change>) {
        let (hidden, plain): (Vec<_>, Vec<_>) = staging.into_iter().partition(veiled);
        self.veiled = hidden;
        self.stage(&plain);
        if !plain.is_empty() {
            self.report(Report::Staging(plain));
        }
    }

    /// Makes those that waited anew.
    pub(super) fn renew_veiled(&mut self) {
        let Some(compared) = self.compared.clone() else { return };
        let stager = Stager::new(&compared);
        let (mut again, mut lost) = (Vec::new(), 0);
        for change in std::mem::take(&mut self.veiled) {
            // What is kept of it is what it is now, or nothing any more.
            match renew(&stager, &compared, &change) {
                Renewed::Again(change) if !veiled(&change) => {
                    self.unkept_staged.came(Arc::new((*change).clone()));
                    again.push(*change);
                    continue;
                }
                Renewed::Again(_) | Renewed::Not(_) => lost += 1,
                Renewed::Done => {}
            }
            self.unkept_staged.went(change.id);
        }
        // Without a face nobody has staged or taken back anything.
        self.unkept_staging |= self.face;
        if lost > 0 {
            self.report(Report::Notice(format!(
                "{lost} staged changes of sensitive attributes could not be made anew; stage them again"
            )));
        }
        self.stage(&again);
        if !again.is_empty() {
            self.report(Report::Staging(again));
        }
    }

    /// Takes in what is told to the faces as staged.
    pub(super) fn stage(&mut self, changes: &[Change]) {
        self.staged.extend(changes.iter().map(|change| (change.id.clone(), Arc::new(change.clone()))));
    }

    /// What is staged, with what still waits.
    pub(super) fn with_waiting(&self) -> Vec<Arc<Change>> {
        let waiting = self.veiled.iter().filter(|change| !self.staged.contains_key(&change.id));
        self.staged.values().cloned().chain(waiting.map(|change| Arc::new(change.clone()))).collect()
    }
}
