//! `trueup demo`: the console over simulated systems, with a data directory of its own; nothing real is touched.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::Demo;
use super::{Exit, Global, console, setup};
use crate::config::{self, Dirs};
use crate::simulate::{self, Options, Running};

/// The systems of the demo: name, connector, view of the world, and what the configuration says beside the address.
const SYSTEMS: &[(&str, &str, &str, &str)] = &[
    ("hr", "scim", "source", "rate = 100\n"),
    ("aha", "aha", "aha", "mode = \"full\"\naccount = \"acme\"\n"),
    ("directory", "scim", "directory", "mode = \"full\"\nrate = 100\n"),
];

/// Starts the simulators and opens the console over them, or only serves them.
///
/// # Errors
/// When a fault is wrongly written or a directory cannot be made.
pub fn run(global: &Global, args: &Demo) -> anyhow::Result<Exit> {
    let home = Home::make(global.data_dir.as_deref())?;
    let runtime = setup::runtime()?;
    let running = runtime.block_on(start(args))?;
    let text = configuration(&running, &home.path)?;
    let file = home.path.join("trueup.toml");
    std::fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    if args.serve {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", serde_json::json!({ "config": file, "data_dir": home.path }))?;
        for (_, simulator) in &running {
            writeln!(out, "{}", simulator.ready_line())?;
        }
        out.flush()?;
        drop(out);
        runtime.block_on(setup::interrupted());
        return Ok(Exit::True);
    }
    let mappings = setup::builtin()?;
    let config = config::parse(&text, "the demo's configuration", &mappings)?;
    let dirs = Dirs::find(Some(&home.path)).map_err(anyhow::Error::msg)?;
    let setup = setup::build(&config, &dirs, &mappings)?;
    console::open(setup, global, "acme".to_owned(), true)
}

async fn start(args: &Demo) -> anyhow::Result<Vec<(&'static str, Running)>> {
    for fault in &args.faults {
        let known = fault.split_once(':').is_some_and(|(system, _)| SYSTEMS.iter().any(|(name, ..)| *name == system));
        if !known {
            let names: Vec<_> = SYSTEMS.iter().map(|(name, ..)| *name).collect();
            bail!("--fault {fault}: it begins with the system, one of {}, and a colon", names.join(", "));
        }
    }
    let mut running = Vec::new();
    for (name, connector, view, _) in SYSTEMS {
        let faults = args.faults.iter().filter_map(|fault| fault.split_once(':'));
        let options = Options {
            users: args.users,
            seed: args.seed,
            faults: faults.filter(|(system, _)| system == name).map(|(_, fault)| fault.to_owned()).collect(),
            view: (*view).to_owned(),
            ..Options::default()
        };
        let simulator =
            simulate::start(connector, options).await.map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        running.push((*name, simulator));
    }
    Ok(running)
}

fn configuration(running: &[(&str, Running)], home: &Path) -> anyhow::Result<String> {
    let mut text = String::from("source = \"hr\"\n");
    for (name, simulator) in running {
        let token = simulator.login.get("token").map(String::as_str).unwrap_or_default();
        let file = home.join(format!("{name}.token"));
        std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&file)
            .and_then(|mut opened| opened.write_all(token.as_bytes()))
            .with_context(|| format!("cannot write {}", file.display()))?;
        let more = SYSTEMS.iter().find(|(system, ..)| system == name).map(|(.., more)| *more).unwrap_or_default();
        write!(
            text,
            "\n[system.{name}]\nconnector = \"{}\"\nurl = \"{}\"\nauth = {{ bearer = {{ file = {} }} }}\n{more}",
            simulator.connector,
            simulator.url,
            toml::Value::String(file.display().to_string())
        )?;
    }
    Ok(text)
}

/// The demo's directory. Without `--data-dir` it is fresh for each run and gone afterwards: the simulated systems forget
/// everything too.
struct Home {
    path: PathBuf,
    fresh: bool,
}

impl Home {
    fn make(data_dir: Option<&Path>) -> anyhow::Result<Self> {
        let (path, fresh) = match data_dir {
            Some(dir) => (dir.to_owned(), false),
            None => {
                let all = Dirs::find(None).map_err(anyhow::Error::msg)?.cache.join("demo");
                sweep(&all);
                (all.join(std::process::id().to_string()), true)
            }
        };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make the directory {}", path.display()))?;
        Ok(Self { path, fresh })
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.fresh {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Removes the directories of demos that were killed.
fn sweep(all: &Path) {
    let Ok(entries) = std::fs::read_dir(all) else { return };
    for entry in entries.flatten() {
        let pid =
            entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(rustix::process::Pid::from_raw);
        if pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_err()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
