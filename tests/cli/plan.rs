//! Planning, pushing and looking back without a screen: `plan`, `push`, `history`, `undo`, `audit`, `purge`.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::bed::{AHA, Bed, DIRECTORY, HR, bed, run};

/// The writes that reached a simulator.
fn writes(bed: &Bed, system: &str) -> usize {
    bed.system(system).seen.writes().len()
}

/// A plan for users of Aha!, saved: its file's name and the changes that would be sent.
fn saved(bed: &Bed, name: &str, more: &[&str]) -> (String, Vec<Value>) {
    let file = bed.dir.0.join(name).display().to_string();
    let mut args = vec!["plan", "--system", "aha", "--kind", "users", "--format", "json", "-o", &file];
    args.extend(more);
    let ran = bed.run(&args);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let changes: Vec<Value> = ran.lines("change").into_iter().filter(|line| line["outcome"].is_null()).collect();
    assert_eq!(ran.lines("summary")[0]["changes"], changes.len());
    (file, changes)
}

#[test]
fn a_saved_plan_is_pushed_once_read_back_and_kept_in_the_history() {
    let bed = bed(200, &[HR, AHA]);
    let (file, changes) = saved(&bed, "pairs.plan", &["--only", "add"]);
    assert!(!changes.is_empty());
    assert_eq!(writes(&bed, "aha"), 0, "a preview writes nothing");
    let shown = bed.run(&["plan", "show", &file]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("POST   /api/v1/"), "the very requests are shown: {}", shown.out);

    let wrong = bed.run(&["push", &file, "--yes-count", &(changes.len() + 1).to_string()]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("another number"), "{}", wrong.err);
    let unconfirmed = bed.run(&["push", &file]);
    assert_eq!(unconfirmed.code, 2, "{}", unconfirmed.out);
    let said = "there is no terminal to confirm on. Look at the plan, and if it is right, say --yes-count N";
    assert!(unconfirmed.err.contains(said) && !unconfirmed.err.contains("os error"), "{}", unconfirmed.err);
    assert_eq!(writes(&bed, "aha"), 0);

    let pushed = bed.run(&["push", &file, "--yes-count", &changes.len().to_string(), "--format", "json"]);
    assert_eq!(pushed.code, 0, "{}{}", pushed.err, pushed.out);
    let outcomes = pushed.lines("change");
    let confirmed = outcomes.iter().filter(|line| line["outcome"] == "confirmed");
    assert_eq!(confirmed.count(), changes.len(), "{outcomes:#?}");
    assert_eq!(pushed.lines("summary")[0]["outcomes"]["confirmed"], changes.len());
    assert!(pushed.lines("summary")[0]["mismatches"].as_u64().unwrap() > 0, "what was read before the push is counted");
    let sent = writes(&bed, "aha");
    assert!(sent > 0);

    let again = bed.run(&["push", &file, "--yes-count", &changes.len().to_string()]);
    assert_eq!(again.code, 4);
    assert!(again.err.contains("a plan is pushed once"), "{}", again.err);
    assert_eq!(writes(&bed, "aha"), sent, "a used plan writes nothing");
    let shown = bed.run(&["plan", "show", &file]);
    assert!(
        shown.err.contains("cannot be pushed again") && shown.out.contains("confirmed"),
        "{}{}",
        shown.err,
        shown.out
    );

    let history = bed.run(&["history", "--format", "json"]);
    let push = &history.lines("push")[0];
    assert_eq!(push["outcomes"]["confirmed"], changes.len());
    let whole = bed.run(&["history", push["id"].as_str().unwrap()]);
    assert!(whole.out.contains("confirmed"), "{}", whole.out);
    // Long after, when a product may be gone, it still is called by its name.
    let named =
        |text: &str| text.lines().filter(|line| line.contains("productRoles[")).all(|line| !line.contains("[67752"));
    assert!(
        changes.iter().any(|change| change["facets"][0]["facet"].as_str().unwrap().contains("[67752")),
        "{changes:#?}"
    );
    assert!(whole.out.contains("productRoles[") && named(&whole.out), "{}", whole.out);
    let audit = bed.run(&["audit", "verify"]);
    assert_eq!(audit.code, 0, "{}", audit.out);
    assert!(audit.out.contains("Head "));

    let back = bed.dir.0.join("back.plan").display().to_string();
    let undo = bed.run(&["undo", push["id"].as_str().unwrap(), "-o", &back]);
    assert_eq!(undo.code, 1, "{}{}", undo.err, undo.out);
    assert_eq!(writes(&bed, "aha"), sent, "undo makes a plan and sends nothing");
    let shown = bed.run(&["plan", "show", &back]);
    assert!(shown.out.contains("/api/v1/"), "{}", shown.out);
}

#[test]
fn a_plan_that_was_edited_is_shown_and_never_pushed() {
    let bed = bed(80, &[HR, AHA]);
    let (file, changes) = saved(&bed, "edited.plan", &["--only", "set"]);
    let text = fs::read_to_string(&file).unwrap();
    let wanted = changes[0]["key"].as_str().unwrap();
    assert!(text.contains(wanted));
    fs::write(&file, text.replacen(wanted, "somebody.else@example.com", 1)).unwrap();
    let pushed = bed.run(&["push", &file, "--yes-count", &changes.len().to_string()]);
    assert_eq!(pushed.code, 4);
    assert!(pushed.err.contains("changed after it was saved"), "{}", pushed.err);
    assert_eq!(writes(&bed, "aha"), 0);
    let shown = bed.run(&["plan", "show", &file]);
    assert_eq!(shown.code, 0);
    assert!(shown.err.contains("cannot be pushed"));
}

