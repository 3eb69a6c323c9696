//! Manners towards the terminal, in a real one: what is sent, what is taken, and that all of it is given back.

use std::process::Command;

use portable_pty::CommandBuilder;

use crate::pty::Seat;

/// Nothing of what a terminal can be asked, and no mouse.
const ASKED: [&str; 12] = [
    "\x1b[c",
    "\x1b[0c",
    "\x1b[>c",
    "\x1b[=c",
    "\x1b[6n",
    "\x1b[?6n",
    "\x1b[?u",
    "\x1b]10;?",
    "\x1b]11;?",
    "\x1b[?1000h",
    "\x1b[?1002h",
    "\x1b[?1006h",
];

#[test]
fn the_terminal_is_asked_nothing_and_the_mouse_is_left_to_it() {
    let mut seat = Seat::demo("asked");
    seat.ready();
    seat.type_in("jjk");
    seat.until_text("2/");
    for query in ASKED {
        assert!(!seat.wrote(query), "{query:?}");
    }
    seat.type_in("q");
    assert_eq!(seat.ended(), 0);
}

#[test]
fn the_title_is_put_away_and_given_back() {
    let mut seat = Seat::demo("title");
    seat.ready();
    assert!(seat.wrote("\x1b[22;2t\x1b]2;trueup DEMO\x07"));
    assert!(!seat.wrote("\x1b[23;2t"));
    seat.type_in("q");
    assert_eq!(seat.ended(), 0);
    assert!(seat.wrote("\x1b[23;2t"));
}

#[test]
fn a_paste_goes_into_a_field_and_nowhere_else() {
    let mut seat = Seat::demo("paste");
    seat.ready();
    seat.type_in("\x1b[200~q\rQ\x1b[201~/");
    seat.until_text(" / ");
    seat.type_in("\x1b[200~lena\r\nfischer\x1b[201~");
    seat.until_text("/ lenafischer");
}

#[test]
fn a_copy_is_sent_to_the_terminal_and_said() {
    let mut seat = Seat::demo("copy");
    seat.ready();
    seat.type_in("C");
    seat.until_text("sent to the terminal's clipboard:");
    assert!(seat.wrote("\x1b]52;c;"));
}

#[test]
fn the_cursor_stands_at_the_caret_so_that_an_input_method_knows_where() {
    let mut seat = Seat::demo("caret");
    seat.ready();
    assert!(seat.parser.screen().hide_cursor());
    seat.type_in("/王小");
    seat.until_text("/ 王小");
    assert!(!seat.parser.screen().hide_cursor());
    assert_eq!(seat.parser.screen().cursor_position(), (2, 7));
}

#[test]
fn without_frames_the_cursor_stands_on_the_chosen_row() {
    let mut seat = Seat::with("plain", &["--plain"], &[]);
    seat.ready();
    seat.type_in("j");
    seat.until_text("2/");
    assert!(!seat.parser.screen().hide_cursor());
    let (row, column) = seat.parser.screen().cursor_position();
    let line = seat.screen().lines().nth(usize::from(row)).unwrap().to_owned();
    assert!(column == 0 && line.starts_with('>'), "{line}");
    seat.type_in("?");
    seat.until_text("Help");
    assert!(!seat.screen().contains("---") && !seat.screen().contains("+ "), "{}", seat.screen());
}

#[test]
fn suspended_it_gives_the_terminal_back_and_takes_it_again() {
    let mut seat = Seat::shell("suspend");
    seat.ready();
    seat.type_in("\x1a");
    seat.until_text("Stopped");
    assert!(!seat.parser.screen().alternate_screen() && !seat.parser.screen().hide_cursor());
    seat.type_in("fg\r");
    seat.until_text("7 Systems");
    assert!(seat.parser.screen().alternate_screen());
    seat.type_in("j");
    seat.until_text("2/");
    seat.type_in("q");
    seat.until("the shell", |screen| screen.trim_end().ends_with("\n$"));
    seat.type_in("stty -a; exit\r");
    assert_eq!(seat.ended(), 0);
    let said = String::from_utf8_lossy(&seat.all).into_owned();
    assert!(said.contains(" icanon") && said.contains(" echo "), "the line is as it was");
}

