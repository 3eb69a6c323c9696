//! The plan's cursor stays on what it was on, and what came of a push is shown before the next plan is made.

use trueup::console::app::Msg;
use trueup::engine::protocol::{Command, Report};
use trueup::plan::OutcomeState;

use crate::desk::Desk;
use crate::world::{self, change, outcome, plan};

fn row(desk: &Desk) -> String {
    desk.screen().lines().find(|line| line.starts_with('>')).unwrap_or_default().to_owned()
}

#[test]
fn the_cursor_of_the_plan_stays_on_its_change_when_the_rows_above_it_come_and_go() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes: Vec<_> = (0..3).map(|at| change(at, "department", "Production", "Research")).collect();
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let mut made = (*plan(changes.clone())).clone();
    let mut wordy = world::guard(true);
    wordy.acknowledged = true;
    wordy.text =
        "a guard with so many words that they stand in one row of a wide screen and in several of a narrow one".into();
    made.guards.push(wordy);
    desk.report(Report::Prepared(std::sync::Arc::new(made)));
    desk.keys("n j j");
    let here = row(&desk);
    assert!(here.contains("department"), "{}", desk.screen());
    let at = desk.app.plan.at;
    desk.send(Msg::Resize(60, 20));
    assert!(desk.app.plan.at > at, "there are more rows above it: {}", desk.screen());
    assert_eq!(row(&desk)[..20], here[..20], "{}", desk.screen());
    desk.send(Msg::Resize(120, 36));
    assert_eq!(row(&desk), here);
}

#[test]
fn what_failed_while_one_looked_elsewhere_is_shown_before_it_is_planned_again() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![change(0, "department", "Production", "Research")];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    desk.keys("P 1 Enter");
    desk.report(Report::PushBegan(made.id.clone()));
    desk.keys("7");
    let failed = OutcomeState::Failed { why: "500 try later".into() };
    desk.report(Report::Outcome(made.id.clone(), outcome(&changes[0], failed)));
    desk.report(Report::PushEnded(made.id.clone()));
    let prepared = |desk: &Desk| desk.commands().iter().filter(|told| matches!(told, Command::Prepare(_))).count();
    let before = prepared(&desk);
    desk.keys("5");
    assert!(desk.screen().contains("500 try later"), "{}", desk.screen());
    assert_eq!(prepared(&desk), before);
    desk.keys("p");
    assert_eq!(prepared(&desk), before + 1, "{}", desk.screen());
}
