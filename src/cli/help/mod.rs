//! `trueup help`: what `--help` has no room for.

use clap::CommandFactory;

use super::{Cli, Exit, Global, face, out, setup};
use crate::config::{Dirs, keys};
use crate::mapping::{Mapping, Profile};

mod layout;
mod service;
mod sheet;
#[cfg(test)]
mod tests;

const FILTER: &str = include_str!("../../../assets/help/filter.md");
const EXIT: &str = include_str!("../../../assets/help/exit.md");
const CONNECTORS: &str = include_str!("../../../assets/help/connectors.md");

/// The topics, with a line each.
const TOPICS: &[(&str, &str)] = &[
    ("config", "every key of trueup.toml"),
    ("keys", "every key of the console"),
    ("filter", "what --filter, scope, manage and / understand"),
    ("connectors", "the systems that there are, and how to add one"),
    ("exit", "what the exit statuses mean, command by command"),
    ("faults", "what a simulated system can be made to do"),
];

/// Prints a topic, or the overview where none is named.
///
/// # Errors
/// When there is no such topic, or a connector file of the operator's own is broken.
pub fn run(topic: Option<&str>, global: &Global) -> anyhow::Result<Exit> {
    face::speak_as(global, &crate::config::Face::default());
    let text = text(topic, &connectors(global))?;
    out::text(&text)?;
    Ok(Exit::True)
}

/// All connectors that there are, or why the operator's own cannot be used: the rest of the help works without them.
fn connectors(global: &Global) -> anyhow::Result<Vec<Mapping>> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let config = global.config.clone().unwrap_or_else(|| dirs.config_file());
    setup::mappings(&dirs, &config)
}

/// The text of a topic.
fn text(topic: Option<&str>, known: &anyhow::Result<Vec<Mapping>>) -> anyhow::Result<String> {
    let builtin = setup::builtin()?;
    let mappings = known.as_ref().unwrap_or(&builtin);
    Ok(match topic {
        None => overview(mappings),
        Some("config") => keys::help(mappings),
        Some("keys") => face::key_table(false)?,
        Some("filter") => FILTER.to_owned(),
        Some("exit") => EXIT.to_owned(),
        Some("connectors") => format!("{CONNECTORS}\n{}", list(mappings)),
        #[cfg(feature = "simulate")]
        Some("faults") => faults(),
        Some(name) => {
            if let Some(mapping) = mappings.iter().find(|mapping| mapping.connector == name) {
                return Ok(sheet::sheet(mapping));
            }
            if let Some((mapping, profile)) = profiles(mappings).find(|(_, profile)| profile.name == name) {
                return Ok(sheet::profile(mapping, profile, &behind(mapping, profile, mappings)));
            }
            let mut whole = Cli::command();
            // Commands are called by the program's name as well once it is built.
            whole.build();
            if let Some(command) = whole.find_subcommand_mut(name) {
                return Ok(command.render_long_help().to_string());
            }
            if let Err(broken) = known {
                anyhow::bail!("there is no help on `{name}`, and your own connectors cannot be read: {broken:#}");
            }
            let names = TOPICS.iter().map(|(name, _)| *name);
            let names = names.chain(mappings.iter().map(|mapping| mapping.connector.as_str()));
            let names: Vec<_> = names.chain(profiles(mappings).map(|(_, profile)| profile.name.as_str())).collect();
            let nearest = names
                .iter()
                .map(|have| (strsim::damerau_levenshtein(&name.to_lowercase(), have), have))
                .min()
                .filter(|(distance, have)| *distance <= 2.max(have.len() / 3))
                .map_or_else(String::new, |(_, have)| format!("; did you mean `{have}`?"));
            anyhow::bail!("there is no help on `{name}`{nearest}\nThere is: {}", names.join(", "));
        }
    })
}

/// `--help`, and the topics.
fn overview(mappings: &[Mapping]) -> String {
    let mut text = Cli::command().render_long_help().to_string();
    text.push_str("\nTopics (trueup help TOPIC):\n");
    for (name, about) in TOPICS {
        text.push_str(&format!("  {name:<12}{about}\n"));
    }
    text.push_str("\nConnectors (trueup help NAME: operations, attributes, limitations):\n");
    text + &list(mappings)
}

fn list(mappings: &[Mapping]) -> String {
    let mut text = String::new();
    for mapping in mappings {
        text.push_str(&format!("  {:<12}{}\n", mapping.connector, mapping.title));
        if mapping.connector == mapping.speaks {
            for profile in &mapping.profiles {
                text.push_str(&format!("  {:<12}{}\n", profile.name, profile.title));
            }
        }
    }
    text
}

/// The services that are known by name; what is based on a connector has them from it.
fn profiles(mappings: &[Mapping]) -> impl Iterator<Item = (&Mapping, &Profile)> {
    let own = mappings.iter().filter(|mapping| mapping.connector == mapping.speaks);
    own.flat_map(|mapping| mapping.profiles.iter().map(move |profile| (mapping, profile)))
}

/// What can stand behind a service: the connectors that the setting for it names.
fn behind<'m>(mapping: &'m Mapping, profile: &Profile, mappings: &'m [Mapping]) -> Vec<&'m Mapping> {
    if !profile.gateway {
        return Vec::new();
    }
    let setting = mapping.settings.iter().find(|setting| setting.name == sheet::BEHIND);
    let names = setting.into_iter().flat_map(|setting| &setting.one_of);
    names.filter_map(|name| mappings.iter().find(|other| other.connector == *name)).collect()
}

/// What simulated systems can be made to do, from the simulators' own lists.
#[cfg(feature = "simulate")]
fn faults() -> String {
    use std::fmt::Write as _;

    use crate::simulate;

    let mut text = String::from(
        "Faults of simulated systems: trueup simulate CONNECTOR --fault SPEC, trueup demo --fault SYSTEM:SPEC.\n\n\
         Any fault takes @METHOD, @/PATH or @METHOD/PATH, and ,skip=K, in either order: only such requests, and not the first K \
         (500=2@/Users,skip=3).\n\
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
