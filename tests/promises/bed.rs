//! Simulators over one world, and the engine over them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use trueup::config::SystemConfig;
use trueup::engine::protocol::{Command, Health, Report, World};
use trueup::engine::push::Patience;
use trueup::engine::{self, Auth, Handle, Setup, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op, SystemId};
use trueup::plan::stage::{Offer, Stager, Supplied, supply};
use trueup::plan::{
    Body, Change, ChangeId, Expect, Mode, Outcome, OutcomeState, Plan, Policy, Ref, Request, Seen, Target, Wanted,
};
use trueup::secret::{Secret, Source};
use trueup::simulate::faults::Faults;
use trueup::simulate::{self, Options, Running};
use trueup::store::{Leases, journal};

/// A directory that is gone when the test ends.
pub struct Dir(pub PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Simulators by the names of their systems.
pub struct Bed {
    pub simulators: Vec<(&'static str, Running)>,
    pub dir: Dir,
}

/// A system: its name, its connector, the view that its simulator shows, and the simulator's faults from the start.
pub type Part = (&'static str, &'static str, &'static str, &'static [&'static str]);

pub const HR: Part = ("hr", "scim", "source", &[]);
pub const AHA: Part = ("aha", "aha", "aha", &[]);
pub const DIRECTORY: Part = ("directory", "scim", "directory", &[]);

/// The engine and what it says.
pub struct Console {
    pub handle: Handle,
    pub reports: UnboundedReceiver<Report>,
    pub notices: Vec<String>,
    /// Everything that was reported, as text; only kept where it is `Some`.
    pub heard: Option<Vec<String>>,
}

/// A system over the simulator at an address. The vendor's speed would only make the tests slow.
pub fn system(name: &str, connector: &str, url: &str, token: &str, policy: &Policy) -> SystemSetup {
    let mapping = Arc::new(Mapping::builtin(connector).unwrap());
    let secret = Source::Given(Secret::new(token.to_owned()));
    let auth = match connector {
        "litmos" => Auth::Header { name: "apikey".to_owned(), value: secret },
        _ => Auth::Bearer(secret),
    };
    let mut config = SystemConfig::new(SystemId::new(name), connector, url, auth);
    let own = match connector {
        "aha" => Some(("account", "acme")),
        "litmos" => Some(("source_name", "trueup")),
        _ => None,
    };
    config.own.extend(own.map(|(key, value)| (key.to_owned(), value.to_owned())));
    config.policy = if name == "hr" { Policy::default() } else { policy.clone() };
    config.rate = Some(1000.0);
    SystemSetup::over(config, mapping).unwrap()
}

/// A Kingdee over its simulator: the keys of the configuration are what the simulator says.
fn kingdee(name: &str, running: &Running, policy: &Policy) -> SystemSetup {
    let mut config = SystemConfig::new(SystemId::new(name), "kingdee", &running.login["server_address"], Auth::None);
    for (key, value) in &running.login {
        if ["application_secret", "password"].contains(&key.as_str()) {
            config.own_secrets.insert(key.clone(), Source::Given(Secret::new(value.clone())));
        } else {
            config.own.insert(key.clone(), value.clone());
        }
    }
    config.policy = policy.clone();
    config.rate = Some(1000.0);
    SystemSetup::over(config, Arc::new(Mapping::builtin("kingdee").unwrap())).unwrap()
}

/// A client that nothing is known of: one for all tests, which keeps no connection, as each test has a runtime of its own.
pub fn outsider() -> &'static reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        // Where no engine runs in this process, nobody has done it yet.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap()
    });
    &CLIENT
}

/// What a simulator lets its client in with.
pub fn key(running: &Running) -> &str {
    running.login.get("token").or_else(|| running.login.get("api_key")).map_or("", String::as_str)
}

/// Systems and a journal; `hr` is the source.
pub fn setup(systems: Vec<SystemSetup>, dir: &Path) -> Setup {
    Setup {
        accepted: Vec::new(),
        leases: Leases::none(),
        systems,
        source: Some(SystemId::new("hr")),
        reference: None,
        journal: Box::new(journal::open(&journal_in(dir)).unwrap()),
        cache: None,
        who: "lena".into(),
        // What is not there at once never comes here; 30 s would only make the tests slow.
        patience: Patience { show: Duration::from_secs(3), ..Patience::default() },
        read_at_start: true,
        reread: None,
    }
}

/// Where the journal is.
pub fn journal_in(dir: &Path) -> PathBuf {
    dir.join("state").join("journal.db")
}

impl Bed {
    /// A source, and the targets `aha` and `directory`.
    pub async fn new(users: u32) -> Self {
        Self::of(users, &[HR, AHA, DIRECTORY]).await
    }

    /// These systems.
    pub async fn of(users: u32, parts: &[Part]) -> Self {
        let mut simulators = Vec::new();
        for (name, connector, view, faults) in parts {
            // The vendor's limit would only make the test slow; it has tests of its own.
            let options = Options {
                users,
                view: (*view).to_owned(),
                rate_limit: false,
                faults: faults.iter().map(ToString::to_string).collect(),
                ..Options::default()
            };
            simulators.push((*name, simulate::start(connector, options).await.unwrap()));
        }
        let dir = Dir(std::env::temp_dir().join(format!("trueup-promise-{}", uuid::Uuid::now_v7())));
        Self { simulators, dir }
    }

    pub fn simulator(&self, name: &str) -> &Running {
        &self.simulators.iter().find(|(of, _)| *of == name).unwrap().1
    }

    /// What the engine is started with.
    pub fn setup(&self, policy: &Policy) -> Setup {
        let systems = self.simulators.iter().map(|(name, running)| match running.connector.as_str() {
            "kingdee" => kingdee(name, running, policy),
            connector => system(name, connector, &running.url, key(running), policy),
        });
        setup(systems.collect(), &self.dir.0)
    }

    /// The engine over the simulators.
    pub fn console(&self, policy: &Policy) -> Console {
        Console::over(self.setup(policy))
    }

    /// Puts these faults in the place of those in force.
    pub fn faults(&self, name: &str, faults: &[&str]) {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        self.simulator(name).faults.replace(&Faults::parse(&faults).unwrap());
    }

    /// Writes that a simulator has seen.
    pub fn writes(&self, name: &str) -> Vec<String> {
        let seen = self.simulator(name).seen.writes();
        seen.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    /// No system has seen a write.
    pub fn assert_unwritten(&self) {
        for (name, _) in &self.simulators {
            assert_eq!(self.writes(name), Vec::<String>::new(), "{name}");
        }
    }

    /// Somebody else at work in a system: not counted among the writes.
    pub async fn behind(&self, name: &str, method: &str, path: &str, body: &Value) -> Value {
        let running = self.simulator(name);
        let origin = url::Url::parse(&running.url).unwrap();
        let media = if running.connector == "scim" { "application/scim+json" } else { "application/json" };
        let mut address = origin.join(path).unwrap();
        if running.connector == "litmos" {
            address.query_pairs_mut().append_pair("source", "somebody").append_pair("format", "json");
        }
        let mut request = outsider()
            .request(method.parse().unwrap(), address)
            .header("user-agent", "somebody else")
            .header("accept", media);
        request = match running.connector.as_str() {
            "litmos" => request.header("apikey", key(running)),
            _ => request.bearer_auth(key(running)),
        };
        if !body.is_null() {
            request = request.header("content-type", media).body(body.to_string());
        }
        let reply = request.send().await.unwrap();
        let (status, text) = (reply.status(), reply.text().await.unwrap());
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        running.seen.forget();
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A record as its system sends it now.
    pub async fn get(&self, name: &str, path: &str) -> Value {
        self.behind(name, "GET", path, &Value::Null).await
    }

    /// Somebody else sends the very request that was previewed.
    pub async fn overtake(&self, name: &str, request: &Request) -> Value {
        let Body::Json { json, .. } = &request.body else { panic!("{request:?}") };
        self.behind(name, &request.method.to_string(), &request.path, json).await
    }
}

/// A PATCH of one attribute (RFC 7644 3.5.2.3).
pub fn patch(path: &str, value: impl Into<Value>) -> Value {
    let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    serde_json::json!({ "schemas": [schema], "Operations": [{ "op": "replace", "path": path, "value": value.into() }] })
}

/// Where a change's record is in the simulator of a SCIM directory.
pub fn user_path(change: &Change) -> String {
    let Target::Record(key) = &change.target else { panic!("{change:?}") };
    format!("/scim/v2/Users/{}", key.id)
}

pub fn full() -> Policy {
    Policy { mode: Mode::Full, ..Policy::default() }
}

/// All offers for all targets.
pub fn offers(world: &World) -> Vec<Offer> {
    let compared = &world.compared;
    let stager = Stager::new(compared);
    let each = |kind: Kind| {
        let stager = &stager;
        let systems = 1..compared.inputs.systems.len();
        systems.flat_map(move |system| {
            (0..compared.kind(kind).len).flat_map(move |identity| stager.offers(kind, identity, system))
        })
    };
    Kind::ALL.into_iter().flat_map(each).collect()
}

/// What can be staged; blanks are filled with the first choice.
pub fn staged<'o>(offers: impl IntoIterator<Item = &'o Offer>) -> Vec<Change> {
    let fill = |offer: &Offer| {
        let given = offer.blanks.iter().map(|blank| Supplied {
            path: blank.path.clone(),
            key: blank.keyed.then(|| vec![blank.keys[0].0.clone()]),
            value: blank.values.first().map_or("Somebody", |(id, _)| id).to_owned(),
        });
        supply(offer, &given.collect::<Vec<_>>()).unwrap()
    };
    offers.into_iter().filter(|offer| offer.blocked.is_none()).map(fill).collect()
}

/// The offers of one operation on users of a system that can be staged and need nothing else.
pub fn of<'o>(offers: &'o [Offer], system: &str, op: Op) -> Vec<&'o Offer> {
    of_kind(offers, system, Kind::User, op)
}

