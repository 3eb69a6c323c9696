//! A password that is typed: twice, as stars, and to the engine alone.

use std::sync::Arc;

use crossterm::event::KeyCode;
use trueup::engine::protocol::{Command, World};
use trueup::mapping::Mapping;
use trueup::plan::{Change, Wanted};

use crate::decisions::with;
use crate::desk::Desk;

/// A world whose Aha! takes passwords, as SAP Litmos does.
fn world() -> World {
    let row = "[[row]]\nkind = \"User\"\nattr = \"password\"\nwrite = \"password\"\nsecret = true\n\
               reset = \"new_password\"\ncite = \"made up\"\n";
    let mapping = Mapping::overlaid(Mapping::builtin_text("aha").unwrap(), row, "row.toml").unwrap();
    with(|inputs| inputs.systems[1].mapping = Arc::new(mapping))
}

fn staged(desk: &Desk) -> Option<Change> {
    desk.commands().into_iter().rev().find_map(|command| match command {
        Command::Stage { added, .. } => added.first().cloned(),
        _ => None,
    })
}

#[test]
fn a_password_is_typed_twice_shown_as_stars_and_told_to_the_engine_alone() {
    let mut desk = Desk::with(100, 30, world());
    desk.keys("E");
    assert!(desk.screen().contains("New password: Lena Fischer in aha"), "{}", desk.screen());
    desk.keys("s3cret-1 Enter");
    let screen = desk.screen();
    assert!(screen.contains("********") && !screen.contains("s3cret"), "{screen}");
    desk.keys("other Enter");
    assert!(desk.screen().contains("They are not the same"), "{}", desk.screen());
    assert!(staged(&desk).is_none(), "nothing is staged of what was typed wrong");
    desk.keys("s3cret-1 Enter s3cret-1 Enter");
    let change = staged(&desk).unwrap();
    let Wanted::Secret(name) = &change.want[0].value else { panic!("{change:?}") };
    let held = desk.commands().into_iter().find_map(|command| match command {
        Command::Hold { system, name, secret } => Some((system.to_string(), name.clone(), secret.expose().to_owned())),
        _ => None,
    });
    assert_eq!(held, Some(("aha".into(), name.to_string(), "s3cret-1".into())));
    assert!(!format!("{:?} {:?}", desk.wishes, desk.app).contains("s3cret"), "nothing else knows it");
    assert!(desk.screen().contains("1 staged") || desk.screen().contains("staged"), "{}", desk.screen());
}

#[test]
fn without_a_word_the_one_of_the_configuration_is_set_and_esc_sets_none() {
    let mut desk = Desk::with(80, 24, world());
    desk.keys("E half");
    desk.press(KeyCode::Esc);
    assert!(desk.app.popup.is_none() && staged(&desk).is_none());
    desk.keys("E Enter");
    let change = staged(&desk).unwrap();
    assert_eq!(change.want[0].value, Wanted::Secret("new_password".into()));
    assert!(!desk.commands().iter().any(|command| matches!(command, Command::Hold { .. })));
}

#[test]
fn where_no_password_can_be_set_it_is_said() {
    let mut desk = Desk::with(80, 24, crate::world::small());
    desk.keys("E");
    assert!(desk.screen().contains("no password can be set in"), "{}", desk.screen());
    assert!(desk.app.popup.is_none());
}
