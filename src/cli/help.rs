//! `trueup help`: what `--help` has no room for.

use std::io::Write;

use clap::CommandFactory;

use super::{Cli, Exit};
use crate::config::keys;
use crate::console::app::action::key_table;
use crate::console::app::keys::Keymap;

const FILTER: &str = include_str!("../../assets/help/filter.md");

/// The topics, with a line each.
const TOPICS: &[(&str, &str)] = &[
    ("config", "every key of trueup.toml"),
    ("keys", "every key of the console"),
    ("filter", "what --filter, scope, manage and / understand"),
    ("faults", "what a simulated system can be made to do"),
];

/// Prints a topic, or the overview where none is named.
///
/// # Errors
/// When there is no such topic.
pub fn run(topic: Option<&str>) -> anyhow::Result<Exit> {
    let text = match topic {
        None => {
            let mut text = Cli::command().render_long_help().to_string();
            text.push_str("\nTopics (trueup help TOPIC):\n");
            for (name, about) in TOPICS {
                text.push_str(&format!("  {name:<8}{about}\n"));
            }
            text
        }
        Some("config") => keys::help(&super::setup::builtin()?),
        Some("keys") => key_table(&Keymap::standard()),
        Some("filter") => FILTER.to_owned(),
        #[cfg(feature = "simulate")]
        Some("faults") => faults(),
        Some(other) => match Cli::command().find_subcommand_mut(other) {
            Some(command) => command.render_long_help().to_string(),
            None => {
                let names: Vec<_> = TOPICS.iter().map(|(name, _)| *name).collect();
                anyhow::bail!("there is no help on `{other}`; there is: {}", names.join(", "));
            }
        },
    };
    let mut out = std::io::stdout().lock();
    // A pager that was closed early is no fault.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(Exit::True)
}

/// What simulated systems can be made to do, from the simulators' own lists.
#[cfg(feature = "simulate")]
fn faults() -> String {
    use std::fmt::Write as _;

    use crate::simulate;

    let mut text = String::from(
        "Faults of simulated systems: trueup simulate CONNECTOR --fault SPEC, trueup demo --fault SYSTEM:SPEC.\n\n\
         Any fault takes @METHOD, @/PATH or @METHOD/PATH behind it, and ,skip=K: only such requests, and not the first K.\n\
         POST /__sim/fault with a JSON list of specs changes them while the simulator runs.\n",
    );
    let mut section = |title: &str, switches: &[simulate::faults::Switch]| {
        let _ = write!(text, "\n{title}:\n");
        for switch in switches {
            let _ = writeln!(text, "  {}\n      {}", switch.form, switch.help);
        }
    };
    section("Every simulator", simulate::faults::HELP);
    for connector in simulate::CONNECTORS {
        section(connector, simulate::switches(connector));
    }
    text
}
