//! Pushing to every vendor's simulator at its limit: how near the bound, how many requests were turned away.
//!
//! `cargo bench --bench push` pushes to all of them side by side, each at the speed that its mapping names and at the vendor's
//! own limit; it takes three minutes, nearly all of it waiting; `-- kingdee` pushes to that one alone. The simulators count as
//! the vendors do (targets/aha.md 3, targets/litmos.md 1) and are in this process: its processor time and memory are theirs
//! and the engine's together.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code, clippy::panic, reason = "the promises have more use for it")]
#[path = "../promises/bed.rs"]
mod bed;

use std::sync::Arc;
use std::time::{Duration, Instant};

use trueup::config::SystemConfig;
use trueup::engine::push::Patience;
use trueup::engine::{Auth, Session, Setup, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op, RecordKey, SystemId};
use trueup::plan::{By, Change, Expect, Facet, Target, Want, Wanted};
use trueup::secret::{Secret, Source};
use trueup::simulate::{self, Options, Running};

use bed::{Dir, full, setup, system};

/// One push.
struct Course {
    name: &'static str,
    connector: &'static str,
    view: &'static str,
    changes: usize,
    /// Requests a second; `None`: what the mapping says.
    rate: Option<f64>,
    /// What the vendor allows, in words.
    limit: &'static str,
}

const COURSES: [Course; 8] = [
    Course { name: "scim", connector: "scim", view: "directory", changes: 100, rate: None, limit: "none" },
    Course { name: "scim", connector: "scim", view: "directory", changes: 200, rate: Some(20.0), limit: "none" },
    Course { name: "starling", connector: "scim", view: "starling", changes: 100, rate: None, limit: "none" },
    Course { name: "aha", connector: "aha", view: "aha", changes: 100, rate: None, limit: "300 a minute, 20 a second" },
    Course {
        name: "aha",
        connector: "aha",
        view: "aha",
        changes: 120,
        rate: Some(5.0),
        limit: "300 a minute, 20 a second",
    },
    Course { name: "litmos", connector: "litmos", view: "litmos", changes: 40, rate: None, limit: "100 a minute" },
    Course {
        name: "litmos",
        connector: "litmos",
        view: "litmos",
        changes: 40,
        rate: Some(100.0 / 60.0),
        limit: "100 a minute",
    },
    Course {
        name: "kingdee",
        connector: "kingdee",
        view: "kingdee",
        changes: 100,
        rate: None,
        limit: "none published",
    },
];

fn main() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load of this machine: {}", load.trim());
    let named: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let asked = |course: &&Course| named.is_empty() || named.iter().any(|name| name == course.name);
    let runtime = trueup::engine::runtime().expect("a runtime");
    let (cpu, began) = (processor_seconds(), Instant::now());
    runtime.block_on(async {
        let all: Vec<_> = COURSES.iter().filter(asked).map(|course| tokio::spawn(run(course))).collect();
        for one in all {
            println!("{}", one.await.expect("it broke"));
        }
    });
    println!(
        "all in {:.0} s: {:.1} s processor, {} MiB peak",
        began.elapsed().as_secs_f64(),
        processor_seconds() - cpu,
        peak() / 1024
    );
}

/// The target as its mapping would have it called.
fn target(course: &Course, running: &Running) -> (SystemSetup, f64) {
    let mapping = Arc::new(Mapping::builtin(course.connector).expect("the mapping"));
    let secret = |value: &str| Source::Given(Secret::new(value.to_owned()));
    let auth = match course.connector {
        "kingdee" => Auth::None,
        "litmos" => Auth::Header { name: "apikey".to_owned(), value: secret(bed::key(running)) },
        _ => Auth::Bearer(secret(bed::key(running))),
    };
    let url = if course.connector == "kingdee" { &running.login["server_address"] } else { &running.url };
    let mut config = SystemConfig::new(SystemId::new(course.name), course.connector, url, auth);
    for (key, value) in running.login.iter().filter(|_| course.connector == "kingdee") {
        if ["application_secret", "password"].contains(&key.as_str()) {
            config.own_secrets.insert(key.clone(), secret(value));
        } else {
            config.own.insert(key.clone(), value.clone());
        }
    }
    let own = match course.connector {
        "aha" => Some(("account", "acme")),
        "litmos" => Some(("source_name", "trueup")),
        _ => None,
    };
    config.own.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    config.policy = full();
    config.rate = course.rate;
    let rate = course.rate.unwrap_or(mapping.rate.per_second);
    (SystemSetup::over(config, mapping).expect("the connector"), rate)
}

