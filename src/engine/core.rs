//! The heart of the engine: takes the operator's wishes and the jobs' news, keeps what is known, has it compared, and
//! reports. It waits for nothing itself: whatever takes time runs on a task or thread of its own.

mod kept;
mod memory;
mod rules;
mod sizes;
#[cfg(test)]
mod tests;
mod trial;
mod veiled;

pub use memory::past;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::drive::panicked;
use super::job::{Job, News, Wish};
use super::member::Member;
use super::native;
use super::protocol::{Command, Health, Report, World};
use super::push::{Keeper, Patience, Stop, Stopping};
use super::setup::{Accepted, Reread, Setup, SystemSetup};
use crate::compare::{Base, Bases, Compared, Decisions, Followed, Inputs, SystemView, compare, compare_again, follow};
use crate::model::{Kind, Snapshot, SystemId};
use crate::plan::{Change, Outcome, Plan};
use crate::secret::Secret;
use crate::store::{Cache, Leases, StoreError};

/// While systems are read, nothing is compared more often than this, and never for more than a third of the time.
const COMPARE_GAP: Duration = Duration::from_millis(250);

/// How systems stand is shown no more often than this.
const SHOW_GAP: Duration = Duration::from_millis(100);

/// A key is answered at once though all cores read and compare.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// While something is under way, budgets and requests are shown this often even if nothing else happens.
const TICK: Duration = Duration::from_millis(500);

/// The engine, running.
#[derive(Debug)]
pub struct Handle {
    wishes: UnboundedSender<Command>,
    running: JoinHandle<()>,
}

impl Handle {
    /// Sends a wish. After the end it does nothing.
    pub fn send(&self, command: Command) {
        let _ = self.wishes.send(command);
    }

    /// What asks once more to stop, also after [`Command::Quit`]: the step under way is not waited for any more.
    pub fn again(&self) -> impl Fn() + use<> {
        let wishes = self.wishes.clone();
        move || {
            let _ = wishes.send(Command::Stop);
        }
    }

    /// Waits for the end: the write under way is finished and the journal closed.
    pub async fn ended(self) {
        // It panicked, and has said so: it has ended all the same.
        let _ = self.running.await;
    }
}

/// The runtime that the engine wants: two workers, which only wait for sockets.
///
/// # Errors
/// When the operating system gives no threads.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    threads().build()
}

/// The same for an engine that somebody looks at: whatever it reads and compares gives way to the thread that draws.
///
/// # Errors
/// When the operating system gives no threads.
pub fn behind_a_face() -> std::io::Result<tokio::runtime::Runtime> {
    // Who has had the pool before keeps it as it is.
    let _ = rayon::ThreadPoolBuilder::new().start_handler(|_| give_way()).build_global();
    threads().on_thread_start(give_way).build()
}

fn threads() -> tokio::runtime::Builder {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("engine").enable_all();
    builder
}

