//! Nothing is written to somebody else, by somebody who has lost the right to, on what was looked at long ago, or without a
//! record of it; and of what may still come nobody says that it did not.

use std::path::PathBuf;

use super::fake::{Fault, User};
use super::*;
use crate::engine::push::{Stop, resolve};
use crate::plan::{Body, Method, Repeat, Request, StepId, digest};
use crate::store::Leases;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = Self(std::env::temp_dir().join(format!("trueup-right-{}", uuid::Uuid::now_v7())));
        std::fs::create_dir_all(&folder.0).unwrap();
        folder
    }

    fn journal(&self) -> PathBuf {
        self.0.join("journal.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Pushes, and does something when a change is first reported like this.
async fn meddled(
    bench: &Bench,
    plan: &Plan,
    at: fn(&OutcomeState) -> bool,
    meddle: impl FnOnce(&Stop) + Send + Sync + 'static,
) -> BTreeMap<ChangeId, OutcomeState> {
    let (stop, told) = (Stop::default(), bench.tell());
    let (stopping, meddle) = (stop.clone(), Mutex::new(Some(meddle)));
    let tell: Tell = Arc::new(move |report| {
        if matches!(&report, Report::Outcome(_, outcome) if at(&outcome.state))
            && let Some(meddle) = meddle.lock().unwrap().take()
        {
            meddle(&stopping);
        }
        told(report);
    });
    let plan = Arc::new(plan.clone());
    let outcomes = push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, tell, stop).await.unwrap();
    outcomes.into_iter().map(|outcome| (outcome.change, outcome.state)).collect()
}

fn sent(state: &OutcomeState) -> bool {
    matches!(state, OutcomeState::Sent)
}

fn two() -> [Change; 2] {
    [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")]
}

fn rule(state: &OutcomeState) -> &str {
    let OutcomeState::Refused { rule } = state else { panic!("{state:?}") };
    rule
}

#[tokio::test]
async fn a_create_that_is_answered_with_somebody_elses_id_is_looked_up_and_nothing_is_written_to_them() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::Named("a1"));
    let changes = create("lea", &[("p1", "viewer"), ("p2", "owner")]);
    let outcomes = bench.carry(&changes).await;
    assert!(outcomes.values().all(|state| state.word() == "confirmed"), "{outcomes:?}");
    assert_eq!(bench.service.writes(), ["POST /users", "POST /users/new1/pairs"]);
    assert!(!bench.service.user("a1").pairs.contains_key("p2"));
}

#[tokio::test]
async fn a_create_that_is_answered_with_an_id_that_nobody_knew_is_looked_up_by_its_key() {
    for there in [true, false] {
        let bench = in_memory(lena());
        let somebody = User { texts: BTreeMap::from([("userName".to_owned(), "ada".to_owned())]), ..User::default() };
        bench.service.state.lock().unwrap().users.insert("b9".into(), somebody.clone());
        bench.service.fault(Fault::Named("b9"));
        let changes = create("lea", &[("p1", "viewer"), ("p2", "owner")]);
        let plan = bench.prepare(&changes).await;
        if !there {
            // Whoever was created is gone again when it is read back, after the look before the write.
            let gone: fake::Meddle = Box::new(|users| drop(users.remove("new1")));
            let mut state = bench.service.state.lock().unwrap();
            let reads = state.reads;
            state.meddling.insert(reads + 2, gone);
        }
        let outcomes: BTreeMap<_, _> =
            bench.push(&plan).await.unwrap().into_iter().map(|outcome| (outcome.change, outcome.state)).collect();
        let words = [0, 2].map(|at| outcomes[&changes[at].id].word());
        let made = bench.desk.keeper.ask(move |journal| {
            let plan = journal.history(1)?.remove(0).plan.id;
            Ok((journal.created(&plan)?, journal.links()?))
        });
        let (made, links) = made.await.unwrap();
        if there {
            assert_eq!(words, ["confirmed", "confirmed"], "{outcomes:?}");
            assert_eq!(bench.service.writes(), ["POST /users", "POST /users/new1/pairs"]);
            assert_eq!(made, [(changes[0].id.clone(), "new1".to_owned())]);
            assert_eq!(links.len(), 1);
        } else {
            assert_eq!(words, ["unknown", "skipped"], "{outcomes:?}");
            assert_eq!(bench.service.writes(), ["POST /users"]);
            assert!(
                links.is_empty() && made.is_empty(),
                "nobody is linked to them, and nothing is tried again or taken back at them"
            );
        }
        assert_eq!(bench.service.user("b9"), somebody, "nothing is written to them");
    }
}

