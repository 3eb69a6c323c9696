#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::model::{Cell, Fold, Form, ListDef, Table, TableBuilder};

fn text_def(path: &str) -> AttrDef {
    AttrDef { fold: Fold::Exact, ..AttrDef::text(AttrPath::new(path)) }
}

fn schema(extra: &[&str]) -> Arc<Schema> {
    let list = Form::List(ListDef { key: [Some(Kind::Product), None], two: false, value: Some(None), unlisted: None });
    let mut defs = vec![
        AttrDef { unique: true, ..text_def("userName") },
        AttrDef { unreadable: true, ..text_def("name.givenName") },
        AttrDef { later: true, ..text_def("title") },
        AttrDef { form: list.clone(), ..text_def("productRoles") },
        AttrDef { form: list, later: true, ..text_def("grants") },
    ];
    defs.extend(extra.iter().map(|path| text_def(path)));
    Schema::new(Kind::User, defs)
}

fn snapshot(rows: u32) -> Snapshot {
    let mut builder = TableBuilder::new(schema(&[]));
    for n in 0..rows {
        if n > 0 && n % 100 == 0 {
            builder.next_page();
        }
        assert!(builder.begin(&format!("id{n}")));
        builder.set(Attr(0), &format!("王{n}"));
        builder.entry(Attr(3), [&format!("p{}", n % 3), ""], "viewer");
        builder.end();
    }
    for n in (0..rows).step_by(7) {
        assert!(builder.late(&format!("id{n}")));
        builder.set(Attr(2), "Dr.");
        builder.list_read(Attr(4));
        builder.end();
    }
    let feed = |feed: &str, proof| FeedState { feed: feed.into(), proof, pages: 3, requests: 4 };
    Snapshot {
        system: SystemId::new("aha/../x"),
        kind: Kind::User,
        generation: 7,
        table: builder.table(),
        feeds: vec![
            feed("users", Proof::Complete { how: "counted".into(), total: u64::from(rows) }),
            feed("grants", Proof::Reading { read: 9, of: None }),
        ],
        taken: "2026-08-20T10:00:00Z".parse().unwrap(),
    }
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("trueup-cache-{}", uuid::Uuid::now_v7())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_snapshot_comes_back_as_it_was_kept() {
    let folder = Folder::new();
    let cache = FileCache::new(&folder.0);
    let kept = snapshot(9000);
    cache.keep(&kept).unwrap();
    let back = cache.load(&kept.system, Kind::User, &schema(&[])).unwrap().unwrap();
    assert_eq!((back.generation, back.taken, back.table.len()), (7, kept.taken, 9000));
    for row in kept.table.rows() {
        assert_eq!(back.table.id(row), kept.table.id(row));
        assert_eq!(back.table.page(row), kept.table.page(row));
        for attr in [Attr(0), Attr(1), Attr(2)] {
            assert_eq!(back.table.cell(row, attr), kept.table.cell(row, attr));
        }
        for attr in [Attr(3), Attr(4)] {
            let texts = |table: &Table| {
                table.entries(row, attr).map(|entries| {
                    entries.iter().map(|entry| format!("{:?}", table.entry_text(attr, *entry))).collect::<Vec<_>>()
                })
            };
            assert_eq!(texts(&back.table), texts(&kept.table), "{row:?} {attr:?}");
        }
    }
    assert!(back.proved());
    assert!(!back.complete() && !back.reading());
}

/// What a row is in a table, attribute by attribute.
fn told(table: &Table, row: Row) -> Vec<String> {
    let list = |attr| {
        table.entries(row, attr).map(|entries| {
            let mut texts: Vec<_> =
                entries.iter().map(|entry| format!("{:?}", table.entry_text(attr, *entry))).collect();
            texts.sort();
            texts
        })
    };
    let of = |(attr, def): (Attr, &AttrDef)| match def.form {
        Form::Text => format!("{:?}", table.cell(row, attr)),
        Form::List(_) => format!("{:?}", list(attr)),
    };
    table.schema().iter().map(of).collect()
}

#[test]
fn what_was_not_read_of_a_record_comes_back_as_not_read_and_codes_as_their_texts() {
    let folder = Folder::new();
    let cache = FileCache::new(&folder.0);
    let mut builder = TableBuilder::new(schema(&["department", "note"]));
    for n in 0..9_000_u32 {
        assert!(builder.begin(&format!("id{n}")));
        match n % 5 {
            0 => builder.unread(Attr(5)),
            1 => {}
            _ => builder.set(Attr(5), &format!("部门{}", n % 300)),
        }
        // Hardly repeats, and so is in codes in the first blocks and plain after that.
        builder.set(Attr(6), &format!("note {}", n * 7 % 8_191));
        match n % 3 {
            0 => builder.unread(Attr(3)),
            1 => {}
            _ => (0..n % 4).for_each(|at| builder.entry(Attr(3), [&format!("p{}", n + at), ""], "viewer")),
        }
        builder.end();
    }
    let kept = Snapshot { table: builder.table(), ..snapshot(1) };
    cache.keep(&kept).unwrap();
    let own = schema(&["department", "note"]);
    let back = cache.load(&kept.system, Kind::User, &own).unwrap().unwrap();
    for row in kept.table.rows() {
        assert_eq!(told(&back.table, row), told(&kept.table, row), "{row:?}");
    }
    let some: Vec<Row> = [8_999, 3, 5_000, 4_095, 4_096, 0].map(Row).into();
    cache.keep_front(&kept, &some).unwrap();
    let (front, of) = cache.front(&kept.system, Kind::User, &own).unwrap().unwrap();
    assert_eq!((front.table.len(), of), (6, 9_000));
    for (at, row) in (0..).zip(some) {
        assert_eq!(told(&front.table, Row(at)), told(&kept.table, row), "{row:?}");
    }
}

#[test]
fn a_file_of_another_schema_is_read_anew() {
    let folder = Folder::new();
    let cache = FileCache::new(&folder.0);
    let kept = snapshot(3);
    cache.keep(&kept).unwrap();
    assert!(cache.load(&kept.system, Kind::User, &schema(&["email"])).unwrap().is_none());
    assert!(cache.load(&kept.system, Kind::Group, &schema(&[])).unwrap().is_none());
}

#[test]
fn a_damaged_file_is_named_and_not_believed() {
    let folder = Folder::new();
    let cache = FileCache::new(&folder.0);
    let kept = snapshot(500);
    cache.keep(&kept).unwrap();
    let path = cache.path(&kept.system, Kind::User);
    let whole = std::fs::read(&path).unwrap();
    for cut in [whole.len() - 1, whole.len() / 2, 10, 0] {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let why = cache.load(&kept.system, Kind::User, &schema(&[])).unwrap_err().to_string();
        assert!(why.contains("read anew"), "{why}");
    }
    let mut turned = whole.clone();
    let at = whole.len() - 20;
    turned[at] ^= 1;
    std::fs::write(&path, &turned).unwrap();
    assert!(cache.load(&kept.system, Kind::User, &schema(&[])).is_err());
}

#[test]
#[cfg(unix)]
fn nobody_else_can_read_what_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let cache = FileCache::new(folder.0.join("deep"));
    let kept = snapshot(3);
    cache.keep(&kept).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&cache.folder), 0o700);
    let path = cache.path(&kept.system, Kind::User);
    assert_eq!(path.parent(), Some(&*cache.folder));
    assert_eq!(mode(&path), 0o600);
    cache.keep_front(&kept, &[Row(0), Row(1)]).unwrap();
    assert!(cache.front(&kept.system, kept.kind, kept.table.schema()).unwrap().is_some());
    cache.purge(&kept.system).unwrap();
    assert!(cache.front(&kept.system, kept.kind, kept.table.schema()).unwrap().is_none(), "its front goes with it");
    assert!(!path.exists());
}

