//! Promise 3, the engine's part: what was confirmed is what is sent, and once.

use std::sync::Arc;

use trueup::plan::Body;

use crate::bed::{Bed, DIRECTORY, HR, assert_confirmed, assert_refused, full, offers, sets, staged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_pushed_once_and_only_as_it_was_confirmed() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let plan = console.plan(staged(sets(&all, "directory", "title").into_iter().take(1))).await;

    let outcomes = console.push_as(plan.clone(), "something else".to_owned()).await;
    assert_refused(&outcomes, &["not the one that was confirmed"]);

    let mut altered = (*plan).clone();
    let Body::Json { json, .. } = &mut altered.steps[0].write.body else { panic!("{plan:?}") };
    json["Operations"][0]["value"] = "Emperor".into();
    let outcomes = console.push(Arc::new(altered)).await;
    assert_refused(&outcomes, &["not the one that was confirmed"]);
    bed.assert_unwritten();

    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    assert_eq!(bed.writes("directory").len(), 1);
    let outcomes = console.push(plan).await;
    assert_refused(&outcomes, &["was pushed before"]);
    assert_eq!(bed.writes("directory").len(), 1);
}
