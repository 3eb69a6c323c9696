//! Files and standard input as a system: the only place that opens what a `file` connector asks for.
//!
//! A file is asked for block by block, from a byte on. The first reply carries a stamp of what the file was like then, and every
//! further request brings it back: a file that changes while it is read is no file that could be trusted. What comes out of
//! a pipe can be read once.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{IsTerminal as _, Read, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use bytes::Bytes;
use tokio::sync::{Mutex, mpsc};

use super::fault::Fault;
use crate::connectors::file::{Ask, STDIN};
use crate::plan::Reply;

/// Bytes that are read at a time where nobody wants fewer.
const BLOCK: u64 = 4 << 20;

/// What was read, and when the file was written.
#[derive(Debug)]
pub(super) struct Piece {
    /// The bytes, with the stamp.
    pub(super) reply: Reply,
    /// When the file was last written to; `None` for a pipe.
    pub(super) written: Option<jiff::Timestamp>,
}

/// The files of one system.
#[derive(Debug)]
pub(super) struct Files {
    system: String,
    pipes: Mutex<HashMap<String, Pipe>>,
}

impl Files {
    /// The files of a system.
    pub(super) fn new(system: impl Into<String>) -> Self {
        Self { system: system.into(), pipes: Mutex::default() }
    }

    /// Reads a piece.
    ///
    /// # Errors
    /// When there is no such file, it may not be read, changed meanwhile, or was a pipe that was read already.
    pub(super) async fn read(&self, ask: Ask) -> Result<Piece, Fault> {
        let system = self.system.clone();
        let broken = |what: String| Fault::refused("broken", format!("{system}: {what}"));
        if ask.file != STDIN {
            let (system, asked) = (system.clone(), ask.clone());
            let read = tokio::task::spawn_blocking(move || regular(&system, &asked)).await;
            if let Some(piece) = read.map_err(|error| broken(error.to_string()))?? {
                return Ok(piece);
            }
        }
        let mut pipes = self.pipes.lock().await;
        if !pipes.contains_key(&ask.file) {
            pipes.insert(ask.file.clone(), Pipe::open(&system, &ask.file)?);
        }
        let Some(pipe) = pipes.get_mut(&ask.file) else { return Err(broken("the pipe is gone".to_owned())) };
        let body = pipe.read(&system, &ask).await?;
        Ok(Piece { reply: reply(body, None), written: None })
    }
}

fn reply(body: Bytes, stamp: Option<String>) -> Reply {
    let headers = stamp.into_iter().map(|stamp| ("stamp".to_owned(), stamp)).collect();
    Reply { status: 200, headers, body }
}

/// Where a file is; `~/` is the home directory.
fn place(file: &str) -> PathBuf {
    match (file.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => PathBuf::from(file),
    }
}

/// What of a file must stay as it is while it is read.
fn stamp(data: &Metadata) -> String {
    format!("{}-{}-{}.{}", data.ino(), data.len(), data.mtime(), data.mtime_nsec())
}

/// What cannot be opened or read, in words.
fn told(system: &str, file: &str, error: &std::io::Error) -> Fault {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => {
            let from = std::env::current_dir().map(|dir| format!(" (looked for from {})", dir.display()));
            format!("there is no such file{}", from.unwrap_or_default())
        }
        std::io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    };
    Fault::refused("file", format!("{system}: {file}: {why}"))
}

/// A piece of a file; `None` where it is none of bytes on a disk but a pipe.
fn regular(system: &str, ask: &Ask) -> Result<Option<Piece>, Fault> {
    let fail = |error: std::io::Error| told(system, &ask.file, &error);
    let path = place(&ask.file);
    let data = std::fs::metadata(&path).map_err(fail)?;
    if data.is_dir() {
        return Err(Fault::refused("file", format!("{system}: {} is a folder; name a file in it", ask.file)));
    }
    if !data.is_file() {
        return Ok(None);
    }
    let mut file = File::open(&path).map_err(fail)?;
    let before = stamp(&file.metadata().map_err(fail)?);
    let moved = || {
        let text = format!(
            "{system}: {} changed while it was read, so nobody knows what it is a record of; read it again when the export \
             has been written to its end",
            ask.file
        );
        Fault::lost("moved", text)
    };
    if ask.stamp.as_ref().is_some_and(|was| *was != before) {
        return Err(moved());
    }
    file.seek(SeekFrom::Start(ask.from)).map_err(fail)?;
    let mut body = Vec::new();
    (&mut file).take(ask.most.unwrap_or(BLOCK).min(BLOCK)).read_to_end(&mut body).map_err(fail)?;
    let after = file.metadata().map_err(fail)?;
    if stamp(&after) != before {
        return Err(moved());
    }
    let written = after.modified().ok().and_then(|at| jiff::Timestamp::try_from(at).ok());
    Ok(Some(Piece { reply: reply(body.into(), Some(before)), written }))
}

