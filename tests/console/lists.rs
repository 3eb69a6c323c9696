//! Lists: columns, order, filters used before, what belongs to what, and the way from a record to another and back.

use crossterm::event::KeyCode;
use trueup::console::app::Wish;
use trueup::engine::protocol::{Command, Health, Report, World};
use trueup::model::{AttrPath, Kind, RecordKey, SystemId, TableBuilder};
use trueup::plan::Mode;

use crate::desk::Desk;
use crate::world::{self, System, change, complete, deactivation, mapping, plan, status};

fn names(desk: &Desk) -> Vec<String> {
    let list = desk.app.list().unwrap();
    let compared = list.shown.clone().unwrap();
    let rows = trueup::console::app::rows::Rows::new(&compared, list.kind);
    (0..list.order.len()).map(|at| rows.name(list.order.get(at).unwrap(), None).to_owned()).collect()
}

fn heading(desk: &Desk) -> String {
    desk.screen().lines().nth(3).unwrap().to_owned()
}

#[test]
fn columns_are_chosen_moved_and_kept() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("c");
    let screen = desk.screen();
    assert!(screen.contains("> [x] NAME") && screen.contains("[ ] department"), "{screen}");
    // The name goes behind the login, what is out of true goes away, the department comes.
    desk.keys("l j j Space");
    while !desk.screen().lines().any(|line| line.contains("> [ ] department")) {
        desk.keys("j");
    }
    desk.keys("Space Enter");
    let line = heading(&desk);
    let place = |what: &str| line.find(what).unwrap_or_else(|| panic!("{what}: {line}"));
    assert!(place("USERNAME") < place("NAME  ") && place("NAME  ") < place("department"), "{line}");
    assert!(!line.contains("OUT OF TRUE"), "{line}");
    assert!(desk.screen().contains("研发部"), "{}", desk.screen());
    let Some(Wish::Keep(kept)) = desk.wishes.last() else { panic!("{:?}", desk.wishes.last()) };
    assert!(kept.contains("columns") && !kept.contains("Lena"), "no data of people is kept: {kept}");
    let mut again = Desk::new(120, 36);
    again.app.take_up(&kept.clone());
    again.report(Report::World(std::sync::Arc::new(world::small())));
    assert_eq!(heading(&again), line);
    again.keys("2");
    assert!(again.app.list().unwrap().columns.is_none(), "each tab has its own");
}

#[test]
fn a_list_is_sorted_by_any_column_and_what_is_alike_stays_as_it_was() {
    let mut desk = Desk::with(120, 36, world::small());
    let read = names(&desk);
    desk.keys("s");
    let sorted = names(&desk);
    assert!(sorted[0].starts_with("Lena") && sorted[1].starts_with("Old"), "{sorted:?}");
    assert!(heading(&desk).contains("NAME ^"));
    desk.keys("S");
    assert!(heading(&desk).contains("NAME v"));
    assert_eq!(names(&desk), sorted.into_iter().rev().collect::<Vec<_>>());
    // By a system: what is missing there first, what is the same as the source has it.
    desk.keys("S s s");
    assert!(heading(&desk).contains("aha ^"), "{}", heading(&desk));
    let by = names(&desk);
    assert_eq!(by[0], read[3], "missing comes first");
    let same: Vec<&String> = by.iter().filter(|name| [&read[1], &read[5]].contains(name)).collect();
    assert_eq!(same, [&read[1], &read[5]]);
}

#[test]
fn filters_used_before_come_back_with_the_arrow() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("/ omar Enter Esc / lena Enter Esc");
    desk.keys("/ Up Up");
    assert_eq!(desk.app.list().unwrap().filter, "omar");
    desk.keys("Down Down");
    assert_eq!(desk.app.list().unwrap().filter, "");
    desk.keys("Up Enter 2 1");
    assert_eq!(desk.app.list().unwrap().filter, "lena", "it stays with its tab");
}

#[test]
fn whoever_is_looked_for_next_takes_the_place_of_the_last_one_and_an_arrow_keeps_him() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("/ omar Enter /");
    assert!(desk.screen().contains("Left Right change it"), "{}", desk.screen());
    desk.keys("lena");
    assert_eq!(desk.app.list().unwrap().filter, "lena");
    desk.keys("Esc");
    assert_eq!(desk.app.list().unwrap().filter, "omar", "Esc is as before");
    desk.keys("/ Left Right x");
    assert_eq!(desk.app.list().unwrap().filter, "omarx");
    desk.keys("Enter /");
    desk.press(crossterm::event::KeyCode::Backspace);
    assert_eq!(desk.app.list().unwrap().filter, "");
}

