//! One world behind services that each get something wrong: the same is found, or it is said why nothing can be.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bed::{Bed, HR, Ran, System, bed};

/// A service without deviations, and what the others are held against.
const PLAIN: &str = "plain";

fn service(name: &'static str, faults: &str) -> System {
    let faults = faults.split_whitespace().map(|fault| &*fault.to_owned().leak()).collect();
    System { name, connector: "scim", view: "directory", faults, more: "mode = \"full\"\n" }
}

fn run(quirks: &[(&'static str, &str)]) -> (Bed, Ran) {
    let services = quirks.iter().map(|(name, faults)| service(name, faults));
    let systems: Vec<System> = [HR, service(PLAIN, "")].into_iter().chain(services).collect();
    let bed = bed(60, &systems);
    let ran = bed.run(&["check", "--format", "json"]);
    (bed, ran)
}

/// What was found in one system, each with how often; members and the like without the ids, which are a service's own.
fn found(ran: &Ran, system: &str) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for line in ran.lines("mismatch").into_iter().chain(ran.lines("lint")).filter(|line| line["system"] == system) {
        let paths = line["attributes"].as_array().into_iter().flatten().map(|attribute| {
            let path = attribute["path"].as_str().unwrap();
            let path = path.split_once('[').filter(|(list, _)| *list == "members").map_or(path, |(list, _)| list);
            (path.to_owned(), attribute["source"].is_null(), attribute["target"].is_null())
        });
        let mut paths: Vec<_> = paths.collect();
        paths.sort();
        let what = format!("{} {} {} {} {paths:?}", line["kind"], line["state"], line["rule"], line["key"]);
        *found.entry(what).or_default() += 1;
    }
    found
}

fn snapshots<'r>(lines: &'r [Value], system: &str) -> Vec<&'r Value> {
    lines.iter().filter(|line| line["system"] == system).collect()
}

/// Deviations that are survived; where pages matter, with pages smaller than the world.
const SURVIVED: &[(&str, &str)] = &[
    ("no-filter", "no-filter"),
    ("urn-filter", "urn-filter-matches-nothing"),
    ("one-page", "ignore-start-index"),
    ("past-end", "page-one-past-end max-results=20"),
    ("empty-page", "empty-page cursor-only max-results=20"),
    ("cursor-only", "cursor-only max-results=20"),
    ("cursor-expires", "cursor-expires=2 cursor-only max-results=10"),
    ("no-cursor", "no-cursor max-results=20"),
    ("echo-count", "echo-count max-results=20"),
    ("round-up", "round-up=100"),
    ("round-up-odd", "round-up=7 max-results=20"),
    ("no-total", "no-total max-results=20"),
    ("no-count", "no-count"),
    ("no-count-html", "no-count html-errors"),
    ("no-count-empty", "no-count empty-errors"),
    ("no-count-integer", "no-count status-integer max-results=20"),
    ("absolute", "absolute-endpoints"),
    ("server-absolute", "server-absolute-endpoints"),
    ("member-username", "member-username"),
    ("numbers", "string-ids-as-numbers"),
    ("null-absent", "null-absent-empty"),
    ("small-pages", "max-results=7"),
    ("fifty", "max-results=50"),
    ("closed", "closed-discovery"),
];

#[test]
fn what_a_service_gets_wrong_does_not_change_what_is_found() {
    let (_bed, ran) = run(SURVIVED);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let wanted = found(&ran, PLAIN);
    assert!(wanted.len() > 5, "the world has hardly anything out of true: {wanted:?}");
    let lines = ran.lines("snapshot");
    let sizes = |system: &str| -> Vec<(Value, Value)> {
        snapshots(&lines, system).iter().map(|line| (line["kind"].clone(), line["records"].clone())).collect()
    };
    for (name, faults) in SURVIVED {
        assert_eq!(found(&ran, name), wanted, "{faults}");
        assert_eq!(sizes(name), sizes(PLAIN), "{faults}");
        for line in snapshots(&lines, name) {
            assert_eq!(line["complete"], true, "{faults}: {line}");
        }
    }
}

/// Deviations that hide records, and the words that say so.
const HIDING: &[(&str, &str, &str)] = &[
    ("one-page", "ignore-start-index max-results=20", "ignores startIndex: asked for 21"),
    ("one-page-echo", "ignore-start-index=echo max-results=20", "startIndex 21 holds only records that were there"),
    ("endless", "page-one-past-end no-total max-results=20", "states no total"),
    ("same-cursor", "repeat-cursor cursor-only max-results=20", "the same cursor twice"),
    ("drift", "drift=99 max-results=20", "moved while it was read"),
];

#[test]
fn a_service_that_hides_records_is_named_and_nothing_is_concluded_from_what_it_hides() {
    let rows: Vec<_> = HIDING.iter().map(|(name, faults, _)| (*name, *faults)).collect();
    let (_bed, ran) = run(&rows);
    assert_eq!(ran.code, 3, "{}", ran.out);
    let wanted = found(&ran, PLAIN);
    let lines = ran.lines("snapshot");
    for (name, faults, words) in HIDING {
        let users = snapshots(&lines, name).into_iter().find(|line| line["kind"] == "User");
        let told = users.map_or_else(
            || ran.err.clone(),
            |line| {
                assert_eq!(line["complete"], false, "{faults}: {line}");
                line["feeds"].to_string()
            },
        );
        assert!(told.contains(words), "{faults}: {told}");
        // Who came in while it was read is there indeed, and in no source.
        let invented = found(&ran, name).into_keys().filter(|what| !wanted.contains_key(what));
        let invented: Vec<_> = invented.filter(|what| !what.contains("\"extra\" null \"newcomer.")).collect();
        assert_eq!(invented, Vec::<String>::new(), "{faults}");
    }
}
