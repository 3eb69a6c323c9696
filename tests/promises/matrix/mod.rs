//! Every operation of every system under every fault: what is said is what is so, and nothing is written twice.
//!
//! One table ([`rows`]), one run for each system. In each row all operations of a system are pushed, each about a record of
//! its own; then the simulator's own documents are held against what was said. No outcome may lie: what is confirmed stands
//! there, what failed, was refused or is stale left everything as it was. The same plan is then pushed again, and a
//! fresh one for what was confirmed: neither writes.

mod lied;
mod rows;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use trueup::engine::protocol::{Command, Health, Report, World};
use trueup::engine::{Setup, SystemSetup};
use trueup::model::{Kind, SystemId};
use trueup::plan::{Change, ChangeId, Limits, Outcome, OutcomeState, Plan, Policy, Target};
use trueup::simulate::seen::Request;

use self::rows::{ROWS, Rival, Row, Truth};
use self::wish::{Wish, leavers, snapshot, wishes};
use crate::adversary::Adversary;
use crate::bed::{Bed, Console, HR, Part, acknowledged, assert_confirmed, assert_refused, full};

/// Everything may be done, and what was pushed before counts against no limit: many pushes befall few people here.
fn each_push_by_itself() -> Policy {
    let policy = full();
    Policy { limits: Limits { hours: 0, ..policy.limits }, ..policy }
}

const USERS: u32 = 30;

/// One system under all faults.
struct Matrix {
    bed: Bed,
    console: Console,
    world: Arc<World>,
    system: &'static str,
    /// How its simulator is from the start.
    always: &'static [&'static str],
    /// What was found otherwise than the table has it.
    wrong: String,
}

/// What came of a push.
struct Pushed {
    said: BTreeMap<ChangeId, OutcomeState>,
    writes: Vec<Request>,
}

/// What tells a change's requests from those of the other changes of its plan: the id of its record, or the account.
fn needle(change: &Change) -> &str {
    match &change.target {
        Target::Record(key) => &key.id,
        Target::New(_) => change.label.split('@').next().unwrap(),
    }
}

impl Pushed {
    /// The writes that reached the simulator for a change.
    fn writes(&self, plan: &Plan, change: &Change) -> usize {
        let steps: Vec<_> = plan.steps.iter().filter(|step| step.serves.contains(&change.id)).collect();
        let of = |write: &&Request| {
            steps.iter().any(|step| step.write.method.to_string() == write.method && step.write.path == write.path)
                && (write.path.contains(needle(change)) || write.body.contains(needle(change)))
        };
        self.writes.iter().filter(of).count()
    }
}

impl Matrix {
    async fn new(part: Part) -> Self {
        let bed = Bed::of(USERS, &[HR, part]).await;
        let setup = bed.setup(&each_push_by_itself());
        Self::over(part, bed, setup).await
    }

