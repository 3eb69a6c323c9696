//! Exports: each form brings the same people, and each fault of a file is told with its line and column.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use trueup::config::SystemConfig;
use trueup::engine::protocol::World;
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Proof, Snapshot, SystemId};

use crate::bed::{Bed, Console, HR, full};

/// What the console holds of a file with users, and why where it is not all.
async fn read(bed: &Bed, name: &str, text: &[u8]) -> Arc<Snapshot> {
    let path = bed.dir.0.join(name);
    std::fs::create_dir_all(&bed.dir.0).unwrap();
    std::fs::write(&path, text).unwrap();
    snapshot(bed, &path).await
}

async fn snapshot(bed: &Bed, path: &Path) -> Arc<Snapshot> {
    let world = world(bed, path).await;
    world.compared.inputs.systems[1].snapshot(Kind::User).expect("read as far as it goes").clone()
}

async fn world(bed: &Bed, path: &Path) -> Arc<World> {
    let mut config = SystemConfig::new(SystemId::new("export"), "file", "file:", Auth::None);
    config.own.insert("users".to_owned(), path.display().to_string());
    let mut setup = bed.setup(&full());
    setup.systems.push(SystemSetup::over(config, Arc::new(Mapping::builtin("file").unwrap())).unwrap());
    let mut console = Console::over(setup);
    console.world_without(&["export"]).await
}

fn why(snapshot: &Snapshot) -> String {
    match &snapshot.feeds[0].proof {
        Proof::Partial { why } => why.clone(),
        other => panic!("not partial: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_three_forms_bring_the_same_people_with_their_roles_on_products() {
    let bed = Bed::of(1, &[HR]).await;
    let user = |name: &str, role: &str| {
        json!({
            "id": name, "userName": name, "displayName": name, "active": true,
            "urn:x:ext:User": { "productRoles": [{ "role": role, "productId": "MOB" }] },
        })
    };
    let users = [user("ana", "contributor"), user("bo", "viewer")];
    let csv =
        "id,userName,displayName,active,productRoles\nana,ana,ana,true,contributor@MOB\nbo,bo,bo,true,viewer@MOB\n";
    let lines = users.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let list = json!({ "totalResults": 2, "Resources": users }).to_string();
    for (name, text) in [("p.csv", csv.to_owned()), ("p.jsonl", lines), ("p.json", list)] {
        let snapshot = read(&bed, name, text.as_bytes()).await;
        let table = &snapshot.table;
        assert!(snapshot.proved() && table.len() == 2, "{name}: {:?}", snapshot.feeds);
        let roles = table.schema().find(&"productRoles".into()).unwrap();
        let held: Vec<_> = table
            .rows()
            .map(|row| table.entry_text(roles, table.entries(row, roles).unwrap()[0]))
            .map(|(key, value)| format!("{value}@{}", key[0]))
            .collect();
        assert_eq!(held, ["contributor@MOB", "viewer@MOB"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_an_export_is_told_with_its_place_and_nothing_is_taken_for_all() {
    let bed = Bed::of(1, &[HR]).await;
    for (name, text, words) in [
        ("latin.csv", &b"id,userName\na,ana\nb,J\xf6rg\n"[..], &["line 3", "UTF-8"][..]),
        ("twice.csv", b"id,userName\na,ana\nb,bo\na,cy\n", &["line 4", "a"]),
        ("ragged.csv", b"id,userName,displayName\na,ana,Ana\nb,bo\n", &["line 3", "column", "2 cells"]),
        (
            "latin.jsonl",
            b"{\"id\":\"a\",\"userName\":\"ana\"}\n{\"id\":\"b\",\"userName\":\"J\xf6rg\"}\n",
            &["line 2", "UTF-8"],
        ),
        ("broken.jsonl", b"{\"id\":\"a\",\"userName\":\"ana\"}\n{\"id\":\"b\",\n", &["line 2"]),
        ("twice.json", br#"{"totalResults":3,"Resources":[{"id":"a"},{"id":"b"},{"id":"a"}]}"#, &["a"]),
        ("short.json", br#"{"totalResults":9,"Resources":[{"id":"a"}]}"#, &["9"]),
    ] {
        let snapshot = read(&bed, name, text).await;
        let why = why(&snapshot);
        for word in words {
            assert!(why.contains(word), "{name}: {word} is not in: {why}");
        }
        assert!(!snapshot.proved(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_column_that_nobody_knows_is_told_with_its_place_and_the_nearest_name() {
    let bed = Bed::of(1, &[HR]).await;
    read(&bed, "unknown.csv", b"id,userNam,displayName\na,ana,Ana\n").await;
    let world = world(&bed, &bed.dir.0.join("unknown.csv")).await;
    let site = world.systems[1].site.clone().unwrap();
    let told =
        site.evidence.iter().map(|line| format!("{}: {}", line.what, line.detail)).collect::<Vec<_>>().join("\n");
    for word in ["unknown.csv", "line 1, column 4", "`userNam`", "did you mean `userName`"] {
        assert!(told.contains(word), "{word} is not in: {told}");
    }
}
