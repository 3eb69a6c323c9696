//! Every decoder of what comes from outside, each behind one function over bytes: none may panic, hang or grow without
//! bound, whatever the bytes are.
//!
//! Shared by the bounded fuzzing of `cargo test` (tests/promises/garbage.rs) and by the targets of cargo-fuzz (targets/).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    dead_code,
    reason = "a decoder that refuses is well; one that breaks is not"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use trueup::connectors::{Connector, Input, Login, LoginInput, LoginNext, Looked, Next, Settings, Walk, connector};
use trueup::console::term::Decoder;
use trueup::mapping::Mapping;
use trueup::model::filter::{Filter, Query};
use trueup::model::{AttrPath, FeedState, Kind, Op, Proof, RecordKey, Snapshot, SystemId, TableBuilder, text};
use trueup::plan::{
    Body, By, Change, ChangeId, Expect, Facet, Method, Plan, Ref, Repeat, Reply, Request, Site, Step, StepId, Target,
    Want, Wanted, digest,
};
use trueup::secret::Secret;
use trueup::store::{Cache, FileCache, Journal, journal};

/// Takes bytes in, and breaks if the decoder does.
pub type Decode = fn(&[u8]);

/// All of them, by name.
pub const DECODERS: &[(&str, Decode)] = &[
    ("filter", filter),
    ("config", config),
    ("mapping", mapping),
    ("page", page),
    ("talk", talk),
    ("login", login),
    ("write_reply", write_reply),
    ("file", file),
    ("plan", plan),
    ("snapshot", snapshot),
    ("journal", journal_rows),
    ("terminal", terminal),
    ("words", words),
];

static MAPPINGS: LazyLock<Vec<Arc<Mapping>>> =
    LazyLock::new(|| Mapping::builtin_names().map(|name| Arc::new(Mapping::builtin(name).unwrap())).collect());

static CONNECTORS: LazyLock<Vec<Arc<dyn Connector>>> = LazyLock::new(|| MAPPINGS.iter().map(over).collect());

fn over(mapping: &Arc<Mapping>) -> Arc<dyn Connector> {
    let own = [
        ("account", "acme"),
        ("source_name", "trueup"),
        ("server_address", "http://127.0.0.1/k3cloud/"),
        ("data_center_id", "5f0a"),
        ("application_id", "299999_x"),
        ("username", "integration"),
        ("path", "people.csv"),
        ("users", "people.csv"),
    ];
    let known = |name: &str| mapping.settings.iter().any(|setting| setting.name == name);
    let own = own.into_iter().filter(|(name, _)| known(name));
    let settings = Settings {
        url: "http://127.0.0.1".into(),
        own: own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        secrets: BTreeSet::new(),
    };
    connector(&mapping.speaks, mapping.clone(), &settings).unwrap()
}

/// One of them by the first byte, and the other bytes.
fn picked<'t, T>(all: &'t [T], bytes: &[u8]) -> Option<(&'t T, Vec<u8>)> {
    let (first, rest) = bytes.split_first()?;
    Some((&all[usize::from(*first) % all.len()], rest.to_vec()))
}

/// Filters as they are written in a configuration and typed into the console.
pub fn filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(filter) = Filter::parse(&text) {
        let mut paths = 0;
        filter.paths(&mut |_: &AttrPath| paths += 1);
        assert!(paths <= text.len());
    }
    assert!(Query::parse(&text).understood().len() <= text.len() * 8 + 256);
}

/// `trueup.toml`.
pub fn config(bytes: &[u8]) {
    static ALL: LazyLock<Vec<Mapping>> = LazyLock::new(|| MAPPINGS.iter().map(|mapping| (**mapping).clone()).collect());
    let text = String::from_utf8_lossy(bytes);
    if let Err(why) = trueup::config::parse(&text, "trueup.toml", &ALL) {
        assert!(!why.to_string().is_empty());
    }
}

/// An operator's own connector, and one that is laid over a built-in one.
pub fn mapping(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Mapping::own(&text, "own.toml");
    let _ = Mapping::overlaid(Mapping::builtin_text("scim").unwrap(), &text, "over.toml");
}

/// A page of each feed of a connector, read into its table.
pub fn page(bytes: &[u8]) {
    let Some((mapping, bytes)) = picked(&MAPPINGS, bytes) else { return };
    for reader in &mapping.readers {
        let mut builder = TableBuilder::new(reader.schema().clone());
        for owner in [None, Some("7")] {
            let _ = reader.read(&bytes, owner, &mut builder);
            reader.settle(&mut builder);
        }
        let table = builder.table();
        assert!(table.len() <= bytes.len() * 2 + 1, "no record comes from nothing");
    }
}

