//! Reading one record as it is now, once or until it shows what was written.

use std::time::Duration;

use super::judge::{Judge, Known, Names, Stands};
use super::{Desk, Party};
use crate::connectors::{Look, Looked, Observed, Reached, Read};
use crate::engine::limit::over;
use crate::model::{AttrPath, Kind, Op, RecordKey, SystemId};
use crate::plan::{Change, ChangeId, Expect, Method, OutcomeState, Reply, Request, Step};

/// A record that takes more reads than this is not looked at.
const MOST_READS: usize = 1000;

/// What a look at one record showed.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// It is there.
    Record(Box<Observed>),
    /// It is not there.
    Absent,
    /// The replies do not tell, and why.
    Unclear(String),
}

impl Found {
    fn record(&self) -> Option<&Observed> {
        match self {
            Self::Record(observed) => Some(observed),
            Self::Absent | Self::Unclear(_) => None,
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) enum Sought {
    /// A record by its id.
    Id(String),
    /// Records by a key's value.
    By(Vec<(AttrPath, String)>),
}

impl Sought {
    fn looked(&self) -> Looked<'_> {
        match self {
            Self::Id(id) => Looked::Id(id),
            Self::By(by) => Looked::By(by),
        }
    }

    /// The connector's reads for it.
    pub(super) fn reads(&self, party: &Party, system: &SystemId, kind: Kind) -> Vec<Request> {
        match self {
            Self::Id(id) => party.connector.read_one(&party.site, &RecordKey::new(system.clone(), kind, id.as_str())),
            Self::By(by) => party.connector.find(&party.site, kind, by),
        }
    }
}

/// The keys by which a create is looked up.
pub(super) fn keys_of(changes: &[&Change]) -> Option<Vec<(AttrPath, String)>> {
    changes.iter().find(|change| change.op == Op::Create).map(|change| match &change.expect {
        Expect::Absent { by } => by.clone(),
        Expect::Facets(_) => Vec::new(),
    })
}

/// One record to look at.
pub(super) struct View<'v> {
    pub(super) desk: &'v Desk,
    pub(super) party: &'v Party,
    pub(super) system: &'v SystemId,
    pub(super) kind: Kind,
    pub(super) known: Known<'v>,
    /// The changes of the push that it is looked at for.
    pub(super) changes: &'v [Change],
}