/// Something that can be read once, from its beginning to its end.
#[derive(Debug)]
struct Pipe {
    blocks: mpsc::Receiver<std::io::Result<Bytes>>,
    /// Its first block, which the test looks at before it is read.
    head: Option<Bytes>,
    /// Where the next block begins; `None` before it is read.
    at: Option<u64>,
}

impl Pipe {
    fn open(system: &str, file: &str) -> Result<Self, Fault> {
        if file == STDIN {
            if std::io::stdin().is_terminal() {
                return Err(Fault::refused(
                    "file",
                    format!(
                        "{system}: standard input is the terminal; lead a file into it (trueup check < people.csv)"
                    ),
                ));
            }
            return Self::reading(system, || Ok(std::io::stdin()));
        }
        // Opening a named pipe waits until somebody writes to it, so that is done on the thread too.
        let path = place(file);
        Self::reading(system, move || File::open(path))
    }

    /// Reads on a thread of its own, one block ahead: nobody knows when more comes, and nobody waits for it at the end.
    fn reading<R: Read>(
        system: &str,
        open: impl FnOnce() -> std::io::Result<R> + Send + 'static,
    ) -> Result<Self, Fault> {
        let (sender, blocks) = mpsc::channel(1);
        let read = move || {
            let mut from = match open() {
                Ok(from) => from,
                Err(error) => {
                    // Whoever wanted it may have given up.
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            };
            loop {
                let mut body = Vec::new();
                let read = (&mut from).take(BLOCK).read_to_end(&mut body).map(|_| Bytes::from(body));
                let over = read.as_ref().map_or(true, Bytes::is_empty);
                if sender.blocking_send(read).is_err() || over {
                    return;
                }
            }
        };
        let started = std::thread::Builder::new().name("pipe".to_owned()).spawn(read);
        let unstarted = |error| Fault::refused("broken", format!("{system}: no thread to read with: {error}"));
        started.map(|_| Self { blocks, head: None, at: None }).map_err(unstarted)
    }

    async fn next(&mut self, system: &str, file: &str) -> Result<Bytes, Fault> {
        match self.blocks.recv().await {
            Some(block) => block.map_err(|error| told(system, file, &error)),
            // It is at its end, and stays there.
            None => Ok(Bytes::new()),
        }
    }

    async fn read(&mut self, system: &str, ask: &Ask) -> Result<Bytes, Fault> {
        if ask.from == 0 {
            if self.head.is_none() {
                self.head = Some(self.next(system, &ask.file).await?);
            }
            let head = self.head.clone().unwrap_or_default();
            if let Some(most) = ask.most {
                return Ok(head.slice(..head.len().min(usize::try_from(most).unwrap_or(usize::MAX))));
            }
            if self.at.is_some() {
                let what = if ask.file == STDIN { "standard input" } else { "this pipe" };
                let text = format!("{system}: {what} can be read once, and was; name a file to have it read again");
                return Err(Fault::refused("once", text));
            }
            self.at = Some(head.len() as u64);
            return Ok(head);
        }
        if self.at != Some(ask.from) {
            let text = format!("{system}: {} was read from two sides at once", ask.file);
            return Err(Fault::refused("once", text));
        }
        let block = self.next(system, &ask.file).await?;
        self.at = Some(ask.from + block.len() as u64);
        Ok(block)
    }
}

#[cfg(test)]
mod tests;
