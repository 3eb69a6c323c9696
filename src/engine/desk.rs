//! What preparing, pushing and resolving stand on, put together from the connected systems.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::ask::panicked;
use super::core::{Aside, Core};
use super::fault::Fault;
use super::http::{Client, TOO_LATE};
use super::protocol::Report;
use super::push::{self, Desk, Line, LineFault, Party, Rest, Stop, Tell};
use crate::compare::{Compared, Protection};
use crate::model::filter::Filters;
use crate::model::{Kind, Op, RecordKey, SystemId};
use crate::plan::{Change, Known, Outcome, OutcomeState, Plan, Reply, Request};
use crate::store::Receipt;

/// The clients as the push sees them.
struct Lines(BTreeMap<SystemId, Client>);

impl Lines {
    fn of(&self, system: &SystemId) -> Result<&Client, LineFault> {
        self.0.get(system).ok_or_else(|| LineFault::NotSent(format!("{system} is not connected")))
    }
}

impl From<Fault> for LineFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotSent(trouble) if trouble.word == TOO_LATE => Self::TooLate(trouble.text),
            Fault::NotSent(trouble) => Self::NotSent(trouble.text),
            Fault::Lost(trouble) if trouble.word == "slow" => Self::Slow(trouble.text),
            Fault::Lost(trouble) => Self::Lost(trouble.text),
        }
    }
}

impl Line for Lines {
    fn rests(&self, system: &SystemId) -> Option<Rest> {
        self.0.get(system)?.rests()
    }

    fn read(&self, system: &SystemId, request: Request) -> BoxFuture<'_, Result<Reply, LineFault>> {
        match self.of(system) {
            Ok(client) => async move { Ok(client.read(&request).await?) }.boxed(),
            Err(fault) => std::future::ready(Err(fault)).boxed(),
        }
    }

    fn write(&self, system: &SystemId, request: Request, receipt: &Receipt) -> BoxFuture<'_, Result<Reply, LineFault>> {
        match self.of(system) {
            Ok(client) => client.write(request, receipt).map(|outcome| Ok(outcome?)).boxed(),
            Err(fault) => std::future::ready(Err(fault)).boxed(),
        }
    }
}

/// Whether a record is protected: by the operator, or by its system's filter over what was read of it.
fn protection(
    compared: Arc<Compared>,
    protected: Vec<Protection>,
    filters: BTreeMap<SystemId, Filters>,
) -> impl Fn(&RecordKey) -> Option<bool> + Send + Sync {
    move |key| {
        if protected.iter().any(|protection| protection.record == *key) {
            return Some(true);
        }
        let Some(filter) = filters.get(&key.system).and_then(|filters| filters.of(key.kind)) else {
            return Some(false);
        };
        let view = &compared.inputs.systems[compared.inputs.index(&key.system)?];
        let row = view.snapshot(key.kind)?.table.find(&key.id)?;
        filter.eval(&crate::compare::Record::new(view, key.kind, row)?)
    }
}

impl Core {
    /// A desk over what is known now; `None` before the first comparison.
    pub(super) fn desk(&self) -> Option<Desk> {
        let compared = self.compared.clone()?;
        let mut clients = BTreeMap::new();
        let mut parties = BTreeMap::new();
        let mut filters = BTreeMap::new();
        for member in &self.members {
            let id = &member.setup.config.id;
            filters.insert(id.clone(), member.setup.config.policy.protect.clone());
            let (Some(client), Some(site)) = (&member.client, &member.site) else { continue };
            clients.insert(id.clone(), client.clone());
            let known = Known {
                policy: member.setup.config.policy.clone(),
                blocked: site.blocked.clone(),
                moved: self.moved(&compared, member),
                administrators: match &member.setup.config.administrators {
                    Some(filter) => vec![("administrator".to_owned(), filter.clone())],
                    None => member.connector.mapping().administrators.clone(),
                },
                taken: BTreeMap::new(),
                shrunk: self.shrunk(member),
            };
            let party = Party {
                connector: member.connector.clone(),
                site: site.clone(),
                identity: member.setup.identity(site),
                known,
                at_once: member.setup.speed().parallel as usize,
            };
            parties.insert(id.clone(), party);
        }
        Some(Desk {
            line: Arc::new(Lines(clients)),
            keeper: self.keeper.clone(),
            leases: self.leases.clone(),
            parties,
            protected: Arc::new(protection(compared.clone(), self.decisions.protected.clone(), filters)),
            agreed: self.decisions.agreed.clone(),
            compared,
            who: self.who.clone(),
            reason: None,
            sealer: None,
            patience: self.patience,
            now: jiff::Timestamp::now,
        })
    }

