//! What holds of all inputs: round trips on every invertible row, one-way marks on all others, and no bytes that hurt.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::litmos::LITMOS;
use super::{builder, entries};
use crate::mapping::{Access, Edit, JsonType, KindMap, MapRow, Mapping, Part, Transform};
use crate::model::{AttrPath, Cell, Kind, Row, Table, TableBuilder};

/// No files of past failures beside the sources: what fails becomes a test with a name.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn mappings() -> &'static [Mapping] {
    static ALL: LazyLock<[Mapping; 3]> = LazyLock::new(|| {
        let roles = (Kind::User, AttrPath::from("urn:acme:2.0:User:productRoles"));
        let custom = (Kind::User, AttrPath::from("urn:acme:2.0:User:shoeSize"));
        [
            Mapping::builtin("aha").unwrap(),
            Mapping::builtin("scim").unwrap().with_discovered(vec![roles, custom]),
            Mapping::parse(LITMOS, "litmos").unwrap(),
        ]
    });
    &*ALL
}

/// Native texts that a chain of transforms knows the way back from.
fn natives(via: &[Transform], json: JsonType, null: &[String]) -> BoxedStrategy<String> {
    let null = null.to_vec();
    let base = match via.split_first() {
        Some((Transform::Bool { yes, no }, _)) => prop::sample::select(vec![yes[0].clone(), no[0].clone()]).boxed(),
        Some((Transform::Words(words), _)) => {
            let written = words.words.iter().filter(|word| word.writable).map(|word| word.native[0].clone());
            prop::sample::select(written.collect::<Vec<_>>()).boxed()
        }
        Some((Transform::StripPrefix(prefix), _)) => {
            let prefix = prefix.clone();
            "\\PC{1,9}".prop_map(move |rest| format!("{prefix}{rest}")).boxed()
        }
        _ => match json {
            JsonType::Boolean => prop::sample::select(vec!["true".to_owned(), "false".to_owned()]).boxed(),
            JsonType::Integer | JsonType::Number => {
                prop_oneof![any::<u64>().prop_map(|n| n.to_string()), any::<i64>().prop_map(|n| n.to_string())].boxed()
            }
            JsonType::String => prop_oneof!["\\PC{1,20}", ".{1,20}", "[\u{0}-\u{20}\"\\\\]{1,5}"].boxed(),
        },
    };
    base.prop_filter("means empty", move |text| !text.is_empty() && !null.contains(text)).boxed()
}

fn typed(text: &str, json: JsonType) -> Value {
    match json {
        JsonType::String => json!(text),
        JsonType::Boolean => json!(text == "true"),
        JsonType::Integer | JsonType::Number => serde_json::from_str(text).unwrap(),
    }
}

/// A record in the form in which its kind is listed.
fn listed(mapping: &Mapping, kind: Kind, record: &Value) -> Table {
    let feed = mapping.feeds.iter().find(|feed| feed.kind == kind && !feed.single && feed.detail_of.is_none()).unwrap();
    let mut record = record.clone();
    record[feed.id.as_str()] = json!("the-id");
    let page = if feed.records.is_empty() { json!([record]) } else { json!({ feed.records.as_str(): [record] }) };
    let mut into = builder(mapping, &feed.name);
    mapping.reader(&feed.name).unwrap().read(page.to_string().as_bytes(), None, &mut into).unwrap();
    into.table()
}

fn written(map: &KindMap, row: &MapRow, value: &Value) -> Value {
    let Edit::Set { at, .. } = map.writer.edit(&row.attr, "").unwrap() else { panic!("no set") };
    let mut record = json!({});
    map.writer.apply(&mut record, &Edit::Set { at, value: value.clone() }).unwrap();
    record
}

