//! What stands in the way: nothing is sent, and it is said why.

use super::*;
use crate::model::filter::{Filter, Filters};

async fn refused(bench: &Bench, plan: &Plan) -> String {
    let why = bench.push(plan).await.unwrap_err();
    assert_eq!(bench.service.writes(), Vec::<String>::new());
    assert!(bench.told.lock().unwrap().iter().all(|report| {
        matches!(report, Report::Outcome(_, outcome) if outcome.state == OutcomeState::Refused { rule: why.clone() })
    }));
    assert_eq!(bench.told.lock().unwrap().len(), plan.changes.len());
    why
}

#[tokio::test]
async fn a_read_only_system_is_not_written() {
    let bench = bench(lena(), Policy::default(), journal::in_memory().unwrap());
    let plan = bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await;
    let why = refused(&bench, &plan).await;
    assert!(why.contains("read-only") && why.contains("trueup.toml"), "{why}");
}

#[tokio::test]
async fn append_only_refuses_a_deactivation_also_where_the_plan_says_otherwise() {
    let policy = Policy { mode: Mode::AppendOnly, ..Policy::default() };
    let bench = bench(lena(), policy, journal::in_memory().unwrap());
    let mut plan = bench.prepare(&[deactivate("a1"), set("a2", "title", "", "Mr.")]).await;
    assert!(plan.blocked());
    for guard in &mut plan.guards {
        guard.acknowledged = true;
    }
    let why = refused(&bench, &plan).await;
    assert!(why.contains("append-only: 1 of 2"), "{why}");
    plan.guards.clear();
    bench.told.lock().unwrap().clear();
    refused(&bench, &plan).await;
}

#[tokio::test]
async fn append_only_lets_a_set_through() {
    let policy = Policy { mode: Mode::AppendOnly, ..Policy::default() };
    let bench = bench(lena(), policy, journal::in_memory().unwrap());
    assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await.word(), "confirmed");
}

#[tokio::test]
async fn a_limit_refuses_before_the_first_write_and_passes_once_acknowledged() {
    let bench = in_memory(lena());
    let mut plan = bench.prepare(&[deactivate("a1"), set("a2", "title", "", "Mr.")]).await;
    let why = refused(&bench, &plan).await;
    assert!(why.contains("limit-percent") && why.contains("1 of 3 users") && why.contains("Acknowledge"), "{why}");
    for guard in &mut plan.guards {
        guard.acknowledged = true;
    }
    let outcomes = bench.push(&plan).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.state.word() == "confirmed"), "{outcomes:?}");
}

#[tokio::test]
async fn a_plan_names_its_sensitive_values_and_one_that_does_not_is_not_pushed() {
    let mut bench = in_memory(lena());
    let mut mapping = (*fixture::mapping(true)).clone();
    for row in mapping.kinds.iter_mut().flat_map(|map| &mut map.rows) {
        row.sensitive = row.attr.as_str() == "title";
    }
    let connector = fake::Fake { whole: false, mapping: Arc::new(mapping) };
    let party = Party { connector: Arc::new(connector), ..bench.desk.parties[&aha()].clone() };
    bench.desk.parties.insert(aha(), party);
    let mut plan = bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await;
    let named: Vec<_> = plan.sensitive.iter().map(|one| (one.kind, one.path.as_str())).collect();
    assert_eq!(named, [(Kind::User, "title")]);
    assert!(plan.sensitive_values().contains(&"Dr.".to_owned()), "{:?}", plan.sensitive_values());
    // As in a file that somebody shortened, so that its values would stand in the journal as they are.
    plan.sensitive.clear();
    plan.fingerprint = crate::plan::digest(&plan);
    let why = bench.push(&plan).await.unwrap_err();
    assert!(why.contains("does not say which of its values are sensitive"), "{why}");
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn an_acknowledgement_holds_only_for_its_numbers() {
    let mut bench = in_memory(lena());
    let mut plan = bench.prepare(&[deactivate("a1")]).await;
    for guard in &mut plan.guards {
        guard.acknowledged = true;
    }
    bench.desk.compared = Arc::new(world(2).compared());
    let why = refused(&bench, &plan).await;
    assert!(why.contains("1 of 2 users"), "{why}");
}

#[tokio::test]
async fn a_protected_record_is_not_touched_and_an_undecided_one_counts_as_protected() {
    for verdict in [Some(true), None] {
        let policy = Policy { protect: Filters::of_users(Filter::parse("userName eq \"lena\"").unwrap()), ..full() };
        let mut bench = bench(lena(), policy, journal::in_memory().unwrap());
        bench.desk.protected = Arc::new(move |_| verdict);
        let plan = bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await;
        let why = refused(&bench, &plan).await;
        assert!(why.starts_with("protected:"), "{why}");
    }
}

#[tokio::test]
async fn a_plan_that_is_not_the_confirmed_one_is_not_sent() {
    let bench = in_memory(lena());
    let mut plan = bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await;
    plan.steps[0].write.path = "/users/a2".into();
    let why = refused(&bench, &plan).await;
    assert!(why.contains("not the one that was confirmed"), "{why}");
    let plan = bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await;
    let other = push(Arc::new(bench.desk.clone()), Arc::new(plan), "0123", bench.tell(), CancellationToken::new());
    assert!(other.await.is_err());
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_plan_is_carried_out_once() {
    let bench = in_memory(lena());
    let plan = bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await;
    bench.push(&plan).await.unwrap();
    let why = bench.push(&plan).await.unwrap_err();
    assert!(why.contains("pushed before"), "{why}");
    assert_eq!(bench.service.writes().len(), 1);
    let again = set("a2", "title", "", "Mr.");
    let plan = prepare(&bench.desk, vec![again], &bench.tell(), &CancellationToken::new()).await.unwrap();
    bench.push(&plan).await.expect("the lease was given back");
}

#[tokio::test]
async fn a_system_that_is_not_connected_is_refused_in_the_plan() {
    let mut bench = in_memory(lena());
    bench.desk.parties.clear();
    let plan = bench.prepare(&[set("a1", "title", "Ms.", "Dr.")]).await;
    assert!(plan.refused[0].1.contains("not connected"));
    assert!(bench.push(&plan).await.is_err());
}
