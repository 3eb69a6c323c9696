//! `trueup test`: can each system be reached, is it the one that is meant, and what may be done there. Reads only.

use std::io::Write;

use super::args::{Format, Test};
use super::{Exit, Global, face, out, setup};
use crate::console::app::lines::padded;
use crate::console::app::text::text;
use crate::engine;
use crate::model::text;
use crate::plan::{Finding, Site};

/// Tests one system or all, and prints the evidence.
///
/// # Errors
/// When the configuration is wrong or names no such system.
pub fn run(global: &Global, args: &Test) -> anyhow::Result<Exit> {
    let setup::Read { mut config, dirs, mappings, .. } = setup::configuration(global)?;
    if args.format == Format::Table {
        face::speak_as(global, &config.face);
    }
    if let Some(wanted) = &args.system {
        setup::known(config.systems.iter().map(|system| &system.id), wanted)?;
        // Nobody is asked for the secrets of the others.
        config.systems.retain(|system| system.id.as_str() == wanted);
    }
    let names: Vec<_> = config.systems.iter().map(|system| system.id.clone()).collect();
    let sites = setup::runtime()?.block_on(engine::test(setup::build(&config, &dirs, &mappings)?, &names));
    let usable = |site: &Site| site.good() && site.blocked.is_none();
    let good = sites.iter().all(usable);
    out::print(|out| {
        for (system, site) in names.iter().zip(&sites) {
            match args.format {
                Format::Json => {
                    let line = serde_json::json!({
                        "type": "test", "system": system.as_str(), "good": usable(site), "blocked": site.blocked,
                        "warning": site.warning, "account": site.account, "whoami": site.whoami, "evidence": site.evidence,
                    });
                    writeln!(out, "{line}")?;
                }
                Format::Table => {
                    writeln!(out, "{system}")?;
                    table(site, out)?;
                }
            }
        }
        Ok(())
    })?;
    Ok(if good { Exit::True } else { Exit::Incomplete })
}

/// What was found, for people.
///
/// # Errors
/// When it cannot be written.
pub fn table(site: &Site, out: &mut dyn Write) -> std::io::Result<()> {
    for line in &site.evidence {
        let mark = match line.finding {
            Finding::Good => text!("test.good"),
            Finding::Note => text!("test.note"),
            Finding::Bad => text!("test.bad"),
        };
        writeln!(
            out,
            "  {} {}: {}",
            padded(mark, 4),
            text::clean(&face::spoken(&line.what)),
            text::clean(&face::spoken(&line.detail))
        )?;
    }
    for (word, why) in [(text!("test.bad"), &site.blocked), (text!("test.note"), &site.warning)] {
        if let Some(why) = why {
            writeln!(out, "  {} {}", padded(word, 4), text::clean(&face::spoken(why)))?;
        }
    }
    Ok(())
}
