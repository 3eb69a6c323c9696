//! How fast frames may follow one another: on a slow line the next one waits until the terminal has shown the last.
//!
//! After a frame the terminal is asked for its status (`CSI 5 n`, ECMA-48 8.3.35), which it answers in the order of what it was sent:
//! the answer says that the frame is through. Nothing waits for a terminal that never answered. A multiplexer answers by
//! itself, whatever the line behind it does, so inside one nothing is asked and frames keep a distance instead.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What asks: "device status report, please".
pub const ASK: &[u8] = b"\x1b[5n";

/// Frames that keys ask for keep this distance where nothing tells that they arrive; the first one after a rest goes out at
/// once, whatever was drawn of itself just before.
const APART: Duration = Duration::from_millis(50);
/// Where nothing tells that they arrive, so many bytes a second are taken to be carried: a multiplexer takes any number at once,
/// and shows all of them to whoever sits behind a slow line, long after the key was let go.
const CARRIED: usize = 10_000;
/// So many may be ahead of that: two whole screens, for whoever turns a page or two.
const AHEAD: usize = 12_000;
/// No frame waits longer than this for those before it.
const LONGEST: Duration = Duration::from_millis(600);
/// So many bytes may be on their way when the next frame is sent: two moves of a cursor, never two pages.
const WINDOW: usize = 600;
/// A terminal that answered before and is silent for so long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(3);
/// A terminal that has never answered is asked so often.
const TRIES: u32 = 3;
/// On the way out, a terminal that has never answered gets so long.
const PARTING: Duration = Duration::from_millis(300);

/// What is on its way to the terminal.
#[derive(Debug)]
pub struct Pace {
    /// Whether the terminal itself reads what we write.
    direct: bool,
    /// Frames that were asked about and not answered: bytes, and when.
    asked: VecDeque<(usize, Instant)>,
    /// Whether somebody has typed: a start, and a screen that nobody works at, ask nothing.
    typed: bool,
    /// Somebody has typed since the last frame.
    keyed: bool,
    /// Written since the last question.
    since: usize,
    /// Whether it has ever answered, and not fallen silent since.
    answers: bool,
    /// Questions put to a terminal that did not answer yet.
    tries: u32,
    /// The last frame that answered a key.
    last: Option<Instant>,
    /// Bytes that may not have been carried yet, as of when.
    ahead: Option<(usize, Instant)>,
}

impl Pace {
    /// Nothing written yet. `direct`: what reads us is the terminal, not a multiplexer.
    pub const fn new(direct: bool) -> Self {
        Self {
            direct,
            asked: VecDeque::new(),
            typed: false,
            keyed: false,
            since: 0,
            answers: false,
            tries: 0,
            last: None,
            ahead: None,
        }
    }

    /// Bytes that may not have been carried yet.
    fn ahead(&self, now: Instant) -> usize {
        self.ahead.map_or(0, |(bytes, at)| {
            let carried = now.saturating_duration_since(at).as_millis().saturating_mul(CARRIED as u128) / 1000;
            bytes.saturating_sub(usize::try_from(carried).unwrap_or(usize::MAX))
        })
    }

