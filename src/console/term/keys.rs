//! The thread that reads the terminal: it numbers every key, and notices when the line is lost.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crossterm::event::KeyEvent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::decode::{Decoder, Typed};

/// How long a lone Esc waits for the rest of a sequence.
const ESCAPE: Duration = Duration::from_millis(25);
/// The same while an answer of the terminal is outstanding, which begins with the same byte.
const ANSWER: Duration = Duration::from_millis(150);
/// How long a settlement may take before the loop goes on without it.
const SETTLE: Duration = Duration::from_millis(250);

/// What the terminal sends.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key, with its number from 1.
    Key(KeyEvent, u64),
    /// A bracketed paste.
    Paste(String),
    /// The terminal has answered: what it was sent before the question is on the screen.
    Answer,
    /// The line is lost: nothing more will come.
    Gone,
}

#[derive(Debug, Default)]
struct Shared {
    last: AtomicU64,
    awaits: AtomicBool,
    paused: AtomicBool,
    settled: Mutex<(u64, bool)>,
    bell: Condvar,
}

/// The reading thread.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    wake: PipeWriter,
    asked: u64,
}

impl Reader {
    /// Starts reading; everything is delivered in order.
    ///
    /// # Errors
    /// When there is no standard input, pipe or thread to be had.
    pub fn start(deliver: impl Fn(Input) + Send + 'static) -> io::Result<Self> {
        let terminal = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Self::over(terminal, deliver)
    }

    /// The same over any terminal.
    ///
    /// # Errors
    /// When there is no pipe or thread to be had.
    pub fn over(terminal: File, deliver: impl Fn(Input) + Send + 'static) -> io::Result<Self> {
        let (woken, wake) = io::pipe()?;
        let shared = Arc::new(Shared::default());
        let mut thread = Thread { terminal, woken, shared: shared.clone(), decoder: Decoder::default(), deliver };
        std::thread::Builder::new().name("keys".into()).spawn(move || thread.run())?;
        Ok(Self { shared, wake, asked: 0 })
    }

    /// Tells whether an answer of the terminal is outstanding.
    pub fn expect(&self, awaits: bool) {
        self.shared.awaits.store(awaits, Ordering::SeqCst);
    }

    /// Reads nothing more from now on: what is typed belongs to another program.
    pub fn pause(&mut self) {
        self.shared.paused.store(true, Ordering::SeqCst);
        self.settle();
    }

    /// Reads again.
    pub fn resume(&mut self) {
        self.shared.paused.store(false, Ordering::SeqCst);
        self.settle();
    }

    /// Waits until everything that had arrived by now is read and numbered; gives the number of the last key.
    pub fn settle(&mut self) -> u64 {
        self.asked += 1;
        if self.wake.write_all(&[1]).is_ok()
            && let Ok(guard) = self.shared.settled.lock()
        {
            let asked = self.asked;
            let waits = |state: &mut (u64, bool)| state.0 < asked && !state.1;
            drop(self.shared.bell.wait_timeout_while(guard, SETTLE, waits));
        }
        self.shared.last.load(Ordering::SeqCst)
    }
}

struct Thread<D> {
    terminal: File,
    woken: PipeReader,
    shared: Arc<Shared>,
    decoder: Decoder,
    deliver: D,
}

impl<D: Fn(Input)> Thread<D> {
    fn run(&mut self) {
        while self.turn().is_ok() {}
        if let Ok(mut settled) = self.shared.settled.lock() {
            settled.1 = true;
        }
        self.shared.bell.notify_all();
        (self.deliver)(Input::Gone);
    }

    /// Waits for the terminal or a wish to settle, and serves it. `Err`: the line is lost, or nobody listens.
    fn turn(&mut self) -> io::Result<()> {
        let awaits = self.shared.awaits.load(Ordering::SeqCst);
        self.decoder.expect(awaits);
        let timeout = self.decoder.waits().then_some(if awaits { ANSWER } else { ESCAPE });
        let (typed, wished) = {
            // A paused reader waits to be woken, and for nothing else.
            let heard = if self.shared.paused.load(Ordering::SeqCst) { PollFlags::empty() } else { PollFlags::IN };
            let terminal = if heard.is_empty() { self.woken.as_fd() } else { self.terminal.as_fd() };
            let mut fds = [PollFd::from_borrowed_fd(terminal, heard), PollFd::new(&self.woken, PollFlags::IN)];
            let ready = match poll(&mut fds, timeout.map(timespec).as_ref()) {
                Ok(ready) => ready,
                Err(rustix::io::Errno::INTR) => return Ok(()),
                Err(fault) => return Err(fault.into()),
            };
            if ready == 0 {
                let typed = self.decoder.flush();
                self.pass(typed);
                return Ok(());
            }
            (fds[0].revents(), fds[1].revents())
        };
        if typed.contains(PollFlags::IN) {
            self.read()?;
        } else if typed.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if wished.contains(PollFlags::IN) {
            self.settle()?;
        } else if wished.intersects(PollFlags::HUP | PollFlags::ERR) {
            // The console has ended.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4096];
        let count = self.terminal.read(&mut bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let typed = self.decoder.push(&bytes[..count]);
        self.pass(typed);
        Ok(())
    }

    /// Reads all that lies there, then answers.
    fn settle(&mut self) -> io::Result<()> {
        let mut wishes = [0; 64];
        let count = self.woken.read(&mut wishes)?;
        loop {
            let mut fds = [PollFd::new(&self.terminal, PollFlags::IN)];
            let now = timespec(Duration::ZERO);
            let ready = poll(&mut fds, Some(&now))?;
            if ready == 0 || !fds[0].revents().contains(PollFlags::IN) {
                break;
            }
            self.read()?;
        }
        if let Ok(mut settled) = self.shared.settled.lock() {
            settled.0 += count as u64;
        }
        self.shared.bell.notify_all();
        Ok(())
    }

    fn pass(&self, typed: Vec<Typed>) {
        for typed in typed {
            (self.deliver)(match typed {
                Typed::Key(key) => Input::Key(key, self.shared.last.fetch_add(1, Ordering::SeqCst) + 1),
                Typed::Paste(text) => Input::Paste(text),
                Typed::Answer => Input::Answer,
            });
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs().cast_signed(), tv_nsec: i64::from(duration.subsec_nanos()) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::os::fd::OwnedFd;
    use std::sync::mpsc;

    #[test]
    fn what_had_arrived_is_numbered_before_a_settlement_answers() {
        let (there, mut here) = io::pipe().unwrap();
        let (send, came) = mpsc::channel();
        let mut reader = Reader::over(File::from(OwnedFd::from(there)), move |input| drop(send.send(input))).unwrap();
        here.write_all(b"P12\r").unwrap();
        assert_eq!(reader.settle(), 4);
        here.write_all(b"1").unwrap();
        let numbers: Vec<u64> = (0..5)
            .map(|_| match came.recv().unwrap() {
                Input::Key(_, number) => number,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_lost_line_ends_the_thread_once() {
        let (there, here) = io::pipe().unwrap();
        let (send, came) = mpsc::channel();
        let mut reader = Reader::over(File::from(OwnedFd::from(there)), move |input| drop(send.send(input))).unwrap();
        drop(here);
        assert!(matches!(came.recv().unwrap(), Input::Gone));
        assert!(came.recv().is_err(), "nothing comes after it");
        assert_eq!(reader.settle(), 0);
    }
}