#[test]
fn snapshots_that_are_too_old_are_removed_and_a_system_is_forgotten_with_all_its_files() {
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).unwrap();
    let put = |name: &str, days: u64| {
        let file = File::create(folder.0.join(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(days * 86_400 + 60)).unwrap();
    };
    let names = || {
        let mut names: Vec<String> = std::fs::read_dir(&folder.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    for (name, days) in
        [("aha.user", 31), ("aha.group", 29), ("aha.role.77.new", 1), ("aha2.user", 1), ("notes.txt", 99)]
    {
        put(name, days);
    }
    let cache = FileCache::new(&folder.0);
    assert_eq!(cache.sweep(30).unwrap(), 2);
    assert_eq!(names(), ["aha.group", "aha2.user", "notes.txt"]);
    put("aha.user.12.new", 0);
    assert_eq!(cache.sweep(30).unwrap(), 0, "another run may be writing it");
    FileCache::new(&folder.0).purge(&SystemId::new("aha")).unwrap();
    assert_eq!(names(), ["aha2.user", "notes.txt"], "another system's files stay");
    assert_eq!(cache.sweep(0).unwrap(), 1, "nothing is kept");
    assert_eq!(names(), ["notes.txt"], "what is not ours is not touched");
}

#[test]
fn what_was_read_of_another_system_of_the_same_name_is_not_taken_for_this_one() {
    let folder = Folder::new();
    let kept = snapshot(5);
    let at = |place: &str| FileCache::new(&folder.0).of([(kept.system.clone(), place.to_owned())].into());
    at("scim one.example").keep(&kept).unwrap();
    let schema = kept.table.schema();
    assert!(at("scim one.example").load(&kept.system, kept.kind, schema).unwrap().is_some());
    assert!(at("scim two.example").load(&kept.system, kept.kind, schema).unwrap().is_none());
}

#[test]
fn what_a_file_had_no_column_for_comes_back_as_not_readable() {
    let folder = Folder::new();
    let whole = snapshot(5);
    let table = whole.table.with_schema(whole.table.schema().unreadable(&[Attr(0)])).unwrap();
    let cache = FileCache::new(&folder.0);
    cache.keep(&Snapshot { table, ..whole.clone() }).unwrap();
    let back = cache.load(&whole.system, whole.kind, whole.table.schema()).unwrap().expect("it is there");
    assert_eq!(back.table.cell(Row(0), Attr(0)), Cell::Unreadable);
    assert_eq!(back.table.entries(Row(0), Attr(3)).map(<[_]>::len), Some(1));
}

#[test]
fn what_the_probe_had_found_is_there_again_before_the_next_probe() {
    let folder = Folder::new();
    let mut builder = TableBuilder::new(schema(&["urn:x:badge"]).clone());
    assert!(builder.begin("id0"));
    let badge = builder.schema().find(&AttrPath::new("urn:x:badge")).unwrap();
    builder.set(badge, "B7");
    builder.end();
    // As the probe adds it: compared without case, like any text that nothing is known of.
    let mut defs = builder.schema().attrs().to_vec();
    defs.last_mut().unwrap().fold = Fold::Caseless;
    let table = builder.table().with_schema(Schema::new(Kind::User, defs)).unwrap();
    let cache = FileCache::new(&folder.0);
    let kept = Snapshot { table, ..snapshot(1) };
    cache.keep(&kept).unwrap();
    let back = cache.load(&kept.system, kept.kind, &schema(&[])).unwrap().expect("it is there");
    assert_eq!(back.table.cell(Row(0), badge), Cell::Value("B7"));
}
