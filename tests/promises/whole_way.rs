//! From what is out of true to what is true: staged, previewed, pushed, read back, and read anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use trueup::engine::protocol::World;
use trueup::model::{Kind, Op};
use trueup::plan::stage::{Offer, Stager, Supplied, supply};
use trueup::plan::{Change, OutcomeState};
use trueup::simulate::faults::Faults;

use crate::bed::{Bed, full};

/// All offers for all targets.
fn offers(world: &World) -> Vec<Offer> {
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
fn staged(offers: &[Offer]) -> Vec<Change> {
    let fill = |offer: &Offer| {
        let given = offer.blanks.iter().map(|blank| Supplied {
            path: blank.path.clone(),
            key: blank.keyed.then(|| vec![blank.keys[0].0.clone()]),
            value: blank.values.first().map_or("Somebody", |(id, _)| id).to_owned(),
        });
        supply(offer, &given.collect::<Vec<_>>()).unwrap()
    };
    offers.iter().filter(|offer| offer.blocked.is_none()).map(fill).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_can_be_fixed_is_fixed_and_then_it_is_true() {
    let bed = Bed::new(400).await;
    let mut console = bed.console(&full());
    let changes = staged(&offers(console.world().await.as_ref()));
    let ops: BTreeSet<Op> = changes.iter().map(|change| change.op).collect();
    assert!(
        [Op::Create, Op::Set, Op::Put, Op::Drop, Op::Deactivate].iter().all(|op| ops.contains(op)),
        "the world has something of everything: {ops:?}"
    );
    let mut plan = (*console.prepare(changes).await).clone();
    assert_eq!(plan.refused, Vec::new());
    for name in ["hr", "aha", "directory"] {
        assert_eq!(bed.writes(name), Vec::<String>::new(), "a preview never writes");
    }
    for guard in &mut plan.guards {
        assert!(guard.can_acknowledge, "{}", guard.text);
        guard.acknowledged = true;
    }
    let plan = Arc::new(plan);
    let outcomes = console.push(plan.clone()).await;
    let lost: Vec<_> = outcomes.iter().filter(|(_, state)| !matches!(state, OutcomeState::Confirmed { .. })).collect();
    assert_eq!((lost, outcomes.len()), (Vec::new(), plan.changes.len()));

    for name in ["hr", "aha", "directory"] {
        let mut previewed: Vec<String> = plan
            .steps
            .iter()
            .filter(|step| step.system.as_str() == name)
            .map(|step| format!("{} {}", step.write.method, step.write.path))
            .collect();
        let mut sent = bed.writes(name);
        assert_eq!(sent.len(), previewed.len(), "exactly the writes that were shown");
        // Where a new record's id was put in, only the rest can be compared.
        previewed.retain(|request| !request.contains("{{"));
        sent.retain(|request| previewed.contains(request));
        previewed.sort();
        sent.sort();
        assert_eq!(sent, previewed);
    }

    let pushed: BTreeSet<_> = plan.changes.iter().map(|change| &change.id).collect();
    loop {
        let world = console.world().await;
        let left = offers(&world).into_iter().filter(|offer| pushed.contains(&offer.change.id)).count();
        if left == 0 {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_is_looked_up_and_a_create_is_not_sent_twice() {
    let bed = Bed::new(200).await;
    let mut console = bed.console(&full());
    let all = offers(console.world().await.as_ref());
    let create = all.iter().find(|offer| {
        offer.change.op == Op::Create && offer.change.system.as_str() == "aha" && offer.blocked.is_none()
    });
    let id = create.unwrap().change.id.clone();
    let mine: Vec<Offer> =
        all.into_iter().filter(|offer| offer.change.id == id || offer.change.needs.contains(&id)).collect();
    let plan = console.prepare(staged(&mine)).await;
    bed.simulator("aha").faults.replace(&Faults::parse(&["lost=1@POST".to_owned()]).unwrap());
    let outcomes = console.push(plan.clone()).await;
    assert!(
        outcomes.iter().all(|(_, state)| matches!(state, OutcomeState::Confirmed { .. })),
        "{outcomes:?} {:?}",
        console.notices
    );
    let sent = bed.writes("aha");
    assert_eq!(sent.iter().filter(|request| request.contains("/products/")).count(), 1, "{sent:?}");
    assert_eq!(sent.len(), plan.steps.len());
}
