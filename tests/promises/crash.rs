//! Promise 9: a killed console loses nothing. The console that is killed is this very binary, run again as a child.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};

use serde_json::{Value, json};
use trueup::engine::protocol::{Command, Report};
use trueup::plan::{Change, ChangeId, Outcome, OutcomeState};

use crate::bed::{Bed, Console, DIRECTORY, HR, full, journal_in, offers, sets, setup, staged, system};

/// Where the child finds its systems, as JSON.
const CHILD: &str = "TRUEUP_PROMISES_CHILD";

/// What the child says before everything that the parent wants to hear.
const SAYS: &str = "child:";

/// The console that is killed: stages two changes, pushes the first when it is told to, and waits for its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_that_another_test_starts_as_a_child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let told: Value = serde_json::from_str(&told).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let systems = told["systems"].as_array().unwrap().iter().map(|told| {
        system(&text(&told["name"]), &text(&told["connector"]), &text(&told["url"]), &text(&told["token"]), &full())
    });
    let mut console = Console::over(setup(systems.collect(), Path::new(told["dir"].as_str().unwrap())));
    let all = offers(&*console.world().await);
    let changes = staged(sets(&all, "directory", "title").into_iter().take(2));
    console.handle.send(Command::Stage { added: changes.clone(), removed: Vec::new() });
    let plan = console.plan(changes[..1].to_vec()).await;
    println!("\n{SAYS}{}", json!({ "changes": changes, "reads": plan.steps[0].read.len() }));
    let mut go = String::new();
    std::io::stdin().read_line(&mut go).unwrap();
    console.push(plan).await;
    println!("\n{SAYS}the push has ended");
}

struct Killed {
    bed: Bed,
    changes: Vec<Change>,
}

/// How many rows the journal holds of this.
fn rows(bed: &Bed, query: &str) -> i64 {
    let db = rusqlite::Connection::open(journal_in(&bed.dir.0)).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    db.query_row(query, [], |row| row.get(0)).unwrap()
}

fn start(bed: &Bed) -> Child {
    let systems: Vec<Value> = bed
        .simulators
        .iter()
        .map(|(name, running)| {
            json!({ "name": name, "connector": running.connector, "url": running.url, "token": running.login["token"] })
        })
        .collect();
    Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::a_console_that_another_test_starts_as_a_child", "--nocapture"])
        .env(CHILD, json!({ "systems": systems, "dir": bed.dir.0 }).to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Runs a child against the simulators, puts faults in force before it pushes, and kills it once `when` holds.
/// In the faults, `READS` stands for the number of reads before the write.
async fn killed(faults: &[&str], when: fn(&Bed) -> bool) -> Killed {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut child = start(&bed);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = tokio::task::spawn_blocking(move || {
        lines
            .find_map(|line| line.ok()?.strip_prefix(SAYS).map(str::to_owned))
            .expect("the child says that it is ready")
    });
    let ready: Value = serde_json::from_str(&ready.await.unwrap()).unwrap();
    let changes: Vec<Change> = serde_json::from_value(ready["changes"].clone()).unwrap();
    assert_eq!(changes.len(), 2);
    let reads = ready["reads"].as_u64().unwrap().max(1).to_string();
    let faults: Vec<String> = faults.iter().map(|fault| fault.replace("READS", &reads)).collect();
    bed.faults("directory", &faults.iter().map(String::as_str).collect::<Vec<_>>());
    child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    while !(rows(&bed, "select count(*) from entry where what = 'intend'") == 1
        && rows(&bed, "select count(*) from staged") == 2
        && when(&bed))
    {
        assert_eq!(child.try_wait().unwrap(), None, "the child is at work");
        tokio::task::yield_now().await;
    }
    // SIGKILL: nothing is closed, nothing is written.
    child.kill().unwrap();
    child.wait().unwrap();
    bed.faults("directory", &[]);
    Killed { bed, changes }
}

/// What the next start says: what was staged, what nobody knew, and what came of it.
async fn next_start(bed: &Bed) -> (Vec<Change>, Vec<ChangeId>, Outcome) {
    let mut console = bed.console(&full());
    let (mut staging, mut unknown) = (None, None);
    loop {
        match console.next().await {
            Report::Staging(changes) => staging = Some(changes),
            Report::Unknown(named) => {
                unknown.get_or_insert_with(|| named.into_iter().map(|(change, _)| change).collect());
            }
            Report::Outcome(_, outcome) => {
                console.quit().await;
                return (staging.expect("staged changes are offered"), unknown.expect("the unknown is named"), outcome);
            }
            _ => {}
        }
    }
}

async fn nothing_is_lost(killed: &Killed) -> OutcomeState {
    let Killed { bed, changes } = killed;
    let written = bed.writes("directory");
    let (mut staging, unknown, outcome) = next_start(bed).await;
    staging.sort_by(|a, b| a.id.cmp(&b.id));
    let mut kept = changes.clone();
    kept.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(staging, kept);
    assert_eq!(unknown, [changes[0].id.clone()]);
    assert_eq!(outcome.change, changes[0].id);
    assert_eq!(bed.writes("directory"), written, "nothing is sent again");
    // And after that nothing is unknown any more.
    let mut console = bed.console(&full());
    console.world().await;
    console.handle.send(Command::History);
    loop {
        match console.next().await {
            Report::Unknown(named) => panic!("{named:?}"),
            Report::History(pushes) => {
                let [push] = &pushes[..] else { panic!("{pushes:?}") };
                assert_eq!(push.outcomes, std::slice::from_ref(&outcome));
                return outcome.state;
            }
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_carried_out_before_the_kill_is_named_and_confirmed_by_reading() {
    let killed =
        killed(&["lost=1@PATCH", "latency=600s,skip=READS@GET"], |bed| bed.writes("directory").len() == 1).await;
    let state = nothing_is_lost(&killed).await;
    assert!(matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    assert_eq!(killed.bed.writes("directory").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_never_was_carried_out_is_named_and_told_as_not_carried_out() {
    let killed = killed(&["latency=600s@PATCH"], |_| true).await;
    let state = nothing_is_lost(&killed).await;
    let OutcomeState::Failed { why } = &state else { panic!("{state:?}") };
    assert!(why.contains("it was not carried out"), "{why}");
    assert_eq!(killed.bed.writes("directory"), Vec::<String>::new());
}
