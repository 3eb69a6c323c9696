//! The house itself: who may import whom (the table in `src/lib.rs`), and what the pure rooms must not touch.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and the rooms that they may import. A room is the longest of these prefixes that a file's module path has.
const RULES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("secret", &[]),
    ("mapping", &["model"]),
    ("compare", &["model", "mapping"]),
    ("plan", &["model", "mapping", "compare"]),
    ("config", &["model", "mapping", "plan", "secret"]),
    ("connectors", &["model", "mapping", "plan", "secret"]),
    ("store", &["model", "mapping", "compare", "plan"]),
    ("engine", &["model", "secret", "mapping", "compare", "plan", "config", "connectors", "store"]),
    ("engine::protocol", &["model", "secret", "mapping", "compare", "plan", "connectors"]),
    (
        "console",
        &[
            "model",
            "mapping",
            "compare",
            "plan",
            "engine::protocol",
            "config",
            "console::app",
            "console::view",
            "console::term",
        ],
    ),
    ("console::app", &["model", "secret", "mapping", "compare", "plan", "connectors", "engine::protocol"]),
    ("console::view", &["console::app", "model", "plan", "mapping", "compare", "engine::protocol"]),
    ("console::term", &[]),
    ("simulate", &["model"]),
    ("cli", &["*"]),
    ("console::run", &["*"]),
];

/// Rooms that know no task, no socket, no file and no clock.
const PURE: &[&str] = &["model", "mapping", "compare", "plan", "connectors", "console::app", "engine::protocol"];

/// What a pure room must not name.
const IMPURE: &[&str] = &[
    "tokio::",
    "reqwest::",
    "rusqlite::",
    "std::fs",
    "std::net",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant::now",
    "std::process",
    "std::thread",
    "std::env",
];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

fn module(path: &Path, root: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap().with_extension("");
    let mut parts: Vec<_> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|part| part == "mod") {
        parts.pop();
    }
    parts.join("::")
}

/// The room that a module path is in.
fn room(module: &str) -> Option<&'static str> {
    RULES
        .iter()
        .map(|(room, _)| *room)
        .filter(|room| module == *room || module.strip_prefix(room).is_some_and(|rest| rest.starts_with("::")))
        .max_by_key(|room| room.len())
}

/// The code without comments and without what stands under `#[cfg(test)]` at the end of a file.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Every path that begins with `crate::` or `super::`, made absolute, groups unfolded.
fn imports(module: &str, code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (start, _) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let before = code[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') || before == Some('$') {
            continue;
        }
        let mut base: Vec<String> = Vec::new();
        let mut rest = &code[start..];
        if let Some(after) = rest.strip_prefix("crate::") {
            rest = after;
        } else {
            base = module.split("::").map(str::to_owned).collect();
            // A folder's `mod.rs` is the folder's own module, so one `super` is always one step up.
            while let Some(after) = rest.strip_prefix("super::") {
                base.pop();
                rest = after;
            }
        }
        unfold(&base.join("::"), rest, &mut found);
    }
    found
}

fn unfold(base: &str, rest: &str, into: &mut BTreeSet<String>) {
    let join = |name: &str| if base.is_empty() { name.to_owned() } else { format!("{base}::{name}") };
    if let Some(group) = rest.strip_prefix('{') {
        let mut depth = 1;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (c == ',' && depth == 1) {
                if !item.trim().is_empty() {
                    unfold(base, item.trim(), into);
                }
                item.clear();
                if depth == 0 {
                    return;
                }
            } else {
                item.push(c);
            }
        }
        return;
    }
    let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let after = &rest[name.len()..];
    match after.strip_prefix("::") {
        Some(next) if !name.is_empty() => unfold(&join(&name), next, into),
        _ => {
            into.insert(join(&name));
        }
    }
}

fn allowed(from: &str, to: &str) -> bool {
    if from == to || to.starts_with(&format!("{from}::")) {
        return true;
    }
    let rule = RULES.iter().find(|(room, _)| *room == from).unwrap().1;
    rule.iter().any(|may| *may == "*" || *may == to || to.starts_with(&format!("{may}::")))
}

#[test]
fn every_room_imports_only_what_the_table_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen = 0;
    for file in &files {
        let module = module(file, &root);
        let Some(from) = room(&module) else {
            assert!(["main", "lib"].contains(&module.as_str()), "{module} is in no room of the house");
            continue;
        };
        for import in imports(&module, &code(&fs::read_to_string(file).unwrap())) {
            seen += 1;
            let Some(to) = room(&import) else { continue };
            if !allowed(from, to) {
                broken.entry(module.clone()).or_default().push(import);
            }
        }
    }
    assert!(seen > 100, "the test read {seen} imports: it does not see the house");
    assert!(broken.is_empty(), "imports against the rule: {broken:#?}");
}

#[test]
fn pure_rooms_touch_no_file_no_socket_no_task_and_no_clock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut broken = Vec::new();
    let mut pure = 0;
    for file in &files {
        let module = module(file, &root);
        if !room(&module).is_some_and(|room| PURE.contains(&room)) {
            continue;
        }
        pure += 1;
        let code = code(&fs::read_to_string(file).unwrap());
        for word in IMPURE {
            if code.contains(word) {
                broken.push(format!("{module} names {word}"));
            }
        }
    }
    assert!(pure > 20, "the test read {pure} files: it does not see the pure rooms");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn nothing_prints_in_a_way_that_crashes_where_nobody_reads() {
    // The macros panic on a full disk and on a closed pipe; `cli::out` does not.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let prints =
        |line: &str| ["print!(", "println!(", "eprint!(", "eprintln!("].iter().any(|name| line.starts_with(name));
    let mut broken = Vec::new();
    for file in &files {
        let code = code(&fs::read_to_string(file).unwrap());
        broken
            .extend(code.lines().filter(|line| prints(line.trim())).map(|line| format!("{}: {line}", file.display())));
    }
    assert!(files.len() > 300, "the test read {} files: it does not see the house", files.len());
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_top_level_stays_as_small_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "src", "assets", "tests", "target"];
    for entry in fs::read_dir(root).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with('.') || known.contains(&name.as_str()), "{name} does not belong at the top level");
    }
}

/// What stands in the README between two marks.
fn section(name: &str) -> String {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("<!-- {name} -->\n")).expect("the mark that begins it");
    rest.split_once(&format!("<!-- /{name} -->")).expect("the mark that ends it").0.to_owned()
}

#[test]
fn the_readme_has_the_keys_of_the_registry() {
    let table = trueup::console::app::keys::key_table(&trueup::console::app::keys::Keymap::standard());
    assert_eq!(section("keys"), table, "put what `trueup help keys` prints between the marks");
}

#[test]
fn the_readme_shows_a_screen() {
    let screen = section("screen");
    assert!(screen.lines().count() > 15 && screen.contains("Users") && screen.contains("OUT OF TRUE"), "{screen}");
}
