//! `trueup undo` and `trueup retry`: the plan that takes a past push back, or that tries again what did not come about. It is
//! saved or shown, never sent.

use anyhow::bail;

use super::args::AgainArgs;
use super::history::{pick, reach};
use super::{Exit, Global, out, paper, plan, setup};
use crate::console::app::preview;
use crate::engine::protocol::{Health, Report};
use crate::model::text;
use crate::plan::stage::Stager;
use crate::plan::{Change, ChangeId, Outcome, OutcomeState, Renewed, Undo, renew};
use crate::store::Entry;

/// Makes the plan that takes a push back.
///
/// # Errors
/// When there is no such push, nothing of it can be taken back, or the configuration is wrong.
pub fn undo(global: &Global, args: &AgainArgs) -> anyhow::Result<Exit> {
    let Past { runtime, session, entry, created } = past(global, args)?;
    let id = |change: &ChangeId| created.iter().find(|(of, _)| of == change).map(|(_, id)| id.clone());
    let Undo { back, cannot, with } = crate::plan::undo(&entry.plan, &entry.outcomes, &id);
    for (change, why) in &cannot {
        let told = entry.plan.change(change).map(|change| paper::in_a_line(&entry.plan, change)).unwrap_or_default();
        out::aside(&format!("cannot be taken back: {told}: {}", text::clean(why)));
    }
    if with > 0 {
        out::aside(&format!("{with} more go with the accounts that this push created, which are switched off"));
    }
    if back.is_empty() {
        bail!("nothing of this push can be taken back");
    }
    finish(&runtime, &session, back, args)
}

/// Makes the plan of what did not come about in a push, from what is read now.
///
/// # Errors
/// When there is no such push, nothing of it is left to do, or the configuration is wrong.
pub fn retry(global: &Global, args: &AgainArgs) -> anyhow::Result<Exit> {
    let Past { runtime, session, entry, created } = past(global, args)?;
    let id = |change: &ChangeId| created.iter().find(|(of, _)| of == change).map(|(_, id)| id.clone());
    let failed = crate::plan::retry(&entry.plan, &entry.outcomes, &id);
    if failed.is_empty() {
        bail!("nothing of this push is left to be tried again");
    }
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

/// A push to go on with, with all systems read.
struct Past {
    runtime: tokio::runtime::Runtime,
    session: crate::engine::Session,
    entry: Entry,
    created: Vec<(ChangeId, String)>,
}

/// What a push came to: what nobody knew of it is looked up by reading before anything is made of it.
fn past(global: &Global, args: &AgainArgs) -> anyhow::Result<Past> {
    let mut setup = setup::load(global)?;
    let entry = pick(setup.journal.history(reach(Some(&args.push), 0))?, &args.push)?;
    if entry.running {
        bail!("the push {} is still running: wait until it has ended, or stop it", entry.plan.id);
    }
    let runtime = setup::runtime()?;
    let session = setup::session(&runtime, setup);
    let past = session.past(&entry.plan.id, |report| {
        if let Report::Notice(said) = report {
            out::aside(&text::clean(&said));
        }
    });
    let (entry, created) = runtime.block_on(past).map_err(anyhow::Error::msg)?;
    let unknown = |outcome: &&Outcome| matches!(outcome.state, OutcomeState::Unknown { .. });
    for outcome in entry.outcomes.iter().filter(unknown) {
        let why = preview::why(&outcome.state).unwrap_or_default();
        out::aside(&format!("still unknown: {}: {}", outcome.change, text::clean(&why)));
    }
    Ok(Past { runtime, session, entry, created })
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
