//! From what is out of true to what is true: staged, previewed, pushed, read back, and read anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use trueup::model::Op;
use trueup::plan::OutcomeState;

use crate::bed::{Bed, full, offers, staged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_can_be_fixed_is_fixed_and_then_it_is_true() {
    let bed = Bed::new(400).await;
    let mut console = bed.console(&full());
    let changes = staged(&offers(&*console.world().await));
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
