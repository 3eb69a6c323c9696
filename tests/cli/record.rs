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
fn what_has_no_way_back_is_said_before_it_is_pushed_and_not_planned_afterwards() {
    let bed = bed(300, &[HR, DIRECTORY]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "create", "--kind", "groups"]);
    let why = "SCIM 2.0 has no way to deactivate a Group";
    let shown = bed.run(&["plan", "show", &file]);
    assert!(shown.out.contains(&format!("cannot be undone: {why}")), "{}", shown.out);
    assert!(shown.out.contains(&format!("{} change", changes.len())), "{}", shown.out);
    let pushed = push(&bed, &file, changes.len(), &[]);
    assert_eq!(pushed.code, 0, "{}{}", pushed.err, pushed.out);
    let back = bed.dir.0.join("back.plan").display().to_string();
    let undo = bed.run(&["undo", last_push(&bed)["id"].as_str().unwrap(), "-o", &back]);
    assert_eq!(undo.code, 2, "{}", undo.out);
    assert!(undo.err.contains(why) && undo.err.contains("nothing of this push can be taken back"), "{}", undo.err);
}

#[test]
fn a_role_that_a_new_account_is_given_goes_with_it_when_that_is_switched_off() {
    let bed = bed(300, &[HR, crate::bed::KINGDEE]);
    let (file, changes) =
        plan(&bed, "a.plan", &["--system", "kingdee", "--kind", "users", "--only", "create", "--only", "add"]);
    let given = |change: &&Value| change["operation"] == "add" && change["id"].as_str().unwrap().contains("/+");
    assert!(changes.iter().any(|change| given(&change)), "{changes:?}");
    let shown = bed.run(&["plan", "show", &file]);
    assert!(!shown.out.contains("cannot be undone"), "{}", shown.out);
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
fn what_another_push_has_done_is_not_taken_back_with_this_one() {
    let bed = bed(80, &[HR, DIRECTORY]);
    let (first, changes) = plan(&bed, "a.plan", &["--only", "set"]);
    let (second, _) = plan(&bed, "b.plan", &["--only", "set"]);
    assert_eq!(push(&bed, &first, changes.len(), &[]).code, 0);
    let sent = writes(&bed, "directory");
    let again = push(&bed, &second, changes.len(), &[]);
    assert_eq!((again.code, writes(&bed, "directory")), (0, sent), "{}{}", again.err, again.out);
    let told = last_push(&bed);
    let one = bed.run(&["history", told["id"].as_str().unwrap()]);
    assert!(one.out.contains("it was so already, before this push"), "{}", one.out);
    let undo = bed.run(&["undo", told["id"].as_str().unwrap()]);
    assert_ne!(undo.code, 0);
    assert!(undo.err.contains("nothing of this push can be taken back"), "{}", undo.err);
}

#[test]
fn a_push_that_was_killed_is_counted_in_the_history_named_by_check_and_tried_again_after_looking() {
    let bed = bed(300, &[HR, DIRECTORY]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "set"]);
    assert!(changes.len() > 4, "some are under way and others are not begun");
    // Carried out, and its answer does not come before the kill.
    bed.faults("directory", &["late=600s@PATCH"]);
    let count = changes.len().to_string();
    let mut pushing = bed.start(&["push", &file, "--yes-count", &count]);
    let tally = |word: &str| {
        let told = bed.run(&["history", "--format", "json"]).lines("push");
        told.first().and_then(|push| push["outcomes"][word].as_u64()).unwrap_or(0)
    };
    // As many as go side by side: no other is about to be sent.
    while writes(&bed, "directory") < 4 {
        assert_eq!(pushing.try_wait().unwrap(), None, "it is at work");
        std::thread::yield_now();
    }
    pushing.kill().unwrap();
    pushing.wait().unwrap();
    bed.faults("directory", &[]);
    let unknown = tally("unknown");
    assert!(unknown >= 1, "what was on its way is unknown");
    assert_eq!(unknown + tally("pending"), changes.len() as u64, "and the rest was not begun");
    let check = bed.run(&["check"]);
    assert!(check.err.contains("did not end in order") && check.err.contains("trueup retry"), "{}", check.err);
    let id = last_push(&bed)["id"].as_str().unwrap().to_owned();
    let retry = bed.run(&["retry", &id, "--format", "json"]);
    let done = tally("confirmed");
    assert_eq!((done, tally("unknown") + tally("pending")), (unknown, 0), "{}", bed.run(&["history", &id]).out);
    assert_eq!(retry.lines("change").len() as u64, changes.len() as u64 - done, "{}{}", retry.err, retry.out);
    assert_eq!(writes(&bed, "directory") as u64, done, "nothing was sent again");
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

#[test]
fn exports_are_for_their_owner_alone_defused_masked_and_never_written_over_another_file() {
    use std::os::unix::fs::PermissionsExt;
    let bed = bed(80, &[HR, DIRECTORY]);
    let out = bed.dir.0.join("out.csv");
    let file = out.display().to_string();
    let done = bed.run(&["export", "mismatches", "-o", &file]);
    assert_eq!(done.code, 1, "{}", done.err);
    let text = fs::read_to_string(&out).unwrap();
    assert!(
        text.starts_with("system,kind,state,key,source_id,target_id,attribute,source,target,direction\r\n"),
        "{text}"
    );
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(text.lines().count() > 3);
    let again = bed.run(&["export", "mismatches", "-o", &file]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("is there already"), "{}", again.err);
    assert_eq!(fs::read_to_string(&out).unwrap(), text);

    let named = bed.run(&["export", "list", "--system", "directory", "--columns", "name,userName", "-o", "all.jsonl"]);
    assert_eq!(named.code, 0, "{}", named.err);
    let folder = bed.dir.0.join("data/state/exports");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let lines = fs::read_to_string(folder.join("all.jsonl")).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first.as_object().unwrap().len(), 2, "{first}");
    let masked =
        bed.run(&["export", "list", "--system", "directory", "--columns", "userName", "--mask", "-o", "m.jsonl"]);
    assert_eq!(masked.code, 0, "{}", masked.err);
    let hidden = fs::read_to_string(folder.join("m.jsonl")).unwrap();
    let name = first["userName"].as_str().unwrap();
    assert!(!hidden.contains(name) && hidden.contains('*'), "{name}");

    let (plan_file, changes) = plan(&bed, "a.plan", &["--only", "set"]);
    assert_eq!(push(&bed, &plan_file, changes.len(), &["--reason", "=HYPERLINK(\"x\")"]).code, 0);
    let done = bed.run(&["export", "history", "-o", "h.csv"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let history = fs::read_to_string(folder.join("h.csv")).unwrap();
    assert!(history.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{history}");
    assert!(history.contains("confirmed"), "{history}");
}

#[test]
fn a_sensitive_value_is_pushed_and_then_nowhere_in_the_record_and_its_change_is_said_to_have_no_way_back() {
    let hides = System { more: "mode = \"full\"\nsensitive = [\"title\"]\n", ..DIRECTORY };
    let bed = bed(80, &[HR, hides]);
    let (file, changes) = plan(&bed, "a.plan", &["--only", "set"]);
    let titles: Vec<&Value> = changes
        .iter()
        .flat_map(|change| change["facets"].as_array().unwrap())
        .filter(|facet| facet["facet"] == "title")
        .collect();
    assert!(!titles.is_empty(), "{changes:?}");
    let shown = bed.run(&["plan", "show", &file]);
    assert!(shown.out.contains("cannot be undone"), "{}", shown.out);
    assert_eq!(push(&bed, &file, changes.len(), &[]).code, 0);
    let done = bed.run(&["history", last_push(&bed)["id"].as_str().unwrap(), "--format", "json"]);
    assert!(done.out.contains("hmac:"), "{}", done.out);
    let undo = bed.run(&["undo", last_push(&bed)["id"].as_str().unwrap()]);
    assert!(undo.err.contains("sensitive"), "{}", undo.err);
    for entry in fs::read_dir(bed.dir.0.join("data/state")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for text in titles.iter().flat_map(|facet| [&facet["before"], &facet["after"]]).filter_map(Value::as_str) {
            let there = bytes.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(!there || text.len() < 4, "{text} is in {}", path.display());
        }
    }
    let wrong = bed.dir.0.join("trueup.toml");
    let text = fs::read_to_string(&wrong).unwrap();
    for (name, words) in [("titel", "did you mean `title`"), ("userName", "cannot be kept as a hash")] {
        fs::write(&wrong, text.replace("sensitive = [\"title\"]", &format!("sensitive = [\"{name}\"]"))).unwrap();
        let told = bed.run(&["check"]);
        assert!(told.code == 2 && told.err.contains(words), "{}", told.err);
    }
}
