use std::path::PathBuf;

use crate::engine::Accepted;
use crate::model::{Kind, SystemId};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "trueup",
    version,
    about = "Shows where accounts are out of true across systems, and pushes exactly the chosen fixes.",
    long_about = "Shows every user, group, role and product of every connected system next to the source of truth, \
                  highlights what is out of true and why, and pushes exactly the fixes that you chose: previewed, \
                  guarded, confirmed by reading back, journaled.\n\n\
                  Without a command it opens the console over trueup.toml. `trueup demo` opens it over simulated \
                  systems: nothing to set up, nothing real is touched.",
    disable_help_subcommand = true,
    after_help = "Exit status: 0 all true, 1 something out of true, 2 wrong usage or configuration, 3 a system could not be \
                  read completely, 4 a push did not fully succeed or was refused (see `trueup help exit`)."
)]
pub struct Cli {
    /// Options that hold for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the console where nothing is named.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that hold for every command.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// The configuration [default: ./trueup.toml, else the one in your configuration directory]
    #[arg(long, global = true, value_name = "FILE", env = "TRUEUP_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where the journal and the snapshots are kept [default: your state and cache directories]
    #[arg(long, global = true, value_name = "DIR", env = "TRUEUP_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Take what is not proved to be all for complete, in this run only: SYSTEM=REASON or SYSTEM:KIND=REASON
    #[arg(long, global = true, value_name = "SYSTEM[:KIND]=REASON", value_parser = accepted)]
    pub accept_incomplete: Vec<Accepted>,
    /// Colours: auto honours NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// A theme: dark, light, mono, high-contrast, colour-blind, or one of your own [default: the configuration's `theme`]
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// For screen readers: no frames, no colours, nothing scrolls, and the cursor stands on the chosen row
    #[arg(long, global = true)]
    pub plain: bool,
    /// What the screen speaks: en or zh [default: the configuration's `language`, else your locale's]
    #[arg(long, global = true, value_name = "LANGUAGE", env = "TRUEUP_LANGUAGE", value_parser = ["en", "zh"], hide_env = true)]
    pub language: Option<String>,
    /// Place the cursor anew after every wide character: for terminals that disagree about widths
    #[arg(long, global = true)]
    pub compat_draw: bool,
}

/// `hr:users=only the pilot group is in it`.
fn accepted(text: &str) -> Result<Accepted, String> {
    let (what, why) = text.split_once('=').unwrap_or((text, ""));
    if why.trim().is_empty() {
        return Err("it wants a reason: SYSTEM=REASON or SYSTEM:KIND=REASON".to_owned());
    }
    let (system, kind) = what.split_once(':').map_or((what, None), |(system, kind)| (system, Some(kind)));
    let kind = kind
        .map(|name| {
            Kind::parse(name)
                .ok_or_else(|| format!("there is no kind `{name}`; there are users, groups, roles, products"))
        })
        .transpose()?;
    Ok(Accepted { system: SystemId::new(system), kind, why: why.trim().to_owned() })
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never: bold, reverse and words alone.
    Never,
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// One JSON object a line, for programs.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the console over simulated systems: the quickest way to see what it does
    #[cfg(feature = "simulate")]
    Demo(Demo),
    /// Serve one simulated system on this machine until interrupted
    #[cfg(feature = "simulate")]
    Simulate(Simulate),
    /// Write the first configuration: asks for little, and tests each connection as it goes
    Init,
    /// Test the connection of one system or of all, with the evidence
    Test(Test),
    /// Read everything, compare, and print what is out of true
    Check(Check),
    /// Make a plan of what is out of true: reads only, and shows the very requests
    Plan(PlanArgs),
    /// Carry out a plan that was saved, confirmed by the number of its changes
    Push(PushArgs),
    /// Past pushes and what came of them
    History(HistoryArgs),
    /// Make the plan that takes a past push back: it is saved or shown, never sent
    Undo(AgainArgs),
    /// Make the plan of what failed in a past push, from what is read now: it is saved or shown, never sent
    Retry(AgainArgs),
    /// The record of all pushes: can it be trusted?
    Audit(AuditArgs),
    /// Write what is out of true, a list, or the history into a file: CSV or JSON Lines
    Export(ExportArgs),
    /// Forget a system: its snapshots, links, adopted differences and staged changes, not the record of pushes
    Purge(PurgeArgs),
    /// Print the table of keys, with your own from keys.toml
    Keys(KeysArgs),
    /// Explain a topic: config, keys, filter, connectors, exit, faults, or the name of a connector
    Help(Help),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the man page
    Man {
        /// Of this command; of the program where none is named
        command: Option<String>,
    },
}

