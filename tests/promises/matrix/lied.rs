//! Every system behind an adversary: what is said holds whatever is done to the requests and the replies of a push.
//!
//! What goes wrong is drawn from a seed, anew in each round; `TRUEUP_ADVERSARY=SEED:ROUNDS` draws otherwise or for longer.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use trueup::engine::protocol::{Command, Report};
use trueup::model::Kind;
use trueup::plan::{ChangeId, Outcome, OutcomeState};

use super::rows::Truth;
use super::wish::wishes;
use super::{Matrix, Pushed};
use crate::adversary::{Adversary, Family, Met};
use crate::bed::{AHA, Part, acknowledged, assert_refused};

/// After each of these a write may be sent again: the service says that it turned it away, and the record was read since.
const TURNED_AWAY: &[u16] = &[429, 503];
/// Kingdee's gateway says so too, in the connector's rows.
const TURNED_AWAY_ERP: &[u16] = &[429, 502, 503];

/// What came of all rounds.
#[derive(Default)]
struct Tally {
    words: BTreeMap<String, usize>,
    mischief: usize,
    /// Said not to be carried out where it was, because of a service that lied.
    deceived: usize,
}

/// Kingdee reads by POST.
const READS: &[&str] = &[".View.", ".ExecuteBillQuery.", ".AuthService.", ".GetDataCenterList.", ".QueryBusinessInfo."];

/// Of this seed a write is answered with a redirect after it was carried out.
fn drawn() -> (u64, usize) {
    let told = std::env::var("TRUEUP_ADVERSARY").unwrap_or_else(|_| "2:9".to_owned());
    let (seed, rounds) = told.split_once(':').unwrap();
    (seed.parse().unwrap(), rounds.parse().unwrap())
}

impl Matrix {
    /// One push of one wish of each kind under mischief.
    async fn lied_to(&mut self, adversary: &Adversary, round: usize, seed: u64, tally: &mut Tally) {
        let family = [Family::Line, Family::Gateway, Family::Liar][round % 3];
        adversary.forget();
        let wishes = wishes(&self.bed, &self.world, self.system, round).await;
        let before = self.states(&wishes).await;
        let open = wishes.iter().zip(&before).filter(|(wish, state)| !wish.stands(state));
        let changes: Vec<_> = open.map(|(wish, _)| wish.change.clone()).collect();
        let plan = acknowledged(&*self.console.prepare(changes).await);
        let wishes: Vec<_> = wishes.into_iter().filter(|wish| plan.change(&wish.change.id).is_some()).collect();
        let before = self.states(&wishes).await;
        adversary.arm(family, seed);
        let began = Instant::now();
        let pushed = self.push(&plan).await;
        let met = adversary.disarm();
        let after = self.states(&wishes).await;
        let system = self.system;
        let told = |wrong: &mut String, what: &str| {
            let _ = writeln!(wrong, "{system} {family:?}, seed {seed}: {what}");
        };
        let mut wrong = String::new();
        let lies: Vec<&Met> = met.iter().filter(|met| met.mischief.is_some_and(|it| it.lies(met.write))).collect();
        tally.mischief += met.iter().filter(|met| met.mischief.is_some()).count();
        let refused: BTreeSet<&ChangeId> = plan.refused.iter().map(|(id, _)| id).collect();
        for ((wish, before), after) in wishes.iter().zip(&before).zip(&after) {
            let Some(said) = pushed.said.get(&wish.change.id) else {
                told(&mut wrong, &format!("nothing is said of {}", wish.change.id));
                continue;
            };
            *tally.words.entry(said.word().to_owned()).or_default() += 1;
            let truth = match (wish.stands(after), before == after) {
                (true, _) => Truth::Done,
                (false, true) => Truth::Not,
                (false, false) => Truth::Other,
            };
            let ends =
                ["confirmed", "accepted", "differs", "failed", "refused", "stopped", "stale", "skipped", "unknown"];
            let no = ["failed", "refused", "stopped", "stale", "skipped"].contains(&said.word());
            let lie = match said {
                OutcomeState::Confirmed { .. } => truth != Truth::Done,
                _ if refused.contains(&wish.change.id) => truth != Truth::Not,
                _ if !ends.contains(&said.word()) => true,
                // What others wished shows in the same team; of a user it is all about this one wish.
                _ if no && (truth == Truth::Done || (wish.change.kind == Kind::User && truth != Truth::Not)) => {
                    tally.deceived += usize::from(!lies.is_empty());
                    lies.is_empty()
                }
                _ => false,
            };
            if lie {
                told(&mut wrong, &format!("{}: {said:?}, and it is {truth:?}: {after}", wish.op));
            }
        }
        self.sent_once(&met, &mut |what| told(&mut wrong, what));
        let slow = began.elapsed();
        if slow > Duration::from_secs(60) {
            told(&mut wrong, &format!("the push took {slow:?}"));
        }

        // What is open is looked up, with nothing in the way any more.
        let open: BTreeSet<ChangeId> = wishes.iter().map(|wish| wish.change.id.clone()).collect();
        let open: BTreeSet<ChangeId> = open
            .into_iter()
            .filter(|id| pushed.said.get(id).is_some_and(|said| ["unknown", "accepted"].contains(&said.word())))
            .collect();
        self.looked_up(&wishes, open, &mut |what| told(&mut wrong, what)).await;
        if !wrong.is_empty() {
            for met in met.iter().filter(|met| met.mischief.is_some() || met.write) {
                let _ = writeln!(wrong, "    {:?} -> {}: {}", met.mischief, met.status, met.asked);
            }
            self.wrong += &wrong;
        }

        // The same plan once more.
        let again = self.push(&plan).await;
        assert_refused(&again.said.into_iter().collect::<Vec<_>>(), &["was pushed before"]);
        assert_eq!(again.writes, Vec::new());
        // What was read while things went wrong is read anew.
        self.console.handle.send(Command::Refresh { system: None, kind: None });
        self.refreshed(&plan, &Pushed { said: pushed.said, writes: Vec::new() }).await;
    }

