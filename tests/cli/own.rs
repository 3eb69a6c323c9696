//! A connector of the operator's own: one TOML file, found, checked, used and explained.

use std::fs;

use crate::bed::{Bed, DIRECTORY, HR, System, bed};

/// A made-up product: what it is called, and what it cannot do.
const ACME: &str = r#"
connector = "acme"
title = "Acme People"
based_on = "scim"

# What the product's guide calls a desk is the title, and it cannot be written.
[[row]]
kind = "User"
attr = "title"
read = "title"
access = "read-only"
cite = "Acme's guide, page 2"

[[limitation]]
id = "acme-1-desks"
via = "direct"
sentence = "Desks are given by the office."
here = "A desk is compared and never written."
cite = "Acme's guide, page 2"
"#;

fn with_own(file: &str, text: &str) -> Bed {
    let bed = bed(300, &[HR, System { name: "plain", ..DIRECTORY }, DIRECTORY]);
    let connectors = bed.dir.0.join("connectors");
    fs::create_dir(&connectors).unwrap();
    fs::write(connectors.join(file), text).unwrap();
    bed.edit(|text| {
        let (front, back) = text.split_once("[system.directory]").unwrap();
        format!("{front}[system.directory]{}", back.replacen("\"scim\"", "\"acme\"", 1))
    });
    bed
}

#[test]
fn a_file_in_the_folder_connectors_is_a_connector_and_finds_what_its_base_finds() {
    let bed = with_own("acme.toml", ACME);
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let of = |system: &str| -> Vec<(String, String, String)> {
        let lines = ran.lines("mismatch").into_iter().filter(|line| line["system"] == system);
        let mut found: Vec<_> =
            lines.map(|l| (l["kind"].to_string(), l["state"].to_string(), l["key"].to_string())).collect();
        found.sort();
        found
    };
    assert!(of("directory").len() > 5, "{}", ran.out);
    assert_eq!(of("directory"), of("plain"));
    assert!(bed.run(&["test", "directory"]).out.contains("ok"), "it can be tested like any other");
}

#[test]
fn help_explains_it_like_a_built_in_one() {
    let bed = with_own("acme.toml", ACME);
    let sheet = bed.run(&["help", "acme"]);
    assert_eq!(sheet.code, 0, "{}", sheet.err);
    for said in ["Acme People", "based on \"scim\"", "Desks are given by the office.", "userName"] {
        assert!(sheet.out.contains(said), "{said} is not in {}", sheet.out);
    }
    assert!(bed.run(&["help", "connectors"]).out.contains("acme"));
}

#[test]
fn a_fault_in_it_is_told_with_file_and_line_before_anything_is_sent() {
    for (text, words) in [
        (ACME.replace("access =", "acess ="), ["acme.toml", "line 11", "did you mean `access`?"]),
        (ACME.replace("\"scim\"", "\"scmi\""), ["acme.toml", "`scmi`", "did you mean `scim`?"]),
        (ACME.replace("based_on = \"scim\"", ""), ["acme.toml", "`based_on` is missing", "scim"]),
        (ACME.replace("\"acme\"", "\"aha\""), ["acme.toml", "`aha` is built in", "another name"]),
    ] {
        let bed = with_own("acme.toml", &text);
        let ran = bed.run(&["check"]);
        assert_eq!(ran.code, 2, "{}", ran.out);
        for word in words {
            assert!(ran.err.contains(word), "{word} is not in: {}", ran.err);
        }
        assert!(bed.running.iter().all(|(_, running)| running.seen.all().is_empty()), "nothing was sent");
    }
}

#[test]
fn a_connector_that_is_in_no_file_is_told_with_the_nearest_name() {
    let bed = with_own("acme.toml", ACME);
    bed.edit(|text| text.replace("\"acme\"", "\"acne\""));
    let ran = bed.run(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no connector `acne`") && ran.err.contains("`acme`"), "{}", ran.err);
}