/// Lets other threads go first. Only Linux has this for one thread; elsewhere it would be the whole process.
fn give_way() {
    // Without it a key is answered a little later on a busy machine, and nothing else.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}

/// Starts the engine on the runtime that it is called from.
pub fn start(setup: Setup, reports: UnboundedSender<Report>) -> Handle {
    let (wishes, waiting) = unbounded_channel();
    let running = tokio::spawn(async move {
        let read = setup.read_at_start;
        let mut core = Core::new(setup, reports, true);
        core.remember().await;
        core.recall(read).await;
        core.run(waiting).await;
    });
    Handle { wishes, running }
}

/// What the core looks at when it runs without a face.
pub(super) type Watch<'w> = &'w (dyn Fn(&SystemId, &Health) + Send + Sync);

/// What else comes to the core.
pub(super) enum Aside {
    /// A comparison has ended.
    Compared(Compared, Followed),
    /// A comparison broke.
    Uncompared(String),
    /// What is staged is on disk.
    StagingKept,
    /// What was decided is on disk.
    Saved,
    /// The decisions as the journal has them.
    Decisions(u64, Decisions),
    /// What an earlier run has read; and whether the systems are to be read now.
    Recalled(Vec<(usize, Result<Snapshot, StoreError>)>, bool),
    /// A push has ended, and the next one may begin; these kinds are to be read again.
    Pushed(Arc<Plan>, Vec<Outcome>, BTreeSet<(SystemId, Kind)>),
    /// The configuration as it is now.
    Reread(Result<Vec<SystemSetup>, String>),
    /// What its rules come to.
    Tried(Box<trial::Candidate>),
    /// Something for the face.
    Report(Report),
    /// It was told on the way.
    Nothing,
}

pub(super) struct Core {
    pub(super) members: Vec<Member>,
    pub(super) keeper: Keeper,
    pub(super) who: String,
    pub(super) leases: Leases,
    pub(super) accepted_at_start: Vec<Accepted>,
    pub(super) patience: Patience,
    cache: Option<Arc<dyn Cache>>,
    reports: UnboundedSender<Report>,
    /// Somebody looks at everything as it comes; otherwise there is one comparison, when all is read.
    face: bool,
    source: Option<usize>,
    reference: Option<usize>,
    pub(super) decisions: Decisions,
    bases: Bases,
    /// The rules of the last push, where they are not those of now.
    accepted: BTreeMap<SystemId, rules::Rules>,
    /// How many records there were when each target's operator last took that for right.
    sizes: BTreeMap<SystemId, sizes::Sizes>,
    /// Bases that were rewritten while a comparison was under way.
    rewritten: Vec<Base>,
    /// What pushes have confirmed and no snapshot shows yet.
    awaiting: Vec<kept::Confirmed>,
    /// Writes to the journal that are under way.
    saving: usize,
    /// Rises with every decision.
    decided: u64,
    /// Others have added decisions to the journal.
    reread: bool,
    /// Adoptions that the comparison knows of.
    waived: usize,
    /// Without a face: whole snapshots that are kept once they have been compared with those of before.
    unkept: Vec<(usize, Kind)>,
    pub(super) compared: Option<Arc<Compared>>,
    /// Only the first rows of an earlier run are here.
    fronts: bool,
    /// What an earlier run has read is still being loaded.
    recalling: bool,
    /// It is loaded once its first rows are shown; and whether the systems are read then.
    recall_next: Option<bool>,
    /// What was wished for meanwhile.
    early: Vec<Command>,
    /// What is being compared, and what was compared last, is of first rows only.
    comparing_front: bool,
    compared_front: bool,
    /// What the fronts on disk were taken from.
    fronted: Vec<[u64; 4]>,
    generation: u64,
    news: (UnboundedSender<News>, UnboundedReceiver<News>),
    pub(super) asides: (UnboundedSender<Aside>, UnboundedReceiver<Aside>),
    /// What is shown is not what is known.
    changed: bool,
    shown: Instant,
    /// What was compared is not what is known.
    stale: bool,
    comparing: Option<Instant>,
    compare_from: Instant,
    staging: Option<Vec<Change>>,
    keeping: bool,
    /// Staged changes of an earlier run that wait until all has been read.
    veiled: Vec<Change>,
    /// How the configuration is read anew, and the rules that are tried.
    reread_rules: Option<Reread>,
    candidate: Option<Vec<SystemSetup>>,
    /// A push runs; this stops it.
    pub(super) pushing: Option<Stop>,
    /// Writes of an earlier run are to be looked up once the systems have been read.
    unresolved: bool,
    quitting: bool,
}

impl Core {
    pub(super) fn new(setup: Setup, reports: UnboundedSender<Report>, face: bool) -> Self {
        let index = |id: &Option<SystemId>| {
            id.as_ref().and_then(|id| setup.systems.iter().position(|system| system.id() == id))
        };
        let (source, reference) = (index(&setup.source), index(&setup.reference));
        let now = Instant::now();
        let members =
            setup.systems.into_iter().enumerate().map(|(at, system)| Member::new(system, Some(at) == source)).collect();
        Self {
            members,
            keeper: Keeper::from(setup.journal),
            who: setup.who,
            leases: setup.leases,
            accepted_at_start: setup.accepted,
            patience: setup.patience,
            cache: setup.cache,
            reports,
            face,
            source,
            reference,
            decisions: Decisions::default(),
            bases: Bases::default(),
            accepted: BTreeMap::new(),
            sizes: BTreeMap::new(),
            rewritten: Vec::new(),
            awaiting: Vec::new(),
            saving: 0,
            decided: 0,
            reread: false,
            waived: 0,
            unkept: Vec::new(),
            compared: None,
            fronts: false,
            recalling: face,
            recall_next: None,
            early: Vec::new(),
            comparing_front: false,
            compared_front: false,
            fronted: Vec::new(),
            generation: 0,
            news: unbounded_channel(),
            asides: unbounded_channel(),
            changed: true,
            shown: now,
            stale: true,
            comparing: None,
            compare_from: now,
            staging: None,
            keeping: false,
            veiled: Vec::new(),
            reread_rules: setup.reread,
            candidate: None,
            pushing: None,
            unresolved: false,
            quitting: false,
        }
    }

    pub(super) fn report(&self, report: Report) {
        // The face is gone: its wishes have ended too, and so will this.
        let _ = self.reports.send(report);
    }

    async fn run(mut self, mut wishes: UnboundedReceiver<Command>) {
        loop {
            self.settle();
            if self.quitting && !self.at_work() {
                // Readings that are broken off may hold on to it for a while.
                return self.keeper.close().await;
            }
            let wake = self.wake();
            tokio::select! {
                wish = wishes.recv(), if !wishes.is_closed() || !self.quitting => match wish {
                    // What is still to be said at the end is that it takes too long.
                    Some(wish) if self.quitting => if matches!(wish, Command::Stop) { self.obey(wish) },
                    wish => self.obey(wish.unwrap_or(Command::Quit)),
                },
                Some(news) = self.news.1.recv() => self.hear(news),
                Some(aside) = self.asides.1.recv() => self.notice(aside),
                () = tokio::time::sleep_until(wake.unwrap_or(self.shown)), if wake.is_some() => {}
            }
        }
    }

    /// Runs until everything that was asked for is read and compared.
    pub(super) async fn run_out(&mut self, watch: Watch<'_>) {
        loop {
            self.settle();
            if !self.busy() && !self.stale && self.comparing.is_none() && self.saving == 0 {
                return;
            }
            let at = tokio::select! {
                Some(news) = self.news.1.recv() => {
                    let at = place(&news);
                    self.hear(news);
                    Some(at)
                }
                Some(aside) = self.asides.1.recv() => {
                    self.notice(aside);
                    None
                }
                () = tokio::time::sleep_until(self.compare_from), if self.stale && self.comparing.is_none() && !self.busy() => None,
            };
            if let Some(member) = at.and_then(|at| self.members.get(at)) {
                watch(&member.setup.config.id, &member.health());
            }
        }
    }

    /// A system is being read.
    pub(super) fn busy(&self) -> bool {
        self.members.iter().any(|member| member.running.is_some())
    }

    /// Something must come to its end before the program may.
    fn at_work(&self) -> bool {
        self.keeping || self.saving > 0 || self.staging.is_some() || self.pushing.is_some()
    }

    fn wake(&self) -> Option<Instant> {
        let compare = (self.stale && self.comparing.is_none()).then_some(self.compare_from);
        let show = self.changed.then(|| self.shown + SHOW_GAP);
        let tick = (self.busy() || self.pushing.is_some()).then(|| self.shown + TICK);
        let ends = self.next_end().map(|ends| Instant::now() + ends);
        [compare, show, tick, ends].into_iter().flatten().min()
    }

    /// Starts what is due.
    fn settle(&mut self) {
        let now = Instant::now();
        if self.waived > 0 && self.standing_waivers().len() < self.waived {
            self.waived = 0;
            self.outdated();
        }
        if self.reread && self.saving == 0 {
            self.read_decisions();
        }
        let quiet = !self.face && self.busy();
        if self.stale && self.comparing.is_none() && now >= self.compare_from && !quiet {
            self.compare(now);
        }
        let due = (self.busy() || self.pushing.is_some()) && self.shown + TICK <= now;
        if (self.changed && self.shown + SHOW_GAP <= now) || due {
            self.show();
        }
        if self.unresolved && self.read_and_compared() {
            self.unresolved = false;
            self.resolve();
        }
        if !self.veiled.is_empty() && self.read_and_compared() {
            self.renew_veiled();
        }
        if self.face && !self.busy() && !self.stale && self.comparing.is_none() {
            self.keep_fronts();
        }
        if !self.keeping
            && let Some(staging) = self.staging.take()
        {
            self.keep_staging(staging);
        }
    }

    /// Whether systems have been reached, and what was read of them is compared.
    fn read_and_compared(&self) -> bool {
        let reached = self.members.iter().any(|member| member.client.is_some() && member.site.is_some());
        reached && !self.recalling && !self.busy() && !self.stale && self.comparing.is_none() && self.compared.is_some()
    }

    fn compare(&mut self, now: Instant) {
        self.settle_confirmed();
        let earlier = self.earlier();
        let inputs = Arc::new(self.inputs(self.members.iter().map(Member::view).collect()));
        self.waived = inputs.waivers.len();
        self.stale = false;
        self.comparing = Some(now);
        let asides = self.asides.0.clone();
        self.comparing_front = self.fronts;
        let front = self.fronts;
        let before = self.compared.clone();
        tokio::spawn(async move {
            let work = move || {
                let mut compared = match &before {
                    Some(before) => compare_again(inputs, before),
                    None => compare(inputs),
                };
                drop(before);
                if front {
                    // A few rows tell nothing of what has moved.
                    let bases = compared.inputs.bases.clone();
                    return (compared, Followed { bases, new: Vec::new(), gone: Vec::new() });
                }
                let followed = follow(&compared, &|system, kind| earlier.get(system, kind));
                // Nobody else has them yet: the directions of what has just moved are told at once.
                Arc::make_mut(&mut compared.inputs).bases = followed.bases.clone();
                (compared, followed)
            };
            let aside = match tokio::task::spawn_blocking(work).await {
                Ok((compared, followed)) => Aside::Compared(compared, followed),
                Err(error) => Aside::Uncompared(panicked(error)),
            };
            let _ = asides.send(aside);
        });
    }

    /// What is compared, where the systems look like this.
    fn inputs(&self, systems: Vec<SystemView>) -> Inputs {
        Inputs {
            systems,
            source: self.source,
            reference: self.reference,
            links: self.decisions.links.clone(),
            waivers: self.standing_waivers(),
            bases: self.bases.clone(),
            protected: self.decisions.protected.clone(),
            agreed: self.decisions.agreed.clone(),
        }
    }

    /// What the faces look at, as it is known now.
    pub(super) fn world(&self) -> Option<World> {
        Some(World {
            generation: self.generation,
            systems: self.members.iter().map(Member::status).collect(),
            compared: self.compared.clone()?,
            who: self.who.as_str().into(),
        })
    }

    fn show(&mut self) {
        self.shown = Instant::now();
        self.changed = false;
        if !self.face {
            return;
        }
        self.generation += 1;
        // Before the first comparison there is nothing to look at; it is shown when it comes.
        if let Some(world) = self.world() {
            self.report(Report::World(Arc::new(world)));
        }
    }

    /// No comparison is wanted.
    pub(super) fn compare_nothing(&mut self) {
        self.stale = false;
    }

    /// Inputs have changed: compare them, soon.
    pub(super) fn outdated(&mut self) {
        self.stale = true;
        self.changed = true;
    }

    pub(super) fn notice(&mut self, aside: Aside) {
        match aside {
            Aside::Compared(compared, followed) => {
                self.compared = Some(Arc::new(compared));
                self.compared_front = self.comparing_front;
                self.rest();
                self.followed(followed);
                self.show();
                for (at, kind) in std::mem::take(&mut self.unkept) {
                    self.keep(at, kind);
                }
                self.recall_wholes();
            }
            Aside::Uncompared(text) => {
                self.rest();
                self.recall_wholes();
                self.crashed("the comparison".to_owned(), text);
            }
            Aside::StagingKept => self.keeping = false,
            Aside::Saved => self.saving -= 1,
            Aside::Recalled(loaded, read) => self.recalled(loaded, read),
            Aside::Decisions(version, decisions) => self.decided(version, decisions),
            Aside::Pushed(plan, outcomes, touched) => {
                self.pushing = None;
                self.confirmed(&plan, &outcomes);
                self.accept_rules(&plan, &outcomes);
                // A push links what it creates.
                self.reread |= !outcomes.is_empty();
                let plan = plan.id.clone();
                self.report(Report::PushEnded(plan));
                for (system, kind) in &touched {
                    self.refresh(Some(system), Wish::Kind(*kind));
                }
            }
            Aside::Reread(Ok(systems)) => self.try_these(systems),
            Aside::Reread(Err(why)) => self.report(Report::Tried(Err(why))),
            Aside::Tried(candidate) => self.tried(*candidate),
            Aside::Report(report) => {
                // Budgets and requests move with a push.
                self.changed = true;
                self.report(report);
            }
            Aside::Nothing => {}
        }
    }

    /// A comparison has ended: the next one not at once while more comes in.
    fn rest(&mut self) {
        let Some(began) = self.comparing.take() else { return };
        let took = began.elapsed();
        self.compare_from = if self.busy() { began + COMPARE_GAP.max(took * 3) } else { began };
    }

    pub(super) fn crashed(&self, part: String, text: String) {
        self.report(Report::Crashed { part, text });
    }

    pub(super) fn hear(&mut self, news: News) {
        self.changed = true;
        match news {
            News::Opened(at, client) => self.members[at].client = Some(client),
            News::Failed(at, trouble) => self.members[at].failed(trouble),
            News::Probed(at, site, connector) => {
                if self.members[at].probed(site, connector) {
                    self.outdated();
                }
            }
            News::Grew(at, snapshot) => {
                if self.members[at].grew(snapshot) {
                    self.outdated();
                }
            }
            News::Read(at, kind, Some(fetched)) => {
                if let Some(super::drive::Stopped::Crashed(text)) = &fetched.stopped {
                    self.crashed(format!("{} {}", self.members[at].setup.config.id, kind.plural()), text.clone());
                }
                if self.members[at].read(kind, fetched) {
                    self.sized(at, kind);
                    self.outdated();
                    if self.face { self.keep(at, kind) } else { self.unkept.push((at, kind)) }
                }
            }
            News::Read(at, kind, None) => {
                let part = format!("{} {}", self.members[at].setup.config.id, kind.plural());
                self.crashed(part, "the table could not be made".to_owned());
            }
            News::Crashed(at, text) => self.crashed(self.members[at].setup.config.id.to_string(), text),
            News::Rested(at) => {
                let (changed, then) = self.members[at].rested();
                if changed {
                    self.outdated();
                }
                if !self.busy() {
                    self.compare_from = Instant::now();
                }
                if let Some(wish) = then {
                    self.begin(at, wish);
                }
            }
        }
    }

    /// Reads systems again: one or all.
    pub(super) fn refresh(&mut self, system: Option<&SystemId>, wish: Wish) {
        for at in 0..self.members.len() {
            if system.is_none_or(|system| &self.members[at].setup.config.id == system) {
                self.begin(at, wish);
            }
        }
    }

    fn begin(&mut self, at: usize, wish: Wish) {
        let member = &mut self.members[at];
        if let Some(running) = &mut member.running {
            running.then = Some(running.then.map_or(wish, |then| then.and(wish)));
            return;
        }
        // A system that failed its test is tested again before it is read.
        let probed = member.site.clone().filter(|site| site.good()).map(|site| (site, member.connector.clone()));
        let cancel = member.begin();
        let job = Job {
            leases: self.leases.clone(),
            at,
            setup: member.setup.clone(),
            client: member.client.clone(),
            probed,
            wish,
            generations: member.generations,
            cancel,
            keeper: self.keeper.clone(),
            news: self.news.0.clone(),
        };
        self.changed = true;
        job.start();
    }

    pub(super) fn find(&self, system: &SystemId) -> Option<&Member> {
        self.members.iter().find(|member| &member.setup.config.id == system)
    }

    pub(super) fn obey(&mut self, wish: Command) {
        if self.recalling && matches!(wish, Command::Refresh { .. } | Command::Test(_)) {
            return self.early.push(wish);
        }
        match wish {
            Command::Refresh { system, kind } => {
                self.refresh(system.as_ref(), kind.map_or(Wish::All, Wish::Kind));
            }
            Command::Test(system) => {
                if let Some(client) = self.find(&system).and_then(|member| member.client.as_ref()) {
                    client.sign_in_again();
                }
                self.refresh(Some(&system), Wish::Probe);
            }
            Command::KeepStaging(changes) => self.staging = Some(changes),
            Command::Native(key) => {
                let member = self.find(&key.system);
                let known = member
                    .and_then(|member| Some((member.connector.clone(), member.client.clone()?, member.site.clone()?)));
                let (cache, asides) = (self.cache.clone(), self.asides.0.clone());
                tokio::spawn(async move {
                    let text = native::show(&key, known, cache).await;
                    let _ = asides.send(Aside::Report(Report::Native { key, text }));
                });
            }
            Command::History => self.history(),
            Command::Prove => self.prove(),
            Command::Acknowledge { system, kind, why } => {
                let said = self.acknowledge(&Accepted { system, kind, why });
                self.report(Report::Notice(said.unwrap_or_else(|why| why)));
            }
            Command::Hold { system, name, secret } => self.hold(&system, name, secret),
            Command::Tune { system, per_second } => {
                if let Some(client) = self.find(&system).and_then(|member| member.client.as_ref()) {
                    client.tune(per_second);
                    self.changed = true;
                }
            }
            Command::Stop => match &self.pushing {
                Some(push) => {
                    if push.stop() == Stopping::GivenUp {
                        self.report(Report::Notice(
                            "the step under way is not waited for any more: what it sent is unknown until it is looked up".to_owned(),
                        ));
                    }
                }
                None => self.stop_reading(),
            },
            Command::Quit => {
                self.quitting = true;
                if let Some(push) = &self.pushing {
                    push.finish();
                }
                self.stop_reading();
            }
            Command::Prepare(changes) => self.prepare(changes),
            Command::Push { plan, fingerprint, reason } => self.push(plan, fingerprint, reason),
            Command::TryRules => self.try_rules(),
            Command::TakeRules => self.take_rules(),
            Command::Recall(plan) => self.recall_push(plan),
            Command::Resolve => self.resolve(),
            Command::Decide(decisions) => decisions.into_iter().for_each(|decision| self.decide(decision)),
        }
    }

    /// Holds what the operator typed until it is sent, or the program ends.
    pub(super) fn hold(&self, system: &SystemId, name: String, secret: Secret) {
        match self.find(system).and_then(|member| member.client.as_ref()) {
            Some(client) => client.hold(name, secret),
            None => self.report(Report::Notice(format!("{system} has not been reached: what was typed is not held"))),
        }
    }

    fn stop_reading(&mut self) {
        for member in &mut self.members {
            if let Some(running) = &mut member.running {
                running.then = None;
                running.cancel.cancel();
            }
        }
    }
}

/// Which system news is about.
fn place(news: &News) -> usize {
    match news {
        News::Opened(at, _)
        | News::Failed(at, _)
        | News::Probed(at, _, _)
        | News::Grew(at, _)
        | News::Read(at, _, _)
        | News::Crashed(at, _)
        | News::Rested(at) => *at,
    }
}
