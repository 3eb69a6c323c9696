//! What is sent, what is looked up, and what is said of it.

use super::fake::Fault;
use super::*;

fn confirmed() -> OutcomeState {
    OutcomeState::confirmed(Vec::new())
}

#[tokio::test]
async fn what_was_previewed_is_sent_once_and_read_back() {
    let bench = in_memory(lena());
    let change = set("a1", "title", "Ms.", "Dr.");
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    let outcomes = bench.push(&plan).await.unwrap();
    assert_eq!(outcomes[0].state, confirmed());
    let state = bench.service.state.lock().unwrap();
    assert_eq!(state.writes, vec![plan.steps[0].write.clone()]);
    assert_eq!(state.users["a1"].texts["title"], "Dr.");
}

#[tokio::test]
async fn the_faces_hear_of_every_stage() {
    let bench = in_memory(lena());
    bench.one(&set("a1", "title", "Ms.", "Dr.")).await;
    let told = bench.told.lock().unwrap();
    let words: Vec<&str> = told
        .iter()
        .map(|report| match report {
            Report::PushBegan(_) => "began",
            Report::Outcome(_, outcome) => outcome.state.word(),
            Report::PushEnded(_) => "ended",
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, ["began", "sent", "accepted", "confirmed", "ended"]);
}

#[tokio::test]
async fn what_moved_since_the_preview_is_stale_with_three_values_and_not_overwritten() {
    let bench = in_memory(lena());
    let change = set("a1", "title", "Ms.", "Dr.");
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    bench.service.change("a1", "title", "Prof.");
    let OutcomeState::Stale { what } = bench.push(&plan).await.unwrap()[0].state.clone() else { panic!() };
    assert_eq!(what, "title: planned from \"Ms.\", wanted \"Dr.\", now \"Prof.\"");
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn an_account_that_was_switched_off_meanwhile_is_not_written() {
    let bench = in_memory(lena());
    let change = set("a1", "title", "Ms.", "Dr.");
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    bench.service.change("a1", "active", "false");
    let OutcomeState::Stale { what } = bench.push(&plan).await.unwrap()[0].state.clone() else { panic!() };
    assert!(what.contains("active: planned from \"true\", wanted as it was, now \"false\""), "{what}");
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_record_that_is_gone_is_stale() {
    let bench = in_memory(lena());
    let change = set("a1", "title", "Ms.", "Dr.");
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    bench.service.state.lock().unwrap().users.remove("a1");
    assert_eq!(bench.push(&plan).await.unwrap()[0].state.word(), "stale");
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_already_as_wanted_is_confirmed_with_nothing_sent() {
    let bench = in_memory(lena());
    let change = set("a1", "title", "Ms.", "Dr.");
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    bench.service.change("a1", "title", "Dr.");
    let already = OutcomeState::Confirmed { unread: Vec::new(), already: true };
    assert_eq!(bench.push(&plan).await.unwrap()[0].state, already);
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_as_wanted_beside_what_had_to_be_written_is_not_this_pushs_doing() {
    let bench = in_memory(lena());
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a1", "userName", "lena", "lena.f")];
    let plan = bench.prepare(&changes).await;
    bench.service.change("a1", "title", "Dr.");
    let outcomes = bench.push(&plan).await.unwrap();
    let state = |of: &Change| outcomes.iter().find(|outcome| outcome.change == of.id).unwrap().state.clone();
    assert_eq!(state(&changes[0]), OutcomeState::Confirmed { unread: Vec::new(), already: true });
    assert_eq!(state(&changes[1]), confirmed());
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
}

#[tokio::test]
async fn a_name_that_is_never_returned_and_shows_as_wanted_since_the_preview_is_not_stale() {
    let part = Facet::attr("name.givenName");
    let shows = (Facet::attr("displayName"), seen("Lea F"));
    let change = change_of("a1", Op::Set, part, Wanted::Text("Lena".into()), vec![shows]);
    for (now, word) in [("Lena F", "confirmed"), ("Lara F", "stale")] {
        let service = lena();
        service.change("a1", "displayName", "Lea F");
        let bench = in_memory(service);
        let plan = bench.prepare(std::slice::from_ref(&change)).await;
        bench.service.change("a1", "displayName", now);
        assert_eq!(bench.push(&plan).await.unwrap()[0].state.word(), word);
        assert_eq!(bench.service.writes(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn two_changes_of_one_request_are_sent_together_and_judged_apart() {
    let bench = in_memory(lena());
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a1", "userName", "lena", "lena.f")];
    let outcomes = bench.carry(&changes).await;
    assert_eq!(outcomes.values().collect::<Vec<_>>(), [&confirmed(), &confirmed()]);
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
    let stale = [set("a1", "title", "Ms.", "Prof."), set("a1", "userName", "lena.f", "lena")];
    let bench = Bench { told: Arc::default(), ..bench };
    let plan = prepare(&bench.desk, stale.to_vec(), &bench.tell(), &CancellationToken::new()).await.unwrap();
    let outcomes = bench.push(&plan).await.unwrap();
    let word = |of: &Change| outcomes.iter().find(|outcome| outcome.change == of.id).unwrap().state.word();
    assert_eq!((word(&stale[0]), word(&stale[1])), ("stale", "refused"));
    assert_eq!(bench.service.writes().len(), 1, "nothing more was sent");
}

#[tokio::test]
async fn what_the_push_itself_wrote_does_not_make_its_next_step_stale() {
    let service = lena();
    service.change("a1", "active", "false");
    let bench = in_memory(service);
    let facet = Facet::attr("active");
    let on = change_of(
        "a1",
        Op::Reactivate,
        facet.clone(),
        Wanted::Text("true".into()),
        vec![(facet.clone(), seen("false"))],
    );
    let mut pair = put("a1", "p2", "", "viewer");
    let Expect::Facets(expected) = &mut pair.expect else { panic!() };
    expected.push((facet, seen("false")));
    let outcomes = bench.carry(&[on, pair]).await;
    assert_eq!(outcomes.values().collect::<Vec<_>>(), [&confirmed(), &confirmed()]);
}

#[tokio::test]
async fn a_lost_reply_is_looked_up_and_not_resent() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::LostAfter);
    assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await, confirmed());
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
}

#[tokio::test]
async fn a_write_that_was_lost_on_the_way_has_failed_and_is_not_resent() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::LostBefore);
    let OutcomeState::Failed { why } = bench.one(&set("a1", "title", "Ms.", "Dr.")).await else { panic!() };
    assert!(why.contains("was not carried out") && why.contains("push it again"), "{why}");
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
}

#[tokio::test]
async fn what_cannot_be_looked_up_stays_unknown_and_open() {
    let bench = in_memory(lena());
    let change = set("a1", "title", "Ms.", "Dr.");
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    bench.service.fault(Fault::LostAfter);
    // The look just before the write works, the ones after it do not.
    let service = bench.service.clone();
    let told = bench.told.clone();
    let tell: Tell = Arc::new(move |report| {
        if matches!(&report, Report::Outcome(_, outcome) if outcome.state == OutcomeState::Sent) {
            service.state.lock().unwrap().unreadable = true;
        }
        told.lock().unwrap().push(report);
    });
    let plan = Arc::new(plan);
    let outcomes =
        push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, tell, CancellationToken::new()).await;
    assert_eq!(outcomes.unwrap()[0].state.word(), "unknown");
    let open = bench.desk.keeper.ask(|journal| journal.open_intents()).await.unwrap();
    assert_eq!(open.len(), 1);
    bench.service.state.lock().unwrap().unreadable = false;
    let found = crate::engine::push::resolve(&bench.desk, &bench.tell()).await.unwrap();
    assert_eq!(found[0].1.state, confirmed());
    assert_eq!(bench.service.writes().len(), 1);
}

#[tokio::test]
async fn a_create_whose_reply_was_lost_is_found_by_key_and_the_rest_goes_on() {
    for fault in [Fault::LostAfter, Fault::DoneWith(502)] {
        let bench = in_memory(lena());
        bench.service.fault(fault);
        let changes = create("王小明", &[("p1", "viewer"), ("p2", "owner")]);
        let outcomes = bench.carry(&changes).await;
        let unread = OutcomeState::confirmed(vec!["name.givenName".into()]);
        assert_eq!(outcomes[&changes[0].id], unread);
        assert_eq!(outcomes[&changes[1].id], confirmed());
        assert_eq!(outcomes[&changes[2].id], confirmed());
        assert_eq!(bench.service.writes(), ["POST /users", "POST /users/new1/pairs"]);
        let links = bench.desk.keeper.ask(|journal| journal.links()).await.unwrap();
        assert_eq!(&*links[0].b.id, "new1");
    }
}

#[tokio::test]
async fn a_create_that_never_arrived_fails_and_what_needs_it_is_skipped() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::LostBefore);
    let changes = create("lea", &[("p1", "viewer"), ("p2", "owner")]);
    let outcomes = bench.carry(&changes).await;
    assert_eq!(outcomes[&changes[0].id].word(), "failed");
    assert_eq!(outcomes[&changes[2].id], OutcomeState::Skipped { needs: changes[0].id.clone() });
    assert_eq!(bench.service.writes(), ["POST /users"]);
}

#[tokio::test]
async fn a_create_of_somebody_who_came_meanwhile_is_stale() {
    let bench = in_memory(lena());
    let changes = create("lena", &[("p1", "owner")]);
    let outcomes = bench.carry(&changes).await;
    assert_eq!(outcomes[&changes[0].id].word(), "stale");
    assert_eq!(bench.service.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_role_that_the_service_defaulted_is_that_pairs_own_difference() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::Defaulted);
    let changes = create("lea", &[("p1", "owner"), ("p2", "owner")]);
    let outcomes = bench.carry(&changes).await;
    assert_eq!(outcomes[&changes[0].id].word(), "confirmed");
    assert_eq!(outcomes[&changes[1].id], OutcomeState::Differs { now: "productRoles[p1]: \"viewer\"".into() });
    assert_eq!(outcomes[&changes[2].id], confirmed());
}

#[tokio::test]
async fn a_service_that_is_slow_to_show_a_write_is_waited_for() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::SlowToShow(3));
    assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await, confirmed());
    let bench = in_memory(lena());
    bench.service.fault(Fault::SlowToShow(10_000));
    assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await.word(), "differs");
}

