//! `trueup plan`: what would be pushed, chosen without a screen. Reads only; nothing is sent from here.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context, bail};

use super::args::{Format, PlanArgs, SavedPlan};
use super::check::Wanted;
use super::lines::Line;
use super::paper::{self, Print};
use super::{Exit, Global, face, out, setup};
use crate::compare::Compared;
use crate::config::Dirs;
use crate::engine::protocol::World;
use crate::model::Op;
use crate::plan::stage::Stager;
use crate::plan::{Change, Plan};
use crate::store::{self, Journal};

/// Makes a plan, or shows a saved one.
///
/// # Errors
/// When the configuration or the arguments are wrong, or the plan cannot be saved or read.
pub fn run(global: &Global, args: &PlanArgs) -> anyhow::Result<Exit> {
    if let Some(SavedPlan::Show { file, format }) = &args.saved {
        return show(global, file, *format);
    }
    let only = args
        .only
        .iter()
        .map(|name| {
            let names: Vec<_> = Op::ALL.iter().map(|op| op.name()).collect();
            let op = Op::ALL.into_iter().find(|op| op.name() == name);
            op.with_context(|| format!("there is no operation `{name}`; there are: {}", names.join(", ")))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    face::speak_to(global, args.format);
    let setup = setup::load(global)?;
    if setup.source.is_none() {
        bail!("without a source of truth nothing is right, and nothing can be planned: name it (`source = \"NAME\"`)");
    }
    let filter = args.filter.as_deref().map(crate::model::filter::Query::parse);
    let wanted = Wanted::new(&setup, args.kind.as_deref(), args.system.as_deref(), filter.as_ref())?;
    let runtime = setup::runtime()?;
    let session = setup::session(&runtime, setup.only(args.system.as_deref()));
    let world = session.world().map_err(anyhow::Error::msg)?;
    if let (Some(user), Some(system)) = (&args.password, &args.system) {
        let change = super::password::change(&world, system, user, args.from_setting)?;
        let plan = runtime.block_on(session.prepare(vec![change], setup::making())).map_err(anyhow::Error::msg)?;
        finish(&plan, &world, args.output.as_deref(), args.requests, args.format)?;
        return Ok(super::check::exit(&world, &wanted, true));
    }
    let chosen = choose(&world, &wanted, &only, args.removals);
    for (why, count) in &chosen.left_out {
        out::aside(&format!("left out: {count} {why}"));
    }
    if chosen.changes.is_empty() {
        out::print(|out| {
            match args.format {
                Format::Json => paper::line(out, &summary(&world.compared, 0, None))?,
                Format::Table => writeln!(out, "nothing to change")?,
            }
            Ok(())
        })?;
        return Ok(super::check::exit(&world, &wanted, false));
    }
    let plan = runtime.block_on(session.prepare(chosen.changes, setup::making())).map_err(anyhow::Error::msg)?;
    finish(&plan, &world, args.output.as_deref(), args.requests, args.format)?;
    Ok(super::check::exit(&world, &wanted, true))
}

/// Prints a new plan, and saves it where that is wanted.
///
/// # Errors
/// When it cannot be saved or printed.
pub fn finish(
    plan: &Plan,
    world: &World,
    output: Option<&std::path::Path>,
    requests: bool,
    format: Format,
) -> anyhow::Result<()> {
    if let Some(path) = output {
        paper::save(plan, path)?;
    }
    let print = Print { compared: Some(&world.compared), outcomes: &[], requests };
    out::print(|out| {
        print.plan(plan, format, out)?;
        match format {
            Format::Json => paper::line(out, &summary(&world.compared, plan.count(), None))?,
            Format::Table if plan.count() == 0 => writeln!(
                out,
                "\nall changes are refused, for the reasons above: nothing of this plan can be sent{}",
                if output.is_some() { "; it is saved all the same" } else { "" }
            )?,
            Format::Table => match output {
                Some(path) => writeln!(out, "\nsaved; nothing was sent. To send it: trueup push {}", path.display())?,
                None => writeln!(out, "\nnothing was sent. To send it, save it with -o FILE and push that")?,
            },
        }
        Ok(())
    })?;
    Ok(())
}

/// The counts of what was read, of a plan's changes, and of what came of them where it was pushed.
pub fn summary(compared: &Compared, changes: usize, outcomes: Option<BTreeMap<&'static str, usize>>) -> Line<'static> {
    let mismatches =
        compared.kinds.iter().flat_map(|kind| &kind.tallies).map(|tally| tally.out_of_true() as usize).sum();
    let systems = (0..compared.inputs.systems.len()).filter(|system| Some(*system) != compared.inputs.base());
    let waived = systems
        .flat_map(|system| compared.kinds.iter().map(move |kind| (system, kind)))
        .map(|(system, kind)| (0..kind.len).filter(|identity| kind.waived(*identity, system)).count())
        .sum();
    Line::Summary { mismatches, lint: compared.lints.len(), waived, changes: Some(changes), outcomes }
}

/// What was chosen, and what was not, with the reason.
struct Chosen {
    changes: Vec<Change>,
    left_out: BTreeMap<&'static str, usize>,
}

fn choose(world: &World, wanted: &Wanted<'_>, only: &[Op], removals: bool) -> Chosen {
    let compared = &*world.compared;
    let stager = Stager::new(compared);
    let mut chosen = Chosen { changes: Vec::new(), left_out: BTreeMap::new() };
    wanted.each(compared, |kind, identity, system| {
        for offer in stager.offers(kind, identity, system) {
            let out = if !only.is_empty() && !only.contains(&offer.change.op) {
                continue;
            } else if offer.blocked.is_some() {
                Some("that cannot be done as things are (`trueup check` and the console say why)")
            } else if !offer.blanks.is_empty() {
                Some("that want a value which the source lacks: stage them in the console")
            } else if !offer.ticked && !removals {
                Some("that take something away: with --removals they are planned")
            } else {
                None
            };
            match out {
                Some(why) => *chosen.left_out.entry(why).or_default() += 1,
                None => chosen.changes.push(offer.change),
            }
        }
    });
    chosen
}

/// Shows a saved plan, and what became of it.
fn show(global: &Global, path: &std::path::Path, format: Format) -> anyhow::Result<Exit> {
    let (plan, intact) = paper::load(path)?;
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let journal = dirs.state.join("journal.db");
    let used = if journal.exists() { store::journal::open(&journal)?.find(&plan.id)? } else { None };
    let outcomes = used.as_ref().map_or(&[][..], |entry| &entry.outcomes);
    let print = Print { compared: None, outcomes, requests: true };
    out::print(|out| Ok(print.plan(&plan, format, out)?))?;
    if !intact {
        out::aside(&format!("{} was changed after it was saved: it cannot be pushed", path.display()));
    }
    if let Some(entry) = used {
        let when = crate::console::app::lines::clock(entry.began);
        out::aside(&format!("it was pushed {when} by {}; it cannot be pushed again", entry.by.who));
    }
    Ok(Exit::True)
}
