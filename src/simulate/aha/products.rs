//! The routes of products (targets/aha.md 11). They are read only.

use serde_json::{Value, json};

use super::ledger::Ledger;
use super::{Answer, Ask, Refusal, wire};
use crate::simulate::clock::timestamp;
use crate::simulate::world::catalog::{self, Sort};

/// `GET /products`: what the key may see, teams only on request.
pub fn list(ledger: &Ledger, ask: &Ask) -> Value {
    let teams = ask.query("include_teams") == Some("true");
    let since = ask.query("updated_since").map(|s| s.chars().take(19).collect::<String>());
    let rows: Vec<Value> = (0_u16..)
        .zip(catalog::products())
        .filter(|(number, product)| match product.sort {
            Sort::Hidden => false,
            Sort::Team if !teams => false,
            _ => since.as_ref().is_none_or(|since| timestamp(wire::product_times(*number).1) > *since),
        })
        .map(|(number, _)| Value::Object(wire::product_row(ledger, number)))
        .collect();
    wire::page_of("products", &rows, ask)
}

/// `GET /products/{id}`: with its children.
pub fn get(ledger: &Ledger, id: &str) -> Answer {
    let number = ledger.product(id).ok_or(Refusal::NotFound)?;
    let sort = catalog::products()[usize::from(number)].sort;
    let (made, changed) = wire::product_times(number);
    let children: Vec<Value> = (0_u16..)
        .zip(catalog::products())
        .filter(|(_, p)| p.parent == Some(number) && p.sort != Sort::Hidden)
        .map(|(child, p)| {
            json!({
                "id": ledger.world.aha_product_id(child).to_string(),
                "reference_prefix": p.prefix,
                "name": p.name,
                "product_line": p.sort == Sort::Line,
            })
        })
        .collect();
    let mut product = wire::product_row(ledger, number);
    let mut put = |key: &str, value: Value| {
        product.insert(key.to_owned(), value);
    };
    put("product_line_type", json!((sort == Sort::Line).then_some("Division")));
    put("updated_at", json!(timestamp(changed)));
    put(
        "description",
        json!({
            "id": (21_164_000 + u64::from(number)).to_string(),
            "body": "",
            "notable_id": ledger.world.aha_product_id(number).to_string(),
            "notable_type": "Project",
            "editor_version": 1,
            "created_at": timestamp(made),
            "updated_at": timestamp(made),
            "attachments": [],
        }),
    );
    put("resource", json!(wire::product_url(ledger, number)));
    put("children", json!(children));
    for key in ["custom_fields", "screen_definitions"] {
        put(key, json!([]));
    }
    put("screen_definition_ids", json!({}));
    put("has_ideas", json!(true));
    put("has_master_features", json!(false));
    put("has_epics", json!(false));
    put("capacity_planning_enabled", json!(false));
    put("default_capacity_units", json!(10));
    put("enhanced_capacity_planning_enabled", json!(false));
    put("color", json!("#7a40bf"));
    Ok(Some(json!({ "product": product })))
}