/// Options of `demo`.
#[cfg(feature = "simulate")]
#[derive(Debug, Args)]
pub struct Demo {
    /// How many people the demo world has, up to 1,000,000
    #[arg(long, default_value_t = 1203, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub users: u32,
    /// Another number makes another world
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A fault of a simulated system, SYSTEM:SPEC such as aha:latency=500ms (see `trueup help faults`)
    #[arg(long = "fault", value_name = "SYSTEM:SPEC")]
    pub faults: Vec<String>,
    /// Print the addresses and keys of the simulated systems and what was planted, and serve until interrupted
    #[arg(long)]
    pub serve: bool,
}

#[cfg(feature = "simulate")]
impl Default for Demo {
    /// What the command line says where nothing is given.
    fn default() -> Self {
        Self { users: 1203, seed: 1, faults: Vec::new(), serve: false }
    }
}

/// Options of `simulate`.
#[cfg(feature = "simulate")]
#[derive(Debug, Args)]
pub struct Simulate {
    /// scim, aha, idaas, kingdee or litmos
    pub connector: String,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// How many people its world has
    #[arg(long, default_value_t = 1203, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub users: u32,
    /// Another number makes another world
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// A fault (see `trueup help faults`); may be given more than once
    #[arg(long = "fault", value_name = "SPEC")]
    pub faults: Vec<String>,
    /// Which view of the world a SCIM service shows: source, directory, starling, starling-aha, starling-litmos or oneim
    #[arg(long)]
    pub view: Option<String>,
    /// Without the vendor's own rate limit
    #[arg(long)]
    pub no_rate_limit: bool,
}

