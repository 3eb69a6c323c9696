//! Promise 9 at every single step of the journal: the real program, killed while it writes each entry of one push.
//!
//! The kernel does the killing: the program may let its files grow to a certain byte and no further, so that it dies
//! (SIGXFSZ, which it does not catch) in the middle of writing the journal's next commit, with all before it on disk and
//! nothing of that one. One push of the whole plan, undisturbed, shows where the commits end; then the same push is begun
//! once for each of them, on a world that is as it was, and killed there. The next start finishes it, and the directory
//! has to be in every attribute and member what the undisturbed push made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};
use serde_json::{Value, json};
use trueup::simulate::{self, Options, Running, StartError};
use trueup::store::{Journal, journal};

use crate::bed::{Bed, Dir, HR, key, patch};

/// How many pushes are begun side by side.
const LANES: usize = 3;

const USERS: u32 = 40;

/// A page of the database and the head of its frame in the log (sqlite.org/fileformat2.html 4.1).
const PAGE: u64 = 4096;
const FRAME: u64 = 24 + PAGE;

/// The log is grown to this before a push, so that nothing else which the program writes meets the limit first.
const GROWN: u64 = 256 * 1024;

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

async fn list(bed: &Bed, system: &str, what: &str) -> Vec<Value> {
    let page = bed.get(system, &format!("/scim/v2/{what}?count=500")).await;
    page["Resources"].as_array().unwrap().clone()
}

/// A directory at this port, as it is from the start.
async fn directory(port: u16) -> Running {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let view = "directory".to_owned();
        let options = Options { port, users: USERS, view, rate_limit: false, ..Options::default() };
        match simulate::start("scim", options).await {
            Ok(running) => return running,
            // The one before it is just letting go of the port.
            Err(StartError::Listen(..)) if Instant::now() < until => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Puts a directory out of true: wrong titles, groups without members.
async fn spoil(bed: &Bed) {
    let there = list(bed, "directory", "Users").await;
    let path = |user: &Value| format!("/scim/v2/Users/{}", text(user, "id"));
    for user in &there[..10] {
        bed.behind("directory", "PATCH", &path(user), &patch("title", "Out of true")).await;
    }
    let groups = list(bed, "directory", "Groups").await;
    for group in groups.iter().filter(|group| !group["members"][0].is_null()).take(3) {
        let path = format!("/scim/v2/Groups/{}", text(group, "id"));
        bed.behind("directory", "PATCH", &path, &patch("members", json!([]))).await;
    }
}

/// Everything that a directory holds, told without the ids that it gave and the times at which it was written.
async fn state(bed: &Bed) -> BTreeMap<String, String> {
    let (users, groups) = (list(bed, "directory", "Users").await, list(bed, "directory", "Groups").await);
    let called = users.iter().map(|user| (text(user, "id"), format!("user {}", text(user, "userName"))));
    let called =
        called.chain(groups.iter().map(|group| (text(group, "id"), format!("group {}", text(group, "displayName")))));
    let names: BTreeMap<&str, String> = called.collect();
    let mut state = BTreeMap::new();
    for record in users.iter().chain(&groups) {
        let name = names[text(record, "id")].clone();
        assert_eq!(state.insert(name.clone(), named(record, &names)), None, "{name} is there twice");
    }
    state
}

fn named(value: &Value, names: &BTreeMap<&str, String>) -> String {
    match value {
        Value::Object(fields) => {
            let own = fields.iter().filter(|(name, _)| !["id", "meta", "$ref"].contains(&name.as_str()));
            let own: BTreeMap<&String, String> = own.map(|(name, value)| (name, named(value, names))).collect();
            format!("{own:?}")
        }
        Value::Array(all) => format!("{:?}", all.iter().map(|one| named(one, names)).collect::<BTreeSet<_>>()),
        Value::String(text) => names.get(text.as_str()).unwrap_or(text).clone(),
        other => other.to_string(),
    }
}

/// Where the commits after this byte of a log end.
fn commits(log: &Path, from: u64) -> Vec<u64> {
    let bytes = std::fs::read(log).unwrap();
    let heads = (from..).step_by(FRAME as usize).take_while(|at| at + FRAME <= bytes.len() as u64);
    // The last frame of a commit says how large the database is then; the others say nothing.
    let ends = heads.filter(|at| bytes[*at as usize + 4..][..4] != [0; 4]);
    ends.map(|at| at + FRAME).collect()
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copied(&path, &there);
        } else {
            std::fs::copy(&path, &there).unwrap();
        }
    }
}

