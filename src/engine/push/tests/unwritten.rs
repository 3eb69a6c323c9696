//! A journal that does not take what came of a write: the disk is full, or gives errors.

use std::path::PathBuf;

use super::*;
use crate::engine::push::resolve;

/// A folder for a journal, gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("trueup-unwritten-{}", uuid::Uuid::now_v7())))
    }

    fn file(&self) -> PathBuf {
        self.0.join("journal.db")
    }

    /// From the read of this number on the journal takes no outcome, only how far steps get; or everything again.
    fn takes(&self, service: &Service, read: usize, yes: bool) {
        let file = self.file();
        let meddle = move |_: &mut BTreeMap<String, fake::User>| {
            let db = rusqlite::Connection::open(&file).unwrap();
            db.busy_timeout(Duration::from_secs(5)).unwrap();
            db.execute_batch("drop trigger if exists full").unwrap();
            if !yes {
                let full = "create trigger full before insert on entry when new.what = 'outcome' begin select raise(abort, 'full'); end";
                db.execute_batch(full).unwrap();
            }
        };
        service.state.lock().unwrap().meddling.insert(read, Box::new(meddle));
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn said(bench: &Bench, words: &str) -> usize {
    let told = bench.told.lock().unwrap();
    told.iter().filter(|report| matches!(report, Report::Notice(text) if text.contains(words))).count()
}

#[tokio::test]
async fn what_the_journal_did_not_take_stays_open_in_it_and_the_next_start_finds_out() {
    let (folder, service) = (Folder::new(), lena());
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")];
    let pushing = bench(service.clone(), full(), journal::open(&folder.file()).unwrap());
    let plan = pushing.prepare(&changes).await;
    let reads = service.state.lock().unwrap().reads;
    folder.takes(&service, reads + 1, false);
    let outcomes = pushing.push(&plan).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.state.word() == "confirmed"), "{outcomes:?}");
    assert_eq!((said(&pushing, "cannot be written down"), said(&pushing, "of 2 changes it does not say")), (1, 1));
    let find = |bench: &Bench| {
        let (keeper, plan) = (bench.desk.keeper.clone(), plan.id.clone());
        async move { keeper.ask(move |journal| journal.find(&plan)).await.unwrap().unwrap() }
    };
    let entry = find(&pushing).await;
    assert_eq!((entry.closed, entry.outcomes.len()), (false, 0), "it is not said to have ended");
    pushing.desk.keeper.close().await;

    rusqlite::Connection::open(folder.file()).unwrap().execute_batch("drop trigger full").unwrap();
    let next = bench(service.clone(), full(), journal::open(&folder.file()).unwrap());
    resolve(&next.desk, &next.tell()).await.unwrap();
    let entry = find(&next).await;
    assert!(entry.closed);
    assert!(entry.outcomes.iter().all(|outcome| outcome.state.word() == "confirmed"), "{:?}", entry.outcomes);
    assert_eq!((entry.outcomes.len(), service.writes().len()), (2, 2), "nothing was sent again");
    assert_eq!(next.desk.keeper.ask(|journal| journal.verify()).await.unwrap(), None);
}

#[tokio::test]
async fn what_the_journal_did_not_take_is_written_down_at_the_end_once_it_can_be() {
    let (folder, service) = (Folder::new(), lena());
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")];
    let bench = bench(service.clone(), full(), journal::open(&folder.file()).unwrap());
    let plan = bench.prepare(&changes).await;
    let reads = service.state.lock().unwrap().reads;
    folder.takes(&service, reads + 1, false);
    // Reading back the second one: the first one's outcome was refused by then.
    folder.takes(&service, reads + 4, true);
    bench.push(&plan).await.unwrap();
    assert_eq!((said(&bench, "cannot be written down"), said(&bench, "it does not say")), (1, 0));
    let (entry, open) = bench
        .desk
        .keeper
        .ask(move |journal| Ok((journal.find(&plan.id)?.unwrap(), journal.open_intents()?)))
        .await
        .unwrap();
    assert_eq!((entry.closed, entry.outcomes.len(), open.len()), (true, 2, 0), "{:?}", entry.outcomes);
}
