//! The journal in SQLite: one file, durable, readable with standard tools.
//!
//! What happens in a push is a chain of entries that are only ever added to. Beside them stand the few decisions that
//! outlive a run (links, waivers, protections, agreements, bases, staging, pins, lessons) and the leases.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::chain::{self, Hash, Link as Chained};
use super::holder::Holder;
use super::{Entry, Journal, OpenIntent, Receipt, StepState, StoreError};
use crate::compare::{Base, Decision, Decisions, Link};
use crate::model::{AttrPath, SystemId};
use crate::plan::{Change, ChangeId, Outcome, Plan, PlanId, Step, StepId};

/// The layout that this program writes and reads.
const VERSION: i64 = 1;

const LAYOUT: &str = "
create table entry (
    number integer primary key,
    at text not null,
    what text not null,
    plan text not null,
    step text not null,
    about integer not null,
    body text not null,
    hash blob not null
);
create index entry_of_plan on entry (plan, what);
create index entry_about on entry (about) where about > 0;
create unique index plan_once on entry (plan) where what = 'open';
create trigger entry_stays before update on entry begin select raise(abort, 'entries are only added'); end;
create trigger entry_is_kept before delete on entry begin select raise(abort, 'entries are only added'); end;
create table head (one integer primary key check (one = 1), number integer not null, hash blob not null);
create table staging (place integer primary key, body text not null);
create table link (a text not null, b text not null, a_system text not null, b_system text not null, body text not null,
    primary key (a, b));
create table waiver (target text not null, path text not null, system text not null, body text not null,
    primary key (target, path));
create table pin (system text primary key, account text not null);
create table lesson (system text not null, lesson text not null, primary key (system, lesson));
create table lease (system text primary key, who text not null, since text not null, holder text not null);
";

/// Tables that came after the layout; they are made where they are not there yet.
const ADDED: &str = "
create table if not exists protection (record text primary key, system text not null, body text not null);
create table if not exists agreement (record text not null, path text not null, system text not null, body text not null,
    primary key (record, path));
create table if not exists common (target text not null, path text not null, entry text not null, system text not null,
    body text not null, primary key (target, path, entry));
create table if not exists accepted (system text primary key, body text not null);
";

/// The tables of what outlives a run and belongs to one system.
const OF_SYSTEM: [&str; 8] = ["waiver", "protection", "agreement", "common", "accepted", "pin", "lesson", "lease"];

/// The time of the database: entries are stamped where they are written.
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// A journal in an SQLite database.
#[derive(Debug)]
pub struct SqliteJournal {
    db: Connection,
    path: PathBuf,
    holder: Holder,
}

/// Opens the journal file, and makes it and its directory where they are not there (0600, 0700).
///
/// # Errors
/// When it cannot be opened or was written by a newer program. Without a journal there is no push.
pub fn open(path: &Path) -> Result<SqliteJournal, StoreError> {
    private(path).map_err(|why| fault(path, why))?;
    let db = Connection::open(path).map_err(|why| fault(path, why))?;
    SqliteJournal::over(db, path.to_owned())
}

/// A journal that ends with the program: for tests and for looking around without a state directory.
///
/// # Errors
/// When SQLite refuses.
pub fn in_memory() -> Result<SqliteJournal, StoreError> {
    let path = PathBuf::from(":memory:");
    let db = Connection::open_in_memory().map_err(|why| fault(&path, why))?;
    SqliteJournal::over(db, path)
}

fn fault(path: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Journal { path: path.display().to_string(), why: why.to_string() }
}

/// Makes directory and file such that nobody else can read them. A directory that is there is left as it is: it may be
/// shared; the file is not.
fn private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut maker = std::fs::DirBuilder::new();
        maker.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        maker.create(folder)?;
    }
    let mut opener = std::fs::OpenOptions::new();
    opener.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut opener, 0o600);
    let file = opener.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value).map_err(|why| rusqlite::Error::ToSqlConversionFailure(Box::new(why)))
}

fn parsed<T: DeserializeOwned>(body: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(body)
        .map_err(|why| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(why)))
}

