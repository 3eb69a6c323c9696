//! A list that is not proved to be all, taken for complete on somebody's word: in that run, and not in the next.

use crate::bed::{Bed, DIRECTORY, HR, Ran, System, bed};

const WORD: &str = "directory=only the pilot group is in it";

fn unsure() -> Bed {
    // Its pages come to no end, whenever it is read.
    bed(400, &[HR, System { faults: vec!["max-results=150", "cursor-only", "repeat-cursor"], ..DIRECTORY }])
}

fn plan(bed: &Bed, name: &str, more: &[&str]) -> (String, Ran) {
    let file = bed.dir.0.join(name).display().to_string();
    let args = ["plan", "--system", "directory", "--kind", "users", "--only", "deactivate", "--removals", "-o", &file];
    (file.clone(), bed.run(&[&args[..], &["--format", "json"], more].concat()))
}

fn proof(ran: &Ran) -> String {
    let users = ran.lines("snapshot").into_iter().find(|line| line["system"] == "directory" && line["kind"] == "User");
    users.unwrap().to_string()
}

#[test]
fn what_is_taken_for_complete_is_said_with_the_reason_and_is_not_complete_in_the_next_run() {
    let bed = unsure();
    let before = bed.run(&["check", "--format", "json"]);
    assert_eq!(before.code, 3, "{}", before.err);
    assert!(proof(&before).contains("\"complete\":false"), "{}", proof(&before));
    let accepted = bed.run(&["check", "--format", "json", "--accept-incomplete", WORD]);
    assert_eq!(accepted.code, 1, "{}", accepted.err);
    let told = proof(&accepted);
    assert!(told.contains("only the pilot group is in it") && told.contains("taken for complete by"), "{told}");
    let after = bed.run(&["check", "--format", "json"]);
    assert_eq!(after.code, 3, "{}", after.err);
    assert!(proof(&after).contains("\"complete\":false"), "{}", proof(&after));
}

#[test]
fn what_takes_away_is_planned_and_pushed_on_that_word_and_never_without_it() {
    let bed = unsure();
    let (_, without) = plan(&bed, "without.plan", &[]);
    assert_eq!(without.lines("change").len(), 0, "{}", without.out);
    assert!(without.err.contains("cannot be done as things are"), "{}", without.err);
    let (file, with) = plan(&bed, "with.plan", &["--accept-incomplete", WORD]);
    let count = with.lines("change").len().to_string();
    assert_ne!(count, "0", "{}", with.err);
    let guard = &with.lines("guard")[0];
    assert!(guard["rule"] == "taken-for-complete" && guard["text"].as_str().unwrap().contains("pilot"), "{guard}");

    let push = |more: &[&str]| bed.run(&[&["push", &file, "--yes-count", &count][..], more].concat());
    let refused = push(&[]);
    assert_eq!(refused.code, 4, "{}{}", refused.err, refused.out);
    assert!(refused.err.contains("incomplete"), "{}", refused.err);
    assert_eq!(bed.system("directory").seen.writes().len(), 0);
    // Nothing was sent, so it is still there to be pushed.
    let pushed = push(&["--accept-incomplete", WORD]);
    assert_eq!(pushed.code, 0, "{}{}", pushed.err, pushed.out);
    let history = bed.run(&["history"]);
    let name = history.out.split_whitespace().find(|word| word.len() == 36).unwrap().to_owned();
    let told = bed.run(&["history", &name]);
    assert!(told.out.contains("pilot"), "the record says on whose word: {}", told.out);
}

#[test]
fn a_word_without_a_reason_or_about_nothing_that_is_there_is_refused() {
    let bed = unsure();
    for (word, told) in [
        ("directory", "wants a reason"),
        ("directory= ", "wants a reason"),
        ("directory:people=it is small", "there is no kind `people`"),
        ("aha=it is small", "there is no system `aha`"),
    ] {
        let ran = bed.run(&["check", "--accept-incomplete", word]);
        assert_eq!(ran.code, 2, "{word}: {}", ran.err);
        assert!(ran.err.contains(told), "{word}: {}", ran.err);
    }
    // Of what is proved there is nothing to take for complete, and that is said.
    let ran = bed.run(&["check", "--accept-incomplete", "hr=it is small"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("nothing that was read is without its proof"), "{}", ran.err);
}
