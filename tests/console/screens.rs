//! Whole screens, reviewed.

use std::sync::Arc;

use trueup::compare::{Lint, Rule};
use trueup::console::app::Msg;
use trueup::engine::protocol::{Command, Health, PastPush, PastStep, Report};
use trueup::model::{Kind, RecordKey, SystemId};
use trueup::plan::{OutcomeState, PlanId};

use crate::desk::{Desk, now};
use crate::world::{self, change, deactivation, guard, outcome, plan};

#[test]
fn the_matrix_at_80x24() {
    let desk = Desk::with(80, 24, world::small());
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_matrix_at_120x36() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("j j");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_matrix_at_40x10() {
    let desk = Desk::with(40, 10, world::small());
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn one_systems_list_at_120x36() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("l l");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_sources_own_list_at_80x24() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("l");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_detail_opens_full_screen_at_80x24() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("Enter");
    insta::assert_snapshot!(desk.screen());
    desk.keys("Esc");
    assert!(desk.screen().contains("OUT OF TRUE"));
}

#[test]
fn only_what_is_out_of_true_and_back() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("m");
    let listed = |desk: &Desk| desk.app.list().unwrap().order.len();
    assert!(listed(&desk) < 7);
    insta::assert_snapshot!(desk.screen());
    desk.keys("m");
    assert_eq!(listed(&desk), 7);
}

#[test]
fn the_cursor_stays_on_its_record_when_the_world_moves() {
    let mut desk = Desk::with(80, 24, world::two(&world::SOURCE[1..], &world::AHA));
    desk.keys("j");
    let on_omar = |desk: &Desk| desk.screen().lines().any(|line| line.starts_with('>') && line.contains("Omar Haddad"));
    assert!(on_omar(&desk));
    desk.report(Report::World(Arc::new(world::two(&world::SOURCE, &world::AHA))));
    assert!(on_omar(&desk), "a row came before his");
    desk.report(Report::World(Arc::new(world::two(&world::SOURCE[2..], &world::AHA))));
    assert!(on_omar(&desk), "two rows before his are gone");
}

#[test]
fn the_filter_narrows_while_it_is_typed_and_escape_brings_back_what_was() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("/ omar");
    insta::assert_snapshot!(desk.screen());
    desk.keys("Esc");
    assert_eq!(desk.app.list().unwrap().order.len(), 7);
    desk.keys("/ omar Enter");
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
}

#[test]
fn a_range_and_its_hint() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("v j j");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_plan_with_guards_effects_and_requests() {
    let mut desk = Desk::with(80, 24, world::small());
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    insta::assert_snapshot!("the_plan_being_made", desk.screen());
    let mut ready = (*plan(changes)).clone();
    ready.guards.push(guard(true));
    ready.steps[0].write.carried = vec!["/user/email".into(), "/user/name".into()];
    desk.report(Report::Prepared(Arc::new(ready)));
    while desk.app.plan.change_here().is_none() {
        desk.keys("j");
    }
    desk.keys("Enter");
    insta::assert_snapshot!("the_plan_ready", desk.screen());
}

#[test]
fn a_push_live_at_120x36() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![
        change(0, "department", "Production", "Research"),
        change(3, "department", "Development", "Research"),
        deactivation(),
    ];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes.clone())));
    desk.keys("P 3 Enter");
    let id = PlanId("0193-plan".into());
    desk.report(Report::PushBegan(id.clone()));
    desk.report(Report::Outcome(id.clone(), outcome(&changes[2], OutcomeState::confirmed(Vec::new()))));
    let what = "planned from Production, wanted Research, now Legal".into();
    desk.report(Report::Outcome(id.clone(), outcome(&changes[0], OutcomeState::Stale { what })));
    desk.report(Report::Outcome(id, outcome(&changes[1], OutcomeState::Sent)));
    assert_eq!(desk.app.next_tick(), Some(1), "the reasons follow within a second");
    desk.send(Msg::Tick);
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_history_with_one_push_open() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("6");
    assert!(desk.commands().iter().any(|command| matches!(command, Command::History)));
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    let outcomes = vec![
        outcome(&changes[0], OutcomeState::confirmed(vec!["name.givenName".into()])),
        outcome(&changes[1], OutcomeState::Failed { why: "403 only administrators may do this".into() }),
    ];
    let plan = plan(changes);
    let sent = plan.steps[1].clone();
    let push = PastPush {
        plan,
        began: now(),
        who: "ops from 10.1.2.3".into(),
        reason: Some("CHG-4711".into()),
        outcomes,
        created: Vec::new(),
        closed: true,
        running: false,
    };
    desk.report(Report::Head(17, "3f2a9c01ab".repeat(6) + "cafe"));
    desk.report(Report::History(vec![push]));
    // The operator's clock is not the test's.
    let clock = trueup::console::app::lines::clock(now());
    let still = |shown: String| shown.replace(&clock, "2026-11-03 14:22:00").replace(&clock[..16], "2026-11-03 14:22");
    insta::assert_snapshot!("the_history", still(desk.screen()));
    desk.keys("Enter");
    assert!(matches!(desk.commands().last(), Some(Command::Recall(id)) if *id.0 == *"0193-plan"));
    let sent = PastStep { at: now(), step: sent, status: Some(403), end: "only administrators may do this".into() };
    desk.report(Report::Recalled(PlanId("0193-plan".into()), [sent].into()));
    desk.keys("j j j j j j Enter");
    insta::assert_snapshot!(still(desk.screen()));
    desk.keys("f");
    assert_eq!(desk.app.staged.len(), 1, "what failed is staged again");
    desk.keys("U");
    let back = desk.app.staged.changes().find(|change| change.op == trueup::model::Op::Set).unwrap();
    assert_eq!(
        back.want[0].value,
        trueup::plan::Wanted::Text("Production".into()),
        "and what was confirmed, backwards"
    );
}

