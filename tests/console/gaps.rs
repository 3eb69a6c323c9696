//! What was not read, and filters that find nothing: the screen says what it cannot say, and what it understood.

use crossterm::event::KeyCode;
use trueup::console::app::Msg;

use crate::desk::Desk;
use crate::world;

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
    assert!(desk.screen().contains("(no filter: column 22"), "{}", desk.screen());
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
