//! What stands in the way of a push, worked out before the first write.

mod admin;
mod limits;
mod shrunk;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use limits::counted;
pub use shrunk::Shrunk;

use super::hostile::unagreed;
use super::stage::incomplete;
use super::{Change, Target};
use crate::compare::{Agreement, Compared};
use crate::model::filter::{Filter, Filters};
use crate::model::text::clean;
use crate::model::{AttrPath, Kind, Op, Proof, RecordKey, Snapshot, SystemId};

/// What may be done to a system at all. The engine enforces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is written.
    #[default]
    ReadOnly,
    /// Nothing is taken away: no deactivate, delete or removal.
    AppendOnly,
    /// Everything that the connector offers.
    Full,
}

impl Mode {
    /// The mode's name in the configuration and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::AppendOnly => "append-only",
            Self::Full => "full",
        }
    }

    /// Whether it lets an operation through.
    pub const fn allows(self, op: Op) -> bool {
        match self {
            Self::ReadOnly => false,
            Self::AppendOnly => !op.removes(),
            Self::Full => true,
        }
    }
}

/// How many records a push may take away from a system at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Deactivations.
    pub deactivate: u32,
    /// Deletions.
    pub delete: u32,
    /// Entries taken away.
    pub remove: u32,
    /// Percent of the records of the kind, 0 to 100: deactivations and deletions together.
    pub percent: u32,
    /// Creations; `None`: as many as are staged. So all that follow.
    pub create: Option<u32>,
    /// Creations in percent of the records that are there.
    pub create_percent: Option<u32>,
    /// Records whose attributes are changed.
    pub update: Option<u32>,
    /// The same in percent of the records.
    pub update_percent: Option<u32>,
    /// Reactivations.
    pub reactivate: Option<u32>,
    /// Entries added.
    pub add: Option<u32>,
    /// Percent by which source or target may have shrunk since they were last read whole.
    pub shrink: u32,
    /// What earlier pushes of so many hours did counts as well; 0: each push by itself.
    pub hours: u32,
}

impl Default for Limits {
    /// Deactivate 10 or 5 %, delete 0 (DESIGN.md section 4, promise 5).
    fn default() -> Self {
        Self {
            deactivate: 10,
            delete: 0,
            remove: 100,
            percent: 5,
            create: None,
            create_percent: None,
            update: None,
            update_percent: None,
            reactivate: None,
            add: None,
            shrink: 20,
            hours: 1,
        }
    }
}

/// What a system's owner allows.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Policy {
    /// What may be done at all.
    pub mode: Mode,
    /// How much of each kind may be taken away.
    pub limits: Limits,
    /// The same for kinds that have limits of their own.
    pub limits_of: BTreeMap<Kind, Limits>,
    /// A production system: its name must be typed.
    pub production: bool,
    /// A push wants a reason or ticket, which is kept with it.
    pub require_reason: bool,
    /// Records that are never touched: a filter over the target's record, by kind.
    pub protect: Filters,
}

impl Policy {
    /// How much of a kind may be taken away.
    pub fn limits(&self, kind: Kind) -> &Limits {
        self.limits_of.get(&kind).unwrap_or(&self.limits)
    }
}

/// A rule that stands in the way of a push, with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// The rule's name (`limit-deactivate`, `read-only`, `incomplete`, `protected`).
    pub rule: String,
    /// The system.
    pub system: SystemId,
    /// The kind, where it is about one.
    pub kind: Option<Kind>,
    /// What happened, the numbers, and how to acknowledge it, in words.
    pub text: String,
    /// Whether it may be acknowledged at all.
    pub can_acknowledge: bool,
    /// Whether the operator did.
    pub acknowledged: bool,
    /// The number that was acknowledged, where the rule is about one: a smaller one later is acknowledged too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<u64>,
}

impl Guard {
    /// Whether acknowledging this one, as it was seen, lets through what stands in the way now.
    pub fn covers(&self, now: &Self) -> bool {
        let less = || matches!((now.measure, self.measure), (Some(now), Some(seen)) if now <= seen);
        self.acknowledged
            && now.can_acknowledge
            && (&self.rule, &self.system, self.kind) == (&now.rule, &now.system, now.kind)
            && (self.text == now.text || less())
    }
}

/// What is known of a system when guards are worked out.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What its owner allows.
    pub policy: Policy,
    /// Why nothing may be pushed there, whatever the mode (`Site::blocked`).
    pub blocked: Option<String>,
    /// Rules that were changed since it was last pushed to: the guard's name, and the numbers in words.
    pub moved: Vec<(String, String)>,
    /// Who is an administrator there: what they are called, and a filter over users.
    pub administrators: Vec<(String, Filter)>,
    /// What earlier pushes within the hours of the limits did there, by kind and operation.
    pub taken: BTreeMap<(Kind, Op), usize>,
    /// Where the source or the system itself has far fewer records than when it was last read whole.
    pub shrunk: Vec<Shrunk>,
}

