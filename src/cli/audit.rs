//! `trueup audit verify`: can the record of pushes be trusted?

use super::{Exit, Global};
use crate::config::Dirs;
use crate::store::{self, Journal};

/// Checks the chain of hashes over all entries, and names the first bad one.
///
/// # Errors
/// When the journal cannot be read.
pub fn verify(global: &Global) -> anyhow::Result<Exit> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = dirs.state.join("journal.db");
    if !path.exists() {
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
    println!("{entries} entries, each as it was written. Head {head}");
    println!("Note the head elsewhere (in a ticket): entries taken away later show as another head.");
    Ok(Exit::True)
}
