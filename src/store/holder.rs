//! Who holds something: a process that can be told alive from dead, also when its number was given to another one.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

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
}

static LAST: AtomicU64 = AtomicU64::new(0);
static OPEN: Mutex<BTreeSet<u64>> = Mutex::new(BTreeSet::new());

fn open() -> std::sync::MutexGuard<'static, BTreeSet<u64>> {
    OPEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Holder {
    /// A holder for a journal that is being opened in this process.
    pub(super) fn new() -> Self {
        let pid = std::process::id();
        let instance = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        open().insert(instance);
        Self { pid, started: started(pid), instance }
    }

    /// The journal was closed.
    pub(super) fn gone(&self) {
        open().remove(&self.instance);
    }

    /// Whether it still holds what it held.
    pub(super) fn alive(&self) -> bool {
        if self.pid == std::process::id() && self.started == started(self.pid) {
            return open().contains(&self.instance);
        }
        // Where nothing of another's process can be seen (hidepid, proc(5)), it is taken for the one that it was.
        running(self.pid) && (self.started == 0 || [0, self.started].contains(&started(self.pid)))
    }
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

    #[test]
    fn a_holder_lives_as_long_as_its_journal() {
        let holder = Holder::new();
        assert!(holder.alive());
        holder.gone();
        assert!(!holder.alive());
    }

    #[test]
    fn a_process_that_ended_holds_nothing() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let holder = Holder { pid: child.id(), started: 1, instance: 1 };
        child.wait().unwrap();
        assert!(!holder.alive());
    }

    #[test]
    fn a_number_that_was_given_to_another_process_holds_nothing() {
        let holder = Holder { pid: 1, started: u64::MAX, instance: 1 };
        assert!(!holder.alive());
    }
}