#[test]
fn what_only_looks_like_a_filter_says_why_it_found_nothing() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("/");
    desk.send(trueup::console::app::Msg::Paste("state.aha eq missing".into()));
    desk.keys("Enter");
    let screen = desk.screen();
    assert!(screen.contains("plain text, since it is no filter: column 14"), "{screen}");
}

#[test]
fn what_is_said_is_said_to_its_end_in_as_many_rows_as_that_takes() {
    let mut desk = Desk::with(60, 20, world::small());
    let words = "the first of many words and then a few more of them than a row could hold, to the end";
    desk.report(trueup::engine::protocol::Report::Notice(words.into()));
    let screen = desk.screen();
    let rows: Vec<&str> = screen.lines().rev().take(2).collect();
    assert!(rows[1].starts_with(" the first of many"), "{screen}");
    assert!(rows[0].contains("to the end"), "{screen}");
    desk.keys("p");
    assert!(!desk.screen().contains("the first of many"), "and goes with the next key");
}

#[test]
fn a_lens_of_the_configuration_stands_beside_the_built_in_ones() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.app.setup.lenses = vec![("sales".into(), "department=Sales".into())];
    desk.keys("L");
    assert!(desk.screen().contains("9 sales"), "{}", desk.screen());
    desk.keys("9");
    assert_eq!(names(&desk), ["Omar Haddad", "محمد العلي"]);
}

#[test]
fn enter_on_a_reference_goes_there_and_back() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("Enter");
    while desk.app.detail.rows[desk.app.detail.at].name != "productRoles[Phoenix]" {
        desk.keys("j");
    }
    desk.keys("Enter");
    assert!(desk.app.staged.is_empty());
    assert_eq!(desk.app.kind(), Some(Kind::Product));
    assert!(desk.screen().lines().any(|line| line.starts_with('>') && line.contains("Phoenix")), "{}", desk.screen());
    // Who has to do with it?
    desk.keys("J");
    assert_eq!(desk.app.kind(), Some(Kind::User));
    let found = names(&desk);
    assert!(found.contains(&"Omar Haddad".to_owned()) && !found.contains(&"محمد العلي".to_owned()), "{found:?}");
    assert!(desk.screen().contains("to do with Phoenix"), "{}", desk.screen());
    desk.keys("[");
    assert_eq!(desk.app.kind(), Some(Kind::Product));
    desk.keys("[");
    assert_eq!(desk.app.kind(), Some(Kind::User));
    assert!(desk.app.list().unwrap().narrow.is_none());
    desk.keys("]");
    assert_eq!(desk.app.kind(), Some(Kind::Product));
}

/// Two lines of products with what belongs to them.
fn lines() -> World {
    let schema = mapping("scim").kind(Kind::Product).unwrap().schema.clone();
    let attr = |path: &str| schema.find(&AttrPath::new(path)).unwrap();
    let mut builder = TableBuilder::new(schema.clone());
    for (id, name, children) in [
        ("1", "Mobile", &[][..]),
        ("2", "Consumer line", &["1", "4"]),
        ("3", "企业产品线", &["2"]),
        ("4", "Web", &[]),
        ("5", "Alone", &[]),
    ] {
        builder.begin(id);
        builder.set(attr("name"), name);
        for child in children {
            builder.entry(attr("children"), [child, ""], "");
        }
        builder.end();
    }
    let hr = System::new(status("hr", "scim", "SCIM 2.0", Mode::ReadOnly, Health::Good));
    world::world_of(vec![hr.read(Kind::Product, builder.table(), complete(5))])
}

#[test]
fn products_stand_under_what_they_belong_to_and_fold() {
    let mut desk = Desk::with(80, 24, lines());
    desk.keys("4");
    assert_eq!(names(&desk), ["企业产品线", "Consumer line", "Mobile", "Web", "Alone"]);
    let screen = desk.screen();
    assert!(
        screen.contains(">  - 企业产品线")
            && screen.contains("     - Consumer line")
            && screen.contains("         Mobile"),
        "{screen}"
    );
    desk.keys("j j o");
    assert_eq!(names(&desk), ["企业产品线", "Consumer line", "Alone"], "a leaf folds what it stands in");
    assert!(
        desk.screen().lines().any(|line| line.starts_with('>') && line.contains("+ Consumer line")),
        "{}",
        desk.screen()
    );
    desk.keys("o");
    assert_eq!(names(&desk).len(), 5);
    // A filter shows what it finds with what that belongs to.
    desk.keys("/ web Enter");
    assert_eq!(names(&desk), ["企业产品线", "Consumer line", "Web"]);
}

