//! The screen in Chinese, and what holds in every language.

use trueup::console::app::text::{Language, speak_here};
use trueup::engine::protocol::Report;
use unicode_width::UnicodeWidthChar;

use crate::desk::Desk;
use crate::properties::WAYS;
use crate::world::{self, change, deactivation, plan};

/// A desk over a staged and planned world, in a language.
fn desk(language: Language, columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::with(columns, rows, world::small());
    speak_here(Some(language));
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes)));
    desk.keys("1");
    desk
}

#[test]
fn no_screen_in_any_language_holds_a_character_whose_width_is_the_terminals_choice() {
    for language in Language::ALL {
        for (columns, rows) in [(80, 24), (120, 36)] {
            for way in WAYS {
                let mut desk = desk(language, columns, rows);
                desk.keys(way);
                let screen = desk.screen();
                let odd: Vec<char> = screen.chars().filter(|c| *c != '\n' && c.width() != c.width_cjk()).collect();
                assert!(odd.is_empty(), "{} after {way:?}: {odd:?}\n{screen}", language.name());
            }
        }
    }
}

#[test]
fn the_matrix_in_chinese() {
    insta::assert_snapshot!(desk(Language::Chinese, 80, 24).screen());
}

#[test]
fn the_help_in_chinese() {
    let mut desk = desk(Language::Chinese, 80, 24);
    desk.keys("?");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_plan_in_chinese() {
    let mut desk = desk(Language::Chinese, 100, 30);
    desk.keys("5 j Enter");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_why_card_in_chinese() {
    let mut desk = desk(Language::Chinese, 80, 24);
    desk.keys("j j j w");
    insta::assert_snapshot!(desk.screen());
}

#[test]
fn the_language_turns_at_once_and_everything_is_worded_anew() {
    let mut desk = desk(Language::English, 80, 24);
    desk.keys("5");
    assert!(desk.screen().contains("Plan"));
    desk.keys(": language Space zh Enter");
    let screen = desk.screen();
    assert!(screen.contains("计划") && screen.contains("停用"), "{screen}");
    assert!(!screen.contains("deactivate"), "{screen}");
}
