//! Kingdee: how long a user is locked, a site that checks one signature of the two, a session that stays lost, a clock that
//! is off by more or less than the site bears.

use std::sync::Arc;

use trueup::engine::protocol::{Command, Health, Report, World};
use trueup::engine::{self, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Op, Row, SystemId};
use trueup::plan::{Facet, OutcomeState, Site, Wanted};
use trueup::secret::{Secret, Source};

use super::{change, outcome, text, users, written};
use crate::bed::{Bed, Console, HR, Part, full};

const ERP: Part = ("erp", "kingdee", "kingdee", &[]);

/// The engine over Kingdee with these settings.
fn setup(bed: &Bed, own: &[(&str, &str)]) -> engine::Setup {
    let mut setup = bed.setup(&full());
    let mut config = setup.systems[1].config.clone();
    config.own.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    setup.systems[1] = SystemSetup::over(config, Arc::new(Mapping::builtin("kingdee").unwrap())).unwrap();
    setup
}

fn told(site: &Site) -> String {
    site.evidence.iter().map(|line| format!("{}: {}", line.what, line.detail)).collect::<Vec<_>>().join("\n")
}

/// How often a service was called.
fn calls(bed: &Bed, service: &str) -> usize {
    let service = format!(".{}.", service.to_lowercase());
    let seen = bed.simulator("erp").seen.all();
    seen.iter().filter(|request| request.path.to_lowercase().contains(&service)).count()
}

/// Somebody who works there.
fn somebody(world: &World) -> Row {
    let table = users(world, "erp");
    (0..table.len() as u32).map(Row).find(|row| text(table, *row, "active") == "true").unwrap()
}

/// Writes somebody's address.
async fn readdressed(console: &mut Console, world: &World) -> OutcomeState {
    let wish = Wanted::Text("moved@example.com".into());
    outcome(console, change(world, "erp", somebody(world), Op::Set, Facet::attr("emails[work]"), wish)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_user_is_told_how_long_in_the_sites_own_words_and_not_tried_again() {
    let bed = Bed::of(20, &[HR, ERP]).await;
    bed.faults("erp", &["lockout=1", "lockout-for=300s"]);
    let mut wrong = setup(&bed, &[]);
    let secret = Source::Given(Secret::new("0123456789abcdef0123456789abcdef"));
    wrong.systems[1].config.own_secrets.insert("application_secret".into(), secret);
    let mapping = wrong.systems[1].connector.mapping().clone();
    wrong.systems[1] = SystemSetup::over(wrong.systems[1].config.clone(), mapping).unwrap();
    let mut console = Console::over(wrong);
    let bad = loop {
        if let Report::World(world) = console.next().await
            && let Health::Bad { text, .. } = &world.systems[1].health
        {
            break text.clone();
        }
    };
    assert!(bad.contains("请5分钟后再试") && bad.contains("5 minutes"), "{bad}");
    assert!(!bad.contains("30 minutes"), "the site says how long: {bad}");
    assert!(bad.contains("not tried again by itself"), "{bad}");
    // What is asked for again meanwhile is not sent: each attempt would count.
    console.handle.send(Command::Refresh { system: Some(SystemId::new("erp")), kind: None });
    console.world_without(&["erp"]).await;
    console.quit().await;
    assert_eq!((calls(&bed, "LoginByAppSecret"), written(&bed, "erp")), (1, 0));

    // With the right secret it is still locked, and told so; when that is over, all is well.
    let site = engine::test(setup(&bed, &[]), &[SystemId::new("erp")]).await.remove(0);
    assert!(!site.good() && told(&site).contains("5 minutes"), "{}", told(&site));
    bed.faults("erp", &["lockout=1", "lockout-for=0s"]);
    let site = engine::test(setup(&bed, &[]), &[SystemId::new("erp")]).await.remove(0);
    assert!(site.good(), "{}", told(&site));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_site_that_looks_at_one_signature_alone_is_read_and_written() {
    let bed = Bed::of(40, &[HR, ERP]).await;
    bed.faults("erp", &["skip-api-signature"]);
    let mut console = Console::over(setup(&bed, &[("login", "header")]));
    let world = console.world().await;
    let site = world.systems[1].site.as_ref().unwrap();
    assert!(site.good(), "{}", told(site));
    let state = readdressed(&mut console, &world).await;
    assert_eq!(state.word(), "confirmed", "{state:?}");
    assert_eq!((calls(&bed, "LoginByAppSecret"), written(&bed, "erp")), (0, 1));
    // Both signatures are on every call all the same: nobody knows which site looks at which.
    let seen = bed.simulator("erp").seen.all();
    let signed = seen.iter().filter(|request| !request.path.contains("GetDataCenterList"));
    for request in signed {
        assert!(request.headers.contains_key("x-api-signature") && request.headers.contains_key("x-kd-signature"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_stays_lost_is_left_alone_and_nothing_is_written() {
    let bed = Bed::of(40, &[HR, ERP]).await;
    let mut console = Console::over(setup(&bed, &[("login", "header")]));
    let world = console.world().await;
    bed.simulator("erp").seen.forget();
    bed.faults("erp", &["session-lost=1", "sign-cooldown=600s"]);
    let state = readdressed(&mut console, &world).await;
    let OutcomeState::Refused { rule: why } = &state else { panic!("{state:?}") };
    assert!(why.contains("five minutes") && why.contains("login = \"app-secret\""), "{why}");
    assert_eq!(written(&bed, "erp"), 0);
    // Each try begins the time anew (targets/kingdee.md 4).
    let tried = bed.simulator("erp").seen.all().len();
    assert!(tried <= 3, "{tried} calls while the site wants to be left alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_off_is_named_where_the_site_does_not_bear_it() {
    for (faults, good) in [
        (&["clock=400"][..], false),
        (&["clock=400", "tolerance=1000"], true),
        (&["clock=-400"], false),
        (&["clock=-400", "tolerance=1000"], true),
        (&["clock=20", "tolerance=5"], false),
        (&["clock=20", "tolerance=60"], true),
    ] {
        for way in ["header", "sign"] {
            let bed = Bed::of(20, &[HR, ERP]).await;
            bed.faults("erp", faults);
            let site = engine::test(setup(&bed, &[("login", way)]), &[SystemId::new("erp")]).await.remove(0);
            assert_eq!(site.good(), good, "{way} {faults:?}: {}", told(&site));
            assert!(good || told(&site).contains("clock"), "{way} {faults:?}: {}", told(&site));
            assert_eq!(written(&bed, "erp"), 0);
        }
    }
}
