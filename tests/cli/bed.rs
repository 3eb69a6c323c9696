//! A test bed: simulators in this process, a configuration over them, and the program run against it.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use trueup::simulate::{self, Options, Running};

/// A directory that is gone when the test ends.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("trueup-test-{}", uuid::Uuid::now_v7()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One simulated system of a bed.
pub struct System {
    pub name: &'static str,
    pub connector: &'static str,
    pub view: &'static str,
    pub faults: Vec<&'static str>,
    /// Lines for its section of the configuration.
    pub more: &'static str,
}

pub const HR: System = System { name: "hr", connector: "scim", view: "source", faults: Vec::new(), more: "" };
pub const AHA: System = System {
    name: "aha",
    connector: "aha",
    view: "aha",
    faults: Vec::new(),
    more: "account = \"acme\"\nmode = \"full\"\n",
};
pub const LITMOS: System = System {
    name: "litmos",
    connector: "litmos",
    view: "litmos",
    faults: Vec::new(),
    more: "source_name = \"trueup\"\nmode = \"full\"\n",
};
pub const KINGDEE: System =
    System { name: "kingdee", connector: "kingdee", view: "kingdee", faults: Vec::new(), more: "mode = \"full\"\n" };
pub const DIRECTORY: System =
    System { name: "directory", connector: "scim", view: "directory", faults: Vec::new(), more: "mode = \"full\"\n" };

pub struct Bed {
    pub dir: Dir,
    pub running: Vec<(&'static str, Running)>,
    _runtime: tokio::runtime::Runtime,
}

/// Simulators over one world, the first system being the source.
pub fn bed(users: u32, systems: &[System]) -> Bed {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut running = Vec::new();
    for system in systems {
        let options = Options {
            users,
            view: system.view.to_owned(),
            faults: system.faults.iter().map(|fault| (*fault).to_owned()).collect(),
            // The vendor's limit would only make the test slow; it has tests of its own.
            rate_limit: false,
            ..Options::default()
        };
        running.push((system.name, runtime.block_on(simulate::start(system.connector, options)).unwrap()));
    }
    let bed = Bed { dir: Dir::new(), running, _runtime: runtime };
    // Every bed has an account `acme` of its own; on a host these would be one.
    let mut text =
        format!("source = \"{}\"\nlease_dir = \"{}\"\n", systems[0].name, bed.dir.0.join("leases").display());
    for (system, (name, running)) in systems.iter().zip(&bed.running) {
        write!(text, "\n[system.{name}]\nconnector = \"{}\"\nrate = 1000\n", system.connector).unwrap();
        if system.connector != "kingdee" {
            writeln!(text, "url = \"{}\"", running.url).unwrap();
        }
        for (key, value) in &running.login {
            let file = bed.dir.0.join(format!("{name}.{key}"));
            secret(&file, value);
            let kept = format!("{{ file = \"{}\" }}", file.display());
            match key.as_str() {
                "token" => writeln!(text, "auth = {{ bearer = {kept} }}"),
                "api_key" => writeln!(text, "auth = {{ api_key = {kept} }}"),
                "application_secret" | "password" if system.connector == "kingdee" => writeln!(text, "{key} = {kept}"),
                _ if system.connector == "kingdee" => writeln!(text, "{key} = \"{value}\""),
                // The rest is said by the test itself, as an operator would, or another way to sign in.
                _ => Ok(()),
            }
            .unwrap();
        }
        text.push_str(system.more);
    }
    fs::write(bed.config(), text).unwrap();
    bed
}

/// Writes a secret as it must be: for its owner alone.
pub fn secret(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

impl Bed {
    pub fn config(&self) -> PathBuf {
        self.dir.0.join("trueup.toml")
    }

    pub fn system(&self, name: &str) -> &Running {
        &self.running.iter().find(|(have, _)| *have == name).unwrap().1
    }

    /// Puts these faults in the place of those in force.
    pub fn faults(&self, name: &str, faults: &[&str]) {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        self.system(name).faults.replace(&trueup::simulate::faults::Faults::parse(&faults).unwrap());
    }

    /// Changes the configuration's text.
    pub fn edit(&self, change: impl FnOnce(String) -> String) {
        let text = change(fs::read_to_string(self.config()).unwrap());
        fs::write(self.config(), text).unwrap();
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        let all = self.placed(args);
        run(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Starts the program and does not wait for its end; what it says is not heard.
    pub fn start(&self, args: &[&str]) -> Child {
        program(&self.placed(args)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn placed(&self, args: &[&str]) -> Vec<String> {
        let (config, data) = (self.config().display().to_string(), self.dir.0.join("data").display().to_string());
        let placed = ["--config".to_owned(), config, "--data-dir".to_owned(), data];
        placed.into_iter().chain(args.iter().map(|arg| (*arg).to_owned())).collect()
    }
}

pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The lines of JSON of one type.
    pub fn lines(&self, of: &str) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .filter(|line| line["type"] == of)
            .collect()
    }
}

fn program(args: &[impl AsRef<std::ffi::OsStr>]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_trueup"));
    program.args(args).env_remove("TRUEUP_CONFIG").env_remove("TRUEUP_DATA_DIR").stdin(Stdio::null());
    program
}

pub fn run(args: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = program(args).output().unwrap();
    Ran {
        code: status.code().unwrap_or(-1),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}
