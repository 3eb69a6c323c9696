//! Wrong usage and wrong configuration: each told with what was expected, and nothing is sent.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::bed::{AHA, Dir, HR, bed, run};

fn with(config: &str) -> crate::bed::Ran {
    let dir = Dir::new();
    let file = dir.0.join("trueup.toml");
    fs::write(&file, config).unwrap();
    run(&["--config", file.to_str().unwrap(), "--data-dir", dir.0.to_str().unwrap(), "check"])
}

#[test]
fn an_unknown_key_is_told_with_its_line_and_the_nearest_right_name() {
    let ran = with("source = \"hr\"\n\n[system.hr]\nconnecter = \"scim\"\nurl = \"https://x.example\"\n");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("trueup.toml:4") && ran.err.contains("connecter") && ran.err.contains("`connector`"),
        "{}",
        ran.err
    );
}

#[test]
fn a_wrong_type_is_told_with_what_was_expected() {
    let ran = with("[system.hr]\nconnector = \"scim\"\nurl = \"https://x.example\"\nproduction = \"yes\"\n");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(":4") && ran.err.contains("true or false"), "{}", ran.err);
}

#[test]
fn a_secret_in_the_configuration_is_refused() {
    let ran = with("[system.hr]\nconnector = \"scim\"\nurl = \"https://x.example\"\nauth = { bearer = \"hunter2\" }\n");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(":4") && ran.err.contains("env"), "{}", ran.err);
    assert!(!ran.err.contains("hunter2"), "a secret is never repeated: {}", ran.err);
}

#[test]
fn plain_http_is_refused_but_on_the_loopback() {
    let ran = with("[system.hr]\nconnector = \"scim\"\nurl = \"http://idaas.example.com/scim\"\n");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("https"), "{}", ran.err);
}

#[test]
fn a_filter_that_is_none_is_told_where() {
    let ran = with("[system.hr]\nconnector = \"scim\"\nurl = \"https://x.example\"\nscope = 'active eq'\n");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(":4") && ran.err.contains("scope"), "{}", ran.err);
}

#[test]
fn a_missing_configuration_says_how_to_begin() {
    let dir = Dir::new();
    let file = dir.0.join("none.toml");
    let ran = run(&["--config", file.to_str().unwrap(), "check"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("help config") && ran.err.contains("demo"), "{}", ran.err);
}

#[test]
fn a_secret_file_that_others_can_read_breaks_its_system_alone() {
    let bed = bed(300, &[HR, AHA]);
    let token = bed.dir.0.join("aha.token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = bed.run(&["check", "--format", "json"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("aha.token") && ran.err.contains("chmod"), "{}", ran.err);
    assert!(bed.system("aha").seen.writes().is_empty());
    assert!(ran.lines("snapshot").iter().any(|line| line["system"] == "hr" && line["complete"] == true));
}

#[test]
fn an_empty_secret_is_told() {
    let bed = bed(300, &[HR, AHA]);
    crate::bed::secret(&bed.dir.0.join("aha.token"), "\n");
    let ran = bed.run(&["check"]);
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("empty"), "{}{}", ran.out, ran.err);
}

#[test]
fn without_a_terminal_the_console_says_what_to_use_instead() {
    let bed = bed(20, &[HR, AHA]);
    let ran = bed.run(&[]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("terminal") && ran.err.contains("trueup check"), "{}", ran.err);
}

#[test]
fn help_config_names_every_key_of_the_parser() {
    let ran = run(&["help", "config"]);
    assert_eq!(ran.code, 0);
    for key in trueup::config::keys::KEYS {
        assert!(ran.out.contains(&format!("  {}", key.name)), "{} is not in the help", key.name);
    }
    assert!(ran.out.contains("account"), "the connectors' own settings are in the help");
}

#[test]
fn a_simulator_that_is_not_there_is_told() {
    let ran = run(&["simulate", "workday"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("workday"), "{}", ran.err);
}

#[test]
fn a_full_disk_and_a_reader_that_has_gone_are_told_or_borne_and_crash_nothing() {
    use std::process::{Command, Stdio};
    let bed = bed(40, &[HR, AHA]);
    let (config, data) = (bed.config(), bed.dir.0.join("data"));
    let run = |args: &[&str], out: Stdio, err: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueup"));
        command.arg("--config").arg(&config).arg("--data-dir").arg(&data).args(args);
        let ran = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap().wait_with_output().unwrap();
        (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    // The end that reads is gone before anything is written.
    let gone = || Stdio::from(std::io::pipe().unwrap().1);
    let commands: [&[&str]; 11] = [
        &["help"],
        &["help", "aha"],
        &["keys", "--markdown"],
        &["man"],
        &["completions", "bash"],
        &["history"],
        &["audit", "verify"],
        &["check"],
        &["check", "--format", "json"],
        &["test"],
        &["plan"],
    ];
    for args in commands {
        let (code, said) = run(args, full(), Stdio::piped());
        assert_eq!(code, Some(2), "{args:?} with a full disk: {said}");
        assert!(said.contains("cannot write the result: No space left on device"), "{args:?}: {said}");
        let (code, said) = run(args, gone(), Stdio::piped());
        assert!(matches!(code, Some(0 | 1)), "{args:?} with nobody who reads: {code:?} {said}");
        assert!(!said.contains("panicked") && !said.contains("ipe"), "{args:?}: {said}");
        let (code, _) = run(args, Stdio::null(), gone());
        assert!(matches!(code, Some(0 | 1)), "{args:?} with nobody who reads what is said beside: {code:?}");
    }
}
