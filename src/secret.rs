//! Values that cannot be displayed, and where they come from.
//!
//! Configuration holds references only: `{ env = "X" }`, `{ file = "…" }`, `{ command = ["…"] }` or `{ prompt = true }`.
//! A [`Secret`] shows nothing of itself in `Debug`, has no `Display` and is not serialisable; its text comes out through
//! [`Secret::expose`] alone. Knows no other room.

use std::ffi::OsString;
use std::fmt;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

/// How long a secret command may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// The longest secret that is taken, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A value that cannot be displayed, and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("[secret]")
    }
}

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// An environment variable.
    Env(String),
    /// A file that only its owner can read. A leading `~/` is the home directory.
    File(PathBuf),
    /// What a command prints: program and arguments, run without a shell.
    Command(Vec<String>),
    /// The operator is asked on a terminal; whoever asks puts [`Source::Given`] in its place.
    Prompt,
    /// Already known: typed by the operator, or made by the simulators.
    Given(Secret),
}

/// Why a secret is not to be had, and what to do. Never holds any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// The variable is not there.
    #[error("the environment variable {0} is not set; set it, or name another source for the secret")]
    NoVariable(String),
    /// There is nothing in it.
    #[error("the secret from {0} is empty")]
    Empty(String),
    /// It is no text.
    #[error("the secret from {0} is not valid text")]
    NotText(String),
    /// It is far too long to be one.
    #[error("the secret from {0} is longer than 64 KiB; is it the right file?")]
    TooLong(String),
    /// The file cannot be opened or read.
    #[error("the secret file {path} cannot be read: {why}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        why: String,
    },
    /// It is a directory, a pipe or a device.
    #[error("the secret file {0} is not a regular file")]
    NotRegular(String),
    /// It belongs to somebody else.
    #[error("the secret file {0} belongs to another user; make it your own with: chown $USER {0}")]
    NotOurs(String),
    /// Others can read it.
    #[error("the secret file {path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")]
    Shared {
        /// Which.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// There is no command.
    #[error("the secret command is an empty list; write it as [\"program\", \"argument\"]")]
    NoCommand,
    /// The command did not run or did not succeed.
    #[error("the secret command {program} failed: {why}")]
    CommandFailed {
        /// Its first word; the arguments are not shown.
        program: String,
        /// What happened.
        why: String,
    },
    /// The command took too long.
    #[error("the secret command {program} did not end within {} seconds; does it wait for a passphrase?", .limit.as_secs())]
    CommandSlow {
        /// Its first word.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// It has to be typed.
    #[error("the secret has to be typed on a terminal, and there is none; use env, file or command")]
    NoTerminal,
}

impl Source {
    /// Gets the secret. Blocks: reads a file or runs a command, for [`COMMAND_LIMIT`] at most.
    ///
    /// # Errors
    /// When there is no such secret, or it is kept where others can read it.
    pub fn resolve(&self) -> Result<Secret, SecretError> {
        match self {
            Self::Env(name) => from_env(name, std::env::var_os(name)),
            Self::File(path) => from_file(&expand(path, home().as_deref())),
            Self::Command(words) => from_command(words, COMMAND_LIMIT),
            Self::Prompt => Err(SecretError::NoTerminal),
            Self::Given(secret) => Ok(secret.clone()),
        }
    }

    /// Whether the operator has to be asked.
    pub fn prompts(&self) -> bool {
        matches!(self, Self::Prompt)
    }
}

fn from_env(name: &str, value: Option<OsString>) -> Result<Secret, SecretError> {
    let value = value.ok_or_else(|| SecretError::NoVariable(name.to_owned()))?;
    let origin = format!("the environment variable {name}");
    let text = value.into_string().map_err(|_| SecretError::NotText(origin.clone()))?;
    whole(text, origin)
}

fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned())
}

