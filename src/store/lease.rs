//! Leases that all operators of a host share: whoever pushes to a system holds its lock, whatever their configuration calls
//! the system and wherever their journal is.
//!
//! A lease is a file in a directory that everybody may write to (sticky, so that nobody takes away what is another's), named
//! after what the system is and not what somebody calls it. The kernel holds its lock (`flock`) for exactly as long as
//! the process lives; what stands in the file only says who that is. Other hosts see nothing of it.

mod tally;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FileType, FlockOperation, Mode, OFlags, Stat, fchmod, flock, fstat, mkdir, openat, statat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::model::SystemId;
pub use tally::{Place, Tally};

/// Where leases are when nobody says otherwise: everybody takes them in each of these that can be used.
const PLACES: [&str; 2] = ["/run/lock/trueup", "/tmp/trueup-leases"];

/// Who holds a lease says so again this often.
pub const RENEWED: Duration = Duration::from_secs(30);

/// Whoever has not said so for this long is stopped or stuck.
const LASTS: Duration = Duration::from_secs(120);

/// What is read of a lease at most: others may write into it.
const MOST: u64 = 4096;

/// Where the leases of this host are.
#[derive(Clone, Debug, Default)]
pub struct Leases {
    places: Vec<PathBuf>,
    /// One was named: without it there is no push.
    named: bool,
}

/// Who holds a lease, as the file says.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Held {
    who: String,
    uid: u32,
    host: String,
    pid: u32,
    since: jiff::Timestamp,
    /// Held beyond this only if it was renewed.
    expires: jiff::Timestamp,
    /// What the system is.
    system: String,
}

/// The right to push to a system, on this host, until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lease {
    files: Vec<(PathBuf, File)>,
    held: Held,
    /// Who left it behind without giving it back, in words.
    pub left: Option<String>,
}

impl Leases {
    /// None: what is pushed to is nobody else's (the demo's own simulators).
    pub fn none() -> Self {
        Self::default()
    }

    /// Where all operators of a host look.
    pub fn shared() -> Self {
        Self { places: PLACES.iter().map(PathBuf::from).collect(), named: false }
    }

    /// In this directory, and nowhere else.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { places: vec![dir.into()], named: true }
    }

    /// Takes the lease of what a system is (`identity`); `system` is what it is called here.
    ///
    /// # Errors
    /// [`StoreError::Leased`] when somebody holds it; [`StoreError::Lease`] when nobody can tell.
    pub fn take(&self, identity: &str, system: &SystemId, who: &str) -> Result<Lease, StoreError> {
        let now = jiff::Timestamp::now();
        let held = Held {
            who: who.to_owned(),
            uid: rustix::process::getuid().as_raw(),
            host: host(),
            pid: std::process::id(),
            since: now,
            expires: until(now),
            system: identity.to_owned(),
        };
        let mut lease = Lease { files: Vec::new(), held, left: None };
        let mut why = None;
        for place in &self.places {
            let dir = match directory(place) {
                Ok(dir) => dir,
                Err(error) => {
                    why = Some(StoreError::Lease { path: place.display().to_string(), why: error });
                    continue;
                }
            };
            let path = place.join(name(identity));
            let refused = |why: String| StoreError::Lease { path: path.display().to_string(), why };
            let mut file = opened(&dir, &name(identity)).map_err(refused)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => return Err(taken(read(&mut file), system, &path)),
                Err(error) => return Err(refused(format!("it cannot be locked: {error}"))),
            }
            if let Some(before) = read(&mut file) {
                lease.left.get_or_insert(before.words());
            }
            lease.files.push((path, file));
        }
        match why {
            Some(why) if self.named || lease.files.is_empty() => return Err(why),
            _ => {}
        }
        lease.write();
        Ok(lease)
    }
}

impl Lease {
    /// Says that it is held still. `false`: somebody has taken its file away, so that others may hold one as well.
    #[must_use]
    pub fn renew(&mut self) -> bool {
        self.held.expires = until(jiff::Timestamp::now());
        self.write();
        self.held()
    }

    /// Whether what was locked is still what others would have to lock: nobody has removed it, or put another in its place.
    #[must_use]
    pub fn held(&self) -> bool {
        self.files.iter().all(|(path, file)| match (fstat(file), rustix::fs::lstat(path)) {
            (Ok(own), Ok(there)) => (own.st_dev, own.st_ino) == (there.st_dev, there.st_ino),
            _ => false,
        })
    }

