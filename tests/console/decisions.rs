//! What the operator decides: keys in, the decision out, and what the screen says once it holds.

use trueup::compare::{Base, Bases, Decision, Inputs, compare};
use trueup::engine::protocol::{Command, World};
use trueup::model::{AttrPath, Kind, RecordKey, SystemId};

use crate::desk::{Desk, now};
use crate::world;

/// The small world with other inputs.
pub fn with(change: impl FnOnce(&mut Inputs)) -> World {
    let mut world = world::small();
    let mut inputs = (*world.compared.inputs).clone();
    change(&mut inputs);
    world.compared = std::sync::Arc::new(compare(std::sync::Arc::new(inputs)));
    world
}

/// What the engine was told to take in.
pub fn decided(desk: &Desk) -> Vec<Decision> {
    let told = desk.commands().into_iter().filter_map(|command| match command {
        Command::Decide(decisions) => Some(decisions.clone()),
        _ => None,
    });
    told.flatten().collect()
}

/// The world after what the desk decided.
pub fn after(desk: &Desk) -> World {
    let mut kept = trueup::compare::Decisions::default();
    for decision in decided(desk) {
        kept.take(decision);
    }
    with(|inputs| {
        inputs.links = kept.links;
        inputs.waivers = kept.waivers;
        inputs.protected = kept.protected;
        inputs.agreed = kept.agreed;
    })
}

fn lena() -> RecordKey {
    RecordKey::new(SystemId::new("aha"), Kind::User, "7310")
}

fn drifted() -> World {
    with(|inputs| {
        let since = now().checked_sub(jiff::SignedDuration::from_hours(3)).unwrap();
        let base = |path: &str, entry: &str, value: &str| Base {
            target: lena(),
            path: AttrPath::new(path),
            entry: entry.into(),
            source: value.into(),
            value: value.into(),
            at: since,
            since,
        };
        inputs.bases = Bases::from(vec![base("displayName", "", "Lena Fischer"), base("productRoles", "1", "viewer")]);
    })
}

#[test]
fn the_why_column_says_which_side_moved_and_when() {
    let mut desk = Desk::with(120, 36, drifted());
    desk.keys("Enter");
    let screen = desk.screen();
    let line = |what: &str| screen.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{screen}"));
    assert!(line("~displayName").contains("target drifted 3 h ago"), "{screen}");
    assert!(line("productRoles[Phoenix]").contains("source changed 3 h ago"), "{screen}");
}

#[test]
fn the_filter_asks_for_the_direction_and_the_plan_says_it() {
    let mut desk = Desk::with(120, 36, drifted());
    desk.keys("/ direction=target-drifted Enter");
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
    desk.keys("Space Enter p");
    let screen = desk.screen();
    assert!(screen.contains("(target drifted)") && screen.contains("(source changed)"), "{screen}");
}

#[test]
fn a_difference_is_adopted_with_a_reason_and_counts_no_more() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("Enter");
    let detail = |desk: &Desk| desk.app.detail.clone();
    let differs = |desk: &Desk| {
        let detail = detail(desk);
        detail.rows.iter().filter(|row| detail.side_of(row).is_some_and(|side| side.mark == '~')).count()
    };
    let before = differs(&desk);
    assert!(desk.screen().contains("displayName"), "{}", desk.screen());
    while desk.app.detail.rows[desk.app.detail.at].name != "displayName" {
        desk.keys("j");
    }
    desk.keys("A Enter Enter");
    assert!(desk.screen().contains("A reason is needed"), "{}", desk.screen());
    assert_eq!(decided(&desk), []);
    desk.keys("her wish Enter 2020-01-01 Enter");
    assert!(desk.screen().contains("No day to come"), "{}", desk.screen());
    for _ in 0..10 {
        desk.press(crossterm::event::KeyCode::Backspace);
    }
    insta::assert_snapshot!(desk.screen());
    desk.keys("30d Enter");
    let [Decision::Adopt(waiver)] = &decided(&desk)[..] else { panic!("{:?}", decided(&desk)) };
    assert_eq!((&waiver.target, waiver.path.as_str(), waiver.reason.as_str()), (&lena(), "displayName", "herwish"));
    let days = waiver.until.unwrap().duration_since(now()).as_hours() / 24;
    assert!((29..=31).contains(&days), "{days}");

    desk.report(trueup::engine::protocol::Report::World(std::sync::Arc::new(after(&desk))));
    assert_eq!(differs(&desk), before - 1);
    assert!(desk.screen().contains("adopted: herwish"), "{}", desk.screen());
    desk.keys("Esc / waived=true Enter");
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
    desk.keys("Enter");
    while desk.app.detail.rows[desk.app.detail.at].name != "displayName" {
        desk.keys("j");
    }
    desk.keys("A");
    assert!(matches!(&decided(&desk)[..], [_, Decision::Withdraw(key, path, entry)]
        if *key == lena() && path.as_str() == "displayName" && entry.is_empty()));
}

