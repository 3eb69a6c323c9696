//! `trueup` and `trueup demo`: the console.

use super::{Exit, Global};
use crate::engine::Setup;

/// Opens the console over the configuration.
///
/// # Errors
/// Always, until it is wired up.
pub fn run(_global: &Global) -> anyhow::Result<Exit> {
    anyhow::bail!("no console yet: no terminal; use trueup check")
}

/// Opens the console over these systems.
///
/// # Errors
/// Always, until it is wired up.
pub fn open(_setup: Setup, _global: &Global, _demo: bool) -> anyhow::Result<Exit> {
    anyhow::bail!("no console yet: no terminal; use trueup check")
}
