//! What operators come for, each from the first key to the answer on the screen. The number of keys is part of each test.

use std::sync::Arc;

use trueup::compare::{Decision, LinkVerdict, compare};
use trueup::engine::protocol::{Command, Health, PastPush, Report};
use trueup::model::{FeedState, Op, Proof};
use trueup::plan::{Outcome, OutcomeState, Plan, Target};

use crate::desk::{Desk, now};
use crate::world::{self, change, deactivation, outcome, plan};

/// Presses keys, and says how many they were.
fn press(desk: &mut Desk, keys: &str) -> usize {
    desk.keys(keys);
    let named = ["Enter", "Esc", "Tab", "Up", "Down", "Left", "Right", "Space", "PgDn", "PgUp"];
    keys.split_whitespace().map(|word| if named.contains(&word) { 1 } else { word.chars().count() }).sum()
}

fn at(screen: &str, what: &str) -> usize {
    screen.find(what).unwrap_or_else(|| panic!("{what:?} is not on the screen:\n{screen}"))
}

fn told_history(desk: &mut Desk, pushes: Vec<PastPush>) {
    desk.report(Report::History(pushes));
}

fn past(plan: Arc<Plan>, outcomes: Vec<Outcome>) -> PastPush {
    let (who, created) = ("ops@bastion".into(), Vec::new());
    PastPush { plan, began: now(), who, reason: None, created, closed: true, running: false, outcomes }
}

fn push(changes: Vec<trueup::plan::Change>, states: Vec<OutcomeState>) -> PastPush {
    let outcomes = changes.iter().zip(states).map(|(change, state)| outcome(change, state)).collect();
    past(plan(changes), outcomes)
}

#[test]
fn a_push_that_is_still_at_work_is_neither_taken_back_nor_tried_again() {
    for (running, told) in [(true, "a push is running"), (false, "1 staged that take the push back")] {
        let mut desk = Desk::with(100, 24, world::small());
        let done =
            push(vec![change(0, "department", "Production", "Research")], vec![OutcomeState::confirmed(Vec::new())]);
        told_history(&mut desk, vec![PastPush { running, ..done }]);
        press(&mut desk, "6 Enter U");
        let screen = desk.screen();
        assert!(screen.contains(told), "{screen}");
    }
}

#[test]
fn s01_why_can_omar_not_log_in_is_answered_by_six_keys() {
    let mut desk = Desk::with(80, 24, world::small());
    told_history(&mut desk, Vec::new());
    let keys = press(&mut desk, "/ oma Enter w");
    assert!(keys <= 6, "{keys}");
    let screen = desk.screen();
    let answer = screen.lines().nth(2).unwrap();
    assert!(answer.contains("inactive in hr"), "the answer is the first line: {screen}");
    assert!(at(&screen, "Space deactivate") < at(&screen, "hr (source)"), "its fix is the second: {screen}");
    for question in [
        "in hr: omar",
        "linked to aha",
        "active in aha",
        "nothing about it has been pushed yet",
        "no role was silently replaced by a default",
        "directory",
    ] {
        at(&screen, question);
    }
    assert!(!desk.commands().iter().any(|command| matches!(command, Command::Native(_) | Command::Refresh { .. })));
    desk.keys("Space");
    assert!(desk.screen().contains("Stage: Omar Haddad"), "the fix is one key away: {}", desk.screen());
}

#[test]
fn s01_a_missing_mandatory_field_is_red_on_the_card() {
    let mut desk = Desk::with(120, 36, world::small());
    press(&mut desk, "l l j j j w");
    let screen = desk.screen();
    assert!(screen.lines().nth(2).unwrap().contains("not in aha"), "{screen}");
    at(&screen, " x mandatory productRoles");
}

#[test]
fn s02_who_has_the_wrong_role_takes_three_keys() {
    let mut desk = Desk::with(120, 36, world::small());
    let keys = press(&mut desk, "L 3 b");
    assert!(keys <= 3, "{keys}");
    let screen = desk.screen();
    let line =
        |what: &str| screen.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{screen}")).to_owned();
    assert!(line("productRoles").contains('2'), "{screen}");
    assert!(line("expected contributor").contains("found viewer"), "{screen}");
    assert!(line("found viewer").contains('1'), "{screen}");
    // Enter narrows the list to exactly these.
    while !desk.screen().lines().any(|line| line.contains("| >") && line.contains("found viewer")) {
        desk.keys("j");
    }
    desk.keys("Enter");
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
}

