//! `trueup demo`: the console over simulated systems, with a data directory of its own; nothing real is touched.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::Demo;
use super::open::open;
use super::{Exit, Global, face, setup};
use crate::config::{self, Dirs};
use crate::console::run::Rules;
use crate::engine::Setup;
use crate::mapping::Mapping;
use crate::simulate::{self, Options, Running};
use crate::store::Leases;

/// One system of the demo.
struct System {
    name: &'static str,
    connector: &'static str,
    /// The view of the world that its simulator shows.
    view: &'static str,
    /// Whether the simulator keeps the vendor's limit: a demo is there to be seen at once, so the slowest does not.
    limited: bool,
    /// What the configuration says beside the address and the sign-in.
    more: &'static str,
}

const SYSTEMS: &[System] = &[
    System { name: "hr", connector: "scim", view: "source", limited: true, more: "rate = 100\n" },
    System { name: "aha", connector: "aha", view: "aha", limited: true, more: "mode = \"full\"\n" },
    System {
        name: "litmos",
        connector: "litmos",
        view: "litmos",
        limited: false,
        more: "source_name = \"trueup\"\nteam_leaders = \"yes\"\nmode = \"full\"\nrate = 50\n",
    },
    System {
        name: "kingdee",
        connector: "kingdee",
        view: "kingdee",
        limited: true,
        more: "mode = \"full\"\nrate = 50\n\
               # Sites and projects are no departments; organisations and divisions are not the source's to judge.\n\
               scope = { Group = 'not (displayName sw \"Site \" or displayName sw \"Project \" or displayName eq \"Product\" or \
               displayName eq \"Managers\")' }\n\
               manage = { Group = 'type eq \"department\" and not (parent sw \"org/\")' }\n",
    },
];

/// Writes a file that is the operator's alone.
fn private(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut opened| {
            // One that was there before keeps the mode it had, unless it is told.
            opened.set_permissions(std::fs::Permissions::from_mode(0o600))?;
            opened.write_all(text.as_bytes())
        })
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Starts the simulators and opens the console over them, or only serves them.
///
/// # Errors
/// When a fault is wrongly written or a directory cannot be made.
pub fn run(global: &Global, args: &Demo) -> anyhow::Result<Exit> {
    let home = Home::make(global.data_dir.as_deref())?;
    let runtime = setup::runtime()?;
    let running = runtime.block_on(start(args))?;
    let mappings = setup::builtin()?;
    let text = configuration(&running, &mappings, &home.path)?;
    let file = home.path.join("trueup.toml");
    private(&file, &text)?;
    if args.serve {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", serde_json::json!({ "config": file, "data_dir": home.path }))?;
        for (_, simulator) in &running {
            writeln!(out, "{}", simulator.ready_line())?;
        }
        for (system, simulator) in &running {
            for plant in simulator.world.planted(system.view) {
                let mut line = serde_json::json!({ "type": "planted", "system": system.name });
                if let (Some(line), Ok(serde_json::Value::Object(plant))) =
                    (line.as_object_mut(), serde_json::to_value(&plant))
                {
                    line.extend(plant);
                }
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        drop(out);
        runtime.block_on(setup::interrupted());
        return Ok(Exit::True);
    }
    let config = config::parse(&text, "the demo's configuration", &mappings)?;
    let look = face::settle(global, &config.face)?;
    let dirs = Dirs::find(Some(&home.path)).map_err(anyhow::Error::msg)?;
    // Its systems are nobody else's, though they are called like those of other demos.
    let setup = Setup { leases: Leases::none(), ..setup::build(&config, &dirs, &mappings)? };
    // Its rules can be edited and tried, as anybody's: they last as long as the demo does.
    let own = Global { config: Some(file.clone()), data_dir: Some(home.path.clone()), ..global.clone() };
    let setup = Setup { reread: Some(setup::reread(&own, &config, &setup.systems)), ..setup };
    let rules = Some(Rules { config: file, mappings: Vec::new() });
    let options = crate::console::run::Options {
        demo: true,
        forgets: home.fresh,
        title: "acme".to_owned(),
        rules,
        ..Default::default()
    };
    open(setup, global, look, options)
}

async fn start(args: &Demo) -> anyhow::Result<Vec<(&'static System, Running)>> {
    for fault in &args.faults {
        let known = fault.split_once(':').is_some_and(|(system, _)| SYSTEMS.iter().any(|known| known.name == system));
        if !known {
            let names: Vec<_> = SYSTEMS.iter().map(|system| system.name).collect();
            bail!("--fault {fault}: it begins with the system, one of {}, and a colon", names.join(", "));
        }
    }
    let mut running = Vec::new();
    for system in SYSTEMS {
        let faults = args.faults.iter().filter_map(|fault| fault.split_once(':'));
        let options = Options {
            users: args.users,
            seed: args.seed,
            faults: faults.filter(|(name, _)| *name == system.name).map(|(_, fault)| fault.to_owned()).collect(),
            view: system.view.to_owned(),
            rate_limit: system.limited,
            ..Options::default()
        };
        let started = simulate::start(system.connector, options).await;
        running.push((system, started.map_err(|error| anyhow::anyhow!("{}: {error}", system.name))?));
    }
    Ok(running)
}

fn configuration(running: &[(&System, Running)], mappings: &[Mapping], home: &Path) -> anyhow::Result<String> {
    let mut text = String::from("source = \"hr\"\n");
    for (system, simulator) in running {
        let System { name, connector, more, .. } = system;
        write!(text, "\n[system.{name}]\nconnector = \"{connector}\"\n")?;
        let secret = |key: &str| -> anyhow::Result<String> {
            let file = home.join(format!("{name}.{key}"));
            private(&file, &simulator.login[key])?;
            Ok(format!("{{ file = {} }}", toml::Value::String(file.display().to_string())))
        };
        let own = mappings.iter().find(|mapping| mapping.connector == *connector).map(|mapping| &mapping.settings[..]);
        let own = own.unwrap_or_default();
        if !own.iter().any(|setting| setting.address) {
            writeln!(text, "url = \"{}\"", simulator.url)?;
        }
        for setting in own {
            let Some(value) = simulator.login.get(&setting.name) else { continue };
            let value =
                if setting.secret { secret(&setting.name)? } else { toml::Value::String(value.clone()).to_string() };
            writeln!(text, "{} = {value}", setting.name)?;
        }
        for (key, way) in [("token", "bearer"), ("api_key", "api_key")] {
            if simulator.login.contains_key(key) {
                writeln!(text, "auth = {{ {way} = {} }}", secret(key)?)?;
            }
        }
        text.push_str(more);
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
