//! What must still hold at the very moment at which a write is sent: that what it stands on was looked at a moment ago, and
//! that the right to push is still ours.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Longer than this nothing waits for the vendor's budget; what is older has slept: the process was stopped, or the machine.
const GOOD_FOR: Duration = Duration::from_secs(120);

/// Good for a while, and only as long as something holds. Cheap to clone.
#[derive(Clone)]
pub struct Warrant {
    since: Instant,
    /// The other clock: that one stands still while the machine sleeps (clock_gettime(2), CLOCK_MONOTONIC).
    clock: SystemTime,
    pub(super) holds: Option<Arc<dyn Fn() -> Result<(), String> + Send + Sync>>,
}

impl fmt::Debug for Warrant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Warrant").field("since", &self.since).finish_non_exhaustive()
    }
}

impl Default for Warrant {
    fn default() -> Self {
        Self { since: Instant::now(), clock: SystemTime::now(), holds: None }
    }
}

impl Warrant {
    /// One that was given so long ago.
    #[cfg(test)]
    pub(crate) fn aged(age: Duration) -> Self {
        Self { clock: SystemTime::now() - age, ..Self::default() }
    }

    /// Whether it is good now.
    ///
    /// # Errors
    /// In words, why it is not.
    pub fn good(&self) -> Result<(), String> {
        // A clock that was set back says nothing.
        let age = self.since.elapsed().max(self.clock.elapsed().unwrap_or_default());
        if age > GOOD_FOR {
            return Err(format!(
                "{} s have passed since the record was looked at; it is looked at again",
                age.as_secs()
            ));
        }
        self.holds.as_ref().map_or(Ok(()), |holds| holds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_good_for_a_while_and_a_machine_that_slept_has_aged() {
        assert_eq!(Warrant::default().good(), Ok(()));
        assert_eq!(Warrant::aged(Duration::from_secs(60)).good(), Ok(()));
        assert!(Warrant::aged(Duration::from_secs(8 * 3600)).good().is_err_and(|why| why.contains("28800 s")));
        let set_back = Warrant { clock: SystemTime::now() + Duration::from_secs(3600), ..Warrant::default() };
        assert_eq!(set_back.good(), Ok(()));
    }

    #[test]
    fn it_is_good_only_as_long_as_what_it_depends_on_holds() {
        let warrant = Warrant { holds: Some(Arc::new(|| Err("the lease is gone".to_owned()))), ..Warrant::default() };
        assert_eq!(warrant.good(), Err("the lease is gone".to_owned()));
    }
}
