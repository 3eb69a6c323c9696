//! Nothing is written on one key, by a paste, or by keys that were typed before the question could be read.

use crossterm::event::KeyCode;
use std::sync::Arc;
use trueup::console::app::{Msg, Wish};
use trueup::engine::protocol::{Command, Report};
use trueup::plan::{OutcomeState, PlanId};

use crate::desk::Desk;
use crate::world::{self, change, deactivation, guard, outcome, plan};

/// A desk with two changes staged and their plan made.
fn planned() -> Desk {
    let mut desk = Desk::with(80, 24, world::small());
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    assert!(desk.commands().iter().any(|command| matches!(command, Command::Prepare(made) if made.len() == 2)));
    desk.report(Report::Prepared(plan(changes)));
    desk
}

#[test]
fn push_count_and_enter_in_one_write_push_nothing() {
    let mut desk = planned();
    desk.burst("P 2 Enter");
    assert_eq!(desk.pushes(), 0);
    desk.frame();
    assert!(desk.screen().contains("Type the number of changes:"), "the question stands and is empty");
    desk.keys("Enter");
    assert_eq!(desk.pushes(), 0, "the 2 typed too early was dropped");
}

#[test]
fn the_count_typed_after_the_question_was_drawn_pushes_once() {
    let mut desk = planned();
    desk.keys("P 2 Enter");
    assert_eq!(desk.pushes(), 1);
    let sent = desk.commands().into_iter().find_map(|command| match command {
        Command::Push { plan, fingerprint, .. } => Some((plan.clone(), fingerprint.clone())),
        _ => None,
    });
    let (plan, fingerprint) = sent.unwrap();
    assert_eq!(fingerprint, plan.fingerprint);
    desk.keys("P 2 Enter");
    assert_eq!(desk.pushes(), 1, "a plan is carried out once");
}

#[test]
fn keys_read_while_the_question_was_being_drawn_do_not_count() {
    let mut desk = planned();
    desk.burst("P");
    let _ = desk.screen();
    // The frame is on its way; two more keys come in; then the reader settles.
    desk.burst("2 Enter");
    desk.frame();
    assert_eq!(desk.pushes(), 0);
    desk.keys("2 Enter");
    assert_eq!(desk.pushes(), 1);
}

#[test]
fn a_wrong_count_pushes_nothing_and_says_what_is_wanted() {
    let mut desk = planned();
    desk.keys("P 3 Enter");
    assert_eq!(desk.pushes(), 0);
    assert!(desk.screen().contains("That is not the number of changes: 2."));
}

#[test]
fn a_paste_never_confirms() {
    let mut desk = planned();
    desk.keys("P");
    desk.send(Msg::Paste("2\r".into()));
    desk.keys("Enter");
    assert_eq!(desk.pushes(), 0);
}

#[test]
fn escape_leaves_the_question() {
    let mut desk = planned();
    desk.keys("P Esc");
    assert!(desk.app.popup.is_none());
    assert_eq!(desk.pushes(), 0);
}

#[test]
fn a_production_system_wants_its_name() {
    let mut small = world::small();
    let mut systems = small.systems.to_vec();
    systems[1].production = true;
    small.systems = systems.into();
    let mut desk = Desk::with(80, 24, small);
    let changes = vec![change(0, "department", "Production", "Research")];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes)));
    desk.keys("P 1 Enter");
    assert_eq!(desk.pushes(), 0);
    insta::assert_snapshot!(desk.screen());
    desk.keys("aha Enter");
    assert_eq!(desk.pushes(), 1);
}

#[test]
fn a_guard_stands_in_the_way_until_it_is_acknowledged() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.report(Report::Staging(vec![deactivation()]));
    desk.keys("p");
    let mut guarded = (*plan(vec![deactivation()])).clone();
    guarded.guards.push(guard(true));
    desk.report(Report::Prepared(Arc::new(guarded)));
    desk.keys("P");
    assert!(desk.app.popup.is_none());
    assert!(desk.screen().contains("guard limit-deactivate stands in the way"));
    desk.keys("Space P 1 Enter");
    assert_eq!(desk.pushes(), 1);
}

#[test]
fn a_guard_that_cannot_be_acknowledged_stays() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.report(Report::Staging(vec![deactivation()]));
    desk.keys("p");
    let mut guarded = (*plan(vec![deactivation()])).clone();
    guarded.guards.push(guard(false));
    desk.report(Report::Prepared(Arc::new(guarded)));
    desk.keys("Space P 1 Enter");
    assert_eq!(desk.pushes(), 0);
}

#[test]
fn a_plan_made_before_staging_changed_is_not_pushed() {
    let mut desk = planned();
    desk.keys("1");
    desk.report(Report::Staging(vec![change(3, "department", "Development", "Research")]));
    desk.keys("5");
    assert_eq!(desk.commands().iter().filter(|command| matches!(command, Command::Prepare(_))).count(), 2);
    desk.keys("P");
    assert!(desk.app.popup.is_none());
}

#[test]
fn discarding_asks_and_an_early_yes_does_not_count() {
    let mut desk = planned();
    desk.burst("D y");
    assert_eq!(desk.app.staged.len(), 2);
    desk.frame();
    desk.keys("y");
    assert!(desk.app.staged.is_empty());
    assert!(
        desk.commands().iter().any(|command| matches!(command, Command::Stage { removed, .. } if !removed.is_empty()))
    );
}

#[test]
fn quitting_during_a_push_asks_first() {
    let mut desk = planned();
    desk.keys("P 2 Enter");
    desk.report(Report::PushBegan(PlanId("0193-plan".into())));
    desk.keys("1 q");
    assert!(desk.screen().contains("A push is running."));
    assert!(!desk.wishes.iter().any(|wish| matches!(wish, Wish::Leave)));
    desk.keys("y");
    assert!(desk.wishes.iter().any(|wish| matches!(wish, Wish::Leave)));
}

#[test]
fn what_was_confirmed_leaves_the_staging_and_the_rest_stays() {
    let mut desk = planned();
    desk.keys("P 2 Enter");
    let id = PlanId("0193-plan".into());
    desk.report(Report::PushBegan(id.clone()));
    let confirmed = OutcomeState::confirmed(Vec::new());
    let failed = OutcomeState::Failed { why: "422 last_name can't be blank".into() };
    desk.report(Report::Outcome(id.clone(), outcome(&change(0, "department", "", ""), confirmed)));
    desk.report(Report::Outcome(id.clone(), outcome(&deactivation(), failed)));
    desk.report(Report::PushEnded(id));
    assert_eq!(desk.app.staged.len(), 1);
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn one_key_alone_never_writes_wherever_it_is_pressed() {
    for tab in ["1", "2", "3", "4", "5", "6", "7"] {
        for code in (0x20_u8..0x7f).map(|byte| KeyCode::Char(byte as char)).chain([KeyCode::Enter, KeyCode::Tab]) {
            let mut desk = planned();
            desk.keys(tab);
            desk.press(code);
            desk.frame();
            assert_eq!(desk.pushes(), 0, "{code:?} on {tab}");
        }
    }
}
