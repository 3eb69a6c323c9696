#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::compare::{Agreement, LinkVerdict, Protection, Rung, Waiver};
use crate::model::{AttrPath, Kind, Op, RecordKey};
use crate::plan::{By, Expect, Facet, Method, OutcomeState, Request, Target, Want, Wanted, assemble};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("trueup-journal-{}", uuid::Uuid::now_v7())))
    }

    fn file(&self) -> PathBuf {
        self.0.join("state").join("journal.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn time() -> jiff::Timestamp {
    "2026-08-20T10:00:00Z".parse().unwrap()
}

fn key(id: &str) -> RecordKey {
    RecordKey::new(SystemId::new("aha"), Kind::User, id)
}

fn change(id: &str) -> Change {
    let facet = Facet::attr("userName");
    Change {
        id: Change::name(&SystemId::new("aha"), Kind::User, id, Op::Set, Some(&facet)),
        system: SystemId::new("aha"),
        kind: Kind::User,
        target: Target::Record(key(id)),
        label: id.into(),
        source: None,
        op: Op::Set,
        want: vec![Want { facet, value: Wanted::Text("new".into()), by: By::Source }],
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
    }
}

fn plan(name: &str, ids: &[&str]) -> Plan {
    let changes: Vec<Change> = ids.iter().map(|id| change(id)).collect();
    let groups = changes
        .iter()
        .map(|change| crate::plan::Group {
            changes: vec![change.id.clone()],
            steps: Ok(vec![Step {
                yields: Some(change.id.clone()),
                ..Step::new(
                    change.system.clone(),
                    vec![change.id.clone()],
                    Request { method: Method::Put, ..Request::get(format!("/users/{}", change.label)) },
                )
            }]),
        })
        .collect();
    assemble(PlanId(name.into()), time(), changes, groups, Vec::new(), Vec::new())
}

fn outcome(plan: &Plan, at: usize, state: OutcomeState) -> Outcome {
    Outcome { change: plan.changes[at].id.clone(), state, at: time() }
}

#[test]
fn a_killed_push_is_named_by_the_next_start() {
    let folder = Folder::new();
    let plan = plan("p1", &["1", "2", "3"]);
    {
        let mut journal = open(&folder.file()).unwrap();
        journal.open(&plan, &"lena".into()).unwrap();
        let first = journal.intend(&plan.id, &plan.steps[0]).unwrap();
        journal
            .reached(&first, &StepState::Replied { status: 200, verdict: "yes".into(), id: Some("77".into()) })
            .unwrap();
        journal.reached(&first, &StepState::ReadBack).unwrap();
        journal.intend(&plan.id, &plan.steps[1]).unwrap();
        assert!(journal.open_intents().unwrap().is_empty(), "the push is still under way");
        assert!(journal.unfinished().unwrap().is_empty());
        let push = &journal.history(9).unwrap()[0];
        assert!(push.running && !push.closed);
    }
    let mut journal = open(&folder.file()).unwrap();
    let push = &journal.history(9).unwrap()[0];
    assert!(!push.running && !push.closed, "who was at work on it is gone");
    let found = journal.open_intents().unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].step, plan.steps[1]);
    assert_eq!(found[0].state, StepState::Intended);
    assert_eq!(found[0].changes, vec![plan.change(&plan.steps[1].serves[0]).unwrap().clone()]);
    assert_eq!(journal.unfinished().unwrap().len(), 1);
    assert_eq!(journal.created(&plan.id).unwrap(), vec![(plan.steps[0].serves[0].clone(), "77".to_owned())]);
    let outcome = outcome(&plan, 1, OutcomeState::confirmed(Vec::new()));
    journal.settle(&plan.id, &plan.steps[1].id, std::slice::from_ref(&outcome), None).unwrap();
    journal.close(&plan.id).unwrap();
    assert!(journal.open_intents().unwrap().is_empty());
    assert!(journal.unfinished().unwrap().is_empty());
    let push = &journal.history(9).unwrap()[0];
    assert_eq!(push.outcomes, vec![outcome]);
    assert!(!push.running && push.closed);
}