/// Options of `test`.
#[derive(Debug, Args)]
pub struct Test {
    /// The system; all where none is named
    pub system: Option<String>,
    /// How results are written
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// Options of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Only records that this filter holds for: RFC 7644, attr=value, or plain text (see `trueup help filter`)
    #[arg(long)]
    pub filter: Option<String>,
    /// Only this kind: users, groups, roles or products
    #[arg(long)]
    pub kind: Option<String>,
    /// Only this system, compared with the source
    #[arg(long)]
    pub system: Option<String>,
    /// How results are written
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// Options of `plan`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PlanArgs {
    /// What to do with a plan that was saved
    #[command(subcommand)]
    pub saved: Option<SavedPlan>,
    /// Only records that this filter holds for (see `trueup help filter`)
    #[arg(long)]
    pub filter: Option<String>,
    /// Only this kind: users, groups, roles or products
    #[arg(long)]
    pub kind: Option<String>,
    /// Only changes in this system
    #[arg(long)]
    pub system: Option<String>,
    /// Only these operations: create, set, add, remove, deactivate, reactivate, delete
    #[arg(long, value_delimiter = ',', value_name = "OPERATION")]
    pub only: Vec<String>,
    /// With what takes something away: left out otherwise
    #[arg(long)]
    pub removals: bool,
    /// Set a new password for this user of --system, named by userName or id, and plan nothing else. It is asked for when the
    /// plan is pushed; the plan never holds it
    #[arg(long, value_name = "USER", requires = "system", conflicts_with_all = ["filter", "kind", "only", "removals"])]
    pub password: Option<String>,
    /// With --password: set the one that the system's own secret setting refers to, and ask for none
    #[arg(long, requires = "password")]
    pub from_setting: bool,
    /// Save it here, for `trueup push FILE`; it holds no secrets
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Every request in full
    #[arg(long)]
    pub requests: bool,
    /// Name each of those that are left out, with its reason
    #[arg(short, long)]
    pub verbose: bool,
    /// How results are written
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// What to do with a saved plan.
#[derive(Debug, Subcommand)]
pub enum SavedPlan {
    /// Show it, also when it is stale or was used
    Show {
        /// The plan
        file: PathBuf,
        /// Every request in full, whatever the plan was made with: the table has them anyway, JSON where it is asked for
        #[arg(long)]
        requests: bool,
        /// How results are written
        #[arg(long, default_value = "table")]
        format: Format,
    },
}

/// Options of `push`.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// The plan that `trueup plan -o FILE` saved
    pub file: PathBuf,
    /// Confirm without a terminal: the number of changes of the plan
    #[arg(long, value_name = "N")]
    pub yes_count: Option<usize>,
    /// Confirm a production system by its name; once for each
    #[arg(long, value_name = "SYSTEM")]
    pub yes_system: Vec<String>,
    /// Confirm a record that is deleted for good by its key; once for each
    #[arg(long, value_name = "KEY")]
    pub yes_delete: Vec<String>,
    /// Why it is pushed: a reason or ticket, kept with the push (a system may want one: `require_reason`)
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Acknowledge a rule that stands in the way, as the plan names it; RULE alone where one system has it. Once for each
    #[arg(long, value_name = "RULE:SYSTEM")]
    pub acknowledge: Vec<String>,
    /// How results are written
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// Options of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Only this push, whole; all, a line each, where none is named
    pub push: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 50)]
    pub most: usize,
    /// How results are written
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// Options of `undo` and `retry`.
#[derive(Debug, Args)]
pub struct AgainArgs {
    /// The push, as `trueup history` names it
    pub push: String,
    /// Save the plan here, for `trueup push FILE`
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// How results are written
    #[arg(long, default_value = "table")]
    pub format: Format,
}

/// Options of `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// What to do
    #[command(subcommand)]
    pub what: Audit,
}

/// What `audit` can do.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Check the chain of hashes over all entries; name the first bad one
    Verify {
        /// A head that was noted before (in a ticket): tells whether entries were taken away since
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
}

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportWhat {
    /// One line for each attribute that differs, and for each record that is missing or extra.
    Mismatches,
    /// One line for each record of a kind, of all systems or with all attributes of one.
    List,
    /// One line for each facet of each change that was ever pushed.
    History,
}

/// Options of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What
    #[arg(default_value = "mismatches")]
    pub what: ExportWhat,
    /// Only records that this filter holds for (see `trueup help filter`)
    #[arg(long)]
    pub filter: Option<String>,
    /// Only this kind: users, groups, roles or products [default: all; for a list: users]
    #[arg(long)]
    pub kind: Option<String>,
    /// Only this system
    #[arg(long)]
    pub system: Option<String>,
    /// Only these columns, in this order
    #[arg(long, value_delimiter = ',', value_name = "COLUMN")]
    pub columns: Vec<String>,
    /// Personal data masked, as `z` does in the console
    #[arg(long)]
    pub mask: bool,
    /// The file, in .csv or .jsonl; a bare name goes into the folder `exports` of the state directory [default: named by the time]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<String>,
}

/// Options of `purge`.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// The system
    pub system: String,
    /// Without asking
    #[arg(long)]
    pub yes: bool,
}

/// Options of `keys`.
#[derive(Debug, Args)]
pub struct KeysArgs {
    /// As a table in Markdown
    #[arg(long)]
    pub markdown: bool,
}

/// Options of `help`.
#[derive(Debug, Args)]
pub struct Help {
    /// config, keys, filter, connectors, exit, faults, or the name of a connector (aha, scim, ...)
    pub topic: Option<String>,
}
