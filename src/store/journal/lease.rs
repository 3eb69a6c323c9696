//! Who may push to a system: one at a time.

use rusqlite::{OptionalExtension, params};

use super::{NOW, SqliteJournal, json, parsed};
use crate::model::SystemId;
use crate::store::StoreError;
use crate::store::holder::Holder;

pub(super) fn lease(journal: &mut SqliteJournal, system: &SystemId, who: &str) -> Result<(), StoreError> {
    let (holder, path) = (journal.holder.clone(), journal.path.clone());
    let taken = journal.write(|db| {
        let held: Option<(String, String, String)> = db
            .query_row("select who, since, holder from lease where system = ?", [system.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        if let Some((who, since, by)) = held
            && parsed::<Holder>(&by)?.alive(&path)
        {
            return Ok(Some((who, since)));
        }
        db.execute(
            &format!("insert or replace into lease (system, who, since, holder) values (?, ?, {NOW}, ?)"),
            params![system.as_str(), who, json(&holder)?],
        )?;
        Ok(None)
    })?;
    match taken {
        None => Ok(()),
        Some((holder, since)) => Err(StoreError::Leased { system: system.to_string(), holder, since }),
    }
}

pub(super) fn release(journal: &mut SqliteJournal, system: &SystemId) -> Result<(), StoreError> {
    let holder = journal.holder.clone();
    journal.write(|db| {
        db.execute("delete from lease where system = ? and holder = ?", params![system.as_str(), json(&holder)?])
    })?;
    Ok(())
}
