//! How the console is opened, and how it ended.

use std::path::{Path, PathBuf};

use super::Keymap;
use crate::console::view::Themes;
use crate::model::SystemId;

/// How the console is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Over the simulators: the header says so.
    pub demo: bool,
    /// Nothing of it outlives it: what is staged is gone when it ends, and that is asked about.
    pub forgets: bool,
    /// What the header calls it: the configuration's name.
    pub title: String,
    /// All themes, with the one that is on.
    pub themes: Themes,
    /// The operator's own key map.
    pub keymap: Option<Keymap>,
    /// The cursor is placed anew after every wide character, and nothing is scrolled.
    pub compat_draw: bool,
    /// Where exports go that name no directory of their own.
    pub exports: PathBuf,
    /// The configuration's own lenses: name and filter.
    pub lenses: Vec<(String, String)>,
    /// The configuration's file and the mapping files that it names, which the operator may edit while the console is open.
    pub rules: Option<Rules>,
    /// The file in which columns and order of the lists are kept.
    pub kept: Option<std::path::PathBuf>,
}

/// Where the rules are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The configuration.
    pub config: PathBuf,
    /// The mapping files that systems have.
    pub mappings: Vec<(SystemId, PathBuf)>,
}

impl Rules {
    /// The file with the rules of a system.
    pub(super) fn file(&self, system: Option<&SystemId>) -> &Path {
        let own = self.mappings.iter().find(|(id, _)| Some(id) == system);
        own.map_or(&self.config, |(_, path)| path)
    }
}

/// How the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// The operator ended it.
    Quit,
    /// The line was lost (SIGHUP, or the terminal is gone): status 129.
    HangUp,
    /// It was told to end (SIGTERM): status 143.
    Terminated,
}

impl ExitKind {
    /// The exit status.
    pub const fn status(self) -> u8 {
        match self {
            Self::Quit => 0,
            Self::HangUp => 129,
            Self::Terminated => 143,
        }
    }
}