#[test]
fn the_list_may_have_the_whole_screen() {
    let mut desk = Desk::with(120, 36, world::small());
    assert!(desk.screen().contains("ATTRIBUTE"));
    desk.keys("W");
    assert!(!desk.screen().contains("ATTRIBUTE") && heading(&desk).contains("active"), "{}", desk.screen());
    desk.keys("Enter");
    assert!(desk.screen().contains("ATTRIBUTE"), "the detail opens over it");
    desk.keys("Esc W");
    assert!(desk.screen().contains("ATTRIBUTE"));
}

#[test]
fn source_and_every_target_stand_side_by_side_and_the_cursor_goes_from_one_to_the_other() {
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("Enter");
    let line = desk.screen().lines().find(|line| line.contains("ATTRIBUTE")).unwrap().to_owned();
    assert!(line.contains("hr (source)") && line.contains("[aha]") && line.contains("directory"), "{line}");
    while desk.app.detail.rows[desk.app.detail.at].name != "department" {
        desk.keys("j");
    }
    desk.keys("Space");
    assert!(desk.app.staged.is_empty(), "Aha! has no department");
    desk.keys("l Space");
    let staged: Vec<String> = desk.app.staged.changes().map(|change| change.system.to_string()).collect();
    assert_eq!(staged, ["directory"], "one attribute of one system");
    let line = desk
        .screen()
        .lines()
        .find(|line| line.contains("department") && line.contains("Production"))
        .unwrap()
        .to_owned();
    assert!(line.contains("* Production"), "{line}");
    // On a narrow screen the columns go sideways with the cursor.
    let mut narrow = Desk::with(80, 24, world::small());
    narrow.keys("Enter");
    assert!(narrow.screen().contains("[aha] >"), "{}", narrow.screen());
    narrow.keys("l");
    assert!(narrow.screen().contains("< [directory]") && narrow.screen().contains("Production"), "{}", narrow.screen());
}

#[test]
fn a_native_record_is_searched_and_folded() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("y");
    let key = RecordKey::new(SystemId::new("aha"), Kind::User, "7310");
    let text = "{\n  \"name\": \"Lena\",\n  \"product_roles\": [\n    {\n      \"role\": \"viewer\"\n    }\n  ]\n}";
    desk.report(Report::Native { key, text: Ok(text.into()) });
    desk.keys("j j o");
    let screen = desk.screen();
    assert!(screen.contains("... 3 lines ...") && !screen.contains("viewer"), "{screen}");
    desk.keys("/ view Enter");
    let here = |desk: &Desk| desk.screen().lines().find(|line| line.contains("| >")).unwrap().to_owned();
    assert!(here(&desk).contains("viewer"), "{}", desk.screen());
    desk.keys("/ lena Enter n");
    assert!(here(&desk).contains("Lena"));
    desk.keys("/ nobody Enter n");
    assert!(desk.screen().contains("nothing there like it"));
    desk.keys("Esc");
    assert!(desk.app.popup.is_none());
}