/// What a push's first entry holds.
#[derive(Serialize, serde::Deserialize)]
struct Opened {
    plan: Plan,
    who: String,
    holder: Holder,
}

impl SqliteJournal {
    fn over(db: Connection, path: PathBuf) -> Result<Self, StoreError> {
        let prepare = |db: &Connection| -> rusqlite::Result<i64> {
            db.busy_timeout(Duration::from_secs(5))?;
            db.pragma_update(None, "journal_mode", "wal")?;
            db.pragma_update(None, "synchronous", "full")?;
            db.pragma_update(None, "foreign_keys", true)?;
            let version = db.query_row("pragma user_version", [], |row| row.get(0))?;
            Ok(version)
        };
        let found = prepare(&db).map_err(|why| fault(&path, why))?;
        if found > VERSION {
            let why = format!("it was written by a newer trueup (layout {found}, this one knows {VERSION})");
            return Err(fault(&path, why));
        }
        let mut journal = Self { db, path, holder: Holder::new() };
        if found == 0 {
            journal.write(|change| {
                // Two programs may start at once: the second one finds it made.
                let version: i64 = change.query_row("pragma user_version", [], |row| row.get(0))?;
                if version == 0 {
                    change.execute_batch(LAYOUT)?;
                    change.execute("insert into head values (1, 0, ?)", [chain::GENESIS])?;
                    change.pragma_update(None, "user_version", VERSION)?;
                }
                Ok(())
            })?;
        }
        let added = |db: &Connection| {
            db.query_row(
                "select count(*) from sqlite_master where type = 'table' and name in \
                 ('protection', 'agreement', 'common', 'accepted')",
                [],
                |row| row.get::<_, i64>(0),
            )
        };
        if journal.read(added)? < 4 {
            journal.write(|change| change.execute_batch(ADDED))?;
        }
        Ok(journal)
    }

