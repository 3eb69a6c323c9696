//! What asks a running push to stop: ctrl-c, a request to terminate, a lost line.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, caught from when this is made, so that none between two is lost.
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where it was to be ignored from the start: `nohup` means that the push goes on.
    hang_up: Option<Signal>,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// When the operating system does not allow it.
    pub fn catch() -> std::io::Result<Self> {
        let ignored = std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores_hang_up(&status));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if ignored { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let lost = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = lost => {}
        }
    }
}

/// Whether the first bit of the mask of ignored signals is set: that of SIGHUP (proc(5), signal(7)).
fn ignores_hang_up(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_line_that_is_to_be_ignored_is() {
        assert!(ignores_hang_up("Name:\ttrueup\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hang_up("Name:\ttrueup\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hang_up(""));
    }
}
