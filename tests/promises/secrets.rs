//! Promise 12: secrets stay secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use trueup::store::FileCache;

use crate::bed::{AHA, Bed, DIRECTORY, HR, Part, acknowledged, created, full, offers, sets, staged};

/// Every file below a folder; and folders are 0700, files 0600.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn holds(bytes: &[u8], token: &str) -> bool {
    bytes.windows(token.len()).any(|part| part == token.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_and_no_report_holds_a_key_and_nobody_else_can_read_the_files() {
    // A small world is enough, and its reports are short.
    let parts: [Part; 3] = [HR, AHA, DIRECTORY];
    let bed = Bed::of(300, &parts).await;
    let mut setup = bed.setup(&full());
    setup.cache = Some(Arc::new(FileCache::new(bed.dir.0.join("cache"))));
    let mut console = crate::bed::Console::over(setup);
    console.heard = Some(Vec::new());
    let all = offers(&*console.world().await);
    let mut changes = staged(sets(&all, "directory", "title").into_iter().take(2));
    changes.extend(created(&all));
    console.handle.send(trueup::engine::protocol::Command::Stage { added: changes.clone(), removed: Vec::new() });
    let plan = acknowledged(&*console.prepare(changes).await);
    // The key of one of them is not taken any more in the middle of it.
    bed.faults("directory", &["expire=1@/scim/v2/Users/"]);
    let outcomes = console.push(plan).await;
    assert!(outcomes.len() > 3);
    console.handle.send(trueup::engine::protocol::Command::History);
    while !matches!(console.next().await, trueup::engine::protocol::Report::History(_)) {}
    let heard = console.quit().await;

    let mut found = Vec::new();
    files(&bed.dir.0.join("state"), &mut found);
    files(&bed.dir.0.join("cache"), &mut found);
    let names: Vec<&String> = found.iter().map(|(path, _)| path).collect();
    assert!(found.iter().any(|(path, bytes)| path.ends_with("journal.db") && holds(bytes, "lena")), "{names:?}");
    assert!(found.len() > 3, "there are snapshot files too");
    assert!(heard.iter().any(|report| report.contains("History")));
    for (name, running) in &bed.simulators {
        let token = &running.login["token"];
        assert!(token.len() >= 8, "{name}");
        for (path, bytes) in &found {
            assert!(!holds(bytes, token), "the key of {name} is in {path}");
        }
        for report in &heard {
            assert!(!report.contains(token.as_str()), "the key of {name} is in a report");
        }
    }
}