fn expand(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn from_file(path: &Path) -> Result<Secret, SecretError> {
    let shown = path.display().to_string();
    let unreadable = |why: std::io::Error| SecretError::Unreadable { path: shown.clone(), why: why.to_string() };
    // Non-blocking, so that a pipe at this path cannot hold us up; what was opened is what is judged, not the name.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(unreadable)?;
    let stat = rustix::fs::fstat(&file).map_err(|errno| unreadable(errno.into()))?;
    if rustix::fs::FileType::from_raw_mode(stat.st_mode) != rustix::fs::FileType::RegularFile {
        return Err(SecretError::NotRegular(shown));
    }
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(SecretError::NotOurs(shown));
    }
    let mode = stat.st_mode & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Shared { path: shown, mode });
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    from_bytes(bytes, format!("the file {shown}"))
}

fn from_bytes(bytes: Vec<u8>, origin: String) -> Result<Secret, SecretError> {
    if bytes.len() as u64 > LONGEST {
        return Err(SecretError::TooLong(origin));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| SecretError::NotText(origin.clone()))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    whole(text, origin)
}

fn whole(text: String, origin: String) -> Result<Secret, SecretError> {
    if text.is_empty() { Err(SecretError::Empty(origin)) } else { Ok(Secret::new(text)) }
}

fn from_command(words: &[String], limit: Duration) -> Result<Secret, SecretError> {
    let (program, arguments) = words.split_first().ok_or(SecretError::NoCommand)?;
    let failed = |why: String| SecretError::CommandFailed { program: program.clone(), why };
    // The shell is not asked; there is nothing to read from, so a command that prompts fails instead of hanging.
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let until = Instant::now() + limit;
    let (send, printed) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        // A thread of its own, because a pipe has no read with a time limit; it ends with the pipe.
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = out.take(LONGEST + 1).read_to_end(&mut bytes).map(|_| bytes);
            let _ = send.send(read);
        });
    }
    let slow = || SecretError::CommandSlow { program: program.clone(), limit };
    let Ok(read) = printed.recv_timeout(limit) else {
        end(&mut child);
        return Err(slow());
    };
    let bytes = read.map_err(|error| failed(error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        end(&mut child);
    }
    loop {
        match child.try_wait().map_err(|error| failed(error.to_string()))? {
            Some(status) if status.success() || bytes.len() as u64 > LONGEST => break,
            Some(status) => return Err(failed(format!("it ended with {status}; run it by hand to see why"))),
            None if Instant::now() >= until => {
                end(&mut child);
                return Err(slow());
            }
            // It has closed its output, so it is about to end.
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    from_bytes(bytes, format!("the command {program}"))
}

fn end(child: &mut Child) {
    // It may have ended by itself meanwhile; either way it is gone after this.
    let _ = child.kill();
    let _ = child.wait();
}

/// The form in files: exactly one of the keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    env: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<bool>,
}

/// What is expected where a secret stands, for messages.
pub const EXPECTED: &str = "a secret is never written here itself, but as { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"program\", \
     \"argument\"] } or { prompt = true }";

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(input).map_err(|error| {
            // What stands there may be the secret itself, written out by mistake: it must not come back in the message.
            let told = error.to_string();
            if told.starts_with("unknown field") { D::Error::custom(told) } else { D::Error::custom(EXPECTED) }
        })?;
        match (written.env, written.file, written.command, written.prompt) {
            (Some(name), None, None, None) if !name.is_empty() => Ok(Self::Env(name)),
            (None, Some(path), None, None) if !path.as_os_str().is_empty() => Ok(Self::File(path)),
            (None, None, Some(words), None) if words.first().is_some_and(|word| !word.is_empty()) => {
                Ok(Self::Command(words))
            }
            (None, None, None, Some(true)) => Ok(Self::Prompt),
            _ => Err(D::Error::custom(EXPECTED)),
        }
    }
}

impl Serialize for Source {
    /// # Errors
    /// For [`Source::Given`]: a secret is never written down.
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let mut written = Written { env: None, file: None, command: None, prompt: None };
        match self {
            Self::Env(name) => written.env = Some(name.clone()),
            Self::File(path) => written.file = Some(path.clone()),
            Self::Command(words) => written.command = Some(words.clone()),
            Self::Prompt => written.prompt = Some(true),
            Self::Given(_) => return Err(serde::ser::Error::custom("a secret is never written down")),
        }
        written.serialize(output)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::os::unix::fs::PermissionsExt;

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
}
