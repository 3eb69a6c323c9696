//! An IDaaS as the source of truth, checked against the simulator of Aha!.

use std::collections::BTreeSet;

use crate::bed::{AHA, System, bed};

const IDAAS: System = System { name: "hr", connector: "idaas", view: "source", faults: Vec::new(), more: "" };

#[test]
fn an_idaas_as_the_source_finds_who_is_missing_who_left_and_who_is_extra() {
    for faults in [vec![], vec!["offset-one"], vec!["offset-records", "max-limit=70"]] {
        let bed = bed(400, &[System { faults, ..IDAAS }, AHA]);
        let ran = bed.run(&["check", "--format", "json"]);
        assert_eq!(ran.code, 1, "{}", ran.err);
        for snapshot in ran.lines("snapshot") {
            assert_eq!(snapshot["complete"], true, "{snapshot}");
        }
        let people = ran.lines("snapshot").into_iter().find(|line| line["system"] == "hr" && line["kind"] == "User");
        assert_eq!(people.unwrap()["records"], 400);
        let counted = ["missing", "extra", "leaver"];
        let found: BTreeSet<(String, String)> = ran
            .lines("mismatch")
            .iter()
            .filter(|line| line["kind"] == "User" && counted.contains(&line["state"].as_str().unwrap()))
            .map(|line| (line["state"].as_str().unwrap().to_owned(), line["key"].as_str().unwrap().to_owned()))
            .collect();
        let planted: BTreeSet<(String, String)> = bed
            .system("aha")
            .world
            .planted("aha")
            .into_iter()
            .filter(|plant| plant.kind == "User" && counted.contains(&plant.state))
            .map(|plant| (plant.state.to_owned(), plant.key))
            .collect();
        assert_eq!(found, planted);
        assert!(planted.len() > 5, "{planted:?}");
    }
}

#[test]
fn organisations_that_may_not_be_listed_leave_the_people() {
    let bed = bed(50, &[System { faults: vec!["no-organizations"], ..IDAAS }]);
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let snapshots = ran.lines("snapshot");
    let of = |kind: &str| snapshots.iter().find(|line| line["kind"] == kind).unwrap();
    assert_eq!((of("User")["complete"].as_bool(), of("User")["records"].as_u64()), (Some(true), Some(50)));
    assert!(of("Group")["feeds"][0]["reason"].as_str().unwrap().contains("403 Forbidden"), "{}", of("Group"));
}
