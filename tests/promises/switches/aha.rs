//! Aha!: seats that are all taken, an address that is another account's, and a limit of requests that is lower than usual.

use std::time::{Duration, Instant};

use trueup::engine;
use trueup::engine::protocol::Report;
use trueup::model::{Op, SystemId};
use trueup::plan::{Finding, OutcomeState};
use trueup::simulate::{self, Options};

use super::written;
use crate::bed::{AHA, Bed, Console, HR, acknowledged, assert_confirmed, full, key, of, offers, setup, staged, system};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_seat_is_given_once_and_who_gets_none_is_told_what_is_lacking() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let creates = of(&all, "aha", Op::Create);
    assert!(creates.len() > 1);
    let first_two = &creates[..2];
    let ids: Vec<_> = first_two.iter().map(|offer| offer.change.id.clone()).collect();
    let with_pairs = all.iter().filter(|offer| offer.change.needs.iter().any(|need| ids.contains(need)));
    let plan = acknowledged(&*console.prepare(staged(first_two.iter().copied().chain(with_pairs))).await);
    assert_eq!(plan.refused, Vec::new());
    bed.faults("aha", &["seats=1"]);
    let outcomes = console.push(plan.clone()).await;
    let of = |wanted: &str| outcomes.iter().filter(|(_, state)| state.word() == wanted).collect::<Vec<_>>();
    let failed = of("failed");
    for (_, state) in &failed {
        let OutcomeState::Failed { why } = state else { panic!("{outcomes:?}") };
        assert!(why.contains("There are no paid seats available"), "{why}");
        assert!(why.contains("free a seat"), "what to do is said: {why}");
    }
    let lost: Vec<_> = failed.iter().map(|(id, _)| id).filter(|id| ids.contains(id)).collect();
    assert_eq!(lost.len(), 1, "{outcomes:?}");
    // What hangs on the one that failed came with it, or was never sent.
    let hung = plan.changes.iter().filter(|change| change.needs.contains(lost[0])).count();
    assert_eq!(failed.len() - 1 + of("skipped").len(), hung, "{outcomes:?}");
    assert_eq!(of("confirmed").len(), outcomes.len() - 1 - hung, "{outcomes:?}");
    let creates = bed.writes("aha").iter().filter(|write| write.ends_with("/users")).count();
    assert_eq!(creates, 2, "each create is sent once: {:?}", bed.writes("aha"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_switched_on_without_a_seat_and_it_is_sent_once() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let plan = console.plan(staged(of(&all, "aha", Op::Reactivate).into_iter().take(1))).await;
    bed.faults("aha", &["seats=0"]);
    let outcomes = console.push(plan).await;
    let [(_, OutcomeState::Failed { why })] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert!(why.contains("There are no paid seats available") && why.contains("free a seat"), "{why}");
    assert_eq!(written(&bed, "aha"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_not_the_accounts_own_is_named_and_nothing_can_be_pushed() {
    let bed = Bed::of(60, &[HR, ("aha", "aha", "aha", &["strict-host"])]).await;
    let site = engine::test(bed.setup(&full()), &[SystemId::new("aha")]).await.remove(0);
    let told = format!("{:#?}", site.evidence);
    assert!(!site.good() && site.blocked.is_some(), "{told}");
    let bad = site.evidence.iter().find(|line| line.finding == Finding::Bad).unwrap();
    assert!(bad.detail.contains("404") && bad.detail.contains("address"), "{told}");
    assert_eq!(written(&bed, "aha"), 0);
}

/// A bed whose Aha! keeps a limit.
async fn limited(users: u32, faults: &[&str]) -> (Bed, trueup::engine::Setup) {
    let mut bed = Bed::of(users, &[HR]).await;
    let options = Options {
        users,
        view: "aha".to_owned(),
        rate_limit: true,
        faults: faults.iter().map(ToString::to_string).collect(),
        ..Options::default()
    };
    bed.simulators.push(("aha", simulate::start("aha", options).await.unwrap()));
    let systems = bed
        .simulators
        .iter()
        .map(|(name, running)| system(name, &running.connector, &running.url, key(running), &full()));
    let setup = setup(systems.collect(), &bed.dir.0);
    (bed, setup)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_by_the_second_is_waited_for_and_nothing_is_missing_or_written_twice() {
    let (bed, setup) = limited(300, &["rate-sec=8"]).await;
    let mut console = Console::over(setup);
    let world = console.world().await;
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == "aha").unwrap();
    assert!(view.snapshots.iter().flatten().all(|snapshot| snapshot.complete()));
    let all = offers(&world);
    let plan = acknowledged(&*console.prepare(staged(of(&all, "aha", Op::Put).into_iter().take(6))).await);
    assert!(plan.steps.len() > 3, "{:?}", plan.refused);
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    let seen = bed.simulator("aha").seen.writes();
    let done = seen.iter().filter(|request| request.status == 200).count();
    assert_eq!(done, plan.steps.len(), "what is turned away is sent again, what was carried out is not");
    let refused = bed.simulator("aha").seen.all().iter().filter(|request| request.status == 429).count();
    assert!(refused > 0, "the limit was met");
    let asked = bed.simulator("aha").seen.all().len();
    assert!(refused * 2 < asked, "{refused} of {asked} were turned away: that is no pacing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_by_the_minute_is_told_with_the_time_until_it_ends() {
    let began = Instant::now();
    let (bed, setup) = limited(60, &["rate-min=2"]).await;
    let mut console = Console::over(setup);
    let paused = loop {
        if let Report::World(world) = console.next().await
            && let Some(aha) = world.systems.iter().find(|one| one.id.as_str() == "aha")
            && aha.budget.wait > 1.0
        {
            break Duration::from_secs_f64(aha.budget.wait);
        }
    };
    // The window of the simulator began with it and lasts a minute.
    assert!(paused > Duration::from_secs(30) && paused <= Duration::from_secs(61), "{paused:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "it is told at once");
    let refused = bed.simulator("aha").seen.all().iter().filter(|request| request.status == 429).count();
    assert!(refused <= 1, "what is left is said on every reply: {refused} requests were turned away");
    assert_eq!(written(&bed, "aha"), 0);
}
