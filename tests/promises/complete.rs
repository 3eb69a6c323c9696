//! Promise 1: complete, or it does not count.

use trueup::engine::protocol::{Command, Health, World};
use trueup::model::{Kind, Op, Proof, SystemId};
use trueup::plan::Change;
use trueup::plan::stage::Offer;

use crate::bed::{Bed, DIRECTORY, HR, Part, acknowledged, assert_confirmed, assert_refused, full, offers};

/// All that would be taken away from a system on the strength of its users, staged or not.
fn removals<'o>(all: &'o [Offer], system: &str) -> Vec<&'o Offer> {
    let fits = |change: &Change| change.system.as_str() == system && change.kind == Kind::User && change.op.removes();
    all.iter().filter(|offer| fits(&offer.change)).collect()
}

fn health<'w>(world: &'w World, system: &str) -> &'w Health {
    &world.systems.iter().find(|status| status.id.as_str() == system).unwrap().health
}

/// Reads these systems, of which `broken` cannot be read to the end; then nothing is taken away from `target`.
async fn nothing_is_taken_away(users: u32, parts: &[Part], broken: &str, target: &str) {
    let bed = Bed::of(users, parts).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    let inputs = &world.compared.inputs;
    let view = inputs.systems.iter().find(|view| view.id.as_str() == broken).unwrap();
    let snapshot = view.snapshot(Kind::User).unwrap();
    assert!(!snapshot.table.is_empty(), "what was read can be browsed");
    assert!(matches!(snapshot.feeds[0].proof, Proof::Partial { .. }), "{:?}", snapshot.feeds);
    let health = health(&world, broken);
    assert!(matches!(health, Health::Partial(_) | Health::Bad { .. }), "{health:?}");

    let all = offers(&world);
    let removals = removals(&all, target);
    assert!(
        removals.iter().any(|offer| offer.change.op == Op::Deactivate),
        "there is something that could be taken away"
    );
    for offer in &removals {
        let why = offer.blocked.as_deref().unwrap_or_default();
        assert!(why.contains(&format!("of {broken} are not known to be complete")), "{}: {why}", offer.text);
    }
    // Sent past the keys.
    let plan = acknowledged(&*console.prepare(vec![removals[0].change.clone()]).await);
    let outcomes = console.push(plan).await;
    assert_refused(&outcomes, &["incomplete", "Refresh"]);
    bed.assert_unwritten();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_away_after_a_page_that_was_cut_short() {
    let cut: Part = ("directory", "scim", "directory", &["max-results=100", "truncate=1000,skip=2@/scim/v2/Users?"]);
    nothing_is_taken_away(300, &[HR, cut], "directory", "directory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_away_after_a_list_that_moved_under_the_walk() {
    let moving: Part = ("aha", "aha", "aha", &["drift-remove"]);
    nothing_is_taken_away(500, &[HR, moving], "aha", "aha").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_away_after_the_key_expired_on_the_way() {
    let expiring: Part = ("directory", "scim", "directory", &["max-results=100", "expire=2@/scim/v2/Users?"]);
    nothing_is_taken_away(300, &[HR, expiring], "directory", "directory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_taken_away_from_a_target_while_the_source_is_not_known_to_be_complete() {
    let cut: Part = ("hr", "scim", "source", &["max-results=100", "truncate=1000,skip=3@/scim/v2/Users?"]);
    nothing_is_taken_away(300, &[cut, DIRECTORY], "hr", "directory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_broke_off_is_known_not_to_be_all_and_is_not_taken_for_complete_by_a_word() {
    let cut: Part = ("directory", "scim", "directory", &["max-results=100", "truncate=1000,skip=2@/scim/v2/Users?"]);
    let bed = Bed::of(300, &[HR, cut]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let directory = SystemId::new("directory");
    let accept =
        |why: &str| Command::Acknowledge { system: directory.clone(), kind: Some(Kind::User), why: why.into() };
    console.handle.send(accept(" "));
    assert!(console.notice().await.contains("say why"));
    console.handle.send(accept("only the pilot group is in it"));
    let said = console.notice().await;
    assert!(said.contains("broke off"), "{said}");
}

/// The proof of a system's first user feed.
fn proof(world: &World, system: &str) -> Proof {
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == system).unwrap();
    view.snapshot(Kind::User).unwrap().feeds[0].proof.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_for_complete_counts_for_what_was_read_and_no_longer() {
    // It moves under each reading.
    let unsure: Part = ("directory", "scim", "directory", &["max-results=100", "drift"]);
    let bed = Bed::of(200, &[HR, unsure]).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    assert!(matches!(proof(&world, "directory"), Proof::Partial { .. }));
    let all = offers(&world);
    let switched = |all: &[Offer]| -> Vec<Offer> {
        removals(all, "directory").into_iter().filter(|offer| offer.change.op == Op::Deactivate).cloned().collect()
    };
    let blocked = switched(&all);
    assert!(blocked.len() > 1 && blocked.iter().all(|offer| offer.blocked.is_some()), "{}", blocked.len());

    let system = SystemId::new("directory");
    console.handle.send(Command::Acknowledge { system, kind: None, why: "only the pilot group is in it".into() });
    let said = console.notice().await;
    assert!(said.contains("taken for complete until they are read again"), "{said}");
    let world = loop {
        let world = console.world().await;
        if !matches!(proof(&world, "directory"), Proof::Partial { .. }) {
            break world;
        }
    };
    let Proof::Acknowledged { by, why } = proof(&world, "directory") else { panic!("it was acknowledged") };
    assert!(by == "lena" && why.contains("only the pilot group") && why.contains("it is not proved"), "{by}: {why}");
    let open = switched(&offers(&world));
    assert!(open.iter().all(|offer| offer.blocked.is_none()), "all can be staged now");
    let [first, second] = [0, 1].map(|at| open[at].change.clone());
    let plan = console.prepare(vec![first]).await;
    let rules: Vec<_> = plan.guards.iter().map(|guard| (&*guard.rule, guard.acknowledged)).collect();
    assert_eq!(rules, [("taken-for-complete", true)], "it is written down with the plan");
    assert!(plan.guards[0].text.contains("by lena: only the pilot group"), "{}", plan.guards[0].text);
    let later = console.prepare(vec![second]).await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);

    // After the push it was read again, and that reading nobody has taken for complete.
    let writes = bed.writes("directory");
    loop {
        let world = console.world().await;
        if matches!(proof(&world, "directory"), Proof::Partial { .. }) {
            assert!(switched(&offers(&world)).iter().all(|offer| offer.blocked.is_some()));
            break;
        }
    }
    assert_refused(&console.push(later).await, &["incomplete", "Refresh"]);
    assert_eq!(bed.writes("directory"), writes);
}
