#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::mapping::{Mapping, ReadError};
use crate::model::{AttrPath, Cell, Kind, Row, Table, TableBuilder};

pub(crate) fn read(mapping: &Mapping, feed: &str, page: &str) -> Table {
    let reader = mapping.reader(feed).unwrap();
    let mut into = TableBuilder::new(reader.schema().clone());
    reader.read(page.as_bytes(), None, &mut into).unwrap();
    into.table()
}

fn text(table: &Table, row: u32, path: &str) -> String {
    match table.cell(Row(row), table.schema().find(&AttrPath::from(path)).expect(path)) {
        Cell::Value(text) => text.to_owned(),
        Cell::Empty => "(empty)".to_owned(),
        Cell::Unread => "(unread)".to_owned(),
        Cell::Unreadable => "(unreadable)".to_owned(),
    }
}

/// Entries as `key key=value`, in the order of their texts; `None` where the list was not read.
fn entries(table: &Table, row: u32, path: &str) -> Option<Vec<String>> {
    let attr = table.schema().find(&AttrPath::from(path)).expect(path);
    let mut all: Vec<String> = table
        .entries(Row(row), attr)?
        .iter()
        .map(|&entry| {
            let ([first, second], value) = table.entry_text(attr, entry);
            let key = if second.is_empty() { first.to_owned() } else { format!("{first} {second}") };
            if value.is_empty() { key } else { format!("{key}={value}") }
        })
        .collect();
    all.sort();
    Some(all)
}

const LENA: &str = r#"{"id":"u1","userName":"lena","name":{"givenName":"L\u00e9na \"L\"","familyName":"Fischer"},
  "emails":[{"value":"home@x","type":"home"},{"value":"lena@x","type":"WORK"}],
  "phoneNumbers":[{"type":"mobile","value":"+49 1"},{"value":"+49 2","type":"work"}],
  "ACTIVE":"True","unknown":{"deep":[1,2,{"x":[]}]},"title":null,"locale":"",
  "addresses":[{"locality":"Berlin","type":"work"}],
  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D","manager":{"value":"u9"}},
  "urn:starling:whatever:2.0:User":{"productRoles":[{"productId":"p1","role":"viewer"},{"role":"owner","productId":"p2"}]},
  "groups":[{"value":"g1","display":"Ops"},{"value":"g2"}],
  "meta":{"resourceType":"User","created":"2026-01-01T00:00:00Z"}}"#;