/// The same of any kind.
pub fn of_kind<'o>(offers: &'o [Offer], system: &str, kind: Kind, op: Op) -> Vec<&'o Offer> {
    let fits = |change: &Change| change.system.as_str() == system && change.kind == kind && change.op == op;
    offers
        .iter()
        .filter(|offer| fits(&offer.change) && offer.blocked.is_none() && offer.change.needs.is_empty())
        .collect()
}

/// The create of somebody at Aha! with all that needs it: the role and product pairs.
pub fn created(offers: &[Offer]) -> Vec<Change> {
    let creates = of(offers, "aha", Op::Create).into_iter();
    let with_pairs = creates.map(|create| {
        let pairs = offers.iter().filter(|offer| offer.change.needs.contains(&create.change.id));
        staged([create].into_iter().chain(pairs))
    });
    with_pairs.into_iter().find(|changes| changes.len() > 1).expect("somebody is missing at Aha!")
}

/// The offers that set one attribute of users.
pub fn sets<'o>(offers: &'o [Offer], system: &str, path: &str) -> Vec<&'o Offer> {
    let all = of(offers, system, Op::Set).into_iter();
    all.filter(|offer| offer.change.want.len() == 1 && offer.change.want[0].facet.path.as_str() == path).collect()
}

/// What a change wants its first facet to be.
pub fn wanted(change: &Change) -> &str {
    match &change.want[0].value {
        Wanted::Text(text) => text,
        Wanted::Ref(Ref::Id(id)) => id,
        other => panic!("{other:?}"),
    }
}

