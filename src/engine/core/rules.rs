//! The rules under which a system was last pushed to: where they were changed since, a guard says what that moves.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Core;
use crate::compare::{Compared, Shift, Tally, shift};
use crate::engine::member::Member;
use crate::engine::setup::SystemSetup;
use crate::model::SystemId;
use crate::model::filter::Filter;
use crate::plan::{Outcome, OutcomeState, Plan};

/// Who should have an account in a system, who is ours to judge there, and a hash of how it is mapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rules {
    scope: Option<String>,
    manage: Option<String>,
    mapping: String,
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
        let text = |filter: &Option<Filter>| filter.as_ref().map(ToString::to_string);
        Self { scope: text(&setup.config.scope), manage: text(&setup.config.manage), mapping }
    }
}

/// What was changed, as guards: their names, and the numbers in words.
fn moved(compared: &Compared, member: &Member, before: &Rules) -> Vec<(String, String)> {
    let (system, now) = (member.setup.id(), Rules::of(&member.setup));
    let Some(at) = compared.inputs.index(system) else { return Vec::new() };
    let filter = |text: &Option<String>| text.as_ref().and_then(|text| Filter::parse(text).ok());
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "everybody".to_owned());
    let mut found = Vec::new();
    if now.scope != before.scope {
        let Shift { comes_in, goes_out, unsure } = shift(&compared.inputs, at, false, filter(&before.scope).as_ref());
        found.push((
            "scope-changed".to_owned(),
            format!(
                "the scope of {system} was changed since the last push there (it was: {}): {comes_in} of the source's users \
                 come into it, {goes_out} go out of it{}.",
                shown(&before.scope),
                doubt(unsure)
            ),
        ));
    }
    if now.manage != before.manage {
        let Shift { comes_in, goes_out, unsure } = shift(&compared.inputs, at, true, filter(&before.manage).as_ref());
        found.push((
            "manage-changed".to_owned(),
            format!(
                "what is ours to judge in {system} was changed since the last push there (it was: {}): {comes_in} accounts \
                 are now, {goes_out} are not any more{}.",
                shown(&before.manage),
                doubt(unsure)
            ),
        ));
    }
    if now.mapping != before.mapping {
        let out: u32 = compared.kinds.iter().filter_map(|kind| kind.tallies.get(at)).map(Tally::out_of_true).sum();
        found.push((
            "mapping-changed".to_owned(),
            format!("the mapping of {system} was changed since the last push there: {out} records are out of true by it now."),
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

    /// The rules of the last pushes; whoever has none yet has those of now.
    pub(super) async fn remember_rules(&mut self) {
        let now: Vec<(SystemId, Rules)> =
            self.members.iter().map(|member| (member.setup.id().clone(), Rules::of(&member.setup))).collect();
        let asked = self.keeper.ask(move |journal| {
            let mut changed = Vec::new();
            for (system, rules) in now {
                // What cannot be read any more was written by another version: it is taken for the first time.
                let before = journal.accepted(&system)?.and_then(|text| serde_json::from_str::<Rules>(&text).ok());
                match before {
                    Some(before) if before != rules => changed.push((system, before)),
                    Some(_) => {}
                    None => journal.accept(&system, &text(&rules))?,
                }
            }
            Ok(changed)
        });
        match asked.await {
            Ok(changed) => self.accepted = changed.into_iter().collect(),
            Err(error) => self.report(crate::engine::protocol::Report::Notice(error.to_string())),
        }
    }

    /// The rules of now of the systems that a push went out to; its operator has acknowledged them.
    pub(in crate::engine) fn acknowledged_rules(&self, plan: &Plan, outcomes: &[Outcome]) -> Vec<(SystemId, String)> {
        let sent = |system: &SystemId| {
            outcomes.iter().any(|outcome| {
                !matches!(outcome.state, OutcomeState::Refused { .. } | OutcomeState::Skipped { .. })
                    && plan.change(&outcome.change).is_some_and(|change| change.system == *system)
            })
        };
        let changed = self.accepted.keys().filter(|system| sent(system));
        changed.filter_map(|system| Some((system.clone(), text(&Rules::of(&self.find(system)?.setup))))).collect()
    }

    /// They are the rules from then on.
    pub(super) fn accept_rules(&mut self, plan: &Plan, outcomes: &[Outcome]) {
        for (system, rules) in self.acknowledged_rules(plan, outcomes) {
            self.accepted.remove(&system);
            self.save(move |journal| journal.accept(&system, &rules));
        }
    }
}

fn text(rules: &Rules) -> String {
    serde_json::to_string(rules).unwrap_or_default()
}
