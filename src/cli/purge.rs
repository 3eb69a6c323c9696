//! `trueup purge SYSTEM`: forgets what is kept of a system between runs.

use std::io::{BufRead, IsTerminal};

use anyhow::bail;

use super::args::PurgeArgs;
use super::{Exit, Global, out, setup};
use crate::config::Dirs;
use crate::model::SystemId;
use crate::store::{self, Cache, Journal};

/// Forgets a system.
///
/// # Errors
/// When it is not confirmed, or files cannot be removed.
pub fn run(global: &Global, args: &PurgeArgs) -> anyhow::Result<Exit> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let system = SystemId::new(args.system.as_str());
    let journal = dirs.state.join("journal.db");
    let mut journal = if journal.exists() { Some(store::journal::open(&journal)?) } else { None };
    let cache = store::FileCache::new(&dirs.cache);
    known(global, &system, journal.as_mut(), &cache)?;
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            bail!("nothing was forgotten: there is no terminal to confirm on; say --yes");
        }
        out::text(&format!(
            "Snapshots, links, adopted differences and staged changes of {system} are forgotten; the record of pushes stays.\n\
             Type its name to go on: "
        ))?;
        let mut typed = String::new();
        std::io::stdin().lock().read_line(&mut typed)?;
        if typed.trim() != args.system {
            bail!("nothing was forgotten");
        }
    }
    if let Some(mut journal) = journal {
        journal.purge(&system)?;
    }
    cache.purge(&system)?;
    out::text(&format!("{system} is forgotten\n"))?;
    Ok(Exit::True)
}

/// Refuses a name that neither the configuration has nor anything that is kept: a slip would look as if something was
/// forgotten. A system that is gone from the configuration may still be in what is kept.
fn known(
    global: &Global,
    system: &SystemId,
    journal: Option<&mut impl Journal>,
    cache: &store::FileCache,
) -> anyhow::Result<()> {
    let mut names = journal.map(Journal::kept).transpose()?.unwrap_or_default();
    names.extend(cache.systems());
    // What is kept can be forgotten also where the configuration cannot be read.
    let configured = setup::configuration(global);
    names.extend(configured.iter().flat_map(|read| read.config.systems.iter().map(|one| one.id.clone())));
    names.sort();
    names.dedup();
    if names.is_empty() {
        bail!("nothing is kept of `{system}` or of any other system, and there is nothing to forget");
    }
    setup::known(names.iter(), system.as_str())
}
