//! The command line: one file per command.
//!
//! The same engine as the console's, for scripts and for people who cannot use a full-screen program. The lines of JSON and
//! the exit statuses are a contract (DESIGN.md section 7).

mod again;
mod args;
mod ask;
mod audit;
mod check;
mod console;
pub mod export;
mod face;
mod help;
mod history;
mod init;
mod lines;
mod man;
mod open;
mod operator;
mod out;
mod paper;
mod password;
mod plan;
mod purge;
mod push;
mod setup;
mod signals;
mod test;

#[cfg(feature = "simulate")]
mod demo;
#[cfg(feature = "simulate")]
mod simulate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::config::Dirs;
use crate::console::run::ExitKind;
pub use args::{Cli, Color, Command, Format, Global};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All true.
    True,
    /// Something is out of true.
    OutOfTrue,
    /// Wrong usage or configuration.
    Usage,
    /// A system could not be read completely.
    Incomplete,
    /// A push did not fully succeed.
    NotAll,
    /// The console was left.
    Console(ExitKind),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::True => Self::SUCCESS,
            Exit::OutOfTrue => Self::from(1),
            Exit::Usage => Self::from(2),
            Exit::Incomplete => Self::from(3),
            Exit::NotAll => Self::from(4),
            Exit::Console(ended) => Self::from(ended.status()),
        }
    }
}

/// Runs the program with these arguments, the program's name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::secret::keep_out_of_cores();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no faults: clap knows which is which.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    let global = cli.global.clone();
    match run(cli) {
        Ok(exit) => exit.into(),
        Err(error) => {
            face::speak_as(&global, &crate::config::Face::default());
            out::aside(&format!("trueup: {}", face::spoken_error(&error)));
            Exit::Usage.into()
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Exit> {
    let global = cli.global;
    match cli.command {
        None => console::run(&global),
        #[cfg(feature = "simulate")]
        Some(Command::Demo(demo)) => demo::run(&global, &demo),
        #[cfg(feature = "simulate")]
        Some(Command::Simulate(simulate)) => simulate::run(&simulate),
        Some(Command::Init) => init::run(&global),
        Some(Command::Test(test)) => test::run(&global, &test),
        Some(Command::Check(check)) => check::run(&global, &check),
        Some(Command::Plan(plan)) => plan::run(&global, &plan),
        Some(Command::Push(push)) => push::run(&global, &push),
        Some(Command::History(history)) => history::run(&global, &history),
        Some(Command::Undo(undo)) => again::undo(&global, &undo),
        Some(Command::Retry(retry)) => again::retry(&global, &retry),
        Some(Command::Audit(args::AuditArgs { what: args::Audit::Verify { head } })) => {
            audit::verify(&global, head.as_deref())
        }
        Some(Command::Export(args)) => export::run(&global, &args),
        Some(Command::Purge(purge)) => purge::run(&global, &purge),
        Some(Command::Keys(keys)) => {
            face::settle(&global, &crate::config::Face::default())?;
            out::text(&face::key_table(keys.markdown)?)?;
            Ok(Exit::True)
        }
        Some(Command::Help(help)) => help::run(help.topic.as_deref(), &global),
        Some(Command::Man { command }) => man::run(command.as_deref()),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "trueup", &mut script);
            out::text(&String::from_utf8_lossy(&script))?;
            Ok(Exit::True)
        }
    }
}
