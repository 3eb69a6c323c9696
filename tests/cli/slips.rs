//! A slip on the command line is never taken for "all is well": it is told, with what would be right.

use std::fs;

use crate::bed::{AHA, DIRECTORY, HR, bed, run};

#[test]
fn a_filter_that_can_hold_for_nobody_is_told_with_what_would_be_right() {
    let bed = bed(40, &[HR, AHA]);
    for (filter, right) in [
        (r#"nosuchattr eq "x""#, "there is no attribute `nosuchattr` in hr, aha; there are: "),
        (r#"departmnt sw "R""#, "did you mean `department`?"),
        (r#"not (departmnt sw "R")"#, "did you mean `department`?"),
        ("active eq tru", "column 11: expected "),
        (r#"department sw "R" and"#, "found the end"),
        (r#"department="Sales" and active=true"#, "column 11: expected "),
        ("statee=leaver", "did you mean `state`?"),
        ("state=leaver2", "`state` is never `leaver2`; did you mean `leaver`?"),
        ("state.aha!=mising", "did you mean `missing`?"),
        ("state.ahha=missing", "did you mean `state.aha`?"),
        ("active=treu", "`active` is never `treu`; did you mean `true`?"),
        ("differs=emal", "did you mean `emails"),
        (r#"productRoles[rolle eq "x"]"#, "the entries of `productRoles` have no `rolle`"),
        ("!lint=dupicate", "did you mean `duplicate`?"),
        ("staged=true", "known in the console alone"),
    ] {
        for command in ["check", "plan", "export"] {
            let ran = bed.run(&[command, "--filter", filter]);
            assert_eq!(ran.code, 2, "{command} {filter}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains(right) && ran.err.contains("--filter"), "{command} {filter}: {}", ran.err);
            assert!(!ran.out.contains("0 out of true"), "{command} {filter}: {}", ran.out);
        }
    }
}

#[test]
fn a_filter_that_can_hold_is_taken_and_a_plain_text_is_said_to_be_one() {
    let bed = bed(40, &[HR, AHA]);
    for filter in [
        r#"active eq true and department sw "R""#,
        r#"state eq "missing" or state.aha eq "extra""#,
        r#"emails[type eq "work"]"#,
        r#"emails co "example.com""#,
        "meta.created pr",
        "lint pr",
        "direction=unknown",
        "state=null",
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "Sales""#,
    ] {
        let ran = bed.run(&["check", "--filter", filter]);
        assert!(ran.code < 2 && ran.err.is_empty(), "{filter}: {}", ran.err);
    }
    let ran = bed.run(&["check", "--filter", "wang"]);
    assert!(ran.code < 2 && ran.err.contains("looked for as a text in all that is shown: wang"), "{}", ran.err);
}

#[test]
fn the_source_is_not_compared_with_itself() {
    let bed = bed(20, &[HR, AHA, DIRECTORY]);
    for command in ["check", "plan", "export"] {
        let ran = bed.run(&[command, "--system", "hr"]);
        assert_eq!(ran.code, 2, "{command}: {}", ran.out);
        assert!(ran.err.contains("hr is the source of truth") && ran.err.contains("aha, directory"), "{}", ran.err);
    }
    let list = bed.run(&["export", "list", "--system", "hr", "-o", "hr.csv"]);
    assert_eq!(list.code, 0, "a list of it can be written: {}", list.err);
}

#[test]
fn what_is_not_there_cannot_be_forgotten_and_what_is_kept_of_a_system_that_is_gone_can() {
    let bed = bed(20, &[HR, AHA]);
    let slip = bed.run(&["purge", "ahaa", "--yes"]);
    assert_eq!(slip.code, 2, "{}", slip.out);
    assert!(slip.err.contains("did you mean `aha`?") && slip.err.contains("there are: aha, hr"), "{}", slip.err);
    assert!(bed.run(&["check"]).code < 2);
    // The section is gone, the snapshots are not.
    bed.edit(|text| text.split_once("[system.aha]").unwrap().0.to_owned());
    let gone = bed.run(&["purge", "aha", "--yes"]);
    assert_eq!((gone.code, &*gone.out), (0, "aha is forgotten\n"), "{}", gone.err);
    let again = bed.run(&["purge", "aha", "--yes"]);
    assert_eq!(again.code, 2, "now nothing is kept of it: {}", again.out);
    fs::remove_file(bed.config()).unwrap();
    assert_eq!(bed.run(&["purge", "hr", "--yes"]).code, 0, "also without a configuration");
    assert_eq!(bed.run(&["purge", "hr", "--yes"]).code, 2);
}

#[test]
fn what_could_not_be_read_is_in_the_lines_for_programs_and_beside_what_is_exported() {
    let bed = bed(20, &[HR, AHA]);
    bed.edit(|text| {
        let (before, after) = text.split_once("[system.aha]").unwrap();
        let (_, rest) = after.split_once("url = \"").unwrap();
        let (_, rest) = rest.split_once('"').unwrap();
        format!("{before}[system.aha]\nconnector = \"aha\"\nurl = \"http://127.0.0.1:1\"{rest}")
    });
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let unread: Vec<_> = ran.lines("snapshot").into_iter().filter(|line| line["system"] == "aha").collect();
    assert!(unread.iter().any(|line| line["kind"] == "User"), "{}", ran.out);
    for line in &unread {
        assert!(line["complete"] == false && line["records"] == 0, "{line}");
        assert!(line["reason"].as_str().unwrap().contains("refuses connections"), "{line}");
    }
    assert_eq!(ran.lines("summary")[0]["complete"], false);
    for what in ["mismatches", "list"] {
        let export = bed.run(&["export", what, "-o", &format!("{what}.csv")]);
        assert_eq!(export.code, 3, "{}", export.out);
        assert!(export.err.contains("aha: ") && export.err.contains("refuses connections"), "{}", export.err);
    }
    let whole = bed.run(&["check", "--system", "hr", "--format", "json"]);
    assert_eq!(whole.code, 2);
}

#[test]
fn help_says_what_exit_statuses_mean_and_calls_commands_by_the_whole_name() {
    let exit = run(&["help", "exit"]);
    assert!(exit.out.contains("a guard stands") && exit.out.contains("audit"), "{}", exit.out);
    let demo = run(&["help", "demo"]);
    assert!(demo.out.contains("Usage: trueup demo [OPTIONS]"), "{}", demo.out);
    assert!(run(&["--help"]).out.contains("  man "), "the man page is in the list");
}
