//! Promise 4: read-only is the default, and the engine enforces it.

use std::sync::Arc;

use trueup::model::{Kind, Op, RecordKey, SystemId};
use trueup::plan::{Mode, Plan, Policy, Target, digest};

use crate::bed::{
    Bed, DIRECTORY, HR, acknowledged, assert_confirmed, assert_refused, full, of, of_kind, offers, sets, staged,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_pushed_to_a_system_that_is_read_only_and_that_is_the_default() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&Policy::default());
    let all = offers(&*console.world().await);
    let plan = console.prepare(staged(sets(&all, "directory", "title").into_iter().take(2))).await;
    assert_eq!(plan.guards.iter().map(|guard| &*guard.rule).collect::<Vec<_>>(), ["read-only"]);
    assert!(!plan.guards[0].can_acknowledge);
    // Sent past the keys, as it is, as if acknowledged, and as if there were no guard.
    let unguarded = Arc::new(Plan { guards: Vec::new(), ..(*plan).clone() });
    for plan in [plan.clone(), acknowledged(&plan), unguarded] {
        assert_eq!(digest(&plan), plan.fingerprint, "the guards are not part of what is confirmed");
        let outcomes = console.push(plan).await;
        assert_eq!(outcomes.len(), 2);
        assert_refused(&outcomes, &["read-only", "directory"]);
    }
    bed.assert_unwritten();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_only_system_refuses_whatever_takes_away_and_takes_the_rest() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&Policy { mode: Mode::AppendOnly, ..full() });
    let all = offers(&*console.world().await);
    let set = staged(sets(&all, "directory", "title").into_iter().take(1));
    for removal in [of(&all, "directory", Op::Deactivate), of_kind(&all, "directory", Kind::Group, Op::Drop)] {
        let mut changes = staged(removal.into_iter().take(1));
        assert_eq!(changes.len(), 1);
        changes.extend(set.clone());
        let plan = acknowledged(&*console.prepare(changes).await);
        let outcomes = console.push(plan).await;
        assert_refused(&outcomes, &["append-only", "1 of 2"]);
    }
    bed.assert_unwritten();
    let plan = console.plan(set).await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    assert_eq!(bed.writes("directory").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_ever_written_to_the_source() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut setup = bed.setup(&full());
    setup.systems.iter_mut().for_each(|system| system.config.policy = full());
    let mut console = crate::bed::Console::over(setup);
    let all = offers(&*console.world().await);
    let mut change = staged(sets(&all, "directory", "title").into_iter().take(1)).remove(0);
    change.system = SystemId::new("hr");
    change.target = Target::Record(RecordKey { system: change.system.clone(), ..change.source.clone().unwrap() });
    let plan = acknowledged(&*console.prepare(vec![change]).await);
    let outcomes = console.push(plan).await;
    assert_refused(&outcomes, &["the source of truth"]);
    bed.assert_unwritten();
}