#[test]
fn a_protected_record_says_so_and_can_not_be_staged() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("l l K");
    assert!(desk.screen().contains("Protect in aha"), "{}", desk.screen());
    desk.keys("legal Enter");
    let [Decision::Protect(protection)] = &decided(&desk)[..] else { panic!("{:?}", decided(&desk)) };
    assert_eq!((&protection.record, &*protection.reason, protection.since), (&lena(), "legal", now()));
    desk.report(trueup::engine::protocol::Report::World(std::sync::Arc::new(after(&desk))));
    assert!(desk.screen().contains("protected: legal"), "{}", desk.screen());
    desk.keys("Space");
    assert!(desk.screen().contains("[-]"), "{}", desk.screen());
    desk.keys("Enter");
    assert!(desk.app.staged.is_empty());
    desk.keys("K");
    assert_eq!(decided(&desk).last(), Some(&Decision::Unprotect(lena())));
}

const NEW: world::Person = ("Lena Fischer", "lena.fischer@new.example", "true", "Research", &[]);
const OLD: world::Person = ("Lena Fischer", "lena.fischer@old.example", "true", "", &[]);

/// The world of the two, with what was decided.
fn linked(links: Vec<trueup::compare::Link>) -> World {
    let mut world = world::two(&[NEW], &[OLD]);
    let mut inputs = (*world.compared.inputs).clone();
    inputs.links = links;
    world.compared = std::sync::Arc::new(compare(std::sync::Arc::new(inputs)));
    world
}

#[test]
fn two_records_that_look_like_one_person_are_linked_on_their_evidence() {
    let mut desk = Desk::with(80, 24, linked(Vec::new()));
    desk.keys("Space");
    assert!(desk.screen().contains("possible duplicate"), "{}", desk.screen());
    desk.keys("Esc i");
    insta::assert_snapshot!(desk.screen());
    desk.keys("=");
    let [Decision::Link(link)] = &decided(&desk)[..] else { panic!("{:?}", decided(&desk)) };
    assert_eq!((link.a.system.as_str(), link.b.system.as_str()), ("hr", "aha"));
    assert_eq!(link.verdict, trueup::compare::LinkVerdict::Same);
    desk.report(trueup::engine::protocol::Report::World(std::sync::Arc::new(linked(vec![link.clone()]))));
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
    assert!(!desk.screen().contains("missing in aha"), "{}", desk.screen());
    // The link can be looked at, and taken back.
    desk.keys("i u");
    assert!(desk.screen().contains("linked by decision"), "{}", desk.screen());
    assert!(matches!(&decided(&desk)[..], [_, Decision::Unlink(a, b)] if *a == link.a && *b == link.b));
}

#[test]
fn who_is_not_the_same_can_be_created() {
    let mut desk = Desk::with(80, 24, linked(Vec::new()));
    desk.keys("i !");
    assert!(desk.screen().contains("not the same, by decision"), "{}", desk.screen());
    let [Decision::Link(link)] = &decided(&desk)[..] else { panic!("{:?}", decided(&desk)) };
    desk.report(trueup::engine::protocol::Report::World(std::sync::Arc::new(linked(vec![link.clone()]))));
    desk.keys("Esc Space");
    let screen = desk.screen();
    assert!(screen.contains("asks for") && !screen.contains("possible duplicate"), "{screen}");
}

#[test]
fn a_lens_is_a_filter_with_a_name() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("L j");
    insta::assert_snapshot!(desk.screen());
    desk.keys("Enter");
    assert_eq!(desk.app.list().unwrap().order.len(), 1);
    assert!(desk.screen().contains("Omar Haddad"), "{}", desk.screen());
    desk.keys("L j Enter");
    let roles = |name: &str| desk.screen().lines().any(|line| line.contains(name) && !line.contains(" L "));
    assert_eq!((desk.app.list().unwrap().order.len(), roles("Lena"), roles("Łukasz")), (2, true, true));
    desk.keys("L k k Enter");
    assert_eq!(desk.app.list().unwrap().order.len(), 7);
}

#[test]
fn a_value_with_odd_characters_is_shown_harmless_and_agreed_to_on_the_checklist() {
    let lena = |name: &'static str| -> world::Person { ("Lena Fischer", "lena@example.com", "true", name, &[]) };
    let mut desk = Desk::with(80, 24, world::directory(&[lena("Re\u{202e}search\u{7}")], &[lena("Sales")]));
    desk.keys("Space");
    assert!(desk.screen().contains("[-]"), "{}", desk.screen());
    desk.keys("A");
    insta::assert_snapshot!(desk.screen());
    desk.keys("y");
    let [Decision::Agree(agreement)] = &decided(&desk)[..] else { panic!("{:?}", decided(&desk)) };
    assert!(agreement.path.as_str().ends_with("department"));
    let world = world::directory(&[lena("Re\u{202e}search\u{7}")], &[lena("Sales")]);
    let mut inputs = (*world.compared.inputs).clone();
    inputs.agreed = vec![agreement.clone()];
    let compared = std::sync::Arc::new(compare(std::sync::Arc::new(inputs)));
    desk.report(trueup::engine::protocol::Report::World(std::sync::Arc::new(World { compared, ..world })));
    desk.keys("Space");
    assert!(desk.screen().contains("[x]"), "{}", desk.screen());
}
