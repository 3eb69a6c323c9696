//! What all processes of a host have sent to one account lately, where the service counts it over a window: they share a
//! file of times, beside the leases.
//!
//! Whoever is about to send takes the next place that keeps within the limit and writes it down, so that places go in the
//! order in which they were asked for, and nobody waits for ever behind somebody who asks more often. What the file says is
//! a courtesy among operators: nonsense in it is not believed, and without it everybody keeps to a limit of their own.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::{Leases, StoreError, directory, opened};

/// What the file begins with.
const MARK: [u8; 8] = *b"trueup 1";

/// Places that are kept at most.
const PLACES: usize = 8_192;

/// Somebody who holds the lock longer than this while counting is stopped or stuck.
const LONGEST: Duration = Duration::from_secs(1);

/// The count of one account.
#[derive(Debug)]
pub struct Tally {
    file: Mutex<File>,
    path: String,
}

/// A place in the order of requests: milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

/// What the file says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    /// The service turned somebody away and lets nobody in before this.
    paused: u64,
    /// When requests were sent or will be, in order.
    places: Vec<u64>,
}

impl Leases {
    /// The count of what is sent to an account. `identity`: what the system is, and whose key is used; nobody can tell either
    /// from the file's name. `None` where there are no leases at all.
    ///
    /// # Errors
    /// When there is no place that all operators of this host could use.
    pub fn tally(&self, identity: &str) -> Result<Option<Tally>, StoreError> {
        let name = name(identity);
        let mut why = None;
        for place in &self.places {
            let path = place.join(&name).display().to_string();
            // All look in the same order, so they meet in the first place that can be used.
            match directory(place).and_then(|dir| opened(&dir, &name)) {
                Ok(file) => return Ok(Some(Tally { file: Mutex::new(file), path })),
                Err(error) => why = Some(StoreError::Tally { path, why: error }),
            }
        }
        why.map_or(Ok(None), Err)
    }
}

fn name(identity: &str) -> String {
    let hash = Sha256::digest(format!("requests to {identity}").as_bytes());
    let hex = hash.iter().take(16).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("{hex}.count")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

impl Tally {
    /// Takes the next place for one request such that no window has more than `most`, and says how long it is until then.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn take(&self, window: Duration, most: usize) -> Result<(Place, Duration), StoreError> {
        self.with(|count| {
            let now = now();
            let at = count.take(now, window.as_millis() as u64, most.max(1));
            (Place(at), Duration::from_millis(at.saturating_sub(now)))
        })
    }

    /// A place that was taken is not needed after all.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn give_back(&self, place: Place) -> Result<(), StoreError> {
        self.with(|count| {
            if let Ok(at) = count.places.binary_search(&place.0) {
                count.places.remove(at);
            }
        })
    }

    /// The service turned a request away: nobody sends anything for this long.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn pause(&self, wait: Duration) -> Result<(), StoreError> {
        self.with(|count| count.paused = count.paused.max(now().saturating_add(wait.as_millis() as u64)))
    }

    fn fault(&self, why: impl ToString) -> StoreError {
        StoreError::Tally { path: self.path.clone(), why: why.to_string() }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Count) -> T) -> Result<T, StoreError> {
        let file: MutexGuard<'_, File> = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let began = std::time::Instant::now();
        loop {
            match flock(&*file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => break,
                Err(Errno::WOULDBLOCK | Errno::INTR) if began.elapsed() < LONGEST => {
                    // Others hold it for as long as it takes to read and write a few pages.
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(Errno::WOULDBLOCK) => return Err(self.fault("somebody holds it and does not let go (stopped?)")),
                Err(error) => return Err(self.fault(error)),
            }
        }
        let done = (|| {
            let mut count = Count::read(&file)?;
            let done = change(&mut count);
            count.write(&file)?;
            Ok::<_, io::Error>(done)
        })();
        let _ = flock(&*file, FlockOperation::Unlock);
        done.map_err(|error| self.fault(error))
    }
}

