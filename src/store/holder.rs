//! Who holds something: a process that can be told alive from dead, also when its number was given to another one, and also
//! from another container, which sees other numbers or none.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{FlockOperation, OFlags, flock};
use serde::{Deserialize, Serialize};

/// An opened journal of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// The process's number.
    pid: u32,
    /// When that process was started, in the kernel's own count; 0 where the system does not say.
    started: u64,
    /// Which of the process's journals.
    instance: u64,
    /// Among which numbers that one is (the inode of `/proc/self/ns/pid`, namespaces(7)); 0 where the system does not say.
    #[serde(default)]
    space: u64,
    /// What the end of its file's name is; empty: it has none.
    #[serde(default)]
    sign: String,
}

/// A file beside the journal that the kernel keeps locked for as long as its process lives, whoever looks from wherever.
#[derive(Debug)]
pub(super) struct Sign {
    file: File,
    path: PathBuf,
}

static LAST: AtomicU64 = AtomicU64::new(0);
static OPEN: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

fn open() -> std::sync::MutexGuard<'static, BTreeSet<u64>> {
    OPEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Holder {
    /// A holder for a journal that is being opened in this process. `beside`: its file; `None`: it has none.
    pub(super) fn new(beside: Option<&Path>) -> (Self, Option<Sign>) {
        let pid = std::process::id();
        let instance = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        open().insert(instance);
        // Another that clears away may take it for one that was left behind, for just a moment. Without any it is told alive by
        // its number alone.
        let made = (0..3).find_map(|_| {
            let name = uuid::Uuid::now_v7().simple().to_string();
            Some((Sign::make(place(beside?, &name)).ok()?, name))
        });
        let (sign, name) = made.unzip();
        (Self { pid, started: started(pid), instance, space: space(), sign: name.unwrap_or_default() }, sign)
    }

    /// The journal was closed.
    pub(super) fn gone(&self) {
        open().remove(&self.instance);
    }

    /// Whether it still holds what it held in the journal with this file.
    pub(super) fn alive(&self, journal: &Path) -> bool {
        let here = self.space == 0 || self.space == space();
        if here && self.pid == std::process::id() && self.started == started(self.pid) {
            return open().contains(&self.instance);
        }
        let locked = if self.sign.is_empty() { None } else { locked(&place(journal, &self.sign)) };
        match locked {
            Some(locked) => locked,
            // Of another's numbers nothing can be told from here; but what had a file and has none was cleared away.
            None if !here => self.sign.is_empty(),
            // Where nothing of another's process can be seen (hidepid, proc(5)), it is taken for the one that it was.
            None => running(self.pid) && (self.started == 0 || [0, self.started].contains(&started(self.pid))),
        }
    }
}

impl Sign {
    fn make(path: PathBuf) -> std::io::Result<Self> {
        let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits()).unwrap_or_default();
        let file = File::options().write(true).create_new(true).mode(0o600).custom_flags(flags).open(&path)?;
        let sign = Self { file, path };
        // Whoever clears away what the dead have left may have come in between, and it is nobody's file any more.
        flock(&sign.file, FlockOperation::LockExclusive)?;
        let (own, there) = (sign.file.metadata()?, std::fs::metadata(&sign.path)?);
        if (own.dev(), own.ino()) == (there.dev(), there.ino()) {
            Ok(sign)
        } else {
            Err(std::io::ErrorKind::NotFound.into())
        }
    }
}

impl Drop for Sign {
    fn drop(&mut self) {
        // First the name, then the lock: what has a name and no lock is a dead one's.
        let _ = std::fs::remove_file(&self.path);
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// Removes the files that processes left which were killed.
pub(super) fn sweep(journal: &Path) {
    let (Some(folder), Some(stem)) = (journal.parent(), place(journal, "").file_name().map(OsString::from)) else {
        return;
    };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(stem.as_encoded_bytes());
        if ours && locked(&entry.path()) == Some(false) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

fn place(journal: &Path, sign: &str) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push("-holder-");
    path.push(sign);
    path.into()
}

/// Whether somebody holds the lock of a file; `None`: it is not there, or nobody can tell.
fn locked(path: &Path) -> Option<bool> {
    let flags = i32::try_from((OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK).bits()).unwrap_or_default();
    let file = File::options().read(true).custom_flags(flags).open(path).ok()?;
    // Shared: two that look at the same time do not take each other for its owner.
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => Some(false),
        Err(rustix::io::Errno::WOULDBLOCK) => Some(true),
        Err(_) => None,
    }
}

/// Among which process numbers this program lives.
fn space() -> u64 {
    std::fs::metadata("/proc/self/ns/pid").map_or(0, |about| about.ino())
}

fn running(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    match rustix::process::test_kill_process(pid) {
        // Somebody else's process is a process.
        Ok(()) | Err(rustix::io::Errno::PERM) => true,
        Err(_) => false,
    }
}

/// Field 22 of `/proc/PID/stat` (proc(5)); the name in field 2 may hold blanks and brackets, so it is counted from the last
/// bracket.
fn started(pid: u32) -> u64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0 };
    let Some((_, rest)) = stat.rsplit_once(')') else { return 0 };
    rest.split_whitespace().nth(19).and_then(|field| field.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn beside() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("trueup-holder-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        folder.join("journal.db")
    }

    #[test]
    fn a_holder_lives_as_long_as_its_journal() {
        let (holder, _) = Holder::new(None);
        let nowhere = Path::new("/nowhere/journal.db");
        assert!(holder.alive(nowhere));
        holder.gone();
        assert!(!holder.alive(nowhere));
    }

    #[test]
    fn a_process_that_ended_holds_nothing() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let holder = Holder { pid: child.id(), started: 1, instance: 1, space: space(), sign: String::new() };
        child.wait().unwrap();
        assert!(!holder.alive(&beside()));
    }

    #[test]
    fn a_number_that_was_given_to_another_process_holds_nothing() {
        let holder = Holder { pid: 1, started: u64::MAX, instance: 1, space: 0, sign: String::new() };
        assert!(!holder.alive(&beside()));
    }

    #[test]
    fn a_process_of_another_container_is_alive_as_long_as_its_file_is_locked_whatever_its_number_is_here() {
        let journal = beside();
        let (own, sign) = Holder::new(Some(&journal));
        // As it looks from a container in which nobody has that number, and in which it is somebody else's.
        for pid in [u32::MAX >> 2, 1, std::process::id()] {
            let seen = Holder { pid, started: 7, space: 1, ..own.clone() };
            assert!(seen.alive(&journal), "{pid}");
            let silent = Holder { sign: String::new(), ..seen.clone() };
            assert!(silent.alive(&journal), "nobody can tell that it is dead: {pid}");
        }
        sweep(&journal);
        let seen = Holder { space: 1, ..own };
        assert!(seen.alive(&journal), "what is locked is not cleared away");
        // As a kill leaves it: the file is there, and its lock is not.
        let sign = sign.unwrap();
        flock(&sign.file, FlockOperation::Unlock).unwrap();
        assert!(!seen.alive(&journal));
        sweep(&journal);
        assert!(!sign.path.exists() && !seen.alive(&journal));
        std::fs::remove_dir_all(journal.parent().unwrap()).unwrap();
    }
}
