//! Rules that are edited while the console is open: what they would move is told before they hold (landscape: "I changed a
//! mapping: what moves?").

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use portable_pty::CommandBuilder;

use super::pty::Seat;

/// Five people, of whom two are missing in the target and one has another name there.
const PEOPLE: &str =
    "id,userName,displayName,active\n1,ann,Ann,true\n2,ben,Ben,true\n3,cid,Cid,true\n4,dan,Dan,true\n5,eve,Eve,true\n";
const THERE: &str = "id,userName,displayName,active\n11,ann,Ann,true\n12,ben,Benny,true\n13,cid,Cid,true\n";

const RULES: &str = "source = \"hr\"\n[system.hr]\nconnector = \"file\"\nusers = \"hr.csv\"\n[system.app]\nconnector = \"file\"\nusers = \"app.csv\"\n";

struct Desk {
    folder: PathBuf,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Desk {
    /// A folder with a configuration, and an editor that adds a text to whatever file it is given.
    fn new(name: &str, edits: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("trueup-rules-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in [("hr.csv", PEOPLE), ("app.csv", THERE), ("trueup.toml", RULES), ("edit.txt", edits)] {
            std::fs::write(folder.join(file), text).unwrap();
        }
        let editor = folder.join("editor");
        std::fs::write(&editor, format!("#!/bin/sh\ncat '{}' >> \"$1\"\n", folder.join("edit.txt").display())).unwrap();
        std::fs::set_permissions(&editor, std::fs::Permissions::from_mode(0o700)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn open(&self, name: &str) -> Seat {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trueup"));
        command.args(["--config".as_ref(), self.path("trueup.toml").as_os_str()]);
        command.args(["--data-dir".as_ref(), self.path("data").as_os_str()]);
        command.cwd(&self.folder);
        command.env("EDITOR", self.path("editor"));
        let mut seat = Seat::over(name, command);
        seat.until("both systems", |screen| {
            screen.lines().next().is_some_and(|header| header.matches(" ok ").count() == 2)
                && screen.contains("2 missing")
        });
        seat
    }
}

/// The words of a screen, without its frames.
fn words(screen: &str) -> String {
    screen.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ")
}

#[test]
fn what_an_edited_scope_moves_is_told_and_opened_and_holds_only_once_it_is_accepted() {
    let desk = Desk::new("scope", "scope = 'userName sw \"b\" or userName sw \"d\"'\n");
    let mut seat = desk.open("scope");
    seat.type_in(":map app\r");
    seat.until_text("What the edited rules would move");
    // Of three one remains missing; Eve is nobody's business there any more, and Ann and Cid would have to leave.
    let screen = seat.screen();
    let line = screen.lines().find(|line| line.contains("app ") && line.contains("Users")).expect("the users of app");
    let numbers: Vec<&str> = line.split_whitespace().skip_while(|word| *word != "Users").skip(1).take(5).collect();
    assert_eq!(numbers, ["3", "4", "2", "1", "-"], "{screen}");
    seat.type_in("\r");
    seat.until("the three that move", |screen| {
        screen.contains("RULES ON TRIAL")
            && ["Ann", "Cid", "Eve"].iter().all(|name| screen.contains(name))
            && !screen.contains("Ben ")
    });
    seat.type_in(" ");
    seat.until_text("These rules are only being tried");
    seat.type_in(":accept-rules\r");
    seat.until("the rules to hold", |screen| !screen.contains("RULES ON TRIAL") && screen.contains("4 out of true"));
}

#[test]
fn rules_that_are_forgotten_leave_everything_as_it_was() {
    let desk = Desk::new("forget", "scope = 'userName sw \"b\"'\n");
    let mut seat = desk.open("forget");
    seat.type_in("M");
    seat.until_text("What the edited rules would move");
    // The last line of what can be done, with arrows and Enter alone.
    seat.type_in("\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\r");
    seat.until("the rules of before", |screen| !screen.contains("RULES ON TRIAL") && screen.contains("3 out of true"));
}

#[test]
fn what_cannot_be_tried_is_told_with_its_line_and_changes_nothing() {
    let desk = Desk::new("wrong", "scop = 'userName sw \"b\"'\n");
    let mut seat = desk.open("wrong");
    seat.type_in("M");
    seat.until("the fault", |screen| {
        screen.contains("trueup.toml:8") && words(screen).contains("did you mean `scope`")
    });
    seat.type_in("\x1b");
    seat.until("the list", |screen| screen.contains("3 out of true") && !screen.contains("RULES ON TRIAL"));
    let other = Desk::new("source", "[system.third]\nconnector = \"file\"\nusers = \"hr.csv\"\n");
    let mut seat = other.open("source");
    seat.type_in("M");
    seat.until("the reason", |screen| words(screen).contains("cannot be changed while trueup runs"));
}
