//! From configuration to what the engine starts with.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use super::{Global, out};
use crate::config::{self, Config, Dirs, SystemConfig};
use crate::console::app::said::learn;
use crate::console::run::Rules;
use crate::engine::protocol::{Health, Making, Report, World};
use crate::engine::push::Patience;
use crate::engine::{self, Progress, Session, Setup, SystemSetup};
use crate::mapping::Mapping;
use crate::model::{SystemId, text};
use crate::store;

/// The built-in mappings of all connectors.
///
/// # Errors
/// When one of them does not compile, which the tests rule out.
pub fn builtin() -> anyhow::Result<Vec<Mapping>> {
    Mapping::builtin_names().map(|name| Mapping::builtin(name).context("a built-in mapping is broken")).collect()
}

/// The built-in mappings and the operator's own: every `connectors/*.toml` beside the configuration, then in the
/// configuration directory. Of two with one name the first counts.
///
/// # Errors
/// When one of them cannot be read or does not compile: a system may depend on it.
pub fn mappings(dirs: &Dirs, config: &Path) -> anyhow::Result<Vec<Mapping>> {
    let mut all = builtin()?;
    let beside = config.parent().unwrap_or(Path::new(""));
    for dir in [beside.join(OWN), dirs.config.join(OWN)] {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
        files.sort();
        for file in files {
            let mapping = Mapping::own(&mapping_text(&file)?, &file.display().to_string())?;
            if all.iter().all(|have| have.connector != mapping.connector) {
                learn(&mapping);
                all.push(mapping);
            }
        }
    }
    Ok(all)
}

/// The folder with the operator's own connectors.
const OWN: &str = "connectors";

/// The configuration that the options name, as the engine wants it.
///
/// # Errors
/// When the configuration, a mapping or the journal cannot be used.
pub fn load(global: &Global) -> anyhow::Result<Setup> {
    load_titled(global).map(|loaded| loaded.setup)
}

/// The same with what the configuration is called (its file's name, or its folder's where the file is a `trueup.toml`), and
/// how the console looks and speaks.
///
/// # Errors
/// As [`load`].
pub fn load_titled(global: &Global) -> anyhow::Result<Loaded> {
    let read = configuration(global)?;
    let setup = build(&read.config, &read.dirs, &read.mappings)?;
    for accepted in &global.accept_incomplete {
        known(setup.systems.iter().map(SystemSetup::id), accepted.system.as_str())?;
    }
    let reread = reread(global, &read.config, &setup.systems);
    let setup = Setup { accepted: global.accept_incomplete.clone(), reread: Some(reread), ..setup };
    let named = |system: &SystemConfig| Some((system.id.clone(), system.mapping.clone()?));
    let mappings = read.config.systems.iter().filter_map(named).collect();
    Ok(Loaded { setup, title: read.title, face: read.config.face, rules: Rules { config: read.path, mappings } })
}

/// A configuration as the console wants it.
pub struct Loaded {
    /// What the engine starts with.
    pub setup: Setup,
    /// What the configuration is called.
    pub title: String,
    /// How the console looks and speaks.
    pub face: config::Face,
    /// Where the rules are written.
    pub rules: Rules,
}

/// Reads the same configuration anew while the program runs: its rules, and not the way to the systems.
pub(super) fn reread(global: &Global, first: &Config, systems: &[SystemSetup]) -> engine::Reread {
    let (global, first) = (global.clone(), first.clone());
    // What was asked for at the start is not asked for again.
    let asked: Vec<SystemConfig> = systems.iter().map(|system| system.config.clone()).collect();
    let read = move || -> anyhow::Result<Vec<SystemSetup>> {
        let read = configuration(&global)?;
        let needs = first.needs_restart(&read.config);
        if !needs.is_empty() {
            bail!("{} cannot be changed while trueup runs: end it and start it again", needs.join(", "));
        }
        let of = |(config, asked): (&SystemConfig, &SystemConfig)| {
            let (auth, own_secrets) = (asked.auth.clone(), asked.own_secrets.clone());
            system(&SystemConfig { auth, own_secrets, ..config.clone() }, &read.mappings)
        };
        read.config.systems.iter().zip(&asked).map(of).collect()
    };
    Arc::new(move || read().map_err(|error| format!("{error:#}")))
}

