//! The tables: made where they are not there yet.

use rusqlite::{Connection, Transaction};

use crate::store::chain;

/// The layout that this program writes and reads.
pub(super) const VERSION: i64 = 1;

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

/// Tables that came after the layout; they are made where they are not there yet. What is staged has moved into one with names.
const ADDED: &str = "
create table if not exists protection (record text primary key, system text not null, body text not null);
create table if not exists agreement (record text not null, path text not null, system text not null, body text not null,
    primary key (record, path));
create table if not exists common (target text not null, path text not null, entry text not null, system text not null,
    body text not null, primary key (target, path, entry));
create table if not exists accepted (system text primary key, body text not null);
create table if not exists salt (one integer primary key check (one = 1), key blob not null);
create table if not exists staged (id text primary key, body text not null);
insert or replace into staged select json_extract(body, '$.id'), body from staging;
delete from staging;
";

/// How many tables [`ADDED`] makes.
const ADDED_TABLES: i64 = 6;

/// The layout of a database; 0 of an empty one.
pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("pragma user_version", [], |row| row.get(0))
}

/// Whether every table is there.
pub(super) fn whole(db: &Connection) -> rusqlite::Result<bool> {
    let added: i64 = db.query_row(
        "select count(*) from sqlite_master where type = 'table' and name in \
         ('protection', 'agreement', 'common', 'accepted', 'salt', 'staged')",
        [],
        |row| row.get(0),
    )?;
    Ok(version(db)? > 0 && added == ADDED_TABLES)
}

/// Makes what is not there. Two programs may start at once: the second one finds it made.
pub(super) fn make(change: &Transaction<'_>) -> rusqlite::Result<()> {
    if version(change)? == 0 {
        change.execute_batch(LAYOUT)?;
        change.execute("insert into head values (1, 0, ?)", [chain::GENESIS])?;
        change.pragma_update(None, "user_version", VERSION)?;
    }
    change.execute_batch(ADDED)
}
