//! After a crash, or when a push left something unknown: look it up by reading, never send it again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::look::{Sought, View, keys_of};
use super::{Desk, Tell};
use crate::connectors::Reached;
use crate::engine::protocol::{LookUp, Report};
use crate::model::Op;
use crate::plan::{Change, ChangeId, Outcome, OutcomeState, Plan, PlanId, Step, StepId, Target};
use crate::store::{OpenIntent, Sending, StepState, StoreError};

/// How many writes are looked up side by side; the budget of each system is kept by the line.
const SIDE_BY_SIDE: usize = 8;

/// Looks up every write that was intended and has no end, and closes the pushes that a dead process left open. Gives what
/// was found; what still nobody knows stays open.
///
/// # Errors
/// When the journal cannot be read or written.
pub async fn resolve(desk: &Desk, tell: &Tell) -> Result<Vec<(PlanId, Outcome)>, StoreError> {
    let (intents, sealer) = desk.keeper.ask(|journal| Ok((journal.open_intents()?, journal.sealer().ok()))).await?;
    let desk = &Desk { sealer, ..desk.clone() };
    let named = named(&intents);
    if named.is_empty() {
        return close(desk, tell).await;
    }
    tell(Report::Unknown(named.clone()));
    let rounds = intents.len().div_ceil(SIDE_BY_SIDE) as u32;
    let until = (desk.now)() + desk.patience.show * rounds;
    tell(Report::LookingUp(Some(LookUp { what: named, until })));
    let found = settle_all(desk, tell, intents).await;
    tell(Report::LookingUp(None));
    let found = found?;
    // What still nobody knows is named again, so that nothing that was found out goes on being called unknown.
    let left = desk.keeper.ask(|journal| journal.open_intents()).await?;
    tell(Report::Unknown(self::named(&left)));
    Ok(found)
}

/// What was on its way, for whom: `create lena@example.com in litmos`.
pub fn named(intents: &[OpenIntent]) -> Vec<(ChangeId, String)> {
    let changes = intents.iter().flat_map(|intent| &intent.changes);
    changes.map(|change| (change.id.clone(), called(change))).collect()
}

fn called(change: &Change) -> String {
    let (label, system) = (&change.label, &change.system);
    match change.op {
        Op::Create => format!("create {label} in {system}"),
        Op::Delete => format!("delete {label} in {system}"),
        Op::Deactivate => format!("deactivate {label} in {system}"),
        Op::Reactivate => format!("reactivate {label} in {system}"),
        Op::Set | Op::Put | Op::Drop => format!("change {label} in {system}"),
    }
}

async fn settle_all(desk: &Desk, tell: &Tell, intents: Vec<OpenIntent>) -> Result<Vec<(PlanId, Outcome)>, StoreError> {
    let mut found = Vec::new();
    // Side by side: each may have to be waited for as long as a write takes to show.
    let looks: Vec<_> = intents.into_iter().map(|intent| settle(desk, tell, intent)).collect();
    let mut looks = futures_util::stream::iter(looks).buffered(SIDE_BY_SIDE);
    while let Some(settled) = looks.next().await {
        found.extend(settled?);
    }
    found.extend(close(desk, tell).await?);
    Ok(found)
}

async fn settle(desk: &Desk, tell: &Tell, intent: OpenIntent) -> Result<Vec<(PlanId, Outcome)>, StoreError> {
    let OpenIntent { plan, step, changes, state } = intent;
    let Some(party) = desk.parties.get(&step.system) else {
        tell(Report::Notice(format!("{} is not connected, so what was sent to it cannot be looked up", step.system)));
        return Ok(Vec::new());
    };
    let mut ids: BTreeMap<ChangeId, String> = {
        let plan = plan.clone();
        desk.keeper.ask(move |journal| journal.created(&plan)).await?.into_iter().collect()
    };
    let all: Vec<&Change> = changes.iter().collect();
    let Some(first) = all.first() else { return Ok(Vec::new()) };
    let replied = match &state {
        StepState::Replied { id, .. } => id.clone(),
        _ => None,
    };
    if let (Some(id), Some(create)) = (&replied, all.iter().find(|change| change.op == Op::Create)) {
        ids.insert(create.id.clone(), id.clone());
    }
    let own = match &first.target {
        Target::Record(key) => Some(key.id.to_string()),
        Target::New(change) => ids.get(change).cloned(),
    };
    let sought = match (own, keys_of(&all)) {
        (Some(id), _) => Sought::Id(id),
        (None, Some(by)) => Sought::By(by),
        (None, None) => return Ok(Vec::new()),
    };
    let known = |change: &ChangeId| ids.get(change).cloned();
    let entry = {
        let plan = plan.clone();
        desk.keeper.ask(move |journal| journal.find(&plan)).await?
    };
    let whole = entry.as_ref().map_or(&[][..], |entry| &entry.plan.changes);
    let view = View { desk, party, system: &step.system, kind: first.kind, known: &known, changes: whole };
    let why = match &state {
        StepState::Replied { status, verdict, .. } => format!("the console ended after the reply {status} ({verdict})"),
        _ => "no reply is known".to_owned(),
    };
    let after = entry.as_ref().map(|entry| following(&entry.plan, &step.id, &all)).unwrap_or_default();
    let (mut states, mut id) = view.look_up(&sought, &all, &why).await;
    let create = all.iter().find(|change| change.op == Op::Create);
    let other = create.and_then(|create| states.iter().find(|(id, _)| *id == create.id));
    if let (Some(_), Some((_, OutcomeState::Differs { .. })), Some(by)) = (&replied, other, keys_of(&all)) {
        // The reply may have named somebody else: whoever has its key was created.
        let (found, by_key) = view.look_up(&Sought::By(by), &all, &why).await;
        if by_key.is_some() {
            states = found;
        }
        id = by_key;
    }
    let reached = view.reached(&sought, &step).await;
    for (_, state) in &mut states {
        match (&reached, &*state) {
            (Some(Reached::No(stands)), _) => *state = OutcomeState::Failed { why: format!("{stands} ({why})") },
            (Some(Reached::Untold(more)), _) => *state = OutcomeState::Unknown { why: format!("{why}; {more}") },
            (_, OutcomeState::Confirmed { .. }) if !after.is_empty() => {
                let now = format!("as wanted, but what follows was not sent: {}; finish it there", after.join(", "));
                *state = OutcomeState::Differs { now };
            }
            _ => {}
        }
    }
    let unknown = states.iter().any(|(_, state)| matches!(state, OutcomeState::Unknown { .. }));
    let at = (desk.now)();
    let outcomes: Vec<Outcome> = states.into_iter().map(|(change, state)| Outcome { change, state, at }).collect();
    let (kept, name, created) = (outcomes.clone(), plan.clone(), id.filter(|_| step.yields.is_some()));
    desk.keeper
        .ask(move |journal| {
            if unknown {
                // It stays open; what was found out so far is kept.
                kept.iter().try_for_each(|outcome| journal.outcome(&name, outcome))
            } else {
                journal.settle(&name, &step.id, &kept, created.as_deref())
            }
        })
        .await?;
    for outcome in &outcomes {
        tell(Report::Outcome(plan.clone(), outcome.clone()));
    }
    Ok(outcomes.into_iter().map(|outcome| (plan.clone(), outcome)).collect())
}