#[test]
fn a_write_that_ended_is_not_open() {
    let folder = Folder::new();
    let plan = plan("p1", &["1"]);
    {
        let mut journal = open(&folder.file()).unwrap();
        journal.open(&plan, &"lena".into()).unwrap();
        let receipt = journal.intend(&plan.id, &plan.steps[0]).unwrap();
        journal.reached(&receipt, &StepState::Ended { status: 422, why: "no".into() }).unwrap();
    }
    assert!(open(&folder.file()).unwrap().open_intents().unwrap().is_empty());
}

#[test]
fn an_unknown_outcome_of_a_closed_push_stays_open() {
    let mut journal = in_memory().unwrap();
    let plan = plan("p1", &["1"]);
    journal.open(&plan, &"lena".into()).unwrap();
    journal.intend(&plan.id, &plan.steps[0]).unwrap();
    journal.outcome(&plan.id, &outcome(&plan, 0, OutcomeState::Unknown { why: "no reply".into() })).unwrap();
    journal.close(&plan.id).unwrap();
    assert_eq!(journal.open_intents().unwrap().len(), 1);
}

#[test]
fn the_same_plan_cannot_be_opened_twice() {
    let mut journal = in_memory().unwrap();
    let plan = plan("p1", &["1"]);
    journal.open(&plan, &"lena".into()).unwrap();
    journal.close(&plan.id).unwrap();
    assert!(matches!(journal.open(&plan, &"lena".into()), Err(StoreError::PushedBefore { .. })));
}

#[test]
fn the_last_word_about_a_change_is_its_outcome_and_pushes_come_newest_first() {
    let mut journal = in_memory().unwrap();
    for name in ["p1", "p2"] {
        let plan = plan(name, &["1"]);
        journal.open(&plan, &"lena".into()).unwrap();
        journal.outcome(&plan.id, &outcome(&plan, 0, OutcomeState::Sent)).unwrap();
        journal.outcome(&plan.id, &outcome(&plan, 0, OutcomeState::Accepted)).unwrap();
    }
    let history = journal.history(1).unwrap();
    assert_eq!((history.len(), &*history[0].plan.id.0, &*history[0].by.who), (1, "p2", "lena"));
    assert_eq!(history[0].outcomes.len(), 1);
    assert_eq!(history[0].outcomes[0].state, OutcomeState::Accepted);
    assert_eq!(history[0].plan, plan("p2", &["1"]));
}

fn three_entries(path: &Path) {
    let mut journal = open(path).unwrap();
    let plan = plan("p1", &["1"]);
    journal.open(&plan, &"lena".into()).unwrap();
    journal.intend(&plan.id, &plan.steps[0]).unwrap();
    journal.close(&plan.id).unwrap();
    assert_eq!(journal.verify().unwrap(), None);
}

fn tamper(path: &Path, sql: &str) {
    let db = Connection::open(path).unwrap();
    db.execute_batch("drop trigger entry_stays; drop trigger entry_is_kept;").unwrap();
    db.execute_batch(sql).unwrap();
}

#[test]
fn a_changed_entry_is_found() {
    let folder = Folder::new();
    three_entries(&folder.file());
    tamper(&folder.file(), "update entry set body = replace(body, '/users/1', '/users/2') where number = 2");
    assert_eq!(open(&folder.file()).unwrap().verify().unwrap(), Some(2));
}

#[test]
fn an_entry_that_was_taken_out_is_found() {
    for (number, first_bad) in [(1, 1), (2, 2), (3, 3)] {
        let folder = Folder::new();
        three_entries(&folder.file());
        tamper(&folder.file(), &format!("delete from entry where number = {number}"));
        assert_eq!(open(&folder.file()).unwrap().verify().unwrap(), Some(first_bad));
    }
}

