//! Exports read in pieces: what comes of good ones, and where bad ones are said to be bad.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::LazyLock;

use proptest::prelude::*;

use super::parser::Parser;
use super::*;
use crate::model::{Attr, Row, Table, TableBuilder};
use crate::plan::Finding;

static MAPPING: LazyLock<Arc<Mapping>> = LazyLock::new(|| Arc::new(Mapping::builtin("file").unwrap()));

/// An export read to its end in blocks of so many bytes.
fn read_with(mapping: &Arc<Mapping>, file: &str, written: &Written, bytes: &[u8], block: usize) -> (Table, Proof) {
    let mut parser = Parser::new(mapping.clone(), "users".into(), file, written.clone());
    let mut into = TableBuilder::new(mapping.kind(Kind::User).unwrap().schema.clone());
    for block in bytes.chunks(block.max(1)) {
        parser.take(block, &mut into);
    }
    parser.take(&[], &mut into);
    (into.table(), parser.proof())
}

fn read(file: &str, bytes: impl AsRef<[u8]>) -> (Table, Proof) {
    read_with(&MAPPING, file, &Written::default(), bytes.as_ref(), 1 << 20)
}

fn attr(table: &Table, path: &str) -> Attr {
    table.schema().find(&AttrPath::new(path)).unwrap()
}

fn text(table: &Table, id: &str, path: &str) -> String {
    let row = table.find(id).unwrap_or_else(|| panic!("no record {id}"));
    table.cell(row, attr(table, path)).text().to_owned()
}

/// The entries of a list, as `first/second=value`.
fn list(table: &Table, id: &str, path: &str) -> Option<Vec<String>> {
    let (row, attr) = (table.find(id).unwrap(), attr(table, path));
    let entries = table.entries(row, attr)?;
    let told = |entry| {
        let ([first, second], value) = table.entry_text(attr, entry);
        format!("{first}/{second}={value}")
    };
    let mut all: Vec<String> = entries.iter().copied().map(told).collect();
    all.sort();
    Some(all)
}

fn why(proof: &Proof) -> &str {
    match proof {
        Proof::Partial { why } => why,
        other => panic!("it is proved: {other:?}"),
    }
}

fn complete(proof: &Proof) -> u64 {
    match proof {
        Proof::Complete { total, .. } => *total,
        other => panic!("it is not proved: {other:?}"),
    }
}

const PEOPLE: &str = "userName,name.givenName,email,active,department,productRoles,groups,grants\r\n\
    ana@example.com,Ana,ANA@example.com,yes,Sales,contributor@MOB; viewer@WEB,Sales;R\\;D,auditor@100\r\n\
    bo@example.com,\"Bo \"\"the\r\nBold\"\"\",,no,,,,\r\n\
    王@example.com,小明,,1,财务部,none@MOB,,\r\n";

#[test]
fn a_csv_is_read_by_its_header_with_lists_quotes_and_line_ends_in_cells() {
    let (table, proof) = read("people.csv", PEOPLE);
    assert_eq!((table.len(), complete(&proof)), (3, 3));
    assert_eq!(text(&table, "ana@example.com", "name.givenName"), "Ana");
    assert_eq!(text(&table, "ana@example.com", "emails[work]"), "ANA@example.com");
    assert_eq!(text(&table, "ana@example.com", "active"), "true");
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    assert_eq!(text(&table, "王@example.com", department), "财务部");
    assert_eq!(text(&table, "bo@example.com", "name.givenName"), "Bo \"the\r\nBold\"");
    assert_eq!(text(&table, "bo@example.com", "active"), "false");
    let list = |id: &str, path: &str| list(&table, id, path).unwrap();
    assert_eq!(list("ana@example.com", "productRoles"), ["MOB/=contributor", "WEB/=viewer"]);
    assert_eq!(list("ana@example.com", "groups"), ["R;D/=", "Sales/="]);
    assert_eq!(list("ana@example.com", "grants"), ["100/auditor="]);
    assert_eq!(list("bo@example.com", "productRoles"), [""; 0]);
}

#[test]
fn an_attribute_without_a_column_is_unread_and_one_with_an_empty_cell_is_empty() {
    let (table, _) = read("people.csv", "userName,title\nana,\n");
    let row = table.find("ana").unwrap();
    assert_eq!(table.cell(row, attr(&table, "title")), crate::model::Cell::Empty);
    assert_eq!(table.cell(row, attr(&table, "active")), crate::model::Cell::Unread);
    assert_eq!(list(&table, "ana", "groups"), None);
}

