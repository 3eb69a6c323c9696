//! A SCIM product that the program has never heard of: a TOML file alone makes its extension's attributes read, written and
//! refused where its guide says so.

use std::sync::Arc;

use serde_json::Value;
use trueup::config::SystemConfig;
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op, SystemId};
use trueup::plan::Wanted;
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, full};
use crate::drive::{assert_read, change, confirmed, refusal, text, texts, wish};
use crate::seed::{Proof, Row};

const ACME: &str = r#"
connector = "acme"
title = "Acme People"
based_on = "scim"
rate = { per_second = 1000.0, burst = 1000, parallel = 4 }

[kind.User]
can = ["create", "set", "deactivate", "reactivate", "add", "remove"]
cannot = { delete = "Acme keeps users for ever" }
mandatory = [{ attr = "userName", cite = "Acme's guide, page 3" }]

[[row]]
kind = "User"
attr = "badge"
read = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"
write = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"
fold = "exact"
cite = "Acme's guide, page 12"

# Acme calls a role on a product a licence.
[[row]]
kind = "User"
attr = "licences"
read = "urn:example:params:scim:schemas:extension:aha:2.0:User:productRoles[]"
write = "urn:example:params:scim:schemas:extension:aha:2.0:User:productRoles[]"
cite = "Acme's guide, page 14"

[row.list]
key = [{ name = "productId", read = "productId", ref = "Product" }]
value = { name = "level", read = "role", write = "role" }
shown = { productName = "productName" }

[[row]]
kind = "User"
attr = "title"
read = "title"
access = "read-only"
note = "desks are given by the office"
cite = "Acme's guide, page 2"

[[side_effect]]
kind = "User"
op = "add"
text = "a licence is paid for"
cite = "Acme's guide, page 15"
"#;

const fn row(scim: &'static str, here: &'static str) -> Row {
    let proof = Proof::Entry;
    Row { table: 0, kind: Kind::User, scim, native: scim, here, direct: proof, gateway: proof }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_toml_alone_makes_a_further_scim_product_read_written_and_refused() {
    let bed = Bed::of(60, &[HR, ("acme", "scim", "source", &[])]).await;
    let running = bed.simulator("acme");
    let mapping = Arc::new(Mapping::own(ACME, "acme.toml").unwrap());
    assert_eq!(mapping.speaks, "scim");
    let auth = Auth::Bearer(Source::Given(Secret::new(running.login["token"].clone())));
    let mut config = SystemConfig::new(SystemId::new("acme"), "acme", &running.url, auth);
    config.policy = full();
    config.rate = Some(1000.0);
    let acme = SystemSetup::over(config, mapping).unwrap();
    let mut systems = bed.setup(&full()).systems;
    systems[1] = acme;
    let mut console = Console::over(crate::bed::setup(systems, &bed.dir.0));
    let world = console.world().await;
    assert_eq!(world.systems[1].title, "Acme People");
    let page = bed.get("acme", "/scim/v2/Users?count=60").await;
    let users = page["Resources"].as_array().unwrap();
    assert_read(&world, "acme", &row("employeeNumber", "badge"), "employeeNumber", users, &|_, _| None);
    for (field, here) in [("productRoles[].productId", "licences#productId"), ("productRoles[].role", "licences#level")]
    {
        assert_read(&world, "acme", &row(field, here), field, users, &|_, _| None);
    }

    let products = bed.get("acme", "/scim/v2/Products?count=100").await;
    let id = texts(&users[3], "id").remove(0);
    let had = texts(&users[3], "productRoles[].productId");
    let product = products["Resources"].as_array().unwrap().iter().flat_map(|product| texts(product, "id"));
    let product = product.into_iter().find(|id| !had.contains(id)).unwrap();
    let on = |op, want| change("acme", Kind::User, &id, op, vec![want]);
    let licence = wish("licences", Some(&[&product]), Wanted::Text("gold".into()));
    let plan = confirmed(&mut console, vec![on(Op::Set, text("badge", "4711")), on(Op::Put, licence)]).await;
    let told: Vec<&String> = plan.steps.iter().flat_map(|step| &step.side_effects).collect();
    assert!(told.iter().any(|told| told.contains("a licence is paid for")), "{told:?}");
    let now: Value = bed.get("acme", &format!("/scim/v2/Users/{id}")).await;
    assert_eq!(texts(&now, "employeeNumber"), ["4711"]);
    let licences = texts(&now, "productRoles[].productId");
    assert!(licences.contains(&product) && had.iter().all(|had| licences.contains(had)), "{licences:?}");
    assert!(texts(&now, "productRoles[].role").contains(&"gold".to_owned()));

    let drop = wish("licences", Some(&[&product]), Wanted::Clear);
    confirmed(&mut console, vec![on(Op::Drop, drop)]).await;
    let now: Value = bed.get("acme", &format!("/scim/v2/Users/{id}")).await;
    assert_eq!(texts(&now, "productRoles[].productId"), had);

    let why = refusal(&mut console, on(Op::Set, text("title", "King"))).await;
    assert!(why.contains("Acme People does not let it be written (desks are given by the office)"), "{why}");
    let why = refusal(&mut console, on(Op::Delete, text("active", "false"))).await;
    assert!(why.contains("Acme keeps users for ever"), "{why}");
}