impl Count {
    fn read(mut file: &File) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take((PLACES as u64 + 2) * 8).read_to_end(&mut bytes)?;
        // What another program wrote, or nobody, is a count of nothing.
        let Some(numbers) = bytes.strip_prefix(&MARK) else { return Ok(Self::default()) };
        let mut numbers = numbers.as_chunks().0.iter().map(|number| u64::from_le_bytes(*number));
        let paused = numbers.next().unwrap_or(0);
        let mut places: Vec<u64> = numbers.collect();
        places.sort_unstable();
        Ok(Self { paused, places })
    }

    fn write(&self, mut file: &File) -> io::Result<()> {
        let numbers = std::iter::once(&self.paused).chain(&self.places).flat_map(|number| number.to_le_bytes());
        let bytes: Vec<u8> = MARK.into_iter().chain(numbers).collect();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&bytes)?;
        file.set_len(bytes.len() as u64)
    }

    fn take(&mut self, now: u64, window: u64, most: usize) -> u64 {
        // Nobody has a place further ahead than a window and what waits at once: a clock was set, or it is nonsense.
        let farthest = now.saturating_add(window.saturating_mul(2));
        self.places.retain(|at| at.saturating_add(window) > now && *at <= farthest);
        if self.paused > farthest {
            self.paused = 0;
        }
        let mut at = now.max(self.paused);
        if let Some(first) = self.places.len().checked_sub(most).and_then(|at| self.places.get(at)) {
            at = at.max(first.saturating_add(window));
        }
        let before = self.places.partition_point(|have| *have <= at);
        self.places.insert(before, at);
        let over = self.places.len().saturating_sub(PLACES);
        self.places.drain(..over);
        at
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn place(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("trueup-tally-{name}-{}", uuid::Uuid::now_v7()))
    }

    #[test]
    fn no_window_ever_has_more_than_the_limit_and_places_go_in_the_order_of_asking() {
        let mut count = Count::default();
        let taken: Vec<u64> = (0..10).map(|n| count.take(1_000 + n, 60_000, 3)).collect();
        assert_eq!(taken[..4], [1_000, 1_001, 1_002, 61_000], "the fourth waits until the first is a window old");
        assert!(taken.is_sorted(), "{taken:?}");
        let worst = taken.iter().map(|from| taken.iter().filter(|at| (*from..from + 60_000).contains(at)).count());
        assert_eq!(worst.max(), Some(3));
    }

    #[test]
    fn what_is_over_or_cannot_be_is_not_counted() {
        let mut count = Count { paused: u64::MAX, places: vec![5, 900_000, u64::MAX] };
        assert_eq!(count.take(100_000, 60_000, 1), 100_000);
        assert_eq!(count, Count { paused: 0, places: vec![100_000] });
        count.paused = 130_000;
        assert_eq!(count.take(110_000, 60_000, 9), 130_000, "the service lets nobody in before");
    }

    #[test]
    fn two_counts_of_one_file_are_one_and_a_place_can_be_given_back() {
        let dir = place("two");
        let tally = |who: &str| Leases::at(&dir).tally(who).unwrap().unwrap();
        let (one, two, other) = (tally("litmos a"), tally("litmos a"), tally("litmos b"));
        let window = Duration::from_secs(3600);
        assert_eq!(one.take(window, 2).unwrap().1, Duration::ZERO);
        let (second, wait) = two.take(window, 2).unwrap();
        assert_eq!(wait, Duration::ZERO);
        assert!(one.take(window, 2).unwrap().1 > Duration::from_secs(3000));
        assert_eq!(other.take(window, 2).unwrap().1, Duration::ZERO, "another key has a limit of its own");
        two.give_back(second).unwrap();
        assert_eq!(one.take(window, 3).unwrap().1, Duration::ZERO);
        two.pause(Duration::from_secs(100)).unwrap();
        assert!(one.take(window, 99).unwrap().1 > Duration::from_secs(90));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_is_no_count_is_one_of_nothing_and_a_link_is_not_followed() {
        let dir = place("odd");
        let leases = Leases::at(&dir);
        leases.tally("x").unwrap();
        let path = dir.join(name("x"));
        std::fs::write(&path, b"no count, and longer than one would be").unwrap();
        let window = Duration::from_secs(60);
        assert_eq!(leases.tally("x").unwrap().unwrap().take(window, 1).unwrap().1, Duration::ZERO);
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        let why = leases.tally("x").unwrap_err().to_string();
        assert!(why.contains("symbolic link") && why.contains("counts by itself"), "{why}");
        assert!(Leases::none().tally("x").unwrap().is_none());
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn who_holds_it_and_does_not_let_go_holds_nobody_up() {
        let dir = place("held");
        let tally = Leases::at(&dir).tally("x").unwrap().unwrap();
        let file = File::open(dir.join(name("x"))).unwrap();
        flock(&file, FlockOperation::LockExclusive).unwrap();
        let why = tally.take(Duration::from_secs(60), 1).unwrap_err().to_string();
        assert!(why.contains("does not let go"), "{why}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
