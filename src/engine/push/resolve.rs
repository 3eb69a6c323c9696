//! After a crash, or when a push left something unknown: look it up by reading, never send it again.

use std::collections::{BTreeMap, BTreeSet};

use super::look::{Sought, View, keys_of};
use super::{Desk, Tell};
use crate::engine::protocol::Report;
use crate::model::Op;
use crate::plan::{Change, ChangeId, Outcome, OutcomeState, PlanId, Target};
use crate::store::{OpenIntent, StepState, StoreError};

/// Looks up every write that was intended and has no end, and closes the pushes that a dead process left open. Gives what
/// was found; what still nobody knows stays open.
///
/// # Errors
/// When the journal cannot be read or written.
pub async fn resolve(desk: &Desk, tell: &Tell) -> Result<Vec<(PlanId, Outcome)>, StoreError> {
    let (intents, sealer) = desk.keeper.ask(|journal| Ok((journal.open_intents()?, journal.sealer().ok()))).await?;
    let desk = &Desk { sealer, ..desk.clone() };
    let named: Vec<(ChangeId, String)> = intents
        .iter()
        .flat_map(|intent| {
            let what = format!("{} {} was on its way", intent.step.write.method, intent.step.write.path);
            intent.changes.iter().map(move |change| (change.id.clone(), what.clone()))
        })
        .collect();
    if !named.is_empty() {
        tell(Report::Unknown(named));
    }
    let mut found = Vec::new();
    for intent in intents {
        found.extend(settle(desk, tell, intent).await?);
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
    let view = View { desk, party, system: &step.system, kind: first.kind, known: &known };
    let why = match &state {
        StepState::Replied { status, verdict, .. } => format!("the console ended after the reply {status} ({verdict})"),
        _ => "no reply is known".to_owned(),
    };
    let (states, id) = view.look_up(&sought, &all, &why).await;
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
        let at = (desk.now)();
        let told: BTreeSet<&ChangeId> = entry.outcomes.iter().map(|outcome| &outcome.change).collect();
        let outcomes: Vec<Outcome> = entry
            .plan
            .changes
            .iter()
            .filter(|change| !told.contains(&change.id) && !waiting.contains(&change.id))
            .map(|change| {
                let rule = match entry.plan.refused.iter().find(|(id, _)| *id == change.id) {
                    Some((_, rule)) => rule.clone(),
                    None => "the console ended before it was begun; nothing was sent for it".to_owned(),
                };
                Outcome { change: change.id.clone(), state: OutcomeState::Refused { rule }, at }
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
