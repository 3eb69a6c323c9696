//! What was not read, or not all of it: of that the lists can say nothing, and they say so.

use crate::engine::protocol::{Health, SystemStatus};
use crate::model::{Kind, Proof, SystemId};

use super::App;
use super::said::said;
use super::systems::trouble;
use super::text::{count, text};

/// Why nothing can be said of a system, or only of a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// It is being read: so many records so far.
    Reading(u64),
    /// It was not read, and what stands in the way, in a word.
    Unread(String),
    /// It was not read to its end, and why.
    Partial(String),
}

impl App {
    /// The systems that are looked at, and the one that they are compared with, of which not all of a kind was read.
    pub fn gaps(&self, kind: Kind) -> Vec<(SystemId, Gap)> {
        let Some(world) = &self.world else { return Vec::new() };
        let inputs = &world.compared.inputs;
        let chosen = self.system_index().filter(|at| Some(*at) != inputs.base());
        let looked = |at: usize| chosen.is_none_or(|chosen| chosen == at) || Some(at) == inputs.base();
        let systems = world.systems.iter().enumerate().filter(|(at, _)| looked(*at));
        systems.filter_map(|(_, status)| Some((status.id.clone(), self.gap(status, kind)?))).collect()
    }

    fn gap(&self, status: &SystemStatus, kind: Kind) -> Option<Gap> {
        let inputs = &self.world.as_ref()?.compared.inputs;
        let view = inputs.systems.iter().find(|view| view.id == status.id)?;
        view.mapping.kind(kind)?;
        if let Some(snapshot) = view.snapshot(kind) {
            if snapshot.proved() {
                return None;
            }
            let read = snapshot.table.len() as u64;
            let reading = |proof: &Proof| matches!(proof, Proof::Reading { .. });
            let at_work = matches!(status.health, Health::Reading { .. } | Health::Probing);
            if at_work && snapshot.feeds.iter().any(|feed| reading(&feed.proof)) {
                return Some(Gap::Reading(read));
            }
            let why = snapshot.feeds.iter().find_map(|feed| match &feed.proof {
                Proof::Partial { why } => Some(why.clone()),
                _ => None,
            });
            return Some(Gap::Partial(why.unwrap_or_default()));
        }
        let told = status.site.as_ref().filter(|site| !site.endpoints.is_empty());
        if told.is_some_and(|site| site.endpoint(kind).is_none()) {
            return None;
        }
        match &status.health {
            Health::Idle | Health::Probing | Health::Reading { .. } => Some(Gap::Reading(0)),
            Health::Bad { word, .. } => Some(Gap::Unread(trouble(word).to_owned())),
            // What such a system has of this kind would have been read.
            Health::Good | Health::Partial(_) => None,
        }
    }

    /// What has to be said beside a number that gaps make smaller than it is; empty where there are none.
    pub fn qualms(&self, kind: Kind) -> String {
        let gaps = self.gaps(kind);
        let named = |which: fn(&Gap) -> bool| {
            let names: Vec<&str> =
                gaps.iter().filter(|(_, gap)| which(gap)).map(|(system, _)| system.as_str()).collect();
            names.join(", ")
        };
        let mut words: Vec<String> = Vec::new();
        if gaps.iter().any(|(_, gap)| matches!(gap, Gap::Reading(_))) {
            words.push(text!("strip.so-far").to_owned());
        }
        let unread = named(|gap| matches!(gap, Gap::Unread(_)));
        if !unread.is_empty() {
            words.push(text!("strip.without", systems = unread));
        }
        let partial = named(|gap| matches!(gap, Gap::Partial(_)));
        if !partial.is_empty() {
            words.push(text!("strip.incomplete", systems = partial));
        }
        words.join(" ")
    }
}

/// A gap in a sentence.
pub fn told(system: &SystemId, gap: &Gap) -> String {
    match gap {
        Gap::Reading(0) => text!("list.gap-reading", system = system),
        Gap::Reading(n) => text!("list.gap-rest", system = system, n = count(*n)),
        Gap::Unread(word) => text!("list.gap-unread", system = system, word = word),
        Gap::Partial(why) => text!("list.gap-partial", system = system, why = said(why)),
    }
}