#[tokio::test]
async fn the_second_request_of_a_create_is_not_sent_to_a_record_that_is_not_the_one_that_was_created() {
    let bench = in_memory(lena());
    let somebody = User { texts: BTreeMap::from([("userName".to_owned(), "ada".to_owned())]), ..User::default() };
    bench.service.state.lock().unwrap().users.insert("b9".into(), somebody.clone());
    bench.service.fault(Fault::Named("b9"));
    let changes = create("lea", &[("p1", "viewer"), ("p2", "owner")]);
    let mut plan = bench.prepare(&changes).await;
    // The create is done only with the second request, and read back only then.
    plan.steps[1].serves.push(changes[0].id.clone());
    plan.fingerprint = digest(&plan);
    let outcomes = bench.push(&plan).await.unwrap();
    assert!(outcomes.iter().any(|outcome| {
        matches!(&outcome.state, OutcomeState::Refused { rule } if rule.contains("b9") && rule.contains("not the one that was created"))
    }), "{outcomes:?}");
    assert_eq!((bench.service.writes(), bench.service.user("b9")), (vec!["POST /users".to_owned()], somebody));
}

#[tokio::test]
async fn a_busy_create_that_is_slow_to_show_is_not_sent_twice() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::DoneSlowly(406, 4));
    let changes = create("lea", &[("p1", "viewer")]);
    let outcomes = bench.carry(&changes).await;
    assert!(outcomes.values().all(|state| state.word() == "confirmed"), "{outcomes:?}");
    assert_eq!(bench.service.writes(), ["POST /users"]);
}

#[tokio::test]
async fn a_busy_answer_that_cannot_be_written_down_is_no_reason_to_say_that_nothing_was_done() {
    let folder = Folder::new();
    let bench = bench(lena(), full(), journal::open(&folder.journal()).unwrap());
    bench.service.fault(Fault::DoneWith(406));
    let change = two()[0].clone();
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    let (file, service) = (folder.journal(), bench.service.clone());
    let outcomes = meddled(&bench, &plan, sent, move |_| {
        std::fs::remove_file(&file).unwrap();
        // The record can be read once more before the write, and not after it.
        service.state.lock().unwrap().unreadable = true;
    })
    .await;
    assert_eq!(outcomes[&change.id].word(), "unknown", "{outcomes:?}");
    assert_eq!(bench.service.writes().len(), 1);
}

#[tokio::test]
async fn without_its_journal_a_push_sends_nothing_more_though_the_file_is_only_gone_and_not_closed() {
    for again in [false, true] {
        let folder = Folder::new();
        let bench = bench(lena(), full(), journal::open(&folder.journal()).unwrap());
        let changes = two();
        let plan = bench.prepare(&changes).await;
        let file = folder.journal();
        let outcomes = meddled(&bench, &plan, sent, move |_| {
            std::fs::remove_file(&file).unwrap();
            if again {
                drop(journal::open(&file).unwrap());
            }
        })
        .await;
        let rule = rule(&outcomes[&changes[1].id]);
        assert!(rule.contains("no journal, no push") && rule.contains("removed, or replaced"), "{rule}");
        assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
    }
}

#[tokio::test]
async fn a_push_that_another_has_taken_for_dead_and_closed_sends_nothing_more() {
    let folder = Folder::new();
    let bench = bench(lena(), full(), journal::open(&folder.journal()).unwrap());
    let changes = two();
    let plan = bench.prepare(&changes).await;
    let (file, id) = (folder.journal(), plan.id.clone());
    let outcomes = meddled(&bench, &plan, sent, move |_| journal::open(&file).unwrap().close(&id).unwrap()).await;
    assert!(rule(&outcomes[&changes[1].id]).contains("took this one for dead"), "{outcomes:?}");
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
}

#[tokio::test]
async fn a_push_whose_lease_was_taken_away_begins_nothing_more() {
    for instead in ["removed", "another in its place", "the directory moved away"] {
        let folder = Folder::new();
        let leases = folder.0.join("leases");
        let mut bench = in_memory(lena());
        bench.desk.leases = Leases::at(&leases);
        let changes = two();
        let plan = bench.prepare(&changes).await;
        let outcomes = meddled(&bench, &plan, sent, move |_| {
            let file = std::fs::read_dir(&leases).unwrap().next().unwrap().unwrap().path();
            match instead {
                "removed" => std::fs::remove_file(&file).unwrap(),
                "another in its place" => {
                    std::fs::rename(&file, leases.join("aside")).unwrap();
                    std::fs::write(&file, "").unwrap();
                }
                _ => std::fs::rename(&leases, leases.with_extension("old")).unwrap(),
            }
        })
        .await;
        assert!(rule(&outcomes[&changes[1].id]).contains("removed the lease"), "{instead}: {outcomes:?}");
        assert_eq!(bench.service.writes(), ["PUT /users/a1"], "{instead}");
    }
}

#[tokio::test]
async fn what_was_looked_at_too_long_ago_is_looked_at_again_before_it_is_sent() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::TooLate);
    let change = two()[0].clone();
    let service = bench.service.clone();
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    // While the machine slept somebody else was at work.
    let outcomes = meddled(&bench, &plan, sent, move |_| service.change("a1", "title", "Prof.")).await;
    assert_eq!(outcomes[&change.id].word(), "stale", "{outcomes:?}");
    assert_eq!(bench.service.writes(), Vec::<String>::new());
    assert_eq!(resolve(&bench.desk, &bench.tell()).await.unwrap(), Vec::new(), "nothing is left open");

    for (times, word) in [(2, "confirmed"), (3, "refused")] {
        let bench = in_memory(lena());
        (0..times).for_each(|_| bench.service.fault(Fault::TooLate));
        assert_eq!(bench.one(&change).await.word(), word);
        assert_eq!(bench.service.writes().len(), usize::from(word == "confirmed"));
    }
}

