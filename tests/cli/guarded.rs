//! What stands in the way of a push from the command line: named whole, acknowledged one by one, kept with who did.

use std::fs;

use serde_json::Value;

use crate::bed::{AHA, Bed, DIRECTORY, HR, System, bed};

fn writes(bed: &Bed) -> usize {
    bed.running.iter().map(|(_, running)| running.seen.writes().len()).sum()
}

/// A plan with removals: its file's name, and what `plan` printed.
fn saved(bed: &Bed, name: &str, more: &[&str]) -> (String, crate::bed::Ran) {
    let file = bed.dir.0.join(name).display().to_string();
    let mut args = vec!["plan", "--kind", "users", "--removals", "--format", "json", "-o", &file];
    args.extend(more);
    let ran = bed.run(&args);
    assert_eq!(ran.code, 1, "{}", ran.err);
    (file, ran)
}

const TIGHT: &str = "mode = \"full\"\nlimits = { deactivate = 1, percent = 100 }\n";

#[test]
fn a_rule_is_acknowledged_system_by_system_and_the_history_says_by_whom() {
    let tight = |system: System| System { more: TIGHT, ..system };
    let bed = bed(300, &[HR, tight(DIRECTORY), tight(System { name: "second", ..DIRECTORY })]);
    let (file, planned) = saved(&bed, "a.plan", &["--only", "deactivate"]);
    let count = planned.lines("summary")[0]["changes"].to_string();
    let guards = planned.lines("guard");
    assert!(guards.len() == 2 && guards.iter().all(|guard| guard["acknowledged"] == false), "{guards:#?}");
    let push = |more: &[&str]| {
        let mut args = vec!["push", &file, "--yes-count", &count];
        args.extend(more);
        bed.run(&args)
    };
    let refused = push(&[]);
    assert_eq!(refused.code, 4, "a guard is no wrong usage: {}", refused.err);
    for way in ["--acknowledge limit-deactivate:directory", "--acknowledge limit-deactivate:second"] {
        assert!(refused.err.contains(way), "all that stand are named: {}", refused.err);
    }
    let both = push(&["--acknowledge", "limit-deactivate"]);
    assert_eq!(both.code, 2, "{}", both.err);
    assert!(both.err.contains("in directory and second; say which is meant"), "{}", both.err);
    let one = push(&["--acknowledge", "limit-deactivate:directory"]);
    assert_eq!(one.code, 4, "{}", one.err);
    assert!(one.err.contains("limit-deactivate in second: ") && !one.err.contains("limit-deactivate in directory"));
    let slip = push(&["--acknowledge", "limit-deactivte:second"]);
    assert_eq!(slip.code, 4, "{}", slip.err);
    assert!(slip.err.contains("--acknowledge limit-deactivte:second: nothing of that name stands in the way"));
    assert!(slip.err.contains("To let it pass: --acknowledge limit-deactivate:second"), "{}", slip.err);
    assert_eq!(writes(&bed), 0);

    let done = push(&["--acknowledge", "limit-deactivate:directory", "--acknowledge", "limit-deactivate:second"]);
    assert_eq!(done.code, 0, "{}{}", done.err, done.out);
    let push = bed.run(&["history", "--format", "json"]).lines("push").remove(0);
    let id = push["id"].as_str().unwrap();
    let kept = bed.run(&["history", id, "--format", "json"]).lines("guard");
    assert!(kept.len() == 2 && kept.iter().all(|guard| guard["acknowledged"] == true), "{kept:#?}");
    assert!(kept.iter().all(|guard| guard["by"] == push["who"]), "{kept:#?}");
    let told = bed.run(&["history", id]).out;
    let by = format!("ACKNOWLEDGED by {}: limit-deactivate", push["who"].as_str().unwrap());
    assert!(told.contains(&by) && !told.contains("BLOCKED"), "{told}");
}

