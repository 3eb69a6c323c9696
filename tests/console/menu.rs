//! The menu, the palette and the help: everything by name, with arrows and Enter alone.

use crossterm::event::KeyCode;
use trueup::console::app::action::{Action, Scope};
use trueup::console::app::keys::{Key, Keymap};
use trueup::console::app::palette::Palette;
use trueup::console::app::popup::Popup;
use trueup::console::app::{App, Msg, Setup, Wish};
use trueup::engine::protocol::{Command, Report};

use crate::desk::{Desk, now};
use crate::world::{self, change, deactivation, plan};

fn desk() -> Desk {
    let mut desk = Desk::with(80, 24, world::small());
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes)));
    desk.keys("1");
    desk
}

fn palette(desk: &Desk) -> &Palette {
    match &desk.app.popup {
        Some(Popup::Palette(palette)) => palette,
        other => panic!("no palette but {other:?}"),
    }
}

/// Chooses an action from the palette that is open, with arrows and Enter.
fn choose(desk: &mut Desk, action: Action) {
    let found = palette(desk).found.iter().position(|entry| entry.action == action && !entry.recent);
    let down = found.unwrap_or_else(|| panic!("{} is not in the menu", action.name()));
    for _ in 0..down {
        desk.burst("Down");
    }
    desk.keys("Enter");
}

/// Opens the menu, with arrows and Enter.
fn menu(desk: &mut Desk) {
    left(desk);
    desk.keys("Enter");
}

fn left(desk: &mut Desk) {
    for _ in 0..8 {
        desk.burst("Left");
        if desk.app.menu {
            return;
        }
    }
    panic!("the menu is not left of everything:\n{}", desk.screen());
}

fn with_tab(tab: Option<Action>, detail: bool) -> Desk {
    let mut desk = desk();
    if let Some(tab) = tab {
        menu(&mut desk);
        choose(&mut desk, tab);
    }
    if detail {
        desk.keys("Enter");
    }
    desk
}

#[test]
fn every_action_of_every_place_is_reached_with_arrows_and_enter_alone() {
    let places = [
        (Scope::List, None, false),
        (Scope::Detail, None, true),
        (Scope::Plan, Some(Action::PlanTab), false),
        (Scope::History, Some(Action::HistoryTab), false),
        (Scope::Systems, Some(Action::SystemsTab), false),
    ];
    let keymap = Keymap::standard();
    for (scope, tab, detail) in places {
        let wanted = Action::ALL.iter().copied().filter(|action| action.scopes().contains(&scope));
        for action in wanted.filter(|action| *action != Action::Palette) {
            let mut by_menu = with_tab(tab, detail);
            assert_eq!(by_menu.app.scope(), scope);
            menu(&mut by_menu);
            choose(&mut by_menu, action);
            let screen = by_menu.screen();
            let mut by_key = with_tab(tab, detail);
            left(&mut by_key);
            by_key.burst("Right");
            let key = keymap.keys(action)[0];
            by_key.press(key.code);
            by_key.frame();
            assert_eq!(screen, by_key.screen(), "{} in {scope:?}", action.name());
            assert_eq!(by_menu.wishes.len(), by_key.wishes.len(), "{} in {scope:?}", action.name());
        }
    }
}

#[test]
fn a_list_to_tick_has_its_menu_too() {
    let mut desk = desk();
    desk.keys("j j j");
    menu(&mut desk);
    choose(&mut desk, Action::Stage);
    let ticked = |desk: &Desk| desk.screen().matches("[x]").count();
    let before = ticked(&desk);
    desk.keys("Right");
    assert_ne!(ticked(&desk), before, "{}", desk.screen());
    desk.keys("Up Left");
    choose(&mut desk, Action::Toggle);
    assert_eq!(ticked(&desk), before, "{}", desk.screen());
}

#[test]
fn a_question_is_answered_with_arrows_and_enter_and_enter_alone_says_no() {
    let mut desk = desk();
    desk.keys("D Enter");
    assert!(desk.app.popup.is_none() && !desk.app.staged.is_empty());
    desk.keys("D Right Enter");
    assert!(desk.app.staged.is_empty());
}

#[test]
fn full_width_keys_of_an_input_method_do_what_their_keys_do() {
    let mut desk = desk();
    desk.keys("ｍ");
    assert!(desk.app.list().unwrap().only);
    desk.keys("：");
    assert!(matches!(desk.app.popup, Some(Popup::Palette(_))));
    desk.keys("Esc 、");
    assert!(matches!(desk.app.popup, Some(Popup::Filter(_))));
    desk.keys("王 Esc ？");
    assert!(matches!(desk.app.popup, Some(Popup::Help(_))));
    desk.keys("Esc");
    desk.press(KeyCode::Char('\u{3000}'));
    assert!(desk.app.popup.is_some() || !desk.app.staged.is_empty());
}

#[test]
fn the_palette_takes_arguments_and_remembers() {
    let mut desk = desk();
    desk.keys(": users Space @a Space");
    assert_eq!(palette(&desk).found[0].line(), "users @a");
    desk.keys("Esc : users Space @ah Tab Space /wang Enter");
    assert_eq!(desk.app.system.as_ref().map(ToString::to_string).as_deref(), Some("aha"));
    assert_eq!(desk.app.list().unwrap().filter, "wang");
    desk.keys(":");
    assert_eq!(palette(&desk).found[0].line(), "users @aha /wang", "what was done before comes first");
    desk.keys("Esc : test Space hr Enter");
    assert!(matches!(desk.commands().last(), Some(Command::Test(id)) if id.as_str() == "hr"));
    desk.keys(": filter Space active=true Enter");
    assert_eq!(desk.app.list().unwrap().filter, "active=true");
}

#[test]
fn a_theme_is_chosen_by_its_name() {
    let mut desk = desk();
    desk.app.setup.themes = vec!["dark".into(), "mono".into()];
    desk.keys(": theme Space mo Enter");
    assert!(matches!(desk.wishes.last(), Some(Wish::Theme(Some(name))) if name == "mono"));
}

#[test]
fn the_help_is_searched_in_both_languages_and_runs_what_it_lists() {
    for words in ["/ mask Space personal", "/ 脱敏", "/ :mask"] {
        let mut desk = desk();
        desk.keys("?");
        desk.keys(words);
        assert!(desk.screen().contains("Mask personal data"), "{words}:\n{}", desk.screen());
        desk.keys("Enter");
        assert!(desk.app.mask && desk.app.popup.is_none(), "{words}");
    }
    let mut desk = desk();
    desk.keys("? / nosuchword");
    assert!(desk.screen().contains("nothing in the help speaks of that"));
    desk.keys("Esc Esc");
    assert!(desk.app.popup.is_none());
}

#[test]
fn what_the_operator_bound_is_what_the_screen_says_and_does() {
    let keymap = Keymap::own("filter = [\"F9\"]\nmask = [\"B\"]").unwrap();
    let setup = Setup { keymap: Some(keymap), ..Setup::default() };
    let mut desk = Desk::new(80, 24);
    desk.app = App::new(setup, (80, 24), now());
    desk.report(Report::World(std::sync::Arc::new(world::small())));
    assert!(desk.screen().contains("F9 filter"), "{}", desk.screen());
    desk.keys("/");
    assert!(desk.app.popup.is_none());
    desk.press(Key::parse("F9").unwrap().code);
    assert!(matches!(desk.app.popup, Some(Popup::Filter(_))));
    desk.keys("Esc B");
    assert!(desk.app.mask);
    desk.send(Msg::Tick);
}
