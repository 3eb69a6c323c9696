//! What comes in, and what shall be done outside.

use crossterm::event::KeyEvent;

use crate::engine::protocol::{Command, Report};
use crate::model::SystemId;

use super::checklist::{Gather, Gathered};
use super::export;
use super::order::{OrderJob, Ordered};
use super::survey::{Survey, Surveyed};

/// What comes in.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key, and its number among all keys that were read.
    Key {
        /// The key.
        key: KeyEvent,
        /// Its number, from 1.
        number: u64,
    },
    /// A bracketed paste.
    Paste(String),
    /// The screen's new size: columns, rows.
    Resize(u16, u16),
    /// A frame is on the screen. `read`: the number of the last key that was read before it was.
    Drawn {
        /// The number of the last key read.
        read: u64,
    },
    /// The engine reports.
    Report(Report),
    /// A list was made.
    Ordered(Ordered),
    /// Offers were gathered.
    Gathered(Gathered),
    /// What became of a copy, where it is not what was said at once.
    Copied(Copied),
    /// What the operator's editor saved.
    Edited(String),
    /// Many records were looked at.
    Surveyed(Surveyed),
    /// Nothing but that time has passed.
    Tick,
}

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// tmux took it, and passes it on.
    Tmux,
    /// It was sent through tmux, which may not pass it on.
    TmuxUnsure,
    /// It was too long, so many bytes, and was not sent.
    TooLong(usize),
}

/// What shall be done outside.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Tell the engine.
    Engine(Command),
    /// Make a list, off the UI thread.
    Order(OrderJob),
    /// Gather offers, off the UI thread.
    Gather(Gather),
    /// Write this to a file of this name, off the UI thread; masked or not.
    Export {
        /// What.
        what: export::What,
        /// The file's name as it was typed.
        name: String,
        /// Personal data is masked, with the session's salt.
        mask: Option<u64>,
    },
    /// Look at many records, off the UI thread.
    Survey(Survey),
    /// Write down what is kept of the screen.
    Keep(String),
    /// Put a text on the clipboard of the operator's terminal (OSC 52).
    Copy(String),
    /// Let the operator's editor have a text.
    Edit(String),
    /// Let the operator's editor have the rules: the mapping file of a system where it has one, else the configuration.
    EditRules(Option<SystemId>),
    /// Draw everything anew.
    Repaint,
    /// Give the terminal back and stop until continued.
    Suspend,
    /// Another theme: the next one, or the one of this name.
    Theme(Option<String>),
    /// End.
    Leave,
}
