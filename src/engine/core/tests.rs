#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod front;
mod glimpse;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::super::http::Auth;
use super::super::setup::SystemSetup;
use super::super::stand::{Stand, json, reply, stand};
use super::super::{Progress, read_all, test};
use super::*;
use crate::config::SystemConfig;
use crate::connectors::{Connector, Finish, Input, Looked, Next, Observed, Page, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Op, Proof, RecordKey, Table};
use crate::plan::{
    By, Evidence, Expect, Facet, Finding, Refusal, Reply, Request, Site, Step, Target, Verdict, Want, Wanted,
};
use crate::secret::{Secret, Source};
use crate::store::Journal as _;

/// A connector that asks for one page of users.
struct Plain {
    mapping: Arc<Mapping>,
    /// Breaks when it lists.
    panics: bool,
}

struct Asks {
    path: &'static str,
    then: fn(Reply) -> Next,
}

impl Walk for Asks {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => {
                assert_ne!(self.path, "panic", "a walk that breaks");
                Next::Ask(vec![Request::get(self.path)])
            }
            Input::Replies(mut replies) => (self.then)(replies.remove(0)),
            Input::Taken(taken) => {
                Next::Done(Finish::Feed(Proof::Complete { how: "one page".into(), total: u64::from(taken.fresh) }))
            }
            Input::Unreadable(why) => Next::Done(Finish::Feed(Proof::Partial { why })),
        }
    }
}

fn met(reply: Reply) -> Next {
    let mut site = Site { account: Some(String::from_utf8_lossy(&reply.body).into_owned()), ..Site::default() };
    let (finding, detail) = match reply.status {
        200 => (Finding::Good, "well".to_owned()),
        status => (Finding::Bad, format!("the service answers {status}; check the key")),
    };
    site.evidence.push(Evidence { what: "GET /me".into(), finding, detail });
    Next::Done(Finish::Site(Box::new(site)))
}

fn listed(reply: Reply) -> Next {
    if reply.ok() {
        Next::Page(Page { feed: "users".into(), owner: None, bytes: reply.body })
    } else {
        Next::Done(Finish::Feed(Proof::Partial { why: format!("the service answers {}", reply.status) }))
    }
}

impl Connector for Plain {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        Box::new(Asks { path: "/me", then: met })
    }

    fn feeds(&self, _: &Site, kind: Kind) -> Vec<Arc<str>> {
        if kind == Kind::User { vec!["users".into()] } else { Vec::new() }
    }

    fn walk(&self, _: &Site, _: &str, _: Vec<String>) -> Box<dyn Walk> {
        Box::new(Asks { path: if self.panics { "panic" } else { "/Users" }, then: listed })
    }

    fn read_one(&self, _: &Site, key: &RecordKey) -> Vec<Request> {
        vec![Request::get(format!("/Users/{}", key.id))]
    }

    fn find(&self, _: &Site, _: Kind, _: &[(AttrPath, String)]) -> Vec<Request> {
        Vec::new()
    }

    fn observe(&self, _: &Site, kind: Kind, want: Looked<'_>, replies: &[Reply]) -> Result<Option<Observed>, String> {
        let Looked::Id(id) = want else { return Ok(None) };
        let native = serde_json::from_slice(&replies[0].body).map_err(|error| error.to_string())?;
        let table = Table::empty(self.mapping.kind(kind).unwrap().schema.clone());
        Ok(Some(Observed { id: id.to_owned(), table, native, etag: None }))
    }

    fn render(&self, _: &Site, _: &[&Change], _: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        Err(Refusal::Cannot("it is only for reading".into()))
    }

    fn classify(&self, _: &Site, _: &Step, _: &Reply) -> Verdict {
        Verdict::Failed("it is only for reading".into())
    }

    fn explain(&self, _: &Request, reply: &Reply) -> String {
        format!("status {}", reply.status)
    }
}

fn system(name: &str, url: &str, panics: bool) -> SystemSetup {
    let mapping = Arc::new(Mapping::builtin("scim").unwrap());
    let auth = Auth::Bearer(Source::Given(Secret::new("token")));
    let mut config = SystemConfig::new(SystemId::new(name), "plain", url, auth);
    config.rate = Some(1000.0);
    SystemSetup { config, connector: Arc::new(Plain { mapping, panics }) }
}

