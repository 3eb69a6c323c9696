//! A push that is stopped: what it did not begin stands by itself, and stopping ends with it. Two consoles over one store.

use trueup::engine::protocol::{Command, Making, Report};
use trueup::plan::OutcomeState;

use crate::desk::Desk;
use crate::world::{self, change, outcome, plan};

fn pushing(desk: &mut Desk) -> (Vec<trueup::plan::Change>, std::sync::Arc<trueup::plan::Plan>) {
    let changes: Vec<_> = (0..3).map(|at| change(at, "department", "Production", "Research")).collect();
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    desk.keys("P 3 Enter");
    desk.report(Report::PushBegan(made.id.clone()));
    (changes, made)
}

#[test]
fn what_a_stopped_push_did_not_begin_is_a_group_of_its_own_and_can_be_planned_again() {
    let mut desk = Desk::with(120, 36, world::small());
    let (changes, made) = pushing(&mut desk);
    desk.keys("X");
    let stopped = || OutcomeState::Stopped { why: "stopped before it was begun; nothing was sent for it".into() };
    let failed = OutcomeState::Failed { why: "no".into() };
    for (change, state) in changes.iter().zip([failed, stopped(), stopped()]) {
        desk.report(Report::Outcome(made.id.clone(), outcome(change, state)));
    }
    desk.report(Report::PushEnded(made.id.clone()));
    let screen = desk.screen();
    for words in ["needs a look  1", "stopped before it was begun  2", "plans it again", "1 failed", "2 stopped"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[test]
fn a_second_stop_after_the_push_has_ended_leaves_what_is_being_read_since() {
    let mut desk = Desk::with(120, 36, world::small());
    let (_, made) = pushing(&mut desk);
    let stops = |desk: &Desk| {
        let stop = |command: &&&Command| matches!(command, Command::Stop(_));
        desk.commands().iter().filter(stop).count()
    };
    desk.keys("X");
    assert!(matches!(desk.commands().last(), Some(Command::Stop(Some(of))) if *of == made.id));
    desk.report(Report::PushEnded(made.id.clone()));
    desk.keys("X");
    assert_eq!(stops(&desk), 1, "{}", desk.screen());
    assert!(desk.screen().contains("the push has ended already"), "{}", desk.screen());
    desk.keys("X");
    assert!(matches!(desk.commands().last(), Some(Command::Stop(None))), "said once, it is what is meant");
}

#[test]
fn what_another_console_staged_and_took_back_stands_here_too_and_is_said() {
    let mut desk = Desk::with(120, 36, world::small());
    let (own, theirs) =
        (change(0, "department", "Production", "Research"), change(1, "department", "Production", "Sales"));
    desk.report(Report::Staging(vec![own.clone(), theirs.clone()]));
    let another = change(2, "department", "Production", "Research");
    desk.report(Report::Others { came: vec![another.clone()], went: vec![theirs.id.clone()] });
    let screen = desk.screen();
    assert!(screen.contains("another console that keeps its staging here has staged 1"), "{screen}");
    let staged: Vec<_> = desk.app.staged.changes().map(|change| change.id.clone()).collect();
    assert_eq!(staged, [own.id, another.id]);
    let told = desk.commands().iter().any(|command| matches!(command, Command::Stage { .. }));
    assert!(!told, "the journal has it already");
}

#[test]
fn a_plan_in_the_making_shows_how_far_it_is_and_x_stops_it() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.report(Report::Staging(vec![change(0, "department", "Production", "Research")]));
    desk.keys("p");
    let making = Making { system: trueup::model::SystemId::new("aha"), read: 1_200, of: 10_000, left: 8_800 };
    desk.report(Report::Making(vec![making]));
    let screen = desk.screen();
    for words in ["aha: 1,200 of 10,000 records read again, 8,800 requests left", "X stops it"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    desk.keys("X");
    assert!(matches!(desk.commands().last(), Some(Command::Stop(None))));
    assert!(desk.screen().contains("stopping the plan in the making"), "{}", desk.screen());
    desk.report(Report::NotPrepared("stopped before it was made; nothing was written".into()));
    assert!(desk.screen().contains("nothing was written"), "{}", desk.screen());
}

#[test]
fn what_a_running_push_carries_out_cannot_be_taken_back() {
    let mut desk = Desk::with(120, 36, world::small());
    let (changes, made) = pushing(&mut desk);
    let done = OutcomeState::Confirmed { unread: Vec::new(), already: false };
    desk.report(Report::Outcome(made.id.clone(), outcome(&changes[0], done)));
    desk.keys("g");
    for _ in 0..8 {
        desk.keys("j u");
        assert!(!desk.screen().contains("1 taken back"), "{}", desk.screen());
        desk.keys("Space");
        assert_eq!(desk.app.staged.len(), 3, "{}", desk.screen());
    }
    let went = |command: &&&Command| matches!(command, Command::Stage { removed, .. } if !removed.is_empty());
    assert_eq!(desk.commands().iter().filter(went).count(), 0);
    // Nor is it from the record's own list.
    desk.keys("1 l l");
    desk.keys("u");
    assert!(desk.screen().contains("a push is carrying this out"), "{}", desk.screen());
    assert_eq!(desk.app.staged.len(), 3, "{}", desk.screen());
    desk.report(Report::PushEnded(made.id.clone()));
    assert!(desk.screen().contains("5 Plan 2"), "what is confirmed is staged no more: {}", desk.screen());
    desk.keys("u");
    assert!(!desk.screen().contains("a push is carrying this out"), "{}", desk.screen());
}
