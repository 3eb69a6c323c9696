//! `trueup check` against what the demo world says that it planted.

use std::collections::BTreeSet;

use serde_json::Value;
use trueup::simulate::world::Planted;

use crate::bed::{AHA, DIRECTORY, HR, KINGDEE, LITMOS, System, bed};

type Found = BTreeSet<(String, String, String, Vec<String>)>;

fn told(lines: &[Value], system: &str) -> Found {
    lines
        .iter()
        .filter(|line| line["system"] == system)
        .map(|line| {
            let text = |field: &str| line[field].as_str().unwrap().to_owned();
            let mut paths: Vec<String> = line["attributes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|attr| attr["path"].as_str().unwrap().to_owned())
                .collect();
            paths.sort();
            (text("kind"), text("state"), text("key"), paths)
        })
        .collect()
}

/// A plant as `check` tells it.
fn as_told(plant: &Planted) -> (String, String, String, Vec<String>) {
    let mut paths = plant.attributes.clone();
    paths.sort();
    (plant.kind.to_owned(), plant.state.to_owned(), plant.key.clone(), paths)
}

/// What is said of a plant beside that it differs.
fn lint(system: &str, plant: &Planted) -> Option<(String, String)> {
    let rule = match (system, plant.what, plant.state) {
        (_, what, "lint") => what,
        // A department has a number, and the source has none for it.
        ("kingdee", "missing-group", _) => "mandatory",
        _ => return None,
    };
    Some((rule.to_owned(), plant.key.clone()))
}

#[test]
fn check_finds_all_that_was_planted_and_nothing_else() {
    let bed = bed(1203, &[HR, AHA, LITMOS, KINGDEE, DIRECTORY]);
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for snapshot in ran.lines("snapshot") {
        assert_eq!(snapshot["complete"], true, "{snapshot}");
    }
    let mismatches = ran.lines("mismatch");
    for system in ["aha", "litmos", "kingdee", "directory"] {
        let planted = bed.system(system).world.planted(system);
        let wanted: Found =
            planted.iter().filter(|plant| !["lint", "same"].contains(&plant.state)).map(as_told).collect();
        let found = told(&mismatches, system);
        let lost: Vec<_> = wanted.difference(&found).collect();
        let invented: Vec<_> = found.difference(&wanted).collect();
        assert!(lost.is_empty() && invented.is_empty(), "{system}: not found {lost:#?}\nnot planted {invented:#?}");
        assert!(wanted.len() > 20, "{system} has only {} plants", wanted.len());
    }
    let lints: BTreeSet<(String, String)> = ran
        .lines("lint")
        .iter()
        .map(|line| (line["rule"].as_str().unwrap().to_owned(), line["key"].as_str().unwrap().to_owned()))
        .collect();
    let world = &bed.system("hr").world;
    // SAP Litmos lets several teams have one name.
    let teams: Vec<String> = world.teams().into_iter().map(|team| team.name).collect();
    let repeated = teams.iter().filter(|name| teams.iter().filter(|other| other == name).count() > 1);
    let repeated: BTreeSet<String> = repeated.cloned().collect();
    assert!(repeated.len() > 1, "{repeated:?}");
    let wanted: BTreeSet<(String, String)> = ["source", "aha", "litmos", "kingdee", "directory"]
        .iter()
        .flat_map(|view| world.planted(view).into_iter().filter_map(|plant| lint(view, &plant)))
        .chain(repeated.into_iter().map(|name| ("duplicate".to_owned(), name)))
        .collect();
    let lost: Vec<_> = wanted.difference(&lints).collect();
    let invented: Vec<_> = lints.difference(&wanted).collect();
    assert!(lost.is_empty() && invented.is_empty(), "lint not found {lost:#?}\nlint not planted {invented:#?}");
    let summary = ran.lines("summary");
    assert_eq!(summary[0]["mismatches"], mismatches.len());
    assert!(ran.out.lines().last().unwrap().contains("summary"));
}

#[test]
fn a_scope_of_groups_and_what_is_managed_of_them_leave_users_alone() {
    const SCOPED: &str = "mode = \"full\"\nscope = { Group = 'not (displayName sw \"Site \" or displayName sw \"Project \")' }\n\
                          manage = { Group = 'type eq \"department\"' }\n";
    let bed = bed(300, &[HR, System { more: SCOPED, ..KINGDEE }]);
    let found = told(&bed.run(&["check", "--format", "json"]).lines("mismatch"), "kingdee");
    let planted = bed.system("kingdee").world.planted("kingdee");
    let in_scope = |plant: &&Planted| match (plant.what, plant.note.starts_with("an organisation")) {
        ("missing-group", _) => !plant.key.starts_with("Site ") && !plant.key.starts_with("Project "),
        ("extra-group", organisation) => !organisation,
        _ => true,
    };
    let told: Vec<&Planted> = planted.iter().filter(|plant| !["lint", "same"].contains(&plant.state)).collect();
    let left: Found = told.iter().copied().filter(in_scope).map(as_told).collect();
    let (lost, invented): (Vec<_>, Vec<_>) = (left.difference(&found).collect(), found.difference(&left).collect());
    assert!(lost.is_empty() && invented.is_empty(), "not found {lost:#?}\nnot in scope {invented:#?}");
    assert!(left.len() + 10 < told.len(), "{} of {}", left.len(), told.len());
    assert!(left.iter().any(|(kind, ..)| kind == "Group"), "some are left");
}

#[test]
fn check_never_writes() {
    let bed = bed(300, &[HR, AHA, DIRECTORY]);
    bed.run(&["check"]);
    for (name, running) in &bed.running {
        assert!(running.seen.writes().is_empty(), "{name} was written to");
    }
}

#[test]
fn one_system_is_compared_without_asking_the_others_and_what_cannot_be_read_is_told_at_the_end() {
    let bed = bed(300, &[HR, AHA, DIRECTORY]);
    let one = bed.run(&["check", "--system", "aha"]);
    assert_eq!(one.code, 1, "{}", one.err);
    assert!(one.out.contains("aha ") && !one.out.contains("directory"), "{}", one.out);
    assert!(!bed.system("aha").seen.all().is_empty() && bed.system("directory").seen.all().is_empty());
    assert!(one.out.trim_end().ends_with(" lint"), "{}", one.out);
    bed.faults("aha", &["html"]);
    let part = bed.run(&["check", "--system", "aha"]);
    assert_eq!(part.code, 3, "{}", part.out);
    assert!(
        part.out.trim_end().ends_with("; not everything could be read, and of that nothing is said"),
        "{}",
        part.out
    );
}

#[test]
fn check_of_a_system_with_itself_is_all_true() {
    let bed = bed(300, &[HR, System { name: "copy", ..HR }]);
    let ran = bed.run(&["check", "--format", "json"]);
    let mismatches: Vec<_> = ran.lines("mismatch").into_iter().filter(|line| line["state"] != "undecided").collect();
    assert!(mismatches.is_empty(), "{mismatches:#?}");
}

#[test]
fn a_filter_leaves_only_what_it_holds_for() {
    let bed = bed(1203, &[HR, AHA]);
    let all = bed.run(&["check", "--format", "json"]).lines("mismatch");
    let missing = bed.run(&["check", "--format", "json", "--filter", "state eq \"missing\""]).lines("mismatch");
    assert!(!missing.is_empty() && missing.len() < all.len());
    assert!(missing.iter().all(|line| line["state"] == "missing"), "{missing:#?}");
    let key = missing[0]["key"].as_str().unwrap();
    let one = bed.run(&["check", "--format", "json", "--filter", &format!("userName eq \"{key}\"")]).lines("mismatch");
    assert_eq!(one.len(), 1, "{one:#?}");
}