#[test]
fn a_key_without_a_column_is_nobodys_and_not_one_that_may_be_anybodys() {
    let (table, _) = read("people.csv", "userName,title\nana,\n");
    let row = table.find("ana").unwrap();
    assert_eq!(table.cell(row, attr(&table, "emails[work]")), crate::model::Cell::Unreadable);
    let (table, _) = read("people.csv", "userName,email\nana,\n");
    let row = table.find("ana").unwrap();
    assert_eq!(table.cell(row, attr(&table, "emails[work]")), crate::model::Cell::Empty);
}

#[test]
fn however_a_file_is_cut_into_blocks_the_same_comes_of_it() {
    let whole = read("people.csv", PEOPLE);
    for block in 1..PEOPLE.len() {
        let (table, proof) = read_with(&MAPPING, "people.csv", &Written::default(), PEOPLE.as_bytes(), block);
        assert_eq!(proof, whole.1, "in blocks of {block}");
        assert_eq!(text(&table, "bo@example.com", "name.givenName"), "Bo \"the\r\nBold\"", "in blocks of {block}");
    }
}

#[test]
fn semicolons_and_tabs_are_told_by_the_header_and_a_single_column_is_fine() {
    for (text, want) in [("userName;title\nana;Boss\n", "Boss"), ("userName\ttitle\nana\tBoss, big\n", "Boss, big")] {
        let (table, proof) = read("people.csv", text);
        assert_eq!(complete(&proof), 1, "{text}");
        assert_eq!(self::text(&table, "ana", "title"), want);
    }
    assert_eq!(complete(&read("people.csv", "userName\nana\nbo\n").1), 2);
}

