//! The terminal itself: raw mode and alternate screen, what is written, what is typed. It knows nothing of the console.
//!
//! Whatever way the program goes out (return, error, panic of the UI thread, signal), the terminal is given back, once.

mod decode;
mod editor;
mod keys;
mod pace;
mod paint;
mod scroll;

pub use decode::{Decoder, Typed};
pub use editor::{edit, edit_file, in_tmux, to_tmux};
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
/// What the terminal's title says while it is ours.
static TITLE: Mutex<String> = Mutex::new(String::new());
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
    /// Takes the terminal: raw mode, alternate screen, bracketed paste, no cursor, and this title.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn take(title: &str) -> io::Result<Self> {
        hook();
        if let Ok(mut shown) = TITLE.lock() {
            *shown = title.chars().filter(|c| !c.is_control()).collect();
        }
        if let Ok(mut owner) = OWNER.lock() {
            *owner = Some(std::thread::current().id());
        }
        enter()?;
        Ok(Self(()))
    }

    /// Gives the terminal back, stops until continued, and takes it again. With `group` the whole process group stops, as
    /// with a shell's own ctrl-z, so that a parent like `cargo run` does not keep the terminal. `false`: nobody is there who
    /// could continue it, and it did not stop.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn suspend(&self, group: bool) -> io::Result<bool> {
        use rustix::process::{Signal, getpid, kill_current_process_group, kill_process};
        if orphaned() {
            return Ok(false);
        }
        leave();
        // Not SIGTSTP, which is caught here so that the screen can be given back first.
        let stopped =
            if group { kill_current_process_group(Signal::STOP) } else { kill_process(getpid(), Signal::STOP) };
        enter()?;
        stopped.map_err(io::Error::from)?;
        Ok(true)
    }

    /// Gives the terminal to another program for as long as that runs.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn lend<T>(&self, other: impl FnOnce() -> T) -> io::Result<T> {
        leave();
        let came = other();
        enter()?;
        Ok(came)
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

/// Whether nobody could continue what is stopped here: the group that leads its session has no shell with job control over
/// it (POSIX orphaned process groups, for which the kernel does not heed SIGTSTP either).
fn orphaned() -> bool {
    use rustix::process::{getpgrp, getsid};
    getsid(None).is_ok_and(|session| session == getpgrp())
}

fn enter() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    let mut out = io::stdout();
    // What is held already is not entered twice: the terminal would forget where its cursor was before.
    if !HELD.swap(true, Ordering::SeqCst) {
        out.write_all(&titled())?;
        execute!(out, EnterAlternateScreen)?;
    }
    execute!(out, EnableBracketedPaste, Hide)
}

/// The old title is put away (XTWINOPS 22) and ours shown. Nothing is asked of the terminal. The Linux console has no title.
fn titled() -> Vec<u8> {
    match TITLE.try_lock() {
        Ok(title) if !title.is_empty() && has_title() => format!("\x1b[22;2t\x1b]2;{title}\x07").into_bytes(),
        _ => Vec::new(),
    }
}

fn has_title() -> bool {
    !std::env::var("TERM").is_ok_and(|term| term == "linux" || term == "dumb")
}

/// Gives the terminal back where it is ours; a terminal that is gone is no fault here.
pub fn leave() {
    if HELD.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _ = write!(out, "\x1b[m");
        let _ = execute!(out, DisableBracketedPaste, Show, LeaveAlternateScreen);
        if has_title() {
            let _ = out.write_all(b"\x1b[23;2t").and_then(|()| out.flush());
        }
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
