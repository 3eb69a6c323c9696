//! One Identity Manager's SCIM provider (`/ApiServer/scim/v2`): as the source of truth, and written to like any other service.
//!
//! Of its schemas nothing is documented, so there is no table to hold it to: held are the address, who may read what, what it
//! announces, and that lists of role and product, and of role and organisation, are compared and written entry by entry.

use std::sync::Arc;

use serde_json::Value;
use trueup::config::{ClientAuth, SystemConfig};
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op, SystemId};
use trueup::plan::{Finding, Method, Mode, Policy, Ref, Wanted};
use trueup::secret::{Secret, Source};

use crate::bed::{AHA, Bed, Console, HR, Part, full};
use crate::drive::{assert_read, change, confirmed, text, texts, wish};
use crate::seed::{Proof, Row};

const MANAGER: Part = ("hr", "scim", "oneim", &[]);

fn secret(text: &str) -> Source {
    Source::Given(Secret::new(text.to_owned()))
}

/// A system of the profile over its simulator.
fn manager(bed: &Bed, name: &'static str, auth: Auth, policy: Policy) -> SystemSetup {
    let running = bed.simulator(name);
    let mut config = SystemConfig::new(SystemId::new(name), "scim", &running.url, auth);
    config.own.insert("profile".to_owned(), running.login["profile"].clone());
    config.policy = policy;
    config.rate = Some(1000.0);
    SystemSetup::over(config, Arc::new(Mapping::builtin("scim").unwrap())).unwrap()
}

fn basic(bed: &Bed, name: &str) -> Auth {
    let login = &bed.simulator(name).login;
    Auth::Basic { user: login["username"].clone(), password: secret(&login["password"]) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_identity_manager_is_the_source_with_a_name_and_password_or_client_credentials() {
    let plain = Bed::of(300, &[HR, AHA]).await;
    let wanted = plain.console(&full()).world().await;
    let bed = Bed::of(300, &[MANAGER, AHA]).await;
    let login = bed.simulator("hr").login.clone();
    assert!(bed.simulator("hr").url.ends_with("/ApiServer/scim/v2"), "{}", bed.simulator("hr").url);
    let client = Auth::OAuth2 {
        token_url: login["token_url"].clone(),
        client_id: login["client_id"].clone(),
        client_secret: secret(&login["client_secret"]),
        scope: None,
        client_auth: ClientAuth::default(),
    };
    for auth in [basic(&bed, "hr"), client] {
        let mut setup = bed.setup(&full());
        setup.systems[0] = manager(&bed, "hr", auth, Policy::default());
        let world = Console::over(setup).world().await;
        let site = world.systems[0].site.clone().unwrap();
        assert!(site.good() && site.patch && site.filter, "{:?}", site.evidence);
        let users = site.endpoint(Kind::User).unwrap();
        assert_eq!(users.path, "/ApiServer/scim/v2/Users");
        let told = |words: &str| site.evidence.iter().any(|line| line.detail.contains(words));
        assert!(told("not used: Department, Locality"), "{:?}", site.evidence);
        assert!(!site.evidence.iter().any(|line| line.finding == Finding::Bad), "{:?}", site.evidence);
        assert!(!told("usually at"), "it is at its usual place");
        // Role and product pairs of the source are judged exactly as those of any other SCIM source.
        let found = &world.compared.kind(Kind::User).pairings[1];
        assert_eq!(found, &wanted.compared.kind(Kind::User).pairings[1]);
        assert!(found.iter().any(|pairing| pairing.counts()));
    }
    let writes = bed.writes("hr");
    assert!(writes.iter().all(|write| write == "POST /oauth2/token"), "{writes:?}");
}

const fn row(scim: &'static str, here: &'static str) -> Row {
    let proof = Proof::Entry;
    Row { table: 0, kind: Kind::User, scim, native: scim, here, direct: proof, gateway: proof }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_of_two_parts_are_read_written_and_taken_away_one_by_one() {
    let bed = Bed::of(60, &[HR, ("im", "scim", "oneim", &[])]).await;
    let mut setup = bed.setup(&full());
    setup.systems[1] = manager(&bed, "im", basic(&bed, "im"), Policy { mode: Mode::Full, ..Policy::default() });
    let mut console = Console::over(setup);
    let world = console.world().await;
    let page = bed.get("im", "/ApiServer/scim/v2/Users?count=60").await;
    let users = page["Resources"].as_array().unwrap();
    let token = |row: &Row, user: &Value| {
        let word = |text: String| match text.as_str() {
            "20" => "product_owner".to_owned(),
            "30" => "contributor".to_owned(),
            "40" => "reviewer".to_owned(),
            "50" => "viewer".to_owned(),
            other if ["Contributor", "Reviewer", "Viewer", "None"].contains(&other) => other.to_lowercase(),
            other => other.to_owned(),
        };
        (row.here == "productRoles#role")
            .then(|| texts(user, "productRoles[].role").into_iter().map(word).collect::<Vec<_>>())
    };
    for (field, here) in [
        ("productRoles[].productId", "productRoles#productId"),
        ("productRoles[].role", "productRoles#role"),
        ("grants[].organization", "grants#organisation"),
        ("grants[].role", "grants#role"),
    ] {
        assert_read(&world, "im", &row(field, here), field, users, &token);
    }

    let user = users.iter().find(|user| user["active"] == true && texts(user, "grants[].role").len() > 1).unwrap();
    let id = texts(user, "id").remove(0);
    let path = format!("/ApiServer/scim/v2/Users/{id}");
    let products = texts(user, "productRoles[].productId");
    let all = bed.get("im", "/ApiServer/scim/v2/Products?count=100").await;
    let product = all["Resources"].as_array().unwrap().iter().flat_map(|product| texts(product, "id"));
    let product = product.into_iter().find(|id| !products.contains(id)).unwrap();
    let on = |op, want| change("im", Kind::User, &id, op, vec![want]);
    let pair = wish("productRoles", Some(&[&product]), Wanted::Ref(Ref::Id("viewer".into())));
    let grant = wish("grants", Some(&["999", "TRUTH"]), Wanted::Present);
    let plan = confirmed(&mut console, vec![on(Op::Put, pair)]).await;
    assert!(plan.steps.iter().all(|step| step.write.method == Method::Patch), "it announces PATCH");
    confirmed(&mut console, vec![on(Op::Put, grant), on(Op::Set, text("title", "Witness"))]).await;
    let now = bed.get("im", &path).await;
    assert!(texts(&now, "productRoles[].productId").contains(&product));
    assert!(products.iter().all(|had| texts(&now, "productRoles[].productId").contains(had)), "no other was touched");
    assert!(texts(&now, "grants[].organization").contains(&"999".to_owned()));
    assert_eq!(texts(&now, "title"), ["Witness"]);
    let had = texts(user, "grants[].role").len();
    assert_eq!(texts(&now, "grants[].role").len(), had + 1);

    let drop = wish("grants", Some(&["999", "TRUTH"]), Wanted::Clear);
    confirmed(&mut console, vec![on(Op::Drop, drop)]).await;
    assert_eq!(texts(&bed.get("im", &path).await, "grants[].role"), texts(user, "grants[].role"));
}
