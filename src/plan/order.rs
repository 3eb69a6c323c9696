//! From rendered steps to a plan: order, names, the pin.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sha2::{Digest, Sha256};

use super::{Change, ChangeId, Guard, Plan, PlanId, Policy, Step, StepId, Target};
use crate::compare::SystemView;

/// The changes of one record and the steps that carry them out.
#[derive(Clone, Debug)]
pub struct Group {
    /// The changes, by name.
    pub changes: Vec<ChangeId>,
    /// The connector's steps in its order, or why there are none.
    pub steps: Result<Vec<Step>, String>,
}

/// The changes that are made to one record together: rendered in one go. Records as they come; within one, in the order of
/// display.
pub fn by_record(changes: &[Change]) -> Vec<Vec<&Change>> {
    let mut groups: Vec<Vec<&Change>> = Vec::new();
    let mut at: HashMap<&Target, usize> = HashMap::new();
    for change in changes {
        let group = *at.entry(&change.target).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[group].push(change);
    }
    groups
}

/// The changes whose needs are not among them, with the reason; and those that need one of these.
pub fn lacking(changes: &[Change], refused: &[(ChangeId, String)]) -> Vec<(ChangeId, String)> {
    let mut out: Vec<(ChangeId, String)> = Vec::new();
    let there: BTreeSet<&ChangeId> = changes.iter().map(|change| &change.id).collect();
    let mut gone: BTreeSet<ChangeId> = refused.iter().map(|(id, _)| id.clone()).collect();
    loop {
        let before = gone.len();
        for change in changes {
            if gone.contains(&change.id) {
                continue;
            }
            let why = change.needs.iter().find_map(|need| {
                if !there.contains(need) {
                    Some(format!("it needs {need}, which is not staged"))
                } else if gone.contains(need) {
                    Some(format!("it needs {need}, which cannot be done"))
                } else {
                    None
                }
            });
            if let Some(why) = why {
                gone.insert(change.id.clone());
                out.push((change.id.clone(), why));
            }
        }
        if gone.len() == before {
            return out;
        }
    }
}

/// A plan of these changes. Shown are removals first; carried out is in the order of `steps`: as shown, but for creates,
/// which come before what needs them.
///
/// `refused`: changes that were found impossible before anything was rendered.
pub fn assemble(
    id: PlanId,
    made: jiff::Timestamp,
    mut changes: Vec<Change>,
    groups: Vec<Group>,
    mut refused: Vec<(ChangeId, String)>,
    guards: Vec<Guard>,
) -> Plan {
    changes.sort_by_key(shown_at);
    changes.dedup_by(|a, b| a.id == b.id);
    let mut rendered: Vec<Vec<Step>> = Vec::new();
    for group in groups {
        match group.steps {
            Ok(steps) => {
                let unserved = group.changes.iter().filter(|id| !steps.iter().any(|step| step.serves.contains(id)));
                refused.extend(unserved.map(|id| (id.clone(), "the connector has no request for it".to_owned())));
                rendered.push(steps);
            }
            Err(why) => refused.extend(group.changes.into_iter().map(|id| (id, why.clone()))),
        }
    }
    let steps = ordered(&changes, rendered, &mut refused);
    let mut seen = BTreeSet::new();
    refused.retain(|(id, _)| seen.insert(id.clone()));
    let pins = BTreeMap::new();
    let mut plan = Plan {
        id,
        changes,
        steps,
        refused,
        guards,
        pins,
        sensitive: Vec::new(),
        called: super::Called::default(),
        one_way: Vec::new(),
        fingerprint: String::new(),
        made,
    };
    name_steps(&mut plan);
    plan.fingerprint = digest(&plan);
    plan
}

fn shown_at(change: &Change) -> impl Ord + use<> {
    (change.system.clone(), change.op, change.kind, change.label.clone(), change.id.clone())
}

/// Groups one after the other such that what is needed comes first. What cannot be ordered is refused.
fn ordered(changes: &[Change], mut groups: Vec<Vec<Step>>, refused: &mut Vec<(ChangeId, String)>) -> Vec<Step> {
    drop_refused(changes, &mut groups, refused);
    let place: HashMap<&ChangeId, usize> = changes.iter().enumerate().map(|(at, change)| (&change.id, at)).collect();
    let serves = |group: &[Step]| group.iter().flat_map(|step| step.serves.iter().cloned()).collect::<BTreeSet<_>>();
    let first =
        |group: &[Step]| serves(group).iter().filter_map(|id| place.get(id).copied()).min().unwrap_or(usize::MAX);
    groups.retain(|group| !group.is_empty());
    groups.sort_by_key(|group| first(group));
    let served: Vec<BTreeSet<ChangeId>> = groups.iter().map(|group| serves(group)).collect();
    let at: HashMap<&ChangeId, usize> =
        served.iter().enumerate().flat_map(|(at, ids)| ids.iter().map(move |id| (id, at))).collect();
    let waits: Vec<BTreeSet<usize>> = served
        .iter()
        .enumerate()
        .map(|(own, ids)| {
            ids.iter()
                .filter_map(|id| place.get(id))
                .flat_map(|at| changes[*at].needs.iter())
                .filter_map(|need| at.get(need).copied())
                .filter(|other| *other != own)
                .collect()
        })
        .collect();
    let mut done = vec![false; groups.len()];
    let mut order = Vec::new();
    // The first group in the order shown whose needs are done, again and again.
    while let Some(next) = (0..groups.len()).find(|at| !done[*at] && waits[*at].iter().all(|wait| done[*wait])) {
        done[next] = true;
        order.push(next);
    }
    for (_, ids) in served.iter().enumerate().filter(|(at, _)| !done[*at]) {
        refused.extend(ids.iter().map(|id| (id.clone(), "it needs a change that in turn needs it".to_owned())));
    }
    let mut groups: Vec<Option<Vec<Step>>> = groups.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| groups[at].take()).flatten().collect()
}

