//! Gets a secret from where it is kept. What goes wrong is told without any of it.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{Secret, SecretError};

/// The longest secret that is taken, in bytes.
const LONGEST: u64 = 64 * 1024;

pub(super) fn from_env(name: &str, value: Option<OsString>) -> Result<Secret, SecretError> {
    let value = value.ok_or_else(|| SecretError::NoVariable(name.to_owned()))?;
    let origin = format!("the environment variable {name}");
    let text = value.into_string().map_err(|_| SecretError::NotText(origin.clone()))?;
    whole(text, origin)
}

pub(super) fn home() -> Option<PathBuf> {
    directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned())
}

pub(super) fn expand(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

pub(super) fn from_file(path: &Path) -> Result<Secret, SecretError> {
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

pub(super) fn from_command(words: &[String], limit: Duration) -> Result<Secret, SecretError> {
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

/// The kernel's key ring of this session (keyrings(7)): it is there without a desktop, and forgets at the latest with a restart.
#[cfg(feature = "keyutils")]
pub(super) fn from_keyring(name: &str) -> Result<Secret, SecretError> {
    use keyring_core::Error;
    use keyring_core::api::CredentialStoreApi;

    let failed = |error: Error| match error {
        Error::NoEntry => SecretError::NotInKeyring(name.to_owned()),
        // The message of a bad encoding would hold the bytes.
        Error::BadEncoding(_) => SecretError::NotText(format!("the key ring ({name})")),
        other => SecretError::NoKeyring { name: name.to_owned(), why: other.to_string() },
    };
    let store = linux_keyutils_keyring_store::Store::new().map_err(failed)?;
    let modifiers = std::collections::HashMap::from([("description", name)]);
    let entry = store.build("trueup", name, Some(&modifiers)).map_err(failed)?;
    whole(entry.get_password().map_err(failed)?, format!("the key ring ({name})"))
}

/// This program was built without it.
#[cfg(not(feature = "keyutils"))]
pub(super) fn from_keyring(name: &str) -> Result<Secret, SecretError> {
    Err(SecretError::NoKeyring {
        name: name.to_owned(),
        why:
            "this trueup was built without it; build it with `--features keyutils`, or use env, file, command or prompt"
                .to_owned(),
    })
}
