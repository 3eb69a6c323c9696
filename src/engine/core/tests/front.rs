//! A start over a large snapshot: its first rows are there before the whole is loaded.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;
use crate::model::{RecordKey, Row, Schema, Snapshot};
use crate::store::{Cache, FileCache, StoreError};

/// A cache whose whole snapshots are loaded only when the gate is opened, and that tells which fronts were kept.
struct Gated {
    files: FileCache,
    gate: Option<Mutex<Receiver<()>>>,
    kept: Sender<usize>,
}

impl Cache for Gated {
    fn load(&self, system: &SystemId, kind: Kind, schema: &Arc<Schema>) -> Result<Option<Snapshot>, StoreError> {
        if let Some(gate) = &self.gate {
            gate.lock().unwrap().recv().unwrap();
        }
        self.files.load(system, kind, schema)
    }

    fn keep(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.files.keep(snapshot)
    }

    fn front(
        &self,
        system: &SystemId,
        kind: Kind,
        schema: &Arc<Schema>,
    ) -> Result<Option<(Snapshot, u64)>, StoreError> {
        self.files.front(system, kind, schema)
    }

    fn keep_front(&self, snapshot: &Snapshot, rows: &[Row]) -> Result<(), StoreError> {
        self.files.keep_front(snapshot, rows)?;
        let _ = self.kept.send(rows.len());
        Ok(())
    }

    fn native(&self, key: &RecordKey) -> Result<Option<String>, StoreError> {
        self.files.native(key)
    }

    fn purge(&self, system: &SystemId) -> Result<(), StoreError> {
        self.files.purge(system)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_shows_its_first_rows_before_the_whole_is_loaded_and_counts_nothing_from_them() {
    let people: Vec<String> = (0..600).map(|n| format!("user{n:03}")).collect();
    let hr = stand(move |_, text| answer(text, &people.iter().map(String::as_str).collect::<Vec<_>>())).await;
    let few = service(&["user000"]).await;
    let folder = std::env::temp_dir().join(format!("trueup-front-{}", std::process::id()));
    let cached = |gate, kept: &Sender<usize>| {
        let mut setup = setup(vec![system("hr", &hr.url, false), system("app", &few.url, false)]);
        setup.cache = Some(Arc::new(Gated { files: FileCache::new(&folder), gate, kept: kept.clone() }));
        setup
    };
    let (kept, keeps) = channel();
    let (reports, mut said) = unbounded_channel();
    let engine = start(cached(None, &kept), reports);
    wait(&mut said, world_where(|world| users(world, "hr") == 600 && users(world, "app") == 1)).await;
    let both = tokio::task::spawn_blocking(move || (keeps.recv().unwrap(), keeps.recv().unwrap()));
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), both).await.unwrap().unwrap(), (256, 1));
    engine.send(Command::Quit);
    engine.ended().await;

    let (open, gate) = channel();
    let (kept, _keeps) = channel();
    let (reports, mut said) = unbounded_channel();
    let engine = start(cached(Some(Mutex::new(gate)), &kept), reports);
    let world = wait(&mut said, world_where(|world| users(world, "hr") > 0)).await;
    assert_eq!(users(&world, "hr"), 256);
    assert_eq!(*health(&world, "hr"), Health::Reading { read: 256, of: Some(600) });
    let snapshot = world.compared.inputs.systems[0].snapshot(Kind::User).unwrap();
    assert_eq!(snapshot.table.id(Row(255)), "user255");
    assert!(!snapshot.proved(), "a few rows prove nothing");
    assert_eq!(hr.seen().len(), 2, "nothing is read before what is known is there");
    // A wish of these first moments is not lost, and does not mix new rows with old ones.
    engine.send(Command::Refresh { system: None, kind: None });
    let _ = (0..64).try_for_each(|_| open.send(()));
    let whole = wait(&mut said, world_where(|world| users(world, "hr") == 600)).await;
    assert_eq!(users(&whole, "app"), 1);
    wait(&mut said, world_where(|world| *health(world, "hr") == Health::Good)).await;
    engine.send(Command::Quit);
    engine.ended().await;
    // Snapshots may still be on their way to the disk.
    let _ = std::fs::remove_dir_all(folder);
}
