//! Values that cannot be displayed, and where they come from.
//!
//! Configuration holds references only: `{ env = "X" }`, `{ file = "…" }`, `{ command = ["…"] }`, `{ keyring = "…" }` or
//! `{ prompt = true }`.
//! A [`Secret`] shows nothing of itself in `Debug`, has no `Display` and is not serialisable; its text comes out through
//! [`Secret::expose`] alone. Knows no other room.

mod fetch;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};

/// How long a secret command may take.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// Lets no core file be written: it would hold every secret that was in use. What this process starts inherits it.
pub fn keep_out_of_cores() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    // To less than it is it can always be set (getrlimit(2)).
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
}

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
    /// The kernel's key ring, by the key's name (feature `keyutils`).
    Keyring(String),
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
    /// There is no such key.
    #[error("there is no key {0} in the kernel's key ring of this session; add it with: keyctl padd user {0} @s")]
    NotInKeyring(String),
    /// There is no key ring, or it does not let us in.
    #[error("the secret {name} cannot be taken from the kernel's key ring: {why}")]
    NoKeyring {
        /// The key.
        name: String,
        /// Why.
        why: String,
    },
    /// It has to be typed.
    #[error("the secret has to be typed on a terminal, and there is none; use env, file, command or keyring")]
    NoTerminal,
}

impl Source {
    /// Gets the secret. Blocks: reads a file or runs a command, for [`COMMAND_LIMIT`] at most.
    ///
    /// # Errors
    /// When there is no such secret, or it is kept where others can read it.
    pub fn resolve(&self) -> Result<Secret, SecretError> {
        match self {
            Self::Env(name) => fetch::from_env(name, std::env::var_os(name)),
            Self::File(path) => fetch::from_file(&fetch::expand(path, fetch::home().as_deref())),
            Self::Command(words) => fetch::from_command(words, COMMAND_LIMIT),
            Self::Keyring(name) => fetch::from_keyring(name),
            Self::Prompt => Err(SecretError::NoTerminal),
            Self::Given(secret) => Ok(secret.clone()),
        }
    }

    /// Whether the operator has to be asked.
    pub fn prompts(&self) -> bool {
        matches!(self, Self::Prompt)
    }
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
    keyring: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt: Option<bool>,
}

/// What is expected where a secret stands, for messages.
pub const EXPECTED: &str = "a secret is never written here itself, but as { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"program\", \
     \"argument\"] }, { keyring = \"NAME\" } or { prompt = true }";

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(input).map_err(|error| {
            // What stands there may be the secret itself, written out by mistake: it must not come back in the message.
            let told = error.to_string();
            if told.starts_with("unknown field") { D::Error::custom(told) } else { D::Error::custom(EXPECTED) }
        })?;
        match (written.env, written.file, written.command, written.keyring, written.prompt) {
            (Some(name), None, None, None, None) if !name.is_empty() => Ok(Self::Env(name)),
            (None, Some(path), None, None, None) if !path.as_os_str().is_empty() => Ok(Self::File(path)),
            (None, None, Some(words), None, None) if words.first().is_some_and(|word| !word.is_empty()) => {
                Ok(Self::Command(words))
            }
            (None, None, None, Some(name), None) if !name.is_empty() => Ok(Self::Keyring(name)),
            (None, None, None, None, Some(true)) => Ok(Self::Prompt),
            _ => Err(D::Error::custom(EXPECTED)),
        }
    }
}

impl Serialize for Source {
    /// # Errors
    /// For [`Source::Given`]: a secret is never written down.
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let mut written = Written { env: None, file: None, command: None, keyring: None, prompt: None };
        match self {
            Self::Env(name) => written.env = Some(name.clone()),
            Self::File(path) => written.file = Some(path.clone()),
            Self::Command(words) => written.command = Some(words.clone()),
            Self::Keyring(name) => written.keyring = Some(name.clone()),
            Self::Prompt => written.prompt = Some(true),
            Self::Given(_) => return Err(serde::ser::Error::custom("a secret is never written down")),
        }
        written.serialize(output)
    }
}
