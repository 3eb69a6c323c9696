//! A limit that a service counts by account holds for all processes of a host together, and none of them waits for the others
//! to be done.

use std::sync::Arc;

use trueup::engine::protocol::{Health, World};
use trueup::engine::{Setup, read_all};
use trueup::mapping::Mapping;
use trueup::model::Kind;
use trueup::plan::Policy;
use trueup::store::Leases;

use crate::bed::{Bed, HR, setup, system};

/// SAP Litmos that takes 20 requests in 2 seconds (targets/litmos.md 1: 100 in a minute, which would take minutes here).
async fn litmos() -> Bed {
    Bed::of(60, &[HR, ("litmos", "litmos", "litmos", &["rate=20", "window=2"])]).await
}

/// A process of its own, by the name that it gives to the service: as fast as the service takes one.
fn process(bed: &Bed, name: &str, leases: Leases) -> Setup {
    let mut mapping = Mapping::builtin("litmos").unwrap();
    assert_eq!(mapping.account_window, Some(60), "the file says that the limit is shared");
    (mapping.account_window, mapping.window) = (Some(2), Some(1));
    let running = bed.simulator("litmos");
    let mut own = system("litmos", "litmos", &running.url, &running.login["api_key"], &Policy::default());
    own.config.rate = Some(10.0);
    own.config.own.insert("source_name".to_owned(), name.to_owned());
    let own = trueup::engine::SystemSetup::over(own.config, Arc::new(mapping)).unwrap();
    let hr = bed.simulator("hr");
    let hr = system("hr", "scim", &hr.url, &hr.login["token"], &Policy::default());
    Setup { leases, ..setup(vec![hr, own], &bed.dir.0.join(name)) }
}

/// Reads all in two processes at once; what the service answered, in its order: by whom, and the status.
async fn both(bed: &Bed, leases: [Leases; 2]) -> (Vec<(char, u16)>, Vec<World>) {
    let [one, two] = leases;
    let (one, two) = (process(bed, "one", one), process(bed, "two", two));
    let (one, two) = tokio::join!(read_all(one, |_| {}), read_all(two, |_| {}));
    let seen = bed.simulator("litmos").seen.all();
    let by = |query: &str| if query.contains("source=one") { '1' } else { '2' };
    (seen.iter().map(|request| (by(&request.query), request.status)).collect(), vec![one.unwrap(), two.unwrap()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_host_keep_to_one_limit_and_neither_waits_for_the_other_to_end() {
    let bed = litmos().await;
    let meet = || Leases::at(bed.dir.0.join("leases"));
    let (seen, worlds) = both(&bed, [meet(), meet()]).await;
    let refused = seen.iter().filter(|(_, status)| *status != 200).count();
    assert_eq!(refused, 0, "{seen:?}");
    for world in worlds {
        let snapshots = &world.compared.inputs.systems[1].snapshots;
        assert!([Kind::User, Kind::Group].iter().all(|kind| snapshots[kind.index()].as_ref().unwrap().complete()));
    }
    // While both are at work neither gets much more than its half.
    let half = &seen[..seen.len() / 2];
    let first = half.iter().filter(|(by, _)| *by == '1').count();
    assert!(seen.len() > 50 && (half.len() / 4..=half.len() * 3 / 4).contains(&first), "{first} of {}", half.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_count_cannot_be_kept_everybody_keeps_to_a_limit_of_his_own_and_says_so() {
    let bed = litmos().await;
    std::fs::create_dir_all(&bed.dir.0).unwrap();
    let file = bed.dir.0.join("no-directory");
    std::fs::write(&file, "").unwrap();
    let (seen, worlds) = both(&bed, [Leases::at(&file), Leases::at(&file)]).await;
    assert!(seen.iter().any(|(_, status)| *status == 503), "together they are too fast: {seen:?}");
    for world in worlds {
        let status = &world.systems[1];
        assert!(matches!(status.health, Health::Good), "{:?}", status.health);
        let said: Vec<_> = status.site.as_ref().unwrap().evidence.iter().collect();
        let line = said.iter().find(|line| line.what == "limit of requests").unwrap_or_else(|| panic!("{said:#?}"));
        assert!(line.detail.contains("this one counts by itself"), "{line:?}");
    }
}