    fn write(&self) {
        let Ok(text) = serde_json::to_vec(&self.held) else { return };
        for (_, file) in &self.files {
            let mut file = file;
            // The lock is what holds; who it is can only not be told then.
            let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&text));
            let _ = file.set_len(text.len() as u64);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        for (_, file) in &self.files {
            // Empty: it was given back. The file stays, so that nobody locks one that is no more.
            let _ = file.set_len(0);
            let _ = flock(file, FlockOperation::Unlock);
        }
    }
}

impl Held {
    fn words(&self) -> String {
        let who = crate::model::text::clean(&self.who).into_owned();
        let host = crate::model::text::clean(&self.host).into_owned();
        format!("{who} (uid {}, process {} on {host})", self.uid, self.pid)
    }
}

fn taken(held: Option<Held>, system: &SystemId, path: &Path) -> StoreError {
    let Some(held) = held else {
        let holder = format!("somebody who does not say who it is (fuser {} may tell)", path.display());
        return StoreError::Leased { system: system.to_string(), holder, since: "a time unknown".into() };
    };
    let mut holder = held.words();
    if held.expires < jiff::Timestamp::now() {
        // The kernel holds the lock, so the process is there: stopped (ctrl-z), or its machine asleep.
        holder.push_str(&format!(", who has given no sign of life since {} (stopped?),", clock(held.expires)));
    }
    StoreError::Leased { system: system.to_string(), holder, since: clock(held.since) }
}

fn clock(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn until(now: jiff::Timestamp) -> jiff::Timestamp {
    now.checked_add(LASTS).unwrap_or(now)
}

/// The file's name: what a system is may hold anything.
fn name(identity: &str) -> String {
    let hash = Sha256::digest(identity.as_bytes());
    let hex = hash.iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("{hex}.lease")
}

fn host() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if told.trim().is_empty() { "this host".to_owned() } else { told.trim().to_owned() }
}

/// The directory, made where it is not there; never through a symbolic link, and none in which everybody may take away what
/// is another's.
fn directory(place: &Path) -> Result<OwnedFd, String> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || rustix::fs::open(place, flags, Mode::empty());
    let dir = match open() {
        Err(Errno::NOENT) => {
            let made = mkdir(place, Mode::from_raw_mode(0o1777));
            let dir = open().map_err(|error| format!("it cannot be made: {}", made.err().unwrap_or(error)))?;
            if made.is_ok() {
                // The umask has taken the others' rights away.
                fchmod(&dir, Mode::from_raw_mode(0o1777)).map_err(|error| error.to_string())?;
            }
            dir
        }
        // A symbolic link is no directory (open(2), O_NOFOLLOW with O_DIRECTORY).
        Err(Errno::NOTDIR | Errno::LOOP) => return Err("it is no directory, or a symbolic link".into()),
        opened => opened.map_err(|error| error.to_string())?,
    };
    let mode = mode(&fstat(&dir).map_err(|error| error.to_string())?);
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        return Err("everybody may take away what is in it; make it sticky: chmod 1777".into());
    }
    rustix::fs::accessat(&dir, ".", rustix::fs::Access::WRITE_OK, rustix::fs::AtFlags::EACCESS)
        .map_err(|_| "it cannot be written to; all operators of this host must be able to: chmod 1777".to_owned())?;
    Ok(dir)
}

fn mode(stat: &Stat) -> u32 {
    Mode::from_raw_mode(stat.st_mode).bits()
}

/// The file of a lease: an existing one as it is, a new one such that everybody can lock it.
fn opened(dir: &OwnedFd, name: &str) -> Result<File, String> {
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let everybody = Mode::from_raw_mode(0o666);
    // Another one may make it, or be about to open it to others, between two looks.
    let mut last = Errno::AGAIN;
    for _ in 0..100 {
        // Never O_CREAT on what may be there: in a sticky directory the kernel refuses that for another's file
        // (fs.protected_regular, proc(5)).
        let opened = match openat(dir, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => match openat(dir, name, flags | OFlags::CREATE | OFlags::EXCL, everybody) {
                Ok(file) => fchmod(&file, everybody).map(|()| file),
                Err(error) => Err(error),
            },
            opened => opened,
        };
        match opened {
            Ok(file) => {
                let stat = fstat(&file).map_err(|error| error.to_string())?;
                if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || stat.st_nlink > 1 {
                    return Err("it is no plain file of its own; remove it".into());
                }
                let there = statat(dir, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW);
                if there.is_ok_and(|there| (there.st_dev, there.st_ino) == (stat.st_dev, stat.st_ino)) {
                    return Ok(File::from(file));
                }
            }
            Err(Errno::LOOP) => return Err("it is a symbolic link, which is not followed; remove it".into()),
            Err(error) => last = error,
        }
        std::thread::yield_now();
    }
    Err(format!("it cannot be opened: {last}"))
}

fn read(file: &mut File) -> Option<Held> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(MOST).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests;