/// What guards look at beside the changes.
pub struct Facts<'f> {
    /// The comparison that the changes were staged from.
    pub compared: &'f Compared,
    /// What is known of each system; one that is not there may not be written.
    pub systems: &'f BTreeMap<SystemId, Known>,
    /// Whether a record is protected, by the operator or by its system's `protect` filter. `None`: undecided, which counts
    /// as protected.
    pub protected: &'f dyn Fn(&RecordKey) -> Option<bool>,
    /// Values with odd characters that are meant.
    pub agreed: &'f [Agreement],
}

/// Every rule that stands in the way of these changes, with its numbers. None is acknowledged yet but what was acknowledged of
/// the snapshots themselves.
pub fn guards(changes: &[Change], facts: &Facts<'_>) -> Vec<Guard> {
    let mut found = Vec::new();
    let mut systems: Vec<&SystemId> = changes.iter().map(|change| &change.system).collect();
    systems.sort();
    systems.dedup();
    for system in systems {
        let mine: Vec<&Change> = changes.iter().filter(|change| change.system == *system).collect();
        let look = Look { system, changes: &mine, facts };
        match facts.systems.get(system) {
            None => found.push(look.guard(
                "no-system",
                None,
                false,
                format!("{system} is not configured; nothing can be written to it"),
            )),
            Some(known) => look.all(known, &mut found),
        }
    }
    found
}

/// Production systems among the targets: their names must be typed.
pub fn confirm_names(changes: &[Change], systems: &BTreeMap<SystemId, Known>) -> Vec<SystemId> {
    let production = |change: &&Change| systems.get(&change.system).is_some_and(|known| known.policy.production);
    let mut names: Vec<SystemId> = changes.iter().filter(production).map(|change| change.system.clone()).collect();
    names.sort();
    names.dedup();
    names
}

/// Records that would be deleted for good: their keys must be typed (DESIGN.md section 4, promise 3).
pub fn confirm_keys(changes: &[Change]) -> Vec<String> {
    changes.iter().filter(|change| change.op == Op::Delete).map(|change| change.label.clone()).collect()
}

struct Look<'l> {
    system: &'l SystemId,
    changes: &'l [&'l Change],
    facts: &'l Facts<'l>,
}