#[test]
fn s02_a_role_that_was_pushed_and_is_another_now_is_suspected_of_a_silent_default() {
    let mut desk = Desk::with(120, 36, world::small());
    let flag = "silently defaulted?";
    press(&mut desk, "L 3 b");
    assert!(!desk.screen().contains(flag), "nothing was pushed yet: {}", desk.screen());
    let mut role = change(0, "productRoles", "viewer", "contributor");
    role.want[0].facet.key = Some(vec![trueup::plan::Ref::Id("1".into())]);
    told_history(&mut desk, vec![push(vec![role], vec![OutcomeState::confirmed(Vec::new())])]);
    press(&mut desk, "Esc b");
    let screen = desk.screen();
    let flagged: Vec<&str> = screen.lines().filter(|line| line.contains(flag)).collect();
    assert!(flagged.len() == 1 && flagged[0].contains("expected contributor"), "{screen}");
    desk.keys("Esc w");
    at(&desk.screen(), flag);
}

#[test]
fn s03_what_would_happen_is_one_key_and_writes_nothing() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    let keys = press(&mut desk, "p");
    assert!(keys <= 1, "{keys}");
    desk.report(Report::Prepared(plan(changes)));
    let screen = desk.screen();
    assert!(at(&screen, "1 deactivate") < at(&screen, "1 set"), "removals are counted first: {screen}");
    at(&screen, "aha users complete, read 2 min ago");
    at(&screen, "a seat becomes free");
    let here = |desk: &Desk| desk.screen().lines().find(|line| line.starts_with('>')).unwrap().to_owned();
    assert!(here(&desk).contains("deactivate"), "the cursor is where something can be done: {}", desk.screen());
    desk.keys("n");
    assert!(here(&desk).contains("set"), "one key goes from group to group: {}", desk.screen());
    desk.keys("N");
    assert!(here(&desk).contains("deactivate"), "{}", desk.screen());
    for key in ["Enter", "y", "Space", "j", "o", "Tab"] {
        desk.keys(key);
        assert_eq!(desk.pushes(), 0);
    }
}