/// The replies of a service: documents that stand one after the other, each with a status; and then nothing but errors.
struct Service<'b> {
    left: &'b [u8],
    said: usize,
}

impl Service<'_> {
    fn reply(&mut self) -> Reply {
        const STATUSES: [u16; 16] = [200, 200, 200, 200, 200, 200, 201, 204, 400, 401, 403, 404, 406, 409, 500, 503];
        self.said += 1;
        let Some((first, rest)) = self.left.split_first() else {
            return Reply { status: 404, headers: Vec::new(), body: bytes::Bytes::new() };
        };
        let end = rest.iter().position(|byte| *byte == 0x1e).unwrap_or(rest.len());
        let body = bytes::Bytes::copy_from_slice(&rest[..end]);
        self.left = rest.get(end + 1..).unwrap_or_default();
        let headers =
            vec![("content-type".to_owned(), "application/json".to_owned()), ("stamp".to_owned(), "1".to_owned())];
        Reply { status: STATUSES[usize::from(*first) % STATUSES.len()], headers, body }
    }
}

/// Most turns that a walk may take over replies that end: the owners of a detail feed are at most three.
const TURNS: usize = 5_000;

fn walked(connector: &dyn Connector, mut walk: Box<dyn Walk>, service: &mut Service<'_>) -> Option<Site> {
    use trueup::connectors::Finish;
    let mapping = connector.mapping();
    let mut builder: Option<TableBuilder> = None;
    let mut input = Input::Start;
    for _ in 0..TURNS {
        input = match walk.next(input) {
            Next::Ask(requests) => {
                assert!(requests.iter().all(Request::reads), "a walk only reads");
                Input::Replies(requests.iter().map(|_| service.reply()).collect())
            }
            Next::Page(page) => {
                let reader = mapping.reader(&page.feed)?;
                let into = builder.get_or_insert_with(|| TableBuilder::new(reader.schema().clone()));
                match reader.read(&page.bytes, page.owner.as_deref(), into) {
                    Ok(taken) => Input::Taken(taken),
                    Err(why) => Input::Unreadable(why.to_string()),
                }
            }
            Next::Block(block) => {
                let schema = mapping
                    .reader(&block.feed)
                    .map_or_else(|| mapping.kinds[0].schema.clone(), |reader| reader.schema().clone());
                match block.read(builder.get_or_insert_with(|| TableBuilder::new(schema))) {
                    Ok(taken) => Input::Taken(taken),
                    Err(why) => Input::Unreadable(why.to_string()),
                }
            }
            Next::Done(Finish::Site(site)) => return Some(*site),
            Next::Done(Finish::Feed(_)) => return None,
        };
    }
    panic!("{}: a walk comes to no end after {} replies", mapping.connector, service.said);
}

/// A whole conversation: the probe, every feed, and looks at single records.
pub fn talk(bytes: &[u8]) {
    let Some((connector, bytes)) = picked(&CONNECTORS, bytes) else { return };
    let mut service = Service { left: &bytes, said: 0 };
    let site = walked(&**connector, connector.probe(), &mut service).unwrap_or_default();
    for site in [site, Site::default()] {
        for kind in Kind::ALL {
            for feed in connector.feeds(&site, kind) {
                let mut service = Service { left: &bytes, said: 0 };
                walked(
                    &**connector,
                    connector.walk(&site, &feed, vec!["1".into(), "2".into(), "x".into()]),
                    &mut service,
                );
            }
            let key = RecordKey::new(SystemId::new("s"), kind, "1");
            let by = vec![(AttrPath::new("userName"), "a@example.com".to_owned())];
            let looks = [
                (connector.read_one(&site, &key), Looked::Id("1")),
                (connector.find(&site, kind, &by), Looked::By(&by)),
            ];
            for (asked, want) in looks {
                let mut service = Service { left: &bytes, said: 0 };
                let replies: Vec<Reply> = asked.iter().map(|_| service.reply()).collect();
                if let Ok(Some(seen)) = connector.observe(&site, kind, want, &replies) {
                    assert!(seen.table.len() <= 1, "one record is one");
                }
            }
        }
    }
}

/// What a sign-in is answered, and whether it is believed.
pub fn login(bytes: &[u8]) {
    let Some((connector, bytes)) = picked(&CONNECTORS, bytes) else { return };
    let secrets = ["application_secret", "password", "client_secret"];
    let secrets: BTreeMap<String, Secret> = secrets
        .iter()
        .map(|name| ((*name).to_owned(), Secret::new("c2VjcmV0LXNlY3JldC1zZWNyZXQ=".to_owned())))
        .collect();
    let Some(mut login) = connector.login(&secrets) else { return };
    signed_in(&mut *login, &bytes);
}

