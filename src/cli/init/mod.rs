//! `trueup init`: the first configuration. It asks for what it cannot find out, tests each connection as it goes, and writes
//! a commented file that only its owner can read. It never overwrites one.

mod first;
mod known;
mod talk;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, bail};

pub use self::first::{First, first};
use self::talk::{Talk, Tried};
use super::{Dirs, Exit, Global, setup, test};
use crate::plan::Finding;
use crate::{config, engine};

/// Asks, tests and writes.
///
/// # Errors
/// When there is a configuration already, nothing was answered, or the file cannot be written.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = global.config.clone().unwrap_or_else(|| dirs.config_file());
    if path.exists() {
        bail!("{} is there already and stays as it is; `trueup init --config FILE` begins another one", path.display());
    }
    let mappings = setup::mappings(&dirs, &path)?;
    super::face::speak_as(global, &config::Face::default());
    let (mut input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let env: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let mut talk = Talk { input: &mut input, out: &mut out, env, mappings: &mappings };
    talk.tell(&format!(
        "This writes {}. Enter takes what stands in [brackets]; ctrl-c ends, and nothing is written.\n",
        path.display()
    ))?;
    let mut attempt = |text: &str, name: &str, out: &mut dyn Write| -> anyhow::Result<Tried> {
        let mut config = config::parse(text, "this configuration", &mappings)?;
        config.systems.retain(|system| system.id.as_str() == name);
        let names: Vec<_> = config.systems.iter().map(|system| system.id.clone()).collect();
        config.source = None;
        let sites = setup::runtime()?.block_on(engine::test(setup::build(&config, &dirs, &mappings)?, &names));
        for site in &sites {
            test::table(site, out)?;
        }
        let mut bad = sites.iter().flat_map(|site| &site.evidence).filter(|line| line.finding == Finding::Bad);
        Ok(if sites.iter().all(|site| site.good() && site.blocked.is_none()) {
            Tried::Good
        } else if bad.any(|line| line.detail.contains("the url is probably not the SCIM base")) {
            Tried::Elsewhere
        } else {
            Tried::Bad
        })
    };
    let Some(text) = talk.configuration(&mut attempt)? else {
        bail!("no system was named, so nothing is written");
    };
    write(&path, &text)?;
    talk.tell(&format!(
        "\nWritten: {}\nNow: trueup (the console), trueup check (the same as text), trueup help config.\n",
        path.display()
    ))?;
    Ok(Exit::True)
}

/// Writes the file, for its owner alone and never over another one.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(|| format!("cannot make the directory {}", dir.display()))?;
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}