#[test]
fn s04_a_sync_that_failed_half_way_is_planned_again_by_four_keys() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("L 2 l l a Space Enter L 1 h h");
    let leaver = desk.app.staged.changes().next().cloned().unwrap();
    desk.keys("D y");
    let changes = vec![change(0, "department", "Production", "Research"), leaver];
    let failed = OutcomeState::Failed { why: "403 only administrators may do this".into() };
    let states = vec![OutcomeState::confirmed(Vec::new()), failed];
    desk.keys("6");
    told_history(&mut desk, vec![push(changes, states)]);
    desk.keys("1");
    let keys = press(&mut desk, "6 Enter f p");
    assert!(keys <= 5, "{keys}");
    let prepared: Vec<_> = desk
        .commands()
        .into_iter()
        .filter_map(|command| match command {
            Command::Prepare(changes) => Some(changes.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(prepared.len(), 1);
    assert_eq!(prepared[0].len(), 1, "just what failed");
    assert_eq!(prepared[0][0].op, Op::Deactivate);
    assert_eq!(desk.pushes(), 0);
}

#[test]
fn s04_what_failed_for_one_cause_stands_under_it_and_before_what_went_well() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes: Vec<_> = (0..4).map(|at| change(at, "department", "Production", "Research")).collect();
    let failed = |n: usize| OutcomeState::Failed { why: format!("500 try later (request {n})") };
    let unknown = OutcomeState::Unknown { why: "no reply".into() };
    let states = vec![failed(81), OutcomeState::confirmed(Vec::new()), unknown, failed(82)];
    desk.keys("6");
    told_history(&mut desk, vec![push(changes, states)]);
    desk.keys("Enter");
    let screen = desk.screen();
    let lines: Vec<&str> = screen.lines().collect();
    let cause = lines.iter().position(|line| line.contains("2  500 try later")).unwrap_or_else(|| panic!("{screen}"));
    assert!(lines[cause + 1].contains("lena.fischer") && lines[cause + 2].contains("lukasz"), "{screen}");
    assert!(at(&screen, "no reply") < at(&screen, "wang.xiaoming"), "{screen}");
}

#[test]
fn s05_a_joiner_who_is_missing_in_one_system_is_pushed_by_nineteen_keys() {
    let mut desk = Desk::with(120, 36, world::small());
    let mut keys = press(&mut desk, "/ alali Enter");
    let screen = desk.screen();
    let row = screen.lines().find(|line| line.contains("m.alali")).unwrap();
    assert!(row.contains('!') && row.contains("missing in aha"), "{screen}");
    keys += press(&mut desk, "Space Enter Enter Enter p");
    let planned = match desk.commands().last() {
        Some(Command::Prepare(changes)) => changes.clone(),
        other => panic!("{other:?} {}", desk.screen()),
    };
    assert_eq!(planned.len(), 1);
    assert!(matches!(planned[0].target, Target::New(_)));
    let mut ready = (*plan(vec![deactivation()])).clone();
    ready.changes = planned;
    ready.steps[0].serves = vec![ready.changes[0].id.clone()];
    desk.report(Report::Prepared(Arc::new(ready)));
    keys += press(&mut desk, "P 1 Enter");
    assert_eq!(desk.pushes(), 1);
    assert!(keys <= 19, "{keys}");
}

#[test]
fn s06_leavers_are_staged_and_planned_by_fifteen_keys() {
    let mut desk = Desk::with(120, 36, world::small());
    let mut keys = press(&mut desk, "L 2");
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
    let screen = desk.screen();
    assert!(screen.contains("leaver in aha"), "{screen}");
    keys += press(&mut desk, "a");
    assert!(desk.screen().contains("[ ] aha  deactivate 1"), "removals are never ticked: {}", desk.screen());
    assert!(desk.screen().contains("set inactive and stays listed"), "what it comes to is said: {}", desk.screen());
    keys += press(&mut desk, "Space Enter p");
    assert!(keys <= 15, "{keys}");
    assert!(desk.app.staged.changes().any(|change| change.op == Op::Deactivate));
    let changes: Vec<_> = desk.app.staged.changes().cloned().collect();
    desk.report(Report::Prepared(plan(changes)));
    desk.keys("P");
    assert!(desk.screen().contains("Type the number of changes:"));
    assert_eq!(desk.pushes(), 0);
}

#[test]
fn s04_what_several_changes_of_a_push_failed_of_is_told_once_over_them() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes: Vec<_> = (0..3).map(|at| change(at, "department", "Production", "Research")).collect();
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    desk.keys("P 3 Enter");
    desk.report(Report::PushBegan(made.id.clone()));
    for change in &changes {
        let failed = OutcomeState::Failed { why: "500 try later".into() };
        desk.report(Report::Outcome(made.id.clone(), outcome(change, failed)));
    }
    desk.report(Report::PushEnded(made.id.clone()));
    let screen = desk.screen();
    assert!(screen.contains("3  500 try later"), "{screen}");
    assert_eq!(screen.matches("500 try later").count(), 1, "{screen}");
}

#[test]
fn s07_what_waits_under_the_cursor_is_tried_alone_and_nothing_else_can_be_tried() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes: Vec<_> = (0..2).map(|at| change(at, "department", "Production", "Research")).collect();
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    desk.keys("f");
    assert!(desk.screen().contains("has not been pushed yet"), "{}", desk.screen());
    desk.keys("P 2 Enter");
    desk.report(Report::PushBegan(made.id.clone()));
    desk.keys("f");
    assert!(desk.screen().contains("nothing here waits"), "{}", desk.screen());
    let until = now().checked_add(jiff::SignedDuration::from_secs(40)).unwrap();
    let waits = |change| outcome(change, OutcomeState::Waiting { until, why: "in use by 王芳".into() });
    for change in &changes {
        desk.report(Report::Outcome(made.id.clone(), waits(change)));
    }
    desk.keys("G f");
    assert!(
        matches!(desk.commands().last(), Some(Command::TryNow(Some(id))) if changes.iter().any(|change| change.id == *id)),
        "{}",
        desk.screen()
    );
    assert_eq!(desk.pushes(), 1, "nothing is pushed anew");
}

