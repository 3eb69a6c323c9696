//! The console on its way up and down: the engine behind it, and what it waits for at the end.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::face::Look;
use super::signals::Signals;
use super::{Dirs, Exit, Global};
use crate::console::run::Options;
use crate::console::{self, term};
use crate::engine::protocol::Command;
use crate::engine::{self, Setup};

/// Waits for the step under way, if there is one. The screen is gone by then, so what is waited for is said; ctrl-c gives up.
async fn finished(handle: engine::Handle) {
    let again = handle.again();
    let ended = handle.ended();
    tokio::pin!(ended);
    if tokio::time::timeout(AT_ONCE, &mut ended).await.is_ok() {
        return;
    }
    // Whoever it is said to may be gone.
    let _ = writeln!(std::io::stderr(), "trueup: the step under way is finished first; ctrl-c gives up waiting for it");
    let Ok(mut signals) = Signals::catch() else { return ended.await };
    loop {
        tokio::select! {
            () = &mut ended => return,
            () = signals.next() => again(),
        }
    }
}

/// What takes no longer than this is not worth a word.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Opens the console over these systems; of `options`, what the look does not say.
///
/// # Errors
/// When there is no terminal.
pub fn open(setup: Setup, global: &Global, look: Look, options: Options) -> anyhow::Result<Exit> {
    term::ready()?;
    let runtime = engine::behind_a_face().context("cannot start the engine's threads")?;
    let (reports, receiver) = tokio::sync::mpsc::unbounded_channel();
    let handle = {
        let _inside = runtime.enter();
        Arc::new(engine::start(setup, reports))
    };
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let exports = crate::console::run::files::folder(&dirs);
    let Look { themes, keymap, plain } = look;
    let compat_draw = global.compat_draw || plain;
    let options = Options { themes, keymap, compat_draw, exports, ..options };
    let sender = Arc::clone(&handle);
    let ended = console::run::run(Box::new(move |command| sender.send(command)), receiver, options);
    // However the console ended: a write under way is finished and journaled before the program ends.
    handle.send(Command::Quit);
    if let Ok(handle) = Arc::try_unwrap(handle) {
        runtime.block_on(finished(handle));
    }
    Ok(Exit::Console(ended?))
}