#[test]
fn json_lines_and_documents_hold_scim_records() {
    let ana = r#"{"id":"1","userName":"ana","emails":[{"value":"a@x","type":"work"}],"productRoles":[{"productId":"MOB","role":30}]}"#;
    let bo = r#"{"userName":"bo","active":false}"#;
    let lines = format!("{ana}\n\n{bo}");
    let document = format!(r#"{{"schemas":["x"],"totalResults":2,"Resources":[{ana},{bo}]}}"#);
    let bare = format!(" [{ana},\n{bo}]");
    for (file, text) in [("a.jsonl", &lines), ("-", &lines), ("a.json", &document), ("-", &document), ("-", &bare)] {
        for block in [7, 1 << 20] {
            let (table, proof) = read_with(&MAPPING, file, &Written::default(), text.as_bytes(), block);
            assert_eq!(complete(&proof), 2, "{file} {text}");
            assert_eq!(self::text(&table, "1", "emails[work]"), "a@x");
            assert_eq!(list(&table, "1", "productRoles").unwrap(), ["MOB/=contributor"]);
            assert_eq!(self::text(&table, "bo", "active"), "false", "the user name stands in for an id");
        }
    }
}

/// Bad exports: the file's name, its bytes, what is said (all parts), how many records are shown all the same.
#[test]
fn what_is_wrong_is_told_by_line_and_column_and_proves_nothing() {
    let table: &[(&str, &[u8], &[&str], usize)] = &[
        ("a.csv", b"", &["empty"], 0),
        ("a.csv", b"userName,title\n", &["holds no record"], 0),
        ("a.csv", b"userName,title\nana,x\nbo\ncy,z\n", &["line 3, column 3", "1 cell and the header 2"], 2),
        ("a.csv", b"userName,title\nana,x,y\n", &["line 2, column 7", "3 cells and the header 2"], 0),
        ("a.csv", b"userName,title\nana,x\nANA,y\nana,z\n", &["line 4, column 1", "the key `ana` came before"], 2),
        ("a.csv", b"userName,title\n,x\nana,x\n", &["line 2, column 1", "has no key"], 1),
        ("a.csv", b"userName,title\nana,Bo", &["line 2, column 7", "without a line end"], 0),
        ("a.csv", b"userName,title\nana,\"Bo\nand on\n", &["line 2, column 5", "quote is opened here"], 0),
        ("a.csv", b"userName,title,title\nana,Bo,x\n", &["line 1, column 16", "two columns `title`"], 0),
        ("a.csv", b"login,title\nana,Bo\n", &["line 1, column 1", "`id` or `userName` or `email`"], 0),
        (
            "a.csv",
            b"userName,productRoles\nana,contributor\nbo,a@b@c\n",
            &["line 2, column 5", "`contributor` is not written as role@productId", "line 3, column 4"],
            2,
        ),
        ("a.csv", b"userName,title\nana,x\nbo,B\xf6se\ncy,x\n", &["line 3, column 5", "no UTF-8"], 1),
        ("a.csv", b"userName,title\nana,\xb2\xc6\xce\xf1\xb2\xbf\n", &["line 2, column 5", "GB18030"], 0),
        ("a.csv", b"u\0s\0e\0r\0N\0a\0m\0e\0\n\0a\0\n\0", &["line 1, column 2", "UTF-16"], 0),
        ("a.jsonl", b"{\"userName\":\"ana\"}\n{\"userName\":\"b", &["line 2, column 14", "cut off"], 1),
        (
            "a.jsonl",
            b"{\"userName\":\"ana\"}\nnonsense\n\n{\"userName\":\"bo\"}\n{\"userName\":\"ana\"}\n{}\n",
            &["line 2, column 2", "line 5, column 1: the key `ana`", "line 6, column 1", "no key"],
            2,
        ),
        ("a.jsonl", b"{\"userName\":\"ana\"}\n{\"userName\":\"b\xff\"}\n", &["line 2, column 15", "no UTF-8"], 1),
        ("a.json", b"{\"Resources\":[{\"userName\":\"ana\"},\n{\"userName\":", &["line 2, column 12", "cut off"], 1),
        (
            "a.json",
            b"{\"Resources\":[{\"userName\":\"ana\"}],\"totalResults\":7}",
            &["1 records", "totalResults says 7"],
            1,
        ),
        ("a.json", b"{\"users\":[]}", &["no `Resources`"], 0),
        (
            "a.json",
            b"{\"schemas\":[\"x\"],\"Resources\":[{\"userName\":\"ana\"},\n  {\"userName\":\"ana\"}]}",
            &["line 2, column 3", "came before"],
            1,
        ),
        ("a.json", b"[{\"userName\":\"ana\"},", &["line 1, column 21", "cut off"], 1),
    ];
    for (file, bytes, said, records) in table {
        for block in [3, 1 << 20] {
            let (table, proof) = read_with(&MAPPING, file, &Written::default(), bytes, block);
            let shown = String::from_utf8_lossy(bytes);
            let why = why(&proof);
            assert!(why.starts_with(file), "{why}");
            said.iter().for_each(|part| assert!(why.contains(part), "{part:?} is not in {why:?}, of {shown}"));
            assert_eq!(table.len(), *records, "{shown}, in blocks of {block}");
        }
    }
}

#[test]
fn only_the_first_faults_are_told_one_by_one() {
    let mut text = String::from("userName,title\n");
    (0..40).for_each(|_| text.push_str("ana\n"));
    let (_, proof) = read("a.csv", &text);
    assert!(why(&proof).contains("line 6") && !why(&proof).contains("line 7"), "{}", why(&proof));
    assert!(why(&proof).ends_with("; and 35 more"), "{}", why(&proof));
}

#[test]
fn a_mark_is_no_part_of_the_first_column_and_utf_16_with_a_mark_is_read() {
    assert_eq!(complete(&read("a.csv", b"\xef\xbb\xbfuserName\nana\n").1), 1);
    for (mark, little) in [([0xff, 0xfe], true), ([0xfe, 0xff], false)] {
        let mut bytes = mark.to_vec();
        for unit in "userName,title\r\n王,😀\r\n".encode_utf16() {
            bytes.extend(if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        }
        for block in [1, 5, 1 << 20] {
            let (table, proof) = read_with(&MAPPING, "a.csv", &Written::default(), &bytes, block);
            assert_eq!(complete(&proof), 1);
            assert_eq!(text(&table, "王", "title"), "😀");
        }
    }
    let gb = Written { encoding: text::Encoding::named("gb18030"), ..Written::default() };
    for block in [1, 2, 1 << 20] {
        let (table, _) = read_with(&MAPPING, "a.csv", &gb, b"userName,title\nana,\xb2\xc6\xce\xf1\xb2\xbf\n", block);
        assert_eq!(self::text(&table, "ana", "title"), "财务部");
    }
    let (_, proof) = read_with(&MAPPING, "a.csv", &gb, b"userName,title\nana,x\nbo,\xff\n", 1 << 20);
    assert!(why(&proof).contains("line 3, column 4: these bytes are no GB18030"), "{}", why(&proof));
}

#[test]
fn a_mapping_file_says_what_columns_are_called() {
    let rows = r#"
        [[row]]
        kind = "User"
        attr = "userName"
        read = "Login"
        match = 1
        cite = "our payroll"

        [[row]]
        kind = "User"
        attr = "title"
        read = "'Job Title (long)'"
        cite = "our payroll"
    "#;
    let base = Mapping::builtin_text("file").unwrap();
    let mapping = Arc::new(Mapping::overlaid(base, rows, "people.toml").unwrap());
    let text = "Job Title (long),LOGIN\nBoss,ana\n";
    let (table, proof) = read_with(&mapping, "people.csv", &Written::default(), text.as_bytes(), 9);
    assert_eq!(complete(&proof), 1);
    assert_eq!(self::text(&table, "ana", "title"), "Boss");
    let lines = r#"{"Login":"ana","Job Title (long)":"Boss"}"#;
    let (table, _) = read_with(&mapping, "people.jsonl", &Written::default(), lines.as_bytes(), 9);
    assert_eq!(self::text(&table, "ana", "title"), "Boss");
}

fn settings(own: &[(&str, &str)]) -> Settings {
    let own = own.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Settings { own, ..Settings::default() }
}

fn probed(own: &[(&str, &str)], heads: &[&[u8]]) -> Site {
    let file = File::new(MAPPING.clone(), &settings(own));
    let mut walk = file.probe();
    let reply = |body: &&[u8]| Reply { status: 200, headers: Vec::new(), body: body.to_vec().into() };
    let mut next = walk.next(Input::Start);
    if let Next::Ask(asked) = &next {
        assert_eq!(asked.len(), heads.len());
        next = walk.next(Input::Replies(heads.iter().map(reply).collect()));
    }
    let Next::Done(Finish::Site(site)) = next else { panic!("the test does not end") };
    *site
}

#[test]
fn the_test_says_what_a_file_is_and_which_columns_nobody_knows() {
    let site = probed(&[("users", "p.csv")], &[b"userName,titel,Shoe Size,badge\nana,x,44,7\n"]);
    assert!(site.good());
    let told: Vec<&str> = site.evidence.iter().map(|line| line.detail.as_str()).collect();
    assert_eq!(told[0], "CSV, UTF-8; 4 columns between commas, `userName` says which User a row is");
    assert!(told[1].starts_with("p.csv, line 1, column 10: the column `titel`"), "{told:?}");
    assert!(told[1].ends_with("; did you mean `title`?"), "{told:?}");
    assert!(told[2].contains("column 16: the column `Shoe Size` is not read"), "{told:?}");
    let found: Vec<&str> = site.discovered.iter().map(|(_, path)| path.as_str()).collect();
    assert_eq!(found, ["titel", "badge"]);
    let grown = Arc::new(MAPPING.with_discovered(vec![(Kind::User, AttrPath::new("badge"))]));
    let (table, _) = read_with(&grown, "p.csv", &Written::default(), b"userName,badge\nana,7\n", 99);
    assert_eq!(text(&table, "ana", "badge"), "7");
}

#[test]
fn fields_of_json_records_that_nobody_knows_are_found_too() {
    let head = br#"{"id":"1","badge":"7","name":{"givenName":"A"},"urn:x:1.0:User":{"shoe":44},"n":[1]}
{"id":"2","cut":"#;
    let site = probed(&[("users", "p.jsonl")], &[head]);
    let found: Vec<&str> = site.discovered.iter().map(|(_, path)| path.as_str()).collect();
    assert_eq!(found, ["badge", "urn:x:1.0:User:shoe"]);
}

#[test]
fn one_bad_file_leaves_the_others_and_no_good_one_is_a_failed_test() {
    let site = probed(&[("users", "p.csv"), ("groups", "g.csv")], &[b"userName\nana\n", b"x\n1\n"]);
    assert!(site.good());
    assert!(site.evidence.iter().any(|line| line.finding == Finding::Note && line.detail.contains("g.csv, line 1")));
    assert!(!probed(&[("groups", "g.csv")], &[b"x\n1\n"]).good());
    assert!(!probed(&[], &[]).good());
}

#[test]
fn a_walk_asks_on_where_it_stopped_and_holds_the_file_to_what_it_was() {
    let file = File::new(MAPPING.clone(), &settings(&[("path", "-"), ("roles", "r.csv")]));
    assert_eq!(file.feeds(&Site::default(), Kind::User).len(), 1);
    assert_eq!(file.feeds(&Site::default(), Kind::Group).len(), 0);
    let mut walk = file.walk(&Site::default(), "users", Vec::new());
    let mut into = TableBuilder::new(MAPPING.kind(Kind::User).unwrap().schema.clone());
    let mut input = Input::Start;
    for (from, body) in [(0, "userName\na"), (10, "na\n"), (13, "")] {
        let Next::Ask(asked) = walk.next(input) else { panic!("it asks for nothing") };
        let ask = Ask::of(&asked[0]).unwrap();
        assert_eq!((ask.file.as_str(), ask.from), ("-", from));
        assert_eq!(ask.stamp.as_deref(), (from > 0).then_some("7"));
        let reply = Reply { status: 200, headers: vec![("stamp".into(), "7".into())], body: body.into() };
        let Next::Block(block) = walk.next(Input::Replies(vec![reply])) else { panic!("nothing to read") };
        input = Input::Taken(block.read(&mut into).unwrap());
    }
    let Next::Done(Finish::Feed(proof)) = walk.next(input) else { panic!("the walk does not end") };
    assert_eq!(complete(&proof), 1);
    assert_eq!(into.table().id(Row(0)), "ana");
}

#[test]
fn the_sample_of_the_help_is_read_as_the_help_says() {
    let sample: Vec<&str> =
        MAPPING.about.lines().skip_while(|line| !line.starts_with("    userName,")).take(3).collect();
    let text: String = sample.iter().flat_map(|line| [line.trim(), "\n"]).collect();
    let (table, proof) = read("people.csv", &text);
    assert_eq!(complete(&proof), 2, "{text}");
    assert_eq!(list(&table, "ana@x.com", "productRoles").unwrap(), ["MOB/=contributor", "WEB/=viewer"]);
    assert_eq!(self::text(&table, "bo@x.com", "displayName"), "van Berg, Bo");
    let site = probed(&[("users", "people.csv")], &[text.as_bytes()]);
    assert_eq!(site.evidence.len(), 1, "every column is known: {:?}", site.evidence);
}

#[test]
fn nothing_is_ever_written_to_a_file() {
    let file = File::new(MAPPING.clone(), &settings(&[("users", "p.csv")]));
    assert!(matches!(file.render(&Site::default(), &[], None), Err(Refusal::Cannot(_))));
    for map in &MAPPING.kinds {
        for op in crate::model::Op::ALL {
            assert_ne!(MAPPING.can(map.kind, op), crate::mapping::Capability::Yes, "{op:?} {}", map.kind);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), block in 1usize..40, name in "(a[.](csv|jsonl|json))|-") {
        let _ = read_with(&MAPPING, &name, &Written::default(), &bytes, block);
        let _ = probed(&[("users", &name)], &[&bytes]);
    }

    #[test]
    fn no_text_that_looks_like_csv_panics(
        text in "(userName|id)[,;\t|](productRoles|grants|title)\r?\n([a-c,;@\\\\\"\r\n]{0,12}){0,8}",
        block in 1usize..40,
    ) {
        let whole = read("a.csv", &text);
        let (table, proof) = read_with(&MAPPING, "a.csv", &Written::default(), text.as_bytes(), block);
        prop_assert_eq!(table.len(), whole.0.len());
        prop_assert_eq!(proof.complete(), whole.1.complete());
    }

    #[test]
    fn what_is_quoted_by_the_rules_is_read_as_it_was(cells in proptest::collection::vec("[ -~äöü王\r\n]{1,12}", 1..20)) {
        let mut text = String::from("userName,title\n");
        for (number, cell) in cells.iter().enumerate() {
            text.push_str(&format!("u{number},\"{}\"\n", cell.replace('"', "\"\"")));
        }
        let (table, proof) = read("a.csv", &text);
        prop_assert_eq!(complete(&proof), cells.len() as u64);
        for (number, cell) in cells.iter().enumerate() {
            prop_assert_eq!(&self::text(&table, &format!("u{number}"), "title"), cell);
        }
    }
}
