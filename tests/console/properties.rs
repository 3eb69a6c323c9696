//! What holds for all sizes, all keys and all texts.

use std::sync::Arc;

use crossterm::event::KeyCode;
use proptest::prelude::*;
use rayon::prelude::*;
use trueup::console::app::Msg;
use trueup::engine::protocol::Report;
use trueup::model::text::is_hostile;

use crate::desk::Desk;
use crate::world::{self, change, deactivation, plan};

/// Every screen and popup, as the keys that lead there.
pub const WAYS: [&str; 35] = [
    "",
    "j j j Space",
    "j j j Space Enter",
    "D",
    "Enter",
    "l",
    "l l",
    "j j Enter j",
    "m",
    "/",
    "/ wang",
    ":",
    ": pl",
    "?",
    "w",
    "y",
    "t",
    "v j",
    "a",
    "5 j Enter",
    "6",
    "7 j",
    "5 P",
    "b",
    "I",
    "I Tab",
    "c",
    "L",
    "W",
    "O",
    "w",
    "5 *",
    "5 j j o",
    "h J",
    "s s s",
];

fn desk() -> Desk {
    let mut desk = Desk::with(80, 24, world::small());
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes)));
    desk.keys("1");
    desk
}

#[test]
fn every_screen_can_be_drawn_at_every_size() {
    WAYS.par_iter().for_each(|way| {
        let mut desk = desk();
        desk.keys(way);
        for columns in 1..=100 {
            for rows in 1..=30 {
                desk.send(Msg::Resize(columns, rows));
                desk.draw();
            }
        }
    });
}

#[test]
fn too_small_a_terminal_is_told_so() {
    let mut desk = desk();
    for (columns, rows) in [(39, 24), (80, 9), (1, 1)] {
        desk.send(Msg::Resize(columns, rows));
        assert!(!desk.screen().contains("trueup"));
    }
    desk.send(Msg::Resize(39, 9));
    assert!(desk.screen().contains("terminal too small (39x9); 40x10 is th"));
}

#[test]
fn hostile_text_never_reaches_the_screen() {
    let hostile = "Eve\u{1b}[31m\u{202e}nimda\u{200b}\u{7f}\u{9b}2J";
    let person: world::Person = (hostile, "eve\u{1b}]52;c;x\u{7}@example.com", "true", "a\u{202e}b\r\nc", &[]);
    let mut desk = Desk::with(120, 36, world::two(&[person], &[]));
    desk.report(Report::Notice(hostile.into()));
    for way in ["", "Enter", "Esc w", "Esc y", "Esc t", "Esc l", "Esc O", "Esc C"] {
        desk.keys(way);
        let screen = desk.screen();
        let bad: Vec<char> = screen.chars().filter(|c| *c != '\n' && is_hostile(*c)).collect();
        assert!(bad.is_empty(), "{bad:?} after {way:?}");
    }
    assert!(desk.screen().contains("<1B>"), "it is shown as what it is");
}

#[test]
fn an_empty_world_is_drawn_and_every_key_is_harmless() {
    for keys in ["", "j k G g Enter Esc v a u n N s S Space p P 5 P 6 f 7 T r R w y t C z O ? : m"] {
        let mut desk = Desk::with(80, 24, world::world_of(Vec::new()));
        desk.keys(keys);
        desk.keys("1 b I c Enter J H W W O Esc L 3 5 * Esc Space f 1 o");
        desk.screen();
    }
    let mut desk = Desk::new(80, 24);
    desk.keys("j k Enter Space p P 5 P 6 7 T 1 m n / x Enter Esc w y t C");
    desk.screen();
}

#[test]
fn many_rows_are_sorted_and_filtered_by_jobs() {
    let mut desk = Desk::new(120, 36);
    let world = Arc::new(world::large(30_000));
    desk.report(Report::World(world));
    assert_eq!(desk.jobs, 0, "as they are read they need no job");
    desk.keys("s");
    assert_eq!(desk.jobs, 1);
    let list = desk.app.list().unwrap();
    assert_eq!(list.order.len(), 30_000);
    assert!(desk.screen().contains("Person 0000000"), "{}", desk.screen());
    desk.keys("/ user0000100 Enter");
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
    desk.keys("Esc m");
    assert_eq!(desk.app.list().unwrap().order.len(), 300);
}

fn key() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        8 => (0x20_u8..0x7f).prop_map(|byte| KeyCode::Char(byte as char)),
        1 => Just(KeyCode::Enter),
        1 => Just(KeyCode::Esc),
        1 => Just(KeyCode::Tab),
        1 => Just(KeyCode::Down),
        1 => Just(KeyCode::Up),
        1 => Just(KeyCode::PageDown),
        1 => Just(KeyCode::Backspace),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_keys_panic_and_no_burst_of_them_pushes(keys in proptest::collection::vec(key(), 1..60)) {
        let mut desk = desk();
        for code in keys {
            desk.press(code);
        }
        desk.screen();
        prop_assert_eq!(desk.pushes(), 0);
    }
}
