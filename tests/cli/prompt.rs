//! What is typed on a terminal: secrets, once in a run, and the confirmation of a push.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::bed::{AHA, Bed, DIRECTORY, HR, bed};

/// The program on a terminal of its own.
struct Seat {
    child: Box<dyn Child + Send + Sync>,
    bytes: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    said: String,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Seat {
    fn new(bed: &Bed, args: &[&str]) -> Self {
        let size = PtySize { rows: 40, cols: 200, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trueup"));
        let data = bed.dir.0.join("data");
        command.args(["--config", bed.config().to_str().unwrap(), "--data-dir", data.to_str().unwrap()]);
        command.args(args);
        command.env("TERM", "xterm");
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = reader.read(&mut buffer) {
                if read == 0 || send.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, bytes, keys, said: String::new(), _terminal: pair.master }
    }

    fn hear(&mut self, until: Instant) {
        assert!(Instant::now() < until, "it says\n{}", self.said);
        if let Ok(more) = self.bytes.recv_timeout(Duration::from_millis(100)) {
            self.said.push_str(&String::from_utf8_lossy(&more));
        }
    }

    /// Waits until it says this for the so many-th time.
    fn until(&mut self, words: &str, times: usize) {
        let until = Instant::now() + Duration::from_secs(60);
        while self.said.matches(words).count() < times {
            self.hear(until);
        }
    }

    fn types(&mut self, text: &str) {
        self.keys.write_all(format!("{text}\r").as_bytes()).unwrap();
    }

    /// Waits for its end: how it ended, and all that it said.
    fn ended(mut self) -> (u32, String) {
        let until = Instant::now() + Duration::from_secs(60);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            self.hear(until);
        };
        while let Ok(more) = self.bytes.recv_timeout(Duration::from_millis(300)) {
            self.said.push_str(&String::from_utf8_lossy(&more));
        }
        (status.exit_code(), self.said)
    }
}

/// Has the tokens of these systems typed.
fn typed(bed: &Bed, systems: &[&str]) {
    bed.edit(|text| {
        systems.iter().fold(text, |text, system| {
            let file = format!("{{ file = \"{}\" }}", bed.dir.0.join(format!("{system}.token")).display());
            assert!(text.contains(&file));
            text.replace(&file, "{ prompt = true }")
        })
    });
}

#[test]
fn a_secret_that_is_typed_is_asked_for_once_in_a_run_also_where_several_systems_are_tested() {
    let bed = bed(60, &[HR, AHA, DIRECTORY]);
    typed(&bed, &["hr", "directory"]);
    let token = |system: &str| bed.system(system).login["token"].clone();
    for args in [&["test"][..], &["check"]] {
        let mut seat = Seat::new(&bed, args);
        for system in ["hr", "directory"] {
            let question = format!("{system}, ");
            seat.until(&question, 1);
            seat.types(&token(system));
        }
        let (code, said) = seat.ended();
        assert_eq!(code, u32::from(args[0] == "check"), "{said}");
        for system in ["hr", "directory"] {
            let asked = said.lines().filter(|line| line.starts_with(&format!("{system}, ")) && line.contains(": "));
            assert_eq!(asked.count(), 1, "{args:?}: {said}");
            assert!(!said.contains(&token(system)), "{said}");
        }
    }
    // Of the other systems nobody is asked when one is tested.
    let mut seat = Seat::new(&bed, &["test", "directory"]);
    seat.until("directory, ", 1);
    seat.types(&token("directory"));
    let (code, said) = seat.ended();
    assert_eq!((code, said.contains("hr, ")), (0, false), "{said}");
}

#[test]
fn a_push_says_who_pushes_and_that_other_hosts_are_not_kept_out_before_it_asks_for_the_number() {
    let bed = bed(60, &[HR, DIRECTORY]);
    let file = bed.dir.0.join("a.plan").display().to_string();
    let planned = bed.run(&["plan", "--system", "directory", "--only", "set", "--format", "json", "-o", &file]);
    let count = planned.lines("summary")[0]["changes"].to_string();
    assert_ne!(count, "0", "{}", planned.err);
    for (answer, code, writes) in [("no", 2, false), (&*count, 0, true)] {
        let mut seat = Seat::new(&bed, &["push", &file]);
        seat.until("Type the number of changes", 1);
        assert!(
            seat.said.contains("Pushed as ") && seat.said.contains("those on other hosts are not"),
            "{}",
            seat.said
        );
        seat.types(answer);
        let (ended, said) = seat.ended();
        assert_eq!((ended, !bed.system("directory").seen.writes().is_empty()), (code, writes), "{said}");
    }
}