    /// One durable change of the database; with `synchronous=full` the commit returns after the log was synced.
    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let run = |db: &mut Connection| {
            let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let made = work(&change)?;
            change.commit()?;
            Ok(made)
        };
        run(&mut self.db).map_err(|why: rusqlite::Error| fault(&self.path, why))
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.db).map_err(|why| fault(&self.path, why))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, with: &[&dyn rusqlite::ToSql]) -> Result<Vec<T>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(query)?;
            let rows = found.query_map(with, |row| row.get::<_, String>(0))?;
            rows.map(|body| parsed(&body?)).collect()
        })
    }

    fn push(&self, number: i64, began: &str, body: &str) -> Result<(Entry, Holder), StoreError> {
        let opened: Opened = parsed(body).map_err(|why| fault(&self.path, why))?;
        let began = began.parse().map_err(|why| fault(&self.path, format!("entry {number}: {why}")))?;
        let plan = opened.plan.id.to_string();
        let mut outcomes: Vec<Outcome> = Vec::new();
        let told: Vec<Outcome> =
            self.rows("select body from entry where plan = ? and what = 'outcome' order by number", &[&plan])?;
        for outcome in told {
            match outcomes.iter_mut().find(|have| have.change == outcome.change) {
                Some(have) => *have = outcome,
                None => outcomes.push(outcome),
            }
        }
        let closed = self.read(|db| is_closed(db, &plan))?;
        Ok((Entry { plan: opened.plan, began, who: opened.who, outcomes, closed }, opened.holder))
    }

    fn pushes(&self, most: usize) -> Result<Vec<(Entry, Holder)>, StoreError> {
        let found = self.read(|db| {
            let mut query = db.prepare_cached(
                "select number, at, body from entry where what = 'open' order by number desc limit ?",
            )?;
            let rows = query.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        found.iter().map(|(number, at, body)| self.push(*number, at, body)).collect()
    }

    /// Whether this journal or another living one is at work on a push.
    fn under_way(entry: &Entry, holder: &Holder) -> bool {
        !entry.closed && holder.alive()
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.holder.gone();
    }
}

fn is_closed(db: &Connection, plan: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("select exists (select 1 from entry where plan = ? and what = 'close')")?
        .query_row([plan], |row| row.get(0))
}

/// Adds an entry to the chain and gives its number.
fn add(db: &Connection, what: &str, plan: &PlanId, step: &str, about: i64, body: &str) -> rusqlite::Result<i64> {
    let (last, before): (i64, Hash) =
        db.query_row("select number, hash from head", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let at: String = db.query_row(&format!("select {NOW}"), [], |row| row.get(0))?;
    let (number, plan) = (last + 1, plan.to_string());
    let hash = chain::hash(&before, Chained { number, at: &at, what, plan: &plan, step, about, body });
    db.execute(
        "insert into entry (number, at, what, plan, step, about, body, hash) values (?, ?, ?, ?, ?, ?, ?, ?)",
        params![number, at, what, plan, step, about, body, hash],
    )?;
    db.execute("update head set number = ?, hash = ?", params![number, hash])?;
    Ok(number)
}

fn put_link(db: &Connection, link: &Link) -> rusqlite::Result<()> {
    db.execute(
        "insert or replace into link (a, b, a_system, b_system, body) values (?, ?, ?, ?, ?)",
        params![json(&link.a)?, json(&link.b)?, link.a.system.as_str(), link.b.system.as_str(), json(link)?],
    )?;
    Ok(())
}

impl Journal for SqliteJournal {
    fn open(&mut self, plan: &Plan, who: &str) -> Result<(), StoreError> {
        let holder = self.holder.clone();
        let fresh = self.write(|db| {
            let id = plan.id.to_string();
            let before: bool =
                db.query_row("select exists (select 1 from entry where plan = ? and what = 'open')", [&id], |row| {
                    row.get(0)
                })?;
            if !before {
                let opened = Opened { plan: plan.clone(), who: who.to_owned(), holder };
                add(db, "open", &plan.id, "", 0, &json(&opened)?)?;
            }
            Ok(!before)
        })?;
        if fresh { Ok(()) } else { Err(StoreError::PushedBefore { plan: plan.id.to_string() }) }
    }

    fn intend(&mut self, plan: &PlanId, step: &Step) -> Result<Receipt, StoreError> {
        let entry = self.write(|db| add(db, "intend", plan, &step.id.0, 0, &json(step)?))?;
        Ok(Receipt { entry, step: step.id.clone() })
    }

    fn reached(&mut self, receipt: &Receipt, state: &StepState) -> Result<(), StoreError> {
        self.write(|db| {
            let plan: String =
                db.query_row("select plan from entry where number = ?", [receipt.entry], |row| row.get(0))?;
            add(db, "reached", &PlanId(plan.into()), &receipt.step.0, receipt.entry, &json(state)?)?;
            Ok(())
        })
    }

    fn outcome(&mut self, plan: &PlanId, outcome: &Outcome) -> Result<(), StoreError> {
        self.write(|db| add(db, "outcome", plan, "", 0, &json(outcome)?))?;
        Ok(())
    }

    fn close(&mut self, plan: &PlanId) -> Result<(), StoreError> {
        self.write(|db| {
            if !is_closed(db, &plan.0)? {
                add(db, "close", plan, "", 0, "{}")?;
            }
            Ok(())
        })
    }

    fn open_intents(&mut self) -> Result<Vec<OpenIntent>, StoreError> {
        // The last word about each intent; one that was ended, read back or resolved is not open.
        let found = self.read(|db| {
            let mut query = db.prepare_cached(
                "select i.number, i.plan, i.body,
                    (select r.body from entry r where r.about = i.number order by r.number desc limit 1)
                 from entry i where i.what = 'intend' order by i.number",
            )?;
            let rows = query.query_map([], |row| {
                Ok((
                    row.get::<_, i64>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, Option<String>>(3)?,
                ))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut open = Vec::new();
        for (_, plan, body, last) in found {
            let state = match last {
                None => StepState::Intended,
                Some(last) => parsed(&last).map_err(|why| fault(&self.path, why))?,
            };
            if !matches!(state, StepState::Intended | StepState::Replied { .. }) {
                continue;
            }
            let begun = self.read(|db| {
                db.prepare_cached("select number, at, body from entry where plan = ? and what = 'open'")?
                    .query_row([&plan], |row| {
                        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
                    })
                    .optional()
            })?;
            let Some((number, at, opened)) = begun else { continue };
            let (entry, holder) = self.push(number, &at, &opened)?;
            if Self::under_way(&entry, &holder) {
                continue;
            }
            let step: Step = parsed(&body).map_err(|why| fault(&self.path, why))?;
            let changes: Vec<Change> =
                entry.plan.changes.iter().filter(|change| step.serves.contains(&change.id)).cloned().collect();
            open.push(OpenIntent { plan: entry.plan.id, step, changes, state });
        }
        Ok(open)
    }

    fn settle(
        &mut self,
        plan: &PlanId,
        step: &StepId,
        outcomes: &[Outcome],
        id: Option<&str>,
    ) -> Result<(), StoreError> {
        let resolved = StepState::Resolved { id: id.map(str::to_owned) };
        self.write(|db| {
            let intents: Vec<i64> = db
                .prepare_cached("select number from entry where what = 'intend' and plan = ? and step = ?")?
                .query_map(params![&*plan.0, &*step.0], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for intent in intents {
                add(db, "reached", plan, &step.0, intent, &json(&resolved)?)?;
            }
            for outcome in outcomes {
                add(db, "outcome", plan, "", 0, &json(outcome)?)?;
            }
            Ok(())
        })
    }

    fn unfinished(&mut self) -> Result<Vec<Entry>, StoreError> {
        let open = self.pushes(usize::MAX)?;
        Ok(open
            .into_iter()
            .filter(|(entry, holder)| !entry.closed && !Self::under_way(entry, holder))
            .map(|(entry, _)| entry)
            .collect())
    }

    fn begun(&mut self, plan: &PlanId) -> Result<Vec<StepId>, StoreError> {
        self.read(|db| {
            let mut query = db.prepare_cached("select distinct step from entry where what = 'intend' and plan = ?")?;
            let rows = query.query_map([&*plan.0], |row| row.get::<_, String>(0))?;
            rows.map(|step| Ok(StepId(step?.into()))).collect::<rusqlite::Result<Vec<_>>>()
        })
    }

    fn created(&mut self, plan: &PlanId) -> Result<Vec<(ChangeId, String)>, StoreError> {
        let found = self.read(|db| {
            let mut query = db.prepare_cached(
                "select i.body, r.body from entry r join entry i on i.number = r.about
                 where r.plan = ? and r.what = 'reached' order by r.number",
            )?;
            let rows = query.query_map([&*plan.0], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        let mut created = Vec::new();
        for (intent, reached) in found {
            let step: Step = parsed(&intent).map_err(|why| fault(&self.path, why))?;
            let state: StepState = parsed(&reached).map_err(|why| fault(&self.path, why))?;
            let id = match state {
                StepState::Replied { id, .. } | StepState::Resolved { id } => id,
                _ => None,
            };
            if let (Some(change), Some(id)) = (step.yields, id) {
                created.push((change, id));
            }
        }
        Ok(created)
    }

    fn history(&mut self, most: usize) -> Result<Vec<Entry>, StoreError> {
        Ok(self.pushes(most)?.into_iter().map(|(entry, _)| entry).collect())
    }

    fn find(&mut self, plan: &PlanId) -> Result<Option<Entry>, StoreError> {
        let found = self.read(|db| {
            let mut query =
                db.prepare_cached("select number, at, body from entry where what = 'open' and plan = ? limit 1")?;
            query
                .query_row([&*plan.0], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
                })
                .optional()
        })?;
        found.map(|(number, at, body)| Ok(self.push(number, &at, &body)?.0)).transpose()
    }

    fn staging(&mut self) -> Result<Vec<Change>, StoreError> {
        self.rows("select body from staging order by place", &[])
    }

    fn keep_staging(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("delete from staging", [])?;
            let mut put = db.prepare_cached("insert into staging (body) values (?)")?;
            for change in changes {
                put.execute([json(change)?])?;
            }
            Ok(())
        })
    }

    fn links(&mut self) -> Result<Vec<Link>, StoreError> {
        self.rows("select body from link order by a, b", &[])
    }

    fn keep_link(&mut self, link: &Link) -> Result<(), StoreError> {
        self.write(|db| put_link(db, link))
    }

    fn decisions(&mut self) -> Result<Decisions, StoreError> {
        Ok(Decisions {
            links: self.links()?,
            waivers: self.rows("select body from waiver order by target, path", &[])?,
            protected: self.rows("select body from protection order by record", &[])?,
            agreed: self.rows("select body from agreement order by record, path", &[])?,
        })
    }

    fn decide(&mut self, decision: &Decision) -> Result<(), StoreError> {
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
            Decision::Unprotect(record) => {
                db.execute("delete from protection where record = ?", [json(record)?]).map(drop)
            }
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
        self.write(run)
    }

    fn bases(&mut self) -> Result<Vec<Base>, StoreError> {
        self.rows("select body from common order by target, path, entry", &[])
    }

    fn keep_bases(&mut self, new: &[Base], gone: &[Base]) -> Result<(), StoreError> {
        self.write(|db| {
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

    fn accepted(&mut self, system: &SystemId) -> Result<Option<String>, StoreError> {
        self.read(|db| {
            db.query_row("select body from accepted where system = ?", [system.as_str()], |row| row.get(0)).optional()
        })
    }

    fn accept(&mut self, system: &SystemId, body: &str) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("insert or replace into accepted (system, body) values (?, ?)", params![system.as_str(), body])
        })?;
        Ok(())
    }

    fn pin(&mut self, system: &SystemId) -> Result<Option<String>, StoreError> {
        self.read(|db| {
            db.query_row("select account from pin where system = ?", [system.as_str()], |row| row.get(0)).optional()
        })
    }

    fn keep_pin(&mut self, system: &SystemId, account: &str) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("insert or replace into pin (system, account) values (?, ?)", params![system.as_str(), account])
        })?;
        Ok(())
    }

    fn lessons(&mut self, system: &SystemId) -> Result<Vec<String>, StoreError> {
        self.read(|db| {
            let mut query = db.prepare_cached("select lesson from lesson where system = ? order by lesson")?;
            let rows = query.query_map([system.as_str()], |row| row.get(0))?;
            rows.collect()
        })
    }

    fn keep_lesson(&mut self, system: &SystemId, lesson: &str) -> Result<(), StoreError> {
        self.write(|db| {
            db.execute("insert or ignore into lesson (system, lesson) values (?, ?)", params![system.as_str(), lesson])
        })?;
        Ok(())
    }

    fn lease(&mut self, system: &SystemId, who: &str) -> Result<(), StoreError> {
        let holder = self.holder.clone();
        let taken = self.write(|db| {
            let held: Option<(String, String, String)> = db
                .query_row("select who, since, holder from lease where system = ?", [system.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            if let Some((who, since, by)) = held
                && parsed::<Holder>(&by)?.alive()
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

    fn release(&mut self, system: &SystemId) -> Result<(), StoreError> {
        let holder = self.holder.clone();
        self.write(|db| {
            db.execute("delete from lease where system = ? and holder = ?", params![system.as_str(), json(&holder)?])
        })?;
        Ok(())
    }

    fn verify(&mut self) -> Result<Option<i64>, StoreError> {
        self.read(|db| {
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
            let (number, hash): (i64, Hash) =
                db.query_row("select number, hash from head", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
            // Entries taken away from the end are missed by the head.
            Ok((number != last || hash != before).then_some(last + 1))
        })
    }

    fn head(&mut self) -> Result<(i64, String), StoreError> {
        self.read(|db| {
            db.query_row("select number, hash from head", [], |row| {
                let hash: Hash = row.get(1)?;
                Ok((row.get(0)?, hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))))
            })
        })
    }

    fn purge(&mut self, system: &SystemId) -> Result<(), StoreError> {
        let kept: Vec<Change> = self.staging()?.into_iter().filter(|change| change.system != *system).collect();
        self.keep_staging(&kept)?;
        self.write(|db| {
            let name = system.as_str();
            db.execute("delete from link where a_system = ?1 or b_system = ?1", [name])?;
            for table in OF_SYSTEM {
                db.execute(&format!("delete from {table} where system = ?"), [name])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
