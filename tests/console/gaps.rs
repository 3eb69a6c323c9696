//! What was not read, and filters that find nothing: the screen says what it cannot say, and what it understood.

use crossterm::event::KeyCode;
use trueup::console::app::Msg;
use trueup::engine::protocol::{Command, Report};
use trueup::model::Op;
use trueup::plan::OutcomeState;

use crate::desk::Desk;
use crate::world::{self, change, outcome, plan};

fn typed(desk: &mut Desk, text: &str) {
    desk.keys("/");
    desk.send(Msg::Paste(text.to_owned()));
    desk.press(KeyCode::Enter);
}

#[test]
fn of_a_system_that_was_not_read_nothing_is_said_to_be_true() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("m l l l l");
    let screen = desk.screen();
    assert!(screen.contains("[kingdee]"), "{screen}");
    assert!(screen.contains("kingdee was not read (auth): nothing can be said of it"), "{screen}");
    assert!(!screen.contains("nothing is out of true here"), "{screen}");
    assert!(!screen.contains("all true"), "{screen}");
    // The same for a kind of which nothing was read yet, and for what is being read.
    desk.keys("2 m");
    assert!(desk.screen().contains("kingdee was not read (auth): nothing can be said of it"), "{}", desk.screen());
    desk.keys("h");
    let screen = desk.screen();
    assert!(screen.contains("directory is being read: nothing can be said of it yet"), "{screen}");
}

#[test]
fn a_number_that_will_grow_or_lacks_a_system_says_so() {
    let mut desk = Desk::with(120, 36, world::small());
    let screen = desk.screen();
    assert!(screen.contains("mismatches so far without kingdee"), "{screen}");
    desk.keys("l l");
    assert!(!desk.screen().contains("so far"), "aha is read to its end: {}", desk.screen());
    desk.keys("l");
    assert!(desk.screen().contains("out of true so far"), "{}", desk.screen());
}

#[test]
fn records_and_mismatches_are_counted_by_their_own_names() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("m");
    let screen = desk.screen();
    let strip = screen.lines().nth(2).unwrap_or_default();
    let rows: usize = screen.lines().last().and_then(|line| line.rsplit('/').next()?.trim().parse().ok()).unwrap();
    assert!(strip.contains(&format!("{rows} records, ")) && strip.contains("mismatches"), "{rows}: {screen}");
}

#[test]
fn a_filter_that_finds_nothing_keeps_what_was_understood_of_it() {
    let mut desk = Desk::with(120, 36, world::small());
    typed(&mut desk, "departmant eq \"x\"");
    let screen = desk.screen();
    assert!(screen.contains("nothing matches /departmant"), "{screen}");
    assert!(screen.contains("no record here has an attribute departmant; the nearest is department"), "{screen}");
    desk.keys("Esc");
    typed(&mut desk, "department sw \"R\" and");
    assert!(desk.screen().contains("no filter: column 22"), "{}", desk.screen());
    desk.keys("Esc");
    typed(&mut desk, "state.aha eq \"nothing such\"");
    assert!(!desk.screen().contains("no record here has"), "a system's state is known: {}", desk.screen());
}

#[test]
fn the_breadcrumb_speaks_the_language_that_is_spoken_now() {
    let mut desk = Desk::with(160, 36, world::small());
    desk.keys("7 1");
    assert!(desk.screen().contains("back to Systems"), "{}", desk.screen());
    desk.press(KeyCode::F(3));
    assert!(desk.screen().contains("系统") && !desk.screen().contains("Systems"), "{}", desk.screen());
    desk.keys("z");
    let strip = desk.screen();
    let strip = strip.lines().nth(2).unwrap_or_default().to_owned();
    assert!(strip.contains("系统"), "the tab is nobody's name: {strip}");
}

/// Three changes, the first of which has no way back.
fn planned(desk: &mut Desk) -> (Vec<trueup::plan::Change>, std::sync::Arc<trueup::plan::Plan>) {
    let mut changes: Vec<_> = (0..3).map(|at| change(at, "department", "Production", "Research")).collect();
    changes[0].op = Op::Delete;
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    (changes, made)
}

#[test]
fn what_cannot_be_undone_is_marked_and_can_be_listed_before_the_push() {
    let mut desk = Desk::with(120, 36, world::small());
    planned(&mut desk);
    let screen = desk.screen();
    assert!(screen.contains("1 change cannot be undone"), "{screen}");
    let marked = |screen: &str| screen.lines().filter(|line| line.ends_with("no undo")).count();
    assert_eq!(marked(&screen), 1, "{screen}");
    typed(&mut desk, "no undo");
    let screen = desk.screen();
    assert!(screen.contains("lena.fischer@example.com") && !screen.contains("omar.haddad@example.com"), "{screen}");
    desk.keys("Esc");
    assert!(desk.screen().contains("omar.haddad@example.com"), "{}", desk.screen());
}