/// Takes out every step that serves a refused change, with all that it serves, until nothing more follows from that.
fn drop_refused(changes: &[Change], groups: &mut [Vec<Step>], refused: &mut Vec<(ChangeId, String)>) {
    loop {
        let more = lacking(changes, refused);
        let mut grown = !more.is_empty();
        refused.extend(more);
        let gone: BTreeSet<ChangeId> = refused.iter().map(|(id, _)| id.clone()).collect();
        for group in groups.iter_mut() {
            group.retain(|step| {
                let Some(bad) = step.serves.iter().find(|id| gone.contains(id)) else { return true };
                for id in step.serves.iter().filter(|id| !gone.contains(*id)) {
                    refused.push((id.clone(), format!("it goes in one request with {bad}, which cannot be done")));
                    grown = true;
                }
                false
            });
        }
        if !grown {
            return;
        }
    }
}

/// Names the steps and says which must have succeeded before which.
fn name_steps(plan: &mut Plan) {
    for (at, step) in plan.steps.iter_mut().enumerate() {
        step.id = StepId(format!("{}/{}", plan.id, at + 1).into());
    }
    for at in 0..plan.steps.len() {
        let (before, rest) = plan.steps.split_at_mut(at);
        let Some(step) = rest.first_mut() else { return };
        let needs: Vec<&ChangeId> = plan
            .changes
            .iter()
            .filter(|change| step.serves.contains(&change.id))
            .flat_map(|change| &change.needs)
            .collect();
        let requests = step.read.iter().chain([&step.write]).chain(&step.verify);
        let holes: Vec<&ChangeId> = requests.flat_map(|request| &request.holes).collect();
        step.after = before
            .iter()
            .filter(|earlier| {
                // A change of several steps (save, submit, audit) takes them in order.
                earlier.serves.iter().any(|id| step.serves.contains(id) || needs.contains(&id))
                    || earlier.yields.as_ref().is_some_and(|id| holes.contains(&id))
            })
            .map(|earlier| earlier.id.clone())
            .collect();
    }
}

/// A hash over what decides how changes to a system look: its mapping, its policy, who is in scope. In hexadecimal.
pub fn pin(view: &SystemView, policy: &Policy) -> String {
    let mut hash = Sha256::new();
    for map in &view.mapping.kinds {
        // Rows are lists of plain data, so what they show of themselves is the same for the same rows.
        hash.update(format!("{:?}{:?}", map.kind, map.rows));
    }
    hash.update(format!("{policy:?}{:?}{:?}{}", view.scope, view.manage, view.deactivate_out_of_scope));
    hex(&hash.finalize())
}

/// A hash over changes, steps, pins and names, in hexadecimal.
pub fn digest(plan: &Plan) -> String {
    let mut hash = Sha256::new();
    // Plain data without maps of floats or foreign keys: it always has a JSON form.
    let parts = [
        serde_json::to_vec(&plan.changes),
        serde_json::to_vec(&plan.steps),
        serde_json::to_vec(&plan.refused),
        serde_json::to_vec(&plan.pins),
    ];
    let called = (!plan.called.is_empty()).then(|| serde_json::to_vec(&plan.called));
    let one_way = (!plan.one_way.is_empty()).then(|| serde_json::to_vec(&("one way", &plan.one_way)));
    for part in parts.into_iter().chain(called).chain(one_way) {
        let bytes = part.unwrap_or_default();
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl Plan {
    /// What happens outside the records, in words, with how often, by system.
    pub fn side_effects(&self) -> Vec<(crate::model::SystemId, String, usize)> {
        let mut found: Vec<(crate::model::SystemId, String, usize)> = Vec::new();
        for step in &self.steps {
            for text in &step.side_effects {
                match found.iter_mut().find(|(system, have, _)| *system == step.system && have == text) {
                    Some((_, _, count)) => *count += 1,
                    None => found.push((step.system.clone(), text.clone(), 1)),
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