/// A place in which one push after the other is begun, each on the same world.
struct Lane {
    dir: Dir,
    hr: Arc<Bed>,
    bed: Bed,
    port: u16,
    config: PathBuf,
    plan: String,
    changes: usize,
}

impl Lane {
    async fn new(hr: Arc<Bed>) -> Self {
        let dir = Dir(std::env::temp_dir().join(format!("trueup-step-{}", uuid::Uuid::now_v7())));
        std::fs::create_dir_all(&dir.0).unwrap();
        let running = directory(0).await;
        let port = url::Url::parse(&running.url).unwrap().port().unwrap();
        let config = dir.0.join("trueup.toml");
        // What was not carried out never shows: there is nothing to wait for. One step at a time: each push takes the same way.
        let mut lines =
            format!("source = \"hr\"\npatience = 0.2\nlease_dir = \"{}\"\n", dir.0.join("leases").display());
        let serial = dir.0.join("serial.toml");
        std::fs::write(&serial, "rate = { per_second = 1000.0, burst = 2000, parallel = 1 }\n").unwrap();
        let more = format!(
            "mode = \"full\"\nlimits = {{ deactivate = 100, percent = 100 }}\nmapping = \"{}\"\n",
            serial.display()
        );
        for (name, url, more) in [("hr", &hr.simulator("hr").url, String::new()), ("directory", &running.url, more)] {
            lines += &format!(
                "[system.{name}]\nconnector = \"scim\"\nurl = \"{url}\"\nrate = 1000\n\
                 auth = {{ bearer = {{ env = \"{}_TOKEN\" }} }}\n{more}",
                name.to_uppercase()
            );
        }
        std::fs::write(&config, lines).unwrap();
        let plan = dir.0.join("whole.plan").display().to_string();
        let bed = Bed { simulators: vec![("directory", running)], dir: Dir(dir.0.join("none")) };
        let mut lane = Self { dir, hr, bed, port, config, plan, changes: 0 };
        spoil(&lane.bed).await;
        lane.changes = lane.planned(&lane.plan.clone()).await;
        std::fs::rename(lane.data(), lane.dir.0.join("begin")).unwrap();
        lane
    }

    fn data(&self) -> PathBuf {
        self.dir.0.join("data")
    }

    fn journal(&self) -> PathBuf {
        self.data().join("state/journal.db")
    }

    fn log(&self) -> PathBuf {
        self.data().join("state/journal.db-wal")
    }

