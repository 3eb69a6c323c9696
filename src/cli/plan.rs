//! `trueup plan`: what would be pushed, chosen without a screen. Reads only; nothing is sent from here.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, bail};

use super::args::{Format, PlanArgs, SavedPlan};
use super::check::Wanted;
use super::choose::{Taking, choose};
use super::lines::{LeftOut, Line};
use super::paper::{self, Print};
use super::{Exit, Global, face, out, setup};
use crate::compare::Compared;
use crate::config::Dirs;
use crate::engine::SystemSetup;
use crate::engine::protocol::World;
use crate::model::Op;
use crate::plan::Plan;
use crate::store::{self, Journal};

/// Makes a plan, or shows a saved one.
///
/// # Errors
/// When the configuration or the arguments are wrong, or the plan cannot be saved or read.
pub fn run(global: &Global, args: &PlanArgs) -> anyhow::Result<Exit> {
    if let Some(SavedPlan::Show { file, requests, format }) = &args.saved {
        return show(global, file, *requests, *format);
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
    let wanted = Wanted::new(&setup, args.kind.as_deref(), args.system.as_deref(), args.filter.as_deref())?;
    wanted.target(&setup)?;
    let mode = |system: &SystemSetup| (system.id().clone(), system.config.policy.mode);
    let modes = setup.systems.iter().map(mode).collect();
    let runtime = setup::runtime()?;
    let session = setup::session(&runtime, setup.only(args.system.as_deref()));
    let world = session.world().map_err(anyhow::Error::msg)?;
    wanted.judge(&world)?;
    super::check::say_unread(&world, &wanted);
    let complete = super::check::complete(&world, &wanted);
    if let (Some(user), Some(system)) = (&args.password, &args.system) {
        let change = super::password::change(&world, system, user, args.from_setting)?;
        let plan = runtime.block_on(session.prepare(vec![change], setup::making())).map_err(anyhow::Error::msg)?;
        finish(&plan, &world, &as_asked(args, None, complete))?;
        return Ok(super::check::exit(&world, &wanted, true));
    }
    let taking = Taking { only: &only, removals: args.removals, modes };
    let chosen = choose(&world, &session, &wanted, &taking).map_err(anyhow::Error::msg)?;
    chosen.said(args.verbose).iter().for_each(|line| out::aside(line));
    let left_out = chosen.reasons();
    if chosen.changes.is_empty() {
        out::print(|out| {
            match args.format {
                Format::Json => {
                    let counts = Counts { complete, changes: 0, left_out: Some(&left_out), outcomes: None };
                    paper::line(out, &counts.line(&world.compared))?;
                }
                Format::Table if left_out.is_empty() => writeln!(out, "nothing to change")?,
                Format::Table => writeln!(out, "nothing of it goes into a plan")?,
            }
            Ok(())
        })?;
        return Ok(super::check::exit(&world, &wanted, !left_out.is_empty()));
    }
    let plan = runtime.block_on(session.prepare(chosen.changes, setup::making())).map_err(anyhow::Error::msg)?;
    finish(&plan, &world, &as_asked(args, Some(&left_out), complete))?;
    Ok(super::check::exit(&world, &wanted, true))
}

fn as_asked<'a>(args: &'a PlanArgs, left_out: Option<&'a [LeftOut]>, complete: bool) -> Paper<'a> {
    let output = args.output.as_deref();
    Paper { output, requests: args.requests, format: args.format, left_out, complete }
}

/// What becomes of a new plan.
pub struct Paper<'p> {
    /// Saved here.
    pub output: Option<&'p Path>,
    /// Printed with every request.
    pub requests: bool,
    /// Printed so.
    pub format: Format,
    /// What is not in it.
    pub left_out: Option<&'p [LeftOut]>,
    /// Whether all that it stands on was read.
    pub complete: bool,
}

/// Prints a new plan, and saves it where that is wanted.
///
/// # Errors
/// When it cannot be saved or printed.
pub fn finish(plan: &Plan, world: &World, paper: &Paper<'_>) -> anyhow::Result<()> {
    let Paper { output, requests, format, left_out, complete } = *paper;
    if let Some(path) = output {
        paper::save(plan, path)?;
    }
    let print = Print { compared: Some(&world.compared), outcomes: &[], requests, by: None };
    out::print(|out| {
        print.plan(plan, format, out)?;
        match format {
            Format::Json => {
                let counts = Counts { complete, changes: plan.count(), left_out, outcomes: None };
                paper::line(out, &counts.line(&world.compared))?;
            }
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

/// The counts of a plan, and of what came of it where it was pushed.
pub struct Counts<'c> {
    /// Whether all that was asked for was read to its end.
    pub complete: bool,
    /// Its changes.
    pub changes: usize,
    /// What is not in it.
    pub left_out: Option<&'c [LeftOut]>,
    /// What came of them, by word.
    pub outcomes: Option<BTreeMap<&'static str, usize>>,
}

impl<'c> Counts<'c> {
    /// The same with those of what was read.
    pub fn line(self, compared: &Compared) -> Line<'c> {
        let mismatches =
            compared.kinds.iter().flat_map(|kind| &kind.tallies).map(|tally| tally.out_of_true() as usize).sum();
        let systems = (0..compared.inputs.systems.len()).filter(|system| Some(*system) != compared.inputs.base());
        let waived = systems
            .flat_map(|system| compared.kinds.iter().map(move |kind| (system, kind)))
            .map(|(system, kind)| (0..kind.len).filter(|identity| kind.waived(*identity, system)).count())
            .sum();
        let Self { complete, changes, left_out, outcomes } = self;
        let lint = compared.lints.len();
        Line::Summary { mismatches, lint, waived, complete, changes: Some(changes), left_out, outcomes }
    }
}

/// Shows a saved plan, and what became of it.
fn show(global: &Global, path: &Path, requests: bool, format: Format) -> anyhow::Result<Exit> {
    let (plan, intact) = paper::load(path)?;
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let journal = dirs.state.join("journal.db");
    let used = if journal.exists() { store::journal::open(&journal)?.find(&plan.id)? } else { None };
    let outcomes = used.as_ref().map_or(&[][..], |entry| &entry.outcomes);
    let print = Print {
        compared: None,
        outcomes,
        requests: requests || format == Format::Table,
        by: used.as_ref().map(|entry| &*entry.by.who),
    };
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
