//! Asks for a secret on the terminal, without showing what is typed.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};

use anyhow::{Context, bail};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::config::Auth;
use crate::secret::{Secret, Source};

/// The same log-in with what the operator typed in place of `prompt`.
///
/// # Errors
/// When there is no terminal to ask on, or nothing was typed.
pub fn answered(system: &str, auth: &Auth) -> anyhow::Result<Auth> {
    let asked = |source: &Source| match source {
        Source::Prompt => secret(system).map(Source::Given),
        known => Ok(known.clone()),
    };
    Ok(match auth {
        Auth::None => Auth::None,
        Auth::Bearer(source) => Auth::Bearer(asked(source)?),
        Auth::Basic { user, password } => Auth::Basic { user: user.clone(), password: asked(password)? },
        Auth::Header { name, value } => Auth::Header { name: name.clone(), value: asked(value)? },
    })
}

fn secret(system: &str) -> anyhow::Result<Secret> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").with_context(|| {
        format!("system {system} asks for its secret (`prompt = true`), and there is no terminal to ask on; use `env`, `file` or `command`")
    })?;
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes &= !LocalModes::ECHO;
    write!(terminal, "Secret of {system}: ")?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let mut typed = String::new();
    let read = BufReader::new(&terminal).read_line(&mut typed);
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