fn round_trip(mapping: &Mapping, map: &KindMap, row: &MapRow, native: &str) -> Result<(), TestCaseError> {
    let value = typed(native, row.json);
    let record = written(map, row, &value);
    let table = listed(mapping, map.kind, &record);
    let attr = table.schema().find(&row.attr).unwrap();
    let Cell::Value(canonical) = table.cell(Row(0), attr) else {
        return Err(TestCaseError::fail(format!("{}: {record} was not read", row.attr)));
    };
    let back = map.writer.native(&row.attr, canonical).map_err(TestCaseError::fail)?;
    prop_assert_eq!(&back, &value, "{}: native -> {} -> native", row.attr, canonical);
    let Edit::Set { value: edited, .. } = map.writer.edit(&row.attr, canonical).unwrap() else { panic!("no set") };
    prop_assert_eq!(written(map, row, &edited), record);
    Ok(())
}

/// The rows that are read and written in the listing, so that the way there and back can be walked.
fn two_way(mapping: &Mapping) -> impl Iterator<Item = (&KindMap, &MapRow)> {
    mapping.kinds.iter().flat_map(|map| map.rows.iter().map(move |row| (map, row))).filter(|(_, row)| row.invertible)
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn every_invertible_text_comes_back_as_it_was(seed in any::<u64>()) {
        for mapping in mappings() {
            for (map, row) in two_way(mapping) {
                // A row without `write` is written by a call of its own; one without `read` is not in the listing.
                if row.list.is_some() || row.write.is_none() || row.read.is_empty() {
                    continue;
                }
                let mut runner = proptest::test_runner::TestRunner::new_with_rng(
                    ProptestConfig::default(),
                    proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &spread(seed)),
                );
                let native = natives(&row.via, row.json, &row.null).new_tree(&mut runner).unwrap().current();
                round_trip(mapping, map, row, &native)?;
            }
        }
    }

    #[test]
    fn every_invertible_entry_comes_back_as_it_was(seed in any::<u64>()) {
        for mapping in mappings() {
            for (map, row) in two_way(mapping) {
                let Some(list) = row.list.as_ref().filter(|_| !row.read.is_empty()) else { continue };
                let mut runner = proptest::test_runner::TestRunner::new_with_rng(
                    ProptestConfig::default(),
                    proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &spread(seed)),
                );
                let mut draw = |part: &Part, null: &[String]| {
                    let native = natives(&part.via, part.json, null).new_tree(&mut runner).unwrap().current();
                    part.via.iter().fold(native.as_str().into(), |text, step| step.read(text)).into_owned()
                };
                let key: Vec<String> = list.key.iter().map(|part| draw(part, &[])).collect();
                let key: Vec<&str> = key.iter().map(String::as_str).collect();
                let value = list.value.as_ref().map(|part| draw(part, &list.void)).unwrap_or_default();
                let mut record = json!({});
                map.writer.apply(&mut record, &map.writer.entry(&row.attr, &key, &value).unwrap()).unwrap();
                let table = listed(mapping, map.kind, &record);
                let shown = if value.is_empty() { key.join(" ") } else { format!("{}={value}", key.join(" ")) };
                prop_assert_eq!(entries(&table, Row(0), row.attr.as_str()).unwrap(), vec![shown], "{}", row.attr);
                map.writer.apply(&mut record, &map.writer.drop_entry(&row.attr, &key).unwrap()).unwrap();
                let table = listed(mapping, map.kind, &record);
                prop_assert_eq!(entries(&table, Row(0), row.attr.as_str()).unwrap(), Vec::<String>::new());
            }
        }
    }
}

fn spread(seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes
}

#[test]
fn what_is_not_invertible_is_marked_and_has_a_reason() {
    for mapping in mappings() {
        for (row, kind) in mapping.kinds.iter().flat_map(|map| map.rows.iter().map(move |row| (row, map.kind))) {
            let parts = row.list.iter().flat_map(|list| list.key.iter().chain(&list.value));
            let one_way_step = row.via.iter().chain(parts.flat_map(|part| &part.via)).any(|step| !step.invertible());
            let one_way =
                one_way_step || row.default.is_some() || matches!(row.access, Access::ReadOnly | Access::WriteOnly);
            assert_eq!(row.invertible, !one_way, "{} {kind} {}", mapping.connector, row.attr);
        }
    }
}