impl Look<'_> {
    fn guard(&self, rule: &str, kind: Option<Kind>, can_acknowledge: bool, text: String) -> Guard {
        Guard {
            rule: rule.to_owned(),
            system: self.system.clone(),
            kind,
            text,
            can_acknowledge,
            acknowledged: false,
            measure: None,
        }
    }

    fn all(&self, known: &Known, found: &mut Vec<Guard>) {
        if let Some(why) = &known.blocked {
            found.push(self.guard("blocked", None, false, format!("nothing may be written to {}: {why}", self.system)));
        }
        let inputs = &self.facts.compared.inputs;
        if inputs.source.and_then(|at| inputs.systems.get(at)).is_some_and(|source| source.id == *self.system) {
            let text = format!("{} is the source of truth; nothing is ever written to it", self.system);
            found.push(self.guard("source", None, false, text));
        }
        for (rule, text) in &known.moved {
            found.push(self.guard(rule, None, true, format!("{text} Acknowledge it if that is meant")));
        }
        found.extend(self.hostile());
        found.extend(self.mode(known.policy.mode));
        for kind in Kind::ALL {
            self.limits(kind, known, found);
            found.extend(self.incomplete(kind));
            found.extend(self.taken_for_complete(kind));
        }
        found.extend(self.protect());
        found.extend(self.shrunk(&known.shrunk, known.policy.limits.shrink));
        self.last_administrator(&known.administrators, found);
    }

    fn mode(&self, mode: Mode) -> Option<Guard> {
        let refused = self.changes.iter().filter(|change| !mode.allows(change.op)).count();
        if refused == 0 {
            return None;
        }
        let (system, of) = (self.system, self.changes.len());
        let text = match mode {
            Mode::ReadOnly => format!(
                "{system} is read-only: all {of} changes are refused. Set mode = \"append-only\" or \"full\" for it in trueup.toml"
            ),
            _ => format!(
                "{system} is append-only: {refused} of {of} changes take something away and are refused. Unstage them, or \
                 set mode = \"full\" for it in trueup.toml"
            ),
        };
        Some(self.guard(mode.name(), None, false, text))
    }

    fn snapshot(&self, kind: Kind, source: bool) -> Option<&Snapshot> {
        let inputs = &self.facts.compared.inputs;
        let at = if source { inputs.source } else { inputs.index(self.system) }?;
        inputs.systems.get(at)?.snapshot(kind).map(|snapshot| &**snapshot)
    }

    fn records(&self, kind: Kind) -> usize {
        self.snapshot(kind, false).map_or(0, |snapshot| snapshot.table.len())
    }

    /// Nothing is taken away on the strength of what is not known to be complete (promise 1).
    fn incomplete(&self, kind: Kind) -> Option<Guard> {
        let removals: Vec<_> =
            self.changes.iter().filter(|change| change.kind == kind && change.op.removes()).collect();
        if removals.is_empty() {
            return None;
        }
        let paths: Vec<Option<&AttrPath>> =
            removals.iter().map(|change| change.want.first().map(|want| &want.facet.path)).collect();
        // A change that no source stands behind (an undo) takes away what is known to be there.
        let sides =
            if removals.iter().any(|change| change.source.is_some() || self.facts.compared.inputs.source.is_some()) {
                &[false, true][..]
            } else {
                &[false][..]
            };
        let why = sides.iter().find_map(|source| match self.snapshot(kind, *source) {
            None => Some("not read".to_owned()),
            Some(snapshot) => paths.iter().find_map(|path| incomplete(snapshot, *path)),
        })?;
        let text = format!(
            "{} changes take something away from {} of {}, and what was read is not known to be complete ({why}). Refresh until \
             it is, or unstage them",
            removals.len(),
            kind.plural().to_lowercase(),
            self.system
        );
        Some(self.guard("incomplete", Some(kind), false, text))
    }

    /// What would be taken away on somebody's word. It has been acknowledged, and is written down with the plan.
    fn taken_for_complete(&self, kind: Kind) -> Option<Guard> {
        if !self.changes.iter().any(|change| change.kind == kind && change.op.removes()) {
            return None;
        }
        let feeds = [false, true]
            .into_iter()
            .filter_map(|source| self.snapshot(kind, source))
            .flat_map(|snapshot| snapshot.feeds.iter().map(move |feed| (&snapshot.system, feed)));
        let told = feeds.filter_map(|(system, feed)| match &feed.proof {
            Proof::Acknowledged { by, why } => Some(format!("{} of {system}, by {by}: {why}", feed.feed)),
            _ => None,
        });
        let told = told.collect::<Vec<_>>().join("; ");
        let text = format!("what is not proved to be complete was taken for complete: {told}");
        let guard = self.guard("taken-for-complete", Some(kind), true, text);
        (!told.is_empty()).then_some(Guard { acknowledged: true, ..guard })
    }

    /// Values with characters that could hurt a terminal, which nobody has agreed to (promise 13).
    fn hostile(&self) -> Option<Guard> {
        let all: Vec<_> = self.changes.iter().flat_map(|change| unagreed(change, self.facts.agreed)).collect();
        let (_, path, text) = all.first()?;
        let more = if all.len() > 1 { format!(", and {} more", all.len() - 1) } else { String::new() };
        let text = format!(
            "{} values that would be written to {} hold characters that could drive a terminal or turn the direction of \
             text ({path}: {}{more}). Look at each and agree to it, or unstage it",
            all.len(),
            self.system,
            clean(text)
        );
        Some(self.guard("hostile-text", None, false, text))
    }

    fn protect(&self) -> Option<Guard> {
        let mut sure: Vec<&str> = Vec::new();
        let mut unsure: Vec<&str> = Vec::new();
        for change in self.changes {
            let Target::Record(key) = &change.target else { continue };
            let names = match (self.facts.protected)(key) {
                Some(false) => continue,
                Some(true) => &mut sure,
                None => &mut unsure,
            };
            if !names.contains(&&*change.label) {
                names.push(&change.label);
            }
        }
        if sure.is_empty() && unsure.is_empty() {
            return None;
        }
        let count = sure.len() + unsure.len();
        let records = if count == 1 { "record" } else { "records" };
        let mut text = format!("{count} protected {records} of {} would be changed", self.system);
        let all: Vec<_> = sure.iter().chain(&unsure).take(5).map(|name| clean(name)).collect();
        text.push_str(&format!(" ({}{})", all.join(", "), if sure.len() + unsure.len() > 5 { ", ..." } else { "" }));
        if !unsure.is_empty() {
            text.push_str(&format!(
                "; for {} of them the filter could not be decided, which counts as protected (protect = {{ User = ... }} is \
                 of one kind alone)",
                unsure.len()
            ));
        }
        text.push_str(". Unstage them; or end the protection where it was given, by its key on the record or by protect in trueup.toml");
        Some(self.guard("protected", None, false, text))
    }
}

#[cfg(test)]
mod tests;
