//! The rules under which a system was last pushed to: where they were changed since, a guard says what that moves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Core;
use super::sizes::Sizes;
use crate::compare::{Compared, Shift, Tally, shift};
use crate::engine::member::Member;
use crate::engine::setup::SystemSetup;
use crate::model::filter::{Filter, Filters};
use crate::model::{Kind, SystemId};
use crate::plan::{Outcome, OutcomeState, Plan};

/// Who should have an account in a system, who is ours to judge there, and a hash of how it is mapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rules {
    scope: Texts,
    manage: Texts,
    mapping: String,
}

/// Filters as texts, by kind. As it was written before there were kinds: of users alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Texts {
    Users(Option<String>),
    ByKind(BTreeMap<Kind, String>),
}

impl Texts {
    fn of(filters: &Filters) -> Self {
        let mut texts: BTreeMap<Kind, String> =
            filters.iter().map(|(kind, filter)| (kind, filter.to_string())).collect();
        match (texts.len(), texts.remove(&Kind::User)) {
            (0, _) => Self::Users(None),
            (1, Some(users)) => Self::Users(Some(users)),
            (_, users) => {
                texts.extend(users.map(|users| (Kind::User, users)));
                Self::ByKind(texts)
            }
        }
    }

    fn filters(&self) -> Filters {
        let add = |filters: Filters, kind, text: &String| match Filter::parse(text) {
            Ok(filter) => filters.with(kind, filter),
            Err(_) => filters,
        };
        match self {
            Self::Users(text) => text.iter().fold(Filters::default(), |filters, text| add(filters, Kind::User, text)),
            Self::ByKind(texts) => {
                texts.iter().fold(Filters::default(), |filters, (kind, text)| add(filters, *kind, text))
            }
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Users(None) => "all".to_owned(),
            Self::Users(Some(text)) => text.clone(),
            Self::ByKind(_) => self.filters().to_string(),
        }
    }
}

impl Rules {
    /// The rules as they are configured now.
    pub(super) fn of(setup: &SystemSetup) -> Self {
        let mut hash = Sha256::new();
        for map in &setup.connector.mapping().kinds {
            for row in &map.rows {
                let row = format!(
                    "{} {} {:?} {:?} {:?} {:?} {:?} {}\n",
                    map.kind, row.attr, row.write, row.via, row.access, row.policy, row.fold, row.compare
                );
                hash.update(row);
            }
        }
        let mapping = hash.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        Self { scope: Texts::of(&setup.config.scope), manage: Texts::of(&setup.config.manage), mapping }
    }
}

/// What was changed, as guards: their names, and the numbers in words.
fn moved(compared: &Compared, member: &Member, before: &Rules) -> Vec<(String, String)> {
    let (system, now) = (member.setup.id(), Rules::of(&member.setup));
    let Some(at) = compared.inputs.index(system) else { return Vec::new() };
    let mut found = Vec::new();
    if now.scope != before.scope {
        let Shift { comes_in, goes_out, unsure } = shift(&compared.inputs, at, false, &before.scope.filters());
        found.push((
            "scope-changed".to_owned(),
            format!(
                "the scope of {system} was changed since the last push there or the first start (it was: {}): {comes_in} of the source's records \
                 come into it, {goes_out} go out of it{}.",
                before.scope.shown(),
                doubt(unsure)
            ),
        ));
    }
    if now.manage != before.manage {
        let Shift { comes_in, goes_out, unsure } = shift(&compared.inputs, at, true, &before.manage.filters());
        found.push((
            "manage-changed".to_owned(),
            format!(
                "what is ours to judge in {system} was changed since the last push there or the first start (it was: {}): {comes_in} records \
                 are now, {goes_out} are not any more{}.",
                before.manage.shown(),
                doubt(unsure)
            ),
        ));
    }
    if now.mapping != before.mapping {
        let out: u32 = compared.kinds.iter().filter_map(|kind| kind.tallies.get(at)).map(Tally::out_of_true).sum();
        found.push((
            "mapping-changed".to_owned(),
            format!("the mapping of {system} was changed since the last push there or the first start: {out} records are out of true by it now."),
        ));
    }
    found
}

fn doubt(unsure: usize) -> String {
    if unsure == 0 { String::new() } else { format!("; of {unsure} nobody can say") }
}

impl Core {
    /// What was changed in a system's rules.
    pub(in crate::engine) fn moved(&self, compared: &Compared, member: &Member) -> Vec<(String, String)> {
        self.accepted.get(member.setup.id()).map(|before| moved(compared, member, before)).unwrap_or_default()
    }

