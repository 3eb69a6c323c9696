//! `trueup audit verify`: can the record of pushes be trusted?

use anyhow::bail;

use super::{Exit, Global};
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
    if !path.exists() {
        if noted.is_some() {
            println!("there is no journal at {}: the one that was noted is gone", path.display());
            return Ok(Exit::OutOfTrue);
        }
        println!("there is no journal yet: nothing was ever pushed from here");
        return Ok(Exit::True);
    }
    let mut journal = store::journal::open(&path)?;
    if let Some(bad) = journal.verify()? {
        println!(
            "entry {bad} of {} is not as it was written, or is gone: what the journal says from there on cannot be trusted",
            path.display()
        );
        return Ok(Exit::OutOfTrue);
    }
    let (entries, head) = journal.head()?;
    if let Some(noted) = noted {
        let Some(number) = journal.entry_of(noted)? else {
            println!(
                "no entry of {} has the hash that was noted: entries were taken away or all was written anew since",
                path.display()
            );
            return Ok(Exit::OutOfTrue);
        };
        println!("the head that was noted is entry {number}: it and all before it are as they were then");
    }
    println!("{entries} entries, each as it was written. Head {head}");
    if noted.is_none() {
        println!(
            "Note the head elsewhere (in a ticket). Later, --head HASH tells whether entries were taken away since."
        );
    }
    Ok(Exit::True)
}
