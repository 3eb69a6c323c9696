//! The terminal itself: raw mode and alternate screen, what is written, what is typed. It knows nothing of the console.
//!
//! Whatever way the program goes out (return, error, panic of the UI thread, signal), the terminal is given back, once.

mod decode;
mod keys;
mod pace;
mod paint;
mod scroll;

pub use decode::{Decoder, Typed};
pub use keys::{Input, Reader};
pub use pace::Pace;
pub use paint::Screen;

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::ThreadId;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, terminal};

/// Standard input or output is no terminal.
#[derive(Debug, thiserror::Error)]
#[error("the console needs a terminal on standard input and output; without one, use `trueup check`")]
pub struct NoTerminal;

/// Whether the terminal is ours now.
static HELD: AtomicBool = AtomicBool::new(false);
/// The thread whose panic gives the terminal back.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Whether there is a terminal to work on.
///
/// # Errors
/// Where standard input or output is none.
pub fn ready() -> Result<(), NoTerminal> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() { Ok(()) } else { Err(NoTerminal) }
}

/// The terminal, held: given back when this is dropped.
#[derive(Debug)]
pub struct Held(());

impl Held {
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, no cursor.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn take() -> io::Result<Self> {
        hook();
        if let Ok(mut owner) = OWNER.lock() {
            *owner = Some(std::thread::current().id());
        }
        enter()?;
        Ok(Self(()))
    }

    /// Gives the terminal back, stops until continued, and takes it again. The whole process group stops, as with a
    /// shell's own ctrl-z, so that a parent like `cargo run` does not keep the terminal.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn suspend(&self) -> io::Result<()> {
        leave();
        let stopped = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        enter()?;
        stopped.map_err(io::Error::from)
    }

    /// Takes the terminal again after somebody else had it (SIGCONT).
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn again(&self) -> io::Result<()> {
        enter()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    HELD.store(true, Ordering::SeqCst);
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)
}

/// Gives the terminal back where it is ours; a terminal that is gone is no fault here.
pub fn leave() {
    if HELD.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = write!(out, "\x1b[m");
        let _ = execute!(out, DisableBracketedPaste, Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}

/// Columns and rows.
///
/// # Errors
/// When the terminal does not tell.
pub fn size() -> io::Result<(u16, u16)> {
    terminal::size()
}

/// Panics of other threads, while the screen was up: `(thread, message)`.
static ELSEWHERE: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// Panics of other threads since the last look. Their reports are kept off the screen.
pub fn panics() -> Vec<(String, String)> {
    ELSEWHERE.lock().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default()
}

/// A panic of the UI thread gives the terminal back before it is reported; any other leaves the screen alone.
fn hook() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let mine = OWNER.try_lock().is_ok_and(|owner| *owner == Some(std::thread::current().id()));
            if mine {
                leave();
            }
            if HELD.load(Ordering::SeqCst) {
                let thread = std::thread::current().name().unwrap_or("a task").to_owned();
                if let Ok(mut list) = ELSEWHERE.try_lock() {
                    list.push((thread, info.to_string()));
                }
            } else {
                before(info);
            }
        }));
    });
}
