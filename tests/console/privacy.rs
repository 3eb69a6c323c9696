//! The privacy mask: nobody who was planted can be known from any screen.

use trueup::engine::protocol::Report;

use crate::desk::Desk;
use crate::properties::WAYS;
use crate::world::{self, change, deactivation, plan};

/// Words of people in the small world: names, logins, what stands before and behind the @.
const PLANTED: [&str; 14] = [
    "Lena",
    "Fischer",
    "lena.",
    "fischer@",
    "王小明",
    "小明",
    "wang.",
    "xiaoming",
    "Omar",
    "Haddad",
    "omar.haddad",
    "欧阳",
    "ouyang",
    "m.alali",
];

fn desk(columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::with(columns, rows, world::small());
    let changes = vec![change(0, "displayName", "Lena Fischer", "Lena Haddad"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes)));
    desk.keys("1 z");
    desk
}

#[test]
fn nobody_can_be_known_from_any_screen_while_the_mask_is_on() {
    let more =
        ["C", "j C", "i", "l i", "A", "l A", "K", "l K", "5 o", "5 j C", "O", "j j j Space", "l m", "Space", "a"];
    for (columns, rows) in [(80, 24), (120, 36)] {
        for way in WAYS.iter().copied().chain(more).filter(|way| !way.contains('/')) {
            let mut desk = desk(columns, rows);
            desk.keys(way);
            let screen = desk.screen();
            for word in PLANTED {
                assert!(!screen.contains(word), "{word} after {way:?}\n{screen}");
            }
        }
    }
}

#[test]
fn a_filter_that_was_typed_and_what_was_done_before_are_masked_too() {
    let mut desk = desk(80, 24);
    desk.keys("/ Haddad Enter");
    assert!(!desk.screen().contains("Haddad"), "{}", desk.screen());
    desk.keys(": users Space /Fischer Enter :");
    assert!(!desk.screen().contains("Fischer"), "{}", desk.screen());
    desk.keys("Esc / nobodyatall Enter");
    assert!(!desk.screen().contains("nobodyatall"), "{}", desk.screen());
}

#[test]
fn a_person_looks_the_same_in_the_list_and_in_the_detail_and_another_way_when_it_is_off() {
    let mut desk = desk(120, 36);
    let screen = desk.screen();
    let row = screen.lines().find(|line| line.starts_with(">*")).unwrap();
    let shown: String = row.chars().skip(3).take(12).collect();
    assert!(screen.matches(shown.trim()).count() >= 2, "{shown}:\n{screen}");
    assert!(screen.contains("MASKED"));
    desk.keys("z");
    assert!(desk.screen().contains("Lena Fischer"));
}

#[test]
fn the_masked_matrix() {
    insta::assert_snapshot!(desk(120, 36).screen());
}
