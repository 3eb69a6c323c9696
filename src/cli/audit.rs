//! `trueup audit verify`: can the record of pushes be trusted?

use std::path::Path;

use anyhow::bail;

use super::{Exit, Global, out};
use crate::config::Dirs;
use crate::store::{self, Journal};

/// The fewest characters of a noted hash that tell it from another.
const FEWEST: usize = 16;

/// Checks the chain of hashes over all entries, and names the first bad one. `noted`: a head that was noted before; every
/// entry up to it must still be there.
///
/// # Errors
/// When the journal cannot be read, or `noted` is no hash.
pub fn verify(global: &Global, noted: Option<&str>) -> anyhow::Result<Exit> {
    let noted = noted.map(str::trim);
    if let Some(noted) = noted
        && (noted.len() < FEWEST || noted.len() > 64 || !noted.bytes().all(|byte| byte.is_ascii_hexdigit()))
    {
        bail!(
            "--head wants the hash that `trueup history` or `trueup audit verify` showed, {FEWEST} to 64 hexadecimal digits"
        );
    }
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = dirs.state.join("journal.db");
    let (said, exit) = judged(&path, noted)?;
    out::text(&said)?;
    Ok(exit)
}

/// What can be said of the journal, in lines.
fn judged(path: &Path, noted: Option<&str>) -> anyhow::Result<(String, Exit)> {
    let shown = path.display();
    if !path.exists() {
        return Ok(match noted {
            Some(_) => (format!("there is no journal at {shown}: the one that was noted is gone\n"), Exit::OutOfTrue),
            None => ("there is no journal yet: nothing was ever pushed from here\n".to_owned(), Exit::True),
        });
    }
    let mut journal = store::journal::open(path)?;
    if let Some(bad) = journal.verify()? {
        let said = format!(
            "entry {bad} of {shown} is not as it was written, or is gone: what the journal says from there on cannot be trusted\n"
        );
        return Ok((said, Exit::OutOfTrue));
    }
    let (entries, head) = journal.head()?;
    let whole = format!("{entries} entries, each as it was written. Head {head}\n");
    let Some(noted) = noted else {
        let note =
            "Note the head elsewhere (in a ticket). Later, --head HASH tells whether entries were taken away since.";
        return Ok((format!("{whole}{note}\n"), Exit::True));
    };
    Ok(match journal.entry_of(noted)? {
        Some(number) => {
            let told = format!("the head that was noted is entry {number}: it and all before it are as they were then");
            (format!("{told}\n{whole}"), Exit::True)
        }
        None => {
            let gone = "has the hash that was noted: entries were taken away or all was written anew since";
            (format!("no entry of {shown} {gone}\n"), Exit::OutOfTrue)
        }
    })
}
