//! The steps of a plan, in order: what is ready is begun, what needs a failure is skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::opened::{Opened, Right};
use super::prepare::with_lessons;
use super::step::{Shared, Work};
use super::stop::Stop;
use super::{Desk, Tell};
use crate::engine::protocol::Report;
use crate::plan::{Change, ChangeId, Outcome, OutcomeState, Plan, Sensitive, Step, StepId, Target, digest, sensitive};

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Waiting,
    Running,
    /// Whether what comes after it may go on.
    Done(bool),
}

/// Carries out a plan, once. `fingerprint` is what the operator confirmed. Gives what came of each change.
///
/// Stopping takes effect between steps: what is under way is finished, what was not begun is left. Stopping again gives up
/// waiting for what is under way.
///
/// # Errors
/// In words, when nothing at all was sent: the plan is another one than was confirmed, a guard stands in the way, somebody
/// else pushes there, it was pushed before, or there is no journal. Each change is then reported as refused.
pub async fn push(
    desk: Arc<Desk>,
    plan: Arc<Plan>,
    fingerprint: &str,
    tell: Tell,
    stop: impl Into<Stop>,
) -> Result<Vec<Outcome>, String> {
    let stop = stop.into();
    let refused = |rule: String| {
        for change in &plan.changes {
            let state = OutcomeState::Refused { rule: rule.clone() };
            let outcome = Outcome { change: change.id.clone(), state, at: (desk.now)() };
            tell(Report::Outcome(plan.id.clone(), outcome));
        }
        rule
    };
    if let Some(why) = hindrance(&desk, &plan, fingerprint).await {
        return Err(refused(why));
    }
    let opened = match Opened::open(&desk, &plan, &tell, &stop).await {
        Ok(opened) => opened,
        Err(why) => return Err(refused(why)),
    };
    tell(Report::PushBegan(plan.id.clone()));
    let shared = Arc::new(Shared::default());
    let outcomes = match begin(&desk, &plan, &shared, &opened.right(), &tell, &stop).await {
        Ok(works) => {
            let left = carry(works, &plan, &stop).await;
            finish(&desk, &plan, &left, &shared, &tell).await
        }
        Err(why) => {
            (tell)(Report::Notice(why));
            finish(&desk, &plan, &BTreeSet::new(), &shared, &tell).await
        }
    };
    if let Err((count, why)) = shared.catch_up(&desk, &plan.id).await {
        // Closed it would say that nothing is left to find out.
        tell(Report::Notice(format!(
            "the record of this push is not whole: of {count} changes it does not say what came of them ({why}). The push stays \
             open; once the journal can be written, start trueup again, and it looks up what was sent"
        )));
        opened.leave(&desk).await;
    } else if let Err(why) = opened.close(&desk).await {
        tell(Report::Notice(format!("the push could not be closed in the journal: {why}")));
    }
    tell(Report::PushEnded(plan.id.clone()));
    Ok(outcomes)
}