fn setup(systems: Vec<SystemSetup>) -> Setup {
    let source = systems.first().map(|system| system.id().clone());
    Setup {
        accepted: Vec::new(),
        leases: crate::store::Leases::none(),
        systems,
        source,
        reference: None,
        journal: Box::new(crate::store::journal::in_memory().unwrap()),
        cache: None,
        who: "tester".into(),
        patience: crate::engine::push::Patience::default(),
        read_at_start: true,
        reread: None,
    }
}

/// A service with these users.
async fn service(users: &'static [&'static str]) -> Stand {
    stand(move |_, text| answer(text, users)).await
}

fn answer(text: &str, users: &[&str]) -> Vec<u8> {
    if text.starts_with("GET /me ") {
        return json("\"acme\"");
    }
    let list: Vec<_> = users.iter().map(|name| format!("{{\"id\":\"{name}\",\"userName\":\"{name}\"}}")).collect();
    json(&format!("{{\"totalResults\":{},\"Resources\":[{}]}}", users.len(), list.join(",")))
}

/// Waits for the first report that something can be made of.
async fn wait<T>(reports: &mut UnboundedReceiver<Report>, mut pick: impl FnMut(&Report) -> Option<T>) -> T {
    let picked = async {
        loop {
            let report = reports.recv().await.expect("the engine has ended");
            if let Some(picked) = pick(&report) {
                return picked;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), picked).await.expect("it never came")
}

fn world_where(test: impl Fn(&World) -> bool) -> impl FnMut(&Report) -> Option<Arc<World>> {
    move |report| match report {
        Report::World(world) if test(world) => Some(world.clone()),
        _ => None,
    }
}

fn health<'w>(world: &'w World, name: &str) -> &'w Health {
    &world.systems.iter().find(|system| system.id.as_str() == name).unwrap().health
}

fn users(world: &World, name: &str) -> usize {
    let inputs = &world.compared.inputs;
    let view = &inputs.systems[inputs.index(&SystemId::new(name)).unwrap()];
    view.snapshot(Kind::User).map_or(0, |snapshot| snapshot.table.len())
}