    /// `begun`: what the program is begun with, which hands over to it.
    fn command(&self, begun: &[&str], args: &[&str]) -> Command {
        let words = [begun, &[env!("CARGO_BIN_EXE_trueup")]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).arg("--config").arg(&self.config).arg("--data-dir").arg(self.data()).args(args);
        command
            .env("HR_TOKEN", key(self.hr.simulator("hr")))
            .env("DIRECTORY_TOKEN", key(self.bed.simulator("directory")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, args: &[&str]) -> Output {
        let mut command = self.command(&[], args);
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    }

    /// Plans all that is out of true, and gives how many changes that are.
    async fn planned(&self, file: &str) -> usize {
        let ran = self.run(&["plan", "--system", "directory", "--removals", "--format", "json", "-o", file]).await;
        let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned());
        assert!(matches!(ran.status.code(), Some(0 | 1)), "{err}");
        let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        last["changes"].as_u64().unwrap() as usize
    }

    /// The world and the program's data as they were when the plan was made.
    async fn begin(&mut self) {
        if self.data().exists() {
            std::fs::remove_dir_all(self.data()).unwrap();
        }
        copied(&self.dir.0.join("begin"), &self.data());
        self.bed.simulators.clear();
        self.bed.simulators.push(("directory", directory(self.port).await));
        spoil(&self.bed).await;
    }

    /// Keeps the log of the journal from being taken back, and gives how long it is.
    fn grown(&self) -> (rusqlite::Connection, u64) {
        let db = rusqlite::Connection::open(self.journal()).unwrap();
        let length = || std::fs::metadata(self.log()).map_or(0, |about| about.len());
        while length() < GROWN {
            db.execute_batch("vacuum").unwrap();
        }
        db.execute_batch("begin; select count(*) from entry;").unwrap();
        let _: i64 = db.query_row("select count(*) from entry", [], |row| row.get(0)).unwrap();
        let length = length();
        (db, length)
    }

    /// Pushes the whole plan, and has the kernel kill the push where a file would grow beyond this.
    async fn push(&self, limit: Option<u64>) -> (ExitStatus, String) {
        let count = self.changes.to_string();
        // The shell waits until the limit stands, and then becomes the program.
        let shell = ["sh", "-c", "read go; exec \"$@\"", "sh"];
        let mut command = self.command(&shell, &["push", &self.plan, "--yes-count", &count]);
        command.stdin(Stdio::piped());
        let ran = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().unwrap();
            let id = Pid::from_raw(i32::try_from(child.id()).unwrap());
            if let Some(limit) = limit {
                let all = |most| Rlimit { current: Some(most), maximum: Some(most) };
                prlimit(id, Resource::Core, all(0)).unwrap();
                prlimit(id, Resource::Fsize, all(limit)).unwrap();
            }
            child.stdin.take().unwrap().write_all(b"go\n").unwrap();
            child.wait_with_output().unwrap()
        });
        let ran = ran.await.unwrap();
        (ran.status, [ran.stdout, ran.stderr].iter().map(|part| String::from_utf8_lossy(part)).collect())
    }

    /// What the directory has carried out so far.
    fn carried_out(&self) -> Vec<String> {
        let seen = self.bed.simulator("directory").seen.writes();
        let done = seen.iter().filter(|request| (200..300).contains(&request.status));
        done.map(|request| format!("{} {} {}", request.method, request.path, request.body)).collect()
    }

    /// Pushes all without a kill: where the log began and where its commits ended, and what became of the directory.
    async fn undisturbed(&mut self) -> (Vec<u64>, BTreeMap<String, String>) {
        self.begin().await;
        let (held, base) = self.grown();
        let (status, said) = self.push(None).await;
        assert_eq!(status.code(), Some(0), "{said}");
        let mut ends = vec![base];
        ends.extend(commits(&self.log(), base));
        drop(held);
        (ends, state(&self.bed).await)
    }

    /// Kills the push while it writes its commit of this number, and has the next start finish it.
    async fn killed(&mut self, number: usize, ends: &[u64], wanted: &BTreeMap<String, String>) {
        self.begin().await;
        let (held, base) = self.grown();
        assert_eq!(base, ends[0], "each push begins alike");
        // Somewhere in it: before its first byte, or with a part of it written.
        let (from, to) = (ends[number], ends[number + 1]);
        let (status, said) = self.push(Some(from + number as u64 * 1373 % (to - from))).await;
        assert_eq!(status.signal(), Some(Signal::XFSZ.as_raw()), "commit {number}: {status} {said}");
        // What is written as the program begins may be one commit or two.
        let durable = commits(&self.log(), base).len();
        assert!(durable.abs_diff(number) <= 2, "commit {number}: {durable} are on disk");
        drop(held);

        let rest = self.data().join("rest.plan").display().to_string();
        let count = self.planned(&rest).await;
        // With nothing left to do the next start has still to look up what was on its way.
        if count > 0 {
            let ran = self.run(&["push", &rest, "--yes-count", &count.to_string()]).await;
            let said = [ran.stdout, ran.stderr].concat();
            assert_eq!(ran.status.code(), Some(0), "commit {number}: {}", String::from_utf8_lossy(&said));
        }
        let there = state(&self.bed).await;
        let names: BTreeSet<&String> = there.keys().chain(wanted.keys()).collect();
        let other = names.into_iter().filter(|name| there.get(*name) != wanted.get(*name));
        let other: Vec<_> = other.map(|name| (name, there.get(name), wanted.get(name))).collect();
        assert!(other.is_empty(), "commit {number}: what is there, and what the undisturbed push made: {other:#?}");
        let done = self.carried_out();
        let once: BTreeSet<&String> = done.iter().collect();
        assert_eq!(once.len(), done.len(), "commit {number}: something was carried out twice");
        let mut journal = journal::open(&self.journal()).unwrap();
        assert_eq!(journal.verify().unwrap(), None, "commit {number}: the record is whole");
        if count > 0 {
            assert_eq!(journal.open_intents().unwrap().len(), 0, "commit {number}: nothing is unknown");
            assert!(journal.history(9).unwrap().iter().all(|push| push.closed), "commit {number}");
        }
    }
}

