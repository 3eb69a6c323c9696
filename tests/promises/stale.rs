//! Promise 6: nothing is overwritten blindly.

use serde_json::Value;
use trueup::model::Op;
use trueup::plan::{Body, ChangeId, OutcomeState, Seen};

use crate::bed::{
    AHA, Bed, Console, DIRECTORY, HR, assert_confirmed, before, full, of, offers, patch, sets, staged, user_path,
    wanted,
};

fn stale(outcomes: &[(ChangeId, OutcomeState)]) -> &str {
    let [(_, OutcomeState::Stale { what })] = outcomes else { panic!("{outcomes:?}") };
    what
}

async fn directory() -> (Bed, Console) {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let console = bed.console(&full());
    (bed, console)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_changed_meanwhile_is_stale_with_three_values_and_nothing_is_sent() {
    let (bed, mut console) = directory().await;
    let all = offers(&*console.world().await);
    let change = staged(sets(&all, "directory", "title").into_iter().take(1)).remove(0);
    let plan = console.plan(vec![change.clone()]).await;
    bed.behind("directory", "PATCH", &user_path(&change), &patch("title", "Astronaut")).await;
    let outcomes = console.push(plan).await;
    let Seen::Value(from) = before(&change) else { panic!("{change:?}") };
    let three = format!("title: planned from \"{from}\", wanted \"{}\", now \"Astronaut\"", wanted(&change));
    assert_eq!(stale(&outcomes), three);
    bed.assert_unwritten();
    assert_eq!(bed.get("directory", &user_path(&change)).await["title"], "Astronaut");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_already_as_wanted_is_confirmed_and_nothing_is_sent() {
    let bed = Bed::of(300, &[HR, AHA, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    for (system, picked) in [
        ("directory", sets(&all, "directory", "title")),
        ("directory", of(&all, "directory", Op::Create)),
        ("directory", of(&all, "directory", Op::Deactivate)),
        ("aha", of(&all, "aha", Op::Put)),
    ] {
        let plan = console.plan(staged(picked.into_iter().take(1))).await;
        bed.overtake(system, &plan.steps[0].write).await;
        let outcomes = console.push(plan.clone()).await;
        assert_confirmed(&outcomes, &plan);
        bed.assert_unwritten();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_was_switched_off_or_taken_away_meanwhile_is_stale() {
    let (bed, mut console) = directory().await;
    let all = offers(&*console.world().await);
    let changes = staged(sets(&all, "directory", "title").into_iter().take(2));
    let [off, gone] = &changes[..] else { panic!("{changes:?}") };
    let (off_plan, gone_plan) = (console.plan(vec![off.clone()]).await, console.plan(vec![gone.clone()]).await);
    bed.behind("directory", "PATCH", &user_path(off), &patch("active", false)).await;
    bed.behind("directory", "DELETE", &user_path(gone), &Value::Null).await;
    let outcomes = console.push(off_plan).await;
    assert!(
        stale(&outcomes).contains("active: planned from \"true\", wanted as it was, now \"false\""),
        "{outcomes:?}"
    );
    let outcomes = console.push(gone_plan).await;
    assert!(stale(&outcomes).contains("now: the record is not there any more"), "{outcomes:?}");
    bed.assert_unwritten();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_got_another_role_meanwhile_is_stale_and_the_other_person_is_not() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let roles = ["viewer", "reviewer", "contributor", "product_owner"];
    let changes = staged(of(&all, "aha", Op::Put).into_iter().take(2));
    let third = roles
        .into_iter()
        .find(|role| wanted(&changes[0]) != *role && *before(&changes[0]) != Seen::Value((*role).into()));
    let plan = console.plan(changes.clone()).await;
    let mut request = plan.steps.iter().find(|step| step.serves.contains(&changes[0].id)).unwrap().write.clone();
    let Body::Json { json, .. } = &mut request.body else { panic!("{request:?}") };
    *json = serde_json::from_str(&json.to_string().replace(wanted(&changes[0]), third.unwrap())).unwrap();
    bed.overtake("aha", &request).await;
    let outcomes = console.push(plan).await;
    let state = |at: usize| &outcomes.iter().find(|(id, _)| *id == changes[at].id).unwrap().1;
    let OutcomeState::Stale { what } = state(0) else { panic!("{outcomes:?}") };
    assert!(what.contains(&format!("wanted \"{}\", now \"{}\"", wanted(&changes[0]), third.unwrap())), "{what}");
    assert!(matches!(state(1), OutcomeState::Confirmed { .. }), "{outcomes:?}");
    assert_eq!(bed.writes("aha").len(), 1);
}
