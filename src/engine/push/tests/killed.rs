//! A killed console loses nothing: what was on its way is named by the next start and settled by reading.

use std::path::PathBuf;

use super::fake::Fault;
use super::*;
use crate::engine::push::resolve;
use crate::store::{Signature, StepState};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("trueup-push-{}", uuid::Uuid::now_v7())))
    }

    fn file(&self) -> PathBuf {
        self.0.join("journal.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Pushes in a runtime of its own that is thrown away once the write has arrived: nothing after it is ever run.
fn push_and_kill(folder: &Folder, service: &Arc<Service>, changes: &[Change]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let bench = bench(service.clone(), full(), journal::open(&folder.file()).unwrap());
    let changes = changes.to_vec();
    let arrived = service.clone();
    runtime.block_on(async move {
        let plan = bench.prepare(&changes).await;
        let task = tokio::spawn(async move { bench.push(&plan).await });
        while arrived.writes().is_empty() || !arrived.state.lock().unwrap().faults.is_empty() {
            tokio::task::yield_now().await;
        }
        task.abort();
    });
    runtime.shutdown_background();
}

fn reopened(folder: &Folder) -> crate::store::journal::SqliteJournal {
    // The dead runtime's threads let go of the old one in their own time.
    loop {
        let mut journal = journal::open(&folder.file()).unwrap();
        if !journal.open_intents().unwrap().is_empty() {
            return journal;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_write_that_was_on_its_way_is_named_and_settled_by_reading() {
    let (folder, service) = (Folder::new(), lena());
    service.fault(Fault::Killed);
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")];
    push_and_kill(&folder, &service, &changes);

    let mut journal = reopened(&folder);
    let open = journal.open_intents().unwrap();
    assert_eq!((open.len(), &open[0].changes[0].id), (1, &changes[0].id));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bench = bench(service.clone(), full(), journal);
        let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
        let words: Vec<_> = found.iter().map(|(_, outcome)| (outcome.change.clone(), outcome.state.word())).collect();
        assert_eq!(words, [(changes[0].id.clone(), "confirmed"), (changes[1].id.clone(), "stopped")]);
        assert!(
            bench
                .told
                .lock()
                .unwrap()
                .iter()
                .any(|report| matches!(report, Report::Unknown(named) if named[0].0 == changes[0].id))
        );
        assert_eq!(service.writes(), ["PUT /users/a1"], "nothing was sent again");
        assert_eq!(resolve(&bench.desk, &bench.tell()).await.unwrap(), Vec::new());
        let history = bench.desk.keeper.ask(|journal| journal.history(9)).await.unwrap();
        assert!(history[0].closed && history[0].outcomes.len() == 2);
        assert_eq!(bench.desk.keeper.ask(|journal| journal.verify()).await.unwrap(), None);
    });
}

#[test]
fn a_create_that_was_on_its_way_is_found_by_its_key() {
    let (folder, service) = (Folder::new(), lena());
    service.fault(Fault::Killed);
    let changes = create("lea", &[("p1", "viewer"), ("p2", "owner")]);
    push_and_kill(&folder, &service, &changes);

    let journal = reopened(&folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bench = bench(service.clone(), full(), journal);
        let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
        let word = |id: &ChangeId| found.iter().find(|(_, outcome)| outcome.change == *id).unwrap().1.state.word();
        assert_eq!(word(&changes[0].id), "confirmed");
        assert_eq!(word(&changes[1].id), "confirmed");
        assert_eq!(word(&changes[2].id), "stopped", "it was never begun");
        assert_eq!(service.writes(), ["POST /users"]);
        let plan = found[0].0.clone();
        let made = bench.desk.keeper.ask(move |journal| journal.created(&plan)).await.unwrap();
        assert_eq!(made, [(changes[0].id.clone(), "new1".to_owned())]);
    });
}

#[test]
fn what_was_turned_away_before_the_kill_is_told_as_not_done_and_not_as_half_done() {
    let (folder, service) = (Folder::new(), lena());
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let killed = bench(service.clone(), full(), journal::open(&folder.file()).unwrap());
        let plan = killed.prepare(&changes).await;
        // It was busy, and then the console was no more: nothing is written after this.
        let written = killed.desk.keeper.ask(move |journal| {
            journal.open(&plan, &Signature { who: "lena".into(), reason: None })?;
            let receipt = journal.intend(&plan.id, &plan.steps[0])?;
            journal.reached(&receipt, &StepState::Ended { status: 429, why: "busy: too many requests".into() })
        });
        written.await.unwrap();
        killed.desk.keeper.close().await;

        let next = bench(service.clone(), full(), journal::open(&folder.file()).unwrap());
        let found = resolve(&next.desk, &next.tell()).await.unwrap();
        let told: Vec<_> = found.iter().map(|(_, outcome)| (outcome.change.clone(), outcome.state.clone())).collect();
        let stopped = |why: &str| OutcomeState::Stopped { why: why.into() };
        let away = "it was turned away, and the console ended before it was sent again; nothing was done";
        let never = "the console ended before it was begun; nothing was sent for it";
        assert_eq!(told, [(changes[0].id.clone(), stopped(away)), (changes[1].id.clone(), stopped(never))]);
        assert_eq!(service.writes(), Vec::<String>::new());
    });
}