#[test]
fn entries_are_only_added() {
    let mut journal = in_memory().unwrap();
    journal.open(&plan("p1", &["1"]), &"lena".into()).unwrap();
    for sql in ["update entry set at = ''", "delete from entry"] {
        assert!(journal.db.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn two_cannot_push_to_one_system_and_a_dead_lease_is_free() {
    let folder = Folder::new();
    let aha = SystemId::new("aha");
    let mut first = open(&folder.file()).unwrap();
    let mut second = open(&folder.file()).unwrap();
    first.lease(&aha, "lena").unwrap();
    let why = second.lease(&aha, "omar").unwrap_err().to_string();
    assert!(why.contains("lena") && why.contains("aha"), "{why}");
    second.lease(&SystemId::new("litmos"), "omar").unwrap();
    second.release(&aha).unwrap();
    assert!(second.lease(&aha, "omar").is_err(), "nobody gives back what another one holds");
    drop(first);
    second.lease(&aha, "omar").unwrap();
    second.release(&aha).unwrap();
    open(&folder.file()).unwrap().lease(&aha, "lena").unwrap();
}

#[test]
#[cfg(unix)]
fn directory_and_file_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let mut journal = open(&folder.file()).unwrap();
    journal.open(&plan("p1", &["1"]), &"lena".into()).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.file().parent().unwrap()), 0o700);
    for file in std::fs::read_dir(folder.file().parent().unwrap()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[test]
fn a_journal_of_a_newer_program_is_refused() {
    let folder = Folder::new();
    drop(open(&folder.file()).unwrap());
    Connection::open(folder.file()).unwrap().pragma_update(None, "user_version", layout::VERSION + 1).unwrap();
    let why = open(&folder.file()).unwrap_err().to_string();
    assert!(why.contains("newer"), "{why}");
}

#[test]
fn a_file_that_is_no_journal_is_refused_by_name() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file().parent().unwrap()).unwrap();
    std::fs::write(folder.file(), "this is not a database, and long enough to be sure of that".repeat(40)).unwrap();
    let why = open(&folder.file()).unwrap_err().to_string();
    assert!(why.contains("journal.db"), "{why}");
}

