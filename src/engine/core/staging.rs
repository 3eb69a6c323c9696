//! What is staged, kept in the journal as it comes and goes. Another console may do the same over the same journal: only what
//! this one did is written, and what the other did is taken in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Aside, Core};
use crate::engine::protocol::Report;
use crate::plan::{Change, ChangeId, veil_change, veiled};
use crate::store::{Journal, StoreError};

/// What was staged and taken back here, and is not in the journal yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Unkept {
    came: BTreeMap<ChangeId, Arc<Change>>,
    went: BTreeSet<ChangeId>,
}

/// What others have staged and taken back.
#[derive(Debug, Default, PartialEq)]
pub(in crate::engine) struct Others {
    came: Vec<Change>,
    went: Vec<ChangeId>,
}

/// What came of keeping it: what others did, or what still is to be kept.
pub(in crate::engine) struct Kept(Result<Others, Unkept>);

impl Unkept {
    pub(super) fn came(&mut self, change: Arc<Change>) {
        self.went.remove(&change.id);
        self.came.insert(change.id.clone(), change);
    }

    pub(super) fn went(&mut self, id: ChangeId) {
        self.came.remove(&id);
        self.went.insert(id);
    }

    fn about(&self, id: &ChangeId) -> bool {
        self.came.contains_key(id) || self.went.contains(id)
    }

    /// This, and then that.
    fn then(mut self, later: Self) -> Self {
        later.came.into_values().for_each(|change| self.came(change));
        later.went.into_iter().for_each(|id| self.went(id));
        self
    }
}

impl Others {
    /// How what is staged now differs from what was known to be.
    fn between(known: &BTreeMap<ChangeId, Change>, now: Vec<Change>) -> Self {
        let there: BTreeSet<ChangeId> = now.iter().map(|change| change.id.clone()).collect();
        Self {
            came: now.into_iter().filter(|change| known.get(&change.id) != Some(change)).collect(),
            went: known.keys().filter(|id| !there.contains(*id)).cloned().collect(),
        }
    }
}

impl Core {
    /// One write at a time.
    pub(super) fn keep_staging(&mut self) {
        self.keeping = true;
        let (keeper, asides) = (self.keeper.clone(), self.asides.0.clone());
        let unkept = std::mem::take(&mut self.unkept_staged);
        let (known, sensitive) = (self.with_waiting(), self.sensitive());
        tokio::spawn(async move {
            let mine = unkept.clone();
            let keep = move |journal: &mut dyn Journal| {
                let sealer = if sensitive.is_empty() { None } else { Some(journal.sealer()?) };
                let hidden = |change: &Change| match &sealer {
                    Some(sealer) => veil_change(change, &sensitive, &|text| sealer.seal(text)),
                    None => change.clone(),
                };
                let came: Vec<Change> = mine.came.values().map(|change| hidden(change)).collect();
                let went: Vec<ChangeId> = mine.went.iter().cloned().collect();
                let Some(now) = journal.restage(&came, &went)? else { return Ok(Others::default()) };
                let known = known.iter().map(|change| (change.id.clone(), hidden(change))).collect();
                Ok::<_, StoreError>(Others::between(&known, now))
            };
            let kept = keeper.ask(keep).await.map_err(|error| {
                let text = format!("what is staged is not kept: {error}");
                let _ = asides.send(Aside::Report(Report::Notice(text)));
                unkept
            });
            let _ = asides.send(Aside::StagingKept(Kept(kept)));
        });
    }

    /// Takes in what others did; what was not kept is kept with what comes next.
    pub(super) fn staging_kept(&mut self, kept: Kept) {
        self.keeping = false;
        let others = match kept.0 {
            Ok(others) => others,
            Err(unkept) => {
                self.unkept_staged = unkept.then(std::mem::take(&mut self.unkept_staged));
                return;
            }
        };
        // What was staged or taken back here meanwhile is the last word.
        let (unkept, known) = (&self.unkept_staged, &self.staged);
        let mut went: Vec<ChangeId> = others.went.into_iter().filter(|id| !unkept.about(id)).collect();
        let came = others.came.into_iter().filter(|change| !unkept.about(&change.id));
        let (hidden, came): (Vec<_>, Vec<_>) = came.partition(veiled);
        // One whose value is not told takes the place of ours once it was made anew from what is read.
        went.extend(hidden.iter().filter(|change| known.contains_key(&change.id)).map(|change| change.id.clone()));
        if went.is_empty() && came.is_empty() && hidden.is_empty() {
            return;
        }
        self.staged.retain(|id, _| !went.contains(id));
        self.veiled.retain(|change| !went.contains(&change.id));
        self.veiled.extend(hidden);
        self.stage(&came);
        if !(went.is_empty() && came.is_empty()) {
            self.report(Report::Others { came, went });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::{Kind, Op};
    use crate::plan::fixture::{aha, user};
    use crate::plan::{Expect, Target};

    fn change(name: &str) -> Change {
        Change {
            id: ChangeId(name.into()),
            system: aha(),
            kind: Kind::User,
            target: Target::Record(user(name)),
            label: name.to_owned(),
            source: None,
            op: Op::Deactivate,
            want: Vec::new(),
            expect: Expect::Facets(Vec::new()),
            needs: Vec::new(),
        }
    }

    #[test]
    fn what_was_not_kept_is_kept_with_what_came_after_it_and_the_last_word_counts() {
        let (a, b) = (change("a"), change("b"));
        let mut first = Unkept::default();
        first.came(Arc::new(a.clone()));
        first.came(Arc::new(b.clone()));
        let mut later = Unkept::default();
        later.went(a.id.clone());
        let both = first.then(later);
        assert_eq!(
            (both.came.keys().collect::<Vec<_>>(), both.went.iter().collect::<Vec<_>>()),
            (vec![&b.id], vec![&a.id])
        );
    }
}
