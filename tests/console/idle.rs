//! A key that does nothing says so; Esc and a key that came as one are both taken.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use trueup::engine::protocol::Report;

use crate::desk::Desk;
use crate::world::{self, change, plan};

/// Esc and a key that tmux or a slow line handed over together.
fn together(desk: &mut Desk, c: char) {
    desk.event(KeyEvent::new(KeyCode::Char(c), KeyModifiers::ALT));
    desk.frame();
}

#[test]
fn escape_and_the_key_typed_right_after_it_are_both_taken() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("w");
    assert!(desk.screen().contains("Why:"), "{}", desk.screen());
    together(&mut desk, 'j');
    assert!(!desk.screen().contains("Why:"), "{}", desk.screen());
    assert_eq!(desk.app.list().unwrap().at, 1, "the card is closed, and the cursor has moved");
    // In a field what readline knows stays with the field.
    desk.keys("/ wang");
    together(&mut desk, 'b');
    assert!(desk.app.popup.is_some(), "{}", desk.screen());
    together(&mut desk, 'j');
    assert!(desk.app.popup.is_none(), "{}", desk.screen());
}

#[test]
fn escape_and_a_key_in_one_never_ask_for_a_push_and_never_answer_a_question() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![change(0, "department", "Production", "Research")];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes)));
    together(&mut desk, 'P');
    desk.keys("5");
    assert!(desk.app.popup.is_none(), "{}", desk.screen());
    desk.keys("D");
    together(&mut desk, 'y');
    assert!(desk.app.popup.is_none() && desk.app.staged.len() == 1, "{}", desk.screen());
}

#[test]
fn a_key_that_does_nothing_says_where_it_belongs() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("7 m");
    assert!(desk.screen().contains("m is not for here (Show only what is out of true"), "{}", desk.screen());
    desk.keys("1 x");
    assert!(desk.screen().contains("x does nothing; ? lists the keys"), "{}", desk.screen());
    desk.keys("b p");
    assert!(desk.screen().contains("p is not for here; Esc closes this first"), "{}", desk.screen());
}
