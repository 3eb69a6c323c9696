//! The routes of custom roles and of paid seats (targets/aha.md 10.3, 12).

use serde_json::{Map, Value, json};

use super::ledger::{Ledger, SEAT_GROUPS};
use super::users::{administrators_only, id_text, reach};
use super::{Answer, Ask, Refusal, wire};
use crate::simulate::clock::timestamp;
use crate::simulate::world::catalog;

/// `GET /users/{id}/user_roles`.
pub fn custom_roles(ledger: &Ledger, ask: &Ask, id: &str) -> Answer {
    let user = reach(ledger, ask, id)?;
    Ok(Some(wire::page_of("user_roles", &wire::custom_roles(ledger, &user), ask)))
}

/// `POST /users/{id}/user_roles`.
pub fn add_custom_role(ledger: &mut Ledger, ask: &Ask, id: &str) -> Answer {
    let mut user = reach(ledger, ask, id)?;
    let wanted = ask.wrapped("user_role")?;
    let product = wanted.get("product_id").map(id_text).and_then(|id| ledger.product(&id)).ok_or(Refusal::NotFound)?;
    let number = wanted.get("custom_role_id").map(id_text).and_then(|id| id.parse::<u64>().ok());
    let role = number
        .and_then(|id| u16::try_from(id.checked_sub(catalog::CUSTOM_ROLE_BASE)?).ok())
        .filter(|role| usize::from(*role) < catalog::CUSTOM_ROLES.len())
        .ok_or(Refusal::NotFound)?;
    if !user.account.custom.contains(&(role, product)) {
        user.account.custom.push((role, product));
    }
    ledger.put(user);
    Ok(Some(wire::custom_role(ledger, role, product)))
}

/// `DELETE /users/{id}/user_roles/{product}`: addressed by the product, so all of its custom roles go.
pub fn remove_custom_role(ledger: &mut Ledger, ask: &Ask, id: &str, product: &str) -> Answer {
    let mut user = reach(ledger, ask, id)?;
    let product = ledger.product(product).ok_or(Refusal::NotFound)?;
    let before = user.account.custom.len();
    user.account.custom.retain(|(_, p)| *p != product);
    if user.account.custom.len() == before {
        return Err(Refusal::NotFound);
    }
    ledger.put(user);
    Ok(None)
}

/// `GET /paid_seat_groups`: without pagination.
pub fn seat_groups(ledger: &Ledger, ask: &Ask) -> Answer {
    administrators_only(ledger, ask)?;
    let groups: Vec<Value> = (0..SEAT_GROUPS.len() as u8).map(|group| seat_group(ledger, group)).collect();
    Ok(Some(json!({ "paid_seat_groups": groups })))
}

/// `POST /paid_seat_groups/{id}/modify_user`: the body is not wrapped.
pub fn modify_seat(ledger: &mut Ledger, ask: &Ask, id: &str) -> Answer {
    administrators_only(ledger, ask)?;
    let group = (0..SEAT_GROUPS.len() as u8).find(|g| wire::seat_group_id(*g) == id).ok_or(Refusal::NotFound)?;
    let body = ask.body.as_ref().and_then(Value::as_object);
    let user = body.and_then(|b| b.get("user_id")).map(id_text).and_then(|id| ledger.by_id(&id));
    let mut user = user.filter(|u| u.account.slot != u32::MAX).ok_or(Refusal::NotFound)?;
    let remove = body.and_then(|b| b.get("remove")).is_some_and(|v| *v == Value::Bool(true));
    let before = user.seat_group;
    user.seat_group = (!remove).then_some(group);
    for (seat, step) in [(before, -1), (user.seat_group, 1)] {
        if let Some(count) = seat.and_then(|g| ledger.allocated.get_mut(usize::from(g))) {
            *count = count.saturating_add_signed(step);
        }
    }
    ledger.put(user);
    Ok(Some(seat_group(ledger, group)))
}

fn seat_group(ledger: &Ledger, group: u8) -> Value {
    let administrators: Vec<Map<String, Value>> = ledger.user(0).iter().map(wire::brief).collect();
    let allocated = ledger.allocated[usize::from(group)];
    json!({
        "id": wire::seat_group_id(group),
        "name": SEAT_GROUPS[usize::from(group)],
        "administrators": administrators,
        "capacity": allocated.max(20).next_multiple_of(20),
        "allocated_seats": allocated,
        "description": null,
        "created_at": timestamp(1_577_836_800),
        "updated_at": timestamp(1_577_836_800),
    })
}