#[tokio::test]
async fn a_busy_service_is_tried_again_and_the_record_is_read_again_first() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::Status(429));
    assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await, confirmed());
    assert_eq!(bench.service.writes().len(), 2);
    assert!(bench.desk.keeper.ask(|journal| journal.open_intents()).await.unwrap().is_empty());
    assert!(
        bench
            .told
            .lock()
            .unwrap()
            .iter()
            .any(|report| { matches!(report, Report::Outcome(_, outcome) if outcome.state.word() == "waiting") })
    );

    let bench = in_memory(lena());
    bench.service.fault(Fault::Status(429));
    // Somebody else writes between the two tries: reads 1 and 2 are those just before each of them.
    let meddle = |users: &mut BTreeMap<String, fake::User>| {
        users.get_mut("a1").unwrap().texts.insert("title".into(), "Prof.".into());
    };
    bench.service.state.lock().unwrap().meddling.insert(2, Box::new(meddle));
    assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await.word(), "stale");
    assert_eq!(bench.service.writes().len(), 1);
}

#[tokio::test]
async fn a_service_that_stays_busy_has_not_done_it() {
    let bench = in_memory(lena());
    for _ in 0..3 {
        bench.service.fault(Fault::Status(429));
    }
    let OutcomeState::Failed { why } = bench.one(&set("a1", "title", "Ms.", "Dr.")).await else { panic!() };
    assert!(why.contains("nothing was done"), "{why}");
    assert_eq!(bench.service.writes().len(), 3);
}

