//! SCIM services that hand on what another product does: tokens that die young, a delete that deletes nothing, a role and a
//! product that do not exist.

use std::sync::Arc;

use trueup::config::{ClientAuth, SystemConfig};
use trueup::engine::protocol::World;
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{AttrPath, Kind, Op, Row, SystemId};
use trueup::plan::{Facet, OutcomeState, Ref, Wanted};
use trueup::secret::{Secret, Source};

use super::{change, outcome, text, users, written};
use crate::bed::{Bed, Console, HR, Part, full};

/// The console over a gateway of which nothing is said but that it is a SCIM service.
fn plain(bed: &Bed) -> Console {
    let running = bed.simulator("star");
    let said = |name: &str| running.login[name].clone();
    let auth = Auth::OAuth2 {
        token_url: said("token_url"),
        client_id: said("client_id"),
        client_secret: Source::Given(Secret::new(said("client_secret"))),
        scope: None,
        client_auth: ClientAuth::default(),
    };
    let mut config = SystemConfig::new(SystemId::new("star"), "scim", &running.url, auth);
    config.policy = full();
    config.rate = Some(1000.0);
    let mut setup = bed.setup(&full());
    setup.systems[1] = SystemSetup::over(config, Arc::new(Mapping::builtin("scim").unwrap())).unwrap();
    Console::over(setup)
}

async fn world(users: u32, faults: &'static [&'static str]) -> (Bed, Console, Arc<World>) {
    let part: Part = ("star", "scim", "starling", faults);
    let bed = Bed::of(users, &[HR, part]).await;
    let mut console = plain(&bed);
    let world = console.world().await;
    (bed, console, world)
}

/// Somebody who works there.
fn somebody(world: &World) -> Row {
    let table = users(world, "star");
    (0..table.len() as u32).map(Row).find(|row| text(table, *row, "active") == "true").unwrap()
}

fn pair(product: &str) -> Facet {
    Facet { path: AttrPath::new("productRoles"), key: Some(vec![Ref::Id(product.into())]) }
}

/// A product that somebody has no role on.
fn product(world: &World, row: Row) -> String {
    let table = users(world, "star");
    let attr = table.schema().find(&AttrPath::new("productRoles")).unwrap();
    let had: Vec<&str> =
        table.entries(row, attr).unwrap().iter().map(|entry| table.entry_text(attr, *entry).0[0]).collect();
    let products = &world.compared.inputs.systems[1].snapshot(Kind::Product).unwrap().table;
    let free = (0..products.len() as u32).map(|at| products.id(Row(at))).find(|id| !had.contains(id));
    free.unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_live_for_seconds_are_renewed_in_time_and_nothing_is_missing() {
    // Each is renewed a little before its end, so that no request is refused for its age.
    let (bed, _console, world) = world(300, &["token-expires=2", "max-results=20", "latency=250ms"]).await;
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == "star").unwrap();
    assert!(view.snapshots.iter().flatten().all(|snapshot| snapshot.complete()));
    let seen = bed.simulator("star").seen.all();
    let tokens = seen.iter().filter(|request| request.path == "/oauth2/token");
    let tokens: Vec<u16> = tokens.map(|request| request.status).collect();
    assert!(tokens.len() > 1 && tokens.iter().all(|status| *status == 200), "{tokens:?}");
    let pages = seen.len() - tokens.len();
    assert!(tokens.len() < pages, "a token serves more than one request: {tokens:?} for {pages}");
    let refused = seen.iter().filter(|request| request.status == 401).count();
    assert!(refused <= 1, "{refused} requests were refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_that_only_switches_off_is_told_as_what_it_is() {
    // Seeds 004, Aha! limitation 5, at a service of which nobody has said so.
    let (bed, mut console, world) = world(60, &["soft-delete"]).await;
    let row = somebody(&world);
    let id = users(&world, "star").id(row).to_owned();
    let delete = change(&world, "star", row, Op::Delete, Facet::attr("active"), Wanted::Clear);
    let state = outcome(&mut console, delete).await;
    let OutcomeState::Differs { now } = &state else { panic!("{state:?}") };
    assert!(now.contains("still there") && now.contains("switched off"), "{now}");
    assert_eq!(bed.writes("star"), [format!("DELETE /scim/v2/Users/{id}")]);
    assert_eq!(bed.get("star", &format!("/scim/v2/Users/{id}")).await["active"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_became_another_one_is_told_with_the_one_that_it_became() {
    let (bed, mut console, world) = world(60, &["role-default"]).await;
    let row = somebody(&world);
    let put =
        change(&world, "star", row, Op::Put, pair(&product(&world, row)), Wanted::Ref(Ref::Id("grand_vizier".into())));
    let state = outcome(&mut console, put).await;
    let OutcomeState::Differs { now } = &state else { panic!("{state:?}") };
    assert!(now.contains("productRoles") && now.contains("viewer"), "{now}");
    assert_eq!(written(&bed, "star"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_that_is_not_there_is_no_user_that_is_not_there() {
    // Seeds 004, Aha! limitation 7: 404 'Not Found' is said of the product.
    let (bed, mut console, world) = world(60, &["product-not-found"]).await;
    let row = somebody(&world);
    let put = change(&world, "star", row, Op::Put, pair("99"), Wanted::Ref(Ref::Id("viewer".into())));
    let state = outcome(&mut console, put).await;
    let OutcomeState::Failed { why } = &state else { panic!("{state:?}") };
    assert!(why.contains("404") && why.contains("product"), "{why}");
    assert_eq!(written(&bed, "star"), 1);
}