#[test]
fn a_push_is_said_to_run_on_every_tab() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes: Vec<_> = (0..3).map(|at| change(at, "department", "Production", "Research")).collect();
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let made = plan(changes.clone());
    desk.report(Report::Prepared(made.clone()));
    desk.keys("P 3 Enter");
    assert!(matches!(desk.commands().last(), Some(Command::Push { .. })));
    desk.report(Report::PushBegan(made.id.clone()));
    let done = OutcomeState::Confirmed { unread: Vec::new(), already: false };
    desk.report(Report::Outcome(made.id.clone(), outcome(&changes[0], done)));
    for tab in ["1", "2", "3", "4", "5", "6", "7"] {
        desk.keys(tab);
        assert!(desk.screen().lines().nth(1).unwrap_or_default().contains("Pushing 1/3"), "{tab}: {}", desk.screen());
    }
    desk.report(Report::PushEnded(made.id.clone()));
    assert!(!desk.screen().contains("Pushing"), "{}", desk.screen());
}

#[test]
fn a_push_that_was_turned_away_says_that_nothing_was_pushed_and_each_rule_on_its_own() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes: Vec<_> = (0..3).map(|at| change(at, "department", "Production", "Research")).collect();
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    let mut made = (*plan(changes.clone())).clone();
    made.guards = vec![trueup::plan::Guard { acknowledged: true, ..world::guard(true) }];
    let made = std::sync::Arc::new(made);
    desk.report(Report::Prepared(made.clone()));
    assert!(desk.screen().contains("ok limit-deactivate"), "{}", desk.screen());
    desk.keys("P 3 Enter");
    let rule = "limit-deactivate: 3 of 6 users would be switched off; limit-percent: 50 % is more than 5 %";
    for change in &changes {
        desk.report(Report::Outcome(made.id.clone(), outcome(change, OutcomeState::Refused { rule: rule.into() })));
    }
    desk.report(Report::PushEnded(made.id.clone()));
    let screen = desk.screen();
    assert!(screen.contains("nothing was pushed: 3 changes"), "{screen}");
    assert!(!screen.contains("pushed 3 changes") && !screen.contains("ok limit-deactivate"), "{screen}");
    let begins = |screen: &str, word: &str| screen.lines().any(|line| line.trim_start().starts_with(word));
    assert!(begins(&screen, "limit-percent: 50 %"), "{screen}");
    desk.keys("6");
    let screen = desk.screen();
    assert!(
        screen.contains("nothing was pushed: 3 changes") && begins(&screen, "limit-deactivate: 3 of 6"),
        "{screen}"
    );
}

#[test]
fn that_a_plan_is_made_is_said_until_it_is_made() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![change(0, "department", "Production", "Research")];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p p");
    let footer = |desk: &Desk| desk.screen().lines().last().unwrap_or_default().to_owned();
    assert!(footer(&desk).contains("making the plan"), "{}", desk.screen());
    desk.report(Report::Prepared(plan(changes)));
    assert!(footer(&desk).contains("help"), "{}", desk.screen());
}

#[test]
fn what_is_being_looked_up_is_named_with_whom_and_until_when() {
    let mut desk = Desk::with(120, 36, world::small());
    let id = change(0, "department", "Production", "Research").id;
    let what = vec![(id, "create andres.nunez@example.com in litmos".to_owned())];
    desk.report(Report::Unknown(what.clone()));
    desk.keys("6 L");
    assert!(matches!(desk.commands().last(), Some(Command::Resolve)));
    let until = crate::desk::now() + jiff::SignedDuration::from_secs(30);
    let looking = trueup::engine::protocol::LookUp { what: what.clone(), until };
    desk.report(Report::Unknown(what));
    desk.report(Report::LookingUp(Some(looking)));
    let screen = desk.screen();
    assert!(screen.contains("create andres.nunez@example.com in litmos"), "{screen}");
    assert!(screen.contains("looking it up by reading, until") && screen.contains(":30 at the latest"), "{screen}");
    desk.keys("O");
    assert!(desk.screen().contains("looking up: create andres.nunez@example.com in litmos"), "{}", desk.screen());
    assert!(!desk.screen().contains("nothing is running"), "{}", desk.screen());
    desk.keys("Esc L");
    let asked = |command: &&&Command| matches!(command, Command::Resolve);
    assert_eq!(desk.commands().iter().filter(asked).count(), 1, "once is enough");
    desk.report(Report::LookingUp(None));
    desk.report(Report::Unknown(Vec::new()));
    assert!(!desk.screen().contains("looking it up"), "{}", desk.screen());
}

#[test]
fn a_demo_that_forgets_what_is_staged_asks_before_it_ends() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.report(Report::Staging(vec![change(0, "department", "Production", "Research")]));
    desk.app.setup.forgets = true;
    desk.keys("q");
    assert!(desk.screen().contains("what is staged goes with it: 1 change"), "{}", desk.screen());
    assert!(!desk.commands().iter().any(|command| matches!(command, Command::Quit)));
    desk.keys("y");
    assert!(desk.commands().iter().any(|command| matches!(command, Command::Quit)));
}
