//! The operator's editor, and tmux's clipboard: other programs that are asked to do something.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A file that only its owner can read, gone when this is dropped.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Opens the operator's editor (`VISUAL`, `EDITOR`, else `vi`) on a text, and gives the text as it was saved. The terminal
/// must have been given back.
///
/// # Errors
/// When the file cannot be written or read, or the editor cannot be started or fails.
pub fn edit(text: &str) -> io::Result<String> {
    edit_with(&editor(), text, &std::env::temp_dir())
}

/// Lets the operator's editor have a file.
///
/// # Errors
/// When the editor cannot be started, or ends with a failure.
pub fn edit_file(path: &Path) -> io::Result<()> {
    open(&editor(), path)
}

fn editor() -> String {
    let editor = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let editor = editor.map(|words| words.trim().to_owned()).find(|words| !words.is_empty());
    editor.unwrap_or_else(|| "vi".to_owned())
}

fn open(editor: &str, path: &Path) -> io::Result<()> {
    // As git and others do: the variable may hold arguments.
    let mut words = editor.split_whitespace();
    let status = ended(&Command::new(words.next().unwrap_or("vi")).args(words).arg(path).spawn()?)?;
    if !status.success() {
        return Err(io::Error::other(format!("`{editor}` ended with {status}; nothing was taken over")));
    }
    Ok(())
}

fn edit_with(editor: &str, text: &str, dir: &Path) -> io::Result<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |age| age.subsec_nanos());
    let scratch = Scratch(dir.join(format!("trueup-{}-{now}.txt", std::process::id())));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&scratch.0)?;
    file.write_all(text.as_bytes())?;
    if !text.is_empty() {
        file.write_all(b"\n")?;
    }
    drop(file);
    open(editor, &scratch.0)?;
    let mut saved = String::new();
    File::open(&scratch.0)?.read_to_string(&mut saved)?;
    saved.retain(|c| c == '\n' || c == '\t' || !c.is_control());
    saved.truncate(saved.trim_end_matches('\n').len());
    Ok(saved)
}

/// Waits for a program; while that is stopped (ctrl-z in it), this one is stopped too, so that the shell gets its prompt.
fn ended(child: &Child) -> io::Result<ExitStatus> {
    use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, waitpid};
    let child = Pid::from_child(child);
    loop {
        let Some((_, status)) = rustix::io::retry_on_intr(|| waitpid(Some(child), WaitOptions::UNTRACED))? else {
            continue;
        };
        if !status.stopped() {
            return Ok(ExitStatus::from_raw(status.as_raw()));
        }
        if super::orphaned() {
            kill_process(child, Signal::CONT)?;
        } else {
            // SIGTSTP is caught here; this one is not.
            kill_process(getpid(), Signal::STOP)?;
        }
    }
}

/// Whether this runs inside tmux.
pub fn in_tmux() -> bool {
    std::env::var_os("TMUX").is_some_and(|value| !value.is_empty())
}

/// Hands a text to tmux, which hands it to the terminal's clipboard (`load-buffer -w`, since tmux 3.2). tmux takes OSC 52 from
/// programs only where `set-clipboard` is `on`, which is not its default.
pub fn to_tmux(text: &str) -> bool {
    let spawned = Command::new("tmux")
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else { return false };
    let written = child.stdin.take().is_some_and(|mut into| into.write_all(text.as_bytes()).is_ok());
    child.wait().is_ok_and(|status| status.success()) && written
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn what_the_editor_saved_comes_back_and_the_file_is_gone() {
        let dir = std::env::temp_dir().join(format!("trueup-editor-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let script = dir.join("append");
        std::fs::write(&script, "#!/bin/sh\nstat -c %a \"$2\" > \"$1.mode\"\nprintf 'more\\033[31m\\n\\n' >> \"$2\"\n")
            .unwrap();
        let editor = format!("sh {0} {0}", script.display());
        let saved = edit_with(&editor, "first", &dir).unwrap();
        assert_eq!(saved, "first\nmore[31m");
        assert_eq!(std::fs::read_to_string(dir.join("append.mode")).unwrap().trim(), "600");
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 2, "only the script and what it noted are left");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_editor_that_fails_changes_nothing() {
        assert!(edit_with("false", "x", &std::env::temp_dir()).is_err());
        assert!(edit_with("no-such-editor-here", "x", &std::env::temp_dir()).is_err());
    }
}
