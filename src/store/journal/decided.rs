//! The few decisions that outlive a run: links, waivers, protections, agreements, bases, staging, pins, lessons.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{SqliteJournal, json};
use crate::compare::{Base, Decision, Decisions, Link};
use crate::model::{AttrPath, SystemId};
use crate::plan::Change;
use crate::store::StoreError;

/// The tables of what outlives a run and belongs to one system.
const OF_SYSTEM: [&str; 8] = ["waiver", "protection", "agreement", "common", "accepted", "pin", "lesson", "lease"];

fn put_link(db: &Connection, link: &Link) -> rusqlite::Result<()> {
    db.execute(
        "insert or replace into link (a, b, a_system, b_system, body) values (?, ?, ?, ?, ?)",
        params![json(&link.a)?, json(&link.b)?, link.a.system.as_str(), link.b.system.as_str(), json(link)?],
    )?;
    Ok(())
}

pub(super) fn staging(journal: &mut SqliteJournal) -> Result<Vec<Change>, StoreError> {
    journal.rows("select body from staging order by place", &[])
}

pub(super) fn keep_staging(journal: &mut SqliteJournal, changes: &[Change]) -> Result<(), StoreError> {
    journal.write(|db| {
        db.execute("delete from staging", [])?;
        let mut put = db.prepare_cached("insert into staging (body) values (?)")?;
        for change in changes {
            put.execute([json(change)?])?;
        }
        Ok(())
    })
}

pub(super) fn links(journal: &mut SqliteJournal) -> Result<Vec<Link>, StoreError> {
    journal.rows("select body from link order by a, b", &[])
}

pub(super) fn keep_link(journal: &mut SqliteJournal, link: &Link) -> Result<(), StoreError> {
    journal.write(|db| put_link(db, link))
}

pub(super) fn decisions(journal: &mut SqliteJournal) -> Result<Decisions, StoreError> {
    Ok(Decisions {
        links: links(journal)?,
        waivers: journal.rows("select body from waiver order by target, path", &[])?,
        protected: journal.rows("select body from protection order by record", &[])?,
        agreed: journal.rows("select body from agreement order by record, path", &[])?,
    })
}

pub(super) fn decide(journal: &mut SqliteJournal, decision: &Decision) -> Result<(), StoreError> {
    let place = |path: &AttrPath, entry: &str| {
        let path = path.as_str().to_ascii_lowercase();
        if entry.is_empty() { path } else { format!("{path}\u{1f}{entry}") }
    };
    let run = |db: &Transaction<'_>| match decision {
        Decision::Link(link) => put_link(db, link),
        Decision::Unlink(a, b) => {
            db.execute("delete from link where a = ? and b = ?", params![json(a)?, json(b)?]).map(drop)
        }
        Decision::Adopt(waiver) => db
            .execute(
                "insert or replace into waiver (target, path, system, body) values (?, ?, ?, ?)",
                params![
                    json(&waiver.target)?,
                    place(&waiver.path, &waiver.entry),
                    waiver.target.system.as_str(),
                    json(waiver)?
                ],
            )
            .map(drop),
        Decision::Withdraw(target, path, entry) => db
            .execute("delete from waiver where target = ? and path = ?", params![json(target)?, place(path, entry)])
            .map(drop),
        Decision::Protect(protection) => db
            .execute(
                "insert or replace into protection (record, system, body) values (?, ?, ?)",
                params![json(&protection.record)?, protection.record.system.as_str(), json(protection)?],
            )
            .map(drop),
        Decision::Unprotect(record) => db.execute("delete from protection where record = ?", [json(record)?]).map(drop),
        Decision::Agree(agreement) => db
            .execute(
                "insert or replace into agreement (record, path, system, body) values (?, ?, ?, ?)",
                params![
                    json(&agreement.record)?,
                    place(&agreement.path, &agreement.value.to_string()),
                    agreement.record.system.as_str(),
                    json(agreement)?
                ],
            )
            .map(drop),
    };
    journal.write(run)
}

pub(super) fn bases(journal: &mut SqliteJournal) -> Result<Vec<Base>, StoreError> {
    journal.rows("select body from common order by target, path, entry", &[])
}

pub(super) fn keep_bases(journal: &mut SqliteJournal, new: &[Base], gone: &[Base]) -> Result<(), StoreError> {
    journal.write(|db| {
        let place = |base: &Base| base.path.as_str().to_ascii_lowercase();
        let mut drop = db.prepare_cached("delete from common where target = ? and path = ? and entry = ?")?;
        for base in gone {
            drop.execute(params![json(&base.target)?, place(base), base.entry])?;
        }
        let mut put = db.prepare_cached(
            "insert or replace into common (target, path, entry, system, body) values (?, ?, ?, ?, ?)",
        )?;
        for base in new {
            let system = base.target.system.as_str();
            put.execute(params![json(&base.target)?, place(base), base.entry, system, json(base)?])?;
        }
        Ok(())
    })
}

pub(super) fn accepted(journal: &mut SqliteJournal, system: &SystemId) -> Result<Option<String>, StoreError> {
    journal.read(|db| {
        db.query_row("select body from accepted where system = ?", [system.as_str()], |row| row.get(0)).optional()
    })
}

pub(super) fn accept(journal: &mut SqliteJournal, system: &SystemId, body: &str) -> Result<(), StoreError> {
    journal.write(|db| {
        db.execute("insert or replace into accepted (system, body) values (?, ?)", params![system.as_str(), body])
    })?;
    Ok(())
}

pub(super) fn pin(journal: &mut SqliteJournal, system: &SystemId) -> Result<Option<String>, StoreError> {
    journal.read(|db| {
        db.query_row("select account from pin where system = ?", [system.as_str()], |row| row.get(0)).optional()
    })
}

pub(super) fn keep_pin(journal: &mut SqliteJournal, system: &SystemId, account: &str) -> Result<(), StoreError> {
    journal.write(|db| {
        db.execute("insert or replace into pin (system, account) values (?, ?)", params![system.as_str(), account])
    })?;
    Ok(())
}

pub(super) fn lessons(journal: &mut SqliteJournal, system: &SystemId) -> Result<Vec<String>, StoreError> {
    journal.read(|db| {
        let mut query = db.prepare_cached("select lesson from lesson where system = ? order by lesson")?;
        let rows = query.query_map([system.as_str()], |row| row.get(0))?;
        rows.collect()
    })
}

pub(super) fn keep_lesson(journal: &mut SqliteJournal, system: &SystemId, lesson: &str) -> Result<(), StoreError> {
    journal.write(|db| {
        db.execute("insert or ignore into lesson (system, lesson) values (?, ?)", params![system.as_str(), lesson])
    })?;
    Ok(())
}

pub(super) fn purge(journal: &mut SqliteJournal, system: &SystemId) -> Result<(), StoreError> {
    let kept: Vec<Change> = staging(journal)?.into_iter().filter(|change| change.system != *system).collect();
    keep_staging(journal, &kept)?;
    journal.write(|db| {
        let name = system.as_str();
        db.execute("delete from link where a_system = ?1 or b_system = ?1", [name])?;
        for table in OF_SYSTEM {
            db.execute(&format!("delete from {table} where system = ?"), [name])?;
        }
        Ok(())
    })
}