async fn run(course: &'static Course) -> String {
    let options =
        |view: &str, rate_limit| Options { users: 400, rate_limit, view: view.to_owned(), ..Options::default() };
    let hr = simulate::start("scim", options("source", false)).await.expect("the source");
    let running = simulate::start(course.connector, options(course.view, true)).await.expect("the target");
    let (target, rate) = target(course, &running);
    let systems = vec![system("hr", "scim", &hr.url, bed::key(&hr), &full()), target];
    let dir = Dir(std::env::temp_dir().join(format!("trueup-bench-{}", uuid::Uuid::now_v7())));
    let setup = Setup { patience: Patience::default(), ..setup(systems, &dir.0) };
    let session = Session::read(setup, |_| {}).await;
    let world = session.world().expect("it was read");
    let table = &world.compared.inputs.systems[1].snapshot(Kind::User).expect("users").table;
    let wanted: Vec<Change> =
        table.rows().take(course.changes).map(|row| change(course, table.id(row), row.0)).collect();
    let plan = Arc::new(session.prepare(wanted, |_| {}).await.expect("a plan"));
    assert_eq!(plan.refused, [], "{}", course.name);
    // Everything that was counted before has left the vendor's windows.
    tokio::time::sleep(Duration::from_secs(61)).await;
    running.seen.forget();
    let began = Instant::now();
    let stop = tokio_util::sync::CancellationToken::new();
    let outcomes = session.push(plan.clone(), &plan.fingerprint, None, |_| {}, stop).await.unwrap_or_else(|why| {
        println!("{}: {why}", course.name);
        Vec::new()
    });
    let wall = began.elapsed().as_secs_f64();
    let seen = running.seen.all();
    let away = seen.iter().filter(|request| request.status == 429 || request.status == 503).count();
    let done = outcomes.iter().filter(|outcome| outcome.state.word() == "confirmed").count();
    // What stands in the bucket at the beginning leaves at once.
    let sustained = (seen.len() as f64 - burst(course, rate)).max(0.0) / rate;
    format!(
        "{:<9} {:>5.2}/s (vendor: {}): {done} of {} confirmed, {} requests in {wall:.1} s, {:.1} % of the bound of {sustained:.1} s, \
         {away} turned away",
        course.name,
        rate,
        course.limit,
        plan.count(),
        seen.len(),
        sustained / wall * 100.0
    )
}

/// One attribute of one user, that the service returns.
fn change(course: &Course, id: &str, number: u32) -> Change {
    let system = SystemId::new(course.name);
    let (path, value) = match course.connector {
        "aha" => ("emails[work]", format!("measured{number}@example.com")),
        "kingdee" => ("phoneNumbers[mobile]", format!("+86138{number:08}")),
        _ => ("title", "Measured".to_owned()),
    };
    let facet = Facet::attr(path);
    Change {
        id: Change::name(&system, Kind::User, id, Op::Set, Some(&facet)),
        target: Target::Record(RecordKey::new(system.clone(), Kind::User, id)),
        system,
        kind: Kind::User,
        label: id.to_owned(),
        source: None,
        op: Op::Set,
        want: vec![Want { facet, value: Wanted::Text(value), by: By::Operator }],
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
    }
}

/// Requests that may leave at once.
fn burst(course: &Course, rate: f64) -> f64 {
    match course.rate {
        Some(_) => rate.ceil(),
        None => f64::from(Mapping::builtin(course.connector).expect("the mapping").rate.burst),
    }
}

/// What this process has used of its processors.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|tick| tick.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// The most memory that was ever in use, in KiB.
fn peak() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
