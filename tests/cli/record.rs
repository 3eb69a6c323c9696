//! The record of pushes: who and why, what came of it, the way back, and whether it can be trusted.

use std::fs;

use serde_json::Value;

use crate::bed::{AHA, Bed, DIRECTORY, HR, System, bed};

/// A saved plan of some operations, and its changes.
fn plan(bed: &Bed, name: &str, more: &[&str]) -> (String, Vec<Value>) {
    let file = bed.dir.0.join(name).display().to_string();
    let mut args = vec!["plan", "-o", &file, "--format", "json"];
    args.extend(more);
    let made = bed.run(&args);
    assert_eq!(made.code, 1, "{}{}", made.err, made.out);
    let changes = made.lines("change");
    assert!(!changes.is_empty(), "{}", made.out);
    (file, changes)
}

fn push(bed: &Bed, file: &str, count: usize, more: &[&str]) -> crate::bed::Ran {
    let count = count.to_string();
    let mut args = vec!["push", file, "--yes-count", &count];
    args.extend(more);
    bed.run(&args)
}

fn last_push(bed: &Bed) -> Value {
    bed.run(&["history", "--format", "json"]).lines("push").remove(0)
}

fn writes(bed: &Bed, system: &str) -> usize {
    bed.system(system).seen.writes().len()
}

#[test]
fn a_system_that_wants_a_reason_gets_none_of_the_push_without_one_and_the_history_keeps_it() {
    let wants = System { more: "mode = \"full\"\nrequire_reason = true\n", ..DIRECTORY };
    let bed = bed(80, &[HR, wants]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "set"]);
    for given in [&[][..], &["--reason", "  "]] {
        let refused = push(&bed, &file, changes.len(), given);
        assert_eq!(refused.code, 2, "{}", refused.out);
        assert!(
            refused.err.contains("directory wants a reason") && refused.err.contains("--reason"),
            "{}",
            refused.err
        );
    }
    assert_eq!(writes(&bed, "directory"), 0);
    let pushed = push(&bed, &file, changes.len(), &["--reason", "CHG-4711 =1+1"]);
    assert_eq!(pushed.code, 0, "{}{}", pushed.err, pushed.out);
    let told = last_push(&bed);
    assert_eq!((&told["reason"], &told["closed"]), (&Value::from("CHG-4711 =1+1"), &Value::from(true)));
    let one = bed.run(&["history", told["id"].as_str().unwrap()]);
    assert!(one.out.contains("for CHG-4711") && one.out.contains("PATCH"), "{}", one.out);
    assert!(one.out.contains("200  accepted, read back"), "each request with its end: {}", one.out);
    let lines = bed.run(&["history", told["id"].as_str().unwrap(), "--format", "json"]);
    let facets = &lines.lines("change")[0]["facets"][0];
    assert!(facets["before"] != facets["after"] && facets["facet"].is_string(), "{facets}");
    assert!(!lines.lines("sent").is_empty());
}

#[test]
fn a_create_is_taken_back_by_switching_the_new_account_off() {
    let bed = bed(300, &[HR, DIRECTORY]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "create", "--kind", "users"]);
    let pushed = push(&bed, &file, changes.len(), &[]);
    assert_eq!(pushed.code, 0, "{}{}", pushed.err, pushed.out);
    let back = bed.dir.0.join("back.plan").display().to_string();
    let undo = bed.run(&["undo", last_push(&bed)["id"].as_str().unwrap(), "-o", &back, "--format", "json"]);
    let taken: Vec<Value> = undo.lines("change");
    assert_eq!(taken.len(), changes.len(), "{}{}", undo.err, undo.out);
    assert!(taken.iter().all(|change| change["operation"] == "deactivate"), "{taken:?}");
    let pushed = push(&bed, &back, taken.len(), &["--acknowledge", "limit-deactivate"]);
    assert_eq!(pushed.code, 0, "{}{}", pushed.err, pushed.out);
}

#[test]
fn what_failed_is_planned_again_from_what_is_read_now() {
    let bed = bed(80, &[HR, DIRECTORY]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "set"]);
    assert!(changes.len() > 1);
    bed.faults("directory", &["500=1@PATCH"]);
    let pushed = push(&bed, &file, changes.len(), &[]);
    assert_eq!(pushed.code, 4, "{}{}", pushed.err, pushed.out);
    let name = last_push(&bed)["id"].as_str().unwrap().to_owned();
    let again = bed.dir.0.join("again.plan").display().to_string();
    let sent = writes(&bed, "directory");
    let retry = bed.run(&["retry", &name, "-o", &again, "--format", "json"]);
    let left = retry.lines("change");
    assert_eq!((left.len(), writes(&bed, "directory")), (1, sent), "{}{}", retry.err, retry.out);
    assert_eq!(push(&bed, &again, 1, &[]).code, 0);
    // And now that it is done nothing is left to be tried.
    let none = bed.run(&["retry", &name]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("nothing is left to do"), "{}", none.err);
}

#[test]
fn a_head_that_was_noted_tells_when_the_end_was_cut_off_with_the_head_rewritten() {
    let bed = bed(80, &[HR, DIRECTORY]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "set"]);
    assert_eq!(push(&bed, &file, changes.len(), &[]).code, 0);
    let good = bed.run(&["audit", "verify"]);
    let noted = good.out.split("Head ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(noted.len(), 64);
    let verify = |head: &str| bed.run(&["audit", "verify", "--head", head]);
    assert_eq!((verify(&noted).code, verify(&noted[..16]).code, verify("cafe").code), (0, 0, 2));
    let db = rusqlite::Connection::open(bed.dir.0.join("data/state/journal.db")).unwrap();
    db.execute_batch(
        "drop trigger entry_is_kept;
         delete from entry where number > 3;
         update head set number = 3, hash = (select hash from entry where number = 3);",
    )
    .unwrap();
    drop(db);
    assert_eq!(bed.run(&["audit", "verify"]).code, 0, "by itself a chain cannot know that it was longer");
    let cut = verify(&noted);
    assert_eq!(cut.code, 1, "{}", cut.out);
    assert!(cut.out.contains("taken away"), "{}", cut.out);
}

#[test]
fn without_a_journal_all_is_read_and_compared_and_nothing_is_pushed() {
    let bed = bed(80, &[HR, AHA]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "add"]);
    let journal = bed.dir.0.join("data/state/journal.db");
    fs::remove_file(&journal).unwrap();
    for rest in ["journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(journal.with_file_name(rest));
    }
    fs::write(&journal, "this is no database at all, ".repeat(50)).unwrap();
    let check = bed.run(&["check"]);
    assert_eq!(check.code, 1, "{}", check.err);
    assert!(check.err.contains("no push can be made from here") && check.err.contains("journal.db"), "{}", check.err);
    let pushed = push(&bed, &file, changes.len(), &[]);
    assert_ne!(pushed.code, 0, "{}", pushed.out);
    assert!(pushed.err.contains("journal.db"), "{}", pushed.err);
    assert_eq!(writes(&bed, "aha"), 0);
}
