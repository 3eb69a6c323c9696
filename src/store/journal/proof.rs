//! Whether the record is as it was written: the chain of hashes, from the first entry to the head.

use rusqlite::{Connection, OptionalExtension};

use super::SqliteJournal;
use crate::store::StoreError;
use crate::store::chain::{self, Hash, Link as Chained};

pub(super) fn verify(journal: &mut SqliteJournal) -> Result<Option<i64>, StoreError> {
    journal.read(|db| {
        let mut query =
            db.prepare("select number, at, what, plan, step, about, body, hash from entry order by number")?;
        let mut rows = query.query([])?;
        let (mut before, mut last) = (chain::GENESIS, 0);
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            // Text that is no text, or a hash of another length, is a break as well.
            let (Ok(at), Ok(what), Ok(plan), Ok(step), Ok(about), Ok(body), Ok(hash)) = (
                row.get::<_, String>(1),
                row.get::<_, String>(2),
                row.get::<_, String>(3),
                row.get::<_, String>(4),
                row.get::<_, i64>(5),
                row.get::<_, String>(6),
                row.get::<_, Hash>(7),
            ) else {
                return Ok(Some(number));
            };
            let link = Chained { number, at: &at, what: &what, plan: &plan, step: &step, about, body: &body };
            if number != last + 1 {
                return Ok(Some(last + 1));
            }
            if chain::hash(&before, link) != hash {
                return Ok(Some(number));
            }
            (before, last) = (hash, number);
        }
        // Entries taken away from the end are missed by the head; a head that is gone was taken away as well.
        let head = db
            .query_row("select number, hash from head", [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Hash>(1)?)))
            .ok();
        Ok((head != Some((last, before))).then_some(last + 1))
    })
}

/// The last entry, as the head has it; `None`: somebody took the head away.
pub(super) fn last(db: &Connection) -> rusqlite::Result<Option<(i64, Hash)>> {
    db.prepare_cached("select number, hash from head")?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Whether an entry is there as it was written; number 0 stands for none.
pub(super) fn there(db: &Connection, number: i64, hash: &Hash) -> rusqlite::Result<bool> {
    if number == 0 {
        return Ok(true);
    }
    let found = db.prepare_cached("select hash from entry where number = ?")?.query_row([number], |row| row.get(0));
    Ok(found.optional()? == Some(*hash))
}

pub(super) fn head(journal: &mut SqliteJournal) -> Result<(i64, String), StoreError> {
    journal.read(|db| {
        db.query_row("select number, hash from head", [], |row| {
            let hash: Hash = row.get(1)?;
            Ok((row.get(0)?, hex(&hash)))
        })
    })
}

/// The number of the entry with this hash, given whole or by its beginning.
pub(super) fn entry_of(journal: &mut SqliteJournal, head: &str) -> Result<Option<i64>, StoreError> {
    let head = head.trim().to_ascii_lowercase();
    if "0".repeat(64).starts_with(&head) {
        return Ok(Some(0));
    }
    journal.read(|db| {
        let mut query = db.prepare("select number, hash from entry order by number desc")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if let Ok(hash) = row.get::<_, Hash>(1)
                && hex(&hash).starts_with(&head)
            {
                return Ok(Some(row.get(0)?));
            }
        }
        Ok(None)
    })
}

fn hex(hash: &Hash) -> String {
    hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
