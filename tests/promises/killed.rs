//! Promise 9, the whole way: the real program is killed at every step of a push of many changes, and started again.
//!
//! Each run plans what is left and pushes it, and is killed with SIGKILL while a request of it is held: before the write is
//! carried out, after it was carried out and before the reply, or while it is read back. In the end the directory is
//! exactly as it shall be, and the simulator has carried out nothing twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bed::{Bed, DIRECTORY, HR, key, patch};

/// Where a run is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The write is in the journal and was not carried out.
    Before,
    /// The write was carried out, and no reply came.
    After,
    /// The reply came, and the record is being read back.
    ReadBack,
}

struct Killing {
    bed: Bed,
    config: PathBuf,
    data: PathBuf,
}

/// The users of a system as its simulator has them.
async fn users(bed: &Bed, system: &str) -> Vec<Value> {
    let page = bed.get(system, "/scim/v2/Users?count=500").await;
    page["Resources"].as_array().unwrap().clone()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

impl Killing {
    /// A directory that lacks people, has titles that are wrong, members too few, and accounts of people who have left.
    async fn new() -> Self {
        let bed = Bed::of(60, &[HR, DIRECTORY]).await;
        let there = users(&bed, "directory").await;
        let source: BTreeMap<String, String> = users(&bed, "hr")
            .await
            .iter()
            .map(|user| (text(user, "userName").to_owned(), text(user, "id").to_owned()))
            .collect();
        let path = |user: &Value| format!("/scim/v2/Users/{}", text(user, "id"));
        for user in &there[..8] {
            bed.behind("directory", "DELETE", &path(user), &Value::Null).await;
        }
        for user in &there[8..24] {
            bed.behind("directory", "PATCH", &path(user), &patch("title", "Out of true")).await;
        }
        for user in &there[24..32] {
            if let Some(id) = source.get(text(user, "userName")) {
                bed.behind("hr", "PATCH", &format!("/scim/v2/Users/{id}"), &patch("active", false)).await;
            }
        }
        let groups = bed.get("directory", "/scim/v2/Groups?count=500").await;
        let full = groups["Resources"].as_array().unwrap().iter().filter(|group| !group["members"][0].is_null());
        for group in full.take(4) {
            let none = patch("members", json!([]));
            bed.behind("directory", "PATCH", &format!("/scim/v2/Groups/{}", text(group, "id")), &none).await;
        }
        std::fs::create_dir_all(&bed.dir.0).unwrap();
        let (config, data) = (bed.dir.0.join("trueup.toml"), bed.dir.0.join("data"));
        // What was held was never carried out: there is nothing to wait for.
        let mut lines =
            format!("source = \"hr\"\npatience = 0.2\nlease_dir = \"{}\"\n", bed.dir.0.join("leases").display());
        for (name, more) in
            [("hr", ""), ("directory", "mode = \"full\"\nlimits = { deactivate = 100, percent = 100 }\n")]
        {
            let url = &bed.simulator(name).url;
            lines += &format!(
                "[system.{name}]\nconnector = \"scim\"\nurl = \"{url}\"\nrate = 1000\n\
                 auth = {{ bearer = {{ env = \"{}_TOKEN\" }} }}\n{more}",
                name.to_uppercase()
            );
        }
        std::fs::write(&config, lines).unwrap();
        Self { bed, config, data }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command.arg("--config").arg(&self.config).arg("--data-dir").arg(&self.data).args(args);
        for name in ["hr", "directory"] {
            command.env(format!("{}_TOKEN", name.to_uppercase()), key(self.bed.simulator(name)));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, args: &[&str]) -> Output {
        let mut command = self.command(args);
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    }

    /// A fresh plan of what is left: its file, its name and how many changes it has; `None` when nothing is left.
    async fn plan(&self, number: usize) -> Option<(String, String, usize)> {
        let file = self.bed.dir.0.join(format!("{number}.plan")).display().to_string();
        let ran = self.run(&["plan", "--system", "directory", "--removals", "--format", "json", "-o", &file]).await;
        let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned());
        assert!(matches!(ran.status.code(), Some(0 | 1)), "{err}");
        let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        let count = last["changes"].as_u64().unwrap() as usize;
        let saved = std::fs::read_to_string(&file).ok()?;
        let saved: Value = serde_json::from_str(&saved).unwrap();
        let plan = saved.get("plan").unwrap_or(&saved);
        Some((file, text(plan, "id").to_owned(), count))
    }

    fn push(&self, file: &str, count: usize) -> Child {
        self.command(&["push", file, "--yes-count", &count.to_string()]).spawn().unwrap()
    }

    /// How many entries of a kind the journal has of a plan.
    fn entries(&self, plan: &str, what: &str) -> usize {
        let open = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let Ok(db) = rusqlite::Connection::open_with_flags(self.data.join("state/journal.db"), open) else { return 0 };
        db.busy_timeout(Duration::from_secs(5)).unwrap();
        let count =
            db.query_row("select count(*) from entry where plan = ? and what = ?", [plan, what], |row| row.get(0));
        count.map_or(0, |count: i64| count as usize)
    }

    /// What the directory has carried out so far.
    fn carried_out(&self) -> Vec<String> {
        let seen = self.bed.simulator("directory").seen.writes();
        let done = seen.iter().filter(|request| (200..300).contains(&request.status));
        done.map(|request| format!("{} {} {}", request.method, request.path, request.body)).collect()
    }

    /// Pushes a plan and kills the push at its write of this number, counted from 0. Whether it was killed: a plan may have
    /// fewer writes.
    async fn killed(&self, (file, plan, count): &(String, String, usize), write: usize, at: At) -> bool {
        let held = match at {
            At::Before => {
                ["POST", "PATCH", "PUT"].map(|method| format!("latency=600s,skip={write}@{method}/scim")).to_vec()
            }
            At::After => {
                ["POST", "PATCH", "PUT"].map(|method| format!("late=600s,skip={write}@{method}/scim")).to_vec()
            }
            At::ReadBack => vec!["latency=600s,written@GET".to_owned()],
        };
        self.bed.faults("directory", &held.iter().map(String::as_str).collect::<Vec<_>>());
        let before = self.carried_out().len();
        let mut push = self.push(file, *count);
        let began = Instant::now();
        let killed = loop {
            let writes = self.carried_out().len() - before;
            let there = match at {
                At::Before => self.entries(plan, "intend") > writes,
                At::After => writes > write,
                At::ReadBack => writes > 0 && self.entries(plan, "reached") > 0,
            };
            // What is intended a moment before it is sent looks as if it were held: it is held once nothing moves.
            if there && (at != At::Before || self.rests(plan, writes + before).await) {
                break true;
            }
            if push.try_wait().unwrap().is_some() {
                break false;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{at:?} {write}: nothing comes to be killed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        // SIGKILL: nothing is closed, nothing is written.
        let _ = push.kill();
        push.wait().unwrap();
        self.bed.faults("directory", &[]);
        killed
    }

    /// Whether neither the journal nor the directory moves any more.
    async fn rests(&self, plan: &str, done: usize) -> bool {
        let entries = || ["intend", "reached", "outcome"].map(|what| self.entries(plan, what));
        let before = entries();
        tokio::time::sleep(Duration::from_millis(60)).await;
        entries() == before && self.carried_out().len() == done
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_is_killed_at_every_step_comes_to_its_end_and_does_nothing_twice() {
    let killing = Killing::new().await;
    let (mut kills, mut first) = (BTreeMap::new(), 0);
    for number in 0.. {
        assert!(number < 400, "it comes to no end: {kills:?}");
        let Some(plan) = killing.plan(number).await else { break };
        if number == 0 {
            first = plan.2;
        }
        let at = [At::Before, At::After, At::ReadBack][number % 3];
        if killing.killed(&plan, number % 2, at).await {
            *kills.entry(format!("{at:?}")).or_insert(0) += 1;
        }
    }
    assert!(first >= 50, "{first} changes");
    let all: usize = kills.values().sum();
    assert!(kills.len() == 3 && all >= 20, "{kills:?}");

    // Nothing is unknown any more, and the record of it all is whole.
    let audit = killing.run(&["audit", "verify"]).await;
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));

    let done = killing.carried_out();
    let once: BTreeSet<&String> = done.iter().collect();
    assert_eq!(once.len(), done.len(), "nothing was carried out twice");

    let there = users(&killing.bed, "directory").await;
    for wanted in users(&killing.bed, "hr").await {
        let name = text(&wanted, "userName");
        let has: Vec<&Value> = there.iter().filter(|user| text(user, "userName") == name).collect();
        if wanted["active"] == true {
            assert_eq!(has.len(), 1, "{name} is there once");
            assert_eq!((&has[0]["title"], has[0]["active"] != false), (&wanted["title"], true), "{name}");
        } else {
            assert!(has.iter().all(|user| user["active"] == false), "{name} is switched off");
        }
    }
    println!("killed {kills:?} of {first} changes, {} writes", done.len());
}