/// The requests of a plan that come after a step and serve the same changes.
fn following(plan: &Plan, step: &StepId, changes: &[&Change]) -> Vec<String> {
    let later = plan.steps.iter().skip_while(|other| other.id != *step).skip(1);
    let same = later.filter(|other| changes.iter().any(|change| other.serves.contains(&change.id)));
    same.map(|step| format!("{} {}", step.write.method, step.write.path)).collect()
}

/// Closes pushes whose process is gone: what was never begun was not sent.
async fn close(desk: &Desk, tell: &Tell) -> Result<Vec<(PlanId, Outcome)>, StoreError> {
    let mut found = Vec::new();
    for entry in desk.keeper.ask(|journal| journal.unfinished()).await? {
        let open = desk.keeper.ask(|journal| journal.open_intents()).await?;
        let waiting: BTreeSet<ChangeId> = open
            .iter()
            .filter(|intent| intent.plan == entry.plan.id)
            .flat_map(|intent| intent.changes.iter().map(|change| change.id.clone()))
            .collect();
        let sendings = {
            let plan = entry.plan.id.clone();
            desk.keeper.ask(move |journal| journal.sendings(&plan)).await?
        };
        let (away, begun): (Vec<&Sending>, Vec<&Sending>) = sendings.iter().partition(|sending| sending.turned_away());
        let [away, begun] = [away, begun]
            .map(|sendings| sendings.into_iter().map(|sending| &sending.step.id).collect::<BTreeSet<&StepId>>());
        let at = (desk.now)();
        let told: BTreeSet<&ChangeId> = entry.outcomes.iter().map(|outcome| &outcome.change).collect();
        let outcomes: Vec<Outcome> = entry
            .plan
            .changes
            .iter()
            .filter(|change| !told.contains(&change.id) && !waiting.contains(&change.id))
            .map(|change| {
                let serves = |step: &Step, of: &BTreeSet<&StepId>| of.contains(&step.id) && step.serves.contains(&change.id);
                let last = entry.plan.steps.iter().rfind(|step| serves(step, &begun));
                let state = match (entry.plan.refused.iter().find(|(id, _)| *id == change.id), last) {
                    (Some((_, rule)), _) => OutcomeState::Refused { rule: rule.clone() },
                    // Some of its requests were sent and ended well: only the rest was not.
                    (None, Some(last)) => OutcomeState::Differs {
                        now: format!(
                            "the console ended in the middle of it: {} {} was answered, what follows was not sent: {}; finish \
                             it there",
                            last.write.method,
                            last.write.path,
                            following(&entry.plan, &last.id, &[change]).join(", ")
                        ),
                    },
                    (None, None) if entry.plan.steps.iter().any(|step| serves(step, &away)) => OutcomeState::Stopped {
                        why: "it was turned away, and the console ended before it was sent again; nothing was done".to_owned(),
                    },
                    (None, None) => OutcomeState::Stopped {
                        why: "the console ended before it was begun; nothing was sent for it".to_owned(),
                    },
                };
                Outcome { change: change.id.clone(), state, at }
            })
            .collect();
        let (plan, kept) = (entry.plan.id.clone(), outcomes.clone());
        desk.keeper
            .ask(move |journal| {
                kept.iter().try_for_each(|outcome| journal.outcome(&plan, outcome))?;
                journal.close(&plan)
            })
            .await?;
        for outcome in outcomes {
            tell(Report::Outcome(entry.plan.id.clone(), outcome.clone()));
            found.push((entry.plan.id.clone(), outcome));
        }
    }
    Ok(found)
}
