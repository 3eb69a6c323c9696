//! The journal in SQLite: one file, durable, readable with standard tools.
//!
//! What happens in a push is a chain of entries that are only ever added to ([`pushes`], [`proof`]). Beside them stand the
//! few decisions that outlive a run ([`decided`]) and the leases ([`lease`]). It must not decide anything itself: it keeps.

mod decided;
mod layout;
mod lease;
mod place;
mod proof;
mod pushes;
mod seals;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::place::Place;
use self::seals::Veil;
use super::chain::Hash;
use super::holder::{self, Holder, Sign};
use super::{Entry, Journal, OpenIntent, Receipt, Sealer, Sending, Signature, StepState, StoreError};
use crate::compare::{Base, Decision, Decisions, Link};
use crate::model::SystemId;
use crate::plan::{Change, ChangeId, Outcome, Plan, PlanId, Step, StepId};

/// The time of the database: entries are stamped where they are written.
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// How long another program may have the file locked before that is an error.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of a database that is no file (sqlite.org/inmemorydb.html).
const MEMORY: &str = ":memory:";

/// A journal in an SQLite database.
#[derive(Debug)]
pub struct SqliteJournal {
    db: Connection,
    path: PathBuf,
    place: Place,
    holder: Holder,
    /// What shows that it is alive; `None`: it is no file, or none can be made beside it.
    _sign: Option<Sign>,
    /// What hides the sensitive values of the pushes that were opened here.
    veils: HashMap<PlanId, Arc<Veil>>,
    /// Why nothing can be written; `None`: it can.
    barred: Option<String>,
    /// Which file it is; `None`: it is none.
    file: Option<place::Mark>,
    /// The last entry when this was last written to.
    last: Option<(i64, Hash)>,
    /// The database's version by others' writes when what is staged was last looked at; `None`: it never was.
    looked: Option<i64>,
}

/// Opens the journal file, and makes it and its directory where they are not there (0600, 0700).
///
/// # Errors
/// When it cannot be opened or was written by a newer program. Without a journal there is no push.
pub fn open(path: &Path) -> Result<SqliteJournal, StoreError> {
    open_in(path, None)
}

/// The same in a place of this kind; `None`: as the file system says.
fn open_in(path: &Path, place: Option<Place>) -> Result<SqliteJournal, StoreError> {
    place::private(path).map_err(|why| fault(path, why))?;
    let place = place.unwrap_or_else(|| Place::of(path));
    let db = Connection::open(path).map_err(|why| explained(path, place, &why))?;
    let mut journal = SqliteJournal::over(db, path.to_owned(), place)?;
    journal.file = Some(place::Mark::of(path).map_err(|why| fault(path, why))?);
    Ok(journal)
}

/// A journal that ends with the program: for tests and for looking around without a state directory.
///
/// # Errors
/// When SQLite refuses.
pub fn in_memory() -> Result<SqliteJournal, StoreError> {
    let path = PathBuf::from(MEMORY);
    let db = Connection::open_in_memory().map_err(|why| fault(&path, why))?;
    SqliteJournal::over(db, path, Place::Local)
}

/// What stands in for a journal that cannot be used: it holds nothing and refuses every write with the reason, so that all
/// can be read and compared, and nothing can be pushed.
///
/// # Errors
/// When SQLite refuses.
pub fn without(why: &StoreError) -> Result<SqliteJournal, StoreError> {
    let mut journal = in_memory()?;
    if let StoreError::Journal { path, why } = why {
        journal.path = path.into();
        journal.barred = Some(why.clone());
    } else {
        journal.barred = Some(why.to_string());
    }
    Ok(journal)
}

/// What is said where the file is another one than was opened, or lacks what was written to it.
const MISLAID: &str = "it was removed, or replaced by another file or copy, while this program had it open, and what is written to it \
     now would be lost. Nothing more is sent; bring the file back, and start trueup again";

fn fault(path: &Path, why: impl std::fmt::Display) -> StoreError {
    StoreError::Journal { path: path.display().to_string(), why: why.to_string() }
}

