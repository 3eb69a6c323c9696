//! `trueup undo` and `trueup retry`: the plan that takes a past push back, or that tries again what did not come about. It is
//! saved or shown, never sent.

use anyhow::bail;

use super::args::AgainArgs;
use super::history::{pick, reach};
use super::{Exit, Global, out, plan, setup};
use crate::engine::protocol::Health;
use crate::model::text;
use crate::plan::stage::Stager;
use crate::plan::{Change, ChangeId, Renewed, renew};

/// Makes the plan that takes a push back.
///
/// # Errors
/// When there is no such push, nothing of it can be taken back, or the configuration is wrong.
pub fn undo(global: &Global, args: &AgainArgs) -> anyhow::Result<Exit> {
    let mut setup = setup::load(global)?;
    let entry = pick(setup.journal.history(reach(Some(&args.push), 0))?, &args.push)?;
    let created = setup.journal.created(&entry.plan.id)?;
    let id = |change: &ChangeId| created.iter().find(|(of, _)| of == change).map(|(_, id)| id.clone());
    let (back, cannot) = crate::plan::undo(&entry.plan, &entry.outcomes, &id);
    for (change, why) in &cannot {
        out::aside(&format!("cannot be taken back: {change}: {}", text::clean(why)));
    }
    if back.is_empty() {
        bail!("nothing of this push can be taken back");
    }
    let runtime = setup::runtime()?;
    let session = setup::session(&runtime, setup);
    finish(&runtime, &session, back, args)
}

/// Makes the plan of what did not come about in a push, from what is read now.
///
/// # Errors
/// When there is no such push, nothing of it is left to do, or the configuration is wrong.
pub fn retry(global: &Global, args: &AgainArgs) -> anyhow::Result<Exit> {
    let mut setup = setup::load(global)?;
    let entry = pick(setup.journal.history(reach(Some(&args.push), 0))?, &args.push)?;
    let created = setup.journal.created(&entry.plan.id)?;
    let id = |change: &ChangeId| created.iter().find(|(of, _)| of == change).map(|(_, id)| id.clone());
    let failed = crate::plan::retry(&entry.plan, &entry.outcomes, &id);
    if failed.is_empty() {
        bail!("nothing of this push is left to be tried again");
    }
    let runtime = setup::runtime()?;
    let session = setup::session(&runtime, setup);
    let world = session.world().map_err(anyhow::Error::msg)?;
    let stager = Stager::new(&world.compared);
    let mut again: Vec<Change> = Vec::new();
    for change in &failed {
        match renew(&stager, &world.compared, change) {
            Renewed::Again(change) => again.push(*change),
            Renewed::Done => out::aside(&format!("nothing is left to do: {}", change.id)),
            Renewed::Not(why) => out::aside(&format!("cannot be tried again: {}", text::clean(&why))),
        }
    }
    if again.is_empty() {
        bail!("nothing of this push is left to be tried again");
    }
    finish(&runtime, &session, again, args)
}

fn finish(
    runtime: &tokio::runtime::Runtime,
    session: &crate::engine::Session,
    changes: Vec<Change>,
    args: &AgainArgs,
) -> anyhow::Result<Exit> {
    let world = session.world().map_err(anyhow::Error::msg)?;
    let made = runtime.block_on(session.prepare(changes, setup::making())).map_err(anyhow::Error::msg)?;
    let complete = !world.systems.iter().any(|status| matches!(status.health, Health::Bad { .. }));
    let output = args.output.as_deref();
    plan::finish(
        &made,
        &world,
        &plan::Paper { output, requests: false, format: args.format, left_out: None, complete },
    )?;
    Ok(Exit::OutOfTrue)
}
