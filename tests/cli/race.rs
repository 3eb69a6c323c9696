//! One writer to a system, of all operators of a host; and what a push does that is asked to stop.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::bed::{Bed, DIRECTORY, HR, Ran, bed, run};

/// An operator with a store and a configuration of their own, in which the directory has its own name.
struct Operator {
    config: PathBuf,
    data: PathBuf,
    plan: String,
}

impl Operator {
    fn new(bed: &Bed, who: &str, calls_it: &str, title: usize) -> Self {
        let config = bed.dir.0.join(format!("{who}.toml"));
        let text = std::fs::read_to_string(bed.config()).unwrap();
        std::fs::write(&config, text.replace("[system.directory]", &format!("[system.{calls_it}]"))).unwrap();
        let operator = Self {
            config,
            data: bed.dir.0.join(who),
            plan: bed.dir.0.join(format!("{who}.plan")).display().to_string(),
        };
        let whole = operator.run(&["check", "--format", "json", "--system", calls_it, "--kind", "users"]);
        let differs = whole.lines("mismatch").into_iter().filter(|line| {
            line["attributes"].as_array().is_some_and(|all| all.len() == 1 && all[0]["path"] == "title")
        });
        let key = differs.map(|line| line["key"].as_str().unwrap().to_owned()).nth(title).expect("enough differ");
        let filter = format!("userName eq \"{key}\"");
        let planned =
            operator.run(&["plan", "--system", calls_it, "--filter", &filter, "--only", "set", "-o", &operator.plan]);
        assert_eq!(planned.code, 1, "{}{}", planned.err, planned.out);
        operator
    }

    fn args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let own = ["--config", self.config.to_str().unwrap(), "--data-dir", self.data.to_str().unwrap()];
        own.into_iter().chain(more.iter().copied()).collect()
    }

    fn run(&self, more: &[&str]) -> Ran {
        run(&self.args(more))
    }

    fn push(&self) -> Ran {
        self.run(&["push", &self.plan, "--yes-count", "1"])
    }

    fn start(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_trueup"))
            .args(self.args(&["push", &self.plan, "--yes-count", "1"]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Waits until somebody holds a lease.
fn until_held(bed: &Bed) {
    let held = |dir: &Path| {
        let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.metadata().is_ok_and(|about| about.len() > 0))
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while !held(&bed.dir.0.join("leases")) {
        assert!(Instant::now() < deadline, "nobody takes a lease");
        std::thread::yield_now();
    }
}

fn writes(bed: &Bed) -> usize {
    bed.system("directory").seen.writes().len()
}

#[test]
fn of_two_operators_with_two_stores_and_two_names_for_it_one_pushes_and_the_other_is_told_who() {
    let bed = bed(300, &[HR, DIRECTORY]);
    let (lena, omar) = (Operator::new(&bed, "lena", "directory", 0), Operator::new(&bed, "omar", "staff", 1));
    bed.faults("directory", &["latency=600s@PATCH"]);
    let mut pushing = lena.start();
    until_held(&bed);
    let refused = omar.push();
    assert_eq!(refused.code, 4, "{}{}", refused.err, refused.out);
    for word in ["is pushing to staff since", &format!("process {}", pushing.id())] {
        assert!(refused.err.contains(word), "`{word}` is not in: {}", refused.err);
    }
    assert_eq!(writes(&bed), 0);

    // Killed: nothing is given back, and nothing is held.
    pushing.kill().unwrap();
    pushing.wait().unwrap();
    bed.faults("directory", &[]);
    let pushed = omar.push();
    assert_eq!(pushed.code, 0, "{}{}", pushed.err, pushed.out);
    assert!(pushed.err.contains("it is taken over"), "{}", pushed.err);
    assert_eq!(writes(&bed), 1);
}

#[test]
fn a_push_that_is_interrupted_twice_gives_up_waiting_and_the_next_start_looks_it_up() {
    let bed = bed(300, &[HR, DIRECTORY]);
    let lena = Operator::new(&bed, "lena", "directory", 0);
    bed.faults("directory", &["latency=600s@PATCH"]);
    let mut pushing = lena.start();
    until_held(&bed);
    let mut said = BufReader::new(pushing.stderr.take().unwrap()).lines();
    let mut until = |words: &str| loop {
        let line = said.next().expect("it says more").unwrap();
        if line.contains(words) {
            break;
        }
    };
    let id = Pid::from_raw(i32::try_from(pushing.id()).unwrap()).unwrap();
    kill_process(id, Signal::INT).unwrap();
    until("once more gives up waiting");
    kill_process(id, Signal::TERM).unwrap();
    until("not waited for any more");
    let mut out = String::new();
    pushing.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(pushing.wait().unwrap().code(), Some(4));
    // On a busy machine it is interrupted before the step has begun.
    assert!(["1 unknown", "1 refused", "1 stopped"].iter().any(|words| out.contains(words)), "{out}");
    bed.faults("directory", &[]);
    let audit = lena.run(&["audit", "verify"]);
    assert_eq!(audit.code, 0, "{}", audit.err);
}

#[test]
fn a_push_whose_terminal_is_gone_finishes_its_step_and_leaves_the_journal_right() {
    let bed = bed(300, &[HR, DIRECTORY]);
    let lena = Operator::new(&bed, "lena", "directory", 0);
    bed.faults("directory", &["latency=2s@PATCH"]);
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trueup"));
    command.args(lena.args(&["push", &lena.plan, "--yes-count", "1"]));
    command.env("TERM", "xterm");
    let mut child = pair.slave.spawn_command(command).unwrap();
    until_held(&bed);
    // The line is lost: the kernel sends SIGHUP, and everything that is printed fails.
    drop(pair);
    let status = child.wait().unwrap();
    let history = lena.run(&["history", "--format", "json"]);
    let outcomes = &history.lines("push")[0]["outcomes"];
    let confirmed = outcomes["confirmed"] == 1;
    assert!(confirmed || outcomes["stopped"] == 1, "{}", history.out);
    assert_eq!((status.exit_code(), writes(&bed)), if confirmed { (0, 1) } else { (4, 0) });
}

#[test]
fn a_push_that_was_stopped_and_lost_its_lease_meanwhile_writes_nothing_when_it_goes_on() {
    let bed = bed(300, &[HR, DIRECTORY]);
    let (lena, omar) = (Operator::new(&bed, "lena", "directory", 0), Operator::new(&bed, "omar", "staff", 1));
    // It is stopped while it looks at the record just before the write.
    bed.faults("directory", &["latency=3s@GET/scim/v2/Users/"]);
    let mut pushing = lena.start();
    until_held(&bed);
    let id = Pid::from_raw(i32::try_from(pushing.id()).unwrap()).unwrap();
    kill_process(id, Signal::STOP).unwrap();
    bed.faults("directory", &[]);
    let held = omar.push();
    assert_eq!((held.code, writes(&bed)), (4, 0), "who is stopped holds it still: {}", held.err);
    for file in std::fs::read_dir(bed.dir.0.join("leases")).unwrap().flatten() {
        std::fs::remove_file(file.path()).unwrap();
    }
    let pushed = omar.push();
    assert_eq!((pushed.code, writes(&bed)), (0, 1), "{}{}", pushed.err, pushed.out);
    kill_process(id, Signal::CONT).unwrap();
    let mut said = String::new();
    pushing.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    pushing.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(pushing.wait().unwrap().code(), Some(4), "{said}");
    assert!(said.contains("removed the lease"), "{said}");
    assert_eq!(writes(&bed), 1, "{said}");
}