/// Why this plan may not be carried out, checked here and not by the keys (promise 4).
async fn hindrance(desk: &Desk, plan: &Plan, fingerprint: &str) -> Option<String> {
    if plan.fingerprint != fingerprint || digest(plan) != fingerprint {
        return Some("the plan is not the one that was confirmed; look at it again".into());
    }
    for (system, then) in &plan.pins {
        let now = desk.pin(system).unwrap_or_default();
        if now == *then {
            continue;
        }
        let (rules, is) = now.split_once(' ').unwrap_or_default();
        return Some(match then.split_once(' ') {
            Some((before, was)) if before == rules => {
                format!("{system} is another system than the plan was made for ({was} then, {is} now); make it again")
            }
            _ => format!(
                "the mapping, the policy or the scope of {system} is not what it was when the plan was made; make it again"
            ),
        });
    }
    if let Some(step) = plan.steps.iter().find(|step| !plan.pins.contains_key(&step.system)) {
        return Some(format!("the plan does not say what {} was when it was made; make it again", step.system));
    }
    let hidden = |one: &Sensitive| plan.sensitive.contains(one);
    if plan.pins.keys().any(|system| {
        let mapping = desk.parties.get(system).map(|party| party.connector.mapping());
        mapping.is_some_and(|mapping| !sensitive(mapping, system).iter().all(hidden))
    }) {
        return Some("the plan does not say which of its values are sensitive; make it again".into());
    }
    if plan.steps.is_empty() {
        return Some("the plan has no request to send".into());
    }
    let given = desk.reason.as_deref().is_some_and(|reason| !reason.trim().is_empty());
    let wants = |step: &&Step| desk.parties.get(&step.system).is_some_and(|party| party.known.policy.require_reason);
    if let (false, Some(step)) = (given, plan.steps.iter().find(wants)) {
        return Some(format!("{} wants a reason or ticket for every push; say why, and push again", step.system));
    }
    let refused: BTreeSet<&ChangeId> = plan.refused.iter().map(|(id, _)| id).collect();
    let will: Vec<Change> = plan.changes.iter().filter(|change| !refused.contains(&change.id)).cloned().collect();
    if let Some(step) = plan.steps.iter().find(|step| {
        let serves = |id: &ChangeId| will.iter().any(|change| change.id == *id && change.system == step.system);
        step.serves.is_empty() || !step.serves.iter().all(serves)
    }) {
        return Some(format!("step {} of the plan serves no change of it", step.id.0));
    }
    // Acknowledged is the rule with its numbers: if they grew since, it was something else that was acknowledged.
    let guards = match desk.guards(&will).await {
        Ok(guards) => guards,
        Err(why) => return Some(why),
    };
    let standing: Vec<String> = guards
        .iter()
        .filter(|guard| !plan.guards.iter().any(|seen| seen.covers(guard)))
        .map(|guard| format!("{}: {}", guard.rule, guard.text))
        .collect();
    (!standing.is_empty()).then(|| standing.join("; "))
}

/// Every step with all that it needs.
async fn begin(
    desk: &Arc<Desk>,
    plan: &Arc<Plan>,
    shared: &Arc<Shared>,
    right: &Right,
    tell: &Tell,
    stop: &Stop,
) -> Result<Vec<Work>, String> {
    let refused: BTreeSet<&ChangeId> = plan.refused.iter().map(|(id, _)| id).collect();
    let mut groups: BTreeMap<&Target, Vec<Change>> = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| !refused.contains(&change.id)) {
        groups.entry(&change.target).or_default().push(change.clone());
    }
    let mut works = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let first = step.serves.first().and_then(|id| plan.change(id));
        let Some((first, party)) = first.and_then(|first| Some((first, desk.parties.get(&step.system)?))) else {
            return Err(format!("step {} has no system", step.id.0));
        };
        let party = with_lessons(desk, first, party).await?;
        let later = |id: &ChangeId| plan.steps[at + 1..].iter().any(|step| step.serves.contains(id));
        let earlier = |id: &ChangeId| plan.steps[..at].iter().any(|step| step.serves.contains(id));
        works.push(Work {
            desk: desk.clone(),
            plan: plan.clone(),
            step: step.clone(),
            party,
            group: groups.get(&first.target).cloned().unwrap_or_default(),
            last_of: step.serves.iter().filter(|id| !later(id)).cloned().collect(),
            first: !step.serves.iter().any(earlier),
            shared: shared.clone(),
            right: right.clone(),
            tell: tell.clone(),
            stop: stop.clone(),
        });
    }
    Ok(works)
}

/// Runs the steps: each on a task of its own, so that a write is finished also if nobody waits for it any more, and a step
/// that breaks is its own misfortune. Gives the steps that were not begun.
async fn carry(works: Vec<Work>, plan: &Plan, stop: &Stop) -> BTreeSet<StepId> {
    let mut progress = vec![Progress::Waiting; works.len()];
    let mut running = FuturesUnordered::new();
    loop {
        skip(&works, plan, &mut progress).await;
        while !stop.stopped()
            && let Some(at) = ready(&works, plan, &progress)
        {
            progress[at] = Progress::Running;
            let work = works[at].clone();
            let task = tokio::spawn(async move { work.run().await });
            running.push(async move { (at, task.await) });
        }
        let Some((at, ended)) = running.next().await else {
            let waiting = works.iter().zip(&progress).filter(|(_, progress)| **progress == Progress::Waiting);
            return waiting.map(|(work, _)| work.step.id.clone()).collect();
        };
        progress[at] = Progress::Done(match ended {
            Ok(yes) => yes,
            Err(broke) => {
                broken(&works[at], &broke.to_string()).await;
                false
            }
        });
    }
}

