//! The program itself in a real pseudo-terminal: only the wiring. Waits for text, never for time.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// "Have you shown that?"
const ASK: &str = "\x1b[5n";

pub struct Seat {
    pub child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    bytes: Receiver<Vec<u8>>,
    pub parser: vt100::Parser,
    pub all: Vec<u8>,
    deaf: Arc<AtomicBool>,
    home: std::path::PathBuf,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

impl Seat {
    /// The demo with few people.
    pub fn demo(name: &str) -> Self {
        Self::with(name, &[], &[])
    }

    /// The demo with more options, and variables of the environment.
    pub fn with(name: &str, options: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trueup"));
        command.args(["demo", "--users", "60"]);
        command.args(options);
        for (name, value) in env {
            command.env(name, value);
        }
        Self::over(name, command)
    }

    /// The demo begun from a shell with job control.
    pub fn shell(name: &str) -> Self {
        Self::shell_with(name, &[])
    }

    /// The same, with variables of the environment.
    pub fn shell_with(name: &str, env: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new("bash");
        for (name, value) in env {
            command.env(name, value);
        }
        command.args(["--norc", "--noprofile", "-i"]);
        command.env("PS1", "$ ");
        let mut seat = Self::over(name, command);
        seat.until_text("$ ");
        seat.type_in(&format!("{} demo --users 60\r", env!("CARGO_BIN_EXE_trueup")));
        seat
    }

    /// A program in a terminal of 80x24.
    pub fn over(name: &str, mut command: CommandBuilder) -> Self {
        let home = std::env::temp_dir().join(format!("trueup-pty-{}-{name}", std::process::id()));
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        for (name, folder) in [("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config")]
        {
            command.env(name, home.join(folder));
        }
        command.env("TERM", "xterm");
        command.env("LC_ALL", "C.UTF-8");
        for name in ["TMUX", "NO_COLOR", "COLORFGBG", "TRUEUP_LANGUAGE", "TRUEUP_CONFIG"] {
            command.env_remove(name);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let (send, bytes) = mpsc::channel();
        let deaf = Arc::new(AtomicBool::new(false));
        let stop = deaf.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..count].to_vec()).is_err() || stop.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
        Self {
            child,
            master: Some(pair.master),
            writer: Some(writer),
            bytes,
            parser: vt100::Parser::new(24, 80, 0),
            all: Vec::new(),
            deaf,
            home,
        }
    }

    /// The process group that the terminal belongs to now.
    pub fn leader(&self) -> i32 {
        self.master.as_ref().unwrap().process_group_leader().unwrap()
    }

    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Takes in what has come until the screen is as wanted.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !wanted(&self.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.bytes.recv_timeout(left) else {
                panic!("waited in vain for {what}; the screen is\n{}", self.screen())
            };
            self.parser.process(&bytes);
            self.all.extend(bytes);
        }
    }

    pub fn until_text(&mut self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    pub fn type_in(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// All systems are read and compared.
    pub fn ready(&mut self) {
        self.until("all systems", |screen| {
            screen.lines().next().is_some_and(|header| header.matches(" ok ").count() == 4)
        });
    }

    /// One change is staged and its plan stands.
    fn planned(&mut self) {
        self.ready();
        self.type_in("/state.aha eq \"differs\"\r");
        self.until("a row that differs", |screen| screen.contains("~1") && screen.contains("1/"));
        self.type_in("ll");
        self.until_text("[aha]");
        self.type_in(" ");
        self.until("something staged", |screen| screen.contains("5 Plan "));
        if self.screen().contains("Enter stage") {
            self.type_in("\r");
        }
        self.type_in("p");
        self.until_text("ready");
    }

    pub fn ended(&mut self) -> u32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            while let Ok(bytes) = self.bytes.try_recv() {
                self.parser.process(&bytes);
                self.all.extend(bytes);
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                while let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(200)) {
                    self.all.extend(bytes);
                }
                return status.exit_code();
            }
            assert!(Instant::now() < deadline, "it does not end; the screen is\n{}", self.screen());
            std::thread::yield_now();
        }
    }

    fn count(&self, sequence: &str) -> usize {
        self.all.windows(sequence.len()).filter(|window| *window == sequence.as_bytes()).count()
    }

    /// The terminal's far end, as a shell would see it afterwards.
    fn line(&self) -> std::fs::File {
        let name = self.master.as_ref().unwrap().tty_name().unwrap();
        std::fs::File::open(name).unwrap()
    }

    /// Types, and waits until it has been read.
    fn type_through(&mut self, line: &std::fs::File, keys: &str) {
        self.type_in(keys);
        let deadline = Instant::now() + PATIENCE;
        while rustix::io::ioctl_fionread(line).unwrap() > 0 {
            assert!(Instant::now() < deadline, "{keys:?} is not read");
            std::thread::yield_now();
        }
    }

    /// Answers every question so far.
    fn answer(&mut self, answered: &mut usize) {
        while *answered < self.count(ASK) {
            self.type_in("\x1b[0n");
            *answered += 1;
        }
    }

    pub fn wrote(&self, sequence: &str) -> bool {
        self.all.windows(sequence.len()).any(|window| window == sequence.as_bytes())
    }
}

