#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::model::{AttrDef, Cell, Fold, Kind, ListDef};

fn text(path: &str) -> AttrDef {
    AttrDef { fold: Fold::Exact, ..AttrDef::text(AttrPath::new(path)) }
}

fn schema() -> Arc<Schema> {
    let list = Form::List(ListDef { key: [Some(Kind::Product), None], two: false, value: Some(None), unlisted: None });
    Schema::new(
        Kind::User,
        vec![
            text("userName"),
            AttrDef { unreadable: true, ..text("name.givenName") },
            AttrDef { later: true, ..text("title") },
            AttrDef { form: list, ..text("productRoles") },
        ],
    )
}

fn fill(rows: u32) -> TableBuilder {
    let mut builder = TableBuilder::new(schema());
    for n in 0..rows {
        assert!(builder.begin(&format!("id{n}")));
        builder.set(Attr(0), &format!("user{n}"));
        builder.entry(Attr(3), [&format!("p{}", n % 3), ""], "viewer");
        builder.entry(Attr(3), ["a", ""], "owner");
        builder.end();
    }
    builder
}

#[test]
fn cells_come_back_as_they_were_set_across_chunks() {
    let table = fill(10_000).table();
    assert_eq!(table.len(), 10_000);
    for n in [0, 1, 4095, 4096, 8191, 9999] {
        let row = table.find(&format!("id{n}")).unwrap();
        assert_eq!(row, Row(n));
        assert_eq!(table.cell(row, Attr(0)), Cell::Value(&format!("user{n}")));
        assert_eq!(table.cell(row, Attr(1)), Cell::Unreadable);
        assert_eq!(table.cell(row, Attr(2)), Cell::Unread);
        let entries = table.entries(row, Attr(3)).unwrap();
        assert_eq!(entries.len(), 2);
        let mut keys: Vec<_> = entries.iter().map(|&entry| table.entry_text(Attr(3), entry).0[0]).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["a".to_owned(), format!("p{}", n % 3)]);
    }
}

#[test]
fn an_id_is_taken_once() {
    let mut builder = fill(5000);
    assert!(!builder.begin("id7"));
    assert!(!builder.begin("id4999"));
    assert!(!builder.begin(""));
    assert_eq!(builder.len(), 5000);
}

#[test]
fn what_a_second_feed_brings_joins_its_owner_and_the_rest_stays_unread() {
    let mut builder = fill(5000);
    assert!(builder.late("id4500"));
    builder.set(Attr(2), "Dr.");
    builder.end();
    assert!(builder.late("id1"));
    builder.list_read(Attr(3));
    builder.end();
    assert!(!builder.late("nobody"));
    let table = builder.table();
    assert_eq!(table.cell(Row(4500), Attr(2)), Cell::Value("Dr."));
    assert_eq!(table.cell(Row(4501), Attr(2)), Cell::Unread);
    assert_eq!(table.cell(Row(4500), Attr(0)), Cell::Value("user4500"));
    assert_eq!(table.entries(Row(1), Attr(3)), Some(&[][..]));
    assert_eq!(table.entries(Row(2), Attr(3)).unwrap().len(), 2);
}

#[test]
fn a_table_taken_early_does_not_change_when_the_builder_goes_on() {
    let mut builder = fill(10);
    let early = builder.table();
    assert!(builder.begin("late"));
    builder.end();
    assert_eq!((early.len(), builder.table().len()), (10, 11));
    assert_eq!(early.find("late"), None);
}

#[test]
fn pages_of_details_add_up_however_they_are_cut() {
    let mut builder = fill(9000);
    for turn in 0..3 {
        for n in 0..9000 {
            assert!(builder.late(&format!("id{n}")));
            builder.entry(Attr(3), [&format!("late{turn}"), ""], "");
            builder.set(Attr(2), &format!("title {turn}"));
            builder.end();
        }
    }
    let table = builder.table();
    for n in [0, 4095, 4096, 8191, 8999] {
        let entries = table.entries(Row(n), Attr(3)).unwrap();
        let keys: Vec<_> = entries.iter().map(|&entry| table.entry_text(Attr(3), entry).0[0]).collect();
        assert_eq!(keys, ["late0", "late1", "late2"], "the listing's own two are replaced");
        assert_eq!(table.cell(Row(n), Attr(2)), Cell::Value("title 2"));
        assert_eq!(table.cell(Row(n), Attr(0)), Cell::Value(&format!("user{n}")));
    }
}

#[test]
fn who_was_not_mentioned_has_nothing_once_the_second_feed_is_settled() {
    let mut builder = fill(5000);
    assert!(builder.late("id3"));
    builder.set(Attr(2), "Dr.");
    builder.end();
    builder.settle(Attr(2));
    let table = builder.table();
    assert_eq!(table.cell(Row(3), Attr(2)), Cell::Value("Dr."));
    assert_eq!(table.cell(Row(4), Attr(2)), Cell::Empty);
    assert_eq!(table.cell(Row(4999), Attr(2)), Cell::Empty);
}

#[test]
fn what_was_not_looked_at_is_unread() {
    let mut builder = TableBuilder::new(schema());
    assert!(builder.begin("x"));
    builder.unread(Attr(0));
    builder.unread(Attr(3));
    builder.end();
    assert!(builder.begin("y"));
    builder.entry(Attr(3), ["a", ""], "b");
    builder.entry(Attr(3), ["a", ""], "b");
    builder.set(Attr(0), "y");
    builder.unread(Attr(0));
    builder.end();
    let table = builder.table();
    assert_eq!((table.cell(Row(0), Attr(0)), table.entries(Row(0), Attr(3))), (Cell::Unread, None));
    assert_eq!(table.cell(Row(1), Attr(0)), Cell::Value("y"));
    assert_eq!(table.entries(Row(1), Attr(3)).unwrap().len(), 1);
}

#[test]
fn an_attribute_called_id_is_the_id() {
    let schema = Schema::new(Kind::User, vec![text("title"), text("id")]);
    let mut builder = TableBuilder::new(schema);
    for n in 0..5000 {
        assert!(builder.begin(&format!("u{n}")));
        builder.set(Attr(1), "something else");
        builder.end();
    }
    let table = builder.table();
    assert_eq!(table.cell(Row(4999), Attr(1)), Cell::Value("u4999"));
    assert_eq!(table.cell(Row(0), Attr(1)), Cell::Value("u0"));
    assert_eq!(table.chunks()[1].column(1).text(0, table.dict(1)), Some("u4096"));
}

#[test]
fn an_attribute_that_was_not_set_is_empty() {
    let mut builder = TableBuilder::new(schema());
    assert!(builder.begin("x"));
    builder.end();
    assert_eq!(builder.table().cell(Row(0), Attr(0)), Cell::Empty);
}