#[test]
fn s07_a_busy_service_says_when_it_is_asked_again() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![change(0, "department", "Production", "Research")];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    desk.keys("P 1 Enter");
    desk.report(Report::PushBegan(made.id.clone()));
    let until = now().checked_add(jiff::SignedDuration::from_secs(40)).unwrap();
    let why = "会话冲突: User-1-Modify, conflict, try later".to_owned();
    desk.report(Report::Outcome(made.id.clone(), outcome(&changes[0], OutcomeState::Waiting { until, why })));
    desk.keys("1");
    let elsewhere = desk.screen();
    at(&elsewhere, "5 Pushing 0/1");
    let keys = press(&mut desk, "5");
    assert!(keys <= 2, "{keys}");
    let screen = desk.screen();
    assert!(!screen.contains("about 1 s"), "who waits for 40 s is not done in one: {screen}");
    at(&screen, "waiting");
    at(&screen, "in 40 s");
    at(&screen, "User-1-Modify");
    at(&screen, "f try now");
    assert!(press(&mut desk, "f") <= 1);
    assert!(matches!(desk.commands().last(), Some(Command::TryNow(_))), "it is tried at once: {}", desk.screen());
    desk.keys("X");
    assert!(matches!(desk.commands().last(), Some(Command::Stop(Some(_)))), "and it can be given up");
}

const NEW: world::Person = ("Lena Fischer", "lena.fischer@new.example", "true", "Research", &[]);
const OLD: world::Person = ("Lena Fischer", "lena.fischer@old.example", "true", "", &[]);
const BOT: world::Person = ("Backup Robot", "robot@svc.example", "true", "", &[]);

#[test]
fn s08_two_accounts_that_look_like_one_person_stand_side_by_side_after_one_key() {
    let mut desk = Desk::with(120, 36, world::two(&[NEW], &[OLD, BOT]));
    let keys = press(&mut desk, "I");
    assert!(keys <= 2, "{keys}");
    let screen = desk.screen();
    at(&screen, "probable twin");
    let beside = screen
        .lines()
        .find(|line| line.contains("lena.fischer@new.example") && line.contains("lena.fischer@old.example"));
    assert!(beside.is_some(), "side by side: {screen}");
    assert!(screen.contains("+ the same name"), "with the evidence: {screen}");
    desk.keys("=");
    let links: Vec<_> = crate::decisions::decided(&desk);
    let [Decision::Link(link)] = &links[..] else { panic!("{links:?}") };
    assert_eq!((link.a.system.as_str(), link.b.system.as_str(), link.verdict), ("hr", "aha", LinkVerdict::Same));
    assert!(desk.screen().contains("the same, by decision"));
}

#[test]
fn s08_not_the_same_is_kept_and_later_is_the_next_one() {
    let mut desk = Desk::with(80, 24, world::two(&[NEW], &[OLD, BOT]));
    desk.keys("I j");
    assert!(crate::decisions::decided(&desk).is_empty(), "later decides nothing");
    desk.keys("k !");
    let [Decision::Link(link)] = &crate::decisions::decided(&desk)[..] else { panic!() };
    assert_eq!(link.verdict, LinkVerdict::NotSame);
    desk.keys("Esc");
    assert!(desk.app.popup.is_none());
}

#[test]
fn s09_accounts_that_nobody_owns_come_with_their_best_suggestion_after_two_keys() {
    let mut desk = Desk::with(120, 36, world::two(&[NEW], &[OLD, BOT]));
    let keys = press(&mut desk, "I Tab");
    assert!(keys <= 2, "{keys}");
    let screen = desk.screen();
    let here = screen.lines().find(|line| line.contains("| > ")).unwrap_or_else(|| panic!("{screen}"));
    assert!(here.contains("nobody's") && here.contains("lena.fischer@new.example?"), "{screen}");
    desk.keys("Enter");
    assert!(crate::decisions::decided(&desk).is_empty(), "Enter only opens");
    assert!(desk.screen().contains("Who is Lena Fischer (aha) in hr?"), "{}", desk.screen());
    desk.keys("Esc j K");
    assert!(
        desk.screen().contains("Protect in aha: Backup Robot"),
        "a service account is protected: {}",
        desk.screen()
    );
    desk.keys("backup Enter");
    assert!(
        matches!(&crate::decisions::decided(&desk)[..], [Decision::Protect(protection)] if protection.record.system.as_str() == "aha")
    );
}

