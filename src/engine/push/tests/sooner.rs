//! What waits for a person is tried when the operator says so, and nothing else is.

use super::fake::Fault;
use super::*;
use crate::engine::push::Stop;

/// Pushes one change, and asks to try now whenever it is in this state; gives its outcome and how many were tried each time.
async fn hurried(bench: &Bench, at: &'static str, stops: bool) -> (OutcomeState, Vec<usize>) {
    let plan = Arc::new(bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await);
    let (stop, told, tried) = (Stop::default(), bench.tell(), Arc::new(std::sync::Mutex::new(Vec::new())));
    let (hand, counted) = (stop.clone(), tried.clone());
    let tell: Tell = Arc::new(move |report| {
        if matches!(&report, Report::Outcome(_, outcome) if outcome.state.word() == at) {
            counted.lock().unwrap().push(hand.sooner.now(None));
            if stops {
                hand.stop();
            }
        }
        told(report);
    });
    let mut outcomes = push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, tell, stop).await.unwrap();
    let tried = tried.lock().unwrap().clone();
    (outcomes.remove(0).state, tried)
}

#[tokio::test]
async fn what_waits_for_somebodys_record_is_tried_at_once_and_as_often_as_the_operator_wants() {
    let mut bench = in_memory(lena());
    bench.desk.patience.in_use = (Duration::from_secs(3600), Duration::from_secs(3600), 4);
    for _ in 0..6 {
        bench.service.fault(Fault::Status(423));
    }
    let (state, tried) = hurried(&bench, "waiting", false).await;
    assert_eq!((state.word(), tried), ("confirmed", vec![1; 6]));
    assert_eq!(bench.service.writes().len(), 7, "each try is one write, and none beside another");
}

#[tokio::test]
async fn a_busy_service_is_asked_no_sooner_than_it_allows() {
    let mut bench = in_memory(lena());
    bench.desk.patience.first = Duration::from_secs(3600);
    bench.desk.patience.longest = Duration::from_secs(3600);
    bench.service.fault(Fault::Status(429));
    let (state, tried) = hurried(&bench, "waiting", true).await;
    assert_eq!((state.word(), tried), ("stopped", vec![0]));
    assert_eq!(bench.service.writes().len(), 1);
}

#[tokio::test]
async fn while_a_write_is_under_way_it_cannot_be_tried_again() {
    let bench = in_memory(lena());
    let (state, tried) = hurried(&bench, "sent", false).await;
    assert_eq!((state.word(), tried), ("confirmed", vec![0]));
    assert_eq!(bench.service.writes().len(), 1);
}