/// A configuration with all that it stands on.
pub struct Read {
    /// What it says.
    pub config: Config,
    /// Where its data lives.
    pub dirs: Dirs,
    /// The connectors that it may name.
    pub mappings: Vec<Mapping>,
    /// What it is called.
    pub title: String,
    /// Its file.
    pub path: std::path::PathBuf,
}

/// The configuration that the options name.
///
/// # Errors
/// When the configuration cannot be used.
pub fn configuration(global: &Global) -> anyhow::Result<Read> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = global.config.clone().unwrap_or_else(|| dirs.config_file());
    let mappings = mappings(&dirs, &path)?;
    let config = config::read(&path, &mappings)?;
    let path = std::fs::canonicalize(&path).unwrap_or(path);
    let file = path.file_stem().unwrap_or_default().to_string_lossy();
    let title = match path.parent().and_then(Path::file_name) {
        Some(folder) if file == "trueup" => folder.to_string_lossy().into_owned(),
        _ => file.into_owned(),
    };
    Ok(Read { config, dirs, mappings, title, path })
}

/// A checked configuration as the engine wants it. Secrets are not fetched here but by the engine, system by system, so that
/// one that cannot be had breaks only its own system.
///
/// # Errors
/// When a mapping or the journal cannot be used.
pub fn build(config: &Config, dirs: &Dirs, mappings: &[Mapping]) -> anyhow::Result<Setup> {
    let journal = match store::journal::open(&dirs.state.join("journal.db")) {
        Ok(journal) => journal,
        // All can be read and compared without one; nothing is pushed, and the engine says why.
        Err(why) => {
            out::aside(&format!("trueup: no push can be made from here: {why}"));
            store::journal::without(&why)?
        }
    };
    let usual = Patience::default();
    let cache = store::FileCache::new(&dirs.cache);
    if let Err(why) = cache.sweep(config.keep) {
        out::aside(&format!("trueup: snapshots older than {} days are still there: {why}", config.keep));
    }
    let systems = config.systems.iter().map(|config| system(config, mappings)).collect::<anyhow::Result<Vec<_>>>()?;
    let cache = cache.of(systems.iter().map(|system| (system.id().clone(), system.place())).collect());
    Ok(Setup {
        systems,
        source: config.source.clone(),
        reference: config.reference.clone(),
        journal: Box::new(journal),
        cache: (config.keep > 0).then(|| Arc::new(cache) as Arc<dyn store::Cache>),
        leases: config.lease_dir.clone().map_or_else(store::Leases::shared, store::Leases::at),
        accepted: Vec::new(),
        who: super::operator::who(),
        patience: Patience { show: config.patience.unwrap_or(usual.show), ..usual },
        read_at_start: true,
        reread: None,
    })
}

fn system(config: &SystemConfig, mappings: &[Mapping]) -> anyhow::Result<SystemSetup> {
    let known = mappings.iter().find(|mapping| mapping.connector == config.connector);
    let mapping = match (&config.mapping, known) {
        (None, Some(mapping)) => mapping.clone(),
        (Some(path), Some(mapping)) if mapping.speaks == mapping.connector => overlaid(&config.connector, path)?,
        (Some(_), Some(_)) => {
            let advice = "put the rows of `mapping` into that file";
            bail!("system {}: `{}` is a connector of your own; {advice}", config.id, config.connector)
        }
        (_, None) => bail!("system {}: there is no connector `{}`", config.id, config.connector),
    };
    let config = super::ask::answered(config)?;
    let (id, name) = (config.id.clone(), config.connector.clone());
    let mapping = if config.sensitive.is_empty() { mapping } else { mapping.with_sensitive(&config.sensitive) };
    SystemSetup::over(config, Arc::new(mapping)).with_context(|| format!("system {id}: there is no connector `{name}`"))
}

fn mapping_text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("the mapping file {} cannot be read", path.display()))
}