#[test]
fn the_log_says_what_was_asked_what_went_wrong_and_what_to_do() {
    let mut small = world::small();
    let mut systems = small.systems.to_vec();
    let mut sent = systems[1].recent[0].clone();
    sent.status = Some(429);
    systems[1].recent = vec![systems[1].recent[0].clone(), sent].into();
    small.systems = systems.into();
    let mut desk = Desk::with(120, 36, small);
    desk.keys("O");
    let screen = desk.screen();
    for words in [
        "reading directory: 620 of 1,000",
        "X stops it",
        "requests 2, received 102 kB, 84 ms each",
        "429 GET",
        "too many requests",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    desk.keys("X");
    assert!(matches!(desk.commands().last(), Some(Command::Stop(None))));
    assert!(desk.screen().contains("stopping what is read"), "{}", desk.screen());
}

/// Ten thousand staged changes of people who are not listed.
fn many(n: usize) -> Vec<trueup::plan::Change> {
    let one = change(0, "department", "Production", "Research");
    (0..n)
        .map(|at| {
            let mut change = one.clone();
            let id = format!("x{at}");
            let key = trueup::model::RecordKey::new(change.system.clone(), change.kind, id.as_str());
            change.id =
                trueup::plan::Change::name(&change.system, change.kind, &id, change.op, Some(&change.want[0].facet));
            change.target = trueup::plan::Target::Record(key);
            change.label = format!("person{at}@example.com");
            change
        })
        .collect()
}

#[test]
fn staging_one_more_costs_no_more_with_ten_thousand_staged() {
    let took = |staged: usize| {
        let mut desk = Desk::with(120, 36, world::small());
        desk.report(Report::Staging(many(staged)));
        desk.keys("l l l Enter");
        while !desk.screen().lines().any(|line| line.starts_with(">~department")) {
            desk.keys("j");
        }
        let before = desk.app.staged.len();
        let began = std::time::Instant::now();
        for _ in 0..20 {
            desk.press(crossterm::event::KeyCode::Char(' '));
        }
        let took = began.elapsed();
        assert_eq!(desk.app.staged.len(), before, "staged and taken back");
        assert!(desk.commands().iter().any(|command| matches!(command, Command::Stage { .. })), "something was staged");
        took
    };
    let (few, lots) = (took(10), took(10_000));
    assert!(lots < few * 20, "20 keys: {few:?} with 10 staged, {lots:?} with 10,000");
}

#[test]
fn the_plan_is_narrowed_as_one_types_and_a_group_is_what_is_listed() {
    let mut desk = Desk::with(100, 30, world::small());
    let changes = many(10_000);
    desk.report(Report::Staging(changes.clone()));
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes)));
    assert!(!desk.screen().contains("person77@"), "large groups are folded at first: {}", desk.screen());
    desk.keys("/ person77@");
    let screen = desk.screen();
    assert!(screen.contains("1 found") && screen.contains("person77@") && !screen.contains("person78@"), "{screen}");
    desk.keys("Enter Space");
    let on = |desk: &Desk, at: usize| {
        let label = format!("person{at}@example.com");
        let change = desk.app.staged.changes().find(|change| change.label == label).unwrap();
        desk.app.plan.on(&change.id)
    };
    assert!(!on(&desk, 77) && on(&desk, 78), "the group is what is listed: {}", desk.screen());
    desk.keys("/ nobody Enter");
    assert!(desk.screen().contains("nothing matches"), "{}", desk.screen());
    desk.keys("Esc");
    assert!(desk.app.tab == trueup::console::app::Tab::Plan && !desk.screen().contains("nothing matches"));
    desk.keys("Esc");
    assert!(desk.app.tab != trueup::console::app::Tab::Plan);
}

#[test]
fn changes_are_left_out_of_the_plan_one_by_one_by_group_and_by_what_they_have_in_common() {
    let mut desk = Desk::with(120, 36, world::small());
    let changes = vec![
        change(0, "department", "Production", "Research"),
        change(3, "title", "Development", "Research"),
        deactivation(),
    ];
    desk.report(Report::Staging(changes.clone()));
    let prepared = |desk: &Desk| {
        let all = desk.commands().into_iter().filter_map(|command| match command {
            Command::Prepare(changes) => Some(changes.len()),
            _ => None,
        });
        all.collect::<Vec<_>>()
    };
    desk.keys("p");
    desk.report(Report::Prepared(plan(changes.clone())));
    while desk.app.plan.change_here().is_none() {
        desk.keys("j");
    }
    desk.keys("Space");
    assert!(desk.screen().contains("left out  omar.haddad"), "{}", desk.screen());
    desk.keys("P");
    assert!(desk.app.popup.is_none(), "what was seen is not what would be pushed: {}", desk.screen());
    desk.keys("p");
    assert_eq!(prepared(&desk), [3, 2]);
    // Everything that sets an attribute goes, and the other way round.
    desk.keys("*");
    let screen = desk.screen();
    assert!(
        screen.contains("all to deactivate") && screen.contains("all of title") && screen.contains("2/3"),
        "{screen}"
    );
    desk.keys("Space");
    assert!(desk.screen().contains("1/3"), "turned round: {}", desk.screen());
    desk.keys("Enter");
    assert_eq!(prepared(&desk), [3, 2, 1]);
    desk.keys("* j Space Space");
    assert!(desk.screen().contains("0/3"), "{}", desk.screen());
    desk.keys("Enter");
    assert!(desk.screen().contains("all that is staged is left out"), "{}", desk.screen());
    assert_eq!(desk.app.staged.len(), 3, "and stays staged");
}