    fn tell(&self) -> Tell {
        let asides = self.asides.0.clone();
        Arc::new(move |report| {
            let _ = asides.send(Aside::Report(report));
        })
    }

    /// Runs a job beside the core; if it breaks that is reported, and `broken` is what the core hears.
    fn beside(&self, part: &str, work: impl Future<Output = Aside> + Send + 'static, broken: Aside) {
        let (part, asides) = (part.to_owned(), self.asides.0.clone());
        let task = tokio::spawn(work);
        tokio::spawn(async move {
            let aside = task.await.unwrap_or_else(|error| {
                let _ = asides.send(Aside::Report(Report::Crashed { part, text: panicked(error) }));
                broken
            });
            let _ = asides.send(aside);
        });
    }

    /// Makes a plan of staged changes.
    pub(super) fn prepare(&mut self, changes: Vec<Change>) {
        let none = |why: String| Aside::Prepared(Report::NotPrepared(why));
        let Some(desk) = self.desk() else {
            return self.report(Report::NotPrepared("nothing has been read yet".to_owned()));
        };
        let (tell, stop) = (self.tell(), CancellationToken::new());
        self.preparing = Some(stop.clone());
        let work = async move {
            match push::prepare(&desk, changes, &tell, &stop).await {
                Ok(plan) => Aside::Prepared(Report::Prepared(Arc::new(plan))),
                Err(why) => none(why),
            }
        };
        self.beside("the preview", work, none("it broke off; nothing was written".to_owned()));
    }

    /// Carries out a plan.
    pub(super) fn push(&mut self, plan: Arc<Plan>, fingerprint: String, reason: Option<String>) {
        let refusal = if self.pushing.is_some() {
            Some("a push is running already; wait for its end or stop it".to_owned())
        } else {
            None
        };
        let desk = match (refusal, self.desk()) {
            (None, Some(desk)) => Desk { reason, ..desk },
            (why, _) => {
                self.report(Report::Notice(why.unwrap_or_else(|| "nothing has been read yet".to_owned())));
                return;
            }
        };
        let stop = Stop::default();
        self.pushing = Some((plan.id.clone(), stop.clone()));
        let (told, broken) = (self.tell(), plan.clone());
        let heard = told.clone();
        // That it has ended is told once the next push may begin, and also where it broke.
        let tell: Tell = Arc::new(move |report| {
            if !matches!(report, Report::PushEnded(_)) {
                heard(report);
            }
        });
        let ended = plan.clone();
        let work = async move {
            let carried = plan.clone();
            match push::push(Arc::new(desk), plan, &fingerprint, tell, stop).await {
                Ok(outcomes) => {
                    let touched = touched(&carried, &outcomes);
                    Aside::Pushed(ended, outcomes, touched)
                }
                Err(why) => {
                    told(Report::Notice(format!("nothing was sent: {why}")));
                    Aside::Pushed(ended, Vec::new(), BTreeSet::new())
                }
            }
        };
        self.beside("the push", work, Aside::Pushed(broken, Vec::new(), BTreeSet::new()));
    }

    /// Looks up what nobody knows.
    pub(super) fn resolve(&self) {
        let Some(desk) = self.desk() else {
            return self.report(Report::Notice("nothing has been read yet".to_owned()));
        };
        let tell = self.tell();
        let work = async move {
            match push::resolve(&desk, &tell).await {
                Ok(_) => Aside::Nothing,
                Err(error) => Aside::Report(Report::Notice(error.to_string())),
            }
        };
        self.beside("the looking up", work, Aside::Nothing);
    }
}

/// What has to be read again after a push: whatever something was sent for, and where accounts came, went or were switched, the
/// groups of that system, whose members they are or may be.
fn touched(plan: &Plan, outcomes: &[Outcome]) -> BTreeSet<(SystemId, Kind)> {
    let sent: Vec<&Change> = outcomes
        .iter()
        .filter(|outcome| {
            !matches!(
                outcome.state,
                OutcomeState::Pending
                    | OutcomeState::Refused { .. }
                    | OutcomeState::Stopped { .. }
                    | OutcomeState::Skipped { .. }
            )
        })
        .filter_map(|outcome| plan.change(&outcome.change))
        .collect();
    let accounts = sent.iter().filter(|change| {
        change.kind == Kind::User && matches!(change.op, Op::Create | Op::Delete | Op::Deactivate | Op::Reactivate)
    });
    let groups = accounts.map(|change| (change.system.clone(), Kind::Group));
    sent.iter().map(|change| (change.system.clone(), change.kind)).chain(groups).collect()
}
