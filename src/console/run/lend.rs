//! The terminal in other hands: the shell's while the console is suspended, the editor's while a text is edited.

use std::io;
use std::time::{Duration, Instant};

use super::{Event, Loop, resized_msg};
use crate::console::app::Msg;
use crate::console::app::text::text;
use crate::console::term;
use crate::engine::protocol::{Command, Report};
use crate::model::SystemId;

impl Loop {
    /// Waits for answers that the terminal still owes, so that they are not taken for typed by whoever comes next. What is typed
    /// meanwhile is kept.
    pub(super) async fn quiet(&mut self) {
        let mut typed = Vec::new();
        while let left = self.screen.pace.outstanding(Instant::now())
            && !left.is_zero()
        {
            match tokio::time::timeout(left, self.inputs.recv()).await {
                Ok(Some(Event::Answer)) => self.screen.pace.answered(),
                Ok(Some(Event::Gone) | None) | Err(_) => break,
                Ok(Some(other)) => typed.push(other),
            }
        }
        self.screen.pace.forget();
        self.reader.expect(false);
        for event in typed {
            let _ = self.jobs.send(event);
        }
    }

    /// Stops until somebody continues it; where nobody could, it says so.
    pub(super) async fn suspend(&mut self, group: bool) -> io::Result<()> {
        self.quiet().await;
        if !self.held.suspend(group)? {
            let _ = self.jobs.send(Event::Msg(Msg::Report(Report::Notice(text!("run.no-shell").to_owned()))));
        }
        self.screen.forget();
        Ok(())
    }

    /// Lends the terminal to the operator's editor; what was saved goes where it came from.
    pub(super) async fn edit(&mut self, text: &str) -> io::Result<()> {
        let msg = match self.lend(|| term::edit(text)).await? {
            Ok(text) => Msg::Edited(text),
            Err(fault) => Msg::Report(Report::Notice(fault.to_string())),
        };
        let _ = self.jobs.send(Event::Msg(msg));
        Ok(())
    }

    /// Lends the terminal to the operator's editor for the rules; then they are tried.
    pub(super) async fn edit_rules(&mut self, system: Option<&SystemId>) -> io::Result<()> {
        let Some(path) = self.rules.as_ref().map(|rules| rules.file(system).to_owned()) else {
            // Without a file there is nothing to edit, and the engine says so.
            (self.send)(Command::TryRules);
            return Ok(());
        };
        match self.lend(|| term::edit_file(&path)).await? {
            Ok(()) => (self.send)(Command::TryRules),
            Err(fault) => {
                let _ = self.jobs.send(Event::Msg(Msg::Report(Report::Notice(fault.to_string()))));
            }
        }
        Ok(())
    }

    /// Lends the terminal to another program.
    async fn lend<T>(&mut self, to: impl FnOnce() -> io::Result<T>) -> io::Result<io::Result<T>> {
        self.quiet().await;
        self.reader.pause();
        let done = self.held.lend(to);
        // A ctrl-c or ctrl-z in the editor was meant for the editor.
        while tokio::time::timeout(Duration::from_millis(1), self.signals.interrupt.recv()).await.is_ok() {}
        while tokio::time::timeout(Duration::from_millis(1), self.signals.stop.recv()).await.is_ok() {}
        self.reader.resume();
        self.screen.forget();
        let _ = self.jobs.send(Event::Msg(resized_msg()));
        done
    }
}