#[test]
fn decisions_are_kept_and_purged_with_their_system() {
    let mut journal = in_memory().unwrap();
    let (aha, other) = (SystemId::new("aha"), SystemId::new("litmos"));
    let link = Link {
        a: RecordKey::new(SystemId::new("hr"), Kind::User, "a"),
        b: key("1"),
        by: Rung::Kept,
        verdict: LinkVerdict::Same,
        since: time(),
    };
    journal.keep_link(&link).unwrap();
    let turned = Link { verdict: LinkVerdict::NotSame, ..link };
    journal.keep_link(&turned).unwrap();
    assert_eq!(journal.links().unwrap(), vec![turned]);
    let waiver = Waiver {
        target: key("1"),
        path: AttrPath::new("title"),
        entry: String::new(),
        source: 1,
        value: 2,
        reason: "agreed".into(),
        until: None,
    };
    let entry = Waiver { entry: "p1".into(), ..waiver.clone() };
    let protection = Protection { record: key("1"), reason: "service account".into(), since: time() };
    let agreement = Agreement::to(key("1"), AttrPath::new("title"), "a\u{7}", time());
    for decision in [
        Decision::Adopt(waiver.clone()),
        Decision::Adopt(entry.clone()),
        Decision::Protect(protection.clone()),
        Decision::Agree(agreement.clone()),
    ] {
        journal.decide(&decision).unwrap();
    }
    let found = journal.decisions().unwrap();
    assert_eq!(found.waivers, vec![waiver.clone(), entry.clone()]);
    assert_eq!((&found.protected[..], &found.agreed[..]), (&[protection][..], &[agreement][..]));
    journal.decide(&Decision::Withdraw(key("1"), AttrPath::new("Title"), String::new())).unwrap();
    assert_eq!(journal.decisions().unwrap().waivers, vec![entry]);
    let base = Base {
        target: key("1"),
        path: AttrPath::new("title"),
        entry: String::new(),
        source: "x".into(),
        value: "x".into(),
        at: time(),
        since: time(),
    };
    let pair = Base { entry: "p1".into(), ..base.clone() };
    journal.keep_bases(&[base.clone(), pair.clone()], &[]).unwrap();
    journal.keep_bases(std::slice::from_ref(&base), &[pair]).unwrap();
    assert_eq!(journal.bases().unwrap(), vec![base]);
    journal.accept(&aha, "all").unwrap();
    assert_eq!(journal.accepted(&aha).unwrap().as_deref(), Some("all"));
    let mut elsewhere = change("9");
    elsewhere.system = other.clone();
    journal.restage(&[change("1"), elsewhere.clone()], &[]).unwrap();
    assert_eq!(journal.staging().unwrap().len(), 2);
    assert_eq!(journal.pin(&aha).unwrap(), None);
    journal.keep_pin(&aha, "acme").unwrap();
    journal.keep_lesson(&aha, "patch:User").unwrap();
    journal.keep_lesson(&aha, "patch:User").unwrap();
    assert_eq!(journal.pin(&aha).unwrap().as_deref(), Some("acme"));
    assert_eq!(journal.lessons(&aha).unwrap(), ["patch:User"]);
    journal.keep_pin(&other, "kept").unwrap();
    let plan = plan("p1", &["1"]);
    journal.open(&plan, &"lena".into()).unwrap();

    journal.purge(&aha).unwrap();
    assert_eq!((journal.decisions().unwrap(), journal.accepted(&aha).unwrap()), (Decisions::default(), None));
    assert!(journal.bases().unwrap().is_empty() && journal.lessons(&aha).unwrap().is_empty());
    assert_eq!(journal.staging().unwrap(), vec![elsewhere]);
    assert_eq!((journal.pin(&aha).unwrap(), journal.pin(&other).unwrap().as_deref()), (None, Some("kept")));
    assert_eq!(journal.history(9).unwrap().len(), 1, "the record of pushes stays");
}

#[test]
fn entries_that_were_swapped_or_slipped_in_are_found() {
    let swap = "create temp table kept as select * from entry;
        update entry set at = (select at from kept where number = 3), what = (select what from kept where number = 3),
            body = (select body from kept where number = 3), hash = (select hash from kept where number = 3) where number = 2;
        update entry set at = (select at from kept where number = 2), what = (select what from kept where number = 2),
            body = (select body from kept where number = 2), hash = (select hash from kept where number = 2) where number = 3;";
    let renumbered = "update entry set number = 9 where number = 2; update entry set number = 2 where number = 3;
        update entry set number = 3 where number = 9;";
    let more =
        "insert into entry select 4, at, what, plan || 'x', step, about, body, hash from entry where number = 3;";
    let before =
        "insert into entry select 0, at, what, plan || 'x', step, about, body, hash from entry where number = 1;";
    for (sql, first_bad) in [
        (swap, 2),
        (renumbered, 2),
        (more, 4),
        (before, 1),
        ("update head set hash = zeroblob(32)", 4),
        ("delete from head", 4),
        ("update entry set hash = 'x' where number = 3", 3),
    ] {
        let folder = Folder::new();
        three_entries(&folder.file());
        tamper(&folder.file(), sql);
        assert_eq!(open(&folder.file()).unwrap().verify().unwrap(), Some(first_bad), "{sql}");
    }
}

#[test]
fn a_noted_head_is_found_again_and_a_rewritten_record_has_it_no_more() {
    let folder = Folder::new();
    three_entries(&folder.file());
    let mut journal = open(&folder.file()).unwrap();
    let (number, noted) = journal.head().unwrap();
    assert_eq!(journal.entry_of(&noted).unwrap(), Some(number));
    journal.open(&plan("p2", &["1"]), &"lena".into()).unwrap();
    assert_eq!(journal.entry_of(&noted[..20]).unwrap(), Some(3), "what came later changes nothing of it");
    assert_eq!(journal.entry_of(&"0".repeat(64)).unwrap(), Some(0), "noted before the first push");
    drop(journal);
    tamper(
        &folder.file(),
        "delete from entry where number > 2;
         update head set number = 2, hash = (select hash from entry where number = 2);",
    );
    let mut journal = open(&folder.file()).unwrap();
    assert_eq!((journal.verify().unwrap(), journal.entry_of(&noted).unwrap()), (None, None));
}