    /// No write is sent again but where the service said that it had turned it away.
    fn sent_once(&self, met: &[Met], wrong: &mut dyn FnMut(&str)) {
        let away = if self.system == "erp" { TURNED_AWAY_ERP } else { TURNED_AWAY };
        let mut last: BTreeMap<&str, &Met> = BTreeMap::new();
        for met in met.iter().filter(|met| met.write) {
            if let Some(before) = last.insert(&met.asked, met)
                && !away.contains(&before.status)
            {
                wrong(&format!("sent again after {:?} ({}): {}", before.mischief, before.status, met.asked));
            }
        }
    }

    async fn looked_up(
        &mut self,
        wishes: &[super::Wish],
        mut open: BTreeSet<ChangeId>,
        wrong: &mut (dyn FnMut(&str) + Send),
    ) {
        if open.is_empty() {
            return;
        }
        self.bed.simulator(self.system).seen.forget();
        self.console.handle.send(Command::Resolve);
        while !open.is_empty() {
            let Report::Outcome(_, Outcome { change, state, .. }) = self.console.next().await else { continue };
            if !open.remove(&change) {
                continue;
            }
            let wish = wishes.iter().find(|wish| wish.change.id == change).unwrap();
            let stands = wish.stands(&wish.state(&self.bed).await);
            let so = match state.word() {
                "confirmed" => stands,
                "failed" => !stands,
                _ => true,
            };
            if !so {
                wrong(&format!("{}, looked up: {state:?}, and that it stands is {stands}", wish.op));
            }
        }
        if !self.bed.writes(self.system).is_empty() {
            wrong("looking it up writes");
        }
    }
}

async fn lied_to(part: Part) {
    let (first, rounds) = drawn();
    let (mut matrix, adversary) = Matrix::behind(part, READS).await;
    let mut tally = Tally::default();
    for round in 0..rounds {
        matrix.lied_to(&adversary, round, first * 1000 + round as u64, &mut tally).await;
    }
    let Tally { words, mischief, deceived } = tally;
    println!(
        "{}: {rounds} rounds, {mischief} times something went wrong, {words:?}, deceived {deceived} times",
        part.0
    );
    assert!(matrix.wrong.is_empty(), "\n{}", matrix.wrong);
    assert!(mischief > rounds && words.len() > 2, "{mischief} {words:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adversary_before_a_scim_service_brings_about_no_lie_and_no_second_write() {
    lied_to(("directory", "scim", "directory", &[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adversary_before_starling_brings_about_no_lie_and_no_second_write() {
    lied_to(("starling", "scim", "starling", &["no-patch", "round-up=100"])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adversary_before_aha_brings_about_no_lie_and_no_second_write() {
    lied_to(AHA).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adversary_before_litmos_brings_about_no_lie_and_no_second_write() {
    lied_to(("litmos", "litmos", "litmos", &[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adversary_before_kingdee_brings_about_no_lie_and_no_second_write() {
    lied_to(("erp", "kingdee", "kingdee", &[])).await;
}
