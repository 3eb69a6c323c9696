//! `trueup history` and `trueup undo`: past pushes, and the plan that takes one back.

use std::io::{BufWriter, Write};

use anyhow::{Context, bail};

use super::args::{Format, HistoryArgs, UndoArgs};
use super::lines::Line;
use super::paper::{self, Print};
use super::{Exit, Global, plan, setup};
use crate::config::Dirs;
use crate::console::app::lines::clock;
use crate::model::text;
use crate::plan::ChangeId;
use crate::store::{self, Entry, Journal};

/// Lists past pushes, or shows one.
///
/// # Errors
/// When the journal cannot be read or holds no such push.
pub fn run(global: &Global, args: &HistoryArgs) -> anyhow::Result<Exit> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = dirs.state.join("journal.db");
    let entries = if path.exists() {
        store::journal::open(&path)?.history(reach(args.push.as_deref(), args.most))?
    } else {
        Vec::new()
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    if let Some(name) = &args.push {
        let entry = pick(entries, name)?;
        if args.format == Format::Table {
            let end = if entry.closed { "" } else { "  NOT ENDED IN ORDER" };
            writeln!(out, "pushed {} by {}{end}", clock(entry.began), text::clean(&entry.who))?;
        }
        Print { compared: None, outcomes: &entry.outcomes, requests: true }.plan(&entry.plan, args.format, &mut out)?;
        out.flush()?;
        return Ok(Exit::True);
    }
    for entry in &entries {
        let outcomes = paper::tally(&entry.outcomes);
        match args.format {
            Format::Json => paper::line(
                &mut out,
                &Line::Push {
                    id: &entry.plan.id.0,
                    began: entry.began.to_string(),
                    who: &entry.who,
                    changes: entry.plan.changes.len(),
                    outcomes,
                },
            )?,
            Format::Table => {
                let words: Vec<_> = outcomes.iter().map(|(word, count)| format!("{count} {word}")).collect();
                let end = if entry.closed { "" } else { "  NOT ENDED IN ORDER" };
                writeln!(
                    out,
                    "{}  {}  {}  {} changes: {}{end}",
                    entry.plan.id,
                    clock(entry.began),
                    text::clean(&entry.who),
                    entry.plan.changes.len(),
                    words.join(", ")
                )?;
            }
        }
    }
    if entries.is_empty() && args.format == Format::Table {
        writeln!(out, "no pushes yet")?;
    }
    out.flush()?;
    Ok(Exit::True)
}

/// How far back is looked: a push that is named may be any.
fn reach(name: Option<&str>, most: usize) -> usize {
    if name.is_some() { usize::MAX >> 1 } else { most }
}

/// The push of this name, or of the only name that begins so.
fn pick(entries: Vec<Entry>, name: &str) -> anyhow::Result<Entry> {
    let mut found: Vec<Entry> = entries.into_iter().filter(|entry| entry.plan.id.0.starts_with(name)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(entry), true) => Ok(entry),
        (Some(_), false) => bail!("several pushes begin with {name}; `trueup history` has their whole names"),
        (None, _) => bail!("there is no push {name}; `trueup history` lists them"),
    }
}

/// Makes the plan that takes a push back: saved or shown, never sent.
///
/// # Errors
/// When there is no such push, nothing of it can be taken back, or the configuration is wrong.
pub fn undo(global: &Global, args: &UndoArgs) -> anyhow::Result<Exit> {
    let mut setup = setup::load(global)?;
    let entry = pick(setup.journal.history(reach(Some(&args.push), 0))?, &args.push)?;
    let created = setup.journal.created(&entry.plan.id)?;
    let id = |change: &ChangeId| created.iter().find(|(of, _)| of == change).map(|(_, id)| id.clone());
    let (back, cannot) = crate::plan::undo(&entry.plan, &entry.outcomes, &id);
    for (change, why) in &cannot {
        eprintln!("cannot be taken back: {change}: {}", text::clean(why));
    }
    if back.is_empty() {
        bail!("nothing of this push can be taken back");
    }
    let runtime = setup::runtime()?;
    let session = setup::session(&runtime, setup);
    let world = session.world().map_err(anyhow::Error::msg)?;
    let made = runtime.block_on(session.prepare(back)).map_err(anyhow::Error::msg)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    plan::finish(&made, &world, args.output.as_deref(), false, args.format, &mut out)
        .context("cannot write the plan")?;
    Ok(Exit::OutOfTrue)
}