#[test]
fn who_and_why_and_every_request_with_its_end_are_in_the_record() {
    let mut journal = in_memory().unwrap();
    let plan = plan("p1", &["1", "2"]);
    let by = Signature { who: "lena as root (sudo) from 10.1.2.3".into(), reason: Some("CHG-1".into()) };
    journal.open(&plan, &by).unwrap();
    let first = journal.intend(&plan.id, &plan.steps[0]).unwrap();
    journal.reached(&first, &StepState::Replied { status: 201, verdict: "accepted".into(), id: None }).unwrap();
    journal.reached(&first, &StepState::ReadBack).unwrap();
    journal.intend(&plan.id, &plan.steps[1]).unwrap();
    assert_eq!(journal.history(9).unwrap()[0].by, by);
    let sent = journal.sendings(&plan.id).unwrap();
    let told: Vec<_> = sent.iter().map(|sending| (sending.step.clone(), sending.end())).collect();
    assert_eq!(
        told,
        [
            (plan.steps[0].clone(), (Some(201), "accepted, read back".to_owned())),
            (plan.steps[1].clone(), (None, "no reply is known".to_owned())),
        ]
    );
}

#[test]
fn on_a_network_file_system_one_at_a_time_has_the_journal_and_all_else_holds() {
    let folder = Folder::new();
    let plan = plan("p1", &["1", "2"]);
    {
        let mut first = open_in(&folder.file(), Some(Place::Shared)).unwrap();
        first.open(&plan, &"lena".into()).unwrap();
        first.intend(&plan.id, &plan.steps[0]).unwrap();
        assert!(!folder.file().with_extension("db-wal").exists(), "a write-ahead log wants shared memory");
        first.db.busy_timeout(Duration::ZERO).unwrap();
        let second = Connection::open(folder.file()).unwrap();
        let refused = Place::Shared.prepare(&second).unwrap_err();
        let why = explained(&folder.file(), Place::Shared, &refused).to_string();
        assert!(why.contains("another host") && why.contains("--data-dir"), "{why}");
    }
    let mut next = open_in(&folder.file(), Some(Place::Shared)).unwrap();
    assert_eq!((next.open_intents().unwrap().len(), next.verify().unwrap()), (1, None));
    drop(next);
    // The same file brought to this machine.
    assert_eq!(open(&folder.file()).unwrap().open_intents().unwrap().len(), 1);
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_written() {
    let folder = Folder::new();
    let mut journal = open(&folder.file()).unwrap();
    let pages: i64 = journal.db.query_row("pragma page_count", [], |row| row.get(0)).unwrap();
    journal.db.pragma_update(None, "max_page_count", pages + 1).unwrap();
    let big = plan("p1", &(0..500).map(|_| "someone").collect::<Vec<_>>());
    let why = journal.open(&big, &"lena".into()).unwrap_err().to_string();
    assert!(why.contains("the disk is full") && why.contains("journal.db"), "{why}");
    assert_eq!((journal.head().unwrap().0, journal.verify().unwrap()), (0, None));
    let small = plan("p2", &["1"]);
    journal.db.pragma_update(None, "max_page_count", pages + 100).unwrap();
    journal.open(&small, &"lena".into()).unwrap();
}

#[test]
fn another_program_that_holds_the_file_is_told_apart_from_a_broken_one() {
    let folder = Folder::new();
    let mut journal = open(&folder.file()).unwrap();
    journal.db.busy_timeout(Duration::ZERO).unwrap();
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let why = journal.open(&plan("p1", &["1"]), &"lena".into()).unwrap_err().to_string();
    assert!(why.contains("another program holds it locked"), "{why}");
    other.execute_batch("rollback").unwrap();
    drop(other);
    journal.open(&plan("p1", &["1"]), &"lena".into()).unwrap();
}

#[test]
fn without_a_journal_nothing_is_written_and_the_reason_is_told_each_time() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file()).unwrap();
    let why = open(&folder.file()).unwrap_err();
    let mut journal = without(&why).unwrap();
    assert!(journal.history(9).unwrap().is_empty() && journal.decisions().unwrap() == Decisions::default());
    for told in [
        journal.open(&plan("p1", &["1"]), &"lena".into()).unwrap_err(),
        journal.restage(&[change("1")], &[]).unwrap_err(),
    ] {
        assert_eq!(told.to_string(), why.to_string());
    }
}

