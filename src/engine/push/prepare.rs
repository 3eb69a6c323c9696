//! From staged changes to a plan with requests: reads at most, never writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio_util::sync::CancellationToken;

use super::look::{Found, Sought, View};
use super::{Desk, Party, Tell};
use crate::engine::protocol::{Making, Report};
use crate::mapping::Capability;
use crate::model::SystemId;
use crate::model::text::clean;
use crate::plan::stage::awaited;
use crate::plan::{
    Called, Change, ChangeId, Group, Plan, PlanId, Refusal, Request, Step, Target, assemble, by_record, digest,
    lacking, one_way, sensitive, veiled,
};

/// How many records are read side by side for a preview; the budget of each system is kept by the line.
const SIDE_BY_SIDE: usize = 8;

/// How often at most it is told how far it is.
const TOLD: Duration = Duration::from_millis(100);

/// Makes a plan of the staged changes, and tells how far it is.
///
/// # Errors
/// In words, when there is nothing to plan, or when it was stopped.
pub async fn prepare(
    desk: &Desk,
    mut changes: Vec<Change>,
    tell: &Tell,
    stop: &CancellationToken,
) -> Result<Plan, String> {
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
    let by_record = by_record(&possible);
    // First all that is known without a look: only then it can be said how much there is to be read.
    let rendered: Vec<_> = by_record.iter().map(|group| render(desk, group)).collect();
    let rendered: Vec<Rendered> = futures_util::stream::iter(rendered).buffered(SIDE_BY_SIDE).collect().await;
    let progress = Progress::new(&rendered, tell);
    let progress = &progress;
    let read = by_record.into_iter().zip(rendered).map(|(group, rendered)| async move {
        let names = group.iter().map(|change| change.id.clone()).collect();
        let steps = match rendered {
            Rendered::Known(steps) => steps,
            Rendered::Wants(look) => {
                let steps = look.render(desk, &group).await;
                progress.done(&look);
                steps
            }
        };
        Group { changes: names, steps }
    });
    // The futures borrow their groups, so they are collected before they are streamed.
    let read: Vec<_> = read.collect();
    let reading = futures_util::stream::iter(read).buffered(SIDE_BY_SIDE).collect();
    let groups: Vec<Group> = tokio::select! {
        biased;
        () = stop.cancelled() => return Err("stopped before it was made; nothing was written".into()),
        groups = reading => groups,
    };
    let id = PlanId(uuid::Uuid::now_v7().to_string().into());
    let mut plan = assemble(id, (desk.now)(), changes, groups, refused, Vec::new());
    let will: Vec<Change> =
        plan.changes.iter().filter(|change| !plan.refused.iter().any(|(id, _)| *id == change.id)).cloned().collect();
    plan.guards = desk.guards(&will).await?;
    let systems: BTreeSet<_> = will.iter().map(|change| &change.system).collect();
    plan.pins = systems.into_iter().filter_map(|system| Some((system.clone(), desk.pin(system)?))).collect();
    let connected = plan.pins.keys().filter_map(|system| Some((system, desk.parties.get(system)?)));
    plan.sensitive = connected.flat_map(|(system, party)| sensitive(party.connector.mapping(), system)).collect();
    plan.one_way = will
        .iter()
        .filter_map(|change| {
            let mapping = desk.parties.get(&change.system)?.connector.mapping();
            Some((change.id.clone(), one_way(mapping, change)?))
        })
        .collect();
    plan.called = Called::of(&plan.changes, &desk.compared);
    plan.fingerprint = digest(&plan);
    Ok(plan)
}

/// What is known of a record's steps.
enum Rendered {
    /// All, or why there are none.
    Known(Result<Vec<Step>, String>),
    /// Nothing before it was read.
    Wants(Box<Look>),
}

/// A look at a record that its steps start from.
struct Look {
    party: Party,
    system: SystemId,
    id: String,
    reads: Vec<Request>,
}

/// How far the reading is.
struct Progress<'p> {
    tell: &'p Tell,
    so_far: Mutex<(BTreeMap<SystemId, Making>, Option<Instant>)>,
}

impl<'p> Progress<'p> {
    fn new(rendered: &[Rendered], tell: &'p Tell) -> Self {
        let mut all: BTreeMap<SystemId, Making> = BTreeMap::new();
        for rendered in rendered {
            let Rendered::Wants(look) = rendered else { continue };
            let new = || Making { system: look.system.clone(), read: 0, of: 0, left: 0 };
            let making = all.entry(look.system.clone()).or_insert_with(new);
            making.of += 1;
            making.left += look.reads.len();
        }
        if !all.is_empty() {
            tell(Report::Making(all.values().cloned().collect()));
        }
        Self { tell, so_far: Mutex::new((all, None)) }
    }

    fn done(&self, look: &Look) {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, told) = &mut *so_far;
        if let Some(making) = all.get_mut(&look.system) {
            making.read += 1;
            making.left = making.left.saturating_sub(look.reads.len());
        }
        let over = all.values().all(|making| making.read == making.of);
        if over || told.is_none_or(|told| told.elapsed() >= TOLD) {
            *told = Some(Instant::now());
            (self.tell)(Report::Making(all.values().cloned().collect()));
        }
    }
}

async fn render(desk: &Desk, group: &[&Change]) -> Rendered {
    match known(desk, group).await {
        Ok(rendered) => rendered,
        Err(why) => Rendered::Known(Err(why)),
    }
}

async fn known(desk: &Desk, group: &[&Change]) -> Result<Rendered, String> {
    let Some(first) = group.first() else { return Ok(Rendered::Known(Ok(Vec::new()))) };
    let Some(party) = desk.parties.get(&first.system) else { return Err(format!("{} is not connected", first.system)) };
    let party = with_lessons(desk, first, party).await?;
    // The mapping's word holds for every change, wherever it was staged.
    for change in group {
        if let Capability::No(why) = party.connector.mapping().can(change.kind, change.op) {
            return Err(why);
        }
    }
    match party.connector.render(&party.site, group, None) {
        Ok(steps) => Ok(Rendered::Known(Ok(steps))),
        Err(Refusal::Cannot(why)) => Err(why),
        Err(Refusal::NeedsNative) => {
            let Target::Record(key) = &first.target else {
                return Err(format!("{} wants a whole record to change, and it does not exist yet", first.system));
            };
            let reads = party.connector.read_one(&party.site, key);
            let (system, id) = (first.system.clone(), key.id.to_string());
            Ok(Rendered::Wants(Box::new(Look { party, system, id, reads })))
        }
    }
}

impl Look {
    async fn render(&self, desk: &Desk, group: &[&Change]) -> Result<Vec<Step>, String> {
        let Some(first) = group.first() else { return Ok(Vec::new()) };
        let (party, sought) = (&self.party, Sought::Id(self.id.clone()));
        let nothing = |_: &ChangeId| None;
        let view = View { desk, party, system: &self.system, kind: first.kind, known: &nothing, changes: &[] };
        match view.look(&sought, &self.reads, &[]).await {
            Found::Record(native) => {
                party.connector.render(&party.site, group, Some(&native)).map_err(|why| why.to_string())
            }
            Found::Absent => Err(format!("{}: {}", first.label, party.connector.gone(first.kind))),
            Found::Unclear(why) => Err(format!("{} could not be read: {why}", first.label)),
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