/// The first step whose needs are done, whose record is free and whose system has room.
fn ready(works: &[Work], plan: &Plan, progress: &[Progress]) -> Option<usize> {
    let running: Vec<&Work> =
        works.iter().zip(progress).filter(|(_, state)| **state == Progress::Running).map(|(work, _)| work).collect();
    (0..works.len()).find(|at| {
        let work = &works[*at];
        let same_system = running.iter().filter(|other| other.step.system == work.step.system).count();
        // What has two names here is one system still: what is done under one shows under the other only once it is done.
        let twin = |other: &&Work| other.party.identity == work.party.identity && other.step.system != work.step.system;
        progress[*at] == Progress::Waiting
            && !running.iter().any(twin)
            && needs(&work.step, plan).all(|before| progress[before] == Progress::Done(true))
            && same_system < work.party.at_once.max(1)
            && !running
                .iter()
                .any(|other| other.group.first().map(|c| &c.target) == work.group.first().map(|c| &c.target))
    })
}

fn needs<'p>(step: &'p Step, plan: &'p Plan) -> impl Iterator<Item = usize> + 'p {
    step.after.iter().filter_map(|id| plan.steps.iter().position(|other| other.id == *id))
}

/// Skips what needs a step that did not succeed, and what needs that in turn.
async fn skip(works: &[Work], plan: &Plan, progress: &mut [Progress]) {
    for at in 0..works.len() {
        if progress[at] != Progress::Waiting {
            continue;
        }
        let failed = needs(&works[at].step, plan).find(|before| progress[*before] == Progress::Done(false));
        let Some(failed) = failed else { continue };
        progress[at] = Progress::Done(false);
        let work = &works[at];
        let wanted: Vec<&ChangeId> = work.group.iter().flat_map(|change| &change.needs).collect();
        let serves = &works[failed].step.serves;
        let needs = serves.iter().find(|id| wanted.contains(id)).or_else(|| serves.first());
        let Some(needs) = needs.cloned() else { continue };
        let open = work.step.serves.iter().filter(|id| !work.shared.state(id).settled());
        let states = open.map(|id| (id.clone(), OutcomeState::Skipped { needs: needs.clone() })).collect();
        work.settle(states).await;
    }
}

/// A step's task broke. What may have left is unknown, and stays open in the journal.
async fn broken(work: &Work, why: &str) {
    (work.tell)(Report::Crashed { part: format!("step {}", work.step.id.0), text: why.to_owned() });
    let state = if work.shared.sent(&work.step.id) {
        OutcomeState::Unknown { why: format!("the step broke after it was sent: {why}") }
    } else {
        OutcomeState::Failed { why: format!("the step broke before anything was sent: {why}") }
    };
    let open = work.step.serves.iter().filter(|id| !work.shared.state(id).settled());
    work.settle(open.map(|id| (id.clone(), state.clone())).collect()).await;
}

/// Gives every change an outcome: those that were refused when the plan was made, those that were never begun, and those of
/// which only the first requests were sent. `left`: the steps that were not begun.
async fn finish(desk: &Desk, plan: &Plan, left: &BTreeSet<StepId>, shared: &Shared, tell: &Tell) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for change in &plan.changes {
        let mut state = shared.state(&change.id);
        let impossible = plan.refused.iter().find(|(id, _)| *id == change.id);
        if let Some((_, rule)) = impossible {
            state = OutcomeState::Refused { rule: rule.clone() };
        } else if matches!(state, OutcomeState::Pending) {
            state = OutcomeState::Stopped { why: "stopped before it was begun; nothing was sent for it".into() };
        } else if state == OutcomeState::Accepted {
            let rest = plan.steps.iter().filter(|step| left.contains(&step.id) && step.serves.contains(&change.id));
            let rest: Vec<_> = rest.map(|step| format!("{} {}", step.write.method, step.write.path)).collect();
            if !rest.is_empty() {
                let rest = rest.join(", ");
                let now = format!("stopped in the middle of it: what follows was not sent: {rest}; finish it there");
                state = OutcomeState::Differs { now };
            }
        }
        let outcome = Outcome { change: change.id.clone(), state, at: (desk.now)() };
        if shared.state(&change.id) != outcome.state {
            shared.note(&change.id, &outcome.state);
            shared.keep(desk, &plan.id, outcome.clone(), tell).await;
            tell(Report::Outcome(plan.id.clone(), outcome.clone()));
        }
        outcomes.push(outcome);
    }
    outcomes
}
