//! Promise 11: the record of it can be trusted.

use trueup::store::{Journal, journal};

use crate::bed::{Bed, DIRECTORY, HR, assert_confirmed, full, journal_in, offers, sets, staged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_was_changed_and_one_that_was_taken_out_are_found() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let plan = console.plan(staged(sets(&all, "directory", "title").into_iter().take(2))).await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    console.quit().await;

    let path = journal_in(&bed.dir.0);
    let verify = || journal::open(&path).unwrap().verify().unwrap();
    assert_eq!(verify(), None);
    let tamper = |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql);
    let refused = tamper("update entry set body = 'x' where number = 3").unwrap_err().to_string();
    assert!(refused.contains("entries are only added"), "{refused}");

    let last: i64 = {
        let db = rusqlite::Connection::open(&path).unwrap();
        db.query_row("select max(number) from entry", [], |row| row.get(0)).unwrap()
    };
    assert!(last > 6, "a push of two steps leaves more than {last} entries");
    let copy = bed.dir.0.join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    for (sql, first_bad) in [
        ("update entry set at = '1999-01-01T00:00:00Z' where number = 3", 3),
        ("update entry set body = replace(body, 'title', 'tit1e') where number = 1", 1),
        ("delete from entry where number = 4", 4),
    ] {
        std::fs::copy(&copy, &path).unwrap();
        tamper("drop trigger entry_stays; drop trigger entry_is_kept").unwrap();
        assert_eq!(verify(), None, "the rules are no part of the chain");
        tamper(sql).unwrap();
        assert_eq!(verify(), Some(first_bad), "{sql}");
    }
    std::fs::copy(&copy, &path).unwrap();
    tamper(&format!("drop trigger entry_is_kept; delete from entry where number = {last}")).unwrap();
    assert_eq!(verify(), Some(last), "the last entry cannot be taken off either");
}