#[test]
fn the_systems_with_a_broken_one_beside_good_ones() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("7 j j j");
    let clock = now().to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string();
    insta::assert_snapshot!("the_systems_broken", desk.screen().replace(&clock, "14:22:00"));
    desk.keys("k k");
    insta::assert_snapshot!("the_systems_good", desk.screen().replace(&clock, "14:22:00"));
    desk.keys("T");
    assert!(matches!(desk.commands().last(), Some(Command::Test(id)) if id.as_str() == "aha"));
    let mut world = world::small();
    let mut systems = world.systems.to_vec();
    systems[1].site = Some(Arc::new(systems[1].site.as_deref().cloned().unwrap_or_default()));
    world.systems = systems.into();
    desk.report(Report::World(Arc::new(world)));
    assert!(desk.screen().contains("aha: the test passed"), "that it is over is said: {}", desk.screen());
}

#[test]
fn where_a_target_was_never_read_nobody_says_that_all_is_true() {
    let people: [world::Person; 1] = [("Lena Fischer", "lena.fischer@example.com", "true", "", &[])];
    let bad = Health::Bad { word: "auth".into(), text: "directory: 401 Unauthorized: the key is wrong".into() };
    let mut desk = Desk::with(80, 24, world::unread(&people, bad));
    assert!(desk.screen().contains("not read: directory"), "{}", desk.screen());
    desk.keys("m");
    let screen = desk.screen();
    assert!(screen.contains("401 Unauthorized: the key is wrong"), "{screen}");
    assert!(screen.contains("nothing is out of true in what was read"), "{screen}");
    let desk = Desk::with(80, 24, world::unread(&people, Health::Probing));
    assert!(!desk.screen().contains("all true"), "{}", desk.screen());
}

#[test]
fn while_nothing_is_read_the_why_card_says_how_far_it_is_and_calls_nothing_wrong() {
    let mut desk = Desk::new(80, 24);
    desk.report(Report::World(Arc::new(world::reading(2))));
    desk.keys("w");
    let screen = desk.screen();
    assert!(screen.lines().nth(2).unwrap().contains("not known yet: aha is being connected to"), "{screen}");
    assert!(!screen.contains(" x "), "{screen}");
}

#[test]
fn rows_appear_page_by_page_and_the_screen_says_so() {
    let mut desk = Desk::new(80, 24);
    insta::assert_snapshot!("loading_nothing_yet", desk.screen());
    let mut shown = Vec::new();
    for read in [0, 2, 5] {
        desk.report(Report::World(Arc::new(world::reading(read))));
        shown.push(desk.app.list().unwrap().order.len());
        if read == 2 {
            insta::assert_snapshot!("loading_first_page", desk.screen());
        }
    }
    assert_eq!(shown, [0, 2, 5]);
}

#[test]
fn lint_marks_the_row_and_says_why_in_the_detail() {
    let mut small = world::small();
    let mut compared = (*small.compared).clone();
    let mut users = (*compared.kinds[0]).clone();
    users.flags[1][1] |= 1;
    compared.kinds[0] = Arc::new(users);
    let record = RecordKey::new(SystemId::new("aha"), Kind::User, "7311");
    compared.lints = vec![Lint {
        rule: Rule::UnknownRole,
        system: SystemId::new("aha"),
        kind: Kind::User,
        record,
        key: "wang.xiaoming@example.com".into(),
        path: None,
        text: "the role planner is none that Aha! has; it would apply viewer instead".into(),
        blocks: true,
    }]
    .into();
    small.compared = Arc::new(compared);
    let mut desk = Desk::with(120, 36, small);
    desk.keys("j");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_help_lists_the_actions_of_the_place_and_runs_them() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("?");
    insta::assert_snapshot!(desk.screen());
    desk.keys("Esc :");
    insta::assert_snapshot!("the_palette", desk.screen());
    desk.keys("systems Enter");
    assert!(desk.screen().contains("Connection test"));
}

