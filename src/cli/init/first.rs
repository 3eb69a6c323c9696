//! What to do where there is no configuration yet.

use std::io::{IsTerminal, Write};
use std::path::Path;

/// What to do where there is no configuration yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Look at the demo.
    Demo,
    /// Set it up.
    Init,
    /// Neither.
    Leave,
}

/// Asks what to do where there is no configuration yet.
///
/// # Errors
/// When the terminal cannot be read or written.
pub fn first(path: &Path) -> anyhow::Result<First> {
    use crate::console::app::text::text;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n", text!("welcome.none", path = path.display()))?;
    if cfg!(feature = "simulate") {
        writeln!(out, "  1  {}", text!("welcome.demo"))?;
    }
    writeln!(out, "  2  {}\n  q  {}\n", text!("welcome.init"), text!("welcome.leave"))?;
    write!(out, "> ")?;
    out.flush()?;
    let mut line = String::new();
    if std::io::stdin().is_terminal() {
        std::io::stdin().read_line(&mut line)?;
    }
    Ok(match line.trim() {
        "1" if cfg!(feature = "simulate") => First::Demo,
        "2" => First::Init,
        _ => First::Leave,
    })
}