async fn nobody_listens() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_is_down_leaves_the_others_alone() {
    let good = service(&["lena", "omar"]).await;
    let (reports, mut said) = unbounded_channel();
    let down = nobody_listens().await;
    let _engine = start(
        setup(vec![
            system("hr", &good.url, false),
            system("aha", &down, false),
            system("erp", "http://example.com", false),
        ]),
        reports,
    );
    let world = wait(
        &mut said,
        world_where(|world| {
            *health(world, "hr") == Health::Good
                && matches!(health(world, "aha"), Health::Bad { word, .. } if word == "down")
        }),
    )
    .await;
    assert!(matches!(health(&world, "erp"), Health::Bad { text, .. } if text.contains("plain http is refused")));
    let world = if users(&world, "hr") == 2 {
        world
    } else {
        wait(&mut said, world_where(|world| users(world, "hr") == 2)).await
    };
    assert!(world.compared.inputs.systems[0].snapshot(Kind::User).unwrap().proved());
    assert_eq!(world.systems[0].recent.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_that_breaks_is_reported_and_the_rest_goes_on() {
    let good = service(&["lena"]).await;
    let (reports, mut said) = unbounded_channel();
    let _engine = start(setup(vec![system("hr", &good.url, false), system("aha", &good.url, true)]), reports);
    let mut part = None;
    wait(&mut said, |report| {
        if let Report::Crashed { part: broken, text } = report {
            assert!(text.contains("a walk that breaks"), "{text}");
            part = Some(broken.clone());
        }
        world_where(|world| users(world, "hr") == 1 && *health(world, "hr") == Health::Good)(report)
            .filter(|_| part.is_some())
    })
    .await;
    assert_eq!(part.unwrap(), "aha");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_read_whole_stays_when_reading_it_again_fails() {
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = broken.clone();
    let service =
        stand(
            move |_, text| {
                if breaks.load(Ordering::Relaxed) { reply(401, "", b"") } else { answer(text, &["lena", "omar"]) }
            },
        )
        .await;
    let (reports, mut said) = unbounded_channel();
    let engine = start(setup(vec![system("hr", &service.url, false)]), reports);
    wait(&mut said, world_where(|world| users(world, "hr") == 2 && *health(world, "hr") == Health::Good)).await;
    broken.store(true, Ordering::Relaxed);
    engine.send(Command::Refresh { system: None, kind: Some(Kind::User) });
    let bad = |world: &World| matches!(health(world, "hr"), Health::Bad { word, .. } if word == "auth");
    let world = wait(&mut said, world_where(bad)).await;
    assert_eq!(users(&world, "hr"), 2);
    assert!(matches!(health(&world, "hr"), Health::Bad { text, .. } if text.contains("still as read at")));
    broken.store(false, Ordering::Relaxed);
    engine.send(Command::Refresh { system: None, kind: None });
    wait(&mut said, world_where(|world| *health(world, "hr") == Health::Good)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_not_taken_is_told_and_nothing_is_read() {
    let service = stand(|_, _| reply(401, "", b"")).await;
    let world = read_all(setup(vec![system("hr", &service.url, false)]), |_| {}).await.unwrap();
    assert!(
        matches!(health(&world, "hr"), Health::Bad { word, text } if word == "auth" && text.contains("check the key"))
    );
    assert_eq!(service.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_face_everything_is_read_to_its_end_and_compared_once() {
    let (hr, aha) = (service(&["lena", "omar"]).await, service(&["lena"]).await);
    let told = AtomicUsize::new(0);
    let progress = |progress: Progress| {
        if matches!(progress, Progress::System(..)) {
            told.fetch_add(1, Ordering::Relaxed);
        }
    };
    let world =
        read_all(setup(vec![system("hr", &hr.url, false), system("aha", &aha.url, false)]), progress).await.unwrap();
    assert_eq!((users(&world, "hr"), users(&world, "aha")), (2, 1));
    assert!(world.systems.iter().all(|system| system.health == Health::Good));
    assert!(told.load(Ordering::Relaxed) >= 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_gives_its_evidence_and_reads_nothing_more() {
    let hr = service(&["lena"]).await;
    let site = test(setup(vec![system("hr", &hr.url, false)]), &[SystemId::new("hr")]).await.remove(0);
    assert!(site.good() && site.account.as_deref() == Some("\"acme\""));
    assert_eq!(hr.seen().len(), 1);
    let down = nobody_listens().await;
    let site = test(setup(vec![system("hr", &down, false)]), &[SystemId::new("hr")]).await.remove(0);
    assert!(!site.good() && site.evidence[0].detail.contains("refuses connections"), "{site:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_answers_for_another_account_than_before_blocks_the_push_and_not_the_reading() {
    let hr = service(&["lena"]).await;
    let mut setup = setup(vec![system("hr", &hr.url, false)]);
    setup.journal.keep_pin(&SystemId::new("hr"), "\"other\"").unwrap();
    let world = read_all(setup, |_| {}).await.unwrap();
    let blocked = world.systems[0].site.as_ref().unwrap().blocked.clone().unwrap();
    assert!(blocked.contains("acme") && blocked.contains("other"), "{blocked}");
    assert_eq!(users(&world, "hr"), 1);
    assert_eq!(*health(&world, "hr"), Health::Partial(blocked));
}

fn journal_file(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("trueup-core-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder.join("journal.db")
}

fn change(label: &str) -> Change {
    let record = RecordKey::new(SystemId::new("hr"), Kind::User, label);
    let facet = Facet::attr("displayName");
    Change {
        id: Change::name(&record.system, Kind::User, label, Op::Set, Some(&facet)),
        system: record.system.clone(),
        kind: Kind::User,
        target: Target::Record(record),
        label: label.into(),
        source: None,
        op: Op::Set,
        want: vec![Want { facet: facet.clone(), value: Wanted::Text("x".into()), by: By::Source }],
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_staged_outlives_the_program_and_the_last_wish_counts() {
    let path = journal_file("staging");
    let hr = service(&["lena"]).await;
    for run in 0..2 {
        let mut setup = setup(vec![system("hr", &hr.url, false)]);
        setup.journal = Box::new(crate::store::journal::open(&path).unwrap());
        let (reports, mut said) = unbounded_channel();
        let engine = start(setup, reports);
        if run == 0 {
            engine.send(Command::Stage { added: vec![change("a")], removed: Vec::new() });
            engine.send(Command::Stage { added: vec![change("a"), change("b")], removed: Vec::new() });
            engine.send(Command::Stage { added: vec![change("c")], removed: vec![change("a").id] });
        } else {
            let found = wait(&mut said, |report| match report {
                Report::Staging(changes) => Some(changes.clone()),
                _ => None,
            })
            .await;
            assert_eq!(found, vec![change("b"), change("c")]);
        }
        engine.send(Command::Quit);
        engine.ended().await;
    }
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_consoles_over_one_store_neither_loses_what_the_other_staged_and_each_is_told() {
    let path = journal_file("two");
    let hr = service(&["lena"]).await;
    let open = || {
        let mut setup = setup(vec![system("hr", &hr.url, false)]);
        setup.journal = Box::new(crate::store::journal::open(&path).unwrap());
        let (reports, said) = unbounded_channel();
        (start(setup, reports), said)
    };
    let stage = |added: &[&str], removed: &[&str]| Command::Stage {
        added: added.iter().map(|name| change(name)).collect(),
        removed: removed.iter().map(|name| change(name).id).collect(),
    };
    let others = |report: &Report| match report {
        Report::Others { came, went } => Some((came.clone(), went.clone())),
        _ => None,
    };
    let kept = || crate::store::journal::open(&path).unwrap().staging().unwrap();
    let until = async |names: &[&str]| {
        let all: Vec<_> = names.iter().map(|name| change(name)).collect();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while kept() != all {
            assert!(tokio::time::Instant::now() < deadline, "{:?} is staged, and not {names:?}", kept());
            tokio::task::yield_now().await;
        }
    };
    let ((lena, mut lena_said), (omar, mut omar_said)) = (open(), open());
    // Both have looked at what is staged before either stages anything.
    wait(&mut lena_said, world_where(|_| true)).await;
    wait(&mut omar_said, world_where(|_| true)).await;
    lena.send(stage(&["a", "b"], &[]));
    until(&["a", "b"]).await;
    omar.send(stage(&["c"], &[]));
    assert_eq!(wait(&mut omar_said, others).await, (vec![change("a"), change("b")], vec![]));
    assert_eq!(kept(), [change("a"), change("b"), change("c")]);
    // What the other took back goes here too, and what comes of it is no news to it.
    omar.send(stage(&[], &["a"]));
    until(&["b", "c"]).await;
    lena.send(stage(&["d"], &[]));
    assert_eq!(wait(&mut lena_said, others).await, (vec![change("c")], vec![change("a").id]));
    for engine in [lena, omar] {
        engine.send(Command::Quit);
        engine.ended().await;
    }
    assert_eq!(kept(), [change("b"), change("c"), change("d")]);
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_shown_as_its_system_sends_it_now() {
    let hr = stand(|_, text| {
        if text.starts_with("GET /Users/lena ") { json("{\"id\":\"lena\",\"x\":1}") } else { answer(text, &["lena"]) }
    })
    .await;
    let (reports, mut said) = unbounded_channel();
    let engine = start(setup(vec![system("hr", &hr.url, false)]), reports);
    wait(&mut said, world_where(|world| *health(world, "hr") == Health::Good)).await;
    engine.send(Command::Native(RecordKey::new(SystemId::new("hr"), Kind::User, "lena")));
    let text = wait(&mut said, |report| match report {
        Report::Native { text, .. } => Some(text.clone()),
        _ => None,
    })
    .await;
    assert_eq!(text.unwrap(), "{\n  \"id\": \"lena\",\n  \"x\": 1\n}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_writes_nothing_and_says_why_it_is_none() {
    let hr = service(&["lena"]).await;
    let (reports, mut said) = unbounded_channel();
    let engine = start(setup(vec![system("hr", &hr.url, false)]), reports);
    wait(&mut said, world_where(|world| *health(world, "hr") == Health::Good)).await;
    engine.send(Command::Prepare(vec![change("lena")]));
    let plan = wait(&mut said, |report| match report {
        Report::Prepared(plan) => Some(plan.clone()),
        _ => None,
    })
    .await;
    assert!(plan.steps.is_empty() && plan.refused[0].1.contains("only for reading"), "{plan:?}");
    engine.send(Command::Push { fingerprint: plan.fingerprint.clone(), plan, reason: None });
    wait(&mut said, |report| matches!(report, Report::PushEnded(_)).then_some(())).await;
    assert!(hr.seen().iter().all(|text| text.starts_with("GET ")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_rate_is_shown() {
    let hr = service(&["lena"]).await;
    let (reports, mut said) = unbounded_channel();
    let engine = start(setup(vec![system("hr", &hr.url, false)]), reports);
    wait(&mut said, world_where(|world| *health(world, "hr") == Health::Good)).await;
    engine.send(Command::Tune { system: SystemId::new("hr"), per_second: 7.0 });
    wait(&mut said, world_where(|world| (world.systems[0].budget.per_second - 7.0).abs() < 0.01)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_ends_a_reading_that_waits() {
    let hr =
        stand(
            |_, text| {
                if text.starts_with("GET /me ") { json("\"acme\"") } else { reply(429, "retry-after: 100\r\n", b"") }
            },
        )
        .await;
    let (reports, mut said) = unbounded_channel();
    let engine = start(setup(vec![system("hr", &hr.url, false)]), reports);
    wait(&mut said, world_where(|world| world.systems[0].budget.wait > 50.0)).await;
    engine.send(Command::Stop(None));
    let stopped = |world: &World| matches!(health(world, "hr"), Health::Partial(why) if why.contains("stopped"));
    wait(&mut said, world_where(stopped)).await;
    engine.send(Command::Quit);
    engine.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_earlier_run_has_read_is_shown_at_once_and_proves_nothing() {
    let path = journal_file("cache");
    let folder = path.parent().unwrap().to_owned();
    let hr = service(&["lena", "omar"]).await;
    let cached = |url: &str| {
        let mut setup = setup(vec![system("hr", url, false)]);
        setup.cache = Some(Arc::new(crate::store::FileCache::new(&folder)));
        setup
    };
    let (reports, mut said) = unbounded_channel();
    let engine = start(cached(&hr.url), reports);
    wait(&mut said, world_where(|world| users(world, "hr") == 2 && *health(world, "hr") == Health::Good)).await;
    let schema = Mapping::builtin("scim").unwrap().kind(Kind::User).unwrap().schema.clone();
    let kept = async {
        let cache = crate::store::FileCache::new(&folder);
        while !matches!(cache.load(&SystemId::new("hr"), Kind::User, &schema), Ok(Some(_))) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), kept).await.expect("it was not kept");
    engine.send(Command::Quit);
    engine.ended().await;

    let down = nobody_listens().await;
    let (reports, mut said) = unbounded_channel();
    let _engine = start(cached(&down), reports);
    let failed = |world: &World| matches!(health(world, "hr"), Health::Bad { word, .. } if word == "down");
    let world = wait(&mut said, world_where(failed)).await;
    assert_eq!(users(&world, "hr"), 2);
    assert!(!world.compared.inputs.systems[0].snapshot(Kind::User).unwrap().proved());
    let (reports, mut said) = unbounded_channel();
    let _engine = start(cached(&hr.url), reports);
    let proved =
        |world: &World| world.compared.inputs.systems[0].snapshot(Kind::User).is_some_and(|snapshot| snapshot.proved());
    let world = wait(&mut said, world_where(proved)).await;
    assert_eq!(users(&world, "hr"), 2);
    // Snapshots may still be on their way to the disk.
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn what_is_about_to_be_read_is_known_to_be_unread_and_takes_nothing_away() {
    let mut member = Member::new(system("hr", "http://127.0.0.1:1", false), true);
    let of = |rows: &[&str]| {
        let mut builder =
            crate::model::TableBuilder::new(member.connector.mapping().kind(Kind::User).unwrap().schema.clone());
        for id in rows {
            builder.begin(id);
            builder.end();
        }
        let proof = Proof::Reading { read: rows.len() as u64, of: None };
        let feeds = vec![crate::model::FeedState { feed: "users".into(), proof, pages: 0, requests: 0 }];
        let taken = jiff::Timestamp::UNIX_EPOCH;
        Snapshot { system: SystemId::new("hr"), kind: Kind::User, generation: 1, table: builder.table(), feeds, taken }
    };
    let (empty, some) = (of(&[]), of(&["lena"]));
    assert!(!member.grew(empty.clone()), "there is nothing to compare yet");
    let known = |member: &Member| member.snapshots[Kind::User.index()].clone().unwrap();
    assert!(known(&member).reading(), "and nobody takes it for what the system does not have");
    assert!(member.grew(some) && known(&member).table.len() == 1);
    assert!(!member.grew(empty) && known(&member).table.len() == 1);
}
