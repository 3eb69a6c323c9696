//! `trueup check` against what the demo world says that it planted at SAP Litmos, and against that service's odd days.

use std::collections::BTreeSet;

use crate::bed::{Bed, HR, LITMOS, Ran, System, bed, secret};

type Found = BTreeSet<(String, String, String, Vec<String>)>;

fn sorted<'a>(paths: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut paths: Vec<String> = paths.map(str::to_owned).collect();
    paths.sort();
    paths
}

/// What `check` tells of Litmos.
fn told(ran: &Ran) -> Found {
    let mismatches = ran.lines("mismatch");
    let of_litmos = mismatches.iter().filter(|line| line["system"] == "litmos");
    of_litmos
        .map(|line| {
            let text = |field: &str| line[field].as_str().unwrap().to_owned();
            let paths = line["attributes"].as_array().unwrap().iter().map(|attr| attr["path"].as_str().unwrap());
            (text("kind"), text("state"), text("key"), sorted(paths))
        })
        .collect()
}

/// What was planted there.
fn planted(bed: &Bed) -> Found {
    let planted = bed.system("litmos").world.planted("litmos");
    let wanted = planted.iter().filter(|plant| !["lint", "same"].contains(&plant.state));
    wanted
        .map(|plant| {
            let paths = sorted(plant.attributes.iter().map(String::as_str));
            (plant.kind.to_owned(), plant.state.to_owned(), plant.key.clone(), paths)
        })
        .collect()
}

fn finds_all_that_was_planted(faults: Vec<&'static str>) {
    let said = format!("{faults:?}");
    let bed = bed(1203, &[HR, System { faults, ..LITMOS }]);
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 1, "{said}: {}", ran.err);
    for snapshot in ran.lines("snapshot") {
        assert_eq!(snapshot["complete"], true, "{said}: {snapshot}");
    }
    let (wanted, found) = (planted(&bed), told(&ran));
    let lost: Vec<_> = wanted.difference(&found).collect();
    let invented: Vec<_> = found.difference(&wanted).collect();
    assert!(lost.is_empty() && invented.is_empty(), "{said}: not found {lost:#?}\nnot planted {invented:#?}");
    assert!(wanted.len() > 70, "only {} plants", wanted.len());
    let lints: BTreeSet<(String, String)> = ran
        .lines("lint")
        .iter()
        .filter(|line| line["system"] == "litmos")
        .map(|line| (line["rule"].as_str().unwrap().to_owned(), line["key"].as_str().unwrap().to_owned()))
        .collect();
    let planted = bed.system("litmos").world.planted("litmos").into_iter();
    let wanted: BTreeSet<(String, String)> =
        planted.filter(|plant| plant.state == "lint").map(|plant| (plant.what.to_owned(), plant.key)).collect();
    assert_eq!(lints, wanted, "{said}");
    assert!(bed.system("litmos").seen.writes().is_empty(), "{said}: a check never writes");
    assert_eq!(bed.system("litmos").seen.stats().alarms, 0, "{said}");
}

#[test]
fn check_finds_all_that_was_planted_at_litmos_and_nothing_else() {
    finds_all_that_was_planted(Vec::new());
}

#[test]
fn check_finds_the_same_where_the_service_answers_in_its_other_documented_ways() {
    finds_all_that_was_planted(vec!["extra-row", "loose-types", "root-parent=null", "429=2", "503=1@/teams"]);
}

#[test]
fn a_password_is_planned_by_name_and_asked_for_or_taken_from_the_setting_when_it_is_pushed() {
    let bed = bed(120, &[HR, LITMOS]);
    let planted = bed.system("litmos").world.planted("litmos");
    let user = planted.into_iter().find(|plant| plant.what == "title").unwrap().key;
    let file = bed.dir.0.join("password.plan").display().to_string();
    let plan = ["plan", "--system", "litmos", "--password", &user, "--requests", "-o", &file];
    let ran = bed.run(&plan);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("must change it at the next log-in") && ran.out.contains("what was typed"), "{}", ran.out);
    let pushed = bed.run(&["push", &file, "--yes-count", "1"]);
    assert_eq!(pushed.code, 2, "{}", pushed.out);
    assert!(pushed.err.contains("no terminal to ask on: nothing was sent"), "{}", pushed.err);
    assert!(bed.system("litmos").seen.writes().is_empty());

    let nobody = bed.run(&["plan", "--system", "litmos", "--password", "nobody@example.com"]);
    assert!(nobody.code == 2 && nobody.err.contains("not exactly one user"), "{}", nobody.err);
    let elsewhere = bed.run(&["plan", "--system", "hr", "--password", &user]);
    assert_eq!(elsewhere.code, 2, "{}", elsewhere.out);

    secret(&bed.dir.0.join("first.password"), "st4ple-from-a-file");
    let setting = format!("[system.litmos]\nnew_password = {{ file = \"{}/first.password\" }}\n", bed.dir.0.display());
    bed.edit(|text| text.replace("[system.litmos]\n", &setting));
    std::fs::remove_file(&file).unwrap();
    let ran = bed.run(&[&plan[..], &["--from-setting"]].concat());
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("new_password") && !kept.contains("st4ple") && !ran.out.contains("st4ple"), "{kept}");
    let pushed = bed.run(&["push", &file, "--yes-count", "1"]);
    assert_eq!(pushed.code, 0, "{}{}", pushed.out, pushed.err);
    let writes = bed.system("litmos").seen.writes();
    assert_eq!(writes.len(), 1);
    assert!(writes[0].body.contains("\"Password\":\"st4ple-from-a-file\""), "{}", writes[0].path);
    assert!(!pushed.out.contains("st4ple") && !pushed.err.contains("st4ple"));
}
