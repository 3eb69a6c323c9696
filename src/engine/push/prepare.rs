//! From staged changes to a plan with requests: reads at most, never writes.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt;

use super::look::{Found, Sought, View};
use super::{Desk, Party};
use crate::mapping::Capability;
use crate::model::text::clean;
use crate::plan::stage::awaited;
use crate::plan::{
    Called, Change, ChangeId, Group, Plan, PlanId, Refusal, Step, Target, assemble, by_record, digest, lacking,
    sensitive, veiled,
};

/// How many records are read side by side for a preview; the budget of each system is kept by the line.
const SIDE_BY_SIDE: usize = 8;

/// Makes a plan of the staged changes.
///
/// # Errors
/// In words, when there is nothing to plan.
pub async fn prepare(desk: &Desk, mut changes: Vec<Change>) -> Result<Plan, String> {
    let mut seen = BTreeSet::new();
    changes.retain(|change| seen.insert(change.id.clone()));
    if changes.is_empty() {
        return Err("nothing is staged".into());
    }
    let mut refused: Vec<_> = changes
        .iter()
        .filter(|change| !desk.parties.contains_key(&change.system))
        .map(|change| (change.id.clone(), format!("{} is not connected", change.system)))
        .collect();
    let hidden = changes.iter().filter(|change| veiled(change));
    refused.extend(hidden.map(|change| {
        let why = "its value is sensitive and was kept as a hash alone; take it back and stage it again";
        (change.id.clone(), why.to_owned())
    }));
    let lacks = lacking(&changes, &refused);
    refused.extend(lacks.into_iter().map(|(id, why)| {
        let waits = changes.iter().find(|change| change.id == id).and_then(|change| {
            let mut needs = change.needs.iter().filter(|need| !changes.iter().any(|other| other.id == **need));
            awaited(&desk.compared, needs.next()?)
        });
        let why =
            waits.map_or(why, |name| format!("waits for {}, whose create is not staged: stage it too", clean(&name)));
        (id, why)
    }));
    let gone: BTreeSet<_> = refused.iter().map(|(id, _)| id.clone()).collect();
    let possible: Vec<Change> = changes.iter().filter(|change| !gone.contains(&change.id)).cloned().collect();
    let rendered = by_record(&possible).into_iter().map(|group| async move {
        let names = group.iter().map(|change| change.id.clone()).collect();
        Group { changes: names, steps: render(desk, &group).await }
    });
    // The futures borrow their groups, so they are collected before they are streamed.
    let rendered: Vec<_> = rendered.collect();
    let groups: Vec<Group> = futures_util::stream::iter(rendered).buffered(SIDE_BY_SIDE).collect().await;
    let id = PlanId(uuid::Uuid::now_v7().to_string().into());
    let mut plan = assemble(id, (desk.now)(), changes, groups, refused, Vec::new());
    let will: Vec<Change> =
        plan.changes.iter().filter(|change| !plan.refused.iter().any(|(id, _)| *id == change.id)).cloned().collect();
    plan.guards = desk.guards(&will).await?;
    let systems: BTreeSet<_> = will.iter().map(|change| &change.system).collect();
    plan.pins = systems.into_iter().filter_map(|system| Some((system.clone(), desk.pin(system)?))).collect();
    let connected = plan.pins.keys().filter_map(|system| Some((system, desk.parties.get(system)?)));
    plan.sensitive = connected.flat_map(|(system, party)| sensitive(party.connector.mapping(), system)).collect();
    plan.called = Called::of(&plan.changes, &desk.compared);
    plan.fingerprint = digest(&plan);
    Ok(plan)
}

async fn render(desk: &Desk, group: &[&Change]) -> Result<Vec<Step>, String> {
    let Some(first) = group.first() else { return Ok(Vec::new()) };
    let Some(party) = desk.parties.get(&first.system) else { return Err(format!("{} is not connected", first.system)) };
    let party = with_lessons(desk, first, party).await?;
    // The mapping's word holds for every change, wherever it was staged.
    for change in group {
        if let Capability::No(why) = party.connector.mapping().can(change.kind, change.op) {
            return Err(why);
        }
    }
    match party.connector.render(&party.site, group, None) {
        Ok(steps) => Ok(steps),
        Err(Refusal::Cannot(why)) => Err(why),
        Err(Refusal::NeedsNative) => {
            let Target::Record(key) = &first.target else {
                return Err(format!("{} wants a whole record to change, and it does not exist yet", first.system));
            };
            let reads = party.connector.read_one(&party.site, key);
            let sought = Sought::Id(key.id.to_string());
            let nothing = |_: &ChangeId| None;
            let view =
                View { desk, party: &party, system: &first.system, kind: first.kind, known: &nothing, changes: &[] };
            match view.look(&sought, &reads, &[]).await {
                Found::Record(native) => {
                    party.connector.render(&party.site, group, Some(&native)).map_err(|why| why.to_string())
                }
                Found::Absent => Err(format!("{}: {}", first.label, party.connector.gone(first.kind))),
                Found::Unclear(why) => Err(format!("{} could not be read: {why}", first.label)),
            }
        }
    }
}

/// The system with the forms that it refused in earlier pushes.
pub(super) async fn with_lessons(desk: &Desk, change: &Change, party: &Party) -> Result<Party, String> {
    let system = change.system.clone();
    let lessons = desk.keeper.ask(move |journal| journal.lessons(&system)).await.map_err(|why| why.to_string())?;
    if lessons.iter().all(|lesson| party.site.lessons.contains(lesson)) {
        return Ok(party.clone());
    }
    let mut site = (*party.site).clone();
    let new: Vec<String> = lessons.into_iter().filter(|lesson| !site.lessons.contains(lesson)).collect();
    site.lessons.extend(new);
    Ok(Party { site: Arc::new(site), ..party.clone() })
}
