//! The fewest requests: what a whole load costs, counted by the simulators.

use trueup::engine::protocol::{Health, Report};
use trueup::model::Kind;

use crate::bed::{Bed, HR, full};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_and_a_half_thousand_users_of_kingdee_come_in_three_pages_beside_the_other_systems() {
    let bed = Bed::of(4500, &[HR, ("kingdee", "kingdee", "kingdee", &[])]).await;
    let mut console = bed.console(&full());
    let mut together = false;
    let world = loop {
        let Report::World(world) = console.next().await else { continue };
        together |=
            world.systems.iter().all(|system| matches!(system.health, Health::Probing | Health::Reading { .. }));
        let done = |health: &Health| matches!(health, Health::Good | Health::Partial(_) | Health::Bad { .. });
        let settled = |view: &trueup::compare::SystemView| view.snapshots.iter().flatten().all(|kind| !kind.reading());
        if world.systems.iter().all(|system| done(&system.health)) && world.compared.inputs.systems.iter().all(settled)
        {
            break world;
        }
    };
    assert!(together, "all systems load side by side");
    let users = world.compared.inputs.systems[1].snapshot(Kind::User).unwrap();
    assert!(users.complete() && users.table.len() == 4500, "{} {:?}", users.table.len(), users.feeds);
    let seen = bed.simulator("kingdee").seen.all();
    let asked = |words: [&str; 2]| {
        let fits = |body: &str| words.iter().all(|word| body.contains(word)) && !body.contains("\"Limit\":1,");
        seen.iter().filter(|request| request.path.contains("ExecuteBillQuery") && fits(&request.body)).count()
    };
    let grants: usize =
        users.feeds.iter().filter(|feed| &*feed.feed == "grants").map(|feed| feed.requests as usize).sum();
    let pages = asked(["SEC_User", "FEmail"]);
    let probes = seen.len() - pages - grants;
    // Up to 2,000 rows a page; a grant is a row, and nobody has more than four.
    assert!((3..=4).contains(&pages), "{pages} pages of users");
    assert!(grants <= 10, "{grants} pages of grants");
    assert!(probes <= 16, "{probes} requests beside them");
}