#[test]
fn stopped_from_outside_it_gives_the_terminal_back_first_and_takes_it_again() {
    let mut seat = Seat::shell("tstp");
    seat.ready();
    let kill = Command::new("kill").args(["-TSTP", &seat.leader().to_string()]).status().unwrap();
    assert!(kill.success());
    seat.until_text("Stopped");
    assert!(!seat.parser.screen().alternate_screen() && !seat.parser.screen().hide_cursor());
    seat.type_in("fg\r");
    seat.until_text("7 Systems");
    assert!(seat.parser.screen().alternate_screen());
    seat.type_in("jq");
    seat.until("the shell", |screen| screen.trim_end().ends_with("\n$"));
    seat.type_in("exit\r");
    assert_eq!(seat.ended(), 0);
}

#[test]
fn where_no_shell_could_bring_it_back_it_is_not_suspended() {
    let mut seat = Seat::demo("orphan");
    seat.ready();
    seat.type_in("\x1a");
    seat.until_text("no shell here");
    seat.type_in("j");
    seat.until_text("2/");
    seat.type_in("q");
    assert_eq!(seat.ended(), 0);
}

#[test]
fn an_interrupt_from_outside_gives_the_terminal_back_first() {
    let mut seat = Seat::demo("int");
    seat.ready();
    let pid = seat.child.process_id().unwrap();
    assert!(Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap().success());
    assert_eq!(seat.ended(), 143);
    assert!(seat.wrote("\x1b[?1049l") && seat.wrote("\x1b[?25h"));
}

#[test]
fn a_long_value_is_edited_in_the_operators_own_editor() {
    let script = std::env::temp_dir().join(format!("trueup-manners-editor-{}", std::process::id()));
    std::fs::write(&script, "printf 'from the editor\\n' > \"$1\"\n").unwrap();
    let mut seat = Seat::with("editor", &[], &[("EDITOR", &format!("sh {}", script.display())), ("VISUAL", "")]);
    seat.ready();
    seat.type_in("/x");
    seat.until_text("/ x");
    seat.type_in("\x1b[17~");
    seat.until_text("/ from the editor");
    seat.type_in("!");
    seat.until_text("/ from the editor!");
    assert!(seat.parser.screen().alternate_screen());
    std::fs::remove_file(script).unwrap();
}

#[test]
fn an_editor_that_is_suspended_takes_the_console_with_it_and_brings_it_back() {
    let script = std::env::temp_dir().join(format!("trueup-manners-stopped-{}", std::process::id()));
    // What vim does on ctrl-z: it stops its whole group.
    std::fs::write(&script, "kill -TSTP 0\nprintf 'after the stop\\n' > \"$1\"\n").unwrap();
    let editor = format!("sh {}", script.display());
    let mut seat = Seat::shell_with("stopped", &[("EDITOR", &editor), ("VISUAL", "")]);
    seat.ready();
    seat.type_in("/x");
    seat.until_text("/ x");
    seat.type_in("\x1b[17~");
    seat.until_text("Stopped");
    seat.type_in("fg\r");
    seat.until_text("/ after the stop");
    assert!(seat.parser.screen().alternate_screen());
    seat.type_in("\r");
    std::fs::remove_file(script).unwrap();
}

/// Not a test of its own: what the next one runs in a terminal.
#[test]
fn panics_while_the_screen_is_held() {
    if std::env::var_os("TRUEUP_TEST_PANIC").is_none() {
        return;
    }
    let _held = trueup::console::term::Held::take("test").unwrap();
    panic!("broken on purpose");
}

#[test]
fn a_panic_of_the_screen_gives_the_terminal_back_before_it_is_told() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "manners::panics_while_the_screen_is_held", "--nocapture", "--test-threads=1"]);
    command.env("TRUEUP_TEST_PANIC", "1");
    let mut seat = Seat::over("panic", command);
    assert_ne!(seat.ended(), 0);
    let said = String::from_utf8_lossy(&seat.all).into_owned();
    let (restored, told) = (said.find("\x1b[?1049l").unwrap(), said.find("broken on purpose").unwrap());
    assert!(said.contains("\x1b[?1049h") && restored < told, "{said:?}");
    assert!(said.contains("\x1b[?25h") && said.contains("\x1b[?2004l"));
}
