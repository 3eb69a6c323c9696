//! The few decisions that outlive a run: links, waivers, protections, agreements, bases, staging, pins, lessons.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{SqliteJournal, json, parsed};
use crate::compare::{Base, Decision, Decisions, Link};
use crate::model::{AttrPath, SystemId};
use crate::plan::{Change, ChangeId};
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

/// Rises with every write of another program, and with none of this one (sqlite.org/pragma.html, `data_version`).
fn others(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("pragma data_version", [], |row| row.get(0))
}

fn staged(db: &Connection) -> rusqlite::Result<Vec<Change>> {
    let mut found = db.prepare_cached("select body from staged order by id")?;
    let rows = found.query_map([], |row| row.get::<_, String>(0))?;
    rows.map(|body| parsed(&body?)).collect()
}

pub(super) fn staging(journal: &mut SqliteJournal) -> Result<Vec<Change>, StoreError> {
    // In this order: what comes in between is looked at twice, and not overlooked.
    let looked = journal.read(others)?;
    let all = journal.read(staged)?;
    journal.looked = Some(looked);
    Ok(all)
}

pub(super) fn restage(
    journal: &mut SqliteJournal,
    added: &[Change],
    removed: &[ChangeId],
) -> Result<Option<Vec<Change>>, StoreError> {
    let before = journal.looked;
    let (looked, all) = journal.write(|db| {
        let mut take = db.prepare_cached("delete from staged where id = ?")?;
        for id in removed {
            take.execute([&*id.0])?;
        }
        let mut put = db.prepare_cached("insert or replace into staged (id, body) values (?, ?)")?;
        for change in added {
            put.execute(params![&*change.id.0, json(change)?])?;
        }
        let looked = others(db)?;
        let all = if before == Some(looked) { None } else { Some(staged(db)?) };
        Ok((looked, all))
    })?;
    journal.looked = Some(looked);
    Ok(all)
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

pub(super) fn kept(journal: &mut SqliteJournal) -> Result<Vec<SystemId>, StoreError> {
    let mut found: Vec<SystemId> = staging(journal)?.into_iter().map(|change| change.system).collect();
    let own = OF_SYSTEM.map(|table| format!("select system from {table}")).join(" union ");
    let all = format!("{own} union select a_system from link union select b_system from link");
    found.extend(journal.read(|db| {
        let mut names = db.prepare(&all)?;
        let rows = names.query_map([], |row| row.get::<_, String>(0))?;
        rows.map(|name| Ok(SystemId::new(name?))).collect::<rusqlite::Result<Vec<_>>>()
    })?);
    found.sort();
    found.dedup();
    Ok(found)
}

pub(super) fn purge(journal: &mut SqliteJournal, system: &SystemId) -> Result<(), StoreError> {
    let all = staging(journal)?.into_iter();
    let gone: Vec<ChangeId> = all.filter(|change| change.system == *system).map(|change| change.id).collect();
    restage(journal, &[], &gone)?;
    journal.write(|db| {
        let name = system.as_str();
        db.execute("delete from link where a_system = ?1 or b_system = ?1", [name])?;
        for table in OF_SYSTEM {
            db.execute(&format!("delete from {table} where system = ?"), [name])?;
        }
        Ok(())
    })?;
    // What was deleted is overwritten (`secure_delete`), and must not live on in the log either.
    journal.read(|db| db.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())))
}