#[test]
fn an_export_has_the_columns_that_were_chosen_or_all() {
    let exported = |desk: &Desk| -> Vec<String> {
        let Some(Wish::Export { what, .. }) = desk.wishes.last() else { panic!("{:?}", desk.wishes.last()) };
        what.sheet().columns.into_iter().map(|column| column.name).collect()
    };
    let mut desk = Desk::with(120, 36, world::small());
    desk.keys("e Enter Enter");
    assert_eq!(exported(&desk), ["name", "username", "aha", "directory", "kingdee", "out of true"]);
    // The login is hidden and the first attribute shown, before how each stands in the systems.
    desk.keys("c j Space Enter");
    desk.keys("e Enter Enter");
    assert_eq!(exported(&desk), ["name", "aha", "directory", "kingdee", "out of true"]);
    desk.keys("c G Space Enter");
    desk.keys("e Enter Enter");
    let columns = exported(&desk);
    assert_eq!(columns[..5], ["name", "aha", "directory", "kingdee", "out of true"]);
    assert_eq!(columns.len(), 6, "an attribute of the source, though no system is chosen: {columns:?}");
    desk.keys("e Enter");
    for _ in 0..4 {
        desk.press(KeyCode::Backspace);
    }
    desk.keys("all Enter");
    assert_eq!(exported(&desk), ["name", "username", "aha", "directory", "kingdee", "out of true"]);
}

/// A directory and a target with one group of so many members each, of which the target lacks the last.
fn with_members(many: usize) -> World {
    let group = |connector: &str, members: usize| {
        let schema = mapping(connector).kind(Kind::Group).unwrap().schema.clone();
        let mut builder = TableBuilder::new(schema.clone());
        builder.begin("g1");
        builder.set(schema.find(&AttrPath::new("displayName")).unwrap(), "Everybody");
        for n in 0..members {
            builder.entry(schema.find(&AttrPath::new("members")).unwrap(), [&format!("u{n}"), ""], "");
        }
        builder.end();
        builder.table()
    };
    let people = |connector: &str| {
        let schema = mapping(connector).kind(Kind::User).unwrap().schema.clone();
        let mut builder = TableBuilder::new(schema.clone());
        for n in 0..many {
            builder.begin(&format!("u{n}"));
            builder.set(schema.find(&AttrPath::new("userName")).unwrap(), &format!("user{n}@example.com"));
            builder.end();
        }
        builder.table()
    };
    let total = |n: usize| complete(n as u64);
    let system = |name: &str, mode, members| {
        System::new(status(name, "scim", "SCIM 2.0", mode, Health::Good))
            .read(Kind::User, people("scim"), total(many))
            .read(Kind::Group, group("scim", members), total(1))
    };
    world::world_of(vec![system("hr", Mode::ReadOnly, many), system("directory", Mode::Full, many - 1)])
}

#[test]
fn a_group_of_thousands_is_counted_while_the_cursor_passes_and_compared_when_it_is_entered() {
    let mut desk = Desk::with(120, 36, with_members(1_500));
    desk.keys("2");
    let screen = desk.screen();
    let counted = screen.lines().find(|line| line.starts_with("  members")).unwrap_or_else(|| panic!("{screen}"));
    assert!(counted.contains("1,500") && counted.contains("1,499"), "{counted}");
    assert!(screen.contains("Enter compares them one by one"), "{screen}");
    assert!(desk.app.detail.rows.len() < 20, "{}", desk.app.detail.rows.len());
    desk.keys("Enter");
    assert!(desk.app.detail.rows.len() > 1_500, "{}", desk.app.detail.rows.len());
    assert!(desk.screen().contains("members[user1499@example.com]"), "{}", desk.screen());
    // Few are compared at once.
    let mut desk = Desk::with(120, 36, with_members(20));
    desk.keys("2");
    assert!(desk.screen().contains("members[user19@example.com]"), "{}", desk.screen());
}

#[test]
fn who_is_looked_for_among_what_is_out_of_true_may_be_well() {
    let mut desk = Desk::with(80, 24, world::small());
    desk.keys("m / ouyang Enter");
    assert!(desk.screen().contains("nothing that is out of true matches /ouyang"), "{}", desk.screen());
    desk.keys("m");
    assert!(desk.screen().contains("ouyang.nana@"), "{}", desk.screen());
}