fn signed_in(login: &mut dyn Login, bytes: &[u8]) {
    let mut service = Service { left: bytes, said: 0 };
    let mut next = login.next(LoginInput::Start, 1_700_000_000);
    for _ in 0..100 {
        let LoginNext::Ask(_) = next else { return };
        let reply = service.reply();
        let _ = (login.lost(&reply), login.renewed(&reply));
        next = login.next(LoginInput::Reply(&reply), 1_700_000_000);
    }
    panic!("a sign-in comes to no end");
}

/// What writes are answered.
pub fn write_reply(bytes: &[u8]) {
    let Some((connector, bytes)) = picked(&CONNECTORS, bytes) else { return };
    if connector.mapping().speaks == "file" {
        // Nobody else's words are in what is said of a file.
        return;
    }
    let reply = Service { left: &bytes, said: 0 }.reply();
    for (at, path) in
        ["/Users", "/Users/1", "/api/v1/products/1/users", "/v1.svc/teams/1/users", "/x.Save.common.kdsvc"]
            .iter()
            .enumerate()
    {
        for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
            let json = serde_json::json!({"formid": "SEC_User", "data": {"Model": {"FNumber": "1"}}, "user": {"role": "viewer"}, "Operations": [{"op": "remove", "path": "members[value eq \"1\"]"}]});
            let body = Body::Json { json, media: "application/json".into() };
            let create = ChangeId("create".into());
            let step = Step {
                id: StepId("1".into()),
                system: SystemId::new("s"),
                serves: vec![create.clone()],
                after: Vec::new(),
                read: Vec::new(),
                write: Request::new(method, *path, body, Repeat::Never),
                verify: Vec::new(),
                yields: (at % 2 == 0).then_some(create),
                side_effects: Vec::new(),
            };
            let site = Site::default();
            let _ = connector.classify(&site, &step, &reply);
            let _ = connector.lesson(&site, &step, &reply);
            assert!(connector.explain(&step.write, &reply).len() < 16_384, "what is said is no book");
        }
    }
}

/// An export: CSV, JSON Lines or a list, in blocks of any size.
pub fn file(bytes: &[u8]) {
    let Some(mapping) = MAPPINGS.iter().find(|mapping| mapping.speaks == "file") else { return };
    let connector = over(mapping);
    for size in [7, 4_096] {
        for feed in Kind::ALL.into_iter().flat_map(|kind| connector.feeds(&Site::default(), kind)) {
            let mut walk = connector.walk(&Site::default(), &feed, Vec::new());
            let mut builder = None;
            let (mut at, mut input) = (0, Input::Start);
            for turn in 0.. {
                assert!(turn < bytes.len() * 4 + 100, "a file comes to no end");
                input = match walk.next(input) {
                    Next::Ask(_) => {
                        let piece = &bytes[at..bytes.len().min(at + size)];
                        at += piece.len();
                        let headers = vec![("stamp".to_owned(), "1".to_owned())];
                        Input::Replies(vec![Reply { status: 200, headers, body: bytes::Bytes::copy_from_slice(piece) }])
                    }
                    Next::Block(block) => {
                        let schema = || {
                            mapping
                                .reader(&feed)
                                .map_or_else(|| mapping.kinds[0].schema.clone(), |reader| reader.schema().clone())
                        };
                        match block.read(builder.get_or_insert_with(|| TableBuilder::new(schema()))) {
                            Ok(taken) => Input::Taken(taken),
                            Err(why) => Input::Unreadable(why.to_string()),
                        }
                    }
                    Next::Page(_) | Next::Done(_) => break,
                };
            }
        }
    }
}

/// A saved plan.
pub fn plan(bytes: &[u8]) {
    if let Ok(plan) = serde_json::from_slice::<Plan>(bytes) {
        assert!(!digest(&plan).is_empty());
        let again = serde_json::to_vec(&plan).unwrap();
        assert_eq!(serde_json::from_slice::<Plan>(&again).unwrap(), plan);
    }
}

/// What a terminal sends.
pub fn terminal(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let mut decoder = Decoder::default();
    let mut typed = 0;
    for (at, piece) in rest.chunks(usize::from(*first % 16) + 1).enumerate() {
        decoder.expect(at % 3 == 0);
        typed += decoder.push(piece).len();
        if at % 5 == 0 {
            typed += decoder.flush().len();
        }
    }
    typed += decoder.flush().len();
    assert!(typed <= rest.len() + rest.len() / 2 + 2, "nobody types what was not sent");
}

/// Text that is shown.
pub fn words(bytes: &[u8]) {
    let told = String::from_utf8_lossy(bytes);
    let shown = text::clean(&told);
    assert!(!shown.chars().any(text::is_hostile), "{shown:?}");
    assert!(shown.len() <= told.len() * 12 + 16);
    assert_eq!(text::hostile(&told), shown != told);
}

