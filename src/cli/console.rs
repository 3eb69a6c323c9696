//! `trueup` and `trueup demo`: the console.

use std::sync::Arc;

use super::args::Color;
use super::{Exit, Global, setup};
use crate::console::{self, Options};
use crate::engine::protocol::Command;
use crate::engine::{self, Setup};

/// Opens the console over the configuration.
///
/// # Errors
/// When the configuration is wrong or there is no terminal.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    console::terminal()?;
    open(setup::load(global)?, global, false)
}

/// Opens the console over these systems.
///
/// # Errors
/// When there is no terminal.
pub fn open(setup: Setup, global: &Global, demo: bool) -> anyhow::Result<Exit> {
    console::terminal()?;
    let colors = match global.color {
        Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        Color::Always => true,
        Color::Never => false,
    };
    let runtime = setup::runtime()?;
    let (reports, receiver) = tokio::sync::mpsc::unbounded_channel();
    let handle = {
        let _inside = runtime.enter();
        Arc::new(engine::start(setup, reports))
    };
    let options = Options { demo, colors, compat_draw: global.compat_draw };
    let sender = Arc::clone(&handle);
    let result = console::run(Box::new(move |command| sender.send(command)), receiver, &options);
    handle.send(Command::Quit);
    // A write under way is finished and journaled before the program ends.
    if let Ok(handle) = Arc::try_unwrap(handle) {
        runtime.block_on(handle.ended());
    }
    result?;
    Ok(Exit::True)
}
