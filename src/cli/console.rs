//! `trueup` and `trueup demo`: the console.

use super::face;
use super::init::{self, First};
use super::open::open;
use super::{Dirs, Exit, Global, setup};
use crate::config;
use crate::console::run::{ExitKind, Options};
use crate::console::term;

/// Opens the console over the configuration.
///
/// # Errors
/// When the configuration is wrong or there is no terminal.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    term::ready()?;
    if global.config.is_none() {
        let path = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?.config_file();
        if !path.exists() {
            face::settle(global, &config::Face::default())?;
            match init::first(&path)? {
                #[cfg(feature = "simulate")]
                First::Demo => return super::demo::run(global, &super::args::Demo::default()),
                First::Init => drop(init::run(global)?),
                _ => return Ok(Exit::Console(ExitKind::Quit)),
            }
        }
    }
    let setup::Loaded { setup, title, face, rules } = setup::load_titled(global)?;
    let look = face::settle(global, &face)?;
    let kept = crate::config::Dirs::find(global.data_dir.as_deref()).ok().map(|dirs| dirs.state.join("console.toml"));
    open(setup, global, look, Options { title, lenses: face.lenses, kept, rules: Some(rules), ..Options::default() })
}
