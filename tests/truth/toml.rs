//! Every row of the guides is in a mapping: under its own name, with its table cited.

use trueup::mapping::{MapRow, Mapping};
use trueup::model::AttrPath;

use crate::seed::{self, Operation, Row};

/// Every native path of a row, or of a part of its entries: read, of details, written.
fn natives(row: &MapRow, part: Option<&str>) -> Vec<String> {
    let all = row.read.iter().chain(&row.detail).chain(&row.write);
    let all = all.chain(row.within.iter().flat_map(|(_, fields)| &fields.read));
    let mut paths: Vec<String> = all.cloned().collect();
    if let Some(part) = part {
        let list = row.list.as_ref().unwrap_or_else(|| panic!("{} is no list", row.attr));
        let parts = list.key.iter().chain(&list.value).filter(|have| have.name == part);
        let fields = parts.flat_map(|have| have.read.iter().chain(&have.write)).cloned();
        let shown = list.shown.iter().filter(|(name, _)| name == part).map(|(_, native)| native.clone());
        let fields: Vec<String> = fields.chain(shown).collect();
        // Where entries come by a call of their own, a field stands in the answer itself.
        let with = |path: &String| {
            let field = |field: &String| if path == "." { field.clone() } else { format!("{path}.{field}") };
            fields.iter().map(field).collect::<Vec<_>>()
        };
        paths = paths.iter().flat_map(with).collect();
    }
    paths
}

/// What is wrong with how a mapping has a row; `named` is what the native path is called there.
fn fault(mapping: &Mapping, row: &Row, named: impl Fn(&str) -> bool) -> Option<String> {
    let (attr, part) = row.place();
    let Some(have) = mapping.row(row.kind, &AttrPath::new(attr)) else {
        return Some(format!("{}: no row of {} is about {attr}", mapping.connector, row.kind));
    };
    let natives = natives(have, part);
    if !natives.iter().any(|native| named(native)) {
        return Some(format!("{}: {attr} is mapped to {natives:?}, not to {}", mapping.connector, row.native));
    }
    let table = format!("table {}", row.table);
    if mapping.connector != "scim" && !have.cite.contains(&table) {
        return Some(format!("{}: {attr} does not cite {table}: {}", mapping.connector, have.cite));
    }
    None
}

/// A SCIM path as the guide prints it: without conditions, in small letters, extensions without their URNs.
fn plain(path: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '[' => {
                depth += 1;
                out.push('[');
            }
            ']' => {
                depth -= 1;
                out.push(']');
            }
            _ if depth == 0 => out.push(c.to_ascii_lowercase()),
            _ => {}
        }
    }
    let local = out.rsplit(':').next().unwrap().to_owned();
    local.trim_start_matches("extension.").trim_start_matches("userextension.").to_owned()
}

