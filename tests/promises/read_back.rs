//! Promise 7: done means read back.

use trueup::model::Op;
use trueup::plan::{OutcomeState, Seen};

use crate::bed::{AHA, Bed, DIRECTORY, HR, before, full, of, offers, sets, staged, wanted};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_is_silently_defaulted_is_that_pairs_own_difference() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let puts = of(&all, "aha", Op::Put)
        .into_iter()
        .filter(|offer| wanted(&offer.change) != "viewer" && *before(&offer.change) != Seen::Value("viewer".into()));
    let changes = staged(puts.take(2));
    assert_eq!(changes.len(), 2);
    let plan = console.plan(changes).await;
    bed.faults("aha", &["role-default=1"]);
    let outcomes = console.push(plan).await;
    let differing: Vec<&String> = outcomes
        .iter()
        .filter_map(|(_, state)| if let OutcomeState::Differs { now } = state { Some(now) } else { None })
        .collect();
    let confirmed = outcomes.iter().filter(|(_, state)| matches!(state, OutcomeState::Confirmed { .. })).count();
    assert_eq!((differing.len(), confirmed), (1, 1), "{outcomes:?}");
    assert!(differing[0].contains("productRoles") && differing[0].contains("viewer"), "{differing:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_service_accepts_and_does_not_keep_differs() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let changes = staged(sets(&all, "directory", "title").into_iter().take(1));
    let Seen::Value(was) = before(&changes[0]).clone() else { panic!("{changes:?}") };
    let plan = console.plan(changes).await;
    bed.faults("directory", &["drop-attributes=title"]);
    let outcomes = console.push(plan).await;
    let [(_, OutcomeState::Differs { now })] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(*now, format!("title: \"{was}\""));
    let status = bed.simulator("directory").seen.writes()[0].status;
    assert!((200..300).contains(&status), "the service had said yes: {status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_that_cannot_be_read_back_is_accepted_and_not_confirmed() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let plan = console.plan(staged(sets(&all, "directory", "title").into_iter().take(1))).await;
    // The reads before the write are let through, those after it say nothing that can be understood.
    bed.faults("directory", &[&format!("html=10000,skip={}@GET", plan.steps[0].read.len().max(1))]);
    let outcomes = console.push(plan).await;
    assert!(matches!(outcomes[..], [(_, OutcomeState::Accepted)]), "{outcomes:?}");
    assert_eq!(bed.writes("directory").len(), 1);
}
