//! SAP Litmos: bulk imports, which are finished whenever it likes.

use trueup::model::Op;

use super::written;
use crate::bed::{Bed, HR, acknowledged, assert_confirmed, full, of, offers, staged};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_created_one_by_one_and_told_one_by_one_however_slow_imports_are() {
    // An import loses what came of each, and looks at it are requests beside (targets/litmos.md 7).
    let bed = Bed::of(300, &[HR, ("litmos", "litmos", "litmos", &["import-polls=1000000"])]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let creates: Vec<_> = of(&all, "litmos", Op::Create).into_iter().take(5).collect();
    let plan = acknowledged(&*console.prepare(staged(creates.iter().copied())).await);
    assert_eq!(plan.refused, Vec::new());
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    assert_eq!(written(&bed, "litmos"), plan.steps.len());
    let writes = bed.writes("litmos");
    assert_eq!(writes.iter().filter(|write| write.as_str() == "POST /v1.svc/users").count(), creates.len());
    let imports = bed.simulator("litmos").seen.all();
    assert!(!imports.iter().any(|request| request.path.contains("bulkimports")), "{writes:?}");
}