#[tokio::test]
async fn a_record_that_somebody_has_open_is_waited_for_a_few_times_and_its_holder_is_told() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::Status(423));
    assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await, confirmed());
    assert_eq!(bench.service.writes().len(), 2);
    let waits = |report: &Report| matches!(report, Report::Outcome(_, outcome) if matches!(&outcome.state, OutcomeState::Waiting { why, .. } if why.contains("in use by demo")));
    assert!(bench.told.lock().unwrap().iter().any(waits));

    let bench = in_memory(lena());
    for _ in 0..4 {
        bench.service.fault(Fault::Status(423));
    }
    let OutcomeState::Failed { why } = bench.one(&set("a1", "title", "Ms.", "Dr.")).await else { panic!() };
    assert!(why.contains("in use by demo") && why.contains("tried 4 times, nothing was done"), "{why}");
    assert_eq!(bench.service.writes().len(), 4);
    assert!(bench.desk.keeper.ask(|journal| journal.open_intents()).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_no_has_its_own_word_and_leaves_nothing_open() {
    for (fault, word) in [
        (Fault::Status(422), "failed"),
        (Fault::Status(412), "stale"),
        (Fault::Status(501), "refused"),
        (Fault::NotSent, "failed"),
    ] {
        let bench = in_memory(lena());
        bench.service.fault(fault.clone());
        assert_eq!(bench.one(&set("a1", "title", "Ms.", "Dr.")).await.word(), word, "{fault:?}");
        assert!(bench.desk.keeper.ask(|journal| journal.open_intents()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_no_to_what_was_carried_out_is_seen_through_by_reading_and_one_to_what_was_not_is_not() {
    let change = set("a1", "title", "Ms.", "Dr.");
    for status in [400, 401, 404, 422] {
        let bench = in_memory(lena());
        bench.service.fault(Fault::DoneWith(status));
        assert_eq!(bench.one(&change).await, OutcomeState::confirmed(Vec::new()), "{status}");
        let told = bench.told.lock().unwrap();
        let said = |report: &Report| matches!(report, Report::Notice(text) if text.contains("said no"));
        assert!(told.iter().any(said), "{status}");
        assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
    }
    let bench = in_memory(lena());
    bench.service.fault(Fault::DoneWith(400));
    let outcomes = bench.carry(&create("lea", &[("p1", "viewer")])).await;
    assert!(outcomes.values().all(|state| state.word() == "confirmed"), "{outcomes:?}");
    let plan = bench.desk.keeper.ask(|journal| journal.history(1)).await.unwrap().remove(0).plan.id;
    assert_eq!(bench.desk.keeper.ask(move |journal| journal.created(&plan)).await.unwrap().len(), 1);
    assert!(bench.desk.keeper.ask(|journal| journal.open_intents()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_form_that_was_refused_is_not_previewed_again() {
    let mut bench = in_memory(lena());
    let whole = Party {
        connector: Arc::new(fake::Fake { whole: true, mapping: fixture::mapping(true) }),
        ..bench.desk.parties[&aha()].clone()
    };
    bench.desk.parties.insert(aha(), whole);
    bench.service.fault(Fault::Status(501));
    let change = set("a1", "title", "Ms.", "Dr.");
    let first = bench.prepare(std::slice::from_ref(&change)).await;
    assert_eq!(bench.push(&first).await.unwrap()[0].state.word(), "refused");
    let second = prepare(&bench.desk, vec![change], &bench.tell(), &CancellationToken::new()).await.unwrap();
    assert_ne!(first.steps[0].write.body, second.steps[0].write.body);
    assert_eq!(bench.push(&second).await.unwrap()[0].state, confirmed());
}

#[tokio::test]
async fn the_rest_of_a_whole_record_is_carried_over_from_the_fresh_read() {
    let mut bench = in_memory(lena());
    let whole = Party {
        connector: Arc::new(fake::Fake { whole: true, mapping: fixture::mapping(true) }),
        ..bench.desk.parties[&aha()].clone()
    };
    bench.desk.parties.insert(aha(), whole);
    let change = set("a1", "title", "Ms.", "Dr.");
    let plan = bench.prepare(std::slice::from_ref(&change)).await;
    bench.service.change("a1", "userName", "lena.fischer");
    assert_eq!(bench.push(&plan).await.unwrap()[0].state, confirmed());
    assert_eq!(bench.service.user("a1").texts["userName"], "lena.fischer");
}

#[tokio::test]
async fn a_step_that_breaks_after_sending_is_unknown_and_the_others_go_on() {
    let bench = in_memory(lena());
    bench.service.fault(Fault::Panic);
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")];
    let outcomes = bench.carry(&changes).await;
    assert_eq!(outcomes[&changes[0].id].word(), "unknown");
    assert_eq!(outcomes[&changes[1].id], confirmed());
    assert!(bench.told.lock().unwrap().iter().any(|report| matches!(report, Report::Crashed { .. })));
    let found = crate::engine::push::resolve(&bench.desk, &bench.tell()).await.unwrap();
    assert_eq!(found[0].1.state, confirmed());
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_begins_nothing_more() {
    let bench = in_memory(lena());
    let changes = [set("a1", "title", "Ms.", "Dr."), set("a2", "title", "", "Mr.")];
    let plan = Arc::new(bench.prepare(&changes).await);
    let stop = CancellationToken::new();
    let tell: Tell = {
        let stop = stop.clone();
        Arc::new(move |report| {
            if matches!(&report, Report::Outcome(_, outcome) if outcome.state == OutcomeState::Sent) {
                stop.cancel();
            }
        })
    };
    let outcomes = push(Arc::new(bench.desk.clone()), plan.clone(), &plan.fingerprint, tell, stop).await.unwrap();
    let words: Vec<_> = outcomes.iter().map(|outcome| outcome.state.word()).collect();
    assert_eq!(words, ["confirmed", "stopped"]);
    assert_eq!(bench.service.writes(), ["PUT /users/a1"]);
}

#[tokio::test]
async fn a_value_that_is_never_returned_is_listed_as_not_read_back() {
    let bench = in_memory(lena());
    let facet = Facet::attr("name.givenName");
    let change = change_of("a1", Op::Set, facet.clone(), Wanted::Text("Lena".into()), vec![(facet, Seen::Unreadable)]);
    assert_eq!(bench.one(&change).await, OutcomeState::confirmed(vec!["name.givenName".into()]));
    assert_eq!(bench.service.writes().len(), 1, "it cannot be known to be there already");
}

#[tokio::test]
async fn a_change_whose_need_is_not_staged_is_refused_in_the_plan() {
    let bench = in_memory(lena());
    let changes = create("lea", &[("p1", "owner")]);
    let plan = bench.prepare(&changes[1..]).await;
    assert!(plan.refused[0].1.contains("is not staged"), "{:?}", plan.refused);
    assert!(plan.steps.is_empty());
}

#[tokio::test]
async fn a_name_that_is_never_returned_is_judged_by_what_it_shows_in() {
    let part = Facet::attr("name.givenName");
    let shows = (Facet::attr("displayName"), seen("Lea"));
    let change = change_of("a1", Op::Set, part, Wanted::Text("Lena".into()), vec![shows]);
    for (shown, word) in [(true, "confirmed"), (false, "differs")] {
        let service = lena();
        service.change("a1", "displayName", "Lea");
        service.state.lock().unwrap().names_show = shown;
        let bench = in_memory(service);
        assert_eq!(bench.one(&change).await.word(), word);
        assert_eq!(bench.service.writes().len(), 1);
    }
    // Without anything that it shows in, nobody knows.
    let blind = change_of("a1", Op::Set, Facet::attr("name.givenName"), Wanted::Text("Lena".into()), Vec::new());
    let bench = in_memory(lena());
    bench.service.fault(Fault::LostAfter);
    assert_eq!(bench.one(&blind).await.word(), "unknown");
    // With it a lost reply is settled as well.
    for (fault, word) in [(Fault::LostAfter, "confirmed"), (Fault::LostBefore, "failed")] {
        let service = lena();
        service.change("a1", "displayName", "Lea");
        service.state.lock().unwrap().names_show = true;
        let bench = in_memory(service);
        bench.service.fault(fault);
        assert_eq!(bench.one(&change).await.word(), word);
    }
}
