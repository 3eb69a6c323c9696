//! Asks for a secret on the terminal, without showing what is typed.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::config::SystemConfig;
use crate::secret::{Secret, Source};

/// The same system with what the operator typed in place of each `prompt`.
///
/// # Errors
/// When there is no terminal to ask on, or nothing was typed.
pub fn answered(config: &SystemConfig) -> anyhow::Result<SystemConfig> {
    let mut config = config.clone();
    let system = config.id.to_string();
    for (what, source) in config.sources_mut() {
        if source.prompts() {
            let why = " (`prompt = true`), and there is no terminal to ask on; use `env`, `file` or `command`";
            *source = Source::Given(secret(&system, what, why)?);
        }
    }
    Ok(config)
}

/// What is typed twice alike.
///
/// # Errors
/// When there is no terminal to ask on, nothing was typed, or not the same.
pub fn twice(system: &str, what: &str) -> anyhow::Result<Secret> {
    let why = ", and there is no terminal to ask on: nothing was sent";
    let first = secret(system, what, why)?;
    if secret(system, &format!("{what}, once more"), why)?.expose() != first.expose() {
        bail!("nothing was sent: what was typed is not the same twice");
    }
    Ok(first)
}

/// `why`: what is said where there is no terminal.
fn secret(system: &str, what: &str, why: &str) -> anyhow::Result<Secret> {
    let mut terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .with_context(|| format!("system {system} asks for {what}{why}"))?;
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes &= !LocalModes::ECHO;
    // Silent before it asks: what is typed as soon as the question stands must not show, nor be thrown away.
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let mut typed = String::new();
    let asked = write!(terminal, "{system}, {what}: ");
    let read = asked.and_then(|()| BufReader::new(&terminal).read_line(&mut typed));
    // Whatever came of it, what is typed next shows again.
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    writeln!(terminal)?;
    read?;
    let typed = typed.trim_end_matches(['\r', '\n']);
    if typed.is_empty() {
        bail!("system {system}: nothing was typed");
    }
    Ok(Secret::new(typed))
}
