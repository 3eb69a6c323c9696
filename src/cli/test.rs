//! `trueup test`: can each system be reached, is it the one that is meant, and what may be done there. Reads only.

use std::io::Write;

use super::args::{Format, Test};
use super::{Exit, Global, setup};
use crate::engine;
use crate::model::text;
use crate::plan::Finding;

/// Tests one system or all, and prints the evidence.
///
/// # Errors
/// When the configuration is wrong or names no such system.
pub fn run(global: &Global, args: &Test) -> anyhow::Result<Exit> {
    let setup = setup::load(global)?;
    if let Some(system) = &args.system {
        setup::known(&setup, system)?;
    }
    let tested = setup::runtime()?.block_on(engine::test(setup, args.system.as_deref()));
    let mut out = std::io::stdout().lock();
    let mut good = true;
    for (system, result) in tested {
        match (&result, args.format) {
            (Ok(site), Format::Json) => {
                good &= site.good() && site.blocked.is_none();
                let line = serde_json::json!({
                    "type": "test", "system": system.as_str(), "good": site.good() && site.blocked.is_none(),
                    "blocked": site.blocked, "warning": site.warning, "account": site.account, "whoami": site.whoami,
                    "evidence": site.evidence,
                });
                writeln!(out, "{line}")?;
            }
            (Err(why), Format::Json) => {
                good = false;
                writeln!(out, "{}", serde_json::json!({"type": "test", "system": system.as_str(), "good": false, "error": why}))?;
            }
            (Ok(site), Format::Table) => {
                good &= site.good() && site.blocked.is_none();
                writeln!(out, "{system}")?;
                for line in &site.evidence {
                    let mark = match line.finding {
                        Finding::Good => "ok  ",
                        Finding::Note => "note",
                        Finding::Bad => "BAD ",
                    };
                    writeln!(out, "  {mark} {}: {}", text::clean(&line.what), text::clean(&line.detail))?;
                }
                for (word, said) in [("BAD ", &site.blocked), ("note", &site.warning)] {
                    if let Some(said) = said {
                        writeln!(out, "  {word} {}", text::clean(said))?;
                    }
                }
            }
            (Err(why), Format::Table) => {
                good = false;
                writeln!(out, "{system}\n  BAD  {}", text::clean(why))?;
            }
        }
    }
    Ok(if good { Exit::True } else { Exit::Incomplete })
}