#[test]
fn sensitive_values_are_in_no_file_of_the_journal_and_their_hashes_are_salted() {
    let texts = ["+49 30 123456", "+49 30 654321"];
    let mut hashes = Vec::new();
    for _ in 0..2 {
        let folder = Folder::new();
        let mut plan = plan("p1", &["1"]);
        plan.changes[0].want[0].value = Wanted::Text(texts[1].into());
        let facet = plan.changes[0].want[0].facet.clone();
        plan.changes[0].expect = Expect::Facets(vec![(facet.clone(), crate::plan::Seen::Value(texts[0].into()))]);
        plan.steps[0].write.body = crate::plan::Body::Json {
            json: serde_json::json!({ "phone": texts[1], "mobile": texts[0], "name": "Lena" }),
            media: "application/json".into(),
        };
        let (system, kind, path) = (SystemId::new("aha"), Kind::User, facet.path);
        plan.sensitive = vec![crate::plan::Sensitive { system, kind, path, fields: vec!["mobile".into()] }];
        let mut journal = open(&folder.file()).unwrap();
        journal.open(&plan, &"lena".into()).unwrap();
        let receipt = journal.intend(&plan.id, &plan.steps[0]).unwrap();
        let why = format!("{} is no phone number", texts[1]);
        journal.reached(&receipt, &StepState::Ended { status: 422, why: why.clone() }).unwrap();
        journal.outcome(&plan.id, &outcome(&plan, 0, OutcomeState::Failed { why })).unwrap();
        let sealer = journal.sealer().unwrap();
        let told = journal.history(9).unwrap().remove(0);
        assert_eq!(told.plan.changes[0].want[0].value, Wanted::Text(sealer.seal(texts[1])));
        assert!(journal.sendings(&plan.id).unwrap()[0].end().1.contains(&sealer.seal(texts[1])));
        assert_eq!(journal.verify().unwrap(), None);
        hashes.push(sealer.seal(texts[1]));
        for file in std::fs::read_dir(folder.file().parent().unwrap()).unwrap() {
            let file = file.unwrap().path();
            let bytes = std::fs::read(&file).unwrap();
            for text in texts {
                let there = bytes.windows(text.len()).any(|part| part == text.as_bytes());
                assert!(!there, "{text} is in {}", file.display());
            }
        }
    }
    assert_ne!(hashes[0], hashes[1], "each journal has a salt of its own");
}

#[test]
fn what_a_purge_forgets_is_in_no_page_and_no_log_any_more() {
    let folder = Folder::new();
    let mut journal = open(&folder.file()).unwrap();
    journal.restage(&[change("somebody-to-forget")], &[]).unwrap();
    journal.keep_pin(&SystemId::new("aha"), "account-to-forget").unwrap();
    let holds = |text: &str| {
        std::fs::read_dir(folder.file().parent().unwrap()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(text.len()).any(|part| part == text.as_bytes())
        })
    };
    assert!(holds("somebody-to-forget") && holds("account-to-forget"));
    journal.purge(&SystemId::new("aha")).unwrap();
    assert!(!holds("somebody-to-forget") && !holds("account-to-forget"));
}

