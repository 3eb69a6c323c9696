//! A busy answer that does not say whether the write was carried out: it is read before it is sent again, and whatever comes
//! in between, nobody says that nothing was done.

use super::fake::Fault;
use super::*;
use crate::engine::push::{Stop, resolve};
use crate::store::{Signature, StepState};

fn lenas() -> Change {
    set("a1", "title", "Ms.", "Dr.")
}

/// A bench whose service carries the first write out and says that it is busy.
fn busy(pause: Duration) -> Bench {
    let mut bench = in_memory(lena());
    (bench.desk.patience.first, bench.desk.patience.longest) = (pause, pause);
    bench.service.fault(Fault::DoneWith(406));
    bench
}

async fn open(bench: &Bench) -> usize {
    bench.desk.keeper.ask(|journal| journal.open_intents()).await.unwrap().len()
}

#[tokio::test]
async fn what_was_carried_out_all_the_same_is_found_and_not_sent_again() {
    let bench = busy(Duration::from_millis(1));
    let state = bench.one(&lenas()).await;
    assert!(matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    assert_eq!((bench.service.writes(), open(&bench).await), (vec!["PUT /users/a1".to_owned()], 0));
}

#[tokio::test]
async fn what_was_not_carried_out_is_sent_again_and_neither_write_stays_open() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::Status(406));
    let state = bench.one(&lenas()).await;
    assert!(matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    assert_eq!((bench.service.writes().len(), open(&bench).await), (2, 0));
    assert_eq!(resolve(&bench.desk, &bench.tell()).await.unwrap(), Vec::new());
}

#[tokio::test]
async fn one_that_is_stopped_while_it_waits_is_looked_up_first() {
    let bench = busy(Duration::from_secs(3600));
    let (stop, told) = (Stop::default(), bench.tell());
    let stopping = stop.clone();
    let tell: Tell = Arc::new(move |report| {
        if matches!(&report, Report::Outcome(_, Outcome { state: OutcomeState::Waiting { .. }, .. })) {
            stopping.stop();
        }
        told(report);
    });
    let plan = Arc::new(bench.prepare(&[lenas()]).await);
    let outcomes = push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, tell, stop).await.unwrap();
    assert_eq!(outcomes[0].state.word(), "confirmed", "{outcomes:?}");
    assert_eq!((bench.service.writes().len(), open(&bench).await), (1, 0));
}

#[tokio::test]
async fn one_that_cannot_be_read_any_more_is_unknown_and_looked_up_later() {
    let bench = busy(Duration::from_millis(1));
    let told = bench.tell();
    let service = bench.service.clone();
    let tell: Tell = Arc::new(move |report| {
        if matches!(&report, Report::Outcome(_, Outcome { state: OutcomeState::Waiting { .. }, .. })) {
            service.state.lock().unwrap().unreadable = true;
        }
        told(report);
    });
    let plan = Arc::new(bench.prepare(&[lenas()]).await);
    let pushed = push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, tell, Stop::default());
    let outcomes = pushed.await.unwrap();
    assert_eq!(outcomes[0].state.word(), "unknown", "{outcomes:?}");
    bench.service.state.lock().unwrap().unreadable = false;
    let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
    assert_eq!((found.len(), found[0].1.state.word()), (1, "confirmed"));
    assert_eq!((bench.service.writes().len(), open(&bench).await), (1, 0));
}

#[tokio::test]
async fn one_whose_console_was_killed_while_it_waited_is_looked_up_by_the_next() {
    for (done, word) in [(true, "confirmed"), (false, "failed")] {
        let bench = in_memory(lena());
        let plan = bench.prepare(&[lenas()]).await;
        let written = bench.desk.keeper.ask(move |journal| {
            journal.open(&plan, &Signature::from("lena"))?;
            let receipt = journal.intend(&plan.id, &plan.steps[0])?;
            let state = StepState::Replied { status: 406, verdict: "busy: the region fails over".into(), id: None };
            journal.reached(&receipt, &state)?;
            // The console that is gone leaves it as if it were closed.
            journal.close(&plan.id)
        });
        written.await.unwrap();
        if done {
            let mut state = bench.service.state.lock().unwrap();
            state.users.get_mut("a1").unwrap().texts.insert("title".into(), "Dr.".into());
        }
        let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
        assert_eq!((found.len(), found[0].1.state.word()), (1, word));
        assert_eq!(bench.service.writes(), Vec::<String>::new());
    }
}