fn overlaid(connector: &str, path: &Path) -> anyhow::Result<Mapping> {
    let text = mapping_text(path)?;
    let base = Mapping::builtin_text(connector).unwrap_or_default();
    let mapping = Mapping::overlaid(base, &text, &path.display().to_string())?;
    learn(&mapping);
    Ok(mapping)
}

/// Refuses a system's name that the configuration does not have.
///
/// # Errors
/// When there is no such system.
pub fn known<'n>(systems: impl Iterator<Item = &'n SystemId>, name: &str) -> anyhow::Result<()> {
    let names: Vec<_> = systems.map(SystemId::as_str).collect();
    if names.contains(&name) {
        return Ok(());
    }
    bail!("there is no system `{name}`; there are: {}", names.join(", "));
}

/// The runtime that the engine's tasks live on.
///
/// # Errors
/// When the operating system gives no thread.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    engine::runtime().context("cannot start the engine's threads")
}

/// Reads all systems to their end and compares them, with progress on standard error where that is a terminal.
///
/// # Errors
/// When the engine cannot be started.
pub fn read_all(setup: Setup) -> anyhow::Result<Arc<World>> {
    let session = session(&runtime()?, setup);
    session.world().map(Arc::new).map_err(anyhow::Error::msg)
}

/// The same, kept open for planning and pushing.
pub fn session(runtime: &tokio::runtime::Runtime, setup: Setup) -> Session {
    use std::io::{IsTerminal, Write};
    if !std::io::stderr().is_terminal() {
        // Who reads along later has no use for progress, and all the more for what should be read.
        let notices = |progress: Progress| {
            if let Progress::Notice(said) = progress {
                let _ = writeln!(std::io::stderr().lock(), "{}", text::clean(&said));
            }
        };
        return runtime.block_on(Session::read(setup, notices));
    }
    let systems: Vec<_> = setup.systems.iter().map(|system| system.id().clone()).collect();
    let health = std::sync::Mutex::new(vec![Health::Idle; systems.len()]);
    let progress = |progress: Progress| {
        let mut err = std::io::stderr().lock();
        match progress {
            Progress::Notice(said) => {
                let _ = writeln!(err, "\r\x1b[K{}", text::clean(&said));
            }
            Progress::System(system, now) => {
                let Ok(mut health) = health.lock() else { return };
                if let Some(at) = systems.iter().position(|known| *known == system) {
                    health[at] = now;
                }
                let line: Vec<_> =
                    systems.iter().zip(&*health).map(|(id, health)| format!("{id} {}", word(health))).collect();
                let _ = write!(err, "\r\x1b[K{}", line.join(" | "));
            }
        }
        let _ = err.flush();
    };
    let session = runtime.block_on(Session::read(setup, progress));
    let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
    session
}

/// How far a plan in the making is, on standard error where that is a terminal.
pub fn making() -> impl Fn(Report) + Send + Sync + 'static {
    use std::io::{IsTerminal, Write};
    let shown = std::io::stderr().is_terminal();
    move |report| {
        let Report::Making(all) = report else { return };
        if !shown {
            return;
        }
        let open = all.iter().filter(|making| making.read < making.of).map(|making| {
            let Making { system, read, of, left } = making;
            format!("{system}: {read} of {of} records read again, {left} requests left")
        });
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r\x1b[K{}", open.collect::<Vec<_>>().join(" | "));
        let _ = err.flush();
    }
}

/// How a system stands, in a word or two.
fn word(health: &Health) -> String {
    match health {
        Health::Idle => "-".to_owned(),
        Health::Probing => "signing in".to_owned(),
        Health::Reading { read, of: Some(of) } => format!("{read}/{of}"),
        Health::Reading { read, of: None } => read.to_string(),
        Health::Good => "ok".to_owned(),
        Health::Partial(_) => "partial!".to_owned(),
        Health::Bad { word, .. } => format!("{word}!"),
    }
}

/// Waits for ctrl-c or a request to terminate.
pub async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut hup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
        _ = hup.recv() => {}
    }
}