#[test]
fn s11_whether_the_target_is_sick_or_the_reading_partial_is_one_key() {
    let mut small = world::small();
    let mut inputs = (*small.compared.inputs).clone();
    let mut users = (*inputs.systems[1].snapshots[0].clone().unwrap()).clone();
    let why = "the service counts 9 and 6 came".to_owned();
    users.feeds =
        vec![FeedState { feed: "users".into(), proof: Proof::Partial { why: why.clone() }, pages: 1, requests: 1 }];
    inputs.systems[1].snapshots[0] = Some(Arc::new(users));
    small.compared = Arc::new(compare(Arc::new(inputs)));
    let mut systems = small.systems.to_vec();
    systems[1].health = Health::Partial(why.clone());
    small.systems = systems.into();
    let mut desk = Desk::with(120, 36, small);
    let keys = press(&mut desk, "7");
    assert!(keys <= 1, "{keys}");
    assert!(desk.screen().contains("partial"), "{}", desk.screen());
    desk.keys("j");
    let screen = desk.screen();
    at(&screen, "not complete: the service counts 9 and 6 came");
    at(&screen, "Connection test");
    desk.keys("1");
    let offers =
        trueup::plan::stage::offers(&desk.app.world.clone().unwrap().compared, trueup::model::Kind::User, 2, 1);
    assert!(offers.iter().filter(|offer| offer.change.op.removes()).all(|offer| offer.blocked.is_some()));
}

#[test]
fn s13_what_exists_and_is_not_seen_is_said_to_be_invisible() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("/ alali Enter Space Enter Enter Enter");
    let create = desk.app.staged.changes().next().cloned().unwrap();
    let mut made = (*plan(vec![deactivation()])).clone();
    made.changes = vec![create.clone()];
    let failed = OutcomeState::Failed { why: "409 email has already been taken".into() };
    let past = past(Arc::new(made), vec![outcome(&create, failed)]);
    told_history(&mut desk, vec![past]);
    let keys = press(&mut desk, "w");
    assert!(keys <= 1, "{keys}");
    let screen = desk.screen();
    let answer = screen.lines().nth(2).unwrap();
    assert!(answer.contains("refused the create as if it were there"), "it is the first line: {screen}");
    at(&screen, "invisible to our key");
    at(&screen, "already been taken");
    desk.keys("r");
    assert!(matches!(desk.commands().last(), Some(Command::Refresh { .. })), "it is read again by one key");
}

#[test]
fn s14_after_a_lost_line_the_console_opens_on_what_is_not_finished() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.report(Report::Unknown(vec![(deactivation().id, "PUT /api/v1/users/7312, no reply".into())]));
    let screen = desk.screen();
    at(&screen, "Pushes, newest first");
    at(&screen, "no reply");
    desk.keys("L");
    assert!(matches!(desk.commands().last(), Some(Command::Resolve)));
    // Somebody who is at work already is not taken away from it.
    let mut busy = Desk::with(120, 36, world::small());
    busy.keys("j");
    busy.report(Report::Unknown(vec![(deactivation().id, "PUT /api/v1/users/7312, no reply".into())]));
    assert!(!busy.screen().contains("Pushes, newest first"));
}

#[test]
fn a_group_of_what_is_out_of_true_is_staged_as_a_whole() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("b");
    while !desk.screen().lines().any(|line| line.contains("| >") && line.contains("productRoles")) {
        desk.keys("j");
    }
    desk.keys("Space Enter");
    assert_eq!(desk.app.staged.len(), 1, "the roles and nothing else, and nothing that takes away");
    assert!(
        desk.app
            .staged
            .changes()
            .all(|change| change.want.iter().all(|want| want.facet.path.as_str() == "productRoles"))
    );
}

#[test]
fn s10_what_a_changed_mapping_moves_is_said_before_anything_of_it_is_pushed() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![change(0, "department", "Production", "Research")];
    desk.report(Report::Staging(changes.clone()));
    let keys = press(&mut desk, "p");
    assert!(keys <= 14, "{keys}");
    let mut made = (*plan(changes)).clone();
    let mut moved = world::guard(true);
    moved.rule = "mapping-changed".into();
    moved.text = "the mapping of aha was changed since the last push there: 12 records are out of true now".into();
    made.guards.push(moved);
    desk.report(Report::Prepared(Arc::new(made)));
    let screen = desk.screen();
    assert!(at(&screen, "12 records are out of true now") < at(&screen, "department"), "{screen}");
    desk.keys("P");
    assert!(desk.app.popup.is_none(), "nothing goes before it is accepted: {}", desk.screen());
    desk.keys("Space P 1 Enter");
    assert_eq!(desk.pushes(), 1);
}