/// What is said where the file is another one, or another's.
fn mislaid(journal: &mut SqliteJournal) {
    let why = journal.open(&plan("p2", &["1"]), &"lena".into()).unwrap_err().to_string();
    assert!(why.contains("removed, or replaced") && why.contains("journal.db"), "{why}");
}

#[test]
fn a_journal_that_was_removed_replaced_or_cut_behind_its_back_is_written_to_no_more() {
    let folder = Folder::new();
    let mut journal = open(&folder.file()).unwrap();
    std::fs::remove_file(folder.file()).unwrap();
    mislaid(&mut journal);
    drop(open(&folder.file()).unwrap());
    mislaid(&mut journal);

    // An older state of it in the same file.
    let folder = Folder::new();
    let mut journal = open(&folder.file()).unwrap();
    journal.open(&plan("p1", &["1"]), &"lena".into()).unwrap();
    tamper(&folder.file(), "delete from entry; update head set number = 0, hash = zeroblob(32);");
    mislaid(&mut journal);
    let mut next = open(&folder.file()).unwrap();
    next.open(&plan("p3", &["1"]), &"lena".into()).unwrap();
}

#[test]
fn two_programs_at_one_journal_do_not_take_each_others_entries_for_a_replacement() {
    let folder = Folder::new();
    let (mut one, mut other) = (open(&folder.file()).unwrap(), open(&folder.file()).unwrap());
    for number in 0..3 {
        one.open(&plan(&format!("a{number}"), &["1"]), &"lena".into()).unwrap();
        other.open(&plan(&format!("b{number}"), &["1"]), &"omar".into()).unwrap();
    }
    assert_eq!((one.head().unwrap().0, one.verify().unwrap()), (6, None));
}

#[test]
fn what_a_console_of_another_container_holds_is_its_own_until_that_console_is_gone() {
    let folder = Folder::new();
    let (mut one, mut other) = (open(&folder.file()).unwrap(), open(&folder.file()).unwrap());
    let (aha, plan) = (SystemId::new("aha"), plan("p1", &["1", "2"]));
    one.lease(&aha, "lena").unwrap();
    one.open(&plan, &"lena".into()).unwrap();
    one.intend(&plan.id, &plan.steps[0]).unwrap();
    // Both say number 1 of themselves, each among its own.
    tamper(
        &folder.file(),
        "update lease set holder = json_set(holder, '$.pid', 1073741823, '$.space', 1);
         update entry set body = json_set(body, '$.holder.pid', 1073741823, '$.holder.space', 1) where what = 'open';",
    );
    assert!(matches!(other.lease(&aha, "omar"), Err(StoreError::Leased { .. })));
    assert!(other.open_intents().unwrap().is_empty() && other.unfinished().unwrap().is_empty(), "it is at work");
    drop(one);
    other.lease(&aha, "omar").unwrap();
    assert_eq!((other.open_intents().unwrap().len(), other.unfinished().unwrap().len()), (1, 1));
}

#[test]
fn a_push_that_another_closed_or_whose_system_another_took_intends_nothing_more() {
    let folder = Folder::new();
    let (mut one, mut other) = (open(&folder.file()).unwrap(), open(&folder.file()).unwrap());
    let plan = plan("p1", &["1", "2"]);
    one.open(&plan, &"lena".into()).unwrap();
    one.intend(&plan.id, &plan.steps[0]).unwrap();
    let refused = |one: &mut SqliteJournal| {
        let why = one.intend(&plan.id, &plan.steps[1]).unwrap_err().to_string();
        assert!(why.contains("took this one for dead"), "{why}");
    };
    other.lease(&SystemId::new("aha"), "omar").unwrap();
    refused(&mut one);
    other.release(&SystemId::new("aha")).unwrap();
    one.intend(&plan.id, &plan.steps[1]).unwrap();
    other.close(&plan.id).unwrap();
    refused(&mut one);
}