pub fn assert_rows(mapping: &Mapping, rows: &[Row]) {
    // `FirstName + LastName`: each of them; `Timezone`: the wire writes `TimeZone`.
    let named = |row: &Row| {
        let mut fields = row.field().split(" + ");
        fields.find_map(|field| fault(mapping, row, |native| native.eq_ignore_ascii_case(field)))
    };
    let faults: Vec<String> = rows.iter().filter_map(named).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

pub fn assert_operations(mapping: &Mapping, operations: &[Operation]) {
    for operation in operations {
        let have = mapping
            .operations
            .iter()
            .find(|have| (have.kind, &*have.name, &*have.verb) == (operation.kind, operation.name, operation.verb));
        let have = have.unwrap_or_else(|| panic!("{}: not there: {operation:?}", mapping.connector));
        assert!(have.cite.contains(&format!("table {}", operation.table)), "{have:?}");
        assert!(!have.here.is_empty(), "{have:?}");
    }
}

pub fn assert_mandatory(mapping: &Mapping, fields: &[seed::Mandatory]) {
    for field in fields {
        let map = mapping.kind(field.kind).unwrap();
        let have = map.mandatory.iter().find(|have| have.attr == AttrPath::new(field.here));
        let have = have.unwrap_or_else(|| panic!("{}: {} is not mandatory", mapping.connector, field.here));
        assert!(have.cite.contains(field.printed), "{}: {}", field.printed, have.cite);
    }
}

pub fn assert_limitations(mapping: &Mapping, sentences: &[&str]) {
    for sentence in sentences {
        let have = mapping.limitations.iter().find(|have| have.sentence == *sentence);
        let have = have.unwrap_or_else(|| panic!("{}: not there: {sentence}", mapping.connector));
        assert!(have.cite.contains("seeds") && have.here.len() > 20, "{have:?}");
    }
}

#[test]
fn every_row_about_aha_is_in_its_mapping() {
    let aha = Mapping::builtin("aha").unwrap();
    assert_rows(&aha, seed::aha::ROWS);
    assert_operations(&aha, seed::aha::OPERATIONS);
    assert_mandatory(&aha, seed::aha::MANDATORY);
    assert_limitations(&aha, &seed::aha::LIMITATIONS);
}

#[test]
fn every_row_about_litmos_is_in_its_mapping() {
    let litmos = Mapping::builtin("litmos").unwrap();
    assert_rows(&litmos, seed::litmos::ROWS);
    assert_operations(&litmos, seed::litmos::OPERATIONS);
    assert_mandatory(&litmos, seed::litmos::MANDATORY);
    assert_limitations(&litmos, &seed::litmos::LIMITATIONS);
}

#[test]
fn every_row_is_in_the_mapping_of_scim_as_the_gateway_names_it() {
    let scim = Mapping::builtin("scim").unwrap();
    for (behind, rows) in [("aha", seed::aha::ROWS), ("litmos", seed::litmos::ROWS)] {
        let chosen = scim.chosen(&[("behind".to_owned(), behind.to_owned())].into());
        let bare = |path: &str| plain(path).replace("[]", "");
        let faults = rows.iter().filter_map(|row| {
            let cites = |have: &MapRow| have.cite.contains(&format!("table {}", row.table));
            let cited = chosen.row(row.kind, &AttrPath::new(row.place().0)).is_some_and(cites);
            let missing = (!cited).then(|| format!("{behind}: {} of {} is not cited", row.scim, row.table));
            missing.or_else(|| fault(&chosen, row, |native| bare(native) == bare(row.scim_path())))
        });
        assert_eq!(faults.collect::<Vec<_>>(), Vec::<String>::new());
        // And nothing else of a user: what the guide does not name is not there behind the gateway.
        let users = chosen.kind(trueup::model::Kind::User).unwrap();
        let named = |attr: &AttrPath| rows.iter().any(|row| AttrPath::new(row.place().0) == *attr);
        let more: Vec<&AttrPath> = users.rows.iter().map(|row| &row.attr).filter(|attr| !named(attr)).collect();
        assert_eq!(more, Vec::<&AttrPath>::new(), "{behind}");
    }
}

#[test]
fn a_row_that_is_missing_or_names_another_field_is_told() {
    let text = Mapping::builtin_text("aha").unwrap();
    let wrong = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let mapping = Mapping::parse(&text.replacen(from, to, 1), "changed").unwrap();
        seed::aha::ROWS
            .iter()
            .filter_map(|row| fault(&mapping, row, |native| native == row.field()))
            .collect::<Vec<_>>()
    };
    assert_eq!(wrong("attr = \"referencePrefix\"", "attr = \"prefix\"").len(), 1);
    assert_eq!(wrong("write = \"first_name\"", "write = \"firstname\"").len(), 1);
    assert_eq!(wrong("read = \"product_id\"", "read = \"product\"").len(), 1);
    assert_eq!(wrong("productName = \"product_name\"", "productName = \"name\"").len(), 1);
}
