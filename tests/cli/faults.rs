//! Broken systems: the others go on, and nothing is concluded from what is incomplete.

use crate::bed::{AHA, DIRECTORY, HR, System, bed, secret};

#[test]
fn a_wrong_token_breaks_one_system_and_says_what_to_do() {
    let bed = bed(300, &[HR, AHA, DIRECTORY]);
    secret(&bed.dir.0.join("aha.token"), "wrong");
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("aha") && ran.err.contains("401"), "{}", ran.err);
    assert!(ran.lines("mismatch").iter().any(|line| line["system"] == "directory"));
    assert!(ran.lines("mismatch").iter().all(|line| line["system"] != "aha"), "nothing is concluded about aha");
}

#[test]
fn a_key_for_another_account_is_told_before_anything_is_concluded() {
    let bed = bed(300, &[HR, AHA]);
    secret(&bed.dir.0.join("aha.token"), "wrong-account-key");
    let ran = bed.run(&["test", "aha"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.out.contains("umbrella") && ran.out.contains("acme"), "{}", ran.out);
}

#[test]
fn a_page_cut_in_the_middle_leaves_the_snapshot_incomplete_and_yields_no_extra() {
    let bed = bed(300, &[System { faults: vec!["truncate=100@/Users"], ..HR }, DIRECTORY]);
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 3);
    let users = ran.lines("snapshot").into_iter().find(|line| line["system"] == "hr" && line["kind"] == "User");
    assert!(users.is_none_or(|line| line["complete"] == false));
    assert!(ran.lines("mismatch").iter().all(|line| line["state"] != "extra"), "{}", ran.out);
}

#[test]
fn a_url_that_serves_html_is_named() {
    let bed = bed(300, &[HR, System { faults: vec!["html"], ..DIRECTORY }]);
    let ran = bed.run(&["check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("directory") && ran.out.contains("web page"), "{}", ran.out);
}

#[test]
fn a_system_that_is_down_does_not_stop_the_others() {
    let bed = bed(300, &[HR, AHA, DIRECTORY]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let url = bed.system("aha").url.clone();
    bed.edit(|text| text.replace(&url, &format!("http://{free}")));
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("aha"), "{}", ran.err);
    assert!(ran.lines("mismatch").iter().any(|line| line["system"] == "directory"));
}

#[test]
fn a_token_that_expires_in_the_middle_of_a_walk_leaves_it_incomplete() {
    let bed = bed(1203, &[HR, System { faults: vec!["expire=6"], ..AHA }]);
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}", ran.out);
    assert!(ran.lines("mismatch").iter().all(|line| line["state"] != "missing"), "{}", ran.out);
}
