//! The sheets of the connectors: all that the mapping says is there, and fits.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use unicode_width::UnicodeWidthStr;

use super::{sheet, text};
use crate::cli::setup::builtin;
use crate::mapping::{Mapping, Via, cited};

/// A text without its blanks, so that what was wrapped can be looked for; a URN may be longer than a line.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn every_connectors_sheet_says_all_that_its_mapping_says() {
    for mapping in builtin().unwrap() {
        let name = mapping.connector.clone();
        let shown = flowing(&text(Some(&name), &builtin()).unwrap());
        let has = |what: &str| assert!(shown.contains(&flowing(what)), "{name}: not in the help: {what}");
        for operation in &mapping.operations {
            has(&format!("{}: {} ({}) {}", operation.kind, operation.name, operation.verb, operation.here));
            has(&cited(&operation.cite));
        }
        for limitation in &mapping.limitations {
            has(&limitation.sentence);
            has(&format!("Here: {} [{}]", limitation.here, cited(&limitation.cite)));
        }
        for map in &mapping.kinds {
            for field in &map.mandatory {
                has(&format!("{}: {}", map.kind, field.attr));
            }
            for row in &map.rows {
                has(row.attr.as_str());
                has(&cited(&row.cite));
                row.read.iter().chain(&row.detail).chain(&row.write).for_each(|native| has(native));
                row.note.iter().for_each(|note| has(note));
                for (sub, native) in row.list.iter().flat_map(|list| &list.shown) {
                    has(&format!(".{sub} {native} shown only"));
                }
            }
        }
        mapping.settings.iter().for_each(|setting| has(&format!("{} ", setting.name)));
        mapping.settings.iter().for_each(|setting| has(&setting.help));
        for other in &mapping.alternatives {
            has(&other.name);
            has(&other.help);
            for (_, row) in &other.rows {
                has(row.attr.as_str());
                row.read.iter().for_each(|native| has(native));
                has(&cited(&row.cite));
            }
        }
        mapping.side_effects.iter().for_each(|effect| has(&effect.text));
        mapping.feeds.iter().for_each(|feed| has(&cited(&feed.cite)));
    }
}

#[test]
fn what_stands_behind_a_gateway_is_on_its_sheet_and_what_is_known_of_a_service_on_its_own() {
    let starling = flowing(&text(Some("starling"), &builtin()).unwrap());
    let has = |what: &str| assert!(starling.contains(&flowing(what)), "not in the help: {what}");
    has("connector = \"scim\", profile = \"starling\"");
    for product in builtin().unwrap().iter().filter(|mapping| ["aha", "litmos"].contains(&mapping.connector.as_str())) {
        for operation in &product.operations {
            has(&format!("{}: {} ({})", operation.kind, operation.name, operation.verb));
        }
        for limitation in product.limitations.iter().filter(|limitation| limitation.via != Via::Direct) {
            has(&limitation.sentence);
            has(&format!("Here: {}", limitation.here));
        }
        for (map, field) in product.kinds.iter().flat_map(|map| map.mandatory.iter().map(move |field| (map, field))) {
            has(&format!("{}: {}", map.kind, field.attr));
        }
    }
    let scim = Mapping::builtin("scim").unwrap();
    for row in scim.alternatives.iter().flat_map(|other| &other.rows) {
        has(row.1.attr.as_str());
        has(&cited(&row.1.cite));
    }
    scim.settings.iter().for_each(|setting| has(&setting.help));
    scim.busy.iter().for_each(|busy| has(&busy.text));
    let oneim = flowing(&text(Some("oneim"), &builtin()).unwrap());
    for said in ["profile = \"oneim\"", "/ApiServer/scim/v2", "productRoles", "grants"] {
        assert!(oneim.contains(&flowing(said)), "{said}");
    }
    assert!(!oneim.contains("Litmos"), "nothing stands behind it");
}

#[test]
fn no_topic_is_wider_than_a_terminal() {
    let names: Vec<String> = builtin().unwrap().into_iter().map(|mapping| mapping.connector).collect();
    for topic in names.iter().map(String::as_str).chain(["connectors", "starling", "oneim"]) {
        let text = text(Some(topic), &builtin()).unwrap();
        assert!(text.lines().count() > 40, "{topic} is short");
        for line in text.lines() {
            assert!(line.width() <= 80, "{topic}: {line}");
            assert!(!line.ends_with(' ') && !line.chars().any(char::is_control), "{topic}: {line:?}");
        }
    }
}

#[test]
fn a_wide_path_begins_a_line_of_its_own_and_a_wider_one_is_broken() {
    let base = Mapping::builtin_text("scim").unwrap();
    let path = format!("urn:{}:User:x", "long".repeat(30));
    let row = format!("[[row]]\nkind = \"User\"\nattr = \"{path}\"\nread = \"short\"\ncite = \"here\"\n");
    let shown = sheet::sheet(&Mapping::overlaid(base, &row, "mine").unwrap());
    assert!(shown.lines().all(|line| line.width() <= 80));
    let joined: String = shown.lines().collect();
    assert!(joined.contains(&path), "broken, and whole: {shown}");
}

#[test]
fn an_unknown_topic_names_the_nearest() {
    let said = |topic: &str| text(Some(topic), &builtin()).unwrap_err().to_string();
    assert!(said("ahha").contains("did you mean `aha`?"), "{}", said("ahha"));
    assert!(said("filtr").contains("did you mean `filter`?"), "{}", said("filtr"));
    let far = said("zebra-crossing");
    assert!(!far.contains("did you mean") && far.contains("scim") && far.contains("connectors"), "{far}");
}

#[test]
fn the_file_that_the_help_shows_is_a_connector() {
    let shown = text(Some("connectors"), &builtin()).unwrap();
    let code = shown.lines().filter_map(|line| line.strip_prefix("    ")).collect::<Vec<_>>();
    let config = code.iter().position(|line| *line == "[system.acme]").unwrap();
    let file: Vec<&str> = code[..config].iter().chain(&code[config + 4..]).copied().collect();
    let mapping = Mapping::own(&file.join("\n"), "the help").unwrap();
    assert_eq!((mapping.connector.as_str(), mapping.speaks.as_str()), ("acme", "scim"));
    let sheet = flowing(&sheet::sheet(&mapping));
    for said in ["Acme People", "based on \"scim\"", "Names are cut at 40 characters.", "Acme keeps users for ever"] {
        assert!(sheet.contains(&flowing(said)), "{said} is not in {sheet}");
    }
}