/// What SQLite says, and what the operator can do.
fn explained(path: &Path, place: Place, why: &rusqlite::Error) -> StoreError {
    let hint = match why.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full; make room, nothing is pushed until then",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "it cannot be written; see that it and its directory are yours, or name another with --data-dir"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) if place == Place::Shared => {
            "it lies on a network file system, and another trueup has it open, perhaps on another host; one at a time, or name \
             a directory on this machine with --data-dir"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds it locked; close that program and try again"
        }
        Some(ErrorCode::FileLockingProtocolFailed) => {
            "its file system does not lock files; name a directory on this machine with --data-dir"
        }
        Some(ErrorCode::SystemIoFailure) => {
            "the disk does not take it (dmesg may say why); nothing is pushed until it does"
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "it is no journal or is damaged; move it away and keep it, or bring back a copy"
        }
        _ => return fault(path, why),
    };
    fault(path, format!("{why}: {hint}"))
}

fn json(value: &impl Serialize) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value).map_err(|why| rusqlite::Error::ToSqlConversionFailure(Box::new(why)))
}

fn parsed<T: DeserializeOwned>(body: &str) -> Result<T, rusqlite::Error> {
    serde_json::from_str(body)
        .map_err(|why| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(why)))
}

impl SqliteJournal {
    fn over(db: Connection, path: PathBuf, place: Place) -> Result<Self, StoreError> {
        place.prepare(&db).map_err(|why| explained(&path, place, &why))?;
        let found = layout::version(&db).map_err(|why| explained(&path, place, &why))?;
        if found > layout::VERSION {
            let known = layout::VERSION;
            return Err(fault(
                &path,
                format!("it was written by a newer trueup (layout {found}, this one knows {known})"),
            ));
        }
        let beside = Some(&*path).filter(|path| path.as_os_str() != MEMORY);
        beside.into_iter().for_each(holder::sweep);
        let (holder, sign) = Holder::new(beside);
        let mut journal = Self {
            db,
            path,
            place,
            holder,
            _sign: sign,
            veils: HashMap::new(),
            barred: None,
            file: None,
            last: None,
            looked: None,
        };
        if !journal.read(layout::whole)? {
            journal.write(layout::make)?;
        }
        Ok(journal)
    }

    /// One durable change of the database; with `synchronous=full` the commit returns after the log was synced.
    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        if let Some(why) = &self.barred {
            return Err(fault(&self.path, why));
        }
        // A file that was removed is written to all the same, and gone with the program.
        if self.file.as_ref().is_some_and(|mark| place::Mark::of(&self.path).ok().as_ref() != Some(mark)) {
            return Err(fault(&self.path, MISLAID));
        }
        let last = self.last;
        let run = |db: &mut Connection| {
            let change = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if let Some((number, hash)) = last
                && !proof::there(&change, number, &hash)?
            {
                return Ok(None);
            }
            let made = work(&change)?;
            let last = proof::last(&change)?;
            change.commit()?;
            Ok(Some((made, last)))
        };
        match run(&mut self.db) {
            Ok(Some((made, last))) => {
                self.last = last;
                Ok(made)
            }
            Ok(None) => Err(fault(&self.path, MISLAID)),
            Err(why) => Err(explained(&self.path, self.place, &why)),
        }
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.db).map_err(|why| explained(&self.path, self.place, &why))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, with: &[&dyn rusqlite::ToSql]) -> Result<Vec<T>, StoreError> {
        self.read(|db| {
            let mut found = db.prepare_cached(query)?;
            let rows = found.query_map(with, |row| row.get::<_, String>(0))?;
            rows.map(|body| parsed(&body?)).collect()
        })
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        self.holder.gone();
    }
}

impl Journal for SqliteJournal {
    fn open(&mut self, plan: &Plan, by: &Signature) -> Result<(), StoreError> {
        pushes::open(self, plan, by)
    }

    fn intend(&mut self, plan: &PlanId, step: &Step) -> Result<Receipt, StoreError> {
        pushes::intend(self, plan, step)
    }

    fn reached(&mut self, receipt: &Receipt, state: &StepState) -> Result<(), StoreError> {
        pushes::reached(self, receipt, state)
    }

