//! How many records source and target had when they were last read whole, as each target's operator has taken it for right:
//! a fall that nobody has acknowledged is asked about again, however often it is read.

use std::collections::BTreeMap;

use super::Core;
use crate::engine::member::Member;
use crate::engine::setup::Accepted;
use crate::model::{Kind, Proof, SystemId};
use crate::plan::{Plan, Shrunk};

/// Records by system and kind (`hr User`), as one target knows them.
pub(super) type Sizes = BTreeMap<String, u64>;

fn name(system: &SystemId, kind: Kind) -> String {
    format!("{system} {kind}")
}

impl Core {
    /// Takes what is not proved for complete, in the operator's name and for this snapshot only. Gives what was done, in words.
    ///
    /// # Errors
    /// In words, when that cannot be.
    pub(in crate::engine) fn acknowledge(&mut self, accepted: &Accepted) -> Result<String, String> {
        let Accepted { system, kind, why } = accepted;
        if why.trim().is_empty() {
            return Err(format!("{system}: say why it is complete as it is"));
        }
        let who = self.who.clone();
        let member = self.members.iter_mut().find(|member| member.setup.id() == system);
        let member = member.ok_or_else(|| format!("there is no system {system}"))?;
        let taken = member.acknowledge(*kind, &who, why.trim())?;
        self.outdated();
        let kinds =
            if taken == 1 { "one kind of record is".to_owned() } else { format!("{taken} kinds of records are") };
        Ok(format!("{system}: {kinds} taken for complete until they are read again"))
    }

    /// A kind of a system was read: every target that it matters to notes how many there are, unless it has shrunk.
    pub(super) fn sized(&mut self, at: usize, kind: Kind) {
        let Some(of) = self.members.get(at) else { return };
        let Some(snapshot) = &of.snapshots[kind.index()] else { return };
        // What is only taken for complete says nothing of how many there should be.
        if !matches!(snapshot.feeds.first().map(|feed| &feed.proof), Some(Proof::Complete { .. })) {
            return;
        }
        let (key, now) = (name(of.setup.id(), kind), snapshot.table.len() as u64);
        let all = Some(at) == self.source;
        let mut noted = Vec::new();
        for (place, target) in self.members.iter().enumerate() {
            if Some(place) == self.source || !(all || place == at) {
                continue;
            }
            let percent = target.setup.config.policy.limits(kind).shrink;
            let before = self.sizes.get(target.setup.id()).and_then(|sizes| sizes.get(&key)).copied();
            if before.is_none_or(|before| before != now && !Shrunk::is(before, now, percent)) {
                noted.push(target.setup.id().clone());
            }
        }
        for system in noted {
            self.sizes.entry(system.clone()).or_default().insert(key.clone(), now);
            if let Some(text) = self.kept_text(&system) {
                self.save(
                    |why| format!("what was accepted is not kept: {why}"),
                    move |journal| journal.accept(&system, &text),
                );
            }
        }
    }

    /// Where the source or a target has far fewer records than that target's operator knows of.
    pub(in crate::engine) fn shrunk(&self, target: &Member) -> Vec<Shrunk> {
        let Some(sizes) = self.sizes.get(target.setup.id()) else { return Vec::new() };
        let source = self.source.and_then(|at| self.members.get(at));
        let sides = source.into_iter().chain([target]);
        let each = sides.flat_map(|side| side.snapshots.iter().flatten().map(move |snapshot| (side, snapshot)));
        each.filter(|(_, snapshot)| snapshot.proved())
            .filter_map(|(side, snapshot)| {
                let (system, kind, now) = (side.setup.id().clone(), snapshot.kind, snapshot.table.len() as u64);
                let before = *sizes.get(&name(&system, kind))?;
                let percent = target.setup.config.policy.limits(kind).shrink;
                Shrunk::is(before, now, percent).then_some(Shrunk { system, kind, before, now })
            })
            .collect()
    }

    /// The sizes of a target after a push in which its operator has acknowledged that they shrank.
    pub(super) fn acknowledged_sizes(&self, plan: &Plan, system: &SystemId) -> Option<Sizes> {
        let acknowledged = |kind: Kind| {
            let mut guards = plan.guards.iter();
            guards.any(|guard| {
                guard.rule == "shrunk" && guard.acknowledged && guard.system == *system && guard.kind == Some(kind)
            })
        };
        let shrunk = self.shrunk(self.find(system)?);
        let mut sizes = self.sizes.get(system)?.clone();
        let mut any = false;
        for one in shrunk.iter().filter(|one| acknowledged(one.kind)) {
            sizes.insert(name(&one.system, one.kind), one.now);
            any = true;
        }
        any.then_some(sizes)
    }
}