#[test]
fn a_scim_user_is_read_whole() {
    let scim = Mapping::builtin("scim").unwrap();
    let page = format!(r#"{{"totalResults":1,"startIndex":1,"Resources":[{LENA}],"schemas":["x"]}}"#);
    let table = read(&scim, "users", &page);
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for (path, wanted) in [
        ("id", "u1"),
        ("userName", "lena"),
        ("name.givenName", "Léna \"L\""),
        ("emails[work]", "lena@x"),
        ("emails[home]", "home@x"),
        ("emails[other]", "(empty)"),
        ("phoneNumbers[mobile]", "+49 1"),
        ("phoneNumbers[work]", "+49 2"),
        ("active", "true"),
        ("title", "(empty)"),
        ("locale", "(empty)"),
        ("addresses[work].locality", "Berlin"),
        (&format!("{urn}:department"), "R&D"),
        (&format!("{urn}:manager"), "u9"),
        ("meta.created", "2026-01-01T00:00:00Z"),
        ("password", "(unreadable)"),
    ] {
        assert_eq!(text(&table, 0, path), wanted, "{path}");
    }
    assert_eq!(entries(&table, 0, "productRoles").unwrap(), ["p1=viewer", "p2=owner"]);
    assert_eq!(entries(&table, 0, "groups").unwrap(), ["g1", "g2"]);
}

#[test]
fn the_envelope_is_kept_without_the_records() {
    let scim = Mapping::builtin("scim").unwrap();
    let reader = scim.reader("users").unwrap();
    let mut into = TableBuilder::new(reader.schema().clone());
    let page = format!(r#"{{"Resources":[{LENA},{LENA}],"totalResults":7,"nextCursor":"c2"}}"#);
    let taken = reader.read(page.as_bytes(), None, &mut into).unwrap();
    assert_eq!((taken.records, taken.fresh), (2, 1));
    assert_eq!(serde_json::Value::from(taken.envelope), serde_json::json!({"totalResults": 7, "nextCursor": "c2"}));
}

#[test]
fn the_work_mail_is_the_one_of_type_work_then_the_primary_then_one_without_a_type() {
    let scim = Mapping::builtin("scim").unwrap();
    let mail = |mails: &str| {
        text(&read(&scim, "users", &format!(r#"{{"Resources":[{{"id":"1","emails":{mails}}}]}}"#)), 0, "emails[work]")
    };
    assert_eq!(mail(r#"[{"value":"a","primary":true},{"value":"b","type":"work"}]"#), "b");
    assert_eq!(mail(r#"[{"value":"a","type":"home"},{"value":"b","primary":true,"type":"home"}]"#), "b");
    assert_eq!(mail(r#"[{"value":"a","type":"home"},{"value":"b"}]"#), "b");
    assert_eq!(mail(r#"[{"value":"a","type":"home"}]"#), "(empty)");
    assert_eq!(mail(r#"{"value":"a","type":"work"}"#), "a");
    assert_eq!(mail("[]"), "(empty)");
    assert_eq!(mail(r#"[{"value":"","type":"work"},{"value":"b","type":"work"}]"#), "b");
}

#[test]
fn the_work_phone_is_the_one_of_type_work_else_one_without_a_type() {
    let scim = Mapping::builtin("scim").unwrap();
    let phone = |phones: &str| {
        let page = format!(r#"{{"Resources":[{{"id":"1","phoneNumbers":{phones}}}]}}"#);
        text(&read(&scim, "users", &page), 0, "phoneNumbers[work]")
    };
    assert_eq!(phone(r#"[{"value":"+49 1"},{"value":"+49 2","type":"work"}]"#), "+49 2");
    assert_eq!(phone(r#"[{"value":"+49 1","type":"mobile"},{"value":"+49 2"}]"#), "+49 2");
    assert_eq!(phone(r#"[{"value":"+49 1","type":"mobile"}]"#), "(empty)");
}

const AHA: &str = r#"{"users":[{"id":"16338845","name":"Lena Fischer","email":"lena.fischer@example.com","timezone":"Europe/Berlin",
  "created_at":"2024-02-01T08:00:00.000Z","updated_at":"2026-10-03T12:31:07.000Z","accessed_at":null,
  "product_roles":[{"role":50,"role_description":"Viewer","product_id":"131414752","product_name":"Mobile App"},
    {"role":20,"role_description":"Owner","product_id":517761884,"product_name":null},
    {"role":0,"product_id":"9"},{"role":77,"product_id":"10"}],
  "user_roles":[{"role_id":409541421,"name":"Integration manager","scope":{"type":"project","name":"Mobile App","id":131414752}}],
  "enabled":true,"paid_seat":true,"administrator":true,
  "administrator_roles":{"administer_account":false,"administer_billing":true,"administer_configuration":false},
  "paid_seat_group":{"id":"572805993","name":"Group EU"},"identity_provider":{"type":"password"}}],
  "pagination":{"total_records":1,"total_pages":1,"current_page":1}}"#;

#[test]
fn an_aha_user_is_read_whole() {
    let aha = Mapping::builtin("aha").unwrap();
    let table = read(&aha, "users", AHA);
    for (path, wanted) in [
        ("id", "16338845"),
        ("userName", "lena.fischer@example.com"),
        ("emails[work]", "lena.fischer@example.com"),
        ("displayName", "Lena Fischer"),
        ("name.givenName", "(unreadable)"),
        ("active", "true"),
        ("administratorRoles.billing", "true"),
        ("administratorRoles.account", "false"),
        ("seatGroup", "Group EU"),
        ("identityProvider", "password"),
        ("lastAccess", "(empty)"),
        ("meta.lastModified", "2026-10-03T12:31:07.000Z"),
    ] {
        assert_eq!(text(&table, 0, path), wanted, "{path}");
    }
    assert_eq!(
        entries(&table, 0, "productRoles").unwrap(),
        ["10=aha:role:77", "131414752=viewer", "517761884=product_owner"]
    );
    assert_eq!(entries(&table, 0, "customRoles").unwrap(), ["131414752=409541421"]);
}

#[test]
fn what_a_feed_does_not_bring_is_unread_and_not_empty() {
    let aha = Mapping::builtin("aha").unwrap();
    let table = read(&aha, "user", r#"{"user":{"id":"1","email":"a@x"}}"#);
    assert_eq!(entries(&table, 0, "customRoles"), None);
    assert_eq!(entries(&table, 0, "productRoles"), Some(vec![]));
    let table = read(&aha, "products", r#"{"products":[{"id":"1","name":"A"}]}"#);
    assert_eq!(text(&table, 0, "resource"), "(unread)");
    assert_eq!(entries(&table, 0, "children"), None);
    let table = read(&aha, "product", r#"{"product":{"id":"1","name":"A","children":[{"id":"2"}]}}"#);
    assert_eq!((text(&table, 0, "resource"), text(&table, 0, "name")), ("(empty)".into(), "A".into()));
    assert_eq!(entries(&table, 0, "children").unwrap(), ["2"]);
}

#[test]
fn one_record_is_read_wrapped_and_bare() {
    let aha = Mapping::builtin("aha").unwrap();
    let bare = read(&aha, "user", r#"{"id":"1","email":"a@x","enabled":false}"#);
    assert_eq!((text(&bare, 0, "id"), text(&bare, 0, "active")), ("1".into(), "false".into()));
    let reader = aha.reader("user").unwrap();
    let mut into = TableBuilder::new(reader.schema().clone());
    let error = reader.read(br#"{"error":"Record not found."}"#, None, &mut into).unwrap_err();
    assert_eq!(error, ReadError::NoRecords("`user`".into()));
    assert!(into.is_empty());
}

#[test]
fn details_join_the_record_that_they_are_about() {
    let aha = Mapping::builtin("aha").unwrap();
    let list = aha.reader("products").unwrap();
    let mut into = TableBuilder::new(list.schema().clone());
    list.read(br#"{"products":[{"id":"1","name":"A"},{"id":"2","name":"B"}]}"#, None, &mut into).unwrap();
    let details = aha.reader("product-details").unwrap();
    let page =
        br#"{"product":{"id":"2","product_line_type":"Division","children":[{"id":"1"}],"default_capacity_units":10}}"#;
    let taken = details.read(page, Some("2"), &mut into).unwrap();
    assert_eq!((taken.records, taken.fresh), (1, 1));
    let table = into.table();
    assert_eq!((text(&table, 1, "productLineType"), text(&table, 1, "name")), ("Division".into(), "B".into()));
    assert_eq!((text(&table, 1, "defaultCapacityUnits"), text(&table, 1, "resource")), ("10".into(), "(empty)".into()));
    assert_eq!(entries(&table, 1, "children").unwrap(), ["1"]);
    assert_eq!((text(&table, 0, "productLineType"), entries(&table, 0, "children")), ("(unread)".into(), None));
    assert_eq!(table.schema().kind(), Kind::Product);
}

#[test]
fn every_digit_of_an_id_stays() {
    let aha = Mapping::builtin("aha").unwrap();
    for id in ["9007199254740993", "18446744073709551615", "98765432109876543210123", "-0", "205.0", "2.50"] {
        let page = format!(r#"{{"users":[{{"id":"x","name":"\u0041"}},{{"id":{id},"name":"B\n"}}]}}"#);
        let table = read(&aha, "users", &page);
        assert_eq!((table.id(Row(1)), text(&table, 1, "displayName")), (id, "B\n".into()));
        assert_eq!(text(&table, 0, "displayName"), "A");
    }
}

#[test]
fn a_page_that_was_cut_off_is_broken_and_its_whole_records_stay() {
    let scim = Mapping::builtin("scim").unwrap();
    let reader = scim.reader("users").unwrap();
    let mut into = TableBuilder::new(reader.schema().clone());
    let cut = br#"{"totalResults":3,"Resources":[{"id":"1","userName":"a"},{"id":"2","userNa"#;
    assert!(matches!(reader.read(cut, None, &mut into), Err(ReadError::Broken(_))));
    assert_eq!(into.table().len(), 1);
    for broken in [&b"<html>"[..], b"", b"\xff\xfe", b"{} {}"] {
        assert!(matches!(reader.read(broken, None, &mut into), Err(ReadError::Broken(_))), "{broken:?}");
    }
}

#[test]
fn half_a_character_does_not_cost_a_page() {
    let scim = Mapping::builtin("scim").unwrap();
    let page = r#"{"Resources":[{"id":"1","displayName":"Ana \ud83d"},{"id":"2","displayName":"Bo \ud83d\ude00"}]}"#;
    let table = read(&scim, "users", page);
    assert_eq!(
        (text(&table, 0, "displayName"), text(&table, 1, "displayName")),
        ("Ana \u{fffd}".into(), "Bo 😀".into())
    );
    let reader = scim.reader("users").unwrap();
    let mut into = TableBuilder::new(reader.schema().clone());
    let lines = "{\"id\":\"1\",\"displayName\":\"Ana \\ud83d\"}\n{\"id\":\"2\"}\n";
    assert_eq!(reader.read_lines(lines.as_bytes(), &mut into).unwrap().fresh, 2);
    assert_eq!(text(&into.table(), 0, "displayName"), "Ana \u{fffd}");
}

#[test]
fn an_empty_page_is_told_from_another_document() {
    let scim = Mapping::builtin("scim").unwrap();
    let reader = scim.reader("users").unwrap();
    let mut into = TableBuilder::new(reader.schema().clone());
    for empty in [r#"{"totalResults":0}"#, r#"{"totalResults":3,"Resources":[]}"#, r#"{"Resources":null}"#] {
        assert_eq!(reader.read(empty.as_bytes(), None, &mut into).unwrap().records, 0, "{empty}");
    }
    for other in [r#"{"detail":"no","status":"500"}"#, "[]", "7", "null", r#""text""#] {
        let error = reader.read(other.as_bytes(), None, &mut into).unwrap_err();
        assert_eq!(error, ReadError::NoRecords("`Resources`".into()), "{other}");
    }
}

#[test]
fn lines_are_read_like_pages() {
    let scim = Mapping::builtin("scim").unwrap();
    let reader = scim.reader("users").unwrap();
    let mut into = TableBuilder::new(reader.schema().clone());
    let line = LENA.replace('\n', " ");
    let mut block = String::new();
    for n in 0..2000 {
        block.push_str(&line.replace("\"u1\"", &format!("\"u{n}\"")));
        block.push_str(if n % 2 == 0 { "\n" } else { "\r\n\n" });
    }
    let taken = reader.read_lines(block.as_bytes(), &mut into).unwrap();
    assert_eq!((taken.records, taken.fresh), (2000, 2000));
    let table = into.table();
    assert_eq!((table.id(Row(1999)), text(&table, 1999, "emails[work]")), ("u1999", "lena@x".into()));
    assert_eq!(entries(&table, 1999, "productRoles").unwrap(), ["p1=viewer", "p2=owner"]);
    let error = reader.read_lines(b"{\"id\":\"new\"}\n{\"id\":", &mut into).unwrap_err();
    assert!(matches!(error, ReadError::Line { line: 2, column: 6, .. }), "{error}");
    assert_eq!(into.table().len(), 2001);
}

#[test]
fn secrets_are_cut_out_of_a_page_and_nothing_else_is() {
    let scim = Mapping::builtin("scim").unwrap();
    let reader = scim.reader("users").unwrap();
    let page = br#"{ "a" : 1, "Resources":[{"PassWord" : "hunter2\"","id":"1"},{"x":{"password":{"deep":[1]}}}]}"#;
    let kept = reader.redact(page).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&kept),
        r#"{ "a" : 1, "Resources":[{"PassWord" : null,"id":"1"},{"x":{"password":null}}]}"#
    );
    assert!(reader.redact(br#"{"password":"hunter2"#).is_err());
    let mut tree = serde_json::json!({"password": "x", "list": [{"Password": 1}], "name": "n"});
    reader.redact_value(&mut tree);
    assert_eq!(tree, serde_json::json!({"password": null, "list": [{"Password": null}], "name": "n"}));
}