/// What a change's first facet was when it was staged.
pub fn before(change: &Change) -> &Seen {
    let Expect::Facets(expected) = &change.expect else { panic!("{change:?}") };
    &expected.iter().find(|(facet, _)| *facet == change.want[0].facet).unwrap().1
}

/// The plan with every guard acknowledged, whether it may be or not.
pub fn acknowledged(plan: &Plan) -> Arc<Plan> {
    let mut plan = plan.clone();
    plan.guards.iter_mut().for_each(|guard| guard.acknowledged = true);
    Arc::new(plan)
}

/// All of a push was read back and is as wanted.
pub fn assert_confirmed(outcomes: &[(ChangeId, OutcomeState)], plan: &Plan) {
    let lost: Vec<_> = outcomes.iter().filter(|(_, state)| !matches!(state, OutcomeState::Confirmed { .. })).collect();
    assert_eq!((lost, outcomes.len()), (Vec::new(), plan.changes.len()));
}

/// All of a push was refused, for a reason that holds all these words.
pub fn assert_refused(outcomes: &[(ChangeId, OutcomeState)], words: &[&str]) {
    assert!(!outcomes.is_empty(), "something is said of each change");
    for (change, state) in outcomes {
        let OutcomeState::Refused { rule } = state else { panic!("{change}: {state:?}") };
        for word in words {
            assert!(rule.contains(word), "`{word}` is not in: {rule}");
        }
    }
}