/// Puts the source out of true with any directory: people who are new there, and people who have left.
async fn spoil_source(hr: &Bed) {
    for user in &list(hr, "hr", "Users").await[12..16] {
        hr.behind("hr", "PATCH", &format!("/scim/v2/Users/{}", text(user, "id")), &patch("active", false)).await;
    }
    for number in 0..5 {
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": format!("new{number}@example.com"),
            "name": { "givenName": "Ada", "familyName": format!("New{number}") }, "title": "Newcomer", "active": true,
        });
        hr.behind("hr", "POST", "/scim/v2/Users", &user).await;
    }
}

/// The commits at which a lane kills: some of each kind; all where `TRUEUP_EVERY_STEP` is set, which takes minutes.
fn chosen(commits: usize, lane: usize) -> Vec<usize> {
    let all = std::env::var_os("TRUEUP_EVERY_STEP").is_some();
    let some = |number: &usize| all || *number < 12 || number + 3 > commits || number.is_multiple_of(11);
    (0..commits).filter(some).enumerate().filter(|(at, _)| at % LANES == lane).map(|(_, number)| number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_is_killed_at_any_entry_of_its_journal_is_finished_by_the_next_start_and_does_nothing_twice() {
    let hr = Arc::new(Bed::of(USERS, &[HR]).await);
    spoil_source(&hr).await;
    let lanes = (0..LANES).map(|place| {
        let hr = hr.clone();
        tokio::spawn(async move {
            let mut lane = Lane::new(hr).await;
            assert!(lane.changes >= 50, "{} changes", lane.changes);
            let (ends, wanted) = lane.undisturbed().await;
            let numbers = chosen(ends.len() - 1, place);
            for number in &numbers {
                lane.killed(*number, &ends, &wanted).await;
            }
            (numbers.len(), ends.len() - 1, lane.changes, wanted)
        })
    });
    let mut ended = Vec::new();
    for lane in lanes.collect::<Vec<_>>() {
        ended.push(lane.await.unwrap());
    }
    let (_, commits, changes, wanted) = &ended[0];
    let kills: usize = ended.iter().map(|(kills, ..)| kills).sum();
    assert!(kills >= 20, "{kills} of {commits}");

    // What the undisturbed push made of it is what the source wants.
    for user in list(&hr, "hr", "Users").await.iter().filter(|user| user["active"] == true) {
        let has = &wanted[&format!("user {}", text(user, "userName"))];
        assert!(has.contains(&format!("{:?}", text(user, "title"))), "{has}");
    }
    println!("killed {kills} times, at {kills} of the {commits} commits of a push of {changes} changes");
}
