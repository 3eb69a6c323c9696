//! Signing in at a token endpoint, from the configuration to the last page.

use serde_json::Value;

use crate::bed::{Bed, DIRECTORY, HR, Ran, System, bed, secret};

/// A bed whose source is signed in to with client credentials.
fn oauth2(faults: Vec<&'static str>, right: bool) -> Bed {
    let bed = bed(300, &[System { faults, ..HR }, DIRECTORY]);
    let login = &bed.system("hr").login;
    let file = bed.dir.0.join("hr.client");
    secret(&file, if right { &login["client_secret"] } else { "wrong-secret-that-nobody-knows" });
    let auth = format!(
        "auth = {{ oauth2 = {{ token_url = \"{}\", client_id = \"{}\", client_secret = {{ file = \"{}\" }} }} }}",
        login["token_url"],
        login["client_id"],
        file.display()
    );
    bed.edit(|text| {
        let old = text.lines().find(|line| line.starts_with("auth")).unwrap().to_owned();
        text.replacen(&old, &auth, 1)
    });
    bed
}

fn tokens(bed: &Bed) -> Vec<u16> {
    let seen = bed.system("hr").seen.all();
    seen.iter().filter(|request| request.path == "/oauth2/token").map(|request| request.status).collect()
}

/// Whether everything of the source was read.
fn whole(ran: &Ran) -> bool {
    let lines: Vec<Value> = ran.lines("snapshot").into_iter().filter(|line| line["system"] == "hr").collect();
    !lines.is_empty() && lines.iter().all(|line| line["complete"] == true)
}

#[test]
fn everything_is_read_with_one_token_for_the_four_values_of_the_portal() {
    let bed = oauth2(vec!["token-way=basic"], true);
    let ran = bed.run(&["check", "--format", "json"]);
    assert!(whole(&ran), "{}", ran.err);
    assert_eq!(tokens(&bed), [200]);
}

#[test]
fn a_token_that_dies_in_the_middle_of_a_walk_is_renewed_and_nothing_is_missing() {
    let bed = oauth2(vec!["token-way=form", "expire=7", "max-results=20"], true);
    let ran = bed.run(&["check", "--format", "json"]);
    assert!(whole(&ran), "{}", ran.err);
    // The header is refused once, and the form is kept to.
    assert_eq!(tokens(&bed), [401, 200, 200]);
}

#[test]
fn a_wrong_secret_is_tried_in_both_ways_once_and_told() {
    let bed = oauth2(Vec::new(), false);
    let ran = bed.run(&["test", "hr"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.out.contains("the sign-in was refused") && ran.out.contains("client_secret"), "{}", ran.out);
    assert!(!ran.out.contains("wrong-secret"), "{}", ran.out);
    assert_eq!(tokens(&bed), [401, 401]);
}
