//! `trueup` and `trueup demo`: the console.

use std::sync::Arc;

use super::args::Color;
use super::{Exit, Global, face, setup};
use crate::console::run::Options;
use crate::console::{self, term};
use crate::engine::protocol::Command;
use crate::engine::{self, Setup};

/// Opens the console over the configuration.
///
/// # Errors
/// When the configuration is wrong or there is no terminal.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    term::ready()?;
    let (setup, title, face) = setup::load_titled(global)?;
    face::settle(global, &face);
    open(setup, global, title, false)
}

/// Opens the console over these systems.
///
/// # Errors
/// When there is no terminal.
pub fn open(setup: Setup, global: &Global, title: String, demo: bool) -> anyhow::Result<Exit> {
    term::ready()?;
    let theme = match global.color {
        Color::Auto => None,
        Color::Always => Some("default".to_owned()),
        Color::Never => Some("mono".to_owned()),
    };
    let runtime = setup::runtime()?;
    let (reports, receiver) = tokio::sync::mpsc::unbounded_channel();
    let handle = {
        let _inside = runtime.enter();
        Arc::new(engine::start(setup, reports))
    };
    let options = Options { demo, title, theme, compat_draw: global.compat_draw };
    let sender = Arc::clone(&handle);
    let ended = console::run::run(Box::new(move |command| sender.send(command)), receiver, options);
    // However the console ended: a write under way is finished and journaled before the program ends.
    handle.send(Command::Quit);
    if let Ok(handle) = Arc::try_unwrap(handle) {
        runtime.block_on(handle.ended());
    }
    Ok(Exit::Console(ended?))
}