impl View<'_> {
    pub(super) fn judge(&self) -> Judge<'_> {
        let names =
            Names { compared: &self.desk.compared, system: self.system, changes: self.changes, known: self.known };
        Judge { sealer: self.desk.sealer.as_ref(), known: self.known, mapping: self.party.connector.mapping(), names }
    }

    /// Carries out reads and lets the connector say what they show, and what has to be read besides. `about`: the changes
    /// that they are for.
    pub(super) async fn look(&self, sought: &Sought, requests: &[Request], about: &[&Change]) -> Found {
        if requests.is_empty() {
            return Found::Unclear(format!("{} has no way to read one {}", self.system, self.kind));
        }
        let mut asked: Vec<Request> = requests.to_vec();
        let mut replies: Vec<Reply> = Vec::new();
        loop {
            for request in &asked[replies.len()..] {
                // Some services read by POST; none reads by these.
                if !matches!(request.method, Method::Get | Method::Post) {
                    return Found::Unclear(format!("{} is no read", request.method));
                }
                match self.desk.line.read(self.system, request.clone()).await {
                    Ok(reply) => replies.push(reply),
                    Err(why) => return Found::Unclear(why.to_string()),
                }
            }
            let read = Read { asked: &asked, replies: &replies };
            match self.party.connector.look(&self.party.site, self.kind, sought.looked(), about, read) {
                Ok(Look::Seen(Some(observed))) => return Found::Record(observed),
                Ok(Look::Seen(None)) => return Found::Absent,
                Ok(Look::More(more)) if more.is_empty() || asked.len() + more.len() > MOST_READS => {
                    return Found::Unclear(format!("one {} takes more than {MOST_READS} reads", self.kind));
                }
                Ok(Look::More(more)) => asked.extend(more),
                Err(why) => return Found::Unclear(why),
            }
        }
    }

    /// Looks again and again until the record is there, or patience ends.
    pub(super) async fn wait_for(&self, sought: &Sought) -> Found {
        let requests = sought.reads(self.party, self.system, self.kind);
        let mut found = self.look(sought, &requests, &[]).await;
        for pause in self.desk.patience.pauses() {
            if found.record().is_some() {
                break;
            }
            tokio::time::sleep(pause).await;
            found = self.look(sought, &requests, &[]).await;
        }
        found
    }

    /// Reads until all changes are as wanted, or something else stands there for good, or patience ends; then says of each
    /// change what came of it. The service said yes to these.
    pub(super) async fn read_back(
        &self,
        sought: &Sought,
        requests: &[Request],
        changes: &[&Change],
        note: Option<&str>,
    ) -> Vec<(ChangeId, OutcomeState)> {
        let mut before: Option<Vec<Stands>> = None;
        let mut found = self.look(sought, requests, changes).await;
        for pause in self.desk.patience.pauses() {
            let now: Vec<Stands> = changes.iter().map(|change| self.judge().stands(change, found.record())).collect();
            let done = !matches!(found, Found::Unclear(_)) && self.done(changes, &found, &now, before.as_deref());
            if done {
                break;
            }
            before = Some(now);
            tokio::time::sleep(pause).await;
            found = self.look(sought, requests, changes).await;
        }
        changes.iter().map(|change| (change.id.clone(), self.accepted(change, &found, note))).collect()
    }

    /// Whether looking again would show nothing else: all as wanted; or what is not is neither as it was nor as wanted,
    /// twice in a row.
    fn done(&self, changes: &[&Change], found: &Found, now: &[Stands], before: Option<&[Stands]>) -> bool {
        changes.iter().zip(now).all(|(change, stands)| match (stands, found.record()) {
            (Stands::AsWanted { .. }, _) => true,
            (Stands::Otherwise { .. }, Some(observed)) => {
                before == Some(now) && change.op != Op::Delete && !self.judge().untouched(change, observed)
            }
            _ => false,
        })
    }

    fn accepted(&self, change: &Change, found: &Found, note: Option<&str>) -> OutcomeState {
        if matches!(found, Found::Unclear(_)) {
            return OutcomeState::Accepted;
        }
        let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
        match self.judge().stands(change, found.record()) {
            Stands::AsWanted { unread } => OutcomeState::confirmed(unread),
            Stands::Otherwise { now } => OutcomeState::Differs { now: now + &note },
            Stands::Gone => OutcomeState::Differs { now: format!("{}{note}", self.party.connector.gone(self.kind)) },
        }
    }

    /// Whether a record shows, or comes to show, that a step was carried out which moves it on; `None`: the step is no such.
    pub(super) async fn reached(&self, sought: &Sought, step: &Step) -> Option<Reached> {
        let connector = &self.party.connector;
        connector.reached(step, None)?;
        let requests = sought.reads(self.party, self.system, self.kind);
        let tell = |found: Found| match found {
            Found::Record(observed) => connector.reached(step, Some(&observed)),
            Found::Absent => Some(Reached::No(connector.gone(self.kind))),
            Found::Unclear(why) => Some(Reached::Untold(format!("looking it up did not tell: {why}"))),
        };
        let mut reached = tell(self.look(sought, &requests, &[]).await);
        for pause in self.desk.patience.pauses() {
            if reached == Some(Reached::Yes) {
                break;
            }
            tokio::time::sleep(pause).await;
            reached = tell(self.look(sought, &requests, &[]).await);
        }
        reached
    }

    /// What became of a write that nobody knows of. It is looked up and never sent again (promise 8).
    ///
    /// Gives the outcome of each change, and the new record's id where a create was carried out.
    pub(super) async fn look_up(
        &self,
        sought: &Sought,
        changes: &[&Change],
        why: &str,
    ) -> (Vec<(ChangeId, OutcomeState)>, Option<String>) {
        let requests = sought.reads(self.party, self.system, self.kind);
        let mut found = self.look(sought, &requests, changes).await;
        for pause in self.desk.patience.pauses() {
            let all = |stands: Stands| matches!(stands, Stands::AsWanted { .. });
            if !matches!(found, Found::Unclear(_))
                && changes.iter().all(|change| all(self.judge().stands(change, found.record())))
            {
                break;
            }
            tokio::time::sleep(pause).await;
            found = self.look(sought, &requests, changes).await;
        }
        let id = found.record().map(|observed| observed.id.clone());
        (changes.iter().map(|change| (change.id.clone(), self.looked_up(change, &found, why))).collect(), id)
    }

    fn looked_up(&self, change: &Change, found: &Found, why: &str) -> OutcomeState {
        let not_done = || OutcomeState::Failed { why: format!("it was not carried out ({why}); push it again") };
        let unknown = |more: &str| OutcomeState::Unknown { why: format!("{why}; {more}") };
        let observed = match found {
            Found::Unclear(more) => return unknown(&format!("looking it up did not tell: {more}")),
            Found::Absent => None,
            Found::Record(observed) => Some(&**observed),
        };
        match (self.judge().stands(change, observed), observed) {
            // A value that the service never returns proves nothing on a record that was there before.
            (Stands::AsWanted { unread }, _)
                if change.op != Op::Create
                    && !unread.is_empty()
                    && unread.len() == change.want.len()
                    && !self.judge().witnessed(change) =>
            {
                unknown("what was written cannot be read")
            }
            (Stands::AsWanted { unread }, _) => OutcomeState::confirmed(unread),
            (Stands::Otherwise { now }, _) if change.op == Op::Create => OutcomeState::Differs { now },
            (Stands::Gone, _) if change.op == Op::Create => not_done(),
            (Stands::Otherwise { .. }, Some(observed)) if self.judge().untouched(change, observed) => not_done(),
            (Stands::Otherwise { .. }, _) if change.op == Op::Delete => not_done(),
            (Stands::Otherwise { now }, _) => unknown(&format!("now {now}")),
            // Whatever became of it, nothing is left to find out (targets/litmos.md 8: the 500 of a deleted user).
            (Stands::Gone, _) => OutcomeState::Stale {
                what: format!(
                    "planned from: there, wanted: {}, now: {} ({why})",
                    change.op.name(),
                    self.party.connector.gone(self.kind)
                ),
            },
        }
    }
}

/// How long to wait before a busy service is tried again: what it says, or the window in which it counts requests if there
/// were too many, else longer each time.
pub(super) fn busy_pause(
    reply: &Reply,
    attempt: u32,
    (first, longest): (Duration, Duration),
    window: Option<u32>,
) -> Duration {
    let said = reply.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok());
    let said = said.or_else(|| window.filter(|_| over(reply)).map(u64::from)).map(Duration::from_secs);
    said.unwrap_or_else(|| first.saturating_mul(1 << attempt.min(16)).min(longest))
}

/// A pause between the two: whoever waits for the same record shall not ask at the same moment.
pub(super) fn somewhere(shortest: Duration, longest: Duration) -> Duration {
    let spread = longest.saturating_sub(shortest);
    // The last bytes of a fresh id are random.
    let chance = uuid::Uuid::now_v7().as_bytes()[15];
    shortest + spread.mul_f64(f64::from(chance) / 255.0)
}
