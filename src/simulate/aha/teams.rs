//! The routes of teams and of who is in them (targets/aha.md 12). They are read only.

use serde_json::{Value, json};

use super::ledger::Ledger;
use super::users::administrators_only;
use super::{Answer, Ask, Refusal, wire};
use crate::simulate::clock::timestamp;
use crate::simulate::world::crews::{Crew, Place};

/// `GET /teams`.
pub fn list(ledger: &Ledger, ask: &Ask) -> Answer {
    let rows: Vec<Value> = crews(ledger, ask)?.iter().map(|crew| team(ledger, crew)).collect();
    Ok(Some(wire::page_of("teams", &rows, ask)))
}

/// `GET /products/{id}/teams`.
pub fn of_product(ledger: &Ledger, ask: &Ask, product: &str) -> Answer {
    let product = ledger.product(product).ok_or(Refusal::NotFound)?;
    let crews = crews(ledger, ask)?;
    let rows: Vec<Value> =
        crews.iter().filter(|crew| crew.product == Some(product)).map(|crew| team(ledger, crew)).collect();
    Ok(Some(wire::page_of("teams", &rows, ask)))
}

/// `GET /teams/{id}`.
pub fn get(ledger: &Ledger, ask: &Ask, id: &str) -> Answer {
    let crew = reach(ledger, ask, id)?;
    Ok(Some(json!({ "team": team(ledger, &crew) })))
}

/// `GET /teams/{id}/team_memberships`.
pub fn memberships(ledger: &Ledger, ask: &Ask, id: &str) -> Answer {
    let crew = reach(ledger, ask, id)?;
    let places = ledger.world.places_in(&crew);
    let rows: Vec<Value> = places.iter().filter_map(|place| membership(ledger, &crew, place)).collect();
    Ok(Some(wire::page_of("team_memberships", &rows, ask)))
}

/// The teams, where the plan has them and the caller may see them: which status a plan without them answers is unknown
/// (targets/aha.md 17, 19); a 403 is what targets/aha.md 5 says of a lacking licence.
fn crews(ledger: &Ledger, ask: &Ask) -> Result<Vec<Crew>, Refusal> {
    if ask.flag_is("teams", "forbidden") {
        return Err(Refusal::Forbidden);
    }
    if ask.flag_is("teams", "unserved") {
        return Err(Refusal::NoRoute);
    }
    administrators_only(ledger, ask)?;
    Ok(if ask.flag_is("teams", "none") { Vec::new() } else { ledger.world.crews() })
}

fn reach(ledger: &Ledger, ask: &Ask, id: &str) -> Result<Crew, Refusal> {
    crews(ledger, ask)?.into_iter().find(|crew| crew.id.to_string() == id).ok_or(Refusal::NotFound)
}

fn team(ledger: &Ledger, crew: &Crew) -> Value {
    json!({
        "id": crew.id.to_string(),
        "name": crew.name,
        "team_members_count": ledger.world.places_in(crew).len(),
        "automatically_calculate_team_members_count": true,
        // A text in reads, though a number where a team is made (targets/aha.md 12).
        "capacity": "205.0",
        "hourly_rate": null,
        "color": "#0a7",
        "start_date": null,
        "end_date": null,
        "project": crew.product.map(|product| wire::product_row(ledger, product)),
        "schedule": {},
        "custom_fields": [],
        // An object and no list, in every sample (targets/aha.md 12).
        "team_members": {},
    })
}

fn membership(ledger: &Ledger, crew: &Crew, place: &Place) -> Option<Value> {
    let member = match place.slot {
        Some(slot) => {
            let user = ledger.user(slot)?;
            json!({
                "id": (place.id + 1).to_string(),
                "name": user.account.name,
                "email": user.account.email,
                "user_id": user.account.id.to_string(),
                "virtual": false,
            })
        }
        None => json!({
            "id": (place.id + 1).to_string(),
            "name": "Contractor to be named",
            "email": null,
            "user_id": null,
            "virtual": true,
        }),
    };
    Some(json!({
        "id": place.id.to_string(),
        "team_member": member,
        "team": { "id": crew.id.to_string(), "name": crew.name },
        "created_at": timestamp(1_650_000_000 + u64::from(crew.number) * 86_400),
    }))
}
