//! From configuration to what the engine starts with.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use super::Global;
use crate::config::{self, Config, Dirs, SystemConfig};
use crate::connectors::{self, Settings};
use crate::engine::{self, Progress, Setup, SystemSetup};
use crate::engine::protocol::World;
use crate::mapping::Mapping;
use crate::store;

/// The built-in mappings of all connectors.
///
/// # Errors
/// When one of them does not compile, which the tests rule out.
pub fn builtin() -> anyhow::Result<Vec<Mapping>> {
    config::keys::CONNECTORS.iter().map(|name| Mapping::builtin(name).context("a built-in mapping is broken")).collect()
}

/// The configuration that the options name, as the engine wants it.
///
/// # Errors
/// When the configuration, a mapping or the journal cannot be used.
pub fn load(global: &Global) -> anyhow::Result<Setup> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = global.config.clone().unwrap_or_else(|| dirs.config_file());
    let config = config::read(&path, &builtin()?)?;
    build(&config, &dirs)
}

/// A checked configuration as the engine wants it. Secrets are not fetched here but by the engine, system by system, so that
/// one that cannot be had breaks only its own system.
///
/// # Errors
/// When a mapping or the journal cannot be used.
pub fn build(config: &Config, dirs: &Dirs) -> anyhow::Result<Setup> {
    let journal = store::journal::open(&dirs.state.join("journal.db"))?;
    let cache = store::cache::FileCache::new(&dirs.cache);
    let systems = config.systems.iter().map(system).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Setup {
        systems,
        source: config.source.clone(),
        reference: config.reference.clone(),
        journal: Box::new(journal),
        cache: Some(Box::new(cache)),
        who: who(),
        read_at_start: true,
    })
}

fn system(config: &SystemConfig) -> anyhow::Result<SystemSetup> {
    let mapping = match &config.mapping {
        None => Mapping::builtin(&config.connector)?,
        Some(path) => overlaid(&config.connector, path)?,
    };
    let settings = Settings { url: config.url.clone(), own: config.own.clone() };
    let Some(connector) = connectors::connector(&config.connector, Arc::new(mapping), &settings) else {
        bail!("system {}: there is no connector `{}`", config.id, config.connector);
    };
    Ok(SystemSetup {
        id: config.id.clone(),
        connector,
        url: config.url.clone(),
        auth: config.auth.clone(),
        policy: config.policy.clone(),
        scope: config.scope.clone(),
        manage: config.manage.clone(),
        deactivate_out_of_scope: config.deactivate_out_of_scope,
        ca_file: config.ca_file.clone(),
        timeout: config.timeout,
        rate: config.rate,
    })
}

fn overlaid(connector: &str, path: &Path) -> anyhow::Result<Mapping> {
    let text = std::fs::read_to_string(path).with_context(|| format!("the mapping file {} cannot be read", path.display()))?;
    Ok(Mapping::overlaid(connector, &text, &path.display().to_string())?)
}

/// Who runs this, for the journal: the user and the address that they came from.
fn who() -> String {
    let user = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER")).or_else(|_| std::env::var("LOGNAME"));
    let user = user.unwrap_or_else(|_| format!("uid {}", rustix::process::getuid().as_raw()));
    match std::env::var("SSH_CLIENT") {
        Ok(from) => format!("{user} from {}", from.split(' ').next().unwrap_or_default()),
        Err(_) => user,
    }
}

/// Refuses a system's name that the configuration does not have.
///
/// # Errors
/// When there is no such system.
pub fn known(setup: &Setup, name: &str) -> anyhow::Result<()> {
    if setup.systems.iter().any(|system| system.id.as_str() == name) {
        return Ok(());
    }
    let names: Vec<_> = setup.systems.iter().map(|system| system.id.as_str()).collect();
    bail!("there is no system `{name}`; there are: {}", names.join(", "));
}

/// The runtime that the engine's tasks live on.
///
/// # Errors
/// When the operating system gives no thread.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("trueup-io")
        .enable_all()
        .build()
        .context("cannot start the engine's threads")
}

/// Reads all systems to their end and compares them, with progress on standard error where that is a terminal.
///
/// # Errors
/// When the engine cannot be started.
pub fn read_all(setup: Setup) -> anyhow::Result<Arc<World>> {
    use std::io::{IsTerminal, Write};
    let terminal = std::io::stderr().is_terminal();
    let progress = move |progress: Progress| {
        if terminal {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[K{progress}");
            let _ = err.flush();
        }
    };
    let world = runtime()?.block_on(engine::read_all(setup, progress));
    if terminal {
        eprint!("\r\x1b[K");
    }
    Ok(world)
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