/// A folder of one's own, gone in the end.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("trueup-fuzz-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
    let (dirs, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.extend(dirs.iter().flat_map(|dir| self::files(dir)));
    files.sort();
    files
}

/// The bytes of a kept snapshot, spoilt: the first byte says how, the others with what.
fn spoil(whole: &mut Vec<u8>, bytes: &[u8]) {
    let Some((how, rest)) = bytes.split_first() else { return };
    match how % 3 {
        0 => *whole = rest.to_vec(),
        1 => whole.truncate(whole.len().saturating_sub(usize::from(rest.first().copied().unwrap_or(1)) + 1)),
        _ => {
            for spot in rest.chunks_exact(3) {
                let at = usize::from(u16::from_le_bytes([spot[0], spot[1]])) % whole.len().max(1);
                if let Some(byte) = whole.get_mut(at) {
                    *byte = spot[2];
                }
            }
        }
    }
}

/// A snapshot of an earlier run.
pub fn snapshot(bytes: &[u8]) {
    let schema = MAPPINGS[0].kinds[0].schema.clone();
    let kind = MAPPINGS[0].kinds[0].kind;
    let mut builder = TableBuilder::new(schema.clone());
    for id in ["1", "2", "王小明"] {
        assert!(builder.begin(id));
        for (attr, def) in schema.iter() {
            if def.form == trueup::model::Form::Text {
                builder.set(attr, id);
            }
        }
        builder.end();
    }
    let system = SystemId::new("s");
    let feed = FeedState {
        feed: "list".into(),
        proof: Proof::Complete { how: "counted".into(), total: 3 },
        pages: 1,
        requests: 1,
    };
    let kept = Snapshot {
        system: system.clone(),
        kind,
        generation: 1,
        table: builder.table(),
        feeds: vec![feed],
        taken: jiff::Timestamp::UNIX_EPOCH,
    };
    let dir = Dir::new();
    FileCache::new(&dir.0).keep(&kept).unwrap();
    for path in files(&dir.0) {
        let whole = std::fs::read(&path).unwrap();
        let mut spoilt = whole.clone();
        spoil(&mut spoilt, bytes);
        std::fs::write(&path, &spoilt).unwrap();
        let cache = FileCache::new(&dir.0);
        if let Ok(Some(loaded)) = cache.load(&system, kind, &schema) {
            for row in loaded.table.rows() {
                for (attr, _) in schema.iter() {
                    let _ = (
                        loaded.table.id(row),
                        loaded.table.cell(row, attr),
                        loaded.table.entries(row, attr).map(<[_]>::len),
                    );
                }
            }
        }
        let _ = cache.native(&RecordKey::new(system.clone(), kind, "1"));
        std::fs::write(&path, &whole).unwrap();
    }
}

/// The bodies of the journal's entries, whoever wrote them.
pub fn journal_rows(bytes: &[u8]) {
    let dir = Dir::new();
    let path = dir.0.join("journal.db");
    drop(journal::open(&path).unwrap());
    let body = String::from_utf8_lossy(bytes);
    {
        let db = rusqlite::Connection::open(&path).unwrap();
        for (number, what) in (1_i64..).zip(["open", "intend", "reached", "outcome", "close"]) {
            let row = rusqlite::params![number, "2026-01-01T00:00:00Z", what, "p", "s", 0, body, [0_u8; 32]];
            db.execute(
                "insert into entry (number, at, what, plan, step, about, body, hash) values (?,?,?,?,?,?,?,?)",
                row,
            )
            .unwrap();
        }
        db.execute("insert into staging (place, body) values (1, ?)", [&body]).unwrap();
    }
    let Ok(mut journal) = journal::open(&path) else { return };
    let _ = (journal.history(10), journal.open_intents(), journal.unfinished(), journal.staging());
    let _ = journal.created(&trueup::plan::PlanId("p".into()));
}

/// A change, for the corpus of plans.
pub fn a_change() -> Change {
    let system = SystemId::new("s");
    Change {
        id: ChangeId("one".into()),
        target: Target::Record(RecordKey::new(system.clone(), Kind::User, "1")),
        system,
        kind: Kind::User,
        label: "王小明".into(),
        source: None,
        op: Op::Put,
        want: vec![Want {
            facet: Facet { path: AttrPath::new("productRoles"), key: Some(vec![Ref::New(ChangeId("two".into()))]) },
            value: Wanted::Ref(Ref::Id("viewer".into())),
            by: By::Operator,
        }],
        expect: Expect::Facets(Vec::new()),
        needs: vec![ChangeId("two".into())],
    }
}