    fn outcome(&mut self, plan: &PlanId, outcome: &Outcome) -> Result<(), StoreError> {
        pushes::outcome(self, plan, outcome)
    }

    fn close(&mut self, plan: &PlanId) -> Result<(), StoreError> {
        pushes::close(self, plan)
    }

    fn open_intents(&mut self) -> Result<Vec<OpenIntent>, StoreError> {
        pushes::open_intents(self)
    }

    fn settle(
        &mut self,
        plan: &PlanId,
        step: &StepId,
        outcomes: &[Outcome],
        id: Option<&str>,
    ) -> Result<(), StoreError> {
        pushes::settle(self, plan, step, outcomes, id)
    }

    fn unfinished(&mut self) -> Result<Vec<Entry>, StoreError> {
        pushes::unfinished(self)
    }

    fn created(&mut self, plan: &PlanId) -> Result<Vec<(ChangeId, String)>, StoreError> {
        pushes::created(self, plan)
    }

    fn history(&mut self, most: usize) -> Result<Vec<Entry>, StoreError> {
        pushes::history(self, most)
    }

    fn find(&mut self, plan: &PlanId) -> Result<Option<Entry>, StoreError> {
        pushes::find(self, plan)
    }

    fn sealer(&mut self) -> Result<Sealer, StoreError> {
        seals::sealer(self)
    }

    fn sendings(&mut self, plan: &PlanId) -> Result<Vec<Sending>, StoreError> {
        pushes::sendings(self, plan)
    }

    fn staging(&mut self) -> Result<Vec<Change>, StoreError> {
        decided::staging(self)
    }

    fn restage(&mut self, added: &[Change], removed: &[ChangeId]) -> Result<Option<Vec<Change>>, StoreError> {
        decided::restage(self, added, removed)
    }

    fn links(&mut self) -> Result<Vec<Link>, StoreError> {
        decided::links(self)
    }

    fn keep_link(&mut self, link: &Link) -> Result<(), StoreError> {
        decided::keep_link(self, link)
    }

    fn decisions(&mut self) -> Result<Decisions, StoreError> {
        decided::decisions(self)
    }

    fn decide(&mut self, decision: &Decision) -> Result<(), StoreError> {
        decided::decide(self, decision)
    }

    fn bases(&mut self) -> Result<Vec<Base>, StoreError> {
        decided::bases(self)
    }

    fn keep_bases(&mut self, new: &[Base], gone: &[Base]) -> Result<(), StoreError> {
        decided::keep_bases(self, new, gone)
    }

    fn accepted(&mut self, system: &SystemId) -> Result<Option<String>, StoreError> {
        decided::accepted(self, system)
    }

    fn accept(&mut self, system: &SystemId, body: &str) -> Result<(), StoreError> {
        decided::accept(self, system, body)
    }

    fn pin(&mut self, system: &SystemId) -> Result<Option<String>, StoreError> {
        decided::pin(self, system)
    }

    fn keep_pin(&mut self, system: &SystemId, account: &str) -> Result<(), StoreError> {
        decided::keep_pin(self, system, account)
    }

    fn lessons(&mut self, system: &SystemId) -> Result<Vec<String>, StoreError> {
        decided::lessons(self, system)
    }

    fn keep_lesson(&mut self, system: &SystemId, lesson: &str) -> Result<(), StoreError> {
        decided::keep_lesson(self, system, lesson)
    }

    fn lease(&mut self, system: &SystemId, who: &str) -> Result<(), StoreError> {
        lease::lease(self, system, who)
    }

    fn release(&mut self, system: &SystemId) -> Result<(), StoreError> {
        lease::release(self, system)
    }

    fn verify(&mut self) -> Result<Option<i64>, StoreError> {
        proof::verify(self)
    }

    fn head(&mut self) -> Result<(i64, String), StoreError> {
        proof::head(self)
    }

    fn entry_of(&mut self, head: &str) -> Result<Option<i64>, StoreError> {
        proof::entry_of(self, head)
    }

    fn purge(&mut self, system: &SystemId) -> Result<(), StoreError> {
        decided::purge(self, system)
    }
}

#[cfg(test)]
mod tests;
