//! Promise 8: an unknown outcome is looked up, never resent.

use trueup::model::Op;
use trueup::plan::OutcomeState;

use crate::bed::{AHA, Bed, DIRECTORY, HR, assert_confirmed, created, full, of, offers, sets, staged};

/// Creates somebody at Aha! while this befalls the create.
async fn created_under(fault: &str) {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let changes = created(&all);
    let email = changes[0].label.replace('@', "%40");
    let plan = console.plan(changes).await;
    bed.faults("aha", &[fault]);
    bed.simulator("aha").seen.forget();
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    let sent = bed.simulator("aha").seen.all();
    let posts: Vec<_> = sent.iter().filter(|request| request.method == "POST").collect();
    assert_eq!(posts.len(), 1, "{:?}", bed.writes("aha"));
    assert!(posts[0].fault.is_some(), "the fault has met it");
    assert_eq!(bed.writes("aha").len(), plan.steps.len());
    let looked_up = |request: &trueup::simulate::seen::Request| {
        request.method == "GET" && request.number > posts[0].number && request.query.contains(&format!("email={email}"))
    };
    assert!(sent.iter().any(looked_up), "looked up by e-mail: {sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_whose_reply_is_lost_is_looked_up_by_email_and_sent_once() {
    created_under("lost=1@POST").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_that_was_carried_out_and_answered_with_503_is_looked_up_by_email_and_sent_once() {
    created_under("503=1,after@POST").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patch_whose_reply_is_lost_is_read_back_and_sent_once() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    for (picked, fault) in [
        (sets(&all, "directory", "title"), "lost=1@PATCH"),
        (of(&all, "directory", Op::Deactivate), "503=1,after@PATCH"),
        (of(&all, "directory", Op::Create), "lost=1@POST"),
    ] {
        bed.simulator("directory").seen.forget();
        let plan = console.plan(staged(picked.into_iter().take(1))).await;
        bed.faults("directory", &[fault]);
        let outcomes = console.push(plan.clone()).await;
        assert_confirmed(&outcomes, &plan);
        let sent = bed.simulator("directory").seen.writes();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(sent[0].fault.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_was_lost_on_the_way_is_told_as_not_carried_out_and_not_sent_again() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let plan = console.plan(staged(sets(&all, "directory", "title").into_iter().take(1))).await;
    bed.faults("directory", &["reset=1@PATCH"]);
    let outcomes = console.push(plan).await;
    let [(_, OutcomeState::Failed { why })] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(why.contains("it was not carried out"), "{why}");
    assert_eq!(bed.writes("directory").len(), 1);
}
