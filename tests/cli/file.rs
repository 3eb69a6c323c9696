//! Exports as a system: the demo world's source written out as CSV, JSON Lines and SCIM, and checked against simulators.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use trueup::simulate::world::documents::Documents;
use trueup::simulate::world::{AHA_SCHEMA, ENTERPRISE_SCHEMA, World};

use crate::bed::{AHA, Bed, DIRECTORY, HR, bed};

/// The columns of the exported users, and where each is in a SCIM user.
const COLUMNS: &[(&str, &str)] = &[
    ("id", "/id"),
    ("externalId", "/externalId"),
    ("userName", "/userName"),
    ("displayName", "/displayName"),
    ("name.givenName", "/name/givenName"),
    ("name.familyName", "/name/familyName"),
    ("title", "/title"),
    ("active", "/active"),
    ("emails[work]", "emails/work"),
    ("phoneNumbers[work]", "phoneNumbers/work"),
    ("phoneNumbers[mobile]", "phoneNumbers/mobile"),
    ("department", "e/department"),
    ("employeeNumber", "e/employeeNumber"),
    ("costCenter", "e/costCenter"),
    ("division", "e/division"),
    ("organization", "e/organization"),
    ("preferredLanguage", "/preferredLanguage"),
    ("locale", "/locale"),
    ("timezone", "/timezone"),
    ("userType", "/userType"),
    ("nickName", "/nickName"),
];