#[test]
fn a_plan_from_before_a_change_of_scope_is_stale() {
    let bed = bed(80, &[HR, AHA]);
    let (file, changes) = saved(&bed, "scope.plan", &["--only", "set"]);
    bed.edit(|text| text.replace("[system.aha]\n", "[system.aha]\nscope = 'active eq true'\n"));
    let pushed = bed.run(&["push", &file, "--yes-count", &changes.len().to_string()]);
    assert_eq!(pushed.code, 4, "{}", pushed.err);
    assert!(pushed.err.contains("the scope of aha is not what it was"), "{}", pushed.err);
    assert_eq!(writes(&bed, "aha"), 0);
}

#[test]
fn what_takes_something_away_is_left_out_of_a_plan_unless_it_is_asked_for() {
    let bed = bed(200, &[HR, AHA]);
    let (_, without) = saved(&bed, "without.plan", &[]);
    let (_, with) = saved(&bed, "with.plan", &["--removals"]);
    let removes = |line: &&Value| ["deactivate", "remove", "delete"].contains(&line["operation"].as_str().unwrap());
    assert_eq!(without.iter().filter(removes).count(), 0);
    assert!(with.iter().filter(removes).count() > 0);
    let told = bed.run(&["plan", "--system", "aha"]);
    assert!(told.err.contains("with --removals they are planned"), "{}", told.err);
}

#[test]
fn a_production_system_wants_its_name_and_a_plan_is_not_written_over_a_file() {
    let bed = bed(80, &[HR, AHA]);
    bed.edit(|text| text.replace("[system.aha]\n", "[system.aha]\nproduction = true\n"));
    let (file, changes) = saved(&bed, "production.plan", &["--only", "set"]);
    let count = changes.len().to_string();
    let unnamed = bed.run(&["push", &file, "--yes-count", &count]);
    assert_eq!(unnamed.code, 2);
    assert!(unnamed.err.contains("--yes-system aha"), "{}", unnamed.err);
    assert_eq!(writes(&bed, "aha"), 0);
    let named = bed.run(&["push", &file, "--yes-count", &count, "--yes-system", "aha"]);
    assert_eq!(named.code, 0, "{}", named.err);
    let over = bed.run(&["plan", "--system", "aha", "-o", &file]);
    assert_eq!(over.code, 2, "{}", over.out);
    assert!(over.err.contains("is there already"), "{}", over.err);
}

#[test]
fn the_record_is_named_where_it_was_tampered_with() {
    let bed = bed(80, &[HR, AHA]);
    let (file, changes) = saved(&bed, "names.plan", &["--only", "set"]);
    let pushed = bed.run(&["push", &file, "--yes-count", &changes.len().to_string()]);
    assert_eq!(pushed.code, 0, "{}", pushed.err);
    let db = rusqlite::Connection::open(bed.dir.0.join("data/state/journal.db")).unwrap();
    let triggers: Vec<String> = db
        .prepare("select name from sqlite_master where type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        db.execute(&format!("drop trigger {trigger}"), []).unwrap();
    }
    db.execute("update entry set at = '2020-01-01T00:00:00Z' where number = 3", []).unwrap();
    drop(db);
    let audit = bed.run(&["audit", "verify"]);
    assert_eq!(audit.code, 1);
    assert!(audit.out.starts_with("entry 3 of "), "{}", audit.out);
}

#[test]
fn without_a_journal_there_is_nothing_to_tell_and_keys_are_a_table() {
    let bed = bed(10, &[HR, AHA]);
    assert!(bed.run(&["history"]).out.contains("no pushes yet"));
    assert_eq!(bed.run(&["audit", "verify"]).code, 0);
    let unknown = bed.run(&["history", "0192"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("there is no push 0192"), "{}", unknown.err);
    assert_eq!(bed.run(&["purge", "aha"]).code, 2, "without --yes and a terminal nothing is forgotten");
    assert_eq!(bed.run(&["purge", "aha", "--yes"]).code, 0);
    assert!(run(&["keys", "--markdown"]).out.starts_with("| key |"));
}

#[test]
fn what_refers_to_a_record_that_the_same_plan_creates_says_so_in_words() {
    let bed = bed(200, &[HR, DIRECTORY]);
    let file = bed.dir.0.join("new.plan").display().to_string();
    let planned = bed.run(&["plan", "--system", "directory", "--requests", "-o", &file]);
    assert_eq!(planned.code, 1, "{}", planned.err);
    let shown = bed.run(&["plan", "show", &file]);
    // Whom the plan's references mean, as it names them itself.
    let plan: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let text = plan.to_string();
    let holes = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(hole, _)| hole);
    let label = |hole: &str| {
        let mut all = plan["plan"]["changes"].as_array().unwrap().iter();
        let create = all.find(|change| change["id"] == hole);
        let create = create.unwrap_or_else(|| panic!("{hole}"));
        let kind = create["kind"].as_str().unwrap().to_lowercase();
        format!("the new {kind} {}", create["label"].as_str().unwrap())
    };
    let whom: BTreeSet<String> = holes.map(label).collect();
    assert!(!whom.is_empty(), "{text}");
    for out in [&planned.out, &shown.out] {
        for name in &whom {
            assert!(out.contains(name), "{name}: {out}");
        }
        for change in plan["plan"]["changes"].as_array().unwrap() {
            let label = change["label"].as_str().unwrap();
            // What is odd in a name is shown by its number.
            let plain = label.chars().all(char::is_alphanumeric);
            assert!(!plain || out.contains(&format!(" {label} ")), "{label}: {out}");
        }
        assert!(!out.contains("<2063>"), "the marks of the privacy mask are for the screen: {out}");
        assert!(out.contains("{id of the new "), "{out}");
        assert!(!out.contains("{{"), "{}", out.lines().find(|line| line.contains("{{")).unwrap_or_default());
    }
}
