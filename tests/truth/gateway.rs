//! The same rows through Starling Connect's SCIM, where the connector behind it is Aha!: tables 289 to 294.

use serde_json::{Value, json};
use trueup::engine::protocol::{Command, Report};
use trueup::model::{Kind, Op, RecordKey, SystemId};
use trueup::plan::{Ref, Wanted};

use crate::bed::{Bed, HR, Part, full};
use crate::drive::{
    assert_operated, assert_read, assert_refused, assert_set, change, confirmed, create, text, texts, wish,
};
use crate::seed::aha::{OPERATIONS, ROWS};
use crate::seed::{Proof, Row};

/// Starling as the guide has it: whole records only, pages rounded up to hundreds.
const STARLING: Part = ("starling", "scim", "source", &["no-patch", "round-up=100"]);

async fn records(bed: &Bed, kind: Kind) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let path = format!("/scim/v2/{}?startIndex={}&count=100", kind.plural(), all.len() + 1);
        let page = bed.get("starling", &path).await;
        let rows = page["Resources"].as_array().cloned().unwrap_or_default();
        if rows.is_empty() {
            return all;
        }
        all.extend(rows);
    }
}

/// Roles come as words, as numbers and as names; a pair with role `none` is an entry here, as the source has it.
fn said(row: &Row, record: &Value) -> Option<Vec<String>> {
    let words = |text: &String| match text.as_str() {
        "20" => "product_owner".to_owned(),
        "30" => "contributor".to_owned(),
        "40" => "reviewer".to_owned(),
        "50" => "viewer".to_owned(),
        other if ["Contributor", "Reviewer", "Viewer", "None"].contains(&other) => other.to_lowercase(),
        other => other.to_owned(),
    };
    match row.here {
        "productRoles#role" => Some(texts(record, row.scim_path()).iter().map(words).collect()),
        // The demo world's service calls it `displayName`, as SCIM's own types do.
        "name" => Some(texts(record, if record["name"].is_null() { "displayName" } else { "name" })),
        _ => None,
    }
}

impl Row {
    /// The left column as a path of the record: extensions are looked through.
    fn scim_path(&self) -> &'static str {
        self.scim.trim_start_matches("Extension.")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_aha_is_read_and_written_or_refused_through_the_gateway() {
    let bed = Bed::of(400, &[HR, STARLING]).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    let mut seen = bed.simulator("starling").seen.all();
    let users = records(&bed, Kind::User).await;
    let roles = records(&bed, Kind::Role).await;
    let products = records(&bed, Kind::Product).await;
    assert_eq!(users.len(), 400, "limitation 4: pages that are rounded up bring everybody once");
    let of = |kind| match kind {
        Kind::Role => &roles,
        Kind::Product => &products,
        _ => &users,
    };

    for row in ROWS {
        match row.gateway {
            Proof::Shown => {
                let holder = of(row.kind).iter().find(|record| !texts(record, row.scim_path()).is_empty()).unwrap();
                let key = RecordKey::new(SystemId::new("starling"), row.kind, texts(holder, "id")[0].as_str());
                console.handle.send(Command::Native(key.clone()));
                let shown = loop {
                    match console.next().await {
                        Report::Native { key: have, text } if have == key => break text.unwrap(),
                        _ => {}
                    }
                };
                for text in texts(holder, row.scim_path()) {
                    assert!(shown.contains(&text), "{}: {text} is not in {shown}", row.here);
                }
            }
            _ => assert_read(&world, "starling", row, row.scim_path(), of(row.kind), &said),
        }
    }

    let sets: Vec<_> = ROWS
        .iter()
        .filter(|row| matches!(row.gateway, Proof::Set(_)))
        .map(|row| (row, row.gateway, row.scim_path()))
        .collect();
    let active: Vec<Value> = users.iter().filter(|user| user["active"] == true).cloned().collect();
    seen.extend(
        assert_set(&bed, &mut console, "starling", &sets, &active, |_, id| format!("/scim/v2/Users/{id}")).await,
    );

    let refused: Vec<_> = ROWS
        .iter()
        .filter_map(|row| match row.gateway {
            Proof::Refused(words) => Some((row, words)),
            _ => None,
        })
        .collect();
    assert_refused(&bed, &mut console, "starling", &refused, |kind| texts(&of(kind)[0], "id").remove(0)).await;

    // Create with a pair, a further pair, soft delete.
    let product = texts(&products[0], "id").remove(0);
    let pair = |role: &str| wish("productRoles", Some(&[&product]), Wanted::Ref(Ref::Id(role.into())));
    let new = create(
        "starling",
        Kind::User,
        ("userName", "new.truth@example.com"),
        vec![
            text("userName", "new.truth@example.com"),
            text("name.givenName", "New"),
            text("name.familyName", "Truth"),
            text("emails[work]", "new.truth@example.com"),
            pair("viewer"),
        ],
    );
    confirmed(&mut console, vec![new]).await;
    seen.extend(bed.simulator("starling").seen.all());
    let found = bed.get("starling", "/scim/v2/Users?filter=userName%20eq%20%22new.truth@example.com%22").await;
    let found = found["Resources"][0].clone();
    assert_eq!(texts(&found, "productRoles[].productId"), std::slice::from_ref(&product));
    assert_eq!(texts(&found, "productRoles[].role"), ["viewer"]);
    let id = texts(&found, "id").remove(0);
    let gone = change("starling", Kind::User, &id, Op::Deactivate, vec![text("active", "false")]);
    confirmed(&mut console, vec![gone]).await;
    assert_eq!(bed.get("starling", &format!("/scim/v2/Users/{id}")).await["active"], json!(false), "limitation 5");

    seen.extend(bed.simulator("starling").seen.all());
    let operations: Vec<_> = OPERATIONS.iter().map(|operation| (operation, operation.gateway)).collect();
    assert_operated(&seen, &operations);
}
