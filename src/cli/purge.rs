//! `trueup purge SYSTEM`: forgets what is kept of a system between runs.

use std::io::{BufRead, IsTerminal};

use anyhow::bail;

use super::args::PurgeArgs;
use super::{Exit, Global, out};
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
    let journal = dirs.state.join("journal.db");
    if journal.exists() {
        store::journal::open(&journal)?.purge(&system)?;
    }
    store::FileCache::new(&dirs.cache).purge(&system)?;
    out::text(&format!("{system} is forgotten\n"))?;
    Ok(Exit::True)
}
