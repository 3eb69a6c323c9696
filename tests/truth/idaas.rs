//! The IDaaS pull interface (targets/kingdee.md 13): every field that is documented, read over loopback, with a token of its
//! own and with OAuth2; and nothing is ever written.

use std::sync::Arc;

use serde_json::Value;
use trueup::config::{ClientAuth, SystemConfig};
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op, SystemId};
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, Part, full};
use crate::drive::{assert_read, change, refusal, text, texts};
use crate::seed::{Proof, Row};

const IDAAS: Part = ("idaas", "idaas", "source", &[]);

const fn row(kind: Kind, native: &'static str, here: &'static str) -> Row {
    let proof = Proof::Refused("only read here");
    Row { table: 0, kind, scim: "", native, here, direct: proof, gateway: proof }
}

/// The documented fields, and what they are here.
const ROWS: &[Row] = &[
    row(Kind::User, "user_id", "id"),
    row(Kind::User, "user_name", "userName"),
    row(Kind::User, "name", "displayName"),
    row(Kind::User, "email", "emails[work]"),
    row(Kind::User, "mobile", "phoneNumbers[mobile]"),
    row(Kind::User, "disabled", "active"),
    row(Kind::User, "locked", "locked"),
    row(Kind::User, "org_id", "groups#value"),
    row(Kind::User, "created_at", "meta.created"),
    row(Kind::User, "updated_at", "meta.lastModified"),
    row(Kind::User, "extension.firstName", "name.givenName"),
    row(Kind::User, "extension.lastName", "name.familyName"),
    // Role and product in one complex multi-valued attribute.
    row(Kind::User, "extension.productRoles[].role", "productRoles#role"),
    row(Kind::User, "extension.productRoles[].productId", "productRoles#productId"),
    row(Kind::Group, "org_id", "id"),
    row(Kind::Group, "name", "displayName"),
    row(Kind::Group, "code", "externalId"),
    row(Kind::Group, "parent_id", "parent"),
];

/// How the documented fields read here where that is not simply their text.
fn said(row: &Row, record: &Value) -> Option<Vec<String>> {
    let word = |text: String| match text.as_str() {
        "20" => "product_owner".to_owned(),
        "30" => "contributor".to_owned(),
        "40" => "reviewer".to_owned(),
        "50" => "viewer".to_owned(),
        other if ["Contributor", "Reviewer", "Viewer", "None"].contains(&other) => other.to_lowercase(),
        other => other.to_owned(),
    };
    match row.here {
        "active" => Some(vec![(record["disabled"] != true).to_string()]),
        "productRoles#role" => Some(texts(record, row.native).into_iter().map(word).collect()),
        "parent" => Some(texts(record, "parent_id").into_iter().filter(|id| id != "0").collect()),
        _ => None,
    }
}

/// All records of a listing, page by page from 0 on.
async fn listed(bed: &Bed, what: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for page in 0.. {
        let document = bed.get("idaas", &format!("/api/v2/tenant/{what}?offset={page}&limit=100")).await;
        let rows = document[what].as_array().unwrap().clone();
        if rows.is_empty() {
            return all;
        }
        all.extend(rows);
    }
    all
}

fn with_id(mut records: Vec<Value>, field: &str) -> Vec<Value> {
    for record in &mut records {
        record["id"] = record[field].clone();
    }
    records
}

/// The console over the source and the IDaaS, signed in to in one way.
fn console(bed: &Bed, auth: Auth) -> Console {
    let mut config = SystemConfig::new(SystemId::new("idaas"), "idaas", &bed.simulator("idaas").url, auth);
    config.policy = full();
    config.rate = Some(1000.0);
    let mut setup = bed.setup(&full());
    setup.systems[1] = SystemSetup::over(config, Arc::new(Mapping::builtin("idaas").unwrap())).unwrap();
    Console::over(setup)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_field_is_read_with_a_token_or_client_credentials_and_nothing_is_written() {
    let bed = Bed::of(250, &[HR, IDAAS]).await;
    let login = bed.simulator("idaas").login.clone();
    let given = |name: &str| Source::Given(Secret::new(login[name].clone()));
    let client = Auth::OAuth2 {
        token_url: login["token_url"].clone(),
        client_id: login["client_id"].clone(),
        client_secret: given("client_secret"),
        scope: None,
        client_auth: ClientAuth::default(),
    };
    for auth in [Auth::Bearer(given("token")), client] {
        let mut console = console(&bed, auth);
        let world = console.world().await;
        let view = &world.compared.inputs.systems[1];
        for kind in [Kind::User, Kind::Group] {
            assert!(view.snapshot(kind).is_some_and(|snapshot| snapshot.proved()), "{kind}");
        }
        let users = with_id(listed(&bed, "users").await, "user_id");
        let organizations = with_id(listed(&bed, "organizations").await, "org_id");
        assert_eq!((users.len(), organizations.len() > 16), (250, true));
        for row in ROWS {
            let records = if row.kind == Kind::Group { &organizations } else { &users };
            assert_read(&world, "idaas", row, row.native, records, &said);
        }
        // Who is in which organisation is told by the people themselves.
        let table = &view.snapshot(Kind::Group).unwrap().table;
        let members = table.schema().find(&"members".into()).unwrap();
        let all: usize = table.rows().map(|row| table.entries(row, members).map_or(0, <[_]>::len)).sum();
        assert_eq!(all, 250, "everybody is in one organisation");

        let id = texts(&users[0], "id").remove(0);
        for (op, want) in [(Op::Set, text("displayName", "Truth")), (Op::Deactivate, text("active", "false"))] {
            let why = refusal(&mut console, change("idaas", Kind::User, &id, op, vec![want])).await;
            assert!(why.contains("only read here"), "{why}");
        }
        bed.assert_unwritten();
    }
    let seen = bed.simulator("idaas").seen.all();
    assert!(seen.iter().all(|request| request.method == "GET" || request.path == "/oauth2/token"), "{seen:?}");
}
