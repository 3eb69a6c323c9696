//! The heart of the engine: takes the operator's wishes and the jobs' news, keeps what is known, has it compared, and
//! reports. It waits for nothing itself: whatever takes time runs on a task or thread of its own.

mod comparing;
mod kept;
mod memory;
mod news;
mod obey;
mod rules;
mod sizes;
mod staging;
#[cfg(test)]
mod tests;
mod threads;
mod trial;
mod veiled;

pub use memory::past;
pub use threads::{behind_a_face, runtime};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::job::News;
use super::member::Member;
use super::protocol::{Command, Health, Report, World};
use super::push::{Keeper, Patience, Stop};
use super::setup::{Accepted, Reread, Setup, SystemSetup};
use crate::compare::{Base, Bases, Compared, Decisions, Followed};
use crate::model::{Kind, Snapshot, SystemId};
use crate::plan::{Change, ChangeId, Outcome, Plan, PlanId};
use crate::store::{Cache, Leases, StoreError};

/// How systems stand is shown no more often than this.
const SHOW_GAP: Duration = Duration::from_millis(100);

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
            let _ = wishes.send(Command::Stop(None));
        }
    }

    /// Waits for the end: the write under way is finished and the journal closed.
    pub async fn ended(self) {
        // It panicked, and has said so: it has ended all the same.
        let _ = self.running.await;
    }
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
    /// What is staged is on disk, or it is not.
    StagingKept(staging::Kept),
    /// What was decided is on disk.
    Saved,
    /// It is not, in words.
    Unsaved(String),
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
    /// A plan was made, or was not.
    Prepared(Report),
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
    /// What was told of what could not be saved: once is enough.
    unsaved: BTreeSet<String>,
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
    /// What is staged.
    staged: BTreeMap<ChangeId, Arc<Change>>,
    /// Not all of it is in the journal, and is to be now; and what is not.
    unkept_staging: bool,
    unkept_staged: staging::Unkept,
    keeping: bool,
    /// Staged changes of an earlier run that wait until all has been read.
    veiled: Vec<Change>,
    /// How the configuration is read anew, and the rules that are tried.
    reread_rules: Option<Reread>,
    candidate: Option<Vec<SystemSetup>>,
    /// A plan is being made; this stops it.
    pub(super) preparing: Option<CancellationToken>,
    /// A push runs, of this plan; this stops it.
    pub(super) pushing: Option<(PlanId, Stop)>,
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
            unsaved: BTreeSet::new(),
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
            staged: BTreeMap::new(),
            unkept_staging: false,
            unkept_staged: staging::Unkept::default(),
            keeping: false,
            veiled: Vec::new(),
            reread_rules: setup.reread,
            candidate: None,
            preparing: None,
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
                    Some(wish) if self.quitting => if matches!(wish, Command::Stop(_)) { self.obey(wish) },
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
                    let at = news::place(&news);
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
        self.keeping || self.saving > 0 || self.unkept_staging || self.pushing.is_some()
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
        if !self.keeping && std::mem::take(&mut self.unkept_staging) {
            self.keep_staging();
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

    pub(super) fn crashed(&self, part: String, text: String) {
        self.report(Report::Crashed { part, text });
    }

    pub(super) fn find(&self, system: &SystemId) -> Option<&Member> {
        self.members.iter().find(|member| &member.setup.config.id == system)
    }
}