impl Console {
    /// The engine over systems.
    pub fn over(setup: Setup) -> Self {
        let (reports, said) = unbounded_channel();
        Self { handle: engine::start(setup, reports), reports: said, notices: Vec::new(), heard: None }
    }

    pub async fn next(&mut self) -> Report {
        let next = tokio::time::timeout(Duration::from_secs(120), self.reports.recv()).await;
        let report = next.expect("the engine says nothing more").expect("the engine is gone");
        if let Some(heard) = &mut self.heard {
            heard.push(format!("{report:?}"));
        }
        match &report {
            Report::Notice(text) => self.notices.push(text.clone()),
            Report::Crashed { part, text } => panic!("{part}: {text}"),
            _ => {}
        }
        report
    }

    /// The world once everything has been read as far as it can be.
    pub async fn world(&mut self) -> Arc<World> {
        self.world_without(&[]).await
    }

    /// The same, where nothing can be read from these systems.
    pub async fn world_without(&mut self, down: &[&str]) -> Arc<World> {
        let rests = |health: &Health| matches!(health, Health::Good | Health::Partial(_) | Health::Bad { .. });
        loop {
            if let Report::World(world) = self.next().await
                && world.systems.iter().all(|system| rests(&system.health))
                && world.compared.inputs.systems.iter().zip(world.systems.iter()).all(|(view, system)| {
                    // Groups, roles and products come in their own time, where the service has them.
                    let has = |kind: Kind| system.site.as_ref().is_some_and(|site| site.endpoint(kind).is_some());
                    let due = |kind: Kind| kind == Kind::User || (kind != Kind::Role && has(kind));
                    down.contains(&view.id.as_str())
                        || (Kind::ALL.into_iter().filter(|kind| due(*kind)).all(|kind| view.snapshot(kind).is_some())
                            && view.snapshots.iter().flatten().all(|snapshot| !snapshot.reading()))
                })
            {
                return world;
            }
        }
    }

    /// What the engine says next to the operator.
    pub async fn notice(&mut self) -> String {
        loop {
            if let Report::Notice(text) = self.next().await {
                return text;
            }
        }
    }

    pub async fn prepare(&mut self, changes: Vec<Change>) -> Arc<Plan> {
        assert!(!changes.is_empty(), "the world has nothing of this kind");
        self.handle.send(Command::Prepare(changes));
        loop {
            match self.next().await {
                Report::Prepared(plan) => return plan,
                Report::NotPrepared(why) => panic!("{why}"),
                _ => {}
            }
        }
    }

    /// A plan that nothing stands in the way of.
    pub async fn plan(&mut self, changes: Vec<Change>) -> Arc<Plan> {
        let plan = self.prepare(changes).await;
        assert_eq!((&plan.refused, &plan.guards), (&Vec::new(), &Vec::new()));
        plan
    }

    pub async fn push(&mut self, plan: Arc<Plan>) -> Vec<(ChangeId, OutcomeState)> {
        let fingerprint = plan.fingerprint.clone();
        self.push_as(plan, fingerprint).await
    }

    /// Pushes with what the operator is said to have confirmed.
    pub async fn push_as(&mut self, plan: Arc<Plan>, fingerprint: String) -> Vec<(ChangeId, OutcomeState)> {
        self.push_for(plan, fingerprint, None).await
    }

    /// The same for a reason.
    pub async fn push_for(
        &mut self,
        plan: Arc<Plan>,
        fingerprint: String,
        reason: Option<&str>,
    ) -> Vec<(ChangeId, OutcomeState)> {
        self.handle.send(Command::Push { fingerprint, plan, reason: reason.map(str::to_owned) });
        let mut last: Vec<(ChangeId, OutcomeState)> = Vec::new();
        loop {
            match self.next().await {
                Report::Outcome(_, Outcome { change, state, .. }) => {
                    last.retain(|(have, _)| *have != change);
                    last.push((change, state));
                }
                Report::PushEnded(_) => return last,
                _ => {}
            }
        }
    }

    /// Ends the engine in order and gives what was heard.
    pub async fn quit(mut self) -> Vec<String> {
        self.handle.send(Command::Quit);
        while let Some(report) = self.reports.recv().await {
            if let Some(heard) = &mut self.heard {
                heard.push(format!("{report:?}"));
            }
        }
        self.handle.ended().await;
        self.heard.unwrap_or_default()
    }
}