#[test]
fn it_opens_and_gives_the_terminal_back_when_it_is_left() {
    let mut seat = Seat::demo("quit");
    seat.until_text("DEMO");
    seat.ready();
    assert!(seat.parser.screen().alternate_screen());
    seat.type_in("q");
    assert_eq!(seat.ended(), 0);
    assert!(seat.wrote("\x1b[?1049l") && seat.wrote("\x1b[?25h") && seat.wrote("\x1b[?2004l"));
}

#[test]
fn push_count_and_enter_in_one_write_push_nothing_for_real() {
    let mut seat = Seat::demo("burst");
    seat.planned();
    let count: String = {
        let screen = seat.screen();
        let line = screen.lines().find(|line| line.contains("ready")).unwrap().trim().to_owned();
        line.split(' ').next().unwrap().to_owned()
    };
    seat.type_in(&format!("P{count}\r"));
    seat.until_text("Type the number of changes:");
    // The question is up and empty. Now the same by hand: had the first one pushed, there would be two pushes.
    seat.type_in(&count);
    seat.type_in("\r");
    seat.until_text("confirmed");
    seat.type_in("6");
    seat.until_text("Pushes, newest first");
    seat.until("the push in the journal", |screen| screen.contains(" confirmed"));
    // The footer may say the same of the push that has just ended.
    let pushes = |line: &&str| line.contains(" confirmed") && !line.contains("push ended");
    assert_eq!(seat.screen().lines().filter(pushes).count(), 1, "{}", seat.screen());
}

#[test]
fn a_frame_waits_until_the_terminal_has_shown_the_one_before_it() {
    let mut seat = Seat::demo("pace");
    seat.ready();
    assert_eq!(seat.count(ASK), 0, "a start asks nothing");
    let line = seat.line();
    let mut answered = 0;
    // Until it has answered, it is not waited for.
    for key in ["G", "g", "G", "g"] {
        seat.type_in(key);
        seat.until("the move", |screen| screen.contains(" 1/") == (key == "g"));
        seat.answer(&mut answered);
    }
    assert!(answered > 0, "the terminal was asked");
    let before = seat.count(ASK);
    for key in ["G", "k", "k", "k", "k", "g", "j", "j", "j"].iter().cycle().take(60) {
        seat.type_through(&line, key);
        // A frame that answers this key would come now.
        if let Ok(bytes) = seat.bytes.recv_timeout(Duration::from_millis(10)) {
            seat.parser.process(&bytes);
            seat.all.extend(bytes);
        }
    }
    // The first move went out and its answer is outstanding; everything else lies in one frame behind it.
    seat.type_through(&line, "6");
    seat.type_in("\x1b[0n");
    seat.until_text("nothing has been pushed yet");
    assert!(seat.count(ASK) - before <= 4, "{} frames", seat.count(ASK) - before);
    assert!(!seat.wrote("\x1b[6n"), "the cursor's place is never asked for");
}

#[test]
fn what_the_terminal_answers_late_is_not_left_to_the_shell() {
    let mut seat = Seat::demo("late");
    seat.ready();
    let mut line = seat.line();
    let mut answered = 0;
    for key in ["G", "g"] {
        seat.type_in(key);
        seat.until("the move", |screen| screen.contains(" 1/") == (key == "g"));
        seat.answer(&mut answered);
    }
    seat.type_in("G");
    seat.until("the move", |screen| !screen.contains(" 1/"));
    assert!(seat.count(ASK) > answered, "an answer is owed");
    seat.type_through(&line, "q");
    // It is on its way out and stays for the answer: nothing shows that but that the terminal is not given back.
    while let Ok(bytes) = seat.bytes.recv_timeout(Duration::from_millis(300)) {
        seat.all.extend(bytes);
    }
    assert!(!seat.wrote("\x1b[?1049l"), "it left before the answer");
    seat.answer(&mut answered);
    assert_eq!(seat.ended(), 0);
    seat.type_in("x\r");
    let mut left = [0; 64];
    let count = line.read(&mut left).unwrap();
    assert_eq!(String::from_utf8_lossy(&left[..count]), "x\n");
}

#[test]
fn a_lost_line_ends_it() {
    let mut seat = Seat::demo("lost");
    seat.ready();
    // The thread that reads holds the line too; it lets go after the next bytes.
    seat.deaf.store(true, Ordering::SeqCst);
    seat.type_in("j");
    while seat.bytes.recv().is_ok() {}
    seat.writer = None;
    seat.master = None;
    assert_eq!(seat.ended(), 129);
}

#[test]
fn told_to_end_it_gives_the_terminal_back_first() {
    let mut seat = Seat::demo("term");
    seat.ready();
    let pid = seat.child.process_id().unwrap();
    assert!(Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success());
    assert_eq!(seat.ended(), 143);
    assert!(seat.wrote("\x1b[?1049l"));
}

#[test]
fn the_screen_follows_the_window() {
    let mut seat = Seat::demo("size");
    seat.ready();
    let size = PtySize { rows: 9, cols: 39, pixel_width: 0, pixel_height: 0 };
    seat.master.as_ref().unwrap().resize(size).unwrap();
    seat.until_text("terminal too small (39x9)");
    seat.type_in("q");
    assert_eq!(seat.ended(), 0);
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let output = Command::new(env!("CARGO_BIN_EXE_trueup")).arg("demo").stdin(std::process::Stdio::null()).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("trueup check"), "{said}");
    assert!(output.stdout.is_empty());
}