#[test]
fn the_why_card() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("j j l l w");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn a_native_record_is_asked_for_shown_and_switched() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("y");
    let Some(Command::Native(key)) = desk.commands().last().copied().cloned() else { panic!("asked for") };
    assert_eq!(key.system.as_str(), "aha");
    desk.report(Report::Native { key, text: Ok("{\n  \"name\": \"王小明\"\n}".into()) });
    assert!(desk.screen().contains("\"name\": \"王小明\""));
    desk.keys("h");
    assert!(matches!(desk.commands().last(), Some(Command::Native(key)) if key.system.as_str() == "hr"));
}

#[test]
fn the_mask_hides_people_and_says_that_it_does() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("z");
    let screen = desk.screen();
    assert!(screen.contains("MASKED"));
    assert!(!screen.contains("Fischer") && !screen.contains("小明") && !screen.contains("haddad"), "{screen}");
}

#[test]
fn back_and_forward_return_to_places() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("j j 7 6 [");
    assert!(desk.screen().contains("Connection test"));
    desk.keys("[");
    assert!(desk.screen().lines().any(|line| line.starts_with('>') && line.contains("Omar Haddad")));
    desk.keys("] ]");
    assert!(desk.screen().contains("Pushes, newest first"));
}

#[test]
fn escape_at_the_root_does_not_quit_and_q_does() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("Esc");
    assert!(!desk.commands().iter().any(|command| matches!(command, Command::Quit)));
    assert!(desk.screen().contains("q ends the console"));
    desk.keys("q");
    assert!(matches!(desk.commands().last(), Some(Command::Quit)));
}

#[test]
fn the_words_say_the_same_without_colour() {
    let mut desk = Desk::with(80, 24, world::small());
    let coloured = desk.screen();
    desk.theme = trueup::console::view::Theme::named("mono");
    assert_eq!(desk.screen(), coloured);
}

#[test]
fn values_that_the_source_lacks_are_asked_for_product_and_role_together() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("j j j Space Enter");
    insta::assert_snapshot!("form_product", desk.screen());
    desk.keys("凤 Enter");
    insta::assert_snapshot!("form_role", desk.screen());
    desk.keys("Down Enter");
    assert_eq!(desk.app.staged.len(), 1);
    let change = desk.app.staged.changes().next().unwrap();
    let pair = change.want.iter().find(|want| want.facet.path.as_str() == "productRoles").unwrap();
    assert_eq!(pair.by, trueup::plan::By::Operator);
    assert_eq!(pair.facet.key.as_ref().unwrap()[0].to_string(), "3");
    desk.keys("p");
    assert!(desk.screen().contains("(yours: productRoles)"), "{}", desk.screen());
}

#[test]
fn a_checklist_leaves_removals_unticked_and_blocked_lines_say_why() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("j j Space");
    insta::assert_snapshot!("checklist_leaver", desk.screen());
    desk.keys("Enter");
    assert_eq!(desk.app.staged.len(), 0, "nothing that takes away is ticked for the operator");
    desk.keys("j j Space");
    insta::assert_snapshot!("checklist_pair", desk.screen());
}

#[test]
fn all_filtered_are_counted_before_they_are_staged() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("a");
    insta::assert_snapshot!(desk.screen());
    assert!(desk.app.staged.is_empty());
    desk.keys("Enter");
    assert!(!desk.app.staged.is_empty());
    assert!(desk.app.staged.changes().all(|change| !change.op.removes()));
}

#[test]
fn one_facet_is_staged_in_the_detail_and_taken_back() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("Enter j j Space");
    assert_eq!(desk.app.staged.len(), 1);
    insta::assert_snapshot!(desk.screen());
    desk.keys("u");
    assert!(desk.app.staged.is_empty());
}

#[test]
fn on_one_systems_list_space_stages_its_changes_and_goes_on() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("l l Space");
    assert_eq!(desk.app.staged.len(), 2);
    assert_eq!(desk.app.list().unwrap().at, 1);
    desk.keys("k Space");
    assert!(desk.app.staged.is_empty(), "the same key takes them back");
}

#[test]
fn the_mapping_trace_of_one_attribute() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("Enter j j t");
    insta::assert_snapshot!(desk.screen());
}