fn cell(user: &Value, at: &str) -> String {
    let found = match at.split_once('/') {
        Some(("", _)) => user.pointer(at).cloned(),
        Some(("e", name)) => user[ENTERPRISE_SCHEMA].get(name).cloned(),
        Some((list, kind)) => user[list]
            .as_array()
            .and_then(|items| items.iter().find(|item| item["type"] == kind))
            .map(|item| item["value"].clone()),
        None => None,
    };
    match found {
        Some(Value::String(text)) => text,
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> =
        cells
            .into_iter()
            .map(|cell| {
                if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
            })
            .collect();
    cells.join(",") + "\n"
}

/// The world's source as one CSV, roles on products and managers included.
fn csv(world: &World) -> String {
    let source = Documents::new(world, "source");
    let names = COLUMNS.iter().map(|(name, _)| *name).chain(["manager", "addresses[work].locality", "productRoles"]);
    let mut text = row(names.map(str::to_owned));
    for place in 0..source.len() {
        let user = source.at(place);
        let mut cells: Vec<String> = COLUMNS.iter().map(|(_, at)| cell(&user, at)).collect();
        cells.push(user[ENTERPRISE_SCHEMA]["manager"]["value"].as_str().unwrap_or_default().to_owned());
        cells.push(user["addresses"][0]["locality"].as_str().unwrap_or_default().to_owned());
        let pairs = user[AHA_SCHEMA]["productRoles"].as_array().cloned().unwrap_or_default();
        let pairs: Vec<String> = pairs
            .iter()
            .map(|pair| format!("{}@{}", pair["role"].as_str().unwrap(), pair["productId"].as_str().unwrap()))
            .collect();
        cells.push(pairs.join(";"));
        text.push_str(&row(cells));
    }
    text
}

/// The configuration with exports in the place of the source, each kind in a form of its own.
fn exported(bed: &Bed) {
    let world = &bed.system("hr").world;
    let source = Documents::new(world, "source");
    let write = |name: &str, text: String| std::fs::write(bed.dir.0.join(name), text).unwrap();
    write("people.csv", csv(world));
    write("groups.json", json!({ "totalResults": source.groups().len(), "Resources": source.groups() }).to_string());
    write("products.jsonl", source.products().iter().map(Value::to_string).collect::<Vec<_>>().join("\n"));
    write("roles.json", Value::Array(source.roles()).to_string());
    bed.edit(|text| {
        let (before, after) = text.split_once("[system.hr]").unwrap();
        let (_, after) = after.split_once("[system.").unwrap();
        let dir = bed.dir.0.display();
        format!(
            "{before}[system.hr]\nconnector = \"file\"\nusers = \"{dir}/people.csv\"\ngroups = \"{dir}/groups.json\"\n\
             roles = \"{dir}/roles.json\"\nproducts = \"{dir}/products.jsonl\"\n\n[system.{after}"
        )
    });
}

type Found = BTreeSet<(String, String, String, Vec<String>)>;

fn told(lines: &[Value], system: &str) -> Found {
    let paths = |line: &Value| {
        let mut paths: Vec<String> =
            line["attributes"].as_array().unwrap().iter().map(|a| a["path"].as_str().unwrap().to_owned()).collect();
        paths.sort();
        paths
    };
    let text = |line: &Value, field: &str| line[field].as_str().unwrap().to_owned();
    lines
        .iter()
        .filter(|line| line["system"] == system)
        .map(|line| (text(line, "kind"), text(line, "state"), text(line, "key"), paths(line)))
        .collect()
}

#[test]
fn an_export_as_the_source_finds_what_the_live_source_finds() {
    let bed = bed(600, &[HR, AHA, DIRECTORY]);
    let live = bed.run(&["check", "--format", "json"]);
    exported(&bed);
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for snapshot in ran.lines("snapshot") {
        assert_eq!(snapshot["complete"], true, "{snapshot}");
    }
    for system in ["aha", "directory"] {
        let (want, found) = (told(&live.lines("mismatch"), system), told(&ran.lines("mismatch"), system));
        let (lost, invented): (Vec<_>, Vec<_>) = (want.difference(&found).collect(), found.difference(&want).collect());
        assert!(lost.is_empty() && invented.is_empty(), "{system}: not found {lost:#?}\ninvented {invented:#?}");
        assert!(want.len() > 10, "{system} differs in {} only", want.len());
    }
}

#[test]
fn an_export_with_a_fault_says_where_and_nobody_is_taken_for_gone() {
    let bed = bed(300, &[HR, AHA]);
    exported(&bed);
    let path = bed.dir.0.join("people.csv");
    let whole = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    // Cut off in the middle of the tenth person, with the others gone.
    let cut = lines[..10].join("\n") + "\n" + &lines[10][..9];
    std::fs::write(&path, cut).unwrap();
    let ran = bed.run(&["check", "--format", "json", "--kind", "users"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let snapshot = ran.lines("snapshot").into_iter().find(|line| line["system"] == "hr").unwrap();
    let reason = snapshot["feeds"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("people.csv: line 11, column 10: the row has 1 cell"), "{reason}");
    assert_eq!(snapshot["records"], 9);
    let extra = ran.lines("mismatch").iter().filter(|line| line["state"] == "extra").count();
    assert_eq!(extra, 0, "who is not in a cut file is not gone");
}

#[test]
fn an_export_can_come_by_standard_input() {
    let bed = bed(300, &[HR, AHA]);
    exported(&bed);
    let text = std::fs::read_to_string(bed.dir.0.join("people.csv")).unwrap();
    bed.edit(|config| {
        let dir = bed.dir.0.display();
        config.replace(&format!("users = \"{dir}/people.csv\""), "users = \"-\"")
    });
    let mut child = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["--config", bed.config().to_str().unwrap(), "--data-dir", bed.dir.0.join("data").to_str().unwrap()])
        .args(["check", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let told = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1), "{told}{}", String::from_utf8_lossy(&out.stderr));
    let first: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    assert_eq!((&first["records"], &first["complete"]), (&json!(300), &json!(true)), "{first}");
}

#[test]
fn a_file_system_is_configured_by_its_files_and_by_nothing_of_a_service() {
    let bed = bed(10, &[HR]);
    let check = |section: &str| {
        bed.edit(|_| format!("source = \"hr\"\n[system.hr]\nconnector = \"file\"\n{section}"));
        bed.run(&["check"])
    };
    let none = check("");
    assert_eq!(none.code, 2);
    assert!(none.err.contains("system hr names no file; it needs one of: users, path, groups"), "{}", none.err);
    let url = check("users = \"p.csv\"\nurl = \"https://a.b\"\n");
    assert_eq!(url.code, 2);
    assert!(url.err.contains(":5:") && url.err.contains("`url` is for services"), "{}", url.err);
    let gone = check("users = \"/nowhere/p.csv\"\n");
    assert_eq!(gone.code, 3);
    assert!(gone.out.contains("/nowhere/p.csv: there is no such file"), "{}", gone.out);
}
