//! One writer to a system at a time, also where a configuration knows it by two names.

use trueup::model::Op;
use trueup::plan::Mode;

use crate::bed::{Bed, Console, DIRECTORY, HR, full, key, of, offers, setup, staged, system};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_missing_in_one_system_under_two_names_is_created_once() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let (hr, directory) = (bed.simulator("hr"), bed.simulator("directory"));
    let policy = full();
    assert_eq!(policy.mode, Mode::Full);
    let systems = vec![
        system("hr", "scim", &hr.url, key(hr), &policy),
        system("directory", "scim", &directory.url, key(directory), &policy),
        system("staff", "scim", &directory.url, key(directory), &policy),
    ];
    let mut console = Console::over(setup(systems, &bed.dir.0));
    let all = offers(&*console.world().await);
    let (one, other) = (of(&all, "directory", Op::Create), of(&all, "staff", Op::Create));
    let twice = one.iter().find_map(|one| {
        let other = other.iter().find(|other| other.change.label == one.change.label)?;
        Some([*one, *other])
    });
    let changes = staged(twice.expect("somebody is missing"));
    let plan = console.plan(changes).await;
    assert_eq!(plan.steps.len(), 2);
    // Long enough for both to look before either has written.
    bed.faults("directory", &["latency=200ms@POST"]);
    bed.simulator("directory").seen.forget();
    let outcomes = console.push(plan).await;
    assert_eq!(bed.writes("directory"), ["POST /scim/v2/Users"], "{outcomes:?}");
}