    /// The same with an adversary before the system. `reads`: parts of paths of requests that read though they are POST.
    async fn behind(part: Part, reads: &'static [&'static str]) -> (Self, Adversary) {
        let bed = Bed::of(USERS, &[HR, part]).await;
        let mut setup = bed.setup(&each_push_by_itself());
        let service = url::Url::parse(&bed.simulator(part.0).url).unwrap().authority().to_owned();
        let adversary = Adversary::before(service.clone(), reads).await;
        for system in setup.systems.iter_mut().filter(|system| system.id().as_str() == part.0) {
            let mut config = system.config.clone();
            config.url = config.url.replace(&service, &adversary.address);
            for value in config.own.values_mut() {
                *value = value.replace(&service, &adversary.address);
            }
            *system = SystemSetup::over(config, Arc::new((**system.connector.mapping()).clone())).unwrap();
        }
        (Self::over(part, bed, setup).await, adversary)
    }

    async fn over(part: Part, bed: Bed, mut setup: Setup) -> Self {
        // As in the field, but in milliseconds.
        setup.patience.show = Duration::from_millis(60);
        setup.patience.first = Duration::from_millis(5);
        setup.patience.longest = Duration::from_millis(20);
        setup.patience.tries = 2;
        setup.patience.in_use = (Duration::from_millis(5), Duration::from_millis(10), 3);
        for system in &mut setup.systems {
            let mut config = system.config.clone();
            config.timeout = Duration::from_millis(400);
            config.rate = Some(100_000.0);
            // One at a time: two that fail side by side would open the breaker, or would not.
            let mut mapping = (**system.connector.mapping()).clone();
            mapping.rate.parallel = 1;
            // Among so few people the leavers may be all the administrators that there are.
            mapping.administrators.clear();
            *system = SystemSetup::over(config, Arc::new(mapping)).unwrap();
        }
        let mut console = Console::over(setup);
        let world = console.world().await;
        let mut matrix = Self { bed, console, world, system: part.0, always: part.3, wrong: String::new() };
        let plan = matrix.console.prepare(leavers(&matrix.world, part.0, 4)).await;
        let plan = acknowledged(&plan);
        let pushed = matrix.push(&plan).await;
        assert_confirmed(&pushed.said.clone().into_iter().collect::<Vec<_>>(), &plan);
        matrix.refreshed(&plan, &pushed).await;
        matrix
    }

    /// Puts the faults of a row in the way of a plan's writes, or of a system's reads.
    fn arm(&self, row: &Row, plan: &Plan) {
        let mut faults: Vec<String> = self.always.iter().map(ToString::to_string).collect();
        for fault in row.faults {
            if let Some(fault) = fault.strip_suffix("@READ") {
                let reads: &[&str] =
                    if self.system == "erp" { &["POST.View.", "POST.ExecuteBillQuery."] } else { &["GET"] };
                faults.extend(reads.iter().map(|read| format!("{fault}@{read}")));
                continue;
            }
            if let Some(switch) = fault.strip_prefix('+') {
                faults.push(switch.to_owned());
                continue;
            }
            for step in &plan.steps {
                let change = plan.change(&step.serves[0]).unwrap();
                let within = match &change.target {
                    Target::Record(key) if step.write.path.contains(&*key.id) => String::new(),
                    _ => format!(",in={}", needle(change)),
                };
                faults.push(format!("{fault}{within}@{}{}", step.write.method, step.write.path));
            }
        }
        self.bed.faults(self.system, &faults.iter().map(String::as_str).collect::<Vec<_>>());
    }

    fn disarm(&self) {
        self.bed.faults(self.system, self.always);
        self.bed.simulator(self.system).faults.renew();
    }

    async fn states(&self, wishes: &[Wish]) -> Vec<Value> {
        let mut states = Vec::new();
        for wish in wishes {
            states.push(wish.state(&self.bed).await);
        }
        states
    }

    async fn push(&mut self, plan: &Arc<Plan>) -> Pushed {
        self.bed.simulator(self.system).seen.forget();
        let said = self.console.push(plan.clone()).await.into_iter().collect();
        Pushed { said, writes: self.bed.simulator(self.system).seen.writes() }
    }

    /// Waits for the world in which everything that a push has touched was read again.
    async fn refreshed(&mut self, plan: &Plan, pushed: &Pushed) {
        let sent = |change: &&Change| !["refused", "skipped"].contains(&pushed.said[&change.id].word());
        let touched: BTreeSet<Kind> = plan.changes.iter().filter(sent).map(|change| change.kind).collect();
        let generation = |world: &World, kind: Kind| snapshot(world, self.system, kind).generation;
        let read = |world: &World| {
            let status = world.systems.iter().find(|status| status.id.as_str() == self.system).unwrap();
            status.health == Health::Good
                && touched.iter().all(|kind| generation(world, *kind) > generation(&self.world, *kind))
        };
        while !touched.is_empty() {
            let Ok(world) = tokio::time::timeout(Duration::from_millis(300), self.console.world()).await else {
                // The fault was still in the way of the reading that follows a push by itself.
                let system = Some(SystemId::new(self.system));
                self.console.handle.send(Command::Refresh { system, kind: None });
                continue;
            };
            if read(&world) {
                self.world = world;
                return;
            }
        }
    }

    async fn row(&mut self, round: usize, row: &Row) {
        let all = wishes(&self.bed, &self.world, self.system, round).await;
        let all = all.into_iter().filter(|wish| row.expected(self.system, wish.op).is_some()).collect::<Vec<_>>();
        if row.alone {
            for wish in all {
                self.cells(row, &[wish]).await;
            }
        } else {
            self.cells(row, &all).await;
        }
    }

    /// Pushes wishes under a fault, and holds what is said against what is so.
    async fn cells(&mut self, row: &Row, wishes: &[Wish]) {
        if wishes.is_empty() {
            return;
        }
        for (wish, state) in wishes.iter().zip(&self.states(wishes).await) {
            assert!(!wish.stands(state), "{} {}: it stands already: {state}", self.system, wish.op);
        }
        let plan = self.console.prepare(wishes.iter().map(|wish| wish.change.clone()).collect()).await;
        assert_eq!(plan.refused, Vec::new(), "{}", self.system);
        let plan = acknowledged(&plan);
        if row.rival != Rival::Nobody {
            let theirs =
                wishes.iter().map(|wish| if row.rival == Rival::Same { wish.change.clone() } else { wish.other() });
            let theirs = acknowledged(&*self.console.prepare(theirs.collect()).await);
            let pushed = self.push(&theirs).await;
            assert_confirmed(&pushed.said.clone().into_iter().collect::<Vec<_>>(), &theirs);
            self.refreshed(&theirs, &pushed).await;
        }
        let before = self.states(wishes).await;
        self.arm(row, &plan);
        let pushed = self.push(&plan).await;
        self.disarm();
        let after = self.states(wishes).await;
        for ((wish, before), after) in wishes.iter().zip(&before).zip(&after) {
            self.judge(row, wish, &plan, &pushed, (before, after));
        }
        self.unknown(row, wishes, &pushed).await;

        // The same plan once more.
        let again = self.push(&plan).await;
        assert_refused(&again.said.into_iter().collect::<Vec<_>>(), &["was pushed before"]);
        assert_eq!(again.writes, Vec::new());

        // And a fresh one for what has come about.
        self.refreshed(&plan, &pushed).await;
        let done = wishes.iter().filter(|wish| pushed.said[&wish.change.id].word() == "confirmed");
        let done: Vec<Change> = done.map(|wish| wish.again(&self.world)).collect();
        if !done.is_empty() {
            let fresh = acknowledged(&*self.console.prepare(done).await);
            let again = self.push(&fresh).await;
            let words: BTreeSet<_> = again.said.values().map(OutcomeState::word).collect();
            assert!(words.iter().all(|word| ["confirmed", "refused"].contains(word)), "{:?}", again.said);
            assert_eq!(again.writes, Vec::new(), "{} {}: a fresh plan writes", self.system, row.name);
            self.refreshed(&fresh, &again).await;
        }
        assert_eq!(self.states(wishes).await, after, "{} {}", self.system, row.name);
    }

    fn judge(&mut self, row: &Row, wish: &Wish, plan: &Plan, pushed: &Pushed, (before, after): (&Value, &Value)) {
        let said = &pushed.said[&wish.change.id];
        let truth = match (wish.stands(after), before == after) {
            (true, unchanged) if !unchanged || row.rival == Rival::Same => Truth::Done,
            (_, true) => Truth::Not,
            (_, false) => Truth::Other,
        };
        let writes = pushed.writes(plan, &wish.change);
        let lie = match said.word() {
            "confirmed" => truth != Truth::Done,
            "failed" | "refused" | "stopped" | "stale" | "skipped" => truth != Truth::Not,
            "differs" => truth == Truth::Done,
            "accepted" | "unknown" => false,
            _ => true,
        };
        let expected = row.expected(self.system, wish.op).unwrap();
        let fits = expected.word == said.word() && expected.truth == truth && expected.writes.contains(&writes);
        if lie || !fits {
            let what = if lie { "A LIE: " } else { "" };
            let _ = writeln!(
                self.wrong,
                "{what}{}, {}, {}: {said:?}, {truth:?} after {writes} writes; expected {expected:?}",
                self.system, row.name, wish.op
            );
        }
    }

    /// Looks up what nobody knows, with nothing in the way any more.
    async fn unknown(&mut self, row: &Row, wishes: &[Wish], pushed: &Pushed) {
        let open = |wish: &&Wish| ["unknown", "accepted"].contains(&pushed.said[&wish.change.id].word());
        for wish in wishes.iter().filter(open) {
            let truth = wish.stands(&wish.state(&self.bed).await);
            self.bed.simulator(self.system).seen.forget();
            self.console.handle.send(Command::Resolve);
            let state = loop {
                if let Report::Outcome(_, Outcome { change, state, .. }) = self.console.next().await
                    && change == wish.change.id
                {
                    break state;
                }
            };
            let wanted = if truth { "confirmed" } else { "failed" };
            if state.word() != wanted {
                let _ = writeln!(self.wrong, "{}, {}, {}, looked up: {state:?}", self.system, row.name, wish.op);
            }
            assert_eq!(self.bed.writes(self.system), Vec::<String>::new(), "looking up writes");
        }
    }
}

async fn matrix(part: Part) {
    let mut matrix = Matrix::new(part).await;
    for (round, row) in ROWS.iter().enumerate() {
        matrix.row(round, row).await;
    }
    assert!(matrix.wrong.is_empty(), "\n{}", matrix.wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_of_a_scim_service_that_is_not_so_whatever_befalls_the_push() {
    matrix(("directory", "scim", "directory", &[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_of_starling_that_is_not_so_whatever_befalls_the_push() {
    matrix(("starling", "scim", "starling", &["no-patch", "round-up=100"])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_of_aha_that_is_not_so_whatever_befalls_the_push() {
    matrix(crate::bed::AHA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_of_litmos_that_is_not_so_whatever_befalls_the_push() {
    matrix(("litmos", "litmos", "litmos", &[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_of_kingdee_that_is_not_so_whatever_befalls_the_push() {
    matrix(("erp", "kingdee", "kingdee", &[])).await;
}
