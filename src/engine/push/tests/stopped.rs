//! Stopping has two degrees, waits are told with their ends, and a service that is down is left alone.

use super::fake::Fault;
use super::*;
use crate::engine::push::{Rest, Stop, resolve};

/// Pushes, and asks to stop as soon as something of this kind is reported, and again if `twice`.
async fn stopped_at(
    bench: &Bench,
    plan: Plan,
    at: fn(&OutcomeState) -> bool,
    twice: bool,
) -> BTreeMap<ChangeId, OutcomeState> {
    let (stop, told) = (Stop::default(), bench.tell());
    let stopping = stop.clone();
    let tell: Tell = Arc::new(move |report| {
        if matches!(&report, Report::Outcome(_, outcome) if at(&outcome.state)) {
            stopping.stop();
            if twice {
                stopping.stop();
            }
        }
        told(report);
    });
    let plan = Arc::new(plan);
    let outcomes = push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, tell, stop).await.unwrap();
    outcomes.into_iter().map(|outcome| (outcome.change, outcome.state)).collect()
}

fn two() -> [Change; 2] {
    [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")]
}

#[tokio::test]
async fn stopping_once_finishes_the_step_under_way_and_begins_no_other() {
    let bench = in_memory(lena());
    let changes = two();
    let plan = bench.prepare(&changes).await;
    let outcomes = stopped_at(&bench, plan, |state| matches!(state, OutcomeState::Sent), false).await;
    assert!(matches!(outcomes[&changes[0].id], OutcomeState::Confirmed { .. }), "{outcomes:?}");
    assert!(matches!(&outcomes[&changes[1].id], OutcomeState::Stopped { why } if why.contains("nothing was sent")));
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
}

#[tokio::test]
async fn stopping_again_gives_up_waiting_and_leaves_what_was_sent_unknown_until_it_is_looked_up() {
    let bench = in_memory(lena());
    // It is carried out, and its reply never comes.
    bench.service.fault(Fault::Killed);
    let changes = two();
    let plan = bench.prepare(&changes).await;
    let (stop, plan) = (Stop::default(), Arc::new(plan));
    let pushing = push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, bench.tell(), stop.clone());
    let stopping = async {
        while bench.service.writes().is_empty() {
            tokio::task::yield_now().await;
        }
        stop.stop();
        stop.stop();
    };
    let (outcomes, ()) = tokio::join!(pushing, stopping);
    let outcomes: BTreeMap<_, _> =
        outcomes.unwrap().into_iter().map(|outcome| (outcome.change, outcome.state)).collect();
    assert!(matches!(outcomes[&changes[0].id], OutcomeState::Unknown { .. }), "{outcomes:?}");
    assert!(matches!(outcomes[&changes[1].id], OutcomeState::Stopped { .. }), "{outcomes:?}");
    let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
    let words: Vec<_> = found.iter().map(|(_, outcome)| (&outcome.change, outcome.state.word())).collect();
    assert_eq!(words, [(&changes[0].id, "confirmed")]);
    assert_eq!(bench.service.writes(), ["PUT /users/a1"], "it was never sent again");
    assert_eq!(resolve(&bench.desk, &bench.tell()).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn what_the_service_said_yes_to_and_nobody_waited_to_see_is_accepted_and_read_back_later() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::SlowToShow(usize::MAX));
    let changes = two();
    let plan = bench.prepare(&changes).await;
    let outcomes = stopped_at(&bench, plan, |state| matches!(state, OutcomeState::Accepted), true).await;
    assert_eq!(outcomes[&changes[0].id], OutcomeState::Accepted, "{outcomes:?}");
    bench.service.show();
    let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
    assert_eq!((found.len(), found[0].1.state.word()), (1, "confirmed"));
}

#[tokio::test]
async fn a_step_that_waits_for_a_busy_service_is_not_waited_for_when_it_is_stopped() {
    let mut bench = in_memory(lena());
    bench.desk.patience.first = Duration::from_secs(3600);
    bench.desk.patience.longest = Duration::from_secs(3600);
    bench.service.fault(Fault::Status(429));
    let changes = two();
    let plan = bench.prepare(&changes).await;
    let outcomes = stopped_at(&bench, plan, |state| matches!(state, OutcomeState::Waiting { .. }), false).await;
    for change in &changes {
        let OutcomeState::Stopped { why } = &outcomes[&change.id] else { panic!("{outcomes:?}") };
        assert!(why.contains("stopped"), "{why}");
    }
    assert_eq!(resolve(&bench.desk, &bench.tell()).await.unwrap(), Vec::new(), "nothing is left open");
}

fn making(report: &Report) -> Option<(usize, usize, usize)> {
    match report {
        Report::Making(all) => all.first().map(|making| (making.read, making.of, making.left)),
        _ => None,
    }
}

#[tokio::test]
async fn a_plan_in_the_making_tells_how_far_it_is_and_can_be_stopped() {
    let mut bench = in_memory(lena());
    let connector = fake::Fake { whole: true, mapping: fixture::mapping(true) };
    let whole = Party { connector: Arc::new(connector), ..bench.desk.parties[&aha()].clone() };
    bench.desk.parties.insert(aha(), whole);
    bench.prepare(&two()).await;
    let told: Vec<_> = bench.told.lock().unwrap().iter().filter_map(making).collect();
    assert_eq!((told.first(), told.last()), (Some(&(0, 2, 2)), Some(&(2, 2, 0))));
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let tell: Tell = Arc::new(move |report| {
        if making(&report).is_some() {
            stopping.cancel();
        }
    });
    let why = prepare(&bench.desk, two().to_vec(), &tell, &stop).await.unwrap_err();
    assert!(why.contains("stopped before it was made"), "{why}");
}

fn rest(times: u32) -> Rest {
    Rest { left: Duration::from_millis(1), times, why: "aha: it is down".into() }
}

#[tokio::test]
async fn a_service_that_is_left_alone_is_waited_for_and_then_written_to() {
    let bench = in_memory(lena());
    bench.service.state.lock().unwrap().rests.extend([rest(1), rest(2)]);
    let change = set("a1", "title", "Ms.", "Dr.");
    let state = bench.one(&change).await;
    assert!(matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    let told = bench.told.lock().unwrap();
    let waits = told.iter().filter(|report| {
        matches!(report, Report::Outcome(_, Outcome { state: OutcomeState::Waiting { why, .. }, .. }) if why.contains("it is down"))
    });
    assert_eq!(waits.count(), 2);
}

#[tokio::test]
async fn a_service_that_does_not_come_back_is_given_up_for_all_that_was_to_follow() {
    let bench = in_memory(lena());
    bench.service.state.lock().unwrap().rests.extend((1..=5).map(rest));
    let changes = two();
    let outcomes = bench.carry(&changes).await;
    for change in &changes {
        let OutcomeState::Refused { rule } = &outcomes[&change.id] else { panic!("{outcomes:?}") };
        assert!(rule.contains("it is down") && rule.contains("did not come back"), "{rule}");
    }
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_write_that_could_not_leave_because_the_service_is_down_waits_and_is_sent_once() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::Rests);
    let change = set("a1", "title", "Ms.", "Dr.");
    let state = bench.one(&change).await;
    assert!(matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
    assert_eq!(resolve(&bench.desk, &bench.tell()).await.unwrap(), Vec::new(), "nothing is left open");
}
