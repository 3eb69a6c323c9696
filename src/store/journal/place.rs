//! Where the journal lies: its file and directory for their owner alone, and a way of writing that the file system bears.

use std::path::Path;

use rusqlite::Connection;

use super::PATIENCE;

/// What kind of file system holds the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One of this machine.
    Local,
    /// One that other machines see as well.
    Shared,
}

/// File systems that other machines may see too, by the number that `statfs(2)` gives them.
const SHARED: [u32; 11] = [
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF53_4D42, // CIFS
    0xFE53_4D42, // SMB2
    0x5346_414F, // AFS
    0x6B41_4653, // kAFS
    0x0102_1997, // 9P
    0x00C3_6400, // Ceph
    0x0BD0_0BD0, // Lustre
    0x4750_4653, // GPFS
    0x7375_7245, // Coda
];

impl Place {
    /// Where a file lies. What does not say is taken for local.
    pub(super) fn of(path: &Path) -> Self {
        rustix::fs::statfs(path).map_or(Self::Local, |stat| Self::numbered(stat.f_type as u32))
    }

    fn numbered(kind: u32) -> Self {
        if SHARED.contains(&kind) { Self::Shared } else { Self::Local }
    }

    /// Has a database written as this place bears it. Every commit is on disk when it returns.
    pub(super) fn prepare(self, db: &Connection) -> rusqlite::Result<()> {
        db.busy_timeout(PATIENCE)?;
        match self {
            Self::Local => {
                db.pragma_update(None, "journal_mode", "wal")?;
                db.pragma_update(None, "synchronous", "full")?;
            }
            // A write-ahead log is shared through memory, which two machines do not have in common (sqlite.org/wal.html). And
            // whether a process is alive can be told on its own machine alone: so the file is locked as long as it is open.
            Self::Shared => {
                db.pragma_update(None, "locking_mode", "exclusive")?;
                db.pragma_update(None, "journal_mode", "truncate")?;
                db.pragma_update(None, "synchronous", "extra")?;
                db.execute_batch("begin exclusive; commit")?;
            }
        }
        // What a purge forgets is not left in free pages.
        db.pragma_update(None, "secure_delete", true)?;
        db.pragma_update(None, "foreign_keys", true)
    }
}

/// Makes directory and file such that nobody else can read them. A directory that is there is left as it is: it may be
/// shared; the file is not.
pub(super) fn private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut maker = std::fs::DirBuilder::new();
        maker.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        maker.create(folder)?;
    }
    let mut opener = std::fs::OpenOptions::new();
    opener.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut opener, 0o600);
    let file = opener.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

/// Which file it is that a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u64, u64);

impl Mark {
    /// The file that is there now.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let about = std::fs::metadata(path)?;
        Ok(Self(std::os::unix::fs::MetadataExt::dev(&about), std::os::unix::fs::MetadataExt::ino(&about)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_known_by_its_number() {
        assert_eq!(Place::numbered(0x6969), Place::Shared);
        assert_eq!(Place::numbered(0xFF53_4D42), Place::Shared);
        assert_eq!(Place::numbered(0xEF53), Place::Local, "ext4");
        assert_eq!(Place::of(Path::new("/nowhere/at/all")), Place::Local);
    }
}
