#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod doubted;
mod fake;
mod guarded;
mod killed;
mod pushed;
mod righted;
mod sooner;
mod stopped;
mod unwritten;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use self::fake::{Fake, Service, Wire};
use super::{Desk, Keeper, Party, Patience, Tell, prepare, push};
use crate::engine::protocol::Report;
use crate::model::{AttrPath, Kind, Op, RecordKey};
use crate::plan::fixture::{self, World, aha, hr, record, user};
use crate::plan::{
    By, Change, ChangeId, Expect, Facet, Known, Mode, Outcome, OutcomeState, Plan, Policy, Ref, Seen, Site, Target,
    Want, Wanted,
};
use crate::store::{Journal, journal};

/// A desk over a service, with the reports it made.
struct Bench {
    desk: Desk,
    service: Arc<Service>,
    told: Arc<Mutex<Vec<Report>>>,
}

fn full() -> Policy {
    Policy { mode: Mode::Full, ..Policy::default() }
}

fn world(users: usize) -> World {
    let mut world = World::default();
    const IDS: [&str; 12] = ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "a10", "a11", "a12"];
    world.target.insert(Kind::User, IDS.iter().take(users).map(|id| record(id, &[("userName", id)], &[])).collect());
    world
}

fn bench(service: Arc<Service>, policy: Policy, journal: impl Journal + 'static) -> Bench {
    let party = Party {
        connector: Arc::new(Fake { whole: false, mapping: fixture::mapping(true) }),
        site: Arc::new(Site::default()),
        identity: "fake".into(),
        known: Known { policy, ..Known::default() },
        at_once: 1,
    };
    let desk = Desk {
        line: Arc::new(Wire(service.clone())),
        keeper: Keeper::new(journal),
        leases: crate::store::Leases::none(),
        parties: BTreeMap::from([(aha(), party)]),
        compared: Arc::new(world(3).compared()),
        protected: Arc::new(|_| Some(false)),
        who: "lena".into(),
        reason: None,
        sealer: None,
        // Enough for several reads, and over at once.
        agreed: Vec::new(),
        patience: Patience {
            show: Duration::from_millis(8),
            first: Duration::from_millis(1),
            longest: Duration::from_millis(1),
            tries: 3,
            in_use: (Duration::from_millis(1), Duration::from_millis(2), 4),
        },
        now: fixture::time,
    };
    Bench { desk, service, told: Arc::default() }
}

fn in_memory(service: Arc<Service>) -> Bench {
    bench(service, full(), journal::in_memory().unwrap())
}

impl Bench {
    fn tell(&self) -> Tell {
        let told = self.told.clone();
        Arc::new(move |report| told.lock().unwrap().push(report))
    }

    async fn prepare(&self, changes: &[Change]) -> Plan {
        let plan = prepare(&self.desk, changes.to_vec(), &self.tell(), &CancellationToken::new()).await.unwrap();
        assert_eq!(self.service.writes(), Vec::<String>::new(), "a preview never writes");
        plan
    }

    async fn push(&self, plan: &Plan) -> Result<Vec<Outcome>, String> {
        let (desk, plan) = (Arc::new(self.desk.clone()), Arc::new(plan.clone()));
        push(desk, plan.clone(), &plan.fingerprint, self.tell(), CancellationToken::new()).await
    }

    /// Prepares and pushes; the outcomes by change.
    async fn carry(&self, changes: &[Change]) -> BTreeMap<ChangeId, OutcomeState> {
        let plan = self.prepare(changes).await;
        assert_eq!(plan.refused, Vec::new());
        self.push(&plan).await.unwrap().into_iter().map(|outcome| (outcome.change, outcome.state)).collect()
    }

    async fn one(&self, change: &Change) -> OutcomeState {
        self.carry(std::slice::from_ref(change)).await.remove(&change.id).unwrap()
    }
}

fn seen(text: &str) -> Seen {
    if text.is_empty() { Seen::Absent } else { Seen::Value(text.into()) }
}

fn change_of(id: &str, op: Op, facet: Facet, value: Wanted, expect: Vec<(Facet, Seen)>) -> Change {
    Change {
        id: Change::name(&aha(), Kind::User, id, op, Some(&facet)),
        system: aha(),
        kind: Kind::User,
        target: Target::Record(user(id)),
        label: id.into(),
        source: None,
        op,
        want: vec![Want { facet, value, by: By::Source }],
        expect: Expect::Facets(expect),
        needs: Vec::new(),
    }
}

/// Sets a text of an active account.
fn set(id: &str, path: &str, from: &str, to: &str) -> Change {
    let facet = Facet::attr(path);
    let expect = vec![(facet.clone(), seen(from)), (Facet::attr("active"), seen("true"))];
    change_of(id, Op::Set, facet, Wanted::Text(to.into()), expect)
}

fn pair(product: &str) -> Facet {
    Facet { path: AttrPath::new("productRoles"), key: Some(vec![Ref::Id(product.into())]) }
}

fn put(id: &str, product: &str, from: &str, to: &str) -> Change {
    change_of(id, Op::Put, pair(product), Wanted::Ref(Ref::Id(to.into())), vec![(pair(product), seen(from))])
}

fn deactivate(id: &str) -> Change {
    let facet = Facet::attr("active");
    change_of(id, Op::Deactivate, facet.clone(), Wanted::Text("false".into()), vec![(facet, seen("true"))])
}

/// A create of a person with the first role and product pair, and one more pair.
fn create(name: &str, pairs: &[(&str, &str)]) -> Vec<Change> {
    let id = Change::name(&aha(), Kind::User, &format!("+{name}"), Op::Create, None);
    let want =
        |path: &str, text: &str| Want { facet: Facet::attr(path), value: Wanted::Text(text.into()), by: By::Source };
    let mut changes = vec![Change {
        id: id.clone(),
        system: aha(),
        kind: Kind::User,
        target: Target::New(id.clone()),
        label: name.into(),
        source: Some(RecordKey::new(hr(), Kind::User, name)),
        op: Op::Create,
        want: vec![want("userName", name), want("name.givenName", "Lena")],
        expect: Expect::Absent { by: vec![(AttrPath::new("userName"), name.into())] },
        needs: Vec::new(),
    }];
    for (product, role) in pairs {
        changes.push(Change {
            id: Change::name(&aha(), Kind::User, &format!("+{name}"), Op::Put, Some(&pair(product))),
            op: Op::Put,
            want: vec![Want { facet: pair(product), value: Wanted::Ref(Ref::Id((*role).into())), by: By::Source }],
            expect: Expect::Facets(Vec::new()),
            needs: vec![id.clone()],
            ..changes[0].clone()
        });
    }
    changes
}

fn lena() -> Arc<Service> {
    let texts = [("userName", "lena"), ("title", "Ms."), ("active", "true")];
    Service::with(&[("a1", &texts, &[("p1", "viewer")]), ("a2", &[("userName", "omar"), ("active", "true")], &[])])
}
