//! What goes wrong, and what the operator is told.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_somebody_edits_is_waited_for_and_the_holder_is_named() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let row = users_with(&world, true, 1);
    let id = snapshot(&world, Kind::User).table.id(row).to_owned();
    console.heard = Some(Vec::new());
    bed.faults("erp", &[&format!("conflict={id}:2")]);
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "a@example.com")).await;
    assert_eq!(state.word(), "confirmed", "{state:?}");
    assert_eq!(calls(&bed, "Save"), 3);
    let heard = console.heard.take().unwrap();
    assert!(
        heard.iter().any(|report| report.contains("Waiting") && report.contains("in use by ")),
        "with the time of the next try"
    );

    bed.faults("erp", &[&format!("conflict={id}:99")]);
    // What is planned from has to be what is there now.
    let world =
        loop_until(&mut console, world, |world| text(world, Kind::User, row, "emails[work]") == "a@example.com").await;
    let OutcomeState::Failed { why } =
        one(&mut console, set(&world, Kind::User, row, "emails[work]", "b@example.com")).await
    else {
        panic!("it stays in use")
    };
    assert!(why.contains("in use by ") && why.contains("nothing was done"), "{why}");
    assert_eq!(calls(&bed, "Save"), 3 + 4);
    bed.faults("erp", &["optimistic-lock=1"]);
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "c@example.com")).await;
    assert_eq!(state.word(), "stale", "{state:?}");
    assert_eq!(calls(&bed, "Save"), 3 + 4 + 1, "it is not resent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_lost_in_a_walk_or_a_write_costs_one_log_in() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    assert_eq!(log_ins(&bed), 1);
    bed.faults("erp", &["session-lost=1"]);
    console.handle.send(trueup::engine::protocol::Command::Refresh { system: Some(SystemId::new("erp")), kind: None });
    let generation = snapshot(&world, Kind::User).generation;
    let world = loop_until(&mut console, world, |world| {
        let users = snapshot(world, Kind::User);
        users.generation > generation && users.feeds.iter().all(|feed| !matches!(feed.proof, Proof::Reading { .. }))
    })
    .await;
    assert!(snapshot(&world, Kind::User).proved(), "{:?}", snapshot(&world, Kind::User).feeds);
    assert_eq!(log_ins(&bed), 2);

    let row = users_with(&world, true, 1);
    bed.faults("erp", &["expire=0@.Save."]);
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "a@example.com")).await;
    // Nobody knows how far a write came whose session was lost: it is read, and told as what it is.
    let OutcomeState::Failed { why } = &state else { panic!("{state:?}") };
    assert!(why.contains("not carried out"), "{why}");
    assert_eq!((calls(&bed, "Save"), log_ins(&bed)), (1, 3), "it is not resent by itself");
    let state = one(&mut console, set(&world, Kind::User, row, "emails[work]", "a@example.com")).await;
    assert_eq!(state.word(), "confirmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_secret_is_tried_once_and_the_test_still_tells_of_the_parameters() {
    let bed = Bed::of(20, &[HR, ERP]).await;
    let mut setup = systems(&bed, &[]);
    let wrong = Source::Given(Secret::new("0123456789abcdef0123456789abcdef"));
    setup.systems[1].config.own_secrets.insert("application_secret".into(), wrong);
    let site = engine::test(setup, &[SystemId::new("erp")]).await.remove(0);
    assert!(!site.good());
    let line = |what: &str| {
        site.evidence.iter().rfind(|line| line.what == what).unwrap_or_else(|| panic!("{:#?}", site.evidence))
    };
    assert_eq!(line("data_center_id").finding, Finding::Good);
    assert!(line("password").detail.contains("unused"));
    assert!(line("log-in").detail.contains("about 30 minutes"), "{:?}", line("log-in"));
    assert_eq!((log_ins(&bed), calls(&bed, "ExecuteBillQuery")), (1, 0));
}

/// What the connection test finds with these settings and faults.
async fn tested(own: &[(&str, &str)], faults: &[&str]) -> (Bed, Site) {
    let bed = Bed::of(20, &[HR, ERP]).await;
    bed.faults("erp", faults);
    let site = engine::test(systems(&bed, own), &[SystemId::new("erp")]).await.remove(0);
    (bed, site)
}