#[tokio::test]
async fn what_was_not_answered_in_time_may_still_come_and_is_unknown_until_it_is_looked_up_again() {
    for comes in [true, false] {
        let bench = in_memory(lena());
        bench.service.fault(Fault::Slow);
        let change = two()[0].clone();
        let state = bench.one(&change).await;
        assert!(
            matches!(&state, OutcomeState::Unknown { why } if why.contains("may still be on its way")),
            "{state:?}"
        );
        if comes {
            bench.service.change("a1", "title", "Dr.");
        }
        let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
        let word = if comes { "confirmed" } else { "failed" };
        assert_eq!((found.len(), found[0].1.state.word()), (1, word));
        assert_eq!(bench.service.writes().len(), 1);
    }
}

#[tokio::test]
async fn a_change_that_was_stopped_between_its_requests_is_told_as_half_done() {
    let bench = in_memory(lena());
    let change = two()[0].clone();
    let mut plan = bench.prepare(std::slice::from_ref(&change)).await;
    let mut second = plan.steps[0].clone();
    second.id = StepId(format!("{}/2", plan.id).into());
    second.after = vec![plan.steps[0].id.clone()];
    plan.steps.push(second);
    plan.fingerprint = digest(&plan);
    let outcomes = meddled(
        &bench,
        &plan,
        |state| matches!(state, OutcomeState::Accepted),
        |stop| {
            stop.stop();
        },
    )
    .await;
    let OutcomeState::Differs { now } = &outcomes[&change.id] else { panic!("{outcomes:?}") };
    assert!(now.contains("what follows was not sent: PUT /users/a1"), "{now}");
    assert_eq!(bench.service.writes().len(), 1);
}

#[tokio::test]
async fn a_plan_is_not_carried_out_at_another_system_that_bears_the_same_name() {
    let mut bench = in_memory(lena());
    let plan = bench.prepare(&two()).await;
    bench.desk.parties.get_mut(&aha()).unwrap().identity = "fake of another company".into();
    let why = bench.push(&plan).await.unwrap_err();
    assert!(why.contains("another system") && why.contains("of another company"), "{why}");
    let mut forged = plan.clone();
    forged.pins.clear();
    forged.fingerprint = digest(&forged);
    let why = bench.push(&forged).await.unwrap_err();
    assert!(why.contains("does not say what aha was"), "{why}");
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_read_of_a_plan_that_lay_in_a_file_cannot_be_a_write() {
    let bench = in_memory(lena());
    let change = two()[0].clone();
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    let body = Body::Json { json: serde_json::json!({"texts": {"userName": "eve"}}), media: "application/json".into() };
    let forged = Request::new(Method::Post, "/users", body, Repeat::Safe);
    assert!(forged.reads(), "it passes for a read");
    for before in [true, false] {
        let mut plan = plan.clone();
        plan.id = crate::plan::PlanId(format!("forged-{before}").into());
        let step = &mut plan.steps[0];
        if before {
            step.read.push(forged.clone());
        } else {
            step.verify.push(forged.clone());
        }
        plan.fingerprint = digest(&plan);
        let asked = bench.service.state.lock().unwrap().posted;
        let outcomes = bench.push(&plan).await.unwrap();
        assert_eq!(bench.service.state.lock().unwrap().posted, asked, "it was never asked: {outcomes:?}");
    }
}

#[tokio::test]
async fn a_create_whose_console_was_killed_after_it_was_answered_with_somebody_elses_id_is_found_by_its_key() {
    let bench = in_memory(lena());
    let changes = create("lea", &[("p1", "viewer")]);
    let plan = bench.prepare(&changes).await;
    let lea = User {
        texts: [("userName", "lea"), ("active", "true")].map(|(path, text)| (path.to_owned(), text.to_owned())).into(),
        pairs: BTreeMap::from([("p1".to_owned(), "viewer".to_owned())]),
    };
    bench.service.state.lock().unwrap().users.insert("n7".into(), lea);
    let id = plan.id.clone();
    let written = bench.desk.keeper.ask(move |journal| {
        journal.open(&plan, &crate::store::Signature::from("lena"))?;
        let receipt = journal.intend(&plan.id, &plan.steps[0])?;
        let named = Some("a1".to_owned());
        let state = crate::store::StepState::Replied { status: 201, verdict: "accepted".into(), id: named };
        journal.reached(&receipt, &state)?;
        // The console that is gone leaves it as if it were closed.
        journal.close(&plan.id)
    });
    written.await.unwrap();
    let found = resolve(&bench.desk, &bench.tell()).await.unwrap();
    assert!(found.iter().all(|(_, outcome)| outcome.state.word() == "confirmed"), "{found:?}");
    let made = bench.desk.keeper.ask(move |journal| journal.created(&id)).await.unwrap();
    assert_eq!(made, [(changes[0].id.clone(), "n7".to_owned())]);
}