#[test]
fn enough_rows_are_walked_there_and_back() {
    let count = |name: &str| two_way(&Mapping::builtin(name).unwrap()).filter(|(_, row)| !row.read.is_empty()).count();
    assert!(count("scim") >= 30 && count("aha") >= 6, "{} {}", count("scim"), count("aha"));
}

fn page() -> String {
    let user = json!({"id": "u1", "userName": "lena", "active": "True", "name": {"givenName": "Lé\"na"},
        "emails": [{"value": "a@x", "type": "work"}, {"value": "b@x", "primary": true}], "groups": [{"value": "g1"}],
        ENTERPRISE: {"manager": {"value": "u9"}, "department": "R\u{202e}D"}, "meta": {"created": 12.50},
        "urn:acme:User": {"productRoles": [{"productId": 18_446_744_073_709_551_615_u64, "role": null}]}, "password": "x"});
    json!({"totalResults": 2, "Resources": [user, {"id": 2, "emails": {"value": "c"}}], "nextCursor": "x"}).to_string()
}

/// Any of the pages with a few bytes changed, cut or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    prop::collection::vec(change, 0..6).prop_map(|changes| {
        let mut bytes = page().into_bytes();
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => bytes.insert(at, b"{}[]\",:0\\u"[byte as usize % 10]),
                _ => bytes.extend_from_within(at..),
            }
        }
        bytes
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "id",
        "Id",
        "Resources",
        "users",
        "user",
        "emails",
        "value",
        "type",
        "primary",
        "name",
        "product_roles",
        "role",
        "product_id",
        "children",
        "urn:x:User",
        "productRoles",
        "productId",
        ENTERPRISE,
        "manager",
        "totalResults",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|fields| fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

fn survive(bytes: &[u8]) {
    for mapping in mappings() {
        for (feed, reader) in mapping.feeds.iter().zip(&mapping.readers) {
            let mut into = TableBuilder::new(reader.schema().clone());
            into.begin("u1");
            into.end();
            let _ = reader.read(bytes, Some("u1"), &mut into);
            let _ = reader.read_lines(bytes, &mut into);
            reader.settle(&mut into);
            let _ = reader.redact(bytes);
            let table = into.table();
            for row in table.rows() {
                for (attr, _) in table.schema().iter() {
                    let _ = (table.cell(row, attr), table.entries(row, attr).map(<[_]>::len));
                }
            }
            assert!(!feed.name.is_empty());
        }
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn no_bytes_hurt_a_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survive(&bytes);
    }

    #[test]
    fn no_broken_page_hurts_a_reader(bytes in mutated()) {
        survive(&bytes);
    }

    #[test]
    fn no_document_hurts_a_reader(document in any_json()) {
        survive(document.to_string().as_bytes());
    }

    #[test]
    fn no_text_hurts_a_transform(text in "\\PC{0,40}|.{0,12}|/Date\\(.{0,12}\\)/") {
        for mapping in mappings() {
            for row in mapping.kinds.iter().flat_map(|map| &map.rows) {
                for step in &row.via {
                    let _ = step.write(&step.read(text.as_str().into()));
                }
            }
        }
    }

    #[test]
    fn no_bytes_hurt_the_parser_of_mapping_files(text in "\\PC{0,80}", at in any::<prop::sample::Index>()) {
        let whole = Mapping::builtin_text("aha").unwrap();
        let mut cut = at.index(whole.len());
        while !whole.is_char_boundary(cut) {
            cut -= 1;
        }
        let _ = Mapping::parse(&format!("{}{text}{}", &whole[..cut], &whole[cut..]), "x");
    }
}

#[test]
fn depth_is_an_error_and_not_a_crash() {
    for (open, close) in [("[", "]"), ("{\"emails\":", "}"), ("{\"Resources\":[", "]}"), ("{\"emails\":[1.5,", "]}")] {
        let deep =
            format!("{{\"Resources\":[{{\"id\":1.5,\"emails\":{}1{}}}]}}", open.repeat(20_000), close.repeat(20_000));
        survive(deep.as_bytes());
        survive(open.repeat(20_000).as_bytes());
    }
}