fn told(site: &Site) -> String {
    site.evidence.iter().map(|line| format!("{}: {}", line.what, line.detail)).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_of_not_being_let_in_says_what_it_means_and_tries_once() {
    for (own, faults, words, log_ins_sent) in [
        (&[("login", "header")][..], &["clock=4000"][..], "clock of this host differs", 0),
        (&[("login", "header")], &["clock=4000", "stale=lost"], "or this host's clock is off", 0),
        (&[("login", "sign")], &["clock=4000"], "this host's clock", 1),
        (&[], &["data-center=0123456789abcd"], "data_center_id is none of this site's", 1),
        (&[("login", "password")], &["refuse-password"], "public cloud", 1),
        (&[], &["gateway=4002"], "4002", 1),
        (&[], &["lockout=1", "session-in=cookie", "xhtml=9"], "500", 1),
        (&[], &["not-json=9"], "neither a yes nor a no", 1),
        // That is how a View without a session is answered; right after a log-in another one is of no use.
        (&[], &["empty-object=9"], "Third-Party System Login Authorization", 1),
        (&[], &["response-error=9"], "未将对象引用", 1),
        (&[], &["right-denied=SEC_User"], "lacks a right", 1),
        (&[], &["no-right=SEC_User"], "lacks the right", 1),
    ] {
        let (bed, site) = tested(own, faults).await;
        assert!(!site.good(), "{faults:?}: {}", told(&site));
        assert!(told(&site).contains(words), "{faults:?}: {}", told(&site));
        assert_eq!(log_ins(&bed), log_ins_sent, "{faults:?}: {}", told(&site));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_shape_of_a_yes_and_a_no_is_understood() {
    for faults in [
        &["is-success=text"][..],
        &["is-success=text", "rotate-session", "session-in=body"],
        &["nag", "session-in=cookie"],
        &["view-entries=keys", "user-name=multi", "blank=null", "dates=ms"],
        &["data-form=object", "blank=empty"],
    ] {
        let (bed, mut console, world) = world(40, &[], &[]).await;
        bed.faults("erp", faults);
        let row = users_with(&world, true, 1);
        let id = snapshot(&world, Kind::User).table.id(row).to_owned();
        let had = grants(&world, row);
        let change = set(&world, Kind::User, row, "emails[work]", "a@example.com");
        let drop = grant(&world, row, Op::Drop, [&had[0][0], &had[0][1]]);
        let (_, outcomes) = pushed(&mut console, vec![change, drop]).await;
        assert!(outcomes.iter().all(|(_, state)| state.word() == "confirmed"), "{faults:?}: {outcomes:?}");
        assert_eq!(record(&bed, "SEC_User", &id).await["FEmail"], "a@example.com");
        console.handle.send(trueup::engine::protocol::Command::Refresh { system: None, kind: None });
        let world =
            loop_until(&mut console, world, |world| text(world, Kind::User, row, "emails[work]") == "a@example.com")
                .await;
        assert!(snapshot(&world, Kind::User).proved(), "{faults:?}");
    }
    // A no in two arrays, in one, as a bare object, and as a status.
    for shape in ["lost-shape=double", "lost-shape=list", "lost-shape=object", "lost-as-401"] {
        let (bed, mut console, world) = world(40, &[], &[]).await;
        let before = snapshot(&world, Kind::User).generation;
        bed.faults("erp", &["session-lost=1", shape]);
        console
            .handle
            .send(trueup::engine::protocol::Command::Refresh { system: Some(SystemId::new("erp")), kind: None });
        let world = loop_until(&mut console, world, |world| {
            let users = snapshot(world, Kind::User);
            users.generation > before && users.feeds.iter().all(|feed| !matches!(feed.proof, Proof::Reading { .. }))
        })
        .await;
        assert!(snapshot(&world, Kind::User).proved(), "{shape}: {:?}", snapshot(&world, Kind::User).feeds);
        assert_eq!(log_ins(&bed), 2, "{shape}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_goes_in_a_text_where_the_site_wants_it_so() {
    // targets/kingdee.md 0.3.
    let (bed, mut console, world) = world(40, &[("data_form", "text")], &["data-form=text"]).await;
    assert!(snapshot(&world, Kind::User).proved() && snapshot(&world, Kind::Group).proved());
    let row = users_with(&world, true, 1);
    let id = snapshot(&world, Kind::User).table.id(row).to_owned();
    let had = grants(&world, row);
    let changes = vec![
        set(&world, Kind::User, row, "emails[work]", "a@example.com"),
        grant(&world, row, Op::Drop, [&had[0][0], &had[0][1]]),
    ];
    let (_, outcomes) = pushed(&mut console, changes).await;
    assert!(outcomes.iter().all(|(_, state)| state.word() == "confirmed"), "{outcomes:?}");
    assert_eq!(record(&bed, "SEC_User", &id).await["FEmail"], "a@example.com");
    assert_eq!(one(&mut console, switch(&world, Kind::User, row, false)).await.word(), "confirmed");
    let (_, site) = tested(&[], &["data-form=text"]).await;
    assert!(told(&site).contains("data_form = \"text\""), "{}", told(&site));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_to_a_write_that_is_no_answer_is_looked_up_and_a_refusal_is_told() {
    let (bed, mut console, world) = world(40, &[], &[]).await;
    let row = users_with(&world, true, 1);
    for (faults, words) in [
        (&["at=Save", "not-json=1"][..], "服务器繁忙"),
        (&["at=Save", "empty-body=1"], "an empty answer"),
        (&["at=Save", "empty-object=1"], "the session had ended"),
        (&["at=Save", "response-error=1"], "未将对象引用"),
        (&["at=Save", "xhtml=1"], "500"),
        (&["at=Save", "request-filter=1"], "request filter"),
    ] {
        let plan = console.plan(vec![set(&world, Kind::User, row, "emails[work]", "a@example.com")]).await;
        bed.faults("erp", faults);
        let before = calls(&bed, "Save");
        let state = console.push(plan).await.remove(0).1;
        let OutcomeState::Failed { why } = &state else { panic!("{faults:?}: {state:?}") };
        assert!(why.contains(words), "{faults:?}: {why}");
        assert_eq!(calls(&bed, "Save"), before + 1, "{faults:?}: it is never sent again");
    }
}