#[test]
fn a_rule_that_stands_in_one_system_alone_is_acknowledged_by_its_name() {
    let bed = bed(300, &[HR, System { more: TIGHT, ..DIRECTORY }]);
    let (file, planned) = saved(&bed, "a.plan", &["--only", "deactivate"]);
    let count = planned.lines("summary")[0]["changes"].to_string();
    let told = bed.run(&["plan", "show", &file]).out;
    assert!(told.contains("(to let it pass: --acknowledge limit-deactivate)\n"), "{told}");
    let done = bed.run(&["push", &file, "--yes-count", &count, "--acknowledge", "limit-deactivate"]);
    assert_eq!(done.code, 0, "{}", done.err);
}

#[test]
fn protected_records_are_left_out_of_a_plan_with_their_count_so_that_the_rest_can_be_pushed() {
    let bed = bed(300, &[HR, AHA]);
    let (_, before) = saved(&bed, "before.plan", &["--only", "set"]);
    let all = before.lines("change");
    let key = all[0]["key"].as_str().unwrap();
    let own = all.iter().filter(|change| change["key"] == key).count();
    bed.edit(|text| {
        text.replace("[system.aha]\n", &format!("[system.aha]\nprotect = {{ User = 'userName eq \"{key}\"' }}\n"))
    });
    let (file, planned) = saved(&bed, "after.plan", &["--only", "set"]);
    let changes = planned.lines("change");
    assert_eq!(changes.len(), all.len() - own, "{}", planned.err);
    assert!(changes.iter().all(|change| change["key"] != key) && planned.lines("guard").is_empty());
    assert!(planned.err.contains(&format!("left out: {own} of protected records")), "{}", planned.err);
    let left = &planned.lines("summary")[0]["left_out"];
    let protected = left.as_array().unwrap().iter().find(|reason| reason["class"] == "protected").unwrap();
    assert!(protected["count"] == own && protected["system"] == "aha", "{left}");
    let done = bed.run(&["push", &file, "--yes-count", &changes.len().to_string()]);
    assert_eq!(done.code, 0, "{}", done.err);
    let none = bed.run(&["plan", "--system", "aha", "--kind", "users", "--only", "set"]);
    assert_eq!(none.code, 1, "what is protected is still out of true: {}{}", none.out, none.err);
    assert!(none.out.contains("nothing of it goes into a plan"), "{}", none.out);
}

#[test]
fn what_is_left_out_is_told_by_reason_and_each_by_name_where_that_is_asked_for() {
    let bed = bed(1203, &[HR, AHA]);
    let (_, planned) = saved(&bed, "a.plan", &["--system", "aha"]);
    let left = planned.lines("summary")[0]["left_out"].clone();
    let of = |class: &str| -> u64 {
        let all = left.as_array().unwrap().iter().filter(|reason| reason["class"] == class);
        all.map(|reason| reason["count"].as_u64().unwrap()).sum()
    };
    let (undecided, blocked) = (of("undecided"), of("blocked"));
    assert!(undecided > 0, "{left}");
    assert!(planned.err.contains(&format!("left out: {undecided} undecided: ")), "{}", planned.err);
    assert!(blocked == 0 || planned.err.contains(&format!("left out: {blocked} blocked: ")), "{}", planned.err);
    let each = bed.run(&["plan", "--kind", "users", "--removals", "--system", "aha", "-v"]).err;
    let named = each.lines().filter(|line| line.starts_with("    aha") && line.contains(": ")).count() as u64;
    let counted: u64 = left.as_array().unwrap().iter().map(|reason| reason["count"].as_u64().unwrap()).sum();
    assert_eq!(named, counted, "{each}");
}

#[test]
fn the_requests_of_a_saved_plan_can_be_seen_whatever_it_was_made_with() {
    let bed = bed(80, &[HR, AHA]);
    let (file, planned) = saved(&bed, "a.plan", &["--only", "set"]);
    assert!(planned.lines("request").is_empty());
    assert!(bed.run(&["plan", "show", &file, "--requests"]).out.contains("/api/v1/"));
    let shown = bed.run(&["plan", "show", &file, "--requests", "--format", "json"]);
    let requests = shown.lines("request");
    let steps: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(requests.len(), steps["plan"]["steps"].as_array().unwrap().len());
    assert!(requests.iter().all(|one| one["target"].as_str().unwrap().starts_with("/api/v1/")), "{requests:#?}");
}