#[test]
fn s12_who_changed_it_is_six_keys_and_the_way_back_one_more() {
    let mut desk = Desk::with(120, 36, world::small());
    let mut role = change(0, "department", "Production", "Research");
    role.label = "lena.fischer@example.com".into();
    let mut before = push(
        vec![role, deactivation()],
        vec![OutcomeState::confirmed(Vec::new()), OutcomeState::confirmed(Vec::new())],
    );
    before.reason = Some("OPS-4711".into());
    told_history(&mut desk, vec![before]);
    let keys = press(&mut desk, "/ len Enter H");
    assert!(keys <= 6, "{keys}");
    let screen = desk.screen();
    for words in [
        "What was pushed about Lena Fischer",
        "ops@bastion",
        "Production -> Research",
        "OPS-4711",
        "plan 0193-plan",
        "confirmed",
    ] {
        at(&screen, words);
    }
    assert!(!screen.contains("omar.haddad"), "only hers: {screen}");
    assert!(desk.commands().iter().any(|command| matches!(command, Command::Prove)));
    desk.report(Report::Proved(41, None));
    at(&desk.screen(), "chain of 41 entries verified");
    desk.report(Report::Proved(41, Some(7)));
    at(&desk.screen(), "BROKEN at entry 7");
    desk.keys("U");
    let staged: Vec<_> = desk.app.staged.changes().cloned().collect();
    assert_eq!(staged.len(), 1, "staged, not run: {}", desk.screen());
    assert_eq!(staged[0].want[0].value, trueup::plan::Wanted::Text("Production".into()));
    assert_eq!(desk.pushes(), 0);
}

#[test]
fn what_is_just_being_pushed_is_not_called_never_pushed() {
    let mut desk = Desk::with(80, 24, world::small());
    told_history(&mut desk, Vec::new());
    desk.keys("/ lena Enter");
    let changes = vec![change(0, "department", "Production", "Research")];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    desk.keys("P 1 Enter");
    desk.report(Report::PushBegan(made.id.clone()));
    desk.report(Report::Outcome(made.id.clone(), outcome(&changes[0], OutcomeState::Sent)));
    desk.keys("1 H");
    at(&desk.screen(), "it is being pushed to aha now: sent; 5 shows it");
    desk.keys("w");
    at(&desk.screen(), "it is being pushed to aha now: sent");
}

#[test]
fn what_failed_comes_first_and_one_key_plans_just_that_again() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("L 2 l l a Space Enter L 1 h h");
    let leaver = desk.app.staged.changes().next().cloned().unwrap();
    let other = change(0, "department", "Production", "Research");
    desk.report(Report::Staging(vec![other.clone()]));
    desk.keys("p");
    let made = plan(vec![other.clone(), leaver.clone()]);
    desk.report(Report::Prepared(made.clone()));
    desk.keys("P 2 Enter");
    desk.report(Report::PushBegan(made.id.clone()));
    let confirmed = OutcomeState::confirmed(Vec::new());
    desk.report(Report::Outcome(made.id.clone(), outcome(&other, confirmed)));
    let failed = OutcomeState::Failed { why: "500 try later".into() };
    desk.report(Report::Outcome(made.id.clone(), outcome(&leaver, failed)));
    desk.keys("f");
    assert!(desk.screen().contains("nothing here waits"), "not while it runs: {}", desk.screen());
    desk.report(Report::PushEnded(made.id.clone()));
    let screen = desk.screen();
    assert!(at(&screen, "needs a look  1") < at(&screen, "omar.haddad"), "{screen}");
    assert!(at(&screen, "omar.haddad") < at(&screen, "lena.fischer"), "{screen}");
    desk.keys("f");
    let last = desk.commands().into_iter().rev().find_map(|command| match command {
        Command::Prepare(changes) => Some(changes.clone()),
        _ => None,
    });
    let ids: Vec<_> = last.unwrap().into_iter().map(|change| change.id).collect();
    assert_eq!(ids, [leaver.id], "{}", desk.screen());
    assert_eq!(desk.pushes(), 1);
}