    /// A pace for this terminal, by its environment.
    pub fn of_environment() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let term = std::env::var("TERM").unwrap_or_default();
        let kind = ["tmux", "screen", "dumb", "linux"].iter().any(|kind| term.starts_with(kind));
        Self::new(!(set("TMUX") || set("STY") || set("ZELLIJ") || kind))
    }

    /// A frame of so many bytes goes out. True: [`ASK`] goes out behind it.
    ///
    /// Never before a key: a start waits for nothing and asks nothing.
    pub fn frame(&mut self, bytes: usize, now: Instant) -> bool {
        if std::mem::take(&mut self.keyed) {
            self.last = Some(now);
        }
        self.since += bytes;
        self.ahead = Some((self.ahead(now) + bytes, now));
        let ask = self.direct && self.typed && bytes > 0 && (self.answers || self.tries < TRIES);
        if ask {
            self.tries += u32::from(!self.answers);
            self.asked.push_back((self.since, now));
            self.since = 0;
        }
        ask
    }

    /// A key came.
    pub fn typed(&mut self) {
        (self.typed, self.keyed) = (true, true);
    }

    /// The terminal answered the oldest question.
    pub fn answered(&mut self) {
        // An answer to nothing is somebody else's; one that comes late shows that it does answer.
        self.answers |= self.direct && self.last.is_some();
        self.asked.pop_front();
    }

    /// How long the next frame has to wait at most; an answer may end the wait earlier. Zero: it may go out.
    pub fn hold(&mut self, now: Instant) -> Duration {
        if !self.answers {
            let apart = |last| APART.saturating_sub(now.saturating_duration_since(last));
            let over = if self.direct { 0 } else { self.ahead(now).saturating_sub(AHEAD) as u64 };
            return self
                .last
                .map_or(Duration::ZERO, apart)
                .max(Duration::from_millis(over * 1000 / CARRIED as u64).min(LONGEST));
        }
        let on_the_way: usize = self.asked.iter().map(|(bytes, _)| bytes).sum();
        let Some((_, oldest)) = self.asked.front().filter(|_| on_the_way >= WINDOW) else { return Duration::ZERO };
        let left = PATIENCE.saturating_sub(now.saturating_duration_since(*oldest));
        if left.is_zero() {
            self.answers = false;
            self.asked.clear();
        }
        left
    }

    /// How long answers may still come that nobody must take for typed: zero where none is outstanding.
    pub fn outstanding(&self, now: Instant) -> Duration {
        let patience = if self.answers { PATIENCE } else { PARTING };
        self.asked
            .back()
            .map_or(Duration::ZERO, |(_, asked)| patience.saturating_sub(now.saturating_duration_since(*asked)))
    }

    /// Whether an answer is outstanding.
    pub fn awaits(&self) -> bool {
        !self.asked.is_empty()
    }

    /// The terminal was given away and taken again: what it was asked before is answered or lost.
    pub fn forget(&mut self) {
        self.asked.clear();
        self.since = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// A terminal that has shown two frames and said so.
    fn known(now: Instant) -> Pace {
        let mut pace = Pace::new(true);
        assert!(!pace.frame(3000, now), "nothing is asked at the start");
        pace.typed();
        assert!(pace.frame(100, now));
        pace.answered();
        pace
    }

    #[test]
    fn a_page_waits_for_the_page_before_it_and_no_longer() {
        let now = Instant::now();
        let mut pace = known(now);
        assert_eq!(pace.hold(now + ms(1)), Duration::ZERO);
        assert!(pace.frame(5000, now));
        assert!(pace.hold(now + ms(400)) > Duration::ZERO);
        pace.answered();
        assert_eq!(pace.hold(now + ms(401)), Duration::ZERO);
    }

    #[test]
    fn two_moves_of_the_cursor_may_be_on_their_way() {
        let now = Instant::now();
        let mut pace = known(now);
        pace.frame(300, now);
        assert_eq!(pace.hold(now), Duration::ZERO);
        pace.frame(300, now);
        assert!(pace.hold(now) > Duration::ZERO);
    }

    #[test]
    fn a_terminal_that_never_answers_is_never_waited_for_and_soon_left_in_peace() {
        let now = Instant::now();
        let mut pace = Pace::new(true);
        pace.frame(3000, now);
        let mut key = |at| {
            pace.typed();
            pace.frame(5000, at)
        };
        let asked = (1..20).filter(|n| key(now + ms(100 * n))).count();
        assert_eq!(asked, TRIES as usize);
        assert_eq!(pace.hold(now + ms(1900)), APART, "only the distance is kept");
        assert_eq!(pace.hold(now + ms(1950)), Duration::ZERO);
    }

    #[test]
    fn one_that_falls_silent_is_let_go_and_one_that_speaks_again_is_heard() {
        let now = Instant::now();
        let mut pace = known(now);
        pace.frame(5000, now);
        assert_eq!(pace.hold(now + PATIENCE), Duration::ZERO);
        assert_eq!(pace.hold(now + PATIENCE), Duration::ZERO, "and it stays let go");
        pace.answered();
        pace.frame(5000, now + ms(4000));
        assert!(pace.hold(now + ms(4100)) > APART);
    }

    #[test]
    fn inside_a_multiplexer_nothing_is_asked_and_frames_keep_their_distance() {
        let now = Instant::now();
        let mut pace = Pace::new(false);
        pace.frame(3000, now);
        let mut key = |at| {
            pace.typed();
            pace.frame(900, at)
        };
        assert!((1..9).all(|n| !key(now + ms(n))));
        assert_eq!(pace.hold(now + ms(18)), ms(40));
        pace.frame(60, now + ms(80));
        assert_eq!(
            pace.hold(now + ms(90)),
            Duration::ZERO,
            "the first key after a rest is answered at once, though a counter has just moved"
        );
    }

    #[test]
    fn the_way_out_waits_for_what_was_asked_and_for_nothing_else() {
        let now = Instant::now();
        let mut pace = known(now);
        assert_eq!(pace.outstanding(now), Duration::ZERO);
        pace.frame(200, now);
        assert_eq!(pace.outstanding(now + ms(1000)) + ms(1000), PATIENCE);
        pace.answered();
        assert_eq!(pace.outstanding(now), Duration::ZERO);
    }

    #[test]
    fn behind_a_multiplexer_pages_follow_one_another_as_fast_as_a_slow_line_carries_them() {
        let start = Instant::now();
        let mut pace = Pace::new(false);
        let (mut now, mut frames, mut bytes) = (start, 0, 0);
        while now.duration_since(start) < ms(2000) {
            pace.typed();
            if pace.hold(now).is_zero() {
                pace.frame(5_000, now);
                (frames, bytes) = (frames + 1, bytes + 5_000);
            }
            now += ms(10);
        }
        assert!((6..=8).contains(&frames), "{frames}");
        assert!(bytes <= AHEAD + 2 * CARRIED + 5_000, "{bytes}");
        now += ms(3000);
        for _ in 0..2 {
            assert!(pace.hold(now).is_zero(), "two pages at once are there at once");
            pace.frame(5_000, now);
            now += APART;
        }
        assert!(pace.hold(now).is_zero(), "small moves do not wait for them");
    }
}
