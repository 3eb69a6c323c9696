use std::path::PathBuf;

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
                  read completely, 4 a push did not fully succeed."
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
    /// Colours: auto honours NO_COLOR
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Place the cursor anew after every wide character: for terminals that disagree about widths
    #[arg(long, global = true)]
    pub compat_draw: bool,
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
    /// Test the connection of one system or of all, with the evidence
    Test(Test),
    /// Read everything, compare, and print what is out of true
    Check(Check),
    /// Explain a topic: config, keys, filter, connectors, faults, or the name of a connector
    Help(Help),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
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

/// Options of `simulate`.
#[cfg(feature = "simulate")]
#[derive(Debug, Args)]
pub struct Simulate {
    /// scim, aha, kingdee or litmos
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
    /// Which view of the world a SCIM service shows: source or directory
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

/// Options of `help`.
#[derive(Debug, Args)]
pub struct Help {
    /// config, keys, filter, connectors, faults, or the name of a connector (aha, scim, ...)
    pub topic: Option<String>,
}
