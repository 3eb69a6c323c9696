//! What is taken out of the cache: snapshots that are too old, and all of a system that is forgotten.

use std::time::{Duration, SystemTime};

use super::{FileCache, fault, file_name};
use crate::model::{Kind, SystemId};
use crate::store::StoreError;

const DAY: u64 = 24 * 60 * 60;

/// No snapshot takes longer to write, in seconds.
const WRITING: u64 = 60 * 60;

impl FileCache {
    /// Removes what was written more than so many days ago (0: everything), and what a run that was killed has left
    /// half-written. Gives how many files that were.
    ///
    /// # Errors
    /// When a file cannot be removed; the others are all the same.
    pub fn sweep(&self, days: u32) -> Result<usize, StoreError> {
        let before = |seconds| SystemTime::now().checked_sub(Duration::from_secs(seconds));
        let (oldest, begun) = (before(u64::from(days) * DAY), before(WRITING));
        self.remove(|file, written| {
            let limit = if file.strip_suffix(".new").is_some() { oldest.max(begun) } else { oldest };
            days == 0 || limit.is_some_and(|limit| written.is_none_or(|written| written < limit))
        })
    }

    /// The systems of which there are files.
    pub fn systems(&self) -> Vec<SystemId> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Vec::new() };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let names = names.filter(|name| ours(name));
        let mut found: Vec<_> = names.filter_map(|name| system_of(name.split('.').next()?)).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Removes all files of a system, half-written ones too.
    pub(super) fn forget(&self, system: &SystemId) -> Result<(), StoreError> {
        let name = file_name(system);
        let own = |file: &str| file.strip_prefix(&*name).is_some_and(|rest| rest.starts_with('.'));
        self.remove(|file, _| own(file)).map(drop)
    }

    fn remove(&self, wanted: impl Fn(&str, Option<SystemTime>) -> bool) -> Result<usize, StoreError> {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return Ok(0) };
        let (mut removed, mut failed) = (0, None);
        for entry in entries.flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let Some(name) = name.to_str().filter(|name| ours(name)) else { continue };
            let written = entry.metadata().and_then(|data| data.modified()).ok();
            if !wanted(name, written) {
                continue;
            }
            let gone = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            match gone {
                Ok(()) => removed += 1,
                Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
                Err(why) => failed = Some((path, why)),
            }
        }
        match failed {
            Some((path, why)) => Err(fault(&path, why)),
            None => Ok(removed),
        }
    }
}

/// The system whose files are called so: the way back from [`file_name`].
fn system_of(name: &str) -> Option<SystemId> {
    let mut bytes = Vec::new();
    let mut rest = name;
    while let Some((plain, coded)) = rest.split_once('%') {
        bytes.extend_from_slice(plain.as_bytes());
        bytes.push(u8::from_str_radix(coded.get(..2)?, 16).ok()?);
        rest = &coded[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok().map(|name| SystemId::new(name.as_str()))
}

/// Whether a file is a snapshot or belongs to one: nothing else in the directory is touched.
fn ours(name: &str) -> bool {
    let mut parts = name.split('.').skip(1);
    parts.next().is_some_and(|kind| Kind::ALL.iter().any(|have| have.name().eq_ignore_ascii_case(kind)))
}
