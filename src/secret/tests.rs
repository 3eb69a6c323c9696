#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::fetch::{expand, from_command, from_env, from_file};
use super::*;

fn file(name: &str, text: &str, mode: u32) -> PathBuf {
    let path = std::env::temp_dir().join(format!("trueup-secret-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

#[test]
fn a_secret_shows_nothing_of_itself() {
    let secret = Secret::new("hunter2");
    assert_eq!(format!("{secret:?} {:?}", Source::Given(secret.clone())), "[secret] Given([secret])");
    assert!(serde_json::to_string(&Source::Given(secret)).is_err());
}

#[test]
fn a_variable_that_is_not_there_or_empty_is_named() {
    assert_eq!(from_env("HR_TOKEN", None).unwrap_err(), SecretError::NoVariable("HR_TOKEN".into()));
    let empty = from_env("HR_TOKEN", Some(OsString::new())).unwrap_err().to_string();
    assert!(empty.contains("HR_TOKEN") && empty.contains("empty"), "{empty}");
    assert_eq!(from_env("HR_TOKEN", Some("abc".into())).unwrap().expose(), "abc");
}

#[test]
fn a_file_of_ours_is_read_without_its_last_line_end() {
    let path = file("good", "abc\n", 0o600);
    assert_eq!(from_file(&path).unwrap().expose(), "abc");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_remedy() {
    let path = file("shared", "hunter2", 0o640);
    let told = from_file(&path).unwrap_err().to_string();
    assert!(told.contains("0640") && told.contains("chmod 600") && !told.contains("hunter2"), "{told}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn an_empty_file_a_directory_and_nothing_at_all_are_refused() {
    let path = file("empty", "\n", 0o600);
    assert!(matches!(from_file(&path), Err(SecretError::Empty(_))));
    std::fs::remove_file(path).unwrap();
    assert!(matches!(from_file(&std::env::temp_dir()), Err(SecretError::NotRegular(_))));
    assert!(matches!(from_file(Path::new("/nowhere/at/all")), Err(SecretError::Unreadable { .. })));
}

#[test]
fn a_tilde_is_the_home_directory() {
    assert_eq!(expand(Path::new("~/a/b"), Some(Path::new("/home/x"))), Path::new("/home/x/a/b"));
    assert_eq!(expand(Path::new("/a/~"), Some(Path::new("/home/x"))), Path::new("/a/~"));
}

#[test]
fn a_command_is_run_without_a_shell_and_its_last_line_end_is_cut() {
    let printed = from_command(&words(&["printf", "%s\\n", "$HOME;x"]), COMMAND_LIMIT).unwrap();
    assert_eq!(printed.expose(), "$HOME;x");
}

#[test]
fn a_command_that_fails_is_silent_or_is_not_there_is_told() {
    assert!(matches!(from_command(&words(&["false"]), COMMAND_LIMIT), Err(SecretError::CommandFailed { .. })));
    assert!(matches!(from_command(&words(&["true"]), COMMAND_LIMIT), Err(SecretError::Empty(_))));
    assert!(matches!(
        from_command(&words(&["/no/such/program"]), COMMAND_LIMIT),
        Err(SecretError::CommandFailed { .. })
    ));
    assert_eq!(from_command(&[], COMMAND_LIMIT).unwrap_err(), SecretError::NoCommand);
}

#[test]
fn a_command_that_does_not_end_is_ended() {
    let slow = from_command(&words(&["sleep", "600"]), Duration::from_millis(50)).unwrap_err();
    assert!(matches!(slow, SecretError::CommandSlow { .. }));
}

#[test]
fn a_command_has_nothing_to_read_from() {
    assert!(matches!(from_command(&words(&["cat"]), COMMAND_LIMIT), Err(SecretError::Empty(_))));
}

#[test]
fn the_form_in_files_is_exactly_one_reference() {
    let parse = |text: &str| serde_json::from_str::<Source>(text);
    assert!(matches!(parse(r#"{"env":"X"}"#).unwrap(), Source::Env(name) if name == "X"));
    assert!(matches!(parse(r#"{"file":"~/k"}"#).unwrap(), Source::File(_)));
    assert!(matches!(parse(r#"{"command":["pass","show"]}"#).unwrap(), Source::Command(words) if words.len() == 2));
    assert!(matches!(parse(r#"{"prompt":true}"#).unwrap(), Source::Prompt));
    for wrong in [r"{}", r#"{"env":"X","file":"y"}"#, r#"{"prompt":false}"#, r#"{"command":[]}"#, r#"{"env":""}"#] {
        assert!(parse(wrong).unwrap_err().to_string().contains("{ env = "), "{wrong}");
    }
    assert!(parse(r#"{"enw":"X"}"#).unwrap_err().to_string().contains("enw"));
}

#[test]
fn a_secret_written_out_in_the_configuration_does_not_come_back_in_the_message() {
    let told = serde_json::from_str::<Source>(r#""hunter2""#).unwrap_err().to_string();
    assert!(!told.contains("hunter2") && told.contains("never written here"), "{told}");
}

#[test]
fn a_key_ring_is_named_in_files_and_told_where_it_is_not_to_be_had() {
    let source: Source = serde_json::from_str(r#"{"keyring":"trueup-no-such-key"}"#).unwrap();
    assert!(matches!(&source, Source::Keyring(name) if name == "trueup-no-such-key"));
    let told = source.resolve().unwrap_err().to_string();
    assert!(told.contains("trueup-no-such-key"), "{told}");
    if cfg!(feature = "keyutils") {
        assert!(told.contains("keyctl"), "{told}");
    } else {
        assert!(told.contains("--features keyutils"), "{told}");
    }
}

/// Puts a secret into the kernel's key ring and takes it out again.
#[cfg(feature = "keyutils")]
#[test]
fn a_secret_is_taken_from_the_kernels_key_ring() {
    use keyring_core::api::CredentialStoreApi;
    let name = format!("trueup-test-{}", std::process::id());
    let fields = std::collections::HashMap::from([("description", &*name)]);
    let entry = linux_keyutils_keyring_store::Store::new().and_then(|store| store.build("x", "y", Some(&fields)));
    let kept = entry.and_then(|entry| entry.set_password("hunter2").map(|()| entry));
    let entry = match kept {
        Ok(entry) => entry,
        // Containers often forbid the call altogether, and some kernels have none.
        Err(why) => return eprintln!("skipped, as there is no key ring to be had here: {why}"),
    };
    assert_eq!(Source::Keyring(name.clone()).resolve().unwrap().expose(), "hunter2");
    entry.delete_credential().unwrap();
    assert!(Source::Keyring(name).resolve().is_err());
}