    /// The rules and sizes of the last pushes; whoever has none yet has those of now.
    pub(super) async fn remember_rules(&mut self) {
        let now: Vec<(SystemId, Rules)> =
            self.members.iter().map(|member| (member.setup.id().clone(), Rules::of(&member.setup))).collect();
        let asked = self.keeper.ask(move |journal| {
            let (mut changed, mut sizes) = (Vec::new(), Vec::new());
            for (system, rules) in now {
                // What cannot be read any more was written by another version: it is taken for the first time.
                let before = journal.accepted(&system)?.and_then(|text| serde_json::from_str::<Kept>(&text).ok());
                match before {
                    Some(before) => {
                        sizes.push((system.clone(), before.sizes));
                        if before.rules != rules {
                            changed.push((system, before.rules));
                        }
                    }
                    None => journal.accept(&system, &text(&Kept { rules, sizes: Sizes::new() }))?,
                }
            }
            Ok((changed, sizes))
        });
        match asked.await {
            Ok((changed, sizes)) => {
                self.accepted = changed.into_iter().collect();
                self.sizes = sizes.into_iter().collect();
            }
            Err(error) => self.report(crate::engine::protocol::Report::Notice(error.to_string())),
        }
    }

    /// What is kept of a system as it is now: rules that were not acknowledged stay those of before.
    pub(super) fn kept_text(&self, system: &SystemId) -> Option<String> {
        let rules = match self.accepted.get(system) {
            Some(before) => before.clone(),
            None => Rules::of(&self.find(system)?.setup),
        };
        Some(text(&Kept { rules, sizes: self.sizes.get(system).cloned().unwrap_or_default() }))
    }

    /// The rules of now of the systems that a push went out to, and the sizes that it let pass; its operator has
    /// acknowledged them.
    fn acknowledged(&self, plan: &Plan, outcomes: &[Outcome]) -> Vec<(SystemId, Kept)> {
        let sent = |system: &SystemId| {
            outcomes.iter().any(|outcome| {
                let unsent = matches!(
                    outcome.state,
                    OutcomeState::Refused { .. } | OutcomeState::Stopped { .. } | OutcomeState::Skipped { .. }
                );
                !unsent && plan.change(&outcome.change).is_some_and(|change| change.system == *system)
            })
        };
        let each = self.members.iter().filter(|member| sent(member.setup.id()));
        each.filter_map(|member| {
            let system = member.setup.id();
            let sizes = self.acknowledged_sizes(plan, system);
            if sizes.is_none() && !self.accepted.contains_key(system) {
                return None;
            }
            let sizes = sizes.or_else(|| self.sizes.get(system).cloned()).unwrap_or_default();
            Some((system.clone(), Kept { rules: Rules::of(&member.setup), sizes }))
        })
        .collect()
    }

    /// The same as it is kept.
    pub(in crate::engine) fn acknowledged_rules(&self, plan: &Plan, outcomes: &[Outcome]) -> Vec<(SystemId, String)> {
        self.acknowledged(plan, outcomes).into_iter().map(|(system, kept)| (system, text(&kept))).collect()
    }

    /// They are the rules from then on.
    pub(super) fn accept_rules(&mut self, plan: &Plan, outcomes: &[Outcome]) {
        for (system, kept) in self.acknowledged(plan, outcomes) {
            self.accepted.remove(&system);
            let text = text(&kept);
            self.sizes.insert(system.clone(), kept.sizes);
            self.save(
                |why| format!("what was accepted is not kept: {why}"),
                move |journal| journal.accept(&system, &text),
            );
        }
    }
}

/// What is kept of a system: the rules of the last push there, and how many records there were.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    rules: Rules,
    #[serde(default)]
    sizes: Sizes,
}

fn text(kept: &Kept) -> String {
    serde_json::to_string(kept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn filters_are_kept_as_they_were_before_there_were_kinds_and_by_kind() {
        let filter = |text: &str| Filter::parse(text).unwrap();
        let users = Filters::of_users(filter("active eq true"));
        let both = users.clone().with(Kind::Group, filter("type eq \"x\""));
        let groups = Filters::default().with(Kind::Group, filter("type eq \"x\""));
        for (filters, kept) in [
            (Filters::default(), "null"),
            (users, "\"active eq true\""),
            (both, r#"{"User":"active eq true","Group":"type eq \"x\""}"#),
            (groups, r#"{"Group":"type eq \"x\""}"#),
        ] {
            let texts = Texts::of(&filters);
            assert_eq!(serde_json::to_string(&texts).unwrap(), kept);
            let read: Texts = serde_json::from_str(kept).unwrap();
            assert_eq!((&read, read.filters()), (&texts, filters));
        }
    }
}
