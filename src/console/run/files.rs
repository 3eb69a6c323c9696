//! The files that the console writes, and others with it: exports where nothing is yet, and what is kept of the screen.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::config::Dirs;
use crate::console::app::export::{As, Sheet, What};
use crate::console::app::text::{count, text};

/// Where exports go that name no directory of their own.
pub fn folder(dirs: &Dirs) -> PathBuf {
    dirs.state.join("exports")
}

/// Writes an export where nothing is yet, for its owner alone. A bare name goes into `folder`. Gives the file's path.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn write(folder: &Path, name: &str, sheet: &Sheet) -> anyhow::Result<PathBuf> {
    let named = Path::new(name);
    let bare = named.components().count() == 1 && named.file_name().is_some();
    let path = match name.strip_prefix("~/") {
        Some(rest) => directories::BaseDirs::new().context("no home directory is known here")?.home_dir().join(rest),
        None if bare => {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .with_context(|| format!("cannot make the directory {}", folder.display()))?;
            folder.join(named)
        }
        None => named.to_owned(),
    };
    let shown = path.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!("{shown} is there already; an export is not written over another file")
        }
        made => made.with_context(|| format!("the export cannot be written to {shown}"))?,
    };
    file.write_all(sheet.text(As::of(name)).as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("the export cannot be written to {shown}"))?;
    Ok(path)
}

/// Writes an export; what came of it, in words.
pub(super) fn exported(folder: &Path, what: &What, name: &str, mask: Option<u64>) -> String {
    let sheet = what.sheet();
    let sheet = match mask {
        Some(salt) => sheet.masked(salt),
        None => sheet,
    };
    match write(folder, name, &sheet) {
        Ok(path) => text!("export.done", n = count(sheet.rows.len() as u64), path = path.display()),
        Err(why) => text!("export.failed", why = format!("{why:#}")),
    }
}

/// Writes a file that only its owner can read.
pub(super) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
